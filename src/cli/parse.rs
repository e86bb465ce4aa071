//! From the words of a command line to what is to be done.
//!
//! Each add-on has a command of its own below `addon enable`, which clap finds right behind it. Flags
//! may stand before the add-on's name all the same, as they may before any other argument: the name
//! is put in front of them here, and nothing else of the line moves.

use super::enable::{self, ADDON};
use super::words::{LineWord, LineWords};
use super::{Cli, settings};
use crate::addon::by_word;
use crate::invocation::{PLUGIN, Reach};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ArgMatches, Command, FromArgMatches as _};
use std::ffi::{OsStr, OsString};
use std::path::Path;

/// What a command line asks for; `command` is the whole tree.
pub fn parse(
    command: &mut Command,
    args: impl IntoIterator<Item = OsString>,
) -> Result<Cli, clap::Error> {
    let matches = read(command, args)?;
    let levels = levels(&matches);
    if let Some(flag) = levels.iter().find_map(|it| emptied(command, it)) {
        let reason = format!("{flag} was given an empty value");
        let names: Vec<&str> = levels
            .iter()
            .filter_map(|it| it.subcommand_name())
            .collect();
        return Err(refuse(command, &names, &reason));
    }
    let cli = Cli::from_arg_matches(&matches).map_err(|error| error.format(command))?;
    if let Some(reason) = misplaced(&cli) {
        return Err(command.error(ErrorKind::ArgumentConflict, reason));
    }
    Ok(Cli {
        reach: Reach {
            is_plugin: is_plugin(command),
            ..reach(&levels, cli.global.insecure)
        },
        ..cli
    })
}

/// What is said of a flag that is the picker's and stands in front of another command.
fn misplaced(cli: &Cli) -> Option<String> {
    let super::Command::Addon(addon) = &cli.command else {
        return None;
    };
    let flag = addon.command.as_ref().and(addon.first())?;
    let reason = format!("{flag} was given in front of a command");
    // The picker alone has this one.
    Some(if flag == "--accessible" {
        format!("{reason}\n  because: only `mk8s addon` alone asks in another form with it")
    } else {
        format!(
            "{reason}\nhint: {flag} stands behind the command that it is for, as in `addon list {flag} …`"
        )
    })
}

/// The refusal of a value, with the usage of the command that these names lead to, as far as they do: a word
/// that is no add-on has none.
fn refuse(command: &mut Command, names: &[&str], reason: &str) -> clap::Error {
    if let Some((name, rest)) = names.split_first()
        && let Some(below) = command.find_subcommand_mut(name)
    {
        return refuse(below, rest, reason);
    }
    command.error(ErrorKind::InvalidValue, reason)
}

/// The connections as they were given, to whichever command: a new one cannot be forgotten here.
fn reach(levels: &[&ArgMatches], insecure: bool) -> Reach {
    let given = |id: &str| {
        let mut values = levels
            .iter()
            .filter_map(|it| it.try_get_raw(id).ok()??.next());
        values
            .next_back()
            .map(|value| value.to_string_lossy().into_owned())
    };
    Reach {
        org: given("org"),
        profile: given("profile"),
        endpoint: given("endpoint"),
        token_file: given("token_file"),
        insecure,
        is_plugin: false,
        aws_profile: given("aws_profile"),
        aws_region: given("aws_region"),
        aws_endpoint_url: given("aws_endpoint_url"),
    }
}

/// Names the command after what it was run as.
pub(crate) fn run_as(command: &mut Command, program: Option<&OsString>) {
    let name = program.and_then(|it| Path::new(it).file_stem());
    if name.is_some_and(|name| name == "kubectl-mk8s") {
        *command = std::mem::take(command).bin_name(PLUGIN);
    }
}

fn is_plugin(command: &Command) -> bool {
    command.get_bin_name() == Some(PLUGIN)
}

/// How the program is called.
pub(super) fn program(command: &Command) -> &'static str {
    let reach = Reach {
        is_plugin: is_plugin(command),
        ..Reach::default()
    };
    reach.program()
}

/// What was matched of the program, of its command, and so on down.
fn levels(matches: &ArgMatches) -> Vec<&ArgMatches> {
    std::iter::successors(Some(matches), |it| it.subcommand().map(|(_, below)| below)).collect()
}

/// The first flag or word whose value is empty. What nobody typed says nothing: `--org "$ORG"` with
/// the variable unset would go to another org than it was written for.
fn emptied(command: &clap::Command, matches: &ArgMatches) -> Option<String> {
    let is_empty = |id: &&str| {
        // The words behind `sandbox run --` are another program's.
        let values = (**id != *"command").then(|| matches.try_get_raw(id).ok()?);
        values
            .flatten()
            .is_some_and(|mut it| it.any(OsStr::is_empty))
    };
    let id = matches.ids().map(clap::Id::as_str).find(is_empty)?;
    let arg = arguments(command).find(|arg| arg.get_id() == id)?;
    Some(match (arg.get_long(), arg.get_short()) {
        (Some(long), _) => format!("--{long}"),
        (None, Some(short)) => format!("-{short}"),
        (None, None) => id.to_uppercase(),
    })
}

/// The arguments of a command and of all below it.
fn arguments(command: &clap::Command) -> impl Iterator<Item = &clap::Arg> {
    let below = command.get_subcommands();
    let below =
        below.flat_map(|it| -> Box<dyn Iterator<Item = &clap::Arg>> { Box::new(arguments(it)) });
    command.get_arguments().chain(below)
}

/// What clap makes of a command line.
pub fn matches(args: impl IntoIterator<Item = OsString>) -> Result<ArgMatches, clap::Error> {
    read(&mut super::command(), args)
}

fn read(
    command: &mut Command,
    args: impl IntoIterator<Item = OsString>,
) -> Result<ArgMatches, clap::Error> {
    let mut args: Vec<OsString> = args.into_iter().collect();
    let mut name = None;
    let found = addon_word(command, &args);
    if let Some((verb, Some(at))) = found {
        let word = args.remove(at).to_string_lossy().into_owned();
        let known = by_word(&word).map(|addon| addon.name);
        if known.is_none() {
            *command = std::mem::take(command).mut_subcommand("addon", |addon| {
                addon.mut_subcommand("enable", |it| it.subcommand(enable::of_word(&word)))
            });
        }
        let word = known.map_or(word, str::to_owned);
        args.insert(verb + 1, OsString::from(&word));
        name = known;
    }
    let matches = command.try_get_matches_from_mut(args);
    let is_nameless = matches!(found, Some((_, None)));
    matches.map_err(|error| match error.kind() {
        ErrorKind::MissingSubcommand | ErrorKind::UnknownArgument if is_nameless => nameless(error),
        _ => told(error, name),
    })
}

/// Where the verb stands that takes the name of an add-on as a command, and where that name stands if
/// it does.
fn addon_word(root: &Command, args: &[OsString]) -> Option<(usize, Option<usize>)> {
    let mut verb = None;
    for (at, word) in LineWords::of(root, args) {
        match (word, verb) {
            (LineWord::Flag(..), _) => {}
            (LineWord::Command(command), None) => {
                let takes_addon = command.get_subcommand_value_name() == Some(ADDON);
                verb = takes_addon.then_some(at);
            }
            (LineWord::Command(_) | LineWord::Other, Some(verb)) => return Some((verb, Some(at))),
            (LineWord::Other, None) => return None,
        }
    }
    verb.map(|verb| (verb, None))
}

/// Without an add-on its flags are not known either, so that the add-on is what is missing.
fn nameless(error: clap::Error) -> clap::Error {
    let flag = error.get(ContextKind::InvalidArg);
    let is_setting = match flag {
        Some(ContextValue::String(flag)) => !settings::having(bare(flag)).is_empty(),
        _ => error.kind() == ErrorKind::MissingSubcommand,
    };
    if !is_setting {
        return error;
    }
    clap::Error::raw(
        ErrorKind::MissingSubcommand,
        "no add-on was given\n\nUsage: mk8s addon enable [OPTIONS] <ADDON>\n\n\
         hint: `mk8s addon list` shows all\n",
    )
}

/// The flag's name without dashes and value.
fn bare(flag: &str) -> &str {
    flag.trim_start_matches('-')
        .split([' ', '='])
        .next()
        .unwrap_or_default()
}

/// A flag that other add-ons have is told to be theirs.
fn told(error: clap::Error, addon: Option<&str>) -> clap::Error {
    let (Some(addon), ErrorKind::UnknownArgument) = (addon, error.kind()) else {
        return error;
    };
    let Some(ContextValue::String(flag)) = error.get(ContextKind::InvalidArg) else {
        return error;
    };
    let name = bare(flag);
    let having = settings::having(name);
    if having.is_empty() {
        return error;
    }
    clap::Error::raw(
        ErrorKind::UnknownArgument,
        format!(
            "`{addon}` has no setting --{name}\n  because: it is one of {}\n\
             hint: `mk8s addon explain {addon}` shows its settings\n",
            having.join(", ")
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{AddonCommand, EnableArgs};

    fn read(line: &str) -> Result<EnableArgs, clap::Error> {
        let cli = parse(
            &mut crate::cli::command(),
            line.split(' ').map(OsString::from),
        )?;
        match cli.command {
            super::super::Command::Addon(addon) => match addon.command {
                Some(AddonCommand::Enable(args)) => Ok(*args),
                other => panic!("{line}: {other:?}"),
            },
            other => panic!("{line}: {other:?}"),
        }
    }

    /// What parsed before each add-on had a command of its own: line, add-on, clusters and role.
    const OF_TODAY: &[(&str, &str, &str, Option<&str>)] = &[
        ("mk8s addon enable aws-ecr -c prod", "aws-ecr", "prod", None),
        ("mk8s addon enable -c prod aws-ecr", "aws-ecr", "prod", None),
        (
            "mk8s addon enable -cprod aws-ecr -c=edge",
            "aws-ecr",
            "prod edge",
            None,
        ),
        (
            "mk8s addon enable --cluster prod AWSECR",
            "aws-ecr",
            "prod",
            None,
        ),
        (
            "mk8s addon enable -c aws-ecr headlamp -c metrics",
            "headlamp",
            "aws-ecr metrics",
            None,
        ),
        (
            "mk8s addon enable --role-arn x -c prod awsECR",
            "aws-ecr",
            "prod",
            Some("x"),
        ),
        (
            "mk8s addon enable --role-arn aws-elb aws-ecr -c p",
            "aws-ecr",
            "p",
            Some("aws-elb"),
        ),
        (
            "mk8s addon enable --role-arn=x --yes aws-efs -c p",
            "aws-efs",
            "p",
            Some("x"),
        ),
        (
            "mk8s addon enable --wait aws-ecr -c prod",
            "aws-ecr",
            "prod",
            None,
        ),
        (
            "mk8s addon enable --wait=5m --dry-run aws-ecr -c prod",
            "aws-ecr",
            "prod",
            None,
        ),
        (
            "mk8s addon enable -qkc prod aws-ecr",
            "aws-ecr",
            "prod",
            None,
        ),
        (
            "mk8s --org addon addon --profile enable enable -y aws-ecr -c p",
            "aws-ecr",
            "p",
            None,
        ),
        (
            "mk8s -o json addon -o yaml enable --timeout 3s aws-ecr -c p",
            "aws-ecr",
            "p",
            None,
        ),
        (
            "mk8s addon enable -c prod -- aws-ecr",
            "aws-ecr",
            "prod",
            None,
        ),
        ("mk8s addon enable -c - aws-ecr", "aws-ecr", "-", None),
        (
            "mk8s addon enable -c prod aws-erc --role-arn x",
            "aws-erc",
            "prod",
            None,
        ),
        (
            "mk8s addon enable --client-id x aws-erc",
            "aws-erc",
            "",
            None,
        ),
        ("mk8s addon enable -c prod help", "help", "prod", None),
    ];

    #[test]
    fn the_name_of_the_add_on_may_stand_anywhere() {
        for (line, addon, clusters, role) in OF_TODAY {
            let args = read(line).unwrap_or_else(|error| panic!("{line}: {error}"));
            assert_eq!(args.addon, *addon, "{line}");
            assert_eq!(args.flags.target.cluster.join(" "), *clusters, "{line}");
            let given = args.given.first().and_then(|given| given.value.as_deref());
            assert_eq!(given, *role, "{line}");
        }
        let args = read("mk8s addon enable --no-role-arn -f a --create-role=x aws-ecr -c p");
        assert!(args.is_err());
        let args = read("mk8s addon enable -f a --no-role-arn aws-ecr -f b --exit-code --dry-run")
            .unwrap();
        assert_eq!(args.given[0].value, None);
        assert_eq!(args.flags.target.file.len(), 2);
    }

    #[test]
    fn each_add_on_has_its_own_flags_and_no_other() {
        let args = read("mk8s addon enable --kube-state=true --core-dns=no metrics -c p").unwrap();
        let given: Vec<(&str, Option<&str>)> = args
            .given
            .iter()
            .map(|it| (it.path.as_str(), it.value.as_deref()))
            .collect();
        assert_eq!(
            given,
            [("kubeState", Some("true")), ("coreDns", Some("no"))]
        );
        for (line, words) in [
            (
                "mk8s addon enable headlamp --role-arn x",
                "`headlamp` has no setting --role-arn",
            ),
            (
                "mk8s addon enable --role-arn x headlamp",
                "one of aws-ecr, aws-efs, aws-elb",
            ),
            (
                "mk8s addon enable headlamp --no-role-arn",
                "has no setting --no-role-arn",
            ),
            (
                "mk8s addon enable aws-ecr --rolearn x",
                "a similar argument exists: '--role-arn'",
            ),
            (
                "mk8s addon enable aws-ecr --role-arn x --no-role-arn",
                "cannot be used with",
            ),
            (
                "mk8s addon enable metrics --kube-state -c p",
                "equal sign is needed",
            ),
            (
                "mk8s addon enable aws-ecr headlamp",
                "unexpected argument 'headlamp'",
            ),
            (
                "mk8s addon enable aws-ecr --create-role -f a",
                "cannot be used with",
            ),
            ("mk8s addon enable -c prod", "no add-on was given"),
            ("mk8s addon enable", "no add-on was given"),
            ("mk8s addon enable --role-arn x", "no add-on was given"),
        ] {
            let error = read(line).unwrap_err().to_string();
            assert!(error.contains(words), "{line}: {error}");
        }
    }

    #[test]
    fn the_help_of_an_add_on_tells_its_flags_alone() {
        let help = |line: &str| read(line).unwrap_err().to_string();
        for line in [
            "mk8s addon enable metrics --help",
            "mk8s addon enable -c p --help metrics",
            "mk8s addon enable --help metrics",
        ] {
            let help = help(line);
            assert!(help.contains("--kube-state=<BOOL>"), "{help}");
            assert!(
                !help.contains("--role-arn") && !help.contains("--create-role"),
                "{help}"
            );
        }
        let ecr = help("mk8s addon enable aws-ecr --help");
        assert!(
            ecr.contains("--role-arn <ARN>") && ecr.contains("--create-role"),
            "{ecr}"
        );
        assert!(!ecr.contains("--kube-state"), "{ecr}");
        let all = help("mk8s addon enable --help");
        assert!(
            all.contains("aws-ecr") && all.contains("--with-prerequisites"),
            "{all}"
        );
        assert!(!all.contains("--role-arn <ARN>"), "{all}");
    }
}
