//! The flags of add-on settings, made from the catalogue.

use super::heading;
use crate::addon::{CATALOG, Param, ParamKind};
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

/// The settings that were given on the command line.
#[derive(Debug, Clone, Default)]
pub struct SettingArgs {
    /// In the order of the catalogue.
    pub given: Vec<Given>,
}

/// One given setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// The flag without dashes and without `no-`.
    pub flag: &'static str,
    /// The value; `None` for `--no-…`.
    pub value: Option<String>,
}

/// Each flag once, with its first setting and the names of the add-ons that have it.
fn flags() -> Vec<(&'static str, &'static Param, Vec<&'static str>)> {
    let mut flags: Vec<(&'static str, &'static Param, Vec<&'static str>)> = Vec::new();
    for addon in CATALOG {
        for param in addon.params {
            let Some(flag) = param.flag else { continue };
            match flags.iter_mut().find(|(known, ..)| *known == flag) {
                Some((_, _, names)) => names.push(addon.name),
                None => flags.push((flag, param, vec![addon.name])),
            }
        }
    }
    flags
}

/// Whether `--no-FLAG` exists.
fn removable(param: &Param) -> bool {
    param.kind == ParamKind::RoleArn
}

fn removal(flag: &str) -> String {
    format!("no-{flag}")
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

impl Args for SettingArgs {
    fn augment_args(mut command: Command) -> Command {
        for (flag, param, names) in flags() {
            let noun = match param.kind {
                ParamKind::RoleArn => "IAM role that the add-on assumes",
                _ => param.summary,
            };
            command = command.arg(
                Arg::new(flag)
                    .long(flag)
                    .value_name(param.kind.placeholder())
                    .value_hint(clap::ValueHint::Other)
                    .help(format!(
                        "{}; kept if omitted ({})",
                        capital(noun),
                        names.join(", ")
                    ))
                    .help_heading(heading::SETTINGS),
            );
            if removable(param) {
                command = command.arg(
                    Arg::new(removal(flag))
                        .long(removal(flag))
                        .action(ArgAction::SetTrue)
                        .conflicts_with(flag)
                        .help("No role: the one that is set is removed")
                        .help_heading(heading::SETTINGS),
                );
            }
        }
        command
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for SettingArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut given = Vec::new();
        for (flag, param, _) in flags() {
            if let Some(value) = matches.get_one::<String>(flag) {
                given.push(Given {
                    flag,
                    value: Some(value.clone()),
                });
            } else if removable(param) && matches.get_flag(&removal(flag)) {
                given.push(Given { flag, value: None });
            }
        }
        Ok(Self { given })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
