//! How whole manifests and live clusters differ: every field that a user sets. Pure.
//!
//! What only the server fills in and what is spelled in another way are no differences; each of them
//! can be told with the rule that says so.

use super::{AddonLookup, DriftSide};
use crate::addon::path::PathStep;
use crate::cluster::Cluster;
use crate::defaults::is_default;
use crate::patch::same;
use serde_json::{Map, Value};
use std::fmt::Write as _;

/// One field that differs.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FieldDrift {
    /// `spec.provider.hetzner.region`
    pub(crate) path: String,
    /// The way there.
    pub(crate) steps: Vec<PathStep>,
    /// Where it stands.
    pub(crate) side: DriftSide,
    /// The manifest's value.
    pub(crate) manifest: Option<Value>,
    /// The live value.
    pub(crate) live: Option<Value>,
}

/// A field that is not the same, and no difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IgnoredField {
    /// Which.
    pub(crate) path: String,
    /// `defaulted` or `respelled`.
    pub(crate) rule: &'static str,
}

/// Where in a cluster a comparison is.
#[derive(Debug, Clone, Default)]
struct FieldPath {
    text: String,
    steps: Vec<PathStep>,
}

impl FieldPath {
    fn key(&self, key: &str) -> Self {
        let mut below = self.clone();
        if !below.text.is_empty() {
            below.text.push('.');
        }
        below.text.push_str(key);
        below.steps.push(PathStep::Key(key.to_owned()));
        below
    }

    fn item(&self, at: usize) -> Self {
        let mut below = self.clone();
        // A text takes whatever is written to it.
        let _ = write!(below.text, "[{at}]");
        below.steps.push(PathStep::Index(at));
        below
    }
}

/// What a comparison has found so far.
struct FieldLookup<'a> {
    org: &'a str,
    manifest: &'a Value,
    live: &'a Value,
    fields: Vec<FieldDrift>,
    ignored: Vec<IgnoredField>,
}

/// Every field that differs, and every one that only seems to.
pub(crate) fn fields(
    manifest: &Cluster,
    live: &Cluster,
    org: &str,
) -> (Vec<FieldDrift>, Vec<IgnoredField>) {
    let mut look = FieldLookup {
        org,
        manifest: manifest.value(),
        live: live.value(),
        fields: Vec::new(),
        ignored: Vec::new(),
    };
    for key in ["description", "tags", "spec"] {
        let (wanted, there) = (manifest.value().get(key), live.value().get(key));
        look.compare(wanted, there, &FieldPath::default().key(key));
    }
    let mut add_ons = AddonLookup {
        org,
        drifts: Vec::new(),
        ignored: Vec::new(),
    };
    add_ons.compare(manifest, live);
    look.ignored.extend(add_ons.ignored);
    for drift in add_ons.drifts {
        look.fields.push(FieldDrift {
            path: drift.dotted(),
            steps: drift.steps(),
            side: drift.side,
            manifest: drift.manifest,
            live: drift.live,
        });
    }
    (look.fields, look.ignored)
}

impl FieldLookup<'_> {
    fn compare(&mut self, wanted: Option<&Value>, there: Option<&Value>, path: &FieldPath) {
        // They have rules of their own.
        if path.text == "spec.addOns" {
            return;
        }
        let there = there.filter(|value| !value.is_null());
        match (wanted, there) {
            (None | Some(Value::Null), None) => {}
            (Some(Value::Object(wanted)), Some(Value::Object(there))) => {
                self.objects(wanted, there, path);
            }
            (Some(Value::Array(wanted)), Some(Value::Array(there)))
                if wanted.len() == there.len() =>
            {
                for (at, (wanted, there)) in wanted.iter().zip(there).enumerate() {
                    self.compare(Some(wanted), Some(there), &path.item(at));
                }
            }
            (None, Some(there)) => self.live_only(there, path),
            (Some(wanted), None) if is_default(&path.text, wanted, self.manifest) => {
                self.ignore(path, "defaulted");
            }
            (Some(Value::Null), Some(found)) if is_default(&path.text, found, self.live) => {
                self.ignore(path, "defaulted");
            }
            // Of two clusters each has its own.
            (Some(wanted), Some(found))
                if path.text == "description"
                    && wanted != found
                    && is_default(&path.text, wanted, self.manifest)
                    && is_default(&path.text, found, self.live) =>
            {
                self.ignore(path, "defaulted");
            }
            (Some(wanted), Some(found)) if same(wanted, found, self.org) => {
                if wanted != found {
                    self.ignore(path, "respelled");
                }
            }
            (Some(wanted), found) => self.fields.push(FieldDrift {
                path: path.text.clone(),
                steps: path.steps.clone(),
                side: match found {
                    Some(_) => DriftSide::Both,
                    None => DriftSide::ManifestOnly,
                },
                manifest: Some(wanted.clone()),
                live: found.cloned(),
            }),
        }
    }

    fn objects(
        &mut self,
        wanted: &Map<String, Value>,
        there: &Map<String, Value>,
        path: &FieldPath,
    ) {
        for (key, value) in wanted {
            self.compare(Some(value), there.get(key), &path.key(key));
        }
        for (key, value) in there {
            if !wanted.contains_key(key) {
                self.compare(None, Some(value), &path.key(key));
            }
        }
    }

    fn live_only(&mut self, there: &Value, path: &FieldPath) {
        let is_tag = path.text.starts_with("tags.");
        match there {
            Value::Object(fields) if !fields.is_empty() => {
                for (key, value) in fields {
                    self.compare(None, Some(value), &path.key(key));
                }
            }
            _ if !is_tag && is_default(&path.text, there, self.live) => {
                self.ignore(path, "defaulted");
            }
            _ => self.fields.push(FieldDrift {
                path: path.text.clone(),
                steps: path.steps.clone(),
                side: DriftSide::LiveOnly,
                manifest: None,
                live: Some(there.clone()),
            }),
        }
    }

    fn ignore(&mut self, path: &FieldPath, rule: &'static str) {
        self.ignored.push(IgnoredField {
            path: path.text.clone(),
            rule,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(manifest: &Value, live: &Value) -> (Vec<String>, Vec<String>) {
        let (manifest, live) = (Cluster::new(manifest.clone()), Cluster::new(live.clone()));
        let (fields, ignored) = fields(&manifest, &live, "acme");
        let fields = fields
            .iter()
            .map(|it| format!("{} {}", it.side.name(), it.path));
        let ignored = ignored.iter().map(|it| format!("{} {}", it.rule, it.path));
        (fields.collect(), ignored.collect())
    }

    /// Every leaf below an object that a user sets, by its pointer.
    fn leaves(value: &Value, at: &str, found: &mut Vec<String>) {
        match value {
            Value::Object(map) if !map.is_empty() => {
                for (key, value) in map {
                    let key = key.replace('~', "~0").replace('/', "~1");
                    leaves(value, &format!("{at}/{key}"), found);
                }
            }
            Value::Array(items) if !items.is_empty() => {
                for (number, value) in items.iter().enumerate() {
                    leaves(value, &format!("{at}/{number}"), found);
                }
            }
            _ => found.push(at.to_owned()),
        }
    }

    #[test]
    fn a_change_of_any_single_field_is_found() {
        for seed in crate::sandbox::builtin_seeds() {
            let mut found = Vec::new();
            for part in ["description", "tags", "spec"] {
                leaves(&seed[part], &format!("/{part}"), &mut found);
            }
            assert!(found.len() > 15);
            assert_eq!(told(&seed, &seed), (vec![], vec![]));
            for pointer in found {
                let mut live = seed.clone();
                let leaf = live.pointer_mut(&pointer).unwrap();
                *leaf = match leaf {
                    Value::String(text) => json!(format!("{text}x")),
                    Value::Number(number) => json!(number.as_f64().unwrap() + 1.0),
                    Value::Bool(true) => json!(false),
                    Value::Bool(false) => json!(true),
                    _ => Value::Null,
                };
                assert_eq!(told(&seed, &live).0.len(), 1, "{pointer}");
                assert_eq!(told(&live, &seed).0.len(), 1, "{pointer}, the other way");
            }
        }
    }

    #[test]
    fn every_field_that_a_user_sets_counts_and_nothing_else() {
        let manifest = json!({"name": "c", "tags": {"team": "blue"}, "spec": {
            "version": "1.33.5",
            "firewall": [{"sourceCIDR": "10.0.0.0/8"}],
            "provider": {"hetzner": {"region": "fsn1", "tokenSecretLink": "//secret/x",
                "nodePools": [{"name": "a", "minSize": 1}]}},
            "addOns": {"headlamp": {}},
        }});
        let mut live = manifest.clone();
        live["description"] = json!("c");
        live["spec"]["provider"]["hetzner"]["image"] = json!("ubuntu-20.04");
        live["spec"]["provider"]["hetzner"]["tokenSecretLink"] = json!("/org/acme/secret/x");
        assert_eq!(
            told(&manifest, &live),
            (
                vec![],
                vec![
                    "defaulted description".to_owned(),
                    "respelled spec.provider.hetzner.tokenSecretLink".to_owned(),
                    "defaulted spec.provider.hetzner.image".to_owned(),
                ]
            )
        );
        live["tags"]["more"] = json!("x");
        live["spec"]["version"] = json!("1.32.0");
        live["spec"]["provider"]["hetzner"]["nodePools"][0]["minSize"] = json!(2);
        live["spec"]["provider"]["hetzner"]["sshKey"] = json!("1");
        live["spec"]["addOns"] = json!({"logs": {}});
        let firewall = live["spec"]["firewall"].as_array_mut().unwrap();
        firewall.push(json!({"sourceCIDR": "1.1.1.1/32"}));
        assert_eq!(
            told(&manifest, &live).0,
            [
                "live-only tags.more",
                "different spec.version",
                "different spec.firewall",
                "different spec.provider.hetzner.nodePools[0].minSize",
                "live-only spec.provider.hetzner.sshKey",
                "manifest-only spec.addOns.headlamp",
                "live-only spec.addOns.logs",
            ]
        );
    }
}
