//! The role: made, found, or adopted; and in which order with the add-on.

use super::SetupPlanner;
use crate::arn::RoleArn;
use crate::aws::iam::{NewRole, Role};
use crate::aws::merge::{INTERIM, fresh};
use crate::aws::name::{Tags, attached_tag, made_by_mk8s, made_for};
use crate::aws::plan::{Awaited, AwsStep, NewRoleTraits, StepAction, Work};
use crate::aws::quotable;
use crate::aws::target::{AwsPart, path_of};
use crate::aws::trust::statements;
use crate::error::Result;
use crate::text;
use serde_json::Value;

impl SetupPlanner<'_> {
    /// Role and trust policy of the usual order.
    pub(super) fn role_and_trust(&mut self, arn: &str, template: Option<&Value>) -> Result<()> {
        match (self.found_role().is_some(), template) {
            (true, Some(template)) => {
                let trust = self.trust_of_existing(template)?;
                self.existing_role(arn, &trust);
                if self.wants(AwsPart::Trust) {
                    self.steps.push(trust);
                }
                Ok(())
            }
            (true, None) => {
                let later = self.later_trust(arn)?;
                self.existing_role(arn, &later);
                if self.wants(AwsPart::Trust) {
                    self.steps.push(later);
                }
                Ok(())
            }
            (false, Some(template)) => self.new_role(arn, template, "trust policy", None),
            (false, None) => {
                let later = self.later_trust(arn)?;
                if self.wants(AwsPart::Role) {
                    let detail = "with the trust policy that the cluster publishes";
                    let step = AwsStep::shown(AwsPart::Role, StepAction::Create, arn, detail);
                    self.steps.push(step.getting(self.gets()).doing(later.work));
                } else if self.wants(AwsPart::Trust) {
                    return Err(self.no_such_role());
                }
                Ok(())
            }
        }
    }

    /// The role made before the add-on is switched on with it.
    pub(super) fn role_first(&mut self, arn: &str, template: Option<&Value>) -> Result<()> {
        if self.found_role().is_some() {
            self.addon(Some(&arn.to_owned()));
            return self.role_and_trust(arn, template);
        }
        if let Some(template) = template {
            self.new_role(arn, template, "trust policy", None)?;
            self.addon(Some(&arn.to_owned()));
            return Ok(());
        }
        if self.facts.issuer.is_none() {
            let detail = "once the cluster has an issuer";
            let step = AwsStep::shown(AwsPart::Role, StepAction::Create, arn, detail);
            let step = step.getting(self.gets());
            self.steps.push(step.doing(Work::Later(Awaited::Issuer)));
            self.addon(Some(&arn.to_owned()));
            return Ok(());
        }
        let interim = self.interim_template()?;
        self.new_role(
            arn,
            &interim,
            "trusting this issuer and audience for now",
            Some(INTERIM),
        )?;
        self.addon(Some(&arn.to_owned()));
        let later = self.later_trust(arn)?;
        self.steps.push(later);
        Ok(())
    }

    pub(super) fn new_role(
        &mut self,
        arn: &str,
        template: &Value,
        detail: &str,
        suffix: Option<&str>,
    ) -> Result<()> {
        if self.request.only == Some(AwsPart::Trust) {
            return Err(self.no_such_role());
        }
        if !self.wants(AwsPart::Role) {
            return Ok(());
        }
        self.warnings.append(&mut self.replaced);
        let sid = format!("{}{}", self.sid()?, suffix.unwrap_or_default());
        let document = fresh(template, &sid);
        // One that stands in is our own.
        if suffix.is_none() {
            self.enters(&document, template)?;
            self.admit(template, &document)?;
        }
        self.check_size(&document)?;
        let mut trusting = self.trusting(template.clone(), sid);
        trusting.tag = Some(self.facts.owner().statement_tag());
        let gets = self.gets();
        let role = NewRole {
            arn: arn.to_owned(),
            name: self.role_name(),
            path: gets.path.clone(),
            trust: document,
            description: format!(
                "Lets the cluster {} of the org {} {}",
                self.facts.name, self.facts.org, self.facts.side.aws.purpose
            ),
            boundary: gets.boundary.clone(),
            max_session: gets.max_session,
            tags: gets.tags.clone(),
        };
        let count = statements(template).len();
        let detail = match suffix {
            Some(_) => detail.to_owned(),
            None => format!("{detail}: {}", text::count(count, "statement")),
        };
        let step = AwsStep::shown(AwsPart::Role, StepAction::Create, arn, detail).getting(gets);
        let mut step = step.doing(Work::CreateRole {
            role: Box::new(role),
            trust: Box::new(trusting),
        });
        if let Some(right) = self.state.role.missing_right() {
            step = step.because(format!("{right} is not allowed; made if it is missing"));
        }
        self.steps.push(step);
        Ok(())
    }

    /// What the role gets that is made, as far as it is known by now.
    fn gets(&self) -> NewRoleTraits {
        NewRoleTraits {
            path: self.target.role.as_ref().map_or("/", path_of).to_owned(),
            boundary: self.request.boundary.clone(),
            max_session: self.request.max_session,
            tags: self.role_tags(),
        }
    }

    pub(super) fn role_tags(&self) -> Tags {
        let owner = self.facts.owner();
        let mut tags = owner.tags();
        tags.extend(self.request.tags.clone());
        tags.extend([owner.statement_tag()]);
        if let (key, Some(value)) = self.accepted_tag() {
            tags.insert(key, value);
        }
        if self.request.only.is_none() {
            tags.extend(self.wanted_policy().map(|policy| attached_tag(&policy)));
        }
        tags
    }

    pub(super) fn existing_role(&mut self, arn: &str, trust: &AwsStep) {
        let Some(role) = self.found_role().cloned() else {
            return;
        };
        self.warn_about_flags(&role);
        if !self.wants(AwsPart::Role) {
            return;
        }
        let owner = self.facts.owner();
        let ours = owner.made(&role.tags);
        let known = ours || role.tags.contains_key(&owner.statement_tag().0);
        let linked = self.facts.role_arn.as_ref().map(RoleArn::as_str) == Some(arn);
        let step = if ours {
            AwsStep::shown(AwsPart::Role, StepAction::None, arn, "exists, made by mk8s")
        } else if known || (linked && trust.work == Work::Nothing) {
            AwsStep::shown(AwsPart::Role, StepAction::None, arn, "exists")
        } else {
            let by = match (&self.state.made_before, made_for(&role.tags)) {
                (Some(cluster), _) => format!("made for {} before", quotable(cluster)),
                (None, Some(cluster)) if made_by_mk8s(&role.tags) => {
                    format!("exists, made by mk8s for {}", quotable(&cluster))
                }
                _ => "exists, made by others".to_owned(),
            };
            self.warn_about_rights(&role.name);
            AwsStep::shown(AwsPart::Role, StepAction::Adopt, arn, by)
        };
        self.steps.push(step);
    }

    /// A role that may far more than pull is not adopted without a word: whoever gets in may too.
    fn warn_about_rights(&mut self, name: &str) {
        let Some(role) = &self.target.role else {
            return;
        };
        let beyond = self
            .state
            .beyond(self.facts.side, role, self.target.provider_arn.as_deref());
        if !beyond.is_empty() {
            let what = format!(
                "`{}` may far more than pull, by {}",
                quotable(name),
                beyond.join(", ")
            );
            self.warnings.push(format!(
                "{what}; the cluster's pods get these rights too. A role of its own: --role-name NAME"
            ));
            self.beyond = Some(format!("The role {what}."));
        }
    }

    /// What is asked of a new role is not forced on one that exists.
    pub(super) fn warn_about_flags(&mut self, role: &Role) {
        let name = quotable(&role.name);
        let request = self.request;
        if let Some(boundary) = &request.boundary
            && role.boundary.as_ref() != Some(boundary)
        {
            self.warnings.push(format!(
                "--permissions-boundary is for a new role; `{name}` keeps {}",
                role.boundary.as_deref().unwrap_or("none")
            ));
        }
        if let Some(seconds) = request.max_session
            && role.max_session != Some(seconds)
        {
            self.warnings.push(format!(
                "--max-session-duration is for a new role; `{name}` keeps its own"
            ));
        }
        if request
            .tags
            .iter()
            .any(|(key, value)| role.tags.get(key) != Some(value))
        {
            self.warnings.push(format!(
                "--tag is for a new role; the tags of `{name}` stay as they are"
            ));
        }
        let managed = role.tags.keys().find(|key| {
            key.starts_with("aws:cloudformation:") || key.eq_ignore_ascii_case("terraform")
        });
        if let Some(tag) = managed {
            self.warnings.push(format!(
                "`{name}` carries the tag {}: the tool that manages it may take our statement out again",
                quotable(tag)
            ));
        }
    }
}
