//! Lines are there as they are known, and what takes longer than a second says what it waits for.

use crate::support::manifests::hetzner;
use crate::support::{Env, Sandbox, Terminal};
use std::io::{BufRead as _, BufReader, Read as _};

fn edge(flags: &[&str]) -> (Env, Sandbox) {
    let mut env = Env::new();
    let sandbox = Sandbox::holding(
        &mut env,
        &[hetzner("edge", &[]), hetzner("west", &["logs: {}"])],
        flags,
    );
    (env, sandbox)
}

/// While the first request is under way, what was looked at before it is told already; and the whole is
/// what a run prints that nothing slows down.
#[test]
fn a_checklist_is_told_as_it_is_known() {
    for line in [
        "check -c edge --skip aws,issuer",
        "check -c edge -c west --skip aws,issuer",
        "check -c edge -o short --skip aws,issuer --only setup,cluster-exists",
    ] {
        let (env, sandbox) = edge(&[]);
        let whole = env.line(line).run();
        let requests = sandbox.requests().len();
        sandbox.fault("delay=2s,on=GET");
        let mut child = env.line(line).spawn();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut told = String::new();
        if !line.contains("short") {
            while !told.contains("token from CPLN_TOKEN") {
                assert_ne!(stdout.read_line(&mut told).unwrap(), 0, "{told}");
            }
            assert!(child.try_wait().unwrap().is_none());
            assert!(sandbox.requests().len() <= requests + 1);
        }
        sandbox.heals();
        stdout.read_to_string(&mut told).unwrap();
        child.wait().unwrap();
        assert_eq!(told, whole.stdout, "{line}");
    }
}

/// A document has its items in the order of the clusters, whichever answers first.
#[test]
fn the_order_of_a_document_stays() {
    let (env, sandbox) = edge(&[]);
    let line = "check -c edge -c west --skip aws,issuer -o json";
    let first = env.line(line).run().json();
    sandbox.fault("delay=700ms,on=GET:/edge");
    let second = env.line(line).run().json();
    let ids = |document: &serde_json::Value| -> Vec<(String, String)> {
        let items = document["items"].as_array().unwrap().iter();
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        items
            .map(|item| (text(&item["id"]), text(&item["cluster"])))
            .collect()
    };
    assert_eq!(ids(&first), ids(&second));
    assert!(ids(&first).iter().any(|(_, cluster)| cluster == "west"));
}

#[test]
fn on_a_terminal_a_long_wait_says_what_for() {
    let (env, sandbox) = edge(&["--latency", "2s"]);
    let mut terminal = Terminal::start(&env, "addon list -c edge");
    terminal.until("reading edge");
    let (code, screen) = terminal.end();
    assert_eq!(code, 0, "{screen}");
    // The line is gone when the answer is there.
    let (_, answer) = screen.split_once("ADD-ON").expect(&screen);
    assert!(!answer.contains("reading edge"), "{screen}");

    // Of what is told elsewhere nothing is said, and so under -q.
    for line in ["addon list -c edge", "addon list -c edge -o json"] {
        let run = env.line(line).run().ok();
        assert_eq!(run.stderr, "", "{run}");
    }
    let (code, screen) = Terminal::start(&env, "addon list -c edge -q").end();
    assert!(code == 0 && !screen.contains("reading"), "{screen}");
    sandbox.heals();
}

#[test]
fn retries_fights_and_pages_are_told() {
    let (env, sandbox) = edge(&[]);
    sandbox.fault("throttle,on=GET,times=3");
    let mut terminal = Terminal::start(&env, "cluster list");
    terminal.until("reading the clusters of sandbox, again in 1 s");
    assert_eq!(terminal.end().0, 0);
    sandbox.heals();

    sandbox.fault("race,on=PATCH,times=7");
    let mut terminal = Terminal::start(&env, "addon enable headlamp -c edge");
    terminal.until("changing edge: others were faster");
    assert_eq!(terminal.end().0, 0);

    let mut env = Env::new();
    let _many = Sandbox::start(&mut env, &["--clusters", "300", "--latency", "500ms"]);
    let mut terminal = Terminal::start(&env, "addon list --all");
    terminal.until("reading the clusters of sandbox, page 3");
    assert_eq!(terminal.end().0, 0);
}

/// A log of a pipeline that says nothing looks dead, and may be ended for it.
#[test]
fn elsewhere_a_line_is_written_every_half_minute() {
    let (env, sandbox) = edge(&[]);
    sandbox.fault("stall,on=GET");
    let mut child = env.line("cluster list --timeout 2m").spawn();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    stderr.read_line(&mut line).unwrap();
    assert!(
        line.starts_with("Still waiting: reading the clusters of sandbox (30"),
        "{line}"
    );
    child.kill().unwrap();
    child.wait().unwrap();
}
