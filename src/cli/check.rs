//! `mk8s check`.

use super::addon::{ChoiceArgs, NarrowArgs};
use super::aws::AwsConnection;
use super::heading;
use super::report::ReportArgs;
use super::value::parse_duration;
use clap::{Args, ValueEnum, ValueHint};
use std::path::PathBuf;
use std::time::Duration;

/// What counts as a failure beside one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    /// Warnings.
    Warning,
    /// What could not be looked at.
    Unknown,
}

/// `mk8s validate`
#[derive(Debug, Args)]
pub(crate) struct ValidateArgs {
    /// Manifest file, folder of manifests or `-` for stdin
    #[arg(value_name = "FILE", required_unless_present = "file", value_hint = ValueHint::AnyPath)]
    pub(crate) files: Vec<PathBuf>,
    /// The same with a flag (can be repeated)
    #[arg(short, long, value_name = "FILE|DIR", help_heading = heading::TARGET)]
    pub(crate) file: Vec<PathBuf>,
    /// Cluster whose documents are validated, or a pattern such as 'prod-*'; all if omitted (can be
    /// repeated)
    #[arg(short, long, value_name = "NAME", value_hint = ValueHint::Other, help_heading = heading::TARGET)]
    pub(crate) cluster: Vec<String>,
    /// Which of them.
    #[command(flatten)]
    pub(crate) narrow: NarrowArgs,
    /// Files without a cluster are left out, also where they are named, and none at all is no error
    #[arg(long, help_heading = heading::TARGET)]
    pub(crate) allow_empty: bool,
    /// Fields, add-ons and versions that this mk8s does not know are failures
    #[arg(long, help_heading = heading::SETTINGS)]
    pub(crate) strict: bool,
    /// What it is told in.
    #[command(flatten)]
    pub(crate) report: ReportArgs,
}

/// `mk8s check`
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// Live cluster, or a pattern such as 'prod-*', and with -f the documents of that name;
    /// `MK8S_CLUSTER` if no target is given (can be repeated)
    #[arg(short, long, value_name = "NAME", value_hint = ValueHint::Other, help_heading = heading::TARGET)]
    pub(crate) cluster: Vec<String>,
    /// Manifest file, folder of manifests or `-` for stdin; alone it is checked offline (can be
    /// repeated)
    #[arg(short, long, value_name = "FILE|DIR", help_heading = heading::TARGET)]
    pub(crate) file: Vec<PathBuf>,
    /// The same as with -f, as `pre-commit` names files
    #[arg(value_name = "FILE", value_hint = ValueHint::AnyPath)]
    pub(crate) files: Vec<PathBuf>,
    /// Which of them.
    #[command(flatten)]
    pub(crate) choice: ChoiceArgs,
    /// Files without a cluster are left out, also where they are named, and none at all is no error
    #[arg(long, help_heading = heading::TARGET)]
    pub(crate) allow_empty: bool,
    /// Image in a private ECR registry that is to be pulled
    #[arg(long, value_name = "IMAGE", value_hint = ValueHint::Other, help_heading = heading::TARGET)]
    pub(crate) image: Option<String>,
    /// Check or group to report alone (can be repeated)
    #[arg(long, value_name = "ID|GROUP", value_delimiter = ',', value_hint = ValueHint::Other, help_heading = heading::SETTINGS)]
    pub(crate) only: Vec<String>,
    /// Check or group to leave out (can be repeated)
    #[arg(long, value_name = "ID|GROUP", value_delimiter = ',', value_hint = ValueHint::Other, help_heading = heading::SETTINGS)]
    pub(crate) skip: Vec<String>,
    /// State that counts as a failure too: warning or unknown (can be repeated)
    #[arg(
        long,
        value_name = "STATE",
        value_delimiter = ',',
        hide_possible_values = true,
        help_heading = heading::SETTINGS
    )]
    pub(crate) fail_on: Vec<FailOn>,
    /// What it is told in.
    #[command(flatten)]
    pub(crate) report: ReportArgs,
    /// List of all checks in place of a run
    #[arg(
        long,
        conflicts_with_all = ["cluster", "file", "all", "selector", "exclude", "image", "wait", "fail_on", "live", "report", "report_file"],
        help_heading = heading::SETTINGS
    )]
    pub(crate) list: bool,
    /// What the clusters (all if none is named) show of what the platform's documents leave open, in place
    /// of a run: for a report, without names, accounts and ids
    #[arg(
        long,
        conflicts_with_all = ["file", "files", "image", "only", "skip", "list", "wait", "fail_on", "live", "report", "report_file"],
        help_heading = heading::SETTINGS
    )]
    pub(crate) facts: bool,
    /// Longest wait for what the cluster publishes, and for a role that is new; 5m if the value
    /// is omitted
    #[arg(
        long,
        value_name = "DURATION",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "5m",
        value_parser = parse_duration,
        help_heading = heading::SETTINGS
    )]
    pub(crate) wait: Option<Duration>,
    /// Pull tried for real, with the token of the service account that pulls
    #[arg(long, help_heading = heading::SETTINGS)]
    pub(crate) live: bool,
    /// File with that token; the command that makes one is shown if omitted
    #[arg(long, value_name = "FILE", requires = "live", help_heading = heading::SETTINGS)]
    pub(crate) web_identity_token_file: Option<PathBuf>,
    /// How AWS is reached.
    #[command(flatten)]
    pub(crate) connection: AwsConnection,
}
