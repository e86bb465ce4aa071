//! The issuers of the sandbox, the group *issuer* of `mk8s check`, and `mk8s sandbox token`: each
//! defect switches the check that is for it, and no other.

use crate::support::manifests::hetzner;
use crate::support::{Bed, Env, Run, Sandbox, ids};
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

#[test]
#[expect(clippy::too_many_lines, reason = "a table of defects")]
fn each_defect_switches_its_own_check() {
    let mut env = Env::new();
    let sandbox = start(&mut env);
    for (fault, want, evidence) in [
        (
            "status=404,on=*:/openid-configuration",
            "issuer-discovery fail",
            "the answer is 404",
        ),
        (
            "delay=6s,on=GET:/openid-configuration",
            "issuer-discovery fail",
            "within 5 s",
        ),
        (
            "delay=3500ms,on=GET:/openid-configuration",
            "issuer-discovery warn",
            "AWS waits 5 s",
        ),
        (
            "html,on=GET:/openid-configuration",
            "issuer-discovery fail",
            "it is not JSON",
        ),
        (
            "flood=2m,on=GET:/openid-configuration",
            "issuer-discovery fail",
            "larger than 1 MiB",
        ),
        (
            "redirect=https://elsewhere.example/x,on=GET:/openid-configuration",
            "issuer-discovery fail",
            "it redirects to another host: https://elsewhere.example/x",
        ),
        (
            "redirect=/x/.well-known/openid-configuration,on=GET:/openid-configuration",
            "issuer-discovery fail",
            "more than 3 times",
        ),
        (
            "issuer=other",
            "issuer-match fail",
            "it says https://issuer.example/other",
        ),
        (
            "issuer=slash",
            "issuer-match fail",
            "they differ by a slash at the end",
        ),
        ("issuer=no-keys", "issuer-keys fail", "the set is empty"),
        (
            "issuer=same-ids",
            "issuer-keys fail",
            "two keys have the id",
        ),
        ("issuer=hs256", "issuer-keys fail", "is for HS256"),
        (
            "issuer=http-keys",
            "issuer-keys fail",
            "its URL is not https",
        ),
        (
            "flood=2m,on=GET:/jwks",
            "issuer-keys fail",
            "larger than 1 MiB",
        ),
        (
            "status=503,on=GET:/jwks",
            "issuer-keys fail",
            "the answer is 503",
        ),
        (
            "certificate=expired",
            "issuer-tls fail",
            "it has not been valid since",
        ),
        ("certificate=expiring", "issuer-tls warn", "on 20"),
        (
            "certificate=unknown",
            "issuer-tls warn",
            "AWS then goes by the registered thumbprint",
        ),
        (
            "certificate=incomplete",
            "issuer-tls fail",
            "without the intermediate one",
        ),
        (
            "certificate=other-host",
            "issuer-tls fail",
            "no name in it fits",
        ),
        (
            "certificate=tls13",
            "issuer-tls warn",
            "AWS then goes by the registered thumbprint",
        ),
    ] {
        sandbox.fault(fault);
        let code = if want.ends_with("fail") { 11 } else { 0 };
        let run = env
            .line("check -c edge --only issuer -o json")
            .run()
            .exits(code);
        let found = trouble(&run);
        let [(id, why)] = &found[..] else {
            panic!("{fault}: {found:?}");
        };
        assert_eq!(id, want, "{fault}");
        assert!(why.contains(evidence), "{fault}: {why}");
        sandbox.heals();
    }
    // And nothing of it stays.
    let run = env.line("check -c edge --only issuer -o json").run().ok();
    assert_eq!(trouble(&run), []);
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
    let _sandbox = Sandbox::holding(&mut env, &[hetzner("edge", &[])], &["--oidc"]);
    env.line("check -c edge --only issuer")
        .run()
        .out("skipped: oidc-url-present failed");
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
            .ends_with("a sandbox serves issuers with --oidc only"),
        "{found:?}"
    );
}

#[test]
fn a_run_gets_the_roots_and_what_the_machine_trusts() {
    let env = Env::new();
    let script = "echo file=$SSL_CERT_FILE; grep -c BEGIN $SSL_CERT_FILE";
    let run = env
        .mk8s(&["sandbox", "run", "--oidc", "--", "sh", "-c", script])
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
        "--",
        "sh",
        "-c",
        "echo file=$SSL_CERT_FILE.",
    ])
    .run()
    .ok()
    .out("file=.");
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
    // Without the sandbox's root the thumbprint counts, and is registered.
    bed.env.unset("SSL_CERT_FILE");
    let report = bed.run("check -c edge --only oidc-thumbprint -o json");
    let report = report.exits(11).json();
    let items = report["items"].as_array().unwrap();
    let failed = items
        .iter()
        .find(|it| it["id"] == "oidc-thumbprint")
        .unwrap();
    bed.env.paste(failed["fix"].as_str().unwrap());

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
    let run = bed.run("check -c edge --only oidc-thumbprint -o json");
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
