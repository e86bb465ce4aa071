//! The add-ons that work with an AWS account.

use crate::addon::{Addon, Documented, ISSUER, Param, ParamKind, Ready, StatusField};

// The add-on pages name the first three; the page on GCP lists workload identity and ECR as well
// (control-plane.md 9).
const AWS_SIDE: Documented = Documented::For(&["aws", "hetzner", "generic", "gcp"]);
const EFS_SIDE: Documented = Documented::For(&["aws", "hetzner", "generic"]);

pub(super) const ADD_ONS: &[Addon] = &[
    Addon {
        key: "awsECR",
        name: "aws-ecr",
        summary: "Pull images from private Amazon ECR registries",
        purpose: "Lets the cluster pull images from private ECR registries. A cluster of the AWS \
                  provider that pulls from its own account needs no role. Another account, or a \
                  cluster that is not on AWS, needs an IAM role with the pull policy, trusted by \
                  the trust policy that the cluster publishes once the add-on is on.",
        documented: AWS_SIDE,
        needs: &["awsWorkloadIdentity"],
        params: &[Param {
            field: "roleArn",
            flag: Some("role-arn"),
            kind: ParamKind::RoleArn,
            required: false,
            summary: "IAM role the cluster assumes to pull images; not needed on AWS for the \
                      cluster's own account",
        }],
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
        aws_registry: true,
        danger: None,
        next: None,
        docs: "https://docs.controlplane.com/mk8s/add-ons/aws_ecr",
    },
    Addon {
        key: "awsEFS",
        name: "aws-efs",
        summary: "Mount Amazon EFS file systems as volumes",
        purpose: "Installs the EFS driver, so that persistent volumes can live on Amazon EFS. The \
                  file system's policy must allow the role.",
        documented: EFS_SIDE,
        needs: &["awsWorkloadIdentity"],
        params: &[Param {
            field: "roleArn",
            flag: Some("role-arn"),
            kind: ParamKind::RoleArn,
            required: true,
            summary: "IAM role the EFS driver assumes",
        }],
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
        aws_registry: false,
        danger: None,
        next: Some("trust-policy aws-efs"),
        docs: "https://docs.controlplane.com/mk8s/add-ons/aws_efs",
    },
    Addon {
        key: "awsELB",
        name: "aws-elb",
        summary: "Make AWS load balancers for services and ingresses",
        purpose: "Installs the AWS Load Balancer Controller. Subnets must carry the \
                  kubernetes.io/role tags. Without a role the recommended one is made.",
        documented: Documented::For(&["aws"]),
        needs: &["awsWorkloadIdentity"],
        params: &[Param {
            field: "roleArn",
            flag: Some("role-arn"),
            kind: ParamKind::RoleArn,
            required: false,
            summary: "IAM role the load balancer controller assumes; the recommended one is made if absent",
        }],
        status: &[StatusField {
            pointer: "/status/addOns/awsELB/trustPolicy",
            summary: "trust policy that the role must have",
        }],
        cloud: &["subnets tagged kubernetes.io/role/elb or kubernetes.io/role/internal-elb"],
        trust_policy: Some("/status/addOns/awsELB/trustPolicy"),
        ready: Ready::Field("/status/addOns/awsELB/trustPolicy"),
        aws_registry: false,
        danger: None,
        next: Some("trust-policy aws-elb"),
        docs: "https://docs.controlplane.com/mk8s/add-ons/aws_elb",
    },
    Addon {
        key: "awsWorkloadIdentity",
        name: "aws-workload-identity",
        summary: "Let pods assume IAM roles",
        purpose: "Makes the cluster an OIDC issuer whose service-account tokens AWS accepts, so \
                  that pods and the other AWS add-ons can assume IAM roles.",
        documented: AWS_SIDE,
        needs: &[],
        params: &[],
        status: &[
            StatusField {
                pointer: "/status/addOns/awsWorkloadIdentity/oidcProviderConfig",
                summary: "URL and audience for the IAM OIDC identity provider",
            },
            StatusField {
                pointer: "/status/addOns/awsWorkloadIdentity/trustPolicy",
                summary: "template of a trust policy for pods",
            },
        ],
        cloud: &[
            "an IAM OIDC identity provider for status.oidcProviderUrl with audience sts.amazonaws.com, \
             one per cluster and account",
        ],
        trust_policy: Some("/status/addOns/awsWorkloadIdentity/trustPolicy"),
        ready: Ready::Field(ISSUER),
        aws_registry: false,
        danger: None,
        next: Some("oidc-url"),
        docs: "https://docs.controlplane.com/mk8s/add-ons/aws_workload_identity",
    },
];
