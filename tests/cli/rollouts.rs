//! A change of many clusters: one preview, stages, budgets, and as what each ended.

use crate::support::manifests::hetzner;
use crate::support::{Env, Run, Sandbox, Terminal, snapshot};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};

const WI: &str = "awsWorkloadIdentity: {}";

/// A sandbox with clusters `c01`, `c02`, …
fn fleet(count: usize, flags: &[&str]) -> (Env, Sandbox) {
    let mut env = Env::new();
    let names = (1..=count).map(|number| format!("c{number:02}"));
    let clusters: Vec<String> = names.map(|name| hetzner(&name, &[WI])).collect();
    let sandbox = Sandbox::holding(&mut env, &clusters, flags);
    (env, sandbox)
}

/// As what each cluster ended; that they add up is looked at as well.
#[track_caller]
fn states(run: &Run) -> BTreeMap<String, String> {
    let document = run.json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let items = document["items"].as_array().unwrap().iter();
    let states: BTreeMap<String, String> = items
        .map(|item| (text(&item["target"]["name"]), text(&item["state"])))
        .collect();
    let count = |state: &str| states.values().filter(|it| *it == state).count();
    let summary = &document["summary"];
    assert_eq!(summary["targets"], states.len(), "{run}");
    for (field, state) in [
        ("changed", "changed"),
        ("unchanged", "unchanged"),
        ("refused", "refused"),
        ("skipped", "skipped"),
        ("unreachable", "unreachable"),
        ("failed", "failed"),
        ("notStarted", "not-started"),
    ] {
        assert_eq!(summary[field], count(state), "{state}\n{run}");
    }
    states
}

fn count(states: &BTreeMap<String, String>, state: &str) -> usize {
    states.values().filter(|it| *it == state).count()
}

fn patches(sandbox: &Sandbox) -> usize {
    let requests = sandbox.requests();
    requests
        .iter()
        .filter(|it| it.starts_with("PATCH "))
        .count()
}

#[test]
fn one_preview_shows_what_changes_what_does_not_and_in_which_stages() {
    let mut env = Env::new();
    let mut clusters: Vec<String> = (1..=9)
        .map(|number| hetzner(&format!("c{number:02}"), &[WI]))
        .collect();
    clusters.push(hetzner(
        "other",
        &["awsWorkloadIdentity: {}", "headlamp: {}"],
    ));
    clusters.push(hetzner(
        "ready",
        &[
            WI,
            "awsECR: {roleArn: \"arn:aws:iam::999999999999:role/a\"}",
        ],
    ));
    clusters.push(hetzner("without", &[]));
    let _sandbox = Sandbox::holding(&mut env, &clusters, &[]);
    let line = "addon enable aws-ecr --all --role-arn arn:aws:iam::999999999999:role/a \
                --canary 15% --batch 30%,100% --max-failures 10%";
    snapshot!(env, env.line(line).run(), @r"
    exit 2
    --- stderr
      10 clusters (c01, c02, c03, c04, c05, c06, c07, c08 and 2 more), spec.addOns:
    +   awsECR:
    +     roleArn: arn:aws:iam::999999999999:role/a
    10 to change, 1 unchanged, 1 refused
      `aws-ecr` was not enabled on `without`: it needs `aws-workload-identity`, which is off
    canary: 2 of 10 (15 %, rounded up)
    batch 1: up to 3 of 8 (30 %, rounded up)
    batch 2: up to 8 of 8 (100 %)
    ends when more than 1 (10 %) failed
    error: `aws-ecr` was not enabled on `c01`, `c02`, `c03`, `c04`, `c05`, `c06`, `c07`, `c08` and 2 more
      because: it has to be confirmed, and nobody can be asked here
    hint: add --yes to confirm it on the command line
    ");
}

#[test]
fn a_canary_that_fails_ends_it() {
    let (env, sandbox) = fleet(6, &[]);
    sandbox.fault("status=422,on=PATCH:/c01");
    let run = env
        .line("addon enable headlamp --all --yes --canary 2 -o json")
        .run();
    let states = states(&run);
    assert_eq!(states["c01"], "failed");
    assert_eq!(count(&states, "not-started"), 5);
    assert_eq!(patches(&sandbox), 1);
    let run = run.exits(6).err("5 targets not begun: too many failed");
    let _ = run.err("hint: mk8s addon enable headlamp --canary 2 --yes --resume 2");
    sandbox.heals();
    let run = env
        .line("addon enable headlamp --all --yes --canary c05 -o json")
        .run()
        .ok();
    assert_eq!(run.json()["summary"]["changed"], 6);
    let order: Vec<String> = sandbox
        .requests()
        .into_iter()
        .filter(|it| it.starts_with("PATCH "))
        .collect();
    assert!(order[1].ends_with("/c05"), "{order:?}");
}

#[test]
fn no_more_fail_than_may() {
    for most in ["0", "1", "3"] {
        let (env, sandbox) = fleet(12, &["--latency", "20ms"]);
        sandbox.fault("status=422,on=PATCH");
        let line = format!("addon enable headlamp --all --yes --max-failures {most} -o json");
        let run = env.line(&line).run();
        let states = states(&run);
        let failed = count(&states, "failed");
        assert_eq!(failed, most.parse::<usize>().unwrap() + 1, "{run}");
        assert_eq!(count(&states, "not-started"), 12 - failed);
        assert_eq!(patches(&sandbox), failed);
    }
}

#[test]
fn one_out_of_reach_holds_up_no_other() {
    let (env, sandbox) = fleet(5, &[]);
    sandbox.fault("status=503,on=PATCH:/c02");
    sandbox.fault("status=503,on=GET:/c02");
    let line = "addon enable headlamp --all --yes -o json";
    let run = env.line(line).run().exits(9);
    let seen = states(&run);
    assert_eq!(seen["c02"], "unreachable");
    assert_eq!(count(&seen, "changed"), 4);
    sandbox.heals();
    let seen = states(&env.line(line).run().ok());
    assert_eq!((count(&seen, "changed"), count(&seen, "unchanged")), (1, 4));
}

#[test]
fn a_pause_without_anybody_there_ends_the_run_until_it_is_run_again() {
    let (env, _sandbox) = fleet(4, &[]);
    let line = "addon enable headlamp --all --yes --canary 1 --pause";
    let run = env.line(&format!("{line} -o json")).run().exits(9);
    let seen = states(&run);
    assert_eq!(
        (count(&seen, "changed"), count(&seen, "not-started")),
        (1, 3)
    );
    let _ = run.err("it is paused between two stages");
    let run = env
        .line("addon enable headlamp --all --yes -o json")
        .run()
        .ok();
    assert_eq!(count(&states(&run), "changed"), 3);
}

#[test]
fn fail_fast_is_all_or_nothing() {
    let mut env = Env::new();
    let clusters = [hetzner("c01", &[WI]), hetzner("c02", &[])];
    let sandbox = Sandbox::holding(&mut env, &clusters, &[]);
    let line =
        "addon enable aws-ecr --all --yes --role-arn arn:aws:iam::999999999999:role/a -o json";
    let run = env.line(&format!("{line} --fail-fast")).run().exits(6);
    let seen = states(&run);
    assert_eq!(
        (seen["c01"].as_str(), seen["c02"].as_str()),
        ("not-started", "refused")
    );
    assert_eq!(patches(&sandbox), 0);
    let run = env.line(line).run().exits(9);
    let seen = states(&run);
    assert_eq!(
        (seen["c01"].as_str(), seen["c02"].as_str()),
        ("changed", "refused")
    );
}

#[test]
fn a_quota_that_is_used_up_ends_it() {
    let (env, sandbox) = fleet(6, &[]);
    sandbox.fault("quota,on=PATCH,skip=2");
    let line = "addon enable headlamp --all --yes --parallel 1 -o json";
    let run = env.line(line).run().exits(9);
    let seen = states(&run);
    assert_eq!(count(&seen, "changed"), 2);
    assert_eq!(count(&seen, "not-started"), 3);
    assert_eq!(patches(&sandbox), 3);
}

#[test]
fn a_condition_that_is_not_reached_in_the_canary_ends_it() {
    let mut env = Env::new();
    let clusters: Vec<String> = (1..=3).map(|n| hetzner(&format!("c{n:02}"), &[])).collect();
    let sandbox = Sandbox::holding(&mut env, &clusters, &["--status-delay", "1h"]);
    let line = "addon enable aws-workload-identity --all --yes --canary 1 --wait=1s -o json";
    let run = env.line(line).run().exits(7);
    let seen = states(&run);
    assert_eq!(
        (seen["c01"].as_str(), count(&seen, "not-started")),
        ("failed", 2)
    );
    let item = run.json()["items"][0].clone();
    assert_eq!(item["changed"], true);
    assert_eq!(item["waited"]["reached"], false);
    assert_eq!(item["waited"]["condition"], "status.oidcProviderUrl");
    assert_eq!(patches(&sandbox), 1);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let (env, sandbox) = fleet(2, &[]);
    env.write("one.yaml", hetzner("c01", &[]));
    for flags in [
        "--all --canary a,,b",
        // Names of no cluster that was chosen, and what is neither a name nor an amount.
        "--all --canary c1",
        "--all --canary c01,c09",
        "--all --canary 10pct",
        "--all --canary 150%",
        "--all --canary 'c0*'",
        "--all --canary c01,50%",
        "--all --canary 0",
        "--all --batch 0",
        "--all --batch 0%,100%",
        "--all --batch 10%,1x",
        "--all --batch 2,1",
        "--all --max-failures 101%",
        "--all --parallel 0",
        "--all --fail-fast --max-failures 1",
        "-f one.yaml --canary 1",
    ] {
        let line = format!("addon enable headlamp --yes {flags}");
        let _ = env.line(&line).run().exits(2).silent();
    }
    let line = "addon enable aws-ecr --create-role --all --canary 1 --yes";
    let run = env.line(line).run().exits(2).silent();
    let _ = run.err("--canary was given together with --create-role");
    assert_eq!(patches(&sandbox), 0);
}

#[test]
fn what_is_so_already_and_not_ready_holds_up_what_comes_after_it() {
    let mut env = Env::new();
    let clusters: Vec<String> = (1..=4).map(|n| hetzner(&format!("c{n:02}"), &[])).collect();
    let sandbox = Sandbox::holding(&mut env, &clusters, &["--status-delay", "1h"]);
    let line = "addon enable aws-workload-identity --all --yes --canary 1 --wait=1s -o json";
    let seen = states(&env.line(line).run().exits(7));
    assert_eq!(count(&seen, "not-started"), 3);
    // Run again, it waits for the canary of the run before, and begins no other.
    let seen = states(&env.line(line).run().exits(7));
    assert_eq!(
        (seen["c01"].as_str(), count(&seen, "not-started")),
        ("failed", 3)
    );
    assert_eq!(patches(&sandbox), 1);
}

#[test]
fn fail_fast_stops_at_one_out_of_reach_and_it_is_called_that() {
    let (env, sandbox) = fleet(5, &[]);
    sandbox.fault("status=503,on=PATCH:/c02");
    sandbox.fault("status=503,on=GET:/c02");
    let line = "addon enable headlamp --all --yes -o json";
    let run = env.line(&format!("{line} --fail-fast")).run().exits(9);
    let seen = states(&run);
    assert_eq!(seen["c02"], "unreachable");
    assert_eq!(count(&seen, "not-started"), 3);
    let _ = run.err("too many were unreachable");
    sandbox.fault("status=422,on=PATCH:/c03");
    let run = env.line(line).run().exits(9);
    let _ = run.err("error: of 5 targets 1 failed and 1 was unreachable");
}

#[test]
fn a_batch_that_goes_down_is_refused_whether_or_not_anything_changes() {
    let (env, _sandbox) = fleet(2, &[]);
    let line = "addon enable aws-workload-identity --all --yes --batch";
    for batch in ["5,3", "50%,10%"] {
        let run = env.line(&format!("{line} {batch}")).run().exits(2);
        let _ = run.silent().err("--batch goes down");
    }
}

#[test]
fn a_file_and_its_cluster_are_one_name() {
    let (env, _sandbox) = fleet(2, &[]);
    env.write(
        "all.yaml",
        [hetzner("c01", &[WI]), hetzner("c02", &[WI])].join("---\n"),
    );
    let line = "addon enable headlamp -f all.yaml --apply --yes -o names";
    let run = env.line(line).run().ok();
    assert_eq!(run.stdout, "c01\nc02\n");
}

#[test]
fn each_cluster_is_a_line_as_soon_as_it_has_ended() {
    let (env, sandbox) = fleet(4, &[]);
    sandbox.fault("status=422,on=PATCH:/c02");
    sandbox.fault("delay=2s,on=PATCH:/c04");
    let words = [
        "addon", "enable", "headlamp", "--all", "--yes", "-o", "jsonl",
    ];
    let mut child = env.mk8s(&words).spawn();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut names = Vec::new();
    let mut last = Value::Null;
    for line in lines {
        last = serde_json::from_str(&line.unwrap()).unwrap();
        if let Some(name) = last["target"]["name"].as_str() {
            names.push((name.to_owned(), last["state"].as_str().unwrap().to_owned()));
            // The slow one is yet to come when the others are told.
            let is_over = child.try_wait().unwrap().is_some();
            assert!(!is_over || names.len() == 4);
        }
    }
    assert_eq!(child.wait().unwrap().code(), Some(9));
    assert_eq!(names.last().unwrap().0, "c04");
    names.sort_unstable();
    let state = |number: usize| names[number].1.as_str();
    assert_eq!((names.len(), state(0), state(1)), (4, "changed", "failed"));
    assert_eq!(last["kind"], "Summary");
    assert_eq!((&last["targets"], &last["changed"]), (&4.into(), &3.into()));
    // A failure of all of it is a line as well, and other documents are one.
    let run = env
        .line("addon enable headlamp -l tag.x=y --yes -o jsonl")
        .run()
        .exits(3);
    assert_eq!(run.json()["kind"], "Error");
    assert_eq!(run.stdout.lines().count(), 1);
    let run = env.line("version -o jsonl").run().ok();
    assert_eq!(run.stdout.lines().count(), 1);
}

#[test]
fn a_stage_is_a_line_where_nobody_looks_on() {
    let (env, _sandbox) = fleet(5, &[]);
    let line = "addon enable headlamp --all --yes --canary 1 --batch 50%";
    let run = env.line(line).run().ok();
    for line in [
        "Stage 1 of 3, canary: 1 of 5",
        "Stage 2 of 3, batch 1: up to 2 of 4 (50 %)",
        "Stage 3 of 3, then the other 2",
    ] {
        assert!(run.stderr.contains(line), "{line}\n{run}");
    }
    let run = env.line("addon disable headlamp --all --yes").run().ok();
    assert!(!run.stderr.contains("Stage"), "{run}");
}

#[test]
fn one_line_on_a_terminal_says_how_far_it_is() {
    let (env, sandbox) = fleet(6, &[]);
    sandbox.fault("delay=1500ms,on=PATCH:/c06");
    let line = "addon enable headlamp --all --yes --canary 1";
    let (code, screen) = Terminal::start(&env, line).end();
    assert_eq!(code, 0, "{screen}");
    for words in [
        "of 6 written",
        "in flight",
        "requests/s",
        "Enabled headlamp on c06",
    ] {
        assert!(screen.contains(words), "{words}\n{screen}");
    }
    assert!(!screen.contains("Stage 1"), "{screen}");
}

#[test]
fn two_runs_on_one_org_both_finish() {
    let (env, _sandbox) = fleet(40, &["--rate", "60/s,burst=20"]);
    let start = |addon: &str| {
        let words = ["addon", "enable", addon, "--all", "--yes", "-o", "json"];
        env.mk8s(&words).spawn()
    };
    let runs = [start("headlamp"), start("nvidia")];
    for run in runs {
        let output = run.wait_with_output().unwrap();
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(document["summary"]["changed"], 40, "{document:#}");
        assert_eq!(output.status.code(), Some(0));
    }
    let run = env.line("cluster list -o json").run().ok();
    let clusters = run.json()["items"].as_array().unwrap().clone();
    assert_eq!(clusters.len(), 40);
    for cluster in clusters {
        let add_ons = &cluster["spec"]["addOns"];
        assert!(add_ons["headlamp"].is_object() && add_ons["nvidia"].is_object());
        // Each of the two wrote once.
        assert_eq!(cluster["version"], 3, "{cluster:#}");
    }
}
