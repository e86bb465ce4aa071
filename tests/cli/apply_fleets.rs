//! `mk8s apply` of many manifests: one preview, stages, budgets, a journal, and as what each ended.

use crate::support::manifests::hetzner;
use crate::support::{Env, Run, Sandbox, snapshot};
use serde_json::Value;
use std::collections::BTreeMap;

/// A sandbox with clusters `c01`, `c02`, …, and a file with the manifests of all, in which `headlamp` is on.
fn fleet(count: usize) -> (Env, Sandbox) {
    let mut env = Env::new();
    let names: Vec<String> = (1..=count).map(|number| format!("c{number:02}")).collect();
    let with = |add_ons: &[&str]| -> Vec<String> {
        names.iter().map(|name| hetzner(name, add_ons)).collect()
    };
    let sandbox = Sandbox::holding(&mut env, &with(&["logs: {}"]), &[]);
    env.write(
        "all.yaml",
        with(&["logs: {}", "headlamp: {}"]).join("---\n"),
    );
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
    let summary = document["summary"].as_object().unwrap();
    let sum: u64 = summary.values().filter_map(Value::as_u64).sum();
    assert_eq!(sum, 2 * states.len() as u64, "{run}");
    states
}

fn count(states: &BTreeMap<String, String>, state: &str) -> usize {
    states.values().filter(|it| *it == state).count()
}

fn writes(sandbox: &Sandbox) -> Vec<String> {
    let requests = sandbox.requests().into_iter();
    requests.filter(|it| !it.starts_with("GET ")).collect()
}

#[test]
fn one_preview_shows_what_changes_and_in_which_stages() {
    let (env, sandbox) = fleet(3);
    let new = hetzner("fresh", &[]);
    env.write("all.yaml", [env.text("all.yaml"), new].join("---\n"));
    let _ = env.line("addon enable headlamp -c c03").run().ok();
    let before = writes(&sandbox).len();
    snapshot!(env, env.line("apply -f all.yaml --canary 1 --max-failures 50%").run(), @r"
    exit 2
    --- stderr
    --- 2 clusters (c01, c02)
    +++ 2 clusters (c01, c02)
    @@ -21,6 +21,7 @@
             utilizationThreshold: 0.7
       addOns:
         logs: {}
    +    headlamp: {}
       firewall:
       - sourceCIDR: 0.0.0.0/0
         description: Default allow all
    --- fresh
    +++ fresh
    @@ -0,0 +1,10 @@
    +kind: mk8s
    +name: fresh
    +spec:
    +  version: 1.33.5
    +  provider:
    +    hetzner:
    +      region: fsn1
    +      tokenSecretLink: //secret/h
    +      networkId: '1'
    +      image: ubuntu-22.04
    1 to create, 2 to update, 1 unchanged
    canary: 1 of 3
    then the other 2
    ends when more than 1 (50 %, rounded down) failed
    error: nothing was applied
      because: it has to be confirmed, and nobody can be asked here
    hint: add --yes to confirm it on the command line
    ");
    assert_eq!(writes(&sandbox).len(), before);
}

#[test]
fn new_clusters_that_are_alike_but_for_their_names_are_shown_once() {
    let (env, sandbox) = fleet(1);
    let new = ["a1", "a2", "a3"].map(|name| hetzner(name, &["logs: {}"]));
    let other = hetzner("b1", &[]);
    env.write("new.yaml", [new.join("---\n"), other].join("---\n"));
    snapshot!(env, env.line("apply new.yaml --dry-run").run(), @r"
    exit 0
    --- stdout
    --- 3 clusters (a1, a2, a3)
    +++ 3 clusters (a1, a2, a3)
    @@ -0,0 +1,12 @@
    +kind: mk8s
    +name: …
    +spec:
    +  version: 1.33.5
    +  provider:
    +    hetzner:
    +      region: fsn1
    +      tokenSecretLink: //secret/h
    +      networkId: '1'
    +      image: ubuntu-22.04
    +  addOns:
    +    logs: {}
    --- b1
    +++ b1
    @@ -0,0 +1,10 @@
    +kind: mk8s
    +name: b1
    +spec:
    +  version: 1.33.5
    +  provider:
    +    hetzner:
    +      region: fsn1
    +      tokenSecretLink: //secret/h
    +      networkId: '1'
    +      image: ubuntu-22.04
    --- stderr
    4 to create
    Would create a1
    Would create a2
    Would create a3
    Would create b1
    ");
    assert!(writes(&sandbox).is_empty());
}

#[test]
fn a_canary_that_fails_ends_it_and_the_run_is_taken_up_again() {
    let (env, sandbox) = fleet(5);
    sandbox.fault("status=422,on=PATCH:/c01");
    let line = "apply -f all.yaml --yes --canary 2 --journal run.jsonl";
    let run = env.line(&format!("{line} -o json")).run();
    let seen = states(&run);
    assert_eq!(seen["c01"], "failed");
    assert_eq!(count(&seen, "not-started"), 4);
    assert_eq!(writes(&sandbox).len(), 1);
    let run = run.exits(6);
    let run = run.err("4 targets not begun: too many failed");
    let hint = "hint: mk8s apply -f all.yaml --canary 2 --yes --resume run.jsonl";
    let _ = run.err(hint);
    sandbox.heals();
    let run = env.line("apply -f all.yaml --yes --resume run.jsonl -o json");
    assert_eq!(count(&states(&run.run().ok()), "changed"), 5);
    assert_eq!(writes(&sandbox).len(), 6);
    // Once more there is nothing to do, and what it did is told as done.
    let run = env.line("apply -f all.yaml --yes --resume run.jsonl -o json");
    assert_eq!(count(&states(&run.run().ok()), "changed"), 5);
    assert_eq!(writes(&sandbox).len(), 6);
    let run = env.line("journal run.jsonl -o json").run().ok();
    let item = run.json()["items"][1].clone();
    assert_eq!(item["before"], serde_json::json!({"headlamp": null}));
    assert_eq!(
        (&item["lockedVersion"], &item["version"]),
        (&1.into(), &2.into())
    );
}

#[test]
fn another_manifest_is_another_run() {
    let (env, sandbox) = fleet(3);
    let line = "apply -f all.yaml --yes --canary 1 --pause --journal run.jsonl";
    let _ = env.line(line).run().exits(9).err("it is paused");
    let before = env.text("all.yaml");
    env.write("all.yaml", before.replace("headlamp: {}", "nvidia: {}"));
    let again = "apply -f all.yaml --yes --resume run.jsonl";
    let run = env.line(again).run().exits(2);
    let _ = run.err("because: `all.yaml` has changed since");
    assert_eq!(writes(&sandbox).len(), 1);
    // A document more is none of the run's.
    env.write("all.yaml", format!("{before}---\n{}", hetzner("more", &[])));
    let _ = env.line(again).run().ok();
    assert_eq!(writes(&sandbox).len(), 3);
    let run = env.line(&format!("{again} -c c01")).run().exits(2);
    let _ = run.err("it is about 3 clusters");
}

#[test]
fn no_more_fail_than_may_and_one_out_of_reach_holds_up_no_other() {
    let (env, sandbox) = fleet(8);
    sandbox.fault("status=422,on=PATCH");
    let run = env.line("apply -f all.yaml --yes --max-failures 2 -o json");
    let seen = states(&run.run());
    assert_eq!(
        (count(&seen, "failed"), count(&seen, "not-started")),
        (3, 5)
    );
    assert_eq!(writes(&sandbox).len(), 3);
    sandbox.heals();
    sandbox.fault("status=503,on=PATCH:/c02");
    sandbox.fault("status=503,on=GET:/c02");
    let run = env.line("apply -f all.yaml --yes -o json").run().exits(9);
    let seen = states(&run);
    assert_eq!(seen["c02"], "unreachable");
    assert_eq!(count(&seen, "changed"), 7);
}

#[test]
fn clusters_are_made_and_changed_in_one_run_and_read_back_together() {
    let (env, sandbox) = fleet(60);
    let fresh: Vec<String> = (1..=3).map(|n| hetzner(&format!("new{n}"), &[])).collect();
    env.write("new.yaml", fresh.join("---\n"));
    let run = env.line("apply all.yaml new.yaml --yes -o json").run().ok();
    assert_eq!(count(&states(&run), "changed"), 63);
    let items = run.json()["items"].as_array().unwrap().clone();
    let of = |action: &str| items.iter().filter(|item| item["action"] == action).count();
    assert_eq!((of("created"), of("updated")), (3, 60));
    assert!(items.iter().all(|item| item["verified"] == true), "{run}");
    let requests = sandbox.requests();
    // Two pages for the first look and two for the proof, and those that no page had by themselves.
    assert!(
        requests.len() < 63 + 20,
        "{}\n{requests:#?}",
        requests.len()
    );
    let run = env.line("apply all.yaml new.yaml --yes -o json").run().ok();
    assert_eq!(count(&states(&run), "unchanged"), 63);
    assert_eq!(writes(&sandbox).len(), 63);
}

#[test]
fn each_manifest_is_a_line_as_soon_as_it_is_applied() {
    let (env, _sandbox) = fleet(3);
    let run = env.line("apply -f all.yaml --yes -o jsonl").run().ok();
    let lines: Vec<Value> = run
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 4);
    assert!(
        lines[..3].iter().all(|it| it["state"] == "changed"),
        "{run}"
    );
    assert_eq!(
        (&lines[3]["kind"], &lines[3]["changed"]),
        (&"Summary".into(), &3.into())
    );
}

#[test]
fn fail_fast_is_all_or_nothing() {
    let (env, sandbox) = fleet(3);
    sandbox.fault("status=503,on=GET:/c02");
    let run = env
        .line("apply -f all.yaml --yes --fail-fast -o json")
        .run();
    let seen = states(&run);
    assert_eq!(
        (seen["c02"].as_str(), count(&seen, "not-started")),
        ("unreachable", 2)
    );
    assert!(writes(&sandbox).is_empty());
}

#[test]
fn how_fast_it_goes_is_part_of_what_is_printed_to_go_on() {
    let (env, _sandbox) = fleet(3);
    let line = "apply -f all.yaml --yes --batch 1 --pause --rate 50/s --parallel 4 --timeout 9s";
    let run = env.line(line).run().exits(9);
    let run = run.err(
        "hint: mk8s apply -f all.yaml --batch 1 --pause --rate 50/s --parallel 4 --timeout 9s --yes --resume 2",
    );
    drop(run);
    let line = "addon enable nvidia --all --yes --batch 1 --pause --parallel 1 --journal a.jsonl";
    let run = env.line(line).run().exits(9);
    let _ = run.err(
        "hint: mk8s addon enable nvidia --batch 1 --pause --parallel 1 --yes --resume a.jsonl",
    );
    // It is no other run for going at another pace.
    let line = "addon enable nvidia --yes --parallel 3 --rate 99/s --resume a.jsonl";
    let _ = env.line(line).run().ok();
}

#[test]
fn what_would_be_pruned_is_asked_about_once_for_all() {
    let (env, sandbox) = fleet(2);
    let manifests = [hetzner("c01", &[]), hetzner("c02", &[])];
    env.write("all.yaml", manifests.join("---\n"));
    let run = env.line("apply -f all.yaml --prune-addons").run().exits(2);
    let run = run
        .err("This removes spec.addOns.logs of c01")
        .err("2 to update");
    let _ = run.err("nothing was applied");
    let run = env
        .line("apply -f all.yaml --prune-addons --yes")
        .run()
        .ok();
    let _ = run.err("2 updated");
    assert_eq!(
        sandbox.cluster("c02")["spec"]["addOns"],
        serde_json::json!({})
    );
}
