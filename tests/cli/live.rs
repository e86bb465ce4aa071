//! Changes of live clusters, against the sandbox: what is sent, what is checked, what is said.

use crate::support::manifests::{ROLE, aws, hetzner};
use crate::support::{Env, Sandbox, snapshot};
use serde_json::{Value, json};

const ON: &str = "awsWorkloadIdentity: {}";
const ENABLE: &str = "addon enable aws-ecr -c prod";

fn live(clusters: &[String], flags: &[&str]) -> (Env, Sandbox) {
    let mut env = Env::new();
    let sandbox = Sandbox::holding(&mut env, clusters, flags);
    (env, sandbox)
}

/// The methods of the requests so far, `GET PATCH GET`.
fn methods(sandbox: &Sandbox) -> String {
    let requests = sandbox.requests();
    let methods: Vec<&str> = requests
        .iter()
        .filter_map(|request| request.split(' ').next())
        .collect();
    methods.join(" ")
}

/// The bodies of the writes so far.
fn writes(sandbox: &Sandbox) -> Vec<Value> {
    sandbox
        .log()
        .into_iter()
        .filter(|entry| entry["method"] != "GET")
        .map(|mut entry| entry["body"].take())
        .collect()
}

#[test]
fn enabling_takes_two_round_trips_to_decide_and_write_and_one_to_verify() {
    let (env, sandbox) = live(&[hetzner("edge", &[ON])], &[]);
    let before = sandbox.cluster("edge");
    let run = env
        .line(&format!("addon enable aws-ecr -c edge --role-arn {ROLE}"))
        .run()
        .ok();
    let requests = sandbox.requests();
    let path = format!("/org/{}/mk8s/edge", sandbox.org());
    assert_eq!(
        requests,
        [
            format!("GET {path}"),
            format!("PATCH {path}"),
            format!("GET {path}")
        ]
    );
    assert_eq!(
        writes(&sandbox),
        [json!({
            "id": before["id"], "version": before["version"],
            "spec": {"addOns": {"awsECR": {"roleArn": ROLE}}}
        })]
    );
    snapshot!(env, run, @r"
    exit 0
    --- stdout
    Enabled aws-ecr on edge (version 1 → 2), cluster outside AWS, role in account 999999999999
    --- stderr
      spec.addOns:
    +   awsECR:
    +     roleArn: arn:aws:iam::999999999999:role/mk8s-ecr-driver
    Next: mk8s aws setup aws-ecr -c edge
    ");
    let after = sandbox.cluster("edge");
    assert_eq!(
        after["spec"]["addOns"],
        json!({"awsWorkloadIdentity": {}, "awsECR": {"roleArn": ROLE}})
    );
}

#[test]
fn a_second_run_reads_and_writes_nothing() {
    let (env, sandbox) = live(&[aws("prod", &[ON, "awsECR: {}"])], &[]);
    snapshot!(env, env.line(ENABLE).run(), @r"
    exit 0
    --- stdout
    aws-ecr is already enabled on prod
    ");
    assert_eq!(methods(&sandbox), "GET");
}

#[test]
fn both_cases_of_the_guide_in_json() {
    let (env, sandbox) = live(&[aws("prod", &[ON]), hetzner("edge", &[])], &[]);
    let same = env.line("addon enable aws-ecr -c prod -o json").run().ok();
    assert_eq!(
        same.json(),
        json!({
            "schema": "mk8s/v1", "kind": "AddonChanges", "dryRun": false,
            "items": [{
                "target": {"kind": "cluster", "org": sandbox.org(), "name": "prod"},
                "addon": "aws-ecr", "key": "awsECR", "action": "enabled", "changed": true,
                "before": null, "after": {}, "prerequisites": [], "dependants": [],
                "registryAccess": "same-account", "verified": true, "waited": null,
                "warnings": [], "error": null
            }]
        })
    );
    let outside = env
        .line(&format!(
            "addon enable aws-ecr -c edge --with-prerequisites --role-arn {ROLE} -o json"
        ))
        .run()
        .ok()
        .json();
    let item = &outside["items"][0];
    assert_eq!(item["registryAccess"], "outside-aws");
    assert_eq!(
        item["prerequisites"],
        json!([{"addon": "aws-workload-identity", "action": "enabled"}])
    );
    let patch = writes(&sandbox).pop().unwrap();
    assert_eq!(
        patch["spec"],
        json!({"addOns": {"awsWorkloadIdentity": {}, "awsECR": {"roleArn": ROLE}}}),
        "one change, both add-ons"
    );
}

#[test]
fn a_dry_run_sends_no_write() {
    let (env, sandbox) = live(&[aws("prod", &[ON])], &[]);
    snapshot!(env, env.line(&format!("{ENABLE} --dry-run")).run(), @r"
    exit 0
    --- stdout
      spec.addOns:
    +   awsECR: {}
    --- stderr
    Would enable aws-ecr on prod, same account (111122223333), no role needed
    ");
    let _ = env
        .line(&format!("{ENABLE} --dry-run --exit-code"))
        .run()
        .exits(10);
    let json = env
        .line(&format!("{ENABLE} --dry-run -o json"))
        .run()
        .ok()
        .json();
    assert_eq!(
        (&json["dryRun"], &json["items"][0]["action"]),
        (&json!(true), &json!("enabled"))
    );
    assert_eq!(json["items"][0]["verified"], Value::Null);
    let _ = env
        .line("addon disable aws-workload-identity -c prod --dry-run")
        .run()
        .ok();
    assert_eq!(methods(&sandbox), "GET GET GET GET");
}

#[test]
fn a_refusal_sends_no_write() {
    let (env, sandbox) = live(
        &[hetzner("edge", &[]), aws("prod", &[ON, "awsECR: {}"])],
        &[],
    );
    for line in [
        "addon enable aws-ecr -c edge",
        "addon enable aws-ecr -c edge --with-prerequisites",
        "addon enable aws-ecr -c edge --with-prerequisites --force",
        "addon disable aws-workload-identity -c prod --yes",
        "addon enable aws-efs -c prod",
    ] {
        let _ = env.line(line).run().exits(6).silent();
    }
    assert_eq!(methods(&sandbox), "GET GET GET GET GET");
}

#[test]
fn disabling_asks_and_without_anybody_to_ask_does_nothing() {
    let (env, sandbox) = live(&[aws("prod", &[ON, "awsECR: {}", "headlamp: {}"])], &[]);
    let disable = "addon disable aws-ecr -c prod";
    let _ = env.line(disable).run().exits(2).silent().err("--yes");
    let _ = env
        .line(&format!("{disable} --no-input"))
        .run()
        .exits(2)
        .silent();
    assert!(writes(&sandbox).is_empty());
    snapshot!(env, env.line(&format!("{disable} --yes")).run(), @r"
    exit 0
    --- stdout
    Disabled aws-ecr on prod (version 1 → 2)
    --- stderr
      spec.addOns:
    -   awsECR: {}
    Undo: mk8s undo [RUN]
    ");
    let patch = writes(&sandbox).pop().unwrap();
    assert_eq!(patch["spec"], json!({"addOns": {"awsECR": null}}));
    assert_eq!(
        sandbox.cluster("prod")["spec"]["addOns"],
        json!({"awsWorkloadIdentity": {}, "headlamp": {}})
    );
    // What is off already needs no answer.
    snapshot!(env, env.line(disable).run(), @r"
    exit 0
    --- stdout
    aws-ecr is already disabled on prod
    ");
}

#[test]
fn removing_a_role_by_name_does_not_ask() {
    let (env, sandbox) = live(
        &[aws(
            "prod",
            &[ON, &format!("awsECR: {{roleArn: \"{ROLE}\"}}")],
        )],
        &[],
    );
    let _ = env.line(&format!("{ENABLE} --no-role-arn")).run().ok();
    let patch = writes(&sandbox).pop().unwrap();
    assert_eq!(
        patch["spec"],
        json!({"addOns": {"awsECR": {"roleArn": null}}})
    );
    assert_eq!(
        sandbox.cluster("prod")["spec"]["addOns"]["awsECR"],
        json!({})
    );
}

#[test]
fn several_clusters_are_several_answers() {
    let (env, sandbox) = live(&[aws("one", &[ON]), aws("two", &[ON])], &[]);
    let line = "addon enable aws-ecr -c one -c two";
    let _ = env.line(line).run().exits(2).err("--yes");
    assert!(writes(&sandbox).is_empty());
    let run = env.line(&format!("{line} --yes")).run().ok();
    assert_eq!(run.stdout.lines().count(), 2, "one line a target\n{run}");
    for name in ["one", "two"] {
        assert_eq!(sandbox.cluster(name)["spec"]["addOns"]["awsECR"], json!({}));
    }
    // Some done, some not: partial.
    let run = env
        .line("addon disable aws-ecr -c one -c missing --yes -o json")
        .run();
    assert!([3, 9].contains(&run.code), "{run}");
}

#[test]
fn the_environments_cluster_is_used_and_named() {
    let (mut env, _sandbox) = live(&[aws("prod", &[ON])], &[]);
    env.set("MK8S_CLUSTER", "prod");
    let _ = env
        .line("addon enable aws-ecr")
        .run()
        .ok()
        .out("prod")
        .err("MK8S_CLUSTER");
    let _ = env.line("addon show aws-ecr --exit-code").run().ok();
}

#[test]
fn file_and_cluster_in_one_go() {
    let (env, sandbox) = live(&[aws("prod", &[ON])], &[]);
    env.write("prod.yaml", aws("prod", &[ON]));
    let run = env
        .line("addon enable aws-ecr -f prod.yaml --apply")
        .run()
        .ok();
    assert_eq!(env.text("prod.yaml"), aws("prod", &[ON, "awsECR: {}"]));
    assert_eq!(
        writes(&sandbox)[0]["spec"],
        json!({"addOns": {"awsECR": {}}}),
        "never the whole document"
    );
    snapshot!(env, run, @r"
    exit 0
    --- stdout
    Enabled aws-ecr in prod.yaml
    Enabled aws-ecr on prod (version 1 → 2), same account (111122223333), no role needed
    --- stderr
    Registry access: same account (111122223333), no role needed
      spec.addOns:
    +   awsECR: {}
    Next: mk8s aws setup aws-ecr -c prod
    ");

    // The live half fails: the file is changed, and that is said.
    env.write("gone.yaml", aws("gone", &[ON]));
    let run = env.line("addon enable aws-ecr -f gone.yaml --apply").run();
    assert!([3, 9].contains(&run.code), "{run}");
    if env.text("gone.yaml") != aws("gone", &[ON]) {
        let _ = run.err("gone.yaml");
    }
}

#[test]
fn list_show_and_the_matrix_read_live_clusters() {
    let ecr = format!("awsECR: {{roleArn: \"{ROLE}\"}}");
    let (env, sandbox) = live(
        &[
            hetzner("edge", &[ON, &ecr, "rocket: {}"]),
            aws("prod", &["headlamp: {}"]),
        ],
        &[],
    );
    let _ = env
        .line("addon list -c edge")
        .run()
        .ok()
        .out("aws-ecr")
        .out(ROLE)
        .out("rocket");
    let _ = env
        .line("addon list -c edge -c prod")
        .run()
        .ok()
        .out("edge")
        .out("prod");
    let show = env.line("addon show aws-ecr -c edge").run().ok().out(ROLE);
    let _ = show.never("remote-write-password");
    let _ = env
        .line("addon show aws-ecr -c prod --exit-code")
        .run()
        .exits(10);
    let _ = env
        .line("addon show aws-ecr -c edge --exit-code")
        .run()
        .ok();
    let _ = env
        .line("addon show aws-ecr -c nobody")
        .run()
        .exits(3)
        .silent();
    assert!(writes(&sandbox).is_empty());
}

#[test]
fn credentials_in_the_status_are_masked() {
    let (env, _sandbox) = live(&[aws("prod", &["metrics: {}"])], &[]);
    for line in [
        "addon show metrics -c prod",
        "addon show metrics -c prod -o json",
        "addon show metrics -c prod -o yaml",
        "addon list -c prod -o json",
        "addon list -c prod -o wide",
    ] {
        let _ = env
            .line(line)
            .run()
            .ok()
            .never("sandbox-remote-write-password");
    }
}

#[test]
fn clusters_are_listed_across_pages_as_the_api_has_them() {
    let clusters: Vec<String> = (0..120).map(|n| aws(&format!("c{n:03}"), &[])).collect();
    let (env, sandbox) = live(&clusters, &[]);
    let names = env.line("cluster list -o names").run().ok().stdout;
    assert_eq!(names.lines().count(), 120);
    assert!(sandbox.requests().len() > 1, "no second page was asked for");
    let json = env.line("cluster list -o json").run().ok().json();
    assert_eq!(
        (&json["kind"], &json["itemKind"]),
        (&json!("list"), &json!("mk8s"))
    );
    assert_eq!(json["items"].as_array().unwrap().len(), 120);
    let _ = env.line("cluster list").run().ok().out("c000").out("c119");
}

#[test]
fn a_cluster_is_printed_in_every_format() {
    let (env, sandbox) = live(&[aws("prod", &[ON])], &[]);
    let object = sandbox.cluster("prod");
    assert_eq!(
        env.line("cluster get prod -o json").run().ok().json(),
        object
    );
    let yaml = env.line("cluster get prod -o yaml").run().ok().stdout;
    assert_eq!(serde_yaml::from_str::<Value>(&yaml).unwrap(), object);
    let slim = env.line("cluster get prod -o json-slim").run().ok().json();
    let mut kept = object.clone();
    for field in [
        "id",
        "version",
        "created",
        "lastModified",
        "links",
        "status",
        "alias",
    ] {
        kept.as_object_mut().unwrap().shift_remove(field);
    }
    assert_eq!(slim, kept);
    let _ = env
        .line("cluster get prod -o yaml-slim")
        .run()
        .ok()
        .out("awsWorkloadIdentity");
    let _ = env
        .line("cluster get prod")
        .run()
        .ok()
        .out("prod")
        .out("1.33.5");
    let issuer = object["status"]["oidcProviderUrl"].as_str().unwrap();
    for expression in ["$.status.oidcProviderUrl", "{.status.oidcProviderUrl}"] {
        let run = env
            .line(&format!("cluster get prod -o jsonpath={expression}"))
            .run()
            .ok();
        assert_eq!(run.stdout, format!("{issuer}\n"));
    }
    let _ = env
        .line("cluster get prod -o jsonpath=$.status.nothing")
        .run()
        .exits(3)
        .silent();
    let _ = env
        .line("cluster get nobody")
        .run()
        .exits(3)
        .silent()
        .err("nobody");
}

/// What `cluster get -o yaml-slim` prints can be kept and applied.
#[test]
fn a_slim_document_applies_back_without_a_change() {
    let (env, sandbox) = live(&[hetzner("edge", &[ON, "logs: {}"])], &[]);
    let slim = env.line("cluster get edge -o yaml-slim").run().ok().stdout;
    env.write("edge.yaml", slim);
    let _ = env.line("apply -f edge.yaml").run().ok();
    assert!(writes(&sandbox).is_empty(), "{:?}", writes(&sandbox));
}

#[test]
fn changes_at_the_same_time_all_arrive() {
    let (env, sandbox) = live(&[aws("prod", &[ON])], &["--latency", "20ms"]);
    let words = [
        "aws-ecr",
        "headlamp",
        "dashboard",
        "sysbox",
        "local-path-storage",
        "node-local-dns",
    ];
    std::thread::scope(|scope| {
        for word in words {
            let env = &env;
            scope.spawn(move || {
                let _ = env.line(&format!("addon enable {word} -c prod")).run().ok();
            });
        }
    });
    let after = sandbox.cluster("prod");
    let on = after["spec"]["addOns"].as_object().unwrap();
    assert_eq!(on.len(), words.len() + 1, "{on:?}");
}

#[test]
fn a_fault_that_passes_leaves_no_trace() {
    let (env, sandbox) = live(&[aws("prod", &[ON])], &[]);
    sandbox.fault("status=500,times=1");
    sandbox.fault("throttle,on=PATCH,times=1");
    let run = env.line(ENABLE).run().ok();
    assert_eq!(methods(&sandbox), "GET GET PATCH PATCH GET");
    assert!(!run.stderr.contains("error"), "{run}");
}

#[test]
fn what_was_changed_is_told_although_the_wait_was_in_vain() {
    let mut env = Env::new();
    let seeds = [aws("c1", &[]), aws("c2", &[])];
    let sandbox = Sandbox::holding(&mut env, &seeds, &["--status-delay", "1h"]);
    let line = "addon enable aws-ecr --with-prerequisites --yes --wait=10ms";
    let run = env.line(&format!("{line} -c c1 -o json")).run().exits(7);
    let item = &run.json()["items"][0];
    assert_eq!(item["action"], "enabled");
    assert_eq!(item["changed"], true);
    assert_eq!(item["error"]["code"], 7);
    // A file beside it was not left alone either, and nobody says otherwise.
    env.write("b.yaml", aws("c2", &[]));
    let run = env
        .line(&format!("{line} -f b.yaml --apply"))
        .run()
        .exits(7);
    let run = run
        .out("Enabled aws-ecr in b.yaml")
        .out("Enabled aws-ecr on c2");
    assert!(!run.stderr.contains("the cluster is not"), "{run}");
    assert_eq!(sandbox.cluster("c2")["spec"]["addOns"]["awsECR"], json!({}));
}

#[test]
fn what_was_accepted_and_not_read_back_is_told() {
    let mut env = Env::new();
    let seeds = [aws("c1", &[]), aws("c2", &[])];
    let flags = ["--fault", "status=403,on=GET:/c1,skip=1"];
    let sandbox = Sandbox::holding(&mut env, &seeds, &flags);
    let run = env
        .line("addon enable sysbox -c c1 -c c2 --yes -o json")
        .run();
    let run = run.exits(4);
    let items = run.json()["items"].as_array().unwrap().clone();
    assert_eq!(items[0]["action"], "enabled");
    assert_eq!(items[0]["verified"], false);
    assert_eq!(items[0]["error"]["code"], 4);
    assert_eq!(items[1]["verified"], true);
    sandbox.heals();
    assert_eq!(sandbox.cluster("c1")["spec"]["addOns"]["sysbox"], json!({}));
}
