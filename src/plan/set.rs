//! A desired set of add-ons: all of it planned together, one PATCH a cluster. Pure.

use super::{
    Action, AddonRequest, AddonStep, Expectation, Plan, TargetWords, Verb, Wish, plan as plan_one,
    wish,
};
use crate::addon::param::Param;
use crate::addon::{NamedAddon, ParamKind, by_key};
use crate::change;
use crate::cluster::Cluster;
use crate::defaults::is_default;
use crate::error::Error;
use crate::invocation::Invocation;
use crate::secret;
use crate::text::quotable;
use serde_json::{Map, Value};

/// What a set of add-ons is to be.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AddonSet {
    /// The add-ons by their keys, in order: their settings, or that they are off.
    pub(crate) wanted: Vec<(String, Option<Map<String, Value>>)>,
    /// What is not in the set goes.
    pub(crate) prunes: bool,
    /// So do keys that the catalogue does not have.
    pub(crate) prunes_unknown: bool,
    /// The settings of an add-on are those of the set alone, but for what is each cluster's own. Without
    /// it what is not mentioned is kept.
    pub(crate) exact_but_for: Option<OwnSettings>,
    /// The keys of add-ons from which something was left out that is another cluster's own: where one
    /// cannot be without it, it stays as it is.
    pub(crate) lacking: Vec<String>,
    /// What has to stand there now, by the keys of the add-ons; an empty path is the whole add-on.
    pub(crate) expected: Vec<(String, Expectation)>,
}

/// What of an add-on's settings is a cluster's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnSettings {
    /// Nothing.
    Nothing,
    /// These fields on the first level.
    Fields(&'static [&'static str]),
    /// What may be secret, at any depth.
    Secrets,
}

impl OwnSettings {
    /// Puts what is a cluster's own into settings that have nothing there.
    fn keep(self, there: &Map<String, Value>, settings: &mut Map<String, Value>) {
        for (field, value) in there {
            let is_own = match self {
                Self::Nothing => false,
                Self::Fields(fields) => fields.contains(&field.as_str()),
                Self::Secrets => secret::is_secret(field, value),
            };
            if is_own && !settings.contains_key(field) {
                settings.insert(field.clone(), value.clone());
            } else if self == Self::Secrets
                && let (Value::Object(there), Some(Value::Object(below))) =
                    (value, settings.get_mut(field))
            {
                self.keep(there, below);
            }
        }
    }
}

impl AddonSet {
    /// What is to be done to a cluster, each add-on by itself.
    pub(super) fn requests(&self, cluster: &Cluster, whole: &AddonRequest) -> Vec<AddonRequest> {
        let request = |key: &str, verb: Verb| AddonRequest {
            addon: NamedAddon::of_key(key),
            verb,
            companions: false,
            force: whole.force,
            expected: Vec::new(),
        };
        let mut requests: Vec<AddonRequest> = self
            .wanted
            .iter()
            .map(|(key, settings)| match settings {
                None => request(key, Verb::Disable),
                Some(settings) => request(key, Verb::Enable(self.wish(cluster, key, settings))),
            })
            .collect();
        if self.prunes {
            let on = cluster.add_ons().into_iter().flatten();
            let others = on
                .filter(|(key, value)| !value.is_null() && !self.has(key))
                .filter(|(key, _)| self.prunes_unknown || by_key(key).is_some());
            requests.extend(others.map(|(key, _)| request(key, Verb::Disable)));
        }
        requests
    }

    fn has(&self, key: &str) -> bool {
        self.wanted.iter().any(|(it, _)| it == key)
    }

    fn wish(&self, cluster: &Cluster, key: &str, settings: &Map<String, Value>) -> Wish {
        let mut merged = settings.clone();
        if self.exact_but_for == Some(OwnSettings::Secrets) {
            let there = cluster.add_on(key).and_then(Value::as_object);
            let params = by_key(key).map_or(&[][..], |addon| addon.params);
            leave_out_defaults(&format!("spec.addOns.{key}"), params, there, &mut merged);
        }
        if let Some(own) = self.exact_but_for {
            let there = cluster.add_on(key).and_then(Value::as_object);
            if let Some(there) = there {
                own.keep(there, &mut merged);
            }
        }
        Wish {
            merged: Some(merged),
            replaces: self.exact_but_for.is_some(),
            settings: Vec::new(),
            is_live: self.exact_but_for == Some(OwnSettings::Secrets),
        }
    }
}

/// Takes out of live settings what the server fills in by itself, where the manifest does not have it.
fn leave_out_defaults(
    path: &str,
    params: &[Param],
    there: Option<&Map<String, Value>>,
    live: &mut Map<String, Value>,
) {
    live.retain(|field, value| {
        let path = format!("{path}.{field}");
        let param = params.iter().find(|param| param.field == *field);
        let own = there.and_then(|there| there.get(field));
        if let Value::Object(below) = value {
            let params = match param.map(|param| param.kind) {
                Some(ParamKind::Object(params)) => params,
                _ => &[],
            };
            let own = own.and_then(Value::as_object);
            let was_empty = below.is_empty();
            leave_out_defaults(&path, params, own, below);
            return own.is_some() || was_empty || !below.is_empty();
        }
        let default = param.and_then(|param| param.kind.parse(param.default?).ok());
        let is_default = default.is_some_and(|default| default == *value)
            || is_default(&path, value, &Value::Null);
        own.is_some() || !is_default
    });
}

/// Plans what is to be done to several add-ons of one cluster. What one needs another may bring, in whatever
/// order they stand; every add-on that cannot be as it is wanted is a reason, unless it is one of those that
/// may be lacking.
pub(super) fn plan(
    cluster: &Cluster,
    request: &AddonRequest,
    (mut open, lacking): (Vec<AddonRequest>, &[String]),
    place: &TargetWords,
) -> Result<Plan, Error> {
    let mut now = cluster.clone();
    let (mut steps, mut changes, mut warnings) = (Vec::new(), Vec::new(), Vec::new());
    while !open.is_empty() {
        let before = open.len();
        let (mut left, mut errors) = (Vec::new(), Vec::new());
        for one in open {
            match plan_one(&now, &one, place) {
                Ok(plan) => {
                    let mut value = now.into_value();
                    change::apply(&mut value, &plan.changes);
                    now = Cluster::new(value);
                    changes.extend(plan.changes);
                    warnings.extend(plan.warnings);
                    steps.push(plan.main);
                }
                Err(error) => {
                    errors.push(error);
                    left.push(one);
                }
            }
        }
        if left.len() == before {
            let is_lacking = |one: &AddonRequest| lacking.iter().any(|it| it == one.addon.key());
            if !left.iter().any(is_lacking) {
                return Err(refusal(errors, request, place));
            }
            for (one, error) in left.iter().zip(errors).filter(|(one, _)| is_lacking(one)) {
                warnings.push(format!(
                    "{} is not copied {}, since what it needs there was left out: {}",
                    one.addon.shown(),
                    place.words,
                    error.because.join("; ")
                ));
            }
            left.retain(|one| !is_lacking(one));
        }
        open = left;
    }
    let (changed, same): (Vec<AddonStep>, Vec<AddonStep>) = steps
        .into_iter()
        .partition(|step| step.action != Action::None);
    let mut told = changed.into_iter();
    let nothing = || AddonStep {
        addon: request.addon.clone(),
        action: Action::None,
        before: None,
        after: None,
    };
    let main = told
        .next()
        .or_else(|| same.into_iter().next())
        .unwrap_or_else(nothing);
    Ok(Plan {
        main,
        companions: told.collect(),
        changes,
        registry_access: None,
        role_kept: None,
        warnings,
        owner: None,
    })
}

/// Refuses where something else stands there than was expected, with every difference of every add-on.
pub(super) fn expected(
    cluster: &Cluster,
    request: &AddonRequest,
    set: &AddonSet,
    place: &TargetWords,
) -> Result<(), Error> {
    let mut reasons = Vec::new();
    for (key, one) in &set.expected {
        let addon = NamedAddon::of_key(key);
        let name = addon.shown();
        if one.path.steps().is_empty() {
            let there = cluster.add_on(addon.key());
            let wanted: Option<Value> = serde_json::from_str(&one.text).ok();
            let is_met = match there {
                None => one.text.is_empty(),
                Some(there) => wanted.is_some_and(|wanted| ParamKind::Any.same(there, &wanted)),
            };
            if !is_met {
                let wanted = match one.text.as_str() {
                    "" => "it was expected to be off".to_owned(),
                    text if secret::may_hold(key, text) => "something else was expected".to_owned(),
                    text => format!("`{}` was expected", quotable(text)),
                };
                let is = match there {
                    None => "is off",
                    Some(_) if one.text.is_empty() => "is on",
                    Some(_) => "has other settings",
                };
                reasons.push(format!("{name} {is}, and {wanted}"));
            }
            continue;
        }
        let alone = AddonRequest {
            addon: addon.clone(),
            expected: vec![one.clone()],
            ..request.clone()
        };
        if let Err(error) = wish::expected(cluster, &alone, place) {
            let because = error.because.into_iter();
            reasons.extend(because.map(|reason| format!("{name}: {reason}")));
        }
    }
    if reasons.is_empty() {
        return Ok(());
    }
    let error = Error::conflict(format!("the add-ons were not set {}", place.words));
    let list = Invocation::mk8s("addon list").with(&place.flags);
    let hint = list.within("", " shows what is there");
    Err(reasons.into_iter().fold(error, Error::because).hint(hint))
}

/// One refusal of the whole with the reasons of all.
fn refusal(errors: Vec<Error>, request: &AddonRequest, place: &TargetWords) -> Error {
    let mut all = errors.into_iter();
    let Some(first) = all.next() else {
        return Error::failure("nothing was planned");
    };
    let ((subject, was), done) = (request.subject(), request.verb.done());
    let mut error = Error::new(
        first.kind,
        format!("{subject} {was} not {done} {}", place.words),
    );
    for one in std::iter::once(first).chain(all) {
        error = error.because(one.to_string());
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn set(wanted: &Value, prunes: bool) -> AddonSet {
        let wanted = wanted.as_object().unwrap().iter();
        AddonSet {
            wanted: wanted
                .map(|(key, value)| (key.clone(), value.as_object().cloned()))
                .collect(),
            prunes,
            ..AddonSet::default()
        }
    }

    fn on(add_ons: &Value, set: &AddonSet) -> Result<(Value, Plan), Error> {
        let cluster = Cluster::new(json!({"name": "c", "spec": {
            "version": "1.33.5", "provider": {"hetzner": {}}, "addOns": add_ons,
        }}));
        let request = AddonRequest {
            addon: NamedAddon::Key("addOns".to_owned()),
            verb: Verb::Set(set.clone()),
            companions: false,
            force: false,
            expected: Vec::new(),
        };
        let plan = plan_one(&cluster, &request, &TargetWords::default())?;
        let mut value = cluster.into_value();
        change::apply(&mut value, &plan.changes);
        Ok((value["spec"]["addOns"].clone(), plan))
    }

    #[test]
    fn a_set_is_done_in_the_order_in_which_it_can_be() {
        let role = json!({"roleArn": "arn:aws:iam::999999999999:role/a"});
        let wanted = json!({"awsECR": role, "awsWorkloadIdentity": {}, "logs": null});
        let (after, plan) = on(&json!({"logs": {}, "metrics": {}}), &set(&wanted, false)).unwrap();
        assert_eq!(
            after,
            json!({"metrics": {}, "awsWorkloadIdentity": {}, "awsECR": role})
        );
        assert_eq!(plan.steps().count(), 3);
        // A second time there is nothing to do.
        let (_, plan) = on(&after, &set(&wanted, false)).unwrap();
        assert!(plan.is_empty());
        // And back: what needs another goes first, whatever stands first.
        let off = json!({"awsWorkloadIdentity": null, "awsECR": null});
        let (after, _) = on(&after, &set(&off, false)).unwrap();
        assert_eq!(after, json!({"metrics": {}}));
    }

    #[test]
    fn a_closed_set_removes_what_it_has_not() {
        let before = json!({"metrics": {}, "logs": {}, "mine": {}});
        let (after, plan) = on(&before, &set(&json!({"logs": {}}), true)).unwrap();
        assert_eq!(after, json!({"logs": {}, "mine": {}}));
        assert!(plan.removes());
        let all = AddonSet {
            prunes_unknown: true,
            ..set(&json!({}), true)
        };
        assert_eq!(on(&before, &all).unwrap().0, json!({}));
    }

    #[test]
    fn settings_are_merged_or_are_those_of_the_set_but_for_the_cluster_s_own() {
        let before = json!({"metrics": {"kubeState": true, "nodeExporter": true}});
        let wanted = json!({"metrics": {"kubeState": false}});
        let (after, _) = on(&before, &set(&wanted, false)).unwrap();
        assert_eq!(
            after["metrics"],
            json!({"kubeState": false, "nodeExporter": true})
        );
        let exact = AddonSet {
            exact_but_for: Some(OwnSettings::Fields(&["nodeExporter"])),
            ..set(&wanted, false)
        };
        let more = json!({"metrics": {"kubeState": true, "nodeExporter": true, "apiServer": true}});
        assert_eq!(on(&more, &exact).unwrap().0, after);
    }

    #[test]
    fn what_cannot_be_is_told_with_every_reason() {
        let wanted =
            json!({"awsECR": {"roleArn": "arn:aws:iam::999999999999:role/a"}, "nvidia": {}});
        let error = on(&json!({}), &set(&wanted, false)).unwrap_err();
        assert!(
            error.to_string().contains("aws-workload-identity"),
            "{error}"
        );
    }
}
