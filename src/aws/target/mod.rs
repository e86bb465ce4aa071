//! Where the AWS half of an add-on belongs: which account, and whether a role is needed. Pure.

mod facts;
mod request;
#[cfg(test)]
pub(crate) mod tests;

use super::grant::PolicyChoice;
use super::iam::Caller;
use super::name::default_role_name;
use super::quotable;
use crate::addon::access::RegistryAccess;
use crate::addon::aws_side::RoleNeed;
use crate::arn::{AccountId, RoleArn};
use crate::error::{Error, Result};

pub(crate) use facts::ClusterFacts;
pub(crate) use request::{AwsPart, SetupRequest, check_max_session, check_path, check_request};

/// Where things are to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AwsPlacement {
    /// The account; always the caller's.
    pub(crate) account: AccountId,
    /// Its partition.
    pub(crate) partition: String,
    /// The ARN of the caller.
    pub(crate) caller: String,
    /// How the images are reached.
    pub(crate) access: RegistryAccess,
    /// The role, where one is needed.
    pub(crate) role: Option<RoleArn>,
    /// The ARN of the OIDC provider, once the issuer is known.
    pub(crate) provider_arn: Option<String>,
}

/// Works out account and role, and stops where the credentials belong to another account.
///
/// `what` says what is not done then, without names: `was not set up`.
pub(crate) fn target(
    facts: &ClusterFacts,
    request: &SetupRequest,
    caller: &Caller,
    what: &str,
) -> Result<AwsPlacement> {
    let refused = || {
        Error::refused(format!(
            "{} {what} for `{}`",
            facts.side.name(),
            quotable(&facts.name)
        ))
    };
    let named = request.role_arn.as_ref().or(facts.role_arn.as_ref());
    if let (Some(role), Some(account)) = (named, &request.account)
        && role.account() != account
    {
        return Err(refused().because(format!(
            "--account is {account}, and the role {role} belongs to account {}",
            role.account()
        )));
    }
    let (account, origin) = wanted_account(facts, request, caller);
    if account != caller.account {
        let error = refused()
            .because(format!("the account is {account}, {origin}"))
            .because(format!(
                "the AWS credentials belong to account {} ({})",
                caller.account,
                quotable(&caller.arn)
            ))
            .hint(format!(
                "use credentials of account {account}: --aws-profile NAME"
            ));
        return Err(if named.is_some() {
            error
        } else {
            error.hint(format!(
                "or name the account of the credentials: --account {}",
                caller.account
            ))
        });
    }
    if let Some(role) = named
        && role.partition() != caller.partition
    {
        return Err(refused()
            .because(format!(
                "the role {role} is in the partition {}, the AWS credentials belong to {}",
                role.partition(),
                caller.partition
            ))
            .hint(format!(
                "use credentials of the partition {}: --aws-profile NAME",
                role.partition()
            )));
    }
    check_policies(request, &account, &caller.partition).map_err(|(flag, reason)| {
        refused().because(reason).hint(format!(
            "name one of the role's partition and account, or of AWS: {flag} arn:{}:iam::{account}:policy/NAME",
            caller.partition
        ))
    })?;
    let need = facts.side.aws.role;
    let is_asked = named.is_some() || request.role_name.is_some();
    let access = RegistryAccess::judge(
        facts.provider.as_deref(),
        facts.home.as_ref(),
        Some((&account, &caller.partition)),
        is_asked || need == RoleNeed::Always,
    );
    let role = match (need, access) {
        (RoleNeed::Never, _) | (RoleNeed::UnlessHome, RegistryAccess::SameAccount) => None,
        _ => Some(role(facts, request, caller)?),
    };
    Ok(AwsPlacement {
        provider_arn: facts
            .issuer
            .as_ref()
            .map(|issuer| issuer.provider_arn(&caller.partition, &account)),
        account,
        partition: caller.partition.clone(),
        caller: caller.arn.clone(),
        access,
        role,
    })
}

/// Why a policy that was named cannot be had in an account: the flag and the reason.
fn check_policies(
    request: &SetupRequest,
    account: &AccountId,
    partition: &str,
) -> std::result::Result<(), (&'static str, String)> {
    let pull = match &request.pull_policy {
        Some(PolicyChoice::Arn(arn)) => Some(("--pull-policy", arn)),
        _ => None,
    };
    let boundary = request.boundary.as_ref();
    let boundary = boundary.map(|arn| ("--permissions-boundary", arn));
    for (flag, arn) in pull.into_iter().chain(boundary) {
        check_owner(flag, arn, Some(account), partition).map_err(|reason| (flag, reason))?;
    }
    Ok(())
}

/// Why a policy cannot be had by a role of this account, if one is named, and partition. The error
/// is the reason alone.
pub(crate) fn check_owner(
    flag: &str,
    arn: &str,
    account: Option<&AccountId>,
    partition: &str,
) -> std::result::Result<(), String> {
    let mut parts = arn.split(':').skip(1);
    let (theirs, owner) = (parts.next(), parts.nth(2));
    let shown = quotable(arn);
    if theirs != Some(partition) {
        return Err(format!(
            "{flag} {shown} is not in the partition {partition}, where the role is"
        ));
    }
    match account {
        Some(account) if owner != Some("aws") && owner != Some(account.as_str()) => Err(format!(
            "{flag} {shown} is not in the account {account}, where the role is"
        )),
        _ => Ok(()),
    }
}

/// The account and where it comes from.
fn wanted_account(
    facts: &ClusterFacts,
    request: &SetupRequest,
    caller: &Caller,
) -> (AccountId, String) {
    named_account(facts, request)
        .unwrap_or_else(|| (caller.account.clone(), "that of the caller".to_owned()))
}

/// The account that follows without asking AWS who calls, and where it comes from.
pub(crate) fn named_account(
    facts: &ClusterFacts,
    request: &SetupRequest,
) -> Option<(AccountId, String)> {
    if let Some(role) = &request.role_arn {
        return Some((role.account().clone(), "that of --role-arn".to_owned()));
    }
    if let Some(role) = &facts.role_arn {
        let origin = format!("that of the role {role} in the add-on's settings");
        return Some((role.account().clone(), origin));
    }
    if let Some(account) = &request.account {
        return Some((account.clone(), "by --account".to_owned()));
    }
    if let Some(image) = &request.image {
        return Some((image.account.clone(), "that of --image".to_owned()));
    }
    if facts.provider.as_deref() == Some("aws")
        && let Some(home) = &facts.home
    {
        let origin = "the one the cluster runs in".to_owned();
        return Some((home.account.clone(), origin));
    }
    None
}

fn role(facts: &ClusterFacts, request: &SetupRequest, caller: &Caller) -> Result<RoleArn> {
    if let Some(role) = &request.role_arn {
        return Ok(role.clone());
    }
    if let Some(role) = &facts.role_arn
        && request
            .role_name
            .as_deref()
            .is_none_or(|name| name == role.name())
    {
        return Ok(role.clone());
    }
    let name = request
        .role_name
        .clone()
        .unwrap_or_else(|| default_role_name(facts.side, &facts.org, &facts.name));
    let arn = format!(
        "arn:{}:iam::{}:role{}{name}",
        caller.partition,
        caller.account,
        request.role_path.as_deref().unwrap_or("/")
    );
    arn.parse().map_err(|reason: String| {
        Error::usage(format!("`{}` cannot be a role's name", quotable(&name))).because(reason)
    })
}

/// The path of a role in its ARN: `/`, or `/team/`.
pub(crate) fn path_of(role: &RoleArn) -> &str {
    let text = role.as_str();
    let resource = text
        .find(":role/")
        .map_or("/", |at| &text[at + ":role".len()..]);
    &resource[..resource.len() - role.name().len()]
}
