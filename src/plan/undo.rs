//! Taking back what a run changed of a cluster's add-ons. Pure.
//!
//! Only what the run changed is taken back, setting by setting, so that what stands beside it stays, what
//! may be secret included. What is no longer as the run left it is somebody else's by now: a conflict.

use super::{AddonRequest, Setting, TargetWords, Verb, Wish};
use crate::addon::NamedAddon;
use crate::addon::path::{Path, PathStep};
use crate::addon::public::public;
use crate::cluster::Cluster;
use crate::drift;
use crate::error::Error;
use crate::text::Foreign;
use serde_json::{Map, Value, json};

/// What a run made of an add-on, without what may be secret.
#[derive(Debug, Clone, PartialEq)]
pub struct UndoneChange {
    /// Its key.
    pub(crate) key: String,
    /// Its value before the run; `null` is off.
    pub(crate) before: Value,
    /// Its value after it; `null` is off.
    pub(crate) after: Value,
}

/// What is to be done to a cluster so that all of it is taken back, each add-on by itself; the last thing
/// that was done is the first. A conflict names everything that somebody else has changed since.
pub(super) fn requests(
    cluster: &Cluster,
    request: &AddonRequest,
    changes: &[UndoneChange],
    place: &TargetWords,
) -> Result<Vec<AddonRequest>, Error> {
    let (mut requests, mut conflicts) = (Vec::new(), Vec::new());
    for change in changes.iter().rev() {
        match back(cluster, change) {
            Ok(None) => {}
            Ok(Some(verb)) => requests.push(AddonRequest {
                addon: NamedAddon::of_key(&change.key),
                verb,
                companions: false,
                force: request.force,
                expected: Vec::new(),
            }),
            Err(reasons) => {
                let name = super::display_name(&change.key);
                let named = |reason| format!("{}: {reason}", Foreign(name));
                conflicts.extend(reasons.into_iter().map(named));
            }
        }
    }
    if conflicts.is_empty() {
        return Ok(requests);
    }
    let error = Error::conflict(format!("the run was not undone {}", place.words));
    Err(conflicts.into_iter().fold(error, Error::because))
}

/// What takes one change back; nothing where it is taken back already, and the reasons where others have
/// changed what the run did.
fn back(cluster: &Cluster, change: &UndoneChange) -> Result<Option<Verb>, Vec<String>> {
    let UndoneChange { key, before, after } = change;
    let org = cluster.org().unwrap_or_default();
    let there = cluster.add_on_key(key).map(|value| public(key, value));
    let is = |wanted: &Value| {
        let there = there.clone().unwrap_or_default();
        are_alike(key, &Path::default(), Some(wanted), Some(&there), org)
    };
    match (before, after, &there) {
        (Value::Null, _, None) | (_, Value::Null, Some(_)) if is(before) => Ok(None),
        (Value::Null, _, Some(_)) if is(after) => Ok(Some(Verb::Disable)),
        (Value::Null, _, _) => Err(vec![
            "its settings are not those that the run left".to_owned(),
        ]),
        (Value::Object(settings), Value::Null, None) => Ok(Some(Verb::Enable(Wish {
            merged: Some(settings.clone()),
            replaces: true,
            is_live: true,
            settings: Vec::new(),
        }))),
        (_, Value::Null, Some(_)) => Err(vec![
            "it is on again, with other settings than before".to_owned(),
        ]),
        (Value::Object(_), _, None) => Err(vec!["it is off, and the run left it on".to_owned()]),
        (Value::Object(before), Value::Object(after), Some(there)) => {
            settings_back(key, before, after, there, org)
        }
        _ => Err(vec!["what stood there before are no settings".to_owned()]),
    }
}

/// The settings that the run changed as they were.
fn settings_back(
    key: &str,
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    there: &Value,
    org: &str,
) -> Result<Option<Verb>, Vec<String>> {
    let mut changed = Vec::new();
    differing(&mut Vec::new(), before, after, &mut changed);
    let (mut settings, mut conflicts) = (Vec::new(), Vec::new());
    for (path, was, became) in changed {
        let found = path.get(there);
        let is = |wanted| are_alike(key, &path, wanted, found, org);
        if is(became) && !(found.is_none() && was.is_none()) {
            let value = was.cloned();
            settings.push(Setting { path, value });
        } else if !is(was) {
            let path = path.to_string();
            conflicts.push(format!(
                "its `{}` is not as the run left it",
                Foreign(&path)
            ));
        }
    }
    if !conflicts.is_empty() {
        return Err(conflicts);
    }
    let wish = Wish {
        is_live: true,
        ..Wish::of(settings)
    };
    Ok((!wish.settings.is_empty()).then_some(Verb::Enable(wish)))
}

/// A setting with its value in one object and in another.
type Differing<'v> = (Path, Option<&'v Value>, Option<&'v Value>);

/// The settings in which two objects differ, objects deep, lists as a whole.
fn differing<'v>(
    at: &mut Vec<PathStep>,
    one: &'v Map<String, Value>,
    other: &'v Map<String, Value>,
    found: &mut Vec<Differing<'v>>,
) {
    let added = other.keys().filter(|key| !one.contains_key(*key));
    for key in one.keys().chain(added) {
        at.push(PathStep::Key(key.clone()));
        match (one.get(key), other.get(key)) {
            (Some(Value::Object(one)), Some(Value::Object(other))) => {
                differing(at, one, other, found);
            }
            (one, other) if one != other => found.push((at.iter().cloned().collect(), one, other)),
            _ => {}
        }
        at.pop();
    }
}

/// Whether two values of a setting mean the same: links in either spelling, and what the server fills in by
/// itself.
fn are_alike(
    key: &str,
    path: &Path,
    wanted: Option<&Value>,
    found: Option<&Value>,
    org: &str,
) -> bool {
    let cluster = |value: Option<&Value>| {
        let mut settings = json!({});
        if let Some(value) = value {
            if path.steps().is_empty() {
                settings = value.clone();
            } else if path.put(&mut settings, value.clone()).is_err() {
                return None;
            }
        }
        Some(Cluster::new(json!({"spec": {"addOns": {key: settings}}})))
    };
    match (cluster(wanted), cluster(found)) {
        (Some(wanted), Some(found)) => drift::add_ons(&wanted, &found, org).is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Plan, plan};
    use super::*;
    use crate::change;
    use crate::error::Kind;

    fn change(key: &str, before: &Value, after: &Value) -> UndoneChange {
        UndoneChange {
            key: key.to_owned(),
            before: before.clone(),
            after: after.clone(),
        }
    }

    fn undone(add_ons: &Value, changes: Vec<UndoneChange>) -> Result<(Value, Plan), Error> {
        let cluster = Cluster::new(json!({"name": "c", "spec": {
            "version": "1.33.5", "provider": {"hetzner": {}}, "addOns": add_ons,
        }}));
        let request = AddonRequest {
            addon: NamedAddon::Key("addOns".to_owned()),
            verb: Verb::Undo(changes),
            companions: false,
            force: false,
            expected: Vec::new(),
        };
        let plan = plan(&cluster, &request, &TargetWords::default())?;
        let mut value = cluster.into_value();
        change::apply(&mut value, &plan.changes);
        Ok((value["spec"]["addOns"].clone(), plan))
    }

    #[test]
    fn what_was_switched_is_switched_back() {
        let metrics = json!({"kubeState": true, "scrapeAnnotated": {"includeNamespaces": "^a$"}});
        let off = change("metrics", &metrics, &json!(null));
        let (after, plan) = undone(&json!({"logs": {}}), vec![off.clone()]).unwrap();
        assert_eq!(after, json!({"logs": {}, "metrics": metrics}));
        // The undoing is undone the same way, and a second one has nothing to do.
        let on = change("metrics", &json!(null), &metrics);
        assert_eq!(undone(&after, vec![on]).unwrap().0, json!({"logs": {}}));
        assert!(undone(&after, vec![off]).unwrap().1.is_empty());
        assert_eq!(plan.steps().count(), 1);
    }

    #[test]
    fn only_the_settings_of_the_run_are_taken_back() {
        let run = change(
            "metrics",
            &json!({"kubeState": true, "coreDns": true, "scrapeAnnotated": {"intervalSeconds": 60}}),
            &json!({"kubeState": false, "scrapeAnnotated": {"intervalSeconds": 60}, "kubelet": true}),
        );
        let live = json!({"metrics": {"kubeState": false, "kubelet": true, "cadvisor": true,
            "scrapeAnnotated": {"intervalSeconds": 90}}});
        let (after, _) = undone(&live, vec![run.clone()]).unwrap();
        assert_eq!(
            after["metrics"],
            json!({"kubeState": true, "coreDns": true, "cadvisor": true,
                "scrapeAnnotated": {"intervalSeconds": 90}})
        );
        let (_, plan) = undone(&after, vec![run.clone()]).unwrap();
        assert!(plan.is_empty());
        // A secret beside it stays where it is.
        let byok = |n: i64, more: Value| {
            let mut byok =
                json!({"location": "//location/x", "config": {"longhorn": {"replicas": n}}});
            crate::patch::merge(&mut byok, &more);
            byok
        };
        let secret = json!({"config": {"monitoring": {"remoteWrite": [{"url": "https://a", "password": "p"}]}}});
        let run_of_byok = change("byok", &byok(2, json!({})), &byok(3, json!({})));
        let (after, _) =
            undone(&json!({"byok": byok(3, secret.clone())}), vec![run_of_byok]).unwrap();
        assert_eq!(after["byok"], byok(2, secret));
        for (live, why) in [
            (
                json!({"metrics": {"kubeState": "x", "kubelet": true}}),
                "its `kubeState` is not",
            ),
            (json!({}), "it is off, and the run left it on"),
        ] {
            let error = undone(&live, vec![run.clone()]).unwrap_err();
            assert_eq!(error.kind, Kind::Conflict);
            assert!(error.because[0].contains(why), "{error}");
        }
    }

    #[test]
    fn what_others_did_since_is_a_conflict_and_all_of_it_is_listed() {
        let on = change("logs", &json!(null), &json!({}));
        let off = change("metrics", &json!({"kubeState": true}), &json!(null));
        let live = json!({"logs": {"docker": true}, "metrics": {"cadvisor": true}});
        let error = undone(&live, vec![on.clone(), off]).unwrap_err();
        assert_eq!(error.because.len(), 2, "{error:?}");
        // What the server fills in is nobody's doing.
        let live = json!({"logs": {"docker": false}});
        assert_eq!(undone(&live, vec![on]).unwrap().0, json!({}));
        // What needs it by now keeps it on.
        let identity = change("awsWorkloadIdentity", &json!(null), &json!({}));
        let live = json!({"awsWorkloadIdentity": {}, "awsECR": {"roleArn": "arn:aws:iam::999999999999:role/a"}});
        let error = undone(&live, vec![identity]).unwrap_err();
        assert_eq!(error.kind, Kind::Refused);
    }

    #[test]
    fn what_stood_there_before_needs_no_rule_of_ours() {
        let off = change(
            "kubevirt",
            &json!({"scratchSpaceStorageClass": 7}),
            &json!(null),
        );
        let (after, plan) = undone(&json!({}), vec![off]).unwrap();
        assert_eq!(after, json!({"kubevirt": {"scratchSpaceStorageClass": 7}}));
        assert_eq!(plan.warnings, [""; 0]);
        let unknown = change("rocket", &json!({"fuel": [1]}), &json!({"fuel": [2]}));
        let (after, _) = undone(&json!({"rocket": {"fuel": [2]}}), vec![unknown]).unwrap();
        assert_eq!(after, json!({"rocket": {"fuel": [1]}}));
    }
}
