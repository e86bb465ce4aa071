//! ARNs of IAM roles, and the accounts and partitions in them. Pure.

use std::fmt;
use std::str::FromStr;

/// An AWS account id: 12 digits, kept as text because a leading zero counts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct AccountId(String);

impl AccountId {
    /// The twelve digits.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads an account; `part` is what it is called in the reason why it is none.
    pub(crate) fn read(text: &str, part: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err(format!("{part} is empty, 12 digits are needed"));
        }
        if !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(format!("{part} has other characters than digits"));
        }
        if text.len() != 12 {
            let count = text.len();
            return Err(format!("{part} has {count} digits, 12 are needed"));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for AccountId {
    type Err = String;

    /// The error is the reason alone; the caller names the value.
    fn from_str(text: &str) -> Result<Self, String> {
        Self::read(text, "it")
    }
}

/// The ARN of an IAM role: `arn:PARTITION:iam::ACCOUNT:role/[PATH/]NAME`.
///
/// Case counts, in the path and in the name. Limits are IAM's: a name of 1 to 64 characters of
/// letters, digits and `+=,.@_-`, a path of at most 512 printable characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct RoleArn {
    text: String,
    partition: String,
    account: AccountId,
    /// Where the role's name starts in `text`.
    name_at: usize,
}

impl RoleArn {
    /// The whole ARN.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// `aws`, `aws-cn`, `aws-us-gov`, …
    pub(crate) fn partition(&self) -> &str {
        &self.partition
    }

    /// The account that owns the role.
    pub(crate) fn account(&self) -> &AccountId {
        &self.account
    }

    /// The role's name, without its path.
    pub(crate) fn name(&self) -> &str {
        &self.text[self.name_at..]
    }
}

impl fmt::Display for RoleArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for RoleArn {
    type Err = String;

    /// The error is the reason alone; the caller names the value.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = text.splitn(6, ':');
        let mut next = || parts.next().unwrap_or_default();
        let (scheme, partition, service, region, account, resource) =
            (next(), next(), next(), next(), next(), next());
        if scheme != "arn" {
            return Err("it does not start with `arn:`".to_owned());
        }
        if !is_partition(partition) {
            return Err(format!(
                "`{partition}` is not a partition; aws, aws-cn, aws-us-gov or aws-eusc is expected"
            ));
        }
        if service != "iam" {
            return Err(format!("the service part is `{service}`, `iam` is needed"));
        }
        if !region.is_empty() {
            return Err(format!(
                "the region part is `{region}`, IAM has none: two colons follow `iam`"
            ));
        }
        let account = AccountId::read(account, "the account part")?;
        let Some(path_and_name) = resource.strip_prefix("role/") else {
            return Err(format!(
                "the resource part is `{resource}`, `role/NAME` is needed"
            ));
        };
        let (path, name) = path_and_name
            .rsplit_once('/')
            .map_or(("", path_and_name), |(path, name)| (path, name));
        if name.is_empty() {
            return Err("the role's name is empty".to_owned());
        }
        if name.len() > 64 {
            return Err(format!(
                "the role's name has {} characters, IAM allows 64",
                name.len()
            ));
        }
        if let Some(bad) = name
            .chars()
            .find(|c| !c.is_ascii_alphanumeric() && !"+=,.@_-".contains(*c))
        {
            return Err(format!(
                "the role's name has the character {bad:?}; letters, digits and +=,.@_- are allowed"
            ));
        }
        if path.len() > 510 {
            return Err("the role's path is longer than the 512 characters of IAM".to_owned());
        }
        if path_and_name.starts_with('/')
            || path_and_name.contains("//")
            || !path.bytes().all(|b| (0x21..=0x7e).contains(&b))
        {
            return Err(
                "the role's path is not of the form `division/team/`, printable ASCII".to_owned(),
            );
        }
        Ok(Self {
            name_at: text.len() - name.len(),
            text: text.to_owned(),
            partition: partition.to_owned(),
            account,
        })
    }
}

/// `aws` alone or followed by parts of lower-case letters: new partitions are accepted.
fn is_partition(text: &str) -> bool {
    text == "aws"
        || text.strip_prefix("aws-").is_some_and(|rest| {
            rest.split('-')
                .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase()))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_arn_gives_its_parts() {
        let arn: RoleArn = "arn:aws-cn:iam::012345678901:role/team/ecr/mk8s-ecr"
            .parse()
            .unwrap();
        assert_eq!(arn.partition(), "aws-cn");
        assert_eq!(arn.account().as_str(), "012345678901");
        assert_eq!(arn.name(), "mk8s-ecr");
    }

    #[test]
    fn each_fault_of_an_arn_is_named() {
        for (text, reason) in [
            ("", "does not start with `arn:`"),
            (
                "arn:aws:iam::99999999999:role/x",
                "has 11 digits, 12 are needed",
            ),
            ("arn:aws:iam::9999999999999:role/x", "has 13 digits"),
            (
                "arn:aws:iam::12345678901a:role/x",
                "other characters than digits",
            ),
            ("arn:aws:iam:::role/x", "account part is empty"),
            (
                "arn:aws:sts::123456789012:assumed-role/x/y",
                "service part is `sts`",
            ),
            (
                "arn:aws:iam:us-east-1:123456789012:role/x",
                "region part is `us-east-1`",
            ),
            (
                "arn:aws:iam::123456789012:user/x",
                "resource part is `user/x`",
            ),
            ("arn:aws:iam::123456789012:role/", "name is empty"),
            ("arn:aws:iam::123456789012:role/a/", "name is empty"),
            (
                "arn:aws:iam::123456789012:role//x",
                "path is not of the form",
            ),
            ("arn:aws:iam::123456789012:role/a b", "character ' '"),
            (
                "arn:awsx:iam::123456789012:role/x",
                "`awsx` is not a partition",
            ),
            ("arn:aws:iam::123456789012:role/x\n", "character '\\n'"),
        ] {
            let got = text.parse::<RoleArn>().unwrap_err();
            assert!(got.contains(reason), "{text:?}: {got}");
        }
    }
}
