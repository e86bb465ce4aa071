//! `mk8s check` on the sandbox: the screen, the formats, the exit codes, what is skipped, and the
//! defects of login, cluster and add-ons.

use crate::support::manifests::{ROLE, aws, hetzner};
use crate::support::{Answer, Defect, Env, Fake, Sandbox, fixes, ids, snapshot};
use serde_json::{Value, json};

const WORKLOAD: &str = "awsWorkloadIdentity: {}";

/// Without the groups that look at a network.
const QUIET: &str = "--skip issuer,aws";

const fn defect(what: &'static str, ids: &'static [&'static str], mended: bool) -> Defect {
    Defect { what, ids, mended }
}

pub(crate) const DEFECTS: [Defect; 12] = [
    defect("a profile that does not exist", &["profile-found"], false),
    defect("no token", &["token-source"], false),
    defect("a token on the command line", &["token-source"], false),
    defect("a clock that is an hour off", &["clock-skew"], false),
    defect(
        "an endpoint where nobody listens",
        &["api-reachable"],
        false,
    ),
    defect("a token that is wrong", &["api-auth"], false),
    defect(
        "an org that is misspelt",
        &["org-readable", "cluster-exists"],
        false,
    ),
    defect("a cluster that does not exist", &["cluster-exists"], false),
    defect(
        "a cluster without aws-workload-identity",
        &["oidc-url-present", "addon-prerequisite"],
        true,
    ),
    defect(
        "an add-on that publishes nothing",
        &["status-missing"],
        false,
    ),
    defect(
        "a live cluster that was changed past the manifest",
        &["addons-drift"],
        true,
    ),
    defect("a token that has ended", &["token-expiry"], false),
];

fn place(more: &[&str]) -> (Env, Sandbox) {
    let ecr = format!("awsECR: {{roleArn: \"{ROLE}\"}}");
    let mut env = Env::new();
    env.with_commands();
    let sandbox = Sandbox::holding(
        &mut env,
        &[
            hetzner("edge", &[WORKLOAD, &ecr]),
            aws("home", &[WORKLOAD, "awsECR: {}"]),
            hetzner("bare", &[&ecr]),
            hetzner("plain", &[]),
        ],
        more,
    );
    (env, sandbox)
}

/// A JWT whose `exp` is long past.
fn ended() -> String {
    use base64::Engine as _;
    let part =
        |value: Value| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(value.to_string());
    format!(
        "{}.{}.x",
        part(json!({"alg": "RS256"})),
        part(json!({"exp": 1_000_000_000, "email": "a@b.example"}))
    )
}

#[test]
fn defects_of_login_and_cluster_show_under_their_ids() {
    let (mut env, sandbox) = place(&["--status-delay", "24h"]);
    let fresh = |env: &mut Env| {
        env.connect(sandbox.endpoint(), sandbox.org(), sandbox.token())
            .unset("CPLN_PROFILE");
    };
    let late = Fake::serve(vec![Answer::headers(
        200,
        &[
            ("Content-Type", "application/json"),
            ("Date", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ],
        r#"{"kind": "list", "itemKind": "mk8s", "items": [], "links": []}"#,
    )]);
    for (at, defect) in DEFECTS.iter().enumerate() {
        fresh(&mut env);
        let mut line = format!("check -c home {QUIET},status-missing");
        match at {
            0 => drop(env.set("CPLN_PROFILE", "missing")),
            1 => drop(env.unset("CPLN_TOKEN")),
            2 => line = format!("{line} --token {}", sandbox.token()),
            3 => {
                env.set("CPLN_ENDPOINT", late.endpoint());
                line = "check --only setup".to_owned();
            }
            4 => drop(env.set("CPLN_ENDPOINT", "http://127.0.0.1:1")),
            5 => drop(env.set("CPLN_TOKEN", "wrong")),
            6 => drop(env.set("CPLN_ORG", "acne")),
            7 => line = line.replace("home", "hone"),
            8 => line = line.replace("home", "bare"),
            9 => line = format!("check -c edge {QUIET},oidc-url-present"),
            10 => {
                env.write(
                    "home.yaml",
                    aws("home", &[WORKLOAD, "awsECR: {}", "logs: {}"]),
                );
                line.push_str(" -f home.yaml");
            }
            _ => drop(env.set("CPLN_TOKEN", &ended())),
        }
        if at <= 7 || at == 10 || at == 11 {
            // The status that never comes is another defect.
            line = line.replace(",status-missing", ",status-missing,oidc-url-present");
        }
        let run = env.line(&format!("{line} -o json")).run();
        let expected = defect.ids.iter().map(|&id| id.to_owned()).collect();
        let found = ids(&run, &["fail", "warn", "unknown"]);
        assert_eq!(found, expected, "{}\n{run}", defect.what);
        let _ = run.never(sandbox.token());
    }
}

#[test]
fn fixes_of_a_live_cluster_mend_it() {
    let (env, _sandbox) = place(&[]);
    env.write(
        "home.yaml",
        aws("home", &[WORKLOAD, "awsECR: {}", "logs: {}"]),
    );
    for line in [
        format!("check -c bare {QUIET}"),
        format!("check -c home -f home.yaml {QUIET}"),
    ] {
        let run = env.line(&format!("{line} -o json")).run().exits(11);
        for fix in fixes(&run) {
            env.paste(&fix);
        }
        let _ = env.line(&format!("{line} --fail-on warning")).run().ok();
    }
}

#[test]
fn the_whole_screen() {
    let (env, sandbox) = place(&[]);
    env.write("edge.yaml", hetzner("edge", &[WORKLOAD, "rocket: {}"]));
    let run = env
        .line(&format!("check -c edge -f edge.yaml {QUIET}"))
        .run();
    snapshot!(env, run, @r#"
    exit 11
    --- stdout
    setup
    -----
    √ no profile is named, none is needed
    √ token from CPLN_TOKEN (service account)
    √ the token has no end that it tells
    √ this machine's clock agrees with the API's

    control-plane
    -------------
    √ can reach http://127.0.0.1:[PORT]
    √ token accepted (CPLN_TOKEN, service account)
    √ org sandbox is readable
    √ cluster edge exists (hetzner)
    √ edge publishes its issuer: https://oidc.sandbox.localhost/kz3wqgbhbjse

    manifest
    --------
    √ edge.yaml parses, 1 cluster
    √ no key is written twice
    √ every value means what it looks like
    ‼ add-on "rocket" is not known to mk8s [VERSION]
        line 9; it is left untouched
        see docs/checks.md#manifest-unknown-addon
    √ no field is the server's
    √ every add-on is a mapping
    √ every add-on has the settings it must have

    schema
    ------
    √ every name that is known is written so
    √ every field is known
    √ everything is there that is required
    √ every value is of its kind
    √ every version is known
    √ every cluster is described once

    add-ons
    -------
    √ what the 3 add-ons need is on
    √ every add-on is documented for the provider
    √ the role that is set is a role ARN
    √ aws-ecr: cluster outside AWS, role in account 999999999999
    √ 2 add-ons published a status
    √ no tag says that another tool keeps the cluster

    drift
    -----
    × edge differs from edge.yaml
        spec.addOns.rocket (manifest-only), spec.addOns.awsECR (live-only)
        see docs/checks.md#addons-drift

    1 failed, 1 warning, 27 passed
    A pull by edge cannot be told: the group aws was not looked at; no image was named (--image IMAGE); the group issuer was not looked at
    "#);
    assert!(
        sandbox.requests().iter().all(|it| it.starts_with("GET ")),
        "{:?}",
        sandbox.requests()
    );
}

#[test]
fn short_is_a_line_for_each_problem() {
    let (mut env, _sandbox) = place(&[]);
    let run = env.line(&format!("check -c bare {QUIET} -o short")).run();
    snapshot!(env, run, @r"
    exit 11
    --- stdout
    × oidc-url-present: bare publishes no issuer (aws-workload-identity is off on bare)
    × addon-prerequisite: aws-ecr needs aws-workload-identity (aws-workload-identity is off on bare)
    2 failed, 12 passed, 1 skipped
    A pull by bare fails at addon-prerequisite: aws-ecr needs aws-workload-identity
    ");
    // Where the locale cannot show the signs.
    for (name, value, sign) in [
        ("LANG", "C", "FAIL"),
        ("LC_CTYPE", "de_DE.utf8", "×"),
        ("LC_ALL", "POSIX", "FAIL"),
    ] {
        env.set(name, value);
        let run = env.line(&format!("check -c bare {QUIET} -o short")).run();
        assert!(run.stdout.starts_with(sign), "{name}={value}\n{run}");
    }
}

#[test]
fn a_fatal_failure_skips_what_depends_on_it() {
    let (env, sandbox) = place(&[]);
    let run = env
        .line(&format!("check -c nobody {QUIET} -o json"))
        .run()
        .exits(11);
    assert_eq!(ids(&run, &["fail"]), ["cluster-exists".to_owned()].into());
    let skipped = ids(&run, &["skip"]);
    assert!(skipped.contains("oidc-url-present"), "{run}");
    assert!(skipped.contains("addon-prerequisite"), "{run}");
    let reads = sandbox.requests();
    assert!(reads.iter().all(|it| it.starts_with("GET ")), "{reads:?}");
}

#[test]
fn only_skip_and_list() {
    let (env, _sandbox) = place(&[]);
    let run = env
        .line("check -c bare --only oidc-url-present -o json")
        .run()
        .exits(11);
    let items = run.json()["items"].as_array().unwrap().len();
    assert_eq!(items, 1, "{run}");
    let run = env
        .line(&format!("check -c edge {QUIET},control-plane -o json"))
        .run()
        .ok();
    let report = run.json();
    let mut items = report["items"].as_array().unwrap().iter();
    assert!(items.all(|item| item["group"] != "control-plane"), "{run}");
    // A cluster that is not there is told of by whatever looks at clusters, and by nothing else.
    for only in [
        "add-ons",
        "aws",
        "issuer",
        "drift",
        "oidc-url-present",
        "role-exists",
    ] {
        let _ = env
            .line(&format!("check -c nobody --only {only}"))
            .run()
            .exits(11)
            .out("× there is no cluster nobody in org sandbox");
    }
    for only in ["setup", "api-auth"] {
        let _ = env
            .line(&format!("check -c nobody --only {only}"))
            .run()
            .ok();
    }
    // What nobody asked for is said to whoever names it.
    let _ = env
        .line("check -c bare --only image")
        .run()
        .ok()
        .out("- image checks skipped: no image was named (--image IMAGE)");
    let _ = env
        .line("check --only role-exist")
        .run()
        .exits(2)
        .silent()
        .err("did you mean `role-exists`?");
    let list = env.line("check --list -o json").run().ok().json();
    assert_eq!(list["kind"], "CheckList");
    let count = mk8s::check::catalog::checks().count();
    assert_eq!(list["items"].as_array().unwrap().len(), count);
    let names = env.line("check --list -o names --only setup").run().ok();
    assert_eq!(
        names.stdout,
        "profile-found\ntoken-source\ntoken-expiry\nclock-skew\n"
    );
    let _ = env.line("doctor --list").run().ok();
}

#[test]
fn waiting_ends_when_the_status_is_there() {
    let (env, _sandbox) = place(&["--status-delay", "1s"]);
    env.line("addon enable aws-workload-identity -c plain")
        .run()
        .ok();
    let line = format!("check -c plain {QUIET}");
    let _ = env
        .line(&line)
        .run()
        .exits(11)
        .out("publishes no issuer yet");
    let _ = env
        .line(&format!("{line} --wait=30s"))
        .run()
        .ok()
        .err("waiting for status.oidcProviderUrl on plain");
}

#[test]
fn the_report_as_json_is_what_the_contract_says() {
    let (env, _sandbox) = place(&[]);
    env.write("edge.yaml", hetzner("edge", &[WORKLOAD, "rocket: {}"]));
    let run = env
        .line("check -c edge -f edge.yaml -o json")
        .run()
        .exits(11);
    let report = run.json();
    assert_eq!(report["schema"], "mk8s/v1");
    assert_eq!(report["kind"], "CheckReport");
    let mut counts = std::collections::BTreeMap::new();
    for item in report["items"].as_array().unwrap() {
        let text = |field: &str| item[field].as_str().map(str::to_owned);
        for field in ["id", "group", "state", "message", "docs"] {
            assert!(
                text(field).is_some_and(|it| !it.is_empty()),
                "{field} {item}"
            );
        }
        for field in ["evidence", "fix"] {
            assert!(item[field].is_null() || text(field).is_some(), "{item}");
        }
        let state = text("state").unwrap();
        assert!(
            ["pass", "warn", "fail", "unknown", "skip"].contains(&state.as_str()),
            "{item}"
        );
        let known = mk8s::check::catalog::checks()
            .any(|(group, check)| item["id"] == check.id && item["group"] == group.id);
        assert!(known, "{item}");
        if ["warn", "fail", "unknown"].contains(&state.as_str()) {
            assert!(text("evidence").is_some(), "{item}");
        }
        *counts.entry(state).or_insert(0_u64) += 1;
    }
    for state in ["pass", "warn", "fail", "unknown", "skip"] {
        let count = counts.get(state).copied().unwrap_or_default();
        assert_eq!(report["summary"][state], json!(count), "{state}");
    }
}

#[test]
fn junit_is_xml_that_others_read() {
    let (env, _sandbox) = place(&[]);
    env.write(
        "<odd & \"name\">.yaml",
        hetzner("edge", &[WORKLOAD, "\"<rocket> & 'co' \\e\": {}"]),
    );
    let run = env
        .mk8s(&[
            "check",
            "-c",
            "edge",
            "-f",
            "<odd & \"name\">.yaml",
            "-o",
            "junit",
            "--skip",
            "issuer,aws",
        ])
        .run()
        .exits(11);
    env.write("report.xml", &run.stdout);
    let python = "import sys, xml.etree.ElementTree as t\n\
        root = t.parse('report.xml').getroot()\n\
        cases = root.findall('./testsuite/testcase')\n\
        print(root.tag, int(root.get('tests')) == len(cases), \
        int(root.get('failures')) == len(root.findall('.//failure')), \
        int(root.get('skipped')) == len(root.findall('.//skipped')))\n\
        print([c.get('file') for c in cases if c.get('name') == 'manifest-unknown-addon'])\n\
        print([f.get('message') for f in root.findall('.//failure')][0])";
    let read = env.program("python3".as_ref(), &["-c", python]).run().ok();
    let lines: Vec<&str> = read.stdout.lines().collect();
    assert_eq!(lines[0], "testsuites True True True", "{read}");
    assert_eq!(lines[1], "['<odd & \"name\">.yaml']", "{read}");
    assert!(lines[2].contains("edge differs from"), "{read}");
}

#[test]
fn annotations_cannot_be_forged() {
    let env = Env::new();
    env.write(
        "a,b:c.yaml",
        aws("c1", &["\"rocket%\\n::error::forged\": {}"]),
    );
    let run = env
        .mk8s(&["check", "-f", "a,b:c.yaml", "-o", "github"])
        .run()
        .ok();
    let annotations: Vec<&str> = run
        .stdout
        .lines()
        .filter(|line| line.starts_with("::"))
        .collect();
    assert_eq!(annotations.len(), 1, "{run}");
    assert!(
        annotations[0].starts_with(
            "::warning file=a%2Cb%3Ac.yaml,line=8,col=5,title=manifest-unknown-addon::"
        ),
        "{run}"
    );
    assert!(annotations[0].contains("rocket%25"), "{run}");
}

#[test]
fn the_exit_code_never_follows_the_format_and_formats_are_for_check_only() {
    let (mut env, sandbox) = place(&[]);
    for (cluster, code) in [("home", 0), ("bare", 11)] {
        for format in [
            "text", "wide", "short", "json", "yaml", "names", "github", "junit",
        ] {
            let line = format!("check -c {cluster} {QUIET} -o {format}");
            let run = env.line(&line).run();
            assert_eq!(run.code, code, "{line}\n{run}");
            let _ = run.never(sandbox.token());
        }
        let names = env
            .line(&format!("check -c {cluster} {QUIET} -o names"))
            .run()
            .stdout;
        let expected = if code == 0 {
            ""
        } else {
            "oidc-url-present\naddon-prerequisite\n"
        };
        assert_eq!(names, expected);
    }
    for format in ["short", "github", "junit"] {
        let run = env.line(&format!("cluster list -o {format}")).run();
        let _ = run
            .exits(2)
            .silent()
            .err("`mk8s check` and `mk8s validate` only");
    }
    env.set("MK8S_OUTPUT", "junit");
    let _ = env.line("cluster list").run().exits(2).silent();
    let _ = env
        .line(&format!("check -c home {QUIET}"))
        .run()
        .ok()
        .out("<testsuites");
}

#[test]
fn several_clusters_have_headings_of_their_own() {
    let (env, _sandbox) = place(&[]);
    let run = env
        .line(&format!("check -c home -c bare {QUIET}"))
        .run()
        .exits(11);
    assert_eq!(run.stdout.matches("setup\n-----\n").count(), 1, "{run}");
    let _ = run
        .out("add-ons (home)\n")
        .out("add-ons (bare)\n")
        .out("fix: mk8s addon enable aws-workload-identity -c bare --wait=5m\n");
}

#[test]
fn fixes_repeat_how_the_api_is_reached() {
    let (mut env, sandbox) = place(&[]);
    env.unset("CPLN_ENDPOINT")
        .unset("CPLN_ORG")
        .unset("CPLN_TOKEN");
    env.write("my token", sandbox.token());
    let run = env
        .mk8s(&[
            "check",
            "-c",
            "bare",
            "--skip",
            "issuer,aws",
            "--endpoint",
            sandbox.endpoint(),
            "--org",
            sandbox.org(),
            "--token-file",
            "my token",
            "-o",
            "json",
        ])
        .run()
        .exits(11);
    let fixes = fixes(&run);
    assert!(fixes[0].contains("--token-file 'my token'"), "{fixes:?}");
    env.paste(&fixes[0]);
}

#[test]
fn the_report_to_github_is_beside_the_output() {
    let (mut env, sandbox) = place(&[]);
    let on = format!("awsECR: {{roleArn: \"{ROLE}\"}}");
    env.write(
        "a,b.yaml",
        hetzner("edge", &[WORKLOAD, &on, "\"r|k%\": {}"]),
    );
    let (summary, outputs) = (env.path("summary.md"), env.path("outputs"));
    env.set("GITHUB_STEP_SUMMARY", summary.to_str().unwrap())
        .set("GITHUB_OUTPUT", outputs.to_str().unwrap());
    env.write("outputs", "before=1\n");
    let line = "check -f a,b.yaml -o json";
    // Without the flag nothing is written: the runner's variables alone are no wish.
    let plain = env.line(line).run().ok();
    assert!(!summary.exists() && plain.stderr.is_empty(), "{plain}");

    let run = env.line(&format!("{line} --report github -q")).run().ok();
    assert_eq!(run.stdout, plain.stdout);
    assert_eq!(
        run.stderr,
        "::warning file=a%2Cb.yaml,line=10,col=5,title=manifest-unknown-addon::add-on \"r|k%25\" is not \
         known to mk8s 0.1.0%0Aline 10; it is left untouched%0Asee \
         docs/checks.md#manifest-unknown-addon\n"
            .replace("0.1.0", env!("CARGO_PKG_VERSION"))
    );
    let table = env.text("summary.md");
    assert!(
        table.starts_with("### mk8s check: 1 warning, 17 passed"),
        "{table}"
    );
    assert!(
        table.contains("add-on &#34;r&#124;k%&#34; is not known"),
        "{table}"
    );
    assert!(table.contains("<br>a,b.yaml:10<br>"), "{table}");
    assert_eq!(
        env.text("outputs"),
        format!("before=1\nchanged=false\nexit-kind=ok\nrole-arn={ROLE}\n")
    );

    // By the environment; appended, and named by how the run ended, whatever went wrong.
    env.set("MK8S_REPORT", "github");
    for (line, code, kind, role) in [
        (format!("check -c bare {QUIET}"), 11, "check-failed", ROLE),
        (format!("check -c edge {QUIET}"), 0, "ok", ROLE),
        // Two clusters, one of which has a role.
        (format!("check -c edge -c home {QUIET}"), 0, "ok", ROLE),
        ("check -f missing.yaml".to_owned(), 3, "not-found", ""),
    ] {
        env.write("outputs", "");
        let run = env.line(&line).run().exits(code);
        let expected = format!("changed=false\nexit-kind={kind}\nrole-arn={role}\n");
        assert_eq!(env.text("outputs"), expected, "{line}");
        let _ = run.never(sandbox.token());
    }
    // The annotations are there once.
    let run = env.line("check -f a,b.yaml -o github").run().ok();
    assert_eq!(run.stderr, "", "{run}");

    env.set("GITHUB_OUTPUT", "/nowhere/outputs");
    let _ = env
        .line("check -f a,b.yaml")
        .run()
        .exits(1)
        .err("error: the report was not written for GitHub Actions");
    env.unset("GITHUB_OUTPUT").unset("GITHUB_STEP_SUMMARY");
    let _ = env.line("check -f a,b.yaml").run().ok().err("::warning");
    env.set("MK8S_REPORT", "gitlab");
    let _ = env.line("check -f a,b.yaml").run().exits(2).silent();
}
