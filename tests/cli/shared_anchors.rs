//! Anchors that several clusters of one document share.

use crate::support::{Env, Run, Trial, insist};
use serde_json::{Map, Value, json};
use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};

const BOTH: &str = "\
kind: list
items:
  - kind: mk8s
    name: one
    spec:
      addOns: &common # what all have
        headlamp: {}
  - kind: mk8s
    name: two
    spec:
      version: 1.33.5
      addOns: *common
";

const ROLES: &str = "\
- kind: mk8s
  name: one
  spec:
    addOns:
      awsWorkloadIdentity: {}
      awsECR: &ecr {roleArn: &role \"arn:aws:iam::999999999999:role/old\"}
- kind: mk8s
  name: two
  spec:
    addOns: {awsWorkloadIdentity: {}, awsECR: *ecr}
- kind: mk8s
  name: three
  spec:
    addOns:
      awsWorkloadIdentity: {}
      awsECR:
        roleArn: *role
";

fn run(env: &Env, text: &str, line: &str) -> (Run, String) {
    env.write("a.yaml", text);
    let run = env.line(&format!("{line} -f a.yaml")).run();
    (run, env.text("a.yaml"))
}

/// The settings of an add-on of each cluster, as the file says.
fn listed(env: &Env, key: &str) -> Vec<serde_json::Value> {
    let run = env.line("addon list -f a.yaml -o json").run().ok();
    let items = run.json()["items"].as_array().unwrap().clone();
    let of_key = items.iter().filter(|item| item["key"] == key);
    of_key.map(|item| item["settings"].clone()).collect()
}

#[test]
fn an_anchor_is_edited_once_where_all_who_use_it_are_asked_the_same() {
    let env = Env::new();
    let (done, text) = run(&env, BOTH, "addon enable nvidia");
    let _ = done.ok();
    let with = BOTH.replace("headlamp: {}\n", "headlamp: {}\n        nvidia: {}\n");
    assert_eq!(text, with);
    let (done, text) = run(&env, &with, "addon disable nvidia");
    let _ = done.ok();
    assert_eq!(text, BOTH);
    // A second run finds all of it done.
    let (done, text) = run(&env, &with, "addon enable nvidia");
    let _ = done.ok().out("already enabled");
    assert_eq!(text, with);

    let new = "arn:aws:iam::999999999999:role/new";
    let line = format!("addon enable aws-ecr --role-arn {new}");
    let (done, text) = run(&env, ROLES, &line);
    let _ = done.ok();
    assert_eq!(text, ROLES.replace("role/old", "role/new"));
    let roles = vec![serde_json::json!({"roleArn": new}); 3];
    assert_eq!(listed(&env, "awsECR"), roles);
    // All that use it go with it.
    let (done, text) = run(&env, &text, "addon disable aws-ecr");
    let _ = done.ok();
    assert!(!text.contains("ecr") && !text.contains("role"), "{text}");
}

#[test]
fn an_anchor_stays_where_one_who_uses_it_was_not_asked() {
    let env = Env::new();
    let tags = BOTH.replace("version: 1.33.5", "tags: *common");
    let elsewhere = BOTH
        .replace(
            "kind: list\n",
            "kind: list\ncommon: &common {headlamp: {}}\n",
        )
        .replace("&common # what all have\n        headlamp: {}", "*common");
    let third = format!("{BOTH}  - kind: gvc\n    name: three\n    spec: *common\n");
    for (text, line) in [
        (BOTH, "addon enable nvidia -c one"),
        (BOTH, "addon enable nvidia -c two"),
        (BOTH, "addon disable headlamp -c one"),
        (&tags, "addon enable nvidia"),
        (&elsewhere, "addon enable nvidia"),
        (&third, "addon enable nvidia"),
    ] {
        let (done, after) = run(&env, text, line);
        let _ = done.exits(6).err("common");
        assert_eq!(after, text, "{line}");
    }
}

const ASIDE: &str = "\
kind: list
x-defaults: &common # what all have
  headlamp: {}
x-roles:
  ecr: &ecr {roleArn: \"arn:aws:iam::999999999999:role/old\"}
items:
  - kind: mk8s
    name: one
    spec:
      addOns: *common
  - kind: mk8s
    name: two
    spec:
      version: 1.33.5
      addOns: *common
";

#[test]
fn what_stands_aside_is_edited_once_where_all_who_use_it_are_asked_the_same() {
    let env = Env::new();
    let (done, text) = run(&env, ASIDE, "addon enable nvidia");
    let _ = done.ok();
    assert_eq!(
        text,
        ASIDE.replace("headlamp: {}\n", "headlamp: {}\n  nvidia: {}\n")
    );
    let (done, text) = run(&env, &text, "addon disable nvidia");
    let _ = done.ok();
    assert_eq!(text, ASIDE);
    // In the cluster itself, and as a whole add-on.
    let single = "kind: mk8s\nname: one\nx-defaults: &d\n  logs: {}\nspec:\n  addOns: *d\n";
    let (done, text) = run(&env, single, "addon enable nvidia");
    let _ = done.ok();
    assert_eq!(
        text,
        single.replace("logs: {}\n", "logs: {}\n  nvidia: {}\n")
    );
    let roles = ASIDE.replace(
        "addOns: *common",
        "addOns: {awsWorkloadIdentity: {}, awsECR: *ecr}",
    );
    let roles = roles.replace("&common", "&other");
    let new = "addon enable aws-ecr --role-arn arn:aws:iam::999999999999:role/new";
    let (done, text) = run(&env, &roles, new);
    let _ = done.ok();
    assert_eq!(text, roles.replace("role/old", "role/new"));
    // Whoever was not asked keeps what it has.
    let third = format!("{ASIDE}  - kind: gvc\n    name: three\n    spec: *common\n");
    for (text, line) in [
        (ASIDE, "addon enable nvidia -c one"),
        (&third, "addon enable nvidia"),
        (
            &ASIDE.replace("x-defaults", "defaults"),
            "addon enable nvidia",
        ),
        (&roles, &format!("{new} -c two")),
    ] {
        let (done, after) = run(&env, text, line);
        let _ = done.exits(6).err("is an alias of");
        assert_eq!(after, text, "{line}");
    }
}

#[test]
fn an_anchor_goes_with_all_that_use_it_in_whatever_order_they_stand() {
    let env = Env::new();
    let both = "\
kind: mk8s
name: one
spec:
  addOns:
    awsEFS: &pull {roleArn: \"arn:aws:iam::999999999999:role/a\"}
    awsWorkloadIdentity: {}
    awsELB: *pull
";
    env.write("set.yaml", "awsEFS: null\nawsELB: null\n");
    let (done, text) = run(&env, both, "addon set set.yaml");
    let _ = done.ok();
    assert_eq!(
        text,
        "kind: mk8s\nname: one\nspec:\n  addOns:\n    awsWorkloadIdentity: {}\n"
    );
    let (done, text) = run(&env, both, "addon disable aws-efs");
    let _ = done.exits(6).err("the anchor `pull`");
    assert_eq!(text, both);
    let (done, _) = run(
        &env,
        both,
        "addon disable aws-workload-identity --with-dependants",
    );
    let _ = done.ok();
    assert_eq!(
        env.text("a.yaml"),
        "kind: mk8s\nname: one\nspec:\n  addOns: {}\n"
    );
}

#[test]
fn what_stands_in_the_way_of_an_edit_that_all_ask_for_is_what_is_named() {
    let env = Env::new();
    let text = BOTH.replace("headlamp: {}", "? headlamp\n        : {}");
    let (done, after) = run(&env, &text, "addon disable headlamp");
    let done = done.exits(6).err("is written as an explicit key");
    assert!(!done.stderr.contains("alias of"), "{done}");
    assert_eq!(after, text);
    // An anchor in the anchor that somebody else uses.
    let text = BOTH.replace("headlamp: {}", "headlamp: &inner {}");
    let text = format!("{text}  - kind: gvc\n    name: three\n    tags: *inner\n");
    let (done, after) = run(&env, &text, "addon disable headlamp");
    let done = done
        .exits(6)
        .err("the anchor `inner` in spec.addOns.headlamp is used in line 15");
    assert!(!done.stderr.contains("`common`"), "{done}");
    assert_eq!(after, text);
    // What does not touch it goes on.
    let (done, _) = run(&env, &text, "addon enable nvidia");
    let _ = done.ok();
}

const KEYS: [(&str, &str); 5] = [
    ("headlamp", "headlamp"),
    ("logs", "logs"),
    ("nvidia", "nvidia"),
    ("sysbox", "sysbox"),
    ("localPathStorage", "local-path-storage"),
];

/// A list of clusters and of other things whose add-ons are anchors and aliases of each other.
fn generated(chance: &mut fastrand::Rng) -> String {
    let (mut maps, mut settings) = (Vec::new(), Vec::new());
    let mut add_ons = |chance: &mut fastrand::Rng, indent: &str| {
        let mut keys = KEYS.map(|(key, _)| key);
        chance.shuffle(&mut keys);
        let mut lines = String::new();
        for key in &keys[..chance.usize(1..4)] {
            let value = ["{}", "{auditEnabled: true}", "{includeNamespaces: a}"][chance.usize(..3)];
            let value = match chance.u8(..3) {
                0 if !settings.is_empty() => format!("*s{}", chance.choice(&settings).unwrap()),
                1 => {
                    settings.push(settings.len());
                    format!("&s{} {value}", settings.len() - 1)
                }
                _ => value.to_owned(),
            };
            let _ = writeln!(lines, "{indent}{key}: {value}");
        }
        lines
    };
    let mut text = "kind: list\n".to_owned();
    if chance.bool() {
        let aside = ["x-defaults", ".defaults", "common"][chance.usize(..3)];
        let _ = write!(text, "{aside}: &m0\n{}", add_ons(chance, "  "));
        maps.push(0);
    }
    text += "items:\n";
    for number in 0..chance.usize(1..5) {
        let kind = if chance.u8(..6) == 0 { "gvc" } else { "mk8s" };
        let _ = write!(text, "- kind: {kind}\n  name: c{number}\n");
        if chance.u8(..6) == 0 && !maps.is_empty() {
            let _ = writeln!(text, "  tags: *m{}", chance.choice(&maps).unwrap());
        }
        text += "  spec:\n    provider: {generic: {}}\n";
        let below = match chance.u8(..4) {
            0 | 1 if !maps.is_empty() => {
                format!("    addOns: *m{}\n", chance.choice(&maps).unwrap())
            }
            2 => {
                let name = number + 1;
                let below = add_ons(chance, "      ");
                maps.push(name);
                format!("    addOns: &m{name}\n{below}")
            }
            _ => format!("    addOns:\n{}", add_ons(chance, "      ")),
        };
        text.push_str(&below);
    }
    text
}

fn parsed(text: &str) -> Value {
    serde_yaml::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// What becomes of the add-ons of a cluster.
type AddonsChange<'a> = &'a dyn Fn(&mut Map<String, Value>);

/// The list without what stands aside, and with a change of the add-ons of those that are meant.
fn changed(list: &Value, only: Option<&str>, change: AddonsChange<'_>) -> Value {
    let mut list = list.clone();
    let fields = list.as_object_mut().unwrap();
    fields.retain(|key, _| !key.starts_with(['x', '.']));
    for item in list["items"].as_array_mut().unwrap() {
        let is_meant = only.is_none_or(|only| item["name"] == only);
        if item["kind"] == "mk8s" && is_meant {
            change(item["spec"]["addOns"].as_object_mut().unwrap());
        }
    }
    list
}

#[test]
fn whatever_shares_with_whatever_each_is_what_was_asked_or_nothing_is_written() {
    let trial = Trial::begin("shared_anchors::whatever_shares_with_whatever");
    let env = Env::new();
    let cases: Vec<usize> = (0..trial.scale(150, 3_000)).collect();
    let done = AtomicUsize::new(0);
    trial.each(
        &cases,
        3,
        |case| format!("case {case}"),
        |&case| {
            let mut chance = trial.chance(case);
            let text = generated(&mut chance);
            let before = parsed(&text);
            let names: Vec<String> = before["items"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|item| item["kind"] == "mk8s")
                .map(|item| item["name"].as_str().unwrap().to_owned())
                .collect();
            let Some(one) = chance.choice(&names) else {
                return Ok(());
            };
            let only = (chance.u8(..3) == 0).then_some(one.as_str());
            let (key, name) = KEYS[chance.usize(..KEYS.len())];
            let (other, _) = KEYS[chance.usize(..KEYS.len())];
            let (file, set) = (format!("{case}.yaml"), format!("{case}-set.yaml"));
            env.write(&file, &text);
            let mut wanted = format!("{key}: null\n");
            if other != key {
                let _ = writeln!(wanted, "{other}: null");
            }
            env.write(&set, wanted);
            let on = |add_ons: &mut Map<String, Value>| {
                add_ons.entry(key).or_insert_with(|| json!({}));
            };
            let off = |add_ons: &mut Map<String, Value>| {
                add_ons.remove(key);
            };
            let both_off = |add_ons: &mut Map<String, Value>| {
                add_ons.remove(key);
                add_ons.remove(other);
            };
            let (line, change): (String, AddonsChange<'_>) = match chance.u8(..3) {
                0 => (format!("addon enable {name}"), &on),
                1 => (format!("addon disable {name}"), &off),
                _ => (format!("addon set {set}"), &both_off),
            };
            let narrowed = only.map_or_else(String::new, |only| format!(" -c {only}"));
            let run = env.line(&format!("{line} -f {file}{narrowed} -q")).run();
            let after = env.text(&file);
            if run.code == 6 {
                insist!(after == text, "it was refused, and changed\n{run}");
                return Ok(());
            }
            insist!(run.code == 0, "{run}\n{text}");
            let wanted = changed(&before, only, change);
            let found = changed(&parsed(&after), only, &|_| ());
            insist!(found == wanted, "{line}{narrowed}\n{text}---\n{after}");
            done.fetch_add(1, Ordering::SeqCst);
            Ok(())
        },
    );
    let done = done.into_inner();
    assert!(done * 2 > cases.len(), "{done} of {} are done", cases.len());
    trial.end();
}
