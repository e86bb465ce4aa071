//! From a cluster and a wish to the changes that fulfil it, or the reasons not to. Pure.
//!
//! An empty list of changes means that everything is as wished already.

mod set;
mod stray;
mod undo;
mod wish;

pub use set::{AddonSet, OwnSettings};
pub(crate) use stray::first as stray;
pub use undo::UndoneChange;
pub use wish::{Expectation, Setting, Wish};

use crate::addon::access::AccessReport;
use crate::addon::param::SettingPlace;
use crate::addon::rules::{self, RuleViolation, Weight};
use crate::addon::{NamedAddon, by_key, by_word};
use crate::arn::RoleArn;
use crate::change::Change;
use crate::cluster::Cluster;
use crate::error::Error;
use crate::invocation::{CommandFlags, Invocation};
use crate::owner::OtherOwner;
use serde_json::{Map, Value, json};
use wish::{differences, expected, given, wished};

/// What the user wants of one add-on.
#[derive(Debug, Clone)]
pub struct AddonRequest {
    /// The add-on.
    pub addon: NamedAddon,
    /// On or off.
    pub verb: Verb,
    /// Take along what it needs (enable) or what needs it (disable).
    pub companions: bool,
    /// Go past the rules of ours.
    pub force: bool,
    /// What must stand there now.
    pub expected: Vec<Expectation>,
}

impl AddonRequest {
    /// Whether an add-on is to go on.
    pub(crate) fn is_enabling(&self) -> bool {
        matches!(self.verb, Verb::Enable(_))
    }

    /// What it is about, in a sentence, and the verb behind it.
    pub(crate) fn subject(&self) -> (String, &'static str) {
        match self.verb {
            Verb::Set(_) => ("the add-ons".to_owned(), "were"),
            Verb::Undo(_) => ("the run".to_owned(), "was"),
            Verb::Enable(_) | Verb::Disable => (format!("`{}`", self.addon.shown()), "was"),
        }
    }
}

/// On or off.
#[derive(Debug, Clone)]
pub enum Verb {
    /// Switch on, or change the settings that are given.
    Enable(Wish),
    /// Switch off.
    Disable,
    /// Several add-ons as they are wanted; the one of the request says nothing.
    Set(AddonSet),
    /// What a run changed as it was before; likewise.
    Undo(Vec<UndoneChange>),
}

impl Verb {
    /// What is done to an add-on, as it is said of it afterwards.
    pub(crate) fn done(&self) -> &'static str {
        match self {
            Self::Enable(_) => "enabled",
            Self::Disable => "disabled",
            Self::Set(_) => "set",
            Self::Undo(_) => "undone",
        }
    }

    /// Whether it may be about several add-ons, each of which was asked for.
    pub(crate) fn is_of_several(&self) -> bool {
        matches!(self, Self::Set(_) | Self::Undo(_))
    }
}

/// What happens, or would happen, to one add-on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// It was off and goes on.
    Enabled,
    /// It was on and its settings change.
    Updated,
    /// It goes off.
    Disabled,
    /// It is already as wished.
    None,
}

impl Action {
    /// The stable word in JSON.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Updated => "updated",
            Self::Disabled => "disabled",
            Self::None => "none",
        }
    }
}

/// One add-on's part of a plan.
#[derive(Debug, Clone)]
pub(crate) struct AddonStep {
    /// The add-on.
    pub(crate) addon: NamedAddon,
    /// What happens to it.
    pub(crate) action: Action,
    /// Its value now; `None` is off.
    pub(crate) before: Option<Value>,
    /// Its value afterwards; `None` is off.
    pub(crate) after: Option<Value>,
}

/// Everything that fulfils a request on one cluster.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The add-on that was asked for.
    pub(crate) main: AddonStep,
    /// Prerequisites that go on, or dependants that go off, along with it.
    pub(crate) companions: Vec<AddonStep>,
    /// The changes below `spec.addOns`, in the order in which they make sense.
    pub(crate) changes: Vec<Change>,
    /// Which registry case it is, for add-ons that pull from AWS registries.
    pub(crate) registry_access: Option<AccessReport>,
    /// The role that stays as it was because none was given.
    pub(crate) role_kept: Option<String>,
    /// Rules that `--force` went past, and what looks odd.
    pub(crate) warnings: Vec<String>,
    /// Who else keeps the cluster, where that was looked for.
    pub(crate) owner: Option<OtherOwner>,
}

impl Plan {
    /// Whether anything is to be changed.
    pub(crate) fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Whether something that is on goes off.
    pub(crate) fn removes(&self) -> bool {
        std::iter::once(&self.main)
            .chain(&self.companions)
            .any(|step| step.action == Action::Disabled)
    }

    /// The steps in the order of the changes: prerequisites before, dependants before.
    pub(crate) fn steps(&self) -> impl Iterator<Item = &AddonStep> {
        self.companions.iter().chain(std::iter::once(&self.main))
    }
}

/// How a target is called in errors and hints.
#[derive(Debug, Clone, Default)]
pub struct TargetWords {
    /// In a sentence: "on `prod`", "in clusters/prod.yaml".
    pub words: String,
    /// On the command line: "-c prod".
    pub flags: CommandFlags,
}

/// Plans a request on one cluster; refuses (exit 6) with every reason at once.
pub fn plan(cluster: &Cluster, request: &AddonRequest, place: &TargetWords) -> Result<Plan, Error> {
    expected(cluster, request, place)?;
    match &request.verb {
        Verb::Enable(wish) => enable(cluster, request, wish, place),
        Verb::Disable => disable(cluster, request, place),
        Verb::Set(wanted) => {
            set::expected(cluster, request, wanted, place)?;
            let requests = wanted.requests(cluster, request);
            set::plan(cluster, request, (requests, &wanted.lacking), place)
        }
        Verb::Undo(changes) => {
            let requests = undo::requests(cluster, request, changes, place)?;
            set::plan(cluster, request, (requests, &[]), place)
        }
    }
}

fn enable(
    cluster: &Cluster,
    request: &AddonRequest,
    wish: &Wish,
    place: &TargetWords,
) -> Result<Plan, Error> {
    let addon = &request.addon;
    let strays = stray::in_the_way(cluster, request, place)?;
    let before = cluster.add_on(addon.key());
    let after = wished(before, request, wish, place)?;
    let mut changes = Vec::new();
    // Nothing is known of a key that the catalogue does not have, so that no rule speaks of it.
    let known = addon.addon().filter(|_| !wish.is_live);
    let findings = known.map_or_else(Vec::new, |addon| {
        rules::before_enable(cluster, addon, &after)
    });
    let (wanted, findings): (Vec<RuleViolation>, Vec<RuleViolation>) =
        findings.into_iter().partition(|finding| {
            request.companions && matches!(finding, RuleViolation::Prerequisite(_))
        });
    let mut warnings = judge(findings, request, &wish.settings, place)?;
    warnings.extend(strays);

    let mut companions = Vec::new();
    for finding in &wanted {
        let RuleViolation::Prerequisite(needed) = finding else {
            continue;
        };
        let along = rules::undocumented(cluster.provider(), needed);
        warnings.extend(along.map(|finding| finding.to_string()));
        changes.push(Change::set(&[needed.key], json!({})));
        companions.push(AddonStep {
            addon: NamedAddon::Known(needed),
            action: Action::Enabled,
            before: None,
            after: Some(json!({})),
        });
    }

    let action = match before {
        None => Action::Enabled,
        Some(value) if *value == after => Action::None,
        Some(_) => Action::Updated,
    };
    match (action, before) {
        (Action::Updated, Some(Value::Object(_))) => {
            // Setting by setting, so that the other lines of the add-on stay as they are.
            if let Some(before) = before {
                differences(&[addon.key()], before, &after, &mut changes);
            }
        }
        (Action::Enabled | Action::Updated, _) => {
            changes.push(Change::set(&[addon.key()], after.clone()));
        }
        _ => {}
    }
    let role = after.get("roleArn").and_then(Value::as_str);
    let aws_registry = addon
        .addon()
        .is_some_and(crate::addon::Addon::works_at_home);
    if aws_registry
        && let Some(role) = role.and_then(|role| role.parse::<RoleArn>().ok())
        && let Some(home) = cluster.home()
        && home.partition != role.partition()
    {
        warnings.push(format!(
            "the role is in the partition {}, the cluster in {}: neither reaches the other",
            role.partition(),
            home.partition
        ));
    }
    let role_kept = role
        .filter(|_| before.is_some())
        .filter(|_| !wish.speaks_of("roleArn"))
        .map(str::to_owned);
    Ok(Plan {
        registry_access: aws_registry.then(|| AccessReport::of(cluster, role)),
        main: AddonStep {
            addon: addon.clone(),
            action,
            before: before.cloned(),
            after: Some(after),
        },
        companions,
        changes,
        role_kept,
        warnings,
        owner: None,
    })
}

fn disable(cluster: &Cluster, request: &AddonRequest, place: &TargetWords) -> Result<Plan, Error> {
    let addon = &request.addon;
    let before = cluster.add_on_key(addon.key()).cloned();
    let mut companions = Vec::new();
    let mut warnings = Vec::new();
    if before.is_none() {
        warnings = stray::beside(cluster, request);
    }
    if let (Some(_), Some(known)) = (&before, addon.addon()) {
        let dependants = rules::enabled_dependants(cluster, known);
        if request.companions {
            companions = dependants
                .iter()
                .map(|dependant| AddonStep {
                    addon: NamedAddon::Known(dependant),
                    action: Action::Disabled,
                    before: cluster.add_on(dependant.key).cloned(),
                    after: None,
                })
                .collect();
        } else if !dependants.is_empty() {
            warnings = judge(
                vec![RuleViolation::Dependants(dependants)],
                request,
                &[],
                place,
            )?;
        }
    }
    if let (Some(_), NamedAddon::Key(key)) = (&before, addon)
        && let Some(near) = by_word(key)
    {
        warnings.push(format!(
            "`{}` is taken as the key that stands there, which is not known to mk8s; {} is \
             `{}`, and that is off",
            addon.shown(),
            near.name,
            near.key
        ));
    }
    let mut changes: Vec<Change> = companions
        .iter()
        .map(|step| Change::remove(&[step.addon.key()]))
        .collect();
    let action = if before.is_some() {
        changes.push(Change::remove(&[addon.key()]));
        Action::Disabled
    } else {
        Action::None
    };
    Ok(Plan {
        main: AddonStep {
            addon: addon.clone(),
            action,
            before,
            after: None,
        },
        companions,
        changes,
        registry_access: None,
        role_kept: None,
        warnings,
        owner: None,
    })
}

/// Turns findings into warnings where they are no more than that or `--force` goes past them, and
/// into one refusal otherwise.
fn judge(
    findings: Vec<RuleViolation>,
    request: &AddonRequest,
    settings: &[Setting],
    place: &TargetWords,
) -> Result<Vec<String>, Error> {
    let name = request.addon.shown();
    let mut warnings = Vec::new();
    let mut refused = Vec::new();
    for finding in findings {
        match finding.weight() {
            Weight::Warns => warnings.push(finding.to_string()),
            Weight::Forceable if request.force => {
                warnings.push(format!("{name}: {finding}; forced"));
            }
            Weight::Forceable | Weight::Refuses => refused.push(finding),
        }
    }
    if refused.is_empty() {
        return Ok(warnings);
    }
    let done = request.verb.done();
    let mut error = Error::refused(format!("`{name}` was not {done} {}", place.words));
    for finding in &refused {
        error = error.because(finding.to_string());
    }
    let missing: Vec<SettingPlace> = refused
        .iter()
        .filter_map(|finding| {
            let addon = request.addon.addon()?;
            match finding {
                RuleViolation::SettingMissing { path, .. }
                | RuleViolation::SettingInvalid { path, .. } => addon.place(&path.to_string()),
                RuleViolation::RoleMissing { .. } => addon.by_flag("role-arn"),
                _ => None,
            }
        })
        .collect();
    // What will not do is asked for, and not given again.
    let others: Vec<Setting> = settings
        .iter()
        .filter(|it| missing.iter().all(|spot| spot.path != it.path.to_string()))
        .cloned()
        .collect();
    // Only commands that get past every reason are worth printing.
    let mut command = given(
        request,
        &others,
        enabling(request.addon.name(), &place.flags),
    );
    let prerequisite = refused.iter().find_map(|finding| match finding {
        RuleViolation::Prerequisite(needed) => Some(*needed),
        _ => None,
    });
    if refused
        .iter()
        .any(|finding| matches!(finding, RuleViolation::Dependants(_)))
    {
        return Err(error.hint("--with-dependants disables them too"));
    }
    if !missing.is_empty() {
        for spot in &missing {
            command = spot.ask(command);
        }
        let companions = prerequisite.is_some() || request.companions;
        command = command.plain_if(companions, "--with-prerequisites");
        if missing.iter().any(|spot| spot.flag.is_some()) {
            error = error.hint(command);
        }
    } else if let Some(needed) = prerequisite {
        error = error
            .hint("add --with-prerequisites to switch on both")
            .hint(enabling(needed.name, &place.flags));
    }
    Err(error)
}

/// `mk8s addon enable ADDON`, and on what.
pub(crate) fn enabling(addon: &str, target: &CommandFlags) -> Invocation {
    Invocation::mk8s("addon enable").word(addon).with(target)
}

/// The lines of `spec.addOns` that a plan changes, each with its sign (`+`, `-` or a blank), the
/// heading left out.
pub(crate) fn diff(plan: &Plan) -> Vec<(char, String)> {
    let mut before = Map::new();
    let mut after = Map::new();
    for step in plan.steps() {
        if let Some(value) = &step.before {
            before.insert(step.addon.key().to_owned(), value.clone());
        }
        if let Some(value) = &step.after {
            after.insert(step.addon.key().to_owned(), value.clone());
        }
    }
    signed(before, after)
}

/// The lines of two sets of add-ons as YAML, those of both once, with their signs.
pub(crate) fn signed(before: Map<String, Value>, after: Map<String, Value>) -> Vec<(char, String)> {
    let (mut before, mut after) = (Value::Object(before), Value::Object(after));
    crate::secret::mask_both(&mut before, &mut after);
    let (before, after) = (yaml(&before), yaml(&after));
    similar::TextDiff::from_lines(&before, &after)
        .iter_all_changes()
        .map(|change| {
            let sign = match change.tag() {
                similar::ChangeTag::Equal => ' ',
                similar::ChangeTag::Delete => '-',
                similar::ChangeTag::Insert => '+',
            };
            (sign, change.value().trim_end_matches('\n').to_owned())
        })
        .collect()
}

fn yaml(value: &Value) -> String {
    match value {
        Value::Object(map) if !map.is_empty() => serde_yaml::to_string(value).unwrap_or_default(),
        _ => String::new(),
    }
}

/// The add-on's display name for any key: the catalogue's, or the key itself.
pub(crate) fn display_name(key: &str) -> &str {
    by_key(key).map_or(key, |addon| addon.name)
}
