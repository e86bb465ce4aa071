//! `mk8s aws teardown --orphans`: what deleted and recreated clusters left behind.

use super::aws::{self, AGAIN};
use super::{Context, aws_show};
use crate::addon::AddonSide;
use crate::addon::access::RegistryAccess;
use crate::aws::apply::{Applier, StepOptions};
use crate::aws::iam::Caller;
use crate::aws::needed::Needed;
use crate::aws::orphans;
use crate::aws::plan::{AwsPlan, AwsStep, StepAction};
use crate::aws::quotable;
use crate::aws::sdk::Sdk;
use crate::aws::state;
use crate::aws::target::{AwsPlacement, ClusterFacts};
use crate::cli::TeardownArgs;
use crate::cluster::Cluster;
use crate::consent::{Agreed, Consent, Mode, Permit, Question};
use crate::error::{Error, Result};
use crate::exit::Outcome;
use crate::fleet::{Reporter, TargetOutcome};
use crate::text::count;

/// `mk8s aws teardown --orphans`
pub(super) async fn orphans(cx: &Context, args: &TeardownArgs) -> Result<Outcome> {
    let org = cx.org()?;
    let mode = Mode::of(args.dry_run);
    // Whoever does not know which clusters are there knows of no orphan.
    let there = there(cx, org).await?;
    let sdk = Sdk::new(&aws::connect(cx, &args.connection).await?);
    let caller = state::caller(&sdk).await?;
    if let Some(wanted) = aws::account(args.account.as_ref())?
        && wanted != caller.account
    {
        return Err(
            Error::refused("what clusters left behind was not looked for")
                .because(format!("--account is {wanted}"))
                .because(format!(
                    "the AWS credentials belong to account {}",
                    caller.account
                ))
                .hint(format!(
                    "use credentials of account {wanted}: --aws-profile NAME"
                )),
        );
    }
    let found = orphans::look(&sdk, &caller, org).await?;
    let job = OrphansJob {
        cx,
        caller: &caller,
        mode,
        warnings: found.warnings.clone(),
        options: StepOptions {
            backup: aws::backup_folder(cx, args.no_backup)?,
            patience: aws::patience(cx)?,
            needed: Needed::default(),
        },
    };
    let steps = orphans::plan(org, &there, &found);
    let show = |steps: &Steps| job.show(steps);
    let question = |steps: &Steps| Ok(question(steps));
    let consent = mode.consent(&*cx.ui, steps, show, question).await?;
    let (done, ended) = match consent {
        Consent::Preview(steps) => (untouched(steps), None),
        Consent::Given(Agreed { plan, permit }) => {
            Box::pin(job.take_down(&sdk, &permit, plan)).await
        }
    };
    cx.if_interrupted(None);
    let changed = job.tell(&done, ended)?;
    Ok(Outcome::differing(changed && args.exit_code))
}

/// Every cluster of the org, once for each add-on with an AWS side.
async fn there(cx: &Context, org: &str) -> Result<Vec<ClusterFacts>> {
    let listed = cx.client().await?.list().await;
    let listed = listed.map_err(|error| cx.explain(&error, "list the clusters"))?;
    let names: Vec<&str> = listed.iter().map(Cluster::name).collect();
    let mut there = Vec::new();
    for cluster in cx.read_all(&names).await? {
        let cluster = cluster?;
        for side in AddonSide::all() {
            there.push(ClusterFacts::read(side, org, &cluster)?);
        }
    }
    Ok(there)
}

/// Steps, each with the cluster that its thing was made for.
type Steps = Vec<(String, AwsStep)>;

/// The same, and whether each changed anything; `None` if the run did not come to it.
type OrphansDone = Vec<(String, AwsStep, Option<bool>)>;

fn untouched(steps: Steps) -> OrphansDone {
    let steps = steps.into_iter();
    steps.map(|(cluster, step)| (cluster, step, None)).collect()
}

/// What is asked before anything is taken down.
fn question(steps: &Steps) -> Option<Question> {
    let removed = steps.iter().filter(|(_, step)| step.action.changes());
    let removed = removed.count();
    (removed > 0).then(|| {
        Question::new(
            format!("{removed} to remove or change. Take it down?"),
            "what clusters left behind was not taken down",
        )
    })
}

struct OrphansJob<'a> {
    cx: &'a Context,
    caller: &'a Caller,
    mode: Mode,
    warnings: Vec<String>,
    options: StepOptions,
}

impl OrphansJob<'_> {
    fn plan(&self, steps: Vec<AwsStep>) -> AwsPlan {
        AwsPlan {
            target: AwsPlacement {
                account: self.caller.account.clone(),
                partition: self.caller.partition.clone(),
                caller: self.caller.arn.clone(),
                access: RegistryAccess::Unknown,
                role: None,
                provider_arn: None,
            },
            steps,
            warnings: self.warnings.clone(),
            role_arn: None,
            trust: None,
            beyond: None,
        }
    }

    fn show(&self, steps: &Steps) {
        for warning in &self.warnings {
            self.cx.ui.warn(warning);
        }
        if !steps.is_empty() {
            let plan = self.plan(steps.iter().map(|(_, step)| step.clone()).collect());
            aws_show::plan(self.cx, &plan, None, self.cx.preview(self.mode));
        }
    }

    async fn take_down(
        &self,
        sdk: &Sdk,
        permit: &Permit,
        steps: Steps,
    ) -> (OrphansDone, Option<(String, Error)>) {
        let cx = self.cx;
        let mut applier = Applier::new(sdk, permit, &self.caller.arn, self.options.clone());
        let mut done = OrphansDone::new();
        let mut steps = steps.into_iter();
        while let Some((cluster, step)) = steps.next() {
            cx.if_interrupted(Some(AGAIN.to_owned()));
            let outcome = match applier.run(&step).await {
                Ok(outcome) => outcome,
                Err(error) => {
                    done.push((cluster.clone(), step, None));
                    done.extend(untouched(steps.collect()));
                    return (done, Some((cluster, error)));
                }
            };
            for warning in &outcome.warnings {
                cx.ui.warn(warning);
            }
            cx.ui.status(&aws_show::told(&step, outcome.changed));
            if let Some(backup) = &outcome.backup {
                cx.ui.status(&aws_show::kept(backup, cx.ui.reach()));
            }
            done.push((cluster, step, Some(outcome.changed)));
        }
        (done, None)
    }

    /// One item for each cluster that left something; whether there was anything to take down.
    fn tell(&self, done: &OrphansDone, mut failed: Option<(String, Error)>) -> Result<bool> {
        let cx = self.cx;
        let mut names: Vec<&str> = Vec::new();
        for (cluster, ..) in done {
            if !names.contains(&cluster.as_str()) {
                names.push(cluster);
            }
        }
        // A document tells as well that there is nothing.
        let mut teller =
            Reporter::changing(&cx.ui, "AwsPlan", self.mode).of_several(names.is_empty());
        if names.is_empty() {
            cx.ui.status(&format!(
                "Nothing is left over in account {} of clusters of the org {}",
                self.caller.account,
                cx.org()?
            ));
        }
        let addon = AddonSide::registry().name();
        for name in names {
            let own = done.iter().filter(|(cluster, ..)| cluster == name);
            let is_whole = own.clone().all(|(.., did)| did.is_some());
            let steps: Vec<(AwsStep, bool)> = own
                .map(|(_, step, did)| (step.clone(), did.unwrap_or_default()))
                .collect();
            let plan = self.plan(steps.iter().map(|(step, _)| step.clone()).collect());
            let body = aws::plan_json(&plan, &steps, None);
            if self.mode == Mode::Write && !is_whole {
                let own = failed.take_if(|(cluster, _)| cluster == name);
                let error = own.map_or_else(
                    || {
                        Error::failure(format!(
                            "what {} left behind was not taken down",
                            quotable(name)
                        ))
                        .because("the run ended before it")
                    },
                    |(_, error)| error,
                );
                let item = aws::item(&cx.cluster(name), addon, body, Some(&cx.wire(&error)));
                teller.add(if steps.iter().any(|(_, did)| *did) {
                    TargetOutcome::HalfDone(item, error)
                } else {
                    TargetOutcome::Failed(item, error)
                });
                continue;
            }
            let report = aws::ClusterReport {
                changed: !plan.is_empty(),
                lines: vec![self.line(name, &plan)],
                body,
            };
            teller.add(aws::came(cx, addon, name, Ok(report)));
        }
        teller.finish()
    }

    fn line(&self, name: &str, plan: &AwsPlan) -> String {
        let steps = plan.steps.iter();
        let kept: Vec<&str> = steps
            .clone()
            .filter(|step| step.action == StepAction::Keep)
            .map(|step| aws_show::short(&step.resource))
            .collect();
        let kept = if kept.is_empty() {
            String::new()
        } else {
            format!("; kept: {}", kept.join(", "))
        };
        let things = count(steps.filter(|step| step.action.changes()).count(), "step");
        match (self.mode, plan.is_empty()) {
            (_, true) => format!("nothing that {name} left behind is to be taken down{kept}"),
            (Mode::DryRun, false) => {
                format!("Would take down what {name} left behind ({things}){kept}")
            }
            (Mode::Write, false) => format!("Took down what {name} left behind ({things}){kept}"),
        }
    }
}
