//! Whether one statement of a policy speaks of a request. Pure.

use super::AwsRequest;
use super::answer::Allowed;
use super::facts::Facts;
use super::operator;
use super::pattern::{Pattern, PatternReading};
use crate::aws::normal::{Listed, OperatorParts, Statement, includes, list};
use crate::aws::trust::statements;
use serde_json::Value;

/// What a policy is attached to, which decides which elements its statements have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PolicyKind {
    /// A role or a repository: it says who may. What it is attached to is what is acted on.
    Resource,
    /// Whoever acts: it says on what. A boundary is read the same way.
    Identity,
}

/// A statement as it is read.
pub(super) struct Read<'a> {
    raw: &'a Value,
    view: Statement,
    /// Variables came with the version of 2012.
    variables: bool,
}

/// The statements of a document.
pub(super) fn read(document: &Value) -> Vec<Read<'_>> {
    let variables = document.get("Version").and_then(Value::as_str) == Some("2012-10-17");
    let read = |raw| Read {
        raw,
        view: Statement::new(raw),
        variables,
    };
    statements(document).into_iter().map(read).collect()
}

impl Read<'_> {
    /// Only `Allow` and `Deny` mean anything, written so.
    pub(super) fn has_effect(&self, effect: &str) -> bool {
        self.view.effect == effect
    }

    /// Whether all its elements mean the request.
    pub(super) fn matches(&self, request: &AwsRequest, kind: PolicyKind) -> Allowed {
        // What surely does not meet is found first, so that nothing is asked for it.
        let who = match kind {
            PolicyKind::Resource => self.principal(request),
            PolicyKind::Identity => Allowed::Yes,
        };
        who.and(self.action(request))
            .and(self.resource(request, kind))
            .and(self.elements())
            .and(self.conditions(&request.facts))
    }

    fn principal(&self, request: &AwsRequest) -> Allowed {
        let meant = match &self.view.principals {
            Listed::These(listed) => listed.iter().any(|it| request.caller.is(it)),
            Listed::AllBut(listed) => !listed.iter().any(|it| request.caller.is(it)),
        };
        Allowed::from(meant)
    }

    fn action(&self, request: &AwsRequest) -> Allowed {
        let action = request.action.to_ascii_lowercase();
        let meant = match &self.view.actions {
            Listed::These(listed) => listed.iter().any(|it| includes(it, &action)),
            Listed::AllBut(listed) => !listed.iter().any(|it| includes(it, &action)),
        };
        Allowed::from(meant)
    }

    fn resource(&self, request: &AwsRequest, kind: PolicyKind) -> Allowed {
        match (self.raw.get("Resource"), self.raw.get("NotResource")) {
            (Some(listed), _) => self.lists(listed, request),
            (None, Some(listed)) => !self.lists(listed, request),
            (None, None) => Allowed::from(kind == PolicyKind::Resource),
        }
    }

    fn lists(&self, listed: &Value, request: &AwsRequest) -> Allowed {
        let how = PatternReading {
            wild: true,
            variables: self.variables.then_some(&request.facts),
        };
        let one = |text: String| match Pattern::read(&text, how) {
            Err(key) => Allowed::on(&key),
            // A call that is for no resource is meant by `*` alone.
            Ok(_) if request.resource == "*" => {
                Allowed::from(!text.is_empty() && text.bytes().all(|b| b == b'*'))
            }
            Ok(pattern) => Allowed::from(pattern.matches_arn(&request.resource, true)),
        };
        Allowed::any(list(listed).into_iter().map(one))
    }

    /// Elements that no policy has: IAM would not have taken the document.
    fn elements(&self) -> Allowed {
        let known = ["Resource", "NotResource"];
        let odd = |name: &&String| !known.contains(&name.as_str());
        match self.view.others.keys().find(odd) {
            None => Allowed::Yes,
            Some(name) => Allowed::on(&format!("the element {}", crate::aws::quotable(name))),
        }
    }

    fn conditions(&self, facts: &Facts) -> Allowed {
        let tests = match self.raw.get("Condition") {
            None | Some(Value::Null) => return Allowed::Yes,
            Some(Value::Object(tests)) => tests,
            Some(_) => return Allowed::on("the element Condition"),
        };
        Allowed::all(tests.iter().map(|(operator, keys)| {
            let test = OperatorParts::parse(operator);
            let Some(keys) = keys.as_object() else {
                return Allowed::on("the element Condition");
            };
            Allowed::all(keys.iter().map(|(key, values)| {
                operator::holds(&test, key, &list(values), facts, self.variables)
            }))
        }))
    }
}
