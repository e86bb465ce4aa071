//! What must hold before an add-on goes on or off. Pure: a cluster and a wish in, findings out.
//!
//! These are rules of ours where the platform only documents a prerequisite (control-plane.md 4.1,
//! 4.2), and rules of its schema where a setting is required.

use super::fault::{self, Wrong};
use super::param::Param;
use super::path::Path;
use super::{Addon, Documented, by_key};
use crate::cluster::Cluster;
use crate::placeholder;
use crate::secret;
use crate::text::{self, Foreign};
use serde_json::{Value, json};
use std::fmt;

/// One thing to say before an add-on goes on or off.
#[derive(Debug, Clone)]
pub(crate) enum RuleViolation {
    /// No page of the platform documents the add-on for the cluster's provider.
    Undocumented {
        /// The add-on.
        addon: &'static Addon,
        /// The key under `spec.provider`, if there is one.
        provider: Option<String>,
    },
    /// An add-on that it needs is off.
    Prerequisite(&'static Addon),
    /// Add-ons that are on need this one.
    Dependants(Vec<&'static Addon>),
    /// Off AWS, a role is needed and none is set.
    RoleMissing {
        /// The key under `spec.provider`, if there is one.
        provider: Option<String>,
    },
    /// The platform's schema wants this setting.
    SettingMissing {
        /// Where.
        path: Path,
        /// The setting.
        param: &'static Param,
    },
    /// The setting that is there is not of its kind.
    SettingInvalid {
        /// Where.
        path: Path,
        /// The setting there, or the one that it is in.
        param: &'static Param,
        /// What stands there.
        found: String,
        /// Why it will not do.
        reason: String,
    },
    /// The catalogue does not know the setting, and one that it knows has nearly this name.
    SettingMisspelt {
        /// Where.
        path: Path,
        /// The name that is meant.
        near: &'static str,
    },
}

/// What a finding does to a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weight {
    /// Nothing: it is said.
    Warns,
    /// It stops the change, and `--force` goes past it: rules of ours.
    Forceable,
    /// It stops the change: rules of the schema, and a cluster that could not pull.
    Refuses,
}

impl RuleViolation {
    /// What it does to a change.
    pub(crate) fn weight(&self) -> Weight {
        match self {
            Self::Undocumented { .. } | Self::SettingMisspelt { .. } => Weight::Warns,
            Self::Prerequisite(_) | Self::Dependants(_) => Weight::Forceable,
            Self::RoleMissing { .. }
            | Self::SettingMissing { .. }
            | Self::SettingInvalid { .. } => Weight::Refuses,
        }
    }
}

/// That no page documents the add-on for the cluster's provider, if that is so.
pub(crate) fn undocumented(provider: Option<&str>, addon: &'static Addon) -> Option<RuleViolation> {
    (!addon.is_documented_for(provider)).then(|| RuleViolation::Undocumented {
        addon,
        provider: provider.map(str::to_owned),
    })
}

/// The providers that are documented, in a sentence.
pub(crate) fn documented(addon: &Addon) -> String {
    match addon.documented {
        Documented::All => "all".to_owned(),
        Documented::For(providers) => text::list(providers.iter().copied()),
    }
}

impl fmt::Display for RuleViolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Undocumented { addon, provider } => {
                let (name, documented) = (addon.name, documented(addon));
                match provider {
                    // A provider's name comes from outside.
                    Some(provider) => write!(
                        f,
                        "{name} is not documented for {}; documented: {documented}",
                        Foreign(provider)
                    ),
                    None => write!(
                        f,
                        "{name} is documented for {documented}, and no provider is named"
                    ),
                }
            }
            Self::Prerequisite(needed) => write!(f, "it needs `{}`, which is off", needed.name),
            Self::Dependants(names) => {
                let verb = if names.len() == 1 { "needs" } else { "need" };
                let names: Vec<String> = names.iter().map(|a| format!("`{}`", a.name)).collect();
                write!(
                    f,
                    "{} {verb} it",
                    text::list(names.iter().map(String::as_str))
                )
            }
            Self::RoleMissing { provider } => write!(
                f,
                "a cluster {} has no AWS identity of its own, so it can only pull with a role, \
                 and none is set",
                match provider {
                    Some(provider) => format!("of the provider {}", Foreign(provider)),
                    None => "that names no provider".to_owned(),
                }
            ),
            Self::SettingMissing { path, param } => write!(
                f,
                "the platform requires `{}` ({})",
                Foreign(&path.to_string()),
                param.summary
            ),
            Self::SettingInvalid {
                path,
                found,
                reason,
                ..
            } => write!(
                f,
                "its `{}` is {found}: {reason}",
                Foreign(&path.to_string())
            ),
            Self::SettingMisspelt { path, near } => write!(
                f,
                "its setting `{}` is not known to mk8s, and `{near}` is",
                Foreign(&path.to_string())
            ),
        }
    }
}

/// What is to be said about switching the add-on on with these settings (the merged result).
pub(crate) fn before_enable(
    cluster: &Cluster,
    addon: &'static Addon,
    settings: &Value,
) -> Vec<RuleViolation> {
    let mut findings = Vec::new();
    let provider = cluster.provider();
    findings.extend(undocumented(provider, addon));
    findings.extend(
        addon
            .needs
            .iter()
            .filter(|key| cluster.add_on(key).is_none())
            .filter_map(|key| by_key(key))
            .map(RuleViolation::Prerequisite),
    );
    let given = |field: &str| settings.get(field).filter(|value| !value.is_null());
    if addon.works_at_home() && provider != Some("aws") && given("roleArn").is_none() {
        findings.push(RuleViolation::RoleMissing {
            provider: provider.map(str::to_owned),
        });
    }
    findings.extend(settings_of(addon, settings, cluster.org()));
    findings
}

/// What is wrong with the settings of an add-on, at every depth.
pub(crate) fn settings_of(
    addon: &Addon,
    settings: &Value,
    org: Option<&str>,
) -> Vec<RuleViolation> {
    let Value::Object(settings) = settings else {
        return Vec::new();
    };
    let faults = fault::faults(addon.params, settings, org).into_iter();
    faults
        .filter_map(|fault| {
            let path = fault.path;
            Some(match fault.what {
                // Nobody knows yet what it will be.
                Wrong::Invalid { found, .. } if found.as_str().is_some_and(placeholder::is_in) => {
                    return None;
                }
                Wrong::Missing => RuleViolation::SettingMissing {
                    path,
                    param: fault.param?,
                },
                Wrong::Invalid { found, reason } => RuleViolation::SettingInvalid {
                    found: format!("`{}`", short(&shown(fault.param?, &found))),
                    path,
                    param: fault.param?,
                    reason,
                },
                Wrong::Misspelt { meant } => RuleViolation::SettingMisspelt { path, near: meant },
                Wrong::Unknown { near } => RuleViolation::SettingMisspelt { path, near: near? },
                // No setting of an add-on has a table of known values that may be too short.
                Wrong::Unlisted { .. } => return None,
            })
        })
        .collect()
}

/// A value without what may be secret in it.
pub(crate) fn shown(param: &Param, value: &Value) -> Value {
    if param.secret && !value.is_null() {
        return json!("***");
    }
    let mut masked = secret::masked(&json!({param.field: value}));
    masked[param.field].take()
}

/// The add-ons that are on and need this one.
pub(crate) fn enabled_dependants(cluster: &Cluster, addon: &Addon) -> Vec<&'static Addon> {
    addon
        .dependants()
        .filter(|other| cluster.add_on(other.key).is_some())
        .collect()
}

/// A value as one short line.
pub(crate) fn short(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if text.chars().count() > 80 {
        text.chars().take(79).chain(['…']).collect()
    } else {
        text
    }
}
