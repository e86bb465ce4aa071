//! What came of the targets: lines, document, names, hints, and the one error for all of them.

use super::state::{FleetSummary, TargetState};
use super::told::{self, ToldItem};
use crate::consent::Mode;
use crate::error::{Error, Kind, Result};
use crate::invocation::Invocation;
use crate::text;
use crate::ui::{Report, Ui, wire};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// What came of one target.
#[derive(Debug)]
pub(crate) enum TargetOutcome<T> {
    /// It was done, or looked at, whatever that showed.
    Done(TargetResult<T>),
    /// It was not: its item in the document, and why.
    Failed(T, Error),
    /// A part of it was: its item, which says what, and why not the rest.
    HalfDone(T, Error),
    /// The run ended before it was begun.
    NotStarted(T),
}

/// What is told of a target.
#[derive(Debug)]
pub(crate) struct TargetResult<T> {
    /// Its items in the document.
    pub(crate) items: Vec<T>,
    /// The lines of `-o names`.
    pub(crate) names: Vec<String>,
    /// The text.
    pub(crate) lines: Vec<String>,
    /// Whether something changed, would change, or differs.
    pub(crate) changed: bool,
    /// The command that is the natural next step.
    pub(crate) next: Option<Invocation>,
    /// What went wrong once it was done: it could not be read back, or the wait was in vain.
    pub(crate) failed: Option<Error>,
}

/// What is kept of a target that was told of: a fleet is large.
enum ToldTarget<T> {
    /// It was done, and nothing else of it is left to be told.
    Done {
        names: Box<[String]>,
        lines: Box<[String]>,
        changed: bool,
    },
    /// All of it.
    Whole(Box<TargetOutcome<T>>),
}

impl<T> ToldTarget<T> {
    fn outcome(self) -> TargetOutcome<T> {
        match self {
            Self::Whole(came) => *came,
            Self::Done {
                names,
                lines,
                changed,
            } => TargetOutcome::Done(TargetResult {
                items: Vec::new(),
                names: names.into_vec(),
                lines: lines.into_vec(),
                changed,
                next: None,
                failed: None,
            }),
        }
    }

    /// The names and the lines of one that was done, and whether it was changed.
    fn done(&self) -> Option<(&[String], &[String], bool)> {
        match self {
            Self::Done {
                names,
                lines,
                changed,
            } => Some((names, lines, *changed)),
            Self::Whole(came) => match &**came {
                TargetOutcome::Done(told) => Some((&told.names, &told.lines, told.changed)),
                _ => None,
            },
        }
    }
}

/// What stands in the text beside what was told, for commands whose text is one table of all.
#[derive(Debug, Default)]
pub(crate) struct Closing {
    /// The text.
    pub(crate) text: Vec<String>,
    /// The text of `-o wide`; the same if `None`.
    pub(crate) wide: Option<Vec<String>>,
    /// The lines of `-o names`, where they are not those of the targets one after another.
    pub(crate) names: Option<Vec<String>>,
    /// Further next steps.
    pub(crate) next: Vec<Invocation>,
}

/// Where the lines of the text go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LineOutput {
    /// They are the answer.
    Data,
    /// Something else is: the preview of a dry run, or an edited manifest.
    Words,
}

/// Tells what came of every target.
///
/// People read a line as soon as it is known: what was done is on the screen whatever happens
/// afterwards. A document is written once, at the end; if there is no end, what was changed is said
/// on stderr.
pub(crate) struct Reporter<'a, T: ToldItem> {
    ui: &'a Ui,
    kind: &'static str,
    /// The kind of the document where one target was asked for, if that is another one.
    alone: Option<&'static str>,
    /// Whether several were asked for, however many they turned out to be.
    of_several: bool,
    /// `None` for a command that only reads.
    mode: Option<Mode>,
    lines: LineOutput,
    /// By number of the target.
    came: Vec<Option<ToldTarget<T>>>,
    /// As what each ended, where a run counts that.
    states: BTreeMap<usize, TargetState>,
    /// What became of those that changed, where the items say.
    actions: BTreeMap<usize, &'static str>,
    /// Those of which there is more to be told, with `-o jsonl`.
    open: BTreeSet<usize>,
    /// Those that were printed, likewise.
    printed: BTreeSet<usize>,
    /// Why some were not begun.
    stopped: Option<Error>,
    is_over: bool,
    /// Whether the words for how many end as what have been said.
    pub(crate) is_counted: bool,
}

impl<'a, T: ToldItem> Reporter<'a, T> {
    /// For a command that changes something.
    pub(crate) fn changing(ui: &'a Ui, kind: &'static str, mode: Mode) -> Self {
        let lines = if mode.is_dry_run() {
            LineOutput::Words
        } else {
            LineOutput::Data
        };
        Self::new(ui, kind, Some(mode), lines)
    }

    /// For a command that only reads.
    pub(crate) fn reading(ui: &'a Ui, kind: &'static str) -> Self {
        Self::new(ui, kind, None, LineOutput::Data)
    }

    fn new(ui: &'a Ui, kind: &'static str, mode: Option<Mode>, lines: LineOutput) -> Self {
        Self {
            ui,
            kind,
            alone: None,
            of_several: false,
            mode,
            lines,
            came: Vec::new(),
            states: BTreeMap::new(),
            actions: BTreeMap::new(),
            open: BTreeSet::new(),
            printed: BTreeSet::new(),
            stopped: None,
            is_over: false,
            is_counted: false,
        }
    }

    /// The lines go to stderr: stdout has something else.
    #[must_use]
    pub(crate) fn beside(mut self) -> Self {
        self.lines = LineOutput::Words;
        self
    }

    /// One target that was asked for is a document of its own, of this kind.
    #[must_use]
    pub(crate) fn alone(mut self, kind: &'static str) -> Self {
        self.alone = Some(kind);
        self
    }

    /// Several were asked for: what is printed is a list of them, even if it is one or none can be read.
    #[must_use]
    pub(crate) fn of_several(mut self, yes: bool) -> Self {
        self.of_several = yes;
        self
    }

    /// How many targets were told of.
    pub(crate) fn count(&self) -> usize {
        self.came.len()
    }

    /// Tells of the target with the number.
    pub(crate) fn tell(&mut self, number: usize, mut came: TargetOutcome<T>) {
        if let TargetOutcome::Done(told) = &came
            && let Some(action) = told.items.first().and_then(ToldItem::action)
        {
            self.actions.insert(number, action);
        }
        if let (TargetOutcome::Done(told), true) = (&mut came, self.ui.is_text()) {
            for line in &told.lines {
                match self.lines {
                    LineOutput::Data => self.ui.data(line),
                    LineOutput::Words => self.ui.status(line),
                }
            }
            // Nobody else asks for it again, and a fleet is large.
            if !self.ui.has_step() {
                told.lines = Vec::new();
            }
        }
        let is_asked_for = self.ui.has_documents() || self.ui.has_step();
        if let (TargetOutcome::Done(told), false) = (&mut came, is_asked_for) {
            told.items = Vec::new();
        }
        if self.came.len() <= number {
            self.came.resize_with(number + 1, || None);
        }
        if let Some(slot) = self.came.get_mut(number) {
            *slot = Some(ToldTarget::Whole(Box::new(came)));
        }
        self.print(number);
        self.shrink(number);
    }

    /// Keeps no more of a target than there is to tell.
    fn shrink(&mut self, number: usize) {
        let is_open = self.open.contains(&number) || self.ui.has_step();
        let Some(slot) = self.came.get_mut(number).filter(|_| !is_open) else {
            return;
        };
        if let Some(ToldTarget::Whole(came)) = slot
            && let TargetOutcome::Done(told) = &mut **came
            && told.items.is_empty()
            && told.next.is_none()
            && told.failed.is_none()
        {
            *slot = Some(ToldTarget::Done {
                names: std::mem::take(&mut told.names).into(),
                lines: std::mem::take(&mut told.lines).into(),
                changed: told.changed,
            });
        }
    }

    /// There will be more to tell of a target than what is told next: its line waits for that.
    pub(crate) fn expect_more(&mut self, number: usize) {
        self.open.insert(number);
    }

    /// All is told of a target.
    pub(crate) fn complete(&mut self, number: usize) {
        self.open.remove(&number);
        self.print(number);
        self.shrink(number);
    }

    /// Prints the objects of a target where each has its own line, once.
    fn print(&mut self, number: usize) {
        // One that was asked for alone may turn out to be a failure, which is a document of its own.
        if !self.ui.is_lines() || self.open.contains(&number) || !self.of_several {
            return;
        }
        let Some(Some(ToldTarget::Whole(came))) = self.came.get_mut(number) else {
            return;
        };
        if !self.printed.insert(number) {
            return;
        }
        match &mut **came {
            TargetOutcome::Done(told) => {
                for item in &told.items {
                    self.ui.object(&wire::to_value(item));
                }
                if !self.ui.has_step() {
                    told.items = Vec::new();
                }
            }
            TargetOutcome::Failed(item, _)
            | TargetOutcome::HalfDone(item, _)
            | TargetOutcome::NotStarted(item) => self.ui.object(&wire::to_value(item)),
        }
    }

    /// Counts as what a target ended; the last word counts.
    pub(crate) fn mark(&mut self, number: usize, state: TargetState) {
        self.states.insert(number, state);
    }

    /// Says why some were not begun.
    pub(crate) fn stopped(&mut self, why: Error) {
        self.stopped = Some(why);
    }

    /// How many ended as what, where that was counted; that all were is checked.
    fn summary(&self) -> Result<Option<FleetSummary>> {
        if self.states.is_empty() {
            return Ok(None);
        }
        let summary = FleetSummary::of(self.states.values().copied());
        let targets = self.came.iter().flatten().count();
        if summary.adds_up(targets) {
            return Ok(Some(summary));
        }
        Err(Error::failure(format!(
            "of {targets} targets {} are accounted for: {}",
            summary.targets,
            summary.words()
        )))
    }

    /// Tells of one target more.
    pub(crate) fn add(&mut self, came: TargetOutcome<T>) {
        self.tell(self.came.len(), came);
    }

    /// What was told of a target, to be completed with what came afterwards.
    pub(crate) fn told(&mut self, number: usize) -> Option<&mut TargetResult<T>> {
        match self.came.get_mut(number)? {
            Some(ToldTarget::Whole(came)) => match &mut **came {
                TargetOutcome::Done(told) => Some(told),
                _ => None,
            },
            _ => None,
        }
    }

    /// The names of those that were done and changed.
    pub(crate) fn changed(&self) -> Vec<String> {
        let done = self.came.iter().flatten().filter_map(ToldTarget::done);
        let changed = done.filter(|(.., changed)| *changed);
        changed.flat_map(|(names, ..)| names).cloned().collect()
    }

    /// Ends: writes the document, names the next steps, and gives whether anything changed; the
    /// failures are the error.
    pub(crate) fn finish(self) -> Result<bool> {
        self.close(Closing::default())
    }

    /// Ends with a failure that came before all targets were worked on: what was done is told.
    pub(crate) fn fail(self, mut failure: Error) -> Error {
        if let Err(error) = self.finish() {
            failure.others.push(error);
        }
        failure
    }

    /// As what the target with the number ended, or would.
    fn word(&self, number: usize, came: &ToldTarget<T>) -> &'static str {
        let changed = self.actions.get(&number).copied();
        let changed = changed.unwrap_or(TargetState::Changed.name());
        if let Some(state) = self.states.get(&number) {
            return match state {
                TargetState::Changed => changed,
                state => state.name(),
            };
        }
        match (came.done(), came) {
            (Some((.., true)), _) => changed,
            (None, ToldTarget::Whole(came)) => told::state(came).name(),
            _ => TargetState::Unchanged.name(),
        }
    }

    /// How many ended as what, or would.
    fn tally(&self) -> String {
        let came = self.came.iter().enumerate();
        let words = came.filter_map(|(number, it)| Some(self.word(number, it.as_ref()?)));
        told::tally(words, self.mode == Some(Mode::Write))
    }

    /// Has what came of each summed up, where somebody wants to know.
    fn sum_up_step(&self) {
        if !self.ui.has_step() {
            return;
        }
        self.ui.step_tally(&self.tally());
        for (number, came) in self.came.iter().enumerate() {
            let Some(came) = came else { continue };
            let word = told::would(self.word(number, came), self.mode == Some(Mode::Write));
            if let ToldTarget::Whole(came) = came {
                told::row(self.ui, came, word);
            }
        }
    }

    /// Ends with a text for all.
    pub(crate) fn close(mut self, closing: Closing) -> Result<bool> {
        self.is_over = true;
        self.sum_up_step();
        let summary = self.summary()?;
        let tally = self.tally();
        self.open.clear();
        for number in 0..self.came.len() {
            self.print(number);
        }
        let came = std::mem::take(&mut self.came);
        let targets = came.iter().flatten().count();
        if targets == 0 && !self.of_several {
            return Ok(false);
        }
        let (mut items, mut names, mut lines, mut next) = (vec![], vec![], vec![], vec![]);
        let (mut errors, mut late) = (vec![], vec![]);
        let (mut done, mut changed, mut left) = (0, false, 0);
        for one in came.into_iter().flatten() {
            match one.outcome() {
                TargetOutcome::Failed(_, error) if targets == 1 && !self.of_several => {
                    return Err(error);
                }
                TargetOutcome::Done(told) => {
                    done += 1;
                    changed |= told.changed;
                    items.extend(told.items);
                    names.extend(told.names);
                    lines.extend(told.lines);
                    next.extend(told.next);
                    late.extend(told.failed);
                }
                TargetOutcome::Failed(item, error) | TargetOutcome::HalfDone(item, error) => {
                    items.push(item);
                    errors.push(error);
                }
                TargetOutcome::NotStarted(item) => {
                    items.push(item);
                    left += 1;
                }
            }
        }
        let is_changed = changed && self.mode == Some(Mode::Write);
        let next_steps: Vec<Invocation> = closing.next.iter().cloned().chain(next).collect();
        let written = self.write(items, names, summary, targets, closing);
        written.map_err(|error| {
            // What was done is said even where it cannot be shown as was asked.
            if is_changed {
                error.note(format!("{}.", lines.join("; ")))
            } else {
                error
            }
        })?;
        for hint in &next_steps {
            self.ui.next(hint);
        }
        let is_counted = T::IS_COUNTED && targets > 1 && self.ui.is_text() && !self.is_counted;
        if summary.is_some() || is_counted {
            self.ui.status(&tally);
        }
        // Every target that was changed is done, also where something went wrong afterwards.
        let done = if errors.is_empty() { 0 } else { done };
        errors.extend(late);
        let mut failed = summarise(errors, done);
        if let (Some(error), Some(summary)) = (&mut failed, summary)
            && !error.others.is_empty()
        {
            error.message = summary.not_done();
        }
        let is_open = |stopped: &Error| left > 0 || stopped.kind == Kind::Interrupted;
        let Some(stopped) = self.stopped.take().filter(is_open) else {
            return failed.map_or(Ok(changed), Err);
        };
        Err(unfinished(failed, stopped, (done, left)))
    }

    /// Writes what is asked for of all targets together.
    fn write(
        &self,
        items: Vec<T>,
        mut names: Vec<String>,
        summary: Option<FleetSummary>,
        targets: usize,
        closing: Closing,
    ) -> Result<()> {
        if self.ui.is_lines() {
            // Those of several were printed one by one.
            for item in items.iter().filter(|_| !self.of_several) {
                self.ui.object(&wire::to_value(item));
            }
            self.sum_up(summary, targets);
            return Ok(());
        }
        if self.mode.is_some() {
            // A file and the cluster that it describes are called alike.
            let mut seen = HashSet::new();
            names.retain(|name| seen.insert(name.clone()));
        } else {
            names.dedup();
        }
        self.ui.report(&Report {
            json: self.document(items, summary),
            slim: None,
            names: closing.names.unwrap_or(names),
            text: closing.text,
            wide: closing.wide,
        })
    }

    /// The last line where each target has its own.
    fn sum_up(&self, summary: Option<FleetSummary>, targets: usize) {
        let mut body = match summary {
            Some(summary) => wire::to_value(&summary),
            None => serde_json::json!({"targets": targets}),
        };
        if let (Some(mode), Value::Object(body)) = (self.mode, &mut body) {
            body.insert("dryRun".to_owned(), mode.is_dry_run().into());
        }
        self.ui
            .object(&wire::to_value(&wire::Single::new("Summary", body)));
    }

    /// For a fleet the document takes as much memory as its files: only if it is printed.
    fn document(&self, mut items: Vec<T>, summary: Option<FleetSummary>) -> Value {
        if !self.ui.has_documents() {
            return Value::Null;
        }
        if let (Some(kind), 1, false) = (self.alone, items.len(), self.of_several)
            && let Some(item) = items.pop()
        {
            return wire::to_value(&wire::Single::new(kind, item));
        }
        wire::to_value(&match self.mode {
            Some(mode) => {
                wire::ItemsDocument::change(self.kind, mode.is_dry_run(), items).summed_up(summary)
            }
            None => wire::ItemsDocument::read(self.kind, items),
        })
    }
}

impl<T: ToldItem> Drop for Reporter<'_, T> {
    fn drop(&mut self) {
        if !self.is_over {
            self.sum_up_step();
        }
        if self.is_over || self.mode != Some(Mode::Write) || self.ui.is_text() {
            return;
        }
        let done = self.came.iter().flatten().filter_map(ToldTarget::done);
        for (_, lines, _) in done.filter(|(.., changed)| *changed) {
            for line in lines {
                self.ui.status(line);
            }
        }
    }
}

/// The error of a run that ended before all were begun: of what failed, if anything did, and why the
/// others were not begun.
fn unfinished(failed: Option<Error>, stopped: Error, (done, left): (usize, usize)) -> Error {
    let rest = text::count(left, "target");
    let is_interrupted = stopped.kind == Kind::Interrupted;
    let Some(mut error) = failed else {
        let was = if left == 1 { "was" } else { "were" };
        if left == 0 {
            // Nothing is left that could be taken up.
            let error = Error::new(stopped.kind, "interrupted");
            return error.note("Everything that was to be written is written.");
        }
        let message = format!("{rest} {was} not begun");
        return Error { message, ..stopped };
    };
    if is_interrupted {
        error.kind = Kind::Interrupted;
    } else if done > 0 {
        error.kind = Kind::Partial;
    }
    let notes = stopped.because.into_iter();
    let why = notes.collect::<Vec<_>>().join("; ");
    if left > 0 {
        error = error.note(format!("{} not begun: {why}.", text::capital(&rest)));
    }
    stopped.hints.into_iter().fold(error, Error::hint)
}

/// One error for what several targets came to: the only one as it is, several of one kind under
/// that kind, and `partial` where others are done.
pub(crate) fn summarise(mut errors: Vec<Error>, done: usize) -> Option<Error> {
    if errors.is_empty() {
        return None;
    }
    if errors.len() == 1 && done == 0 {
        return errors.pop();
    }
    let kind = match errors.first() {
        Some(first) if done == 0 && errors.iter().all(|error| error.kind == first.kind) => {
            first.kind
        }
        _ => Kind::Partial,
    };
    let failed = errors.len();
    let mut error = Error::new(
        kind,
        if done == 0 {
            format!("all {failed} targets failed")
        } else {
            format!("{failed} of {} targets failed", failed + done)
        },
    );
    error.others = errors;
    Some(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Cli, Gist};
    use crate::settings::Environment;
    use crate::ui::{Io, Terminal};
    use clap::Parser as _;
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Pipe(Arc<Mutex<Vec<u8>>>);

    impl Pipe {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    impl Write for Pipe {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    struct Screen {
        ui: Ui,
        out: Pipe,
        err: Pipe,
    }

    impl ToldItem for &str {}

    fn screen(format: &str) -> Screen {
        let (out, err) = (Pipe::default(), Pipe::default());
        let io = Io {
            stdin: Box::new(io::empty()),
            stdout: Box::new(out.clone()),
            stderr: Box::new(err.clone()),
            terminal: Terminal::default(),
        };
        let cli = Cli::try_parse_from(["mk8s", "version", "-o", format]).unwrap();
        let Ok(ui) = Ui::new(io, &cli, &Gist::default(), &Environment::default()) else {
            panic!("no ui");
        };
        Screen { ui, out, err }
    }

    fn done(name: &str) -> TargetOutcome<&str> {
        TargetOutcome::Done(TargetResult {
            items: vec![name],
            names: vec![name.to_owned()],
            lines: vec![format!("Did {name}")],
            changed: true,
            next: Some(Invocation::other("look").word(name)),
            failed: None,
        })
    }

    fn failed(name: &str, kind: Kind) -> TargetOutcome<&str> {
        TargetOutcome::Failed(name, Error::new(kind, format!("{name} failed")))
    }

    #[test]
    fn a_line_is_there_as_soon_as_it_is_told_and_next_steps_come_last() {
        let Screen { ui, out, err } = screen("text");
        let mut teller = Reporter::changing(&ui, "Things", Mode::Write);
        teller.tell(1, done("two"));
        assert_eq!(out.text(), "Did two\n");
        teller.tell(0, done("one"));
        assert_eq!(err.text(), "");
        assert!(teller.finish().unwrap());
        assert_eq!(out.text(), "Did two\nDid one\n");
        assert_eq!(err.text(), "Next: look one\nNext: look two\n");
    }

    #[test]
    fn a_document_has_all_in_their_order_and_is_written_once() {
        let Screen { ui, out, err } = screen("json");
        let mut teller = Reporter::changing(&ui, "Things", Mode::Write);
        teller.tell(1, failed("two", Kind::Denied));
        teller.tell(0, done("one"));
        assert_eq!(out.text(), "");
        let error = teller.finish().unwrap_err();
        assert_eq!(error.kind, Kind::Partial);
        assert_eq!(error.message, "1 of 2 targets failed");
        let document: Value = serde_json::from_str(&out.text()).unwrap();
        assert_eq!(document["items"], serde_json::json!(["one", "two"]));
        assert!(!err.text().contains("Did one"));
    }

    #[test]
    fn what_was_changed_is_said_although_there_is_no_end() {
        let Screen { ui, out, err } = screen("json");
        let mut teller = Reporter::changing(&ui, "Things", Mode::Write);
        teller.add(done("one"));
        drop(teller);
        assert_eq!(
            (out.text().as_str(), err.text().as_str()),
            ("", "Did one\n")
        );
        for mode in [None, Some(Mode::DryRun)] {
            let Screen { ui, err, .. } = screen("json");
            let mut teller = match mode {
                None => Reporter::reading(&ui, "Things"),
                Some(mode) => Reporter::changing(&ui, "Things", mode),
            };
            teller.add(done("one"));
            drop(teller);
            assert_eq!(err.text(), "", "{mode:?}");
        }
    }

    #[test]
    fn what_was_changed_is_said_where_it_cannot_be_shown() {
        let Screen { ui, .. } = screen("jsonpath=$.nothing");
        let mut teller = Reporter::changing(&ui, "Things", Mode::Write);
        teller.add(done("one"));
        teller.add(done("two"));
        let error = teller.finish().unwrap_err();
        assert_eq!(error.notes, ["Did one; Did two."]);
    }

    #[test]
    fn the_only_target_that_failed_is_the_error() {
        let Screen { ui, out, .. } = screen("json");
        let mut teller = Reporter::changing(&ui, "Things", Mode::Write);
        teller.add(failed("one", Kind::NotFound));
        let error = teller.finish().unwrap_err();
        assert_eq!(
            (error.kind, error.message.as_str()),
            (Kind::NotFound, "one failed")
        );
        assert_eq!(out.text(), "");
    }

    #[test]
    fn what_failed_afterwards_is_done_all_the_same() {
        let Screen { ui, out, .. } = screen("text");
        let mut teller = Reporter::changing(&ui, "Things", Mode::Write);
        teller.add(done("one"));
        teller.add(done("two"));
        let told = teller.told(1).unwrap();
        told.failed = Some(Error::timeout("two never came"));
        let error = teller.finish().unwrap_err();
        assert_eq!(
            (error.kind, error.message.as_str()),
            (Kind::Timeout, "two never came")
        );
        assert_eq!(out.text(), "Did one\nDid two\n");
    }

    #[test]
    fn failures_of_one_kind_keep_it_where_nothing_was_done() {
        let kinds = |kinds: &[Kind], done| {
            let errors = kinds.iter().map(|&kind| Error::new(kind, "x")).collect();
            summarise(errors, done).map(|error| (error.kind, error.message))
        };
        let all = |kind| Some((kind, "all 2 targets failed".to_owned()));
        assert_eq!(kinds(&[], 3), None);
        assert_eq!(
            kinds(&[Kind::Denied], 0),
            Some((Kind::Denied, "x".to_owned()))
        );
        assert_eq!(kinds(&[Kind::Denied, Kind::Denied], 0), all(Kind::Denied));
        assert_eq!(kinds(&[Kind::Denied, Kind::Usage], 0), all(Kind::Partial));
        let some = Some((Kind::Partial, "1 of 3 targets failed".to_owned()));
        assert_eq!(kinds(&[Kind::Denied], 2), some);
    }
}
