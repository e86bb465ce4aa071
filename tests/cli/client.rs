//! The real Control Plane client beside `mk8s`, both on the sandbox: each must find what the other
//! wrote.

use crate::support::manifests::{ROLE, aws, hetzner};
use crate::support::{Env, Sandbox};
use serde_json::{Value, json};

const ON: &str = "awsWorkloadIdentity: {}";

fn live(clusters: &[String], flags: &[&str]) -> (Env, Sandbox) {
    let mut env = Env::new();
    let sandbox = Sandbox::holding(&mut env, clusters, flags);
    (env, sandbox)
}

fn cpln(env: &Env, line: &str) -> crate::support::Run {
    env.cpln(&line.split_whitespace().collect::<Vec<_>>()).run()
}

#[test]
fn what_mk8s_writes_the_client_reads() {
    let (env, _sandbox) = live(&[hetzner("edge", &[])], &[]);
    let _ = env
        .line(&format!(
            "addon enable aws-ecr -c edge --with-prerequisites --role-arn {ROLE}"
        ))
        .run()
        .ok();
    let run = cpln(&env, "mk8s get edge -o json").ok();
    let seen = run.json();
    let cluster = seen.get(0).unwrap_or(&seen);
    assert_eq!(
        cluster["spec"]["addOns"],
        json!({"awsWorkloadIdentity": {}, "awsECR": {"roleArn": ROLE}})
    );
    assert_eq!(
        cluster,
        &env.line("cluster get edge -o json").run().ok().json()
    );
    let _ = env.line("addon disable aws-ecr -c edge --yes").run().ok();
    let after = cpln(&env, "mk8s get edge -o json-slim").ok().json();
    let after = after.get(0).unwrap_or(&after);
    assert_eq!(after["spec"]["addOns"], json!({"awsWorkloadIdentity": {}}));
}

#[test]
fn what_the_client_applies_mk8s_reads_and_changes() {
    let (env, _sandbox) = live(&[aws("other", &[])], &[]);
    env.write("prod.yaml", aws("prod", &[ON]));
    let _ = cpln(&env, "apply -f prod.yaml").ok().out("Created");
    let _ = env
        .line("addon show aws-workload-identity -c prod --exit-code")
        .run()
        .ok();
    let _ = env.line("addon enable aws-ecr -f prod.yaml").run().ok();
    let _ = cpln(&env, "apply -f prod.yaml").ok().out("Updated");
    let _ = env
        .line("addon show aws-ecr -c prod --exit-code")
        .run()
        .ok();
    let _ = env
        .line("addon enable aws-ecr -c prod")
        .run()
        .ok()
        .out("already");
}

#[test]
fn a_manifest_on_stdin_can_be_piped_into_the_client() {
    let (env, sandbox) = live(&[aws("other", &[])], &[]);
    let edited = env
        .line(&format!(
            "addon enable aws-ecr -f - --with-prerequisites --role-arn {ROLE}"
        ))
        .stdin(hetzner("edge", &[]))
        .run()
        .ok()
        .stdout;
    let _ = env.cpln(&["apply", "-f", "-"]).stdin(edited).run().ok();
    assert_eq!(
        sandbox.cluster("edge")["spec"]["addOns"]["awsECR"],
        json!({"roleArn": ROLE})
    );
}

#[test]
fn the_client_patches_updates_queries_and_deletes() {
    let (env, sandbox) = live(
        &[aws("prod", &[ON]), hetzner("edge", &["headlamp: {}"])],
        &[],
    );
    env.write(
        "patch.yaml",
        "spec:\n  addOns:\n    awsECR: {}\n    awsWorkloadIdentity: {}\n",
    );
    let _ = cpln(&env, "mk8s patch prod -f patch.yaml").ok();
    let _ = env
        .line("addon show aws-ecr -c prod --exit-code")
        .run()
        .ok();
    env.write("off.yaml", "spec: {addOns: {awsECR: null}}\n");
    let _ = cpln(&env, "mk8s patch prod -f off.yaml").ok();
    let _ = env
        .line("addon show aws-ecr -c prod --exit-code")
        .run()
        .exits(10);

    let _ = cpln(
        &env,
        "mk8s update prod --set tags.team=shop --set description=Shop",
    )
    .ok();
    let cluster = sandbox.cluster("prod");
    assert_eq!(
        (&cluster["tags"]["team"], &cluster["description"]),
        (&json!("shop"), &json!("Shop"))
    );
    let _ = cpln(&env, "mk8s update prod --unset tags.team").ok();
    assert_eq!(sandbox.cluster("prod")["tags"].get("team"), None);

    let found = cpln(&env, "mk8s query --property name=edge -o json")
        .ok()
        .json();
    let names: Vec<&Value> = found["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| &item["name"])
        .collect();
    assert_eq!(names, ["edge"]);

    let _ = cpln(&env, "mk8s delete edge").ok();
    let _ = env.line("cluster get edge").run().exits(3);
    let _ = cpln(&env, "mk8s get edge").exits(1);
}

#[test]
fn lists_agree_across_pages() {
    let clusters: Vec<String> = (0..70).map(|n| aws(&format!("c{n:03}"), &[])).collect();
    let (env, _sandbox) = live(&clusters, &[]);
    let ours = env.line("cluster list -o names").run().ok().stdout;
    let theirs = cpln(&env, "mk8s get --max 0 -o json").ok().json();
    let theirs: Vec<&str> = theirs["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["name"].as_str().unwrap())
        .collect();
    assert_eq!(ours.lines().collect::<Vec<_>>(), theirs);
}

#[test]
fn profiles_written_by_the_client_are_read() {
    let (mut env, sandbox) = live(&[aws("prod", &[])], &[]);
    let (endpoint, org, token) = (
        sandbox.endpoint().to_owned(),
        sandbox.org().to_owned(),
        sandbox.token().to_owned(),
    );
    env.unset("CPLN_ENDPOINT")
        .unset("CPLN_ORG")
        .unset("CPLN_TOKEN");
    let home = env.root().join("cpln");
    let _ = cpln(
        &env,
        &format!("profile create ci --org {org} --endpoint {endpoint} --token {token} --default"),
    )
    .ok();
    env.set("CPLN_HOME", home.to_str().unwrap());
    let _ = env.line("cluster get prod").run().ok();
    let _ = env
        .line("auth status")
        .run()
        .ok()
        .out(&org)
        .out("ci")
        .never(&token);
}
