//! THE table: one entry per add-on, from published schema types, Terraform provider and pages.

use super::{Addon, Documented, ISSUER, Param, ParamKind, Ready, StatusField};

// The add-on pages name the first three; the page on GCP lists workload identity, ECR and logs as
// well, and the page on Triton logs (control-plane.md 9).
const AWS_SIDE: Documented = Documented::For(&["aws", "hetzner", "generic", "gcp"]);
const EFS_SIDE: Documented = Documented::For(&["aws", "hetzner", "generic"]);
const LOGS: Documented = Documented::For(&["aws", "hetzner", "generic", "gcp", "triton"]);

const fn param(field: &'static str, kind: ParamKind, summary: &'static str) -> Param {
    Param {
        field,
        flag: None,
        kind,
        required: false,
        summary,
    }
}

/// Every add-on that the platform is known to have, in alphabetical order of the names.
pub static CATALOG: &[Addon] = &[
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
    Addon {
        key: "azureACR",
        name: "azure-acr",
        summary: "Pull images from private Azure Container Registries",
        purpose: "Lets the cluster pull images from private Azure Container Registries with a \
                  managed identity that has AcrPull.",
        documented: Documented::All,
        needs: &["azureWorkloadIdentity"],
        params: &[Param {
            field: "clientId",
            flag: Some("client-id"),
            kind: ParamKind::Text,
            required: true,
            summary: "client id of the identity that may pull",
        }],
        status: &[],
        cloud: &[
            "an identity with AcrPull on the registry and a federated credential for the cluster's issuer",
        ],
        trust_policy: None,
        ready: Ready::Never,
        aws_registry: false,
        danger: None,
        next: None,
        docs: "https://docs.controlplane.com/mk8s/add-ons/azure_acr",
    },
    Addon {
        key: "azureWorkloadIdentity",
        name: "azure-workload-identity",
        summary: "Give pods Entra identities",
        purpose: "Lets pods act as Microsoft Entra applications or managed identities.",
        documented: Documented::All,
        needs: &[],
        params: &[Param {
            field: "tenantId",
            flag: Some("tenant-id"),
            kind: ParamKind::Text,
            required: false,
            summary: "id of the Entra tenant",
        }],
        status: &[],
        cloud: &["federated credentials whose issuer is the cluster's OIDC URL"],
        trust_policy: None,
        ready: Ready::Never,
        aws_registry: false,
        danger: None,
        next: None,
        docs: "https://docs.controlplane.com/mk8s/add-ons/azure_workload_identity",
    },
    Addon {
        key: "byok",
        name: "byok",
        summary: "Make the cluster a Control Plane location",
        purpose: "Registers the cluster as a location for Control Plane workloads. The location \
                  must exist; at least two nodes with 2 CPU and 8 GB and a pool labelled \
                  cpln.io/nodeType=core are needed. Switching it off affects every workload in \
                  that location.",
        documented: Documented::All,
        needs: &[],
        params: &[
            Param {
                field: "location",
                flag: Some("location"),
                kind: ParamKind::Link,
                required: true,
                summary: "location that the cluster serves, as //location/NAME",
            },
            param(
                "ignoreUpdates",
                ParamKind::Bool,
                "whether agent updates are skipped",
            ),
            param(
                "config",
                ParamKind::Object,
                "sizes and settings of the agent's parts",
            ),
        ],
        status: &[],
        cloud: &["the location, made first: cpln location create"],
        trust_policy: None,
        ready: Ready::Never,
        aws_registry: false,
        danger: Some("every workload in the location that it serves stops"),
        next: None,
        docs: "https://docs.controlplane.com/mk8s/add-ons/byok",
    },
    Addon {
        key: "dashboard",
        name: "dashboard",
        summary: "Serve the Kubernetes Dashboard",
        purpose: "Installs the Kubernetes Dashboard behind the platform's login. headlamp is its \
                  successor.",
        documented: Documented::All,
        needs: &[],
        params: &[],
        status: &[StatusField {
            pointer: "/status/addOns/dashboard/url",
            summary: "address of the dashboard",
        }],
        cloud: &[],
        trust_policy: None,
        ready: Ready::Field("/status/addOns/dashboard/url"),
        aws_registry: false,
        danger: None,
        next: None,
        docs: "https://docs.controlplane.com/mk8s/add-ons/dashboard",
    },
    Addon {
        key: "headlamp",
        name: "headlamp",
        summary: "Serve the Headlamp user interface",
        purpose: "Installs the Headlamp web interface behind the platform's login.",
        documented: Documented::All,
        needs: &[],
        params: &[],
        status: &[StatusField {
            pointer: "/status/addOns/headlamp/url",
            summary: "address of the interface",
        }],
        cloud: &[],
        trust_policy: None,
        ready: Ready::Field("/status/addOns/headlamp/url"),
        aws_registry: false,
        danger: None,
        next: None,
        docs: "https://docs.controlplane.com/mk8s/add-ons/headlamp",
    },
    Addon {
        key: "kata",
        name: "kata",
        summary: "Run pods in virtual machines of their own",
        purpose: "Installs Kata Containers, whose pods each run in a light virtual machine. Nodes need \
                  hardware virtualisation, as for kubevirt, and a pool labelled cpln.io/nodeType=vm.",
        documented: Documented::All,
        needs: &[],
        params: &[],
        status: &[],
        cloud: &[],
        trust_policy: None,
        ready: Ready::Never,
        aws_registry: false,
        danger: None,
        next: None,
        // It has no page of its own yet.
        docs: "https://docs.controlplane.com/mk8s/overview",
    },
    Addon {
        key: "kubevirt",
        name: "kubevirt",
        summary: "Run virtual machines",
        purpose: "Installs KubeVirt and its data importer. Nodes need hardware virtualisation (on \
                  AWS nested virtualisation or a .metal type) and a pool labelled \
                  cpln.io/nodeType=vm.",
        documented: Documented::All,
        needs: &["nodeLocalDns"],
        params: &[Param {
            field: "scratchSpaceStorageClass",
            flag: Some("scratch-space-storage-class"),
            kind: ParamKind::Text,
            required: false,
            summary: "storage class for scratch space; needed if the default class is block mode",
        }],
        status: &[],
        cloud: &[],
        trust_policy: None,
        ready: Ready::Never,
        aws_registry: false,
        danger: None,
        next: None,
        docs: "https://docs.controlplane.com/mk8s/add-ons/kubevirt",
    },
    Addon {
        key: "localPathStorage",
        name: "local-path-storage",
        summary: "Offer volumes on the node's own disk",
        purpose: "Adds a storage class whose volumes live on the node where the pod runs.",
        documented: Documented::All,
        needs: &[],
        params: &[],
        status: &[],
        cloud: &[],
        trust_policy: None,
        ready: Ready::Never,
        aws_registry: false,
        danger: None,
        next: None,
        docs: "https://docs.controlplane.com/mk8s/add-ons/local_path_storage",
    },
    Addon {
        key: "logs",
        name: "logs",
        summary: "Send pod logs and audit records to Control Plane",
        purpose: "Collects the logs of pods, nodes and the API server's audit trail into the \
                  org's logs.",
        documented: LOGS,
        needs: &[],
        params: &[
            param(
                "auditEnabled",
                ParamKind::Bool,
                "whether audit records are collected",
            ),
            param(
                "includeNamespaces",
                ParamKind::Regex,
                "namespaces to collect from",
            ),
            param(
                "excludeNamespaces",
                ParamKind::Regex,
                "namespaces to leave out",
            ),
            param(
                "docker",
                ParamKind::Bool,
                "whether the container runtime's log is collected",
            ),
            param(
                "kubelet",
                ParamKind::Bool,
                "whether the kubelet's log is collected",
            ),
            param(
                "kernel",
                ParamKind::Bool,
                "whether the kernel's log is collected",
            ),
            param(
                "events",
                ParamKind::Bool,
                "whether cluster events are collected",
            ),
        ],
        status: &[StatusField {
            pointer: "/status/addOns/logs/lokiAddress",
            summary: "address of the log store",
        }],
        cloud: &[],
        trust_policy: None,
        ready: Ready::Field("/status/addOns/logs/lokiAddress"),
        aws_registry: false,
        danger: None,
        next: None,
        docs: "https://docs.controlplane.com/mk8s/add-ons/logs",
    },
    Addon {
        key: "metrics",
        name: "metrics",
        summary: "Send Prometheus metrics to Control Plane",
        purpose: "Scrapes the cluster's parts, and annotated pods on request, into the org's \
                  metrics.",
        documented: Documented::All,
        needs: &[],
        params: &[
            param(
                "kubeState",
                ParamKind::Bool,
                "whether object states are scraped",
            ),
            param("coreDns", ParamKind::Bool, "whether CoreDNS is scraped"),
            param(
                "kubelet",
                ParamKind::Bool,
                "whether the kubelets are scraped",
            ),
            param(
                "apiserver",
                ParamKind::Bool,
                "whether the API server is scraped",
            ),
            param(
                "nodeExporter",
                ParamKind::Bool,
                "whether node figures are scraped",
            ),
            param(
                "cadvisor",
                ParamKind::Bool,
                "whether container figures are scraped",
            ),
            param(
                "scrapeAnnotated",
                ParamKind::Object,
                "how annotated pods are scraped",
            ),
        ],
        status: &[
            StatusField {
                pointer: "/status/addOns/metrics/prometheusEndpoint",
                summary: "address of the metrics store",
            },
            StatusField {
                pointer: "/status/addOns/metrics/remoteWriteConfig",
                summary: "how to write metrics from elsewhere; may hold a password",
            },
        ],
        cloud: &[],
        trust_policy: None,
        ready: Ready::Field("/status/addOns/metrics/prometheusEndpoint"),
        aws_registry: false,
        danger: None,
        next: None,
        docs: "https://docs.controlplane.com/mk8s/add-ons/metrics",
    },
    Addon {
        key: "nodeLocalDns",
        name: "node-local-dns",
        summary: "Cache DNS answers on every node",
        purpose: "Runs a DNS cache on each node at 169.254.20.10.",
        documented: Documented::All,
        needs: &[],
        params: &[],
        status: &[],
        cloud: &[],
        trust_policy: None,
        ready: Ready::Never,
        aws_registry: false,
        danger: None,
        next: None,
        docs: "https://docs.controlplane.com/mk8s/add-ons/node_local_dns",
    },
    Addon {
        key: "nvidia",
        name: "nvidia",
        summary: "Run GPU workloads on NVIDIA nodes",
        purpose: "Installs the NVIDIA GPU operator; it does its work on nodes that have a GPU.",
        documented: Documented::All,
        needs: &[],
        params: &[param(
            "taintGPUNodes",
            ParamKind::Bool,
            "whether GPU nodes are kept for pods that ask for a GPU",
        )],
        status: &[],
        cloud: &[],
        trust_policy: None,
        ready: Ready::Never,
        aws_registry: false,
        danger: None,
        next: None,
        docs: "https://docs.controlplane.com/mk8s/add-ons/nvidia",
    },
    Addon {
        key: "registryMirror",
        name: "registry-mirror",
        summary: "Share pulled images between nodes",
        purpose: "Keeps a peer-to-peer cache of images on the nodes and can point registries at \
                  mirrors.",
        documented: Documented::All,
        needs: &[],
        params: &[param(
            "mirrors",
            ParamKind::Array,
            "registries and the mirrors to use for them",
        )],
        status: &[],
        cloud: &[],
        trust_policy: None,
        ready: Ready::Never,
        aws_registry: false,
        danger: None,
        next: None,
        docs: "https://docs.controlplane.com/mk8s/add-ons/registry_mirror",
    },
    Addon {
        key: "sysbox",
        name: "sysbox",
        summary: "Run Docker and Kubernetes inside pods",
        purpose: "Installs the Sysbox runtime, so that pods can hold container engines of their \
                  own without privileges.",
        documented: Documented::All,
        needs: &[],
        params: &[],
        status: &[],
        cloud: &[],
        trust_policy: None,
        ready: Ready::Never,
        aws_registry: false,
        danger: None,
        next: None,
        docs: "https://docs.controlplane.com/mk8s/add-ons/sysbox",
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::addon::{by_key, by_word, nearest};
    use std::collections::HashSet;

    #[test]
    fn names_and_keys_are_unique_and_in_order() {
        let mut seen = HashSet::new();
        for addon in CATALOG {
            assert!(
                seen.insert(addon.name.to_ascii_lowercase()),
                "{}",
                addon.name
            );
            if addon.key != addon.name {
                assert!(seen.insert(addon.key.to_ascii_lowercase()), "{}", addon.key);
            }
        }
        assert!(CATALOG.is_sorted_by_key(|addon| addon.name));
        assert_eq!(CATALOG.len(), 18);
    }

    #[test]
    fn prerequisites_exist_and_have_none_themselves() {
        for addon in CATALOG {
            for key in addon.needs {
                let needed = by_key(key).unwrap();
                assert!(needed.needs.is_empty(), "{key} would need a second look");
            }
        }
    }

    #[test]
    fn a_word_is_found_in_any_case_and_a_slip_is_corrected() {
        for word in ["aws-ecr", "awsECR", "awsecr", "AWS-ECR"] {
            assert_eq!(by_word(word).unwrap().key, "awsECR");
        }
        assert!(by_word("aws-erc").is_none());
        assert_eq!(nearest("aws-erc"), Some("aws-ecr"));
        assert_eq!(nearest("ecr"), None);
        assert_eq!(nearest("zzz"), None);
    }
}
