//! `mk8s help`: the help of any command, and topics that no single command has; `mk8s man`.

use super::Context;
use crate::cli::{self, PAGE};
use crate::error::{Error, Result};
use crate::exit::Outcome;
use crate::settings::VARIABLES;
use crate::text::{Foreign, nearest};
use clap::{Arg, ArgAction, Command};
use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// A topic: name, what it is about, and what makes its text.
type HelpTopic = (&'static str, &'static str, fn() -> String);

/// The topics.
const TOPICS: [HelpTopic; 12] = [
    ("auth", "Login, tokens and profiles", || {
        text(include_str!("topics/auth.txt"))
    }),
    ("aws", "What an add-on needs in AWS", || {
        text(include_str!("topics/aws.txt"))
    }),
    ("ci", "Pipelines", || text(include_str!("topics/ci.txt"))),
    ("environment", "Variables that are read", environment),
    ("exit-codes", "What a run ends with", exit_codes),
    ("flags", "Flags that every command takes", flags),
    ("fleets", "Many clusters at a time", || {
        text(include_str!("topics/fleets.txt"))
    }),
    (
        "manifests",
        "Files and folders, and what is kept in them",
        || text(include_str!("topics/manifests.txt")),
    ),
    ("output", "Formats, and what is printed where", || {
        text(include_str!("topics/output.txt"))
    }),
    ("selectors", "Choosing clusters", || {
        text(include_str!("topics/selectors.txt"))
    }),
    ("settings", "Settings of add-ons", || {
        text(include_str!("topics/settings.txt"))
    }),
    ("trust", "Trust policies, and who gets in", || {
        text(include_str!("topics/trust.txt"))
    }),
];

/// The topics, by their names.
pub(super) fn topics() -> impl Iterator<Item = (&'static str, &'static str)> {
    TOPICS.iter().map(|(name, about, _)| (*name, *about))
}

fn text(text: &'static str) -> String {
    text.to_owned()
}

/// `mk8s help`
pub(super) fn help(cx: &Context, words: &[String]) -> Result<Outcome> {
    cx.ui
        .raw(&guide(&cli::command(), words, cx.ui.reach().program())?);
    Ok(Outcome::Ok)
}

/// What is printed for these words: of a command, of a topic, or of all.
fn guide(root: &Command, words: &[String], program: &str) -> Result<String> {
    if words.is_empty() {
        return Ok(overview(root, program));
    }
    if let [word] = words
        && let Some((_, about, text)) = TOPICS.iter().find(|(name, ..)| name == word)
    {
        return Ok(format!("{about}\n\n{}\n\n{PAGE}\n", text().trim_end()));
    }
    if let [word, _, ..] = words
        && TOPICS.iter().any(|(name, ..)| name == word)
        && root.find_subcommand(word).is_none()
    {
        let topic = Foreign(word);
        let error = Error::usage(format!(
            "there is no help on `{}`",
            Foreign(&words.join(" "))
        ));
        return Err(error.hint(format!("`mk8s help {topic}` takes nothing more")));
    }
    let line = std::iter::once("mk8s".into()).chain(words.iter().map(OsString::from));
    let line: Vec<OsString> = line.collect();
    let (command, path) = cli::reached(root, &line);
    if let Some(word) = words.get(path.len()) {
        return Err(unknown(command, path.is_empty(), word));
    }
    let name = std::iter::once(program).chain(path);
    let name = name.collect::<Vec<_>>().join(" ");
    let mut command = command.clone().bin_name(name);
    Ok(format!(
        "{}\n\n{PAGE}\n",
        command.render_long_help().to_string().trim_end()
    ))
}

/// The refusal of a word that is neither a command nor a topic.
fn unknown(command: &Command, is_first: bool, word: &str) -> Error {
    let commands = command.get_subcommands().map(Command::get_name);
    let topics = TOPICS.iter().map(|(name, ..)| *name).filter(|_| is_first);
    let known: Vec<&str> = commands.chain(topics).collect();
    let error = Error::usage(format!("there is no help on `{}`", Foreign(word)));
    match nearest(word, known.iter().copied()) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error.hint("`mk8s help` lists the commands and topics"),
    }
}

/// Commands and topics.
fn overview(root: &Command, program: &str) -> String {
    let about = root.get_about().map(ToString::to_string);
    let about = about.unwrap_or_default();
    let mut out = format!("{about}\n\nUsage: {program} <COMMAND> [FLAGS]\n\nCommands:\n");
    for command in root.get_subcommands().filter(|it| !it.is_hide_set()) {
        let about = command.get_about().map(ToString::to_string);
        let _ = writeln!(
            out,
            "  {:<12} {}",
            command.get_name(),
            about.unwrap_or_default()
        );
    }
    out.push_str("\nTopics, for `mk8s help TOPIC`:\n");
    for (name, about, _) in &TOPICS {
        let _ = writeln!(out, "  {name:<12} {about}");
    }
    let _ = writeln!(
        out,
        "\n`mk8s help COMMAND` says all of a command, `mk8s COMMAND -h` a screen of it.\n{PAGE}"
    );
    out
}

/// The variables, from the one table of them.
fn environment() -> String {
    let width = VARIABLES.iter().map(|it| it.name.len()).max();
    let mut out = String::from(
        "A flag wins over a variable, a variable over the profile. An empty variable is unset.\n\n",
    );
    for variable in VARIABLES {
        let meaning = variable.meaning.replace('`', "");
        let lines = wrapped(&meaning, 96 - width.unwrap_or_default());
        for (at, line) in lines.iter().enumerate() {
            let name = if at == 0 { variable.name } else { "" };
            let _ = writeln!(out, "  {name:<0$}  {line}", width.unwrap_or_default());
        }
    }
    out
}

/// The table of docs/exit-codes.md, which the tests hold against the codes.
fn exit_codes() -> String {
    let page = include_str!("../../docs/exit-codes.md");
    let mut out = String::from("Below 10 are failures, 10 and above are answers.\n\n");
    for line in page.lines() {
        let mut cells = line.trim_matches('|').split(" | ").map(str::trim);
        let (Some(code), Some(name), Some(meaning)) = (cells.next(), cells.next(), cells.next())
        else {
            continue;
        };
        if code.parse::<u8>().is_err() {
            continue;
        }
        let meaning = unlinked(meaning.trim_end_matches('|').trim());
        for (at, line) in wrapped(&meaning, 78).iter().enumerate() {
            let (code, name) = if at == 0 { (code, name) } else { ("", "") };
            let _ = writeln!(out, "  {code:>3}  {name:<12} {line}");
        }
    }
    out
}

/// A line of a page without the targets of its links and its backticks.
fn unlinked(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, link)) = rest.split_once('[') {
        out.push_str(before);
        let (words, after) = link.split_once("](").unwrap_or((link, ""));
        out.push_str(words);
        rest = after.split_once(')').map_or("", |(_, after)| after);
    }
    out.push_str(rest);
    out.replace('`', "")
}

fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut();
        match line {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.chars().count() + word.chars().count() < width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// The flags that every command takes, by their groups.
fn flags() -> String {
    let root = cli::command();
    let mut all = Command::new("mk8s")
        .disable_help_flag(true)
        .disable_version_flag(true)
        .max_term_width(100)
        .help_template("{all-args}");
    for arg in root.get_arguments().filter(|arg| arg.is_global_set()) {
        all = all.arg(arg.clone().global(false));
    }
    let help = Arg::new("help")
        .short('h')
        .long("help")
        .action(ArgAction::SetTrue);
    all = all.arg(help.help("A screen of help; all of it with --help"));
    all.render_long_help().to_string()
}

/// `mk8s man`
pub(super) fn man(cx: &Context, folder: Option<&Path>) -> Result<Outcome> {
    let pages = cli::man_pages();
    let Some(folder) = folder else {
        let first = pages.into_iter().next();
        cx.ui.raw(&first.map(|(_, page)| page).unwrap_or_default());
        return Ok(Outcome::Ok);
    };
    let failed = |path: &Path, error: &std::io::Error| {
        let path = path.to_string_lossy();
        Error::failure(format!("`{}` was not written", Foreign(&path))).because(error.to_string())
    };
    fs::create_dir_all(folder).map_err(|error| failed(folder, &error))?;
    let count = pages.len();
    for (name, page) in pages {
        let path = folder.join(name);
        fs::write(&path, page).map_err(|error| failed(&path, &error))?;
    }
    let shown = folder.to_string_lossy();
    cx.ui.status(&format!(
        "Wrote {} to {}",
        crate::text::count(count, "page"),
        Foreign(&shown)
    ));
    Ok(Outcome::Ok)
}
