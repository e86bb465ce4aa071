//! A failed request in the user's words. Pure.
//!
//! Says what the server said, quoted and attributed, and both readings where the platform is
//! ambiguous. The texts may change, the kinds may not: they are the exit codes.

use super::error::{Access, ApiError, Problem};
use crate::error::{Error, Kind, Result};
use crate::settings::text::printable;
use crate::settings::{Endpoint, Identity, Origin, Settings, Sourced, TokenKind};
use std::time::Duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Who asked, where: what a message may have to point at.
#[derive(Debug, Clone)]
pub struct Who {
    /// The org, and where it came from.
    pub org: Sourced<String>,
    /// The endpoint, and where it came from.
    pub endpoint: Sourced<Endpoint>,
    /// Where the token came from and what it says of itself.
    pub identity: Option<Identity>,
    /// Limit of one request.
    pub timeout: Duration,
}

impl Who {
    /// As the settings say; fails without an org.
    pub fn of(settings: &Settings) -> Result<Self> {
        Ok(Self {
            org: settings.org()?.clone(),
            endpoint: settings.endpoint().clone(),
            identity: settings.identity(),
            timeout: settings.timeout(),
        })
    }

    fn token_origin(&self) -> &Origin {
        self.identity
            .as_ref()
            .map_or(&Origin::Default, |identity| &identity.origin)
    }

    fn endpoint_hint(&self) -> Option<String> {
        (self.endpoint.origin != Origin::Default)
            .then(|| format!("the endpoint is from {}", self.endpoint.origin))
    }
}

impl ApiError {
    /// The user's words. `doing` completes "cannot …": ``read cluster `prod` in org `acme` ``.
    ///
    /// The kind follows the exit-code table. A caller that knows more may replace the message.
    pub fn explain(&self, doing: &str, who: &Who) -> Error {
        let mut error = Error::new(self.kind(), format!("cannot {doing}"))
            .request(self.request_id.clone())
            .because(self.fact(who));
        error.because.extend(self.details.iter().cloned());
        if self.access.writes() && self.may_be_applied() {
            error = error.note("Whether the change was made is not known.");
        }
        error.hints = self.hints(who);
        error.hints.truncate(2);
        error
    }

    /// The kind, which decides the exit code.
    pub fn kind(&self) -> Kind {
        match self.problem {
            Problem::Rejected => Kind::Refused,
            Problem::Unauthorized | Problem::Forbidden => Kind::Denied,
            Problem::Missing => Kind::NotFound,
            Problem::Conflict => Kind::Conflict,
            Problem::Unsendable(_) => Kind::Usage,
            Problem::Unexpected | Problem::Setup(_) => Kind::Failure,
            Problem::Throttled
            | Problem::Quota
            | Problem::Server
            | Problem::Redirected(_)
            | Problem::Refused
            | Problem::Dns
            | Problem::Tls(_)
            | Problem::Unreachable(_)
            | Problem::Timeout
            | Problem::Cut
            | Problem::TooLarge(_)
            | Problem::Garbage(_) => Kind::Unavailable,
        }
    }

    fn fact(&self, who: &Who) -> String {
        let url = who.endpoint.value.as_str();
        let fact = match &self.problem {
            Problem::Unsendable(reason) | Problem::Setup(reason) => return reason.clone(),
            Problem::Redirected(target) => {
                format!("{url} sent the request on to {target}, and the token does not go there")
            }
            Problem::Refused => format!("nothing answers at {url} (connection refused)"),
            Problem::Dns => format!("the host of {url} was not found"),
            Problem::Tls(reason) => format!("no encrypted connection to {url}: {reason}"),
            Problem::Unreachable(reason) => format!("no connection to {url}: {reason}"),
            Problem::Timeout => format!("no answer from {url} within {}", seconds(who.timeout)),
            Problem::Cut => {
                format!("the connection to {url} broke off before the answer was complete")
            }
            Problem::TooLarge(limit) => {
                format!("the answer of {url} is larger than {} MiB", limit >> 20)
            }
            Problem::Garbage(what) => {
                format!("what {url} answered is not Control Plane's answer: {what}")
            }
            _ => self.status_fact(),
        };
        match self.tries {
            0 | 1 => fact,
            tries => format!("{fact}, {tries} times"),
        }
    }

    fn status_fact(&self) -> String {
        let status = self
            .status
            .map_or_else(|| "an error".to_owned(), |status| status.to_string());
        let text = match (&self.message, &self.code) {
            (Some(text), _) | (None, Some(text)) => format!(" \"{text}\""),
            (None, None) => String::new(),
        };
        let id = self
            .request_id
            .as_ref()
            .map(|id| format!(" (request {id})"))
            .unwrap_or_default();
        format!("Control Plane answered {status}{text}{id}")
    }

    fn hints(&self, who: &Who) -> Vec<String> {
        let using = format!(
            "you are using org `{}` from {}",
            printable(&who.org.value),
            who.org.origin
        );
        match &self.problem {
            Problem::Unauthorized => login_hints(who),
            Problem::Forbidden => vec![
                format!("403 is also the answer for a misspelt org or cluster; {using}"),
                format!(
                    "otherwise the token ({}) lacks the {} permission on mk8s",
                    who.token_origin(),
                    self.permission()
                ),
            ],
            Problem::Missing if matches!(self.access, Access::List | Access::Apply) => vec![using],
            Problem::Missing => vec![using, "clusters that exist: `mk8s cluster list`".to_owned()],
            Problem::Conflict => vec!["run the same command again".to_owned()],
            Problem::Throttled => vec![match self.retry_after {
                Some(wait) if !wait.is_zero() => {
                    format!("too many requests; it asks to wait {}", seconds(wait))
                }
                _ => "too many requests; run the same command again in a minute".to_owned(),
            }],
            Problem::Quota => {
                vec!["trying again does not help: the org's quota has to be raised".to_owned()]
            }
            Problem::Refused | Problem::Dns | Problem::Redirected(_) | Problem::Garbage(_) => {
                who.endpoint_hint().into_iter().collect()
            }
            Problem::Tls(_) => vec![
                "authorities of your own: name their PEM file in SSL_CERT_FILE".to_owned(),
                "`--insecure` skips the check; whoever is on the way can then read the token"
                    .to_owned(),
            ],
            Problem::Timeout => vec![format!(
                "a longer limit: `--timeout {}s`",
                who.timeout.as_secs().max(1).saturating_mul(2)
            )],
            _ => Vec::new(),
        }
    }

    fn permission(&self) -> &'static str {
        match self.access {
            Access::Read | Access::List => "view",
            Access::Edit => "edit",
            Access::Apply => "create or the edit",
        }
    }
}

fn login_hints(who: &Who) -> Vec<String> {
    let identity = who.identity.as_ref();
    let ended = identity
        .and_then(|identity| identity.expires)
        .filter(|end| *end <= OffsetDateTime::now_utc())
        .and_then(|end| end.format(&Rfc3339).ok())
        .map(|end| format!("the token of {} ended at {end}", who.token_origin()));
    let renew = match (who.token_origin(), identity.map(|identity| identity.kind)) {
        (Origin::Profile { name, .. }, Some(TokenKind::User)) => format!(
            "log in again: `cpln profile update {} --login`",
            printable(name)
        ),
        (Origin::Profile { name, .. }, _) => format!(
            "a new key: `cpln profile update {} --token KEY`",
            printable(name)
        ),
        (origin, _) => {
            format!("the token is from {origin}; `mk8s auth status` says whose it is")
        }
    };
    let elsewhere = who
        .endpoint_hint()
        .map(|hint| format!("{hint}; a token is good at its own endpoint only"));
    [ended, Some(renew), elsewhere]
        .into_iter()
        .flatten()
        .collect()
}

fn seconds(duration: Duration) -> String {
    if duration.subsec_millis() == 0 || duration.as_secs() >= 10 {
        format!("{} s", duration.as_secs())
    } else {
        format!("{:.1} s", duration.as_secs_f64())
    }
}
