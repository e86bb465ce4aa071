//! What is known of the context of a request. Pure.

use std::collections::BTreeMap;

/// What is known of one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// The request has it, with these values.
    Is(Vec<String>),
    /// The request does not have it.
    Absent,
    /// It cannot be known from here.
    Unknown,
}

/// What is known of all keys. Their case does not matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    keys: BTreeMap<String, Fact>,
    /// By what a key begins with; the longest counts.
    families: BTreeMap<String, Fact>,
    rest: Fact,
}

impl Facts {
    /// Nothing yet: every key is so.
    pub(crate) fn new(rest: Fact) -> Self {
        Self {
            keys: BTreeMap::new(),
            families: BTreeMap::new(),
            rest,
        }
    }

    /// With one key.
    #[must_use]
    pub(crate) fn with(mut self, key: &str, fact: Fact) -> Self {
        self.keys.insert(key.to_ascii_lowercase(), fact);
        self
    }

    /// With one key that has one value.
    #[must_use]
    pub(crate) fn is(self, key: &str, value: impl Into<String>) -> Self {
        self.with(key, Fact::Is(vec![value.into()]))
    }

    /// With all keys that begin so, but for those that are given by themselves.
    #[must_use]
    pub(crate) fn family(mut self, prefix: &str, fact: Fact) -> Self {
        self.families.insert(prefix.to_ascii_lowercase(), fact);
        self
    }

    /// The time of the request, in seconds since 1970.
    #[must_use]
    pub(crate) fn at(self, now: i64) -> Self {
        self.is("aws:CurrentTime", now.to_string())
            .is("aws:EpochTime", now.to_string())
    }

    /// Keys, in lower case, of which the one value is known.
    pub(crate) fn values(&self) -> impl Iterator<Item = (String, String)> + '_ {
        self.keys.iter().filter_map(|(key, fact)| match fact {
            Fact::Is(values) if values.len() == 1 => Some((key.clone(), values[0].clone())),
            _ => None,
        })
    }

    /// What is known of a key.
    pub(crate) fn get(&self, key: &str) -> &Fact {
        let key = key.to_ascii_lowercase();
        let family = || {
            let fits = |(prefix, _): &(&String, &Fact)| key.starts_with(prefix.as_str());
            let longest = self.families.iter().filter(fits);
            longest.max_by_key(|(prefix, _)| prefix.len())
        };
        self.keys
            .get(&key)
            .or_else(|| family().map(|(_, fact)| fact))
            .unwrap_or(&self.rest)
    }
}
