//! `mk8s aws teardown`: only what mk8s made, AWS first and the cluster last.

use super::aws::{self, AGAIN, ClusterStep};
use super::{Context, live};
use crate::aws::apply::{Applier, Options};
use crate::aws::iam::Caller;
use crate::aws::needed::Needed;
use crate::aws::plan::{Action, Plan, Step, Work};
use crate::aws::sdk::Sdk;
use crate::aws::state;
use crate::aws::target::{ClusterFacts, Request};
use crate::aws::teardown::{
    AddonExtent, Extent, ProviderExtent, check_named, complete, look_for, teardown_plan,
};
use crate::cli::{AwsConnection, TeardownArgs};
use crate::consent::{Agreed, Consent, Mode, Question};
use crate::error::Result;
use crate::exit::Outcome;
use serde_json::Value;
use std::path::PathBuf;

/// `mk8s aws teardown`
pub(super) async fn teardown(cx: &Context, args: &TeardownArgs) -> Result<Outcome> {
    let addon = aws::addon(&args.target.addon)?;
    let names = aws::clusters(cx, &args.target, true)?;
    let job = Job {
        cx,
        addon: addon.name,
        request: Request {
            account: aws::account(args.account.as_ref())?,
            role_name: args.role_name.clone(),
            ..Request::default()
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
        connection: &args.connection,
        mode: Mode::of(args.dry_run),
        several: names.len() > 1,
    };
    if job.request.role_name.is_some() {
        for name in &names {
            // A cluster that cannot be read is told in its turn.
            if let Ok(cluster) = cx.read(name).await
                && let Ok(facts) = ClusterFacts::read(cx.org()?, &cluster)
            {
                check_named(&facts, &job.request)?;
            }
        }
    }
    let sdk = Sdk::new(&aws::connect(cx, &args.connection).await?);
    let caller = state::caller(&sdk).await?;
    let mut results = Vec::new();
    for name in names {
        let told = Box::pin(job.one(&sdk, &caller, &name)).await;
        results.push((name, told));
    }
    let changed = aws::report(cx, "AwsPlan", Some(job.mode), addon.name, results)?;
    Ok(if args.exit_code && changed {
        Outcome::Differences
    } else {
        Outcome::Ok
    })
}

/// One teardown on however many clusters.
struct Job<'a> {
    cx: &'a Context,
    addon: &'static str,
    request: Request,
    extent: Extent,
    backup: Option<PathBuf>,
    mode: Mode,
    /// How AWS is reached, for commands that are printed.
    connection: &'a AwsConnection,
    /// Whether there is more than one cluster.
    several: bool,
}

impl Job<'_> {
    async fn one(&self, sdk: &Sdk, caller: &Caller, name: &str) -> Result<aws::Told> {
        let cx = self.cx;
        let mut scene = aws::look(
            cx,
            sdk,
            caller,
            name,
            &self.request,
            |_| look_for(self.extent),
            "was not taken down",
        )
        .await?;
        check_named(&scene.facts, &self.request)?;
        if let Some(target) = complete(&scene.facts, &scene.target, &scene.state) {
            scene.state = state::look(sdk, &scene.facts, &target, &look_for(self.extent)).await?;
            scene.target = target;
        }
        let plan = teardown_plan(&scene.facts, &scene.target, &scene.state, self.extent)?;
        for warning in &plan.warnings {
            cx.ui.warn(warning);
        }
        let stream = cx.preview(self.mode);
        let show = |plan: &Plan| aws::show(cx, plan, self.several.then_some(name), stream);
        let question = |plan: &Plan| Ok(self.question(name, plan));
        let consent = self.mode.consent(&*cx.ui, plan, show, question).await?;
        let Agreed { plan, permit } = match consent {
            Consent::Given(agreed) if !agreed.plan.is_empty() => agreed,
            Consent::Given(Agreed { plan, .. }) | Consent::Preview(plan) => {
                let steps: Vec<(Step, bool)> = plan
                    .steps
                    .iter()
                    .map(|step| (step.clone(), false))
                    .collect();
                return Ok(self.told(name, &plan, &steps, None));
            }
        };
        let mut applier = Applier::new(
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
        let mut steps = Vec::new();
        let mut previous_trust = None;
        for step in &plan.steps {
            cx.if_interrupted(Some(AGAIN.to_owned()));
            let changed = match &step.work {
                Work::Nothing => {
                    if step.action == Action::Keep {
                        cx.ui.status(&aws::told(step, false));
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
                    let settled = live::settle(cx, &permit, &planner, Some(cluster)).await?;
                    let changed = settled.written.is_some();
                    cx.ui.status(&aws::told(step, changed));
                    if let Some(failed) = settled.verdict.failed {
                        return Err(failed);
                    }
                    changed
                }
                _ => {
                    let outcome = applier.run(step).await?;
                    for warning in &outcome.warnings {
                        cx.ui.warn(warning);
                    }
                    cx.ui.status(&aws::told(step, outcome.changed));
                    if let Some(backup) = &outcome.backup {
                        cx.ui.status(&aws::kept(backup));
                    }
                    previous_trust = outcome.previous_trust.or(previous_trust);
                    outcome.changed
                }
            };
            steps.push((step.clone(), changed));
        }
        cx.if_interrupted(None);
        Ok(self.told(name, &plan, &steps, previous_trust.as_ref()))
    }

    /// What is asked before a plan that does anything.
    fn question(&self, name: &str, plan: &Plan) -> Option<Question> {
        let steps = plan.steps.iter();
        let removed = steps.filter(|step| step.action.changes()).count();
        (!plan.is_empty()).then(|| {
            Question::new(
                format!("{removed} to remove or change. Take it down?"),
                format!("{} was not taken down for `{name}`", self.addon),
            )
        })
    }

    fn told(
        &self,
        name: &str,
        plan: &Plan,
        steps: &[(Step, bool)],
        previous: Option<&Value>,
    ) -> aws::Told {
        let mut kept: Vec<&str> = Vec::new();
        for step in plan.steps.iter().filter(|step| step.action == Action::Keep) {
            let resource = aws::short(&step.resource);
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
                self.addon
            ),
            (Mode::DryRun, false) => format!("Would take down {} for {name}{kept}", self.addon),
            (Mode::Write, false) => format!("Took down {} for {name}{kept}", self.addon),
        };
        aws::Told {
            changed: !plan.is_empty(),
            lines: vec![line],
            body: aws::plan_json(plan, steps, previous),
        }
    }
}
