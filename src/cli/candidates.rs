//! What may stand where a shell's cursor is: from the tree of commands alone. Pure.
//!
//! Candidates are whole words, with what was typed of them before the value: `--wait=5m`, `-c a,b`.
//! What is known elsewhere (clusters, profiles, checks) is named, and looked up by whoever asks.

use super::words::{LineWord, LineWords};
use clap::builder::PossibleValue;
use clap::{Arg, ArgAction, Command, ValueHint};
use std::ffi::OsString;

/// A candidate, and what it is.
pub(crate) type Candidate = (String, String);

/// What is looked up by whoever asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NamedThing {
    Clusters,
    Profiles,
    AwsProfiles,
    Checks,
    Topics,
    Journals,
    /// Runs that can be undone.
    Runs,
    /// Paths of the settings of this add-on, each with its sign.
    Settings(String),
}

/// What the shell adds by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ShellPart {
    Nothing,
    Files,
    Folders,
    Programs,
}

/// What may stand there.
#[derive(Debug)]
pub(crate) struct Completing {
    /// What was typed of the word before the part that is completed.
    pub(crate) prefix: String,
    /// What was typed of that part.
    pub(crate) typed: String,
    /// What is known here.
    pub(crate) candidates: Vec<Candidate>,
    /// What is not.
    pub(crate) named: Option<NamedThing>,
    pub(crate) shell: ShellPart,
}

impl Completing {
    fn of(typed: &str) -> Self {
        Self {
            prefix: String::new(),
            typed: typed.to_owned(),
            candidates: Vec::new(),
            named: None,
            shell: ShellPart::Nothing,
        }
    }

    /// Takes candidates in that begin as was typed, as whole words.
    pub(crate) fn whole(self, named: Vec<Candidate>) -> Vec<Candidate> {
        let all = self.candidates.into_iter().chain(named);
        all.filter(|(word, _)| word.starts_with(&self.typed))
            .map(|(word, what)| (format!("{}{word}", self.prefix), what))
            .collect()
    }
}

/// Arguments whose values are the names of clusters.
const OF_CLUSTERS: [&str; 6] = ["cluster", "exclude", "clusters", "from", "to", "name"];

/// What may stand for the last of these words, the first of which is the program's.
pub(crate) fn completing(root: &Command, words: &[OsString]) -> Completing {
    let Some((last, before)) = words.split_last() else {
        return Completing::of("");
    };
    let typed = last.to_string_lossy().into_owned();
    if let Some(at) = before.iter().position(|word| word == "--") {
        // Another program's words, unless it is this one again.
        let rest = words.get(at + 1..).unwrap_or_default();
        if rest.len() > 1 && rest.first().is_some_and(|it| it == "mk8s") {
            return completing(root, rest);
        }
        let shell = if rest.len() == 1 {
            ShellPart::Programs
        } else {
            ShellPart::Files
        };
        return Completing {
            shell,
            ..Completing::of(&typed)
        };
    }
    let mut walk = LineWords::of(root, before);
    let mut chain = vec![root];
    let (mut given, mut others, mut open) = (Vec::new(), Vec::new(), None);
    for (at, word) in walk.by_ref() {
        open = None;
        match word {
            LineWord::Command(command) => chain.push(command),
            LineWord::Other => others.push(before.get(at).cloned().unwrap_or_default()),
            LineWord::Flag(Some(arg), value) => {
                given.push(arg.get_id().as_str());
                if value.is_none() && at + 1 == before.len() && wants_word(arg) {
                    open = Some(arg);
                }
            }
            LineWord::Flag(None, _) => {}
        }
    }
    let under = chain.last().map(|it| it.get_name().to_owned());
    if let Some(arg) = open {
        return value(arg, Completing::of(&typed), under);
    }
    let flags = || {
        chain
            .iter()
            .rev()
            .flat_map(|command| command.get_arguments())
    };
    if let Some((name, rest)) = typed.strip_prefix("--").and_then(|it| it.split_once('=')) {
        let Some(arg) = flags().find(|arg| arg.get_long() == Some(name)) else {
            return Completing::of(&typed);
        };
        let at = Completing {
            prefix: format!("--{name}="),
            ..Completing::of(rest)
        };
        return value(arg, at, under);
    }
    if typed.starts_with('-') {
        let flags = flags().filter(|arg| {
            let again = matches!(arg.get_action(), ArgAction::Append | ArgAction::Count);
            !arg.is_positional()
                && !arg.is_hide_set()
                && (again || !given.contains(&arg.get_id().as_str()))
        });
        return Completing {
            candidates: flags.filter_map(flag).collect(),
            ..Completing::of(&typed)
        };
    }
    words_of(&chain, &others, &typed, under)
}

/// The value of a flag of a line, by its id; the last one counts.
pub(crate) fn flag_value(root: &Command, words: &[OsString], id: &str) -> Option<String> {
    let mut found = None;
    for (_, word) in LineWords::of(root, words) {
        if let LineWord::Flag(Some(arg), Some(value)) = word
            && arg.get_id() == id
        {
            found = Some(value.into_owned());
        }
    }
    found
}

/// Commands, or the values of the argument that comes next.
fn words_of(
    chain: &[&Command],
    others: &[OsString],
    typed: &str,
    name: Option<String>,
) -> Completing {
    let Some(command) = chain.last() else {
        return Completing::of(typed);
    };
    let below = command
        .get_subcommands()
        .filter(|it| !it.is_hide_set() && others.is_empty());
    let below = below.map(|it| {
        let about = it.get_about().map(ToString::to_string);
        (it.get_name().to_owned(), about.unwrap_or_default())
    });
    let below: Vec<Candidate> = below.collect();
    let mut positionals = command.get_positionals();
    let next = positionals.by_ref().nth(others.len());
    let last = command
        .get_positionals()
        .last()
        .filter(|arg| matches!(arg.get_action(), ArgAction::Append));
    let mut at = Completing::of(typed);
    if let Some(arg) = next.or(last) {
        at = value(arg, at, name);
    }
    at.candidates.extend(below);
    at
}

/// Whether the word behind a flag is its value.
fn wants_word(arg: &Arg) -> bool {
    arg.get_action().takes_values() && !arg.is_require_equals_set()
}

/// `--flag`, with its sign where the value stands behind one.
fn flag(arg: &Arg) -> Option<Candidate> {
    let long = arg.get_long()?;
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let help = help.split(';').next().unwrap_or_default().to_owned();
    let sign = if arg.is_require_equals_set()
        && arg.get_num_args().is_some_and(|it| it.min_values() > 0)
    {
        "="
    } else {
        ""
    };
    Some((format!("--{long}{sign}"), help))
}

/// The values of an argument.
fn value(arg: &Arg, mut at: Completing, command: Option<String>) -> Completing {
    let id = arg.get_id().as_str();
    if (arg.get_value_delimiter().is_some() || id == "only" || id == "skip")
        && let Some((head, tail)) = at.typed.clone().rsplit_once(',')
    {
        at.prefix = format!("{}{head},", at.prefix);
        tail.clone_into(&mut at.typed);
    }
    let values = arg.get_possible_values();
    at.candidates
        .extend(values.iter().filter(|it| !it.is_hide_set()).map(offer));
    if id == "output" && matches!(command.as_deref(), Some("check" | "validate")) {
        let more = ["short", "github", "junit"];
        at.candidates
            .extend(more.map(|word| (word.to_owned(), String::new())));
    }
    at.named = match id {
        "profile" => Some(NamedThing::Profiles),
        "aws_profile" => Some(NamedThing::AwsProfiles),
        "only" | "skip" if values.is_empty() => Some(NamedThing::Checks),
        "words" => Some(NamedThing::Topics),
        "resume" | "journal" => Some(NamedThing::Journals),
        "run" => Some(NamedThing::Runs),
        "set" | "unset" | "set_string" | "set_json" | "expect" => command.map(NamedThing::Settings),
        id if OF_CLUSTERS.contains(&id) && values.is_empty() => Some(NamedThing::Clusters),
        _ => None,
    };
    if at.candidates.is_empty() {
        at.shell = match arg.get_value_hint() {
            ValueHint::AnyPath | ValueHint::FilePath => ShellPart::Files,
            ValueHint::DirPath => ShellPart::Folders,
            ValueHint::CommandName | ValueHint::CommandWithArguments => ShellPart::Programs,
            _ => ShellPart::Nothing,
        };
    }
    at
}

fn offer(value: &PossibleValue) -> Candidate {
    let help = value.get_help().map(ToString::to_string);
    (value.get_name().to_owned(), help.unwrap_or_default())
}

/// The words of a line up to the cursor, of which the last may have a quote that is open.
pub(crate) fn line_words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match (c, quote) {
            (c, Some(end)) if c == end => quote = None,
            ('\\', None | Some('"')) => {
                let next = chars.next();
                word.get_or_insert_default().extend(next);
            }
            ('\'' | '"', None) => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (c, None) if c.is_whitespace() => words.extend(word.take()),
            (c, _) => word.get_or_insert_default().push(c),
        }
    }
    words.push(word.unwrap_or_default());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(line: &str) -> (Vec<String>, Option<NamedThing>, ShellPart) {
        let words: Vec<OsString> = line_words(line).into_iter().map(OsString::from).collect();
        let found = completing(&super::super::command(), &words);
        let (named, shell) = (found.named.clone(), found.shell);
        let words = found.whole(Vec::new());
        (
            words.into_iter().map(|(word, _)| word).collect(),
            named,
            shell,
        )
    }

    #[test]
    fn words_of_a_line_are_those_of_a_shell() {
        for (line, words) in [
            ("mk8s", &["mk8s"][..]),
            ("mk8s ", &["mk8s", ""]),
            ("mk8s  a\\ b 'c d", &["mk8s", "a b", "c d"]),
            ("x \"a'b\" ''", &["x", "a'b", ""]),
            ("x --a=\"b c", &["x", "--a=b c"]),
        ] {
            assert_eq!(line_words(line), words, "{line}");
        }
    }

    #[test]
    fn what_may_stand_at_the_cursor() {
        let has = |line: &str, wanted: &[&str]| {
            let (words, ..) = at(line);
            for word in wanted {
                assert!(
                    words.iter().any(|it| it == word),
                    "{line}: {word} in {words:?}"
                );
            }
        };
        has("mk8s ", &["addon", "aws", "check", "help"]);
        has("mk8s addon en", &["enable"]);
        has("mk8s addon enable aws-", &["aws-ecr", "aws-efs"]);
        has(
            "mk8s addon enable aws-ecr --with",
            &["--with-prerequisites"],
        );
        has("mk8s check -o ", &["json", "junit"]);
        has("mk8s check --output=js", &["--output=json"]);
        has("mk8s aws emit aws-ecr --format ter", &["terraform"]);
        has("mk8s sandbox run -- mk8s addon sh", &["show"]);
        assert_eq!(at("mk8s addon list -c ").1, Some(NamedThing::Clusters));
        assert_eq!(
            at("mk8s addon list --cluster=").1,
            Some(NamedThing::Clusters)
        );
        assert_eq!(at("mk8s cluster get ").1, Some(NamedThing::Clusters));
        assert_eq!(at("mk8s check --skip a,").1, Some(NamedThing::Checks));
        assert_eq!(
            at("mk8s addon enable metrics --set ").1,
            Some(NamedThing::Settings("metrics".to_owned()))
        );
        assert_eq!(at("mk8s apply -f ").2, ShellPart::Files);
        assert_eq!(at("mk8s man ").2, ShellPart::Folders);
        assert_eq!(at("mk8s sandbox run -- ").2, ShellPart::Programs);
        // What was given once is not offered again, and what can be repeated is.
        let (words, ..) = at("mk8s addon list -c x --all --");
        assert!(!words.contains(&"--all".to_owned()) && words.contains(&"--cluster".to_owned()));
        assert_eq!(at("mk8s nosuch ").0, Vec::<String>::new());
    }
}
