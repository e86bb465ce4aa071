//! What add-ons exist: their names, settings, prerequisites and what their status promises.
//!
//! Pure data and look-ups. A new add-on is one entry in `catalog`; flags, help, rules, lists,
//! waiting and the documentation iterate over it.

pub(crate) mod access;
pub(crate) mod aws_side;
pub(crate) mod catalog;
pub(crate) mod fault;
pub(crate) mod issuer;
pub(crate) mod named;
pub mod param;
pub mod path;
pub(crate) mod public;
pub(crate) mod rules;
pub(crate) mod stray;
pub(crate) mod value;

pub(crate) use aws_side::{AddonSide, AwsSide};
pub use catalog::CATALOG;
pub(crate) use issuer::ISSUER;
pub use named::NamedAddon;
pub use param::{Param, ParamKind};

use crate::text;

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
    pub(crate) purpose: &'static str,
    /// The providers for which the platform's pages document it. A fact about pages: the API itself
    /// blocks nothing (control-plane.md 4.1 and 9).
    pub documented: Documented,
    /// What it needs of the nodes, beside those that every cluster has; a fact about pages as well.
    pub nodes: Option<NodeNeed>,
    /// Keys of the add-ons that must be on as well.
    pub needs: &'static [&'static str],
    /// Settings at the top level of its object; what is in them is in their [`ParamKind`].
    pub params: &'static [Param],
    /// What appears under `status`.
    pub status: &'static [StatusField],
    /// What the user does outside the cluster; empty if nothing.
    pub(crate) cloud: &'static [&'static str],
    /// JSON pointer of the trust policy that the add-on publishes.
    pub(crate) trust_policy: Option<&'static str>,
    /// What in the status says that it works; `--wait` waits for it.
    pub(crate) ready: Ready,
    /// What it needs in AWS, if `mk8s aws` makes that.
    pub(crate) aws: Option<AwsSide>,
    /// What is lost when it is switched off, if that is more than the add-on itself; switching it
    /// off on a live cluster then wants the cluster's name.
    pub(crate) danger: Option<&'static str>,
    /// The subcommand of `mk8s addon` that is the natural next step once it is on.
    pub(crate) next: Option<&'static str>,
    /// How Terraform's provider has it in `add_ons`.
    pub(crate) terraform: HclForm,
    /// The platform's page on it.
    pub docs: &'static str,
}

/// How an add-on stands in the block `add_ons` of Terraform's provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HclForm {
    /// `headlamp = true`: it has no settings.
    Flag,
    /// `metrics {…}`
    Block,
    /// `byok = {…}`
    Attribute,
}

/// For which providers an add-on is documented. Of any other nothing is known: it may well work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Documented {
    /// For all, or without a word on providers.
    All,
    /// For these keys of `spec.provider`.
    For(&'static [&'static str]),
}

/// What an add-on needs of the nodes of a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeNeed {
    /// The label of the node pool that it works on.
    pub label: Option<&'static str>,
    /// What the machines have to have.
    pub hardware: &'static str,
}

impl NodeNeed {
    /// All of it in a few words.
    pub fn words(&self) -> String {
        match self.label {
            Some(label) => format!("a pool labelled {label}; {}", self.hardware),
            None => self.hardware.to_owned(),
        }
    }
}

/// Which status fields say that an add-on works, as JSON pointers from the cluster's root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ready {
    /// The platform publishes nothing for it.
    Never,
    /// This field appears.
    Field(&'static str),
    /// With a role the first, without one the second.
    ByRole(&'static str, &'static str),
}

impl Ready {
    /// The field to wait for, given the add-on's value in `spec.addOns`.
    pub(crate) fn pointer(self, settings: &serde_json::Value) -> Option<&'static str> {
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
    /// Whether it is documented for a cluster's provider; `None` is a cluster that names none.
    pub(crate) fn is_documented_for(&self, provider: Option<&str>) -> bool {
        match self.documented {
            Documented::All => true,
            Documented::For(list) => provider.is_some_and(|name| list.contains(&name)),
        }
    }

    /// Whether it takes a role unless the cluster runs in the account that it works in; reports name
    /// the case then.
    pub(crate) fn works_at_home(&self) -> bool {
        let need = self.aws.as_ref().map(|side| side.role);
        need == Some(aws_side::RoleNeed::UnlessHome)
    }

    /// Whether AWS has to trust the cluster's token issuer for it: it makes the cluster publish the
    /// issuer, or needs the add-on that does.
    pub(crate) fn wants_issuer(&self) -> bool {
        issuing()
            .is_some_and(|issuing| issuing.key == self.key || self.needs.contains(&issuing.key))
    }

    /// The add-ons that need this one.
    pub(crate) fn dependants(&self) -> impl Iterator<Item = &'static Self> {
        let key = self.key;
        CATALOG
            .iter()
            .filter(move |other| other.needs.contains(&key))
    }
}

/// The add-on that makes a cluster publish its token issuer.
pub(crate) fn issuing() -> Option<&'static Addon> {
    CATALOG
        .iter()
        .find(|addon| addon.ready == Ready::Field(ISSUER))
}

/// The add-on with exactly this key under `spec.addOns`.
pub fn by_key(key: &str) -> Option<&'static Addon> {
    CATALOG.iter().find(|addon| addon.key == key)
}

/// The add-on that a key of a manifest means which is written otherwise: the platform takes it for
/// nothing.
pub(crate) fn misspelt(key: &str) -> Option<&'static Addon> {
    let mut meant = CATALOG.iter().filter(|addon| addon.is_meant_by(key));
    meant.find(|addon| addon.key != key)
}

/// The add-on that the user means: its name or key, in any case.
pub(crate) fn by_word(word: &str) -> Option<&'static Addon> {
    CATALOG
        .iter()
        .find(|addon| addon.name.eq_ignore_ascii_case(word) || addon.key.eq_ignore_ascii_case(word))
}

/// The nearest name to a word that no add-on has, if one is near enough to be meant.
pub(crate) fn nearest(word: &str) -> Option<&'static str> {
    let names = CATALOG.iter().map(|addon| addon.name);
    alike(word).or_else(|| text::nearest(word, names))
}

/// The same for a word that may well be another add-on's: it has to be alike.
pub(crate) fn alike(word: &str) -> Option<&'static str> {
    let spellings = CATALOG.iter().flat_map(|addon| [addon.name, addon.key]);
    let near = text::alike(word, spellings)?;
    by_word(near).map(|addon| addon.name)
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
