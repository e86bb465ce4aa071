//! What a request meets: everything behind the connections. Data only.

use super::answer::Refusal;
use super::fault::Faults;
use super::journal::Journal;
use super::keys::IssuerKeys;
use super::location::Locations;
use super::rate::Limiter;
use super::store::Store;
use secrecy::SecretString;
use serde_json::Value;

/// Everything behind the connections.
#[derive(Debug)]
pub(super) struct World {
    pub(super) store: Store,
    pub(super) locations: Locations,
    pub(super) token: SecretString,
    /// Where the sandbox listens, without a final slash.
    pub(super) url: String,
    pub(super) page_size: usize,
    pub(super) journal: Journal,
    pub(super) faults: Faults,
    pub(super) limiter: Option<Limiter>,
    /// How many are open.
    pub(super) connections: usize,
    /// URL below which each cluster has its issuer, without a final slash.
    pub(super) issuer: String,
    /// Whether the sandbox serves the issuers.
    pub(super) has_issuers: bool,
    pub(super) issuers: IssuerKeys,
}

/// One request.
#[derive(Debug)]
pub(super) struct Call<'a> {
    pub(super) method: &'a str,
    /// Without the query, as sent.
    pub(super) path: &'a str,
    pub(super) query: Option<&'a str>,
    pub(super) authorization: Option<&'a str>,
    pub(super) body: &'a [u8],
    pub(super) request_id: &'a str,
    /// Milliseconds since 1970.
    pub(super) now: i64,
}

/// The path leads nowhere.
pub(super) fn nothing(call: &Call<'_>) -> Refusal {
    Refusal::not_found(format!("{} does not exist in the sandbox", call.path))
}

/// Any JSON.
pub(super) fn parse_json(body: &[u8]) -> Result<Value, Refusal> {
    serde_json::from_slice(body)
        .map_err(|error| Refusal::bad_request(format!("the body is not JSON: {error}")))
}
