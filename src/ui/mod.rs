//! What is seen: the only place that writes to stdout and stderr.
//!
//! Data goes to stdout, words go to stderr. What stands in lines is taken line by line, and each
//! line is escaped on its way out: text from outside (names, server answers, file content) may act
//! on nothing and begin no line, whoever forgot to make it `text::Foreign`.

mod ask;
mod checklist;
mod checks;
mod conceal;
mod failure;
mod github;
pub(crate) mod jsonpath;
mod junit;
mod patience;
mod progress;
mod render;
mod screen;
mod states;
mod step;
pub(crate) mod table;
pub(crate) mod wire;
mod words;

pub(crate) use progress::Progress;
pub(crate) use render::{json, lines};
pub(crate) use screen::{KeyScreen, ScreenEvent};
pub(crate) use step::{StepRemark, StepRow, StepSummary};

use crate::cli::{Cli, Color, ErrorFormat, Gist, Global, OutputFormat};
use crate::error::{Error, Result};
use crate::invocation::Reach;
use crate::settings::Token;
use crate::settings::env::Environment;
use crate::text::{block, printable};
use crate::waiting::WaitBoard;
use indicatif::ProgressBar;
use serde_json::Value;
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::fmt::Write as _;
use std::io::{BufRead, Write};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// The three streams, with what is known about them.
pub struct Io {
    /// Standard input.
    pub stdin: Box<dyn BufRead + Send>,
    /// Standard output.
    pub stdout: Box<dyn Write>,
    /// Standard error.
    pub stderr: Box<dyn Write + Send>,
    /// Whether each of them is a terminal.
    pub terminal: Terminal,
}

/// Which streams are terminals, or nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Terminal {
    /// Standard input is one.
    pub stdin: bool,
    /// Standard output is one.
    pub stdout: bool,
    /// Standard error is one.
    pub stderr: bool,
    /// Standard output is none at all: it was closed.
    pub no_stdout: bool,
}

/// Standard input, as a thread of its own may read it.
type Stdin = Arc<Mutex<Box<dyn BufRead + Send>>>;

fn lock(stdin: &Stdin) -> std::sync::MutexGuard<'_, Box<dyn BufRead + Send>> {
    stdin.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How much is said on stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Volume {
    Quiet,
    Normal,
    Verbose,
}

/// stderr, and the token that nothing may hold that is written, here or elsewhere.
struct ErrorStream {
    stderr: Mutex<Box<dyn Write + Send>>,
    token: OnceLock<Token>,
}

impl ErrorStream {
    fn to(stderr: Box<dyn Write + Send>) -> Arc<Self> {
        Arc::new(Self {
            stderr: Mutex::new(stderr),
            token: OnceLock::new(),
        })
    }

    fn masked<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match self.token.get() {
            Some(token) => token.redact(text).into(),
            None => text.into(),
        }
    }

    fn write(&self, text: &str) {
        let mut stderr = self.stderr.lock().unwrap_or_else(PoisonError::into_inner);
        // Nobody is left to tell when stderr is gone.
        let _ = stderr.write_all(self.masked(text).as_bytes());
    }

    fn trace(&self, text: &str) {
        self.write(&format!("debug: {}\n", printable(text)));
    }
}

/// The door to stdout and stderr.
pub(crate) struct Ui {
    stdin: Stdin,
    stdout: RefCell<Box<dyn Write>>,
    words: Arc<ErrorStream>,
    terminal: Terminal,
    format: OutputFormat,
    error_format: ErrorFormat,
    /// Stdout stays empty on failure.
    bare: bool,
    /// The exit code is the answer, and nobody wants to read another.
    is_mute: bool,
    /// What is printed is a checklist.
    is_checklist: bool,
    /// Whether something was written to stdout.
    told: Cell<bool>,
    volume: Cell<Volume>,
    /// What the volume is where it is not raised for a question.
    raised: Cell<Option<Volume>>,
    debug: bool,
    colour_out: bool,
    colour_err: bool,
    interactive: bool,
    yes: bool,
    utf8: bool,
    columns: Option<u16>,
    /// The line that is rewritten while something is waited for.
    bar: RefCell<Option<ProgressBar>>,
    /// The same, where it is told from the board.
    wait_bar: RefCell<Option<ProgressBar>>,
    /// What is waited for.
    board: Arc<WaitBoard>,
    /// How many tell their progress themselves, or have the terminal.
    speakers: Cell<u32>,
    broken: Cell<bool>,
    lost: RefCell<Option<std::io::Error>>,
    /// The lines of tables that were drawn, where words of states are coloured in them.
    drawn: RefCell<HashSet<String>>,
    /// What the run is summed up as, where somebody wants to know.
    step: RefCell<Option<step::StepSummary>>,
    reach: Reach,
}

/// What a piece of text is, which decides its colour; nothing is said by colour alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// The word `error`, and removed lines.
    Red,
    /// Warnings.
    Yellow,
    /// Hints and commands.
    Cyan,
    /// Added lines.
    Green,
}

/// One command's result in every format.
pub(crate) struct Report {
    /// The complete document of `-o json` and `-o yaml`.
    pub(crate) json: Value,
    /// What `-o json-slim` and `-o yaml-slim` print; the same document if `None`.
    pub(crate) slim: Option<Value>,
    /// The lines of `-o names`.
    pub(crate) names: Vec<String>,
    /// The text, line by line: a line end in one of them is escaped, and begins no other.
    pub(crate) text: Vec<String>,
    /// The text of `-o wide`; the same if `None`.
    pub(crate) wide: Option<Vec<String>>,
}

impl Ui {
    /// Decides colour, volume and whether questions can be asked.
    ///
    /// A wrong output format is of kind usage; the streams come back with it.
    pub(crate) fn new(
        io: Io,
        cli: &Cli,
        gist: &Gist,
        env: &Environment,
    ) -> Result<Self, Box<(Error, Io)>> {
        let global = &cli.global;
        let format = match output_format(global, env) {
            Ok(format) => format,
            Err(error) => return Err(Box::new((error, io))),
        };
        let volume = if global.quiet {
            Volume::Quiet
        } else if global.verbose {
            Volume::Verbose
        } else {
            Volume::Normal
        };
        let colour = |terminal: bool| match global.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                if env.get("NO_COLOR").is_some() {
                    false
                } else if forced(env, "CLICOLOR_FORCE") || forced(env, "FORCE_COLOR") {
                    true
                } else {
                    terminal && env.get("TERM") != Some("dumb")
                }
            }
        };
        let terminal = io.terminal;
        Ok(Self {
            colour_out: colour(terminal.stdout),
            colour_err: colour(terminal.stderr),
            interactive: !global.no_input && may_ask(terminal, env),
            yes: global.yes,
            debug: global.debug || env.get("MK8S_LOG").is_some_and(|level| level == "debug"),
            utf8: is_utf8(env),
            columns: env.get("COLUMNS").and_then(|text| text.parse().ok()),
            stdin: Arc::new(Mutex::new(io.stdin)),
            stdout: RefCell::new(io.stdout),
            words: ErrorStream::to(io.stderr),
            terminal,
            error_format: global.error_format,
            bare: gist.is_bare,
            is_mute: volume == Volume::Quiet
                && gist.exit_code
                && global.output.is_none()
                && format == OutputFormat::Text,
            format,
            is_checklist: gist.is_checklist,
            told: Cell::new(false),
            volume: Cell::new(volume),
            raised: Cell::default(),
            bar: RefCell::new(None),
            wait_bar: RefCell::new(None),
            board: Arc::default(),
            speakers: Cell::new(0),
            broken: Cell::new(false),
            lost: RefCell::new(None),
            drawn: RefCell::default(),
            step: RefCell::new(None),
            reach: cli.reach.clone(),
        })
    }

    /// Whether pages can be drawn and keys read, for all that the environment says: all three streams are
    /// a terminal.
    pub(crate) fn may_ask_by_keys(terminal: Terminal, env: &Environment) -> bool {
        may_ask(terminal, env) && terminal.stdout
    }

    /// From here on the token is `***` wherever it would be written: in data, words, raw bytes.
    pub(crate) fn mask(&self, token: &Token) {
        // A run has one token; the first is the one.
        let _ = self.words.token.set(token.clone());
    }

    fn masked<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.words.masked(text)
    }

    /// A door that only errors go through, for failures before the flags are known: `gist` is what is
    /// known of them.
    pub(crate) fn early(io: Io, gist: &Gist) -> Self {
        Self {
            stdin: Arc::new(Mutex::new(io.stdin)),
            stdout: RefCell::new(io.stdout),
            words: ErrorStream::to(io.stderr),
            terminal: io.terminal,
            format: gist.output.clone().unwrap_or(OutputFormat::Text),
            error_format: gist.error_format,
            bare: gist.is_bare,
            is_mute: false,
            is_checklist: gist.is_checklist,
            told: Cell::new(false),
            volume: Cell::new(Volume::Normal),
            raised: Cell::default(),
            debug: false,
            colour_out: false,
            colour_err: false,
            interactive: false,
            yes: false,
            utf8: false,
            columns: None,
            bar: RefCell::new(None),
            wait_bar: RefCell::new(None),
            board: Arc::default(),
            speakers: Cell::new(0),
            broken: Cell::new(false),
            lost: RefCell::new(None),
            drawn: RefCell::default(),
            step: RefCell::new(None),
            reach: Reach::default(),
        }
    }

    /// The connections as the run was given them, for commands that are data.
    pub(crate) fn reach(&self) -> &Reach {
        &self.reach
    }

    /// The format of `-o`.
    pub(crate) fn format(&self) -> &OutputFormat {
        &self.format
    }

    /// Whether stdout is for people.
    pub(crate) fn is_text(&self) -> bool {
        matches!(
            self.format,
            OutputFormat::Text
                | OutputFormat::Wide
                | OutputFormat::Patch
                | OutputFormat::JsonSchema
        )
    }

    /// Whether each target is an object of its own line.
    pub(crate) fn is_lines(&self) -> bool {
        self.format == OutputFormat::JsonLines
    }

    /// Whether what is told of targets is printed as one document or as a line for each.
    pub(crate) fn has_documents(&self) -> bool {
        !self.is_text() && self.format != OutputFormat::Names
    }

    /// Prints an object as one line.
    pub(crate) fn object(&self, object: &Value) {
        self.document(object);
    }

    /// Whether stdout is for `git apply`.
    pub(crate) fn is_patch(&self) -> bool {
        self.format == OutputFormat::Patch
    }

    /// Whether there was no stdout when the program began.
    pub(crate) fn has_no_stdout(&self) -> bool {
        self.terminal.no_stdout
    }

    /// Whether requests are shown.
    pub(crate) fn is_debug(&self) -> bool {
        self.debug
    }

    /// Whether `--yes` answers.
    pub(crate) fn says_yes(&self) -> bool {
        self.yes
    }

    fn volume(&self) -> Volume {
        self.volume.get()
    }

    /// Whether somebody can be asked.
    pub(crate) fn is_interactive(&self) -> bool {
        self.interactive
    }

    /// Whether `--yes` was given.
    pub(crate) fn is_yes(&self) -> bool {
        self.yes
    }

    /// The width that tables are fitted to: the terminal's; `None` elsewhere.
    pub(crate) fn width(&self) -> Option<u16> {
        self.width_of(Stream::Data)
    }

    /// The same of either stream.
    fn width_of(&self, place: Stream) -> Option<u16> {
        let is_terminal = match place {
            Stream::Data => self.terminal.stdout,
            Stream::Words => self.terminal.stderr,
        };
        let width = || self.columns.or_else(render::terminal_width);
        is_terminal.then(width).flatten()
    }

    /// Prints one line of data.
    pub(crate) fn data(&self, text: &str) {
        self.write_out(&format!("{}\n", self.line_of_data(text)));
    }

    /// A line as it is shown: in a table with the words of states coloured.
    fn line_of_data(&self, line: &str) -> String {
        let shown = printable(line);
        if self.colour_out && self.drawn.borrow().contains(line) {
            states::painted(&shown, |word, tone| self.paint_out(word, tone))
        } else {
            shown
        }
    }

    /// Prints a document as it is, with no newline added; a terminal gets it escaped, but for the
    /// ends of its lines.
    pub(crate) fn raw(&self, text: &str) {
        if self.terminal.stdout {
            self.write_out(&block(text));
        } else {
            self.write_out(text);
        }
    }

    /// Prints a result in the format that was asked for. No match of a `jsonpath=` is an error of
    /// kind not-found.
    pub(crate) fn report(&self, report: &Report) -> Result<()> {
        let slim = report.slim.as_ref().unwrap_or(&report.json);
        match &self.format {
            OutputFormat::Text | OutputFormat::JsonSchema => self.text(&report.text),
            OutputFormat::Wide => self.text(report.wide.as_ref().unwrap_or(&report.text)),
            OutputFormat::Json | OutputFormat::Yaml | OutputFormat::JsonLines => {
                self.document(&report.json);
            }
            OutputFormat::JsonSlim | OutputFormat::YamlSlim => self.document(slim),
            OutputFormat::Names => {
                for name in &report.names {
                    self.data(name);
                }
            }
            OutputFormat::JsonPath(expression) => {
                for line in jsonpath::select(&report.json, expression)? {
                    self.raw(&format!("{line}\n"));
                }
            }
            // Refused before any other command than `check` runs; a patch is printed by the dry run.
            OutputFormat::Short
            | OutputFormat::Github
            | OutputFormat::Junit
            | OutputFormat::Patch => {}
        }
        Ok(())
    }

    /// Prints a document as JSON or YAML, whichever was asked for.
    fn document(&self, document: &Value) {
        self.raw(&match &self.format {
            OutputFormat::Yaml | OutputFormat::YamlSlim => {
                render::yaml(&self.concealed_value(document))
            }
            OutputFormat::JsonLines => {
                format!("{}\n", crate::text::json(document.to_string()))
            }
            _ => format!("{}\n", render::json(document)),
        });
    }

    fn text(&self, lines: &[String]) {
        let mut text = String::new();
        for one in lines {
            let _ = writeln!(text, "{}", self.line_of_data(one));
        }
        if !text.is_empty() {
            self.write_out(&text);
        }
    }

    /// All of standard input, at most `limit` bytes.
    pub(crate) fn stdin(&self, limit: u64) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut stdin = lock(&self.stdin);
        std::io::Read::read_to_end(
            &mut std::io::Read::take(&mut *stdin, limit.saturating_add(1)),
            &mut bytes,
        )
        .map_err(|error| Error::failure(format!("cannot read stdin: {error}")))?;
        if bytes.len() as u64 > limit {
            return Err(Error::refused("stdin was not read to its end")
                .because(format!("it is longer than {limit} bytes")));
        }
        Ok(bytes)
    }

    /// A line that tells what is waited for.
    pub(crate) fn progress(&self) -> Progress<'_> {
        Progress::new(self, self.volume() >= Volume::Normal, self.terminal.stderr)
    }

    /// What went wrong with stdout, if anything did. A closed pipe is a quiet end.
    pub(crate) fn finish(&self) -> Result<()> {
        let flushed = self.stdout.borrow_mut().flush();
        self.note_loss(flushed);
        match self.lost.borrow_mut().take() {
            None => Ok(()),
            Some(error) => Err(Error::failure(format!("cannot write to stdout: {error}"))),
        }
    }

    fn write_out(&self, text: &str) {
        self.told.set(true);
        if self.broken.get() || self.is_mute {
            return;
        }
        let written = self.aside(|| {
            let mut stdout = self.stdout.borrow_mut();
            stdout
                .write_all(self.masked(text).as_bytes())
                .and_then(|()| stdout.flush())
        });
        self.note_loss(written);
    }

    /// Writes, with the line that is rewritten out of the way.
    fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        self.calm_if_over();
        match &*self.bar.borrow() {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    fn note_loss(&self, result: std::io::Result<()>) {
        if let Err(error) = result {
            self.broken.set(true);
            if error.kind() != std::io::ErrorKind::BrokenPipe {
                *self.lost.borrow_mut() = Some(error);
            }
        }
    }

    fn write_err(&self, text: &str) {
        self.aside(|| self.words.write(text));
    }

    fn paint_out(&self, text: &str, tone: Tone) -> String {
        render::paint(text, tone, self.colour_out)
    }

    fn paint_err(&self, text: &str, tone: Tone) -> String {
        render::paint(text, tone, self.colour_err)
    }
}

/// Whether somebody can be asked, for all that the environment says.
fn may_ask(terminal: Terminal, env: &Environment) -> bool {
    let is_set = |name| env.get(name).is_some();
    terminal.stdin && terminal.stderr && !is_set("MK8S_NO_INPUT") && !is_set("CI")
}

/// Where a diff goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stream {
    /// stdout: the diff is the answer.
    Data,
    /// stderr: the diff goes with the answer.
    Words,
}

/// `-o`, else `MK8S_OUTPUT`, else text.
fn output_format(global: &Global, env: &Environment) -> Result<OutputFormat> {
    let format = match (&global.output, env.get("MK8S_OUTPUT")) {
        (Some(format), _) => format.clone(),
        (None, None) => OutputFormat::Text,
        (None, Some(text)) => text.parse().map_err(|reason: String| {
            Error::usage(format!("`{text}` in MK8S_OUTPUT is not an output format")).because(reason)
        })?,
    };
    if let OutputFormat::JsonPath(expression) = &format {
        jsonpath::check(expression)?;
    }
    Ok(format)
}

/// Whether the locale's characters are UTF-8; the first of the variables that is set decides.
fn is_utf8(env: &Environment) -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|name| env.get(name));
    locale.is_some_and(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

fn forced(env: &Environment, name: &str) -> bool {
    env.get(name).is_some_and(|value| value != "0")
}
