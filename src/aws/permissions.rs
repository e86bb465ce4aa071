//! The least IAM policy that a caller needs. Pure.
//!
//! The statements follow what `sdk`, `inspect` and `ecr` call; a test holds them together. What
//! `proof` calls is the role's to be allowed, by its pull policy, and not the caller's.
//!
//! Whoever may make roles and attach policies to them may give himself what those policies allow.
//! So what can be attached is named one by one, and roles are named by how their names begin.

use super::name::{MADE_BY_MK8S, ROLE_PREFIX};
use crate::addon::AddonSide;
use serde_json::{Map, Value, json};

/// The most that IAM takes in a managed policy, blanks not counted.
pub(crate) const LONGEST: usize = 6144;

/// What the caller wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Purpose {
    /// `aws status`, and every plan.
    Status,
    /// `aws setup`.
    Setup,
    /// `aws teardown`.
    Teardown,
    /// `check`, which looks at more than `aws status` does.
    Check,
    /// `aws repository-policy --apply`, in the account of the repository.
    RepositoryPolicy,
}

/// Every purpose, in the order of their statements.
#[cfg(test)]
pub(crate) const PURPOSES: [Purpose; 5] = [
    Purpose::Status,
    Purpose::Setup,
    Purpose::Teardown,
    Purpose::Check,
    Purpose::RepositoryPolicy,
];

/// What is meant where none is named: the AWS side from its beginning to its end, and no more.
pub(crate) const USUAL: [Purpose; 3] = [Purpose::Status, Purpose::Setup, Purpose::Teardown];

impl Purpose {
    /// Whether the AWS side of a cluster is read first.
    fn reads(self) -> bool {
        self != Self::RepositoryPolicy
    }
}

/// How narrow the policy is to be; what is empty or `None` stays as wide as it may be.
///
/// The texts go into the document as they are: none may hold what IAM takes for a wildcard.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scope {
    /// The partition; `aws` if `None`.
    pub(crate) partition: Option<String>,
    /// The account.
    pub(crate) account: Option<String>,
    /// The path of the roles, `/` if `None`.
    pub(crate) path: Option<String>,
    /// The names of the roles; all that begin with `mk8s-` if empty.
    pub(crate) roles: Vec<String>,
    /// Host and path of the issuer; every provider if `None`.
    pub(crate) issuer: Option<String>,
    /// The ARNs of the policies that can be attached and detached; those that setup attaches if
    /// empty.
    pub(crate) policies: Vec<String>,
    /// The ARN of the permissions boundary that new roles must get.
    pub(crate) boundary: Option<String>,
}

impl Scope {
    fn partition(&self) -> &str {
        self.partition.as_deref().unwrap_or("aws")
    }

    /// The ARNs of the policies that can be attached.
    pub(crate) fn attachable(&self) -> Vec<String> {
        if self.policies.is_empty() {
            AddonSide::all()
                .filter_map(|side| side.usual_policy(self.partition()))
                .collect()
        } else {
            self.policies.clone()
        }
    }

    /// The roles as the last part of an ARN names them, path included.
    pub(crate) fn role_patterns(&self) -> Vec<String> {
        let path = self.path.as_deref().unwrap_or("/");
        self.names()
            .into_iter()
            .map(|name| format!("role{path}{name}"))
            .collect()
    }

    fn names(&self) -> Vec<String> {
        if self.roles.is_empty() {
            vec![format!("{ROLE_PREFIX}*")]
        } else {
            self.roles.clone()
        }
    }
}

/// The actions on one kind of resource.
struct Grant {
    purpose: Purpose,
    sid: &'static str,
    on: ActionTarget,
    only: RightCondition,
    actions: &'static [&'static str],
}

#[derive(Clone, Copy, PartialEq)]
enum ActionTarget {
    /// Actions that know no resource.
    Everything,
    Provider,
    Role,
    /// Roles, also before they are there.
    RoleOrNone,
    Policies,
    /// Repositories, whose account need not be the role's.
    Repositories,
    /// Repositories of the account.
    OwnRepositories,
}

/// What else must hold.
#[derive(Clone, Copy, PartialEq)]
enum RightCondition {
    /// Nothing.
    Any,
    /// The policy is one of those that can be attached.
    Attachable,
    /// The new role gets the boundary, if one is demanded.
    Bounded,
    /// The thing carries the tag of what `mk8s` made.
    Made,
}

const GRANTS: &[Grant] = &[
    Grant {
        purpose: Purpose::Status,
        sid: "Mk8sReadAccount",
        on: ActionTarget::Everything,
        only: RightCondition::Any,
        actions: &["iam:GetAccountSummary", "iam:ListOpenIDConnectProviders"],
    },
    Grant {
        purpose: Purpose::Status,
        sid: "Mk8sReadProvider",
        on: ActionTarget::Provider,
        only: RightCondition::Any,
        actions: &["iam:GetOpenIDConnectProvider"],
    },
    Grant {
        purpose: Purpose::Status,
        sid: "Mk8sReadRole",
        on: ActionTarget::RoleOrNone,
        only: RightCondition::Any,
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
        on: ActionTarget::Policies,
        only: RightCondition::Any,
        actions: &["iam:GetPolicy", "iam:GetPolicyVersion"],
    },
    Grant {
        purpose: Purpose::Setup,
        sid: "Mk8sMakeProvider",
        on: ActionTarget::Provider,
        only: RightCondition::Any,
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
        on: ActionTarget::Role,
        only: RightCondition::Bounded,
        actions: &["iam:CreateRole"],
    },
    // No condition on tags: who may tag a role as he makes it may tag any of that name, so that it
    // would stop nobody, and roles that are adopted do not carry ours.
    Grant {
        purpose: Purpose::Setup,
        sid: "Mk8sChangeRole",
        on: ActionTarget::Role,
        only: RightCondition::Any,
        actions: &["iam:TagRole", "iam:UpdateAssumeRolePolicy"],
    },
    Grant {
        purpose: Purpose::Setup,
        sid: "Mk8sAttachPolicy",
        on: ActionTarget::Role,
        only: RightCondition::Attachable,
        actions: &["iam:AttachRolePolicy"],
    },
    Grant {
        purpose: Purpose::Teardown,
        sid: "Mk8sLookForOthers",
        on: ActionTarget::Everything,
        only: RightCondition::Any,
        actions: &["iam:ListRoles"],
    },
    Grant {
        purpose: Purpose::Teardown,
        sid: "Mk8sReleaseRole",
        on: ActionTarget::Role,
        only: RightCondition::Any,
        actions: &[
            "iam:ListInstanceProfilesForRole",
            "iam:UntagRole",
            "iam:UpdateAssumeRolePolicy",
        ],
    },
    Grant {
        purpose: Purpose::Teardown,
        sid: "Mk8sDetachPolicy",
        on: ActionTarget::Role,
        only: RightCondition::Attachable,
        actions: &["iam:DetachRolePolicy"],
    },
    Grant {
        purpose: Purpose::Teardown,
        sid: "Mk8sRemoveRole",
        on: ActionTarget::Role,
        only: RightCondition::Made,
        actions: &["iam:DeleteRole"],
    },
    Grant {
        purpose: Purpose::Teardown,
        sid: "Mk8sRemoveProvider",
        on: ActionTarget::Provider,
        only: RightCondition::Made,
        actions: &["iam:DeleteOpenIDConnectProvider"],
    },
    Grant {
        purpose: Purpose::Check,
        sid: "Mk8sSimulatePull",
        on: ActionTarget::Role,
        only: RightCondition::Any,
        actions: &["iam:SimulatePrincipalPolicy"],
    },
    Grant {
        purpose: Purpose::Check,
        sid: "Mk8sReadRepositories",
        on: ActionTarget::Repositories,
        only: RightCondition::Any,
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
        on: ActionTarget::Everything,
        only: RightCondition::Any,
        actions: &["ecr:DescribePullThroughCacheRules"],
    },
    Grant {
        purpose: Purpose::RepositoryPolicy,
        sid: "Mk8sSetRepositoryPolicy",
        on: ActionTarget::OwnRepositories,
        only: RightCondition::Any,
        actions: &["ecr:GetRepositoryPolicy", "ecr:SetRepositoryPolicy"],
    },
];

/// What IAM asks for besides `iam:CreateRole` where the role gets a boundary.
const SET_BOUNDARY: &str = "iam:PutRolePermissionsBoundary";

/// The policy document for the purposes. All but that for repositories also need what status needs.
pub(crate) fn permissions(purposes: &[Purpose], scope: &Scope) -> Value {
    let statements: Vec<Value> = wanted(purposes)
        .map(|grant| statement(grant, scope))
        .collect();
    json!({"Version": "2012-10-17", "Statement": statements})
}

/// How long a document is as IAM counts it: without blanks.
pub(crate) fn length(document: &Value) -> usize {
    document
        .to_string()
        .chars()
        .filter(|c| !c.is_whitespace())
        .count()
}

fn wanted(purposes: &[Purpose]) -> impl Iterator<Item = &'static Grant> {
    let reads = purposes.iter().any(|purpose| purpose.reads());
    GRANTS.iter().filter(move |grant| {
        purposes.contains(&grant.purpose) || (reads && grant.purpose == Purpose::Status)
    })
}

fn statement(grant: &Grant, scope: &Scope) -> Value {
    let mut actions = grant.actions.to_vec();
    let condition = match (grant.only, &scope.boundary) {
        (RightCondition::Any, _) | (RightCondition::Bounded, None) => None,
        (RightCondition::Attachable, _) => {
            Some(json!({"ArnEquals": {"iam:PolicyARN": one_or_all(scope.attachable())}}))
        }
        (RightCondition::Bounded, Some(boundary)) => {
            actions.push(SET_BOUNDARY);
            Some(json!({"ArnEquals": {"iam:PermissionsBoundary": boundary}}))
        }
        (RightCondition::Made, _) => {
            let (key, value) = MADE_BY_MK8S;
            Some(json!({"StringEquals": {format!("aws:ResourceTag/{key}"): value}}))
        }
    };
    let mut statement = Map::new();
    statement.insert("Sid".to_owned(), json!(grant.sid));
    statement.insert("Effect".to_owned(), json!("Allow"));
    statement.insert("Action".to_owned(), json!(actions));
    let resources = resources(grant.on, scope);
    statement.insert("Resource".to_owned(), one_or_all(resources));
    if let Some(condition) = condition {
        statement.insert("Condition".to_owned(), condition);
    }
    Value::Object(statement)
}

/// A single text by itself, as IAM's own documents have it.
fn one_or_all(mut texts: Vec<String>) -> Value {
    if texts.len() == 1 {
        json!(texts.remove(0))
    } else {
        json!(texts)
    }
}

fn resources(on: ActionTarget, scope: &Scope) -> Vec<String> {
    let partition = scope.partition();
    let account = scope.account.as_deref().unwrap_or("*");
    let issuer = scope.issuer.as_deref().unwrap_or("*");
    let in_iam = |resource: String| format!("arn:{partition}:iam::{account}:{resource}");
    let roles = || scope.role_patterns().into_iter().map(in_iam);
    match on {
        ActionTarget::Everything => vec!["*".to_owned()],
        ActionTarget::Provider => vec![in_iam(format!("oidc-provider/{issuer}"))],
        // A role that is not there has no path: who looks for it is judged by its name alone.
        ActionTarget::RoleOrNone if scope.path.as_deref().is_some_and(|path| path != "/") => {
            roles()
                .chain(
                    scope
                        .names()
                        .iter()
                        .map(|name| in_iam(format!("role/{name}"))),
                )
                .collect()
        }
        ActionTarget::Role | ActionTarget::RoleOrNone => roles().collect(),
        ActionTarget::Policies => vec![format!("arn:{partition}:iam::*:policy/*")],
        ActionTarget::Repositories => vec![format!("arn:{partition}:ecr:*:*:repository/*")],
        ActionTarget::OwnRepositories => {
            vec![format!("arn:{partition}:ecr:*:{account}:repository/*")]
        }
    }
}

/// Every action in a policy document, in alphabetical order, each once.
pub(crate) fn actions(document: &Value) -> Vec<&str> {
    let mut actions: Vec<&str> = document["Statement"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|statement| statement["Action"].as_array())
        .flatten()
        .filter_map(Value::as_str)
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

    fn plain(purposes: &[Purpose]) -> Value {
        permissions(purposes, &Scope::default())
    }

    fn by_sid(document: &Value, sid: &str) -> Value {
        let list = document["Statement"].as_array().unwrap();
        list.iter().find(|it| it["Sid"] == sid).unwrap().clone()
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
        let document = plain(&PURPOSES);
        let granted = actions(&document);
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
        let usual = plain(&USUAL);
        let usual = actions(&usual);
        assert!(usual.iter().all(|action| action.starts_with("iam:")));
        assert!(!usual.contains(&"iam:SimulatePrincipalPolicy"));
        let check = plain(&[Purpose::Check]);
        let check = actions(&check);
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
            actions(&plain(&[Purpose::RepositoryPolicy])),
            ["ecr:GetRepositoryPolicy", "ecr:SetRepositoryPolicy"]
        );
    }

    #[test]
    fn reading_is_part_of_every_purpose_and_writing_only_of_its_own() {
        let text = |purpose| plain(&[purpose]).to_string();
        assert!(!text(Purpose::Status).contains("Create"));
        assert!(text(Purpose::Setup).contains("iam:GetRole\""));
        assert!(!text(Purpose::Setup).contains("Delete"));
        assert!(!text(Purpose::Teardown).contains("Create"));
    }

    /// The heart of it: with a policy of choice, the holder would be whatever he likes.
    #[test]
    fn no_policy_of_choice_can_be_attached_in_any_partition() {
        for partition in ["aws", "aws-cn", "aws-us-gov", "aws-eusc"] {
            let scope = Scope {
                partition: Some(partition.to_owned()),
                ..Scope::default()
            };
            let own = format!("arn:{partition}:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly");
            let other = format!("arn:{partition}:iam::111122223333:policy/P");
            for (policies, expected) in [
                (vec![], json!(own)),
                (vec![other.clone()], json!(other)),
                (vec![own.clone(), other.clone()], json!([own, other])),
            ] {
                let scope = Scope {
                    policies,
                    ..scope.clone()
                };
                let document = permissions(&PURPOSES, &scope);
                for (sid, action) in [
                    ("Mk8sAttachPolicy", "iam:AttachRolePolicy"),
                    ("Mk8sDetachPolicy", "iam:DetachRolePolicy"),
                ] {
                    assert_eq!(
                        by_sid(&document, sid),
                        json!({
                            "Sid": sid, "Effect": "Allow", "Action": [action],
                            "Resource": format!("arn:{partition}:iam::*:role/mk8s-*"),
                            "Condition": {"ArnEquals": {"iam:PolicyARN": expected}},
                        })
                    );
                }
                let text = document.to_string();
                assert_eq!(text.matches("iam:AttachRolePolicy").count(), 1);
                assert!(!text.contains("iam:PutRolePolicy") && !text.contains("ArnLike"));
            }
        }
    }

    #[test]
    fn writes_are_for_roles_of_ours_by_exact_prefix_or_by_name() {
        for (path, roles, expected) in [
            (None, &[][..], &["role/mk8s-*"][..]),
            (Some("/team/x/"), &[], &["role/team/x/mk8s-*"]),
            (None, &["shared"], &["role/shared"]),
            (Some("/team/x/"), &["shared"], &["role/team/x/shared"]),
            (
                Some("/"),
                &["mk8s-a-b-ecr", "mk8s-a-c-ecr"],
                &["role/mk8s-a-b-ecr", "role/mk8s-a-c-ecr"],
            ),
        ] {
            let scope = Scope {
                account: Some("111122223333".to_owned()),
                path: path.map(str::to_owned),
                roles: roles.iter().map(|&role| role.to_owned()).collect(),
                ..Scope::default()
            };
            let arns: Vec<String> = expected
                .iter()
                .map(|role| format!("arn:aws:iam::111122223333:{role}"))
                .collect();
            let document = permissions(&PURPOSES, &scope);
            for sid in [
                "Mk8sMakeRole",
                "Mk8sChangeRole",
                "Mk8sAttachPolicy",
                "Mk8sReleaseRole",
                "Mk8sDetachPolicy",
                "Mk8sRemoveRole",
                "Mk8sSimulatePull",
            ] {
                let resource = &by_sid(&document, sid)["Resource"];
                assert_eq!(*resource, one_or_all(arns.clone()), "{sid}");
            }
        }
    }

    #[test]
    fn a_role_under_a_path_is_looked_for_by_its_name_alone_as_well() {
        let scope = Scope {
            path: Some("/team/".to_owned()),
            roles: vec!["r".to_owned()],
            ..Scope::default()
        };
        let document = permissions(&[Purpose::Status], &scope);
        assert_eq!(
            by_sid(&document, "Mk8sReadRole")["Resource"],
            json!(["arn:aws:iam::*:role/team/r", "arn:aws:iam::*:role/r"])
        );
    }

    #[test]
    fn what_is_deleted_carries_our_tag() {
        let tag = json!({"StringEquals": {"aws:ResourceTag/mk8s.cpln/managed-by": "mk8s"}});
        let document = plain(&[Purpose::Teardown]);
        for (sid, actions) in [
            ("Mk8sRemoveRole", json!(["iam:DeleteRole"])),
            (
                "Mk8sRemoveProvider",
                json!(["iam:DeleteOpenIDConnectProvider"]),
            ),
        ] {
            let statement = by_sid(&document, sid);
            assert_eq!(statement["Action"], actions);
            assert_eq!(statement["Condition"], tag);
        }
        assert_eq!(document.to_string().matches("iam:Delete").count(), 2);
    }

    #[test]
    fn a_boundary_is_demanded_of_every_new_role() {
        let boundary = "arn:aws-cn:iam::111122223333:policy/B";
        let scope = Scope {
            partition: Some("aws-cn".into()),
            account: Some("111122223333".into()),
            roles: vec!["r".into()],
            issuer: Some("h.example/c".into()),
            boundary: Some(boundary.to_owned()),
            ..Scope::default()
        };
        let document = permissions(&[Purpose::Setup], &scope);
        assert_eq!(
            by_sid(&document, "Mk8sMakeRole"),
            json!({
                "Sid": "Mk8sMakeRole", "Effect": "Allow",
                "Action": ["iam:CreateRole", "iam:PutRolePermissionsBoundary"],
                "Resource": "arn:aws-cn:iam::111122223333:role/r",
                "Condition": {"ArnEquals": {"iam:PermissionsBoundary": boundary}},
            })
        );
        assert_eq!(document.to_string().matches("iam:CreateRole").count(), 1);
        assert_eq!(
            by_sid(&document, "Mk8sMakeProvider")["Resource"],
            "arn:aws-cn:iam::111122223333:oidc-provider/h.example/c"
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

    #[test]
    fn the_whole_policy_fits_into_a_managed_one() {
        let scope = Scope {
            partition: Some("aws-us-gov".into()),
            account: Some("111122223333".into()),
            path: Some("/division/of/the/team/".into()),
            roles: vec!["r".repeat(64)],
            policies: vec![
                "arn:aws-us-gov:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly".into(),
                "arn:aws-us-gov:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly".into(),
                format!(
                    "arn:aws-us-gov:iam::111122223333:policy/{}",
                    "p".repeat(128)
                ),
            ],
            boundary: Some(format!(
                "arn:aws-us-gov:iam::111122223333:policy/{}",
                "b".repeat(128)
            )),
            ..Scope::default()
        };
        let length = length(&permissions(&PURPOSES, &scope));
        assert!(length <= LONGEST, "{length}");
        assert!(self::length(&plain(&USUAL)) < LONGEST / 2);
    }
}
