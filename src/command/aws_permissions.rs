//! `mk8s aws permissions`: printed from the command line alone.

use super::aws_request::pull_policy;
use super::{Context, aws};
use crate::addon::AddonSide;
use crate::arn::AccountId;
use crate::aws::grant::PolicyChoice;
use crate::aws::name::default_role_name;
use crate::aws::permissions::{
    LONGEST, Purpose, Scope, USUAL, actions, length, permissions as policy,
};
use crate::aws::target::{SetupRequest, check_owner, check_path, check_request};
use crate::cli::{self, PermissionsArgs};
use crate::error::{Error, Result};
use crate::exit::Outcome;
use crate::text::excerpt;
use crate::ui::{self, Report};

/// `mk8s aws permissions`
pub(super) fn permissions(cx: &Context, args: &PermissionsArgs) -> Result<Outcome> {
    let purposes: Vec<Purpose> = if args.purpose.is_empty() {
        USUAL.to_vec()
    } else {
        args.purpose.iter().copied().map(purpose).collect()
    };
    let scope = scope(cx, args)?;
    let document = policy(&purposes, &scope);
    for note in notes(&purposes, &scope) {
        cx.ui.status(&note);
    }
    let length = length(&document);
    if length > LONGEST {
        cx.ui.warn(&format!(
            "the policy has {length} characters, IAM takes {LONGEST} in a managed policy; print \
             one for each command with --for"
        ));
    }
    cx.ui.report(&Report {
        text: ui::lines(&ui::json(&document)),
        names: actions(&document).into_iter().map(str::to_owned).collect(),
        json: document,
        slim: None,
        wide: None,
    })?;
    Ok(Outcome::Ok)
}

fn purpose(purpose: cli::PermissionsPurpose) -> Purpose {
    match purpose {
        cli::PermissionsPurpose::Status => Purpose::Status,
        cli::PermissionsPurpose::Setup => Purpose::Setup,
        cli::PermissionsPurpose::Teardown => Purpose::Teardown,
        cli::PermissionsPurpose::Check => Purpose::Check,
        cli::PermissionsPurpose::RepositoryPolicy => Purpose::RepositoryPolicy,
    }
}

fn scope(cx: &Context, args: &PermissionsArgs) -> Result<Scope> {
    let account = aws::account(args.account.as_ref())?;
    let partition = args.partition.as_deref().unwrap_or("aws");
    check_partition(partition)?;
    let path = match args.role_path.as_deref() {
        None => None,
        Some(text) => {
            let path = check_path(text).map_err(|reason| cannot("--role-path", text, reason))?;
            Some(literal("--role-path", path)?)
        }
    };
    let mut policies = Vec::new();
    for text in &args.pull_policy {
        let arn = match pull_policy(AddonSide::registry(), text)? {
            PolicyChoice::Arn(arn) => owned("--pull-policy", arn, account.as_ref(), partition)?,
            known @ PolicyChoice::Aws(_) => known.arn(partition),
        };
        if !policies.contains(&arn) {
            policies.push(arn);
        }
    }
    // Names and ARNs are judged as setup judges them.
    check_request(&SetupRequest {
        role_name: args.role_name.clone(),
        boundary: args.permissions_boundary.clone(),
        ..SetupRequest::default()
    })?;
    let boundary = match args.permissions_boundary.clone() {
        None => None,
        Some(arn) => {
            let flag = "--permissions-boundary";
            Some(owned(flag, arn, account.as_ref(), partition)?)
        }
    };
    let mut roles: Vec<String> = args.role_name.iter().cloned().collect();
    for cluster in &args.cluster {
        for side in AddonSide::all() {
            let name = default_role_name(side, cx.org()?, cluster);
            if !roles.contains(&name) {
                roles.push(name);
            }
        }
    }
    Ok(Scope {
        partition: Some(partition.to_owned()),
        account: account.map(|account| account.to_string()),
        path,
        roles,
        issuer: None,
        policies,
        boundary,
    })
}

fn cannot(flag: &str, value: &str, reason: impl Into<String>) -> Error {
    let value = excerpt(value, 200);
    Error::usage(format!("`{value}` cannot be given to {flag}")).because(reason)
}

/// A partition as ARNs name it: a wildcard there would widen the whole policy.
fn check_partition(text: &str) -> Result<()> {
    let rest = text.strip_prefix("aws").map(|rest| rest.split('-').skip(1));
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase());
    if rest.is_some_and(|mut words| words.all(is_word))
        && (text.len() == 3 || text.starts_with("aws-"))
    {
        return Ok(());
    }
    Err(cannot(
        "--partition",
        text,
        "a partition is aws, aws-cn, aws-us-gov, aws-eusc, …",
    ))
}

/// A text that stands for itself in a policy.
fn literal(flag: &str, text: String) -> Result<String> {
    match text.chars().find(|c| "*?$".contains(*c)) {
        Some(sign) => Err(cannot(
            flag,
            &text,
            format!("in a policy `{sign}` would stand for more than itself"),
        )),
        None => Ok(text),
    }
}

/// The ARN of a policy that the roles can have.
fn owned(flag: &str, arn: String, account: Option<&AccountId>, partition: &str) -> Result<String> {
    let arn = literal(flag, arn)?;
    check_owner(flag, &arn, account, partition).map_err(|reason| {
        let error = cannot(flag, &arn, reason);
        match arn.split(':').nth(1) {
            Some(theirs) if theirs != partition => error.hint(format!("--partition {theirs}")),
            _ => error,
        }
    })?;
    Ok(arn)
}

/// What its holder may do that is not seen at once.
fn notes(purposes: &[Purpose], scope: &Scope) -> Vec<String> {
    let makes = purposes.contains(&Purpose::Setup);
    let changes = makes || purposes.contains(&Purpose::Teardown);
    let mut notes = Vec::new();
    if changes && scope.roles.is_empty() {
        notes.push(format!(
            "The holder says who is trusted by every {}, whatever else it may; narrower with -c NAME \
             or --role-name NAME",
            scope.role_patterns().join(", ")
        ));
    }
    if changes && !scope.roles.is_empty() && scope.path.is_none() {
        notes.push(format!(
            "Where a role lies is not looked up, the policy is for {}; for another path add \
             --role-path PATH",
            scope.role_patterns().join(", ")
        ));
    }
    if makes && scope.boundary.is_none() {
        notes.push(
            "New roles have no permissions boundary; demand one with --permissions-boundary ARN"
                .to_owned(),
        );
    }
    notes
}
