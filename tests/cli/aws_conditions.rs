//! Conditions of trust policies that are not what they look like: what `setup`, `status` and `check` say
//! of them, each as it was written.

use crate::support::{ACCOUNT, Bed};
use serde_json::{Value, json};

const ROLE: &str = "mk8s-sandbox-edge-ecr";

/// A cluster that is set up.
fn ready() -> Bed {
    let bed = Bed::edge();
    bed.run("aws setup aws-ecr -c edge --yes").ok();
    bed
}

/// The role's one statement with these conditions, made by somebody else.
fn by_hand(bed: &Bed, condition: &Value) {
    let mut trust = bed.moto.role(ROLE)["trust"].take();
    trust["Statement"][0]["Sid"] = json!("Hand");
    trust["Statement"][0]["Condition"] = condition.clone();
    let fields = [("RoleName", ROLE), ("PolicyDocument", &*trust.to_string())];
    bed.moto.act("UpdateAssumeRolePolicy", &fields);
}

struct Told {
    setup: Value,
    status: Value,
    check: Value,
}

/// What each of the three says of the trust policy.
fn told(bed: &Bed) -> Told {
    let part = |line: &str, list: &str| {
        let item = bed.run(line).ok().json()["items"][0].take();
        let found = item[list].as_array().unwrap().iter();
        let mut found = found.filter(|it| it["part"] == "trust");
        found.next().cloned().unwrap_or_default()
    };
    let check = bed.run("check -c edge --only trust-has-statement -o json");
    Told {
        setup: part(
            "aws setup aws-ecr -c edge --only trust --dry-run -o json",
            "steps",
        ),
        status: part("aws status aws-ecr -c edge -o json", "parts"),
        check: check.json()["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|item| item["id"] == "trust-has-statement")
            .unwrap()
            .clone(),
    }
}

#[test]
fn a_key_that_has_to_be_there_narrows_nothing() {
    let bed = ready();
    let issuer = bed.issuer("edge");
    let (sub, aud) = (format!("{issuer}:sub"), format!("{issuer}:aud"));
    let exact = bed.moto.role(ROLE)["trust"]["Statement"][0]["Condition"].take();
    let mut guarded = exact.clone();
    guarded["Null"] = json!({&sub: "false", &aud: false});
    by_hand(&bed, &guarded);
    let all = told(&bed);
    assert_eq!(all.setup["action"], "none", "{}", all.setup);
    assert_eq!(all.status["state"], "present", "{}", all.status);
    assert_eq!(all.check["state"], "pass", "{}", all.check);
    // One that must not be there lets nobody in, and that is what is said.
    let mut closed = exact.clone();
    closed["Null"] = json!({&sub: true});
    by_hand(&bed, &closed);
    let says = format!("Null {sub} of Hand takes only requests that do not have this key");
    let all = told(&bed);
    assert_eq!(all.setup["reason"], says.as_str(), "{}", all.setup);
    assert_eq!(all.status["detail"], says.as_str(), "{}", all.status);
    assert_eq!(all.check["evidence"], says.as_str(), "{}", all.check);
    // Of another key it is said what it asks, too.
    let mut other = exact;
    other["Null"] = json!({"aws:SourceVpc": "false"});
    by_hand(&bed, &other);
    let says = "Null aws:sourcevpc of Hand takes only requests that have this key";
    assert_eq!(told(&bed).setup["reason"], says);
}

#[test]
fn a_prefix_that_has_to_go_is_named() {
    let bed = ready();
    let issuer = bed.issuer("edge");
    let exact = bed.moto.role(ROLE)["trust"]["Statement"][0]["Condition"].take();
    let arn = format!("arn:aws:iam::{ACCOUNT}:oidc-provider/");
    for prefix in [arn.as_str(), "https://"] {
        let prefixed = exact
            .to_string()
            .replace(&format!("{issuer}:"), &format!("{prefix}{issuer}:"));
        by_hand(&bed, &serde_json::from_str(&prefixed).unwrap());
        let says = format!(
            "asks for a key that no token has: it has to be `{issuer}:aud`, without `{prefix}`"
        );
        let all = told(&bed);
        for (text, state) in [
            (&all.setup["reason"], (&all.setup["action"], "update")),
            (&all.status["detail"], (&all.status["state"], "different")),
            (&all.check["evidence"], (&all.check["state"], "fail")),
        ] {
            let text = text.as_str().unwrap_or_default();
            assert!(text.contains(&says), "{text}, not {says}");
            assert_eq!(state.0, state.1, "{text}");
        }
        // A cluster that publishes it so is told the same before anything is made.
        let mut cluster = bed.sandbox.cluster("edge");
        let published = cluster["status"]["addOns"]["awsECR"]["trustPolicy"].to_string();
        let published = published.replace(&format!("{issuer}:"), &format!("{prefix}{issuer}:"));
        cluster["status"]["addOns"]["awsECR"]["trustPolicy"] =
            serde_json::from_str(&published).unwrap();
        bed.env.write("edge.json", cluster.to_string());
        bed.run("aws emit aws-ecr -f edge.json --format plan")
            .exits(6)
            .err(&format!(
                "has to begin with `{issuer}:`, without `{prefix}`"
            ));
    }
}

/// An operator that IAM does not know is shown as it stands in the document, so that it can be found.
#[test]
fn an_operator_that_is_not_known_is_shown_as_it_was_written() {
    let bed = ready();
    let issuer = bed.issuer("edge");
    let sub = format!("{issuer}:sub");
    let exact = bed.moto.role(ROLE)["trust"]["Statement"][0]["Condition"].take();
    for (written, shown) in [
        ("DateBeforehand", "DateBeforehand"),
        ("ForSome:StringEquals", "ForSome:StringEquals"),
        ("datelessthan", "DateLessThan"),
        ("NUMERICEQUALS", "NumericEquals"),
    ] {
        let mut odd = exact.clone();
        odd[written] = json!({&sub: "2027-01-01"});
        by_hand(&bed, &odd);
        let all = told(&bed);
        for text in [&all.setup, &all.status, &all.check] {
            let text = text.to_string();
            assert!(text.contains(shown), "{text}");
            assert!(!text.contains(&shown.to_lowercase()), "{text}");
        }
    }
}
