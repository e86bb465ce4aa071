//! The documents of the AWS side.

use super::{
    and_perhaps, anything, counter, error, flag, items, list, object, of_a_run, one_of, or_null,
    registry_access, target, text,
};
use serde_json::{Value, json};

/// The parts of the AWS side.
fn part() -> Value {
    one_of(&[
        "addon",
        "oidc-provider",
        "role",
        "trust",
        "policy",
        "repository-policy",
    ])
}

/// An item about a cluster's AWS side; of one that failed early only these are known.
fn aws_item() -> Value {
    and_perhaps(
        object([("target", target()), ("addon", text()), ("error", error())]),
        [
            ("account", text()),
            ("partition", text()),
            ("caller", or_null(text())),
            ("registryAccess", registry_access()),
            ("warnings", list(text())),
        ],
    )
}

pub(super) fn aws_plan() -> Value {
    let actions = [
        "none", "create", "adopt", "update", "attach", "detach", "delete", "keep",
    ];
    let role = object([
        ("path", text()),
        ("permissionsBoundary", or_null(text())),
        ("maxSessionDuration", or_null(counter())),
        ("tags", json!({"type": "object"})),
    ]);
    let step = and_perhaps(
        object([
            ("part", part()),
            ("action", one_of(&actions)),
            ("resource", text()),
            ("detail", or_null(text())),
            ("done", flag()),
            ("reason", or_null(text())),
        ]),
        [("role", role)],
    );
    let finding = object([("name", text()), ("text", text())]);
    let verdict = || one_of(&["exact", "broad", "outside"]);
    let statement = object([
        ("statement", anything()),
        ("verdict", verdict()),
        ("findings", list(finding)),
        ("conditions", anything()),
    ]);
    let written = object([
        ("statement", text()),
        ("words", text()),
        ("document", anything()),
    ]);
    let trust = object([
        ("verdict", verdict()),
        ("who", text()),
        ("document", anything()),
        ("statements", list(statement)),
        ("accepted", list(text())),
        ("written", list(written)),
    ]);
    let emitted = object([
        (
            "format",
            one_of(&["aws-cli", "terraform", "cloudformation"]),
        ),
        ("text", text()),
    ]);
    of_a_run(and_perhaps(
        aws_item(),
        [
            ("steps", list(step)),
            ("previousTrust", anything()),
            ("trust", or_null(trust)),
            ("emitted", emitted),
            ("repositoryPolicy", anything()),
            ("previousRepositoryPolicy", anything()),
        ],
    ))
}

pub(super) fn aws_status() -> Value {
    let states = ["present", "missing", "different", "unknown", "not-needed"];
    let part = object([
        ("part", part()),
        ("state", one_of(&states)),
        ("resource", or_null(text())),
        ("detail", or_null(text())),
    ]);
    items(and_perhaps(
        aws_item(),
        [("who", or_null(text())), ("parts", list(part))],
    ))
}
