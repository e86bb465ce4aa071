//! The least IAM policy that a caller needs. Pure.
//!
//! The statements follow what `sdk`, `inspect` and `ecr` call; a test holds them together. What
//! `proof` calls is the role's to be allowed, by its pull policy, and not the caller's.

use serde_json::{Map, Value, json};

/// What the caller wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// `aws status`, and every plan.
    Status,
    /// `aws setup`.
    Setup,
    /// `aws teardown`.
    Teardown,
    /// `check`, which looks at more than `aws status` does.
    Check,
    /// `aws setup --apply-repository-policy`, in the account of the repository.
    RepositoryPolicy,
}

/// Every purpose, in the order of their statements.
pub const PURPOSES: [Purpose; 5] = [
    Purpose::Status,
    Purpose::Setup,
    Purpose::Teardown,
    Purpose::Check,
    Purpose::RepositoryPolicy,
];

/// What is meant where none is named: the AWS side from its beginning to its end, and no more.
pub const USUAL: [Purpose; 3] = [Purpose::Status, Purpose::Setup, Purpose::Teardown];

impl Purpose {
    /// The word on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Setup => "setup",
            Self::Teardown => "teardown",
            Self::Check => "check",
            Self::RepositoryPolicy => "repository-policy",
        }
    }

    /// Whether the AWS side of a cluster is read first.
    fn reads(self) -> bool {
        self != Self::RepositoryPolicy
    }
}

/// How narrow the policy is to be; what is `None` stays open.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// The partition; `aws` if `None`.
    pub partition: Option<String>,
    /// The account.
    pub account: Option<String>,
    /// The role's path and name without a slash at the start; `mk8s-*` and any path if `None`.
    pub role: Option<String>,
    /// Host and path of the issuer; every provider if `None`.
    pub issuer: Option<String>,
    /// The ARN of the pull policy; only that can be attached then.
    pub policy: Option<String>,
    /// The ARN of the permissions boundary that new roles get.
    pub boundary: Option<String>,
}

/// The actions on one kind of resource.
struct Grant {
    purpose: Purpose,
    sid: &'static str,
    on: On,
    actions: &'static [&'static str],
}

#[derive(Clone, Copy, PartialEq)]
enum On {
    /// Actions that know no resource.
    Everything,
    Provider,
    Role,
    /// Roles, limited to the pull policy.
    Attachment,
    Policies,
    /// Repositories, whose account need not be the role's.
    Repositories,
    /// Repositories of the account.
    OwnRepositories,
}

const GRANTS: &[Grant] = &[
    Grant {
        purpose: Purpose::Status,
        sid: "Mk8sReadAccount",
        on: On::Everything,
        actions: &["iam:GetAccountSummary", "iam:ListOpenIDConnectProviders"],
    },
    Grant {
        purpose: Purpose::Status,
        sid: "Mk8sReadProvider",
        on: On::Provider,
        actions: &["iam:GetOpenIDConnectProvider"],
    },
    Grant {
        purpose: Purpose::Status,
        sid: "Mk8sReadRole",
        on: On::Role,
        actions: &[
            "iam:GetRole",
            "iam:GetRolePolicy",
            "iam:ListAttachedRolePolicies",
            "iam:ListRolePolicies",
        ],
    },
    Grant {
        purpose: Purpose::Status,
        sid: "Mk8sReadPolicies",
        on: On::Policies,
        actions: &["iam:GetPolicy", "iam:GetPolicyVersion"],
    },
    Grant {
        purpose: Purpose::Setup,
        sid: "Mk8sMakeProvider",
        on: On::Provider,
        actions: &[
            "iam:AddClientIDToOpenIDConnectProvider",
            "iam:CreateOpenIDConnectProvider",
            "iam:TagOpenIDConnectProvider",
            "iam:UpdateOpenIDConnectProviderThumbprint",
        ],
    },
    Grant {
        purpose: Purpose::Setup,
        sid: "Mk8sMakeRole",
        on: On::Role,
        actions: &[
            "iam:CreateRole",
            "iam:TagRole",
            "iam:UpdateAssumeRolePolicy",
        ],
    },
    Grant {
        purpose: Purpose::Setup,
        sid: "Mk8sAttachPolicy",
        on: On::Attachment,
        actions: &["iam:AttachRolePolicy"],
    },
    Grant {
        purpose: Purpose::Teardown,
        sid: "Mk8sLookForOthers",
        on: On::Everything,
        actions: &["iam:ListRoles"],
    },
    Grant {
        purpose: Purpose::Teardown,
        sid: "Mk8sRemoveRole",
        on: On::Role,
        actions: &[
            "iam:DeleteRole",
            "iam:ListInstanceProfilesForRole",
            "iam:UntagRole",
            "iam:UpdateAssumeRolePolicy",
        ],
    },
    Grant {
        purpose: Purpose::Teardown,
        sid: "Mk8sDetachPolicy",
        on: On::Attachment,
        actions: &["iam:DetachRolePolicy"],
    },
    Grant {
        purpose: Purpose::Teardown,
        sid: "Mk8sRemoveProvider",
        on: On::Provider,
        actions: &["iam:DeleteOpenIDConnectProvider"],
    },
    Grant {
        purpose: Purpose::Check,
        sid: "Mk8sSimulatePull",
        on: On::Role,
        actions: &["iam:SimulatePrincipalPolicy"],
    },
    Grant {
        purpose: Purpose::Check,
        sid: "Mk8sReadRepositories",
        on: On::Repositories,
        actions: &[
            "ecr:BatchGetImage",
            "ecr:DescribeImages",
            "ecr:DescribeRepositories",
            "ecr:GetRepositoryPolicy",
        ],
    },
    Grant {
        purpose: Purpose::Check,
        sid: "Mk8sReadRegistry",
        on: On::Everything,
        actions: &["ecr:DescribePullThroughCacheRules"],
    },
    Grant {
        purpose: Purpose::RepositoryPolicy,
        sid: "Mk8sSetRepositoryPolicy",
        on: On::OwnRepositories,
        actions: &["ecr:GetRepositoryPolicy", "ecr:SetRepositoryPolicy"],
    },
];

/// The policy document for the purposes. All but that for repositories also need what status needs.
pub fn permissions(purposes: &[Purpose], scope: &Scope) -> Value {
    let mut statements: Vec<Value> = wanted(purposes)
        .map(|grant| statement(grant, scope))
        .collect();
    if let Some(boundary) = &scope.boundary
        && purposes.contains(&Purpose::Setup)
    {
        statements.push(json!({
            "Sid": "Mk8sSetBoundary",
            "Effect": "Allow",
            "Action": "iam:PutRolePermissionsBoundary",
            "Resource": resource(On::Role, scope),
            "Condition": {"ArnEquals": {"iam:PermissionsBoundary": boundary}},
        }));
    }
    json!({"Version": "2012-10-17", "Statement": statements})
}

fn wanted(purposes: &[Purpose]) -> impl Iterator<Item = &'static Grant> {
    let reads = purposes.iter().any(|purpose| purpose.reads());
    GRANTS.iter().filter(move |grant| {
        purposes.contains(&grant.purpose) || (reads && grant.purpose == Purpose::Status)
    })
}

fn statement(grant: &Grant, scope: &Scope) -> Value {
    let mut statement = Map::new();
    statement.insert("Sid".to_owned(), json!(grant.sid));
    statement.insert("Effect".to_owned(), json!("Allow"));
    statement.insert("Action".to_owned(), json!(grant.actions));
    statement.insert("Resource".to_owned(), json!(resource(grant.on, scope)));
    if let (On::Attachment, Some(policy)) = (grant.on, &scope.policy) {
        statement.insert(
            "Condition".to_owned(),
            json!({"ArnEquals": {"iam:PolicyARN": policy}}),
        );
    }
    Value::Object(statement)
}

fn resource(on: On, scope: &Scope) -> String {
    let partition = scope.partition.as_deref().unwrap_or("aws");
    let account = scope.account.as_deref().unwrap_or("*");
    let issuer = scope.issuer.as_deref().unwrap_or("*");
    let role = scope.role.as_deref().unwrap_or("*mk8s-*");
    match on {
        On::Everything => "*".to_owned(),
        On::Provider => format!("arn:{partition}:iam::{account}:oidc-provider/{issuer}"),
        On::Role | On::Attachment => format!("arn:{partition}:iam::{account}:role/{role}"),
        On::Policies => format!("arn:{partition}:iam::*:policy/*"),
        On::Repositories => format!("arn:{partition}:ecr:*:*:repository/*"),
        On::OwnRepositories => format!("arn:{partition}:ecr:*:{account}:repository/*"),
    }
}

/// Every action in the policy for the purposes, in alphabetical order, each once.
pub fn actions(purposes: &[Purpose]) -> Vec<&'static str> {
    let mut actions: Vec<&str> = wanted(purposes)
        .flat_map(|grant| grant.actions.iter().copied())
        .collect();
    actions.sort_unstable();
    actions.dedup();
    actions
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sources whose calls are made with the caller's credentials.
    const CALLS: [&str; 4] = [
        include_str!("iam.rs"),
        include_str!("sdk.rs"),
        include_str!("inspect.rs"),
        include_str!("ecr.rs"),
    ];

    /// A right without a call of its own: tags at creation.
    const WITHOUT_CALL: &str = "iam:TagOpenIDConnectProvider";

    /// What the role does in a pull, and the caller does not.
    const OF_THE_ROLE: [&str; 2] = ["ecr:GetAuthorizationToken", "ecr:GetDownloadUrlForLayer"];

    /// The actions that a source names alone in quotes or backticks, tests left out.
    fn named(source: &'static str) -> Vec<&'static str> {
        let code = source.split("#[cfg(test)]").next().unwrap_or_default();
        let is_action = |text: &&str| {
            let name = text.strip_prefix("iam:").or(text.strip_prefix("ecr:"));
            name.is_some_and(|name| name.bytes().all(|b| b.is_ascii_alphabetic()))
        };
        code.split(['"', '`']).filter(is_action).collect()
    }

    #[test]
    fn every_action_that_is_called_is_granted_and_no_other() {
        // Named there because it is simulated.
        let called: Vec<&str> = CALLS
            .into_iter()
            .flat_map(named)
            .filter(|action| !OF_THE_ROLE.contains(action))
            .collect();
        assert!(called.len() > 40, "{called:?}");
        let granted = actions(&PURPOSES);
        for action in &called {
            assert!(granted.contains(action), "{action}");
        }
        for action in granted {
            let is_called = called.contains(&action);
            assert!(is_called || action == WITHOUT_CALL, "{action}");
        }
    }

    #[test]
    fn the_usual_policy_and_those_for_more() {
        let usual = actions(&USUAL);
        assert!(usual.iter().all(|action| action.starts_with("iam:")));
        assert!(!usual.contains(&"iam:SimulatePrincipalPolicy"));
        let check = actions(&[Purpose::Check]);
        for action in [
            "iam:GetRole",
            "ecr:DescribeImages",
            "ecr:GetRepositoryPolicy",
        ] {
            assert!(check.contains(&action), "{action}");
        }
        let writes = ["Create", "Set", "Attach", "Update", "Put", "Tag", "Delete"];
        assert!(
            !check
                .iter()
                .any(|it| writes.iter().any(|w| it[4..].starts_with(w)))
        );
        assert_eq!(
            actions(&[Purpose::RepositoryPolicy]),
            ["ecr:GetRepositoryPolicy", "ecr:SetRepositoryPolicy"]
        );
    }

    #[test]
    fn reading_is_part_of_every_purpose_and_writing_only_of_its_own() {
        let text = |purpose| permissions(&[purpose], &Scope::default()).to_string();
        assert!(!text(Purpose::Status).contains("Create"));
        assert!(text(Purpose::Setup).contains("iam:GetRole\""));
        assert!(!text(Purpose::Setup).contains("Delete"));
        assert!(!text(Purpose::Teardown).contains("Create"));
    }

    #[test]
    fn the_scope_narrows_the_resources() {
        let scope = Scope {
            partition: Some("aws-cn".into()),
            account: Some("111122223333".into()),
            role: Some("team/r".into()),
            issuer: Some("h.example/c".into()),
            policy: Some("arn:aws-cn:iam::aws:policy/P".into()),
            boundary: Some("arn:aws-cn:iam::111122223333:policy/B".into()),
        };
        let document = permissions(&[Purpose::Setup], &scope);
        let by_sid = |sid: &str| {
            let list = document["Statement"].as_array().unwrap();
            list.iter().find(|it| it["Sid"] == sid).unwrap().clone()
        };
        assert_eq!(
            by_sid("Mk8sMakeRole")["Resource"],
            "arn:aws-cn:iam::111122223333:role/team/r"
        );
        assert_eq!(
            by_sid("Mk8sMakeProvider")["Resource"],
            "arn:aws-cn:iam::111122223333:oidc-provider/h.example/c"
        );
        assert_eq!(
            by_sid("Mk8sAttachPolicy")["Condition"],
            json!({"ArnEquals": {"iam:PolicyARN": "arn:aws-cn:iam::aws:policy/P"}})
        );
        assert_eq!(
            by_sid("Mk8sSetBoundary")["Action"],
            "iam:PutRolePermissionsBoundary"
        );
        let status = permissions(&[Purpose::Status], &scope).to_string();
        assert!(!status.contains("Boundary"));
        // A repository that is looked at may be of another account, one that is changed is not.
        for (purpose, account) in [
            (Purpose::Check, "*"),
            (Purpose::RepositoryPolicy, "111122223333"),
        ] {
            let text = permissions(&[purpose], &scope).to_string();
            let resource = format!("arn:aws-cn:ecr:*:{account}:repository/*");
            assert!(text.contains(&resource), "{text}");
        }
    }
}
