//! What must hold before an add-on goes on or off. Pure: a cluster and a wish in, findings out.
//!
//! These are rules of ours where the platform only documents a prerequisite (control-plane.md 4.1,
//! 4.2), and rules of its schema where a setting is required.

use super::{Addon, Documented, ParamKind, by_key};
use crate::arn::RoleArn;
use crate::cluster::Cluster;
use crate::text::Foreign;
use serde_json::Value;
use std::fmt;

/// One thing to say before an add-on goes on or off.
#[derive(Debug, Clone)]
pub enum Finding {
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
    SettingMissing(&'static super::Param),
    /// The setting that is there is not of its kind.
    SettingInvalid {
        /// The setting.
        param: &'static super::Param,
        /// What stands there.
        found: String,
        /// Why it will not do.
        reason: String,
    },
}

/// What a finding does to a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// Nothing: it is said.
    Warns,
    /// It stops the change, and `--force` goes past it: rules of ours.
    Forceable,
    /// It stops the change: rules of the schema, and a cluster that could not pull.
    Refuses,
}

impl Finding {
    /// What it does to a change.
    pub fn weight(&self) -> Weight {
        match self {
            Self::Undocumented { .. } => Weight::Warns,
            Self::Prerequisite(_) | Self::Dependants(_) => Weight::Forceable,
            Self::RoleMissing { .. } | Self::SettingMissing(_) | Self::SettingInvalid { .. } => {
                Weight::Refuses
            }
        }
    }
}

/// That no page documents the add-on for the cluster's provider, if that is so.
pub fn undocumented(provider: Option<&str>, addon: &'static Addon) -> Option<Finding> {
    (!addon.is_documented_for(provider)).then(|| Finding::Undocumented {
        addon,
        provider: provider.map(str::to_owned),
    })
}

/// The providers that are documented, in a sentence.
pub fn documented(addon: &Addon) -> String {
    match addon.documented {
        Documented::All => "all".to_owned(),
        Documented::For(providers) => list(providers.iter().copied()),
    }
}

impl fmt::Display for Finding {
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
                write!(f, "{} {verb} it", list(names.iter().map(String::as_str)))
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
            Self::SettingMissing(param) => write!(
                f,
                "the platform requires `{}` ({})",
                param.field, param.summary
            ),
            Self::SettingInvalid {
                param,
                found,
                reason,
            } => write!(f, "its `{}` is {found}: {reason}", param.field),
        }
    }
}

/// `a`, `a and b`, `a, b and c`.
pub fn list<'a>(items: impl Iterator<Item = &'a str>) -> String {
    let items: Vec<&str> = items.collect();
    match items.split_last() {
        None => String::new(),
        Some((last, [])) => (*last).to_owned(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

/// What is to be said about switching the add-on on with these settings (the merged result).
pub fn before_enable(cluster: &Cluster, addon: &'static Addon, settings: &Value) -> Vec<Finding> {
    let mut findings = Vec::new();
    let provider = cluster.provider();
    findings.extend(undocumented(provider, addon));
    findings.extend(
        addon
            .needs
            .iter()
            .filter(|key| cluster.add_on(key).is_none())
            .filter_map(|key| by_key(key))
            .map(Finding::Prerequisite),
    );
    let given = |field: &str| settings.get(field).filter(|value| !value.is_null());
    if addon.aws_registry && provider != Some("aws") && given("roleArn").is_none() {
        findings.push(Finding::RoleMissing {
            provider: provider.map(str::to_owned),
        });
    }
    for param in addon.params {
        match given(param.field) {
            None if param.required => findings.push(Finding::SettingMissing(param)),
            None => {}
            Some(value) => {
                if let Err(reason) = check(param.kind, value) {
                    findings.push(Finding::SettingInvalid {
                        param,
                        found: format!("`{}`", short(value)),
                        reason,
                    });
                }
            }
        }
    }
    findings
}

/// The add-ons that are on and need this one.
pub fn enabled_dependants(cluster: &Cluster, addon: &Addon) -> Vec<&'static Addon> {
    addon
        .dependants()
        .filter(|other| cluster.add_on(other.key).is_some())
        .collect()
}

/// Whether a value that stands in a cluster is of the kind.
fn check(kind: ParamKind, value: &Value) -> Result<(), String> {
    let expected = |ok: bool| {
        if ok {
            Ok(())
        } else {
            Err(format!("{} is expected", kind.describe()))
        }
    };
    match kind {
        ParamKind::RoleArn | ParamKind::Text | ParamKind::Link | ParamKind::Regex => match value {
            Value::String(text) => kind.check(text),
            _ => expected(false),
        },
        ParamKind::Bool => expected(value.is_boolean()),
        ParamKind::Array => expected(value.is_array()),
        ParamKind::Object => expected(value.is_object()),
    }
}

/// A value as one short line.
fn short(value: &Value) -> String {
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

/// Where a cluster's pulls go, which decides whether a role is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegistryAccess {
    /// On AWS without a role: the cluster's own account.
    SameAccount {
        /// The account, when the cluster names it.
        account: Option<String>,
    },
    /// On AWS with a role in the cluster's own account.
    SameAccountRole {
        /// The account of both.
        account: String,
    },
    /// On AWS with a role in another account.
    CrossAccount {
        /// The account of the role.
        account: String,
    },
    /// Not on AWS, with a role.
    OutsideAws {
        /// The account of the role.
        account: String,
    },
    /// A role is set, and the cluster names no account to compare with.
    Unknown {
        /// The account of the role, when it could be read.
        account: Option<String>,
    },
}

impl RegistryAccess {
    /// Which case a cluster is in with this role.
    pub fn of(cluster: &Cluster, role: Option<&str>) -> Self {
        let role: Option<RoleArn> = role.and_then(|text| text.parse().ok());
        let home = cluster.home();
        match (cluster.provider(), role) {
            (Some("aws"), None) => Self::SameAccount {
                account: home.map(|home| home.account.to_string()),
            },
            (Some("aws"), Some(role)) => {
                let account = role.account().to_string();
                match home {
                    None => Self::Unknown {
                        account: Some(account),
                    },
                    Some(home)
                        if home.account == *role.account()
                            && home.partition == role.partition() =>
                    {
                        Self::SameAccountRole { account }
                    }
                    Some(_) => Self::CrossAccount { account },
                }
            }
            (Some(_), Some(role)) => Self::OutsideAws {
                account: role.account().to_string(),
            },
            (_, role) => Self::Unknown {
                account: role.map(|role| role.account().to_string()),
            },
        }
    }

    /// The stable word in JSON.
    pub fn name(&self) -> &'static str {
        match self {
            Self::SameAccount { .. } => "same-account",
            Self::SameAccountRole { .. } => "same-account-role",
            Self::CrossAccount { .. } => "cross-account",
            Self::OutsideAws { .. } => "outside-aws",
            Self::Unknown { .. } => "unknown",
        }
    }
}

impl fmt::Display for RegistryAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SameAccount { account: None } => f.write_str("same account, no role needed"),
            Self::SameAccount {
                account: Some(account),
            } => write!(f, "same account ({account}), no role needed"),
            Self::SameAccountRole { account } => {
                write!(f, "role in the cluster's own account ({account})")
            }
            Self::CrossAccount { account } => write!(f, "role in another account ({account})"),
            Self::OutsideAws { account } => {
                write!(f, "cluster outside AWS, role in account {account}")
            }
            Self::Unknown {
                account: Some(account),
            } => write!(
                f,
                "role in account {account}; the cluster names no account to compare with"
            ),
            Self::Unknown { account: None } => {
                f.write_str("the cluster names no account to compare with")
            }
        }
    }
}
