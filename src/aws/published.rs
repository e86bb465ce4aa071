//! What a role may be given of a published trust policy: exact, broad or outside. Pure.
//!
//! The document comes from outside and opens an AWS account, so it is an allow-list: whatever is
//! not known to let in service accounts of the cluster's own issuer alone is a finding. A finding
//! has one of six names, by which it can be accepted on the command line.

use super::claims::{Admitted, Class, admitted, service_account};
use super::normal::{Condition, Listed, Principal, Statement};
use super::quotable;
use super::trust::{label, statements, titled};
use super::who::subjects_in_words;
use crate::invocation::CommandFlags;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The name of a finding, in the order in which they are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Name {
    /// All that is wrong with the condition on `:sub`, whatever its operator.
    Subject,
    /// The audience is not asked for, or not only the right one.
    Audience,
    /// Others than the OIDC provider of the cluster's issuer.
    Principal,
    /// Other actions.
    Action,
    /// A condition, or another element, that is not understood.
    Condition,
    /// Another effect than `Allow`.
    Effect,
}

impl Name {
    /// The word on the command line, in JSON and in tags.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::Audience => "audience",
            Self::Principal => "principal",
            Self::Action => "action",
            Self::Condition => "condition",
            Self::Effect => "effect",
        }
    }

    /// Whether it still is about this issuer's service accounts.
    fn is_broad(self) -> bool {
        matches!(self, Self::Subject | Self::Audience)
    }
}

/// The flags that accept findings of these names, each with a blank before it.
pub(crate) fn accepting<'a>(names: impl IntoIterator<Item = &'a Name>) -> CommandFlags {
    names.into_iter().fold(CommandFlags::new(), |flags, name| {
        flags.flag("--accept-trust", name.name())
    })
}

/// Something in a statement that is not exact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TrustFinding {
    /// What it is called.
    pub(crate) name: Name,
    /// The field and what stands there, without a full stop.
    pub(crate) text: String,
}

/// How far a statement, or a document, goes; the later the further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum TrustVerdict {
    /// Exact service accounts of this issuer with the audience.
    Exact,
    /// A class of them, or without the audience.
    Broad,
    /// Anything else.
    Outside,
}

impl TrustVerdict {
    /// The word in JSON.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Broad => "broad",
            Self::Outside => "outside",
        }
    }

    fn of<'a>(findings: impl IntoIterator<Item = &'a TrustFinding>) -> Self {
        findings
            .into_iter()
            .map(|finding| {
                if finding.name.is_broad() {
                    Self::Broad
                } else {
                    Self::Outside
                }
            })
            .max()
            .unwrap_or(Self::Exact)
    }
}

/// What one statement comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct JudgedStatement {
    /// Its Sid, or its number as `statement 2`.
    pub(crate) statement: String,
    /// What is not exact.
    pub(crate) findings: Vec<TrustFinding>,
    /// Conditions that narrow it further, as `IpAddress aws:sourceip 10.0.0.0/8`.
    pub(crate) kept: Vec<String>,
}

impl JudgedStatement {
    /// How far it goes.
    pub(crate) fn verdict(&self) -> TrustVerdict {
        TrustVerdict::of(&self.findings)
    }

    /// Its findings, as `statement 1: TEXT (NAME)`.
    pub(crate) fn told(&self) -> Vec<String> {
        let name = titled(&self.statement);
        self.findings
            .iter()
            .map(|it| format!("{name}: {} ({})", it.text, it.name.name()))
            .collect()
    }
}

/// What a document comes to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Judgement {
    /// Its statements.
    pub(crate) statements: Vec<JudgedStatement>,
}

impl Judgement {
    /// How far the furthest statement goes.
    pub(crate) fn verdict(&self) -> TrustVerdict {
        TrustVerdict::of(self.statements.iter().flat_map(|it| &it.findings))
    }

    /// The names of all findings.
    pub(crate) fn names(&self) -> BTreeSet<Name> {
        let findings = self.statements.iter().flat_map(|it| &it.findings);
        findings.map(|it| it.name).collect()
    }

    /// The findings of all statements, as [`JudgedStatement::told`] has them.
    pub(crate) fn told(&self) -> Vec<String> {
        self.statements
            .iter()
            .flat_map(JudgedStatement::told)
            .collect()
    }

    /// The statements as they stand in `AwsPlan`.
    pub(crate) fn json(&self) -> Value {
        let statement = |it: &JudgedStatement| {
            let findings: Vec<Value> = it
                .findings
                .iter()
                .map(|it| json!({"name": it.name.name(), "text": it.text}))
                .collect();
            json!({
                "statement": it.statement,
                "verdict": it.verdict().name(),
                "findings": findings,
                "conditions": it.kept,
            })
        };
        self.statements.iter().map(statement).collect()
    }
}

/// Who is expected to be let in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ExpectedTrust<'a> {
    /// The cluster's name.
    pub(crate) cluster: &'a str,
    /// The issuer's host and path.
    pub(crate) issuer: &'a str,
    /// The ARN of its OIDC provider in the target account.
    pub(crate) provider: &'a str,
    /// The audience of the cluster's tokens.
    pub(crate) audience: &'a str,
}

/// Judges a document whose account is set.
pub(crate) fn judge(document: &Value, expected: ExpectedTrust<'_>) -> Judgement {
    let statements = statements(document).into_iter().enumerate();
    Judgement {
        statements: statements
            .map(|(index, statement)| one(statement, index, expected))
            .collect(),
    }
}

/// Judges one statement, which is called by its place in its document.
pub(crate) fn one(statement: &Value, index: usize, expected: ExpectedTrust<'_>) -> JudgedStatement {
    let view = Statement::new(statement);
    let mut judge = TrustJudge {
        statement,
        view: &view,
        expected,
        findings: Vec::new(),
        kept: Vec::new(),
    };
    judge.effect();
    // A Deny opens nothing, whatever else it says.
    if view.effect != "Deny" {
        let may_be_ours = judge.principal();
        let is_exchange = judge.action();
        if may_be_ours && is_exchange {
            judge.subject();
            judge.audience();
        }
        judge.rest();
    }
    let TrustJudge {
        mut findings, kept, ..
    } = judge;
    findings.sort_by_key(|it| it.name);
    JudgedStatement {
        statement: label(statement, index),
        findings,
        kept,
    }
}

struct TrustJudge<'a> {
    statement: &'a Value,
    view: &'a Statement,
    expected: ExpectedTrust<'a>,
    findings: Vec<TrustFinding>,
    kept: Vec<String>,
}

const EXCHANGE: &str = "sts:assumerolewithwebidentity";

impl TrustJudge<'_> {
    fn find(&mut self, name: Name, text: String) {
        self.findings.push(TrustFinding { name, text });
    }

    /// What stands in an element, as it was written.
    fn written(&self, element: &str) -> String {
        match self.statement.get(element) {
            None => "nothing".to_owned(),
            Some(Value::String(text)) => format!("`{}`", quotable(text)),
            Some(other) => format!("`{}`", quotable(&other.to_string())),
        }
    }

    fn effect(&mut self) {
        if self.view.effect != "Allow" {
            let found = self.written("Effect");
            self.find(Name::Effect, format!("Effect is {found}, not `Allow`"));
        }
    }

    /// Whether tokens of the cluster's issuer may be among those that are let in.
    fn principal(&mut self) -> bool {
        // Of two elements that exclude each other the view has one.
        if self.statement.get("NotPrincipal").is_some() {
            let found = self.written("NotPrincipal");
            let text = format!("NotPrincipal is {found}: everybody else is let in");
            self.find(Name::Principal, text);
            return true;
        }
        let ours = Principal::Other("Federated".to_owned(), self.expected.provider.to_owned());
        let Listed::These(principals) = &self.view.principals else {
            return true;
        };
        if principals.iter().any(|it| *it != ours) || principals.is_empty() {
            let found = self.written("Principal");
            let text = format!(
                "Principal is {found}, not only {}",
                quotable(self.expected.provider)
            );
            self.find(Name::Principal, text);
        }
        principals.contains(&ours) || principals.contains(&Principal::Anyone)
    }

    /// Whether tokens are exchanged for the role.
    fn action(&mut self) -> bool {
        if self.statement.get("NotAction").is_some() {
            let found = self.written("NotAction");
            let text = format!("NotAction is {found}: everything else is allowed");
            self.find(Name::Action, text);
            return true;
        }
        let Listed::These(actions) = &self.view.actions else {
            return true;
        };
        let known = |action: &String| action == EXCHANGE || action == "sts:tagsession";
        if !actions.iter().all(known) || !actions.contains(EXCHANGE) {
            let found = self.written("Action");
            let text = format!("Action is {found}, not sts:AssumeRoleWithWebIdentity");
            self.find(Name::Action, text);
        }
        let exchanges = |pattern: &String| super::normal::includes(pattern, EXCHANGE);
        actions.iter().any(exchanges)
    }

    fn key(&self, claim: &str) -> String {
        format!("{}:{claim}", self.expected.issuer)
    }

    fn subject(&mut self) {
        let key = self.key("sub");
        let text = match admitted(&self.view.conditions, &key) {
            Admitted::Named(named) if named.is_empty() => {
                "no subject meets the conditions on `:sub`".to_owned()
            }
            Admitted::Named(named) => {
                let odd = named.iter().find(|it| service_account(it).is_none());
                let Some(odd) = odd else { return };
                format!("`:sub` is `{}`, which is no service account", quotable(odd))
            }
            Admitted::Class(class) => {
                let who = subjects_in_words(&class, self.expected.cluster);
                let asked = self.view.conditions.iter().any(|it| is(it, &key));
                if class == Class::default() && !asked {
                    format!("{who} gets in: no condition asks for `:sub`")
                } else {
                    format!("{who} gets in, by the condition on `:sub`")
                }
            }
        };
        self.find(Name::Subject, text);
    }

    fn audience(&mut self) {
        let wanted = self.expected.audience;
        let found = match admitted(&self.view.conditions, &self.key("aud")) {
            Admitted::Named(named) if named.iter().eq([wanted]) => return,
            Admitted::Named(named) => {
                let named: Vec<String> = named.iter().map(|it| quotable(it)).collect();
                format!("the audience is `{}`", named.join(", "))
            }
            Admitted::Class(_) => "any audience is taken".to_owned(),
        };
        let text = format!("{found}, where `{}` belongs", quotable(wanted));
        self.find(Name::Audience, text);
    }

    /// Conditions beyond subject and audience, and elements that no trust policy has.
    fn rest(&mut self) {
        for element in self.view.others.keys() {
            let text = format!("{} is no element of a trust policy", quotable(element));
            self.find(Name::Condition, text);
        }
        match self.statement.get("Condition") {
            None | Some(Value::Null) => {}
            Some(Value::Object(tests)) if tests.values().all(Value::is_object) => {}
            Some(_) => {
                let found = self.written("Condition");
                self.find(Name::Condition, format!("Condition is {found}, not a map"));
            }
        }
        let claims = ["sub", "aud"].map(|claim| self.key(claim));
        for condition in &self.view.conditions {
            if claims.iter().any(|key| is(condition, key)) {
                continue;
            }
            let told = condition.describe();
            if is_own(&condition.key, self.expected.issuer) {
                self.kept.push(told);
            } else {
                let text = format!("the condition {told} is not understood");
                self.find(Name::Condition, text);
            }
        }
    }
}

/// Whether a condition is on a key, whose case does not matter.
fn is(condition: &Condition, key: &str) -> bool {
    condition.key.eq_ignore_ascii_case(key)
}

/// Whether a condition key is one of AWS's for such a request, or of this issuer's claims.
fn is_own(key: &str, issuer: &str) -> bool {
    let issuer = format!("{}:", issuer.to_ascii_lowercase());
    ["aws:", "sts:"]
        .iter()
        .any(|prefix| key.starts_with(prefix))
        || key.starts_with(&issuer)
}

#[cfg(test)]
mod tests;
