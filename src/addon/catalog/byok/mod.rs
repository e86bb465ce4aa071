//! What `byok.config` holds: the sizes of the agent's parts. Types from the published schema, defaults
//! from the Terraform provider (control-plane.md 4.4 and 9).

mod monitoring;

use crate::addon::{Param, ParamKind};
use monitoring::MONITORING;

const COUNT: ParamKind = ParamKind::Whole(0, i64::MAX);
const AT_LEAST_ONE: ParamKind = ParamKind::Whole(1, i64::MAX);

const ACTUATOR: &[Param] = &[
    Param::new(
        "minCpu",
        ParamKind::Quantity,
        "CPU that the actuator asks for",
    )
    .default("50m"),
    Param::new(
        "maxCpu",
        ParamKind::Quantity,
        "CPU that the actuator may take",
    )
    .default("8001m"),
    Param::new(
        "minMemory",
        ParamKind::Quantity,
        "memory that the actuator asks for",
    )
    .default("200Mi"),
    Param::new(
        "maxMemory",
        ParamKind::Quantity,
        "memory that the actuator may take",
    )
    .default("8000Mi"),
    Param::new(
        "logLevel",
        ParamKind::Word(&["trace", "info", "error"]),
        "how much the actuator logs",
    )
    .default("info"),
    Param::new(
        "env",
        ParamKind::Map(&ParamKind::AnyText),
        "environment variables of the actuator",
    ),
];

const BYOK: &[Param] = &[Param::new(
    "noDefaultStorageClasses",
    ParamKind::Bool,
    "whether the default storage classes are left out",
)
.default("false")];

const PDB: &[Param] = &[Param::new(
    "maxUnavailable",
    COUNT,
    "pods that may be missing during a disruption",
)];

const COMMON: &[Param] = &[
    Param::new("deploymentReplicas", COUNT, "replicas of each deployment"),
    Param::new("pdb", ParamKind::Object(PDB), "limits of a disruption"),
];

const INGRESS: &[Param] = &[
    Param::new("cpu", ParamKind::Quantity, "CPU of an ingress pod").default("50m"),
    Param::new("memory", ParamKind::Quantity, "memory of an ingress pod").default("200Mi"),
    Param::new(
        "targetPercent",
        ParamKind::Number,
        "use in percent from which more pods are started",
    )
    .default("6000"),
];

const INTERNAL_DNS: &[Param] = &[
    Param::new(
        "minCpu",
        ParamKind::Quantity,
        "CPU that the DNS server asks for",
    ),
    Param::new(
        "maxCpu",
        ParamKind::Quantity,
        "CPU that the DNS server may take",
    ),
    Param::new(
        "minMemory",
        ParamKind::Quantity,
        "memory that the DNS server asks for",
    ),
    Param::new(
        "maxMemory",
        ParamKind::Quantity,
        "memory that the DNS server may take",
    ),
];

const ISTIOD: &[Param] = &[
    Param::new("replicas", COUNT, "replicas of istiod").default("2"),
    Param::new("minCpu", ParamKind::Quantity, "CPU that istiod asks for").default("50m"),
    Param::new("maxCpu", ParamKind::Quantity, "CPU that istiod may take").default("8001m"),
    Param::new(
        "minMemory",
        ParamKind::Quantity,
        "memory that istiod asks for",
    )
    .default("100Mi"),
    Param::new(
        "maxMemory",
        ParamKind::Quantity,
        "memory that istiod may take",
    )
    .default("8000Mi"),
    Param::new(
        "pdb",
        COUNT,
        "istiod pods that may be missing during a disruption",
    )
    .default("0"),
];

const GATEWAY: &[Param] = &[
    Param::new("replicas", COUNT, "replicas of the gateway").default("2"),
    Param::new(
        "maxCpu",
        ParamKind::Quantity,
        "CPU that the gateway may take",
    )
    .default("1"),
    Param::new(
        "maxMemory",
        ParamKind::Quantity,
        "memory that the gateway may take",
    )
    .default("1Gi"),
];

const SIDECAR: &[Param] = &[
    Param::new("minCpu", ParamKind::Quantity, "CPU that a sidecar asks for").default("0m"),
    Param::new(
        "minMemory",
        ParamKind::Quantity,
        "memory that a sidecar asks for",
    )
    .default("200Mi"),
];

const ISTIO: &[Param] = &[
    Param::new(
        "istiod",
        ParamKind::Object(ISTIOD),
        "the control plane of the mesh",
    ),
    Param::new(
        "ingressgateway",
        ParamKind::Object(GATEWAY),
        "the gateway of the mesh",
    )
    .abroad("ingressGateway"),
    Param::new(
        "sidecar",
        ParamKind::Object(SIDECAR),
        "the proxies beside workloads",
    ),
];

const JUICEFS: &[Param] = &[Param::new(
    "enabled",
    ParamKind::Bool,
    "whether JuiceFS is installed",
)];

const LOG_SPLITTER: &[Param] = &[
    Param::new(
        "minCpu",
        ParamKind::Quantity,
        "CPU that the splitter asks for",
    )
    .default("1m"),
    Param::new(
        "maxCpu",
        ParamKind::Quantity,
        "CPU that the splitter may take",
    )
    .default("1000m"),
    Param::new(
        "minMemory",
        ParamKind::Quantity,
        "memory that the splitter asks for",
    )
    .default("10Mi"),
    Param::new(
        "maxMemory",
        ParamKind::Quantity,
        "memory that the splitter may take",
    )
    .default("2000Mi"),
    Param::new(
        "memBufferSize",
        ParamKind::Quantity,
        "buffer of each splitter",
    )
    .default("128M"),
    Param::new("perPodRate", COUNT, "records a second and pod").default("10000"),
];

const LONGHORN: &[Param] = &[
    Param::new("replicas", AT_LEAST_ONE, "replicas of the storage manager").default("2"),
    Param::new("numberOfReplicas", AT_LEAST_ONE, "copies of each volume"),
    Param::new(
        "isDefault",
        ParamKind::Bool,
        "whether it is the default storage class",
    ),
];

const MAINTAINER: &[Param] = &[Param::new(
    "env",
    ParamKind::Map(&ParamKind::AnyText),
    "environment variables of the maintainer",
)];

const MIDDLEBOX: &[Param] = &[
    Param::new(
        "enabled",
        ParamKind::Bool,
        "whether the middlebox is installed",
    )
    .default("false"),
    Param::new(
        "bandwidthAlertMbps",
        COUNT,
        "Mbit/s from which an alert is raised",
    )
    .default("650"),
    Param::new(
        "port",
        ParamKind::Whole(1, 65_535),
        "port that it listens on",
    )
    .sample("8443"),
    Param::new("ip", ParamKind::Ipv4, "address that it listens on"),
    Param::new("ingressReplicas", COUNT, "replicas of its ingress").default("0"),
];

const REDIS: &[Param] = &[
    Param::new("minCpu", ParamKind::Quantity, "CPU that the cache asks for").default("10m"),
    Param::new("maxCpu", ParamKind::Quantity, "CPU that the cache may take").default("2001m"),
    Param::new(
        "minMemory",
        ParamKind::Quantity,
        "memory that the cache asks for",
    )
    .default("100Mi"),
    Param::new(
        "maxMemory",
        ParamKind::Quantity,
        "memory that the cache may take",
    )
    .default("1000Mi"),
    Param::new("storage", ParamKind::Quantity, "volume of the cache").default("8Gi"),
];

const REDIS_HA: &[Param] = &[
    Param::new("minCpu", ParamKind::Quantity, "CPU that the cache asks for"),
    Param::new("maxCpu", ParamKind::Quantity, "CPU that the cache may take"),
    Param::new(
        "minMemory",
        ParamKind::Quantity,
        "memory that the cache asks for",
    ),
    Param::new(
        "maxMemory",
        ParamKind::Quantity,
        "memory that the cache may take",
    ),
    Param::new("storage", COUNT, "volume in GiB; 0 is none").default("0"),
];

const REDIS_SENTINEL: &[Param] = &[
    Param::new(
        "minCpu",
        ParamKind::Quantity,
        "CPU that the sentinel asks for",
    ),
    Param::new(
        "maxCpu",
        ParamKind::Quantity,
        "CPU that the sentinel may take",
    ),
    Param::new(
        "minMemory",
        ParamKind::Quantity,
        "memory that the sentinel asks for",
    ),
    Param::new(
        "maxMemory",
        ParamKind::Quantity,
        "memory that the sentinel may take",
    ),
    Param::new("storage", COUNT, "volume in GiB; 0 is none").default("0"),
];

const TEMPO_AGENT: &[Param] = &[
    Param::new("minCpu", ParamKind::Quantity, "CPU that the agent asks for").default("0m"),
    Param::new(
        "minMemory",
        ParamKind::Quantity,
        "memory that the agent asks for",
    )
    .default("10Mi"),
];

pub(super) const CONFIG: &[Param] = &[
    Param::new(
        "actuator",
        ParamKind::Object(ACTUATOR),
        "the part that carries out changes",
    ),
    Param::new(
        "byok",
        ParamKind::Object(BYOK),
        "what holds for the whole installation",
    ),
    Param::new(
        "common",
        ParamKind::Object(COMMON),
        "how the deployments are rolled out",
    ),
    Param::new(
        "ingress",
        ParamKind::Object(INGRESS),
        "the ingress controller",
    ),
    Param::new(
        "internalDns",
        ParamKind::Object(INTERNAL_DNS),
        "the DNS server of the location",
    ),
    Param::new("istio", ParamKind::Object(ISTIO), "the service mesh"),
    Param::new(
        "juicefs",
        ParamKind::Object(JUICEFS),
        "the shared file system",
    ),
    Param::new(
        "logSplitter",
        ParamKind::Object(LOG_SPLITTER),
        "the part that sorts logs",
    ),
    Param::new("longhorn", ParamKind::Object(LONGHORN), "the block storage"),
    Param::new(
        "maintainer",
        ParamKind::Object(MAINTAINER),
        "the part that looks after the installation",
    ),
    Param::new(
        "middlebox",
        ParamKind::Object(MIDDLEBOX),
        "the optional traffic shaper",
    ),
    Param::new(
        "monitoring",
        ParamKind::Object(MONITORING),
        "the monitoring of the location",
    ),
    Param::new("redis", ParamKind::Object(REDIS), "the cache"),
    Param::new(
        "redisHa",
        ParamKind::Object(REDIS_HA),
        "the highly available cache",
    ),
    Param::new(
        "redisSentinel",
        ParamKind::Object(REDIS_SENTINEL),
        "the watch over the cache",
    ),
    Param::new(
        "tempoAgent",
        ParamKind::Object(TEMPO_AGENT),
        "the agent for traces",
    ),
];
