//! `mk8s aws setup --emit`: the AWS side as text for others to run; nothing is changed.

use super::aws::Issuers;
use super::aws_request::{self, Subject, subjects};
use super::status::Wait;
use super::{Context, aws};
use crate::aws::emit::{self, Blueprint, Format};
use crate::aws::plan::Awaited;
use crate::aws::setup::not_accepted;
use crate::aws::target::{ClusterFacts, Part, Request};
use crate::aws::workload::private_image;
use crate::cli::{EmitFormat, OnlyPart, SetupArgs};
use crate::error::{Error, Result};
use crate::exit::Outcome;
use crate::shell::quote;
use crate::ui::{Report, Stream, wire};
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

/// `mk8s aws setup --emit FORM`
pub(super) async fn emit(cx: &Context, args: &SetupArgs, form: EmitFormat) -> Result<Outcome> {
    let addon = aws::addon(&args.target.addon)?;
    check(args)?;
    let request = aws_request::asked(cx, args)?;
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
    let subjects = subjects(cx, args)?;
    if let (Some(format), true) = (format, subjects.len() > 1) {
        return Err(Error::usage(format!(
            "--emit {} writes for one cluster, {} were named",
            format.name(),
            subjects.len()
        ))
        .hint("name one cluster with -c NAME"));
    }
    let job = Job {
        cx,
        request,
        partition,
        wait: args.wait,
        issuers: Issuers::new(cx),
    };
    let several = subjects.len() > 1;
    // All are judged before the first is printed.
    let mut written = Vec::new();
    for subject in &subjects {
        written.push((subject, job.write(subject, format).await?));
    }
    let mut items = Vec::new();
    let mut names = Vec::new();
    for (subject, (facts, blueprint, text)) in written {
        let plan = &blueprint.plan;
        for warning in &plan.warnings {
            cx.ui.warn(warning);
        }
        if cx.ui.is_text() {
            match &text {
                None => aws::show(cx, plan, several.then_some(&facts.name), Stream::Data),
                Some((_, text)) => cx.ui.raw(text),
            }
        }
        let relinks = |step: &&crate::aws::plan::Step| {
            step.part == Part::Addon && step.resource == addon.name && step.action.changes()
        };
        if let (Some(_), Some(role)) = (plan.steps.iter().find(relinks), &plan.role_arn) {
            let words = format!(
                "addon enable {} -c {} --role-arn {role}",
                addon.name,
                quote(&facts.name)
            );
            cx.ui.next(&cx.mk8s(&words));
        }
        let steps: Vec<_> = plan
            .steps
            .iter()
            .map(|step| (step.clone(), false))
            .collect();
        let mut item = json!({"target": subject.wire(&facts), "addon": addon.name});
        if let (Value::Object(item), Value::Object(body)) =
            (&mut item, aws::plan_json(plan, &steps, None))
        {
            item.extend(body);
            item.insert("caller".to_owned(), Value::Null);
            item.insert("error".to_owned(), Value::Null);
            if let Some((format, text)) = text {
                let emitted = json!({"format": format.name(), "text": text});
                item.insert("emitted".to_owned(), emitted);
            }
        }
        names.push(facts.name);
        items.push(item);
    }
    if !cx.ui.is_text() {
        let document = wire::Document::change("AwsPlan", true, items);
        cx.ui.report(&Report {
            json: wire::to_value(&document),
            slim: None,
            names,
            text: Vec::new(),
            wide: None,
        })?;
    }
    Ok(Outcome::Ok)
}

struct Job<'a> {
    cx: &'a Context,
    request: Request,
    partition: Option<&'static str>,
    wait: Option<Duration>,
    issuers: Issuers<'a>,
}

impl Job<'_> {
    fn aim(&self, facts: &ClusterFacts) -> Result<crate::aws::target::Target> {
        emit::aim(facts, &self.request, self.partition, "was not set up")
    }

    /// What is made for a cluster, with its text in the form, once it was judged.
    async fn write(
        &self,
        subject: &Subject,
        format: Option<Format>,
    ) -> Result<(ClusterFacts, Blueprint, Option<(Format, String)>)> {
        let facts = self.ready(subject).await?;
        let target = self.aim(&facts)?;
        let blueprint = Blueprint::new(&facts, &self.request, &target)?;
        let trust = blueprint.plan.trust.as_ref();
        if let Some(trust) = trust.filter(|it| !it.open.is_empty()) {
            // Whoever runs it is not there to be asked.
            return Err(not_accepted(&facts, &self.request, &trust.judgement, false));
        }
        let text = match format {
            None => None,
            Some(format) => Some((format, blueprint.text(format)?)),
        };
        Ok((facts, blueprint, text))
    }

    /// The facts, once everything that is emitted is published.
    async fn ready(&self, subject: &Subject) -> Result<ClusterFacts> {
        loop {
            let mut facts = subject.facts(self.cx).await?;
            let target = self.aim(&facts)?;
            let source = subject.source();
            let Some(awaited) = emit::missing(&facts, &self.request, &target, source)? else {
                if self.request.makes_provider() {
                    self.issuers.complete(&mut facts).await;
                }
                return Ok(facts);
            };
            let Some(limit) = self.wait else {
                return Err(emit::not_there(&facts, &self.request, awaited, source));
            };
            let (pointer, what) = match awaited {
                Awaited::Issuer => ("/status/oidcProviderUrl", "the OIDC issuer URL".to_owned()),
                Awaited::Template => (
                    "/status/addOns/awsECR/trustPolicy",
                    format!("the trust policy of `{}`", facts.service.name),
                ),
            };
            let wait = Wait {
                name: &facts.name,
                pointer,
                gone: false,
                what: &what,
                stays: "nothing was changed",
                again: &self.cx.mk8s(&format!(
                    "aws setup {} -c {} --emit plan --wait=15m",
                    facts.service.name, facts.name
                )),
                limit,
            };
            wait.run(self.cx).await?;
        }
    }
}
