//! Clusters that Terraform, Pulumi or `cpln helm` keep: a live change is warned about with what belongs
//! into their source, and `addon enable --emit` prints that for any target.

use crate::support::manifests::{ROLE, aws, hetzner};
use crate::support::{Bed, Env, Reader, Sandbox, format_hcl, read_hcl, read_yaml};
use mk8s::addon::{Addon, CATALOG};
use serde_json::{Value, json};

const TERRAFORM: &str =
    "{cpln/managedByTerraform: \"true\", cpln/terraformProviderVersion: 1.2.31}";

/// A manifest with these tags.
fn tagged(name: &str, tags: &str) -> String {
    hetzner(name, &["logs: {}"]).replacen("spec:", &format!("tags: {tags}\nspec:"), 1)
}

#[test]
fn a_change_of_a_cluster_that_terraform_keeps_is_warned_about_with_the_block() {
    let mut env = Env::new();
    let owned = tagged("prod", TERRAFORM);
    let _sandbox = Sandbox::holding(&mut env, &[owned], &[]);
    let line = format!("addon enable aws-ecr -c prod --with-prerequisites --role-arn {ROLE}");
    let run = env.line(&line).run().ok();
    let run = run
        .err("warning: `prod` is kept by Terraform or Pulumi (tag cpln/managedByTerraform): its next apply takes back")
        .err("   add_ons {")
        .err("     aws_workload_identity = true")
        .err(&format!("       role_arn = \"{ROLE}\""))
        .err("hint: for Pulumi: `mk8s addon enable aws-ecr -c prod --emit pulumi`");
    assert_eq!(run.stderr.matches("warning:").count(), 1, "{run}");
    let run = env.line("addon disable logs -c prod --yes").run().ok();
    let _ = run
        .err("warning: `prod` is kept by Terraform or Pulumi")
        .err("To keep it off, take 1 add-on out of its source as well");
    // What is so already is no change.
    let again = env.line("addon enable aws-ecr -c prod").run().ok();
    assert!(!again.stderr.contains("warning"), "{again}");
    let json = env
        .line("addon enable headlamp -c prod -o json")
        .run()
        .ok()
        .json();
    let warning = json["items"][0]["warnings"][0].as_str().unwrap();
    assert!(warning.contains("is kept by Terraform or Pulumi"), "{json}");
    // By a set as well: what goes on, and what goes off.
    env.write(
        "set.yaml",
        "headlamp: null\nnvidia: {taintGPUNodes: true}\n",
    );
    let run = env.line("addon set set.yaml -c prod --yes").run().ok();
    let _ = run
        .err("       taint_gpu_nodes = true")
        .err("To keep it off, take 1 add-on out of its source as well");
    // By a manifest as well.
    let text = tagged("prod", TERRAFORM).replace("logs: {}", "metrics: {}");
    env.write("prod.yaml", text);
    let run = env.line("apply -f prod.yaml").run().ok();
    let run = run
        .err("warning: `prod` is kept by Terraform or Pulumi")
        .err("     metrics {");
    assert_eq!(run.stderr.matches("warning:").count(), 1, "{run}");
    // And what is so already is no change either.
    let run = env.line("apply -f prod.yaml").run().ok();
    assert!(!run.stderr.contains("warning"), "{run}");
}

#[test]
fn what_the_aws_commands_change_of_such_a_cluster_is_told_as_well() {
    let bed = Bed::holding(&[tagged("prod", TERRAFORM)], &[]);
    let run = bed.run("aws setup aws-ecr -c prod --yes").ok();
    let _ = run
        .err("warning: `prod` is kept by Terraform or Pulumi")
        .err("     aws_workload_identity = true")
        .err("       role_arn = \"arn:aws:iam::123456789012:role/mk8s-sandbox-prod-ecr\"");
    let run = bed.run("aws teardown aws-ecr -c prod --yes").ok();
    let run = run.err("To keep it off, take 1 add-on out of its source as well");
    // And what went comes back.
    let undo = run
        .stderr
        .lines()
        .find_map(|it| it.strip_prefix("Undo: mk8s "));
    let _ = bed.run(undo.unwrap()).ok();
    let role = &bed.sandbox.cluster("prod")["spec"]["addOns"]["awsECR"]["roleArn"];
    assert_eq!(role, "arn:aws:iam::123456789012:role/mk8s-sandbox-prod-ecr");
}

#[test]
fn a_release_of_helm_is_told_by_its_name() {
    let mut env = Env::new();
    let owned = [tagged("prod", "{cpln/release: shop}"), hetzner("free", &[])];
    let _sandbox = Sandbox::holding(&mut env, &owned, &[]);
    let run = env
        .line("addon enable headlamp -c prod --dry-run")
        .run()
        .ok();
    let _ = run
        .err("warning: `prod` is kept by the release shop of `cpln helm` (tag cpln/release): its next upgrade")
        .err("    addOns:");
    let run = env.line("addon enable headlamp -c free").run().ok();
    assert!(!run.stderr.contains("warning"), "{run}");
    // Which is information, and no fault of the cluster.
    for (name, words) in [
        ("prod", "prod is kept by the release shop of `cpln helm`"),
        ("free", "no tag says that another tool keeps the cluster"),
    ] {
        let run = env
            .line(&format!("check -c {name} --only owner-conflict"))
            .run();
        let _ = run.ok().out(words);
    }
}

/// An add-on with all of its settings, as `--set-json` takes them.
fn all(addon: &Addon) -> Value {
    let mut settings = json!({});
    for place in addon.places() {
        // What may be secret is left out of a source.
        if place.kind.is_single() && !place.param.secret && !place.path.contains("remoteWrite") {
            let path: mk8s::addon::path::Path = place.path.parse().unwrap();
            let value = place.kind.parse(place.example()).unwrap();
            path.put(&mut settings, value).unwrap();
        }
    }
    settings
}

#[test]
fn every_add_on_is_written_as_its_readers_take_it() {
    let env = Env::new();
    for addon in CATALOG {
        env.write("settings.json", all(addon).to_string());
        let emit = |form: &str| {
            let line = format!(
                "addon enable {} --settings settings.json --emit {form}",
                addon.name
            );
            env.line(&line).run().ok().stdout
        };
        let hcl = emit("terraform");
        assert_eq!(format_hcl(&hcl), hcl, "{}", addon.name);
        let block = read_hcl(&hcl);
        let block = &block["add_ons"][0];
        let name = addon.name.replace('-', "_");
        assert!(!block[&name].is_null(), "{block}");
        // What `plan` reads is what the API gets: as many values in the end.
        let yaml = read_yaml(Reader::JsYaml, &[emit("yaml"), emit("pulumi")]);
        let (manifest, pulumi) = (yaml[0].as_ref().unwrap(), yaml[1].as_ref().unwrap());
        assert_eq!(manifest[0]["spec"]["addOns"][addon.key], all(addon));
        let count = |value: &Value| leaves(value);
        if !addon.params.is_empty() {
            let pulumi = &pulumi[0]["addOns"]
                .as_object()
                .unwrap()
                .values()
                .next()
                .unwrap()
                .clone();
            assert_eq!(count(pulumi), count(&all(addon)), "{pulumi}");
            assert_eq!(count(&block[&name]), count(&all(addon)), "{block}");
        }
    }
}

/// How many values there are that are neither lists nor objects.
fn leaves(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(leaves).sum(),
        Value::Object(map) => map.values().map(leaves).sum(),
        _ => 1,
    }
}

#[test]
fn the_source_is_printed_for_any_target_and_nothing_is_changed() {
    let mut env = Env::new();
    let live = aws("prod", &["metrics: {apiserver: true, kubeState: true}"]);
    let sandbox = Sandbox::holding(&mut env, std::slice::from_ref(&live), &[]);
    env.write("m.yaml", &live);
    let flags = "--scrape-annotated-interval-seconds 60";
    let from_file = env.line(&format!(
        "addon enable metrics -f m.yaml {flags} --emit terraform"
    ));
    let from_file = from_file.run().ok().stdout;
    let from_live = env.line(&format!(
        "addon enable metrics -c prod {flags} --emit terraform"
    ));
    let from_live = from_live.run().ok().stdout;
    assert_eq!(from_file, from_live);
    assert_eq!(
        from_file,
        "add_ons {\n  metrics {\n    api_server = true\n    kube_state = true\n\n    scrape_annotated {\n      \
         interval_seconds = 60\n    }\n  }\n}\n"
    );
    assert_eq!(env.text("m.yaml"), live);
    assert_eq!(sandbox.cluster("prod")["version"], 1);
    let line = "addon enable aws-ecr --with-prerequisites --emit terraform";
    let run = env.line(line).run().ok();
    assert_eq!(
        run.stdout,
        "add_ons {\n  aws_workload_identity = true\n\n  aws_ecr {}\n}\n"
    );
    let secret = r#"config.monitoring.remoteWrite=[{"url":"https://a","bearer_token":"hush"}]"#;
    let flags = [
        "--location",
        "//location/x",
        "--set-json",
        secret,
        "--emit",
        "yaml",
    ];
    let run = env
        .mk8s(&[&["addon", "enable", "byok"], &flags[..]].concat())
        .run()
        .ok();
    let run = run.err("what may be secret is left out: config.monitoring.remoteWrite");
    assert!(
        !run.stdout.contains("hush") && run.stdout.contains("//location/x"),
        "{run}"
    );
    // A name that nobody knows is no name of theirs, and no way into their language.
    env.write(
        "odd.yaml",
        aws("prod", &["metrics: {\"a = 1\\nb\": 2, kubeState: true}"]),
    );
    let run = env
        .line("addon enable metrics -f odd.yaml --emit terraform")
        .run()
        .ok();
    assert_eq!(
        run.stdout,
        "add_ons {\n  metrics {\n    kube_state = true\n  }\n}\n"
    );
    let _ = run.err("what mk8s does not know is left out: a \\= 1");
    for (line, code) in [
        ("addon enable headlamp --emit terraform -o json", 2),
        (
            "addon enable headlamp -f m.yaml --emit terraform --dry-run",
            2,
        ),
        ("addon enable rocket --unknown --emit terraform", 6),
        ("addon enable aws-efs --emit terraform", 6),
        ("addon enable headlamp -c nope --emit yaml", 3),
    ] {
        let _ = env.line(line).run().exits(code);
    }
}
