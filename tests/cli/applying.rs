//! `mk8s apply -f`: missing clusters are created, live ones get what the manifest says.

use crate::support::manifests::{ROLE, aws, hetzner};
use crate::support::{Env, Sandbox, snapshot};
use serde_json::{Value, json};

const ON: &str = "awsWorkloadIdentity: {}";

fn live(clusters: &[String], flags: &[&str]) -> (Env, Sandbox) {
    let mut env = Env::new();
    let sandbox = Sandbox::holding(&mut env, clusters, flags);
    (env, sandbox)
}

fn writes(sandbox: &Sandbox) -> Vec<(String, Value)> {
    sandbox
        .log()
        .into_iter()
        .filter(|entry| entry["method"] != "GET")
        .map(|mut entry| {
            (
                entry["method"].as_str().unwrap().to_owned(),
                entry["body"].take(),
            )
        })
        .collect()
}

/// The guide's two cases, from a new manifest to a cluster with the add-on on.
#[test]
fn a_new_manifest_becomes_a_cluster_with_the_add_on_on() {
    for put in ["replace", "merge"] {
        let (env, sandbox) = live(&[aws("other", &[])], &["--put", put]);
        env.write("same.yaml", aws("same", &[]));
        env.write("edge.yaml", hetzner("edge", &[]));
        let _ = env
            .line("addon enable aws-ecr -f same.yaml --with-prerequisites")
            .run()
            .ok();
        let _ = env
            .line(&format!(
                "addon enable aws-ecr -f edge.yaml --with-prerequisites --role-arn {ROLE}"
            ))
            .run()
            .ok();
        let run = env.line("apply -f same.yaml -f edge.yaml --yes").run().ok();
        assert!(
            run.stdout.contains("same") && run.stdout.contains("edge"),
            "{run}"
        );
        assert_eq!(
            sandbox.cluster("same")["spec"]["addOns"],
            json!({"awsWorkloadIdentity": {}, "awsECR": {}})
        );
        assert_eq!(
            sandbox.cluster("edge")["spec"]["addOns"],
            json!({"awsWorkloadIdentity": {}, "awsECR": {"roleArn": ROLE}})
        );
        let methods: Vec<String> = writes(&sandbox)
            .into_iter()
            .map(|(method, _)| method)
            .collect();
        assert_eq!(methods, ["POST", "POST"]);
        let _ = env
            .line("addon show aws-ecr -c edge --exit-code")
            .run()
            .ok();
    }
}

#[test]
fn an_existing_cluster_gets_one_patch_and_keeps_what_is_only_live() {
    for put in ["replace", "merge"] {
        let (env, sandbox) = live(
            &[aws(
                "prod",
                &[ON, "headlamp: {}", "metrics: {kubeState: true}"],
            )],
            &["--put", put],
        );
        env.write("prod.yaml", aws("prod", &[ON, "awsECR: {}"]));
        let run = env.line("apply -f prod.yaml").run().ok();
        let _ = run.err("headlamp").err("metrics");
        let writes = writes(&sandbox);
        assert_eq!(writes.len(), 1, "{writes:?}");
        assert_eq!(writes[0].0, "PATCH");
        assert!(writes[0].1["version"].is_number(), "{writes:?}");
        assert_eq!(
            sandbox.cluster("prod")["spec"]["addOns"],
            json!({"awsWorkloadIdentity": {}, "headlamp": {}, "metrics": {"kubeState": true}, "awsECR": {}})
        );
    }
}

#[test]
fn applying_twice_sends_nothing_the_second_time() {
    let (env, sandbox) = live(&[aws("other", &[])], &[]);
    env.write("prod.yaml", aws("prod", &[ON, "awsECR: {}"]));
    let _ = env.line("apply -f prod.yaml").run().ok();
    let before = writes(&sandbox).len();
    snapshot!(env, env.line("apply -f prod.yaml").run(), @r"
    exit 0
    --- stdout
    prod is already as the manifest says
    ");
    assert_eq!(writes(&sandbox).len(), before);
}

#[test]
fn pruning_removes_live_only_add_ons_after_asking() {
    let (env, sandbox) = live(&[aws("prod", &[ON, "headlamp: {}"])], &[]);
    env.write("prod.yaml", aws("prod", &[ON]));
    let _ = env
        .line("apply -f prod.yaml --prune-addons")
        .run()
        .exits(2)
        .err("--yes");
    assert!(writes(&sandbox).is_empty());
    let _ = env
        .line("apply -f prod.yaml --prune-addons --yes")
        .run()
        .ok();
    assert_eq!(
        sandbox.cluster("prod")["spec"]["addOns"],
        json!({"awsWorkloadIdentity": {}})
    );
}

#[test]
fn put_sends_the_document_after_naming_what_may_go() {
    for (mode, kept) in [("replace", false), ("merge", true)] {
        let (env, sandbox) = live(&[aws("prod", &[ON, "headlamp: {}"])], &["--put", mode]);
        env.write("prod.yaml", aws("prod", &[ON]));
        let refused = env.line("apply -f prod.yaml --put").run().exits(2);
        let _ = refused.err("headlamp");
        assert!(writes(&sandbox).is_empty());
        let _ = env.line("apply -f prod.yaml --put --yes").run().ok();
        let sent = writes(&sandbox);
        assert_eq!(sent[0].0, "PUT");
        assert_eq!(
            sandbox.cluster("prod")["spec"]["addOns"]
                .get("headlamp")
                .is_some(),
            kept
        );
    }
}

#[test]
fn a_dry_run_of_apply_sends_nothing() {
    let (env, sandbox) = live(&[aws("prod", &[ON])], &[]);
    env.write("prod.yaml", aws("prod", &[ON, "awsECR: {}"]));
    env.write("new.yaml", aws("new", &[ON]));
    let _ = env
        .line("apply -f prod.yaml --dry-run")
        .run()
        .ok()
        .out("awsECR");
    let _ = env
        .line("apply -f prod.yaml --dry-run --exit-code")
        .run()
        .exits(10);
    let _ = env
        .line("apply -f new.yaml --dry-run --exit-code")
        .run()
        .exits(10);
    assert!(writes(&sandbox).is_empty());
    env.write("same.yaml", aws("prod", &[ON]));
    let _ = env
        .line("apply -f same.yaml --dry-run --exit-code")
        .run()
        .ok();
}

#[test]
fn other_kinds_are_skipped_and_named() {
    let (env, sandbox) = live(&[aws("prod", &[ON])], &[]);
    env.write(
        "all.yaml",
        format!(
            "kind: gvc\nname: shop\n---\n{}---\nkind: secret\nname: s\n",
            aws("prod", &[ON, "awsECR: {}"])
        ),
    );
    let run = env.line("apply -f all.yaml").run().ok();
    let _ = run.err("gvc").err("secret");
    assert_eq!(
        sandbox.cluster("prod")["spec"]["addOns"]["awsECR"],
        json!({})
    );
    env.write("gvc.yaml", "kind: gvc\nname: shop\n");
    let _ = env.line("apply -f gvc.yaml").run().exits(3);
}

#[test]
fn the_json_of_apply_says_what_happened() {
    let (env, _sandbox) = live(&[aws("prod", &[ON, "headlamp: {}"])], &[]);
    env.write("prod.yaml", aws("prod", &[ON, "awsECR: {}"]));
    let json = env.line("apply -f prod.yaml -o json").run().ok().json();
    assert_eq!(
        (&json["schema"], &json["kind"]),
        (&json!("mk8s/v1"), &json!("ApplyResult"))
    );
    assert_eq!(json["items"].as_array().unwrap().len(), 1);
}

#[test]
fn another_spelling_of_a_link_is_no_difference() {
    let (env, sandbox) = live(&[hetzner("edge", &[ON])], &[]);
    // The server keeps `//secret/h` as `/org/ORG/secret/h`.
    env.write("edge.yaml", hetzner("edge", &[ON]));
    let _ = env
        .line("apply -f edge.yaml --dry-run --exit-code")
        .run()
        .ok();
    let _ = env.line("apply -f edge.yaml").run().ok();
    assert!(writes(&sandbox).is_empty(), "{:?}", writes(&sandbox));
    env.write("edge.yaml", hetzner("edge", &[ON, "headlamp: {}"]));
    let _ = env.line("apply -f edge.yaml").run().ok();
    assert_eq!(writes(&sandbox).len(), 1);
}

#[test]
fn an_apply_survives_races_and_lost_answers() {
    for (fault, manifest) in [
        ("cut,on=PUT,times=1,after", aws("new", &[ON, "awsECR: {}"])),
        ("status=503,on=PUT,times=2", aws("new", &[ON, "awsECR: {}"])),
        (
            "cut,on=PATCH,times=1,after",
            aws("prod", &[ON, "awsECR: {}"]),
        ),
        (
            "status=409,on=PATCH,times=2",
            aws("prod", &[ON, "awsECR: {}"]),
        ),
        ("race,on=PATCH,times=2", aws("prod", &[ON, "awsECR: {}"])),
    ] {
        let (env, sandbox) = live(&[aws("prod", &[ON])], &["--fault", fault]);
        let name = if manifest.contains("name: new") {
            "new"
        } else {
            "prod"
        };
        env.write("c.yaml", manifest);
        let run = env.line("apply -f c.yaml").run();
        assert_eq!(run.code, 0, "{fault}\n{run}");
        assert_eq!(
            sandbox.cluster(name)["spec"]["addOns"],
            json!({"awsWorkloadIdentity": {}, "awsECR": {}}),
            "{fault}"
        );
        let applied = sandbox
            .log()
            .iter()
            .filter(|entry| entry["applied"] == true)
            .count();
        assert_eq!(applied, 1, "{fault}");
    }
}

#[test]
fn what_the_api_refuses_is_6_and_changes_nothing() {
    let (env, sandbox) = live(&[aws("prod", &[ON])], &[]);
    for add_ons in [
        "awsECR: {roleARN: x}",
        "awsEFS: {}",
        "metrics: {kubeState: often}",
    ] {
        env.write("c.yaml", aws("prod", &[ON, add_ons]));
        let _ = env
            .line("apply -f c.yaml")
            .run()
            .exits(6)
            .silent()
            .err("request");
        env.write("c.yaml", aws("fresh", &[ON, add_ons]));
        let _ = env.line("apply -f c.yaml").run().exits(6).silent();
    }
    assert_eq!(
        sandbox.cluster("prod")["spec"]["addOns"],
        json!({"awsWorkloadIdentity": {}})
    );
    let _ = env.line("cluster get fresh").run().exits(3);
}

#[test]
fn a_manifest_that_cannot_be_read_is_6_and_nothing_is_sent() {
    let (env, sandbox) = live(&[aws("prod", &[ON])], &[]);
    for content in [
        "kind: mk8s\nname: prod\nspec: [\n",
        "kind: mk8s\nname: prod\nname: other\nspec: {}\n",
        "kind: mk8s\nspec: {version: 1.33.5}\n",
    ] {
        env.write("c.yaml", content);
        let _ = env
            .line("apply -f c.yaml")
            .run()
            .exits(6)
            .silent()
            .err("c.yaml");
    }
    let _ = env
        .line("apply -f missing.yaml")
        .run()
        .exits(3)
        .silent()
        .err("missing.yaml");
    assert!(
        sandbox
            .requests()
            .iter()
            .all(|request| request.starts_with("GET"))
    );
}

#[test]
fn several_documents_are_several_answers() {
    let (env, sandbox) = live(&[aws("one", &[ON])], &[]);
    env.write(
        "all.yaml",
        format!(
            "{}---\n{}",
            aws("one", &[ON, "awsECR: {}"]),
            aws("two", &[ON])
        ),
    );
    let _ = env.line("apply -f all.yaml").run().exits(2).err("--yes");
    assert!(writes(&sandbox).is_empty());
    let run = env.line("apply -f all.yaml --yes").run().ok();
    assert_eq!(run.stdout.lines().count(), 2, "{run}");
    let _ = env.line("apply -f all.yaml -c two").run().ok();
    let _ = env.line("apply -f all.yaml -c three").run().exits(3);
}

#[test]
fn an_add_on_that_the_manifest_sets_to_null_goes_only_when_asked() {
    let mut env = Env::new();
    let seed = hetzner("edge", &["headlamp: {}", "logs: {}"]);
    let sandbox = Sandbox::holding(&mut env, &[seed], &[]);
    env.write("edge.yaml", hetzner("edge", &["headlamp: null"]));
    let run = env.line("apply -f edge.yaml").run().exits(2);
    let _ = run.err("This removes spec.addOns.headlamp of edge");
    assert_eq!(
        sandbox.cluster("edge")["spec"]["addOns"]["headlamp"],
        json!({})
    );
    let run = env.line("apply -f edge.yaml --yes").run().ok();
    let _ = run
        .err("edge: spec.addOns.headlamp is null in the manifest, removed")
        .err("edge: spec.addOns.logs is live only, kept");
    let add_ons = sandbox.cluster("edge")["spec"]["addOns"].clone();
    assert_eq!(add_ons, json!({"logs": {}}));
}

#[test]
fn a_put_that_meets_another_writer_is_tried_again() {
    let mut env = Env::new();
    let seed = hetzner("edge", &[]);
    let flags = ["--fault", "status=409,on=PUT,times=2"];
    let sandbox = Sandbox::holding(&mut env, &[seed], &flags);
    env.write("edge.yaml", hetzner("edge", &["headlamp: {}"]));
    let _ = env.line("apply -f edge.yaml --put --yes").run().ok();
    assert_eq!(
        sandbox.cluster("edge")["spec"]["addOns"]["headlamp"],
        json!({})
    );
    let puts = sandbox.requests();
    let puts = puts.iter().filter(|it| it.starts_with("PUT")).count();
    assert_eq!(puts, 3);
}

#[test]
fn a_name_that_is_no_text_is_said_so() {
    let mut env = Env::new();
    let _sandbox = Sandbox::holding(&mut env, &[hetzner("edge", &[])], &[]);
    env.write(
        "m.yaml",
        hetzner("edge", &[]).replace("name: edge", "name: 12"),
    );
    let run = env.line("apply -f m.yaml").run().exits(6);
    let _ = run.err("its `name` is 12, which is not a text");
}

#[test]
fn a_preview_goes_past_a_403_where_the_run_itself_does() {
    let (env, sandbox) = live(&[hetzner("prod", &[])], &[]);
    env.write("fresh.yaml", hetzner("fresh", &["headlamp: {}"]));
    env.write("prod.yaml", hetzner("prod", &["headlamp: {}"]));
    // The platform may say so of a name that no cluster has: then the list decides.
    sandbox.fault("status=403,on=GET:/mk8s/fresh");
    let run = env.line("apply -f fresh.yaml --dry-run").run().ok();
    let _ = run.err("Would create fresh").out("+kind: mk8s");
    let run = env
        .line("apply -f fresh.yaml --dry-run --exit-code -o json")
        .run();
    let item = &run.exits(10).json()["items"][0];
    assert_eq!(
        (&item["action"], &item["error"]),
        (&"created".into(), &Value::Null)
    );
    sandbox.heals();
    sandbox.fault("status=403,on=GET:/mk8s/fresh,times=1");
    let _ = env
        .line("apply -f fresh.yaml")
        .run()
        .ok()
        .out("Created fresh");
    // One that is in the list is not to be seen, and neither is one where there is no list.
    sandbox.fault("status=403,on=GET:/mk8s/prod");
    for line in ["apply -f prod.yaml --dry-run", "apply -f prod.yaml"] {
        let _ = env.line(line).run().exits(4);
    }
    sandbox.heals();
    sandbox.fault("status=403,on=GET");
    for line in ["apply -f fresh.yaml --dry-run", "apply -f fresh.yaml"] {
        let _ = env.line(line).run().exits(4);
    }
}
