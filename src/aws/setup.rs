//! What setting up takes: facts of the cluster and state of IAM to a plan. Pure.
//!
//! Facts that are not there yet (issuer, template) give steps that wait; once the cluster publishes
//! them the plan is made again from the new facts.

use super::cover::{Verdict, compare, over_broad};
use super::explain::explain;
use super::iam::{NewRole, Role};
use super::merge::{INTERIM, foreign, fresh, has_interim, merge};
use super::name::{Tags, attached_tag, made_by_mk8s, made_for};
use super::plan::{Action, Awaited, Plan, Step, TrustMode, Trusting, Work};
use super::quotable;
use super::state::{LEAST_TRUST_QUOTA, Look, Pull, Seen, State};
use super::target::{ClusterFacts, Part, Request, Target, path_of};
use super::template::{fill_account, issuer_mismatches, placeholders};
use super::trust::{self, dead_principals, forbidden_character, statements};
use crate::arn::RoleArn;
use crate::change::Change;
use crate::error::{Error, Result};
use serde_json::{Value, json};

/// Which comes first, the add-on's setting or the role that it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// The add-on is switched on with the role's ARN, and the role made from the trust policy that
    /// it then publishes.
    #[default]
    AddonFirst,
    /// For an API that refuses the ARN of a role that does not exist: the role is made first,
    /// trusting this issuer and audience, and gets the add-on's own trust policy afterwards.
    RoleFirst,
}

/// What to look at before setting up.
pub fn look_for(request: &Request, target: &Target) -> Look {
    Look {
        policy: request
            .pull_policy
            .as_ref()
            .map(|policy| policy.arn(&target.partition)),
        ..Look::default()
    }
}

/// Plans the whole of `aws setup`, or the part that `--only` names.
pub fn setup_plan(
    facts: &ClusterFacts,
    request: &Request,
    target: &Target,
    state: &State,
    order: Order,
) -> Result<Plan> {
    let mut plan = Planner {
        facts,
        request,
        target,
        state,
        steps: Vec::new(),
        warnings: facts.warnings.clone(),
        replaced: Vec::new(),
    };
    let role_arn = plan.role_arn();
    plan.workload_identity();
    plan.provider();
    if request.only == Some(Part::OidcProvider) {
        // Role and template do not matter.
    } else if let Some(role) = &role_arn {
        let trust = plan.template()?;
        match order {
            Order::AddonFirst => {
                plan.addon(Some(role));
                plan.role_and_trust(role, trust.as_ref())?;
            }
            Order::RoleFirst => plan.role_first(role, trust.as_ref())?,
        }
        plan.policy(role)?;
    } else {
        plan.no_role()?;
    }
    let Planner {
        steps, warnings, ..
    } = plan;
    Ok(Plan {
        target: target.clone(),
        steps,
        warnings,
        role_arn,
    })
}

struct Planner<'a> {
    facts: &'a ClusterFacts,
    request: &'a Request,
    target: &'a Target,
    state: &'a State,
    steps: Vec<Step>,
    warnings: Vec<String>,
    /// What was replaced in the template; said only when the template is written.
    replaced: Vec<String>,
}

impl Planner<'_> {
    fn wants(&self, part: Part) -> bool {
        self.request.only.is_none_or(|only| only == part)
    }

    fn refused(&self) -> Error {
        Error::refused(format!(
            "{} was not set up for `{}`",
            self.facts.service.name,
            quotable(&self.facts.name)
        ))
    }

    /// The role's ARN: that of IAM, where the role exists.
    fn role_arn(&mut self) -> Option<String> {
        let wanted = self.target.role.as_ref()?;
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
        let name = "aws-workload-identity";
        self.steps.push(if self.facts.workload_identity {
            Step::shown(Part::Addon, Action::None, name, "on")
        } else {
            Step::shown(Part::Addon, Action::Create, name, "switched on").doing(Work::Cluster(
                vec![Change::set(&["awsWorkloadIdentity"], json!({}))],
            ))
        });
    }

    fn provider(&mut self) {
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
        if !self.wants(Part::OidcProvider) {
            return;
        }
        self.warnings.extend(near);
        let audience = &self.facts.audience;
        let (Some(arn), Some(issuer)) = (&self.target.provider_arn, &self.facts.issuer) else {
            let detail = format!(
                "audience {}, once the cluster has an issuer",
                quotable(audience)
            );
            self.steps.push(
                Step::shown(Part::OidcProvider, Action::Create, "(pending)", detail)
                    .doing(Work::Later(Awaited::Issuer)),
            );
            return;
        };
        self.warnings.extend(issuer.warnings());
        let create = |detail: String| {
            Step::shown(Part::OidcProvider, Action::Create, arn, detail).doing(
                Work::CreateProvider {
                    arn: arn.clone(),
                    url: issuer.url().to_owned(),
                    audience: audience.clone(),
                    tags: self.facts.owner().tags(),
                },
            )
        };
        let step = match &self.state.provider {
            Seen::Known(Some(provider)) if provider.client_ids.contains(audience) => {
                Step::shown(Part::OidcProvider, Action::None, arn, "exists, audience ok")
            }
            Seen::Known(Some(_)) => Step::shown(
                Part::OidcProvider,
                Action::Update,
                arn,
                format!("adds audience {}", quotable(audience)),
            )
            .doing(Work::AddAudience {
                arn: arn.clone(),
                audience: audience.clone(),
            }),
            Seen::Unknown(failure) => create(format!("audience {}", quotable(audience))).because(
                format!("{} is not allowed; made if it is missing", failure.action),
            ),
            _ => create(format!("audience {}", quotable(audience))),
        };
        self.steps.push(step);
    }

    /// The add-on in the cluster, with the role or without.
    fn addon(&mut self, role: Option<&String>) {
        if self.request.only.is_some() {
            return;
        }
        let service = self.facts.service;
        let named = self.facts.role_arn.as_ref().map(RoleArn::as_str);
        let step = match (self.facts.addon, role) {
            (true, None) => Step::shown(
                Part::Addon,
                Action::None,
                service.name,
                "on, no role needed",
            ),
            (true, Some(role)) if named == Some(role.as_str()) => Step::shown(
                Part::Addon,
                Action::None,
                service.name,
                format!("on, role {role}"),
            ),
            (true, Some(role)) => Step::shown(
                Part::Addon,
                Action::Update,
                service.name,
                format!("role {} → {role}", named.unwrap_or("none")),
            )
            .doing(Work::Cluster(vec![Change::set(
                &[service.key, "roleArn"],
                Value::from(role.as_str()),
            )])),
            (false, None) => Step::shown(Part::Addon, Action::Create, service.name, "switched on")
                .doing(Work::Cluster(vec![Change::set(&[service.key], json!({}))])),
            (false, Some(role)) => Step::shown(
                Part::Addon,
                Action::Create,
                service.name,
                format!("switched on with role {role}"),
            )
            .doing(Work::Cluster(vec![Change::set(
                &[service.key],
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
                    .because("the cluster pulls from its own account, which takes no role")
                    .hint("name a role to make one all the same: --role-name NAME"));
            }
        }
        Ok(())
    }

    /// The published trust policy for this account, checked; `None` if it is not published yet.
    fn template(&mut self) -> Result<Option<Value>> {
        let Some(published) = &self.facts.template else {
            return Ok(None);
        };
        let filled = self.fill(published, "the trust policy that the cluster publishes")?;
        let allows =
            |statement: &&Value| statement.get("Effect").and_then(Value::as_str) == Some("Allow");
        if !statements(&filled).iter().any(allows) {
            return Err(self
                .refused()
                .because("the trust policy that the cluster publishes allows nothing"));
        }
        if let Some(provider) = &self.target.provider_arn {
            let broad = over_broad(&filled, provider);
            self.warnings.extend(
                broad
                    .into_iter()
                    .map(|finding| format!("the published trust policy is broad: {finding}")),
            );
        }
        Ok(Some(filled))
    }

    fn fill(&mut self, published: &Value, what: &str) -> Result<Value> {
        let document = trust::parse(published).map_err(|reason| {
            self.refused()
                .because(format!("{what} cannot be read: {reason}"))
        })?;
        let filled = fill_account(
            &document,
            &self.target.account,
            Some(&self.target.partition),
        );
        let mut findings = placeholders(&filled.document);
        if let Some(issuer) = &self.facts.issuer {
            findings.extend(issuer_mismatches(&filled.document, issuer.url()));
        }
        if !findings.is_empty() {
            let error = self.refused().because(format!("{what} cannot be used"));
            return Err(findings.into_iter().fold(error, Error::because));
        }
        for before in &filled.replaced {
            let after = if before.starts_with("aws") {
                self.target.partition.as_str()
            } else {
                self.target.account.as_str()
            };
            let warning = format!(
                "{what} had `{}` in Principal.Federated; {after} stands there now",
                quotable(before)
            );
            if !self.replaced.contains(&warning) {
                self.replaced.push(warning);
            }
        }
        Ok(filled.document)
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

    /// Role and trust policy of the usual order.
    fn role_and_trust(&mut self, arn: &str, template: Option<&Value>) -> Result<()> {
        match (self.found_role().is_some(), template) {
            (true, Some(template)) => {
                let trust = self.trust_of_existing(template)?;
                self.existing_role(arn, &trust);
                if self.wants(Part::Trust) {
                    self.steps.push(trust);
                }
                Ok(())
            }
            (true, None) => {
                let later = self.later_trust(arn)?;
                self.existing_role(arn, &later);
                if self.wants(Part::Trust) {
                    self.steps.push(later);
                }
                Ok(())
            }
            (false, Some(template)) => self.new_role(arn, template, "trust policy", None),
            (false, None) => {
                let later = self.later_trust(arn)?;
                if self.wants(Part::Role) {
                    let detail = "with the trust policy that the cluster publishes";
                    self.steps.push(
                        Step::shown(Part::Role, Action::Create, arn, detail).doing(later.work),
                    );
                } else if self.wants(Part::Trust) {
                    return Err(self.no_such_role());
                }
                Ok(())
            }
        }
    }

    /// The role made before the add-on is switched on with it.
    fn role_first(&mut self, arn: &str, template: Option<&Value>) -> Result<()> {
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
            self.steps.push(
                Step::shown(Part::Role, Action::Create, arn, detail)
                    .doing(Work::Later(Awaited::Issuer)),
            );
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

    /// The workload-identity template narrowed to this issuer and audience.
    fn interim_template(&mut self) -> Result<Value> {
        let (Some(issuer), Some(provider)) = (&self.facts.issuer, &self.target.provider_arn) else {
            return Err(self.refused().because("the cluster has no issuer URL yet"));
        };
        let mut condition = json!({});
        if let Some(published) = &self.facts.workload_template
            && let Ok(document) = trust::parse(published)
            && let Some(tests) = statements(&document)
                .first()
                .and_then(|statement| statement.get("Condition")?.as_object())
        {
            // A test with a placeholder is for the user's own pods; it would keep ours out.
            for (operator, keys) in tests {
                for (key, value) in keys.as_object().into_iter().flatten() {
                    if placeholders(&json!({ key.as_str(): value })).is_empty() {
                        condition[operator][key] = value.clone();
                    }
                }
            }
        }
        condition["StringEquals"][format!("{}:aud", issuer.bare())] =
            Value::from(self.facts.audience.as_str());
        let template = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow",
            "Principal": {"Federated": provider},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": condition,
        }]});
        self.fill(&template, "the trust policy of aws-workload-identity")
    }

    fn new_role(
        &mut self,
        arn: &str,
        template: &Value,
        detail: &str,
        suffix: Option<&str>,
    ) -> Result<()> {
        if self.request.only == Some(Part::Trust) {
            return Err(self.no_such_role());
        }
        if !self.wants(Part::Role) {
            return Ok(());
        }
        self.warnings.append(&mut self.replaced);
        let sid = format!("{}{}", self.sid()?, suffix.unwrap_or_default());
        let document = fresh(template, &sid);
        self.check_size(&document)?;
        let mut trusting = self.trusting(template.clone(), sid);
        trusting.tag = Some(self.facts.owner().statement_tag());
        let role = NewRole {
            arn: arn.to_owned(),
            name: self.role_name(),
            path: self.target.role.as_ref().map_or("/", path_of).to_owned(),
            trust: document,
            description: format!(
                "Lets the cluster {} of the org {} pull images from Amazon ECR",
                self.facts.name, self.facts.org
            ),
            boundary: self.request.boundary.clone(),
            max_session: self.request.max_session,
            tags: self.role_tags(),
        };
        let count = statements(template).len();
        let detail = match suffix {
            Some(_) => detail.to_owned(),
            None if count == 1 => format!("{detail}: 1 statement"),
            None => format!("{detail}: {count} statements"),
        };
        let mut step =
            Step::shown(Part::Role, Action::Create, arn, detail).doing(Work::CreateRole {
                role: Box::new(role),
                trust: Box::new(trusting),
            });
        if let Some(right) = self.state.role.missing_right() {
            step = step.because(format!("{right} is not allowed; made if it is missing"));
        }
        self.steps.push(step);
        Ok(())
    }

    fn role_tags(&self) -> Tags {
        let owner = self.facts.owner();
        let mut tags = owner.tags();
        tags.extend(self.request.tags.clone());
        tags.extend([owner.statement_tag()]);
        if self.request.only.is_none() {
            tags.extend([attached_tag(&self.wanted_policy())]);
        }
        tags
    }

    fn existing_role(&mut self, arn: &str, trust: &Step) {
        let Some(role) = self.found_role().cloned() else {
            return;
        };
        self.warn_about_flags(&role);
        if !self.wants(Part::Role) {
            return;
        }
        let owner = self.facts.owner();
        let ours = owner.made(&role.tags);
        let known = ours || role.tags.contains_key(&owner.statement_tag().0);
        let linked = self.facts.role_arn.as_ref().map(RoleArn::as_str) == Some(arn);
        let step = if ours {
            Step::shown(Part::Role, Action::None, arn, "exists, made by mk8s")
        } else if known || (linked && trust.work == Work::Nothing) {
            Step::shown(Part::Role, Action::None, arn, "exists")
        } else {
            let by = match made_for(&role.tags) {
                Some(cluster) if made_by_mk8s(&role.tags) => {
                    format!("exists, made by mk8s for {}", quotable(&cluster))
                }
                _ => "exists, made by others".to_owned(),
            };
            Step::shown(Part::Role, Action::Adopt, arn, by)
        };
        self.steps.push(step);
    }

    /// What is asked of a new role is not forced on one that exists.
    fn warn_about_flags(&mut self, role: &Role) {
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

    fn later_trust(&self, arn: &str) -> Result<Step> {
        let only = self.request.only;
        if matches!(only, Some(Part::Role | Part::Trust)) {
            return Err(Error::not_found(format!(
                "`{}` publishes no trust policy for {} yet",
                quotable(&self.facts.name),
                self.facts.service.name
            ))
            .because("the trust policy appears in the status once the add-on is on"));
        }
        let detail = "set once the cluster publishes it";
        Ok(Step::shown(Part::Trust, Action::Update, arn, detail)
            .doing(Work::Later(Awaited::Template)))
    }

    /// What the trust policy of the role that exists needs.
    fn trust_of_existing(&mut self, template: &Value) -> Result<Step> {
        let Some(role) = self.found_role().cloned() else {
            return Err(self.no_such_role());
        };
        let arn = role.arn.as_str();
        let sid = self.sid()?;
        let existing = trust::parse_text(&role.trust).map_err(|reason| {
            self.refused().because(format!(
                "the trust policy of {} cannot be read: {reason}",
                quotable(arn)
            ))
        })?;
        let mut trusting = self.trusting(template.clone(), sid.clone());
        let tag = self.facts.owner().statement_tag();
        if !role.tags.contains_key(&tag.0) {
            trusting.tag = Some(tag);
        }
        if self.request.replace_trust {
            return self.replaced_trust(arn, &existing, template, trusting, &role.trust);
        }
        let verdict = compare(&existing, template);
        if let Verdict::Denied(statement) = &verdict {
            return Err(self
                .refused()
                .because(format!(
                    "{statement} in the trust policy of {} denies what the cluster needs, or may",
                    quotable(arn)
                ))
                .hint("remove that statement, or use another role: --role-name NAME"));
        }
        self.warn_about_broad(&existing);
        if verdict.holds() && !has_interim(&existing, &sid) {
            let detail = match verdict {
                Verdict::Identical => "is the published one",
                _ => "covers the published one",
            };
            return Ok(Step::shown(Part::Trust, Action::None, arn, detail));
        }
        self.warnings.append(&mut self.replaced);
        let merged = merge(&existing, template, &sid);
        self.check_size(&merged)?;
        for (statement, id) in dead_principals(&existing) {
            self.warnings.push(format!(
                "{statement} in the trust policy names {id}, which was deleted; IAM refuses every change while it stands there"
            ));
        }
        let kept = foreign(&existing, &sid).len();
        let replaced = statements(&existing).len() > kept;
        let detail = format!(
            "{} statement {sid}, keeps {kept} of others",
            if replaced { "replaces" } else { "adds" }
        );
        let mut step = Step::shown(Part::Trust, Action::Update, arn, detail)
            .doing(Work::SetTrust(Box::new(trusting)));
        if let Verdict::Missing(difference) = verdict {
            step = step.because(difference.describe());
        }
        Ok(step)
    }

    fn replaced_trust(
        &mut self,
        arn: &str,
        existing: &Value,
        template: &Value,
        mut trusting: Trusting,
        base: &str,
    ) -> Result<Step> {
        let wanted = fresh(template, &trusting.sid);
        if compare(existing, &wanted) == Verdict::Identical {
            return Ok(Step::shown(
                Part::Trust,
                Action::None,
                arn,
                "is the published one",
            ));
        }
        self.warnings.append(&mut self.replaced);
        self.check_size(&wanted)?;
        let lost = foreign(existing, &trusting.sid).len();
        trusting.mode = TrustMode::Replace {
            base: base.to_owned(),
        };
        let detail = format!("replaced as a whole, {lost} statements of others go");
        Ok(Step::shown(Part::Trust, Action::Update, arn, detail)
            .doing(Work::SetTrust(Box::new(trusting))))
    }

    fn warn_about_broad(&mut self, existing: &Value) {
        if let Some(provider) = &self.target.provider_arn {
            let broad = over_broad(existing, provider);
            self.warnings.extend(
                broad
                    .into_iter()
                    .map(|finding| format!("the trust policy is broad: {finding}")),
            );
        }
    }

    fn check_size(&self, document: &Value) -> Result<()> {
        let (size, quota) = (trust::size(document), self.quota());
        if size > quota {
            let error = self.refused().because(format!(
                "the trust policy would have {size} characters, {quota} are allowed"
            ));
            return Err(match self.state.trust_quota {
                Seen::Unknown(_) => error.because(
                    "the account's own limit is not known, because iam:GetAccountSummary is not allowed",
                ),
                _ => error,
            }
            .hint("use a role of its own: --role-name NAME"));
        }
        match forbidden_character(document) {
            Some(bad) => Err(self.refused().because(format!(
                "the trust policy has the character {bad:?}, which IAM does not take"
            ))),
            None => Ok(()),
        }
    }

    fn wanted_policy(&self) -> String {
        let policy = self.request.pull_policy.clone().unwrap_or_default();
        policy.arn(&self.target.partition)
    }

    fn policy(&mut self, role: &str) -> Result<()> {
        if !self.wants(Part::Policy) {
            return Ok(());
        }
        let found = self.found_role().cloned();
        if self.request.only == Some(Part::Policy) && self.state.role == Seen::Known(None) {
            return Err(self.no_such_role());
        }
        let policy = self.wanted_policy();
        if self.state.policy_exists == Seen::Known(false) {
            return Err(
                Error::not_found(format!("there is no policy {}", quotable(&policy)))
                    .because("AWS knows no managed policy of this ARN"),
            );
        }
        let attached = self.state.attached.known();
        let is_attached = attached.is_some_and(|list| list.contains(&policy));
        let asked = self.request.pull_policy.as_ref();
        let reason = match (asked, &self.state.pull) {
            _ if is_attached => {
                self.steps
                    .push(Step::shown(Part::Policy, Action::None, &policy, "attached"));
                return Ok(());
            }
            (None, Some(Pull::Granted(by))) => {
                let detail = format!("the role may pull by {by}");
                self.steps
                    .push(Step::shown(Part::Policy, Action::None, by, detail));
                return Ok(());
            }
            (None, Some(Pull::Unknown(action))) => Some(format!(
                "{action} is not allowed; attaching twice does no harm"
            )),
            _ => None,
        };
        let (key, value) = attached_tag(&policy);
        // Whoever cannot see what was attached before must not claim it.
        let may_claim = found.is_none() || attached.is_some();
        let tagged = match &found {
            Some(role) => role.tags.contains_key(&key),
            None => self.request.only.is_none(),
        };
        let work = Work::Attach {
            role: self.role_name(),
            policy: policy.clone(),
            tag: (may_claim && !tagged).then_some((key, value)),
        };
        let on = format!("to {}", role.rsplit('/').next().unwrap_or(role));
        let mut step = Step::shown(Part::Policy, Action::Attach, &policy, on).doing(work);
        step.reason = reason;
        self.steps.push(step);
        Ok(())
    }

    fn no_such_role(&self) -> Error {
        if let Seen::Unknown(failure) = &self.state.role {
            return explain(
                failure,
                format!(
                    "the role `{}` could not be looked at",
                    quotable(&self.role_name())
                ),
                Some(&self.target.caller),
            );
        }
        Error::not_found(format!(
            "there is no role `{}` in account {}",
            quotable(&self.role_name()),
            self.target.account
        ))
        .hint(format!(
            "`mk8s aws setup {} -c {}` without --only makes it",
            self.facts.service.name,
            quotable(&self.facts.name)
        ))
    }
}
