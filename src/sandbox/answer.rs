//! Answers in the platform's form, before they become HTTP. Pure.
//!
//! An error is `{status,message,code,details,id}`; the id of the request also goes into a header.

use hyper::StatusCode;
use serde_json::{Value, json};

/// What is answered: status, a few headers, a body.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SandboxAnswer {
    pub(super) status: StatusCode,
    /// Besides `content-type` and the request id.
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: AnswerBody,
}

/// The content of an answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum AnswerBody {
    /// No content at all.
    Empty,
    /// `application/json`.
    Json(Value),
    /// Content of another type, or of a type that it is not.
    Raw {
        content_type: &'static str,
        bytes: Vec<u8>,
    },
}

impl SandboxAnswer {
    pub(super) fn json(status: StatusCode, body: Value) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: AnswerBody::Json(body),
        }
    }

    pub(super) fn empty(status: StatusCode) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: AnswerBody::Empty,
        }
    }

    #[must_use]
    pub(super) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The bytes to send and their type.
    pub(super) fn content(&self) -> (Vec<u8>, Option<&'static str>) {
        match &self.body {
            AnswerBody::Empty => (Vec::new(), None),
            AnswerBody::Json(value) => (value.to_string().into_bytes(), Some("application/json")),
            AnswerBody::Raw {
                content_type,
                bytes,
            } => (bytes.clone(), Some(content_type)),
        }
    }
}

/// A request that is refused.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) message: String,
    /// Overrides the code that goes with the status.
    pub(super) code: Option<String>,
    /// Every field that is wrong.
    pub(super) details: Vec<SchemaProblem>,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
            code: None,
            details: Vec::new(),
        }
    }

    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    pub(super) fn conflict(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, message)
    }

    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, message)
    }

    /// A document that breaks the schema; the first problem is the message, all are the details.
    pub(super) fn schema(problems: Vec<SchemaProblem>) -> Self {
        let message = problems.first().map_or_else(
            || "the document is not valid".to_owned(),
            SchemaProblem::to_string,
        );
        Self {
            details: problems,
            ..Self::bad_request(message)
        }
    }

    /// The body of the error; `id` is the request's.
    pub(super) fn into_answer(self, id: &str) -> SandboxAnswer {
        let mut body = json!({
            "status": self.status.as_u16(),
            "message": self.message,
            "code": self.code.unwrap_or_else(|| code(self.status).to_owned()),
        });
        if !self.details.is_empty() {
            let errors: Vec<Value> = self
                .details
                .iter()
                .map(|problem| json!({"path": problem.path, "message": problem.to_string()}))
                .collect();
            body["details"] = json!({ "errors": errors });
        }
        body["id"] = json!(id);
        SandboxAnswer::json(self.status, body)
    }
}

/// One field that breaks the schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SchemaProblem {
    /// Dotted path from the root of the document.
    pub(super) path: String,
    /// What is wrong, following the quoted path: `is required`.
    pub(super) reason: String,
}

impl std::fmt::Display for SchemaProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "\"{}\" {}", self.path, self.reason)
    }
}

fn code(status: StatusCode) -> &'static str {
    match status.as_u16() {
        400 => "BAD_REQUEST",
        401 => "UNAUTHORIZED",
        403 => "FORBIDDEN",
        404 => "NOT_FOUND",
        405 => "METHOD_NOT_ALLOWED",
        408 => "REQUEST_TIMEOUT",
        409 => "CONFLICT",
        413 => "PAYLOAD_TOO_LARGE",
        422 => "UNPROCESSABLE",
        429 => "TOO_MANY_REQUESTS",
        502 => "BAD_GATEWAY",
        503 => "UNAVAILABLE",
        504 => "GATEWAY_TIMEOUT",
        _ => "INTERNAL",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_has_the_platforms_form() {
        let problems = vec![
            SchemaProblem {
                path: "spec.addOns.awsECR.rolearn".to_owned(),
                reason: "is not allowed".to_owned(),
            },
            SchemaProblem {
                path: "name".to_owned(),
                reason: "is required".to_owned(),
            },
        ];
        let answer = Refusal::schema(problems).into_answer("7f3a");
        assert_eq!(answer.status, 400);
        assert_eq!(
            answer.body,
            AnswerBody::Json(json!({
                "status": 400,
                "message": "\"spec.addOns.awsECR.rolearn\" is not allowed",
                "code": "BAD_REQUEST",
                "details": {"errors": [
                    {"path": "spec.addOns.awsECR.rolearn", "message": "\"spec.addOns.awsECR.rolearn\" is not allowed"},
                    {"path": "name", "message": "\"name\" is required"}
                ]},
                "id": "7f3a"
            }))
        );
    }
}
