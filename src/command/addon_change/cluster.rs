//! The live half of an add-on change: read, plan, confirm, change, verify, wait.

use super::super::choose::ChosenClusters;
use super::super::live;
use super::super::status::Wait;
use super::super::word;
use super::change::{ChangeReporter, ChangeRun, Done};
use crate::addon::AddonSide;
use crate::addon::issuer::ISSUER;
use crate::addon::named::Unclear;
use crate::arn::RoleArn;
use crate::aws::name::default_role_name;
use crate::aws::quotable;
use crate::change;
use crate::cluster::Cluster;
use crate::consent::{Agreed, Consent, Permit, Question};
use crate::control::WriteEffect;
use crate::control::settle::{ClusterPlanner, Write};
use crate::error::{Error, Result};
use crate::fleet::{TargetOutcome, TargetState, summarise};
use crate::invocation::{CommandFlags, Invocation};
use crate::plan::{self, Action, AddonRequest, Plan, TargetWords, Verb};
use serde_json::{Value, json};
use std::time::Duration;

/// A cluster as it was read, and what is to be done with it; or why that is not known.
pub(super) type Planned = (String, Result<(Cluster, Plan)>);

impl ChangeRun<'_> {
    /// On live clusters: all are read and planned, then confirmed together, then changed, several at
    /// a time; what is to be waited for is waited for together, once all are changed and told.
    pub(super) async fn live(
        &mut self,
        mut chosen: ChosenClusters,
        teller: &mut ChangeReporter<'_>,
    ) -> Result<()> {
        let read = chosen.read(self.cx).await?;
        let are_found = chosen.are_found;
        let read: Vec<(String, Result<Cluster>)> = chosen.names.into_iter().zip(read).collect();
        if let Some(word) = self.word {
            let clusters = read.iter().filter_map(|(_, cluster)| cluster.as_ref().ok());
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
        let mut planned = Vec::new();
        for (name, cluster) in read {
            let first = cluster.and_then(|cluster| {
                let plan = self.plan_live(&name, &cluster)?;
                Ok((cluster, plan))
            });
            planned.push((name, first));
        }
        if self.is_left(&planned, teller) {
            return Ok(());
        }
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
                            let state = TargetState::of(&error, false);
                            self.failed(self.cx.cluster(&name), state, error)
                        }
                    });
                }
                Ok(())
            }
            Consent::Given(Agreed { plan, permit }) => {
                if plan.len() > 1 {
                    let again = "Run the same command again; what is already so is left alone.";
                    self.cx.if_interrupted(Some(again.to_owned()));
                }
                self.carry_out(&permit, plan, rollout, teller).await
            }
        }
    }

    fn plan_live(&self, name: &str, cluster: &Cluster) -> Result<Plan> {
        plan::plan(cluster, &self.request, &live_place(name))
    }

    /// The refusal where something goes that wants the cluster's name, and it was not given.
    fn unconfirmed(&self, names: &[&str], removes: bool) -> Option<Error> {
        let addon = self.request.addon.addon()?;
        let danger = addon.danger.filter(|_| removes)?;
        let only = names.first().copied().filter(|_| names.len() == 1);
        if self.confirm.is_some() && self.confirm == only {
            return None;
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
        let names: Vec<&str> = plans
            .filter(|(_, plan)| !plan.is_empty())
            .map(|(name, _)| name)
            .collect();
        if names.is_empty() {
            return Ok(None);
        }
        if let Some(refusal) = self.unconfirmed(&names, removes) {
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
        Ok(Some(Question::new(
            format!("{verb} {addon} {place}?"),
            format!(
                "`{addon}` was not {what}d on {}",
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
        Self::done(name, self.cx.cluster(name), plan, line)
    }

    /// Changes one cluster; gives what is to be waited for as well.
    pub(super) async fn change_live(
        &self,
        permit: &Permit,
        name: &str,
        cluster: Cluster,
        plan: Plan,
    ) -> Result<(Done, Option<Wait>)> {
        let cx = self.cx;
        for warning in &plan.warnings {
            cx.ui.warn(warning);
        }
        let planner = LivePlanner {
            request: &self.request,
            name,
        };
        let settled = live::settle(cx, permit, &planner, Some(cluster)).await?;
        for remark in &settled.verdict.remarks {
            cx.ui.detail(remark);
        }
        let version = live::versions(&settled);
        let verified = settled.verified();
        let plan = settled.plan;
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
        let mut done = Self::done(name, cx.cluster(name), &plan, line);
        if failed.is_none() && !plan.is_empty() && matches!(self.request.verb, Verb::Enable(_)) {
            done.next = next(name, &plan);
        }
        if failed.is_none()
            && let Some((words, teardown)) = left(cx.org()?, name, &plan, now.as_ref())
        {
            done.lines.push(words);
            done.next = teardown;
        }
        if let Some(item) = done.items.first_mut() {
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
        let mut removes = false;
        for (name, read) in names.iter().zip(self.cx.read_all(names).await?) {
            match read.and_then(|cluster| self.plan_live(name, &cluster)) {
                Ok(plan) => {
                    if !plan.is_empty() {
                        changing.push(name);
                    }
                    removes |= plan.removes();
                }
                Err(error) => errors.push(error),
            }
        }
        if let Some(refusal) = self.unconfirmed(&changing, removes) {
            errors.push(refusal);
        } else if (removes || changing.len() > 1)
            && !self.cx.ui.is_yes()
            && !self.cx.ui.is_interactive()
            && self.confirm.is_none()
        {
            errors.push(
                Error::usage(format!(
                    "`{}` was not {}d on the live cluster",
                    self.request.addon.shown(),
                    self.verb()
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

fn live_place(name: &str) -> TargetWords {
    TargetWords {
        words: format!("on `{name}`"),
        flags: CommandFlags::new().cluster(name),
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

/// Plans the request on every read of a cluster.
struct LivePlanner<'a> {
    request: &'a AddonRequest,
    name: &'a str,
}

impl LivePlanner<'_> {
    fn told(&self, not: &str) -> String {
        let verb = match self.request.verb {
            Verb::Enable(_) => "enabled",
            Verb::Disable => "disabled",
        };
        format!(
            "`{}` was{not} {verb} on `{}`",
            self.request.addon.shown(),
            self.name
        )
    }
}

impl ClusterPlanner for LivePlanner<'_> {
    type Plan = Plan;

    fn name(&self) -> &str {
        self.name
    }

    fn plan(&self, cluster: &Cluster) -> Result<Plan> {
        plan::plan(cluster, self.request, &live_place(self.name))
    }

    fn write(&self, plan: &Plan) -> Option<Write> {
        (!plan.is_empty())
            .then(|| Write::Patch(json!({"spec": {"addOns": change::patch(&plan.changes)}})))
    }

    fn not_done(&self) -> String {
        self.told(" not")
    }

    fn done(&self, _: WriteEffect) -> String {
        self.told("")
    }
}
