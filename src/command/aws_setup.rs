//! `mk8s aws setup`, and `mk8s addon enable … --create-role`: plan, confirm, do, verify.

use super::aws::{self, AwsScene, IssuerAuthorities};
use super::aws_carry_out::AwsResult;
use super::aws_fleet::{self, ClusterBefore};
use super::aws_request::{asked, request};
use super::journal::ResumedRun;
use super::{Context, aws_cache, aws_emit, aws_repository, aws_show, choose};
use crate::addon::AddonSide;
use crate::aws::foreseen::name_sharers;
use crate::aws::iam::Caller;
use crate::aws::inspect::CacheRule;
use crate::aws::plan::{AwsPlan, TrustPlan};
use crate::aws::sdk::Sdk;
use crate::aws::setup::{SetupOrder, is_too_long, look_for, not_accepted, setup_plan};
use crate::aws::state;
use crate::aws::target::{AwsPart, SetupRequest};
use crate::cli::{AwsTarget, EnableArgs, MakeArgs, SetupArgs};
use crate::cluster::Cluster;
use crate::consent::{Agreed, Consent, Mode, Question};
use crate::error::{Error, Result};
use crate::exit::Outcome;
use crate::fleet::{Closing, Reporter, TargetOutcome};
use crate::invocation::Invocation;
use crate::journal;
use serde_json::Value;
use std::cell::OnceCell;
use std::path::PathBuf;
use std::time::Duration;

/// How long a cluster may take to publish what the next step needs.
const WAIT: Duration = Duration::from_mins(5);

/// `mk8s aws setup`
pub(super) async fn setup(cx: &Context, args: &SetupArgs) -> Result<Outcome> {
    let image = args.make.image.as_deref();
    if let Some(form) = args.emit {
        return Box::pin(aws_emit::emit(cx, args, form)).await;
    }
    if let Some(image) = image.filter(|_| args.repository_policy || args.apply_repository_policy) {
        return aws_repository::run(cx, args, image).await;
    }
    if args.file.is_some() {
        return Err(Error::usage("-f is for --emit and --repository-policy")
            .because("AWS is set up for live clusters")
            .hint("name a live cluster with -c NAME"));
    }
    cx.keeps_history(args.history);
    let side = aws::side(&args.target.addon)?;
    let resumed = ResumedRun::by_word(cx, args.keep.resume.as_ref())?;
    let is_open = choose::choice(&args.target.cluster, &args.target.choice)?.is_open();
    let chosen = match aws_fleet::names_of(resumed.as_ref(), is_open) {
        Some(names) => choose::ChosenClusters::of_a_run(names),
        None => aws::clusters(cx, &args.target, true).await?,
    };
    if let Some(file) = &args.keep.journal {
        journal::can_begin(file)?;
    }
    let job = SetupJob {
        cx,
        side,
        request: asked(cx, side, args)?,
        backup: aws::backup_folder(cx, args.make.no_backup)?,
        mode: Mode::of(args.dry_run),
        several: chosen.are_several,
        wait: args.wait.unwrap_or(WAIT),
        issuers: IssuerAuthorities::new(cx),
        cache: OnceCell::new(),
        keeps_journal: true,
        journal: args.keep.journal.clone(),
        resumed,
    };
    Box::pin(job.run(&chosen.names, &args.make, args.exit_code)).await
}

/// `mk8s addon enable ADDON --create-role`: the same.
pub(super) async fn with_role(cx: &Context, args: &EnableArgs) -> Result<Outcome> {
    cx.keeps_history(args.flags.change.history);
    let side = aws::side(&args.addon)?;
    let target = AwsTarget {
        addon: args.addon.clone(),
        cluster: args.flags.target.cluster.clone(),
        choice: args.flags.target.choice.clone(),
    };
    let rollout = args.flags.change.rollout.first();
    if let Some(flag) = args.flags.ways.first().or(rollout) {
        return Err(Error::usage(format!(
            "{flag} was given together with --create-role"
        )));
    }
    let chosen = aws::clusters(cx, &target, true).await?;
    let mut role = None;
    let mut command = Invocation::mk8s("addon enable")
        .word(side.name())
        .plain("--create-role")
        .plain_if(args.flags.with_prerequisites, "--with-prerequisites");
    for given in &args.given {
        match (given.flag.as_str(), &given.value) {
            ("role-arn", Some(arn)) => {
                command = command.flag("--role-arn", arn);
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
                    side.name()
                )));
            }
        }
    }
    let job = SetupJob {
        cx,
        side,
        request: SetupRequest {
            command: Some(command),
            wait: args.flags.change.wait,
            ..request(cx, side, &args.flags.make, role)?
        },
        backup: aws::backup_folder(cx, args.flags.make.no_backup)?,
        mode: Mode::of(args.flags.change.dry_run),
        several: chosen.are_several,
        wait: args.flags.change.wait.unwrap_or(WAIT),
        issuers: IssuerAuthorities::new(cx),
        cache: OnceCell::new(),
        // It has no flag by which a run is taken up again.
        keeps_journal: false,
        journal: None,
        resumed: None,
    };
    Box::pin(job.run(&chosen.names, &args.flags.make, args.flags.change.exit_code)).await
}

/// One setup on however many clusters.
pub(super) struct SetupJob<'a> {
    pub(super) cx: &'a Context,
    pub(super) side: AddonSide,
    pub(super) request: SetupRequest,
    pub(super) backup: Option<PathBuf>,
    pub(super) mode: Mode,
    /// Whether there is more than one cluster.
    pub(super) several: bool,
    pub(super) wait: Duration,
    issuers: IssuerAuthorities<'a>,
    /// The rule of a pull-through cache for the image, once it was asked for.
    cache: OnceCell<Option<CacheRule>>,
    /// Whether a run on several clusters is kept.
    pub(super) keeps_journal: bool,
    /// The file in which it is kept.
    pub(super) journal: Option<PathBuf>,
    /// The run that is taken up again.
    pub(super) resumed: Option<ResumedRun>,
}

/// A cluster as it was seen, and what is to be done; or why that is not known.
pub(super) struct PlannedSetup {
    pub(super) name: String,
    pub(super) first: Result<(AwsScene, AwsPlan)>,
    /// Why it is not even asked about.
    pub(super) refusal: Option<Error>,
    /// Whether it was planned on what plans before it make of the role: they may fail.
    pub(super) builds_on_others: bool,
    /// Whether a run that is taken up again leaves it alone.
    pub(super) is_skipped: bool,
    /// The cluster as it was.
    pub(super) before: ClusterBefore,
}

impl PlannedSetup {
    /// One that is yet to be looked at.
    pub(super) fn of(name: String) -> Self {
        Self {
            name,
            first: Err(Error::failure("it was not looked at")),
            refusal: None,
            builds_on_others: false,
            is_skipped: false,
            before: ClusterBefore::default(),
        }
    }

    /// The cluster's name and what was planned for it.
    fn plan(&mut self) -> Option<(&str, &mut AwsPlan)> {
        let (_, plan) = self.first.as_mut().ok()?;
        Some((&self.name, plan))
    }

    /// What may be carried out, if it is anything.
    pub(super) fn to_do(&self) -> Option<&AwsPlan> {
        let (_, plan) = self.first.as_ref().ok()?;
        (self.refusal.is_none() && !plan.is_empty()).then_some(plan)
    }
}

impl SetupJob<'_> {
    /// All are looked at and planned, then shown and confirmed together, then carried out.
    async fn run(&self, names: &[String], make: &MakeArgs, exit_code: bool) -> Result<Outcome> {
        let session = aws::connect(self.cx, &make.connection).await?;
        let sdk = Sdk::new(&session);
        let caller = state::caller(&sdk).await?;
        if let Some(resumed) = &self.resumed {
            resumed.check(self.cx, &self.fingerprint(&caller), names)?;
        }
        let _ = self
            .cache
            .set(aws_cache::rule(&session, &self.request).await);
        let mut planned = Box::pin(self.plan_all(&sdk, &caller, names)).await?;
        let plans = planned.iter_mut().filter_map(PlannedSetup::plan);
        let shared = name_sharers(&mut plans.collect::<Vec<_>>(), self.request.is_shared);
        let show = |planned: &Vec<PlannedSetup>| self.show(planned, &shared);
        let question = |planned: &Vec<PlannedSetup>| Ok(self.question(planned));
        let consent = self.mode.consent(&*self.cx.ui, planned, show, question);
        let mut teller =
            Reporter::changing(&self.cx.ui, "AwsPlan", self.mode).of_several(self.several);
        match consent.await? {
            Consent::Preview(planned) => {
                for PlannedSetup { name, first, .. } in planned {
                    teller.add(match first {
                        Ok((_, plan)) => self.came(&name, &AwsResult::nothing(plan)),
                        Err(error) => aws::came(self.cx, self.side.name(), &name, Err(error)),
                    });
                }
            }
            Consent::Given(Agreed { plan, permit }) => {
                let work = self.carry_out(&sdk, &caller, &permit, plan, &mut teller);
                Box::pin(work).await?;
            }
        }
        let closing = Closing {
            next: self.next(&teller.changed()),
            ..Closing::default()
        };
        Ok(Outcome::differing(teller.close(closing)? && exit_code))
    }

    /// What comes next for clusters that were set up: whether a pull works, and something that pulls.
    fn next(&self, clusters: &[String]) -> Vec<Invocation> {
        if self.mode.is_dry_run() || self.request.only.is_some() || clusters.is_empty() {
            return Vec::new();
        }
        let several = clusters.len() > 1;
        let check = Invocation::mk8s("check");
        let check = clusters
            .iter()
            .fold(check, |check, name| check.cluster(name));
        let workload = Invocation::mk8s("aws workload");
        let (check, workload) = match &self.request.image {
            Some(image) => (
                check.flag("--image", image.to_string()),
                workload.flag("--image", image.to_string()),
            ),
            None => (
                check.flag_hole("--image", "IMAGE"),
                workload.flag_hole("--image", "IMAGE"),
            ),
        };
        if several {
            vec![check]
        } else {
            vec![check, workload]
        }
    }

    pub(super) async fn first(
        &self,
        sdk: &Sdk,
        caller: &Caller,
        cluster: &Cluster,
    ) -> Result<(AwsScene, AwsPlan)> {
        let mut scene = self.scene(sdk, caller, cluster).await?;
        let order = SetupOrder::default();
        let plan = self.plan(sdk, &mut scene, order, &self.request).await?;
        Ok((scene, plan))
    }

    /// Looks at a cluster and at what IAM has for it.
    pub(super) async fn scene(
        &self,
        sdk: &Sdk,
        caller: &Caller,
        cluster: &Cluster,
    ) -> Result<AwsScene> {
        let ask = |target: &_| look_for(&self.request, target);
        let what = "was not set up";
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
        if self.request.makes_provider() {
            self.issuers.complete(&mut scene.facts).await;
        }
        Ok(scene)
    }

    pub(super) async fn plan(
        &self,
        sdk: &Sdk,
        scene: &mut AwsScene,
        order: SetupOrder,
        request: &SetupRequest,
    ) -> Result<AwsPlan> {
        let plan =
            |AwsScene {
                 facts,
                 target,
                 state,
             }: &AwsScene| { setup_plan(facts, request, target, state, order) };
        let mut made = plan(scene);
        if made.is_err() && is_too_long(&scene.facts, request, &scene.target, &scene.state) {
            state::look_for_stale(sdk, &mut scene.state).await;
            made = plan(scene);
        }
        let rule = self.cache.get().and_then(Option::as_ref);
        let warning = rule.and_then(|rule| aws_cache::warning(rule, scene, request));
        made.map(|mut plan| {
            plan.warnings.extend(warning);
            plan
        })
    }

    fn show(&self, planned: &[PlannedSetup], shared: &[String]) {
        let cx = self.cx;
        for PlannedSetup { name, first, .. } in planned {
            if let Ok((_, plan)) = first {
                for warning in &plan.warnings {
                    cx.ui.warn(warning);
                }
                let cluster = self.several.then_some(name.as_str());
                aws_show::plan(cx, plan, cluster, cx.preview(self.mode));
            }
        }
        for line in shared {
            cx.ui.plan(line, &[], cx.preview(self.mode));
        }
    }

    /// What is asked before plans that do anything.
    fn question(&self, planned: &[PlannedSetup]) -> Option<Question> {
        let to_do: Vec<(&str, &AwsPlan)> = planned
            .iter()
            .filter_map(|one| Some((one.name.as_str(), one.to_do()?)))
            .collect();
        if to_do.is_empty() {
            return None;
        }
        let (mut create, mut change, mut right) = (0, 0, 0);
        let mut words = Vec::new();
        for (name, plan) in &to_do {
            let counts = plan.counts();
            (create, change, right) = (create + counts.0, change + counts.1, right + counts.2);
            let cluster = self.several.then_some(*name);
            words.extend(plan.trust.as_ref().and_then(|it| broad(it, cluster)));
            words.extend(plan.beyond.clone());
        }
        let what = match create {
            0 => "Change them",
            _ => "Create them",
        };
        let counts = format!("{create} to create, {change} to change, {right} already right.");
        let names: Vec<&str> = to_do.iter().map(|(name, _)| *name).collect();
        let place = match names.as_slice() {
            [_] => String::new(),
            _ => format!(" for {} clusters ({})", names.len(), names.join(", ")),
        };
        let text = if words.is_empty() {
            format!("{counts} {what}{place}?")
        } else {
            format!("{counts} {} {what}{place} all the same?", words.join(" "))
        };
        Some(Question::new(text, self.refusal(&names)))
    }

    pub(super) fn refusal(&self, names: &[&str]) -> String {
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        format!(
            "{} was not set up for {}",
            self.side.name(),
            names.join(", ")
        )
    }

    /// What is told of a cluster.
    pub(super) fn came(&self, name: &str, done: &AwsResult) -> TargetOutcome<Value> {
        let report = aws::ClusterReport {
            changed: done.changed,
            lines: vec![self.line(name, done)],
            body: aws::plan_json(&done.plan, &done.steps, done.previous_trust.as_ref()),
        };
        aws::came(self.cx, self.side.name(), name, Ok(report))
    }

    /// Refuses where a broad trust policy would have to be asked about and nobody can be asked:
    /// `--yes` never goes past it.
    pub(super) fn may_be_asked(
        &self,
        scene: &AwsScene,
        trust: &TrustPlan,
        request: &SetupRequest,
    ) -> Result<()> {
        let ui = &self.cx.ui;
        if trust.open.is_empty() || (ui.is_interactive() && !ui.says_yes()) {
            return Ok(());
        }
        Err(not_accepted(&scene.facts, request, &trust.judgement, true))
    }

    fn line(&self, name: &str, done: &AwsResult) -> String {
        let what = match self.request.only {
            Some(part) => format!("{} of {}", part.name(), self.side.name()),
            None => self.side.name().to_owned(),
        };
        let which = match (&done.plan.role_arn, &done.plan.target.provider_arn) {
            (_, Some(arn)) if self.request.only == Some(AwsPart::OidcProvider) => arn.clone(),
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

/// The sentence of the question about a broad trust policy; of several clusters it names the one.
pub(super) fn broad(trust: &TrustPlan, cluster: Option<&str>) -> Option<String> {
    let whose = cluster.map_or_else(String::new, |name| format!(" of {name}"));
    (!trust.open.is_empty()).then(|| {
        let names: Vec<&str> = trust.open.iter().map(|it| it.name()).collect();
        format!(
            "The published trust policy{whose} is broad ({}): {}.",
            names.join(", "),
            trust.who
        )
    })
}
