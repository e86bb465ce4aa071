//! `mk8s aws repository-policy`, and the flags of `aws setup` of that name: the statement that a
//! repository of another account needs, shown or put into its policy.

use super::aws_request::{self, AwsSubject, subjects};
use super::{Context, aws, aws_show};
use crate::addon::AddonSide;
use crate::arn::RoleArn;
use crate::aws::backup;
use crate::aws::ecr::{self, Current, EcrSdk, Writing};
use crate::aws::emit;
use crate::aws::iam::Caller;
use crate::aws::image::PrivateImage;
use crate::aws::plan::{AwsPlan, AwsStep, StepAction};
use crate::aws::policy::PullRequest;
use crate::aws::repository::{self, Admission, Repository};
use crate::aws::sdk::Sdk;
use crate::aws::state;
use crate::aws::target::{AwsPart, AwsPlacement, ClusterFacts, SetupRequest};
use crate::aws::trust;
use crate::aws::workload::{image_warnings, private_image};
use crate::cli::SetupArgs;
use crate::consent::{Agreed, Consent, Mode, Permit, Question};
use crate::error::{Error, Result};
use crate::exit::Outcome;
use crate::fleet::{Reporter, TargetOutcome, TargetResult};
use crate::invocation::{CommandFlags, Invocation};
use crate::text::quotable;
use crate::ui::{self, wire};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::Duration;

/// How long ECR may take to know a role that was just made.
const PATIENCE: Duration = Duration::from_secs(30);

/// Whether a statement is needed.
enum Need {
    /// None, for this reason.
    Nothing(String),
    /// One for the role.
    Statement(RoleArn),
}

/// `mk8s aws repository-policy`
pub(super) async fn run(cx: &Context, args: &SetupArgs, image: &str) -> Result<Outcome> {
    let side = aws::side(&args.target.addon)?;
    let image = private_image(image)?;
    for warning in image_warnings(&image) {
        cx.ui.warn(&warning);
    }
    let subjects = subjects(cx, side, args).await?;
    let mut job = RepositoryJob {
        cx,
        side,
        request: aws_request::asked(cx, side, args)?,
        repository: Repository::of(&image),
        several: subjects.len() > 1,
        backup: None,
        named: aws_request::file(args)
            .flag_if("--account", args.make.account.clone())
            .flag_if("--role-arn", args.role_arn.clone())
            .flag_if(
                "--role-name",
                args.make
                    .role_name
                    .clone()
                    .or(args.make.shared_role.clone()),
            ),
        image,
        connection: None,
        mode: if args.apply_repository_policy {
            Mode::of(args.dry_run)
        } else {
            Mode::DryRun
        },
    };
    if args.apply_repository_policy {
        job.backup = aws::repository_backups(cx, args.make.no_backup)?;
        let session = aws::connect(cx, &args.make.connection).await?;
        let caller = state::caller(&Sdk::new(&session)).await?;
        job.connection = Some((caller, EcrSdk::new(&session, &job.image.region)));
    }
    let changed = job.run(&subjects).await?;
    Ok(Outcome::differing(changed && args.exit_code))
}

/// What is to be done for one cluster, and what it is told as.
struct PlannedRepository {
    target: wire::TargetRef,
    first: Result<(ClusterFacts, AwsPlan, RepositoryIntent)>,
}

/// What is to be done with the repository for one cluster.
enum RepositoryIntent {
    /// Nothing is needed, for this reason.
    Nothing(String),
    /// The statement is shown to whoever may put it there.
    Show(RoleArn),
    /// It is put into the policy, which was looked at.
    Admit(RoleArn, Current),
}

/// What has to be done with a policy, and what is to be said of it.
struct JudgedPolicy {
    step: AwsStep,
    warnings: Vec<String>,
}

struct RepositoryJob<'a> {
    cx: &'a Context,
    side: AddonSide,
    request: SetupRequest,
    image: PrivateImage,
    repository: Repository,
    /// Caller and client; only where the policy is looked at.
    connection: Option<(Caller, EcrSdk)>,
    mode: Mode,
    /// Whether there is more than one cluster.
    several: bool,
    /// Where a copy of what is replaced goes.
    backup: Option<PathBuf>,
    /// The flags that name the cluster's file and its role, as they were given.
    named: CommandFlags,
}

impl RepositoryJob<'_> {
    fn not_done(&self) -> String {
        format!(
            "the policy of the repository {} was not changed",
            self.repository
        )
    }

    /// Whether the repository has to admit a role, and which.
    fn need(&self, facts: &ClusterFacts) -> Result<(AwsPlacement, Need)> {
        let target = emit::aim(
            facts,
            &self.request,
            Some(self.image.partition),
            "was not set up",
        )?;
        let name = quotable(&facts.name);
        let Some(role) = target.role.clone() else {
            return if target.account == self.image.account {
                let why = format!("{name} pulls from the account it runs in");
                Ok((target, Need::Nothing(why)))
            } else {
                Err(Error::refused(self.not_done())
                    .because(format!(
                        "`{name}` pulls without a role, so there is none to admit"
                    ))
                    .hint("name the role that it is to have: --role-name NAME"))
            };
        };
        if role.partition() != self.image.partition {
            return Err(Error::refused(self.not_done()).because(format!(
                "the role {role} is in the partition {}, the image in {}: one cannot reach the other",
                role.partition(),
                self.image.partition
            )));
        }
        if role.account() == &self.image.account {
            let why = format!("the role {role} belongs to the account of the repository");
            return Ok((target, Need::Nothing(why)));
        }
        Ok((target, Need::Statement(role)))
    }

    /// All are planned, then shown and confirmed together, then done one after another: it is one
    /// policy.
    async fn run(&self, subjects: &[AwsSubject]) -> Result<bool> {
        let cx = self.cx;
        let mut planned = Vec::new();
        let facts = aws_request::facts_of(cx, self.side, subjects).await?;
        for (subject, facts) in subjects.iter().zip(facts) {
            let first = match facts {
                Ok(facts) => self.first(facts).await,
                Err(error) => Err(error),
            };
            let target = subject.target(cx);
            planned.push(PlannedRepository { target, first });
        }
        let show = |planned: &Vec<PlannedRepository>| self.show(planned);
        let question = |planned: &Vec<PlannedRepository>| Ok(self.question(planned));
        let consent = self.mode.consent(&*cx.ui, planned, show, question);
        let (planned, permit) = match consent.await? {
            Consent::Preview(planned) => (planned, None),
            Consent::Given(Agreed { plan, permit }) => (plan, Some(permit)),
        };
        let mut teller = Reporter::changing(&cx.ui, "AwsPlan", self.mode);
        let mut is_touched = false;
        for PlannedRepository { target, first } in planned {
            let came = match first {
                Ok((facts, plan, intent)) => {
                    let work = self.carry_out(permit.as_ref(), &target, plan, intent, is_touched);
                    work.await.map(|(line, item, changed)| {
                        is_touched |= changed;
                        TargetResult {
                            items: vec![item],
                            names: vec![facts.name],
                            lines: line.into_iter().collect(),
                            changed,
                            next: None,
                            failed: None,
                        }
                    })
                }
                Err(error) => Err(error),
            };
            teller.add(match came {
                Ok(told) => TargetOutcome::Done(told),
                Err(error) => {
                    let item = aws::item(
                        &target,
                        self.side.name(),
                        json!({}),
                        Some(&self.cx.wire(&error)),
                    );
                    TargetOutcome::Failed(item, error)
                }
            });
        }
        teller.finish()
    }

    async fn first(
        &self,
        facts: ClusterFacts,
    ) -> Result<(ClusterFacts, AwsPlan, RepositoryIntent)> {
        let (target, need) = self.need(&facts)?;
        let role = match need {
            Need::Statement(role) => role,
            Need::Nothing(why) => {
                let (part, resource) = (AwsPart::RepositoryPolicy, &self.repository.arn);
                let step = AwsStep::shown(part, StepAction::None, resource, why.clone());
                let plan = self.plan(target, step, None);
                return Ok((facts, plan, RepositoryIntent::Nothing(why)));
            }
        };
        let Some((caller, ecr)) = &self.connection else {
            let step = AwsStep::shown(
                AwsPart::RepositoryPolicy,
                StepAction::Update,
                &self.repository.arn,
                format!("statement {} for {role}", repository::sid(&role)),
            );
            let plan = self.plan(target, step, None);
            return Ok((facts, plan, RepositoryIntent::Show(role)));
        };
        let what = self.not_done();
        if caller.account != self.image.account {
            return Err(Error::refused(what)
                .because(format!(
                    "it belongs to account {}, the AWS credentials to account {} ({})",
                    self.image.account,
                    caller.account,
                    quotable(&caller.arn)
                ))
                .hint(format!(
                    "use credentials of account {}: --aws-profile NAME",
                    self.image.account
                ))
                .hint(format!(
                    "or hand the statement over: mk8s aws repository-policy {} -c NAME --image IMAGE prints it",
                    self.side.name()
                )));
        }
        let current = ecr::read(ecr, &self.repository, Some(&caller.arn), &what).await?;
        let judged = self.step(&current, &role)?;
        let mut plan = self.plan(target, judged.step, Some(caller));
        for warning in &judged.warnings {
            self.cx.ui.warn(warning);
        }
        plan.warnings.extend(judged.warnings);
        Ok((facts, plan, RepositoryIntent::Admit(role, current)))
    }

    fn show(&self, planned: &[PlannedRepository]) {
        let cx = self.cx;
        for (facts, plan, intent) in planned.iter().filter_map(|it| it.first.as_ref().ok()) {
            match intent {
                RepositoryIntent::Nothing(_) => {}
                RepositoryIntent::Show(role) => self.show_statement(facts, role),
                RepositoryIntent::Admit(..) => {
                    let cluster = self.several.then_some(facts.name.as_str());
                    aws_show::plan(cx, plan, cluster, cx.preview(self.mode));
                }
            }
        }
    }

    /// Without looking at the repository.
    fn show_statement(&self, facts: &ClusterFacts, role: &RoleArn) {
        if self.cx.ui.is_text() {
            let wanted = repository::wanted(role);
            self.cx.ui.raw(&format!("{}\n", ui::json(&wanted)));
        }
        self.cx.ui.status(&format!(
            "The policy of the repository {} has to admit the role {role} of another account; with credentials of account {} it does by the command below",
            self.repository, self.image.account
        ));
        self.cx.ui.next(
            &Invocation::mk8s("aws repository-policy")
                .word(self.side.name())
                .cluster(&facts.name)
                .flag("--image", self.image.to_string())
                .plain("--apply")
                .with(&self.named),
        );
    }

    /// What is asked before a policy that changes.
    fn question(&self, planned: &[PlannedRepository]) -> Option<Question> {
        let is_change = |it: &PlannedRepository| {
            let first = it.first.as_ref().ok();
            first.is_some_and(|(_, plan, intent)| {
                matches!(intent, RepositoryIntent::Admit(..)) && to_do(plan)
            })
        };
        let text = format!("Change the policy of {}?", self.repository);
        let changes = planned.iter().any(is_change);
        changes.then(|| Question::new(text, self.not_done()))
    }

    /// Does what is to be done for one cluster; gives the line, the item, and whether anything changes.
    async fn carry_out(
        &self,
        permit: Option<&Permit>,
        target: &wire::TargetRef,
        mut plan: AwsPlan,
        intent: RepositoryIntent,
        is_touched: bool,
    ) -> Result<(Option<String>, Value, bool)> {
        let repository = &self.repository;
        let (role, mut current) = match intent {
            RepositoryIntent::Nothing(why) => {
                let line = format!("The repository {repository} needs no statement: {why}");
                return Ok((Some(line), self.item(target, &plan, false, None), false));
            }
            RepositoryIntent::Show(role) => {
                let wanted = repository::wanted(&role);
                return Ok((None, self.item(target, &plan, false, Some(&wanted)), true));
            }
            RepositoryIntent::Admit(role, current) => (role, current),
        };
        if let (Some(_), true, Some((caller, ecr))) = (permit, is_touched, &self.connection) {
            // The policy has a statement more since it was planned.
            let what = self.not_done();
            current = ecr::read(ecr, repository, Some(&caller.arn), &what).await?;
            plan.steps = vec![self.step(&current, &role)?.step];
        }
        let wanted = repository::with_statement(&current.document, &role);
        let to_do = to_do(&plan);
        // What only may deny it is not taken for nothing.
        let guard = match repository::admits(&wanted, repository, &self.pull(&role)) {
            Admission::Denied { .. } => ", unless its policy denies it",
            _ => "",
        };
        let line = match (permit, to_do) {
            (_, false) => format!("The repository {repository} lets {role} pull already{guard}"),
            (None, true) => format!("Would let {role} pull from {repository}"),
            (Some(_), true) => format!("{repository} now lets {role} pull{guard}"),
        };
        let Some(permit) = permit.filter(|_| to_do) else {
            let item = self.item(target, &plan, false, Some(&wanted));
            return Ok((Some(line), item, to_do));
        };
        self.admit(permit, &role, &current).await?;
        let mut item = self.item(target, &plan, true, Some(&wanted));
        if let (Some(item), Some(_)) = (item.as_object_mut(), &current.text) {
            let before = current.document.clone();
            item.insert("previousRepositoryPolicy".to_owned(), before);
        }
        Ok((Some(line), item, true))
    }

    async fn admit(&self, permit: &Permit, role: &RoleArn, current: &Current) -> Result<()> {
        let what = self.not_done();
        let Some((caller, ecr)) = &self.connection else {
            return Err(Error::failure(what).because("AWS was not reached"));
        };
        let writing = Writing {
            repository: &self.repository,
            role,
            caller: &caller.arn,
            what: &what,
            patience: PATIENCE,
        };
        let keep = |text: &str| {
            if let Some(folder) = &self.backup {
                let copy = backup::save_repository(folder, &self.repository, text)?;
                let reach = self.cx.ui.reach();
                self.cx.ui.status(&aws_show::kept(&copy, reach));
            }
            Ok(())
        };
        ecr::admit(ecr, current, writing, keep, permit).await
    }

    /// What has to be done with the policy as it stands.
    fn step(&self, current: &Current, role: &RoleArn) -> Result<JudgedPolicy> {
        let pull = self.pull(role);
        let admission = repository::admits(&current.document, &self.repository, &pull);
        let mut warnings: Vec<String> = Vec::new();
        if let Some(finding) = repository::open_to_all(&current.document, &self.repository) {
            warnings.push(format!(
                "the policy of {} is broad: {finding}",
                self.repository
            ));
        }
        let judged = |action, detail: String, warnings| JudgedPolicy {
            step: AwsStep::shown(
                AwsPart::RepositoryPolicy,
                action,
                &self.repository.arn,
                detail,
            ),
            warnings,
        };
        let guarded = match &admission {
            Admission::Allowed { .. } => {
                return Ok(judged(StepAction::None, admission.describe(), warnings));
            }
            Admission::Denied {
                by,
                condition: None,
            } => {
                return Err(Error::refused(self.not_done())
                    .because(format!("{}, whatever else it says", admission.describe()))
                    .because(format!(
                        "{} of the repository's policy is {}; its owner has to change it",
                        trust::titled(by),
                        trust::shown(&current.document, by)
                    )));
            }
            Admission::Denied { .. } => true,
            Admission::Conditional { .. } => {
                warnings.push(self.in_policy(&admission));
                false
            }
            Admission::Missing { .. } => false,
        };
        if guarded {
            warnings.push(self.in_policy(&admission));
        }
        // Our statement would change nothing about a Deny.
        if guarded && repository::grants(&current.document, &self.repository, &pull) {
            let detail = "lets the role pull otherwise".to_owned();
            return Ok(judged(StepAction::None, detail, warnings));
        }
        let merged = repository::with_statement(&current.document, role);
        if merged == current.document {
            let detail = "has the statement".to_owned();
            return Ok(judged(StepAction::None, detail, warnings));
        }
        // One that spoke of nothing that was allowed does now.
        let after = repository::admits(&merged, &self.repository, &pull);
        let will_be = matches!(after, Admission::Denied { .. });
        if will_be && !guarded {
            warnings.push(self.in_policy(&after));
        }
        let (action, kept) = match current.text {
            None => (StepAction::Create, String::new()),
            Some(_) => (
                StepAction::Update,
                format!(", keeps {}", repository::of_others(&current.document, role)),
            ),
        };
        let detail = format!("statement {} for {role}{kept}", repository::sid(role));
        Ok(judged(action, detail, warnings))
    }

    fn pull<'b>(&'b self, role: &'b RoleArn) -> PullRequest<'b> {
        PullRequest {
            role,
            provider: None,
            image: Some(&self.image),
            now: state::now(),
        }
    }

    fn in_policy(&self, admission: &Admission) -> String {
        format!(
            "in the policy of {}, {}",
            self.repository,
            admission.describe()
        )
    }

    /// The plan; its account is that of the repository.
    fn plan(&self, target: AwsPlacement, step: AwsStep, caller: Option<&Caller>) -> AwsPlan {
        AwsPlan {
            trust: None,
            beyond: None,
            role_arn: target.role.as_ref().map(ToString::to_string),
            target: AwsPlacement {
                account: self.image.account.clone(),
                caller: caller.map_or_else(String::new, |caller| caller.arn.clone()),
                ..target
            },
            steps: vec![step],
            // They were said once, whatever the number of clusters.
            warnings: image_warnings(&self.image),
        }
    }

    fn item(
        &self,
        target: &wire::TargetRef,
        plan: &AwsPlan,
        done: bool,
        policy: Option<&Value>,
    ) -> Value {
        let steps: Vec<_> = plan.steps.iter().map(|step| (step.clone(), done)).collect();
        let mut body = aws::plan_json(plan, &steps, None);
        if let Value::Object(body) = &mut body {
            if plan.target.caller.is_empty() {
                body.insert("caller".to_owned(), Value::Null);
            }
            body.insert("repositoryPolicy".to_owned(), json!(policy));
            body.insert("previousRepositoryPolicy".to_owned(), Value::Null);
        }
        aws::item(target, self.side.name(), body, None)
    }
}

/// Whether a plan changes the policy.
fn to_do(plan: &AwsPlan) -> bool {
    plan.steps.iter().any(|step| step.action.changes())
}
