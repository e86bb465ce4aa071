//! The live half of an add-on change: read, plan, confirm, change, verify, wait.

use super::super::choose::{ChosenClusters, KeptCluster};
use super::super::fleet_change::{self, FleetChange as _, FleetPlanned};
use super::super::fleet_course::FleetCourse;
use super::super::{fleet_run, word};
use super::change::{ChangeReporter, ChangeRun, Done};
use super::planner::{LivePlanner, live_place};
use crate::addon::named::Unclear;
use crate::addon::{self, Addon};
use crate::cluster::Cluster;
use crate::consent::{Agreed, Consent, Question};
use crate::control::settle::ClusterPlanner as _;
use crate::error::{Error, Result};
use crate::fleet::{TargetOutcome, summarise};
use crate::invocation::Invocation;
use crate::owner::OtherOwner;
use crate::plan::{self, Action, Plan};
use crate::text::first_few;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A cluster as it was read, and what is to be done with it; or why that is not known.
pub(super) type Planned = FleetPlanned<Plan>;

impl ChangeRun<'_> {
    /// On live clusters: all are read and planned, then confirmed together, then changed, several at
    /// a time; what is to be waited for is waited for together, once all are changed and told.
    pub(super) async fn live(
        &mut self,
        mut chosen: ChosenClusters,
        teller: &mut ChangeReporter<'_>,
    ) -> Result<()> {
        let read = chosen.keep(self.cx).await?;
        let are_found = chosen.are_found;
        let names = self.course.resumed.is_some().then(|| chosen.names.clone());
        let read: Vec<(String, Result<KeptCluster>)> = chosen.names.into_iter().zip(read).collect();
        if let Some(word) = self.word {
            let there = read.iter().filter_map(|(_, kept)| kept.as_ref().ok());
            let there: Vec<Cluster> = there.map(|kept| bare(&kept.open(), word)).collect();
            let clusters = there.iter();
            let refusal = match self.settle(word, clusters.clone()) {
                Ok(()) => None,
                Err(unclear) => Some((self.unclear(word, &unclear, clusters), unclear)),
            };
            if let Some((refusal, unclear)) = refusal {
                // A cluster that could not be read may have the key.
                let failed = read.into_iter().filter_map(|(_, cluster)| cluster.err());
                let failed = summarise(failed.collect(), 0);
                return Err(match (unclear, failed) {
                    (Unclear::Nothing, Some(error)) => word::undecided(error, word),
                    _ => refusal,
                });
            }
        }
        if let Some(resumed) = &self.course.resumed {
            let names = names.unwrap_or_default();
            resumed.check(self.cx, &self.fingerprint(), &names)?;
        }
        let (planned, skipped) = self.plan_all(read);
        self.course.skipped = skipped;
        if fleet_change::is_left(self, &planned, teller) {
            return Ok(());
        }
        self.tell_owners(&planned);
        let rollout = fleet_change::lay_out(self, &planned)?;
        let show = |planned: &Vec<Planned>| {
            if !self.is_agreed(planned) {
                self.show_all(planned, &rollout);
            }
        };
        let consent = self.mode.consent(&*self.cx.ui, planned, show, |planned| {
            self.question(planned, are_found)
        });
        match consent.await? {
            Consent::Preview(planned) => {
                teller.is_counted |= planned.len() > 1;
                for (name, first) in planned {
                    teller.add(match first {
                        Ok((_, plan)) => TargetOutcome::Done(self.preview(&name, &plan)),
                        Err(error) => {
                            let state = self.course.state_at_plan(&name, &error);
                            self.failed(0, &name, state, error)
                        }
                    });
                }
                Ok(())
            }
            Consent::Given(Agreed { plan, permit }) => {
                if plan.len() > 1 {
                    let again = "Run the same command again; what is already so is left alone.";
                    let _before = self.cx.if_interrupted(Some(again.to_owned()));
                }
                fleet_run::carry_out(self, &permit, plan, rollout, teller).await
            }
        }
    }

    /// Plans the clusters that were read; gives the names of those as well that are left out.
    fn plan_all(
        &self,
        read: Vec<(String, Result<KeptCluster>)>,
    ) -> (Vec<Planned>, BTreeSet<String>) {
        let (mut planned, mut skipped) = (Vec::new(), BTreeSet::new());
        for (name, cluster) in read {
            let not_done = || self.live_planner(&name).not_done();
            let mut skip = |reason: String| {
                skipped.insert(name.clone());
                FleetCourse::left_out(&name, not_done(), reason)
            };
            let first = cluster.and_then(|kept| {
                let cluster = kept.open();
                if let Some(reason) = self.course.replaced(&cluster) {
                    return Err(skip(reason));
                }
                let mut plan = self.plan_live(&name, &cluster)?;
                if !plan.is_empty() {
                    if let Some(reason) = self.course.undone(&name) {
                        return Err(skip(reason));
                    }
                    plan.owner = OtherOwner::of(&cluster);
                }
                drop(cluster);
                Ok((Some(kept), plan))
            });
            planned.push((name, first));
        }
        (planned, skipped)
    }

    pub(super) fn plan_live(&self, name: &str, cluster: &Cluster) -> Result<Plan> {
        plan::plan(cluster, self.request_on(name), &live_place(name))
    }

    /// The refusal where something goes that wants the cluster's name, and it was not given.
    fn unconfirmed(&self, names: &[&str], gone: Option<&'static Addon>) -> Option<Error> {
        let addon = gone?;
        let danger = addon.danger?;
        let only = names.first().copied().filter(|_| names.len() == 1);
        if self.confirm.is_some() && self.confirm == only {
            return None;
        }
        if self.request.verb.is_of_several() {
            let ((subject, was), done) = (self.request.subject(), self.request.verb.done());
            let error = Error::usage(format!("{subject} {was} not {done}"))
                .because(format!("{} goes off with it: {danger}", addon.name));
            return Some(error.hint("--confirm NAME, on that one cluster, if it is meant"));
        }
        let name = names.first().copied().unwrap_or_default();
        Some(
            Error::usage(format!("`{}` was not disabled on `{name}`", addon.name))
                .because(danger)
                .hint(
                    Invocation::mk8s("addon disable")
                        .word(addon.name)
                        .cluster(name)
                        .plain_if(self.request.companions, "--with-dependants")
                        .plain_if(self.request.force, "--force")
                        .flag("--confirm", name)
                        .within("if that is meant: ", ""),
                ),
        )
    }

    /// The question where something disappears, or where several live clusters change; none where
    /// nothing is left to ask.
    fn question(&self, planned: &[Planned], are_found: bool) -> Result<Option<Question>> {
        let plans = planned
            .iter()
            .filter_map(|(name, first)| Some((name.as_str(), &first.as_ref().ok()?.1)));
        let removes = plans.clone().any(|(_, plan)| plan.removes());
        let gone = plans.clone().find_map(|(_, plan)| dangerous(plan));
        let names: Vec<&str> = plans
            .filter(|(_, plan)| !plan.is_empty())
            .map(|(name, _)| name)
            .collect();
        if names.is_empty() {
            return Ok(None);
        }
        if let Some(refusal) = self.unconfirmed(&names, gone) {
            return Err(refusal);
        }
        // What was agreed to is not asked again, and where something else was, that is asked in any case.
        if self.is_agreed(planned) {
            return Ok(None);
        }
        // What one command finds today it may find twice tomorrow: so it asks in either case.
        let asks = removes || are_found || names.len() > 1;
        let is_free = !asks || self.confirm.is_some();
        if is_free && self.cx.agreed.is_none() {
            return Ok(None);
        }
        let (what, addon) = (self.verb(), self.request.addon.shown());
        let place = match names.as_slice() {
            [name] => format!("on {name}"),
            _ => format!("on {} live clusters ({})", names.len(), first_few(&names)),
        };
        let mut verb = what.to_owned();
        if let Some(first) = verb.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        let done = self.request.verb.done();
        let (subject, was) = self.request.subject();
        let what = if self.request.verb.is_of_several() {
            subject.clone().into()
        } else {
            addon
        };
        Ok(Some(Question::new(
            format!("{verb} {what} {place}?"),
            format!(
                "{subject} {was} not {done} on {}",
                first_few(&quoted(&names))
            ),
        )))
    }

    /// Whether all that is planned was shown and agreed to before the run.
    fn is_agreed(&self, planned: &[Planned]) -> bool {
        self.cx.agreed.as_ref().is_some_and(|agreed| {
            let mut plans = planned.iter();
            plans.all(|(name, first)| match first {
                Ok((_, plan)) => plan.is_empty() || agreed.has(name, plan),
                Err(_) => true,
            })
        })
    }

    /// What a dry run says of one cluster.
    fn preview(&self, name: &str, plan: &Plan) -> Done {
        for warning in &plan.warnings {
            self.cx.ui.warn(warning);
        }
        let line = self.line(plan, &format!("on {name}"), "");
        Self::done(&self.request.verb, name, &self.cx.cluster(name), plan, line)
    }

    pub(super) fn live_planner<'p>(&'p self, name: &'p str) -> LivePlanner<'p> {
        LivePlanner {
            request: self.request_on(name),
            name,
        }
    }

    /// Plans the live half before the files are written, so that a refusal there leaves them alone.
    pub(super) async fn rehearse(&self, names: &[String]) -> Result<()> {
        let mut errors = Vec::new();
        let mut changing: Vec<&str> = Vec::new();
        let (mut removes, mut gone) = (false, None);
        for (name, read) in names.iter().zip(self.cx.read_all(names).await?) {
            match read.and_then(|cluster| self.plan_live(name, &cluster)) {
                Ok(plan) => {
                    if !plan.is_empty() {
                        changing.push(name);
                    }
                    removes |= plan.removes();
                    gone = gone.or_else(|| dangerous(&plan));
                }
                Err(error) => errors.push(error),
            }
        }
        if let Some(refusal) = self.unconfirmed(&changing, gone) {
            errors.push(refusal);
        } else if (removes || changing.len() > 1)
            && !self.cx.ui.is_yes()
            && !self.cx.ui.is_interactive()
            && self.confirm.is_none()
        {
            errors.push(
                Error::usage(format!(
                    "{} {} not {} on the live cluster",
                    self.request.subject().0,
                    self.request.subject().1,
                    self.request.verb.done()
                ))
                .because("the live change has to be confirmed, and nobody can be asked here")
                .hint("add --yes to confirm it on the command line"),
            );
        }
        match summarise(errors, 0) {
            Some(error) => Err(error.note("No file was changed.")),
            None => Ok(()),
        }
    }
}

/// The add-on that a plan switches off which wants the cluster's name for it.
fn dangerous(plan: &Plan) -> Option<&'static Addon> {
    let off = plan.steps().filter(|step| step.action == Action::Disabled);
    let known = off.filter_map(|step| step.addon.addon());
    known.into_iter().find(|addon| addon.danger.is_some())
}

/// A cluster with those of its add-ons alone that a word may mean.
fn bare(cluster: &Cluster, word: &str) -> Cluster {
    let known = addon::by_word(word).map(|addon| addon.key);
    let add_ons = cluster.add_ons().into_iter().flatten();
    let meant = add_ons.filter(|(key, _)| {
        // Where no add-on is meant, the nearest of all keys is named.
        known.is_none_or(|known| *key == known || *key == word)
    });
    let meant: serde_json::Map<String, Value> = meant
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    Cluster::new(json!({"name": cluster.name(), "spec": {"addOns": meant}}))
}

fn quoted(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| format!("`{name}`")).collect()
}
