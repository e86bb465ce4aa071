//! What a run is summed up as, on a page that is read elsewhere: gathered on the way, whatever is printed.

mod page;

use super::{Ui, github};
use crate::check::CheckReport;
use crate::error::{Error, FilePlace};
use crate::secret::without_passwords;
use crate::text::source;

/// More of diffs is not kept: no page takes it.
const MOST: usize = 1 << 20;

/// What became of a target, as a row of the table.
#[derive(Debug, Default)]
pub(crate) struct StepRow {
    /// Its name.
    pub(crate) name: String,
    /// The file that describes it, where there is one.
    pub(crate) file: Option<String>,
    /// As what it ended, or would.
    pub(crate) state: String,
    /// Whether that is bad.
    pub(crate) is_bad: bool,
    /// Whether that is a change.
    pub(crate) is_change: bool,
    /// What is told of it.
    pub(crate) words: Vec<String>,
}

/// Something that is worth a look, with its place in a file where it has one.
#[derive(Debug)]
pub(crate) struct StepRemark {
    /// What.
    pub(crate) text: String,
    /// Where.
    pub(crate) place: Option<FilePlace>,
}

/// A difference that was, or would have been, shown.
#[derive(Debug)]
struct StepDiff {
    heading: String,
    lines: Vec<String>,
}

/// What a run is summed up as.
#[derive(Debug, Default)]
pub(crate) struct StepSummary {
    /// The command.
    title: String,
    /// How many ended as what.
    tally: String,
    rows: Vec<StepRow>,
    diffs: Vec<StepDiff>,
    /// How many bytes of them are kept.
    kept: usize,
    remarks: Vec<StepRemark>,
    checklist: Option<CheckReport>,
    roles: Vec<String>,
    changed: bool,
    /// What the run ended with, where that is a failure.
    errors: Vec<StepError>,
    /// The stable word for how it ended, where that is a failure.
    ended: Option<&'static str>,
}

/// A failure, in words.
#[derive(Debug)]
struct StepError {
    place: Option<FilePlace>,
    message: String,
    because: Vec<String>,
    notes: Vec<String>,
    hints: Vec<String>,
}

impl StepSummary {
    /// Whether something was changed, would be, or differs.
    pub(crate) fn changed(&self) -> bool {
        self.changed
    }

    /// The one role that was seen; of several none is *the* role.
    pub(crate) fn role(&self) -> &str {
        match self.roles.as_slice() {
            [role] => role,
            _ => "",
        }
    }

    /// The page, of so many bytes at most.
    pub(crate) fn page(&self, limit: usize) -> String {
        page::draw(self, limit)
    }

    /// Every text without what is to be concealed. It has to go before Markdown is written, in which
    /// much is escaped: what is escaped is not known again.
    fn conceal(&mut self, conceal: impl Fn(&str) -> String) {
        let all = |texts: &mut Vec<String>| {
            for text in texts {
                *text = conceal(text);
            }
        };
        for row in &mut self.rows {
            row.name = conceal(&row.name);
            row.file = row.file.as_deref().map(&conceal);
            all(&mut row.words);
        }
        for diff in &mut self.diffs {
            diff.heading = conceal(&diff.heading);
            all(&mut diff.lines);
        }
        for remark in &mut self.remarks {
            remark.text = conceal(&remark.text);
        }
        for error in &mut self.errors {
            error.message = conceal(&error.message);
            all(&mut error.because);
            all(&mut error.notes);
            all(&mut error.hints);
        }
        self.checklist = self.checklist.as_ref().map(|it| it.map_texts(&conceal));
    }
}

impl Ui {
    /// From here on the run is summed up as well, under this title.
    pub(crate) fn begin_step(&self, title: String) {
        *self.step.borrow_mut() = Some(StepSummary {
            title,
            ..StepSummary::default()
        });
    }

    /// Whether the run is summed up.
    pub(crate) fn has_step(&self) -> bool {
        self.step.borrow().is_some()
    }

    fn with_step(&self, change: impl FnOnce(&mut StepSummary)) {
        if let Some(step) = &mut *self.step.borrow_mut() {
            change(step);
        }
    }

    /// What became of a target.
    pub(crate) fn step_row(&self, row: StepRow) {
        self.with_step(|step| {
            step.changed |= row.is_change;
            step.rows.push(row);
        });
    }

    /// How many targets ended as what.
    pub(crate) fn step_tally(&self, words: &str) {
        self.with_step(|step| words.clone_into(&mut step.tally));
    }

    /// Something that is worth a look.
    pub(crate) fn step_remark(&self, remark: StepRemark) {
        self.with_step(|step| step.remarks.push(remark));
    }

    /// A role of AWS that was seen, once.
    pub(crate) fn step_role(&self, role: &str) {
        self.with_step(|step| {
            if !step.roles.iter().any(|known| known == role) {
                step.roles.push(role.to_owned());
            }
        });
    }

    /// What a checklist came to.
    pub(crate) fn step_checklist(&self, checklist: &CheckReport) {
        self.with_step(|step| step.checklist = Some(checklist.clone()));
    }

    /// A difference as signed lines, whether or not it is shown as well.
    pub(crate) fn step_diff(&self, lines: &[(char, String)]) {
        self.with_step(|step| {
            if step.kept > MOST || lines.is_empty() {
                return;
            }
            let lines = lines.iter();
            let lines: Vec<String> = lines
                .map(|(sign, rest)| source(&format!("{sign}{rest}")))
                .collect();
            step.kept += lines.iter().map(String::len).sum::<usize>();
            let heading = heading(&lines);
            step.diffs.push(StepDiff { heading, lines });
        });
    }

    /// Ends the summing up: with what went wrong, if anything did, and the annotations that come of it
    /// where they are wanted, on stderr, which GitHub's runner reads workflow commands on as well; also
    /// under `-q`.
    pub(crate) fn end_step(&self, error: Option<&Error>, annotates: bool) -> Option<StepSummary> {
        let mut step = self.step.borrow_mut().take()?;
        if let Some(error) = error {
            step.ended = Some(error.kind.name());
            step.errors = self.step_errors(error);
        }
        step.conceal(|text| without_passwords(&self.concealed(text)));
        if annotates {
            // They are on stdout where that is the format.
            if let (Some(checklist), false) = (&step.checklist, self.is_annotations()) {
                self.write_err(&github::annotations(checklist));
            }
            self.write_err(&remarks(&step));
            if !self.is_annotations() {
                self.write_err(&failures(&step.title, &step.errors));
            }
        }
        Some(step)
    }

    /// The annotations of a failure alone, as the answer of `-o github`.
    pub(super) fn annotations_of(&self, error: &Error) -> String {
        failures("mk8s", &self.step_errors(error))
    }

    /// A failure, and those that it sums up.
    fn step_errors(&self, error: &Error) -> Vec<StepError> {
        let all = std::iter::once(error).chain(&error.others);
        all.map(|one| self.step_error(one)).collect()
    }

    fn step_error(&self, error: &Error) -> StepError {
        let hints = error.hints.iter();
        StepError {
            place: error.place.as_deref().cloned(),
            message: error.message.clone(),
            because: error.because.clone(),
            notes: error.notes.clone(),
            hints: hints.map(|hint| hint.render(&self.reach)).collect(),
        }
    }
}

/// What a diff is of: its second line says so in a unified one, its first in that of a plan.
fn heading(lines: &[String]) -> String {
    let unified = lines.iter().find_map(|line| line.strip_prefix("+++ "));
    let plan = || lines.first().map(|line| line.trim().trim_end_matches(':'));
    unified.or_else(plan).unwrap_or_default().to_owned()
}

/// A workflow command for each remark.
fn remarks(step: &StepSummary) -> String {
    let mut out = String::new();
    for remark in &step.remarks {
        let place = remark.place.as_ref();
        out.push_str(&github::annotation(
            "warning",
            place,
            &step.title,
            &remark.text,
        ));
    }
    out
}

/// A workflow command for each failure; where one sums up others, for those.
fn failures(title: &str, errors: &[StepError]) -> String {
    let mut out = String::new();
    let errors = match errors {
        [_, others @ ..] if !others.is_empty() => others,
        all => all,
    };
    for error in errors {
        let mut text = error.message.clone();
        for (word, lines) in [
            ("because: ", &error.because),
            ("", &error.notes),
            ("hint: ", &error.hints),
        ] {
            for line in lines {
                text.push('\n');
                text.push_str(word);
                text.push_str(&crate::text::printable(line));
            }
        }
        out.push_str(&github::annotation(
            "error",
            error.place.as_ref(),
            title,
            &text,
        ));
    }
    out
}
