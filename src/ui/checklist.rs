//! A checklist in every format, as it comes where people read it.

use super::checks::{self, ChecklistText};
use super::{Report, Tone, Ui, github, junit, wire};
use crate::check::{CheckReport, CheckState, ReportItem};
use crate::cli::OutputFormat;
use crate::error::Result;
use std::cell::RefCell;

impl Ui {
    /// Prints a checklist in the format that was asked for.
    pub(crate) fn checklist(&self, checklist: &CheckReport) -> Result<()> {
        match &self.format {
            OutputFormat::Text | OutputFormat::Wide | OutputFormat::Short => {
                let stream = self.check_stream(checks::several(checklist));
                for item in &checklist.items {
                    stream.add(item);
                }
                stream.end(checklist)?;
            }
            OutputFormat::Github => self.write_out(&github::text(checklist)),
            OutputFormat::Junit => self.write_out(&junit::document(checklist, "mk8s check")),
            _ => {
                let bad = |item: &&ReportItem| {
                    !matches!(item.state(), CheckState::Pass | CheckState::Skip)
                };
                let mut names: Vec<String> = Vec::new();
                for item in checklist.items.iter().filter(bad) {
                    if !names.iter().any(|name| name == item.id) {
                        names.push(item.id.to_owned());
                    }
                }
                return self.report(&Report {
                    json: wire::check_report(checklist),
                    slim: None,
                    names,
                    text: Vec::new(),
                    wide: None,
                });
            }
        }
        Ok(())
    }

    /// Prints a checklist as it comes, where people read it; else all of it at its end. `several` says
    /// whether it is about several clusters.
    pub(crate) fn check_stream(&self, several: bool) -> CheckStream<'_> {
        let is_short = self.format == OutputFormat::Short;
        let is_read = is_short || matches!(self.format, OutputFormat::Text | OutputFormat::Wide);
        let text = is_read.then(|| checks::ChecklistText::new(self.utf8, several, is_short));
        CheckStream {
            ui: self,
            text: RefCell::new(text),
        }
    }

    /// Prints what was found in manifests: for people as a compiler does, else as a checklist.
    /// `files` are in the order in which they were named.
    pub(crate) fn validation(
        &self,
        checklist: &CheckReport,
        files: &[&str],
        looked_at: &str,
    ) -> Result<()> {
        match self.format {
            OutputFormat::Text | OutputFormat::Wide => {}
            OutputFormat::Junit => {
                self.write_out(&junit::document(checklist, "mk8s validate"));
                return Ok(());
            }
            _ => return self.checklist(checklist),
        }
        let paint = |text: &str, tone: Tone| self.paint_out(text, tone);
        self.write_out(&checks::places(checklist, files, looked_at, paint));
        Ok(())
    }

    /// Whether stdout is annotations.
    pub(super) fn is_annotations(&self) -> bool {
        self.format == OutputFormat::Github
    }
}

/// A checklist that is printed as it comes.
pub(crate) struct CheckStream<'a> {
    ui: &'a Ui,
    /// `None` where a document is printed at the end.
    text: RefCell<Option<ChecklistText>>,
}

impl CheckStream<'_> {
    /// One item more.
    pub(crate) fn add(&self, item: &ReportItem) {
        let paint = |text: &str, tone: Tone| self.ui.paint_out(text, tone);
        if let Some(text) = &mut *self.text.borrow_mut() {
            let now = text.add(item, &paint);
            if !now.is_empty() {
                self.ui.write_out(&now);
            }
        }
    }

    /// That was all.
    pub(crate) fn end(self, checklist: &CheckReport) -> Result<()> {
        let paint = |text: &str, tone: Tone| self.ui.paint_out(text, tone);
        match self.text.into_inner() {
            Some(text) => {
                self.ui.write_out(&text.end(checklist, &paint));
                Ok(())
            }
            None => self.ui.checklist(checklist),
        }
    }
}
