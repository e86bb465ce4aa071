//! Which policies can be asked for, and what AWS's own ones say. Pure.

use super::quotable;
use crate::addon::AddonSide;
use crate::addon::aws_side::AwsPolicy;
use serde_json::{Value, json};

/// The policy that a role is to get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PolicyChoice {
    /// One of AWS's own that the catalogue has.
    Aws(&'static AwsPolicy),
    /// A policy by its ARN.
    Arn(String),
}

impl PolicyChoice {
    /// Reads `--pull-policy`: a word of the side, or an ARN. The error is the reason alone; the
    /// caller names the value.
    pub(crate) fn parse(side: AddonSide, text: &str) -> Result<Self, String> {
        let named = side.aws.policies.iter();
        if let Some(policy) = named.clone().find(|policy| policy.word == Some(text)) {
            return Ok(Self::Aws(policy));
        }
        check_policy_arn(text)?;
        Ok(Self::Arn(text.to_owned()))
    }

    /// The policy's ARN in a partition.
    pub(crate) fn arn(&self, partition: &str) -> String {
        match self {
            Self::Aws(policy) => policy.arn(partition),
            Self::Arn(arn) => arn.clone(),
        }
    }
}

/// Why a text is not the ARN of a managed policy.
pub(crate) fn check_policy_arn(text: &str) -> Result<(), String> {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let fits = match parts.as_slice() {
        ["arn", partition, "iam", "", account, resource] => {
            (*partition == "aws" || partition.starts_with("aws-"))
                && (*account == "aws"
                    || (account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit())))
                && resource
                    .strip_prefix("policy/")
                    .is_some_and(|name| !name.is_empty() && !name.ends_with('/'))
                && resource.bytes().all(|b| (0x21..=0x7e).contains(&b))
        }
        _ => false,
    };
    if fits {
        Ok(())
    } else {
        Err(format!(
            "`{}` is not the ARN of a policy, such as arn:aws:iam::111122223333:policy/NAME",
            quotable(text)
        ))
    }
}

/// The name of one of AWS's own policies, whose text is not read, that by its name gives far more
/// than an add-on needs.
pub(crate) fn is_broad(side: AddonSide, arn: &str) -> Option<&str> {
    let (_, name) = arn.split_once(":iam::aws:policy/")?;
    let name = name.rsplit('/').next().unwrap_or(name);
    let much = ["FullAccess", "Administrator", "PowerUser", "ReadOnlyAccess"];
    (much.iter().any(|it| name.contains(it)) && side.policy(arn).is_none()).then_some(name)
}

/// What one of AWS's own policies for the side says, as far as it is about what is asked here; `None`
/// for any other.
pub(crate) fn known_document(side: AddonSide, arn: &str) -> Option<Value> {
    let policy = side.policy(arn)?;
    let (element, actions) = match policy.name {
        "AdministratorAccess" => ("Action", json!("*")),
        "PowerUserAccess" => (
            "NotAction",
            json!(["iam:*", "organizations:*", "account:*"]),
        ),
        // Of the others the catalogue says what they give and what they lack.
        _ => {
            let useful = side.aws.policies.iter().flat_map(|it| it.lacks);
            let proven = side.aws.proves.iter().map(|proof| &proof.action);
            let given: Vec<&str> = proven
                .chain(useful)
                .filter(|action| !policy.lacks.contains(action))
                .copied()
                .collect();
            ("Action", json!(given))
        }
    };
    Some(json!({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", element: actions, "Resource": "*"}]
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::sides::ecr;

    #[test]
    fn policies_are_named_by_word_or_arn() {
        let arn = |text: &str, partition: &str| {
            let choice = PolicyChoice::parse(ecr(), text);
            choice.map(|choice| choice.arn(partition))
        };
        assert_eq!(
            arn("read-only", "aws-cn").unwrap(),
            "arn:aws-cn:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly"
        );
        assert_eq!(
            arn("pull-only", "aws").unwrap(),
            "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly"
        );
        let own = "arn:aws:iam::111122223333:policy/team/pull";
        assert_eq!(arn(own, "aws").unwrap(), own);
        for bad in [
            "",
            "readonly",
            "arn:aws:iam::aws:role/x",
            "arn:aws:iam::1:policy/x",
            "arn:aws:iam::aws:policy/",
            "arn:aws:iam::aws:policy/a b",
        ] {
            assert!(arn(bad, "aws").is_err(), "{bad}");
        }
    }

    #[test]
    fn only_awss_own_policies_are_known_by_name() {
        let is_known = |arn: &str| ecr().policy(arn).is_some();
        assert!(is_known(
            "arn:aws-us-gov:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly"
        ));
        assert!(!is_known(
            "arn:aws:iam::111122223333:policy/AmazonEC2ContainerRegistryPullOnly"
        ));
        assert!(!is_known("arn:aws:iam::aws:policy/ReadOnlyAccess2"));
        for (name, lacks) in [
            ("ReadOnly", true),
            ("PullOnly", false),
            ("FullAccess", false),
        ] {
            let arn = format!("arn:aws:iam::aws:policy/AmazonEC2ContainerRegistry{name}");
            let text = known_document(ecr(), &arn).unwrap().to_string();
            assert!(text.contains("ecr:BatchGetImage"), "{text}");
            assert_eq!(
                !text.contains("ecr:BatchImportUpstreamImage"),
                lacks,
                "{text}"
            );
        }
    }
}
