//! `mk8s aws workload`, which talks to nobody, and `mk8s aws status`.

use crate::support::{Bed, Env, Reader, read_yaml, snapshot};
use serde_json::json;

#[test]
#[expect(clippy::too_many_lines, reason = "mostly screens")]
fn status_says_what_is_missing_and_what_differs() {
    let bed = Bed::edge();
    snapshot!(bed.env, bed.run("aws status aws-ecr -c edge --exit-code"), @r"
    exit 10
    --- stdout
    edge in account 123456789012 (caller arn:aws:sts::123456789012:user/moto)
      addon          missing  aws-workload-identity  off
      oidc-provider  missing                         the cluster has no issuer yet
      addon          missing  aws-ecr                off
      role           missing  mk8s-sandbox-edge-ecr  not there
      trust          missing  mk8s-sandbox-edge-ecr  there is no role
      policy         missing                         there is no role
    ");
    let run = bed.run("aws status aws-ecr -c edge -o json").ok();
    snapshot!(bed.env, run, @r#"
    exit 0
    --- stdout
    {
      "schema": "mk8s/v1",
      "kind": "AwsStatus",
      "items": [
        {
          "target": {
            "kind": "cluster",
            "org": "sandbox",
            "name": "edge"
          },
          "addon": "aws-ecr",
          "account": "123456789012",
          "partition": "aws",
          "caller": "arn:aws:sts::123456789012:user/moto",
          "registryAccess": "outside-aws",
          "who": null,
          "parts": [
            {
              "part": "addon",
              "state": "missing",
              "resource": "aws-workload-identity",
              "detail": "off"
            },
            {
              "part": "oidc-provider",
              "state": "missing",
              "resource": "",
              "detail": "the cluster has no issuer yet"
            },
            {
              "part": "addon",
              "state": "missing",
              "resource": "aws-ecr",
              "detail": "off"
            },
            {
              "part": "role",
              "state": "missing",
              "resource": "arn:aws:iam::123456789012:role/mk8s-sandbox-edge-ecr",
              "detail": "not there"
            },
            {
              "part": "trust",
              "state": "missing",
              "resource": "arn:aws:iam::123456789012:role/mk8s-sandbox-edge-ecr",
              "detail": "there is no role"
            },
            {
              "part": "policy",
              "state": "missing",
              "resource": "",
              "detail": "there is no role"
            }
          ],
          "warnings": [],
          "error": null
        }
      ]
    }
    "#);
    bed.run("aws setup aws-ecr -c edge --yes").ok();
    snapshot!(bed.env, bed.run("aws status aws-ecr -c edge --exit-code"), @r"
    exit 0
    --- stdout
    edge in account 123456789012 (caller arn:aws:sts::123456789012:user/moto)
      addon          present  aws-workload-identity                on
      oidc-provider  present  oidc.sandbox.localhost/kz3wqgbhbjse  audience sts.amazonaws.com
      addon          present  aws-ecr                              on, role arn:aws:iam::123456789012:role/mk8s-sandbox-edge-ecr
      role           present  mk8s-sandbox-edge-ecr                never used yet
      trust          present  mk8s-sandbox-edge-ecr                is the published one
      policy         present  AmazonEC2ContainerRegistryReadOnly   allows pulls
      who may assume the role: service account kube-system/ecr-credential-provider of edge; nobody else
    ");
    // Drift of every kind.
    let role = "mk8s-sandbox-edge-ecr";
    let issuer = bed.issuer("edge");
    bed.aws(&format!(
        "iam delete-open-id-connect-provider --open-id-connect-provider-arn \
         arn:aws:iam::123456789012:oidc-provider/{issuer}"
    ));
    bed.aws(&format!(
        "iam create-open-id-connect-provider --url https://{issuer} --client-id-list x"
    ));
    bed.aws_with(&[
        "iam",
        "update-assume-role-policy",
        "--role-name",
        role,
        "--policy-document",
        r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": {"Service": "ec2.amazonaws.com"}}]}"#,
    ]);
    bed.aws(&format!(
        "iam detach-role-policy --role-name {role} \
         --policy-arn arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly"
    ));
    let run = bed.run("aws status aws-ecr -c edge --exit-code");
    snapshot!(bed.env, run, @r"
    exit 10
    --- stdout
    edge in account 123456789012 (caller arn:aws:sts::123456789012:user/moto)
      addon          present    aws-workload-identity                on
      oidc-provider  different  oidc.sandbox.localhost/kz3wqgbhbjse  the audience sts.amazonaws.com is missing
      addon          present    aws-ecr                              on, role arn:aws:iam::123456789012:role/mk8s-sandbox-edge-ecr
      role           present    mk8s-sandbox-edge-ecr                never used yet
      trust          different  mk8s-sandbox-edge-ecr                Principal of statement 1: wanted `arn:aws:iam::123456789012:oidc-provider/oidc.sandbox.localhost/kz3wqgbhbjse`, found `ec2.amazonaws.com`
      policy         missing                                         no policy of the role allows pulls
      who may assume the role: nobody of edge; also: the service ec2.amazonaws.com
    ");
    bed.run("aws setup aws-ecr -c edge --yes").ok();
    bed.run("aws status aws-ecr -c edge --exit-code").ok();
    assert_eq!(
        bed.run("aws status aws-ecr -c edge -o names").ok().stdout,
        "edge\n"
    );
}

#[test]
fn what_may_not_be_looked_at_is_unknown() {
    let bed = Bed::edge();
    bed.run("aws setup aws-ecr -c edge --yes").ok();
    bed.moto
        .faults(&json!([{"action": "*", "code": "AccessDenied", "times": 99, "skip": 1}]));
    snapshot!(bed.env, bed.run("aws status aws-ecr -c edge --exit-code"), @r"
    exit 0
    --- stdout
    edge in account 123456789012 (caller arn:aws:sts::123456789012:user/moto)
      addon          present  aws-workload-identity                on
      oidc-provider  unknown  oidc.sandbox.localhost/kz3wqgbhbjse  iam:GetOpenIDConnectProvider is not allowed
      addon          present  aws-ecr                              on, role arn:aws:iam::123456789012:role/mk8s-sandbox-edge-ecr
      role           unknown  mk8s-sandbox-edge-ecr                iam:GetRole is not allowed
      trust          unknown  mk8s-sandbox-edge-ecr                iam:GetRole is not allowed
      policy         unknown                                       iam:GetRole is not allowed
    ");
}

/// What docs/environment.md says: the variables of AWS count where AWS is called, and nowhere else.
#[test]
fn the_variables_of_aws_count_where_aws_is_called_and_nowhere_else() {
    let mut bed = Bed::edge();
    bed.run("aws setup aws-ecr -c edge --yes").ok();
    bed.moto.forget();
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
        bed.env.unset(name);
    }
    bed.env.set("AWS_PROFILE", "nosuch");
    let image = "--image 123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop:1";
    for line in [
        "addon list -c edge",
        "addon explain aws-ecr",
        "addon enable headlamp -c edge",
        "addon enable aws-ecr -c edge",
        "addon trust-policy aws-ecr -c edge",
        "cluster get edge",
        "auth status",
        "aws permissions -c edge",
        "aws emit aws-ecr -c edge --format plan",
        "aws emit aws-ecr -c edge --format aws-cli",
        "aws emit aws-ecr -c edge --format cloudformation",
        &format!("aws workload {image}"),
        &format!("aws repository-policy aws-ecr -c edge {image}"),
        "check -c edge --skip aws,issuer",
    ] {
        let run = bed.run(line);
        assert!(run.code == 0, "{line}\n{run}");
    }
    assert_eq!(bed.moto.log(), [""; 0]);
    for line in [
        "aws setup aws-ecr -c edge --dry-run",
        "aws status aws-ecr -c edge",
        "aws teardown aws-ecr -c edge --dry-run",
        "aws teardown --orphans --dry-run",
        "addon enable aws-ecr -c edge --create-role --dry-run",
        &format!("aws repository-policy aws-ecr -c edge {image} --apply --dry-run"),
    ] {
        bed.run(line).exits(4).err("nosuch");
    }
    bed.run("check -c edge --skip issuer")
        .exits(11)
        .out("nosuch");
    // A form that can do without says what it did without.
    bed.run("aws emit aws-ecr -c edge --format terraform")
        .ok()
        .err("warning: what exists in AWS was not looked at: ");
}

#[test]
fn the_workload_of_the_guide_is_filled_in() {
    let env = Env::new();
    let image = "999999999999.dkr.ecr.eu-central-1.amazonaws.com/shop:1.4";
    let run = env.line(&format!("aws workload --image {image}")).run();
    snapshot!(env, run, @r"
    exit 0
    --- stdout
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: example-ecr
    spec:
      replicas: 1
      selector:
        matchLabels:
          app: example
      template:
        metadata:
          labels:
            app: example
        spec:
          terminationGracePeriodSeconds: 0
          containers:
            - name: example
              image: 999999999999.dkr.ecr.eu-central-1.amazonaws.com/shop:1.4
              imagePullPolicy: Always
    ");
    let parts = env
        .line("aws workload --account 999999999999 --region eu-central-1 --repository shop:1.4")
        .run()
        .ok();
    let whole = env
        .line(&format!("aws workload --image {image}"))
        .run()
        .ok();
    assert_eq!(parts.stdout, whole.stdout);
    // What is missing is what belongs to what was given.
    for (given, missing) in [
        ("--account 999999999999", "--region"),
        (
            "--account 999999999999 --region eu-central-1",
            "--repository",
        ),
        ("--region eu-central-1", "--account"),
    ] {
        let run = env.line(&format!("aws workload {given}")).run().exits(2);
        let run = run.err(missing);
        assert!(!run.stderr.contains("--image"), "{run}");
    }
    env.line("aws workload")
        .run()
        .exits(2)
        .err("--image <IMAGE>");
    for reader in [Reader::JsYaml, Reader::PyYaml] {
        let read = read_yaml(reader, std::slice::from_ref(&whole.stdout));
        let documents = read[0].as_ref().unwrap();
        let json = env
            .line(&format!("aws workload --image {image} -o json"))
            .run()
            .ok()
            .json();
        assert_eq!(documents[0], json);
    }
    env.line(&format!(
        "aws workload --image {image} --name web --namespace shop"
    ))
    .run()
    .ok()
    .out("namespace: shop");
    for (arguments, told) in [
        ("--image nginx", "nginx"),
        (
            "--image https://999999999999.dkr.ecr.eu-central-1.amazonaws.com/x",
            "https://",
        ),
        (
            "--image 99999999999.dkr.ecr.eu-central-1.amazonaws.com/x",
            "12",
        ),
        (
            "--account 999999999999 --region eu-central-1",
            "--repository",
        ),
        ("--account 1 --region eu-central-1 --repository x", "12"),
        (
            "--image 999999999999.dkr.ecr.eu-central-1.amazonaws.com/shop --name Bad_Name",
            "Bad_Name",
        ),
        ("", "--image"),
    ] {
        env.line(&format!("aws workload {arguments}"))
            .run()
            .exits(2)
            .silent()
            .err(told);
    }
    env.line("aws workload --image public.ecr.aws/nginx/nginx:1")
        .run()
        .exits(6)
        .err("needs no role and no add-on");
}
