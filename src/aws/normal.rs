//! What the statements of a policy mean, whatever way they are written. Pure.
//!
//! One value or a list, `AWS` account or root ARN, any case of actions and condition keys: all read
//! the same here. The view serves comparison only and is never written back.

use super::quotable;
use super::trust::statements;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Who a statement speaks of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Principal {
    /// `"*"`, also as `{"AWS": "*"}`.
    Anyone,
    /// Everyone whom an account lets: its id or its root, of any partition.
    Account(String),
    /// Kind (`AWS`, `Federated`, `Service`, …) and value, case kept.
    Other(String, String),
}

/// Actions or principals that are listed, or all but the listed ones.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Listed<T: Ord> {
    These(BTreeSet<T>),
    AllBut(BTreeSet<T>),
}

/// One operator on one condition key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Condition {
    pub(crate) test: OperatorParts,
    /// Lower case.
    pub(crate) key: String,
    pub(crate) values: BTreeSet<String>,
}

/// A condition operator, taken apart; all names in lower case.
#[derive(Debug, Clone)]
pub(crate) struct OperatorParts {
    /// `forallvalues` or `foranyvalue`, else empty.
    pub(crate) quantifier: String,
    /// `stringequals`, without a trailing `ifexists`.
    pub(crate) operator: String,
    pub(crate) if_exists: bool,
    /// As it was written: for messages, and of no account where tests are compared.
    written: String,
}

impl OperatorParts {
    fn parts(&self) -> (&str, &str, bool) {
        (&self.quantifier, &self.operator, self.if_exists)
    }
}

impl PartialEq for OperatorParts {
    fn eq(&self, other: &Self) -> bool {
        self.parts() == other.parts()
    }
}

impl Eq for OperatorParts {}

impl PartialOrd for OperatorParts {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for OperatorParts {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.parts().cmp(&other.parts())
    }
}

/// The operators that IAM knows, as its reference writes them.
const OPERATORS: [&str; 27] = [
    "StringEquals",
    "StringNotEquals",
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
    "StringLike",
    "StringNotLike",
    "NumericEquals",
    "NumericNotEquals",
    "NumericLessThan",
    "NumericLessThanEquals",
    "NumericGreaterThan",
    "NumericGreaterThanEquals",
    "DateEquals",
    "DateNotEquals",
    "DateLessThan",
    "DateLessThanEquals",
    "DateGreaterThan",
    "DateGreaterThanEquals",
    "ArnEquals",
    "ArnNotEquals",
    "ArnLike",
    "ArnNotLike",
    "BinaryEquals",
    "IpAddress",
    "NotIpAddress",
    "Bool",
    "Null",
];

/// One statement. The Sid is left out: it carries no meaning.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Statement {
    /// As written; only `Allow` and `Deny`, exactly so, mean anything.
    pub(crate) effect: String,
    pub(crate) principals: Listed<Principal>,
    /// Lower case, with `*` and `?`.
    pub(crate) actions: Listed<String>,
    pub(crate) conditions: BTreeSet<Condition>,
    /// Elements that are none of the above (`Resource`, `NotResource`), as written.
    pub(crate) others: BTreeMap<String, String>,
}

impl Statement {
    /// The normalised view of one statement.
    pub(crate) fn new(statement: &Value) -> Self {
        let mut view = Self {
            effect: text(statement.get("Effect")),
            principals: Listed::These(BTreeSet::new()),
            actions: Listed::These(BTreeSet::new()),
            conditions: BTreeSet::new(),
            others: BTreeMap::new(),
        };
        for (element, value) in statement.as_object().into_iter().flatten() {
            match element.as_str() {
                "Sid" | "Effect" => {}
                "Principal" => view.principals = Listed::These(principals(value)),
                "NotPrincipal" => view.principals = Listed::AllBut(principals(value)),
                "Action" => view.actions = Listed::These(lower(value)),
                "NotAction" => view.actions = Listed::AllBut(lower(value)),
                "Condition" => view.conditions = conditions(value),
                other => {
                    view.others.insert(other.to_owned(), list(value).join(" "));
                }
            }
        }
        view
    }
}

/// All statements of a document.
pub(crate) fn view(document: &Value) -> Vec<Statement> {
    statements(document)
        .into_iter()
        .map(Statement::new)
        .collect()
}

fn principals(value: &Value) -> BTreeSet<Principal> {
    let Value::Object(kinds) = value else {
        return list(value)
            .into_iter()
            .map(|text| principal("AWS", &text))
            .collect();
    };
    kinds
        .iter()
        .flat_map(|(kind, values)| {
            list(values)
                .into_iter()
                .map(move |text| principal(kind, &text))
        })
        .collect()
}

fn principal(kind: &str, text: &str) -> Principal {
    // Of other kinds it is anyone of that kind.
    if kind == "AWS" && text == "*" {
        return Principal::Anyone;
    }
    if kind == "AWS"
        && let Some(account) = account_of_root(text)
    {
        return Principal::Account(account.to_owned());
    }
    Principal::Other(kind.to_owned(), text.to_owned())
}

fn account_of_root(text: &str) -> Option<&str> {
    let digits = |text: &str| text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit());
    if digits(text) {
        return Some(text);
    }
    let account = text
        .strip_prefix("arn:")?
        .split_once(":iam::")?
        .1
        .strip_suffix(":root")?;
    digits(account).then_some(account)
}

fn conditions(value: &Value) -> BTreeSet<Condition> {
    let Value::Object(operators) = value else {
        return BTreeSet::new();
    };
    let mut out: BTreeMap<(OperatorParts, String), BTreeSet<String>> = BTreeMap::new();
    for (operator, keys) in operators {
        let test = OperatorParts::parse(operator);
        for (key, values) in keys.as_object().into_iter().flatten() {
            out.entry((test.clone(), key.to_ascii_lowercase()))
                .or_default()
                .extend(list(values));
        }
    }
    out.into_iter()
        .map(|((test, key), values)| Condition { test, key, values })
        .collect()
}

impl Condition {
    /// `IpAddress aws:sourceip 10.0.0.0/8`, for messages.
    pub(crate) fn describe(&self) -> String {
        let values: Vec<String> = self.values.iter().map(|it| quotable(it)).collect();
        format!(
            "{} {} {}",
            self.test.describe(),
            quotable(&self.key),
            values.join(", ")
        )
    }
}

impl OperatorParts {
    pub(crate) fn parse(written: &str) -> Self {
        let operator = written.to_ascii_lowercase();
        let (quantifier, operator) = operator.split_once(':').unwrap_or(("", &operator));
        let (operator, if_exists) = match operator.strip_suffix("ifexists") {
            Some(base) => (base, true),
            None => (operator, false),
        };
        Self {
            quantifier: quantifier.to_owned(),
            operator: operator.to_owned(),
            if_exists,
            written: written.to_owned(),
        }
    }

    /// For messages: an operator that IAM knows as its reference writes it, any other as it stands
    /// in the document.
    pub(crate) fn describe(&self) -> String {
        let name = OPERATORS
            .into_iter()
            .find(|name| name.eq_ignore_ascii_case(&self.operator));
        let quantifier = match self.quantifier.as_str() {
            "" => Some(""),
            "forallvalues" => Some("ForAllValues:"),
            "foranyvalue" => Some("ForAnyValue:"),
            _ => None,
        };
        let if_exists = if self.if_exists { "IfExists" } else { "" };
        match (quantifier, name) {
            (Some(quantifier), Some(name)) => format!("{quantifier}{name}{if_exists}"),
            _ => quotable(&self.written),
        }
    }
}

fn lower(value: &Value) -> BTreeSet<String> {
    list(value)
        .into_iter()
        .map(|text| text.to_ascii_lowercase())
        .collect()
}

pub(crate) fn list(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().map(|item| text(Some(item))).collect(),
        one => vec![text(Some(one))],
    }
}

fn text(value: Option<&Value>) -> String {
    match value {
        None => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// Whether every text that `wanted` stands for is also one of `pattern`.
///
/// In a pattern `*` is any run of characters and `?` any one. A wildcard in `wanted` is matched by
/// an equal or wider one only, so the answer never claims too much.
pub(crate) fn includes(pattern: &str, wanted: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let wanted: Vec<char> = wanted.chars().collect();
    let (mut p, mut w) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while w < wanted.len() {
        let same = match pattern.get(p) {
            Some('*') => {
                star = Some((p, w));
                p += 1;
                continue;
            }
            Some('?') => wanted[w] != '*',
            Some(c) => *c == wanted[w],
            None => false,
        };
        if same {
            p += 1;
            w += 1;
        } else if let Some((at, from)) = star {
            star = Some((at, from + 1));
            p = at + 1;
            w = from + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|&c| c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn spellings_of_one_meaning_read_the_same() {
        let one = json!({
            "Effect": "Allow",
            "Principal": {"AWS": "111122223333"},
            "Action": "sts:AssumeRole",
            "Condition": {"Bool": {"aws:MultiFactorAuthPresent": true}}
        });
        let other = json!({
            "Sid": "x",
            "Condition": {"bool": {"AWS:multifactorauthpresent": ["true"]}},
            "Action": ["STS:assumerole"],
            "Principal": {"AWS": ["arn:aws-cn:iam::111122223333:root"]},
            "Effect": "Allow"
        });
        assert_eq!(Statement::new(&one), Statement::new(&other));
    }

    #[test]
    fn different_meanings_read_differently() {
        let base = json!({"Effect": "Allow", "Principal": "*", "Action": "a:b"});
        for (pointer, value) in [
            ("Effect", json!("Deny")),
            ("Effect", json!("allow")),
            ("Principal", json!({"Service": "ec2.amazonaws.com"})),
            ("NotPrincipal", json!({"AWS": "111122223333"})),
            ("NotAction", json!("a:b")),
            ("Resource", json!("*")),
            ("Condition", json!({"Null": {"k": "true"}})),
        ] {
            let mut changed = base.clone();
            changed[pointer] = value;
            assert_ne!(Statement::new(&base), Statement::new(&changed), "{pointer}");
        }
    }

    #[test]
    fn anyone_is_anyone_in_both_spellings() {
        let bare = Statement::new(&json!({"Principal": "*"}));
        let aws = Statement::new(&json!({"Principal": {"AWS": ["*"]}}));
        assert_eq!(bare, aws);
    }

    #[test]
    fn operators_are_taken_apart_and_named_again() {
        for text in [
            "StringEquals",
            "ForAnyValue:StringLike",
            "ForAllValues:StringEqualsIfExists",
            "StringEqualsIgnoreCaseIfExists",
        ] {
            assert_eq!(OperatorParts::parse(&text.to_uppercase()).describe(), text);
        }
        for name in OPERATORS {
            assert_eq!(OperatorParts::parse(&name.to_lowercase()).describe(), name);
        }
        for odd in ["Odd", "StringSame", "ForSome:StringEquals", "OddIfExists"] {
            assert_eq!(OperatorParts::parse(odd).describe(), odd);
        }
        assert_eq!(OperatorParts::parse("Odd"), OperatorParts::parse("ODD"));
    }

    #[test]
    fn a_pattern_includes_what_it_matches_and_no_wider_pattern() {
        for (pattern, wanted, yes) in [
            ("*", "", true),
            ("a*c", "abbbc", true),
            ("a*c", "abcb", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("a*", "a*", true),
            ("a?", "a*", false),
            ("a*", "a?", true),
            ("a?", "a?", true),
            ("abc", "a?c", false),
            ("*b*b", "abab", true),
            ("**", "x", true),
            ("", "x", false),
            ("ä?", "äö", true),
        ] {
            assert_eq!(includes(pattern, wanted), yes, "{pattern} {wanted}");
        }
    }
}
