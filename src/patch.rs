//! JSON merge patches: what one does to an object, and whether an object shows it. Pure.
//!
//! Comparison follows the platform's habits: numbers compare as numbers, and a link reads the same
//! as `//secret/x` and `/org/ORG/secret/x` (control-plane.md 1.10). A `null` reads as "not there":
//! met where there is nothing, or no more than the server fills in. That is one rule for whatever
//! compares with a manifest: apply, diff and check.

use crate::defaults::is_default;
use crate::number;
use serde_json::{Map, Value};

/// Merges a patch into a value: objects deeply, `null` removes, everything else replaces.
pub(crate) fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(fields) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    if let Value::Object(map) = target {
        for (key, value) in fields {
            if value.is_null() {
                map.shift_remove(key);
            } else {
                merge(map.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
    }
}

/// How two objects differ at one path.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Difference {
    /// `spec.addOns.awsECR`
    pub(crate) path: String,
    /// What kind of difference.
    pub(crate) kind: DifferenceKind,
}

/// What kind of difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DifferenceKind {
    /// Only in the second.
    Added,
    /// Only in the first.
    Lost,
    /// In both, with other values.
    Changed,
}

/// Every difference between two values, named from `path` on.
pub(crate) fn compare(first: &Value, second: &Value, path: &str, org: &str) -> Vec<Difference> {
    let mut differences = Vec::new();
    walk(Some(first), Some(second), path, org, &mut differences);
    differences
}

fn walk(
    first: Option<&Value>,
    second: Option<&Value>,
    path: &str,
    org: &str,
    found: &mut Vec<Difference>,
) {
    let kind = match (first, second) {
        (Some(Value::Object(a)), Some(Value::Object(b))) => {
            for (key, value) in a {
                walk(Some(value), b.get(key), &join(path, key), org, found);
            }
            for (key, value) in b {
                if !a.contains_key(key) {
                    walk(None, Some(value), &join(path, key), org, found);
                }
            }
            return;
        }
        // Arrays of the same length may have grown defaults inside their items.
        (Some(Value::Array(a)), Some(Value::Array(b))) if there(a).count() == there(b).count() => {
            for (at, (a, b)) in there(a).zip(there(b)).enumerate() {
                walk(Some(a), Some(b), &format!("{path}[{at}]"), org, found);
            }
            return;
        }
        (Some(a), Some(b)) if same(a, b, org) => return,
        (None | Some(Value::Null), None | Some(Value::Null)) => return,
        (None | Some(Value::Null), Some(_)) => DifferenceKind::Added,
        (Some(_), None | Some(Value::Null)) => DifferenceKind::Lost,
        (Some(_), Some(_)) => DifferenceKind::Changed,
    };
    found.push(Difference {
        path: path.to_owned(),
        kind,
    });
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}

/// The items of an array that are there.
fn there(items: &[Value]) -> impl Iterator<Item = &Value> {
    items.iter().filter(|item| !item.is_null())
}

/// What an object does not show of a patch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Unmet {
    /// Paths that lack what was asked for.
    pub(crate) paths: Vec<String>,
    /// Paths outside the tags and the add-ons that the patch sets to `null`, and that hold something
    /// which is no default known here. After a write that is the server's own value.
    pub(crate) kept: Vec<String>,
}

impl Unmet {
    /// Whether everything is as asked.
    pub(crate) fn is_empty(&self) -> bool {
        self.paths.is_empty() && self.kept.is_empty()
    }
}

/// What `object`, a cluster, does not show of a patch of it.
pub(crate) fn unmet(patch: &Value, object: &Value, org: &str) -> Unmet {
    let mut look = PatchLookup::new(object, org);
    look.need(patch, Some(object), "", Area::Cluster);
    look.unmet
}

/// Whether the value at a path below an add-on's key shows what was asked for it.
pub(crate) fn is_met(wanted: &Value, found: Option<&Value>, path: &str, org: &str) -> bool {
    let mut look = PatchLookup::new(&Value::Null, org);
    look.need(wanted, found, path, Area::AddOn);
    look.unmet.is_empty()
}

/// The object once the patch is in it; what already means the same stays as it is written there.
pub(crate) fn settled(patch: &Value, object: &Value, org: &str) -> Value {
    let mut settled = object.clone();
    settle(
        patch,
        &mut settled,
        &PatchLookup::new(object, org),
        "",
        Area::Cluster,
    );
    settled
}

fn settle(patch: &Value, live: &mut Value, look: &PatchLookup<'_>, path: &str, area: Area) {
    match (patch, &mut *live) {
        (Value::Object(fields), Value::Object(map)) => {
            for (key, value) in fields {
                let (path, area) = (join(path, key), area.below(key));
                if !value.is_null() {
                    let slot = map.entry(key.clone()).or_insert(Value::Null);
                    settle(value, slot, look, &path, area);
                } else if !look.meets(value, map.get(key), &path, area) {
                    map.shift_remove(key);
                }
            }
        }
        (patch, live) => {
            if !look.meets(patch, Some(live), path, area) {
                merge(live, patch);
            }
        }
    }
}

/// Drops every `null` of a patch that asks for nothing, so that it is not sent: `object` has nothing
/// there, or a default. Those of tags and add-ons stay: there, the platform knows what they mean.
pub(crate) fn drop_idle_nulls(patch: &mut Value, object: &Value, org: &str) {
    drop_idle(
        patch,
        Some(object),
        &PatchLookup::new(object, org),
        "",
        Area::Cluster,
    );
}

fn drop_idle(
    patch: &mut Value,
    live: Option<&Value>,
    look: &PatchLookup<'_>,
    path: &str,
    area: Area,
) {
    match patch {
        Value::Object(fields) => fields.retain(|key, value| {
            let (path, area) = (join(path, key), area.below(key));
            let live = live.and_then(|live| live.get(key));
            if value.is_null() {
                return area.is_strict() || !look.meets(value, live, &path, area);
            }
            drop_idle(value, live, look, &path, area);
            true
        }),
        // An array replaces the other one, so nothing in it removes anything.
        Value::Array(items) if !area.is_strict() => items.iter_mut().for_each(|item| {
            drop_idle(item, None, look, path, area);
        }),
        _ => {}
    }
}

/// Where in a cluster a value stands, as far as it decides what a `null` there asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Area {
    Cluster,
    /// A tag: the server makes none up.
    Tag,
    Tags,
    Spec,
    AddOns,
    /// The key of an add-on: anything there is on.
    AddOnKey,
    /// Below an add-on.
    AddOn,
    Field,
}

impl Area {
    fn below(self, key: &str) -> Self {
        match (self, key) {
            (Self::Cluster, "tags") => Self::Tags,
            (Self::Cluster, "spec") => Self::Spec,
            (Self::Spec, "addOns") => Self::AddOns,
            (Self::Tags | Self::Tag, _) => Self::Tag,
            (Self::AddOns, _) => Self::AddOnKey,
            (Self::AddOnKey | Self::AddOn, _) => Self::AddOn,
            _ => Self::Field,
        }
    }

    fn is_strict(self) -> bool {
        matches!(self, Self::Tag | Self::AddOnKey | Self::AddOn)
    }
}

/// A look for what a patch asks of an object.
struct PatchLookup<'a> {
    root: &'a Value,
    org: &'a str,
    unmet: Unmet,
}

impl<'a> PatchLookup<'a> {
    fn new(root: &'a Value, org: &'a str) -> Self {
        Self {
            root,
            org,
            unmet: Unmet::default(),
        }
    }

    fn meets(&self, patch: &Value, object: Option<&Value>, path: &str, area: Area) -> bool {
        let mut look = Self::new(self.root, self.org);
        look.need(patch, object, path, area);
        look.unmet.is_empty()
    }

    fn need(&mut self, patch: &Value, object: Option<&Value>, path: &str, area: Area) {
        match (patch, object) {
            (Value::Null, None | Some(Value::Null)) => {}
            (Value::Null, Some(found)) => {
                let is_default = !matches!(area, Area::Tag | Area::AddOnKey)
                    && is_default(path, found, self.root);
                match (is_default, area.is_strict()) {
                    (true, _) => {}
                    (false, true) => self.unmet.paths.push(path.to_owned()),
                    (false, false) => self.unmet.kept.push(path.to_owned()),
                }
            }
            (Value::Object(fields), Some(Value::Object(map))) => {
                for (key, value) in fields {
                    self.need(value, map.get(key), &join(path, key), area.below(key));
                }
            }
            // Nothing but removals: what is not there needs no removing. No tags and no add-ons are
            // none, however they are written.
            (Value::Object(fields), None | Some(Value::Null))
                if fields.values().all(only_removes)
                    && (!fields.is_empty() || matches!(area, Area::Tags | Area::AddOns)) => {}
            (Value::Array(items), Some(Value::Array(found)))
                if there(items).count() == there(found).count() =>
            {
                for (at, (item, found)) in there(items).zip(there(found)).enumerate() {
                    self.need(item, Some(found), &format!("{path}[{at}]"), area);
                }
            }
            (wanted, Some(found)) if same(wanted, found, self.org) => {}
            _ => self.unmet.paths.push(path.to_owned()),
        }
    }
}

fn only_removes(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(fields) => !fields.is_empty() && fields.values().all(only_removes),
        _ => false,
    }
}

/// Whether two values mean the same to the platform.
pub(crate) fn same(a: &Value, b: &Value, org: &str) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => number::same(a, b),
        (Value::String(a), Value::String(b)) => a == b || same_link(a, b, org),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b, org))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(key, a)| b.get(key).is_some_and(|b| same(a, b, org)))
        }
        _ => a == b,
    }
}

fn same_link(a: &str, b: &str, org: &str) -> bool {
    fn tail<'a>(link: &'a str, org: &str) -> Option<&'a str> {
        link.strip_prefix("//").or_else(|| {
            link.strip_prefix("/org/")?
                .strip_prefix(org)?
                .strip_prefix('/')
        })
    }
    matches!((tail(a, org), tail(b, org)), (Some(a), Some(b)) if a == b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn merging_is_deep_and_null_removes() {
        let mut value = json!({"a": {"b": 1, "c": 2}, "d": [1, 2]});
        merge(
            &mut value,
            &json!({"a": {"b": null, "e": {"f": null, "g": 1}}, "d": [3], "x": null}),
        );
        assert_eq!(value, json!({"a": {"c": 2, "e": {"g": 1}}, "d": [3]}));
    }

    #[test]
    fn differences_are_named_and_links_and_numbers_are_normalised() {
        let a = json!({"spec": {"l": "//secret/x", "n": 1, "lost": 1, "pools": [{"min": 1}]}});
        let b = json!({"spec": {"l": "/org/acme/secret/x", "n": 1.0, "new": {}, "pools": [{"min": 2, "max": 3}]}});
        let found: Vec<(String, DifferenceKind)> = compare(&a, &b, "", "acme")
            .into_iter()
            .map(|d| (d.path, d.kind))
            .collect();
        assert_eq!(
            found,
            [
                ("spec.lost".to_owned(), DifferenceKind::Lost),
                ("spec.pools[0].min".to_owned(), DifferenceKind::Changed),
                ("spec.pools[0].max".to_owned(), DifferenceKind::Added),
                ("spec.new".to_owned(), DifferenceKind::Added),
            ]
        );
    }

    #[test]
    fn what_was_asked_is_looked_for_and_no_more() {
        let object =
            json!({"spec": {"addOns": {"awsECR": {"roleArn": "x", "more": 1}, "headlamp": {}}}});
        let met = json!({"spec": {"addOns": {"awsECR": {"roleArn": "x"}, "dashboard": null, "y": {"z": null}}}});
        assert_eq!(unmet(&met, &object, "acme"), Unmet::default());
        let not =
            json!({"spec": {"addOns": {"awsECR": {"roleArn": "y"}, "headlamp": null, "logs": {}}}});
        assert_eq!(
            unmet(&not, &object, "acme").paths,
            [
                "spec.addOns.awsECR.roleArn",
                "spec.addOns.headlamp",
                "spec.addOns.logs"
            ]
        );
    }

    /// Nulls at every depth: against nothing, a default, and what somebody asked for.
    #[test]
    fn a_null_is_not_there_or_a_default() {
        let full = json!({
            "name": "dc1", "description": "dc1", "tags": {"team": "shop"},
            "spec": {
                "firewall": [{"sourceCIDR": "0.0.0.0/0", "description": "Default allow all"}],
                "provider": {"aws": {
                    "keyPair": "ops",
                    "networking": {"serviceNetwork": "10.43.0.0/16", "podNetwork": "10.42.0.0/16"},
                    "nodePools": [{"name": "np1", "minSize": 0, "labels": {"a": "b"}}]
                }},
                "addOns": {"logs": {}, "metrics": {"kubeState": true, "coreDns": false}}
            }
        });
        let bare =
            json!({"name": "dc1", "spec": {"provider": {"aws": {"nodePools": [{"name": "np1"}]}}}});
        let pool = |fields: Value| {
            let mut pool = json!({"name": "np1"});
            merge_all(&mut pool, &fields);
            json!({"spec": {"provider": {"aws": {"nodePools": [pool]}}}})
        };
        let aws = |fields: Value| json!({"spec": {"provider": {"aws": fields}}});
        let add_ons = |fields: Value| json!({"spec": {"addOns": fields}});
        for (patch, met, sent) in [
            (json!({"description": null}), true, false),
            (json!({"tags": null}), false, true),
            (json!({"tags": {"team": null}}), false, true),
            (json!({"tags": {"other": null}}), true, true),
            (json!({"spec": {"firewall": null}}), true, false),
            (aws(json!({"networking": null})), true, false),
            (
                aws(json!({"networking": {"podNetwork": null}})),
                true,
                false,
            ),
            (aws(json!({"keyPair": null})), false, true),
            (aws(json!({"nodePools": null})), false, true),
            (pool(json!({"minSize": null})), true, false),
            (pool(json!({"labels": null})), false, false),
            (
                aws(json!({"nodePools": [null, {"name": "np1"}]})),
                true,
                false,
            ),
            (add_ons(Value::Null), false, true),
            (add_ons(json!({"logs": null})), false, true),
            (add_ons(json!({"headlamp": null})), true, true),
            (
                add_ons(json!({"metrics": {"kubeState": null}})),
                false,
                true,
            ),
            (add_ons(json!({"metrics": {"coreDns": null}})), true, true),
        ] {
            assert_eq!(unmet(&patch, &full, "acme").is_empty(), met, "{patch}");
            let nothing = patch.pointer("/spec/provider/aws/nodePools/0").is_some()
                || unmet(&patch, &json!({"name": "dc1"}), "acme").is_empty();
            assert!(nothing, "{patch}");
            let has_pools = patch == aws(json!({"nodePools": null}));
            assert_eq!(
                unmet(&patch, &bare, "acme").is_empty(),
                !has_pools,
                "{patch}"
            );
            let mut body = patch.clone();
            drop_idle_nulls(&mut body, &full, "acme");
            let has_null = body.to_string().replace("[null,", "[").contains("null");
            assert_eq!(has_null, sent, "{patch}");
            let settled = settled(&patch, &full, "acme");
            assert!(unmet(&patch, &settled, "acme").is_empty(), "{patch}");
            assert_eq!(settled == full, met, "{patch}");
        }
        // What is still there after a write is somebody's only outside the tags and add-ons.
        let found = unmet(
            &json!({"tags": {"team": null}, "spec": {"provider": {"aws": {"keyPair": null}}}}),
            &full,
            "acme",
        );
        assert_eq!(found.paths, ["tags.team"]);
        assert_eq!(found.kept, ["spec.provider.aws.keyPair"]);
    }

    fn merge_all(target: &mut Value, fields: &Value) {
        for (key, value) in fields.as_object().unwrap() {
            target[key] = value.clone();
        }
    }
}
