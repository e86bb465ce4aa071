//! `mk8s aws setup --emit`: what is handed over is sound by the word of its own readers, and makes
//! what `aws setup` itself makes.

use crate::support::{
    ACCOUNT, Bed, Env, Moto, Reader, Run, aws_programs, format_hcl, path_with_aws, read_hcl,
    read_yaml, snapshot,
};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

const ROLE: &str = "arn:aws:iam::123456789012:role/team/mk8s-edge";
const BOUNDARY: &str = "arn:aws:iam::123456789012:policy/edge";
const FLAGS: [&str; 8] = [
    "--tag",
    "Cost=a b/c",
    "--max-session-duration",
    "2h",
    "--permissions-boundary",
    BOUNDARY,
    "--pull-policy",
    "pull-only",
];

/// A hetzner cluster `edge` with the add-on on, and the tools of AWS on PATH.
fn ready() -> Bed {
    let mut bed = Bed::edge();
    bed.run(&format!(
        "addon enable aws-ecr -c edge --with-prerequisites --role-arn {ROLE}"
    ))
    .ok();
    bed.env.set("PATH", &path_with_aws());
    bed
}

/// The text in a form; neither Control Plane nor AWS is written to, and AWS is not even asked but for
/// Terraform, which has to know what exists.
#[track_caller]
fn emitted(bed: &Bed, form: &str, flags: &[&str]) -> String {
    let mut arguments = vec!["aws", "setup", "aws-ecr", "-c", "edge", "--emit", form];
    arguments.push("--wait=1m");
    arguments.extend(flags);
    bed.moto.forget();
    let patches = bed.patches();
    let run = bed.env.mk8s(&arguments).run().ok();
    assert_eq!(bed.patches(), patches);
    if form == "terraform" {
        assert_eq!(bed.moto.writes(), Vec::<String>::new());
    } else {
        assert_eq!(bed.moto.log(), Vec::<String>::new());
    }
    run.stdout
}

/// Runs the script; the AWS CLI starts slowly on a busy machine.
#[track_caller]
fn script(env: &Env, text: &str) -> Run {
    let path = env.write("setup.sh", text);
    env.program(Path::new("/bin/sh"), &[path])
        .limit(Duration::from_mins(5))
        .run()
}

/// IAM's state without what differs from run to run, trust policies as what they mean.
fn state(moto: &Moto) -> Value {
    let mut state = moto.state();
    for (_, backend) in state.as_object_mut().into_iter().flatten() {
        for (_, role) in backend["roles"].as_object_mut().into_iter().flatten() {
            role["id"].take();
            let text = role["trust"].as_str().unwrap().to_owned();
            role["trust"] = serde_json::from_str(&text).unwrap();
        }
    }
    state
}

/// What `aws setup` makes in an account where nothing is, with the same flags.
#[track_caller]
fn made_by_setup(bed: &mut Bed, flags: &[&str]) -> Value {
    bed.moto = Moto::start(&mut bed.env);
    let mut arguments = vec!["aws", "setup", "aws-ecr", "-c", "edge", "--yes"];
    arguments.extend(flags);
    bed.env.mk8s(&arguments).run().ok();
    state(&bed.moto)
}

#[track_caller]
fn check_shell(env: &Env, text: &str, severity: &str) {
    let path = env.write("check.sh", text);
    let path = path.to_str().unwrap();
    env.program("/bin/bash".as_ref(), &["-n", path]).run().ok();
    env.program("/bin/dash".as_ref(), &["-n", path]).run().ok();
    let program = aws_programs().join("shellcheck");
    let run = env.program(&program, &["-S", severity, path]).run().ok();
    assert_eq!(run.stdout, "");
}

#[test]
fn the_script_is_sound_makes_what_setup_makes_and_may_be_run_again() {
    let mut bed = ready();
    let text = emitted(&bed, "aws-cli", &FLAGS);
    check_shell(&bed.env, &text, "style");
    script(&bed.env, &text).ok();
    let made = state(&bed.moto);
    bed.moto.forget();
    let again = script(&bed.env, &text).ok();
    assert_eq!(state(&bed.moto), made);
    // The audience is added without looking, as often as one likes.
    let writes: Vec<String> = bed.moto.writes();
    assert_eq!(
        writes
            .iter()
            .filter(|it| !it.starts_with("Create"))
            .collect::<Vec<_>>(),
        ["AddClientIDToOpenIDConnectProvider"],
        "{again}"
    );
    assert_eq!(made, made_by_setup(&mut bed, &FLAGS));
    // And setup has nothing to add to what the script made.
    bed.moto = Moto::start(&mut bed.env);
    script(&bed.env, &text).ok();
    let mut arguments = vec!["aws", "setup", "aws-ecr", "-c", "edge"];
    arguments.extend(FLAGS);
    bed.env
        .mk8s(&arguments)
        .run()
        .ok()
        .out("aws-ecr is already set up for edge");
}

#[test]
fn the_template_is_sound_and_its_stack_is_what_setup_makes() {
    let mut bed = ready();
    let text = emitted(&bed, "cloudformation", &FLAGS);
    let path = bed.env.write("setup.yaml", &text);
    let run = bed
        .env
        .program(&aws_programs().join("cfn-lint"), &[path.to_str().unwrap()])
        .run()
        .ok();
    assert_eq!(run.stdout, "");
    let body = format!("file://{}", path.display());
    bed.aws_with(&[
        "cloudformation",
        "create-stack",
        "--stack-name",
        "edge",
        "--template-body",
        &body,
        "--capabilities",
        "CAPABILITY_NAMED_IAM",
    ]);
    let made = state(&bed.moto);
    assert_eq!(made, made_by_setup(&mut bed, &FLAGS));
    // Whoever reads the YAML reads the same.
    let texts = [text];
    let js = read_yaml(Reader::JsYaml, &texts).remove(0).unwrap();
    assert_eq!(read_yaml(Reader::PyYaml, &texts).remove(0).unwrap(), js);
}

#[test]
fn the_template_makes_nothing_in_another_account() {
    let bed = ready();
    let flags = ["--role-arn", "arn:aws:iam::999999999999:role/far"];
    let text = emitted(&bed, "cloudformation", &flags);
    let template = read_yaml(Reader::JsYaml, std::slice::from_ref(&text))
        .remove(0)
        .unwrap();
    // The emulator knows no rules; the condition holds by itself.
    let rule = &template[0]["Rules"]["RightAccount"]["Assertions"][0];
    assert_eq!(
        rule["Assert"],
        json!({"Fn::Equals": [{"Ref": "AWS::AccountId"}, "999999999999"]})
    );
    let path = bed.env.write("setup.yaml", &text);
    let body = format!("file://{}", path.display());
    let before = state(&bed.moto);
    bed.aws_with(&[
        "cloudformation",
        "create-stack",
        "--stack-name",
        "edge",
        "--template-body",
        &body,
        "--capabilities",
        "CAPABILITY_NAMED_IAM",
    ]);
    assert_eq!(state(&bed.moto), before);
}

/// The resources of a configuration as moto's state has them.
fn state_of_terraform(text: &str) -> Value {
    let read = read_hcl(text);
    let one = |kind: &str| read["resource"][kind]["mk8s_edge"][0].clone();
    let (provider, role) = (one("aws_iam_openid_connect_provider"), one("aws_iam_role"));
    let attachment = one("aws_iam_role_policy_attachment");
    assert_eq!(attachment["role"], "${aws_iam_role.mk8s_edge.name}");
    assert_eq!(
        role["assume_role_policy"],
        "${jsonencode(local.mk8s_edge_trust_policy)}"
    );
    let account = format!("${{data.aws_caller_identity.mk8s_edge.account_id == \"{ACCOUNT}\"}}");
    for resource in [&provider, &role] {
        let check = &resource["lifecycle"][0]["precondition"][0];
        assert_eq!(check["condition"], json!(account));
    }
    let bare = provider["url"].as_str().unwrap();
    let bare = bare.strip_prefix("https://").unwrap();
    let state = json!({format!("{ACCOUNT} aws"): {
        "providers": {format!("arn:aws:iam::{ACCOUNT}:oidc-provider/{bare}"): {
            "url": bare,
            "audiences": provider["client_id_list"],
            "thumbprints": [],
            "tags": provider["tags"],
        }},
        "roles": {format!("arn:aws:iam::{ACCOUNT}:role{}{}",
            role["path"].as_str().unwrap(), role["name"].as_str().unwrap()): {
            "id": null,
            "trust": read["locals"][0]["mk8s_edge_trust_policy"],
            "description": role["description"],
            "boundary": role["permissions_boundary"],
            "maxSession": role.get("max_session_duration").unwrap_or(&json!(3600)),
            "attached": [attachment["policy_arn"]],
            "inline": {},
            "tags": role["tags"],
        }},
    }});
    // Terraform's templates write these two so.
    let text = state.to_string().replace("$${", "${").replace("%%{", "%{");
    serde_json::from_str(&text).unwrap()
}

#[test]
fn the_configuration_is_read_by_hashicorps_parser_and_says_what_setup_makes() {
    let mut bed = ready();
    let text = emitted(&bed, "terraform", &FLAGS);
    assert_eq!(state_of_terraform(&text), made_by_setup(&mut bed, &FLAGS));
    // Repositories check the layout.
    assert_eq!(format_hcl(&text), text);
    // Nothing exists, so nothing is imported.
    assert!(!text.contains("import {"), "{text}");
    assert!(!text.contains("has to be imported"), "{text}");
}

/// The import blocks of a configuration, those in comments among them where that is asked for.
fn imports(text: &str, in_comments: bool) -> Value {
    assert_eq!(format_hcl(text), text);
    if !in_comments {
        return read_hcl(text)["import"].clone();
    }
    let commented = text.lines().map(|line| {
        let is_block = ["# import {", "#   ", "# }"]
            .iter()
            .any(|it| line.starts_with(it));
        line.strip_prefix("# ").filter(|_| is_block).unwrap_or(line)
    });
    let importing = commented.collect::<Vec<_>>().join("\n") + "\n";
    assert_eq!(format_hcl(&importing), importing);
    read_hcl(&importing)["import"].clone()
}

/// What exists is looked for where that can be done, and taken over by blocks for exactly that; what is
/// lost by it is said. Where AWS cannot be looked at, the blocks are comments, with the reason.
#[test]
fn the_configuration_imports_what_exists() {
    let mut bed = ready();
    let issuer = bed.issuer("edge");
    let arn = format!("arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer}");
    let provider = json!({"to": "${aws_iam_openid_connect_provider.mk8s_edge}", "id": arn});
    let role = json!({"to": "${aws_iam_role.mk8s_edge}", "id": "mk8s-edge"});
    let policy = json!({"to": "${aws_iam_role_policy_attachment.mk8s_edge}",
        "id": "mk8s-edge/arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly"});
    let all = json!([provider, role, policy]);

    // The provider alone, with an audience of somebody else.
    bed.aws(&format!(
        "iam create-open-id-connect-provider --url https://{issuer} --client-id-list other"
    ));
    let text = emitted(&bed, "terraform", &[]);
    assert_eq!(imports(&text, false), json!([provider]));
    assert!(text.contains("its other audiences go: other.\n"), "{text}");

    // All that setup makes, and a statement of somebody else.
    bed.run("aws setup aws-ecr -c edge --yes").ok();
    let text = emitted(&bed, "terraform", &[]);
    assert_eq!(imports(&text, false), all);
    assert!(!text.contains("statements that go"), "{text}");
    let mut trust = bed.moto.role("mk8s-edge")["trust"].take();
    let nodes = json!({"Sid": "Nodes", "Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"},
        "Action": "sts:AssumeRole"});
    trust["Statement"].as_array_mut().unwrap().push(nodes);
    let fields = [
        ("RoleName", "mk8s-edge"),
        ("PolicyDocument", &*trust.to_string()),
    ];
    bed.moto.act("UpdateAssumeRolePolicy", &fields);
    let lost = "the role mk8s-edge exists, and its trust policy is replaced as a whole; statements that go: 1 of others";
    let run = bed
        .run("aws emit aws-ecr -c edge --format terraform -o json")
        .ok();
    let item = run.json()["items"][0].take();
    let warnings = item["warnings"].as_array().unwrap();
    assert!(warnings.contains(&json!(lost)), "{item}");
    let text = item["emitted"]["text"].as_str().unwrap();
    assert!(text.contains(&format!("# Mind: {lost}.\n")), "{text}");
    run.err(&format!("warning: {lost}\n"));

    // A role that may not be looked at may exist.
    bed.moto
        .faults(&json!([{"action": "GetRole", "code": "AccessDenied", "times": 9}]));
    let text = emitted(&bed, "terraform", &[]);
    assert_eq!(imports(&text, false), json!([provider]));
    assert_eq!(imports(&text, true), json!([role, policy, provider]));
    assert!(
        text.contains("is not known: iam:GetRole is not allowed.\n"),
        "{text}"
    );
    bed.moto.heals();

    // Credentials of another account, none, and a file: nothing is known.
    let file = bed.run("cluster get edge -o json").ok().stdout;
    let offline = Env::new();
    offline.write("edge.json", file);
    let line = "aws emit aws-ecr -f edge.json --format terraform";
    let text = offline.line(line).run().ok().stdout;
    assert_eq!(imports(&text, true), all);
    assert!(
        text.contains("is not known: the cluster was read from a file.\n"),
        "{text}"
    );
    bed.act_in("222222222222");
    let run = bed.run("aws emit aws-ecr -c edge --format terraform").ok();
    assert_eq!(imports(&run.stdout, true), all);
    let why = "the AWS credentials belong to account 222222222222";
    assert!(
        run.stdout.contains(&format!("is not known: {why}.\n")),
        "{run}"
    );
    run.err(&format!(
        "warning: what exists in AWS was not looked at: {why}\n"
    ));
    for name in [
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
    ] {
        bed.env.unset(name);
    }
    let run = bed.run("aws emit aws-ecr -c edge --format terraform").ok();
    assert_eq!(imports(&run.stdout, true), all);
    assert!(
        run.stdout
            .contains("is not known: no AWS credentials were named.\n"),
        "{run}"
    );
    assert_eq!(run.stderr, "");
    // A profile that is named on the command line is meant.
    bed.run("aws emit aws-ecr -c edge --format terraform --aws-profile nosuch")
        .exits(4);
}

/// A shell judges no policies: where others deny, it does not say that all is well.
#[test]
fn the_script_does_not_end_well_beside_a_deny_that_it_cannot_judge() {
    let mut bed = ready();
    let text = emitted(&bed, "aws-cli", &[]);
    script(&bed.env, &text).ok();
    let trust = bed.moto.role("mk8s-edge")["trust"].take();
    let deny = |condition: Option<Value>| {
        let mut changed = trust.clone();
        let mut deny = json!({"Sid": "No", "Effect": "Deny", "Principal": "*", "Action": "sts:*"});
        if let Some(condition) = condition {
            deny["Condition"] = condition;
        }
        changed["Statement"].as_array_mut().unwrap().push(deny);
        let fields = [
            ("RoleName", "mk8s-edge"),
            ("PolicyDocument", &*changed.to_string()),
        ];
        bed.moto.act("UpdateAssumeRolePolicy", &fields);
        bed.moto.forget();
    };
    let says = "may keep the cluster out: mk8s check -c edge tells.";
    // The tokens come over TLS, and everybody's policies have this one.
    deny(Some(json!({"Bool": {"aws:SecureTransport": "false"}})));
    script(&bed.env, &text).ok();
    deny(Some(
        json!({"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}),
    ));
    script(&bed.env, &text).exits(1).err(says);
    deny(None);
    let run = script(&bed.env, &text).exits(1).err(says);
    let _ = run.err("Nothing more was changed.");
    let changed: Vec<String> = bed.moto.writes();
    let asked = |call: &String| call.starts_with("Create") || call.starts_with("AddClientID");
    assert!(changed.iter().all(asked), "{changed:?}");
    bed.env.with_commands();
    let check = bed.run("check -c edge --only trust-has-statement");
    let _ = check.exits(11);
}

/// What is attached may be taken away: by a Deny of the role's own policies or by its boundary, as IAM
/// says where it may be asked, as the policies say where it may not.
#[test]
fn the_script_ends_well_only_where_the_role_may_pull() {
    let bed = ready();
    let text = emitted(&bed, "aws-cli", &[]);
    script(&bed.env, &text)
        .ok()
        .out("The role may pull, as IAM says");
    // The part that attaches and judges, by itself.
    let text = emitted(&bed, "aws-cli", &["--only", "policy"]);
    let put = |statements: Value| {
        let policy = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
        let fields = [
            ("RoleName", "mk8s-edge"),
            ("PolicyName", "fence"),
            ("PolicyDocument", &*policy),
        ];
        bed.moto.act("PutRolePolicy", &fields);
    };
    let deny = |actions: Value, resource: &str| json!({"Effect": "Deny", "Action": actions, "Resource": resource});
    let simulating = |may: bool| {
        bed.moto.heals();
        if !may {
            let fault =
                json!([{"action": "SimulatePrincipalPolicy", "code": "AccessDenied", "times": 9}]);
            bed.moto.faults(&fault);
        }
    };
    let judged = |may: bool| {
        simulating(may);
        script(&bed.env, &text)
    };
    let told = "mk8s check -c edge tells";

    put(deny(json!(["s3:*", "ECR:batchget*"]), "*"));
    judged(true)
        .exits(1)
        .err("IAM says that role mk8s-edge may not pull")
        .err(told);
    judged(false)
        .exits(1)
        .err(
            "The policy fence of role mk8s-edge denies ecr:batchgetimage, in some cases or in all.",
        )
        .err(told);
    // What is no part of a pull, and a repository of others, are in nobody's way.
    put(json!([
        deny(json!("ecr:PutImage"), "*"),
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
    ]));
    judged(false)
        .ok()
        .out("Nothing that the role has keeps it from it");
    // A key that IAM is not told of leaves it open: then the statement is in the way.
    let mut other = deny(json!("ecr:*"), "*");
    other["Condition"] = json!({"StringNotEquals": {"aws:RequestedRegion": "eu-central-1"}});
    put(other);
    judged(true)
        .exits(1)
        .err("The policy fence of role mk8s-edge denies ecr:");
    // Nor is what cannot be read taken for nothing.
    simulating(false);
    bed.moto.faults(&json!([
        {"action": "SimulatePrincipalPolicy", "code": "AccessDenied", "times": 9},
        {"action": "ListRolePolicies", "code": "AccessDenied", "times": 9},
    ]));
    script(&bed.env, &text)
        .exits(1)
        .err("What is in the way of role mk8s-edge could not be read");
    bed.moto.heals();
    bed.aws("iam delete-role-policy --role-name mk8s-edge --policy-name fence");

    let bound = |statements: Value| {
        let document = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
        let name = format!("bound-{}", bed.moto.log().len());
        let made = bed.aws_with(&[
            "iam",
            "create-policy",
            "--policy-name",
            &name,
            "--policy-document",
            &document,
        ]);
        let arn = made["Policy"]["Arn"].as_str().unwrap().to_owned();
        let fields = [("RoleName", "mk8s-edge"), ("PermissionsBoundary", &*arn)];
        bed.moto.act("PutRolePermissionsBoundary", &fields);
        arn
    };
    bound(json!({"Effect": "Allow", "Action": ["ecr:*", "s3:*"], "Resource": "*"}));
    judged(false).ok();
    let arn = bound(json!({"Effect": "Allow", "Action": "s3:*", "Resource": "*"}));
    judged(true)
        .exits(1)
        .err("IAM says that role mk8s-edge may not pull");
    judged(false).exits(1).err(&format!(
        "The permissions boundary {arn} does not clearly allow ecr:"
    ));
}

/// Terraform would delete a role under another path and make another one.
#[test]
fn the_configuration_imports_no_role_that_is_another_one() {
    let bed = ready();
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
    let run = bed.run(&format!(
        "aws emit aws-ecr -c edge --format terraform --role-arn arn:aws:iam::{ACCOUNT}:role/other/mk8s-edge"
    ));
    run.ok();
    let create = [
        "iam",
        "create-role",
        "--role-name=mk8s-edge",
        "--assume-role-policy-document",
        trust,
    ];
    bed.aws_with(&create);
    let text = emitted(&bed, "terraform", &[]);
    assert_eq!(imports(&text, true), Value::Null);
    let why = format!(
        "# Mind: the role mk8s-edge exists as arn:aws:iam::{ACCOUNT}:role/mk8s-edge, not as {ROLE}: it is not imported"
    );
    assert!(text.contains(&why), "{text}");
}

#[test]
fn the_script_keeps_what_exists() {
    let mut bed = ready();
    let text = emitted(&bed, "aws-cli", &[]);
    let others = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow",
        "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}});
    let issuer = bed.issuer("edge");
    let make_role = |bed: &Bed, trust: &Value| {
        bed.aws_with(&[
            "iam",
            "create-role",
            "--role-name=mk8s-edge",
            "--path=/team/",
            "--assume-role-policy-document",
            &trust.to_string(),
        ]);
    };
    make_role(&bed, &others);
    bed.aws(&format!(
        "iam create-open-id-connect-provider --url https://{issuer} --client-id-list other"
    ));
    let run = script(&bed.env, &text).exits(1);
    // What is to be added is said, and nothing in the role is changed.
    let run = run.err("Mk8sEcr").out("trusts others too");
    assert_eq!(bed.moto.role("mk8s-edge")["trust"], others, "{run}");
    let arn = format!("arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer}");
    assert_eq!(
        bed.moto.providers()[&arn]["audiences"],
        json!(["other", "sts.amazonaws.com"])
    );
    // With the statement added it goes on, and a policy that suffices is enough.
    let own = bed.env.mk8s(&[
        "aws", "setup", "aws-ecr", "-c", "edge", "--only", "trust", "--yes",
    ]);
    own.run().ok();
    bed.aws(
        "iam attach-role-policy --role-name mk8s-edge --policy-arn arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly",
    );
    let before = state(&bed.moto);
    script(&bed.env, &text)
        .ok()
        .out("exists and trusts the cluster")
        .out("A policy that lets the role pull is attached already");
    assert_eq!(state(&bed.moto), before);

    // A role with nothing but an older statement of ours gets the new one.
    bed.moto = Moto::start(&mut bed.env);
    let mut older = before[&format!("{ACCOUNT} aws")]["roles"][ROLE]["trust"].clone();
    let ours = older["Statement"][1].take();
    older["Statement"] = json!([ours]);
    let wanted = older.clone();
    older["Statement"][0]["Condition"] = json!({"StringEquals": {format!("{issuer}:sub"): "old"}});
    make_role(&bed, &older);
    script(&bed.env, &text).ok().out("Updated the trust policy");
    let role = bed.moto.role("mk8s-edge");
    assert_eq!(role["trust"], wanted);
    let attached = "mk8s.cpln/attached/AmazonEC2ContainerRegistryReadOnly";
    assert!(role["tags"][attached].is_string(), "{role}");
    assert_eq!(role["tags"]["mk8s.cpln/cluster/sandbox/edge"], "awsECR");
}

/// The cluster could not pull: the script does not end well.
#[test]
fn the_script_stops_where_the_cluster_names_another_role_or_ours_is_stale_among_others() {
    let mut bed = ready();
    let text = emitted(&bed, "aws-cli", &[]);
    let replacing = emitted(&bed, "aws-cli", &["--replace-trust"]);
    let policy = emitted(&bed, "aws-cli", &["--only", "policy"]);
    check_shell(&bed.env, &policy, "style");
    let others = json!({"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"},
        "Action": "sts:AssumeRole"});
    let make_role = |bed: &Bed, path: &str, statements: &[&Value]| {
        let trust = json!({"Version": "2012-10-17", "Statement": statements});
        let path = format!("--path={path}");
        bed.aws_with(&[
            "iam",
            "create-role",
            "--role-name=mk8s-edge",
            &path,
            "--assume-role-policy-document",
            &trust.to_string(),
        ]);
    };
    make_role(&bed, "/", &[&others]);
    let before = bed.moto.role("mk8s-edge");
    for text in [&text, &replacing, &policy] {
        script(&bed.env, text)
            .exits(1)
            .out("Role mk8s-edge exists as arn:aws:iam::123456789012:role/mk8s-edge, and the cluster names arn:aws:iam::123456789012:role/team/mk8s-edge.")
            .err("Nothing was changed in it.");
        assert_eq!(bed.moto.role("mk8s-edge"), before);
    }

    bed.moto = Moto::start(&mut bed.env);
    let sid = text
        .lines()
        .find_map(|line| line.trim_start().strip_prefix("sid="))
        .unwrap();
    let stale = json!({"Sid": sid, "Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {"Federated": format!("arn:aws:iam::{ACCOUNT}:oidc-provider/old.example")}});
    make_role(&bed, "/team/", &[&stale, &others]);
    let before = bed.moto.role("mk8s-edge");
    script(&bed.env, &text)
        .exits(1)
        .out(&format!("its statement {sid} differs from this one."))
        .err(sid);
    assert_eq!(bed.moto.role("mk8s-edge"), before);
    // Without a region anywhere the AWS CLI goes as well.
    for name in ["AWS_REGION", "AWS_DEFAULT_REGION"] {
        bed.env.unset(name);
    }
    bed.moto = Moto::start(&mut bed.env);
    for name in ["AWS_REGION", "AWS_DEFAULT_REGION"] {
        bed.env.unset(name);
    }
    script(&bed.env, &text).ok().out("Created role mk8s-edge");
}

#[test]
fn the_script_keeps_the_trust_policy_that_it_overwrites() {
    use std::os::unix::fs::PermissionsExt as _;
    let mut bed = ready();
    let text = emitted(&bed, "aws-cli", &["--replace-trust"]);
    check_shell(&bed.env, &text, "style");
    let others = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]});
    bed.aws_with(&[
        "iam",
        "create-role",
        "--role-name=mk8s-edge",
        "--path=/team/",
        "--assume-role-policy-document",
        &others.to_string(),
    ]);
    let run = script(&bed.env, &text)
        .ok()
        .out("The previous trust policy is kept in ");
    assert_ne!(bed.moto.role("mk8s-edge")["trust"], others);
    let folder = bed.env.home(".local/state/mk8s/trust");
    let copies: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(copies.len(), 1);
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&folder), mode(&copies[0])), (0o700, 0o600));
    let back = run
        .stdout
        .lines()
        .find(|line| line.starts_with("aws iam update-assume-role-policy"))
        .unwrap()
        .to_owned();
    bed.env.sh(&back).run().ok();
    assert_eq!(bed.moto.role("mk8s-edge")["trust"], others);

    // One that cannot be kept is not overwritten.
    let file = bed.env.write("state", "");
    bed.env.set("XDG_STATE_HOME", file.to_str().unwrap());
    let run = script(&bed.env, &text);
    assert_ne!(run.code, 0, "{run}");
    assert_eq!(bed.moto.role("mk8s-edge")["trust"], others);
}

/// A Sid that only starts like ours is a statement of somebody else.
#[test]
fn the_script_takes_no_look_alike_for_ours() {
    let bed = ready();
    let text = emitted(&bed, "aws-cli", &[]);
    let sid = text
        .lines()
        .find_map(|line| line.trim_start().strip_prefix("sid="))
        .unwrap();
    let alike = json!({"Version": "2012-10-17", "Statement": [{"Sid": format!("{sid}copy"),
        "Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"},
        "Action": "sts:AssumeRole"}]});
    bed.aws_with(&[
        "iam",
        "create-role",
        "--role-name=mk8s-edge",
        "--path=/team/",
        "--assume-role-policy-document",
        &alike.to_string(),
    ]);
    script(&bed.env, &text).exits(1).out("trusts others too");
    assert_eq!(bed.moto.role("mk8s-edge")["trust"], alike);
}

/// The script asks IAM; where it may not, and for a policy that was asked for, it attaches.
#[test]
fn the_script_knows_a_role_that_may_pull_by_a_policy_of_others() {
    let mut bed = ready();
    let text = emitted(&bed, "aws-cli", &[]);
    let asked = emitted(&bed, "aws-cli", &["--pull-policy", "read-only"]);
    script(&bed.env, &text).ok().out("Attached");
    let made = state(&bed.moto);
    let inline = |resource: &str| {
        json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Resource": resource,
            "Action": ["ecr:GetAuthorizationToken", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]}})
        .to_string()
    };
    let give = |bed: &Bed, resource: &str| {
        let name = "--role-name=mk8s-edge";
        bed.aws_with(&[
            "iam",
            "put-role-policy",
            name,
            "--policy-name=by-hand",
            "--policy-document",
            &inline(resource),
        ]);
    };
    let attached = |bed: &Bed| bed.moto.role("mk8s-edge")["attached"].clone();
    bed.aws(
        "iam detach-role-policy --role-name mk8s-edge --policy-arn \
         arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly",
    );
    give(&bed, "*");
    for _ in 0..2 {
        script(&bed.env, &text)
            .ok()
            .out("The role may pull already, as IAM says")
            .never("Attached");
        assert_eq!(attached(&bed), json!([]));
    }
    bed.moto.faults(
        &json!([{"action": "SimulatePrincipalPolicy", "code": "AccessDenied", "times": 9}]),
    );
    script(&bed.env, &text).ok().out("Attached");
    bed.moto.heals();
    let mut now = state(&bed.moto);
    now[&format!("{ACCOUNT} aws")]["roles"][ROLE]["inline"] = json!({});
    assert_eq!(now, made);

    bed.moto = Moto::start(&mut bed.env);
    script(&bed.env, &text).ok();
    give(&bed, "*");
    bed.aws(
        "iam detach-role-policy --role-name mk8s-edge --policy-arn \
         arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly",
    );
    script(&bed.env, &asked).ok().out("Attached");
}

#[test]
fn the_script_does_nothing_in_another_account() {
    let bed = ready();
    let flags = ["--role-arn", "arn:aws:iam::999999999999:role/far"];
    let text = emitted(&bed, "aws-cli", &flags);
    script(&bed.env, &text)
        .exits(1)
        .err("The AWS credentials belong to account 123456789012, not to 999999999999.");
    assert_eq!(bed.moto.writes(), Vec::<String>::new());
}

/// The API's object of a cluster whose every text is meant to break out of its quotes.
fn hostile() -> Value {
    let issuer = "oidc.sandbox.localhost/a'b`c$(d)\\e";
    json!({
        "kind": "mk8s", "id": "1'2", "version": 1,
        "name": "it's $(touch pwned) `touch pwned` \"q\" ${x} %{y} \\ back\nslash",
        "links": [{"rel": "self", "href": "/org/a'c${m}e/mk8s/x"}],
        "spec": {"provider": {"hetzner": {}}, "addOns": {"awsWorkloadIdentity": {},
            "awsECR": {"roleArn": "arn:aws:iam::123456789012:role/r,=@-x"}}},
        "status": {"oidcProviderUrl": format!("https://{issuer}"), "addOns": {
            "awsWorkloadIdentity": {"oidcProviderConfig": {"audience": "$a'`b`"}},
            "awsECR": {"trustPolicy": {"Version": "2012-10-17", "Statement": [{
                "Effect": "Allow",
                "Principal": {"Federated": format!("arn:aws:iam::123456789012:oidc-provider/{issuer}")},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {"StringLike": {
                    format!("{issuer}:aud"): "$a'`b`",
                    format!("{issuer}:sub"): ["it's", "`id`$(id)\\\\\"%{z}"],
                }},
            }]}}
        }},
    })
}

#[test]
fn nothing_breaks_out_of_its_quotes() {
    let mut env = Env::new();
    let moto = Moto::start(&mut env);
    env.set("PATH", &path_with_aws());
    env.write("c.json", hostile().to_string());
    let text = |form: &str| {
        let line = format!("aws setup aws-ecr -f c.json --accept-trust subject --emit {form}");
        env.line(&line).run().ok().stdout
    };
    let shell = text("aws-cli");
    check_shell(&env, &shell, "warning");
    script(&env, &shell).ok();
    let made = state(&moto);
    let again = script(&env, &shell).ok();
    assert!(!env.path("pwned").exists());
    assert_eq!(state(&moto), made, "{again}");
    let backend = &made[&format!("{ACCOUNT} aws")];
    let (_, role) = backend["roles"].as_object().unwrap().iter().next().unwrap();
    let name = hostile()["name"].as_str().unwrap().to_owned();
    assert_eq!(
        role["description"],
        json!(format!(
            "Lets the cluster {name} of the org a'c${{m}}e pull images from Amazon ECR"
        ))
    );
    let mut trust = hostile()["status"]["addOns"]["awsECR"]["trustPolicy"].clone();
    trust["Statement"][0]["Sid"] = role["trust"]["Statement"][0]["Sid"].clone();
    assert_eq!(role["trust"], trust);

    // Resources are named after the cluster there.
    let label = hostile()["name"]
        .as_str()
        .unwrap()
        .replace(|c: char| !c.is_ascii_alphanumeric(), "_");
    let terraform = text("terraform").replace(&format!("mk8s_{label}"), "mk8s_edge");
    assert_eq!(state_of_terraform(&terraform), made);
    let terraform = text("terraform");
    assert_eq!(format_hcl(&terraform), terraform);

    let yaml = [text("cloudformation")];
    for reader in [Reader::JsYaml, Reader::PyYaml] {
        let read = read_yaml(reader, &yaml).remove(0).unwrap();
        let properties = &read[0]["Resources"]["Role"]["Properties"];
        assert_eq!(properties["Description"], role["description"], "{reader:?}");
        assert_eq!(properties["AssumeRolePolicyDocument"], trust, "{reader:?}");
    }
}

#[test]
fn the_plan_is_shown_and_machines_get_everything() {
    let bed = ready();
    let shown = bed.run("aws setup aws-ecr -c edge --emit plan").ok();
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let lines: Vec<String> = shown.stdout.lines().map(words).collect();
    let issuer = bed.issuer("edge");
    // What is written and given is for the tests of plans.
    let of_role = |line: &&String| !line.starts_with("and the tags") && !line.contains("Mk8sEcr");
    let lines: Vec<&String> = lines.iter().filter(of_role).collect();
    assert_eq!(
        lines,
        [
            "Plan for account 123456789012 (what exists there was not looked at)",
            "= add-on aws-workload-identity on",
            &format!("+ OIDC provider {issuer} audience sts.amazonaws.com"),
            &format!("= add-on aws-ecr on, role {ROLE}"),
            "+ role mk8s-edge trust policy: 1 statement",
            "+ attach AmazonEC2ContainerRegistryReadOnly to mk8s-edge",
            "the role gets: path /team/; no permissions boundary; sessions of 3600 s at most",
            "who may assume the role: service account kube-system/ecr-credential-provider of edge; nobody else",
        ]
    );
    let document = bed
        .run("aws setup aws-ecr -c edge --emit terraform -o json")
        .ok()
        .json();
    let item = &document["items"][0];
    assert_eq!(document["kind"], "AwsPlan");
    assert_eq!(document["dryRun"], true);
    assert_eq!(item["caller"], Value::Null);
    assert_eq!(item["account"], ACCOUNT);
    assert_eq!(item["emitted"]["format"], "terraform");
    let text = bed.run("aws setup aws-ecr -c edge --emit terraform").ok();
    assert_eq!(item["emitted"]["text"], json!(text.stdout));
    // Another role than the one in the settings takes one more command.
    bed.run("aws setup aws-ecr -c edge --emit plan --role-arn arn:aws:iam::123456789012:role/x")
        .ok()
        .err("Next: mk8s addon enable aws-ecr -c edge --role-arn arn:aws:iam::123456789012:role/x");
}

/// Plans of one run build on each other: the second cluster finds the role that the first gets.
#[test]
fn plans_of_clusters_that_share_a_role_build_on_each_other() {
    let mut bed = Bed::two();
    bed.env.set("PATH", &path_with_aws());
    for cluster in ["edge", "west"] {
        bed.run(&format!(
            "addon enable aws-ecr -c {cluster} --with-prerequisites --role-arn {ROLE}"
        ))
        .ok();
    }
    let emit = format!("aws emit aws-ecr -c edge -c west --wait=1m --account {ACCOUNT}");
    let shown = bed.run(&format!("{emit} --format plan")).ok();
    // Who gets in with the first is not all.
    let shown = shown.err("the role of edge is that of west as well");
    let words = shown
        .stdout
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    let (first, second) = words.split_once("for west").unwrap_or_default();
    for (text, words) in [
        (first, "+ role"),
        (first, "+ attach"),
        (second, "= role mk8s-edge made for edge before"),
        (second, "~ trust policy mk8s-edge adds statement"),
        (second, "keeps 1 of sandbox/edge"),
        (
            second,
            "= pull policy AmazonEC2ContainerRegistryReadOnly attached",
        ),
        (
            second,
            "ecr-credential-provider of west; also: service account kube-system/ecr-credential-provider",
        ),
    ] {
        assert!(text.contains(words), "{words}\n{shown}");
    }
    let mut items = bed
        .run(&format!("{emit} --format plan -o json"))
        .ok()
        .json()["items"]
        .take();
    let steps = items[1]["steps"].take();
    let steps = steps.as_array().unwrap();
    let creates = |part: &str| {
        steps
            .iter()
            .filter(|it| it["part"] == part && it["action"] == "create")
            .count()
    };
    assert_eq!((creates("role"), creates("oidc-provider")), (0, 1));
}

#[test]
fn what_is_not_published_is_not_guessed() {
    let bed = Bed::edge();
    let emit = "aws setup aws-ecr -c edge --emit aws-cli";
    snapshot!(bed.env, bed.run(emit), @r"
    exit 2
    --- stderr
    error: it is not known in which AWS account aws-ecr of `edge` is to be set up
    hint: --account ID names it
    ");
    snapshot!(bed.env, bed.run(&format!("{emit} --account 999999999999")), @r"
    exit 6
    --- stderr
    error: the AWS side of aws-ecr was not written out for `edge`
      because: aws-ecr is off, and the cluster publishes its trust policy only while it is on
    hint: mk8s addon enable aws-ecr -c edge --with-prerequisites --role-arn arn:aws:iam::999999999999:role/mk8s-sandbox-edge-ecr
    ");
    snapshot!(bed.env, bed.run(&format!("{emit} --account 999999999999 --only oidc-provider")), @r"
    exit 3
    --- stderr
    error: the AWS side of aws-ecr was not written out for `edge`
      because: aws-workload-identity is off, and the cluster has no OIDC issuer URL
    hint: mk8s addon enable aws-workload-identity -c edge
    ");
    // The hint can be followed, and then it is a matter of time.
    bed.run("addon enable aws-ecr -c edge --with-prerequisites --role-arn arn:aws:iam::999999999999:role/mk8s-sandbox-edge-ecr")
        .ok();
    bed.run(&format!("{emit} --wait"))
        .ok()
        .out("role=mk8s-sandbox-edge-ecr\n");
    let file = bed.run("cluster get edge -o json").ok().stdout;
    let mut cluster: Value = serde_json::from_str(&file).unwrap();
    cluster["status"]["addOns"]["awsECR"]["trustPolicy"] = json!({});
    bed.env.write("edge.json", cluster.to_string());
    let offline = Env::new();
    offline.write("edge.json", &file);
    offline.write("early.json", cluster.to_string());
    offline
        .line("aws setup aws-ecr -f edge.json --emit cloudformation")
        .run()
        .ok()
        .out("AWS::IAM::OIDCProvider");
    snapshot!(offline, offline.line("aws setup aws-ecr -f early.json --emit aws-cli").run(), @r"
    exit 3
    --- stderr
    error: the AWS side of aws-ecr was not written out for `edge`
      because: `edge` publishes no trust policy for aws-ecr yet: status.addOns.awsECR.trustPolicy is not there
    hint: read the cluster again: `mk8s cluster get edge -o json > early.json`
    ");
    for wrong in [
        "aws setup aws-ecr -f edge.json --emit aws-cli --only trust",
        "aws setup aws-ecr -f edge.json --emit aws-cli --wait",
        "aws setup aws-ecr -f edge.json --yes",
        "aws setup aws-ecr -f edge.json --emit aws-cli --dry-run",
        "aws setup aws-ecr -f edge.json --emit pulumi",
    ] {
        let _ = offline.line(wrong).run().exits(2).silent();
    }
}

#[test]
fn a_cluster_that_pulls_from_its_own_account_gets_the_provider_alone() {
    let bed = Bed::home();
    bed.run("addon enable aws-ecr -c home --with-prerequisites")
        .ok();
    let run = bed
        .run("aws setup aws-ecr -c home --emit terraform --wait")
        .ok();
    let read = read_hcl(&run.stdout);
    let kinds: Vec<&String> = read["resource"].as_object().unwrap().keys().collect();
    assert_eq!(kinds, ["aws_iam_openid_connect_provider"]);
}

#[test]
fn the_verb_prints_the_bytes_of_the_flag() {
    let bed = Bed::edge();
    bed.run("addon enable aws-ecr -c edge --with-prerequisites --role-arn arn:aws:iam::123456789012:role/r")
        .ok();
    for form in ["plan", "aws-cli", "terraform", "cloudformation"] {
        for more in [
            "",
            " -o json",
            " --only oidc-provider",
            " --only trust",
            " --account 12",
        ] {
            let verb = bed.run(&format!("aws emit aws-ecr -c edge --format {form}{more}"));
            let flag = bed.run(&format!("aws setup aws-ecr -c edge --emit {form}{more}"));
            assert_eq!(verb.code, flag.code, "{verb}{flag}");
            assert_eq!(verb.stdout, flag.stdout, "{form}{more}");
            assert_eq!(verb.stderr, flag.stderr, "{form}{more}");
        }
    }
    let image = "--image 222222222222.dkr.ecr.eu-central-1.amazonaws.com/team/shop:1";
    for more in ["", " -o json", " --account 12"] {
        let verb = bed.run(&format!(
            "aws repository-policy aws-ecr -c edge {image}{more}"
        ));
        let flag = bed.run(&format!(
            "aws setup aws-ecr -c edge {image} --repository-policy{more}"
        ));
        assert_eq!(verb.code, flag.code, "{verb}{flag}");
        assert_eq!(verb.stdout, flag.stdout, "{more}");
        assert_eq!(verb.stderr, flag.stderr, "{more}");
        let verb = bed.run(&format!(
            "aws repository-policy aws-ecr -c edge {image} --apply --dry-run{more}"
        ));
        let flag = bed.run(&format!(
            "aws setup aws-ecr -c edge {image} --apply-repository-policy --dry-run{more}"
        ));
        assert_eq!(verb.code, flag.code, "{verb}{flag}");
        assert_eq!((verb.stdout, verb.stderr), (flag.stdout, flag.stderr));
    }
    assert!(bed.moto.writes().is_empty());
}
