//! The sandbox over the wire, through a client that sees raw bytes.

use super::*;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::SecretString;
use serde_json::json;
use std::collections::BTreeMap;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const TOKEN: &str = "test-token";

/// A served sandbox; it ends with the test.
struct Served {
    address: String,
    _task: JoinSet<()>,
}

/// What came back.
#[derive(Debug)]
struct TestAnswer {
    status: u16,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl TestAnswer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }

    fn message(&self) -> String {
        self.json()["message"].as_str().unwrap().to_owned()
    }
}

fn options() -> Options {
    Options {
        org: "acme".to_owned(),
        token: SecretString::from(TOKEN),
        ..Options::default()
    }
}

async fn start(options: Options) -> Served {
    let sandbox = Sandbox::bind(options).await.unwrap();
    let address = sandbox.address.to_string();
    let mut task = JoinSet::new();
    task.spawn(async move { sandbox.serve(std::future::pending()).await.unwrap() });
    Served {
        address,
        _task: task,
    }
}

async fn start_with(faults: &[&str]) -> Served {
    start(Options {
        faults: faults.iter().map(|text| text.parse().unwrap()).collect(),
        ..options()
    })
    .await
}

impl Served {
    /// Everything that comes back for these bytes, until the server closes.
    async fn raw(&self, request: &[u8]) -> Vec<u8> {
        let mut stream = TcpStream::connect(&self.address).await.unwrap();
        stream.write_all(request).await.unwrap();
        let mut got = Vec::new();
        // A reset after what was sent is an end like any other.
        let _ = stream.read_to_end(&mut got).await;
        got
    }

    async fn send(&self, method: &str, path: &str, body: &str) -> TestAnswer {
        let authorization = format!("Bearer {TOKEN}");
        self.send_as(&authorization, method, path, body).await
    }

    async fn send_as(
        &self,
        authorization: &str,
        method: &str,
        path: &str,
        body: &str,
    ) -> TestAnswer {
        let request = request(authorization, method, path, body);
        parse(&self.raw(request.as_bytes()).await)
    }

    async fn get(&self, path: &str) -> Value {
        let got = self.send("GET", path, "").await;
        assert_eq!(got.status, 200, "{path}: {got:?}");
        got.json()
    }

    async fn patch(&self, name: &str, body: Value) -> TestAnswer {
        self.send(
            "PATCH",
            &format!("/org/acme/mk8s/{name}"),
            &body.to_string(),
        )
        .await
    }

    /// The log, as `METHOD path status applied`.
    async fn log(&self) -> Vec<String> {
        let log = self.get("/_sandbox/requests").await;
        log["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| {
                format!(
                    "{} {} {} {}",
                    item["method"].as_str().unwrap(),
                    item["path"].as_str().unwrap(),
                    item["status"],
                    item["applied"]
                )
            })
            .collect()
    }
}

fn request(authorization: &str, method: &str, path: &str, body: &str) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nhost: x\r\nauthorization: {authorization}\r\n\
         user-agent: test/1\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn parse(bytes: &[u8]) -> TestAnswer {
    let end = bytes
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .unwrap_or_else(|| panic!("no head: {:?}", String::from_utf8_lossy(bytes)));
    let head = std::str::from_utf8(&bytes[..end]).unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap();
    TestAnswer {
        status: status.parse().unwrap(),
        headers: lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        body: bytes[end + 4..].to_vec(),
    }
}

fn document(name: &str) -> Value {
    json!({"kind": "mk8s", "name": name, "spec": {"version": "1.33.5",
        "provider": {"generic": {"location": "aws-us-west-2"}}}})
}

#[tokio::test]
async fn every_path_and_method() {
    let sandbox = start(options()).await;
    let new = document("new-one").to_string();
    let bad = json!({"name": "new-two", "spec": {"version": "1.33.5", "provider": {}}}).to_string();
    for (method, path, body, status) in [
        ("GET", "/discovery", "", 200),
        ("POST", "/discovery", "", 405),
        ("GET", "/", "", 404),
        ("GET", "/org", "", 200),
        ("GET", "/org/acme", "", 200),
        ("GET", "/org/acme/gvc", "", 404),
        ("GET", "/org/other/mk8s", "", 403),
        ("GET", "/org/acme/mk8s", "", 200),
        ("DELETE", "/org/acme/mk8s", "", 405),
        ("GET", "/org/acme/mk8s/hetzner", "", 200),
        ("GET", "/org/acme/mk8s/hetzn%65r", "", 200),
        ("GET", "/org/acme/mk8s/..%2f..%2facme", "", 404),
        ("GET", "/org/acme/mk8s/%ff", "", 400),
        ("GET", "/org/acme/mk8s/nope", "", 404),
        ("POST", "/org/acme/mk8s/hetzner", "", 405),
        ("POST", "/org/acme/mk8s", &new, 201),
        ("POST", "/org/acme/mk8s", &new, 409),
        ("POST", "/org/acme/mk8s", &bad, 400),
        ("POST", "/org/acme/mk8s", "", 400),
        ("POST", "/org/acme/mk8s", "[]", 400),
        ("POST", "/org/acme/mk8s", "{", 400),
        ("PUT", "/org/acme/mk8s", &new, 200),
        ("PUT", "/org/acme/mk8s/new-one", &new, 200),
        ("PUT", "/org/acme/mk8s/hetzner", &new, 400),
        ("PUT", "/org/acme/mk8s/nope", &new, 404),
        ("PATCH", "/org/acme/mk8s/new-one", "{}", 200),
        ("PATCH", "/org/acme/mk8s/nope", "{}", 404),
        ("PATCH", "/org/acme/mk8s/new-one", "", 400),
        ("GET", "/org/acme/mk8s/new-one/-eventlog", "", 200),
        ("POST", "/org/acme/mk8s/new-one/-eventlog", "", 405),
        ("GET", "/org/acme/mk8s/nope/-eventlog", "", 404),
        ("GET", "/org/acme/mk8s/new-one/-accessreport", "", 200),
        ("GET", "/org/acme/mk8s/new-one/-cacerts", "", 200),
        ("POST", "/org/acme/mk8s/new-one/-kubeconfig", "{}", 201),
        ("POST", "/org/acme/mk8s/new-one/-join", "{}", 201),
        ("GET", "/org/acme/mk8s/new-one/-unknown", "", 404),
        ("GET", "/org/acme/mk8s/-unknown", "", 404),
        ("GET", "/org/acme/mk8s/-schema/permissions", "", 200),
        ("POST", "/org/acme/mk8s/-query", "", 200),
        ("PUT", "/org/acme/mk8s/-query", "", 405),
        ("GET", "/org/acme/mk8s/-query?page=bad!", "", 400),
        ("GET", "/audit/org/acme/resource/id/x", "", 200),
        ("DELETE", "/org/acme/mk8s/new-one", "", 202),
        ("DELETE", "/org/acme/mk8s/new-one", "", 404),
        ("DELETE", "/org/acme/mk8s/aws-same", "", 400),
        ("GET", "/_sandbox/unknown", "", 404),
    ] {
        let got = sandbox.send(method, path, body).await;
        assert_eq!(got.status, status, "{method} {path} {body}: {got:?}");
        let id = &got.headers["x-request-id"];
        if status >= 400 {
            let error = got.json();
            assert_eq!(error["status"], status);
            assert_eq!(error["id"], id.as_str());
            assert!(error["code"].is_string() && error["message"].is_string());
        }
    }
}

#[tokio::test]
async fn the_token_is_demanded_everywhere_but_at_discovery() {
    let sandbox = start(options()).await;
    for (authorization, status) in [
        ("", 401),
        ("Bearer", 401),
        ("Bearer ", 401),
        ("Bearer other", 401),
        ("Basic dGVzdA==", 401),
        ("bearer test-token", 200),
        ("test-token", 200),
    ] {
        for path in ["/org/acme/mk8s", "/_sandbox/requests"] {
            let got = sandbox.send_as(authorization, "GET", path, "").await;
            assert_eq!(got.status, status, "{authorization:?} {path}");
        }
        let got = sandbox
            .send_as(authorization, "GET", "/discovery", "")
            .await;
        assert_eq!(got.status, 200);
    }
    let got = sandbox.send_as("", "GET", "/org/other/mk8s", "").await;
    assert_eq!(got.status, 401, "the token comes before the org");
}

#[tokio::test]
async fn creating_says_where() {
    let sandbox = start(options()).await;
    for (method, name) in [("POST", "one"), ("PUT", "two")] {
        let body = document(name).to_string();
        let got = sandbox.send(method, "/org/acme/mk8s", &body).await;
        assert_eq!(got.status, 201);
        assert_eq!(
            got.headers.get("location"),
            Some(&format!("/org/acme/mk8s/{name}"))
        );
        let cluster = got.json();
        assert_eq!(cluster["version"], 1);
        assert_eq!(
            cluster,
            sandbox.get(&format!("/org/acme/mk8s/{name}")).await
        );
    }
}

#[tokio::test]
async fn dry_runs_store_nothing() {
    let sandbox = start(options()).await;
    let before = sandbox.get("/org/acme/mk8s").await;
    let new = document("new-one").to_string();
    for (method, path, body, status) in [
        ("POST", "/org/acme/mk8s?dryRun=true", new.as_str(), 201),
        ("PUT", "/org/acme/mk8s?dryRun=true", &new, 201),
        (
            "PATCH",
            "/org/acme/mk8s/generic?dryRun=true",
            r#"{"tags":{"a":"b"}}"#,
            200,
        ),
        (
            "PATCH",
            "/org/acme/mk8s/generic?dryRun=true",
            r#"{"tags":[]}"#,
            400,
        ),
        ("DELETE", "/org/acme/mk8s/generic?dryRun=true", "", 202),
    ] {
        let got = sandbox.send(method, path, body).await;
        assert_eq!(got.status, status, "{method} {path}");
    }
    assert_eq!(sandbox.get("/org/acme/mk8s").await, before);
    assert!(
        sandbox
            .log()
            .await
            .iter()
            .all(|line| line.ends_with("false"))
    );
}

/// Follows `next` from a first page, and gives the number of items on each and all names.
async fn pages(sandbox: &Served, first: Value) -> (Vec<usize>, Vec<String>) {
    let (mut page, mut sizes, mut names) = (first, Vec::new(), Vec::new());
    loop {
        let items = page["items"].as_array().unwrap();
        sizes.push(items.len());
        names.extend(
            items
                .iter()
                .map(|item| item["name"].as_str().unwrap().to_owned()),
        );
        let next = page["links"]
            .as_array()
            .unwrap()
            .iter()
            .find(|link| link["rel"] == "next")
            .map(|link| link["href"].as_str().unwrap().to_owned());
        match next {
            Some(next) => page = sandbox.get(&next).await,
            None => return (sizes, names),
        }
    }
}

#[tokio::test]
async fn lists_and_searches_come_in_pages() {
    let seeds = (0..5).map(|n| document(&format!("c{n}"))).collect();
    let sandbox = start(Options {
        seeds: Seeds::Objects(seeds),
        page_size: 2,
        ..options()
    })
    .await;
    let list = sandbox.get("/org/acme/mk8s").await;
    assert_eq!(
        (&list["kind"], &list["itemKind"]),
        (&json!("list"), &json!("mk8s"))
    );
    let (sizes, names) = pages(&sandbox, list).await;
    assert_eq!(sizes, [2, 2, 1]);
    assert_eq!(names, ["c0", "c1", "c2", "c3", "c4"]);
    let query = r#"{"kind":"mk8s","spec":{"match":"all","terms":[{"op":"!=","property":"name","value":"c2"}],"sort":{"by":"name","order":"desc"}}}"#;
    let found = sandbox
        .send("POST", "/org/acme/mk8s/-query", query)
        .await
        .json();
    assert_eq!(found["kind"], "queryresult");
    let (sizes, names) = pages(&sandbox, found).await;
    assert_eq!(sizes, [2, 2]);
    assert_eq!(names, ["c4", "c3", "c1", "c0"]);
    let all = sandbox
        .send("POST", "/org/acme/mk8s/-query", "")
        .await
        .json();
    assert_eq!(pages(&sandbox, all).await.1.len(), 5);
}

#[tokio::test]
async fn status_follows_the_addons() {
    let sandbox = start(options()).await;
    let on = json!({"spec": {"addOns": {"awsWorkloadIdentity": {}, "awsECR":
        {"roleArn": "arn:aws:iam::999999999999:role/pull"}}}});
    let cluster = sandbox.patch("hetzner", on).await.json();
    let issuer = cluster["status"]["oidcProviderUrl"].as_str().unwrap();
    let host = issuer.strip_prefix("https://").unwrap();
    assert_eq!(
        cluster.pointer("/status/addOns/awsECR/trustPolicy/Statement/0/Principal/Federated"),
        Some(&json!(format!(
            "arn:aws:iam::999999999999:oidc-provider/{host}"
        )))
    );
    let off = json!({"spec": {"addOns": {"awsECR": null}}});
    let cluster = sandbox.patch("hetzner", off).await.json();
    assert_eq!(cluster.pointer("/status/addOns/awsECR"), None);
    assert_eq!(cluster["status"]["oidcProviderUrl"], issuer);
}

#[tokio::test]
async fn status_waits_for_its_delay() {
    let sandbox = start(Options {
        status_delay: Duration::from_hours(1),
        ..options()
    })
    .await;
    let on = json!({"spec": {"addOns": {"awsWorkloadIdentity": {}}}});
    let cluster = sandbox.patch("hetzner", on).await.json();
    assert_eq!(cluster["status"], json!({}));
}

#[tokio::test]
async fn a_connection_serves_many_requests() {
    let sandbox = start(options()).await;
    let keep = |request: String| request.replace("connection: close\r\n", "");
    let authorization = format!("Bearer {TOKEN}");
    let mut both = keep(request(&authorization, "GET", "/org/acme", ""));
    both += &keep(request(&authorization, "GET", "/org/acme/mk8s/nope", ""));
    both += &request(&authorization, "GET", "/discovery", "");
    let got = String::from_utf8(sandbox.raw(both.as_bytes()).await).unwrap();
    let statuses: Vec<&str> = got
        .match_indices("HTTP/1.1 ")
        .map(|(at, _)| &got[at + 9..at + 12])
        .collect();
    assert_eq!(statuses, ["200", "404", "200"]);
}

#[tokio::test]
async fn ten_writers_with_the_lock_lose_nothing() {
    let sandbox = Arc::new(start(options()).await);
    let mut writers = JoinSet::new();
    for writer in 0..10 {
        let sandbox = sandbox.clone();
        writers.spawn(async move {
            let mut conflicts = 0;
            for n in 0..5 {
                loop {
                    let cluster = sandbox.get("/org/acme/mk8s/generic").await;
                    let change = json!({"version": cluster["version"], "id": cluster["id"],
                        "tags": {format!("w{writer}"): n}});
                    match sandbox.patch("generic", change).await.status {
                        200 => break,
                        409 => conflicts += 1,
                        other => panic!("{other}"),
                    }
                }
            }
            conflicts
        });
    }
    let conflicts: u32 = writers.join_all().await.into_iter().sum();
    let cluster = sandbox.get("/org/acme/mk8s/generic").await;
    assert_eq!(cluster["version"], 51, "{conflicts} conflicts");
    for writer in 0..10 {
        assert_eq!(cluster["tags"][format!("w{writer}")], 4);
    }
}

#[tokio::test]
async fn what_was_answered_is_in_the_state_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let with_state = |path: &std::path::Path| Options {
        state: Some(path.to_path_buf()),
        ..options()
    };
    let sandbox = start(with_state(&path)).await;
    sandbox.patch("generic", json!({"tags": {"a": "b"}})).await;
    sandbox.send("DELETE", "/org/acme/mk8s/aws-cross", "").await;
    let new = document("new-one").to_string();
    sandbox.send("PUT", "/org/acme/mk8s", &new).await;
    let before = sandbox.get("/org/acme/mk8s").await;
    // The first sandbox still runs, as one that is killed at this moment would have.
    let copy = folder.path().join("copy.json");
    std::fs::copy(&path, &copy).unwrap();
    let second = start(with_state(&copy)).await;
    assert_eq!(second.get("/org/acme/mk8s").await, before);
    let text = std::fs::read_to_string(&copy).unwrap();
    assert!(!text.contains(TOKEN));

    let busy = Sandbox::bind(with_state(&path)).await.unwrap_err();
    assert_eq!(busy.because, ["another sandbox is using it"]);
    let another = folder.path().join("another.json");
    std::fs::copy(&path, &another).unwrap();
    let other = Sandbox::bind(Options {
        org: "other".to_owned(),
        ..with_state(&another)
    })
    .await
    .unwrap_err();
    let quoted = crate::shell::quote(another.to_str().unwrap());
    assert_eq!(
        other.hints,
        [format!("mk8s sandbox start --org acme --state {quoted}")]
    );
    // One that cannot be an org cannot be asked for either.
    let text = std::fs::read_to_string(&another).unwrap();
    let odd = text.replace("\"org\": \"acme\"", "\"org\": \"x; touch y\"");
    std::fs::write(&another, odd).unwrap();
    let other = Sandbox::bind(with_state(&another)).await.unwrap_err();
    assert!(!other.hints[0].contains("touch"), "{other:?}");
}

#[tokio::test]
async fn the_log_tells_what_came_and_what_it_did() {
    let sandbox = start_with(&["cut,after,on=PATCH,times=1"]).await;
    let body = json!({"tags": {"secret": TOKEN}});
    let request = request(TOKEN, "PATCH", "/org/acme/mk8s/generic", &body.to_string());
    assert_eq!(sandbox.raw(request.as_bytes()).await, b"");
    sandbox.get("/org/acme/mk8s/generic?x=1").await;
    let log = sandbox.get("/_sandbox/requests").await;
    assert!(!log.to_string().contains(TOKEN));
    let mut first = log["items"][0].clone();
    first["requestId"].take();
    assert_eq!(
        first,
        json!({"n": 1, "method": "PATCH", "path": "/org/acme/mk8s/generic", "query": null,
            "userAgent": "test/1", "body": {"tags": {"secret": "***"}}, "status": null,
            "applied": true, "faults": ["cut,after,on=PATCH,times=1"], "requestId": null})
    );
    assert_eq!(log["items"][1]["query"], "x=1");
    assert_eq!(
        sandbox
            .send("DELETE", "/_sandbox/requests", "")
            .await
            .status,
        204
    );
    assert_eq!(sandbox.log().await, [""; 0]);
}

#[tokio::test]
async fn faults_before_the_work_keep_the_cluster() {
    for (fault, status) in [
        ("cut", None),
        ("noise", None),
        ("garble", Some(200)),
        ("html=503", Some(503)),
        ("flood=200000", Some(200)),
        ("redirect=http://127.0.0.1:9/x", Some(307)),
        ("status=500", Some(500)),
        ("status=200,body=", Some(200)),
        ("throttle", Some(429)),
        ("quota", Some(429)),
    ] {
        let sandbox = start_with(&[fault]).await;
        let body = r#"{"tags":{"a":"b"}}"#;
        let request = request(TOKEN, "PATCH", "/org/acme/mk8s/generic", body);
        let bytes = sandbox.raw(request.as_bytes()).await;
        match status {
            Some(status) => assert_eq!(parse(&bytes).status, status, "{fault}"),
            None => assert!(!bytes.starts_with(b"HTTP"), "{fault}"),
        }
        sandbox.send("DELETE", "/_sandbox/faults", "").await;
        let cluster = sandbox.get("/org/acme/mk8s/generic").await;
        assert_eq!(cluster["version"], 1, "{fault}");
    }
}

#[tokio::test]
async fn faults_after_the_work_hide_a_change_that_was_made() {
    for fault in [
        "cut,after",
        "noise,after",
        "garble,after",
        "html,after",
        "status=503,after",
        "truncate",
        "drip=0ms",
    ] {
        let sandbox = start_with(&[fault]).await;
        let body = r#"{"tags":{"a":"b"}}"#;
        let request = request(TOKEN, "PATCH", "/org/acme/mk8s/generic", body);
        sandbox.raw(request.as_bytes()).await;
        sandbox.send("DELETE", "/_sandbox/faults", "").await;
        let cluster = sandbox.get("/org/acme/mk8s/generic").await;
        assert_eq!(cluster["version"], 2, "{fault}");
    }
}

#[tokio::test]
async fn what_each_fault_looks_like() {
    let sandbox = start(options()).await;
    let whole = sandbox.send("GET", "/org/acme/mk8s/generic", "").await;
    let arm = |fault: &'static str| {
        let sandbox = &sandbox;
        async move {
            sandbox.send("DELETE", "/_sandbox/faults", "").await;
            let got = sandbox.send("POST", "/_sandbox/faults", fault).await;
            assert_eq!(got.status, 204, "{fault}: {got:?}");
            let request = request(TOKEN, "GET", "/org/acme/mk8s/generic", "");
            sandbox.raw(request.as_bytes()).await
        }
    };
    assert_eq!(arm("cut").await, b"");
    assert!(!arm("noise").await.is_empty());

    let half = parse(&arm("truncate").await);
    assert_eq!(
        half.headers.get("content-length"),
        whole.headers.get("content-length")
    );
    assert_eq!(half.body, whole.body[..whole.body.len() / 2]);

    let dripped = parse(&arm("drip=0ms").await);
    assert_eq!(dripped.body, whole.body);

    let garbled = parse(&arm("garble").await);
    assert_eq!(garbled.headers["content-type"], "application/json");
    assert!(serde_json::from_slice::<Value>(&garbled.body).is_err());
    assert!(garbled.body.contains(&0x1b));
    assert_eq!(garbled.headers.get("x-request-id"), None);

    let page = parse(&arm("html").await);
    assert_eq!(page.headers["content-type"], "text/html");

    let flood = parse(&arm("flood=200k").await);
    assert_eq!(flood.json().as_str().unwrap().len(), 200 * 1024);

    let redirect = parse(&arm("redirect=http://127.0.0.1:9/x").await);
    assert_eq!(redirect.headers["location"], "http://127.0.0.1:9/x");

    let failing = parse(&arm("status=418,code=TEA,retry-after=7,message=no, really").await);
    assert_eq!(failing.headers["retry-after"], "7");
    let error = failing.json();
    assert_eq!(
        (&error["code"], &error["message"]),
        (&json!("TEA"), &json!("no, really"))
    );

    assert!(parse(&arm("quota").await).message().contains("quota"));
    assert!(!parse(&arm("throttle").await).message().contains("quota"));
    assert_eq!(parse(&arm("status=200,body=[[[").await).body, b"[[[");
}

#[tokio::test]
async fn a_truncated_answer_without_content_is_cut_as_well() {
    let sandbox = start_with(&["truncate,on=DELETE"]).await;
    let got = sandbox.send("DELETE", "/org/acme/mk8s/generic", "").await;
    assert_eq!((got.status, got.body.len()), (202, 0));
    assert_eq!(got.headers["content-length"], "2");
}

#[tokio::test]
async fn a_race_makes_a_true_conflict() {
    let sandbox = start_with(&["race,on=PATCH:/generic,times=1"]).await;
    let stale = json!({"version": 1, "tags": {"a": "b"}});
    let got = sandbox.patch("generic", stale).await;
    assert_eq!(got.status, 409);
    let cluster = sandbox.get("/org/acme/mk8s/generic").await;
    assert_eq!(cluster["version"], 2);
    assert_eq!(cluster["tags"]["sandbox/other-writer"], 2);
}

#[tokio::test(start_paused = true)]
async fn waiting_is_by_the_clock() {
    let sandbox = start(Options {
        latency: Duration::from_secs(3),
        faults: vec![
            "delay=5s".parse().unwrap(),
            "delay=7s,after".parse().unwrap(),
        ],
        ..options()
    })
    .await;
    let begun = tokio::time::Instant::now();
    sandbox.get("/org/acme").await;
    assert_eq!(begun.elapsed().as_secs(), 15);
    sandbox.get("/_sandbox/requests").await;
    assert_eq!(begun.elapsed().as_secs(), 15, "its own pages do not wait");
}

#[tokio::test(start_paused = true)]
async fn a_stalled_request_gets_nothing_and_holds_up_nobody() {
    let sandbox = start_with(&["stall,on=PATCH"]).await;
    let request = request(TOKEN, "PATCH", "/org/acme/mk8s/generic", "{}");
    let stalled =
        tokio::time::timeout(Duration::from_hours(1), sandbox.raw(request.as_bytes())).await;
    assert!(stalled.is_err());
    assert_eq!(sandbox.get("/org/acme/mk8s/generic").await["version"], 1);
}

#[tokio::test(start_paused = true)]
async fn slow_clients_are_let_go() {
    let sandbox = start(options()).await;
    let begun = tokio::time::Instant::now();
    assert_eq!(sandbox.raw(b"GET /org/acme HT").await, b"");
    let head_only = format!(
        "PUT /org/acme/mk8s HTTP/1.1\r\nhost: x\r\nauthorization: {TOKEN}\r\ncontent-length: 9\r\n\r\n{{"
    );
    let got = parse(&sandbox.raw(head_only.as_bytes()).await);
    assert_eq!(got.status, 408);
    assert!(begun.elapsed() < Duration::from_mins(5));
}

#[tokio::test]
async fn what_is_too_large_or_broken_is_refused() {
    let sandbox = start(options()).await;
    let head = format!("PUT /org/acme/mk8s HTTP/1.1\r\nhost: x\r\nauthorization: {TOKEN}\r\n");
    for (request, status) in [
        (format!("{head}content-length: 99999999999\r\n\r\n"), 413),
        (
            format!(
                "{head}connection: close\r\ntransfer-encoding: chunked\r\n\r\n{}",
                format!("100000\r\n{}\r\n", "x".repeat(0x10_0000)).repeat(17)
            ),
            413,
        ),
        (format!("{head}x: {}\r\n\r\n", "y".repeat(300_000)), 431),
        (format!("{head}{}\r\n", "x: y\r\n".repeat(200)), 431),
        ("NOT HTTP AT ALL\r\n\r\n".to_owned(), 400),
        ("\u{16}\u{3}\u{1}\u{2}\r\n\r\n".to_owned(), 400),
    ] {
        let got = parse(&sandbox.raw(request.as_bytes()).await);
        assert_eq!(got.status, status, "{}", &request[..request.len().min(90)]);
    }
    assert_eq!(sandbox.send("GET", "/org/acme", "").await.status, 200);
}

/// A stranger's body is not waited for: its end never comes here.
#[tokio::test]
async fn without_the_token_the_head_is_enough_for_an_answer() {
    let sandbox = start(options()).await;
    for (authorization, path, status) in [
        ("Bearer other", "/org/acme/mk8s", "401"),
        ("Bearer other", "/_sandbox/faults", "401"),
        ("Bearer other", "/discovery", "405"),
    ] {
        for length in ["content-length: 9999999", "transfer-encoding: chunked"] {
            let mut stream = TcpStream::connect(&sandbox.address).await.unwrap();
            let head = format!(
                "PUT {path} HTTP/1.1\r\nhost: x\r\nauthorization: {authorization}\r\n{length}\r\n\r\n"
            );
            stream.write_all(head.as_bytes()).await.unwrap();
            let mut got = String::new();
            stream.read_to_string(&mut got).await.unwrap();
            assert!(got.starts_with(&format!("HTTP/1.1 {status} ")), "{got}");
            assert!(got.contains("connection: close"), "{got}");
        }
    }
    // A small one goes by, and the connection stays.
    let mut stream = TcpStream::connect(&sandbox.address).await.unwrap();
    for _ in 0..2 {
        let request = "PUT /org/acme HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n";
        stream.write_all(request.as_bytes()).await.unwrap();
        tokio::task::yield_now().await;
        stream.write_all(b"{}").await.unwrap();
        let mut got = [0; 12];
        stream.read_exact(&mut got).await.unwrap();
        assert_eq!(&got, b"HTTP/1.1 401");
        let mut rest = Vec::new();
        while !rest.ends_with(b"}") {
            rest.push(stream.read_u8().await.unwrap());
        }
    }
}

#[tokio::test]
async fn beyond_the_rate_is_429_and_the_sandboxs_own_pages_are_free() {
    let sandbox = start(Options {
        rate: Some("2/m".parse().unwrap()),
        ..options()
    })
    .await;
    for status in [200, 200, 429] {
        // Whoever has no token uses nothing up.
        assert_eq!(
            sandbox.send_as("x", "GET", "/org/acme", "").await.status,
            401
        );
        let got = sandbox.send("GET", "/org/acme", "").await;
        assert_eq!(got.status, status, "{got:?}");
        if status == 429 {
            let seconds: u64 = got.headers["retry-after"].parse().unwrap();
            assert!((1..=30).contains(&seconds), "{seconds}");
            assert_eq!(got.json()["code"], "TOO_MANY_REQUESTS");
        }
    }
    let log = sandbox.log().await;
    assert_eq!(log.last().unwrap(), "GET /org/acme 429 false");
}

#[tokio::test]
async fn keys_can_be_made_known() {
    let known = |keys: &[&str]| Options {
        known: keys.iter().map(|&key| key.to_owned()).collect(),
        ..options()
    };
    let body = json!({"spec": {"addOns": {"rocketShip": {"fuel": 1}}}});
    let sandbox = start(known(&["rocketShip"])).await;
    let got = sandbox.patch("generic", body.clone()).await;
    assert_eq!(got.status, 200, "{got:?}");
    let sandbox = start(known(&["rocket"])).await;
    assert_eq!(sandbox.patch("generic", body).await.status, 400);
    let newer = json!({"spec": {"version": "1.99.0"}});
    assert_eq!(sandbox.patch("generic", newer.clone()).await.status, 400);
    let sandbox = start(known(&["1.99.0"])).await;
    assert_eq!(sandbox.patch("generic", newer).await.status, 200);
    for odd in ["", "a-b", "a.b", "1a", "a b"] {
        let error = Sandbox::bind(known(&[odd])).await.unwrap_err();
        assert!(
            error.because[0].contains("neither the key of an add-on nor a version"),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn seeds_are_checked_and_may_bring_new_addons() {
    let mut rocket = document("rocket");
    rocket["spec"]["addOns"] = json!({"rocketShip": {"fuel": 1}});
    rocket["version"] = json!(41);
    rocket["id"] = json!("x");
    rocket["status"] = json!({"serverUrl": "https://x"});
    let with = |object: Value| Options {
        seeds: Seeds::Objects(vec![object]),
        ..options()
    };
    let sandbox = start(with(rocket)).await;
    let cluster = sandbox.get("/org/acme/mk8s/rocket").await;
    assert_eq!(cluster["version"], 1);
    assert_eq!(
        cluster["spec"]["addOns"],
        json!({"rocketShip": {"fuel": 1}})
    );

    let mut bad = document("bad\u{1b}");
    bad["spec"]["addOns"] = json!({"awsECR": true});
    let error = Sandbox::bind(with(bad)).await.unwrap_err();
    assert_eq!(error.kind, crate::error::Kind::Refused);
    assert_eq!(
        error.message,
        "the sandbox was not started with the cluster `bad\\u{1b}`"
    );
    let error = Sandbox::bind(with(json!(1))).await.unwrap_err();
    assert_eq!(error.because, ["it is not an object"]);
}

#[tokio::test]
async fn a_sandbox_that_cannot_start_says_why() {
    let first = Sandbox::bind(options()).await.unwrap();
    let taken = Options {
        port: first.address.port(),
        ..options()
    };
    let error = Sandbox::bind(taken).await.unwrap_err();
    assert!(
        error
            .message
            .starts_with("the sandbox cannot listen on 127.0.0.1:")
    );
    for (options, reason) in [
        (
            Options {
                org: "A/b".to_owned(),
                ..options()
            },
            "`A/b` is not the name of an org",
        ),
        (
            Options {
                token: SecretString::from("a b"),
                ..options()
            },
            "the token must be visible ASCII, without blanks",
        ),
        (
            Options {
                page_size: 0,
                ..options()
            },
            "a page needs room for at least one cluster",
        ),
    ] {
        let error = Sandbox::bind(options).await.unwrap_err();
        assert_eq!(error.because, [reason]);
    }
}

#[tokio::test]
async fn the_environment_is_what_clients_need_and_hides_in_debug() {
    let sandbox = Sandbox::bind(options()).await.unwrap();
    assert_eq!(
        sandbox.environment(),
        [
            ("CPLN_ENDPOINT", sandbox.url()),
            ("CPLN_ORG", "acme".to_owned()),
            ("CPLN_TOKEN", TOKEN.to_owned()),
        ]
    );
    assert!(!format!("{sandbox:?} {:?}", options()).contains(TOKEN));
    let made = token("acme");
    let (key, rest) = made.expose_secret().split_once('.').unwrap();
    assert!(key.starts_with('s'));
    let parts = String::from_utf8(URL_SAFE_NO_PAD.decode(rest).unwrap()).unwrap();
    assert_eq!(parts.split('.').count(), 3);
    assert!(parts.starts_with("acme.sandbox."));
}

#[tokio::test]
async fn a_stricter_server_refuses_more() {
    let sandbox = start(Options {
        enforce_prerequisites: true,
        require_role: vec!["mk8s-ecr-driver".to_owned()],
        ..options()
    })
    .await;
    let got = sandbox
        .patch(
            "generic",
            json!({"spec": {"addOns": {"awsECR": {
                "roleArn": "arn:aws:iam::999999999999:role/mk8s-ecr-driver"
            }}}}),
        )
        .await;
    let errors = got.json()["details"]["errors"].as_array().unwrap().len();
    assert_eq!((got.status, errors), (400, 2));
}

#[tokio::test]
async fn serving_ends_when_it_should() {
    let sandbox = Sandbox::bind(options()).await.unwrap();
    let address = sandbox.address;
    let mut idle = TcpStream::connect(address).await.unwrap();
    sandbox
        .serve(async {
            tokio::task::yield_now().await;
        })
        .await
        .unwrap();
    let mut rest = Vec::new();
    let _ = idle.read_to_end(&mut rest).await;
    assert_eq!(rest, b"");
    assert!(TcpStream::connect(address).await.is_err());
}

mod issuers {
    //! The issuers over TLS, looked at with the eyes of `oidc`.

    use super::*;
    use crate::oidc::tls::Distrust;
    use crate::oidc::token::{ExpectedClaims, ParsedToken, SignatureVerdict};
    use crate::oidc::{FetchTrouble, IssuerView, look};

    /// A sandbox whose cluster `hetzner` has everything on, and the URL of its issuer.
    async fn start_issuers(faults: &[&str]) -> (Served, String) {
        let served = start(Options {
            oidc: Some(0),
            faults: faults.iter().map(|text| text.parse().unwrap()).collect(),
            ..options()
        })
        .await;
        let body = json!({"spec": {"addOns": {"awsWorkloadIdentity": {},
            "awsECR": {"roleArn": "arn:aws:iam::999999999999:role/pull"}}}});
        let path = "/org/acme/mk8s/hetzner";
        let got = served.send("PATCH", path, &body.to_string()).await;
        assert_eq!(got.status, 200, "{}", got.message());
        let issuer = served.send("GET", path, "").await.json()["status"]["oidcProviderUrl"]
            .as_str()
            .unwrap()
            .to_owned();
        (served, issuer)
    }

    async fn look_with(fault: &str) -> (String, IssuerView) {
        let faults: &[&str] = if fault.is_empty() { &[] } else { &[fault] };
        let (_served, issuer) = start_issuers(faults).await;
        let look = look(&issuer, None).await.unwrap();
        (issuer, look)
    }

    #[tokio::test]
    async fn documents_and_keys_are_served_for_clusters_with_workload_identity() {
        let (issuer, look) = look_with("").await;
        assert!(issuer.starts_with("https://localhost:"), "{issuer}");
        let (discovery, _) = look.discovery.unwrap();
        assert_eq!(discovery.issuer.as_deref(), Some(issuer.as_str()));
        let (keys, _) = look.keys.unwrap().unwrap();
        assert_eq!(crate::oidc::document::problems(&keys), [""; 0]);
        // The root is not the system's, and nothing else is wrong.
        let [(host, handshake)] = &look.handshakes[..] else {
            panic!("{:?}", look.handshakes);
        };
        assert_eq!(host, "localhost");
        assert_eq!(handshake.distrust, Some(Distrust::UnknownIssuer));
        assert_eq!(
            (handshake.chain.len(), handshake.version),
            (2, Some("TLS 1.3"))
        );
        assert_eq!(look.speaks_tls12, Some(true));
    }

    #[tokio::test]
    async fn an_issuer_goes_with_its_addon() {
        let (served, issuer) = start_issuers(&[]).await;
        let body = r#"{"spec": {"addOns": {"awsWorkloadIdentity": null}}}"#;
        served.send("PATCH", "/org/acme/mk8s/hetzner", body).await;
        let look = look(&issuer, None).await.unwrap();
        assert_eq!(look.discovery, Err(FetchTrouble::Status(404)));
        assert!(look.keys.is_none());
    }

    #[tokio::test]
    async fn defects_of_documents_are_switched_on_one_by_one() {
        for (fault, want) in [
            (
                "status=404,on=GET:/openid-configuration",
                Err(FetchTrouble::Status(404)),
            ),
            (
                "flood=2m,on=GET:/openid-configuration",
                Err(FetchTrouble::TooLarge),
            ),
            (
                "html,on=GET:/openid-configuration",
                Err(FetchTrouble::Content("it is not JSON".to_owned())),
            ),
            (
                "redirect=https://127.0.0.1:1/x,on=GET:/openid-configuration",
                Err(FetchTrouble::Redirect(
                    "another host: https://127.0.0.1:1/x".to_owned(),
                )),
            ),
            ("issuer=other", Ok("https://issuer.example/other")),
            ("issuer=slash", Ok("/")),
        ] {
            let (issuer, look) = look_with(fault).await;
            match (look.discovery, want) {
                (Ok((discovery, _)), Ok(end)) => {
                    let named = discovery.issuer.unwrap();
                    assert_ne!(named, issuer);
                    assert!(named.ends_with(end), "{fault}: {named}");
                }
                (got, want) => assert_eq!(got.err(), want.err(), "{fault}"),
            }
        }
        for (fault, want) in [
            ("issuer=no-keys", "the set is empty"),
            ("issuer=hs256", "key `"),
            ("issuer=same-ids", "two keys have the id"),
        ] {
            let (_, look) = look_with(fault).await;
            let (keys, _) = look.keys.unwrap().unwrap();
            let found = crate::oidc::document::problems(&keys).join("; ");
            assert!(found.starts_with(want), "{fault}: {found}");
        }
        let (_, look) = look_with("issuer=http-keys").await;
        assert_eq!(look.keys, Some(Err(FetchTrouble::NotHttps)));
    }

    #[tokio::test]
    async fn defects_of_certificates_are_noted_and_stop_nothing() {
        for (fault, distrust, length, tls12) in [
            ("certificate=expired", Distrust::Expired, 2, true),
            ("certificate=incomplete", Distrust::UnknownIssuer, 1, true),
            ("certificate=tls13", Distrust::UnknownIssuer, 2, false),
        ] {
            let (_, look) = look_with(fault).await;
            assert!(look.discovery.is_ok(), "{fault}");
            let handshake = &look.handshakes[0].1;
            assert_eq!(handshake.distrust, Some(distrust), "{fault}");
            assert_eq!(handshake.chain.len(), length, "{fault}");
            assert_eq!(look.speaks_tls12, Some(tls12), "{fault}");
        }
    }

    #[tokio::test]
    async fn tokens_are_minted_right_and_wrong() {
        let (served, issuer) = start_issuers(&[]).await;
        let (keys, _) = look(&issuer, None).await.unwrap().keys.unwrap().unwrap();
        let expected = ExpectedClaims {
            issuer,
            audience: "sts.amazonaws.com".to_owned(),
            subjects: vec!["system:serviceaccount:kube-system:ecr-credential-provider".to_owned()],
        };
        for (wish, problem, signature) in [
            (json!({}), "", ""),
            (json!({"audience": "other"}), "its audience is `other`", ""),
            (
                json!({"serviceAccount": "default:default"}),
                "its subject is `system:serviceaccount:default:default`",
                "",
            ),
            (
                json!({"issuer": "https://issuer.example"}),
                "its issuer is `https://issuer.example`",
                "",
            ),
            (json!({"expiresIn": -900}), "it expired 15 min ago", ""),
            (json!({"key": "other"}), "", "its signature does not fit"),
            (json!({"key": "unknown"}), "", "it is signed with key `"),
            (json!({"algorithm": "HS256"}), "", "it is signed with HS256"),
            (json!({"algorithm": "none"}), "", "it is signed with none"),
        ] {
            let mut request = wish.clone();
            request["cluster"] = json!("hetzner");
            let got = served
                .send("POST", "/_sandbox/token", &request.to_string())
                .await;
            assert_eq!(got.status, 201, "{wish}");
            let token = ParsedToken::parse(got.json()["token"].as_str().unwrap()).unwrap();
            let now = connection::now() / 1000;
            let found = token.problems(&expected, now).join("; ");
            assert!(found.starts_with(problem), "{wish}: {found}");
            assert_eq!(found.is_empty(), problem.is_empty(), "{wish}: {found}");
            match token.verify(&keys) {
                SignatureVerdict::Good => assert_eq!(signature, "", "{wish}"),
                SignatureVerdict::Bad(why) => {
                    assert!(
                        !signature.is_empty() && why.starts_with(signature),
                        "{wish}: {why}"
                    );
                }
                SignatureVerdict::Unknown(why) => panic!("{wish}: {why}"),
            }
        }
        for (request, status, why) in [
            (json!({}), 400, "\"cluster\" is not allowed to be empty"),
            (json!({"cluster": "nope"}), 404, ""),
            (
                json!({"cluster": "generic"}),
                400,
                "cluster \"generic\" has no issuer",
            ),
            (
                json!({"cluster": "hetzner", "serviceAccount": "x"}),
                400,
                "\"x\" is not a service account",
            ),
            (json!({"cluster": "hetzner", "key": "x"}), 400, "\"key\" is"),
        ] {
            let got = served
                .send("POST", "/_sandbox/token", &request.to_string())
                .await;
            assert_eq!(got.status, status, "{request}");
            assert!(got.message().starts_with(why), "{}", got.message());
        }
        let without = start(options()).await;
        let got = without
            .send("POST", "/_sandbox/token", r#"{"cluster": "hetzner"}"#)
            .await;
        assert_eq!(
            (got.status, got.message().as_str()),
            (
                400,
                "the sandbox has no issuers: it was started with --no-oidc"
            )
        );
    }

    /// No credentials are sent, and the log shows who asked.
    #[tokio::test]
    async fn the_log_holds_what_was_fetched() {
        let (served, issuer) = start_issuers(&[]).await;
        look(&issuer, None).await.unwrap();
        let log = served.send("GET", "/_sandbox/requests", "").await.json();
        let paths: Vec<&str> = log["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| entry["path"].as_str().unwrap())
            .filter(|path| !path.starts_with("/org/"))
            .collect();
        assert_eq!(paths.len(), 3, "{paths:?}");
        assert!(
            paths[0].ends_with("/.well-known/openid-configuration"),
            "{paths:?}"
        );
        assert!(paths[1].ends_with("/openid/v1/jwks"), "{paths:?}");
    }
}
