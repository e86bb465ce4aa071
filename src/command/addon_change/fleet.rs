//! An add-on change as the runs over live clusters know it: what is done to one, and what is told of it.

use super::super::fleet_change::{FleetChange, FleetDone};
use super::super::fleet_course::FleetCourse;
use super::super::keep::changes_of;
use super::super::status::Wait;
use super::super::{Context, live};
use super::change::ChangeRun;
use super::half_done;
use super::undo::UndoneTargets;
use crate::addon::AddonSide;
use crate::addon::issuer::ISSUER;
use crate::arn::RoleArn;
use crate::aws::name::default_role_name;
use crate::aws::quotable;
use crate::cluster::Cluster;
use crate::control::settle::{ClusterPlanner, Settled};
use crate::error::{Error, Result};
use crate::history::KeptChange;
use crate::invocation::Invocation;
use crate::journal;
use crate::owner::OtherOwner;
use crate::plan::{Action, AddonRequest, Plan, Verb};
use crate::ui::wire;
use serde_json::Value;
use std::time::Duration;

impl FleetChange for ChangeRun<'_> {
    type Plan = Plan;
    type Item = wire::AddonChange;

    fn context(&self) -> &Context {
        self.cx
    }

    fn course(&self) -> &FleetCourse {
        &self.course
    }

    fn planner<'p>(
        &'p self,
        _: usize,
        name: &'p str,
    ) -> impl ClusterPlanner<Plan = Self::Plan> + 'p {
        self.live_planner(name)
    }

    fn is_empty(&self, plan: &Plan) -> bool {
        plan.is_empty()
    }

    fn changes(&self, _: Option<&Cluster>, plan: &Plan, _: Option<&Cluster>) -> Vec<KeptChange> {
        changes_of(plan)
    }

    fn warnings(&self, _: &str, _: Option<&Cluster>, plan: &Plan) -> Vec<String> {
        plan.warnings.clone()
    }

    fn settled(
        &self,
        _: usize,
        name: &str,
        settled: Settled<Plan>,
    ) -> Result<FleetDone<wire::AddonChange>> {
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

    fn left_alone(
        &self,
        _: usize,
        name: &str,
        cluster: &Cluster,
        plan: &Plan,
    ) -> FleetDone<wire::AddonChange> {
        let line = self.line(plan, &format!("on {name}"), "");
        let target = self.cx.cluster(name);
        let done = Self::done(&self.request.verb, name, &target, plan, line);
        let wait = self
            .wait
            .and_then(|limit| self.wait_of(name, plan, cluster, limit));
        (done, wait)
    }

    fn blank(&self, _: usize, name: &str) -> wire::AddonChange {
        self.nothing_done(self.cx.cluster(name))
    }

    fn told(&self, error: Error) -> Error {
        match self.files_changed {
            Some(changed) => half_done(error, changed),
            None => error,
        }
    }

    /// What is done, in a few letters: the same for the same change alone.
    fn fingerprint(&self) -> String {
        let AddonRequest {
            addon,
            verb,
            companions,
            force,
            expected,
        } = &self.request;
        let key = addon.key();
        journal::fingerprint(&match verb {
            Verb::Enable(wish) => {
                format!("enable {key} {wish:?} {companions} {force} {expected:?}")
            }
            Verb::Disable => format!("disable {key} {companions} {force} {expected:?}"),
            Verb::Set(set) => format!("set {set:?} {force} {expected:?}"),
            Verb::Undo(_) => {
                let run = self.undone.as_ref().map(UndoneTargets::fingerprint);
                format!("undo {run:?} {force}")
            }
        })
    }
}

impl ChangeRun<'_> {
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
