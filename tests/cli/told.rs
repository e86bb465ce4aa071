//! What was created or changed is said so, whatever goes wrong afterwards.

use crate::support::manifests::{aws, hetzner};
use crate::support::{Answer, Env, Fake, Sandbox, snapshot};
use serde_json::{Value, json};

/// A way to change a cluster: the line, the cluster, what it says it did, and the word in JSON.
const WAYS: [(&str, &str, &str, &str); 5] = [
    (
        "apply -f fresh.yaml",
        "fresh",
        "`fresh` was created",
        "created",
    ),
    (
        "apply -f fresh.yaml --put --yes",
        "fresh",
        "`fresh` was created",
        "created",
    ),
    (
        "apply -f prod.yaml",
        "prod",
        "`prod` was updated",
        "updated",
    ),
    (
        "apply -f prod.yaml --put --yes",
        "prod",
        "`prod` was updated",
        "updated",
    ),
    (
        "addon enable headlamp -c prod",
        "prod",
        "`headlamp` was enabled on `prod`",
        "enabled",
    ),
];

fn place() -> (Env, Sandbox) {
    let mut env = Env::new();
    let sandbox = Sandbox::holding(&mut env, &[aws("prod", &[])], &[]);
    env.write("prod.yaml", aws("prod", &["headlamp: {}"]));
    env.write("fresh.yaml", aws("fresh", &["headlamp: {}"]));
    (env, sandbox)
}

#[test]
fn a_read_back_that_fails_hides_nothing() {
    for (fault, code) in [
        ("status=500", 8),
        ("status=403", 4),
        ("status=404", 3),
        ("garble", 8),
    ] {
        for (line, cluster, done, action) in WAYS {
            let (env, sandbox) = place();
            sandbox.fault(&format!("{fault},on=GET:/mk8s/{cluster},skip=1"));
            let run = env.line(&format!("{line} --timeout=3s -o json")).run();
            assert_eq!(run.code, code, "{fault} {line}\n{run}");
            let run = run
                .err(&format!("error: {done}, but could not be read back\n"))
                .never("was not ");
            let item = run.json()["items"][0].take();
            assert_eq!(item["action"], action, "{item}");
            assert_eq!(item["changed"], true, "{item}");
            assert_eq!(item["verified"], false, "{item}");
            assert_eq!(item["error"]["code"], code, "{item}");
            sandbox.heals();
            let add_ons = sandbox.cluster(cluster)["spec"]["addOns"].clone();
            assert_eq!(add_ons, json!({"headlamp": {}}), "{fault} {line}");
            let run = env.line(line).run().ok();
            assert!(run.stdout.contains("already"), "{run}");
        }
    }
}

#[test]
fn the_line_of_what_was_done_stands_on_stdout() {
    let (env, sandbox) = place();
    sandbox.fault("status=403,on=GET:/mk8s/fresh,skip=1");
    snapshot!(env, env.line("apply -f fresh.yaml").run(), @r#"
    exit 4
    --- stdout
    Created fresh, add-ons: headlamp
    --- stderr
    error: `fresh` was created, but could not be read back
      because: Control Plane answered 403 "the sandbox was told to answer 403 Forbidden" (request [ID])
    hint: 403 is also the answer for a misspelt org or cluster; you are using org `sandbox` from CPLN_ORG
    hint: otherwise the token (CPLN_TOKEN) lacks the view permission on mk8s
    "#);
    let (env, sandbox) = place();
    sandbox.fault("status=403,on=GET:/mk8s/prod,skip=1");
    snapshot!(env, env.line("apply -f prod.yaml").run(), @r#"
    exit 4
    --- stdout
    Updated prod
    --- stderr
    error: `prod` was updated, but could not be read back
      because: Control Plane answered 403 "the sandbox was told to answer 403 Forbidden" (request [ID])
    hint: 403 is also the answer for a misspelt org or cluster; you are using org `sandbox` from CPLN_ORG
    hint: otherwise the token (CPLN_TOKEN) lacks the view permission on mk8s
    "#);
}

#[test]
fn another_writer_right_after_us_is_no_failure() {
    for (line, cluster, _, _) in WAYS {
        let (env, sandbox) = place();
        sandbox.fault(&format!("race,on=GET:/mk8s/{cluster},skip=1"));
        let _ = env.line(line).run().ok();
        let add_ons = sandbox.cluster(cluster)["spec"]["addOns"].clone();
        assert_eq!(add_ons, json!({"headlamp": {}}), "{line}");
        sandbox.heals();
        let _ = env.line(line).run().ok();
    }
}

/// A server that takes the change and then shows a cluster without it.
pub(crate) fn forgetful(env: &mut Env, after: i64) -> Fake {
    let cluster = |version: i64| {
        json!({"kind": "mk8s", "name": "prod", "id": "x", "version": version,
            "description": "prod", "tags": {},
            "spec": {"version": "1.33.5", "provider": {"hetzner": {
                "region": "fsn1", "tokenSecretLink": "/org/acme/secret/h", "networkId": "1",
                "image": "ubuntu-22.04"}}, "addOns": {}}})
    };
    let fake = Fake::serve(vec![
        Answer::json(200, &cluster(1)),
        Answer::json(200, &Value::Null),
        Answer::json(200, &cluster(after)),
    ]);
    env.connect(fake.endpoint(), "acme", "token");
    env.write("prod.yaml", hetzner("prod", &["headlamp: {}"]));
    fake
}

#[test]
fn a_change_that_is_not_there_when_it_is_read_back_is_told_from_none() {
    for (line, done, not_done) in [
        (
            "apply -f prod.yaml",
            "`prod` was updated",
            "was not applied to `prod`",
        ),
        (
            "addon enable headlamp -c prod",
            "`headlamp` was enabled on `prod`",
            "`headlamp` was not enabled on `prod`",
        ),
    ] {
        let mut env = Env::new();
        let _fake = forgetful(&mut env, 3);
        let run = env.line(&format!("{line} -o json")).run().exits(1);
        let run = run
            .err(&format!(
                "error: {done}, but reading `prod` back does not show all of it\n"
            ))
            .err("because: missing or different: spec.addOns.headlamp\n");
        let item = run.json()["items"][0].take();
        assert_eq!(
            (&item["changed"], &item["verified"]),
            (&json!(true), &json!(false))
        );
        // The counter says that nothing was done at all.
        let _fake = forgetful(&mut env, 1);
        let _ = env
            .line(&format!("{line} -o json"))
            .run()
            .exits(1)
            .out("\"kind\": \"Error\"")
            .err(not_done)
            .err("the cluster's version is the same");
    }
}

#[test]
fn one_of_several_that_cannot_be_read_back_is_done_all_the_same() {
    let (env, sandbox) = place();
    sandbox.fault("status=403,on=GET:/mk8s/fresh,skip=1");
    let run = env
        .line("apply -f fresh.yaml -f prod.yaml --yes -o json")
        .run()
        .exits(4);
    let document = run.json();
    let items = document["items"].as_array().unwrap();
    let seen: Vec<(&Value, bool)> = items
        .iter()
        .map(|item| (&item["action"], item["error"].is_null()))
        .collect();
    assert_eq!(
        seen,
        [(&json!("created"), false), (&json!("updated"), true)]
    );
}
