//! What exists in IAM for a cluster: provider, role, trust policy, permissions.
//!
//! Only reads. Where the caller may not look, the state says so instead of failing: whoever may
//! create need not be allowed to read.

use super::explain::explain;
use super::grant::{is_broad, known_document};
use super::iam::{AwsFailure, Caller, Iam, IamAnswer, OidcProvider, Role};
use super::image::PrivateImage;
pub(crate) use super::rights::Granted;
use super::rights::{Policies, RightsQuestion, UnreadPolicy};
use super::target::{AwsPart, AwsPlacement, ClusterFacts};
use super::trust;
use crate::addon::AddonSide;
use crate::arn::RoleArn;
use crate::error::Result;
use serde_json::Value;

/// What was seen of a thing.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Seen<T> {
    /// It was looked at.
    Known(T),
    /// The caller may not look.
    Unknown(AwsFailure),
    /// There was no need to look.
    NotLooked,
}

impl<T> Seen<T> {
    /// What was seen, if anything.
    pub(crate) fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            _ => None,
        }
    }

    /// The action that is not allowed.
    pub(crate) fn missing_right(&self) -> Option<&'static str> {
        match self {
            Self::Unknown(failure) => Some(failure.action),
            _ => None,
        }
    }
}

/// What exists.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct AwsState {
    /// When this was seen, in seconds since 1970.
    pub(crate) seen_at: i64,
    /// The OIDC provider of the cluster's issuer.
    pub(crate) provider: Seen<Option<OidcProvider>>,
    /// Providers whose URL misses the issuer's: ARN, and by what.
    pub(crate) near_misses: Vec<(String, String)>,
    /// ARNs of all OIDC providers of the account; looked at only where the cluster's is missing, and
    /// by [`look_for_stale`].
    pub(crate) registered: Seen<Vec<String>>,
    /// The cluster for which the role is made by the same run, where it is not there yet
    /// ([`super::foreseen`]).
    pub(crate) made_before: Option<String>,
    /// The role.
    pub(crate) role: Seen<Option<Role>>,
    /// The ARNs of the managed policies on the role.
    pub(crate) attached: Seen<Vec<String>>,
    /// The names of the inline policies in the role.
    pub(crate) inline: Seen<Vec<String>>,
    /// What gives the role what it needs; `None` if there is no role to look at.
    pub(crate) granted: Option<Granted>,
    /// What its policies say, as far as they could be read.
    pub(crate) policies: Policies,
    /// Whether the policy that was asked for exists.
    pub(crate) policy_exists: Seen<bool>,
    /// How long a trust policy may be in this account; asked only when it could matter.
    pub(crate) trust_quota: Seen<Option<usize>>,
    /// Instance profiles that hold the role.
    pub(crate) instance_profiles: Seen<Vec<String>>,
    /// ARNs of all roles whose trust policy names the provider.
    pub(crate) trusting: Seen<Vec<String>>,
}

impl AwsState {
    /// Whether the caller may not see how this part is.
    pub(crate) fn hides(&self, part: AwsPart) -> bool {
        let role = self.role.missing_right().is_some();
        match part {
            AwsPart::Addon | AwsPart::RepositoryPolicy => false,
            AwsPart::OidcProvider => self.provider.missing_right().is_some(),
            AwsPart::Role | AwsPart::Trust => role,
            AwsPart::Policy => {
                role || self.attached.missing_right().is_some()
                    || matches!(
                        self.granted,
                        Some(Granted::Unknown(_) | Granted::Within { .. })
                    )
            }
        }
    }
}

impl AwsState {
    /// Policies by which the role may do what goes far beyond a pull, each with examples.
    pub(crate) fn beyond(
        &self,
        side: AddonSide,
        role: &RoleArn,
        provider: Option<&str>,
    ) -> Vec<String> {
        let mut found = self.policies.beyond(RightsQuestion {
            side,
            role,
            provider,
            image: None,
            now: self.seen_at,
        });
        let attached = self.attached.known().into_iter().flatten();
        found.extend(attached.filter_map(|arn| is_broad(side, arn).map(super::quotable)));
        found
    }
}

impl Default for AwsState {
    fn default() -> Self {
        Self {
            seen_at: 0,
            provider: Seen::NotLooked,
            near_misses: Vec::new(),
            registered: Seen::NotLooked,
            made_before: None,
            role: Seen::NotLooked,
            attached: Seen::NotLooked,
            inline: Seen::NotLooked,
            granted: None,
            policies: Policies::default(),
            policy_exists: Seen::NotLooked,
            trust_quota: Seen::NotLooked,
            instance_profiles: Seen::NotLooked,
            trusting: Seen::NotLooked,
        }
    }
}

/// What is asked beyond provider, role and its policies.
#[derive(Debug, Clone, Default)]
pub(crate) struct AwsQuestions {
    /// The policy that is to be attached; whether it exists is asked unless it is one that is known.
    pub(crate) policy: Option<String>,
    /// The image that is to be pulled.
    pub(crate) image: Option<PrivateImage>,
    /// Whether instance profiles matter (the role may be deleted).
    pub(crate) instance_profiles: bool,
    /// Whether to look for every role that trusts the provider (it may be deleted).
    pub(crate) trusting_roles: bool,
}

/// The most that a trust policy may have in any account without asking.
pub(crate) const LEAST_TRUST_QUOTA: usize = 2048;

/// The most that AWS raises it to.
/// Source: the table of IAM's quotas, <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>.
pub(crate) const MOST_TRUST_QUOTA: usize = 4096;

/// What AWS calls the quota.
pub(crate) const QUOTA: &str = "Role trust policy length";

/// The time, in seconds since 1970: a policy may speak of it.
pub(crate) fn now() -> i64 {
    time::OffsetDateTime::now_utc().unix_timestamp()
}

/// Says who calls.
pub(crate) async fn caller(iam: &impl Iam) -> Result<Caller> {
    iam.caller()
        .await
        .map_err(|failure| explain(&failure, "the AWS account is not known", None))
}

/// Looks at what exists for the cluster in the target account.
pub(crate) async fn look(
    iam: &impl Iam,
    facts: &ClusterFacts,
    target: &AwsPlacement,
    ask: &AwsQuestions,
) -> Result<AwsState> {
    let mut state = AwsState {
        seen_at: now(),
        ..AwsState::default()
    };
    let view = AwsObserver {
        caller: &target.caller,
    };
    if let Some(arn) = &target.provider_arn {
        state.provider = view.see(iam.provider(arn).await, "the OIDC provider")?;
        if let (Some(issuer), Seen::Known(None)) = (&facts.issuer, &state.provider) {
            let others = view.see(iam.providers().await, "the OIDC providers")?;
            for other in others.known().into_iter().flatten() {
                let bare = other
                    .split_once(":oidc-provider/")
                    .map_or("", |(_, bare)| bare);
                if let Some(by) = issuer.near_miss(bare) {
                    state.near_misses.push((other.clone(), by));
                }
            }
            state.registered = others;
        }
    }
    if let Some(role) = &target.role {
        state.role = view.see(iam.role(role.name()).await, "the role")?;
        if let Some(Some(found)) = state.role.known() {
            let name = found.name.clone();
            if state.needs_quota() {
                state.trust_quota = view.see(iam.trust_quota().await, "the account's quotas")?;
            }
            look_at_policies(iam, facts.side, &view, &name, &mut state).await?;
            state.granted = Some(state.policies.granted(RightsQuestion {
                side: facts.side,
                role,
                provider: target.provider_arn.as_deref(),
                image: ask.image.as_ref(),
                now: state.seen_at,
            }));
            if ask.instance_profiles {
                let answer = iam.instance_profiles(&name).await;
                state.instance_profiles = view.see(answer, "the role's instance profiles")?;
            }
        }
        if let Some(policy) = &ask.policy
            && facts.side.policy(policy).is_none()
            && !state
                .attached
                .known()
                .is_some_and(|list| list.contains(policy))
        {
            let answer = iam.policy(policy).await;
            state.policy_exists = match view.see(answer, "the policy")? {
                Seen::Known(found) => Seen::Known(found.is_some()),
                Seen::Unknown(failure) => Seen::Unknown(failure),
                Seen::NotLooked => Seen::NotLooked,
            };
        }
    }
    if ask.trusting_roles
        && let Some(provider) = &target.provider_arn
        && !matches!(state.provider, Seen::Known(None))
    {
        let roles = view.see(iam.roles().await, "the account's roles")?;
        state.trusting = match roles {
            Seen::Known(roles) => Seen::Known(trusting(&roles, provider)),
            Seen::Unknown(failure) => Seen::Unknown(failure),
            Seen::NotLooked => Seen::NotLooked,
        };
    }
    Ok(state)
}

/// Looks how long a trust policy may be in the account, where that may come to matter.
pub(crate) async fn look_for_quota(
    iam: &impl Iam,
    target: &AwsPlacement,
    state: &mut AwsState,
) -> Result<()> {
    if state.needs_quota() {
        let view = AwsObserver {
            caller: &target.caller,
        };
        state.trust_quota = view.see(iam.trust_quota().await, "the account's quotas")?;
    }
    Ok(())
}

/// Looks which OIDC providers exist, to find statements for those that do not. What cannot be seen
/// is done without.
pub(crate) async fn look_for_stale(iam: &impl Iam, state: &mut AwsState) {
    if state.registered == Seen::NotLooked
        && let Ok(providers) = iam.providers().await
    {
        state.registered = Seen::Known(providers);
    }
}

/// The roles whose trust policy names the provider; one that cannot be read counts if its text
/// does.
fn trusting(roles: &[(String, String)], provider: &str) -> Vec<String> {
    roles
        .iter()
        .filter(|(_, text)| match trust::parse_text(text) {
            Ok(document) => super::merge::names_provider(&document, provider),
            Err(_) => text.contains(provider),
        })
        .map(|(arn, _)| arn.clone())
        .collect()
}

async fn look_at_policies(
    iam: &impl Iam,
    side: AddonSide,
    view: &AwsObserver<'_>,
    role: &str,
    state: &mut AwsState,
) -> Result<()> {
    let attached = view.see(iam.attached(role).await, "the role's policies")?;
    state.attached = match attached {
        Seen::Known(list) => Seen::Known(list.unwrap_or_default()),
        Seen::Unknown(failure) => Seen::Unknown(failure),
        Seen::NotLooked => Seen::NotLooked,
    };
    let inline = view.see(iam.inline(role).await, "the role's inline policies")?;
    state.inline = match inline {
        Seen::Known(list) => Seen::Known(list.unwrap_or_default()),
        Seen::Unknown(failure) => Seen::Unknown(failure),
        Seen::NotLooked => Seen::NotLooked,
    };
    state.policies = read(iam, side, view, role, state).await?;
    Ok(())
}

/// Reads what the policies say. AWS's own that allow a pull are known, others of AWS's do not count.
async fn read(
    iam: &impl Iam,
    side: AddonSide,
    view: &AwsObserver<'_>,
    role: &str,
    state: &AwsState,
) -> Result<Policies> {
    let mut found = Policies {
        unread: state
            .attached
            .missing_right()
            .or(state.inline.missing_right())
            .map(UnreadPolicy::Denied),
        ..Policies::default()
    };
    for name in state.inline.known().into_iter().flatten() {
        let text = view.see(iam.inline_policy(role, name).await, "an inline policy")?;
        let name = format!("inline policy {}", super::quotable(name));
        let document = found.parsed(&name, text);
        found.held.policies.extend(document.map(|it| (name, it)));
    }
    for arn in state.attached.known().into_iter().flatten() {
        let document = if arn.contains(":iam::aws:") {
            known_document(side, arn)
        } else {
            managed(iam, view, arn, &mut found).await?
        };
        found
            .held
            .policies
            .extend(document.map(|it| (arn.clone(), it)));
    }
    if let Some(arn) = state
        .role
        .known()
        .and_then(|it| it.as_ref()?.boundary.clone())
    {
        // What it does not allow is not allowed, whatever the policies say: it counts by itself.
        let mut read = Policies::default();
        found.held.boundary = match known_document(side, &arn) {
            Some(document) => Some(document),
            None => managed(iam, view, &arn, &mut read).await?,
        };
        if found.held.boundary.is_none() {
            found.unread_boundary = Some(read.unread.unwrap_or(UnreadPolicy::Gone(arn)));
        }
    }
    Ok(found)
}

async fn managed(
    iam: &impl Iam,
    view: &AwsObserver<'_>,
    arn: &str,
    found: &mut Policies,
) -> Result<Option<Value>> {
    let version = view.see(iam.policy(arn).await, "a policy")?;
    found.note(version.missing_right());
    let Seen::Known(Some(version)) = version else {
        return Ok(None);
    };
    let text = view.see(iam.policy_text(arn, &version).await, "a policy")?;
    Ok(found.parsed(arn, text))
}

impl Policies {
    /// Notes a right without which a policy was not read; the first is told.
    fn note(&mut self, missing: Option<&'static str>) {
        if let (None, Some(action)) = (&self.unread, missing) {
            self.unread = Some(UnreadPolicy::Denied(action));
        }
    }

    /// The document of a policy. What cannot be parsed may say anything, and counts as not read.
    fn parsed(&mut self, name: &str, text: Seen<Option<String>>) -> Option<Value> {
        self.note(text.missing_right());
        let Seen::Known(Some(text)) = text else {
            return None;
        };
        let document = trust::parse_text(&text).ok();
        if document.is_none() && self.unread.is_none() {
            self.unread = Some(UnreadPolicy::Unfit(name.to_owned()));
        }
        document
    }
}

/// Looks, and tells "may not look" from "cannot look".
struct AwsObserver<'a> {
    caller: &'a str,
}

impl AwsObserver<'_> {
    fn see<T>(&self, answer: IamAnswer<T>, what: &str) -> Result<Seen<T>> {
        match answer {
            Ok(value) => Ok(Seen::Known(value)),
            Err(failure) if failure.denied() => Ok(Seen::Unknown(failure)),
            Err(failure) => Err(explain(
                &failure,
                format!("{what} could not be looked at"),
                Some(self.caller),
            )),
        }
    }
}
