//! The add-ons that send what happens in a cluster to Control Plane.

use super::param;
use crate::addon::{Addon, Documented, ParamKind, Ready, StatusField};

// The add-on page names the first three; those on GCP and Triton list logs as well (control-plane.md 9).
const LOGS: Documented = Documented::For(&["aws", "hetzner", "generic", "gcp", "triton"]);

pub(super) const ADD_ONS: &[Addon] = &[
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
];
