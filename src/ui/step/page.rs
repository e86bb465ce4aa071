//! The page of a run in Markdown, cut where it would be too long. Pure.
//!
//! What comes from outside cannot leave its place: in a table and a heading every mark of Markdown and
//! HTML is a reference to a character, and the fence around a diff is longer than any in it.

use super::{StepDiff, StepError, StepRow, StepSummary};
use crate::text::{count, printable};
use crate::ui::github::{self, plain};
use std::fmt::Write as _;

/// More targets than this are not listed where nothing becomes of them.
const LISTED: usize = 100;

/// What a reader of a page that was cut is told.
const CUT: &str = "\n_Cut here: no more fits on this page. The log of the run has all of it._\n";

/// A page that takes lines until it is full.
struct StepPage {
    text: String,
    limit: usize,
    is_cut: bool,
}

impl StepPage {
    fn new(limit: usize) -> Self {
        Self {
            text: String::new(),
            limit: limit.saturating_sub(CUT.len()),
            is_cut: false,
        }
    }

    /// Adds a text if there is room for it, and for so many bytes behind it; once there was none,
    /// nothing more is added.
    fn add(&mut self, text: &str, behind: usize) -> bool {
        self.is_cut |= self.text.len() + text.len() + behind > self.limit;
        if !self.is_cut {
            self.text.push_str(text);
        }
        !self.is_cut
    }

    fn lines(&mut self, text: &str) {
        for line in text.split_inclusive('\n') {
            if !self.add(line, 0) {
                return;
            }
        }
    }

    fn end(mut self) -> String {
        if self.is_cut {
            self.text.push_str(CUT);
        }
        self.text
    }
}

/// The page, of so many bytes at most.
pub(super) fn draw(step: &StepSummary, limit: usize) -> String {
    if limit < CUT.len() {
        return String::new();
    }
    let mut page = StepPage::new(limit);
    match &step.checklist {
        Some(checklist) => page.lines(&github::markdown(checklist, &step.title)),
        None => {
            page.add(&heading(step), 0);
        }
    }
    for error in &step.errors {
        page.lines(&failure(error));
    }
    if !step.errors.is_empty() {
        page.add("\n", 0);
    }
    table(&step.rows, &mut page);
    if !step.remarks.is_empty() && step.checklist.is_none() {
        for remark in &step.remarks {
            let place = remark.place.as_ref();
            let place = place.map_or_else(String::new, |place| {
                let line = place.line.map_or_else(String::new, |it| format!(":{it}"));
                format!("{}{line}: ", plain(&place.file))
            });
            page.add(&format!("- ‼ {place}{}\n", plain(&remark.text)), 0);
        }
        page.add("\n", 0);
    }
    for diff in &step.diffs {
        folded(diff, &mut page);
    }
    page.end()
}

fn heading(step: &StepSummary) -> String {
    let ended = match (step.tally.as_str(), step.ended) {
        ("", None) => "nothing to do".to_owned(),
        ("", Some(kind)) => format!("failed ({kind})"),
        (tally, None) => tally.to_owned(),
        (tally, Some(kind)) => format!("{tally} ({kind})"),
    };
    format!("### {}: {ended}\n\n", plain(&step.title))
}

/// A failure as a paragraph of a list.
fn failure(error: &StepError) -> String {
    let mut out = format!("- **error**: {}", plain(&error.message));
    if let Some(place) = &error.place {
        let _ = write!(out, "<br>{}", plain(&place.file));
        for part in [place.line, place.column].into_iter().flatten() {
            let _ = write!(out, ":{part}");
        }
    }
    for reason in &error.because {
        let _ = write!(out, "<br>because: {}", plain(reason));
    }
    for note in &error.notes {
        let _ = write!(out, "<br>{}", plain(note));
    }
    for hint in &error.hints {
        let _ = write!(out, "<br>hint: <code>{}</code>", plain(hint));
    }
    out.push('\n');
    out
}

/// The targets: what went wrong first, then what changes, then the rest, which is counted where it is
/// long.
fn table(rows: &[StepRow], page: &mut StepPage) {
    if rows.is_empty() {
        return;
    }
    page.add(
        "| cluster | result | what is told of it |\n|---|---|---|\n",
        0,
    );
    let order = [(true, false), (false, true), (false, false)];
    let mut left = 0;
    for (is_bad, is_change) in order {
        let these = rows
            .iter()
            .filter(|row| row.is_bad == is_bad && (is_bad || row.is_change == is_change));
        for row in these {
            if rows.len() > LISTED && !is_bad && !is_change {
                left += 1;
                continue;
            }
            if !page.add(&cells(row), 0) {
                return;
            }
        }
    }
    if left > 0 {
        page.add(&format!("| {left} more | unchanged | |\n"), 0);
    }
    page.add("\n", 0);
}

fn cells(row: &StepRow) -> String {
    let mut name = format!("<code>{}</code>", plain(&row.name));
    if let Some(file) = &row.file {
        let _ = write!(name, "<br>{}", plain(file));
    }
    let state = if row.is_bad {
        format!("**{}**", row.state)
    } else {
        row.state.clone()
    };
    let words: Vec<String> = row.words.iter().map(|it| plain(it)).collect();
    format!("| {name} | {state} | {} |\n", words.join("<br>"))
}

/// A difference, folded, in a fence that nothing in it can end.
fn folded(diff: &StepDiff, page: &mut StepPage) {
    let fence = fence(&diff.lines);
    let close = format!("{fence}\n\n</details>\n\n");
    let lines = count(diff.lines.len(), "line");
    let open = format!(
        "<details><summary><code>{}</code>, {lines}</summary>\n\n{fence}diff\n",
        plain(&printable(&diff.heading))
    );
    if !page.add(&open, close.len()) {
        return;
    }
    for line in &diff.lines {
        if !page.add(&format!("{line}\n"), close.len()) {
            break;
        }
    }
    // Room was kept for it.
    page.text.push_str(&close);
}

/// Longer than any run of backticks in the lines.
fn fence(lines: &[String]) -> String {
    let mut longest = 2;
    for line in lines {
        let runs = line.split(|c| c != '`').map(str::len);
        longest = runs.fold(longest, usize::max);
    }
    "`".repeat(longest + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(lines: &[&str]) -> StepSummary {
        StepSummary {
            title: "mk8s apply".to_owned(),
            tally: "1 updated".to_owned(),
            diffs: vec![StepDiff {
                heading: "a</summary>`b".to_owned(),
                lines: lines.iter().map(|line| (*line).to_owned()).collect(),
            }],
            ..StepSummary::default()
        }
    }

    #[test]
    fn nothing_in_a_diff_ends_its_fence() {
        let page = draw(&step(&["+```", "+`````x", "-</details>"]), 10_000);
        assert_eq!(
            page,
            "### mk8s apply: 1 updated\n\n\
             <details><summary><code>a&#60;/summary&#62;&#96;b</code>, 3 lines</summary>\n\n\
             ``````diff\n+```\n+`````x\n-</details>\n``````\n\n</details>\n\n"
        );
    }

    #[test]
    fn a_page_is_cut_at_a_line_and_says_so() {
        let lines: Vec<String> = (0..1000).map(|it| format!("+line {it}")).collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        for limit in [400, 1000, 4096] {
            let page = draw(&step(&lines), limit);
            assert!(page.len() <= limit, "{limit}");
            assert!(page.ends_with(CUT), "{page}");
            assert!(page.contains("\n```\n\n</details>\n\n"), "{page}");
        }
        // Not even the first line of it fits.
        let page = draw(&step(&lines), 200);
        assert!(page.len() <= 200 && page.ends_with(CUT), "{page}");
        assert!(!page.contains("<details>"), "{page}");
    }

    #[test]
    fn what_went_wrong_comes_first_and_what_is_so_is_counted() {
        let row = |number: usize, state: &str| StepRow {
            name: format!("c{number}|"),
            state: state.to_owned(),
            is_bad: state == "failed",
            is_change: state == "updated",
            words: vec!["a\n| b".to_owned()],
            ..StepRow::default()
        };
        let mut rows: Vec<StepRow> = (0..120).map(|number| row(number, "unchanged")).collect();
        rows.push(row(200, "updated"));
        rows.push(row(201, "failed"));
        let step = StepSummary {
            rows,
            ..StepSummary::default()
        };
        let page = draw(&step, 10_000);
        let (_, table) = page.split_once("|---|---|---|\n").unwrap();
        assert_eq!(
            table,
            "| <code>c201&#124;</code> | **failed** | a&#92;n&#124; b |\n\
             | <code>c200&#124;</code> | updated | a&#92;n&#124; b |\n\
             | 120 more | unchanged | |\n\n"
        );
    }
}
