//! Runs the steps of a plan in IAM, one at a time.
//!
//! Every step may be run again: what exists and fits is taken as done, and a trust policy is read
//! again right before it is written. IAM is slow to show what was written, so each write is followed
//! by the matching read until it shows; all waiting of one step ends within its patience.

pub(super) mod clock;
mod trust;

use super::backup::Backup;
use super::explain::explain_to;
use super::iam::{Answer, Failure, Iam, NewProvider, NewRole, Role};
use super::merge::foreign;
use super::name::{Tags, is_tag_of_attached};
use super::needed::Needed;
use super::plan::{Step, Trusting, Work};
use super::quotable;
use super::thumbprint::PrivateCa;
use super::users::{Whose, needing};
use crate::consent::Permit;
use crate::error::{Error, Kind, Result};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use clock::Clock;
use trust::read_trust;

/// How steps are run.
#[derive(Debug, Clone)]
pub struct Options {
    /// The longest that one step may wait and try again.
    pub patience: Duration,
    /// The folder for copies of trust policies; `None` makes none.
    pub backup: Option<PathBuf>,
    /// What the policy of whoever lacks a right has to be told.
    pub needed: Needed,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            patience: Duration::from_mins(1),
            backup: None,
            needed: Needed::default(),
        }
    }
}

/// What a step did.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StepOutcome {
    /// Whether anything was changed; `false` if it was right by the time it ran.
    pub changed: bool,
    /// What the user should know, one phrase each.
    pub warnings: Vec<String>,
    /// The trust policy from before.
    pub previous_trust: Option<Value>,
    /// The copy of it.
    pub backup: Option<Backup>,
}

/// Runs steps, and remembers what it made: only of that a "no such entity" means "not yet".
#[derive(Debug)]
pub struct Applier<'a, I> {
    iam: &'a I,
    permit: &'a Permit,
    caller: &'a str,
    options: Options,
    made: BTreeSet<String>,
    detached: BTreeSet<String>,
}

impl<'a, I: Iam> Applier<'a, I> {
    /// `caller` is the ARN of who calls, for messages.
    pub fn new(iam: &'a I, permit: &'a Permit, caller: &'a str, options: Options) -> Self {
        Self {
            iam,
            permit,
            caller,
            options,
            made: BTreeSet::new(),
            detached: BTreeSet::new(),
        }
    }

    /// The right to write that it was given.
    pub fn permit(&self) -> &'a Permit {
        self.permit
    }

    /// Runs one step. Steps that change the cluster, or wait for it, are not for IAM and are
    /// refused.
    pub async fn run(&mut self, step: &Step) -> Result<StepOutcome> {
        if let Work::Attach { policy, .. } | Work::Detach { policy, .. } = &step.work {
            self.options.needed = self.options.needed.clone().with_policy(policy);
        }
        let outcome = self.work(&step.work).await;
        outcome.map_err(|error| {
            if error.kind == Kind::Denied && error.hints.len() < 2 {
                error
                    .hint("once allowed, run the same command again; it continues where it stopped")
            } else {
                error
            }
        })
    }

    async fn work(&mut self, work: &Work) -> Result<StepOutcome> {
        let clock = Clock::start(self.options.patience);
        match work {
            Work::Nothing => Ok(StepOutcome::default()),
            Work::Cluster(_) | Work::Later(_) => Err(Error::failure(
                "a step of the cluster was given to IAM, and not done",
            )),
            Work::CreateProvider(provider) => self.create_provider(clock, provider).await,
            Work::AddAudience { arn, audience } => self.add_audience(clock, arn, audience).await,
            Work::AddThumbprint { arn, ca } => self.add_thumbprint(clock, arn, ca).await,
            Work::CreateRole { role, trust } => self.create_role(clock, role, trust).await,
            Work::SetTrust(trust) => self.set_trust(clock, trust, StepOutcome::default()).await,
            Work::RemoveTrust {
                role,
                sid,
                provider,
                untag,
            } => {
                self.remove_trust(clock, role, sid, provider.as_deref(), untag)
                    .await
            }
            Work::Attach { role, policy, tags } => self.attach(clock, role, policy, tags).await,
            Work::Detach {
                role,
                policy,
                whose,
                untag,
            } => self.detach(clock, role, policy, whose, untag).await,
            Work::Untag { role, keys } => {
                let mut clock = clock;
                let mut outcome = StepOutcome::default();
                self.untag(&mut clock, role, keys, &mut outcome).await?;
                Ok(outcome)
            }
            Work::DeleteRole { role, sid } => self.delete_role(clock, role, sid).await,
            Work::DeleteProvider { arn } => self.delete_provider(clock, arn).await,
        }
    }

    fn failed(&self, failure: &Failure, what: impl Into<String>) -> Error {
        explain_to(failure, what, Some(self.caller), &self.options.needed)
    }

    /// Waits until a thing that was written shows. Where looking is not allowed, that is a warning.
    async fn shows(
        &self,
        clock: &mut Clock,
        thing: &Thing,
        outcome: &mut StepOutcome,
        look: impl AsyncFn() -> Answer<bool>,
    ) -> Result<()> {
        loop {
            match look().await {
                Ok(true) => return Ok(()),
                Ok(false) => {}
                Err(failure) if failure.denied() => {
                    outcome.warnings.push(unseen(&failure));
                    return Ok(());
                }
                Err(failure) if failure.passing() => {}
                Err(failure) => return Err(self.failed(&failure, thing.what.clone())),
            }
            if !clock.wait().await {
                return Err(invisible(&thing.name, clock));
            }
        }
    }

    async fn create_provider(
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
            .persist(Failure::passing, async || {
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

    async fn add_audience(
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
        let thing = Thing {
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
    async fn add_thumbprint(
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
                        .persist(Failure::passing, async || {
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

    async fn create_role(
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
        let thing = Thing {
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
    async fn read_role(&self, clock: &mut Clock, name: &str, patient: bool) -> Result<Role> {
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
    async fn tag_first(
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

    async fn tag(&self, clock: &mut Clock, role: &str, tags: &Tags) -> Answer<()> {
        let new = self.made.contains(role);
        clock
            .persist(
                |failure| failure.passing() || (new && failure.is("NoSuchEntity")),
                async || self.iam.tag_role(role, tags, self.permit).await,
            )
            .await
    }

    async fn untag(
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
            .persist(Failure::passing, async || {
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

    async fn attach(
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
        let thing = Thing {
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

    async fn detach(
        &mut self,
        mut clock: Clock,
        role: &str,
        policy: &str,
        whose: &Whose,
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
            let needed = needing(&found, &read_trust(&found)?, whose, policy);
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
            .persist(Failure::passing, async || {
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

    async fn delete_role(&self, mut clock: Clock, name: &str, sid: &str) -> Result<StepOutcome> {
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

    async fn delete_provider(&self, mut clock: Clock, arn: &str) -> Result<StepOutcome> {
        let answer = clock
            .persist(Failure::passing, async || {
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

    /// What is gone already is not an error.
    fn gone(&self, answer: Answer<()>, what: impl Fn() -> String) -> Result<bool> {
        match answer {
            Ok(()) => Ok(true),
            Err(failure) if failure.is("NoSuchEntity") => Ok(false),
            Err(failure) => Err(self.failed(&failure, what())),
        }
    }
}

/// Whoever may delete only what carries our tag is refused what is gone: when an answer is lost and
/// the call repeated, that is what the second one meets.
async fn unless_gone(answer: Answer<()>, is_gone: impl AsyncFn() -> Answer<bool>) -> Answer<()> {
    match answer {
        Err(failure) if failure.denied() && is_gone().await == Ok(true) => Ok(()),
        other => other,
    }
}

/// Something that was written.
struct Thing {
    /// How it is called.
    name: String,
    /// What was not done if it cannot be looked for.
    what: String,
}

fn is_invalid_principal(failure: &Failure) -> bool {
    failure.is("MalformedPolicyDocument") && failure.message.contains("Invalid principal")
}

fn unseen(failure: &Failure) -> String {
    format!(
        "whether it shows could not be checked: {} is not allowed",
        failure.action
    )
}

fn invisible(what: &str, clock: &Clock) -> Error {
    Error::timeout(format!(
        "{what} was written, but does not show after {} s",
        clock.patience.as_secs()
    ))
    .because("IAM has not passed it on yet")
    .hint("run the same command again; it continues where it stopped")
}
