//! Decides what an edit has to do to a document.
//!
//! Looks only; the texts are made by `block` and `flow`, and what must not be done is in `check`.

use super::aside;
use super::check::{self, EditRefusal};
use super::tree::{Id, NodeKind, Tree};
use super::value::{is_merge, key_text, own_entry};
use super::view::{Entry, View};
use crate::change::{self, Change};
use crate::number;
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::collections::HashSet;

/// One primitive edit.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum PrimitiveEdit {
    /// New entries of a map that has entries.
    Insert { map: Id, new: Map<String, Value> },
    /// An entry, and whether it is the only one: then `{}` stays behind `owner`'s key.
    Remove { owner: Entry, entry: Entry },
    /// Another value for an entry of `map`.
    Replace { map: Id, entry: Entry, value: Value },
}

/// What has to be done so that `spec.addOns` becomes the desired object. The first can be done at
/// once, the others after another look.
pub(super) fn plan(
    view: View<'_>,
    desired: &Map<String, Value>,
) -> Result<Vec<PrimitiveEdit>, EditRefusal> {
    let Some((key, spec)) = own_entry(view.tree, view.root, "spec", view.text) else {
        return Err(check::no_spec(view));
    };
    let owner = Entry { key, value: spec };
    let mut ops = Vec::new();
    if view.tree.kind(spec) == NodeKind::Alias {
        // It is edited where it is written.
        return Ok(ops);
    }
    match own_entry(view.tree, spec, "addOns", view.text) {
        None => {
            let desired = Value::Object(desired.clone());
            let new = Map::from_iter([("addOns".to_owned(), desired)]);
            view.check_insert(spec)?;
            if view.tree.entries(spec).next().is_some() {
                view.check_tag(spec, "spec")?;
            }
            ops.push(if view.tree.entries(spec).next().is_some() {
                PrimitiveEdit::Insert { map: spec, new }
            } else {
                PrimitiveEdit::Replace {
                    map: view.root,
                    entry: owner,
                    value: Value::Object(new),
                }
            });
        }
        Some((key, value)) => {
            let entry = Entry { key, value };
            if view.tree.kind(value) == NodeKind::Alias {
                view.diff_aside(value, desired, "spec.addOns", &mut ops)?;
                return Ok(ops);
            }
            if view.tree.kind(value).is_map() {
                view.diff(spec, entry, desired, "spec.addOns", &mut ops)?;
            } else {
                ops.push(PrimitiveEdit::Replace {
                    map: spec,
                    entry,
                    value: Value::Object(desired.clone()),
                });
            }
        }
    }
    Ok(ops)
}

/// The `addOns` object that the changes ask for; `None` if they change nothing.
pub(super) fn desired(current: Option<&Value>, changes: &[Change]) -> Option<Map<String, Value>> {
    let mut object = json!({"spec": {}});
    if let (Some(current), Some(spec)) = (current, object["spec"].as_object_mut()) {
        spec.insert("addOns".to_owned(), current.clone());
    }
    let before = object.clone();
    change::apply(&mut object, changes);
    if same(&object, &before) {
        return None;
    }
    match object["spec"]["addOns"].take() {
        Value::Object(map) => Some(map),
        _ => None,
    }
}

/// Equality of values with numbers as numbers: 1.0 is 1.
pub(super) fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => number::same(a, b),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

impl PrimitiveEdit {
    /// The map that it changes.
    pub(super) fn map(&self) -> Id {
        match self {
            Self::Insert { map, .. } | Self::Replace { map, .. } => *map,
            Self::Remove { owner, .. } => owner.value,
        }
    }

    /// Whether an alias that stays for now repeats what goes by it.
    pub(super) fn cuts_off(&self, tree: &Tree) -> bool {
        let (gone, keeps_anchor) = match self {
            Self::Insert { .. } => return false,
            Self::Remove { entry, .. } => (entry.value, false),
            Self::Replace { entry, .. } => (entry.value, true),
        };
        tree.aliases().iter().any(|&alias| {
            let target = tree.target(alias);
            let goes =
                |target: Id| tree.contains(gone, target) && !(keeps_anchor && target == gone);
            target.is_some_and(goes) && !tree.contains(gone, alias)
        })
    }
}

impl View<'_> {
    /// Checks an entry that goes or gets another value.
    fn touch_whole(self, entry: Entry, name: &str) -> Result<(), EditRefusal> {
        if self.tree.kind(entry.value) == NodeKind::Alias {
            return self.touch_key(entry, name);
        }
        self.touch(entry, name)?;
        self.check_leaving(entry.value, name)
    }

    /// What has to be done to what an alias stands for, where that stands aside. Else it is edited where it
    /// is written, as part of the cluster that it is in.
    fn diff_aside(
        self,
        alias: Id,
        desired: &Map<String, Value>,
        path: &str,
        ops: &mut Vec<PrimitiveEdit>,
    ) -> Result<(), EditRefusal> {
        match aside::home(self.tree, self.text, alias) {
            Some((map, entry)) if self.shares && self.tree.kind(entry.value).is_map() => {
                self.whole().diff(map, entry, desired, path, ops)
            }
            _ => Ok(()),
        }
    }

    fn diff(
        self,
        map: Id,
        owner: Entry,
        desired: &Map<String, Value>,
        path: &str,
        ops: &mut Vec<PrimitiveEdit>,
    ) -> Result<(), EditRefusal> {
        let below = owner.value;
        let entries = self.entries(below);
        if entries.is_empty() && desired.is_empty() {
            return Ok(());
        }
        if entries.is_empty() {
            ops.push(PrimitiveEdit::Replace {
                map,
                entry: owner,
                value: Value::Object(desired.clone()),
            });
            return Ok(());
        }
        self.check_tag(below, path)?;
        for &entry in &entries {
            if is_merge(self.tree, entry.key, self.text) {
                continue;
            }
            let key = key_text(self.tree, entry.key, self.text);
            let name = format!("{path}.{key}");
            let Some(wanted) = desired.get(&*key) else {
                if let Some(merge) = self.merged(below, &key) {
                    return Err(self.merge_refusal(merge, &name));
                }
                self.touch_whole(entry, &name)?;
                ops.push(PrimitiveEdit::Remove { owner, entry });
                continue;
            };
            if same(&self.value(entry.value), wanted) {
                continue;
            }
            if self.shares && self.tree.kind(entry.value) == NodeKind::Alias {
                if let Value::Object(wanted) = wanted {
                    self.diff_aside(entry.value, wanted, &name, ops)?;
                }
                continue;
            }
            // Another object in place of an alias would be a change of what it stands for.
            if wanted.is_object() {
                self.touch(entry, &name)?;
            } else {
                self.touch_whole(entry, &name)?;
            }
            match wanted {
                Value::Object(wanted) if self.tree.kind(entry.value).is_map() => {
                    self.diff(below, entry, wanted, &name, ops)?;
                }
                _ => {
                    self.check_leaving(entry.value, &name)?;
                    ops.push(PrimitiveEdit::Replace {
                        map: below,
                        entry,
                        value: wanted.clone(),
                    });
                }
            }
        }
        let written: HashSet<Cow<'_, str>> = entries
            .iter()
            .filter(|entry| !is_merge(self.tree, entry.key, self.text))
            .map(|entry| key_text(self.tree, entry.key, self.text))
            .collect();
        let mut new = Map::new();
        for (key, wanted) in desired {
            if written.contains(key.as_str()) {
                continue;
            }
            if let Some(merge) = self.merged(below, key) {
                if same(&self.value(merge.value), wanted) {
                    continue;
                }
                return Err(self.merge_refusal(merge, &format!("{path}.{key}")));
            }
            new.insert(key.clone(), wanted.clone());
        }
        if !new.is_empty() {
            self.check_insert(below)?;
            ops.push(PrimitiveEdit::Insert { map: below, new });
        }
        Ok(())
    }
}
