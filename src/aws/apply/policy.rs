//! The policy that lets the role pull: attached and detached.

use super::clock::Clock;
use super::trust::read_trust;
use super::{Applier, StepOutcome, WrittenThing};
use crate::aws::iam::{AwsFailure, Iam};
use crate::aws::name::Tags;
use crate::aws::quotable;
use crate::aws::state::now;
use crate::aws::users::{OwnRole, needing};
use crate::error::{Error, Result};

impl<I: Iam> Applier<'_, I> {
    pub(super) async fn attach(
        &self,
        mut clock: Clock,
        role: &str,
        policy: &str,
        tags: &Tags,
    ) -> Result<StepOutcome> {
        let new = self.made.contains(role);
        let what = if new {
            format!(
                "the role `{}` was created, its policy was not attached",
                quotable(role)
            )
        } else {
            format!(
                "the policy {} was not attached to `{}`",
                quotable(policy),
                quotable(role)
            )
        };
        let mut outcome = StepOutcome::default();
        if !tags.is_empty() {
            let found = self.read_role(&mut clock, role, false).await?;
            self.tag_first(&mut clock, &found, tags, &mut outcome)
                .await?;
        }
        clock
            .persist(
                |failure| failure.passing() || (new && failure.is("NoSuchEntity")),
                async || self.iam.attach(role, policy, self.permit).await,
            )
            .await
            .map_err(|failure| self.failed(&failure, what.clone()))?;
        outcome.changed = true;
        let thing = WrittenThing {
            name: format!("the policy {}", quotable(policy)),
            what,
        };
        self.shows(&mut clock, &thing, &mut outcome, async || {
            let found = self.iam.attached(role).await?;
            Ok(found.is_some_and(|list| list.iter().any(|it| it == policy)))
        })
        .await?;
        Ok(outcome)
    }

    pub(super) async fn detach(
        &mut self,
        mut clock: Clock,
        role: &str,
        policy: &str,
        whose: &OwnRole,
        untag: &[String],
    ) -> Result<StepOutcome> {
        let what = || {
            format!(
                "the policy {} was not detached from `{}`",
                quotable(policy),
                quotable(role)
            )
        };
        // Since the plan was shown somebody may have come to need it.
        if let Some(found) = self.role_or_gone(&mut clock, role, what).await? {
            let needed = needing(&found, &read_trust(&found)?, whose, policy, now());
            if !needed.is_empty() {
                return Err(Error::conflict(what())
                    .because(format!(
                        "it is needed by {} by now",
                        quotable(&needed.join(", "))
                    ))
                    .hint("run the same command again"));
            }
        }
        let answer = clock
            .persist(AwsFailure::passing, async || {
                self.iam.detach(role, policy, self.permit).await
            })
            .await;
        let mut outcome = StepOutcome {
            changed: self.gone(answer, what)?,
            ..StepOutcome::default()
        };
        self.detached.insert(role.to_owned());
        self.untag(&mut clock, role, untag, &mut outcome).await?;
        Ok(outcome)
    }
}
