//! What the role's own policies let it do: pull, and more than that.

use super::aws_view::AwsView;
use super::deny::DenyingPolicy;
use super::words::judged;
use super::{Finding, Scene};
use crate::aws::inspect::{ActionRefusal, Simulated};
use crate::aws::quotable;
use crate::aws::rights::{RightsQuestion, UnreadPolicy};
use crate::aws::state::Granted;
use std::collections::BTreeSet;

pub(super) fn policy_attached(scene: &Scene<'_>) -> Vec<Finding> {
    judged(AwsView::with_role(scene).and_then(|view| {
        let (Some(pull), Some(role)) = (&view.iam.granted, &view.target.role) else {
            return Err(Finding::skip("the role was not found"));
        };
        let image = scene.session.private_image();
        let asked = RightsQuestion {
            side: view.cluster.side,
            role,
            provider: view.target.provider_arn.as_deref(),
            image: image.as_ref(),
            now: view.iam.seen_at,
        };
        // What stands against it is for the next check.
        let allowed = match pull {
            Granted::Denied { .. } | Granted::Bounded | Granted::Depends(_) => {
                view.iam.policies.allowing(asked)
            }
            pull => pull.clone(),
        };
        Ok(match allowed {
            // The boundary is for the next check.
            Granted::By(by) | Granted::Within { by, .. } => {
                Finding::pass(format!("pulls are allowed by {}", quotable(&by)))
            }
            Granted::Nowhere | Granted::Denied { .. } | Granted::Bounded => {
                let attached = view.iam.attached.known().map_or(0, Vec::len);
                let inline = view.iam.inline.known().map_or(0, Vec::len);
                let read = format!("{attached} attached and {inline} inline policies were read");
                let finding = Finding::fail("no policy of the role allows pulls");
                match &image {
                    // The policy that is there may be meant for another repository.
                    Some(image) if inline + attached > 0 => finding
                        .evidence(format!("{read}, none is for {}", image.repository_arn()))
                        .fix(view.setup().plain("--only policy --pull-policy read-only")),
                    _ => finding
                        .evidence(read)
                        .fix(view.setup().plain("--only policy")),
                }
            }
            Granted::Depends(on) => {
                let keys: Vec<String> = on.iter().map(|it| quotable(it)).collect();
                Finding::unknown("whether a policy of the role allows pulls is unknown").evidence(
                    format!(
                        "it depends on {}, which cannot be known from here",
                        keys.join(", ")
                    ),
                )
            }
            Granted::Unknown(why) => unread(&view, "whether the role may pull", &why),
        })
    }))
}

pub(super) fn role_over_broad(scene: &Scene<'_>) -> Vec<Finding> {
    judged(AwsView::with_role(scene).and_then(|view| {
        let (Some(_), Some(role)) = (view.role(), &view.target.role) else {
            return Err(Finding::skip("the role was not found"));
        };
        let beyond = view
            .iam
            .beyond(view.cluster.side, role, view.target.provider_arn.as_deref());
        if !beyond.is_empty() {
            return Ok(
                Finding::fail("the role may far more than pull").evidence(format!(
                    "by {}{}; whoever gets into the role may do it too",
                    beyond.join(", "),
                    match &view.iam.policies.unread_boundary {
                        None => String::new(),
                        Some(why) =>
                            format!(", unless the permissions boundary stands against it ({why})"),
                    }
                )),
            );
        }
        Ok(match &view.iam.policies.unread {
            Some(why) => unread(&view, "whether the role may far more than pull", why),
            None => {
                Finding::pass("nothing that goes far beyond pulls is among the role's policies")
            }
        })
    }))
}

/// What cannot be told because a policy of the role was not read.
fn unread(view: &AwsView<'_>, what: &str, why: &UnreadPolicy) -> Finding {
    let finding = Finding::unknown(format!("{what} is unknown: {why}"));
    if !why.is_denied() {
        return finding;
    }
    finding
        .evidence(format!("caller {}", quotable(&view.target.caller)))
        .fix(view.permissions())
}

pub(super) fn pull_simulated(scene: &Scene<'_>) -> Vec<Finding> {
    judged(AwsView::with_role(scene).map(|view| {
        let answer = scene.aws.get().and_then(|facts| facts.simulated.as_ref());
        match answer {
            None => Finding::skip("the role was not found"),
            // The policies that were read may tell what surely does not work, never what does: the
            // guard rails of the organization are not among them.
            Some(Err(failure)) => match &view.iam.granted {
                // Whoever denies means it: no command takes that away.
                Some(Granted::Denied { policy, statement }) => {
                    Finding::fail("a policy of the role denies pulls").evidence(format!(
                        "{} denies it: {statement}; its owner has to change it",
                        quotable(policy)
                    ))
                }
                Some(Granted::Bounded) => {
                    let boundary = view.role().and_then(|role| role.boundary.as_deref());
                    Finding::fail("the role's permissions boundary does not allow pulls").evidence(
                        format!(
                            "it is {}; whoever owns it has to change it",
                            quotable(boundary.unwrap_or_default())
                        ),
                    )
                }
                _ => view.unknown(failure, "what IAM says of a pull"),
            },
            Some(Ok(results)) => {
                let refused = |missing: bool| {
                    let of = |it: &&Simulated| it.missing.is_empty() != missing;
                    let mut found = results.iter().filter(of);
                    found.find_map(|result| Some((result, result.refusal.as_ref()?)))
                };
                let missing: BTreeSet<&str> = results
                    .iter()
                    .flat_map(|it| it.missing.iter().map(String::as_str))
                    .collect();
                // What IAM says without knowing a key is no answer.
                match refused(false) {
                    Some((result, refusal)) => not_simulated(scene, &view, result, refusal),
                    None if missing.is_empty() => Finding::pass("IAM says that the role may pull"),
                    None => {
                        let keys: Vec<String> = missing.into_iter().map(quotable).collect();
                        Finding::unknown("IAM cannot say whether the role may pull").evidence(
                            format!(
                                "its policies ask for {}, which cannot be known from here",
                                keys.join(", ")
                            ),
                        )
                    }
                }
            }
        }
    }))
}

fn not_simulated(
    scene: &Scene<'_>,
    view: &AwsView<'_>,
    result: &Simulated,
    refusal: &ActionRefusal,
) -> Finding {
    let what = format!(
        "{} on {}",
        quotable(&result.action),
        quotable(&result.resource)
    );
    let finding = Finding::fail("IAM says that the role may not pull");
    match refusal {
        ActionRefusal::Denied(policy) => {
            // Whoever denies means it: no command takes that away.
            let named = match DenyingPolicy::find(view.iam, policy) {
                Some(DenyingPolicy::Inline(name)) => {
                    format!("the role's inline policy {}", quotable(name))
                }
                Some(DenyingPolicy::Attached(arn)) => quotable(arn),
                None => quotable(policy),
            };
            let mut evidence = vec![format!("a Deny statement in {named} stands against {what}")];
            evidence.extend(
                scene
                    .aws
                    .get()
                    .into_iter()
                    .flat_map(|it| it.denying.clone()),
            );
            evidence.push("the policy's owner has to change it".to_owned());
            finding.evidence(evidence.join("; "))
        }
        ActionRefusal::Boundary => {
            let boundary = view.role().and_then(|role| role.boundary.as_deref());
            finding.evidence(format!(
                "the permissions boundary {} does not allow {what}; whoever owns it has to change it",
                quotable(boundary.unwrap_or_default())
            ))
        }
        ActionRefusal::Organization => finding.evidence(format!(
            "a policy of the organization does not allow {what}; its owner has to change it"
        )),
        ActionRefusal::NotAllowed => finding
            .evidence(format!("no policy of the role allows {what}"))
            .fix(view.setup().plain("--only policy --pull-policy read-only")),
    }
}
