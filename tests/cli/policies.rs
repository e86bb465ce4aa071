//! Two readings of the language of policies: the evaluator of `mk8s`, and that of the emulator, which is
//! written in Python from the reference alone. Each is asked about the same generated trust policies.

use crate::support::{Trial, aws_python};
use fastrand::Rng;
use mk8s::aws::policy::{Allowed, Fact, WebToken, of_resource};
use serde_json::{Map, Value, json};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

const ISSUER: &str = "oidc.example/c147bab";
const ACCOUNT: &str = "999988887777";
const PROVIDER: &str = "arn:aws:iam::999988887777:oidc-provider/oidc.example/c147bab";
const GITHUB: &str = "arn:aws:iam::999988887777:oidc-provider/token.actions.githubusercontent.com";
const SUBJECT: &str = "system:serviceaccount:kube-system:ecr-credential-provider";
/// 2026-11-27T12:00:00Z.
const NOW: i64 = 1_795_780_800;

const TESTS: [&str; 28] = [
    "StringEquals",
    "StringNotEquals",
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
    "StringLike",
    "StringNotLike",
    "NumericEquals",
    "NumericNotEquals",
    "NumericLessThan",
    "NumericLessThanEquals",
    "NumericGreaterThan",
    "NumericGreaterThanEquals",
    "DateEquals",
    "DateNotEquals",
    "DateLessThan",
    "DateLessThanEquals",
    "DateGreaterThan",
    "DateGreaterThanEquals",
    "Bool",
    "BinaryEquals",
    "IpAddress",
    "NotIpAddress",
    "ArnEquals",
    "ArnNotEquals",
    "ArnLike",
    "ArnNotLike",
    "Null",
    "stringlike",
];

const KEYS: [&str; 22] = [
    "oidc.example/c147bab:sub",
    "oidc.example/c147bab:sub",
    "oidc.example/c147bab:aud",
    "OIDC.example/C147BAB:SUB",
    "oidc.example/c147bab:amr",
    "arn:aws:iam::999988887777:oidc-provider/oidc.example/c147bab:sub",
    "token.actions.githubusercontent.com:sub",
    "saml:aud",
    "aws:SecureTransport",
    "aws:CurrentTime",
    "aws:EpochTime",
    "aws:SourceIp",
    "aws:sourceip",
    "aws:RequestedRegion",
    "aws:FederatedProvider",
    "aws:PrincipalOrgID",
    "aws:PrincipalArn",
    "aws:MultiFactorAuthPresent",
    "aws:ResourceAccount",
    "aws:ViaAWSService",
    "aws:SourceVpc",
    "sts:RoleSessionName",
];

const VALUES: [&str; 47] = [
    SUBJECT,
    "System:ServiceAccount:kube-system:ecr-credential-provider",
    "system:serviceaccount:kube-system:*",
    "system:serviceaccount:*:*",
    "system:serviceaccount:kube-system:ecr?credential?provider",
    "system:serviceaccount:default:app",
    "*",
    "?*",
    "",
    "sts.amazonaws.com",
    "STS.amazonaws.com",
    "sts.*.com",
    "repo:acme/app:*",
    "true",
    "false",
    "TRUE",
    "0",
    "1795780800",
    "1795780800.0",
    "1795780801",
    "+17e8",
    "-1",
    "2020-01-01",
    "2026-11-27T12:00:00Z",
    "2026-11-27T13:00:00+01:00",
    "2026-11-27T12:00:00",
    "2026-11-27T12:00:01.5Z",
    "2027-01-01T00:00Z",
    "soon",
    "10.0.0.0/8",
    "192.0.2.77",
    "0.0.0.0/0",
    "10.1.2.3/33",
    "2001:db8::/32",
    "::/0",
    PROVIDER,
    "arn:aws:iam::*:oidc-provider/*",
    "arn:*:iam::999988887777:oidc-provider/oidc.example/?147bab",
    "arn:aws:*",
    "eu-west-1",
    "${aws:FederatedProvider}",
    "${aws:ResourceAccount}",
    "99998888${*}",
    "${aws:PrincipalOrgID, 'none'}",
    "system:serviceaccount:${aws:username, 'kube-system'}:*",
    "${aws:SourceIp}",
    "${aws:username}",
];

fn of<T: Clone>(chance: &mut Rng, list: &[T]) -> T {
    list[chance.usize(..list.len())].clone()
}

fn condition(chance: &mut Rng) -> (String, String, Value) {
    // Half of them are such as people write, so that not everything ends with no.
    let claim = |name: &str| format!("{ISSUER}:{name}");
    let written = [
        ("StringEquals", claim("sub"), json!(SUBJECT)),
        ("StringEquals", claim("aud"), json!("sts.amazonaws.com")),
        (
            "StringLike",
            claim("sub"),
            json!(["x", "system:serviceaccount:kube-system:*"]),
        ),
        (
            "StringNotLike",
            claim("sub"),
            json!("system:serviceaccount:default:*"),
        ),
        (
            "ForAnyValue:StringEquals",
            claim("aud"),
            json!(["sts.amazonaws.com", "x"]),
        ),
        (
            "ForAllValues:StringLike",
            claim("aud"),
            json!("*.amazonaws.com"),
        ),
        ("Null", claim("sub"), json!(false)),
        ("Bool", "aws:SecureTransport".to_owned(), json!(true)),
        (
            "DateGreaterThan",
            "aws:CurrentTime".to_owned(),
            json!("2020-01-01"),
        ),
        (
            "StringNotEquals",
            "aws:PrincipalOrgID".to_owned(),
            json!("o-1"),
        ),
        (
            "IpAddress",
            "aws:SourceIp".to_owned(),
            json!(["10.0.0.0/8", "192.0.2.0/24"]),
        ),
        (
            "ArnLike",
            "aws:FederatedProvider".to_owned(),
            json!("arn:aws:iam::*:oidc-provider/*"),
        ),
    ];
    if chance.bool() {
        let (test, key, value) = of(chance, &written);
        return (test.to_owned(), key, value);
    }
    let mut test = of(chance, &TESTS).to_owned();
    if test != "Null" {
        test = format!(
            "{}{test}",
            of(chance, &["", "", "ForAnyValue:", "forallvalues:"])
        );
        test += of(chance, &["", "", "IfExists"]);
    }
    let many = chance.usize(0..4);
    let values: Vec<Value> = (0..many).map(|_| json!(of(chance, &VALUES))).collect();
    let value = if many == 1 {
        values[0].clone()
    } else {
        json!(values)
    };
    (test, of(chance, &KEYS).to_owned(), value)
}

fn statement(chance: &mut Rng) -> Value {
    let mut made = Map::new();
    made.insert(
        "Effect".into(),
        json!(of(
            chance,
            &["Allow", "Allow", "Allow", "Deny", "Deny", "allow"]
        )),
    );
    let principals = [
        json!({"Federated": PROVIDER}),
        json!({"Federated": PROVIDER}),
        json!({"Federated": [GITHUB, PROVIDER], "AWS": "111122223333"}),
        json!({"Federated": GITHUB}),
        json!({"Federated": "*"}),
        json!({"Federated": PROVIDER.replace(ACCOUNT, "111122223333")}),
        json!({"AWS": ACCOUNT}),
        json!({"AWS": "*"}),
        json!({"Service": "ec2.amazonaws.com"}),
        json!("*"),
        json!({}),
    ];
    let element = of(
        chance,
        &[
            "Principal",
            "Principal",
            "Principal",
            "Principal",
            "NotPrincipal",
        ],
    );
    made.insert(element.into(), of(chance, &principals));
    let actions = [
        json!("sts:AssumeRoleWithWebIdentity"),
        json!("STS:assumerole*"),
        json!(["sts:TagSession", "sts:AssumeRoleWithWebIdentity"]),
        json!("sts:AssumeRole"),
        json!("sts:AssumeRoleWith???Identity"),
        json!("*"),
        json!([]),
    ];
    let element = of(
        chance,
        &["Action", "Action", "Action", "Action", "NotAction"],
    );
    made.insert(element.into(), of(chance, &actions));
    let mut tests = json!({});
    for _ in 0..chance.usize(0..4) {
        let (test, key, value) = condition(chance);
        tests[test][key] = value;
    }
    if chance.usize(0..6) > 0 {
        made.insert("Condition".into(), tests);
    }
    Value::Object(made)
}

fn policy(chance: &mut Rng) -> Value {
    let statements: Vec<Value> = (0..chance.usize(1..5)).map(|_| statement(chance)).collect();
    let mut made = json!({"Statement": statements});
    if let Some(version) = of(
        chance,
        &[
            Some("2012-10-17"),
            Some("2012-10-17"),
            Some("2008-10-17"),
            None,
        ],
    ) {
        made["Version"] = json!(version);
    }
    made
}

/// What `mk8s` says of a policy, for a token of those audiences.
fn first_reading(policy: &Value, audience: &[String]) -> Allowed {
    let token = WebToken {
        provider: PROVIDER.to_owned(),
        issuer: ISSUER.to_owned(),
        account: ACCOUNT.to_owned(),
        audience: Fact::Is(audience.to_vec()),
        subject: SUBJECT.to_owned(),
    };
    of_resource(policy, &token.request(NOW)).answer()
}

fn word(answer: &Allowed) -> &'static str {
    match answer {
        Allowed::Yes => "yes",
        Allowed::No => "no",
        Allowed::Depends(_) => "depends",
    }
}

/// What the reading in Python says of each policy, for a token of those audiences.
fn second_reading(cases: &[(Value, Vec<String>)]) -> Vec<String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/iam_policy.py");
    let mut python = Command::new(aws_python())
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Python runs");
    let mut input = python.stdin.take().unwrap();
    let asked: Vec<String> = cases
        .iter()
        .map(|(policy, audience)| {
            let claims = json!({"iss": format!("https://{ISSUER}"), "account": ACCOUNT, "aud": audience, "sub": SUBJECT});
            json!({"policy": policy, "claims": claims, "now": NOW.to_string()}).to_string()
        })
        .collect();
    let writer = std::thread::spawn(move || {
        for line in asked {
            writeln!(input, "{line}").unwrap();
        }
    });
    let mut lines = BufReader::new(python.stdout.take().unwrap()).lines();
    let theirs = (0..cases.len())
        .map(|_| lines.next().expect("an answer").unwrap())
        .collect();
    writer.join().unwrap();
    assert!(python.wait().unwrap().success());
    theirs
}

/// Conditions at the edges of the language, each with the right answer: both readings give it.
#[test]
fn odd_conditions_are_read_right_by_both() {
    let text = include_str!("../fixtures/iam/odd_policies.json");
    let text = text.replace("ISSUER", ISSUER).replace("SUBJECT", SUBJECT);
    let rows: Map<String, Value> = serde_json::from_str(&text).unwrap();
    assert_eq!(rows.len(), 24);
    let cases: Vec<(Value, Vec<String>)> = rows
        .values()
        .map(|row| {
            let statement = json!({"Effect": "Allow", "Principal": {"Federated": PROVIDER},
                "Action": "sts:AssumeRoleWithWebIdentity", "Condition": row[1]});
            let policy = json!({"Version": "2012-10-17", "Statement": [statement]});
            (policy, vec!["sts.amazonaws.com".to_owned()])
        })
        .collect();
    let theirs = second_reading(&cases);
    for ((name, row), ((policy, audience), theirs)) in rows.iter().zip(cases.iter().zip(&theirs)) {
        assert_eq!(row[0], theirs.as_str(), "there: {name}");
        assert_eq!(
            row[0],
            word(&first_reading(policy, audience)),
            "here: {name}"
        );
    }
}

#[test]
fn both_readings_of_a_policy_agree() {
    let trial = Trial::begin("policies::both_readings_of_a_policy_agree");
    let count = trial.scale(2_000, 20_000);
    let cases: Vec<(Value, Vec<String>)> = (0..count)
        .map(|run| {
            let chance = &mut trial.chance(run);
            let audience = of(
                chance,
                &[&["sts.amazonaws.com"][..], &["x", "sts.amazonaws.com"][..]],
            );
            let audience = audience.iter().map(|&it| it.to_owned()).collect();
            (policy(chance), audience)
        })
        .collect();
    let theirs = second_reading(&cases);

    let (mut found, mut cautious) = ([0, 0, 0], 0);
    let judged: Vec<(usize, &str, Allowed)> = cases
        .iter()
        .zip(&theirs)
        .enumerate()
        .map(|(run, ((policy, audience), theirs))| {
            let ours = first_reading(policy, audience);
            let place = ["yes", "no", "depends"].iter().position(|it| it == theirs);
            found[place.expect("one of three answers")] += 1;
            // Of a key that is looked at twice the second reading knows that it is one key.
            let is_cautious = matches!(ours, Allowed::Depends(_)) && theirs != "depends";
            cautious += usize::from(is_cautious);
            (run, if is_cautious { "depends" } else { theirs }, ours)
        })
        .collect();
    trial.each(
        &judged,
        1,
        |(run, theirs, ours)| format!("{}: {theirs}, here {ours:?}", cases[*run].0),
        |(_, theirs, ours)| {
            let word = word(ours);
            if word == *theirs {
                Ok(())
            } else {
                Err(format!("here {word}, there {theirs}"))
            }
        },
    );
    // All three answers are common, and caution is rare.
    assert!(found.iter().all(|it| it * 50 > count), "{found:?}");
    assert!(
        cautious * 50 < count,
        "{cautious} of {count} needlessly depend; {found:?}"
    );
    trial.end();
}
