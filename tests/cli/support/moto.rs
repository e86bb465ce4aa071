//! The emulator of IAM, STS and ECR (`moto`, made as strict as AWS by `tests/support`), as `scripts/test`
//! installs it.

use super::env::Env;
use super::http;
use super::process::collect;
use super::tools;
use serde_json::{Value, json};
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

/// moto's account, unless the keys say otherwise.
pub(crate) const ACCOUNT: &str = "123456789012";

/// Emulators that no test uses right now: starting one costs a second of CPU, a reset nothing.
static IDLE: Mutex<Vec<Server>> = Mutex::new(Vec::new());

/// A running emulator; it ends with this process, because its standard input does.
struct Server {
    child: Child,
    url: String,
}

impl Server {
    fn start(flags: &[&OsStr]) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/moto_launcher.py");
        let mut child = Command::new(tools::aws_python())
            .arg(script)
            .arg("--with-parent")
            .args(flags)
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the emulator starts");
        let stdout = child.stdout.take().unwrap();
        let stderr = collect(child.stderr.take().unwrap());
        let (sender, first) = mpsc::channel();
        thread::spawn(move || {
            let mut lines = BufReader::new(stdout).lines().map_while(Result::ok);
            drop(lines.next().map(|line| sender.send(line)));
            lines.for_each(drop);
        });
        let Ok(url) = first.recv_timeout(Duration::from_mins(1)) else {
            drop(child.kill());
            drop(child.wait());
            let said = stderr.join().unwrap();
            panic!(
                "the emulator of AWS does not start\n{}",
                String::from_utf8_lossy(&said)
            );
        };
        Self { child, url }
    }
}

/// One that speaks TLS, with the certificate of `tests/fixtures/tls`. It only answers AWS's calls.
pub(crate) struct TlsMoto(Server);

impl TlsMoto {
    pub(crate) fn start() -> Self {
        let folder = super::fixture("tls");
        Self(Server::start(&["--tls".as_ref(), folder.as_os_str()]))
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> &str {
        &self.0.url
    }
}

impl Drop for TlsMoto {
    fn drop(&mut self) {
        drop(self.0.child.kill());
        drop(self.0.child.wait());
    }
}

/// An emulator with nothing in it, for one test.
pub(crate) struct Moto {
    server: Option<Server>,
    url: String,
}

impl Moto {
    /// Takes one and points `env` at it, with the keys of account 123456789012.
    pub(crate) fn start(env: &mut Env) -> Self {
        let idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let server = idle.unwrap_or_else(|| Server::start(&[]));
        let url = server.url.clone();
        let moto = Self {
            server: Some(server),
            url,
        };
        moto.post("/__reset", &json!({}));
        for (name, value) in [
            ("AWS_ENDPOINT_URL", moto.url.as_str()),
            ("AWS_ACCESS_KEY_ID", "testing"),
            ("AWS_SECRET_ACCESS_KEY", "testing"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_DEFAULT_REGION", "us-east-1"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("AWS_CONFIG_FILE", "/dev/null"),
            ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
        ] {
            env.set(name, value);
        }
        moto
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Whether it is still the process that was started.
    fn lives(server: &mut Server) -> bool {
        matches!(server.child.try_wait(), Ok(None))
    }

    #[track_caller]
    fn call(&self, method: &str, path: &str, body: &str) -> Value {
        let (status, answer) = http::request(&self.url, method, path, "", body);
        assert_eq!(status, 200, "{method} {path}");
        serde_json::from_slice(&answer).expect("the launcher answers in JSON")
    }

    #[track_caller]
    fn post(&self, path: &str, body: &Value) {
        self.call("POST", path, &body.to_string());
    }

    /// Forgets the calls so far.
    #[track_caller]
    pub(crate) fn forget(&self) {
        self.call("DELETE", "/__log", "");
    }

    /// The names of the calls since then.
    #[track_caller]
    pub(crate) fn log(&self) -> Vec<String> {
        serde_json::from_value(self.call("GET", "/__log", "")).unwrap()
    }

    /// Those of them that change something.
    #[track_caller]
    pub(crate) fn writes(&self) -> Vec<String> {
        let mut log = self.log();
        log.retain(|action| !is_read(action));
        log
    }

    /// What goes wrong from here on, as `tests/support/moto_launcher.py` describes it.
    #[track_caller]
    pub(crate) fn faults(&self, faults: &Value) {
        self.post("/__faults", faults);
    }

    /// Nothing goes wrong any more.
    #[track_caller]
    pub(crate) fn heals(&self) {
        self.call("DELETE", "/__faults", "");
    }

    /// Delays and quotas.
    #[track_caller]
    pub(crate) fn settings(&self, settings: &Value) {
        self.post("/__settings", settings);
    }

    /// One call of IAM, for what need not go through the AWS CLI, which takes half a second; its
    /// answer.
    #[track_caller]
    pub(crate) fn act(&self, action: &str, fields: &[(&str, &str)]) -> String {
        let mut body = format!("Action={action}&Version=2010-05-08");
        for (name, value) in fields {
            body = body + "&" + name + "=";
            for byte in value.bytes() {
                let _ = write!(body, "%{byte:02X}");
            }
        }
        let (status, answer) = http::form(&self.url, &body);
        let answer = String::from_utf8_lossy(&answer).into_owned();
        assert_eq!(status, 200, "{answer}");
        answer
    }

    /// The actions that the caller's policies did not allow, since the log was emptied.
    #[track_caller]
    pub(crate) fn refused(&self) -> Vec<String> {
        serde_json::from_value(self.call("GET", "/__refused", "")).unwrap()
    }

    /// Every OIDC provider and role of every account and partition, read past the API.
    #[track_caller]
    pub(crate) fn state(&self) -> Value {
        self.call("GET", "/__state", "")
    }

    /// The providers of an account, by ARN.
    #[track_caller]
    pub(crate) fn providers(&self) -> Value {
        self.state()[&format!("{ACCOUNT} aws")]["providers"].take()
    }

    /// The role of that name in account 123456789012; its trust policy is parsed.
    #[track_caller]
    pub(crate) fn role(&self, name: &str) -> Value {
        let state = self.state();
        let roles = state[&format!("{ACCOUNT} aws")]["roles"]
            .as_object()
            .unwrap_or_else(|| panic!("there is no role at all: {state}"));
        let (_, role) = roles
            .iter()
            .find(|(arn, _)| arn.ends_with(&format!("/{name}")))
            .unwrap_or_else(|| panic!("there is no role {name}: {state}"));
        let mut role = role.clone();
        let text = role["trust"].as_str().unwrap().to_owned();
        role["trust"] = serde_json::from_str(&text).expect("the trust policy is JSON");
        role
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        if let Some(mut server) = self.server.take()
            && Self::lives(&mut server)
        {
            IDLE.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(server);
        }
    }
}

/// Whether an action of IAM or STS only reads.
pub(crate) fn is_read(action: &str) -> bool {
    ["Get", "List", "Describe", "Simulate", "BatchGet"]
        .iter()
        .any(|start| action.starts_with(start))
}
