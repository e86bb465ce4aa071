//! The fields of `spec.provider`, for each provider (control-plane.md 3.2 and 3.3). What a field may
//! hold beyond its type is left to the platform: regions, images and sizes come and go.

use crate::addon::{Param, ParamKind};

const TEXTS: ParamKind = ParamKind::List(&ParamKind::AnyText);
const LABELS: ParamKind = ParamKind::Map(&ParamKind::AnyText);
const SECRET: ParamKind = ParamKind::Link("secret");
const COUNT: ParamKind = ParamKind::Whole(0, i64::MAX);

const fn text(field: &'static str, summary: &'static str) -> Param {
    Param::new(field, ParamKind::Text, summary)
}

const fn of(field: &'static str, kind: ParamKind, summary: &'static str) -> Param {
    Param::new(field, kind, summary)
}

const NETWORKING: &[Param] = &[
    text("serviceNetwork", "addresses of services"),
    text("podNetwork", "addresses of pods"),
    text("dnsForwarder", "name servers, with blanks between them"),
];

const AUTOSCALER: &[Param] = &[
    of(
        "expander",
        ParamKind::List(&ParamKind::Word(&[
            "random",
            "most-pods",
            "least-waste",
            "price",
        ])),
        "how a pool to grow is chosen",
    ),
    text("unneededTime", "time until an idle node goes"),
    text("unreadyTime", "time until a node that is not ready goes"),
    of(
        "utilizationThreshold",
        ParamKind::Number,
        "share of use below which a node is idle",
    ),
];

const TAINT: &[Param] = &[
    text("key", "name of the taint"),
    of("value", ParamKind::AnyText, "value of the taint"),
    of(
        "effect",
        ParamKind::Word(&["NoSchedule", "PreferNoSchedule", "NoExecute"]),
        "what it does to pods",
    ),
];

const NAME: Param = text("name", "name of the pool").required();
const POOL_LABELS: Param = of("labels", LABELS, "labels of its nodes");
const TAINTS: Param = of(
    "taints",
    ParamKind::List(&ParamKind::Object(TAINT)),
    "taints of its nodes",
);
const LEAST: Param = of("minSize", COUNT, "least number of nodes");
const MOST: Param = of("maxSize", COUNT, "greatest number of nodes");
const OVERRIDE: Param = of("overrideImage", ParamKind::Any, "image of its nodes");

const PLAIN_POOL: &[Param] = &[NAME, POOL_LABELS, TAINTS];

const REGION: Param = text("region", "region").required();
const LOCATION: Param = text("location", "location").required();
const IMAGE: Param = of("image", ParamKind::Any, "image of the nodes");
const TOKEN: Param = of("tokenSecretLink", SECRET, "secret with the token").required();
const VPC: Param = text("vpcId", "network of the nodes").required();
const NETWORK: Param = text("networkId", "network of the nodes").required();
const SSH_KEYS: Param = of("sshKeys", TEXTS, "public keys for SSH");
const NETWORKS: Param = of(
    "networking",
    ParamKind::Object(NETWORKING),
    "addresses of pods and services",
);
const SCRIPT: Param = of(
    "preInstallScript",
    ParamKind::AnyText,
    "script that runs on a node first",
);
const SCALER: Param = of(
    "autoscaler",
    ParamKind::Object(AUTOSCALER),
    "how pools grow and shrink",
);
const UNMANAGED: Param = of(
    "unmanagedNodePools",
    ParamKind::Named(PLAIN_POOL),
    "pools that others make",
);

const fn pools(fields: &'static [Param]) -> Param {
    of("nodePools", ParamKind::Named(fields), "pools of nodes")
}

const AWS_IMAGE: &[Param] = &[
    text("recommended", "family of images"),
    text("exact", "one image"),
];

const CHAIN: &[Param] = &[
    of("roleArn", ParamKind::RoleArn, "role").required(),
    text("externalId", "external id"),
    text("sessionNamePrefix", "beginning of the session's name"),
];

const AWS_POOL: &[Param] = &[
    NAME,
    POOL_LABELS,
    TAINTS,
    of("instanceTypes", TEXTS, "types of instances").required(),
    of("subnetIds", TEXTS, "subnets").required(),
    of("bootDiskSize", COUNT, "size of the disk in GB"),
    LEAST,
    MOST,
    of(
        "onDemandBaseCapacity",
        COUNT,
        "instances that are no spot ones",
    ),
    of(
        "onDemandPercentageAboveBaseCapacity",
        ParamKind::Number,
        "share of those beyond them",
    ),
    text("spotAllocationStrategy", "how spot instances are chosen"),
    of("extraSecurityGroupIds", TEXTS, "more security groups"),
    OVERRIDE,
    of(
        "cpuOptions",
        ParamKind::Object(&[of(
            "nestedVirtualization",
            ParamKind::Any,
            "virtual machines in the nodes",
        )]),
        "options of the processor",
    ),
];

const AWS: &[Param] = &[
    REGION,
    of(
        "deployRoleArn",
        ParamKind::RoleArn,
        "role that Control Plane assumes",
    )
    .required(),
    VPC,
    of("image", ParamKind::Object(AWS_IMAGE), "image of the nodes").required(),
    of(
        "deployRoleChain",
        ParamKind::List(&ParamKind::Object(CHAIN)),
        "roles that are assumed after it",
    ),
    of(
        "skipCreateRoles",
        ParamKind::Bool,
        "whether roles are made by others",
    ),
    NETWORKS,
    SCRIPT,
    text("keyPair", "key pair for SSH"),
    text("diskEncryptionKeyArn", "key that encrypts the disks"),
    of("securityGroupIds", TEXTS, "security groups"),
    of("extraNodePolicies", TEXTS, "more policies of the nodes"),
    of("awsTags", LABELS, "tags in AWS"),
    SCALER,
    pools(AWS_POOL),
];

const HETZNER_POOL: &[Param] = &[
    NAME,
    POOL_LABELS,
    TAINTS,
    LEAST,
    MOST,
    text("serverType", "type of servers").required(),
    OVERRIDE,
];

const HETZNER: &[Param] = &[
    REGION,
    TOKEN,
    NETWORK,
    IMAGE,
    text("firewallId", "firewall"),
    text("sshKey", "name of the key for SSH"),
    of("hetznerLabels", LABELS, "labels at Hetzner"),
    of("floatingIPSelector", LABELS, "labels of floating addresses"),
    NETWORKS,
    SCRIPT,
    SCALER,
    of(
        "dedicatedServerNodePools",
        ParamKind::Named(PLAIN_POOL),
        "pools of dedicated servers",
    ),
    pools(HETZNER_POOL),
];

const GENERIC: &[Param] = &[LOCATION, NETWORKS, pools(PLAIN_POOL)];

const GCP_POOL: &[Param] = &[
    NAME,
    POOL_LABELS,
    TAINTS,
    LEAST,
    MOST,
    text("machineType", "type of machines").required(),
    text("zone", "zone").required(),
    text("subnet", "subnet").required(),
    of("bootDiskSize", COUNT, "size of the disk in GB").required(),
    of(
        "assignPublicIP",
        ParamKind::Bool,
        "whether nodes have public addresses",
    ),
    of(
        "preemptible",
        ParamKind::Bool,
        "whether nodes may be taken away",
    ),
    of("localPersistentDisks", COUNT, "number of local disks"),
    OVERRIDE,
];

const GCP: &[Param] = &[
    text("projectId", "project").required(),
    REGION,
    text("network", "network").required(),
    of("saKeyLink", SECRET, "secret with the key").required(),
    IMAGE.required(),
    of("labels", LABELS, "labels"),
    of("tags", TEXTS, "network tags"),
    of("metadata", LABELS, "metadata of the nodes"),
    NETWORKS,
    SCRIPT,
    SCALER,
    pools(GCP_POOL),
];

const AZURE_POOL: &[Param] = &[
    NAME,
    POOL_LABELS,
    TAINTS,
    LEAST,
    MOST,
    text("size", "size of the machines").required(),
    text("subnetId", "subnet").required(),
    of("zones", ParamKind::List(&COUNT), "zones").required(),
    of("bootDiskSize", COUNT, "size of the disk in GB").required(),
    OVERRIDE,
];

const AZURE: &[Param] = &[
    LOCATION,
    text("subscriptionId", "subscription").required(),
    of("sdkSecretLink", SECRET, "secret with the credentials").required(),
    text("resourceGroup", "resource group").required(),
    NETWORK,
    IMAGE.required(),
    SSH_KEYS.required(),
    of("tags", LABELS, "tags in Azure"),
    NETWORKS,
    SCRIPT,
    SCALER,
    pools(AZURE_POOL),
];

const DIGITALOCEAN_POOL: &[Param] = &[
    NAME,
    POOL_LABELS,
    TAINTS,
    LEAST,
    MOST,
    text("dropletSize", "size of the droplets").required(),
    OVERRIDE,
];

const DIGITALOCEAN: &[Param] = &[
    REGION,
    TOKEN,
    VPC,
    IMAGE.required(),
    SSH_KEYS.required(),
    of("extraSshKeys", TEXTS, "more public keys for SSH"),
    of("reservedIPs", TEXTS, "reserved addresses"),
    of("digitalOceanTags", TEXTS, "tags at DigitalOcean"),
    NETWORKS,
    SCRIPT,
    SCALER,
    pools(DIGITALOCEAN_POOL),
];

const LINODE_POOL: &[Param] = &[
    NAME,
    POOL_LABELS,
    TAINTS,
    LEAST,
    MOST,
    text("serverType", "type of servers").required(),
    text("subnetId", "subnet").required(),
    OVERRIDE,
];

const LINODE: &[Param] = &[
    REGION,
    TOKEN,
    VPC,
    IMAGE.required(),
    text("firewallId", "firewall"),
    of("authorizedUsers", TEXTS, "users who may log in"),
    of("authorizedKeys", TEXTS, "public keys for SSH"),
    NETWORKS,
    SCRIPT,
    SCALER,
    pools(LINODE_POOL),
];

const CONNECTION: &[Param] = &[
    text("url", "address").required(),
    text("account", "account").required(),
    text("user", "user"),
    of("privateKeySecretLink", SECRET, "secret with the key").required(),
];

const TRITON_POOL: &[Param] = &[
    NAME,
    POOL_LABELS,
    TAINTS,
    LEAST,
    MOST,
    text("packageId", "package").required(),
    text("overrideImageId", "image of its nodes"),
    text("publicNetworkId", "public network"),
    of("privateNetworkIds", TEXTS, "private networks"),
    of("tritonTags", LABELS, "tags at Triton"),
];

const TRITON: &[Param] = &[
    of(
        "connection",
        ParamKind::Object(CONNECTION),
        "how it is reached",
    )
    .required(),
    LOCATION,
    text("privateNetworkId", "private network").required(),
    text("imageId", "image of the nodes").required(),
    of("loadBalancer", ParamKind::Any, "load balancer"),
    of(
        "firewallEnabled",
        ParamKind::Bool,
        "whether there is a firewall",
    ),
    SSH_KEYS,
    NETWORKS,
    SCRIPT,
    SCALER,
    pools(TRITON_POOL),
];

const OBLIVUS_POOL: &[Param] = &[
    NAME,
    POOL_LABELS,
    TAINTS,
    LEAST,
    MOST,
    text("flavor", "flavour").required(),
];

const OBLIVUS: &[Param] = &[
    text("datacenter", "data centre").required(),
    TOKEN,
    SSH_KEYS,
    UNMANAGED,
    SCRIPT,
    SCALER,
    pools(OBLIVUS_POOL),
];

const LAMBDALABS_POOL: &[Param] = &[
    NAME,
    POOL_LABELS,
    TAINTS,
    LEAST,
    MOST,
    text("instanceType", "type of instances").required(),
];

const LAMBDALABS: &[Param] = &[
    REGION,
    TOKEN,
    text("sshKey", "name of the key for SSH").required(),
    of("fileSystems", TEXTS, "file systems"),
    UNMANAGED,
    SCRIPT,
    SCALER,
    pools(LAMBDALABS_POOL),
];

const PAPERSPACE_POOL: &[Param] = &[
    NAME,
    POOL_LABELS,
    TAINTS,
    LEAST,
    MOST,
    text("machineType", "type of machines").required(),
    text("publicIpType", "sort of public address").required(),
    of("bootDiskSize", COUNT, "size of the disk in GB"),
];

const PAPERSPACE: &[Param] = &[
    REGION,
    TOKEN,
    NETWORK,
    of("sharedDrives", TEXTS, "shared drives"),
    of("userIds", TEXTS, "users"),
    UNMANAGED,
    SCRIPT,
    SCALER,
    pools(PAPERSPACE_POOL),
];

const EPHEMERAL_POOL: &[Param] = &[
    NAME,
    POOL_LABELS,
    TAINTS,
    of("count", COUNT, "number of nodes").required(),
    text("arch", "architecture").required(),
    text("flavor", "flavour").required(),
    text("cpu", "processors").required(),
    text("memory", "memory").required(),
];

const EPHEMERAL: &[Param] = &[LOCATION, pools(EPHEMERAL_POOL)];

const fn provider(field: &'static str, fields: &'static [Param]) -> Param {
    of(field, ParamKind::Object(fields), "provider of the nodes")
}

/// Of these a cluster has exactly one.
pub(super) const PROVIDERS: &[Param] = &[
    provider("generic", GENERIC),
    provider("hetzner", HETZNER),
    provider("aws", AWS),
    provider("linode", LINODE),
    provider("oblivus", OBLIVUS),
    provider("lambdalabs", LAMBDALABS),
    provider("paperspace", PAPERSPACE),
    provider("ephemeral", EPHEMERAL),
    provider("triton", TRITON),
    provider("azure", AZURE),
    provider("digitalocean", DIGITALOCEAN),
    provider("gcp", GCP),
];
