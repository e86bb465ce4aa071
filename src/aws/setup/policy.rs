//! The policies of the role: what is attached, and what stands against it.

use super::SetupPlanner;
use crate::aws::grant::known_document;
use crate::aws::name::{Tags, attached_tag, made_by_mk8s};
use crate::aws::plan::{AwsStep, StepAction, Work};
use crate::aws::quotable;
use crate::aws::rights::RightsQuestion;
use crate::aws::state::{Granted, Seen};
use crate::aws::target::AwsPart;
use crate::aws::users::those_without;
use crate::error::{Error, Result};

impl SetupPlanner<'_> {
    /// The policy that is asked for, else the usual one; `None` for an add-on without any.
    pub(super) fn wanted_policy(&self) -> Option<String> {
        let partition = &self.target.partition;
        let asked = self.request.pull_policy.as_ref();
        let asked = asked.map(|policy| policy.arn(partition));
        asked.or_else(|| self.facts.side.usual_policy(partition))
    }

    pub(super) fn policy(&mut self, role: &str) -> Result<()> {
        if !self.wants(AwsPart::Policy) {
            return Ok(());
        }
        if self.request.only == Some(AwsPart::Policy) && self.state.role == Seen::Known(None) {
            return Err(self.no_such_role());
        }
        let Some(policy) = self.wanted_policy() else {
            return Ok(());
        };
        if self.state.policy_exists == Seen::Known(false) {
            return Err(
                Error::not_found(format!("there is no policy {}", quotable(&policy)))
                    .because("AWS knows no managed policy of this ARN"),
            );
        }
        self.stands_against(role)?;
        self.attach(role, &policy);
        self.keep_others(&policy);
        Ok(())
    }

    /// Attaches the policy, unless the role may pull without it.
    fn attach(&mut self, role: &str, policy: &str) {
        let found = self.found_role().cloned();
        let attached = self.state.attached.known();
        let is_attached = attached.is_some_and(|list| list.iter().any(|it| it == policy));
        let asked = self.request.pull_policy.as_ref();
        let reason = match (asked, &self.state.granted) {
            _ if is_attached => {
                self.steps.push(AwsStep::shown(
                    AwsPart::Policy,
                    StepAction::None,
                    policy,
                    "attached",
                ));
                return;
            }
            (None, Some(Granted::Within { by, .. })) => {
                let detail = format!("may let the role {}", self.facts.side.aws.verb);
                self.steps.push(AwsStep::shown(
                    AwsPart::Policy,
                    StepAction::None,
                    by,
                    detail,
                ));
                return;
            }
            (None, Some(Granted::By(by))) => {
                self.steps.push(AwsStep::shown(
                    AwsPart::Policy,
                    StepAction::None,
                    by,
                    format!("lets the role {}", self.facts.side.aws.verb),
                ));
                return;
            }
            // Another policy would not help against it.
            (None, Some(Granted::Bounded))
                if attached.is_some_and(|list| {
                    list.iter().any(|it| self.facts.side.policy(it).is_some())
                }) =>
            {
                let detail = "attached, but outside the boundary";
                let known = attached
                    .into_iter()
                    .flatten()
                    .find(|it| self.facts.side.policy(it).is_some());
                let arn = known.map_or("", String::as_str);
                self.steps.push(AwsStep::shown(
                    AwsPart::Policy,
                    StepAction::None,
                    arn,
                    detail,
                ));
                return;
            }
            (None, Some(Granted::Depends(_))) if !self.would_settle(policy) => {
                let detail = format!("may let the role {}", self.facts.side.aws.verb);
                self.steps.push(AwsStep::shown(
                    AwsPart::Policy,
                    StepAction::None,
                    "",
                    detail,
                ));
                return;
            }
            (None, Some(Granted::Unknown(why))) => {
                Some(format!("{why}; attaching twice does no harm"))
            }
            _ => None,
        };
        let (key, value) = attached_tag(policy);
        // Whoever cannot see what was attached before must not claim it.
        let may_claim = found.is_none() || attached.is_some();
        let tagged = match &found {
            Some(role) => role.tags.contains_key(&key),
            None => self.request.only.is_none(),
        };
        let mut tags = Tags::new();
        if may_claim && !tagged {
            // In a role of others, what they did without is not theirs to need.
            let of_others = found.as_ref().filter(|role| !made_by_mk8s(&role.tags));
            tags.extend(of_others.and_then(|role| those_without(role, self.facts.side, policy)));
            tags.insert(key, value);
        }
        let work = Work::Attach {
            role: self.role_name(),
            policy: policy.to_owned(),
            tags,
        };
        let on = format!("to {}", role.rsplit('/').next().unwrap_or(role));
        let mut step = AwsStep::shown(AwsPart::Policy, StepAction::Attach, policy, on).doing(work);
        step.reason = reason;
        self.steps.push(step);
    }

    /// What in the role's own policies keeps it from pulling, whatever is attached: a Deny that
    /// matches stops, all else is told.
    fn stands_against(&mut self, role: &str) -> Result<()> {
        let name = quotable(role.rsplit('/').next().unwrap_or(role));
        if let Some(why) = &self.state.policies.unread_boundary {
            self.warnings.push(format!(
                "whether the permissions boundary {} of {name} allows {} is not known: {why}",
                quotable(self.boundary().unwrap_or_default()),
                self.facts.side.aws.verbs
            ));
        }
        match &self.state.granted {
            Some(Granted::Within { unread, why, .. })
                if self.state.policies.unread_boundary.is_none() =>
            {
                self.warnings.push(format!(
                    "whether {unread} {name} stands against {} is not known: {why}",
                    self.facts.side.aws.verbs
                ));
            }
            Some(Granted::Denied { policy, statement }) => {
                return Err(self
                    .refused()
                    .because(format!(
                        "{} of {name} denies {}",
                        quotable(policy),
                        self.facts.side.aws.verbs
                    ))
                    .because(format!("{statement}; its owner has to change it"))
                    .hint("use another role: --role-name NAME"));
            }
            Some(Granted::Bounded) => self.warnings.push(format!(
                "the permissions boundary of {name} does not allow {}; whoever owns it has to change it",
                self.facts.side.aws.verbs
            )),
            Some(Granted::Depends(on)) => {
                let keys: Vec<String> = on.iter().map(|it| quotable(it)).collect();
                self.warnings.push(format!(
                    "whether the policies of {name} allow {} cannot be told from here: it depends on {}",
                    self.facts.side.aws.verbs,
                    keys.join(", ")
                ));
            }
            _ => {}
        }
        Ok(())
    }

    /// The boundary of the role that exists.
    fn boundary(&self) -> Option<&str> {
        self.found_role()?.boundary.as_deref()
    }

    /// Policies beside the one that was asked for stay, and that is said: whoever asks for less may take
    /// the role to have no more than that.
    fn keep_others(&mut self, policy: &str) {
        if self.request.pull_policy.is_none() {
            return;
        }
        let attached = self.state.attached.known().into_iter().flatten();
        let others = attached.filter(|arn| *arn != policy && self.facts.side.policy(arn).is_some());
        let reason = "stays attached beside it: setup takes nothing off a role";
        let steps: Vec<AwsStep> = others
            .map(|arn| AwsStep::shown(AwsPart::Policy, StepAction::Keep, arn, "").because(reason))
            .collect();
        self.steps.extend(steps);
    }

    /// Whether the role surely may pull once the policy is attached.
    fn would_settle(&self, policy: &str) -> bool {
        let (Some(role), Some(document)) =
            (&self.target.role, known_document(self.facts.side, policy))
        else {
            return false;
        };
        let mut policies = self.state.policies.clone();
        policies.held.policies.push((policy.to_owned(), document));
        let asked = RightsQuestion {
            side: self.facts.side,
            role,
            provider: self.target.provider_arn.as_deref(),
            image: self.request.image.as_ref(),
            now: self.state.seen_at,
        };
        matches!(policies.granted(asked), Granted::By(_))
    }
}
