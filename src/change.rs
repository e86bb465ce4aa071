//! One change below `spec.addOns`, and what a list of them means. Pure.
//!
//! A manifest edit, a PATCH body and the proof of both come from the same list, so that a file and
//! a live cluster cannot end up with different add-ons.

use serde_json::{Map, Value};

/// Sets or removes one value below `spec.addOns`.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The add-on's key, and for a single setting the field's name: `["awsECR"]`,
    /// `["awsECR", "roleArn"]`. Never empty.
    pub(crate) path: Vec<String>,
    /// The new value; `None` removes the key.
    pub(crate) value: Option<Value>,
}

impl Change {
    /// Sets the value at the path.
    pub fn set(path: &[&str], value: Value) -> Self {
        Self {
            path: path.iter().map(|&part| part.to_owned()).collect(),
            value: Some(value),
        }
    }

    /// Removes the key at the path.
    pub(crate) fn remove(path: &[&str]) -> Self {
        Self {
            path: path.iter().map(|&part| part.to_owned()).collect(),
            value: None,
        }
    }
}

/// Puts the changes into a whole cluster object, as the edited manifest or the patched cluster
/// should read afterwards.
///
/// `spec.addOns` that is missing or null becomes an object when something is set; a removal never
/// makes one. An `addOns` object that becomes empty stays, as `{}`.
pub(crate) fn apply(object: &mut Value, changes: &[Change]) {
    for change in changes {
        let mut path = vec!["spec", "addOns"];
        path.extend(change.path.iter().map(String::as_str));
        match &change.value {
            Some(value) => set(object, &path, value.clone()),
            None => remove(object, &path),
        }
    }
}

/// The `addOns` object of a merge patch: values to set, `null` to remove.
pub(crate) fn patch(changes: &[Change]) -> Value {
    let mut add_ons = Value::Object(Map::new());
    for change in changes {
        let path: Vec<&str> = change.path.iter().map(String::as_str).collect();
        set(
            &mut add_ons,
            &path,
            change.value.clone().unwrap_or(Value::Null),
        );
    }
    add_ons
}

fn set(mut at: &mut Value, path: &[&str], value: Value) {
    for part in path {
        if !at.is_object() {
            *at = Value::Object(Map::new());
        }
        let Value::Object(map) = at else { return };
        at = map.entry((*part).to_owned()).or_insert(Value::Null);
    }
    *at = value;
}

fn remove(mut at: &mut Value, path: &[&str]) {
    let Some((last, parents)) = path.split_last() else {
        return;
    };
    for part in parents {
        match at.get_mut(*part) {
            Some(next) => at = next,
            None => return,
        }
    }
    if let Value::Object(map) = at {
        map.shift_remove(*last);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_patch_holds_only_what_changes_and_null_for_removals() {
        let changes = [
            Change::set(&["awsWorkloadIdentity"], json!({})),
            Change::set(&["awsECR", "roleArn"], json!("arn")),
            Change::remove(&["dashboard"]),
        ];
        assert_eq!(
            patch(&changes),
            json!({"awsWorkloadIdentity": {}, "awsECR": {"roleArn": "arn"}, "dashboard": null})
        );
    }

    #[test]
    fn applying_makes_add_ons_when_missing_and_keeps_the_rest() {
        let mut object = json!({"kind": "mk8s", "spec": {"addOns": null, "version": "1.33.5"}});
        apply(&mut object, &[Change::set(&["awsECR"], json!({}))]);
        assert_eq!(
            object["spec"],
            json!({"addOns": {"awsECR": {}}, "version": "1.33.5"})
        );
        apply(&mut object, &[Change::remove(&["awsECR"])]);
        assert_eq!(object["spec"]["addOns"], json!({}));
    }

    #[test]
    fn removing_what_is_not_there_makes_nothing() {
        let mut object = json!({"spec": {}});
        apply(&mut object, &[Change::remove(&["awsECR", "roleArn"])]);
        assert_eq!(object, json!({"spec": {}}));
    }
}
