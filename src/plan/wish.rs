//! The settings that an add-on is to have, and what they make of those that it has. Pure.

use super::{AddonRequest, TargetWords};
use crate::addon::ParamKind;
use crate::addon::path::{Misfit, Path};
use crate::change::Change;
use crate::cluster::Cluster;
use crate::error::Error;
use crate::invocation::Invocation;
use crate::patch;
use crate::text::{printable, quotable};
use serde_json::{Map, Value, json};

/// The settings that an add-on is to have.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Wish {
    /// An object of settings that is merged in first: objects deep, lists replaced, `null` removes.
    pub(crate) merged: Option<Map<String, Value>>,
    /// What is not mentioned goes.
    pub(crate) replaces: bool,
    /// Single settings, done in order.
    pub(crate) settings: Vec<Setting>,
    /// It is so on a live cluster, or was before, so that no rule of ours has a say in it.
    pub(crate) is_live: bool,
}

impl Wish {
    /// Single settings alone.
    pub(crate) fn of(settings: Vec<Setting>) -> Self {
        Self {
            settings,
            ..Self::default()
        }
    }

    /// Whether it says something of a field on the first level.
    pub(super) fn speaks_of(&self, field: &str) -> bool {
        let in_file = self
            .merged
            .as_ref()
            .is_some_and(|map| map.contains_key(field));
        let alone = self
            .settings
            .iter()
            .any(|it| it.path.keys().first() == Some(&field));
        self.replaces || in_file || alone
    }
}

/// What must stand at a path before anything is written.
#[derive(Debug, Clone, PartialEq)]
pub struct Expectation {
    /// Where in the add-on's object.
    pub(crate) path: Path,
    /// The value as it is written on the command line; empty is none.
    pub(crate) text: String,
}

/// One setting that was given; what is not given keeps its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// Where in the add-on's object.
    pub(crate) path: Path,
    /// The new value; `None` removes it.
    pub(crate) value: Option<Value>,
}

/// Refuses where something else stands there than was expected, with every difference.
pub(super) fn expected(
    cluster: &Cluster,
    request: &AddonRequest,
    place: &TargetWords,
) -> Result<(), Error> {
    let nothing = Value::Null;
    let settings = cluster.add_on(request.addon.key()).unwrap_or(&nothing);
    let mut differences = Vec::new();
    for Expectation { path, text } in &request.expected {
        let found = path.get(settings);
        let kind = kind_at(request, path);
        let is_met = match found {
            None => text.is_empty(),
            Some(found) => match kind.parse(text) {
                Ok(value) => kind.same(found, &value),
                // Lists, objects and what the catalogue does not know, as JSON or as a text.
                Err(_) => {
                    found.as_str() == Some(text)
                        || serde_json::from_str(text).is_ok_and(|value| kind.same(found, &value))
                }
            },
        };
        if !is_met {
            let key = path.keys().last().copied().unwrap_or_default().to_owned();
            let found = found.map_or_else(
                || "is not there".to_owned(),
                |found| {
                    let masked = crate::secret::masked(&json!({ &key: found }));
                    format!("is `{}`", quotable(&masked[&key].to_string()))
                },
            );
            let wanted = match text.as_str() {
                "" => "nothing".to_owned(),
                text if crate::secret::may_hold(&path.to_string(), text) => {
                    "something else".to_owned()
                }
                text => format!("`{}`", quotable(text)),
            };
            differences.push(format!(
                "its `{}` {found}, and {wanted} was expected",
                shown(path)
            ));
        }
    }
    if differences.is_empty() {
        return Ok(());
    }
    let done = request.verb.done();
    let name = request.addon.shown();
    let error = Error::conflict(format!("`{name}` was not {done} {}", place.words));
    let show = Invocation::mk8s("addon show").word(request.addon.name());
    let show = show.with(&place.flags).within("", " shows what is there");
    Err(differences
        .into_iter()
        .fold(error, Error::because)
        .hint(show))
}

/// The kind of what stands at a path, as far as the catalogue knows it.
fn kind_at(request: &AddonRequest, path: &Path) -> ParamKind {
    let spot = request.addon.addon().map(|addon| path.spot(addon));
    spot.and_then(Result::ok)
        .map_or(ParamKind::Any, |it| it.kind)
}

/// The settings of an add-on as they are wished. What already means the same stays as it is written.
pub(super) fn wished(
    before: Option<&Value>,
    request: &AddonRequest,
    wish: &Wish,
    place: &TargetWords,
) -> Result<Value, Error> {
    let mut after = before
        .filter(|value| value.is_object() && !wish.replaces)
        .cloned()
        .unwrap_or_else(|| json!({}));
    if let Some(merged) = &wish.merged {
        patch::merge(&mut after, &Value::Object(merged.clone()));
    }
    for setting in &wish.settings {
        settle(&mut after, setting, request, place)?;
    }
    if let Some(before) = before {
        let params = request.addon.addon().map_or(&[][..], |addon| addon.params);
        keep_spelling(ParamKind::Object(params), before, &mut after);
    }
    Ok(after)
}

/// Takes the old spelling of each value that means the same in both.
fn keep_spelling(kind: ParamKind, before: &Value, after: &mut Value) {
    if kind.same(before, after) {
        before.clone_into(after);
    } else if let (Value::Object(before), Value::Object(after)) = (before, after) {
        for (key, after) in after {
            if let Some(before) = before.get(key) {
                keep_spelling(kind.below(key).unwrap_or(ParamKind::Any), before, after);
            }
        }
    }
}

/// Puts one setting in.
fn settle(
    after: &mut Value,
    setting: &Setting,
    request: &AddonRequest,
    place: &TargetWords,
) -> Result<(), Error> {
    let path = &setting.path;
    let name = request.addon.shown();
    let refused = || Error::refused(format!("`{name}` was not enabled {}", place.words));
    let Some(value) = &setting.value else {
        let is_gone = path.take(after);
        let stranger = request
            .addon
            .addon()
            .and_then(|addon| path.spot(addon).err());
        // A slip of the pen that takes nothing away would go unseen.
        return match stranger.filter(|_| !is_gone) {
            None => Ok(()),
            Some(stranger) => {
                let error = refused().because(format!("it has no setting `{}`", shown(path)));
                let explain = Invocation::mk8s("addon explain").word(name);
                let explain = explain.within("", " shows its settings");
                let near = stranger.near.map(|near| format!("did you mean `{near}`?"));
                Err(error.hint(near.map_or(explain, Into::into)))
            }
        };
    };
    path.put(after, value.clone()).map_err(|misfit| {
        let reason = match misfit {
            Misfit::Other(at) => format!("`{}` there holds a single value", shown(&at)),
            Misfit::Beyond(at, count) => format!(
                "`{}` there has {count} items: the next is [{count}]",
                shown(&at)
            ),
        };
        refused().because(format!("its `{}` cannot be set: {reason}", shown(path)))
    })
}

fn shown(path: &Path) -> String {
    printable(&path.to_string())
}

/// The changes that make the second object of the first; a list goes as a whole.
pub(super) fn differences(at: &[&str], before: &Value, after: &Value, changes: &mut Vec<Change>) {
    let (Value::Object(old), Value::Object(new)) = (before, after) else {
        if before != after {
            changes.push(Change::set(at, after.clone()));
        }
        return;
    };
    let below = |key| [at, &[key]].concat();
    for (key, value) in old {
        match new.get(key) {
            None => changes.push(Change::remove(&below(key))),
            Some(wanted) => differences(&below(key), value, wanted, changes),
        }
    }
    for (key, value) in new {
        if !old.contains_key(key) {
            changes.push(Change::set(&below(key), value.clone()));
        }
    }
}

/// The command with the settings that were given one by one, as they can be given again.
pub(super) fn given(
    request: &AddonRequest,
    settings: &[Setting],
    command: Invocation,
) -> Invocation {
    let Some(addon) = request.addon.addon() else {
        return command;
    };
    let values = settings
        .iter()
        .filter_map(|setting| Some((setting.path.to_string(), setting.value.as_ref()?)));
    values.fold(command, |command, (path, value)| {
        match addon.place(&path).filter(|place| place.flag.is_some()) {
            Some(place) => place.set(command, value),
            None => command.flag("--set", format!("{path}={}", worded(value))),
        }
    })
}

/// A value as the command line takes it.
fn worded(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
