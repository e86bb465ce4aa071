//! Where a cluster works in AWS, seen from where it runs: which decides whether a role is needed.

use crate::arn::{AccountId, RoleArn};
use crate::cluster::{Cluster, HomeAccount};
use std::fmt;

/// Which case a cluster is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RegistryAccess {
    /// On AWS without a role: the cluster's own account.
    SameAccount,
    /// On AWS with a role in the cluster's own account.
    SameAccountRole,
    /// On AWS with a role in another account.
    CrossAccount,
    /// Not on AWS.
    OutsideAws,
    /// The cluster does not say where it runs.
    Unknown,
}

impl RegistryAccess {
    /// The case of a cluster of this provider, which runs in `home` and works in the account and
    /// partition of `there`, or is given none to work in.
    pub(crate) fn judge(
        provider: Option<&str>,
        home: Option<&HomeAccount>,
        there: Option<(&AccountId, &str)>,
        with_role: bool,
    ) -> Self {
        match (provider, home, there) {
            (Some("aws"), _, None) => Self::SameAccount,
            // An account has its number in one partition; the same number elsewhere is another.
            (Some("aws"), Some(home), Some((account, partition)))
                if home.account == *account && home.partition == partition =>
            {
                if with_role {
                    Self::SameAccountRole
                } else {
                    Self::SameAccount
                }
            }
            (Some("aws"), Some(_), Some(_)) => Self::CrossAccount,
            (Some("aws"), None, Some(_)) => Self::Unknown,
            (Some(_), _, Some(_)) => Self::OutsideAws,
            (_, _, _) => Self::Unknown,
        }
    }

    /// The stable word in JSON.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::SameAccount => "same-account",
            Self::SameAccountRole => "same-account-role",
            Self::CrossAccount => "cross-account",
            Self::OutsideAws => "outside-aws",
            Self::Unknown => "unknown",
        }
    }
}

/// The case of a cluster with the account that it works in, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AccessReport {
    /// The case.
    pub(crate) access: RegistryAccess,
    /// The account, if it is known.
    pub(crate) account: Option<AccountId>,
}

impl AccessReport {
    /// Of a cluster whose add-on has this role.
    pub(crate) fn of(cluster: &Cluster, role: Option<&str>) -> Self {
        let role: Option<RoleArn> = role.and_then(|text| text.parse().ok());
        let home = cluster.home();
        let there = role.as_ref().map(|role| (role.account(), role.partition()));
        let access =
            RegistryAccess::judge(cluster.provider(), home.as_ref(), there, role.is_some());
        let account = match access {
            RegistryAccess::SameAccount => home.map(|home| home.account),
            _ => role.map(|role| role.account().clone()),
        };
        Self { access, account }
    }
}

impl fmt::Display for AccessReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use RegistryAccess::{CrossAccount, OutsideAws, SameAccount, SameAccountRole, Unknown};
        match (self.access, &self.account) {
            (SameAccount, None) => f.write_str("same account, no role needed"),
            (SameAccount, Some(account)) => {
                write!(f, "same account ({account}), no role needed")
            }
            (SameAccountRole, Some(account)) => {
                write!(f, "role in the cluster's own account ({account})")
            }
            (CrossAccount, Some(account)) => write!(f, "role in another account ({account})"),
            (OutsideAws, Some(account)) => {
                write!(f, "cluster outside AWS, role in account {account}")
            }
            (Unknown, Some(account)) => write!(
                f,
                "role in account {account}; the cluster names no account to compare with"
            ),
            (_, None) => f.write_str("the cluster names no account to compare with"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn provider_home_and_partition_decide() {
        use RegistryAccess::{CrossAccount, OutsideAws, SameAccount, SameAccountRole, Unknown};
        let account = |text: &str| text.parse::<AccountId>().unwrap();
        let (mine, other) = (account("111122223333"), account("222222222222"));
        let home = HomeAccount {
            account: mine.clone(),
            partition: "aws".to_owned(),
        };
        for (provider, home, there, with_role, expected) in [
            (Some("aws"), Some(&home), None, false, SameAccount),
            (Some("aws"), None, None, false, SameAccount),
            (
                Some("aws"),
                Some(&home),
                Some((&mine, "aws")),
                false,
                SameAccount,
            ),
            (
                Some("aws"),
                Some(&home),
                Some((&mine, "aws")),
                true,
                SameAccountRole,
            ),
            (
                Some("aws"),
                Some(&home),
                Some((&mine, "aws-cn")),
                true,
                CrossAccount,
            ),
            (
                Some("aws"),
                Some(&home),
                Some((&other, "aws")),
                true,
                CrossAccount,
            ),
            (Some("aws"), None, Some((&mine, "aws")), true, Unknown),
            (
                Some("hetzner"),
                None,
                Some((&mine, "aws")),
                true,
                OutsideAws,
            ),
            (Some("hetzner"), None, None, false, Unknown),
            (None, None, Some((&mine, "aws")), true, Unknown),
        ] {
            let found = RegistryAccess::judge(provider, home, there, with_role);
            assert_eq!(found, expected, "{provider:?} {there:?} {with_role}");
        }
    }
}
