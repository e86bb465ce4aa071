//! The trust policy of a role that exists: what has to change in it, and whether it may.

use super::SetupPlanner;
use crate::aws::cover::{Coverage, compare};
use crate::aws::merge::{foreign, fresh, has_interim, is_ours, merge};
use crate::aws::name::{Tags, other_statement_tags};
use crate::aws::plan::{Awaited, AwsStep, StepAction, TrustMode, Trusting, Work};
use crate::aws::quotable;
use crate::aws::standing::Standing;
use crate::aws::state::{QUOTA, Seen};
use crate::aws::target::AwsPart;
use crate::aws::trust::{self, dead_principals, forbidden_character, label, shown, statements};
use crate::aws::users::of_others;
use crate::aws::who::{HomeCluster, LetIn};
use crate::error::{Error, Result};
use serde_json::Value;

const UNKNOWN_QUOTA: &str =
    "the account's own limit is not known, because iam:GetAccountSummary is not allowed";

impl SetupPlanner<'_> {
    pub(super) fn later_trust(&self, arn: &str) -> Result<AwsStep> {
        if self.request.only.is_some() && !self.facts.addon {
            return Err(self
                .refused()
                .because(format!(
                    "{} is off, so the cluster publishes no trust policy",
                    self.facts.side.name()
                ))
                .hint(self.whole()));
        }
        let detail = "set once the cluster publishes it";
        Ok(
            AwsStep::shown(AwsPart::Trust, StepAction::Update, arn, detail)
                .doing(Work::Later(Awaited::Template)),
        )
    }

    /// What the trust policy of the role that exists needs.
    pub(super) fn trust_of_existing(&mut self, template: &Value) -> Result<AwsStep> {
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
        if self.request.replace_trust {
            return self.replaced_trust(arn, &existing, template, sid, &role.trust);
        }
        let verdict = compare(&existing, template);
        self.warn_about_broad(&existing, &sid);
        if verdict.holds() && !has_interim(&existing, &sid) {
            let detail = match verdict {
                Coverage::Identical => "is the published one",
                _ => "covers the published one",
            };
            self.enters(&existing, template)?;
            self.found(template, &existing);
            return Ok(AwsStep::shown(
                AwsPart::Trust,
                StepAction::None,
                arn,
                detail,
            ));
        }
        self.warnings.append(&mut self.replaced);
        let merged = merge(&existing, template, &sid);
        self.enters(&merged, template)?;
        self.admit(template, &merged)?;
        if trust::size(&merged) > self.quota() {
            return Err(self.too_long(&existing, &merged));
        }
        self.check_size(&merged)?;
        for (statement, id) in dead_principals(&existing) {
            self.warnings.push(format!(
                "{statement} in the trust policy names {id}, which was deleted; IAM refuses every change while it stands there"
            ));
        }
        let kept = foreign(&existing, &sid);
        let replaced = statements(&existing).len() > kept.len();
        let detail = format!(
            "{} statement {sid}, keeps {}",
            if replaced { "replaces" } else { "adds" },
            self.of_others(kept)
        );
        let mut step = AwsStep::shown(AwsPart::Trust, StepAction::Update, arn, detail)
            .doing(Work::SetTrust(Box::new(self.retrusting(template, sid))));
        if let Coverage::Missing(difference) = verdict {
            step = step.because(difference.describe());
        }
        Ok(step)
    }

    /// How the trust policy of the role that exists is to be, once that was judged.
    fn retrusting(&self, template: &Value, sid: String) -> Trusting {
        let mut trusting = self.trusting(template.clone(), sid);
        let tag = self.facts.owner().statement_tag();
        let role = self.found_role();
        if role.is_some_and(|role| !role.tags.contains_key(&tag.0)) {
            trusting.tag = Some(tag);
        }
        trusting
    }

    pub(super) fn replaced_trust(
        &mut self,
        arn: &str,
        existing: &Value,
        template: &Value,
        sid: String,
        base: &str,
    ) -> Result<AwsStep> {
        let wanted = fresh(template, &sid);
        let (ours, _) = self.facts.owner().statement_tag();
        if compare(existing, &wanted) == Coverage::Identical {
            self.found(template, existing);
            let tags = self.found_role().map(|role| &role.tags);
            let stale: Vec<String> = tags
                .into_iter()
                .flat_map(|tags| other_statement_tags(tags, &ours))
                .cloned()
                .collect();
            if !stale.is_empty() {
                // A run that was cut short.
                let detail = "takes off the tags of clusters whose statements are gone";
                let work = Work::Untag {
                    role: self.role_name(),
                    keys: stale,
                };
                return Ok(
                    AwsStep::shown(AwsPart::Trust, StepAction::Update, arn, detail).doing(work),
                );
            }
            return Ok(AwsStep::shown(
                AwsPart::Trust,
                StepAction::None,
                arn,
                "is the published one",
            ));
        }
        self.warnings.append(&mut self.replaced);
        self.enters(&wanted, template)?;
        self.admit(template, &wanted)?;
        self.check_size(&wanted)?;
        let lost = self.of_others(foreign(existing, &sid));
        let mut trusting = self.retrusting(template, sid);
        trusting.mode = TrustMode::Replace {
            base: base.to_owned(),
            ours,
        };
        let detail = format!("replaced as a whole; statements that go: {lost}");
        Ok(
            AwsStep::shown(AwsPart::Trust, StepAction::Update, arn, detail)
                .doing(Work::SetTrust(Box::new(trusting))),
        )
    }

    /// Statements of others in the role's trust policy, counted, those of other clusters by their names.
    fn of_others(&self, list: Vec<&Value>) -> String {
        let none = Tags::new();
        let tags = self.found_role().map_or(&none, |role| &role.tags);
        let (ours, _) = self.facts.owner().statement_tag();
        of_others(list, tags, self.facts.side, &ours)
    }

    /// Whether the trust policy, as it will stand, lets in whom the cluster publishes: what surely
    /// keeps them out stops, what only may is told.
    pub(super) fn enters(&mut self, document: &Value, template: &Value) -> Result<()> {
        let provider = self.target.provider_arn.as_deref();
        let standing = Standing::of(document, template, provider, self.state.seen_at);
        match &standing {
            Standing::Denied(statement) => {
                let error = self
                    .refused()
                    .because(format!(
                        "{statement} in the trust policy of {} denies what the cluster needs",
                        quotable(&self.role_name())
                    ))
                    .because(format!(
                        "it is {}; its owner has to change it",
                        shown(document, statement)
                    ));
                return Err(error.hint("use another role: --role-name NAME"));
            }
            Standing::Vain(subject) => self.warnings.push(format!(
                "the trust policy does not let in `{}`, which the cluster publishes: no token meets \
                 its conditions",
                quotable(subject)
            )),
            Standing::Depends { .. } => {
                let condition = standing.condition().unwrap_or_default();
                self.warnings.push(format!(
                    "whether the trust policy lets the cluster in cannot be told from here: {condition}"
                ));
            }
            _ => {}
        }
        Ok(())
    }

    /// Statements of others that let in a whole class; what is published is told apart.
    pub(super) fn warn_about_broad(&mut self, existing: &Value, sid: &str) {
        let home = HomeCluster::of(self.facts, self.target, self.state.seen_at);
        for (index, statement) in statements(existing).into_iter().enumerate() {
            if is_ours(statement, sid) {
                continue;
            }
            let who = LetIn::of_statement(existing, index, &home);
            let name = label(statement, index);
            let told = who.open().iter();
            self.warnings.extend(
                told.map(|class| format!("the trust policy is broad: {name} lets in {class}")),
            );
        }
    }

    /// Whether what is to be merged into the trust policy of a role is too long for it.
    pub(super) fn overflows(&mut self) -> bool {
        let (Ok(Some(template)), Ok(sid)) = (self.template(), self.sid()) else {
            return false;
        };
        let existing = self.found_role().map(|role| trust::parse_text(&role.trust));
        let Some(Ok(existing)) = existing else {
            return false;
        };
        trust::size(&merge(&existing, &template, &sid)) > self.quota()
    }

    /// The refusal, with the statements that could go.
    fn too_long(&self, existing: &Value, merged: &Value) -> Error {
        let (before, after) = (trust::size(existing), trust::size(merged));
        let quota = self.quota();
        let mut error = self.refused().because(format!(
            "the trust policy of {} would grow from {before} to {after} characters; the quota \
             \"{QUOTA}\" (ACLSizePerRole) allows {quota}",
            quotable(&self.role_name())
        ));
        if let Seen::Unknown(_) = self.state.trust_quota {
            error = error.because(UNKNOWN_QUOTA);
        }
        let account = format!(":iam::{}:oidc-provider/", self.target.account);
        let registered = self.state.registered.known();
        let is_gone = |arn: &str| {
            registered.is_some_and(|known| !known.iter().any(|it| it == arn))
                && arn.contains(&account)
                && Some(arn) != self.target.provider_arn.as_deref()
        };
        let stale = trust::stale(merged, is_gone);
        let mut room = 0;
        for found in &stale {
            let names: Vec<String> = found.gone.iter().map(|it| quotable(it)).collect();
            let (statement, size) = (&found.statement, found.size);
            error = error.because(format!(
                "{statement} ({size} characters) names {}, which {} not exist any more{}",
                names.join(", "),
                if names.len() == 1 { "does" } else { "do" },
                if found.whole { ", and nobody else" } else { "" },
            ));
            if found.whole {
                // With its comma.
                room += size + 1;
            }
        }
        let own = "use a role of its own: --role-name NAME";
        if after.saturating_sub(room) <= quota {
            error
                .hint("remove the statements that name nobody else from the trust policy")
                .hint(format!("or {own}"))
        } else {
            error
                .hint(own)
                .hint(format!("or have AWS raise the account's quota \"{QUOTA}\""))
        }
    }

    pub(super) fn check_size(&self, document: &Value) -> Result<()> {
        let (size, quota) = (trust::size(document), self.quota());
        if size > quota {
            let error = self.refused().because(format!(
                "the trust policy would have {size} characters, {quota} are allowed"
            ));
            return Err(match self.state.trust_quota {
                Seen::Unknown(_) => error.because(UNKNOWN_QUOTA),
                _ => error,
            }
            .hint("use a role of its own: --role-name NAME")
            .hint(format!("or have AWS raise the account's quota \"{QUOTA}\"")));
        }
        match forbidden_character(document) {
            Some(bad) => Err(self.refused().because(format!(
                "the trust policy has the character {bad:?}, which IAM does not take"
            ))),
            None => Ok(()),
        }
    }
}
