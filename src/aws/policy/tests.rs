//! The cases of the field: who may assume a role, and who else.

use super::token::EXCHANGE;
use super::*;
use serde_json::json;

const NOW: i64 = 1_795_800_000;

fn verdicts() -> Value {
    let text = include_str!("../../../tests/fixtures/iam/trust_verdicts.json");
    serde_json::from_str(text).unwrap()
}

fn token(claims: &Value) -> WebToken {
    let claim = |name: &str| claims[name].as_str().unwrap().to_owned();
    let (account, issuer) = (claim("account"), claim("issuer"));
    let issuer = issuer.strip_prefix("https://").unwrap().to_owned();
    WebToken {
        provider: format!("arn:aws:iam::{account}:oidc-provider/{issuer}"),
        issuer,
        account,
        audience: Fact::Is(vec![claim("aud")]),
        subject: claim("sub"),
    }
}

fn word(answer: &Allowed) -> &'static str {
    match answer {
        Allowed::Yes => "yes",
        Allowed::No => "no",
        Allowed::Depends(_) => "depends",
    }
}

#[test]
fn a_token_gets_in_where_the_cases_say_so() {
    let cases = verdicts();
    let request = token(&cases["claims"]).request(NOW);
    let policies = cases["policies"].as_object().unwrap();
    assert_eq!(policies.len(), 45);
    for (name, case) in policies {
        let decision = of_resource(&case["policy"], &request);
        assert_eq!(
            word(&decision.answer()),
            case["cluster"],
            "{name}: {decision:?}"
        );
    }
}

#[test]
fn the_first_that_decides_is_named() {
    let token = token(&verdicts()["claims"]);
    let request = token.request(NOW);
    let allow = json!({"Effect": "Allow", "Principal": {"Federated": token.provider},
        "Action": EXCHANGE});
    let deny = |condition: Value| json!({"Effect": "Deny", "Principal": "*", "Action": "*", "Condition": condition});
    let from = json!({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}});
    let of = |list: Value| {
        of_resource(
            &json!({"Version": "2012-10-17", "Statement": list}),
            &request,
        )
    };
    let at = |statement| StatementPlace {
        document: 0,
        statement,
    };
    assert_eq!(of(json!([])), Decision::NotAllowed);
    assert_eq!(of(allow.clone()), Decision::Allowed { by: at(0) });
    assert_eq!(
        of(json!([deny(json!({})), allow])),
        Decision::Denied { by: at(0) }
    );
    let never = json!({"Bool": {"aws:SecureTransport": false}});
    assert_eq!(
        of(json!([deny(never), allow])),
        Decision::Allowed { by: at(1) }
    );
    let on = BTreeSet::from(["aws:sourceip".to_owned()]);
    assert_eq!(
        of(json!([deny(from), allow])),
        Decision::Depends {
            on,
            allowed: at(1),
            denied: Some(at(0))
        }
    );
    for odd in [
        json!({"Condition": "x"}),
        json!({"Condition": {"Bool": 1}}),
        json!({"Odd": 1}),
    ] {
        let mut statement = allow.clone();
        for (key, value) in odd.as_object().unwrap() {
            statement[key] = value.clone();
        }
        assert_eq!(word(&of(statement).answer()), "depends", "{odd}");
    }
}

fn held(policies: &[Value], boundary: Option<Value>) -> RolePolicies {
    let named = policies.iter().enumerate();
    RolePolicies {
        policies: named
            .map(|(at, statements)| {
                let document = json!({"Version": "2012-10-17", "Statement": statements});
                (format!("p{at}"), document)
            })
            .collect(),
        boundary: boundary.map(|it| json!({"Version": "2012-10-17", "Statement": it})),
    }
}

#[test]
fn all_policies_of_a_role_decide_together() {
    let role = "arn:aws:iam::111122223333:role/team/pull".parse().unwrap();
    let image = "222222222222.dkr.ecr.eu-west-1.amazonaws.com/team/app:1";
    let Ok(crate::aws::image::Image::Private(image)) = crate::aws::image::parse(image) else {
        panic!("{image}");
    };
    let pull = PullRequest {
        role: &role,
        provider: None,
        image: Some(&image),
        now: NOW,
    };
    let repository = image.repository_arn();
    let request = pull.request("ecr:BatchGetImage", &repository);
    let allow =
        |resource: &str| json!({"Effect": "Allow", "Action": "ecr:*", "Resource": resource});
    let deny = |condition: Value| json!({"Effect": "Deny", "Action": "ecr:Batch*", "Resource": "*", "Condition": condition});
    let only = |region: &str| json!({"StringNotEquals": {"aws:RequestedRegion": region}});
    let tagged = json!({"StringEquals": {"ecr:ResourceTag/team": "x"}});
    let depends = || Rights::Depends(BTreeSet::from(["ecr:resourcetag/team".to_owned()]));
    for (policies, boundary, rights) in [
        (vec![], None, Rights::NotAllowed),
        (vec![allow("*")], None, Rights::Allowed("p0".to_owned())),
        (
            vec![json!({"Effect": "Allow", "Action": "ecr:*"})],
            None,
            Rights::NotAllowed,
        ),
        (
            vec![
                allow("arn:aws:ecr:*:*:repository/other"),
                allow("arn:aws:ecr:eu-*:222222222222:repository/team/*"),
            ],
            None,
            Rights::Allowed("p1".to_owned()),
        ),
        (
            vec![allow("*"), deny(only("eu-west-1"))],
            None,
            Rights::Allowed("p0".to_owned()),
        ),
        (
            vec![allow("*"), deny(only("us-east-1"))],
            None,
            Rights::Denied("p1".to_owned(), 0),
        ),
        (vec![allow("*"), deny(tagged.clone())], None, depends()),
        (
            vec![allow("*")],
            Some(allow("arn:aws:s3:::x")),
            Rights::Bounded,
        ),
        (
            vec![allow("*")],
            Some(json!([allow("*"), deny(tagged)])),
            depends(),
        ),
        (vec![], Some(allow("arn:aws:s3:::x")), Rights::NotAllowed),
        (
            vec![
                json!({"Effect": "Allow", "NotAction": "iam:*", "NotResource": "arn:aws:ecr:*:*:repository/secret"}),
            ],
            None,
            Rights::Allowed("p0".to_owned()),
        ),
        (
            vec![allow("arn:aws:ecr:${aws:RequestedRegion}:*:repository/*")],
            None,
            Rights::Allowed("p0".to_owned()),
        ),
    ] {
        let held = held(&policies, boundary.clone());
        assert_eq!(held.decide(&request), rights, "{policies:?} {boundary:?}");
    }
    let one = held(&[allow(&repository)], None);
    assert_eq!(
        one.decide(&pull.request("ecr:GetAuthorizationToken", "*")),
        Rights::NotAllowed
    );
    assert!(one.resources("ecr", "aws").contains(&repository));
}
