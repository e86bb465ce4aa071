//! Sends one request and reads one answer, over reqwest.
//!
//! Owns TLS, proxy, headers, limits and redirects: the token goes to the endpoint's own scheme, host
//! and port, below its path, and nowhere else. Whether something is tried again is `retry`'s business.

use super::answer::{Answer, parse_date};
use super::error::{AnswerExcess, ApiError, ApiProblem};
use super::pace::{PaceGate, PaceSignal};
use super::request::{Method, Request};
use super::{Connection, RequestTrace, mask};
use crate::authorities;
use crate::error::{Error, Result};
use crate::text::{excerpt, printable};
use reqwest::header::{self, HeaderMap, HeaderValue};
use reqwest::{Certificate, Client, NoProxy, Proxy, Response, Url};
use rustls::pki_types::CertificateDer;
use std::error::Error as StdError;
use std::fmt::Write as _;
use std::io;
use std::time::{Duration, Instant};
use time::OffsetDateTime;
use tokio::sync::OnceCell;

/// Connecting takes no longer, whatever the limit of the request is.
const CONNECT: Duration = Duration::from_secs(10);
/// A pause that the server asks for is waited for if it is no longer than the tries of one request take.
const PATIENCE: Duration = Duration::from_secs(20);
/// So many redirects within the endpoint are followed.
const REDIRECTS: usize = 3;
/// Of an answer that is a failure no more is read, in bytes.
const FAILURE: u64 = 256 * 1024;
/// Headers that hold the id of a request, the first one wins.
const REQUEST_IDS: [&str; 3] = ["x-request-id", "x-cpln-request-id", "x-correlation-id"];

pub(super) struct Transport {
    pub(super) connection: Connection,
    headers: HeaderMap,
    client: OnceCell<Client>,
    trace: Option<RequestTrace>,
    /// Where all requests wait for their turn.
    pub(super) gate: PaceGate,
}

impl Transport {
    /// Nothing is opened yet: the HTTP client is made for the first request.
    pub(super) fn new(connection: Connection, trace: Option<RequestTrace>) -> Result<Self> {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, connection.token.header()?);
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        let session = HeaderValue::from_str(&uuid())
            .map_err(|_| Error::failure("the session has no usable id"))?;
        headers.insert("x-cpln-session", session);
        Ok(Self {
            connection,
            headers,
            client: OnceCell::new(),
            trace,
            gate: PaceGate::new(PATIENCE),
        })
    }

    /// One try: sends the request and reads the answer, at most `limit` bytes of a success.
    pub(super) async fn send(&self, request: &Request, limit: u64) -> Result<Answer, ApiError> {
        let client = self.client.get_or_try_init(async || self.client()).await?;
        let mut url = self
            .connection
            .endpoint
            .join(&request.path)
            .ok_or_else(|| {
                ApiError::unsent(ApiProblem::Unsendable(format!(
                    "`{}` does not lead to the endpoint",
                    excerpt(&request.path, 200)
                )))
            })?;
        for _ in 0..=REDIRECTS {
            let pass = self.gate.enter().await;
            let start = Instant::now();
            self.say(|| {
                request.body.as_ref().map(|body| {
                    let bytes = body.to_string().into_bytes();
                    format!("> {}", mask::body(&bytes, &self.connection.token))
                })
            });
            let result = self.exchange(client, request, url.clone(), limit).await;
            pass.heard(match &result {
                Ok(answer) => answer.heard(OffsetDateTime::now_utc()),
                Err(_) => PaceSignal::Lost,
            });
            drop(pass);
            self.say(|| Some(line(request.method, &url, start.elapsed(), &result)));
            let answer = result?;
            self.say(|| {
                (!answer.body.is_empty())
                    .then(|| format!("< {}", mask::body(&answer.body, &self.connection.token)))
            });
            match self.redirect(request.method, &url, &answer)? {
                None => return Ok(answer),
                Some(next) => url = next,
            }
        }
        Err(ApiError::new(ApiProblem::Garbage(
            "it leads in a circle of redirects".to_owned(),
        )))
    }

    /// A line for `--debug`; nothing is put together when nobody listens.
    pub(super) fn say(&self, line: impl FnOnce() -> Option<String>) {
        if let Some(trace) = &self.trace
            && let Some(line) = line()
        {
            trace(&line);
        }
    }

    async fn exchange(
        &self,
        client: &Client,
        request: &Request,
        url: Url,
        limit: u64,
    ) -> Result<Answer, ApiError> {
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Patch => reqwest::Method::PATCH,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
        };
        let mut builder = client
            .request(method, url)
            .headers(self.headers.clone())
            .timeout(self.connection.timeout);
        if let Some(body) = &request.body {
            builder = builder.json(body);
        }
        let response = builder.send().await.map_err(|error| classify(&error))?;
        let text = |name: &str| {
            let value = response.headers().get(name)?.to_str().ok()?;
            Some(value.to_owned()).filter(|value| !value.is_empty())
        };
        let mut answer = Answer {
            status: response.status().as_u16(),
            body: Vec::new(),
            location: text("location"),
            request_id: REQUEST_IDS
                .iter()
                .find_map(|name| text(name))
                .map(|id| excerpt(&self.connection.token.redact(&id), 120)),
            retry_after: text("retry-after"),
            date: text("date").and_then(|date| parse_date(&date)),
        };
        if response.status().is_success() {
            let length = response.content_length();
            answer.body = read(response, limit).await.map_err(|problem| ApiError {
                status: Some(answer.status),
                request_id: answer.request_id.clone(),
                ..ApiError::new(problem)
            })?;
            // A success whose announced body never came is a broken answer, not an empty one.
            if length.is_some_and(|length| length > answer.body.len() as u64) {
                return Err(answer.error(ApiProblem::Cut));
            }
        } else {
            // The status says it all; a body that breaks off or is too long does not change it.
            answer.body = read(response, FAILURE).await.unwrap_or_default();
        }
        Ok(answer)
    }

    /// Where to go instead: only for reads, only within the endpoint.
    fn redirect(
        &self,
        method: Method,
        from: &Url,
        answer: &Answer,
    ) -> Result<Option<Url>, ApiError> {
        if !(300..400).contains(&answer.status) {
            return Ok(None);
        }
        let target = answer
            .location
            .as_deref()
            .and_then(|location| from.join(location).ok());
        match target {
            Some(url) if !method.writes() && self.connection.endpoint.holds(&url) => Ok(Some(url)),
            Some(url) => {
                let mut place = url.origin().ascii_serialization();
                // Of the same host the path says what is another.
                if self.connection.endpoint.has_same_origin(&url) {
                    place.push_str(url.path());
                }
                Err(answer.error(ApiProblem::Redirected(printable(&place))))
            }
            None => Err(answer.garbage(format!("it is a redirect ({}) to nowhere", answer.status))),
        }
    }

    fn client(&self) -> Result<Client, ApiError> {
        self.client_with(&[])
    }

    /// The client; it trusts these authorities, if there are any, and else the system's.
    fn client_with(&self, authorities: &[CertificateDer<'_>]) -> Result<Client, ApiError> {
        let has_public = !authorities.is_empty();
        // Fails when there is one already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let setup = |reason: String| ApiError::unsent(ApiProblem::Setup(reason));
        let mut builder = Client::builder()
            .user_agent(concat!("mk8s/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT.min(self.connection.timeout))
            // Proxies come from the settings, never from the process's environment.
            .no_proxy();
        if !self.connection.endpoint.is_https() {
            // Reading the system's certificates takes longer than all the rest.
            builder = builder.tls_certs_only([]);
        } else if self.connection.insecure {
            builder = builder.tls_danger_accept_invalid_certs(true);
        } else if has_public {
            let known = authorities.iter().map(|it| Certificate::from_der(it));
            builder = builder.tls_certs_only(known.flatten());
        }
        if let Some(proxy) = &self.connection.proxy
            && !self.connection.endpoint.is_loopback()
        {
            let unusable = || {
                setup(format!(
                    "the proxy of {} cannot be used: a URL such as `http://host:3128` is needed",
                    proxy.variable
                ))
            };
            let scheme = proxy.url.split_once("://").map(|(scheme, _)| scheme);
            if !matches!(scheme, None | Some("http" | "https")) {
                return Err(unusable());
            }
            let exceptions = proxy.exceptions.as_deref().and_then(NoProxy::from_string);
            let proxy = Proxy::https(proxy.url.as_str()).map_err(|_| unusable())?;
            builder = builder.proxy(proxy.no_proxy(exceptions));
        }
        let failed = match builder.build() {
            Ok(client) => return Ok(client),
            Err(error) => setup(format!(
                "the HTTP client cannot be set up: {}",
                root(&error)
            )),
        };
        // Without any authority there is no client: then the public ones are there for it.
        let public = authorities::in_place_of_the_systems();
        if public.is_empty() || has_public {
            return Err(failed);
        }
        self.client_with(public)
    }
}

async fn read(mut response: Response, limit: u64) -> Result<Vec<u8>, ApiProblem> {
    let mut body = Vec::new();
    if response
        .content_length()
        .is_some_and(|length| length > limit)
    {
        return Err(ApiProblem::TooLarge(AnswerExcess::Bytes));
    }
    loop {
        match response.chunk().await {
            Ok(None) => return Ok(body),
            Ok(Some(chunk)) => {
                if (body.len() + chunk.len()) as u64 > limit {
                    return Err(ApiProblem::TooLarge(AnswerExcess::Bytes));
                }
                body.extend_from_slice(&chunk);
            }
            Err(error) if error.is_timeout() => return Err(ApiProblem::Timeout),
            Err(_) => return Err(ApiProblem::Cut),
        }
    }
}

/// What a failure without an answer means. Only a failure to connect surely comes before sending.
fn classify(error: &reqwest::Error) -> ApiError {
    let problem = if error.is_timeout() {
        ApiProblem::Timeout
    } else if error.is_connect() {
        if error.is_dns() {
            ApiProblem::Dns
        } else if let Some(reason) = tls_reason(error) {
            ApiProblem::Tls(reason)
        } else if io_kinds(error).contains(&io::ErrorKind::ConnectionRefused) {
            ApiProblem::Refused
        } else {
            ApiProblem::Unreachable(root(error))
        }
    } else if error.is_builder() {
        return ApiError::unsent(ApiProblem::Setup(root(error)));
    } else {
        ApiProblem::Cut
    };
    ApiError {
        sent: !error.is_connect(),
        ..ApiError::new(problem)
    }
}

/// The errors below, those inside an `io::Error` included.
fn chain(error: &reqwest::Error) -> Vec<&(dyn StdError + 'static)> {
    let mut found = Vec::new();
    let mut next = error.source();
    while let Some(error) = next {
        found.push(error);
        let inner = error
            .downcast_ref::<io::Error>()
            .and_then(|error| error.get_ref());
        next = match inner {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    found
}

fn tls_reason(error: &reqwest::Error) -> Option<String> {
    chain(error)
        .into_iter()
        .find_map(|error| error.downcast_ref::<rustls::Error>())
        .map(|error| excerpt(&error.to_string(), 300))
}

fn io_kinds(error: &reqwest::Error) -> Vec<io::ErrorKind> {
    chain(error)
        .into_iter()
        .filter_map(|error| error.downcast_ref::<io::Error>())
        .map(io::Error::kind)
        .collect()
}

/// The innermost reason.
fn root(error: &reqwest::Error) -> String {
    match chain(error).last() {
        Some(error) => excerpt(&error.to_string(), 300),
        None => "no reason is known".to_owned(),
    }
}

fn line(method: Method, url: &Url, elapsed: Duration, result: &Result<Answer, ApiError>) -> String {
    let mut line = format!("{} {} ", method.name(), printable(url.as_str()));
    let id = match result {
        Ok(answer) => {
            // Writing to a String cannot fail, here and below.
            let _ = write!(line, "{}", answer.status);
            answer.request_id.as_ref()
        }
        Err(error) => {
            let _ = write!(line, "{error}");
            error.request_id.as_ref()
        }
    };
    let _ = write!(line, " in {} ms", elapsed.as_millis());
    if let Some(id) = id {
        let _ = write!(line, ", request {id}");
    }
    line
}

/// A random UUID (version 4).
fn uuid() -> String {
    let bits = (fastrand::u128(..) & !(0xf << 76 | 0x3 << 62)) | 0x4 << 76 | 0x2 << 62;
    let hex = format!("{bits:032x}");
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
}
