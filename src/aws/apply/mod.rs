//! Runs the steps of a plan in IAM, one at a time.
//!
//! Every step may be run again: what exists and fits is taken as done, and a trust policy is read
//! again right before it is written. IAM is slow to show what was written, so each write is followed
//! by the matching read until it shows; all waiting of one step ends within its patience.

pub(super) mod clock;
mod policy;
mod provider;
mod role;
mod trust;

use super::backup::Backup;
use super::explain::explain_to;
use super::iam::{AwsFailure, Iam, IamAnswer};
use super::needed::Needed;
use super::plan::{AwsStep, Work};
use crate::consent::Permit;
use crate::error::{Error, Kind, Result};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use clock::Clock;

/// How steps are run.
#[derive(Debug, Clone)]
pub(crate) struct StepOptions {
    /// The longest that one step may wait and try again.
    pub(crate) patience: Duration,
    /// The folder for copies of trust policies; `None` makes none.
    pub(crate) backup: Option<PathBuf>,
    /// What the policy of whoever lacks a right has to be told.
    pub(crate) needed: Needed,
}

impl Default for StepOptions {
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
pub(crate) struct StepOutcome {
    /// Whether anything was changed; `false` if it was right by the time it ran.
    pub(crate) changed: bool,
    /// What the user should know, one phrase each.
    pub(crate) warnings: Vec<String>,
    /// The trust policy from before.
    pub(crate) previous_trust: Option<Value>,
    /// The copy of it.
    pub(crate) backup: Option<Backup>,
}

/// Runs steps, and remembers what it made: only of that a "no such entity" means "not yet".
#[derive(Debug)]
pub(crate) struct Applier<'a, I> {
    iam: &'a I,
    permit: &'a Permit,
    caller: &'a str,
    options: StepOptions,
    made: BTreeSet<String>,
    detached: BTreeSet<String>,
}

impl<'a, I: Iam> Applier<'a, I> {
    /// `caller` is the ARN of who calls, for messages.
    pub(crate) fn new(
        iam: &'a I,
        permit: &'a Permit,
        caller: &'a str,
        options: StepOptions,
    ) -> Self {
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
    pub(crate) fn permit(&self) -> &'a Permit {
        self.permit
    }

    /// Runs one step. Steps that change the cluster, or wait for it, are not for IAM and are
    /// refused.
    pub(crate) async fn run(&mut self, step: &AwsStep) -> Result<StepOutcome> {
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

    fn failed(&self, failure: &AwsFailure, what: impl Into<String>) -> Error {
        explain_to(failure, what, Some(self.caller), &self.options.needed)
    }

    /// Waits until a thing that was written shows. Where looking is not allowed, that is a warning.
    async fn shows(
        &self,
        clock: &mut Clock,
        thing: &WrittenThing,
        outcome: &mut StepOutcome,
        look: impl AsyncFn() -> IamAnswer<bool>,
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

    /// What is gone already is not an error.
    fn gone(&self, answer: IamAnswer<()>, what: impl Fn() -> String) -> Result<bool> {
        match answer {
            Ok(()) => Ok(true),
            Err(failure) if failure.is("NoSuchEntity") => Ok(false),
            Err(failure) => Err(self.failed(&failure, what())),
        }
    }
}

/// Whoever may delete only what carries our tag is refused what is gone: when an answer is lost and
/// the call repeated, that is what the second one meets.
async fn unless_gone(
    answer: IamAnswer<()>,
    is_gone: impl AsyncFn() -> IamAnswer<bool>,
) -> IamAnswer<()> {
    match answer {
        Err(failure) if failure.denied() && is_gone().await == Ok(true) => Ok(()),
        other => other,
    }
}

/// Something that was written.
struct WrittenThing {
    /// How it is called.
    name: String,
    /// What was not done if it cannot be looked for.
    what: String,
}

fn is_invalid_principal(failure: &AwsFailure) -> bool {
    failure.is("MalformedPolicyDocument") && failure.message.contains("Invalid principal")
}

fn unseen(failure: &AwsFailure) -> String {
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
