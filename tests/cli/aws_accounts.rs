//! Which account and partition `mk8s aws` works in, and when it needs no role.

use crate::support::manifests::hetzner;
use crate::support::{ACCOUNT, Bed, snapshot};
use serde_json::json;

#[test]
fn a_cluster_on_aws_in_its_own_account_needs_only_the_provider() {
    let bed = Bed::home();
    let run = bed.run("aws setup aws-ecr -c home --yes");
    snapshot!(bed.env, run, @r"
    exit 0
    --- stdout
    Set up aws-ecr for home: same account, no role needed
    --- stderr
    Plan for account 123456789012 (caller arn:aws:sts::123456789012:user/moto)
      + add-on         aws-workload-identity  switched on
      + OIDC provider  (pending)              audience sts.amazonaws.com, once the cluster has an issuer
      + add-on         aws-ecr                switched on
    Switched on aws-workload-identity
    Created OIDC provider oidc.sandbox.localhost/kx1h8etmdaxd
    Switched on aws-ecr
    Next: mk8s check -c home --image IMAGE
    Next: mk8s aws workload --image IMAGE
    ");
    let state = bed.moto.state()[format!("{ACCOUNT} aws")].take();
    assert_eq!(state["roles"], json!({}));
    assert_eq!(state["providers"].as_object().unwrap().len(), 1);
    assert_eq!(
        bed.sandbox.cluster("home")["spec"]["addOns"],
        json!({"awsWorkloadIdentity": {}, "awsECR": {}})
    );
    bed.moto.forget();
    bed.run("aws setup aws-ecr -c home").ok();
    assert_eq!(
        bed.moto.log(),
        ["GetCallerIdentity", "GetOpenIDConnectProvider"]
    );
    snapshot!(bed.env, bed.run("aws status aws-ecr -c home --exit-code"), @r"
    exit 0
    --- stdout
    home in account 123456789012 (caller arn:aws:sts::123456789012:user/moto)
      addon          present     aws-workload-identity                on
      oidc-provider  present     oidc.sandbox.localhost/kx1h8etmdaxd  audience sts.amazonaws.com
      addon          present     aws-ecr                              on
      role           not-needed                                       the cluster pulls from its own account
      trust          not-needed
      policy         not-needed
    ");
    bed.run("aws setup aws-ecr -c home --yes --only role")
        .exits(6);
    bed.run("aws teardown aws-ecr -c home --yes --with-oidc-provider")
        .ok();
    assert_eq!(bed.moto.state(), json!({}));
}

#[test]
fn an_existing_provider_is_left_as_it_is() {
    let bed = Bed::home();
    bed.run("addon enable aws-workload-identity -c home").ok();
    bed.aws(&format!(
        "iam create-open-id-connect-provider --url https://{} \
         --client-id-list sts.amazonaws.com another --tags Key=by,Value=hand",
        bed.issuer("home")
    ));
    let before = bed.moto.state();
    bed.moto.forget();
    bed.run("aws setup aws-ecr -c home --yes").ok();
    assert_eq!(bed.moto.writes(), [""; 0]);
    assert_eq!(bed.moto.state(), before);
}

#[test]
fn a_role_that_is_named_is_made_in_the_own_account_too() {
    let bed = Bed::home();
    bed.run("aws setup aws-ecr -c home --yes --role-name puller")
        .ok()
        .out("role arn:aws:iam::123456789012:role/puller");
    let run = bed.run("aws status aws-ecr -c home -o json").ok().json();
    assert_eq!(
        run["items"][0]["registryAccess"],
        json!("same-account-role")
    );
}

#[test]
fn the_wrong_account_stops_before_anything() {
    let bed = Bed::edge();
    for line in [
        "aws setup aws-ecr -c edge --yes --account 999999999999",
        "aws setup aws-ecr -c edge --yes --role-arn arn:aws:iam::999999999999:role/x",
        "aws setup aws-ecr -c edge --yes --image 999999999999.dkr.ecr.eu-central-1.amazonaws.com/shop",
        "aws status aws-ecr -c edge --account 999999999999",
        "aws teardown aws-ecr -c edge --yes --account 999999999999",
    ] {
        bed.run(line)
            .exits(6)
            .silent()
            .err("account 123456789012 (arn:aws:sts::123456789012:user/moto)");
    }
    let run = bed.run("aws setup aws-ecr -c edge --yes --account 999999999999");
    snapshot!(bed.env, run, @r"
    exit 6
    --- stderr
    error: aws-ecr was not set up for `edge`
      because: the account is 999999999999, by --account
      because: the AWS credentials belong to account 123456789012 (arn:aws:sts::123456789012:user/moto)
    hint: use credentials of account 999999999999: --aws-profile NAME
    hint: or name the account of the credentials: --account 123456789012
    ");
    bed.run("addon enable aws-ecr -c edge --with-prerequisites --role-arn arn:aws:iam::999999999999:role/x")
        .ok();
    snapshot!(bed.env, bed.run("aws setup aws-ecr -c edge --yes"), @r"
    exit 6
    --- stderr
    error: aws-ecr was not set up for `edge`
      because: the account is 999999999999, that of the role arn:aws:iam::999999999999:role/x in the add-on's settings
      because: the AWS credentials belong to account 123456789012 (arn:aws:sts::123456789012:user/moto)
    hint: use credentials of account 999999999999: --aws-profile NAME
    ");
    bed.run(
        "aws setup aws-ecr -c edge --yes --account 123456789012 \
         --role-arn arn:aws:iam::999999999999:role/x",
    )
    .exits(6);
    assert_eq!(bed.moto.writes(), [""; 0]);
    assert_eq!(bed.patches(), 1);
}

/// Where partitions do not fit together, there is a way out.
#[test]
fn another_partition_is_refused_with_a_way_out() {
    let bed = Bed::edge();
    let setup = "aws setup aws-ecr -c edge --yes";
    let policy = "arn:aws-cn:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly";
    for (flags, because, hint) in [
        (
            format!("--role-arn arn:aws-cn:iam::{ACCOUNT}:role/x"),
            "is in the partition aws-cn, the AWS credentials belong to aws",
            "hint: use credentials of the partition aws-cn: --aws-profile NAME\n".to_owned(),
        ),
        (
            format!("--pull-policy {policy}"),
            "is not in the partition aws, where the role is",
            format!(
                "hint: name one of the role's partition and account, or of AWS: --pull-policy arn:aws:iam::{ACCOUNT}:policy/NAME\n"
            ),
        ),
        (
            format!("--permissions-boundary arn:aws-cn:iam::{ACCOUNT}:policy/b"),
            "is not in the partition aws, where the role is",
            format!(
                "hint: name one of the role's partition and account, or of AWS: --permissions-boundary arn:aws:iam::{ACCOUNT}:policy/NAME\n"
            ),
        ),
    ] {
        bed.run(&format!("{setup} {flags}"))
            .exits(6)
            .err(because)
            .err(&hint);
    }
    assert_eq!(bed.moto.writes(), [""; 0]);
    assert_eq!(bed.patches(), 0);
}

#[test]
fn a_cluster_in_another_account_gets_a_role_in_that_of_the_credentials() {
    // aws-cross of the built-in clusters runs in 444455556666.
    let manifest = crate::support::manifests::aws("far", &[]);
    let bed = Bed::holding(&[manifest], &[]);
    // Without a word about the account it is the cluster's own, and these keys are not for it.
    snapshot!(bed.env, bed.run("aws setup aws-ecr -c far --yes"), @r"
    exit 6
    --- stderr
    error: aws-ecr was not set up for `far`
      because: the account is 111122223333, the one the cluster runs in
      because: the AWS credentials belong to account 123456789012 (arn:aws:sts::123456789012:user/moto)
    hint: use credentials of account 111122223333: --aws-profile NAME
    hint: or name the account of the credentials: --account 123456789012
    ");
    bed.run("aws setup aws-ecr -c far --yes --account 123456789012")
        .ok()
        .out("role arn:aws:iam::123456789012:role/mk8s-sandbox-far-ecr");
    let status = bed.run("aws status aws-ecr -c far -o json").ok().json();
    assert_eq!(status["items"][0]["registryAccess"], json!("cross-account"));
}

#[test]
fn keys_of_another_account_work_there() {
    let mut bed = Bed::edge();
    let answer = bed.aws(
        "sts assume-role --role-arn arn:aws:iam::222222222222:role/ops --role-session-name ops",
    );
    for (variable, field) in [
        ("AWS_ACCESS_KEY_ID", "AccessKeyId"),
        ("AWS_SECRET_ACCESS_KEY", "SecretAccessKey"),
        ("AWS_SESSION_TOKEN", "SessionToken"),
    ] {
        let value = answer["Credentials"][field].as_str().unwrap().to_owned();
        bed.env.set(variable, &value);
    }
    bed.run("aws setup aws-ecr -c edge --yes --account 222222222222")
        .ok()
        .err(
            "Plan for account 222222222222 (caller arn:aws:sts::222222222222:assumed-role/ops/ops)",
        );
    let state = bed.moto.state();
    let backends: Vec<&String> = state.as_object().unwrap().keys().collect();
    assert_eq!(backends, ["222222222222 aws"]);
}

#[test]
fn every_partition_runs_the_whole_flow() {
    for (region, partition) in [
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        ("eusc-de-east-1", "aws-eusc"),
    ] {
        let mut bed = Bed::edge();
        bed.env
            .set("AWS_REGION", region)
            .set("AWS_DEFAULT_REGION", region);
        let role = format!("arn:{partition}:iam::123456789012:role/mk8s-sandbox-edge-ecr");
        bed.run("aws setup aws-ecr -c edge --yes").ok().out(&role);
        let state = bed.moto.state();
        let backends: Vec<&String> = state.as_object().unwrap().keys().collect();
        assert_eq!(backends, [&format!("123456789012 {partition}")]);
        let made = &state[backends[0]]["roles"][&role];
        assert_eq!(
            made["attached"],
            json!([format!(
                "arn:{partition}:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly"
            )])
        );
        let provider = format!(
            "arn:{partition}:iam::123456789012:oidc-provider/{}",
            bed.issuer("edge")
        );
        assert!(made["trust"].as_str().unwrap().contains(&provider));
        let status = bed
            .run("aws status aws-ecr -c edge -o json --exit-code")
            .ok()
            .json();
        assert_eq!(status["items"][0]["partition"], json!(partition));
        bed.moto.forget();
        bed.run("aws setup aws-ecr -c edge").ok();
        assert_eq!(bed.moto.writes(), [""; 0]);
        bed.run("aws teardown aws-ecr -c edge --with-oidc-provider --yes")
            .ok();
        assert_eq!(bed.moto.state(), json!({}));
        // A role of another partition cannot be meant.
        bed.run("aws setup aws-ecr -c edge --yes --role-arn arn:aws:iam::123456789012:role/x")
            .exits(6)
            .err(partition);
    }
}

#[test]
fn a_platform_that_always_says_aws_is_corrected() {
    let bed = {
        let mut bed = Bed::holding(&[hetzner("edge", &[])], &["--trust-policy", "placeholder"]);
        bed.env.set("AWS_REGION", "cn-north-1");
        bed
    };
    // The placeholder stands in a document of partition aws-cn once the role is known there.
    bed.run("aws setup aws-ecr -c edge --yes").ok();
    let state = bed.moto.state();
    let trust = &state["123456789012 aws-cn"]["roles"]["arn:aws-cn:iam::123456789012:role/mk8s-sandbox-edge-ecr"]
        ["trust"];
    assert!(
        trust
            .as_str()
            .unwrap()
            .contains("arn:aws-cn:iam::123456789012:oidc-provider/"),
        "{trust}"
    );
}
