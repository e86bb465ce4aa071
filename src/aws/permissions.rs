//! The least IAM policy that a caller needs. Pure.
//!
//! The statements follow what `state` reads and what `apply` writes; a test holds them together.

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
}

/// Every purpose, in the order of their statements.
pub const PURPOSES: [Purpose; 3] = [Purpose::Status, Purpose::Setup, Purpose::Teardown];

impl Purpose {
    /// The word on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Setup => "setup",
            Self::Teardown => "teardown",
        }
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
];

/// The policy document for the purposes. Setup and teardown also need what status needs.
pub fn permissions(purposes: &[Purpose], scope: &Scope) -> Value {
    let wanted =
        |grant: &&Grant| grant.purpose == Purpose::Status || purposes.contains(&grant.purpose);
    let mut statements: Vec<Value> = GRANTS
        .iter()
        .filter(wanted)
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
    }
}

/// Every action that the purposes need, in alphabetical order, each once.
pub fn actions(purposes: &[Purpose]) -> Vec<&'static str> {
    let mut actions: Vec<&str> = GRANTS
        .iter()
        .filter(|grant| purposes.contains(&grant.purpose))
        .flat_map(|grant| grant.actions.iter().copied())
        .collect();
    actions.sort_unstable();
    actions.dedup();
    actions
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sources whose calls must be granted; `iam.rs` names every action in its documentation.
    const CALLS: &str = include_str!("iam.rs");

    #[test]
    fn every_action_that_is_called_is_granted_and_no_other() {
        let named: Vec<&str> = CALLS
            .lines()
            .filter_map(|line| line.trim().strip_prefix("/// `iam:"))
            .filter_map(|rest| rest.split('`').next())
            .collect();
        assert!(named.len() > 15, "{named:?}");
        let granted = actions(&PURPOSES);
        for action in &named {
            assert!(
                granted.contains(&format!("iam:{action}").as_str()),
                "{action}"
            );
        }
        for action in granted {
            let bare = action.trim_start_matches("iam:");
            // Tags at creation need a right of their own, without a call of their own.
            let at_creation = bare == "TagOpenIDConnectProvider";
            assert!(at_creation || named.contains(&bare), "{action}");
        }
    }

    #[test]
    fn sids_are_unique_and_fit_iam() {
        let document = permissions(&PURPOSES, &Scope::default());
        let mut sids: Vec<&str> = document["Statement"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["Sid"].as_str().unwrap())
            .collect();
        assert_eq!(sids.len(), GRANTS.len());
        assert!(
            sids.iter()
                .all(|sid| sid.bytes().all(|b| b.is_ascii_alphanumeric()))
        );
        sids.sort_unstable();
        sids.dedup();
        assert_eq!(sids.len(), GRANTS.len());
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
    }
}
