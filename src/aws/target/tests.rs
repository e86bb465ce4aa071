//! Facts, requests and targets by example.

use super::*;
use crate::aws::image::PrivateImage;
use crate::aws::name::{Tags, sid};
use crate::aws::sides::ecr;
use crate::cluster::Cluster;
use crate::error::Kind;
use serde_json::{Value, json};

/// A cluster that has everything, as the API would serve it.
pub(crate) fn cluster(provider: &Value, add_ons: &Value, template: &Value) -> Cluster {
    Cluster::new(json!({
        "kind": "mk8s", "name": "prod", "id": "id-1", "version": 3,
        "spec": {"provider": provider, "addOns": add_ons},
        "status": {
            "oidcProviderUrl": "https://oidc.example.com/abc",
            "addOns": {
                "awsWorkloadIdentity": {"oidcProviderConfig": {
                    "providerUrl": "https://oidc.example.com/abc", "audience": "sts.amazonaws.com"}},
                "awsECR": {"trustPolicy": template}
            }
        }
    }))
}

pub(crate) fn caller(account: &str, partition: &str) -> Caller {
    Caller {
        account: account.parse().unwrap(),
        arn: format!("arn:{partition}:iam::{account}:user/ops"),
        partition: partition.to_owned(),
    }
}

fn facts(provider: &Value, add_ons: &Value) -> ClusterFacts {
    ClusterFacts::read(ecr(), "acme", &cluster(provider, add_ons, &json!({}))).unwrap()
}

fn on_aws() -> Value {
    json!({"aws": {"deployRoleArn": "arn:aws:iam::111122223333:role/deploy"}})
}

#[test]
fn facts_are_read_from_spec_and_status() {
    let facts = facts(
        &json!({"hetzner": {}}),
        &json!({
        "awsWorkloadIdentity": {}, "awsEFS": {"roleArn": "x"},
        "awsECR": {"roleArn": "arn:aws:iam::111122223333:role/r"}}),
    );
    assert!(facts.workload_identity && facts.addon);
    assert_eq!(facts.role_arn.as_ref().unwrap().name(), "r");
    assert_eq!(
        facts.issuer.as_ref().unwrap().bare(),
        "oidc.example.com/abc"
    );
    assert_eq!(facts.needed_by, ["aws-efs"]);
    assert_eq!(facts.template, None);
    assert_eq!(facts.sid(), Some(sid(ecr(), "acme", "id-1")));
}

#[test]
fn an_issuer_or_role_that_cannot_be_used_is_refused() {
    let mut bad = cluster(&json!({}), &json!({}), &json!({})).into_value();
    bad["status"]["oidcProviderUrl"] = json!("http://x");
    let error = ClusterFacts::read(ecr(), "acme", &Cluster::new(bad)).unwrap_err();
    assert_eq!(error.kind, Kind::Refused);
    let bad = cluster(
        &json!({}),
        &json!({"awsECR": {"roleArn": "arn:x"}}),
        &json!({}),
    );
    let error = ClusterFacts::read(ecr(), "acme", &bad).unwrap_err();
    assert!(error.message.contains("`arn:x`"), "{error}");
}

#[test]
fn two_issuers_are_a_warning_and_the_first_counts() {
    let mut odd = cluster(&json!({}), &json!({}), &json!({})).into_value();
    odd["status"]["oidcProviderUrl"] = json!("https://other.example");
    let facts = ClusterFacts::read(ecr(), "acme", &Cluster::new(odd)).unwrap();
    assert_eq!(facts.issuer.unwrap().url(), "https://other.example");
    assert_eq!(facts.warnings.len(), 1);
}

#[test]
fn the_account_follows_the_order_of_the_contract() {
    let role: RoleArn = "arn:aws:iam::444455556666:role/flag".parse().unwrap();
    let with_role = json!({"awsECR": {"roleArn": "arn:aws:iam::333344445555:role/spec"}});
    let account = |text: &str| Some(text.parse().unwrap());
    let image = |text: &str| {
        let account = text.parse().unwrap();
        Some(PrivateImage::new(&account, "eu-central-1", "shop").unwrap())
    };
    for (add_ons, request, expected) in [
        (
            &with_role,
            SetupRequest {
                role_arn: Some(role.clone()),
                ..SetupRequest::default()
            },
            "444455556666",
        ),
        (
            &with_role,
            SetupRequest {
                image: image("888877776666"),
                ..SetupRequest::default()
            },
            "333344445555",
        ),
        (
            &json!({}),
            SetupRequest {
                account: account("777766665555"),
                image: image("888877776666"),
                ..SetupRequest::default()
            },
            "777766665555",
        ),
        (
            &json!({}),
            SetupRequest {
                image: image("888877776666"),
                ..SetupRequest::default()
            },
            "888877776666",
        ),
        (&json!({}), SetupRequest::default(), "111122223333"),
    ] {
        let facts = facts(&on_aws(), add_ons);
        let got = target(&facts, &request, &caller(expected, "aws"), "was not set up").unwrap();
        assert_eq!(got.account.as_str(), expected);
        let other = caller("999999999999", "aws");
        let error = target(&facts, &request, &other, "was not set up").unwrap_err();
        assert_eq!(error.kind, Kind::Refused);
        assert!(error.because[0].contains(expected), "{error:?}");
        assert!(error.hints[0].contains("--aws-profile"));
    }
    let hetzner = facts(&json!({"hetzner": {}}), &json!({}));
    let got = target(
        &hetzner,
        &SetupRequest::default(),
        &caller("999999999999", "aws"),
        "x",
    )
    .unwrap();
    assert_eq!(got.access, RegistryAccess::OutsideAws);
}

#[test]
fn an_account_that_contradicts_the_role_stops() {
    let request = SetupRequest {
        role_arn: Some("arn:aws:iam::444455556666:role/r".parse().unwrap()),
        account: Some("111122223333".parse().unwrap()),
        ..SetupRequest::default()
    };
    let facts = facts(&on_aws(), &json!({}));
    let error = target(&facts, &request, &caller("444455556666", "aws"), "x").unwrap_err();
    assert!(error.because[0].contains("--account is 111122223333"));
}

#[test]
fn a_role_of_another_partition_stops() {
    let facts = facts(
        &json!({"hetzner": {}}),
        &json!({"awsECR": {"roleArn": "arn:aws:iam::111122223333:role/r"}}),
    );
    let error = target(
        &facts,
        &SetupRequest::default(),
        &caller("111122223333", "aws-cn"),
        "x",
    )
    .unwrap_err();
    assert!(error.because[0].contains("partition aws,"), "{error}");
}

#[test]
fn a_role_is_needed_unless_the_account_is_the_clusters_and_none_is_named() {
    let home = caller("111122223333", "aws");
    let named = SetupRequest {
        role_name: Some("own".into()),
        ..SetupRequest::default()
    };
    let with_role = json!({"awsECR": {"roleArn": "arn:aws:iam::111122223333:role/team/spec"}});
    for (provider, add_ons, request, access, role) in [
        (
            on_aws(),
            json!({}),
            SetupRequest::default(),
            RegistryAccess::SameAccount,
            None,
        ),
        (
            on_aws(),
            json!({}),
            named.clone(),
            RegistryAccess::SameAccountRole,
            Some("own"),
        ),
        (
            on_aws(),
            with_role.clone(),
            SetupRequest::default(),
            RegistryAccess::SameAccountRole,
            Some("team/spec"),
        ),
        (
            on_aws(),
            with_role.clone(),
            named.clone(),
            RegistryAccess::SameAccountRole,
            Some("own"),
        ),
        (
            json!({"aws": {"deployRoleArn": "arn:aws:iam::999999999999:role/d"}}),
            json!({}),
            SetupRequest {
                account: Some("111122223333".parse().unwrap()),
                ..SetupRequest::default()
            },
            RegistryAccess::CrossAccount,
            Some("mk8s-acme-prod-ecr"),
        ),
        (
            json!({"aws": {}}),
            json!({}),
            SetupRequest::default(),
            RegistryAccess::Unknown,
            Some("mk8s-acme-prod-ecr"),
        ),
        (
            json!({"gcp": {}}),
            json!({}),
            SetupRequest::default(),
            RegistryAccess::OutsideAws,
            Some("mk8s-acme-prod-ecr"),
        ),
        (
            json!({"generic": {}}),
            json!({}),
            SetupRequest {
                role_path: Some("/a/b/".into()),
                ..SetupRequest::default()
            },
            RegistryAccess::OutsideAws,
            Some("a/b/mk8s-acme-prod-ecr"),
        ),
    ] {
        let got = target(&facts(&provider, &add_ons), &request, &home, "x").unwrap();
        assert_eq!(got.access, access, "{provider} {add_ons}");
        let arn = role.map(|role| format!("arn:aws:iam::111122223333:role/{role}"));
        assert_eq!(got.role.map(|role| role.as_str().to_owned()), arn);
    }
}

#[test]
fn flags_are_checked() {
    assert_eq!(check_path("team"), Ok("/team/".into()));
    assert_eq!(check_path("/a/b/"), Ok("/a/b/".into()));
    assert_eq!(check_path("/"), Ok("/".into()));
    assert!(check_path("a//b").is_err() && check_path("a b").is_err());
    assert!(check_path(&"x".repeat(600)).unwrap_err().contains("602"));
    for (text, seconds) in [
        ("3600", 3600),
        ("1h", 3600),
        ("90m", 5400),
        ("43200s", 43200),
    ] {
        assert_eq!(check_max_session(text), Ok(seconds), "{text}");
    }
    for bad in ["", "59m", "13h", "x", "99999999999h", "-1"] {
        assert!(check_max_session(bad).is_err(), "{bad}");
    }
    let request = SetupRequest {
        boundary: Some("x".into()),
        ..SetupRequest::default()
    };
    assert_eq!(check_request(&request).unwrap_err().kind, Kind::Usage);
    for (one, other) in [("a", "A"), ("Ümlaut", "ümlaut")] {
        let request = SetupRequest {
            tags: Tags::from([(one.into(), "1".into()), (other.into(), "2".into())]),
            ..SetupRequest::default()
        };
        let error = check_request(&request).unwrap_err();
        assert_eq!(error.kind, Kind::Usage, "{one}");
        assert!(error.message.contains("cannot both be set"), "{error}");
    }
    let request = SetupRequest {
        tags: Tags::from([("aws:x".into(), "y".into())]),
        ..SetupRequest::default()
    };
    assert!(
        check_request(&request)
            .unwrap_err()
            .message
            .contains("aws:x=y")
    );
}

#[test]
fn the_path_is_read_from_an_arn() {
    for (arn, path) in [("role/x", "/"), ("role/a/b/x", "/a/b/")] {
        let arn: RoleArn = format!("arn:aws:iam::111122223333:{arn}").parse().unwrap();
        assert_eq!(path_of(&arn), path);
    }
}
