//! What findings of several groups say in the same words.

use super::scene::{Subject, quote};
use super::{Finding, Scene};
use crate::addon::{Addon, Param};
use crate::aws::explain::explain;
use crate::aws::iam::Failure;
use crate::error::Error;
use crate::settings::{Identity, Origin, TokenKind};

/// The words for a cluster that pulls from its own account.
pub(super) const SAME_ACCOUNT: &str = "same account, no role needed";

/// One finding, whichever it is.
pub(super) fn judged(finding: Result<Finding, Finding>) -> Vec<Finding> {
    vec![finding.unwrap_or_else(|skipped| skipped)]
}

/// All problems, or the one finding that says that there is none.
pub(super) fn or_pass(problems: Vec<Finding>, pass: impl FnOnce() -> Finding) -> Vec<Finding> {
    if problems.is_empty() {
        vec![pass()]
    } else {
        problems
    }
}

/// `1 cluster`, `3 clusters`.
pub(super) fn counted(count: usize, noun: &str) -> String {
    if count == 1 {
        format!("1 {noun}")
    } else {
        format!("{count} {noun}s")
    }
}

/// A failure in the user's words as a finding.
pub(super) fn as_finding(error: &Error) -> Finding {
    let mut finding = Finding::fail(error.message.clone());
    if !error.because.is_empty() {
        finding = finding.evidence(error.because.join("; "));
    }
    finding
}

/// What could not be looked at, and the right that is missing.
pub(super) fn unknown(failure: &Failure, what: &str, caller: &str) -> Finding {
    let error = explain(failure, what, Some(caller));
    let evidence = error.because.first().cloned().unwrap_or_default();
    if failure.denied() {
        let message = format!("{what} is unknown: {} is not allowed", failure.action);
        let partition = match caller.split(':').nth(1) {
            None | Some("aws") => String::new(),
            Some(other) => format!(" --partition {}", super::scene::quote(other)),
        };
        Finding::unknown(message)
            .evidence(evidence)
            .fix(format!("mk8s aws permissions --for check{partition}"))
    } else {
        let message = format!("{what} is unknown: {} gave no answer", failure.action);
        Finding::unknown(message).evidence(evidence)
    }
}

/// The command by which another token is used, where it is known how this one was given.
pub(super) fn new_token(scene: &Scene<'_>) -> Option<String> {
    match scene.session.settings()?.identity()?.origin {
        // It wins over every profile.
        Origin::Env(name) => Some(format!("export {name}=KEY")),
        Origin::Profile { name, .. } => Some(format!("cpln login {}", quote(&name))),
        Origin::Flag(_) | Origin::Key | Origin::Default => None,
    }
}

/// What sort of token it is, in words.
pub(super) fn kind(identity: &Identity) -> &'static str {
    match identity.kind {
        TokenKind::ServiceAccount => "service account",
        TokenKind::User => "user",
        TokenKind::Unknown => "unknown kind",
    }
}

/// The command that sets a setting; those without a flag are explained.
pub(super) fn set(
    scene: &Scene<'_>,
    subject: &Subject<'_>,
    addon: &'static Addon,
    param: &'static Param,
) -> Option<String> {
    match param.flag {
        Some(_) => subject.enabling(scene, addon, Some(param), ""),
        None => Some(format!("mk8s addon explain {}", addon.name)),
    }
}
