//! What a run is told in beside its output.

use super::{AddonCommand, Command, heading};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Whom a run reports to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportTo {
    /// GitHub Actions.
    Github,
}

/// What a run is told in beside its output.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ReportArgs {
    /// Report beside the output, also of a run that fails; `github`: annotations on stderr, a page in the
    /// step's summary, `changed`, `exit-kind` and `role-arn` as outputs; `MK8S_REPORT` if omitted
    #[arg(
        long,
        value_name = "FORM",
        hide_possible_values = true,
        hide_short_help = true,
        help_heading = heading::OUTPUT
    )]
    pub(crate) report: Option<ReportTo>,
    /// File that gets the same page in Markdown, short enough for a comment; it is replaced;
    /// `MK8S_REPORT_FILE` if omitted
    #[arg(long, value_name = "FILE", hide_short_help = true, help_heading = heading::OUTPUT)]
    pub(crate) report_file: Option<PathBuf>,
}

/// A command that reports.
pub(crate) struct Reporting<'a> {
    /// Its words.
    pub(crate) name: &'static str,
    /// Whether it only shows what it would do.
    pub(crate) is_dry_run: bool,
    /// How it is to report.
    pub(crate) args: &'a ReportArgs,
}

impl Command {
    /// How the command is to report, where it can.
    pub(crate) fn reporting(&self) -> Option<Reporting<'_>> {
        let (name, is_dry_run, args) = match self {
            Self::Apply(args) => ("apply", args.dry_run, &args.report),
            Self::Diff(args) => ("diff", false, &args.report),
            Self::Check(args) => ("check", false, &args.report),
            Self::Validate(args) => ("validate", false, &args.report),
            Self::Addon(addon) => match addon.command.as_ref()? {
                AddonCommand::Enable(args) => {
                    let change = &args.flags.change;
                    ("addon enable", change.dry_run, &change.report)
                }
                AddonCommand::Disable(args) => {
                    ("addon disable", args.change.dry_run, &args.change.report)
                }
                AddonCommand::Set(args) => ("addon set", args.change.dry_run, &args.change.report),
                AddonCommand::Copy(args) => ("addon copy", args.dry_run, &args.report),
                AddonCommand::Pull(args) => ("addon pull", args.dry_run, &args.report),
                _ => return None,
            },
            _ => return None,
        };
        Some(Reporting {
            name,
            is_dry_run,
            args,
        })
    }
}
