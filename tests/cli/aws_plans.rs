//! What a plan of `mk8s aws setup` says before it is approved, and what a run says once it is done.

use crate::support::{ACCOUNT, Bed, Run};
use serde_json::{Value, json};

const ROLE: &str = "mk8s-sandbox-edge-ecr";
const ARN: &str = "arn:aws:iam::123456789012:role/mk8s-sandbox-edge-ecr";
const BOUNDARY: &str = "arn:aws:iam::123456789012:policy/edge";
const READ_ONLY: &str = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly";
const PULL_ONLY: &str = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly";
const FLAGS: &str = "--tag team=shop --max-session-duration 2h --permissions-boundary arn:aws:iam::123456789012:policy/edge";

/// The add-on is on with a role that is not there yet, so that the trust policy is published.
fn on() -> Bed {
    let bed = Bed::edge();
    bed.run(&format!(
        "addon enable aws-ecr -c edge --with-prerequisites --role-arn {ARN}"
    ))
    .ok();
    bed.run("addon trust-policy aws-ecr -c edge --wait").ok();
    bed
}

fn item(run: &Run) -> Value {
    run.json()["items"][0].clone()
}

fn step(item: &Value, part: &str) -> Value {
    let mut steps = item["steps"].as_array().unwrap().iter();
    steps.find(|step| step["part"] == part).unwrap().clone()
}

/// Whoever approves sees the statement, in words and as it will stand, and what the role gets: by every
/// way to a plan, in text and in JSON.
#[test]
fn every_plan_shows_what_is_approved() {
    let bed = on();
    let issuer = bed.issuer("edge");
    let subject = "system:serviceaccount:kube-system:ecr-credential-provider";
    let ways = [
        "aws setup aws-ecr -c edge --dry-run",
        "aws setup aws-ecr -c edge --emit plan",
        "aws emit aws-ecr -c edge --format plan",
        "addon enable aws-ecr -c edge --create-role --dry-run",
    ];
    let plans: Vec<Value> = ways
        .iter()
        .map(|way| item(&bed.run(&format!("{way} {FLAGS} -o json")).ok()))
        .collect();
    for (way, plan) in ways.iter().zip(&plans) {
        let written = &plan["trust"]["written"];
        assert_eq!(written, &plans[0]["trust"]["written"], "{way}");
        assert_eq!(
            plan["trust"]["document"]["Statement"][0],
            written[0]["document"]
        );
        let role = &step(plan, "role")["role"];
        assert_eq!(role["path"], "/", "{way}");
        assert_eq!(role["permissionsBoundary"], BOUNDARY, "{way}");
        assert_eq!(role["maxSessionDuration"], 7200, "{way}");
        assert_eq!(role["tags"]["team"], "shop", "{way}");
        let statement = written[0]["document"].to_string();
        let shown = bed.run(&format!("{way} {FLAGS}")).ok();
        for part in [
            &format!(
                "trust statement {}: tokens of the issuer {issuer}, subject {subject}, audience sts.amazonaws.com\n",
                written[0]["statement"].as_str().unwrap()
            ),
            &statement,
            &format!(
                "the role gets: path /; permissions boundary {BOUNDARY}; sessions of 7200 s at most\n"
            ),
            "mk8s.cpln/managed-by=mk8s, ",
            ", team=shop\n",
        ] {
            assert!(shown.stdout.contains(part), "{part}\n{shown}");
        }
    }
    // What was approved is what is made.
    bed.run(&format!("aws setup aws-ecr -c edge --yes {FLAGS}"))
        .ok();
    let role = bed.moto.role(ROLE);
    assert_eq!(role["trust"], plans[0]["trust"]["document"]);
    assert_eq!(role["tags"], step(&plans[0], "role")["role"]["tags"]);
    // And of what is there already nothing is left to approve.
    let again = item(&bed.run("aws setup aws-ecr -c edge --dry-run -o json").ok());
    assert_eq!(again["trust"]["written"], json!([]));
    assert_eq!(step(&again, "role")["role"], Value::Null);
}

/// A cluster that has not published anything yet: what is known is shown with the plan, the statement
/// before it is written.
#[test]
fn what_is_published_later_is_shown_before_it_is_written() {
    let bed = Bed::edge();
    let plan = item(
        &bed.run(&format!(
            "aws setup aws-ecr -c edge --dry-run {FLAGS} -o json"
        ))
        .ok(),
    );
    assert_eq!(plan["trust"], Value::Null);
    assert_eq!(step(&plan, "role")["role"]["permissionsBoundary"], BOUNDARY);
    let run = bed.run("aws setup aws-ecr -c edge --yes").ok();
    let statement = bed.moto.role(ROLE)["trust"]["Statement"][0].take();
    let at = |part: &str| {
        run.stderr
            .find(part)
            .unwrap_or_else(|| panic!("{part}\n{run}"))
    };
    assert!(at("sessions of 3600 s at most") < at("Switched on"));
    assert!(at("no permissions boundary") < at("Switched on"));
    assert!(at(&statement.to_string()) < at("Created role"));
    assert!(at("tokens of the issuer") < at("Created role"));
}

/// A class of subjects, and whoever is not of the issuer at all, are not made to look like one account.
#[test]
fn what_lets_in_more_is_said_as_that() {
    let bed = on();
    let issuer = bed.issuer("edge");
    let federated = format!("arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer}");
    let own = |condition: Value| {
        json!({"Effect": "Allow", "Principal": {"Federated": federated},
            "Action": "sts:AssumeRoleWithWebIdentity", "Condition": condition})
    };
    let (sub, aud) = (format!("{issuer}:sub"), format!("{issuer}:aud"));
    let rows = [
        (
            own(json!({"StringLike": {&sub: "system:serviceaccount:a:*"}})),
            " --accept-trust subject --accept-trust audience",
            "any service account of the namespace a of edge, any audience",
        ),
        (
            own(
                json!({"StringEquals": {&sub: ["system:serviceaccount:a:b", "system:serviceaccount:a:c"], &aud: "sts.amazonaws.com"},
                "IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}),
            ),
            "",
            "subject system:serviceaccount:a:b or system:serviceaccount:a:c, audience sts.amazonaws.com (if IpAddress",
        ),
        (
            json!({"Effect": "Allow", "Principal": {"AWS": "222222222222"}, "Action": "sts:AssumeRole"}),
            " --accept-trust principal --accept-trust action",
            r#"Effect Allow, Principal {"AWS":"222222222222"}, Action sts:AssumeRole"#,
        ),
    ];
    let mut cluster = bed.sandbox.cluster("edge");
    for (statement, accept, words) in rows {
        cluster["status"]["addOns"]["awsECR"]["trustPolicy"] =
            json!({"Version": "2012-10-17", "Statement": [statement]});
        bed.env.write("edge.json", cluster.to_string());
        bed.run(&format!(
            "aws emit aws-ecr -f edge.json --format plan{accept}"
        ))
        .ok()
        .out(words);
    }
}

/// Setup takes nothing off a role, and says what it leaves.
#[test]
fn a_policy_that_allows_more_than_what_was_asked_for_is_said_to_stay() {
    let bed = Bed::edge();
    bed.run("aws setup aws-ecr -c edge --yes").ok();
    let line = "aws setup aws-ecr -c edge --pull-policy pull-only";
    let run = bed.run(&format!("{line} --yes")).ok();
    run.err("= keep           AmazonEC2ContainerRegistryReadOnly   stays attached beside it: setup takes nothing off a role");
    assert_eq!(
        bed.moto.role(ROLE)["attached"],
        json!([PULL_ONLY, READ_ONLY])
    );
    let plan = item(&bed.run(&format!("{line} -o json")).ok());
    let steps = plan["steps"].as_array().unwrap();
    let kept = steps.iter().find(|step| step["action"] == "keep").unwrap();
    assert_eq!(
        (&kept["part"], &kept["resource"]),
        (&json!("policy"), &json!(READ_ONLY))
    );
    // Without the wish for another policy there is nothing to say.
    let plain = item(&bed.run("aws setup aws-ecr -c edge -o json").ok());
    assert!(!plain.to_string().contains("stays attached"), "{plain}");
}

/// Statements of other clusters are not strangers'.
#[test]
fn statements_of_other_clusters_go_by_the_names_of_these() {
    let bed = Bed::two();
    let shared = "--role-name shared --yes";
    bed.run(&format!("aws setup aws-ecr -c edge {shared}")).ok();
    bed.run(&format!(
        "addon enable aws-ecr -c west --with-prerequisites --role-arn arn:aws:iam::{ACCOUNT}:role/shared"
    ))
    .ok();
    bed.run("addon trust-policy aws-ecr -c west --wait").ok();
    bed.run(&format!("aws setup aws-ecr -c west {shared}"))
        .ok()
        .err(", keeps 1 of sandbox/edge");
    let mut trust = bed.moto.role("shared")["trust"].take();
    let nodes = json!({"Sid": "Nodes", "Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"},
        "Action": "sts:AssumeRole"});
    trust["Statement"].as_array_mut().unwrap().push(nodes);
    bed.moto.act(
        "UpdateAssumeRolePolicy",
        &[
            ("RoleName", "shared"),
            ("PolicyDocument", &trust.to_string()),
        ],
    );
    bed.run("aws setup aws-ecr -c west --role-name shared --replace-trust --dry-run")
        .ok()
        .out("replaced as a whole; statements that go: 1 of sandbox/edge and 1 of others");
    let down = bed.run("aws teardown aws-ecr -c west --yes").ok();
    let down = down.err(", keeps 1 of sandbox/edge and 1 of others");
    down.err(
        "other clusters use it: sandbox/edge; its trust policy has 1 statement that is not ours",
    );
}

/// After a setup comes the pull.
#[test]
fn a_setup_that_did_something_ends_with_what_comes_next() {
    let bed = Bed::two();
    let image = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop:1";
    let ends = |run: &Run| -> Vec<String> {
        let lines = run.stderr.lines().filter(|it| it.starts_with("Next: "));
        lines.map(str::to_owned).collect()
    };
    let run = bed
        .run(&format!("aws setup aws-ecr -c edge --image {image} --yes"))
        .ok();
    let wanted = [
        format!("Next: mk8s check -c edge --image {image}"),
        format!("Next: mk8s aws workload --image {image}"),
    ];
    assert_eq!(ends(&run), wanted);
    // Nothing was done, or not all of it, or it was only shown.
    for line in [
        "aws setup aws-ecr -c edge",
        "aws setup aws-ecr -c west --dry-run",
        "aws setup aws-ecr -c west --only oidc-provider --yes",
    ] {
        assert_eq!(ends(&bed.run(line)), [""; 0], "{line}");
    }
    let run = bed.run("aws setup aws-ecr -c edge -c west --yes").ok();
    assert_eq!(
        ends(&run),
        [
            "Next: mk8s check -c west --image IMAGE",
            "Next: mk8s aws workload --image IMAGE"
        ]
    );
    let other = Bed::two();
    let run = other.run("aws setup aws-ecr -c edge -c west --yes").ok();
    assert_eq!(
        ends(&run),
        ["Next: mk8s check -c edge -c west --image IMAGE"]
    );
}

/// What a policy says of another repository, or denies, is not taken for a right to pull this image.
#[test]
fn rights_are_judged_for_the_image_that_is_named() {
    let bed = Bed::edge();
    bed.run("aws setup aws-ecr -c edge --yes").ok();
    let detach = [("RoleName", ROLE), ("PolicyArn", READ_ONLY)];
    bed.moto.act("DetachRolePolicy", &detach);
    let inline = |statements: Value| {
        let text = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
        let fields = [
            ("RoleName", ROLE),
            ("PolicyName", "own"),
            ("PolicyDocument", &*text),
        ];
        bed.moto.act("PutRolePolicy", &fields);
    };
    let login = json!({"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"});
    let other = json!({"Effect": "Allow", "Action": "ecr:*", "Resource": "arn:aws:ecr:*:*:repository/other"});
    let setup = |name: &str| {
        bed.run(&format!(
            "aws setup aws-ecr -c edge --image {ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com/{name}:1 --dry-run"
        ))
    };
    inline(json!([login, other]));
    setup("other")
        .ok()
        .err("aws-ecr is already set up for edge");
    setup("shop")
        .ok()
        .out("+ attach         AmazonEC2ContainerRegistryReadOnly");
    let deny = json!({"Sid": "No", "Effect": "Deny", "Action": "ecr:BatchGetImage",
        "Resource": "arn:aws:ecr:*:*:repository/shop"});
    inline(json!([login, {"Effect": "Allow", "Action": "ecr:*", "Resource": "*"}, deny]));
    setup("other")
        .ok()
        .err("aws-ecr is already set up for edge");
    let run = setup("shop").exits(6);
    run.err("statement No is {\"Sid\":\"No\",\"Effect\":\"Deny\",");
}

/// A boundary that cannot be read may stand against everything: no command says that the role may
/// pull, and all name what is not allowed.
#[test]
fn a_boundary_that_cannot_be_read_is_no_yes() {
    let bed = Bed::edge();
    bed.run("aws setup aws-ecr -c edge --yes").ok();
    let all = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]});
    bed.moto.act(
        "CreatePolicy",
        &[("PolicyName", "edge"), ("PolicyDocument", &all.to_string())],
    );
    bed.moto.act(
        "PutRolePermissionsBoundary",
        &[("RoleName", ROLE), ("PermissionsBoundary", BOUNDARY)],
    );
    let status = "aws status aws-ecr -c edge -o json";
    let policy = |run: &Run| {
        let found = item(run)["parts"].as_array().unwrap().clone();
        found.into_iter().find(|it| it["part"] == "policy").unwrap()
    };
    assert_eq!(policy(&bed.run(status).ok())["state"], "present");
    let faults = |action: &str| {
        let fault = json!([{"action": action, "code": "AccessDenied", "times": 99},
            {"action": "SimulatePrincipalPolicy", "code": "AccessDenied", "times": 99}]);
        bed.moto.faults(&fault);
    };
    for (action, right) in [
        ("GetPolicy", "iam:GetPolicy"),
        ("GetPolicyVersion", "iam:GetPolicyVersion"),
    ] {
        faults(action);
        let part = policy(&bed.run(status).ok());
        assert_eq!(part["state"], "unknown", "{part}");
        let detail = part["detail"].as_str().unwrap();
        assert!(
            detail.contains("boundary") && detail.contains(&format!("{right} is not allowed")),
            "{detail}"
        );
        let warned = format!(
            "whether the permissions boundary {BOUNDARY} of {ROLE} allows pulls is not known: {right} is not allowed"
        );
        let plan = bed.run("aws setup aws-ecr -c edge --dry-run -o json").ok();
        assert!(
            item(&plan)["warnings"].to_string().contains(&warned),
            "{plan}"
        );
        plan.err(&warned);
        let check = bed.run("check -c edge --skip issuer -o json");
        assert_eq!(check.json()["verdicts"][0]["state"], "unknown", "{check}");
        bed.moto.heals();
    }
}
