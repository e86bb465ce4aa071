//! The client against a server on loopback that misbehaves.

use super::error::{AnswerExcess, WriteError};
use super::server::{ScriptedReply, Server, token};
use super::*;
use crate::consent::Permit;
use crate::error::Kind;
use crate::settings::Endpoint;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Instant;

fn connection(endpoint: Endpoint) -> Connection {
    Connection {
        endpoint,
        org: "acme".to_owned(),
        token: token(),
        insecure: false,
        timeout: Duration::from_secs(10),
        proxy: None,
    }
}

fn client(server: &Server) -> Client {
    Client::new(connection(server.endpoint()), None).unwrap()
}

fn cluster(name: &str) -> Value {
    json!({"kind": "mk8s", "name": name, "version": 3, "spec": {}})
}

fn failure(status: u16, message: &str) -> ScriptedReply {
    ScriptedReply::Json(
        status,
        json!({"status": status, "message": message, "id": "req-1"}),
    )
}

fn text(status: u16, headers: &[(&'static str, &str)], body: &str) -> ScriptedReply {
    let headers = headers
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()))
        .collect();
    ScriptedReply::Text(status, headers, body.to_owned())
}

/// The problem of a read that gets these replies, and how many requests were made.
async fn read(script: Vec<ScriptedReply>) -> (Result<String, ApiError>, usize) {
    let server = Server::start(script);
    let result = client(&server).get("prod").await;
    (
        result.map(|cluster| cluster.name().to_owned()),
        server.seen().len(),
    )
}

/// The result of a write that gets these replies, and how many requests were made.
async fn write(script: Vec<ScriptedReply>) -> (Result<(), WriteError>, usize) {
    let server = Server::start(script);
    let result = client(&server)
        .patch(&Permit::for_a_test(), "prod", &json!({"spec": {}}))
        .await;
    (result, server.seen().len())
}

#[tokio::test]
async fn a_read_is_one_request_with_the_token() {
    let server = Server::start([ScriptedReply::Json(200, cluster("prod"))]);
    let cluster = client(&server).get("prod").await.unwrap();
    assert_eq!(cluster.version(), Some(3));
    let seen = &server.seen()[0];
    assert_eq!(seen.line, "GET /org/acme/mk8s/prod");
    assert_eq!(
        seen.header("authorization"),
        Some("Bearer very-secret-token")
    );
    assert_eq!(seen.header("accept"), Some("application/json"));
    assert_eq!(
        seen.header("user-agent"),
        Some(concat!("mk8s/", env!("CARGO_PKG_VERSION")))
    );
    let session = seen.header("x-cpln-session").unwrap();
    assert_eq!(session.len(), 36);
    assert_eq!(session.split('-').nth(2).map(|part| &part[..1]), Some("4"));
}

#[tokio::test]
async fn a_client_has_one_session_and_another_client_another() {
    let server = Server::start(vec![ScriptedReply::Json(200, cluster("prod")); 3]);
    let one = client(&server);
    one.get("prod").await.unwrap();
    one.get("prod").await.unwrap();
    client(&server).get("prod").await.unwrap();
    let seen = server.seen();
    let sessions: Vec<_> = seen
        .iter()
        .map(|seen| seen.header("x-cpln-session"))
        .collect();
    assert_eq!(sessions[0], sessions[1]);
    assert_ne!(sessions[0], sessions[2]);
}

#[tokio::test]
async fn writes_send_the_body_as_given() {
    let server = Server::start([
        ScriptedReply::Json(200, cluster("prod")),
        text(201, &[("location", "/org/acme/mk8s/prod")], ""),
        text(200, &[], ""),
        text(204, &[], ""),
        text(201, &[("location", "/org/acme/mk8s/prod")], ""),
    ]);
    let client = client(&server);
    let permit = Permit::for_a_test();
    let body = json!({"id": "x", "version": 3, "spec": {"addOns": {"awsECR": null, "b": 1}}});
    client.patch(&permit, "prod", &body).await.unwrap();
    let document = cluster("prod");
    let first = client.put(&permit, &document).await;
    assert_eq!(first, Ok(WriteEffect::Created));
    let second = client.put(&permit, &document).await;
    assert_eq!(second, Ok(WriteEffect::Updated));
    client.patch(&permit, "prod", &body).await.unwrap();
    client.create(&permit, &document).await.unwrap();
    let seen = server.seen();
    assert_eq!(seen[4].line, "POST /org/acme/mk8s");
    assert_eq!(seen[4].body, document.to_string());
    assert_eq!(seen[0].line, "PATCH /org/acme/mk8s/prod");
    assert_eq!(seen[0].body, body.to_string());
    assert_eq!(seen[0].header("content-type"), Some("application/json"));
    assert_eq!(seen[1].line, "PUT /org/acme/mk8s");
    assert_eq!(seen[1].body, document.to_string());
}

#[tokio::test]
async fn reads_survive_what_passes() {
    let good = ScriptedReply::Json(200, cluster("prod"));
    for script in [
        vec![
            failure(500, "oops"),
            failure(503, "oops"),
            failure(502, "oops"),
            good.clone(),
        ],
        vec![failure(408, "slow"), good.clone()],
        vec![text(502, &[], "<html>Bad Gateway</html>"), good.clone()],
        vec![failure(429, "slow down"), good.clone()],
        vec![ScriptedReply::Cut, good.clone()],
        vec![
            ScriptedReply::Truncated(200, cluster("prod").to_string()),
            good.clone(),
        ],
        vec![
            ScriptedReply::Unbounded(200, cluster("prod").to_string()[..20].to_owned()),
            good.clone(),
        ],
    ] {
        let count = script.len();
        let (result, made) = read(script).await;
        assert_eq!(result.as_deref(), Ok("prod"));
        assert_eq!(made, count);
    }
}

#[tokio::test]
async fn reads_give_up_after_four_tries() {
    let (result, made) = read(vec![failure(500, "oops"); 6]).await;
    let error = result.unwrap_err();
    assert_eq!((made, error.tries), (4, 4));
    assert_eq!(error.problem, ApiProblem::Server);
    assert_eq!(error.request_id.as_deref(), Some("req-1"));
    assert_eq!(error.message.as_deref(), Some("oops"));
}

#[tokio::test]
async fn answers_that_stay_are_not_asked_for_again() {
    for (reply, problem) in [
        (failure(400, "bad"), ApiProblem::Rejected),
        (failure(422, "bad"), ApiProblem::Rejected),
        (failure(401, "who"), ApiProblem::Unauthorized),
        (failure(403, "no"), ApiProblem::Forbidden),
        (failure(404, "none"), ApiProblem::Missing),
        (failure(409, "late"), ApiProblem::Conflict),
        (failure(429, "Quota exceeded for mk8s"), ApiProblem::Quota),
        (failure(429, "your QUOTA"), ApiProblem::Quota),
        (failure(418, "teapot"), ApiProblem::Unexpected),
        (
            text(304, &[], ""),
            ApiProblem::Garbage("it is a redirect (304) to nowhere".into()),
        ),
    ] {
        let (result, made) = read(vec![reply, ScriptedReply::Json(200, cluster("prod"))]).await;
        let error = result.unwrap_err();
        assert_eq!(error.problem, problem);
        assert_eq!(made, 1, "{problem:?}");
    }
}

#[tokio::test]
async fn what_is_not_control_plane_s_is_said_to_be_so() {
    for (body, word) in [
        ("", "it is empty"),
        ("  \n", "it is empty"),
        ("<!doctype html><title>Sign in</title>", "Sign in"),
        ("\u{1b}[2Jhello", "\\u{1b}[2Jhello"),
        ("[]", "not a JSON object"),
        ("\"mk8s\"", "not a JSON object"),
        ("{}", "it has no kind"),
        (r#"{"kind":"gvc"}"#, "its kind is \"gvc\""),
        (r#"{"kind":["mk8s"]}"#, "it has no kind"),
        ("very-secret-token", "\"***\""),
    ] {
        let (result, made) = read(vec![text(200, &[], body)]).await;
        let error = result.unwrap_err();
        assert_eq!(error.kind(), Kind::Unavailable);
        let shown = error.to_string();
        assert!(shown.contains(word), "{body}: {shown}");
        assert!(
            !shown.contains("very-secret") && !shown.contains('\u{1b}'),
            "{shown}"
        );
        assert_eq!(made, 1);
    }
    let deep = "[".repeat(100_000);
    let (result, _) = read(vec![text(200, &[], &deep)]).await;
    assert!(matches!(
        result.unwrap_err().problem,
        ApiProblem::Garbage(_)
    ));
    let (result, _) = read(vec![ScriptedReply::Raw("SSH-2.0-OpenSSH_9.6\r\n"); 4]).await;
    assert_eq!(result.unwrap_err().problem, ApiProblem::Cut);
}

#[tokio::test]
async fn the_server_s_wish_to_wait_is_respected() {
    let start = Instant::now();
    let (result, made) = read(vec![
        text(429, &[("retry-after", "1")], "{}"),
        ScriptedReply::Json(200, cluster("prod")),
    ])
    .await;
    assert_eq!(result.as_deref(), Ok("prod"));
    assert_eq!(made, 2);
    assert!(start.elapsed() >= Duration::from_secs(1));

    for wish in ["3600", "Fri, 31 Dec 2100 23:59:59 GMT"] {
        let (result, made) = read(vec![text(503, &[("retry-after", wish)], "{}")]).await;
        let error = result.unwrap_err();
        assert_eq!(made, 1);
        assert!(
            error.retry_after.unwrap() >= Duration::from_secs(3599),
            "{wish}"
        );
    }
    let past = text(
        429,
        &[("retry-after", "Fri, 31 Dec 1999 23:59:59 GMT")],
        "{}",
    );
    let (result, made) = read(vec![past, ScriptedReply::Json(200, cluster("prod"))]).await;
    assert_eq!((result.is_ok(), made), (true, 2));
}

#[tokio::test]
async fn a_server_that_is_down_is_asked_four_times() {
    let server = Server::start([]);
    let error = client(&server).get("prod").await.unwrap_err();
    assert_eq!(error.problem, ApiProblem::Refused);
    assert!(!error.sent);
    assert_eq!(error.tries, 4);
    let write = client(&server)
        .patch(&Permit::for_a_test(), "prod", &json!({}))
        .await
        .unwrap_err();
    assert!(matches!(&write, WriteError::Rejected(error) if error.tries == 4));
}

#[tokio::test]
async fn a_slow_answer_ends_with_the_limit() {
    for reply in [ScriptedReply::Hang, ScriptedReply::HangInBody] {
        let server = Server::start([reply.clone(), ScriptedReply::Json(200, cluster("prod"))]);
        let mut connection = connection(server.endpoint());
        connection.timeout = Duration::from_millis(500);
        let client = Client::new(connection.clone(), None).unwrap();
        assert_eq!(client.get("prod").await.unwrap().name(), "prod");

        let server = Server::start([reply]);
        connection.endpoint = server.endpoint();
        let client = Client::new(connection, None).unwrap();
        let error = client
            .patch(&Permit::for_a_test(), "prod", &json!({}))
            .await
            .unwrap_err();
        assert!(
            matches!(&error, WriteError::Uncertain(error) if error.problem == ApiProblem::Timeout),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn a_write_of_unknown_fate_is_not_repeated() {
    for reply in [
        ScriptedReply::Cut,
        ScriptedReply::Truncated(200, cluster("prod").to_string()),
        ScriptedReply::Unbounded(200, "{\"kind\"".to_owned()),
        failure(500, "oops"),
        failure(504, "gateway"),
        text(200, &[], "<html>login</html>"),
    ] {
        let (result, made) = write(vec![reply, ScriptedReply::Json(200, cluster("prod"))]).await;
        assert!(
            matches!(result, Err(WriteError::Uncertain(_))),
            "{result:?}"
        );
        assert_eq!(made, 1);
    }
}

#[tokio::test]
async fn a_write_that_was_throttled_is_repeated() {
    let (result, made) = write(vec![
        failure(429, "slow down"),
        ScriptedReply::Json(200, cluster("prod")),
    ])
    .await;
    assert_eq!((result, made), (Ok(()), 2));
}

#[tokio::test]
async fn a_write_that_was_refused_is_not() {
    for (reply, conflict) in [
        (failure(400, "bad"), false),
        (failure(403, "no"), false),
        (failure(404, "none"), false),
        (failure(409, "late"), true),
        (failure(429, "quota exceeded"), false),
        (text(307, &[("location", "/elsewhere")], ""), false),
    ] {
        let (result, made) = write(vec![reply, ScriptedReply::Json(200, cluster("prod"))]).await;
        match result.unwrap_err() {
            WriteError::Conflict(_) => assert!(conflict),
            WriteError::Rejected(error) => assert!(!conflict, "{error:?}"),
            error @ WriteError::Uncertain(_) => panic!("{error:?}"),
        }
        assert_eq!(made, 1);
    }
}

#[tokio::test]
async fn nothing_is_sent_for_a_name_that_is_none() {
    let server = Server::start([ScriptedReply::Json(200, cluster("prod"))]);
    let client = client(&server);
    for name in ["../gvc", "", "a/b", "Prod"] {
        assert_eq!(client.get(name).await.unwrap_err().kind(), Kind::Usage);
    }
    let permit = Permit::for_a_test();
    assert!(client.put(&permit, &json!({"kind": "mk8s"})).await.is_err());
    assert_eq!(server.seen().len(), 0);

    let mut connection = connection(server.endpoint());
    connection.org = "a/../b".to_owned();
    assert_eq!(Client::new(connection, None).unwrap_err().kind, Kind::Usage);
}

#[tokio::test]
async fn the_token_does_not_follow_a_redirect_to_another_host() {
    let other = Server::start([ScriptedReply::Json(200, cluster("prod"))]);
    for status in [301, 302, 303, 307, 308] {
        let target = format!("{}/org/acme/mk8s/prod", other.url());
        let (result, made) = read(vec![text(status, &[("location", &target)], "")]).await;
        let error = result.unwrap_err();
        assert_eq!(error.problem, ApiProblem::Redirected(other.url()));
        assert_eq!(made, 1);
    }
    assert_eq!(other.seen().len(), 0);
}

#[tokio::test]
async fn the_token_does_not_leave_the_path_of_the_endpoint() {
    let server = Server::start([text(307, &[("location", "/other/prod?x=1")], "")]);
    let gate = Endpoint::parse(&format!("{}/cpln", server.url())).unwrap();
    let client = Client::new(connection(gate), None).unwrap();
    let error = client.get("prod").await.unwrap_err();
    assert_eq!(
        error.problem,
        ApiProblem::Redirected(format!("{}/other/prod", server.url()))
    );
    assert_eq!(server.lines(), ["GET /cpln/org/acme/mk8s/prod"]);
}

#[tokio::test]
async fn a_redirect_within_the_endpoint_is_followed_for_reads() {
    let to = |path: &str| text(307, &[("location", path)], "");
    let server = Server::start([
        to("/v2/prod"),
        to("x"),
        ScriptedReply::Json(200, cluster("prod")),
    ]);
    assert_eq!(client(&server).get("prod").await.unwrap().name(), "prod");
    assert_eq!(
        server.lines(),
        ["GET /org/acme/mk8s/prod", "GET /v2/prod", "GET /v2/x"]
    );
    let (result, made) = read(vec![to("/a"); 10]).await;
    assert!(matches!(
        result.unwrap_err().problem,
        ApiProblem::Garbage(_)
    ));
    assert_eq!(made, 4);
}

fn page(names: &[&str], next: Option<&str>) -> ScriptedReply {
    let items: Vec<Value> = names.iter().map(|name| cluster(name)).collect();
    let mut links = vec![json!({"rel": "self", "href": "/org/acme/mk8s"})];
    links.extend(next.map(|href| json!({"rel": "next", "href": href})));
    ScriptedReply::Json(
        200,
        json!({"kind": "list", "itemKind": "mk8s", "items": items, "links": links}),
    )
}

#[tokio::test]
async fn all_pages_of_a_list_are_read() {
    let server = Server::start([
        page(&["aa", "bb"], Some("/org/acme/mk8s?next=2")),
        failure(500, "oops"),
        page(&[], Some("/org/acme/mk8s?next=3")),
        page(&["cc"], None),
    ]);
    let list = client(&server).list_value().await.unwrap();
    assert_eq!(
        server.lines(),
        [
            "GET /org/acme/mk8s",
            "GET /org/acme/mk8s?next=2",
            "GET /org/acme/mk8s?next=2",
            "GET /org/acme/mk8s?next=3"
        ]
    );
    assert_eq!(
        list,
        json!({
            "kind": "list",
            "itemKind": "mk8s",
            "items": [cluster("aa"), cluster("bb"), cluster("cc")],
            "links": [{"rel": "self", "href": "/org/acme/mk8s"}],
        })
    );
}

#[tokio::test]
async fn pages_elsewhere_and_in_circles_are_not_followed() {
    let other = Server::start([page(&["evil"], None)]);
    let url = format!("{}/org/acme/mk8s", other.url());
    for (script, made) in [
        (vec![page(&["aa"], Some(&url))], 1),
        (vec![page(&["aa"], Some("//evil.example/x"))], 1),
        (vec![page(&["aa"], Some("@evil.example/x"))], 1),
        (vec![page(&["aa"], Some("?page=2"))], 1),
        (vec![page(&["aa"], Some("/org/acme/mk8s")); 3], 1),
        (
            vec![page(&["aa"], Some("/p2")), page(&["bb"], Some("/p2"))],
            2,
        ),
    ] {
        let server = Server::start(script);
        let error = client(&server).list().await.unwrap_err();
        assert!(matches!(error.problem, ApiProblem::Garbage(_)), "{error:?}");
        assert_eq!(server.seen().len(), made);
    }
    assert_eq!(other.seen().len(), 0);
}

#[tokio::test]
async fn lists_of_something_else_are_refused() {
    for body in [
        json!({"kind": "mk8s", "items": []}),
        json!({"kind": "list", "itemKind": "gvc", "items": []}),
        json!({"kind": "list", "items": {}}),
        json!({"kind": "list", "items": [1]}),
    ] {
        let server = Server::start([ScriptedReply::Json(200, body)]);
        let error = client(&server).list().await.unwrap_err();
        assert!(matches!(error.problem, ApiProblem::Garbage(_)), "{error:?}");
    }
    let server = Server::start([ScriptedReply::Json(
        200,
        json!({"kind": "list", "itemKind": "mk8s"}),
    )]);
    assert_eq!(client(&server).list().await.unwrap(), []);
}

#[tokio::test]
async fn an_answer_for_another_cluster_or_with_a_broken_version_is_not_control_plane_s() {
    let with = |field: &str, value: Value| {
        let mut cluster = cluster("prod");
        cluster[field] = value;
        ScriptedReply::Json(200, cluster)
    };
    let mut nameless = cluster("prod");
    nameless.as_object_mut().unwrap().remove("name");
    for (reply, word) in [
        (
            ScriptedReply::Json(200, cluster("different")),
            "`prod` was asked for",
        ),
        (with("name", json!(7)), "its name is 7"),
        (
            with("name", json!("very-secret-token")),
            "its name is \"***\"",
        ),
        (ScriptedReply::Json(200, nameless), "it has no name"),
        (with("version", json!("12")), "its version is \"12\""),
        (with("version", json!(null)), "its version is null"),
        (with("version", json!(-1)), "its version is -1"),
        (
            with("version", json!(1_u64 << 63)),
            "its version is 9223372036854775808",
        ),
    ] {
        let (result, made) = read(vec![reply]).await;
        let error = result.unwrap_err();
        assert_eq!((error.kind(), made), (Kind::Unavailable, 1));
        assert!(error.to_string().contains(word), "{error}");
    }
    let mut unlocked = cluster("prod");
    unlocked.as_object_mut().unwrap().remove("version");
    let (result, _) = read(vec![ScriptedReply::Json(200, unlocked)]).await;
    assert_eq!(result.as_deref(), Ok("prod"));
}

#[tokio::test]
async fn a_read_is_answered_by_200_alone() {
    for status in [201, 202, 203, 204, 205, 206, 226, 299] {
        let body = if status == 204 || status == 205 {
            text(status, &[], "")
        } else {
            ScriptedReply::Json(status, cluster("prod"))
        };
        let (result, made) = read(vec![body]).await;
        let error = result.unwrap_err();
        assert_eq!((error.kind(), made), (Kind::Unavailable, 1), "{status}");
        assert!(error.to_string().contains(&status.to_string()), "{error}");
        let server = Server::start([ScriptedReply::Json(
            status,
            json!({"kind": "list", "items": []}),
        )]);
        assert!(client(&server).list().await.is_err(), "{status}");
    }
}

#[tokio::test]
async fn items_of_a_list_are_clusters_with_names_and_versions() {
    for item in [
        json!({"kind": "mk8s"}),
        json!({"kind": "mk8s", "name": "Prod"}),
        json!({"kind": "mk8s", "name": "a\nb"}),
        json!({"kind": "gvc", "name": "prod"}),
        json!({"kind": "mk8s", "name": "prod", "version": "3"}),
    ] {
        let body = json!({"kind": "list", "items": [cluster("good"), item]});
        let server = Server::start([ScriptedReply::Json(200, body)]);
        let error = client(&server).list().await.unwrap_err();
        assert!(matches!(error.problem, ApiProblem::Garbage(_)), "{error:?}");
    }
}

#[tokio::test]
async fn a_write_that_is_answered_for_another_cluster_is_uncertain() {
    let (result, made) = write(vec![ScriptedReply::Json(200, cluster("different"))]).await;
    assert!(
        matches!(&result, Err(WriteError::Uncertain(error))
            if error.to_string().contains("its name is \"different\", `prod` was written")),
        "{result:?}"
    );
    assert_eq!(made, 1);
}

#[tokio::test]
async fn an_answer_of_too_many_values_is_too_large_and_so_are_many_pages() {
    let filled = |values: usize| {
        let padding = vec!["0"; values].join(",");
        format!("{{\"kind\":\"mk8s\",\"name\":\"prod\",\"x\":[{padding}]}}")
    };
    let (result, made) = read(vec![text(200, &[], &filled(content::NODES))]).await;
    let error = result.unwrap_err();
    assert_eq!(error.problem, ApiProblem::TooLarge(AnswerExcess::Nodes));
    assert_eq!((error.kind(), made), (Kind::Unavailable, 1));

    let page = |number: usize, text_length: usize, values: usize| {
        let padding = vec!["0"; values].join(",");
        let body = format!(
            "{{\"kind\":\"list\",\"items\":[],\"t\":\"{}\",\"x\":[{padding}],\"links\":[\
             {{\"rel\":\"next\",\"href\":\"/p{number}\"}}]}}",
            "y".repeat(text_length)
        );
        text(200, &[], &body)
    };
    for (length, values) in [(0, content::NODES / 3), (15 << 20, 1)] {
        let server = Server::start((0..6).map(|number| page(number, length, values)));
        let error = client(&server).list().await.unwrap_err();
        assert_eq!(error.problem, ApiProblem::TooLarge(AnswerExcess::Pages));
        assert_eq!(error.kind(), Kind::Unavailable);
        assert!(server.seen().len() < 6);
        // The rest of the last page is on its way to a connection that is closed in between.
        tokio::task::spawn_blocking(move || drop(server))
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn failures_keep_the_server_s_words() {
    let body = json!({
        "status": 400, "code": "invalid", "id": "req-9",
        "message": "bad \u{1b}[31m very-secret-token",
        "details": [{"path": "spec.addOns", "message": "no"}, "plain", 3],
    });
    let (result, _) = read(vec![ScriptedReply::Json(400, body)]).await;
    let error = result.unwrap_err();
    assert_eq!(error.status, Some(400));
    assert_eq!(error.code.as_deref(), Some("invalid"));
    assert_eq!(error.message.as_deref(), Some("bad \\u{1b}[31m ***"));
    assert_eq!(error.details, ["spec.addOns: no", "plain", "3"]);
    assert_eq!(error.request_id.as_deref(), Some("req-9"));

    let (result, _) = read(vec![text(403, &[("x-request-id", "head-1")], "<b>no</b>")]).await;
    let error = result.unwrap_err();
    assert_eq!(error.message.as_deref(), Some("<b>no</b>"));
    assert_eq!(error.request_id.as_deref(), Some("head-1"));

    let (result, _) = read(vec![ScriptedReply::Truncated(404, "{\"mess".to_owned())]).await;
    assert_eq!(result.unwrap_err().problem, ApiProblem::Missing);
}

#[tokio::test]
async fn an_answer_without_end_is_given_up() {
    let (result, made) = read(vec![ScriptedReply::Unbounded(
        200,
        "x".repeat((16 << 20) + 1),
    )])
    .await;
    assert_eq!(
        result.unwrap_err().problem,
        ApiProblem::TooLarge(AnswerExcess::Bytes)
    );
    assert_eq!(made, 1);
}

#[tokio::test]
async fn debug_lines_show_everything_but_secrets() {
    let server = Server::start([
        failure(500, "oops"),
        text(
            200,
            &[("x-request-id", "r-2")],
            &json!({"kind": "mk8s", "name": "prod", "echo": "very-secret-token",
                    "status": {"addOns": {"metrics": {"remoteWriteConfig": {"password": "pw1"}}}}})
            .to_string(),
        ),
        text(200, &[], ""),
    ]);
    let lines = Rc::new(RefCell::new(Vec::new()));
    let trace: RequestTrace = Box::new({
        let lines = lines.clone();
        move |line| lines.borrow_mut().push(line.to_owned())
    });
    let client = Client::new(connection(server.endpoint()), Some(trace)).unwrap();
    client.get("prod").await.unwrap();
    let body = json!({"spec": {"tokenSecretLink": "//secret/x", "apiKey": "pw2", "a": "b\nc"}});
    client
        .patch(&Permit::for_a_test(), "prod", &body)
        .await
        .unwrap();
    let all = lines.borrow().join("\n");
    for secret in ["very-secret-token", "pw1", "pw2", "Bearer"] {
        assert!(!all.contains(secret), "{all}");
    }
    let url = server.url();
    for part in [
        &format!("GET {url}/org/acme/mk8s/prod 500 in "),
        "again in ",
        "200 in ",
        ", request r-2",
        "\"remoteWriteConfig\":\"***\"",
        "\"tokenSecretLink\":\"//secret/x\"",
        "> {\"spec\"",
        "< {\"kind\"",
    ] {
        assert!(all.contains(part), "{part}: {all}");
    }
    assert!(lines.borrow().iter().all(|line| !line.contains('\n')));
    assert!(!format!("{client:?}").contains("very-secret"));
}

#[tokio::test]
async fn a_proxy_is_not_told_what_stays_on_this_machine() {
    let server = Server::start([ScriptedReply::Json(200, cluster("prod"))]);
    let proxy = Server::start([ScriptedReply::Cut]);
    let mut connection = connection(server.endpoint());
    connection.proxy = Some(Proxy {
        url: proxy.url(),
        variable: "HTTPS_PROXY",
        exceptions: None,
    });
    let client = Client::new(connection, None).unwrap();
    client.get("prod").await.unwrap();
    assert_eq!(proxy.seen().len(), 0);
}

/// Set in the process that this test starts of itself.
const CHILD: &str = "MK8S_TEST_PROXY_ENDPOINT";

/// Runs itself once more, with proxies in the process's environment.
#[tokio::test]
async fn proxies_of_the_process_are_not_asked() {
    if let Ok(url) = std::env::var(CHILD) {
        let connection = connection(Endpoint::parse(&url).unwrap());
        let client = Client::new(connection, None).unwrap();
        assert_eq!(client.get("prod").await.unwrap().name(), "prod");
        return;
    }
    let server = Server::start([ScriptedReply::Json(200, cluster("prod"))]);
    let proxy = Server::start([ScriptedReply::Json(200, cluster("evil"))]);
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "control::tests::proxies_of_the_process_are_not_asked",
        ])
        .env(CHILD, server.url())
        .envs(
            ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"]
                .map(|name| (name, proxy.url())),
        )
        .env_remove("REQUEST_METHOD")
        .output()
        .unwrap();
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && shown.contains("1 passed"),
        "{shown}"
    );
    assert_eq!((server.seen().len(), proxy.seen().len()), (1, 0));
}

#[tokio::test]
async fn off_this_machine_the_proxy_opens_a_tunnel_without_the_token() {
    let proxy = Server::start(vec![ScriptedReply::Cut; 4]);
    let mut connection = connection(Endpoint::parse("https://api.test.invalid").unwrap());
    connection.proxy = Some(Proxy {
        url: proxy.url(),
        variable: "HTTPS_PROXY",
        exceptions: Some("other.invalid".to_owned()),
    });
    let client = Client::new(connection.clone(), None).unwrap();
    let request = request::get("acme", "prod").unwrap();
    let error = client.once(&request, 1000).await.unwrap_err();
    assert!(!error.sent, "{error:?}");
    let seen = &proxy.seen()[0];
    assert_eq!(seen.line, "CONNECT api.test.invalid:443");
    assert_eq!(seen.header("authorization"), None);

    connection.proxy = Some(Proxy {
        url: "socks5://127.0.0.1:1".to_owned(),
        variable: "ALL_PROXY",
        exceptions: None,
    });
    let client = Client::new(connection, None).unwrap();
    let error = client.get("prod").await.unwrap_err();
    assert!(
        matches!(&error.problem, ApiProblem::Setup(reason) if reason.contains("ALL_PROXY")),
        "{error:?}"
    );
}

/// Reads more clusters than are read side by side, from a server with this script.
async fn read_many(script: Vec<ScriptedReply>, names: &[String]) -> (Vec<String>, Vec<String>) {
    let server = Server::start(script);
    let read = client(&server).get_all(names).await;
    let shown = read.into_iter().map(|read| match read {
        Ok(cluster) => format!("{} {:?}", cluster.name(), cluster.version()),
        Err(error) => format!("{:?}", error.problem),
    });
    (shown.collect(), server.lines())
}

fn nine() -> Vec<String> {
    (1..=9).map(|number| format!("c{number}")).collect()
}

fn page_of(names: &[&str], next: Option<&str>) -> Value {
    let items: Vec<Value> = names.iter().map(|name| cluster(name)).collect();
    let links: Vec<Value> = next
        .map(|href| json!({"rel": "next", "href": href}))
        .into_iter()
        .collect();
    json!({"kind": "list", "itemKind": "mk8s", "items": items, "links": links})
}

#[tokio::test]
async fn many_clusters_come_from_the_pages_of_the_list() {
    let pages = vec![
        ScriptedReply::Json(
            200,
            page_of(
                &["c9", "c1", "other", "c2", "c3"],
                Some("/org/acme/mk8s?next=1"),
            ),
        ),
        ScriptedReply::Json(
            200,
            page_of(
                &["c4", "c5", "c6", "c7", "c8"],
                Some("/org/acme/mk8s?next=2"),
            ),
        ),
    ];
    let (read, lines) = read_many(pages, &nine()).await;
    let wanted: Vec<String> = nine()
        .iter()
        .map(|name| format!("{name} Some(3)"))
        .collect();
    assert_eq!(read, wanted);
    // The third page is of no interest any more.
    assert_eq!(lines, ["GET /org/acme/mk8s", "GET /org/acme/mk8s?next=1"]);
}

#[tokio::test]
async fn what_no_page_has_in_full_is_read_by_itself() {
    let names = nine();
    let mut list = page_of(&["c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8"], None);
    let items = list["items"].as_array_mut().unwrap();
    items[1].as_object_mut().unwrap().remove("version");
    items[2].as_object_mut().unwrap().remove("spec");
    items.push(cluster("c4"));
    let script = vec![
        ScriptedReply::Json(200, list),
        ScriptedReply::Json(200, cluster("c2")),
        ScriptedReply::Json(200, cluster("c3")),
        ScriptedReply::Json(200, cluster("c4")),
        failure(404, "no such cluster"),
    ];
    let server = Server::start(script);
    let read = client(&server).get_all(&names).await;
    let mut singles = server.lines();
    assert_eq!(singles.remove(0), "GET /org/acme/mk8s");
    singles.sort();
    let wanted = ["c2", "c3", "c4", "c9"].map(|name| format!("GET /org/acme/mk8s/{name}"));
    assert_eq!(singles, wanted);
    assert_eq!(read.len(), 9);
}

#[tokio::test]
async fn a_list_that_cannot_be_had_is_no_failure_of_the_clusters() {
    let names = nine();
    let server = Server::start([failure(403, "forbidden")]);
    let read = client(&server).get_all(&names).await;
    // Each has an answer of its own; here nobody listens any more.
    assert_eq!(read.len(), 9);
    assert!(read.iter().all(Result::is_err));
    assert_eq!(server.lines(), ["GET /org/acme/mk8s"]);
}

#[tokio::test]
async fn a_few_clusters_are_read_without_a_list() {
    let server = Server::start([ScriptedReply::Json(200, cluster("c1"))]);
    let read = client(&server).get_all(&["c1"]).await;
    assert!(read[0].is_ok());
    assert_eq!(server.lines(), ["GET /org/acme/mk8s/c1"]);
}
