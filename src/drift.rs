//! How the add-ons of a manifest and of a live cluster differ. Pure.
//!
//! Order, link spelling and what the server fills in are not differences (control-plane.md 1.10):
//! of the settings that are only live, those count that a user sets.

mod fields;

pub(crate) use fields::{FieldDrift, IgnoredField, fields};

use crate::addon::path::PathStep;
use crate::addon::{self, ParamKind};
use crate::cluster::Cluster;
use crate::defaults::is_default;
use crate::patch::{self, same};
use serde_json::{Map, Value};

/// One difference below `spec.addOns`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Drift {
    /// The add-on's key, and the field for a single setting.
    pub(crate) path: Vec<String>,
    /// Where it stands.
    pub(crate) side: DriftSide,
    /// The manifest's value.
    pub(crate) manifest: Option<Value>,
    /// The live value.
    pub(crate) live: Option<Value>,
}

/// Where something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DriftSide {
    /// Only in the manifest.
    ManifestOnly,
    /// Only on the live cluster.
    LiveOnly,
    /// In both, with other values; or the manifest says in so many words that it is off.
    Both,
}

impl DriftSide {
    /// The stable word in JSON.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::ManifestOnly => "manifest-only",
            Self::LiveOnly => "live-only",
            Self::Both => "different",
        }
    }
}

impl Drift {
    /// `spec.addOns.awsECR.roleArn`
    pub(crate) fn dotted(&self) -> String {
        format!("spec.addOns.{}", self.path.join("."))
    }

    /// The way there from the cluster.
    pub(crate) fn steps(&self) -> Vec<PathStep> {
        let above = ["spec", "addOns"].into_iter().map(str::to_owned);
        let steps = above.chain(self.path.iter().cloned());
        steps.map(PathStep::Key).collect()
    }
}

/// Every difference, the manifest's order first.
pub(crate) fn add_ons(manifest: &Cluster, live: &Cluster, org: &str) -> Vec<Drift> {
    let mut look = AddonLookup {
        org,
        drifts: Vec::new(),
        ignored: Vec::new(),
    };
    look.compare(manifest, live);
    look.drifts
}

/// What a comparison of add-ons has found so far.
struct AddonLookup<'a> {
    org: &'a str,
    drifts: Vec<Drift>,
    ignored: Vec<IgnoredField>,
}

impl AddonLookup<'_> {
    fn compare(&mut self, manifest: &Cluster, live: &Cluster) {
        let empty = Map::new();
        let wanted = manifest.add_ons().unwrap_or(&empty);
        let there = live.add_ons().unwrap_or(&empty);
        for (key, value) in wanted {
            let found = there.get(key).filter(|value| !value.is_null());
            let side = match (value, found) {
                (Value::Null, None) => continue,
                (Value::Object(settings), Some(Value::Object(found))) => {
                    self.settings(&mut vec![key], settings, found);
                    continue;
                }
                (value, Some(found)) if !value.is_null() && same(value, found, self.org) => {
                    continue;
                }
                (_, Some(_)) => DriftSide::Both,
                (_, None) => DriftSide::ManifestOnly,
            };
            self.drifts.push(drift(&[key], side, Some(value), found));
        }
        for (key, found) in there {
            if !wanted.contains_key(key) && !found.is_null() {
                let drift = drift(&[key], DriftSide::LiveOnly, None, Some(found));
                self.drifts.push(drift);
            }
        }
    }

    /// The differences of two objects at a path, an add-on's key first.
    fn settings<'a>(
        &mut self,
        path: &mut Vec<&'a str>,
        settings: &'a Map<String, Value>,
        found: &'a Map<String, Value>,
    ) {
        for (field, value) in settings {
            let live = found.get(field).filter(|value| !value.is_null());
            path.push(field);
            if !patch::is_met(value, live, &dotted(path), self.org) {
                let side = match live {
                    None => DriftSide::ManifestOnly,
                    Some(_) => DriftSide::Both,
                };
                self.drifts.push(drift(path, side, Some(value), live));
            } else if let (Value::Object(settings), Some(Value::Object(found))) = (value, live) {
                // What the manifest says is there; more may be.
                self.settings(path, settings, found);
            } else if live != Some(value) && !(live.is_none() && value.is_null()) {
                let rule = if live.is_some() {
                    "respelled"
                } else {
                    "defaulted"
                };
                self.ignore(path, rule);
            }
            path.pop();
        }
        for (field, live) in found {
            if settings.contains_key(field) || live.is_null() {
                continue;
            }
            path.push(field);
            if is_set_by_users(path, live) {
                self.drifts
                    .push(drift(path, DriftSide::LiveOnly, None, Some(live)));
            } else {
                self.ignore(path, "defaulted");
            }
            path.pop();
        }
    }

    fn ignore(&mut self, path: &[&str], rule: &'static str) {
        self.ignored.push(IgnoredField {
            path: dotted(path),
            rule,
        });
    }
}

/// Whether a setting that only the live cluster has is somebody's wish rather than a default.
///
/// What the catalogue does not list is the server's, and so is what it fills in. Of an add-on that
/// the catalogue does not know, every setting counts.
fn is_set_by_users(path: &[&str], value: &Value) -> bool {
    if is_default(&dotted(path), value, &Value::Null) {
        return false;
    }
    let Some((addon, rest)) = path
        .split_first()
        .and_then(|(key, rest)| Some((addon::by_key(key)?, rest)))
    else {
        return true;
    };
    let mut kind = ParamKind::Object(addon.params);
    let mut default = None;
    for field in rest {
        default = match kind {
            ParamKind::Object(params) => params.iter().find(|it| it.field == *field),
            _ => None,
        }
        .and_then(|param| param.default);
        let Some(below) = kind.below(field) else {
            return false;
        };
        kind = below;
    }
    if let (ParamKind::Object(_), Value::Object(fields)) = (kind, value) {
        let mut fields = fields.iter();
        return fields.any(|(field, value)| is_set_by_users(&[path, &[field]].concat(), value));
    }
    let default = default.and_then(|text| kind.parse(text).ok());
    default.is_none_or(|default| !kind.same(&default, value))
}

fn dotted(path: &[&str]) -> String {
    format!("spec.addOns.{}", path.join("."))
}

fn drift(path: &[&str], side: DriftSide, manifest: Option<&Value>, live: Option<&Value>) -> Drift {
    Drift {
        path: path.iter().map(|&part| part.to_owned()).collect(),
        side,
        manifest: manifest.cloned(),
        live: live.cloned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn cluster(add_ons: &Value) -> Cluster {
        Cluster::new(json!({"spec": {"addOns": add_ons}}))
    }

    #[test]
    fn order_links_and_defaults_are_no_differences() {
        let manifest = cluster(&json!({
            "byok": {"location": "//location/x"},
            "metrics": {"kubeState": true, "scrapeAnnotated": {"includeNamespaces": "^a$"}},
            "logs": {}, "dashboard": null
        }));
        let live = cluster(&json!({
            "logs": {"auditEnabled": false},
            "metrics": {"scrapeAnnotated": {"intervalSeconds": 30, "includeNamespaces": "^a$"}, "kubeState": true},
            "byok": {"location": "/org/acme/location/x", "more": {"server": 1}}
        }));
        assert_eq!(add_ons(&manifest, &live, "acme"), []);
    }

    #[test]
    fn what_only_the_live_cluster_has_is_found_at_any_depth() {
        let manifest = cluster(&json!({
            "metrics": {"scrapeAnnotated": {"intervalSeconds": 60}}, "logs": {},
            "rocket": {"fuel": {"n": 1}}
        }));
        let live = cluster(&json!({
            "metrics": {"scrapeAnnotated": {"intervalSeconds": 60, "includeNamespaces": "^a$", "more": 1}},
            "logs": {"more": {"x": 1}},
            "rocket": {"fuel": {"n": 1, "m": 2}}
        }));
        let found = |manifest, live| {
            let drifts = add_ons(manifest, live, "acme");
            let paths = drifts.iter().map(Drift::dotted);
            paths.collect::<Vec<_>>()
        };
        let both = [
            "spec.addOns.metrics.scrapeAnnotated.includeNamespaces",
            "spec.addOns.rocket.fuel.m",
        ];
        assert_eq!(found(&manifest, &live), both);
        let server = cluster(&json!({"metrics": {"scrapeAnnotated": {"intervalSeconds": 30}}}));
        assert_eq!(found(&cluster(&json!({"metrics": {}})), &server), [""; 0]);
    }

    #[test]
    fn every_side_is_named() {
        let manifest = cluster(&json!({
            "awsECR": {}, "awsEFS": {"roleArn": "a"}, "headlamp": {}, "dashboard": null, "rocket": {}
        }));
        let live = cluster(&json!({
            "awsECR": {"roleArn": "x"}, "awsEFS": {"roleArn": "b"}, "dashboard": {}, "sysbox": {},
            "rocket": {"fuel": 1}
        }));
        let found: Vec<(String, &str)> = add_ons(&manifest, &live, "acme")
            .iter()
            .map(|drift| (drift.dotted(), drift.side.name()))
            .collect();
        assert_eq!(
            found,
            [
                ("spec.addOns.awsECR.roleArn".to_owned(), "live-only"),
                ("spec.addOns.awsEFS.roleArn".to_owned(), "different"),
                ("spec.addOns.headlamp".to_owned(), "manifest-only"),
                ("spec.addOns.dashboard".to_owned(), "different"),
                ("spec.addOns.rocket.fuel".to_owned(), "live-only"),
                ("spec.addOns.sysbox".to_owned(), "live-only"),
            ]
        );
    }
}
