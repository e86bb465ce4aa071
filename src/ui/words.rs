//! What is said on stderr, and diffs and plans wherever they go.

use super::{StepRemark, Stream, Tone, Ui, Volume, failure, junit, render};
use crate::cli::{ErrorFormat, OutputFormat};
use crate::error::Error;
use crate::invocation::{Hint, Invocation};
use crate::text::{block, fold, printable, source};
use std::fmt::Write as _;
use std::sync::Arc;

impl Ui {
    /// Says something on stderr; silent under `-q`.
    pub(crate) fn status(&self, text: &str) {
        if self.volume() >= Volume::Normal {
            self.write_err(&format!("{}\n", printable(text)));
        }
    }

    /// Says something on stderr under `-v`.
    pub(crate) fn detail(&self, text: &str) {
        if self.volume() >= Volume::Verbose {
            self.write_err(&format!("{}\n", printable(text)));
        }
    }

    /// Shows a request or an answer under `--debug`.
    pub(crate) fn trace(&self, text: &str) {
        if self.debug {
            self.words.trace(text);
        }
    }

    /// The same for calls that are made where the door itself cannot go; `None` without `--debug`.
    pub(crate) fn tracer(&self) -> Option<impl Fn(&str) + Send + Sync + 'static> {
        let words = Arc::clone(&self.words);
        self.debug.then_some(move |text: &str| words.trace(text))
    }

    /// Warns on stderr.
    pub(crate) fn warn(&self, text: &str) {
        if self.has_step() {
            self.step_remark(StepRemark {
                text: text.to_owned(),
                place: None,
            });
        }
        let word = self.paint_err("warning:", Tone::Yellow);
        self.write_err(&format!("{word} {}\n", printable(text)));
    }

    /// Says what could be done, on stderr.
    pub(crate) fn hint(&self, hint: impl Into<Hint>) {
        if self.volume() >= Volume::Normal {
            let word = self.paint_err("hint:", Tone::Cyan);
            let text = hint.into().render(&self.reach);
            self.write_err(&format!("{word} {}\n", printable(&text)));
        }
    }

    /// Names the next command, on stderr.
    pub(crate) fn next(&self, command: &Invocation) {
        if self.volume() >= Volume::Normal {
            let command = printable(&command.render(&self.reach));
            let command = self.paint_err(&command, Tone::Cyan);
            self.write_err(&format!("Next: {command}\n"));
        }
    }

    /// Names a command that does the same as what was picked, on stderr.
    pub(crate) fn equivalent(&self, command: &Invocation) {
        if self.volume() >= Volume::Normal {
            let command = printable(&command.render(&self.reach));
            let command = self.paint_err(&command, Tone::Cyan);
            self.write_err(&format!("Equivalent: {command}\n"));
        }
    }

    /// Names the command that takes back what was done, on stderr.
    pub(crate) fn undo(&self, command: &Invocation) {
        if self.volume() >= Volume::Normal {
            let command = printable(&command.render(&self.reach));
            let command = self.paint_err(&command, Tone::Cyan);
            self.write_err(&format!("Undo: {command}\n"));
        }
    }

    /// Shows signed lines (`+`, `-` or a blank) on stderr, or on stdout where the diff is the data.
    pub(crate) fn diff(&self, lines: &[(char, String)], place: Stream) {
        if lines.is_empty() {
            return;
        }
        self.step_diff(lines);
        self.show(&self.signed(lines, "", place), place);
    }

    /// Shows a plan: a heading, then lines that begin with a sign, indented.
    pub(crate) fn plan(&self, heading: &str, lines: &[(char, String)], place: Stream) {
        let lines = self.fitted(lines, place);
        let lines = self.signed(&lines, "  ", place);
        self.show(&format!("{}\n{lines}", printable(heading)), place);
    }

    /// The same lines, broken between words where a terminal would break them within.
    fn fitted(&self, lines: &[(char, String)], place: Stream) -> Vec<(char, String)> {
        let Some(width) = self.width_of(place) else {
            return lines.to_vec();
        };
        let parts = |(sign, line): &(char, String)| {
            let indent = line.len() - line.trim_start().len() + 4;
            // Two columns before the sign, and the sign.
            let folded = fold(line, usize::from(width).saturating_sub(3), indent);
            let signs = std::iter::once(*sign).chain(std::iter::repeat(' '));
            signs.zip(folded).collect::<Vec<_>>()
        };
        lines.iter().flat_map(parts).collect()
    }

    fn signed(&self, lines: &[(char, String)], indent: &str, place: Stream) -> String {
        let mut text = String::new();
        for (sign, rest) in lines {
            let shown = source(&format!("{sign}{rest}"));
            let tone = match sign {
                '+' => Some(Tone::Green),
                '-' => Some(Tone::Red),
                '~' => Some(Tone::Yellow),
                _ => None,
            };
            let shown = match (tone, place) {
                (Some(tone), Stream::Data) => self.paint_out(&shown, tone),
                (Some(tone), Stream::Words) => self.paint_err(&shown, tone),
                (None, _) => shown,
            };
            let _ = writeln!(text, "{indent}{shown}");
        }
        text
    }

    fn show(&self, text: &str, place: Stream) {
        match place {
            Stream::Data => self.write_out(text),
            Stream::Words if self.volume() >= Volume::Normal => self.write_err(text),
            Stream::Words => {}
        }
    }

    /// Shows a unified diff, as [`Ui::diff`] does.
    pub(crate) fn unified(&self, diff: &str, place: Stream) {
        self.diff(&signed_lines(diff), place);
    }

    /// The same for what the run is summed up as alone.
    pub(crate) fn keep_unified(&self, diff: &str) {
        self.step_diff(&signed_lines(diff));
    }

    /// Tells a failure and those that came with it, on stderr; and where a document was asked for and
    /// none was printed, as one on stdout.
    pub(crate) fn fail(&self, error: &Error) {
        self.tell(error, || {
            let mut text = String::new();
            for one in std::iter::once(error).chain(&error.others) {
                render::error(one, &self.reach, &mut text, |word, tone| {
                    self.paint_err(word, tone)
                });
            }
            self.write_err(&text);
        });
    }

    /// The same for what the command-line parser says, which has complete words of its own.
    pub(crate) fn complain(&self, error: &Error, words: &str) {
        self.tell(error, || self.write_err(&block(words)));
    }

    fn tell(&self, error: &Error, words: impl FnOnce()) {
        if self.error_format == ErrorFormat::Json {
            let document = failure::document(error, &self.reach).to_string();
            self.write_err(&format!("{}\n", crate::text::json(document)));
            return;
        }
        words();
        let is_document = matches!(
            self.format,
            OutputFormat::Json
                | OutputFormat::JsonLines
                | OutputFormat::JsonSlim
                | OutputFormat::Yaml
                | OutputFormat::YamlSlim
        );
        if self.told.get() {
            return;
        }
        if is_document && !self.bare {
            self.document(&failure::document(error, &self.reach));
        }
        match self.format {
            // Whoever collects the file would find none, and say so in place of what went wrong.
            OutputFormat::Junit if self.is_checklist => {
                self.write_out(&junit::failure(error, &self.reach));
            }
            OutputFormat::Github if self.is_checklist => {
                self.write_out(&self.annotations_of(error));
            }
            _ => {}
        }
    }
}

/// The lines of a unified diff, each with its sign.
fn signed_lines(diff: &str) -> Vec<(char, String)> {
    let lines = diff.lines().map(|line| {
        let mut chars = line.chars();
        (chars.next().unwrap_or(' '), chars.as_str().to_owned())
    });
    lines.collect()
}
