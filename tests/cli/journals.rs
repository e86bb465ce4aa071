//! The journal of a run over many clusters: killed at any moment and taken up again, nothing is done
//! twice and nothing is forgotten.

use crate::support::manifests::hetzner;
use crate::support::{Env, Run, Sandbox, Trial, comes, insist, wait};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::process::Command;
use std::time::Duration;

const WI: &str = "awsWorkloadIdentity: {}";

fn fleet(count: usize, flags: &[&str]) -> (Env, Sandbox) {
    let mut env = Env::new();
    let names = (1..=count).map(|number| format!("c{number:03}"));
    let clusters: Vec<String> = names.map(|name| hetzner(&name, &[WI])).collect();
    let sandbox = Sandbox::holding(&mut env, &clusters, flags);
    (env, sandbox)
}

/// The version of each cluster, and whether the add-on is on.
fn versions(sandbox: &Sandbox) -> BTreeMap<String, (i64, bool)> {
    let mut all = BTreeMap::new();
    let mut path = format!("/org/{}/mk8s", sandbox.org());
    loop {
        let (status, page) = sandbox.call("GET", &path, "");
        assert_eq!(status, 200);
        for item in page["items"].as_array().unwrap() {
            let name = item["name"].as_str().unwrap().to_owned();
            let is_on = item["spec"]["addOns"]["headlamp"].is_object();
            all.insert(name, (item["version"].as_i64().unwrap(), is_on));
        }
        let links = page["links"].as_array().unwrap();
        let Some(next) = links.iter().find(|link| link["rel"] == "next") else {
            return all;
        };
        next["href"].as_str().unwrap().clone_into(&mut path);
    }
}

/// The states of a journal by the names of the clusters.
fn states(env: &Env, journal: &str) -> BTreeMap<String, String> {
    let run = env.line(&format!("journal {journal} -o json")).run().ok();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let items = run.json()["items"].as_array().unwrap().clone();
    items
        .iter()
        .map(|item| (text(&item["name"]), text(&item["state"])))
        .collect()
}

fn count(states: &BTreeMap<String, String>, state: &str) -> usize {
    states.values().filter(|it| *it == state).count()
}

const LINE: &str = "addon enable headlamp";

#[test]
fn a_run_is_kept_and_shown() {
    let (env, sandbox) = fleet(3, &[]);
    sandbox.fault("status=422,on=PATCH:/c002");
    let line = format!("{LINE} --all --yes --journal run.jsonl");
    let run = env.line(&line).run().exits(9);
    let lines: Vec<Value> = env
        .text("run.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let header = &lines[0];
    assert_eq!(
        header["command"],
        serde_json::json!(["addon", "enable", "headlamp"])
    );
    assert_eq!(header["targets"].as_array().unwrap().len(), 3);
    assert!(!env.text("run.jsonl").contains(sandbox.token()));
    let started = lines.iter().find(|it| it["started"] == "c001").unwrap();
    assert_eq!(started["version"], 1);
    assert_eq!(started["old"], serde_json::json!({"headlamp": null}));
    let shown = env.line("journal run.jsonl").run().ok();
    for line in [
        "c001     changed  1 → 2",
        "c002     failed   1        `headlamp` was not enabled on `c002`",
        "2 changed, 1 failed",
    ] {
        assert!(shown.stdout.contains(line), "{line}\n{shown}");
    }
    // It is there already, and never overwritten.
    let again = env.line(&line).run().exits(2);
    let _ = again.err("is there already");
    drop(run);
    let _ = env.line("journal nothing.jsonl").run().exits(3);
    env.write("other.jsonl", "{}\n");
    let _ = env.line("journal other.jsonl").run().exits(2);
}

#[test]
fn a_run_that_was_paused_goes_on_where_it_was() {
    let (env, sandbox) = fleet(5, &[]);
    let line = format!("{LINE} --all --yes --canary 2 --pause");
    let run = env.line(&line).run().exits(9);
    // The command that goes on is printed, and works.
    let hint = run
        .stderr
        .lines()
        .find_map(|line| line.strip_prefix("hint: "));
    let hint = hint.unwrap().strip_prefix("mk8s ").unwrap().to_owned();
    let id = hint.rsplit(' ').next().unwrap();
    assert_eq!(count(&states(&env, id), "changed"), 2);
    assert_eq!(count(&states(&env, id), "not-started"), 3);
    // Somebody undoes one of the two: that is not this run's business any more.
    let _ = env.line("addon disable headlamp -c c001 --yes").run().ok();
    let line = format!("{LINE} --resume {id}");
    let run = env.line(&line).run().exits(2);
    let _ = run.err("it has to be confirmed");
    let before = env.home(&format!(".local/state/mk8s/journal/{id}.jsonl"));
    let before = fs::read_to_string(before).unwrap();
    let run = env.line(&format!("{line} --yes -o json")).run().exits(9);
    let document = run.json();
    let summary = &document["summary"];
    assert_eq!(
        (
            &summary["targets"],
            &summary["changed"],
            &summary["skipped"]
        ),
        (&5.into(), &4.into(), &1.into())
    );
    let item = &document["items"][0];
    let why = "it was changed by this run, and is not so any more";
    assert_eq!(
        (
            &item["state"],
            &item["changed"],
            &item["error"]["because"][0]
        ),
        (&"skipped".into(), &false.into(), &why.into())
    );
    drop(run.err("of 5 targets 1 was skipped"));
    // A further time as well: what others did is no line of the journal.
    let _ = env.line(&format!("{line} --yes")).run().exits(9);
    let after = env.home(&format!(".local/state/mk8s/journal/{id}.jsonl"));
    let after = fs::read_to_string(after).unwrap();
    let added = after.strip_prefix(&before).unwrap();
    assert!(!added.contains("c001"), "{added}");
    let versions = versions(&sandbox);
    assert_eq!(versions["c001"], (3, false));
    for name in ["c002", "c003", "c004", "c005"] {
        assert_eq!(versions[name], (2, true), "{name}");
    }
    assert_eq!(count(&states(&env, id), "changed"), 5);
}

#[test]
fn another_command_or_other_clusters_are_refused() {
    let (mut env, _sandbox) = fleet(4, &[]);
    let line = format!("{LINE} --all --exclude c004 --yes --canary 1 --pause --journal r.jsonl");
    let _ = env.line(&line).run().exits(9);
    for (line, why) in [
        (
            "addon enable nvidia --resume r.jsonl",
            "its command is `addon enable headlamp",
        ),
        ("addon disable headlamp --resume r.jsonl", "its command is"),
        (
            "addon enable headlamp --force --resume r.jsonl",
            "its command is",
        ),
        (
            "addon enable headlamp --all --resume r.jsonl",
            "such as `c004`",
        ),
        (
            "addon enable headlamp -c c001 -c c002 --resume r.jsonl",
            "such as `c003`",
        ),
        (
            "addon enable headlamp --resume r.jsonl --journal s.jsonl",
            "cannot be used with",
        ),
    ] {
        let run = env.line(&format!("{line} --yes")).run().exits(2);
        let _ = run.err(why);
    }
    let _ = env
        .line("addon enable headlamp --resume none --yes")
        .run()
        .exits(3);
    let line = "addon enable headlamp -c c0* --exclude c004 --resume r.jsonl --yes";
    let _ = env.line(line).run().ok();
    env.set("CPLN_ORG", "other");
    let run = env
        .line("addon enable headlamp --resume r.jsonl --yes")
        .run();
    assert_ne!(run.code, 0);
}

/// Begins a run over all clusters, kills it after a time, and takes it up again until it is done.
fn killed(
    (env, sandbox): (&Env, &Sandbox),
    (command, targets): (&str, &str),
    after: Duration,
    clusters: usize,
) -> Result<(), String> {
    let line = format!("{command} {targets} --yes --journal run.jsonl");
    let mut child = env.line(&line).spawn();
    if wait(&mut child, after).is_none() {
        child.kill().unwrap();
    }
    child.wait().unwrap();
    // Without a journal nothing was begun, and the run begins anew.
    let journal = env.path("run.jsonl");
    let is_kept = fs::read_to_string(&journal).is_ok_and(|text| text.contains('\n'));
    let run: Run = if is_kept {
        let line = format!("{command} --resume run.jsonl --yes -o json");
        env.line(&line).run()
    } else {
        let _ = fs::remove_file(&journal);
        env.line(&format!("{line} -o json")).run()
    };
    insist!(run.code == 0, "it does not end well\n{run}");
    let summary = &run.json()["summary"];
    insist!(summary["targets"] == clusters, "{summary}");
    sandbox.settles();
    for (name, (version, is_on)) in versions(sandbox) {
        insist!(is_on, "{name} was forgotten\n{run}");
        insist!(version == 2, "{name} is at version {version}\n{run}");
    }
    let states = states(env, "run.jsonl");
    insist!(count(&states, "changed") == clusters, "{states:?}");
    Ok(())
}

#[test]
fn a_run_that_is_killed_at_any_moment_is_finished_by_another() {
    let trial = Trial::begin("journals::a_run_that_is_killed_at_any_moment_is_finished_by_another");
    let (runs, clusters) = (trial.scale(10, 300), 100);
    let cases: Vec<usize> = (0..runs).collect();
    trial.each(
        &cases,
        2,
        |run| format!("run {run}"),
        |&run| {
            let (env, sandbox) = fleet(clusters, &["--latency", "3ms"]);
            let after = Duration::from_millis(trial.chance(run).u64(5..900));
            let mut command = (LINE, "--all");
            if run % 2 == 1 {
                let names = (1..=clusters).map(|number| format!("c{number:03}"));
                let on = names.map(|name| hetzner(&name, &[WI, "headlamp: {}"]));
                env.write("all.yaml", on.collect::<Vec<_>>().join("---\n"));
                command = ("apply -f all.yaml", "");
            }
            killed((&env, &sandbox), command, after, clusters)
        },
    );
    trial.end();
}

fn signal(child: &std::process::Child, name: &str) {
    let pid = child.id().to_string();
    let sent = Command::new("kill").args([name, &pid]).status().unwrap();
    assert!(sent.success());
}

#[test]
fn a_signal_ends_what_is_under_way_and_begins_no_more() {
    for name in ["-INT", "-TERM"] {
        let (env, sandbox) = fleet(40, &[]);
        // What is under way takes its time.
        sandbox.fault("delay=400ms,on=PATCH");
        let words = format!("{LINE} --all --yes --parallel 4 --journal run.jsonl -o json");
        let words: Vec<&str> = words.split(' ').collect();
        let child = env.mk8s(&words).spawn();
        let is_begun = || {
            let text = fs::read_to_string(env.path("run.jsonl")).unwrap_or_default();
            text.matches("\"started\"").count() >= 4
        };
        assert!(comes(is_begun), "nothing is begun");
        signal(&child, name);
        let output = child.wait_with_output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(130), "{told}");
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        let summary = &document["summary"];
        let changed = summary["changed"].as_u64().unwrap();
        assert!((4..=8).contains(&changed), "{summary}");
        assert_eq!(summary["notStarted"], 40 - changed);
        assert!(told.contains("targets were not begun"), "{told}");
        assert!(told.contains("--resume run.jsonl"), "{told}");
        let on = versions(&sandbox).into_values().filter(|it| it.1).count();
        assert_eq!(on as u64, changed);
        sandbox.heals();
        let _ = env
            .line(&format!("{LINE} --resume run.jsonl --yes"))
            .run()
            .ok();
        assert!(versions(&sandbox).into_values().all(|it| it == (2, true)));
    }
}

#[test]
fn a_signal_after_the_last_write_leaves_nothing_to_be_taken_up() {
    let (env, sandbox) = fleet(4, &[]);
    sandbox.fault("delay=600ms,on=PATCH");
    let words = format!("{LINE} --all --yes --parallel 4 --journal run.jsonl");
    let words: Vec<&str> = words.split(' ').collect();
    let child = env.mk8s(&words).spawn();
    let is_begun = || {
        let text = fs::read_to_string(env.path("run.jsonl")).unwrap_or_default();
        text.matches("\"started\"").count() >= 4
    };
    assert!(comes(is_begun), "nothing is begun");
    signal(&child, "-INT");
    let output = child.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(130), "{told}");
    assert!(
        told.contains("Everything that was to be written is written."),
        "{told}"
    );
    assert!(!told.contains("hint:"), "{told}");
    assert!(versions(&sandbox).into_values().all(|it| it == (2, true)));
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let (env, sandbox) = fleet(10, &[]);
    sandbox.fault("stall,on=PATCH");
    let words = format!("{LINE} --all --yes --journal run.jsonl");
    let words: Vec<&str> = words.split(' ').collect();
    let mut child = env.mk8s(&words).spawn();
    let is_begun = || {
        let text = fs::read_to_string(env.path("run.jsonl")).unwrap_or_default();
        text.matches("\"started\"").count() >= 8
    };
    assert!(comes(is_begun), "nothing is begun");
    signal(&child, "-INT");
    assert!(
        wait(&mut child, Duration::from_millis(300)).is_none(),
        "the first one ends it"
    );
    signal(&child, "-INT");
    let status = wait(&mut child, Duration::from_secs(5)).expect("it ends");
    assert_eq!(status.code(), Some(130));
    let output = child.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        told.contains(&format!("`mk8s {LINE} --yes --resume run.jsonl` goes on.")),
        "{told}"
    );
    assert!(!told.contains("same command again"), "{told}");
    sandbox.heals();
    let _ = env
        .line(&format!("{LINE} --resume run.jsonl --yes"))
        .run()
        .ok();
    assert!(versions(&sandbox).into_values().all(|it| it == (2, true)));
}
