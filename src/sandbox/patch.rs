//! How a PATCH body and a merging PUT body are put into an object. Pure.
//!
//! Objects merge deeply, `null` removes, arrays are replaced whole; the operators `$replace/F`,
//! `$append/F`, `$drop/F`, `$patch/F` and the object-level `$drop` do the rest. What the result
//! may look like is decided by `validate`, not here.

use serde_json::{Map, Value};

/// Why a body cannot be applied: where, and the reason as it follows the quoted path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BadPatch {
    /// Dotted path of the operator or field.
    pub(super) path: String,
    /// Such as `must be an array`.
    pub(super) reason: String,
}

/// Puts `changes` into `target`.
pub(super) fn merge(
    target: &mut Map<String, Value>,
    changes: &Map<String, Value>,
) -> Result<(), BadPatch> {
    merge_at(target, changes, "")
}

fn merge_at(
    target: &mut Map<String, Value>,
    changes: &Map<String, Value>,
    at: &str,
) -> Result<(), BadPatch> {
    for (key, value) in changes {
        let path = join(at, key);
        if key == "$drop" {
            drop_fields(target, value, &path)?;
        } else if let Some(operator) = key.strip_prefix('$') {
            operate(target, operator, value, &path)?;
        } else {
            merge_field(target, key, value, &path)?;
        }
    }
    Ok(())
}

fn merge_field(
    target: &mut Map<String, Value>,
    key: &str,
    value: &Value,
    path: &str,
) -> Result<(), BadPatch> {
    match value {
        Value::Null => {
            target.shift_remove(key);
        }
        Value::Object(inner) => {
            let slot = target.entry(key.to_owned()).or_insert(Value::Null);
            if !slot.is_object() {
                *slot = Value::Object(Map::new());
            }
            if let Value::Object(map) = slot {
                merge_at(map, inner, path)?;
            }
        }
        other => {
            target.insert(key.to_owned(), other.clone());
        }
    }
    Ok(())
}

fn drop_fields(target: &mut Map<String, Value>, value: &Value, path: &str) -> Result<(), BadPatch> {
    for field in items(value, path)? {
        let Some(field) = field.as_str() else {
            return Err(bad(path, "must be an array of field names"));
        };
        target.shift_remove(field);
    }
    Ok(())
}

fn operate(
    target: &mut Map<String, Value>,
    operator: &str,
    value: &Value,
    path: &str,
) -> Result<(), BadPatch> {
    // A tag's key may itself hold slashes: everything after the first one is the field.
    match operator.split_once('/') {
        Some(("replace", field)) if value.is_null() => {
            target.shift_remove(field);
        }
        Some(("replace", field)) => {
            target.insert(field.to_owned(), value.clone());
        }
        Some(("append", field)) => {
            let added = items(value, path)?.clone();
            array(target, field, path)?.extend(added);
        }
        Some(("drop", field)) => {
            let gone = items(value, path)?;
            array(target, field, path)?.retain(|item| !gone.iter().any(|wanted| is(item, wanted)));
        }
        Some(("patch", field)) => {
            let changes = items(value, path)?;
            let list = array(target, field, path)?;
            for change in changes {
                patch_item(list, change, path)?;
            }
        }
        _ => return Err(bad(path, "is not an operator")),
    }
    Ok(())
}

fn patch_item(list: &mut [Value], change: &Value, path: &str) -> Result<(), BadPatch> {
    let (Some(change), Some(name)) = (change.as_object(), change.get("name")) else {
        return Err(bad(path, "must hold objects with a name"));
    };
    let item = list
        .iter_mut()
        .filter(|item| item.get("name") == Some(name))
        .find_map(Value::as_object_mut);
    match item {
        Some(item) => merge_at(item, change, path),
        None => Err(bad(path, &format!("names {name}, which is not there"))),
    }
}

/// Whether `wanted` in a `$drop/F` means this item: equal to it, its name, or an object with its
/// name.
fn is(item: &Value, wanted: &Value) -> bool {
    if item == wanted {
        return true;
    }
    let Some(name) = item.get("name") else {
        return false;
    };
    name == wanted || wanted.get("name") == Some(name)
}

fn items<'a>(value: &'a Value, path: &str) -> Result<&'a Vec<Value>, BadPatch> {
    value
        .as_array()
        .ok_or_else(|| bad(path, "must be an array"))
}

fn array<'a>(
    target: &'a mut Map<String, Value>,
    field: &str,
    path: &str,
) -> Result<&'a mut Vec<Value>, BadPatch> {
    let slot = target.entry(field.to_owned()).or_insert(Value::Null);
    if slot.is_null() {
        *slot = Value::Array(Vec::new());
    }
    slot.as_array_mut()
        .ok_or_else(|| bad(path, "names a field that is not an array"))
}

fn bad(path: &str, reason: &str) -> BadPatch {
    BadPatch {
        path: path.to_owned(),
        reason: reason.to_owned(),
    }
}

fn join(at: &str, key: &str) -> String {
    if at.is_empty() {
        key.to_owned()
    } else {
        format!("{at}.{key}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn merged(target: &Value, patch: &Value) -> Result<Value, BadPatch> {
        let mut target = target.as_object().unwrap().clone();
        merge(&mut target, patch.as_object().unwrap())?;
        Ok(Value::Object(target))
    }

    #[test]
    fn every_rule_of_a_merge() {
        for (what, target, patch, want) in [
            (
                "objects merge, the rest is kept",
                json!({"spec": {"addOns": {"a": {}}, "version": "1"}}),
                json!({"spec": {"addOns": {"b": {"x": 1}}}}),
                json!({"spec": {"addOns": {"a": {}, "b": {"x": 1}}, "version": "1"}}),
            ),
            (
                "null removes, also what is not there",
                json!({"tags": {"a": "1", "b": "2"}}),
                json!({"tags": {"a": null, "c": null}}),
                json!({"tags": {"b": "2"}}),
            ),
            (
                "null in a new object leaves the object",
                json!({}),
                json!({"spec": {"addOns": {"a": null}}}),
                json!({"spec": {"addOns": {}}}),
            ),
            (
                "an object takes the place of a scalar",
                json!({"a": 1}),
                json!({"a": {"b": 2}}),
                json!({"a": {"b": 2}}),
            ),
            (
                "an empty object changes nothing",
                json!({"a": {"b": 2}}),
                json!({"a": {}}),
                json!({"a": {"b": 2}}),
            ),
            (
                "arrays are replaced whole",
                json!({"a": [1, 2]}),
                json!({"a": [3]}),
                json!({"a": [3]}),
            ),
            (
                "$replace takes the place of the whole field",
                json!({"spec": {"addOns": {"a": {}}, "version": "1"}}),
                json!({"$replace/spec": {"version": "2"}}),
                json!({"spec": {"version": "2"}}),
            ),
            (
                "$replace with null removes, and the field may hold slashes",
                json!({"tags": {"cpln/protected": true, "a": 1}}),
                json!({"tags": {"$replace/cpln/protected": null}}),
                json!({"tags": {"a": 1}}),
            ),
            (
                "$append, also to what is not there",
                json!({"a": [1]}),
                json!({"$append/a": [2, 3], "$append/b": [4]}),
                json!({"a": [1, 2, 3], "b": [4]}),
            ),
            (
                "$drop/F by value, by name and by an object with the name",
                json!({"a": [1, {"name": "x", "n": 1}, {"name": "y"}, {"name": "z"}]}),
                json!({"$drop/a": [1, "x", {"name": "y"}]}),
                json!({"a": [{"name": "z"}]}),
            ),
            (
                "$drop of fields",
                json!({"a": 1, "b": 2, "c": 3}),
                json!({"$drop": ["a", "c", "d"]}),
                json!({"b": 2}),
            ),
            (
                "$patch merges items by name",
                json!({"pools": [{"name": "x", "min": 1, "max": 2}, {"name": "y"}]}),
                json!({"$patch/pools": [{"name": "x", "max": 5, "min": null}]}),
                json!({"pools": [{"name": "x", "max": 5}, {"name": "y"}]}),
            ),
        ] {
            assert_eq!(merged(&target, &patch), Ok(want), "{what}");
        }
    }

    #[test]
    fn a_bad_operator_is_named_with_its_path() {
        for (patch, path, reason) in [
            (
                json!({"spec": {"$swap/x": 1}}),
                "spec.$swap/x",
                "is not an operator",
            ),
            (json!({"$append/a": 1}), "$append/a", "must be an array"),
            (
                json!({"$drop": [1]}),
                "$drop",
                "must be an array of field names",
            ),
            (
                json!({"$drop/text": ["a"]}),
                "$drop/text",
                "names a field that is not an array",
            ),
            (
                json!({"$patch/a": [{"n": 1}]}),
                "$patch/a",
                "must hold objects with a name",
            ),
            (
                json!({"$patch/a": [{"name": "q"}]}),
                "$patch/a",
                "names \"q\", which is not there",
            ),
        ] {
            let got = merged(&json!({"a": [], "text": "t"}), &patch).unwrap_err();
            assert_eq!(
                (got.path.as_str(), got.reason.as_str()),
                (path, reason),
                "{patch}"
            );
        }
    }
}
