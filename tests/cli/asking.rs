//! Questions, answered on a terminal, and Ctrl-C.

use crate::support::manifests::{ROLE, aws, hetzner};
use crate::support::{Env, Sandbox, Terminal};
use serde_json::json;

const ON: &str = "awsWorkloadIdentity: {}";
const DISABLE: &str = "addon disable aws-ecr -c prod";

fn live(flags: &[&str]) -> (Env, Sandbox) {
    let mut env = Env::new();
    let ecr = format!("awsECR: {{roleArn: \"{ROLE}\"}}");
    let sandbox = Sandbox::holding(
        &mut env,
        &[
            aws("prod", &[ON, "awsECR: {}"]),
            hetzner("edge", &[ON, &ecr]),
        ],
        flags,
    );
    (env, sandbox)
}

fn is_on(sandbox: &Sandbox) -> bool {
    sandbox.cluster("prod")["spec"]["addOns"]
        .get("awsECR")
        .is_some()
}

#[test]
fn the_plan_is_shown_and_yes_does_it() {
    let (env, sandbox) = live(&[]);
    let mut terminal = Terminal::start(&env, DISABLE);
    terminal.until("[y/N]").type_in("y\n");
    let (code, screen) = terminal.end();
    assert_eq!(code, 0, "{screen}");
    let question = screen.find("[y/N]").unwrap();
    let plan = screen.find("awsECR").unwrap();
    assert!(plan < question, "asked before the plan was shown\n{screen}");
    assert!(!is_on(&sandbox));
}

/// However quiet a run is to be, whoever is asked sees what it is about; with a yes beforehand it is quiet.
#[test]
fn a_question_comes_with_its_plan_under_quiet_too() {
    let (env, sandbox) = live(&[]);
    let mut terminal = Terminal::start(&env, &format!("{DISABLE} -q"));
    terminal.until("[y/N]").type_in("n\n");
    let (code, screen) = terminal.end();
    assert_eq!(code, 2, "{screen}");
    assert!(screen.contains("-   awsECR: {}"), "{screen}");
    assert!(is_on(&sandbox));
    let (code, screen) = Terminal::start(&env, &format!("{DISABLE} -q --yes")).end();
    assert_eq!(code, 0, "{screen}");
    assert!(!screen.contains("spec.addOns:"), "{screen}");
}

#[test]
fn no_and_nothing_leave_all_as_it_was() {
    for answer in ["n\n", "\n", "what\n\n", "\u{4}"] {
        let (env, sandbox) = live(&[]);
        let mut terminal = Terminal::start(&env, DISABLE);
        terminal.until("[y/N]").type_in(answer);
        let (code, screen) = terminal.end();
        assert_eq!(code, 2, "{answer:?}\n{screen}");
        assert!(is_on(&sandbox), "{answer:?}");
    }
}

#[test]
fn nobody_is_asked_under_ci_or_no_input() {
    let (mut env, sandbox) = live(&[]);
    let (code, screen) = Terminal::start(&env, &format!("{DISABLE} --no-input")).end();
    assert_eq!(code, 2, "{screen}");
    env.set("MK8S_NO_INPUT", "1");
    let (code, screen) = Terminal::start(&env, DISABLE).end();
    assert_eq!(code, 2, "{screen}");
    env.unset("MK8S_NO_INPUT").set("CI", "true");
    let (code, screen) = Terminal::start(&env, DISABLE).end();
    assert_eq!(code, 2, "{screen}");
    assert!(is_on(&sandbox));
    let (code, screen) = Terminal::start(&env, &format!("{DISABLE} --yes")).end();
    assert_eq!(code, 0, "{screen}");
    assert!(!is_on(&sandbox));
}

#[test]
fn what_is_not_asked_about_goes_through() {
    let (env, sandbox) = live(&[]);
    env.write("prod.yaml", aws("prod", &[ON, "awsECR: {}"]));
    for line in [
        "addon disable aws-ecr -f prod.yaml",
        "addon enable headlamp -c prod",
        "addon enable aws-ecr -c prod --no-role-arn",
        "addon disable dashboard -c prod",
    ] {
        let (code, screen) = Terminal::start(&env, line).end();
        assert_eq!(code, 0, "{line}\n{screen}");
        assert!(!screen.contains("[y/N]"), "{line}\n{screen}");
    }
    assert_eq!(
        sandbox.cluster("prod")["spec"]["addOns"]["headlamp"],
        json!({})
    );
}

#[test]
fn ctrl_c_stops_the_waiting_and_not_the_add_on() {
    let (env, sandbox) = live(&["--status-delay", "1h"]);
    let line = format!(
        "addon enable aws-ecr -c edge --role-arn {} --wait",
        "arn:aws:iam::999999999999:role/other"
    );
    let mut terminal = Terminal::start(&env, &line);
    terminal.until("trustPolicy").type_in("\u{3}");
    let (code, screen) = terminal.end();
    assert_eq!(code, 130, "{screen}");
    assert!(screen.contains("Stopped waiting"), "{screen}");
    assert!(screen.contains("stays enabled"), "{screen}");
    assert_eq!(
        sandbox.cluster("edge")["spec"]["addOns"]["awsECR"]["roleArn"],
        "arn:aws:iam::999999999999:role/other"
    );
}

#[test]
fn ctrl_c_at_the_question_changes_nothing() {
    let (env, sandbox) = live(&[]);
    let mut terminal = Terminal::start(&env, DISABLE);
    terminal.until("[y/N]").type_in("\u{3}");
    let (code, screen) = terminal.end();
    assert_eq!(code, 130, "{screen}");
    assert!(is_on(&sandbox));
}

/// Whoever forgot what `-f -` reads is not held by it.
#[test]
fn ctrl_c_ends_the_reading_of_a_manifest() {
    let env = Env::new();
    let mut terminal = Terminal::start(&env, "addon enable aws-ecr -f -");
    terminal
        .type_in("kind: mk8s\n")
        .until("kind: mk8s")
        .type_in("\u{3}");
    let (code, screen) = terminal.end();
    assert_ne!(code, 0, "{screen}");
}

#[test]
fn a_terminal_gets_colours_unless_it_is_dumb() {
    let (mut env, _sandbox) = live(&[]);
    env.unset("NO_COLOR");
    let line = "addon enable headlamp -c prod --dry-run";
    let (_, screen) = Terminal::start(&env, line).end();
    assert!(
        screen.contains("\u{1b}[32m"),
        "an added line is green\n{screen}"
    );
    env.set("TERM", "dumb");
    let (_, screen) = Terminal::start(&env, line).end();
    assert!(!screen.contains("\u{1b}[3"), "{screen}");
}
