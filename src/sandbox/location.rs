//! The locations of the org, as far as `cpln location create` and its like need them: byok's first step.
//! Pure.

use super::answer::{Refusal, SandboxAnswer};
use super::world::{Call, World, nothing, parse_json};
use hyper::StatusCode;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The locations that were made, by their names.
#[derive(Debug, Default)]
pub(super) struct Locations {
    made: BTreeMap<String, Value>,
}

/// Answers a request below `/org/ORG/location`.
pub(super) fn handle(
    world: &mut World,
    call: &Call<'_>,
    rest: &[&str],
) -> Result<SandboxAnswer, Refusal> {
    let org = world.store.org().to_owned();
    let locations = &mut world.locations.made;
    match (call.method, rest) {
        ("GET", []) => {
            let items: Vec<&Value> = locations.values().collect();
            let links = json!([{"rel": "self", "href": format!("/org/{org}/location")}]);
            let body =
                json!({"kind": "list", "itemKind": "location", "items": items, "links": links});
            Ok(SandboxAnswer::json(StatusCode::OK, body))
        }
        ("POST" | "PUT", []) => {
            let Value::Object(body) = parse_json(call.body)? else {
                return Err(Refusal::bad_request("the body must be an object"));
            };
            let name = body.get("name").and_then(Value::as_str).unwrap_or_default();
            let name = name.to_owned();
            if name.is_empty() {
                return Err(Refusal::bad_request("\"name\" is required"));
            }
            let is_new = !locations.contains_key(&name);
            if call.method == "POST" && !is_new {
                let message = format!("location \"{name}\" already exists");
                return Err(Refusal::conflict(message));
            }
            let location = location(&org, &name, body);
            locations.insert(name.clone(), location.clone());
            let status = if is_new {
                StatusCode::CREATED
            } else {
                StatusCode::OK
            };
            let href = format!("/org/{org}/location/{name}");
            Ok(SandboxAnswer::json(status, location).header("location", href))
        }
        ("GET", [name]) => match locations.get(*name) {
            Some(location) => Ok(SandboxAnswer::json(StatusCode::OK, location.clone())),
            None => Err(missing(name)),
        },
        ("DELETE", [name]) => match locations.remove(*name) {
            Some(_) => Ok(SandboxAnswer::empty(StatusCode::ACCEPTED)),
            None => Err(missing(name)),
        },
        _ => Err(nothing(call)),
    }
}

fn missing(name: &str) -> Refusal {
    Refusal::not_found(format!("location \"{name}\" does not exist"))
}

fn location(org: &str, name: &str, mut body: Map<String, Value>) -> Value {
    let href = format!("/org/{org}/location/{name}");
    body.insert("kind".to_owned(), json!("location"));
    body.entry("provider").or_insert_with(|| json!("byok"));
    body.entry("description").or_insert_with(|| json!(name));
    body.entry("tags").or_insert_with(|| json!({}));
    body.insert("version".to_owned(), json!(1));
    body.insert("links".to_owned(), json!([{"rel": "self", "href": href}]));
    Value::Object(body)
}
