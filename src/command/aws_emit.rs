//! `mk8s aws emit`, and `aws setup --emit`: the AWS side as text for others to run; nothing is changed.

use super::aws::IssuerAuthorities;
use super::aws_request::{self, AwsSubject, subjects};
use super::status::Wait;
use super::{Context, aws, aws_show};
use crate::addon::AddonSide;
use crate::aws::emit::{self, Blueprint, ExistingThings, Format};
use crate::aws::foreseen::{ForeseenFor, ForeseenRoles, name_sharers};
use crate::aws::plan::Awaited;
use crate::aws::sdk::Sdk;
use crate::aws::setup::not_accepted;
use crate::aws::state::{
    self, AwsQuestions, AwsState, LEAST_TRUST_QUOTA, MOST_TRUST_QUOTA, QUOTA, Seen,
};
use crate::aws::target::{AwsPart, AwsPlacement, ClusterFacts, SetupRequest};
use crate::aws::workload::private_image;
use crate::cli::{AwsConnection, EmitFormat, OnlyPart, SetupArgs};
use crate::consent::Mode;
use crate::error::{Error, Result};
use crate::exit::Outcome;
use crate::fleet::{self, Reporter, TargetOutcome, TargetResult};
use crate::invocation::Invocation;
use crate::ui::Stream;
use serde_json::{Value, json};
use std::time::Duration;

/// Refuses flags that say nothing here.
fn check(args: &SetupArgs) -> Result<()> {
    if args.only == Some(OnlyPart::Trust) {
        return Err(Error::usage("--only trust cannot be printed for others")
            .because(
                "it is merged into the trust policy that the role has, which is not known here",
            )
            .hint("--only role prints the role with its trust policy"));
    }
    if args.file.is_some() && args.wait.is_some() {
        return Err(Error::usage("--wait was given together with -f")
            .because("a file does not change while it is waited for"));
    }
    Ok(())
}

/// `mk8s aws emit --format FORM`
pub(super) async fn emit(cx: &Context, args: &SetupArgs, form: EmitFormat) -> Result<Outcome> {
    let side = aws::side(&args.target.addon)?;
    check(args)?;
    let request = aws_request::asked(cx, side, args)?;
    let partition = match args.make.image.as_deref() {
        None => None,
        Some(text) => Some(private_image(text)?.partition),
    };
    let format = match form {
        EmitFormat::Plan => None,
        EmitFormat::AwsCli => Some(Format::AwsCli),
        EmitFormat::Terraform => Some(Format::Terraform),
        EmitFormat::CloudFormation => Some(Format::CloudFormation),
    };
    let subjects = subjects(cx, side, args).await?;
    if let (Some(format), true) = (format, subjects.len() > 1) {
        return Err(Error::usage(format!(
            "{} is written for one cluster, {} were named",
            format.name(),
            subjects.len()
        ))
        .hint("name one cluster with -c NAME"));
    }
    let job = EmitJob {
        cx,
        side,
        request,
        partition,
        connection: &args.make.connection,
        wait: args.wait,
        issuers: IssuerAuthorities::new(cx),
    };
    let several = subjects.len() > 1;
    let job = &job;
    let jobs = subjects.iter().map(|subject| job.ready(subject));
    let ready = fleet::all(jobs, fleet::AT_ONCE).await;
    // All are judged before the first is printed, each on what those before it make of its role.
    let mut foreseen = ForeseenRoles::default();
    let mut written = Vec::new();
    for (subject, ready) in subjects.iter().zip(ready) {
        written.push(match ready {
            Ok(facts) => job.write(subject, facts, format, &mut foreseen).await,
            Err(error) => Err(error),
        });
    }
    let plans = written.iter_mut().filter_map(|written| {
        let (facts, blueprint, _) = written.as_mut().ok()?;
        Some((facts.name.as_str(), &mut blueprint.plan))
    });
    let shared = name_sharers(&mut plans.collect::<Vec<_>>(), job.request.is_shared);
    let mut teller = Reporter::changing(&cx.ui, "AwsPlan", Mode::DryRun);
    for (subject, written) in subjects.iter().zip(written) {
        teller.add(match written {
            Ok(written) => TargetOutcome::Done(told(cx, side, subject, written, several)),
            Err(error) => {
                let item = aws::item(
                    &subject.target(cx),
                    side.name(),
                    json!({}),
                    Some(&cx.wire(&error)),
                );
                TargetOutcome::Failed(item, error)
            }
        });
    }
    if cx.ui.is_text() {
        for line in &shared {
            cx.ui.data(line);
        }
    }
    teller.finish()?;
    Ok(Outcome::Ok)
}

/// What is made for a cluster, and its text in the form that was asked for.
type Written = (ClusterFacts, Blueprint, Option<(Format, String)>);

/// Prints what was written for one cluster.
fn told(
    cx: &Context,
    side: AddonSide,
    subject: &AwsSubject,
    written: Written,
    several: bool,
) -> TargetResult<Value> {
    let (facts, blueprint, text) = written;
    let plan = &blueprint.plan;
    for warning in &plan.warnings {
        cx.ui.warn(warning);
    }
    if cx.ui.is_text() {
        match &text {
            None => {
                let cluster = several.then_some(facts.name.as_str());
                aws_show::plan(cx, plan, cluster, Stream::Data);
            }
            Some((_, text)) => cx.ui.raw(text),
        }
    }
    let mut next = None;
    let relinks = |step: &&crate::aws::plan::AwsStep| {
        step.part == AwsPart::Addon && step.resource == side.name() && step.action.changes()
    };
    if let (Some(_), Some(role)) = (plan.steps.iter().find(relinks), &plan.role_arn) {
        let enable = Invocation::mk8s("addon enable").word(side.name());
        next = Some(enable.cluster(&facts.name).flag("--role-arn", role));
    }
    let steps: Vec<_> = plan
        .steps
        .iter()
        .map(|step| (step.clone(), false))
        .collect();
    let mut body = aws::plan_json(plan, &steps, None);
    if let Value::Object(body) = &mut body {
        body.insert("caller".to_owned(), Value::Null);
    }
    let mut item = aws::item(&subject.target(cx), side.name(), body, None);
    if let (Value::Object(item), Some((format, text))) = (&mut item, text) {
        let emitted = json!({"format": format.name(), "text": text});
        item.insert("emitted".to_owned(), emitted);
    }
    TargetResult {
        items: vec![item],
        names: vec![facts.name],
        lines: Vec::new(),
        changed: false,
        next,
        failed: None,
    }
}

/// The blueprint where AWS could not be looked at, though credentials were named.
fn not_looked(mut blueprint: Blueprint, why: &str) -> Blueprint {
    let warning = format!("what exists in AWS was not looked at: {why}");
    blueprint.plan.warnings.push(warning);
    blueprint.beside(ExistingThings::not_looked(why))
}

/// What exists in the target account; the reason, if the credentials are of another one.
async fn look(
    sdk: &Sdk,
    facts: &ClusterFacts,
    target: &AwsPlacement,
) -> Result<std::result::Result<AwsState, String>> {
    let caller = state::caller(sdk).await?;
    if (&caller.account, &caller.partition) != (&target.account, &target.partition) {
        let account = caller.account;
        return Ok(Err(format!(
            "the AWS credentials belong to account {account}"
        )));
    }
    let ask = AwsQuestions::default();
    Ok(Ok(state::look(sdk, facts, target, &ask).await?))
}

struct EmitJob<'a> {
    cx: &'a Context,
    side: AddonSide,
    request: SetupRequest,
    partition: Option<&'static str>,
    connection: &'a AwsConnection,
    wait: Option<Duration>,
    issuers: IssuerAuthorities<'a>,
}

impl EmitJob<'_> {
    fn aim(&self, facts: &ClusterFacts) -> Result<AwsPlacement> {
        emit::aim(facts, &self.request, self.partition, "was not set up")
    }

    /// What is made for a cluster, with its text in the form, once it was judged.
    async fn write(
        &self,
        subject: &AwsSubject,
        facts: ClusterFacts,
        format: Option<Format>,
        foreseen: &mut ForeseenRoles,
    ) -> Result<Written> {
        let target = self.aim(&facts)?;
        let asked = ForeseenFor {
            facts: &facts,
            target: &target,
            request: &self.request,
        };
        let state = foreseen.state(asked, &AwsState::default());
        let state = state.map_or_else(AwsState::default, |state| AwsState {
            // The account's own is not known: what it may be at most.
            trust_quota: Seen::Known(Some(MOST_TRUST_QUOTA)),
            ..state
        });
        let mut blueprint = Blueprint::new(&facts, &self.request, &target, &state)?;
        let trust = blueprint.plan.trust.as_ref();
        if let Some(trust) = trust.filter(|it| !it.open.is_empty()) {
            // Whoever runs it is not there to be asked.
            return Err(not_accepted(&facts, &self.request, &trust.judgement, false));
        }
        foreseen.note(asked, &state, &blueprint.plan);
        let size = foreseen.trust_size(&target);
        if size > LEAST_TRUST_QUOTA {
            blueprint.plan.warnings.push(format!(
                "the trust policy of the role will have {size} characters; more than {LEAST_TRUST_QUOTA} \
                 are allowed only where AWS raised the account's quota \"{QUOTA}\""
            ));
        }
        let Some(format) = format else {
            return Ok((facts, blueprint, None));
        };
        let blueprint = if format == Format::Terraform {
            self.beside(subject, &facts, blueprint).await?
        } else {
            blueprint
        };
        let text = blueprint.text(format)?;
        Ok((facts, blueprint, Some((format, text))))
    }

    /// The blueprint with what of it exists, for the form that has to take that over. Without
    /// credentials, or with those of another account, it is done without.
    async fn beside(
        &self,
        subject: &AwsSubject,
        facts: &ClusterFacts,
        blueprint: Blueprint,
    ) -> Result<Blueprint> {
        if matches!(subject, AwsSubject::File { .. }) {
            let existing = ExistingThings::not_looked("the cluster was read from a file");
            return Ok(blueprint.beside(existing));
        }
        let session = aws::connect(self.cx, self.connection).await?;
        if session.is_left_to_the_machine() {
            let existing = ExistingThings::not_looked("no AWS credentials were named");
            return Ok(blueprint.beside(existing));
        }
        let target = blueprint.plan.target.clone();
        match look(&Sdk::new(&session), facts, &target).await {
            Ok(Ok(state)) => {
                let existing = ExistingThings::of(&blueprint, &state);
                Ok(blueprint.beside(existing))
            }
            // Whoever names a profile on the command line means it.
            Err(error) if self.connection.aws_profile.is_some() => Err(error),
            Ok(Err(why)) => Ok(not_looked(blueprint, &why)),
            Err(error) => {
                let why = error.because.first().unwrap_or(&error.message);
                Ok(not_looked(blueprint, why))
            }
        }
    }

    /// The facts, once everything that is emitted is published.
    async fn ready(&self, subject: &AwsSubject) -> Result<ClusterFacts> {
        loop {
            let mut facts = subject.facts(self.cx, self.side).await?;
            let target = self.aim(&facts)?;
            let source = subject.source();
            let Some(awaited) = emit::missing(&facts, &self.request, &target, source)? else {
                if self.request.makes_provider() {
                    self.issuers.complete(&mut facts).await;
                }
                return Ok(facts);
            };
            let Some(limit) = self.wait else {
                return Err(emit::not_there(&facts, awaited, source));
            };
            let what = match awaited {
                Awaited::Issuer => "the OIDC issuer URL".to_owned(),
                Awaited::Template => format!("the trust policy of `{}`", facts.side.name()),
            };
            let wait = Wait {
                name: facts.name.clone(),
                pointer: awaited.pointer(facts.side).to_owned(),
                gone: false,
                what,
                stays: "nothing was changed".to_owned(),
                again: self.request.waiting(&facts),
                limit,
            };
            wait.run(self.cx).await?;
        }
    }
}
