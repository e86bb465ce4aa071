//! The real Control Plane client against the sandbox: what it can do with clusters, call by call.
//!
//! One test runs the tables of `calls` and `writing` and renders them, with the requests that the
//! client sent, into docs/sandbox-calls.md.

mod calls;
mod storing;
mod writing;

use crate::generated::settle;
use crate::support::{Env, Sandbox};
use calls::{Row, Section};
use serde_json::Value;
use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Mutex;
use std::thread;

/// What became of a row: its line of the page, or the complaint.
type Line = Result<String, String>;

fn play(section: &Section) -> Vec<Line> {
    let mut env = Env::new();
    // No IAM is there, so none of the roles that a section requires.
    env.set("AWS_ENDPOINT_URL", "http://127.0.0.1:9");
    let sandbox = Sandbox::holding(&mut env, &section.clusters, section.flags);
    for (name, content) in &section.files {
        let path = env.write(name, content);
        if name.starts_with("bin/") {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
    }
    env.set("MK8S", env!("CARGO_BIN_EXE_mk8s"));
    section
        .rows
        .iter()
        .map(|row| line(&env, &sandbox, row))
        .collect()
}

fn line(env: &Env, sandbox: &Sandbox, row: &Row) -> Line {
    if !row.fault.is_empty() {
        sandbox.fault(row.fault);
    }
    let before = sandbox.log().len();
    let (mut call, mut save) = (row.call, "");
    if let Some((words, file)) = call.split_once(" > ") {
        (call, save) = (words, file);
    }
    let (call, input) = call.split_once(" < ").unwrap_or((call, ""));
    let words: Vec<&str> = call.split_whitespace().collect();
    let settings = words.iter().take_while(|word| word.contains('=')).count();
    let mut command = env.cpln(&words[settings..]);
    for setting in &words[..settings] {
        match setting.split_once('=').unwrap() {
            ("EDITOR", name) => command.env("EDITOR", env.path("bin").join(name).to_str().unwrap()),
            (_, token) => command.env("CPLN_TOKEN", token),
        };
    }
    if !input.is_empty() {
        command = command.stdin(env.read(input));
    }
    let run = command.run();
    if !save.is_empty() {
        env.write(save, &run.bytes);
    }
    let mut wrong = Vec::new();
    if run.code != row.code {
        wrong.push(format!("exit {} instead of {}", run.code, row.code));
    }
    let said = format!("{}{}", run.stdout, run.stderr);
    for text in &row.says {
        if !said.contains(text) {
            wrong.push(format!("does not say {text:?}"));
        }
    }
    for text in &row.silent_on {
        if said.contains(text) {
            wrong.push(format!("says {text:?}"));
        }
    }
    let log = sandbox.log();
    for (name, pointer, wanted) in &row.then {
        let found = env.line(&format!("cluster get {name} -o json")).run();
        let found = if found.code == 0 {
            found.json()
        } else {
            Value::Null
        };
        let found = found.pointer(pointer);
        let wanted: Option<Value> =
            (!wanted.is_empty()).then(|| serde_json::from_str(wanted).unwrap());
        if found != wanted.as_ref() {
            wrong.push(format!("{name}{pointer} is {found:?}"));
        }
    }
    for name in &row.gone {
        let code = env.line(&format!("cluster get {name}")).run().code;
        if code != 3 {
            wrong.push(format!("cluster {name}: exit {code}"));
        }
    }
    if !wrong.is_empty() {
        return Err(format!("`{}`: {}\n{run}", row.call, wrong.join("; ")));
    }
    Ok(render(row, &log[before..]))
}

/// A line of the table.
fn render(row: &Row, log: &[Value]) -> String {
    let requests: Vec<String> = log
        .iter()
        .filter(|entry| of_client(entry))
        .map(request)
        .collect();
    let mut outcome = format!("exit {}", row.code);
    for text in &row.says {
        let _ = write!(
            outcome,
            ", says `{}`",
            text.trim()
                .replace("\\\"", "\"")
                .replace('\n', " ")
                .replace('|', "\\|")
        );
    }
    for (name, pointer, wanted) in &row.then {
        match *wanted {
            "" => {
                let _ = write!(outcome, "; `{name}` has no `{pointer}`");
            }
            wanted => {
                let _ = write!(outcome, "; `{name}` has `{pointer}` = `{wanted}`");
            }
        }
    }
    for name in &row.gone {
        let _ = write!(outcome, "; there is no `{name}`");
    }
    if !row.remark.is_empty() {
        let _ = write!(outcome, ". {}", row.remark);
    }
    let requests = if requests.is_empty() {
        "none".to_owned()
    } else {
        requests.join("<br>")
    };
    format!("| `{}` | {requests} | {outcome} |\n", row.call)
}

/// Not every request of a row is the client's: an editor may call `mk8s`.
fn of_client(entry: &Value) -> bool {
    entry["userAgent"]
        .as_str()
        .is_some_and(|agent| agent.starts_with("cpln"))
}

/// `METHOD PATH STATUS`, with what differs from run to run left out.
fn request(entry: &Value) -> String {
    let path: Vec<&str> = entry["path"].as_str().unwrap().split('/').collect();
    let path: Vec<&str> = path
        .iter()
        .map(|part| {
            if part.len() == 36 && part.matches('-').count() == 4 {
                "ID"
            } else {
                *part
            }
        })
        .collect();
    let query: Vec<String> = entry["query"]
        .as_str()
        .unwrap_or_default()
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| match name {
            "page" | "fromEvent" => format!("{name}=…"),
            _ => format!("{name}={value}"),
        })
        .collect();
    let mark = if query.is_empty() { "" } else { "?" };
    format!(
        "`{} {}{mark}{}` {}",
        entry["method"].as_str().unwrap(),
        path.join("/"),
        query.join("&"),
        entry["status"]
    )
}

#[test]
fn every_call_of_the_client_does_what_the_page_says() {
    let sections = calls::sections();
    // As many at a time as there are cores, the longest ones first.
    let queue: Mutex<Vec<usize>> = Mutex::new((0..sections.len()).rev().collect());
    let mut lines: Vec<Vec<Line>> = sections.iter().map(|_| Vec::new()).collect();
    let results = Mutex::new(&mut lines);
    let workers = thread::available_parallelism()
        .map_or(2, usize::from)
        .clamp(2, 4);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let Some(index) = queue.lock().unwrap().pop() else {
                        break;
                    };
                    let played = play(&sections[index]);
                    results.lock().unwrap()[index] = played;
                }
            });
        }
    });
    let wrong: Vec<&String> = lines
        .iter()
        .flatten()
        .filter_map(|line| line.as_ref().err())
        .collect();
    assert!(
        wrong.is_empty(),
        "{} rows are wrong\n\n{}",
        wrong.len(),
        wrong
            .iter()
            .map(|text| text.as_str())
            .collect::<Vec<_>>()
            .join("\n")
    );
    let mut page = include_str!("../support/sandbox-calls.md").to_owned();
    for (section, lines) in sections.iter().zip(lines) {
        let _ = write!(
            page,
            "\n## {}\n\n{}\n\n| `cpln …` | requests | outcome |\n|---|---|---|\n",
            section.title, section.about
        );
        page.extend(lines.into_iter().flatten());
    }
    settle("docs/sandbox-calls.md", &page);
}
