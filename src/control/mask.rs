//! Bodies for `--debug`, without what may be secret. Pure.

use super::content;
use crate::secret;
use crate::settings::Token;
use crate::text::excerpt;
use serde_json::Value;

/// How much of a body a line shows, in characters.
const BODY: usize = 16_384;
/// One line for a body, secrets replaced by `***`.
pub(super) fn body(bytes: &[u8], token: &Token) -> String {
    if content::within(bytes).is_err() {
        return format!("{} bytes, too large to be shown", bytes.len());
    }
    let text = match serde_json::from_slice::<Value>(bytes) {
        Ok(mut value) => {
            secret::mask(&mut value);
            value.to_string()
        }
        Err(_) => String::from_utf8_lossy(bytes).into_owned(),
    };
    excerpt(&token.redact(&text), BODY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn secrets_are_masked_wherever_they_are() {
        let token = Token::new("very-secret-token").unwrap();
        let value = json!({
            "status": {"addOns": {"metrics": {"remoteWriteConfig": {"url": "u", "password": "p"}}}},
            "list": [{"remote_write": [{"x": 1}]}, {"api-key": "k"}, "very-secret-token"],
            "tokenSecretLink": "/org/acme/secret/x",
            "accessToken": "t",
            "tokens": 3,
            "kubeconfig": null,
            "name": "prod",
        });
        let expected = json!({
            "status": {"addOns": {"metrics": {"remoteWriteConfig": "***"}}},
            "list": [{"remote_write": "***"}, {"api-key": "***"}, "***"],
            "tokenSecretLink": "/org/acme/secret/x",
            "accessToken": "***",
            "tokens": 3,
            "kubeconfig": null,
            "name": "prod",
        });
        assert_eq!(
            body(value.to_string().as_bytes(), &token),
            expected.to_string()
        );
    }

    #[test]
    fn what_is_not_json_is_one_safe_line() {
        let token = Token::new("very-secret-token").unwrap();
        assert_eq!(
            body(b"a\nvery-secret-token\xff\x1b[2J", &token),
            "a\\n***\u{fffd}\\u{1b}[2J"
        );
        assert_eq!(
            body("x".repeat(20_000).as_bytes(), &token).chars().count(),
            BODY + 1
        );
    }
}
