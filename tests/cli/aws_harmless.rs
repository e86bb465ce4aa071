//! What `mk8s aws` leaves to others: the policies that they need, the tags that tell of it, and the
//! account that was looked at. All of it is read in the emulator, past the program.

use crate::support::{ACCOUNT, Bed, snapshot};
use serde_json::{Value, json};

const READ_ONLY: &str = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly";
const ATTACHED: &str = "mk8s.cpln/attached/AmazonEC2ContainerRegistryReadOnly";
const WITHOUT: &str = "mk8s.cpln/without/AmazonEC2ContainerRegistryReadOnly";
const OTHER: &str = "222222222222";
const NODES: &str = r#"{"Version": "2012-10-17", "Statement": [{"Sid": "Nodes", "Effect": "Allow",
    "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}"#;

/// A statement as the guide has it added by hand, for a cluster that `mk8s` knows nothing of.
fn by_hand() -> Value {
    json!({"Sid": "Guide", "Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {"Federated": format!("arn:aws:iam::{ACCOUNT}:oidc-provider/by.hand.example")},
        "Condition": {"StringEquals": {"by.hand.example:aud": "sts.amazonaws.com"}}})
}

fn statements(role: &Value) -> Vec<Value> {
    role["trust"]["Statement"].as_array().unwrap().clone()
}

fn tags(role: &Value) -> Vec<String> {
    let mut keys: Vec<String> = role["tags"].as_object().unwrap().keys().cloned().collect();
    keys.sort();
    keys
}

fn trusts(bed: &Bed, role: &str, statements: &[Value]) {
    let trust = json!({"Version": "2012-10-17", "Statement": statements});
    bed.aws_with(&[
        "iam",
        "update-assume-role-policy",
        "--role-name",
        role,
        "--policy-document",
        &trust.to_string(),
    ]);
}

fn add_statement(bed: &Bed, role: &str, statement: Value) {
    let mut list = statements(&bed.moto.role(role));
    list.push(statement);
    trusts(bed, role, &list);
}

fn make_role(bed: &Bed, name: &str, trust: &str) {
    bed.aws_with(&[
        "iam",
        "create-role",
        "--role-name",
        name,
        "--assume-role-policy-document",
        trust,
    ]);
}

/// Two clusters with a role that both use.
fn sharing() -> Bed {
    let bed = Bed::two();
    bed.run("aws setup aws-ecr -c edge -c west --role-name shared --yes")
        .ok();
    assert_eq!(statements(&bed.moto.role("shared")).len(), 2);
    bed
}

#[test]
fn a_role_that_stays_keeps_what_its_other_users_need() {
    let bed = sharing();
    add_statement(&bed, "shared", by_hand());
    let run = bed.run("aws teardown aws-ecr -c edge --yes").ok();
    let _ = run.err(
        "= keep           AmazonEC2ContainerRegistryReadOnly   needed by sandbox/west, statement \
         Guide of its trust policy",
    );
    let role = bed.moto.role("shared");
    assert_eq!(role["attached"], json!([READ_ONLY]));
    assert_eq!(statements(&role).len(), 2);

    // The last of our clusters goes; the one that was added by hand pulls on.
    let run = bed.run("aws teardown aws-ecr -c west --yes");
    snapshot!(bed.env, run, @r"
    exit 0
    --- stdout
    Took down aws-ecr for west; kept: AmazonEC2ContainerRegistryReadOnly, shared, oidc.sandbox.localhost/kexdjl6f8a79
    --- stderr
    Plan for account 123456789012 (caller arn:aws:sts::123456789012:user/moto)
      ~ trust policy   shared                               takes out statement Mk8sEcr[HASH], keeps 1 of others
      = keep           AmazonEC2ContainerRegistryReadOnly   needed by statement Guide of its trust policy
      = role           shared                               its trust policy has 1 statement that is not ours
      = OIDC provider  oidc.sandbox.localhost/kexdjl6f8a79  it goes only with --with-oidc-provider
      - add-on         aws-ecr                              switched off
    Updated trust policy shared
    The previous trust policy is kept in [HOME]/.local/state/mk8s/trust/123456789012-shared-[TIME].json; to put it back: aws iam update-assume-role-policy --role-name shared --policy-document file://[HOME]/.local/state/mk8s/trust/123456789012-shared-[TIME].json
    Kept pull policy AmazonEC2ContainerRegistryReadOnly
    Kept role shared
    Kept OIDC provider oidc.sandbox.localhost/kexdjl6f8a79
    Switched off aws-ecr
    Undo: mk8s undo [RUN]
    ");
    let role = bed.moto.role("shared");
    assert_eq!(role["attached"], json!([READ_ONLY]));
    assert_eq!(statements(&role), [by_hand()]);
    assert!(tags(&role).contains(&ATTACHED.to_owned()), "{role}");

    // Once it is gone as well, the last teardown takes all of it.
    bed.run("aws setup aws-ecr -c edge --role-name shared --yes")
        .ok();
    let ours: Vec<Value> = statements(&bed.moto.role("shared"))
        .into_iter()
        .filter(|statement| statement["Sid"] != "Guide")
        .collect();
    trusts(&bed, "shared", &ours);
    bed.run("aws teardown aws-ecr -c edge --with-oidc-provider --yes")
        .ok()
        .err("Deleted role shared");
    bed.run("aws teardown aws-ecr -c west --with-oidc-provider --yes")
        .ok();
    assert_eq!(bed.moto.state(), json!({}));
}

#[test]
fn clusters_that_share_a_role_are_taken_down_in_one_go() {
    let bed = sharing();
    bed.run("aws teardown aws-ecr -c edge -c west --with-oidc-provider --yes")
        .ok();
    assert_eq!(bed.moto.state(), json!({}));
}

#[test]
fn an_add_on_that_stays_takes_nothing_from_the_others_either() {
    let bed = sharing();
    add_statement(&bed, "shared", by_hand());
    bed.run("aws teardown aws-ecr -c edge -c west --keep-addon --yes")
        .ok();
    let role = bed.moto.role("shared");
    assert_eq!(role["attached"], json!([READ_ONLY]));
    assert_eq!(statements(&role), [by_hand()]);
}

#[test]
fn a_statement_that_lets_nobody_in_keeps_no_policy() {
    let bed = Bed::edge();
    bed.run("aws setup aws-ecr -c edge --role-name shared --yes")
        .ok();
    let deny = json!({"Sid": "Never", "Effect": "Deny", "Principal": {"AWS": "*"},
        "Action": "sts:AssumeRole"});
    add_statement(&bed, "shared", deny.clone());
    bed.run("aws teardown aws-ecr -c edge --yes").ok();
    let role = bed.moto.role("shared");
    assert_eq!(role["attached"], json!([]));
    assert_eq!(statements(&role), [deny]);
    assert!(!tags(&role).contains(&ATTACHED.to_owned()), "{role}");
}

#[test]
fn who_did_without_a_policy_loses_nothing_and_who_came_later_keeps_it() {
    let bed = Bed::edge();
    make_role(&bed, "theirs", NODES);
    let before = bed.moto.role("theirs");
    let setup = "aws setup aws-ecr -c edge --role-name theirs --yes";
    bed.run(setup).ok();
    let role = bed.moto.role("theirs");
    assert_eq!(
        tags(&role),
        [ATTACHED, "mk8s.cpln/cluster/sandbox/edge", WITHOUT]
    );
    bed.run("aws teardown aws-ecr -c edge --yes").ok();
    assert_eq!(bed.moto.role("theirs"), before);

    bed.run(setup).ok();
    add_statement(&bed, "theirs", by_hand());
    bed.run("aws teardown aws-ecr -c edge --yes")
        .ok()
        .err("needed by statement Guide of its trust policy");
    let role = bed.moto.role("theirs");
    assert_eq!(role["attached"], json!([READ_ONLY]));
    assert_eq!(tags(&role), [ATTACHED, WITHOUT]);

    // Without it, the role is as it was.
    let nodes: Value = serde_json::from_str(NODES).unwrap();
    bed.run(setup).ok();
    let list: Vec<Value> = statements(&bed.moto.role("theirs"))
        .into_iter()
        .filter(|statement| statement["Sid"] != "Guide")
        .collect();
    trusts(&bed, "theirs", &list);
    bed.run("aws teardown aws-ecr -c edge --yes").ok();
    let role = bed.moto.role("theirs");
    assert_eq!(role["attached"], json!([]));
    assert_eq!(role["tags"], json!({}));
    assert_eq!(role["trust"], nodes);
}

#[test]
fn a_policy_that_others_took_off_leaves_no_tag_behind() {
    let bed = Bed::edge();
    make_role(&bed, "theirs", NODES);
    bed.run("aws setup aws-ecr -c edge --role-name theirs --yes")
        .ok();
    bed.aws(&format!(
        "iam detach-role-policy --role-name theirs --policy-arn {READ_ONLY}"
    ));
    bed.moto.forget();
    bed.run("aws teardown aws-ecr -c edge --yes").ok();
    let role = bed.moto.role("theirs");
    assert_eq!(role["tags"], json!({}));
    // What is not attached is not detached either: somebody may attach it in between.
    assert!(!bed.moto.writes().contains(&"DetachRolePolicy".to_owned()));
}

#[test]
fn whoever_comes_to_need_it_while_the_question_is_open_keeps_it() {
    let bed = Bed::edge();
    bed.run("aws setup aws-ecr -c edge --role-name shared --yes")
        .ok();
    let mut terminal = crate::support::Terminal::start(&bed.env, "aws teardown aws-ecr -c edge");
    terminal.until("Take it down? [y/N]");
    add_statement(&bed, "shared", by_hand());
    terminal.type_in("y\r");
    let (code, screen) = terminal.end();
    assert_eq!(code, 5, "{screen}");
    assert!(
        screen.contains("it is needed by statement Guide of its trust policy by now"),
        "{screen}"
    );
    let role = bed.moto.role("shared");
    assert_eq!(role["attached"], json!([READ_ONLY]));
    assert_eq!(statements(&role).len(), 2);
}

#[test]
fn a_trust_policy_that_is_replaced_takes_the_tags_of_the_others_along() {
    let bed = sharing();
    bed.run("aws setup aws-ecr -c edge --replace-trust --yes")
        .ok()
        .err("replaced as a whole; statements that go: 1 of sandbox/west");
    let role = bed.moto.role("shared");
    assert_eq!(statements(&role).len(), 1);
    assert!(
        !tags(&role).contains(&"mk8s.cpln/cluster/sandbox/west".to_owned()),
        "{role}"
    );
    // The one that is left is the last one.
    bed.run("aws teardown aws-ecr -c edge --yes")
        .ok()
        .err("Deleted role shared");
}

#[test]
fn what_is_put_back_goes_into_the_account_that_was_looked_at() {
    let mut bed = Bed::edge();
    bed.env.with_commands();
    let keys = bed.aws(&format!(
        "sts assume-role --role-arn arn:aws:iam::{OTHER}:role/ops --role-session-name ops"
    ));
    let key = |field: &str| keys["Credentials"][field].as_str().unwrap().to_owned();
    let file = bed.env.write(
        "credentials",
        format!(
            "[registry]\naws_access_key_id = {}\naws_secret_access_key = {}\naws_session_token = {}\n",
            key("AccessKeyId"),
            key("SecretAccessKey"),
            key("SessionToken")
        ),
    );
    bed.env
        .set("AWS_SHARED_CREDENTIALS_FILE", file.to_str().unwrap());
    // A role of the same name in both accounts.
    make_role(&bed, "theirs", NODES);
    bed.aws_with(&[
        "--profile",
        "registry",
        "iam",
        "create-role",
        "--role-name",
        "theirs",
        "--assume-role-policy-document",
        NODES,
    ]);
    let mine = bed.moto.role("theirs");
    let run = bed
        .run("aws setup aws-ecr -c edge --role-name theirs --aws-profile registry --yes")
        .ok();
    let command = run
        .stderr
        .lines()
        .find_map(|line| line.split_once("to put it back: "))
        .expect("a command")
        .1;
    assert!(command.ends_with(" --profile registry"), "{command}");
    let trust = || {
        let role = bed.moto.state()[format!("{OTHER} aws")]["roles"]
            [format!("arn:aws:iam::{OTHER}:role/theirs")]
        .take();
        match &role["trust"] {
            Value::String(text) => serde_json::from_str(text).unwrap(),
            other => other.clone(),
        }
    };
    let nodes: Value = serde_json::from_str(NODES).unwrap();
    assert_ne!(trust(), nodes);
    bed.env.paste(command);
    assert_eq!(trust(), nodes);
    assert_eq!(bed.moto.role("theirs"), mine);
}

#[test]
fn commands_go_where_the_run_went() {
    let bed = Bed::edge();
    let flags = format!("--org {} --aws-region eu-west-1", bed.sandbox.org());
    bed.run(&format!(
        "aws setup aws-ecr -c edge --only policy {flags} --yes"
    ))
    .exits(3)
    .err(&format!(
        "`mk8s aws setup aws-ecr -c edge {flags}` without --only does all of it"
    ));
    bed.run(&format!("aws setup aws-ecr -c edge {flags} --yes"))
        .ok();
    bed.run(&format!(
        "aws setup aws-ecr -c edge --role-name other {flags} --dry-run"
    ))
    .ok()
    .err(&format!(
        "`mk8s aws teardown aws-ecr -c edge --keep-addon {flags}` takes them down before"
    ));
    let org = format!("--org {}", bed.sandbox.org());
    bed.run(&format!(
        "addon enable aws-ecr -c edge --role-arn arn:aws:iam::{ACCOUNT}:role/x {org}"
    ))
    .ok()
    .err(&format!("Next: mk8s aws setup aws-ecr -c edge {org}\n"));
}
