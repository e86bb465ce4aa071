//! What somebody may have meant whose words are no command line: where it is sure, the words that are.
//!
//! clap guesses from how words are spelt alone. That is kept where it is a slip of the keys, and left out
//! where another word happens to be the nearest: a wrong hint costs more than none.

use super::parse::program;
use super::screen::reached;
use super::words::{LineWord, LineWords};
use crate::addon::by_word;
use crate::shell::quote;
use clap::Command;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use std::ffi::OsString;
use std::path::Path;

/// Words of other tools, or without the group: where they stand, and what is meant here.
const ELSEWHERE: &[(&str, &str, &str)] = &[
    ("", "enable", "addon enable"),
    ("", "disable", "addon disable"),
    ("", "on", "addon enable"),
    ("", "off", "addon disable"),
    ("", "list", "addon list"),
    ("", "ls", "cluster list"),
    ("", "show", "addon show"),
    ("", "explain", "addon explain"),
    ("", "set", "addon set"),
    ("", "copy", "addon copy"),
    ("", "pull", "addon pull"),
    ("", "addons", "addon"),
    ("", "trust-policy", "addon trust-policy"),
    ("", "oidc-url", "addon oidc-url"),
    ("", "get", "cluster get"),
    ("", "describe", "cluster get"),
    ("", "clusters", "cluster list"),
    ("", "wait", "cluster wait"),
    ("", "setup", "aws setup"),
    ("", "emit", "aws emit"),
    ("", "teardown", "aws teardown"),
    ("", "permissions", "aws permissions"),
    ("", "workload", "aws workload"),
    ("", "whoami", "auth status"),
    ("", "status", "check"),
    ("", "lint", "validate"),
    ("", "plan", "apply --dry-run"),
    ("", "create", "apply"),
    ("", "update", "apply"),
    ("", "completions", "completion"),
    ("addon", "on", "addon enable"),
    ("addon", "add", "addon enable"),
    ("addon", "install", "addon enable"),
    ("addon", "update", "addon enable"),
    ("addon", "configure", "addon enable"),
    ("addon", "off", "addon disable"),
    ("addon", "remove", "addon disable"),
    ("addon", "delete", "addon disable"),
    ("addon", "uninstall", "addon disable"),
    ("addon", "get", "addon show"),
    ("addon", "status", "addon show"),
    ("addon", "describe", "addon explain"),
    ("addon", "ls", "addon list"),
    ("addon", "list-available", "addon list"),
    ("addon", "diff", "diff"),
    ("addon", "apply", "addon set"),
    ("aws", "create", "aws setup"),
    ("aws", "delete", "aws teardown"),
    ("aws", "check", "check"),
    ("cluster", "show", "cluster get"),
    ("cluster", "describe", "cluster get"),
    ("cluster", "ls", "cluster list"),
    ("cluster", "create", "apply"),
    ("cluster", "addons", "addon list"),
    ("auth", "whoami", "auth status"),
    ("sandbox", "up", "sandbox start"),
    ("sandbox", "exec", "sandbox run"),
];

/// What is to be said in place of clap's guess: a hint, or nothing.
pub(crate) enum Guess {
    /// This.
    Hint(String),
    /// Nothing is near.
    Silence,
    /// What clap says.
    Clap,
}

/// What is to be said beside the refusal of a command line.
pub(crate) fn guess(root: &Command, args: &[OsString], error: &clap::Error) -> Guess {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        _ => None,
    };
    match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let word = text(ContextKind::InvalidSubcommand).unwrap_or_default();
            command_meant(root, args, &word).unwrap_or_else(|| is_slip(error, &word))
        }
        ErrorKind::UnknownArgument => {
            let word = text(ContextKind::InvalidArg).unwrap_or_default();
            argument_meant(root, args, &word).unwrap_or_else(|| is_slip(error, &word))
        }
        ErrorKind::InvalidValue => {
            let word = text(ContextKind::InvalidValue).unwrap_or_default();
            is_slip(error, &word)
        }
        _ => Guess::Clap,
    }
}

/// Keeps clap's guess where the words differ by a slip or two.
fn is_slip(error: &clap::Error, word: &str) -> Guess {
    let suggestions = [
        ContextKind::SuggestedSubcommand,
        ContextKind::SuggestedArg,
        ContextKind::SuggestedValue,
    ];
    let found: Vec<String> = suggestions
        .iter()
        .filter_map(|kind| match error.get(*kind)? {
            ContextValue::String(text) => Some(vec![text.clone()]),
            ContextValue::Strings(texts) => Some(texts.clone()),
            _ => None,
        })
        .flatten()
        .collect();
    if found.is_empty() && error.get(ContextKind::Suggested).is_none() {
        return Guess::Clap;
    }
    let bare = |text: &str| text.trim_start_matches('-').to_owned();
    let word = bare(word);
    let is_near = |it: &String| {
        let distance = strsim::damerau_levenshtein(&bare(it), &word);
        distance <= 1 || (distance == 2 && word.chars().count() > 7)
    };
    match found.into_iter().find(is_near) {
        Some(near) => Guess::Hint(format!("did you mean `{near}`?")),
        None => Guess::Silence,
    }
}

/// The command that a word means where there is none of that name.
fn command_meant(root: &Command, args: &[OsString], word: &str) -> Option<Guess> {
    let (_, path) = reached(root, args);
    let at = path.join(" ");
    if (at.as_str(), word) == ("", "login") {
        return Some(Guess::Hint(
            "`cpln login` logs in, and mk8s uses its profile; `mk8s auth status` shows it"
                .to_owned(),
        ));
    }
    let meant = ELSEWHERE
        .iter()
        .find(|(under, other, _)| (*under, *other) == (at.as_str(), word));
    let (_, _, command) = meant?;
    let mut line = vec![program(root).to_owned(), (*command).to_owned()];
    let rest = args.iter().skip_while(|it| **it != *word).skip(1);
    line.extend(rest.map(|it| quote(&it.to_string_lossy())));
    // Where it stands below no other word, all that was typed is meant.
    Some(Guess::Hint(format!("did you mean `{}`?", line.join(" "))))
}

/// What a word means that no command takes.
fn argument_meant(root: &Command, args: &[OsString], word: &str) -> Option<Guess> {
    let at = args.iter().position(|it| it.to_string_lossy() == word)?;
    let before = args.get(at.checked_sub(1)?)?.to_string_lossy().into_owned();
    // A value that has to stand behind a sign.
    let (command, path) = reached(root, args);
    let tied = command.get_arguments().find(|arg| {
        arg.is_require_equals_set()
            && arg
                .get_long()
                .is_some_and(|long| before == format!("--{long}"))
    });
    if tied.is_some() {
        return Some(Guess::Hint(format!(
            "the value of {before} stands behind a sign: {before}={word}"
        )));
    }
    if word.starts_with('-') {
        return flag_before_its_command(root, args, at);
    }
    if path == ["sandbox", "run"] {
        let rest = args[at..].iter().map(|it| quote(&it.to_string_lossy()));
        let line = ["mk8s", "sandbox", "run", "--"].map(str::to_owned);
        let line: Vec<String> = line.into_iter().chain(rest).collect();
        return Some(Guess::Hint(format!(
            "the command stands behind a sign: `{}`",
            line.join(" ")
        )));
    }
    // The name of a cluster, or a file, without its flag.
    let takes = |short: char| {
        command
            .get_arguments()
            .any(|arg| arg.get_short() == Some(short))
    };
    let ending = Path::new(word).extension();
    let is_file = word.contains('/') || ending.is_some_and(|it| it == "yaml" || it == "yml");
    let flag = match (is_file && takes('f'), takes('c')) {
        (true, _) => "-f",
        (false, true) if by_word(word).is_none() => "-c",
        _ => return None,
    };
    let name = std::iter::once(program(root))
        .chain(path)
        .collect::<Vec<_>>()
        .join(" ");
    Some(Guess::Hint(format!(
        "did you mean `{flag} {}`? `{name} -h` shows what it takes",
        quote(word)
    )))
}

/// A flag of a command that stands in front of it.
fn flag_before_its_command(root: &Command, args: &[OsString], at: usize) -> Option<Guess> {
    let word = args.get(at)?.to_string_lossy().into_owned();
    let mut words = LineWords::of(root, args);
    let mut is_reached = false;
    for (place, found) in words.by_ref() {
        if matches!(found, LineWord::Command(_)) && place < at {
            is_reached = true;
        }
    }
    if is_reached {
        return None;
    }
    let short = word.strip_prefix('-').and_then(|it| it.chars().next());
    let is_of = |command: &Command| {
        command.get_arguments().any(|arg| {
            !arg.is_global_set()
                && (arg
                    .get_long()
                    .is_some_and(|long| word == format!("--{long}"))
                    || (short.is_some() && !word.starts_with("--") && arg.get_short() == short))
        })
    };
    let below = root.get_subcommands();
    let mut all = below.flat_map(|it| std::iter::once(it).chain(it.get_subcommands()));
    all.any(is_of).then(|| {
        Guess::Hint(format!(
            "{word} stands behind the command that it is for, as in `mk8s addon list {word} …`"
        ))
    })
}
