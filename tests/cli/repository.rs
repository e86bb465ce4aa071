//! `mk8s aws repository-policy`, and the flags of `aws setup` of that name: repositories of another
//! account than the role's.

use crate::support::{ACCOUNT, Bed, Env, snapshot};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

const OWNER: &str = "222222222222";
const IMAGE: &str = "222222222222.dkr.ecr.eu-central-1.amazonaws.com/team/shop:1";
const ROLE: &str = "arn:aws:iam::123456789012:role/pull";
const APPLY: &str = "aws setup aws-ecr -c edge --apply-repository-policy --image 222222222222.dkr.ecr.eu-central-1.amazonaws.com/team/shop:1";

/// A cluster whose role is in moto's account, the repository in another, and that account's keys in
/// the environment.
fn two_accounts() -> Bed {
    let mut bed = Bed::edge();
    bed.run(&format!(
        "addon enable aws-ecr -c edge --with-prerequisites --role-arn {ROLE}"
    ))
    .ok();
    bed.act_in(OWNER);
    bed.aws("ecr create-repository --repository-name team/shop --region eu-central-1");
    bed.moto.forget();
    bed
}

fn policy(bed: &Bed) -> Value {
    let answer =
        bed.aws("ecr get-repository-policy --repository-name team/shop --region eu-central-1");
    serde_json::from_str(answer["policyText"].as_str().unwrap()).unwrap()
}

fn set(bed: &Bed, policy: &Value) {
    bed.aws_with(&[
        "ecr",
        "set-repository-policy",
        "--repository-name=team/shop",
        "--region=eu-central-1",
        "--policy-text",
        &policy.to_string(),
    ]);
    bed.moto.forget();
}

/// A cluster file: what is shown needs no network.
fn file(role: &str) -> Env {
    let env = Env::new();
    let cluster = json!({
        "kind": "mk8s", "name": "edge", "id": "id-1",
        "links": [{"rel": "self", "href": "/org/acme/mk8s/edge"}],
        "spec": {"provider": {"hetzner": {}},
            "addOns": {"awsWorkloadIdentity": {}, "awsECR": {"roleArn": role}}},
    });
    env.write("edge.json", cluster.to_string());
    env
}

#[test]
fn the_statement_is_shown_where_the_accounts_differ() {
    let env = file(ROLE);
    let line = format!("aws setup aws-ecr -f edge.json --repository-policy --image {IMAGE}");
    snapshot!(env, env.line(&line).run(), @r#"
    exit 0
    --- stdout
    {
      "Version": "2012-10-17",
      "Statement": [
        {
          "Sid": "Mk8sEcrPull6b72c9db04",
          "Effect": "Allow",
          "Principal": {
            "AWS": "arn:aws:iam::123456789012:role/pull"
          },
          "Action": [
            "ecr:BatchGetImage",
            "ecr:GetDownloadUrlForLayer"
          ]
        }
      ]
    }
    --- stderr
    The policy of the repository team/shop in account 222222222222 has to admit the role arn:aws:iam::123456789012:role/pull of another account; with credentials of account 222222222222 it does by the command below
    Next: mk8s aws repository-policy aws-ecr -c edge --image 222222222222.dkr.ecr.eu-central-1.amazonaws.com/team/shop:1 --apply -f edge.json
    "#);
    let item = env.line(&format!("{line} -o json")).run().ok().json()["items"][0].take();
    assert_eq!(item["steps"][0]["part"], "repository-policy");
    assert_eq!(
        item["steps"][0]["resource"],
        "arn:aws:ecr:eu-central-1:222222222222:repository/team/shop"
    );
    assert_eq!(
        item["repositoryPolicy"]["Statement"][0]["Principal"]["AWS"],
        ROLE
    );
}

#[test]
fn where_none_is_needed_it_says_so() {
    let env = file("arn:aws:iam::222222222222:role/pull");
    let line = format!("aws setup aws-ecr -f edge.json --repository-policy --image {IMAGE}");
    snapshot!(env, env.line(&line).run(), @r"
    exit 0
    --- stderr
    The repository team/shop in account 222222222222 needs no statement: the role arn:aws:iam::222222222222:role/pull belongs to the account of the repository
    ");
    let item = env.line(&format!("{line} -o json")).run().ok().json()["items"][0].take();
    assert_eq!(item["steps"][0]["action"], "none");
    assert_eq!(item["repositoryPolicy"], Value::Null);
    let china = file("arn:aws-cn:iam::123456789012:role/pull");
    china.line(&line).run().exits(6).err("partition aws-cn");
    let line = "aws setup aws-ecr -f edge.json --repository-policy";
    let _ = env.line(line).run().exits(2).silent();
    let line = format!("{line} --image docker.io/library/nginx");
    let _ = env.line(&line).run().exits(2).silent();
}

#[test]
fn the_statement_is_merged_once_and_others_stay() {
    let bed = two_accounts();
    let others = json!({"Version": "2008-10-17", "Statement": [
        {"Sid": "of others", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::333333333333:root"},
         "Action": ["ecr:BatchGetImage"]}]});
    set(&bed, &others);
    snapshot!(bed.env, bed.run(&format!("{APPLY} --dry-run --exit-code")), @r"
    exit 10
    --- stdout
    Plan for account 222222222222 (caller arn:aws:sts::222222222222:assumed-role/ops/ops)
      ~ repository  team/shop  statement Mk8sEcrPull6b72c9db04 for arn:aws:iam::123456789012:role/pull, keeps 1 of others
    --- stderr
    Would let arn:aws:iam::123456789012:role/pull pull from team/shop in account 222222222222
    ");
    snapshot!(bed.env, bed.run(APPLY), @r"
    exit 2
    --- stderr
    Plan for account 222222222222 (caller arn:aws:sts::222222222222:assumed-role/ops/ops)
      ~ repository  team/shop  statement Mk8sEcrPull6b72c9db04 for arn:aws:iam::123456789012:role/pull, keeps 1 of others
    error: the policy of the repository team/shop in account 222222222222 was not changed
      because: it has to be confirmed, and nobody can be asked here
    hint: add --yes to confirm it on the command line
    ");
    assert_eq!(bed.moto.writes(), Vec::<String>::new());
    assert_eq!(policy(&bed), others);
    bed.run(&format!("{APPLY} --yes"))
        .ok()
        .out("team/shop in account 222222222222 now lets arn:aws:iam::123456789012:role/pull pull");
    let merged = policy(&bed);
    assert_eq!(merged["Version"], "2008-10-17");
    assert_eq!(merged["Statement"][0], others["Statement"][0]);
    assert_eq!(merged["Statement"][1]["Principal"]["AWS"], ROLE);
    assert_eq!(merged["Statement"].as_array().unwrap().len(), 2);
    bed.moto.forget();
    // Nothing to do: nothing is asked.
    bed.run(APPLY)
        .ok()
        .out("lets arn:aws:iam::123456789012:role/pull pull already");
    assert_eq!(bed.moto.writes(), Vec::<String>::new());
    let item = bed.run(&format!("{APPLY} --yes -o json")).ok().json()["items"][0].take();
    assert_eq!(item["steps"][0]["action"], "none");
    assert_eq!(item["account"], OWNER);
    // The statement for another role of ours is no stranger's.
    bed.run(&format!(
        "{APPLY} --role-arn arn:aws:iam::{ACCOUNT}:role/second --dry-run"
    ))
    .ok()
    .out(&format!(", keeps 1 for {ROLE} and 1 of others"));
}

#[test]
fn what_is_replaced_is_kept_and_put_back_by_the_command_that_is_printed() {
    let mut bed = two_accounts();
    bed.env.with_commands();
    let before = json!({"Version": "2008-10-17", "Statement": [
        {"Sid": "of others", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::333333333333:root"},
         "Action": ["ecr:BatchGetImage"]}]});
    set(&bed, &before);
    let folder = bed.env.home(".local/state/mk8s/repository");
    // Neither looking nor a "no" keeps anything.
    bed.run(&format!("{APPLY} --dry-run")).ok();
    bed.run(APPLY).exits(2);
    assert!(!folder.exists());

    let run = bed.run(&format!("{APPLY} --yes -o json")).ok();
    let item = run.json()["items"][0].take();
    assert_eq!(item["previousRepositoryPolicy"], before, "{item}");
    assert_ne!(policy(&bed), before);
    let copies: Vec<_> = fs::read_dir(&folder).unwrap().map(Result::unwrap).collect();
    let [copy] = &copies[..] else {
        panic!("{copies:?}");
    };
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&folder), mode(&copy.path())), (0o700, 0o600));
    let kept: Value = serde_json::from_slice(&fs::read(copy.path()).unwrap()).unwrap();
    assert_eq!(kept, before);
    let said = format!(
        "The previous repository policy is kept in {}",
        copy.path().display()
    );
    let run = run.err(&said);
    let (_, restore) = run.stderr.split_once("; to put it back: ").unwrap();
    bed.env.paste(restore.lines().next().unwrap());
    assert_eq!(policy(&bed), before);

    // Without a copy, if that is how it should be.
    bed.run(&format!("{APPLY} --yes --no-backup"))
        .ok()
        .never("kept in");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    set(&bed, &before);
    // A copy that cannot be written stops the change.
    fs::remove_dir_all(&folder).unwrap();
    fs::write(&folder, "").unwrap();
    bed.moto.forget();
    bed.run(&format!("{APPLY} --yes"))
        .exits(1)
        .err("was not changed, because the present one could not be saved")
        .err("--no-backup");
    assert_eq!(bed.moto.writes(), Vec::<String>::new());
    assert_eq!(policy(&bed), before);
}

#[test]
fn a_repository_without_a_policy_gets_one_once_its_role_is_known() {
    let bed = two_accounts();
    bed.moto.faults(&json!([{"action": "SetRepositoryPolicy", "times": 2,
        "code": "InvalidParameterException",
        "message": "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid repository policy provided'"}]));
    let run = bed.run(&format!("{APPLY} --yes --debug")).ok();
    let run =
        run.err("aws ecr:SetRepositoryPolicy 222222222222 team/shop: InvalidParameterException");
    assert_eq!(
        policy(&bed)["Statement"][0]["Principal"]["AWS"],
        ROLE,
        "{run}"
    );
    assert!(!run.stderr.contains("kept in"), "{run}");
}

#[test]
fn what_cannot_be_done_is_explained() {
    let mut bed = two_accounts();
    let deny = json!({"Version": "2012-10-17", "Statement": [
        {"Sid": "no", "Effect": "Deny", "Principal": "*", "Action": "ecr:*"}]});
    set(&bed, &deny);
    bed.run(&format!("{APPLY} --yes"))
        .exits(6)
        .err("no denies the role to pull");
    assert_eq!(policy(&bed), deny);
    let missing = APPLY.replace("team/shop", "team/shup");
    bed.run(&format!("{missing} --yes"))
        .exits(3)
        .err("account 222222222222 has no repository team/shup in eu-central-1");
    bed.moto
        .faults(&json!([{"action": "GetRepositoryPolicy", "code": "AccessDeniedException"}]));
    bed.run(&format!("{APPLY} --yes"))
        .exits(4)
        .err("AWS refused ecr:GetRepositoryPolicy");
    // The keys of the role's account are of no use here.
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
        bed.env.set(name, "testing");
    }
    bed.env.unset("AWS_SESSION_TOKEN");
    snapshot!(bed.env, bed.run(&format!("{APPLY} --yes")), @r"
    exit 6
    --- stderr
    error: the policy of the repository team/shop in account 222222222222 was not changed
      because: it belongs to account 222222222222, the AWS credentials to account 123456789012 (arn:aws:sts::123456789012:user/moto)
    hint: use credentials of account 222222222222: --aws-profile NAME
    hint: or hand the statement over: mk8s aws repository-policy aws-ecr -c NAME --image IMAGE prints it
    ");
    assert_eq!(ACCOUNT, "123456789012");
}

/// A policy that was written is told of whatever becomes of the other clusters.
#[test]
fn a_cluster_that_cannot_be_read_hides_no_write() {
    let bed = two_accounts();
    let line = APPLY.replace("-c edge", "-c nosuch -c edge -c gone");
    let run = bed
        .run(&format!("{line} --dry-run -o json"))
        .exits(9)
        .json();
    let errors: Vec<bool> = run["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["error"].is_object())
        .collect();
    assert_eq!(errors, [true, false, true]);
    let run = bed.run(&format!("{line} --yes")).exits(9);
    let _ = run.out("now lets").err("nosuch").err("gone");
    assert!(policy(&bed)["Statement"][0]["Sid"].is_string());
    // What is shown, and what is handed over, does not end at such a cluster either.
    let shown = line.replace("--apply-repository-policy", "--repository-policy");
    let json = bed.run(&format!("{shown} -o json")).exits(9).json();
    assert_eq!(
        json["items"][1]["repositoryPolicy"]["Version"],
        "2012-10-17"
    );
    let emit = "aws setup aws-ecr -c nosuch -c edge --emit plan -o json";
    let json = bed.run(emit).exits(9).json();
    assert_eq!(json["items"][0]["error"]["code"], 3);
    assert_eq!(json["items"][1]["error"], Value::Null);
}

/// What is warned of on stderr stands in the document too, and what is done claims no more than is known.
#[test]
fn machines_are_warned_of_what_people_are_warned_of() {
    let bed = two_accounts();
    let layers = json!(["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]);
    let network = json!({"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}});
    let org = json!({"StringEquals": {"aws:PrincipalOrgID": "o-1"}});
    let rows = [
        (
            json!({"Sid": "Net", "Effect": "Deny", "Principal": "*", "Action": "ecr:*", "Condition": network}),
            "Net denies the role to pull if",
            "unless its policy denies it",
        ),
        (
            json!({"Sid": "Org", "Effect": "Allow", "Principal": "*", "Action": layers, "Condition": org}),
            "Org lets the role pull if",
            "lets",
        ),
        (
            json!({"Sid": "All", "Effect": "Allow", "Principal": "*", "Action": layers}),
            "All admits every AWS account",
            "lets",
        ),
    ];
    for (statement, warning, line) in rows {
        set(
            &bed,
            &json!({"Version": "2012-10-17", "Statement": [statement]}),
        );
        let run = bed.run(&format!("{APPLY} --yes")).ok();
        let said: Vec<&str> = run
            .stderr
            .lines()
            .filter_map(|it| it.strip_prefix("warning: "))
            .collect();
        assert!(said.len() == 1 && said[0].contains(warning), "{run}");
        assert!(run.stdout.contains(line), "{run}");
        set(
            &bed,
            &json!({"Version": "2012-10-17", "Statement": [statement]}),
        );
        let item = bed.run(&format!("{APPLY} --yes -o json")).ok().json()["items"][0].take();
        assert_eq!(item["warnings"], json!(said), "{item}");
    }
    let env = file(ROLE);
    let typo = "aws repository-policy aws-ecr -f edge.json --image 222222222222.dkr.ecr.us-esat-1.amazonaws.com/shop:1";
    let warning = "no region called us-esat-1 is known, did you mean us-east-1?";
    env.line(typo)
        .run()
        .ok()
        .err(&format!("warning: {warning}\n"));
    let item = env.line(&format!("{typo} -o json")).run().ok().json()["items"][0].take();
    assert_eq!(item["warnings"], json!([warning]));
}
