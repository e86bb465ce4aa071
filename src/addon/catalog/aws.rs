//! The add-ons that work with an AWS account.

use crate::addon::aws_side::{AwsPolicy, AwsSide, ProvingAction, RoleNeed};
use crate::addon::issuer::{ISSUER, ISSUING_KEY, ISSUING_NAME, PODS_TEMPLATE};
use crate::addon::{Addon, Documented, HclForm, Param, ParamKind, Ready, StatusField};

// The add-on pages name the first three; the page on GCP lists workload identity and ECR as well
// (control-plane.md 9).
const AWS_SIDE: Documented = Documented::For(&["aws", "hetzner", "generic", "gcp"]);
const EFS_SIDE: Documented = Documented::For(&["aws", "hetzner", "generic"]);

/// What filling a pull-through cache takes beyond a pull from a repository that is there.
pub(crate) const IMPORT_ACTION: &str = "ecr:BatchImportUpstreamImage";

const fn gives_pulls(
    name: &'static str,
    word: Option<&'static str>,
    lacks: &'static [&'static str],
) -> AwsPolicy {
    AwsPolicy { name, word, lacks }
}

const fn in_registry(action: &'static str) -> ProvingAction {
    ProvingAction {
        action,
        on: Some("ecr"),
    }
}

const ECR: AwsSide = AwsSide {
    suffix: "ecr",
    sid: "Mk8sEcr",
    role: RoleNeed::UnlessHome,
    policies: &[
        gives_pulls(
            "AmazonEC2ContainerRegistryReadOnly",
            Some("read-only"),
            &[IMPORT_ACTION],
        ),
        gives_pulls("AmazonEC2ContainerRegistryPullOnly", Some("pull-only"), &[]),
        gives_pulls("AmazonEC2ContainerRegistryPowerUser", None, &[]),
        gives_pulls("AmazonEC2ContainerRegistryFullAccess", None, &[]),
        gives_pulls("AdministratorAccess", None, &[]),
        gives_pulls("PowerUserAccess", None, &[]),
    ],
    proves: &[
        ProvingAction {
            action: "ecr:GetAuthorizationToken",
            on: None,
        },
        in_registry("ecr:BatchGetImage"),
        in_registry("ecr:GetDownloadUrlForLayer"),
    ],
    purpose: "pull images from Amazon ECR",
    verb: "pull",
    verbs: "pulls",
};

const AWS_ECR: Addon = Addon {
    key: "awsECR",
    name: "aws-ecr",
    summary: "Pull images from private Amazon ECR registries",
    purpose: "Lets the cluster pull images from private ECR registries. A cluster of the AWS \
              provider that pulls from its own account needs no role. Another account, or a \
              cluster that is not on AWS, needs an IAM role with the pull policy, trusted by \
              the trust policy that the cluster publishes once the add-on is on.",
    documented: AWS_SIDE,
    nodes: None,
    needs: &[ISSUING_KEY],
    params: &[Param::new(
        "roleArn",
        ParamKind::RoleArn,
        "IAM role the cluster assumes to pull images; not needed on AWS for the \
                  cluster's own account",
    )],
    status: &[StatusField {
        pointer: "/status/addOns/awsECR/trustPolicy",
        summary: "trust policy that the role must have",
    }],
    cloud: &[
        "an IAM OIDC identity provider for status.oidcProviderUrl with audience sts.amazonaws.com",
        "with a role: the managed policy AmazonEC2ContainerRegistryReadOnly attached to it",
        "with a role: its trust policy set to status.addOns.awsECR.trustPolicy",
    ],
    trust_policy: Some("/status/addOns/awsECR/trustPolicy"),
    ready: Ready::ByRole(
        "/status/addOns/awsECR/trustPolicy",
        "/status/oidcProviderUrl",
    ),
    aws: Some(ECR),
    danger: None,
    next: None,
    terraform: HclForm::Block,
    docs: "https://docs.controlplane.com/mk8s/add-ons/aws_ecr",
};

/// The add-on that pulls images from AWS's registries.
pub(in crate::addon) static REGISTRY: (Addon, AwsSide) = (AWS_ECR, ECR);

pub(super) const ADD_ONS: &[Addon] = &[
    AWS_ECR,
    Addon {
        key: "awsEFS",
        name: "aws-efs",
        summary: "Mount Amazon EFS file systems as volumes",
        purpose: "Installs the EFS driver, so that persistent volumes can live on Amazon EFS. The \
                  file system's policy must allow the role.",
        documented: EFS_SIDE,
        nodes: None,
        needs: &[ISSUING_KEY],
        params: &[Param::new(
            "roleArn",
            ParamKind::RoleArn,
            "IAM role the EFS driver assumes",
        )
        .required()],
        status: &[StatusField {
            pointer: "/status/addOns/awsEFS/trustPolicy",
            summary: "trust policy that the role must have",
        }],
        cloud: &[
            "a role with the managed policy service-role/AmazonEFSCSIDriverPolicy",
            "its trust policy set to status.addOns.awsEFS.trustPolicy",
        ],
        trust_policy: Some("/status/addOns/awsEFS/trustPolicy"),
        ready: Ready::Field("/status/addOns/awsEFS/trustPolicy"),
        aws: None,
        danger: None,
        next: Some("trust-policy aws-efs"),
        terraform: HclForm::Block,
        docs: "https://docs.controlplane.com/mk8s/add-ons/aws_efs",
    },
    Addon {
        key: "awsELB",
        name: "aws-elb",
        summary: "Make AWS load balancers for services and ingresses",
        purpose: "Installs the AWS Load Balancer Controller. Subnets must carry the \
                  kubernetes.io/role tags. Without a role the recommended one is made.",
        documented: Documented::For(&["aws"]),
        nodes: None,
        needs: &[ISSUING_KEY],
        params: &[Param::new(
            "roleArn",
            ParamKind::RoleArn,
            "IAM role the load balancer controller assumes; the recommended one is made if absent",
        )
        .called(&["elbRole"])],
        status: &[StatusField {
            pointer: "/status/addOns/awsELB/trustPolicy",
            summary: "trust policy that the role must have",
        }],
        cloud: &["subnets tagged kubernetes.io/role/elb or kubernetes.io/role/internal-elb"],
        trust_policy: Some("/status/addOns/awsELB/trustPolicy"),
        ready: Ready::Field("/status/addOns/awsELB/trustPolicy"),
        aws: None,
        danger: None,
        next: Some("trust-policy aws-elb"),
        terraform: HclForm::Block,
        docs: "https://docs.controlplane.com/mk8s/add-ons/aws_elb",
    },
    Addon {
        key: ISSUING_KEY,
        name: ISSUING_NAME,
        summary: "Let pods assume IAM roles",
        purpose: "Makes the cluster an OIDC issuer whose service-account tokens AWS accepts, so \
                  that pods and the other AWS add-ons can assume IAM roles.",
        documented: AWS_SIDE,
        nodes: None,
        needs: &[],
        params: &[],
        status: &[
            StatusField {
                pointer: "/status/addOns/awsWorkloadIdentity/oidcProviderConfig",
                summary: "URL and audience for the IAM OIDC identity provider",
            },
            StatusField {
                pointer: PODS_TEMPLATE,
                summary: "template of a trust policy for pods",
            },
        ],
        cloud: &[
            "an IAM OIDC identity provider for status.oidcProviderUrl with audience sts.amazonaws.com, \
             one per cluster and account",
        ],
        trust_policy: Some(PODS_TEMPLATE),
        ready: Ready::Field(ISSUER),
        aws: None,
        danger: None,
        next: Some("oidc-url"),
        terraform: HclForm::Flag,
        docs: "https://docs.controlplane.com/mk8s/add-ons/aws_workload_identity",
    },
];
