//! `mk8s aws emit` and `mk8s aws repository-policy`: what others are given to run or to allow.
//!
//! Both began as flags of `aws setup` and still are; a verb gives the same run as its flag.

use super::aws::{AwsConnection, AwsTarget, EmitFormat, MakeArgs, OnlyPart, SetupArgs};
use super::heading;
use super::value::parse_duration;
use clap::Args;
use std::path::PathBuf;
use std::time::Duration;

/// `mk8s aws emit`
#[derive(Debug, Args)]
pub(crate) struct EmitArgs {
    /// The cluster and the add-on.
    #[command(flatten)]
    pub(crate) target: AwsTarget,
    /// File with the cluster as the API gives it, or `-` for stdin; then offline
    #[arg(short, long, value_name = "FILE", help_heading = heading::TARGET)]
    pub(crate) file: Option<PathBuf>,
    /// Form in which everything is printed
    #[arg(long, value_name = "FORM", help_heading = heading::SETTINGS)]
    pub(crate) format: EmitFormat,
    /// Role to use, made if it is missing; the one that is set if omitted
    #[arg(long, value_name = "ARN", help_heading = heading::SETTINGS)]
    pub(crate) role_arn: Option<String>,
    /// What is made, and where.
    #[command(flatten)]
    pub(crate) make: MakeArgs,
    /// Part to print alone
    #[arg(long, value_name = "PART", help_heading = heading::SETTINGS)]
    pub(crate) only: Option<OnlyPart>,
    /// Longest wait for what the cluster publishes; no wait if omitted, 5m without a value
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
}

impl From<EmitArgs> for SetupArgs {
    fn from(args: EmitArgs) -> Self {
        Self {
            target: args.target,
            file: args.file,
            role_arn: args.role_arn,
            make: args.make,
            only: args.only,
            emit: Some(args.format),
            wait: args.wait,
            ..Self::default()
        }
    }
}

/// `mk8s aws repository-policy`
#[derive(Debug, Args)]
pub(crate) struct RepositoryPolicyArgs {
    /// The cluster and the add-on.
    #[command(flatten)]
    pub(crate) target: AwsTarget,
    /// File with the cluster as the API gives it, or `-` for stdin
    #[arg(short, long, value_name = "FILE", help_heading = heading::TARGET)]
    pub(crate) file: Option<PathBuf>,
    /// Image in the repository
    #[arg(long, value_name = "IMAGE", help_heading = heading::SETTINGS)]
    pub(crate) image: String,
    /// Role to admit; the one that is set if omitted
    #[arg(long, value_name = "ARN", help_heading = heading::SETTINGS)]
    pub(crate) role_arn: Option<String>,
    /// Name of the role; mk8s-ORG-CLUSTER-ecr if omitted
    #[arg(long, value_name = "NAME", help_heading = heading::SETTINGS)]
    pub(crate) role_name: Option<String>,
    /// AWS account of the role
    #[arg(long, value_name = "ID", help_heading = heading::SETTINGS)]
    pub(crate) account: Option<String>,
    /// Statement put into the repository's policy, with credentials of its account
    #[arg(long, help_heading = heading::SETTINGS)]
    pub(crate) apply: bool,
    /// No copy of the policy before it is changed
    #[arg(long, requires = "apply", help_heading = heading::SAFETY)]
    pub(crate) no_backup: bool,
    /// Preview on stdout; nothing is sent
    #[arg(long, help_heading = heading::SAFETY)]
    pub(crate) dry_run: bool,
    /// Exit 10 when a dry run finds something to do
    #[arg(long, requires = "dry_run", help_heading = heading::SAFETY)]
    pub(crate) exit_code: bool,
    /// How AWS is reached.
    #[command(flatten)]
    pub(crate) connection: AwsConnection,
}

impl From<RepositoryPolicyArgs> for SetupArgs {
    fn from(args: RepositoryPolicyArgs) -> Self {
        Self {
            target: args.target,
            file: args.file,
            role_arn: args.role_arn,
            make: MakeArgs {
                account: args.account,
                image: Some(args.image),
                role_name: args.role_name,
                no_backup: args.no_backup,
                connection: args.connection,
                ..MakeArgs::default()
            },
            repository_policy: !args.apply,
            apply_repository_policy: args.apply,
            dry_run: args.dry_run,
            exit_code: args.exit_code,
            ..Self::default()
        }
    }
}
