//! What `aws setup --image` says of an image from a pull-through cache: the usual policy may not fill it.

use super::aws::AwsScene;
use crate::addon::catalog::IMPORT_ACTION;
use crate::aws::connect::AwsSession;
use crate::aws::grant::known_document;
use crate::aws::inspect::{CacheRule, Inspector};
use crate::aws::policy::Rights;
use crate::aws::quotable;
use crate::aws::rights::RightsQuestion;
use crate::aws::target::{AwsPart, SetupRequest};

/// The rule by which the image's repository is filled; `None` where none is, or where the caller may
/// not ask: setting up needs no right in ECR.
pub(super) async fn rule(session: &AwsSession, request: &SetupRequest) -> Option<CacheRule> {
    let image = request.image.as_ref()?;
    let rules = Inspector::new(session).cache_rules(image).await.ok()?;
    CacheRule::of(&rules, &image.repository).cloned()
}

/// What is to be said where the role, with the policy that is attached unless another one is asked for,
/// may not fill the cache.
pub(super) fn warning(
    rule: &CacheRule,
    scene: &AwsScene,
    request: &SetupRequest,
) -> Option<String> {
    let AwsScene {
        facts,
        target,
        state,
    } = scene;
    let attaches = request.only.is_none_or(|only| only == AwsPart::Policy);
    let (Some(image), Some(role), true, None) =
        (&request.image, &target.role, attaches, &request.pull_policy)
    else {
        return None;
    };
    let usual = facts.side.usual_policy(&target.partition)?;
    let mut policies = state.policies.clone();
    let document = known_document(facts.side, &usual);
    let document = document.map(|document| (usual.clone(), document));
    policies.held.policies.extend(document);
    let asked = RightsQuestion {
        side: facts.side,
        role,
        provider: target.provider_arn.as_deref(),
        image: Some(image),
        now: state.seen_at,
    };
    let rights = policies.may(asked, IMPORT_ACTION, &image.repository_arn());
    (policies.unread.is_none() && rights == Rights::NotAllowed).then(|| {
        format!(
            "{} is filled from {} by a pull-through cache, and {} may not fill it: what is not cached yet \
             is not pulled. --pull-policy pull-only lets the role fill it as well",
            image.repository,
            quotable(&rule.upstream),
            usual.rsplit('/').next().unwrap_or(&usual)
        )
    })
}
