//! `-q`: the result and nothing else; where the exit code is the answer, nothing at all.

use crate::support::manifests::{ROLE, hetzner};
use crate::support::{Bed, Env, Sandbox};
use std::collections::BTreeSet;

/// Every command of the tree that has the flag, by its words.
fn with_flag(command: &clap::Command, id: &str, path: &str, found: &mut BTreeSet<String>) {
    if command.get_arguments().any(|arg| arg.get_id() == id) {
        found.insert(path.trim().to_owned());
        return;
    }
    for below in command.get_subcommands() {
        with_flag(below, id, &format!("{path} {}", below.get_name()), found);
    }
}

/// Two clusters, `prod` without add-ons and `edge` with one, and a manifest of `prod` with one more.
fn place() -> (Env, Sandbox) {
    let mut env = Env::new();
    let live = [hetzner("prod", &[]), hetzner("edge", &["metrics: {}"])];
    let sandbox = Sandbox::holding(&mut env, &live, &[]);
    env.write("prod.yaml", hetzner("prod", &["headlamp: {}"]));
    env.write("set.yaml", "logs: {}\n");
    (env, sandbox)
}

/// Each command with `--exit-code` answers by that alone, unless a format is named.
#[test]
fn where_the_exit_code_is_the_answer_nothing_is_printed() {
    let (mut env, _sandbox) = place();
    env.set("CI", "true");
    let lines = [
        ("addon show", "metrics -c prod"),
        ("addon enable", "metrics -c prod --dry-run"),
        ("addon disable", "headlamp -f prod.yaml --dry-run"),
        ("addon set", "set.yaml -c prod --dry-run"),
        ("addon copy", "--from edge --to prod --dry-run"),
        ("addon pull", "-c prod -f prod.yaml --dry-run"),
        ("apply", "-f prod.yaml --dry-run"),
        ("diff", "-f prod.yaml"),
        ("undo", "--dry-run"),
    ];
    let _ = env
        .line("addon enable headlamp -c edge -q --history")
        .run()
        .ok();
    for (command, rest) in lines {
        let line = format!("{command} {rest} --exit-code");
        let run = env.line(&format!("{line} -q")).run().exits(10);
        assert_eq!(
            (run.stdout.as_str(), run.stderr.as_str()),
            ("", ""),
            "{run}"
        );
        let run = env.line(&line).run().exits(10);
        assert_ne!(run.stdout, "", "{run}");
        let run = env.line(&format!("{line} -q -o json")).run().exits(10);
        assert!(run.json().is_object() && run.stderr.is_empty(), "{run}");
    }
    let bed = Bed::edge();
    let aws = [
        ("aws status", "aws-ecr -c edge"),
        ("aws setup", "aws-ecr -c edge --dry-run"),
        ("aws teardown", "aws-ecr -c edge --dry-run"),
        (
            "aws repository-policy",
            "aws-ecr -c edge --image 222222222222.dkr.ecr.eu-central-1.amazonaws.com/shop:1 --dry-run",
        ),
    ];
    for (command, rest) in aws {
        let run = bed.run(&format!("{command} {rest} --exit-code -q"));
        assert!([0, 10].contains(&run.code), "{run}");
        assert_eq!(
            (run.stdout.as_str(), run.stderr.as_str()),
            ("", ""),
            "{run}"
        );
    }
    let mut all = BTreeSet::new();
    with_flag(&mk8s::cli::command(), "exit_code", "", &mut all);
    let tried: BTreeSet<String> = lines
        .iter()
        .chain(&aws)
        .map(|(command, _)| (*command).to_owned())
        .collect();
    assert_eq!(all, tried);
}

/// What is done is told in a line; plans, next steps, counts and what is waited for are not.
#[test]
fn a_quiet_run_prints_results_alone() {
    let (mut env, _sandbox) = place();
    env.set("CI", "true");
    env.write(
        "two.yaml",
        [hetzner("prod", &["logs: {}"]), hetzner("new", &[])].join("---\n"),
    );
    for (line, out) in [
        (
            "apply -f two.yaml --yes",
            "Updated prod (version 1 → 2)\nCreated new\n",
        ),
        (
            "addon enable headlamp -c prod -c edge --yes",
            "Enabled headlamp on prod",
        ),
        (
            "addon disable headlamp -c prod --yes --wait",
            "Disabled headlamp on prod",
        ),
        (
            "addon enable logs -f prod.yaml",
            "Enabled logs in prod.yaml",
        ),
        ("addon list -c edge", "ADD-ON"),
        ("cluster list", "NAME"),
        ("diff -f two.yaml", ""),
        (
            "validate prod.yaml",
            "1 file, 1 cluster: nothing is wrong\n",
        ),
    ] {
        let run = env.line(&format!("{line} -q")).run().ok();
        assert!(run.stdout.starts_with(out), "{run}");
        assert_eq!(run.stderr, "", "{run}");
    }
    let enable = format!("addon enable aws-ecr -c prod --with-prerequisites --role-arn {ROLE} -q");
    let run = env.line(&enable).run().ok();
    assert_eq!(run.stderr, "", "{run}");
}

/// Runs over several targets end with how many of them ended as what, in the same words.
#[test]
fn several_targets_are_counted_in_a_line() {
    let (mut env, _sandbox) = place();
    env.set("CI", "true");
    env.write(
        "all.yaml",
        [
            hetzner("prod", &["logs: {}"]),
            hetzner("new", &[]),
            hetzner("edge", &["metrics: {}"]),
        ]
        .join("---\n"),
    );
    for (line, last) in [
        ("diff -f all.yaml", "1 to create, 1 to update, 1 unchanged"),
        (
            "apply -f all.yaml --dry-run",
            "1 to create, 1 to update, 1 unchanged",
        ),
        (
            "apply -f all.yaml --yes",
            "1 created, 1 updated, 1 unchanged",
        ),
        ("apply -f all.yaml --yes", "3 unchanged"),
        ("diff -f all.yaml", "3 unchanged"),
        ("addon enable headlamp -f all.yaml --dry-run", "3 to change"),
        ("addon enable metrics -f all.yaml", "2 changed, 1 unchanged"),
        (
            "addon enable metrics -c prod -c edge --dry-run",
            "1 to change, 1 unchanged",
        ),
        (
            "addon enable metrics -c prod -c edge --yes",
            "1 changed, 1 unchanged",
        ),
        (
            "addon disable headlamp -c prod -c edge --yes",
            "2 unchanged",
        ),
    ] {
        let run = env.line(line).run().ok();
        let said: Vec<&str> = run.stderr.lines().filter(|it| *it == last).collect();
        assert_eq!(said.len(), 1, "{run}");
    }
    // Of one there is nothing to count.
    let run = env.line("apply -f prod.yaml --yes").run().ok();
    assert!(!run.stderr.contains("updated"), "{run}");
}
