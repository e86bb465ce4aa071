//! What a cluster publishes only after a while: issuer URL, trust policy, `--wait`.

use crate::support::manifests::{ROLE, aws, hetzner};
use crate::support::{Env, Sandbox, snapshot};
use serde_json::{Value, json};

const ON: &str = "awsWorkloadIdentity: {}";

fn ecr() -> String {
    format!("awsECR: {{roleArn: \"{ROLE}\"}}")
}

fn live(cluster: String, flags: &[&str]) -> (Env, Sandbox) {
    let mut env = Env::new();
    let sandbox = Sandbox::holding(&mut env, &[cluster], flags);
    (env, sandbox)
}

#[test]
fn the_trust_policy_is_printed_as_served_in_both_forms() {
    for form in ["object", "string"] {
        let (env, sandbox) = live(hetzner("edge", &[ON, &ecr()]), &["--trust-policy", form]);
        let served = sandbox.cluster("edge")["status"]["addOns"]["awsECR"]["trustPolicy"].take();
        assert_eq!(served.is_string(), form == "string");
        let served: Value = match served {
            Value::String(text) => serde_json::from_str(&text).unwrap(),
            other => other,
        };
        let run = env.line("addon trust-policy aws-ecr -c edge").run().ok();
        assert_eq!(run.json(), served);
        assert_eq!(
            run.json()["Statement"][0]["Action"],
            "sts:AssumeRoleWithWebIdentity"
        );
        // aws-ecr is what is meant when nothing is said.
        let default = env.line("addon trust-policy -c edge").run().ok();
        assert_eq!(default.stdout, run.stdout);
    }
}

#[test]
fn the_account_is_set_on_request_and_a_placeholder_is_pointed_out() {
    let (env, _sandbox) = live(
        hetzner("edge", &[ON, &ecr()]),
        &["--trust-policy", "placeholder"],
    );
    let plain = env.line("addon trust-policy -c edge").run().ok();
    assert!(
        plain.stdout.contains("<AWS_ACCOUNT_ID>"),
        "as served\n{plain}"
    );
    let _ = plain.err("<AWS_ACCOUNT_ID>").err("--account");
    let set = env
        .line("addon trust-policy -c edge --account 222233334444")
        .run()
        .ok();
    let principal = set.json()["Statement"][0]["Principal"]["Federated"].take();
    assert!(
        principal
            .as_str()
            .unwrap()
            .starts_with("arn:aws:iam::222233334444:oidc-provider/"),
        "{principal}"
    );
    let _ = set.never("AWS_ACCOUNT_ID> is left");
    for account in ["12345", "abcdefghijkl", ""] {
        let _ = env
            .mk8s(&["addon", "trust-policy", "-c", "edge", "--account", account])
            .run()
            .exits(2)
            .silent();
    }
}

#[test]
fn a_policy_that_is_not_there_yet_is_3_and_an_add_on_that_is_off_is_6() {
    let (env, _sandbox) = live(hetzner("edge", &[ON, &ecr()]), &["--status-delay", "1h"]);
    snapshot!(env, env.line("addon trust-policy -c edge").run(), @r"
    exit 3
    --- stderr
    error: the trust policy of `aws-ecr` is not there yet on `edge`
      because: status.addOns.awsECR.trustPolicy is missing; last seen: awsECR absent from status
    hint: mk8s addon trust-policy aws-ecr -c edge --wait
    ");
    let (env, _sandbox) = live(hetzner("edge", &[ON]), &[]);
    snapshot!(env, env.line("addon trust-policy -c edge").run(), @r"
    exit 6
    --- stderr
    error: there is no trust policy of `aws-ecr` on `edge`
      because: `aws-ecr` is off
    hint: mk8s addon enable aws-ecr -c edge --role-arn ARN
    ");
}

#[test]
fn the_issuer_is_a_bare_string_and_3_until_it_is_there() {
    let (env, sandbox) = live(aws("prod", &[ON]), &[]);
    let issuer = sandbox.cluster("prod")["status"]["oidcProviderUrl"].take();
    let run = env.line("addon oidc-url -c prod").run().ok();
    assert_eq!(run.stdout, format!("{}\n", issuer.as_str().unwrap()));
    let (env, _sandbox) = live(aws("prod", &[ON]), &["--status-delay", "1h"]);
    let _ = env.line("addon oidc-url -c prod").run().exits(3).silent();
    // Nobody will ever publish it: the add-on that does is off.
    let (env, _sandbox) = live(aws("prod", &[]), &[]);
    let _ = env.line("addon oidc-url -c prod").run().exits(6).silent();
}

#[test]
fn waiting_ends_when_the_promise_is_kept() {
    let (env, sandbox) = live(hetzner("edge", &[ON]), &["--status-delay", "1500ms"]);
    let run = env
        .line(&format!(
            "addon enable aws-ecr -c edge --role-arn {ROLE} --wait=60s -o json"
        ))
        .run()
        .ok();
    assert!(sandbox.cluster("edge")["status"]["addOns"]["awsECR"]["trustPolicy"].is_object());
    assert_ne!(run.json()["items"][0]["waited"], Value::Null);
    let _ = env.line("addon trust-policy -c edge --wait=10s").run().ok();
}

#[test]
fn waiting_in_vain_is_7_and_the_add_on_stays_on() {
    let (env, sandbox) = live(hetzner("edge", &[ON]), &["--status-delay", "1h"]);
    let run = env
        .line(&format!(
            "addon enable aws-ecr -c edge --role-arn {ROLE} --wait=1s"
        ))
        .run()
        .exits(7);
    let _ = run.err("trustPolicy").err("stays enabled");
    assert_eq!(
        sandbox.cluster("edge")["spec"]["addOns"]["awsECR"],
        json!({"roleArn": ROLE})
    );
    let _ = env
        .line("addon trust-policy -c edge --wait=1s")
        .run()
        .exits(7)
        .silent();
}

#[test]
fn what_promises_nothing_is_not_waited_for() {
    let (env, _sandbox) = live(aws("prod", &[]), &["--status-delay", "1h"]);
    let run = env.line("addon enable sysbox -c prod --wait").run().ok();
    assert!(run.elapsed.as_secs() < 10, "{run}");
    assert!(
        !run.stderr.is_empty(),
        "nothing is said about the wait\n{run}"
    );
}
