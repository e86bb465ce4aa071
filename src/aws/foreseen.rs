//! What a role will be like once the plans that come before in the same run are carried out. Pure.
//!
//! Clusters that share a role are planned one after the other, each on what those before it make of the
//! role: else every one of them would make it, and let in nobody but itself. Only what is shown, asked
//! and refused comes from here; whatever is written is planned again on what AWS has by then.

use super::grant::known_document;
use super::iam::Role;
use super::merge::{fresh, merge};
use super::plan::{Awaited, AwsPlan, AwsStep, StepAction, TrustMode, Trusting, Work};
use super::quotable;
use super::rights::{Policies, RightsQuestion};
use super::state::{AwsState, LEAST_TRUST_QUOTA, QUOTA, Seen};
use super::target::{AwsPart, AwsPlacement, ClusterFacts, SetupRequest};
use super::trust;
use crate::text::list;
use serde_json::json;
use std::collections::BTreeMap;

/// About how long the statement of one cluster is that is published as the guide has it.
const USUAL_STATEMENT: usize = 385;

/// What the plans of a run, so far, make of roles: by their ARNs.
#[derive(Debug, Default)]
pub(crate) struct ForeseenRoles(BTreeMap<String, ForeseenRole>);

/// One of them.
#[derive(Debug, Clone)]
struct ForeseenRole {
    /// The cluster whose plan makes it, where one does.
    made_for: Option<String>,
    role: Role,
    attached: Vec<String>,
    policies: Policies,
    /// How many clusters have yet to publish what will stand in its trust policy.
    awaited: usize,
    /// How long that may be in the account, as far as it was looked at.
    quota: usize,
}

/// For which cluster, and what is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ForeseenFor<'a> {
    /// The cluster.
    pub(crate) facts: &'a ClusterFacts,
    /// Where.
    pub(crate) target: &'a AwsPlacement,
    /// What was asked for.
    pub(crate) request: &'a SetupRequest,
}

impl ForeseenRoles {
    /// The state as the cluster's turn will find it; `None` if no plan before it changes its role.
    pub(crate) fn state(&self, asked: ForeseenFor<'_>, state: &AwsState) -> Option<AwsState> {
        let arn = asked.target.role.as_ref()?;
        let foreseen = self.0.get(arn.as_str())?;
        let ForeseenFor {
            facts,
            target,
            request,
        } = asked;
        Some(AwsState {
            made_before: foreseen.made_for.clone(),
            role: Seen::Known(Some(foreseen.role.clone())),
            attached: Seen::Known(foreseen.attached.clone()),
            granted: Some(foreseen.policies.granted(RightsQuestion {
                side: facts.side,
                role: arn,
                provider: target.provider_arn.as_deref(),
                image: request.image.as_ref(),
                now: state.seen_at,
            })),
            policies: foreseen.policies.clone(),
            ..state.clone()
        })
    }

    /// How long the trust policy of the cluster's role will be, in characters; 0 where nothing changes it.
    pub(crate) fn trust_size(&self, target: &AwsPlacement) -> usize {
        let role = target
            .role
            .as_ref()
            .and_then(|arn| self.0.get(arn.as_str()));
        role.and_then(|it| trust::parse_text(&it.role.trust).ok())
            .map_or(0, |document| trust::size(&document))
    }

    /// Takes in what the cluster's plan makes of its role. `state` is what it was planned on. What the
    /// caller may not see of the role is not foreseen.
    pub(crate) fn note(&mut self, asked: ForeseenFor<'_>, state: &AwsState, plan: &AwsPlan) {
        let Some(arn) = &asked.target.role else {
            return;
        };
        let known = match &state.role {
            Seen::Unknown(_) => return,
            Seen::Known(Some(role)) => Some(ForeseenRole {
                made_for: state.made_before.clone(),
                role: role.clone(),
                attached: state.attached.known().cloned().unwrap_or_default(),
                policies: state.policies.clone(),
                awaited: 0,
                quota: LEAST_TRUST_QUOTA,
            }),
            Seen::Known(None) | Seen::NotLooked => None,
        };
        let steps = plan.steps.iter();
        let after = steps.fold(known, |role, step| after(asked.facts, role, step));
        if let Some(mut after) = after {
            let before = self.0.get(arn.as_str()).map_or(0, |it| it.awaited);
            let awaits = plan.awaited() == Some(Awaited::Template)
                || plan.awaited() == Some(Awaited::Issuer);
            after.awaited = before + usize::from(awaits);
            if let Some(Some(quota)) = state.trust_quota.known() {
                after.quota = *quota;
            }
            self.0.insert(arn.as_str().to_owned(), after);
        }
    }

    /// Roles whose trust policies will hardly have room for what clusters have yet to publish, each as
    /// a warning. Nothing is refused for it: only what is published has a length.
    pub(crate) fn crowded(&self) -> Vec<String> {
        let crowded = self.0.iter().filter_map(|(arn, role)| {
            let document = trust::parse_text(&role.role.trust).ok()?;
            let size = trust::size(&document) + role.awaited * USUAL_STATEMENT;
            (role.awaited > 0 && size > role.quota).then(|| {
                format!(
                    "the trust policy of {arn} may come to {size} characters with the statements of all clusters, \
                     and {} are allowed unless AWS raised the account's quota \"{QUOTA}\": those that find no \
                     room fail once their turn comes; fewer clusters to a role fit",
                    role.quota
                )
            })
        });
        crowded.collect()
    }
}

/// The role after a step.
fn after(facts: &ClusterFacts, role: Option<ForeseenRole>, step: &AwsStep) -> Option<ForeseenRole> {
    match (&step.work, role) {
        (Work::CreateRole { role, .. }, None) => Some(ForeseenRole {
            made_for: Some(facts.name.clone()),
            role: Role {
                arn: role.arn.clone(),
                name: role.name.clone(),
                trust: role.trust.to_string(),
                tags: role.tags.clone(),
                boundary: role.boundary.clone(),
                max_session: role.max_session,
                last_used: None,
            },
            attached: Vec::new(),
            policies: Policies::default(),
            awaited: 0,
            quota: LEAST_TRUST_QUOTA,
        }),
        // What the cluster has yet to publish will stand in it.
        (Work::Later(_), None)
            if (step.part, step.action) == (AwsPart::Role, StepAction::Create) =>
        {
            let gets = step.gets.as_deref()?;
            let name = step.resource.rsplit('/').next()?;
            Some(ForeseenRole {
                made_for: Some(facts.name.clone()),
                role: Role {
                    arn: step.resource.clone(),
                    name: name.to_owned(),
                    trust: json!({"Version": "2012-10-17", "Statement": []}).to_string(),
                    tags: gets.tags.clone(),
                    boundary: gets.boundary.clone(),
                    max_session: gets.max_session,
                    last_used: None,
                },
                attached: Vec::new(),
                policies: Policies::default(),
                awaited: 0,
                quota: LEAST_TRUST_QUOTA,
            })
        }
        (Work::SetTrust(trusting), Some(mut it)) => {
            it.role.trust = trusted(trusting, &it.role.trust);
            let (key, accepted) = &trusting.accepted;
            it.role.tags.extend(trusting.tag.clone());
            let accepted = accepted.clone();
            it.role
                .tags
                .extend(accepted.map(|names| (key.clone(), names)));
            Some(it)
        }
        (Work::Untag { keys, .. }, Some(mut it)) => {
            it.role.tags.retain(|key, _| !keys.contains(key));
            Some(it)
        }
        (Work::Attach { policy, tags, .. }, Some(mut it)) => {
            it.role.tags.extend(tags.clone());
            it.attached.push(policy.clone());
            let document = known_document(facts.side, policy);
            let document = document.map(|document| (policy.clone(), document));
            it.policies.held.policies.extend(document);
            Some(it)
        }
        (_, role) => role,
    }
}

/// The text of a trust policy after it was set. One that cannot be read stays: nothing plans on it.
fn trusted(trusting: &Trusting, text: &str) -> String {
    let Ok(existing) = trust::parse_text(text) else {
        return text.to_owned();
    };
    let next = match trusting.mode {
        TrustMode::Merge => merge(&existing, &trusting.template, &trusting.sid),
        TrustMode::Replace { .. } => fresh(&trusting.template, &trusting.sid),
    };
    next.to_string()
}

/// A plan says who may assume its role once it is carried out; where later plans of the run let others
/// in as well, that is not all. It is said with each, or where sharing was asked for once for all: that
/// is given, a line for each role. The plans are named by their clusters.
pub(crate) fn name_sharers(plans: &mut [(&str, &mut AwsPlan)], is_asked: bool) -> Vec<String> {
    let mut sharers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (cluster, plan) in plans.iter() {
        if let Some(role) = &plan.role_arn {
            sharers
                .entry(role.clone())
                .or_default()
                .push(quotable(cluster));
        }
    }
    if is_asked {
        let shared = sharers.iter().filter(|(_, clusters)| clusters.len() > 1);
        let line = shared.map(|(role, clusters)| {
            let names = list(clusters.iter().map(String::as_str));
            format!("{role} is for {names}: the service accounts of all of them may assume it")
        });
        return line.collect();
    }
    for (cluster, plan) in plans.iter_mut() {
        let role = plan.role_arn.as_ref().filter(|_| !plan.is_empty());
        let Some(all) = role.and_then(|role| sharers.get(role)) else {
            continue;
        };
        let cluster = quotable(cluster);
        let others: Vec<&str> = all
            .iter()
            .map(String::as_str)
            .filter(|name| *name != cluster)
            .collect();
        if !others.is_empty() {
            plan.warnings.push(format!(
                "the role of {cluster} is that of {} as well: after this run the service accounts of all \
                 of them may assume it",
                list(others)
            ));
        }
    }
    Vec::new()
}

impl AwsState {
    /// Whether the role's trust policy may come to need more than any account allows, so that the
    /// account's own quota has to be known.
    pub(crate) fn needs_quota(&self) -> bool {
        let role = self.role.known().and_then(Option::as_ref);
        self.trust_quota == Seen::NotLooked
            && role
                .and_then(|role| trust::parse_text(&role.trust).ok())
                .is_some_and(|document| trust::size(&document) > LEAST_TRUST_QUOTA / 2)
    }
}
