//! A checklist as text: the whole of it, or what is not well. Pure.

use super::Tone;
use crate::check::verdict::PullOutcome;
use crate::check::{CheckReport, CheckState, ReportItem};
use crate::text::{block, count, printable};
use std::fmt::Write as _;

/// The sign before a line.
fn sign(state: CheckState, utf8: bool) -> &'static str {
    match (state, utf8) {
        (CheckState::Pass, true) => "√",
        (CheckState::Pass, false) => "ok",
        (CheckState::Warn, true) => "‼",
        (CheckState::Warn, false) => "warn",
        (CheckState::Fail, true) => "×",
        (CheckState::Fail, false) => "FAIL",
        (CheckState::Unknown, _) => "?",
        (CheckState::Skip, _) => "-",
    }
}

fn tone(state: CheckState) -> Option<Tone> {
    match state {
        CheckState::Pass => Some(Tone::Green),
        CheckState::Warn | CheckState::Unknown => Some(Tone::Yellow),
        CheckState::Fail => Some(Tone::Red),
        CheckState::Skip => None,
    }
}

/// A checklist on its way to people: written as it comes, and the same text however it comes.
pub(super) struct ChecklistText {
    utf8: bool,
    /// Whether what is about a cluster says about which.
    several: bool,
    /// Only what is not well, a line each.
    is_short: bool,
    /// The heading under which the last item stands.
    heading: Option<String>,
    /// What is skipped for one reason, until it is known to be all of that.
    held: Vec<ReportItem>,
}

impl ChecklistText {
    /// Every group under its heading, or what is not well alone.
    pub(super) fn new(utf8: bool, several: bool, is_short: bool) -> Self {
        Self {
            utf8,
            several,
            is_short,
            heading: None,
            held: Vec::new(),
        }
    }

    /// What is to be written now that there is one item more.
    pub(super) fn add(
        &mut self,
        item: &ReportItem,
        paint: &impl Fn(&str, Tone) -> String,
    ) -> String {
        let mut out = String::new();
        if self.is_short {
            short_line(item, self.utf8, self.several, paint, &mut out);
            return out;
        }
        let heading = heading(item, self.several);
        if self.heading.as_ref() != Some(&heading) {
            self.release(&mut out);
            if self.heading.is_some() {
                out.push('\n');
            }
            let shown = printable(&heading);
            let _ = writeln!(out, "{shown}\n{}", "-".repeat(shown.chars().count()));
            self.heading = Some(heading);
        }
        let is_same = |held: &ReportItem| {
            held.finding.message == item.finding.message && held.with_group == item.with_group
        };
        if item.state() == CheckState::Skip {
            if !self.held.last().is_none_or(is_same) {
                self.release(&mut out);
            }
            self.held.push(item.clone());
        } else {
            self.release(&mut out);
            line(item, self.utf8, paint, &mut out);
        }
        out
    }

    /// What is skipped for one reason is one line.
    fn release(&mut self, out: &mut String) {
        let held = std::mem::take(&mut self.held);
        let Some(first) = held.first() else {
            return;
        };
        let what = if first.with_group {
            format!("{} checks", first.group)
        } else {
            let ids: Vec<&str> = held.iter().map(|item| item.id).collect();
            ids.join(", ")
        };
        let _ = writeln!(
            out,
            "{} {what} skipped: {}",
            sign(CheckState::Skip, self.utf8),
            printable(&first.finding.message)
        );
    }

    /// What is to be written at the end: the counts, and what the pulls come to.
    pub(super) fn end(
        mut self,
        report: &CheckReport,
        paint: &impl Fn(&str, Tone) -> String,
    ) -> String {
        let mut out = String::new();
        self.release(&mut out);
        if self.heading.is_some() {
            out.push('\n');
        }
        let _ = writeln!(out, "{}", counts(report));
        verdicts(report, paint, &mut out);
        out
    }
}

/// What the pulls come to, a line each.
fn verdicts(report: &CheckReport, paint: &impl Fn(&str, Tone) -> String, out: &mut String) {
    for verdict in &report.verdicts {
        let tone = match verdict.outcome {
            PullOutcome::Works => Tone::Green,
            PullOutcome::Fails { .. } => Tone::Red,
            PullOutcome::Unknown { .. } => Tone::Yellow,
        };
        let _ = writeln!(out, "{}", paint(&printable(&verdict.to_string()), tone));
    }
}

/// What an item stands under: its group, and the cluster where there are several.
fn heading(item: &ReportItem, several: bool) -> String {
    match &item.cluster {
        Some(cluster) if several => format!("{} ({cluster})", item.group),
        _ => item.group.to_owned(),
    }
}

/// The items under their headings: the group, and the cluster where there are several.
pub(super) fn groups(report: &CheckReport) -> Vec<(String, Vec<&ReportItem>)> {
    let several = several(report);
    let mut groups: Vec<(String, Vec<&ReportItem>)> = Vec::new();
    for item in &report.items {
        let heading = heading(item, several);
        match groups.last_mut() {
            Some((last, items)) if *last == heading => items.push(item),
            _ => groups.push((heading, vec![item])),
        }
    }
    groups
}

fn line(item: &ReportItem, utf8: bool, paint: &impl Fn(&str, Tone) -> String, out: &mut String) {
    let mark = sign(item.state(), utf8);
    let mark = tone(item.state()).map_or_else(|| mark.to_owned(), |tone| paint(mark, tone));
    let _ = writeln!(out, "{mark} {}", printable(&item.finding.message));
    if item.state() != CheckState::Pass {
        details(item, paint, out);
    }
}

fn details(item: &ReportItem, paint: &impl Fn(&str, Tone) -> String, out: &mut String) {
    if let Some(evidence) = &item.finding.evidence {
        let _ = writeln!(out, "    {}", printable(evidence));
    }
    if let Some(fix) = &item.fix {
        let _ = writeln!(out, "    fix: {}", paint(&printable(fix), Tone::Cyan));
    }
    let _ = writeln!(out, "    see {}", item.docs());
}

/// What is wrong, in the order of the files, each with its place and its line; then what was looked at.
pub(super) fn places(
    report: &CheckReport,
    files: &[&str],
    looked_at: &str,
    paint: impl Fn(&str, Tone) -> String,
) -> String {
    let mut found = Vec::new();
    for item in &report.items {
        if matches!(item.state(), CheckState::Pass | CheckState::Skip) {
            continue;
        }
        let place = item.place();
        let file = place.map_or("", |place| place.file.as_str());
        let number = files.iter().position(|known| *known == file);
        let line = place.and_then(|place| place.line);
        let column = place.and_then(|place| place.column);
        found.push((number, line, column, item));
    }
    found.sort_by_key(|(file, line, column, _)| (*file, *line, *column));
    let mut out = String::new();
    for (_, line, column, item) in found {
        let mut place = item
            .place()
            .map_or_else(String::new, |it| printable(&it.file));
        for part in [line, column].into_iter().flatten() {
            let _ = write!(place, ":{part}");
        }
        let evidence = item.finding.evidence.as_ref();
        let evidence = evidence.filter(|it| printable(it) != place);
        if !place.is_empty() {
            place.push_str(": ");
        }
        let word = if report.counts(item.state()) {
            paint("error", Tone::Red)
        } else {
            paint("warning", Tone::Yellow)
        };
        let message = printable(&item.finding.message);
        let _ = writeln!(out, "{place}{word}: {message} [{}]", item.id);
        if let Some(excerpt) = item.place().and_then(|place| place.excerpt.as_ref()) {
            let _ = writeln!(out, "{}", block(excerpt));
        }
        if let Some(evidence) = evidence {
            let _ = writeln!(out, "  because: {}", printable(evidence));
        }
        if let Some(fix) = &item.fix {
            let _ = writeln!(out, "  fix: {}", paint(&printable(fix), Tone::Cyan));
        }
        out.push('\n');
    }
    let is_wrong = |item: &&ReportItem| report.counts(item.state());
    let wrong = report.items.iter().filter(is_wrong).count();
    let all = report.items.iter();
    let warnings = all
        .filter(|item| item.state() == CheckState::Warn && !report.counts(CheckState::Warn))
        .count();
    let _ = match (wrong, warnings) {
        (0, 0) => writeln!(out, "{looked_at}: nothing is wrong"),
        (0, _) => writeln!(out, "{looked_at}: {}", count(warnings, "warning")),
        (_, 0) => writeln!(out, "{looked_at}: {}", count(wrong, "error")),
        _ => writeln!(
            out,
            "{looked_at}: {}, {}",
            count(wrong, "error"),
            count(warnings, "warning")
        ),
    };
    out
}

/// Whether more than one cluster is looked at.
pub(super) fn several(report: &CheckReport) -> bool {
    let mut clusters = report
        .items
        .iter()
        .filter_map(|item| item.cluster.as_deref());
    let first = clusters.next();
    clusters.any(|other| Some(other) != first)
}

/// The line of what is not well.
fn short_line(
    item: &ReportItem,
    utf8: bool,
    several: bool,
    paint: &impl Fn(&str, Tone) -> String,
    out: &mut String,
) {
    if matches!(item.state(), CheckState::Pass | CheckState::Skip) {
        return;
    }
    let mark = sign(item.state(), utf8);
    let mark = tone(item.state()).map_or_else(|| mark.to_owned(), |tone| paint(mark, tone));
    let _ = write!(out, "{mark} {}: ", item.id);
    if let (Some(cluster), true) = (&item.cluster, several) {
        let _ = write!(out, "{}: ", printable(cluster));
    }
    out.push_str(&printable(&item.finding.message));
    if let Some(evidence) = &item.finding.evidence {
        let _ = write!(out, " ({})", printable(evidence));
    }
    out.push('\n');
}

/// `1 failed, 1 warning, 4 passed, 1 group skipped`
pub(super) fn counts(report: &CheckReport) -> String {
    let summary = report.summary();
    let mut parts = Vec::new();
    if summary.fail > 0 {
        parts.push(format!("{} failed", summary.fail));
    }
    if summary.warn > 0 {
        parts.push(count(summary.warn, "warning"));
    }
    if summary.unknown > 0 {
        parts.push(format!("{} unknown", summary.unknown));
    }
    parts.push(format!("{} passed", summary.pass));
    if summary.skip > 0 {
        parts.push(format!("{} skipped", summary.skip));
    }
    if summary.groups > 0 {
        parts.push(format!("{} skipped", count(summary.groups, "group")));
    }
    parts.join(", ")
}
