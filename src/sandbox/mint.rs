//! Asks a running sandbox for a token of a service account. Goes to plain http on loopback only.

use reqwest::header::{AUTHORIZATION, HeaderValue};
use serde_json::Value;
use std::time::Duration;

/// How long the sandbox may take.
const LIMIT: Duration = Duration::from_secs(30);

/// Sends the request, as `POST /_sandbox/token` takes it, and gives the token; the error is the
/// sandbox's reason.
pub async fn mint(
    endpoint: &str,
    authorization: &HeaderValue,
    request: &Value,
) -> Result<String, String> {
    // The client wants a provider of cryptography even for plain http; a second one is refused.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([])
        .redirect(reqwest::redirect::Policy::none())
        .timeout(LIMIT)
        .build()
        .map_err(|error| error.to_string())?;
    let url = format!("{}/_sandbox/token", endpoint.trim_end_matches('/'));
    let answer = client
        .post(url)
        .header(AUTHORIZATION, authorization)
        .json(request)
        .send()
        .await
        .map_err(|_| "no sandbox answers at the endpoint".to_owned())?;
    let body: Value = answer
        .json()
        .await
        .map_err(|_| "what answers at the endpoint is not a sandbox".to_owned())?;
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    match (text("token"), text("message")) {
        (Some(token), _) => Ok(token.to_owned()),
        (None, Some(message)) => Err(message.escape_debug().to_string()),
        (None, None) => Err("what answers at the endpoint is not a sandbox".to_owned()),
    }
}
