//! What an add-on needs in AWS besides the cluster's token issuer being known there: data alone.
//!
//! Setting up, looking and taking down are written for a side, whichever it is, so that another add-on
//! with a role is an entry in the catalogue.

use super::catalog::REGISTRY;
use super::{Addon, CATALOG};

/// The AWS half of an add-on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AwsSide {
    /// The last part of the name that its role gets where none is given.
    pub(crate) suffix: &'static str,
    /// The first part of the Sid of its statements.
    pub(crate) sid: &'static str,
    /// When it takes a role.
    pub(crate) role: RoleNeed,
    /// AWS's own policies that give the role all it needs. The first is attached where none is
    /// asked for.
    pub(crate) policies: &'static [AwsPolicy],
    /// The actions that tell whether a role has what it needs.
    pub(crate) proves: &'static [ProvingAction],
    /// What the role is for, behind "lets the cluster NAME …": `pull images from Amazon ECR`.
    pub(crate) purpose: &'static str,
    /// The same as one verb: `pull`.
    pub(crate) verb: &'static str,
    /// And in the third person: `pulls`, also as a plural noun ("allows pulls").
    pub(crate) verbs: &'static str,
}

/// When an add-on takes a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RoleNeed {
    /// On every cluster.
    Always,
    /// Unless the cluster runs in the account that it works in.
    UnlessHome,
    /// Never: to be known there is enough.
    #[expect(dead_code, reason = "no add-on of today needs none")]
    Never,
}

/// One of AWS's own managed policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AwsPolicy {
    /// What follows `policy/` in its ARN.
    pub(crate) name: &'static str,
    /// The word for it on the command line, if it has one.
    pub(crate) word: Option<&'static str>,
    /// Useful actions that it lacks for all that.
    pub(crate) lacks: &'static [&'static str],
}

/// An action that the role must be allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ProvingAction {
    /// The action.
    pub(crate) action: &'static str,
    /// The service whose ARNs it may be limited to; `None` if it knows no resource but `*`.
    pub(crate) on: Option<&'static str>,
}

impl AwsPolicy {
    /// The ARN in a partition.
    pub(crate) fn arn(&self, partition: &str) -> String {
        format!("arn:{partition}:iam::aws:policy/{}", self.name)
    }
}

/// An add-on together with its AWS half.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AddonSide {
    /// The add-on.
    pub(crate) addon: &'static Addon,
    /// What it needs in AWS.
    pub(crate) aws: &'static AwsSide,
}

impl PartialEq for AddonSide {
    fn eq(&self, other: &Self) -> bool {
        self.addon.key == other.addon.key
    }
}

impl Eq for AddonSide {}

impl AddonSide {
    /// The half of an add-on, if it has one that is made.
    pub(crate) fn of(addon: &'static Addon) -> Option<Self> {
        let aws = addon.aws.as_ref()?;
        Some(Self { addon, aws })
    }

    /// That of the add-on that pulls images: references to images and policies of repositories are
    /// about it.
    pub(crate) const fn registry() -> Self {
        let (addon, aws) = &REGISTRY;
        Self { addon, aws }
    }

    /// All there are.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        CATALOG.iter().filter_map(Self::of)
    }

    /// The key under `spec.addOns`.
    pub(crate) fn key(self) -> &'static str {
        self.addon.key
    }

    /// The word on the command line.
    pub(crate) fn name(self) -> &'static str {
        self.addon.name
    }

    /// The policy that is attached where none is asked for, in a partition.
    pub(crate) fn usual_policy(self, partition: &str) -> Option<String> {
        self.aws
            .policies
            .first()
            .map(|policy| policy.arn(partition))
    }

    /// AWS's own policy of this ARN, if it gives all that is needed.
    pub(crate) fn policy(self, arn: &str) -> Option<&'static AwsPolicy> {
        let (_, name) = arn.split_once(":iam::aws:policy/")?;
        self.aws.policies.iter().find(|policy| policy.name == name)
    }
}
