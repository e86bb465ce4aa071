//! Trust policies as documents: reading, writing, measuring. Pure.
//!
//! The original tree is kept with its order and unknown keys; what a statement means is the
//! business of the normalised view, never of a rewritten document.

use super::quotable;
use serde_json::Value;

/// The name of the array of statements.
pub(crate) const STATEMENT: &str = "Statement";

/// Reads a trust policy that is a JSON object, or a string that holds one (at most once wrapped).
///
/// The error is the reason alone; the caller names where the document came from.
pub(crate) fn parse(value: &Value) -> Result<Value, String> {
    match value {
        Value::Object(_) => Ok(value.clone()),
        Value::String(text) => parse_text(text),
        other => Err(format!("it is {}, not a JSON object", kind(other))),
    }
}

/// Reads a trust policy from JSON text.
///
/// The error is the reason alone; the caller names where the text came from.
pub(crate) fn parse_text(text: &str) -> Result<Value, String> {
    match serde_json::from_str::<Value>(text) {
        Ok(document @ Value::Object(_)) => Ok(document),
        Ok(other) => Err(format!("it is {}, not a JSON object", kind(&other))),
        Err(error) => Err(format!(
            "it is not JSON: {} (`{}`)",
            error,
            quotable(&text.chars().take(60).collect::<String>())
        )),
    }
}

/// The statements of a document: `Statement` is an array, or one object.
pub(crate) fn statements(document: &Value) -> Vec<&Value> {
    match document.get(STATEMENT) {
        Some(Value::Array(list)) => list.iter().collect(),
        Some(one @ Value::Object(_)) => vec![one],
        _ => Vec::new(),
    }
}

/// What a statement is called in messages: its Sid, else its number as `statement 2`.
pub(crate) fn label(statement: &Value, index: usize) -> String {
    match statement.get("Sid").and_then(Value::as_str) {
        Some(sid) if !sid.is_empty() => quotable(sid),
        _ => format!("statement {}", index + 1),
    }
}

/// A statement's [`label`] inside a sentence: `statement NAME`.
pub(crate) fn titled(label: &str) -> String {
    if label.starts_with("statement ") {
        label.to_owned()
    } else {
        format!("statement {label}")
    }
}

/// The statement of that [`label`], as its owner wrote it, on one line.
pub(crate) fn shown(document: &Value, name: &str) -> String {
    statements(document)
        .into_iter()
        .enumerate()
        .find(|(index, statement)| label(statement, *index) == name)
        .map_or_else(String::new, |(_, statement)| one_line(statement))
}

/// A statement on one line, as long as a message may be.
pub(crate) fn one_line(statement: &Value) -> String {
    const LONGEST: usize = 600;
    let text = statement.to_string();
    if text.chars().count() <= LONGEST {
        return text;
    }
    let head: String = text.chars().take(LONGEST).collect();
    format!("{head}…")
}

/// The length that IAM holds against its quota: characters other than white space.
pub(crate) fn size(document: &Value) -> usize {
    let text = document.to_string();
    text.chars().filter(|c| !c.is_whitespace()).count()
}

/// The first character that IAM does not take in a trust policy; it takes tab, line feed, carriage
/// return and U+0020 to U+00FF.
pub(crate) fn forbidden_character(document: &Value) -> Option<char> {
    fn in_text(text: &str) -> Option<char> {
        text.chars()
            .find(|c| !matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{ff}'))
    }
    match document {
        Value::String(text) => in_text(text),
        Value::Array(list) => list.iter().find_map(forbidden_character),
        Value::Object(map) => map
            .iter()
            .find_map(|(key, value)| in_text(key).or_else(|| forbidden_character(value))),
        _ => None,
    }
}

/// The unique ids of users and roles that were deleted, which IAM leaves in place of their ARNs.
///
/// While one stands in a trust policy, IAM refuses every change of that policy. Each finding is
/// the statement's name and the id.
pub(crate) fn dead_principals(document: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (index, statement) in statements(document).into_iter().enumerate() {
        for principal in ["/Principal/AWS", "/NotPrincipal/AWS"] {
            let values = match statement.pointer(principal) {
                Some(Value::Array(list)) => list.iter().collect(),
                Some(one) => vec![one],
                None => Vec::new(),
            };
            for text in values.into_iter().filter_map(Value::as_str) {
                if is_dead(text) {
                    found.push((label(statement, index), text.to_owned()));
                }
            }
        }
    }
    found
}

/// A statement with principals that are gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stale {
    /// Its place in the document, from 0.
    pub(crate) index: usize,
    /// What it is called.
    pub(crate) statement: String,
    /// Its principals that are gone, as they stand there.
    pub(crate) gone: Vec<String>,
    /// Whether no other principal is left, so that the statement lets in nobody.
    pub(crate) whole: bool,
    /// How much of the document's length it takes.
    pub(crate) size: usize,
}

/// Statements that name deleted users and roles, or a federation of which `is_gone` says that it
/// does not exist any more.
pub(crate) fn stale(document: &Value, is_gone: impl Fn(&str) -> bool) -> Vec<Stale> {
    let mut found = Vec::new();
    for (index, statement) in statements(document).into_iter().enumerate() {
        let Some(Value::Object(principals)) = statement.get("Principal") else {
            continue;
        };
        let mut gone = Vec::new();
        let mut whole = true;
        for (kind, values) in principals {
            let values = match values {
                Value::Array(list) => list.iter().collect(),
                one => vec![one],
            };
            for value in values {
                match value.as_str() {
                    Some(text) if kind == "AWS" && is_dead(text) => gone.push(text.to_owned()),
                    Some(text) if kind == "Federated" && is_gone(text) => {
                        gone.push(text.to_owned());
                    }
                    _ => whole = false,
                }
            }
        }
        if !gone.is_empty() {
            found.push(Stale {
                index,
                statement: label(statement, index),
                gone,
                whole,
                size: size(statement),
            });
        }
    }
    found
}

/// The id of a deleted user or role.
fn is_dead(text: &str) -> bool {
    (text.starts_with("AROA") || text.starts_with("AIDA"))
        && text.len() > 8
        && text
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_object_and_a_string_with_one_read_the_same() {
        let document = json!({"Version": "2012-10-17", "Statement": []});
        assert_eq!(parse(&document).unwrap(), document);
        assert_eq!(parse(&json!(document.to_string())).unwrap(), document);
    }

    #[test]
    fn anything_else_is_refused_with_the_reason() {
        for (value, reason) in [
            (json!(null), "it is null"),
            (json!(["x"]), "it is an array"),
            (json!("[1]"), "it is an array"),
            (json!("\"{}\""), "it is a string"),
            (json!("{\u{1b}"), "it is not JSON"),
        ] {
            let got = parse(&value).unwrap_err();
            assert!(got.contains(reason), "{value}: {got}");
            assert!(!got.contains('\u{1b}'), "{got:?}");
        }
    }

    #[test]
    fn white_space_does_not_count() {
        let document = json!({"Version": "2012-10-17", "Id": "a b\u{a0}c"});
        assert_eq!(
            size(&document),
            r#"{"Version":"2012-10-17","Id":"abc"}"#.len()
        );
    }

    #[test]
    fn characters_beyond_latin_1_are_found_in_keys_and_values() {
        assert_eq!(forbidden_character(&json!({"a": ["ü\t\n\u{ff}"]})), None);
        assert_eq!(forbidden_character(&json!({"a": ["x", "€"]})), Some('€'));
        assert_eq!(forbidden_character(&json!({"\u{7}": 1})), Some('\u{7}'));
    }

    #[test]
    fn ids_of_deleted_principals_are_found() {
        let document = json!({"Statement": [
            {"Sid": "Ok", "Principal": {"AWS": "arn:aws:iam::111122223333:role/AROA"}},
            {"Principal": {"AWS": ["AROAJ2ABCDEFGHIJKLMNO", "111122223333"]}}
        ]});
        assert_eq!(
            dead_principals(&document),
            [("statement 2".to_owned(), "AROAJ2ABCDEFGHIJKLMNO".to_owned())]
        );
    }

    #[test]
    fn statements_of_what_is_gone_are_found_with_what_they_take() {
        let document = json!({"Statement": [
            {"Sid": "Old", "Principal": {"Federated": "gone"}},
            {"Principal": {"Federated": ["here", "gone"]}},
            {"Principal": {"AWS": ["AIDAJ2ABCDEFGHIJKLMNO"]}},
            {"Principal": {"AWS": ["AROAJ2ABCDEFGHIJKLMNO", "111122223333"]}},
            {"Principal": {"Federated": "here"}},
            {"Principal": {"Service": "gone"}},
            {"Principal": "*"},
            {"NotPrincipal": {"Federated": "gone"}}
        ]});
        let found = stale(&document, |text| text == "gone");
        let told: Vec<(usize, &str, &str, bool)> = found
            .iter()
            .map(|it| {
                (
                    it.index,
                    it.statement.as_str(),
                    it.gone[0].as_str(),
                    it.whole,
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                (0, "Old", "gone", true),
                (1, "statement 2", "gone", false),
                (2, "statement 3", "AIDAJ2ABCDEFGHIJKLMNO", true),
                (3, "statement 4", "AROAJ2ABCDEFGHIJKLMNO", false),
            ]
        );
        assert_eq!(
            found[0].size,
            r#"{"Sid":"Old","Principal":{"Federated":"gone"}}"#.len()
        );
    }

    #[test]
    fn one_statement_may_stand_without_an_array() {
        assert_eq!(
            statements(&json!({"Statement": {"Effect": "Allow"}})).len(),
            1
        );
        assert_eq!(statements(&json!({"Statement": "x"})).len(), 0);
    }
}
