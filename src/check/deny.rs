//! What stands in a policy that denies a pull: read to be shown, never to be taken away.

use crate::aws::Iam;
use crate::aws::inspect::{ActionRefusal, Simulated};
use crate::aws::policy::denying;
use crate::aws::rights::RightsQuestion;
use crate::aws::state::{AwsState, Seen};
use crate::aws::trust::{label, one_line, parse_text, statements, titled};

/// A policy of the role, by what IAM's simulation calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DenyingPolicy<'a> {
    /// An inline policy, by its name.
    Inline(&'a str),
    /// A managed one that is attached, by its ARN.
    Attached(&'a str),
}

impl<'a> DenyingPolicy<'a> {
    /// Inline policies are called `role_ROLE_POLICY`, managed ones by their name or ARN.
    pub(super) fn find(iam: &'a AwsState, called: &str) -> Option<Self> {
        let role = iam.role.known()?.as_ref()?;
        let of_role = format!("role_{}_", role.name);
        let bare = called.strip_prefix(&of_role).unwrap_or(called);
        let mut inline = iam.inline.known().into_iter().flatten();
        let mut attached = iam.attached.known().into_iter().flatten();
        if let Some(found) = inline.find(|name| *name == bare) {
            return Some(Self::Inline(found));
        }
        let found = attached.find(|arn| *arn == called || arn.rsplit('/').next() == Some(called));
        found.map(|arn| Self::Attached(arn))
    }

    async fn text(self, sdk: &impl Iam, role: &str) -> Option<String> {
        match self {
            Self::Inline(name) => sdk.inline_policy(role, name).await.ok()?,
            Self::Attached(arn) => {
                let version = sdk.policy(arn).await.ok()??;
                sdk.policy_text(arn, &version).await.ok()?
            }
        }
    }
}

/// The Deny statements that stand against a pull, in the policy that IAM names: what each is called,
/// and its text on one line. None where the policy cannot be read.
pub(super) async fn statements_of(
    sdk: &impl Iam,
    iam: &AwsState,
    asked: RightsQuestion<'_>,
    simulated: &[Simulated],
) -> Vec<String> {
    let denied = simulated.iter().find_map(|result| match &result.refusal {
        Some(ActionRefusal::Denied(policy)) => Some((result, policy)),
        _ => None,
    });
    let (Some((result, called)), Seen::Known(Some(role))) = (denied, &iam.role) else {
        return Vec::new();
    };
    let Some(policy) = DenyingPolicy::find(iam, called) else {
        return Vec::new();
    };
    let text = policy.text(sdk, &role.name).await.unwrap_or_default();
    let Ok(document) = parse_text(&text) else {
        return Vec::new();
    };
    let all = statements(&document);
    let request = asked.request(&result.action, &result.resource);
    denying(&document, &request)
        .into_iter()
        .filter_map(|index| Some((index, *all.get(index)?)))
        .map(|(index, statement)| {
            let name = label(statement, index);
            format!("{} is {}", titled(&name), one_line(statement))
        })
        .collect()
}
