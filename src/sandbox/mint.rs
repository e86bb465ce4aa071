//! Asks a running sandbox for a token of a service account. Goes to plain http on loopback only.

use crate::error::{Error, Kind, Result};
use crate::text::printable;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use serde_json::Value;
use std::time::Duration;

/// How long the sandbox may take.
const LIMIT: Duration = Duration::from_secs(30);

/// Sends the request, as `POST /_sandbox/token` takes it, and gives the token.
///
/// What the sandbox does not have is of kind not-found, what it does not take of kind refused; no
/// sandbox at all is of kind unavailable.
pub(crate) async fn mint(
    endpoint: &str,
    authorization: &HeaderValue,
    request: &Value,
) -> Result<String> {
    let failed =
        |kind: Kind, reason: &str| Error::new(kind, "no token was made").because(printable(reason));
    let other = || {
        failed(
            Kind::Unavailable,
            "what answers at the endpoint is not a sandbox",
        )
    };
    // The client wants a provider of cryptography even for plain http; a second one is refused.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([])
        .redirect(reqwest::redirect::Policy::none())
        .timeout(LIMIT)
        .build()
        .map_err(|error| failed(Kind::Failure, &error.to_string()))?;
    let url = format!("{}/_sandbox/token", endpoint.trim_end_matches('/'));
    let answer = client
        .post(url)
        .header(AUTHORIZATION, authorization)
        .json(request)
        .send()
        .await
        .map_err(|_| failed(Kind::Unavailable, "no sandbox answers at the endpoint"))?;
    let kind = match answer.status().as_u16() {
        401 | 403 => Kind::Denied,
        404 => Kind::NotFound,
        _ => Kind::Refused,
    };
    let body: Value = answer.json().await.map_err(|_| other())?;
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    match (text("token"), text("message")) {
        (Some(token), _) => Ok(token.to_owned()),
        (None, Some(message)) => Err(failed(kind, message)),
        (None, None) => Err(other()),
    }
}
