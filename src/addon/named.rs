//! What a word on the command line means: an add-on of the catalogue, or a key that only a cluster
//! has. Pure.

use super::{Addon, by_key, by_word};
use crate::cluster::Cluster;
use crate::text::printable;
use std::borrow::Cow;

/// An add-on as it was named.
#[derive(Debug, Clone)]
pub enum NamedAddon {
    /// One of the catalogue.
    Known(&'static Addon),
    /// A key under `spec.addOns` that the catalogue does not have, exactly as it stands there.
    Key(String),
}

/// Why a word means nothing certain.
#[derive(Debug, Clone)]
pub(crate) enum Unclear {
    /// No add-on has the name, and no cluster the key.
    Nothing,
    /// It is a spelling of this add-on, which is on, and a key of its own beside it.
    Both(&'static Addon),
}

impl NamedAddon {
    /// What the catalogue says of a word, without a cluster to look at.
    pub(crate) fn of(word: &str) -> Self {
        by_word(word).map_or_else(|| Self::Key(word.to_owned()), Self::Known)
    }

    /// The add-on with that key, or the key itself.
    pub(crate) fn of_key(key: &str) -> Self {
        by_key(key).map_or_else(|| Self::Key(key.to_owned()), Self::Known)
    }

    /// What a word means to these clusters together.
    ///
    /// The catalogue takes names and keys in any case, and a document may hold such a spelling as a
    /// key that the platform does not know (`awsEcr`, or the name `aws-ecr` itself). Whoever types
    /// what stands there means what stands there; but never is one of two taken by guess. The
    /// catalogue's own key is always that add-on.
    pub(crate) fn meant<'a>(
        word: &str,
        clusters: impl Iterator<Item = &'a Cluster> + Clone,
    ) -> Result<Self, Unclear> {
        let Some(addon) = by_word(word) else {
            let has = |cluster: &Cluster| {
                let keys = cluster.add_ons();
                keys.is_some_and(|keys| keys.contains_key(word))
            };
            return if clusters.into_iter().any(has) {
                Ok(Self::Key(word.to_owned()))
            } else {
                Err(Unclear::Nothing)
            };
        };
        let there = |key: &str| {
            let mut clusters = clusters.clone();
            clusters.any(|cluster| cluster.add_on_key(key).is_some())
        };
        match by_key(word).is_none() && there(word) {
            false => Ok(Self::Known(addon)),
            true if there(addon.key) => Err(Unclear::Both(addon)),
            true => Ok(Self::Key(word.to_owned())),
        }
    }

    /// The add-on of the catalogue.
    pub(crate) fn addon(&self) -> Option<&'static Addon> {
        match self {
            Self::Known(addon) => Some(addon),
            Self::Key(_) => None,
        }
    }

    /// The name as JSON has it: `aws-ecr`, or the key.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Known(addon) => addon.name,
            Self::Key(key) => key,
        }
    }

    /// The name in a sentence: a key comes from outside.
    pub(crate) fn shown(&self) -> Cow<'_, str> {
        match self {
            Self::Known(addon) => Cow::Borrowed(addon.name),
            Self::Key(key) => Cow::Owned(printable(key)),
        }
    }

    /// The key under `spec.addOns`.
    pub(crate) fn key(&self) -> &str {
        match self {
            Self::Known(addon) => addon.key,
            Self::Key(key) => key,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn clusters(add_ons: &[Value]) -> Vec<Cluster> {
        let cluster = |on: &Value| Cluster::new(json!({"spec": {"addOns": on}}));
        add_ons.iter().map(cluster).collect()
    }

    #[test]
    fn a_word_means_the_catalogues_add_on_or_exactly_the_key_that_is_there() {
        let ecr = json!({"awsECR": {}});
        let stray = json!({"awsEcr": {}});
        let name = json!({"aws-ecr": {}});
        let off = json!({"awsEcr": null});
        let rocket = json!({"rocket": {"thrust": 2}, "headlamp": {}});
        let known = "awsECR";
        for (word, add_ons, meant) in [
            ("aws-ecr", vec![], Ok(known)),
            ("AWSECR", vec![&rocket], Ok(known)),
            ("awsEcr", vec![&ecr], Ok(known)),
            ("awsEcr", vec![&off], Ok(known)),
            ("awsEcr", vec![&stray], Ok("awsEcr")),
            ("awsEcr", vec![&stray, &rocket], Ok("awsEcr")),
            ("awsEcr", vec![&stray, &ecr], Err(true)),
            ("aws-ecr", vec![&name], Ok("aws-ecr")),
            ("aws-ecr", vec![&name, &ecr], Err(true)),
            ("aws-ecr", vec![&stray], Ok(known)),
            // The key of the catalogue is never unclear.
            ("awsECR", vec![&stray, &name, &ecr], Ok(known)),
            ("rocket", vec![&ecr, &rocket], Ok("rocket")),
            ("rocket", vec![&json!({"rocket": null})], Ok("rocket")),
            ("Rocket", vec![&rocket], Err(false)),
            ("rocket", vec![&ecr, &json!(null)], Err(false)),
            ("rocket", vec![], Err(false)),
        ] {
            let add_ons: Vec<Value> = add_ons.into_iter().cloned().collect();
            let clusters = clusters(&add_ons);
            let got = NamedAddon::meant(word, clusters.iter());
            let got = match &got {
                Ok(named) => Ok(named.key()),
                Err(unclear) => Err(matches!(unclear, Unclear::Both(_))),
            };
            assert_eq!(got, meant, "{word} {add_ons:?}");
        }
    }
}
