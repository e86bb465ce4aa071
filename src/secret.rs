//! What in an object may be secret, by the names of its fields. Pure.

use serde_json::Value;

/// What is never shown, by the name of the field: whole values, whatever they are.
const HIDDEN: [&str; 3] = ["remotewriteconfig", "remotewrite", "kubeconfig"];
/// What is not shown when it is a text, by a part of the name of the field.
const SUSPECT: [&str; 7] = [
    "password",
    "passphrase",
    "secret",
    "token",
    "credential",
    "apikey",
    "privatekey",
];

/// Replaces what may be secret by `***`, in place.
pub(crate) fn mask(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                if is_secret(name, value) {
                    if *value != OTHER {
                        *value = Value::from("***");
                    }
                } else {
                    mask(value);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(mask),
        _ => {}
    }
}

/// What stands for a secret that is another one than before.
const OTHER: &str = "*** (another value)";

/// Masks two states of the same thing, so that a secret that is another one in the second is seen to be
/// that, and is not seen.
pub(crate) fn mask_both(before: &mut Value, after: &mut Value) {
    mark_changed("", before, after);
    mask(before);
    mask(after);
}

/// Replaces the secrets that are others than before; what stands for them is one as well, by its field.
fn mark_changed(name: &str, before: &Value, after: &mut Value) {
    if before == after {
        return;
    }
    if is_secret(name, before) && is_secret(name, after) {
        *after = Value::from(OTHER);
        return;
    }
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            for (name, after) in after {
                if let Some(before) = before.get(name) {
                    mark_changed(name, before, after);
                }
            }
        }
        (Value::Array(before), Value::Array(after)) => {
            for (before, after) in before.iter().zip(after) {
                mark_changed(name, before, after);
            }
        }
        _ => {}
    }
}

/// The field of a cluster's status that may hold a password.
const PUBLISHED: &str = "/status/addOns/metrics/remoteWriteConfig";

/// The same for the API's own object, in which nothing else is another than it came: of the platform's
/// fields this is the one that has a secret in it.
pub(crate) fn mask_published(cluster: &mut Value) {
    if let Some(secret) = cluster.pointer_mut(PUBLISHED) {
        *secret = Value::from("***");
    }
}

/// Whether a field of this name and value is shown to nobody.
pub(crate) fn is_secret(name: &str, value: &Value) -> bool {
    let name = name.to_lowercase().replace(['_', '-'], "");
    if HIDDEN.contains(&name.as_str()) {
        return !value.is_null();
    }
    let text = value.as_str().is_some_and(|text| !is_link(text));
    text && is_suspect(&name)
}

/// Whether what is called so may hold a secret.
pub(crate) fn is_suspect(name: &str) -> bool {
    let name = name
        .to_lowercase()
        .replace(['_', '-', ' ', '\\', '"', '\''], "");
    HIDDEN.contains(&name.as_str()) || SUSPECT.iter().any(|part| name.contains(part))
}

/// Whether a setting may hold a secret, by the names on its path and by what is in it.
///
/// Where a whole command line is kept this is asked rather than [`is_secret`]: it sees the text of a value
/// and not what becomes of it, so that it takes more for secret.
pub(crate) fn may_hold(path: &str, text: &str) -> bool {
    let mut names = path.split(['.', '[', ']']);
    if names.any(is_suspect) && !is_link(text) {
        return true;
    }
    match serde_json::from_str(text) {
        Ok(value) => holds(&value),
        Err(_) => tells(text),
    }
}

fn holds(value: &Value) -> bool {
    match value {
        Value::Object(map) => map.iter().any(|(name, value)| {
            let is_harmless = match value {
                Value::Null | Value::Bool(_) => true,
                Value::String(text) => is_link(text),
                _ => false,
            };
            (is_suspect(name) && !is_harmless) || holds(value)
        }),
        Value::Array(items) => items.iter().any(holds),
        Value::String(text) => tells(text),
        _ => false,
    }
}

/// Whether a text that is more than a word speaks of a secret: a document in a document, a key in PEM, a
/// URL with a password.
fn tells(text: &str) -> bool {
    let is_more = text.contains(|c: char| c.is_whitespace() || ":={".contains(c));
    let is_url = text.contains("://") && text.contains('@');
    is_url || (is_more && is_suspect(text))
}

/// A text without what stands before the host of a URL in it: a password, or a token alone.
pub(crate) fn without_passwords(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, behind) = rest.split_at(at + 3);
        out.push_str(before);
        let ends = |c: char| c.is_whitespace() || "/?#\"'`<>(),".contains(c);
        let end = behind.find(ends).unwrap_or(behind.len());
        let (authority, after) = behind.split_at(end);
        match authority.rsplit_once('@') {
            Some((_, host)) => {
                out.push_str("***@");
                out.push_str(host);
            }
            None => out.push_str(authority),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Whether it is a link to a secret, which is none. What is encoded by base64 may begin with a slash, too.
fn is_link(text: &str) -> bool {
    text.starts_with("//secret/") || text.starts_with("/org/")
}

/// A copy with what may be secret replaced by `***`.
pub(crate) fn masked(value: &Value) -> Value {
    let mut value = value.clone();
    mask(&mut value);
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_stands_before_the_host_of_a_url_is_left_out() {
        for (text, kept) in [
            ("- https://u:p@mirror.io/x", "- https://***@mirror.io/x"),
            ("a://t@h b://c/d@e", "a://***@h b://c/d@e"),
            (
                "\"https://u:p:q@h:8080\", x@y",
                "\"https://***@h:8080\", x@y",
            ),
            ("://", "://"),
            ("arn:aws:iam::1:role/a@b", "arn:aws:iam::1:role/a@b"),
        ] {
            assert_eq!(without_passwords(text), kept);
        }
    }

    #[test]
    fn a_setting_that_may_hold_a_secret_is_known_by_its_path_or_by_what_is_in_it() {
        for (path, text) in [
            ("fuel.password", "x"),
            ("fuel.password", "/x9"),
            ("fuel.api-key[0]", "1"),
            ("remoteWrite[0].url", "https://x"),
            ("fuel", r#"{"password":"x","n":1}"#),
            ("fuel", r#"{"a":[{"token":1}]}"#),
            ("fuel", r#"{"secret":{"value":"x"}}"#),
            ("fuel", r#""{\"password\":\"x\"}""#),
            ("fuel", "password: x"),
            ("fuel", "-----BEGIN PRIVATE KEY-----"),
            ("fuel", "https://u:p@host"),
        ] {
            assert!(may_hold(path, text), "{path}={text}");
        }
        for (path, text) in [
            ("fuel.level", "7"),
            ("fuel.tokenSecretLink", "//secret/hetzner"),
            (
                "fuel",
                r#"{"secretLink":"/org/a/secret/b","password":null}"#,
            ),
            ("host", "https://example.com/x"),
        ] {
            assert!(!may_hold(path, text), "{path}={text}");
        }
    }

    #[test]
    fn a_secret_that_changes_is_seen_to() {
        let config = |password: &str, n: u8| json!({"a": [{"password": password, "n": n}], "remoteWrite": [n]});
        let (mut before, mut after) = (config("x", 1), config("y", 2));
        mask_both(&mut before, &mut after);
        assert_eq!(
            before,
            json!({"a": [{"password": "***", "n": 1}], "remoteWrite": "***"})
        );
        let other = "*** (another value)";
        assert_eq!(
            after,
            json!({"a": [{"password": other, "n": 2}], "remoteWrite": other})
        );
        let (mut before, mut after) = (config("x", 1), config("x", 2));
        after["more"] = json!({"token": "t"});
        mask_both(&mut before, &mut after);
        assert_eq!(after["a"][0]["password"], "***");
        assert_eq!(after["more"]["token"], "***");
    }

    #[test]
    fn passwords_are_masked_and_links_to_secrets_are_not() {
        let value = json!({
            "byok": {"config": {"monitoring": {"remoteWrite": [{"basic_auth": {"password": "x"}}]}}},
            "provider": {"tokenSecretLink": "//secret/hetzner"},
            "basic_auth": {"username": "u", "password": "p"},
        });
        assert_eq!(
            masked(&value),
            json!({
                "byok": {"config": {"monitoring": {"remoteWrite": "***"}}},
                "provider": {"tokenSecretLink": "//secret/hetzner"},
                "basic_auth": {"username": "u", "password": "***"},
            })
        );
    }
}
