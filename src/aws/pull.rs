//! Whether a policy lets its holder pull images from ECR, and which policies are known to. Pure.

use super::normal::{Listed, Statement, includes};
use super::quotable;
use super::trust::statements;
use serde_json::Value;
use std::str::FromStr;

/// What it takes to pull: a token, the manifest and the layers.
pub const PULL_ACTIONS: [&str; 3] = [
    "ecr:GetAuthorizationToken",
    "ecr:BatchGetImage",
    "ecr:GetDownloadUrlForLayer",
];

/// What it takes besides to fill a pull-through cache; `AmazonEC2ContainerRegistryReadOnly` lacks it.
pub const IMPORT_ACTION: &str = "ecr:BatchImportUpstreamImage";

/// AWS's own policies that allow a pull.
const KNOWN: [&str; 6] = [
    "AmazonEC2ContainerRegistryReadOnly",
    "AmazonEC2ContainerRegistryPullOnly",
    "AmazonEC2ContainerRegistryPowerUser",
    "AmazonEC2ContainerRegistryFullAccess",
    "AdministratorAccess",
    "PowerUserAccess",
];

/// The pull policy that a role gets.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum PullPolicy {
    /// `AmazonEC2ContainerRegistryReadOnly`, which the guide names.
    #[default]
    ReadOnly,
    /// `AmazonEC2ContainerRegistryPullOnly`, which also fills pull-through caches.
    PullOnly,
    /// A policy by its ARN.
    Arn(String),
}

impl PullPolicy {
    /// The policy's ARN in a partition.
    pub fn arn(&self, partition: &str) -> String {
        let name = match self {
            Self::ReadOnly => KNOWN[0],
            Self::PullOnly => KNOWN[1],
            Self::Arn(arn) => return arn.clone(),
        };
        format!("arn:{partition}:iam::aws:policy/{name}")
    }
}

impl FromStr for PullPolicy {
    type Err = String;

    /// The error is the reason alone; the caller names the value.
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "read-only" => return Ok(Self::ReadOnly),
            "pull-only" => return Ok(Self::PullOnly),
            _ => {}
        }
        check_policy_arn(text)?;
        Ok(Self::Arn(text.to_owned()))
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

/// The ARNs of AWS's own policies that allow a pull.
pub fn known(partition: &str) -> Vec<String> {
    KNOWN
        .iter()
        .map(|name| format!("arn:{partition}:iam::aws:policy/{name}"))
        .collect()
}

/// Whether it is one of AWS's own policies that allow a pull.
pub fn is_known(arn: &str) -> bool {
    arn.split_once(":iam::aws:policy/")
        .is_some_and(|(_, name)| KNOWN.contains(&name))
}

/// Whether it is one of AWS's own policies that allow a pull and not what fills a pull-through cache.
pub fn lacks_import(arn: &str) -> bool {
    arn.split_once(":iam::aws:policy/")
        .is_some_and(|(_, name)| name == KNOWN[0])
}

/// Whether the document alone allows all that a pull takes, on any repository, and denies none of
/// it. Statements with conditions or exceptions do not count as allowing.
pub fn allows_pull(document: &Value) -> bool {
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
    PULL_ACTIONS.iter().all(|action| {
        let allowed = list.iter().any(|(raw, statement)| {
            statement.effect == "Allow"
                && statement.conditions.is_empty()
                && names(statement, action)
                && raw
                    .get("Resource")
                    .is_some_and(|resource| reaches(action, resource))
        });
        let denied = list
            .iter()
            .any(|(_, statement)| statement.effect == "Deny" && names(statement, action));
        allowed && !denied
    })
}

/// The token is for `*` only; layers and manifests belong to repositories.
fn reaches(action: &str, resource: &Value) -> bool {
    let values = match resource {
        Value::Array(list) => list.iter().collect(),
        one => vec![one],
    };
    let token = action == PULL_ACTIONS[0];
    values
        .into_iter()
        .filter_map(Value::as_str)
        .any(|text| text == "*" || (!token && text.starts_with("arn:") && text.contains(":ecr:")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn policies_are_named_by_word_or_arn() {
        assert_eq!(
            "read-only".parse::<PullPolicy>().unwrap().arn("aws-cn"),
            "arn:aws-cn:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly"
        );
        assert_eq!("pull-only".parse(), Ok(PullPolicy::PullOnly));
        let own = "arn:aws:iam::111122223333:policy/team/pull";
        assert_eq!(own.parse::<PullPolicy>().unwrap().arn("aws"), own);
        for bad in [
            "",
            "readonly",
            "arn:aws:iam::aws:role/x",
            "arn:aws:iam::1:policy/x",
            "arn:aws:iam::aws:policy/",
            "arn:aws:iam::aws:policy/a b",
        ] {
            assert!(bad.parse::<PullPolicy>().is_err(), "{bad}");
        }
    }

    #[test]
    fn only_awss_own_policies_are_known_by_name() {
        assert!(is_known(
            "arn:aws-us-gov:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly"
        ));
        assert!(!is_known(
            "arn:aws:iam::111122223333:policy/AmazonEC2ContainerRegistryPullOnly"
        ));
        assert!(!is_known("arn:aws:iam::aws:policy/ReadOnlyAccess2"));
        for (name, yes) in [(KNOWN[0], true), (KNOWN[1], false), (KNOWN[3], false)] {
            assert_eq!(
                lacks_import(&format!("arn:aws:iam::aws:policy/{name}")),
                yes
            );
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
                allows_pull(&json!({"Statement": statements})),
                yes,
                "{statements}"
            );
        }
    }
}
