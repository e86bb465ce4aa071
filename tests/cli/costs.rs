//! What a run over many clusters costs: requests, and how it gets on with a server that takes only
//! so many.

use crate::support::{Env, Run, Sandbox};
use serde_json::Value;

/// Clusters on a page of the sandbox.
const PAGE: usize = 50;

fn fleet(count: usize, flags: &[&str]) -> (Env, Sandbox) {
    let mut env = Env::new();
    let count = count.to_string();
    let mut all = vec!["--clusters", &count];
    all.extend(flags);
    let sandbox = Sandbox::start(&mut env, &all);
    (env, sandbox)
}

/// How many requests there were of each kind: pages, reads of one cluster, writes.
fn counted(sandbox: &Sandbox) -> (usize, usize, usize) {
    let (mut pages, mut reads, mut writes) = (0, 0, 0);
    let item = format!("GET /org/{}/mk8s/f", sandbox.org());
    for request in sandbox.requests() {
        if request.starts_with("PATCH ") {
            writes += 1;
        } else if request.starts_with(&item) {
            reads += 1;
        } else {
            pages += 1;
        }
    }
    (pages, reads, writes)
}

fn changed(run: &Run) -> u64 {
    run.json()["summary"]["changed"].as_u64().unwrap()
}

#[test]
fn a_fleet_is_decided_and_verified_from_pages_and_written_by_one_request_each() {
    let (env, sandbox) = fleet(1000, &[]);
    let line = "addon enable nvidia --all --yes -o json";
    let run = env.line(line).run().ok();
    assert_eq!(changed(&run), 1000);
    let (pages, reads, writes) = counted(&sandbox);
    assert_eq!((reads, writes), (0, 1000));
    assert_eq!(
        pages,
        2 * 1000 / PAGE,
        "read once to decide and once to verify"
    );
    for item in run.json()["items"].as_array().unwrap() {
        assert_eq!(item["verified"], true, "{item}");
    }
    // Nothing to do is read, and that is all.
    let run = env.line(line).run().ok();
    assert_eq!(changed(&run), 0);
    let (more, reads, writes) = counted(&sandbox);
    assert_eq!((more - pages, reads, writes), (1000 / PAGE, 0, 1000));
}

#[test]
fn what_the_search_finds_is_verified_by_the_search() {
    let (env, sandbox) = fleet(300, &[]);
    let line = "addon enable nvidia -l tag.team=blue --yes -o json";
    let run = env.line(line).run().ok();
    assert_eq!(changed(&run), 100);
    assert_eq!(counted(&sandbox), (4, 0, 100));
}

#[test]
fn a_few_of_many_are_read_back_in_as_few_requests_as_that_takes() {
    let (env, sandbox) = fleet(300, &[]);
    let line = "addon enable nvidia -c fleet-000? --yes -o json";
    let run = env.line(line).run().ok();
    assert_eq!(changed(&run), 9);
    // Six pages to find them, and the one with all of them again.
    assert_eq!(counted(&sandbox), (7, 0, 9));
    let line = "addon enable nvidia -c fleet-0?00 --yes -o json";
    let run = env.line(line).run().ok();
    assert_eq!(changed(&run), 3);
    assert_eq!(counted(&sandbox), (13, 3, 12));
}

#[test]
fn a_page_that_fails_leaves_the_rest_to_be_read_by_themselves() {
    let (env, sandbox) = fleet(200, &[]);
    // The first four pages find the clusters; the second page of the second reading does not come.
    sandbox.fault("status=403,on=GET:/mk8s,skip=5,times=1");
    let run = env
        .line("addon enable nvidia --all --yes -o json")
        .run()
        .ok();
    assert_eq!(changed(&run), 200);
    let (_, reads, writes) = counted(&sandbox);
    assert_eq!((reads, writes), (150, 200));
}

#[test]
fn a_server_that_takes_only_so_many_slows_everybody_down_and_fails_nobody() {
    let (env, sandbox) = fleet(200, &["--rate", "60/s,burst=30", "--latency", "10ms"]);
    let run = env
        .line("addon enable nvidia --all --yes -o json")
        .run()
        .ok();
    assert_eq!(changed(&run), 200);
    let log = sandbox.log();
    let status = |entry: &&Value| entry["status"] == 429;
    let refused = log.iter().filter(status).count();
    // Those under way when it first said no, and a few to find out how many it takes.
    assert!(refused > 0 && refused < 60, "{refused} of {}", log.len());
}

#[test]
fn whoever_says_how_many_a_second_gets_no_more() {
    let (env, _sandbox) = fleet(12, &[]);
    let line = "addon enable nvidia --all --yes --rate 10/s -o json";
    let run = env.line(line).run().ok();
    assert_eq!(changed(&run), 12);
    // A page, twelve writes, a page: the last goes out 1.3 s after the first.
    assert!(run.elapsed.as_millis() > 1000, "{:?}", run.elapsed);
    for rate in ["0/s", "10", "10/h", "fast"] {
        let line = format!("addon enable nvidia --all --yes --rate {rate}");
        let _ = env.line(&line).run().exits(2);
    }
}

#[test]
fn who_is_to_be_left_alone_for_an_hour_is() {
    let (env, sandbox) = fleet(30, &[]);
    sandbox.fault("throttle,retry-after=3600,on=PATCH,skip=5");
    let run = env
        .line("addon enable nvidia --all --yes --parallel 1 -o json")
        .run()
        .exits(9);
    let summary = &run.json()["summary"];
    assert_eq!(
        (&summary["changed"], &summary["unreachable"]),
        (&5.into(), &1.into())
    );
    assert_eq!(summary["notStarted"], 24);
    let _ = run.err("Control Plane takes no more requests for now");
}
