//! What a command line asks for, whether or not it can be parsed: how failures are told.
//!
//! A command line that is wrong is itself a failure, and whoever asked for JSON gets that as JSON,
//! too. So this reads the words by the same tree as the parser, and takes what it can.

use super::report::ReportTo;
use super::value::{ErrorFormat, OutputFormat};
use super::words::{LineWord, LineWords};
use clap::{Command, ValueEnum as _};
use std::ffi::OsString;
use std::path::PathBuf;

/// Commands whose stdout is a bare object, a string or a script, and of which a failure therefore
/// leaves it empty: whoever reads it would take an error for what was asked for.
const BARE: [&[&str]; 11] = [
    &["addon", "trust-policy"],
    &["addon", "oidc-url"],
    &["aws", "permissions"],
    &["aws", "workload"],
    &["cluster", "get"],
    &["cluster", "list"],
    &["completion"],
    &["help"],
    &["man"],
    &["sandbox"],
    &["schema"],
];

/// Commands that print an edited manifest where they read one from stdin.
const EDITS: [&[&str]; 2] = [&["addon", "enable"], &["addon", "disable"]];

/// Flags that say where something is done, how it is told, or what is answered: not what is done, nor at
/// what pace.
const HOW: [&str; 26] = [
    "all",
    "aws_endpoint_url",
    "aws_profile",
    "aws_region",
    "cluster",
    "color",
    "debug",
    "endpoint",
    "error_format",
    "exclude",
    "history",
    "insecure",
    "journal",
    "no_input",
    "org",
    "output",
    "profile",
    "quiet",
    "report",
    "report_file",
    "resume",
    "selector",
    "token",
    "token_file",
    "verbose",
    "yes",
];

/// How failures are told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Gist {
    /// The format of `-o`, if it is one.
    pub(crate) output: Option<OutputFormat>,
    /// The format of `--error-format`, if it is one.
    pub(crate) error_format: ErrorFormat,
    /// Whether stdout stays empty on failure.
    pub(crate) is_bare: bool,
    /// The words that say what is done: without where it is done, how it is told and the answer to a
    /// question.
    pub(crate) said: Vec<String>,
    /// Whether the exit code is the answer.
    pub(crate) exit_code: bool,
    /// Whether what is printed is a checklist.
    pub(crate) is_checklist: bool,
    /// The command, where it is one that can report.
    pub(crate) reporting: Option<String>,
    /// The form of `--report`, if it is one.
    pub(crate) report: Option<ReportTo>,
    /// The file of `--report-file`.
    pub(crate) report_file: Option<PathBuf>,
}

impl Gist {
    /// Reads the arguments behind the program's name by the tree of commands, which is not made twice
    /// for it: that takes longer than all else of a start.
    pub(crate) fn of(root: &Command, arguments: &[OsString]) -> Self {
        let mut gist = Self::default();
        let mut reads_stdin = false;
        let mut is_dry_run = false;
        let mut is_list = false;
        let mut words = LineWords::of(root, arguments);
        for (at, word) in words.by_ref() {
            let raw = arguments.get(at).map(|raw| raw.to_string_lossy());
            let raw = raw.unwrap_or_default();
            let LineWord::Flag(argument, value) = word else {
                gist.said.push(raw.into_owned());
                continue;
            };
            if argument.is_none_or(|it| !HOW.contains(&it.get_id().as_str())) {
                let is_attached = match raw.strip_prefix("--") {
                    Some(long) => long.contains('='),
                    None => raw.len() > 2,
                };
                let next = value.as_ref().filter(|_| !is_attached);
                gist.said.push(raw.into_owned());
                gist.said.extend(next.map(|next| next.clone().into_owned()));
            }
            let Some(argument) = argument else {
                continue;
            };
            is_dry_run |= argument.get_id() == "dry_run";
            gist.exit_code |= argument.get_id() == "exit_code";
            is_list |= argument.get_id() == "list";
            let Some(value) = value else {
                continue;
            };
            match argument.get_id().as_str() {
                "output" => gist.output = value.parse().ok(),
                "error_format" => gist.error_format = value.parse().unwrap_or_default(),
                "file" => reads_stdin |= value == "-",
                "report" => gist.report = ReportTo::from_str(&value, false).ok(),
                "report_file" => gist.report_file = Some(value.into_owned().into()),
                _ => {}
            }
        }
        let path = words.path();
        let is_one_of = |paths: &[&[&str]]| paths.iter().any(|one| path.starts_with(one));
        let edits_stdin = reads_stdin && !is_dry_run && is_one_of(&EDITS);
        gist.is_bare = is_one_of(&BARE) || edits_stdin;
        gist.is_checklist = is_one_of(&[&["check"], &["validate"]]) && !is_list;
        gist.reporting = reporting(root, &path);
        gist
    }
}

/// The command that the words name, where it can report.
fn reporting(root: &Command, path: &[&str]) -> Option<String> {
    let (mut command, mut words) = (root, Vec::new());
    for word in path {
        command = command.find_subcommand(word)?;
        words.push(*word);
        if command.get_arguments().any(|arg| arg.get_id() == "report") {
            return Some(words.join(" "));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gist(line: &str) -> Gist {
        let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        Gist::of(&super::super::command(), &words)
    }

    #[test]
    fn the_format_is_found_wherever_it_stands() {
        for line in [
            "mk8s addon list -o json --nonsense",
            "mk8s -o json addon list",
            "mk8s addon --nonsense list -ojson",
            "mk8s addon list --output=json -q",
            "mk8s addon list --output json",
            "mk8s addon list -qo json",
            "mk8s addon list -qo=json",
            "mk8s nonsense -o json",
        ] {
            assert_eq!(gist(line).output, Some(OutputFormat::Json), "{line}");
        }
        for line in [
            "mk8s addon list",
            "mk8s sandbox run -- mk8s addon list -o json",
            "mk8s addon list --org -o json",
            "mk8s addon list -o",
            "mk8s addon list -o nonsense",
        ] {
            assert_eq!(gist(line).output, None, "{line}");
        }
    }

    #[test]
    fn bare_commands_are_told_by_their_words() {
        for (line, is_bare) in [
            ("mk8s addon trust-policy -c prod", true),
            ("mk8s --org addon cluster get prod", true),
            ("mk8s --org cluster addon list", false),
            ("mk8s addon list -c cluster", false),
            ("mk8s addon enable aws-ecr -f -", true),
            ("mk8s addon enable aws-ecr --file=-", true),
            ("mk8s addon enable aws-ecr -f-", true),
            ("mk8s addon enable aws-ecr -f - --dry-run", false),
            ("mk8s addon enable aws-ecr -f prod.yaml", false),
            ("mk8s addon list -f -", false),
        ] {
            assert_eq!(gist(line).is_bare, is_bare, "{line}");
        }
    }

    #[test]
    fn what_is_said_is_without_where_and_how() {
        for (line, said) in [
            (
                "mk8s --org x addon enable aws-ecr --role-arn y -c a --all -y -o json --set=a=b --rate 1/s",
                "addon enable aws-ecr --role-arn y --set=a=b --rate 1/s",
            ),
            (
                "mk8s addon enable x --resume f --canary 1 -l t=1",
                "addon enable x --canary 1",
            ),
        ] {
            assert_eq!(gist(line).said.join(" "), said, "{line}");
        }
        let tree = super::super::command();
        let enable = tree
            .find_subcommand("addon")
            .unwrap()
            .find_subcommand("enable")
            .unwrap();
        for id in HOW {
            let is_there = |command: &Command| command.get_arguments().any(|it| it.get_id() == id);
            assert!(is_there(&tree) || is_there(enable), "{id}");
        }
    }

    #[test]
    fn what_is_bare_is_in_the_tree() {
        for path in BARE.iter().chain(&EDITS) {
            let mut at = &super::super::command();
            for name in *path {
                at = at.find_subcommand(name).unwrap();
            }
        }
    }
}
