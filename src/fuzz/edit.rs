//! Manifests: whatever the text, an edit is refused or does what was asked and no more.

use crate::addon::NamedAddon;
use crate::change::{self, Change};
use crate::cluster::Cluster;
use crate::manifest::{Comments, Manifest};
use crate::plan::{self, AddonRequest, Setting, TargetWords, Verb, Wish};
use serde_json::{Value, json};
use similar::{Algorithm, DiffTag, capture_diff_slices};

const ROLE: &str = "arn:aws:iam::999999999999:role/mk8s-ecr-driver";

/// The number of each document that was to change, and how.
type Changes = Vec<(usize, Vec<Change>)>;

/// An edit that was carried out.
struct FuzzedEdit {
    manifest: Manifest,
    changes: Changes,
}

impl FuzzedEdit {
    /// How many documents differ from before.
    fn touched(&self) -> usize {
        self.changes
            .iter()
            .filter(|(_, changes)| !changes.is_empty())
            .count()
    }
}

/// Bytes as a manifest, in which two add-ons are switched on and off, one of them with a role.
pub fn edit(data: &[u8]) {
    let Ok(manifest) = Manifest::parse("m.yaml", data.to_vec()) else {
        return;
    };
    assert_eq!(manifest.text().as_bytes(), data, "the text is another one");
    for (addon, role) in [
        ("headlamp", None),
        ("aws-ecr", None),
        ("aws-ecr", Some(ROLE)),
    ] {
        let on = request(
            addon,
            Verb::Enable(Wish::of(role.map(role_arn).into_iter().collect())),
        );
        let off = request(addon, Verb::Disable);
        if let Some(enabled) = carried_out(&manifest, &on) {
            let (lost, _) = differing(&manifest, &enabled.manifest);
            // A value that is replaced may stand on many lines.
            assert!(
                lost <= enabled.touched() || has_key(&manifest, on.addon.key()),
                "{lost} lines went when {addon} was enabled: {:?}",
                enabled.manifest.text()
            );
            if was_added(&manifest, on.addon.key(), &enabled) {
                // It may be refused where the text is odd; that of real manifests is not
                // (`witnesses`, `manifest::properties`).
                if let Some(back) = carried_out(&enabled.manifest, &off) {
                    assert_eq!(
                        back.manifest.text(),
                        manifest.text(),
                        "other bytes come back"
                    );
                }
            }
        }
        if let Some(disabled) = carried_out(&manifest, &off) {
            let (_, new) = differing(&manifest, &disabled.manifest);
            assert!(
                new <= disabled.touched(),
                "{new} lines came when {addon} was disabled: {:?}",
                disabled.manifest.text()
            );
        }
    }
}

fn request(addon: &str, verb: Verb) -> AddonRequest {
    AddonRequest {
        addon: NamedAddon::of(addon),
        verb,
        companions: false,
        expected: Vec::new(),
        // The rules are not what is looked at.
        force: true,
    }
}

fn role_arn(role: &str) -> Setting {
    let Ok(path) = "roleArn".parse() else {
        panic!("roleArn is no path");
    };
    Setting {
        path,
        value: Some(Value::from(role)),
    }
}

/// Does the request in every cluster, and holds the result against it. `None` if it is refused.
fn carried_out(manifest: &Manifest, request: &AddonRequest) -> Option<FuzzedEdit> {
    let (text, changes) = text(manifest, request)?;
    let edited = match Manifest::parse("m.yaml", text.clone().into_bytes()) {
        Ok(manifest) => FuzzedEdit { manifest, changes },
        Err(error) => panic!("it cannot be read any more: {error}\n{text:?}"),
    };
    let (before, after) = (manifest.documents(), edited.manifest.documents());
    assert_eq!(before.len(), after.len(), "other documents: {text:?}");
    for (old, new) in before.iter().zip(after) {
        let mut wished = old.value();
        let changes = edited
            .changes
            .iter()
            .find(|(number, _)| *number == old.number);
        if let Some((_, changes)) = changes {
            change::apply(&mut wished, changes);
        }
        assert_eq!(new.value(), wished, "not what was asked: {text:?}");
    }
    if edited.touched() == 0 {
        assert_eq!(text, manifest.text(), "nothing was to be done");
    }
    let again = self::text(&edited.manifest, request);
    let again = again.as_ref().map(|(text, _)| text);
    assert_eq!(again, Some(&text), "a second run changes it or fails");
    Some(edited)
}

/// The text afterwards, and the changes by the numbers of their documents.
fn text(manifest: &Manifest, request: &AddonRequest) -> Option<(String, Changes)> {
    let numbers: Vec<usize> = manifest
        .clusters()
        .map(|document| document.number)
        .collect();
    let place = TargetWords {
        words: "in m.yaml".to_owned(),
        flags: crate::invocation::CommandFlags::new().file("m.yaml"),
    };
    let edited = manifest.edit_planned(&numbers, Comments::Go, |reading| {
        let plan = plan::plan(&Cluster::new(reading.value()), request, &place)?;
        Ok((
            (reading.document.number, plan.changes.clone()),
            plan.changes,
        ))
    });
    match edited {
        Ok(edited) => Some((edited.text, edited.plans)),
        Err(refusals) => {
            assert!(!refusals.is_empty(), "it is refused without a reason");
            None
        }
    }
}

/// How many lines went and how many came. A comment may be put into another column.
fn differing(before: &Manifest, after: &Manifest) -> (usize, usize) {
    let line = |line: &str| match line.trim_start() {
        comment if comment.starts_with('#') => comment.to_owned(),
        _ => line.to_owned(),
    };
    let lines =
        |manifest: &Manifest| -> Vec<String> { manifest.text().lines().map(line).collect() };
    let (old, new) = (lines(before), lines(after));
    let mut counts = (0, 0);
    for part in capture_diff_slices(Algorithm::Myers, &old, &new) {
        if part.tag() != DiffTag::Equal {
            counts.0 += part.old_range().len();
            counts.1 += part.new_range().len();
        }
    }
    counts
}

/// Whether a cluster has the key, with any value.
fn has_key(manifest: &Manifest, key: &str) -> bool {
    manifest.clusters().any(|cluster| {
        let value = cluster.value();
        let add_ons = value.pointer("/spec/addOns");
        add_ons.is_some_and(|add_ons| add_ons.get(key).is_some())
    })
}

/// Whether the add-on came into every cluster, beside another one that is there: only then
/// switching it off gives the bytes back, as an `addOns:` that is left empty stays.
fn was_added(before: &Manifest, key: &str, enabled: &FuzzedEdit) -> bool {
    let none = json!({});
    enabled.touched() > 0
        && before.clusters().all(|cluster| {
            let value = cluster.value();
            let add_ons = value.pointer("/spec/addOns").unwrap_or(&none);
            add_ons.as_object().is_some_and(|add_ons| {
                !add_ons.contains_key(key) && add_ons.values().any(|value| !value.is_null())
            })
        })
}
