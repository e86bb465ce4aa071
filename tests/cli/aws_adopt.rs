//! What `mk8s aws setup` does with what is there already: used, merged into, never undone.

use crate::support::manifests::hetzner;
use crate::support::{Bed, Env, Terminal, snapshot};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt as _;

const ROLE: &str = "mk8s-sandbox-edge-ecr";
const SETUP: &str = "aws setup aws-ecr -c edge --yes";

/// A trust policy of others, with keys and spacing that nobody would write again.
const FOREIGN: &str = r#"{"Id": "by-hand", "Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"},
    {"Sid": "Ops", "Action": ["sts:AssumeRole", "sts:TagSession"], "Effect": "Allow",
     "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
     "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}]}"#;

/// `edge` with both add-ons on, as if by the guide; no role is there yet.
fn on() -> Bed {
    let bed = Bed::edge();
    bed.run(&format!(
        "addon enable aws-ecr -c edge --with-prerequisites \
         --role-arn arn:aws:iam::123456789012:role/{ROLE}"
    ))
    .ok();
    bed
}

fn make_role(bed: &Bed, name: &str, path: &str, trust: &str) {
    bed.aws_with(&[
        "iam",
        "create-role",
        "--role-name",
        name,
        "--path",
        path,
        "--assume-role-policy-document",
        trust,
    ]);
}

fn statements(role: &Value) -> Vec<Value> {
    role["trust"]["Statement"].as_array().unwrap().clone()
}

#[test]
fn a_provider_made_by_hand_gets_the_audience_and_keeps_the_rest() {
    let bed = on();
    let url = format!("https://{}", bed.issuer("edge"));
    bed.aws(&format!(
        "iam create-open-id-connect-provider --url {url} --client-id-list other \
         --thumbprint-list 0123456789012345678901234567890123456789 --tags Key=team,Value=ops"
    ));
    snapshot!(bed.env, bed.run(&format!("{SETUP} --only oidc-provider")), @r"
    exit 0
    --- stdout
    Set up oidc-provider of aws-ecr for edge: arn:aws:iam::123456789012:oidc-provider/oidc.sandbox.localhost/kz3wqgbhbjse
    --- stderr
    Plan for account 123456789012 (caller arn:aws:sts::123456789012:user/moto)
      ~ OIDC provider  oidc.sandbox.localhost/kz3wqgbhbjse  adds audience sts.amazonaws.com
    Updated OIDC provider oidc.sandbox.localhost/kz3wqgbhbjse
    ");
    let providers = bed.moto.providers();
    let provider = &providers.as_object().unwrap().values().next().unwrap();
    assert_eq!(provider["audiences"], json!(["other", "sts.amazonaws.com"]));
    assert_eq!(provider["tags"], json!({"team": "ops"}));
    assert_eq!(
        provider["thumbprints"],
        json!(["0123456789012345678901234567890123456789"])
    );
    bed.moto.forget();
    bed.run(&format!("{SETUP} --only oidc-provider")).ok();
    assert_eq!(bed.moto.writes(), [""; 0]);
}

#[test]
fn a_role_made_by_the_guide_is_left_alone() {
    let bed = on();
    let url = format!("https://{}", bed.issuer("edge"));
    bed.aws(&format!(
        "iam create-open-id-connect-provider --url {url} --client-id-list sts.amazonaws.com"
    ));
    let trust = bed.run("addon trust-policy aws-ecr -c edge").ok().stdout;
    make_role(&bed, ROLE, "/", &trust);
    bed.aws(&format!(
        "iam attach-role-policy --role-name {ROLE} \
         --policy-arn arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly"
    ));
    let before = bed.world();
    bed.moto.forget();
    snapshot!(bed.env, bed.run("aws setup aws-ecr -c edge"), @r"
    exit 0
    --- stdout
    aws-ecr is already set up for edge: role arn:aws:iam::123456789012:role/mk8s-sandbox-edge-ecr
    --- stderr
    Plan for account 123456789012 (caller arn:aws:sts::123456789012:user/moto)
      = add-on         aws-workload-identity                on
      = OIDC provider  oidc.sandbox.localhost/kz3wqgbhbjse  exists, audience ok
      = add-on         aws-ecr                              on, role arn:aws:iam::123456789012:role/mk8s-sandbox-edge-ecr
      = role           mk8s-sandbox-edge-ecr                exists
      = trust policy   mk8s-sandbox-edge-ecr                is the published one
      = pull policy    AmazonEC2ContainerRegistryPullOnly   lets the role pull
        who may assume the role: service account kube-system/ecr-credential-provider of edge; nobody else
    ");
    assert_eq!(bed.moto.writes(), [""; 0]);
    assert_eq!(bed.world(), before);
    // What is not ours is not taken down.
    bed.run("aws teardown aws-ecr -c edge --with-oidc-provider --yes")
        .ok()
        .out("kept: mk8s-sandbox-edge-ecr");
    assert_eq!(bed.world()["iam"], before["iam"]);
}

#[test]
fn statements_of_others_stay_as_they_are() {
    let bed = on();
    make_role(&bed, ROLE, "/", FOREIGN);
    let run = bed.run(SETUP);
    snapshot!(bed.env, run, @r#"
    exit 0
    --- stdout
    Set up aws-ecr for edge: role arn:aws:iam::123456789012:role/mk8s-sandbox-edge-ecr
    --- stderr
    Plan for account 123456789012 (caller arn:aws:sts::123456789012:user/moto)
      = add-on         aws-workload-identity                on
      + OIDC provider  oidc.sandbox.localhost/kz3wqgbhbjse  audience sts.amazonaws.com
      = add-on         aws-ecr                              on, role arn:aws:iam::123456789012:role/mk8s-sandbox-edge-ecr
      = role           mk8s-sandbox-edge-ecr                exists, made by others
      ~ trust policy   mk8s-sandbox-edge-ecr                adds statement Mk8sEcr[HASH], keeps 2 of others; Principal of statement 1: wanted `arn:aws:iam::123456789012:oidc-provider/oidc.sandbox.localhost/kz3wqgbhbjse`, found `ec2.amazonaws.com`
      + attach         AmazonEC2ContainerRegistryReadOnly   to mk8s-sandbox-edge-ecr
        trust statement Mk8sEcr[HASH]: tokens of the issuer oidc.sandbox.localhost/kz3wqgbhbjse, subject system:serviceaccount:kube-system:ecr-credential-provider, audience sts.amazonaws.com
          {"Sid":"Mk8sEcr[HASH]","Effect":"Allow","Principal":{"Federated":"arn:aws:iam::123456789012:oidc-provider/oidc.sandbox.localhost/kz3wqgbhbjse"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"oidc.sandbox.localhost/kz3wqgbhbjse:aud":"sts.amazonaws.com","oidc.sandbox.localhost/kz3wqgbhbjse:sub":"system:serviceaccount:kube-system:ecr-credential-provider"}}}
        who may assume the role: service account kube-system/ecr-credential-provider of edge; also: the service ec2.amazonaws.com, account 123456789012 (root) (if Bool aws:multifactorauthpresent true)
    Created OIDC provider oidc.sandbox.localhost/kz3wqgbhbjse
    Updated trust policy mk8s-sandbox-edge-ecr
    The previous trust policy is kept in [HOME]/.local/state/mk8s/trust/123456789012-mk8s-sandbox-edge-ecr-[TIME].json; to put it back: aws iam update-assume-role-policy --role-name mk8s-sandbox-edge-ecr --policy-document file://[HOME]/.local/state/mk8s/trust/123456789012-mk8s-sandbox-edge-ecr-[TIME].json
    Attached AmazonEC2ContainerRegistryReadOnly
    Next: mk8s check -c edge --image IMAGE
    Next: mk8s aws workload --image IMAGE
    "#);
    let role = bed.moto.role(ROLE);
    let foreign: Value = serde_json::from_str(FOREIGN).unwrap();
    assert_eq!(role["trust"]["Id"], foreign["Id"]);
    let found = statements(&role);
    assert_eq!(found.len(), 3);
    for (at, statement) in foreign["Statement"].as_array().unwrap().iter().enumerate() {
        assert_eq!(found[at].to_string(), statement.to_string());
    }
    // Not marked as ours, only the statement and the attached policy are.
    let mut tags: Vec<&String> = role["tags"].as_object().unwrap().keys().collect();
    tags.sort();
    assert_eq!(
        tags,
        [
            "mk8s.cpln/attached/AmazonEC2ContainerRegistryReadOnly",
            "mk8s.cpln/cluster/sandbox/edge",
            "mk8s.cpln/without/AmazonEC2ContainerRegistryReadOnly"
        ]
    );
    bed.moto.forget();
    bed.run("aws setup aws-ecr -c edge").ok();
    assert_eq!(bed.moto.writes(), [""; 0]);

    // Taken down, the role is as it was.
    let run = bed.run("aws teardown aws-ecr -c edge --yes");
    snapshot!(bed.env, run, @r"
    exit 0
    --- stdout
    Took down aws-ecr for edge; kept: mk8s-sandbox-edge-ecr, oidc.sandbox.localhost/kz3wqgbhbjse
    --- stderr
    Plan for account 123456789012 (caller arn:aws:sts::123456789012:user/moto)
      ~ trust policy   mk8s-sandbox-edge-ecr                takes out statement Mk8sEcr[HASH], keeps 2 of others
      - detach         AmazonEC2ContainerRegistryReadOnly   from mk8s-sandbox-edge-ecr
      = role           mk8s-sandbox-edge-ecr                it was not made by mk8s; its trust policy has 2 statements that are not ours
      = OIDC provider  oidc.sandbox.localhost/kz3wqgbhbjse  it goes only with --with-oidc-provider
      - add-on         aws-ecr                              switched off
    Updated trust policy mk8s-sandbox-edge-ecr
    The previous trust policy is kept in [HOME]/.local/state/mk8s/trust/123456789012-mk8s-sandbox-edge-ecr-[TIME].json; to put it back: aws iam update-assume-role-policy --role-name mk8s-sandbox-edge-ecr --policy-document file://[HOME]/.local/state/mk8s/trust/123456789012-mk8s-sandbox-edge-ecr-[TIME].json
    Detached AmazonEC2ContainerRegistryReadOnly
    Kept role mk8s-sandbox-edge-ecr
    Kept OIDC provider oidc.sandbox.localhost/kz3wqgbhbjse
    Switched off aws-ecr
    Undo: mk8s undo [RUN]
    ");
    let role = bed.moto.role(ROLE);
    assert_eq!(role["trust"].to_string(), foreign.to_string());
    assert_eq!(role["tags"], json!({}));
    assert_eq!(role["attached"], json!([]));
}

#[test]
fn the_copy_of_a_trust_policy_is_the_owners_and_can_be_put_back() {
    let bed = on();
    make_role(&bed, ROLE, "/", FOREIGN);
    let run = bed.run(&format!("{SETUP} -o json")).ok();
    let foreign: Value = serde_json::from_str(FOREIGN).unwrap();
    assert_eq!(run.json()["items"][0]["previousTrust"], foreign);
    let folder = bed.env.home(".local/state/mk8s/trust");
    let copies: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(copies.len(), 1);
    let mode = std::fs::metadata(&copies[0]).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let command = run
        .stderr
        .lines()
        .find_map(|line| line.split_once("to put it back: "))
        .expect("a restore command")
        .1
        .to_owned();
    let words: Vec<&str> = command.split(' ').skip(1).collect();
    bed.env.aws(&words).run().ok();
    assert_eq!(bed.moto.role(ROLE)["trust"], foreign);

    bed.run(&format!("{SETUP} --no-backup"))
        .ok()
        .never("is kept in");
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
    assert_eq!(statements(&bed.moto.role(ROLE)).len(), 3);
}

#[test]
fn a_copy_that_cannot_be_written_stops_the_change() {
    let mut bed = on();
    make_role(&bed, ROLE, "/", FOREIGN);
    let file = bed.env.write("state", "");
    bed.env.set("XDG_STATE_HOME", file.to_str().unwrap());
    bed.moto.forget();
    let run = bed.run(SETUP);
    snapshot!(bed.env, run, @r#"
    exit 1
    --- stderr
    Plan for account 123456789012 (caller arn:aws:sts::123456789012:user/moto)
      = add-on         aws-workload-identity                on
      + OIDC provider  oidc.sandbox.localhost/kz3wqgbhbjse  audience sts.amazonaws.com
      = add-on         aws-ecr                              on, role arn:aws:iam::123456789012:role/mk8s-sandbox-edge-ecr
      = role           mk8s-sandbox-edge-ecr                exists, made by others
      ~ trust policy   mk8s-sandbox-edge-ecr                adds statement Mk8sEcr[HASH], keeps 2 of others; Principal of statement 1: wanted `arn:aws:iam::123456789012:oidc-provider/oidc.sandbox.localhost/kz3wqgbhbjse`, found `ec2.amazonaws.com`
      + attach         AmazonEC2ContainerRegistryReadOnly   to mk8s-sandbox-edge-ecr
        trust statement Mk8sEcr[HASH]: tokens of the issuer oidc.sandbox.localhost/kz3wqgbhbjse, subject system:serviceaccount:kube-system:ecr-credential-provider, audience sts.amazonaws.com
          {"Sid":"Mk8sEcr[HASH]","Effect":"Allow","Principal":{"Federated":"arn:aws:iam::123456789012:oidc-provider/oidc.sandbox.localhost/kz3wqgbhbjse"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"oidc.sandbox.localhost/kz3wqgbhbjse:aud":"sts.amazonaws.com","oidc.sandbox.localhost/kz3wqgbhbjse:sub":"system:serviceaccount:kube-system:ecr-credential-provider"}}}
        who may assume the role: service account kube-system/ecr-credential-provider of edge; also: the service ec2.amazonaws.com, account 123456789012 (root) (if Bool aws:multifactorauthpresent true)
    Created OIDC provider oidc.sandbox.localhost/kz3wqgbhbjse
    error: the trust policy of `mk8s-sandbox-edge-ecr` was not changed, because the present one could not be saved
      because: [WORK]/state/mk8s/trust: Not a directory (os error 20)
    hint: go without the copy: --no-backup
    "#);
    assert!(
        !bed.moto
            .log()
            .contains(&"UpdateAssumeRolePolicy".to_owned())
    );
    bed.env.unset("XDG_STATE_HOME").unset("HOME");
    bed.run(SETUP).exits(2).err("--no-backup");
}

#[test]
fn the_whole_trust_policy_can_be_replaced() {
    let bed = on();
    make_role(&bed, ROLE, "/", FOREIGN);
    let run = bed.run(&format!("{SETUP} --replace-trust"));
    snapshot!(bed.env, run, @r#"
    exit 0
    --- stdout
    Set up aws-ecr for edge: role arn:aws:iam::123456789012:role/mk8s-sandbox-edge-ecr
    --- stderr
    Plan for account 123456789012 (caller arn:aws:sts::123456789012:user/moto)
      = add-on         aws-workload-identity                on
      + OIDC provider  oidc.sandbox.localhost/kz3wqgbhbjse  audience sts.amazonaws.com
      = add-on         aws-ecr                              on, role arn:aws:iam::123456789012:role/mk8s-sandbox-edge-ecr
      = role           mk8s-sandbox-edge-ecr                exists, made by others
      ~ trust policy   mk8s-sandbox-edge-ecr                replaced as a whole; statements that go: 2 of others
      + attach         AmazonEC2ContainerRegistryReadOnly   to mk8s-sandbox-edge-ecr
        trust statement Mk8sEcr[HASH]: tokens of the issuer oidc.sandbox.localhost/kz3wqgbhbjse, subject system:serviceaccount:kube-system:ecr-credential-provider, audience sts.amazonaws.com
          {"Sid":"Mk8sEcr[HASH]","Effect":"Allow","Principal":{"Federated":"arn:aws:iam::123456789012:oidc-provider/oidc.sandbox.localhost/kz3wqgbhbjse"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"oidc.sandbox.localhost/kz3wqgbhbjse:aud":"sts.amazonaws.com","oidc.sandbox.localhost/kz3wqgbhbjse:sub":"system:serviceaccount:kube-system:ecr-credential-provider"}}}
        who may assume the role: service account kube-system/ecr-credential-provider of edge; nobody else
    Created OIDC provider oidc.sandbox.localhost/kz3wqgbhbjse
    Updated trust policy mk8s-sandbox-edge-ecr
    The previous trust policy is kept in [HOME]/.local/state/mk8s/trust/123456789012-mk8s-sandbox-edge-ecr-[TIME].json; to put it back: aws iam update-assume-role-policy --role-name mk8s-sandbox-edge-ecr --policy-document file://[HOME]/.local/state/mk8s/trust/123456789012-mk8s-sandbox-edge-ecr-[TIME].json
    Attached AmazonEC2ContainerRegistryReadOnly
    Next: mk8s check -c edge --image IMAGE
    Next: mk8s aws workload --image IMAGE
    "#);
    assert_eq!(statements(&bed.moto.role(ROLE)).len(), 1);
    bed.moto.forget();
    bed.run("aws setup aws-ecr -c edge --replace-trust").ok();
    assert_eq!(bed.moto.writes(), [""; 0]);
}

#[test]
fn our_statement_is_replaced_where_it_stands() {
    let bed = on();
    bed.run(SETUP).ok();
    let mut trust = bed.moto.role(ROLE)["trust"].take();
    let foreign: Value = serde_json::from_str(FOREIGN).unwrap();
    let ours = &mut trust["Statement"][0];
    ours["Condition"] = json!({"StringEquals": {"aws:SourceIp": "10.0.0.1"}});
    let stale = ours.clone();
    let all = json!({"Version": "2012-10-17", "Statement": [
        foreign["Statement"][0], stale, foreign["Statement"][1]]});
    bed.aws_with(&[
        "iam",
        "update-assume-role-policy",
        "--role-name",
        ROLE,
        "--policy-document",
        &all.to_string(),
    ]);
    bed.run(SETUP).ok().err("replaces statement Mk8sEcr");
    let found = statements(&bed.moto.role(ROLE));
    assert_eq!(found.len(), 3);
    assert_eq!(found[0], foreign["Statement"][0]);
    assert_eq!(found[1]["Sid"], stale["Sid"]);
    assert_ne!(found[1]["Condition"], stale["Condition"]);
    assert_eq!(found[2], foreign["Statement"][1]);
}

#[test]
fn a_role_under_another_path_is_adopted_by_its_true_arn() {
    let bed = on();
    make_role(&bed, ROLE, "/team/", FOREIGN);
    bed.aws_with(&[
        "iam",
        "put-role-permissions-boundary",
        "--role-name",
        ROLE,
        "--permissions-boundary",
        "arn:aws:iam::123456789012:policy/fence",
    ]);
    let run = bed.run(SETUP);
    snapshot!(bed.env, run, @r#"
    exit 0
    --- stdout
    Set up aws-ecr for edge: role arn:aws:iam::123456789012:role/team/mk8s-sandbox-edge-ecr
    --- stderr
    warning: the role `mk8s-sandbox-edge-ecr` exists as arn:aws:iam::123456789012:role/team/mk8s-sandbox-edge-ecr; that ARN is used
    warning: whether the permissions boundary arn:aws:iam::123456789012:policy/fence of mk8s-sandbox-edge-ecr allows pulls is not known: arn:aws:iam::123456789012:policy/fence is not there
    Plan for account 123456789012 (caller arn:aws:sts::123456789012:user/moto)
      = add-on         aws-workload-identity                on
      + OIDC provider  oidc.sandbox.localhost/kz3wqgbhbjse  audience sts.amazonaws.com
      ~ add-on         aws-ecr                              role arn:aws:iam::123456789012:role/mk8s-sandbox-edge-ecr → arn:aws:iam::123456789012:role/team/mk8s-sandbox-edge-ecr
      = role           mk8s-sandbox-edge-ecr                exists, made by others
      ~ trust policy   mk8s-sandbox-edge-ecr                adds statement Mk8sEcr[HASH], keeps 2 of others; Principal of statement 1: wanted `arn:aws:iam::123456789012:oidc-provider/oidc.sandbox.localhost/kz3wqgbhbjse`, found `ec2.amazonaws.com`
      + attach         AmazonEC2ContainerRegistryReadOnly   to mk8s-sandbox-edge-ecr
        trust statement Mk8sEcr[HASH]: tokens of the issuer oidc.sandbox.localhost/kz3wqgbhbjse, subject system:serviceaccount:kube-system:ecr-credential-provider, audience sts.amazonaws.com
          {"Sid":"Mk8sEcr[HASH]","Effect":"Allow","Principal":{"Federated":"arn:aws:iam::123456789012:oidc-provider/oidc.sandbox.localhost/kz3wqgbhbjse"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"oidc.sandbox.localhost/kz3wqgbhbjse:aud":"sts.amazonaws.com","oidc.sandbox.localhost/kz3wqgbhbjse:sub":"system:serviceaccount:kube-system:ecr-credential-provider"}}}
        who may assume the role: service account kube-system/ecr-credential-provider of edge; also: the service ec2.amazonaws.com, account 123456789012 (root) (if Bool aws:multifactorauthpresent true)
    Created OIDC provider oidc.sandbox.localhost/kz3wqgbhbjse
    Updated add-on aws-ecr
    Updated trust policy mk8s-sandbox-edge-ecr
    The previous trust policy is kept in [HOME]/.local/state/mk8s/trust/123456789012-mk8s-sandbox-edge-ecr-[TIME].json; to put it back: aws iam update-assume-role-policy --role-name mk8s-sandbox-edge-ecr --policy-document file://[HOME]/.local/state/mk8s/trust/123456789012-mk8s-sandbox-edge-ecr-[TIME].json
    Attached AmazonEC2ContainerRegistryReadOnly
    Next: mk8s check -c edge --image IMAGE
    Next: mk8s aws workload --image IMAGE
    Undo: mk8s undo [RUN]
    "#);
    let arn = format!("arn:aws:iam::123456789012:role/team/{ROLE}");
    assert_eq!(
        bed.sandbox.cluster("edge")["spec"]["addOns"]["awsECR"]["roleArn"],
        json!(arn)
    );
    assert_eq!(
        bed.moto.role(ROLE)["boundary"],
        json!("arn:aws:iam::123456789012:policy/fence")
    );
    bed.moto.forget();
    bed.run("aws setup aws-ecr -c edge").ok();
    assert_eq!(bed.moto.writes(), [""; 0]);
}

#[test]
fn a_role_in_another_case_is_found() {
    let bed = Bed::edge();
    make_role(&bed, "MK8S-Sandbox-Edge-ECR", "/", FOREIGN);
    bed.run(SETUP)
        .ok()
        .out("role arn:aws:iam::123456789012:role/MK8S-Sandbox-Edge-ECR")
        .err("that ARN is used");
    assert_eq!(statements(&bed.moto.role("MK8S-Sandbox-Edge-ECR")).len(), 3);
}

#[test]
fn a_deny_that_matches_stops_everything() {
    let bed = on();
    let deny = json!({"Version": "2012-10-17", "Statement": [
        {"Sid": "Ops", "Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"},
         "Action": "sts:AssumeRole"},
        {"Sid": "Never", "Effect": "Deny", "Principal": "*", "Action": "sts:*"}]});
    make_role(&bed, ROLE, "/", &deny.to_string());
    bed.moto.forget();
    let patches = bed.patches();
    snapshot!(bed.env, bed.run(SETUP), @r#"
    exit 6
    --- stderr
    error: aws-ecr was not set up for `edge`
      because: Never in the trust policy of mk8s-sandbox-edge-ecr denies what the cluster needs
      because: it is {"Sid":"Never","Effect":"Deny","Principal":"*","Action":"sts:*"}; its owner has to change it
    hint: use another role: --role-name NAME
    "#);
    assert_eq!((bed.moto.writes(), bed.patches()), (vec![], patches));
    snapshot!(bed.env, bed.run("aws status aws-ecr -c edge"), @r"
    exit 0
    --- stdout
    edge in account 123456789012 (caller arn:aws:sts::123456789012:user/moto)
      addon          present    aws-workload-identity                on
      oidc-provider  missing    oidc.sandbox.localhost/kz3wqgbhbjse  not there
      addon          present    aws-ecr                              on, role arn:aws:iam::123456789012:role/mk8s-sandbox-edge-ecr
      role           present    mk8s-sandbox-edge-ecr                never used yet
      trust          different  mk8s-sandbox-edge-ecr                Never denies it
      policy         missing                                         no policy of the role allows pulls
      who may assume the role: nobody
    ");
}

#[test]
fn a_trust_policy_that_would_be_too_long_is_not_sent() {
    let bed = on();
    let filler: Vec<Value> = (0..12)
        .map(|number| {
            json!({"Sid": format!("S{number}"), "Effect": "Allow", "Action": "sts:AssumeRole",
                   "Principal": {"Service": format!("service-{number}-{}.amazonaws.com", "x".repeat(50))}})
        })
        .collect();
    make_role(
        &bed,
        ROLE,
        "/",
        &json!({"Version": "2012-10-17", "Statement": filler}).to_string(),
    );
    bed.moto.forget();
    let run = bed.run(SETUP);
    snapshot!(bed.env, run, @r#"
    exit 6
    --- stderr
    error: aws-ecr was not set up for `edge`
      because: the trust policy of mk8s-sandbox-edge-ecr would grow from 1926 to 2311 characters; the quota "Role trust policy length" (ACLSizePerRole) allows 2048
    hint: use a role of its own: --role-name NAME
    hint: or have AWS raise the account's quota "Role trust policy length"
    "#);
    assert_eq!(bed.moto.writes(), [""; 0]);
    // An account that allows more takes it.
    bed.moto.settings(&json!({"trust_quota": 4096}));
    bed.run(SETUP).ok();
    assert_eq!(statements(&bed.moto.role(ROLE)).len(), 13);
}

#[test]
fn stale_statements_are_named_where_the_trust_policy_would_be_too_long() {
    let bed = on();
    let url = format!("https://{}", bed.issuer("edge"));
    bed.aws(&format!(
        "iam create-open-id-connect-provider --url {url} --client-id-list sts.amazonaws.com"
    ));
    bed.aws("iam create-open-id-connect-provider --url https://h.example/here");
    let statement = |sid: &str, principal: Value| {
        json!({"Sid": sid, "Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
               "Principal": principal, "Condition": {"StringEquals": {"x": "y".repeat(300)}}})
    };
    let provider = |name: &str| format!("arn:aws:iam::123456789012:oidc-provider/h.example/{name}");
    let trust = json!({"Version": "2012-10-17", "Statement": [
        statement("Old", json!({"Federated": provider("old")})),
        statement("Here", json!({"Federated": provider("here")})),
        statement("Both", json!({"Federated": [provider("here"), provider("gone")]})),
        statement("Ec2", json!({"Service": "ec2.amazonaws.com"})),
    ]});
    make_role(&bed, ROLE, "/", &trust.to_string());
    bed.moto.forget();
    snapshot!(bed.env, bed.run(SETUP), @r#"
    exit 6
    --- stderr
    error: aws-ecr was not set up for `edge`
      because: the trust policy of mk8s-sandbox-edge-ecr would grow from 2031 to 2416 characters; the quota "Role trust policy length" (ACLSizePerRole) allows 2048
      because: Old (491 characters) names arn:aws:iam::123456789012:oidc-provider/h.example/old, which does not exist any more, and nobody else
      because: Both (552 characters) names arn:aws:iam::123456789012:oidc-provider/h.example/gone, which does not exist any more
    hint: remove the statements that name nobody else from the trust policy
    hint: or use a role of its own: --role-name NAME
    "#);
    assert_eq!(bed.moto.writes(), [""; 0]);
    let lists = |bed: &Bed| {
        let log = bed.moto.log();
        log.iter()
            .filter(|it| *it == "ListOpenIDConnectProviders")
            .count()
    };
    assert_eq!(lists(&bed), 1);
    // Without the right to list them it is done without, and where there is room nobody asks.
    bed.moto.faults(
        &json!([{"action": "ListOpenIDConnectProviders", "code": "AccessDenied",
        "times": 9}]),
    );
    bed.run(SETUP)
        .exits(6)
        .err("characters; the quota \"Role trust policy length\"")
        .never("exist any more");
    bed.moto.settings(&json!({"trust_quota": 4096}));
    bed.moto.forget();
    bed.run(SETUP).ok();
    assert_eq!(lists(&bed), 0);
}

#[test]
fn near_misses_of_the_issuer_are_named_and_the_right_one_is_made() {
    let bed = on();
    let issuer = bed.issuer("edge");
    for url in [
        format!("https://{issuer}/"),
        format!("https://{}", issuer.replace("oidc.sandbox", "oidc.Sandbox")),
        format!("https://{}", issuer.replace("localhost/", "localhost:443/")),
    ] {
        bed.aws(&format!(
            "iam create-open-id-connect-provider --url {url} --client-id-list sts.amazonaws.com"
        ));
    }
    snapshot!(bed.env, bed.run("aws status aws-ecr -c edge"), @r"
    exit 0
    --- stdout
    edge in account 123456789012 (caller arn:aws:sts::123456789012:user/moto)
      addon          present  aws-workload-identity                on
      oidc-provider  missing  oidc.sandbox.localhost/kz3wqgbhbjse  not there; arn:aws:iam::123456789012:oidc-provider/oidc.sandbox.localhost/kz3wqgbhbjse/ differs by a slash at the end
      addon          present  aws-ecr                              on, role arn:aws:iam::123456789012:role/mk8s-sandbox-edge-ecr
      role           missing  mk8s-sandbox-edge-ecr                not there
      trust          missing  mk8s-sandbox-edge-ecr                there is no role
      policy         missing                                       there is no role
    ");
    let run = bed.run(&format!("{SETUP} --only oidc-provider"));
    snapshot!(bed.env, run, @r"
    exit 0
    --- stdout
    Set up oidc-provider of aws-ecr for edge: arn:aws:iam::123456789012:oidc-provider/oidc.sandbox.localhost/kz3wqgbhbjse
    --- stderr
    warning: the OIDC provider arn:aws:iam::123456789012:oidc-provider/oidc.sandbox.localhost/kz3wqgbhbjse/ differs from the cluster's issuer by a slash at the end; it is of no use to this cluster
    warning: the OIDC provider arn:aws:iam::123456789012:oidc-provider/oidc.Sandbox.localhost/kz3wqgbhbjse differs from the cluster's issuer by upper and lower case; it is of no use to this cluster
    warning: the OIDC provider arn:aws:iam::123456789012:oidc-provider/oidc.sandbox.localhost:443/kz3wqgbhbjse differs from the cluster's issuer by the port; it is of no use to this cluster
    Plan for account 123456789012 (caller arn:aws:sts::123456789012:user/moto)
      + OIDC provider  oidc.sandbox.localhost/kz3wqgbhbjse  audience sts.amazonaws.com
    Created OIDC provider oidc.sandbox.localhost/kz3wqgbhbjse
    ");
    assert_eq!(bed.moto.providers().as_object().unwrap().len(), 4);
}

#[test]
fn pull_policies_that_are_there_suffice() {
    let pulls = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*",
        "Action": ["ecr:GetAuthorizationToken", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]}]});
    let bed = on();
    make_role(&bed, ROLE, "/", FOREIGN);
    bed.aws_with(&[
        "iam",
        "put-role-policy",
        "--role-name",
        ROLE,
        "--policy-name",
        "pull",
        "--policy-document",
        &pulls.to_string(),
    ]);
    bed.run(SETUP).ok().err("inline policy pull");
    assert_eq!(bed.moto.role(ROLE)["attached"], json!([]));
    // What is asked for by name is attached beside it.
    bed.run(&format!("{SETUP} --pull-policy pull-only")).ok();
    let pull_only = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly";
    assert_eq!(bed.moto.role(ROLE)["attached"], json!([pull_only]));
    // A policy of the account: found if it is there, 3 if it is not.
    let own = "arn:aws:iam::123456789012:policy/own";
    let run = bed.run(&format!("{SETUP} --pull-policy {own}"));
    snapshot!(bed.env, run, @r"
    exit 3
    --- stderr
    error: there is no policy arn:aws:iam::123456789012:policy/own
      because: AWS knows no managed policy of this ARN
    ");
    bed.aws_with(&[
        "iam",
        "create-policy",
        "--policy-name",
        "own",
        "--policy-document",
        &pulls.to_string(),
    ]);
    bed.run(&format!("{SETUP} --pull-policy {own}")).ok();
    assert_eq!(bed.moto.role(ROLE)["attached"], json!([own, pull_only]));
    bed.run("aws status aws-ecr -c edge --exit-code").ok();
}

#[test]
fn two_clusters_share_a_role() {
    let bed = Bed::two();
    let role = "--role-name shared";
    bed.run(&format!("aws setup aws-ecr -c edge --yes {role}"))
        .ok();
    let run = bed.run(&format!("aws setup aws-ecr -c west --yes {role}"));
    snapshot!(bed.env, run, @r#"
    exit 0
    --- stdout
    Set up aws-ecr for west: role arn:aws:iam::123456789012:role/shared
    --- stderr
    Plan for account 123456789012 (caller arn:aws:sts::123456789012:user/moto)
      + add-on         aws-workload-identity               switched on
      + OIDC provider  (pending)                           audience sts.amazonaws.com, once the cluster has an issuer
      + add-on         aws-ecr                             switched on with role arn:aws:iam::123456789012:role/shared
      = role           shared                              exists, made by mk8s for sandbox/edge
      ~ trust policy   shared                              set once the cluster publishes it
      = pull policy    AmazonEC2ContainerRegistryReadOnly  attached
    Switched on aws-workload-identity
    Switched on aws-ecr
    trust statement Mk8sEcr[HASH]: tokens of the issuer oidc.sandbox.localhost/kexdjl6f8a79, subject system:serviceaccount:kube-system:ecr-credential-provider, audience sts.amazonaws.com
      {"Sid":"Mk8sEcr[HASH]","Effect":"Allow","Principal":{"Federated":"arn:aws:iam::123456789012:oidc-provider/oidc.sandbox.localhost/kexdjl6f8a79"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"oidc.sandbox.localhost/kexdjl6f8a79:aud":"sts.amazonaws.com","oidc.sandbox.localhost/kexdjl6f8a79:sub":"system:serviceaccount:kube-system:ecr-credential-provider"}}}
    Who may assume the role: service account kube-system/ecr-credential-provider of west; also: service account kube-system/ecr-credential-provider of the issuer oidc.sandbox.localhost/kz3wqgbhbjse
    Created OIDC provider oidc.sandbox.localhost/kexdjl6f8a79
    Updated trust policy shared
    The previous trust policy is kept in [HOME]/.local/state/mk8s/trust/123456789012-shared-[TIME].json; to put it back: aws iam update-assume-role-policy --role-name shared --policy-document file://[HOME]/.local/state/mk8s/trust/123456789012-shared-[TIME].json
    Next: mk8s check -c west --image IMAGE
    Next: mk8s aws workload --image IMAGE
    "#);
    assert_eq!(statements(&bed.moto.role("shared")).len(), 2);
    bed.moto.forget();
    bed.run(&format!("aws setup aws-ecr -c edge -c west {role}"))
        .ok();
    assert_eq!(bed.moto.writes(), [""; 0]);

    let run = bed.run("aws teardown aws-ecr -c edge --with-oidc-provider --yes");
    snapshot!(bed.env, run, @r"
    exit 0
    --- stdout
    Took down aws-ecr for edge; kept: AmazonEC2ContainerRegistryReadOnly, shared
    --- stderr
    Plan for account 123456789012 (caller arn:aws:sts::123456789012:user/moto)
      ~ trust policy   shared                               takes out statement Mk8sEcr[HASH], keeps 1 of sandbox/west
      = keep           AmazonEC2ContainerRegistryReadOnly   needed by sandbox/west
      = role           shared                               other clusters use it: sandbox/west
      - OIDC provider  oidc.sandbox.localhost/kz3wqgbhbjse  made by mk8s, trusted by no role
      - add-on         aws-ecr                              switched off
      - add-on         aws-workload-identity                switched off
    Updated trust policy shared
    The previous trust policy is kept in [HOME]/.local/state/mk8s/trust/123456789012-shared-[TIME].json; to put it back: aws iam update-assume-role-policy --role-name shared --policy-document file://[HOME]/.local/state/mk8s/trust/123456789012-shared-[TIME].json
    Kept pull policy AmazonEC2ContainerRegistryReadOnly
    Kept role shared
    Deleted OIDC provider oidc.sandbox.localhost/kz3wqgbhbjse
    Switched off aws-ecr
    Switched off aws-workload-identity
    Undo: mk8s undo [RUN]
    ");
    let left = bed.moto.role("shared");
    assert_eq!(statements(&left).len(), 1);
    bed.run("aws status aws-ecr -c west --exit-code").ok();
    let run = bed.run("aws teardown aws-ecr -c west --with-oidc-provider --yes");
    snapshot!(bed.env, run, @r"
    exit 0
    --- stdout
    Took down aws-ecr for west
    --- stderr
    Plan for account 123456789012 (caller arn:aws:sts::123456789012:user/moto)
      - detach         AmazonEC2ContainerRegistryReadOnly   from shared
      - role           shared                               made by mk8s, used by nobody else
      - OIDC provider  oidc.sandbox.localhost/kexdjl6f8a79  made by mk8s, trusted by no role
      - add-on         aws-ecr                              switched off
      - add-on         aws-workload-identity                switched off
    Detached AmazonEC2ContainerRegistryReadOnly
    Deleted role shared
    Deleted OIDC provider oidc.sandbox.localhost/kexdjl6f8a79
    Switched off aws-ecr
    Switched off aws-workload-identity
    Undo: mk8s undo [RUN]
    ");
}

#[test]
fn two_setups_at_once_end_as_one() {
    let bed = Bed::edge();
    let start = |env: &Env| env.line(SETUP).spawn();
    let (mut one, mut two) = (start(&bed.env), start(&bed.env));
    let limit = std::time::Duration::from_mins(1);
    for child in [&mut one, &mut two] {
        let status = crate::support::wait(child, limit).expect("it ends");
        assert!(status.success(), "{status}");
    }
    let alone = bed.world();
    bed.moto.forget();
    bed.run("aws setup aws-ecr -c edge").ok();
    assert_eq!(bed.moto.writes(), [""; 0]);
    assert_eq!(
        alone["iam"]["123456789012 aws"]["roles"]
            .as_object()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(bed.moto.providers().as_object().unwrap().len(), 1);
    assert_eq!(statements(&bed.moto.role(ROLE)).len(), 1);
}

#[test]
fn two_clusters_set_up_at_once_share_a_role() {
    let bed = Bed::two();
    // The role is there, so that both change its trust policy.
    make_role(&bed, "shared", "/", FOREIGN);
    let start = |cluster: &str| {
        bed.env
            .line(&format!(
                "aws setup aws-ecr -c {cluster} --yes --role-name shared"
            ))
            .spawn()
    };
    let mut children = [start("edge"), start("west")];
    for child in &mut children {
        let status = crate::support::wait(child, std::time::Duration::from_mins(1));
        assert!(status.expect("it ends").success());
    }
    assert_eq!(statements(&bed.moto.role("shared")).len(), 4);
    bed.moto.forget();
    bed.run("aws setup aws-ecr -c edge -c west --role-name shared")
        .ok();
    assert_eq!(bed.moto.writes(), [""; 0]);
}

#[test]
fn a_role_made_for_a_cluster_of_the_same_name_in_another_org_is_told_apart() {
    let bed = Bed::holding(&[hetzner("edge", &[])], &[]);
    make_role(&bed, ROLE, "/", FOREIGN);
    bed.aws(&format!(
        "iam tag-role --role-name {ROLE} --tags Key=mk8s.cpln/managed-by,Value=mk8s \
         Key=mk8s.cpln/org,Value=other Key=mk8s.cpln/cluster,Value=edge \
         Key=mk8s.cpln/cluster/other/edge,Value=awsECR"
    ));
    bed.run(SETUP).ok().err("made by mk8s for other/edge");
    let run = bed.run("aws teardown aws-ecr -c edge --yes").ok();
    assert!(
        run.stderr.contains("other clusters use it: other/edge"),
        "{run}"
    );
    let role = bed.moto.role(ROLE);
    assert_eq!(statements(&role).len(), 2);
    assert_eq!(
        role["tags"]["mk8s.cpln/cluster/other/edge"],
        json!("awsECR")
    );
}

#[test]
fn tag_keys_that_iam_takes_for_one_are_refused_before_anything() {
    let bed = Bed::edge();
    bed.moto.forget();
    let patches = bed.patches();
    for tags in ["--tag a=1 --tag A=2", "--tag MK8S.cpln/org=z"] {
        for flags in ["--yes", "--dry-run", "--emit aws-cli", "--emit terraform"] {
            bed.run(&format!("aws setup aws-ecr -c edge {tags} {flags}"))
                .exits(2)
                .err(if tags.contains("MK8S") {
                    "keys that start with `mk8s.cpln/` are set by mk8s"
                } else {
                    "their keys differ only by case, which IAM ignores"
                });
        }
    }
    assert_eq!((bed.moto.log(), bed.patches()), (vec![], patches));
}

#[test]
fn another_role_than_the_clusters_is_said_to_leave_the_old_one() {
    let bed = Bed::edge();
    bed.run(SETUP).ok();
    let old = format!("the cluster names arn:aws:iam::123456789012:role/{ROLE} so far");
    let way = "`mk8s aws teardown aws-ecr -c edge --keep-addon` takes them down before";
    for flags in [
        "--role-name other",
        "--role-arn arn:aws:iam::123456789012:role/other",
    ] {
        let run = bed
            .run(&format!("{SETUP} {flags} --dry-run -o json"))
            .ok()
            .err(&old);
        let run: Value = serde_json::from_str(&run.stdout).unwrap();
        let warnings = run["items"][0]["warnings"].to_string();
        assert!(
            warnings.contains(&old) && warnings.contains(way),
            "{warnings}"
        );
    }
    for flags in ["", "--role-name other --only role"] {
        bed.run(&format!("{SETUP} {flags} --dry-run"))
            .ok()
            .never("so far");
    }
    bed.run("aws teardown aws-ecr -c edge --keep-addon --yes")
        .ok();
    bed.run(&format!("{SETUP} --role-name other"))
        .ok()
        .never("so far");
    let state = bed.moto.state().to_string();
    assert!(
        state.contains(":role/other") && !state.contains(ROLE),
        "{state}"
    );
}

#[test]
fn a_relative_state_folder_is_ignored() {
    let mut bed = on();
    make_role(&bed, ROLE, "/", FOREIGN);
    bed.env.set("XDG_STATE_HOME", "state");
    let home = bed.env.path("home");
    std::fs::create_dir_all(&home).unwrap();
    bed.env.set("HOME", home.to_str().unwrap());
    bed.run(SETUP).ok().err("home/.local/state/mk8s/trust/");
    assert!(!bed.env.path("state").exists());
}

/// Whoever gets into such a role gets its rights: it is asked about by name.
#[test]
fn a_role_that_may_far_more_than_pull_is_asked_about() {
    let bed = Bed::edge();
    let trust = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}"#;
    bed.aws_with(&[
        "iam",
        "create-role",
        "--role-name=shared",
        "--assume-role-policy-document",
        trust,
    ]);
    let everything = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Action": "*", "Resource": "*"}]}"#;
    bed.aws_with(&[
        "iam",
        "put-role-policy",
        "--role-name=shared",
        "--policy-name=everything",
        "--policy-document",
        everything,
    ]);
    let before = bed.moto.role("shared");
    let line = "aws setup aws-ecr -c edge --role-name shared";
    let mut terminal = Terminal::start(&bed.env, line);
    terminal.until("[y/N]").type_in("n\r");
    let (code, screen) = terminal.end();
    assert_eq!(code, 2, "{screen}");
    assert!(screen.contains("all the same?"), "{screen}");
    assert!(
        screen.contains("The role `shared` may far more than pull"),
        "{screen}"
    );
    assert_eq!(bed.moto.role("shared"), before);
    bed.run(&format!("{line} --yes"))
        .ok()
        .err("`shared` may far more than pull, by inline policy everything");
}
