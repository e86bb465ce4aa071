//! A failure as data: a document of its own, or a part of the item that it befell.

use super::wire::SCHEMA;
use crate::error::Error;
use crate::invocation::Reach;
use serde::Serialize;
use serde_json::Value;

/// An error in the item of a document.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ErrorObject {
    // These two were there before failures had documents of their own, in which `kind` is `Error`.
    schema: &'static str,
    kind: &'static str,
    #[serde(flatten)]
    body: FailureBody,
}

/// What is told of every failure.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct FailureBody {
    code: u8,
    name: &'static str,
    message: String,
    because: Vec<String>,
    notes: Vec<String>,
    hints: Vec<String>,
    file: Option<String>,
    line: Option<usize>,
    column: Option<usize>,
    request_id: Option<String>,
}

impl FailureBody {
    fn of(error: &Error, reach: &Reach) -> Self {
        let hints = error.hints.iter();
        let place = error.place.as_ref();
        Self {
            code: error.kind.code(),
            name: error.kind.name(),
            message: error.message.clone(),
            because: error.because.clone(),
            notes: error.notes.clone(),
            hints: hints.map(|hint| hint.render(reach)).collect(),
            file: place.map(|place| place.file.clone()),
            line: place.and_then(|place| place.line),
            column: place.and_then(|place| place.column),
            request_id: error.request_id.clone(),
        }
    }
}

impl ErrorObject {
    /// The error, its commands with the run's connections.
    pub(crate) fn new(error: &Error, reach: &Reach) -> Self {
        Self {
            schema: SCHEMA,
            kind: error.kind.name(),
            body: FailureBody::of(error, reach),
        }
    }
}

/// The document of a failure.
#[derive(Debug, Serialize)]
struct FailureDocument {
    schema: &'static str,
    kind: &'static str,
    #[serde(flatten)]
    body: FailureBody,
    /// The failures that this one sums up.
    errors: Vec<FailureBody>,
}

/// The document of a failure.
pub(super) fn document(error: &Error, reach: &Reach) -> Value {
    let others = error.others.iter();
    super::wire::to_value(&FailureDocument {
        schema: SCHEMA,
        kind: "Error",
        body: FailureBody::of(error, reach),
        errors: others.map(|other| FailureBody::of(other, reach)).collect(),
    })
}
