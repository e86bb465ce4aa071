//! Promises to scripts that hold for every command alike.

use crate::support::manifests::{ROLE, aws, hetzner};
use crate::support::{Env, Sandbox};

/// Commands that read, with the exit code that each must have in every format.
const READS: [(&str, i32); 20] = [
    ("addon list", 0),
    ("addon list -c prod", 0),
    ("addon list -c prod -c edge", 0),
    ("addon list -f prod.yaml", 0),
    ("addon show aws-ecr -c edge", 0),
    ("addon show aws-ecr -c prod", 0),
    ("addon show aws-ecr -c prod --exit-code", 10),
    ("addon show aws-ecr -c nobody", 3),
    ("addon explain aws-ecr", 0),
    ("addon enable aws-ecr -c prod --dry-run", 0),
    ("addon enable aws-ecr -c prod --dry-run --exit-code", 10),
    (
        "addon enable aws-ecr -f prod.yaml --dry-run --exit-code",
        10,
    ),
    ("addon enable aws-efs -c prod --dry-run", 6),
    ("addon disable aws-ecr -c edge --dry-run --exit-code", 10),
    ("addon trust-policy -c edge", 0),
    ("addon oidc-url -c edge", 0),
    ("addon oidc-url -c nobody", 3),
    ("apply -f prod.yaml --dry-run", 0),
    ("cluster list", 0),
    ("auth status", 0),
];

fn place() -> (Env, Sandbox) {
    let on = "awsWorkloadIdentity: {}";
    let ecr = format!("awsECR: {{roleArn: \"{ROLE}\"}}");
    let mut env = Env::new();
    let sandbox = Sandbox::holding(
        &mut env,
        &[
            aws("prod", &[on, "metrics: {}"]),
            hetzner("edge", &[on, &ecr]),
        ],
        &[],
    );
    env.write("prod.yaml", aws("prod", &[on]));
    (env, sandbox)
}

#[test]
fn the_exit_code_follows_the_outcome_and_never_the_format() {
    let (env, _sandbox) = place();
    for (line, code) in READS {
        for format in ["text", "wide", "json", "yaml"] {
            let run = env.line(&format!("{line} -o {format}")).run();
            assert_eq!(run.code, code, "{line} -o {format}\n{run}");
        }
        let quiet = env.line(&format!("{line} -q")).run();
        assert_eq!(quiet.code, code, "{line} -q\n{quiet}");
    }
}

#[test]
fn json_and_yaml_are_one_complete_document_or_nothing() {
    let (env, _sandbox) = place();
    for (line, code) in READS {
        let run = env.line(&format!("{line} -o json")).run().exits(code);
        let json = if run.stdout.is_empty() {
            assert!(code != 0 && code != 10, "{line} printed nothing\n{run}");
            continue;
        } else {
            run.json()
        };
        assert!(run.stdout.ends_with('\n'), "{line}");
        let yaml = env
            .line(&format!("{line} -o yaml"))
            .run()
            .exits(code)
            .stdout;
        let yaml: serde_json::Value = serde_yaml::from_str(&yaml).unwrap();
        assert_eq!(yaml, json, "{line}");
    }
}

#[test]
fn no_secret_is_in_any_output() {
    let (env, sandbox) = place();
    for (line, _) in READS {
        for more in ["", " --debug", " -v --debug -o json"] {
            let run = env
                .line(&format!("{line}{more}"))
                .run()
                .never(sandbox.token());
            let secret = "sandbox-remote-write-password";
            assert!(!run.stderr.contains(secret), "{line}{more}\n{run}");
            // `cluster` prints the API's own object, as it is.
            assert!(
                line.starts_with("cluster") || !run.stdout.contains(secret),
                "{line}{more}\n{run}"
            );
        }
    }
}

#[test]
fn nothing_is_coloured_unless_asked_for() {
    let (mut env, _sandbox) = place();
    env.unset("NO_COLOR");
    let escapes = |env: &Env, line: &str| {
        let run = env.line(line).run();
        run.stdout.contains('\u{1b}') || run.stderr.contains('\u{1b}')
    };
    let diff = "addon enable aws-ecr -c prod --dry-run";
    assert!(!escapes(&env, diff), "coloured without a terminal");
    assert!(escapes(&env, &format!("{diff} --color always")));
    env.set("CLICOLOR_FORCE", "1");
    assert!(escapes(&env, diff), "CLICOLOR_FORCE");
    env.set("NO_COLOR", "1");
    assert!(!escapes(&env, diff), "NO_COLOR beats CLICOLOR_FORCE");
    assert!(
        escapes(&env, &format!("{diff} --color always")),
        "--color beats NO_COLOR"
    );
    env.unset("CLICOLOR_FORCE")
        .unset("NO_COLOR")
        .set("FORCE_COLOR", "1");
    assert!(escapes(&env, diff), "FORCE_COLOR");
    assert!(!escapes(&env, &format!("{diff} --color never")));
}

#[test]
fn quiet_leaves_results_and_errors() {
    let (env, _sandbox) = place();
    let run = env.line("addon enable aws-ecr -f prod.yaml -q").run().ok();
    assert_eq!(run.stderr, "", "{run}");
    let run = env.line("addon enable aws-ecr -c nobody -q").run().exits(3);
    assert!(run.stderr.starts_with("error: "), "{run}");
}

#[test]
fn the_format_can_come_from_the_environment() {
    let (mut env, _sandbox) = place();
    env.set("MK8S_OUTPUT", "json");
    assert_eq!(
        env.line("addon list").run().ok().json()["kind"],
        "AddonList"
    );
    let _ = env.line("addon list -o names").run().ok().out("aws-ecr\n");
    env.set("MK8S_OUTPUT", "nonsense");
    let _ = env.line("addon list").run().exits(2).err("MK8S_OUTPUT");
}
