//! A desired set of add-ons: brought to clusters and manifests, copied from one cluster to another,
//! and written back into a manifest.

use crate::support::manifests::{ROLE, aws, hetzner};
use crate::support::{Bed, Env, Sandbox};
use serde_json::{Value, json};

const WI: &str = "awsWorkloadIdentity: {}";

fn place(clusters: &[String]) -> (Env, Sandbox) {
    let mut env = Env::new();
    let sandbox = Sandbox::holding(&mut env, clusters, &[]);
    (env, sandbox)
}

fn add_ons(sandbox: &Sandbox, name: &str) -> Value {
    sandbox.cluster(name)["spec"]["addOns"].clone()
}

fn patches(sandbox: &Sandbox) -> usize {
    let requests = sandbox.requests();
    requests
        .iter()
        .filter(|it| it.starts_with("PATCH "))
        .count()
}

#[test]
fn a_set_is_one_patch_a_cluster_and_none_the_second_time() {
    let (env, sandbox) = place(&[
        hetzner("c1", &["logs: {}", "metrics: {kubeState: true}"]),
        hetzner("c2", &["logs: {}", "rocket: {}"]),
    ]);
    let wanted =
        format!("awsECR: {{roleArn: \"{ROLE}\"}}\nawsWorkloadIdentity: {{}}\nlogs: null\n");
    env.write("set.yaml", &wanted);
    env.write(
        "below.yaml",
        format!("spec:\n  addOns:\n    {}", wanted.replace('\n', "\n    ")),
    );
    let run = env
        .line("addon set set.yaml --all --yes -o json")
        .run()
        .ok();
    assert_eq!(patches(&sandbox), 2);
    let seen: Vec<String> = run.json()["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| {
            format!(
                "{} {} {}",
                item["target"]["name"], item["action"], item["addon"]
            )
        })
        .collect();
    assert_eq!(seen.len(), 6, "{seen:?}");
    for item in [
        "\"c1\" \"enabled\" \"aws-workload-identity\"",
        "\"c1\" \"enabled\" \"aws-ecr\"",
        "\"c2\" \"disabled\" \"logs\"",
    ] {
        assert!(seen.iter().any(|it| it == item), "{item} {seen:?}");
    }
    assert_eq!(
        add_ons(&sandbox, "c1"),
        json!({"metrics": {"kubeState": true}, "awsWorkloadIdentity": {}, "awsECR": {"roleArn": ROLE}})
    );
    for file in ["set.yaml", "below.yaml"] {
        let run = env
            .line(&format!("addon set {file} --all --yes"))
            .run()
            .ok();
        let _ = run.out("The add-ons are already so on c1");
    }
    assert_eq!(patches(&sandbox), 2);
}

#[test]
fn a_closed_set_asks_and_shows_what_goes() {
    let (env, sandbox) = place(&[hetzner("c1", &["logs: {}", "metrics: {}", "rocket: {}"])]);
    env.write("set.yaml", "logs: {}\n");
    let line = "addon set set.yaml -c c1 --prune";
    let run = env.line(line).run().exits(2);
    let _ = run
        .err("-   metrics: {}")
        .err("the add-ons were not set on `c1`");
    let run = env.line(&format!("{line} --dry-run")).run().ok();
    let _ = run.err("Would set the add-ons on c1: metrics disabled");
    let run = env.line(&format!("{line} --yes")).run().ok();
    let _ = run.out("Set the add-ons on c1 (version 1 → 2): metrics disabled");
    assert_eq!(add_ons(&sandbox, "c1"), json!({"logs": {}, "rocket": {}}));
    let _ = env
        .line(&format!("{line} --prune-unknown --yes"))
        .run()
        .ok();
    assert_eq!(add_ons(&sandbox, "c1"), json!({"logs": {}}));
    env.write("none.yaml", "{}\n");
    let line = "addon set none.yaml -c c1 --prune --yes";
    let _ = env.line(line).run().exits(2).err("--allow-empty");
    let _ = env.line(&format!("{line} --allow-empty")).run().ok();
    assert_eq!(add_ons(&sandbox, "c1"), json!({}));
}

#[test]
fn a_manifest_is_brought_to_a_set_like_a_cluster() {
    let env = Env::new();
    let before = hetzner("c1", &["logs: {} # kept", "metrics: {}"]);
    env.write("c1.yaml", &before);
    env.write("set.yaml", "addOns:\n  metrics: null\n  nvidia: {}\n");
    let line = "addon set set.yaml -f c1.yaml";
    let _ = env.line(line).run().ok().out("Set the add-ons in c1.yaml");
    let after = env.text("c1.yaml");
    assert!(
        after.contains("logs: {} # kept") && after.contains("nvidia: {}"),
        "{after}"
    );
    assert!(!after.contains("metrics"), "{after}");
    let _ = env.line(line).run().ok().out("already so");
    assert_eq!(env.text("c1.yaml"), after);
}

#[test]
fn what_is_no_set_is_refused() {
    let (env, sandbox) = place(&[hetzner("c1", &[])]);
    for (text, why) in [
        ("awsEcr: {}\n", "did you mean `awsECR`?"),
        ("rocket: {}\n", "--unknown"),
        (
            "logs: true\n",
            "`logs` is neither an object of settings nor null",
        ),
        ("- logs\n", "an object is expected"),
        ("logs: {}\nlogs: {}\n", "written twice"),
        ("awsECR: {}\n", "aws-workload-identity"),
        ("metrics: {kubeState: maybe}\n", "kubeState"),
        (
            "logs: {includeNamespaces: \"${NS}\"}\n",
            "has yet to fill in",
        ),
    ] {
        env.write("set.yaml", text);
        let run = env.line("addon set set.yaml -c c1 --yes").run();
        assert!([2, 6].contains(&run.code), "{text}\n{run}");
        let _ = run.err(why);
    }
    env.write("set.yaml", "logs: {}\n");
    let run = env.line("addon set set.yaml -c c1 --wait").run().exits(2);
    let _ = run.err("--wait was given to a set of add-ons");
    assert_eq!(patches(&sandbox), 0);
}

#[test]
fn a_copy_leaves_out_who_the_first_cluster_is() {
    let ecr = format!("awsECR: {{roleArn: \"{ROLE}\"}}");
    let efs = format!("awsEFS: {{roleArn: \"{ROLE}\"}}");
    let from = [WI, &ecr, &efs, "metrics: {kubeState: true}", "headlamp: {}"];
    let (env, sandbox) = place(&[
        aws("from", &from),
        aws("to", &["metrics: {nodeExporter: true}", "logs: {}"]),
        aws(
            "too",
            &[
                WI,
                "awsECR: {roleArn: \"arn:aws:iam::111122223333:role/own\"}",
            ],
        ),
    ]);
    let line = "addon copy --from from --to to,too";
    let run = env.line(&format!("{line} --yes")).run().ok();
    let run = run.err("Left out: roleArn of aws-ecr, which belongs to from");
    let _ = run.err("Not copied: aws-efs, which needs roleArn");
    let metrics = json!({"kubeState": true});
    assert_eq!(
        add_ons(&sandbox, "to"),
        json!({"metrics": metrics, "logs": {}, "awsWorkloadIdentity": {}, "awsECR": {},
            "headlamp": {}})
    );
    let own = json!({"roleArn": "arn:aws:iam::111122223333:role/own"});
    assert_eq!(add_ons(&sandbox, "too")["awsECR"], own);
    let before = patches(&sandbox);
    let _ = env.line(&format!("{line} --yes")).run().ok();
    assert_eq!(patches(&sandbox), before, "a second copy writes nothing");
    let run = env
        .line(&format!("{line} --with-identities --prune --yes"))
        .run()
        .ok();
    let _ = run.err("aws-efs takes roleArn of from along");
    assert_eq!(add_ons(&sandbox, "to"), add_ons(&sandbox, "from"));
    let _ = env.line("addon copy --from from --to from").run().exits(2);
    let _ = env.line("addon copy --from nobody --to to").run().exits(3);
}

#[test]
fn what_is_live_is_written_back_and_nothing_else() {
    let add_ons = ["metrics: {kubeState: true}", "nvidia: {}"];
    let (env, _sandbox) = place(&[hetzner("c1", &add_ons)]);
    let before = hetzner("c1", &["logs: {}", "metrics: {kubeState: false} # why not"]);
    env.write("c1.yaml", format!("# mine\n{before}"));
    let line = "addon pull -c c1 -f c1.yaml";
    let run = env
        .line(&format!("{line} --dry-run --exit-code"))
        .run()
        .exits(10);
    let _ = run.out("nvidia: {}");
    let _ = env.line(line).run().ok();
    let after = env.text("c1.yaml");
    assert!(
        after.starts_with("# mine\n") && after.contains("# why not"),
        "{after}"
    );
    let _ = env.line("diff -f c1.yaml --exit-code").run().ok();
    // Again: the same bytes, and the file is not touched.
    let time = || {
        std::fs::metadata(env.path("c1.yaml"))
            .unwrap()
            .modified()
            .unwrap()
    };
    let touched = time();
    let _ = env.line(line).run().ok().out("already so");
    assert_eq!((env.text("c1.yaml"), time()), (after, touched));
    let _ = env.line("addon pull -c nobody -f c1.yaml").run().exits(3);
}

#[test]
fn whole_manifests_differ_by_what_a_user_sets_alone() {
    let (env, _sandbox) = place(&[hetzner("other", &[])]);
    for manifest in [hetzner("edge", &["logs: {}"]), aws("home", &[WI])] {
        env.write("m.yaml", &manifest);
        let _ = env.line("apply -f m.yaml --yes").run().ok();
        let run = env
            .line("diff -f m.yaml --all-fields --exit-code")
            .run()
            .ok();
        assert_eq!(run.stdout, "", "{run}");
        let run = env
            .line("diff -f m.yaml --all-fields --explain-ignored")
            .run()
            .ok();
        let _ = run.err("is no difference: defaulted");
    }
    let other = hetzner("edge", &[]).replace("region: fsn1", "region: nbg1");
    env.write("m.yaml", other);
    let run = env
        .line("diff -f m.yaml --all-fields --exit-code")
        .run()
        .exits(10);
    let run = run.out("- spec.provider.hetzner.region: \"fsn1\"");
    let _ = run.out("+ spec.provider.hetzner.region: \"nbg1\"");
    let run = env.line("diff -f m.yaml --all-fields -o json").run().ok();
    assert_eq!(
        run.json()["items"][0]["differences"][0]["state"],
        "different"
    );
    let _ = env.line("diff -f m.yaml --explain-ignored").run().exits(2);
}

#[test]
fn two_live_clusters_are_compared() {
    let (env, _sandbox) = place(&[
        hetzner("one", &["logs: {}", "metrics: {kubeState: true}"]),
        hetzner("two", &["logs: {}"]),
    ]);
    let run = env
        .line("diff --clusters one,two --exit-code")
        .run()
        .exits(10);
    let _ = run
        .out("--- one (live)")
        .out("+++ two (live)")
        .out("-   metrics:");
    let run = env.line("diff --clusters two,two --exit-code").run().ok();
    assert_eq!(run.stdout, "");
    for line in [
        "--clusters one",
        "--clusters one,two,three",
        "--clusters one,two -f x.yaml",
    ] {
        let _ = env.line(&format!("diff {line}")).run().exits(2);
    }
    let _ = env.line("diff --clusters one,nobody").run().exits(3);
}

#[test]
fn what_is_waited_for_is_an_add_on_or_a_path() {
    let mut env = Env::new();
    let clusters = [hetzner("c1", &[WI]), hetzner("c2", &[])];
    let sandbox = Sandbox::holding(&mut env, &clusters, &["--status-delay", "1s"]);
    let run = env
        .line("cluster wait -c c1 --for=addon=aws-workload-identity")
        .run()
        .ok();
    let _ = run.out("c1: status.oidcProviderUrl is there");
    let run = env
        .line("cluster wait --all --for=jsonpath={.name}=c1 --wait 1s -o json")
        .run();
    let items = run.json()["items"].clone();
    assert_eq!(
        (&items[0]["reached"], &items[1]["reached"]),
        (&true.into(), &false.into())
    );
    assert_eq!(items[1]["error"]["code"], 7);
    let run = env
        .line("cluster wait -c c2 --for=addon=nvidia")
        .run()
        .exits(6);
    let _ = run.err("it is off");
    let _ = env.line("addon enable nvidia -c c2").run().ok();
    let run = env
        .line("cluster wait -c c2 --for=addon=nvidia")
        .run()
        .exits(6);
    let _ = run.err("publishes no status");
    let run = env.line("cluster wait --all --for=addon=aws-erc").run();
    let _ = run
        .exits(2)
        .err("no add-on is called `aws-erc`")
        .err("did you mean `aws-ecr`?");
    for condition in ["addon=", "jsonpath=", "ready"] {
        let line = format!("cluster wait -c c1 --for={condition}");
        let _ = env.line(&line).run().exits(2);
    }
    let writes = sandbox
        .requests()
        .iter()
        .filter(|it| !it.starts_with("GET "))
        .count();
    assert_eq!(writes, 1);
}

#[test]
fn a_copy_leaves_out_an_add_on_that_cannot_be_without_what_is_left_out() {
    let ecr = format!("awsECR: {{roleArn: \"{ROLE}\"}}");
    let (env, sandbox) = place(&[
        aws("from", &[WI, &ecr, "headlamp: {}"]),
        hetzner("outside", &["logs: {}"]),
        aws("inside", &[]),
    ]);
    let line = "addon copy --from from --to outside,inside";
    let run = env.line(&format!("{line} --yes -o json")).run().ok();
    let words = "aws-ecr is not copied on `outside`, since what it needs there was left out";
    let run = run.err(words);
    assert!(
        run.json()["items"][0]["warnings"][0]
            .as_str()
            .unwrap()
            .starts_with(words),
        "{run}"
    );
    assert_eq!(
        add_ons(&sandbox, "outside"),
        json!({"logs": {}, "awsWorkloadIdentity": {}, "headlamp": {}})
    );
    assert_eq!(add_ons(&sandbox, "inside")["awsECR"], json!({}));
    let before = patches(&sandbox);
    let _ = env.line(&format!("{line} --yes")).run().ok();
    assert_eq!(patches(&sandbox), before);
    // What differs afterwards is what was left out, and what only the other has.
    let run = env.line("diff --clusters from,outside -o json").run().ok();
    let differences = run.json()["items"][0]["differences"].clone();
    let paths: Vec<&str> = differences
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["path"].as_str().unwrap())
        .collect();
    assert_eq!(paths, ["spec.addOns.logs", "spec.addOns.awsECR"]);
    // Any other reason is one against all of it.
    let _ = env.line("addon enable nvidia -c inside").run().ok();
    let (env, sandbox) = place(&[aws("from", &["awsECR: {}", "headlamp: {}"]), aws("to", &[])]);
    let run = env
        .line("addon copy --from from --to to --yes")
        .run()
        .exits(6);
    let _ = run.err("aws-workload-identity");
    assert_eq!(patches(&sandbox), 0);
}

#[test]
fn a_set_writes_nothing_where_something_else_stands_than_was_expected() {
    let (env, sandbox) = place(&[hetzner("c1", &["logs: {}", "metrics: {kubeState: true}"])]);
    env.write("set.yaml", "nvidia: {}\n");
    env.write(
        "c1.yaml",
        hetzner("c1", &["logs: {}", "metrics: {kubeState: true}"]),
    );
    for target in ["-c c1", "-f c1.yaml"] {
        let line = format!("addon set set.yaml {target}");
        let wrong = "--expect metrics.kubeState=false --expect logs= --expect aws-ecr.roleArn=arn:aws:iam::999999999999:role/x";
        let run = env.line(&format!("{line} {wrong}")).run().exits(5);
        let run = run.err("metrics: its `kubeState` is `true`, and `false` was expected");
        let _ = run
            .err("logs is on, and it was expected to be off")
            .err("aws-ecr: its `roleArn` is not there, and `arn:aws:iam::999999999999:role/x` was expected");
        let right = "--expect metrics.kubeState=true --expect logs={} --expect aws-ecr= \
                     --expect headlamp.x=";
        let _ = env.line(&format!("{line} {right}")).run().ok();
    }
    assert_eq!(patches(&sandbox), 1);
    for (wrong, why) in [
        (
            "logs={auditEnabled: true}",
            "logs has other settings, and `{auditEnabled: true}` was expected",
        ),
        ("headlamp={}", "headlamp is off, and `{}` was expected"),
    ] {
        let words = ["addon", "set", "set.yaml", "-c", "c1", "--expect", wrong];
        let _ = env.mk8s(&words).run().exits(5).err(why);
    }
    for (wrong, why) in [
        ("aws-erc=", "did you mean `aws-ecr`?"),
        ("metrics.kubeState=often", "often"),
        ("metrics", "PATH=VALUE"),
    ] {
        let run = env
            .line(&format!("addon set set.yaml -c c1 --expect {wrong}"))
            .run();
        let _ = run.exits(2).err(why);
    }
    let run = env.line("addon set - -f -").run().exits(2);
    let _ = run.err("stdin was named twice");
    let run = env
        .mk8s(&["addon", "set", "-", "-c", "c1", "--prune"])
        .stdin("{}\n")
        .run();
    let _ = run.exits(2).err("because: stdin names no add-on");
}

#[test]
fn a_secret_that_changes_is_seen_in_every_preview_and_not_shown() {
    let mut env = Env::new();
    let rocket = |password: &str| hetzner("c1", &[&format!("rocket: {{password: {password}}}")]);
    let _sandbox = Sandbox::holding(&mut env, &[rocket("TOPSECRET1")], &["--known", "rocket"]);
    env.write("set.yaml", "rocket: {password: TOPSECRET2}\n");
    env.write("c1.yaml", rocket("TOPSECRET2"));
    for line in [
        "addon enable rocket --unknown -c c1 --set-string password=TOPSECRET2 --dry-run",
        "addon set set.yaml --unknown -c c1 --dry-run",
        "apply -f c1.yaml --dry-run",
        "diff -f c1.yaml",
        "diff -f c1.yaml --all-fields",
    ] {
        let run = env.line(line).run().ok().never("TOPSECRET");
        let _ = run.out("***").out("*** (another value)");
    }
    for line in [
        "diff -f c1.yaml -o json",
        "apply -f c1.yaml --dry-run -o json",
    ] {
        let run = env.line(line).run().ok().never("TOPSECRET");
        assert_eq!(
            run.json()["items"][0]["differences"][0]["state"],
            "different"
        );
    }
}

#[test]
fn a_copied_role_is_asked_whether_it_lets_the_other_cluster_in() {
    let wi = ["awsWorkloadIdentity: {}"];
    let bed = Bed::holding(
        &[
            hetzner("one", &[]),
            hetzner("two", &wi),
            hetzner("bare", &[]),
        ],
        &[],
    );
    bed.run("aws setup aws-ecr -c one --role-name shared --yes")
        .ok();
    let line = "addon copy --from one --to two,bare --with-identities --dry-run";
    bed.moto.forget();
    let run = bed.run(line).ok();
    let run = run.err("aws-ecr takes roleArn of one along");
    let run = run.err("warning: the role arn:aws:iam::");
    let run = run.err(
        "role/shared of aws-ecr does not let two in: its trust policy does not name arn:aws:iam::",
    );
    let run =
        run.err("whether the role of aws-ecr lets bare in is not known: it publishes no issuer");
    assert!(bed.moto.writes().is_empty(), "{run}");

    bed.run("aws setup aws-ecr -c two --role-name shared --yes")
        .ok();
    let run = bed
        .run("addon copy --from one --to two --with-identities --dry-run")
        .ok();
    assert!(!run.stderr.contains("does not let"), "{run}");

    // Whoever has no credentials copies all the same, and is told what is not known.
    let mut command = bed.env.line(line);
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
        command.env(name, "");
    }
    let run = command.run().ok();
    let _ = run.err("whether the role of aws-ecr lets the other cluster in is not known: the AWS account is not known");
}
