//! Settings out of real files in temporary folders, and a `cpln` that is a script.

use super::token::tests::{jwt, key};
use super::*;
use crate::error::Kind;
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use tempfile::TempDir;

/// A home of `cpln` and an environment that points to it.
struct TestHome {
    folder: TempDir,
    variables: Vec<(&'static str, String)>,
}

impl TestHome {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("profiles")).unwrap();
        let root = folder.path().to_str().unwrap().to_owned();
        Self {
            folder,
            variables: vec![("CPLN_HOME", root)],
        }
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    fn file(self, file: &str, content: impl AsRef<[u8]>) -> Self {
        fs::write(self.path(file), content).unwrap();
        self
    }

    fn profile(self, name: &str, content: &Value) -> Self {
        self.file(&format!("profiles/{name}.json"), content.to_string())
    }

    fn variable(mut self, name: &'static str, value: &str) -> Self {
        self.variables.push((name, value.to_owned()));
        self
    }

    /// Puts a `cpln` on PATH that runs these lines of shell.
    fn cpln(self, script: &str) -> Self {
        let path = self.path("bin");
        fs::create_dir(&path).unwrap();
        let probe = r#"[ "$1" = --probe ] && exit"#;
        let home = self.file("bin/cpln", format!("#!/bin/sh\n{probe}\n{script}\n"));
        let program = home.path("bin/cpln");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        // A process that another test starts at this moment may hold the file open for writing
        // until it runs its own program; a busy file cannot be run.
        let busy = |error: &std::io::Error| error.kind() == std::io::ErrorKind::ExecutableFileBusy;
        let mut run = std::process::Command::new(&program);
        run.arg("--probe");
        while run.status().is_err_and(|error| busy(&error)) {}
        let path = format!("relative::{}:/usr/bin:/bin", path.display());
        home.variable("PATH", &path)
    }

    fn environment(&self) -> Environment {
        self.variables
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect()
    }

    fn resolve(&self, flags: &ConnectionFlags) -> Result<Settings> {
        Settings::resolve(flags, &self.environment())
    }

    fn settings(&self) -> Settings {
        self.resolve(&ConnectionFlags::default()).unwrap()
    }

    fn error(&self) -> Error {
        self.resolve(&ConnectionFlags::default()).unwrap_err()
    }
}

fn full_profile() -> Value {
    json!({
        "name": "ci",
        "context": {"profile": "ci", "org": "acme"},
        "request": {"endpoint": "http://127.0.0.1:9", "insecure": false, "timeout": 30,
                    "token": key("sk1", "acme.ci.secret")},
        "authInfo": {"email": "[ci]", "accessToken": "", "refreshToken": ""},
    })
}

fn interactive(expires: i64) -> Value {
    json!({
        "name": "me",
        "context": {"org": "acme"},
        "authInfo": {"email": "me@acme.example", "refreshToken": "r",
                     "accessToken": jwt(&json!({"exp": expires, "email": "me@acme.example"}))},
    })
}

fn header(token: &Token) -> String {
    token.header().unwrap().to_str().unwrap().to_owned()
}

const NOW: i64 = 1_800_000_000;

#[tokio::test]
async fn a_profile_is_enough() {
    let settings = TestHome::new().profile("ci", &full_profile()).settings();
    let origin = |field| Origin::Profile {
        name: "ci".to_owned(),
        field,
    };
    let org = settings.org().unwrap();
    assert_eq!(
        (org.value.as_str(), &org.origin),
        ("acme", &origin("context.org"))
    );
    assert_eq!(settings.endpoint().value.as_str(), "http://127.0.0.1:9");
    assert_eq!(settings.endpoint().origin, origin("request.endpoint"));
    assert_eq!(settings.profile().unwrap().value, "ci");
    assert_eq!(settings.timeout(), Duration::from_secs(30));
    assert_eq!(settings.insecure(), None);
    assert_eq!(
        settings.identity(),
        Some(Identity {
            who: Some("[ci]".to_owned()),
            kind: TokenKind::ServiceAccount,
            origin: origin("request.token"),
            expires: None,
            org: Some("acme".to_owned()),
        })
    );
    let token = settings.token().await.unwrap();
    assert_eq!(
        header(&token),
        format!("Bearer {}", key("sk1", "acme.ci.secret"))
    );
}

#[tokio::test]
async fn a_flag_beats_the_environment_beats_the_profile() {
    let home = TestHome::new()
        .profile("ci", &full_profile())
        .variable("CPLN_ORG", "env-org")
        .variable("CPLN_ENDPOINT", "https://env.example")
        .variable("CPLN_TOKEN", "env-token");
    let settings = home.settings();
    assert_eq!(settings.org().unwrap().value, "env-org");
    assert_eq!(settings.endpoint().origin, Origin::Env("CPLN_ENDPOINT"));
    assert_eq!(header(&settings.token().await.unwrap()), "Bearer env-token");
    // The profile's e-mail is not that of another token.
    assert_eq!(settings.identity().unwrap().who, None);

    let flags = ConnectionFlags {
        org: Some("flag-org".to_owned()),
        endpoint: Some("https://flag.example/".to_owned()),
        token: Some("Bearer flag-token".into()),
        timeout: Some(Duration::from_secs(5)),
        ..ConnectionFlags::default()
    };
    let settings = home.resolve(&flags).unwrap();
    assert_eq!(settings.org().unwrap().origin, Origin::Flag("--org"));
    assert_eq!(settings.endpoint().value.as_str(), "https://flag.example");
    assert_eq!(
        header(&settings.token().await.unwrap()),
        "Bearer flag-token"
    );
    assert_eq!(settings.timeout(), Duration::from_secs(5));
}

#[test]
fn empty_texts_are_as_if_unset() {
    let home = TestHome::new()
        .profile("ci", &full_profile())
        .variable("CPLN_ORG", "")
        .variable("CPLN_PROFILE", "")
        .variable("CPLN_TOKEN", "")
        .variable("CPLN_ENDPOINT", "");
    let flags = ConnectionFlags {
        org: Some(String::new()),
        profile: Some(String::new()),
        endpoint: Some(String::new()),
        token: Some("".into()),
        ..ConnectionFlags::default()
    };
    let settings = home.resolve(&flags).unwrap();
    assert_eq!(settings.org().unwrap().value, "acme");
    assert_eq!(settings.endpoint().value.as_str(), "http://127.0.0.1:9");
    assert_eq!(settings.identity().unwrap().kind, TokenKind::ServiceAccount);
}

#[test]
fn the_profile_that_applies() {
    let org = |name: &str| json!({"context": {"org": name}});
    let home = TestHome::new().profile("one", &org("o1"));
    assert_eq!(home.settings().org().unwrap().value, "o1");
    assert_eq!(home.settings().profile().unwrap().origin, Origin::Default);

    // Two and no default: none.
    let home = home.profile("two", &org("o2"));
    let error = home.settings().org().unwrap_err().clone();
    assert!(error.hints[1].contains("`one`, `two`"), "{error:?}");

    let home = home.file("profiles/default", "two\n");
    assert_eq!(home.settings().org().unwrap().value, "o2");
    let home = home.variable("CPLN_PROFILE", "one");
    assert_eq!(home.settings().org().unwrap().value, "o1");
    let flags = ConnectionFlags {
        profile: Some("two".to_owned()),
        ..ConnectionFlags::default()
    };
    assert_eq!(home.resolve(&flags).unwrap().org().unwrap().value, "o2");
}

#[test]
fn a_named_profile_must_exist_even_beside_a_token() {
    let home = TestHome::new()
        .profile("ci", &full_profile())
        .variable("CPLN_TOKEN", "abc")
        .variable("CPLN_PROFILE", "nope");
    let error = home.error();
    assert_eq!(error.kind, Kind::Usage);
    assert_eq!(error.message, "profile `nope` does not exist");
    assert!(
        error.because[0].starts_with("CPLN_PROFILE names it"),
        "{error}"
    );
    assert_eq!(error.hints, ["profiles that exist: `ci`", "or unset it"]);

    let home = TestHome::new()
        .profile("ci", &full_profile())
        .file("profiles/default", "gone");
    let error = home.error();
    assert!(
        error.because[0].starts_with("the default profile names it"),
        "{error}"
    );
}

#[test]
fn names_that_are_paths_are_refused() {
    let home = TestHome::new().file("evil.json", full_profile().to_string());
    for name in [
        "../evil",
        "/etc/passwd",
        "a/b",
        "..",
        ".",
        "a\0b",
        "a\nb",
        "--help",
        "a\\b",
    ] {
        let flags = ConnectionFlags {
            profile: Some(name.to_owned()),
            ..ConnectionFlags::default()
        };
        let error = home.resolve(&flags).unwrap_err();
        assert_eq!(error.kind, Kind::Usage, "{name:?}");
        assert!(!error.to_string().contains(['\0', '\n']), "{error}");
        let home = TestHome::new().file("profiles/default", name);
        assert_eq!(home.error().kind, Kind::Usage, "{name:?}");
    }
}

#[test]
fn broken_profiles_are_named_without_their_content() {
    let huge = vec![b' '; 1024 * 1024 + 1];
    for (content, kind, word) in [
        (&b"{\"request\": secret-1"[..], Kind::Usage, "not JSON"),
        (b"", Kind::Usage, "not JSON"),
        (b"[]", Kind::Usage, "not a JSON object"),
        (
            b"{\"request\": \"secret-1\"}",
            Kind::Usage,
            "`request` is not an object",
        ),
        (
            b"{\"request\": {\"token\": 7}}",
            Kind::Usage,
            "`request.token` is not a string",
        ),
        (
            b"{\"request\": {\"timeout\": -1}}",
            Kind::Usage,
            "`request.timeout`",
        ),
        (
            b"{\"request\": {\"timeout\": \"3\"}}",
            Kind::Usage,
            "`request.timeout`",
        ),
        (
            b"{\"request\": {\"insecure\": \"no\"}}",
            Kind::Usage,
            "`request.insecure`",
        ),
        (b"\xff\xfe", Kind::Failure, "not UTF-8"),
        (&huge, Kind::Failure, "larger than"),
    ] {
        let error = TestHome::new().file("profiles/ci.json", content).error();
        assert_eq!(error.kind, kind, "{error}");
        let text = error.to_string();
        assert!(
            text.contains(word) && text.contains("profiles/ci.json"),
            "{text}"
        );
        assert!(!text.contains("secret-1"), "{text}");
    }
}

#[test]
fn what_is_no_file_is_not_read() {
    let home = TestHome::new();
    fs::create_dir(home.path("profiles/ci.json")).unwrap();
    assert!(home.error().to_string().contains("it is a folder"));

    let home = TestHome::new();
    let made = std::process::Command::new("mkfifo")
        .arg(home.path("profiles/ci.json"))
        .status();
    assert!(made.unwrap().success());
    assert!(home.error().to_string().contains("not a regular file"));

    let home = TestHome::new();
    fs::create_dir(home.path("profiles/default")).unwrap();
    assert_eq!(home.error().message, "the default profile cannot be read");

    let home = TestHome::new().file("plain", "");
    let home = TestHome {
        variables: vec![("CPLN_HOME", home.path("plain").display().to_string())],
        ..home
    };
    assert_eq!(home.error().kind, Kind::Failure);
}

#[test]
fn the_folder_follows_cpln_s_order() {
    let organised = |org: &str| json!({"context": {"org": org}}).to_string();
    let folder = tempfile::tempdir().unwrap();
    for (path, org) in [
        ("home/.config/cpln", "home"),
        ("xdg/cpln", "xdg"),
        ("cpln", "cpln"),
    ] {
        let profiles = folder.path().join(path).join("profiles");
        fs::create_dir_all(&profiles).unwrap();
        fs::write(profiles.join("p.json"), organised(org)).unwrap();
    }
    let value = |part: &str| folder.path().join(part).display().to_string();
    let all = [
        ("HOME", value("home")),
        ("XDG_CONFIG_HOME", value("xdg")),
        ("CPLN_HOME", value("cpln")),
    ];
    for (count, org) in [(1, "home"), (2, "xdg"), (3, "cpln")] {
        let environment = all[..count].iter().cloned().collect();
        let settings = Settings::resolve(&ConnectionFlags::default(), &environment).unwrap();
        assert_eq!(settings.org().unwrap().value, org);
    }
    let settings = Settings::resolve(&ConnectionFlags::default(), &Environment::default()).unwrap();
    assert!(settings.profile().is_none());
}

#[tokio::test]
async fn without_a_profile_a_token_is_enough() {
    let home = TestHome::new().variable("CPLN_TOKEN", &key("sk9", "from-key.ci.secret"));
    let settings = home.settings();
    let org = settings.org().unwrap();
    assert_eq!(
        (org.value.as_str(), &org.origin),
        ("from-key", &Origin::Key)
    );
    assert_eq!(settings.endpoint().value.as_str(), "https://api.cpln.io");
    assert_eq!(settings.endpoint().origin, Origin::Default);
    let identity = settings.identity().unwrap();
    assert_eq!(identity.who.as_deref(), Some("sk9"));
    assert_eq!(identity.origin.to_string(), "CPLN_TOKEN");
    assert!(settings.token().await.is_ok());

    // Whoever names an org wins over the key.
    let home = home.variable("CPLN_ORG", "named");
    assert_eq!(home.settings().org().unwrap().value, "named");
}

#[tokio::test]
async fn nothing_at_all_is_told_apart() {
    let settings = TestHome::new().settings();
    let error = settings.org().unwrap_err();
    assert_eq!(error.kind, Kind::Denied);
    assert_eq!(error.because[1], "no org is set either");
    let settings = TestHome::new().variable("CPLN_TOKEN", "opaque").settings();
    let error = settings.org().unwrap_err();
    assert_eq!(
        (error.kind, error.message.as_str()),
        (Kind::Usage, "no org is set")
    );
    let settings = TestHome::new().settings();
    let error = settings.token().await.unwrap_err();
    assert_eq!(error.kind, Kind::Denied);
    assert!(error.because[0].contains("there is no profile"), "{error}");
    assert_eq!(settings.identity(), None);

    let settings = TestHome::new().profile("ci", &json!({})).settings();
    let error = settings.token().await.unwrap_err();
    assert!(
        error.because[0].contains("profile `ci` holds no token"),
        "{error}"
    );
    assert!(settings.org().unwrap_err().hints[1].contains("cpln profile update ci --login"));
}

#[tokio::test]
async fn tokens_from_files() {
    let home = TestHome::new()
        .file("good", "  Bearer file-token\n\n")
        .file("two-lines", "secret-a\nsecret-b\n")
        .file("empty", "\n")
        .file("long", "x".repeat(70_000))
        .variable("CPLN_TOKEN", "env-token");
    let resolve = |file: &str| {
        home.resolve(&ConnectionFlags {
            token_file: Some(home.path(file)),
            ..ConnectionFlags::default()
        })
    };
    let settings = resolve("good").unwrap();
    assert_eq!(
        header(&settings.token().await.unwrap()),
        "Bearer file-token"
    );
    assert_eq!(
        settings.identity().unwrap().origin,
        Origin::Flag("--token-file")
    );
    for (file, kind, word) in [
        ("two-lines", Kind::Usage, "line break"),
        ("empty", Kind::Usage, "empty"),
        ("long", Kind::Failure, "larger"),
        ("nope", Kind::NotFound, "does not exist"),
        ("profiles", Kind::Usage, "folder"),
    ] {
        let error = resolve(file).unwrap_err();
        assert_eq!(error.kind, kind, "{file}: {error}");
        let text = error.to_string();
        assert!(text.contains(word) && !text.contains("secret-"), "{text}");
    }
    let both = ConnectionFlags {
        token: Some("abc".into()),
        token_file: Some(home.path("good")),
        ..ConnectionFlags::default()
    };
    assert_eq!(home.resolve(&both).unwrap_err().kind, Kind::Usage);
}

#[test]
fn unusable_values_are_named_with_their_source() {
    for (variable, value, source) in [
        ("CPLN_TOKEN", "sec\u{1b}ret", "CPLN_TOKEN"),
        ("CPLN_ENDPOINT", "http://api.cpln.io", "CPLN_ENDPOINT"),
        (
            "CPLN_ENDPOINT",
            "https://me:hunter2@api.cpln.io",
            "CPLN_ENDPOINT",
        ),
    ] {
        let error = TestHome::new().variable(variable, value).error();
        assert_eq!(error.kind, Kind::Usage);
        let text = error.to_string();
        assert!(text.contains(source), "{text}");
        for hidden in ["sec", "hunter2", "\u{1b}"] {
            assert!(!text.contains(hidden), "{text}");
        }
    }
    let home = TestHome::new().profile("ci", &json!({"request": {"endpoint": "http://x.example"}}));
    assert!(home.error().message.contains("profile `ci`"));
    let flags = ConnectionFlags {
        timeout: Some(Duration::ZERO),
        ..ConnectionFlags::default()
    };
    assert_eq!(
        TestHome::new().resolve(&flags).unwrap_err().kind,
        Kind::Usage
    );
}

#[test]
fn insecure_is_honoured_and_warned_about() {
    let home = TestHome::new().profile("ci", &json!({"request": {"insecure": true}}));
    let settings = home.settings();
    assert_eq!(settings.insecure().unwrap().to_string(), "profile `ci`");
    let warnings = settings.warnings();
    assert!(
        warnings.len() == 1 && warnings[0].contains("profile `ci`"),
        "{warnings:?}"
    );
    let flags = ConnectionFlags {
        insecure: true,
        ..ConnectionFlags::default()
    };
    let settings = TestHome::new().resolve(&flags).unwrap();
    assert_eq!(settings.insecure(), Some(&Origin::Flag("--insecure")));
    assert_eq!(settings.warnings().len(), 1);

    // Without encryption there is no certificate that could be checked.
    let home = home.variable("CPLN_ENDPOINT", "http://localhost:1");
    assert!(home.settings().warnings().is_empty());
    assert!(TestHome::new().settings().warnings().is_empty());
}

#[test]
fn limits_of_profiles_are_sane() {
    for (seconds, limit) in [
        (json!(7), Duration::from_secs(7)),
        (json!(0.5), Duration::from_millis(500)),
        (json!(0), TIMEOUT),
        (json!(null), TIMEOUT),
        (json!(1e300), Duration::from_hours(1)),
    ] {
        let home = TestHome::new().profile("ci", &json!({"request": {"timeout": seconds}}));
        assert_eq!(home.settings().timeout(), limit, "{seconds}");
    }
}

#[test]
fn proxies_are_for_other_machines() {
    let home = TestHome::new()
        .variable("HTTPS_PROXY", "http://user:pw@proxy.example:3128")
        .variable("NO_PROXY", ".internal");
    let settings = home.settings();
    let proxy = settings.proxy().unwrap();
    assert_eq!(proxy.variable, "HTTPS_PROXY");
    assert_eq!(proxy.exceptions.as_deref(), Some(".internal"));
    assert!(!format!("{settings:?}").contains("pw@"));
    let home = home.variable("CPLN_ENDPOINT", "https://127.0.0.1:9");
    assert_eq!(home.settings().proxy(), None);
    let home = TestHome::new().variable("all_proxy", "proxy.example:3128");
    assert_eq!(home.settings().proxy().unwrap().variable, "all_proxy");
}

#[test]
fn nothing_of_a_token_is_in_debug_texts() {
    let home = TestHome::new()
        .profile("me", &interactive(NOW))
        .variable("CPLN_TOKEN", &key("sk9", "o.a.secret"));
    let flags = ConnectionFlags {
        token: Some("flag-token".into()),
        ..ConnectionFlags::default()
    };
    let shown = format!("{flags:?} {:?}", home.settings());
    for secret in ["flag-token", "sk9", "eyJ"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[tokio::test]
async fn a_login_is_used_while_ten_minutes_are_left() {
    let home = TestHome::new()
        .profile("me", &interactive(NOW))
        .cpln("echo renewed-token; echo \"$@\" >> \"$CPLN_HOME/calls\"");
    let settings = home.settings();
    let identity = settings.identity().unwrap();
    assert_eq!(identity.who.as_deref(), Some("me@acme.example"));
    assert_eq!(identity.kind, TokenKind::User);
    assert_eq!(identity.expires.unwrap().unix_timestamp(), NOW);

    let stored = settings.token_at(NOW - 600).await.unwrap();
    assert!(header(&stored).starts_with("Bearer eyJ"));
    assert!(!home.path("calls").exists());

    for now in [NOW - 599, NOW, NOW + 1_000_000] {
        let token = settings.token_at(now).await.unwrap();
        assert_eq!(header(&token), "Bearer renewed-token");
    }
    let calls = fs::read_to_string(home.path("calls")).unwrap();
    assert_eq!(calls, "profile token me\n");
}

#[tokio::test]
async fn what_cannot_tell_its_end_is_renewed() {
    for access in ["not-a-jwt", "bro ken", ""] {
        let home = TestHome::new()
            .profile(
                "me",
                &json!({"authInfo": {"accessToken": access, "refreshToken": "r"}}),
            )
            .cpln("echo renewed-token");
        let token = home.settings().token_at(NOW).await.unwrap();
        assert_eq!(header(&token), "Bearer renewed-token", "{access}");
    }
    // A key that was stored there needs no renewal.
    let home = TestHome::new().profile(
        "me",
        &json!({"authInfo": {"accessToken": key("s1", "o.a.b")}}),
    );
    assert!(home.settings().token_at(NOW).await.is_ok());
}

#[tokio::test]
async fn the_renewal_gets_what_was_given_to_us() {
    let home = TestHome::new().profile("me", &interactive(0)).cpln(
        "{ echo \"$@\"; echo $CPLN_ENDPOINT $CPLN_SKIP_UPDATE_CHECK; cat; } > \"$CPLN_HOME/calls\"; echo t",
    );
    let home = home.variable("CPLN_ENDPOINT", "https://env.example");
    let flags = ConnectionFlags {
        endpoint: Some("http://127.0.0.1:4711".to_owned()),
        insecure: true,
        ..ConnectionFlags::default()
    };
    let settings = home.resolve(&flags).unwrap();
    settings.token_at(NOW).await.unwrap();
    assert_eq!(
        fs::read_to_string(home.path("calls")).unwrap(),
        "profile token me --endpoint http://127.0.0.1:4711 --insecure\nhttps://env.example true\n"
    );
}

#[tokio::test]
async fn without_cpln_both_ways_out_are_named() {
    let home = TestHome::new()
        .profile("me", &interactive(0))
        .file("cpln", "not executable");
    let folder = home.folder.path().display().to_string();
    let home = home.variable("PATH", &folder);
    let error = home.settings().token_at(NOW).await.unwrap_err();
    assert_eq!(error.kind, Kind::Denied);
    assert!(error.because[0].contains("not on PATH"), "{error}");
    assert!(
        error.hints[0].contains("cpln profile update me --login"),
        "{error:?}"
    );
    assert!(error.hints[1].contains("CPLN_TOKEN"), "{error:?}");
}

#[tokio::test]
async fn the_output_of_cpln_is_checked() {
    let ended = jwt(&json!({"exp": NOW}));
    for (script, kind, word) in [
        ("echo '<no token>'", Kind::Denied, "holds no token"),
        ("exit 0", Kind::Denied, "holds no token"),
        (
            "printf 'bad \\033[31m login' >&2; exit 3",
            Kind::Denied,
            "bad \\u{1b}[31m login",
        ),
        (
            "echo 'secret-a'; echo 'secret-b'",
            Kind::Failure,
            "printed no token",
        ),
        ("printf 'secret-a\\0'", Kind::Failure, "printed no token"),
        ("yes secret-a", Kind::Denied, "ended with"),
        ("echo secret-a; exit 1", Kind::Denied, "said \"\""),
        (
            "printf 'bad %0100d here' 0 >&2; exit 1",
            Kind::Denied,
            "said \"bad *** here\"",
        ),
        ("kill -9 $$", Kind::Denied, "signal"),
        (&format!("echo {ended}"), Kind::Denied, "has ended"),
    ] {
        let home = TestHome::new().profile("me", &interactive(0)).cpln(script);
        let error = home.settings().token_at(NOW).await.unwrap_err();
        assert_eq!(error.kind, kind, "{script}: {error}");
        let text = error.to_string();
        assert!(
            text.contains(word) && !text.contains("secret-"),
            "{script}: {text}"
        );
    }
}

#[tokio::test]
async fn a_cpln_that_hangs_is_stopped() {
    let home = TestHome::new()
        .profile("me", &interactive(0))
        .cpln("exec sleep 600");
    let flags = ConnectionFlags {
        timeout: Some(Duration::from_millis(300)),
        ..ConnectionFlags::default()
    };
    let error = home
        .resolve(&flags)
        .unwrap()
        .token_at(NOW)
        .await
        .unwrap_err();
    assert_eq!(error.kind, Kind::Unavailable);
    assert!(error.because[0].contains("0.3 seconds"), "{error}");
}

#[tokio::test]
async fn a_cpln_that_cannot_start_is_named() {
    let home = TestHome::new().profile("me", &interactive(0)).cpln("");
    fs::write(home.path("bin/cpln"), "#!/does/not/exist\n").unwrap();
    let error = home.settings().token_at(NOW).await.unwrap_err();
    assert_eq!(error.kind, Kind::Failure);
    assert!(error.because[0].contains("could not be run"), "{error}");
}
