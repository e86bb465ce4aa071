//! What a server answers.

use super::{ON, no_raw, sane, within};
use crate::support::manifests::{ROLE, aws, hetzner};
use crate::support::{Answer, Env, Fake, Sandbox, Terminal};
use serde_json::{Value, json};
use std::fmt::Write as _;

const EVIL: &str = "x\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m\u{8}\u{0}\u{202e}\r\nerror: y\u{7f}";

/// A cluster whose every text is hostile.
fn hostile_cluster() -> Value {
    json!({
        "kind": "mk8s", "name": "prod", "id": EVIL, "version": 3, "alias": EVIL,
        "description": EVIL, "tags": {EVIL: EVIL}, "created": EVIL, "lastModified": EVIL,
        "spec": {
            "version": EVIL, "provider": {"aws": {"region": EVIL, "deployRoleArn": EVIL}},
            "addOns": {
                "awsWorkloadIdentity": {}, EVIL: {EVIL: EVIL},
                "awsECR": {"roleArn": EVIL}, "metrics": {EVIL: EVIL},
            },
        },
        "status": {
            "oidcProviderUrl": EVIL, "serverUrl": EVIL,
            "addOns": {"awsECR": {"trustPolicy": {
                "Version": EVIL,
                "Statement": [{"Effect": "Allow", "Principal": {"Federated": EVIL}, "Action": EVIL,
                    "Condition": {"StringEquals": {EVIL: EVIL}}}],
            }}},
        },
    })
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn what_a_server_says_is_shown_escaped() {
    let list = json!({"kind": "list", "itemKind": "mk8s", "links": [], "items": [hostile_cluster(), {"kind": "mk8s", "name": EVIL, "spec": {"addOns": {EVIL: {}}}}]});
    let problem = json!({"status": EVIL, "message": EVIL, "code": EVIL, "details": [{"message": EVIL, "path": [EVIL]}, EVIL, {EVIL: EVIL}], "id": EVIL});
    let cases: Vec<(&str, Answer)> = vec![
        ("a cluster", Answer::json(200, &hostile_cluster())),
        ("a list", Answer::json(200, &list)),
        ("400", Answer::json(400, &problem)),
        ("401", Answer::json(401, &problem)),
        ("403", Answer::json(403, &problem)),
        ("404", Answer::json(404, &problem)),
        ("409", Answer::json(418, &problem)),
        (
            "429",
            Answer::json(
                429,
                &json!({"message": format!("quota {EVIL}"), "code": EVIL}),
            ),
        ),
        ("503", Answer::json(503, &problem)),
        ("a page", Answer::text(200, "text/html", EVIL)),
        ("a text", Answer::text(502, "text/plain", EVIL)),
        (
            "another kind",
            Answer::json(200, &json!({"kind": EVIL, "name": EVIL})),
        ),
        (
            "a redirect",
            Answer::headers(
                302,
                &[("Location", "http://\u{9b}31m.example/\u{202e}")],
                "",
            ),
        ),
        (
            "a request id",
            Answer::headers(
                400,
                &[
                    ("x-cpln-request-id", "\u{9b}31m\u{202e}"),
                    ("x-request-id", "\u{9b}31m\u{202e}"),
                ],
                "{}",
            ),
        ),
        (
            "a reason",
            Answer::Raw(
                b"HTTP/1.1 400 \xc2\x9b31m\xe2\x80\xae\r\nContent-Length: 2\r\n\r\n{}".to_vec(),
            ),
        ),
    ];
    let env = Env::new();
    env.write("prod.yaml", aws("prod", &[ON]));
    for (name, answer) in cases {
        let fake = Fake::serve(vec![answer]);
        let mut env = Env::new();
        env.connect(fake.endpoint(), "acme", "token");
        env.write("prod.yaml", aws("prod", &[ON, "awsECR: {}"]));
        for line in [
            "cluster list",
            "cluster list -o names",
            "cluster list -o yaml",
            "cluster get prod",
            "cluster get prod -o yaml",
            "cluster get prod -o json",
            "addon list -c prod",
            "addon list -c prod -o wide",
            "addon list -c prod -c other",
            "addon list -c prod -o yaml",
            "addon show aws-ecr -c prod",
            "addon show metrics -c prod",
            "addon trust-policy -c prod",
            "addon trust-policy -c prod -o yaml",
            "addon trust-policy -c prod --account 111122223333",
            "addon oidc-url -c prod",
            "addon oidc-url -c prod -o jsonpath=$",
            "cluster get prod -o jsonpath=$.tags",
            "addon enable aws-ecr -c prod --dry-run",
            "addon enable metrics -c prod",
            "addon disable aws-ecr -c prod --dry-run",
            "addon disable aws-workload-identity -c prod --yes",
            "diff -f prod.yaml",
            "apply -f prod.yaml --dry-run",
            "addon enable metrics -c prod --error-format json",
            "auth status",
            "cluster list -d",
            "addon enable metrics -c prod -v",
        ] {
            // Strings of one field print raw for programs; everything else is for people.
            let run = env.line(line).run();
            if line.starts_with("addon oidc-url -c") {
                assert!((0..=10).contains(&run.code), "{name}: {line}\n{run}");
                no_raw(&format!("{name}: {line}"), &run.stderr);
            } else {
                sane(&format!("{name}: {line}"), &run);
            }
        }
        for line in [
            "cluster list",
            "cluster get prod",
            "addon list -c prod",
            "addon show aws-ecr -c prod",
            "addon enable metrics -c prod",
            "addon oidc-url -c prod",
            "addon trust-policy -c prod",
        ] {
            let (_, screen) = Terminal::start(&env, line).end();
            for raw in [
                "\u{1b}]0;",
                "\u{1b}[2J",
                "\u{7}",
                "\u{9b}",
                "\u{8}",
                "\u{202e}",
                "\u{7f}",
            ] {
                assert!(
                    !screen.contains(raw),
                    "{name}: {line} shows {raw:?} on a terminal\n{screen:?}"
                );
            }
        }
    }
}

/// `,"k0":0,"k1":0` and so on.
fn many_keys() -> String {
    let mut text = String::new();
    for n in 0..20_000 {
        let _ = write!(text, ",\"k{n}\":0");
    }
    text
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn answers_that_were_made_to_hurt_end_soon_in_little_memory() {
    let raw = |head: &str, body: String| {
        Answer::Raw(
            format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{head}\r\n\r\n{body}")
                .into_bytes(),
        )
    };
    let sized = |body: String| raw(&format!("Content-Length: {}", body.len()), body);
    let circle = json!({"kind": "list", "itemKind": "mk8s", "items": [], "links": [{"rel": "next", "href": "/org/acme/mk8s"}]});
    let cases: Vec<(&str, Answer)> = vec![
        (
            "depth",
            sized(format!(
                "{{\"kind\":\"mk8s\",\"a\":{}",
                "[".repeat(5_000_000)
            )),
        ),
        (
            "closed depth",
            sized(format!(
                "{{\"kind\":\"mk8s\",\"a\":{}{}}}",
                "[".repeat(100_000),
                "]".repeat(100_000)
            )),
        ),
        (
            "a long string",
            sized(format!(
                "{{\"kind\":\"mk8s\",\"name\":\"{}\"}}",
                "x".repeat(10 << 20)
            )),
        ),
        (
            "many keys",
            sized(format!("{{\"kind\":\"mk8s\"{}}}", many_keys())),
        ),
        (
            "many headers",
            Answer::Raw(
                format!("HTTP/1.1 200 OK\r\n{}\r\n", "X-A: b\r\n".repeat(200_000)).into_bytes(),
            ),
        ),
        (
            "a long header",
            Answer::Raw(
                format!("HTTP/1.1 200 OK\r\nX-A: {}\r\n\r\n", "b".repeat(20 << 20)).into_bytes(),
            ),
        ),
        (
            "a long reason",
            Answer::Raw(format!("HTTP/1.1 200 {}\r\n\r\n", "b".repeat(20 << 20)).into_bytes()),
        ),
        (
            "no end of the head",
            Answer::Raw(b"HTTP/1.1 200 OK\r\nX-A:".to_vec()),
        ),
        (
            "interim answers",
            Answer::Raw("HTTP/1.1 100 Continue\r\n\r\n".repeat(20_000).into_bytes()),
        ),
        (
            "a huge chunk",
            raw(
                "Transfer-Encoding: chunked",
                "ffffffffffffffff\r\n{".to_owned(),
            ),
        ),
        (
            "a negative chunk",
            raw("Transfer-Encoding: chunked", "-1\r\n{".to_owned()),
        ),
        (
            "two lengths",
            raw("Content-Length: 2\r\nContent-Length: 50", "{}".to_owned()),
        ),
        (
            "a huge length",
            raw("Content-Length: 99999999999999999999", "{}".to_owned()),
        ),
        ("a circle of pages", Answer::json(200, &circle)),
        (
            "a redirect to itself",
            Answer::headers(307, &[("Location", "/org/acme/mk8s/prod")], ""),
        ),
        (
            "a number",
            sized(format!(
                "{{\"kind\":\"mk8s\",\"name\":\"prod\",\"version\":{}}}",
                "9".repeat(100_000)
            )),
        ),
        (
            "a negative version",
            Answer::json(
                200,
                &json!({"kind": "mk8s", "name": "prod", "version": i64::MIN, "spec": {"addOns": {}}}),
            ),
        ),
        (
            "the last version",
            Answer::json(
                200,
                &json!({"kind": "mk8s", "name": "prod", "version": i64::MAX, "spec": {"addOns": {"awsWorkloadIdentity": {}}}}),
            ),
        ),
        (
            "a list in place of add-ons",
            Answer::json(
                200,
                &json!({"kind": "mk8s", "name": "prod", "version": 1, "spec": {"addOns": [1, 2]}}),
            ),
        ),
        (
            "a text in place of a spec",
            Answer::json(
                200,
                &json!({"kind": "mk8s", "name": "prod", "version": "1", "spec": "x", "status": 7}),
            ),
        ),
        (
            "add-ons of all types",
            Answer::json(
                200,
                &json!({"kind": "mk8s", "name": "prod", "spec": {"provider": 5, "addOns": {"awsECR": true, "metrics": "x", "logs": [], "byok": 1e300, "nvidia": null}}}),
            ),
        ),
        (
            "another name",
            Answer::json(
                200,
                &json!({"kind": "mk8s", "name": "other", "version": 1, "spec": {"addOns": {"awsWorkloadIdentity": {}}}}),
            ),
        ),
        (
            "retry after for ever",
            Answer::headers(429, &[("Retry-After", "99999999999999999999")], "{}"),
        ),
        (
            "retry after a date",
            Answer::headers(
                503,
                &[("Retry-After", "Fri, 31 Dec 9999 23:59:59 GMT")],
                "{}",
            ),
        ),
        (
            "half a second of retry",
            Answer::headers(429, &[("Retry-After", "-1")], "{}"),
        ),
    ];
    for (name, answer) in cases {
        let fake = Fake::serve(vec![answer]);
        let mut env = Env::new();
        env.connect(fake.endpoint(), "acme", "token");
        for line in [
            "cluster get prod -o names",
            "cluster list -o names",
            "addon list -c prod",
            "addon enable metrics -c prod",
            "addon enable aws-ecr -c prod --dry-run",
            "addon show aws-ecr -c prod",
        ] {
            let run = within(&env, 900, &format!("{line} --timeout 3s"));
            sane(&format!("{name}: {line}"), &run);
        }
    }
    let mut env = Env::new();
    let _sandbox = Sandbox::holding(&mut env, &[hetzner("edge", &[])], &["--fault", "flood=2g"]);
    for line in [
        "cluster get edge",
        "cluster list",
        &format!("addon enable aws-ecr -c edge --role-arn {ROLE} --with-prerequisites"),
    ] {
        let run = within(&env, 900, line);
        sane(line, &run);
        assert_eq!(run.code, 8, "{run}");
    }
}
