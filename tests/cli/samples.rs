//! The sample manifests, seen as a reviewer sees them: `git diff` after an edit.

use crate::support::manifests::ROLE;
use crate::support::{Env, Reader, fixture, read_yaml};
use std::fs;

/// The samples' names, in order.
fn samples() -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(fixture("manifests"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert!(names.len() >= 9, "samples are missing: {names:?}");
    names
}

/// A repository that holds all samples, committed.
fn repository() -> Env {
    let env = Env::new();
    for name in samples() {
        env.write(&name, fs::read(fixture("manifests").join(&name)).unwrap());
    }
    let _ = env
        .sh("git init -q . && git add . && \
             git -c user.name=t -c user.email=t@example.com commit -qm samples")
        .run()
        .ok();
    env
}

#[test]
fn git_diff_after_enable_shows_only_added_and_changed_lines() {
    let env = repository();
    for name in samples() {
        let before = env.text(&name);
        let enable = [
            "addon",
            "enable",
            "aws-ecr",
            "-f",
            &name,
            "--role-arn",
            ROLE,
            "--with-prerequisites",
            "--force",
        ];
        let _ = env.mk8s(&enable).run().ok();
        let diff = env
            .sh(&format!("git diff --unified=0 -- {name}"))
            .run()
            .ok()
            .stdout;
        let removed: Vec<&str> = diff
            .lines()
            .filter(|line| line.starts_with('-') && !line.starts_with("---"))
            .collect();
        let added: Vec<&str> = diff
            .lines()
            .filter(|line| line.starts_with('+') && !line.starts_with("+++"))
            .collect();
        // A line goes only where a value on it changes: a role that was there, a flow mapping that
        // grows, an `{}` that opens.
        assert!(removed.len() <= 1, "{name}\n{diff}");
        assert!(added.len() <= 4, "{name}\n{diff}");
        for line in &removed {
            assert!(
                line.contains("addOns") || line.contains("awsECR") || line.contains("roleArn"),
                "{name}\n{diff}"
            );
        }
        let after = env.text(&name);
        if after != before {
            assert!(
                added.iter().any(|line| line.contains(ROLE)),
                "{name}\n{diff}"
            );
        }
        // And the way back is as small.
        let disable = ["addon", "disable", "aws-ecr", "-f", &name];
        let _ = env.mk8s(&disable).run().ok();
        let _ = env.mk8s(&disable).run().ok().out("already");
    }
}

#[test]
fn other_readers_see_the_intended_value_and_nothing_else_changed() {
    let env = repository();
    let names = samples();
    let before: Vec<String> = names.iter().map(|name| env.text(name)).collect();
    for name in &names {
        let enable = [
            "addon",
            "enable",
            "aws-ecr",
            "-f",
            name,
            "--role-arn",
            ROLE,
            "--with-prerequisites",
            "--force",
        ];
        let _ = env.mk8s(&enable).run().ok();
    }
    let after: Vec<String> = names.iter().map(|name| env.text(name)).collect();
    for reader in [Reader::JsYaml, Reader::PyYaml] {
        let (before, after) = (read_yaml(reader, &before), read_yaml(reader, &after));
        for ((name, before), after) in names.iter().zip(before).zip(after) {
            let mut expected = before.unwrap();
            for document in expected.as_array_mut().unwrap() {
                if document["kind"] != "mk8s" {
                    continue;
                }
                let spec = document["spec"].as_object_mut().unwrap();
                let add_ons = spec.entry("addOns").or_insert(serde_json::json!({}));
                if !add_ons.is_object() {
                    *add_ons = serde_json::json!({});
                }
                if add_ons
                    .get("awsWorkloadIdentity")
                    .is_none_or(serde_json::Value::is_null)
                {
                    add_ons["awsWorkloadIdentity"] = serde_json::json!({});
                }
                add_ons["awsECR"] = serde_json::json!({"roleArn": ROLE});
            }
            assert_eq!(after.unwrap(), expected, "{name} as {reader:?} reads it");
        }
    }
}
