//! `mk8s check -f`: every defect of a manifest shows under its id, offline and without a login, and
//! the command that is named mends it.

use crate::support::manifests::{aws, hetzner};
use crate::support::{Defect, Env, fixes, ids};

const WORKLOAD: &str = "awsWorkloadIdentity: {}";

const fn defect(what: &'static str, ids: &'static [&'static str], mended: bool) -> Defect {
    Defect { what, ids, mended }
}

/// In the order of [`manifest`].
pub(crate) const DEFECTS: [Defect; 20] = [
    defect("a syntax error", &["manifest-parse"], false),
    defect(
        "a key that is written twice",
        &["manifest-duplicate-key"],
        true,
    ),
    defect("a number for a text", &["manifest-value-meaning"], false),
    defect("an add-on in the wrong case", &["schema-spelling"], true),
    defect(
        "an add-on that nobody knows",
        &["manifest-unknown-addon"],
        false,
    ),
    defect(
        "the API's own object in place of a manifest",
        &["manifest-readonly-fields"],
        true,
    ),
    defect("`true` for an add-on", &["addon-value-bool"], true),
    defect("`false` for an add-on", &["addon-value-bool"], true),
    defect("aws-efs without a role", &["addon-required-field"], true),
    defect(
        "`yes` for a setting that is true or false",
        &["addon-required-field"],
        false,
    ),
    defect(
        "aws-ecr without aws-workload-identity",
        &["addon-prerequisite"],
        true,
    ),
    defect("aws-elb on hetzner", &["addon-provider"], false),
    defect(
        "a role whose account has 11 digits",
        &["role-arn-form"],
        true,
    ),
    defect(
        "aws-ecr on hetzner without a role",
        &["role-arn-needed"],
        true,
    ),
    defect("`addons` for `addOns`", &["schema-spelling"], true),
    defect("a field that nobody knows", &["schema-unknown"], false),
    defect("no version", &["schema-required"], false),
    defect("a list of add-ons", &["schema-value"], false),
    defect("a version that nobody knows", &["schema-version"], false),
    defect("two documents of one name", &["schema-name-twice"], false),
];

fn manifest(defect: usize) -> String {
    match defect {
        0 => "kind: mk8s\nname: x\nspec: [\n".to_owned(),
        1 => aws("c1", &["logs: {}", "metrics: {}", "logs: {docker: true}"]),
        2 => aws("c1", &[]).replace("spec:", "tags:\n  release: 1.30\nspec:"),
        3 => aws("c1", &["awsEcr: {}", WORKLOAD]),
        4 => aws("c1", &["rocket: {}"]),
        5 => aws("c1", &["logs: {}"]).replace(
            "spec:",
            "id: abc\nversion: 12\nstatus:\n  oidcProviderUrl: x\nspec:",
        ),
        6 => aws("c1", &["logs: true  # keep"]),
        7 => aws("c1", &["logs: false"]),
        8 => aws("c1", &[WORKLOAD, "awsEFS: {}"]),
        9 => aws("c1", &["nvidia: {taintGPUNodes: \"yes\"}"]),
        10 => aws("c1", &["awsECR: {}"]),
        11 => hetzner("c1", &[WORKLOAD, "awsELB: {}"]),
        12 => aws(
            "c1",
            &[
                WORKLOAD,
                "awsECR: {roleArn: \"arn:aws:iam::99999999999:role/x\"}",
            ],
        ),
        13 => hetzner("c1", &[WORKLOAD, "awsECR: {}"]),
        14 => aws("c1", &["logs: {}"]).replace("addOns", "addons"),
        15 => aws("c1", &[]).replace("spec:", "owner: me\nspec:"),
        16 => aws("c1", &[]).replace("  version: 1.33.5\n", ""),
        17 => aws("c1", &[]) + "  addOns: [logs]\n",
        18 => aws("c1", &[]).replace("1.33.5", "1.99.0"),
        19 => format!("{}---\n{}", aws("c1", &[]), aws("c1", &[])),
        _ => unreachable!("no such defect"),
    }
}

#[test]
fn every_defect_of_a_manifest_shows_under_its_id_and_its_fix_mends_it() {
    for (at, defect) in DEFECTS.iter().enumerate() {
        let mut env = Env::new();
        env.with_commands();
        env.write("m.yaml", manifest(at));
        let run = env.line("check -f m.yaml -o json").run();
        let found = ids(&run, &["fail", "warn", "unknown"]);
        let expected = defect.ids.iter().map(|&id| id.to_owned()).collect();
        assert_eq!(found, expected, "{}\n{run}", defect.what);
        let failed = !ids(&run, &["fail"]).is_empty();
        assert_eq!(run.code, if failed { 11 } else { 0 }, "{}", defect.what);
        let _ = env
            .line("check -f m.yaml --fail-on warning")
            .run()
            .exits(11);
        if defect.mended {
            for fix in fixes(&run) {
                env.paste(&fix);
            }
            let _ = env.line("check -f m.yaml --fail-on warning").run().ok();
        }
    }
}

#[test]
fn the_fix_keeps_the_rest_of_the_line() {
    let mut env = Env::new();
    env.with_commands();
    env.write("my file.yaml", manifest(6));
    let run = env
        .mk8s(&["check", "-f", "my file.yaml", "-o", "json"])
        .run();
    for fix in fixes(&run) {
        env.paste(&fix);
    }
    assert_eq!(
        env.text("my file.yaml"),
        aws("c1", &["logs: {}  # keep"]),
        "{run}"
    );
}

#[test]
fn good_manifests_pass_offline() {
    let mut env = Env::new();
    // Nobody listens there, and no profile of that name exists.
    env.connect("http://127.0.0.1:1", "acme", "t")
        .set("CPLN_PROFILE", "missing")
        .unset("HOME");
    let on = "awsECR: {roleArn: \"arn:aws:iam::999999999999:role/x\"}";
    env.write("a/one.yaml", hetzner("one", &[WORKLOAD, on]));
    env.write(
        "a/two.yaml",
        format!("{}---\n{}", aws("two", &["logs: {}"]), aws("three", &[])),
    );
    let run = env.line("check -f a --fail-on warning,unknown").run().ok();
    let _ = run.out("2 files parse, 3 clusters").never("setup");
    let run = env
        .line("check -f - -o json")
        .stdin(hetzner("c1", &[]))
        .run();
    assert_eq!((run.code, ids(&run, &["fail"]).len()), (0, 0), "{run}");
}

#[test]
fn the_image_is_compared_with_the_manifests_offline() {
    let mut env = Env::new();
    env.connect("http://127.0.0.1:1", "acme", "t");
    let on = "awsECR: {roleArn: \"arn:aws:iam::999999999999:role/x\"}";
    env.write("one.yaml", hetzner("one", &[WORKLOAD, on]));
    env.write("two.yaml", hetzner("two", &[WORKLOAD]));
    let line = "check -f one.yaml -f two.yaml --only image --image 999999999999.dkr.ecr";
    let run = env
        .line(&format!("{line}.eu-central-1.amazonaws.com/shop:1"))
        .run();
    let _ = run.ok().out("all is in the partition aws");
    let run = env
        .line(&format!("{line}.cn-north-1.amazonaws.com.cn/shop:1"))
        .run();
    let _ = run
        .exits(11)
        .out("the image is in aws-cn, the role in one.yaml in aws");
}

#[test]
fn what_is_not_there_is_not_found() {
    let env = Env::new();
    env.write("none.yaml", "kind: gvc\nname: x\n");
    env.write("one.yaml", aws("one", &[]));
    for line in [
        "check -f missing.yaml",
        "check -f none.yaml",
        "check -f one.yaml -c two",
    ] {
        let _ = env.line(line).run().exits(3).silent();
    }
}

#[test]
fn the_line_of_every_finding_is_told() {
    let env = Env::new();
    env.write("m.yaml", manifest(6));
    let run = env.line("check -f m.yaml -o json").run();
    let report = run.json();
    let item = report["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|item| item["id"] == "addon-value-bool")
        .unwrap();
    let line = usize::try_from(item["line"].as_u64().unwrap()).unwrap();
    assert_eq!(item["file"], "m.yaml");
    assert!(
        manifest(6)
            .lines()
            .nth(line - 1)
            .unwrap()
            .contains("logs: true")
    );
}

#[test]
fn nothing_is_said_for_an_add_on_that_is_no_mapping() {
    let env = Env::new();
    let manifest = hetzner("edge", &["awsWorkloadIdentity: {}", "awsECR: true"]);
    env.write("m.yaml", manifest);
    let line = "check -f m.yaml --only role-arn-needed";
    let _ = env.line(line).run().ok().out("awsECR is not a mapping");
    let run = env.line("check -f m.yaml").run().exits(11);
    let _ = run.out("× aws-ecr is not a mapping in m.yaml");
}
