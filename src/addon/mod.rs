//! What add-ons exist: their names, settings, prerequisites and what their status promises.
//!
//! Pure data and look-ups. A new add-on is one entry in [`catalog`]; flags, help, rules, lists,
//! waiting and the documentation iterate over it.

pub mod catalog;
pub mod named;
pub mod rules;

pub use catalog::CATALOG;
pub use named::Named;

use crate::arn::RoleArn;

/// One add-on of the platform.
#[derive(Debug, Clone, Copy)]
pub struct Addon {
    /// The key under `spec.addOns`: `awsECR`.
    pub key: &'static str,
    /// The word on the command line: `aws-ecr`.
    pub name: &'static str,
    /// What it is for, in one line without a full stop.
    pub summary: &'static str,
    /// What it does and what to know before switching it on; full sentences.
    pub purpose: &'static str,
    /// The providers for which the platform's pages document it. A fact about pages: the API itself
    /// blocks nothing (control-plane.md 4.1 and 9).
    pub documented: Documented,
    /// Keys of the add-ons that must be on as well.
    pub needs: &'static [&'static str],
    /// Settings at the top level of its object, the nested ones included as [`ParamKind::Object`].
    pub params: &'static [Param],
    /// What appears under `status`.
    pub status: &'static [StatusField],
    /// What the user does outside the cluster; empty if nothing.
    pub cloud: &'static [&'static str],
    /// JSON pointer of the trust policy that the add-on publishes.
    pub trust_policy: Option<&'static str>,
    /// What in the status says that it works; `--wait` waits for it.
    pub ready: Ready,
    /// Whether it pulls from AWS registries: off AWS it needs a role, and reports name the case.
    pub aws_registry: bool,
    /// What is lost when it is switched off, if that is more than the add-on itself; switching it
    /// off on a live cluster then wants the cluster's name.
    pub danger: Option<&'static str>,
    /// The subcommand of `mk8s addon` that is the natural next step once it is on.
    pub next: Option<&'static str>,
    /// The platform's page on it.
    pub docs: &'static str,
}

/// For which providers an add-on is documented. Of any other nothing is known: it may well work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Documented {
    /// For all, or without a word on providers.
    All,
    /// For these keys of `spec.provider`.
    For(&'static [&'static str]),
}

/// One setting of an add-on.
#[derive(Debug)]
pub struct Param {
    /// The field's name in the manifest: `roleArn`.
    pub field: &'static str,
    /// The flag without dashes, if it can be given on the command line.
    pub flag: Option<&'static str>,
    /// What values it takes.
    pub kind: ParamKind,
    /// Whether the platform refuses the add-on without it.
    pub required: bool,
    /// Noun first, no full stop.
    pub summary: &'static str,
}

/// What values a setting takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParamKind {
    /// ARN of an IAM role.
    RoleArn,
    /// Any text but the empty one.
    Text,
    /// `true` or `false`.
    Bool,
    /// A regular expression.
    Regex,
    /// A link to another resource: `//location/NAME` or `/org/ORG/location/NAME`.
    Link,
    /// An array.
    Array,
    /// A nested object.
    Object,
}

impl ParamKind {
    /// The placeholder of a value in help and hints.
    pub fn placeholder(self) -> &'static str {
        match self {
            Self::RoleArn => "ARN",
            Self::Text => "VALUE",
            Self::Bool => "BOOL",
            Self::Regex => "REGEX",
            Self::Link => "LINK",
            Self::Array => "LIST",
            Self::Object => "OBJECT",
        }
    }

    /// The type's name in `explain` and in the documentation.
    pub fn describe(self) -> &'static str {
        match self {
            Self::RoleArn => "ARN of an IAM role",
            Self::Text => "text",
            Self::Bool => "true or false",
            Self::Regex => "regular expression",
            Self::Link => "link",
            Self::Array => "list",
            Self::Object => "object",
        }
    }

    /// Why `text` is not a value of this kind.
    pub fn check(self, text: &str) -> Result<(), String> {
        if text.is_empty() {
            return Err("it is empty".to_owned());
        }
        match self {
            Self::RoleArn => text.parse::<RoleArn>().map(|_| ()),
            Self::Link if !text.starts_with('/') => {
                Err("a link starts with `//` or `/org/`".to_owned())
            }
            _ => Ok(()),
        }
    }
}

/// Which status fields say that an add-on works, as JSON pointers from the cluster's root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ready {
    /// The platform publishes nothing for it.
    Never,
    /// This field appears.
    Field(&'static str),
    /// With a role the first, without one the second.
    ByRole(&'static str, &'static str),
}

impl Ready {
    /// The field to wait for, given the add-on's value in `spec.addOns`.
    pub fn pointer(self, settings: &serde_json::Value) -> Option<&'static str> {
        match self {
            Self::Never => None,
            Self::Field(pointer) => Some(pointer),
            Self::ByRole(with, without) => Some(match settings.get("roleArn") {
                Some(serde_json::Value::String(_)) => with,
                _ => without,
            }),
        }
    }
}

/// One field that the add-on publishes under `status`.
#[derive(Debug, Clone, Copy)]
pub struct StatusField {
    /// JSON pointer from the root of the cluster object.
    pub pointer: &'static str,
    /// What it holds.
    pub summary: &'static str,
}

impl Addon {
    /// The setting with this flag.
    pub fn param_by_flag(&self, flag: &str) -> Option<&'static Param> {
        self.params.iter().find(|param| param.flag == Some(flag))
    }

    /// Whether it is documented for a cluster's provider; `None` is a cluster that names none.
    pub fn is_documented_for(&self, provider: Option<&str>) -> bool {
        match self.documented {
            Documented::All => true,
            Documented::For(list) => provider.is_some_and(|name| list.contains(&name)),
        }
    }

    /// Whether AWS has to trust the cluster's token issuer for it: it makes the cluster publish the
    /// issuer, or needs the add-on that does.
    pub fn wants_issuer(&self) -> bool {
        issuing()
            .is_some_and(|issuing| issuing.key == self.key || self.needs.contains(&issuing.key))
    }

    /// The add-ons that need this one.
    pub fn dependants(&self) -> impl Iterator<Item = &'static Self> {
        let key = self.key;
        CATALOG
            .iter()
            .filter(move |other| other.needs.contains(&key))
    }
}

/// Where a cluster publishes its token issuer, as a JSON pointer.
pub const ISSUER: &str = "/status/oidcProviderUrl";

/// The add-on that makes a cluster publish its token issuer.
pub fn issuing() -> Option<&'static Addon> {
    CATALOG
        .iter()
        .find(|addon| addon.ready == Ready::Field(ISSUER))
}

/// The add-on with exactly this key under `spec.addOns`.
pub fn by_key(key: &str) -> Option<&'static Addon> {
    CATALOG.iter().find(|addon| addon.key == key)
}

/// The add-on that the user means: its name or key, in any case.
pub fn by_word(word: &str) -> Option<&'static Addon> {
    CATALOG
        .iter()
        .find(|addon| addon.name.eq_ignore_ascii_case(word) || addon.key.eq_ignore_ascii_case(word))
}

/// The nearest name to a word that no add-on has, if one is near enough to be meant.
pub fn nearest(word: &str) -> Option<&'static str> {
    let word = word.to_ascii_lowercase();
    CATALOG
        .iter()
        .flat_map(|addon| [(addon.name, addon), (addon.key, addon)])
        .map(|(spelling, addon)| {
            let score = strsim::jaro_winkler(&spelling.to_ascii_lowercase(), &word);
            (score, addon.name)
        })
        .filter(|(score, _)| *score > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_aws_add_ons_want_an_issuer_and_no_other() {
        let wanting: Vec<&str> = CATALOG
            .iter()
            .filter(|addon| addon.wants_issuer())
            .map(|addon| addon.name)
            .collect();
        assert_eq!(
            wanting,
            ["aws-ecr", "aws-efs", "aws-elb", "aws-workload-identity"]
        );
    }
}
