//! Writes whose answers are lost, and others who write at the same time: what is there decides, and
//! nothing goes that nobody agreed to.

use crate::support::manifests::{aws, hetzner};
use crate::support::{Env, Sandbox, Terminal};
use serde_json::{Value, json};

fn live(clusters: &[String], flags: &[&str]) -> (Env, Sandbox) {
    let mut env = Env::new();
    let sandbox = Sandbox::holding(&mut env, clusters, flags);
    (env, sandbox)
}

fn count(sandbox: &Sandbox, method: &str) -> usize {
    let requests = sandbox.requests();
    requests.iter().filter(|it| it.starts_with(method)).count()
}

fn add_ons(sandbox: &Sandbox, name: &str) -> Value {
    sandbox.cluster(name)["spec"]["addOns"].clone()
}

/// Somebody else changes a cluster, or makes one.
fn meanwhile(sandbox: &Sandbox, method: &str, path: &str, body: &Value) {
    let path = format!("/org/{}/mk8s{path}", sandbox.org());
    let (status, answer) = sandbox.call(method, &path, &body.to_string());
    assert!(status < 300, "{status} {answer}");
}

#[test]
fn a_cluster_is_made_once_whatever_becomes_of_the_answers() {
    for (line, method) in [
        ("apply -f new.yaml", "POST"),
        ("apply -f new.yaml --put --yes", "PUT"),
    ] {
        for (fault, sent) in [
            // Done, and the answer is lost: it is not sent again.
            ("cut,times=1,after", 1),
            // Lost on the way there: reading shows nothing, so that it is.
            ("cut,times=1", 2),
            ("status=503,times=3", 4),
        ] {
            let (env, sandbox) = live(&[aws("prod", &[])], &[]);
            sandbox.fault(&fault.replace(",times", &format!(",on={method},times")));
            env.write("new.yaml", aws("new", &["headlamp: {}"]));
            let run = env.line(&format!("{line} -o json")).run();
            assert_eq!(run.code, 0, "{line} {fault}\n{run}");
            let item = run.json()["items"][0].take();
            assert_eq!(item["action"], "created", "{line} {fault}");
            assert_eq!(item["verified"], true, "{line} {fault}");
            assert_eq!(count(&sandbox, method), sent, "{line} {fault}");
            assert_eq!(add_ons(&sandbox, "new"), json!({"headlamp": {}}));
        }
    }
}

#[test]
fn a_server_that_loses_every_answer_ends_the_run() {
    for (line, method, name) in [
        ("apply -f new.yaml", "POST", "new"),
        ("apply -f new.yaml --put --yes", "PUT", "new"),
        ("apply -f prod.yaml", "PATCH", "prod"),
        ("apply -f prod.yaml --put --yes", "PUT", "prod"),
        ("addon enable headlamp -c prod", "PATCH", "prod"),
    ] {
        let (env, sandbox) = live(&[aws("prod", &[])], &[]);
        sandbox.fault(&format!("cut,on={method}"));
        env.write("new.yaml", aws("new", &["headlamp: {}"]));
        env.write("prod.yaml", aws("prod", &["headlamp: {}"]));
        let _ = env.line(line).run().exits(8).silent().err(&format!(
            "It was sent 4 times without an answer, and reading `{name}` back does not show the change."
        ));
        assert_eq!(count(&sandbox, method), 4, "{line}");
    }
}

#[test]
fn a_cluster_that_cannot_be_made_and_is_not_there_is_a_conflict() {
    let (env, sandbox) = live(&[aws("prod", &[])], &[]);
    sandbox.fault("status=409,on=POST");
    env.write("new.yaml", aws("new", &[]));
    let _ = env
        .line("apply -f new.yaml")
        .run()
        .exits(5)
        .silent()
        .err("error: the cluster in new.yaml was not applied to `new`")
        .err(
            "Control Plane said 4 times that it is there, and answers reads of it with 404 or 403",
        );
    assert_eq!(count(&sandbox, "POST"), 4);
}

/// What was agreed to is what was shown.
#[test]
fn what_others_add_meanwhile_is_not_removed_by_an_old_yes() {
    for flags in ["--prune-addons", "--put", "--put --prune-addons"] {
        let (env, sandbox) = live(&[hetzner("edge", &["logs: {}"])], &[]);
        env.write("edge.yaml", hetzner("edge", &["headlamp: {}"]));
        let line = format!("apply -f edge.yaml {flags}");
        // `--put` has no lock: it would be sent over what others did, but for the server's refusal.
        sandbox.fault("status=409,on=PUT,times=1");
        let mut terminal = Terminal::start(&env, &line);
        let _ = terminal.until("[y/N]");
        let more = json!({"spec": {"addOns": {"dashboard": {}}}});
        meanwhile(&sandbox, "PATCH", "/edge", &more);
        terminal.type_in("y\n");
        let (code, screen) = terminal.end();
        assert_eq!(code, 5, "{flags}\n{screen}");
        assert!(
            screen.contains("it was changed while this ran, and has spec.addOns.dashboard"),
            "{flags}\n{screen}"
        );
        assert_eq!(
            add_ons(&sandbox, "edge"),
            json!({"logs": {}, "dashboard": {}}),
            "{flags}"
        );
    }
}

#[test]
fn a_cluster_that_others_make_meanwhile_is_changed_and_keeps_what_they_gave_it() {
    let (env, sandbox) = live(&[aws("prod", &[])], &[]);
    let two = format!(
        "{}---\n{}",
        aws("prod", &["headlamp: {}"]),
        aws("new", &["headlamp: {}"])
    );
    env.write("two.yaml", two);
    let mut terminal = Terminal::start(&env, "apply -f two.yaml");
    let _ = terminal.until("[y/N]");
    let mut theirs = sandbox.cluster("prod");
    theirs["name"] = json!("new");
    theirs["spec"]["addOns"] = json!({"dashboard": {}});
    for field in [
        "id",
        "version",
        "status",
        "links",
        "created",
        "lastModified",
    ] {
        theirs.as_object_mut().unwrap().shift_remove(field);
    }
    meanwhile(&sandbox, "POST", "", &theirs);
    terminal.type_in("y\n");
    let (code, screen) = terminal.end();
    assert_eq!(code, 0, "{screen}");
    assert!(
        screen.contains("warning: new: it came into being while this ran"),
        "{screen}"
    );
    assert_eq!(
        add_ons(&sandbox, "new"),
        json!({"dashboard": {}, "headlamp": {}})
    );
}

#[test]
fn a_cluster_that_goes_meanwhile_is_not_made_again() {
    for flags in ["", "--put"] {
        let (env, sandbox) = live(&[aws("prod", &[]), aws("other", &[])], &[]);
        let two = format!(
            "{}---\n{}",
            aws("prod", &["headlamp: {}"]),
            aws("other", &["logs: {}"])
        );
        env.write("two.yaml", two);
        sandbox.fault("status=409,on=PUT,times=1");
        let mut terminal = Terminal::start(&env, &format!("apply -f two.yaml {flags}"));
        let _ = terminal.until("[y/N]");
        meanwhile(&sandbox, "DELETE", "/prod", &Value::Null);
        terminal.type_in("y\n");
        let (code, screen) = terminal.end();
        assert_eq!(code, 9, "{flags}\n{screen}");
        assert!(screen.contains("prod"), "{screen}");
        assert!(
            sandbox.answers(404, "GET", "/org/sandbox/mk8s/prod", ""),
            "{flags}"
        );
    }
}

/// A yes is for the cluster that was there when it was asked.
#[test]
fn a_cluster_that_was_made_anew_meanwhile_is_not_changed_by_an_old_yes() {
    let (env, sandbox) = live(&[hetzner("edge", &["logs: {}"])], &[]);
    let mut terminal = Terminal::start(&env, "addon disable logs -c edge");
    let _ = terminal.until("[y/N]");
    let old = sandbox.cluster("edge");
    let path = format!("/org/{}/mk8s", sandbox.org());
    let (status, _) = sandbox.call("DELETE", &format!("{path}/edge"), "");
    assert!((200..300).contains(&status), "{status}");
    let made = json!({"kind": "mk8s", "name": "edge", "spec": old["spec"]});
    let (status, answer) = sandbox.call("POST", &path, &made.to_string());
    assert!((200..300).contains(&status), "{status} {answer}");
    terminal.type_in("y\n");
    let (code, screen) = terminal.end();
    assert_eq!(code, 5, "{screen}");
    assert!(
        screen.contains("it was made since under the same name"),
        "{screen}"
    );
    assert_eq!(add_ons(&sandbox, "edge"), json!({"logs": {}}));
}
