//! What is asked for on the command line: the parts, the flags, and whether IAM takes them.

use super::{ClusterFacts, path_of};
use crate::arn::{AccountId, RoleArn};
use crate::aws::grant::{PolicyChoice, check_policy_arn};
use crate::aws::image::PrivateImage;
use crate::aws::name::{Tags, check_tag};
use crate::aws::published::{Name, accepting};
use crate::aws::quotable;
use crate::error::{Error, Result};
use crate::invocation::{CommandFlags, Invocation, Reach};
use std::collections::BTreeSet;
use std::time::Duration;

/// One of the parts that are made or looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AwsPart {
    /// An add-on of the cluster.
    Addon,
    /// The OIDC provider in IAM.
    OidcProvider,
    /// The role.
    Role,
    /// The role's trust policy.
    Trust,
    /// The policy that lets the role pull.
    Policy,
    /// The policy of a repository in another account.
    RepositoryPolicy,
}

impl AwsPart {
    /// The name in JSON and in `--only`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Addon => "addon",
            Self::OidcProvider => "oidc-provider",
            Self::Role => "role",
            Self::Trust => "trust",
            Self::Policy => "policy",
            Self::RepositoryPolicy => "repository-policy",
        }
    }
}

/// What the user asks for on the command line.
#[derive(Debug, Clone, Default)]
pub(crate) struct SetupRequest {
    /// `--role-arn`.
    pub(crate) role_arn: Option<RoleArn>,
    /// `--account`.
    pub(crate) account: Option<AccountId>,
    /// The image in `--image`.
    pub(crate) image: Option<PrivateImage>,
    /// `--role-name` or `--shared-role`.
    pub(crate) role_name: Option<String>,
    /// Whether all clusters of the run are to share the role.
    pub(crate) is_shared: bool,
    /// `--role-path`, as [`check_path`] returns it.
    pub(crate) role_path: Option<String>,
    /// `--permissions-boundary`.
    pub(crate) boundary: Option<String>,
    /// `--tag`.
    pub(crate) tags: Tags,
    /// `--max-session-duration`, in seconds.
    pub(crate) max_session: Option<i32>,
    /// `--pull-policy`.
    pub(crate) pull_policy: Option<PolicyChoice>,
    /// `--only`; never [`AwsPart::Addon`].
    pub(crate) only: Option<AwsPart>,
    /// `--replace-trust`.
    pub(crate) replace_trust: bool,
    /// `--accept-trust`.
    pub(crate) accept: BTreeSet<Name>,
    /// `--thumbprint`.
    pub(crate) thumbprint: Option<String>,
    /// The command without cluster and flags; `mk8s aws setup ADDON` if `None`.
    pub(crate) command: Option<Invocation>,
    /// The flags that say what is made, as they were given, to be repeated in commands.
    pub(crate) make: CommandFlags,
    /// `--wait`.
    pub(crate) wait: Option<Duration>,
    /// `--yes`.
    pub(crate) yes: bool,
    /// The connections as they were given, for commands in what the plan says.
    pub(crate) reach: Reach,
}

impl SetupRequest {
    /// The command that was given, for this cluster, with all that says what is made.
    pub(crate) fn again(&self, facts: &ClusterFacts) -> Invocation {
        let setup = || Invocation::mk8s("aws setup").word(facts.side.name());
        self.command
            .clone()
            .unwrap_or_else(setup)
            .cluster(&facts.name)
            .with(&self.make)
    }

    /// The same after a wait that ended too early.
    pub(crate) fn waiting(&self, facts: &ClusterFacts) -> Invocation {
        self.again(facts)
            .with(&accepting(&self.accept))
            .tied("--wait", "15m")
            .plain_if(self.yes, "--yes")
    }

    /// Whether the OIDC provider is among what is made.
    pub(crate) fn makes_provider(&self) -> bool {
        matches!(self.only, None | Some(AwsPart::OidcProvider))
    }
}

/// Reads `--role-path`: a slash at either end may be left out. The error is the reason alone.
pub(crate) fn check_path(text: &str) -> Result<String, String> {
    let inner = text.trim_matches('/');
    if inner.is_empty() {
        return Ok("/".to_owned());
    }
    let path = format!("/{inner}/");
    if path.len() > 512 {
        return Err(format!("it has {} characters, IAM allows 512", path.len()));
    }
    if path.contains("//") || !path.bytes().all(|b| (0x21..=0x7e).contains(&b)) {
        return Err("it is not of the form `/division/team/`, printable ASCII".to_owned());
    }
    Ok(path)
}

/// Why a text cannot be the name of a role.
fn check_role_name(name: &str) -> Result<(), String> {
    let length = name.chars().count();
    if name.is_empty() || length > 64 {
        return Err(format!("it has {length} characters, 1 to 64 are allowed"));
    }
    match name
        .chars()
        .find(|c| !c.is_ascii_alphanumeric() && !"_+=,.@-".contains(*c))
    {
        Some('/') => Err("a path is given by itself: --role-path PATH".to_owned()),
        Some(bad) => Err(format!(
            "the character {bad:?} is not allowed; letters, digits and _+=,.@- are"
        )),
        None => Ok(()),
    }
}

/// Reads `--max-session-duration`: seconds, or `90m`, `1h`. The error is the reason alone.
pub(crate) fn check_max_session(text: &str) -> Result<i32, String> {
    let (number, unit) = match text.strip_suffix(['h', 'm', 's']) {
        Some(number) if text.ends_with('h') => (number, 3600),
        Some(number) if text.ends_with('m') => (number, 60),
        Some(number) => (number, 1),
        None => (text, 1),
    };
    let seconds = number
        .parse::<u32>()
        .ok()
        .and_then(|number| number.checked_mul(unit))
        .and_then(|seconds| i32::try_from(seconds).ok())
        .ok_or("it is not a number of seconds, nor `1h`")?;
    if (3600..=43200).contains(&seconds) {
        Ok(seconds)
    } else {
        Err("IAM allows 3600 seconds (1h) to 43200 (12h)".to_owned())
    }
}

/// Checks what is to be set on a new role. The error names flag and value.
pub(crate) fn check_request(request: &SetupRequest) -> Result<()> {
    if let Some(name) = &request.role_name {
        check_role_name(name).map_err(|reason| {
            Error::usage(format!("`{}` cannot be a role's name", quotable(name))).because(reason)
        })?;
    }
    if let Some(role) = &request.role_arn {
        let flag = if request.is_shared {
            "--shared-role"
        } else {
            "--role-name"
        };
        let name = request.role_name.as_deref();
        let name = name.map(|it| (flag, it, role.name()));
        let path = request
            .role_path
            .as_deref()
            .map(|it| ("--role-path", it, path_of(role)));
        for (flag, given, named) in [name, path].into_iter().flatten() {
            if given != named {
                return Err(Error::usage(format!(
                    "{flag} {} was given together with --role-arn {role}",
                    quotable(given)
                ))
                .because("the ARN names another role"));
            }
        }
    }
    if let Some(boundary) = &request.boundary {
        check_policy_arn(boundary).map_err(|reason| {
            Error::usage("--permissions-boundary is not the ARN of a policy").because(reason)
        })?;
    }
    for (key, value) in &request.tags {
        check_tag(key, value).map_err(|reason| {
            Error::usage(format!(
                "--tag {}={} cannot be set",
                quotable(key),
                quotable(value)
            ))
            .because(reason)
        })?;
    }
    // To IAM they are one key.
    let mut keys = std::collections::BTreeMap::new();
    for key in request.tags.keys() {
        if let Some(other) = keys.insert(key.to_lowercase(), key) {
            return Err(Error::usage(format!(
                "the tags {} and {} cannot both be set",
                quotable(other),
                quotable(key)
            ))
            .because("their keys differ only by case, which IAM ignores"));
        }
    }
    // Ours take nine places at most.
    if request.tags.len() > 40 {
        return Err(Error::usage("too many tags").because(format!(
            "--tag is given {} times; IAM allows 50 tags, mk8s sets up to 10 of its own",
            request.tags.len()
        )));
    }
    Ok(())
}
