//! What findings of several groups say in the same words.

use super::scene::CheckSubject;
use super::{Finding, Scene};
use crate::addon::Addon;
use crate::addon::path::Path;
use crate::aws::explain::explain;
use crate::aws::iam::AwsFailure;
use crate::error::Error;
use crate::invocation::Invocation;
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

/// A failure in the user's words as a finding.
pub(super) fn as_finding(error: &Error) -> Finding {
    let mut finding = Finding::fail(error.message.clone());
    if !error.because.is_empty() {
        finding = finding.evidence(error.because.join("; "));
    }
    finding
}

/// What could not be looked at, and the right that is missing.
pub(super) fn unknown(failure: &AwsFailure, what: &str, caller: &str) -> Finding {
    let error = explain(failure, what, Some(caller));
    let evidence = error.because.first().cloned().unwrap_or_default();
    if failure.denied() {
        let message = format!("{what} is unknown: {} is not allowed", failure.action);
        let partition = caller.split(':').nth(1).filter(|it| *it != "aws");
        let print = Invocation::mk8s("aws permissions --for check");
        Finding::unknown(message)
            .evidence(evidence)
            .fix(print.flag_if("--partition", partition))
    } else {
        let message = format!("{what} is unknown: {} gave no answer", failure.action);
        Finding::unknown(message).evidence(evidence)
    }
}

/// The command by which another token is used, where it is known how this one was given.
pub(super) fn new_token(scene: &Scene<'_>) -> Option<Invocation> {
    match scene.session.settings()?.identity()?.origin {
        // It wins over every profile.
        Origin::Env(name) => Some(Invocation::other("export").word(format!("{name}=KEY"))),
        Origin::Profile { name, .. } => Some(Invocation::cpln("login").word(name)),
        Origin::Flag(_) | Origin::Key | Origin::Default => None,
    }
}

/// The same, and then what it publishes is waited for.
pub(super) fn waiting(enabling: Option<Invocation>) -> Option<Invocation> {
    enabling.map(|command| command.tied("--wait", "5m"))
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
    subject: &CheckSubject<'_>,
    addon: &'static Addon,
    path: &Path,
) -> Option<Invocation> {
    match addon.place(&path.to_string()).and_then(|place| place.flag) {
        Some(_) => subject.enabling(addon, Some(path)),
        None => Some(Invocation::mk8s("addon explain").word(addon.name)),
    }
}
