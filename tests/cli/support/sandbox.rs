//! The embedded Control Plane as a child process, the way a user starts it.

use super::env::Env;
use super::http;
use super::process::{collect, comes};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::Child;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// A running `mk8s sandbox start`; it ends with the value.
pub(crate) struct Sandbox {
    child: Child,
    stderr: Option<JoinHandle<Vec<u8>>>,
    endpoint: String,
    org: String,
    token: String,
    certificates: Option<String>,
}

impl Sandbox {
    /// Starts one that holds these manifests instead of the four built-in clusters.
    #[track_caller]
    pub(crate) fn holding(env: &mut Env, manifests: &[String], arguments: &[&str]) -> Self {
        let seed = env.write("../seed.yaml", manifests.join("---\n"));
        let mut all = vec!["--seed", seed.to_str().unwrap()];
        all.extend(arguments);
        Self::start(env, &all)
    }

    /// Starts one on a free port and points `env` at it.
    #[track_caller]
    pub(crate) fn start(env: &mut Env, arguments: &[&str]) -> Self {
        let secure = arguments.iter().any(|it| it.starts_with("--oidc"));
        let mut all = vec!["sandbox", "start", "--port", "0"];
        if !secure {
            // The issuers that nobody serves have the same names in every run.
            all.push("--no-oidc");
        }
        all.extend(arguments);
        let mut child = env.mk8s(&all).spawn();
        let stdout = child.stdout.take().unwrap();
        let stderr = collect(child.stderr.take().unwrap());
        let mut sandbox = Self {
            child,
            stderr: Some(stderr),
            endpoint: String::new(),
            org: String::new(),
            token: String::new(),
            certificates: None,
        };
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        while sandbox.endpoint.is_empty()
            || sandbox.org.is_empty()
            || sandbox.token.is_empty()
            || (secure && sandbox.certificates.is_none())
        {
            let Ok(line) = lines.recv_timeout(Duration::from_secs(30)) else {
                panic!("the sandbox printed no environment\n{}", sandbox.stop());
            };
            sandbox.take(&line);
        }
        env.connect(&sandbox.endpoint, &sandbox.org, &sandbox.token);
        if let Some(path) = &sandbox.certificates {
            env.set("SSL_CERT_FILE", path);
        }
        sandbox
    }

    fn take(&mut self, line: &str) {
        let Some((name, value)) = line
            .strip_prefix("export ")
            .and_then(|rest| rest.split_once('='))
        else {
            return;
        };
        let value = value.trim_matches('\'').to_owned();
        match name {
            "CPLN_ENDPOINT" => self.endpoint = value,
            "CPLN_ORG" => self.org = value,
            "CPLN_TOKEN" => self.token = value,
            "SSL_CERT_FILE" => self.certificates = Some(value),
            _ => {}
        }
    }

    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    pub(crate) fn org(&self) -> &str {
        &self.org
    }

    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// A request past `mk8s`, to arrange or look: the status and the JSON body.
    #[track_caller]
    pub(crate) fn call(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        let (status, body) = http::request(&self.endpoint, method, path, &self.token, body);
        let body = if body.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&body).expect("the sandbox answers in JSON")
        };
        (status, body)
    }

    /// Whether such a request is answered with that status; it need not be answered at all.
    pub(crate) fn answers(&self, status: u16, method: &str, path: &str, body: &str) -> bool {
        http::try_request(&self.endpoint, method, path, &self.token, body)
            .is_some_and(|(answered, _)| answered == status)
    }

    /// The process, to be killed.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The cluster as it is now.
    #[track_caller]
    pub(crate) fn cluster(&self, name: &str) -> Value {
        let (status, body) = self.call("GET", &format!("/org/{}/mk8s/{name}", self.org), "");
        assert_eq!(status, 200, "no cluster {name}: {body}");
        body
    }

    /// The requests of clients so far, as `METHOD PATH`.
    #[track_caller]
    pub(crate) fn requests(&self) -> Vec<String> {
        self.log()
            .iter()
            .map(|entry| {
                format!(
                    "{} {}",
                    entry["method"].as_str().unwrap_or("?"),
                    entry["path"].as_str().unwrap_or("?")
                )
            })
            .collect()
    }

    /// The file with the roots of its issuers, if it serves any.
    pub(crate) fn certificates(&self) -> Option<&str> {
        self.certificates.as_deref()
    }

    /// Nothing goes wrong any more.
    #[track_caller]
    pub(crate) fn heals(&self) {
        let (status, _) = self.call("DELETE", "/_sandbox/faults", "");
        assert_eq!(status, 204);
    }

    /// Adds a fault to the running sandbox.
    #[track_caller]
    pub(crate) fn fault(&self, text: &str) {
        let (status, body) = self.call("POST", "/_sandbox/faults", text);
        assert_eq!(status, 204, "no such fault: {body}");
    }

    /// The requests of clients so far, with bodies. Those of the tests themselves are left out: they
    /// name no user agent.
    #[track_caller]
    pub(crate) fn log(&self) -> Vec<Value> {
        let (status, body) = self.call("GET", "/_sandbox/requests", "");
        assert_eq!(status, 200, "no request log: {body}");
        let items = body["items"].as_array().expect("a list of requests");
        items
            .iter()
            .filter(|entry| entry["userAgent"].is_string())
            .cloned()
            .collect()
    }

    /// Waits until it has done all that clients asked of it, those that are dead by now included.
    #[track_caller]
    pub(crate) fn settles(&self) {
        let quiet = || {
            let (status, body) = self.call("GET", "/_sandbox/requests", "");
            assert_eq!(status, 200, "no request log: {body}");
            // Connections are taken in order: every one from before this question is counted.
            body["connections"] == 1
        };
        assert!(comes(quiet), "a connection stays open");
    }

    /// Ends it by SIGKILL, in the middle of whatever it does.
    pub(crate) fn kill(mut self) {
        self.stop();
    }

    /// Ends it, and gives back what it said on stderr.
    pub(crate) fn ends(mut self) -> String {
        self.stop()
    }

    /// Kills it and gives back what it said on stderr.
    fn stop(&mut self) -> String {
        // Already ended is fine.
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.stderr
            .take()
            .and_then(|thread| thread.join().ok())
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }
}

impl Drop for Sandbox {
    #[expect(clippy::print_stderr, reason = "shown with the failed test")]
    fn drop(&mut self) {
        let said = self.stop();
        if thread::panicking() && !said.is_empty() {
            eprintln!("--- the sandbox said\n{said}");
        }
    }
}
