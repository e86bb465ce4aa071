//! Who and where: profiles, environment and flags, as the Control Plane client resolves them.

use crate::support::manifests::aws;
use crate::support::{Answer, Env, Fake, Sandbox, snapshot};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

fn profile(sandbox: &Sandbox, org: &str, token: &str) -> Value {
    json!({
        "name": "ci",
        "context": {"profile": "ci", "org": org},
        "request": {"endpoint": sandbox.endpoint(), "insecure": false, "timeout": 30, "token": token},
        "authInfo": {"email": "[account]"}
    })
}

/// A sandbox, and an environment that does not know of it.
fn apart() -> (Env, Sandbox) {
    let mut env = Env::new();
    let sandbox = Sandbox::holding(&mut env, &[aws("prod", &[])], &[]);
    env.unset("CPLN_ENDPOINT")
        .unset("CPLN_ORG")
        .unset("CPLN_TOKEN");
    (env, sandbox)
}

#[test]
fn status_names_every_source_and_never_the_token() {
    let (mut env, sandbox) = apart();
    env.profile(
        "ci",
        &profile(&sandbox, sandbox.org(), sandbox.token()),
        true,
    );
    let run = env.line("auth status").run().ok().never(sandbox.token());
    let _ = run.out(sandbox.org()).out("ci").out(sandbox.endpoint());
    let run = env
        .line("auth status -o json")
        .run()
        .ok()
        .never(sandbox.token());
    let json = run.json();
    assert_eq!(
        (&json["schema"], &json["kind"]),
        (&json!("mk8s/v1"), &json!("Auth"))
    );
    env.connect(sandbox.endpoint(), sandbox.org(), sandbox.token());
    let _ = env
        .line("auth status")
        .run()
        .ok()
        .never(sandbox.token())
        .out("CPLN_ORG")
        .out("CPLN_TOKEN")
        .out("CPLN_ENDPOINT");
}

#[test]
fn flag_beats_environment_beats_profile() {
    let (mut env, sandbox) = apart();
    env.profile(
        "ci",
        &profile(&sandbox, "profile-org", sandbox.token()),
        true,
    );
    let org = |env: &Env, more: &str| {
        let run = env.line(&format!("auth status -o json {more}")).run();
        run.json()["org"].clone()
    };
    assert_eq!(org(&env, "")["value"], "profile-org");
    env.set("CPLN_ORG", sandbox.org());
    assert_eq!(org(&env, "")["value"], sandbox.org());
    assert_eq!(org(&env, "--org flag-org")["value"], "flag-org");
    // An empty variable is as good as none.
    env.set("CPLN_ORG", "");
    assert_eq!(org(&env, "")["value"], "profile-org");
}

#[test]
fn profiles_are_found_where_the_client_keeps_them() {
    let (mut env, sandbox) = apart();
    let content = profile(&sandbox, sandbox.org(), sandbox.token());
    let get = |env: &Env| env.line("cluster get prod").run();
    // The only profile is the default one.
    env.profile("only", &content, false);
    let _ = get(&env).ok();
    fs::remove_dir_all(env.home(".config")).unwrap();
    for (variable, folder) in [("CPLN_HOME", "elsewhere"), ("XDG_CONFIG_HOME", "xdg/cpln")] {
        let root = env.home(folder);
        fs::create_dir_all(root.join("profiles")).unwrap();
        fs::write(root.join("profiles/a.json"), content.to_string()).unwrap();
        fs::write(root.join("profiles/default"), "a\n").unwrap();
        let value = if variable == "CPLN_HOME" {
            root
        } else {
            env.home("xdg")
        };
        env.set(variable, value.to_str().unwrap());
        let _ = get(&env).ok();
        env.unset(variable);
        assert_ne!(get(&env).code, 0, "{variable} is still in force");
    }
}

#[test]
fn a_named_profile_that_is_missing_is_fatal_even_with_a_token() {
    let (mut env, sandbox) = apart();
    env.connect(sandbox.endpoint(), sandbox.org(), sandbox.token());
    let _ = env
        .line("cluster get prod --profile nope")
        .run()
        .exits(2)
        .silent()
        .err("nope");
    env.set("CPLN_PROFILE", "nope");
    let _ = env
        .line("cluster get prod")
        .run()
        .exits(2)
        .silent()
        .err("nope");
}

#[test]
fn without_a_token_it_is_4_and_without_an_org_2() {
    let (mut env, sandbox) = apart();
    env.set("CPLN_ENDPOINT", sandbox.endpoint())
        .set("CPLN_ORG", sandbox.org());
    snapshot!(env, env.line("cluster get prod").run(), @r"
    exit 4
    --- stderr
    error: not logged in to Control Plane
      because: no token is given, and there is no profile
    hint: put the key of a service account into CPLN_TOKEN, or give `--token-file`
    hint: or log in: `cpln login`
    ");
    // Not a key, so that no org can be read out of it.
    env.unset("CPLN_ORG").set("CPLN_TOKEN", "opaque");
    snapshot!(env, env.line("cluster get prod").run(), @r"
    exit 2
    --- stderr
    error: no org is set
    hint: name it with `--org` or in CPLN_ORG
    ");
    // Who has neither is told of the login first.
    env.unset("CPLN_TOKEN");
    snapshot!(env, env.line("cluster get prod").run(), @r"
    exit 4
    --- stderr
    error: not logged in to Control Plane
      because: no token is given, and there is no profile
      because: no org is set either
    hint: put the key of a service account into CPLN_TOKEN, or give `--token-file`
    hint: or log in: `cpln login`
    ");
    assert!(sandbox.requests().is_empty(), "a request was sent");
}

#[test]
fn the_org_is_read_out_of_a_service_account_key() {
    // base64url of `acme.account.secret`
    let key = "skey1.YWNtZS5hY2NvdW50LnNlY3JldA";
    let fake = Fake::serve(vec![Answer::json(
        200,
        &json!({"kind": "list", "itemKind": "mk8s", "items": [], "links": []}),
    )]);
    let mut env = Env::new();
    env.set("CPLN_ENDPOINT", fake.endpoint())
        .set("CPLN_TOKEN", key);
    let _ = env.line("cluster list -o json").run().ok();
    let seen = &fake.seen()[0];
    assert!(seen.path.starts_with("/org/acme/mk8s"), "{seen:?}");
    assert_eq!(
        seen.authorization.as_deref(),
        Some(format!("Bearer {key}").as_str())
    );
}

#[test]
fn a_token_file_works_and_is_not_shown() {
    let (mut env, sandbox) = apart();
    env.set("CPLN_ENDPOINT", sandbox.endpoint())
        .set("CPLN_ORG", sandbox.org());
    env.write("token", format!("{}\n", sandbox.token()));
    let _ = env.line("cluster get prod --token-file token").run().ok();
    let _ = env
        .line("cluster get prod --token-file missing")
        .run()
        .exits(3)
        .silent();
    let _ = env
        .line("cluster get prod --token a --token-file token")
        .run()
        .exits(2);
}

#[test]
fn plain_http_is_for_loopback_only() {
    let mut env = Env::new();
    env.connect("http://api.example.com", "acme", "t");
    let _ = env
        .line("cluster get prod")
        .run()
        .exits(2)
        .silent()
        .err("http://api.example.com");
}

/// A JWT with this expiry; nobody checks its signature here.
fn jwt(expires: i64) -> String {
    use base64::Engine as _;
    let part = |value: Value| base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    format!(
        "{}.{}.c2ln",
        part(json!({"alg": "RS256", "typ": "JWT"})),
        part(json!({"email": "ann@example.com", "exp": expires}))
    )
}

fn in_minutes(minutes: i64) -> i64 {
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    i64::try_from(now).unwrap() + minutes * 60
}

fn interactive(endpoint: &str, access: &str) -> Value {
    json!({
        "name": "ann",
        "context": {"profile": "ann", "org": "acme"},
        "request": {"endpoint": endpoint, "insecure": false, "timeout": 30},
        "authInfo": {"email": "ann@example.com", "accessToken": access, "refreshToken": "refresh-me"}
    })
}

#[test]
fn an_interactive_login_is_used_while_it_lasts_and_renewed_by_the_client() {
    let list = Answer::json(
        200,
        &json!({"kind": "list", "itemKind": "mk8s", "items": [], "links": []}),
    );
    let fake = Fake::serve(vec![list]);
    let mut env = Env::new();
    let bin = env.path("bin");
    env.set("PATH", bin.to_str().unwrap());

    let fresh = jwt(in_minutes(30));
    env.profile("ann", &interactive(fake.endpoint(), &fresh), true);
    let _ = env.line("cluster list").run().ok();
    let _ = env
        .line("auth status")
        .run()
        .ok()
        .out("ann@example.com")
        .never(&fresh);
    assert_eq!(
        fake.seen()[0].authorization,
        Some(format!("Bearer {fresh}"))
    );

    // Nine minutes are too few. Without the client: 4, and both ways out are named.
    let stale = jwt(in_minutes(9));
    env.profile("ann", &interactive(fake.endpoint(), &stale), true);
    let run = env.line("cluster list").run().exits(4).silent();
    let _ = run
        .err("cpln")
        .err("CPLN_TOKEN")
        .never(&stale)
        .never("refresh-me");

    let renewed = jwt(in_minutes(60));
    let script = format!(
        "#!/bin/sh\necho \"$@\" >>'{}'\necho {renewed}\n",
        env.path("calls").display()
    );
    script_at(&env, "bin/cpln", &script);
    let before = fake.seen().len();
    let _ = env.line("cluster list").run().ok().never(&renewed);
    assert_eq!(
        fake.seen()[before].authorization,
        Some(format!("Bearer {renewed}"))
    );
    assert!(
        env.text("calls").starts_with("profile token ann"),
        "{}",
        env.text("calls")
    );
}

/// The real client prints the old token when it cannot renew it: good for as long as it lasts.
#[test]
fn what_the_real_client_gives_without_a_renewal_is_judged_by_its_end() {
    let mut env = Env::new();
    // Its discovery fails, so the client does not go on to the provider of the login.
    let sandbox = Sandbox::start(&mut env, &["--fault", "status=404,on=GET:/discovery"]);
    for name in ["CPLN_ENDPOINT", "CPLN_ORG", "CPLN_TOKEN"] {
        env.unset(name);
    }
    env.set("CPLN_SKIP_UPDATE_CHECK", "true");
    let client = env.cpln_on_path();
    assert!(client.is_file());

    let ended = jwt(in_minutes(-5));
    env.profile("ann", &interactive(sandbox.endpoint(), &ended), true);
    let run = env.line("cluster list").run().exits(4).silent();
    let _ = run
        .err("the token that `cpln` gave has ended")
        .err("cpln profile update ann --login")
        .never(&ended)
        .never("refresh-me");
    assert!(sandbox.requests().contains(&"GET /discovery".to_owned()));

    let lasting = jwt(in_minutes(5));
    env.profile("ann", &interactive(sandbox.endpoint(), &lasting), true);
    // The sandbox has a token of its own; what counts is that this one was sent.
    let run = env.line("cluster list").run().exits(4).silent();
    let _ = run.err("the token is not valid").never(&lasting);
}

#[test]
fn certificates_are_checked_unless_told_otherwise() {
    let list = Answer::json(
        200,
        &json!({"kind": "list", "itemKind": "mk8s", "items": [], "links": []}),
    );
    let fake = Fake::serve_tls(vec![list]);
    let mut env = Env::new();
    env.connect(fake.endpoint(), "acme", "secret-token-value");
    let run = env.line("cluster list").run().exits(8).silent();
    let _ = run.err("certificate");
    assert!(fake.seen().is_empty(), "the token was sent to a stranger");

    let authority = crate::support::fixture("tls/ca.pem");
    let run = env
        .line("cluster list")
        .with("SSL_CERT_FILE", authority.to_str().unwrap())
        .run()
        .ok();
    assert!(!run.stderr.contains("warning"), "{run}");

    let _ = env
        .line("cluster list --insecure")
        .run()
        .ok()
        .err("warning");
    let mut profile = interactive(fake.endpoint(), "");
    profile["request"]["insecure"] = json!(true);
    profile["request"]["token"] = json!("secret-token-value");
    env.unset("CPLN_ENDPOINT").unset("CPLN_TOKEN");
    env.profile("ann", &profile, true);
    let _ = env
        .line("cluster list")
        .run()
        .ok()
        .err("warning")
        .err("ann");
    assert_eq!(fake.seen().len(), 3);
}

fn script_at(env: &Env, path: &str, content: &str) {
    let path: &Path = &env.write(path, content);
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn the_token_goes_into_no_output_whatever_is_printed() {
    let (mut env, sandbox) = apart();
    env.connect(sandbox.endpoint(), sandbox.org(), sandbox.token());
    for line in [
        "cluster list --debug",
        "cluster get prod --debug -o json",
        "cluster get nobody --debug",
        "auth status --debug -v",
        "addon enable aws-ecr -c prod --with-prerequisites --debug",
        "addon list -c prod -v --debug",
    ] {
        let run = env.line(line).run().never(sandbox.token());
        assert!(
            run.stderr.contains("GET"),
            "--debug shows the requests\n{run}"
        );
    }
    for variable in ["not a token\u{1b}[31m", "x\ny"] {
        env.set("CPLN_TOKEN", variable);
        let run = env.line("cluster list").run();
        assert_ne!(run.code, 0);
        let _ = run.never("\u{1b}");
    }
}

#[test]
fn a_key_says_of_which_org_it_is() {
    let (mut env, sandbox) = apart();
    // base64url of `acme.ci.secret`.
    let key = "sk1.YWNtZS5jaS5zZWNyZXQ";
    env.connect(sandbox.endpoint(), "sandbox", key);
    let run = env.line("auth status").run().exits(4);
    let run = run
        .out("Key of    org acme")
        .err("cannot read org `sandbox`");
    let _ = run.err("hint: the key from CPLN_TOKEN is of org `acme`, and good in no other");
    let json = env.line("auth status -o json").run().exits(4).json();
    assert_eq!(json["identityOrg"], "acme");
    let run = env.line("cluster list").run().exits(4);
    let _ = run
        .err("is of org `acme`")
        .err("you are using org `sandbox` from CPLN_ORG");
}
