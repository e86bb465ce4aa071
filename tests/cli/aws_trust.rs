//! What a published trust policy may be given: exact, broad, outside; through every command, for
//! the shapes that the real platform may have.

use crate::support::manifests::hetzner;
use crate::support::{Bed, Env, Terminal, snapshot};
use serde_json::{Value, json};

const ROLE: &str = "mk8s-sandbox-edge-ecr";
const SETUP: &str = "aws setup aws-ecr -c edge";
const ACCEPTED: &str = "mk8s.cpln/accepted-trust/sandbox/edge";
const ECR: &str = "system:serviceaccount:kube-system:ecr-credential-provider";
const EMITTED: [&str; 4] = ["plan", "aws-cli", "terraform", "cloudformation"];

/// What the sandbox gives the cluster `edge` of its org.
const ISSUER: &str = "oidc.sandbox.localhost/kz3wqgbhbjse";

/// A bare cluster that publishes what `document` makes of its issuer.
fn bed(document: impl Fn(&str) -> Value) -> Bed {
    let folder = Env::new();
    let file = folder.write("trust.json", document(ISSUER).to_string());
    let file = file.to_str().unwrap();
    Bed::holding(&[hetzner("edge", &[])], &["--trust-policy", file])
}

fn statement(issuer: &str, account: &str, condition: &Value) -> Value {
    json!({
        "Effect": "Allow",
        "Principal": {"Federated": format!("arn:aws:iam::{account}:oidc-provider/{issuer}")},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": condition,
    })
}

fn policy(statements: &Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}

/// A shape: its name, its document, what has to be accepted, and who gets in.
type Shape = (
    &'static str,
    fn(&str) -> Value,
    &'static [&'static str],
    &'static str,
);

const SHAPES: [Shape; 6] = [
    (
        "exact",
        |issuer| {
            let keys = [format!("{issuer}:sub"), format!("{issuer}:aud")];
            let condition = json!({"StringEquals": {&keys[0]: ECR, &keys[1]: "sts.amazonaws.com"}});
            policy(&json!([statement(issuer, "123456789012", &condition)]))
        },
        &[],
        "service account kube-system/ecr-credential-provider of edge; nobody else",
    ),
    (
        "two service accounts",
        |issuer| {
            let keys = [format!("{issuer}:sub"), format!("{issuer}:aud")];
            let two = json!([ECR, "system:serviceaccount:default:puller"]);
            let condition = json!({"StringEquals": {&keys[0]: two, &keys[1]: "sts.amazonaws.com"}});
            policy(&json!([statement(issuer, "123456789012", &condition)]))
        },
        &[],
        "service accounts default/puller and kube-system/ecr-credential-provider of edge; nobody else",
    ),
    (
        "wildcard subject",
        |issuer| {
            let keys = [format!("{issuer}:sub"), format!("{issuer}:aud")];
            let like = "system:serviceaccount:kube-system:*";
            let condition = json!({"StringLike": {&keys[0]: like},
                "StringEquals": {&keys[1]: "sts.amazonaws.com"}});
            policy(&json!([statement(issuer, "123456789012", &condition)]))
        },
        &["subject"],
        "any service account of the namespace kube-system of edge; nobody else",
    ),
    (
        "no subject",
        |issuer| {
            let aud = format!("{issuer}:aud");
            let condition = json!({"StringEquals": {aud: "sts.amazonaws.com"}});
            policy(&json!([statement(issuer, "123456789012", &condition)]))
        },
        &["subject"],
        "any service account of edge; nobody else",
    ),
    (
        "no audience",
        |issuer| {
            let condition = json!({"StringEquals": {format!("{issuer}:sub"): ECR}});
            policy(&json!([statement(issuer, "123456789012", &condition)]))
        },
        &["audience"],
        "service account kube-system/ecr-credential-provider of edge; nobody else",
    ),
    (
        "placeholder account",
        |issuer| {
            let keys = [format!("{issuer}:sub"), format!("{issuer}:aud")];
            let condition = json!({"StringEquals": {&keys[0]: ECR, &keys[1]: "sts.amazonaws.com"}});
            policy(&json!([statement(issuer, "<ACCOUNT_ID>", &condition)]))
        },
        &[],
        "service account kube-system/ecr-credential-provider of edge; nobody else",
    ),
];

/// `--accept-trust` for every name.
fn accepting(names: &[&str]) -> String {
    names
        .iter()
        .flat_map(|name| [" --accept-trust ", name])
        .collect()
}

#[test]
fn every_shape_goes_through_setup_status_check_and_teardown() {
    for (shape, document, names, who) in SHAPES {
        let bed = bed(document);
        let before = bed.moto.state();
        let accept = accepting(names);
        if !names.is_empty() {
            // Before the provider or the role is made; --yes never goes past it.
            let run = bed.run(&format!("{SETUP} --yes")).exits(6);
            let _ = run
                .err("the published trust policy is broad: statement 1: ")
                .err(&format!("({})", names[0]))
                .err(&format!("mk8s {SETUP}{accept} --yes"));
            assert_eq!(bed.moto.state(), before, "{shape}");
        }
        let run = bed.run(&format!("{SETUP}{accept} --yes")).ok();
        let _ = run.err(&format!("may assume the role: {who}"));
        let tags = bed.moto.role(ROLE)["tags"].clone();
        let recorded = (!names.is_empty()).then(|| names.join(" "));
        assert_eq!(tags[ACCEPTED], json!(recorded), "{shape}");

        // A run that finds it covered needs no consent, and writes nothing.
        bed.moto.forget();
        let again = bed.run(&format!("{SETUP} -o json")).ok();
        assert_eq!(bed.moto.writes(), [""; 0], "{shape}");
        let trust = &again.json()["items"][0]["trust"];
        let verdict = if names.is_empty() { "exact" } else { "broad" };
        assert_eq!(trust["verdict"], verdict, "{shape}");
        assert_eq!(trust["who"], who, "{shape}");
        assert_eq!(trust["accepted"], json!(names), "{shape}");

        let status = bed.run("aws status aws-ecr -c edge --exit-code").ok();
        let _ = status.out(&format!("who may assume the role: {who}"));
        let status = bed.run("aws status aws-ecr -c edge -o json").ok();
        assert_eq!(status.json()["items"][0]["who"], who, "{shape}");

        let check = bed.run("check -c edge --only trust-over-broad -o json");
        let found = check.json()["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|it| it["id"] == "trust-over-broad")
            .unwrap()
            .clone();
        if names.is_empty() {
            assert_eq!(found["state"], "pass", "{shape}");
            assert_eq!(
                found["message"],
                format!("the role may be assumed by {who}")
            );
        } else {
            assert_eq!(found["state"], "warn", "{shape}");
            let evidence = found["evidence"].as_str().unwrap();
            assert!(
                evidence.contains(&format!("({})", names[0])),
                "{shape}: {evidence}"
            );
            assert!(
                evidence.ends_with("the cluster publishes it so"),
                "{shape}: {evidence}"
            );
        }
        bed.run("aws teardown aws-ecr -c edge --with-oidc-provider --yes")
            .ok();
        assert_eq!(bed.moto.state(), before, "{shape}");
    }
}

#[test]
fn every_shape_is_judged_alike_by_create_role_and_every_form() {
    for (shape, document, names, who) in SHAPES {
        let bed = bed(document);
        let accept = accepting(names);
        let enable = "addon enable aws-ecr -c edge --create-role --with-prerequisites";
        if !names.is_empty() {
            let _ = bed
                .run(&format!("{enable} --role-name own --yes"))
                .exits(6)
                .silent()
                .err(&format!(
                    "mk8s addon enable aws-ecr --create-role --with-prerequisites -c edge \
                     --role-name own{accept} --yes"
                ));
            for form in EMITTED {
                let _ = bed
                    .run(&format!("{SETUP} --emit {form} --account 123456789012"))
                    .exits(6)
                    .silent()
                    .err("the published trust policy is broad")
                    .err(&format!(" --format {form}{accept}"));
            }
        }
        let run = bed
            .run(&format!("{enable} --role-name own --yes{accept}"))
            .ok();
        let _ = run.err(&format!("may assume the role: {who}"));
        for form in EMITTED {
            let emitted = bed.run(&format!("{SETUP} --emit {form}{accept}")).ok();
            if form == "plan" {
                let _ = emitted.out(&format!("who may assume the role: {who}"));
            } else if !names.is_empty() {
                let _ = emitted.out(ACCEPTED);
            } else {
                assert!(!emitted.stdout.contains(ACCEPTED), "{shape} {form}");
            }
        }
    }
}

#[test]
fn on_a_terminal_a_broad_trust_policy_has_a_question_of_its_own() {
    let [exact, .., wildcard, _, _, _] = SHAPES;
    let bed = bed(wildcard.1);
    let before = bed.moto.state();
    // It is published only once the add-on is on: a question after the first.
    let mut terminal = Terminal::start(&bed.env, SETUP);
    terminal.until("Create them? [y/N]").type_in("y\r");
    terminal.until("all the same? [y/N]").type_in("n\r");
    let (code, screen) = terminal.end();
    assert_eq!(code, 2, "{screen}");
    let shown = screen.replace("\r\n", " ");
    assert!(
        shown.contains(
            "The published trust policy is broad (subject): any service account of the namespace"
        ),
        "{screen}"
    );
    assert_eq!(bed.moto.state(), before);
    // Now it is there from the start: one question, with its sentence.
    let mut terminal = Terminal::start(&bed.env, SETUP);
    terminal
        .until("Create them all the same? [y/N]")
        .type_in("y\r");
    let (code, screen) = terminal.end();
    assert_eq!(code, 0, "{screen}");
    assert_eq!(screen.matches("[y/N]").count(), 1, "{screen}");
    assert_eq!(bed.moto.role(ROLE)["tags"][ACCEPTED], "subject");

    // With --yes nobody is asked, on a terminal either; and nothing of an exact one is.
    let bed = self::bed(wildcard.1);
    let (code, screen) = Terminal::start(&bed.env, &format!("{SETUP} --yes")).end();
    assert_eq!(code, 6, "{screen}");
    let bed = self::bed(exact.1);
    let mut terminal = Terminal::start(&bed.env, SETUP);
    terminal.until("Create them? [y/N]").type_in("y\r");
    let (code, screen) = terminal.end();
    assert_eq!(code, 0, "{screen}");
    assert_eq!(screen.matches("[y/N]").count(), 1, "{screen}");
}

#[test]
fn every_shape_is_set_up_by_somebody_at_the_keyboard() {
    for (shape, document, names, who) in SHAPES {
        let bed = bed(document);
        let mut terminal = Terminal::start(&bed.env, SETUP);
        terminal.until("Create them? [y/N]").type_in("y\r");
        if !names.is_empty() {
            terminal.until("all the same? [y/N]").type_in("y\r");
        }
        let (code, screen) = terminal.end();
        assert_eq!(code, 0, "{shape}: {screen}");
        let questions = 1 + usize::from(!names.is_empty());
        assert_eq!(screen.matches("[y/N]").count(), questions, "{shape}");
        let shown = screen.replace("\r\n", " ");
        let told = format!("may assume the role: {who}");
        assert!(shown.contains(&told), "{shape}: {screen}");
        let recorded = (!names.is_empty()).then(|| names.join(" "));
        let tags = &bed.moto.role(ROLE)["tags"];
        assert_eq!(tags[ACCEPTED], json!(recorded), "{shape}");
        // There is nothing left to ask.
        let (code, screen) = Terminal::start(&bed.env, SETUP).end();
        assert_eq!(code, 0, "{shape}: {screen}");
        assert!(!screen.contains("[y/N]"), "{shape}: {screen}");
    }
}

#[test]
fn what_lets_in_others_is_refused_with_statement_and_field() {
    let bed = bed(|issuer| {
        let mut document = (SHAPES[0].1)(issuer);
        let evil = json!({"Sid": "Evil", "Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": {"AWS": "arn:aws:iam::666666666666:root"}});
        document["Statement"].as_array_mut().unwrap().push(evil);
        document
    });
    let before = bed.moto.state();
    let run = bed.run(&format!("{SETUP} --yes --tag team=x")).exits(6);
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
        and the tags mk8s.cpln/addon=awsECR, mk8s.cpln/attached/AmazonEC2ContainerRegistryReadOnly=arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly, mk8s.cpln/cluster=edge, mk8s.cpln/cluster/sandbox/edge=awsECR, mk8s.cpln/created-by=[VERSION], mk8s.cpln/managed-by=mk8s, mk8s.cpln/org=sandbox, team=x
    Switched on aws-workload-identity
    Switched on aws-ecr
    error: aws-ecr was not set up for `edge`
      because: the published trust policy lets in more than the cluster: statement Evil: Principal is `{"AWS":"arn:aws:iam::666666666666:root"}`, not only arn:aws:iam::123456789012:oidc-provider/oidc.sandbox.localhost/kz3wqgbhbjse (principal)
      because: the published trust policy lets in more than the cluster: statement Evil: Action is `sts:AssumeRole`, not sts:AssumeRoleWithWebIdentity (action)
    hint: if the role is to be assumed by all of them: `mk8s aws setup aws-ecr -c edge --tag team=x --accept-trust principal --accept-trust action --yes`
    "#);
    assert_eq!(bed.moto.state(), before);
    // Every finding has to be named.
    let _ = bed
        .run(&format!("{SETUP} --yes --accept-trust principal"))
        .exits(6)
        .err("Evil: Action is `sts:AssumeRole`");
    for form in EMITTED {
        let line = format!("{SETUP} --account 123456789012 --emit {form}");
        let _ = bed.run(&line).exits(6).silent().err("(principal)");
    }
    // It never becomes part of a question.
    let (code, screen) = Terminal::start(&bed.env, SETUP).end();
    assert_eq!(code, 6, "{screen}");
    assert!(!screen.contains("[y/N]"), "{screen}");
    assert_eq!(bed.moto.state(), before);

    let both = accepting(&["principal", "action"]);
    let run = bed.run(&format!("{SETUP} --yes{both}")).ok();
    let _ = run.err(
        "who may assume the role: service account kube-system/ecr-credential-provider of edge; \
         also: account 666666666666 (root)",
    );
    assert_eq!(bed.moto.role(ROLE)["tags"][ACCEPTED], "principal action");
    bed.run(SETUP).ok();
    let run = bed.run("check -c edge --only trust-over-broad").ok();
    let _ = run.out("the published trust policy lets in more than it has to");
}

#[test]
fn what_can_never_match_is_refused_whatever_is_accepted() {
    let all = accepting(&[
        "subject",
        "audience",
        "principal",
        "action",
        "condition",
        "effect",
    ]);
    for (spoil, reason) in [
        (
            (|issuer, document| {
                let arn =
                    "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com";
                document["Statement"][0]["Principal"]["Federated"] = json!(arn);
                let _ = issuer;
            }) as fn(&str, &mut Value),
            "names the issuer `token.actions.githubusercontent.com`",
        ),
        (
            |_, document| {
                document["Statement"][0]["Condition"]["StringLike"] =
                    json!({"OIDC_PROVIDER:sub": "x"});
            },
            "the condition key `OIDC_PROVIDER:sub` names another issuer",
        ),
        (
            |issuer, document| {
                let key = format!("https://{issuer}:sub");
                document["Statement"][0]["Condition"]["StringLike"] = json!({ key: "x" });
            },
            "has to begin with",
        ),
        (
            |_, document| document["Statement"][0]["Action"] = json!("<ACTION>"),
            "still holds the placeholder `<ACTION>`",
        ),
    ] {
        let bed = bed(|issuer| {
            let mut document = (SHAPES[0].1)(issuer);
            spoil(issuer, &mut document);
            document
        });
        let before = bed.moto.state();
        let _ = bed.run(&format!("{SETUP} --yes{all}")).exits(6).err(reason);
        assert_eq!(bed.moto.state(), before, "{reason}");
    }
}

#[test]
fn a_record_goes_with_what_it_was_for() {
    let [.., no_audience, _] = SHAPES;
    let bed = bed(no_audience.1);
    let accept = accepting(no_audience.2);
    bed.run(&format!("{SETUP} --yes{accept}")).ok();
    // Somebody narrows it by hand, and it is written again.
    let narrow = policy(
        &json!([{"Sid": "Mine", "Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"AWS": "arn:aws:iam::123456789012:root"}}]),
    );
    bed.aws_with(&[
        "iam",
        "update-assume-role-policy",
        "--role-name",
        ROLE,
        "--policy-document",
        &narrow.to_string(),
    ]);
    let _ = bed.run(&format!("{SETUP} --yes")).exits(6);
    bed.run(&format!("{SETUP} --yes{accept}")).ok();
    assert_eq!(bed.moto.role(ROLE)["tags"][ACCEPTED], "audience");
    let _ = bed
        .run("aws status aws-ecr -c edge")
        .ok()
        .out("of edge; also: account 123456789012 (root)");
    // The role is kept for the statement of others; the record is not.
    bed.run("aws teardown aws-ecr -c edge --yes").ok();
    let tags = bed.moto.role(ROLE)["tags"].clone();
    assert_eq!(tags[ACCEPTED], Value::Null, "{tags}");
    assert_eq!(
        tags["mk8s.cpln/cluster/sandbox/edge"],
        Value::Null,
        "{tags}"
    );
}
