//! Promises to scripts that hold for every command alike.

use crate::support::manifests::{ROLE, aws, hetzner};
use crate::support::{ACCOUNT, Bed, Env, Inside, Run, Sandbox, insist};
use crate::walk::{history, journal};
use serde_json::{Value, json};

/// What stdout is with `-o json`.
#[derive(Debug, Clone, Copy)]
enum Prints {
    /// A document of this kind with an item for each target, however many there are.
    Items(&'static str),
    /// The first for one target, the second for several.
    OneOrItems(&'static str, &'static str),
    /// A document of this kind.
    Whole(&'static str),
    /// An object, a string or a script, and nothing when it fails.
    Bare,
}

/// What the targets of a command are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Targets {
    None,
    /// `-c NAME`, any number.
    Clusters,
    /// `-c NAME`, once.
    Cluster,
    /// The argument.
    Argument,
    /// `-f FILE`, any number.
    Files,
}

/// How a command is called here; `{}` is where the targets go.
#[derive(Debug, Clone, Copy)]
struct Row {
    line: &'static str,
    targets: Targets,
    prints: Prints,
    /// The exit code for one good target.
    good: i32,
}

/// The row of a command of the tree. A new command has none, and fails the test until it is here.
fn row(path: &str) -> Option<Row> {
    use Prints::{Bare, Items, OneOrItems, Whole};
    use Targets::{Argument, Cluster, Clusters, Files, None as NoTarget};
    let row = |line, targets, prints| Row {
        line,
        targets,
        prints,
        good: 0,
    };
    let addon = OneOrItems("Addon", "AddonList");
    Some(match path {
        "addon list" => row("addon list {}", Clusters, Items("AddonList")),
        "addon show" => row("addon show aws-ecr {}", Clusters, addon),
        "addon explain" => row("addon explain aws-ecr {}", Clusters, addon),
        "addon disable" => Row {
            good: 10,
            ..row(
                "addon disable aws-ecr {} --dry-run --exit-code",
                Clusters,
                Items("AddonChanges"),
            )
        },
        "addon set" => row(
            "addon set set.yaml {} --dry-run",
            Clusters,
            Items("AddonChanges"),
        ),
        "addon copy" => row(
            "addon copy --from edge --to edge2 --dry-run",
            NoTarget,
            Items("AddonChanges"),
        ),
        "addon pull" => row(
            "addon pull -f edge.yaml {} --dry-run",
            Cluster,
            Items("AddonChanges"),
        ),
        "addon trust-policy" => row("addon trust-policy {}", Cluster, Bare),
        "addon oidc-url" => row("addon oidc-url {}", Cluster, Bare),
        "aws setup" => row("aws setup aws-ecr {} --dry-run", Clusters, Items("AwsPlan")),
        "aws status" => row("aws status aws-ecr {}", Clusters, Items("AwsStatus")),
        "aws teardown" => row(
            "aws teardown aws-ecr {} --dry-run",
            Clusters,
            Items("AwsPlan"),
        ),
        "aws emit" => row(
            "aws emit aws-ecr {} --format plan",
            Clusters,
            Items("AwsPlan"),
        ),
        "aws repository-policy" => row(
            "aws repository-policy aws-ecr {} --image 999999999999.dkr.ecr.eu-central-1.amazonaws.com/shop:1",
            Clusters,
            Items("AwsPlan"),
        ),
        "aws permissions" => row("aws permissions", NoTarget, Bare),
        "aws workload" => row(
            "aws workload --image 999999999999.dkr.ecr.eu-central-1.amazonaws.com/shop:1",
            NoTarget,
            Bare,
        ),
        "apply" => row("apply {} --dry-run", Files, Items("ApplyResult")),
        "diff" => row("diff {}", Files, Items("Diff")),
        "check" => row(
            "check {} --only control-plane",
            Clusters,
            Whole("CheckReport"),
        ),
        "validate" => row("validate {}", Files, Whole("CheckReport")),
        "cluster list" => row("cluster list", NoTarget, Bare),
        "cluster get" => row("cluster get {}", Argument, Bare),
        "auth status" => row("auth status", NoTarget, Whole("Auth")),
        "completion" => row("completion bash", NoTarget, Bare),
        "cluster wait" => row(
            "cluster wait {} --for=jsonpath={.name} --wait 1s",
            Clusters,
            Items("Waits"),
        ),
        "journal" => row("journal run.jsonl", NoTarget, Whole("Journal")),
        "undo" => row("undo --dry-run", NoTarget, Items("AddonChanges")),
        "history" => row("history", NoTarget, Items("History")),
        "schema" => row("schema --of Error", NoTarget, Bare),
        "help" => row("help addon enable", NoTarget, Bare),
        "man" => row("man", NoTarget, Bare),
        "version" => row("version", NoTarget, Whole("Version")),
        _ => return None,
    })
}

/// Commands that serve, or run another program: they print what that one prints.
const SERVE: [&str; 3] = ["sandbox start", "sandbox run", "sandbox token"];

/// Every command of the tree that does something, by its words.
fn leaves() -> Vec<String> {
    fn walk(command: &clap::Command, path: &str, leaves: &mut Vec<String>) {
        let below: Vec<&clap::Command> = command.get_subcommands().collect();
        if below.is_empty() {
            leaves.push(path.trim_start().to_owned());
        }
        for one in below {
            walk(one, &format!("{path} {}", one.get_name()), leaves);
        }
    }
    let mut leaves = Vec::new();
    walk(&mk8s::cli::command(), "", &mut leaves);
    leaves
}

/// The rows of all commands that are not servers.
fn rows() -> Vec<(String, Row)> {
    let mut rows = Vec::new();
    for path in leaves() {
        if SERVE.contains(&path.as_str()) {
            continue;
        }
        // One command for each add-on, all of the same form; a few need settings and are refused.
        let (line, row) = if let Some(addon) = path.strip_prefix("addon enable ") {
            let row = Row {
                line: "addon enable",
                targets: Targets::Clusters,
                prints: Prints::Items("AddonChanges"),
                good: match addon {
                    "aws-efs" | "azure-acr" | "byok" | "kubevirt" => 6,
                    _ => 0,
                },
            };
            (format!("addon enable {addon} {{}} --dry-run"), row)
        } else {
            let row = row(&path).unwrap_or_else(|| panic!("`{path}` has no row in the contract"));
            (row.line.to_owned(), row)
        };
        rows.push((line, row));
    }
    rows
}

/// Sets of targets, and whether each is there.
const SETS: [&[(&str, bool)]; 4] = [
    &[("edge", true)],
    &[("nobody", false)],
    &[("edge", true), ("nobody", false)],
    &[("nobody", false), ("nowhere", false)],
];

/// The line for a set of targets; `None` if the command does not take so many.
fn with(env: &Env, line: &str, row: Row, set: &[(&str, bool)]) -> Option<String> {
    let takes_one = matches!(row.targets, Targets::Cluster | Targets::Argument);
    let takes_none = row.targets == Targets::None;
    if takes_one && set.len() > 1 || takes_none && set != SETS[0] {
        return None;
    }
    let words: Vec<String> = set
        .iter()
        .map(|(name, is_good)| match row.targets {
            Targets::Argument => (*name).to_owned(),
            Targets::Files => {
                let file = env.path(&format!("{name}.yaml"));
                assert_eq!(file.exists(), *is_good);
                format!("-f {}", file.display())
            }
            _ => format!("-c {name}"),
        })
        .collect();
    let mut line = line.to_owned();
    for file in ["run.jsonl", "set.yaml", "edge.yaml"] {
        line = line.replace(file, &env.path(file).to_string_lossy());
    }
    Some(line.replace("{}", &words.join(" ")))
}

fn bed() -> Bed {
    let role = ROLE.replace("999999999999", ACCOUNT);
    let ecr = format!("awsECR: {{roleArn: \"{role}\"}}");
    let add_ons = ["awsWorkloadIdentity: {}", ecr.as_str(), "metrics: {}"];
    let edge = hetzner("edge", &add_ons);
    let other = edge.replace("name: edge", "name: edge2");
    let bed = Bed::holding(&[edge.clone(), other], &[]);
    bed.env.write("edge.yaml", edge);
    bed.env.write("set.yaml", "logs: {}\n");
    bed.env
        .write("run.jsonl", journal("edge", "headlamp", "422"));
    let file =
        json!({"kind": "file", "path": bed.env.path("edge.yaml"), "document": 1, "name": "edge"});
    history(&bed.env, "0000", &file);
    bed
}

fn inside(env: &Env, line: &str) -> Run {
    // The AWS SDK takes the keys of the process, not of the call.
    if line.starts_with("aws ") {
        return env.line(line).run();
    }
    let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
    Inside::new(env, &words).run()
}

/// Looks at one call in every format.
fn holds(env: &Env, line: &str, row: Row, set: &[(&str, bool)]) -> Result<(), String> {
    let text = inside(env, line);
    let json = inside(env, &format!("{line} -o json"));
    let names = inside(env, &format!("{line} -o names"));
    for other in [&json, &names] {
        insist!(other.code == text.code, "{}, {other}", text.code);
    }
    let code = expected(row, set);
    insist!(code.contains(&text.code), "{code:?} is expected\n{text}");
    insist!(!names.stdout.starts_with('{'), "{names}");
    let failed = !matches!(json.code, 0 | 10 | 11);
    if let Prints::Bare = row.prints {
        insist!(!failed || json.stdout.is_empty(), "it is not bare\n{json}");
        return Ok(());
    }
    let document: Value = serde_json::from_str(&json.stdout)
        .map_err(|error| format!("not one document: {error}\n{json}"))?;
    let kind = document["kind"].as_str().unwrap_or_default();
    let several = set.len() > 1;
    if several {
        // The same document in the other notation; only times differ from run to run.
        let yaml = inside(env, &format!("{line} -o yaml"));
        insist!(yaml.code == json.code, "{}, {yaml}", json.code);
        let read: Value = serde_yaml::from_str(&yaml.stdout)
            .map_err(|error| format!("not one document: {error}\n{yaml}"))?;
        insist!(shape(&read) == shape(&document), "{json}\n{yaml}");
    }
    let wanted = match row.prints {
        Prints::OneOrItems(one, _) if !several => one,
        Prints::Items(kind) | Prints::OneOrItems(_, kind) | Prints::Whole(kind) => kind,
        Prints::Bare => "",
    };
    // One target that fails is a failure of the command, and so is a file that cannot be read:
    // nothing is sent then.
    let may_be_error = failed && (!several || row.targets == Targets::Files);
    insist!(
        kind == wanted || may_be_error && kind == "Error",
        "{wanted} is expected\n{json}"
    );
    if failed && kind == "Error" {
        insist!(document["code"] == json.code, "another code\n{json}");
        insist!(names.stdout.is_empty(), "{names}");
    }
    Ok(())
}

/// A document without what may differ from run to run: its texts and numbers.
fn shape(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(shape).collect(),
        Value::Object(map) => {
            let entries = map.iter().map(|(key, value)| (key.clone(), shape(value)));
            Value::Object(entries.collect())
        }
        Value::String(_) => "text".into(),
        Value::Number(_) => 0.into(),
        other => other.clone(),
    }
}

/// The exit codes that may come of targets.
fn expected(row: Row, set: &[(&str, bool)]) -> Vec<i32> {
    if row.targets == Targets::None {
        return vec![row.good];
    }
    // A file that is not there is no finding about it.
    if let (Prints::Whole("CheckReport"), Targets::Clusters) = (row.prints, row.targets) {
        let is_good = set.iter().all(|(_, is_good)| *is_good);
        return vec![if is_good { 0 } else { 11 }];
    }
    match set {
        [(_, true)] => vec![row.good],
        [(_, true), ..] if row.targets != Targets::Files => vec![9],
        _ => vec![3],
    }
}

/// Every command of the tree with targets that are there, that are not, and both.
#[test]
fn every_command_keeps_the_contract_of_codes_and_documents() {
    let bed = bed();
    let mut bad = Vec::new();
    let mut count = 0;
    for (line, row) in rows() {
        for set in SETS {
            if let Some(line) = with(&bed.env, &line, row, set) {
                count += 1;
                if let Err(reason) = holds(&bed.env, &line, row, set) {
                    bad.push(format!("## {line}\n{reason}"));
                }
            }
        }
    }
    assert!(count > 100, "{count}");
    assert!(
        bad.is_empty(),
        "{} of {count}\n{}",
        bad.len(),
        bad.join("\n")
    );
}

/// Whoever forgets something gets it as a document, too; and a bare command none.
#[test]
fn every_command_tells_of_a_wrong_flag_as_it_was_asked() {
    let env = Env::new();
    for (line, row) in rows() {
        let line = line.replace("{}", "");
        let line = format!("{} --no-such-flag", line.trim()).replace("  ", " ");
        let run = inside(&env, &format!("{line} -o json")).exits(2);
        if let Prints::Bare = row.prints {
            let _ = run.silent();
        } else {
            assert_eq!(run.json()["kind"], "Error", "{line}");
        }
    }
}

#[test]
fn no_secret_is_in_any_output() {
    let bed = bed();
    for (line, row) in rows() {
        for set in SETS {
            let Some(line) = with(&bed.env, &line, row, set) else {
                continue;
            };
            for more in ["", " --debug", " -v --debug -o json"] {
                let run = inside(&bed.env, &format!("{line}{more}")).never(bed.sandbox.token());
                let secret = "sandbox-remote-write-password";
                assert!(!run.stderr.contains(secret), "{line}{more}\n{run}");
                // `cluster` prints the API's own object, as it is.
                assert!(
                    line.starts_with("cluster") || !run.stdout.contains(secret),
                    "{line}{more}\n{run}"
                );
            }
        }
    }
}

fn place() -> (Env, Sandbox) {
    let on = "awsWorkloadIdentity: {}";
    let ecr = format!("awsECR: {{roleArn: \"{ROLE}\"}}");
    let mut env = Env::new();
    let sandbox = Sandbox::holding(
        &mut env,
        &[
            aws("prod", &[on, "metrics: {}"]),
            hetzner("edge", &[on, &ecr]),
        ],
        &[],
    );
    env.write("prod.yaml", aws("prod", &[on]));
    (env, sandbox)
}

#[test]
fn nothing_is_coloured_unless_asked_for() {
    let (mut env, _sandbox) = place();
    env.unset("NO_COLOR");
    let escapes = |env: &Env, line: &str| {
        let run = env.line(line).run();
        run.stdout.contains('\u{1b}') || run.stderr.contains('\u{1b}')
    };
    let diff = "addon enable aws-ecr -c prod --dry-run";
    assert!(!escapes(&env, diff), "coloured without a terminal");
    assert!(escapes(&env, &format!("{diff} --color always")));
    env.set("CLICOLOR_FORCE", "1");
    assert!(escapes(&env, diff), "CLICOLOR_FORCE");
    env.set("NO_COLOR", "1");
    assert!(!escapes(&env, diff), "NO_COLOR beats CLICOLOR_FORCE");
    assert!(
        escapes(&env, &format!("{diff} --color always")),
        "--color beats NO_COLOR"
    );
    env.unset("CLICOLOR_FORCE")
        .unset("NO_COLOR")
        .set("FORCE_COLOR", "1");
    assert!(escapes(&env, diff), "FORCE_COLOR");
    assert!(!escapes(&env, &format!("{diff} --color never")));
}

#[test]
fn quiet_leaves_results_and_errors() {
    let (env, _sandbox) = place();
    let run = env.line("addon enable aws-ecr -f prod.yaml -q").run().ok();
    assert_eq!(run.stderr, "", "{run}");
    let run = env.line("addon enable aws-ecr -c nobody -q").run().exits(3);
    assert!(run.stderr.starts_with("error: "), "{run}");
}

#[test]
fn the_format_can_come_from_the_environment() {
    let (mut env, _sandbox) = place();
    env.set("MK8S_OUTPUT", "json");
    assert_eq!(
        env.line("addon list").run().ok().json()["kind"],
        "AddonList"
    );
    let _ = env.line("addon list -o names").run().ok().out("aws-ecr\n");
    env.set("MK8S_OUTPUT", "nonsense");
    let _ = env.line("addon list").run().exits(2).err("MK8S_OUTPUT");
}
