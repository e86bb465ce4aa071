//! A command that is printed to be pasted, as a value. Pure.
//!
//! Whoever advises a command says what it is: program, words, flags, and what a person fills in. How
//! the run reached Control Plane and AWS is not known there and not asked for: an `Invocation` has no
//! text of its own, and `Invocation::render` wants the run's `Reach`. So a printed
//! command goes where the run went, and one that forgets it does not compile.

use crate::shell::quote;
use std::path::Path;

/// The flags of both connections as the run was given them. What came from the environment or a
/// profile is not here: a pasted command finds it there again. Nor is `--token`, which is a secret.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Reach {
    /// `--org`.
    pub(crate) org: Option<String>,
    /// `--profile`.
    pub(crate) profile: Option<String>,
    /// `--endpoint`.
    pub(crate) endpoint: Option<String>,
    /// `--token-file`.
    pub(crate) token_file: Option<String>,
    /// `--insecure`.
    pub(crate) insecure: bool,
    /// Whether the program was run by kubectl, and may not be found under its own name.
    pub(crate) is_plugin: bool,
    /// `--aws-profile`.
    pub(crate) aws_profile: Option<String>,
    /// `--aws-region`.
    pub(crate) aws_region: Option<String>,
    /// `--aws-endpoint-url`.
    pub(crate) aws_endpoint_url: Option<String>,
}

/// How kubectl calls the program where it is found as `kubectl-mk8s`.
pub(crate) const PLUGIN: &str = "kubectl mk8s";

impl Reach {
    /// How the program is called.
    pub(crate) fn program(&self) -> &'static str {
        if self.is_plugin { PLUGIN } else { "mk8s" }
    }
}

/// Whose command it is: each has its own names for the connection's flags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Program {
    Mk8s,
    Aws,
    /// One that is told nothing of the connections.
    Other(&'static str),
}

/// One part of a command line.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Word {
    /// Ours, made of characters that no shell acts on.
    Fixed(&'static str),
    /// From outside: quoted.
    Value(String),
    /// A flag with its value.
    Flag(String, String),
    /// A flag whose value has to follow the sign.
    Tied(String, String),
    /// What a person fills in.
    Hole(&'static str),
    /// A flag whose value a person fills in.
    FlagHole(String, &'static str),
    /// The same for a flag whose value has to follow the sign.
    TiedHole(String, &'static str),
}

impl Word {
    fn render(&self) -> String {
        match self {
            Self::Fixed(word) | Self::Hole(word) => (*word).to_owned(),
            Self::Value(value) => quote(value),
            Self::FlagHole(flag, name) => format!("{flag} {name}"),
            Self::TiedHole(flag, name) => format!("{flag}={name}"),
            Self::Tied(flag, value) => format!("{flag}={}", quote(value)),
            // A value that looks like a flag is taken for one unless it is tied to its own.
            Self::Flag(flag, value) if value.starts_with('-') => {
                format!("{flag}={}", quote(value))
            }
            Self::Flag(flag, value) => format!("{flag} {}", quote(value)),
        }
    }
}

/// Flags of a command, to be added to one: those that name a target, or say what is made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CommandFlags(Vec<Word>);

/// A command: what is run, and on what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Invocation {
    program: Program,
    words: Vec<Word>,
    /// The region that is meant, whatever the run was given; for services that have regions.
    region: Option<String>,
    /// Whether it is the run's own, in words that are not looked into: it reaches what the run reached.
    is_own: bool,
    /// Whether it wants other AWS credentials than the run had.
    elsewhere: bool,
    /// What prints its input.
    fed: Option<Box<Self>>,
    output: Output,
}

/// Where the output of a command goes.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Output {
    Shown,
    /// Into a file.
    Kept(String),
    /// Into the shell, as commands.
    Taken,
}

/// The same builders for both: a command, and flags that are added to one.
macro_rules! builders {
    ($kind:ty, $($words:tt).+) => {
        #[allow(dead_code, reason = "a builder may be used for one of the two alone")]
        impl $kind {
            /// Words of ours, or a flag without a value: nothing that a shell acts on.
            #[must_use]
            pub(crate) fn plain(mut self, words: &'static str) -> Self {
                self.$($words).+.extend(words.split(' ').map(Word::Fixed));
                self
            }

            /// The flag, if `given`.
            #[must_use]
            pub(crate) fn plain_if(self, given: bool, flag: &'static str) -> Self {
                if given { self.plain(flag) } else { self }
            }

            /// A word from outside.
            #[must_use]
            pub(crate) fn word(mut self, word: impl Into<String>) -> Self {
                self.$($words).+.push(Word::Value(word.into()));
                self
            }

            /// A flag with its value.
            #[must_use]
            pub(crate) fn flag(mut self, flag: impl Into<String>, value: impl Into<String>) -> Self {
                self.$($words).+.push(Word::Flag(flag.into(), value.into()));
                self
            }

            /// A flag whose value may be left out, so that it has to follow the sign.
            #[must_use]
            pub(crate) fn tied(mut self, flag: impl Into<String>, value: impl Into<String>) -> Self {
                self.$($words).+.push(Word::Tied(flag.into(), value.into()));
                self
            }

            /// The same where a person fills in the value.
            #[must_use]
            pub(crate) fn tied_hole(mut self, flag: impl Into<String>, name: &'static str) -> Self {
                self.$($words).+.push(Word::TiedHole(flag.into(), name));
                self
            }

            /// A flag with its value, if there is one.
            #[must_use]
            pub(crate) fn flag_if(
                self,
                flag: impl Into<String>,
                value: Option<impl Into<String>>,
            ) -> Self {
                match value {
                    Some(value) => self.flag(flag, value),
                    None => self,
                }
            }

            /// What a person fills in, in capitals.
            #[must_use]
            pub(crate) fn hole(mut self, name: &'static str) -> Self {
                self.$($words).+.push(Word::Hole(name));
                self
            }

            /// A flag whose value a person fills in.
            #[must_use]
            pub(crate) fn flag_hole(mut self, flag: impl Into<String>, name: &'static str) -> Self {
                self.$($words).+.push(Word::FlagHole(flag.into(), name));
                self
            }

            /// `-c NAME`.
            #[must_use]
            pub(crate) fn cluster(self, name: &str) -> Self {
                self.flag("-c", name)
            }

            /// `-f FILE`; whoever pastes it has to say where standard input came from.
            #[must_use]
            #[allow(unreachable_pub, reason = "one of the two is shown outside")]
            pub fn file(self, path: &str) -> Self {
                if path == "-" {
                    self.flag_hole("-f", "FILE")
                } else {
                    self.flag("-f", path)
                }
            }

            /// Adds flags that were put together elsewhere.
            #[must_use]
            pub(crate) fn with(mut self, flags: &CommandFlags) -> Self {
                self.$($words).+.extend(flags.0.iter().cloned());
                self
            }
        }
    };
}

builders!(CommandFlags, 0);
builders!(Invocation, words);

impl CommandFlags {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Invocation {
    fn of(program: Program) -> Self {
        Self {
            program,
            words: Vec::new(),
            region: None,
            is_own: false,
            elsewhere: false,
            fed: None,
            output: Output::Shown,
        }
    }

    /// A command of ours: `addon enable`.
    pub(crate) fn mk8s(verb: &'static str) -> Self {
        Self::of(Program::Mk8s).plain(verb)
    }

    /// The run's own command in the words in which it was given, without those of the connection to
    /// Control Plane.
    pub(crate) fn again(words: &[String]) -> Self {
        let mut command = Self::of(Program::Mk8s);
        command.is_own = true;
        words.iter().cloned().fold(command, Self::word)
    }

    /// A command of the AWS CLI: `iam get-role`.
    pub(crate) fn aws(verb: &'static str) -> Self {
        Self::of(Program::Aws).plain(verb)
    }

    /// A command of `cpln`.
    pub(crate) fn cpln(verb: &'static str) -> Self {
        Self::of(Program::Other("cpln")).plain(verb)
    }

    /// A command of any other program, which reaches nothing by our connections.
    pub(crate) fn other(program: &'static str) -> Self {
        Self::of(Program::Other(program))
    }

    /// It reads the file.
    #[must_use]
    pub(crate) fn reads(self, path: &str) -> Self {
        self.plain("<").word(path)
    }

    /// The region that is meant, whatever the run was reach.
    #[must_use]
    pub(crate) fn in_region(mut self, region: &str) -> Self {
        self.region = Some(region.to_owned());
        self
    }

    /// For another AWS account: the run's AWS connection is left out.
    #[must_use]
    pub(crate) fn elsewhere(mut self) -> Self {
        self.elsewhere = true;
        self
    }

    /// Its output goes to the file.
    #[must_use]
    pub(crate) fn into_file(mut self, path: &str) -> Self {
        self.output = Output::Kept(path.to_owned());
        self
    }

    /// Its output is run by the shell that it is pasted into.
    #[must_use]
    pub(crate) fn evaluated(mut self) -> Self {
        self.output = Output::Taken;
        self
    }

    /// What another command prints is its input.
    #[must_use]
    pub(crate) fn fed_by(mut self, other: Self) -> Self {
        self.fed = Some(Box::new(other));
        self
    }

    /// The words behind the program's name, as a process gets them; those of the connection, which whoever
    /// runs them knows, are left out.
    pub(crate) fn arguments(&self) -> Vec<String> {
        let words = self.words.iter().flat_map(|word| match word {
            Word::Fixed(word) | Word::Hole(word) => vec![(*word).to_owned()],
            Word::Value(value) => vec![value.clone()],
            Word::Flag(flag, value) if !value.starts_with('-') => vec![flag.clone(), value.clone()],
            Word::Flag(flag, value) | Word::Tied(flag, value) => vec![format!("{flag}={value}")],
            Word::FlagHole(flag, name) | Word::TiedHole(flag, name) => {
                vec![format!("{flag}={name}")]
            }
        });
        words.collect()
    }

    /// As part of a sentence.
    #[must_use]
    pub(crate) fn within(self, before: &str, after: &str) -> Hint {
        Hint::from(before).command(self).text(after)
    }

    /// The command line, each word quoted once, with the connections that the run was reach.
    pub(crate) fn render(&self, reach: &Reach) -> String {
        let program = match self.program {
            Program::Mk8s => reach.program(),
            Program::Aws => "aws",
            Program::Other(program) => program,
        };
        let mut line = program.to_owned();
        let connection = self.connection(reach);
        for word in self.words.iter().chain(&connection.0) {
            line.push(' ');
            line.push_str(&word.render());
        }
        if let Some(other) = &self.fed {
            line = format!("{} | {line}", other.render(reach));
        }
        match &self.output {
            Output::Shown => line,
            Output::Kept(path) => format!("{line} > {}", quote(path)),
            Output::Taken => format!("eval \"$({line})\""),
        }
    }

    fn connection(&self, reach: &Reach) -> CommandFlags {
        let mut flags = CommandFlags::new();
        match self.program {
            Program::Mk8s => {
                if self.is_own || self.reaches_control_plane() {
                    flags = flags
                        .flag_if("--org", reach.org.clone())
                        .flag_if("--profile", reach.profile.clone())
                        .flag_if("--endpoint", reach.endpoint.clone())
                        .flag_if("--token-file", reach.token_file.clone())
                        .plain_if(reach.insecure, "--insecure");
                }
                if self.reaches_aws() && !self.elsewhere {
                    flags = flags
                        .flag_if("--aws-profile", reach.aws_profile.clone())
                        .flag_if("--aws-region", reach.aws_region.clone())
                        .flag_if("--aws-endpoint-url", reach.aws_endpoint_url.clone());
                }
            }
            Program::Aws if self.elsewhere => {}
            Program::Aws => {
                let region = self.region.clone().or_else(|| reach.aws_region.clone());
                flags = flags
                    .flag_if("--profile", reach.aws_profile.clone())
                    .flag_if("--region", region)
                    .flag_if("--endpoint-url", reach.aws_endpoint_url.clone());
            }
            Program::Other(_) => {}
        }
        // What the command names itself stands.
        flags.0.retain(|word| match word {
            Word::Flag(flag, _) => !self.has(flag),
            Word::Fixed(flag) => !self.has(flag),
            _ => true,
        });
        flags
    }

    fn has(&self, flag: &str) -> bool {
        self.words.iter().any(|word| match word {
            Word::Fixed(word) => *word == flag,
            Word::Flag(word, _)
            | Word::Tied(word, _)
            | Word::FlagHole(word, _)
            | Word::TiedHole(word, _) => word == flag,
            Word::Value(_) | Word::Hole(_) => false,
        })
    }

    fn verb(&self) -> (&str, &str) {
        let mut fixed = self.words.iter().map(|word| match word {
            Word::Fixed(word) => *word,
            _ => "",
        });
        (
            fixed.next().unwrap_or_default(),
            fixed.next().unwrap_or_default(),
        )
    }

    /// Whether a command of ours calls Control Plane, as its words say.
    fn reaches_control_plane(&self) -> bool {
        match self.verb() {
            ("check", _) => !self.has("--list"),
            ("aws", "permissions" | "workload") => self.has("-c"),
            ("apply" | "diff" | "cluster" | "auth" | "aws" | "undo", _) | ("sandbox", "token") => {
                true
            }
            ("addon", _) => (self.has("-c") && !self.has("-f")) || self.has("--apply"),
            _ => false,
        }
    }

    /// Whether a command of ours takes the flags of AWS's connection.
    fn reaches_aws(&self) -> bool {
        match self.verb() {
            ("check", _) => !self.has("--list"),
            ("aws", verb) => !matches!(verb, "permissions" | "workload"),
            _ => self.has("--create-role"),
        }
    }
}

/// A path as a word or a flag takes it.
pub(crate) fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// What to do next: a command, words, or words with commands in them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Hint(Vec<WordPiece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum WordPiece {
    Text(String),
    Command(Box<Invocation>),
}

impl Hint {
    /// Adds words.
    #[must_use]
    pub(crate) fn text(mut self, text: &str) -> Self {
        if !text.is_empty() {
            self.0.push(WordPiece::Text(text.to_owned()));
        }
        self
    }

    /// Adds a command.
    #[must_use]
    pub(crate) fn command(mut self, command: Invocation) -> Self {
        self.0.push(WordPiece::Command(Box::new(command)));
        self
    }

    /// Whether it says that the command is to be given once more as it was.
    pub(crate) fn is_once_more(&self) -> bool {
        let said = "run the same command again";
        let mut pieces = self.0.iter();
        pieces.any(|piece| matches!(piece, WordPiece::Text(text) if text.contains(said)))
    }

    /// The line: commands that stand alone are bare and follow each other, those among words are
    /// between backticks.
    pub(crate) fn render(&self, reach: &Reach) -> String {
        let is_text = |piece: &WordPiece| matches!(piece, WordPiece::Text(_));
        let among_words = self.0.iter().any(is_text);
        let mut line = String::new();
        for run in self.0.chunk_by(|a, b| !is_text(a) && !is_text(b)) {
            let commands = run.iter().map(|piece| match piece {
                WordPiece::Text(text) => text.clone(),
                WordPiece::Command(command) => command.render(reach),
            });
            let commands = commands.collect::<Vec<_>>().join(" && ");
            if among_words && !run.iter().any(is_text) {
                line.extend(["`", &commands, "`"]);
            } else {
                line.push_str(&commands);
            }
        }
        line
    }
}

impl From<&str> for Hint {
    fn from(text: &str) -> Self {
        Self::default().text(text)
    }
}

impl From<String> for Hint {
    fn from(text: String) -> Self {
        Self::default().text(&text)
    }
}

impl From<&String> for Hint {
    fn from(text: &String) -> Self {
        Self::default().text(text)
    }
}

impl FromIterator<Invocation> for Hint {
    fn from_iter<I: IntoIterator<Item = Invocation>>(commands: I) -> Self {
        commands.into_iter().fold(Self::default(), Self::command)
    }
}

impl From<Invocation> for Hint {
    fn from(command: Invocation) -> Self {
        Self::default().command(command)
    }
}

/// What a test compares: the text where no connection was given.
#[cfg(test)]
mod bare {
    use super::{Hint, Invocation, Reach};

    impl Invocation {
        pub(crate) fn bare(&self) -> String {
            self.render(&Reach::default())
        }
    }

    impl Hint {
        pub(crate) fn bare(&self) -> String {
            self.render(&Reach::default())
        }

        pub(crate) fn contains(&self, part: &str) -> bool {
            self.bare().contains(part)
        }
    }

    impl<T: AsRef<str>> PartialEq<T> for Invocation {
        fn eq(&self, text: &T) -> bool {
            self.bare() == text.as_ref()
        }
    }

    impl<T: AsRef<str>> PartialEq<T> for Hint {
        fn eq(&self, text: &T) -> bool {
            self.bare() == text.as_ref()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reach() -> Reach {
        Reach {
            org: Some("a b".to_owned()),
            profile: Some("-x".to_owned()),
            endpoint: Some("http://127.0.0.1:1".to_owned()),
            token_file: Some("it's".to_owned()),
            is_plugin: false,
            insecure: true,
            aws_profile: Some("the registry".to_owned()),
            aws_region: Some("eu-west-1".to_owned()),
            aws_endpoint_url: Some("http://127.0.0.1:2".to_owned()),
        }
    }

    const CONTROL: &str = r" --org 'a b' --profile=-x --endpoint http://127.0.0.1:1 --token-file 'it'\''s' --insecure";
    const AWS: &str = " --aws-profile 'the registry' --aws-region eu-west-1 \
                       --aws-endpoint-url http://127.0.0.1:2";

    #[test]
    fn a_command_goes_where_the_run_went() {
        let mk8s = Invocation::mk8s;
        for (command, words, flags) in [
            (mk8s("cluster list"), "cluster list", vec![CONTROL]),
            (
                mk8s("addon enable").word("x").cluster("p q"),
                "addon enable x -c 'p q'",
                vec![CONTROL],
            ),
            (
                mk8s("addon enable").word("x").file("m.yaml").cluster("p"),
                "addon enable x -f m.yaml -c p",
                vec![],
            ),
            (
                mk8s("apply").file("-").plain("--prune-addons"),
                "apply -f FILE --prune-addons",
                vec![CONTROL],
            ),
            (mk8s("addon list"), "addon list", vec![]),
            (mk8s("check --list"), "check --list", vec![]),
            (mk8s("check").cluster("p"), "check -c p", vec![CONTROL, AWS]),
            (mk8s("aws permissions"), "aws permissions", vec![]),
            (
                mk8s("aws setup")
                    .word("x")
                    .cluster("p")
                    .tied("--wait", "15m"),
                "aws setup x -c p --wait=15m",
                vec![CONTROL, AWS],
            ),
            (
                mk8s("aws teardown").word("x").cluster("p").elsewhere(),
                "aws teardown x -c p",
                vec![CONTROL],
            ),
            (
                mk8s("addon enable")
                    .word("x")
                    .cluster("p")
                    .plain("--create-role"),
                "addon enable x -c p --create-role",
                vec![CONTROL, AWS],
            ),
        ] {
            assert_eq!(
                command.render(&Reach::default()),
                format!("mk8s {words}"),
                "without a connection"
            );
            assert_eq!(
                command.render(&reach()),
                format!("mk8s {words}{}", flags.concat())
            );
        }
    }

    #[test]
    fn the_aws_cli_has_its_own_names_for_the_connection() {
        let command = Invocation::aws("iam get-role").flag("--role-name", "a b");
        assert_eq!(
            command.render(&reach()),
            "aws iam get-role --role-name 'a b' --profile 'the registry' --region eu-west-1 \
             --endpoint-url http://127.0.0.1:2"
        );
        let command = Invocation::aws("ecr list-images").in_region("cn-north-1");
        assert_eq!(
            command.render(&Reach::default()),
            "aws ecr list-images --region cn-north-1"
        );
        assert!(command.render(&reach()).contains("--region cn-north-1"));
        let own = Invocation::aws("sso login").flag("--profile", "other");
        assert_eq!(
            own.render(&reach()).matches("--profile").count(),
            1,
            "what the command names itself stands"
        );
        let command = Invocation::cpln("profile update")
            .word("the key")
            .plain("--login");
        assert_eq!(
            command.render(&reach()),
            "cpln profile update 'the key' --login"
        );
    }

    #[test]
    fn a_hint_shows_where_its_commands_begin_and_end() {
        let list = || Invocation::mk8s("cluster list");
        assert_eq!(Hint::from(list()), "mk8s cluster list");
        assert_eq!(
            list().within("clusters that exist: ", ""),
            "clusters that exist: `mk8s cluster list`"
        );
        assert_eq!(
            Hint::from(list()).command(list()),
            "mk8s cluster list && mk8s cluster list"
        );
        let get = Invocation::mk8s("cluster get").word("p").into_file("a b");
        assert_eq!(Hint::from(get), "mk8s cluster get p > 'a b'");
        let export = Invocation::aws("configure export-credentials").evaluated();
        assert_eq!(
            Hint::from(export),
            "eval \"$(aws configure export-credentials)\""
        );
    }

    /// Which commands take the flags of AWS's connection is said by the command tree.
    #[test]
    fn the_commands_that_take_the_flags_of_aws_are_those_of_the_tree() {
        fn leaves(command: &clap::Command, path: &str, found: &mut Vec<(String, bool)>) {
            let mut has_children = false;
            for child in command.get_subcommands() {
                has_children = true;
                leaves(child, &format!("{path} {}", child.get_name()), found);
            }
            if !has_children {
                let takes = command
                    .get_arguments()
                    .any(|it| it.get_id() == "aws_profile");
                found.push((path.trim().to_owned(), takes));
            }
        }
        let mut found = Vec::new();
        leaves(&crate::cli::command(), "", &mut found);
        assert!(found.len() > 15, "{found:?}");
        for (verb, takes) in found {
            let verb: &'static str = verb.leak();
            let plain = Invocation::mk8s(verb).reaches_aws();
            let with_role = Invocation::mk8s(verb).plain("--create-role").reaches_aws();
            let expected = if verb.starts_with("addon enable") {
                takes && !plain && with_role
            } else {
                plain
            };
            assert_eq!(expected, takes, "{verb}");
        }
    }
}
