//! The issuers of the sandbox, the group *issuer* of `mk8s check`, and `mk8s sandbox token`: each
//! defect switches the check that is for it, and no other.

use crate::support::manifests::hetzner;
use crate::support::{Answer, Bed, Defect, Env, Fake, Run, Sandbox, ids};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

const ROLE: &str = "awsECR: {roleArn: 'arn:aws:iam::123456789012:role/pull'}";

/// A sandbox with issuers and one cluster with everything on.
fn start(env: &mut Env) -> Sandbox {
    let manifest = hetzner("edge", &["awsWorkloadIdentity: {}", ROLE]);
    Sandbox::holding(env, &[manifest], &["--oidc"])
}

/// The checks of a report that did neither pass nor skip, as `ID STATE`, with their evidence.
fn trouble(run: &Run) -> Vec<(String, String)> {
    let report = run.json();
    let items = report["items"].as_array().expect("a report").iter();
    items
        .filter(|item| !["pass", "skip"].contains(&item["state"].as_str().unwrap()))
        .map(|item| {
            let text = |name: &str| item[name].as_str().unwrap_or_default().to_owned();
            (
                format!("{} {}", text("id"), text("state")),
                text("evidence"),
            )
        })
        .collect()
}

#[test]
fn a_sound_issuer_passes() {
    let mut env = Env::new();
    let sandbox = start(&mut env);
    let run = env.line("check -c edge --only issuer -o json").run().ok();
    assert_eq!(trouble(&run), []);
    let report = run.json();
    let items = report["items"].as_array().unwrap();
    assert_eq!(items.len(), 5, "{report}");
    let form = items[0]["message"].as_str().unwrap();
    assert!(form.contains("https://localhost:") && form.ends_with("on loopback: a sandbox"));
    // Nobody who was asked got to see the token.
    let fetched = sandbox.log();
    let fetched: Vec<&Value> = fetched
        .iter()
        .filter(|entry| !entry["path"].as_str().unwrap().starts_with("/org/"))
        .collect();
    assert!(fetched.len() >= 2, "{fetched:?}");
    assert!(
        fetched.iter().all(|entry| entry["status"] == 200),
        "{fetched:?}"
    );
}

/// A defect of the issuer: its id and state, the sandbox's fault, and what the evidence says.
type Issue = (Defect, &'static str, &'static str, &'static str);

const fn issue(
    what: &'static str,
    ids: &'static [&'static str],
    fault: &'static str,
    state: &'static str,
    evidence: &'static str,
) -> Issue {
    let mended = false;
    (Defect { what, ids, mended }, fault, state, evidence)
}

pub(crate) const DEFECTS: [Issue; 21] = [
    issue(
        "the discovery document is not there (404)",
        &["issuer-discovery"],
        "status=404,on=*:/openid-configuration",
        "fail",
        "the answer is 404",
    ),
    issue(
        "the discovery document takes longer than AWS waits",
        &["issuer-discovery"],
        "delay=6s,on=GET:/openid-configuration",
        "fail",
        "within 5 s",
    ),
    issue(
        "the discovery document is slow",
        &["issuer-discovery"],
        "delay=3500ms,on=GET:/openid-configuration",
        "warn",
        "AWS waits 5 s",
    ),
    issue(
        "a web page in place of the discovery document",
        &["issuer-discovery"],
        "html,on=GET:/openid-configuration",
        "fail",
        "it is not JSON",
    ),
    issue(
        "a discovery document of 2 MB",
        &["issuer-discovery"],
        "flood=2m,on=GET:/openid-configuration",
        "fail",
        "larger than 1 MiB",
    ),
    issue(
        "the discovery document redirects to another host",
        &["issuer-discovery"],
        "redirect=https://elsewhere.example/x,on=GET:/openid-configuration",
        "fail",
        "it redirects to another host: https://elsewhere.example/x",
    ),
    issue(
        "the discovery document redirects to itself",
        &["issuer-discovery"],
        "redirect=/x/.well-known/openid-configuration,on=GET:/openid-configuration",
        "fail",
        "more than 3 times",
    ),
    issue(
        "the discovery document names another issuer",
        &["issuer-match"],
        "issuer=other",
        "fail",
        "it says https://issuer.example/other",
    ),
    issue(
        "the discovery document names the issuer with a slash too many",
        &["issuer-match"],
        "issuer=slash",
        "fail",
        "they differ by a slash at the end",
    ),
    issue(
        "the issuer publishes no keys",
        &["issuer-keys"],
        "issuer=no-keys",
        "fail",
        "the set is empty",
    ),
    issue(
        "two keys of the issuer have one id",
        &["issuer-keys"],
        "issuer=same-ids",
        "fail",
        "two keys have the id",
    ),
    issue(
        "the issuer's key is for an algorithm that AWS does not take",
        &["issuer-keys"],
        "issuer=hs256",
        "fail",
        "is for HS256",
    ),
    issue(
        "the issuer's keys are to be fetched over http",
        &["issuer-keys"],
        "issuer=http-keys",
        "fail",
        "its URL is not https",
    ),
    issue(
        "keys of 2 MB",
        &["issuer-keys"],
        "flood=2m,on=GET:/jwks",
        "fail",
        "larger than 1 MiB",
    ),
    issue(
        "the keys cannot be fetched (503)",
        &["issuer-keys"],
        "status=503,on=GET:/jwks",
        "fail",
        "the answer is 503",
    ),
    issue(
        "the issuer's certificate has expired",
        &["issuer-tls"],
        "certificate=expired",
        "fail",
        "it has not been valid since",
    ),
    issue(
        "the issuer's certificate ends soon",
        &["issuer-tls"],
        "certificate=expiring",
        "warn",
        "on 20",
    ),
    issue(
        "the issuer's certificate is from no public authority",
        &["issuer-tls"],
        "certificate=unknown",
        "warn",
        "AWS then goes by the registered thumbprint",
    ),
    issue(
        "the issuer's certificate comes without the intermediate one",
        &["issuer-tls"],
        "certificate=incomplete",
        "fail",
        "without the intermediate one",
    ),
    issue(
        "the issuer's certificate is for another host",
        &["issuer-tls"],
        "certificate=other-host",
        "fail",
        "no name in it fits",
    ),
    issue(
        "the issuer's server speaks TLS 1.3 only",
        &["issuer-tls"],
        "certificate=tls13",
        "warn",
        "AWS then goes by the registered thumbprint",
    ),
];

#[test]
fn each_defect_switches_its_own_check() {
    let mut env = Env::new();
    let sandbox = start(&mut env);
    for (defect, fault, state, evidence) in DEFECTS {
        let want = format!("{} {state}", defect.ids[0]);
        sandbox.fault(fault);
        let code = if state == "fail" { 11 } else { 0 };
        let run = env
            .line("check -c edge --only issuer -o json")
            .run()
            .exits(code);
        let found = trouble(&run);
        let [(id, why)] = &found[..] else {
            panic!("{fault}: {found:?}");
        };
        assert_eq!(*id, want, "{fault}");
        assert!(why.contains(evidence), "{fault}: {why}");
        sandbox.heals();
    }
    // And nothing of it stays.
    let run = env.line("check -c edge --only issuer -o json").run().ok();
    assert_eq!(trouble(&run), []);
}

/// What the sandbox never publishes: by the issuer's URL, and by that in the add-on's status.
pub(crate) const URL_DEFECTS: [(Defect, &str, Option<&str>); 4] = [
    url_defect(
        "the issuer's URL is not https",
        "http://oidc.example/abc",
        None,
    ),
    url_defect(
        "the issuer's URL has a query",
        "https://oidc.example/abc?x=1",
        None,
    ),
    url_defect("the issuer's URL is longer than IAM takes", LONG, None),
    url_defect(
        "the status names two issuers",
        "https://localhost:1/abc",
        Some("https://localhost:1/other"),
    ),
];

const LONG: &str = concat!(
    "https://oidc.example/0123456789012345678901234567890123456789012345678901234567890123456789",
    "012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789",
    "012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789",
);

const fn url_defect(
    what: &'static str,
    url: &'static str,
    other: Option<&'static str>,
) -> (Defect, &'static str, Option<&'static str>) {
    let ids = &["issuer-url-form"];
    let mended = false;
    (Defect { what, ids, mended }, url, other)
}

#[test]
fn a_url_that_iam_does_not_take_is_named() {
    for (defect, url, other) in URL_DEFECTS {
        let list = json!({"kind": "list", "itemKind": "mk8s", "items": [], "links": []});
        let cluster = json!({"kind": "mk8s", "name": "edge", "id": "i", "version": 1,
            "spec": {"provider": {"hetzner": {}}, "addOns": {"awsWorkloadIdentity": {}}},
            "status": {"oidcProviderUrl": url, "addOns": {"awsWorkloadIdentity":
                {"oidcProviderConfig": {"providerUrl": other.unwrap_or(url)}}}}});
        let fake = Fake::serve(vec![Answer::json(200, &list), Answer::json(200, &cluster)]);
        let mut env = Env::new();
        env.connect(fake.endpoint(), "acme", "t");
        let line = "check -c edge --only issuer-url-form --fail-on warning -o json";
        let run = env.line(line).run().exits(11);
        let found = ids(&run, &["fail", "warn", "unknown"]);
        assert_eq!(
            found,
            [defect.ids[0].to_owned()].into(),
            "{}\n{run}",
            defect.what
        );
    }
}

#[test]
fn without_its_root_the_issuer_is_of_an_unknown_authority() {
    let mut env = Env::new();
    let _sandbox = start(&mut env);
    env.unset("SSL_CERT_FILE");
    let run = env.line("check -c edge --only issuer -o json").run().ok();
    let found = trouble(&run);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, "issuer-tls warn");
}

#[test]
fn without_workload_identity_the_group_is_skipped_with_the_reason() {
    let mut env = Env::new();
    let ecr = "awsECR: {roleArn: \"arn:aws:iam::999999999999:role/x\"}";
    let seeds = [hetzner("edge", &[ecr]), hetzner("bare", &[])];
    let _sandbox = Sandbox::holding(&mut env, &seeds, &["--oidc"]);
    for (cluster, reason) in [
        ("edge", "skipped: oidc-url-present failed"),
        ("bare", "issuer checks skipped: no AWS add-on is on"),
    ] {
        let line = format!("check -c {cluster} --only issuer");
        let _ = env.line(&line).run().ok().out(reason);
    }
}

#[test]
fn an_issuer_that_nobody_serves_cannot_be_fetched() {
    let mut env = Env::new();
    let manifest = hetzner("edge", &["awsWorkloadIdentity: {}"]);
    let _sandbox = Sandbox::holding(&mut env, &[manifest], &[]);
    let run = env
        .line("check -c edge --only issuer -o json")
        .run()
        .exits(11);
    let found = trouble(&run);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, "issuer-discovery fail");
    assert!(
        found[0]
            .1
            .ends_with("the sandbox was started with --no-oidc"),
        "{found:?}"
    );
}

#[test]
fn a_run_gets_the_roots_and_what_the_machine_trusts() {
    let env = Env::new();
    let script = "echo file=$SSL_CERT_FILE; grep -c BEGIN $SSL_CERT_FILE";
    let run = env
        .mk8s(&["sandbox", "run", "--", "sh", "-c", script])
        .run()
        .ok();
    let path = run
        .stdout
        .lines()
        .next()
        .unwrap()
        .trim_start_matches("file=")
        .to_owned();
    assert!(path.ends_with("trusted.pem"), "{path}");
    let count: usize = run.stdout.lines().nth(1).unwrap().parse().unwrap();
    assert!(count >= 1, "{count}");
    // It goes with the sandbox.
    assert!(!std::path::Path::new(&path).exists());
    env.mk8s(&[
        "sandbox",
        "run",
        "--no-oidc",
        "--",
        "sh",
        "-c",
        "echo file=$SSL_CERT_FILE.",
    ])
    .run()
    .ok()
    .out("file=.");
}

/// What a newcomer does first: the guide, then the checklist, without a flag of the sandbox.
#[test]
fn the_first_check_of_a_finished_cluster_is_green() {
    let env = Env::new();
    let role = "--role-arn arn:aws:iam::999999999999:role/pull";
    for (cluster, role) in [("hetzner", role), ("generic", role), ("aws-same", "")] {
        let script = format!(
            "mk8s addon enable aws-ecr -c {cluster} --with-prerequisites {role} --quiet >&2
             mk8s check -c {cluster} -o json"
        );
        let run = env
            .mk8s(&["sandbox", "run", "--", "sh", "-euc", &script])
            .run()
            .ok();
        let failed = ids(&run, &["fail", "warn"]);
        assert!(failed.is_empty(), "{cluster}: {failed:?}\n{run}");
        assert!(ids(&run, &["pass"]).contains("issuer-discovery"), "{run}");
    }
}

#[test]
fn a_token_is_asked_of_the_sandbox_only() {
    let mut env = Env::new();
    let _sandbox = start(&mut env);
    let token = env.line("sandbox token -c edge").run().ok().stdout;
    assert_eq!(token.trim().split('.').count(), 3);
    env.line("sandbox token -c nope")
        .run()
        .exits(3)
        .err("error: no token was made");
    env.line("sandbox token -c edge --service-account x")
        .run()
        .exits(6)
        .err("NAMESPACE:NAME is needed");
    env.set("CPLN_ENDPOINT", "https://api.example");
    env.line("sandbox token -c edge")
        .run()
        .exits(2)
        .err("https://api.example is not a sandbox on this machine");
    env.set("CPLN_ENDPOINT", "http://127.0.0.1:1");
    env.line("sandbox token -c edge")
        .run()
        .exits(8)
        .err("no sandbox answers at the endpoint");
}

/// The first certificate of the file for `SSL_CERT_FILE`: the sandbox's root.
fn root(sandbox: &Sandbox) -> String {
    let text = fs::read_to_string(sandbox.certificates().unwrap()).unwrap();
    let end = "-----END CERTIFICATE-----";
    text[..text.find(end).unwrap()].to_owned()
}

#[test]
fn with_a_state_file_keys_and_certificates_survive_kill_9() {
    let state = "../state.json";
    let flags = ["--oidc", "--state", state];
    let mut bed = Bed::holding(&[hetzner("edge", &[])], &flags);
    bed.env.with_commands();
    bed.run("aws setup aws-ecr -c edge --yes").ok();
    bed.env
        .write("token", bed.run("sandbox token -c edge").ok().stdout);
    let (issuer, before) = (bed.issuer("edge"), root(&bed.sandbox));
    // Setup has registered the thumbprint of the sandbox's root.
    let registered = "check -c edge --only oidc-thumbprint -o json";
    let passed = ids(&bed.run(registered).ok(), &["pass"]);
    assert!(passed.contains("oidc-thumbprint"), "{passed:?}");

    let private = bed.env.path(&format!("{state}.issuers"));
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&private), 0o600);
    let Bed {
        mut env,
        sandbox,
        moto,
    } = bed;
    sandbox.kill();
    let sandbox = Sandbox::start(&mut env, &flags);
    let mut bed = Bed { env, sandbox, moto };
    assert_eq!(bed.issuer("edge"), issuer);
    assert_eq!(root(&bed.sandbox), before);
    assert_eq!(mode(&private), 0o600);

    // The token of the time before is good, for us and for AWS.
    let roots = bed.sandbox.certificates().unwrap();
    bed.moto.settings(&json!({ "issuer_ca": roots }));
    let live = "check -c edge --live --web-identity-token-file token --only live -o json";
    let passed = ids(&bed.run(live).ok(), &["pass"]);
    assert!(passed.contains("live-assume-role"), "{passed:?}");
    // And so is the thumbprint.
    bed.env.unset("SSL_CERT_FILE");
    let run = bed.run(registered);
    assert!(ids(&run, &["pass"]).contains("oidc-thumbprint"), "{run}");
    // Neither the state nor what is printed holds a key.
    let keys: Value = serde_json::from_slice(&fs::read(&private).unwrap()).unwrap();
    let text = bed.env.text(state);
    for (_, key) in keys["keys"].as_object().unwrap() {
        assert!(!text.contains(key.as_str().unwrap()));
    }
}

#[test]
fn a_port_that_is_named_or_taken_changes_the_issuer_and_not_its_keys() {
    let mut env = Env::new();
    let flags = ["--oidc", "--state", "../state.json"];
    let manifest = hetzner("edge", &["awsWorkloadIdentity: {}", ROLE]);
    let sandbox = Sandbox::holding(&mut env, &[manifest], &flags);
    let url = |sandbox: &Sandbox| {
        let cluster = sandbox.cluster("edge");
        cluster["status"]["oidcProviderUrl"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let before = url(&sandbox);
    let _ = env.line("sandbox token -c edge").run().ok();
    let keys = env.text("../state.json.issuers");
    sandbox.kill();
    let port = before
        .rsplit_once(':')
        .unwrap()
        .1
        .split_once('/')
        .unwrap()
        .0;
    let taken = std::net::TcpListener::bind(format!("127.0.0.1:{port}")).unwrap();
    let sandbox = Sandbox::start(&mut env, &flags);
    assert_ne!(url(&sandbox), before);
    let _ = env.line("check -c edge --only issuer").run().ok();
    drop(taken);
    let kept = |text: &str| serde_json::from_str::<Value>(text).unwrap()["keys"].take();
    assert_eq!(kept(&env.text("../state.json.issuers")), kept(&keys));
}
