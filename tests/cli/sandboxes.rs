//! `mk8s sandbox`: the rehearsal as a user starts it, and the README's first command.

use crate::support::manifests::{ROLE, aws};
use crate::support::{Env, Sandbox, wait};
use serde_json::json;
use std::io::{BufRead as _, BufReader};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::time::Duration;

#[test]
fn the_exit_code_of_the_command_is_passed_on() {
    let env = Env::new();
    for code in [0, 1, 6, 23, 130] {
        let script = format!("exit {code}");
        let _ = env
            .mk8s(&["sandbox", "run", "--", "sh", "-c", &script])
            .run()
            .exits(code);
    }
    let run = env.mk8s(&["sandbox", "run", "--", "no-such-program"]).run();
    assert_ne!(run.code, 0);
    let _ = run.silent().err("no-such-program");
}

#[test]
fn input_and_output_belong_to_the_command() {
    let env = Env::new();
    let run = env
        .mk8s(&["sandbox", "run", "--", "cat"])
        .stdin("to the command\n")
        .run()
        .ok();
    assert_eq!(run.stdout, "to the command\n");
}

#[test]
fn the_command_sees_this_binary_and_nothing_of_the_callers_login() {
    let mut env = Env::new();
    env.connect("https://real.example.com", "real-org", "real-token")
        .set("CPLN_PROFILE", "real");
    let script = "command -v mk8s; ls -A \"$CPLN_HOME\"; env | grep ^CPLN_";
    let run = env
        .mk8s(&["sandbox", "run", "--", "sh", "-c", script])
        .run()
        .ok()
        .never("real");
    let binary = Path::new(env!("CARGO_BIN_EXE_mk8s"));
    assert_eq!(run.stdout.lines().next(), binary.to_str(), "{run}");
    for name in [
        "CPLN_ENDPOINT=http://127.0.0.1:",
        "CPLN_ORG=",
        "CPLN_TOKEN=",
        "CPLN_HOME=",
    ] {
        assert!(run.stdout.contains(name), "no {name}\n{run}");
    }
}

#[test]
fn four_clusters_are_there_and_the_server_is_gone_afterwards() {
    let env = Env::new();
    let script = "mk8s cluster list -o names; echo $CPLN_ENDPOINT; echo $CPLN_HOME";
    let run = env
        .mk8s(&["sandbox", "run", "--", "sh", "-c", script])
        .run()
        .ok();
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(lines.len(), 6, "{run}");
    let mut names = lines[..4].to_vec();
    names.sort_unstable();
    assert_eq!(names, ["aws-cross", "aws-same", "generic", "hetzner"]);
    let address = lines[4].trim_start_matches("http://");
    assert!(
        TcpStream::connect(address).is_err(),
        "{address} still answers"
    );
    assert!(!Path::new(lines[5]).exists(), "{} is left", lines[5]);
}

#[test]
fn a_sandbox_demands_its_own_token() {
    let mut env = Env::new();
    let sandbox = Sandbox::start(&mut env, &[]);
    for token in ["", "x", &sandbox.token()[1..]] {
        env.set("CPLN_TOKEN", token);
        let _ = env.line("cluster list").run().exits(4).silent();
    }
    assert_eq!(sandbox.cluster("hetzner")["name"], "hetzner");
}

#[test]
fn the_state_outlives_the_sandbox_when_it_has_a_file() {
    let mut env = Env::new();
    let sandbox = Sandbox::start(&mut env, &["--state", "state.json"]);
    let _ = env
        .line(&format!(
            "addon enable aws-ecr -c hetzner --with-prerequisites --role-arn {ROLE}"
        ))
        .run()
        .ok();
    let before = sandbox.cluster("hetzner");
    drop(sandbox);
    let sandbox = Sandbox::start(&mut env, &["--state", "state.json"]);
    let after = sandbox.cluster("hetzner");
    assert_eq!(after["spec"], before["spec"]);
    assert_eq!(after["version"], before["version"]);
    assert_eq!(after["id"], before["id"]);
}

#[test]
fn seeds_take_the_place_of_the_built_in_clusters() {
    let mut env = Env::new();
    let _sandbox = Sandbox::holding(&mut env, &[aws("mine", &["rocket: {}"])], &[]);
    assert_eq!(
        env.line("cluster list -o names").run().ok().stdout,
        "mine\n"
    );
    env.write("bad.yaml", "kind: gvc\nname: x\n");
    let run = env.line("sandbox start --seed bad.yaml").run();
    assert_ne!(run.code, 0);
    let _ = run.silent().err("bad.yaml");
}

#[test]
fn the_sandbox_refuses_what_the_schema_refuses() {
    let mut env = Env::new();
    let sandbox = Sandbox::holding(&mut env, &[aws("prod", &["awsWorkloadIdentity: {}"])], &[]);
    let path = format!("/org/{}/mk8s/prod", sandbox.org());
    for patch in [
        json!({"spec": {"addOns": {"awsECR": true}}}),
        json!({"spec": {"addOns": {"awsECR": {"roleARN": ROLE}}}}),
        json!({"spec": {"addOns": {"awsEFS": {}}}}),
    ] {
        let (status, body) = sandbox.call("PATCH", &path, &patch.to_string());
        assert_eq!(status, 400, "{patch}: {body}");
        assert!(body["message"].is_string(), "{body}");
    }
    let stale = json!({"version": 999, "spec": {"addOns": {"awsECR": {}}}});
    let (status, _) = sandbox.call("PATCH", &path, &stale.to_string());
    assert_eq!(status, 409);
    assert_eq!(
        sandbox.cluster("prod")["spec"]["addOns"],
        json!({"awsWorkloadIdentity": {}})
    );
}

/// What a newcomer sees.
#[test]
fn the_first_command_of_the_readme_does_what_it_promises() {
    let env = Env::new();
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/demo.sh");
    let run = env
        .mk8s(&["sandbox", "run", "--", "sh", demo.to_str().unwrap()])
        .run()
        .ok();
    let both = format!("{}{}", run.stdout, run.stderr);
    for part in [
        "hetzner",
        "aws-same",
        "awsECR:",
        "roleArn: arn:aws:iam::",
        "sts:AssumeRoleWithWebIdentity",
    ] {
        assert!(both.contains(part), "no {part}\n{run}");
    }
}

#[test]
fn ending_the_sandbox_ends_the_command() {
    let env = Env::new();
    let mut run = env
        .mk8s(&[
            "sandbox",
            "run",
            "--",
            "sh",
            "-c",
            "echo $$; exec sleep 300",
        ])
        .spawn();
    let mut line = String::new();
    BufReader::new(run.stdout.as_mut().unwrap())
        .read_line(&mut line)
        .unwrap();
    let inner = Path::new("/proc").join(line.trim());
    assert!(inner.exists() || !Path::new("/proc").exists());
    let _ = env.sh(&format!("kill -TERM {}", run.id())).run().ok();
    let status = wait(&mut run, Duration::from_secs(20)).expect("it ends");
    assert!(!status.success(), "{status}");
    assert!(!inner.exists(), "the command outlives its sandbox");
}

#[test]
fn a_sandbox_that_is_told_to_stop_ends_well() {
    let env = Env::new();
    for signal in ["INT", "TERM"] {
        let mut start = env.line("sandbox start").spawn();
        let mut line = String::new();
        BufReader::new(start.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        assert!(line.starts_with("export CPLN_"), "{line}");
        let address = line
            .trim()
            .trim_start_matches("export CPLN_ENDPOINT=http://")
            .to_owned();
        // It answers, so that it listens for signals too.
        assert!(TcpStream::connect(&address).is_ok(), "{address}");
        let _ = env.sh(&format!("kill -{signal} {}", start.id())).run().ok();
        let status = wait(&mut start, Duration::from_secs(20)).expect("it ends");
        assert!(status.success() || status.signal().is_some(), "{status}");
        assert!(
            TcpStream::connect(&address).is_err(),
            "{address} still answers"
        );
    }
}

#[test]
fn a_port_that_is_taken_is_said() {
    let env = Env::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let run = env
        .line(&format!("sandbox start --port {port}"))
        .run()
        .exits(1);
    let _ = run.silent().err(&format!("127.0.0.1:{port}"));
}
