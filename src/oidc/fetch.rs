//! Fetches one public document: no credentials, 5 seconds, 1 MiB, three redirects within the host.

use super::reach::{KeysUrlAction, Resolver};
use super::tls::{Handshake, Observer};
use super::{LIMIT, SIZE};
use crate::error::{Error, Result};
use crate::settings::Proxy;
use crate::text::excerpt;
use reqwest::header::LOCATION;
use reqwest::redirect::Policy;
use reqwest::{Client, NoProxy, Url};
use rustls::{ClientConfig, SupportedProtocolVersion};
use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// So many redirects within the host are followed.
const REDIRECTS: usize = 3;

/// A document as it came.
#[derive(Debug)]
pub(crate) struct Page {
    /// Its bytes.
    pub(crate) body: Vec<u8>,
    /// From the request to the last byte.
    pub(crate) took: Duration,
}

/// Why a document was not read. Displays as what went wrong, to follow the URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FetchTrouble {
    /// The name is not known.
    Dns,
    /// Nobody listens.
    Refused,
    /// No answer within this time.
    Slow(Duration),
    /// Another status than 200.
    Status(u16),
    /// A redirect to another host, or one too many; says where to.
    Redirect(String),
    /// More than [`SIZE`] bytes.
    TooLarge,
    /// The URL is not `https`.
    NotHttps,
    /// Something else on the way.
    Broken(String),
    /// It came, and is not what it should be.
    Content(String),
    /// It was not asked for: nothing that comes from there is to be trusted.
    Distrusted,
    /// It was not asked for: it is where its issuer must not point; the reason.
    Elsewhere(String),
    /// It was not asked for: it may be where its issuer must not point; the reason.
    NotAsked(String),
}

impl fmt::Display for FetchTrouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns => f.write_str("its host's name is not known from here"),
            Self::Refused => f.write_str("nobody listens there, seen from here"),
            Self::Slow(limit) => write!(f, "it did not come within {} s", limit.as_secs()),
            Self::Status(status) => write!(f, "the answer is {status}"),
            Self::Redirect(to) => write!(f, "it redirects to {to}"),
            Self::TooLarge => write!(f, "it is larger than {} MiB", SIZE / 1024 / 1024),
            Self::NotHttps => f.write_str("its URL is not https"),
            Self::Broken(reason) => write!(f, "it did not come: {reason}"),
            Self::Content(reason) | Self::Elsewhere(reason) | Self::NotAsked(reason) => {
                f.write_str(reason)
            }
            Self::Distrusted => f.write_str("the issuer's certificate is not trusted from here"),
        }
    }
}

/// Fetches documents of one issuer.
pub(super) struct Fetcher<'a> {
    client: Client,
    resolver: Resolver,
    observer: Observer,
    proxy: Option<&'a Proxy>,
}

impl<'a> Fetcher<'a> {
    pub(super) fn new(proxy: Option<&'a Proxy>) -> Result<Self> {
        let observer = Observer::new()
            .map_err(|reason| Error::failure("the issuer cannot be looked at").because(reason))?;
        let resolver = Resolver::default();
        let client = client(&observer, &resolver, proxy, rustls::ALL_VERSIONS)?;
        Ok(Self {
            client,
            resolver,
            observer,
            proxy,
        })
    }

    /// What was seen of every host so far.
    pub(super) fn handshakes(&self) -> Vec<(String, Handshake)> {
        self.observer.seen()
    }

    /// Fetches a document.
    pub(super) async fn get(&self, url: &str) -> Result<Page, FetchTrouble> {
        let start = Instant::now();
        let body = tokio::time::timeout(LIMIT, fetch(&self.client, url))
            .await
            .map_err(|_| FetchTrouble::Slow(LIMIT))??;
        Ok(Page {
            body,
            took: start.elapsed(),
        })
    }

    /// Fetches the keys that an issuer's document names: only after its certificates were trusted,
    /// and only from where the issuer may point.
    pub(super) async fn keys(&self, url: &str, issuer: &str) -> Result<Page, FetchTrouble> {
        let parse = |url: &str| {
            Url::parse(url).map_err(|_| FetchTrouble::Broken("it has no URL".to_owned()))
        };
        let (keys, issuer) = (parse(url)?, parse(issuer)?);
        if keys.scheme() != "https" {
            return Err(FetchTrouble::NotHttps);
        }
        let seen = self.handshakes();
        let is_trusted = seen.iter().all(|(_, seen)| seen.distrust.is_none());
        let place = self.resolver.issuer(&issuer);
        match KeysUrlAction::to(&keys, &issuer, place, is_trusted, self.proxy) {
            KeysUrlAction::Same => self.get(url).await,
            KeysUrlAction::Judged => self.resolver.bound(&keys, place, self.get(url)).await,
            KeysUrlAction::Closed(trouble) => Err(trouble),
        }
    }

    /// Makes the host show its certificates; the answer does not matter. Gives what was in the way.
    pub(super) async fn knock(&self, url: &str, limit: Duration) -> Option<FetchTrouble> {
        match tokio::time::timeout(limit, self.client.head(url).send()).await {
            Ok(Ok(_)) => None,
            Ok(Err(error)) => Some(classify(&error)),
            Err(_) => Some(FetchTrouble::Slow(limit)),
        }
    }

    /// Whether the host agrees on TLS 1.2.
    pub(super) async fn speaks_tls12(&self, url: &str) -> bool {
        let Ok(client) = client(
            &self.observer,
            &self.resolver,
            self.proxy,
            &[&rustls::version::TLS12],
        ) else {
            return true;
        };
        // Whatever is answered: it came over TLS 1.2. An error past the handshake says nothing.
        match tokio::time::timeout(LIMIT, client.head(url).send()).await {
            Ok(Err(error)) => !error.is_connect(),
            _ => true,
        }
    }
}

fn client(
    observer: &Observer,
    resolver: &Resolver,
    proxy: Option<&Proxy>,
    versions: &[&'static SupportedProtocolVersion],
) -> Result<Client> {
    let failed = |reason: String| Error::failure("the issuer cannot be looked at").because(reason);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .map_err(|error| failed(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(observer.clone()))
        .with_no_client_auth();
    let mut builder = Client::builder()
        .tls_backend_preconfigured(config)
        .dns_resolver(Arc::new(resolver.clone()))
        .user_agent(concat!("mk8s/", env!("CARGO_PKG_VERSION")))
        .redirect(Policy::none())
        .referer(false)
        .connect_timeout(LIMIT)
        .no_proxy();
    if let Some(proxy) = proxy {
        let unusable = |_| {
            Error::usage(format!(
                "the proxy of {} cannot be used: a URL such as `http://host:3128` is needed",
                proxy.variable
            ))
        };
        let exceptions = proxy.exceptions.as_deref().and_then(NoProxy::from_string);
        let proxy = reqwest::Proxy::https(proxy.url.as_str()).map_err(unusable)?;
        builder = builder.proxy(proxy.no_proxy(exceptions));
    }
    builder.build().map_err(|error| failed(error.to_string()))
}

async fn fetch(client: &Client, url: &str) -> Result<Vec<u8>, FetchTrouble> {
    let mut url = Url::parse(url).map_err(|_| FetchTrouble::Broken("it has no URL".to_owned()))?;
    if url.scheme() != "https" {
        return Err(FetchTrouble::NotHttps);
    }
    for _ in 0..=REDIRECTS {
        let mut response = client
            .get(url.clone())
            .header(reqwest::header::ACCEPT, "application/json")
            .send()
            .await
            .map_err(|error| classify(&error))?;
        let status = response.status();
        if status.is_redirection() {
            url = next(&url, &response)?;
            continue;
        }
        if status != reqwest::StatusCode::OK {
            return Err(FetchTrouble::Status(status.as_u16()));
        }
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(|error| classify(&error))? {
            if body.len() + piece.len() > SIZE {
                return Err(FetchTrouble::TooLarge);
            }
            body.extend_from_slice(&piece);
        }
        return Ok(body);
    }
    Err(FetchTrouble::Redirect(format!(
        "one place after another, more than {REDIRECTS} times"
    )))
}

/// Where a redirect leads, if that is within the host.
fn next(url: &Url, response: &reqwest::Response) -> Result<Url, FetchTrouble> {
    let location = response
        .headers()
        .get(LOCATION)
        .and_then(|value| value.to_str().ok())
        .ok_or_else(|| FetchTrouble::Status(response.status().as_u16()))?;
    let next = url
        .join(location)
        .map_err(|_| FetchTrouble::Redirect(excerpt(location, 200)))?;
    if next.origin() == url.origin() {
        Ok(next)
    } else {
        Err(FetchTrouble::Redirect(format!(
            "another host: {}",
            excerpt(next.as_str(), 200)
        )))
    }
}

fn classify(error: &reqwest::Error) -> FetchTrouble {
    if error.is_timeout() {
        return FetchTrouble::Slow(LIMIT);
    }
    if error.is_dns() {
        return FetchTrouble::Dns;
    }
    let mut next: Option<&(dyn StdError + 'static)> = error.source();
    let mut last = error.to_string();
    while let Some(cause) = next {
        last = cause.to_string();
        let io = cause.downcast_ref::<io::Error>();
        if io.is_some_and(|io| io.kind() == io::ErrorKind::ConnectionRefused) {
            return FetchTrouble::Refused;
        }
        next = match io.and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => cause.source(),
        };
    }
    FetchTrouble::Broken(excerpt(&last, 200))
}
