//! What taking down takes: only what `mk8s` made, AWS first and the cluster last. Pure.
//!
//! The cluster goes last because it holds what a second run needs. Whatever stays is listed with
//! the reason; what is gone already is not an error.

use super::explain::explain_to;
use super::iam::{Provider, Role};
use super::merge::{Removal, is_ours, names_provider, providers_of_ours, remove};
use super::name::{attached_tag, made_by_mk8s, other_clusters, tags_of_attached};
use super::needed::Needed;
use super::plan::{Action, Plan, Step, Work};
use super::quotable;
use super::state::{Look, Seen, State};
use super::target::{ClusterFacts, Part, Request, Target};
use super::template::fill_account;
use super::trust::{self, label, statements};
use crate::change::Change;
use crate::error::{Error, Result};
use serde_json::Value;

/// How far taking down goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Extent {
    /// What becomes of the OIDC provider.
    pub provider: ProviderExtent,
    /// What becomes of the add-on.
    pub addon: AddonExtent,
}

/// What becomes of the OIDC provider, and of aws-workload-identity with it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ProviderExtent {
    /// Both stay.
    #[default]
    Keep,
    /// Both go (`--with-oidc-provider`), if nothing needs them.
    Remove,
}

/// What becomes of the add-on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AddonExtent {
    /// It is switched off.
    #[default]
    Off,
    /// It stays on, without its role (`--keep-addon`).
    WithoutRole,
}

/// What to look at before taking down.
pub fn look_for(extent: Extent) -> Look {
    Look {
        policy: None,
        instance_profiles: true,
        trusting_roles: extent.provider == ProviderExtent::Remove,
    }
}

/// Refuses a role that is named though the cluster names another: that one would be left behind, and
/// nothing would tell of it once the add-on is off.
pub fn check_named(facts: &ClusterFacts, request: &Request) -> Result<()> {
    let (Some(name), Some(role)) = (&request.role_name, &facts.role_arn) else {
        return Ok(());
    };
    if name == role.name() {
        return Ok(());
    }
    Err(Error::usage(format!(
        "{} was not taken down for `{}`",
        facts.service.name,
        quotable(&facts.name)
    ))
    .because(format!(
        "--role-name {} was given, the cluster names {role}",
        quotable(name)
    ))
    .hint("leave --role-name out: the role that the cluster names is taken down"))
}

/// The target with the OIDC provider that our own statement names, where the cluster publishes no
/// issuer any more to tell it; `None` if there is nothing to complete.
pub fn complete(facts: &ClusterFacts, target: &Target, state: &State) -> Option<Target> {
    if target.provider_arn.is_some() {
        return None;
    }
    let prefix = format!(
        "arn:{}:iam::{}:oidc-provider/",
        target.partition, target.account
    );
    let ours = providers_in_role(facts, state);
    let provider = ours.into_iter().find(|arn| arn.starts_with(&prefix))?;
    Some(Target {
        provider_arn: Some(provider),
        ..target.clone()
    })
}

/// The providers that our statements in the role name.
fn providers_in_role(facts: &ClusterFacts, state: &State) -> Vec<String> {
    let Some(Some(role)) = state.role.known() else {
        return Vec::new();
    };
    match (trust::parse_text(&role.trust), facts.sid()) {
        (Ok(document), Some(sid)) => providers_of_ours(&document, &sid),
        _ => Vec::new(),
    }
}

/// Plans `aws teardown`.
pub fn teardown_plan(
    facts: &ClusterFacts,
    target: &Target,
    state: &State,
    extent: Extent,
) -> Result<Plan> {
    let mut plan = Planner {
        facts,
        target,
        state,
        steps: Vec::new(),
    };
    let left = plan.role()?;
    let provider_gone = plan.provider(extent, &left);
    plan.addon(extent);
    if extent.provider == ProviderExtent::Remove {
        plan.workload_identity(extent, provider_gone);
    }
    Ok(Plan {
        target: target.clone(),
        steps: plan.steps,
        warnings: facts.warnings.clone(),
        role_arn: target.role.as_ref().map(|role| role.as_str().to_owned()),
    })
}

/// What is left of the role for the provider to trust.
enum Left {
    /// No role of ours, or none that names the provider.
    Nothing,
    /// The role with this ARN names the provider no more.
    Released(String),
    /// The role still names it.
    Trusting,
}

struct Planner<'a> {
    facts: &'a ClusterFacts,
    target: &'a Target,
    state: &'a State,
    steps: Vec<Step>,
}

impl Planner<'_> {
    fn role(&mut self) -> Result<Left> {
        let Some(wanted) = &self.target.role else {
            return Ok(Left::Nothing);
        };
        let role = match &self.state.role {
            Seen::Known(Some(role)) => role.clone(),
            Seen::Unknown(failure) => {
                return Err(explain_to(
                    failure,
                    format!(
                        "nothing was taken down for `{}`",
                        quotable(&self.facts.name)
                    ),
                    Some(&self.target.caller),
                    &Needed::of(self.facts, self.target, &Request::default()),
                ));
            }
            _ => {
                self.steps.push(Step::shown(
                    Part::Role,
                    Action::None,
                    wanted.as_str(),
                    "not there",
                ));
                return Ok(Left::Nothing);
            }
        };
        let existing = trust::parse_text(&role.trust).map_err(|reason| {
            Error::refused(format!(
                "nothing was taken down for `{}`",
                quotable(&self.facts.name)
            ))
            .because(format!(
                "the trust policy of {} cannot be read: {reason}",
                quotable(&role.arn)
            ))
        })?;
        let sid = self.facts.sid().unwrap_or_else(|| "-".to_owned());
        let template = self
            .facts
            .template
            .as_ref()
            .and_then(|published| trust::parse(published).ok())
            .map(|published| {
                let partition = Some(self.target.partition.as_str());
                fill_account(&published, &self.target.account, partition).document
            });
        let provider = self.target.provider_arn.as_deref();
        let removal = remove(&existing, template.as_ref(), &sid, provider);
        let sharers = self.sharers(&role, &existing, &sid);
        let keep = self.reasons_to_keep(&role, &removal, &sharers);
        if keep.is_empty() {
            self.delete_role(&role, &sid);
            return Ok(Left::Released(role.arn));
        }
        self.release_trust(&role, &removal, &sid);
        self.release_policies(&role, &sharers);
        self.steps
            .push(Step::shown(Part::Role, Action::Keep, &role.arn, "").because(keep.join("; ")));
        let names =
            |document: &Value| provider.is_some_and(|provider| names_provider(document, provider));
        Ok(match &removal.document {
            Some(document) if !names(document) => Left::Released(role.arn),
            _ => Left::Trusting,
        })
    }

    /// Other clusters that use the role, by tag or by statement.
    fn sharers(&self, role: &Role, existing: &Value, sid: &str) -> Vec<String> {
        let mut sharers = other_clusters(&role.tags, &self.facts.owner());
        if sharers.is_empty() {
            for (index, statement) in statements(existing).into_iter().enumerate() {
                let name = label(statement, index);
                if name.starts_with(self.facts.service.sid) && !is_ours(statement, sid) {
                    sharers.push(format!("the one of statement {name}"));
                }
            }
        }
        sharers
    }

    fn reasons_to_keep(&self, role: &Role, removal: &Removal, sharers: &[String]) -> Vec<String> {
        let mut reasons = Vec::new();
        // Whether the cluster that it was made for still uses it is told by that cluster's tag.
        if !made_by_mk8s(&role.tags) {
            reasons.push("it was not made by mk8s".to_owned());
        }
        if !sharers.is_empty() {
            reasons.push(format!(
                "other clusters use it: {}",
                quotable(&sharers.join(", "))
            ));
        }
        if let Some(left) = &removal.document {
            reasons.push(match statements(left).len() {
                1 => "its trust policy has 1 statement that is not ours".to_owned(),
                count => format!("its trust policy has {count} statements that are not ours"),
            });
        }
        let foreign = |arn: &&String| !role.tags.contains_key(&attached_tag(arn).0);
        match &self.state.attached {
            Seen::Known(list) => {
                for arn in list.iter().filter(foreign) {
                    reasons.push(format!("{} was attached by others", quotable(arn)));
                }
            }
            other => reasons.extend(unseen(other)),
        }
        for (seen, what) in [
            (&self.state.inline, "inline policy"),
            (&self.state.instance_profiles, "instance profile"),
        ] {
            match seen {
                Seen::Known(list) => {
                    reasons.extend(
                        list.iter()
                            .map(|name| format!("it has the {what} {}", quotable(name))),
                    );
                }
                other => reasons.extend(unseen(other)),
            }
        }
        reasons
    }

    fn delete_role(&mut self, role: &Role, sid: &str) {
        for policy in self.state.attached.known().into_iter().flatten() {
            let work = Work::Detach {
                role: role.name.clone(),
                policy: policy.clone(),
                untag: None,
            };
            let from = format!("from {}", role.name);
            self.steps
                .push(Step::shown(Part::Policy, Action::Detach, policy, from).doing(work));
        }
        self.steps.push(
            Step::shown(
                Part::Role,
                Action::Delete,
                &role.arn,
                "made by mk8s, used by nobody else",
            )
            .doing(Work::DeleteRole {
                role: role.name.clone(),
                sid: sid.to_owned(),
            }),
        );
    }

    fn release_trust(&mut self, role: &Role, removal: &Removal, sid: &str) {
        let (tag, _) = self.facts.owner().statement_tag();
        let is_tagged = role.tags.contains_key(&tag);
        let arn = role.arn.as_str();
        let take_out = |detail: String| {
            Step::shown(Part::Trust, Action::Update, arn, detail).doing(Work::RemoveTrust {
                role: role.name.clone(),
                sid: sid.to_owned(),
                provider: self.target.provider_arn.clone(),
                untag: if is_tagged {
                    vec![tag.clone()]
                } else {
                    Vec::new()
                },
            })
        };
        let step = if removal.removed.is_empty() {
            if !removal.other_provider.is_empty() {
                Step::shown(Part::Trust, Action::Keep, arn, "").because(format!(
                    "statement {} names another OIDC provider than this cluster's",
                    removal.other_provider.join(", ")
                ))
            } else if !removal.by_hand.is_empty() {
                Step::shown(Part::Trust, Action::Keep, arn, "")
                    .because(format!("{} was made by hand", removal.by_hand.join(", ")))
            } else if is_tagged {
                take_out("takes off the tag of our statement".to_owned())
            } else {
                Step::shown(Part::Trust, Action::None, arn, "no statement of ours")
            }
        } else if let Some(left) = &removal.document {
            take_out(format!(
                "takes out statement {}, keeps {} of others",
                removal.removed.join(", "),
                statements(left).len()
            ))
        } else {
            Step::shown(Part::Trust, Action::Keep, arn, "")
                .because("our statement is the only one, and IAM takes no trust policy without any")
        };
        self.steps.push(step);
    }

    fn release_policies(&mut self, role: &Role, sharers: &[String]) {
        let attached = self.state.attached.known().cloned().unwrap_or_default();
        for policy in &attached {
            let (tag, _) = attached_tag(policy);
            let step = if !role.tags.contains_key(&tag) {
                Step::shown(Part::Policy, Action::Keep, policy, "").because("attached by others")
            } else if sharers.is_empty() {
                let from = format!("from {}", role.name);
                Step::shown(Part::Policy, Action::Detach, policy, from).doing(Work::Detach {
                    role: role.name.clone(),
                    policy: policy.clone(),
                    untag: Some(tag),
                })
            } else {
                Step::shown(Part::Policy, Action::Keep, policy, "").because(format!(
                    "other clusters use the role: {}",
                    sharers.join(", ")
                ))
            };
            self.steps.push(step);
        }
        // A run that was cut short may have left the tag of a policy that is off by now.
        if let Seen::Known(attached) = &self.state.attached {
            for (key, policy) in tags_of_attached(&role.tags) {
                if attached.iter().any(|arn| attached_tag(arn).0 == *key) {
                    continue;
                }
                let work = Work::Detach {
                    role: role.name.clone(),
                    policy: policy.clone(),
                    untag: Some(key.clone()),
                };
                let detail = "not attached any more; takes off its tag";
                self.steps
                    .push(Step::shown(Part::Policy, Action::Detach, policy, detail).doing(work));
            }
        }
    }

    /// Whether the provider is gone afterwards.
    fn provider(&mut self, extent: Extent, left: &Left) -> bool {
        let part = Part::OidcProvider;
        let Some(arn) = self.target.provider_arn.clone() else {
            let named = providers_in_role(self.facts, self.state);
            if named.is_empty() {
                let detail = "not known: the cluster publishes no issuer";
                self.steps
                    .push(Step::shown(part, Action::None, "(unknown)", detail));
            }
            for arn in named {
                let reason =
                    "it is not of this account, and the cluster publishes no issuer any more";
                self.steps
                    .push(Step::shown(part, Action::Keep, &arn, "").because(reason));
            }
            return false;
        };
        let provider = match &self.state.provider {
            Seen::Known(Some(provider)) => provider.clone(),
            Seen::Known(None) => {
                self.steps
                    .push(Step::shown(part, Action::None, &arn, "not there"));
                return true;
            }
            Seen::Unknown(failure) => {
                let reason = format!("{} is not allowed", failure.action);
                self.steps
                    .push(Step::shown(part, Action::Keep, &arn, "").because(reason));
                return false;
            }
            Seen::NotLooked => return false,
        };
        let reasons = if extent.provider == ProviderExtent::Keep {
            vec!["it goes only with --with-oidc-provider".to_owned()]
        } else {
            self.reasons_to_keep_provider(extent, &provider, left)
        };
        if !reasons.is_empty() {
            self.steps
                .push(Step::shown(part, Action::Keep, &arn, "").because(reasons.join("; ")));
            return false;
        }
        self.steps.push(
            Step::shown(
                part,
                Action::Delete,
                &arn,
                "made by mk8s, trusted by no role",
            )
            .doing(Work::DeleteProvider { arn }),
        );
        true
    }

    fn reasons_to_keep_provider(
        &self,
        extent: Extent,
        provider: &Provider,
        left: &Left,
    ) -> Vec<String> {
        let mut reasons = Vec::new();
        if !self.facts.owner().made(&provider.tags) {
            reasons.push("it was not made by mk8s for this cluster".to_owned());
        }
        reasons.extend(self.needed(extent));
        match &self.state.trusting {
            Seen::Known(roles) => {
                let released = match left {
                    Left::Released(arn) => Some(arn),
                    Left::Nothing | Left::Trusting => None,
                };
                for role in roles.iter().filter(|role| Some(*role) != released) {
                    reasons.push(format!("the role {} trusts it", quotable(role)));
                }
            }
            other => reasons.extend(unseen(other)),
        }
        reasons
    }

    fn addon(&mut self, extent: Extent) {
        let service = self.facts.service;
        let step = match (self.facts.addon, extent.addon) {
            (false, _) => Step::shown(Part::Addon, Action::None, service.name, "off"),
            (true, AddonExtent::Off) => {
                Step::shown(Part::Addon, Action::Delete, service.name, "switched off")
                    .doing(Work::Cluster(vec![Change::remove(&[service.key])]))
            }
            (true, AddonExtent::WithoutRole) if self.facts.role_arn.is_some() => {
                Step::shown(Part::Addon, Action::Update, service.name, "role cleared").doing(
                    Work::Cluster(vec![Change::remove(&[service.key, "roleArn"])]),
                )
            }
            (true, AddonExtent::WithoutRole) => Step::shown(
                Part::Addon,
                Action::None,
                service.name,
                "on, without a role",
            ),
        };
        self.steps.push(step);
    }

    /// Which add-ons that stay on need provider and aws-workload-identity.
    fn needed(&self, extent: Extent) -> Option<String> {
        let mut names = self.facts.needed_by.clone();
        if self.facts.addon && extent.addon == AddonExtent::WithoutRole {
            names.push(self.facts.service.name);
        }
        match names.as_slice() {
            [] => None,
            [one] => Some(format!("{one} needs it")),
            several => Some(format!("{} need it", several.join(", "))),
        }
    }

    fn workload_identity(&mut self, extent: Extent, provider_gone: bool) {
        let name = "aws-workload-identity";
        let step = if !self.facts.workload_identity {
            Step::shown(Part::Addon, Action::None, name, "off")
        } else if let Some(reason) = self.needed(extent) {
            Step::shown(Part::Addon, Action::Keep, name, "").because(reason)
        } else if provider_gone {
            Step::shown(Part::Addon, Action::Delete, name, "switched off").doing(Work::Cluster(
                vec![Change::remove(&["awsWorkloadIdentity"])],
            ))
        } else {
            Step::shown(Part::Addon, Action::Keep, name, "").because("the OIDC provider stays")
        };
        self.steps.push(step);
    }
}

fn unseen<T>(seen: &Seen<T>) -> Option<String> {
    seen.missing_right()
        .map(|action| format!("{action} is not allowed, so others may use it"))
}
