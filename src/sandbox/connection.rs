//! One connection: from bytes to a call, through the faults, and back to bytes.
//!
//! Bounds what a client may send and how long it may take. A client's mistake ends its connection
//! at worst, never the sandbox.

use super::answer::{AnswerBody, Refusal, SandboxAnswer};
use super::connections::Authenticated;
use super::fault::{Failing, Fault, FaultKind, RequestFaults};
use super::journal::JournalEntry;
use super::oidc;
use super::reply::{ReplaceableSocket, ReplacedBytes, ReplyContent};
use super::roles::Roles;
use super::route::{self, RouteOutcome};
use super::tls::Certificates;
use super::world::{Call, World};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use hyper::header::{AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, USER_AGENT};
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use secrecy::ExposeSecret as _;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

/// The largest body that is read.
const BODY: usize = 16 * 1024 * 1024;

/// The largest head, and how many lines it may have.
const HEAD: usize = 64 * 1024;
const HEADERS: usize = 128;

/// How long a head may take, the wait for a further request included.
const HEAD_TIME: Duration = Duration::from_mins(2);

/// How long a body may take.
const BODY_TIME: Duration = Duration::from_mins(1);

/// The largest body of a stranger that goes by, and how long it may take.
const PASSED: u64 = 64 * 1024;
const PASSED_TIME: Duration = Duration::from_secs(1);

/// How long a client may take to agree on TLS.
const HANDSHAKE: Duration = Duration::from_secs(10);

const REQUEST_ID: &str = "x-request-id";

/// What a `garble` answers: valid nowhere, and hostile to a terminal that gets it raw.
const GARBLE: &[u8] =
    b"{\"kind\":\"mk8s\",\"name\":\"\x1b[31m\x07\x00\xff\xfe\",\"spec\":[,}\r\n\x1b]0;x\x07";

/// What a `noise` sends.
const NOISE: &[u8] = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 not HTTP\r\n\r\n";

/// What connections share.
#[derive(Debug)]
pub(super) struct ServedState {
    pub(super) world: Mutex<World>,
    /// What must exist in IAM before it may be named.
    pub(super) roles: Roles,
    /// Waited before every answer.
    pub(super) latency: Duration,
    /// What the issuers show, if there are any.
    pub(super) certificates: Option<Certificates>,
}

/// Where a request came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Listener {
    /// The API.
    Api,
    /// The issuers.
    Issuer,
}

impl ServedState {
    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves a connection until it ends.
pub(super) async fn serve(
    stream: TcpStream,
    shared: Arc<ServedState>,
    door: Listener,
    guest: Authenticated,
) {
    // Small answers must not wait for the client's acknowledgement; without it they are only slow.
    let _ = stream.set_nodelay(true);
    if door == Listener::Api {
        return speak(stream, shared, door, guest).await;
    }
    let Some(certificates) = &shared.certificates else {
        return;
    };
    let certificate = shared.world().faults.certificate();
    let Ok(config) = certificates.config(certificate) else {
        return;
    };
    let accept = TlsAcceptor::from(config).accept(stream);
    // A handshake that fails is the client's doing, or what a fault is for.
    if let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE, accept).await {
        speak(stream, shared, door, guest).await;
    }
}

async fn speak<S>(stream: S, shared: Arc<ServedState>, door: Listener, guest: Authenticated)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let instead = ReplacedBytes::default();
    let io = TokioIo::new(ReplaceableSocket::new(stream, instead.clone()));
    let service = service_fn(move |request| {
        answer(
            request,
            shared.clone(),
            instead.clone(),
            door,
            guest.clone(),
        )
    });
    // Errors are the client's doing or a fault's: the connection is over either way.
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_buf_size(HEAD)
        .max_headers(HEADERS)
        .serve_connection(io, service)
        .await;
}

/// Answers one request; an error closes the connection without a word.
async fn answer(
    request: Request<Incoming>,
    shared: Arc<ServedState>,
    instead: ReplacedBytes,
    door: Listener,
    guest: Authenticated,
) -> Result<Response<ReplyContent>, io::Error> {
    let (head, body) = request.into_parts();
    let method = head.method.as_str();
    let path = head.uri.path();
    let request_id = request_id();
    let text = |name: HeaderName| text(&head.headers, name);
    let authorization = text(AUTHORIZATION);
    // The head says whether the body is worth a look: nothing of a stranger's is kept.
    let is_known = door == Listener::Api && route::is_authorized(&shared.world(), authorization);
    let (body, has_rest) = if is_known {
        guest.is_known();
        match read(body).await {
            Ok(body) => (body, false),
            Err(refusal) => {
                let response = response(&refusal.into_answer(&request_id), &request_id);
                return Ok(closing(response));
            }
        }
    } else {
        (Vec::new(), !pass(body).await)
    };
    let control = door == Listener::Api && path.starts_with("/_sandbox/");
    let chosen = if control {
        RequestFaults::default()
    } else {
        wait(shared.latency).await;
        let chosen = shared.world().faults.choose(method, path);
        wait(chosen.delay_before).await;
        chosen
    };
    let absent = shared.roles.absent(&body).await;
    let call = Call {
        method,
        path,
        query: head.uri.query(),
        authorization,
        body: &body,
        request_id: &request_id,
        now: now(),
    };
    let (outcome, reply) = {
        let mut world = shared.world();
        world.store.set_absent_roles(absent);
        let outcome = work(&mut world, &call, &chosen, door);
        let answer = outcome.as_ref().map(|outcome| &outcome.answer);
        let reply = Reply::new(chosen.fault.as_ref(), answer, &request_id);
        if !control {
            let world = &mut *world;
            let entry = JournalEntry {
                method,
                path,
                query: call.query,
                user_agent: text(USER_AGENT),
                body: &body,
                status: reply.status(),
                applied: outcome.as_ref().is_some_and(|outcome| outcome.applied),
                faults: &chosen.names,
                request_id: &request_id,
            };
            world.journal.add(&entry, world.token.expose_secret());
        }
        (outcome, reply)
    };
    drop(outcome);
    wait(chosen.delay_after).await;
    let response = reply.send(&instead, &request_id).await?;
    Ok(if has_rest {
        closing(response)
    } else {
        response
    })
}

/// An answer after which the connection ends.
fn closing(mut response: Response<ReplyContent>) -> Response<ReplyContent> {
    response
        .headers_mut()
        .insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// A timer rounds up to a millisecond: none is better where there is nothing to wait for.
async fn wait(time: Duration) {
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}

/// Does what the request asks for, unless a fault comes before.
fn work(
    world: &mut World,
    call: &Call<'_>,
    chosen: &RequestFaults,
    door: Listener,
) -> Option<RouteOutcome> {
    if chosen
        .fault
        .as_ref()
        .is_some_and(|fault| !fault.needs_work())
    {
        return None;
    }
    if door == Listener::Issuer {
        let answer = oidc::answer(world, call, chosen.defect)
            .unwrap_or_else(|refusal| refusal.into_answer(call.request_id));
        return Some(answer.into());
    }
    if chosen.race
        && let Some((_, rest)) = call.path.split_once("/mk8s/")
    {
        let name = rest.split('/').next().unwrap_or_default();
        world.store.touch(name, call.now);
    }
    let is_own = call.path.starts_with("/_sandbox/");
    if !is_own
        && route::is_authorized(world, call.authorization)
        && let Some(limiter) = &mut world.limiter
        && let Err(seconds) = limiter.take(call.now)
    {
        let refusal = Refusal::new(
            StatusCode::TOO_MANY_REQUESTS,
            "more requests than --rate allows",
        );
        let answer = refusal.into_answer(call.request_id);
        return Some(answer.header("retry-after", seconds.to_string()).into());
    }
    Some(route::handle(world, call))
}

/// What is sent.
enum Reply {
    Answer(SandboxAnswer),
    /// From something in between, which knows no request id.
    Foreign(SandboxAnswer),
    Truncated(SandboxAnswer),
    Dripped(SandboxAnswer, Duration),
    Flood(u64),
    Noise,
    Stall,
    Cut,
}

impl Reply {
    /// The true answer as the fault lets it through, or what comes in its place.
    fn new(fault: Option<&Fault>, answer: Option<&SandboxAnswer>, request_id: &str) -> Self {
        let answer = || {
            answer.cloned().unwrap_or_else(|| {
                Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "no answer was made")
                    .into_answer(request_id)
            })
        };
        let raw = |status: u16, content_type, bytes: &[u8]| {
            Self::Foreign(SandboxAnswer {
                status: status_code(status),
                headers: Vec::new(),
                body: AnswerBody::Raw {
                    content_type,
                    bytes: bytes.to_vec(),
                },
            })
        };
        match fault.map(|fault| &fault.kind) {
            None
            | Some(
                FaultKind::Delay(_)
                | FaultKind::Race
                | FaultKind::Issuer(_)
                | FaultKind::Certificate(_),
            ) => Self::Answer(answer()),
            Some(FaultKind::Truncate) => Self::Truncated(answer()),
            Some(FaultKind::Drip(gap)) => Self::Dripped(answer(), *gap),
            Some(FaultKind::Flood(size)) => Self::Flood(*size),
            Some(FaultKind::Noise) => Self::Noise,
            Some(FaultKind::Stall) => Self::Stall,
            Some(FaultKind::Cut) => Self::Cut,
            Some(FaultKind::Garble) => raw(200, "application/json", GARBLE),
            Some(FaultKind::Html(status)) => raw(
                *status,
                "text/html",
                b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head>\
                  <body><h1>Sign in to the network</h1></body></html>\n",
            ),
            Some(FaultKind::Redirect(url)) => Self::Foreign(
                SandboxAnswer::empty(StatusCode::TEMPORARY_REDIRECT)
                    .header("location", url.as_str()),
            ),
            Some(FaultKind::Status(failing)) => Self::Answer(failing_answer(failing, request_id)),
        }
    }

    /// The status that the client gets to see.
    fn status(&self) -> Option<u16> {
        match self {
            Self::Answer(answer)
            | Self::Foreign(answer)
            | Self::Truncated(answer)
            | Self::Dripped(answer, _) => Some(answer.status.as_u16()),
            Self::Flood(_) => Some(200),
            Self::Noise | Self::Stall | Self::Cut => None,
        }
    }

    async fn send(
        self,
        instead: &ReplacedBytes,
        request_id: &str,
    ) -> Result<Response<ReplyContent>, io::Error> {
        match self {
            Self::Answer(answer) => Ok(response(&answer, request_id)),
            Self::Foreign(answer) => {
                let mut response = response(&answer, request_id);
                response.headers_mut().remove(REQUEST_ID);
                Ok(response)
            }
            Self::Truncated(answer) => {
                let mut response = response(&answer, request_id);
                let (mut bytes, _) = answer.content();
                // An answer without content promises some, so that its end is missing all the same.
                let length = HeaderValue::from(bytes.len().max(2));
                response.headers_mut().insert(CONTENT_LENGTH, length);
                bytes.truncate(bytes.len() / 2);
                *response.body_mut() = ReplyContent::broken(bytes);
                Ok(response)
            }
            Self::Dripped(answer, gap) => {
                let mut response = response(&answer, request_id);
                *response.body_mut() = ReplyContent::drip(answer.content().0, gap);
                Ok(response)
            }
            Self::Flood(size) => {
                let answer = SandboxAnswer::json(StatusCode::OK, serde_json::Value::Null);
                let mut response = response(&answer, request_id);
                *response.body_mut() = ReplyContent::flood(size);
                Ok(response)
            }
            Self::Noise => {
                instead.say(NOISE);
                Ok(closing(Response::new(ReplyContent::whole(Vec::new()))))
            }
            Self::Stall => std::future::pending().await,
            Self::Cut => Err(io::ErrorKind::ConnectionAborted.into()),
        }
    }
}

fn failing_answer(failing: &Failing, request_id: &str) -> SandboxAnswer {
    let status = status_code(failing.status);
    let mut answer = match &failing.body {
        Some(body) => SandboxAnswer {
            status,
            headers: Vec::new(),
            body: AnswerBody::Raw {
                content_type: "application/json",
                bytes: body.clone().into_bytes(),
            },
        },
        None => Refusal {
            code: failing.code.clone(),
            ..Refusal::new(
                status,
                failing
                    .message
                    .clone()
                    .unwrap_or_else(|| format!("the sandbox was told to answer {status}")),
            )
        }
        .into_answer(request_id),
    };
    if let Some(seconds) = failing.retry_after {
        answer = answer.header("retry-after", seconds.to_string());
    }
    answer
}

/// Lets a small body go by, so that its sender gets to the answer; says whether it has passed. One
/// that is large, of no stated length or slow is left where it is.
async fn pass(mut body: Incoming) -> bool {
    if body.is_end_stream() {
        return true;
    }
    if body.size_hint().upper().is_none_or(|size| size > PASSED) {
        return false;
    }
    let rest = async { while let Some(Ok(_)) = body.frame().await {} };
    tokio::time::timeout(PASSED_TIME, rest).await.is_ok()
}

async fn read(body: Incoming) -> Result<Vec<u8>, Refusal> {
    let too_large = || {
        Refusal::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("the body is larger than {BODY} bytes"),
        )
    };
    if body.size_hint().lower() > BODY as u64 {
        return Err(too_large());
    }
    match tokio::time::timeout(BODY_TIME, Limited::new(body, BODY).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes().to_vec()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
        Ok(Err(_)) => Err(Refusal::bad_request("the body ended too early")),
        Err(_) => Err(Refusal::new(
            StatusCode::REQUEST_TIMEOUT,
            "the body took too long",
        )),
    }
}

fn response(answer: &SandboxAnswer, request_id: &str) -> Response<ReplyContent> {
    let (bytes, content_type) = answer.content();
    let mut response = Response::new(ReplyContent::whole(bytes));
    *response.status_mut() = answer.status;
    let headers = response.headers_mut();
    if let Some(content_type) = content_type {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    let mut put = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    put(REQUEST_ID, request_id);
    for (name, value) in &answer.headers {
        put(name, value);
    }
    response
}

fn status_code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

/// Milliseconds since 1970.
pub(super) fn now() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|passed| i64::try_from(passed.as_millis()).ok())
        .unwrap_or_default()
}

fn request_id() -> String {
    let (a, b) = (fastrand::u64(..), fastrand::u32(..));
    format!("{a:016x}{b:08x}")
}
