//! The clusters that a sandbox starts with. Pure data.
//!
//! One of each kind that matters for AWS ECR, complete and realistic, all without
//! `awsWorkloadIdentity` and `awsECR`: switching those on is what is rehearsed.

use serde_json::{Value, json};

/// The clusters of a new sandbox.
#[derive(Debug, Clone, Default)]
pub(crate) enum Seeds {
    /// `aws-same`, `aws-cross`, `hetzner` and `generic`.
    #[default]
    Builtin,
    /// These documents of `kind: mk8s`, stored as a PUT would store them, except that their
    /// add-ons may have keys which the catalogue does not know.
    Objects(Vec<Value>),
    /// These documents, and that many clusters that are made from the built-in ones.
    Fleet(Vec<Value>, usize),
}

impl Seeds {
    pub(super) fn objects(self) -> Vec<Value> {
        match self {
            Self::Builtin => builtin_seeds(),
            Self::Objects(objects) => objects,
            Self::Fleet(mut objects, count) => {
                objects.extend(fleet(count));
                objects
            }
        }
    }
}

/// Clusters as a company has them: of four kinds in turn, `fleet-0001` and so on (all names of one
/// length, so that they sort), each of a team and of a ring of a roll-out.
fn fleet(count: usize) -> impl Iterator<Item = Value> {
    const TEAMS: [&str; 3] = ["blue", "green", "red"];
    let kinds = builtin_seeds();
    let digits = count.to_string().len().max(4);
    (1..=count).filter_map(move |number| {
        let mut cluster = kinds.get(number % kinds.len())?.clone();
        cluster["name"] = json!(format!("fleet-{number:0digits$}"));
        cluster["tags"] = json!({
            "team": TEAMS[number % TEAMS.len()],
            // One in a hundred is the first to get anything, then ten.
            "ring": match number % 100 { 1 => "0", 2..=11 => "1", _ => "2" },
        });
        Some(cluster)
    })
}

/// The four built-in clusters, as manifests.
pub(crate) fn builtin_seeds() -> Vec<Value> {
    vec![aws_same(), aws_cross(), hetzner(), generic()]
}

fn aws_same() -> Value {
    json!({
        "kind": "mk8s",
        "name": "aws-same",
        "description": "AWS cluster that pulls from its own account",
        "tags": {"env": "production", "team": "shop", "cost-center": "4410", "cpln/protected": true},
        "spec": {
            "version": "1.33.5",
            "firewall": [
                {"sourceCIDR": "203.0.113.0/24", "description": "Office"},
                {"sourceCIDR": "198.51.100.17/32", "description": "VPN egress"}
            ],
            "provider": {"aws": {
                "region": "eu-central-1",
                "deployRoleArn": "arn:aws:iam::111122223333:role/cpln-mk8s-sandbox",
                "vpcId": "vpc-0a1b2c3d4e5f60718",
                "networking": {"serviceNetwork": "10.43.0.0/16", "podNetwork": "10.42.0.0/16"},
                "image": {"recommended": "ubuntu/jammy-22.04"},
                "keyPair": "ops",
                "securityGroupIds": ["sg-0123456789abcdef0"],
                "extraNodePolicies": ["arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"],
                "awsTags": {"Owner": "shop", "Environment": "production"},
                "nodePools": [{
                    "name": "general",
                    "labels": {"workload": "general"},
                    "instanceTypes": ["m6i.xlarge", "m6a.xlarge"],
                    "bootDiskSize": 80,
                    "minSize": 3,
                    "maxSize": 9,
                    "onDemandBaseCapacity": 3,
                    "onDemandPercentageAboveBaseCapacity": 50,
                    "spotAllocationStrategy": "price-capacity-optimized",
                    "subnetIds": ["subnet-0aaa1111bbb22222c", "subnet-0ddd3333eee44444f"]
                }],
                "autoscaler": {"expander": ["least-waste"], "unneededTime": "15m",
                    "unreadyTime": "20m", "utilizationThreshold": 0.6}
            }},
            "addOns": {
                "headlamp": {},
                "metrics": {
                    "kubeState": true,
                    "nodeExporter": true,
                    "scrapeAnnotated": {"intervalSeconds": 30, "includeNamespaces": "^shop-.*$"}
                }
            }
        }
    })
}

fn aws_cross() -> Value {
    json!({
        "kind": "mk8s",
        "name": "aws-cross",
        "description": "AWS cluster that pulls from another account",
        "tags": {"env": "staging", "team": "shop"},
        "spec": {
            "version": "1.32.9",
            "firewall": [{"sourceCIDR": "203.0.113.0/24", "description": "Office"}],
            "provider": {"aws": {
                "region": "us-west-2",
                "deployRoleArn": "arn:aws:iam::444455556666:role/cpln-mk8s-sandbox",
                "vpcId": "vpc-0f9e8d7c6b5a43210",
                "image": {"recommended": "amazon/al2023"},
                "nodePools": [
                    {
                        "name": "workers",
                        "instanceTypes": ["c7g.large"],
                        "minSize": 1,
                        "maxSize": 4,
                        "subnetIds": ["subnet-0123aaaabbbbccccd"]
                    },
                    {
                        "name": "batch",
                        "labels": {"workload": "batch"},
                        "taints": [{"key": "batch", "value": "true", "effect": "NoSchedule"}],
                        "instanceTypes": ["m7g.2xlarge"],
                        "maxSize": 8,
                        "subnetIds": ["subnet-0123aaaabbbbccccd"]
                    }
                ]
            }},
            "addOns": {"logs": {"auditEnabled": true, "excludeNamespaces": "^kube-.*$"}}
        }
    })
}

fn hetzner() -> Value {
    json!({
        "kind": "mk8s",
        "name": "hetzner",
        "description": "Hetzner cluster in Falkenstein",
        "tags": {"env": "staging"},
        "spec": {
            "version": "1.33.5",
            "firewall": [{"sourceCIDR": "0.0.0.0/0", "description": "Default allow all"}],
            "provider": {"hetzner": {
                "region": "fsn1",
                "tokenSecretLink": "//secret/hetzner-token",
                "networkId": "1234567",
                "image": "ubuntu-22.04",
                "sshKey": "7654321",
                "hetznerLabels": {"managed-by": "cpln"},
                "nodePools": [{"name": "workers", "serverType": "cpx41", "minSize": 2, "maxSize": 4}],
                "dedicatedServerNodePools": [{
                    "name": "metal",
                    "labels": {"disk": "nvme"},
                    "taints": [{"key": "dedicated", "value": "db", "effect": "NoSchedule"}]
                }],
                "floatingIPSelector": {"role": "ingress"}
            }},
            "addOns": {
                "headlamp": {},
                "localPathStorage": {},
                "registryMirror": {"mirrors": [
                    {"registry": "docker.io", "mirrors": ["https://mirror.gcr.io"]}
                ]}
            }
        }
    })
}

fn generic() -> Value {
    json!({
        "kind": "mk8s",
        "name": "generic",
        "description": "Racks of our own",
        "tags": {"env": "lab", "racks": 2},
        "spec": {
            "version": "1.31.13",
            "firewall": [{"sourceCIDR": "10.0.0.0/8", "description": "Intranet"}],
            "provider": {"generic": {
                "location": "aws-eu-central-1",
                "networking": {"serviceNetwork": "192.168.0.0/16", "podNetwork": "172.16.0.0/15",
                    "dnsForwarder": "10.1.0.53 10.1.0.54"},
                "nodePools": [
                    {"name": "compute", "labels": {"cpln.io/nodeType": "core"}},
                    {"name": "storage", "labels": {"role": "storage"},
                        "taints": [{"key": "storage-only", "effect": "NoExecute"}]}
                ]
            }},
            "addOns": {"dashboard": {}, "localPathStorage": {}, "sysbox": {}}
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Cluster;

    #[test]
    fn a_fleet_is_of_four_kinds_and_sorts_by_name() {
        let fleet: Vec<Cluster> = fleet(10_000).map(Cluster::new).collect();
        assert_eq!(fleet.len(), 10_000);
        let names: Vec<&str> = fleet.iter().map(Cluster::name).collect();
        assert!(names.is_sorted());
        assert_eq!(names[..2], ["fleet-00001", "fleet-00002"]);
        for provider in ["aws", "hetzner", "generic"] {
            assert!(fleet.iter().any(|it| it.provider() == Some(provider)));
        }
        let first = fleet.iter().filter(|it| it.value()["tags"]["ring"] == "0");
        assert_eq!(first.count(), 100);
    }

    #[test]
    fn the_four_are_bare_and_in_the_accounts_they_say() {
        let seen: Vec<(String, String, Option<String>)> = builtin_seeds()
            .into_iter()
            .map(Cluster::new)
            .map(|cluster| {
                assert!(cluster.add_on("awsECR").is_none());
                assert!(cluster.add_on("awsWorkloadIdentity").is_none());
                assert!(!cluster.add_ons().unwrap().is_empty());
                (
                    cluster.name().to_owned(),
                    cluster.provider().unwrap().to_owned(),
                    cluster.home().map(|home| home.account.to_string()),
                )
            })
            .collect();
        let row = |name: &str, provider: &str, account: Option<&str>| {
            (
                name.to_owned(),
                provider.to_owned(),
                account.map(str::to_owned),
            )
        };
        assert_eq!(
            seen,
            [
                row("aws-same", "aws", Some("111122223333")),
                row("aws-cross", "aws", Some("444455556666")),
                row("hetzner", "hetzner", None),
                row("generic", "generic", None),
            ]
        );
    }
}
