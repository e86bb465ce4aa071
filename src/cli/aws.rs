//! `mk8s aws …`, and the flags of what is made in AWS.

use super::addon::ChoiceArgs;
use super::aws_handover::{EmitArgs, RepositoryPolicyArgs};
use super::heading;
use super::value::{AddonWord, parse_duration, parse_thumbprint};
use clap::{Args, Subcommand, ValueEnum, ValueHint};
use std::path::PathBuf;
use std::time::Duration;

/// `mk8s aws …`
#[derive(Debug, Subcommand)]
pub(crate) enum AwsCommand {
    /// Make OIDC provider, role and trust policy for an add-on
    #[command(
        long_about = "Make what an add-on needs in AWS, and switch it on: the IAM OIDC identity \
                      provider of the cluster, and where a role is needed the role with its trust \
                      policy and the pull policy. The plan is shown and asked about first; what \
                      is there and fits is left alone, and a run that was cut short is taken up \
                      by the next. Preview with --dry-run; undo with `mk8s aws teardown`. For \
                      others to run, `mk8s aws emit` prints the same as a shell script, for \
                      Terraform or for CloudFormation; --emit, --repository-policy and \
                      --apply-repository-policy are `mk8s aws emit` and `mk8s aws \
                      repository-policy`.\n\n\
                      Examples:\n  \
                      $ mk8s aws setup aws-ecr -c prod\n  \
                      $ mk8s aws setup aws-ecr -c edge --aws-profile registry --yes\n  \
                      $ mk8s aws setup aws-ecr -c edge --only oidc-provider --dry-run"
    )]
    Setup(Box<SetupArgs>),
    /// Print what setup would make, for others to run
    #[command(
        long_about = "Print everything that `mk8s aws setup` would make in AWS for an add-on: the \
                      plan, a shell script that calls the AWS CLI, Terraform, or a CloudFormation \
                      template. Nothing is changed, and no AWS credentials are needed; where there are \
                      any, Terraform's form has import blocks for what exists. With -f the cluster is \
                      read from a file, and nothing is asked at all.\n\nExamples:\n  \
                      $ mk8s aws emit aws-ecr -c edge --account 999999999999 --format plan\n  \
                      $ mk8s aws emit aws-ecr -c edge --account 999999999999 --format aws-cli\n  \
                      $ mk8s aws emit aws-ecr -f edge.json --account 999999999999 --format terraform"
    )]
    Emit(Box<EmitArgs>),
    /// Print or set what a repository of another account must allow
    #[command(
        long_about = "Print the statement that the policy of an image's repository needs when it \
                      belongs to another account than the role. With --apply and credentials of \
                      the repository's account the statement is put into its policy; other \
                      statements are kept, and a copy is made first.\n\nExamples:\n  \
                      $ mk8s aws repository-policy aws-ecr -c edge --image \"$IMAGE\"\n  \
                      $ mk8s aws repository-policy aws-ecr -c edge --image \"$IMAGE\" --apply --aws-profile registry"
    )]
    RepositoryPolicy(Box<RepositoryPolicyArgs>),
    /// Show what exists in AWS for an add-on, and what differs
    #[command(
        long_about = "Show what exists in AWS for an add-on of a cluster, what is missing and what \
                      differs. Nothing is changed.\n\nExamples:\n  \
                      $ mk8s aws status aws-ecr -c prod\n  \
                      $ mk8s aws status aws-ecr -c prod --exit-code -o json"
    )]
    Status(StatusArgs),
    /// Take down what mk8s made in AWS for an add-on
    #[command(
        long_about = "Take down what mk8s made in AWS for an add-on of a cluster, known by its \
                      tags, and switch the add-on off. What others made or still use is kept and \
                      listed with the reason. AWS goes first and the cluster last, so that a run \
                      that was cut short is taken up by the next. Preview with --dry-run; undo \
                      with `mk8s aws setup`.\n\n\
                      With --orphans it takes down what carries the tags of mk8s for this org and \
                      belongs to no cluster or issuer that is there, with the reason for each.\n\n\
                      Examples:\n  \
                      $ mk8s aws teardown aws-ecr -c prod\n  \
                      $ mk8s aws teardown aws-ecr -c prod --with-oidc-provider --yes\n  \
                      $ mk8s aws teardown --orphans --dry-run"
    )]
    Teardown(Box<TeardownArgs>),
    /// Print the least IAM policy that the caller needs
    #[command(
        long_about = "Print the least IAM policy that a caller of `mk8s aws` or `mk8s check` needs, \
                      as JSON. Offline. Its holder may attach the pull policy and no other, to \
                      roles whose names begin with mk8s-: to the one of a cluster with -c, or to \
                      the one that is named. Give it the flags that setup is given. With an \
                      account it names that account's resources only; repositories that are \
                      looked at may be of any.\n\n\
                      Examples:\n  \
                      $ mk8s aws permissions\n  \
                      $ mk8s aws permissions -c prod --account 999999999999\n  \
                      $ mk8s aws permissions --role-name shared --role-path /team/\n  \
                      $ mk8s aws permissions --permissions-boundary arn:aws:iam::999999999999:policy/edge\n  \
                      $ mk8s aws permissions --for check"
    )]
    Permissions(PermissionsArgs),
    /// Print a Deployment that pulls an image from ECR
    #[command(
        long_about = "Print the guide's Deployment with the image filled in and checked as an ECR \
                      reference, ready for `kubectl apply -f -`. Offline.\n\nExamples:\n  \
                      $ mk8s aws workload --image 999999999999.dkr.ecr.eu-central-1.amazonaws.com/shop:1.4\n  \
                      $ mk8s aws workload --account 999999999999 --region eu-central-1 --repository shop"
    )]
    Workload(WorkloadArgs),
}

/// `mk8s aws permissions`
#[derive(Debug, Args)]
pub(crate) struct PermissionsArgs {
    /// Command that the policy is for; status, setup and teardown if omitted (can be repeated)
    #[arg(long = "for", value_name = "COMMAND", help_heading = heading::SETTINGS)]
    pub(crate) purpose: Vec<PermissionsPurpose>,
    /// Cluster whose role it is limited to, by the name that setup gives it (can be repeated)
    #[arg(short, long, value_name = "NAME", conflicts_with = "role_name", help_heading = heading::TARGET)]
    pub(crate) cluster: Vec<String>,
    /// AWS account that it is limited to
    #[arg(long, value_name = "ID", help_heading = heading::SETTINGS)]
    pub(crate) account: Option<String>,
    /// Partition of that account
    #[arg(long, value_name = "NAME", help_heading = heading::SETTINGS)]
    pub(crate) partition: Option<String>,
    /// Name of the role; all that begin with mk8s- if omitted
    #[arg(long, value_name = "NAME", help_heading = heading::SETTINGS)]
    pub(crate) role_name: Option<String>,
    /// Path of the role, such as /team/; / if omitted
    #[arg(long, value_name = "PATH", help_heading = heading::SETTINGS)]
    pub(crate) role_path: Option<String>,
    /// Policy that can be attached and detached: read-only, pull-only or an ARN; read-only if
    /// omitted (can be repeated)
    #[arg(long, value_name = "POLICY", help_heading = heading::SETTINGS)]
    pub(crate) pull_policy: Vec<String>,
    /// Permissions boundary that every new role must get
    #[arg(long, value_name = "ARN", help_heading = heading::SETTINGS)]
    pub(crate) permissions_boundary: Option<String>,
}

/// A command that needs rights in AWS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PermissionsPurpose {
    /// Reading.
    Status,
    /// Making.
    Setup,
    /// Taking down.
    Teardown,
    /// The checklist, which reads repositories and images too.
    Check,
    /// Admitting a role in the account of a repository.
    RepositoryPolicy,
}

/// `mk8s aws workload`
#[derive(Debug, Args)]
pub(crate) struct WorkloadArgs {
    /// Image in a private ECR registry
    #[arg(
        long,
        value_name = "IMAGE",
        required_unless_present_any = ["account", "region", "repository"],
        conflicts_with_all = ["account", "region", "repository"],
        help_heading = heading::SETTINGS
    )]
    pub(crate) image: Option<String>,
    /// AWS account of the registry
    #[arg(long, value_name = "ID", requires = "region", requires = "repository", help_heading = heading::SETTINGS)]
    pub(crate) account: Option<String>,
    /// Region of the registry
    #[arg(long, value_name = "REGION", requires = "account", help_heading = heading::SETTINGS)]
    pub(crate) region: Option<String>,
    /// Repository, with a tag if wanted
    #[arg(long, value_name = "NAME", requires = "account", help_heading = heading::SETTINGS)]
    pub(crate) repository: Option<String>,
    /// Name of the Deployment; example-ecr if omitted
    #[arg(long, value_name = "NAME", help_heading = heading::SETTINGS)]
    pub(crate) name: Option<String>,
    /// Namespace of the Deployment; kubectl's own if omitted
    #[arg(long, value_name = "NAME", help_heading = heading::SETTINGS)]
    pub(crate) namespace: Option<String>,
}

/// The cluster and the add-on.
#[derive(Debug, Default, Args)]
pub(crate) struct AwsTarget {
    /// Add-on to work on: aws-ecr
    #[arg(value_name = "ADDON", value_parser = AddonWord, hide_possible_values = true)]
    pub(crate) addon: String,
    /// Live cluster, or a pattern such as 'prod-*'; `MK8S_CLUSTER` if no target is given (can be
    /// repeated)
    #[arg(short, long, value_name = "NAME", help_heading = heading::TARGET)]
    pub(crate) cluster: Vec<String>,
    /// Which of them.
    #[command(flatten)]
    pub(crate) choice: ChoiceArgs,
}

/// How AWS is reached; the standard chain of the AWS tools otherwise.
#[derive(Debug, Default, Args)]
#[expect(clippy::struct_field_names, reason = "they are named as the flags")]
pub(crate) struct AwsConnection {
    /// Profile of the AWS tools
    #[arg(long, value_name = "NAME", help_heading = heading::CONNECTION)]
    pub(crate) aws_profile: Option<String>,
    /// Region that signs the requests; IAM itself has none
    #[arg(long, value_name = "REGION", help_heading = heading::CONNECTION)]
    pub(crate) aws_region: Option<String>,
    /// Address of all AWS services, for emulators
    #[arg(long, value_name = "URL", help_heading = heading::CONNECTION)]
    pub(crate) aws_endpoint_url: Option<String>,
}

/// What is made in AWS, and where.
#[derive(Debug, Default, Args)]
pub(crate) struct MakeArgs {
    /// AWS account in which it is made; that of the role, the image, the cluster or the caller if
    /// omitted
    #[arg(long, value_name = "ID", help_heading = heading::SETTINGS)]
    pub(crate) account: Option<String>,
    /// Image that is to be pulled; names the account
    #[arg(long, value_name = "IMAGE", help_heading = heading::SETTINGS)]
    pub(crate) image: Option<String>,
    /// Name of the role; mk8s-ORG-CLUSTER-ecr if omitted
    #[arg(long, value_name = "NAME", help_heading = heading::SETTINGS)]
    pub(crate) role_name: Option<String>,
    /// Name of one role for all clusters of the run: each gets a statement in its trust policy
    #[arg(long, value_name = "NAME", conflicts_with = "role_name", help_heading = heading::SETTINGS)]
    pub(crate) shared_role: Option<String>,
    /// Path of a new role, such as /team/
    #[arg(long, value_name = "PATH", help_heading = heading::SETTINGS)]
    pub(crate) role_path: Option<String>,
    /// Permissions boundary of a new role
    #[arg(long, value_name = "ARN", help_heading = heading::SETTINGS)]
    pub(crate) permissions_boundary: Option<String>,
    /// Tag of a new role (can be repeated)
    #[arg(long, value_name = "KEY=VALUE", help_heading = heading::SETTINGS)]
    pub(crate) tag: Vec<String>,
    /// Longest session of a new role, in seconds or as 1h
    #[arg(long, value_name = "TIME", help_heading = heading::SETTINGS)]
    pub(crate) max_session_duration: Option<String>,
    /// Policy that lets the role pull: read-only, pull-only or an ARN; read-only if none is there
    #[arg(long, value_name = "POLICY", help_heading = heading::SETTINGS)]
    pub(crate) pull_policy: Option<String>,
    /// SHA-1 of the issuer's private authority, checked elsewhere, to be registered with the OIDC
    /// provider; left to IAM if omitted
    #[arg(long, value_name = "HEX", value_parser = parse_thumbprint, help_heading = heading::SETTINGS)]
    pub(crate) thumbprint: Option<String>,
    /// Finding in the published trust policy that is written all the same (can be repeated)
    #[arg(long, value_name = "FINDING", help_heading = heading::SAFETY)]
    pub(crate) accept_trust: Vec<AcceptTrust>,
    /// Trust policy as a whole: other statements go
    #[arg(long, help_heading = heading::SAFETY)]
    pub(crate) replace_trust: bool,
    /// No copy of a policy before it is changed
    #[arg(long, help_heading = heading::SAFETY)]
    pub(crate) no_backup: bool,
    /// How AWS is reached.
    #[command(flatten)]
    pub(crate) connection: AwsConnection,
}

impl MakeArgs {
    /// The flags that were given, for a command where they mean nothing by themselves.
    pub(crate) fn given(&self) -> Vec<&'static str> {
        let connection = &self.connection;
        [
            ("--account", self.account.is_some()),
            ("--image", self.image.is_some()),
            ("--role-name", self.role_name.is_some()),
            ("--shared-role", self.shared_role.is_some()),
            ("--role-path", self.role_path.is_some()),
            (
                "--permissions-boundary",
                self.permissions_boundary.is_some(),
            ),
            ("--tag", !self.tag.is_empty()),
            (
                "--max-session-duration",
                self.max_session_duration.is_some(),
            ),
            ("--pull-policy", self.pull_policy.is_some()),
            ("--thumbprint", self.thumbprint.is_some()),
            ("--accept-trust", !self.accept_trust.is_empty()),
            ("--replace-trust", self.replace_trust),
            ("--no-backup", self.no_backup),
            ("--aws-profile", connection.aws_profile.is_some()),
            ("--aws-region", connection.aws_region.is_some()),
            ("--aws-endpoint-url", connection.aws_endpoint_url.is_some()),
        ]
        .into_iter()
        .filter_map(|(flag, given)| given.then_some(flag))
        .collect()
    }
}

/// A finding in a published trust policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum AcceptTrust {
    /// A class of the cluster's service accounts, whatever is wrong with `:sub`.
    #[value(help = "A class of the cluster's service accounts, whatever is wrong with :sub")]
    Subject,
    /// The audience is not asked for.
    Audience,
    /// Others than the cluster's issuer.
    Principal,
    /// Another action than the exchange of a token.
    Action,
    /// A condition or an element that is not understood.
    Condition,
    /// Another effect than Allow.
    Effect,
}

/// A part of `aws setup`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnlyPart {
    /// The OIDC provider.
    OidcProvider,
    /// The role.
    Role,
    /// Its trust policy.
    Trust,
    /// Its pull policy.
    Policy,
}

/// A form in which `aws setup` is handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum EmitFormat {
    /// The plan.
    Plan,
    /// A shell script that calls the AWS CLI.
    AwsCli,
    /// Terraform.
    Terraform,
    /// A `CloudFormation` template.
    #[value(name = "cloudformation", help = "A CloudFormation template")]
    CloudFormation,
}

/// `mk8s aws setup`
#[derive(Debug, Default, Args)]
pub(crate) struct SetupArgs {
    /// The cluster and the add-on.
    #[command(flatten)]
    pub(crate) target: AwsTarget,
    /// File with the cluster as the API gives it, or `-` for stdin; for --emit and
    /// --repository-policy, then offline
    #[arg(short, long, value_name = "FILE", help_heading = heading::TARGET)]
    pub(crate) file: Option<PathBuf>,
    /// Role to use, made if it is missing; the one that is set if omitted
    #[arg(long, value_name = "ARN", help_heading = heading::SETTINGS)]
    pub(crate) role_arn: Option<String>,
    /// What is made, and where.
    #[command(flatten)]
    pub(crate) make: MakeArgs,
    /// Part to make alone
    #[arg(long, value_name = "PART", help_heading = heading::SETTINGS)]
    pub(crate) only: Option<OnlyPart>,
    /// Form in which everything is printed for others to run; nothing is changed, and no AWS
    /// credentials are needed
    #[arg(
        long,
        value_name = "FORM",
        conflicts_with_all = ["dry_run", "repository_policy", "apply_repository_policy"],
        help_heading = heading::SETTINGS
    )]
    pub(crate) emit: Option<EmitFormat>,
    /// Statement that the repository of --image needs when it belongs to another account than the
    /// role; nothing is changed
    #[arg(long, requires = "image", help_heading = heading::SETTINGS)]
    pub(crate) repository_policy: bool,
    /// That statement put into the repository's policy, with credentials of its account
    #[arg(long, requires = "image", help_heading = heading::SETTINGS)]
    pub(crate) apply_repository_policy: bool,
    /// Record of the run for `mk8s undo` under CI as well
    #[arg(long, hide_short_help = true, help_heading = heading::SAFETY)]
    pub(crate) history: bool,
    /// Preview on stdout; nothing is sent
    #[arg(long, help_heading = heading::SAFETY)]
    pub(crate) dry_run: bool,
    /// Exit 10 when a dry run finds something to do
    #[arg(long, requires = "dry_run", help_heading = heading::SAFETY)]
    pub(crate) exit_code: bool,
    /// Longest wait for what the cluster publishes; 5m if omitted
    #[arg(
        long,
        value_name = "DURATION",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "5m",
        value_parser = parse_duration,
        help_heading = heading::SAFETY
    )]
    pub(crate) wait: Option<Duration>,
    /// Where the run is kept.
    #[command(flatten)]
    pub(crate) keep: KeepArgs,
}

/// Where a run over several clusters is kept, and which one is taken up again.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct KeepArgs {
    /// File in which a run on several clusters is kept, to be taken up again; one below
    /// `$XDG_STATE_HOME/mk8s/journal` if omitted
    #[arg(long, value_name = "FILE", conflicts_with_all = ["resume", "emit", "repository_policy", "apply_repository_policy"], help_heading = heading::ROLLOUT)]
    pub(crate) journal: Option<PathBuf>,
    /// Run to be taken up again, by its journal: the same command, on what it has not done yet
    #[arg(long, value_name = "FILE|ID", value_hint = ValueHint::FilePath, conflicts_with_all = ["emit", "repository_policy", "apply_repository_policy"], help_heading = heading::ROLLOUT)]
    pub(crate) resume: Option<String>,
}

/// `mk8s aws status`
#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    /// The cluster and the add-on.
    #[command(flatten)]
    pub(crate) target: AwsTarget,
    /// Role to look at; the one that is set if omitted
    #[arg(long, value_name = "ARN", help_heading = heading::SETTINGS)]
    pub(crate) role_arn: Option<String>,
    /// AWS account to look in
    #[arg(long, value_name = "ID", help_heading = heading::SETTINGS)]
    pub(crate) account: Option<String>,
    /// Name of the role
    #[arg(long, value_name = "NAME", help_heading = heading::SETTINGS)]
    pub(crate) role_name: Option<String>,
    /// How AWS is reached.
    #[command(flatten)]
    pub(crate) connection: AwsConnection,
    /// Exit 10 when something is missing or differs
    #[arg(long, help_heading = heading::SAFETY)]
    pub(crate) exit_code: bool,
}

/// `mk8s aws teardown`
#[derive(Debug, Args)]
pub(crate) struct TeardownArgs {
    /// Add-on to work on: aws-ecr
    #[arg(
        value_name = "ADDON",
        value_parser = AddonWord,
        hide_possible_values = true,
        required_unless_present = "orphans"
    )]
    pub(crate) addon: Option<String>,
    /// Live cluster, or a pattern such as 'prod-*'; `MK8S_CLUSTER` if no target is given (can be
    /// repeated)
    #[arg(short, long, value_name = "NAME", help_heading = heading::TARGET)]
    pub(crate) cluster: Vec<String>,
    /// Which of them.
    #[command(flatten)]
    pub(crate) choice: ChoiceArgs,
    /// What clusters of the org that are gone left behind, instead
    #[arg(
        long,
        conflicts_with_all = [
            "addon", "cluster", "all", "selector", "exclude", "with_oidc_provider", "keep_addon", "role_name"
        ],
        help_heading = heading::TARGET
    )]
    pub(crate) orphans: bool,
    /// OIDC provider and aws-workload-identity as well, if nothing else needs them
    #[arg(long, help_heading = heading::SETTINGS)]
    pub(crate) with_oidc_provider: bool,
    /// Add-on left on, its role cleared
    #[arg(long, help_heading = heading::SETTINGS)]
    pub(crate) keep_addon: bool,
    /// AWS account to work in
    #[arg(long, value_name = "ID", help_heading = heading::SETTINGS)]
    pub(crate) account: Option<String>,
    /// Name of the role
    #[arg(long, value_name = "NAME", help_heading = heading::SETTINGS)]
    pub(crate) role_name: Option<String>,
    /// No copy of a trust policy before it is changed
    #[arg(long, help_heading = heading::SAFETY)]
    pub(crate) no_backup: bool,
    /// How AWS is reached.
    #[command(flatten)]
    pub(crate) connection: AwsConnection,
    /// Record of the run for `mk8s undo` under CI as well
    #[arg(long, hide_short_help = true, help_heading = heading::SAFETY)]
    pub(crate) history: bool,
    /// Preview on stdout; nothing is sent
    #[arg(long, help_heading = heading::SAFETY)]
    pub(crate) dry_run: bool,
    /// Exit 10 when a dry run finds something to do
    #[arg(long, requires = "dry_run", help_heading = heading::SAFETY)]
    pub(crate) exit_code: bool,
}

impl TeardownArgs {
    /// The cluster and the add-on, where they are not orphans that are taken down.
    pub(crate) fn target(&self) -> AwsTarget {
        AwsTarget {
            addon: self.addon.clone().unwrap_or_default(),
            cluster: self.cluster.clone(),
            choice: self.choice.clone(),
        }
    }
}
