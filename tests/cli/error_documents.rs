//! A failure as a document: whoever asks for JSON or YAML gets one, whatever went wrong and whenever.

use crate::support::manifests::{aws, hetzner};
use crate::support::{Env, Inside, Run, Sandbox};
use serde_json::{Value, json};

const BROKEN: &str = "kind: mk8s\nname: prod\nspec:\n  addOns: [\n";

fn place() -> (Env, Sandbox) {
    let mut env = Env::new();
    let on = "awsWorkloadIdentity: {}";
    let sandbox = Sandbox::holding(&mut env, &[aws("prod", &[on]), hetzner("edge", &[])], &[]);
    env.write("prod.yaml", aws("prod", &[on]));
    env.write("broken.yaml", BROKEN);
    env.write(
        "twice.yaml",
        "kind: mk8s\nname: prod\nspec:\n  addOns:\n    logs: {}\n    logs: {}\n",
    );
    (env, sandbox)
}

fn run(env: &Env, line: &str) -> Run {
    let words: Vec<String> = line
        .split(' ')
        .map(|word| match word.strip_suffix(".yaml") {
            Some(_) => env.path(word).display().to_string(),
            None => word.to_owned(),
        })
        .collect();
    Inside::new(env, &words).run()
}

/// Commands that fail as a whole, with the code and a word of the message.
const FAILURES: [(&str, i32, &str); 16] = [
    // What the parser of the command line says.
    ("addon list --nonsense", 2, "'--nonsense'"),
    ("addon enable", 2, "no add-on"),
    ("nonsense", 2, "nonsense"),
    ("addon list -c prod --timeout soon", 2, "soon"),
    // What is known before anything is sent.
    ("addon show nonsense -c prod", 2, "nonsense"),
    ("addon enable aws-ecr", 2, ""),
    ("addon enable aws-ecr -f absent.yaml", 3, "absent.yaml"),
    ("addon enable aws-ecr -f broken.yaml", 6, "syntax error"),
    ("apply -f twice.yaml", 6, "not applied"),
    ("diff -f broken.yaml", 6, "syntax error"),
    ("check --only nonsense -c prod", 2, "nonsense"),
    // What the platform says.
    ("addon show aws-ecr -c nobody", 3, "nobody"),
    ("addon enable aws-ecr -c edge", 6, "aws-ecr"),
    (
        "addon disable aws-workload-identity -c prod --no-input",
        2,
        "",
    ),
    ("aws status aws-ecr -c nobody", 4, "AWS account"),
    (
        "addon list -c prod --endpoint http://127.0.0.1:1",
        8,
        "prod",
    ),
];

fn complete(document: &Value, code: i32) {
    let text = |field: &str| document[field].as_str().map(str::to_owned);
    assert_eq!(text("schema").as_deref(), Some("mk8s/v1"), "{document}");
    assert_eq!(text("kind").as_deref(), Some("Error"), "{document}");
    assert_eq!(document["code"], json!(code), "{document}");
    assert!(
        text("name").is_some_and(|name| !name.is_empty()),
        "{document}"
    );
    assert!(
        text("message").is_some_and(|it| !it.is_empty()),
        "{document}"
    );
    for field in ["because", "notes", "hints", "errors"] {
        assert!(document[field].is_array(), "{field} of {document}");
    }
    for field in ["file", "line", "column", "requestId"] {
        assert!(document.get(field).is_some(), "{field} of {document}");
    }
}

#[test]
fn a_failure_of_the_whole_command_is_a_document() {
    let (env, _sandbox) = place();
    for (line, code, message) in FAILURES {
        let text = run(&env, line).exits(code).silent();
        let json = run(&env, &format!("{line} -o json")).exits(code);
        let document = json.json();
        complete(&document, code);
        assert!(
            document["message"].as_str().unwrap().contains(message),
            "{line}\n{json}"
        );
        // The words are there all the same, for whoever reads a log.
        let first = |run: &Run| run.stderr.lines().next().map(str::to_owned);
        assert_eq!(first(&json), first(&text), "{line}");
        let yaml = run(&env, &format!("{line} -o yaml")).exits(code);
        let yaml: Value = serde_yaml::from_str(&yaml.stdout).unwrap();
        // But for the id that the server gives each request.
        assert_eq!(yaml["message"], document["message"], "{line}");
        for format in ["names", "jsonpath=$"] {
            let _ = run(&env, &format!("{line} -o {format}"))
                .exits(code)
                .silent();
        }
    }
}

#[test]
fn error_format_json_is_one_line_on_stderr_whatever_is_printed() {
    let (env, _sandbox) = place();
    let bare = [
        ("addon trust-policy -c nobody", 3, "nobody"),
        ("addon oidc-url --nonsense", 2, "'--nonsense'"),
        ("cluster get nobody", 3, "nobody"),
    ];
    for (line, code, message) in FAILURES.into_iter().chain(bare) {
        for format in ["", " -o json", " -o names"] {
            let run = run(&env, &format!("{line} --error-format json{format}"));
            let run = run.exits(code).silent();
            let last = run.stderr.lines().last().unwrap_or_default();
            let document: Value = serde_json::from_str(last)
                .unwrap_or_else(|error| panic!("{line}{format}: {error}\n{run}"));
            complete(&document, code);
            let text = document["message"].as_str().unwrap();
            assert!(text.contains(message), "{line}\n{run}");
            assert!(!run.stderr.contains("error: "), "{line}\n{run}");
        }
    }
}

#[test]
fn what_is_bare_stays_empty() {
    let (env, _sandbox) = place();
    for (line, code) in [
        ("addon trust-policy -c nobody", 3),
        ("addon trust-policy --nonsense", 2),
        ("addon oidc-url -c nobody", 3),
        ("addon oidc-url", 2),
        ("cluster get nobody", 3),
        ("cluster get", 2),
        ("cluster list --endpoint http://127.0.0.1:1", 8),
        ("aws permissions --for nonsense", 2),
        ("completion nonsense", 2),
    ] {
        for format in ["json", "yaml"] {
            let run = run(&env, &format!("{line} -o {format}"));
            let _ = run.exits(code).silent().err("error: ");
        }
    }
    let words = ["addon", "enable", "logs", "-f", "-", "-o", "json"];
    let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
    let run = Inside::new(&env, &words).stdin(BROKEN).run();
    let _ = run.exits(2).silent().err("stdout is the edited manifest");
}

#[test]
fn the_place_in_a_file_is_a_value() {
    let (env, _sandbox) = place();
    let file = |name: &str| env.path(name).display().to_string();
    for (line, name, place) in [
        (
            "addon enable logs -f twice.yaml",
            "twice.yaml",
            json!([6, 5]),
        ),
        ("apply -f twice.yaml", "twice.yaml", json!([6, 5])),
        (
            "addon enable logs -f absent.yaml",
            "absent.yaml",
            json!([null, null]),
        ),
    ] {
        let document = run(&env, &format!("{line} -o json")).json();
        assert_eq!(document["file"], json!(file(name)), "{line} {document}");
        let found = json!([document["line"], document["column"]]);
        assert_eq!(found, place, "{line} {document}");
    }
    let both = run(
        &env,
        "addon enable logs -f twice.yaml -f broken.yaml -o json",
    )
    .exits(6);
    let document = both.json();
    let errors = document["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 2, "{both}");
    for name in ["twice.yaml", "broken.yaml"] {
        let named = json!(file(name));
        assert!(errors.iter().any(|it| it["file"] == named), "{both}");
    }
}

/// With several targets it is the command's list, however many of them fail.
#[test]
fn several_targets_are_the_command_s_list_also_when_all_fail() {
    let (env, _sandbox) = place();
    for (line, kind) in [
        ("addon list", "AddonList"),
        ("addon show aws-ecr", "AddonList"),
        ("addon enable logs --yes", "AddonChanges"),
        ("addon disable logs --yes", "AddonChanges"),
    ] {
        for (targets, code) in [("-c nobody -c nowhere", 3), ("-c prod -c nobody", 9)] {
            let run = run(&env, &format!("{line} {targets} -o json")).exits(code);
            let document = run.json();
            assert_eq!(document["kind"], json!(kind), "{line} {targets}");
            let items = document["items"].as_array().unwrap();
            let failed = items.iter().filter(|item| item["error"].is_object());
            let codes: Vec<&Value> = failed.map(|item| &item["error"]["code"]).collect();
            let expected = if code == 9 { 1 } else { 2 };
            assert_eq!(codes, vec![&json!(3); expected], "{line} {targets}\n{run}");
        }
    }
}

/// Fields that an item's error had before there were documents of failures.
#[test]
fn the_error_of_an_item_keeps_its_fields() {
    let (env, _sandbox) = place();
    let run = run(&env, "addon enable logs -c prod -c nobody --yes -o json");
    let error = run.exits(9).json()["items"][1]["error"].take();
    assert_eq!(error["schema"], json!("mk8s/v1"));
    assert_eq!(error["kind"], json!("not-found"));
    assert_eq!(error["name"], json!("not-found"));
    assert_eq!(error["code"], json!(3));
}

#[test]
fn a_cluster_that_is_not_there_fails_its_check() {
    let (env, _sandbox) = place();
    let run = run(&env, "check -c nobody -o json").exits(11);
    let document = run.json();
    assert_eq!(document["kind"], json!("CheckReport"));
    let failed = document["items"].as_array().unwrap().iter();
    let failed: Vec<&Value> = failed
        .filter(|item| item["state"] == "fail")
        .map(|item| &item["id"])
        .collect();
    assert_eq!(failed, [&json!("cluster-exists")]);
}

#[test]
fn apply_says_what_differed() {
    let (env, _sandbox) = place();
    env.write("prod.yaml", aws("prod", &["headlamp: {}"]));
    for flags in ["--dry-run", ""] {
        let run = run(
            &env,
            &format!("apply -f prod.yaml {flags} -o json").replace("  ", " "),
        );
        let item = run.ok().json()["items"][0].take();
        let found: Vec<Value> = item["differences"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| json!([one["path"], one["state"]]))
            .collect();
        assert_eq!(
            found,
            [
                json!(["spec.addOns.headlamp", "manifest-only"]),
                json!(["spec.addOns.awsWorkloadIdentity", "live-only"]),
            ],
            "{flags}"
        );
    }
}

#[test]
fn the_reason_and_the_hint_of_a_usage_error_have_fields_of_their_own() {
    let env = Env::new();
    let run = run(&env, "addon enable nvidia --role-arn x -o json").exits(2);
    let document = run.json();
    assert_eq!(document["message"], "`nvidia` has no setting --role-arn");
    assert_eq!(
        document["because"],
        json!(["it is one of aws-ecr, aws-efs, aws-elb"])
    );
    assert_eq!(
        document["hints"],
        json!([
            "`mk8s addon explain nvidia` shows its settings",
            "add --help for the usage"
        ])
    );
}
