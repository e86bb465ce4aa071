//! `mk8s aws teardown`: what it takes down, what it keeps and why.

use crate::support::{Bed, Terminal, snapshot};
use serde_json::json;

const ROLE: &str = "mk8s-sandbox-edge-ecr";
const SETUP: &str = "aws setup aws-ecr -c edge --yes";
const DOWN: &str = "aws teardown aws-ecr -c edge";

/// Things of others that must be the same afterwards.
fn neighbours(bed: &Bed) {
    let trust = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}"#;
    bed.aws_with(&[
        "iam",
        "create-role",
        "--role-name",
        "others",
        "--assume-role-policy-document",
        trust,
    ]);
    bed.aws(
        "iam create-open-id-connect-provider --url https://other.example/x \
         --client-id-list sts.amazonaws.com",
    );
}

/// Everything in IAM, as the AWS CLI lists it.
fn listing(bed: &Bed) -> String {
    let mut text = String::new();
    for call in [
        "iam list-roles",
        "iam list-open-id-connect-providers",
        "iam list-policies --scope Local",
        "iam list-instance-profiles",
        "iam list-users",
    ] {
        text += &bed.aws(call).to_string();
    }
    text
}

#[test]
fn with_the_provider_iam_is_exactly_as_before() {
    let bed = Bed::edge();
    neighbours(&bed);
    let (world, seen) = (bed.world(), listing(&bed));
    bed.run(SETUP).ok();
    assert_ne!(listing(&bed), seen);
    let run = bed.run(&format!("{DOWN} --with-oidc-provider --yes"));
    snapshot!(bed.env, run, @r"
    exit 0
    --- stdout
    Took down aws-ecr for edge
    --- stderr
    Plan for account 123456789012 (caller arn:aws:sts::123456789012:user/moto)
      - detach         AmazonEC2ContainerRegistryReadOnly   from mk8s-sandbox-edge-ecr
      - role           mk8s-sandbox-edge-ecr                made by mk8s, used by nobody else
      - OIDC provider  oidc.sandbox.localhost/kz3wqgbhbjse  made by mk8s, trusted by no role
      - add-on         aws-ecr                              switched off
      - add-on         aws-workload-identity                switched off
    Detached AmazonEC2ContainerRegistryReadOnly
    Deleted role mk8s-sandbox-edge-ecr
    Deleted OIDC provider oidc.sandbox.localhost/kz3wqgbhbjse
    Switched off aws-ecr
    Switched off aws-workload-identity
    Undo: mk8s undo [RUN]
    ");
    assert_eq!(listing(&bed), seen);
    assert_eq!(bed.world(), world);

    // Again: nothing is there, nothing is asked.
    bed.moto.forget();
    let patches = bed.patches();
    snapshot!(bed.env, bed.run(&format!("{DOWN} --with-oidc-provider")), @r"
    exit 0
    --- stdout
    nothing of aws-ecr is to be taken down for edge
    --- stderr
    Plan for account 123456789012 (caller arn:aws:sts::123456789012:user/moto)
      = role           mk8s-sandbox-edge-ecr  not there
      = OIDC provider  (unknown)              not known: the cluster publishes no issuer
      = add-on         aws-ecr                off
      = add-on         aws-workload-identity  off
    ");
    assert_eq!((bed.moto.writes(), bed.patches()), (vec![], patches));
}

#[test]
fn without_it_the_provider_and_workload_identity_stay() {
    let bed = Bed::edge();
    bed.run(SETUP).ok();
    let providers = bed.moto.providers();
    snapshot!(bed.env, bed.run(&format!("{DOWN} --yes")), @r"
    exit 0
    --- stdout
    Took down aws-ecr for edge; kept: oidc.sandbox.localhost/kz3wqgbhbjse
    --- stderr
    Plan for account 123456789012 (caller arn:aws:sts::123456789012:user/moto)
      - detach         AmazonEC2ContainerRegistryReadOnly   from mk8s-sandbox-edge-ecr
      - role           mk8s-sandbox-edge-ecr                made by mk8s, used by nobody else
      = OIDC provider  oidc.sandbox.localhost/kz3wqgbhbjse  it goes only with --with-oidc-provider
      - add-on         aws-ecr                              switched off
    Detached AmazonEC2ContainerRegistryReadOnly
    Deleted role mk8s-sandbox-edge-ecr
    Kept OIDC provider oidc.sandbox.localhost/kz3wqgbhbjse
    Switched off aws-ecr
    Undo: mk8s undo [RUN]
    ");
    assert_eq!(bed.moto.providers(), providers);
    assert_eq!(
        bed.sandbox.cluster("edge")["spec"]["addOns"],
        json!({"awsWorkloadIdentity": {}})
    );
    // What was left can go later.
    bed.run(&format!("{DOWN} --with-oidc-provider --yes")).ok();
    assert_eq!(bed.moto.state(), json!({}));
    assert_eq!(bed.sandbox.cluster("edge")["spec"]["addOns"], json!({}));
}

#[test]
fn the_add_on_can_stay_without_its_role() {
    let bed = Bed::edge();
    bed.run(SETUP).ok();
    let run = bed.run(&format!("{DOWN} --keep-addon --yes"));
    snapshot!(bed.env, run, @r"
    exit 0
    --- stdout
    Took down aws-ecr for edge; kept: oidc.sandbox.localhost/kz3wqgbhbjse
    --- stderr
    Plan for account 123456789012 (caller arn:aws:sts::123456789012:user/moto)
      - detach         AmazonEC2ContainerRegistryReadOnly   from mk8s-sandbox-edge-ecr
      - role           mk8s-sandbox-edge-ecr                made by mk8s, used by nobody else
      = OIDC provider  oidc.sandbox.localhost/kz3wqgbhbjse  it goes only with --with-oidc-provider
      ~ add-on         aws-ecr                              role cleared
    Detached AmazonEC2ContainerRegistryReadOnly
    Deleted role mk8s-sandbox-edge-ecr
    Kept OIDC provider oidc.sandbox.localhost/kz3wqgbhbjse
    Updated add-on aws-ecr
    Undo: mk8s undo [RUN]
    ");
    assert_eq!(
        bed.sandbox.cluster("edge")["spec"]["addOns"],
        json!({"awsWorkloadIdentity": {}, "awsECR": {}})
    );
    bed.run(&format!("{DOWN} --keep-addon")).ok();
}

#[test]
fn a_dry_run_takes_nothing_down() {
    let bed = Bed::edge();
    bed.run(SETUP).ok();
    let (world, patches) = (bed.world(), bed.patches());
    bed.moto.forget();
    let run = bed.run(&format!(
        "{DOWN} --with-oidc-provider --dry-run --exit-code"
    ));
    assert_eq!(run.code, 10);
    snapshot!(bed.env, run, @r"
    exit 10
    --- stdout
    Plan for account 123456789012 (caller arn:aws:sts::123456789012:user/moto)
      - detach         AmazonEC2ContainerRegistryReadOnly   from mk8s-sandbox-edge-ecr
      - role           mk8s-sandbox-edge-ecr                made by mk8s, used by nobody else
      - OIDC provider  oidc.sandbox.localhost/kz3wqgbhbjse  made by mk8s, trusted by no role
      - add-on         aws-ecr                              switched off
      - add-on         aws-workload-identity                switched off
    --- stderr
    Would take down aws-ecr for edge
    ");
    let run = bed
        .run(&format!("{DOWN} --with-oidc-provider --dry-run -o json"))
        .ok();
    let plan = run.json();
    assert_eq!(plan["kind"], json!("AwsPlan"));
    assert_eq!(plan["dryRun"], json!(true));
    let actions: Vec<_> = plan["items"][0]["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| format!("{} {}", step["part"], step["action"]).replace('"', ""))
        .collect();
    assert_eq!(
        actions,
        [
            "policy detach",
            "role delete",
            "oidc-provider delete",
            "addon delete",
            "addon delete"
        ]
    );
    assert_eq!(bed.moto.writes(), [""; 0]);
    assert_eq!((bed.world(), bed.patches()), (world, patches));
}

#[test]
fn without_an_answer_nothing_is_taken_down() {
    let bed = Bed::edge();
    bed.run(SETUP).ok();
    let (world, patches) = (bed.world(), bed.patches());
    bed.moto.forget();
    bed.run(DOWN).exits(2).err("add --yes to confirm");
    let mut terminal = Terminal::start(&bed.env, DOWN);
    terminal.until("Take it down? [y/N]").type_in("n\r");
    let (code, screen) = terminal.end();
    assert_eq!(code, 2, "{screen}");
    assert_eq!(bed.moto.writes(), [""; 0]);
    assert_eq!((bed.world(), bed.patches()), (world, patches));
}

#[test]
fn what_others_have_put_on_our_role_keeps_it() {
    let bed = Bed::edge();
    bed.run(SETUP).ok();
    bed.aws(&format!(
        "iam attach-role-policy --role-name {ROLE} \
         --policy-arn arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
    ));
    bed.aws("iam create-instance-profile --instance-profile-name nodes");
    bed.aws(&format!(
        "iam add-role-to-instance-profile --instance-profile-name nodes --role-name {ROLE}"
    ));
    bed.aws_with(&[
        "iam",
        "put-role-policy",
        "--role-name",
        ROLE,
        "--policy-name",
        "extra",
        "--policy-document",
        r#"{"Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}]}"#,
    ]);
    let run = bed.run(&format!("{DOWN} --with-oidc-provider --yes"));
    snapshot!(bed.env, run, @r"
    exit 0
    --- stdout
    Took down aws-ecr for edge; kept: mk8s-sandbox-edge-ecr, AmazonS3ReadOnlyAccess, oidc.sandbox.localhost/kz3wqgbhbjse, aws-workload-identity
    --- stderr
    Plan for account 123456789012 (caller arn:aws:sts::123456789012:user/moto)
      = trust policy   mk8s-sandbox-edge-ecr                our statement is the only one, and IAM takes no trust policy without any
      - detach         AmazonEC2ContainerRegistryReadOnly   from mk8s-sandbox-edge-ecr
      = keep           AmazonS3ReadOnlyAccess               attached by others
      = role           mk8s-sandbox-edge-ecr                arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess was attached by others; it has the inline policy extra; it has the instance profile nodes
      = OIDC provider  oidc.sandbox.localhost/kz3wqgbhbjse  the role arn:aws:iam::123456789012:role/mk8s-sandbox-edge-ecr trusts it
      - add-on         aws-ecr                              switched off
      = add-on         aws-workload-identity                the OIDC provider stays
    Kept trust policy mk8s-sandbox-edge-ecr
    Detached AmazonEC2ContainerRegistryReadOnly
    Kept pull policy AmazonS3ReadOnlyAccess
    Kept role mk8s-sandbox-edge-ecr
    Kept OIDC provider oidc.sandbox.localhost/kz3wqgbhbjse
    Switched off aws-ecr
    Kept add-on aws-workload-identity
    Undo: mk8s undo [RUN]
    ");
    assert_eq!(
        bed.moto.role(ROLE)["attached"],
        json!(["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"])
    );
}

#[test]
fn a_provider_that_is_still_needed_stays() {
    let bed = Bed::edge();
    bed.run(SETUP).ok();
    // Another role trusts it, and so does another add-on.
    let trust = bed.run("addon trust-policy aws-ecr -c edge").ok().stdout;
    bed.aws_with(&[
        "iam",
        "create-role",
        "--role-name",
        "pods",
        "--assume-role-policy-document",
        &trust,
    ]);
    bed.run("addon enable aws-efs -c edge --role-arn arn:aws:iam::123456789012:role/efs --force")
        .ok();
    let run = bed.run(&format!("{DOWN} --with-oidc-provider --yes"));
    snapshot!(bed.env, run, @r"
    exit 0
    --- stdout
    Took down aws-ecr for edge; kept: oidc.sandbox.localhost/kz3wqgbhbjse, aws-workload-identity
    --- stderr
    Plan for account 123456789012 (caller arn:aws:sts::123456789012:user/moto)
      - detach         AmazonEC2ContainerRegistryReadOnly   from mk8s-sandbox-edge-ecr
      - role           mk8s-sandbox-edge-ecr                made by mk8s, used by nobody else
      = OIDC provider  oidc.sandbox.localhost/kz3wqgbhbjse  aws-efs needs it; the role arn:aws:iam::123456789012:role/pods trusts it
      - add-on         aws-ecr                              switched off
      = add-on         aws-workload-identity                aws-efs needs it
    Detached AmazonEC2ContainerRegistryReadOnly
    Deleted role mk8s-sandbox-edge-ecr
    Kept OIDC provider oidc.sandbox.localhost/kz3wqgbhbjse
    Switched off aws-ecr
    Kept add-on aws-workload-identity
    Undo: mk8s undo [RUN]
    ");
    assert_eq!(bed.moto.providers().as_object().unwrap().len(), 1);
    assert_ne!(
        bed.sandbox.cluster("edge")["spec"]["addOns"]["awsWorkloadIdentity"],
        json!(null)
    );
}

#[test]
fn a_provider_whose_users_cannot_be_listed_stays() {
    let bed = Bed::edge();
    bed.run(SETUP).ok();
    bed.moto
        .faults(&json!([{"action": "ListRoles", "code": "AccessDenied", "times": 9}]));
    bed.run(&format!("{DOWN} --with-oidc-provider --yes"))
        .ok()
        .err("iam:ListRoles is not allowed, so others may use it");
    assert_eq!(bed.moto.providers().as_object().unwrap().len(), 1);
}

#[test]
fn a_provider_that_mk8s_did_not_make_stays() {
    let bed = Bed::edge();
    bed.run("addon enable aws-workload-identity -c edge").ok();
    bed.aws(&format!(
        "iam create-open-id-connect-provider --url https://{} --client-id-list sts.amazonaws.com",
        bed.issuer("edge")
    ));
    let before = bed.moto.state();
    bed.run(SETUP).ok();
    bed.run(&format!("{DOWN} --with-oidc-provider --yes"))
        .ok()
        .err("it was not made by mk8s for this cluster");
    assert_eq!(bed.moto.state(), before);
}

#[test]
fn what_is_gone_already_is_no_error() {
    let bed = Bed::edge();
    bed.run(SETUP).ok();
    bed.aws(&format!(
        "iam detach-role-policy --role-name {ROLE} \
         --policy-arn arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly"
    ));
    bed.aws(&format!("iam delete-role --role-name {ROLE}"));
    let run = bed.run(&format!("{DOWN} --with-oidc-provider --yes"));
    snapshot!(bed.env, run, @r"
    exit 0
    --- stdout
    Took down aws-ecr for edge
    --- stderr
    Plan for account 123456789012 (caller arn:aws:sts::123456789012:user/moto)
      = role           mk8s-sandbox-edge-ecr                not there
      - OIDC provider  oidc.sandbox.localhost/kz3wqgbhbjse  made by mk8s, trusted by no role
      - add-on         aws-ecr                              switched off
      - add-on         aws-workload-identity                switched off
    Deleted OIDC provider oidc.sandbox.localhost/kz3wqgbhbjse
    Switched off aws-ecr
    Switched off aws-workload-identity
    Undo: mk8s undo [RUN]
    ");
    assert_eq!(bed.moto.state(), json!({}));
}

#[test]
fn a_role_that_others_still_hold_is_not_deleted_under_them() {
    let bed = Bed::edge();
    bed.run(SETUP).ok();
    // Between the look and the delete, AWS finds something attached.
    bed.moto.faults(
        &json!([{"action": "DeleteRole", "code": "DeleteConflict", "times": 99,
            "message": "Cannot delete entity, must detach all policies first."}]),
    );
    let run = bed.run(&format!("{DOWN} --yes --timeout 2s"));
    snapshot!(bed.env, run, @r#"
    exit 6
    --- stderr
    Plan for account 123456789012 (caller arn:aws:sts::123456789012:user/moto)
      - detach         AmazonEC2ContainerRegistryReadOnly   from mk8s-sandbox-edge-ecr
      - role           mk8s-sandbox-edge-ecr                made by mk8s, used by nobody else
      = OIDC provider  oidc.sandbox.localhost/kz3wqgbhbjse  it goes only with --with-oidc-provider
      - add-on         aws-ecr                              switched off
    Detached AmazonEC2ContainerRegistryReadOnly
    error: the role `mk8s-sandbox-edge-ecr` was not deleted
      because: something is still attached to it
      because: AWS answered iam:DeleteRole with DeleteConflict: "Cannot delete entity, must detach all policies first."
    "#);
    // The cluster still knows its role, so that the next run can go on.
    bed.moto.heals();
    bed.run(&format!("{DOWN} --with-oidc-provider --yes")).ok();
    assert_eq!(bed.moto.state(), json!({}));
}

#[test]
fn another_role_than_the_clusters_is_refused_before_anything() {
    let bed = Bed::edge();
    bed.run(&format!("{SETUP} --role-name first")).ok();
    bed.moto.forget();
    let (world, patches) = (bed.world(), bed.patches());
    for flags in ["--yes", "--dry-run", "--account 123456789012 --yes"] {
        bed.run(&format!("{DOWN} --role-name second {flags}"))
            .exits(2)
            .err("error: aws-ecr was not taken down for `edge`")
            .err(
                "--role-name second was given, the cluster names \
                 arn:aws:iam::123456789012:role/first",
            )
            .err("leave --role-name out");
    }
    assert_eq!((bed.moto.writes(), bed.patches()), (vec![], patches));
    assert_eq!(bed.world(), world);
    bed.run(&format!("{DOWN} --role-name first --yes"))
        .ok()
        .err("Deleted role first");
}

#[test]
fn an_add_on_that_stays_keeps_what_it_needs() {
    let bed = Bed::edge();
    bed.run(SETUP).ok();
    bed.run(&format!("{DOWN} --keep-addon --with-oidc-provider --yes"))
        .ok()
        .err("= OIDC provider  oidc.sandbox.localhost/kz3wqgbhbjse  aws-ecr needs it")
        .err("= add-on         aws-workload-identity                aws-ecr needs it");
    assert_eq!(bed.moto.providers().as_object().unwrap().len(), 1);
    assert_eq!(
        bed.sandbox.cluster("edge")["spec"]["addOns"],
        json!({"awsWorkloadIdentity": {}, "awsECR": {}})
    );
}

#[test]
fn the_provider_is_known_by_our_statement_once_the_issuer_is_gone() {
    let bed = Bed::edge();
    bed.run(SETUP).ok();
    bed.run("addon disable aws-ecr -c edge --yes").ok();
    bed.run("addon disable aws-workload-identity -c edge --yes")
        .ok();
    bed.run(&format!("{DOWN} --dry-run")).ok().out(
        "= OIDC provider  oidc.sandbox.localhost/kz3wqgbhbjse  it goes only with \
         --with-oidc-provider",
    );
    bed.run(&format!("{DOWN} --with-oidc-provider --yes"))
        .ok()
        .err("Deleted role mk8s-sandbox-edge-ecr")
        .err("Deleted OIDC provider oidc.sandbox.localhost/kz3wqgbhbjse");
    assert_eq!(bed.moto.state(), json!({}));
}

#[test]
fn a_provider_of_another_account_in_our_statement_is_kept_and_told() {
    let bed = Bed::edge();
    bed.run(SETUP).ok();
    bed.run("addon disable aws-ecr -c edge --yes").ok();
    bed.run("addon disable aws-workload-identity -c edge --yes")
        .ok();
    let role = bed.aws(&format!("iam get-role --role-name {ROLE}"));
    let trust = role["Role"]["AssumeRolePolicyDocument"].to_string();
    bed.aws_with(&[
        "iam",
        "update-assume-role-policy",
        "--role-name",
        ROLE,
        "--policy-document",
        &trust.replace("123456789012:oidc", "999999999999:oidc"),
    ]);
    bed.run(&format!("{DOWN} --with-oidc-provider --dry-run"))
        .ok()
        .out("it is not of this account, and the cluster publishes no issuer any more");
}
