//! What the body of an answer has to be before anything is made of it: within the limits, of the
//! kind, of the name that was asked for, with a version that can be locked on. Pure.

use super::error::AnswerExcess;
use super::request::check_name;
use crate::cluster;
use crate::settings::Token;
use crate::text::excerpt;
use serde_json::Value;

/// The largest answer that is read, in bytes.
pub(super) const BYTES: u64 = 16 * 1024 * 1024;
/// The most keys and values that an answer may hold, and all pages of a list together.
pub(super) const NODES: usize = 2_000_000;
/// How much of something strange is quoted, in characters.
const STRANGE: usize = 120;

/// The keys and values of a JSON text, counted before anything is made of them: in memory a value
/// takes many times the bytes that it has on the wire. Of what is not JSON the number says nothing.
pub(super) fn nodes(text: &[u8]) -> usize {
    let mut count = 0;
    let mut in_word = false;
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => {
                count += 1;
                in_word = false;
                while let Some(byte) = bytes.next() {
                    match byte {
                        b'"' => break,
                        b'\\' => {
                            bytes.next();
                        }
                        _ => {}
                    }
                }
            }
            b'{' | b'[' => {
                count += 1;
                in_word = false;
            }
            b'}' | b']' | b',' | b':' | b' ' | b'\t' | b'\r' | b'\n' => in_word = false,
            _ if in_word => {}
            _ => {
                count += 1;
                in_word = true;
            }
        }
    }
    count
}

/// Whether a body is within the limits; the error says which one it is beyond.
pub(super) fn within(body: &[u8]) -> Result<(), AnswerExcess> {
    if body.len() as u64 > BYTES {
        return Err(AnswerExcess::Bytes);
    }
    if nodes(body) > NODES {
        return Err(AnswerExcess::Nodes);
    }
    Ok(())
}

/// Whether a cluster is the one that was asked for and can be worked on; the error completes "what
/// was answered is not Control Plane's answer: …".
pub(super) fn check_cluster(value: &Value, asked: &str, token: &Token) -> Result<(), String> {
    match value.get("name") {
        Some(Value::String(name)) if name == asked => check_version(value, token),
        Some(name) => Err(format!(
            "its name is {}, `{asked}` was asked for",
            shown(name, token)
        )),
        None => Err(format!("it has no name, `{asked}` was asked for")),
    }
}

/// The same of a cluster in a list, whose name nobody asked for.
pub(super) fn check_item(value: &Value, token: &Token) -> Result<(), String> {
    let kind = value.get("kind");
    if let Some(kind) = kind.filter(|kind| kind.as_str() != Some(cluster::KIND)) {
        return Err(format!("one of its items is a {}", shown(kind, token)));
    }
    match value.get("name") {
        Some(Value::String(name)) if check_name(name).is_ok() => {
            check_version(value, token).map_err(|what| format!("of its cluster `{name}`, {what}"))
        }
        Some(name) => Err(format!(
            "one of its clusters is called {}, which is not the name of a cluster",
            shown(name, token)
        )),
        None => Err("one of its clusters has no name".to_owned()),
    }
}

/// Whether what a write was answered is about the cluster that was written, as far as it says.
pub(super) fn check_echo(value: &Value, asked: &str, token: &Token) -> Result<(), String> {
    match value.get("name") {
        Some(name) if name.as_str() != Some(asked) => Err(format!(
            "its name is {}, `{asked}` was written",
            shown(name, token)
        )),
        _ => Ok(()),
    }
}

/// A version that is not there cannot be locked on, and one that is no counter is not the
/// platform's.
fn check_version(value: &Value, token: &Token) -> Result<(), String> {
    match value.get("version") {
        None => Ok(()),
        Some(version) if version.as_i64().is_some_and(|version| version >= 0) => Ok(()),
        Some(version) => Err(format!(
            "its version is {}, not a whole number from 0",
            shown(version, token)
        )),
    }
}

/// A value of an answer, fit for a sentence.
pub(super) fn shown(value: &Value, token: &Token) -> String {
    match value {
        // Of something large no text is made to be cut.
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        Value::String(text) => format!("\"{}\"", excerpt(&token.redact(text), STRANGE)),
        other => excerpt(&other.to_string(), STRANGE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn count(value: &Value) -> usize {
        1 + match value {
            Value::Array(items) => items.iter().map(count).sum::<usize>(),
            Value::Object(map) => map.values().map(|value| 1 + count(value)).sum(),
            _ => 0,
        }
    }

    #[test]
    fn keys_and_values_are_counted_as_they_are_read() {
        for value in [
            json!(null),
            json!([]),
            json!({}),
            json!("a, b: [\"{\\"),
            json!([[], {}, [[]], "", 1, -1.5e3, true, null]),
            json!({"": {"": [[]]}, "a\\\"": "\\", "b": [1, {"c": {}}]}),
            json!({"\u{1F600},": ["ü:", "\n"]}),
        ] {
            for text in [value.to_string(), format!("{value:#}")] {
                assert_eq!(nodes(text.as_bytes()), count(&value), "{text}");
            }
        }
        // Not JSON, and no panic.
        for text in ["", "\"", "\"\\", "{\"a", "]]]", "\u{0}"] {
            assert!(nodes(text.as_bytes()) <= 3, "{text:?}");
        }
    }

    #[test]
    fn an_answer_is_within_both_limits_or_too_large() {
        let list = |values: usize| format!("[{}]", vec!["0"; values - 1].join(","));
        assert_eq!(within(list(NODES).as_bytes()), Ok(()));
        assert_eq!(within(list(NODES + 1).as_bytes()), Err(AnswerExcess::Nodes));
        let bytes = usize::try_from(BYTES).unwrap();
        assert_eq!(within(&vec![b'x'; bytes]), Ok(()));
        assert_eq!(within(&vec![b'x'; bytes + 1]), Err(AnswerExcess::Bytes));
    }

    #[test]
    fn a_cluster_has_the_name_that_was_asked_for_and_a_version_to_lock_on() {
        let token = Token::new("very-secret-token").unwrap();
        let prod = |version: Value| json!({"kind": "mk8s", "name": "prod", "version": version});
        for good in [json!(0), json!(12), json!(i64::MAX)] {
            assert_eq!(check_cluster(&prod(good.clone()), "prod", &token), Ok(()));
            assert_eq!(check_item(&prod(good), &token), Ok(()));
        }
        for bad in [
            json!(null),
            json!(true),
            json!("12"),
            json!(1.5),
            json!(3.0),
            json!(-1),
            json!(i64::MIN),
            json!(1_u64 << 63),
            json!(u64::MAX),
            json!([]),
            json!({}),
        ] {
            let what = check_cluster(&prod(bad.clone()), "prod", &token).unwrap_err();
            assert!(what.starts_with("its version is "), "{bad}: {what}");
            assert!(check_item(&prod(bad), &token).is_err());
        }
        assert_eq!(
            check_cluster(&json!({"name": "prod"}), "prod", &token),
            Ok(())
        );
        for (name, what) in [
            (
                json!({"name": "other"}),
                "its name is \"other\", `prod` was asked for",
            ),
            (json!({"name": 5}), "its name is 5, `prod` was asked for"),
            (
                json!({"name": ["prod"]}),
                "its name is a list, `prod` was asked for",
            ),
            (
                json!({"name": "Prod"}),
                "its name is \"Prod\", `prod` was asked for",
            ),
            (json!({}), "it has no name, `prod` was asked for"),
            (
                json!({"name": "very-secret-token\n"}),
                "its name is \"***\", `prod` was asked for",
            ),
        ] {
            assert_eq!(check_cluster(&name, "prod", &token).unwrap_err(), what);
        }
        for item in [
            json!({}),
            json!({"name": "Prod"}),
            json!({"name": "a\nb"}),
            json!({"name": null}),
            json!({"name": "prod", "kind": "gvc"}),
            json!({"name": "prod", "kind": null}),
        ] {
            assert!(check_item(&item, &token).is_err(), "{item}");
        }
        assert_eq!(check_echo(&json!({"name": "prod"}), "prod", &token), Ok(()));
        assert_eq!(check_echo(&json!({"ok": true}), "prod", &token), Ok(()));
        assert!(check_echo(&json!({"name": "other"}), "prod", &token).is_err());
    }
}
