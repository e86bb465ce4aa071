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
    // A link to a secret is none.
    let text = value.as_str().is_some_and(|text| !text.starts_with('/'));
    text && is_suspect(&name)
}

/// Whether what is called so may hold a secret.
pub(crate) fn is_suspect(name: &str) -> bool {
    let name = name.to_lowercase().replace(['_', '-'], "");
    HIDDEN.contains(&name.as_str()) || SUSPECT.iter().any(|part| name.contains(part))
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
