//! Arguments, variables and profiles.

use super::{ON, no_raw, sane, within};
use crate::support::manifests::aws;
use crate::support::{Env, Sandbox, comes};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

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
        "prod?x=1",
        "prod/*",
        "PROD*",
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

/// What is waited for ends with the limit of a request, and takes along what it started.
#[test]
fn nothing_that_is_read_or_run_hangs() {
    let mut env = Env::new();
    let sandbox = Sandbox::holding(&mut env, &[aws("prod", &[ON])], &[]);
    let _ = env.sh("mkfifo pipe").run().ok();
    let run = env
        .line("cluster list --token-file pipe --timeout 1s")
        .run();
    let run = run.exits(1).err("nothing came out of it within 1 s");
    assert!(run.elapsed < Duration::from_secs(10), "{:?}", run.elapsed);
    // A pipe that somebody writes to is fine, whatever comes out of it.
    let script = format!(
        "{} cluster list --token-file <(echo \"$CPLN_TOKEN\")",
        env!("CARGO_BIN_EXE_mk8s")
    );
    env.write("run.sh", script);
    let _ = env.sh("exec bash run.sh").run().ok().out("prod");

    for variable in ["GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"] {
        let pipe = env.path("pipe");
        let run = env
            .line("check -c prod --only setup --report github")
            .with(variable, pipe.to_str().unwrap())
            .run()
            .exits(1)
            .err("the report was not written for GitHub Actions");
        assert!(run.elapsed < Duration::from_secs(20), "{:?}", run.elapsed);
    }

    let profile = json!({"name": "ann", "context": {"org": "sandbox"},
        "request": {"endpoint": sandbox.endpoint()},
        "authInfo": {"accessToken": "old", "refreshToken": "short-refresh"}});
    for name in ["CPLN_ENDPOINT", "CPLN_ORG", "CPLN_TOKEN"] {
        env.unset(name);
    }
    env.profile("ann", &profile, true);
    let child = env.path("child");
    let script = format!(
        "#!/bin/sh\nsleep 600 &\necho $! >'{}'\nwait\n",
        child.display()
    );
    let cpln = env.write("bin/cpln", script);
    let _ = env.sh("chmod 755 bin/cpln").run().ok();
    let path = format!("{}:/usr/bin:/bin", cpln.parent().unwrap().display());
    env.set("PATH", &path);
    let run = env.line("cluster list --timeout 1s").run().exits(8);
    let _ = run.err("did not end within 1 seconds");
    let id = env.text("child").trim().to_owned();
    let status = format!("/proc/{id}/stat");
    // Ended, or waiting for somebody to notice that it has.
    let gone = || fs::read_to_string(&status).map_or(true, |stat| stat.contains(") Z "));
    assert!(comes(gone), "its child lives on");

    env.write(
        "bin/cpln",
        "#!/bin/sh\necho \"no: short-refresh AIzaSyA1b2c3d4e5f6g7 at https://x.example\" >&2\nexit 1\n",
    );
    let run = env.line("cluster list").run().exits(4);
    let _ = run
        .err("said \"no: *** *** at https://x.example\"")
        .never("short-refresh")
        .never("AIza");
}

#[test]
fn settings_that_everybody_can_change_are_pointed_at() {
    let mut env = Env::new();
    let sandbox = Sandbox::holding(&mut env, &[aws("prod", &[ON])], &[]);
    let profile = json!({"name": "ann", "context": {"org": "sandbox"},
        "request": {"endpoint": sandbox.endpoint(), "token": sandbox.token()}});
    for name in ["CPLN_ENDPOINT", "CPLN_ORG", "CPLN_TOKEN"] {
        env.unset(name);
    }
    env.profile("ann", &profile, true);
    let home = env.home(".config/cpln");
    let file = home.join("profiles/ann.json");
    let mode = |path: &Path, mode: u32| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    let warned = |path: &Path| {
        let run = env.line("check --only setup").run().ok();
        let shown = path.display().to_string();
        assert!(
            run.stdout.contains(&shown) && run.stdout.contains("chmod o-w "),
            "{run}"
        );
        let _ = env.line("auth status").run().ok().err(&shown);
    };
    let quiet = || {
        let run = env.line("check --only setup").run().ok();
        assert!(!run.stdout.contains("chmod"), "{run}");
        let _ = env.line("auth status").run().ok().never("chmod");
    };
    mode(&file, 0o644);
    mode(&home, 0o755);
    quiet();
    mode(&file, 0o666);
    warned(&file);
    // What is printed mends it.
    let run = env.line("check --only setup").run().ok();
    let fix = run
        .stdout
        .lines()
        .find_map(|line| line.split_once("chmod "))
        .unwrap()
        .1;
    let _ = env.sh(&format!("chmod {fix}")).run().ok();
    quiet();
    mode(&home, 0o777);
    warned(&home);
    mode(&home, 0o1777);
    quiet();
    let token = env.write("token", sandbox.token());
    mode(&token, 0o602);
    let _ = env
        .line("auth status --token-file token")
        .run()
        .ok()
        .err("everybody on this machine can change token (mode 602)");
}
