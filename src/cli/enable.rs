//! `mk8s addon enable`: a command of its own for each add-on, made from the catalogue.

use super::addon::{ChangeArgs, TargetArgs};
use super::aws::MakeArgs;
use super::heading;
use super::settings::{self, Given};
use crate::addon::param::SettingPlace;
use crate::addon::{Addon, CATALOG, Documented, ParamKind, by_key, by_word};
use crate::shell::quote;
use crate::text::list;
use clap::{ArgMatches, Args, Command, FromArgMatches, ValueEnum, ValueHint};
use std::path::PathBuf;

/// What the word of an add-on is called where commands are told.
pub(super) const ADDON: &str = "ADDON";

/// `mk8s addon enable`
#[derive(Debug)]
pub(crate) struct EnableArgs {
    /// The add-on: its name in the catalogue, or the word as it was given.
    pub(crate) addon: String,
    /// The settings that have a flag of their own, as they were given.
    pub(crate) given: Vec<Given>,
    /// What every add-on takes.
    pub(crate) flags: EnableFlags,
}

/// What `mk8s addon enable` takes for every add-on.
#[derive(Debug, Args)]
pub(crate) struct EnableFlags {
    /// What to change.
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    /// Its settings, by whichever way.
    #[command(flatten)]
    pub(crate) ways: SettingFlags,
    /// The add-ons that it needs as well
    #[arg(long, help_heading = heading::SETTINGS)]
    pub(crate) with_prerequisites: bool,
    /// Role and OIDC provider in AWS as well, as `mk8s aws setup` makes them
    #[arg(long, conflicts_with = "file", help_heading = heading::SETTINGS)]
    pub(crate) create_role: bool,
    /// What is made in AWS, and where.
    #[command(flatten)]
    pub(crate) make: MakeArgs,
    /// Text for the source of another tool: terraform, pulumi or yaml; nothing is changed
    #[arg(
        long,
        value_name = "FORMAT",
        hide_possible_values = true,
        conflicts_with_all = ["apply", "dry_run", "in_place", "create_role", "wait"],
        help_heading = heading::OUTPUT
    )]
    pub(crate) emit: Option<SourceFormat>,
    /// How to change it.
    #[command(flatten)]
    pub(crate) change: ChangeArgs,
}

/// The forms in which other tools have add-ons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SourceFormat {
    /// The block `add_ons` of a `cpln_mk8s`.
    Terraform,
    /// The property `addOns` of a `cpln:Mk8s`, as YAML.
    Pulumi,
    /// `spec.addOns`, as in a manifest or a chart.
    Yaml,
}

/// The settings of an add-on by their paths, or from a file.
#[derive(Debug, Args)]
pub(crate) struct SettingFlags {
    /// Setting, its type as in `mk8s addon explain` (can be repeated)
    #[arg(long, value_name = "PATH=VALUE", value_hint = ValueHint::Other, help_heading = heading::SETTINGS)]
    pub(crate) set: Vec<String>,
    /// Setting as a text, known to mk8s or not (can be repeated)
    #[arg(long, value_name = "PATH=TEXT", value_hint = ValueHint::Other, help_heading = heading::SETTINGS)]
    pub(crate) set_string: Vec<String>,
    /// Setting as JSON, known to mk8s or not (can be repeated)
    #[arg(long, value_name = "PATH=JSON", value_hint = ValueHint::Other, help_heading = heading::SETTINGS)]
    pub(crate) set_json: Vec<String>,
    /// Setting to remove (can be repeated)
    #[arg(long, value_name = "PATH", value_hint = ValueHint::Other, help_heading = heading::SETTINGS)]
    pub(crate) unset: Vec<String>,
    /// File with an object of settings, YAML or JSON, or `-` for stdin; what it does not name is kept
    #[arg(long, value_name = "FILE", help_heading = heading::SETTINGS)]
    pub(crate) settings: Option<PathBuf>,
    /// Settings of the file alone: what it does not name goes
    #[arg(long, requires = "settings", help_heading = heading::SETTINGS)]
    pub(crate) replace_settings: bool,
    /// Key or settings that mk8s does not know
    #[arg(long, help_heading = heading::SETTINGS)]
    pub(crate) unknown: bool,
    /// Value that a setting must have now, else nothing is written; none if empty (can be repeated)
    #[arg(long, value_name = "PATH=VALUE", value_hint = ValueHint::Other, help_heading = heading::SAFETY)]
    pub(crate) expect: Vec<String>,
}

impl SettingFlags {
    /// The first of them that was given, where they cannot be.
    pub(crate) fn first(&self) -> Option<&'static str> {
        [
            ("--set", !self.set.is_empty()),
            ("--set-string", !self.set_string.is_empty()),
            ("--set-json", !self.set_json.is_empty()),
            ("--unset", !self.unset.is_empty()),
            ("--settings", self.settings.is_some()),
            ("--unknown", self.unknown),
            ("--expect", !self.expect.is_empty()),
        ]
        .into_iter()
        .find_map(|(flag, is_given)| is_given.then_some(flag))
    }
}

impl Args for EnableArgs {
    fn augment_args(command: Command) -> Command {
        let commands = CATALOG.iter().map(of_addon);
        hide_aws(EnableFlags::augment_args(command), false)
            .subcommand_required(true)
            .disable_help_subcommand(true)
            .subcommand_value_name(ADDON)
            .subcommand_help_heading("Add-ons")
            .subcommands(commands)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for EnableArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let Some((word, matches)) = matches.subcommand() else {
            let missing = clap::error::ErrorKind::MissingSubcommand;
            return Err(clap::Error::raw(missing, "no add-on was given\n"));
        };
        Ok(Self {
            addon: word.to_owned(),
            given: by_word(word).map_or_else(Vec::new, |addon| settings::given(addon, matches)),
            flags: EnableFlags::from_arg_matches(matches)?,
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// The command of one add-on. What it takes is put together only where it is the one that is asked
/// for, or all are told: most runs need none of them.
fn of_addon(addon: &'static Addon) -> Command {
    Command::new(addon.name)
        .about(addon.summary)
        .defer(|command| match by_word(command.get_name()) {
            Some(addon) => filled(command, addon),
            None => command,
        })
}

/// With the flags of the add-on, and those that every add-on takes.
fn filled(command: Command, addon: &'static Addon) -> Command {
    let command = hide_aws(EnableFlags::augment_args(command), addon.aws.is_some())
        .about(addon.summary)
        .long_about(long_about(addon));
    settings::flags(command, addon)
}

/// The command of a word that the catalogue does not have: whatever is given with it parses, so that
/// the word is what is refused.
pub(super) fn of_word(word: &str) -> Command {
    let command = EnableFlags::augment_args(Command::new(word.to_owned()).hide(true));
    settings::flags_of_all(command)
}

/// The flags of what is made in AWS are told only where something is made; they parse everywhere, and
/// are refused with a reason.
fn hide_aws(command: Command, is_shown: bool) -> Command {
    if is_shown {
        return command;
    }
    let make = MakeArgs::augment_args(Command::new("make"));
    let ids: Vec<clap::Id> = make
        .get_arguments()
        .map(|arg| arg.get_id().clone())
        .collect();
    command.mut_args(|arg| {
        let is_aws = arg.get_id() == "create_role" || ids.contains(arg.get_id());
        if is_aws { arg.hide(true) } else { arg }
    })
}

fn long_about(addon: &Addon) -> String {
    let mut text = format!("{}. {}", addon.summary, addon.purpose);
    if let Documented::For(providers) = addon.documented {
        text = format!("{text} Documented for {}.", list(providers.iter().copied()));
    }
    let needs: Vec<&str> = addon
        .needs
        .iter()
        .filter_map(|key| Some(by_key(key)?.name))
        .collect();
    let along = if needs.is_empty() {
        ""
    } else {
        text = format!("{text} It needs {}.", needs.join(" and "));
        " --with-prerequisites"
    };
    let places: Vec<SettingPlace> = addon.flags().map(|(_, place)| place).collect();
    let wanted = |is_required: bool, most: usize| {
        let chosen = places
            .iter()
            .filter(|place| place.param.required == is_required);
        let words = chosen.filter_map(|place| {
            let example = match place.kind {
                // In full it would not fit into the line.
                ParamKind::RoleArn => "$ROLE".to_owned(),
                ParamKind::Uuid => "$ID".to_owned(),
                _ => quote(place.param.example()),
            };
            place.given(&example)
        });
        words
            .take(most)
            .fold(String::new(), |words, word| format!("{words} {word}"))
    };
    let (must, may) = (wanted(true, 9), wanted(false, 1));
    let name = addon.name;
    let mut examples = vec![format!("$ mk8s addon enable {name} -c prod{along}{must}")];
    if !may.is_empty() {
        examples.push(format!(
            "$ mk8s addon enable {name} -c prod{along}{must}{may}"
        ));
    }
    examples.push(format!(
        "$ mk8s addon enable {name} -f clusters/prod.yaml{must} --dry-run"
    ));
    format!(
        "{text}\n\nOnly `spec.addOns.{}` of the target changes. What is already so is left alone, and \
         settings that are not given are kept. Preview with --dry-run; undo with `mk8s undo`. \
         More: `mk8s addon explain {name}` and {}\n\nExamples:\n  {}",
        addon.key,
        addon.docs,
        examples.join("\n  ")
    )
}
