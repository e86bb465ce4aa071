//! Arguments, variables and profiles.

use super::{ON, no_raw, sane, within};
use crate::support::manifests::aws;
use crate::support::{Env, Sandbox};
use serde_json::{Value, json};
use std::fs;

/// Nothing that is typed becomes another path.
#[test]
fn names_on_the_command_line_cannot_leave_their_place() {
    let mut env = Env::new();
    let sandbox = Sandbox::holding(&mut env, &[aws("prod", &[ON])], &[]);
    let long = "a".repeat(100_000);
    let names = [
        "..",
        ".",
        "../..",
        "../../x",
        "prod/",
        "/prod",
        "prod/../prod",
        "prod/-kubeconfig",
        "%2e%2e",
        "prod%2f..",
        "prod?x",
        "prod#x",
        "prod;x",
        "PROD",
        "prod prod",
        "prod\n",
        "\u{1b}[31m",
        "prod\u{9b}",
        "pr\u{202e}od",
        "ｐｒｏｄ",
        "-prod",
        "prod-",
        "",
        &long,
    ];
    for name in names {
        for arguments in [
            vec![
                "cluster".to_owned(),
                "get".to_owned(),
                "--".to_owned(),
                name.to_owned(),
            ],
            vec![
                "addon".to_owned(),
                "enable".to_owned(),
                "aws-ecr".to_owned(),
                format!("--cluster={name}"),
            ],
            vec![
                "addon".to_owned(),
                "list".to_owned(),
                format!("--cluster={name}"),
            ],
            vec![
                "addon".to_owned(),
                "trust-policy".to_owned(),
                format!("--cluster={name}"),
                "--wait=1s".to_owned(),
            ],
        ] {
            let run = env.mk8s(&arguments).run();
            if name.len() < 1000 {
                sane(name, &run);
            }
            assert!(matches!(run.code, 2), "{arguments:?}\n{run}");
        }
    }
    assert_eq!(sandbox.requests(), Vec::<String>::new());
    for org in [
        "..",
        ".",
        "../x",
        "sandbox/../sandbox",
        "a/b",
        "a\\b",
        "a\nb",
        "\u{1b}[31m",
        "a\u{9b}b",
        " ",
    ] {
        let run = env.line("cluster list").with("CPLN_ORG", org).run();
        sane(org, &run);
        assert_ne!(run.code, 0, "{org:?}\n{run}");
    }
    assert_eq!(sandbox.requests(), Vec::<String>::new());
    // What is no path is a name, if a strange one: it arrives as one segment.
    for org in ["a?b", "a#b", "a%2fb", "%2e%2e", "ä", "a b", "\u{202e}"] {
        let run = env.line("cluster list").with("CPLN_ORG", org).run();
        sane(org, &run);
        assert_ne!(run.code, 0, "{org:?}\n{run}");
    }
    for request in sandbox.requests() {
        assert_eq!(request.matches('/').count(), 3, "{request}");
    }
}

#[test]
fn settings_that_were_made_to_hurt_are_errors() {
    let mut env = Env::new();
    let sandbox = Sandbox::holding(&mut env, &[aws("prod", &[ON])], &[]);
    for (name, value, codes) in [
        ("CPLN_ENDPOINT", "file:///etc/passwd", &[2][..]),
        ("CPLN_ENDPOINT", "http://example.com", &[2]),
        ("CPLN_ENDPOINT", "http://127.0.0.1@example.com/", &[2]),
        ("CPLN_ENDPOINT", "http://127.0.0.1.example.com/", &[2]),
        ("CPLN_ENDPOINT", "http://localhost.example.com", &[2]),
        ("CPLN_ENDPOINT", "http://\u{1b}[31m", &[2]),
        ("CPLN_ENDPOINT", "http://[::1", &[2]),
        ("CPLN_ENDPOINT", "http://127.0.0.1:99999", &[2]),
        ("CPLN_ENDPOINT", "javascript:alert(1)", &[2]),
        ("CPLN_TOKEN", "a\r\nX-Evil: 1", &[2, 4]),
        ("CPLN_TOKEN", "a\u{1b}[31m", &[2, 4]),
        ("CPLN_TOKEN", "\u{202e}", &[2, 4]),
        ("HTTPS_PROXY", "http://\u{1b}[31m:1", &[0, 2, 8]),
        ("COLUMNS", "99999999999999999999", &[0]),
        ("COLUMNS", "0", &[0]),
        ("COLUMNS", "-1", &[0]),
        ("LANG", "\u{1b}", &[0]),
        ("MK8S_CLUSTER", "../x", &[0]),
        ("MK8S_OUTPUT", "\u{1b}[31m", &[2]),
        ("CPLN_HOME", "/dev/null", &[0, 1, 2]),
        ("CPLN_HOME", "\u{1b}", &[0]),
        ("HOME", "", &[0]),
    ] {
        let run = env.line("cluster list").with(name, value).run();
        sane(&format!("{name}={value:?}"), &run);
        assert!(codes.contains(&run.code), "{name}={value:?}\n{run}");
    }
    for request in sandbox.log() {
        assert_eq!(request["headers"]["x-evil"], Value::Null);
    }
}

/// A profile is a file in a folder that others may write to.
#[test]
fn a_profile_that_is_no_profile_is_an_error_and_no_hang() {
    let deep = format!("{{\"a\": {}", "[".repeat(200_000));
    let good = json!({"name": "evil", "context": {"org": "evil"}, "request": {"endpoint": "http://127.0.0.1:9", "token": "stolen"}}).to_string();
    for (name, script) in [
        ("a pipe", "mkfifo P"),
        ("a folder", "mkdir P"),
        ("a device", "ln -s /dev/zero P"),
        ("a loop", "ln -s P P"),
        ("dangling", "ln -s nowhere P"),
        ("huge", "truncate -s 3G P"),
        ("empty", ": >P"),
        ("NUL", "printf '\\0\\0' >P"),
        ("deep", "cat deep >P"),
        ("an array", "echo '[]' >P"),
        (
            "a control character",
            "printf '{\"name\": \"\\033[31m\"' >P",
        ),
        (
            "another type",
            "echo '{\"request\": 7, \"context\": [1]}' >P",
        ),
    ] {
        for file in ["default", "evil.json"] {
            let env = Env::new();
            env.write("deep", &deep);
            let folder = env.home(".config/cpln/profiles");
            fs::create_dir_all(&folder).unwrap();
            if file == "evil.json" {
                fs::write(folder.join("default"), "evil").unwrap();
            }
            let path = folder.join(file);
            let make = script.replace('P', path.to_str().unwrap());
            let _ = env.sh(&make).run().ok();
            for line in [
                "auth status",
                "cluster list",
                "addon enable aws-ecr -c prod",
                "cluster list --profile evil",
            ] {
                let run = within(&env, 700, line);
                sane(&format!("{name} as {file}: {line}"), &run);
                assert!(
                    run.code != 0 || line == "auth status",
                    "{name} as {file}: {line}\n{run}"
                );
            }
            // Nobody needs a profile for this.
            let _ = env.line("addon explain aws-ecr").run().ok();
            env.write("a.yaml", aws("prod", &[ON]));
            let _ = env.line("addon enable aws-ecr -f a.yaml").run().ok();
        }
    }
    // A name is no path.
    let env = Env::new();
    fs::create_dir_all(env.home(".config/cpln/profiles")).unwrap();
    fs::write(env.home("evil.json"), &good).unwrap();
    fs::write(env.home(".config/evil.json"), &good).unwrap();
    fs::write(env.path("evil.json"), &good).unwrap();
    let absolute = env.path("evil");
    for name in [
        "../../../evil",
        "../../evil",
        "/evil",
        absolute.to_str().unwrap(),
        "..",
        ".",
        "evil/",
        "evil\u{1b}[31m",
        "\n",
        "x/../../../../evil",
    ] {
        let run = env.mk8s(&["auth", "status", "--profile", name]).run();
        sane(name, &run);
        assert_ne!(run.code, 0, "{name:?}\n{run}");
        assert!(
            !run.stdout.contains("stolen") && !run.stdout.contains("127.0.0.1:9"),
            "{name:?}\n{run}"
        );
        fs::write(env.home(".config/cpln/profiles/default"), name).unwrap();
        let run = env.line("cluster list").run();
        sane(name, &run);
        assert_ne!(run.code, 0, "{name:?}\n{run}");
        assert!(
            !run.stderr.contains("127.0.0.1:9"),
            "{name:?} was followed\n{run}"
        );
        fs::remove_file(env.home(".config/cpln/profiles/default")).unwrap();
    }
}

#[test]
fn arguments_of_all_kinds_are_usage_errors_at_worst() {
    use std::os::unix::ffi::OsStrExt as _;
    let env = Env::new();
    env.write("a.yaml", aws("prod", &[ON]));
    let long = "x".repeat(120_000);
    let cases: Vec<Vec<&[u8]>> = vec![
        vec![b"addon", b"enable", b"\xff\xfe"],
        vec![b"addon", b"enable", b"aws-ecr", b"-f", b"\xff.yaml"],
        vec![b"addon", b"enable", b"aws-ecr", b"-c", b"\xff"],
        vec![b"addon", b"enable", b"\x1b[31m"],
        vec![b"addon", b"enable", "\u{9b}\u{202e}".as_bytes()],
        vec![b"addon", b"enable", long.as_bytes()],
        vec![
            b"addon",
            b"enable",
            b"aws-ecr",
            b"-f",
            b"a.yaml",
            b"--role-arn",
            b"arn:aws:iam::111122223333:role/\x1b[31m",
        ],
        vec![
            b"addon",
            b"enable",
            b"aws-ecr",
            b"-f",
            b"a.yaml",
            b"--role-arn",
            b"arn:aws:iam::111122223333:role/a\nb",
        ],
        vec![
            b"addon",
            b"enable",
            b"aws-ecr",
            b"-f",
            b"a.yaml",
            b"--role-arn",
            long.as_bytes(),
        ],
        vec![
            b"addon",
            b"enable",
            b"aws-ecr",
            b"-f",
            b"a.yaml",
            b"--role-arn",
            b"\xff",
        ],
        vec![b"\x1b[31m"],
        vec![b"--\x1b[31m"],
        vec![
            b"--timeout",
            b"99999999999999999999999h",
            b"cluster",
            b"list",
        ],
        vec![b"--timeout", b"-1s", b"cluster", b"list"],
        vec![b"--timeout", b"\x1b", b"cluster", b"list"],
        vec![b"cluster", b"list", b"-o", b"\x1b[31m"],
        vec![b"cluster", b"list", b"-o", b"jsonpath=$[\x1b"],
        vec![
            b"addon",
            b"list",
            b"-f",
            b"a.yaml",
            b"-o",
            b"jsonpath=$..[?(@..[?(@..[?(@",
        ],
        vec![b"sandbox", b"start", b"--fault", b"\x1b"],
        vec![b"sandbox", b"start", b"--seed", b"\x1b.yaml"],
        vec![b"completion", b"\x1b"],
        vec![b"apply", b"-f", b""],
        vec![b"addon", b"list", b"-f", b""],
    ];
    for arguments in cases {
        let shown: Vec<String> = arguments
            .iter()
            .map(|bytes| String::from_utf8_lossy(bytes).chars().take(60).collect())
            .collect();
        let arguments: Vec<&std::ffi::OsStr> = arguments
            .iter()
            .map(|bytes| std::ffi::OsStr::from_bytes(bytes))
            .collect();
        let run = env.mk8s(&arguments).run();
        let code = run.code;
        assert!((1..=8).contains(&code), "{shown:?}\n{run}");
        assert!(!run.stderr.contains("panicked"), "{shown:?}\n{run}");
        no_raw(&format!("{shown:?}"), &run.stderr);
        assert_eq!(env.text("a.yaml"), aws("prod", &[ON]));
    }
}
