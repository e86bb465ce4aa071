//! The group *add-ons*: whether what is on can work, on the live cluster and in manifests.

use super::aws_view::setup;
use super::scene::CheckSubject;
use super::words::waiting;
use super::words::{or_pass, set};
use super::{Check, CheckFunction, Finding, Gate, Group, Scene, Severity, Soon};
use crate::addon::AddonSide;
use crate::addon::access::AccessReport;
use crate::addon::{self, Addon, ParamKind, Ready, rules};
use crate::invocation::Invocation;
use crate::manifest::LocationStep;
use crate::owner::OtherOwner;
use crate::text::{Foreign, count, printable};
use serde_json::Value;

pub(super) static GROUP: Group = Group {
    id: "add-ons",
    summary: "add-ons that are on: prerequisites, provider, role and status",
    prepare,
    checks: &[
        Check {
            id: "addon-prerequisite",
            summary: "everything that an add-on needs is on",
            needs: &[],
            severity: Severity::Failure,
            hint: "An add-on is on and one that it needs is off; the platform accepts that, and the \
                   add-on does not work. With `--image`, aws-ecr itself is needed.",
            fix: "Switch on what it needs with `mk8s addon enable`.",
            run: CheckFunction::Now(prerequisite),
        },
        Check {
            id: "addon-provider",
            summary: "every add-on is documented for the cluster's provider",
            needs: &[],
            severity: Severity::Warning,
            hint: "The platform accepts any add-on on any provider. Of one that no page of its \
                   documentation lists for the provider nothing is known: it may work all the same.",
            fix: "Nothing, where it does its work. Else ask Control Plane's support whether it can; \
                  `mk8s addon explain ADDON` names the providers that are documented.",
            run: CheckFunction::Now(provider),
        },
        Check {
            id: "role-arn-form",
            summary: "every role is the ARN of an IAM role",
            needs: &[],
            severity: Severity::Failure,
            hint: "A `roleArn` has a typing error: a wrong number of digits, a user or an assumed \
                   role in place of a role, no name.",
            fix: "Set the right one with `mk8s addon enable ADDON --role-arn ARN`.",
            run: CheckFunction::Now(role_arn_form),
        },
        Check {
            id: "role-arn-needed",
            summary: "aws-ecr has a role where it cannot pull without",
            needs: &[],
            severity: Severity::Failure,
            hint: "A cluster that is not on AWS has no AWS identity of its own, and a cluster on \
                   AWS has none in another account: both pull with a role only.",
            fix: "Make and set the role with `mk8s aws setup aws-ecr`, or set one that is there.",
            run: CheckFunction::Now(role_arn_needed),
        },
        Check {
            id: "status-missing",
            summary: "every add-on has published what it publishes once it works",
            needs: &["addon-prerequisite"],
            severity: Severity::Warning,
            hint: "The add-on was switched on a moment ago, or the platform could not bring it up; \
                   the API tells nothing else about its health.",
            fix: "Wait for it with `--wait`; if nothing comes, ask Control Plane's support.",
            run: CheckFunction::Now(status_missing),
        },
        Check {
            id: "owner-conflict",
            summary: "who else keeps the cluster is known",
            needs: &[],
            severity: Severity::Warning,
            hint: "It never does: it tells that Terraform, Pulumi or a release of `cpln helm` keeps the \
                   cluster, by its tags. Their next run takes back what their source does not have, so \
                   that an add-on which was switched on beside them goes off again.",
            fix: "Change the add-on in that source as well; `mk8s addon enable ADDON --emit terraform` (or \
                  pulumi, yaml) prints what belongs there.",
            run: CheckFunction::Now(owner),
        },
    ],
};

fn prepare<'a>(scene: &'a Scene<'_>) -> Soon<'a, Gate> {
    Box::pin(async move {
        if scene.cluster_name.is_some() && scene.session.probe().await.is_some() {
            scene.read_cluster().await;
        }
        match scene.subjects().is_empty() {
            false => Gate::Open,
            true if scene.cluster_name.is_some() => {
                Gate::Closed("the cluster cannot be read".to_owned())
            }
            true if !scene.session.files.is_empty() => {
                Gate::Closed("manifest-parse failed".to_owned())
            }
            true => Gate::NotAsked("no cluster and no manifest was named".to_owned()),
        }
    })
}

/// The add-ons that are on, as far as they are known, with their settings.
fn enabled<'a>(subject: &'a CheckSubject<'_>) -> Vec<(&'static Addon, &'a Value)> {
    subject
        .cluster()
        .add_ons()
        .into_iter()
        .flatten()
        .filter(|(_, value)| value.is_object())
        .filter_map(|(key, value)| Some((addon::by_key(key)?, value)))
        .collect()
}

/// What the rules find about every add-on of every subject.
fn findings(
    scene: &Scene<'_>,
    mut judge: impl FnMut(&CheckSubject<'_>, &'static Addon, rules::RuleViolation) -> Option<Finding>,
) -> Vec<Finding> {
    let mut problems = Vec::new();
    for subject in scene.subjects() {
        for (addon, settings) in enabled(&subject) {
            for finding in rules::before_enable(subject.cluster(), addon, settings) {
                let found = judge(&subject, addon, finding);
                problems
                    .extend(found.map(|it| place(it, &subject, &["spec", "addOns", addon.key])));
            }
        }
    }
    problems
}

/// Adds the line in the manifest.
fn place(finding: Finding, subject: &CheckSubject<'_>, path: &[&str]) -> Finding {
    match subject {
        CheckSubject::Live(_) => finding,
        CheckSubject::Document(doc) => finding.at(&doc.file.label, Some(doc.line(path))),
    }
}

fn owner(scene: &Scene<'_>) -> Vec<Finding> {
    let mut told = Vec::new();
    for subject in scene.subjects() {
        if let Some(owner) = OtherOwner::of(subject.cluster()) {
            let name = printable(subject.cluster().name());
            let finding = Finding::pass(format!("{name} is kept by {}", owner.name()))
                .evidence(owner.consequence().to_owned());
            told.push(place(finding, &subject, &["tags"]));
        }
    }
    or_pass(told, || {
        Finding::pass("no tag says that another tool keeps the cluster")
    })
}

fn prerequisite(scene: &Scene<'_>) -> Vec<Finding> {
    let mut problems = findings(scene, |subject, addon, finding| {
        let rules::RuleViolation::Prerequisite(needed) = finding else {
            return None;
        };
        Some(
            Finding::fail(format!("{} needs {}", addon.name, needed.name))
                .evidence(format!("{} is off {}", needed.name, subject.place()))
                .fix_if(subject.enabling(needed, None)),
        )
    });
    if scene.session.private_image().is_some() {
        for subject in scene.subjects() {
            if subject
                .cluster()
                .add_on(AddonSide::registry().key())
                .is_none()
            {
                problems.push(place(
                    image_needs(scene, &subject),
                    &subject,
                    &["spec", "addOns"],
                ));
            }
        }
    }
    or_pass(problems, || {
        let count: usize = scene.subjects().iter().map(|it| enabled(it).len()).sum();
        Finding::pass(match count {
            0 => "no add-on is on".to_owned(),
            1 => "what the add-on needs is on".to_owned(),
            _ => format!("what the {count} add-ons need is on"),
        })
    })
}

fn image_needs(scene: &Scene<'_>, subject: &CheckSubject<'_>) -> Finding {
    let fix = match subject {
        CheckSubject::Live(cluster) => Some(
            setup(AddonSide::registry(), cluster.name())
                .flag_if("--image", scene.session.asked.image.clone()),
        ),
        CheckSubject::Document(_) => subject.enabling(AddonSide::registry().addon, None),
    };
    Finding::fail("the image needs aws-ecr")
        .evidence(format!("aws-ecr is off {}", subject.place()))
        .fix_if(fix)
}

fn provider(scene: &Scene<'_>) -> Vec<Finding> {
    let problems = findings(scene, |subject, _, finding| {
        let rules::RuleViolation::Undocumented { addon, provider } = &finding else {
            return None;
        };
        let documented = rules::documented(addon);
        let (whom, evidence) = match provider {
            Some(provider) => (provider.as_str(), format!("documented: {documented}")),
            None => (
                "every provider",
                format!(
                    "no provider is named {}; documented: {documented}",
                    subject.place()
                ),
            ),
        };
        // No command makes a page, and what works is not switched off for the want of one.
        let message = format!("{} is not documented for {}", addon.name, Foreign(whom));
        Some(Finding::fail(message).evidence(evidence))
    });
    or_pass(problems, || {
        Finding::pass("every add-on is documented for the provider")
    })
}

fn role_arn_form(scene: &Scene<'_>) -> Vec<Finding> {
    let problems = findings(scene, |subject, addon, finding| {
        let rules::RuleViolation::SettingInvalid { path, param, .. } = &finding else {
            return None;
        };
        if param.kind != ParamKind::RoleArn {
            return None;
        }
        let problem = Finding::fail(format!(
            "the role of {} {} is not a role ARN",
            addon.name,
            subject.place()
        ))
        .evidence(finding.to_string())
        .fix_if(set(subject, addon, path));
        Some(match subject {
            CheckSubject::Live(_) => problem,
            CheckSubject::Document(doc) => {
                let mut at = vec![
                    LocationStep::Key("spec"),
                    LocationStep::Key("addOns"),
                    LocationStep::Key(addon.key),
                ];
                at.extend(crate::validate::parts(path));
                doc.place(problem, &at)
            }
        })
    });
    or_pass(problems, || {
        let roles = scene
            .subjects()
            .iter()
            .flat_map(|subject| {
                enabled(subject)
                    .into_iter()
                    .filter(|(_, settings)| settings.get("roleArn").is_some_and(Value::is_string))
                    .collect::<Vec<_>>()
                    .into_iter()
                    .map(|(addon, _)| addon.name)
                    .collect::<Vec<_>>()
            })
            .count();
        Finding::pass(match roles {
            0 => "no role is set".to_owned(),
            1 => "the role that is set is a role ARN".to_owned(),
            _ => format!("{roles} roles are role ARNs"),
        })
    })
}

fn role_arn_needed(scene: &Scene<'_>) -> Vec<Finding> {
    let mut problems = findings(scene, |subject, addon, finding| {
        if !matches!(finding, rules::RuleViolation::RoleMissing { .. }) {
            return None;
        }
        Some(
            Finding::fail(format!("{} has no role {}", addon.name, subject.place()))
                .evidence(finding.to_string())
                .fix_if(role_fix(scene, subject)),
        )
    });
    let image = scene.session.private_image();
    for subject in scene.subjects() {
        let cluster = subject.cluster();
        let Some(settings) = cluster.add_on(AddonSide::registry().key()) else {
            continue;
        };
        let (Some(image), Some(home)) = (&image, cluster.home()) else {
            continue;
        };
        if settings.get("roleArn").is_some_and(Value::is_string) || home.account == image.account {
            continue;
        }
        let finding = Finding::fail(format!("aws-ecr has no role {}", subject.place()))
            .evidence(format!(
                "the image is in account {}, the cluster in {}: a role is needed",
                image.account, home.account
            ))
            .fix_if(role_fix(scene, &subject));
        problems.push(place(finding, &subject, &["spec", "addOns", "awsECR"]));
    }
    or_pass(problems, || {
        let subjects = scene.subjects();
        let ecr: Vec<&CheckSubject<'_>> = subjects
            .iter()
            .filter(|subject| {
                subject
                    .cluster()
                    .add_on(AddonSide::registry().key())
                    .is_some()
            })
            .collect();
        let odd = |subject: &CheckSubject<'_>| {
            subject
                .cluster()
                .add_on_key(AddonSide::registry().key())
                .is_some()
        };
        match ecr.as_slice() {
            [] if subjects.iter().any(odd) => Finding::skip("awsECR is not a mapping"),
            [] => Finding::skip("aws-ecr is off"),
            [one] => {
                let settings = one.cluster().add_on(AddonSide::registry().key());
                let role = settings.and_then(|it| it.get("roleArn")?.as_str());
                let access = AccessReport::of(one.cluster(), role);
                Finding::pass(format!("aws-ecr: {access}"))
            }
            _ => Finding::pass("aws-ecr has a role wherever it needs one"),
        }
    })
}

fn role_fix(scene: &Scene<'_>, subject: &CheckSubject<'_>) -> Option<Invocation> {
    match subject {
        CheckSubject::Live(cluster) => Some(
            setup(AddonSide::registry(), cluster.name())
                .flag_if("--image", scene.session.asked.image.clone()),
        ),
        CheckSubject::Document(_) => {
            let ecr = AddonSide::registry().addon;
            let role = "roleArn".parse().ok()?;
            subject.enabling(ecr, Some(&role))
        }
    }
}

fn status_missing(scene: &Scene<'_>) -> Vec<Finding> {
    let Some(cluster) = scene.cluster() else {
        return vec![Finding::skip("a manifest has no status")];
    };
    let subject = CheckSubject::Live(cluster);
    let mut problems = Vec::new();
    let mut same_account = false;
    let mut ready = 0;
    for (addon, settings) in enabled(&subject) {
        let without_role = settings.get("roleArn").is_none_or(Value::is_null);
        if addon.works_at_home() && without_role && cluster.provider() == Some("aws") {
            same_account = true;
            continue;
        }
        if addon.ready == Ready::Never {
            continue;
        }
        let Some(pointer) = addon.ready.pointer(settings) else {
            continue;
        };
        if cluster.ready_at(pointer).is_some() {
            ready += 1;
            continue;
        }
        problems.push(
            Finding::fail(format!("{} has published no status yet", addon.name))
                .evidence(cluster.malformed_at(pointer).unwrap_or_else(|| {
                    let path = pointer.trim_start_matches('/').replace('/', ".");
                    format!("{path} is not there")
                }))
                .fix_if(waiting(subject.enabling(addon, None))),
        );
    }
    or_pass(problems, || match (ready, same_account) {
        (0, true) => Finding::skip("same account, aws-ecr publishes nothing without a role"),
        (0, false) => Finding::pass("no add-on that is on publishes a status"),
        (ready, _) => Finding::pass(format!("{} published a status", count(ready, "add-on"))),
    })
}
