//! Whether one statement of a policy speaks of a request. Pure.

use super::Request;
use super::answer::Answer;
use super::facts::Facts;
use super::operator;
use super::pattern::{Pattern, Reading};
use crate::aws::normal::{Listed, Statement, Test, includes, list};
use crate::aws::trust::statements;
use serde_json::Value;

/// What a policy is attached to, which decides which elements its statements have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
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
    pub(super) fn matches(&self, request: &Request, kind: Kind) -> Answer {
        // What surely does not meet is found first, so that nothing is asked for it.
        let who = match kind {
            Kind::Resource => self.principal(request),
            Kind::Identity => Answer::Yes,
        };
        who.and(self.action(request))
            .and(self.resource(request, kind))
            .and(self.elements())
            .and(self.conditions(&request.facts))
    }

    fn principal(&self, request: &Request) -> Answer {
        let meant = match &self.view.principals {
            Listed::These(listed) => listed.iter().any(|it| request.caller.is(it)),
            Listed::AllBut(listed) => !listed.iter().any(|it| request.caller.is(it)),
        };
        Answer::from(meant)
    }

    fn action(&self, request: &Request) -> Answer {
        let action = request.action.to_ascii_lowercase();
        let meant = match &self.view.actions {
            Listed::These(listed) => listed.iter().any(|it| includes(it, &action)),
            Listed::AllBut(listed) => !listed.iter().any(|it| includes(it, &action)),
        };
        Answer::from(meant)
    }

    fn resource(&self, request: &Request, kind: Kind) -> Answer {
        match (self.raw.get("Resource"), self.raw.get("NotResource")) {
            (Some(listed), _) => self.lists(listed, request),
            (None, Some(listed)) => !self.lists(listed, request),
            (None, None) => Answer::from(kind == Kind::Resource),
        }
    }

    fn lists(&self, listed: &Value, request: &Request) -> Answer {
        let how = Reading {
            wild: true,
            variables: self.variables.then_some(&request.facts),
        };
        let one = |text: String| match Pattern::read(&text, how) {
            Err(key) => Answer::on(&key),
            // A call that is for no resource is meant by `*` alone.
            Ok(_) if request.resource == "*" => {
                Answer::from(!text.is_empty() && text.bytes().all(|b| b == b'*'))
            }
            Ok(pattern) => Answer::from(pattern.matches_arn(&request.resource, true)),
        };
        Answer::any(list(listed).into_iter().map(one))
    }

    /// Elements that no policy has: IAM would not have taken the document.
    fn elements(&self) -> Answer {
        let known = ["Resource", "NotResource"];
        let odd = |name: &&String| !known.contains(&name.as_str());
        match self.view.others.keys().find(odd) {
            None => Answer::Yes,
            Some(name) => Answer::on(&format!("the element {}", crate::aws::quotable(name))),
        }
    }

    fn conditions(&self, facts: &Facts) -> Answer {
        let tests = match self.raw.get("Condition") {
            None | Some(Value::Null) => return Answer::Yes,
            Some(Value::Object(tests)) => tests,
            Some(_) => return Answer::on("the element Condition"),
        };
        Answer::all(tests.iter().map(|(operator, keys)| {
            let test = Test::parse(operator);
            let Some(keys) = keys.as_object() else {
                return Answer::on("the element Condition");
            };
            Answer::all(keys.iter().map(|(key, values)| {
                operator::holds(&test, key, &list(values), facts, self.variables)
            }))
        }))
    }
}
