//! The commands that a run prints to be pasted: found, split by a real shell, read by the real command
//! tree. Every run of the program that any test makes is looked at.

use super::process::Run;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

/// Programs whose commands are printed.
const PROGRAMS: [&str; 15] = [
    "mk8s", "aws", "cpln", "kubectl", "gh", "npm", "curl", "chmod", "cp", "rm", "df", "sed",
    "sudo", "sops", "envsubst",
];

/// Flags that say to what something is done, or that something else is done than without them.
const TELLING: [&str; 13] = [
    "-c",
    "-f",
    "--accept-trust",
    "--apply",
    "--create-role",
    "--emit",
    "--keep-addon",
    "--list",
    "--only",
    "--prune-addons",
    "--resume",
    "--with-dependants",
    "--with-prerequisites",
];

/// One command line that was printed; it may hold several commands, joined by `&&`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Printed(pub(crate) String);

/// The command lines of a run, each once, in order.
pub(crate) fn printed(run: &Run, given: &[String]) -> Vec<Printed> {
    let mut found = Vec::new();
    // Another format than text, or the list of the checks, which says in words what mends each.
    let is_data = given.iter().any(|word| {
        word.starts_with("-o") || word.starts_with("--output") || word.starts_with("--report")
    });
    let is_prose = given.iter().any(|word| word == "--list");
    let data = (!is_data && !is_prose).then(|| run.stdout.lines());
    for line in run.stderr.lines().chain(data.into_iter().flatten()) {
        sentence(line, &mut found);
    }
    if let Ok(document) = serde_json::from_str::<Value>(&run.stdout) {
        document_of(&document, &mut found);
    }
    let mut seen = BTreeSet::new();
    found.retain(|one| seen.insert(one.clone()));
    found
}

fn document_of(value: &Value, found: &mut Vec<Printed>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match (key.as_str(), value) {
                    // The list of checks says in words what mends each.
                    ("fix", Value::String(text)) if map.contains_key("state") => {
                        found.push(Printed(text.clone()));
                    }
                    ("hints", Value::Array(hints)) => {
                        for hint in hints.iter().filter_map(Value::as_str) {
                            sentence(&format!("hint: {hint}"), found);
                        }
                    }
                    _ => document_of(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| document_of(item, found)),
        _ => {}
    }
}

/// What a line of text advises.
fn sentence(line: &str, found: &mut Vec<Printed>) {
    let line = line.trim_start();
    for opening in ["Next: ", "Undo: ", "fix: "] {
        if let Some(command) = line.strip_prefix(opening) {
            // What mends a finding is a command, whatever it is.
            found.push(Printed(command.to_owned()));
            return;
        }
    }
    if let Some((_, command)) = line.split_once("; to put it back: ") {
        found.push(Printed(command.to_owned()));
        return;
    }
    let Some(words) = line
        .strip_prefix("hint: ")
        .or_else(|| line.strip_prefix("warning: "))
    else {
        return;
    };
    if words.contains("&apos;") {
        // As XML has it, in a report.
        return;
    }
    if is_command(words) && line.starts_with("hint: ") {
        found.push(Printed(words.to_owned()));
        return;
    }
    let mut rest = words;
    while let Some((_, after)) = rest.split_once('`') {
        let end = closing(after);
        if is_command(&after[..end]) {
            found.push(Printed(after[..end].to_owned()));
        }
        rest = after.get(end + 1..).unwrap_or_default();
    }
}

/// Where the backtick is that ends a command: one between single quotes is part of a word.
fn closing(text: &str) -> usize {
    let mut quoted = false;
    for (at, c) in text.char_indices() {
        match c {
            '\'' => quoted = !quoted,
            '`' if !quoted => return at,
            _ => {}
        }
    }
    text.find('`').unwrap_or(text.len())
}

fn is_command(text: &str) -> bool {
    let mut words = text.split(' ');
    let first = words.next().unwrap_or_default();
    let is_program = PROGRAMS.contains(&first) && words.next().is_some();
    is_program || text.starts_with("eval ") || text.starts_with("export ")
}

impl Printed {
    /// Whether a person fills something in.
    pub(crate) fn has_hole(&self) -> bool {
        self.0.split([' ', '=']).any(is_hole)
    }

    /// The words of each command of ours in it, as a real shell splits them. Nothing is run: every
    /// program is a function that tells its words.
    pub(crate) fn ours(&self) -> Result<Vec<Vec<String>>, String> {
        let all = self.split()?;
        let ours = all.into_iter().filter(|words| words[0] == "mk8s");
        Ok(ours.collect())
    }

    /// The words of each command in it, whoever it is for.
    fn split(&self) -> Result<Vec<Vec<String>>, String> {
        let mut script = String::from("set -eu\ntold=$1\n");
        for program in PROGRAMS {
            // In one write: both sides of a pipe tell at a time.
            let _ = writeln!(
                script,
                "{program}() {{ all=$(printf '%s\\036' {program} \"$@\"; printf '\\035'); \
                 printf '%s' \"$all\" >>\"$told\"; }}"
            );
        }
        let line = match self.0.strip_prefix("eval \"$(") {
            // What is evaluated is what another program says.
            Some(inner) => inner.strip_suffix(")\"").ok_or("an eval without an end")?,
            None => &self.0,
        };
        // The folder that a program's output goes to is not here.
        script.push_str(&without_redirections(line));
        script.push('\n');
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let told = folder.path().join("told");
        let output = Command::new("/bin/sh")
            .args(["-c", &script, "sh"])
            .arg(&told)
            .current_dir(folder.path())
            .env_clear()
            // Nothing is there to be run, so that what is no command of these programs is told.
            .env("PATH", "")
            .stdin(Stdio::null())
            .output()
            .map_err(|error| error.to_string())?;
        if !output.status.success() {
            return Err(format!(
                "a shell does not take it: {}",
                String::from_utf8_lossy(&output.stderr)
            ));
        }
        let told = std::fs::read_to_string(&told).unwrap_or_default();
        let commands = told.split_terminator('\u{1d}');
        let words = |command: &str| {
            command
                .split_terminator('\u{1e}')
                .map(str::to_owned)
                .collect()
        };
        Ok(commands.map(words).collect())
    }
}

/// The line without ` > FILE` and ` < FILE`, however the name is quoted.
fn without_redirections(line: &str) -> String {
    let mut result = String::new();
    let mut rest = line;
    let sign = |rest: &str| rest.find(" > ").or_else(|| rest.find(" < "));
    while let Some((before, after)) = sign(rest).map(|at| (&rest[..at], &rest[at + 3..])) {
        result.push_str(before);
        let mut quoted = false;
        let end = after.find(|c| {
            quoted ^= c == '\'';
            c == ' ' && !quoted
        });
        rest = &after[end.unwrap_or(after.len())..];
    }
    result + rest
}

/// What a person fills in: capitals, and nothing else.
fn is_hole(word: &str) -> bool {
    word.len() > 1 && word.bytes().all(|b| b.is_ascii_uppercase())
}

/// Something that fits into a hole.
fn filled(word: &str) -> String {
    match word {
        "ARN" => "arn:aws:iam::999999999999:role/mk8s-ecr-driver".to_owned(),
        "HEX" => "a".repeat(40),
        "ID" => "999999999999".to_owned(),
        "LINK" => "//location/here".to_owned(),
        other if is_hole(other) => other.to_ascii_lowercase(),
        other => other.to_owned(),
    }
}

/// Reads a command of ours as the program does.
pub(crate) fn parse(words: &[String]) -> Result<(), String> {
    let words = words.iter().map(|word| filled(word).into());
    match mk8s::cli::matches(words) {
        Ok(_) => Ok(()),
        Err(error) => Err(error.render().to_string()),
    }
}

/// What kind of command it is: its verb and the names of its telling flags, but for those that the run
/// that printed it was given itself.
pub(crate) fn kind(words: &[String], given: &[String]) -> String {
    let tree = mk8s::cli::command();
    let mut at = &tree;
    let mut kind = String::new();
    let mut flags = BTreeSet::new();
    for word in words.iter().skip(1) {
        let name = word.split('=').next().unwrap_or_default();
        if name.starts_with('-') {
            let repeated = given.iter().any(|it| it.split('=').next() == Some(name));
            // What a command is about is part of what it is.
            let is_new = !repeated || ["-c", "-f"].contains(&name);
            if TELLING.contains(&name) && is_new {
                flags.insert(name.to_owned());
            }
        } else if let Some(below) = at.find_subcommand(word).filter(|_| flags.is_empty()) {
            // An add-on is a word of `enable`.
            let is_addon = at.get_name() == "enable";
            at = below;
            if !is_addon {
                kind = format!("{kind} {word}");
            }
        }
    }
    let flags: Vec<String> = flags.into_iter().collect();
    format!("{kind} {}", flags.join(" ")).trim().to_owned()
}

/// What is known of the command lines that were looked at: whether each is one, so that none is
/// split twice.
static LOOKED_AT: Mutex<BTreeMap<(String, String), Result<(), String>>> =
    Mutex::new(BTreeMap::new());

/// Insists that every command that a run printed is one that can be pasted, and of a kind that
/// [`crate::printed`] runs in the state in which it is printed.
#[track_caller]
pub(super) fn look(run: &Run, given: &[String]) {
    for printed in printed(run, given) {
        let key = (printed.0.clone(), given.join("\u{1e}"));
        let mut looked = LOOKED_AT.lock().unwrap_or_else(PoisonError::into_inner);
        let verdict = looked
            .entry(key)
            .or_insert_with(|| judge(&printed, given))
            .clone();
        drop(looked);
        if let Err(reason) = verdict {
            panic!("`{}` is printed, and {reason}\n{run}", printed.0);
        }
    }
}

fn judge(printed: &Printed, given: &[String]) -> Result<(), String> {
    for words in printed.ours()? {
        parse(&words)?;
        let kind = kind(&words, given);
        if !printed.has_hole() && !is_tried(&kind) {
            return Err(format!(
                "no row of tests/cli/printed.rs runs a command like `{kind}`"
            ));
        }
    }
    Ok(())
}

fn is_tried(kind: &str) -> bool {
    crate::printed::KINDS
        .iter()
        .any(|(known, ..)| *known == kind)
}
