//! Carries out the plans of `mk8s aws setup`: step by step, planned again whenever something was
//! published, and waiting for all clusters together.

use super::aws::{self, AwsScene, ClusterStep};
use super::aws_fleet::{ClusterBefore, RunBook, state_at_plan};
use super::aws_setup::{PlannedSetup, SetupJob, broad};
use super::aws_show;
use super::live;
use super::status::{self, Wait};
use crate::aws::apply::{Applier, StepOptions};
use crate::aws::iam::Caller;
use crate::aws::needed::Needed;
use crate::aws::plan::{Awaited, AwsPlan, AwsStep, TrustPlan, Work};
use crate::aws::sdk::Sdk;
use crate::aws::setup::SetupOrder;
use crate::aws::target::{AwsPart, SetupRequest};
use crate::change::Change;
use crate::consent::{self, Permit, Question};
use crate::error::{Error, Kind, Result};
use crate::fleet::{Reporter, TargetOutcome, TargetState};
use serde_json::{Value, json};

/// How often a plan is made again before the run counts as going in circles.
const ROUNDS: usize = 8;

/// What was done on one cluster.
pub(super) struct AwsResult {
    pub(super) plan: AwsPlan,
    /// The steps in the order in which they were done, and whether each changed anything.
    pub(super) steps: Vec<(AwsStep, bool)>,
    pub(super) previous_trust: Option<Value>,
    pub(super) changed: bool,
}

impl AwsResult {
    /// Of a plan that was not carried out, or that has nothing to do.
    pub(super) fn nothing(plan: AwsPlan) -> Self {
        Self {
            changed: !plan.is_empty(),
            steps: plan
                .steps
                .iter()
                .map(|step| (step.clone(), false))
                .collect(),
            plan,
            previous_trust: None,
        }
    }
}

/// How a change of the cluster went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ClusterChange {
    /// The next step may follow.
    On,
    /// The plan has to be made again.
    Otherwise,
}

/// One cluster under way.
struct ClusterRun<'a> {
    /// Its number among the targets.
    number: usize,
    name: String,
    scene: AwsScene,
    plan: AwsPlan,
    applier: Applier<'a, Sdk>,
    progress: RunProgress,
    /// Whether it was said who may assume the role.
    is_told: bool,
    /// Whether the plan has to be made again before it goes on.
    is_stale: bool,
    rounds: usize,
    /// The cluster as it was before.
    before: ClusterBefore,
}

/// What a run has done so far.
struct RunProgress {
    order: SetupOrder,
    /// What was asked for, and what of the trust policy was accepted since.
    request: SetupRequest,
    done: Vec<(AwsStep, bool)>,
    previous_trust: Option<Value>,
    warnings: Vec<String>,
}

impl RunProgress {
    /// Says what has not been said yet.
    fn warn(&mut self, cx: &super::Context, warnings: &[String]) {
        for warning in warnings {
            if !self.warnings.contains(warning) {
                cx.ui.warn(warning);
                self.warnings.push(warning.clone());
            }
        }
    }

    /// Whether this run has done a step whose outcome the caller may not see.
    fn is_done_unseen(&self, step: &AwsStep, scene: &AwsScene) -> bool {
        scene.state.hides(step.part) && self.done.iter().any(|(known, _)| known.work == step.work)
    }

    fn is_complete(&self, plan: &AwsPlan, scene: &AwsScene) -> bool {
        let is_right =
            |step: &AwsStep| step.work == Work::Nothing || self.is_done_unseen(step, scene);
        plan.steps.iter().all(is_right)
    }

    fn changed(&self) -> bool {
        self.done.iter().any(|(_, changed)| *changed)
    }

    fn finish(self, mut plan: AwsPlan) -> AwsResult {
        let changed = self.changed();
        plan.warnings = self.warnings;
        let mut steps = self.done;
        // What was right from the start belongs in the report as well.
        for step in &plan.steps {
            let same = |(known, _): &(AwsStep, bool)| {
                known.part == step.part && known.resource == step.resource
            };
            if !steps.iter().any(same) {
                steps.push((step.clone(), false));
            }
        }
        AwsResult {
            changed,
            steps,
            plan,
            previous_trust: self.previous_trust,
        }
    }
}

impl SetupJob<'_> {
    /// Carries out all plans, and tells of each cluster when it is done. A cluster that has to publish
    /// something first lets the next one begin; all that wait do so together.
    pub(super) async fn carry_out(
        &self,
        sdk: &Sdk,
        caller: &Caller,
        permit: &Permit,
        planned: Vec<PlannedSetup>,
        teller: &mut Reporter<'_, Value>,
    ) -> Result<()> {
        let book = self.run_book(caller, &planned)?;
        if book.is_kept() {
            let _before = self.cx.if_interrupted(Some(book.later()));
        }
        // One signal is a wish from here on, and the second an order.
        let _grace = book.is_kept().then(|| self.cx.interrupt.has_grace());
        let mut open = Vec::new();
        for (number, planned) in planned.into_iter().enumerate() {
            let name = planned.name;
            let (scene, plan) = match (planned.first, planned.refusal) {
                (Ok(_), Some(error)) | (Err(error), _) => {
                    let state = state_at_plan(planned.is_skipped, &error);
                    let came = aws::came(self.cx, self.side.name(), &name, Err(error));
                    book.tell(teller, number, &name, state, came);
                    continue;
                }
                (Ok((_, plan)), None) if plan.is_empty() && !planned.builds_on_others => {
                    let state = book.state_before(&name);
                    let came = self.came(&name, &AwsResult::nothing(plan));
                    book.tell(teller, number, &name, state, came);
                    continue;
                }
                (Ok(first), None) => first,
            };
            let mut request = self.request.clone();
            if let Some(trust) = &plan.trust {
                request.accept.extend(&trust.open);
            }
            let options = StepOptions {
                backup: self.backup.clone(),
                patience: aws::patience(self.cx)?,
                needed: Needed::of(&scene.facts, &scene.target, &self.request),
            };
            open.push(ClusterRun {
                number,
                name,
                applier: Applier::new(sdk, permit, &caller.arn, options),
                progress: RunProgress {
                    order: SetupOrder::default(),
                    done: Vec::new(),
                    previous_trust: None,
                    warnings: plan.warnings.clone(),
                    request,
                },
                is_told: plan.trust.is_some(),
                // What was done for those before it may be a part of its plan.
                is_stale: !open.is_empty() || planned.builds_on_others,
                rounds: 0,
                scene,
                plan,
                before: planned.before,
            });
        }
        while !open.is_empty() {
            open = self.round(sdk, caller, open, &book, teller).await?;
        }
        book.close(teller);
        self.cx.if_interrupted(None);
        Ok(())
    }

    /// Takes every run as far as it comes, and waits for what they have to wait for; gives those that
    /// go on.
    async fn round<'a>(
        &self,
        sdk: &Sdk,
        caller: &Caller,
        open: Vec<ClusterRun<'a>>,
        book: &RunBook<'_>,
        teller: &mut Reporter<'_, Value>,
    ) -> Result<Vec<ClusterRun<'a>>> {
        let (mut waiting, mut waits) = (Vec::new(), Vec::new());
        for mut run in open {
            if self.cx.interrupt.is_wished() && run.rounds == 0 {
                let item = aws::item(
                    &self.cx.cluster(&run.name),
                    self.side.name(),
                    json!({}),
                    None,
                );
                let (state, came) = (TargetState::NotStarted, TargetOutcome::NotStarted(item));
                book.mark(teller, run.number, state, came);
                continue;
            }
            match Box::pin(self.advance(sdk, caller, book, &mut run)).await {
                Ok(None) => {
                    let done = run.progress.finish(run.plan);
                    let state = if done.changed {
                        TargetState::Changed
                    } else {
                        TargetState::Unchanged
                    };
                    let came = self.came(&run.name, &done);
                    book.tell(teller, run.number, &run.name, state, came);
                }
                Ok(Some(awaited)) => {
                    waits.push(self.wait(&run, awaited));
                    waiting.push(run);
                }
                Err(error) => self.tell_failed(book, teller, run, error),
            }
        }
        let ends = status::together(self.cx, &waits).await?;
        let mut open = Vec::new();
        for (mut run, end) in waiting.into_iter().zip(ends) {
            match end {
                Ok(_) => {
                    run.is_stale = true;
                    open.push(run);
                }
                Err(error) => self.tell_failed(book, teller, run, error),
            }
        }
        Ok(open)
    }

    fn tell_failed(
        &self,
        book: &RunBook<'_>,
        teller: &mut Reporter<'_, Value>,
        run: ClusterRun<'_>,
        error: Error,
    ) {
        let (number, name) = (run.number, run.name.clone());
        let state = TargetState::of(&error, true);
        let came = self.failed(run, error);
        book.tell(teller, number, &name, state, came);
    }

    /// A run that failed: with what it has done, if it has done anything.
    fn failed(&self, run: ClusterRun<'_>, error: Error) -> TargetOutcome<Value> {
        if !run.progress.changed() {
            return aws::came(self.cx, self.side.name(), &run.name, Err(error));
        }
        let done = run.progress.finish(run.plan);
        let body = aws::plan_json(&done.plan, &done.steps, done.previous_trust.as_ref());
        let target = self.cx.cluster(&run.name);
        TargetOutcome::HalfDone(
            aws::item(&target, self.side.name(), body, Some(&self.cx.wire(&error))),
            error,
        )
    }

    /// Does the steps in turn until all is done, or until the cluster has to publish something first:
    /// that is given. Whenever something was done, it plans again from what is there then.
    async fn advance(
        &self,
        sdk: &Sdk,
        caller: &Caller,
        book: &RunBook<'_>,
        run: &mut ClusterRun<'_>,
    ) -> Result<Option<Awaited>> {
        let cx = self.cx;
        while run.rounds < ROUNDS {
            cx.if_interrupted(Some(book.later()));
            if run.is_stale && self.plan_again(sdk, caller, run).await? {
                return Ok(None);
            }
            if cx.interrupt.is_wished() {
                return Err(cut_short(&self.refusal(&[&run.name])));
            }
            if run.rounds == 0 {
                book.started(&run.name, &run.before).await?;
            }
            run.rounds += 1;
            run.is_stale = true;
            if let Some(awaited) = self.pass(book, run).await? {
                return Ok(Some(awaited));
            }
        }
        if self.plan_again(sdk, caller, run).await? {
            return Ok(None);
        }
        let open: Vec<String> = run
            .plan
            .steps
            .iter()
            .filter(|step| step.work != Work::Nothing)
            .map(|step| format!("{} {}", step.part.name(), aws_show::short(&step.resource)))
            .collect();
        Err(Error::failure(format!(
            "{} is not set up for `{}`",
            self.side.name(),
            run.name
        ))
        .because(format!("looking again still shows: {}", open.join(", ")))
        .hint("run the same command again; it continues where it stopped"))
    }

    /// Does the steps of the plan as it is.
    async fn pass(&self, book: &RunBook<'_>, run: &mut ClusterRun<'_>) -> Result<Option<Awaited>> {
        let cx = self.cx;
        let is_held = holds(&run.plan, run.progress.order);
        for step in &run.plan.steps.clone() {
            cx.if_interrupted(Some(book.later()));
            match &step.work {
                Work::Nothing => {}
                _ if is_held && step.part == AwsPart::OidcProvider => {}
                _ if run.progress.is_done_unseen(step, &run.scene) => {}
                Work::Later(awaited) => return Ok(Some(*awaited)),
                Work::Cluster(changes) => {
                    if Box::pin(self.change_cluster(step, changes, run)).await?
                        == ClusterChange::Otherwise
                    {
                        break;
                    }
                }
                _ => {
                    let outcome = run.applier.run(step).await?;
                    run.progress.warn(cx, &outcome.warnings);
                    self.say(&run.name, &aws_show::told(step, outcome.changed));
                    if let Some(backup) = &outcome.backup {
                        self.say(&run.name, &aws_show::kept(backup, cx.ui.reach()));
                    }
                    let previous = outcome.previous_trust;
                    run.progress.previous_trust = previous.or(run.progress.previous_trust.take());
                    run.progress.done.push((step.clone(), outcome.changed));
                }
            }
        }
        Ok(None)
    }

    /// Looks and plans again; asks about a trust policy that was published only after the plan was
    /// confirmed. Gives whether all is done.
    async fn plan_again(
        &self,
        sdk: &Sdk,
        caller: &Caller,
        run: &mut ClusterRun<'_>,
    ) -> Result<bool> {
        let cx = self.cx;
        let cluster = cx.read(&run.name).await?;
        run.scene = self.scene(sdk, caller, &cluster).await?;
        let (order, request) = (run.progress.order, &run.progress.request);
        run.plan = self.plan(sdk, &mut run.scene, order, request).await?;
        if let Some(trust) = run.plan.trust.as_ref().filter(|_| !run.is_told) {
            run.is_told = true;
            self.consent(&run.name, &run.scene, trust, request).await?;
            let open = trust.open.clone();
            for line in aws_show::approved(trust) {
                self.say(&run.name, &line);
            }
            let who = format!("Who may assume the role: {}", trust.who);
            self.say(&run.name, &who);
            run.progress.request.accept.extend(&open);
        }
        run.progress.warn(cx, &run.plan.warnings);
        Ok(run.progress.is_complete(&run.plan, &run.scene))
    }

    /// Asks about a trust policy that was published only after the plan was confirmed.
    async fn consent(
        &self,
        name: &str,
        scene: &AwsScene,
        trust: &TrustPlan,
        request: &SetupRequest,
    ) -> Result<()> {
        let Some(broad) = broad(trust, None) else {
            return Ok(());
        };
        self.may_be_asked(scene, trust, request)?;
        let text = format!("{broad} Go on all the same?");
        consent::ask(&*self.cx.ui, &Question::new(text, self.refusal(&[name]))).await
    }

    /// Brings a step's changes to the cluster. A platform that refuses the ARN of a role that is not
    /// there yet has the role made first.
    async fn change_cluster(
        &self,
        step: &AwsStep,
        changes: &[Change],
        run: &mut ClusterRun<'_>,
    ) -> Result<ClusterChange> {
        let cx = self.cx;
        let name = run.name.as_str();
        let planner = ClusterStep {
            name,
            what: &step.resource,
            changes,
        };
        let cluster = cx.read(name).await?;
        match live::settle(cx, run.applier.permit(), &planner, Some(cluster)).await {
            Ok(settled) => {
                let changed = settled.written.is_some();
                self.say(name, &aws_show::told(step, changed));
                run.progress.done.push((step.clone(), changed));
                settled.verdict.failed.map_or(Ok(ClusterChange::On), Err)
            }
            Err(error)
                if error.kind == Kind::Refused
                    && run.progress.order == SetupOrder::AddonFirst
                    && names_role(changes)
                    && run.scene.state.role.known().is_none_or(Option::is_none) =>
            {
                cx.ui.status(&format!(
                    "{name} does not take a role that does not exist: the role is made first"
                ));
                cx.ui.detail(&error.to_string());
                run.progress.order = SetupOrder::RoleFirst;
                Ok(ClusterChange::Otherwise)
            }
            Err(error) => Err(error),
        }
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

    /// The wait for what a cluster has to publish.
    fn wait(&self, run: &ClusterRun<'_>, awaited: Awaited) -> Wait {
        let what = match awaited {
            Awaited::Issuer => "the OIDC issuer URL".to_owned(),
            Awaited::Template => format!("the trust policy of `{}`", self.side.name()),
        };
        Wait {
            name: run.name.clone(),
            pointer: awaited.pointer(self.side).to_owned(),
            gone: false,
            what,
            stays: "the parts made so far stay".to_owned(),
            again: run.progress.request.waiting(&run.scene.facts),
            limit: self.wait,
        }
    }
}

/// A signal came before all was done for a cluster.
fn cut_short(not_done: &str) -> Error {
    Error::new(Kind::Interrupted, not_done).because("a signal came; the parts made so far stay")
}

/// Whether the OIDC provider waits for the trust policy: that is judged before anything is made.
fn holds(plan: &AwsPlan, order: SetupOrder) -> bool {
    order == SetupOrder::AddonFirst && plan.awaited() == Some(Awaited::Template)
}

/// Whether a change of the cluster sets the ARN of a role.
fn names_role(changes: &[Change]) -> bool {
    changes.iter().any(|change| {
        change.path.last().is_some_and(|field| field == "roleArn")
            || change
                .value
                .as_ref()
                .is_some_and(|value| value.get("roleArn").is_some())
    })
}
