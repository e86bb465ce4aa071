//! Completion scripts, made from the command tree.
//!
//! `clap_complete` writes them, but its script for fish knows no arguments without a dash: those
//! rules are added here.

use super::enable::ADDON;
use clap::builder::PossibleValue;
use clap::{Arg, Command, ValueHint};
use clap_complete::Shell;
use std::fmt::Write as _;

/// The script for a shell. It names no path and reads nothing when it runs.
pub fn completion(shell: Shell) -> String {
    let mut command = super::command();
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, "mk8s", &mut script);
    let mut script = String::from_utf8_lossy(&script).into_owned();
    if shell == Shell::Fish {
        arguments_for_fish(&command, &mut Vec::new(), &mut script);
    }
    script
}

/// For each command without commands of its own: the values of its argument, until one is there,
/// and no names of files unless the argument is a file.
fn arguments_for_fish<'a>(command: &'a Command, path: &mut Vec<&'a str>, script: &mut String) {
    if command.get_subcommand_value_name() == Some(ADDON) {
        add_ons_for_fish(command, path, script);
        return;
    }
    if command.has_subcommands() {
        for child in command.get_subcommands() {
            path.push(child.get_name());
            arguments_for_fish(child, path, script);
            path.pop();
        }
        return;
    }
    let Some(here) = seen(path) else {
        return;
    };
    match command.get_positionals().next() {
        None => {
            let _ = writeln!(script, "complete -c mk8s -n \"{here}\" -f");
        }
        Some(argument) => {
            let values = shown_values(argument);
            if values.is_empty() {
                if argument.get_value_hint() == ValueHint::Other {
                    let _ = writeln!(script, "complete -c mk8s -n \"{here}\" -f");
                }
                return;
            }
            let names: Vec<&str> = values.iter().map(PossibleValue::get_name).collect();
            let offers: Vec<String> = values.iter().map(offer).collect();
            let _ = writeln!(
                script,
                "complete -c mk8s -n \"{here}\" -f\n\
                 complete -c mk8s -n \"{here}; and not __fish_seen_subcommand_from {}\" -f -a \"{}\"",
                names.join(" "),
                offers.join("\n")
            );
        }
    }
}

/// The condition that the words of the line lead to a command.
fn seen(path: &[&str]) -> Option<String> {
    let (first, rest) = path.split_first()?;
    let mut here = format!("__fish_mk8s_using_subcommand {first}");
    for name in rest {
        let _ = write!(here, "; and __fish_seen_subcommand_from {name}");
    }
    Some(here)
}

/// For a command with one below it for each add-on: their names until one is there, and then the flags
/// that only it has, which `clap_complete` does not look for that far down.
fn add_ons_for_fish(command: &Command, path: &[&str], script: &mut String) {
    let Some(here) = seen(path) else {
        return;
    };
    let names: Vec<&str> = command.get_subcommands().map(Command::get_name).collect();
    let names = names.join(" ");
    *script = script.replace(
        &format!("\"{here}\" -f -a \""),
        &format!("\"{here}; and not __fish_seen_subcommand_from {names}\" -f -a \""),
    );
    let _ = writeln!(script, "complete -c mk8s -n \"{here}\" -f");
    for child in command.get_subcommands() {
        let own = child.get_arguments().filter(|arg| {
            let is_known = |other: &Arg| other.get_id() == arg.get_id();
            !arg.is_hide_set() && !command.get_arguments().any(is_known)
        });
        for arg in own {
            let Some(long) = arg.get_long() else { continue };
            let takes = if arg.get_action().takes_values() {
                " -r"
            } else {
                ""
            };
            let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
            let help = help.replace('\\', "\\\\").replace('\'', "\\'");
            let values: Vec<String> = arg
                .get_possible_values()
                .iter()
                .map(|value| value.get_name().to_owned())
                .collect();
            let values = if values.is_empty() {
                String::new()
            } else {
                format!(" -a '{}'", values.join(" "))
            };
            let name = child.get_name();
            let _ = writeln!(
                script,
                "complete -c mk8s -n \"{here}; and __fish_seen_subcommand_from {name}\" -l {long} -d \
                 '{help}'{takes} -f{values}"
            );
        }
    }
}

fn shown_values(argument: &Arg) -> Vec<PossibleValue> {
    argument
        .get_possible_values()
        .into_iter()
        .filter(|value| !value.is_hide_set())
        .collect()
}

/// `NAME`, a tab and the quoted description, as `complete -a` takes it within double quotes.
fn offer(value: &PossibleValue) -> String {
    let help = value
        .get_help()
        .map(ToString::to_string)
        .unwrap_or_default()
        .replace('\\', "\\\\")
        .replace('\'', "\\'");
    format!("{}\\t'{help}'", value.get_name())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::addon::CATALOG;

    #[test]
    fn every_shell_offers_the_commands_and_the_add_ons() {
        for shell in [
            Shell::Bash,
            Shell::Zsh,
            Shell::Fish,
            Shell::PowerShell,
            Shell::Elvish,
        ] {
            let script = completion(shell);
            for word in ["trust-policy", "--with-prerequisites", "sandbox"] {
                let word = if shell == Shell::Fish {
                    word.trim_start_matches('-')
                } else {
                    word
                };
                assert!(script.contains(word), "{shell}: {word}");
            }
            // The two others complete no arguments without a dash.
            if matches!(shell, Shell::Bash | Shell::Zsh | Shell::Fish) {
                for addon in CATALOG {
                    assert!(script.contains(addon.name), "{shell}: {}", addon.name);
                }
            }
        }
    }

    #[test]
    fn fish_offers_an_add_on_once_and_no_files() {
        let script = completion(Shell::Fish);
        let rules: Vec<&str> = script
            .lines()
            .filter(|line| {
                line.contains("using_subcommand addon; and __fish_seen_subcommand_from enable")
            })
            .collect();
        assert!(
            rules.iter().any(|rule| rule.ends_with("enable\" -f")),
            "{rules:?}"
        );
        assert!(
            rules.iter().any(
                |rule| rule.contains("and not __fish_seen_subcommand_from aws-ecr ")
                    && rule.contains("-a \"aws-ecr\" -d 'Pull images")
            ),
            "{rules:?}"
        );
        assert!(
            rules.iter().any(|rule| {
                rule.contains("seen_subcommand_from metrics\" -l kube-state")
                    && rule.ends_with("-r -f -a 'true false'")
            }),
            "{rules:?}"
        );
        // The command that the sandbox runs may be any file.
        assert!(!script.contains("__fish_seen_subcommand_from run\" -f\n"));
    }
}
