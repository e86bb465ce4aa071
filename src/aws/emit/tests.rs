//! Forms and refusals; what the outside readers make of the texts is tested against them.

use super::*;
use crate::aws::sides::ecr;
use crate::aws::target::tests::{caller, cluster};
use crate::error::Kind;
use serde_json::{Value, json};

const ROLE: &str = "arn:aws:iam::999999999999:role/mk8s-acme-prod-ecr";

fn template(issuer: &str) -> Value {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Principal": {"Federated": format!("arn:aws:iam::<ACCOUNT>:oidc-provider/{issuer}")},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {format!("{issuer}:sub"): "system:serviceaccount:a:it's"}}}]})
}

fn facts(add_ons: &Value) -> ClusterFacts {
    let cluster = cluster(
        &json!({"hetzner": {}}),
        add_ons,
        &template("oidc.example.com/abc"),
    );
    ClusterFacts::read(ecr(), "acme", &cluster).unwrap()
}

fn on() -> Value {
    json!({"awsWorkloadIdentity": {}, "awsECR": {"roleArn": ROLE}})
}

fn blueprint(facts: &ClusterFacts, request: &SetupRequest) -> Blueprint {
    let target = aim(facts, request, None, "was not set up").unwrap();
    Blueprint::new(facts, request, &target, &AwsState::default()).unwrap()
}

#[test]
fn a_blueprint_is_what_setup_makes_from_nothing() {
    let facts = facts(&on());
    let made = blueprint(&facts, &SetupRequest::default());
    let role = made.role.as_ref().unwrap();
    assert_eq!(role.new.name, "mk8s-acme-prod-ecr");
    assert_eq!(
        role.new.trust["Statement"][0]["Principal"]["Federated"],
        "arn:aws:iam::999999999999:oidc-provider/oidc.example.com/abc"
    );
    assert_eq!(
        made.provider.as_ref().unwrap().audience,
        "sts.amazonaws.com"
    );
    assert_eq!(made.policy.as_ref().unwrap().role, "mk8s-acme-prod-ecr");
    let again = setup_plan(
        &facts,
        &SetupRequest::default(),
        &target(
            &facts,
            &SetupRequest::default(),
            &caller("999999999999", "aws"),
            "x",
        )
        .unwrap(),
        &AwsState::default(),
        SetupOrder::AddonFirst,
    )
    .unwrap();
    assert_eq!(made.plan.steps, again.steps);
}

#[test]
fn account_and_partition_follow_without_credentials() {
    let bare = facts(&json!({}));
    let error = stand_in(&bare, &SetupRequest::default(), None).unwrap_err();
    assert_eq!(error.kind, Kind::Usage);
    let request = |role: Option<&str>| SetupRequest {
        role_arn: role.map(|role| role.parse().unwrap()),
        account: role.is_none().then(|| "999999999999".parse().unwrap()),
        ..SetupRequest::default()
    };
    for (role, partition, expected) in [
        (Some("arn:aws-cn:iam::999999999999:role/r"), None, "aws-cn"),
        (None, Some("aws-us-gov"), "aws-us-gov"),
        (None, None, "aws"),
    ] {
        let got = stand_in(&bare, &request(role), partition).unwrap();
        assert_eq!(got.partition, expected);
        assert_eq!(got.account.as_str(), "999999999999");
    }
}

#[test]
fn what_is_missing_is_named_with_the_way_to_it() {
    let live = |add_ons: &Value, change: &dyn Fn(&mut ClusterFacts), request: &SetupRequest| {
        let mut facts = facts(add_ons);
        change(&mut facts);
        let target = aim(&facts, request, None, "was not set up").unwrap();
        missing(&facts, request, &target, EmitSource::Live)
    };
    let request = SetupRequest {
        account: Some("999999999999".parse().unwrap()),
        ..SetupRequest::default()
    };
    let nothing = |_: &mut ClusterFacts| {};
    let no_template = |facts: &mut ClusterFacts| facts.template = None;
    let no_issuer = |facts: &mut ClusterFacts| facts.issuer = None;

    assert_eq!(live(&on(), &nothing, &request).unwrap(), None);
    assert_eq!(
        live(&on(), &no_template, &request).unwrap(),
        Some(Awaited::Template)
    );
    assert_eq!(
        live(&on(), &no_issuer, &request).unwrap(),
        Some(Awaited::Issuer)
    );

    let off = live(&json!({}), &no_template, &request).unwrap_err();
    assert_eq!(off.kind, Kind::Refused);
    assert_eq!(
        off.hints,
        [format!(
            "mk8s addon enable aws-ecr -c prod --with-prerequisites --role-arn {ROLE}"
        )]
    );
    let no_role = json!({"awsWorkloadIdentity": {}, "awsECR": {}});
    let unlinked = live(&no_role, &no_template, &request).unwrap_err();
    assert_eq!(unlinked.kind, Kind::NotFound);
    assert_eq!(
        unlinked.hints,
        [format!(
            "mk8s addon enable aws-ecr -c prod --role-arn {ROLE}"
        )]
    );
    let provider_only = SetupRequest {
        only: Some(AwsPart::OidcProvider),
        ..request
    };
    assert_eq!(
        live(&json!({}), &no_template, &provider_only).unwrap(),
        None
    );
    let bare = live(&json!({}), &no_issuer, &provider_only).unwrap_err();
    assert_eq!(bare.kind, Kind::NotFound);
    assert_eq!(
        bare.hints,
        ["mk8s addon enable aws-workload-identity -c prod"]
    );
    let error = not_there(&facts(&on()), Awaited::Template, EmitSource::Live);
    assert_eq!((error.kind, error.hints.len()), (Kind::NotFound, 1));
}

#[test]
fn the_cluster_that_pulls_from_its_own_account_gets_the_provider_alone() {
    let cluster = cluster(
        &json!({"aws": {"deployRoleArn": "arn:aws:iam::111122223333:role/deploy"}}),
        &json!({"awsWorkloadIdentity": {}, "awsECR": {}}),
        &json!(null),
    );
    let facts = ClusterFacts::read(ecr(), "acme", &cluster).unwrap();
    let made = blueprint(&facts, &SetupRequest::default());
    assert!(made.provider.is_some() && made.role.is_none() && made.policy.is_none());
    for format in [Format::AwsCli, Format::Terraform, Format::CloudFormation] {
        let text = made.text(format).unwrap();
        assert!(text.contains("111122223333"), "{text}");
        assert!(!text.to_lowercase().contains("create-role"), "{text}");
        assert!(
            !text.contains("aws_iam_role\"") && !text.contains("IAM::Role"),
            "{text}"
        );
    }
}

#[test]
fn what_cloudformation_would_resolve_is_refused() {
    let mut facts = facts(&on());
    facts.audience = "a{{resolve:ssm:x}}".to_owned();
    let made = blueprint(&facts, &SetupRequest::default());
    let error = made.text(Format::CloudFormation).unwrap_err();
    assert_eq!(error.kind, Kind::Refused);
    assert!(made.text(Format::AwsCli).is_ok());
    let policy = SetupRequest {
        only: Some(AwsPart::Policy),
        ..SetupRequest::default()
    };
    let error = blueprint(&facts, &policy).text(Format::CloudFormation);
    assert_eq!(error.unwrap_err().kind, Kind::Refused);
}

#[test]
fn names_from_outside_stay_within_their_quotes() {
    let mut facts = facts(&on());
    facts.name = "pro\nd'$(id)`id`${x}%{y}".to_owned();
    let made = blueprint(&facts, &SetupRequest::default());
    let shell = made.text(Format::AwsCli).unwrap();
    assert!(!shell.contains("\nd'$"), "{shell}");
    let terraform = made.text(Format::Terraform).unwrap();
    assert!(terraform.contains("$${x}%%{y}"), "{terraform}");
    assert!(!terraform.contains(" ${x}"), "{terraform}");
    let yaml = made.text(Format::CloudFormation).unwrap();
    let read: Value = serde_yaml::from_str(&yaml).unwrap();
    assert_eq!(
        read["Resources"]["Role"]["Properties"]["Description"],
        made.role.unwrap().new.description
    );
}
