//! `--report github`: what a run tells GitHub Actions beside its output. Writes to the files that the
//! runner names, and to nothing else.

use super::Context;
use crate::check::CheckReport;
use crate::cli::{OutputFormat, ReportTo};
use crate::error::{Error, Result};
use crate::exit::Outcome;
use crate::ui;
use rustix::fs::OFlags;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;

/// Whether the run is to be reported: by the flag, else by `MK8S_REPORT`.
pub(super) fn wanted(cx: &Context, flag: Option<ReportTo>) -> Result<bool> {
    match (flag, cx.env.text("MK8S_REPORT")?) {
        (Some(ReportTo::Github), _) | (None, Some("github")) => Ok(true),
        (None, None) => Ok(false),
        (None, Some(other)) => Err(Error::usage(format!(
            "`{}` in MK8S_REPORT is no form of a report",
            crate::text::printable(other)
        ))
        .hint("`github` is the only one; unset it for none")),
    }
}

/// What a run came to.
pub(super) struct RunEnd<'a> {
    /// The checklist; `None` if it did not come to one.
    pub(super) checklist: Option<&'a CheckReport>,
    /// The roles that were seen, each once.
    pub(super) roles: Vec<String>,
    /// How it ended.
    pub(super) outcome: &'a Result<Outcome>,
}

/// Annotates, and appends the table and the outputs. A run outside GitHub Actions only annotates.
pub(super) fn write(cx: &Context, ended: &RunEnd<'_>) -> Result<()> {
    if let Some(checklist) = ended.checklist {
        // Markdown escapes much, and what is escaped is not known again.
        let checklist = checklist.map_texts(|text| cx.ui.concealed(text));
        if *cx.ui.format() != OutputFormat::Github {
            cx.ui.annotate(&checklist);
        }
        append(cx, "GITHUB_STEP_SUMMARY", &ui::markdown(&checklist))?;
    }
    let kind = match ended.outcome {
        Ok(outcome) => outcome.name(),
        Err(error) => error.kind.name(),
    };
    // Of several roles none is *the* role.
    let role = match &ended.roles[..] {
        [role] => role.as_str(),
        _ => "",
    };
    // A checklist changes nothing.
    let outputs = format!("changed=false\nexit-kind={kind}\nrole-arn={role}\n");
    append(cx, "GITHUB_OUTPUT", &outputs)
}

/// Opening does not wait.
const NO_WAIT: i32 = OFlags::NONBLOCK.bits().cast_signed();

fn append(cx: &Context, variable: &str, text: &str) -> Result<()> {
    let Some(path) = cx.env.path(variable) else {
        return Ok(());
    };
    OpenOptions::new()
        .append(true)
        .create(true)
        // A pipe that nobody reads would be waited for, for ever.
        .custom_flags(NO_WAIT)
        .open(path)
        .and_then(|mut file| file.write_all(cx.ui.concealed(text).as_bytes()))
        .map_err(|error| {
            Error::failure("the report was not written for GitHub Actions").because(format!(
                "{}, which {variable} names: {error}",
                path.display()
            ))
        })
}
