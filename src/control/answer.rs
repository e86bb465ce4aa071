//! Judges an answer: success, a failure in the platform's form, or something that is not Control
//! Plane's at all. Pure but for the clock that an HTTP date is compared with.

use super::content::{self, check_echo};
use super::error::{ApiError, ApiProblem};
use super::pace::PaceSignal;
use crate::settings::Token;
use crate::text::excerpt;
use serde_json::Value;
use std::time::Duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

/// How much of a message is kept, in characters.
const MESSAGE: usize = 500;
/// How much of something strange is quoted, in characters.
const STRANGE: usize = 120;
/// How many details are kept.
const DETAILS: usize = 5;

/// An answer as it came, before it is judged.
#[derive(Debug, Clone, Default)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
    pub(super) location: Option<String>,
    /// From the headers.
    pub(super) request_id: Option<String>,
    /// The header as it came.
    pub(super) retry_after: Option<String>,
    /// When the server answered, by its own clock.
    pub(super) date: Option<OffsetDateTime>,
}

/// A moment as HTTP writes it.
pub(super) fn parse_date(header: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(header.trim(), &Rfc2822).ok()
}

impl Answer {
    /// What it says of the pace of all requests. A quota that is used up is no matter of pace.
    pub(super) fn heard(&self, now: OffsetDateTime) -> PaceSignal {
        let wish = || parse_retry_after(self.retry_after.as_deref()?, now);
        match self.status {
            429 => {
                let body: Option<Value> = serde_json::from_slice(&self.body).ok();
                if is_quota(body.as_ref(), &self.body) {
                    PaceSignal::Answered
                } else {
                    PaceSignal::Throttled(wish())
                }
            }
            503 if self.retry_after.is_some() => PaceSignal::Throttled(wish()),
            408 | 500..=599 => PaceSignal::Lost,
            _ => PaceSignal::Answered,
        }
    }

    /// The answer of a request that succeeded, else what went wrong.
    pub(super) fn check(self, token: &Token, now: OffsetDateTime) -> Result<Self, ApiError> {
        if (200..300).contains(&self.status) {
            return Ok(self);
        }
        let body: Option<Value> = serde_json::from_slice(&self.body).ok();
        let clean = |text: &str, limit| {
            Some(excerpt(&token.redact(text), limit)).filter(|text| !text.is_empty())
        };
        let text = |field: &str, limit| {
            let text = body.as_ref()?.get(field)?.as_str()?;
            clean(text, limit)
        };
        let message = match &body {
            Some(_) => text("message", MESSAGE),
            None => clean(&String::from_utf8_lossy(&self.body), STRANGE),
        };
        let problem = match self.status {
            400 | 422 => ApiProblem::Rejected,
            401 => ApiProblem::Unauthorized,
            403 => ApiProblem::Forbidden,
            404 => ApiProblem::Missing,
            409 => ApiProblem::Conflict,
            429 if is_quota(body.as_ref(), &self.body) => ApiProblem::Quota,
            429 => ApiProblem::Throttled,
            408 | 500..=599 => ApiProblem::Server,
            _ => ApiProblem::Unexpected,
        };
        Err(ApiError {
            status: Some(self.status),
            code: text("code", STRANGE),
            message,
            details: details(body.as_ref(), token),
            request_id: text("id", STRANGE).or(self.request_id),
            retry_after: self
                .retry_after
                .and_then(|header| parse_retry_after(&header, now)),
            ..ApiError::new(problem)
        })
    }

    /// The JSON object of the given kind that a read was answered with.
    ///
    /// A read is answered by 200 alone: any other success means that the body is a part of the
    /// object, or an older one, or somebody else's.
    pub(super) fn object(&self, kind: &str, token: &Token) -> Result<Value, ApiError> {
        if self.status != 200 {
            return Err(self.garbage(format!(
                "its status is {}, a read is answered by 200",
                self.status
            )));
        }
        let value = self.json(token)?;
        let found = value.get("kind").and_then(Value::as_str);
        if found == Some(kind) {
            return Ok(value);
        }
        let what = match found {
            Some(found) => format!(
                "its kind is \"{}\", not \"{kind}\"",
                excerpt(&token.redact(found), STRANGE)
            ),
            None if value.is_object() => format!("it has no kind, \"{kind}\" is expected"),
            None => "it is not a JSON object".to_owned(),
        };
        Err(self.garbage(what))
    }

    /// The body of a write's answer may be empty; if it is not, it is JSON, and not of another
    /// cluster.
    pub(super) fn check_written(&self, name: &str, token: &Token) -> Result<(), ApiError> {
        if self.body.trim_ascii().is_empty() {
            return Ok(());
        }
        let value = self.json(token)?;
        check_echo(&value, name, token).map_err(|what| self.garbage(what))
    }

    fn json(&self, token: &Token) -> Result<Value, ApiError> {
        content::within(&self.body).map_err(|excess| self.error(ApiProblem::TooLarge(excess)))?;
        serde_json::from_slice(&self.body).map_err(|error| {
            if self.body.trim_ascii().is_empty() {
                return self.garbage("it is empty".to_owned());
            }
            if error.is_eof() {
                return self.error(ApiProblem::Cut);
            }
            let text = String::from_utf8_lossy(&self.body);
            self.garbage(format!("\"{}\"", excerpt(&token.redact(&text), STRANGE)))
        })
    }

    pub(super) fn garbage(&self, what: String) -> ApiError {
        self.error(ApiProblem::Garbage(what))
    }

    pub(super) fn error(&self, problem: ApiProblem) -> ApiError {
        ApiError {
            status: Some(self.status),
            request_id: self.request_id.clone(),
            ..ApiError::new(problem)
        }
    }
}

/// The platform tells a used-up quota from throttling by this word in the message alone.
fn is_quota(body: Option<&Value>, raw: &[u8]) -> bool {
    let message = match body {
        Some(body) => body
            .get("message")
            .and_then(Value::as_str)
            .map(str::to_lowercase),
        None => Some(String::from_utf8_lossy(raw).to_lowercase()),
    };
    message.is_some_and(|message| message.contains("quota"))
}

/// `details` has no fixed form: a string, a list, an object.
fn details(body: Option<&Value>, token: &Token) -> Vec<String> {
    let line = |value: &Value| {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Object(map) => match (map.get("message"), map.get("path")) {
                (Some(Value::String(message)), Some(Value::String(path))) => {
                    format!("{path}: {message}")
                }
                (Some(Value::String(message)), None) => message.clone(),
                _ => value.to_string(),
            },
            other => other.to_string(),
        };
        excerpt(&token.redact(&text), MESSAGE)
    };
    let details = body.and_then(|body| body.get("details"));
    // A list of what is wrong may stand in an object of its own.
    let errors = details.and_then(|details| details.get("errors").filter(|it| it.is_array()));
    match errors.or(details) {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(items)) => items.iter().take(DETAILS).map(line).collect(),
        Some(other) => Some(line(other))
            .filter(|text| !text.is_empty())
            .into_iter()
            .collect(),
    }
}

/// Seconds, or an HTTP date.
fn parse_retry_after(header: &str, now: OffsetDateTime) -> Option<Duration> {
    let header = header.trim();
    if let Ok(seconds) = header.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let until = parse_date(header)?;
    Some((until - now).try_into().unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_retry_after_are_read() {
        // Sun Nov 6 08:49:37 1994
        let now = OffsetDateTime::from_unix_timestamp(784_111_777).unwrap();
        for (header, wait) in [
            ("0", Some(0)),
            (" 120 ", Some(120)),
            ("Sun, 06 Nov 1994 08:50:37 GMT", Some(60)),
            ("Sun, 06 Nov 1994 08:49:30 GMT", Some(0)),
            ("-1", None),
            ("1.5", None),
            ("soon", None),
            ("", None),
        ] {
            let wait = wait.map(Duration::from_secs);
            assert_eq!(parse_retry_after(header, now), wait, "{header:?}");
        }
    }

    #[test]
    fn details_of_any_form_are_lines() {
        let token = Token::new("very-secret-token").unwrap();
        for (details, lines) in [
            ("null", vec![]),
            (r#""""#, vec![]),
            (r#""one""#, vec!["one"]),
            (
                r#"["a", {"message": "b"}, {"path": "p", "message": "c"}]"#,
                vec!["a", "b", "p: c"],
            ),
            (
                r#"{"errors": [{"path": "p", "message": "c"}, "d"]}"#,
                vec!["p: c", "d"],
            ),
            (r#"{"x": "very-secret-token"}"#, vec![r#"{"x":"***"}"#]),
            ("[1,2,3,4,5,6,7]", vec!["1", "2", "3", "4", "5"]),
        ] {
            let body: Value = serde_json::from_str(&format!("{{\"details\": {details}}}")).unwrap();
            assert_eq!(self::details(Some(&body), &token), lines, "{details}");
        }
    }
}
