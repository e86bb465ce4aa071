//! A run over many clusters that is taken up again: what its journal and its hint say, and what became of
//! the clusters meanwhile.

use crate::support::manifests::hetzner;
use crate::support::{Env, Run, Sandbox};
use std::fs;

const LINE: &str = "addon enable headlamp";

fn fleet(count: usize) -> (Env, Sandbox) {
    let mut env = Env::new();
    let names = (1..=count).map(|number| format!("c{number:03}"));
    let clusters: Vec<String> = names
        .map(|name| hetzner(&name, &["awsWorkloadIdentity: {}"]))
        .collect();
    let sandbox = Sandbox::holding(&mut env, &clusters, &[]);
    (env, sandbox)
}

/// Eight clusters to which the API's key `rocket` is known.
fn rockets() -> (Env, Sandbox) {
    let mut env = Env::new();
    let sandbox = Sandbox::start(&mut env, &["--clusters", "8", "--known", "rocket"]);
    (env, sandbox)
}

/// The hint of a run that ended early, and what stands behind `--resume` in it.
fn hint(run: &Run) -> (String, String) {
    let hint = run.stderr.lines().find_map(|it| it.strip_prefix("hint: "));
    let hint = hint.unwrap_or_else(|| panic!("no hint\n{run}")).to_owned();
    let (_, rest) = hint.split_once("--resume ").expect("it resumes");
    let id = rest.split(' ').next().unwrap_or_default().to_owned();
    (hint, id)
}

#[test]
fn a_secret_setting_is_in_no_journal_hint_error_or_trace() {
    let secret = "TOPSECRET1";
    for setting in [
        "--set-json|fuel={\"password\":\"TOPSECRET1\",\"n\":1}",
        "--set-json=fuel={\"a\":[{\"apiKey\":\"TOPSECRET1\"}]}",
        "--set-string|fuel.password=TOPSECRET1",
        "--set-string=fuel.api_key=/TOPSECRET1",
        "--set-string|remoteWrite.url=TOPSECRET1",
    ] {
        let (env, _sandbox) = rockets();
        let mut words = vec!["addon", "enable", "rocket", "--unknown"];
        words.extend(setting.split('|'));
        let given = words.clone();
        words.extend(["--all", "--yes", "--batch", "1", "--pause", "--debug"]);
        let run = env.mk8s(&words).run().exits(9);
        let (hint, id) = hint(&run);
        assert!(hint.starts_with("the same command with --resume"), "{hint}");
        let text = env.mk8s(&["journal", &id]).run().ok();
        let json = env.mk8s(&["journal", &id, "-o", "json"]).run().ok();
        let file = env.home(&format!(".local/state/mk8s/journal/{id}.jsonl"));
        let file = fs::read_to_string(file).unwrap();
        for shown in [&run.stdout, &run.stderr, &text.stdout, &json.stdout, &file] {
            assert!(!shown.contains(secret), "{setting}\n{shown}");
        }
        // What the hint says is so; another secret is another command, and is not shown either.
        let other: Vec<String> = given
            .iter()
            .map(|word| word.replace(secret, "TOPSECRET2"))
            .collect();
        let mut other: Vec<&str> = other.iter().map(String::as_str).collect();
        other.extend(["--yes", "--resume", &id]);
        let run = env.mk8s(&other).run().exits(2);
        assert!(!run.stderr.contains("TOPSECRET"), "{run}");
        let run = run.err("a setting that is not shown differs");
        drop(run);
        let mut again = given;
        again.extend(["--yes", "--resume", &id]);
        let _ = env.mk8s(&again).run().ok();
    }
    let env = Env::new();
    for words in [
        ["--set-json", "fuel={\"password\":\"TOPSECRET1\",}"],
        ["--set-string", "fuel password: TOPSECRET1"],
    ] {
        let line = ["addon", "enable", "rocket", "--unknown", "-c", "x"];
        let run = env.mk8s(&[&line[..], &words[..]].concat()).run().exits(2);
        assert!(!run.stderr.contains(secret), "{run}");
    }
}

#[test]
fn the_hint_goes_where_the_run_went_and_answers_as_it_did() {
    let (mut env, sandbox) = fleet(3);
    let (org, endpoint) = (sandbox.org().to_owned(), sandbox.endpoint().to_owned());
    env.unset("CPLN_ORG");
    env.unset("CPLN_ENDPOINT");
    let line = format!("{LINE} --all --yes --canary 1 --pause --org {org} --endpoint {endpoint}");
    let run = env.line(&line).run().exits(9);
    let (hint, _) = hint(&run);
    for words in [
        " --yes",
        &format!(" --org {org}"),
        &format!(" --endpoint {endpoint}"),
    ] {
        assert_eq!(hint.matches(words).count(), 1, "{words}\n{hint}");
    }
    assert!(
        hint.starts_with("mk8s addon enable headlamp --canary 1 --pause"),
        "{hint}"
    );
    let again = hint.replace(" --canary 1 --pause", "");
    let _ = env.line(again.strip_prefix("mk8s ").unwrap()).run().ok();
}

#[test]
fn a_cluster_that_was_made_anew_under_the_same_name_is_skipped() {
    let (env, sandbox) = fleet(3);
    let line = format!("{LINE} --all --yes --canary 1 --pause --journal run.jsonl");
    let _ = env.line(&line).run().exits(9);
    let path = format!("/org/{}/mk8s/c002", sandbox.org());
    let old = sandbox.cluster("c002");
    assert!(sandbox.answers(202, "DELETE", &path, "") || sandbox.answers(404, "GET", &path, ""));
    let org = format!("/org/{}/mk8s", sandbox.org());
    let made = serde_json::json!({"kind": "mk8s", "name": "c002", "spec": old["spec"]});
    let (status, answer) = sandbox.call("POST", &org, &made.to_string());
    assert!((200..300).contains(&status), "{status} {answer}");
    assert_ne!(sandbox.cluster("c002")["id"], old["id"]);
    for _ in 0..2 {
        let run = env.line(&format!("{LINE} --resume run.jsonl --yes -o json"));
        let run = run.run().exits(9);
        let document = run.json();
        let item = &document["items"][1];
        assert_eq!(item["state"], "skipped", "{run}");
        let why = item["error"]["because"][0].as_str().unwrap().to_owned();
        assert!(
            why.starts_with("it was made since under the same name"),
            "{why}"
        );
        assert_eq!(document["summary"]["changed"], 2, "{run}");
    }
    assert!(sandbox.cluster("c002")["spec"]["addOns"]["headlamp"].is_null());
    assert!(sandbox.cluster("c003")["spec"]["addOns"]["headlamp"].is_object());
}

#[test]
fn a_cluster_that_failed_is_taken_up_by_the_resume_command() {
    let (env, sandbox) = fleet(3);
    sandbox.fault("status=409,on=PATCH:/c002");
    let line = format!("{LINE} --all --yes --journal run.jsonl");
    let run = env.line(&line).run().exits(9);
    assert!(!run.stderr.contains("same command again"), "{run}");
    let (hint, word) = hint(&run);
    assert_eq!(word, "run.jsonl");
    sandbox.heals();
    let _ = env.line(hint.trim_start_matches("mk8s ")).run().ok();
    assert!(sandbox.cluster("c002")["spec"]["addOns"]["headlamp"].is_object());
}

#[test]
fn a_file_of_settings_that_changed_is_named() {
    let (env, _sandbox) = fleet(2);
    env.write("s.yaml", "{nodeExporter: true}\n");
    let line = "addon enable metrics --settings s.yaml";
    let begun = format!("{line} --all --yes --canary 1 --pause --journal run.jsonl");
    let _ = env.line(&begun).run().exits(9);
    env.write("s.yaml", "{nodeExporter: false}\n");
    let again = format!("{line} --canary 1 --pause --yes --resume run.jsonl");
    let run = env.line(&again).run().exits(2);
    let run = run.err("because: `s.yaml` has changed since");
    drop(run);
    env.write("s.yaml", "{nodeExporter: true}\n");
    let _ = env
        .line(&format!("{line} --yes --resume run.jsonl"))
        .run()
        .ok();
}

#[test]
fn a_journal_that_cannot_be_begun_is_told_before_anything_is_asked() {
    let (env, sandbox) = fleet(2);
    let _ = env.line(&format!("{LINE} --all --yes")).run().ok();
    env.write("there.jsonl", "");
    let before = sandbox.requests().len();
    for (file, why) in [
        ("there.jsonl", "`there.jsonl` is there already"),
        ("none/x.jsonl", "the journal `none/x.jsonl` cannot be made"),
        ("there.jsonl/x", "cannot be made"),
    ] {
        for end in ["--yes", "--dry-run"] {
            let run = env.line(&format!("{LINE} --all {end} --journal {file}"));
            let _ = run.run().exits(2).err(why);
        }
    }
    assert_eq!(sandbox.requests().len(), before);
}

#[test]
fn a_journal_that_was_edited_is_told_once() {
    let (env, _sandbox) = fleet(3);
    let line = format!("{LINE} --all --yes --canary 1 --pause --journal run.jsonl");
    let _ = env.line(&line).run().exits(9);
    let whole = env.text("run.jsonl");
    // What a killed run leaves is no edit.
    env.write("run.jsonl", format!("{whole}{{\"chan"));
    assert!(
        !env.line("journal run.jsonl")
            .run()
            .ok()
            .stderr
            .contains("warning")
    );
    env.write(
        "run.jsonl",
        format!("{whole}nonsense\n{{\"a\":1}}\n{{\"changed\":\"stray\",\"version\":3}}\n"),
    );
    let warning = "warning: the journal was edited: 2 lines cannot be read and 1 cluster is not in its header, such as `stray`; that is passed over";
    for line in [
        "journal run.jsonl",
        &format!("{LINE} --yes --resume run.jsonl"),
    ] {
        let run = env.line(line).run().ok();
        assert_eq!(run.stderr.matches("warning").count(), 1, "{run}");
        assert!(run.stderr.contains(warning), "{run}");
    }
}
