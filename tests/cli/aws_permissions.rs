//! `mk8s aws permissions`: what it prints, and that its holder can do what `mk8s` does and no more.
//!
//! The emulator holds every call against the printed policy, with the conditions that stand in it
//! (`tests/support/authorise.py`).

use crate::support::manifests::hetzner;
use crate::support::{ACCOUNT, Bed, Env, Run, snapshot};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const ROLE: &str = "mk8s-sandbox-edge-ecr";

/// A trust policy of others, long enough for the account's quota to matter.
fn foreign() -> String {
    let statements: Vec<Value> = (0..12)
        .map(|number| {
            json!({
                "Sid": format!("Others{number}"), "Effect": "Allow", "Action": "sts:AssumeRole",
                "Principal": {"Service": "ec2.amazonaws.com"},
            })
        })
        .collect();
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

/// A policy that does not let anybody pull.
const IDLE: &str = r#"{"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}]}"#;

/// A role of others, with an inline policy and one of the account.
fn role_of_others(bed: &Bed, name: &str, path: &str) {
    let arn = format!("arn:aws:iam::{ACCOUNT}:policy/idle");
    bed.moto.act(
        "CreateRole",
        &[
            ("RoleName", name),
            ("Path", path),
            ("AssumeRolePolicyDocument", &foreign()),
        ],
    );
    bed.moto.act(
        "PutRolePolicy",
        &[
            ("RoleName", name),
            ("PolicyName", "own"),
            ("PolicyDocument", IDLE),
        ],
    );
    bed.moto.act(
        "CreatePolicy",
        &[("PolicyName", "idle"), ("PolicyDocument", IDLE)],
    );
    bed.moto.act(
        "AttachRolePolicy",
        &[("RoleName", name), ("PolicyArn", &arn)],
    );
}

/// A caller who may do what a policy says.
struct Holder {
    name: &'static str,
    key: String,
    secret: String,
}

impl Holder {
    fn new(bed: &Bed) -> Self {
        let name = "holder";
        bed.moto.act("CreateUser", &[("UserName", name)]);
        let answer = bed.moto.act("CreateAccessKey", &[("UserName", name)]);
        let field = |name: &str| {
            let (_, rest) = answer.split_once(&format!("<{name}>")).unwrap();
            rest.split('<').next().unwrap().to_owned()
        };
        Self {
            name,
            key: field("AccessKeyId"),
            secret: field("SecretAccessKey"),
        }
    }

    /// Takes every right but these away.
    fn may(&self, bed: &Bed, policy: &Value) {
        bed.moto.act(
            "PutUserPolicy",
            &[
                ("UserName", self.name),
                ("PolicyName", "printed"),
                ("PolicyDocument", &policy.to_string()),
            ],
        );
    }

    /// Runs `mk8s` with the holder's rights.
    fn run(&self, bed: &Bed, line: &str) -> Run {
        bed.moto.settings(&json!({"authorise": true}));
        bed.moto.forget();
        let run = bed
            .env
            .line(line)
            .with("AWS_ACCESS_KEY_ID", &self.key)
            .with("AWS_SECRET_ACCESS_KEY", &self.secret)
            .run();
        bed.moto.settings(&json!({"authorise": false}));
        run
    }

    /// Runs the AWS CLI with the holder's rights and gives whether it was allowed.
    fn allowed(&self, bed: &Bed, line: &str) -> bool {
        bed.moto.settings(&json!({"authorise": true}));
        let run = bed
            .env
            .aws(&line.split_whitespace().collect::<Vec<_>>())
            .with("AWS_ACCESS_KEY_ID", &self.key)
            .with("AWS_SECRET_ACCESS_KEY", &self.secret)
            .run();
        bed.moto.settings(&json!({"authorise": false}));
        assert!(
            run.code == 0 || run.stderr.contains("AccessDenied"),
            "{run}"
        );
        run.code == 0
    }
}

/// The policy that a command line prints.
#[track_caller]
fn printed(bed: &Bed, line: &str) -> Value {
    bed.run(line).ok().json()
}

/// The actions of a policy.
fn actions(policy: &Value) -> BTreeSet<String> {
    let statements = policy["Statement"].as_array().unwrap();
    let actions = statements
        .iter()
        .flat_map(|it| it["Action"].as_array().unwrap());
    actions.map(|it| it.as_str().unwrap().to_owned()).collect()
}

/// The policy without an action.
fn without(policy: &Value, action: &str) -> Value {
    let mut policy = policy.clone();
    let statements = policy["Statement"].as_array_mut().unwrap();
    for statement in &mut *statements {
        let actions = statement["Action"].as_array_mut().unwrap();
        actions.retain(|it| it != action);
    }
    statements.retain(|it| it["Action"] != json!([]));
    policy
}

/// A run that needs rights.
struct Case {
    /// What is there before it.
    bed: fn() -> Bed,
    line: &'static str,
    code: i32,
}

/// Rights that no call of its own asks for, and why they are in the policy.
const WITHOUT_CALL: &[(&str, &str)] = &[
    // moto asks for the creation alone, IAM for both.
    ("iam:TagOpenIDConnectProvider", "tags at creation"),
];

/// Rights whose lack changes nothing but what is looked at besides.
const QUIET: &[(&str, &str)] = &[
    ("iam:GetAccountSummary", "the least quota is taken then"),
    (
        "iam:ListOpenIDConnectProviders",
        "near misses are not named then",
    ),
    (
        "ecr:BatchGetImage",
        "the image's architectures are not compared then",
    ),
];

/// Runs the cases under the policy of one command, then each without each right that is only this
/// command's.
fn each_right_is_needed_and_suffices(purpose: &str, cases: &[Case]) {
    let attempt = |case: &Case, lacking: Option<&str>| {
        let bed = (case.bed)();
        let policy = printed(&bed, &format!("aws permissions --for {purpose}"));
        let holder = Holder::new(&bed);
        holder.may(
            &bed,
            &lacking.map_or(policy.clone(), |it| without(&policy, it)),
        );
        let run = holder.run(&bed, case.line);
        (run, bed.moto.log(), bed.moto.refused())
    };
    let bed = Bed::edge();
    let granted = actions(&printed(&bed, &format!("aws permissions --for {purpose}")));
    let read = actions(&printed(&bed, "aws permissions --for status"));
    drop(bed);
    let mut called = BTreeSet::new();
    for case in cases {
        let (run, log, refused) = attempt(case, None);
        assert_eq!(refused, [""; 0], "{run}");
        let run = run.exits(case.code);
        let log: BTreeSet<String> = log.into_iter().collect();
        let used: Vec<&String> = granted
            .iter()
            .filter(|it| log.contains(it.split_once(':').unwrap().1))
            .collect();
        let named = used.len() + usize::from(log.contains("GetCallerIdentity"));
        assert_eq!(named, log.len(), "{log:?} is not {used:?}");
        for action in used {
            let is_new = called.insert(action.clone());
            if !is_new || (purpose != "status" && read.contains(action)) {
                continue;
            }
            let (less, _, refused) = attempt(case, Some(action));
            let refused: BTreeSet<String> = refused.into_iter().collect();
            assert_eq!(refused, BTreeSet::from([action.clone()]), "{less}");
            let is_told = less.stdout.contains(action) || less.stderr.contains(action);
            let is_quiet = QUIET.iter().any(|(quiet, _)| quiet == action);
            assert!(is_told || is_quiet, "{purpose} without {action}\n{less}");
            let same =
                less.code == run.code && less.stdout == run.stdout && less.stderr == run.stderr;
            assert!(!same || is_quiet, "{purpose} without {action}\n{less}");
        }
    }
    for (action, _) in WITHOUT_CALL {
        if granted.contains(*action) {
            called.insert((*action).to_owned());
        }
    }
    assert_eq!(called, granted, "{purpose}");
}

/// `edge` with both add-ons on, and a role of others under the default name.
fn adopted() -> Bed {
    on_with_role(&[])
}

fn on_with_role(flags: &[&str]) -> Bed {
    let bed = Bed::holding(&[hetzner("edge", &[])], flags);
    bed.run(&format!(
        "addon enable aws-ecr -c edge --with-prerequisites \
         --role-arn arn:aws:iam::{ACCOUNT}:role/{ROLE}"
    ))
    .ok();
    role_of_others(&bed, ROLE, "/");
    bed
}

/// The same with an OIDC provider that has neither the audience nor the thumbprint.
fn adopted_with_provider() -> Bed {
    let bed = on_with_role(&["--oidc"]);
    bed.moto.act(
        "CreateOpenIDConnectProvider",
        &[
            ("Url", &format!("https://{}", bed.issuer("edge"))),
            ("ClientIDList.member.1", "other"),
            ("ThumbprintList.member.1", &"0123456789".repeat(4)),
        ],
    );
    bed
}

/// `edge` as setup leaves it.
fn made() -> Bed {
    let bed = Bed::edge();
    bed.run("aws setup aws-ecr -c edge --yes").ok();
    bed
}

/// The same where the role was there before.
fn adopted_and_set_up() -> Bed {
    let bed = adopted();
    bed.run("aws setup aws-ecr -c edge --yes").ok();
    bed
}

#[test]
fn setup_needs_each_right_of_its_policy_and_no_other() {
    each_right_is_needed_and_suffices(
        "setup",
        &[
            Case {
                bed: Bed::edge,
                line: "aws setup aws-ecr -c edge --yes",
                code: 0,
            },
            Case {
                bed: adopted_with_provider,
                line: "aws setup aws-ecr -c edge --yes",
                code: 0,
            },
        ],
    );
}

#[test]
fn status_needs_each_right_of_its_policy_and_no_other() {
    each_right_is_needed_and_suffices(
        "status",
        &[Case {
            bed: adopted,
            line: "aws status aws-ecr -c edge",
            code: 0,
        }],
    );
}

#[test]
fn teardown_needs_each_right_of_its_policy_and_no_other() {
    let line = "aws teardown aws-ecr -c edge --with-oidc-provider --yes";
    each_right_is_needed_and_suffices(
        "teardown",
        &[
            Case {
                bed: made,
                line,
                code: 0,
            },
            Case {
                bed: adopted_and_set_up,
                line,
                code: 0,
            },
            // No provider is there any more.
            Case {
                bed: adopted,
                line,
                code: 0,
            },
        ],
    );
}

/// The same with a repository in each account, and an image in moto's.
fn with_repositories(bed: Bed) -> Bed {
    for account in [ACCOUNT, "222222222222"] {
        bed.aws(&format!(
            "ecr create-repository --region eu-central-1 --registry-id {account} --repository-name shop"
        ));
    }
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
        "config": {
            "mediaType": "application/vnd.docker.container.image.v1+json", "size": 2,
            "digest": "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
        },
        "layers": [],
    });
    bed.aws_with(&[
        "ecr",
        "put-image",
        "--region",
        "eu-central-1",
        "--repository-name",
        "shop",
        "--image-tag",
        "1",
        "--image-manifest",
        &manifest.to_string(),
    ]);
    bed
}

#[test]
fn check_needs_each_right_of_its_policy_and_no_other() {
    each_right_is_needed_and_suffices(
        "check",
        &[
            Case {
                bed: || with_repositories(made()),
                line: "check -c edge --skip issuer \
                       --image 222222222222.dkr.ecr.eu-central-1.amazonaws.com/shop:1",
                code: 11,
            },
            Case {
                bed: || with_repositories(made()),
                line: "check -c edge --skip issuer \
                       --image 123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop:1",
                code: 0,
            },
            Case {
                bed: adopted,
                line: "check -c edge --skip issuer",
                code: 11,
            },
        ],
    );
}

#[test]
fn a_repository_policy_needs_each_right_of_its_policy_and_no_other() {
    let bed = || {
        let bed = with_repositories(Bed::edge());
        bed.run(
            "addon enable aws-ecr -c edge --with-prerequisites \
             --role-arn arn:aws:iam::222222222222:role/pull",
        )
        .ok();
        bed
    };
    let line = "aws setup aws-ecr -c edge --apply-repository-policy --yes \
                --image 123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop:1";
    each_right_is_needed_and_suffices("repository-policy", &[Case { bed, line, code: 0 }]);
    // Who lacks such a right is shown the policy that has it.
    let bed = bed();
    let holder = Holder::new(&bed);
    holder.may(&bed, &printed(&bed, "aws permissions --for status"));
    holder
        .run(&bed, line)
        .exits(4)
        .err("hint: `mk8s aws permissions --for repository-policy` prints such a policy");
}

/// The flags of `aws setup` that change what it needs.
const FLAGS: &str = "--role-name shared --role-path /team/x/ --pull-policy pull-only \
                     --permissions-boundary arn:aws:iam::123456789012:policy/edge";

/// Does what a refused caller is told: takes the policy of the hint, and runs the command again.
#[track_caller]
fn as_told(bed: &Bed, holder: &Holder, line: &str, hint: &str) -> Run {
    holder.may(bed, &printed(bed, "aws permissions"));
    let run = holder.run(bed, line).exits(4);
    let (_, rest) = run.stderr.split_once("hint: `mk8s ").expect("a hint");
    let command = rest.split('`').next().unwrap();
    assert_eq!(command, hint, "{run}");
    holder.may(bed, &printed(bed, command));
    let run = holder.run(bed, line).ok();
    assert_eq!(bed.moto.refused(), [""; 0], "{run}");
    run
}

#[test]
fn whoever_is_refused_is_shown_the_policy_that_covers_it() {
    let bed = Bed::edge();
    let holder = Holder::new(&bed);
    let flags = FLAGS.split_whitespace().collect::<Vec<_>>().join(" ");
    let setup = format!("aws setup aws-ecr -c edge --yes {flags}");
    as_told(&bed, &holder, &setup, &format!("aws permissions {flags}"));
    let role = bed.moto.role("shared");
    assert_eq!(role["boundary"], "arn:aws:iam::123456789012:policy/edge");
    let down = "aws teardown aws-ecr -c edge --with-oidc-provider --yes";
    // The first call that is refused is the look at the role.
    let shared = "aws permissions --role-name shared --role-path /team/x/";
    holder.may(&bed, &printed(&bed, "aws permissions"));
    holder
        .run(&bed, down)
        .exits(4)
        .err(&format!("hint: `mk8s {shared}` prints"));
    holder.may(&bed, &printed(&bed, shared));
    holder.run(&bed, down).exits(4).err(&format!(
        "hint: `mk8s {shared} --pull-policy pull-only` prints"
    ));
    holder.may(
        &bed,
        &printed(&bed, &format!("{shared} --pull-policy pull-only")),
    );
    holder.run(&bed, down).ok();
    assert_eq!(bed.moto.state(), json!({}));
}

#[test]
fn a_role_that_lies_elsewhere_is_named_by_its_own_path() {
    let bed = Bed::edge();
    role_of_others(&bed, ROLE, "/team/");
    let holder = Holder::new(&bed);
    let line = "aws setup aws-ecr -c edge --yes";
    holder.may(&bed, &printed(&bed, "aws permissions"));
    let hint = "aws permissions --role-path /team/";
    holder
        .run(&bed, line)
        .exits(4)
        .err(&format!("hint: `mk8s {hint}` prints"));
    holder.may(&bed, &printed(&bed, hint));
    holder.run(&bed, line).ok();
}

#[test]
fn its_holder_can_do_nothing_else() {
    let bed = Bed::edge();
    let holder = Holder::new(&bed);
    let trust = foreign();
    for name in ["mk8s-admin", "prod-mk8s-admin", "others"] {
        bed.moto.act(
            "CreateRole",
            &[("RoleName", name), ("AssumeRolePolicyDocument", &trust)],
        );
    }
    for (url, tag) in [
        ("https://a.example", "mk8s"),
        ("https://b.example", "others"),
    ] {
        bed.moto.act(
            "CreateOpenIDConnectProvider",
            &[
                ("Url", url),
                ("ThumbprintList.member.1", &"0123456789".repeat(4)),
                ("Tags.member.1.Key", "mk8s.cpln/managed-by"),
                ("Tags.member.1.Value", tag),
            ],
        );
    }
    let managed = "arn:aws:iam::aws:policy";
    let attach = |role: &str, policy: &str| {
        format!("iam attach-role-policy --role-name {role} --policy-arn {managed}/{policy}")
    };
    let own = "AmazonEC2ContainerRegistryReadOnly";
    let make = "iam create-role --assume-role-policy-document {} --role-name mk8s-new";
    let make = make.replace("{}", &trust.replace(' ', ""));
    let drop = "iam delete-open-id-connect-provider --open-id-connect-provider-arn";
    let provider = |host: &str| format!("{drop} arn:aws:iam::{ACCOUNT}:oidc-provider/{host}");
    let boundary = format!("arn:aws:iam::{ACCOUNT}:policy/edge");
    let bounded = format!("aws permissions --permissions-boundary {boundary}");
    for (policy, line, allowed) in [
        ("aws permissions", attach("mk8s-admin", own), true),
        (
            "aws permissions",
            attach("mk8s-admin", "AmazonS3ReadOnlyAccess"),
            false,
        ),
        (
            "aws permissions",
            attach("mk8s-admin", "AmazonEC2ContainerRegistryPullOnly"),
            false,
        ),
        (
            "aws permissions --pull-policy pull-only",
            attach("mk8s-admin", "AmazonEC2ContainerRegistryPullOnly"),
            true,
        ),
        ("aws permissions", attach("prod-mk8s-admin", own), false),
        (
            "aws permissions --role-name others",
            attach("others", own),
            true,
        ),
        (
            "aws permissions --role-name others",
            attach("mk8s-admin", own),
            false,
        ),
        ("aws permissions -c edge", attach("mk8s-admin", own), false),
        // Only what mk8s made can be deleted.
        ("aws permissions", provider("b.example"), false),
        ("aws permissions", provider("a.example"), true),
        (
            "aws permissions",
            "iam delete-role --role-name mk8s-admin".to_owned(),
            false,
        ),
        (&bounded, make.clone(), false),
        (
            &bounded,
            format!("{make} --permissions-boundary arn:aws:iam::{ACCOUNT}:policy/other"),
            false,
        ),
        (
            &bounded,
            format!("{make} --permissions-boundary {boundary}"),
            true,
        ),
    ] {
        holder.may(&bed, &printed(&bed, policy));
        assert_eq!(holder.allowed(&bed, &line), allowed, "{policy}: {line}");
    }
}

#[test]
fn what_is_gone_when_its_deletion_is_refused_was_deleted() {
    for action in ["DeleteRole", "DeleteOpenIDConnectProvider"] {
        let bed = made();
        // As when the answer to the first call is lost: the tag that the policy asks for is gone too.
        bed.moto
            .faults(&json!([{"action": action, "code": "AccessDenied", "after": true}]));
        bed.run("aws teardown aws-ecr -c edge --with-oidc-provider --yes")
            .ok();
        assert_eq!(bed.moto.state(), json!({}), "{action}");
    }
}

#[test]
fn the_whole_policy_of_a_named_role() {
    let mut env = Env::new();
    env.set("CPLN_ORG", "acme");
    let run = env
        .line(
            "aws permissions --account 999999999999 --role-name shared --pull-policy read-only \
             --pull-policy arn:aws:iam::999999999999:policy/pull \
             --permissions-boundary arn:aws:iam::999999999999:policy/edge",
        )
        .run();
    snapshot!(env, run, @r#"
    exit 0
    --- stdout
    {
      "Version": "2012-10-17",
      "Statement": [
        {
          "Sid": "Mk8sReadAccount",
          "Effect": "Allow",
          "Action": [
            "iam:GetAccountSummary",
            "iam:ListOpenIDConnectProviders"
          ],
          "Resource": "*"
        },
        {
          "Sid": "Mk8sReadProvider",
          "Effect": "Allow",
          "Action": [
            "iam:GetOpenIDConnectProvider"
          ],
          "Resource": "arn:aws:iam::999999999999:oidc-provider/*"
        },
        {
          "Sid": "Mk8sReadRole",
          "Effect": "Allow",
          "Action": [
            "iam:GetRole",
            "iam:GetRolePolicy",
            "iam:ListAttachedRolePolicies",
            "iam:ListRolePolicies"
          ],
          "Resource": "arn:aws:iam::999999999999:role/shared"
        },
        {
          "Sid": "Mk8sReadPolicies",
          "Effect": "Allow",
          "Action": [
            "iam:GetPolicy",
            "iam:GetPolicyVersion"
          ],
          "Resource": "arn:aws:iam::*:policy/*"
        },
        {
          "Sid": "Mk8sMakeProvider",
          "Effect": "Allow",
          "Action": [
            "iam:AddClientIDToOpenIDConnectProvider",
            "iam:CreateOpenIDConnectProvider",
            "iam:TagOpenIDConnectProvider",
            "iam:UpdateOpenIDConnectProviderThumbprint"
          ],
          "Resource": "arn:aws:iam::999999999999:oidc-provider/*"
        },
        {
          "Sid": "Mk8sMakeRole",
          "Effect": "Allow",
          "Action": [
            "iam:CreateRole",
            "iam:PutRolePermissionsBoundary"
          ],
          "Resource": "arn:aws:iam::999999999999:role/shared",
          "Condition": {
            "ArnEquals": {
              "iam:PermissionsBoundary": "arn:aws:iam::999999999999:policy/edge"
            }
          }
        },
        {
          "Sid": "Mk8sChangeRole",
          "Effect": "Allow",
          "Action": [
            "iam:TagRole",
            "iam:UpdateAssumeRolePolicy"
          ],
          "Resource": "arn:aws:iam::999999999999:role/shared"
        },
        {
          "Sid": "Mk8sAttachPolicy",
          "Effect": "Allow",
          "Action": [
            "iam:AttachRolePolicy"
          ],
          "Resource": "arn:aws:iam::999999999999:role/shared",
          "Condition": {
            "ArnEquals": {
              "iam:PolicyARN": [
                "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly",
                "arn:aws:iam::999999999999:policy/pull"
              ]
            }
          }
        },
        {
          "Sid": "Mk8sLookForOthers",
          "Effect": "Allow",
          "Action": [
            "iam:ListRoles"
          ],
          "Resource": "*"
        },
        {
          "Sid": "Mk8sReleaseRole",
          "Effect": "Allow",
          "Action": [
            "iam:ListInstanceProfilesForRole",
            "iam:UntagRole",
            "iam:UpdateAssumeRolePolicy"
          ],
          "Resource": "arn:aws:iam::999999999999:role/shared"
        },
        {
          "Sid": "Mk8sDetachPolicy",
          "Effect": "Allow",
          "Action": [
            "iam:DetachRolePolicy"
          ],
          "Resource": "arn:aws:iam::999999999999:role/shared",
          "Condition": {
            "ArnEquals": {
              "iam:PolicyARN": [
                "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly",
                "arn:aws:iam::999999999999:policy/pull"
              ]
            }
          }
        },
        {
          "Sid": "Mk8sRemoveRole",
          "Effect": "Allow",
          "Action": [
            "iam:DeleteRole"
          ],
          "Resource": "arn:aws:iam::999999999999:role/shared",
          "Condition": {
            "StringEquals": {
              "aws:ResourceTag/mk8s.cpln/managed-by": "mk8s"
            }
          }
        },
        {
          "Sid": "Mk8sRemoveProvider",
          "Effect": "Allow",
          "Action": [
            "iam:DeleteOpenIDConnectProvider"
          ],
          "Resource": "arn:aws:iam::999999999999:oidc-provider/*",
          "Condition": {
            "StringEquals": {
              "aws:ResourceTag/mk8s.cpln/managed-by": "mk8s"
            }
          }
        }
      ]
    }
    --- stderr
    Where a role lies is not looked up, the policy is for role/shared; for another path add --role-path PATH
    "#);
    let run = env
        .line("aws permissions -c prod -c edge --partition aws-us-gov --for teardown -o names")
        .run();
    snapshot!(env, run, @r"
    exit 0
    --- stdout
    iam:DeleteOpenIDConnectProvider
    iam:DeleteRole
    iam:DetachRolePolicy
    iam:GetAccountSummary
    iam:GetOpenIDConnectProvider
    iam:GetPolicy
    iam:GetPolicyVersion
    iam:GetRole
    iam:GetRolePolicy
    iam:ListAttachedRolePolicies
    iam:ListInstanceProfilesForRole
    iam:ListOpenIDConnectProviders
    iam:ListRolePolicies
    iam:ListRoles
    iam:UntagRole
    iam:UpdateAssumeRolePolicy
    --- stderr
    Where a role lies is not looked up, the policy is for role/mk8s-acme-prod-ecr, role/mk8s-acme-edge-ecr; for another path add --role-path PATH
    ");
    let run = env
        .line("aws permissions -c prod -c edge --for setup")
        .run()
        .ok();
    let both = json!([
        "arn:aws:iam::*:role/mk8s-acme-prod-ecr",
        "arn:aws:iam::*:role/mk8s-acme-edge-ecr"
    ]);
    let policy = run.json();
    for statement in policy["Statement"].as_array().unwrap() {
        if statement["Resource"].to_string().contains(":role/") {
            assert_eq!(statement["Resource"], both, "{statement}");
        }
    }
    // What the holder may do that is not seen at once.
    let run = env
        .line("aws permissions --for setup --role-path /team/")
        .run()
        .ok();
    let _ = run
        .err("The holder says who is trusted by every role/team/mk8s-*, whatever else it may")
        .err("New roles have no permissions boundary");
    let path = format!("/{}/", "p".repeat(500));
    let all = "--for setup --for teardown --for check";
    env.line(&format!("aws permissions {all} --role-path {path}"))
        .run()
        .ok()
        .err("characters, IAM takes 6144 in a managed policy");
}

#[test]
fn permissions_are_printed_without_a_connection() {
    let env = Env::new();
    let run = env.line("aws permissions --for status").run();
    snapshot!(env, run, @r#"
    exit 0
    --- stdout
    {
      "Version": "2012-10-17",
      "Statement": [
        {
          "Sid": "Mk8sReadAccount",
          "Effect": "Allow",
          "Action": [
            "iam:GetAccountSummary",
            "iam:ListOpenIDConnectProviders"
          ],
          "Resource": "*"
        },
        {
          "Sid": "Mk8sReadProvider",
          "Effect": "Allow",
          "Action": [
            "iam:GetOpenIDConnectProvider"
          ],
          "Resource": "arn:aws:iam::*:oidc-provider/*"
        },
        {
          "Sid": "Mk8sReadRole",
          "Effect": "Allow",
          "Action": [
            "iam:GetRole",
            "iam:GetRolePolicy",
            "iam:ListAttachedRolePolicies",
            "iam:ListRolePolicies"
          ],
          "Resource": "arn:aws:iam::*:role/mk8s-*"
        },
        {
          "Sid": "Mk8sReadPolicies",
          "Effect": "Allow",
          "Action": [
            "iam:GetPolicy",
            "iam:GetPolicyVersion"
          ],
          "Resource": "arn:aws:iam::*:policy/*"
        }
      ]
    }
    "#);
    let all = env
        .line("aws permissions --account 999999999999")
        .run()
        .ok()
        .json();
    let text = all.to_string();
    for action in [
        "iam:CreateOpenIDConnectProvider",
        "iam:CreateRole",
        "iam:AttachRolePolicy",
        "iam:DeleteRole",
        "iam:ListRoles",
    ] {
        assert!(text.contains(action), "{action}");
    }
    assert!(text.contains("999999999999"));
    let cn = env
        .line("aws permissions --for setup --account 999999999999 --partition aws-cn")
        .run()
        .ok()
        .json();
    assert!(
        cn.to_string().contains("arn:aws-cn:iam::999999999999:"),
        "{cn}"
    );
    for (flags, told) in [
        ("--account 1", "is not an AWS account id"),
        ("--for nothing", "repository-policy"),
        ("--partition aws*", "aws-us-gov"),
        ("--partition aws-", "aws-us-gov"),
        ("--role-name a/b", "--role-path PATH"),
        ("--role-name shared -c edge", "--cluster"),
        ("--role-path /te*m/", "would stand for more than itself"),
        (
            "--role-path /${aws:username}/",
            "would stand for more than itself",
        ),
        ("--pull-policy write", "is not the ARN of a policy"),
        (
            "--pull-policy arn:aws:iam::aws:policy/*",
            "would stand for more than itself",
        ),
        (
            "--pull-policy arn:aws-cn:iam::aws:policy/P",
            "hint: --partition aws-cn",
        ),
        (
            "--permissions-boundary B",
            "--permissions-boundary is not the ARN of a policy",
        ),
        (
            "--account 999999999999 --permissions-boundary arn:aws:iam::111122223333:policy/B",
            "is not in the account 999999999999",
        ),
    ] {
        env.line(&format!("aws permissions {flags}"))
            .run()
            .exits(2)
            .silent()
            .err(told);
    }
}
