//! The help of `-h`: one screen of 24 rows. The examples and the flags of the command itself; those that
//! every command takes are in `mk8s help flags`, all of it in `--help`.

use super::heading;
use super::parse::program;
use super::words::{LineWord, LineWords};
use clap::{Arg, Command};
use std::ffi::OsString;
use std::fmt::Write as _;

/// Rows of a screen.
const ROWS: usize = 24;
/// Columns of a screen.
const COLUMNS: usize = 80;

/// The page of the platform on managed clusters and their add-ons.
pub(crate) const PAGE: &str = "https://docs.controlplane.com/mk8s/overview";

/// The command that the words lead to, and the words of its name.
pub(crate) fn reached<'t>(root: &'t Command, line: &[OsString]) -> (&'t Command, Vec<&'t str>) {
    let mut reached = root;
    let mut words = LineWords::of(root, line);
    for (_, word) in words.by_ref() {
        match word {
            LineWord::Command(command) => reached = command,
            LineWord::Flag(..) => {}
            LineWord::Other => break,
        }
    }
    (reached, words.path())
}

/// The screen of the command to which the words of a command line lead.
pub(crate) fn screen(root: &Command, line: &[OsString]) -> String {
    let (command, path) = reached(root, line);
    let name = std::iter::once(program(root))
        .chain(path)
        .collect::<Vec<_>>();
    let name = name.join(" ");
    let mut out = String::new();
    let about = command.get_about().map(ToString::to_string);
    let _ = writeln!(out, "{}\n", about.unwrap_or_default());
    let _ = writeln!(out, "{}", usage(command, &name));
    let examples = examples(command);
    let example_rows = examples.len() + 2 * usize::from(!examples.is_empty());
    let tail = format!("\nMore: `{name} --help`, `mk8s help flags`\n{PAGE}\n");
    let used = out.lines().count() + tail.lines().count();
    let left = ROWS.saturating_sub(used);
    // Of a group the commands come first; of a command examples do, one at least.
    let is_group = command.has_subcommands() && command.get_subcommand_value_name().is_none();
    let kept = if is_group { 1 } else { example_rows + 1 };
    let body = body(command, left.saturating_sub(kept), left.saturating_sub(4));
    let body_rows = body.len() + usize::from(!body.is_empty());
    // What one may say comes before how it may look.
    let shown = left.saturating_sub(body_rows + 2).min(examples.len());
    if shown > 0 {
        out.push_str("\nExamples:\n");
        for example in examples.iter().take(shown) {
            let _ = writeln!(out, "  {}", cut(example, COLUMNS - 2));
        }
    }
    if !body.is_empty() {
        out.push('\n');
        for line in &body {
            out.push_str(line);
            out.push('\n');
        }
    }
    out + &tail
}

/// How the command is called to which the words of a command line lead.
pub(crate) fn usage_of(root: &Command, line: &[OsString]) -> String {
    let (command, path) = reached(root, line);
    let name = std::iter::once(program(root))
        .chain(path)
        .collect::<Vec<_>>();
    usage(command, &name.join(" "))
}

/// How a command is called.
fn usage(command: &Command, name: &str) -> String {
    let positionals = command.get_positionals().map(|arg| {
        let text = names(arg);
        if arg.is_required_set() {
            format!(" <{text}>")
        } else {
            format!(" [{text}]")
        }
    });
    let below = match command.get_subcommand_value_name() {
        Some(value) => format!(" <{value}>"),
        None if command.is_subcommand_required_set() => " <COMMAND>".to_owned(),
        None if command.has_subcommands() => " [COMMAND]".to_owned(),
        None => String::new(),
    };
    format!(
        "Usage: {name}{below}{} [FLAGS]",
        positionals.collect::<String>()
    )
}

/// The lines of the examples in the long text of a command.
pub(super) fn examples(command: &Command) -> Vec<String> {
    let long = command.get_long_about().map(ToString::to_string);
    let long = long.unwrap_or_default();
    let Some((_, examples)) = long.split_once("Examples:\n") else {
        return Vec::new();
    };
    let lines = examples.lines().map(str::trim);
    lines
        .filter(|line| line.starts_with("$ "))
        .map(str::to_owned)
        .collect()
}

/// Commands and flags: a line each if there is room for that, else the flags by their groups. Where even
/// that is too long, those that topics are about are left to them.
fn body(command: &Command, rows: usize, most: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let commands: Vec<&Command> = command
        .get_subcommands()
        .filter(|it| !it.is_hide_set())
        .collect();
    let flags: Vec<&Arg> = command
        .get_arguments()
        .filter(|arg| !arg.is_positional() && !arg.is_global_set() && !arg.is_hide_set())
        // What is for pipelines alone.
        .filter(|arg| !arg.is_hide_short_help_set())
        .filter(|arg| !matches!(arg.get_id().as_str(), "help" | "version"))
        .collect();
    let described = described(&flags);
    let has_room = |lines: &[String]| lines.len() + described.len() < rows;
    if !commands.is_empty() {
        let named: Vec<(String, String)> = commands
            .iter()
            .map(|it| {
                let about = it.get_about().map(ToString::to_string);
                (it.get_name().to_owned(), about.unwrap_or_default())
            })
            .collect();
        let table = columns(&named);
        if table.len() < rows {
            lines.push("Commands:".to_owned());
            lines.extend(table);
        } else {
            let names: Vec<String> = named.into_iter().map(|(name, _)| name).collect();
            let heading = command.get_subcommand_help_heading().unwrap_or("Commands");
            lines.extend(wrapped(heading, &names));
        }
    }
    if flags.is_empty() {
        return lines;
    }
    if has_room(&lines) {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        lines.push("Flags:".to_owned());
        lines.extend(described);
        return lines;
    }
    let described = lines.len();
    let mut groups = Vec::new();
    for heading in headings(&flags) {
        let of_it = flags
            .iter()
            .filter(|arg| arg.get_help_heading().unwrap_or("Flags") == heading);
        let names: Vec<String> = of_it.map(|arg| flag(arg)).collect();
        groups.push((heading, wrapped(heading, &names)));
    }
    let all: usize = groups.iter().map(|(_, lines)| lines.len()).sum();
    let mut elsewhere = Vec::new();
    for (heading, group) in groups {
        match heading {
            heading::ROLLOUT if described + all > most => elsewhere.push("`mk8s help fleets`"),
            heading::CONNECTION if described + all > most => elsewhere.push("`mk8s help aws`"),
            _ => lines.extend(group),
        }
    }
    if !elsewhere.is_empty() {
        lines.push(format!("And those of {}", elsewhere.join(" and ")));
    }
    lines
}

/// The headings of the flags, in their order.
fn headings<'a>(flags: &[&'a Arg]) -> Vec<&'a str> {
    let mut headings = Vec::new();
    for arg in flags {
        let heading = arg.get_help_heading().unwrap_or("Flags");
        if !headings.contains(&heading) {
            headings.push(heading);
        }
    }
    headings
}

fn described(flags: &[&Arg]) -> Vec<String> {
    let rows: Vec<(String, String)> = flags
        .iter()
        .map(|arg| {
            let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
            let help = help.split(';').next().unwrap_or_default().to_owned();
            (flag(arg), help.replace(" (can be repeated)", ""))
        })
        .collect();
    columns(&rows)
}

/// Two columns, of which the second is cut.
fn columns(rows: &[(String, String)]) -> Vec<String> {
    let width = rows.iter().map(|(name, _)| name.chars().count()).max();
    let width = width.unwrap_or_default();
    let line = |(name, text): &(String, String)| {
        let gap = width - name.chars().count() + 2;
        cut(&format!("  {name}{:gap$}{text}", ""), COLUMNS)
    };
    rows.iter().map(line).collect()
}

/// A heading and words behind it, on as many lines as they take.
fn wrapped(heading: &str, words: &[String]) -> Vec<String> {
    const INDENT: usize = 15;
    let mut lines = Vec::new();
    let mut line = format!("{:<INDENT$}", format!("{heading}:"));
    for (at, word) in words.iter().enumerate() {
        let comma = if at + 1 < words.len() { "," } else { "" };
        if line.chars().count() + word.chars().count() + 1 > COLUMNS && !line.trim().is_empty() {
            lines.push(line.trim_end().to_owned());
            line = " ".repeat(INDENT);
        }
        let _ = write!(line, "{word}{comma} ");
    }
    lines.push(line.trim_end().to_owned());
    lines
}

/// `-c, --cluster NAME`
fn flag(arg: &Arg) -> String {
    let short = arg.get_short().map(|short| format!("-{short}"));
    let long = arg.get_long().map(|long| format!("--{long}"));
    let mut text = [short, long]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" ");
    if arg.get_action().takes_values() {
        let names = names(arg);
        if arg.is_require_equals_set() {
            let _ = write!(text, "[={names}]");
        } else {
            let _ = write!(text, " {names}");
        }
    }
    text
}

fn names(arg: &Arg) -> String {
    let names = arg.get_value_names().unwrap_or_default();
    let names: Vec<&str> = names.iter().map(clap::builder::Str::as_str).collect();
    names.join(" ")
}

/// As much of a line as a row takes.
fn cut(line: &str, columns: usize) -> String {
    if line.chars().count() <= columns {
        return line.to_owned();
    }
    let head: String = line.chars().take(columns - 1).collect();
    format!("{}…", head.trim_end())
}
