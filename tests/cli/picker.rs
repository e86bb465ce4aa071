//! The picker, at a keyboard: what stands on the screen, what is changed, how the terminal is left.

use crate::settings::{after, manifest, word};
use crate::support::manifests::{ROLE, aws, gcp, hetzner};
use crate::support::{Env, Left, Sandbox, Screen, Terminal, Trial, filters, insist};
use mk8s::addon::CATALOG;
use rustix::process::Signal;
use serde_json::{Value, json};

const SIZE: (u16, u16) = (100, 30);
const DOWN: &str = "\x1b[B";
const ESCAPE: &str = "\x1b";
const CTRL_C: &str = "\x03";
const CTRL_D: &str = "\x04";

const CLUSTERS: [&str; 3] = ["bare", "edge", "prod"];

fn manifests() -> Vec<String> {
    let ecr = format!("awsECR: {{roleArn: \"{ROLE}\"}}");
    let on = "awsWorkloadIdentity: {}";
    vec![
        hetzner("bare", &[]),
        hetzner("edge", &[on, &ecr, "headlamp: {}", "rocket: {thrust: 2}"]),
        aws("prod", &[on, "metrics: {kubeState: true}"]),
    ]
}

fn place() -> (Env, Sandbox) {
    let mut env = Env::new();
    let sandbox = Sandbox::holding(&mut env, &manifests(), &["--known", "rocket"]);
    (env, sandbox)
}

fn add_ons(sandbox: &Sandbox, name: &str) -> Value {
    sandbox.cluster(name)["spec"]["addOns"].clone()
}

/// A screen as a snapshot.
macro_rules! seen {
    ($env:expr, $text:expr, @$expected:literal) => {{
        let text = $text;
        let mut settings = filters(&$env);
        settings.add_filter(r"\bk[0-9a-z]{11}\b", "[ALIAS]");
        settings.bind(|| insta::assert_snapshot!(text, @$expected));
    }};
}

/// The commands that were named at the end.
fn equivalents(left: &Left) -> Vec<String> {
    let (_, after) = left.raw.rsplit_once("[y/N] y").unwrap_or_default();
    let lines = after
        .lines()
        .filter_map(|line| line.strip_prefix("Equivalent: "));
    lines.map(|line| line.trim_end().to_owned()).collect()
}

/// Runs a printed command as a shell does that has `mk8s` on its path.
fn paste(env: &Env, command: &str) -> (i32, String) {
    let folder = std::path::Path::new(env!("CARGO_BIN_EXE_mk8s"))
        .parent()
        .unwrap();
    let run = env
        .sh(&format!("{command} --yes"))
        .with("PATH", &format!("{}:/usr/bin:/bin", folder.display()))
        .run();
    (run.code, run.to_string())
}

fn untouched(left: &Left) {
    assert_eq!(left.otherwise, "", "{}", left.text);
}

#[test]
fn the_console_s_way_on_a_live_cluster() {
    let (env, sandbox) = place();
    let mut screen = Screen::start(&env, "addon", SIZE);
    seen!(env, screen.until("3 clusters").until("leaves").text(), @r"
    Clusters of org sandbox
    3 clusters

    > [ ] bare  hetzner       0 add-ons
      [ ] edge  hetzner       4 add-ons
      [ ] prod  aws           2 add-ons


    space ticks, / filters, enter goes on, q leaves
    ");
    screen.press(" \r").until("Add-ons of bare (hetzner)");
    screen.press("/ecr\r").until("/ecr  1 of 18");
    seen!(env, screen.press(" ").until("goes on too").text(), @r"
    Add-ons of bare (hetzner)
    /ecr  1 of 18, 2 changed

    > [x] aws-ecr                  goes on   needs aws-workload-identity

    Pull images from private Amazon ECR registries; it needs aws-workload-identity
    aws-workload-identity goes on too: aws-ecr needs it
    space switches, s asks for settings, / filters, enter goes on, esc goes back
    ");
    screen
        .press("\r")
        .until("required")
        .press("arn:aws:iam::999");
    seen!(env, screen.until("3 digits").text(), @r"
    Settings of add-ons of bare (hetzner)
    1 of 1 not yet right

    > aws-ecr roleArn  not yet right  arn:aws:iam::999_

    IAM role the cluster assumes to pull images; not needed on AWS for the cluster's own account (ARN of
    an IAM role), such as arn:aws:iam::111122223333:role/NAME
    the account part has 3 digits, 12 are needed
    tab goes down, enter goes on, esc goes back, ctrl-c leaves
    ");
    let rest = &ROLE["arn:aws:iam::999".len()..];
    screen
        .press(rest)
        .until("  right  ")
        .press("\r")
        .until("[y/N]");
    let left = {
        screen.press("y");
        screen.end()
    };
    untouched(&left);
    assert_eq!(left.code, 0, "{}", left.text);
    seen!(env, left.text.as_str(), @r"
      spec.addOns:
    +   awsWorkloadIdentity: {}
    +   awsECR:
    +     roleArn: arn:aws:iam::999999999999:role/mk8s-ecr-driver
    Equivalent: mk8s addon enable aws-workload-identity -c bare
    Equivalent: mk8s addon enable aws-ecr -c bare --role-arn arn:aws:iam::999999999999:role/mk8s-ecr-driver
    Make these 2 changes on bare? [y/N] y
    Enabled aws-workload-identity on bare (version 1 → 2)
    Next: mk8s addon oidc-url -c bare
    Enabled aws-ecr on bare (version 2 → 3), cluster outside AWS, role in account 999999999999
    Next: mk8s aws setup aws-ecr -c bare
    Equivalent: mk8s addon enable aws-workload-identity -c bare
    Equivalent: mk8s addon enable aws-ecr -c bare --role-arn arn:aws:iam::999999999999:role/mk8s-ecr-driver
    ");
    assert_eq!(
        add_ons(&sandbox, "bare"),
        json!({"awsWorkloadIdentity": {}, "awsECR": {"roleArn": ROLE}})
    );
}

#[test]
fn the_console_s_way_in_a_file() {
    let env = Env::new();
    let before = "# ours\nkind: mk8s\nname: edge\nspec:\n  version: 1.33.5\n  provider:\n    generic: {location: aws-eu-central-1}\n  addOns:\n    headlamp: {} # keep\n";
    env.write("clusters/edge.yaml", before);
    let mut screen = Screen::start(&env, "addon -f clusters/edge.yaml", SIZE);
    screen.until("Add-ons of edge (generic) in clusters/edge.yaml");
    screen
        .press(" \r")
        .until("required")
        .press(ROLE)
        .until("  right  ");
    screen
        .press("\r")
        .until("Make these 2 changes in clusters/edge.yaml? [y/N]");
    // Back, and there again: what was typed is kept.
    screen.press(ESCAPE).until("Settings of add-ons of edge");
    screen.press("\r").until("[y/N]").press("y");
    let left = screen.end();
    untouched(&left);
    assert_eq!(left.code, 0, "{}", left.text);
    let after = env.text("clusters/edge.yaml");
    assert_eq!(
        after,
        format!("{before}    awsWorkloadIdentity: {{}}\n    awsECR:\n      roleArn: {ROLE}\n")
    );
    // The same by the commands that were named.
    env.write("clusters/edge.yaml", before);
    let commands = equivalents(&left);
    assert_eq!(
        commands,
        [
            "mk8s addon enable aws-workload-identity -f clusters/edge.yaml".to_owned(),
            format!("mk8s addon enable aws-ecr -f clusters/edge.yaml --role-arn {ROLE}"),
        ]
    );
    for command in &commands {
        let (code, said) = paste(&env, command);
        assert_eq!(code, 0, "{said}");
    }
    assert_eq!(env.text("clusters/edge.yaml"), after);
}

#[test]
fn the_console_s_way_on_a_fleet() {
    let (env, sandbox) = place();
    let mut screen = Screen::start(&env, "addon --all", SIZE);
    seen!(env, screen.until("Add-ons of 3 clusters").until("leaves").text(), @r"
    Add-ons of 3 clusters: bare, edge, prod
    19 add-ons

    > [-] aws-ecr                  on 1 of 3  needs aws-workload-identity
      [ ] aws-efs                  off        needs aws-workload-identity
      [ ] aws-elb                  off        not documented for hetzner; needs aws-workload-identity
      [-] aws-workload-identity    on 2 of 3  needed by aws-ecr
      [ ] azure-acr                off        needs azure-workload-identity
      [ ] azure-workload-identity  off
      [ ] byok                     off
      [ ] dashboard                off
      [-] headlamp                 on 1 of 3
      [ ] kata                     off
      [ ] kubevirt                 off        needs node-local-dns
      [ ] local-path-storage       off
      [ ] logs                     off
      [-] metrics                  on 1 of 3
      [ ] node-local-dns           off
      [ ] nvidia                   off
      [ ] registry-mirror          off
      [ ] sysbox                   off
      [-] rocket                   on 1 of 3  not known to mk8s

    Pull images from private Amazon ECR registries; it needs aws-workload-identity

    space switches, s asks for settings, / filters, enter goes on, q leaves
    ");
    screen
        .press(" ")
        .until("goes on too")
        .press("\r")
        .until("required");
    screen
        .press(ROLE)
        .until("  right  ")
        .press("\r")
        .until("[y/N]");
    seen!(env, screen.text(), @r"
      bare, spec.addOns:
    +   awsWorkloadIdentity: {}
    +   awsECR:
    +     roleArn: arn:aws:iam::999999999999:role/mk8s-ecr-driver
      prod, spec.addOns:
    +   awsECR:
    +     roleArn: arn:aws:iam::999999999999:role/mk8s-ecr-driver
    Equivalent: mk8s addon enable aws-workload-identity --all
    Equivalent: mk8s addon enable aws-ecr --all --role-arn arn:aws:iam::999999999999:role/mk8s-ecr-driver
    Make these 2 changes on 2 live clusters? [y/N]
    ");
    screen.press("y");
    let left = screen.end();
    untouched(&left);
    assert_eq!(left.code, 0, "{}", left.text);
    for name in CLUSTERS {
        assert_eq!(
            add_ons(&sandbox, name)["awsECR"],
            json!({"roleArn": ROLE}),
            "{name}"
        );
    }
    assert_eq!(
        equivalents(&left),
        [
            "mk8s addon enable aws-workload-identity --all".to_owned(),
            format!("mk8s addon enable aws-ecr --all --role-arn {ROLE}"),
        ]
    );
}

#[test]
fn what_goes_off_goes_in_the_order_of_who_needs_whom() {
    let (env, sandbox) = place();
    let mut screen = Screen::start(&env, "addon -c edge", SIZE);
    screen
        .until("Add-ons of edge")
        .press("/workload-identity aws\r")
        .until("1 of 19");
    screen
        .press(" ")
        .until("aws-ecr needs aws-workload-identity: once more");
    screen
        .press(" ")
        .until("aws-ecr goes off too")
        .press(ESCAPE);
    screen
        .until("19 add-ons, 2 changed")
        .press("/rocket\r")
        .until("not known to mk8s");
    screen
        .press(" ")
        .until("goes off  not known")
        .press("\r")
        .until("[y/N]")
        .press("y");
    let left = screen.end();
    untouched(&left);
    assert_eq!(left.code, 0, "{}", left.text);
    assert_eq!(add_ons(&sandbox, "edge"), json!({"headlamp": {}}));
    seen!(env, left.text.as_str(), @r"
      spec.addOns:
    -   awsWorkloadIdentity: {}
    -   awsECR:
    -     roleArn: arn:aws:iam::999999999999:role/mk8s-ecr-driver
    -   rocket:
    -     thrust: 2
    Equivalent: mk8s addon disable aws-ecr -c edge
    Equivalent: mk8s addon disable rocket -c edge
    Equivalent: mk8s addon disable aws-workload-identity -c edge
    Make these 3 changes on edge? [y/N] y
    Disabled aws-ecr on edge (version 1 → 2)
    What is in AWS stays: the role arn:aws:iam::999999999999:role/mk8s-ecr-driver and the OIDC provider of https://oidc.sandbox.localhost/[ALIAS]
    Next: mk8s aws teardown aws-ecr -c edge --role-name mk8s-ecr-driver
    Undo: mk8s undo [RUN]
    Disabled rocket on edge (version 2 → 3)
    Undo: mk8s undo [RUN]
    Disabled aws-workload-identity on edge (version 3 → 4)
    Undo: mk8s undo [RUN]
    Equivalent: mk8s addon disable aws-ecr -c edge
    Equivalent: mk8s addon disable rocket -c edge
    Equivalent: mk8s addon disable aws-workload-identity -c edge
    ");
}

/// Where somebody may be when it ends: the keys that lead there, and what is seen then.
const PLACES: [(&str, &[(&str, &str)]); 5] = [
    ("addon", &[("", "3 clusters")]),
    ("addon -c bare", &[("", "Add-ons of bare")]),
    (
        "addon -c bare",
        &[("", "Add-ons of bare"), ("/aws", "/aws_")],
    ),
    (
        "addon -c bare",
        &[
            ("", "Add-ons of bare"),
            (" ", "goes on too"),
            ("\r", "required"),
            ("arn", "not yet right"),
        ],
    ),
    (
        "addon -f bare.yaml",
        &[
            ("", "Add-ons of bare"),
            ("/head\r", "1 of"),
            (" ", "18 add-ons, 1 changed"),
            ("\r", "[y/N]"),
        ],
    ),
];

fn at(env: &Env, (line, keys): &(&str, &[(&str, &str)])) -> Screen {
    let mut screen = Screen::start(env, line, SIZE);
    for (keys, seen) in *keys {
        // A filter hides the count that is waited for.
        if *seen == "18 add-ons, 1 changed" {
            screen
                .press(keys)
                .until("goes on")
                .press(ESCAPE)
                .until(seen);
        } else {
            screen.press(keys).until(seen);
        }
    }
    assert!(screen.is_raw());
    screen
}

#[test]
fn every_way_out_changes_nothing_and_leaves_the_terminal_as_it_was() {
    let (env, sandbox) = place();
    let file = hetzner("bare", &[]);
    env.write("bare.yaml", &file);
    let before: Vec<Value> = CLUSTERS.iter().map(|name| sandbox.cluster(name)).collect();
    for place in &PLACES {
        let is_question = place.1.last().unwrap().1 == "[y/N]";
        for signal in [Signal::TERM, Signal::HUP, Signal::INT] {
            let mut screen = at(&env, place);
            screen.signal(signal);
            let left = screen.end();
            untouched(&left);
            assert_eq!(left.code, 130, "{place:?} {signal:?}\n{}", left.text);
            assert!(
                left.text.contains("Nothing was changed."),
                "{place:?}\n{}",
                left.text
            );
        }
        for (keys, code) in [
            (CTRL_C, 130),
            (CTRL_D, if is_question { 2 } else { 0 }),
            // Back, page after page, and out.
            ("\x1b\x1b\x1b\x1b\x1b", 0),
        ] {
            let mut screen = at(&env, place);
            screen.press(keys);
            let left = screen.end();
            untouched(&left);
            assert_eq!(left.code, code, "{place:?} {keys:?}\n{}", left.text);
        }
        let mut screen = at(&env, place);
        if !is_question {
            screen.resize(60, 12).until_it("it fits", |text| {
                text.lines().count() <= 12 && text.contains("leaves") || text.contains("drops")
            });
        }
        screen.press(CTRL_C);
        untouched(&screen.end());
    }
    for keys in ["n", "N", "q", "\r"] {
        let mut screen = at(&env, &PLACES[4]);
        screen.press(keys);
        let left = screen.end();
        untouched(&left);
        assert_eq!(left.code, 2, "{keys:?}\n{}", left.text);
        assert!(left.text.contains("the answer was no"), "{}", left.text);
    }
    let after: Vec<Value> = CLUSTERS.iter().map(|name| sandbox.cluster(name)).collect();
    assert_eq!(before, after);
    assert_eq!(env.text("bare.yaml"), file);
}

/// Between the plan and the yes others may have been at it.
#[test]
fn what_others_changed_meanwhile_is_shown_and_asked_again() {
    let (env, sandbox) = place();
    env.write("edge.yaml", hetzner("edge", &["headlamp: {}"]));
    let to_the_question = |line: &str| {
        let mut screen = Screen::start(&env, line, SIZE);
        screen
            .until("Add-ons of edge")
            .press("/head\r")
            .until("1 of")
            .press(" ")
            .until("goes off");
        screen.press("\r").until("[y/N]");
        screen
    };
    let patch = |body: &str| {
        let path = format!("/org/{}/mk8s/edge", sandbox.org());
        let version = &sandbox.cluster("edge")["version"];
        let body = body.replace("VERSION", &version.to_string());
        assert_eq!(sandbox.call("PATCH", &path, &body).0, 200);
    };
    for (answer, code) in [("n\n", 2), ("y\n", 0)] {
        let mut screen = to_the_question("addon -c edge");
        patch(r#"{"version": VERSION, "spec": {"addOns": {"headlamp": null}}}"#);
        patch(r#"{"version": VERSION, "spec": {"addOns": {"headlamp": {}}}}"#);
        // The same plan as was shown: it is not asked again.
        screen.press("y");
        let left = screen.end();
        assert_eq!(left.code, 0, "{}", left.text);
        patch(r#"{"version": VERSION, "spec": {"addOns": {"headlamp": {}}}}"#);

        let mut screen = to_the_question("addon -f edge.yaml");
        env.write("edge.yaml", hetzner("edge", &["logs: {}"]));
        screen.press("y");
        // Somebody else has switched it off: nothing is left to do.
        let left = screen.end();
        assert_eq!(left.code, 0, "{}", left.text);
        env.write("edge.yaml", hetzner("edge", &["headlamp: {}"]));

        // One that needs it went on meanwhile, so that the order to switch off means more than was shown.
        let mut screen = Screen::start(&env, "addon -c bare", SIZE);
        screen
            .until("Add-ons of bare")
            .press("/metrics\r")
            .until("1 of")
            .press(" s")
            .until("asked for");
        screen
            .press("\r")
            .until("metrics kubeState")
            .press("true\x1b[F\r")
            .until("[y/N]");
        let path = format!("/org/{}/mk8s/bare", sandbox.org());
        let version = &sandbox.cluster("bare")["version"];
        let body =
            json!({"version": version, "spec": {"addOns": {"metrics": {"apiserver": true}}}});
        assert_eq!(sandbox.call("PATCH", &path, &body.to_string()).0, 200);
        screen
            .press("y")
            .until("Enable metrics on bare? [y/N]")
            .press(answer);
        let left = screen.end();
        untouched(&left);
        assert_eq!(left.code, code, "{}", left.text);
        let is_set = add_ons(&sandbox, "bare")["metrics"]["kubeState"] == true;
        assert_eq!(is_set, code == 0);
        let body = json!({"version": sandbox.cluster("bare")["version"], "spec": {"addOns": {"metrics": null}}});
        assert_eq!(sandbox.call("PATCH", &path, &body.to_string()).0, 200);
    }
}

#[test]
fn what_the_rules_refuse_is_said_on_the_page() {
    let env = Env::new();
    env.write("odd.yaml", hetzner("odd", &["awsEcr: {}"]));
    let mut screen = Screen::start(&env, "addon -f odd.yaml", SIZE);
    screen
        .until("not known to mk8s")
        .press("/aws-ecr\r")
        .until("/aws-ecr")
        .press(" ")
        .until("goes on too");
    screen
        .press("\r")
        .until("required")
        .press(ROLE)
        .until("  right  ")
        .press("\r");
    screen.until("was not enabled").press(CTRL_C);
    let left = screen.end();
    untouched(&left);
    assert_eq!(left.code, 130);
    assert_eq!(env.text("odd.yaml"), hetzner("odd", &["awsEcr: {}"]));
}

/// The first command that fails ends it, and what was not run is named.
#[test]
fn a_failure_in_the_middle_names_what_was_not_run() {
    let mut env = Env::new();
    let faults = ["--fault", "status=403,on=PATCH"];
    let sandbox = Sandbox::holding(&mut env, &manifests(), &faults);
    let mut screen = Screen::start(&env, "addon -c bare", SIZE);
    screen
        .until("Add-ons of bare")
        .press(" ")
        .until("goes on too")
        .press("\r")
        .until("required");
    screen
        .press(ROLE)
        .until("  right  ")
        .press("\r")
        .until("[y/N]")
        .press("y");
    let left = screen.end();
    untouched(&left);
    assert_eq!(left.code, 4, "{}", left.text);
    let not_run = format!("Not run: mk8s addon enable aws-ecr -c bare --role-arn {ROLE}");
    assert!(left.raw.contains(&not_run), "{}", left.raw);
    assert_eq!(add_ons(&sandbox, "bare"), Value::Null);
}

/// A cluster that refuses is left out, by name, so that the commands end well.
#[test]
fn what_one_of_several_refuses_is_done_on_the_others() {
    let mut env = Env::new();
    let clusters = [hetzner("bare", &[]), hetzner("odd", &["awsEcr: {}"])];
    let sandbox = Sandbox::holding(&mut env, &clusters, &["--known", "awsEcr"]);
    let mut screen = Screen::start(&env, "addon --all", SIZE);
    screen
        .until("Add-ons of 2 clusters")
        .press(" ")
        .until("goes on too")
        .press("\r")
        .until("required");
    screen
        .press(ROLE)
        .until("  right  ")
        .press("\r")
        .until("[y/N]");
    assert!(
        screen
            .text()
            .contains("left out: `aws-ecr` was not enabled on `odd`")
    );
    screen.press("y");
    let left = screen.end();
    untouched(&left);
    assert_eq!(left.code, 0, "{}", left.text);
    assert_eq!(
        equivalents(&left),
        [
            "mk8s addon enable aws-workload-identity --all".to_owned(),
            format!("mk8s addon enable aws-ecr --all --role-arn {ROLE} --exclude odd"),
        ]
    );
    assert_eq!(
        add_ons(&sandbox, "bare")["awsECR"],
        json!({"roleArn": ROLE})
    );
    assert_eq!(
        add_ons(&sandbox, "odd"),
        json!({"awsEcr": {}, "awsWorkloadIdentity": {}})
    );
}

#[test]
fn without_a_terminal_there_is_none() {
    let (mut env, _sandbox) = place();
    let run = env.line("addon").run().exits(0);
    assert!(
        run.stdout.contains("enable") && run.stderr.is_empty(),
        "{run}"
    );
    let run = env.line("addon -c bare").run().exits(2);
    assert!(run.stderr.contains("nobody can be asked here"), "{run}");
    let run = env.line("addon -c bare list").run().exits(2);
    assert!(run.stderr.contains("-c stands behind the command"), "{run}");
    for (line, code, said) in [
        ("addon --no-input", 2, "nobody can be asked here"),
        ("addon -o json", 2, "-o was given to the picker"),
        ("addon -f -", 2, "it reads keys from stdin"),
    ] {
        let (ended, screen) = Terminal::start(&env, line).end();
        assert_eq!(ended, code, "{line}\n{screen}");
        assert!(screen.contains(said), "{line}\n{screen}");
        assert!(!screen.contains('\x1b'), "{line}\n{screen:?}");
    }
    for (name, value) in [("CI", "true"), ("MK8S_NO_INPUT", "1")] {
        env.set(name, value);
        let (code, screen) = Terminal::start(&env, "addon").end();
        assert_eq!(code, 0, "{screen}");
        assert!(screen.contains("Usage: mk8s addon"), "{screen}");
        env.unset(name);
    }
}

#[test]
fn plain_lines_for_a_screen_reader() {
    let (mut env, sandbox) = place();
    for way in ["--accessible", "MK8S_ACCESSIBLE", "TERM"] {
        let line = if way == "--accessible" {
            "addon --accessible"
        } else {
            "addon"
        };
        match way {
            "MK8S_ACCESSIBLE" => env.set(way, "1"),
            "TERM" => env.set(way, "dumb"),
            _ => &mut env,
        };
        let mut terminal = Terminal::start(&env, line);
        terminal.until("nothing to leave:").type_in("9\n");
        terminal.until("is no number from 1 to 3").type_in("1\n");
        terminal.until("nothing to go on:").type_in("1\n");
        terminal
            .until("goes on too: aws-ecr needs it")
            .type_in("\n");
        terminal.until("Value, required:").type_in("\n");
        terminal.until("it is required").type_in("arn:x\n");
        terminal.until("expected").type_in(&format!("{ROLE}\n"));
        let answer = if way == "TERM" { "y\n" } else { "n\n" };
        terminal.until("[y/N]").type_in(answer);
        let (code, screen) = terminal.end();
        assert_eq!(code, if way == "TERM" { 0 } else { 2 }, "{screen}");
        assert!(!screen.contains('\x1b'), "{screen:?}");
        env.unset("MK8S_ACCESSIBLE");
    }
    assert_eq!(
        add_ons(&sandbox, "bare"),
        json!({"awsWorkloadIdentity": {}, "awsECR": {"roleArn": ROLE}})
    );
    // Each end leaves all as it is.
    for (keys, code) in [("\n", 0), (CTRL_D, 0), (CTRL_C, 130)] {
        let mut terminal = Terminal::start(&env, "addon --accessible");
        terminal.until("nothing to leave:").type_in(keys);
        let (ended, screen) = terminal.end();
        assert_eq!(ended, code, "{screen}");
        // A terminal that sends a signal throws away what was written and not yet read.
        let is_said = screen.contains("Nothing was changed") || keys == CTRL_C;
        assert!(is_said, "{keys:?}\n{screen:?}");
    }
}

#[test]
fn pages_are_fitted_to_the_terminal() {
    let (env, _sandbox) = place();
    for (cols, rows) in [(60, 15), (80, 24), (200, 50)] {
        let mut screen = Screen::start(&env, "addon -c edge", (cols, rows));
        screen.until("leaves");
        if cols == 60 {
            seen!(env, screen.text(), @r"
            Add-ons of edge (hetzner)
            19 add-ons

            > [x] aws-ecr                  on        needs aws-worklo...
              [ ] aws-efs                  off       needs aws-worklo...
              [ ] aws-elb                  off       not documented f...
              [x] aws-workload-identity    on        needed by aws-ecr
              [ ] azure-acr                off       needs azure-work...
              [ ] azure-workload-identity  off

            Pull images from private Amazon ECR registries; it needs
            aws-workload-identity

            space switches, s asks for settings, enter goes on, q leaves
            ");
        } else if cols == 80 {
            seen!(env, screen.text(), @r"
            Add-ons of edge (hetzner)
            19 add-ons

            > [x] aws-ecr                  on        needs aws-workload-identity
              [ ] aws-efs                  off       needs aws-workload-identity
              [ ] aws-elb                  off       not documented for hetzner; needs aw...
              [x] aws-workload-identity    on        needed by aws-ecr
              [ ] azure-acr                off       needs azure-workload-identity
              [ ] azure-workload-identity  off
              [ ] byok                     off
              [ ] dashboard                off
              [x] headlamp                 on
              [ ] kata                     off
              [ ] kubevirt                 off       needs node-local-dns
              [ ] local-path-storage       off
              [ ] logs                     off
              [ ] metrics                  off
              [ ] node-local-dns           off

            Pull images from private Amazon ECR registries; it needs aws-workload-identity

            space switches, s asks for settings, / filters, enter goes on, q leaves
            ");
        }
        let lines = screen.text();
        assert!(lines.lines().count() <= usize::from(rows), "{lines}");
        assert!(lines.contains("aws-workload-identity"), "{lines}");
        // The last is seen once it has the mark.
        screen.press("\x1b[F").until("> [x] rocket").press(CTRL_C);
        untouched(&screen.end());
    }
}

#[test]
fn states_are_words_and_colours_where_colours_are_wanted() {
    let (mut env, _sandbox) = place();
    let raw = |env: &Env| {
        let mut screen = Screen::start(env, "addon -c edge", SIZE);
        screen
            .until("leaves")
            .press("j")
            .until("> [ ] aws-efs")
            .press(CTRL_C);
        screen.end().raw
    };
    let green = "\x1b[32mon";
    assert!(!raw(&env).contains(green), "NO_COLOR");
    env.unset("NO_COLOR");
    assert!(raw(&env).contains(green));
    env.set("TERM", "xterm").set("NO_COLOR", "1");
    assert!(!raw(&env).contains(green), "NO_COLOR");
}

/// The fourth way to give a setting, beside those of `settings::`. What may be secret is not asked for, nor
/// what has a name that somebody has to think of.
#[test]
fn a_setting_that_is_typed_is_the_one_that_is_given_by_its_path() {
    let env = Env::new();
    let mut compared = 0;
    for (row, addon) in CATALOG.iter().enumerate() {
        let before = manifest(addon);
        let asked = addon.places().into_iter().filter(|place| {
            let has_name = place.path.split('.').any(|part| part == "NAME");
            place.kind.is_single() && !place.param.secret && !has_name
        });
        for (number, place) in asked.enumerate() {
            let mut words = vec![addon.name.to_owned()];
            let mut keys = format!("{}s\r\x1b[H", DOWN.repeat(row));
            if place.path == "mirrors[0].mirrors[0]" {
                // What it is in has to have this as well.
                words.extend(["--set", "mirrors[0].registry=docker.io"].map(str::to_owned));
                keys.push_str("docker.io");
            }
            words.extend([
                "--set".to_owned(),
                format!("{}={}", place.path, word(&place)),
            ]);
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let by_set = after(&env, &before, &words);
            env.write("m.yaml", &before);
            let mut screen = Screen::start(&env, "addon -f m.yaml", SIZE);
            keys.push_str(&DOWN.repeat(number));
            keys.push_str(&word(&place));
            keys.push_str("\x1b[F\r");
            screen.until("leaves").press(&keys);
            if by_set == before {
                // What is so already leaves nothing to do, which is said on the page.
                screen.until("already so").press(CTRL_C);
            } else {
                screen.until("[y/N]").press("y");
            }
            let left = screen.end();
            assert_eq!(
                env.text("m.yaml"),
                by_set,
                "{} {}\n{}",
                addon.name,
                place.path,
                left.text
            );
            compared += 1;
        }
    }
    assert!(compared > 80, "{compared}");
}

/// A key is answered from what is known: a fleet of a thousand is read once.
#[test]
fn no_key_asks_the_server_anything() {
    let mut env = Env::new();
    let sandbox = Sandbox::start(&mut env, &["--clusters", "1000"]);
    let mut screen = Screen::start(&env, "addon", SIZE);
    screen.until("1000 clusters").until("leaves");
    let before = sandbox.requests().len();
    screen
        .press("/fleet-01\r jj \x1b[6~ ")
        .until("/fleet-01  100 of 1000, 3 ticked");
    screen.press("\r").until("Add-ons of 3 clusters");
    screen
        .press("/head\r")
        .until("1 of")
        .press(" \r")
        .until("[y/N]");
    assert_eq!(sandbox.requests().len(), before);
    screen.press(CTRL_C);
    let left = screen.end();
    untouched(&left);
    assert_eq!(sandbox.requests().len(), before, "{}", left.text);
}

#[test]
fn of_several_documents_some_are_picked() {
    let env = Env::new();
    let before = ["east", "edge", "west"].map(|name| hetzner(name, &[]));
    for (at, manifest) in before.iter().enumerate() {
        env.write(&format!("clusters/{at}.yaml"), manifest);
    }
    let mut screen = Screen::start(&env, "addon -f clusters", SIZE);
    screen.until("Documents in clusters").press("j ");
    screen.until("3 documents, 2 ticked").press("\r");
    screen.until("Add-ons of 2 documents: east, west in clusters");
    screen.press("/headlamp\r").until("1 of").press(" \r");
    screen
        .until("Make this change in 2 documents? [y/N]")
        .press("y");
    let left = screen.end();
    untouched(&left);
    assert_eq!(left.code, 0, "{}", left.text);
    assert_eq!(
        equivalents(&left),
        ["mk8s addon enable headlamp -f clusters -c east -c west"]
    );
    assert_eq!(env.text("clusters/1.yaml"), before[1]);
    assert_ne!(env.text("clusters/2.yaml"), before[2]);
    // In plain lines nothing is all of them.
    let mut terminal = Terminal::start(&env, "addon -f clusters --accessible");
    terminal.until("nothing for all of them:").type_in("\n");
    let headlamp = CATALOG.iter().position(|it| it.name == "headlamp").unwrap();
    let number = headlamp + 1;
    terminal
        .until("nothing to go on:")
        .type_in(&format!("{number}\n\n"));
    terminal.until("[y/N]").type_in("y\n");
    let (code, screen) = terminal.end();
    assert_eq!(code, 0, "{screen}");
    assert!(screen.contains("Equivalent: mk8s addon enable headlamp -f clusters\r\n"));
    assert_ne!(env.text("clusters/1.yaml"), before[1]);
}

#[test]
fn the_variable_names_the_cluster() {
    let (mut env, _sandbox) = place();
    env.set("MK8S_CLUSTER", "edge");
    let mut screen = Screen::start(&env, "addon", SIZE);
    screen
        .until("Add-ons of edge")
        .press("/metrics\r")
        .until("1 of")
        .press(" \r")
        .until("[y/N]");
    assert!(
        screen
            .text()
            .contains("Equivalent: mk8s addon enable metrics -c edge")
    );
    screen.press("y");
    let left = screen.end();
    assert_eq!(left.code, 0, "{}", left.text);
    assert!(
        left.text.contains("Cluster edge, from MK8S_CLUSTER"),
        "{}",
        left.text
    );
}

/// What a walk works on.
const LINES: [&str; 4] = [
    "addon -c bare",
    "addon -f fleet.yaml",
    "addon --all",
    "addon",
];

/// Keys at random, and in between what leads somewhere.
fn walk(chance: &mut fastrand::Rng) -> String {
    let mut keys = String::new();
    for _ in 0..chance.usize(3..14) {
        match chance.usize(0..9) {
            0..=3 => {
                keys.push_str(&DOWN.repeat(chance.usize(0..19)));
                keys.push(' ');
            }
            4 => keys.push_str(&"k".repeat(chance.usize(0..19))),
            5 => keys.push_str(
                chance
                    .choice(["/aws\r ", "/net\r  ", "/x\x7f\r", "/\x1b"])
                    .unwrap(),
            ),
            6 => keys.push_str(
                chance
                    .choice(["\r", "\x1b[6~", "\x1b[H", "\t", "s"])
                    .unwrap(),
            ),
            7 => keys.push_str("\x1b[A "),
            _ => keys.push_str("\r\x1b"),
        }
    }
    // Whatever is asked for is answered, where that is an answer; a yes is one at the question alone.
    for _ in 0..6 {
        let value = chance.choice([
            ROLE,
            "//location/edge",
            "6f1f2d0e-4c5b-4f0a-9a57-0c0c0a1b2c3d",
        ]);
        keys.push_str("\ry\x15\x1b[200~");
        keys.push_str(value.unwrap());
        keys.push_str("\x1b[201~");
    }
    // At a page it leaves, at a question it is a no, and to a command that runs it is nothing.
    keys + CTRL_D
}

/// All that there is: the add-ons of the clusters, and the file.
fn all(env: &Env, sandbox: &Sandbox) -> String {
    let clusters = CLUSTERS
        .iter()
        .map(|name| add_ons(sandbox, name).to_string());
    let clusters: Vec<String> = clusters.collect();
    format!("{}\n{}", clusters.join("\n"), env.text("fleet.yaml"))
}

fn fresh() -> (Env, Sandbox) {
    let (env, sandbox) = place();
    let fleet = [
        hetzner("bare", &[]),
        gcp("far", &["headlamp: {}", "rocket: {thrust: 2}"]),
    ];
    env.write("fleet.yaml", fleet.join("---\n"));
    (env, sandbox)
}

/// Keys at random: when they ended in a change, the commands that were named make the same of the same.
#[test]
fn any_walk_that_changes_something_names_the_commands_that_do_the_same() {
    let trial =
        Trial::begin("picker::any_walk_that_changes_something_names_the_commands_that_do_the_same");
    let walks: Vec<usize> = (0..trial.scale(10, 200)).collect();
    let changed = std::sync::atomic::AtomicUsize::new(0);
    let work = |&walk_number: &usize| -> Result<(), String> {
        let mut chance = trial.chance(walk_number);
        let line = LINES[walk_number % LINES.len()];
        let keys = walk(&mut chance);
        let (env, sandbox) = fresh();
        let before = all(&env, &sandbox);
        let mut screen = Screen::start(&env, line, SIZE);
        screen.until("leaves").press(&keys);
        let left = screen.end();
        insist!(
            left.otherwise.is_empty(),
            "{}\n{}",
            left.otherwise,
            left.text
        );
        let after = all(&env, &sandbox);
        let commands = equivalents(&left);
        if commands.is_empty() {
            insist!(
                before == after,
                "changed without a command, exit {}\n{}",
                left.code,
                left.text
            );
            return Ok(());
        }
        insist!(left.code == 0, "exit {}\n{}", left.code, left.text);
        insist!(before != after, "not changed by {commands:?}");
        changed.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let (env, sandbox) = fresh();
        for command in &commands {
            let (code, said) = paste(&env, command);
            insist!(code == 0, "{command}\n{said}");
        }
        let pasted = all(&env, &sandbox);
        insist!(
            pasted == after,
            "{commands:?}\n--- picked\n{after}\n--- pasted\n{pasted}"
        );
        Ok(())
    };
    let describe = |&number: &usize| format!("walk {number}: {}", LINES[number % LINES.len()]);
    trial.each(&walks, 2, describe, work);
    let changed = changed.into_inner();
    trial.end();
    assert!(
        changed * 4 >= walks.len(),
        "only {changed} walks changed something"
    );
}
