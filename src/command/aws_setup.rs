//! `mk8s aws setup`, and `mk8s addon enable … --create-role`: plan, confirm, do, verify.

use super::aws::{self, AGAIN, ClusterStep, Issuers, Scene};
use super::aws_request::{asked, request};
use super::status::Wait;
use super::{Context, aws_emit, aws_repository, live};
use crate::aws::apply::{Applier, Options};
use crate::aws::iam::Caller;
use crate::aws::needed::Needed;
use crate::aws::plan::{Awaited, Plan, Step, TrustPlan, Work};
use crate::aws::sdk::Sdk;
use crate::aws::setup::{Order, is_too_long, look_for, not_accepted, setup_plan};
use crate::aws::state;
use crate::aws::target::{Part, Request};
use crate::change::Change;
use crate::cli::{AwsConnection, AwsTarget, EnableArgs, MakeArgs, SetupArgs};
use crate::consent::{self, Agreed, Consent, Mode, Permit, Question};
use crate::error::{Error, Kind, Result};
use crate::exit::Outcome;
use crate::shell;
use serde_json::Value;
use std::path::PathBuf;
use std::time::Duration;

/// How long a cluster may take to publish what the next step needs.
const WAIT: Duration = Duration::from_mins(5);

/// How often a plan is made again before the run counts as going in circles.
const ROUNDS: usize = 8;

/// `mk8s aws setup`
pub(super) async fn setup(cx: &Context, args: &SetupArgs) -> Result<Outcome> {
    let image = args.make.image.as_deref();
    if let Some(form) = args.emit {
        return aws_emit::emit(cx, args, form).await;
    }
    if let Some(image) = image.filter(|_| args.repository_policy || args.apply_repository_policy) {
        return aws_repository::run(cx, args, image).await;
    }
    if args.file.is_some() {
        return Err(Error::usage("-f is for --emit and --repository-policy")
            .because("AWS is set up for live clusters")
            .hint("name a live cluster with -c NAME"));
    }
    let addon = aws::addon(&args.target.addon)?;
    let names = aws::clusters(cx, &args.target, true)?;
    let job = Job {
        cx,
        addon: addon.name,
        request: asked(cx, args)?,
        backup: aws::backup_folder(cx, args.make.no_backup)?,
        connection: &args.make.connection,
        mode: Mode::of(args.dry_run),
        several: names.len() > 1,
        wait: args.wait.unwrap_or(WAIT),
        issuers: Issuers::new(cx),
    };
    Box::pin(job.run(&names, &args.make, args.exit_code)).await
}

/// `mk8s addon enable ADDON --create-role`: the same.
pub(super) async fn with_role(cx: &Context, args: &EnableArgs) -> Result<Outcome> {
    let addon = aws::addon(&args.addon)?;
    let target = AwsTarget {
        addon: args.addon.clone(),
        cluster: args.target.cluster.clone(),
    };
    let names = aws::clusters(cx, &target, true)?;
    let mut role = None;
    let mut words = format!("addon enable {} --create-role", addon.name);
    if args.with_prerequisites {
        words.push_str(" --with-prerequisites");
    }
    for given in &args.settings.given {
        match (given.flag, &given.value) {
            ("role-arn", Some(arn)) => {
                words.push_str(&shell::flags(&[("--role-arn", Some(arn.clone()))]));
                role = Some(arn);
            }
            ("role-arn", None) => {
                return Err(Error::usage(
                    "--no-role-arn was given together with --create-role",
                ));
            }
            (flag, _) => {
                return Err(Error::usage(format!(
                    "`{}` has no setting --{flag}",
                    addon.name
                )));
            }
        }
    }
    let job = Job {
        cx,
        addon: addon.name,
        request: Request {
            words,
            ..request(cx, &args.make, role)?
        },
        backup: aws::backup_folder(cx, args.make.no_backup)?,
        connection: &args.make.connection,
        mode: Mode::of(args.change.dry_run),
        several: names.len() > 1,
        wait: args.change.wait.unwrap_or(WAIT),
        issuers: Issuers::new(cx),
    };
    Box::pin(job.run(&names, &args.make, args.change.exit_code)).await
}

/// One setup on however many clusters.
struct Job<'a> {
    cx: &'a Context,
    addon: &'static str,
    request: Request,
    backup: Option<PathBuf>,
    mode: Mode,
    /// How AWS is reached, for commands that are printed.
    connection: &'a AwsConnection,
    /// Whether there is more than one cluster.
    several: bool,
    wait: Duration,
    issuers: Issuers<'a>,
}

/// What was done on one cluster.
struct Done {
    plan: Plan,
    /// The steps in the order in which they were done, and whether each changed anything.
    steps: Vec<(Step, bool)>,
    previous_trust: Option<Value>,
    changed: bool,
}

impl Done {
    /// Of a plan that was not carried out, or that has nothing to do.
    fn nothing(plan: Plan) -> Self {
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
enum Went {
    /// The next step may follow.
    On,
    /// The plan has to be made again.
    Otherwise,
}

/// What a run has done so far.
struct Progress {
    order: Order,
    /// What was asked for, and what of the trust policy was accepted since.
    request: Request,
    done: Vec<(Step, bool)>,
    previous_trust: Option<Value>,
    warnings: Vec<String>,
}

impl Progress {
    /// Says what has not been said yet.
    fn warn(&mut self, cx: &Context, warnings: &[String]) {
        for warning in warnings {
            if !self.warnings.contains(warning) {
                cx.ui.warn(warning);
                self.warnings.push(warning.clone());
            }
        }
    }

    /// Whether this run has done a step whose outcome the caller may not see.
    fn is_done_unseen(&self, step: &Step, scene: &Scene) -> bool {
        scene.state.hides(step.part) && self.done.iter().any(|(known, _)| known.work == step.work)
    }

    fn is_complete(&self, plan: &Plan, scene: &Scene) -> bool {
        let is_right = |step: &Step| step.work == Work::Nothing || self.is_done_unseen(step, scene);
        plan.steps.iter().all(is_right)
    }

    fn finish(self, mut plan: Plan) -> Done {
        plan.warnings = self.warnings;
        let mut steps = self.done;
        // What was right from the start belongs in the report as well.
        for step in &plan.steps {
            let same = |(known, _): &(Step, bool)| {
                known.part == step.part && known.resource == step.resource
            };
            if !steps.iter().any(same) {
                steps.push((step.clone(), false));
            }
        }
        Done {
            changed: steps.iter().any(|(_, changed)| *changed),
            steps,
            plan,
            previous_trust: self.previous_trust,
        }
    }
}

impl Job<'_> {
    async fn run(&self, names: &[String], make: &MakeArgs, exit_code: bool) -> Result<Outcome> {
        let sdk = Sdk::new(&aws::connect(self.cx, &make.connection).await?);
        let caller = state::caller(&sdk).await?;
        let mut results = Vec::new();
        for name in names {
            let done = Box::pin(self.one(&sdk, &caller, name)).await;
            results.push((
                name.clone(),
                done.map(|done| aws::Told {
                    changed: done.changed,
                    lines: vec![self.line(name, &done)],
                    body: aws::plan_json(&done.plan, &done.steps, done.previous_trust.as_ref()),
                }),
            ));
        }
        let changed = aws::report(self.cx, "AwsPlan", Some(self.mode), self.addon, results)?;
        Ok(if exit_code && changed {
            Outcome::Differences
        } else {
            Outcome::Ok
        })
    }

    async fn scene(&self, sdk: &Sdk, caller: &Caller, name: &str) -> Result<Scene> {
        let mut scene = aws::look(
            self.cx,
            sdk,
            caller,
            name,
            &self.request,
            |target| look_for(&self.request, target),
            "was not set up",
        )
        .await?;
        if self.request.makes_provider() {
            self.issuers.complete(&mut scene.facts).await;
        }
        Ok(scene)
    }

    async fn plan(
        &self,
        sdk: &Sdk,
        scene: &mut Scene,
        order: Order,
        request: &Request,
    ) -> Result<Plan> {
        let plan =
            |Scene {
                 facts,
                 target,
                 state,
             }: &Scene| { setup_plan(facts, request, target, state, order) };
        let made = plan(scene);
        if made.is_ok() || !is_too_long(&scene.facts, request, &scene.target, &scene.state) {
            return made;
        }
        state::look_for_stale(sdk, &mut scene.state).await;
        plan(scene)
    }

    async fn one(&self, sdk: &Sdk, caller: &Caller, name: &str) -> Result<Done> {
        let cx = self.cx;
        let mut scene = self.scene(sdk, caller, name).await?;
        let plan = self
            .plan(sdk, &mut scene, Order::default(), &self.request)
            .await?;
        for warning in &plan.warnings {
            cx.ui.warn(warning);
        }
        let stream = cx.preview(self.mode);
        let show = |plan: &Plan| aws::show(cx, plan, self.several.then_some(name), stream);
        let question = |plan: &Plan| self.question(&scene, plan);
        let consent = self.mode.consent(&*cx.ui, plan, show, question).await?;
        let Agreed { plan, permit } = match consent {
            Consent::Given(agreed) if !agreed.plan.is_empty() => agreed,
            Consent::Given(Agreed { plan, .. }) | Consent::Preview(plan) => {
                return Ok(Done::nothing(plan));
            }
        };
        let mut request = self.request.clone();
        if let Some(trust) = &plan.trust {
            request.accept.extend(&trust.open);
        }
        cx.if_interrupted(Some(AGAIN.to_owned()));
        let applier = Applier::new(
            sdk,
            &permit,
            &caller.arn,
            Options {
                backup: self.backup.clone(),
                connection: self.connection.given(),
                patience: aws::patience(cx)?,
                needed: Needed::of(&scene.facts, &scene.target, &self.request),
            },
        );
        let done = self.carry_out(sdk, caller, scene, plan, applier, request);
        let done = Box::pin(done).await;
        cx.if_interrupted(None);
        done
    }

    /// What is asked before a plan that does anything.
    fn question(&self, scene: &Scene, plan: &Plan) -> Result<Option<Question>> {
        if plan.is_empty() {
            return Ok(None);
        }
        let (create, change, right) = plan.counts();
        let counts = format!("{create} to create, {change} to change, {right} already right.");
        let what = match create {
            0 => "Change them",
            _ => "Create them",
        };
        let text = match plan.trust.as_ref().and_then(broad) {
            None => format!("{counts} {what}?"),
            Some(broad) => format!("{counts} {broad} {what} all the same?"),
        };
        if let Some(trust) = &plan.trust {
            self.may_be_asked(scene, trust, &self.request)?;
        }
        Ok(Some(Question::new(text, self.refusal(&scene.facts.name))))
    }

    fn refusal(&self, name: &str) -> String {
        format!("{} was not set up for `{name}`", self.addon)
    }

    /// Refuses where a broad trust policy would have to be asked about and nobody can be asked:
    /// `--yes` never goes past it.
    fn may_be_asked(&self, scene: &Scene, trust: &TrustPlan, request: &Request) -> Result<()> {
        let ui = &self.cx.ui;
        if trust.open.is_empty() || (ui.is_interactive() && !ui.says_yes()) {
            return Ok(());
        }
        Err(not_accepted(&scene.facts, request, &trust.judgement, true))
    }

    /// Asks about a trust policy that was published only after the plan was confirmed.
    async fn consent(
        &self,
        name: &str,
        scene: &Scene,
        trust: &TrustPlan,
        request: &Request,
    ) -> Result<()> {
        let Some(broad) = broad(trust) else {
            return Ok(());
        };
        self.may_be_asked(scene, trust, request)?;
        let text = format!("{broad} Go on all the same?");
        consent::ask(&*self.cx.ui, &Question::new(text, self.refusal(name))).await
    }

    /// Does the steps in turn; whenever the cluster has to publish something first, waits for it and
    /// plans again from what is there then.
    async fn carry_out(
        &self,
        sdk: &Sdk,
        caller: &Caller,
        mut scene: Scene,
        mut plan: Plan,
        mut applier: Applier<'_, Sdk>,
        request: Request,
    ) -> Result<Done> {
        let cx = self.cx;
        let name = &scene.facts.name.clone();
        let mut progress = Progress {
            order: Order::default(),
            done: Vec::new(),
            previous_trust: None,
            warnings: plan.warnings.clone(),
            request,
        };
        let mut is_told = plan.trust.is_some();
        for _ in 0..ROUNDS {
            let is_held = holds(&plan, progress.order);
            for step in &plan.steps {
                cx.if_interrupted(Some(AGAIN.to_owned()));
                match &step.work {
                    Work::Nothing => {}
                    _ if is_held && step.part == Part::OidcProvider => {}
                    _ if progress.is_done_unseen(step, &scene) => {}
                    Work::Later(awaited) => {
                        self.await_cluster(name, *awaited).await?;
                        break;
                    }
                    Work::Cluster(changes) => {
                        let went = self.change_cluster(
                            applier.permit(),
                            name,
                            step,
                            changes,
                            &scene,
                            &mut progress,
                        );
                        if Box::pin(went).await? == Went::Otherwise {
                            break;
                        }
                    }
                    _ => {
                        let outcome = applier.run(step).await?;
                        progress.warn(cx, &outcome.warnings);
                        cx.ui.status(&aws::told(step, outcome.changed));
                        if let Some(backup) = &outcome.backup {
                            cx.ui.status(&aws::kept(backup));
                        }
                        progress.previous_trust =
                            outcome.previous_trust.or(progress.previous_trust);
                        progress.done.push((step.clone(), outcome.changed));
                    }
                }
            }
            scene = self.scene(sdk, caller, name).await?;
            plan = self
                .plan(sdk, &mut scene, progress.order, &progress.request)
                .await?;
            if let Some(trust) = plan.trust.as_ref().filter(|_| !is_told) {
                is_told = true;
                self.consent(name, &scene, trust, &progress.request).await?;
                progress.request.accept.extend(&trust.open);
                cx.ui
                    .status(&format!("Who may assume the role: {}", trust.who));
            }
            progress.warn(cx, &plan.warnings);
            if progress.is_complete(&plan, &scene) {
                return Ok(progress.finish(plan));
            }
        }
        let open: Vec<String> = plan
            .steps
            .iter()
            .filter(|step| step.work != Work::Nothing)
            .map(|step| format!("{} {}", step.part.name(), aws::short(&step.resource)))
            .collect();
        Err(
            Error::failure(format!("{} is not set up for `{name}`", self.addon))
                .because(format!("looking again still shows: {}", open.join(", ")))
                .hint("run the same command again; it continues where it stopped"),
        )
    }

    /// Brings a step's changes to the cluster. A platform that refuses the ARN of a role that is not
    /// there yet has the role made first.
    async fn change_cluster(
        &self,
        permit: &Permit,
        name: &str,
        step: &Step,
        changes: &[Change],
        scene: &Scene,
        progress: &mut Progress,
    ) -> Result<Went> {
        let cx = self.cx;
        let planner = ClusterStep {
            name,
            what: &step.resource,
            changes,
        };
        let cluster = cx.read(name).await?;
        match live::settle(cx, permit, &planner, Some(cluster)).await {
            Ok(settled) => {
                let changed = settled.written.is_some();
                cx.ui.status(&aws::told(step, changed));
                progress.done.push((step.clone(), changed));
                settled.verdict.failed.map_or(Ok(Went::On), Err)
            }
            Err(error)
                if error.kind == Kind::Refused
                    && progress.order == Order::AddonFirst
                    && names_role(changes)
                    && scene.state.role.known().is_none_or(Option::is_none) =>
            {
                cx.ui.status(&format!(
                    "{name} does not take a role that does not exist: the role is made first"
                ));
                cx.ui.detail(&error.to_string());
                progress.order = Order::RoleFirst;
                Ok(Went::Otherwise)
            }
            Err(error) => Err(error),
        }
    }

    async fn await_cluster(&self, name: &str, awaited: Awaited) -> Result<()> {
        let words = format!("aws setup {} -c {name}", self.addon);
        let again = self.cx.mk8s_aws(&words, self.connection);
        let (pointer, what, stays) = match awaited {
            Awaited::Issuer => (
                "/status/oidcProviderUrl",
                "the OIDC issuer URL".to_owned(),
                "the parts made so far stay",
            ),
            Awaited::Template => (
                "/status/addOns/awsECR/trustPolicy",
                format!("the trust policy of `{}`", self.addon),
                "the parts made so far stay",
            ),
        };
        let wait = Wait {
            name,
            pointer,
            gone: false,
            what: &what,
            stays,
            again: &again,
            limit: self.wait,
        };
        wait.run(self.cx).await.map(|_| ())
    }

    fn line(&self, name: &str, done: &Done) -> String {
        let what = match self.request.only {
            Some(part) => format!("{} of {}", part.name(), self.addon),
            None => self.addon.to_owned(),
        };
        let which = match (&done.plan.role_arn, &done.plan.target.provider_arn) {
            (_, Some(arn)) if self.request.only == Some(Part::OidcProvider) => arn.clone(),
            (Some(arn), _) => format!("role {arn}"),
            (None, _) => "same account, no role needed".to_owned(),
        };
        match (self.mode, done.changed) {
            (Mode::DryRun, true) => format!("Would set up {what} for {name}: {which}"),
            (_, false) => format!("{what} is already set up for {name}: {which}"),
            (Mode::Write, true) => format!("Set up {what} for {name}: {which}"),
        }
    }
}

/// Whether the OIDC provider waits for the trust policy: that is judged before anything is made.
fn holds(plan: &Plan, order: Order) -> bool {
    order == Order::AddonFirst && plan.awaited() == Some(Awaited::Template)
}

/// The sentence of the question about a broad trust policy.
fn broad(trust: &TrustPlan) -> Option<String> {
    (!trust.open.is_empty()).then(|| {
        let names: Vec<&str> = trust.open.iter().map(|it| it.name()).collect();
        format!(
            "The published trust policy is broad ({}): {}.",
            names.join(", "),
            trust.who
        )
    })
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
