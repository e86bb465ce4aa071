//! `mk8s sandbox`: the rehearsal as a user starts it, and the README's first command.

use crate::support::manifests::{ROLE, aws};
use crate::support::{Env, Sandbox, comes, wait};
use serde_json::json;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Child;
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
fn a_fleet_is_made_up() {
    let env = Env::new();
    let names = |flags: &str| {
        let line = format!("sandbox run {flags} -- mk8s cluster list -o names");
        env.line(&line).run().ok().stdout
    };
    let fleet = names("--clusters 120");
    assert_eq!(fleet.lines().count(), 120);
    assert_eq!(fleet.lines().next(), Some("fleet-0001"));
    env.write("seed.yaml", aws("seeded", &["rocket: {}"]));
    assert_eq!(
        names("--seed seed.yaml --clusters 2"),
        "fleet-0001\nfleet-0002\nseeded\n"
    );
    let _ = env.line("sandbox run --clusters 0 -- true").run().exits(2);
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
    for signal in ["TERM", "HUP"] {
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
        let _ = env.sh(&format!("kill -{signal} {}", run.id())).run().ok();
        let status = wait(&mut run, Duration::from_secs(20)).expect("it ends");
        assert!(!status.success(), "{status}");
        assert!(!inner.exists(), "the command outlives its sandbox");
        assert_eq!(folders(&env), 0);
    }
}

#[test]
fn a_sandbox_that_is_told_to_stop_ends_well() {
    let env = Env::new();
    for signal in ["INT", "TERM", "HUP"] {
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
        assert!(status.success(), "{signal}: {status}");
        assert_eq!(folders(&env), 0, "{signal}");
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

/// How many folders sandboxes have left in the temporary folder.
fn folders(env: &Env) -> usize {
    fs::read_dir(env.root().join("tmp"))
        .unwrap()
        .filter(|entry| {
            let name = entry.as_ref().unwrap().file_name();
            name.to_string_lossy().starts_with("mk8s-sandbox-")
        })
        .count()
}

/// The lines that a sandbox prints to be exported, once all are there.
fn exports(start: &mut Child) -> String {
    let mut lines = String::new();
    let mut reader = BufReader::new(start.stdout.as_mut().unwrap());
    while !lines
        .trim_end_matches(['\'', ')', '"', '\n'])
        .ends_with("trusted.pem")
    {
        assert_ne!(reader.read_line(&mut lines).unwrap(), 0, "{lines}");
    }
    lines
}

#[test]
fn what_kill_9_leaves_is_private_and_swept_at_the_next_start() {
    let env = Env::new();
    let tmp = env.root().join("tmp");
    let mut start = env.line("sandbox start").spawn();
    let _ = exports(&mut start);
    let left = fs::read_dir(&tmp).unwrap().next().unwrap().unwrap().path();
    let mode = fs::metadata(&left).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700, "{left:?}");
    // One that lives is left alone.
    let _ = env.line("sandbox run -- true").run().ok();
    assert!(left.join("trusted.pem").exists());
    start.kill().unwrap();
    start.wait().unwrap();
    assert_eq!(folders(&env), 1);
    let foreign = tmp.join("mk8s-sandbox-mine");
    fs::create_dir(&foreign).unwrap();
    let _ = env.line("sandbox run -- true").run().ok();
    assert!(!left.exists() && foreign.exists());
}

#[test]
fn a_sandbox_below_nohup_outlives_the_terminal() {
    let env = Env::new();
    let mut start = env
        .sh("trap '' HUP; exec mk8s sandbox start")
        .with("PATH", &path_with_mk8s())
        .spawn();
    let lines = exports(&mut start);
    let address = endpoint(&lines);
    let _ = env.sh(&format!("kill -HUP {}", start.id())).run().ok();
    assert!(TcpStream::connect(address).is_ok());
    assert_eq!(start.try_wait().unwrap(), None);
    let _ = env.sh(&format!("kill -TERM {}", start.id())).run().ok();
    assert!(wait(&mut start, Duration::from_secs(20)).unwrap().success());
}

fn path_with_mk8s() -> String {
    let folder = Path::new(env!("CARGO_BIN_EXE_mk8s")).parent().unwrap();
    format!("{}:/usr/local/bin:/usr/bin:/bin", folder.display())
}

fn endpoint(exports: &str) -> &str {
    let line = exports
        .lines()
        .find_map(|line| line.strip_prefix("export CPLN_ENDPOINT=http://"));
    line.unwrap()
}

#[test]
fn what_is_to_be_exported_is_quoted() {
    let mut env = Env::new();
    for odd in [
        "a b",
        "x;touch pwned",
        "it's",
        "$(touch pwned)",
        "`touch pwned`\n'",
        "a\\n\u{202e}\n::x",
    ] {
        let tmp = env.path(odd);
        fs::create_dir_all(&tmp).unwrap();
        env.set("TMPDIR", tmp.to_str().unwrap());
        let mut start = env.line("sandbox start").spawn();
        let lines = exports(&mut start);
        let whole = |line: &str| line.starts_with("export ");
        assert!(lines.lines().all(whole), "{odd:?}: {lines}");
        env.write("env", lines);
        let script = ". ./env; test -s \"$SSL_CERT_FILE\"; mk8s cluster list -o names";
        let run = env.sh(script).with("PATH", &path_with_mk8s()).run().ok();
        assert_eq!(run.stdout.lines().count(), 4, "{odd:?}: {run}");
        assert!(!env.path("pwned").exists(), "{odd:?}");
        start.kill().unwrap();
        start.wait().unwrap();
    }
}

/// Every way in which a state file once cost somebody else's file.
#[test]
fn a_state_file_costs_no_other_file() {
    let env = Env::new();
    let precious = ["Cargo.lock", "Cargo.tmp", ".Cargo.tmp", "victim"];
    for name in precious {
        env.write(name, "precious\n");
    }
    let intact = || {
        for name in precious {
            assert_eq!(env.text(name), "precious\n", "{name}");
        }
    };
    let _ = env.line("sandbox run --state Cargo -- true").run().ok();
    intact();
    assert!(env.text("Cargo").contains("clusters"));
    symlink("victim", env.path("st.json.lock")).unwrap();
    let _ = env.line("sandbox run --state st.json -- true").run().ok();
    intact();
    // Again, on the files that are there now.
    let _ = env.line("sandbox run --state st.json -- true").run().ok();

    symlink("victim", env.path("link")).unwrap();
    symlink("Cargo", env.path("own-link")).unwrap();
    symlink("victim", env.path("new.issuers")).unwrap();
    for (state, file, reason) in [
        (
            "Cargo.lock",
            "Cargo.lock",
            "it is not the state of a sandbox: it is some other text",
        ),
        (
            "link",
            "link",
            "it is a symbolic link, and none is followed",
        ),
        (
            "own-link",
            "own-link",
            "it is a symbolic link, and none is followed",
        ),
        (
            "new",
            "new.issuers",
            "it is a symbolic link, and none is followed",
        ),
        (".", ".", "it is a folder"),
    ] {
        let run = env
            .line(&format!("sandbox run --state {state} -- true"))
            .run()
            .exits(6)
            .silent();
        let _ = run
            .err(&format!(" {file}\n"))
            .err(&format!("because: {reason}"))
            .err("hint: ");
        intact();
    }
    let _ = env
        .line("sandbox run --state new --no-oidc -- true")
        .run()
        .ok();
    intact();
}

#[test]
fn the_org_of_a_state_file_can_be_asked_for() {
    let env = Env::new();
    let state = "my state.json";
    let run = |arguments: &[&str]| {
        let mut all = vec!["sandbox", "run", "--state", state];
        all.extend(arguments);
        all.extend([
            "--",
            "sh",
            "-c",
            "echo $CPLN_ORG; mk8s cluster list -o names | wc -l",
        ]);
        env.mk8s(&all).run()
    };
    let _ = run(&["--org", "acme"]).ok().out("acme\n4");
    run(&[])
        .exits(2)
        .err("its state file belongs to org `acme`, not `sandbox`")
        .err("hint: mk8s sandbox start --org acme --state 'my state.json'");
    let _ = run(&["--org", "acme"]).ok().out("acme\n4");
}

/// The resident memory of a process, in MiB.
fn resident(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kib = line.unwrap().split_whitespace().nth(1).unwrap();
    kib.parse::<u64>().unwrap() / 1024
}

#[test]
fn bodies_without_the_token_cost_no_memory() {
    let mut env = Env::new();
    let sandbox = Sandbox::start(&mut env, &[]);
    let address = sandbox.endpoint().trim_start_matches("http://").to_owned();
    assert_eq!(sandbox.cluster("hetzner")["name"], "hetzner");
    let before = resident(sandbox.pid());
    let piece = vec![b'x'; 64 * 1024];
    let mut open = Vec::new();
    for _ in 0..100 {
        let mut stream = TcpStream::connect(&address).unwrap();
        stream
            .set_write_timeout(Some(Duration::from_secs(5)))
            .unwrap();
        let head = "PUT /org/sandbox/mk8s HTTP/1.1\r\nHost: x\r\nContent-Length: 10485760\r\n\r\n";
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"HTTP/1.1 401");
        // It goes on all the same, as long as it can.
        for _ in 0..160 {
            if stream.write_all(&piece).is_err() {
                break;
            }
        }
        open.push(stream);
    }
    assert_eq!(sandbox.cluster("hetzner")["name"], "hetzner");
    let after = resident(sandbox.pid());
    assert!(after < before + 64, "from {before} MiB to {after} MiB");
}

#[test]
fn half_open_connections_lock_nobody_out() {
    let mut env = Env::new();
    let sandbox = Sandbox::start(&mut env, &["--oidc"]);
    let address = sandbox.endpoint().trim_start_matches("http://").to_owned();
    let half = |_| {
        let mut stream = TcpStream::connect(&address).unwrap();
        stream
            .write_all(b"GET /org/sandbox HTTP/1.1\r\nHost: x\r\n")
            .unwrap();
        stream
    };
    let mut known = TcpStream::connect(&address).unwrap();
    let request = format!(
        "GET /org/sandbox HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\r\n",
        sandbox.token()
    );
    let mut ask = || {
        known.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"}]}") {
            let mut byte = [0];
            known.read_exact(&mut byte).unwrap();
            answer.push(byte[0]);
        }
        assert!(answer.starts_with(b"HTTP/1.1 200"));
    };
    ask();
    let crowd: Vec<TcpStream> = (0..641).map(half).collect();
    assert!(comes(|| {
        let began = std::time::Instant::now();
        sandbox.answers(200, "GET", "/org/sandbox", "") && began.elapsed() < Duration::from_secs(2)
    }));
    // Who has shown the token before keeps the seat, and the issuers are there as well.
    ask();
    let _ = env
        .line("addon enable aws-workload-identity -c generic --yes")
        .run()
        .ok();
    let _ = env.line("check -c generic --only issuer").run().ok();
    // The newest of the crowd is still there: the oldest had to go.
    let mut newest = crowd.last().unwrap();
    newest.write_all(b"\r\n").unwrap();
    let mut answer = [0; 12];
    newest.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 401");
}

#[test]
fn any_document_can_stand_in_for_the_trust_policy() {
    let env = Env::new();
    let document = r#"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"<ACTION>"}]}"#;
    env.write("trust.json", document);
    let show = "mk8s addon enable aws-ecr -c hetzner --with-prerequisites --role-arn $0 --quiet >&2
                mk8s addon show aws-ecr -c hetzner -o 'jsonpath=$.status.trustPolicy'";
    let run = |policy: &str| {
        env.mk8s(&[
            "sandbox",
            "run",
            "--trust-policy",
            policy,
            "--",
            "sh",
            "-euc",
            show,
            ROLE,
        ])
        .run()
    };
    let shown = run("trust.json").ok();
    let shown: serde_json::Value = serde_json::from_str(&shown.stdout).unwrap();
    let wanted: serde_json::Value = serde_json::from_str(document).unwrap();
    assert_eq!(shown, wanted);
    let _ = run("string").ok().out("sts:AssumeRoleWithWebIdentity");
    env.write("bad.json", "{\n  \"Statement\": [,]\n}\n");
    let _ = run("bad.json")
        .exits(6)
        .silent()
        .err("bad.json")
        .err("line 2 column 17");
    let _ = run("nope")
        .exits(3)
        .silent()
        .err("nope")
        .err("object, string and placeholder");
}

#[test]
fn the_first_step_of_byok_can_be_rehearsed() {
    let mut env = Env::new();
    let _sandbox = Sandbox::start(&mut env, &[]);
    let run = env
        .cpln(&["location", "create", "--name", "edge"])
        .run()
        .ok();
    let run = run.out("edge");
    drop(run);
    let _ = env
        .cpln(&["location", "get", "edge"])
        .run()
        .ok()
        .out("edge");
    let line = "addon enable byok -c generic --location //location/edge";
    let _ = env.line(line).run().ok();
    // The same link in its other spelling is no change.
    for link in ["//location/edge", "/org/sandbox/location/edge"] {
        let line = format!("addon enable byok -c generic --location {link} --dry-run --exit-code");
        let _ = env.line(&line).run().ok();
    }
    for (link, reason) in [
        (
            "//secret/x",
            "it is a link to a secret, and a location is expected",
        ),
        (
            "/org/other/location/x",
            "must be a link to a location of this org",
        ),
    ] {
        let line = format!("addon enable byok -c generic --location {link}");
        let run = env.line(&line).run();
        assert!(matches!(run.code, 2 | 6), "{run}");
        let _ = run.err(reason);
    }
    let _ = env.cpln(&["location", "delete", "edge"]).run().ok();
}
