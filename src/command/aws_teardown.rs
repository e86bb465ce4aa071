//! `mk8s aws teardown`: only what mk8s made, AWS first and the cluster last.

use super::aws::{self, AGAIN, AwsScene, ClusterReport, ClusterStep};
use super::{Context, aws_show, live};
use crate::addon::AddonSide;
use crate::aws::apply::{Applier, StepOptions};
use crate::aws::iam::Caller;
use crate::aws::needed::Needed;
use crate::aws::plan::{AwsPlan, AwsStep, StepAction, Work};
use crate::aws::sdk::Sdk;
use crate::aws::state;
use crate::aws::target::{ClusterFacts, SetupRequest};
use crate::aws::teardown::{
    AddonExtent, Extent, ProviderExtent, check_named, complete, look_for, teardown_plan,
};
use crate::cli::TeardownArgs;
use crate::cluster::Cluster;
use crate::consent::{self, Agreed, Consent, Mode, Permit, Question};
use crate::error::Result;
use crate::exit::Outcome;
use crate::fleet::{self, Reporter, TargetOutcome};
use serde_json::Value;
use std::path::PathBuf;

/// `mk8s aws teardown`
pub(super) async fn teardown(cx: &Context, args: &TeardownArgs) -> Result<Outcome> {
    cx.keeps_history(args.history);
    let target = args.target();
    let side = aws::side(&target.addon)?;
    let chosen = aws::clusters(cx, &target, true).await?;
    let names = chosen.names;
    let job = TeardownJob {
        cx,
        side,
        request: SetupRequest {
            account: aws::account(args.account.as_ref())?,
            role_name: args.role_name.clone(),
            ..SetupRequest::default()
        },
        extent: Extent {
            provider: if args.with_oidc_provider {
                ProviderExtent::Remove
            } else {
                ProviderExtent::Keep
            },
            addon: if args.keep_addon {
                AddonExtent::WithoutRole
            } else {
                AddonExtent::Off
            },
        },
        backup: aws::backup_folder(cx, args.no_backup)?,
        mode: Mode::of(args.dry_run),
        several: chosen.are_several,
    };
    if job.request.role_name.is_some() {
        for cluster in cx.read_all(&names).await? {
            // A cluster that cannot be read is told in its turn.
            if let Ok(cluster) = cluster
                && let Ok(facts) = ClusterFacts::read(side, cx.org()?, &cluster)
            {
                check_named(&facts, &job.request)?;
            }
        }
    }
    let sdk = Sdk::new(&aws::connect(cx, &args.connection).await?);
    let caller = state::caller(&sdk).await?;
    let changed = Box::pin(job.run(&sdk, &caller, &names)).await?;
    Ok(Outcome::differing(changed && args.exit_code))
}

/// A cluster as it was seen, and what is to be done; or why that is not known.
type PlannedTeardown = (String, Result<(AwsScene, AwsPlan)>);

/// One teardown on however many clusters.
struct TeardownJob<'a> {
    cx: &'a Context,
    side: AddonSide,
    request: SetupRequest,
    extent: Extent,
    backup: Option<PathBuf>,
    mode: Mode,
    /// Whether there is more than one cluster.
    several: bool,
}

impl TeardownJob<'_> {
    /// All are looked at and planned, then shown and confirmed together, then taken down.
    async fn run(&self, sdk: &Sdk, caller: &Caller, names: &[String]) -> Result<bool> {
        let cx = self.cx;
        let read = cx.read_all(names).await?;
        let jobs = names.iter().zip(read).map(|(name, cluster)| async move {
            let first = match cluster {
                Ok(cluster) => Box::pin(self.plan(sdk, caller, &cluster)).await,
                Err(error) => Err(error),
            };
            (name.clone(), first)
        });
        let planned = fleet::all(jobs, fleet::AT_ONCE).await;
        let show = |planned: &Vec<PlannedTeardown>| self.show(planned);
        let question = |planned: &Vec<PlannedTeardown>| Ok(self.question(planned));
        let consent = self.mode.consent(&*cx.ui, planned, show, question).await?;
        let (planned, permit) = match consent {
            Consent::Preview(planned) => (planned, None),
            Consent::Given(Agreed { plan, permit }) => (plan, Some(permit)),
        };
        let mut teller = Reporter::changing(&cx.ui, "AwsPlan", self.mode).of_several(self.several);
        let mut is_touched = false;
        for (name, first) in planned {
            let came = match (first, &permit) {
                (Ok((scene, plan)), Some(permit)) if !plan.is_empty() => {
                    let mut down = ClusterTeardown {
                        scene,
                        plan,
                        steps: Vec::new(),
                        previous_trust: None,
                    };
                    let work = self.take_down(sdk, caller, permit, &name, &mut down, is_touched);
                    let ended = Box::pin(work).await;
                    is_touched |= down.changed();
                    self.came(&name, &down, ended)
                }
                (Ok((_, plan)), _) => {
                    let steps = plan.steps.iter();
                    let steps: Vec<_> = steps.map(|step| (step.clone(), false)).collect();
                    let report = self.report(&name, &plan, &steps, None);
                    aws::came(cx, self.side.name(), &name, Ok(report))
                }
                (Err(error), _) => aws::came(cx, self.side.name(), &name, Err(error)),
            };
            teller.add(came);
        }
        cx.if_interrupted(None);
        teller.finish()
    }

    async fn plan(
        &self,
        sdk: &Sdk,
        caller: &Caller,
        cluster: &Cluster,
    ) -> Result<(AwsScene, AwsPlan)> {
        let ask = |_: &_| look_for(self.extent);
        let what = "was not taken down";
        let mut scene = aws::look(
            self.cx,
            sdk,
            caller,
            (self.side, cluster),
            &self.request,
            ask,
            what,
        )
        .await?;
        check_named(&scene.facts, &self.request)?;
        if let Some(target) = complete(&scene.facts, &scene.target, &scene.state) {
            scene.state = state::look(sdk, &scene.facts, &target, &look_for(self.extent)).await?;
            scene.target = target;
        }
        let plan = teardown_plan(&scene.facts, &scene.target, &scene.state, self.extent)?;
        Ok((scene, plan))
    }

    fn show(&self, planned: &[PlannedTeardown]) {
        let cx = self.cx;
        for (name, first) in planned {
            if let Ok((_, plan)) = first {
                for warning in &plan.warnings {
                    cx.ui.warn(warning);
                }
                let cluster = self.several.then_some(name.as_str());
                aws_show::plan(cx, plan, cluster, cx.preview(self.mode));
            }
        }
    }

    /// What is asked before plans that do anything.
    fn question(&self, planned: &[PlannedTeardown]) -> Option<Question> {
        let (mut removed, mut names) = (0, Vec::new());
        for (name, first) in planned {
            if let Ok((_, plan)) = first
                && !plan.is_empty()
            {
                let steps = plan.steps.iter();
                removed += steps.filter(|step| step.action.changes()).count();
                names.push(name.as_str());
            }
        }
        let place = match names.as_slice() {
            [] => return None,
            [_] => String::new(),
            _ => format!(" for {} clusters ({})", names.len(), names.join(", ")),
        };
        let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        Some(Question::new(
            format!("{removed} to remove or change. Take it down{place}?"),
            format!(
                "{} was not taken down for {}",
                self.side.name(),
                quoted.join(", ")
            ),
        ))
    }

    /// Does the steps of one cluster's plan. What was taken down for the clusters before it may have
    /// changed what there is to do: then it is planned again, and asked about where that is more.
    async fn take_down(
        &self,
        sdk: &Sdk,
        caller: &Caller,
        permit: &Permit,
        name: &str,
        down: &mut ClusterTeardown,
        is_touched: bool,
    ) -> Result<()> {
        let cx = self.cx;
        if is_touched {
            let cluster = cx.read(name).await?;
            let (scene, plan) = self.plan(sdk, caller, &cluster).await?;
            let is_more = goes_further(&plan, &down.plan);
            (down.scene, down.plan) = (scene, plan);
            if is_more {
                let again = vec![(name.to_owned(), Ok((down.scene.clone(), down.plan.clone())))];
                self.show(&again);
                if let Some(question) = self.question(&again) {
                    consent::ask(&*cx.ui, &question).await?;
                }
            }
        }
        let options = StepOptions {
            backup: self.backup.clone(),
            patience: aws::patience(cx)?,
            needed: Needed::of(&down.scene.facts, &down.scene.target, &self.request),
        };
        let mut applier = Applier::new(sdk, permit, &caller.arn, options);
        for step in &down.plan.steps {
            cx.if_interrupted(Some(AGAIN.to_owned()));
            let changed = match &step.work {
                Work::Nothing => {
                    if step.action == StepAction::Keep {
                        self.say(name, &aws_show::told(step, false));
                    }
                    false
                }
                Work::Cluster(changes) => {
                    let planner = ClusterStep {
                        name,
                        what: &step.resource,
                        changes,
                    };
                    let cluster = cx.read(name).await?;
                    let settled = live::settle(cx, permit, &planner, Some(cluster)).await?;
                    let changed = settled.written.is_some();
                    self.say(name, &aws_show::told(step, changed));
                    if let Some(failed) = settled.verdict.failed {
                        down.steps.push((step.clone(), changed));
                        return Err(failed);
                    }
                    changed
                }
                _ => {
                    let outcome = applier.run(step).await?;
                    for warning in &outcome.warnings {
                        cx.ui.warn(warning);
                    }
                    self.say(name, &aws_show::told(step, outcome.changed));
                    if let Some(backup) = &outcome.backup {
                        self.say(name, &aws_show::kept(backup, cx.ui.reach()));
                    }
                    let previous = outcome.previous_trust;
                    down.previous_trust = previous.or(down.previous_trust.take());
                    outcome.changed
                }
            };
            down.steps.push((step.clone(), changed));
        }
        Ok(())
    }

    /// Says what was done for a cluster; of several it names the one.
    fn say(&self, name: &str, text: &str) {
        let ui = &self.cx.ui;
        if self.several {
            ui.status(&format!("{name}: {text}"));
        } else {
            ui.status(text);
        }
    }

    /// What is told of a cluster whose plan was carried out, as far as it went.
    fn came(&self, name: &str, down: &ClusterTeardown, ended: Result<()>) -> TargetOutcome<Value> {
        let previous = down.previous_trust.as_ref();
        match ended {
            Err(error) if down.changed() => {
                let body = aws::plan_json(&down.plan, &down.steps, previous);
                let target = self.cx.cluster(name);
                TargetOutcome::HalfDone(
                    aws::item(&target, self.side.name(), body, Some(&self.cx.wire(&error))),
                    error,
                )
            }
            ended => {
                let report = ended.map(|()| self.report(name, &down.plan, &down.steps, previous));
                aws::came(self.cx, self.side.name(), name, report)
            }
        }
    }

    fn report(
        &self,
        name: &str,
        plan: &AwsPlan,
        steps: &[(AwsStep, bool)],
        previous: Option<&Value>,
    ) -> ClusterReport {
        let mut kept: Vec<&str> = Vec::new();
        for step in plan
            .steps
            .iter()
            .filter(|step| step.action == StepAction::Keep)
        {
            let resource = aws_show::short(&step.resource);
            if !kept.contains(&resource) {
                kept.push(resource);
            }
        }
        let kept = if kept.is_empty() {
            String::new()
        } else {
            format!("; kept: {}", kept.join(", "))
        };
        let line = match (self.mode, plan.is_empty()) {
            (_, true) => format!(
                "nothing of {} is to be taken down for {name}{kept}",
                self.side.name()
            ),
            (Mode::DryRun, false) => {
                format!("Would take down {} for {name}{kept}", self.side.name())
            }
            (Mode::Write, false) => format!("Took down {} for {name}{kept}", self.side.name()),
        };
        ClusterReport {
            changed: !plan.is_empty(),
            lines: vec![line],
            body: aws::plan_json(plan, steps, previous),
        }
    }
}

/// One cluster that is being taken down.
struct ClusterTeardown {
    scene: AwsScene,
    plan: AwsPlan,
    /// The steps so far, and whether each changed anything.
    steps: Vec<(AwsStep, bool)>,
    previous_trust: Option<Value>,
}

impl ClusterTeardown {
    fn changed(&self) -> bool {
        self.steps.iter().any(|(_, changed)| *changed)
    }
}

/// Whether a plan does anything that the one which was agreed to does not.
fn goes_further(plan: &AwsPlan, agreed: &AwsPlan) -> bool {
    let mut changes = plan.steps.iter().filter(|step| step.action.changes());
    changes.any(|step| {
        let same = |other: &AwsStep| {
            (other.part, other.action, &other.resource) == (step.part, step.action, &step.resource)
        };
        !agreed.steps.iter().any(same)
    })
}
