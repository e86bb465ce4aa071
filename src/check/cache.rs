//! What fills the pull-through cache that an image comes from.

use super::aws_view::{AwsView, setup};
use super::facts::ImageFacts;
use super::image::{caller, no_role, role};
use super::words::unknown;
use super::{Finding, Scene};
use crate::addon::AddonSide;
use crate::addon::catalog::IMPORT_ACTION;
use crate::arn::RoleArn;
use crate::aws::image::PrivateImage;
use crate::aws::inspect::ActionRefusal;
use crate::aws::policy::Rights;
use crate::aws::quotable;
use crate::aws::rights::RightsQuestion;

pub(super) fn pull_through(scene: &Scene<'_>) -> Vec<Finding> {
    let (Some(image), Some(facts)) = (scene.session.private_image(), scene.image.get()) else {
        return vec![Finding::skip("the image was not looked at")];
    };
    let Some(role) = role(scene) else {
        return vec![Finding::skip(no_role(scene, &image))];
    };
    if let Err(failure) = &facts.rules {
        let what = "whether a pull-through cache fills the repository";
        return vec![unknown(failure, what, &caller(scene))];
    }
    let Some(rule) = facts.rule(&image) else {
        return vec![Finding::pass(
            "no pull-through cache rule is for the repository",
        )];
    };
    let cache = format!(
        "{} is filled from {} by the rule {}",
        image.repository,
        quotable(&rule.upstream),
        quotable(&rule.prefix)
    );
    vec![import(scene, facts, &role, &image, &cache)]
}

/// Whether the role may fill the cache: what IAM says, else what its policies are known to allow.
fn import(
    scene: &Scene<'_>,
    facts: &ImageFacts,
    role: &RoleArn,
    image: &PrivateImage,
    cache: &str,
) -> Finding {
    let may = || Finding::pass("the role may fill the pull-through cache").evidence(cache);
    let may_not = |why: String| {
        // What is cached already is pulled all the same.
        let finding = if facts.image == Some(Ok(true)) {
            Finding::warn("the role may not fill the pull-through cache")
        } else {
            Finding::fail("the role may not fill the pull-through cache")
        };
        finding.evidence(format!(
            "{cache}; {why}, so that what is not cached yet is not pulled"
        ))
    };
    let attaching = || {
        setup(
            AddonSide::registry(),
            scene.cluster_name.unwrap_or_default(),
        )
        .plain("--only policy --pull-policy pull-only")
    };
    match &facts.import {
        None => Finding::unknown("whether the role may fill the pull-through cache is unknown")
            .evidence(format!("{cache}; {} was not found", role.name())),
        Some(Ok(results)) => match results.iter().find_map(|result| result.refusal.as_ref()) {
            None => may(),
            Some(ActionRefusal::NotAllowed) => {
                may_not(format!("no policy of the role allows {IMPORT_ACTION}")).fix(attaching())
            }
            Some(ActionRefusal::Denied(policy)) => may_not(format!(
                "a Deny statement in {} stands against {IMPORT_ACTION}",
                quotable(policy)
            )),
            Some(ActionRefusal::Boundary) => may_not(format!(
                "the role's permissions boundary does not allow {IMPORT_ACTION}"
            )),
            Some(ActionRefusal::Organization) => may_not(format!(
                "a policy of the organization does not allow {IMPORT_ACTION}"
            )),
        },
        // IAM may not be asked; the policies that were read may tell.
        Some(Err(failure)) => {
            let rights = AwsView::with_role(scene).ok().map(|view| {
                let asked = RightsQuestion {
                    side: view.cluster.side,
                    role,
                    provider: view.target.provider_arn.as_deref(),
                    image: Some(image),
                    now: view.iam.seen_at,
                };
                let policies = &view.iam.policies;
                let rights = policies.may(asked, IMPORT_ACTION, &image.repository_arn());
                (rights, policies.unread.is_none())
            });
            match rights {
                Some((Rights::NotAllowed, true)) => {
                    may_not(format!("no policy of the role allows {IMPORT_ACTION}"))
                        .fix(attaching())
                }
                Some((Rights::Denied(policy, _), _)) => may_not(format!(
                    "a Deny statement in {} stands against {IMPORT_ACTION}",
                    quotable(&policy)
                )),
                Some((Rights::Bounded, _)) => may_not(format!(
                    "the role's permissions boundary does not allow {IMPORT_ACTION}"
                )),
                _ => {
                    let what = "whether the role may fill the pull-through cache";
                    unknown(failure, what, &caller(scene))
                }
            }
        }
    }
}
