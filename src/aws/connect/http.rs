//! The HTTP client of the SDK: TLS by ring, proxies by the environment, and words for an address
//! that is not reached.

use super::super::iam::AwsAddress;
use super::authorities;
use crate::waiting::WaitBoard;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider as Tls, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use std::error::Error as StdError;
use std::fmt;
use std::io::{self, ErrorKind};
use std::sync::Arc;

/// An address that something sets.
#[derive(Debug)]
pub(super) struct Known {
    /// What sets it.
    pub(super) from: String,
    /// The address.
    pub(super) url: String,
}

/// The client that trusts these authorities, in PEM, or the system's. The one that the SDK makes by
/// itself knows no proxy.
pub(super) fn client(
    trust: Option<Vec<u8>>,
    known: Vec<Known>,
    board: &Arc<WaitBoard>,
) -> SharedHttpClient {
    let trust = trust.or_else(authorities::in_place_of_the_systems);
    let context = trust.map(|pem| {
        TlsContext::builder()
            .with_trust_store(TrustStore::empty().with_pem_certificate(pem))
            .build()
    });
    // Making it cannot fail; if it did, the system's authorities would be the narrower choice.
    let context = context.and_then(Result::ok).unwrap_or_default();
    let inner = Builder::new().build_with_connector_fn(move |settings, components| {
        let mut connector = Connector::builder().proxy_config(ProxyConfig::from_env());
        connector.set_connector_settings(settings.cloned());
        if let Some(components) = components {
            connector.set_sleep_impl(components.sleep_impl());
        }
        connector
            .tls_provider(Tls::Rustls(CryptoMode::Ring))
            .tls_context(context.clone())
            .build()
    });
    SharedHttpClient::new(NamingAddress {
        inner,
        known: Arc::new(known),
        board: Arc::clone(board),
    })
}

/// Says which address was not reached, and why; and on the board for which it waits.
#[derive(Debug)]
struct NamingAddress<T> {
    inner: T,
    known: Arc<Vec<Known>>,
    board: Arc<WaitBoard>,
}

impl HttpClient for NamingAddress<SharedHttpClient> {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(NamingAddress {
            inner: self.inner.http_connector(settings, components),
            known: Arc::clone(&self.known),
            board: Arc::clone(&self.board),
        })
    }
}

impl HttpConnector for NamingAddress<SharedHttpConnector> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let url = origin(request.uri());
        let known = Arc::clone(&self.known);
        let waiting = self.board.begin(format!("asking AWS at {url}"));
        let answer = self.inner.call(request);
        HttpConnectorFuture::new(async move {
            let answer = answer.await;
            drop(waiting);
            answer.map_err(|error| told(error, url, &known))
        })
    }
}

/// Keeps the kind of the error, by which the SDK tries again or not.
fn told(error: ConnectorError, url: String, known: &[Known]) -> ConnectorError {
    if error.is_user() {
        return error;
    }
    let (why, distrusted) = reason(&error);
    let from = known.iter().filter(|known| origin(&known.url) == url);
    let (is_io, is_timeout, other) = (error.is_io(), error.is_timeout(), error.as_other());
    let unreached = Box::new(Unreached {
        from: from.map(|known| known.from.clone()).collect(),
        url,
        why,
        distrusted,
    });
    if is_io {
        ConnectorError::io(unreached)
    } else if is_timeout {
        ConnectorError::timeout(unreached)
    } else {
        ConnectorError::other(unreached, other)
    }
}

/// Scheme, host and port.
fn origin(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("https", url));
    let host = rest.split(['/', '?']).next().unwrap_or_default();
    // Who logs in by the address does not show.
    let host = host.rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{host}")
}

/// An address that was not reached.
#[derive(Debug)]
pub(in crate::aws) struct Unreached {
    url: String,
    from: Vec<String>,
    why: String,
    distrusted: bool,
}

impl Unreached {
    /// The address, as the call of a service knows it.
    pub(in crate::aws) fn endpoint(&self, action: &str) -> AwsAddress {
        let service = action.split(':').next().unwrap_or_default();
        let own = format!("AWS_ENDPOINT_URL_{}", service.to_ascii_uppercase());
        let is_own = |from: &&String| **from == own;
        // A variable for another service is not why this one goes there.
        let is_common = |from: &&String| !from.starts_with("AWS_ENDPOINT_URL_");
        let from = self.from.iter();
        let from = from
            .clone()
            .find(is_own)
            .or_else(|| from.clone().find(is_common));
        AwsAddress {
            url: self.url.clone(),
            from: from.cloned(),
            distrusted: self.distrusted,
        }
    }
}

impl fmt::Display for Unreached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl StdError for Unreached {}

/// Why, in plain words, and whether it is for the certificate.
fn reason(error: &(dyn StdError + 'static)) -> (String, bool) {
    let mut last = error.to_string();
    let mut next = Some(error);
    while let Some(cause) = next {
        last = cause.to_string();
        let mut io = cause.downcast_ref::<io::Error>();
        if let Some(error) = cause.downcast_ref() {
            return tls(error);
        }
        // An I/O error does not name what it wraps as its source.
        while let Some(inner) = io.and_then(io::Error::get_ref) {
            if let Some(error) = inner.downcast_ref() {
                return tls(error);
            }
            match inner.downcast_ref() {
                Some(inner) => io = Some(inner),
                None => break,
            }
        }
        match io.map(io::Error::kind) {
            Some(ErrorKind::ConnectionRefused) => return ("connection refused".to_owned(), false),
            Some(ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::UnexpectedEof) => {
                return ("the connection broke off".to_owned(), false);
            }
            _ if last == "dns error" => return ("the host was not found".to_owned(), false),
            _ => {}
        }
        next = cause.source();
    }
    (last, false)
}

fn tls(error: &rustls::Error) -> (String, bool) {
    use rustls::CertificateError::UnknownIssuer;
    match error {
        rustls::Error::InvalidCertificate(UnknownIssuer) => (
            "its certificate is from an authority that is not trusted here".to_owned(),
            true,
        ),
        rustls::Error::InvalidCertificate(_) => {
            (format!("its certificate is not accepted: {error}"), true)
        }
        rustls::Error::InvalidMessage(_) => ("it does not speak TLS".to_owned(), false),
        _ => (format!("no encrypted connection: {error}"), false),
    }
}
