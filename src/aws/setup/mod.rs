//! What setting up takes: facts of the cluster and state of IAM to a plan. Pure.
//!
//! Facts that are not there yet (issuer, template) give steps that wait; once the cluster publishes
//! them the plan is made again from the new facts.

mod policy;
mod published;
mod role;
mod template;
mod trust;

use super::explain::explain_to;
use super::iam::{NewProvider, OidcProvider, Role};
use super::needed::Needed;
use super::plan::{Awaited, AwsPlan, AwsStep, StepAction, TrustMode, TrustPlan, Trusting, Work};
use super::quotable;
use super::region;
use super::state::{AwsQuestions, AwsState, LEAST_TRUST_QUOTA, Seen};
use super::target::{AwsPart, AwsPlacement, ClusterFacts, SetupRequest, path_of};
use super::thumbprint::{MOST, PrivateCa};
use crate::addon::issuer::{ISSUING_KEY, ISSUING_NAME};
use crate::addon::{by_key, rules};
use crate::arn::RoleArn;
use crate::change::Change;
use crate::error::{Error, Result};
use crate::invocation::{Hint, Invocation};
use serde_json::{Value, json};

pub(crate) use published::not_accepted;

/// Which comes first, the add-on's setting or the role that it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum SetupOrder {
    /// The add-on is switched on with the role's ARN, and the role made from the trust policy that
    /// it then publishes.
    #[default]
    AddonFirst,
    /// For an API that refuses the ARN of a role that does not exist: the role is made first,
    /// trusting this issuer and audience, and gets the add-on's own trust policy afterwards.
    RoleFirst,
}

/// What to look at before setting up.
pub(crate) fn look_for(request: &SetupRequest, target: &AwsPlacement) -> AwsQuestions {
    AwsQuestions {
        policy: request
            .pull_policy
            .as_ref()
            .map(|policy| policy.arn(&target.partition)),
        image: request.image.clone(),
        ..AwsQuestions::default()
    }
}

/// Plans the whole of `aws setup`, or the part that `--only` names.
pub(crate) fn setup_plan(
    facts: &ClusterFacts,
    request: &SetupRequest,
    target: &AwsPlacement,
    state: &AwsState,
    order: SetupOrder,
) -> Result<AwsPlan> {
    let mut plan = SetupPlanner::new(facts, request, target, state);
    let role_arn = plan.role_arn();
    plan.workload_identity();
    plan.provider()?;
    if request.only == Some(AwsPart::OidcProvider) {
        // Role and template do not matter.
    } else if request.only == Some(AwsPart::Policy)
        && let Some(role) = &role_arn
    {
        plan.policy(role)?;
    } else if let Some(role) = &role_arn {
        let trust = plan.template()?;
        match order {
            SetupOrder::AddonFirst => {
                plan.addon(Some(role));
                plan.role_and_trust(role, trust.as_ref())?;
            }
            SetupOrder::RoleFirst => plan.role_first(role, trust.as_ref())?,
        }
        plan.policy(role)?;
    } else {
        plan.no_role()?;
    }
    let SetupPlanner {
        steps,
        warnings,
        trust,
        beyond,
        ..
    } = plan;
    Ok(AwsPlan {
        target: target.clone(),
        steps,
        warnings,
        role_arn,
        trust,
        beyond,
    })
}

/// Whether the plan is refused because the trust policy of the role would be too long: then it is
/// worth looking for statements that could go ([`super::state::look_for_stale`]).
pub(crate) fn is_too_long(
    facts: &ClusterFacts,
    request: &SetupRequest,
    target: &AwsPlacement,
    state: &AwsState,
) -> bool {
    !request.replace_trust && SetupPlanner::new(facts, request, target, state).overflows()
}

struct SetupPlanner<'a> {
    facts: &'a ClusterFacts,
    request: &'a SetupRequest,
    target: &'a AwsPlacement,
    state: &'a AwsState,
    steps: Vec<AwsStep>,
    warnings: Vec<String>,
    /// What was replaced in the template; said only when the template is written.
    replaced: Vec<String>,
    /// What the trust policy comes to, once it was judged.
    trust: Option<TrustPlan>,
    /// What the role that is adopted may beyond pulling.
    beyond: Option<String>,
}

impl<'a> SetupPlanner<'a> {
    fn new(
        facts: &'a ClusterFacts,
        request: &'a SetupRequest,
        target: &'a AwsPlacement,
        state: &'a AwsState,
    ) -> Self {
        let mut warnings = facts.warnings.clone();
        warnings.extend(undocumented(facts));
        let image = request.image.as_ref();
        warnings.extend(image.and_then(|image| region::unknown(&image.region)));
        Self {
            facts,
            request,
            target,
            state,
            steps: Vec::new(),
            warnings,
            replaced: Vec::new(),
            trust: None,
            beyond: None,
        }
    }
}

/// The warnings of `mk8s addon enable` about the cluster's provider: of the add-on, and of what it
/// needs where that goes on along with it.
fn undocumented(facts: &ClusterFacts) -> Vec<String> {
    let addon = facts.side.addon;
    let needs = addon.needs.iter().filter_map(|key| by_key(key));
    let needs = needs.filter(|_| !facts.workload_identity);
    std::iter::once(addon)
        .chain(needs)
        .filter_map(|addon| rules::undocumented(facts.provider.as_deref(), addon))
        .map(|finding| finding.to_string())
        .collect()
}

impl SetupPlanner<'_> {
    fn wants(&self, part: AwsPart) -> bool {
        self.request.only.is_none_or(|only| only == part)
    }

    fn refused(&self) -> Error {
        Error::refused(format!(
            "{} was not set up for `{}`",
            self.facts.side.name(),
            quotable(&self.facts.name)
        ))
    }

    /// The command that does all parts, as a hint.
    fn whole(&self) -> Hint {
        self.setup().within("", " without --only does all of it")
    }

    fn setup(&self) -> Invocation {
        Invocation::mk8s("aws setup")
            .word(self.facts.side.name())
            .cluster(&self.facts.name)
    }

    /// The role's ARN: that of IAM, where the role exists.
    fn role_arn(&mut self) -> Option<String> {
        let wanted = self.target.role.as_ref()?;
        if let Some(path) = &self.request.role_path
            && path != path_of(wanted)
        {
            self.warnings.push(format!(
                "--role-path is for a new role; the add-on's settings name {wanted}"
            ));
        }
        if let Some(old) = &self.facts.role_arn
            && self.request.only.is_none()
            && (old.account() != wanted.account()
                || !old.name().eq_ignore_ascii_case(wanted.name()))
        {
            // Credentials of another account are another connection than this run's.
            let teardown = Invocation::mk8s("aws teardown")
                .word(self.facts.side.name())
                .cluster(&self.facts.name)
                .plain("--keep-addon");
            let (teardown, whose) = if old.account() == wanted.account() {
                (teardown, String::new())
            } else {
                let whose = format!(" with credentials of account {}", old.account());
                (teardown.elsewhere(), whose)
            };
            self.warnings.push(format!(
                "the cluster names {old} so far, which keeps its trust statement and its policy; \
                 `{}`{whose} takes them down before, by hand they go later",
                teardown.render(&self.request.reach)
            ));
        }
        let Some(found) = self.found_role().map(|role| role.arn.clone()) else {
            return Some(wanted.as_str().to_owned());
        };
        if found != wanted.as_str() {
            self.warnings.push(format!(
                "the role `{}` exists as {}; that ARN is used",
                quotable(wanted.name()),
                quotable(&found)
            ));
        }
        Some(found)
    }

    fn found_role(&self) -> Option<&Role> {
        self.state.role.known()?.as_ref()
    }

    /// The name in the case that IAM has it.
    fn role_name(&self) -> String {
        match (self.found_role(), &self.target.role) {
            (Some(role), _) => role.name.clone(),
            (None, Some(arn)) => arn.name().to_owned(),
            (None, None) => String::new(),
        }
    }

    fn workload_identity(&mut self) {
        if self.request.only.is_some() {
            return;
        }
        let name = ISSUING_NAME;
        self.steps.push(if self.facts.workload_identity {
            AwsStep::shown(AwsPart::Addon, StepAction::None, name, "on")
        } else {
            AwsStep::shown(AwsPart::Addon, StepAction::Create, name, "switched on")
                .doing(Work::Cluster(vec![Change::set(&[ISSUING_KEY], json!({}))]))
        });
    }

    fn provider(&mut self) -> Result<()> {
        let near: Vec<String> = self
            .state
            .near_misses
            .iter()
            .map(|(arn, by)| {
                format!(
                    "the OIDC provider {} differs from the cluster's issuer by {by}; it is of no use to this cluster",
                    quotable(arn)
                )
            })
            .collect();
        if !self.wants(AwsPart::OidcProvider) {
            return Ok(());
        }
        self.warnings.extend(near);
        let audience = &self.facts.audience;
        let (Some(arn), Some(issuer)) = (&self.target.provider_arn, &self.facts.issuer) else {
            if self.request.only.is_some() && !self.facts.workload_identity {
                return Err(self
                    .refused()
                    .because(format!(
                        "{ISSUING_NAME} is off, so the cluster has no issuer"
                    ))
                    .hint(self.whole()));
            }
            let detail = format!(
                "audience {}, once the cluster has an issuer",
                quotable(audience)
            );
            self.steps.push(
                AwsStep::shown(
                    AwsPart::OidcProvider,
                    StepAction::Create,
                    "(pending)",
                    detail,
                )
                .doing(Work::Later(Awaited::Issuer)),
            );
            return Ok(());
        };
        self.warnings.extend(issuer.warnings());
        self.warnings.extend(issuer.inner_host());
        self.warn_about_chain();
        if let Seen::Known(Some(provider)) = &self.state.provider {
            let steps = self.existing_provider(arn, provider);
            self.steps.extend(steps);
            return Ok(());
        }
        let mut detail = format!("audience {}", quotable(audience));
        let ca = self.facts.registered_ca(self.request);
        if let Some(ca) = &ca {
            detail = format!("{detail}, {}", ca.describe());
        }
        let new = NewProvider {
            arn: arn.clone(),
            url: issuer.url().to_owned(),
            audience: audience.clone(),
            thumbprint: ca.map(|ca| ca.thumbprint),
            tags: self.facts.owner().tags(),
        };
        let mut step = AwsStep::shown(AwsPart::OidcProvider, StepAction::Create, arn, detail)
            .doing(Work::CreateProvider(Box::new(new)));
        if let Some(right) = self.state.provider.missing_right() {
            step = step.because(format!("{right} is not allowed; made if it is missing"));
        }
        self.steps.push(step);
        Ok(())
    }

    /// A chain that no public authority vouches for, as seen from here: IAM may see another.
    fn warn_about_chain(&mut self) {
        let Some(seen) = &self.facts.private_ca else {
            return;
        };
        let provider = self.state.provider.known().and_then(Option::as_ref);
        if self.facts.registered_ca(self.request).is_some()
            || provider.is_some_and(|provider| seen.fits(provider))
        {
            return;
        }
        self.warnings.push(format!(
            "the issuer's chain does not end in a public authority as seen from here, its thumbprint \
             is {}; IAM looks for itself, and nothing is registered. Behind a proxy that opens TLS \
             it is the proxy's. If IAM cannot verify the issuer, register the thumbprint that you \
             have checked elsewhere: `{}`",
            seen.thumbprint,
            self.setup()
                .plain("--only oidc-provider")
                .flag_hole("--thumbprint", "HEX")
                .render(&self.request.reach)
        ));
    }

    /// What the provider that exists lacks; its other audiences and thumbprints stay.
    fn existing_provider(&self, arn: &str, provider: &OidcProvider) -> Vec<AwsStep> {
        let audience = &self.facts.audience;
        let update =
            |detail| AwsStep::shown(AwsPart::OidcProvider, StepAction::Update, arn, detail);
        let mut steps = Vec::new();
        if !provider.client_ids.contains(audience) {
            let detail = format!("adds audience {}", quotable(audience));
            steps.push(update(detail).doing(Work::AddAudience {
                arn: arn.to_owned(),
                audience: audience.clone(),
            }));
        }
        let wanted = self.facts.registered_ca(self.request);
        if let Some(ca) = wanted.as_ref().filter(|ca| !ca.fits(provider)) {
            let stored = &provider.thumbprints;
            let (gone, kept) = stored.split_at(PrivateCa::leaving(stored));
            let mut detail = format!("adds {}, keeps {} others", ca.describe(), kept.len());
            if !gone.is_empty() {
                let gone: Vec<String> = gone.iter().map(|it| quotable(it)).collect();
                detail = format!(
                    "{detail}, drops {}, because {MOST} are allowed",
                    gone.join(", ")
                );
            }
            steps.push(update(detail).doing(Work::AddThumbprint {
                arn: arn.to_owned(),
                ca: ca.clone(),
            }));
        }
        if steps.is_empty() {
            let detail = match wanted {
                None => "exists, audience ok",
                Some(_) => "exists, audience and thumbprint ok",
            };
            steps.push(AwsStep::shown(
                AwsPart::OidcProvider,
                StepAction::None,
                arn,
                detail,
            ));
        }
        steps
    }

    /// The add-on in the cluster, with the role or without.
    fn addon(&mut self, role: Option<&String>) {
        if self.request.only.is_some() {
            return;
        }
        let side = self.facts.side;
        let named = self.facts.role_arn.as_ref().map(RoleArn::as_str);
        let step = match (self.facts.addon, role) {
            (true, None) => AwsStep::shown(
                AwsPart::Addon,
                StepAction::None,
                side.name(),
                "on, no role needed",
            ),
            (true, Some(role)) if named == Some(role.as_str()) => AwsStep::shown(
                AwsPart::Addon,
                StepAction::None,
                side.name(),
                format!("on, role {role}"),
            ),
            (true, Some(role)) => AwsStep::shown(
                AwsPart::Addon,
                StepAction::Update,
                side.name(),
                format!("role {} → {role}", named.unwrap_or("none")),
            )
            .doing(Work::Cluster(vec![Change::set(
                &[side.key(), "roleArn"],
                Value::from(role.as_str()),
            )])),
            (false, None) => AwsStep::shown(
                AwsPart::Addon,
                StepAction::Create,
                side.name(),
                "switched on",
            )
            .doing(Work::Cluster(vec![Change::set(&[side.key()], json!({}))])),
            (false, Some(role)) => AwsStep::shown(
                AwsPart::Addon,
                StepAction::Create,
                side.name(),
                format!("switched on with role {role}"),
            )
            .doing(Work::Cluster(vec![Change::set(
                &[side.key()],
                json!({"roleArn": role}),
            )])),
        };
        self.steps.push(step);
    }

    /// `--only` asks for a part that the same account does without.
    fn no_role(&mut self) -> Result<()> {
        match self.request.only {
            None => self.addon(None),
            Some(_) => {
                return Err(self
                    .refused()
                    .because(format!(
                        "the cluster {} from its own account, which takes no role",
                        self.facts.side.aws.verbs
                    ))
                    .hint("name a role to make one all the same: --role-name NAME"));
            }
        }
        Ok(())
    }

    fn sid(&self) -> Result<String> {
        self.facts.sid().ok_or_else(|| {
            self.refused()
                .because("the cluster has neither an id nor an issuer URL yet")
        })
    }

    fn trusting(&self, template: Value, sid: String) -> Trusting {
        Trusting {
            role: self.role_name(),
            sid,
            template,
            mode: TrustMode::Merge,
            quota: self.quota(),
            tag: None,
            accepted: self.accepted_tag(),
        }
    }

    fn quota(&self) -> usize {
        self.state
            .trust_quota
            .known()
            .copied()
            .flatten()
            .unwrap_or(LEAST_TRUST_QUOTA)
    }

    fn no_such_role(&self) -> Error {
        if let Seen::Unknown(failure) = &self.state.role {
            return explain_to(
                failure,
                format!(
                    "the role `{}` could not be looked at",
                    quotable(&self.role_name())
                ),
                Some(&self.target.caller),
                &Needed::of(self.facts, self.target, self.request),
            );
        }
        Error::not_found(format!(
            "there is no role `{}` in account {}",
            quotable(&self.role_name()),
            self.target.account
        ))
        .hint(self.whole())
    }
}
