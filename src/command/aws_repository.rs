//! `mk8s aws setup --repository-policy` and `--apply-repository-policy`: the statement that a
//! repository of another account needs, shown or put into its policy.

use super::aws_request::{self, Subject, subjects};
use super::{Context, aws};
use crate::arn::RoleArn;
use crate::aws::backup;
use crate::aws::ecr::{self, Current, EcrSdk, Writing};
use crate::aws::emit;
use crate::aws::iam::Caller;
use crate::aws::image::PrivateImage;
use crate::aws::plan::{Action, Plan, Step};
use crate::aws::repository::{self, Admission, Repository};
use crate::aws::sdk::Sdk;
use crate::aws::state;
use crate::aws::target::{ClusterFacts, Part, Request, Target};
use crate::aws::trust;
use crate::aws::workload::{image_warnings, private_image};
use crate::cli::{AwsConnection, SetupArgs};
use crate::consent::{Agreed, Consent, Mode, Question};
use crate::error::{Error, Result};
use crate::exit::Outcome;
use crate::shell::{flags, quote, shown};
use crate::text::quotable;
use crate::ui::{self, Report, wire};
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

/// `mk8s aws setup --repository-policy`, `--apply-repository-policy`
pub(super) async fn run(cx: &Context, args: &SetupArgs, image: &str) -> Result<Outcome> {
    let addon = aws::addon(&args.target.addon)?;
    let image = private_image(image)?;
    for warning in image_warnings(&image) {
        cx.ui.warn(&warning);
    }
    let subjects = subjects(cx, args)?;
    let mut job = Job {
        cx,
        addon: addon.name,
        request: aws_request::asked(cx, args)?,
        repository: Repository::of(&image),
        several: subjects.len() > 1,
        backup: None,
        given: &args.make.connection,
        named: flags(&[
            // Standard input is not there a second time.
            ("-f", shown(args.file.as_ref()).filter(|path| path != "-")),
            ("--account", args.make.account.clone()),
            ("--role-arn", args.role_arn.clone()),
            ("--role-name", args.make.role_name.clone()),
        ]),
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
    let mut items = Vec::new();
    let mut lines = Vec::new();
    let mut names = Vec::new();
    let mut changed = false;
    for subject in &subjects {
        let facts = subject.facts(cx).await?;
        let done = job.one(subject, &facts).await?;
        changed |= done.changed;
        lines.push(done.line);
        items.push(done.item);
        names.push(facts.name);
    }
    if cx.ui.is_text() {
        for line in lines.iter().filter(|line| !line.is_empty()) {
            if job.mode == Mode::DryRun {
                cx.ui.status(line);
            } else {
                cx.ui.data(line);
            }
        }
    } else {
        let document = wire::Document::change("AwsPlan", job.mode == Mode::DryRun, items);
        cx.ui.report(&Report {
            json: wire::to_value(&document),
            slim: None,
            names,
            text: Vec::new(),
            wide: None,
        })?;
    }
    Ok(if args.exit_code && changed {
        Outcome::Differences
    } else {
        Outcome::Ok
    })
}

struct Job<'a> {
    cx: &'a Context,
    addon: &'static str,
    request: Request,
    image: PrivateImage,
    repository: Repository,
    /// Caller and client; only where the policy is looked at.
    connection: Option<(Caller, EcrSdk)>,
    mode: Mode,
    /// Whether there is more than one cluster.
    several: bool,
    /// Where a copy of what is replaced goes.
    backup: Option<PathBuf>,
    /// How AWS is reached, for commands that are printed.
    given: &'a AwsConnection,
    /// The flags that name the cluster's file and its role, as they were given.
    named: String,
}

struct Done {
    line: String,
    item: Value,
    changed: bool,
}

impl Job<'_> {
    fn not_done(&self) -> String {
        format!(
            "the policy of the repository {} was not changed",
            self.repository
        )
    }

    /// Whether the repository has to admit a role, and which.
    fn need(&self, facts: &ClusterFacts) -> Result<(Target, Need)> {
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

    async fn one(&self, subject: &Subject, facts: &ClusterFacts) -> Result<Done> {
        let (target, need) = self.need(facts)?;
        let role = match need {
            Need::Statement(role) => role,
            Need::Nothing(why) => {
                let step = Step::shown(
                    Part::RepositoryPolicy,
                    Action::None,
                    &self.repository.arn,
                    why.clone(),
                );
                let plan = self.plan(target, step, None);
                return Ok(Done {
                    line: format!(
                        "The repository {} needs no statement: {why}",
                        self.repository
                    ),
                    item: self.item(subject, facts, &plan, false, None),
                    changed: false,
                });
            }
        };
        match &self.connection {
            None => Ok(self.shown(subject, facts, target, &role)),
            Some((caller, ecr)) => {
                self.applied(subject, facts, target, &role, caller, ecr)
                    .await
            }
        }
    }

    /// Without looking at the repository.
    fn shown(
        &self,
        subject: &Subject,
        facts: &ClusterFacts,
        target: Target,
        role: &RoleArn,
    ) -> Done {
        let wanted = repository::wanted(role);
        if self.cx.ui.is_text() {
            self.cx.ui.raw(&format!("{}\n", ui::json(&wanted)));
        }
        self.cx.ui.status(&format!(
            "The policy of the repository {} has to admit the role {role} of another account; with credentials of account {} it does by the command below",
            self.repository, self.image.account
        ));
        let words = format!(
            "aws setup {} -c {} --image {} --apply-repository-policy{}",
            self.addon,
            quote(&facts.name),
            quote(&self.image.to_string()),
            self.named
        );
        self.cx.ui.next(&self.cx.mk8s_aws(&words, self.given));
        let step = Step::shown(
            Part::RepositoryPolicy,
            Action::Update,
            &self.repository.arn,
            format!("statement {} for {role}", repository::sid(role)),
        );
        let plan = self.plan(target, step, None);
        Done {
            line: String::new(),
            item: self.item(subject, facts, &plan, false, Some(&wanted)),
            changed: true,
        }
    }

    async fn applied(
        &self,
        subject: &Subject,
        facts: &ClusterFacts,
        target: Target,
        role: &RoleArn,
        caller: &Caller,
        ecr: &EcrSdk,
    ) -> Result<Done> {
        let cx = self.cx;
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
                .hint("or hand the statement over: --repository-policy prints it"));
        }
        let current = ecr::read(ecr, &self.repository, Some(&caller.arn), &what).await?;
        let step = self.step(&current, role)?;
        let plan = self.plan(target, step, Some(caller));
        let to_do = plan.steps.iter().any(|step| step.action.changes());
        let cluster = self.several.then_some(facts.name.as_str());
        let show = |plan: &Plan| aws::show(cx, plan, cluster, cx.preview(self.mode));
        let question = format!("Change the policy of {}?", self.repository);
        let question = to_do.then(|| Question::new(question, &what));
        let consent = self.mode.consent(&*cx.ui, plan, show, |_| Ok(question));
        let consent = consent.await?;
        let wanted = repository::with_statement(&current.document, role);
        let line = match (self.mode, to_do) {
            (_, false) => format!(
                "The repository {} lets {role} pull already",
                self.repository
            ),
            (Mode::DryRun, true) => format!("Would let {role} pull from {}", self.repository),
            (Mode::Write, true) => format!("{} now lets {role} pull", self.repository),
        };
        let Agreed { plan, permit } = match consent {
            Consent::Given(agreed) if to_do => agreed,
            Consent::Given(Agreed { plan, .. }) | Consent::Preview(plan) => {
                return Ok(Done {
                    line,
                    item: self.item(subject, facts, &plan, false, Some(&wanted)),
                    changed: to_do,
                });
            }
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
                let given = self.given.given();
                let copy = backup::save_repository(folder, &self.repository, text, &given)?;
                cx.ui.status(&aws::kept(&copy));
            }
            Ok(())
        };
        ecr::admit(ecr, &current, writing, keep, &permit).await?;
        let mut item = self.item(subject, facts, &plan, true, Some(&wanted));
        if let (Some(item), Some(_)) = (item.as_object_mut(), &current.text) {
            let before = current.document.clone();
            item.insert("previousRepositoryPolicy".to_owned(), before);
        }
        Ok(Done {
            line,
            item,
            changed: true,
        })
    }

    /// What has to be done with the policy as it stands.
    fn step(&self, current: &Current, role: &RoleArn) -> Result<Step> {
        let cx = self.cx;
        let admission = repository::admits(&current.document, role);
        for finding in repository::open_to_all(&current.document) {
            cx.ui.warn(&format!(
                "the policy of {} is broad: {finding}",
                self.repository
            ));
        }
        let shown = |action, detail: String| {
            Step::shown(Part::RepositoryPolicy, action, &self.repository.arn, detail)
        };
        match &admission {
            Admission::Allowed { .. } => return Ok(shown(Action::None, admission.describe())),
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
            Admission::Denied { .. } | Admission::Conditional { .. } => {
                cx.ui.warn(&format!(
                    "in the policy of {}, {}",
                    self.repository,
                    admission.describe()
                ));
            }
            Admission::Missing { .. } => {}
        }
        // With our statement there already, a Deny that may hit is all that is left to say.
        if repository::with_statement(&current.document, role) == current.document {
            return Ok(shown(Action::None, "has the statement".to_owned()));
        }
        let (action, kept) = match current.text {
            None => (Action::Create, String::new()),
            Some(_) => (
                Action::Update,
                format!(
                    ", keeps {} of others",
                    repository::foreign(&current.document, role)
                ),
            ),
        };
        let detail = format!("statement {} for {role}{kept}", repository::sid(role));
        Ok(shown(action, detail))
    }

    /// The plan; its account is that of the repository.
    fn plan(&self, target: Target, step: Step, caller: Option<&Caller>) -> Plan {
        Plan {
            trust: None,
            role_arn: target.role.as_ref().map(ToString::to_string),
            target: Target {
                account: self.image.account.clone(),
                caller: caller.map_or_else(String::new, |caller| caller.arn.clone()),
                ..target
            },
            steps: vec![step],
            warnings: Vec::new(),
        }
    }

    fn item(
        &self,
        subject: &Subject,
        facts: &ClusterFacts,
        plan: &Plan,
        done: bool,
        policy: Option<&Value>,
    ) -> Value {
        let steps: Vec<_> = plan.steps.iter().map(|step| (step.clone(), done)).collect();
        let mut item = json!({"target": subject.wire(facts), "addon": self.addon});
        if let (Value::Object(item), Value::Object(body)) =
            (&mut item, aws::plan_json(plan, &steps, None))
        {
            item.extend(body);
            if plan.target.caller.is_empty() {
                item.insert("caller".to_owned(), Value::Null);
            }
            item.insert("repositoryPolicy".to_owned(), json!(policy));
            item.insert("previousRepositoryPolicy".to_owned(), Value::Null);
            item.insert("error".to_owned(), Value::Null);
        }
        item
    }
}
