//! The ways to give settings: flags, `--set`, `--settings` (and the picker, `picker::`) say the same to the byte, in files and live,
//! and what is wrong is refused before anything is written.

use crate::support::manifests::{aws, hetzner};
use crate::support::{Env, Reader, Sandbox, read_yaml};
use mk8s::addon::param::SettingPlace;
use mk8s::addon::{Addon, CATALOG, ParamKind};
use serde_json::{Value, json};

const METRICS: &str = "metrics: {kubeState: true, scrapeAnnotated: {intervalSeconds: 30}}";

/// A manifest in which the add-on is on with what it must have and what it needs.
pub(crate) fn manifest(addon: &Addon) -> String {
    let mut settings = json!({});
    for param in addon.params.iter().filter(|param| param.required) {
        settings[param.field] = param.example_value();
    }
    let needs = addon.needs.iter().map(|key| format!("{key}: {{}}"));
    let mut lines: Vec<String> = needs.collect();
    lines.push(format!("{}: {settings}", addon.key));
    aws(
        "prod",
        &lines.iter().map(String::as_str).collect::<Vec<_>>(),
    )
}

/// The manifest after a run that succeeds.
pub(crate) fn after(env: &Env, before: &str, words: &[&str]) -> String {
    env.write("m.yaml", before);
    let mut args = vec!["addon", "enable"];
    args.extend(words);
    args.extend(["-f", "m.yaml"]);
    let _ = env.mk8s(&args).run().ok();
    env.text("m.yaml")
}

/// What the reader of `cpln` makes of a manifest.
fn read(text: &str) -> Value {
    let mut read = read_yaml(Reader::JsYaml, &[text.to_owned()]);
    read.remove(0).unwrap()
}

/// A value for the place that is not there by itself, as it is written on the command line.
pub(crate) fn word(place: &SettingPlace) -> String {
    match place.kind {
        kind if kind == place.param.kind => place.param.example().to_owned(),
        kind => kind.example().to_owned(),
    }
}

/// What stands at the place alone, as an object of settings.
fn object(place: &SettingPlace, value: &Value) -> Value {
    let mut settings = json!({});
    let path: mk8s::addon::path::Path = place.path.parse().unwrap();
    path.put(&mut settings, value.clone()).unwrap();
    settings
}

/// What else an item of a list must have, so that the result is right.
fn beside(place: &SettingPlace) -> Option<&'static str> {
    place
        .path
        .starts_with("mirrors[0].mirrors")
        .then_some("mirrors[0].registry=docker.io")
}

#[test]
fn flag_set_and_file_give_the_same_bytes_for_every_setting() {
    let env = Env::new();
    let mut compared = 0;
    for addon in CATALOG {
        let before = manifest(addon);
        for place in addon.places().iter().filter(|it| it.kind.is_single()) {
            let word = word(place);
            let value = place.kind.parse(&word).unwrap();
            let mut settings = object(place, &value);
            let assignment = format!("{}={word}", place.path);
            let mut words = vec![addon.name];
            if let Some(other) = beside(place) {
                words.extend(["--set", other]);
                settings["mirrors"][0]["registry"] = json!("docker.io");
            }
            words.extend(["--set", &assignment]);
            let by_set = after(&env, &before, &words);
            env.write("settings.yaml", settings.to_string());
            let by_file = after(&env, &before, &[addon.name, "--settings", "settings.yaml"]);
            if beside(place).is_none() {
                assert_eq!(by_set, by_file, "{} {}", addon.name, place.path);
            }
            if let Some(flag) = place.given(&word) {
                let words: Vec<&str> = [addon.name].into_iter().chain(flag.split(' ')).collect();
                assert_eq!(after(&env, &before, &words), by_set, "{flag}");
                // Before the add-on's name as well.
                let words: Vec<&str> = flag.split(' ').chain([addon.name]).collect();
                assert_eq!(after(&env, &before, &words), by_set, "{flag}");
            }
            // What is so already is no change.
            assert_eq!(
                after(&env, &by_set, &[addon.name, "--set", &assignment]),
                by_set
            );
            compared += 1;
        }
    }
    assert!(compared > 90, "{compared}");
}

/// A word that is no value of the kind.
fn wrong(kind: ParamKind) -> Option<&'static str> {
    match kind {
        ParamKind::AnyText | ParamKind::Any => None,
        ParamKind::Text => Some(""),
        ParamKind::Regex => Some("["),
        _ => Some("no such value"),
    }
}

#[test]
fn a_wrong_type_is_refused_with_path_and_reason_and_a_slip_with_the_nearest_path() {
    let env = Env::new();
    let mut refused = 0;
    for addon in CATALOG {
        let before = manifest(addon);
        env.write("m.yaml", &before);
        for place in addon.places() {
            let refuse = |words: &[&str]| {
                let mut args = vec!["addon", "enable", addon.name, "-f", "m.yaml"];
                args.extend(words);
                let run = env.mk8s(&args).run().exits(2);
                assert_eq!(env.text("m.yaml"), before, "{args:?}");
                assert!(
                    run.stderr.contains("because: ") || run.stderr.contains("hint: "),
                    "{run}"
                );
                run
            };
            if let Some(word) = wrong(place.kind) {
                let run = refuse(&["--set", &format!("{}={word}", place.path)]);
                assert!(run.stderr.contains(&place.path), "{run}");
                refused += 1;
            }
            let is_field = place.path.ends_with(place.param.field);
            if is_field && place.depth < 3 {
                let slip = format!("{}{}=1", place.path, "x");
                let _ = refuse(&["--set", &slip]).err(&place.path);
            }
        }
    }
    assert!(refused > 90, "{refused}");
}

#[test]
fn a_file_of_settings_is_merged_or_takes_the_place() {
    let env = Env::new();
    let before = aws("prod", &[METRICS]);
    env.write(
        "s.json",
        r#"{"coreDns": true, "kubeState": null, "scrapeAnnotated": {"retainLabels": "^a$"}}"#,
    );
    assert_eq!(
        after(&env, &before, &["metrics", "--settings", "s.json"]),
        aws(
            "prod",
            &[
                "metrics: {scrapeAnnotated: {intervalSeconds: 30, retainLabels: ^a$}, coreDns: true}"
            ]
        )
    );
    assert_eq!(
        after(
            &env,
            &before,
            &["metrics", "--settings", "s.json", "--replace-settings"]
        ),
        aws(
            "prod",
            &["metrics: {scrapeAnnotated: {retainLabels: ^a$}, coreDns: true}"]
        )
    );
    assert_eq!(
        after(
            &env,
            &before,
            &["metrics", "--unset", "scrapeAnnotated.intervalSeconds"]
        ),
        aws("prod", &["metrics: {kubeState: true, scrapeAnnotated: {}}"])
    );
    for (text, words) in [
        (
            "kubeState: 'true'",
            "`kubeState`: true or false is expected",
        ),
        ("kubestate: true", "did you mean `kubeState`?"),
        (
            "scrapeAnnotated: {interval: 1}",
            "did you mean `scrapeAnnotated.intervalSeconds`?",
        ),
        ("[1]", "an object is expected"),
        ("a: 1\n---\nb: 1", "2 documents"),
    ] {
        env.write("s.yaml", text);
        env.write("m.yaml", &before);
        let run = env
            .line("addon enable metrics -f m.yaml --settings s.yaml")
            .run();
        let _ = run.exits(2).err(words);
        assert_eq!(env.text("m.yaml"), before);
    }
    let run = env.line("addon enable metrics -f - --settings -").run();
    let _ = run.exits(2).err("stdin was named twice");
    let run = env
        .line("addon enable metrics -f m.yaml --settings nothing.yaml")
        .run();
    let _ = run.exits(3).err("nothing.yaml");
}

#[test]
fn a_value_that_is_not_what_it_looks_like_is_warned_about_in_settings_as_well() {
    let env = Env::new();
    env.write("m.yaml", aws("prod", &["metrics: {}"]));
    env.write("s.yaml", "scrapeAnnotated:\n  intervalSeconds: 0x1E\n");
    let run = env
        .line("addon enable metrics -f m.yaml --settings s.yaml")
        .run()
        .ok();
    let _ = run.err("warning: s.yaml:2:20: `0x1E` is the number 30");
    let line = "addon enable rocket -f m.yaml --unknown --set-json x=[1.30]";
    let run = env.line(line).run().ok();
    let _ = run.err("warning: --set-json:1:2: `1.30` is the number 1.3");
    env.write("s.yaml", "newer: 1\n");
    let run = env
        .line("addon enable metrics -f m.yaml --settings s.yaml")
        .run();
    let _ = run
        .exits(2)
        .err("hint: --unknown takes what is newer than this mk8s");
    let line = "addon enable metrics -f m.yaml --settings s.yaml --unknown";
    let _ = env.line(line).run();
}

#[test]
fn a_list_grows_by_one_and_a_setting_is_given_once() {
    let env = Env::new();
    let before = aws("prod", &["registryMirror: {}"]);
    let both = [
        "registry-mirror",
        "--set",
        "mirrors[0].registry=a",
        "--set",
        "mirrors[1].registry=b",
    ];
    let two = after(&env, &before, &both);
    let expected = aws(
        "prod",
        &["registryMirror: {mirrors: [{registry: a}, {registry: b}]}"],
    );
    assert_eq!(read(&two), read(&expected));
    for (line, code, words) in [
        (
            "--set mirrors[3].registry=c",
            6,
            "`mirrors` there has 2 items: the next is [2]",
        ),
        (
            "--set mirrors=x",
            2,
            "--set-json 'mirrors=…' gives it as a whole",
        ),
        (
            "--set mirrors[0].mirrors[0]=docker.io",
            2,
            "an address such as",
        ),
        (
            "--set mirrors[0].registry=x --set-json mirrors=[]",
            2,
            "was given twice",
        ),
        ("--set-json mirrors={}", 2, "a list is expected"),
        (
            "--set-json mirrors=[1]",
            2,
            "`[0]` in it: an object is expected",
        ),
        ("--set-json mirrors=[", 2, "it is no JSON"),
        ("--set mirrors", 2, "PATH=VALUE is expected"),
        ("--set =x", 2, "a name is missing"),
        ("--unset mirors", 6, "did you mean `mirrors`?"),
    ] {
        env.write("m.yaml", &two);
        let run = env
            .line(&format!("addon enable registry-mirror -f m.yaml {line}"))
            .run();
        let _ = run.exits(code).err(words);
        assert_eq!(env.text("m.yaml"), two, "{line}");
    }
}

#[test]
fn a_link_is_written_as_it_stands_there() {
    let env = Env::new();
    let before = aws("prod", &["byok: {location: /org/acme/location/edge}"]);
    for line in [
        "addon enable byok -f m.yaml --location //location/edge --dry-run --exit-code",
        "addon enable byok -f m.yaml --set location=//location/edge --dry-run --exit-code",
    ] {
        env.write("m.yaml", &before);
        let _ = env.line(line).run().ok();
    }
    env.write("m.yaml", &before);
    let run = env
        .line("addon enable byok -f m.yaml --location //secret/edge")
        .run();
    let _ = run
        .exits(2)
        .err("it is a link to a secret, and a location is expected");
}

#[test]
fn what_was_expected_is_there_or_nothing_is_written() {
    let env = Env::new();
    let before = aws("prod", &[METRICS]);
    env.write("m.yaml", &before);
    let line = "addon enable metrics -f m.yaml --core-dns=true --expect kubeState=false \
                --expect scrapeAnnotated.intervalSeconds= --expect cadvisor=";
    let run = env.line(line).run().exits(5);
    let run = run.err("its `kubeState` is `true`, and `false` was expected");
    let run = run.err("its `scrapeAnnotated.intervalSeconds` is `30`, and nothing was expected");
    assert!(!run.stderr.contains("cadvisor"), "{run}");
    let _ = env
        .line("addon disable metrics -f m.yaml --expect kubeState=false")
        .run()
        .exits(5);
    assert_eq!(env.text("m.yaml"), before);
    let line = "addon disable metrics -f m.yaml --expect kubeState=true --expect scrapeAnnotated.intervalSeconds=30";
    let _ = env.line(line).run().ok();
    assert!(!env.text("m.yaml").contains("metrics"));
    let run = env
        .line("addon enable metrics -f m.yaml --expect kubeState=maybe")
        .run();
    let _ = run.exits(2).err("`kubeState` cannot be `maybe`");
}

#[test]
fn what_the_catalogue_does_not_know_goes_on_where_that_is_said() {
    let env = Env::new();
    let before = aws("prod", &["headlamp: {}"]);
    env.write("m.yaml", &before);
    let run = env.line("addon enable rocket -f m.yaml").run();
    let _ = run
        .exits(2)
        .err("--unknown switches on a key that mk8s does not know");
    let run = env
        .line("addon enable rocket -f m.yaml --unknown --set thrust=2")
        .run();
    let _ = run.exits(2).err("--set-json any value");
    let run = env.line("addon enable 9x -f m.yaml --unknown").run();
    let _ = run.exits(2).err("cannot be an add-on's key");
    let words = [
        "rocket",
        "--unknown",
        "--set-json",
        "thrust=2",
        "--set-string",
        "fuel.kind=3",
    ];
    let on = after(&env, &before, &words);
    assert_eq!(
        on,
        aws(
            "prod",
            &[
                "headlamp: {}",
                "rocket:\n      fuel:\n        kind: '3'\n      thrust: 2"
            ]
        )
    );
    // Of a known add-on a setting that is newer.
    let newer = after(
        &env,
        &before,
        &["headlamp", "--set-json", "theme={\"dark\":true}"],
    );
    assert_eq!(
        read(&newer)[0]["spec"]["addOns"]["headlamp"],
        json!({"theme": {"dark": true}})
    );
}

#[test]
fn the_same_ways_reach_a_live_cluster() {
    let mut env = Env::new();
    let sandbox = Sandbox::holding(&mut env, &[hetzner("edge", &[METRICS])], &[]);
    env.write(
        "s.yaml",
        "coreDns: true\nscrapeAnnotated: {intervalSeconds: 60}\n",
    );
    for (line, metrics) in [
        (
            "--settings s.yaml",
            json!({"kubeState": true, "coreDns": true, "scrapeAnnotated": {"intervalSeconds": 60}}),
        ),
        (
            "--set scrapeAnnotated.retainLabels=^a$ --unset coreDns",
            json!({"kubeState": true, "scrapeAnnotated": {"intervalSeconds": 60, "retainLabels": "^a$"}}),
        ),
        (
            "--kube-state=false --expect kubeState=true",
            json!({"kubeState": false, "scrapeAnnotated": {"intervalSeconds": 60, "retainLabels": "^a$"}}),
        ),
        (
            "--settings s.yaml --replace-settings",
            json!({"coreDns": true, "scrapeAnnotated": {"intervalSeconds": 60}}),
        ),
    ] {
        let _ = env
            .line(&format!("addon enable metrics -c edge {line}"))
            .run()
            .ok();
        assert_eq!(
            sandbox.cluster("edge")["spec"]["addOns"]["metrics"],
            metrics,
            "{line}"
        );
        let again = line
            .split(" --expect")
            .next()
            .unwrap()
            .split(" --unset")
            .next()
            .unwrap();
        let line = format!("addon enable metrics -c edge {again} --dry-run --exit-code");
        let _ = env.line(&line).run().ok();
    }
    let run = env
        .line("addon enable metrics -c edge --core-dns=false --expect coreDns=false")
        .run();
    let _ = run.exits(5);
    // The server refuses what is newer than it is.
    let run = env
        .line("addon enable metrics -c edge --set-json sparkle=1")
        .run();
    let _ = run
        .exits(6)
        .err("\"spec.addOns.metrics.sparkle\" is not allowed");
}

/// What a template rendered nothing into, and a key that stands there twice, is no wish.
#[test]
fn a_file_of_settings_that_says_nothing_or_two_things_is_refused() {
    let env = Env::new();
    let manifest = hetzner("edge", &["metrics: {kubeState: true}"]);
    for (content, words) in [
        ("", "it is empty"),
        ("# nothing\n", "it is empty"),
        ("~\n", "it is empty"),
        ("[]\n", "no settings"),
        (
            "kubeState: true\nkubeState: false\n",
            "`kubeState` is written twice",
        ),
        (
            "{\"kubeState\": true, \"kubeState\": false}",
            "`kubeState` is written twice",
        ),
    ] {
        for more in ["", " --replace-settings"] {
            env.write("m.yaml", &manifest);
            env.write("s.yaml", content);
            let line = format!("addon enable metrics -f m.yaml --settings s.yaml{more}");
            let _ = env.line(&line).run().exits(2).silent().err(words);
            assert_eq!(env.text("m.yaml"), manifest, "{content}");
        }
    }
    env.write("s.yaml", "{}");
    let line = "addon enable metrics -f m.yaml --settings s.yaml --replace-settings";
    let _ = env.line(line).run().ok();
    assert_eq!(env.text("m.yaml"), hetzner("edge", &["metrics: {}"]));
}
