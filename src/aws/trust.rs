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
pub fn parse(value: &Value) -> Result<Value, String> {
    match value {
        Value::Object(_) => Ok(value.clone()),
        Value::String(text) => parse_text(text),
        other => Err(format!("it is {}, not a JSON object", kind(other))),
    }
}

/// Reads a trust policy from JSON text.
///
/// The error is the reason alone; the caller names where the text came from.
pub fn parse_text(text: &str) -> Result<Value, String> {
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
pub fn statements(document: &Value) -> Vec<&Value> {
    match document.get(STATEMENT) {
        Some(Value::Array(list)) => list.iter().collect(),
        Some(one @ Value::Object(_)) => vec![one],
        _ => Vec::new(),
    }
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
    fn one_statement_may_stand_without_an_array() {
        assert_eq!(
            statements(&json!({"Statement": {"Effect": "Allow"}})).len(),
            1
        );
        assert_eq!(statements(&json!({"Statement": "x"})).len(), 0);
    }
}
