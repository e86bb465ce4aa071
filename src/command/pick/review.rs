//! What comes of what was picked: the commands, planned one behind the other as they will be run, and the
//! whole of it as one diff.

use super::super::{Context, addon_change, live};
use super::AgreedPlans;
use crate::change;
use crate::cli::{self, Cli, Command, Gist};
use crate::cluster::Cluster;
use crate::error::{Error, Result};
use crate::fleet::summarise;
use crate::invocation::{CommandFlags, Invocation};
use crate::owner::OtherOwner;
use crate::picker::Picker;
use crate::plan::{self, TargetWords};
use crate::text::{count, first_few, printable};
use crate::ui::{Stream, Ui};
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::ffi::OsString;

/// Clusters that other tools keep are named one by one up to here.
const FEW: usize = 3;

/// One command that is to be run.
pub(super) struct PickedCommand {
    /// As it is printed.
    pub(super) shown: Invocation,
    /// As it is run.
    pub(super) cli: Cli,
    /// The words that say what is done.
    pub(super) said: Vec<String>,
    /// What it was said to change.
    pub(super) agreed: AgreedPlans,
}

/// The lines of a diff, each with its sign, and whose they are.
type ReviewGroup = (Vec<(char, String)>, Vec<String>);

/// All of it, to be shown and agreed to.
pub(super) struct PickedReview {
    pub(super) commands: Vec<PickedCommand>,
    /// What changes, clusters with the same change together.
    groups: Vec<ReviewGroup>,
    is_of_several: bool,
    warnings: Vec<String>,
    pub(super) question: String,
}

/// One cluster or document while the commands are planned.
struct PlannedTarget<'p> {
    id: &'p str,
    name: String,
    before: &'p Cluster,
    now: Cluster,
}

/// Plans what was picked; an error is the reason why nothing of it can be done.
pub(super) fn plan(cx: &Context, picker: &Picker) -> Result<PickedReview> {
    let chosen = picker.chosen_with_ids();
    let mut targets: Vec<PlannedTarget<'_>> = chosen
        .map(|(id, cluster)| PlannedTarget {
            id,
            name: printable(cluster.name()),
            before: cluster,
            now: cluster.clone(),
        })
        .collect();
    let (mut commands, mut warnings) = (Vec::new(), Vec::new());
    for shown in picker.commands() {
        let mut command = parsed(shown.clone())?;
        let refused = plan_one(cx, &mut command, &mut targets, &mut warnings)?;
        let is_whole = !picker.is_live() || refused.len() == targets.len();
        let names: Vec<String> = refused.iter().map(|(name, _)| name.clone()).collect();
        let refused = refused.into_iter().map(|(_, error)| error);
        if is_whole && let Some(error) = summarise(refused.collect(), 0) {
            return Err(error);
        }
        if !names.is_empty() {
            // What is known to be refused would only be an end that is not well.
            let excluding = |command: Invocation, name: String| command.flag("--exclude", name);
            command = PickedCommand {
                agreed: command.agreed,
                ..parsed(names.into_iter().fold(shown, excluding))?
            };
        }
        if !command.agreed.is_empty() {
            commands.push(command);
        }
    }
    if commands.is_empty() {
        return Err(Error::usage("nothing is to be changed").because("all of it is already so"));
    }
    if picker.is_live() {
        let changed = targets.iter().filter(|it| it.before != &it.now);
        let owned =
            changed.filter_map(|it| Some(live::kept_by(&it.name, &OtherOwner::of(it.before)?)));
        warnings.extend(owned.take(FEW));
    }
    let groups = groups(&targets);
    let question = question(picker, &groups, commands.len());
    Ok(PickedReview {
        commands,
        groups,
        is_of_several: targets.len() > 1,
        warnings,
        question,
    })
}

/// The command as whoever types it has it.
fn parsed(shown: Invocation) -> Result<PickedCommand> {
    let words = std::iter::once("mk8s".to_owned()).chain(shown.arguments());
    let words: Vec<OsString> = words.map(OsString::from).collect();
    let mut tree = cli::command();
    let said = Gist::of(&tree, &words).said;
    let cli = cli::parse(&mut tree, words).map_err(|error| {
        let words = error.render().to_string();
        let first = words.lines().next().unwrap_or_default();
        Error::usage(first.trim_start_matches("error: ").to_owned())
    })?;
    Ok(PickedCommand {
        shown,
        cli,
        said,
        agreed: AgreedPlans::default(),
    })
}

/// Plans one command on what those before it leave; gives why it cannot be done where.
fn plan_one(
    cx: &Context,
    command: &mut PickedCommand,
    targets: &mut [PlannedTarget<'_>],
    warnings: &mut Vec<String>,
) -> Result<Vec<(String, Error)>> {
    let Command::Addon(addon) = &command.cli.command else {
        return Ok(Vec::new());
    };
    let clusters = targets.iter().map(|it| &it.now);
    let request = match &addon.command {
        Some(verb) => addon_change::request(cx, verb, clusters)?,
        None => None,
    };
    let Some(request) = request else {
        return Ok(Vec::new());
    };
    let is_alone = targets.len() == 1;
    let mut refused = Vec::new();
    for target in targets {
        let place = TargetWords {
            words: format!("on `{}`", target.name),
            flags: CommandFlags::new(),
        };
        match plan::plan(&target.now, &request, &place) {
            Ok(plan) => {
                let named = plan.warnings.iter().map(|warning| {
                    let name = &target.name;
                    if is_alone {
                        warning.clone()
                    } else {
                        format!("{name}: {warning}")
                    }
                });
                warnings.extend(named);
                if !plan.is_empty() {
                    command.agreed.add(target.id, &plan);
                    let mut value = target.now.value().clone();
                    change::apply(&mut value, &plan.changes);
                    target.now = Cluster::new(value);
                }
            }
            Err(error) => {
                if !is_alone {
                    let because = error.because.join("; ");
                    warnings.push(format!("left out: {}: {because}", error.message));
                }
                refused.push((target.before.name().to_owned(), error));
            }
        }
    }
    Ok(refused)
}

/// What changes, clusters with the same change together.
fn groups(targets: &[PlannedTarget<'_>]) -> Vec<ReviewGroup> {
    let mut groups: Vec<ReviewGroup> = Vec::new();
    let mut known: HashMap<Vec<(char, String)>, usize> = HashMap::new();
    for target in targets {
        let (mut before, mut now) = (add_ons(target.before), add_ons(&target.now));
        before.retain(|key, value| now.get(key) != Some(value));
        let was = add_ons(target.before);
        now.retain(|key, value| was.get(key) != Some(value));
        let lines = plan::signed(before, now);
        if lines.is_empty() {
            continue;
        }
        let at = *known.entry(lines).or_insert_with_key(|lines| {
            groups.push((lines.clone(), Vec::new()));
            groups.len() - 1
        });
        if let Some((_, names)) = groups.get_mut(at) {
            names.push(target.name.clone());
        }
    }
    groups
}

fn add_ons(cluster: &Cluster) -> Map<String, Value> {
    cluster.add_ons().cloned().unwrap_or_default()
}

fn question(picker: &Picker, groups: &[ReviewGroup], commands: usize) -> String {
    let names: Vec<&str> = groups
        .iter()
        .flat_map(|(_, names)| names)
        .map(String::as_str)
        .collect();
    let what = match commands {
        1 => "this change".to_owned(),
        commands => format!("these {commands} changes"),
    };
    let of = match (picker.is_live(), names.as_slice()) {
        (true, [name]) => format!("on {name}"),
        (true, names) => format!("on {} live clusters", names.len()),
        (false, [_]) => format!("in {}", printable(picker.place())),
        (false, names) => format!("in {}", count(names.len(), "document")),
    };
    format!("Make {what} {of}?")
}

impl PickedReview {
    /// Shows the diff, and the commands that do the same.
    pub(super) fn show(&self, ui: &Ui) {
        for (lines, names) in &self.groups {
            let heading = match names.as_slice() {
                [_] if !self.is_of_several => " spec.addOns:".to_owned(),
                [name] => format!(" {name}, spec.addOns:"),
                names => format!(
                    " {} clusters ({}), spec.addOns:",
                    names.len(),
                    first_few(names)
                ),
            };
            let mut all = vec![(' ', heading)];
            all.extend(
                lines
                    .iter()
                    .map(|(sign, line)| (*sign, format!("   {line}"))),
            );
            ui.diff(&all, Stream::Words);
        }
        for warning in &self.warnings {
            ui.warn(warning);
        }
        for command in &self.commands {
            ui.equivalent(&command.shown);
        }
    }

    /// What is said where the answer is no.
    pub(super) fn refusal() -> Error {
        Error::usage("nothing was changed").because("the answer was no")
    }
}
