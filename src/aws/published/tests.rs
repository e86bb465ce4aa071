use super::*;

const SUB: &str = "oidc.example/c147bab:sub";
const AUD: &str = "oidc.example/c147bab:aud";
const ECR: &str = "system:serviceaccount:kube-system:ecr-credential-provider";

const EXPECTED: ExpectedTrust<'static> = ExpectedTrust {
    cluster: "prod",
    issuer: "oidc.example/c147bab",
    provider: "arn:aws:iam::999988887777:oidc-provider/oidc.example/c147bab",
    audience: "sts.amazonaws.com",
};

fn names(document: &Value) -> Vec<&'static str> {
    let judged = judge(document, EXPECTED).names();
    judged.into_iter().map(Name::name).collect()
}

fn exact() -> Value {
    json!({
        "Effect": "Allow",
        "Principal": {"Federated": EXPECTED.provider},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {AUD: "sts.amazonaws.com", SUB: ECR}}
    })
}

/// The documents of the vectors; what is not listed is exact.
#[test]
fn documents_are_judged_as_the_vectors_have_them() {
    let text = include_str!("../../../tests/fixtures/iam/trust_verdicts.json");
    let vectors: Value = serde_json::from_str(text).unwrap();
    let policies = vectors["policies"].as_object().unwrap();
    let wanted: &[(&str, &[&str])] = &[
        ("any-account-root", &["principal", "action"]),
        ("aud-other", &["audience"]),
        ("aws-root-star", &["principal", "action"]),
        ("empty-cond", &["subject", "audience"]),
        ("equals-wild-literal", &["subject"]),
        // Refused for good where they are published: they can never match.
        ("github-no-sub", &["principal", "condition"]),
        ("github-sub-star", &["principal", "condition"]),
        ("key-arn-prefix", &["subject", "audience", "condition"]),
        ("like-ns-wild", &["subject"]),
        ("like-star", &["subject"]),
        ("no-sub", &["subject"]),
        ("notaction-allow", &["action"]),
        ("notprincipal-deny", &["effect"]),
        ("qmark", &["subject"]),
        ("saml", &["principal", "action", "condition"]),
        ("self-root", &["principal", "action"]),
        ("split-aud-sub", &["subject", "audience"]),
        ("sub-like-sa-star", &["subject"]),
        ("sub-not-equals-only", &["subject", "audience"]),
    ];
    for (name, vector) in policies {
        let listed = wanted.iter().find(|(known, _)| known == name);
        let deny = name.starts_with("deny-");
        let names_wanted = match listed {
            Some((_, names)) => names.to_vec(),
            None if deny => vec!["effect"],
            None => vec![],
        };
        assert_eq!(names(&vector["policy"]), names_wanted, "{name}");
        // What lets in a whole class is never taken for exact.
        let verdict = judge(&vector["policy"], EXPECTED).verdict();
        assert!(
            vector["others"] != "open" || verdict > TrustVerdict::Exact,
            "{name}"
        );
    }
    assert!(wanted.iter().all(|(name, _)| policies.contains_key(*name)));
    assert_eq!(policies.len(), 45);
}

#[test]
fn every_change_of_an_exact_statement_is_a_finding_of_its_name() {
    assert_eq!(names(&json!({"Statement": exact()})), [""; 0]);
    let set = |pointer: &str, value: Value| {
        let mut statement = exact();
        statement[pointer] = value;
        statement
    };
    for (statement, wanted) in [
        (set("Effect", json!("allow")), vec!["effect"]),
        (set("Principal", json!("*")), vec!["principal"]),
        (set("Principal", json!({"AWS": "*"})), vec!["principal"]),
        (set("Principal", json!({})), vec!["principal"]),
        (
            set("Principal", json!({"Federated": "accounts.google.com"})),
            vec!["principal"],
        ),
        (
            set(
                "Principal",
                json!({"Federated": [EXPECTED.provider, "accounts.google.com"]}),
            ),
            vec!["principal"],
        ),
        (
            set(
                "Principal",
                json!({"Federated": EXPECTED.provider, "Service": "ec2.amazonaws.com"}),
            ),
            vec!["principal"],
        ),
        (set("NotPrincipal", json!({"AWS": "1"})), vec!["principal"]),
        (set("Action", json!("sts:*")), vec!["action"]),
        (set("Action", json!("*")), vec!["action"]),
        (
            set(
                "Action",
                json!(["sts:AssumeRoleWithWebIdentity", "sts:AssumeRole"]),
            ),
            vec!["action"],
        ),
        (set("Action", json!("sts:TagSession")), vec!["action"]),
        (
            set(
                "Action",
                json!(["sts:AssumeRoleWithWebIdentity", "sts:TagSession"]),
            ),
            vec![],
        ),
        (set("NotAction", json!("sts:AssumeRole")), vec!["action"]),
        (set("Resource", json!("*")), vec!["condition"]),
        (
            set("Condition", json!("x")),
            vec!["subject", "audience", "condition"],
        ),
        (
            set("Condition", json!({"StringEquals": "x"})),
            vec!["subject", "audience", "condition"],
        ),
        (
            set(
                "Condition",
                json!({"StringEquals": {AUD: "sts.amazonaws.com", SUB: [ECR, "x"]}}),
            ),
            vec!["subject"],
        ),
        (
            set(
                "Condition",
                json!({"StringEquals": {AUD: ["sts.amazonaws.com", "x"], SUB: ECR}}),
            ),
            vec!["audience"],
        ),
        (
            set(
                "Condition",
                json!({"StringEquals": {AUD: "sts.amazonaws.com", SUB: ECR, "Other:sub": "x"}}),
            ),
            vec!["condition"],
        ),
    ] {
        assert_eq!(
            names(&json!({"Statement": statement})),
            wanted,
            "{statement}"
        );
    }
    assert_eq!(
        names(&json!({"Statement": ["x"]})),
        ["principal", "action", "effect"]
    );
}

#[test]
fn what_narrows_further_is_kept_and_named() {
    let mut statement = exact();
    statement["Condition"]["IpAddress"] = json!({"aws:SourceIp": ["10.0.0.0/8"]});
    let judged = one(&statement, 0, EXPECTED);
    assert_eq!(judged.verdict(), TrustVerdict::Exact);
    assert_eq!(judged.kept, ["IpAddress aws:sourceip 10.0.0.0/8"]);
}

#[test]
fn findings_name_the_statement_the_field_and_what_stands_there() {
    let mut wide = exact();
    wide["Condition"] = json!({"StringLike": {SUB: "system:serviceaccount:kube-system:*"}});
    let foreign = json!({"Sid": "Evil", "Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"AWS": "arn:aws:iam::666666666666:root"}});
    let judged = judge(&json!({"Statement": [wide, foreign]}), EXPECTED);
    assert_eq!(judged.verdict(), TrustVerdict::Outside);
    assert_eq!(
        judged.told(),
        [
            "statement 1: any service account of the namespace kube-system of prod gets in, by the \
             condition on `:sub` (subject)",
            "statement 1: any audience is taken, where `sts.amazonaws.com` belongs (audience)",
            "statement Evil: Principal is `{\"AWS\":\"arn:aws:iam::666666666666:root\"}`, not only \
             arn:aws:iam::999988887777:oidc-provider/oidc.example/c147bab (principal)",
            "statement Evil: Action is `sts:AssumeRole`, not sts:AssumeRoleWithWebIdentity (action)",
        ]
    );
}
