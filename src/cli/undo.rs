//! `mk8s undo` and `mk8s history`.

use super::{RolloutArgs, heading};
use clap::{Args, ValueHint};

/// `mk8s undo`
#[derive(Debug, Args)]
pub(crate) struct UndoArgs {
    /// Run to undo, as `mk8s history` names it, or the file of its journal; the last one if omitted
    #[arg(value_name = "ID|FILE", value_hint = ValueHint::FilePath)]
    pub(crate) run: Option<String>,
    /// Cluster's name, where an add-on goes that runs the cluster (byok)
    #[arg(long, value_name = "NAME", value_hint = ValueHint::Other, help_heading = heading::SAFETY)]
    pub(crate) confirm: Option<String>,
    /// Add-ons off that others have come to need
    #[arg(long, help_heading = heading::SAFETY)]
    pub(crate) force: bool,
    /// Record of the run for `mk8s undo` under CI as well
    #[arg(long, hide_short_help = true, help_heading = heading::SAFETY)]
    pub(crate) history: bool,
    /// Preview on stdout; nothing is written or sent
    #[arg(long, help_heading = heading::SAFETY)]
    pub(crate) dry_run: bool,
    /// Exit code 10 when a dry run finds differences
    #[arg(long, requires = "dry_run", help_heading = heading::SAFETY)]
    pub(crate) exit_code: bool,
    /// How it goes over many.
    #[command(flatten)]
    pub(crate) rollout: RolloutArgs,
}

/// `mk8s history`
#[derive(Debug, Args)]
pub(crate) struct HistoryArgs {
    /// Cluster whose runs are listed, or a pattern such as 'prod-*' (can be repeated)
    #[arg(short, long, value_name = "NAME", value_hint = ValueHint::Other, help_heading = heading::TARGET)]
    pub(crate) cluster: Vec<String>,
}
