//! The one place that says whether policies allow a request. Pure.
//!
//! A policy of whatever kind – trust, repository, inline, managed, boundary – is asked about one
//! [`AwsRequest`], and the answer has three values: yes, no, or that it depends on keys of the request
//! which are not known from here. Those are named, never guessed. Whether a statement has to be
//! *added* is another question, that of covering a template (`cover`).

mod answer;
mod entry;
mod facts;
mod operator;
mod pattern;
mod pull;
mod statement;
mod token;

pub use answer::Allowed;
pub(crate) use entry::{EntryAnswer, entry};
pub use facts::{Fact, Facts};
pub(crate) use pull::{PullRequest, Rights, RolePolicies};

pub use token::WebToken;

use super::normal::Principal;
use serde_json::Value;
use statement::{PolicyKind, Read};
use std::collections::BTreeSet;

/// Who makes a request, as far as the `Principal` of a policy speaks of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RequestCaller {
    /// Whoever has a token that this OIDC provider vouches for; its ARN.
    Federated(String),
    /// A principal of IAM.
    Aws {
        /// Its account.
        account: String,
        /// Its ARN.
        arn: String,
    },
    /// Any other kind of principal: `Service`, `CanonicalUser`, ….
    Other(String, String),
}

impl RequestCaller {
    /// Whether a principal that a policy lists means the caller.
    fn is(&self, listed: &Principal) -> bool {
        match (listed, self) {
            (Principal::Anyone, _) => true,
            (Principal::Account(listed), Self::Aws { account, .. }) => listed == account,
            (Principal::Other(kind, value), Self::Aws { arn, .. }) => kind == "AWS" && value == arn,
            (Principal::Other(kind, value), Self::Federated(provider)) => {
                kind == "Federated" && (value == provider || value == "*")
            }
            (Principal::Other(kind, value), Self::Other(own, name)) => {
                kind == own && (value == name || value == "*")
            }
            (Principal::Account(_), _) => false,
        }
    }
}

/// One call to AWS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsRequest {
    /// Who calls.
    pub(crate) caller: RequestCaller,
    /// The action, such as `sts:AssumeRoleWithWebIdentity`.
    pub(crate) action: String,
    /// The ARN that is acted on, or `*`.
    pub(crate) resource: String,
    /// What is known of the request's context.
    pub(crate) facts: Facts,
}

/// Where a statement stands, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct StatementPlace {
    /// Which of the documents; 0 if there is one.
    pub(crate) document: usize,
    /// Which of its statements.
    pub(crate) statement: usize,
}

/// What policies say of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// A statement allows it, and none denies it.
    Allowed {
        /// The statement.
        by: StatementPlace,
    },
    /// No statement allows it.
    NotAllowed,
    /// A statement denies it.
    Denied {
        /// The statement.
        by: StatementPlace,
    },
    /// It cannot be told.
    Depends {
        /// On these keys.
        on: BTreeSet<String>,
        /// The statement that allows it, or may.
        allowed: StatementPlace,
        /// The statement that may deny it.
        denied: Option<StatementPlace>,
    },
}

impl Decision {
    /// Without the statements.
    pub fn answer(&self) -> Allowed {
        match self {
            Self::Allowed { .. } => Allowed::Yes,
            Self::NotAllowed | Self::Denied { .. } => Allowed::No,
            Self::Depends { on, .. } => Allowed::Depends(on.clone()),
        }
    }
}

/// What a trust policy or the policy of a repository says of a request.
pub fn of_resource(document: &Value, request: &AwsRequest) -> Decision {
    decide(&[document], request, PolicyKind::Resource)
}

/// What the policies of whoever calls say of a request together.
pub(crate) fn of_identity(documents: &[&Value], request: &AwsRequest) -> Decision {
    decide(documents, request, PolicyKind::Identity)
}

fn decide(documents: &[&Value], request: &AwsRequest, kind: PolicyKind) -> Decision {
    let read: Vec<Vec<Read<'_>>> = documents.iter().map(|it| statement::read(it)).collect();
    let outcome = |effect: &str| {
        let mut met = MatchedStatements::default();
        for (document, statements) in read.iter().enumerate() {
            for (statement, one) in statements.iter().enumerate() {
                if one.has_effect(effect) {
                    let place = StatementPlace {
                        document,
                        statement,
                    };
                    met.add(place, one.matches(request, kind));
                }
            }
        }
        met
    };
    let (denied, allowed) = (outcome("Deny"), outcome("Allow"));
    if let Some(by) = denied.surely {
        return Decision::Denied { by };
    }
    let Some(by) = allowed.surely.or(allowed.perhaps) else {
        return Decision::NotAllowed;
    };
    let mut on = denied.on;
    if allowed.surely.is_none() {
        on.extend(allowed.on);
    }
    if on.is_empty() {
        return Decision::Allowed { by };
    }
    Decision::Depends {
        on,
        allowed: by,
        denied: denied.perhaps,
    }
}

/// The Deny statements of a document that meet a request of whoever holds it, or may: the place of
/// each, from 0.
pub(crate) fn denying(document: &Value, request: &AwsRequest) -> Vec<usize> {
    let statements = statement::read(document).into_iter().enumerate();
    statements
        .filter(|(_, one)| {
            one.has_effect("Deny") && one.matches(request, PolicyKind::Identity).may_be()
        })
        .map(|(index, _)| index)
        .collect()
}

/// Which statements of one effect meet a request.
#[derive(Default)]
struct MatchedStatements {
    surely: Option<StatementPlace>,
    perhaps: Option<StatementPlace>,
    on: BTreeSet<String>,
}

impl MatchedStatements {
    fn add(&mut self, place: StatementPlace, answer: Allowed) {
        match answer {
            Allowed::Yes => {
                self.surely.get_or_insert(place);
            }
            Allowed::No => {}
            Allowed::Depends(on) => {
                self.perhaps.get_or_insert(place);
                self.on.extend(on);
            }
        }
    }
}

#[cfg(test)]
mod tests;
