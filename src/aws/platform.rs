//! For which processor architectures an image is, and which a cluster's nodes have. Pure.
//!
//! Nothing is guessed: an image without a list of platforms and a machine type whose name does not
//! tell say nothing.

use crate::cluster::Cluster;
use serde_json::Value;

/// The platforms of an image's manifest, such as `linux/arm64`, each once and in its order; empty
/// where the manifest is of one image alone, because such a one does not tell.
pub(crate) fn platforms(manifest: &Value) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for (_, platform) in images(manifest) {
        if let Some(platform) = platform
            && !found.contains(&platform)
        {
            found.push(platform);
        }
    }
    found
}

/// The digest of the first image in a list of images; `None` if the manifest is no list.
pub(crate) fn first_image(manifest: &Value) -> Option<&str> {
    let images = images(manifest);
    let real = images.iter().find(|(_, platform)| platform.is_some());
    Some(real.or_else(|| images.first())?.0)
}

/// The digest of one thing that a puller of a single image downloads: its configuration, else a
/// layer.
pub(crate) fn blob(manifest: &Value) -> Option<&str> {
    let config = manifest.pointer("/config/digest");
    config
        .or_else(|| manifest.pointer("/layers/0/digest"))?
        .as_str()
}

/// Digest and platform of every image in a list. What is no image, such as the provenance that
/// build tools put beside it, has the platform `unknown`, read as none.
fn images(manifest: &Value) -> Vec<(&str, Option<String>)> {
    let list = manifest.get("manifests").and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .filter_map(|entry| {
            let digest = entry.get("digest")?.as_str()?;
            let part = |name: &str| entry.pointer(&format!("/platform/{name}"))?.as_str();
            let platform = part("architecture")
                .filter(|architecture| *architecture != "unknown")
                .map(|architecture| {
                    let system = part("os").unwrap_or("linux");
                    format!("{system}/{}", usual(architecture))
                });
            Some((digest, platform))
        })
        .collect()
}

/// The name that images use.
fn usual(architecture: &str) -> &str {
    match architecture {
        "x86_64" | "x86-64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

/// An architecture of a cluster's nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Nodes {
    /// `amd64`, `arm64`.
    pub(crate) architecture: String,
    /// The first machine type that says so, such as `c7g.large`.
    pub(crate) because: String,
}

/// The architectures that the machine types of a cluster's node pools tell, each once.
///
/// Known are the instance types of AWS, the server types of Hetzner and the plain word of ephemeral
/// clusters; whatever else is named says nothing.
pub(crate) fn nodes(cluster: &Cluster) -> Vec<Nodes> {
    let mut found: Vec<Nodes> = Vec::new();
    let mut add = |architecture: &str, because: &str| {
        if !found.iter().any(|nodes| nodes.architecture == architecture) {
            found.push(Nodes {
                architecture: architecture.to_owned(),
                because: because.to_owned(),
            });
        }
    };
    let provider = cluster.provider().unwrap_or_default();
    let pools = format!("/spec/provider/{provider}/nodePools");
    let pools = cluster.value().pointer(&pools).and_then(Value::as_array);
    for pool in pools.into_iter().flatten() {
        let (field, read): (&str, fn(&str) -> Option<&str>) = match provider {
            "aws" => ("instanceTypes", aws),
            "hetzner" => ("serverType", hetzner),
            "ephemeral" => ("arch", |word| Some(usual(word))),
            _ => continue,
        };
        let types = match pool.get(field) {
            Some(Value::Array(several)) => several.iter().collect(),
            Some(one) => vec![one],
            None => Vec::new(),
        };
        for name in types.into_iter().filter_map(Value::as_str) {
            if let Some(architecture) = read(name) {
                add(architecture, name);
            }
        }
    }
    found
}

/// An instance type is `FAMILY GENERATION ATTRIBUTES.SIZE`; the attribute `g` stands for Graviton.
fn aws(name: &str) -> Option<&'static str> {
    let (series, _) = name.split_once('.')?;
    if series == "a1" {
        return Some("arm64");
    }
    let series = series.split('-').next().unwrap_or_default();
    let family = series.trim_start_matches(|c: char| c.is_ascii_lowercase());
    let attributes = family.trim_start_matches(|c: char| c.is_ascii_digit());
    let is_series = family.len() < series.len()
        && attributes.len() < family.len()
        && attributes.bytes().all(|b| b.is_ascii_lowercase());
    if !is_series || series.starts_with("mac") {
        return None;
    }
    Some(if attributes.contains('g') {
        "arm64"
    } else {
        "amd64"
    })
}

/// `cax…` are servers with Ampere processors; `cx…`, `cpx…` and `ccx…` those with Intel's and AMD's.
fn hetzner(name: &str) -> Option<&'static str> {
    let line = name.trim_end_matches(|c: char| c.is_ascii_digit());
    match line {
        "cax" => Some("arm64"),
        "cx" | "cpx" | "ccx" => Some("amd64"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_list_tells_its_platforms_and_a_single_image_tells_none() {
        let entry = |digest: &str, system: &str, architecture: &str| json!({"digest": digest, "platform": {"os": system, "architecture": architecture}});
        let list = json!({"manifests": [
            entry("sha256:p", "unknown", "unknown"),
            entry("sha256:a", "linux", "amd64"),
            entry("sha256:b", "linux", "arm64"),
            entry("sha256:c", "linux", "arm64"),
            entry("sha256:d", "windows", "amd64"),
        ]});
        assert_eq!(
            platforms(&list),
            ["linux/amd64", "linux/arm64", "windows/amd64"]
        );
        assert_eq!(first_image(&list), Some("sha256:a"));
        let bare = json!({"manifests": [{"digest": "sha256:x"}]});
        assert!(platforms(&bare).is_empty());
        assert_eq!(first_image(&bare), Some("sha256:x"));
        let single = json!({"config": {"digest": "sha256:k"}, "layers": [{"digest": "sha256:l"}]});
        assert!(platforms(&single).is_empty());
        assert_eq!(first_image(&single), None);
        assert_eq!(blob(&single), Some("sha256:k"));
        assert_eq!(
            blob(&json!({"layers": [{"digest": "sha256:l"}]})),
            Some("sha256:l")
        );
        assert_eq!(blob(&list), None);
    }

    #[test]
    fn machine_types_tell_what_they_tell_and_no_more() {
        for (name, expected) in [
            ("m6i.xlarge", Some("amd64")),
            ("t3.large", Some("amd64")),
            ("g4dn.xlarge", Some("amd64")),
            ("c7i-flex.large", Some("amd64")),
            ("c7g.large", Some("arm64")),
            ("m7gd.2xlarge", Some("arm64")),
            ("im4gn.large", Some("arm64")),
            ("g5g.xlarge", Some("arm64")),
            ("hpc7g.16xlarge", Some("arm64")),
            ("a1.medium", Some("arm64")),
            ("mac2.metal", None),
            ("u-6tb1.metal", None),
            ("large", None),
            ("", None),
            ("7g.large", None),
        ] {
            assert_eq!(aws(name), expected, "{name}");
        }
        for (name, expected) in [
            ("cax21", Some("arm64")),
            ("cpx41", Some("amd64")),
            ("cx22", Some("amd64")),
            ("ccx13", Some("amd64")),
            ("ax41", None),
            ("caxx1", None),
        ] {
            assert_eq!(hetzner(name), expected, "{name}");
        }
    }

    #[test]
    fn node_pools_are_read_where_the_provider_is_known() {
        for (provider, expected) in [
            (
                json!({"aws": {"nodePools": [{"instanceTypes": ["m6i.xlarge", "m6a.large"]},
                    {"instanceTypes": ["c7g.large"]}]}}),
                vec!["amd64 m6i.xlarge", "arm64 c7g.large"],
            ),
            (
                json!({"hetzner": {"nodePools": [{"serverType": "cax11"}],
                    "dedicatedServerNodePools": [{"name": "metal"}]}}),
                vec!["arm64 cax11"],
            ),
            (
                json!({"ephemeral": {"nodePools": [{"arch": "x86_64"}]}}),
                vec!["amd64 x86_64"],
            ),
            (json!({"generic": {"nodePools": [{"name": "a"}]}}), vec![]),
            (json!({"aws": {"nodePools": "none"}}), vec![]),
            (json!({}), vec![]),
        ] {
            let cluster = Cluster::new(json!({"spec": {"provider": provider}}));
            let found: Vec<String> = nodes(&cluster)
                .into_iter()
                .map(|nodes| format!("{} {}", nodes.architecture, nodes.because))
                .collect();
            assert_eq!(found, expected, "{provider}");
        }
    }
}
