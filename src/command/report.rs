//! `--report` and `--report-file`: what a run tells GitHub Actions, and in a file, beside its output, however
//! it ends. Writes to the files that the runner and the user name, and to nothing else.

use super::Context;
use crate::arn::RoleArn;
use crate::cli::{Command, Gist, ReportTo};
use crate::cluster::Cluster;
use crate::error::{Error, Result};
use crate::exit::Outcome;
use crate::text::{Foreign, capital, printable};
use crate::ui::StepSummary;
use rustix::fs::OFlags;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// What GitHub takes of the summary of a step, in bytes.
const OF_A_SUMMARY: usize = 1 << 20;
/// What GitHub takes of a comment, in characters; counted in bytes, of which there are never fewer.
const OF_A_COMMENT: usize = 65_536;

/// How a page begins that is a comment: it can be told from other files, and found among other comments.
const MARK: &str = "<!-- mk8s report -->\n";

/// Where a run is told.
#[derive(Debug)]
pub(super) struct ReportSink {
    /// To GitHub Actions.
    is_github: bool,
    /// To a file.
    file: Option<PathBuf>,
}

/// Has the run summed up, where somebody wants to know.
pub(super) fn begin(cx: &Context, command: &Command) -> Result<()> {
    let Some(reporting) = command.reporting() else {
        return Ok(());
    };
    let sink = ReportSink {
        is_github: wanted(cx, reporting.args.report)?,
        file: file(cx, reporting.args.report_file.as_deref())?,
    };
    let dry_run = if reporting.is_dry_run {
        " --dry-run"
    } else {
        ""
    };
    open(cx, sink, &format!("{}{dry_run}", reporting.name));
    Ok(())
}

fn open(cx: &Context, sink: ReportSink, command: &str) {
    if sink.is_github || sink.file.is_some() {
        cx.ui.begin_step(format!("mk8s {command}"));
        // A signal is to be told there as well.
        cx.interrupt.has_words();
        // A run has one.
        let _ = cx.report.set(sink);
    }
}

/// Whether the run is to be reported to GitHub: by the flag, else by `MK8S_REPORT`.
fn wanted(cx: &Context, flag: Option<ReportTo>) -> Result<bool> {
    match (flag, cx.env.text("MK8S_REPORT")?) {
        (Some(ReportTo::Github), _) | (None, Some("github")) => Ok(true),
        (None, None) => Ok(false),
        (None, Some(other)) => Err(Error::usage(format!(
            "`{}` in MK8S_REPORT is no form of a report",
            printable(other)
        ))
        .hint("`github` is the only one; unset it for none")),
    }
}

/// The file of the report. One that holds anything else is not replaced: a slip of the keyboard would cost
/// a manifest.
fn file(cx: &Context, named: Option<&Path>) -> Result<Option<PathBuf>> {
    let Some(path) = named.or_else(|| cx.env.path("MK8S_REPORT_FILE")) else {
        return Ok(None);
    };
    let is_ours = match fs::metadata(path) {
        Ok(there) if there.len() == 0 || !there.is_file() => true,
        Ok(_) => fs::read(path).is_ok_and(|bytes| bytes.starts_with(MARK.as_bytes())),
        Err(_) => true,
    };
    if is_ours {
        return Ok(Some(path.to_owned()));
    }
    let path = path.to_string_lossy();
    Err(
        Error::usage(format!("`{}` cannot be the report", Foreign(&path)))
            .because("it is there, and no report of mk8s")
            .hint("name a file that is not there"),
    )
}

impl Context {
    /// Has a command line summed up that cannot be parsed, as far as it says that somebody wants to know.
    pub(crate) fn reports_a_line(&self, gist: &Gist) {
        if let Some(command) = &gist.reporting {
            let sink = ReportSink {
                is_github: wanted(self, gist.report).unwrap_or_default(),
                file: file(self, gist.report_file.as_deref()).unwrap_or_default(),
            };
            open(self, sink, command);
        }
    }

    /// Tells of a run that has ended, and gives how it ended: where only the telling failed, with that.
    pub(crate) fn reported(&self, result: Result<Outcome>) -> Result<Outcome> {
        let Some(sink) = self.report.get() else {
            return result;
        };
        // What went wrong with the run itself is the news.
        match (write(self, sink, &result), result) {
            (Err(unwritten), Ok(_)) => Err(unwritten),
            (Err(unwritten), Err(error)) => {
                let why = unwritten.because.join("; ");
                Err(error.note(format!("{}: {why}", capital(&unwritten.message))))
            }
            (Ok(()), result) => result,
        }
    }

    /// Tells of the role of aws-ecr on a cluster, or in a manifest; what is no ARN of a role is none.
    pub(super) fn report_role(&self, cluster: &Cluster) {
        let settings = cluster.add_on("awsECR");
        let role = settings.and_then(|it| it.get("roleArn")?.as_str()?.parse::<RoleArn>().ok());
        if let Some(role) = role {
            self.ui.step_role(&role.to_string());
        }
    }
}

fn write(cx: &Context, sink: &ReportSink, result: &Result<Outcome>) -> Result<()> {
    let Some(step) = cx.ui.end_step(result.as_ref().err(), sink.is_github) else {
        return Ok(());
    };
    // One that cannot be written costs none of the others.
    let mut unwritten: Vec<Error> = Vec::new();
    if let Some(path) = &sink.file {
        let page = step.page(OF_A_COMMENT - MARK.len());
        let put = put(path, &format!("{MARK}{page}"), true).map_err(|error| {
            let path = path.to_string_lossy();
            Error::failure(format!(
                "the report was not written to `{}`",
                Foreign(&path)
            ))
            .because(error.to_string())
        });
        unwritten.extend(put.err());
    }
    if sink.is_github {
        unwritten.extend(tell_github(cx, &step, result));
    }
    let mut unwritten = unwritten.into_iter();
    let Some(first) = unwritten.next() else {
        return Ok(());
    };
    let whole = |error: Error, other: Error| {
        let told = std::iter::once(other.message).chain(other.because);
        told.fold(error, Error::because)
    };
    Err(unwritten.fold(first, whole))
}

/// Writes to the files that GitHub's runner names; gives what was not written.
fn tell_github(cx: &Context, step: &StepSummary, result: &Result<Outcome>) -> Vec<Error> {
    let mut unwritten = Vec::new();
    if let Some(path) = cx.env.path("GITHUB_STEP_SUMMARY") {
        // Other commands of the step write into it as well.
        let there = fs::metadata(path).map_or(0, |there| there.len());
        let room = OF_A_SUMMARY.saturating_sub(usize::try_from(there).unwrap_or(usize::MAX));
        unwritten.extend(append(cx, "GITHUB_STEP_SUMMARY", &step.page(room)).err());
    }
    let kind = match result {
        Ok(outcome) => outcome.name(),
        Err(error) => error.kind.name(),
    };
    let outputs = [
        output("changed", if step.changed() { "true" } else { "false" }),
        output("exit-kind", kind),
        output("role-arn", &cx.ui.concealed(step.role())),
    ];
    unwritten.extend(append(cx, "GITHUB_OUTPUT", &outputs.concat()).err());
    unwritten
}

/// A line that sets an output. A value of several lines would set others: it never has a second one.
fn output(name: &str, value: &str) -> String {
    format!("{name}={}\n", printable(value))
}

fn append(cx: &Context, variable: &str, text: &str) -> Result<()> {
    let Some(path) = cx.env.path(variable) else {
        return Ok(());
    };
    put(path, text, false).map_err(|error| {
        Error::failure("the report was not written for GitHub Actions").because(format!(
            "{}, which {variable} names: {error}",
            path.display()
        ))
    })
}

/// Opening does not wait.
const NO_WAIT: i32 = OFlags::NONBLOCK.bits().cast_signed();

/// Writes behind what is there, or in its place.
fn put(path: &Path, text: &str, replaces: bool) -> std::io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .append(!replaces)
        .truncate(replaces)
        .create(true)
        // A pipe that nobody reads would be waited for, for ever.
        .custom_flags(NO_WAIT)
        .open(path)?;
    file.write_all(text.as_bytes())
}
