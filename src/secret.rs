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
                    *value = Value::from("***");
                } else {
                    mask(value);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(mask),
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
