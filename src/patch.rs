//! JSON merge patches: what one does to an object, and whether an object shows it. Pure.
//!
//! Comparison follows the platform's habits: numbers compare as numbers, and a link reads the same
//! as `//secret/x` and `/org/ORG/secret/x` (control-plane.md 1.10).

use serde_json::{Map, Value};

/// Merges a patch into a value: objects deeply, `null` removes, everything else replaces.
pub fn merge(target: &mut Value, patch: &Value) {
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
pub struct Difference {
    /// `spec.addOns.awsECR`
    pub path: String,
    /// What kind of difference.
    pub kind: DifferenceKind,
}

/// What kind of difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DifferenceKind {
    /// Only in the second.
    Added,
    /// Only in the first.
    Lost,
    /// In both, with other values.
    Changed,
}

/// Every difference between two values, named from `path` on.
pub fn compare(first: &Value, second: &Value, path: &str, org: &str) -> Vec<Difference> {
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
        (Some(Value::Array(a)), Some(Value::Array(b))) if a.len() == b.len() => {
            for (at, (a, b)) in a.iter().zip(b).enumerate() {
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

/// The paths at which `object` does not show what the patch asked for.
pub fn unmet(patch: &Value, object: &Value, path: &str, org: &str) -> Vec<String> {
    let mut paths = Vec::new();
    need(patch, Some(object), path, org, &mut paths);
    paths
}

fn need(patch: &Value, object: Option<&Value>, path: &str, org: &str, paths: &mut Vec<String>) {
    match (patch, object) {
        (Value::Null, None | Some(Value::Null)) => {}
        (Value::Object(fields), Some(Value::Object(map))) => {
            for (key, value) in fields {
                need(value, map.get(key), &join(path, key), org, paths);
            }
        }
        // Nothing but removals: what is not there needs no removing.
        (Value::Object(fields), None | Some(Value::Null))
            if !fields.is_empty() && fields.values().all(only_removes) => {}
        (Value::Array(items), Some(Value::Array(found))) if items.len() == found.len() => {
            for (at, (item, found)) in items.iter().zip(found).enumerate() {
                need(item, Some(found), &format!("{path}[{at}]"), org, paths);
            }
        }
        (wanted, Some(found)) if same(wanted, found, org) => {}
        _ => paths.push(path.to_owned()),
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
pub fn same(a: &Value, b: &Value, org: &str) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
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
        assert_eq!(unmet(&met, &object, "", "acme"), Vec::<String>::new());
        let not =
            json!({"spec": {"addOns": {"awsECR": {"roleArn": "y"}, "headlamp": null, "logs": {}}}});
        assert_eq!(
            unmet(&not, &object, "", "acme"),
            [
                "spec.addOns.awsECR.roleArn",
                "spec.addOns.headlamp",
                "spec.addOns.logs"
            ]
        );
    }
}
