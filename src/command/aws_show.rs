//! How a plan of the AWS side is drawn, and what each of its steps is called once it is done.

use super::Context;
use crate::aws::plan::{AwsPlan, AwsStep, StepAction, TrustPlan, Work};
use crate::aws::target::AwsPart;
use crate::invocation::Reach;
use crate::ui::{Stream, table};

/// What is said before the words of [`crate::aws::who`].
pub(super) const MAY_ASSUME: &str = "who may assume the role";

/// Shows a plan as the contract draws it.
/// `cluster` is the cluster's name where there are several.
pub(super) fn plan(cx: &Context, plan: &AwsPlan, cluster: Option<&str>, stream: Stream) {
    let cluster = cluster.map_or_else(String::new, |name| format!("{name} in "));
    let account = &plan.target.account;
    let caller = match plan.target.caller.as_str() {
        "" => "what exists there was not looked at".to_owned(),
        arn => format!("caller {arn}"),
    };
    let heading = format!("Plan for {cluster}account {account} ({caller})");
    let rows: Vec<Vec<String>> = plan
        .steps
        .iter()
        .map(|step| {
            let mut detail = step.detail.clone();
            if let Some(reason) = &step.reason {
                if !detail.is_empty() {
                    detail.push_str("; ");
                }
                detail.push_str(reason);
            }
            vec![
                format!("{} {}", sign(step.action), label(step)),
                short(&step.resource).to_owned(),
                detail,
            ]
        })
        .collect();
    let mut lines: Vec<(char, String)> = table::rows(&rows)
        .iter()
        .map(|line| {
            let mut chars = line.chars();
            (chars.next().unwrap_or(' '), chars.as_str().to_owned())
        })
        .collect();
    for gets in plan.steps.iter().filter_map(|step| step.gets.as_ref()) {
        let [told, tags] = gets.told();
        lines.push((' ', format!(" the role gets: {told}")));
        lines.push((' ', format!(" and the {tags}")));
    }
    if let Some(trust) = &plan.trust {
        lines.extend(approved(trust).map(|line| (' ', format!(" {line}"))));
        lines.push((' ', format!(" {MAY_ASSUME}: {}", trust.who)));
    }
    cx.ui.plan(&heading, &lines, stream);
}

/// The statements that are written into the role's trust policy: in words, and as they will stand.
pub(super) fn approved(trust: &TrustPlan) -> impl Iterator<Item = String> {
    trust.written.iter().flat_map(|it| {
        [
            format!("trust statement {}: {}", it.name, it.words),
            format!("  {}", it.document),
        ]
    })
}

fn sign(action: StepAction) -> char {
    match action {
        StepAction::Create | StepAction::Attach => '+',
        StepAction::Update => '~',
        StepAction::Detach | StepAction::Delete => '-',
        StepAction::None | StepAction::Keep | StepAction::Adopt => '=',
    }
}

fn label(step: &AwsStep) -> &'static str {
    match (step.part, step.action) {
        (AwsPart::Addon, _) => "add-on",
        (AwsPart::OidcProvider, _) => "OIDC provider",
        (AwsPart::Role, _) => "role",
        (AwsPart::Trust, _) => "trust policy",
        (AwsPart::Policy, StepAction::Attach) => "attach",
        (AwsPart::Policy, StepAction::Detach) => "detach",
        (AwsPart::Policy, StepAction::Keep) => "keep",
        (AwsPart::Policy, _) => "pull policy",
        (AwsPart::RepositoryPolicy, _) => "repository",
    }
}

/// The telling end of an ARN.
pub(super) fn short(resource: &str) -> &str {
    for mark in [":oidc-provider/", ":policy/", ":repository/"] {
        if let Some((_, rest)) = resource.split_once(mark) {
            return rest;
        }
    }
    match resource.split_once(":role/") {
        Some((_, rest)) => rest.rsplit('/').next().unwrap_or(rest),
        None => resource,
    }
}

/// Where a copy of a policy lies, and how it is put back.
pub(super) fn kept(backup: &crate::aws::backup::Backup, reach: &Reach) -> String {
    format!(
        "The previous {} is kept in {}; to put it back: {}",
        backup.what,
        backup.path.display(),
        backup.restore.render(reach)
    )
}

/// What a step came to, as a sentence: "Created role mk8s-acme-prod-ecr".
pub(super) fn told(step: &AwsStep, changed: bool) -> String {
    let (label, resource) = (label(step), short(&step.resource));
    let what = match label {
        "attach" | "detach" | "keep" => "pull policy",
        other => other,
    };
    if !changed && step.action.changes() {
        return format!("Already so: {what} {resource}");
    }
    match &step.work {
        Work::CreateProvider(new) => {
            if let Some(hex) = &new.thumbprint {
                return format!("Created {what} {resource}, with the thumbprint {hex}");
            }
        }
        Work::AddThumbprint { ca, .. } => {
            return format!("Added thumbprint {} to {what} {resource}", ca.thumbprint);
        }
        _ => {}
    }
    match step.action {
        StepAction::Create if step.part == AwsPart::Addon => format!("Switched on {resource}"),
        StepAction::Delete if step.part == AwsPart::Addon => format!("Switched off {resource}"),
        StepAction::Create => format!("Created {what} {resource}"),
        StepAction::Adopt => format!("Adopted {what} {resource}"),
        StepAction::Update => format!("Updated {what} {resource}"),
        StepAction::Attach => format!("Attached {resource}"),
        StepAction::Detach => format!("Detached {resource}"),
        StepAction::Delete => format!("Deleted {what} {resource}"),
        StepAction::Keep => format!("Kept {what} {resource}"),
        StepAction::None => format!("Already so: {what} {resource}"),
    }
}
