//! The words of a command line as the tree of commands has them, before and whether or not clap can
//! parse them: what is a command, what a flag and its value, and what neither.

use super::settings;
use clap::{Arg, Command};
use std::borrow::Cow;
use std::ffi::OsString;

/// What a word is.
pub(super) enum LineWord<'t, 'w> {
    /// The name of a command below the one before it.
    Command(&'t Command),
    /// A flag with its value, which may be the next word; `None` where no command up to here has it.
    Flag(Option<&'t Arg>, Option<Cow<'w, str>>),
    /// Anything else.
    Other,
}

/// A walk over words; gives each that is not a flag's value with its place.
pub(super) struct LineWords<'t, 'w> {
    words: &'w [OsString],
    at: usize,
    /// From the root down: each command takes the flags of those above it.
    chain: Vec<&'t Command>,
    /// Behind `--` nothing is a flag or a command.
    is_rest: bool,
}

impl<'t, 'w> LineWords<'t, 'w> {
    /// Of a whole command line, whose first word is the program's name.
    pub(super) fn of(root: &'t Command, line: &'w [OsString]) -> Self {
        Self {
            words: line,
            at: 1,
            chain: vec![root],
            is_rest: false,
        }
    }

    /// The names of the commands so far, without the program's.
    pub(super) fn path(&self) -> Vec<&'t str> {
        self.chain
            .iter()
            .skip(1)
            .map(|command| command.get_name())
            .collect()
    }

    fn flag(&mut self, word: &str) -> LineWord<'t, 'w> {
        let (arg, attached, wants) = match word.strip_prefix("--") {
            Some(long) => {
                let (name, attached) = match long.split_once('=') {
                    Some((name, value)) => (name, Some(value.to_owned())),
                    None => (long, None),
                };
                let arg = self.argument(|arg| is_long(arg, name));
                // Flags of an add-on may stand before its name, which is when no command has them yet.
                let wants = arg.map_or_else(|| settings::wants_word(name), wants_word);
                (arg, attached, wants)
            }
            None => self.shorts(word),
        };
        let value = match attached {
            Some(value) => Some(Cow::Owned(value)),
            None if wants => {
                let next = self.words.get(self.at);
                self.at += 1;
                next.map(|word| word.to_string_lossy())
            }
            None => None,
        };
        LineWord::Flag(arg, value)
    }

    /// Of short flags in one word (`-qo json`) the first that takes a value, or the last.
    fn shorts(&self, word: &str) -> (Option<&'t Arg>, Option<String>, bool) {
        let mut last = None;
        for (at, short) in word.char_indices().skip(1) {
            last = self.argument(|arg| arg.get_short() == Some(short));
            if last.is_some_and(wants_word) {
                let rest = &word[at + short.len_utf8()..];
                let value = rest.strip_prefix('=').unwrap_or(rest);
                let attached = (!value.is_empty()).then(|| value.to_owned());
                return (last, attached, true);
            }
        }
        (last, None, false)
    }

    fn argument(&self, is_it: impl Fn(&Arg) -> bool) -> Option<&'t Arg> {
        let mut flags = self
            .chain
            .iter()
            .rev()
            .flat_map(|command| command.get_arguments());
        flags.find(|arg| is_it(arg))
    }
}

impl<'t, 'w> Iterator for LineWords<'t, 'w> {
    type Item = (usize, LineWord<'t, 'w>);

    fn next(&mut self) -> Option<Self::Item> {
        let at = self.at;
        let word = self.words.get(at)?.to_string_lossy();
        self.at += 1;
        if self.is_rest {
            return Some((at, LineWord::Other));
        }
        if word == "--" {
            self.is_rest = true;
            return self.next();
        }
        if word.len() > 1 && word.starts_with('-') {
            return Some((at, self.flag(&word)));
        }
        let below = self.chain.last()?.find_subcommand(word.as_ref());
        self.chain.extend(below);
        Some((at, below.map_or(LineWord::Other, LineWord::Command)))
    }
}

fn is_long(arg: &Arg, name: &str) -> bool {
    let aliases = arg.get_all_aliases().unwrap_or_default();
    arg.get_long() == Some(name) || aliases.contains(&name)
}

/// Whether the word behind a flag is its value.
fn wants_word(arg: &Arg) -> bool {
    let least = arg.get_num_args().map_or(1, |range| range.min_values());
    arg.get_action().takes_values() && least > 0 && !arg.is_require_equals_set()
}
