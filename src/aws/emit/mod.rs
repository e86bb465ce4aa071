//! What `aws setup` makes, as text for those who may make it. Pure.
//!
//! Everything comes from the plan that `setup` would carry out in an account where nothing exists
//! yet, so names, tags and policies are the same. What exists matters to Terraform alone, which takes
//! it over. No template is guessed: what the cluster has not published cannot be emitted.

mod cloudformation;
mod existing;
mod proof;
mod shell;
mod terraform;

use super::iam::{Caller, NewProvider, NewRole};
use super::name::Tags;
use super::plan::{Awaited, AwsPlan, Work};
use super::published::accepting;
use super::quotable;
use super::setup::{SetupOrder, setup_plan};
use super::state::AwsState;
use super::target::{AwsPart, AwsPlacement, ClusterFacts, SetupRequest, named_account, target};
use crate::addon::AddonSide;
use crate::addon::issuer::ISSUING_NAME;
use crate::arn::RoleArn;
use crate::error::{Error, Result};
use crate::invocation::{Hint, Invocation, Reach};
use crate::text::printable;
pub(crate) use existing::ExistingThings;

/// The forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// A POSIX shell script that calls the AWS CLI.
    AwsCli,
    /// Terraform's language.
    Terraform,
    /// A `CloudFormation` template in YAML.
    CloudFormation,
}

impl Format {
    /// The word on the command line and in JSON.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::AwsCli => "aws-cli",
            Self::Terraform => "terraform",
            Self::CloudFormation => "cloudformation",
        }
    }
}

/// A role to make.
#[derive(Debug, Clone, PartialEq)]
struct RoleToMake {
    new: NewRole,
    /// The Sid of the first of our statements.
    sid: String,
    /// The tags that mark our statement in a role of others, and what of it was accepted.
    tags: Tags,
}

/// A policy to attach.
#[derive(Debug, Clone, PartialEq)]
struct Attachment {
    role: String,
    policy: String,
    /// Whether it was asked for, rather than the usual one where none is there.
    asked: bool,
    /// Policies that do as well.
    instead: Vec<String>,
    /// The tag that says that the policy was attached to a role of others.
    tag: (String, String),
}

/// What is to be made for one cluster.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Blueprint {
    /// The plan that it is taken from.
    pub(crate) plan: AwsPlan,
    org: String,
    cluster: String,
    side: AddonSide,
    replace_trust: bool,
    provider: Option<NewProvider>,
    role: Option<RoleToMake>,
    policy: Option<Attachment>,
    existing: ExistingThings,
}

/// What a run without AWS credentials knows of the account.
///
/// `partition` is that of the image, where one is named. The account has to be named somewhere; if
/// it is not, the error is of kind usage.
pub(crate) fn stand_in(
    facts: &ClusterFacts,
    request: &SetupRequest,
    partition: Option<&str>,
) -> Result<Caller> {
    let Some((account, _)) = named_account(facts, request) else {
        return Err(Error::usage(format!(
            "it is not known in which AWS account {} of `{}` is to be set up",
            facts.side.name(),
            quotable(&facts.name)
        ))
        .hint("--account ID names it"));
    };
    let named = request.role_arn.as_ref().or(facts.role_arn.as_ref());
    let home = facts
        .home
        .as_ref()
        .filter(|home| named.is_none() && home.account == account);
    let partition = named
        .map(RoleArn::partition)
        .or(partition)
        .or(home.map(|home| home.partition.as_str()))
        .unwrap_or("aws");
    Ok(Caller {
        account,
        arn: String::new(),
        partition: partition.to_owned(),
    })
}

/// Account and role, without asking AWS.
pub(crate) fn aim(
    facts: &ClusterFacts,
    request: &SetupRequest,
    partition: Option<&str>,
    what: &str,
) -> Result<AwsPlacement> {
    let caller = stand_in(facts, request, partition)?;
    target(facts, request, &caller, what)
}

/// How a user gets further where something is missing.
#[derive(Debug, Clone, Copy)]
pub(crate) enum EmitSource<'a> {
    /// The cluster is live: it can be waited for.
    Live,
    /// It was read from this file, which has to be written anew.
    File(&'a str),
}

/// What the cluster has to publish first and can be waited for; an error if waiting is of no use.
pub(crate) fn missing(
    facts: &ClusterFacts,
    request: &SetupRequest,
    target: &AwsPlacement,
    source: EmitSource<'_>,
) -> Result<Option<Awaited>> {
    let name = quotable(&facts.name);
    let service = facts.side.name();
    let not_done = format!("the AWS side of {service} was not written out for `{name}`");
    let provider_only = request.only == Some(AwsPart::OidcProvider);
    let enable = |addon: &'static str| {
        Invocation::mk8s("addon enable")
            .word(addon)
            .cluster(&facts.name)
    };
    let role = target.role.as_ref().map(ToString::to_string);
    if !provider_only && !facts.addon {
        let enable = enable(service)
            .plain_if(!facts.workload_identity, "--with-prerequisites")
            .flag_if("--role-arn", role);
        return Err(Error::refused(not_done)
            .because(format!(
                "{service} is off, and the cluster publishes its trust policy only while it is on"
            ))
            .hint(then(enable, source, facts)));
    }
    if facts.issuer.is_none() {
        if !facts.workload_identity {
            return Err(Error::not_found(not_done)
                .because(format!(
                    "{ISSUING_NAME} is off, and the cluster has no OIDC issuer URL"
                ))
                .hint(then(enable(ISSUING_NAME), source, facts)));
        }
        return Ok(Some(Awaited::Issuer));
    }
    if provider_only || target.role.is_none() || facts.template.is_some() {
        return Ok(None);
    }
    if request.only == Some(AwsPart::Policy) {
        return Ok(None);
    }
    if facts.role_arn.is_none() {
        return Err(Error::not_found(not_done)
            .because(format!(
                "`{name}` publishes no trust policy for {service}, which has no role in its settings"
            ))
            .hint(then(
                enable(service).flag_if("--role-arn", role),
                source,
                facts,
            )));
    }
    Ok(Some(Awaited::Template))
}

/// The command, and for a file the one that reads the cluster again.
fn then(enable: Invocation, source: EmitSource<'_>, facts: &ClusterFacts) -> Hint {
    match source {
        EmitSource::Live => enable.into(),
        EmitSource::File(path) => enable
            .within("", ", then read it again: ")
            .command(reading(path, facts)),
    }
}

/// The command that writes the file anew.
fn reading(path: &str, facts: &ClusterFacts) -> Invocation {
    let get = Invocation::mk8s("cluster get")
        .word(&facts.name)
        .plain("-o json");
    if path == "-" {
        get
    } else {
        get.into_file(path)
    }
}

/// The error where nobody waits for what [`missing`] found.
pub(crate) fn not_there(facts: &ClusterFacts, awaited: Awaited, source: EmitSource<'_>) -> Error {
    let name = quotable(&facts.name);
    let service = facts.side.name();
    let (what, field) = match awaited {
        Awaited::Issuer => ("OIDC issuer URL".to_owned(), awaited.field(facts.side)),
        Awaited::Template => (
            format!("trust policy for {service}"),
            awaited.field(facts.side),
        ),
    };
    let error = Error::not_found(format!(
        "the AWS side of {service} was not written out for `{name}`"
    ))
    .because(format!(
        "`{name}` publishes no {what} yet: {field} is not there"
    ));
    match source {
        EmitSource::Live => error.hint("--wait waits for it"),
        EmitSource::File(path) => {
            error.hint(reading(path, facts).within("read the cluster again: ", ""))
        }
    }
}

impl Blueprint {
    /// Plans the setup as if nothing existed but what `state` has of it. What [`missing`] finds must be
    /// there.
    pub(crate) fn new(
        facts: &ClusterFacts,
        request: &SetupRequest,
        target: &AwsPlacement,
        state: &AwsState,
    ) -> Result<Self> {
        let plan = setup_plan(facts, request, target, state, SetupOrder::AddonFirst)?;
        let mut blueprint = Self {
            org: facts.org.clone(),
            cluster: facts.name.clone(),
            side: facts.side,
            replace_trust: request.replace_trust,
            provider: None,
            role: None,
            policy: None,
            existing: ExistingThings::not_looked("AWS was not asked"),
            plan: plan.clone(),
        };
        for step in plan.steps {
            match step.work {
                Work::CreateProvider(provider) => blueprint.provider = Some(*provider),
                Work::CreateRole { role, trust } => {
                    blueprint.role = Some(RoleToMake {
                        new: *role,
                        sid: trust.sid,
                        tags: {
                            let (key, accepted) = trust.accepted;
                            let accepted = accepted.map(|names| (key, names));
                            trust.tag.into_iter().chain(accepted).collect()
                        },
                    });
                }
                Work::Attach { role, policy, .. } => {
                    blueprint.policy = Some(Attachment {
                        role,
                        asked: request.pull_policy.is_some(),
                        instead: {
                            let policies = facts.side.aws.policies.iter();
                            policies
                                .map(|policy| policy.arn(&target.partition))
                                .collect()
                        },
                        tag: super::name::attached_tag(&policy),
                        policy,
                    });
                }
                _ => {}
            }
        }
        Ok(blueprint)
    }

    /// The same where it was looked what exists; what is lost of it is warned about.
    #[must_use]
    pub(crate) fn beside(mut self, existing: ExistingThings) -> Self {
        self.plan.warnings.extend(existing.warnings());
        self.existing = existing;
        self
    }

    /// The text in the form that is asked for, with a final line break.
    ///
    /// Refuses what the form cannot say without changing its meaning.
    pub(crate) fn text(&self, format: Format) -> Result<String> {
        match format {
            Format::AwsCli => Ok(shell::script(self)),
            Format::Terraform => terraform::configuration(self),
            Format::CloudFormation => cloudformation::template(self),
        }
    }

    /// What the text is for, in one line without control characters.
    fn purpose(&self) -> String {
        format!(
            "{} for the cluster {} of the org {}, in the AWS account {}",
            self.side.name(),
            quotable(&self.cluster),
            quotable(&self.org),
            self.plan.target.account
        )
    }

    /// The command that does the same.
    fn command(&self) -> String {
        let trust = self.plan.trust.iter();
        let accepted = accepting(trust.flat_map(|trust| &trust.accepted));
        // Whoever runs the text has connections of their own.
        printable(
            &Invocation::mk8s("aws setup")
                .word(self.side.name())
                .cluster(&self.cluster)
                .with(&accepted)
                .render(&Reach::default()),
        )
    }

    /// The command that tells whether the cluster can pull.
    fn check(&self) -> String {
        printable(
            &Invocation::mk8s("check")
                .cluster(&self.cluster)
                .render(&Reach::default()),
        )
    }

    fn not_written(&self, format: Format) -> Error {
        Error::refused(format!(
            "the AWS side of {} was not written as {} for `{}`",
            self.side.name(),
            format.name(),
            quotable(&self.cluster)
        ))
    }
}

const VERSION: &str = env!("CARGO_PKG_VERSION");

#[cfg(test)]
mod tests;
