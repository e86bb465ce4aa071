//! Nothing that a run takes away is lost: it is kept before it goes, for its user alone, and `mk8s undo`
//! brings it back, in files and on live clusters, of one cluster and of many.

use crate::support::manifests::{ROLE, hetzner};
use crate::support::{Env, Run, Sandbox};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

const METRICS: &str =
    "metrics: {kubeState: true, scrapeAnnotated: {includeNamespaces: \"^shop$\"}}";

fn place(clusters: &[String]) -> (Env, Sandbox) {
    let mut env = Env::new();
    let sandbox = Sandbox::holding(&mut env, clusters, &[]);
    (env, sandbox)
}

fn add_ons(sandbox: &Sandbox, name: &str) -> Value {
    sandbox.cluster(name)["spec"]["addOns"].clone()
}

/// The command that a run prints to be undone with, without the program.
#[track_caller]
fn undo_of(run: &Run) -> String {
    let line = run
        .stderr
        .lines()
        .find_map(|line| line.strip_prefix("Undo: mk8s "));
    line.unwrap_or_else(|| panic!("no way back is printed\n{run}"))
        .to_owned()
}

/// The files of runs that were kept, by their names.
fn kept(env: &Env) -> Vec<String> {
    let folder = env.home(".local/state/mk8s/history");
    let mut names: Vec<String> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn what_a_run_took_away_comes_back_and_goes_again() {
    let (env, sandbox) = place(&[hetzner("prod", &[METRICS, "logs: {}"])]);
    let before = add_ons(&sandbox, "prod");
    let run = env.line("addon disable metrics -c prod --yes").run().ok();
    let undo = undo_of(&run);
    let id = undo.strip_prefix("undo ").unwrap();
    let preview = env.line(&format!("{undo} --dry-run --exit-code")).run();
    let _ = preview
        .exits(10)
        .out("+   metrics:")
        .err("Would be undone on prod: metrics enabled");
    assert_eq!(add_ons(&sandbox, "prod"), json!({"logs": {}}));
    let back = env.line(&undo).run().ok();
    let _ = back.out("Undone on prod (version 2 → 3): metrics enabled");
    assert_eq!(add_ons(&sandbox, "prod"), before);
    // A second time nothing is left to be done, and nothing is sent.
    let again = env.line(&undo).run().ok();
    let _ = again.out("Nothing is left to undo on prod");
    assert_eq!(sandbox.cluster("prod")["version"], 3);
    // Without a name it is the last run: that was the undoing. What it takes away is asked about.
    let refused = env.line("undo").run().exits(2);
    let _ = refused
        .err("the run was not undone on `prod`")
        .err("-   metrics:");
    let gone = env.line("undo --yes -o json").run().ok();
    let item = &gone.json()["items"][0];
    assert_eq!(
        (&item["addon"], &item["action"], &item["changed"]),
        (&"metrics".into(), &"disabled".into(), &true.into())
    );
    assert_eq!(add_ons(&sandbox, "prod"), json!({"logs": {}}));
    // What only adds says nothing of a way back, and has one.
    let run = env.line("addon enable headlamp -c prod").run().ok();
    assert!(!run.stderr.contains("Undo:"), "{run}");
    let _ = env.line("undo --yes").run().ok();
    assert_eq!(add_ons(&sandbox, "prod"), json!({"logs": {}}));
    let list = env.line("history").run().ok();
    let _ = list.out(id).out("addon disable metrics").out("prod");
    let listed = env.line("history -o json").run().ok().json();
    let first = listed["items"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(first["id"], id);
    let change = &first["targets"][0]["changes"][0];
    assert_eq!(
        (&change["before"], &change["after"]),
        (&before["metrics"], &Value::Null)
    );
    // TAB offers what can be undone, with what it was.
    let offered = env
        .mk8s(&["__complete", "zsh", "mk8s", "undo", ""])
        .run()
        .ok();
    let _ = offered.out(id);
    let others = env.line("history -c staging -o names").run().ok();
    assert_eq!(others.stdout, "");
}

#[test]
fn settings_come_back_one_by_one_and_what_others_did_stays() {
    let (env, sandbox) = place(&[hetzner("prod", &[METRICS])]);
    let line = "addon enable metrics -c prod --kube-state=false --kubelet=true";
    let undo = undo_of(&env.line(line).run().ok());
    // Beside it somebody else sets something.
    let _ = env
        .line("addon enable metrics -c prod --core-dns=true")
        .run()
        .ok();
    let _ = env
        .line(&undo)
        .run()
        .ok()
        .out("Undone on prod (version 3 → 4): metrics updated");
    assert_eq!(
        add_ons(&sandbox, "prod")["metrics"],
        json!({"kubeState": true, "coreDns": true,
            "scrapeAnnotated": {"includeNamespaces": "^shop$", "intervalSeconds": 30}})
    );
    // And here at the same place: that is theirs.
    let undo = undo_of(&env.line(line).run().ok());
    let theirs = "addon enable metrics -c prod --unset kubelet --set kubeState=true";
    let _ = env.line(theirs).run().ok();
    let last = "addon disable metrics -c prod --yes";
    let _ = env.line(last).run().ok();
    let run = env.line(&undo).run().exits(5);
    let _ = run
        .err("the run was not undone on `prod`")
        .err("metrics: it is off, and the run left it on");
    let _ = env.line("undo --yes").run().ok();
    // What is as it was before the run already is no conflict.
    let _ = env.line(&undo).run().ok().out("Nothing is left to undo");
    let _ = env
        .line("addon enable metrics -c prod --kubelet=true")
        .run()
        .ok();
    let _ = env
        .line("addon enable logs -c prod --events=true")
        .run()
        .ok();
    let names = env.line("history -o names").run().ok().stdout;
    let id = names.lines().next().unwrap();
    let more = "addon enable logs -c prod --docker=true";
    let _ = env.line(more).run().ok();
    let run = env.line(&format!("undo {id} --yes")).run().exits(5);
    let _ = run.err("logs: its settings are not those that the run left");
}

#[test]
fn a_file_comes_back_like_a_cluster() {
    let env = Env::new();
    let text = format!(
        "# fleet\n{}---\n{}",
        hetzner("one", &[METRICS, "logs: {}"]),
        hetzner("two", &["metrics: {}"])
    );
    env.write("fleet/all.yaml", &text);
    let run = env.line("addon disable metrics -f fleet").run().ok();
    let undo = undo_of(&run);
    let gone = env.text("fleet/all.yaml");
    let preview = env.line(&format!("{undo} --dry-run")).run().ok();
    let _ = preview.out("+    metrics:");
    assert_eq!(env.text("fleet/all.yaml"), gone);
    let back = env.line(&undo).run().ok();
    let _ = back.out("Undone for one in ").out("Undone for two in ");
    let settings = env
        .line("addon show metrics -f fleet/all.yaml -o json")
        .run()
        .ok()
        .json();
    let settings: Vec<&Value> = settings["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| &item["settings"])
        .collect();
    let full = json!({"kubeState": true, "scrapeAnnotated": {"includeNamespaces": "^shop$"}});
    assert_eq!(settings, [&full, &json!({})]);
    // Undone once more, the bytes are those of before.
    let _ = env.line("undo").run().ok();
    assert_eq!(env.text("fleet/all.yaml"), gone);
    // What was edited since is left alone.
    let theirs = gone.replace("logs: {}", "logs: {}\n    metrics: {cadvisor: true}");
    env.write("fleet/all.yaml", &theirs);
    let run = env.line(&undo).run().exits(5);
    let _ = run.err("metrics: it is on again, with other settings than before");
    assert_eq!(env.text("fleet/all.yaml"), theirs);
    fs::remove_file(env.path("fleet/all.yaml")).unwrap();
    let _ = env.line(&undo).run().exits(3);
}

#[test]
fn what_is_secret_is_kept_nowhere_and_named() {
    let byok = "byok: {location: //location/here, config: {monitoring: {minMemory: 1Gi, \
                remoteWrite: [{url: \"https://a\", basic_auth: {password: hush}}]}}}";
    let (env, sandbox) = place(&[hetzner("prod", &[byok])]);
    let all = add_ons(&sandbox, "prod")["byok"].clone();
    let run = env
        .line("addon disable byok -c prod --confirm prod")
        .run()
        .ok();
    let undo = undo_of(&run);
    let file = kept(&env).pop().unwrap();
    let text = fs::read_to_string(&file).unwrap();
    assert!(
        !text.contains("hush") && !text.contains(sandbox.token()),
        "{text}"
    );
    assert!(text.contains("config.monitoring.remoteWrite"), "{text}");
    let mode = |path: &str| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&file), 0o600);
    assert_eq!(mode(file.rsplit_once('/').unwrap().0), 0o700);
    let shown = env.line("history -o json").run().ok();
    let _ = shown.out("config.monitoring.remoteWrite");
    let run = env.line(&undo).run().exits(9);
    let run = run
        .out("Undone on prod (version 2 → 3): byok enabled")
        .err("1 setting was not brought back")
        .err("`config.monitoring.remoteWrite` of byok on prod may be secret, and was not kept");
    assert!(!run.stderr.contains("hush"), "{run}");
    let mut expected = all;
    expected["config"]["monitoring"]
        .as_object_mut()
        .unwrap()
        .remove("remoteWrite");
    assert_eq!(add_ons(&sandbox, "prod")["byok"], expected);
    // Where a run has left it alone it stays where it is.
    let (env, sandbox) = place(&[hetzner("prod", &[byok])]);
    let set = "addon enable byok -c prod --set config.monitoring.minMemory=2Gi";
    let undo = undo_of(&env.line(set).run().ok());
    let _ = env.line(&undo).run().ok();
    let after = add_ons(&sandbox, "prod")["byok"].clone();
    assert_eq!(
        after["config"]["monitoring"]["remoteWrite"][0]["basic_auth"]["password"],
        "hush"
    );
    assert_eq!(after["config"]["monitoring"]["minMemory"], "1Gi");
    // And byok goes with its name alone, undone or not.
    let _ = env
        .line("addon disable byok -c prod --confirm prod")
        .run()
        .ok();
    let _ = env.line("undo").run().exits(9);
    let _ = env.line("undo --yes").run().exits(2).err("--confirm NAME");
    let _ = env.line("undo --confirm prod").run().ok();
}

#[test]
fn under_ci_a_run_is_kept_where_that_is_asked_for() {
    let (mut env, sandbox) = place(&[hetzner("prod", &["logs: {}", "metrics: {}", "nvidia: {}"])]);
    env.set("CI", "true");
    let run = env.line("addon disable logs -c prod --yes").run().ok();
    assert!(!run.stderr.contains("Undo:"), "{run}");
    assert_eq!(kept(&env), [""; 0]);
    let none = env.line("undo").run().exits(3);
    let _ = none.err("no run is kept on this machine");
    let line = "addon disable metrics -c prod --yes --history";
    let undo = undo_of(&env.line(line).run().ok());
    let _ = env.line(&undo).run().ok();
    assert_eq!(
        add_ons(&sandbox, "prod"),
        json!({"nvidia": {}, "metrics": {}})
    );
    assert_eq!(kept(&env).len(), 1);
    // Where nothing can be kept that is said, and a failure where it was asked for.
    env.write("file", "");
    let state = env.path("file");
    env.set("XDG_STATE_HOME", state.to_str().unwrap());
    let run = env.line(line).run().exits(1);
    let _ = run
        .err("what would be changed cannot be kept")
        .err("Nothing was changed.");
    assert_eq!(sandbox.cluster("prod")["version"], 4);
    env.unset("CI");
    let run = env.line("addon disable metrics -c prod --yes").run().ok();
    let run = run.err(
        "warning: what this run changes is not kept, so that `mk8s undo` cannot take it back: ",
    );
    assert!(!run.stderr.contains("Undo:"), "{run}");
    assert_eq!(add_ons(&sandbox, "prod"), json!({"nvidia": {}}));
    let _ = env
        .line("undo no-such-run")
        .run()
        .exits(3)
        .err("hint: mk8s history");
}

#[test]
fn a_run_over_many_is_undone_as_one() {
    let names = ["c1", "c2", "c3", "c4"];
    let clusters: Vec<String> = names
        .iter()
        .map(|name| {
            hetzner(
                name,
                &[&format!(
                    "metrics: {{scrapeAnnotated: {{includeNamespaces: \"^{name}$\"}}}}"
                )],
            )
        })
        .collect();
    let (env, sandbox) = place(&clusters);
    let all = || -> Vec<Value> { names.iter().map(|name| add_ons(&sandbox, name)).collect() };
    let before = all();
    sandbox.fault("status=422,on=PATCH:/c4");
    let run = env.line("addon disable metrics --all --yes").run().exits(9);
    sandbox.heals();
    let undo = undo_of(&run);
    // Each gets its own back; what was not done is no part of it.
    let run = env
        .line(&format!("{undo} --canary c2 --yes -o json"))
        .run()
        .ok();
    let document = run.json();
    assert_eq!(document["summary"]["changed"], 3);
    assert_eq!(all(), before);
    let versions: Vec<Value> = names
        .iter()
        .map(|name| sandbox.cluster(name)["version"].clone())
        .collect();
    assert_eq!(versions, [3, 3, 3, 1]);
    // Of what others have changed since nothing is taken back, and the rest goes on.
    let run = env
        .line("addon disable metrics --all --yes --journal run.jsonl")
        .run()
        .ok();
    assert_eq!(undo_of(&run), "undo run.jsonl");
    let _ = env.line("addon enable metrics -c c3").run().ok();
    let run = env.line("undo run.jsonl --yes").run().exits(9);
    let _ = run
        .out("Undone on c1 (version 4 → 5): metrics enabled")
        .err("metrics: it is on again, with other settings than before");
    assert_eq!(add_ons(&sandbox, "c3"), json!({"metrics": {}}));
    // One that stops in the middle is taken up again.
    let run = env.line("addon disable metrics --all --yes").run().ok();
    let undo = undo_of(&run);
    let run = env
        .line(&format!("{undo} --canary 1 --pause --yes"))
        .run()
        .exits(9);
    let hint = run
        .stderr
        .lines()
        .find_map(|line| line.strip_prefix("hint: mk8s "));
    let hint = hint.unwrap_or_else(|| panic!("{run}")).to_owned();
    assert!(hint.starts_with(&undo), "{hint}");
    let _ = env
        .line(&hint.replace(" --canary 1 --pause", ""))
        .run()
        .ok();
    let on: Vec<bool> = all().iter().map(|it| it["metrics"].is_object()).collect();
    assert_eq!(on, [true; 4]);
    let listed = env.line("history -c c4 -o json").run().ok().json();
    let last = &listed["items"][0];
    let command: Vec<&str> = undo
        .split(' ')
        .chain(["--canary", "1", "--pause"])
        .collect();
    assert_eq!(last["command"], json!(command));
}

#[test]
fn files_and_many_clusters_are_one_run() {
    let clusters: Vec<String> = ["c1", "c2"].map(|name| hetzner(name, &[METRICS])).to_vec();
    let (env, sandbox) = place(&clusters);
    env.write("all.yaml", clusters.join("---\n"));
    let text = env.text("all.yaml");
    let run = env
        .line("addon disable metrics -f all.yaml --apply --yes")
        .run()
        .ok();
    let _ = undo_of(&run);
    assert_ne!(env.text("all.yaml"), text);
    let listed = env.line("history -o names").run().ok().stdout;
    assert_eq!(listed.lines().count(), 1, "{listed}");
    let back = env.line("undo --yes").run().ok();
    let _ = back
        .out("Undone for c2 in ")
        .out("Undone on c1")
        .out("Undone on c2");
    assert!(env.text("all.yaml").contains("^shop$"));
    for name in ["c1", "c2"] {
        assert!(add_ons(&sandbox, name)["metrics"].is_object(), "{name}");
    }
}

#[test]
fn a_paused_run_without_a_name_is_taken_up_by_the_command_that_it_prints() {
    let clusters: Vec<String> = ["c1", "c2", "c3"]
        .map(|name| hetzner(name, &["logs: {}"]))
        .to_vec();
    let (env, sandbox) = place(&clusters);
    let undo = undo_of(&env.line("addon disable logs --all --yes").run().ok());
    let run = env.line("undo --canary 1 --pause --yes").run().exits(9);
    let hint = run
        .stderr
        .lines()
        .find_map(|line| line.strip_prefix("hint: mk8s "));
    let hint = hint.unwrap().to_owned();
    assert!(hint.starts_with(&undo), "{hint}");
    let _ = env.line(&hint).run().exits(9);
    let _ = env.line(&hint).run().ok();
    assert_eq!(add_ons(&sandbox, "c3"), json!({"logs": {}}));
    let _ = env.line("undo --resume x").run().exits(2);
}

#[test]
fn every_command_that_takes_something_away_can_be_undone() {
    let ecr = format!("awsECR: {{roleArn: \"{ROLE}\"}}");
    let before = [
        "awsWorkloadIdentity: {}",
        &ecr,
        METRICS,
        "logs: {}",
        "rocket: {fuel: [1, 2]}",
    ];
    let manifest = hetzner("prod", &before);
    let other = hetzner("other", &["metrics: {cadvisor: true}", "nvidia: {}"]);
    let (env, sandbox) = place(&[manifest.clone(), other]);
    env.write("set.yaml", "headlamp: {}\nmetrics: {kubeState: false}\n");
    env.write(
        "prod.yaml",
        hetzner("prod", &["nvidia: {}", "rocket: null"]),
    );
    env.write("pulled.yaml", &manifest);
    let start = add_ons(&sandbox, "prod");
    for line in [
        "addon disable aws-workload-identity -c prod --with-dependants --yes",
        "addon enable aws-ecr -c prod --role-arn arn:aws:iam::999999999999:role/other",
        "addon enable metrics -c prod --settings set.yaml --replace-settings --force",
        "addon set set.yaml -c prod --prune --prune-unknown --yes",
        "addon copy --from other --to prod --prune --yes",
        "apply -f prod.yaml --prune-addons --yes",
        "apply -f prod.yaml --put --yes",
    ] {
        let run = env.line(line).run();
        if line.contains("--settings") {
            // No settings of metrics are in it.
            let _ = run.exits(2);
            continue;
        }
        let undo = undo_of(&run.ok());
        assert_ne!(add_ons(&sandbox, "prod"), start, "{line}");
        let _ = env.line(&format!("{undo} --yes")).run().ok();
        assert_eq!(add_ons(&sandbox, "prod"), start, "{line}");
    }
    let line = "addon pull -c other -f pulled.yaml";
    env.write("pulled.yaml", manifest.replace("name: prod", "name: other"));
    let undo = undo_of(&env.line(line).run().ok());
    let _ = env.line(&undo).run().ok();
    let settings = env
        .line("addon show metrics -f pulled.yaml -o json")
        .run()
        .ok();
    let full = json!({"kubeState": true, "scrapeAnnotated": {"includeNamespaces": "^shop$"}});
    assert_eq!(settings.json()["settings"], full);
    // A file and the live cluster in one.
    env.write("prod.yaml", &manifest);
    let run = env
        .line("addon disable metrics -f prod.yaml --apply --yes")
        .run()
        .ok();
    let undo = undo_of(&run);
    let back = env.line(&undo).run().ok();
    let _ = back.out("Undone in ").out("Undone on prod");
    assert_eq!(add_ons(&sandbox, "prod"), start);
    assert!(env.text("prod.yaml").contains("^shop$"));
}

#[test]
fn a_run_elsewhere_is_not_undone_here() {
    let (mut env, _sandbox) = place(&[hetzner("prod", &["logs: {}"])]);
    let undo = undo_of(&env.line("addon disable logs -c prod --yes").run().ok());
    let run = env.line(&format!("{undo} --org other")).run().exits(2);
    let _ = run
        .err("`prod` is in org `sandbox`, and `other` is used")
        .err("hint: --org sandbox uses the other");
    let second = Sandbox::holding(&mut env, &[hetzner("prod", &[])], &[]);
    let run = env.line(&undo).run().exits(2);
    let _ = run.err("`prod` is in the Control Plane at http://127.0.0.1:");
    assert_eq!(second.cluster("prod")["version"], 1);
    let _ = env.line("undo --canary 1").run().exits(2);
}

#[test]
fn the_last_run_is_the_last_whatever_the_clock_says() {
    let (env, sandbox) = place(&[hetzner("prod", &["logs: {}", "metrics: {}"])]);
    let _ = env.line("addon disable logs -c prod --yes").run().ok();
    // It was done by a clock that is ahead.
    let file = kept(&env).pop().unwrap();
    let text = fs::read_to_string(&file).unwrap();
    let (header, rest) = text.split_once('\n').unwrap();
    let mut header: Value = serde_json::from_str(header).unwrap();
    header["id"] = json!("20990101-000000-0000");
    header["time"] = json!("2099-01-01T00:00:00Z");
    let folder = file.rsplit_once('/').unwrap().0;
    let ahead = format!("{folder}/20990101-000000-0000.jsonl");
    fs::write(ahead, format!("{header}\n{rest}")).unwrap();
    fs::remove_file(&file).unwrap();
    let _ = env.line("addon disable metrics -c prod --yes").run().ok();
    let _ = env.line("undo").run().ok().out("metrics enabled");
    let on = add_ons(&sandbox, "prod");
    assert_eq!(on, json!({"metrics": {}}));
}
