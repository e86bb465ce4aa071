//! `mk8s diff --all-fields` says what differs, all of it and nothing else.

use crate::support::manifests::{aws, hetzner};
use crate::support::{Env, Sandbox, Trial, snapshot};
use serde_json::{Map, Value, json};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// The manifests of the fixtures under names of their own, and the least of each.
fn manifests() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/manifests");
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|it| it.unwrap().path())
        .collect();
    files.sort();
    let mut found = Vec::new();
    for (number, file) in files.iter().enumerate() {
        let text = fs::read_to_string(file).unwrap();
        // The org of the sandbox.
        let text = text.replace("/org/acme/", "/org/sandbox/");
        for document in serde_yaml::Deserializer::from_str(&text) {
            let value: Value = serde::Deserialize::deserialize(document).unwrap();
            if value["kind"] != "mk8s" {
                continue;
            }
            let mut full = value.clone();
            full["name"] = json!(format!("full-{number}"));
            let mut least = value;
            least["name"] = json!(format!("least-{number}"));
            for part in ["description", "tags"] {
                least.as_object_mut().unwrap().remove(part);
            }
            let spec = least["spec"].as_object_mut().unwrap();
            spec.retain(|key, _| matches!(key.as_str(), "version" | "provider"));
            found.extend([full, least]);
        }
    }
    assert!(found.len() > 16, "{}", found.len());
    found
        .into_iter()
        .map(|value| (value["name"].as_str().unwrap().to_owned(), value))
        .collect()
}

/// Where something is, by its keys and the places in lists.
type Place = Vec<String>;

/// Everything below the parts that a user writes.
fn places(value: &Value, at: &Place, found: &mut Vec<Place>) {
    let below: Vec<(String, &Value)> = match value {
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| (key.clone(), value))
            .collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(at, value)| (at.to_string(), value))
            .collect(),
        _ => Vec::new(),
    };
    for (key, value) in below {
        let mut at = at.clone();
        at.push(key);
        if at.len() > 1 || matches!(at[0].as_str(), "description" | "tags" | "spec") {
            found.push(at.clone());
            places(value, &at, found);
        }
    }
}

fn at<'v>(value: &'v mut Value, place: &[String]) -> &'v mut Value {
    place.iter().fold(value, |value, key| match value {
        Value::Array(items) => &mut items[key.parse::<usize>().unwrap()],
        value => &mut value[key.as_str()],
    })
}

/// A path as it is printed.
fn printed(place: &Place, value: &Value) -> String {
    let (mut text, mut value) = (String::new(), value);
    for key in place {
        if let Value::Array(items) = value {
            let _ = write!(text, "[{key}]");
            value = key
                .parse::<usize>()
                .ok()
                .and_then(|at| items.get(at))
                .unwrap_or(&Value::Null);
        } else {
            if !text.is_empty() {
                text.push('.');
            }
            text.push_str(key);
            value = &value[key.as_str()];
        }
    }
    text
}

/// Whether one path leads to the other or to something in it.
fn is_about(one: &str, other: &str) -> bool {
    let leads = |one: &str, other: &str| {
        other
            .strip_prefix(one)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    leads(one, other) || leads(other, one)
}

/// Changes one field; gives its path and whether it may be what the server fills in anyway.
fn change(manifest: &mut Value, chance: &mut fastrand::Rng) -> Option<(String, bool)> {
    let mut found = Vec::new();
    places(manifest, &Vec::new(), &mut found);
    let place = chance.choice(&found)?.clone();
    let path = printed(&place, manifest);
    match chance.u8(..3) {
        0 => match at(manifest, &place) {
            Value::String(text) => text.push('x'),
            Value::Bool(yes) => *yes = !*yes,
            Value::Number(number) => {
                *at(manifest, &place) = json!(number.as_f64()? + 1.0);
            }
            _ => return None,
        },
        1 => {
            let (key, above) = place.split_last()?;
            at(manifest, above)
                .as_object_mut()
                .filter(|_| place.len() > 1)?
                .remove(key)?;
            return Some((path, true));
        }
        _ => {
            let map = at(manifest, &place).as_object_mut()?;
            map.insert("zz".to_owned(), json!(7));
            return Some((format!("{path}.zz"), false));
        }
    }
    Some((path, false))
}

#[test]
fn what_was_applied_has_no_differences_and_each_change_of_a_field_is_seen() {
    let trial = Trial::begin("all_fields::each_change_of_a_field_is_seen");
    for put in ["replace", "merge"] {
        let mut env = Env::new();
        let _sandbox = Sandbox::holding(&mut env, &[hetzner("other", &[])], &["--put", put]);
        let all = manifests();
        let whole: Vec<String> = all.iter().map(|(_, value)| value.to_string()).collect();
        env.write("all.json", format!("[{}]", whole.join(",\n")));
        let compare = "diff -f all.json --all-fields --exit-code";
        for apply in ["apply -f all.json --yes", "apply -f all.json --put --yes"] {
            let _ = env.line(apply).run().ok();
            let run = env.line(compare).run().ok();
            assert_eq!(run.stdout, "", "{apply}, --put {put}\n{run}");
        }
        let cases: Vec<usize> = (0..trial.scale(40, 500)).collect();
        let describe = |case: &usize| format!("--put {put}, case {case}");
        trial.each(&cases, 4, describe, |&case| {
            let mut chance = trial.chance(case + if put == "merge" { 1_000_000 } else { 0 });
            let (mut manifest, path, may_be_default) = loop {
                let mut manifest = chance.choice(&all).unwrap().1.clone();
                if let Some((path, may)) = change(&mut manifest, &mut chance) {
                    break (manifest, path, may);
                }
            };
            manifest["kind"] = json!("mk8s");
            let file = format!("{put}-{case}.json");
            env.write(&file, manifest.to_string());
            let line = format!("diff -f {file} --all-fields --explain-ignored");
            let run = env.line(&format!("{line} --exit-code -o json")).run();
            let differences = run.json()["items"][0]["differences"].clone();
            let differences = differences.as_array().ok_or("no differences field")?;
            let code = if differences.is_empty() { 0 } else { 10 };
            if run.code != code {
                return Err(format!(
                    "exit {} with {} differences",
                    run.code,
                    differences.len()
                ));
            }
            for one in differences {
                let other = one["path"].as_str().unwrap();
                if !is_about(&path, other) {
                    return Err(format!("{path} was changed, and {other} differs"));
                }
                if !one["line"].is_number() {
                    return Err(format!("{other} has no line"));
                }
            }
            if !differences.is_empty() && (may_be_default || differences.len() == 1) {
                return Ok(());
            }
            let words = env.line(&line).run().stderr;
            let is_explained = words.lines().any(|line| {
                let ignored = line
                    .split_once(": ")
                    .and_then(|(_, it)| it.split_once(" is no difference"));
                ignored.is_some_and(|(ignored, _)| is_about(&path, ignored))
            });
            if may_be_default && is_explained {
                return Ok(());
            }
            Err(format!("{path} was changed: {differences:?}\n{words}"))
        });
    }
    trial.end();
}

#[test]
fn each_difference_has_its_place_in_the_file() {
    let mut env = Env::new();
    let live = [hetzner("edge", &["logs: {}", "metrics: {kubeState: true}"])];
    let _sandbox = Sandbox::holding(&mut env, &live, &[]);
    let text = hetzner("edge", &["metrics: {kubeState: false}", "nvidia: {}"])
        .replace("region: fsn1", "region: nbg1")
        .replace("spec:\n", "tags: {team: blue}\nspec:\n");
    env.write("m.yaml", format!("kind: gvc\nname: shop\n---\n{text}"));
    snapshot!(env, env.line("diff m.yaml --all-fields --exit-code").run(), @r#"
    exit 10
    --- stdout
    --- edge (live)
    +++ edge in m.yaml
     m.yaml:6:8: manifest-only
    + tags.team: "blue"
     m.yaml:10:15: changed
    - spec.provider.hetzner.region: "fsn1"
    + spec.provider.hetzner.region: "nbg1"
     m.yaml:12:15: changed
    - spec.addOns.metrics.kubeState: true
    + spec.addOns.metrics.kubeState: false
     m.yaml:13:5: manifest-only
    + spec.addOns.nvidia: {}
     m.yaml:11:3: live-only
    - spec.addOns.logs: {}
    "#);
    let run = env.line("diff m.yaml -o json").run().ok();
    let places: Vec<(String, Value)> = run.json()["items"][0]["differences"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["path"].as_str().unwrap().to_owned(), it["line"].clone()))
        .collect();
    let path = |path: &str, line: u64| (format!("spec.addOns.{path}"), json!(line));
    assert_eq!(
        places,
        [
            path("metrics.kubeState", 12),
            path("nvidia", 13),
            path("logs", 11)
        ]
    );
}

#[test]
fn what_differs_of_many_is_one_table_and_a_count() {
    let mut env = Env::new();
    let names: Vec<String> = (1..=12).map(|number| format!("c{number:02}")).collect();
    let of = |add_ons: &[&str]| -> Vec<String> {
        names.iter().map(|name| hetzner(name, add_ons)).collect()
    };
    let _sandbox = Sandbox::holding(&mut env, &of(&["logs: {}"]), &[]);
    let mut manifests = of(&["logs: {}"]);
    manifests[2] = hetzner("c03", &["metrics: {kubeState: true, nodeExporter: true}"]);
    manifests[6] = manifests[6].replace("region: fsn1", "region: nbg1");
    manifests.push(hetzner("fresh", &[]));
    env.write("all.yaml", manifests.join("---\n"));
    snapshot!(env, env.line("diff all.yaml --exit-code").run(), @r#"
    exit 10
    --- stdout
    CLUSTER  DIFFERENCE           LIVE  MANIFEST                                PLACE
    c03      spec.addOns.metrics  -     {"kubeState":true,"nodeExporter":true}  all.yaml:26
    c03      spec.addOns.logs     {}    -                                       all.yaml:25
    --- stderr
    fresh, for fresh in all.yaml: the cluster does not exist; `mk8s apply -f all.yaml -c fresh` creates it
    1 to create, 1 to update, 11 unchanged
    "#);
    snapshot!(env, env.line("diff all.yaml --all-fields").run(), @r#"
    exit 0
    --- stdout
    CLUSTER  DIFFERENCE                    LIVE    MANIFEST                                   PLACE
    c03      spec.addOns.metrics           -       {"kubeState":true,"nodeExporter":true}     all.yaml:26
    c03      spec.addOns.logs              {}      -                                          all.yaml:25
    c07      spec.provider.hetzner.region  "fsn1"  "nbg1"                                     all.yaml:60
    fresh    spec                          -       {"version":"1.33.5","provider":{"hetzner…  all.yaml:111
    --- stderr
    fresh, for fresh in all.yaml: the cluster does not exist; `mk8s apply -f all.yaml -c fresh` creates it
    1 to create, 2 to update, 10 unchanged
    "#);
}

#[test]
fn a_file_that_cannot_be_read_hides_no_other() {
    let mut env = Env::new();
    let live = [hetzner("edge", &["logs: {}"]), hetzner("far", &[])];
    let _sandbox = Sandbox::holding(&mut env, &live, &[]);
    env.write("m/a.yaml", "kind: mk8s\nname: [\n");
    env.write("m/b.yaml", hetzner("edge", &[]));
    env.write("m/c.yaml", hetzner("far", &[]));
    let run = env.line("diff -f m --exit-code").run().exits(9);
    let run = run
        .out("-   logs: {}")
        .err("far, in m/c.yaml: no differences");
    let _ = run.err("error: ").err("m/a.yaml");
    let run = env.line("diff -f m -o json").run().exits(9);
    let items = run.json()["items"].as_array().unwrap().clone();
    assert_eq!(items.len(), 3, "{run}");
    assert_eq!(items[2]["source"]["path"], "m/a.yaml");
    assert_eq!(items[2]["error"]["file"], "m/a.yaml");
    // Alone it is the failure itself.
    let _ = env.line("diff m/a.yaml").run().exits(6).silent();
}

#[test]
fn two_live_clusters_are_compared_from_the_first_to_the_second() {
    let mut env = Env::new();
    let metrics = "metrics: {kubeState: true}";
    let live = [
        hetzner("one", &["logs: {}", metrics]),
        aws("two", &["logs: {}", "nvidia: {}"]),
    ];
    let _sandbox = Sandbox::holding(&mut env, &live, &[]);
    snapshot!(env, env.line("diff --clusters one,two --exit-code").run(), @r"
    exit 10
    --- stdout
    --- one (live)
    +++ two (live)
      spec.addOns:
    -   metrics:
    -     kubeState: true
    +   nvidia: {}
    ");
    let run = env.line("diff --clusters one,two --all-fields").run().ok();
    // Each has its own name as its description, which the server makes it.
    let _ = run.out("- spec.provider.hetzner").never("description");
    snapshot!(env, env.line("diff --clusters two,two").run(), @r"
    exit 0
    --- stderr
    two and two: no differences
    ");
    let run = env.line("diff --clusters one,two -o json").run().ok();
    let item = run.json()["items"][0].clone();
    assert_eq!(
        (&item["target"]["name"], &item["source"]["name"]),
        (&"one".into(), &"two".into())
    );
    let states: Map<String, Value> = item["differences"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            (
                it["addon"].as_str().unwrap().to_owned(),
                it["state"].clone(),
            )
        })
        .collect();
    assert_eq!(
        Value::Object(states),
        json!({"nvidia": "second-only", "metrics": "first-only"})
    );
}
