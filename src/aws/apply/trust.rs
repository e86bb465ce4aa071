//! Trust policies of roles that exist: read, changed, read back.
//!
//! The document is merged on what is read right before the write, never on what the plan saw, so
//! that two clusters can share a role and be set up at the same time.

use super::clock::Clock;
use super::{Applier, StepOutcome, invisible, is_invalid_principal};
use crate::arn::AccountId;
use crate::aws::backup;
use crate::aws::cover::{Coverage, compare};
use crate::aws::iam::{AwsFailure, Iam, Role};
use crate::aws::merge::{foreign, fresh, has_interim, is_ours, merge, remove};
use crate::aws::name::{Tags, other_statement_tags};
use crate::aws::plan::{TrustMode, Trusting};
use crate::aws::policy::{EntryAnswer, entry};
use crate::aws::quotable;
use crate::aws::state::now;
use crate::aws::trust::{self, statements};
use crate::error::{Error, Result};
use serde_json::Value;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How often a trust policy is written again because another writer overwrote it.
const MOST_ROUNDS: usize = 5;

/// How long a trust policy may stay unseen before it counts as overwritten.
const UNSEEN: Duration = Duration::from_secs(12);

/// How long after it showed a trust policy is looked at once more.
const SETTLE: Duration = Duration::from_secs(1);

/// How long one that showed and is gone again may be a late answer of IAM.
const GONE_AGAIN: Duration = Duration::from_secs(3);

impl<I: Iam> Applier<'_, I> {
    /// Sees to a trust policy: reads, and writes only what is missing.
    pub(super) async fn set_trust(
        &self,
        mut clock: Clock,
        trusting: &Trusting,
        mut outcome: StepOutcome,
    ) -> Result<StepOutcome> {
        for _ in 0..MOST_ROUNDS {
            let role = self.read_role(&mut clock, &trusting.role, false).await?;
            let existing = read_trust(&role)?;
            let Some(next) = next_trust(trusting, &role, &existing)? else {
                return Ok(outcome);
            };
            let (key, accepted) = &trusting.accepted;
            let mut tags = Tags::from_iter(trusting.tag.clone());
            tags.extend(accepted.clone().map(|names| (key.clone(), names)));
            self.tag_first(&mut clock, &role, &tags, &mut outcome)
                .await?;
            self.keep_copy(&role, &existing, &mut outcome)?;
            self.write_trust(&mut clock, &trusting.role, &next).await?;
            outcome.changed = true;
            let is_right = |after: Option<&Value>| {
                after.is_some_and(|it| *it == next || is_as_wanted(trusting, it))
            };
            let Some(after) = self.settled(&mut clock, &trusting.role, is_right).await? else {
                continue;
            };
            if accepted.is_none() && role.tags.contains_key(key) {
                // What it recorded is not there any more.
                let stale = std::slice::from_ref(key);
                self.untag(&mut clock, &trusting.role, stale, &mut outcome)
                    .await?;
            }
            if let TrustMode::Replace { ours, .. } = &trusting.mode {
                // With their statements gone, the tags of others would keep the role for ever.
                let stale: Vec<String> = other_statement_tags(&role.tags, ours).cloned().collect();
                self.untag(&mut clock, &trusting.role, &stale, &mut outcome)
                    .await?;
            }
            if foreign(&after, &trusting.sid) != foreign(&next, &trusting.sid) {
                outcome.warnings.push(format!(
                    "other statements of `{}` were changed by somebody else meanwhile",
                    quotable(&trusting.role)
                ));
            }
            return Ok(outcome);
        }
        Err(kept_changing(&trusting.role))
    }

    /// Reads until what was written shows, and once more a little later: a writer that started from
    /// an older document overwrites it, and IAM has no lock against that. `None` if it did not show
    /// or did not stay; the last document otherwise (null if the role is gone).
    async fn settled(
        &self,
        clock: &mut Clock,
        name: &str,
        is_right: impl Fn(Option<&Value>) -> bool,
    ) -> Result<Option<Value>> {
        let mut until = Instant::now() + UNSEEN;
        let mut was_seen = false;
        loop {
            let role = self.role_or_gone(clock, name, unchanged(name)).await?;
            let after = role.as_ref().map(read_trust).transpose()?;
            if is_right(after.as_ref()) {
                if was_seen {
                    return Ok(Some(after.unwrap_or_default()));
                }
                was_seen = true;
                until = Instant::now() + SETTLE + GONE_AGAIN;
                sleep(SETTLE).await;
                continue;
            }
            if Instant::now() >= until {
                return Ok(None);
            }
            if !clock.wait().await {
                return Err(invisible(
                    &format!("the trust policy of `{}`", quotable(name)),
                    clock,
                ));
            }
        }
    }

    async fn write_trust(&self, clock: &mut Clock, role: &str, next: &Value) -> Result<()> {
        let text = next.to_string();
        let new = self.made.contains(role);
        let fresh_principal = !self.made.is_empty();
        clock
            .persist(
                |failure| {
                    failure.passing()
                        || (new && failure.is("NoSuchEntity"))
                        || (fresh_principal && is_invalid_principal(failure))
                },
                async || self.iam.set_trust(role, &text, self.permit).await,
            )
            .await
            .map_err(|failure| {
                self.failed(
                    &failure,
                    format!("the trust policy of `{}` was not changed", quotable(role)),
                )
            })
    }

    fn keep_copy(&self, role: &Role, existing: &Value, outcome: &mut StepOutcome) -> Result<()> {
        if outcome.previous_trust.is_none() {
            outcome.previous_trust = Some(existing.clone());
        }
        if let (Some(folder), None) = (&self.options.backup, &outcome.backup) {
            let account = account_of(role)?;
            outcome.backup = Some(backup::save(folder, &account, &role.name, &role.trust)?);
        }
        Ok(())
    }

    /// Takes our statements out of a trust policy, and then their tags off the role.
    pub(super) async fn remove_trust(
        &self,
        mut clock: Clock,
        name: &str,
        sid: &str,
        provider: Option<&str>,
        untag: &[String],
    ) -> Result<StepOutcome> {
        let mut outcome = StepOutcome::default();
        for round in 0.. {
            let Some(role) = self.role_or_gone(&mut clock, name, unchanged(name)).await? else {
                return Ok(outcome);
            };
            let existing = read_trust(&role)?;
            let removal = remove(&existing, None, sid, provider);
            if removal.removed.is_empty() {
                break;
            }
            if round == MOST_ROUNDS {
                return Err(kept_changing(name));
            }
            let Some(next) = removal.document else {
                return Err(Error::conflict(format!(
                    "our statement was not taken out of the trust policy of `{}`",
                    quotable(name)
                ))
                .because("it has become the only one, and IAM takes no trust policy without any"));
            };
            self.keep_copy(&role, &existing, &mut outcome)?;
            self.write_trust(&mut clock, name, &next).await?;
            outcome.changed = true;
            let is_out = |after: Option<&Value>| {
                after.is_none_or(|it| remove(it, None, sid, provider).removed.is_empty())
            };
            self.settled(&mut clock, name, is_out).await?;
        }
        self.untag(&mut clock, name, untag, &mut outcome).await?;
        Ok(outcome)
    }

    pub(super) async fn role_or_gone(
        &self,
        clock: &mut Clock,
        name: &str,
        what: impl Fn() -> String,
    ) -> Result<Option<Role>> {
        clock
            .persist(AwsFailure::passing, async || self.iam.role(name).await)
            .await
            .map_err(|failure| self.failed(&failure, what()))
    }
}

/// What was not done, where a trust policy could not be read or written.
fn unchanged(role: &str) -> impl Fn() -> String {
    move || format!("the trust policy of `{}` was not changed", quotable(role))
}

/// The document to write; `None` if the present one will do.
fn next_trust(trusting: &Trusting, role: &Role, existing: &Value) -> Result<Option<Value>> {
    let what = || {
        format!(
            "the trust policy of `{}` was not changed",
            quotable(&role.name)
        )
    };
    if is_as_wanted(trusting, existing) {
        return Ok(None);
    }
    let next = match &trusting.mode {
        TrustMode::Merge => {
            let merged = merge(existing, &trusting.template, &trusting.sid);
            // It may have changed since it was planned.
            if let EntryAnswer::Denied { statement } =
                entry(&merged, &trusting.template, None, now())
            {
                return Err(Error::refused(what())
                    .because(format!("its {statement} denies what the cluster needs")));
            }
            merged
        }
        TrustMode::Replace { base, .. } => {
            if trust::parse_text(base).as_ref() != Ok(existing) {
                return Err(Error::conflict(what())
                    .because("it is not the one that was shown any more")
                    .hint("run the same command again"));
            }
            fresh(&trusting.template, &trusting.sid)
        }
    };
    let size = trust::size(&next);
    if size > trusting.quota {
        return Err(Error::refused(what()).because(format!(
            "it would have {size} characters by now, the quota \"Role trust policy length\" allows {}",
            trusting.quota
        )));
    }
    Ok(Some(next))
}

fn is_as_wanted(trusting: &Trusting, existing: &Value) -> bool {
    match &trusting.mode {
        TrustMode::Merge => {
            compare(existing, &trusting.template).holds() && !has_interim(existing, &trusting.sid)
        }
        TrustMode::Replace { .. } => {
            let ours = |statement: &Value| is_ours(statement, &trusting.sid);
            statements(existing).iter().all(|statement| ours(statement))
                && compare(existing, &fresh(&trusting.template, &trusting.sid))
                    == Coverage::Identical
        }
    }
}

pub(super) fn read_trust(role: &Role) -> Result<Value> {
    trust::parse_text(&role.trust).map_err(|reason| {
        Error::refused(format!(
            "the trust policy of `{}` was not changed",
            quotable(&role.name)
        ))
        .because(format!("the present one cannot be read: {reason}"))
    })
}

fn account_of(role: &Role) -> Result<AccountId> {
    role.arn
        .split(':')
        .nth(4)
        .unwrap_or_default()
        .parse()
        .map_err(|reason: String| {
            Error::failure(format!("`{}` is not a role ARN", quotable(&role.arn))).because(reason)
        })
}

fn kept_changing(role: &str) -> Error {
    Error::conflict(format!(
        "the trust policy of `{}` kept changing while this ran",
        quotable(role)
    ))
    .because("what was written did not stay; another writer is at work")
    .hint("run the same command again")
}
