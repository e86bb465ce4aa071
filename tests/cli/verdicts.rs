//! The verdict of `mk8s check` against a pull that is really tried: generated states of role, provider,
//! repository and image on the emulator, which decides by a reading of its own. And the matrix of trust
//! policies: what setup does with each, and what check says.

use crate::support::manifests::hetzner;
use crate::support::{ACCOUNT, Bed, Trial};
use fastrand::Rng;
use serde_json::{Value, json};
use std::fmt::Write as _;

const ROLE: &str = "mk8s-sandbox-edge-ecr";
const OTHER: &str = "222222222222";
const MANIFEST: &str = r#"{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json","config":{"mediaType":"application/vnd.docker.container.image.v1+json","size":2,"digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"},"layers":[]}"#;

/// A cluster that is set up, and a token of it.
fn ready() -> Bed {
    let bed = Bed::holding(&[hetzner("edge", &[])], &["--oidc"]);
    let roots = bed.sandbox.certificates().unwrap();
    bed.moto.settings(&json!({ "issuer_ca": roots }));
    bed.run("aws setup aws-ecr -c edge --yes").ok();
    let token = bed.run("sandbox token -c edge").ok();
    bed.env.write("token", token.stdout);
    bed
}

/// A repository with an image, and with a policy if one is given.
fn repository(bed: &Bed, account: &str, name: &str, policy: Option<&Value>) {
    let of = ["--registry-id", account, "--repository-name", name];
    let run = |words: &[&str]| bed.aws_with(&[words, &of[..]].concat());
    run(&["ecr", "create-repository"]);
    run(&[
        "ecr",
        "put-image",
        "--image-tag",
        "1",
        "--image-manifest",
        MANIFEST,
    ]);
    if let Some(policy) = policy {
        let text = policy.to_string();
        run(&["ecr", "set-repository-policy", "--policy-text", &text]);
    }
}

/// Repositories of the other account, each with its policy.
fn elsewhere() -> Vec<(&'static str, Option<Value>)> {
    let role = format!("arn:aws:iam::{ACCOUNT}:role/{ROLE}");
    let layers = json!(["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]);
    let allow = |principal: Value| json!({"Sid": "A", "Effect": "Allow", "Principal": principal, "Action": layers});
    let of = |statements: Value| Some(json!({"Version": "2012-10-17", "Statement": statements}));
    let with = |principal: Value, condition: Value| {
        let mut statement = allow(principal);
        statement["Condition"] = condition;
        statement
    };
    let anyone = || json!("*");
    vec![
        ("none", None),
        ("role", of(json!([allow(json!({"AWS": role}))]))),
        (
            "root",
            of(json!([allow(
                json!({"AWS": format!("arn:aws:iam::{ACCOUNT}:root")})
            )])),
        ),
        (
            "stranger",
            of(json!([allow(json!({"AWS": "999999999999"}))])),
        ),
        (
            "one-action",
            of(json!([{"Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage"}])),
        ),
        (
            "account",
            of(json!([with(
                anyone(),
                json!({"StringEquals": {"aws:PrincipalAccount": ACCOUNT}})
            )])),
        ),
        (
            "organization",
            of(json!([with(
                anyone(),
                json!({"StringEquals": {"aws:PrincipalOrgID": "o-1"}})
            )])),
        ),
        (
            "guarded",
            of(
                json!([allow(json!({"AWS": role})), {"Effect": "Deny", "Principal": "*", "Action": "ecr:*",
                "Condition": {"Bool": {"aws:SecureTransport": false}}}]),
            ),
        ),
        (
            "denied",
            of(
                json!([allow(json!({"AWS": role})), {"Effect": "Deny", "NotPrincipal": {"AWS": "999999999999"}, "Action": "ecr:*"}]),
            ),
        ),
        (
            "elsewhere",
            of(
                json!([allow(json!({"AWS": role})), {"Effect": "Deny", "Principal": "*", "Action": "ecr:*",
                "Condition": {"StringNotEquals": {"aws:RequestedRegion": "eu-central-1"}}}]),
            ),
        ),
    ]
}

/// A statement with more conditions.
fn narrowed(statement: &Value, condition: &Value) -> Value {
    let mut statement = statement.clone();
    for (operator, keys) in condition.as_object().unwrap() {
        for (key, value) in keys.as_object().unwrap() {
            statement["Condition"][operator][key] = value.clone();
        }
    }
    statement
}

/// What a trust policy may look like, by what is published.
fn trusts(bed: &Bed, published: &Value) -> Vec<(&'static str, Value)> {
    let issuer = bed.issuer("edge");
    let (sub, aud) = (format!("{issuer}:sub"), format!("{issuer}:aud"));
    let exact = &published["Statement"][0];
    let of = |statements: Value| json!({"Version": "2012-10-17", "Statement": statements});
    let when = |condition: Value| narrowed(exact, &condition);
    let deny = |condition: Value| json!({"Sid": "Guard", "Effect": "Deny", "Principal": "*", "Action": "sts:*", "Condition": condition});
    let anyone = {
        let mut statement = exact.clone();
        statement["Principal"] = json!("*");
        statement
    };
    let only = |condition: Value| {
        let mut statement = exact.clone();
        statement["Condition"] = condition;
        statement
    };
    vec![
        ("as it is published", published.clone()),
        (
            "another subject",
            of(json!([when(
                json!({"StringEquals": {&sub: "system:serviceaccount:a:b"}})
            )])),
        ),
        (
            "another audience",
            of(json!([when(json!({"StringEquals": {&aud: "other"}}))])),
        ),
        (
            "a pattern that fits",
            of(json!([only(
                json!({"StringLike": {&sub: "system:serviceaccount:*:ecr-*"}})
            )])),
        ),
        (
            "a pattern where none is read",
            of(json!([only(
                json!({"StringEquals": {&sub: "system:serviceaccount:*:*"}})
            )])),
        ),
        ("anyone with the claims", of(json!([anyone]))),
        (
            "from an address that fits",
            of(json!([when(
                json!({"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}})
            )])),
        ),
        (
            "from an address that does not",
            of(json!([when(
                json!({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}})
            )])),
        ),
        (
            "until a day that is past",
            of(json!([when(
                json!({"DateLessThan": {"aws:CurrentTime": "2020-01-01"}})
            )])),
        ),
        (
            "a Deny without TLS",
            of(json!([
                exact,
                deny(json!({"Bool": {"aws:SecureTransport": false}}))
            ])),
        ),
        (
            "a Deny of other subjects",
            of(json!([exact, deny(json!({"StringLike": {&sub: "*:a:*"}}))])),
        ),
        (
            "a Deny of this subject",
            of(json!([
                exact,
                deny(json!({"StringLike": {&sub: "*:kube-system:*"}}))
            ])),
        ),
        (
            "a Deny outside an organization",
            of(json!([
                exact,
                deny(json!({"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}))
            ])),
        ),
        (
            "a Deny outside a network",
            of(json!([
                exact,
                deny(json!({"NotIpAddress": {"aws:SourceIp": "127.0.0.0/8"}}))
            ])),
        ),
        (
            "nobody",
            of(
                json!([{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]),
            ),
        ),
    ]
}

/// Inline policies of the role; the names of managed ones before them.
fn rights() -> Vec<(&'static str, Option<Value>)> {
    let token = json!({"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"});
    let on = |name: &str| {
        json!({"Effect": "Allow", "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            "Resource": format!("arn:aws:ecr:*:*:repository/{name}")})
    };
    let all = json!({"Effect": "Allow", "Action": "ecr:*", "Resource": "*"});
    let deny = |condition: Value| json!({"Sid": "No", "Effect": "Deny", "Action": "ecr:BatchGet*", "Resource": "*", "Condition": condition});
    let when = |condition: Value| json!({"Effect": "Allow", "Action": "ecr:*", "Resource": "*", "Condition": condition});
    let of = |statements: Value| Some(json!({"Version": "2012-10-17", "Statement": statements}));
    vec![
        ("AmazonEC2ContainerRegistryReadOnly", None),
        ("AmazonEC2ContainerRegistryPullOnly", None),
        ("", None),
        ("", of(json!([all]))),
        ("", of(json!([token, on("shop")]))),
        ("", of(json!([token, on("*")]))),
        ("", of(json!([token, on("nothing")]))),
        ("", of(json!([on("*")]))),
        (
            "",
            of(json!([when(
                json!({"StringEquals": {"aws:RequestedRegion": "us-east-1"}})
            )])),
        ),
        (
            "",
            of(json!([when(
                json!({"StringEquals": {"aws:RequestedRegion": "eu-central-1"}})
            )])),
        ),
        (
            "",
            of(json!([when(
                json!({"StringEquals": {"ecr:ResourceTag/team": "x"}})
            )])),
        ),
        (
            "AmazonEC2ContainerRegistryReadOnly",
            of(json!([deny(json!({}))])),
        ),
        (
            "AmazonEC2ContainerRegistryReadOnly",
            of(json!([deny(
                json!({"StringNotEquals": {"aws:RequestedRegion": "us-east-1"}})
            )])),
        ),
        (
            "AmazonEC2ContainerRegistryReadOnly",
            of(json!([deny(
                json!({"Bool": {"aws:SecureTransport": false}})
            )])),
        ),
        (
            "AmazonEC2ContainerRegistryReadOnly",
            of(json!([deny(
                json!({"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}})
            )])),
        ),
    ]
}

/// One state: a choice for each thing, most of them the good one.
struct State {
    trust: usize,
    rights: usize,
    boundary: usize,
    provider: usize,
    image: usize,
    /// Whether IAM may be asked to simulate.
    simulates: bool,
}

impl State {
    fn any(chance: &mut Rng, trusts: usize, rights: usize, images: usize) -> Self {
        let mut one = |count: usize, of: usize| {
            if chance.usize(..of) == 0 {
                chance.usize(..count)
            } else {
                0
            }
        };
        Self {
            trust: one(trusts, 2),
            rights: one(rights, 2),
            boundary: one(3, 6),
            provider: one(3, 8),
            image: one(images, 2),
            simulates: one(2, 3) == 0,
        }
    }
}

/// Makes the state, on what was set up before.
fn make(bed: &Bed, state: &State, trust: &Value, rights: &(&str, Option<Value>), thumbprint: &str) {
    let act = |action: &str, fields: &[(&str, &str)]| bed.moto.act(action, fields);
    let role = ("RoleName", ROLE);
    act(
        "UpdateAssumeRolePolicy",
        &[role, ("PolicyDocument", &trust.to_string())],
    );
    let attached = bed.moto.role(ROLE);
    for arn in attached["attached"].as_array().into_iter().flatten() {
        act(
            "DetachRolePolicy",
            &[role, ("PolicyArn", arn.as_str().unwrap())],
        );
    }
    let (managed, inline) = rights;
    if !managed.is_empty() {
        let arn = format!("arn:aws:iam::aws:policy/{managed}");
        act("AttachRolePolicy", &[role, ("PolicyArn", &arn)]);
    }
    let text = inline.as_ref().map_or_else(
        || json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::x"}]}).to_string(),
        Value::to_string,
    );
    act(
        "PutRolePolicy",
        &[role, ("PolicyName", "p"), ("PolicyDocument", &text)],
    );
    match state.boundary {
        0 => {
            act("DeleteRolePermissionsBoundary", &[role]);
        }
        at => {
            let name = ["", "wide", "narrow"][at];
            let arn = format!("arn:aws:iam::{ACCOUNT}:policy/{name}");
            act(
                "PutRolePermissionsBoundary",
                &[role, ("PermissionsBoundary", &arn)],
            );
        }
    }
    let issuer = bed.issuer("edge");
    let provider = format!("arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer}");
    act(
        "DeleteOpenIDConnectProvider",
        &[("OpenIDConnectProviderArn", &provider)],
    );
    let url = format!("https://{issuer}");
    // The certificate is from a private authority.
    let thumbprint = ("ThumbprintList.member.1", thumbprint);
    match state.provider {
        0 => {
            act(
                "CreateOpenIDConnectProvider",
                &[
                    ("Url", &url),
                    ("ClientIDList.member.1", "sts.amazonaws.com"),
                    thumbprint,
                ],
            );
        }
        1 => {
            act(
                "CreateOpenIDConnectProvider",
                &[
                    ("Url", &url),
                    ("ClientIDList.member.1", "other"),
                    thumbprint,
                ],
            );
        }
        _ => {}
    }
    if state.simulates {
        bed.moto.heals();
    } else {
        bed.moto
            .faults(&json!([{"action": "SimulatePrincipalPolicy", "code": "AccessDenied"}]));
    }
}

#[test]
fn no_verdict_is_other_than_the_pull() {
    let trial = Trial::begin("verdicts::no_verdict_is_other_than_the_pull");
    let bed = ready();
    for (name, resource) in [
        ("wide", "*"),
        ("narrow", "arn:aws:ecr:*:*:repository/other"),
    ] {
        let document = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"},
            {"Effect": "Allow", "Action": "ecr:*", "Resource": resource}]});
        bed.moto.act(
            "CreatePolicy",
            &[
                ("PolicyName", name),
                ("PolicyDocument", &document.to_string()),
            ],
        );
    }
    repository(&bed, ACCOUNT, "shop", None);
    let host = |account: &str| format!("{account}.dkr.ecr.us-east-1.amazonaws.com");
    let mut images = vec![
        format!("{}/shop:1", host(ACCOUNT)),
        format!("{}/shop:2", host(ACCOUNT)),
        format!("{}/shap:1", host(ACCOUNT)),
    ];
    for (name, policy) in elsewhere() {
        repository(&bed, OTHER, name, policy.as_ref());
        images.push(format!("{}/{name}:1", host(OTHER)));
    }
    let published = bed.moto.role(ROLE)["trust"].take();
    let providers = bed.moto.providers();
    let mut known = providers.as_object().unwrap().values();
    let thumbprint = known.next().unwrap()["thumbprints"][0]
        .as_str()
        .unwrap()
        .to_owned();
    let (trusts, rights) = (trusts(&bed, &published), rights());
    let mut said = [0, 0, 0];
    for run in 0..trial.scale(15, 200) {
        let state = State::any(
            &mut trial.chance(run),
            trusts.len(),
            rights.len(),
            images.len(),
        );
        let (trust, may) = (&trusts[state.trust].1, &rights[state.rights]);
        make(&bed, &state, trust, may, &thumbprint);
        let image = &images[state.image];
        let report = bed
            .run(&format!("check -c edge --image {image} -o json"))
            .json();
        let verdict = &report["verdicts"][0];
        bed.moto.heals();
        let live = bed.run(&format!(
            "check -c edge --image {image} --live --web-identity-token-file token --only live -o json"
        ));
        let items = live.json()["items"].as_array().cloned().unwrap_or_default();
        let pulled = items
            .iter()
            .any(|item| item["id"] == "live-pull" && item["state"] == "pass");
        let state_word = verdict["state"].as_str().unwrap_or("none");
        let at = ["works", "fails", "unknown"]
            .iter()
            .position(|it| *it == state_word);
        if let Some(at) = at {
            said[at] += 1;
        }
        let right = match state_word {
            "works" => pulled,
            "fails" => !pulled,
            "unknown" => true,
            _ => false,
        };
        let what = format!(
            "trust: {}; rights: {} {}; boundary {}; provider {}; {image}; simulates: {}",
            trusts[state.trust].0,
            rights[state.rights].0,
            json!(rights[state.rights].1),
            state.boundary,
            state.provider,
            state.simulates
        );
        let told = format!(
            "the pull {}: {verdict}",
            if pulled { "works" } else { "fails" }
        );
        trial.count(&what, if right { Ok(()) } else { Err(told) });
    }
    trial.end();
    // All three are said.
    assert!(said.iter().all(|it| *it > 0), "{said:?}");
}

/// The matrix of docs/aws.md: what a trust policy of a role that exists comes to.
pub(crate) fn matrix() -> String {
    let bed = ready();
    let text = include_str!("../fixtures/iam/trust_verdicts.json");
    let cases: Value = serde_json::from_str(text).unwrap();
    let text = include_str!("../fixtures/iam/trust_words.json");
    let words: Value = serde_json::from_str(text).unwrap();
    let mut table =
        "| the role's trust policy | the cluster gets in | who else | `aws setup` | `check` |\n\
                     |---|---|---|---|---|\n"
            .to_owned();
    for (name, case) in cases["policies"].as_object().unwrap() {
        let policy = case["policy"]
            .to_string()
            .replace("oidc.example/c147bab", &bed.issuer("edge"))
            .replace("OIDC.EXAMPLE/C147BAB", &bed.issuer("edge").to_uppercase())
            .replace("999988887777", ACCOUNT);
        bed.moto.act(
            "UpdateAssumeRolePolicy",
            &[("RoleName", ROLE), ("PolicyDocument", &policy)],
        );
        let setup = bed.run("aws setup aws-ecr -c edge --only trust --dry-run -o json");
        let plan: Value = serde_json::from_str(&setup.stdout).unwrap_or_default();
        let plan = &plan["items"][0];
        let steps = plan["steps"].as_array();
        let step = steps.and_then(|all| all.iter().find(|step| step["part"] == "trust"));
        let does = match step.map(|step| step["action"].as_str().unwrap()) {
            None => "stops",
            Some("none") => "nothing",
            Some(_) => "adds its statement",
        };
        let warned = plan["warnings"]
            .as_array()
            .is_some_and(|list| !list.is_empty());
        let check = bed.run("check -c edge --only trust-has-statement,trust-over-broad -o json");
        let items = check.json()["items"].as_array().unwrap().clone();
        let state = |id: &str| {
            let item = items.iter().find(|item| item["id"] == id).unwrap();
            item["state"].as_str().unwrap().to_owned()
        };
        // What is said has to fit what is so.
        let has = state("trust-has-statement");
        let fits = match case["cluster"].as_str().unwrap() {
            "yes" => has == "pass" || has == "warn",
            "no" => has == "fail",
            _ => has == "unknown",
        };
        assert!(fits, "{name}: {has}");
        let broad = state("trust-over-broad");
        assert_eq!(broad == "warn", case["others"] == "open", "{name}");
        let _ = writeln!(
            table,
            "| {} (`{name}`) | {} | {} | {does}{} | {has}, {broad} |",
            words[name].as_str().unwrap(),
            case["cluster"].as_str().unwrap(),
            case["others"].as_str().unwrap(),
            if warned { ", with a warning" } else { "" },
        );
    }
    table
}
