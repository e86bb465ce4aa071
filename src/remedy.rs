//! The command that switches an add-on on, in the state that a cluster is in. Pure.
//!
//! What is printed to be pasted has to work, so each command is planned first, by the rules that
//! will judge it; what would be refused is not printed.

use crate::addon::param::SettingPlace;
use crate::addon::path::Path;
use crate::addon::rules::{self, RuleViolation};
use crate::addon::{Addon, NamedAddon};
use crate::change::Change;
use crate::cluster::Cluster;
use crate::invocation::{CommandFlags, Invocation};
use crate::plan::{self, AddonRequest, Plan, Setting, TargetWords, Verb, Wish};
use serde_json::{Value, json};

/// A command, and what it changes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Remedy {
    /// `mk8s addon enable aws-ecr -c edge --role-arn ARN --with-prerequisites`.
    pub(crate) command: Invocation,
    /// Below `spec.addOns`; what a person fills in is made up.
    pub(crate) changes: Vec<Change>,
}

/// The least that switches the add-on on or, where it is on, completes it. `set` is a setting that a
/// person gives in any case. `None` where every such command would be refused.
pub(crate) fn enable(
    cluster: &Cluster,
    addon: &'static Addon,
    target: &CommandFlags,
    set: Option<&Path>,
) -> Option<Remedy> {
    let given: Vec<SettingPlace> = match set {
        Some(path) => vec![addon.place(&path.to_string())?],
        None => Vec::new(),
    };
    let mut all = given.clone();
    for spot in lacking(cluster, addon) {
        if !all.iter().any(|other| other.path == spot.path) {
            all.push(spot);
        }
    }
    let tries = [(&given, false), (&given, true), (&all, false), (&all, true)];
    tries.into_iter().find_map(|(spots, companions)| {
        let settings: Option<Vec<Setting>> = spots
            .iter()
            .map(|spot| {
                Some(Setting {
                    path: spot.path.parse().ok()?,
                    value: Some(spot.param.example_value()),
                })
            })
            .collect();
        let plan = planned(cluster, addon, settings?, companions)?;
        let mut command = plan::enabling(addon.name, target);
        for spot in spots {
            spot.flag.as_ref()?;
            command = spot.ask(command);
        }
        Some(Remedy {
            command: command.plain_if(companions, "--with-prerequisites"),
            changes: plan.changes,
        })
    })
}

/// The command that gives the add-on these settings and no other; `None` where it would be refused,
/// or one of them has no flag.
pub(crate) fn with_settings(
    cluster: &Cluster,
    addon: &'static Addon,
    target: &CommandFlags,
    wanted: &[(&str, &Value)],
) -> Option<Remedy> {
    let mut command = plan::enabling(addon.name, target);
    let mut settings = Vec::new();
    for (field, value) in wanted {
        let spot = addon.place(field)?;
        spot.flag.as_ref()?;
        command = spot.set(command, value);
        settings.push(Setting {
            path: spot.path.parse().ok()?,
            value: Some((*value).clone()),
        });
    }
    let plan = planned(cluster, addon, settings, false)?;
    Some(Remedy {
        command,
        changes: plan.changes,
    })
}

fn planned(
    cluster: &Cluster,
    addon: &'static Addon,
    settings: Vec<Setting>,
    companions: bool,
) -> Option<Plan> {
    let request = AddonRequest {
        addon: NamedAddon::Known(addon),
        verb: Verb::Enable(Wish::of(settings)),
        expected: Vec::new(),
        companions,
        force: false,
    };
    let place = TargetWords::default();
    plan::plan(cluster, &request, &place).ok()
}

/// The settings without which it is refused, as far as there is a flag for them.
fn lacking(cluster: &Cluster, addon: &'static Addon) -> Vec<SettingPlace> {
    let nothing = json!({});
    let settings = cluster.add_on(addon.key).unwrap_or(&nothing);
    rules::before_enable(cluster, addon, settings)
        .into_iter()
        .filter_map(|finding| match finding {
            RuleViolation::SettingMissing { path, .. }
            | RuleViolation::SettingInvalid { path, .. } => addon.place(&path.to_string()),
            RuleViolation::RoleMissing { .. } => addon.by_flag("role-arn"),
            _ => None,
        })
        .filter(|spot| spot.flag.is_some())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::addon::{CATALOG, by_word};
    use crate::invocation::Reach;

    fn cluster(provider: &str, add_ons: &Value) -> Cluster {
        Cluster::new(json!({"name": "x", "spec": {"provider": {provider: {}}, "addOns": add_ons}}))
    }

    fn words(cluster: &Cluster, addon: &str) -> Option<String> {
        let addon = by_word(addon).unwrap();
        let remedy = enable(cluster, addon, &CommandFlags::new().cluster("x"), None);
        remedy.map(|it| it.command.render(&Reach::default()))
    }

    #[test]
    fn the_least_that_is_not_refused() {
        let on = json!({"awsWorkloadIdentity": {}});
        for (provider, add_ons, addon, expected) in [
            ("aws", json!({}), "headlamp", "headlamp -c x"),
            ("aws", on.clone(), "aws-ecr", "aws-ecr -c x"),
            (
                "aws",
                json!({}),
                "aws-ecr",
                "aws-ecr -c x --with-prerequisites",
            ),
            (
                "hetzner",
                on.clone(),
                "aws-ecr",
                "aws-ecr -c x --role-arn ARN",
            ),
            (
                "hetzner",
                json!({}),
                "aws-ecr",
                "aws-ecr -c x --role-arn ARN --with-prerequisites",
            ),
            ("aws", on, "aws-efs", "aws-efs -c x --role-arn ARN"),
            (
                "gcp",
                json!({}),
                "azure-acr",
                "azure-acr -c x --client-id UUID --with-prerequisites",
            ),
            (
                "gcp",
                json!({"byok": {"location": "x"}}),
                "byok",
                "byok -c x --location LINK",
            ),
        ] {
            let found = words(&cluster(provider, &add_ons), addon);
            assert_eq!(found, Some(format!("mk8s addon enable {expected}")));
        }
    }

    #[test]
    fn a_command_that_is_given_is_one_that_the_rules_let_pass() {
        for provider in ["aws", "hetzner", "gcp", "linode"] {
            for addon in CATALOG {
                let cluster = cluster(provider, &json!({}));
                let remedy = enable(&cluster, addon, &CommandFlags::new(), None).unwrap();
                let mut value = cluster.into_value();
                crate::change::apply(&mut value, &remedy.changes);
                let after = Cluster::new(value);
                assert!(after.add_on(addon.key).is_some(), "{:?}", remedy.command);
                let settings = after.add_on(addon.key).unwrap();
                let mut left = rules::before_enable(&after, addon, settings);
                left.retain(|it| it.weight() != rules::Weight::Warns);
                assert!(left.is_empty(), "{:?}: {left:?}", remedy.command);
            }
        }
    }

    #[test]
    fn settings_are_given_by_their_flags_or_not_at_all() {
        let cluster = cluster("aws", &json!({"awsWorkloadIdentity": {}}));
        let ecr = by_word("aws-ecr").unwrap();
        let role = json!("arn:aws:iam::111111111111:role/x");
        let file = CommandFlags::new().file("m");
        let found = with_settings(&cluster, ecr, &file, &[("roleArn", &role)]);
        let command = found.map(|it| it.command.render(&Reach::default()));
        assert_eq!(
            command.as_deref(),
            Some("mk8s addon enable aws-ecr -f m --role-arn arn:aws:iam::111111111111:role/x")
        );
        let metrics = by_word("metrics").unwrap();
        for (wanted, words) in [
            (
                ("kubeState", json!(true)),
                Some("mk8s addon enable metrics -f m --kube-state=true"),
            ),
            (("scrapeAnnotated", json!({})), None),
        ] {
            let wanted = [(wanted.0, &wanted.1)];
            let found = with_settings(&cluster, metrics, &file, &wanted);
            let found = found.map(|it| it.command.bare());
            assert_eq!(found.as_deref(), words);
        }
    }
}
