//! The fields of a cluster as the platform's schema has them: one table, for whoever judges a manifest
//! or describes one. Pure data; what is in `spec.addOns` is the catalogue's.

pub(crate) mod json_schema;
mod provider;

use crate::addon::{Param, ParamKind};
use crate::cluster;

/// What the server sets at the top of a cluster (control-plane.md 1.11).
pub(crate) const READ_ONLY: [&str; 7] = [
    "id",
    "version",
    "created",
    "lastModified",
    "links",
    "alias",
    "status",
];

/// The versions of Kubernetes that are known (control-plane.md 3.1); there are newer ones some day.
pub(crate) const RELEASES: &[&str] = &[
    "1.26.0", "1.26.4", "1.27.3", "1.28.2", "1.28.4", "1.29.7", "1.30.3", "1.31.5", "1.31.13",
    "1.32.1", "1.32.9", "1.33.5", "1.34.2", "1.35.3",
];

const FIREWALL: &[Param] = &[
    Param::new(
        "sourceCIDR",
        ParamKind::Cidr,
        "addresses that reach the API server",
    )
    .required(),
    Param::new("description", ParamKind::AnyText, "what they are"),
];

const SPEC: &[Param] = &[
    Param::new(
        "version",
        ParamKind::Release(RELEASES),
        "Kubernetes version",
    )
    .required(),
    Param::new(
        "firewall",
        ParamKind::List(&ParamKind::Object(FIREWALL)),
        "addresses that reach the API server; all if omitted",
    ),
    Param::new(
        "provider",
        ParamKind::One(provider::PROVIDERS),
        "where the nodes are, and how they are made",
    )
    .required(),
    Param::new("addOns", ParamKind::AddOns, "add-ons that are on"),
];

/// A cluster, as a manifest and the API have it.
pub(crate) static CLUSTER: &[Param] = &[
    Param::new(
        "kind",
        ParamKind::Word(&[cluster::KIND]),
        "kind of the resource",
    ),
    Param::new("name", ParamKind::Name, "name of the cluster").required(),
    Param::new(
        "description",
        ParamKind::Line(250),
        "what it is for; the name if omitted",
    ),
    Param::new("tags", ParamKind::Scalars(50), "names with a value each"),
    Param::new("spec", ParamKind::Object(SPEC), "what is wanted").required(),
    set_by_server("id"),
    set_by_server("version"),
    set_by_server("created"),
    set_by_server("lastModified"),
    set_by_server("links"),
    set_by_server("alias"),
    set_by_server("status"),
];

const fn set_by_server(field: &'static str) -> Param {
    Param::new(field, ParamKind::Any, "set by the server")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_fields_are_in_the_table() {
        for field in READ_ONLY {
            assert!(CLUSTER.iter().any(|param| param.field == field), "{field}");
        }
        assert_eq!(provider::PROVIDERS.len(), 12);
    }
}
