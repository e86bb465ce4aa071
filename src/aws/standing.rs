//! How the trust policy of a role stands to a cluster: one judgement for all who tell of it. Pure.

use super::cover::{Coverage, TrustDifference, compare};
use super::policy::{EntryAnswer, entry};
use serde_json::Value;
use std::collections::BTreeSet;

/// How it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It is the published one.
    Identical,
    /// It allows what is published.
    Covered,
    /// It lets the cluster in, but not by what is published; where the closest statement differs.
    Otherwise(TrustDifference),
    /// It does not let the cluster in; where the closest statement differs.
    Missing(TrustDifference),
    /// It allows what is published, and that lets this subject in nowhere.
    Vain(String),
    /// This statement keeps the cluster out.
    Denied(String),
    /// It depends.
    Depends {
        /// On these keys.
        on: BTreeSet<String>,
        /// By this statement.
        statement: String,
        /// Whether that is a Deny.
        denies: bool,
    },
}

impl Standing {
    /// Judges the role's trust policy against the published one, whose account is set, at a time in
    /// seconds since 1970.
    pub(crate) fn of(existing: &Value, template: &Value, provider: Option<&str>, now: i64) -> Self {
        match (
            entry(existing, template, provider, now),
            compare(existing, template),
        ) {
            (EntryAnswer::Denied { statement }, _) => Self::Denied(statement),
            (
                EntryAnswer::Depends {
                    on,
                    statement,
                    denies,
                },
                _,
            ) => Self::Depends {
                on,
                statement,
                denies,
            },
            (EntryAnswer::Open, Coverage::Missing(difference)) => Self::Otherwise(difference),
            (_, Coverage::Missing(difference)) => Self::Missing(difference),
            (EntryAnswer::NotAllowed { subject }, _) => Self::Vain(subject),
            (_, Coverage::Identical) => Self::Identical,
            (_, Coverage::Covered) => Self::Covered,
        }
    }

    /// One phrase for a line, without a full stop.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Identical => "is the published one".to_owned(),
            Self::Covered => "covers the published one".to_owned(),
            Self::Otherwise(difference) => {
                format!("lets the cluster in otherwise: {}", difference.describe())
            }
            Self::Missing(difference) => difference.describe(),
            Self::Vain(subject) => format!("lets `{}` in nowhere", super::quotable(subject)),
            Self::Denied(statement) => format!("{statement} denies it"),
            Self::Depends { .. } => self.condition().unwrap_or_default(),
        }
    }

    /// What it depends on, as a phrase.
    pub(crate) fn condition(&self) -> Option<String> {
        let Self::Depends {
            on,
            statement,
            denies,
        } = self
        else {
            return None;
        };
        let keys: Vec<String> = on.iter().map(|it| super::quotable(it)).collect();
        let what = if *denies {
            "may deny it"
        } else {
            "may allow it"
        };
        Some(format!("{statement} {what}, by {}", keys.join(", ")))
    }
}
