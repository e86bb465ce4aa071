//! What `null` in a manifest means to `mk8s apply`: not there. The real `cpln apply` is the witness.

use crate::support::{Env, Sandbox};
use serde_json::{Map, Value, json};

/// Every depth at which a manifest may hold a `null`.
const PLACES: [&str; 12] = [
    "description",
    "tags",
    "tags/x",
    "spec/firewall",
    "spec/provider/generic/networking",
    "spec/provider/generic/networking/podNetwork",
    "spec/provider/generic/nodePools",
    "spec/provider/generic/nodePools/0/labels",
    "spec/addOns",
    "spec/addOns/logs",
    "spec/addOns/metrics/kubeState",
    "spec/addOns/metrics/scrapeAnnotated/intervalSeconds",
];

/// The least document with a `null` at the place.
fn document(place: &str) -> Value {
    let mut document = json!({"kind": "mk8s", "name": "dcx", "spec": {
        "version": "1.33.5", "provider": {"generic": {"location": "aws-eu-central-1"}}
    }});
    let mut at = &mut document;
    for part in place.split('/') {
        at = if part.parse::<usize>().is_ok() {
            *at = json!([{"name": "compute"}]);
            &mut at[0]
        } else {
            if !at.is_object() {
                *at = Value::Object(Map::new());
            }
            at.as_object_mut()
                .unwrap()
                .entry(part)
                .or_insert(Value::Null)
        };
    }
    *at = Value::Null;
    document
}

/// A cluster where somebody asked for something at every place.
fn full() -> String {
    json!({"kind": "mk8s", "name": "dcx", "description": "Rack 12", "tags": {"x": "1", "y": "2"}, "spec": {
        "version": "1.33.5",
        "firewall": [{"sourceCIDR": "10.0.0.0/8"}],
        "provider": {"generic": {"location": "aws-eu-central-1",
            "nodePools": [{"name": "compute", "labels": {"a": "b"}}]}},
        "addOns": {"logs": {}, "metrics": {"kubeState": true, "scrapeAnnotated": {"intervalSeconds": 15}}}
    }})
    .to_string()
        + "\n"
}

fn other() -> String {
    full().replace("dcx", "other")
}

fn writes(sandbox: &Sandbox) -> usize {
    let requests = sandbox.requests();
    requests.iter().filter(|it| !it.starts_with("GET ")).count()
}

/// What a manifest can say of a cluster.
fn said(sandbox: &Sandbox) -> Value {
    let cluster = sandbox.cluster("dcx");
    json!([cluster["description"], cluster["tags"], cluster["spec"]])
}

/// Whatever went before, all is as the manifest says now.
#[track_caller]
fn is_settled(env: &Env, sandbox: &Sandbox, more: &str) {
    let before = writes(sandbox);
    let run = env.line(&format!("apply -f m.json {more}")).run().ok();
    assert!(run.stdout.contains("already as the manifest says"), "{run}");
    assert_eq!(writes(sandbox), before, "{run}");
    let _ = env.line("apply -f m.json --dry-run --exit-code").run().ok();
}

#[test]
fn a_null_makes_the_cluster_that_cpln_makes() {
    for flags in ["", "--put --yes"] {
        for place in PLACES {
            let mut env = Env::new();
            let ours = Sandbox::holding(&mut env, &[other()], &[]);
            env.write("m.json", document(place).to_string());
            let run = env.line(&format!("apply -f m.json {flags}")).run().ok();
            assert!(run.stdout.starts_with("Created dcx"), "{place}\n{run}");
            is_settled(&env, &ours, flags);
            for line in [
                "diff -f m.json --exit-code",
                "check -c dcx -f m.json --fail-on warning",
            ] {
                let _ = env.line(line).run().ok();
            }
            let theirs = Sandbox::holding(&mut env, &[other()], &[]);
            let _ = env.cpln(&["apply", "-f", "m.json"]).run().ok();
            assert_eq!(said(&ours), said(&theirs), "{place}");
        }
    }
}

#[test]
fn a_null_takes_away_what_somebody_asked_for_and_is_settled_then() {
    for flags in ["--yes", "--put --yes"] {
        for place in PLACES {
            let mut env = Env::new();
            let sandbox = Sandbox::holding(&mut env, &[full()], &[]);
            let mut manifest = document(place);
            // A pool that is left out would be another difference.
            if !place.contains("nodePools") {
                manifest["spec"]["provider"]["generic"]["nodePools"] =
                    json!([{"name": "compute", "labels": {"a": "b"}}]);
            }
            env.write("m.json", manifest.to_string());
            let _ = env.line(&format!("apply -f m.json {flags}")).run().ok();
            is_settled(&env, &sandbox, flags);
            let left = sandbox.cluster("dcx");
            let gone = |pointer: &str, was: Value| {
                let now = left.pointer(pointer).cloned().unwrap_or_default();
                assert_ne!(now, was, "{place} {flags}");
            };
            match place {
                "description" => gone("/description", json!("Rack 12")),
                "tags" => gone("/tags/y", json!("2")),
                "tags/x" => gone("/tags/x", json!("1")),
                "spec/firewall" => gone("/spec/firewall/0/sourceCIDR", json!("10.0.0.0/8")),
                "spec/addOns/logs" => gone("/spec/addOns/logs", json!({})),
                "spec/addOns/metrics/kubeState" => {
                    gone("/spec/addOns/metrics/kubeState", json!(true));
                }
                _ => {}
            }
        }
    }
}

#[test]
fn what_the_server_keeps_over_a_null_is_said() {
    let mut env = Env::new();
    let seed = full().replace(
        "\"location\"",
        "\"networking\": {\"podNetwork\": \"172.16.0.0/15\"}, \"location\"",
    );
    let sandbox = Sandbox::holding(&mut env, &[seed], &[]);
    env.write(
        "m.json",
        document("spec/provider/generic/networking").to_string(),
    );
    // It cannot be changed after creation.
    let run = env.line("apply -f m.json -o json").run().ok();
    let warnings = run.json()["items"][0]["warnings"].take();
    assert_eq!(
        warnings,
        json!(["spec.provider.generic.networking was to be removed, and the server kept it"])
    );
    let _ = run.err("warning: dcx: spec.provider.generic.networking was to be removed");
    let pods = &sandbox.cluster("dcx")["spec"]["provider"]["generic"]["networking"]["podNetwork"];
    assert_eq!(*pods, "172.16.0.0/15");
}
