//! `/_sandbox/…`: what a test asks of the sandbox itself. Pure.
//!
//! `GET|DELETE /_sandbox/requests` is the log, `GET|POST|DELETE /_sandbox/faults` the faults, and
//! `POST /_sandbox/token` mints a token of a service account. The platform has nothing of the kind;
//! the token of the API is demanded here too.

use super::answer::{Refusal, SandboxAnswer};
use super::fault::Fault;
use super::oidc;
use super::world::{Call, World, parse_json};
use hyper::StatusCode;
use serde_json::{Value, json};

/// Answers a request whose path starts with `/_sandbox/`.
pub(super) fn handle(world: &mut World, call: &Call<'_>) -> Result<SandboxAnswer, Refusal> {
    match (call.method, call.path) {
        ("GET", "/_sandbox/requests") => Ok(SandboxAnswer::json(
            StatusCode::OK,
            json!({"items": world.journal.items(), "connections": world.connections}),
        )),
        ("DELETE", "/_sandbox/requests") => {
            world.journal.clear();
            Ok(SandboxAnswer::empty(StatusCode::NO_CONTENT))
        }
        ("GET", "/_sandbox/faults") => {
            let faults: Vec<Value> = world
                .faults
                .list()
                .map(|(text, matched)| json!({"fault": text, "matched": matched}))
                .collect();
            Ok(list(&faults))
        }
        ("POST", "/_sandbox/faults") => {
            for fault in faults(call.body)? {
                world.faults.add(fault);
            }
            Ok(SandboxAnswer::empty(StatusCode::NO_CONTENT))
        }
        ("DELETE", "/_sandbox/faults") => {
            world.faults.clear();
            Ok(SandboxAnswer::empty(StatusCode::NO_CONTENT))
        }
        ("POST", "/_sandbox/token") => oidc::mint(world, call),
        _ => Err(Refusal::not_found("the sandbox has no such page")),
    }
}

fn list(items: &[Value]) -> SandboxAnswer {
    SandboxAnswer::json(StatusCode::OK, json!({ "items": items }))
}

/// A JSON string, an array of strings, or plain text: all of them or none.
fn faults(body: &[u8]) -> Result<Vec<Fault>, Refusal> {
    let texts = match parse_json(body) {
        Ok(Value::String(text)) => vec![text],
        Ok(Value::Array(items)) => items
            .iter()
            .map(|item| item.as_str().map(str::to_owned))
            .collect::<Option<_>>()
            .ok_or_else(|| Refusal::bad_request("a fault must be a string"))?,
        _ => vec![String::from_utf8_lossy(body).trim().to_owned()],
    };
    texts
        .iter()
        .map(|text| {
            text.parse()
                .map_err(|why| Refusal::bad_request(format!("`{text}` is not a fault: {why}")))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_come_in_three_forms() {
        for (body, want) in [
            ("\"cut\"", Ok(vec!["cut"])),
            (
                "[\"cut\", \"stall,times=1\"]",
                Ok(vec!["cut", "stall,times=1"]),
            ),
            ("drip=5ms\n", Ok(vec!["drip=5ms"])),
            (
                "[\"cut\", \"bang\"]",
                Err("`bang` is not a fault: the kind is none of"),
            ),
            ("[1]", Err("a fault must be a string")),
        ] {
            match (faults(body.as_bytes()), want) {
                (Ok(got), Ok(want)) => {
                    let got: Vec<&str> = got.iter().map(Fault::as_str).collect();
                    assert_eq!(got, want);
                }
                (Err(got), Err(want)) => assert!(got.message.starts_with(want), "{got:?}"),
                (got, want) => panic!("{body}: {got:?}, not {want:?}"),
            }
        }
    }
}
