//! Whether a trust policy already allows what a template asks. Pure.
//!
//! Coverage, not equality: a broader statement suffices, a narrower one does not. The answer may
//! err towards "missing", never towards "covered". It says whether a statement has to be added;
//! whether the cluster gets in, for all that a Deny says, is a question for `policy`.

use super::normal::{Condition, Listed, Principal, Statement, includes, view};
use super::quotable;
use super::trust::{label, statements};
use serde_json::Value;
use std::collections::BTreeSet;

/// The answer to "does this policy allow what the template asks?".
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Coverage {
    /// The documents say the same.
    Identical,
    /// Every part of the template is allowed by some statement.
    Covered,
    /// Something is not allowed; the field in which the closest statement differs.
    Missing(TrustDifference),
}

impl Coverage {
    /// Whether nothing has to be written.
    pub(crate) fn holds(&self) -> bool {
        matches!(self, Self::Identical | Self::Covered)
    }
}

/// The first field in which the closest statement differs from the template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TrustDifference {
    /// The closest statement: its Sid, or its number as `statement 2`; `None` if no statement
    /// allows anything.
    pub(crate) statement: Option<String>,
    /// `Principal`, `Action`, or operator and key of a condition.
    pub(crate) field: String,
    /// What the template asks.
    pub(crate) wanted: String,
    /// What stands there; empty if nothing.
    pub(crate) found: String,
    /// What is to be said in place of both, as what the field does.
    pub(crate) says: Option<String>,
}

impl TrustDifference {
    /// One phrase for messages, without a full stop.
    pub(crate) fn describe(&self) -> String {
        let found = if self.found.is_empty() {
            "nothing".to_owned()
        } else {
            format!("`{}`", self.found)
        };
        match (&self.statement, &self.says) {
            (Some(statement), Some(says)) => format!("{} of {statement} {says}", self.field),
            (None, _) => format!("no statement allows `{}`", self.wanted),
            (Some(statement), None) if self.wanted.is_empty() => {
                format!("{} of {statement} narrows it to {found}", self.field)
            }
            (Some(statement), None) => format!(
                "{} of {statement}: wanted `{}`, found {found}",
                self.field, self.wanted
            ),
        }
    }
}

/// Compares a trust policy with the template, whose account is set already.
pub(crate) fn compare(existing: &Value, template: &Value) -> Coverage {
    let have = view(existing);
    let want = view(template);
    // What cannot be taken apart is not known to be another thing than what is denied.
    let (parts, wholes): (Vec<&Statement>, Vec<&Statement>) = want
        .iter()
        .filter(|statement| statement.effect == "Allow")
        .partition(|statement| can_expand(statement));
    let atoms: Vec<Atom> = parts.into_iter().flat_map(atoms).collect();
    if existing.get("Version") == template.get("Version") && sorted(&have) == sorted(&want) {
        return Coverage::Identical;
    }
    for atom in &atoms {
        if !have.iter().any(|statement| covers(statement, atom)) {
            return Coverage::Missing(difference(existing, &have, atom));
        }
    }
    if wholes.into_iter().all(|statement| have.contains(statement)) {
        return Coverage::Covered;
    }
    Coverage::Missing(TrustDifference {
        statement: None,
        field: "Statement".to_owned(),
        wanted:
            "a statement with NotAction, NotPrincipal or an unknown element, exactly as in the \
                 template"
                .to_owned(),
        found: String::new(),
        says: None,
    })
}

/// One thing that the template asks: an action of a principal under conditions.
struct Atom {
    action: String,
    principal: Principal,
    conditions: Vec<Condition>,
}

/// Beyond this many atoms a statement is taken as a whole: one statement must then cover it.
const MOST_ATOMS: usize = 4096;

/// Whether what a statement says is a list of things, so that other statements can say each of them.
/// One that cannot be taken apart (`NotAction`, `NotPrincipal`, an element that is not known) has to
/// stand there as it is.
fn can_expand(statement: &Statement) -> bool {
    matches!(statement.actions, Listed::These(_))
        && matches!(statement.principals, Listed::These(_))
        && statement.others.is_empty()
}

fn atoms(statement: &Statement) -> Vec<Atom> {
    let (Listed::These(actions), Listed::These(principals)) =
        (&statement.actions, &statement.principals)
    else {
        return Vec::new();
    };
    let mut choices: Vec<Vec<Condition>> = vec![Vec::new()];
    for condition in &statement.conditions {
        let alternatives = alternatives(condition);
        if choices.len() * alternatives.len() > MOST_ATOMS {
            for choice in &mut choices {
                choice.push(condition.clone());
            }
            continue;
        }
        choices = choices
            .iter()
            .flat_map(|choice| {
                alternatives.iter().map(move |alternative| {
                    let mut longer = choice.clone();
                    longer.push(alternative.clone());
                    longer
                })
            })
            .collect();
    }
    let mut atoms = Vec::new();
    for action in actions {
        for principal in principals {
            for conditions in &choices {
                atoms.push(Atom {
                    action: action.clone(),
                    principal: principal.clone(),
                    conditions: conditions.clone(),
                });
            }
        }
    }
    atoms
}

/// The values of a condition are alternatives, except where all of them are meant at once.
fn alternatives(condition: &Condition) -> Vec<Condition> {
    let all_at_once = is_negated(&condition.test.operator)
        || !is_known(&condition.test.operator)
        || condition.test.quantifier == "forallvalues"
        || condition.values.is_empty();
    if all_at_once {
        return vec![condition.clone()];
    }
    condition
        .values
        .iter()
        .map(|value| Condition {
            test: condition.test.clone(),
            key: condition.key.clone(),
            values: BTreeSet::from([value.clone()]),
        })
        .collect()
}

fn covers(statement: &Statement, atom: &Atom) -> bool {
    statement.effect == "Allow"
        && statement.others.is_empty()
        && covers_action(statement, atom)
        && covers_principal(statement, atom)
        && statement
            .conditions
            .iter()
            .all(|existing| is_implied(existing, atom))
}

fn covers_action(statement: &Statement, atom: &Atom) -> bool {
    matches!(&statement.actions, Listed::These(actions)
        if actions.iter().any(|pattern| includes(pattern, &atom.action)))
}

fn covers_principal(statement: &Statement, atom: &Atom) -> bool {
    matches!(&statement.principals, Listed::These(principals)
        if principals.contains(&atom.principal))
}

/// Whether a request that meets `wanted` always meets `existing`.
fn implies(wanted: &Condition, existing: &Condition) -> bool {
    if wanted == existing {
        return true;
    }
    if wanted.key != existing.key || existing.values.is_empty() {
        return false;
    }
    let (from, to) = (&wanted.test, &existing.test);
    if from.if_exists && !to.if_exists {
        return false;
    }
    if from.quantifier != to.quantifier && !from.quantifier.is_empty() {
        return false;
    }
    // A plain negated test also holds when the key is absent; its quantified forms differ then.
    if from.quantifier != to.quantifier && is_negated(&from.operator) {
        return false;
    }
    let every_wanted = |test: &dyn Fn(&str, &str) -> bool| {
        !wanted.values.is_empty()
            && wanted
                .values
                .iter()
                .all(|value| existing.values.iter().any(|other| test(value, other)))
    };
    let every_existing = |test: &dyn Fn(&str, &str) -> bool| {
        existing
            .values
            .iter()
            .all(|other| wanted.values.iter().any(|value| test(value, other)))
    };
    let literal = |value: &str| !value.contains(['*', '?']);
    // Whoever has to show a value has to have the key.
    if to.operator == "null" && to.quantifier.is_empty() && !to.if_exists {
        let asks = existing.values.iter();
        let has_key = from.operator != "null"
            && is_known(&from.operator)
            && !is_negated(&from.operator)
            && !from.if_exists
            && from.quantifier != "forallvalues";
        if has_key && asks.clone().all(|it| it.eq_ignore_ascii_case("false")) {
            return true;
        }
    }
    match (from.operator.as_str(), to.operator.as_str()) {
        ("stringlike" | "stringequals", "stringlike") => {
            every_wanted(&|value, pattern| includes(pattern, value))
        }
        ("stringlike", "stringequals") => {
            every_wanted(&|value, other| literal(value) && value == other)
        }
        ("stringequals" | "stringequalsignorecase", "stringequalsignorecase") => {
            every_wanted(&|value, other| value.eq_ignore_ascii_case(other))
        }
        ("stringnotlike", "stringnotlike") => {
            every_existing(&|pattern, other| includes(pattern, other))
        }
        (from, to) if from == to && is_negated(from) => existing.values.is_subset(&wanted.values),
        (from, to) if from == to && is_known(from) => {
            !wanted.values.is_empty() && wanted.values.is_subset(&existing.values)
        }
        _ => false,
    }
}

fn is_negated(operator: &str) -> bool {
    operator.contains("not")
}

/// Operators whose values are alternatives.
fn is_known(operator: &str) -> bool {
    ["string", "numeric", "date", "arn"]
        .iter()
        .any(|family| operator.starts_with(family))
        || ["bool", "binaryequals", "ipaddress", "null"].contains(&operator)
}

/// Compares the atom with the statement that has most in common with it.
fn difference(document: &Value, have: &[Statement], atom: &Atom) -> TrustDifference {
    let closest = have
        .iter()
        .enumerate()
        .filter(|(_, statement)| statement.effect == "Allow")
        .max_by_key(|(index, statement)| (likeness(statement, atom), usize::MAX - index));
    let Some((index, statement)) = closest else {
        return TrustDifference {
            statement: None,
            field: "Statement".to_owned(),
            wanted: action_text(&atom.action),
            found: String::new(),
            says: None,
        };
    };
    let name = Some(label(statements(document)[index], index));
    if let Some((field, says)) = odd_condition(statement, atom) {
        return TrustDifference {
            statement: name,
            field,
            wanted: String::new(),
            found: String::new(),
            says: Some(says),
        };
    }
    let (field, wanted, found) = first_difference(statement, atom);
    TrustDifference {
        statement: name,
        field,
        wanted: quotable(&wanted),
        found: quotable(&found),
        says: None,
    }
}

/// A condition whose value is not what is wrong with it: its field, and what it does. One on a key with
/// too much before it comes first, for no request has such a key.
fn odd_condition(statement: &Statement, atom: &Atom) -> Option<(String, String)> {
    if !covers_principal(statement, atom)
        || !covers_action(statement, atom)
        || !statement.others.is_empty()
    {
        return None;
    }
    let field = |it: &Condition| format!("{} {}", it.test.describe(), quotable(&it.key));
    let prefixed = statement.conditions.iter().find_map(|it| {
        let mut wanted = atom.conditions.iter();
        let (key, before) = wanted.find_map(|wanted| {
            let before = it.key.strip_suffix(&wanted.key)?;
            before.ends_with('/').then_some((&wanted.key, before))
        })?;
        let (key, before) = (quotable(key), quotable(before));
        Some((
            field(it),
            format!("asks for a key that no token has: it has to be `{key}`, without `{before}`"),
        ))
    });
    prefixed.or_else(|| {
        let mut conditions = statement.conditions.iter();
        let existing = conditions.find(|existing| !is_implied(existing, atom))?;
        let is_null = existing.test.operator == "null" && existing.test.quantifier.is_empty();
        let wants = |text: &str| {
            existing
                .values
                .iter()
                .any(|it| it.eq_ignore_ascii_case(text))
        };
        let says = match (is_null, wants("true"), wants("false")) {
            (true, true, false) => "takes only requests that do not have this key",
            (true, false, true) => "takes only requests that have this key",
            _ => return None,
        };
        Some((field(existing), says.to_owned()))
    })
}

/// Whether what the atom asks always meets the condition.
fn is_implied(existing: &Condition, atom: &Atom) -> bool {
    atom.conditions
        .iter()
        .any(|wanted| implies(wanted, existing))
}

/// The principal weighs most: a statement of the same provider is what people look for.
fn likeness(statement: &Statement, atom: &Atom) -> usize {
    let conditions = statement
        .conditions
        .iter()
        .filter(|&it| is_implied(it, atom))
        .count();
    16 * usize::from(covers_principal(statement, atom))
        + 8 * usize::from(covers_action(statement, atom))
        + conditions.min(7)
}

fn first_difference(statement: &Statement, atom: &Atom) -> (String, String, String) {
    if !covers_principal(statement, atom) {
        return (
            "Principal".to_owned(),
            principal_text(&atom.principal),
            listed_text(&statement.principals, principal_text),
        );
    }
    if !covers_action(statement, atom) {
        return (
            "Action".to_owned(),
            action_text(&atom.action),
            listed_text(&statement.actions, |action| action_text(action)),
        );
    }
    if let Some((element, value)) = statement.others.first_key_value() {
        return (element.clone(), String::new(), value.clone());
    }
    let fails = |existing: &&Condition| !is_implied(existing, atom);
    let Some(existing) = statement.conditions.iter().find(fails) else {
        return ("Statement".to_owned(), String::new(), String::new());
    };
    let wanted = atom
        .conditions
        .iter()
        .find(|wanted| wanted.key == existing.key && are_alike(wanted, existing));
    (
        format!("{} {}", existing.test.describe(), quotable(&existing.key)),
        wanted.map_or_else(String::new, |wanted| values_text(&wanted.values)),
        values_text(&existing.values),
    )
}

/// Whether the values of two conditions are of one kind, so that one can stand in the other's place.
fn are_alike(one: &Condition, other: &Condition) -> bool {
    let (one, other) = (&one.test.operator, &other.test.operator);
    one == other || (one.starts_with("string") && other.starts_with("string"))
}

fn principal_text(principal: &Principal) -> String {
    match principal {
        Principal::Anyone => "*".to_owned(),
        Principal::Account(account) => account.clone(),
        Principal::Other(_, value) => value.clone(),
    }
}

/// Actions are compared in lower case; the usual one is shown as people know it.
fn action_text(action: &str) -> String {
    let usual = "sts:AssumeRoleWithWebIdentity";
    if action.eq_ignore_ascii_case(usual) {
        usual.to_owned()
    } else {
        action.to_owned()
    }
}

fn listed_text<T: Ord>(listed: &Listed<T>, text: impl Fn(&T) -> String) -> String {
    match listed {
        Listed::These(items) => items.iter().map(text).collect::<Vec<_>>().join(", "),
        Listed::AllBut(items) => format!(
            "all but {}",
            items.iter().map(text).collect::<Vec<_>>().join(", ")
        ),
    }
}

fn values_text(values: &BTreeSet<String>) -> String {
    values.iter().cloned().collect::<Vec<_>>().join(", ")
}

fn sorted(statements: &[Statement]) -> Vec<&Statement> {
    let mut list: Vec<&Statement> = statements.iter().collect();
    list.sort();
    list
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::policy::{EntryAnswer, entry};
    use serde_json::json;

    #[derive(serde::Deserialize)]
    struct Vector {
        name: String,
        existing: Value,
        wanted: Value,
        verdict: String,
    }

    #[test]
    fn every_vector_gives_its_verdict() {
        let text = include_str!("../../tests/fixtures/iam/trust_policy_vectors.json");
        let vectors: Vec<Vector> = serde_json::from_str(text).unwrap();
        assert_eq!(vectors.len(), 29);
        for vector in vectors {
            let (existing, wanted) = (&vector.existing, &vector.wanted);
            let got = match (entry(existing, wanted, None, 0), compare(existing, wanted)) {
                (EntryAnswer::Denied { .. } | EntryAnswer::Depends { denies: true, .. }, _) => {
                    "denied?"
                }
                (_, Coverage::Identical | Coverage::Covered) => "covered",
                (_, Coverage::Missing(_)) => "missing",
            };
            assert_eq!(got, vector.verdict, "{}", vector.name);
        }
    }

    fn allow(conditions: &Value) -> Value {
        json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow",
            "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/h.example"},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": conditions
        }]})
    }

    #[test]
    fn conditions_imply_each_other_one_way_only() {
        let key = "h.example:sub";
        for (wanted, existing, covered) in [
            (
                json!({"StringEquals": {key: "a"}}),
                json!({"StringLike": {key: "?"}}),
                true,
            ),
            (
                json!({"StringEquals": {key: "Ab"}}),
                json!({"StringEqualsIgnoreCase": {key: "aB"}}),
                true,
            ),
            (
                json!({"StringEqualsIgnoreCase": {key: "a"}}),
                json!({"StringEquals": {key: "a"}}),
                false,
            ),
            (
                json!({"StringEquals": {key: "a"}}),
                json!({"ForAnyValue:StringEquals": {key: "a"}}),
                true,
            ),
            (
                json!({"ForAnyValue:StringEquals": {key: "a"}}),
                json!({"StringEquals": {key: "a"}}),
                false,
            ),
            (
                json!({"StringEqualsIfExists": {key: "a"}}),
                json!({"StringEquals": {key: "a"}}),
                false,
            ),
            (
                json!({"StringLike": {key: "a"}}),
                json!({"StringEquals": {key: "a"}}),
                true,
            ),
            (
                json!({"StringLike": {key: "a?"}}),
                json!({"StringLike": {key: "a*"}}),
                true,
            ),
            (
                json!({"StringLike": {key: "a*"}}),
                json!({"StringLike": {key: "a?"}}),
                false,
            ),
            (
                json!({"StringNotEquals": {key: ["a", "b"]}}),
                json!({"StringNotEquals": {key: "a"}}),
                true,
            ),
            (
                json!({"StringNotEquals": {key: "a"}}),
                json!({"StringNotEquals": {key: ["a", "b"]}}),
                false,
            ),
            (
                json!({"StringNotLike": {key: "a*"}}),
                json!({"StringNotLike": {key: "ab*"}}),
                true,
            ),
            (
                json!({"ForAllValues:StringEquals": {key: ["a", "b"]}}),
                json!({"ForAllValues:StringEquals": {key: ["a", "b", "c"]}}),
                true,
            ),
            (
                json!({"NumericLessThan": {key: "3"}}),
                json!({"NumericLessThan": {key: ["3", "4"]}}),
                true,
            ),
            (
                json!({"Odd": {key: "3"}}),
                json!({"Odd": {key: ["3"]}}),
                true,
            ),
            (
                json!({"Odd": {key: "3"}}),
                json!({"Odd": {key: ["3", "4"]}}),
                false,
            ),
            (
                json!({"Bool": {key: true}}),
                json!({"Bool": {key: "true"}}),
                true,
            ),
        ] {
            assert_eq!(
                compare(&allow(&existing), &allow(&wanted)).holds(),
                covered,
                "{wanted} by {existing}"
            );
        }
    }

    #[test]
    fn a_statement_with_an_unknown_element_is_covered_by_itself_alone() {
        let mut wanted = allow(&json!({}));
        wanted["Statement"][0]["NotResource"] = json!("x");
        let mut existing = wanted.clone();
        existing["Statement"][0]["Sid"] = json!("Hand");
        let more = allow(&json!({}))["Statement"][0].clone();
        let list = existing["Statement"].as_array_mut().unwrap();
        list.push(more.clone());
        assert_eq!(compare(&existing, &wanted), Coverage::Covered);
        existing["Statement"] = json!([more]);
        assert!(!compare(&existing, &wanted).holds());
    }

    #[test]
    fn the_closest_statement_and_its_first_differing_field_are_named() {
        let wanted = allow(&json!({"StringEquals": {"h.example:aud": "x", "h.example:sub": "s"}}));
        let mut existing =
            allow(&json!({"StringEquals": {"h.example:aud": "x", "h.example:sub": "S"}}));
        existing["Statement"][0]["Sid"] = json!("Hand");
        let foreign = json!({"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"},
            "Action": "sts:AssumeRole"});
        existing["Statement"]
            .as_array_mut()
            .unwrap()
            .insert(0, foreign);
        let Coverage::Missing(difference) = compare(&existing, &wanted) else {
            panic!("it should be missing");
        };
        assert_eq!(
            difference.describe(),
            "StringEquals h.example:sub of Hand: wanted `s`, found `S`"
        );
        let none = json!({"Version": "2012-10-17", "Statement": []});
        let Coverage::Missing(difference) = compare(&none, &wanted) else {
            panic!("it should be missing");
        };
        assert_eq!(
            difference.describe(),
            "no statement allows `sts:AssumeRoleWithWebIdentity`"
        );
        let narrow = allow(&json!({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}));
        let Coverage::Missing(difference) = compare(&narrow, &wanted) else {
            panic!("it should be missing");
        };
        assert_eq!(
            difference.describe(),
            "IpAddress aws:sourceip of statement 1 narrows it to `10.0.0.0/8`"
        );
    }

    #[test]
    fn a_template_that_lists_exceptions_is_held_only_by_the_same_statement() {
        let wanted = json!({"Statement": {"Effect": "Allow", "NotPrincipal": {"AWS": "111122223333"},
            "Action": "sts:AssumeRole"}});
        let wider = json!({"Statement": {"Effect": "Allow", "Principal": "*", "Action": "*"}});
        assert!(!compare(&wider, &wanted).holds());
        assert!(compare(&wanted, &wanted).holds());
    }

    #[test]
    fn a_statement_with_very_many_values_is_taken_whole() {
        let many: Vec<String> = (0..5000).map(|number| number.to_string()).collect();
        let wanted =
            allow(&json!({"StringEquals": {"h.example:sub": many, "h.example:aud": ["a", "b"]}}));
        assert!(compare(&wanted, &wanted).holds());
        let one = allow(&json!({"StringEquals": {"h.example:sub": many[0]}}));
        assert!(!compare(&one, &wanted).holds());
    }
}
