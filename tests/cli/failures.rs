//! What a network and a server can do to a command, and what the command then says and does.

use crate::support::manifests::{ROLE, aws, hetzner};
use crate::support::{Answer, Env, Fake, Sandbox, snapshot};
use serde_json::{Value, json};
use std::time::Duration;

const ON: &str = "awsWorkloadIdentity: {}";
const ENABLE: &str = "addon enable aws-ecr -c prod";

fn live(flags: &[&str]) -> (Env, Sandbox) {
    let mut env = Env::new();
    let sandbox = Sandbox::holding(&mut env, &[aws("prod", &[ON])], flags);
    (env, sandbox)
}

fn against(answers: Vec<Answer>) -> (Env, Fake) {
    let fake = Fake::serve(answers);
    let mut env = Env::new();
    env.connect(fake.endpoint(), "acme", "secret-token-value");
    (env, fake)
}

fn count(sandbox: &Sandbox, method: &str) -> usize {
    sandbox
        .requests()
        .iter()
        .filter(|request| request.starts_with(method))
        .count()
}

fn cluster(version: i64, add_ons: &Value) -> Answer {
    Answer::json(
        200,
        &json!({
            "kind": "mk8s", "name": "prod", "id": "i-1", "version": version,
            "spec": {"version": "1.33.5", "provider": {"aws": {}}, "addOns": add_ons}
        }),
    )
}

fn problem(status: u16, message: &str) -> Answer {
    Answer::json(
        status,
        &json!({"status": status, "message": message, "id": "7f3a5c1e-0000-4000-8000-000000000001"}),
    )
}

#[test]
fn a_wrong_token_is_denied() {
    let (mut env, _sandbox) = live(&[]);
    env.set("CPLN_TOKEN", "wrong");
    snapshot!(env, env.line("cluster get prod").run(), @r#"
    exit 4
    --- stderr
    error: cannot read cluster `prod` in org `sandbox`
      because: Control Plane answered 401 "the token is not valid" (request [ID])
    hint: the token is from CPLN_TOKEN; `mk8s auth status` says whose it is
    hint: the endpoint is from CPLN_ENDPOINT; a token is good at its own endpoint only
    "#);
}

#[test]
fn forbidden_names_both_readings() {
    let (env, _fake) = against(vec![problem(403, "forbidden")]);
    snapshot!(env, env.line("cluster get prod").run(), @r#"
    exit 4
    --- stderr
    error: cannot read cluster `prod` in org `acme`
      because: Control Plane answered 403 "forbidden" (request [ID])
    hint: 403 is also the answer for a misspelt org or cluster; you are using org `acme` from CPLN_ORG
    hint: otherwise the token (CPLN_TOKEN) lacks the view permission on mk8s
    "#);
}

#[test]
fn a_missing_cluster_is_not_found() {
    let (env, _sandbox) = live(&[]);
    snapshot!(env, env.line("cluster get nobody").run(), @r#"
    exit 3
    --- stderr
    error: cannot read cluster `nobody` in org `sandbox`
      because: Control Plane answered 404 "mk8s "nobody" does not exist" (request [ID])
    hint: you are using org `sandbox` from CPLN_ORG
    hint: clusters that exist: `mk8s cluster list`
    "#);
}

#[test]
fn a_server_that_is_down_is_unavailable() {
    let mut env = Env::new();
    // Bound and closed again: nobody listens there.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    env.connect(&format!("http://127.0.0.1:{port}"), "acme", "t");
    let run = env.line("cluster get prod").run().exits(8).silent();
    assert!(run.elapsed < Duration::from_secs(30), "{:?}", run.elapsed);
    snapshot!(env, run, @r"
    exit 8
    --- stderr
    error: cannot read cluster `prod` in org `acme`
      because: nothing answers at http://127.0.0.1:[PORT] (connection refused), 4 times
    hint: the endpoint is from CPLN_ENDPOINT
    ");
}

#[test]
fn garbage_is_not_taken_for_an_answer() {
    for (name, answer) in [
        (
            "a page",
            Answer::text(
                200,
                "text/html",
                "<html><body>Welcome to the hotel</body></html>",
            ),
        ),
        (
            "no JSON",
            Answer::text(200, "application/json", "{\"kind\": "),
        ),
        (
            "another kind",
            Answer::json(200, &json!({"kind": "gvc", "name": "prod"})),
        ),
        ("a list", Answer::json(200, &json!([]))),
        ("nothing", Answer::text(200, "application/json", "")),
        ("no HTTP", Answer::Raw(b"SSH-2.0-OpenSSH_9.6\r\n".to_vec())),
        (
            "not UTF-8",
            Answer::Raw(
                b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\n\xff\xfe\xfd"
                    .to_vec(),
            ),
        ),
    ] {
        let (env, _fake) = against(vec![answer]);
        let run = env.line("cluster get prod").run();
        assert_eq!((run.code, run.stdout.as_str()), (8, ""), "{name}\n{run}");
        let run = env.line(ENABLE).run();
        assert_eq!((run.code, run.stdout.as_str()), (8, ""), "{name}\n{run}");
    }
}

#[test]
fn a_truncated_body_is_unavailable() {
    let (env, _fake) = against(vec![Answer::truncated(
        "{\"kind\": \"mk8s\", \"name\": \"prod\"}",
    )]);
    snapshot!(env, env.line("cluster get prod").run().exits(8).silent(), @r"
    exit 8
    --- stderr
    error: cannot read cluster `prod` in org `acme`
      because: the connection to http://127.0.0.1:[PORT] broke off before the answer was complete, 4 times
    ");
}

#[test]
fn an_endless_answer_is_not_read_to_its_end() {
    let (env, _fake) = against(vec![Answer::Raw(
        format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{{",
            1u64 << 40
        )
        .into_bytes(),
    )]);
    let _ = env.line("cluster get prod").run().exits(8).silent();
}

#[test]
fn control_characters_of_a_server_do_not_reach_the_terminal() {
    let (env, _fake) = against(vec![problem(
        400,
        "bad\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m",
    )]);
    let run = env.line("cluster get prod").run();
    assert_ne!(run.code, 0);
    for character in ['\u{1b}', '\u{7}', '\u{9b}'] {
        assert!(!run.stderr.contains(character), "{run}");
    }
}

#[test]
fn server_errors_are_retried_for_reads_and_writes() {
    let (env, sandbox) = live(&["--fault", "status=503,times=2"]);
    let _ = env.line("cluster get prod -o names").run().ok();
    assert_eq!(count(&sandbox, "GET"), 3);
    let (env, sandbox) = live(&["--fault", "status=500,on=PATCH,times=2"]);
    let _ = env.line(ENABLE).run().ok();
    assert!(count(&sandbox, "PATCH") <= 3);
    assert_eq!(
        sandbox.cluster("prod")["spec"]["addOns"]["awsECR"],
        json!({})
    );
}

#[test]
fn server_errors_without_end_are_unavailable_after_four_tries() {
    let (env, sandbox) = live(&["--fault", "status=502"]);
    let run = env.line("cluster get prod").run().exits(8).silent();
    assert_eq!(count(&sandbox, "GET"), 4);
    let _ = run.err("502");
}

#[test]
fn throttling_is_waited_out_and_a_quota_is_not() {
    let throttled = || {
        Answer::headers(
            429,
            &[("Retry-After", "1"), ("Content-Type", "application/json")],
            "{\"message\":\"slow down\"}",
        )
    };
    let (env, fake) = against(vec![throttled(), cluster(3, &json!({}))]);
    let run = env.line("cluster get prod -o names").run().ok();
    assert_eq!(fake.seen().len(), 2);
    assert!(run.elapsed >= Duration::from_secs(1), "{:?}", run.elapsed);
    let (env, fake) = against(vec![problem(429, "Quota exceeded: mk8s")]);
    let _ = env
        .line("cluster get prod")
        .run()
        .exits(8)
        .silent()
        .err("Quota exceeded");
    assert_eq!(fake.seen().len(), 1, "a quota is not retried");
}

#[test]
fn a_rejected_change_is_6_with_the_servers_words_and_request() {
    let (env, _fake) = against(vec![
        cluster(3, &json!({"awsWorkloadIdentity": {}})),
        problem(400, "\"spec.addOns.awsECR\" is not allowed"),
    ]);
    snapshot!(env, env.line(ENABLE).run(), @r#"
    exit 6
    --- stderr
      spec.addOns:
    +   awsECR: {}
    error: `aws-ecr` was not enabled on `prod`
      because: Control Plane answered 400 ""spec.addOns.awsECR" is not allowed" (request [ID])
    "#);
}

#[test]
fn a_lost_race_is_read_and_planned_again() {
    let (env, sandbox) = live(&["--fault", "status=409,on=PATCH,times=2"]);
    let _ = env.line(ENABLE).run().ok();
    assert_eq!((count(&sandbox, "GET"), count(&sandbox, "PATCH")), (4, 3));
    assert_eq!(
        sandbox.cluster("prod")["spec"]["addOns"]["awsECR"],
        json!({})
    );
}

#[test]
fn a_race_that_is_always_lost_is_a_conflict() {
    let (env, sandbox) = live(&["--fault", "status=409,on=PATCH"]);
    let run = env.line(ENABLE).run().exits(5).silent();
    let _ = run.err("prod");
    assert!(
        count(&sandbox, "PATCH") >= 10,
        "{}",
        count(&sandbox, "PATCH")
    );
}

/// The re-plan sees what the winner did: here, that there is nothing left to do.
#[test]
fn after_a_lost_race_the_plan_is_made_anew() {
    let (env, fake) = against(vec![
        cluster(3, &json!({"awsWorkloadIdentity": {}})),
        problem(409, "version mismatch"),
        cluster(4, &json!({"awsWorkloadIdentity": {}, "awsECR": {}})),
    ]);
    let json = env.line(&format!("{ENABLE} -o json")).run().ok().json();
    assert_eq!(fake.seen().len(), 3, "no second write");
    assert_eq!(json["items"][0]["after"], json!({}));
}

#[test]
fn a_lost_answer_converges_without_a_second_write() {
    let (env, fake) = against(vec![
        cluster(3, &json!({"awsWorkloadIdentity": {}})),
        Answer::Close,
        cluster(4, &json!({"awsWorkloadIdentity": {}, "awsECR": {}})),
    ]);
    let _ = env.line(ENABLE).run().ok();
    let writes: Vec<_> = fake
        .seen()
        .into_iter()
        .filter(|seen| seen.method == "PATCH")
        .collect();
    assert_eq!(writes.len(), 1);
}

#[test]
fn a_connection_that_dies_after_the_write_converges_on_reading_again() {
    for fault in [
        "cut,on=PATCH,times=1,after",
        "truncate,on=PATCH,times=1",
        "status=502,on=PATCH,times=1,after",
        "html,on=PATCH,times=1,after",
    ] {
        let (env, sandbox) = live(&["--fault", fault]);
        let run = env.line(&format!("{ENABLE} -o json")).run();
        assert_eq!(run.code, 0, "{fault}\n{run}");
        assert_eq!(
            sandbox.cluster("prod")["spec"]["addOns"],
            json!({"awsWorkloadIdentity": {}, "awsECR": {}})
        );
        let applied = sandbox
            .log()
            .iter()
            .filter(|entry| entry["applied"] == true)
            .count();
        assert_eq!(applied, 1, "{fault}: written more than once");
    }
}

#[test]
fn another_writer_in_between_is_neither_overwritten_nor_blamed() {
    let (env, sandbox) = live(&["--fault", "race,on=PATCH,times=2"]);
    let _ = env.line(ENABLE).run().ok();
    assert_eq!((count(&sandbox, "GET"), count(&sandbox, "PATCH")), (4, 3));
    assert_eq!(
        sandbox.cluster("prod")["spec"]["addOns"]["awsECR"],
        json!({})
    );
}

#[test]
fn every_way_of_breaking_off_is_an_exit_code_and_not_a_hang() {
    for (fault, code) in [
        ("cut,on=GET", 8),
        ("noise,on=GET", 8),
        ("truncate,on=GET", 8),
        ("garble,on=GET", 8),
        ("html,on=GET", 8),
        ("html=502,on=GET", 8),
        ("flood=64m,on=GET", 8),
        ("stall,on=GET", 8),
        ("quota,on=GET", 8),
        ("status=401,on=GET", 4),
        ("status=403,on=GET", 4),
        ("status=404,on=GET", 3),
        ("status=400,on=PATCH", 6),
        ("status=422,on=PATCH", 6),
        ("status=403,on=PATCH", 4),
        ("quota,on=PATCH", 8),
    ] {
        let (env, sandbox) = live(&["--fault", fault]);
        let run = env.line(&format!("{ENABLE} --timeout 500ms")).run();
        assert_eq!(run.code, code, "{fault}\n{run}");
        let _ = run.silent();
        let applied = sandbox.log().iter().any(|entry| entry["applied"] == true);
        assert!(!applied, "{fault}");
    }
}

#[test]
fn a_drip_of_bytes_is_an_answer_if_it_ends_in_time() {
    let (env, _sandbox) = live(&["--fault", "drip=1ms,on=GET"]);
    let _ = env.line("cluster get prod").run().ok();
}

#[test]
fn a_write_that_did_not_arrive_is_sent_again() {
    let (env, fake) = against(vec![
        cluster(3, &json!({"awsWorkloadIdentity": {}})),
        Answer::Close,
        cluster(3, &json!({"awsWorkloadIdentity": {}})),
        cluster(4, &json!({"awsWorkloadIdentity": {}, "awsECR": {}})),
    ]);
    let _ = env.line(ENABLE).run().ok();
    let writes: Vec<_> = fake
        .seen()
        .into_iter()
        .filter(|seen| seen.method == "PATCH")
        .collect();
    assert_eq!(writes.len(), 2);
    assert_eq!(writes[0].body, writes[1].body, "under the same lock");
}

#[test]
fn a_server_that_says_yes_and_does_nothing_is_found_out() {
    let off = || cluster(3, &json!({"awsWorkloadIdentity": {}}));
    let (env, _fake) = against(vec![
        off(),
        cluster(4, &json!({})),
        cluster(4, &json!({"awsWorkloadIdentity": {}})),
    ]);
    let run = env.line(ENABLE).run().exits(1);
    let _ = run.err("aws-ecr");
}

#[test]
fn a_field_that_our_write_lost_is_named() {
    let read = |version, spec: Value| {
        Answer::json(
            200,
            &json!({"kind": "mk8s", "name": "prod", "id": "i-1", "version": version, "spec": spec}),
        )
    };
    let spec = |firewall: bool, ecr: bool| {
        let mut spec = json!({"version": "1.33.5", "provider": {"aws": {}}, "addOns": {"awsWorkloadIdentity": {}}});
        if firewall {
            spec["firewall"] = json!([{"sourceCIDR": "10.0.0.0/8"}]);
        }
        if ecr {
            spec["addOns"]["awsECR"] = json!({});
        }
        spec
    };
    // The next lock value: the change is ours, and so is the loss.
    let (env, _fake) = against(vec![
        read(3, spec(true, false)),
        read(4, spec(false, true)),
        read(4, spec(false, true)),
    ]);
    let _ = env.line(ENABLE).run().exits(1).err("firewall");
    // A later one: others wrote after us, and only our key is judged.
    let (env, _fake) = against(vec![
        read(3, spec(true, false)),
        read(4, spec(true, true)),
        read(6, spec(false, true)),
    ]);
    let _ = env.line(ENABLE).run().ok();
    // An added field is a server's default, and a note.
    let (env, _fake) = against(vec![
        read(3, spec(false, false)),
        read(4, spec(true, true)),
        read(4, spec(true, true)),
    ]);
    let _ = env.line(ENABLE).run().ok();
}

#[test]
fn a_slow_server_runs_into_the_timeout() {
    let (env, _fake) = against(vec![Answer::Silence]);
    let run = env
        .line("cluster get prod --timeout 200ms")
        .run()
        .exits(8)
        .silent();
    assert!(run.elapsed < Duration::from_secs(25), "{:?}", run.elapsed);
    let (env, _sandbox) = live(&["--latency", "300ms"]);
    let _ = env.line("cluster get prod").run().ok();
}

#[test]
fn a_token_does_not_follow_a_redirect_to_another_host() {
    let (_, other) = against(vec![cluster(1, &json!({}))]);
    let target = format!("{}/org/acme/mk8s/prod", other.endpoint());
    for status in [301, 302, 307, 308] {
        let (env, _fake) = against(vec![Answer::headers(status, &[("Location", &target)], "")]);
        let run = env.line("cluster get prod").run();
        assert_ne!(run.code, 0, "{run}");
    }
    for seen in other.seen() {
        assert_eq!(seen.authorization, None, "the token was sent along");
    }
}

#[test]
fn a_dry_run_writes_nothing_whatever_the_server_does() {
    let (env, fake) = against(vec![
        problem(500, "x"),
        cluster(3, &json!({"awsWorkloadIdentity": {}})),
    ]);
    for line in [
        &format!("{ENABLE} --dry-run") as &str,
        "addon disable aws-workload-identity -c prod --dry-run --yes",
        &format!("addon enable aws-ecr -c prod --role-arn {ROLE} --dry-run --wait"),
    ] {
        let _ = env.line(line).run().ok();
    }
    assert!(fake.seen().iter().all(|seen| seen.method == "GET"));
}

#[test]
fn failures_in_json_are_documents_too() {
    let mut env = Env::new();
    let _sandbox = Sandbox::holding(&mut env, &[hetzner("edge", &[])], &[]);
    for (line, code) in [
        ("addon enable aws-ecr -c edge -o json", 6),
        ("cluster get nobody -o json", 3),
        ("addon show aws-ecr -c nobody -o json", 3),
    ] {
        let run = env.line(line).run().exits(code);
        // One complete document, or nothing; words on stderr.
        if !run.stdout.is_empty() {
            let _ = run.json();
        }
        assert!(!run.stderr.is_empty(), "{line}\n{run}");
    }
}
