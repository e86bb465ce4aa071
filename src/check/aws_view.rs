//! The facts of a cluster's AWS side as the checks need them, or the finding that says why there
//! are none.

use super::words::{SAME_ACCOUNT, unknown};
use super::{Finding, Scene};
use crate::addon::AddonSide;
use crate::addon::access::RegistryAccess;
use crate::arn::RoleArn;
use crate::aws::iam::{AwsFailure, OidcProvider, Role};
use crate::aws::needed::Needed;
use crate::aws::state::AwsState;
use crate::aws::target::{AwsPlacement, ClusterFacts, SetupRequest};
use crate::invocation::Invocation;

/// The facts of one cluster's AWS side, once the account is known to be right.
pub(super) struct AwsView<'a> {
    pub(super) cluster: &'a ClusterFacts,
    pub(super) target: &'a AwsPlacement,
    pub(super) iam: &'a AwsState,
}

impl<'a> AwsView<'a> {
    /// The facts, or the finding that says why there are none.
    pub(super) fn of(scene: &'a Scene<'_>) -> Result<Self, Finding> {
        let facts = scene
            .aws
            .get()
            .ok_or_else(|| Finding::skip("the cluster cannot be read"))?;
        match (&facts.cluster, &facts.target, &facts.iam) {
            (Ok(cluster), Some(Ok(target)), Some(Ok(iam))) => Ok(Self {
                cluster,
                target,
                iam,
            }),
            (_, _, Some(Err(error))) => {
                Err(Finding::unknown(error.message.clone()).evidence(error.because.join("; ")))
            }
            _ => Err(Finding::skip("the account is not known")),
        }
    }

    /// The same where a role is needed and set.
    pub(super) fn with_role(scene: &'a Scene<'_>) -> Result<Self, Finding> {
        let view = Self::of(scene)?;
        if !view.cluster.addon {
            return Err(Finding::skip(format!(
                "{} is off",
                view.cluster.side.name()
            )));
        }
        if view.target.access == RegistryAccess::SameAccount {
            return Err(Finding::skip(SAME_ACCOUNT));
        }
        if view.cluster.role_arn.is_none() {
            return Err(Finding::skip("no role is set"));
        }
        Ok(view)
    }

    /// The ARN of the role in the add-on's settings, if IAM has it.
    pub(super) fn found(scene: &'a Scene<'_>) -> Option<&'a RoleArn> {
        let view = Self::with_role(scene).ok()?;
        let role = view.target.role.as_ref()?;
        (view.role()?.arn == role.as_str()).then_some(role)
    }

    /// The role, if it was found.
    pub(super) fn role(&self) -> Option<&'a Role> {
        self.iam.role.known()?.as_ref()
    }

    pub(super) fn provider(&self) -> Option<&'a OidcProvider> {
        self.iam.provider.known()?.as_ref()
    }

    /// `mk8s aws setup ADDON -c NAME`
    pub(super) fn setup(&self) -> Invocation {
        setup(self.cluster.side, &self.cluster.name)
    }

    pub(super) fn unknown(&self, failure: &AwsFailure, what: &str) -> Finding {
        let finding = unknown(failure, what, &self.target.caller);
        if finding.fix.is_none() {
            return finding;
        }
        finding.fix(self.permissions())
    }

    /// The command that prints the policy that a check of this cluster needs.
    pub(super) fn permissions(&self) -> Invocation {
        let needed = Needed::of(self.cluster, self.target, &SetupRequest::default());
        Invocation::mk8s("aws permissions --for check")
            .flag("--account", self.target.account.to_string())
            .with(&needed.flags())
    }
}

/// `mk8s aws setup ADDON -c NAME`
pub(super) fn setup(side: AddonSide, cluster: &str) -> Invocation {
    Invocation::mk8s("aws setup")
        .word(side.name())
        .cluster(cluster)
}
