//! What the token issuer of a cluster publishes, seen as AWS would see it, and the tokens it signs.
//!
//! [`look`] fetches the discovery document and the keys from here, with limits, without
//! credentials, and remembers how the connection was protected; [`glance`] asks for that alone.
//! [`document`] and [`token`] are pure. Decides nothing about add-ons and speaks to no cloud.

pub(crate) mod document;
mod fetch;
mod reach;
pub(crate) mod tls;
pub(crate) mod token;

pub(crate) use fetch::FetchTrouble;

use crate::error::Result;
use crate::settings::Proxy;
use document::{Discovery, PublicKey};
use fetch::Fetcher;
use std::time::Duration;
use tls::Handshake;

/// Where the discovery document lies below the issuer.
pub(crate) const DISCOVERY: &str = "/.well-known/openid-configuration";

/// The longest that AWS, and so the checks, wait for a document.
pub(crate) const LIMIT: Duration = Duration::from_secs(5);

/// The longest that [`glance`] waits.
pub(crate) const GLANCE: Duration = Duration::from_secs(3);

/// The largest document that is read, in bytes.
pub(crate) const SIZE: usize = 1024 * 1024;

/// What an issuer showed.
#[derive(Debug)]
pub(crate) struct IssuerView {
    /// The URL of the discovery document.
    pub(crate) discovery_url: String,
    /// The discovery document, with the time it took.
    pub(crate) discovery: Found<Discovery>,
    /// The keys, with the time they took; `None` if the discovery document names no place.
    pub(crate) keys: Option<Found<Vec<PublicKey>>>,
    /// How each host was reached, by `HOST:PORT`, in the order of the first connections.
    pub(crate) handshakes: Vec<(String, Handshake)>,
    /// Whether the issuer's host speaks TLS 1.2; `None` if it could not be reached, or is slow.
    pub(crate) speaks_tls12: Option<bool>,
}

/// A document and how long it took, or why there is none.
pub(crate) type Found<T> = Result<(T, Duration), FetchTrouble>;

/// The URL of the discovery document: exactly one slash at the issuer's end is dropped.
pub(crate) fn discovery_url(issuer: &str) -> String {
    format!("{}{DISCOVERY}", issuer.strip_suffix('/').unwrap_or(issuer))
}

/// Fetches what the issuer publishes. Certificates that are not trusted do not stop the discovery
/// document; they are noted in the handshakes. The keys are then fetched from an issuer on this
/// machine alone, and never from a place where
/// the issuer must not point.
///
/// A proxy that cannot be used is of kind usage.
pub(crate) async fn look(issuer: &str, proxy: Option<&Proxy>) -> Result<IssuerView> {
    let fetcher = Fetcher::new(proxy)?;
    let discovery_url = discovery_url(issuer);
    let discovery = fetcher
        .get(&discovery_url)
        .await
        .and_then(|page| Ok((Discovery::parse(&page.body)?, page.took)));
    let keys = match &discovery {
        Ok((
            Discovery {
                keys: Some(url), ..
            },
            _,
        )) => Some(
            fetcher
                .keys(url, issuer)
                .await
                .and_then(|page| Ok((PublicKey::parse_all(&page.body)?, page.took))),
        ),
        _ => None,
    };
    let handshakes = fetcher.handshakes();
    // Of a host that does not answer in time nothing more is learnt.
    let speaks_tls12 = match discovery {
        Err(FetchTrouble::Slow(_)) => None,
        _ if handshakes.is_empty() => None,
        _ => Some(fetcher.speaks_tls12(&discovery_url).await),
    };
    Ok(IssuerView {
        discovery_url,
        discovery,
        keys,
        handshakes,
        speaks_tls12,
    })
}

/// Looks at the issuer's certificates alone, by one request within [`GLANCE`], whatever its answer
/// is.
///
/// The error says why none was seen.
pub(crate) async fn glance(issuer: &str, proxy: Option<&Proxy>) -> Result<Handshake, String> {
    let fetcher = Fetcher::new(proxy).map_err(|error| error.to_string())?;
    let trouble = fetcher.knock(&discovery_url(issuer), GLANCE).await;
    match (fetcher.handshakes().into_iter().next(), trouble) {
        (Some((_, handshake)), _) => Ok(handshake),
        (None, Some(trouble)) => Err(trouble.to_string()),
        (None, None) => Err("it showed no certificate".to_owned()),
    }
}
