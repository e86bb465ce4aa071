//! Answers that are well-formed and are not what was asked for: another cluster's, another shape,
//! too much of it, or the token sent back.

use super::sane;
use crate::support::manifests::aws;
use crate::support::{Answer, Env, Fake, Run};
use serde_json::{Value, json};

const TOKEN: &str = "sK3yId9.dmVyeS1zZWNyZXQtdG9rZW4tMTIzNDU2Nzg5MA";

fn prod() -> Value {
    json!({
        "kind": "mk8s", "name": "prod", "id": "i", "version": 3,
        "spec": {"provider": {"aws": {"region": "eu-west-1"}},
            "addOns": {"awsWorkloadIdentity": {}, "awsECR": {}, "dashboard": {}}},
        "status": {"oidcProviderUrl": "https://oidc.example/x", "addOns": {
            "awsWorkloadIdentity": {"trustPolicy": {"Version": "2012-10-17", "Statement": []}},
            "dashboard": {"url": "https://dashboard.example"}}},
    })
}

fn with(pointer: &str, value: Value) -> Value {
    let mut cluster = prod();
    *cluster.pointer_mut(pointer).unwrap() = value;
    cluster
}

fn serving(answers: Vec<Answer>) -> (Env, Fake) {
    let fake = Fake::serve(answers);
    let mut env = Env::new();
    env.connect(fake.endpoint(), "acme", TOKEN);
    env.write("prod.yaml", aws("prod", &["metrics: {}"]));
    (env, fake)
}

const COMMANDS: [&str; 13] = [
    "cluster get prod",
    "cluster get prod -o names",
    "addon list -c prod",
    "addon show aws-ecr -c prod",
    "addon trust-policy aws-workload-identity -c prod",
    "addon oidc-url -c prod",
    "addon enable metrics -c prod",
    "addon enable metrics -c prod --dry-run",
    "addon disable dashboard -c prod --yes",
    "diff -f prod.yaml",
    "apply -f prod.yaml --yes",
    "apply -f prod.yaml --put --yes",
    "apply -f prod.yaml --dry-run",
];

#[test]
fn another_cluster_s_answer_or_a_version_that_is_none_is_not_control_plane_s() {
    let mut nameless = prod();
    nameless.as_object_mut().unwrap().remove("name");
    let cases = [
        (
            200,
            with("/name", json!("different")),
            "its name is \"different\", `prod` was asked for",
        ),
        (200, with("/name", json!(["prod"])), "its name is a list"),
        (
            200,
            with("/name", json!("prod\n::set-output name=x::y")),
            "\\n::set-output",
        ),
        (200, nameless, "it has no name, `prod` was asked for"),
        (200, with("/version", json!("12")), "its version is \"12\""),
        (200, with("/version", json!(null)), "its version is null"),
        (200, with("/version", json!(1.5)), "its version is 1.5"),
        (200, with("/version", json!(-1)), "its version is -1"),
        (200, with("/version", json!({})), "its version is an object"),
        (200, with("/version", json!(true)), "its version is true"),
        (
            200,
            with("/version", json!(1_u64 << 63)),
            "its version is 9223372036854775808",
        ),
        (201, prod(), "its status is 201, a read is answered by 200"),
        (203, prod(), "its status is 203"),
        (206, prod(), "its status is 206"),
        (
            200,
            json!({"kind": "gvc", "name": "prod"}),
            "its kind is \"gvc\"",
        ),
    ];
    for (at, (status, body, word)) in cases.iter().enumerate() {
        let (env, fake) = serving(vec![Answer::json(*status, body)]);
        for (number, line) in COMMANDS.iter().enumerate() {
            // The first case meets every command, the others some of them.
            if at > 0 && number % 5 != at % 5 {
                continue;
            }
            let run = env.line(line).run();
            sane(line, &run);
            assert_eq!(run.code, 8, "{line}\n{run}");
            assert!(run.stderr.contains(word), "{word}: {line}\n{run}");
            assert_eq!(run.stdout, "", "{line}\n{run}");
        }
        assert!(
            fake.seen().iter().all(|seen| seen.method == "GET"),
            "{word}"
        );
    }
}

#[test]
fn a_list_holds_clusters_that_can_be_named() {
    for (item, word) in [
        (
            with("/name", json!("a\nb")),
            "is called \"a\\nb\", which is not the name of a cluster",
        ),
        (with("/name", json!(5)), "is called 5"),
        (with("/kind", json!("gvc")), "one of its items is a \"gvc\""),
        (
            with("/version", json!("3")),
            "of its cluster `prod`, its version is \"3\"",
        ),
    ] {
        let list = json!({"kind": "list", "itemKind": "mk8s", "items": [prod(), item]});
        let (env, _fake) = serving(vec![Answer::json(200, &list)]);
        for line in [
            "cluster list",
            "cluster list -o names",
            "cluster list -o json",
        ] {
            let run = env.line(line).run().exits(8);
            assert!(run.stderr.contains(word), "{word}: {line}\n{run}");
            assert_eq!(run.stdout, "", "{line}\n{run}");
        }
    }
}

#[test]
fn reading_back_is_judged_as_the_first_read_is() {
    let get = Answer::json(200, &prod());
    for bad in [
        with("/name", json!("different")),
        with("/version", json!("4")),
    ] {
        let answers = vec![
            get.clone(),
            Answer::json(200, &prod()),
            Answer::json(200, &bad),
        ];
        let (env, fake) = serving(answers);
        let run = env.line("addon enable metrics -c prod").run().exits(8);
        let _ = run
            .err("but could not be read back")
            .err("not Control Plane's answer");
        let seen: Vec<String> = fake.seen().iter().map(|it| it.method.clone()).collect();
        assert_eq!(seen, ["GET", "PATCH", "GET"]);
        assert_eq!(fake.seen()[1].path, "/org/acme/mk8s/prod");
    }
    // An answer to the change itself that is another cluster's says nothing of this one.
    let mut after = with("/version", json!(4));
    after["spec"]["addOns"]["metrics"] = json!({});
    let other = with("/name", json!("different"));
    let answers = [&prod(), &other, &after].map(|body| Answer::json(200, body));
    let (env, _fake) = serving(answers.into());
    let _ = env
        .line("addon enable metrics -c prod -v")
        .run()
        .ok()
        .err("the answer to the change was lost; reading it back shows it");
}

#[test]
fn without_a_version_there_is_no_lock_and_that_is_said() {
    let strip = |mut cluster: Value| {
        cluster.as_object_mut().unwrap().remove("version");
        cluster
    };
    let mut after = strip(prod());
    after["spec"]["addOns"]["metrics"] = json!({});
    let answers = [&strip(prod()), &strip(prod()), &after].map(|body| Answer::json(200, body));
    let (env, fake) = serving(answers.into());
    let _ = env
        .line("addon enable metrics -c prod")
        .run()
        .ok()
        .err("warning: Control Plane's answer has no `version` of `prod`");
    let sent: Value = serde_json::from_slice(&fake.seen()[1].body).unwrap();
    assert_eq!(sent.get("version"), None);
    // The last version can be locked on, and nothing comes after it.
    let last = with("/version", json!(i64::MAX));
    let (env, fake) = serving(vec![Answer::json(200, &last)]);
    let run = env.line("addon enable metrics -c prod").run();
    sane("the last version", &run);
    let sent: Value = serde_json::from_slice(&fake.seen()[1].body).unwrap();
    assert_eq!(sent["version"], json!(i64::MAX));
}

/// Runs in two seconds of the processor and 200 MB.
fn bounded(env: &Env, line: &str) -> Run {
    let script = format!(
        "ulimit -t 2; ulimit -v {}; exec {} {line}",
        200 * 1024,
        env!("CARGO_BIN_EXE_mk8s")
    );
    env.sh(&script).run()
}

#[test]
fn an_answer_of_too_much_is_refused_before_it_costs_much() {
    let filled = |head: &str, item: &str, bytes: usize, tail: &str| {
        let count = bytes / item.len();
        format!("{head}{}{tail}", vec![item; count].join(""))
    };
    let list = r#"{"kind":"list","itemKind":"mk8s","items":[{}"#;
    let cluster = r#"{"kind":"mk8s","name":"prod","version":1,"x":[{}"#;
    for (name, item, bytes) in [
        ("64 MB of nested objects", r#",{"":{"":[[]]}}"#, 64_000_000),
        ("15 MB of nested objects", r#",{"":{"":[[]]}}"#, 15_000_000),
        ("15 MB of numbers", ",0", 15_000_000),
        ("15 MB of empty objects", ",{}", 15_000_000),
        (
            "17 MB of texts",
            ",\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"",
            17_000_000,
        ),
    ] {
        let answer =
            |head: &str| Answer::text(200, "application/json", &filled(head, item, bytes, "]}"));
        for (head, lines) in [
            (
                list,
                &["cluster list", "cluster list -o json", "auth status"][..],
            ),
            (
                cluster,
                &[
                    "cluster get prod",
                    "addon enable metrics -c prod",
                    "addon list -c prod -d",
                ],
            ),
        ] {
            let (env, fake) = serving(vec![answer(head)]);
            for line in lines {
                let run = bounded(&env, line);
                sane(&format!("{name}: {line}"), &run);
                assert_eq!(run.code, 8, "{name}: {line}\n{run}");
                let said = format!("{}{}", run.stdout, run.stderr);
                assert!(
                    said.contains("is too large: more than "),
                    "{name}: {line}\n{run}"
                );
            }
            assert!(
                fake.seen().iter().all(|seen| seen.method == "GET"),
                "{name}"
            );
        }
    }
}

#[test]
fn a_status_of_another_type_is_neither_ready_nor_printed() {
    for (pointer, value, what) in [
        (
            "/status/oidcProviderUrl",
            json!(5),
            "status.oidcProviderUrl is 5, where a text belongs",
        ),
        (
            "/status/oidcProviderUrl",
            json!({"a": 1}),
            "is an object, where a text belongs",
        ),
        (
            "/status",
            json!("text"),
            "status is \"text\", where an object belongs",
        ),
    ] {
        let (env, _fake) = serving(vec![Answer::json(200, &with(pointer, value))]);
        for output in ["", " -o json", " -o names", " -o jsonpath=$"] {
            let run = env.line(&format!("addon oidc-url -c prod{output}")).run();
            let _ = run.exits(8).err(what).silent();
        }
        let run = env.line("addon list -c prod -o wide").run().ok();
        let mut lines = run.stdout.lines();
        let line = lines.find(|line| line.starts_with("aws-workload-identity"));
        assert!(!line.unwrap().contains("ready"), "{run}");
    }
    for (pointer, value, what) in [
        (
            "/status/addOns/awsWorkloadIdentity",
            json!("x"),
            "awsWorkloadIdentity is \"x\", where an object",
        ),
        (
            "/status/addOns/awsWorkloadIdentity/trustPolicy",
            json!(5),
            "trustPolicy is 5, where a JSON document",
        ),
    ] {
        let (env, _fake) = serving(vec![Answer::json(200, &with(pointer, value))]);
        let line = "addon trust-policy aws-workload-identity -c prod";
        let _ = env.line(line).run().exits(8).err(what);
    }
    let odd = with("/status/addOns/dashboard/url", json!(["https://x"]));
    let (env, _fake) = serving(vec![Answer::json(200, &odd)]);
    let run = env.line("addon list -c prod -o wide").run().ok();
    let line = run
        .stdout
        .lines()
        .find(|line| line.starts_with("dashboard"))
        .unwrap();
    assert!(!line.contains("ready"), "{line}");
}

#[test]
fn words_about_an_answer_stay_short_and_true() {
    for (wish, said) in [
        (
            "18446744073709551615",
            "it asks to wait for more than a day",
        ),
        ("86400", "it asks to wait for more than a day"),
        ("90", "it asks to wait 90 s"),
        (
            "99999999999999999999",
            "run the same command again in a minute",
        ),
    ] {
        let answer = Answer::headers(429, &[("Retry-After", wish)], "{}");
        let (env, _fake) = serving(vec![answer]);
        let _ = env.line("cluster get prod").run().exits(8).err(said);
    }
    let (mut env, fake) = serving(vec![Answer::json(200, &prod())]);
    let long = "a".repeat(100_000);
    for line in [
        format!("cluster get {long}"),
        format!("addon enable metrics -c {long}"),
        format!("addon list -f prod.yaml -c {long}"),
        format!("check -c {long}"),
        format!("cluster get prod --org {long}"),
        format!("auth status --org {long}"),
    ] {
        let run = env.line(&line).run();
        assert!(matches!(run.code, 2 | 3), "{}", run.code);
        assert!(
            run.stderr.len() < 1000 && run.stdout.len() < 1000,
            "{} bytes",
            run.stderr.len()
        );
    }
    env.set("MK8S_CLUSTER", &long);
    let run = env.line("addon enable metrics").run().exits(2);
    assert!(run.stderr.len() < 1000, "{} bytes", run.stderr.len());
    env.unset("MK8S_CLUSTER").set("CPLN_ORG", &long);
    let run = env.line("cluster list").run().exits(2);
    let run = run.err("is not an org's name (CPLN_ORG)");
    assert!(run.stderr.len() < 1000, "{} bytes", run.stderr.len());
    assert_eq!(fake.seen().len(), 0);
}

#[test]
fn the_token_is_shown_in_none_of_its_forms() {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    let forms = [
        TOKEN.to_owned(),
        format!("Bearer {TOKEN}"),
        TOKEN[..TOKEN.len() - 1].to_owned(),
        TOKEN[3..].to_owned(),
        TOKEN[..20].to_owned(),
        TOKEN.chars().rev().collect(),
        STANDARD.encode(TOKEN),
        STANDARD.encode(format!("Bearer {TOKEN}")),
        URL_SAFE_NO_PAD.encode(format!("x{TOKEN}y")),
        TOKEN.replace('.', "%2E"),
        TOKEN
            .bytes()
            .fold(String::new(), |text, byte| text + &format!("{byte:02x}")),
    ];
    for form in forms {
        let long = format!(
            "{}{form} and then {form}{}",
            "a ".repeat(40),
            "b".repeat(400)
        );
        let mut cluster = with("/id", json!(form));
        cluster["description"] = json!(long);
        cluster["tags"] = json!({"t": form, &form: "v"});
        cluster["spec"]["provider"]["aws"]["region"] = json!(form);
        cluster["spec"]["version"] = json!(form);
        cluster["status"]["oidcProviderUrl"] = json!(format!("https://x.example/{form}"));
        cluster["spec"]["addOns"][&form] = json!({"a": form});
        let list = json!({"kind": "list", "itemKind": "mk8s", "items": [cluster]});
        let problem =
            json!({"message": form, "code": form, "details": [{"path": form}], "id": form});
        for (answer, lines) in [
            (
                Answer::json(200, &cluster),
                &[
                    "cluster get prod",
                    "cluster get prod -o wide",
                    "cluster get prod -o json",
                    "cluster get prod -o yaml-slim",
                    "cluster get prod -o jsonpath=$.description",
                    "cluster get prod -o jsonpath=$.tags",
                    "addon list -c prod",
                    "addon list -c prod -o names",
                    "addon show aws-ecr -c prod -o json",
                    "addon oidc-url -c prod",
                    "addon enable metrics -c prod --dry-run -d",
                    "diff -f prod.yaml",
                ][..],
            ),
            (
                Answer::json(200, &list),
                &[
                    "cluster list",
                    "cluster list -o wide",
                    "cluster list -o yaml",
                    "check -c prod",
                ],
            ),
            (
                Answer::json(400, &problem),
                &["cluster get prod -d", "check -c prod -o junit"],
            ),
            (Answer::text(200, "text/html", &long), &["cluster get prod"]),
        ] {
            let (env, _fake) = serving(vec![answer]);
            for line in lines {
                let run = env.line(line).with("COLUMNS", "80").run();
                let said = format!("{}{}", run.stdout, run.stderr);
                if line.contains("-o yaml") {
                    assert_eq!(run.code, 0, "{run}");
                    serde_yaml::from_str::<Value>(&run.stdout).expect("it is YAML");
                }
                // Whole in one line or broken into several.
                let joined: String = said.split_whitespace().collect();
                for at in 0..=form.len() - 20 {
                    let piece: String = form[at..at + 20].split_whitespace().collect();
                    assert!(
                        piece.len() < 19 || !joined.contains(&piece),
                        "{line} shows {piece} of {form}\n{run}"
                    );
                }
            }
        }
    }
}
