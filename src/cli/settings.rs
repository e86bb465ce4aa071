//! The flags of add-on settings, made from the catalogue.

use super::heading;
use crate::addon::param::SettingPlace;
use crate::addon::{Addon, CATALOG, ParamKind};
use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::{Arg, ArgAction, ArgMatches, Command};
use std::collections::BTreeSet;
use std::ffi::OsStr;

/// One given setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Given {
    /// Where it stands in the add-on's object.
    pub(crate) path: String,
    /// The flag without dashes and without `no-`.
    pub(crate) flag: String,
    /// The value as it was written; `None` for `--no-…`.
    pub(crate) value: Option<String>,
}

/// Whether `--no-FLAG` exists.
fn is_removable(place: &SettingPlace) -> bool {
    place.kind == ParamKind::RoleArn
}

/// The first letter in upper case.
fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .chain(chars)
        .collect()
}

fn removal(flag: &str) -> String {
    format!("no-{flag}")
}

/// Adds the flags of an add-on.
pub(super) fn flags(command: Command, addon: &'static Addon) -> Command {
    addon.flags().fold(command, |command, (flag, place)| {
        add(command, &flag, &place)
    })
}

/// Adds the flags of all add-ons, each once.
pub(super) fn flags_of_all(mut command: Command) -> Command {
    let mut seen = BTreeSet::new();
    for (flag, place) in CATALOG.iter().flat_map(Addon::flags) {
        if seen.insert(flag.clone()) {
            command = add(command, &flag, &place);
        }
    }
    command
}

/// The names of the add-ons that have a flag.
pub(super) fn having(flag: &str) -> Vec<&'static str> {
    let flag = flag.strip_prefix("no-").unwrap_or(flag);
    let having = CATALOG.iter().filter(|addon| addon.by_flag(flag).is_some());
    having.map(|addon| addon.name).collect()
}

/// Whether a flag of some add-on takes the next word as its value.
pub(super) fn wants_word(flag: &str) -> bool {
    let having = CATALOG.iter().find_map(|addon| addon.by_flag(flag));
    having.is_some_and(|place| place.kind != ParamKind::Bool)
}

fn add(command: Command, flag: &str, place: &SettingPlace) -> Command {
    let param = place.param;
    let mut help = capital(param.summary);
    if let Some(constraint) = place.kind.constraint() {
        help = format!("{help}: {constraint}");
    }
    help.push_str(match (param.required, param.default) {
        (true, _) => "; required, kept if omitted",
        (false, _) => "; kept if omitted",
    });
    if let Some(default) = param.default {
        help = format!("{help}, {default} by default");
    }
    let command = command.arg(
        Arg::new(flag.to_owned())
            .long(flag.to_owned())
            .value_name(place.kind.placeholder())
            .value_hint(clap::ValueHint::Other)
            .value_parser(Typed(place.kind))
            .hide_possible_values(true)
            // Elsewhere such a flag is on by itself, so that without a value it would be a guess.
            .require_equals(place.kind == ParamKind::Bool)
            .help(help)
            .help_heading(heading::SETTINGS),
    );
    if !is_removable(place) {
        return command;
    }
    command.arg(
        Arg::new(removal(flag))
            .long(removal(flag))
            .action(ArgAction::SetTrue)
            .conflicts_with(flag.to_owned())
            .help("No role: the one that is set is removed")
            .help_heading(heading::SETTINGS),
    )
}

/// The settings of an add-on that were given, in the order of the catalogue.
pub(super) fn given(addon: &'static Addon, matches: &ArgMatches) -> Vec<Given> {
    let mut given = Vec::new();
    for (flag, place) in addon.flags() {
        let value = matches.get_one::<String>(&flag);
        if value.is_some() || is_removable(&place) && matches.get_flag(&removal(&flag)) {
            given.push(Given {
                path: place.path,
                value: value.cloned(),
                flag,
            });
        }
    }
    given
}

/// Takes any word, so that the error for a wrong one is ours; offers the values to completions.
#[derive(Debug, Clone)]
struct Typed(ParamKind);

impl TypedValueParser for Typed {
    type Value = String;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<String, clap::Error> {
        StringValueParser::new().parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let words: &[&str] = match self.0 {
            ParamKind::Bool => &["true", "false"],
            ParamKind::Word(words) => words,
            _ => return None,
        };
        Some(Box::new(words.iter().map(|word| PossibleValue::new(*word))))
    }
}
