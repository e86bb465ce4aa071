//! The role and its tags: made, read, tagged, deleted.

use super::clock::Clock;
use super::trust::read_trust;
use super::{Applier, StepOutcome, WrittenThing, invisible, is_invalid_principal, unless_gone};
use crate::aws::iam::{AwsFailure, Iam, IamAnswer, NewRole, Role};
use crate::aws::merge::foreign;
use crate::aws::name::{Tags, is_tag_of_attached};
use crate::aws::plan::Trusting;
use crate::aws::quotable;
use crate::error::{Error, Result};

impl<I: Iam> Applier<'_, I> {
    pub(super) async fn create_role(
        &mut self,
        mut clock: Clock,
        role: &NewRole,
        trust: &Trusting,
    ) -> Result<StepOutcome> {
        let what = format!("the role `{}` was not created", quotable(&role.name));
        if self.made.contains(&role.name) {
            return self.set_trust(clock, trust, StepOutcome::default()).await;
        }
        let fresh_principal = !self.made.is_empty();
        let answer = clock
            .persist(
                |failure| failure.passing() || (fresh_principal && is_invalid_principal(failure)),
                async || self.iam.create_role(role, self.permit).await,
            )
            .await;
        let mut outcome = StepOutcome::default();
        match answer {
            Ok(()) => {
                outcome.changed = true;
                self.made.insert(role.name.clone());
            }
            Err(failure) if failure.is("EntityAlreadyExists") => {
                let found = self.read_role(&mut clock, &role.name, true).await?;
                // A create whose answer was lost comes back as "exists", with our tags.
                outcome.changed = found.tags == role.tags;
                if found.arn != role.arn {
                    outcome.warnings.push(format!(
                        "the role exists as {}; run the same command again to use that ARN",
                        quotable(&found.arn)
                    ));
                }
                return self.set_trust(clock, trust, outcome).await;
            }
            Err(failure) => return Err(self.failed(&failure, what)),
        }
        let thing = WrittenThing {
            name: format!("the role `{}`", quotable(&role.name)),
            what,
        };
        self.shows(&mut clock, &thing, &mut outcome, async || {
            Ok(self.iam.role(&role.name).await?.is_some())
        })
        .await?;
        Ok(outcome)
    }

    /// Reads a role that must exist; with `patient` also one that may not show yet.
    pub(super) async fn read_role(
        &self,
        clock: &mut Clock,
        name: &str,
        patient: bool,
    ) -> Result<Role> {
        let what = format!("the role `{}` could not be read", quotable(name));
        let patient = patient || self.made.contains(name);
        loop {
            match self.iam.role(name).await {
                Ok(Some(role)) => return Ok(role),
                Ok(None) if !patient => {
                    return Err(Error::not_found(format!(
                        "there is no role `{}` any more",
                        quotable(name)
                    ))
                    .because("it was there when the plan was made"));
                }
                Ok(None) => {}
                Err(failure) if failure.passing() => {}
                Err(failure) => return Err(self.failed(&failure, what)),
            }
            if !clock.wait().await {
                return Err(invisible(&format!("the role `{}`", quotable(name)), clock));
            }
        }
    }

    /// Sets a tag before what it speaks of, so that a run that is cut short leaves no untagged
    /// thing. Without the right to tag, the thing is done all the same.
    pub(super) async fn tag_first(
        &self,
        clock: &mut Clock,
        role: &Role,
        tags: &Tags,
        outcome: &mut StepOutcome,
    ) -> Result<()> {
        let missing: Tags = tags
            .iter()
            .filter(|(key, value)| role.tags.get(*key) != Some(*value))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        match self.tag(clock, &role.name, &missing).await {
            Ok(()) => {
                outcome.changed = true;
                Ok(())
            }
            Err(failure) if failure.denied() || failure.is("LimitExceeded") => {
                let then = if missing.keys().any(|key| is_tag_of_attached(key)) {
                    "teardown takes the policy for one of others and keeps it"
                } else {
                    "teardown knows the statement by its Sid only"
                };
                let why = if failure.denied() {
                    "iam:TagRole is not allowed"
                } else {
                    "the role has as many tags as IAM allows"
                };
                let keys: Vec<&str> = missing.keys().map(String::as_str).collect();
                outcome.warnings.push(format!(
                    "the tag {} could not be set on `{}`: {why}; {then}",
                    quotable(&keys.join(", ")),
                    quotable(&role.name)
                ));
                Ok(())
            }
            Err(failure) => Err(self.failed(
                &failure,
                format!("the role `{}` was not tagged", quotable(&role.name)),
            )),
        }
    }

    pub(super) async fn tag(&self, clock: &mut Clock, role: &str, tags: &Tags) -> IamAnswer<()> {
        let new = self.made.contains(role);
        clock
            .persist(
                |failure| failure.passing() || (new && failure.is("NoSuchEntity")),
                async || self.iam.tag_role(role, tags, self.permit).await,
            )
            .await
    }

    pub(super) async fn untag(
        &self,
        clock: &mut Clock,
        role: &str,
        keys: &[String],
        outcome: &mut StepOutcome,
    ) -> Result<()> {
        if keys.is_empty() {
            return Ok(());
        }
        let answer = clock
            .persist(AwsFailure::passing, async || {
                self.iam.untag_role(role, keys, self.permit).await
            })
            .await;
        match answer {
            Ok(()) => {
                outcome.changed = true;
                Ok(())
            }
            Err(failure) if failure.is("NoSuchEntity") => Ok(()),
            Err(failure) if failure.denied() => {
                outcome.warnings.push(format!(
                    "the tag {} stays on `{}`: iam:UntagRole is not allowed",
                    quotable(&keys.join(", ")),
                    quotable(role)
                ));
                Ok(())
            }
            Err(failure) => Err(self.failed(
                &failure,
                format!("the role `{}` was not untagged", quotable(role)),
            )),
        }
    }

    pub(super) async fn delete_role(
        &self,
        mut clock: Clock,
        name: &str,
        sid: &str,
    ) -> Result<StepOutcome> {
        let what = || format!("the role `{}` was not deleted", quotable(name));
        match self.iam.role(name).await {
            Ok(None) => return Ok(StepOutcome::default()),
            Ok(Some(role)) => {
                let others = foreign(&read_trust(&role)?, sid).len();
                if others > 0 {
                    return Err(Error::conflict(what()).because(format!(
                        "its trust policy has {others} statements of others by now"
                    )));
                }
            }
            Err(failure) => return Err(self.failed(&failure, what())),
        }
        let detached = self.detached.contains(name);
        let answer = clock
            .persist(
                |failure| failure.passing() || (detached && failure.is("DeleteConflict")),
                async || self.iam.delete_role(name, self.permit).await,
            )
            .await;
        let answer = unless_gone(answer, async || Ok(self.iam.role(name).await?.is_none())).await;
        Ok(StepOutcome {
            changed: self.gone(answer, what)?,
            ..StepOutcome::default()
        })
    }
}
