//! `mk8s sandbox …`

use super::value::parse_duration;
use clap::builder::{OsStringValueParser, PossibleValuesParser, TypedValueParser as _};
use clap::{Args, Subcommand, ValueEnum, ValueHint};
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// `mk8s sandbox …`
#[derive(Debug, Subcommand)]
pub(crate) enum SandboxCommand {
    /// Serve an embedded Control Plane until Ctrl-C
    #[command(
        long_about = "Serve an embedded Control Plane on loopback until Ctrl-C, and print the \
                      environment that points `mk8s` and `cpln` at it. It holds four clusters \
                      (aws-same, aws-cross, hetzner, generic) unless --seed names others, and \
                      serves their issuers.\n\nExamples:\n  \
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
                      cluster needs aws-workload-identity.\n\nExamples:\n  \
                      $ mk8s sandbox token -c hetzner > token\n  \
                      $ mk8s sandbox token -c hetzner --service-account default:default"
    )]
    Token(SandboxTokenArgs),
}

/// How the embedded Control Plane behaves.
#[derive(Debug, Args)]
pub(crate) struct SandboxOptions {
    /// Port on 127.0.0.1; a free one if omitted
    #[arg(long, value_name = "N", value_hint = ValueHint::Other, default_value_t = 0, hide_default_value = true)]
    pub(crate) port: u16,
    /// Manifest whose clusters are there at the start, instead of the four (can be repeated)
    #[arg(long, value_name = "FILE")]
    pub(crate) seed: Vec<PathBuf>,
    /// Number of clusters to make up, `fleet-0001` and so on, instead of the four or beside the seed
    #[arg(long, value_name = "N", value_hint = ValueHint::Other, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=100_000))]
    pub(crate) clusters: Option<usize>,
    /// File that keeps the clusters between runs
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
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
    pub(crate) put: crate::sandbox::PutMode,
    /// Trust policy in the status: object, string, placeholder, or a file whose JSON is published
    /// as it stands; object if omitted
    #[arg(
        long,
        value_name = "FORM|FILE",
        default_value = "object",
        hide_default_value = true,
        value_hint = ValueHint::FilePath,
        value_parser = OsStringValueParser::new().map(TrustPolicy::from)
    )]
    pub(crate) trust_policy: TrustPolicy,
    /// Key of an add-on, or version of Kubernetes, that mk8s does not know, to be accepted (can be
    /// repeated)
    #[arg(long, value_name = "KEY", value_hint = ValueHint::Other)]
    pub(crate) known: Vec<String>,
    /// Time until a change shows in the status; none if omitted
    #[arg(long, value_name = "DURATION", value_hint = ValueHint::Other, value_parser = parse_duration)]
    pub(crate) status_delay: Option<Duration>,
    /// Time that every answer takes; none if omitted
    #[arg(long, value_name = "DURATION", value_hint = ValueHint::Other, value_parser = parse_duration)]
    pub(crate) latency: Option<Duration>,
    /// Requests that are answered, such as `10/s` or `10/s,burst=20`, and 429 beyond; all if omitted
    #[arg(long, value_name = "N/s[,burst=M]", value_hint = ValueHint::Other)]
    pub(crate) rate: Option<crate::sandbox::Rate>,
    /// Refusal of add-ons whose prerequisites are off
    #[arg(long)]
    pub(crate) enforce_prerequisites: bool,
    /// IAM role that no add-on may name before the IAM of `AWS_ENDPOINT_URL` has it (can be
    /// repeated)
    #[arg(long, value_name = "NAME", value_hint = ValueHint::Other)]
    pub(crate) require_role: Vec<String>,
    /// Port on which the issuers of the clusters are served, over HTTPS on localhost under a root
    /// certificate of the sandbox; a free one if omitted
    #[arg(long, value_name = "PORT", value_hint = ValueHint::Other, num_args = 0..=1, require_equals = true, default_missing_value = "0")]
    pub(crate) oidc: Option<u16>,
    /// Issuers that nobody serves
    #[arg(long, conflicts_with = "oidc")]
    pub(crate) no_oidc: bool,
    /// Fault to inject, such as `status=503,on=PATCH,times=2` (can be repeated)
    #[arg(long, value_name = "SPEC", value_hint = ValueHint::Other)]
    pub(crate) fault: Vec<crate::sandbox::Fault>,
}

/// What stands in the status as trust policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TrustPolicy {
    /// The sandbox's own, in that form.
    Form(crate::sandbox::TrustPolicyForm),
    /// The document of this file.
    File(PathBuf),
}

impl From<OsString> for TrustPolicy {
    fn from(value: OsString) -> Self {
        match value.to_str().and_then(|word| word.parse().ok()) {
            Some(form) => Self::Form(form),
            None => Self::File(value.into()),
        }
    }
}

/// `mk8s sandbox run`
#[derive(Debug, Args)]
pub(crate) struct SandboxRunArgs {
    /// How the embedded Control Plane behaves.
    #[command(flatten)]
    pub(crate) options: SandboxOptions,
    /// Command to run, with its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub(crate) command: Vec<OsString>,
}

/// `mk8s sandbox token`
#[derive(Debug, Args)]
pub(crate) struct SandboxTokenArgs {
    /// Cluster whose issuer signs the token
    #[arg(short, long, value_name = "NAME", value_hint = ValueHint::Other)]
    pub(crate) cluster: String,
    /// Service account; the one in the trust policy of aws-ecr if omitted
    #[arg(long, value_name = "NAMESPACE:NAME", value_hint = ValueHint::Other)]
    pub(crate) service_account: Option<String>,
    /// Audience; the one in the trust policy of aws-ecr if omitted
    #[arg(long, value_name = "TEXT", value_hint = ValueHint::Other)]
    pub(crate) audience: Option<String>,
    /// Time that it is valid for; 1h if omitted
    #[arg(long, value_name = "DURATION", value_hint = ValueHint::Other, value_parser = parse_duration)]
    pub(crate) expires_in: Option<Duration>,
    /// What is wrong with it, to rehearse: expired, issuer, key, unknown-key or algorithm
    #[arg(long, value_name = "WORD", hide_possible_values = true)]
    pub(crate) defect: Option<TokenDefect>,
}

/// What is wrong with a token on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TokenDefect {
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
