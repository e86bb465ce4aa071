//! What can go wrong with a request, in terms that a caller can branch on.
//!
//! Texts of the server in here are already cut, escaped and free of the token. The user's words are
//! made in `explain`.

use std::fmt;
use std::time::Duration;

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ApiProblem {
    /// 400 or 422: the server does not take the content.
    Rejected,
    /// 401: no token, or one that is not valid any more.
    Unauthorized,
    /// 403: not allowed, or the org or the cluster does not exist.
    Forbidden,
    /// 404.
    Missing,
    /// 409: changed by somebody else meanwhile.
    Conflict,
    /// 429, too many requests.
    Throttled,
    /// 429, a quota is used up: trying again does not help.
    Quota,
    /// 5xx or 408.
    Server,
    /// Another status that is not a success.
    Unexpected,
    /// Sent elsewhere; the target's scheme and host.
    Redirected(String),
    /// Nobody listens there.
    Refused,
    /// The host's name is not known.
    Dns,
    /// No encrypted connection; the reason.
    Tls(String),
    /// No connection, for another reason.
    Unreachable(String),
    /// No complete answer in time.
    Timeout,
    /// The connection ended before the answer was complete.
    Cut,
    /// The answer is larger than is read; the limit in bytes.
    TooLarge(AnswerExcess),
    /// The answer is not what Control Plane says; what is wrong with it.
    Garbage(String),
    /// Not sent: a name or a document cannot be put into a request; the reason.
    Unsendable(String),
    /// Not sent: the client could not be set up; the reason.
    Setup(String),
}

/// Which limit an answer is beyond. Displays as what it is more than.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AnswerExcess {
    /// The bytes of one answer.
    Bytes,
    /// The keys and values of one answer.
    Nodes,
    /// All pages of a list together.
    Pages,
}

impl fmt::Display for AnswerExcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bytes => "more than 16 MiB",
            Self::Nodes => "more than 2,000,000 keys and values",
            Self::Pages => "all pages together are more than 64 MiB or 2,000,000 keys and values",
        })
    }
}

/// A request that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiError {
    /// What went wrong.
    pub(crate) problem: ApiProblem,
    /// The status, when there was an answer.
    pub(crate) status: Option<u16>,
    /// The server's `code`.
    pub(crate) code: Option<String>,
    /// The server's `message`, or the beginning of a body that is not JSON.
    pub(crate) message: Option<String>,
    /// The server's `details`, one a line.
    pub(crate) details: Vec<String>,
    /// The id by which the server's operators find the request.
    pub(crate) request_id: Option<String>,
    /// How long the server wants to be left alone.
    pub(crate) retry_after: Option<Duration>,
    /// How often it was tried.
    pub(crate) tries: u32,
    /// Whether the request may have reached the server.
    pub(crate) sent: bool,
    /// What was asked for.
    pub(super) access: Access,
}

/// What a request does; decides retries and words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Read,
    List,
    Edit,
    Apply,
}

impl Access {
    pub(super) fn writes(self) -> bool {
        matches!(self, Self::Edit | Self::Apply)
    }
}

/// A write that did not end with a plain yes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum WriteError {
    /// Surely not applied.
    Rejected(ApiError),
    /// Not applied, because the cluster was changed meanwhile: read again and plan again.
    Conflict(ApiError),
    /// Applied or not: read again and look.
    Uncertain(ApiError),
}

impl From<ApiError> for WriteError {
    fn from(error: ApiError) -> Self {
        if error.problem == ApiProblem::Conflict {
            Self::Conflict(error)
        } else if error.may_be_applied() {
            Self::Uncertain(error)
        } else {
            Self::Rejected(error)
        }
    }
}

impl ApiError {
    pub(super) fn new(problem: ApiProblem) -> Self {
        Self {
            problem,
            status: None,
            code: None,
            message: None,
            details: Vec::new(),
            request_id: None,
            retry_after: None,
            tries: 1,
            sent: true,
            access: Access::Read,
        }
    }

    /// Of a request that never left.
    pub(super) fn unsent(problem: ApiProblem) -> Self {
        Self {
            sent: false,
            ..Self::new(problem)
        }
    }

    /// Whether the same request may succeed a little later.
    pub(crate) fn is_transient(&self) -> bool {
        matches!(
            self.problem,
            ApiProblem::Throttled
                | ApiProblem::Server
                | ApiProblem::Refused
                | ApiProblem::Dns
                | ApiProblem::Unreachable(_)
                | ApiProblem::Timeout
                | ApiProblem::Cut
        )
    }

    /// Whether a write that failed so may have taken effect all the same.
    pub(super) fn may_be_applied(&self) -> bool {
        self.sent
            && match self.problem {
                ApiProblem::Server
                | ApiProblem::Timeout
                | ApiProblem::Cut
                | ApiProblem::TooLarge(_)
                | ApiProblem::Garbage(_) => true,
                ApiProblem::Rejected
                | ApiProblem::Unauthorized
                | ApiProblem::Forbidden
                | ApiProblem::Missing
                | ApiProblem::Conflict
                | ApiProblem::Throttled
                | ApiProblem::Quota
                | ApiProblem::Unexpected
                | ApiProblem::Redirected(_)
                | ApiProblem::Refused
                | ApiProblem::Dns
                | ApiProblem::Tls(_)
                | ApiProblem::Unreachable(_)
                | ApiProblem::Unsendable(_)
                | ApiProblem::Setup(_) => false,
            }
    }
}

impl fmt::Display for ApiError {
    /// The fact in a few words, as a progress line or a list of failures shows it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.problem, self.status) {
            (ApiProblem::Redirected(target), _) => write!(f, "sent on to {target}"),
            (ApiProblem::Refused, _) => f.write_str("connection refused"),
            (ApiProblem::Dns, _) => f.write_str("host not found"),
            (ApiProblem::Tls(reason) | ApiProblem::Unreachable(reason), _) => {
                write!(f, "no connection: {reason}")
            }
            (ApiProblem::Timeout, _) => f.write_str("no answer in time"),
            (ApiProblem::Cut, _) => f.write_str("the connection broke off"),
            (ApiProblem::TooLarge(excess), _) => write!(f, "the answer is too large: {excess}"),
            (ApiProblem::Garbage(what), _) => write!(f, "not Control Plane's answer: {what}"),
            (ApiProblem::Unsendable(reason) | ApiProblem::Setup(reason), _) => f.write_str(reason),
            (_, Some(status)) => match self.message.as_ref().or(self.code.as_ref()) {
                Some(text) => write!(f, "{status} \"{text}\""),
                None => write!(f, "{status}"),
            },
            (problem, None) => write!(f, "{problem:?}"),
        }
    }
}

impl std::error::Error for ApiError {}
