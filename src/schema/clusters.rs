//! The schemas of what is told of whole clusters: what was applied, what differs, what was waited for,
//! what a run did.

use super::{
    and_perhaps, anything, error, flag, items, list, object, of_a_run, one_of, or_null, target,
    text,
};
use serde_json::{Value, json};

pub(super) fn waits() -> Value {
    items(object([
        ("target", target()),
        ("condition", text()),
        ("reached", flag()),
        ("seconds", or_null(json!({"type": "number", "minimum": 0}))),
        ("error", error()),
    ]))
}

pub(super) fn journal() -> Value {
    let version = || or_null(json!({"type": "integer", "minimum": 0}));
    let item = object([
        ("name", text()),
        ("state", text()),
        ("lockedVersion", version()),
        ("version", version()),
        ("before", anything()),
        ("because", or_null(text())),
    ]);
    object([
        ("id", text()),
        ("time", text()),
        ("mk8s", text()),
        ("org", text()),
        ("endpoint", text()),
        ("command", list(text())),
        ("items", list(item)),
    ])
}

fn differences() -> Value {
    let states = [
        "manifest-only",
        "live-only",
        "different",
        "second-only",
        "first-only",
    ];
    let place = || json!({"type": "integer", "minimum": 1});
    let one = object([
        ("path", text()),
        ("addon", text()),
        ("state", one_of(&states)),
        ("manifest", anything()),
        ("live", anything()),
    ]);
    list(and_perhaps(one, [("line", place()), ("column", place())]))
}

pub(super) fn apply_result() -> Value {
    of_a_run(object([
        ("target", target()),
        ("source", target()),
        ("action", one_of(&["created", "updated", "none"])),
        ("changed", flag()),
        ("differences", differences()),
        ("liveOnly", list(text())),
        ("pruned", list(text())),
        ("verified", or_null(flag())),
        ("warnings", list(text())),
        ("error", error()),
    ]))
}

pub(super) fn diff() -> Value {
    items(object([
        ("target", target()),
        ("source", target()),
        ("exists", or_null(flag())),
        ("differences", differences()),
        ("error", error()),
    ]))
}
