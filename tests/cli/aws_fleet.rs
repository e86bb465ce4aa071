//! `mk8s aws setup` over several clusters: one role for all of them, states that add up, a journal by
//! which the run is taken up again.

use crate::support::manifests::hetzner;
use crate::support::{ACCOUNT, Bed, Run, comes};
use serde_json::{Value, json};
use std::process::Command;

const SETUP: &str = "aws setup aws-ecr";

/// Bare clusters `c1`, `c2`, … and an AWS account.
fn bed(count: usize) -> Bed {
    let clusters: Vec<String> = (1..=count)
        .map(|it| hetzner(&format!("c{it}"), &[]))
        .collect();
    Bed::holding(&clusters, &[])
}

/// How many of the statements of the role let a cluster in.
fn statements(bed: &Bed, role: &str) -> usize {
    bed.moto.role(role)["trust"]["Statement"]
        .as_array()
        .map_or(0, Vec::len)
}

fn states(run: &Run) -> Vec<Value> {
    let document = run.json();
    let items = document["items"].as_array().unwrap().clone();
    items.into_iter().map(|mut it| it["state"].take()).collect()
}

#[test]
fn clusters_that_a_selector_finds_share_a_role() {
    let bed = bed(3);
    let line = format!("{SETUP} --selector provider=hetzner --shared-role fleet");
    let plan = bed.run(&format!("{line} --dry-run")).ok();
    let words = plan.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    // One of them makes it, and it is said once for whom it is.
    for (text, count) in [
        ("+ role fleet", 1),
        ("= role fleet made for c1 before", 2),
        (
            "role/fleet is for c1, c2 and c3: the service accounts of all of them may assume it",
            1,
        ),
    ] {
        assert_eq!(words.matches(text).count(), count, "{text}\n{plan}");
    }
    assert!(!plan.stderr.contains("warning"), "{plan}");
    assert_eq!((bed.moto.writes(), bed.patches()), (Vec::new(), 0));

    let run = bed.run(&format!("{line} --yes -o json")).ok();
    assert_eq!(states(&run), ["changed", "changed", "changed"]);
    assert_eq!(run.json()["summary"]["changed"], 3, "{run}");
    assert_eq!(statements(&bed, "fleet"), 3);
    bed.moto.forget();
    let patches = bed.patches();
    let run = bed.run(&format!("{line} --yes -o json")).ok();
    assert_eq!(states(&run), ["unchanged", "unchanged", "unchanged"]);
    assert_eq!((bed.moto.writes(), bed.patches()), (Vec::new(), patches));
    bed.run("aws status aws-ecr --all --exit-code").ok();
    let lines = bed.run(&format!("{line} --yes -o jsonl")).ok();
    let last: Value = serde_json::from_str(lines.stdout.lines().next_back().unwrap()).unwrap();
    assert_eq!(
        (&last["kind"], &last["unchanged"]),
        (&json!("Summary"), &json!(3)),
        "{lines}"
    );

    // A role of each is another wish than one for all.
    bed.run(&format!("{line} --role-name other")).exits(2);
}

/// The trust policy takes so many statements. Where they are published that is seen before the question,
/// and the others go on; where they are not, it is warned about.
#[test]
fn a_cluster_for_which_the_trust_policy_has_no_room_is_refused_at_the_plan() {
    let bed = bed(7);
    let line = format!("{SETUP} --all --shared-role fleet");
    bed.run(&format!("{line} --dry-run"))
        .ok()
        .err("role/fleet may come to 2734 characters with the statements of all clusters");
    bed.run(&format!(
        "addon enable aws-ecr --all --yes --with-prerequisites --wait --role-arn arn:aws:iam::{ACCOUNT}:role/fleet"
    ))
    .ok();
    let run = bed.run(&format!("{line} --yes -o json")).exits(9);
    let states = states(&run);
    let count = |word: &str| states.iter().filter(|it| **it == word).count();
    let (changed, refused) = (count("changed"), count("refused"));
    assert!(
        changed >= 4 && changed + refused == 7 && refused > 0,
        "{run}"
    );
    assert_eq!(statements(&bed, "fleet"), changed);
    let item = &run.json()["items"][6];
    let because = item["error"]["because"].to_string();
    assert!(because.contains("Role trust policy length"), "{because}");
    // Nothing was made for it.
    assert_eq!(bed.moto.providers().as_object().unwrap().len(), changed);
}

#[test]
fn a_run_is_taken_up_again_by_its_journal() {
    let bed = bed(3);
    let line = format!("{SETUP} --yes --journal run.jsonl");
    bed.moto.faults(&json!([{
        "action": "CreateRole", "code": "AccessDenied", "skip": 1
    }]));
    let run = bed.run(&format!("{line} --all")).exits(9);
    let run = run.err("mk8s aws setup aws-ecr --yes --resume run.jsonl");
    bed.moto.heals();
    let journal = bed.run("journal run.jsonl -o json").ok().json();
    let of = |journal: &Value, at: usize| journal["items"][at]["state"].clone();
    assert_eq!(
        (of(&journal, 0), of(&journal, 1), of(&journal, 2)),
        (json!("changed"), json!("failed"), json!("changed")),
        "{run}"
    );

    // It is more than a change of add-ons, and not undone as one.
    bed.run("undo run.jsonl --yes")
        .exits(6)
        .err("mk8s aws teardown aws-ecr -c NAME");

    // Other words, other clusters and a file that is there are refused, before anything is done.
    bed.moto.forget();
    for (other, code, words) in [
        ("--resume run.jsonl --role-path /x/", 2, "its command is"),
        ("--resume run.jsonl -c c1", 2, "it is about 3 clusters"),
        ("--all --journal run.jsonl", 2, "is there already"),
        ("--resume nosuch", 3, "no journal `nosuch`"),
    ] {
        bed.run(&format!("{SETUP} --yes {other}"))
            .exits(code)
            .err(words);
    }
    assert_eq!(bed.moto.writes(), Vec::<String>::new());

    // What was done is left alone, and what somebody took back as well.
    bed.run("aws teardown aws-ecr -c c3 --yes").ok();
    bed.moto.forget();
    let again = bed
        .run(&format!("{SETUP} --yes --resume run.jsonl -o json"))
        .exits(9);
    assert_eq!(states(&again), ["changed", "changed", "skipped"], "{again}");
    assert!(
        again
            .stdout
            .contains("it was changed by this run, and is not so any more"),
        "{again}"
    );
    let writes = bed.moto.writes();
    assert!(writes.iter().any(|it| it == "CreateRole"), "{writes:?}");
    bed.run("aws status aws-ecr -c c1 -c c2 --exit-code").ok();
}

/// A signal ends the run well: what is under way is told, what was not begun as well, and the hint goes
/// on with it.
#[test]
fn a_signal_ends_the_run_and_the_hint_goes_on() {
    let bed = bed(4);
    let mut child = bed
        .env
        .mk8s(&[
            "aws",
            "setup",
            "aws-ecr",
            "--all",
            "--yes",
            "--journal",
            "run.jsonl",
        ])
        .spawn();
    let journal = bed.env.path("run.jsonl");
    // One is done for sure.
    assert!(comes(|| {
        std::fs::read_to_string(&journal).is_ok_and(|text| text.contains("\"changed\":"))
            || child.try_wait().unwrap().is_some()
    }));
    let is_over = child.try_wait().unwrap().is_some();
    let pid = child.id().to_string();
    let _ = Command::new("kill").args(["-INT", &pid]).status().unwrap();
    let ended = child.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&ended.stderr).into_owned();
    if !is_over && ended.status.code() != Some(0) {
        assert_eq!(ended.status.code(), Some(130), "{stderr}");
        assert!(stderr.contains("--resume run.jsonl"), "{stderr}");
    }
    let run = bed
        .run(&format!("{SETUP} --yes --resume run.jsonl -o json"))
        .ok();
    assert_eq!(states(&run), ["changed"; 4], "{run}");
    bed.run("aws status aws-ecr --all --exit-code").ok();
}
