//! The add-on that makes a cluster a location of Control Plane.

use super::byok::CONFIG;
use crate::addon::{Addon, Documented, HclForm, NodeNeed, Param, ParamKind, Ready};

pub(super) const ADD_ONS: &[Addon] = &[Addon {
    key: "byok",
    name: "byok",
    summary: "Make the cluster a Control Plane location",
    purpose: "Registers the cluster as a location for Control Plane workloads. The location \
                  must exist. Switching it off affects every workload in that location.",
    documented: Documented::All,
    nodes: Some(NodeNeed {
        label: Some("cpln.io/nodeType=core"),
        hardware: "two nodes with 2 CPU and 8 GB each, or more",
    }),
    needs: &[],
    params: &[
        Param::new(
            "location",
            ParamKind::Link("location"),
            "location that the cluster serves, as //location/NAME",
        )
        .required(),
        Param::new(
            "ignoreUpdates",
            ParamKind::Bool,
            "whether agent updates are skipped",
        ),
        Param::new(
            "config",
            ParamKind::Object(CONFIG),
            "sizes and settings of the agent's parts",
        ),
    ],
    status: &[],
    cloud: &["the location, made first: cpln location create"],
    trust_policy: None,
    ready: Ready::Never,
    aws: None,
    danger: Some("every workload in the location that it serves stops"),
    next: None,
    terraform: HclForm::Attribute,
    docs: "https://docs.controlplane.com/mk8s/add-ons/byok",
}];
