//! The JSON Schemas (draft-07) of the documents that are printed: what each may have, in one place.
//!
//! Fields are added within `mk8s/v1`, so that the schemas allow more than they name. The tests do not:
//! they hold every document that they see against these, strictly.

mod aws;
mod clusters;

use aws::{aws_plan, aws_status};
use clusters::{apply_result, diff, journal, waits};
use serde_json::{Map, Value, json};

/// A kind, and what makes its schema.
type DocumentKind = (&'static str, fn() -> Value);

/// The documents, by their kind.
const KINDS: [DocumentKind; 17] = [
    ("Addon", addon_document),
    ("AddonChanges", addon_changes),
    ("AddonList", addon_list),
    ("ApplyResult", apply_result),
    ("Auth", auth),
    ("AwsPlan", aws_plan),
    ("AwsStatus", aws_status),
    ("CheckList", check_list),
    ("CheckReport", check_report),
    ("Diff", diff),
    ("Error", error_document),
    ("Facts", facts),
    ("History", history),
    ("Journal", journal),
    ("Summary", summary_line),
    ("Version", version),
    ("Waits", waits),
];

/// The kinds that have a schema.
pub(crate) fn kinds() -> impl Iterator<Item = &'static str> {
    KINDS.iter().map(|(kind, _)| *kind)
}

/// The schema of a kind.
pub(crate) fn of(kind: &str) -> Option<Value> {
    let (kind, make) = KINDS.iter().find(|(name, _)| *name == kind)?;
    let mut schema = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": format!("{kind} of mk8s/v1"),
    });
    if let (Value::Object(schema), Value::Object(body)) = (&mut schema, make()) {
        schema.extend(body);
        if let Some(Value::Object(fields)) = schema.get_mut("properties") {
            fields.insert("schema".to_owned(), json!({"const": "mk8s/v1"}));
            fields.insert("kind".to_owned(), json!({"const": kind}));
        }
        if let Some(Value::Array(required)) = schema.get_mut("required") {
            required.splice(0..0, [json!("schema"), json!("kind")]);
        }
    }
    Some(schema)
}

fn keyed<const N: usize>(fields: [(&str, Value); N]) -> Value {
    let map: Map<String, Value> = fields
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    Value::Object(map)
}

/// An object with these fields, all of which are always there.
fn object<const N: usize>(fields: [(&str, Value); N]) -> Value {
    let required: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
    keyed([
        ("type", json!("object")),
        ("required", json!(required)),
        ("properties", keyed(fields)),
    ])
}

/// The same, with fields that are there in some cases.
fn and_perhaps<const N: usize>(mut object: Value, fields: [(&str, Value); N]) -> Value {
    if let Some(Value::Object(properties)) = object.get_mut("properties") {
        properties.extend(
            fields
                .into_iter()
                .map(|(name, schema)| (name.to_owned(), schema)),
        );
    }
    object
}

fn or_null(schema: Value) -> Value {
    keyed([("anyOf", Value::Array(vec![schema, json!({"type": "null"})]))])
}

fn list(schema: Value) -> Value {
    keyed([("type", json!("array")), ("items", schema)])
}

fn one_of(words: &[&str]) -> Value {
    json!({"type": "string", "enum": words})
}

fn text() -> Value {
    json!({"type": "string"})
}

fn flag() -> Value {
    json!({"type": "boolean"})
}

fn anything() -> Value {
    json!({})
}

fn counter() -> Value {
    json!({"type": "integer", "minimum": 1})
}

fn items(schema: Value) -> Value {
    object([("items", list(schema))])
}

fn changes(schema: Value) -> Value {
    object([("dryRun", flag()), ("items", list(schema))])
}

fn target() -> Value {
    let cluster = object([
        ("kind", json!({"const": "cluster"})),
        ("org", text()),
        ("name", text()),
    ]);
    let file = object([
        ("kind", json!({"const": "file"})),
        ("path", text()),
        // 0 is the file itself, where it cannot be read.
        ("document", json!({"type": "integer", "minimum": 0})),
        ("name", text()),
    ]);
    json!({"oneOf": [cluster, file]})
}

/// What is told of every failure.
fn failure() -> Value {
    let code = json!({"type": "integer", "enum": [1, 2, 3, 4, 5, 6, 7, 8, 9, 130]});
    object([
        ("code", code),
        ("name", failure_name()),
        ("message", text()),
        ("because", list(text())),
        ("notes", list(text())),
        (
            "hints",
            json!({"type": "array", "items": text(), "maxItems": 2}),
        ),
        ("file", or_null(text())),
        ("line", or_null(counter())),
        ("column", or_null(counter())),
        ("requestId", or_null(text())),
    ])
}

fn failure_name() -> Value {
    one_of(&[
        "failure",
        "usage",
        "not-found",
        "denied",
        "conflict",
        "refused",
        "timeout",
        "unavailable",
        "partial",
        "interrupted",
    ])
}

/// The `error` of an item.
fn error() -> Value {
    let mut error = failure();
    if let Some(Value::Array(required)) = error.get_mut("required") {
        required.splice(0..0, [json!("schema"), json!("kind")]);
    }
    or_null(and_perhaps(
        error,
        [
            ("schema", json!({"const": "mk8s/v1"})),
            ("kind", failure_name()),
        ],
    ))
}

fn error_document() -> Value {
    let mut document = failure();
    if let Some(Value::Array(required)) = document.get_mut("required") {
        required.push(json!("errors"));
    }
    and_perhaps(document, [("errors", list(failure()))])
}

fn companions() -> Value {
    let action = one_of(&["enabled", "updated", "disabled", "none"]);
    list(object([("addon", text()), ("action", action)]))
}

fn registry_access() -> Value {
    or_null(one_of(&[
        "same-account",
        "same-account-role",
        "cross-account",
        "outside-aws",
        "unknown",
    ]))
}

fn addon_changes() -> Value {
    let waited = object([
        ("condition", text()),
        ("reached", flag()),
        ("seconds", json!({"type": "number", "minimum": 0})),
    ]);
    let item = object([
        ("target", target()),
        ("addon", text()),
        ("key", text()),
        (
            "action",
            one_of(&["enabled", "updated", "disabled", "none"]),
        ),
        ("changed", flag()),
        ("before", anything()),
        ("after", anything()),
        ("prerequisites", companions()),
        ("dependants", companions()),
        ("registryAccess", registry_access()),
        ("verified", or_null(flag())),
        ("waited", or_null(waited)),
        ("warnings", list(text())),
        ("error", error()),
    ]);
    of_a_run(item)
}

/// A change of several: as what each ended, and how many as what.
fn of_a_run(item: Value) -> Value {
    let states = [
        "changed",
        "unchanged",
        "refused",
        "skipped",
        "unreachable",
        "failed",
        "not-started",
    ];
    let item = and_perhaps(item, [("state", one_of(&states))]);
    and_perhaps(changes(item), [("summary", summary_of_states())])
}

/// How many targets ended as what.
fn summary_of_states() -> Value {
    let count = || json!({"type": "integer", "minimum": 0});
    object([
        ("targets", count()),
        ("changed", count()),
        ("unchanged", count()),
        ("refused", count()),
        ("skipped", count()),
        ("unreachable", count()),
        ("failed", count()),
        ("notStarted", count()),
    ])
}

/// The last line of `-o jsonl`.
fn summary_line() -> Value {
    let counts = summary_of_states();
    let mut line = object([("targets", json!({"type": "integer", "minimum": 0}))]);
    let fields = counts.get("properties").and_then(Value::as_object);
    for (name, schema) in fields.into_iter().flatten() {
        line = and_perhaps(line, [(name.as_str(), schema.clone())]);
    }
    and_perhaps(line, [("dryRun", flag())])
}

fn addon() -> Value {
    let field = object([
        ("name", text()),
        ("flag", or_null(text())),
        ("type", text()),
        ("required", flag()),
        ("default", or_null(text())),
        ("example", text()),
        ("constraint", or_null(text())),
        ("secret", flag()),
        ("terraform", text()),
        ("pulumi", text()),
        ("summary", text()),
    ]);
    object([
        ("target", or_null(target())),
        ("addon", text()),
        ("key", text()),
        ("known", flag()),
        ("enabled", or_null(flag())),
        ("settings", anything()),
        ("status", anything()),
        ("summary", or_null(text())),
        ("providers", or_null(list(text()))),
        ("documented", or_null(flag())),
        (
            "nodes",
            or_null(object([("label", or_null(text())), ("hardware", text())])),
        ),
        ("needs", list(text())),
        ("fields", list(field)),
        ("docs", or_null(text())),
    ])
}

fn addon_document() -> Value {
    addon()
}

fn addon_list() -> Value {
    // Of a target that could not be read nothing else is known.
    let unread = object([("target", target()), ("error", error())]);
    items(json!({"anyOf": [addon(), unread]}))
}

fn facts() -> Value {
    let seen = object([("text", text()), ("clusters", counter())]);
    let item = object([
        ("id", text()),
        ("question", text()),
        ("seen", list(seen)),
        ("open", or_null(text())),
    ]);
    object([
        ("mk8s", text()),
        ("clusters", counter()),
        ("items", list(item)),
    ])
}

fn history() -> Value {
    let changed = object([
        ("addon", text()),
        ("key", text()),
        ("before", anything()),
        ("after", anything()),
        ("leftOut", list(text())),
    ]);
    let changed = object([("target", target()), ("changes", list(changed))]);
    items(object([
        ("id", text()),
        ("time", text()),
        ("command", list(text())),
        ("targets", list(changed)),
    ]))
}

fn auth() -> Value {
    let origin = || object([("value", text()), ("source", text())]);
    object([
        ("authenticated", or_null(flag())),
        ("identity", or_null(text())),
        (
            "identityKind",
            or_null(one_of(&["service-account", "user", "unknown"])),
        ),
        ("expires", or_null(text())),
        ("org", or_null(origin())),
        ("endpoint", origin()),
        ("profile", or_null(origin())),
        ("tokenSource", or_null(text())),
        ("identityOrg", or_null(text())),
        ("insecure", flag()),
    ])
}

fn version() -> Value {
    object([("version", text())])
}

fn check_list() -> Value {
    items(object([
        ("id", text()),
        ("group", text()),
        ("severity", one_of(&["warning", "failure", "fatal"])),
        ("summary", text()),
        ("needs", list(text())),
        ("hint", or_null(text())),
        ("fix", or_null(text())),
        ("docs", text()),
    ]))
}

fn check_report() -> Value {
    let item = object([
        ("id", text()),
        ("group", text()),
        (
            "state",
            one_of(&["pass", "warn", "fail", "unknown", "skip"]),
        ),
        ("message", text()),
        ("evidence", or_null(text())),
        ("fix", or_null(text())),
        ("docs", text()),
        ("cluster", or_null(text())),
        ("file", or_null(text())),
        ("line", or_null(counter())),
        ("column", or_null(counter())),
    ]);
    let count = || json!({"type": "integer", "minimum": 0});
    let summary = object([
        ("pass", count()),
        ("warn", count()),
        ("fail", count()),
        ("unknown", count()),
        ("skip", count()),
    ]);
    let verdict = object([
        ("cluster", text()),
        ("image", or_null(text())),
        ("state", one_of(&["works", "fails", "unknown"])),
        ("step", or_null(text())),
        ("why", or_null(text())),
        ("missing", list(text())),
    ]);
    object([
        ("items", list(item)),
        ("verdicts", list(verdict)),
        ("summary", summary),
    ])
}
