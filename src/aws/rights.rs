//! What a role may do in AWS by all that its policies say: pull, and what goes far beyond it. Pure.

use super::image::PrivateImage;
use super::policy::{AwsRequest, PullRequest, Rights, RolePolicies};
use super::quotable;
use super::trust::{STATEMENT, label, one_line, statements, titled};
use crate::addon::AddonSide;
use crate::arn::RoleArn;
use serde_json::Value;
use std::collections::BTreeSet;

/// What gives the role all that an add-on needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Granted {
    /// By this policy: an ARN, or `inline policy NAME`.
    By(String),
    /// By none.
    Nowhere,
    /// A statement stands against it.
    Denied {
        /// The policy: an ARN, or `inline policy NAME`.
        policy: String,
        /// The statement, in words and as it stands.
        statement: String,
    },
    /// The permissions boundary does not allow it.
    Bounded,
    /// It depends on these keys.
    Depends(BTreeSet<String>),
    /// Not all policies could be read, and none of the others allows it.
    Unknown(UnreadPolicy),
    /// By a policy, unless something that could not be read stands against it.
    Within {
        /// The policy: an ARN, or `inline policy NAME`.
        by: String,
        /// What could not be read, as the subject of a sentence.
        unread: &'static str,
        /// Why it could not.
        why: UnreadPolicy,
    },
}

impl Granted {
    fn within(by: String, unread: &'static str, why: &UnreadPolicy) -> Self {
        Self::Within {
            by,
            unread,
            why: why.clone(),
        }
    }
}

/// Why a policy could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum UnreadPolicy {
    /// This action is not allowed.
    Denied(&'static str),
    /// This policy is not a JSON object: an ARN, or `inline policy NAME`.
    Unfit(String),
    /// This policy is not there; its ARN.
    Gone(String),
}

impl UnreadPolicy {
    /// Whether the right to read is missing.
    pub(crate) fn is_denied(&self) -> bool {
        matches!(self, Self::Denied(_))
    }
}

impl std::fmt::Display for UnreadPolicy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Denied(action) => write!(f, "{action} is not allowed"),
            Self::Unfit(policy) => write!(f, "{} is not a JSON object", quotable(policy)),
            Self::Gone(policy) => write!(f, "{} is not there", quotable(policy)),
        }
    }
}

/// The policies of a role, as far as they could be read.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Policies {
    /// Those that could.
    pub(crate) held: RolePolicies,
    /// Why another one could not.
    pub(crate) unread: Option<UnreadPolicy>,
    /// Why the boundary could not, where the role has one.
    pub(crate) unread_boundary: Option<UnreadPolicy>,
}

/// For whom and what it is asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RightsQuestion<'a> {
    /// The add-on.
    pub(crate) side: AddonSide,
    /// The role.
    pub(crate) role: &'a RoleArn,
    /// The ARN of the cluster's OIDC provider.
    pub(crate) provider: Option<&'a str>,
    /// The image, if one is named; else any repository does.
    pub(crate) image: Option<&'a PrivateImage>,
    /// When, in seconds since 1970.
    pub(crate) now: i64,
}

impl RightsQuestion<'_> {
    /// The role's call of one action on a resource.
    pub(crate) fn request(&self, action: &str, resource: &str) -> AwsRequest {
        let pull = PullRequest {
            role: self.role,
            provider: self.provider,
            image: self.image,
            now: self.now,
        };
        pull.request(action, resource)
    }
}

impl Policies {
    /// Whether the role may do all that the add-on needs.
    pub(crate) fn granted(&self, asked: RightsQuestion<'_>) -> Granted {
        let side = asked.side.aws;
        let everywhere: Vec<Rights> = side
            .proves
            .iter()
            .filter(|proof| proof.on.is_none())
            .map(|proof| self.may(asked, proof.action, "*"))
            .collect();
        let service = side.proves.iter().find_map(|proof| proof.on);
        let resources = match (asked.image, service) {
            (Some(image), _) => vec![image.repository_arn()],
            (None, Some(service)) => self.held.resources(service, asked.role.partition()),
            (None, None) => vec!["*".to_owned()],
        };
        resources
            .iter()
            .map(|resource| {
                let limited = side.proves.iter().filter(|proof| proof.on.is_some());
                let limited = limited.map(|proof| self.may(asked, proof.action, resource));
                self.together(everywhere.iter().cloned().chain(limited))
            })
            .min_by_key(rank)
            .unwrap_or(Granted::Nowhere)
    }

    /// The same by the statements that allow alone: no Deny, no boundary.
    pub(crate) fn allowing(&self, asked: RightsQuestion<'_>) -> Granted {
        let mut alone = self.clone();
        alone.held.boundary = None;
        alone.unread_boundary = None;
        for (_, document) in &mut alone.held.policies {
            let is_deny = |it: &&Value| it.get("Effect").and_then(Value::as_str) == Some("Deny");
            let kept = statements(document).into_iter().filter(|it| !is_deny(it));
            document[STATEMENT] = kept.cloned().collect();
        }
        alone.granted(asked)
    }

    /// Whether the role may do one thing in ECR.
    pub(crate) fn may(&self, asked: RightsQuestion<'_>, action: &str, resource: &str) -> Rights {
        self.held.decide(&asked.request(action, resource))
    }

    /// What several rights come to, all of which it takes.
    fn together(&self, rights: impl Iterator<Item = Rights>) -> Granted {
        let one = |rights: Rights| match rights {
            // A Deny may stand in any policy.
            Rights::Allowed(by) => match (&self.unread_boundary, &self.unread) {
                (Some(why), _) => Granted::within(by, "the permissions boundary", why),
                (None, Some(why)) => Granted::within(by, "another policy of the role", why),
                (None, None) => Granted::By(by),
            },
            Rights::NotAllowed => self
                .unread
                .clone()
                .map_or(Granted::Nowhere, Granted::Unknown),
            Rights::Denied(policy, index) => Granted::Denied {
                statement: self.statement(&policy, index),
                policy,
            },
            Rights::Bounded => Granted::Bounded,
            Rights::Depends(on) => Granted::Depends(on),
        };
        let mut worst = Granted::Nowhere;
        for (index, found) in rights.map(one).enumerate() {
            // Of equals the last is told: it is about the repository, not about the login.
            if index == 0 || rank(&found) >= rank(&worst) {
                worst = found;
            }
        }
        worst
    }

    /// A statement of a policy, in words and as it stands.
    fn statement(&self, policy: &str, index: usize) -> String {
        let named = |(name, _): &&(String, Value)| name == policy;
        let found = self.held.policies.iter().find(named);
        let statement = found.and_then(|(_, document)| statements(document).get(index).copied());
        statement.map_or_else(String::new, |it| {
            format!("{} is {}", titled(&label(it, index)), one_line(it))
        })
    }

    /// Policies by which the role may do what goes far beyond a pull, each with an example:
    /// `AdministratorAccess (iam:AttachRolePolicy, s3:GetObject)`.
    pub(crate) fn beyond(&self, asked: RightsQuestion<'_>) -> Vec<String> {
        let mut found: Vec<(String, Vec<&str>)> = Vec::new();
        for (service, action) in BEYOND {
            let resources = self.held.resources(service, asked.role.partition());
            let by =
                resources
                    .iter()
                    .find_map(|resource| match self.may(asked, action, resource) {
                        Rights::Allowed(by) => Some(by),
                        _ => None,
                    });
            let Some(by) = by else { continue };
            match found.iter_mut().find(|(name, _)| *name == by) {
                Some((_, actions)) => actions.push(action),
                None => found.push((by, vec![action])),
            }
        }
        let told = |(name, actions): &(String, Vec<&str>)| {
            let name = name.rsplit('/').next().unwrap_or(name);
            let shown = actions.iter().take(3).copied();
            let shown: Vec<&str> = shown.collect();
            format!("{} ({})", quotable(name), shown.join(", "))
        };
        found.iter().map(told).collect()
    }
}

/// What nobody needs for a pull, and what opens much: the service of the resource, and the action.
const BEYOND: [(&str, &str); 12] = [
    ("iam", "iam:AttachRolePolicy"),
    ("iam", "iam:PassRole"),
    ("iam", "sts:AssumeRole"),
    ("s3", "s3:GetObject"),
    ("s3", "s3:PutObject"),
    ("secretsmanager", "secretsmanager:GetSecretValue"),
    ("ssm", "ssm:GetParameter"),
    ("kms", "kms:Decrypt"),
    ("ec2", "ec2:RunInstances"),
    ("lambda", "lambda:InvokeFunction"),
    ("dynamodb", "dynamodb:GetItem"),
    ("cloudformation", "cloudformation:CreateStack"),
];

/// The lower the better.
fn rank(pull: &Granted) -> u8 {
    match pull {
        Granted::By(_) => 0,
        Granted::Within { .. } => 1,
        Granted::Depends(_) => 2,
        Granted::Unknown(_) => 3,
        Granted::Nowhere => 4,
        Granted::Bounded => 5,
        Granted::Denied { .. } => 6,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::grant::known_document;
    use crate::aws::image::{Image, parse};
    use crate::aws::sides::ecr;
    use serde_json::json;

    fn image(text: &str) -> PrivateImage {
        let Ok(Image::Private(image)) = parse(text) else {
            panic!("{text}")
        };
        image
    }

    fn policies(statements: &[Value]) -> Policies {
        let named = statements.iter().enumerate();
        let policies = named.map(|(at, it)| {
            let document = json!({"Version": "2012-10-17", "Statement": it});
            (format!("inline policy p{at}"), document)
        });
        Policies {
            held: RolePolicies {
                policies: policies.collect(),
                boundary: None,
            },
            ..Policies::default()
        }
    }

    #[test]
    fn a_pull_takes_a_login_a_manifest_and_layers() {
        let role: RoleArn = "arn:aws:iam::111122223333:role/pull".parse().unwrap();
        let app = image("111122223333.dkr.ecr.eu-west-1.amazonaws.com/app:1");
        let layers = json!(["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]);
        let token =
            json!({"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"});
        let all = json!({"Effect": "Allow", "Action": "ecr:*", "Resource": "*"});
        let on = |name: &str| {
            json!({"Effect": "Allow", "Action": layers,
                "Resource": format!("arn:aws:ecr:*:111122223333:repository/{name}")})
        };
        let no =
            json!({"Sid": "No", "Effect": "Deny", "Action": "ecr:BatchGetImage", "Resource": "*"});
        let granted = |at: usize| Granted::By(format!("inline policy p{at}"));
        let denied = || Granted::Denied {
            policy: "inline policy p1".to_owned(),
            statement: format!("statement No is {no}"),
        };
        for (list, of_app, of_any) in [
            (vec![all.clone()], granted(0), granted(0)),
            (vec![token.clone()], Granted::Nowhere, Granted::Nowhere),
            (vec![on("app")], Granted::Nowhere, Granted::Nowhere),
            (vec![token.clone(), on("app")], granted(1), granted(1)),
            (
                vec![token.clone(), on("other")],
                Granted::Nowhere,
                granted(1),
            ),
            (vec![token, on("a?p")], granted(1), granted(1)),
            (vec![all, no.clone()], denied(), denied()),
        ] {
            for (named, wanted) in [(Some(&app), of_app), (None, of_any)] {
                let asked = RightsQuestion {
                    side: ecr(),
                    role: &role,
                    provider: None,
                    image: named,
                    now: 0,
                };
                assert_eq!(
                    policies(&list).granted(asked),
                    wanted,
                    "{list:?} {}",
                    named.is_some()
                );
            }
        }
        let unread = Policies {
            unread: Some(UnreadPolicy::Denied("iam:GetRolePolicy")),
            ..Policies::default()
        };
        let asked = RightsQuestion {
            side: ecr(),
            role: &role,
            provider: None,
            image: None,
            now: 0,
        };
        assert_eq!(
            unread.granted(asked),
            Granted::Unknown(UnreadPolicy::Denied("iam:GetRolePolicy"))
        );
    }

    #[test]
    fn what_goes_far_beyond_a_pull_is_named() {
        let role: RoleArn = "arn:aws:iam::111122223333:role/pull".parse().unwrap();
        let asked = RightsQuestion {
            side: ecr(),
            role: &role,
            provider: None,
            image: None,
            now: 0,
        };
        let of = |name: &str| {
            let arn = format!("arn:aws:iam::aws:policy/{name}");
            let held = RolePolicies {
                policies: vec![(arn.clone(), known_document(ecr(), &arn).unwrap())],
                boundary: None,
            };
            let policies = Policies {
                held,
                ..Policies::default()
            };
            policies.beyond(asked).join("; ")
        };
        assert_eq!(
            of("AdministratorAccess"),
            "AdministratorAccess (iam:AttachRolePolicy, iam:PassRole, sts:AssumeRole)"
        );
        assert_eq!(
            of("PowerUserAccess"),
            "PowerUserAccess (sts:AssumeRole, s3:GetObject, s3:PutObject)"
        );
        for name in ["ReadOnly", "PullOnly", "PowerUser", "FullAccess"] {
            assert_eq!(
                of(&format!("AmazonEC2ContainerRegistry{name}")),
                "",
                "{name}"
            );
        }
        let bucket =
            json!({"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::secret/*"});
        assert_eq!(
            policies(&[bucket]).beyond(asked),
            ["inline policy p0 (s3:GetObject, s3:PutObject)"]
        );
    }
}
