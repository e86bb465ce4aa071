//! Whom the conditions of a statement leave of one issuer, by a claim of its tokens. Pure.
//!
//! A token has one subject and one audience, always: `…IfExists`, `ForAllValues:` and
//! `ForAnyValue:` ask the same of them as the plain operator. Conditions are met together, so each
//! one only narrows; what is not understood is left out, and the answer errs towards more.

use super::normal::{Condition, includes};
use std::collections::BTreeSet;

/// The values of a claim that meet all conditions on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Admitted {
    /// These and no others; none at all where the conditions contradict each other.
    Named(BTreeSet<String>),
    /// All that match, but for some.
    Class(Class),
}

/// A class of values.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Class {
    /// The patterns of which one must match; any value if there are none.
    pub(crate) like: BTreeSet<String>,
    /// Values and patterns that are left out.
    pub(crate) but: BTreeSet<String>,
}

impl Class {
    /// A value for each pattern, and a service account if there is none.
    pub(crate) fn examples(&self) -> Vec<String> {
        let filled = |pattern: &String| match pattern.trim_matches('*') {
            "" | "system:serviceaccount:" => ANY.to_owned(),
            _ => pattern.replace('*', "any").replace('?', "x"),
        };
        if self.like.is_empty() {
            return vec![ANY.to_owned()];
        }
        self.like.iter().map(filled).collect()
    }
}

/// A service account that nobody named.
const ANY: &str = "system:serviceaccount:any:any";

/// The values of the claim with the condition key `key`, whose case does not matter.
pub(crate) fn admitted<'a>(
    conditions: impl IntoIterator<Item = &'a Condition>,
    key: &str,
) -> Admitted {
    let mut named: Option<BTreeSet<String>> = None;
    let mut likes: Vec<&BTreeSet<String>> = Vec::new();
    let mut class = Class::default();
    for condition in conditions {
        if !condition.key.eq_ignore_ascii_case(key) {
            continue;
        }
        let values = &condition.values;
        let literal = |values: &BTreeSet<String>| !values.iter().any(|it| it.contains(['*', '?']));
        match condition.test.operator.as_str() {
            "stringlike" if !literal(values) => likes.push(values),
            "stringequals" | "stringlike" | "stringequalsignorecase" => {
                named = Some(match named {
                    None => values.clone(),
                    Some(known) => known.intersection(values).cloned().collect(),
                });
            }
            "stringnotequals" | "stringnotlike" | "stringnotequalsignorecase" => {
                class.but.extend(values.iter().cloned());
            }
            // The claim is always there.
            "null" if values.iter().all(|it| it.eq_ignore_ascii_case("true")) => {
                named = Some(BTreeSet::new());
            }
            _ => {}
        }
    }
    if let Some(mut named) = named {
        named.retain(|value| {
            let matches =
                |patterns: &BTreeSet<String>| patterns.iter().any(|it| includes(it, value));
            likes.iter().all(|patterns| matches(patterns)) && !matches(&class.but)
        });
        return Admitted::Named(named);
    }
    // The narrowest by its length says the most.
    let narrowest = likes
        .into_iter()
        .max_by_key(|patterns| patterns.iter().map(String::len).min());
    class.like = narrowest.cloned().unwrap_or_default();
    Admitted::Class(class)
}

/// The namespace and name in the subject of a service account; `None` if it is none, or could be
/// several.
pub(crate) fn service_account(subject: &str) -> Option<(&str, &str)> {
    let (namespace, name) = subject
        .strip_prefix("system:serviceaccount:")?
        .split_once(':')?;
    let is_name = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b))
    };
    (is_name(namespace) && is_name(name)).then_some((namespace, name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::normal::Statement;
    use serde_json::{Value, json};

    const KEY: &str = "h.example/c:sub";

    fn of(condition: &Value) -> Admitted {
        let statement = Statement::new(&json!({"Condition": condition}));
        admitted(&statement.conditions, KEY)
    }

    fn set(values: &[&str]) -> BTreeSet<String> {
        values.iter().map(|&it| it.to_owned()).collect()
    }

    #[test]
    fn conditions_on_a_claim_are_met_together() {
        for (condition, named) in [
            (json!({"StringEquals": {KEY: "a"}}), Some(set(&["a"]))),
            (
                json!({"StringLike": {KEY: ["a", "b"]}}),
                Some(set(&["a", "b"])),
            ),
            (
                json!({"StringEqualsIfExists": {KEY: "a"}}),
                Some(set(&["a"])),
            ),
            (
                json!({"ForAllValues:StringEquals": {KEY: "a"}}),
                Some(set(&["a"])),
            ),
            (
                json!({"StringEquals": {KEY: ["a", "b"]}, "StringLike": {KEY: "b*"}}),
                Some(set(&["b"])),
            ),
            (
                json!({"StringEquals": {KEY: ["a", "b"]}, "StringNotEquals": {KEY: "b"}}),
                Some(set(&["a"])),
            ),
            (
                json!({"StringEquals": {KEY: "a"}, "Null": {KEY: false}}),
                Some(set(&["a"])),
            ),
            (
                json!({"StringEquals": {KEY: "a"}, "Null": {KEY: true}}),
                Some(set(&[])),
            ),
            (
                json!({"StringEquals": {KEY: "a"}, "StringEqualsIgnoreCase": {KEY: "b"}}),
                Some(set(&[])),
            ),
            (json!({"StringEquals": {KEY: []}}), Some(set(&[]))),
            (json!({"StringEquals": {"other:sub": "a"}}), None),
            (json!({"StringNotEquals": {KEY: "a"}}), None),
            (json!({"StringLike": {KEY: ["a", "b*"]}}), None),
            (json!({"Null": {KEY: false}}), None),
            (json!({"Odd": {KEY: "a"}}), None),
            (json!({}), None),
        ] {
            match (of(&condition), named) {
                (Admitted::Named(found), Some(named)) => assert_eq!(found, named, "{condition}"),
                (Admitted::Class(_), None) => {}
                (found, named) => panic!("{condition}: {found:?}, wanted {named:?}"),
            }
        }
    }

    #[test]
    fn a_class_keeps_its_patterns_and_exceptions() {
        let found = of(&json!({"StringLike": {KEY: "a:*"}, "StringNotLike": {KEY: "a:b*"}}));
        let class = Class {
            like: set(&["a:*"]),
            but: set(&["a:b*"]),
        };
        assert_eq!(found, Admitted::Class(class));
    }

    #[test]
    fn a_service_account_has_a_namespace_and_a_name() {
        assert_eq!(
            service_account("system:serviceaccount:kube-system:ecr"),
            Some(("kube-system", "ecr"))
        );
        for other in [
            "system:serviceaccount:a",
            "system:serviceaccount:a:*",
            "system:serviceaccount:*:*",
            "system:serviceaccount:a:b:c",
            "system:serviceaccount::b",
            "repo:a/b:ref",
            "*",
        ] {
            assert_eq!(service_account(other), None, "{other}");
        }
    }
}
