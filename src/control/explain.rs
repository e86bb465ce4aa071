//! A failed request in the user's words. Pure.
//!
//! Says what the server said, quoted and attributed, and both readings where the platform is
//! ambiguous. The texts may change, the kinds may not: they are the exit codes.

use super::error::{Access, ApiError, ApiProblem};
use crate::error::{Error, Kind, Result};
use crate::invocation::{Hint, Invocation};
use crate::settings::login;
use crate::settings::{Endpoint, Identity, Origin, Settings, Sourced, TokenKind};
use crate::text::{excerpt, seconds};
use std::time::Duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A server that asks to wait for longer has no time in mind.
const DAY: Duration = Duration::from_hours(24);

/// Who asked, where: what a message may have to point at.
#[derive(Debug, Clone)]
pub(crate) struct Asker {
    /// The org, and where it came from.
    pub(crate) org: Sourced<String>,
    /// The endpoint, and where it came from.
    pub(crate) endpoint: Sourced<Endpoint>,
    /// Where the token came from and what it says of itself.
    pub(crate) identity: Option<Identity>,
    /// Limit of one request.
    pub(crate) timeout: Duration,
}

impl Asker {
    /// As the settings say; fails without an org.
    pub(crate) fn of(settings: &Settings) -> Result<Self> {
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

    /// That the key is of another org than the one that was asked: no key is good in two.
    fn other_org(&self) -> Option<String> {
        let identity = self.identity.as_ref()?;
        let org = identity
            .org
            .as_ref()
            .filter(|org| **org != self.org.value)?;
        Some(format!(
            "the key from {} is of org `{}`, and good in no other",
            identity.origin,
            excerpt(org, 80)
        ))
    }

    fn endpoint_hint(&self) -> Option<String> {
        (self.endpoint.origin != Origin::Default)
            .then(|| format!("the endpoint is from {}", self.endpoint.origin))
    }

    /// A hint, and where the endpoint is from, which may be what is wrong.
    fn or_endpoint(&self, hint: &str) -> Vec<Hint> {
        let endpoint = self.endpoint_hint().into_iter();
        std::iter::once(hint.to_owned())
            .chain(endpoint)
            .map(Hint::from)
            .collect()
    }
}

/// What stands before the command that lists the clusters.
pub(crate) const THERE: &str = "clusters that exist: ";

impl ApiError {
    /// The user's words. `doing` completes "cannot …": ``read cluster `prod` in org `acme` ``.
    ///
    /// The kind follows the exit-code table. A caller that knows more may replace the message.
    pub(crate) fn explain(&self, doing: &str, who: &Asker) -> Error {
        let mut error = Error::new(self.kind(), format!("cannot {doing}"))
            .request(self.request_id.clone())
            .because(self.fact(who));
        // A detail that says the message once more says nothing.
        let message = self.message.as_deref().unwrap_or_default();
        let is_new = |detail: &&String| message.is_empty() || !detail.ends_with(message);
        error
            .because
            .extend(self.details.iter().filter(is_new).cloned());
        if self.problem == ApiProblem::Unauthorized {
            error.because.extend(ended(who));
        }
        if self.access.writes() && self.may_be_applied() {
            error = error.note("Whether the change was made is not known.");
        }
        self.hints(who).into_iter().fold(error, Error::hint)
    }

    /// The kind, which decides the exit code.
    pub(crate) fn kind(&self) -> Kind {
        match self.problem {
            ApiProblem::Rejected => Kind::Refused,
            ApiProblem::Unauthorized | ApiProblem::Forbidden => Kind::Denied,
            ApiProblem::Missing => Kind::NotFound,
            ApiProblem::Conflict => Kind::Conflict,
            ApiProblem::Unsendable(_) => Kind::Usage,
            ApiProblem::Unexpected | ApiProblem::Setup(_) => Kind::Failure,
            ApiProblem::Throttled
            | ApiProblem::Quota
            | ApiProblem::Server
            | ApiProblem::Redirected(_)
            | ApiProblem::Refused
            | ApiProblem::Dns
            | ApiProblem::Tls(_)
            | ApiProblem::Unreachable(_)
            | ApiProblem::Timeout
            | ApiProblem::Cut
            | ApiProblem::TooLarge(_)
            | ApiProblem::Garbage(_) => Kind::Unavailable,
        }
    }

    fn fact(&self, who: &Asker) -> String {
        let url = who.endpoint.value.as_str();
        let fact = match &self.problem {
            ApiProblem::Unsendable(reason) | ApiProblem::Setup(reason) => return reason.clone(),
            ApiProblem::Redirected(target) => {
                format!("{url} sent the request on to {target}, and the token does not go there")
            }
            ApiProblem::Refused => format!("nothing answers at {url} (connection refused)"),
            ApiProblem::Dns => format!("the host of {url} was not found"),
            ApiProblem::Tls(reason) => format!("no encrypted connection to {url}: {reason}"),
            ApiProblem::Unreachable(reason) => format!("no connection to {url}: {reason}"),
            ApiProblem::Timeout => format!("no answer from {url} within {}", seconds(who.timeout)),
            ApiProblem::Cut => {
                format!("the connection to {url} broke off before the answer was complete")
            }
            ApiProblem::TooLarge(excess) => format!("the answer of {url} is too large: {excess}"),
            ApiProblem::Garbage(what) => {
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

    fn hints(&self, who: &Asker) -> Vec<Hint> {
        let using = format!(
            "you are using org `{}` from {}",
            excerpt(&who.org.value, 80),
            who.org.origin
        );
        match &self.problem {
            ApiProblem::Unauthorized | ApiProblem::Forbidden if who.other_org().is_some() => {
                vec![who.other_org().unwrap_or_default().into(), using.into()]
            }
            ApiProblem::Unauthorized => login_hints(who),
            ApiProblem::Forbidden => vec![
                format!("403 is also the answer for a misspelt org or cluster; {using}").into(),
                format!(
                    "otherwise the token ({}) lacks the {} permission on mk8s",
                    who.token_origin(),
                    self.permission()
                )
                .into(),
            ],
            ApiProblem::Missing if matches!(self.access, Access::List | Access::Apply) => {
                who.or_endpoint(&using)
            }
            ApiProblem::Missing => vec![
                using.into(),
                Invocation::mk8s("cluster list").within(THERE, ""),
            ],
            ApiProblem::Conflict => vec!["run the same command again".into()],
            ApiProblem::Throttled => vec![match self.retry_after {
                Some(wait) if wait >= DAY => {
                    "too many requests; it asks to wait for more than a day".into()
                }
                Some(wait) if !wait.is_zero() => {
                    format!("too many requests; it asks to wait {}", seconds(wait)).into()
                }
                _ => "too many requests; run the same command again in a minute".into(),
            }],
            ApiProblem::Quota => {
                vec!["trying again does not help: the org's quota has to be raised".into()]
            }
            ApiProblem::Refused
            | ApiProblem::Dns
            | ApiProblem::Redirected(_)
            | ApiProblem::Garbage(_) => who.endpoint_hint().into_iter().map(Hint::from).collect(),
            // It spoke, and no TLS.
            ApiProblem::Tls(reason) if reason.contains("InvalidContentType") => {
                who.or_endpoint("it does not speak TLS: an address with `http://` may be meant")
            }
            // It ended before there was any answer.
            ApiProblem::Cut
                if self.status.is_none() && who.endpoint.value.as_str().starts_with("http://") =>
            {
                who.or_endpoint("it may speak TLS: an address with `https://` may be meant")
            }
            ApiProblem::Tls(_) => vec![
                "authorities of your own: name their PEM file in SSL_CERT_FILE".into(),
                "`--insecure` skips the check; whoever is on the way can then read the token"
                    .into(),
            ],
            ApiProblem::Timeout => {
                let longer = who.timeout.as_secs().max(1).saturating_mul(2);
                vec![format!("a longer limit: `--timeout {longer}s`").into()]
            }
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

/// That the token says of itself that its time is over.
fn ended(who: &Asker) -> Option<String> {
    let end = who.identity.as_ref()?.expires?;
    let end = (end <= OffsetDateTime::now_utc()).then(|| end.format(&Rfc3339).ok())??;
    Some(format!("the token ({}) ended at {end}", who.token_origin()))
}

fn login_hints(who: &Asker) -> Vec<Hint> {
    let identity = who.identity.as_ref();
    let renew = match (who.token_origin(), identity.map(|identity| identity.kind)) {
        (Origin::Profile { name, .. }, Some(TokenKind::User)) => {
            login(name).within("log in again: ", "")
        }
        (Origin::Profile { name, .. }, _) => Invocation::cpln("profile update")
            .word(name)
            .flag_hole("--token", "KEY")
            .within("a new key: ", ""),
        // It is in no command that is printed.
        (origin @ Origin::Flag("--token"), _) => {
            format!("the token is from {origin}; CPLN_TOKEN or `--token-file` may hold a good one")
                .into()
        }
        (origin, _) => whose(origin),
    };
    let elsewhere = who
        .endpoint_hint()
        .map(|hint| format!("{hint}; a token is good at its own endpoint only").into());
    std::iter::once(renew).chain(elsewhere).collect()
}

/// The command that says more of a token.
pub(crate) fn whose(origin: &Origin) -> Hint {
    Invocation::mk8s("auth status").within(
        &format!("the token is from {origin}; "),
        " says whose it is",
    )
}

#[cfg(test)]
mod tests {
    use super::super::error::AnswerExcess;
    use super::*;
    use crate::settings::{Endpoint, Sourced};
    use std::fmt::Write as _;

    fn who(token: Origin, kind: TokenKind, expires: Option<i64>) -> Asker {
        Asker {
            org: Sourced {
                value: "acme".to_owned(),
                origin: Origin::Env("CPLN_ORG"),
            },
            endpoint: Sourced {
                value: Endpoint::parse("https://api.cpln.io").unwrap(),
                origin: Origin::Default,
            },
            identity: Some(Identity {
                who: Some("ci".to_owned()),
                kind,
                origin: token,
                expires: expires.map(|end| OffsetDateTime::from_unix_timestamp(end).unwrap()),
                org: None,
            }),
            timeout: Duration::from_secs(30),
        }
    }

    fn ci() -> Asker {
        let origin = Origin::Profile {
            name: "ci".to_owned(),
            field: "request.token",
        };
        who(origin, TokenKind::ServiceAccount, None)
    }

    fn answered(problem: ApiProblem, status: u16, message: &str) -> ApiError {
        ApiError {
            status: Some(status),
            message: Some(message.to_owned()),
            request_id: Some("7f3a".to_owned()),
            ..ApiError::new(problem)
        }
    }

    /// As `ui` renders it, with the kind on top.
    fn shown(error: &ApiError, who: &Asker) -> String {
        let error = error.explain("read cluster `prod` in org `acme`", who);
        let mut text = format!("[{}] {}\n", error.kind.name(), error.message);
        for because in &error.because {
            let _ = writeln!(text, "because: {because}");
        }
        for line in &error.notes {
            let _ = writeln!(text, "{line}");
        }
        for hint in &error.hints {
            let _ = writeln!(text, "hint: {}", hint.bare());
        }
        text
    }

    #[test]
    fn every_status_is_said_in_the_user_s_words() {
        let mut rejected = answered(ApiProblem::Rejected, 400, "invalid spec");
        rejected.details = vec!["spec.addOns.awsECR.roleArn: not an ARN".to_owned()];
        let mut throttled = answered(ApiProblem::Throttled, 429, "slow down");
        throttled.retry_after = Some(Duration::from_secs(90));
        let mut for_ever = answered(ApiProblem::Throttled, 429, "slow down");
        for_ever.retry_after = Some(Duration::from_secs(u64::MAX));
        let mut server = answered(ApiProblem::Server, 503, "unavailable");
        server.tries = 4;
        let bare = ApiError {
            status: Some(418),
            ..ApiError::new(ApiProblem::Unexpected)
        };
        let all: Vec<String> = [
            rejected,
            answered(ApiProblem::Unauthorized, 401, "no"),
            answered(ApiProblem::Forbidden, 403, "forbidden"),
            answered(ApiProblem::Missing, 404, "not found"),
            answered(ApiProblem::Conflict, 409, "stale version"),
            throttled,
            for_ever,
            answered(ApiProblem::Throttled, 429, "slow down"),
            answered(ApiProblem::Quota, 429, "quota exceeded"),
            server,
            bare,
        ]
        .iter()
        .map(|error| shown(error, &ci()))
        .collect();
        insta::assert_snapshot!(all.join("\n"), @r#"
        [refused] cannot read cluster `prod` in org `acme`
        because: Control Plane answered 400 "invalid spec" (request 7f3a)
        because: spec.addOns.awsECR.roleArn: not an ARN

        [denied] cannot read cluster `prod` in org `acme`
        because: Control Plane answered 401 "no" (request 7f3a)
        hint: a new key: `cpln profile update ci --token KEY`

        [denied] cannot read cluster `prod` in org `acme`
        because: Control Plane answered 403 "forbidden" (request 7f3a)
        hint: 403 is also the answer for a misspelt org or cluster; you are using org `acme` from CPLN_ORG
        hint: otherwise the token (profile `ci`) lacks the view permission on mk8s

        [not-found] cannot read cluster `prod` in org `acme`
        because: Control Plane answered 404 "not found" (request 7f3a)
        hint: you are using org `acme` from CPLN_ORG
        hint: clusters that exist: `mk8s cluster list`

        [conflict] cannot read cluster `prod` in org `acme`
        because: Control Plane answered 409 "stale version" (request 7f3a)
        hint: run the same command again

        [unavailable] cannot read cluster `prod` in org `acme`
        because: Control Plane answered 429 "slow down" (request 7f3a)
        hint: too many requests; it asks to wait 90 s

        [unavailable] cannot read cluster `prod` in org `acme`
        because: Control Plane answered 429 "slow down" (request 7f3a)
        hint: too many requests; it asks to wait for more than a day

        [unavailable] cannot read cluster `prod` in org `acme`
        because: Control Plane answered 429 "slow down" (request 7f3a)
        hint: too many requests; run the same command again in a minute

        [unavailable] cannot read cluster `prod` in org `acme`
        because: Control Plane answered 429 "quota exceeded" (request 7f3a)
        hint: trying again does not help: the org's quota has to be raised

        [unavailable] cannot read cluster `prod` in org `acme`
        because: Control Plane answered 503 "unavailable" (request 7f3a), 4 times

        [failure] cannot read cluster `prod` in org `acme`
        because: Control Plane answered 418
        "#);
    }

    #[test]
    fn every_failure_without_an_answer_is_too() {
        let mut here = ci();
        here.endpoint = Sourced {
            value: Endpoint::parse("http://127.0.0.1:4711").unwrap(),
            origin: Origin::Env("CPLN_ENDPOINT"),
        };
        let all: Vec<String> = [
            ApiProblem::Redirected("https://login.example".to_owned()),
            ApiProblem::Refused,
            ApiProblem::Dns,
            ApiProblem::Tls("invalid peer certificate: UnknownIssuer".to_owned()),
            ApiProblem::Unreachable("network is unreachable".to_owned()),
            ApiProblem::Timeout,
            ApiProblem::Cut,
            ApiProblem::TooLarge(AnswerExcess::Bytes),
            ApiProblem::Garbage("\"<html>\"".to_owned()),
            ApiProblem::Unsendable("`..` is not a cluster's name".to_owned()),
            ApiProblem::Setup("the HTTP client cannot be set up".to_owned()),
        ]
        .into_iter()
        .map(|problem| shown(&ApiError::new(problem), &here))
        .collect();
        insta::assert_snapshot!(all.join("\n"), @r#"
        [unavailable] cannot read cluster `prod` in org `acme`
        because: http://127.0.0.1:4711 sent the request on to https://login.example, and the token does not go there
        hint: the endpoint is from CPLN_ENDPOINT

        [unavailable] cannot read cluster `prod` in org `acme`
        because: nothing answers at http://127.0.0.1:4711 (connection refused)
        hint: the endpoint is from CPLN_ENDPOINT

        [unavailable] cannot read cluster `prod` in org `acme`
        because: the host of http://127.0.0.1:4711 was not found
        hint: the endpoint is from CPLN_ENDPOINT

        [unavailable] cannot read cluster `prod` in org `acme`
        because: no encrypted connection to http://127.0.0.1:4711: invalid peer certificate: UnknownIssuer
        hint: authorities of your own: name their PEM file in SSL_CERT_FILE
        hint: `--insecure` skips the check; whoever is on the way can then read the token

        [unavailable] cannot read cluster `prod` in org `acme`
        because: no connection to http://127.0.0.1:4711: network is unreachable

        [unavailable] cannot read cluster `prod` in org `acme`
        because: no answer from http://127.0.0.1:4711 within 30 s
        hint: a longer limit: `--timeout 60s`

        [unavailable] cannot read cluster `prod` in org `acme`
        because: the connection to http://127.0.0.1:4711 broke off before the answer was complete
        hint: it may speak TLS: an address with `https://` may be meant
        hint: the endpoint is from CPLN_ENDPOINT

        [unavailable] cannot read cluster `prod` in org `acme`
        because: the answer of http://127.0.0.1:4711 is too large: more than 16 MiB

        [unavailable] cannot read cluster `prod` in org `acme`
        because: what http://127.0.0.1:4711 answered is not Control Plane's answer: "<html>"
        hint: the endpoint is from CPLN_ENDPOINT

        [usage] cannot read cluster `prod` in org `acme`
        because: `..` is not a cluster's name

        [failure] cannot read cluster `prod` in org `acme`
        because: the HTTP client cannot be set up
        "#);
    }

    #[test]
    fn a_token_that_is_not_taken_is_traced_to_its_source() {
        let error = answered(ApiProblem::Unauthorized, 401, "no");
        let login = Origin::Profile {
            name: "me".to_owned(),
            field: "authInfo.accessToken",
        };
        let mut elsewhere = who(Origin::Env("CPLN_TOKEN"), TokenKind::Unknown, None);
        elsewhere.endpoint.origin = Origin::Flag("--endpoint");
        let all: Vec<String> = [
            who(login, TokenKind::User, Some(1_700_000_000)),
            who(
                Origin::Env("CPLN_TOKEN"),
                TokenKind::User,
                Some(1_700_000_000),
            ),
            who(
                Origin::Flag("--token-file"),
                TokenKind::ServiceAccount,
                None,
            ),
            elsewhere,
        ]
        .iter()
        .map(|who| shown(&error, who))
        .collect();
        insta::assert_snapshot!(all.join("\n"), @r#"
        [denied] cannot read cluster `prod` in org `acme`
        because: Control Plane answered 401 "no" (request 7f3a)
        because: the token (profile `me`) ended at 2023-11-14T22:13:20Z
        hint: log in again: `cpln profile update me --login`

        [denied] cannot read cluster `prod` in org `acme`
        because: Control Plane answered 401 "no" (request 7f3a)
        because: the token (CPLN_TOKEN) ended at 2023-11-14T22:13:20Z
        hint: the token is from CPLN_TOKEN; `mk8s auth status` says whose it is

        [denied] cannot read cluster `prod` in org `acme`
        because: Control Plane answered 401 "no" (request 7f3a)
        hint: the token is from --token-file; `mk8s auth status` says whose it is

        [denied] cannot read cluster `prod` in org `acme`
        because: Control Plane answered 401 "no" (request 7f3a)
        hint: the token is from CPLN_TOKEN; `mk8s auth status` says whose it is
        hint: the endpoint is from --endpoint; a token is good at its own endpoint only
        "#);
    }

    #[test]
    fn writes_name_their_permission_and_their_doubt() {
        let mut forbidden = answered(ApiProblem::Forbidden, 403, "forbidden");
        forbidden.access = Access::Edit;
        assert!(shown(&forbidden, &ci()).contains("lacks the edit permission"));
        let mut cut = ApiError::new(ApiProblem::Cut);
        cut.access = Access::Edit;
        assert!(shown(&cut, &ci()).contains("Whether the change was made is not known."));
        cut.sent = false;
        assert!(!shown(&cut, &ci()).contains("Whether"));
    }

    #[test]
    fn a_missing_org_is_not_looked_up() {
        let mut missing = answered(ApiProblem::Missing, 404, "not found");
        missing.access = Access::List;
        assert!(!shown(&missing, &ci()).contains("cluster list"));
    }
}
