//! Several clusters in one run: few round trips, one consent, waits together, and what was done is
//! told whatever comes later.

use crate::support::manifests::hetzner;
use crate::support::{Env, Sandbox};
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Command;

const ON: &str = "awsWorkloadIdentity: {}";

/// A sandbox with clusters `c01`, `c02`, …
fn fleet(count: usize, add_ons: &[&str], flags: &[&str]) -> (Env, Sandbox) {
    let mut env = Env::new();
    let clusters: Vec<String> = names(count)
        .iter()
        .map(|name| hetzner(name, add_ons))
        .collect();
    let sandbox = Sandbox::holding(&mut env, &clusters, flags);
    (env, sandbox)
}

fn names(count: usize) -> Vec<String> {
    (1..=count).map(|number| format!("c{number:02}")).collect()
}

fn flags(count: usize) -> String {
    format!(" -c {}", names(count).join(" -c "))
}

fn count(requests: &[String], begin: &str) -> usize {
    requests.iter().filter(|it| it.starts_with(begin)).count()
}

#[test]
fn many_clusters_are_read_from_the_list_in_the_order_of_the_flags() {
    let (env, sandbox) = fleet(12, &[ON], &[]);
    let line = format!("addon list{} -c c00 -o json", flags(12));
    let run = env.line(&line).run().exits(9).err("c00");
    let items = run.json()["items"].as_array().unwrap().clone();
    let mut seen: Vec<&str> = items
        .iter()
        .filter_map(|item| item["target"]["name"].as_str())
        .filter(|name| *name != "c00")
        .collect();
    seen.dedup();
    assert_eq!(seen, names(12));
    // What the list does not have answers for itself; the nearest name comes from the list.
    let org = sandbox.org();
    assert_eq!(
        sandbox.requests(),
        [
            format!("GET /org/{org}/mk8s"),
            format!("GET /org/{org}/mk8s/c00")
        ]
    );
}

#[test]
fn a_change_of_many_is_two_pages_and_a_request_each() {
    let (env, sandbox) = fleet(20, &[], &[]);
    let line = format!("addon enable headlamp{} --yes -o names", flags(20));
    let run = env.line(&line).run().ok();
    assert_eq!(run.stdout.lines().collect::<Vec<_>>(), names(20));
    let requests = sandbox.requests();
    let item = format!("GET /org/{}/mk8s/", sandbox.org());
    assert_eq!((requests.len(), count(&requests, &item)), (22, 0));
    assert_eq!(count(&requests, "PATCH "), 20);
    for name in names(20) {
        assert!(sandbox.cluster(&name)["spec"]["addOns"]["headlamp"].is_object());
    }
}

#[test]
fn a_wait_is_for_all_together_once_all_are_changed() {
    let (env, sandbox) = fleet(4, &[], &["--status-delay", "2s"]);
    let line = format!(
        "addon enable aws-workload-identity{} --yes --wait=30s -o json",
        flags(4)
    );
    let run = env.line(&line).run().ok();
    for item in run.json()["items"].as_array().unwrap() {
        assert_eq!(item["verified"], true, "{item}");
        assert_eq!(item["waited"]["reached"], true, "{item}");
    }
    // Four reads, four changes that are read back, and only then the looks of the waits.
    let requests = sandbox.requests();
    let last = requests
        .iter()
        .rposition(|it| it.starts_with("PATCH "))
        .unwrap();
    assert!(last < 12, "{requests:#?}");
}

#[test]
fn one_that_never_comes_holds_up_no_other() {
    let (env, sandbox) = fleet(2, &[], &["--status-delay", "1h"]);
    sandbox.fault("status=403,on=GET:c02,skip=2");
    let line = format!(
        "addon enable aws-workload-identity{} --yes --wait=1s -o json",
        flags(2)
    );
    let run = env.line(&line).run().exits(9);
    let items = run.json()["items"].clone();
    // Both were changed and verified; one wait ran out of time, the other could not look.
    for (item, code) in [(0, 7), (1, 4)] {
        assert_eq!(items[item]["verified"], true);
        assert_eq!(items[item]["error"]["code"], code, "{run}");
    }
}

#[test]
fn what_is_done_is_on_the_screen_while_another_hangs_and_after_ctrl_c() {
    let (env, sandbox) = fleet(3, &[], &[]);
    sandbox.fault("stall,on=PATCH:c01");
    // What is under way is looked into four times, each for so long.
    let words: Vec<String> = format!("addon enable headlamp{} --yes --timeout 3s", flags(3))
        .split(' ')
        .map(str::to_owned)
        .collect();
    let mut child = env.mk8s(&words).spawn();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for name in ["c02", "c03"] {
        let line = lines.next().unwrap().unwrap();
        assert!(
            line.starts_with(&format!("Enabled headlamp on {name} ")),
            "{line}"
        );
    }
    let pid = child.id().to_string();
    let sent = Command::new("kill").args(["-INT", &pid]).status().unwrap();
    assert!(sent.success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let mut words = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut words)
        .unwrap();
    let hint = words
        .lines()
        .find(|it| it.starts_with("hint: mk8s addon enable headlamp "));
    assert!(hint.is_some_and(|it| it.contains(" --resume 2")), "{words}");
    assert!(lines.next().is_none());
}

#[test]
fn checks_of_many_clusters_read_them_together() {
    let (env, sandbox) = fleet(12, &[ON], &[]);
    let line = format!("check --only control-plane{} -o json", flags(12));
    let run = env.line(&line).run().ok();
    let items = run.json()["items"].as_array().unwrap().clone();
    let there = items.iter().filter(|it| it["id"] == "cluster-exists");
    let seen: Vec<&str> = there.filter_map(|it| it["cluster"].as_str()).collect();
    assert_eq!(seen, names(12));
    let shared = items.iter().filter(|it| it["id"] == "api-reachable");
    assert_eq!(shared.count(), 1, "what all share is said once");
    let list = format!("GET /org/{}/mk8s", sandbox.org());
    assert_eq!(sandbox.requests(), [list.clone(), list]);
}

#[test]
fn every_command_loads_files_alike() {
    let env = Env::new();
    env.write("a.yaml", hetzner("one", &[ON]));
    for command in ["check --only manifest", "addon list", "diff"] {
        let twice = format!("{command} -f - -f -");
        let _ = env
            .line(&twice)
            .run()
            .exits(2)
            .silent()
            .err("stdin was named twice");
    }
    let run = env
        .line("check --only manifest -f a.yaml -f ./a.yaml")
        .run()
        .ok();
    let _ = run.out("a.yaml parses, 1 cluster");
}
