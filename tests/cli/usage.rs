//! The command line itself: version, help, usage errors, and what must not parse.

use crate::support::{Answer, Env, Fake, snapshot};

/// Every command, as words.
const COMMANDS: [&str; 19] = [
    "",
    "addon",
    "addon list",
    "addon show",
    "addon explain",
    "addon enable",
    "addon disable",
    "addon trust-policy",
    "addon oidc-url",
    "apply",
    "auth",
    "auth status",
    "check",
    "cluster",
    "cluster list",
    "cluster get",
    "completion",
    "sandbox start",
    "sandbox run",
];

fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}

#[test]
fn the_version_is_printed_in_both_spellings() {
    let env = Env::new();
    let line = concat!("mk8s ", env!("CARGO_PKG_VERSION"), "\n");
    for arguments in [["--version"], ["version"]] {
        let run = env.mk8s(&arguments).run().ok();
        assert_eq!(run.stdout, line);
        assert_eq!(run.stderr, "");
    }
}

#[test]
fn help_is_on_stdout_and_needs_neither_home_nor_environment() {
    for command in COMMANDS {
        let mut env = Env::new();
        env.unset("HOME")
            .unset("PATH")
            .set("CPLN_PROFILE", "missing");
        let mut arguments = words(command);
        for flag in ["-h", "--help"] {
            arguments.push(flag);
            let run = env.mk8s(&arguments).run().ok();
            assert_eq!(run.stderr, "", "{command} {flag}");
            assert!(
                run.stdout.contains("Usage: mk8s"),
                "{command} {flag}\n{run}"
            );
            arguments.pop();
        }
    }
}

/// interface.md 12.1: the first line is at most 60 characters, and says it without padding.
#[test]
fn help_keeps_the_house_style() {
    let env = Env::new();
    for command in COMMANDS {
        let mut arguments = words(command);
        arguments.push("-h");
        let short = env.mk8s(&arguments).run().ok().stdout;
        let first = short.lines().next().unwrap_or_default();
        assert!(first.chars().count() <= 60, "{command}: {first}");
        assert!(!first.ends_with('.'), "{command}: {first}");
        arguments.pop();
        arguments.push("--help");
        let long = env.mk8s(&arguments).run().ok().stdout;
        for text in [&short, &long] {
            let lower = text.to_lowercase();
            let padding = lower
                .split(|character: char| !character.is_alphanumeric())
                .find(|word| ["simply", "just", "please", "successfully"].contains(word));
            assert_eq!(padding, None, "{command}");
            assert!(!text.contains('!'), "{command}");
            assert!(!text.contains("[possible values: ]"), "{command}");
            for line in text.lines() {
                assert!(line.chars().count() <= 100, "{command}: {line}");
            }
        }
    }
}

#[test]
fn a_wrong_command_line_is_exit_2_with_nothing_on_stdout() {
    let env = Env::new();
    for line in [
        "frobnicate",
        "addon frobnicate",
        "addon enable",
        "addon enable aws-ecr",
        "addon enable aws-ecr -c prod --no-such-flag",
        "addon enable aws-ecr -c prod --role-arn arn:aws:iam::123456789012:role/x --no-role-arn",
        "addon enable aws-ecr -c prod --wait=soon",
        "addon enable aws-ecr -c prod --apply",
        "addon enable aws-ecr -c prod --exit-code",
        "addon enable dashboard -c prod --role-arn arn:aws:iam::123456789012:role/x",
        "addon disable aws-ecr",
        "addon show aws-ecr",
        "addon trust-policy dashboard -c prod",
        "addon trust-policy aws-ecr",
        "addon oidc-url",
        "cluster get",
        "cluster list -o nonsense",
        "apply",
        "completion tcsh",
        "sandbox run",
        "sandbox start --put sometimes",
        "sandbox start --fault nonsense",
        "cluster list -q -v",
    ] {
        let run = env.mk8s(&words(line)).run();
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{line}\n{run}");
        assert!(run.stderr.starts_with("error: "), "{line}\n{run}");
    }
}

#[test]
fn what_is_not_built_does_not_parse() {
    let env = Env::new();
    for line in [
        "validate",
        "cluster wait prod --for=addon=aws-ecr",
        "cluster events prod",
        "config show",
        "addon enable aws-ecr -c prod --set a=b",
    ] {
        let run = env.mk8s(&words(line)).run();
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{line}\n{run}");
    }
}

#[test]
fn an_unknown_add_on_suggests_the_nearest() {
    let env = Env::new();
    snapshot!(env, env.mk8s(&["addon", "enable", "aws-erc", "-c", "prod"]).run(), @r"
    exit 2
    --- stderr
    error: no add-on is called `aws-erc`
    hint: did you mean `aws-ecr`? `mk8s addon list` shows all 18
    ");
}

#[test]
fn a_malformed_role_names_what_is_wrong_with_it() {
    let env = Env::new();
    let run = |arn: &str| {
        env.mk8s(&[
            "addon",
            "enable",
            "aws-ecr",
            "-c",
            "prod",
            "--role-arn",
            arn,
        ])
        .run()
    };
    snapshot!(env, run("arn:aws:iam::99999999999:role/x"), @r"
    exit 2
    --- stderr
    error: `arn:aws:iam::99999999999:role/x` is not a role ARN
      because: the account part has 11 digits, 12 are needed
    ");
    for arn in [
        "",
        "mk8s-ecr-driver",
        "arn:aws:iam::999999999999:user/x",
        "arn:aws:iam:eu-west-1:999999999999:role/x",
        "arn:oz:iam::999999999999:role/x",
        "arn:aws:iam::999999999999:role/",
        "arn:aws:iam::999999999999:role/a b",
        "arn:aws:sts::999999999999:assumed-role/x/y",
    ] {
        let _ = run(arn).exits(2).silent();
    }
}

#[test]
fn every_spelling_of_an_add_on_is_understood() {
    let env = Env::new();
    let first = env.mk8s(&["addon", "explain", "aws-ecr"]).run().ok().stdout;
    for word in ["awsECR", "awsecr", "AWS-ECR", "AwsEcr"] {
        let run = env.mk8s(&["addon", "explain", word]).run().ok();
        assert_eq!(run.stdout, first, "{word}");
    }
}

#[test]
fn a_closed_pipe_is_a_quiet_end() {
    let env = Env::new();
    let binary = env!("CARGO_BIN_EXE_mk8s");
    let run = env
        .sh(&format!(
            "'{binary}' addon list -o json | true; '{binary}' --help | true"
        ))
        .run()
        .ok();
    assert_eq!(run.to_string(), "exit 0\n");
}

#[test]
fn what_was_typed_is_quoted_without_its_control_characters() {
    let mut env = Env::new();
    env.connect("http://127.0.0.1:1", "acme", "t");
    let odd = "\u{1b}[31mred\u{7}";
    for arguments in [
        ["addon", "explain", odd].as_slice(),
        &["addon", "list", "-c", odd],
        &["addon", "list", "-f", odd],
        &["apply", "-f", odd],
        &["cluster", "get", odd],
        &["cluster", "list", "--org", odd],
        &["cluster", "list", "--profile", odd],
        &["cluster", "list", "--endpoint", odd],
        &["cluster", "list", "-o", odd],
        &["addon", "enable", "aws-ecr", "-c", "x", "--role-arn", odd],
        &["sandbox", "start", "--fault", odd],
        &["sandbox", "start", "--seed", odd],
        &[odd],
    ] {
        let run = env.mk8s(arguments).run();
        assert!([2, 3].contains(&run.code), "{arguments:?}\n{run}");
        let _ = run.silent().err("error: ").never("\u{1b}").never("\u{7}");
    }
}

#[test]
fn a_name_cannot_change_where_a_request_goes() {
    let fake = Fake::serve(vec![Answer::text(404, "text/plain", "no")]);
    let mut env = Env::new();
    env.connect(fake.endpoint(), "acme", "t");
    for name in [
        "", "a/b", "../other", "a?b=c", "a#b", "a b", "-all", "A", "%2e%2e", "..",
    ] {
        let _ = env
            .mk8s(&["cluster", "get", "--", name])
            .run()
            .exits(2)
            .silent();
    }
    assert!(fake.seen().is_empty(), "{:?}", fake.seen());
    for org in [
        "a/b", "../other", "a?b=c", "a#b", "a b", "%2e%2e", "..", ".",
    ] {
        let before = fake.seen().len();
        let run = env
            .mk8s(&["cluster", "list", &format!("--org={org}")])
            .run();
        assert_ne!(run.code, 0);
        for seen in &fake.seen()[before..] {
            let segments: Vec<&str> = seen.path.split(['/', '?', '#']).collect();
            assert_eq!((segments[1], segments[3]), ("org", "mk8s"), "{seen:?}");
            let sent = percent_encoding::percent_decode_str(segments[2]).decode_utf8();
            assert_eq!(sent.unwrap(), org, "{seen:?}");
        }
    }
}

#[test]
fn a_full_disk_behind_stdout_is_a_failure() {
    let env = Env::new();
    let binary = env!("CARGO_BIN_EXE_mk8s");
    let run = env
        .sh(&format!("'{binary}' addon list -o json >/dev/full"))
        .run()
        .exits(1);
    let _ = run.err("stdout");
}
