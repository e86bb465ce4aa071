//! The add-ons that send what happens in a cluster to Control Plane.

use crate::addon::{Addon, Documented, HclForm, Param, ParamKind, Ready, StatusField};

// The add-on page names the first three; those on GCP and Triton list logs as well (control-plane.md 9).
const LOGS: Documented = Documented::For(&["aws", "hetzner", "generic", "gcp", "triton"]);

const SCRAPE: &[Param] = &[
    Param::new(
        "intervalSeconds",
        ParamKind::Whole(1, i64::MAX),
        "seconds between two looks at a pod",
    )
    .default("30"),
    Param::new(
        "includeNamespaces",
        ParamKind::Regex,
        "namespaces whose pods are scraped",
    ),
    Param::new(
        "excludeNamespaces",
        ParamKind::Regex,
        "namespaces whose pods are left out",
    ),
    Param::new(
        "retainLabels",
        ParamKind::Regex,
        "labels of pods that are kept on their metrics",
    ),
];

pub(super) const ADD_ONS: &[Addon] = &[
    Addon {
        key: "logs",
        name: "logs",
        summary: "Send pod logs and audit records to Control Plane",
        purpose: "Collects the logs of pods, nodes and the API server's audit trail into the \
                  org's logs.",
        documented: LOGS,
        nodes: None,
        needs: &[],
        params: &[
            Param::new(
                "auditEnabled",
                ParamKind::Bool,
                "whether audit records are collected",
            ),
            Param::new(
                "includeNamespaces",
                ParamKind::Regex,
                "namespaces to collect from",
            ),
            Param::new(
                "excludeNamespaces",
                ParamKind::Regex,
                "namespaces to leave out",
            ),
            Param::new(
                "docker",
                ParamKind::Bool,
                "whether the container runtime's log is collected",
            ),
            Param::new(
                "kubelet",
                ParamKind::Bool,
                "whether the kubelet's log is collected",
            ),
            Param::new(
                "kernel",
                ParamKind::Bool,
                "whether the kernel's log is collected",
            ),
            Param::new(
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
        aws: None,
        danger: None,
        next: None,
        terraform: HclForm::Block,
        docs: "https://docs.controlplane.com/mk8s/add-ons/logs",
    },
    Addon {
        key: "metrics",
        name: "metrics",
        summary: "Send Prometheus metrics to Control Plane",
        purpose: "Scrapes the cluster's parts, and annotated pods on request, into the org's \
                  metrics.",
        documented: Documented::All,
        nodes: None,
        needs: &[],
        params: &[
            Param::new(
                "kubeState",
                ParamKind::Bool,
                "whether object states are scraped",
            ),
            Param::new("coreDns", ParamKind::Bool, "whether CoreDNS is scraped"),
            Param::new(
                "kubelet",
                ParamKind::Bool,
                "whether the kubelets are scraped",
            ),
            Param::new(
                "apiserver",
                ParamKind::Bool,
                "whether the API server is scraped",
            )
            .abroad("apiServer"),
            Param::new(
                "nodeExporter",
                ParamKind::Bool,
                "whether node figures are scraped",
            ),
            Param::new(
                "cadvisor",
                ParamKind::Bool,
                "whether container figures are scraped",
            ),
            Param::new(
                "scrapeAnnotated",
                ParamKind::Object(SCRAPE),
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
        aws: None,
        danger: None,
        next: None,
        terraform: HclForm::Block,
        docs: "https://docs.controlplane.com/mk8s/add-ons/metrics",
    },
];
