//! `mk8s sandbox …`

use super::value::parse_duration;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap::{Args, Subcommand, ValueEnum, ValueHint};
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
    /// Print a token of a service account, as `kubectl create token` does
    #[command(
        long_about = "Ask the running sandbox of CPLN_ENDPOINT for a token of a service account of \
                      one of its clusters, signed by the cluster's issuer, and print it. The \
                      sandbox needs --oidc, the cluster aws-workload-identity.\n\nExamples:\n  \
                      $ mk8s sandbox token -c hetzner > token\n  \
                      $ mk8s sandbox token -c hetzner --service-account default:default"
    )]
    Token(SandboxTokenArgs),
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
    /// IAM role that no add-on may name before the IAM of `AWS_ENDPOINT_URL` has it (can be
    /// repeated)
    #[arg(long, value_name = "NAME", value_hint = ValueHint::Other)]
    pub require_role: Vec<String>,
    /// Issuers of the clusters over HTTPS on localhost, on this port or a free one, under a root
    /// certificate of the sandbox; issuers that nobody serves if omitted
    #[arg(long, value_name = "PORT", value_hint = ValueHint::Other, num_args = 0..=1, require_equals = true, default_missing_value = "0")]
    pub oidc: Option<u16>,
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

/// `mk8s sandbox token`
#[derive(Debug, Args)]
pub struct SandboxTokenArgs {
    /// Cluster whose issuer signs the token
    #[arg(short, long, value_name = "NAME", value_hint = ValueHint::Other)]
    pub cluster: String,
    /// Service account; the one in the trust policy of aws-ecr if omitted
    #[arg(long, value_name = "NAMESPACE:NAME", value_hint = ValueHint::Other)]
    pub service_account: Option<String>,
    /// Audience; the one in the trust policy of aws-ecr if omitted
    #[arg(long, value_name = "TEXT", value_hint = ValueHint::Other)]
    pub audience: Option<String>,
    /// Time that it is valid for; 1h if omitted
    #[arg(long, value_name = "DURATION", value_hint = ValueHint::Other, value_parser = parse_duration)]
    pub expires_in: Option<Duration>,
    /// What is wrong with it, to rehearse: expired, issuer, key, unknown-key or algorithm
    #[arg(long, value_name = "WORD", hide_possible_values = true)]
    pub defect: Option<TokenDefect>,
}

/// What is wrong with a token on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TokenDefect {
    /// It has expired.
    Expired,
    /// It names another issuer.
    Issuer,
    /// It is signed with another key under the published id.
    Key,
    /// It is signed with a key that is not published.
    UnknownKey,
    /// It is signed with a shared secret (HS256).
    Algorithm,
}
