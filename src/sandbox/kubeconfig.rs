//! What the sandbox answers where a real cluster would be reached. Pure.
//!
//! Plausible in form only: there is no Kubernetes behind it.

use serde_json::{Value, json};

/// A placeholder in the form of a certificate.
pub(super) const CA: &str = "-----BEGIN CERTIFICATE-----\n\
    c2FuZGJveDogdGhlcmUgaXMgbm8gS3ViZXJuZXRlcyBiZWhpbmQgdGhpcyBjbHVzdGVy\n\
    -----END CERTIFICATE-----\n";

/// The answer of `-kubeconfig` for a served cluster.
pub(super) fn answer(cluster: &Value, org: &str) -> Value {
    let text = |pointer: &str| {
        cluster
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let name = text("/name");
    let context = format!("{org}/{name}/{}", text("/alias"));
    let kubeconfig = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": context, "cluster": {"server": text("/status/serverUrl")}}],
        "users": [{"name": context, "user": {"token": "sandbox"}}],
        "contexts": [{"name": context, "context": {"cluster": context, "user": context}}],
        "current-context": context,
    });
    json!({"kubeconfig": kubeconfig.to_string(), "fileName": format!("{org}-{name}.yaml")})
}
