//! The live half of an add-on change: read, plan, confirm, change, verify, wait.

use super::super::choose::{ChosenClusters, KeptCluster};
use super::super::live;
use super::super::status::Wait;
use super::super::word;
use super::change::{ChangeReporter, ChangeRun, Done};
use super::planner::{LivePlanner, live_place};
use crate::addon::issuer::ISSUER;
use crate::addon::named::Unclear;
use crate::addon::{self, Addon, AddonSide};
use crate::arn::RoleArn;
use crate::aws::name::default_role_name;
use crate::aws::quotable;
use crate::cluster::Cluster;
use crate::consent::{Agreed, Consent, Permit, Question};
use crate::control::settle::{AcceptedWrite, ClusterPlanner as _, SendOutcome, Settled};
use crate::error::{Error, Result};
use crate::fleet::{TargetOutcome, summarise};
use crate::invocation::Invocation;
use crate::owner::OtherOwner;
use crate::plan::{self, Action, Plan, Verb};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

/// A cluster as it was read, and what is to be done with it; or why that is not known.
pub(super) type Planned = (String, Result<(KeptCluster, Plan)>);

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
        let names = chosen.names.clone();
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
        if let Some(resumed) = &self.resumed {
            resumed.check(self.cx, &self.fingerprint(), &names)?;
        }
        let (planned, skipped) = self.plan_all(read);
        self.skipped = skipped;
        if self.is_left(&planned, teller) {
            return Ok(());
        }
        self.tell_owners(&planned);
        let rollout = self.rollout(&planned)?;
        let show = |planned: &Vec<Planned>| self.show_all(planned, &rollout);
        let consent = self.mode.consent(&*self.cx.ui, planned, show, |planned| {
            self.question(planned, are_found)
        });
        match consent.await? {
            Consent::Preview(planned) => {
                for (name, first) in planned {
                    teller.add(match first {
                        Ok((_, plan)) => TargetOutcome::Done(self.preview(&name, &plan)),
                        Err(error) => {
                            let state = self.state_at_plan(&name, &error);
                            self.failed(self.cx.cluster(&name), state, error)
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
                self.carry_out(&permit, plan, rollout, teller).await
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
            let resumed = self.resumed.as_ref();
            let mut skip = |error: Error| {
                skipped.insert(name.clone());
                error
            };
            let first = cluster.and_then(|kept| {
                let cluster = kept.open();
                let other = resumed.and_then(|it| it.replaced(&cluster));
                if let Some(error) = self.left_out(&name, other) {
                    return Err(skip(error));
                }
                let mut plan = self.plan_live(&name, &cluster)?;
                if !plan.is_empty() {
                    let undone = resumed.and_then(|it| it.undone(&name));
                    if let Some(error) = self.left_out(&name, undone) {
                        return Err(skip(error));
                    }
                    plan.owner = OtherOwner::of(&cluster);
                }
                Ok((kept, plan))
            });
            planned.push((name, first));
        }
        (planned, skipped)
    }

    /// The refusal of a cluster that is left out of a run that is taken up again.
    fn left_out(&self, name: &str, reason: Option<String>) -> Option<Error> {
        let error = Error::conflict(self.planner(name).not_done()).because(reason?);
        Some(error.note(format!("`{name}` is left alone.")))
    }

    fn plan_live(&self, name: &str, cluster: &Cluster) -> Result<Plan> {
        plan::plan(cluster, &self.request, &live_place(name))
    }

    /// The refusal where something goes that wants the cluster's name, and it was not given.
    fn unconfirmed(&self, names: &[&str], gone: Option<&'static Addon>) -> Option<Error> {
        let addon = gone?;
        let danger = addon.danger?;
        let only = names.first().copied().filter(|_| names.len() == 1);
        if self.confirm.is_some() && self.confirm == only {
            return None;
        }
        if let Verb::Set(_) = self.request.verb {
            let error = Error::usage("the add-ons were not set")
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
        // What one command finds today it may find twice tomorrow: so it asks in either case.
        let asks = removes || are_found || names.len() > 1;
        if !asks || self.confirm.is_some() {
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
        let (addon, was) = match self.request.verb {
            Verb::Set(_) => ("the add-ons".into(), "were"),
            _ => (addon, "was"),
        };
        Ok(Some(Question::new(
            format!("{verb} {addon} {place}?"),
            format!(
                "{} {was} not {done} on {}",
                self.subject(),
                first_few(&quoted(&names))
            ),
        )))
    }

    /// What a dry run says of one cluster.
    fn preview(&self, name: &str, plan: &Plan) -> Done {
        for warning in &plan.warnings {
            self.cx.ui.warn(warning);
        }
        let line = self.line(plan, &format!("on {name}"), "");
        Self::done(&self.request.verb, name, &self.cx.cluster(name), plan, line)
    }

    /// Changes one cluster; gives what is to be waited for as well.
    pub(super) async fn change_live(
        &self,
        permit: &Permit,
        name: &str,
        cluster: Cluster,
        warnings: &[String],
    ) -> Result<(Done, Option<Wait>)> {
        match self.send(permit, name, cluster, warnings).await? {
            SendOutcome::Settled(settled) => self.settled(name, *settled),
            SendOutcome::Accepted(accepted) => {
                let settled = self.read_back(permit, name, *accepted).await?;
                self.settled(name, settled)
            }
        }
    }

    /// What is told of a cluster that this run has changed before, and what is to be waited for.
    pub(super) fn left_alone(
        &self,
        name: &str,
        plan: &Plan,
        cluster: &Cluster,
    ) -> (Done, Option<Wait>) {
        let line = self.line(plan, &format!("on {name}"), "");
        let target = self.cx.cluster(name);
        let done = Self::done(&self.request.verb, name, &target, plan, line);
        let wait = self
            .wait
            .and_then(|limit| self.wait_of(name, plan, cluster, limit));
        (done, wait)
    }

    /// Sends the change of one cluster, until it is accepted or was not needed.
    pub(super) async fn send(
        &self,
        permit: &Permit,
        name: &str,
        cluster: Cluster,
        warnings: &[String],
    ) -> Result<SendOutcome<Plan>> {
        for warning in warnings {
            self.cx.ui.warn(warning);
        }
        let planner = self.planner(name);
        live::with(self.cx, permit, async |settling| {
            settling.send_until_accepted(&planner, Some(cluster)).await
        })
        .await
    }

    /// Reads one cluster back whose change was accepted.
    pub(super) async fn read_back(
        &self,
        permit: &Permit,
        name: &str,
        accepted: AcceptedWrite<Plan>,
    ) -> Result<Settled<Plan>> {
        let planner = self.planner(name);
        live::with(self.cx, permit, async |settling| {
            settling.read_back(&planner, accepted).await
        })
        .await
    }

    /// The same from what a list says of it; gives it back where that is not enough.
    pub(super) async fn seen(
        &self,
        permit: &Permit,
        name: &str,
        accepted: AcceptedWrite<Plan>,
        after: Cluster,
    ) -> Result<Result<Settled<Plan>, AcceptedWrite<Plan>>> {
        let planner = self.planner(name);
        live::with(self.cx, permit, async |settling| {
            let seen = settling.seen(&planner, accepted, after);
            Ok(seen.map_err(|accepted| *accepted))
        })
        .await
    }

    fn planner<'p>(&'p self, name: &'p str) -> LivePlanner<'p> {
        LivePlanner {
            request: &self.request,
            name,
        }
    }

    /// What is told of a cluster that was changed, or did not need it, and what is to be waited for.
    pub(super) fn settled(
        &self,
        name: &str,
        settled: Settled<Plan>,
    ) -> Result<(Done, Option<Wait>)> {
        let cx = self.cx;
        for remark in &settled.verdict.remarks {
            cx.ui.detail(remark);
        }
        let version = live::versions(&settled);
        let verified = settled.verified();
        let mut plan = settled.plan;
        // It was planned again meanwhile.
        if !plan.is_empty() {
            let read = settled.after.as_ref().or(settled.before.as_ref());
            plan.owner = read.and_then(OtherOwner::of);
        }
        let line = if settled.verdict.is_unshown {
            format!("Changed {name}{version}")
        } else {
            self.line(&plan, &format!("on {name}"), &version)
        };
        let failed = settled.verdict.failed;
        let now = settled.after.or(settled.before);
        let wait = match (self.wait, &now, &failed) {
            (Some(limit), Some(now), None) => self.wait_of(name, &plan, now, limit),
            _ => None,
        };
        let verb = &self.request.verb;
        let mut done = Self::done(verb, name, &cx.cluster(name), &plan, line);
        if failed.is_none() && !plan.is_empty() && matches!(self.request.verb, Verb::Enable(_)) {
            done.next = next(name, &plan);
        }
        if failed.is_none()
            && let Some((words, teardown)) = left(cx.org()?, name, &plan, now.as_ref())
        {
            done.lines.push(words);
            done.next = teardown;
        }
        for item in &mut done.items {
            item.verified = verified;
            item.error = failed.as_ref().map(|it| cx.wire(it));
        }
        done.failed = failed;
        Ok((done, wait))
    }

    /// The wait until the status shows the change, where the platform publishes anything.
    fn wait_of(&self, name: &str, plan: &Plan, now: &Cluster, limit: Duration) -> Option<Wait> {
        let cx = self.cx;
        let addon = &plan.main.addon;
        let known = addon.addon();
        let gone = matches!(self.request.verb, Verb::Disable);
        let pointer = if gone {
            // A key comes from outside, and these two have a meaning in a pointer.
            let key = addon.key().replace('~', "~0").replace('/', "~1");
            let pointer = format!("/status/addOns/{key}");
            now.there_at(&pointer).is_some().then_some(pointer)
        } else {
            let after = plan.main.after.as_ref();
            after
                .and_then(|after| known?.ready.pointer(after))
                .map(str::to_owned)
        };
        let shown = addon.shown();
        let Some(pointer) = pointer else {
            cx.ui.status(&if gone {
                format!("Nothing to wait for: the status of {name} shows nothing of {shown}")
            } else {
                format!("Nothing to wait for: the platform publishes no status for {shown}")
            });
            return None;
        };
        let state = if gone { "off" } else { "enabled" };
        let trust_policy = known.is_some_and(|addon| addon.trust_policy == Some(pointer.as_str()));
        let what = if gone {
            format!("the status of `{shown}` to disappear")
        } else if trust_policy {
            format!("the trust policy of `{shown}`")
        } else {
            format!("`{shown}`")
        };
        let again = if known.is_none() {
            // Its key is gone, so that no command finds it by its name any more.
            Invocation::mk8s("cluster get").word(name).plain("-o yaml")
        } else {
            let verb = match (trust_policy, gone) {
                (true, _) => "addon trust-policy",
                (false, true) => "addon disable",
                (false, false) => "addon enable",
            };
            Invocation::mk8s(verb)
                .word(addon.name())
                .cluster(name)
                .tied("--wait", "15m")
        };
        Some(Wait {
            name: name.to_owned(),
            pointer,
            gone,
            what,
            stays: format!("{shown} stays {state}"),
            again,
            limit,
        })
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
                    self.subject(),
                    if matches!(self.request.verb, Verb::Set(_)) {
                        "were"
                    } else {
                        "was"
                    },
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

/// More names than this are counted.
const NAMED: usize = 8;

/// The names, the last of many by their number.
pub(super) fn first_few(names: &[impl AsRef<str>]) -> String {
    let shown: Vec<&str> = names.iter().take(NAMED).map(AsRef::as_ref).collect();
    match names.len().saturating_sub(NAMED) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// The next command: what is left to do in AWS, or the one that reads what the add-on publishes.
fn next(name: &str, plan: &Plan) -> Option<Invocation> {
    let addon = plan.main.addon.addon()?;
    if addon.works_at_home() {
        let setup = Invocation::mk8s("aws setup").word(addon.name);
        return Some(setup.cluster(name));
    }
    let step = addon.next?;
    Some(
        Invocation::mk8s("addon")
            .plain(step)
            .cluster(name)
            .plain_if(step != "oidc-url", "--wait"),
    )
}

/// What an add-on that went off leaves in AWS, in words, and the command that takes it down.
fn left(
    org: &str,
    name: &str,
    plan: &Plan,
    now: Option<&Cluster>,
) -> Option<(String, Option<Invocation>)> {
    let side = AddonSide::of(plan.main.addon.addon()?)?;
    if plan.main.action != Action::Disabled {
        return None;
    }
    let role = plan.main.before.as_ref()?.get("roleArn")?.as_str()?;
    let role: RoleArn = role.parse().ok()?;
    let issuer = now
        .and_then(|it| it.ready_at(ISSUER))
        .and_then(Value::as_str);
    let provider = issuer.map_or_else(String::new, |url| {
        format!(" and the OIDC provider of {}", quotable(url))
    });
    let words = format!("What is in AWS stays: the role {role}{provider}");
    // Without the role in its settings the cluster's own account is looked in.
    let home = now.and_then(Cluster::home);
    let is_elsewhere = home.is_some_and(|home| home.account != *role.account());
    let teardown = (!is_elsewhere).then(|| {
        let named = (role.name() != default_role_name(side, org, name)).then(|| role.name());
        Invocation::mk8s("aws teardown")
            .word(side.name())
            .cluster(name)
            .flag_if("--role-name", named)
    });
    Some((words, teardown))
}
