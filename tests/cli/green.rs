//! `mk8s check` is green for what needs nothing, on every provider; and no fix that it prints is
//! one that `mk8s` itself refuses.

use crate::support::manifests::{ROLE, aws, cluster, gcp, hetzner, providers};
use crate::support::{Answer, Env, Fake, Run, Sandbox, fixture, ids};
use serde_json::{Value, json};

/// Add-ons that ask nothing of AWS.
const PLAIN: [&str; 4] = [
    "headlamp: {}",
    "metrics: {kubeState: true}",
    "localPathStorage: {}",
    "azureWorkloadIdentity: {}",
];

/// An environment in which a look at AWS would fail, and be seen to.
fn offline() -> Env {
    let mut env = Env::new();
    env.with_commands().set("AWS_EC2_METADATA_DISABLED", "true");
    env
}

#[test]
fn a_cluster_of_every_provider_without_aws_add_ons_is_green() {
    let mut env = offline();
    // Keys that AWS would not take, on an endpoint where nobody listens: nobody is to ask.
    env.set("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
        .set("AWS_SECRET_ACCESS_KEY", "wrong")
        .set("AWS_ENDPOINT_URL", "http://127.0.0.1:1");
    let all = providers();
    assert_eq!(all.len(), 12);
    let mut seeds = Vec::new();
    for (provider, settings) in &all {
        for (with, add_ons) in [("bare", &PLAIN[..0]), ("full", &PLAIN[..])] {
            let name = format!("{provider}-{with}");
            let manifest = cluster(&name, settings, add_ons);
            env.write(&format!("{name}.yaml"), &manifest);
            seeds.push(manifest);
        }
    }
    let _sandbox = Sandbox::holding(&mut env, &seeds, &[]);
    for (provider, _) in &all {
        for with in ["bare", "full"] {
            let name = format!("{provider}-{with}");
            for target in [
                format!("-c {name}"),
                format!("-f {name}.yaml"),
                format!("-c {name} -f {name}.yaml"),
            ] {
                let line = format!("check {target} --fail-on warning,unknown");
                let run = env.line(&line).run().ok();
                if target.starts_with("-c") {
                    let _ = run
                        .out("- oidc-url-present skipped: no AWS add-on is on")
                        .out("- issuer checks skipped: no AWS add-on is on")
                        .out("- aws checks skipped: no AWS add-on is on");
                }
            }
        }
    }
    // An image elsewhere asks for nothing either.
    let _ = env.line("check -c gcp-full --image nginx").run().ok();
}

#[test]
fn whatever_needs_the_issuer_has_it_looked_at() {
    let mut env = offline();
    let ecr = format!("awsECR: {{roleArn: \"{ROLE}\"}}");
    let on = "awsWorkloadIdentity: {}";
    let seeds = [
        hetzner("bare", &[]),
        hetzner("edge", &[on]),
        gcp("gke", &[]),
    ];
    let _sandbox = Sandbox::holding(&mut env, &seeds, &["--oidc"]);
    env.write("bare.yaml", hetzner("bare", &[on, &ecr]));
    for more in [
        "-f bare.yaml",
        "--image 999999999999.dkr.ecr.eu-central-1.amazonaws.com/shop:1",
    ] {
        let line = format!("check -c bare {more} --only oidc-url-present");
        let _ = env
            .line(&line)
            .run()
            .exits(11)
            .out("aws-workload-identity is off on bare")
            .out("fix: mk8s addon enable aws-workload-identity -c bare --wait=5m");
    }
    let _ = env
        .line("check -c edge --only issuer --fail-on warning")
        .run()
        .out("√ IAM takes the issuer");
    // The rest of an AWS group is skipped where credentials were named all the same.
    let _ = env
        .line("check -c bare --only aws --aws-profile nobody")
        .run()
        .never("oidc-provider-exists failed");
}

/// What a person fills in.
const FILLED: [(&str, &str); 8] = [
    (" ARN", " arn:aws:iam::999999999999:role/mk8s-ecr-driver"),
    (" VALUE", " 5b0e7d12-7c44-4a0f-8d61-93c2f5e8a7b1"),
    (" UUID", " 5b0e7d12-7c44-4a0f-8d61-93c2f5e8a7b1"),
    (" LINK", " //location/x"),
    ("=BOOL", "=true"),
    ("=KEY", "=x"),
    ("=NAME", "=sandbox"),
    (" FILE", " m.yaml"),
];

/// One state of a cluster and its manifest.
struct Case {
    seed: String,
    manifest: Option<String>,
    flags: &'static [&'static str],
    line: &'static str,
}

impl Case {
    /// A fresh sandbox in this state.
    fn place(&self) -> (Env, Sandbox) {
        let mut env = offline();
        let sandbox = Sandbox::holding(&mut env, std::slice::from_ref(&self.seed), self.flags);
        if let Some(manifest) = &self.manifest {
            env.write("m.yaml", manifest);
        }
        (env, sandbox)
    }

    /// Pastes every fix into the state in which it was printed; gives how many.
    fn fixes_work(&self) -> usize {
        let (env, _sandbox) = self.place();
        let run = env.line(&format!("{} -o json", self.line)).run();
        let fixes = printed(&run);
        for fix in &fixes {
            self.works(fix);
        }
        fixes.len()
    }

    fn works(&self, fix: &str) {
        let (env, _sandbox) = self.place();
        let _ = env.program("/bin/sh".as_ref(), &["-nc", fix]).run().ok();
        if !fix.starts_with("mk8s ") && !fix.starts_with("sed ") {
            return;
        }
        let mut filled = fix.replace("--wait=5m", "--wait=1s");
        for (placeholder, value) in FILLED {
            filled = filled.replace(placeholder, value);
        }
        let asks = ["mk8s aws setup", "mk8s apply", "mk8s addon disable"];
        if asks.iter().any(|start| filled.starts_with(start)) {
            filled.push_str(" --yes");
        }
        let run = env.sh(&filled).run();
        // What waits may wait in vain, and there is no AWS here.
        let allowed: &[i32] = match &filled {
            line if line.contains("--wait") => &[0, 7],
            line if line.contains("mk8s aws setup") => &[4],
            _ => &[0],
        };
        assert!(
            allowed.contains(&run.code),
            "a fix of `{}` does not work: {filled}\n{}\n{:?}\n{run}",
            self.line,
            self.seed,
            self.manifest
        );
    }
}

/// Every fix of a run, each once.
fn printed(run: &Run) -> Vec<String> {
    let report = run.json();
    let mut fixes: Vec<String> = Vec::new();
    for item in report["items"].as_array().unwrap() {
        if let Some(fix) = item["fix"].as_str()
            && !fixes.iter().any(|other| other == fix)
        {
            fixes.push(fix.to_owned());
        }
    }
    fixes
}

#[test]
fn no_fix_of_a_live_cluster_is_refused() {
    let ecr = format!("awsECR: {{roleArn: \"{ROLE}\"}}");
    let lone = [
        vec![ecr.as_str()],
        vec!["azureACR: {clientId: 5b0e7d12-7c44-4a0f-8d61-93c2f5e8a7b1}"],
        vec!["kubevirt: {}", "awsELB: {}"],
        vec!["awsWorkloadIdentity: {}", ecr.as_str(), "headlamp: {}"],
    ];
    let mut count = 0;
    for (provider, settings) in providers() {
        if !["aws", "hetzner", "gcp", "linode"].contains(&provider) {
            continue;
        }
        for add_ons in &lone {
            count += Case {
                seed: cluster("edge", &settings, add_ons),
                manifest: None,
                flags: &["--status-delay", "24h"],
                line: "check -c edge --image 999999999999.dkr.ecr.eu-central-1.amazonaws.com/shop:1",
            }
            .fixes_work();
        }
    }
    assert!(count > 20, "{count}");
    for line in ["check -c none", "check -c edge --org nobodys"] {
        let _ = Case {
            seed: hetzner("edge", &[]),
            manifest: None,
            flags: &[],
            line,
        }
        .fixes_work();
    }
}

#[test]
fn no_fix_of_a_manifest_or_of_drift_is_refused() {
    let ecr = format!("awsECR: {{roleArn: \"{ROLE}\"}}");
    let on = "awsWorkloadIdentity: {}";
    let wrong = "awsECR: {roleArn: \"arn:aws:iam::99999999999:role/x\"}";
    let written: Vec<Vec<&str>> = vec![
        vec![],
        vec!["awsECR: {}"],
        vec![on, "awsECR: {}"],
        vec![on, "awsEFS: {}"],
        vec![wrong],
        vec![on, wrong],
        vec!["awsEFS: {}", "kubevirt: {}", "azureACR: {}"],
        vec!["byok: {}", "logs: {}"],
        vec!["logs: true", "metrics: false"],
        vec!["headlamp: {}", "logs: {}", "headlamp: {}"],
        vec!["rocket: {}", "headlamp: {}"],
        vec!["nvidia: {taintGPUNodes: \"yes\"}"],
        vec!["headlamp:", "logs: {}"],
    ];
    let there: Vec<Vec<&str>> = vec![
        vec![],
        vec![on, &ecr, "headlamp: {}"],
        vec!["metrics: {kubeState: true}", "logs: {}"],
    ];
    let mut count = 0;
    for (at, (provider, settings)) in providers().into_iter().enumerate() {
        for (nth, lines) in written.iter().enumerate() {
            // Every manifest on four providers, and each provider with some of them.
            if !["aws", "hetzner", "gcp", "generic"].contains(&provider) && (at + nth) % 5 != 0 {
                continue;
            }
            let seed = cluster("edge", &settings, &there[(at + nth) % there.len()]);
            count += Case {
                seed,
                manifest: Some(cluster("edge", &settings, lines)),
                flags: &[],
                line: "check -c edge -f m.yaml",
            }
            .fixes_work();
        }
    }
    assert!(count > 80, "{count}");
}

#[test]
fn the_nine_manifests_have_fixes_that_work() {
    for name in [
        "aws-minimal-no-addons",
        "aws-production",
        "azure-byok",
        "ephemeral-ci",
        "gcp",
        "generic-onprem",
        "hetzner",
        "linode",
        "triton",
    ] {
        let path = fixture(&format!("manifests/{name}.yaml"));
        let manifest = std::fs::read_to_string(path).unwrap();
        let seed = manifest.clone();
        let mut env = offline();
        let _sandbox = Sandbox::holding(&mut env, std::slice::from_ref(&seed), &["--oidc"]);
        let list = env.line("cluster list -o names").run().ok();
        let cluster = list.stdout.trim().to_owned();
        env.write("m.yaml", &manifest);
        let line = format!("check -c {cluster} -f m.yaml");
        let _ = env.line(&line).run().ok();
        for add_on in ["headlamp", "kubevirt", "local-path-storage"] {
            let _ = env
                .line(&format!(
                    "addon enable {add_on} -c {cluster} --with-prerequisites"
                ))
                .run()
                .ok();
        }
        // What is only live is written into the manifest, and nothing is taken away.
        let run = env.line(&format!("{line} -o json")).run();
        assert_eq!(
            ids(&run, &["fail"]),
            ["addons-drift".to_owned()].into(),
            "{name}\n{run}"
        );
        let drift = env
            .line(&format!("{line} --only addons-drift -o json"))
            .run();
        for fix in printed(&drift) {
            env.paste(&fix);
        }
        let _ = env.line(&line).run().ok();
        let _ = env
            .line(&format!("addon show kubevirt -c {cluster} --exit-code"))
            .run()
            .ok();
    }
}

#[test]
fn a_token_that_is_refused_is_mended_where_it_comes_from() {
    let mut env = offline();
    let sandbox = Sandbox::holding(&mut env, &[aws("home", &[])], &[]);
    env.set("CPLN_TOKEN", "wrong");
    let _ = env
        .line("check -c home --only api-auth")
        .run()
        .exits(11)
        .out("fix: export CPLN_TOKEN=KEY\n");
    env.unset("CPLN_TOKEN");
    let profile = json!({"name": "work", "request": {"endpoint": sandbox.endpoint(), "token": "wrong"},
        "context": {"org": sandbox.org()}});
    env.profile("work", &profile, true);
    let _ = env
        .line("check -c home --only api-auth")
        .run()
        .exits(11)
        .out("fix: cpln login work\n");
}

#[test]
fn the_issuer_is_printed_whatever_add_ons_are_on() {
    let url = "https://oidc.example.com/abc";
    let document = |status: Value| {
        json!({"kind": "mk8s", "name": "gke", "version": 3, "status": status,
            "spec": {"provider": {"gcp": {}}, "addOns": {"azureWorkloadIdentity": {}}}})
    };
    let there = document(json!({"oidcProviderUrl": url}));
    let mut env = Env::new();
    env.write("there.json", there.to_string());
    env.write("not.json", document(json!({})).to_string());
    let run = env.line("addon oidc-url -f there.json").run().ok();
    assert_eq!(run.stdout, format!("{url}\n"));
    let _ = env
        .line("addon oidc-url -f not.json")
        .run()
        .exits(6)
        .silent()
        .err("`aws-workload-identity`, which publishes it, is off");
    let fake = Fake::serve(vec![
        Answer::json(200, &there),
        Answer::json(200, &document(json!({}))),
    ]);
    env.connect(fake.endpoint(), "acme", "token");
    let run = env.line("addon oidc-url -c gke").run().ok();
    assert_eq!(run.stdout, format!("{url}\n"));
    let _ = env
        .line("addon oidc-url -c gke")
        .run()
        .exits(6)
        .silent()
        .err("is off");
}
