//! `mk8s aws` killed at every call in turn: before the server sees it, and once it is carried out
//! and the answer is on its way. Run again, it always ends in the same state, with no duplicate and
//! no orphan.

use crate::support::manifests::hetzner;
use crate::support::{Bed, Edge, Gate, Trial, is_read};
use serde_json::{Value, json};

const ROLE: &str = "mk8s-sandbox-edge-ecr";

/// Which calls a sweep stops at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stops {
    /// Every one.
    All,
    /// Those that change something: a kill at a read leaves what a kill after the last change
    /// leaves. In the long form every one.
    Writes,
}

fn is_write(call: &str) -> bool {
    !is_read(call) && !call.starts_with("GET ")
}

/// Kills `line` at one call in turn after `arrange`, runs it again, and insists on `wanted`. Gives
/// the calls of an undisturbed run.
fn sweep(
    trial: &'static str,
    stops: Stops,
    edge: Edge,
    flags: &[&str],
    arrange: impl Fn(&Bed),
    line: &str,
    wanted: &Value,
) -> Vec<String> {
    let trial = Trial::begin(trial);
    let all = stops == Stops::All || trial.is_long();
    let quiet = {
        let mut bed = Bed::holding(&[hetzner("edge", &[])], flags);
        arrange(&bed);
        let gate = Gate::start(&mut bed.env);
        bed.env.line(line).run().ok();
        gate.calls()
    };
    let mut number = 0;
    loop {
        number += 1;
        if !all && quiet.get(number - 1).is_some_and(|call| !is_write(call)) {
            continue;
        }
        let mut bed = Bed::holding(&[hetzner("edge", &[])], flags);
        arrange(&bed);
        let gate = Gate::start(&mut bed.env);
        gate.hold(number, edge);
        let mut child = bed.env.line(line).spawn();
        let reached = gate.reached(&mut child);
        let calls = gate.calls();
        // Killed, or ended by itself.
        let _ = child.kill();
        child.wait().unwrap();
        gate.open();
        let place = format!("killed {edge:?} call {number}: {:?}", calls.last());
        let run = bed.env.line(line).run();
        assert_eq!(run.code, 0, "{place}\n{run}");
        assert_eq!(&bed.world(), wanted, "{place}\n{run}");
        trial.count(&place, Ok(()));
        if !reached {
            assert!(number > 5, "{calls:?}");
            trial.end();
            return calls;
        }
        // What is complete is left alone.
        bed.moto.forget();
        let patches = bed.patches();
        let run = bed.env.line(line).run();
        assert_eq!(run.code, 0, "{place}\n{run}");
        assert_eq!(
            (bed.moto.writes(), bed.patches()),
            (vec![], patches),
            "{place}"
        );
    }
}

const SETUP: &str = "aws setup aws-ecr -c edge --yes";

/// What an undisturbed run leaves.
fn after(flags: &[&str], arrange: impl Fn(&Bed), line: &str) -> Value {
    let bed = Bed::holding(&[hetzner("edge", &[])], flags);
    arrange(&bed);
    bed.run(line).ok();
    bed.world()
}

fn fresh(edge: Edge) {
    let wanted = after(&[], |_| {}, SETUP);
    let calls = sweep(
        "aws_kills::fresh",
        Stops::All,
        edge,
        &[],
        |_| {},
        SETUP,
        &wanted,
    );
    for write in [
        "CreateOpenIDConnectProvider",
        "CreateRole",
        "AttachRolePolicy",
        "PATCH /org/sandbox/mk8s/edge",
    ] {
        assert!(calls.iter().any(|call| call == write), "{calls:?}");
    }
}

#[test]
fn setup_killed_before_any_call_is_taken_up() {
    fresh(Edge::Before);
}

#[test]
fn setup_killed_after_any_call_is_taken_up() {
    fresh(Edge::After);
}

fn role_first(edge: Edge) {
    let flags = ["--require-role", ROLE];
    let wanted = after(&[], |_| {}, SETUP);
    let calls = sweep(
        "aws_kills::role_first",
        Stops::Writes,
        edge,
        &flags,
        |_| {},
        SETUP,
        &wanted,
    );
    let update = "UpdateAssumeRolePolicy";
    assert!(calls.iter().any(|call| call == update), "{calls:?}");
}

#[test]
fn setup_with_the_role_first_killed_before_any_call_is_taken_up() {
    role_first(Edge::Before);
}

#[test]
fn setup_with_the_role_first_killed_after_any_call_is_taken_up() {
    role_first(Edge::After);
}

/// A role of others and a provider without the audience are there already.
fn by_hand(bed: &Bed) {
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
    bed.run("addon enable aws-workload-identity -c edge").ok();
    let url = format!("https://{}", bed.issuer("edge"));
    bed.moto.act(
        "CreateOpenIDConnectProvider",
        &[("Url", &url), ("ClientIDList.member.1", "other")],
    );
    bed.moto.act(
        "CreateRole",
        &[("RoleName", ROLE), ("AssumeRolePolicyDocument", trust)],
    );
}

fn adopting(edge: Edge) {
    let wanted = after(&[], by_hand, SETUP);
    let calls = sweep(
        "aws_kills::adopting",
        Stops::Writes,
        edge,
        &[],
        by_hand,
        SETUP,
        &wanted,
    );
    for write in [
        "AddClientIDToOpenIDConnectProvider",
        "TagRole",
        "UpdateAssumeRolePolicy",
    ] {
        assert!(calls.iter().any(|call| call == write), "{calls:?}");
    }
}

#[test]
fn setup_of_what_is_there_killed_before_any_call_is_taken_up() {
    adopting(Edge::Before);
}

#[test]
fn setup_of_what_is_there_killed_after_any_call_is_taken_up() {
    adopting(Edge::After);
}

const DOWN: &str = "aws teardown aws-ecr -c edge --with-oidc-provider --yes";

fn down(edge: Edge) {
    let arrange = |bed: &Bed| {
        bed.run(SETUP).ok();
    };
    let wanted = json!({"iam": {}, "addOns": [["edge", {}]]});
    let calls = sweep(
        "aws_kills::down",
        Stops::All,
        edge,
        &[],
        arrange,
        DOWN,
        &wanted,
    );
    for write in [
        "DetachRolePolicy",
        "DeleteRole",
        "DeleteOpenIDConnectProvider",
    ] {
        assert!(calls.iter().any(|call| call == write), "{calls:?}");
    }
}

#[test]
fn teardown_killed_before_any_call_is_taken_up() {
    down(Edge::Before);
}

#[test]
fn teardown_killed_after_any_call_is_taken_up() {
    down(Edge::After);
}

fn releasing(edge: Edge) {
    let arrange = |bed: &Bed| {
        by_hand(bed);
        bed.run(SETUP).ok();
    };
    let wanted = after(&[], arrange, DOWN);
    let calls = sweep(
        "aws_kills::releasing",
        Stops::Writes,
        edge,
        &[],
        arrange,
        DOWN,
        &wanted,
    );
    for write in ["UpdateAssumeRolePolicy", "DetachRolePolicy", "UntagRole"] {
        assert!(calls.iter().any(|call| call == write), "{calls:?}");
    }
}

#[test]
fn teardown_of_a_role_of_others_killed_before_any_call_is_taken_up() {
    releasing(Edge::Before);
}

#[test]
fn teardown_of_a_role_of_others_killed_after_any_call_is_taken_up() {
    releasing(Edge::After);
}
