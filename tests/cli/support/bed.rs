//! A Control Plane and an AWS side by side, with what tests of `mk8s aws` ask of both.

use super::env::Env;
use super::manifests::{aws, hetzner};
use super::moto::Moto;
use super::process::Run;
use super::sandbox::Sandbox;
use serde_json::{Value, json};

/// Both servers and the environment that points at them.
pub(crate) struct Bed {
    pub(crate) env: Env,
    pub(crate) sandbox: Sandbox,
    pub(crate) moto: Moto,
}

impl Bed {
    /// One bare hetzner cluster, `edge`.
    #[track_caller]
    pub(crate) fn edge() -> Self {
        Self::holding(&[hetzner("edge", &[])], &[])
    }

    /// Two of them, `edge` and `west`.
    #[track_caller]
    pub(crate) fn two() -> Self {
        Self::holding(&[hetzner("edge", &[]), hetzner("west", &[])], &[])
    }

    /// One bare cluster on AWS in moto's account, `home`.
    #[track_caller]
    pub(crate) fn home() -> Self {
        let manifest = aws("home", &[]).replace("111122223333", super::ACCOUNT);
        Self::holding(&[manifest], &[])
    }

    /// These manifests, on a sandbox with these flags.
    #[track_caller]
    pub(crate) fn holding(manifests: &[String], flags: &[&str]) -> Self {
        let mut env = Env::new();
        let moto = Moto::start(&mut env);
        let sandbox = Sandbox::holding(&mut env, manifests, flags);
        Self { env, sandbox, moto }
    }

    /// A run of `mk8s`.
    #[track_caller]
    #[must_use = "look at what it said"]
    pub(crate) fn run(&self, line: &str) -> Run {
        self.env.line(line).run()
    }

    /// The AWS CLI's answer; it must succeed.
    #[track_caller]
    pub(crate) fn aws(&self, line: &str) -> Value {
        self.aws_with(&line.split_whitespace().collect::<Vec<_>>())
    }

    /// The same for arguments with blanks in them.
    #[track_caller]
    pub(crate) fn aws_with(&self, arguments: &[&str]) -> Value {
        let run = self.env.aws(arguments).run().ok();
        if run.stdout.trim().is_empty() {
            Value::Null
        } else {
            run.json()
        }
    }

    /// Puts keys of another account into the environment.
    #[track_caller]
    pub(crate) fn act_in(&mut self, account: &str) {
        let answer = self.aws(&format!(
            "sts assume-role --role-arn arn:aws:iam::{account}:role/ops --role-session-name ops"
        ));
        for (variable, field) in [
            ("AWS_ACCESS_KEY_ID", "AccessKeyId"),
            ("AWS_SECRET_ACCESS_KEY", "SecretAccessKey"),
            ("AWS_SESSION_TOKEN", "SessionToken"),
        ] {
            let value = answer["Credentials"][field].as_str().unwrap().to_owned();
            self.env.set(variable, &value);
        }
    }

    /// Everything in IAM and all add-ons of all clusters, without what differs from run to run.
    #[track_caller]
    pub(crate) fn world(&self) -> Value {
        let mut iam = self.moto.state();
        for backend in iam.as_object_mut().into_iter().flatten() {
            for (_, role) in backend.1["roles"].as_object_mut().into_iter().flatten() {
                role["id"].take();
            }
        }
        let (_, list) = self
            .sandbox
            .call("GET", &format!("/org/{}/mk8s", self.sandbox.org()), "");
        let add_ons: Value = list["items"]
            .as_array()
            .expect("a list of clusters")
            .iter()
            .map(|cluster| {
                let add_ons = &cluster["spec"]["addOns"];
                let none = add_ons.is_null();
                json!([
                    cluster["name"],
                    if none { json!({}) } else { add_ons.clone() }
                ])
            })
            .collect();
        json!({"iam": iam, "addOns": add_ons})
    }

    /// How many requests that change something the sandbox got.
    #[track_caller]
    pub(crate) fn patches(&self) -> usize {
        self.sandbox
            .requests()
            .iter()
            .filter(|request| !request.starts_with("GET "))
            .count()
    }

    /// The issuer of a cluster, without the scheme.
    #[track_caller]
    pub(crate) fn issuer(&self, cluster: &str) -> String {
        let cluster = self.sandbox.cluster(cluster);
        cluster["status"]["oidcProviderUrl"]
            .as_str()
            .expect("an issuer")
            .trim_start_matches("https://")
            .to_owned()
    }
}
