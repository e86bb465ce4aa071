//! What the platform adds to a document or spells differently. Pure.
//!
//! Links get their full form, and fields that were left out get the values that a reader of the
//! live cluster sees (control-plane.md 1.10). Never changes a value that was given, and leaves
//! what has the wrong type for `validate` to refuse.

use serde_json::{Map, Value, json};

/// Providers whose settings have a `networking` block.
const WITH_NETWORKING: &[&str] = &[
    "aws",
    "azure",
    "digitalocean",
    "gcp",
    "generic",
    "hetzner",
    "linode",
    "triton",
];

/// Providers without an `autoscaler` block.
const WITHOUT_AUTOSCALER: &[&str] = &["generic", "ephemeral"];

/// Fills a whole document: `kind`, `description`, `tags`, and everything below `spec`.
///
/// `current` is the stored document, whose networking is kept when the new one names none: it
/// cannot change after creation.
pub(super) fn fill(object: &mut Map<String, Value>, current: Option<&Value>, org: &str) {
    if let Some(spec) = object.get_mut("spec") {
        strip_nulls(spec);
        lengthen_links(spec, org);
    }
    put_if_missing(object, "kind", || json!(crate::cluster::KIND));
    let name = object.get("name").cloned();
    put_if_missing(object, "description", || name.unwrap_or_default());
    put_if_missing(object, "tags", || json!({}));
    let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut) else {
        return;
    };
    put_if_missing(
        spec,
        "firewall",
        || json!([{"sourceCIDR": "0.0.0.0/0", "description": "Default allow all"}]),
    );
    if let Some(providers) = spec.get_mut("provider").and_then(Value::as_object_mut) {
        for (name, settings) in providers {
            if let Some(settings) = settings.as_object_mut() {
                let before = current.and_then(|value| value.pointer("/spec/provider")?.get(name));
                fill_provider(name, settings, before);
            }
        }
    }
    if let Some(scrape) = spec
        .get_mut("addOns")
        .and_then(|addons| addons.get_mut("metrics")?.get_mut("scrapeAnnotated"))
        .and_then(Value::as_object_mut)
    {
        put_if_missing(scrape, "intervalSeconds", || json!(30));
    }
}

fn fill_provider(name: &str, settings: &mut Map<String, Value>, before: Option<&Value>) {
    if WITH_NETWORKING.contains(&name) {
        put_if_missing(settings, "networking", || {
            before
                .and_then(|before| before.get("networking"))
                .cloned()
                .unwrap_or_else(|| json!({}))
        });
        if let Some(networking) = settings
            .get_mut("networking")
            .and_then(Value::as_object_mut)
        {
            put_if_missing(networking, "serviceNetwork", || json!("10.43.0.0/16"));
            put_if_missing(networking, "podNetwork", || json!("10.42.0.0/16"));
        }
    }
    if !WITHOUT_AUTOSCALER.contains(&name) {
        put_if_missing(settings, "autoscaler", || json!({}));
        if let Some(autoscaler) = settings
            .get_mut("autoscaler")
            .and_then(Value::as_object_mut)
        {
            put_if_missing(autoscaler, "expander", || json!(["most-pods"]));
            put_if_missing(autoscaler, "unneededTime", || json!("10m"));
            put_if_missing(autoscaler, "unreadyTime", || json!("20m"));
            put_if_missing(autoscaler, "utilizationThreshold", || json!(0.7));
        }
    }
    match name {
        "hetzner" => put_if_missing(settings, "image", || json!("ubuntu-20.04")),
        "aws" => {
            let pools = settings.get_mut("nodePools").and_then(Value::as_array_mut);
            for pool in pools.into_iter().flatten() {
                if let Some(pool) = pool.as_object_mut() {
                    put_if_missing(pool, "bootDiskSize", || json!(20));
                    for field in [
                        "minSize",
                        "maxSize",
                        "onDemandBaseCapacity",
                        "onDemandPercentageAboveBaseCapacity",
                    ] {
                        put_if_missing(pool, field, || json!(0));
                    }
                    put_if_missing(pool, "spotAllocationStrategy", || json!("lowest-price"));
                }
            }
        }
        _ => {}
    }
}

fn put_if_missing(map: &mut Map<String, Value>, key: &str, value: impl FnOnce() -> Value) {
    if map.get(key).is_none_or(Value::is_null) {
        map.insert(key.to_owned(), value());
    }
}

/// `null` is "not there" in a document as in a patch.
fn strip_nulls(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, value| !value.is_null());
            map.values_mut().for_each(strip_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(strip_nulls),
        _ => {}
    }
}

/// `//secret/x` becomes `/org/ORG/secret/x`, wherever it stands.
fn lengthen_links(value: &mut Value, org: &str) {
    match value {
        Value::String(text) => {
            if let Some(long) = long_link(text, org) {
                *text = long;
            }
        }
        Value::Object(map) => map
            .values_mut()
            .for_each(|value| lengthen_links(value, org)),
        Value::Array(items) => items
            .iter_mut()
            .for_each(|value| lengthen_links(value, org)),
        _ => {}
    }
}

/// `/org/OTHER/secret/x` becomes `/org/ORG/secret/x`: a cluster that comes from another org brings along
/// what it needs of it.
pub(super) fn adopt(value: &mut Value, org: &str) {
    match value {
        Value::String(text) => {
            let parts: Vec<&str> = text.split('/').collect();
            if let ["", "org", _, kind, name] = parts.as_slice()
                && let Some(own) = long_link(&format!("//{kind}/{name}"), org)
            {
                *text = own;
            }
        }
        Value::Object(map) => map.values_mut().for_each(|value| adopt(value, org)),
        Value::Array(items) => items.iter_mut().for_each(|value| adopt(value, org)),
        _ => {}
    }
}

fn long_link(text: &str, org: &str) -> Option<String> {
    let (kind, name) = text.strip_prefix("//")?.split_once('/')?;
    let is_kind = !kind.is_empty() && kind.bytes().all(|b| b.is_ascii_lowercase());
    let is_name = !name.is_empty()
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    (is_kind && is_name).then(|| format!("/org/{org}/{kind}/{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(object: &Value, current: Option<&Value>) -> Value {
        let mut map = object.as_object().unwrap().clone();
        fill(&mut map, current, "acme");
        Value::Object(map)
    }

    #[test]
    fn what_is_left_out_gets_the_platforms_values() {
        let got = filled(
            &json!({"name": "a", "spec": {"provider": {"aws": {"nodePools": [{"name": "p", "minSize": 2}]}},
                "addOns": {"metrics": {"scrapeAnnotated": {}}, "dashboard": null}}}),
            None,
        );
        assert_eq!(
            got,
            json!({"name": "a", "kind": "mk8s", "description": "a", "tags": {}, "spec": {
                "provider": {"aws": {
                    "nodePools": [{"name": "p", "minSize": 2, "bootDiskSize": 20, "maxSize": 0,
                        "onDemandBaseCapacity": 0, "onDemandPercentageAboveBaseCapacity": 0,
                        "spotAllocationStrategy": "lowest-price"}],
                    "networking": {"serviceNetwork": "10.43.0.0/16", "podNetwork": "10.42.0.0/16"},
                    "autoscaler": {"expander": ["most-pods"], "unneededTime": "10m",
                        "unreadyTime": "20m", "utilizationThreshold": 0.7}
                }},
                "addOns": {"metrics": {"scrapeAnnotated": {"intervalSeconds": 30}}},
                "firewall": [{"sourceCIDR": "0.0.0.0/0", "description": "Default allow all"}]
            }})
        );
    }

    #[test]
    fn what_is_given_stays() {
        let given = json!({"name": "a", "kind": "mk8s", "description": "d", "tags": {"t": null},
            "spec": {"firewall": [], "provider": {"generic": {"location": "aws-us-west-2",
                "networking": {"serviceNetwork": "192.168.0.0/16", "podNetwork": "vpc"}}},
                "addOns": {"metrics": {}, "logs": {}}}});
        assert_eq!(filled(&given, None), given);
    }

    #[test]
    fn networking_is_taken_from_what_is_stored() {
        let current =
            json!({"spec": {"provider": {"generic": {"networking": {"podNetwork": "vpc"}}}}});
        let got = filled(
            &json!({"name": "a", "spec": {"provider": {"generic": {}}}}),
            Some(&current),
        );
        assert_eq!(
            got.pointer("/spec/provider/generic/networking"),
            Some(&json!({"podNetwork": "vpc", "serviceNetwork": "10.43.0.0/16"}))
        );
    }

    #[test]
    fn links_of_another_org_become_those_of_this_one() {
        let mut spec = json!({"a": ["/org/acme/secret/x", "/org/acme/gvc/a/b", "//secret/y"]});
        adopt(&mut spec, "sandbox");
        assert_eq!(
            spec,
            json!({"a": ["/org/sandbox/secret/x", "/org/acme/gvc/a/b", "//secret/y"]})
        );
    }

    #[test]
    fn only_links_are_lengthened() {
        for (text, want) in [
            ("//secret/a-b", Some("/org/acme/secret/a-b")),
            ("//location/x", Some("/org/acme/location/x")),
            ("/org/acme/secret/a", None),
            ("//secret/", None),
            ("//a comment/here", None),
            ("https://x/y", None),
            ("//Secret/x", None),
            ("//gvc/a/identity/b", None),
        ] {
            assert_eq!(long_link(text, "acme").as_deref(), want, "{text}");
        }
    }
}
