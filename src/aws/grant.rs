//! Whether a policy gives its holder what an add-on needs, and which policies can be asked for. Pure.

use super::normal::{Listed, Statement, includes};
use super::quotable;
use super::trust::statements;
use crate::addon::Side;
use crate::addon::aws_side::{AwsPolicy, Proof};
use serde_json::Value;

/// The policy that a role is to get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PolicyChoice {
    /// One of AWS's own that the catalogue has.
    Aws(&'static AwsPolicy),
    /// A policy by its ARN.
    Arn(String),
}

impl PolicyChoice {
    /// Reads `--pull-policy`: a word of the side, or an ARN. The error is the reason alone; the
    /// caller names the value.
    pub fn parse(side: Side, text: &str) -> Result<Self, String> {
        let named = side.aws.policies.iter();
        if let Some(policy) = named.clone().find(|policy| policy.word == Some(text)) {
            return Ok(Self::Aws(policy));
        }
        check_policy_arn(text)?;
        Ok(Self::Arn(text.to_owned()))
    }

    /// The policy's ARN in a partition.
    pub fn arn(&self, partition: &str) -> String {
        match self {
            Self::Aws(policy) => policy.arn(partition),
            Self::Arn(arn) => arn.clone(),
        }
    }
}

/// Why a text is not the ARN of a managed policy.
pub fn check_policy_arn(text: &str) -> Result<(), String> {
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

/// Whether it is one of AWS's own policies for the side that does not allow this action besides.
pub fn lacks(side: Side, arn: &str, action: &str) -> bool {
    side.policy(arn)
        .is_some_and(|policy| policy.lacks.contains(&action))
}

/// Whether the document alone allows all that the add-on needs, on any of its resources, and denies
/// none of it. Statements with conditions or exceptions do not count as allowing.
pub fn allows(side: Side, document: &Value) -> bool {
    let list: Vec<(&Value, Statement)> = statements(document)
        .into_iter()
        .map(|statement| (statement, Statement::new(statement)))
        .collect();
    let names = |statement: &Statement, action: &str| match &statement.actions {
        Listed::These(actions) => actions
            .iter()
            .any(|pattern| includes(pattern, &action.to_ascii_lowercase())),
        Listed::AllBut(_) => false,
    };
    side.aws.proves.iter().all(|proof| {
        let allowed = list.iter().any(|(raw, statement)| {
            statement.effect == "Allow"
                && statement.conditions.is_empty()
                && names(statement, proof.action)
                && raw
                    .get("Resource")
                    .is_some_and(|resource| reaches(proof, resource))
        });
        let denied = list
            .iter()
            .any(|(_, statement)| statement.effect == "Deny" && names(statement, proof.action));
        allowed && !denied
    })
}

/// Whether a statement on this resource can be about the action at all.
fn reaches(proof: &Proof, resource: &Value) -> bool {
    let values = match resource {
        Value::Array(list) => list.iter().collect(),
        one => vec![one],
    };
    let is_of_service = |text: &str| {
        proof.on.is_some_and(|service| {
            text.starts_with("arn:") && text.contains(&format!(":{service}:"))
        })
    };
    values
        .into_iter()
        .filter_map(Value::as_str)
        .any(|text| text == "*" || is_of_service(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::sides::ecr;
    use serde_json::json;

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
        for (name, yes) in [
            ("ReadOnly", true),
            ("PullOnly", false),
            ("FullAccess", false),
        ] {
            let arn = format!("arn:aws:iam::aws:policy/AmazonEC2ContainerRegistry{name}");
            assert_eq!(lacks(ecr(), &arn, "ecr:BatchImportUpstreamImage"), yes);
        }
    }

    #[test]
    fn a_document_allows_a_pull_when_all_three_actions_are_there() {
        let layers = json!(["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]);
        let token =
            json!({"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"});
        let repository = "arn:aws:ecr:*:111122223333:repository/app";
        for (statements, yes) in [
            (
                json!([{"Effect": "Allow", "Action": "ecr:*", "Resource": "*"}]),
                true,
            ),
            (
                json!({"Effect": "Allow", "Action": "*", "Resource": "*"}),
                true,
            ),
            (
                json!([token, {"Effect": "Allow", "Action": layers, "Resource": repository}]),
                true,
            ),
            (
                json!([token, {"Effect": "Allow", "Action": layers, "Resource": ["arn:aws:s3:::x"]}]),
                false,
            ),
            (json!([token]), false),
            (
                json!([{"Effect": "Allow", "Action": "ecr:*", "Resource": repository}]),
                false,
            ),
            (
                json!([{"Effect": "Allow", "Action": "ecr:*", "Resource": "*", "Condition": {"Bool": {"a": "b"}}}]),
                false,
            ),
            (
                json!([{"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}]),
                false,
            ),
            (
                json!([{"Effect": "Allow", "Action": "ecr:*", "Resource": "*"}, {"Effect": "Deny", "Action": "ecr:Batch*", "Resource": "*"}]),
                false,
            ),
        ] {
            assert_eq!(
                allows(ecr(), &json!({"Statement": statements})),
                yes,
                "{statements}"
            );
        }
    }
}
