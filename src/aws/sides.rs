//! The sides that the tests have: the real one, and one that is nothing but data.

use crate::addon::aws_side::{AwsPolicy, AwsSide, ProvingAction, RoleNeed};
use crate::addon::issuer::ISSUING_KEY;
use crate::addon::{Addon, AddonSide, Documented, HclForm, Ready};

/// The real one.
pub(super) const fn ecr() -> AddonSide {
    AddonSide::registry()
}

const EFS_TEMPLATE: &str = "/status/addOns/awsEFS/trustPolicy";

static EFS_SIDE: AwsSide = AwsSide {
    suffix: "efs",
    sid: "Mk8sEfs",
    role: RoleNeed::Always,
    policies: &[AwsPolicy {
        name: "service-role/AmazonEFSCSIDriverPolicy",
        word: None,
        lacks: &[],
    }],
    proves: &[
        ProvingAction {
            action: "elasticfilesystem:DescribeFileSystems",
            on: Some("elasticfilesystem"),
        },
        ProvingAction {
            action: "ec2:DescribeAvailabilityZones",
            on: None,
        },
    ],
    purpose: "mount Amazon EFS file systems",
    verb: "mount file systems",
    verbs: "mounts",
};

static EFS: Addon = Addon {
    key: "awsEFS",
    name: "aws-efs",
    summary: "",
    purpose: "",
    documented: Documented::All,
    nodes: None,
    needs: &[ISSUING_KEY],
    params: &[],
    status: &[],
    cloud: &[],
    trust_policy: Some(EFS_TEMPLATE),
    ready: Ready::Field(EFS_TEMPLATE),
    aws: None,
    danger: None,
    next: None,
    terraform: HclForm::Block,
    docs: "",
};

/// One that takes a role on every cluster, and gets another policy.
pub(super) const fn efs() -> AddonSide {
    AddonSide {
        addon: &EFS,
        aws: &EFS_SIDE,
    }
}
