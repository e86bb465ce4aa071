//! What `aws setup` is asked for: the flags, checked, and the clusters that they are for.

use super::{Context, aws, target};
use crate::aws::emit::Source;
use crate::aws::name::Tags;
use crate::aws::published::Name;
use crate::aws::pull::PullPolicy;
use crate::aws::target::{
    ClusterFacts, Part, Request, check_max_session, check_path, check_request,
};
use crate::aws::workload::private_image;
use crate::cli::{AcceptTrust, MakeArgs, OnlyPart, SetupArgs};
use crate::error::{Error, Result};
use crate::shell;
use crate::ui::wire;
use clap::ValueEnum;
use serde_json::Value;
use std::fmt::Write as _;

/// What `aws setup` was asked for, checked.
pub(super) fn asked(cx: &Context, args: &SetupArgs) -> Result<Request> {
    let mut request = request(cx, &args.make, args.role_arn.as_ref())?;
    let file = args.file.as_ref();
    request.make_flags.push_str(&shell::flags(&[
        ("-f", shell::shown(file)),
        ("--role-arn", args.role_arn.clone()),
        ("--only", args.only.as_ref().and_then(word)),
        ("--emit", args.emit.as_ref().and_then(word)),
    ]));
    if let Some(limit) = args.wait {
        // Its value has to follow the sign.
        let _ = write!(request.make_flags, " --wait={}s", limit.as_secs());
    }
    Ok(Request {
        only: args.only.map(|only| match only {
            OnlyPart::OidcProvider => Part::OidcProvider,
            OnlyPart::Role => Part::Role,
            OnlyPart::Trust => Part::Trust,
            OnlyPart::Policy => Part::Policy,
        }),
        ..request
    })
}

/// The flags that say what is made, as a shell takes them; what of the trust policy is accepted
/// comes beside them.
fn make_flags(make: &MakeArgs) -> String {
    let mut text = shell::flags(&[
        ("--account", make.account.clone()),
        ("--image", make.image.clone()),
        ("--role-name", make.role_name.clone()),
        ("--role-path", make.role_path.clone()),
        ("--permissions-boundary", make.permissions_boundary.clone()),
        ("--max-session-duration", make.max_session_duration.clone()),
        ("--pull-policy", make.pull_policy.clone()),
        ("--thumbprint", make.thumbprint.clone()),
    ]);
    for tag in &make.tag {
        text.push_str(&shell::flags(&[("--tag", Some(tag.clone()))]));
    }
    for (flag, given) in [
        (" --replace-trust", make.replace_trust),
        (" --no-backup", make.no_backup),
    ] {
        if given {
            text.push_str(flag);
        }
    }
    text
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
pub(super) fn request(cx: &Context, make: &MakeArgs, role_arn: Option<&String>) -> Result<Request> {
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
    let pull_policy = make.pull_policy.as_deref().map(pull_policy).transpose()?;
    let image_account = match make.image.as_deref() {
        None => None,
        Some(text) => Some(private_image(text)?.account),
    };
    let request = Request {
        role_arn: aws::role_arn(role_arn)?,
        account: aws::account(make.account.as_ref())?,
        image_account,
        role_name: make.role_name.clone(),
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
        words: String::new(),
        make_flags: make_flags(make),
        yes: cx.ui.says_yes(),
        replace_trust: make.replace_trust,
        control_flags: cx.connection_flags(),
        aws_flags: make.connection.given().flags(),
    };
    check_request(&request)?;
    Ok(request)
}

/// What `--pull-policy` names.
pub(super) fn pull_policy(text: &str) -> Result<PullPolicy> {
    text.parse().map_err(|reason: String| {
        Error::usage(format!("`{text}` cannot be given to --pull-policy")).because(reason)
    })
}

/// A cluster: live, or as a file has it.
pub(super) enum Subject {
    /// Its name.
    Live(String),
    /// What the file says.
    File {
        /// The file, as it was named.
        label: String,
        /// The place of the document in it.
        place: wire::Target,
        /// What is known of the cluster.
        facts: Box<ClusterFacts>,
    },
}

impl Subject {
    /// The facts; read from the API if it is live.
    pub(super) async fn facts(&self, cx: &Context) -> Result<ClusterFacts> {
        match self {
            Self::Live(name) => ClusterFacts::read(cx.org()?, &cx.read(name).await?),
            Self::File { facts, .. } => Ok((**facts).clone()),
        }
    }

    /// As JSON output names it.
    pub(super) fn wire(&self, facts: &ClusterFacts) -> wire::Target {
        match self {
            Self::Live(_) => wire::Target::Cluster {
                org: facts.org.clone(),
                name: facts.name.clone(),
            },
            Self::File { place, .. } => place.clone(),
        }
    }

    pub(super) fn source(&self) -> Source<'_> {
        match self {
            Self::Live(_) => Source::Live,
            Self::File { label, .. } => Source::File(label),
        }
    }
}

/// The clusters that `-c` or `-f` names.
pub(super) fn subjects(cx: &Context, args: &SetupArgs) -> Result<Vec<Subject>> {
    let Some(path) = &args.file else {
        let names = aws::clusters(cx, &args.target, true)?;
        return Ok(names.into_iter().map(Subject::Live).collect());
    };
    let files = target::load(cx, std::slice::from_ref(path), &args.target.cluster)?;
    let mut subjects = Vec::new();
    for file in &files {
        for &number in &file.documents {
            let cluster = file.cluster(number);
            let org = match org_of(cluster.value()) {
                Some(org) => org,
                None => cx.org()?.to_owned(),
            };
            subjects.push(Subject::File {
                label: file.label.clone(),
                place: file.wire(number),
                facts: Box::new(ClusterFacts::read(&org, &cluster)?),
            });
        }
    }
    Ok(subjects)
}

/// The org that the API's own object belongs to, by its link to itself.
fn org_of(cluster: &Value) -> Option<String> {
    let links = cluster.get("links")?.as_array()?;
    let own = links.iter().find(|link| link["rel"] == "self")?;
    let org = own["href"].as_str()?.strip_prefix("/org/")?;
    let org = org.split('/').next()?;
    (!org.is_empty()).then(|| org.to_owned())
}
