//! `mk8s addon …`

use super::enable::EnableArgs;
use super::heading;
use super::report::ReportArgs;
use super::rollout::RolloutArgs;
use super::value::{AddonWord, parse_duration};
use clap::{Args, Subcommand, ValueHint};
use std::path::PathBuf;
use std::time::Duration;

/// `mk8s addon`
#[derive(Debug, Args)]
pub(crate) struct AddonArgs {
    /// What to do; they are picked at the keyboard if omitted.
    #[command(subcommand)]
    pub(crate) command: Option<AddonCommand>,
    /// Where add-ons are picked.
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    /// Numbered questions in plain lines, for a screen reader
    #[arg(long, help_heading = heading::OUTPUT)]
    pub(crate) accessible: bool,
}

impl AddonArgs {
    /// The first flag that was given in front of a command, which it is not for.
    pub(super) fn first(&self) -> Option<&'static str> {
        let TargetArgs {
            cluster,
            file,
            choice,
        } = &self.target;
        let given = [
            ("-c", !cluster.is_empty()),
            ("-f", !file.is_empty()),
            ("--all", choice.all),
            ("--selector", choice.narrow.selector.is_some()),
            ("--exclude", !choice.narrow.exclude.is_empty()),
            ("--accessible", self.accessible),
        ];
        given
            .into_iter()
            .find_map(|(flag, is_given)| is_given.then_some(flag))
    }
}

/// `mk8s addon …`
#[derive(Debug, Subcommand)]
pub(crate) enum AddonCommand {
    /// List the add-ons; with a target, what is on
    #[command(
        long_about = "List the add-ons. Without a target it is the catalogue, offline; with one cluster \
                      or manifest, what is on with its settings; with several, a matrix; with more than \
                      eight, a line for each with what is on.\n\nExamples:\n  \
                      $ mk8s addon list\n  \
                      $ mk8s addon list -c prod\n  \
                      $ mk8s addon list --selector tag.team=blue --off aws-ecr\n  \
                      $ mk8s addon list -f clusters -o json"
    )]
    List(ListArgs),
    /// Show the settings and status of an add-on
    #[command(
        long_about = "Show the settings and status of one add-on. A key of spec.addOns that mk8s does not \
                      know is named exactly as it stands there. With --exit-code the exit code is 10 \
                      when it is off.\n\nExamples:\n  \
                      $ mk8s addon show aws-ecr -c prod\n  \
                      $ mk8s addon show aws-ecr -c prod --exit-code -q"
    )]
    Show(ShowArgs),
    /// Explain an add-on: settings, prerequisites, cloud side
    #[command(
        long_about = "Explain an add-on, offline: what it does, for which providers it is documented, what \
                      it needs, its settings, what its status publishes and what is to be done in the \
                      cloud account. With a path it is one setting, at any depth, with its type, default, \
                      constraint, an example and its name in Terraform and Pulumi. With -c or -f what stands \
                      there is told as well, also of a key that mk8s does not know. `-o json-schema` prints \
                      the schema of its settings.\n\nExamples:\n  \
                      $ mk8s addon explain aws-ecr\n  \
                      $ mk8s addon explain metrics scrapeAnnotated.intervalSeconds\n  \
                      $ mk8s addon explain byok.config.istio -c edge\n  \
                      $ mk8s addon explain aws-elb -f clusters/prod.yaml"
    )]
    Explain(ExplainArgs),
    /// Turn an add-on on, or change its settings
    #[command(
        long_about = "Turn an add-on on, or change its settings. Only `spec.addOns` of the target \
                      changes: in a file the lines of the add-on, on a live cluster its key. An add-on \
                      that is already so is left alone, and settings that are not given are kept. \
                      Preview with --dry-run; undo with `mk8s undo`.\n\nExamples:\n  \
                      $ mk8s addon enable aws-ecr -c prod\n  \
                      $ mk8s addon enable aws-ecr -c edge --with-prerequisites --role-arn $ROLE\n  \
                      $ mk8s addon enable aws-ecr -f clusters/prod.yaml --dry-run"
    )]
    Enable(Box<EnableArgs>),
    /// Turn an add-on off
    #[command(
        long_about = "Turn an add-on off by removing its key from `spec.addOns`, with its settings. One \
                      that is off already is left alone. A key that mk8s does not know is named exactly \
                      as it stands there. A live cluster is asked about first; --yes \
                      answers. Preview with --dry-run; undo with `mk8s undo`.\n\nExamples:\n  \
                      $ mk8s addon disable aws-ecr -c prod\n  \
                      $ mk8s addon disable aws-workload-identity -f clusters/prod.yaml --with-dependants"
    )]
    Disable(Box<DisableArgs>),
    /// Turn several add-ons on and off, as a file has them
    #[command(
        long_about = "Bring the add-ons of clusters or manifests to a desired set, in one change each. The \
                      file holds what stands below `spec.addOns` of a manifest; `null` is off. What it does \
                      not name is left alone, and with --prune goes. What is already so is left alone. \
                      Preview with --dry-run; undo with `mk8s undo`.\n\nExamples:\n  \
                      $ mk8s addon set addons.yaml -c prod --dry-run\n  \
                      $ mk8s addon set addons.yaml --selector tag.team=blue --canary 1 --yes"
    )]
    Set(Box<SetArgs>),
    /// Bring the add-ons of one cluster to others
    #[command(
        long_about = "Bring the add-ons of one live cluster to others, with their settings. What says who \
                      that cluster is in its cloud (roleArn, clientId, tenantId, location) is left out and \
                      named. What is already so is left alone. Preview with --dry-run; undo with `mk8s \
                      undo`.\n\nExamples:\n  \
                      $ mk8s addon copy --from staging --to prod-eu,prod-us --dry-run"
    )]
    Copy(Box<CopyArgs>),
    /// Write live add-ons back into a manifest
    #[command(
        long_about = "Write the add-ons of live clusters into their manifests, which keep every other byte. \
                      Settings that may be secret stay out and are named. A manifest that is not there is \
                      made, of the whole cluster without what the server sets. What is already so is left \
                      alone. Preview with --dry-run; undo with `mk8s undo`, or with git.\n\nExamples:\n  \
                      $ mk8s addon pull -c prod -f clusters/prod.yaml --dry-run\n  \
                      $ mk8s addon pull --all --dir clusters"
    )]
    Pull(PullArgs),
    /// Print the trust policy that a cluster publishes
    #[command(
        long_about = "Print the trust policy that the add-on's role must have, as JSON, from the \
                      cluster's status. It appears some time after the add-on is on: exit 3 until \
                      then, or wait with --wait.\n\nExamples:\n  \
                      $ mk8s addon trust-policy -c prod --wait\n  \
                      $ mk8s addon trust-policy aws-ecr -c prod --account 999999999999"
    )]
    TrustPolicy(TrustPolicyArgs),
    /// Print the OIDC issuer URL of a cluster
    #[command(
        long_about = "Print `status.oidcProviderUrl` of a cluster: the issuer for which an IAM OIDC \
                      identity provider is made.\n\nExamples:\n  \
                      $ mk8s addon oidc-url -c prod"
    )]
    OidcUrl(OidcUrlArgs),
}

/// Live clusters or manifests.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct TargetArgs {
    /// Live cluster, or with -f the document's name, or a pattern such as 'prod-*'; `MK8S_CLUSTER`
    /// if no target is given (can be repeated)
    #[arg(short, long, value_name = "NAME", value_hint = ValueHint::Other, help_heading = heading::TARGET)]
    pub(crate) cluster: Vec<String>,
    /// Manifest file, folder of manifests or `-` for stdin (can be repeated)
    #[arg(short, long, value_name = "FILE|DIR", help_heading = heading::TARGET)]
    pub(crate) file: Vec<PathBuf>,
    /// Which of them.
    #[command(flatten)]
    pub(crate) choice: ChoiceArgs,
}

/// Which live clusters of the org, or which documents of files.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ChoiceArgs {
    /// Every live cluster of the org
    #[arg(long, help_heading = heading::TARGET)]
    pub(crate) all: bool,
    /// Which of them.
    #[command(flatten)]
    pub(crate) narrow: NarrowArgs,
}

/// Which of the clusters that are meant.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct NarrowArgs {
    /// Clusters for which all of it holds, such as 'tag.team=blue,kubernetes>=1.32,addon.aws-ecr'
    #[arg(short = 'l', long, value_name = "EXPR", value_hint = ValueHint::Other, help_heading = heading::TARGET)]
    pub(crate) selector: Option<String>,
    /// Cluster to leave out, or a pattern (can be repeated)
    #[arg(long, value_name = "NAME", value_hint = ValueHint::Other, help_heading = heading::TARGET)]
    pub(crate) exclude: Vec<String>,
}

/// One live cluster or one document.
#[derive(Debug, Args)]
pub(crate) struct OneArgs {
    /// Live cluster, or with -f the document's name; `MK8S_CLUSTER` if neither is given
    #[arg(short, long, value_name = "NAME", value_hint = ValueHint::Other, help_heading = heading::TARGET)]
    pub(crate) cluster: Vec<String>,
    /// Manifest file, folder of manifests or `-` for stdin
    #[arg(short, long, value_name = "FILE|DIR", help_heading = heading::TARGET)]
    pub(crate) file: Vec<PathBuf>,
}

/// How a change is carried out.
#[derive(Debug, Default, Args)]
pub(crate) struct ChangeArgs {
    /// Live clusters as well as the files: files first
    #[arg(long, requires = "file", help_heading = heading::TARGET)]
    pub(crate) apply: bool,
    /// New text into the file itself, through all its hard links
    #[arg(long, requires = "file", help_heading = heading::SAFETY)]
    pub(crate) in_place: bool,
    /// Comments of what is removed stay in the file
    #[arg(long, requires = "file", help_heading = heading::SAFETY)]
    pub(crate) keep_comments: bool,
    /// How it goes over many.
    #[command(flatten)]
    pub(crate) rollout: RolloutArgs,
    /// Change past a rule of mk8s (prerequisite, dependants)
    #[arg(long, help_heading = heading::SAFETY)]
    pub(crate) force: bool,
    /// Values such as `${ROLE_ARN}` in files, which another tool fills in
    #[arg(long, help_heading = heading::SAFETY)]
    pub(crate) allow_placeholders: bool,
    /// Record of the run for `mk8s undo` under CI as well
    #[arg(long, hide_short_help = true, help_heading = heading::SAFETY)]
    pub(crate) history: bool,
    /// Preview on stdout; nothing is written or sent
    #[arg(long, help_heading = heading::SAFETY)]
    pub(crate) dry_run: bool,
    /// Exit code 10 when a dry run finds differences
    #[arg(long, requires = "dry_run", help_heading = heading::SAFETY)]
    pub(crate) exit_code: bool,
    /// Time for the status to show it; 5m if no duration follows
    #[arg(
        long,
        value_name = "DURATION",
        value_hint = ValueHint::Other,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "5m",
        value_parser = parse_duration,
        help_heading = heading::SAFETY
    )]
    pub(crate) wait: Option<Duration>,
    /// What it is told in.
    #[command(flatten)]
    pub(crate) report: ReportArgs,
}

/// `mk8s addon set`
#[derive(Debug, Args)]
pub(crate) struct SetArgs {
    /// File with the add-ons, or `-` for stdin
    #[arg(value_name = "FILE")]
    pub(crate) set: PathBuf,
    /// Where.
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    /// Add-ons that the file does not name go off
    #[arg(long, help_heading = heading::SETTINGS)]
    pub(crate) prune: bool,
    /// Keys that mk8s does not know go off as well
    #[arg(long, requires = "prune", help_heading = heading::SETTINGS)]
    pub(crate) prune_unknown: bool,
    /// Set without any add-on
    #[arg(long, requires = "prune", help_heading = heading::SAFETY)]
    pub(crate) allow_empty: bool,
    /// Keys that mk8s does not know
    #[arg(long, help_heading = heading::SETTINGS)]
    pub(crate) unknown: bool,
    /// Setting of an add-on that has to stand there now, such as logs.auditEnabled=true; without a
    /// value none (can be repeated)
    #[arg(long, value_name = "ADDON.PATH=VALUE", value_hint = ValueHint::Other, help_heading = heading::SAFETY)]
    pub(crate) expect: Vec<String>,
    /// Cluster's name, where an add-on goes that runs the cluster
    #[arg(long, value_name = "NAME", value_hint = ValueHint::Other, help_heading = heading::SAFETY)]
    pub(crate) confirm: Option<String>,
    /// How.
    #[command(flatten)]
    pub(crate) change: ChangeArgs,
}

/// `mk8s addon copy`
#[derive(Debug, Args)]
pub(crate) struct CopyArgs {
    /// Live cluster whose add-ons are taken
    #[arg(long, value_name = "NAME", value_hint = ValueHint::Other, help_heading = heading::TARGET)]
    pub(crate) from: String,
    /// Live clusters that get them
    #[arg(long, value_name = "NAME,…", value_hint = ValueHint::Other, value_delimiter = ',', required = true, help_heading = heading::TARGET)]
    pub(crate) to: Vec<String>,
    /// roleArn, clientId, tenantId and location too
    #[arg(long, help_heading = heading::SETTINGS)]
    pub(crate) with_identities: bool,
    /// Add-ons that the first cluster does not have go off
    #[arg(long, help_heading = heading::SETTINGS)]
    pub(crate) prune: bool,
    /// Cluster's name, where an add-on goes that runs the cluster
    #[arg(long, value_name = "NAME", value_hint = ValueHint::Other, help_heading = heading::SAFETY)]
    pub(crate) confirm: Option<String>,
    /// Change past a rule of mk8s (prerequisite, dependants)
    #[arg(long, help_heading = heading::SAFETY)]
    pub(crate) force: bool,
    /// Record of the run for `mk8s undo` under CI as well
    #[arg(long, hide_short_help = true, help_heading = heading::SAFETY)]
    pub(crate) history: bool,
    /// Preview on stdout; nothing is sent
    #[arg(long, help_heading = heading::SAFETY)]
    pub(crate) dry_run: bool,
    /// Exit code 10 when a dry run finds differences
    #[arg(long, requires = "dry_run", help_heading = heading::SAFETY)]
    pub(crate) exit_code: bool,
    /// How it goes over many.
    #[command(flatten)]
    pub(crate) rollout: RolloutArgs,
    /// What it is told in.
    #[command(flatten)]
    pub(crate) report: ReportArgs,
}

/// `mk8s addon pull`
#[derive(Debug, Args)]
pub(crate) struct PullArgs {
    /// Live cluster whose add-ons are taken, or a pattern such as 'prod-*' (can be repeated)
    #[arg(short, long, value_name = "NAME", value_hint = ValueHint::Other, help_heading = heading::TARGET)]
    pub(crate) cluster: Vec<String>,
    /// Which of them.
    #[command(flatten)]
    pub(crate) choice: ChoiceArgs,
    /// Manifest that gets them; one that is not there is made of the whole cluster
    #[arg(short, long, value_name = "FILE", required_unless_present = "dir", help_heading = heading::TARGET)]
    pub(crate) file: Option<PathBuf>,
    /// Folder whose manifests get them; a cluster that none describes gets a new file in it
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, conflicts_with = "file", help_heading = heading::TARGET)]
    pub(crate) dir: Option<PathBuf>,
    /// New text into the file itself, through all its hard links
    #[arg(long, help_heading = heading::SAFETY)]
    pub(crate) in_place: bool,
    /// Comments of what is removed stay in the file
    #[arg(long, help_heading = heading::SAFETY)]
    pub(crate) keep_comments: bool,
    /// Record of the run for `mk8s undo` under CI as well
    #[arg(long, hide_short_help = true, help_heading = heading::SAFETY)]
    pub(crate) history: bool,
    /// Preview on stdout; nothing is written
    #[arg(long, help_heading = heading::SAFETY)]
    pub(crate) dry_run: bool,
    /// Exit code 10 when a dry run finds differences
    #[arg(long, requires = "dry_run", help_heading = heading::SAFETY)]
    pub(crate) exit_code: bool,
    /// What it is told in.
    #[command(flatten)]
    pub(crate) report: ReportArgs,
}

/// `mk8s addon list`
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Where to look.
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    /// Clusters on which the add-on is on, alone (can be repeated)
    #[arg(long, value_name = "ADDON", value_parser = AddonWord, hide_possible_values = true, help_heading = heading::TARGET)]
    pub(crate) on: Vec<String>,
    /// Clusters on which the add-on is off, alone (can be repeated)
    #[arg(long, value_name = "ADDON", value_parser = AddonWord, hide_possible_values = true, help_heading = heading::TARGET)]
    pub(crate) off: Vec<String>,
}

/// `mk8s addon show`
#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// Add-on to show
    #[arg(value_name = "ADDON", value_parser = AddonWord, hide_possible_values = true)]
    pub(crate) addon: String,
    /// Where to look.
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    /// Exit code 10 when it is off
    #[arg(long, help_heading = heading::SAFETY)]
    pub(crate) exit_code: bool,
}

/// `mk8s addon explain`
#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// Add-on to explain, or one of its settings: `metrics.kubeState`
    #[arg(value_name = "ADDON", value_parser = AddonWord, hide_possible_values = true)]
    pub(crate) addon: String,
    /// Setting to explain, at any depth
    #[arg(value_name = "PATH", value_hint = ValueHint::Other)]
    pub(crate) path: Option<String>,
    /// Live cluster, or with -f the document's name, where it is looked up as well (can be repeated)
    #[arg(short, long, value_name = "NAME", value_hint = ValueHint::Other, help_heading = heading::TARGET)]
    pub(crate) cluster: Vec<String>,
    /// Manifest file, folder of manifests or `-` for stdin where it is looked up as well (can be
    /// repeated)
    #[arg(short, long, value_name = "FILE|DIR", help_heading = heading::TARGET)]
    pub(crate) file: Vec<PathBuf>,
    /// Which of them.
    #[command(flatten)]
    pub(crate) choice: ChoiceArgs,
}

/// `mk8s addon disable`
#[derive(Debug, Args)]
pub(crate) struct DisableArgs {
    /// Add-on to turn off
    #[arg(value_name = "ADDON", value_parser = AddonWord, hide_possible_values = true)]
    pub(crate) addon: String,
    /// What to change.
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    /// The add-ons that need it as well
    #[arg(long, help_heading = heading::SETTINGS)]
    pub(crate) with_dependants: bool,
    /// Name of the cluster, where turning the add-on off endangers more than itself (byok)
    #[arg(long, value_name = "NAME", value_hint = ValueHint::Other, help_heading = heading::SAFETY)]
    pub(crate) confirm: Option<String>,
    /// Value that a setting must have now, else nothing is written; none if empty (can be repeated)
    #[arg(long, value_name = "PATH=VALUE", value_hint = ValueHint::Other, help_heading = heading::SAFETY)]
    pub(crate) expect: Vec<String>,
    /// How to change it.
    #[command(flatten)]
    pub(crate) change: ChangeArgs,
}

/// `mk8s addon trust-policy`
#[derive(Debug, Args)]
pub(crate) struct TrustPolicyArgs {
    /// Add-on whose trust policy is printed; aws-ecr if omitted
    #[arg(value_name = "ADDON", default_value = "aws-ecr", hide_default_value = true, hide_possible_values = true, value_parser = AddonWord)]
    pub(crate) addon: String,
    /// Where to look.
    #[command(flatten)]
    pub(crate) target: OneArgs,
    /// AWS account to set in the document; left as served if omitted
    #[arg(long, value_name = "ID", value_hint = ValueHint::Other, help_heading = heading::SETTINGS)]
    pub(crate) account: Option<String>,
    /// Time for it to be published; 5m if no duration follows
    #[arg(
        long,
        value_name = "DURATION",
        value_hint = ValueHint::Other,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "5m",
        value_parser = parse_duration,
        help_heading = heading::SAFETY
    )]
    pub(crate) wait: Option<Duration>,
}

/// `mk8s addon oidc-url`
#[derive(Debug, Args)]
pub(crate) struct OidcUrlArgs {
    /// Where to look.
    #[command(flatten)]
    pub(crate) target: OneArgs,
}
