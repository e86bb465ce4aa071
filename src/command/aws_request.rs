//! What `aws setup` is asked for: the flags, checked, and the clusters that they are for.

use super::{Context, aws, choose, target};
use crate::addon::AddonSide;
use crate::aws::emit::EmitSource;
use crate::aws::grant::PolicyChoice;
use crate::aws::name::Tags;
use crate::aws::published::Name;
use crate::aws::target::{
    AwsPart, ClusterFacts, SetupRequest, check_max_session, check_path, check_request,
};
use crate::aws::workload::private_image;
use crate::cli::{AcceptTrust, MakeArgs, OnlyPart, SetupArgs};
use crate::error::{Error, Result};
use crate::invocation::{CommandFlags, Invocation, shown};
use crate::ui::wire;
use clap::ValueEnum;
use serde_json::Value;

/// What `aws setup` was asked for, checked.
pub(super) fn asked(cx: &Context, side: AddonSide, args: &SetupArgs) -> Result<SetupRequest> {
    let mut request = request(cx, side, &args.make, args.role_arn.as_ref())?;
    request.make = request
        .make
        .with(&file(args))
        .flag_if("--role-arn", args.role_arn.clone())
        .flag_if("--only", args.only.as_ref().and_then(word))
        .flag_if("--format", args.emit.as_ref().and_then(word));
    if args.emit.is_some() {
        request.command = Some(Invocation::mk8s("aws emit").word(side.name()));
    }
    Ok(SetupRequest {
        wait: args.wait,
        only: args.only.map(|only| match only {
            OnlyPart::OidcProvider => AwsPart::OidcProvider,
            OnlyPart::Role => AwsPart::Role,
            OnlyPart::Trust => AwsPart::Trust,
            OnlyPart::Policy => AwsPart::Policy,
        }),
        ..request
    })
}

/// The file again, if there is one.
pub(super) fn file(args: &SetupArgs) -> CommandFlags {
    let path = args.file.as_deref();
    path.map_or_else(CommandFlags::new, |path| {
        CommandFlags::new().file(&shown(path))
    })
}

/// The flags that say what is made; what of the trust policy is accepted comes beside them.
pub(super) fn make_flags(make: &MakeArgs) -> CommandFlags {
    let flags = CommandFlags::new()
        .flag_if("--account", make.account.clone())
        .flag_if("--image", make.image.clone())
        .flag_if("--role-name", make.role_name.clone())
        .flag_if("--shared-role", make.shared_role.clone())
        .flag_if("--role-path", make.role_path.clone())
        .flag_if("--permissions-boundary", make.permissions_boundary.clone())
        .flag_if("--max-session-duration", make.max_session_duration.clone())
        .flag_if("--pull-policy", make.pull_policy.clone())
        .flag_if("--thumbprint", make.thumbprint.clone());
    let tags = make.tag.iter();
    tags.fold(flags, |flags, tag| flags.flag("--tag", tag))
        .plain_if(make.replace_trust, "--replace-trust")
        .plain_if(make.no_backup, "--no-backup")
}

/// The word of a value that clap knows.
fn word(value: &impl ValueEnum) -> Option<String> {
    Some(value.to_possible_value()?.get_name().to_owned())
}

fn finding(word: AcceptTrust) -> Name {
    match word {
        AcceptTrust::Subject => Name::Subject,
        AcceptTrust::Audience => Name::Audience,
        AcceptTrust::Principal => Name::Principal,
        AcceptTrust::Action => Name::Action,
        AcceptTrust::Condition => Name::Condition,
        AcceptTrust::Effect => Name::Effect,
    }
}

/// What was asked for on the command line, checked.
pub(super) fn request(
    cx: &Context,
    side: AddonSide,
    make: &MakeArgs,
    role_arn: Option<&String>,
) -> Result<SetupRequest> {
    let mut tags = Tags::new();
    for tag in &make.tag {
        let (key, value) = tag.split_once('=').ok_or_else(|| {
            Error::usage(format!("`{tag}` is not a tag")).because("KEY=VALUE is expected")
        })?;
        tags.insert(key.to_owned(), value.to_owned());
    }
    let usage = |flag: &'static str, value: &str| {
        let value = value.to_owned();
        move |reason: String| {
            Error::usage(format!("`{value}` cannot be given to {flag}")).because(reason)
        }
    };
    let policy = make.pull_policy.as_deref();
    let pull_policy = policy.map(|text| pull_policy(side, text)).transpose()?;
    let image = make.image.as_deref().map(private_image).transpose()?;
    let request = SetupRequest {
        role_arn: aws::role_arn(role_arn)?,
        account: aws::account(make.account.as_ref())?,
        image,
        role_name: make.role_name.clone().or(make.shared_role.clone()),
        is_shared: make.shared_role.is_some(),
        role_path: make
            .role_path
            .as_deref()
            .map(|text| check_path(text).map_err(usage("--role-path", text)))
            .transpose()?,
        boundary: make.permissions_boundary.clone(),
        tags,
        max_session: make
            .max_session_duration
            .as_deref()
            .map(|text| check_max_session(text).map_err(usage("--max-session-duration", text)))
            .transpose()?,
        pull_policy,
        only: None,
        accept: make.accept_trust.iter().map(|&it| finding(it)).collect(),
        thumbprint: make.thumbprint.clone(),
        command: None,
        make: make_flags(make),
        wait: None,
        yes: cx.ui.says_yes(),
        replace_trust: make.replace_trust,
        reach: cx.ui.reach().clone(),
    };
    check_request(&request)?;
    Ok(request)
}

/// What `--pull-policy` names.
pub(super) fn pull_policy(side: AddonSide, text: &str) -> Result<PolicyChoice> {
    PolicyChoice::parse(side, text).map_err(|reason| {
        Error::usage(format!("`{text}` cannot be given to --pull-policy")).because(reason)
    })
}

/// A cluster: live, or as a file has it.
pub(super) enum AwsSubject {
    /// Its name.
    Live(String),
    /// What the file says.
    File {
        /// The file, as it was named.
        label: String,
        /// The place of the document in it.
        place: wire::TargetRef,
        /// What is known of the cluster.
        facts: Box<ClusterFacts>,
    },
}

impl AwsSubject {
    /// The name of a live cluster.
    fn live(&self) -> Option<&str> {
        match self {
            Self::Live(name) => Some(name),
            Self::File { .. } => None,
        }
    }

    /// The facts; read from the API if it is live.
    pub(super) async fn facts(&self, cx: &Context, side: AddonSide) -> Result<ClusterFacts> {
        match self {
            Self::Live(name) => ClusterFacts::read(side, cx.org()?, &cx.read(name).await?),
            Self::File { facts, .. } => Ok((**facts).clone()),
        }
    }

    /// As JSON output names it.
    pub(super) fn target(&self, cx: &Context) -> wire::TargetRef {
        match self {
            Self::Live(name) => cx.cluster(name),
            Self::File { place, .. } => place.clone(),
        }
    }

    pub(super) fn source(&self) -> EmitSource<'_> {
        match self {
            Self::Live(_) => EmitSource::Live,
            Self::File { label, .. } => EmitSource::File(label),
        }
    }
}

/// The clusters that `-c` or `-f` names.
pub(super) async fn subjects(
    cx: &Context,
    side: AddonSide,
    args: &SetupArgs,
) -> Result<Vec<AwsSubject>> {
    let Some(path) = &args.file else {
        let chosen = aws::clusters(cx, &args.target, true).await?;
        return Ok(chosen.names.into_iter().map(AwsSubject::Live).collect());
    };
    let choice = choose::choice(&args.target.cluster, &args.target.choice)?;
    let files = target::load(cx, std::slice::from_ref(path), &choice)?;
    let mut subjects = Vec::new();
    for file in &files {
        for &number in &file.documents {
            let cluster = file.cluster(number);
            let org = match org_of(cluster.value()) {
                Some(org) => org,
                None => cx.org()?.to_owned(),
            };
            subjects.push(AwsSubject::File {
                label: file.label.clone(),
                place: file.wire(number),
                facts: Box::new(ClusterFacts::read(side, &org, &cluster)?),
            });
        }
    }
    Ok(subjects)
}

/// The facts of all; the live ones are read together.
pub(super) async fn facts_of(
    cx: &Context,
    side: AddonSide,
    subjects: &[AwsSubject],
) -> Result<Vec<Result<ClusterFacts>>> {
    let names: Vec<&str> = subjects.iter().filter_map(AwsSubject::live).collect();
    let mut read = if names.is_empty() {
        Vec::new()
    } else {
        cx.read_all(&names).await?
    }
    .into_iter();
    let org = || cx.org();
    let facts = subjects.iter().map(|subject| match subject {
        AwsSubject::File { facts, .. } => Ok((**facts).clone()),
        AwsSubject::Live(name) => match read.next() {
            Some(cluster) => ClusterFacts::read(side, org()?, &cluster?),
            None => Err(Error::failure(format!("`{name}` was not read"))),
        },
    });
    Ok(facts.collect())
}

/// The org that the API's own object belongs to, by its link to itself.
fn org_of(cluster: &Value) -> Option<String> {
    let links = cluster.get("links")?.as_array()?;
    let own = links.iter().find(|link| link["rel"] == "self")?;
    let org = own["href"].as_str()?.strip_prefix("/org/")?;
    let org = org.split('/').next()?;
    (!org.is_empty()).then(|| org.to_owned())
}
