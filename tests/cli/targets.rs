//! Where changes go: files, folders, stdin and documents in them; writing, previews and results.

use crate::support::manifests::{ROLE, aws, hetzner};
use crate::support::{Env, Sandbox, snapshot};
use serde_json::json;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};

const ON: &str = "awsWorkloadIdentity: {}";
const ENABLE: [&str; 3] = ["addon", "enable", "aws-ecr"];

fn enable<'a>(rest: &[&'a str]) -> Vec<&'a str> {
    let mut all = ENABLE.to_vec();
    all.extend(rest);
    all
}

#[test]
fn a_file_is_changed_in_place_and_a_second_run_changes_nothing() {
    let env = Env::new();
    env.write("clusters/prod.yaml", aws("prod", &[ON]));
    let arguments = enable(&["-f", "clusters/prod.yaml"]);
    snapshot!(env, env.mk8s(&arguments).run(), @r"
    exit 0
    --- stdout
    Enabled aws-ecr in clusters/prod.yaml; the live cluster is not changed
    --- stderr
    Registry access: same account (111122223333), no role needed
    Next: mk8s apply -f clusters/prod.yaml
    ");
    assert_eq!(
        env.text("clusters/prod.yaml"),
        aws("prod", &[ON, "awsECR: {}"])
    );

    let inode = || fs::metadata(env.path("clusters/prod.yaml")).unwrap().ino();
    let before = inode();
    snapshot!(env, env.mk8s(&arguments).run(), @r"
    exit 0
    --- stdout
    aws-ecr is already enabled in clusters/prod.yaml
    ");
    assert_eq!(inode(), before, "the file was written again");
    assert_eq!(
        env.text("clusters/prod.yaml"),
        aws("prod", &[ON, "awsECR: {}"])
    );
}

#[test]
fn disabling_in_a_file_never_asks() {
    let env = Env::new();
    env.write("prod.yaml", aws("prod", &[ON, "awsECR: {}"]));
    let arguments = ["addon", "disable", "aws-ecr", "-f", "prod.yaml"];
    snapshot!(env, env.mk8s(&arguments).run(), @r"
    exit 0
    --- stdout
    Disabled aws-ecr in prod.yaml; the live cluster is not changed
    --- stderr
    Next: mk8s addon disable aws-ecr -c prod
    Undo: mk8s undo [RUN]
    ");
    assert_eq!(env.text("prod.yaml"), aws("prod", &[ON]));
    snapshot!(env, env.mk8s(&arguments).run(), @r"
    exit 0
    --- stdout
    aws-ecr is already disabled in prod.yaml
    ");
}

#[test]
fn the_json_of_a_file_change_is_the_contract() {
    let env = Env::new();
    env.write(
        "many.yaml",
        format!("kind: gvc\nname: g\n---\n{}", hetzner("edge", &[ON])),
    );
    let json = env
        .mk8s(&enable(&[
            "-f",
            "many.yaml",
            "--role-arn",
            ROLE,
            "-o",
            "json",
        ]))
        .run()
        .ok()
        .json();
    assert_eq!(
        json,
        json!({
            "schema": "mk8s/v1", "kind": "AddonChanges", "dryRun": false,
            "items": [{
                "target": {"kind": "file", "path": "many.yaml", "document": 2, "name": "edge"},
                "addon": "aws-ecr", "key": "awsECR", "action": "enabled", "changed": true,
                "before": null, "after": {"roleArn": ROLE}, "prerequisites": [], "dependants": [],
                "registryAccess": "outside-aws", "verified": null, "waited": null,
                "warnings": [], "error": null
            }]
        })
    );
}

#[test]
fn stdin_comes_out_edited_on_stdout_and_words_on_stderr() {
    let env = Env::new();
    let run = env
        .mk8s(&enable(&["-f", "-"]))
        .stdin(aws("prod", &[ON]))
        .run()
        .ok();
    assert_eq!(run.stdout, aws("prod", &[ON, "awsECR: {}"]));
    let _ = run.err("aws-ecr");
    // What is so already comes out as it went in.
    let run = env
        .mk8s(&enable(&["-f", "-"]))
        .stdin(aws("prod", &[ON, "awsECR: {}"]))
        .run()
        .ok();
    assert_eq!(run.stdout, aws("prod", &[ON, "awsECR: {}"]));
    // A refusal prints no manifest: a pipe into `cpln apply` must not see half a one.
    let _ = env
        .mk8s(&enable(&["-f", "-"]))
        .stdin(aws("prod", &[]))
        .run()
        .exits(6)
        .silent();
    let _ = env
        .mk8s(&enable(&["-f", "-", "--dry-run"]))
        .stdin(aws("prod", &[ON]))
        .run()
        .ok()
        .out("+    awsECR: {}");
}

#[test]
fn a_dry_run_prints_the_diff_and_writes_nothing() {
    let env = Env::new();
    let before = aws("prod", &[ON]);
    env.write("prod.yaml", &before);
    snapshot!(env, env.mk8s(&enable(&["-f", "prod.yaml", "--dry-run"])).run(), @r#"
    exit 0
    --- stdout
    --- prod.yaml
    +++ prod.yaml
    @@ -6,3 +6,4 @@
         aws: {region: eu-central-1, deployRoleArn: "arn:aws:iam::111122223333:role/cpln", vpcId: vpc-1, image: {recommended: amazon/al2023}}
       addOns:
         awsWorkloadIdentity: {}
    +    awsECR: {}
    --- stderr
    Registry access: same account (111122223333), no role needed
    Would enable aws-ecr in prod.yaml
    "#);
    let _ = env
        .mk8s(&enable(&["-f", "prod.yaml", "--dry-run", "--exit-code"]))
        .run()
        .exits(10);
    let json = env
        .mk8s(&enable(&[
            "-f",
            "prod.yaml",
            "--dry-run",
            "--exit-code",
            "-o",
            "json",
        ]))
        .run()
        .exits(10)
        .json();
    assert_eq!(json["dryRun"], true);
    assert_eq!(json["items"][0]["action"], "enabled");
    assert_eq!(env.text("prod.yaml"), before);

    env.write("prod.yaml", aws("prod", &[ON, "awsECR: {}"]));
    let _ = env
        .mk8s(&enable(&["-f", "prod.yaml", "--dry-run", "--exit-code"]))
        .run()
        .ok();
}

#[test]
fn a_folder_is_walked_as_the_client_does() {
    let env = Env::new();
    let off = aws("prod", &[ON]);
    let on = aws("prod", &[ON, "awsECR: {}"]);
    for path in ["d/a.yaml", "d/sub/b.yml", "d/notes.txt", "d/c.yaml.bak"] {
        env.write(path, &off);
    }
    env.write(
        "d/sub/deep/c.json",
        r#"{"kind": "mk8s", "name": "j", "spec": {"provider": {"aws": {}}, "addOns": {"awsWorkloadIdentity": {}}}}"#,
    );
    env.write("d/gvc.yaml", "kind: gvc\nname: g\nspec: {}\n");
    let run = env.mk8s(&enable(&["-f", "d"])).run().ok();
    assert_eq!(run.stdout.lines().count(), 3, "one line a target\n{run}");
    assert_eq!(env.text("d/a.yaml"), on);
    assert_eq!(env.text("d/sub/b.yml"), on);
    assert_eq!(env.text("d/notes.txt"), off);
    assert_eq!(env.text("d/c.yaml.bak"), off);
    assert_eq!(env.text("d/gvc.yaml"), "kind: gvc\nname: g\nspec: {}\n");
    assert!(env.text("d/sub/deep/c.json").contains(r#""awsECR": {}"#));
}

#[test]
fn with_a_file_the_cluster_flag_picks_documents() {
    let env = Env::new();
    let both = |a: &[&str], b: &[&str]| format!("{}---\n{}", aws("one", a), aws("two", b));
    env.write("c.yaml", both(&[ON], &[ON]));
    let _ = env.mk8s(&enable(&["-f", "c.yaml", "-c", "two"])).run().ok();
    assert_eq!(env.text("c.yaml"), both(&[ON], &[ON, "awsECR: {}"]));
    let _ = env
        .mk8s(&enable(&["-f", "c.yaml", "-c", "three"]))
        .run()
        .exits(3)
        .silent()
        .err("three");
    // The environment's cluster is for live targets.
    let _ = env
        .mk8s(&enable(&["-f", "c.yaml"]))
        .with("MK8S_CLUSTER", "three")
        .run()
        .ok();
    assert_eq!(
        env.text("c.yaml"),
        both(&[ON, "awsECR: {}"], &[ON, "awsECR: {}"])
    );
}

#[test]
fn what_is_not_there_is_exit_3() {
    let env = Env::new();
    env.write("gvc.yaml", "kind: gvc\nname: g\n");
    fs::create_dir(env.path("empty")).unwrap();
    for target in ["missing.yaml", "gvc.yaml", "empty"] {
        let _ = env
            .mk8s(&enable(&["-f", target]))
            .run()
            .exits(3)
            .silent()
            .err(target);
    }
}

#[test]
fn one_refusal_and_nothing_is_written_and_every_refusal_is_listed() {
    let env = Env::new();
    let files = [
        ("d/a.yaml", aws("fine", &[ON])),
        ("d/b.yaml", aws("bare", &[])),
        ("d/c.yaml", hetzner("edge", &[ON])),
        ("d/d.yaml", "kind: mk8s\nname: broken\nspec: [\n".to_owned()),
    ];
    for (path, content) in &files {
        env.write(path, content);
    }
    let run = env.mk8s(&enable(&["-f", "d"])).run().exits(6).silent();
    let _ = run.err("d/b.yaml").err("d/c.yaml").err("d/d.yaml");
    for (path, content) in &files {
        assert_eq!(&env.text(path), content, "{path}");
    }
}

#[test]
fn a_write_that_fails_after_the_first_is_exit_9_with_both_lists() {
    let env = Env::new();
    env.write("a.yaml", aws("small", &[ON]));
    let long = format!("{}# {}\n", aws("long", &[ON]), "x".repeat(8000));
    env.write("b.yaml", &long);
    let binary = env!("CARGO_BIN_EXE_mk8s");
    // No file may grow beyond a few kilobytes: the second write fails, as on a full disk.
    let run = env
        .sh(&format!(
            "trap '' XFSZ; ulimit -f 8; exec '{binary}' addon enable aws-ecr -f a.yaml -f b.yaml"
        ))
        .run()
        .exits(9);
    let _ = run.err("b.yaml").out("a.yaml");
    assert_eq!(env.text("a.yaml"), aws("small", &[ON, "awsECR: {}"]));
    assert_eq!(env.text("b.yaml"), long);
    let left: Vec<_> = fs::read_dir(env.path("")).unwrap().collect();
    assert_eq!(left.len(), 2, "a temporary file is left: {left:?}");
}

#[test]
fn mode_and_links_are_kept() {
    let env = Env::new();
    let file = env.write("real/prod.yaml", aws("prod", &[ON]));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    symlink("real/prod.yaml", env.path("link.yaml")).unwrap();
    let _ = env.mk8s(&enable(&["-f", "link.yaml"])).run().ok();
    assert_eq!(env.text("real/prod.yaml"), aws("prod", &[ON, "awsECR: {}"]));
    assert!(
        fs::symlink_metadata(env.path("link.yaml"))
            .unwrap()
            .is_symlink()
    );
    let mode = fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o640);
    assert_eq!(fs::read_dir(env.path("real")).unwrap().count(), 1);
}

#[test]
fn list_and_show_read_manifests() {
    let env = Env::new();
    env.write(
        "a.yaml",
        hetzner("edge", &[ON, &format!("awsECR: {{roleArn: \"{ROLE}\"}}")]),
    );
    env.write("b.yaml", aws("prod", &["headlamp: {}"]));
    let _ = env
        .mk8s(&["addon", "list", "-f", "a.yaml"])
        .run()
        .ok()
        .out("aws-ecr");
    let matrix = env
        .mk8s(&["addon", "list", "-f", "a.yaml", "-f", "b.yaml"])
        .run()
        .ok()
        .out("edge")
        .out("prod");
    let _ = matrix.out("headlamp");
    let wide = env
        .mk8s(&["addon", "list", "-f", "b.yaml", "-o", "wide"])
        .run()
        .ok();
    let headings: Vec<&str> = wide
        .stdout
        .lines()
        .next()
        .unwrap()
        .split_whitespace()
        .collect();
    assert_eq!(headings, ["ADD-ON", "KEY", "STATE", "SETTINGS"]);
    let _ = wide.out("node-local-dns").out("nodeLocalDns");
    let _ = env
        .mk8s(&["addon", "show", "aws-ecr", "-f", "a.yaml"])
        .run()
        .ok()
        .out(ROLE);
    for (file, code) in [("a.yaml", 0), ("b.yaml", 10)] {
        let show = ["addon", "show", "aws-ecr", "-f", file, "--exit-code"];
        let _ = env.mk8s(&show).run().exits(code);
    }
    let json = env
        .mk8s(&["addon", "show", "aws-ecr", "-f", "a.yaml", "-o", "json"])
        .run()
        .ok()
        .json();
    assert_eq!(json["schema"], "mk8s/v1");
    assert_eq!(json["kind"], "Addon");
}

#[test]
fn a_fleet_is_listed_a_line_a_cluster() {
    let env = Env::new();
    let clusters: Vec<String> = (0..9)
        .map(|n| match n {
            4 => aws("c4", &["headlamp: {}", "awsECR: {}", "rocket: {}"]),
            n => aws(&format!("c{n}"), &[]),
        })
        .collect();
    env.write("fleet.yaml", clusters.join("---\n"));
    let list = env.line("addon list -f fleet.yaml").run().ok();
    let lines: Vec<&str> = list.stdout.lines().collect();
    assert_eq!(lines.len(), 10, "{list}");
    assert_eq!(
        lines[0].split_whitespace().collect::<Vec<_>>(),
        ["CLUSTER", "ON"]
    );
    assert_eq!(lines[5], "c4       aws-ecr, headlamp, rocket");
    assert_eq!(lines[9], "c8       -");
}

#[test]
fn an_add_on_is_on_where_its_key_holds_a_mapping() {
    let env = Env::new();
    env.write(
        "m.yaml",
        aws("prod", &["awsWorkloadIdentity: false", "headlamp: {}"]),
    );
    let before = env.text("m.yaml");
    let run = env.line("addon enable aws-ecr -f m.yaml").run().exits(6);
    let _ = run.err("it needs `aws-workload-identity`, which is off");
    let line = "addon enable aws-ecr -f m.yaml --with-prerequisites";
    let _ = env
        .line(line)
        .run()
        .exits(6)
        .err("is `false`, not a mapping");
    assert_eq!(env.text("m.yaml"), before);
    let names = env.line("addon list -f m.yaml -o names").run().ok();
    assert_eq!(names.stdout, "headlamp\n");
}

#[test]
fn with_stdin_stdout_is_the_manifest_and_nothing_else() {
    let mut env = Env::new();
    let sandbox = Sandbox::holding(&mut env, &[hetzner("edge", &[])], &[]);
    env.write("other.yaml", hetzner("other", &[]));
    let input = hetzner("edge", &["logs: {}"]);
    for line in [
        "addon enable nodelocaldns -f - --apply",
        "addon enable nodelocaldns -f - -f other.yaml",
    ] {
        let run = env.line(line).stdin(input.as_str()).run().ok();
        let expected = hetzner("edge", &["logs: {}", "nodeLocalDns: {}"]);
        assert_eq!(run.stdout, expected, "{line}");
    }
    assert_eq!(
        sandbox.cluster("edge")["spec"]["addOns"]["nodeLocalDns"],
        json!({})
    );
    env.set("MK8S_OUTPUT", "json");
    let run = env
        .line("addon enable sysbox -f -")
        .stdin(input.as_str())
        .run();
    let _ = run.exits(2).err("MK8S_OUTPUT").err("-o text");
}

#[test]
fn what_wants_the_name_is_refused_before_the_file_is_written() {
    let mut env = Env::new();
    let byok = "byok: {location: //location/x}";
    let _sandbox = Sandbox::holding(&mut env, &[aws("prod", &[byok])], &[]);
    env.write("prod.yaml", aws("prod", &[byok]));
    let before = env.text("prod.yaml");
    for more in ["", " --confirm other"] {
        let line = format!("addon disable byok -f prod.yaml --apply --yes{more}");
        let _ = env.line(&line).run().exits(2).err("No file was changed");
        assert_eq!(env.text("prod.yaml"), before, "{line}");
    }
}

#[test]
fn the_next_command_reaches_what_was_edited() {
    let env = Env::new();
    env.write(
        "d/a.yaml",
        hetzner(
            "c1",
            &[
                "awsWorkloadIdentity: {}",
                "awsECR: {roleArn: 'arn:aws:iam::999999999999:role/x'}",
            ],
        ),
    );
    env.write("d/b.yaml", hetzner("c2", &[]));
    let run = env.line("addon enable sysbox -f d -c c2").run().ok();
    let _ = run.err("Next: mk8s apply -f d -c c2");
    let line = "addon disable aws-workload-identity -f d/a.yaml --with-dependants";
    let run = env.line(line).run().ok();
    let _ = run.err("Next: mk8s addon disable aws-workload-identity -c c1 --with-dependants");
    env.write(
        "nameless.yaml",
        hetzner("xy", &[]).replace("name: xy", "name: 12"),
    );
    let run = env.line("addon enable sysbox -f nameless.yaml").run().ok();
    assert!(!run.stderr.contains("Next:"), "{run}");
}

#[test]
fn a_link_names_a_cluster_of_its_org() {
    let mut env = Env::new();
    let _sandbox = Sandbox::start(&mut env, &[]);
    for word in ["//mk8s/generic", "/org/sandbox/mk8s/generic", "generic"] {
        let run = env
            .line(&format!("addon list -c {word} -o names"))
            .run()
            .ok();
        let _ = run.out("dashboard");
        let run = env.line(&format!("cluster get {word} -o names")).run().ok();
        assert_eq!(run.stdout, "generic\n");
    }
    let run = env
        .line("addon enable headlamp -c /org/acme/mk8s/generic")
        .run();
    let _ = run
        .exits(2)
        .err("`/org/acme/mk8s/generic` is in another org than the one that is used")
        .err("that is `sandbox`, from CPLN_ORG");
}
