//! Which request means what. Pure: the clock and the request id come with the call.
//!
//! Order as on the platform: the token first (401), then the org (403, as for one that does not
//! exist), then the path. Knows nothing of connections and faults.

use super::answer::{Refusal, SandboxAnswer};
use super::query::Query;
use super::store::{Effect, How, StoreOutcome};
use super::world::{Call, World, nothing, parse_json};
use super::{control, kubeconfig, location};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hyper::StatusCode;
use percent_encoding::percent_decode_str;
use secrecy::ExposeSecret as _;
use serde_json::{Map, Value, json};

/// The answer, and whether the request changed what is stored.
#[derive(Debug)]
pub(super) struct RouteOutcome {
    pub(super) answer: SandboxAnswer,
    pub(super) applied: bool,
}

impl From<SandboxAnswer> for RouteOutcome {
    fn from(answer: SandboxAnswer) -> Self {
        Self {
            answer,
            applied: false,
        }
    }
}

/// Answers any request.
pub(super) fn handle(world: &mut World, call: &Call<'_>) -> RouteOutcome {
    route(world, call).unwrap_or_else(|refusal| refusal.into_answer(call.request_id).into())
}

fn route(world: &mut World, call: &Call<'_>) -> Result<RouteOutcome, Refusal> {
    let path = segments(call.path)?;
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    if let ["discovery"] = path[..] {
        return match call.method {
            "GET" => Ok(discovery(world).into()),
            _ => Err(not_allowed(call)),
        };
    }
    authorize(world, call)?;
    match path[..] {
        ["_sandbox", ..] => control::handle(world, call).map(RouteOutcome::from),
        ["org"] if call.method == "GET" => {
            let org = org_object(world.store.org());
            let body = json!({"kind": "list", "itemKind": "org", "items": [org],
                "links": [{"rel": "self", "href": "/org"}]});
            Ok(SandboxAnswer::json(StatusCode::OK, body).into())
        }
        ["org", org, ref rest @ ..] | ["audit", "org", org, ref rest @ ..] => {
            if org != world.store.org() {
                return Err(Refusal::new(
                    StatusCode::FORBIDDEN,
                    format!("access to org \"{org}\" is forbidden"),
                ));
            }
            if path[0] == "audit" {
                return audit(call, rest);
            }
            match rest {
                [] if call.method == "GET" => {
                    Ok(SandboxAnswer::json(StatusCode::OK, org_object(org)).into())
                }
                ["mk8s", rest @ ..] => mk8s(world, call, rest),
                ["location", rest @ ..] => {
                    location::handle(world, call, rest).map(RouteOutcome::from)
                }
                _ => Err(nothing(call)),
            }
        }
        _ => Err(nothing(call)),
    }
}

fn mk8s(world: &mut World, call: &Call<'_>, rest: &[&str]) -> Result<RouteOutcome, Refusal> {
    match (call.method, rest) {
        ("GET", []) => Ok(list(world, call).into()),
        ("POST", []) => {
            let written = world
                .store
                .create(object(call.body)?, how(call), call.now)?;
            Ok(outcome(world, written))
        }
        ("PUT", []) => {
            let written = world.store.put(object(call.body)?, how(call), call.now)?;
            Ok(outcome(world, written))
        }
        ("POST" | "GET", ["-query"]) => query(world, call).map(RouteOutcome::from),
        ("GET", ["-schema", "permissions"]) => Ok(permissions().into()),
        (_, [] | ["-query"] | ["-schema", "permissions"]) => Err(not_allowed(call)),
        (_, [name, ..]) if name.starts_with('-') => Err(nothing(call)),
        ("GET", [name]) => {
            let cluster = world.store.get(name, call.now)?;
            Ok(SandboxAnswer::json(StatusCode::OK, cluster).into())
        }
        ("PUT", [name]) => {
            let written = world
                .store
                .put_item(name, object(call.body)?, how(call), call.now)?;
            Ok(outcome(world, written))
        }
        ("PATCH", [name]) => {
            let written = world
                .store
                .patch(name, object(call.body)?, how(call), call.now)?;
            Ok(outcome(world, written))
        }
        ("DELETE", [name]) => Ok(RouteOutcome {
            applied: world.store.delete(name, how(call))?,
            answer: SandboxAnswer::empty(StatusCode::ACCEPTED),
        }),
        (_, [_]) => Err(not_allowed(call)),
        (_, [name, page]) => below(world, call, name, page).map(RouteOutcome::from),
        _ => Err(nothing(call)),
    }
}

/// The pages below a cluster.
fn below(world: &World, call: &Call<'_>, name: &str, page: &str) -> Result<SandboxAnswer, Refusal> {
    let ok = |body| Ok(SandboxAnswer::json(StatusCode::OK, body));
    let created = |body| Ok(SandboxAnswer::json(StatusCode::CREATED, body));
    let known = [
        ("-eventlog", "GET"),
        ("-accessreport", "GET"),
        ("-cacerts", "GET"),
        ("-kubeconfig", "POST"),
        ("-cloudinit", "POST"),
        ("-join", "POST"),
    ];
    let Some((_, method)) = known.iter().find(|(known, _)| *known == page) else {
        return Err(nothing(call));
    };
    if call.method != *method {
        return Err(not_allowed(call));
    }
    let cluster = world.store.get(name, call.now)?;
    match page {
        "-eventlog" => ok(json!({
            "kind": "list", "itemKind": "event", "items": world.store.events(name)?,
            "links": [{"rel": "self", "href": call.path}]
        })),
        "-accessreport" => ok(json!({"kind": "accessreport", "bindings": []})),
        "-cacerts" => ok(json!({"cacerts": kubeconfig::CA})),
        "-kubeconfig" => created(kubeconfig::answer(&cluster, world.store.org())),
        _ => created(json!({
            "script": "#!/bin/sh\necho 'a sandbox has no nodes to join' >&2\nexit 1\n"
        })),
    }
}

fn outcome(world: &World, written: StoreOutcome) -> RouteOutcome {
    let answer = match written.effect {
        Effect::Created => {
            let name = written.cluster["name"].as_str().unwrap_or_default();
            let location = format!("/org/{}/mk8s/{name}", world.store.org());
            SandboxAnswer::json(StatusCode::CREATED, written.cluster).header("location", location)
        }
        Effect::Updated | Effect::Unchanged => SandboxAnswer::json(StatusCode::OK, written.cluster),
    };
    RouteOutcome {
        answer,
        applied: written.applied,
    }
}

fn list(world: &World, call: &Call<'_>) -> SandboxAnswer {
    let after = parameter(call.query, "after");
    let (items, more) = world
        .store
        .page(after.as_deref(), world.page_size, call.now);
    let base = format!("/org/{}/mk8s", world.store.org());
    let next = items
        .last()
        .and_then(|last| last["name"].as_str())
        .filter(|_| more)
        .map(|last| format!("{base}?after={last}"));
    let own = match call.query {
        Some(query) => format!("{base}?{query}"),
        None => base,
    };
    let body = json!({"kind": "list", "itemKind": "mk8s", "items": items,
        "links": links(&own, next)});
    SandboxAnswer::json(StatusCode::OK, body)
}

fn links(own: &str, next: Option<String>) -> Value {
    let mut links = vec![json!({"rel": "self", "href": own})];
    links.extend(next.map(|href| json!({"rel": "next", "href": href})));
    Value::Array(links)
}

/// A search; further pages carry the query and the place in their address, so that nothing needs
/// to be remembered here.
fn query(world: &World, call: &Call<'_>) -> Result<SandboxAnswer, Refusal> {
    let bad_page = || Refusal::bad_request("\"page\" is not one that this server gave out");
    let (body, from) = match parameter(call.query, "page") {
        Some(page) => {
            let page = URL_SAFE_NO_PAD.decode(page).map_err(|_| bad_page())?;
            let page: (Option<Value>, usize) =
                serde_json::from_slice(&page).map_err(|_| bad_page())?;
            page
        }
        None if call.body.iter().all(u8::is_ascii_whitespace) => (None, 0),
        None => (Some(parse_json(call.body)?), 0),
    };
    let found = Query::parse(body.as_ref())?.select(world.store.all(call.now));
    let base = format!("/org/{}/mk8s/-query", world.store.org());
    let to = from.saturating_add(world.page_size);
    let next = (to < found.len()).then(|| {
        let page = json!([body, to]).to_string();
        format!("{base}?page={}", URL_SAFE_NO_PAD.encode(page))
    });
    let items: Vec<Value> = found.into_iter().skip(from).take(world.page_size).collect();
    Ok(SandboxAnswer::json(
        StatusCode::OK,
        json!({"kind": "queryresult", "itemKind": "mk8s", "items": items,
            "links": links(&base, next), "query": body.unwrap_or_else(|| json!({"kind": "mk8s"}))}),
    ))
}

/// The audit trail; the sandbox keeps none.
fn audit(call: &Call<'_>, rest: &[&str]) -> Result<RouteOutcome, Refusal> {
    match (call.method, rest) {
        ("GET", [] | ["resource", ..]) => Ok(SandboxAnswer::json(
            StatusCode::OK,
            json!({"kind": "list", "itemKind": "auditevent", "items": [],
                "links": [{"rel": "self", "href": call.path}]}),
        )
        .into()),
        _ => Err(nothing(call)),
    }
}

fn permissions() -> SandboxAnswer {
    let items: Vec<Value> = [
        ("clusterAdmin", "Full access to the Kubernetes API"),
        ("create", "Create clusters"),
        ("delete", "Delete clusters"),
        ("edit", "Change clusters"),
        ("manage", "Full access"),
        ("view", "Read clusters"),
    ]
    .into_iter()
    .map(|(name, description)| json!({"name": name, "description": description, "implies": []}))
    .collect();
    SandboxAnswer::json(
        StatusCode::OK,
        json!({"kind": "permissions", "resourceKind": "mk8s", "items": items}),
    )
}

fn discovery(world: &World) -> SandboxAnswer {
    let url = &world.url;
    SandboxAnswer::json(
        StatusCode::OK,
        json!({
            "endpoints": {"api": url, "audit": url, "logs": url, "metrics": url, "byok": url,
                "terraform-exporter": url},
            "firebase": {"apiKey": "sandbox", "authDomain": "sandbox.localhost",
                "projectId": "sandbox"}
        }),
    )
}

fn org_object(org: &str) -> Value {
    json!({
        "kind": "org", "name": org, "id": format!("org-{org}"), "description": org, "tags": {},
        "version": 1, "links": [{"rel": "self", "href": format!("/org/{org}")}]
    })
}

fn authorize(world: &World, call: &Call<'_>) -> Result<(), Refusal> {
    if is_authorized(world, call.authorization) {
        return Ok(());
    }
    let message = match token_in(call.authorization) {
        "" => "authentication is required",
        _ => "the token is not valid",
    };
    Err(Refusal::new(StatusCode::UNAUTHORIZED, message))
}

/// Whether a request brings the token; its head alone says so.
pub(super) fn is_authorized(world: &World, authorization: Option<&str>) -> bool {
    token_in(authorization) == world.token.expose_secret()
}

fn token_in(authorization: Option<&str>) -> &str {
    let given = authorization.unwrap_or_default();
    // The platform's own samples send the key without the scheme.
    match given.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        _ => given,
    }
}

fn not_allowed(call: &Call<'_>) -> Refusal {
    Refusal::new(
        StatusCode::METHOD_NOT_ALLOWED,
        format!("{} is not possible here", call.method),
    )
}

fn how(call: &Call<'_>) -> How {
    if parameter(call.query, "dryRun").as_deref() == Some("true") {
        How::DryRun
    } else {
        How::Store
    }
}

fn parameter(query: Option<&str>, name: &str) -> Option<String> {
    query?
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| percent_decode_str(value).decode_utf8_lossy().into_owned())
}

fn segments(path: &str) -> Result<Vec<String>, Refusal> {
    path.trim_matches('/')
        .split('/')
        .map(|part| {
            percent_decode_str(part)
                .decode_utf8()
                .map(std::borrow::Cow::into_owned)
                .map_err(|_| Refusal::bad_request("the path is not UTF-8"))
        })
        .collect()
}

fn object(body: &[u8]) -> Result<Map<String, Value>, Refusal> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(Refusal::bad_request("a body is required"));
    }
    match parse_json(body)? {
        Value::Object(map) => Ok(map),
        _ => Err(Refusal::bad_request("the body must be of type object")),
    }
}
