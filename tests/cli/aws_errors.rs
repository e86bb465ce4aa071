//! What AWS may answer: which of it is waited out, and how the rest is told. A run that failed is
//! taken up by the next one.

use crate::support::{Bed, Run, filters, is_read};
use serde_json::{Value, json};
use std::fmt::Write as _;

const ROLE: &str = "mk8s-sandbox-edge-ecr";
/// Steps give up after twice `--timeout`.
const SETUP: &str = "aws setup aws-ecr -c edge --yes --timeout 2s";
const MANY: u32 = 999;

/// The exit code and the error of a run.
fn told(run: &Run) -> String {
    let at = run.stderr.find("error: ").unwrap_or(0);
    format!("exit {}\n{}", run.code, &run.stderr[at..])
}

/// What a whole setup leaves.
fn complete() -> Value {
    let bed = Bed::edge();
    bed.run(SETUP).ok();
    bed.world()
}

/// Compares what is said under a heading for each case.
macro_rules! screens {
    ($bed:expr, $text:expr, @$expected:literal) => {
        filters(&$bed.env).bind(|| insta::assert_snapshot!($text, @$expected));
    };
}

#[test]
fn a_missing_right_is_named_and_the_next_run_goes_on() {
    let complete = complete();
    let bed = Bed::edge();
    let mut text = String::new();
    // Each of them is allowed before the next one is missing.
    for action in [
        "GetCallerIdentity",
        "CreateOpenIDConnectProvider",
        "CreateRole",
        "AttachRolePolicy",
    ] {
        bed.moto
            .faults(&json!([{"action": action, "code": "AccessDenied", "times": MANY}]));
        let run = bed.run(SETUP).exits(4).err(&format!(":{action}"));
        writeln!(text, "# {action}\n{}", told(&run)).unwrap();
    }
    bed.moto.heals();
    bed.run(SETUP).ok();
    assert_eq!(bed.world(), complete);
    screens!(bed, text, @r"
    # GetCallerIdentity
    exit 4
    error: the AWS account is not known
      because: AWS refused sts:GetCallerIdentity on * for arn:aws:iam::123456789012:user/moto
    hint: `mk8s aws permissions` prints the least policy that the caller needs

    # CreateOpenIDConnectProvider
    exit 4
    error: the OIDC provider arn:aws:iam::123456789012:oidc-provider/oidc.sandbox.localhost/kz3wqgbhbjse was not created
      because: AWS refused iam:CreateOpenIDConnectProvider on * for arn:aws:iam::123456789012:user/moto
    hint: `mk8s aws permissions` prints the least policy that the caller needs
    hint: once allowed, run the same command again; it continues where it stopped

    # CreateRole
    exit 4
    error: the role `mk8s-sandbox-edge-ecr` was not created
      because: AWS refused iam:CreateRole on * for arn:aws:iam::123456789012:user/moto
    hint: `mk8s aws permissions` prints the least policy that the caller needs
    hint: once allowed, run the same command again; it continues where it stopped

    # AttachRolePolicy
    exit 4
    error: the role `mk8s-sandbox-edge-ecr` was created, its policy was not attached
      because: AWS refused iam:AttachRolePolicy on * for arn:aws:iam::123456789012:user/moto
    hint: `mk8s aws permissions` prints the least policy that the caller needs
    hint: once allowed, run the same command again; it continues where it stopped
    ");
}

#[test]
fn whoever_may_write_need_not_be_allowed_to_read() {
    let complete = complete();
    for actions in [
        &["GetOpenIDConnectProvider"][..],
        &["ListOpenIDConnectProviders"],
        &["GetRole"],
        &["ListAttachedRolePolicies"],
        &["ListRolePolicies"],
        &["GetAccountSummary"],
        &[
            "GetOpenIDConnectProvider",
            "ListOpenIDConnectProviders",
            "GetRole",
            "ListAttachedRolePolicies",
            "ListRolePolicies",
            "GetAccountSummary",
        ],
    ] {
        let bed = Bed::edge();
        let faults: Vec<Value> = actions
            .iter()
            .map(|action| json!({"action": action, "code": "AccessDenied", "times": MANY}))
            .collect();
        bed.moto.faults(&json!(faults));
        let run = bed.run(SETUP);
        assert_eq!(run.code, 0, "{actions:?}\n{run}");
        assert_eq!(bed.world(), complete, "{actions:?}");
        // A second run may repeat what it cannot see, but changes nothing by it. A role that exists
        // and cannot be read is the one thing that stops it.
        let run = bed.run(SETUP);
        if actions.contains(&"GetRole") {
            run.exits(4).err("iam:GetRole");
        } else {
            assert_eq!(run.code, 0, "{actions:?}\n{run}");
        }
        assert_eq!(bed.world(), complete, "{actions:?} again");
    }
}

#[test]
fn without_the_right_to_tag_others_roles_it_goes_on() {
    let bed = Bed::edge();
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"ec2.amazonaws.com"}}]}"#;
    bed.aws(&format!(
        "iam create-role --role-name {ROLE} --assume-role-policy-document {trust}"
    ));
    bed.moto
        .faults(&json!([{"action": "TagRole", "code": "AccessDenied", "times": MANY}]));
    bed.run(SETUP)
        .ok()
        .err("could not be set")
        .err("teardown knows the statement by its Sid only")
        .err("teardown takes the policy for one of others and keeps it");
    assert_eq!(bed.moto.role(ROLE)["tags"], json!({}));
    // Teardown knows the statement by its Sid.
    bed.moto.heals();
    bed.run("aws teardown aws-ecr -c edge --yes").ok();
    assert_eq!(bed.moto.role(ROLE)["trust"].to_string(), trust);
    assert_eq!(bed.moto.role(ROLE)["attached"].as_array().unwrap().len(), 1);
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases and their screens")]
fn every_error_of_iam_is_explained() {
    let complete = complete();
    let bed = Bed::edge();
    let mut text = String::new();
    let refused = "User: arn:aws:iam::123456789012:user/ops is not authorized to perform: \
                   iam:CreateRole on resource: arn:aws:iam::123456789012:role/mk8s-sandbox-edge-ecr";
    for (action, code, message, exit) in [
        ("GetCallerIdentity", "ExpiredToken", "", 4),
        (
            "GetCallerIdentity",
            "InvalidClientTokenId",
            "The security token included in the request is invalid.",
            4,
        ),
        (
            "GetCallerIdentity",
            "SignatureDoesNotMatch",
            "Signature expired: 20261124T000000Z is now earlier than 20261124T001000Z",
            4,
        ),
        (
            "CreateOpenIDConnectProvider",
            "LimitExceeded",
            "Cannot exceed quota for OpenIdConnectProvidersPerAccount: 100",
            8,
        ),
        (
            "CreateOpenIDConnectProvider",
            "OpenIdIdpCommunicationError",
            "Unable to connect to the issuer",
            8,
        ),
        (
            "CreateOpenIDConnectProvider",
            "InvalidInput",
            "Invalid Open ID Connect Provider URL",
            6,
        ),
        (
            "CreateRole",
            "AccessDenied",
            &format!("{refused} because no permissions boundary allows the iam:CreateRole action"),
            4,
        ),
        (
            "CreateRole",
            "AccessDenied",
            &format!("{refused} with an explicit deny in a service control policy"),
            4,
        ),
        (
            "CreateRole",
            "LimitExceeded",
            "Cannot exceed quota for RolesPerAccount: 1000",
            8,
        ),
        (
            "CreateRole",
            "MalformedPolicyDocument",
            "Federated principals must be valid domain names or SAML metadata ARNs",
            6,
        ),
        (
            "CreateRole",
            "MalformedPolicyDocument",
            "Syntax errors in policy.",
            6,
        ),
        ("CreateRole", "ConcurrentModification", "", 5),
        (
            "AttachRolePolicy",
            "LimitExceeded",
            "Cannot exceed quota for PoliciesPerRole: 10",
            8,
        ),
        (
            "AttachRolePolicy",
            "PolicyNotAttachable",
            "Cannot attach a Service Role Policy to a Customer Role.",
            6,
        ),
    ] {
        let mut fault = json!({"action": action, "code": code, "times": MANY});
        if !message.is_empty() {
            fault["message"] = json!(message);
        }
        bed.moto.faults(&json!([fault]));
        let run = bed.run(SETUP);
        assert_eq!(run.code, exit, "{action} {code}\n{run}");
        let message = message.split(' ').next().unwrap_or_default();
        writeln!(text, "# {action}: {code} {message}\n{}", told(&run)).unwrap();
    }
    bed.moto.heals();
    bed.run(SETUP).ok();
    assert_eq!(bed.world(), complete);
    screens!(bed, text, @r#"
    # GetCallerIdentity: ExpiredToken 
    exit 4
    error: the AWS account is not known
      because: the AWS credentials have expired
      because: AWS answered sts:GetCallerIdentity with ExpiredToken: "The security token included in the request is expired"
    hint: renew them (`aws sso login` for an SSO profile) and run the same command again

    # GetCallerIdentity: InvalidClientTokenId The
    exit 4
    error: the AWS account is not known
      because: AWS does not accept the credentials
      because: AWS answered sts:GetCallerIdentity with InvalidClientTokenId: "The security token included in the request is invalid."
    hint: pass --aws-profile NAME, and check this machine's clock
    hint: in China, GovCloud or the European Sovereign Cloud name a region too: --aws-region REGION

    # GetCallerIdentity: SignatureDoesNotMatch Signature
    exit 4
    error: the AWS account is not known
      because: AWS does not accept the credentials
      because: AWS answered sts:GetCallerIdentity with SignatureDoesNotMatch: "Signature expired: 20261124T000000Z is now earlier than 20261124T001000Z"
    hint: pass --aws-profile NAME, and check this machine's clock
    hint: in China, GovCloud or the European Sovereign Cloud name a region too: --aws-region REGION

    # CreateOpenIDConnectProvider: LimitExceeded Cannot
    exit 8
    error: the OIDC provider arn:aws:iam::123456789012:oidc-provider/oidc.sandbox.localhost/kz3wqgbhbjse was not created
      because: a quota of the AWS account is used up: OpenIdConnectProvidersPerAccount
      because: AWS answered iam:CreateOpenIDConnectProvider with LimitExceeded: "Cannot exceed quota for OpenIdConnectProvidersPerAccount: 100"

    # CreateOpenIDConnectProvider: OpenIdIdpCommunicationError Unable
    exit 8
    error: the OIDC provider arn:aws:iam::123456789012:oidc-provider/oidc.sandbox.localhost/kz3wqgbhbjse was not created
      because: IAM could not read the issuer's discovery document; it must be reachable from the internet
      because: AWS answered iam:CreateOpenIDConnectProvider with OpenIdIdpCommunicationError: "Unable to connect to the issuer"

    # CreateOpenIDConnectProvider: InvalidInput Invalid
    exit 6
    error: the OIDC provider arn:aws:iam::123456789012:oidc-provider/oidc.sandbox.localhost/kz3wqgbhbjse was not created
      because: AWS answered iam:CreateOpenIDConnectProvider with InvalidInput: "Invalid Open ID Connect Provider URL"

    # CreateRole: AccessDenied User:
    exit 4
    error: the role `mk8s-sandbox-edge-ecr` was not created
      because: AWS refused iam:CreateRole on arn:aws:iam::123456789012:role/mk8s-sandbox-edge-ecr for arn:aws:iam::123456789012:user/ops
      because: a permissions boundary does not allow it
    hint: accounts that demand a boundary on new roles want --permissions-boundary ARN
    hint: once allowed, run the same command again; it continues where it stopped

    # CreateRole: AccessDenied User:
    exit 4
    error: the role `mk8s-sandbox-edge-ecr` was not created
      because: AWS refused iam:CreateRole on arn:aws:iam::123456789012:role/mk8s-sandbox-edge-ecr for arn:aws:iam::123456789012:user/ops
      because: a service control policy of the organization denies it
    hint: once allowed, run the same command again; it continues where it stopped

    # CreateRole: LimitExceeded Cannot
    exit 8
    error: the role `mk8s-sandbox-edge-ecr` was not created
      because: a quota of the AWS account is used up: RolesPerAccount
      because: AWS answered iam:CreateRole with LimitExceeded: "Cannot exceed quota for RolesPerAccount: 1000"

    # CreateRole: MalformedPolicyDocument Federated
    exit 6
    error: the role `mk8s-sandbox-edge-ecr` was not created
      because: the OIDC provider in the trust policy is not an ARN that IAM takes: account, partition or host is wrong
      because: AWS answered iam:CreateRole with MalformedPolicyDocument: "Federated principals must be valid domain names or SAML metadata ARNs"

    # CreateRole: MalformedPolicyDocument Syntax
    exit 6
    error: the role `mk8s-sandbox-edge-ecr` was not created
      because: AWS answered iam:CreateRole with MalformedPolicyDocument: "Syntax errors in policy."

    # CreateRole: ConcurrentModification 
    exit 5
    error: the role `mk8s-sandbox-edge-ecr` was not created
      because: AWS answered iam:CreateRole with ConcurrentModification: "The request was rejected because multiple requests to change this object were submitted simultaneously. Wait a few minutes and submit your request again."

    # AttachRolePolicy: LimitExceeded Cannot
    exit 8
    error: the role `mk8s-sandbox-edge-ecr` was created, its policy was not attached
      because: a quota of the AWS account is used up: PoliciesPerRole
      because: AWS answered iam:AttachRolePolicy with LimitExceeded: "Cannot exceed quota for PoliciesPerRole: 10"

    # AttachRolePolicy: PolicyNotAttachable Cannot
    exit 6
    error: the policy arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly was not attached to `mk8s-sandbox-edge-ecr`
      because: AWS answered iam:AttachRolePolicy with PolicyNotAttachable: "Cannot attach a Service Role Policy to a Customer Role."
    "#);
}

#[test]
fn errors_of_a_trust_policy_that_exists_are_explained() {
    let bed = Bed::edge();
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"ec2.amazonaws.com"}}]}"#;
    bed.aws(&format!(
        "iam create-role --role-name {ROLE} --assume-role-policy-document {trust}"
    ));
    let mut text = String::new();
    for (code, message, exit) in [
        ("AccessDenied", "", 4),
        (
            "LimitExceeded",
            "Cannot exceed quota for ACLSizePerRole: 2048",
            6,
        ),
        (
            "MalformedPolicyDocument",
            "Invalid principal in policy: \"AWS\":\"AROA1234567890EXAMPLE\"",
            6,
        ),
        (
            "UnmodifiableEntity",
            "Cannot perform the operation on the protected role",
            6,
        ),
        ("NoSuchEntity", "The role with name x cannot be found.", 3),
    ] {
        let mut fault = json!({"action": "UpdateAssumeRolePolicy", "code": code, "times": MANY});
        if !message.is_empty() {
            fault["message"] = json!(message);
        }
        bed.moto.faults(&json!([fault]));
        let run = bed.run(SETUP);
        assert_eq!(run.code, exit, "{code}\n{run}");
        writeln!(text, "# {code}\n{}", told(&run)).unwrap();
        assert_eq!(bed.moto.role(ROLE)["trust"].to_string(), trust);
    }
    screens!(bed, text, @r#"
    # AccessDenied
    exit 4
    error: the trust policy of `mk8s-sandbox-edge-ecr` was not changed
      because: AWS refused iam:UpdateAssumeRolePolicy on * for arn:aws:iam::123456789012:user/moto
    hint: `mk8s aws permissions` prints the least policy that the caller needs
    hint: once allowed, run the same command again; it continues where it stopped

    # LimitExceeded
    exit 6
    error: the trust policy of `mk8s-sandbox-edge-ecr` was not changed
      because: the trust policy would be longer than this account allows
      because: AWS answered iam:UpdateAssumeRolePolicy with LimitExceeded: "Cannot exceed quota for ACLSizePerRole: 2048"
    hint: remove statements of clusters that are gone, or use a role of its own: --role-name NAME

    # MalformedPolicyDocument
    exit 6
    error: the trust policy of `mk8s-sandbox-edge-ecr` was not changed
      because: the trust policy names a user or role that does not exist any more; IAM refuses every change until that statement is removed
      because: AWS answered iam:UpdateAssumeRolePolicy with MalformedPolicyDocument: "Invalid principal in policy: "AWS":"AROA1234567890EXAMPLE""

    # UnmodifiableEntity
    exit 6
    error: the trust policy of `mk8s-sandbox-edge-ecr` was not changed
      because: AWS answered iam:UpdateAssumeRolePolicy with UnmodifiableEntity: "Cannot perform the operation on the protected role"

    # NoSuchEntity
    exit 3
    error: the trust policy of `mk8s-sandbox-edge-ecr` was not changed
      because: AWS answered iam:UpdateAssumeRolePolicy with NoSuchEntity: "The role with name x cannot be found."
    "#);
}

#[test]
fn errors_of_teardown_are_explained_and_the_next_run_goes_on() {
    let bed = Bed::edge();
    bed.run(SETUP).ok();
    let mut text = String::new();
    for action in [
        "DetachRolePolicy",
        "DeleteRole",
        "DeleteOpenIDConnectProvider",
    ] {
        bed.moto
            .faults(&json!([{"action": action, "code": "AccessDenied", "times": MANY}]));
        let run = bed
            .run("aws teardown aws-ecr -c edge --with-oidc-provider --yes")
            .exits(4)
            .err(action);
        writeln!(text, "# {action}\n{}", told(&run)).unwrap();
        // The cluster comes last, so that it still knows its role.
        assert_ne!(
            bed.sandbox.cluster("edge")["spec"]["addOns"]["awsECR"]["roleArn"],
            json!(null)
        );
    }
    bed.moto.heals();
    bed.run("aws teardown aws-ecr -c edge --with-oidc-provider --yes")
        .ok();
    assert_eq!(bed.moto.state(), json!({}));
    assert_eq!(bed.sandbox.cluster("edge")["spec"]["addOns"], json!({}));
    screens!(bed, text, @r"
    # DetachRolePolicy
    exit 4
    error: the policy arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly was not detached from `mk8s-sandbox-edge-ecr`
      because: AWS refused iam:DetachRolePolicy on * for arn:aws:iam::123456789012:user/moto
    hint: `mk8s aws permissions` prints the least policy that the caller needs
    hint: once allowed, run the same command again; it continues where it stopped

    # DeleteRole
    exit 4
    error: the role `mk8s-sandbox-edge-ecr` was not deleted
      because: AWS refused iam:DeleteRole on * for arn:aws:iam::123456789012:user/moto
    hint: `mk8s aws permissions` prints the least policy that the caller needs
    hint: once allowed, run the same command again; it continues where it stopped

    # DeleteOpenIDConnectProvider
    exit 4
    error: the OIDC provider arn:aws:iam::123456789012:oidc-provider/oidc.sandbox.localhost/kz3wqgbhbjse was not deleted
      because: AWS refused iam:DeleteOpenIDConnectProvider on * for arn:aws:iam::123456789012:user/moto
    hint: `mk8s aws permissions` prints the least policy that the caller needs
    hint: once allowed, run the same command again; it continues where it stopped
    ");
}

#[test]
fn what_does_not_pass_in_time_is_unavailable() {
    let bed = Bed::edge();
    for (action, code) in [
        ("GetCallerIdentity", "Throttling"),
        ("GetRole", "ServiceFailure"),
        ("CreateOpenIDConnectProvider", "Throttling"),
    ] {
        bed.moto
            .faults(&json!([{"action": action, "code": code, "times": MANY}]));
        bed.run(SETUP).exits(8).silent().err(action);
    }
}

#[test]
fn what_passes_is_waited_out() {
    let complete = complete();
    for code in ["Throttling", "ConcurrentModification", "ServiceFailure"] {
        let bed = Bed::edge();
        bed.moto.faults(&json!([
            {"action": "GetRole", "code": "Throttling", "times": 1},
            {"action": "CreateOpenIDConnectProvider", "code": code, "times": 2},
            {"action": "CreateRole", "code": code, "times": 2},
            {"action": "AttachRolePolicy", "code": code, "times": 2},
        ]));
        bed.run("aws setup aws-ecr -c edge --yes").ok();
        assert_eq!(bed.world(), complete, "{code}");
    }
}

#[test]
fn an_answer_that_is_lost_is_looked_up() {
    let complete = complete();
    for lost in [
        json!({"code": "ServiceFailure", "after": true}),
        json!({"drop": true, "after": true}),
        json!({"drop": true}),
    ] {
        let bed = Bed::edge();
        let faults: Vec<Value> = [
            "CreateOpenIDConnectProvider",
            "CreateRole",
            "AttachRolePolicy",
        ]
        .iter()
        .map(|action| {
            let mut fault = lost.clone();
            fault["action"] = json!(action);
            fault
        })
        .collect();
        bed.moto.faults(&json!(faults));
        let run = bed.run("aws setup aws-ecr -c edge --yes").ok();
        assert!(run.stderr.contains("Created role"), "{lost}\n{run}");
        assert_eq!(bed.world(), complete, "{lost}");
        let writes = bed.moto.writes();
        assert!(writes.iter().all(|action| !is_read(action)));
        // Taking down loses its answers too.
        let faults: Vec<Value> = [
            "DetachRolePolicy",
            "DeleteRole",
            "DeleteOpenIDConnectProvider",
        ]
        .iter()
        .map(|action| {
            let mut fault = lost.clone();
            fault["action"] = json!(action);
            fault
        })
        .collect();
        bed.moto.faults(&json!(faults));
        bed.run("aws teardown aws-ecr -c edge --with-oidc-provider --yes")
            .ok();
        assert_eq!(bed.moto.state(), json!({}), "{lost}");
    }
}

#[test]
fn iam_that_is_slow_to_show_what_was_written_is_waited_for() {
    let complete = complete();
    let bed = Bed::edge();
    bed.moto
        .settings(&json!({"propagation_ms": 1500, "trust_delay_ms": 1500}));
    bed.run("aws setup aws-ecr -c edge --yes").ok();
    assert_eq!(bed.world(), complete);
    assert_eq!(
        bed.moto.writes(),
        [
            "CreateOpenIDConnectProvider",
            "CreateRole",
            "AttachRolePolicy"
        ]
    );
}

#[test]
fn iam_that_never_shows_it_is_given_up() {
    let bed = Bed::edge();
    bed.moto.settings(&json!({"propagation_ms": 600_000}));
    let run = bed.run(SETUP);
    screens!(bed, told(&run), @r"
    exit 7
    error: the OIDC provider arn:aws:iam::123456789012:oidc-provider/oidc.sandbox.localhost/kz3wqgbhbjse was written, but does not show after 4 s
      because: IAM has not passed it on yet
    hint: run the same command again; it continues where it stopped
    ");
    bed.moto.settings(&json!({"propagation_ms": 0}));
    bed.run(SETUP).ok();
    assert_eq!(bed.moto.providers().as_object().unwrap().len(), 1);
}

#[test]
fn without_credentials_or_connection_nothing_is_done() {
    let mut bed = Bed::edge();
    let mut text = String::new();
    let url = bed.moto.url().to_owned();
    bed.env.set("AWS_ENDPOINT_URL", "http://127.0.0.1:9");
    // Long enough for every attempt of the SDK.
    let run = bed.run("aws setup aws-ecr -c edge --yes");
    writeln!(text, "# unreachable\n{}", told(&run)).unwrap();
    bed.env.set("AWS_ENDPOINT_URL", &url);
    let run = bed.run(&format!("{SETUP} --aws-endpoint-url http://127.0.0.1:9"));
    assert_eq!(run.code, 8, "{run}");
    let run = bed.run(&format!("{SETUP} --aws-profile nobody"));
    writeln!(text, "# no such profile\n{}", told(&run)).unwrap();
    bed.env
        .unset("AWS_ACCESS_KEY_ID")
        .unset("AWS_SECRET_ACCESS_KEY");
    let run = bed.run(SETUP);
    writeln!(text, "# no keys\n{}", told(&run)).unwrap();
    assert_eq!((bed.moto.log(), bed.patches()), (vec![], 0));
    screens!(bed, text, @r"
    # unreachable
    exit 8
    error: the AWS account is not known
      because: AWS could not be reached for sts:GetCallerIdentity at http://127.0.0.1:[PORT]: connection refused
    hint: the endpoint is from AWS_ENDPOINT_URL

    # no such profile
    exit 4
    error: the AWS account is not known
      because: there is no AWS profile `nobody`, which --aws-profile names
    hint: no profile is set up: `aws configure --profile nobody` or `aws configure sso --profile nobody` makes it

    # no keys
    exit 4
    error: the AWS account is not known
      because: no AWS credentials were found
    hint: pass --aws-profile NAME, or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY
    ");
}

#[test]
fn calls_are_shown_under_debug_without_secrets() {
    let bed = Bed::edge();
    bed.run(&format!("{SETUP} --debug"))
        .ok()
        .err("debug: aws iam:CreateRole mk8s-sandbox-edge-ecr: ok")
        .err("debug: aws sts:GetCallerIdentity: ok")
        .never("testing");
}

#[test]
fn ctrl_c_says_that_the_next_run_goes_on() {
    let bed = Bed::edge();
    bed.moto
        .faults(&json!([{"action": "AttachRolePolicy", "delay_ms": 20_000}]));
    let mut terminal = crate::support::Terminal::start(&bed.env, "aws setup aws-ecr -c edge --yes");
    terminal.until("Created role").type_in("\u{3}");
    let (code, screen) = terminal.end();
    assert_eq!(code, 130, "{screen}");
    assert!(
        screen.contains("Run the same command again; it continues where it stopped."),
        "{screen}"
    );
    bed.moto.heals();
    bed.run(SETUP).ok();
    assert_eq!(bed.world()["addOns"], complete()["addOns"]);
}
