//! `mk8s validate`: what the platform would refuse is told before it is sent, with its place, offline; and
//! `enable` never makes a second one of what stands there misspelt.

use crate::support::manifests::{aws, hetzner};
use crate::support::{Env, fixture, snapshot};

/// A sound manifest with one thing replaced.
fn but(from: &str, to: &str) -> String {
    let sound = hetzner("c1", &["logs: {}"]);
    let text = sound.replace(from, to);
    assert_ne!(text, sound, "{from}");
    text
}

/// A slip: what is replaced in a sound manifest by what, the check that tells it, line and column.
type Slip = (&'static str, &'static str, &'static str, (u64, u64));

/// What manifests were found to be wrong in that passed before, and that the platform refuses.
const SLIPS: [Slip; 30] = [
    ("kind: mk8s", "kind: Mk8s", "schema-spelling", (1, 1)),
    ("kind: mk8s", "Kind: mk8s", "schema-spelling", (1, 1)),
    ("  addOns:", "  addons:", "schema-spelling", (7, 3)),
    ("  addOns:", "  add_ons:", "schema-spelling", (7, 3)),
    ("  addOns:", "  addOns\u{200b}:", "schema-spelling", (7, 3)),
    (
        "  addOns:\n    logs",
        "addOns:\n  logs",
        "schema-spelling",
        (7, 1),
    ),
    (
        "    logs: {}",
        "\u{a0}\u{a0}logs: {}",
        "schema-spelling",
        (8, 1),
    ),
    ("    logs: {}", "    awsEcr: {}", "schema-spelling", (8, 5)),
    (
        "    logs: {}",
        "    awsECR\u{200b}: {}",
        "schema-spelling",
        (8, 5),
    ),
    (
        "    logs: {}",
        "    HeadLamp: {}",
        "schema-spelling",
        (8, 5),
    ),
    (
        "logs: {}",
        "awsELB: {elbRole: x}",
        "schema-spelling",
        (8, 14),
    ),
    (
        "logs: {}",
        "metrics: {kubestate: true}",
        "schema-spelling",
        (8, 15),
    ),
    (
        "logs: {}",
        "metrics: {apiServer: true}",
        "schema-spelling",
        (8, 15),
    ),
    (
        "logs: {}",
        "nvidia: {taintGpuNodes: true}",
        "schema-spelling",
        (8, 14),
    ),
    (
        "tokenSecretLink",
        "tokensecretlink",
        "schema-spelling",
        (6, 29),
    ),
    (
        "  addOns:\n    logs: {}",
        "  addOns: [headlamp]",
        "schema-value",
        (7, 3),
    ),
    (
        "    logs: {}",
        "    awsECR:\u{a0}{}",
        "schema-value",
        (7, 3),
    ),
    ("1.33.5", "1.33", "schema-value", (4, 3)),
    ("1.33.5", "next", "schema-value", (4, 3)),
    ("name: c1", "name: Bad_Name", "schema-value", (2, 1)),
    (
        "    hetzner:",
        "    generic: {location: x}\n    hetzner:",
        "schema-value",
        (5, 3),
    ),
    ("name: c1  # do not rename\n", "", "schema-required", (1, 1)),
    ("  version: 1.33.5\n", "", "schema-required", (3, 1)),
    ("region: fsn1, ", "", "schema-required", (6, 5)),
    (
        "kind: mk8s\n",
        "kind: mk8s\nowner: me\n",
        "schema-unknown",
        (2, 1),
    ),
    ("1.33.5", "1.99.0", "schema-version", (4, 3)),
    ("logs: {}", "rocket: {}", "manifest-unknown-addon", (8, 5)),
    ("logs: {}", "logs: true", "addon-value-bool", (8, 5)),
    (
        "logs: {}",
        "metrics: {scrapeAnnotated: {intervalSeconds: \"30\"}}",
        "addon-required-field",
        (8, 33),
    ),
    (
        "logs: {}",
        "registryMirror: {mirrors: [{registy: docker.io}]}",
        "addon-required-field",
        (8, 32),
    ),
];

#[test]
fn every_slip_is_told_with_its_place() {
    for (from, to, id, place) in SLIPS {
        let env = Env::new();
        env.write("m.yaml", but(from, to));
        let run = env.line("validate m.yaml -o json").run();
        let report = run.json();
        let items = report["items"].as_array().unwrap();
        let bad: Vec<_> = items.iter().filter(|it| it["state"] != "pass").collect();
        let told = bad.iter().any(|it| {
            it["id"] == id
                && (it["line"].as_u64(), it["column"].as_u64()) == (Some(place.0), Some(place.1))
                && it["file"] == "m.yaml"
        });
        assert!(told, "{to}: {id} {place:?}\n{run}");
        let fails = bad.iter().any(|it| it["state"] == "fail");
        assert_eq!(run.code, if fails { 11 } else { 0 }, "{to}\n{run}");
        let _ = env.line("validate m.yaml --strict").run().exits(11);
    }
}

#[test]
fn what_mk8s_does_not_know_is_a_warning_unless_strict() {
    for (from, to) in [
        ("kind: mk8s\n", "kind: mk8s\nowner: me\n"),
        ("1.33.5", "1.99.0"),
        ("logs: {}", "rocket: {}"),
    ] {
        let env = Env::new();
        env.write("m.yaml", but(from, to));
        let _ = env.line("validate m.yaml").run().ok().out("1 warning");
        let _ = env
            .line("validate m.yaml --strict")
            .run()
            .exits(11)
            .out("1 error");
    }
}

#[test]
fn it_reads_like_a_compiler() {
    let env = Env::new();
    env.write("m.yaml", but("  addOns:", "  addons:"));
    env.write("n.yaml", but("1.33.5", "1.30"));
    env.write("o.yaml", aws("c3", &["logs: {}"]));
    snapshot!(env, env.line("validate m.yaml n.yaml o.yaml").run(), @r#"
    exit 11
    --- stdout
    m.yaml:7:3: error: `spec.addons` is not known; `addOns` is meant [schema-spelling]
        7 |   addons:
          |   ^^^^^^
      fix: sed -E -i.bak 7s/addons/addOns/ m.yaml

    n.yaml:4:3: error: `spec.version` is `1.30`, which is the number 1.3: a version is expected, put it in quotes [schema-value]
        4 |   version: 1.30
          |   ^^^^^^^

    n.yaml:4:12: warning: a value is not what it looks like in n.yaml [manifest-value-meaning]
      because: line 4: `1.30` is the number 1.3; put it in quotes if it is a text

    3 files, 3 clusters: 2 errors, 1 warning
    "#);
    snapshot!(env, env.line("validate o.yaml").run(), @r#"
    exit 0
    --- stdout
    1 file, 1 cluster: nothing is wrong
    "#);
    snapshot!(env, env.line("validate m.yaml -o short").run(), @r#"
    exit 11
    --- stdout
    × schema-spelling: `spec.addons` is not known; `addOns` is meant (m.yaml:7:3)
    1 failed, 13 passed
    "#);
    snapshot!(env, env.line("validate m.yaml -o github").run(), @r#"
    exit 11
    --- stdout
    ::error file=m.yaml,line=7,col=3,title=schema-spelling::`spec.addons` is not known; `addOns` is meant%0Am.yaml:7:3%0Afix: sed -E -i.bak 7s/addons/addOns/ m.yaml%0Asee docs/checks.md#schema-spelling
    1 failed, 13 passed
    "#);
}

#[test]
fn an_add_on_with_nothing_behind_it_is_told_to_be_off() {
    let env = Env::new();
    env.write("m.yaml", but("logs: {}", "logs:"));
    let run = env.line("validate m.yaml").run().ok();
    let _ = run.out("m.yaml:8:5: warning").out("`logs: {}` is on");
    env.write("m.yaml", but("logs: {}", "logs: null"));
    let _ = env
        .line("validate m.yaml")
        .run()
        .ok()
        .out("nothing is wrong");
}

#[test]
fn what_says_that_it_is_a_cluster_in_another_spelling_is_found_wherever_it_is() {
    let env = Env::new();
    env.write("a/m.yaml", but("kind: mk8s", "kind: MK8S"));
    env.write("a/n.yaml", hetzner("c2", &[]));
    let run = env.line("validate a").run().exits(11);
    let _ = run.out("a/m.yaml:1:1: error: `kind` is `MK8S`; `mk8s` is meant");
    let run = env.line("addon list -f a/m.yaml").run().exits(3);
    let _ = run.err("line 1 has it in another spelling");
    let _ = env.line("addon list -f a -o names").run().ok();
}

#[test]
fn a_key_that_is_taken_for_nothing_is_not_on() {
    let env = Env::new();
    env.write("m.yaml", but("logs: {}", "awsEcr: {}"));
    let run = env.line("addon list -f m.yaml -o names").run().ok();
    assert_eq!(run.stdout, "");
    let run = env.line("addon list -f m.yaml").run().ok();
    let _ = run.out("(not known to the platform; `awsECR` is meant)");
    let run = env.line("addon show awsEcr -f m.yaml --exit-code").run();
    let _ = run
        .exits(10)
        .out("off (not known to the platform; `awsECR` is meant)");
    // What nobody knows may well be newer.
    env.write("m.yaml", but("logs: {}", "rocket: {}"));
    let run = env.line("addon list -f m.yaml -o names").run().ok();
    assert_eq!(run.stdout, "rocket\n");
}

#[test]
fn the_report_for_junit_has_the_commands_name() {
    let env = Env::new();
    env.write("m.yaml", hetzner("c1", &[]));
    for (line, name) in [
        (
            "validate m.yaml -o junit",
            "<testsuites name=\"mk8s validate\"",
        ),
        (
            "check -f m.yaml -o junit",
            "<testsuites name=\"mk8s check\"",
        ),
    ] {
        let _ = env.line(line).run().ok().out(name);
    }
}

#[test]
fn files_folders_and_standard_input_are_taken_and_one_bad_file_hides_no_other() {
    let env = Env::new();
    env.write("a/one.yaml", hetzner("one", &["logs: {}"]));
    env.write("a/two.yaml", "kind: mk8s\nname: [\n");
    env.write("a/three.yaml", but("logs: {}", "logs: true"));
    let run = env.line("validate a").run().exits(11);
    let _ = run.out("a/two.yaml:").out("a/three.yaml:8:5: error");
    let run = env.line("validate -").stdin(hetzner("c1", &[])).run().ok();
    let _ = run.out("1 file, 1 cluster: nothing is wrong");
    env.write("none.yaml", "kind: gvc\nname: x\n");
    for (line, code) in [
        ("validate", 2),
        ("validate missing.yaml", 3),
        ("validate none.yaml", 3),
        ("validate none.yaml --allow-empty", 0),
        ("validate a/one.yaml -c two", 3),
        ("validate a/one.yaml -c one", 0),
        ("validate -f a/one.yaml", 0),
    ] {
        let _ = env.line(line).run().exits(code);
    }
}

#[test]
fn two_documents_of_one_name_are_one_too_many() {
    let env = Env::new();
    let text = format!("{}---\n{}", aws("c1", &[]), hetzner("c1", &[]));
    env.write("m.yaml", text);
    let run = env.line("validate m.yaml").run().exits(11);
    let _ = run.out("two documents of m.yaml describe `c1`");
    env.write("n.yaml", aws("c1", &[]));
    env.write("m.yaml", hetzner("c1", &[]));
    let _ = env.line("validate m.yaml n.yaml").run().ok();
}

#[test]
fn check_tells_the_same() {
    for (from, to, id, _) in SLIPS {
        let env = Env::new();
        env.write("m.yaml", but(from, to));
        let run = env.line("check -f m.yaml -o json").run();
        let report = run.json();
        let items = report["items"].as_array().unwrap();
        let told = |it: &serde_json::Value| it["id"] == id && it["state"] != "pass";
        assert!(items.iter().any(told), "{to}: {id}\n{run}");
    }
}

#[test]
fn placeholders_and_encrypted_values_are_not_judged() {
    let env = Env::new();
    let text = hetzner(
        "c1",
        &[
            "awsWorkloadIdentity: {}",
            "awsECR: {roleArn: \"${ROLE}\"}",
            "metrics: {kubeState: \"{{ .Values.on }}\"}",
        ],
    );
    env.write("m.yaml", text.replace("1.33.5", "\"${VERSION}\""));
    let _ = env.line("validate m.yaml --strict").run().ok();
}

#[test]
fn enable_makes_no_second_one_of_what_stands_there_misspelt() {
    for (from, to) in [
        ("  addOns:", "  addons:"),
        ("  addOns:", "  add-ons:"),
        ("  addOns:", "  addOns\u{200b}:"),
        ("  addOns:\n    logs", "addOns:\n  logs"),
        ("    logs: {}", "    headLamp: {}"),
        ("    logs: {}", "    HEADLAMP: true"),
    ] {
        let mut env = Env::new();
        env.with_commands();
        let text = but(from, to);
        for flag in ["", " --force", " --dry-run"] {
            env.write("m.yaml", &text);
            let line = format!("addon enable headlamp -f m.yaml{flag}");
            let run = env.line(&line).run().exits(6);
            let _ = run.err(" | ").err("is meant").err("hint: ");
            assert_eq!(env.text("m.yaml"), text, "{to}");
        }
        let json = env
            .line("addon enable headlamp -f m.yaml -o json")
            .run()
            .json();
        let place = (
            &json["file"],
            json["line"].is_u64(),
            json["column"].is_u64(),
        );
        assert_eq!(place, (&"m.yaml".into(), true, true), "{json}");
    }
}

#[test]
fn the_printed_fix_lets_enable_through() {
    let mut env = Env::new();
    env.with_commands();
    env.write("m.yaml", but("  addOns:", "  addons:"));
    let run = env.line("addon enable headlamp -f m.yaml").run().exits(6);
    let hint = run
        .stderr
        .lines()
        .find_map(|line| line.strip_prefix("hint: "));
    env.paste(hint.unwrap());
    let _ = env.line("addon enable headlamp -f m.yaml").run().ok();
    assert_eq!(
        env.text("m.yaml"),
        hetzner("c1", &["logs: {}", "headlamp: {}"])
    );
}

#[test]
fn another_add_on_that_is_misspelt_is_warned_about() {
    let env = Env::new();
    env.write("m.yaml", but("logs: {}", "awsEcr: {}"));
    let run = env.line("addon enable headlamp -f m.yaml").run().ok();
    let _ = run.err("`spec.addOns.awsEcr` is not known");
    env.write("m.yaml", but("logs: {}", "Headlamp: {}"));
    let run = env.line("addon disable headlamp -f m.yaml").run().ok();
    let _ = run.err("`spec.addOns.Headlamp` is not known");
}

#[test]
fn the_manifests_that_people_keep_pass() {
    let env = Env::new();
    let folder = fixture("manifests");
    let run = env.mk8s(&["validate", "--strict", folder.to_str().unwrap()]);
    let _ = run.run().ok().out("9 files, 9 clusters: nothing is wrong");
}
