//! What the server fills in where nobody said anything (control-plane.md 1.10). Pure.
//!
//! Only `null` in a manifest asks for it: such a field is as wished when the cluster has nothing
//! there, or no more than this. A default that is missing here costs a PATCH that changes nothing,
//! never a wrong answer.

use serde_json::{Value, json};

/// Whether a value is what a cluster shows at this path without anybody's doing. `root` is the whole
/// cluster, as far as it is known.
pub(crate) fn is_default(path: &str, value: &Value, root: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => return true,
        Value::String(text) if text.is_empty() => return true,
        Value::Array(items) if items.is_empty() => return true,
        Value::Object(fields) => {
            return fields
                .iter()
                .all(|(key, value)| is_default(&format!("{path}.{key}"), value, root));
        }
        _ => {}
    }
    let parts: Vec<&str> = path.split('.').collect();
    match parts.as_slice() {
        ["description"] => root.get("name") == Some(value),
        ["spec", "firewall"] => {
            value.as_array().is_some_and(|rules| rules.len() == 1)
                && value.pointer("/0/sourceCIDR") == Some(&json!("0.0.0.0/0"))
        }
        ["spec", "provider", "hetzner", "image"] => *value == json!("ubuntu-20.04"),
        ["spec", "provider", "aws", pool, field] if pool.starts_with("nodePools[") => {
            match *field {
                "bootDiskSize" => is_number(value, 20.0),
                "spotAllocationStrategy" => *value == json!("lowest-price"),
                "minSize"
                | "maxSize"
                | "onDemandBaseCapacity"
                | "onDemandPercentageAboveBaseCapacity" => is_number(value, 0.0),
                _ => false,
            }
        }
        ["spec", "provider", _, "networking", field] => match *field {
            "serviceNetwork" => *value == json!("10.43.0.0/16"),
            "podNetwork" => *value == json!("10.42.0.0/16"),
            _ => false,
        },
        ["spec", "provider", _, "autoscaler", field] => match *field {
            "expander" => *value == json!(["most-pods"]),
            "unneededTime" => *value == json!("10m"),
            "unreadyTime" => *value == json!("20m"),
            "utilizationThreshold" => is_number(value, 0.7),
            _ => false,
        },
        [
            "spec",
            "addOns",
            "metrics",
            "scrapeAnnotated",
            "intervalSeconds",
        ] => is_number(value, 30.0),
        _ => false,
    }
}

fn is_number(value: &Value, wanted: f64) -> bool {
    value
        .as_f64()
        .is_some_and(|found| (found - wanted).abs() < f64::EPSILON)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_fills_in_is_told_from_what_somebody_asked_for() {
        let root = json!({"name": "dc1"});
        for (path, value) in [
            ("description", json!("dc1")),
            ("tags", json!({})),
            (
                "spec.firewall",
                json!([{"sourceCIDR": "0.0.0.0/0", "description": "Default allow all"}]),
            ),
            (
                "spec.provider.generic.networking",
                json!({"serviceNetwork": "10.43.0.0/16", "podNetwork": "10.42.0.0/16"}),
            ),
            (
                "spec.provider.aws.autoscaler",
                json!({"expander": ["most-pods"], "unneededTime": "10m", "unreadyTime": "20m",
                    "utilizationThreshold": 0.7}),
            ),
            ("spec.provider.aws.nodePools[3].bootDiskSize", json!(20)),
            ("spec.provider.aws.nodePools[0].minSize", json!(0.0)),
            (
                "spec.addOns.metrics.scrapeAnnotated",
                json!({"intervalSeconds": 30}),
            ),
            ("spec.addOns.logs.events", json!(false)),
        ] {
            assert!(is_default(path, &value, &root), "{path}");
        }
        for (path, value) in [
            ("description", json!("Rack 12")),
            ("tags", json!({"team": "shop"})),
            ("spec.firewall", json!([{"sourceCIDR": "10.0.0.0/8"}])),
            (
                "spec.provider.generic.networking",
                json!({"serviceNetwork": "10.43.0.0/16", "podNetwork": "172.16.0.0/15"}),
            ),
            ("spec.provider.aws.nodePools[0].minSize", json!(1)),
            (
                "spec.addOns.metrics.scrapeAnnotated.intervalSeconds",
                json!(15),
            ),
            ("spec.provider.aws.keyPair", json!("ops")),
        ] {
            assert!(!is_default(path, &value, &root), "{path}");
        }
    }
}
