//! The OIDC provider: made, completed, deleted.

use super::clock::Clock;
use super::{Applier, StepOutcome, WrittenThing, invisible, unless_gone, unseen};
use crate::aws::iam::{AwsFailure, Iam, NewProvider};
use crate::aws::quotable;
use crate::aws::thumbprint::PrivateCa;
use crate::error::{Error, Result};

impl<I: Iam> Applier<'_, I> {
    pub(super) async fn create_provider(
        &mut self,
        mut clock: Clock,
        provider: &NewProvider,
    ) -> Result<StepOutcome> {
        let (arn, audience) = (provider.arn.as_str(), provider.audience.as_str());
        let what = format!("the OIDC provider {} was not created", quotable(arn));
        if self.made.contains(arn) {
            return Ok(StepOutcome::default());
        }
        let mut outcome = StepOutcome::default();
        let answer = clock
            .persist(AwsFailure::passing, async || {
                self.iam.create_provider(provider, self.permit).await
            })
            .await;
        match answer {
            Ok(()) => {
                outcome.changed = true;
                self.made.insert(arn.to_owned());
            }
            Err(failure) if failure.is("EntityAlreadyExists") => {}
            Err(failure) => return Err(self.failed(&failure, what)),
        }
        loop {
            match self.iam.provider(arn).await {
                Ok(Some(found)) if found.client_ids.iter().any(|it| it == audience) => {
                    // A create whose answer was lost comes back as "exists", with our tags.
                    outcome.changed |= found.tags == provider.tags;
                    return Ok(outcome);
                }
                Ok(Some(_)) if !outcome.changed => {
                    return self.add_audience(clock, arn, audience).await;
                }
                Ok(_) => {}
                Err(failure) if failure.denied() && outcome.changed => {
                    outcome.warnings.push(unseen(&failure));
                    return Ok(outcome);
                }
                Err(failure) if failure.denied() => {
                    return self.add_audience(clock, arn, audience).await;
                }
                Err(failure) if failure.passing() => {}
                Err(failure) => return Err(self.failed(&failure, what)),
            }
            if !clock.wait().await {
                return Err(invisible(
                    &format!("the OIDC provider {}", quotable(arn)),
                    &clock,
                ));
            }
        }
    }

    pub(super) async fn add_audience(
        &self,
        mut clock: Clock,
        arn: &str,
        audience: &str,
    ) -> Result<StepOutcome> {
        let what = format!(
            "the audience {} was not added to {}",
            quotable(audience),
            quotable(arn)
        );
        let new = self.made.contains(arn);
        clock
            .persist(
                |failure| failure.passing() || (new && failure.is("NoSuchEntity")),
                async || self.iam.add_audience(arn, audience, self.permit).await,
            )
            .await
            .map_err(|failure| self.failed(&failure, what.clone()))?;
        let mut outcome = StepOutcome {
            changed: true,
            ..StepOutcome::default()
        };
        let thing = WrittenThing {
            name: "the new audience".to_owned(),
            what,
        };
        self.shows(&mut clock, &thing, &mut outcome, async || {
            let found = self.iam.provider(arn).await?;
            Ok(found.is_some_and(|it| it.client_ids.iter().any(|it| it == audience)))
        })
        .await?;
        Ok(outcome)
    }

    /// Adds a thumbprint to the list that is read right before, because IAM replaces the whole.
    pub(super) async fn add_thumbprint(
        &self,
        mut clock: Clock,
        arn: &str,
        ca: &PrivateCa,
    ) -> Result<StepOutcome> {
        let what = format!(
            "the thumbprint {} was not added to {}",
            ca.thumbprint,
            quotable(arn)
        );
        let mut outcome = StepOutcome::default();
        loop {
            match self.iam.provider(arn).await {
                Ok(Some(provider)) if ca.fits(&provider) => return Ok(outcome),
                Ok(Some(provider)) if !outcome.changed => {
                    let list = ca.added_to(&provider.thumbprints);
                    clock
                        .persist(AwsFailure::passing, async || {
                            self.iam.set_thumbprints(arn, &list, self.permit).await
                        })
                        .await
                        .map_err(|failure| self.failed(&failure, what.clone()))?;
                    outcome.changed = true;
                    continue;
                }
                Ok(None) if !outcome.changed && !self.made.contains(arn) => {
                    return Err(Error::not_found(what)
                        .because("the OIDC provider was there when the plan was made"));
                }
                Ok(_) => {}
                Err(failure) if failure.passing() => {}
                Err(failure) => return Err(self.failed(&failure, what)),
            }
            if !clock.wait().await {
                return Err(invisible("the new thumbprint", &clock));
            }
        }
    }

    pub(super) async fn delete_provider(&self, mut clock: Clock, arn: &str) -> Result<StepOutcome> {
        let answer = clock
            .persist(AwsFailure::passing, async || {
                self.iam.delete_provider(arn, self.permit).await
            })
            .await;
        let answer =
            unless_gone(answer, async || Ok(self.iam.provider(arn).await?.is_none())).await;
        let what = || format!("the OIDC provider {} was not deleted", quotable(arn));
        Ok(StepOutcome {
            changed: self.gone(answer, what)?,
            ..StepOutcome::default()
        })
    }
}
