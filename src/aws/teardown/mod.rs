//! What taking down takes: only what `mk8s` made, AWS first and the cluster last. Pure.
//!
//! The cluster goes last because it holds what a second run needs. Whatever stays is listed with
//! the reason; what is gone already is not an error.

mod rest;
mod role;

use super::merge::providers_of_ours;
use super::plan::{AwsPlan, AwsStep};
use super::quotable;
use super::state::{AwsQuestions, AwsState, Seen};
use super::target::{AwsPlacement, ClusterFacts, SetupRequest};
use super::trust;
use crate::error::{Error, Result};

/// How far taking down goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Extent {
    /// What becomes of the OIDC provider.
    pub(crate) provider: ProviderExtent,
    /// What becomes of the add-on.
    pub(crate) addon: AddonExtent,
}

/// What becomes of the OIDC provider, and of aws-workload-identity with it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum ProviderExtent {
    /// Both stay.
    #[default]
    Keep,
    /// Both go (`--with-oidc-provider`), if nothing needs them.
    Remove,
}

/// What becomes of the add-on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum AddonExtent {
    /// It is switched off.
    #[default]
    Off,
    /// It stays on, without its role (`--keep-addon`).
    WithoutRole,
}

/// What to look at before taking down.
pub(crate) fn look_for(extent: Extent) -> AwsQuestions {
    AwsQuestions {
        image: None,
        policy: None,
        instance_profiles: true,
        trusting_roles: extent.provider == ProviderExtent::Remove,
    }
}

/// Refuses a role that is named though the cluster names another: that one would be left behind, and
/// nothing would tell of it once the add-on is off.
pub(crate) fn check_named(facts: &ClusterFacts, request: &SetupRequest) -> Result<()> {
    let (Some(name), Some(role)) = (&request.role_name, &facts.role_arn) else {
        return Ok(());
    };
    if name == role.name() {
        return Ok(());
    }
    Err(Error::usage(format!(
        "{} was not taken down for `{}`",
        facts.side.name(),
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
pub(crate) fn complete(
    facts: &ClusterFacts,
    target: &AwsPlacement,
    state: &AwsState,
) -> Option<AwsPlacement> {
    if target.provider_arn.is_some() {
        return None;
    }
    let prefix = format!(
        "arn:{}:iam::{}:oidc-provider/",
        target.partition, target.account
    );
    let ours = providers_in_role(facts, state);
    let provider = ours.into_iter().find(|arn| arn.starts_with(&prefix))?;
    Some(AwsPlacement {
        provider_arn: Some(provider),
        ..target.clone()
    })
}

/// The providers that our statements in the role name.
fn providers_in_role(facts: &ClusterFacts, state: &AwsState) -> Vec<String> {
    let Some(Some(role)) = state.role.known() else {
        return Vec::new();
    };
    match (trust::parse_text(&role.trust), facts.sid()) {
        (Ok(document), Some(sid)) => providers_of_ours(&document, &sid),
        _ => Vec::new(),
    }
}

/// Plans `aws teardown`.
pub(crate) fn teardown_plan(
    facts: &ClusterFacts,
    target: &AwsPlacement,
    state: &AwsState,
    extent: Extent,
) -> Result<AwsPlan> {
    let mut plan = TeardownPlanner {
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
    Ok(AwsPlan {
        trust: None,
        beyond: None,
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

struct TeardownPlanner<'a> {
    facts: &'a ClusterFacts,
    target: &'a AwsPlacement,
    state: &'a AwsState,
    steps: Vec<AwsStep>,
}

fn unseen<T>(seen: &Seen<T>) -> Option<String> {
    seen.missing_right()
        .map(|action| format!("{action} is not allowed, so others may use it"))
}
