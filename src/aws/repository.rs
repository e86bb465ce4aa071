//! Policies of ECR repositories: whether one admits a role, and our statement in it. Pure.
//!
//! Only needed where the repository belongs to another account than the role. As with trust
//! policies, statements of others are never touched, and the answer may err towards "not allowed",
//! never towards "allowed".

use super::image::PrivateImage;
use super::merge::{is_ours, merge};
use super::name::hash;
use super::normal::{Condition, Statement};
use super::policy::{
    AwsRequest, Decision, Fact, Facts, PullRequest, RequestCaller, StatementPlace, of_resource,
};
use super::quotable;
use super::trust::{STATEMENT, label, statements};
use crate::arn::RoleArn;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt;

/// What a repository has to allow for a pull; the token comes from the role's own policy.
pub(crate) const ACTIONS: [&str; 2] = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"];

/// What the Sid of every statement begins with that lets a role pull.
const SID: &str = "Mk8sEcrPull";

/// The longest policy that ECR takes, in characters.
pub(crate) const LONGEST: usize = 10_240;

/// A repository, as the calls of ECR name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Repository {
    /// The account that owns it.
    pub(crate) account: String,
    /// The region it is in.
    pub(crate) region: String,
    /// Its name, such as `team/app`.
    pub(crate) name: String,
    /// Its ARN.
    pub(crate) arn: String,
}

impl Repository {
    /// The repository of an image.
    pub(crate) fn of(image: &PrivateImage) -> Self {
        Self {
            account: image.account.to_string(),
            region: image.region.clone(),
            name: image.repository.clone(),
            arn: image.repository_arn(),
        }
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in account {}", self.name, self.account)
    }
}

/// Whether a repository's policy lets a role of another account pull.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Admission {
    /// Both actions are allowed.
    Allowed {
        /// The statement that allows the first: its Sid, or its number as `statement 2`.
        by: String,
    },
    /// Both actions are allowed, at least one only under conditions that cannot be judged from
    /// here, such as an organization's id.
    Conditional {
        /// The statement.
        by: String,
        /// Operator, key and values of its conditions.
        condition: String,
    },
    /// A Deny statement meets the role.
    Denied {
        /// The statement.
        by: String,
        /// Its conditions, if it has any that cannot be judged from here: then it only may.
        condition: Option<String>,
    },
    /// Something is not allowed by any statement.
    Missing {
        /// The actions.
        actions: Vec<&'static str>,
    },
}

impl Admission {
    /// One phrase for messages, without a full stop.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Allowed { by } => format!("{by} lets the role pull"),
            Self::Conditional { by, condition } => {
                format!("{by} lets the role pull if {condition}")
            }
            Self::Denied {
                by,
                condition: None,
            } => format!("{by} denies the role to pull"),
            Self::Denied {
                by,
                condition: Some(condition),
            } => format!("{by} denies the role to pull if {condition}"),
            Self::Missing { actions } => {
                format!("no statement allows the role {}", actions.join(", "))
            }
        }
    }
}

/// Reads a repository's policy from its text. The error is the reason alone.
pub(crate) fn parse(text: &str) -> Result<Value, String> {
    super::trust::parse_text(text)
}

/// Whether the policy lets the role pull. A repository without a policy is `{}`.
///
/// The role counts as admitted by its ARN, by its account (which lets its roles by their own
/// policies, and ours has one), or as one of all. A principal that AWS has replaced by an id,
/// because the role was deleted in between, admits nobody.
pub(crate) fn admits(policy: &Value, repository: &Repository, pull: &PullRequest<'_>) -> Admission {
    let decisions: Vec<Decision> = ACTIONS
        .iter()
        .map(|action| {
            let mut request = pull.request(action, &repository.arn);
            request.facts = request
                .facts
                .is("aws:RequestedRegion", repository.region.as_str())
                .is("aws:ResourceAccount", repository.account.as_str());
            of_resource(policy, &request)
        })
        .collect();
    let list = statements(policy);
    let name = |place: StatementPlace| {
        let statement = list.get(place.statement);
        statement.map_or_else(String::new, |it| label(it, place.statement))
    };
    let condition = |place: StatementPlace, on: &BTreeSet<String>| {
        let statement = list.get(place.statement).map(|it| Statement::new(it));
        let told: Vec<String> = statement
            .iter()
            .flat_map(|it| &it.conditions)
            .filter(|it| on.contains(&it.key))
            .map(describe)
            .collect();
        // A variable, or an element that is not known, stands in no key.
        if told.is_empty() {
            let keys: Vec<String> = on.iter().map(|it| quotable(it)).collect();
            keys.join(", ")
        } else {
            told.join(" and ")
        }
    };
    let denied = decisions.iter().find_map(|decision| match decision {
        Decision::Denied { by } => Some(*by),
        _ => None,
    });
    if let Some(by) = denied {
        return Admission::Denied {
            by: name(by),
            condition: None,
        };
    }
    let missing: Vec<&'static str> = ACTIONS
        .iter()
        .zip(&decisions)
        .filter(|(_, decision)| **decision == Decision::NotAllowed)
        .map(|(action, _)| *action)
        .collect();
    if !missing.is_empty() {
        return Admission::Missing { actions: missing };
    }
    let mut answer = None;
    for decision in &decisions {
        match decision {
            Decision::Depends {
                on,
                denied: Some(by),
                ..
            } => {
                return Admission::Denied {
                    by: name(*by),
                    condition: Some(condition(*by, on)),
                };
            }
            Decision::Depends { on, allowed, .. } => {
                answer = Some(Admission::Conditional {
                    by: name(*allowed),
                    condition: condition(*allowed, on),
                });
            }
            Decision::Allowed { by } => {
                answer.get_or_insert_with(|| Admission::Allowed { by: name(*by) });
            }
            _ => {}
        }
    }
    answer.unwrap_or(Admission::Missing {
        actions: ACTIONS.to_vec(),
    })
}

/// Whether the statements that allow let the role pull, whatever those that deny say: then another
/// one of ours adds nothing.
pub(crate) fn grants(policy: &Value, repository: &Repository, pull: &PullRequest<'_>) -> bool {
    let mut allowing = policy.clone();
    let kept = statements(policy)
        .into_iter()
        .filter(|statement| statement.get("Effect").and_then(Value::as_str) != Some("Deny"));
    allowing[STATEMENT] = kept.cloned().collect();
    matches!(
        admits(&allowing, repository, pull),
        Admission::Allowed { .. }
    )
}

/// The statement that lets in everybody, whatever the role: a phrase that names it.
pub(crate) fn open_to_all(policy: &Value, repository: &Repository) -> Option<String> {
    let arn = "arn:aws:iam::any:role/any";
    let request = AwsRequest {
        caller: RequestCaller::Aws {
            account: "any".to_owned(),
            arn: arn.to_owned(),
        },
        action: ACTIONS[0].to_owned(),
        resource: repository.arn.clone(),
        facts: Facts::new(Fact::Unknown)
            .is("aws:SecureTransport", "true")
            .is("aws:PrincipalAccount", "any")
            .is("aws:PrincipalArn", arn),
    };
    let Decision::Allowed { by } = of_resource(policy, &request) else {
        return None;
    };
    let found = statements(policy);
    let statement = found.get(by.statement)?;
    let name = label(statement, by.statement);
    Some(format!("{name} admits every AWS account"))
}

/// The Sid of the statement that admits a role. Clusters that share the role share the statement.
pub(crate) fn sid(role: &RoleArn) -> String {
    format!("{SID}{}", hash(role.as_str(), 10))
}

/// A policy with nothing but the statement that the role needs.
pub(crate) fn wanted(role: &RoleArn) -> Value {
    json!({"Version": "2012-10-17", "Statement": [statement(role)]})
}

/// The statement that the role needs.
pub(crate) fn statement(role: &RoleArn) -> Value {
    json!({
        "Sid": sid(role),
        "Effect": "Allow",
        "Principal": {"AWS": role.as_str()},
        "Action": ACTIONS,
    })
}

/// The policy with our statement: in the place of an older one of ours, else at the end. All
/// others stay as they are.
pub(crate) fn with_statement(policy: &Value, role: &RoleArn) -> Value {
    merge(policy, &wanted(role), &sid(role))
}

/// The statements that are not this role's, counted: those for other roles that `mk8s` put there by the
/// names of these roles.
pub(crate) fn of_others(policy: &Value, role: &RoleArn) -> String {
    let sid = sid(role);
    let list = statements(policy).into_iter();
    let (mut roles, mut others) = (Vec::new(), 0);
    for statement in list.filter(|it| !is_ours(it, &sid)) {
        let named = statement.get("Sid").and_then(Value::as_str);
        let principal = statement.pointer("/Principal/AWS").and_then(Value::as_str);
        match (named, principal) {
            (Some(named), Some(arn)) if named.starts_with(SID) => roles.push(quotable(arn)),
            _ => others += 1,
        }
    }
    match (roles.len(), others) {
        (0, others) => format!("{others} of others"),
        (count, 0) => format!("{count} for {}", roles.join(", ")),
        (count, others) => format!("{count} for {} and {others} of others", roles.join(", ")),
    }
}

fn describe(condition: &Condition) -> String {
    let values: Vec<String> = condition.values.iter().map(|it| quotable(it)).collect();
    format!(
        "{} {} `{}`",
        quotable(&condition.key),
        condition.test.describe(),
        values.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ROLE: &str = "arn:aws:iam::111122223333:role/team/pull";

    fn role() -> RoleArn {
        ROLE.parse().unwrap()
    }

    fn repository() -> Repository {
        Repository {
            account: "222222222222".to_owned(),
            region: "eu-west-1".to_owned(),
            name: "app".to_owned(),
            arn: "arn:aws:ecr:eu-west-1:222222222222:repository/app".to_owned(),
        }
    }

    fn admits(policy: &Value, role: &RoleArn) -> Admission {
        let pull = PullRequest {
            role,
            provider: None,
            image: None,
            now: 0,
        };
        super::admits(policy, &repository(), &pull)
    }

    fn policy(statements: &Value) -> Value {
        json!({"Version": "2012-10-17", "Statement": statements})
    }

    fn allow(principal: &Value, condition: Option<Value>) -> Value {
        let mut statement = json!({"Sid": "A", "Effect": "Allow", "Principal": principal,
            "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]});
        if let Some(condition) = condition {
            statement["Condition"] = condition;
        }
        statement
    }

    fn word(admission: &Admission) -> &'static str {
        match admission {
            Admission::Allowed { .. } => "allowed",
            Admission::Conditional { .. } => "conditional",
            Admission::Denied {
                condition: None, ..
            } => "denied",
            Admission::Denied { .. } => "may be denied",
            Admission::Missing { .. } => "missing",
        }
    }

    #[test]
    fn principals_and_conditions_decide() {
        let anyone = json!("*");
        let in_org = json!({"StringEquals": {"aws:PrincipalOrgID": "o-1"}});
        for (name, statement, verdict) in [
            ("the role", allow(&json!({"AWS": ROLE}), None), "allowed"),
            (
                "one of several",
                allow(&json!({"AWS": ["999999999999", ROLE]}), None),
                "allowed",
            ),
            (
                "the account's root",
                allow(&json!({"AWS": "arn:aws:iam::111122223333:root"}), None),
                "allowed",
            ),
            (
                "the account",
                allow(&json!({"AWS": "111122223333"}), None),
                "allowed",
            ),
            ("anyone", allow(&anyone, None), "allowed"),
            ("any AWS", allow(&json!({"AWS": "*"}), None), "allowed"),
            (
                "an organization",
                allow(&anyone, Some(in_org.clone())),
                "conditional",
            ),
            (
                "anyone of the account",
                allow(
                    &anyone,
                    Some(json!({"StringEquals": {"aws:PrincipalAccount": "111122223333"}})),
                ),
                "allowed",
            ),
            (
                "anyone of another account",
                allow(
                    &anyone,
                    Some(json!({"StringEquals": {"aws:principalaccount": "999999999999"}})),
                ),
                "missing",
            ),
            (
                "the account, by a condition that it meets",
                allow(
                    &json!({"AWS": "111122223333"}),
                    Some(json!({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/team/*"}})),
                ),
                "allowed",
            ),
            (
                "the account, other roles",
                allow(
                    &json!({"AWS": "111122223333"}),
                    Some(json!({"StringNotLike": {"aws:PrincipalArn": "*:role/team/*"}})),
                ),
                "missing",
            ),
            (
                "the role, from an address",
                allow(
                    &json!({"AWS": ROLE}),
                    Some(json!({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}})),
                ),
                "conditional",
            ),
            (
                "another case",
                allow(
                    &json!({"AWS": "arn:aws:iam::111122223333:role/Team/pull"}),
                    None,
                ),
                "missing",
            ),
            (
                "without the path",
                allow(&json!({"AWS": "arn:aws:iam::111122223333:role/pull"}), None),
                "missing",
            ),
            (
                "a session only",
                allow(
                    &json!({"AWS": "arn:aws:sts::111122223333:assumed-role/pull/x"}),
                    None,
                ),
                "missing",
            ),
            (
                "a deleted role",
                allow(&json!({"AWS": "AROAJ2ABCDEFGHIJKLMNO"}), None),
                "missing",
            ),
            (
                "a service",
                allow(&json!({"Service": "ecs.amazonaws.com"}), None),
                "missing",
            ),
            (
                "all but others",
                json!({"Effect": "Allow", "NotPrincipal": {"AWS": "999999999999"}, "Action": "ecr:*"}),
                "allowed",
            ),
            (
                "all but its own account",
                json!({"Effect": "Allow", "NotPrincipal": {"AWS": "111122223333"}, "Action": "ecr:*"}),
                "missing",
            ),
            (
                "the account, over TLS and in the region",
                allow(
                    &json!({"AWS": "111122223333"}),
                    Some(json!({"Bool": {"aws:SecureTransport": true},
                        "StringEquals": {"aws:RequestedRegion": ["eu-west-1"]}})),
                ),
                "allowed",
            ),
            (
                "one action only",
                json!({"Effect": "Allow", "Principal": {"AWS": ROLE}, "Action": "ecr:batchgetimage"}),
                "missing",
            ),
            (
                "all actions but a write",
                json!({"Effect": "Allow", "Principal": {"AWS": ROLE}, "NotAction": "ecr:Put*"}),
                "allowed",
            ),
            (
                "actions by pattern",
                json!({"Effect": "Allow", "Principal": {"AWS": ROLE}, "Action": "ECR:*Get*"}),
                "allowed",
            ),
        ] {
            let one = policy(&statement);
            assert_eq!(word(&admits(&one, &role())), verdict, "{name}, alone");
            let listed = policy(&json!([statement]));
            assert_eq!(word(&admits(&listed, &role())), verdict, "{name}, listed");
        }
        assert_eq!(word(&admits(&json!({}), &role())), "missing");
    }

    #[test]
    fn a_deny_outweighs_what_is_allowed() {
        let base = allow(&json!({"AWS": ROLE}), None);
        let deny = |extra: Value| {
            let mut deny = json!({"Sid": "No", "Effect": "Deny", "Action": "ecr:*"});
            for (key, value) in extra.as_object().unwrap() {
                deny[key] = value.clone();
            }
            policy(&json!([base.clone(), deny]))
        };
        let elsewhere = json!({"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}});
        let other_accounts = json!({"StringNotEquals": {"aws:PrincipalAccount": "111122223333"}});
        for (extra, verdict) in [
            (json!({"Principal": "*"}), "denied"),
            (json!({"Principal": {"AWS": "111122223333"}}), "denied"),
            (json!({"Principal": {"AWS": "999999999999"}}), "allowed"),
            (json!({"NotPrincipal": {"AWS": "999999999999"}}), "denied"),
            (json!({"NotPrincipal": {"AWS": ROLE}}), "allowed"),
            (
                json!({"Principal": "*", "Condition": elsewhere}),
                "may be denied",
            ),
            (
                json!({"Principal": "*", "Condition": {"Bool": {"aws:SecureTransport": false}}}),
                "allowed",
            ),
            (
                json!({"Principal": "*", "Condition": {"StringNotEquals": {"aws:RequestedRegion": "us-east-1"}}}),
                "denied",
            ),
            (
                json!({"Principal": "*", "Condition": other_accounts}),
                "allowed",
            ),
            (
                json!({"Principal": "*", "Action": "ecr:PutImage"}),
                "allowed",
            ),
            (
                json!({"Principal": "*", "Action": "ecr:BatchGetImage"}),
                "denied",
            ),
        ] {
            let got = admits(&deny(extra.clone()), &role());
            assert_eq!(word(&got), verdict, "{extra}");
            if verdict.ends_with("denied") {
                assert!(got.describe().starts_with("No denies"), "{got:?}");
            }
        }
    }

    #[test]
    fn findings_are_phrases_that_name_the_statement() {
        let missing = admits(&json!({}), &role());
        assert_eq!(
            missing.describe(),
            "no statement allows the role ecr:BatchGetImage, ecr:GetDownloadUrlForLayer"
        );
        let in_org = json!({"StringEquals": {"aws:PrincipalOrgID": "o-1"}});
        let conditional = policy(&json!([allow(&json!("*"), Some(in_org))]));
        assert_eq!(
            admits(&conditional, &role()).describe(),
            "A lets the role pull if aws:principalorgid StringEquals `o-1`"
        );
        assert_eq!(open_to_all(&conditional, &repository()), None);
        let open = policy(&allow(&json!("*"), None));
        assert_eq!(
            open_to_all(&open, &repository()).as_deref(),
            Some("A admits every AWS account")
        );
    }

    #[test]
    fn ours_is_put_at_the_end_and_then_in_its_place() {
        let first = with_statement(&json!({}), &role());
        assert_eq!(first, wanted(&role()));
        assert_eq!(first["Statement"][0]["Sid"], sid(&role()));
        let other = allow(&json!({"AWS": "999999999999"}), None);
        let mut stale = statement(&role());
        stale["Principal"]["AWS"] = json!("AROAJ2ABCDEFGHIJKLMNO");
        let existing =
            json!({"Version": "2008-10-17", "Id": "x", "Statement": [stale, other.clone()]});
        let merged = with_statement(&existing, &role());
        assert_eq!(
            merged,
            json!({"Version": "2008-10-17", "Id": "x", "Statement": [statement(&role()), other]})
        );
        assert_eq!(of_others(&merged, &role()), "1 of others");
    }

    fn any_statement() -> impl Strategy<Value = Value> {
        let principal = prop_oneof![
            Just(json!("*")),
            Just(json!({"AWS": ROLE})),
            Just(json!({"AWS": "111122223333"})),
            Just(json!({"AWS": ["999999999999", "AROAJ2ABCDEFGHIJKLMNO"]})),
            Just(json!({"Service": "ecs.amazonaws.com"})),
        ];
        let action = prop_oneof![
            Just(json!("ecr:*")),
            Just(json!("ecr:BatchGetImage")),
            Just(json!(["ecr:GetDownloadUrlForLayer"])),
            Just(json!("ecr:PutImage")),
        ];
        let condition = prop_oneof![
            3 => Just(Value::Null),
            1 => Just(json!({"StringEquals": {"aws:PrincipalOrgID": "o-1"}})),
            1 => Just(json!({"StringEquals": {"aws:PrincipalAccount": "999999999999"}})),
        ];
        ("[A-Za-z ]{0,6}", principal, action, condition).prop_map(
            |(sid, principal, action, condition)| {
                let mut statement = json!({"Sid": sid, "Effect": "Allow",
                    "Principal": principal, "Action": action});
                if !condition.is_null() {
                    statement["Condition"] = condition;
                }
                statement
            },
        )
    }

    proptest! {
        #[test]
        fn a_merge_admits_the_role_once_and_keeps_the_others(
            list in proptest::collection::vec(any_statement(), 0..5)
        ) {
            let existing = policy(&Value::Array(list.clone()));
            let merged = with_statement(&existing, &role());
            let admission = admits(&merged, &role());
            prop_assert!(matches!(admission, Admission::Allowed { .. }), "{:?}", admission);
            prop_assert_eq!(with_statement(&merged, &role()).to_string(), merged.to_string());
            let kept: Vec<String> = statements(&merged)
                .into_iter()
                .filter(|it| !is_ours(it, &sid(&role())))
                .map(Value::to_string)
                .collect();
            let before: Vec<String> = list.iter().map(Value::to_string).collect();
            prop_assert_eq!(kept, before);
        }

        #[test]
        fn the_order_of_statements_does_not_matter(
            list in proptest::collection::vec(any_statement(), 0..5)
        ) {
            let mut turned = list.clone();
            turned.reverse();
            let (one, other) = (
                admits(&policy(&Value::Array(list)), &role()),
                admits(&policy(&Value::Array(turned)), &role()),
            );
            prop_assert_eq!(word(&one), word(&other));
        }
    }
}
