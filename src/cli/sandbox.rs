//! `mk8s sandbox …`

use super::value::parse_duration;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap::{Args, Subcommand, ValueHint};
use std::path::PathBuf;
use std::time::Duration;

/// `mk8s sandbox …`
#[derive(Debug, Subcommand)]
pub enum SandboxCommand {
    /// Serve an embedded Control Plane until Ctrl-C
    #[command(
        long_about = "Serve an embedded Control Plane on loopback until Ctrl-C, and print the \
                      environment that points `mk8s` and `cpln` at it. It holds four clusters \
                      (aws-same, aws-cross, hetzner, generic) unless --seed names others.\n\n\
                      Examples:\n  \
                      $ mk8s sandbox start --port 8080\n  \
                      $ mk8s sandbox start --seed clusters/prod.yaml --status-delay 5s"
    )]
    Start(SandboxOptions),
    /// Run a command against a fresh embedded Control Plane
    #[command(
        long_about = "Start an embedded Control Plane, run the command with the environment that \
                      points at it (this binary first on PATH, an empty CPLN_HOME), and tear it \
                      down. The command's exit code is passed on.\n\nExamples:\n  \
                      $ mk8s sandbox run -- mk8s addon list -c hetzner\n  \
                      $ mk8s sandbox run --put merge -- sh scripts/demo.sh"
    )]
    Run(SandboxRunArgs),
}

/// How the embedded Control Plane behaves.
#[derive(Debug, Args)]
pub struct SandboxOptions {
    /// Port on 127.0.0.1; a free one if omitted
    #[arg(long, value_name = "N", value_hint = ValueHint::Other, default_value_t = 0, hide_default_value = true)]
    pub port: u16,
    /// Manifest whose clusters are there at the start, instead of the four (can be repeated)
    #[arg(long, value_name = "FILE")]
    pub seed: Vec<PathBuf>,
    /// File that keeps the clusters between runs
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
    /// What a PUT does with fields that it leaves out: replace or merge; replace if omitted
    #[arg(
        long,
        value_name = "MODE",
        default_value = "replace",
        hide_default_value = true,
        hide_possible_values = true,
        value_parser = PossibleValuesParser::new(["replace", "merge"])
            .try_map(|word| word.parse::<crate::sandbox::PutMode>())
    )]
    pub put: crate::sandbox::PutMode,
    /// Form of the trust policy in the status: object, string or placeholder; object if omitted
    #[arg(
        long,
        value_name = "FORM",
        default_value = "object",
        hide_default_value = true,
        hide_possible_values = true,
        value_parser = PossibleValuesParser::new(["object", "string", "placeholder"])
            .try_map(|word| word.parse::<crate::sandbox::TrustPolicyForm>())
    )]
    pub trust_policy: crate::sandbox::TrustPolicyForm,
    /// Time until a change shows in the status; none if omitted
    #[arg(long, value_name = "DURATION", value_hint = ValueHint::Other, value_parser = parse_duration)]
    pub status_delay: Option<Duration>,
    /// Time that every answer takes; none if omitted
    #[arg(long, value_name = "DURATION", value_hint = ValueHint::Other, value_parser = parse_duration)]
    pub latency: Option<Duration>,
    /// Refusal of add-ons whose prerequisites are off
    #[arg(long)]
    pub enforce_prerequisites: bool,
    /// Add-on that is refused without a role (can be repeated)
    #[arg(long, value_name = "ADDON", value_parser = super::value::AddonWord, hide_possible_values = true)]
    pub require_role: Vec<String>,
    /// Fault to inject, such as `status=503,on=PATCH,times=2` (can be repeated)
    #[arg(long, value_name = "SPEC", value_hint = ValueHint::Other)]
    pub fault: Vec<crate::sandbox::Fault>,
}

/// `mk8s sandbox run`
#[derive(Debug, Args)]
pub struct SandboxRunArgs {
    /// How the embedded Control Plane behaves.
    #[command(flatten)]
    pub options: SandboxOptions,
    /// Command to run, with its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub command: Vec<std::ffi::OsString>,
}
