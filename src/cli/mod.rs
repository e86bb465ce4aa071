//! The command line: clap structs and value parsers, nothing else.
//!
//! Parsing reads no file, no environment and no network, so that help and completions never do.

mod addon;
mod aws;
mod aws_handover;
mod candidates;
mod check;
mod completion;
mod enable;
mod gist;
mod guess;
mod man;
mod parse;
mod report;
mod rollout;
mod sandbox;
mod screen;
mod settings;
mod undo;
mod value;
mod words;

pub(crate) use addon::{
    AddonArgs, AddonCommand, ChangeArgs, ChoiceArgs, CopyArgs, DisableArgs, ExplainArgs, ListArgs,
    NarrowArgs, OidcUrlArgs, OneArgs, PullArgs, SetArgs, ShowArgs, TargetArgs, TrustPolicyArgs,
};
pub(crate) use aws::{
    AcceptTrust, AwsCommand, AwsConnection, AwsTarget, EmitFormat, MakeArgs, OnlyPart,
    PermissionsArgs, PermissionsPurpose, SetupArgs, StatusArgs, TeardownArgs, WorkloadArgs,
};
pub(crate) use candidates::{
    Candidate, Completing, NamedThing, ShellPart, completing, flag_value, line_words,
};
pub(crate) use check::{CheckArgs, FailOn, ValidateArgs};
pub use completion::completion;
pub(crate) use enable::{EnableArgs, EnableFlags, SourceFormat};
pub(crate) use gist::Gist;
pub(crate) use guess::{Guess, guess};
pub(crate) use man::man_pages;
pub(crate) use parse::run_as;
pub use parse::{matches, parse};
pub(crate) use report::{ReportArgs, ReportTo};
pub(crate) use rollout::RolloutArgs;
pub(crate) use sandbox::{
    SandboxCommand, SandboxOptions, SandboxRunArgs, SandboxTokenArgs, TokenDefect, TrustPolicy,
};
pub(crate) use screen::{PAGE, reached, screen, usage_of};
pub(crate) use settings::Given;
pub(crate) use undo::{HistoryArgs, UndoArgs};
pub(crate) use value::{Color, ErrorFormat, OutputFormat, parse_duration};

use crate::invocation::Reach;
use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueHint};
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// Headings of the groups in `--help`, in the order of interface.md 12.1.
mod heading {
    pub(super) const TARGET: &str = "Target";
    pub(super) const SETTINGS: &str = "Settings";
    pub(super) const SAFETY: &str = "Safety";
    pub(super) const ROLLOUT: &str = "Many clusters";
    pub(super) const OUTPUT: &str = "Output";
    pub(super) const CONNECTION: &str = "Connection";
}

/// Manage the add-ons of Control Plane Kubernetes clusters
#[derive(Debug, Parser)]
#[command(
    name = "mk8s",
    version,
    propagate_version = false,
    arg_required_else_help = true,
    subcommand_required = true,
    disable_help_subcommand = true,
    max_term_width = 100,
    long_about = "Manage the add-ons of Control Plane managed Kubernetes clusters, in manifest \
                  files and on live clusters. An edit keeps every other byte of a file, a live \
                  change touches nothing but the add-on.\n\n\
                  Examples:\n  \
                  $ mk8s addon list -c prod\n  \
                  $ mk8s addon enable aws-ecr -f clusters/prod.yaml\n  \
                  $ mk8s apply -f clusters/prod.yaml\n  \
                  $ mk8s sandbox run -- mk8s addon list -c hetzner"
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Flags that every command takes.
    #[command(flatten)]
    pub(crate) global: Global,
    /// The connections as they were given, for commands that are printed.
    #[arg(skip)]
    pub(crate) reach: Reach,
}

/// The top of the command tree.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Switch add-ons on and off, and look at them
    #[command(
        long_about = "Switch add-ons on and off, and look at them. On a terminal `mk8s addon` alone opens the \
                      picker: clusters, then their add-ons to be switched, then the settings that are \
                      needed, then the diff, the commands that do the same, and the question. With -c, -f, \
                      --all or --selector it begins at the add-ons. It changes what those commands change, \
                      and nothing before the answer is yes. Without a terminal the commands are \
                      listed.\n\nExamples:\n  \
                      $ mk8s addon\n  \
                      $ mk8s addon -c prod\n  \
                      $ mk8s addon -f clusters/prod.yaml"
    )]
    Addon(AddonArgs),
    /// Make what an add-on needs in AWS, and take it down
    #[command(subcommand, arg_required_else_help = true)]
    Aws(AwsCommand),
    /// Create or update clusters from manifests
    #[command(
        long_about = "Create or update clusters from manifests. A missing cluster is created with the \
                      whole document. An existing one gets one PATCH with the manifest's description, \
                      tags and spec: what the manifest leaves out stays as it is, and add-ons that are \
                      only live are listed and kept. Nothing is sent when all is as the manifest says. Many \
                      manifests are one run, in stages and within budgets where that is asked for. \
                      Preview with --dry-run; undo with `mk8s undo` (add-ons), or by applying the \
                      previous manifest.\n\nExamples:\n  \
                      $ mk8s apply -f clusters/prod.yaml --dry-run\n  \
                      $ mk8s apply -f clusters/prod.yaml\n  \
                      $ mk8s apply -f clusters --prune-addons --yes\n  \
                      $ mk8s apply -f clusters --canary 1 --max-failures 2 --yes"
    )]
    Apply(ApplyArgs),
    /// Compare the add-ons of manifests with live clusters
    #[command(
        long_about = "Compare the add-ons of manifests with the live clusters of the same names. \
                      Order, link spelling and what the server fills in are no differences. \
                      Nothing is changed; `mk8s apply` brings the clusters to the \
                      manifests.\n\nExamples:\n  \
                      $ mk8s diff -f clusters/prod.yaml\n  \
                      $ mk8s diff -f clusters --all-fields\n  \
                      $ mk8s diff --clusters staging,prod\n  \
                      $ mk8s diff -f clusters --exit-code -o json"
    )]
    Diff(DiffArgs),
    /// Check that what is on can work, down to the image
    #[command(
        visible_alias = "doctor",
        long_about = "Check what has to hold before pods can pull: the login, the cluster and its \
                      add-ons, manifests, the AWS side and the image. Only reads. Each line that \
                      is not a pass shows what was seen and the command that mends it. Exit 11 when \
                      a check failed; warnings, and what could not be looked at, count with \
                      --fail-on. With -f alone it works offline and without a login.\n\nExamples:\n  \
                      $ mk8s check -c prod\n  \
                      $ mk8s check -c prod --image 999999999999.dkr.ecr.eu-central-1.amazonaws.com/shop:1.4\n  \
                      $ mk8s check -f clusters --fail-on warning -o github\n  \
                      $ mk8s check --list"
    )]
    Check(CheckArgs),
    /// Hold manifests against the schema of the platform
    #[command(
        long_about = "Hold manifests against the schema of the platform: what it would refuse is told \
                      before it is sent, with file, line and column. Offline and without a login. \
                      Fields, add-ons and versions that this mk8s does not know are warnings, since \
                      the platform may be newer; --strict makes them failures. Exit 11 when \
                      something fails.\n\nExamples:\n  \
                      $ mk8s validate clusters/prod.yaml\n  \
                      $ mk8s validate clusters --strict -o junit\n  \
                      $ cpln helm template CHART | mk8s validate -"
    )]
    Validate(ValidateArgs),
    /// Show what a run over many clusters did
    #[command(
        long_about = "Show the journal of a run over many clusters: as what each cluster ended, at which \
                      versions, and why it did not go well. Offline. The run is taken up again by the \
                      same command with --resume.\n\nExamples:\n  \
                      $ mk8s journal run.jsonl\n  \
                      $ mk8s journal run.jsonl -o json"
    )]
    Journal(JournalArgs),
    /// Take back what a run changed of add-ons
    #[command(
        long_about = "Take back what the last run on this machine changed of add-ons, or the run that is \
                      named: in files and on live clusters, by the rules, proof and lock of any change, one \
                      PATCH a cluster. What the run left is as it was; what others have changed since is \
                      left to them (exit 5, listed), and of what is so already nothing is written. A cluster \
                      is never deleted. Settings that may be secret were not kept: they are named (exit 9). \
                      Preview with --dry-run; undo with `mk8s undo`, again.\n\nExamples:\n  \
                      $ mk8s undo --dry-run\n  \
                      $ mk8s undo 20261128-101500-3fa2\n  \
                      $ mk8s undo run.jsonl --canary 1 --yes"
    )]
    Undo(Box<UndoArgs>),
    /// List the runs that can be undone
    #[command(
        long_about = "List the runs on this machine that changed add-ons, the last one first, with what each \
                      changed. Offline. The last 200 are kept below $XDG_STATE_HOME/mk8s/history, for their \
                      user alone and without settings that may be secret, and those over many clusters in \
                      their journals. Under CI a run is kept with --history.\n\nExamples:\n  \
                      $ mk8s history\n  \
                      $ mk8s history -c prod -o json"
    )]
    History(HistoryArgs),
    /// Look at clusters
    #[command(subcommand, arg_required_else_help = true)]
    Cluster(ClusterCommand),
    /// Show who is logged in, and where
    #[command(subcommand, arg_required_else_help = true)]
    Auth(AuthCommand),
    /// Rehearse against an embedded Control Plane
    #[command(subcommand, arg_required_else_help = true)]
    Sandbox(SandboxCommand),
    /// Print a completion script
    #[command(
        long_about = "Print a completion script for a shell. Those of bash, zsh and fish ask the program at \
                      each TAB: for add-ons, settings and their values, clusters (read within 300 ms, \
                      and kept for a minute), profiles, checks, topics. --static prints one that asks \
                      nothing.\n\nExamples:\n  \
                      $ mk8s completion bash > ~/.local/share/bash-completion/completions/mk8s\n  \
                      $ mk8s completion zsh > ~/.zfunc/_mk8s\n  \
                      $ mk8s completion fish > ~/.config/fish/completions/mk8s.fish"
    )]
    Completion(CompletionArgs),
    /// Print the JSON Schema of manifests or of a document
    #[command(
        long_about = "Print a JSON Schema (draft-07): of manifests, for editors and validators; with the \
                      name of an add-on, of its settings; with --of, of a document that `-o json` prints, \
                      where kind `Error` stands for a failure of any command. The schema of manifests \
                      refuses what `validate --strict` does, as far as JSON Schema can say it; what is no \
                      cluster is right by it. --modeline prints the comment by which an editor finds \
                      it.\n\nExamples:\n  \
                      $ mk8s schema > mk8s.schema.json\n  \
                      $ mk8s schema --modeline=mk8s.schema.json\n  \
                      $ mk8s schema metrics\n  \
                      $ mk8s schema --of CheckReport"
    )]
    Schema(SchemaArgs),
    /// Print the version
    Version,
    /// Say all about a command or a topic
    #[command(
        long_about = "Say all about a command, as its --help does, or about a topic that no single command \
                      has. Without either it lists both.\n\nExamples:\n  \
                      $ mk8s help addon enable\n  \
                      $ mk8s help selectors\n  \
                      $ mk8s help flags"
    )]
    Help(HelpArgs),
    /// Print or write the manual pages
    #[command(
        long_about = "Print the manual page of the program, or write those of all commands to a folder, \
                      which is made if it is missing.\n\nExamples:\n  \
                      $ mk8s man | man -l -\n  \
                      $ mk8s man ~/.local/share/man/man1"
    )]
    Man(ManArgs),
}

/// `mk8s help`
#[derive(Debug, Args)]
pub(crate) struct HelpArgs {
    /// Command, word by word, or topic; all are listed if omitted
    #[arg(value_name = "COMMAND|TOPIC", value_hint = ValueHint::Other)]
    pub(crate) words: Vec<String>,
}

/// `mk8s man`
#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// Folder for the pages of all commands; the program's own on stdout if omitted
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) folder: Option<PathBuf>,
}

/// `mk8s cluster …`
#[derive(Debug, Subcommand)]
pub(crate) enum ClusterCommand {
    /// List the clusters of the org
    #[command(
        long_about = "List the clusters of the org, all pages. With `-o json` the API's own list \
                      object is printed. With -c, --selector or --exclude it lists the clusters that \
                      any other command would work on with the same flags.\n\nExamples:\n  \
                      $ mk8s cluster list\n  \
                      $ mk8s cluster list --selector 'tag.team=blue,kubernetes<1.32' -o names"
    )]
    List(ClusterListArgs),
    /// Print one cluster
    #[command(
        long_about = "Print one cluster. With `-o json` or `-o yaml` it is the API's own object; \
                      the slim forms leave out what the server sets, so that the result can be \
                      kept as a manifest.\n\nExamples:\n  \
                      $ mk8s cluster get prod\n  \
                      $ mk8s cluster get prod -o yaml-slim\n  \
                      $ mk8s cluster get prod -o jsonpath=$.status.oidcProviderUrl"
    )]
    Get(ClusterGetArgs),
    /// Wait until clusters show something
    #[command(
        long_about = "Wait until the status of clusters shows an add-on, or a path of the cluster has a \
                      value: any that is not empty, or the one behind the sign. Exit 7 if it does not \
                      come in time. Nothing is changed.\n\nExamples:\n  \
                      $ mk8s cluster wait -c prod --for=addon=aws-ecr\n  \
                      $ mk8s cluster wait -c prod --for='jsonpath={.status.oidcProviderUrl}' --wait=10m"
    )]
    Wait(ClusterWaitArgs),
}

/// `mk8s cluster wait`
#[derive(Debug, Args)]
pub(crate) struct ClusterWaitArgs {
    /// Cluster, or a pattern such as 'prod-*'; `MK8S_CLUSTER` if omitted (can be repeated)
    #[arg(short, long, value_name = "NAME", value_hint = ValueHint::Other, help_heading = heading::TARGET)]
    pub(crate) cluster: Vec<String>,
    /// Which of them.
    #[command(flatten)]
    pub(crate) choice: ChoiceArgs,
    /// What is waited for: addon=NAME, or jsonpath=EXPR with =VALUE behind braces
    #[arg(long = "for", value_name = "CONDITION", value_hint = ValueHint::Other, required = true, help_heading = heading::SETTINGS)]
    pub(crate) condition: String,
    /// Time to wait; 5m if omitted
    #[arg(long, value_name = "DURATION", value_hint = ValueHint::Other, value_parser = value::parse_duration, help_heading = heading::SAFETY)]
    pub(crate) wait: Option<Duration>,
}

/// `mk8s journal`
#[derive(Debug, Args)]
pub(crate) struct JournalArgs {
    /// File of the journal, or the name of the run
    #[arg(value_name = "FILE|ID", value_hint = ValueHint::FilePath)]
    pub(crate) journal: String,
}

/// `mk8s cluster list`
#[derive(Debug, Args)]
pub(crate) struct ClusterListArgs {
    /// Cluster to list, or a pattern such as 'prod-*'; all if omitted (can be repeated)
    #[arg(short, long, value_name = "NAME", value_hint = ValueHint::Other, help_heading = heading::TARGET)]
    pub(crate) cluster: Vec<String>,
    /// Which of them.
    #[command(flatten)]
    pub(crate) choice: ChoiceArgs,
}

/// `mk8s cluster get`
#[derive(Debug, Args)]
pub(crate) struct ClusterGetArgs {
    /// Cluster to print
    #[arg(value_name = "NAME", value_hint = ValueHint::Other)]
    pub(crate) name: String,
}

/// `mk8s auth …`
#[derive(Debug, Subcommand)]
pub(crate) enum AuthCommand {
    /// Show who, which org and endpoint, and which source won
    #[command(
        long_about = "Show who is logged in, which org, endpoint and profile are used, and where \
                      each value comes from. The token itself is never shown. The login is tried \
                      with one read of the org; exit 4 if it is refused.\n\nExamples:\n  \
                      $ mk8s auth status\n  \
                      $ mk8s auth status --profile ci -o json"
    )]
    Status,
}

/// `mk8s schema`
#[derive(Debug, Args)]
pub(crate) struct SchemaArgs {
    /// Add-on whose settings are described; manifests if omitted
    #[arg(value_name = "ADDON", value_parser = value::AddonWord, hide_possible_values = true)]
    pub(crate) addon: Option<String>,
    /// Kind of the document that is described
    #[arg(
        long,
        value_name = "KIND",
        conflicts_with = "addon",
        value_parser = clap::builder::PossibleValuesParser::new(crate::schema::kinds()),
        hide_possible_values = true
    )]
    pub(crate) of: Option<String>,
    /// Comment for the head of a manifest, by which editors find the schema in FILE; mk8s.schema.json if
    /// no file follows
    #[arg(
        long,
        value_name = "FILE",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "mk8s.schema.json",
        conflicts_with_all = ["addon", "of"],
        value_hint = ValueHint::FilePath
    )]
    pub(crate) modeline: Option<String>,
}

/// `mk8s completion`
#[derive(Debug, Args)]
pub(crate) struct CompletionArgs {
    /// Shell to write for
    #[arg(value_name = "SHELL")]
    pub(crate) shell: clap_complete::Shell,
    /// Script that stands alone, for packages: it asks nothing, and knows no live names
    #[arg(long = "static", help_heading = heading::SETTINGS)]
    pub(crate) standalone: bool,
}

/// `mk8s apply`
#[derive(Debug, Args)]
pub(crate) struct ApplyArgs {
    /// Manifest file, folder of manifests or `-` for stdin (can be repeated)
    #[arg(short, long, value_name = "FILE|DIR", required_unless_present = "files", help_heading = heading::TARGET)]
    pub(crate) file: Vec<PathBuf>,
    /// The same as with -f
    #[arg(value_name = "FILE", value_hint = ValueHint::AnyPath)]
    pub(crate) files: Vec<PathBuf>,
    /// Cluster whose documents are applied, or a pattern such as 'prod-*'; all if omitted (can be
    /// repeated)
    #[arg(short, long, value_name = "NAME", value_hint = ValueHint::Other, help_heading = heading::TARGET)]
    pub(crate) cluster: Vec<String>,
    /// Which of them.
    #[command(flatten)]
    pub(crate) narrow: NarrowArgs,
    /// Removal of add-ons, and of their settings, that are only live
    #[arg(long, help_heading = heading::SAFETY)]
    pub(crate) prune_addons: bool,
    /// Whole document by PUT, as `cpln apply` sends it
    #[arg(long, help_heading = heading::SAFETY)]
    pub(crate) put: bool,
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

/// `mk8s diff`
#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// Manifest file, folder of manifests or `-` for stdin (can be repeated)
    #[arg(short, long, value_name = "FILE|DIR", required_unless_present_any = ["files", "clusters"], help_heading = heading::TARGET)]
    pub(crate) file: Vec<PathBuf>,
    /// The same as with -f
    #[arg(value_name = "FILE", value_hint = ValueHint::AnyPath)]
    pub(crate) files: Vec<PathBuf>,
    /// Two live clusters that are compared with each other
    #[arg(long, value_name = "A,B", value_hint = ValueHint::Other, value_delimiter = ',', conflicts_with_all = ["file", "files", "cluster", "selector", "exclude"], help_heading = heading::TARGET)]
    pub(crate) clusters: Vec<String>,
    /// Whole manifests, and not the add-ons alone
    #[arg(long, help_heading = heading::SETTINGS)]
    pub(crate) all_fields: bool,
    /// Fields that are not the same and no difference, with the rule that says so
    #[arg(long, requires = "all_fields", help_heading = heading::SETTINGS)]
    pub(crate) explain_ignored: bool,
    /// Cluster whose documents are compared, or a pattern such as 'prod-*'; all if omitted (can be
    /// repeated)
    #[arg(short, long, value_name = "NAME", value_hint = ValueHint::Other, help_heading = heading::TARGET)]
    pub(crate) cluster: Vec<String>,
    /// Which of them.
    #[command(flatten)]
    pub(crate) narrow: NarrowArgs,
    /// Exit code 10 when something differs
    #[arg(long, help_heading = heading::SAFETY)]
    pub(crate) exit_code: bool,
    /// What it is told in.
    #[command(flatten)]
    pub(crate) report: ReportArgs,
}

/// Flags that every command takes.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// Format of the results: text, wide, json, yaml, json-slim, yaml-slim, names or jsonpath=EXPR,
    /// for `check` and `validate` also short, github and junit; `MK8S_OUTPUT` or text if omitted
    #[arg(
        short,
        long,
        global = true,
        value_name = "FORMAT",
        help_heading = heading::OUTPUT,
        value_parser = value::OutputParser,
        hide_possible_values = true
    )]
    pub(crate) output: Option<OutputFormat>,
    /// Form of an error on stderr, text or json; text if omitted
    #[arg(
        long,
        global = true,
        value_name = "FORMAT",
        default_value = "text",
        hide_default_value = true,
        hide_possible_values = true,
        help_heading = heading::OUTPUT
    )]
    pub(crate) error_format: ErrorFormat,
    /// Only results, warnings and errors
    #[arg(short, long, global = true, help_heading = heading::OUTPUT)]
    pub(crate) quiet: bool,
    /// More words on what is done
    #[arg(short, long, global = true, conflicts_with = "quiet", help_heading = heading::OUTPUT)]
    pub(crate) verbose: bool,
    /// Requests and answers on stderr, secrets masked
    #[arg(short, long, global = true, help_heading = heading::OUTPUT)]
    pub(crate) debug: bool,
    /// Colours: auto, always or never; auto if omitted
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        hide_default_value = true,
        hide_possible_values = true,
        help_heading = heading::OUTPUT
    )]
    pub(crate) color: Color,
    /// Yes to every question
    #[arg(short, long, global = true, help_heading = heading::SAFETY)]
    pub(crate) yes: bool,
    /// No questions: what would ask fails with exit 2
    #[arg(long, global = true, help_heading = heading::SAFETY)]
    pub(crate) no_input: bool,
    /// Org to work in; `CPLN_ORG` or the profile's if omitted
    #[arg(long, global = true, value_name = "ORG", value_hint = ValueHint::Other, help_heading = heading::CONNECTION)]
    pub(crate) org: Option<String>,
    /// Profile of `cpln` to use; `CPLN_PROFILE` or the default one if omitted
    #[arg(long, global = true, value_name = "NAME", value_hint = ValueHint::Other, help_heading = heading::CONNECTION)]
    pub(crate) profile: Option<String>,
    /// Address of the API; `CPLN_ENDPOINT` or the profile's if omitted
    #[arg(long, global = true, value_name = "URL", value_hint = ValueHint::Url, help_heading = heading::CONNECTION)]
    pub(crate) endpoint: Option<String>,
    /// Token, visible to `ps`: prefer `CPLN_TOKEN`, a profile or --token-file
    #[arg(long, global = true, value_name = "TOKEN", value_hint = ValueHint::Other, help_heading = heading::CONNECTION)]
    pub(crate) token: Option<String>,
    /// File that holds the token
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        conflicts_with = "token",
        help_heading = heading::CONNECTION
    )]
    pub(crate) token_file: Option<PathBuf>,
    /// Server certificates unchecked
    #[arg(short = 'k', long, global = true, help_heading = heading::CONNECTION)]
    pub(crate) insecure: bool,
    /// Limit of one API request, such as 30s or 2m; 30s if omitted
    #[arg(
        long,
        global = true,
        value_name = "DURATION",
        value_hint = ValueHint::Other,
        value_parser = parse_duration,
        help_heading = heading::CONNECTION
    )]
    pub(crate) timeout: Option<Duration>,
}

impl Cli {
    /// Whether the group of add-ons was named alone: without a terminal its commands are listed.
    pub(crate) fn is_group_alone(&self, args: &[OsString]) -> bool {
        let is_picker =
            matches!(&self.command, Command::Addon(AddonArgs { command, .. }) if command.is_none());
        is_picker && args.len() == 2
    }
}

/// The clap command, for completions and tests.
pub fn command() -> clap::Command {
    Cli::command()
}
