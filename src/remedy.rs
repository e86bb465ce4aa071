//! The command that switches an add-on on, in the state that a cluster is in. Pure.
//!
//! What is printed to be pasted has to work, so each command is planned first, by the rules that
//! will judge it; what would be refused is not printed.

use crate::addon::rules::{self, Finding};
use crate::addon::{Addon, Named, Param, ParamKind};
use crate::change::Change;
use crate::cluster::Cluster;
use crate::plan::{self, Place, Plan, Request, Setting, Verb};
use serde_json::{Value, json};

/// A command, and what it changes.
#[derive(Debug, Clone, PartialEq)]
pub struct Remedy {
    /// Without `mk8s`: `addon enable aws-ecr -c edge --role-arn ARN --with-prerequisites`.
    pub words: String,
    /// Below `spec.addOns`; what a person fills in is made up.
    pub changes: Vec<Change>,
}

/// The least that switches the add-on on or, where it is on, completes it. `set` is a setting that a
/// person gives in any case. `None` where every such command would be refused.
pub fn enable(
    cluster: &Cluster,
    addon: &'static Addon,
    flags: &str,
    set: Option<&'static Param>,
) -> Option<Remedy> {
    let given: Vec<&'static Param> = set.into_iter().collect();
    let mut all = given.clone();
    for param in lacking(cluster, addon) {
        if !all.iter().any(|other| other.field == param.field) {
            all.push(param);
        }
    }
    let tries = [(&given, false), (&given, true), (&all, false), (&all, true)];
    tries.into_iter().find_map(|(params, companions)| {
        let settings: Vec<Setting> = params
            .iter()
            .map(|&param| Setting {
                param,
                value: Some(sample(param.kind)),
            })
            .collect();
        let plan = planned(cluster, addon, settings, companions)?;
        let mut words = format!("addon enable {} {flags}", addon.name);
        for param in params {
            let flag = param.flag?;
            words = format!("{words} --{flag} {}", param.kind.placeholder());
        }
        if companions {
            words.push_str(" --with-prerequisites");
        }
        Some(Remedy {
            words,
            changes: plan.changes,
        })
    })
}

/// The command that gives the add-on these settings and no other; `None` where it would be refused,
/// or one of them has no flag.
pub fn with_settings(
    cluster: &Cluster,
    addon: &'static Addon,
    flags: &str,
    wanted: &[(&str, &Value)],
    quote: impl Fn(&str) -> String,
) -> Option<Remedy> {
    let mut words = format!("addon enable {} {flags}", addon.name);
    let mut settings = Vec::new();
    for (field, value) in wanted {
        let param = addon.params.iter().find(|param| param.field == *field)?;
        let text = value.as_str()?;
        words = format!("{words} --{} {}", param.flag?, quote(text));
        settings.push(Setting {
            param,
            value: Some((*value).clone()),
        });
    }
    let plan = planned(cluster, addon, settings, false)?;
    Some(Remedy {
        words,
        changes: plan.changes,
    })
}

fn planned(
    cluster: &Cluster,
    addon: &'static Addon,
    settings: Vec<Setting>,
    companions: bool,
) -> Option<Plan> {
    let request = Request {
        addon: Named::Known(addon),
        verb: Verb::Enable(settings),
        companions,
        force: false,
    };
    let place = Place {
        words: String::new(),
        flags: String::new(),
    };
    plan::plan(cluster, &request, &place).ok()
}

/// The settings without which it is refused, as far as there is a flag for them.
fn lacking(cluster: &Cluster, addon: &'static Addon) -> Vec<&'static Param> {
    let nothing = json!({});
    let settings = cluster.add_on(addon.key).unwrap_or(&nothing);
    rules::before_enable(cluster, addon, settings)
        .into_iter()
        .filter_map(|finding| match finding {
            Finding::SettingMissing(param) | Finding::SettingInvalid { param, .. } => Some(param),
            Finding::RoleMissing { .. } => addon.param_by_flag("role-arn"),
            _ => None,
        })
        .filter(|param| param.flag.is_some())
        .collect()
}

/// A value of the kind, in place of what a person fills in.
fn sample(kind: ParamKind) -> Value {
    match kind {
        ParamKind::RoleArn => json!("arn:aws:iam::111111111111:role/x"),
        ParamKind::Link => json!("//location/x"),
        ParamKind::Bool => json!(true),
        ParamKind::Array => json!([]),
        ParamKind::Object => json!({}),
        ParamKind::Text | ParamKind::Regex => json!("00000000-0000-0000-0000-000000000000"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::addon::{CATALOG, by_word};

    fn cluster(provider: &str, add_ons: &Value) -> Cluster {
        Cluster::new(json!({"name": "x", "spec": {"provider": {provider: {}}, "addOns": add_ons}}))
    }

    fn words(cluster: &Cluster, addon: &str) -> Option<String> {
        let addon = by_word(addon).unwrap();
        enable(cluster, addon, "-c x", None).map(|it| it.words)
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
                "azure-acr -c x --client-id VALUE --with-prerequisites",
            ),
            (
                "gcp",
                json!({"byok": {"location": "x"}}),
                "byok",
                "byok -c x --location LINK",
            ),
        ] {
            let found = words(&cluster(provider, &add_ons), addon);
            assert_eq!(found, Some(format!("addon enable {expected}")));
        }
    }

    #[test]
    fn a_command_that_is_given_is_one_that_the_rules_let_pass() {
        for provider in ["aws", "hetzner", "gcp", "linode"] {
            for addon in CATALOG {
                let cluster = cluster(provider, &json!({}));
                let remedy = enable(&cluster, addon, "-c x", None).unwrap();
                let mut value = cluster.into_value();
                crate::change::apply(&mut value, &remedy.changes);
                let after = Cluster::new(value);
                assert!(after.add_on(addon.key).is_some(), "{}", remedy.words);
                let settings = after.add_on(addon.key).unwrap();
                let mut left = rules::before_enable(&after, addon, settings);
                left.retain(|it| it.weight() != rules::Weight::Warns);
                assert!(left.is_empty(), "{}: {left:?}", remedy.words);
            }
        }
    }

    #[test]
    fn settings_are_given_by_their_flags_or_not_at_all() {
        let cluster = cluster("aws", &json!({"awsWorkloadIdentity": {}}));
        let ecr = by_word("aws-ecr").unwrap();
        let role = json!("arn:aws:iam::111111111111:role/x");
        let found = with_settings(&cluster, ecr, "-f m", &[("roleArn", &role)], str::to_owned);
        assert_eq!(
            found.map(|it| it.words).as_deref(),
            Some("addon enable aws-ecr -f m --role-arn arn:aws:iam::111111111111:role/x")
        );
        let metrics = by_word("metrics").unwrap();
        let wanted = [("kubeState", &json!(true))];
        assert_eq!(
            with_settings(&cluster, metrics, "-f m", &wanted, str::to_owned),
            None
        );
    }
}
