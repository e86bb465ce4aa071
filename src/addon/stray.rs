//! Keys of a cluster by which add-ons are meant, and which the platform does not take for any: `addons`
//! in small letters, `addOns` or an add-on in another place, `awsEcr`. Pure.

use super::param::folded;
use super::{Addon, CATALOG};
use serde_json::Value;

const ADD_ONS: &str = "spec.addOns";

/// A key that is taken for nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stray {
    /// Where it stands.
    pub(crate) path: Vec<String>,
    /// The path that is meant.
    pub(crate) meant: String,
}

/// The path that is meant by a key which the platform does not know where it stands; `None` if it is
/// none by which add-ons are meant.
pub(crate) fn meant(place: &[&str], key: &str) -> Option<String> {
    let word = folded(key);
    match place {
        [] | ["spec"] if word == "addons" => Some(ADD_ONS.to_owned()),
        [] | ["spec"] | ["spec", "addOns"] => {
            let addon = CATALOG.iter().find(|addon| addon.is_meant_by(key))?;
            Some(format!("{ADD_ONS}.{}", addon.key))
        }
        _ => None,
    }
}

impl Stray {
    /// Whether an add-on is not to be switched on beside it: it is that add-on, or all of them.
    pub(crate) fn is_in_the_way_of(&self, addon: Option<&Addon>) -> bool {
        let own = addon.map(|addon| format!("{ADD_ONS}.{}", addon.key));
        self.meant == ADD_ONS || Some(&self.meant) == own.as_ref()
    }
}

/// All such keys of a cluster.
pub(crate) fn of(cluster: &Value) -> Vec<Stray> {
    let mut strays = Vec::new();
    for place in [&[][..], &["spec"], &["spec", "addOns"]] {
        let at = place.iter().try_fold(cluster, |at, key| at.get(key));
        let keys = at.and_then(Value::as_object).into_iter().flatten();
        for (key, _) in keys.filter(|(_, value)| !value.is_null()) {
            let mut path: Vec<String> = place.iter().map(|&part| part.to_owned()).collect();
            path.push(key.clone());
            if let Some(meant) = meant(place, key)
                && path.join(".") != meant
            {
                strays.push(Stray { path, meant });
            }
        }
    }
    strays
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::addon::by_key;
    use serde_json::json;

    #[test]
    fn what_is_meant_for_the_add_on_is_found_wherever_it_stands() {
        let ecr = by_key("awsECR").unwrap();
        for (cluster, expected) in [
            (json!({"spec": {"addOns": {"awsECR": {}, "logs": {}}}}), ""),
            (
                json!({"spec": {"addons": {"logs": {}}}}),
                "spec.addons > spec.addOns",
            ),
            (
                json!({"spec": {"add-ons": {}, "addOns": {}}}),
                "spec.add-ons > spec.addOns",
            ),
            (json!({"addOns": {}, "spec": {}}), "addOns > spec.addOns"),
            (
                json!({"spec": {"addOns\u{200b}": {}}}),
                "spec.addOns\u{200b} > spec.addOns",
            ),
            (json!({"spec": {"addons": null}}), ""),
            (
                json!({"spec": {"addOns": {"awsEcr": {}, "HeadLamp": {}}}}),
                "spec.addOns.awsEcr > spec.addOns.awsECR",
            ),
            (
                json!({"spec": {"addOns": {"aws_ecr": true}}}),
                "spec.addOns.aws_ecr > spec.addOns.awsECR",
            ),
            (
                json!({"spec": {"awsECR": {}, "headlamp": {}}}),
                "spec.awsECR > spec.addOns.awsECR",
            ),
            (json!({"spec": {"addOns": {"awsEcr": null}}}), ""),
            (json!([]), ""),
        ] {
            let found: Vec<String> = of(&cluster)
                .iter()
                .filter(|stray| stray.is_in_the_way_of(Some(ecr)))
                .map(|stray| format!("{} > {}", stray.path.join("."), stray.meant))
                .collect();
            assert_eq!(found.join("; "), expected, "{cluster}");
        }
    }
}
