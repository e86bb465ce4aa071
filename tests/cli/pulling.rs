//! `mk8s addon pull` of many clusters, and of clusters that have no manifest yet.

use crate::support::manifests::{ROLE, aws, hetzner};
use crate::support::{Env, Sandbox, snapshot};
use std::os::unix::fs::PermissionsExt as _;

fn place(clusters: &[String]) -> (Env, Sandbox) {
    let mut env = Env::new();
    let sandbox = Sandbox::holding(&mut env, clusters, &[]);
    (env, sandbox)
}

#[test]
fn a_folder_gets_what_is_live_and_a_file_for_each_cluster_that_has_none() {
    let ecr = format!("awsECR: {{roleArn: \"{ROLE}\"}}");
    let (env, _sandbox) = place(&[
        hetzner("c1", &["logs: {}", "nvidia: {}"]),
        aws("c2", &["awsWorkloadIdentity: {}", &ecr]),
        hetzner("c3", &[]),
    ]);
    let one = format!("# mine\n{}", hetzner("c1", &["metrics: {} # gone"]));
    env.write("m/one.yaml", format!("{one}---\nkind: gvc\nname: shop\n"));
    env.write("m/other.yaml", hetzner("elsewhere", &[]));
    let line = "addon pull --all --dir m";
    let dry = env.line(&format!("{line} --dry-run --exit-code"));
    let dry = dry
        .run()
        .exits(10)
        .out("--- m/c2.yaml")
        .out("+      roleArn:");
    let _ = dry.err("Would make m/c3.yaml, the manifest of c3");
    assert!(!env.path("m/c2.yaml").exists());
    snapshot!(env, env.line(line).run(), @r"
    exit 0
    --- stdout
    Set the add-ons in m/one.yaml: nvidia and logs enabled, metrics disabled; the live cluster is not changed
    Made m/c2.yaml, the manifest of c2
    Made m/c3.yaml, the manifest of c3
    --- stderr
    3 changed
    Undo: mk8s undo [RUN]
    ");
    let text = env.text("m/one.yaml");
    assert!(
        text.starts_with("# mine\n") && text.contains("nvidia: {}"),
        "{text}"
    );
    assert!(
        !text.contains("metrics") && text.ends_with("name: shop\n"),
        "{text}"
    );
    assert_eq!(env.text("m/other.yaml"), hetzner("elsewhere", &[]));
    let mode = std::fs::metadata(env.path("m/c2.yaml"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o644);
    // It is what is live, and a second time nothing is written.
    let _ = env.line("validate --strict m/c2.yaml m/c3.yaml").run().ok();
    let all = "diff m/one.yaml m/c2.yaml m/c3.yaml --exit-code";
    let _ = env.line(all).run().ok();
    let _ = env
        .line("diff m/c2.yaml m/c3.yaml --all-fields --exit-code")
        .run()
        .ok();
    let before = ["m/one.yaml", "m/c2.yaml", "m/c3.yaml"].map(|file| env.read(file));
    let run = env.line(&format!("{line} -o json")).run().ok();
    let items = run.json()["items"].as_array().unwrap().clone();
    assert!(items.iter().all(|item| item["changed"] == false), "{run}");
    assert_eq!(
        before,
        ["m/one.yaml", "m/c2.yaml", "m/c3.yaml"].map(|file| env.read(file))
    );
}

#[test]
fn a_manifest_that_is_not_there_is_made() {
    let (env, sandbox) = place(&[hetzner("c1", &["logs: {}"])]);
    let _ = env
        .line("addon pull -c c1 -f new/c1.yaml")
        .run()
        .ok()
        .out("Made new/c1.yaml, the manifest of c1");
    let text = env.text("new/c1.yaml");
    for server in ["version: 1\n", "id:", "status:", "links:", "created:"] {
        assert!(
            !text.starts_with(server) && !text.contains(&format!("\n{server}")),
            "{text}"
        );
    }
    // The real client takes it.
    let _ = env.cpln(&["apply", "--file", "new/c1.yaml"]).run().ok();
    assert_eq!(
        sandbox.cluster("c1")["spec"]["addOns"],
        serde_json::json!({"logs": {}})
    );
    let _ = env.line("addon pull -c c1 -f new/c1.json").run().ok();
    let json: serde_json::Value = serde_json::from_str(&env.text("new/c1.json")).unwrap();
    assert_eq!(json["spec"]["addOns"], serde_json::json!({"logs": {}}));
    let patch = env
        .line("addon pull -c c1 -f other.yaml --dry-run -o patch -q")
        .run()
        .ok();
    env.write("p.patch", &patch.bytes);
    let _ = env.sh("git init -q . && git apply p.patch").run().ok();
    assert_eq!(env.text("other.yaml"), text);
}

#[test]
fn what_is_not_certain_is_refused_and_nothing_is_written() {
    let (env, _sandbox) = place(&[hetzner("c1", &["logs: {}"]), hetzner("c2", &["logs: {}"])]);
    env.write("m/a.yaml", hetzner("c1", &[]));
    env.write("m/b.yaml", hetzner("c1", &[]));
    let run = env.line("addon pull --all --dir m").run().exits(6);
    let _ = run.err("it is described in m/a.yaml and in m/b.yaml");
    assert!(!env.path("m/c2.yaml").exists());
    std::fs::remove_file(env.path("m/b.yaml")).unwrap();
    env.write("m/c2.yaml", "kind: gvc\nname: c2\n");
    let run = env.line("addon pull --all --dir m").run().exits(6);
    let _ = run.err("`m/c2.yaml` is there, and does not describe it");
    assert_eq!(env.text("m/a.yaml"), hetzner("c1", &[]));
    for line in [
        "addon pull --dir m",
        "addon pull --all",
        "addon pull --all -f none.yaml",
        "addon pull -c c1 -f a.yaml --dir m",
        "addon pull -c c1 --dir m/a.yaml",
    ] {
        let _ = env.line(line).run().exits(2).silent();
    }
    let _ = env.line("addon pull -c nobody --dir m").run().exits(3);
}

#[test]
fn a_cluster_that_cannot_be_read_holds_up_no_other() {
    let (env, sandbox) = place(&[hetzner("c1", &["logs: {}"]), hetzner("c2", &[])]);
    sandbox.fault("status=500,on=GET:/c2");
    let run = env
        .line("addon pull -c c1 -c c2 --dir m -o json")
        .run()
        .exits(9);
    let items = run.json()["items"].as_array().unwrap().clone();
    assert_eq!(items.len(), 2, "{run}");
    assert!(
        items[1]["error"].is_object() && env.path("m/c1.yaml").exists(),
        "{run}"
    );
    assert!(!env.path("m/c2.yaml").exists());
    let run = env
        .line("addon pull -c c1 -c c2 -f m/c1.yaml -o json")
        .run()
        .exits(9);
    assert_eq!(run.json()["items"].as_array().unwrap().len(), 2, "{run}");
}

#[test]
fn what_the_server_fills_in_stays_out_of_a_manifest_that_does_not_have_it() {
    let live = [
        "metrics: {kubeState: true, nodeExporter: false, scrapeAnnotated: {intervalSeconds: 30}}",
        "logs: {auditEnabled: false, includeNamespaces: \"^a$\"}",
    ];
    let (env, _sandbox) = place(&[hetzner("c1", &live)]);
    env.write(
        "c1.yaml",
        hetzner("c1", &["logs: {auditEnabled: true}", "metrics: {}"]),
    );
    let _ = env.line("addon pull -c c1 -f c1.yaml").run().ok();
    let text = env.text("c1.yaml");
    assert!(
        text.contains("logs: {auditEnabled: false, includeNamespaces: ^a$}"),
        "{text}"
    );
    assert!(
        text.contains("kubeState: true") && !text.contains("nodeExporter"),
        "{text}"
    );
    assert!(!text.contains("intervalSeconds"), "{text}");
    let _ = env.line("diff c1.yaml --exit-code").run().ok();
    let _ = env
        .line("addon pull -c c1 -f c1.yaml")
        .run()
        .ok()
        .out("already so");
    assert_eq!(env.text("c1.yaml"), text);
}

#[test]
fn what_is_live_is_not_judged_by_our_rules() {
    let (env, _sandbox) = place(&[hetzner("c1", &["awsECR: {}"])]);
    let run = env.line("addon pull -c c1 -f c1.yaml").run().ok();
    assert!(!run.stderr.contains("forced"), "{run}");
    env.write("c2.yaml", hetzner("c1", &[]));
    let run = env.line("addon pull -c c1 -f c2.yaml").run().ok();
    assert!(!run.stderr.contains("forced"), "{run}");
    assert!(env.text("c2.yaml").contains("awsECR: {}"));
}
