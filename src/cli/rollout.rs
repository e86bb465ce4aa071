//! How a run over many clusters is to go.

use super::heading;
use super::value::parse_rate;
use clap::{Args, ValueHint};
use std::path::PathBuf;

/// The flags of a run over many clusters.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct RolloutArgs {
    /// Clusters that are changed before all others, one after another: N, P% or names; the run ends
    /// if one of them fails, or more than --max-failures
    #[arg(long, value_name = "N|P%|NAME,…", value_hint = ValueHint::Other, help_heading = heading::ROLLOUT)]
    pub(crate) canary: Option<String>,
    /// Then so many of the rest, those before counted in, such as 1,10%,100%
    #[arg(long, value_name = "N|P%,…", value_delimiter = ',', value_hint = ValueHint::Other, help_heading = heading::ROLLOUT)]
    pub(crate) batch: Vec<String>,
    /// Question before each further stage; nobody there ends the run
    #[arg(long, help_heading = heading::ROLLOUT)]
    pub(crate) pause: bool,
    /// Failures after which no more are begun; any number if omitted, but none in the canary
    #[arg(long, value_name = "N|P%", value_hint = ValueHint::Other, help_heading = heading::ROLLOUT)]
    pub(crate) max_failures: Option<String>,
    /// The same of clusters that cannot be reached
    #[arg(long, value_name = "N|P%", value_hint = ValueHint::Other, help_heading = heading::ROLLOUT)]
    pub(crate) max_unreachable: Option<String>,
    /// --max-failures 0 and --max-unreachable 0, and nothing at all if a cluster is refused or cannot be read
    #[arg(long, conflicts_with_all = ["max_failures", "max_unreachable"], help_heading = heading::ROLLOUT)]
    pub(crate) fail_fast: bool,
    /// Clusters that are worked on at a time, at most; as many as the server takes if omitted
    #[arg(long, value_name = "N", value_hint = ValueHint::Other, help_heading = heading::ROLLOUT)]
    pub(crate) parallel: Option<usize>,
    /// Requests that go out in a second (N/s) or a minute (N/m), at most; learned from the server if
    /// omitted
    #[arg(long, value_name = "N/s", value_hint = ValueHint::Other, value_parser = parse_rate, help_heading = heading::ROLLOUT)]
    pub(crate) rate: Option<f64>,
    /// File in which the run is kept, to be taken up again; one below `$XDG_STATE_HOME/mk8s/journal`
    /// if omitted
    #[arg(long, value_name = "FILE", conflicts_with = "resume", help_heading = heading::ROLLOUT)]
    pub(crate) journal: Option<PathBuf>,
    /// Run to be taken up again, by its journal: the same command, on what it has not done yet
    #[arg(long, value_name = "FILE|ID", value_hint = ValueHint::FilePath, help_heading = heading::ROLLOUT)]
    pub(crate) resume: Option<String>,
}

impl RolloutArgs {
    /// The first of them that was given, where they cannot be.
    pub(crate) fn first(&self) -> Option<&'static str> {
        [
            ("--canary", self.canary.is_some()),
            ("--batch", !self.batch.is_empty()),
            ("--pause", self.pause),
            ("--max-failures", self.max_failures.is_some()),
            ("--max-unreachable", self.max_unreachable.is_some()),
            ("--fail-fast", self.fail_fast),
            ("--parallel", self.parallel.is_some()),
            ("--rate", self.rate.is_some()),
            ("--journal", self.journal.is_some()),
            ("--resume", self.resume.is_some()),
        ]
        .into_iter()
        .find_map(|(flag, is_given)| is_given.then_some(flag))
    }
}
