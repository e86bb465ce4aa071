//! What the sandbox keeps and what it does not: `kill -9` in the middle of writes, and dry runs.

use crate::support::manifests::hetzner;
use crate::support::{Env, Sandbox, try_request};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// What one writer was answered before the sandbox was killed.
#[derive(Debug, Default)]
struct Written {
    /// The last value of its tag that was answered, and the last one that was sent.
    tag: (u64, u64),
    /// Its clusters whose making was answered, and those whose deletion was.
    made: Vec<String>,
    deleted: Vec<String>,
}

/// Changes its own tag, makes clusters and deletes every other one, until the sandbox is gone.
fn write(endpoint: &str, token: &str, writer: usize, round: u64, answered: &AtomicU64) -> Written {
    let send = |method: &str, path: &str, body: &str| {
        let (status, body) = try_request(endpoint, method, path, token, body)?;
        assert!(
            (200..300).contains(&status),
            "{method} {path}: {status} {}",
            String::from_utf8_lossy(&body)
        );
        answered.fetch_add(1, Ordering::SeqCst);
        Some(())
    };
    let mut written = Written::default();
    for n in 1.. {
        let value = round * 1_000_000 + n;
        written.tag.1 = value;
        let tag = json!({"tags": {format!("w{writer}"): value}}).to_string();
        if send("PATCH", "/org/sandbox/mk8s/edge", &tag).is_none() {
            break;
        }
        written.tag.0 = value;
        let name = format!("r{round}-w{writer}-n{n}");
        let body = json!({"kind": "mk8s", "name": name, "spec": {"version": "1.33.5",
            "provider": {"generic": {"location": "aws-eu-central-1"}}}});
        if send("POST", "/org/sandbox/mk8s", &body.to_string()).is_none() {
            break;
        }
        if n % 2 == 0 {
            // From here on it may be there or not, until the answer has come.
            if send("DELETE", &format!("/org/sandbox/mk8s/{name}"), "").is_none() {
                break;
            }
            written.deleted.push(name);
        } else {
            written.made.push(name);
        }
    }
    written
}

/// Kills the sandbox right after an answer, with other writes under way, and starts it again on the
/// same file.
#[test]
fn what_was_answered_outlives_kill_9() {
    const ROUNDS: u64 = 25;
    const WRITERS: usize = 3;
    let seed = fastrand::u64(..);
    let mut random = fastrand::Rng::with_seed(seed);
    let mut env = Env::new();
    let state = env.path("state.json");
    let flags = ["--state", state.to_str().unwrap()];
    let mut sandbox = Sandbox::holding(&mut env, &[hetzner("edge", &[])], &flags);
    let mut total = 0;
    for round in 1..=ROUNDS {
        let enough = random.u64(1..40);
        let answered = AtomicU64::new(0);
        let (endpoint, token) = (sandbox.endpoint().to_owned(), sandbox.token().to_owned());
        let all: Vec<Written> = thread::scope(|scope| {
            let writers: Vec<_> = (0..WRITERS)
                .map(|writer| {
                    let (endpoint, token, answered) = (&endpoint, &token, &answered);
                    scope.spawn(move || write(endpoint, token, writer, round, answered))
                })
                .collect();
            while answered.load(Ordering::SeqCst) < enough
                && !writers.iter().all(thread::ScopedJoinHandle::is_finished)
            {
                thread::yield_now();
            }
            sandbox.kill();
            writers
                .into_iter()
                .map(|writer| writer.join().unwrap())
                .collect()
        });
        total += answered.into_inner();
        sandbox = Sandbox::start(&mut env, &flags);
        let edge = sandbox.cluster("edge");
        let place = format!("round {round}, seed {seed}");
        for (writer, written) in all.iter().enumerate() {
            let tag = edge["tags"][format!("w{writer}")]
                .as_u64()
                .unwrap_or_default();
            let (answered, sent) = written.tag;
            assert!(
                tag == answered || tag == sent || answered == 0,
                "{place}: writer {writer} was answered {answered}, {tag} is stored"
            );
            for name in &written.made {
                sandbox.cluster(name);
            }
            for name in &written.deleted {
                let (status, _) = sandbox.call("GET", &format!("/org/sandbox/mk8s/{name}"), "");
                assert_eq!(status, 404, "{place}: {name} is back");
            }
        }
    }
    assert!(total >= ROUNDS, "only {total} writes were answered");
    // Whatever the kills left behind: the file, and one unfinished copy each at most.
    let is_copy =
        |name: &str| name.starts_with(".state.json.") && name.rsplit('.').next() == Some("tmp");
    let left = env.sh("ls -A").run().ok().stdout;
    let strange: Vec<&str> = left
        .lines()
        .filter(|name| *name != "state.json" && !is_copy(name))
        .collect();
    assert!(strange.is_empty(), "{strange:?}");
    let copies = left.lines().filter(|name| is_copy(name)).count() as u64;
    assert!(copies <= ROUNDS, "{left}");
}

/// `dryRun=true` answers as if, on every kind of write, and the client finds nothing changed.
#[test]
fn a_dry_run_on_the_server_stores_nothing() {
    let mut env = Env::new();
    let sandbox = Sandbox::holding(&mut env, &[hetzner("edge", &["headlamp: {}"])], &[]);
    let before = env.cpln(&["mk8s", "get", "-o", "json"]).run().ok().json();
    let body = |add_ons: Value| {
        json!({"kind": "mk8s", "name": "edge", "spec": {"version": "1.33.5", "addOns": add_ons,
            "provider": before["items"][0]["spec"]["provider"]}})
    };
    let mut fresh = body(json!({}));
    fresh["name"] = json!("fresh");
    let all = "/org/sandbox/mk8s?dryRun=true";
    let one = "/org/sandbox/mk8s/edge?dryRun=true";
    for (method, path, body, status, pointer, wanted) in [
        (
            "PUT",
            all,
            body(json!({"sysbox": {}})),
            200,
            "/spec/addOns",
            json!({"sysbox": {}}),
        ),
        (
            "PUT",
            one,
            body(json!({"sysbox": {}})),
            200,
            "/version",
            json!(2),
        ),
        (
            "PATCH",
            one,
            json!({"spec": {"addOns": {"headlamp": null}}}),
            200,
            "/spec/addOns",
            json!({}),
        ),
        ("PUT", all, fresh.clone(), 201, "/name", json!("fresh")),
        ("POST", all, fresh, 201, "/version", json!(1)),
        ("DELETE", one, Value::Null, 202, "", Value::Null),
        (
            "PATCH",
            one,
            json!({"spec": {"addOns": {"rocket": {}}}}),
            400,
            "/code",
            json!("BAD_REQUEST"),
        ),
        (
            "PATCH",
            one,
            json!({"version": 7}),
            409,
            "/code",
            json!("CONFLICT"),
        ),
    ] {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let (got, answer) = sandbox.call(method, path, &body);
        assert_eq!(
            (got, answer.pointer(pointer)),
            (status, Some(&wanted)),
            "{method} {path} {body}"
        );
    }
    let after = env.cpln(&["mk8s", "get", "-o", "json"]).run().ok().json();
    assert_eq!(after, before);
    let events = sandbox
        .call("GET", "/org/sandbox/mk8s/edge/-eventlog", "")
        .1;
    assert_eq!(events["items"].as_array().unwrap().len(), 1, "{events}");
}
