//! The live half of an add-on change: read, plan, confirm, change, verify, wait.

use super::super::live;
use super::super::{Context, status, summarise, word};
use super::change::{Change, Done};
use crate::addon::named::Unclear;
use crate::change;
use crate::cluster::Cluster;
use crate::consent::{Agreed, Consent, Permit, Question};
use crate::control::Written;
use crate::control::settle::{Planner, Write};
use crate::error::{Error, Result};
use crate::plan::{self, Place, Plan, Request, Verb};
use crate::ui::wire;
use serde_json::json;
use std::time::Duration;

/// A cluster as it was read, and what is to be done with it; or why that is not known.
type Planned = (String, Result<(Cluster, Plan)>);

impl Change<'_> {
    /// On live clusters: all are read and planned, then confirmed together, then changed.
    pub(super) async fn live(&mut self, names: &[String]) -> Result<Vec<(String, Result<Done>)>> {
        let mut read = Vec::new();
        for name in names {
            read.push((name.clone(), self.cx.read(name).await));
        }
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
        let several = names.len() > 1;
        let show = |planned: &Vec<Planned>| {
            for (name, first) in planned {
                if let Ok((_, plan)) = first {
                    self.show(name, plan, several);
                }
            }
        };
        let consent = self.mode.consent(&*self.cx.ui, planned, show, |planned| {
            self.question(planned)
        });
        let (planned, permit) = match consent.await? {
            Consent::Preview(planned) => (planned, None),
            Consent::Given(Agreed { plan, permit }) => (plan, Some(permit)),
        };
        let mut results = Vec::new();
        for (name, first) in planned {
            let result = match (first, &permit) {
                (Ok((cluster, plan)), Some(permit)) => {
                    self.change_live(permit, &name, cluster, plan).await
                }
                (Ok((_, plan)), None) => self.preview(&name, &plan),
                (Err(error), _) => Err(error),
            };
            results.push((name, result));
        }
        Ok(results)
    }

    fn plan_live(&self, name: &str, cluster: &Cluster) -> Result<Plan> {
        plan::plan(cluster, &self.request, &live_place(self.cx, name))
    }

    fn show(&self, name: &str, plan: &Plan, several: bool) {
        if plan.is_empty() {
            return;
        }
        let heading = if several {
            format!(" {name}, spec.addOns:")
        } else {
            " spec.addOns:".to_owned()
        };
        let mut lines = vec![(' ', heading)];
        lines.extend(
            plan::diff(plan)
                .into_iter()
                .map(|(sign, line)| (sign, format!("   {line}"))),
        );
        self.cx.ui.diff(&lines, self.cx.preview(self.mode));
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
                .hint(format!(
                    "if that is meant: {}",
                    self.cx.mk8s(&format!(
                        "addon disable {} -c {name} --confirm {name}",
                        addon.name
                    ))
                )),
        )
    }

    /// The question where something disappears, or where several live clusters change; none where
    /// nothing is left to ask.
    fn question(&self, planned: &[Planned]) -> Result<Option<Question>> {
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
        if !removes && names.len() < 2 || self.confirm.is_some() {
            return Ok(None);
        }
        let (what, addon) = (self.verb(), self.request.addon.shown());
        let place = match names.as_slice() {
            [name] => format!("on {name}"),
            _ => format!("on {} live clusters ({})", names.len(), names.join(", ")),
        };
        let mut verb = what.to_owned();
        if let Some(first) = verb.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        Ok(Some(Question::new(
            format!("{verb} {addon} {place}?"),
            format!("`{addon}` was not {what}d on {}", quoted(&names).join(", ")),
        )))
    }

    /// What a dry run says of one cluster.
    fn preview(&self, name: &str, plan: &Plan) -> Result<Done> {
        for warning in &plan.warnings {
            self.cx.ui.warn(warning);
        }
        let line = self.line(plan, &format!("on {name}"), "");
        Ok(Self::done(
            self.cluster_target(name)?,
            plan,
            line,
            None,
            None,
        ))
    }

    async fn change_live(
        &self,
        permit: &Permit,
        name: &str,
        cluster: Cluster,
        plan: Plan,
    ) -> Result<Done> {
        let cx = self.cx;
        for warning in &plan.warnings {
            cx.ui.warn(warning);
        }
        let planner = LivePlanner {
            cx: self.cx,
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
        let mut failed = settled.verdict.failed;
        let mut waited = None;
        let now = settled.after.or(settled.before);
        if let (Some(limit), Some(now), None) = (self.wait, &now, &failed) {
            match self.wait_for(name, &plan, now, limit).await {
                Ok(done) => waited = done,
                Err(error) => failed = Some(error),
            }
        }
        let mut done = Self::done(self.cluster_target(name)?, &plan, line, verified, waited);
        if failed.is_none() && !plan.is_empty() && matches!(self.request.verb, Verb::Enable(_)) {
            done.next = next(name, &plan).map(|words| cx.mk8s(&words));
        }
        done.wire.error = failed.as_ref().map(Into::into);
        done.failed = failed;
        Ok(done)
    }

    /// Waits until the status shows the change, where the platform publishes anything.
    async fn wait_for(
        &self,
        name: &str,
        plan: &Plan,
        now: &Cluster,
        limit: Duration,
    ) -> Result<Option<wire::Waited>> {
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
            return Ok(None);
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
            format!("cluster get {name} -o yaml")
        } else if trust_policy {
            format!("addon trust-policy {shown} -c {name} --wait=15m")
        } else {
            format!("addon {} {shown} -c {name} --wait=15m", self.verb())
        };
        let wait = status::Wait {
            name,
            pointer: &pointer,
            gone,
            what: &what,
            stays: &format!("{shown} stays {state}"),
            again: &cx.mk8s(&again),
            limit,
        };
        wait.run(cx).await.map(|(_, waited)| Some(waited))
    }

    /// Plans the live half before the files are written, so that a refusal there leaves them alone.
    pub(super) async fn rehearse(&self, names: &[String]) -> Result<()> {
        let mut errors = Vec::new();
        let mut changing: Vec<&str> = Vec::new();
        let mut removes = false;
        for name in names {
            let planned = match self.cx.read(name).await {
                Ok(cluster) => self.plan_live(name, &cluster),
                Err(error) => Err(error),
            };
            match planned {
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

fn live_place(cx: &Context, name: &str) -> Place {
    Place {
        words: format!("on `{name}`"),
        flags: format!("-c {name}{}", cx.connection_flags()),
    }
}

/// The next command: what is left to do in AWS, or the one that reads what the add-on publishes.
fn next(name: &str, plan: &Plan) -> Option<String> {
    let addon = plan.main.addon.addon()?;
    if addon.aws_registry {
        return Some(format!("aws setup {} -c {name}", addon.name));
    }
    let step = addon.next?;
    let wait = if step == "oidc-url" { "" } else { " --wait" };
    Some(format!("addon {step} -c {name}{wait}"))
}

/// Plans the request on every read of a cluster.
struct LivePlanner<'a> {
    cx: &'a Context,
    request: &'a Request,
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

impl Planner for LivePlanner<'_> {
    type Plan = Plan;

    fn name(&self) -> &str {
        self.name
    }

    fn plan(&self, cluster: &Cluster) -> Result<Plan> {
        plan::plan(cluster, self.request, &live_place(self.cx, self.name))
    }

    fn write(&self, plan: &Plan) -> Option<Write> {
        (!plan.is_empty())
            .then(|| Write::Patch(json!({"spec": {"addOns": change::patch(&plan.changes)}})))
    }

    fn not_done(&self) -> String {
        self.told(" not")
    }

    fn done(&self, _: Written) -> String {
        self.told("")
    }
}
