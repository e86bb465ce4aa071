//! `mk8s aws setup`: what it makes, in which order, how it asks, and that a second run writes
//! nothing.

use crate::support::manifests::hetzner;
use crate::support::{Bed, Terminal, is_read, snapshot};
use serde_json::json;

const ROLE: &str = "mk8s-sandbox-edge-ecr";
const READ_ONLY: &str = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly";

#[test]
fn one_command_takes_a_bare_cluster_to_a_complete_role() {
    let bed = Bed::edge();
    let run = bed.run("aws setup aws-ecr -c edge --yes");
    snapshot!(bed.env, run, @r#"
    exit 0
    --- stdout
    Set up aws-ecr for edge: role arn:aws:iam::123456789012:role/mk8s-sandbox-edge-ecr
    --- stderr
    Plan for account 123456789012 (caller arn:aws:sts::123456789012:user/moto)
      + add-on         aws-workload-identity               switched on
      + OIDC provider  (pending)                           audience sts.amazonaws.com, once the cluster has an issuer
      + add-on         aws-ecr                             switched on with role arn:aws:iam::123456789012:role/mk8s-sandbox-edge-ecr
      + role           mk8s-sandbox-edge-ecr               with the trust policy that the cluster publishes
      + attach         AmazonEC2ContainerRegistryReadOnly  to mk8s-sandbox-edge-ecr
        the role gets: path /; no permissions boundary; sessions of 3600 s at most
        and the tags mk8s.cpln/addon=awsECR, mk8s.cpln/attached/AmazonEC2ContainerRegistryReadOnly=arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly, mk8s.cpln/cluster=edge, mk8s.cpln/cluster/sandbox/edge=awsECR, mk8s.cpln/created-by=[VERSION], mk8s.cpln/managed-by=mk8s, mk8s.cpln/org=sandbox
    Switched on aws-workload-identity
    Switched on aws-ecr
    trust statement Mk8sEcr[HASH]: tokens of the issuer oidc.sandbox.localhost/kz3wqgbhbjse, subject system:serviceaccount:kube-system:ecr-credential-provider, audience sts.amazonaws.com
      {"Sid":"Mk8sEcr[HASH]","Effect":"Allow","Principal":{"Federated":"arn:aws:iam::123456789012:oidc-provider/oidc.sandbox.localhost/kz3wqgbhbjse"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"oidc.sandbox.localhost/kz3wqgbhbjse:aud":"sts.amazonaws.com","oidc.sandbox.localhost/kz3wqgbhbjse:sub":"system:serviceaccount:kube-system:ecr-credential-provider"}}}
    Who may assume the role: service account kube-system/ecr-credential-provider of edge; nobody else
    Created OIDC provider oidc.sandbox.localhost/kz3wqgbhbjse
    Created role mk8s-sandbox-edge-ecr
    Attached AmazonEC2ContainerRegistryReadOnly
    Next: mk8s check -c edge --image IMAGE
    Next: mk8s aws workload --image IMAGE
    "#);
    let issuer = bed.issuer("edge");
    assert_eq!(
        bed.sandbox.cluster("edge")["spec"]["addOns"],
        json!({
            "awsWorkloadIdentity": {},
            "awsECR": {"roleArn": format!("arn:aws:iam::123456789012:role/{ROLE}")}
        })
    );

    // As the AWS CLI sees it.
    let provider = format!("arn:aws:iam::123456789012:oidc-provider/{issuer}");
    let found = bed.aws(&format!(
        "iam get-open-id-connect-provider --open-id-connect-provider-arn {provider}"
    ));
    assert_eq!(found["Url"], json!(issuer));
    assert_eq!(found["ClientIDList"], json!(["sts.amazonaws.com"]));
    let role = bed.aws(&format!("iam get-role --role-name {ROLE}"))["Role"].take();
    let wanted = bed.run("addon trust-policy aws-ecr -c edge").ok().json();
    let mut trust = role["AssumeRolePolicyDocument"].clone();
    let sid = trust["Statement"][0].as_object_mut().unwrap().remove("Sid");
    assert!(sid.unwrap().as_str().unwrap().starts_with("Mk8sEcr"));
    assert_eq!(trust, wanted);
    assert_eq!(
        trust["Statement"][0]["Principal"]["Federated"],
        json!(provider)
    );
    assert_eq!(
        bed.aws(&format!(
            "iam list-attached-role-policies --role-name {ROLE}"
        ))["AttachedPolicies"][0]["PolicyArn"],
        json!(READ_ONLY)
    );
    assert_eq!(
        bed.moto.role(ROLE)["tags"],
        json!({
            "mk8s.cpln/addon": "awsECR",
            "mk8s.cpln/attached/AmazonEC2ContainerRegistryReadOnly": READ_ONLY,
            "mk8s.cpln/cluster": "edge",
            "mk8s.cpln/cluster/sandbox/edge": "awsECR",
            "mk8s.cpln/created-by": env!("CARGO_PKG_VERSION"),
            "mk8s.cpln/managed-by": "mk8s",
            "mk8s.cpln/org": "sandbox",
        })
    );
}

#[test]
fn a_second_run_writes_nothing_and_asks_nothing() {
    let bed = Bed::edge();
    let setup = "aws setup aws-ecr -c edge";
    bed.run(&format!("{setup} --yes")).ok();
    let (world, patches) = (bed.world(), bed.patches());
    bed.moto.forget();
    // Without --yes: there is nothing to ask about.
    snapshot!(bed.env, bed.run(setup), @r"
    exit 0
    --- stdout
    aws-ecr is already set up for edge: role arn:aws:iam::123456789012:role/mk8s-sandbox-edge-ecr
    --- stderr
    Plan for account 123456789012 (caller arn:aws:sts::123456789012:user/moto)
      = add-on         aws-workload-identity                on
      = OIDC provider  oidc.sandbox.localhost/kz3wqgbhbjse  exists, audience ok
      = add-on         aws-ecr                              on, role arn:aws:iam::123456789012:role/mk8s-sandbox-edge-ecr
      = role           mk8s-sandbox-edge-ecr                exists, made by mk8s
      = trust policy   mk8s-sandbox-edge-ecr                is the published one
      = pull policy    AmazonEC2ContainerRegistryReadOnly   attached
        who may assume the role: service account kube-system/ecr-credential-provider of edge; nobody else
    ");
    assert_eq!(bed.moto.writes(), [""; 0]);
    assert_eq!((bed.world(), bed.patches()), (world, patches));
    bed.run(&format!("{setup} --dry-run --exit-code")).ok();
}

#[test]
fn a_dry_run_shows_the_plan_and_writes_nothing() {
    let bed = Bed::edge();
    let before = bed.world();
    let run = bed.run("aws setup aws-ecr -c edge --dry-run --exit-code");
    assert_eq!(run.code, 10);
    snapshot!(bed.env, run, @r"
    exit 10
    --- stdout
    Plan for account 123456789012 (caller arn:aws:sts::123456789012:user/moto)
      + add-on         aws-workload-identity               switched on
      + OIDC provider  (pending)                           audience sts.amazonaws.com, once the cluster has an issuer
      + add-on         aws-ecr                             switched on with role arn:aws:iam::123456789012:role/mk8s-sandbox-edge-ecr
      + role           mk8s-sandbox-edge-ecr               with the trust policy that the cluster publishes
      + attach         AmazonEC2ContainerRegistryReadOnly  to mk8s-sandbox-edge-ecr
        the role gets: path /; no permissions boundary; sessions of 3600 s at most
        and the tags mk8s.cpln/addon=awsECR, mk8s.cpln/attached/AmazonEC2ContainerRegistryReadOnly=arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly, mk8s.cpln/cluster=edge, mk8s.cpln/cluster/sandbox/edge=awsECR, mk8s.cpln/created-by=[VERSION], mk8s.cpln/managed-by=mk8s, mk8s.cpln/org=sandbox
    --- stderr
    Would set up aws-ecr for edge: role arn:aws:iam::123456789012:role/mk8s-sandbox-edge-ecr
    ");
    let run = bed.run("aws setup aws-ecr -c edge --dry-run -o json").ok();
    let plan = run.json();
    assert_eq!(plan["dryRun"], json!(true));
    let steps = plan["items"][0]["steps"].as_array().unwrap();
    assert!(steps.iter().all(|step| step["done"] == json!(false)));
    assert_eq!(bed.moto.writes(), [""; 0]);
    assert_eq!((bed.world(), bed.patches()), (before, 0));
}

#[test]
fn without_an_answer_nothing_is_done() {
    let bed = Bed::edge();
    let before = bed.world();
    snapshot!(bed.env, bed.run("aws setup aws-ecr -c edge"), @r"
    exit 2
    --- stderr
    Plan for account 123456789012 (caller arn:aws:sts::123456789012:user/moto)
      + add-on         aws-workload-identity               switched on
      + OIDC provider  (pending)                           audience sts.amazonaws.com, once the cluster has an issuer
      + add-on         aws-ecr                             switched on with role arn:aws:iam::123456789012:role/mk8s-sandbox-edge-ecr
      + role           mk8s-sandbox-edge-ecr               with the trust policy that the cluster publishes
      + attach         AmazonEC2ContainerRegistryReadOnly  to mk8s-sandbox-edge-ecr
        the role gets: path /; no permissions boundary; sessions of 3600 s at most
        and the tags mk8s.cpln/addon=awsECR, mk8s.cpln/attached/AmazonEC2ContainerRegistryReadOnly=arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly, mk8s.cpln/cluster=edge, mk8s.cpln/cluster/sandbox/edge=awsECR, mk8s.cpln/created-by=[VERSION], mk8s.cpln/managed-by=mk8s, mk8s.cpln/org=sandbox
    error: aws-ecr was not set up for `edge`
      because: it has to be confirmed, and nobody can be asked here
    hint: add --yes to confirm it on the command line
    ");
    assert_eq!(bed.moto.writes(), [""; 0]);
    let mut terminal = Terminal::start(&bed.env, "aws setup aws-ecr -c edge");
    terminal.until("[y/N]").type_in("n\r");
    let (code, screen) = terminal.end();
    assert_eq!(code, 2, "{screen}");
    assert!(screen.contains("5 to create, 0 to change"), "{screen}");
    assert_eq!((bed.world(), bed.patches()), (before, 0));
}

#[test]
fn on_a_terminal_yes_goes_ahead() {
    let bed = Bed::edge();
    let mut terminal = Terminal::start(&bed.env, "aws setup aws-ecr -c edge");
    terminal.until("Create them? [y/N]").type_in("y\r");
    let (code, screen) = terminal.end();
    assert_eq!(code, 0, "{screen}");
    assert!(
        screen.contains("Created role mk8s-sandbox-edge-ecr"),
        "{screen}"
    );
}

#[test]
fn enable_with_create_role_is_the_same() {
    let bed = Bed::two();
    bed.run("aws setup aws-ecr -c edge --yes").ok();
    let run = bed.run("addon enable aws-ecr -c west --create-role --yes");
    snapshot!(bed.env, run, @r#"
    exit 0
    --- stdout
    Set up aws-ecr for west: role arn:aws:iam::123456789012:role/mk8s-sandbox-west-ecr
    --- stderr
    Plan for account 123456789012 (caller arn:aws:sts::123456789012:user/moto)
      + add-on         aws-workload-identity               switched on
      + OIDC provider  (pending)                           audience sts.amazonaws.com, once the cluster has an issuer
      + add-on         aws-ecr                             switched on with role arn:aws:iam::123456789012:role/mk8s-sandbox-west-ecr
      + role           mk8s-sandbox-west-ecr               with the trust policy that the cluster publishes
      + attach         AmazonEC2ContainerRegistryReadOnly  to mk8s-sandbox-west-ecr
        the role gets: path /; no permissions boundary; sessions of 3600 s at most
        and the tags mk8s.cpln/addon=awsECR, mk8s.cpln/attached/AmazonEC2ContainerRegistryReadOnly=arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly, mk8s.cpln/cluster=west, mk8s.cpln/cluster/sandbox/west=awsECR, mk8s.cpln/created-by=[VERSION], mk8s.cpln/managed-by=mk8s, mk8s.cpln/org=sandbox
    Switched on aws-workload-identity
    Switched on aws-ecr
    trust statement Mk8sEcr[HASH]: tokens of the issuer oidc.sandbox.localhost/kexdjl6f8a79, subject system:serviceaccount:kube-system:ecr-credential-provider, audience sts.amazonaws.com
      {"Sid":"Mk8sEcr[HASH]","Effect":"Allow","Principal":{"Federated":"arn:aws:iam::123456789012:oidc-provider/oidc.sandbox.localhost/kexdjl6f8a79"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"oidc.sandbox.localhost/kexdjl6f8a79:aud":"sts.amazonaws.com","oidc.sandbox.localhost/kexdjl6f8a79:sub":"system:serviceaccount:kube-system:ecr-credential-provider"}}}
    Who may assume the role: service account kube-system/ecr-credential-provider of west; nobody else
    Created OIDC provider oidc.sandbox.localhost/kexdjl6f8a79
    Created role mk8s-sandbox-west-ecr
    Attached AmazonEC2ContainerRegistryReadOnly
    Next: mk8s check -c west --image IMAGE
    Next: mk8s aws workload --image IMAGE
    "#);
    let (edge, west) = (bed.moto.role(ROLE), bed.moto.role("mk8s-sandbox-west-ecr"));
    let shape = |role: &serde_json::Value, cluster: &str| {
        role["trust"]["Statement"][0]["Action"].to_string()
            + &role["tags"].to_string().replace(cluster, "X")
            + &role["attached"].to_string()
    };
    assert_eq!(shape(&edge, "edge"), shape(&west, "west"));
    let named = bed.run(
        "addon enable aws-ecr -c west --create-role --yes \
         --role-arn arn:aws:iam::123456789012:role/mine",
    );
    named.ok().out("role arn:aws:iam::123456789012:role/mine");
    bed.run("addon enable aws-ecr -c west --create-role --no-role-arn")
        .exits(2);
    bed.run("addon enable aws-ecr -c west --role-name x")
        .exits(2)
        .err("--create-role");
}

#[test]
fn what_the_role_is_to_be_like_is_asked_for_by_flags() {
    let bed = Bed::edge();
    let boundary = "arn:aws:iam::123456789012:policy/edge";
    bed.run(&format!(
        "aws setup aws-ecr -c edge --yes --role-name puller --role-path team/pull \
         --permissions-boundary {boundary} --tag team=shop --tag cost=42 \
         --max-session-duration 2h --pull-policy pull-only"
    ))
    .ok()
    .out("arn:aws:iam::123456789012:role/team/pull/puller");
    let role = bed.moto.role("puller");
    assert_eq!(role["boundary"], json!(boundary));
    assert_eq!(role["maxSession"], json!(7200));
    assert_eq!(role["tags"]["team"], json!("shop"));
    assert_eq!(role["tags"]["cost"], json!("42"));
    assert_eq!(
        role["attached"],
        json!(["arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly"])
    );
    // Flags of new things are for new things; what exists is kept, and that is said.
    bed.moto.forget();
    let run = bed.run(
        "aws setup aws-ecr -c edge --yes --role-name puller --permissions-boundary \
         arn:aws:iam::123456789012:policy/other --tag team=else --max-session-duration 3600",
    );
    snapshot!(bed.env, run, @r"
    exit 0
    --- stdout
    aws-ecr is already set up for edge: role arn:aws:iam::123456789012:role/team/pull/puller
    --- stderr
    warning: --permissions-boundary is for a new role; `puller` keeps arn:aws:iam::123456789012:policy/edge
    warning: --max-session-duration is for a new role; `puller` keeps its own
    warning: --tag is for a new role; the tags of `puller` stay as they are
    warning: whether the permissions boundary arn:aws:iam::123456789012:policy/edge of puller allows pulls is not known: arn:aws:iam::123456789012:policy/edge is not there
    Plan for account 123456789012 (caller arn:aws:sts::123456789012:user/moto)
      = add-on         aws-workload-identity                on
      = OIDC provider  oidc.sandbox.localhost/kz3wqgbhbjse  exists, audience ok
      = add-on         aws-ecr                              on, role arn:aws:iam::123456789012:role/team/pull/puller
      = role           puller                               exists, made by mk8s
      = trust policy   puller                               is the published one
      = pull policy    AmazonEC2ContainerRegistryPullOnly   may let the role pull
        who may assume the role: service account kube-system/ecr-credential-provider of edge; nobody else
    ");
    assert_eq!(bed.moto.writes(), [""; 0]);
}

#[test]
fn flags_that_aws_would_refuse_are_refused_before_any_call() {
    let bed = Bed::edge();
    for (flags, told) in [
        ("--role-name has,blank/slash", "role's name"),
        ("--role-path /bad//path/", "--role-path"),
        ("--tag novalue", "KEY=VALUE"),
        ("--tag aws:x=1", "AWS's own"),
        ("--tag mk8s.cpln/x=1", "set by mk8s"),
        ("--max-session-duration 13h", "--max-session-duration"),
        ("--max-session-duration 5m", "--max-session-duration"),
        ("--pull-policy everything", "--pull-policy"),
        ("--permissions-boundary x", "boundary"),
        ("--account 12345", "12 are needed"),
        ("--role-arn arn:aws:iam::123456789012:user/x", "role ARN"),
        (
            "--role-arn arn:aws:iam::123456789012:role/a/x --role-name y",
            "--role-name y was given together with --role-arn",
        ),
        (
            "--role-arn arn:aws:iam::123456789012:role/a/x --role-path /b/",
            "--role-path /b/ was given together with --role-arn",
        ),
        ("--image nginx:latest", "nginx"),
        ("--only everything", "--only"),
    ] {
        bed.run(&format!("aws setup aws-ecr -c edge --yes {flags}"))
            .exits(2)
            .err(told)
            .silent();
    }
    bed.run("aws setup aws-efs -c edge")
        .exits(2)
        .err("aws-ecr is the one");
    bed.run("aws setup aws-erc -c edge")
        .exits(2)
        .err("did you mean");
    bed.run("aws setup aws-ecr -c nope --yes").exits(3);
    for (flags, code, told) in [
        (
            "--pull-policy arn:aws:iam::aws:policy/NoSuchThing",
            3,
            "there is no policy arn:aws:iam::aws:policy/NoSuchThing",
        ),
        (
            "--pull-policy arn:aws-cn:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly",
            6,
            "is not in the partition aws, where the role is",
        ),
        (
            "--permissions-boundary arn:aws:iam::999999999999:policy/b",
            6,
            "is not in the account 123456789012, where the role is",
        ),
    ] {
        bed.run(&format!("aws setup aws-ecr -c edge --yes {flags}"))
            .exits(code)
            .err(told);
    }
    assert!(bed.moto.log().iter().all(|action| is_read(action)));
    assert_eq!(bed.patches(), 0);
}

#[test]
fn a_part_can_be_made_alone() {
    let bed = Bed::edge();
    let only = |part: &str| bed.run(&format!("aws setup aws-ecr -c edge --yes --only {part}"));
    // Without the add-ons there is neither an issuer nor a trust policy; --only switches none on.
    snapshot!(bed.env, only("role"), @r"
    exit 6
    --- stderr
    error: aws-ecr was not set up for `edge`
      because: aws-ecr is off, so the cluster publishes no trust policy
    hint: `mk8s aws setup aws-ecr -c edge` without --only does all of it
    ");
    snapshot!(bed.env, only("oidc-provider"), @r"
    exit 6
    --- stderr
    error: aws-ecr was not set up for `edge`
      because: aws-workload-identity is off, so the cluster has no issuer
    hint: `mk8s aws setup aws-ecr -c edge` without --only does all of it
    ");
    assert_eq!(bed.moto.writes(), [""; 0]);
    bed.run(&format!(
        "addon enable aws-ecr -c edge --with-prerequisites \
         --role-arn arn:aws:iam::123456789012:role/{ROLE}"
    ))
    .ok();
    let patches = bed.patches();
    bed.moto.forget();
    for (part, writes) in [
        ("oidc-provider", vec!["CreateOpenIDConnectProvider"]),
        ("role", vec!["CreateRole"]),
        ("trust", vec![]),
        ("policy", vec!["TagRole", "AttachRolePolicy"]),
    ] {
        only(part).ok();
        assert_eq!(bed.moto.writes(), writes, "{part}");
        bed.moto.forget();
        only(part).ok();
        assert_eq!(bed.moto.writes(), [""; 0], "{part} again");
    }
    assert_eq!(bed.patches(), patches);
    bed.run("aws status aws-ecr -c edge --exit-code").ok();
    bed.moto.forget();
    bed.run("aws setup aws-ecr -c edge").ok();
    assert_eq!(bed.moto.writes(), [""; 0]);
    let trust = only("trust");
    snapshot!(bed.env, trust, @r"
    exit 0
    --- stdout
    trust of aws-ecr is already set up for edge: role arn:aws:iam::123456789012:role/mk8s-sandbox-edge-ecr
    --- stderr
    Plan for account 123456789012 (caller arn:aws:sts::123456789012:user/moto)
      = trust policy  mk8s-sandbox-edge-ecr  is the published one
        who may assume the role: service account kube-system/ecr-credential-provider of edge; nobody else
    ");
    bed.run(
        "aws setup aws-ecr -c edge --yes --only policy --role-name nobody --account 123456789012",
    )
    .exits(3);
}

#[test]
fn trust_policies_come_in_every_form() {
    for form in ["string", "placeholder"] {
        let bed = Bed::holding(&[hetzner("edge", &[])], &["--trust-policy", form]);
        let run = bed.run("aws setup aws-ecr -c edge --yes").ok();
        let trust = bed.moto.role(ROLE)["trust"].take();
        assert_eq!(
            trust["Statement"][0]["Principal"]["Federated"],
            json!(format!(
                "arn:aws:iam::123456789012:oidc-provider/{}",
                bed.issuer("edge")
            )),
            "{form}"
        );
        let replaced = "`<AWS_ACCOUNT_ID>` in Principal.Federated";
        assert_eq!(
            run.stderr.contains(replaced),
            form == "placeholder",
            "{run}"
        );
        bed.moto.forget();
        bed.run("aws setup aws-ecr -c edge").ok().never(replaced);
        assert_eq!(bed.moto.writes(), [""; 0], "{form}");
    }
}

#[test]
fn a_slow_status_is_waited_for() {
    let bed = Bed::holding(&[hetzner("edge", &[])], &["--status-delay", "2s"]);
    bed.run("aws setup aws-ecr -c edge --yes")
        .ok()
        .err("Waiting for status.oidcProviderUrl of edge")
        .err("Created role mk8s-sandbox-edge-ecr");
    bed.run("aws status aws-ecr -c edge --exit-code").ok();
}

#[test]
fn a_status_that_does_not_come_is_given_up_and_taken_up_again() {
    let bed = Bed::holding(&[hetzner("edge", &[])], &["--status-delay", "5s"]);
    bed.run("aws setup aws-ecr -c edge --yes --wait=1s")
        .exits(7)
        .silent()
        .err("error: gave up waiting for the OIDC issuer URL on `edge` after 1s")
        .err("The parts made so far stay.")
        .err("hint: mk8s aws setup aws-ecr -c edge");
    assert_eq!(bed.moto.writes(), [""; 0]);
    bed.run("aws setup aws-ecr -c edge --yes").ok();
    bed.run("aws status aws-ecr -c edge --exit-code").ok();
}

#[test]
fn a_platform_that_wants_the_role_first_gets_it_first() {
    let bed = Bed::holding(&[hetzner("edge", &[])], &["--require-role", ROLE]);
    let run = bed.run("aws setup aws-ecr -c edge --yes");
    snapshot!(bed.env, run, @r#"
    exit 0
    --- stdout
    Set up aws-ecr for edge: role arn:aws:iam::123456789012:role/mk8s-sandbox-edge-ecr
    --- stderr
    Plan for account 123456789012 (caller arn:aws:sts::123456789012:user/moto)
      + add-on         aws-workload-identity               switched on
      + OIDC provider  (pending)                           audience sts.amazonaws.com, once the cluster has an issuer
      + add-on         aws-ecr                             switched on with role arn:aws:iam::123456789012:role/mk8s-sandbox-edge-ecr
      + role           mk8s-sandbox-edge-ecr               with the trust policy that the cluster publishes
      + attach         AmazonEC2ContainerRegistryReadOnly  to mk8s-sandbox-edge-ecr
        the role gets: path /; no permissions boundary; sessions of 3600 s at most
        and the tags mk8s.cpln/addon=awsECR, mk8s.cpln/attached/AmazonEC2ContainerRegistryReadOnly=arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly, mk8s.cpln/cluster=edge, mk8s.cpln/cluster/sandbox/edge=awsECR, mk8s.cpln/created-by=[VERSION], mk8s.cpln/managed-by=mk8s, mk8s.cpln/org=sandbox
    Switched on aws-workload-identity
    edge does not take a role that does not exist: the role is made first
    Created OIDC provider oidc.sandbox.localhost/kz3wqgbhbjse
    Created role mk8s-sandbox-edge-ecr
    Switched on aws-ecr
    trust statement Mk8sEcr[HASH]: tokens of the issuer oidc.sandbox.localhost/kz3wqgbhbjse, subject system:serviceaccount:kube-system:ecr-credential-provider, audience sts.amazonaws.com
      {"Sid":"Mk8sEcr[HASH]","Effect":"Allow","Principal":{"Federated":"arn:aws:iam::123456789012:oidc-provider/oidc.sandbox.localhost/kz3wqgbhbjse"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"oidc.sandbox.localhost/kz3wqgbhbjse:aud":"sts.amazonaws.com","oidc.sandbox.localhost/kz3wqgbhbjse:sub":"system:serviceaccount:kube-system:ecr-credential-provider"}}}
    Who may assume the role: service account kube-system/ecr-credential-provider of edge; nobody else
    Updated trust policy mk8s-sandbox-edge-ecr
    The previous trust policy is kept in [HOME]/.local/state/mk8s/trust/123456789012-mk8s-sandbox-edge-ecr-[TIME].json; to put it back: aws iam update-assume-role-policy --role-name mk8s-sandbox-edge-ecr --policy-document file://[HOME]/.local/state/mk8s/trust/123456789012-mk8s-sandbox-edge-ecr-[TIME].json
    Attached AmazonEC2ContainerRegistryReadOnly
    Next: mk8s check -c edge --image IMAGE
    Next: mk8s aws workload --image IMAGE
    "#);
    assert_eq!(
        bed.moto.writes(),
        [
            "CreateOpenIDConnectProvider",
            "CreateRole",
            "UpdateAssumeRolePolicy",
            "AttachRolePolicy"
        ]
    );
    let wanted = bed.run("addon trust-policy aws-ecr -c edge").ok().json();
    let mut trust = bed.moto.role(ROLE)["trust"].take();
    trust["Statement"][0].as_object_mut().unwrap().remove("Sid");
    assert_eq!(trust, wanted);
    bed.moto.forget();
    bed.run("aws setup aws-ecr -c edge").ok();
    assert_eq!(bed.moto.writes(), [""; 0]);
    // The same world as by the other order.
    let plain = Bed::edge();
    plain.run("aws setup aws-ecr -c edge --yes").ok();
    let text = |bed: &Bed| {
        bed.world()
            .to_string()
            .replace(&bed.issuer("edge"), "ISSUER")
    };
    let cut = |text: String| {
        let at = text.find("Mk8sEcr").unwrap() + 7;
        text.replace(&text[at..at + 10], "HASH")
    };
    assert_eq!(cut(text(&bed)), cut(text(&plain)));
}

#[test]
fn a_refusal_for_another_reason_is_told_as_it_is() {
    let bed = Bed::holding(
        &[hetzner("edge", &[])],
        &[
            "--fault",
            "status=400,on=PATCH,message=no such thing as awsECR",
        ],
    );
    let run = bed.run("aws setup aws-ecr -c edge --yes");
    snapshot!(bed.env, run, @r#"
    exit 6
    --- stderr
    Plan for account 123456789012 (caller arn:aws:sts::123456789012:user/moto)
      + add-on         aws-workload-identity               switched on
      + OIDC provider  (pending)                           audience sts.amazonaws.com, once the cluster has an issuer
      + add-on         aws-ecr                             switched on with role arn:aws:iam::123456789012:role/mk8s-sandbox-edge-ecr
      + role           mk8s-sandbox-edge-ecr               with the trust policy that the cluster publishes
      + attach         AmazonEC2ContainerRegistryReadOnly  to mk8s-sandbox-edge-ecr
        the role gets: path /; no permissions boundary; sessions of 3600 s at most
        and the tags mk8s.cpln/addon=awsECR, mk8s.cpln/attached/AmazonEC2ContainerRegistryReadOnly=arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly, mk8s.cpln/cluster=edge, mk8s.cpln/cluster/sandbox/edge=awsECR, mk8s.cpln/created-by=[VERSION], mk8s.cpln/managed-by=mk8s, mk8s.cpln/org=sandbox
    error: `aws-workload-identity` of `edge` was not changed
      because: Control Plane answered 400 "no such thing as awsECR" (request [ID])
    "#);
    assert_eq!(bed.moto.writes(), [""; 0]);
}

#[test]
fn several_clusters_are_planned_together_and_then_set_up() {
    let bed = Bed::two();
    let run = bed.run("aws setup aws-ecr -c edge -c nope -c west --yes");
    assert_eq!(run.code, 9, "{run}");
    snapshot!(bed.env, run, @r#"
    exit 9
    --- stdout
    Set up aws-ecr for edge: role arn:aws:iam::123456789012:role/mk8s-sandbox-edge-ecr
    Set up aws-ecr for west: role arn:aws:iam::123456789012:role/mk8s-sandbox-west-ecr
    --- stderr
    Plan for edge in account 123456789012 (caller arn:aws:sts::123456789012:user/moto)
      + add-on         aws-workload-identity               switched on
      + OIDC provider  (pending)                           audience sts.amazonaws.com, once the cluster has an issuer
      + add-on         aws-ecr                             switched on with role arn:aws:iam::123456789012:role/mk8s-sandbox-edge-ecr
      + role           mk8s-sandbox-edge-ecr               with the trust policy that the cluster publishes
      + attach         AmazonEC2ContainerRegistryReadOnly  to mk8s-sandbox-edge-ecr
        the role gets: path /; no permissions boundary; sessions of 3600 s at most
        and the tags mk8s.cpln/addon=awsECR, mk8s.cpln/attached/AmazonEC2ContainerRegistryReadOnly=arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly, mk8s.cpln/cluster=edge, mk8s.cpln/cluster/sandbox/edge=awsECR, mk8s.cpln/created-by=[VERSION], mk8s.cpln/managed-by=mk8s, mk8s.cpln/org=sandbox
    Plan for west in account 123456789012 (caller arn:aws:sts::123456789012:user/moto)
      + add-on         aws-workload-identity               switched on
      + OIDC provider  (pending)                           audience sts.amazonaws.com, once the cluster has an issuer
      + add-on         aws-ecr                             switched on with role arn:aws:iam::123456789012:role/mk8s-sandbox-west-ecr
      + role           mk8s-sandbox-west-ecr               with the trust policy that the cluster publishes
      + attach         AmazonEC2ContainerRegistryReadOnly  to mk8s-sandbox-west-ecr
        the role gets: path /; no permissions boundary; sessions of 3600 s at most
        and the tags mk8s.cpln/addon=awsECR, mk8s.cpln/attached/AmazonEC2ContainerRegistryReadOnly=arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly, mk8s.cpln/cluster=west, mk8s.cpln/cluster/sandbox/west=awsECR, mk8s.cpln/created-by=[VERSION], mk8s.cpln/managed-by=mk8s, mk8s.cpln/org=sandbox
    edge: Switched on aws-workload-identity
    west: Switched on aws-workload-identity
    edge: Switched on aws-ecr
    west: Switched on aws-ecr
    edge: trust statement Mk8sEcr[HASH]: tokens of the issuer oidc.sandbox.localhost/kz3wqgbhbjse, subject system:serviceaccount:kube-system:ecr-credential-provider, audience sts.amazonaws.com
    edge:   {"Sid":"Mk8sEcr[HASH]","Effect":"Allow","Principal":{"Federated":"arn:aws:iam::123456789012:oidc-provider/oidc.sandbox.localhost/kz3wqgbhbjse"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"oidc.sandbox.localhost/kz3wqgbhbjse:aud":"sts.amazonaws.com","oidc.sandbox.localhost/kz3wqgbhbjse:sub":"system:serviceaccount:kube-system:ecr-credential-provider"}}}
    edge: Who may assume the role: service account kube-system/ecr-credential-provider of edge; nobody else
    edge: Created OIDC provider oidc.sandbox.localhost/kz3wqgbhbjse
    edge: Created role mk8s-sandbox-edge-ecr
    edge: Attached AmazonEC2ContainerRegistryReadOnly
    west: trust statement Mk8sEcr[HASH]: tokens of the issuer oidc.sandbox.localhost/kexdjl6f8a79, subject system:serviceaccount:kube-system:ecr-credential-provider, audience sts.amazonaws.com
    west:   {"Sid":"Mk8sEcr[HASH]","Effect":"Allow","Principal":{"Federated":"arn:aws:iam::123456789012:oidc-provider/oidc.sandbox.localhost/kexdjl6f8a79"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"oidc.sandbox.localhost/kexdjl6f8a79:aud":"sts.amazonaws.com","oidc.sandbox.localhost/kexdjl6f8a79:sub":"system:serviceaccount:kube-system:ecr-credential-provider"}}}
    west: Who may assume the role: service account kube-system/ecr-credential-provider of west; nobody else
    west: Created OIDC provider oidc.sandbox.localhost/kexdjl6f8a79
    west: Created role mk8s-sandbox-west-ecr
    west: Attached AmazonEC2ContainerRegistryReadOnly
    Next: mk8s check -c edge -c west --image IMAGE
    2 changed, 1 failed
    error: of 3 targets 1 failed
    error: cannot read cluster `nope` in org `sandbox`
      because: Control Plane answered 404 "mk8s "nope" does not exist" (request [ID])
    hint: you are using org `sandbox` from CPLN_ORG
    hint: clusters that exist: `mk8s cluster list`
    "#);
    bed.moto.forget();
    bed.run("aws setup aws-ecr -c edge -c west").ok();
    assert_eq!(bed.moto.writes(), [""; 0]);
    let run = bed
        .run("aws status aws-ecr -c edge -c west -o json")
        .ok()
        .json();
    assert_eq!(run["items"].as_array().unwrap().len(), 2);
}

/// Nothing is done for the first cluster before the last one was seen and all were agreed to.
#[test]
fn several_clusters_are_asked_about_once() {
    let bed = Bed::two();
    let run = bed
        .run("aws setup aws-ecr -c edge -c west")
        .exits(2)
        .silent();
    let _ = run
        .err("Plan for edge in account")
        .err("Plan for west in account")
        .err("aws-ecr was not set up for `edge`, `west`");
    assert_eq!((bed.moto.writes(), bed.patches()), (Vec::new(), 0));
    bed.run("aws setup aws-ecr -c edge -c west --yes").ok();
    bed.moto.forget();
    let patches = bed.patches();
    let line = "aws teardown aws-ecr -c edge -c west";
    let run = bed.run(line).exits(2).silent();
    let _ = run.err("aws-ecr was not taken down for `edge`, `west`");
    assert_eq!((bed.moto.writes(), bed.patches()), (Vec::new(), patches));
}

/// Two clusters that share a role: the plan of the second is made again once the first is gone, and
/// what it does more than was shown is shown as well.
#[test]
fn a_shared_role_goes_with_the_last_of_the_clusters() {
    let bed = Bed::two();
    let setup = "aws setup aws-ecr -c edge -c west --role-name shared --yes";
    // Each plan speaks of its own cluster alone.
    let _ = bed
        .run(setup)
        .ok()
        .err("the role of edge is that of west as well: after this run")
        .err("the role of west is that of edge as well: after this run");
    let again = bed.run(setup).ok();
    assert!(!again.stderr.contains("as well"), "{again}");
    let run = bed.run("aws teardown aws-ecr -c edge -c west --yes").ok();
    let _ = run.err("west: Deleted role shared");
    let roles = bed.aws("iam list-roles");
    assert_eq!(roles["Roles"], serde_json::json!([]));
}
