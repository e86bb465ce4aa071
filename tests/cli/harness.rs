//! The test bed itself: a harness that lets things slip would make every other test worthless.

use crate::support::{Answer, Env, Fake, Reader, read_yaml};
use serde_json::json;

#[test]
fn nothing_of_the_callers_environment_gets_in() {
    let run = Env::new().sh("env").run().ok();
    let mut names: Vec<&str> = run
        .stdout
        .lines()
        .filter_map(|line| Some(line.split_once('=')?.0))
        .filter(|name| !matches!(*name, "PWD" | "OLDPWD" | "SHLVL" | "_"))
        .collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "COLUMNS", "HOME", "LANG", "NO_COLOR", "PATH", "TERM", "TMPDIR", "TZ"
        ]
    );
}

#[test]
fn input_output_and_the_exit_code_come_through() {
    let run = Env::new()
        .sh("cat; echo words >&2; exit 7")
        .stdin("data")
        .run()
        .exits(7);
    assert_eq!(
        run.to_string(),
        "exit 7\n--- stdout\ndata(no newline)\n--- stderr\nwords\n"
    );
}

#[test]
#[should_panic(expected = "had not ended after")]
fn a_process_that_hangs_is_a_failure() {
    let _ = Env::new()
        .sh("exec sleep 60")
        .limit(std::time::Duration::from_millis(50))
        .run();
}

#[test]
fn the_fake_server_follows_its_script_and_records() {
    let fake = Fake::serve(vec![
        Answer::json(503, &json!({"message": "later"})),
        Answer::Close,
        Answer::json(200, &json!({"kind": "mk8s"})),
    ]);
    let env = Env::new();
    let get = format!(
        "import urllib.request as r, sys\n\
         try:\n print(r.urlopen(r.Request('{}/x?y', headers={{'Authorization': 'Bearer t'}})).read())\n\
         except Exception as e: print(type(e).__name__)",
        fake.endpoint()
    );
    let python = || {
        env.program("python3".as_ref(), &["-c", &get])
            .run()
            .ok()
            .stdout
    };
    assert_eq!(python(), "HTTPError\n");
    assert_eq!(python(), "RemoteDisconnected\n");
    assert_eq!(python(), "b'{\"kind\":\"mk8s\"}'\n");
    assert_eq!(python(), "b'{\"kind\":\"mk8s\"}'\n");
    let seen = fake.seen();
    assert_eq!(seen.len(), 4);
    assert_eq!(
        (seen[0].method.as_str(), seen[0].path.as_str()),
        ("GET", "/x?y")
    );
    assert_eq!(seen[0].authorization.as_deref(), Some("Bearer t"));
}

#[test]
fn the_yaml_witnesses_are_there_and_are_the_ones_we_think() {
    let texts = ["a: 012\nb: 1\nb: 2\n".to_owned(), "a: [\n".to_owned()];
    let js = read_yaml(Reader::JsYaml, &texts);
    // The client's reader takes a leading zero for a decimal number and lets the last key win.
    assert_eq!(js[0], Ok(json!([{"a": 12, "b": 2}])));
    assert!(js[1].is_err());
    let py = read_yaml(Reader::PyYaml, &texts);
    assert_eq!(py[0], Ok(json!([{"a": 10, "b": 2}])));
    assert!(py[1].is_err());
}

#[test]
fn the_real_client_is_there() {
    let run = Env::new().cpln(&["--version"]).run().ok();
    assert!(run.stdout.contains("3.10.1"), "{run}");
}
