//! Decides what an edit has to do to a document, or why it must not be done.
//!
//! Looks only; the texts are made by `block` and `flow`.

use super::scan::{self, Lines};
use super::tree::{Id, Kind, Tree};
use super::value::{self, is_merge, is_null, key_text, merge_sources, own_entry};
use crate::change::{self, Change};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::ops::Range;

/// A document in its parsed text.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) text: &'a str,
    pub(super) tree: &'a Tree,
    pub(super) root: Id,
    /// The lines of the whole file, and where in it the text begins.
    pub(super) lines: &'a Lines,
    pub(super) base: usize,
}

/// One primitive edit.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Op {
    /// New entries of a map that has entries.
    Insert { map: Id, new: Map<String, Value> },
    /// An entry, and whether it is the only one: then `{}` stays behind `owner`'s key.
    Remove { owner: Entry, entry: Entry },
    /// Another value for an entry of `map`.
    Replace { map: Id, entry: Entry, value: Value },
}

/// The key and value nodes of one entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) key: Id,
    pub(super) value: Id,
}

/// Why a document must not be edited: where, and in what words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    /// In the text of the view.
    pub(super) at: Range<usize>,
    pub(super) label: String,
    /// A second place that explains the first.
    pub(super) also: Option<(Range<usize>, String)>,
    pub(super) because: String,
    pub(super) hint: Option<String>,
}

impl Refusal {
    fn new(at: Range<usize>, label: impl Into<String>, because: impl Into<String>) -> Self {
        Self {
            at,
            label: label.into(),
            also: None,
            because: because.into(),
            hint: None,
        }
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// What has to be done so that `spec.addOns` becomes the desired object. The first can be done at
/// once, the others after another look.
pub(super) fn plan(view: View<'_>, desired: &Map<String, Value>) -> Result<Vec<Op>, Refusal> {
    let Some((key, spec)) = own_entry(view.tree, view.root, "spec", view.text) else {
        return Err(no_spec(view));
    };
    let owner = Entry { key, value: spec };
    let mut ops = Vec::new();
    match own_entry(view.tree, spec, "addOns", view.text) {
        None => {
            let desired = Value::Object(desired.clone());
            let new = Map::from_iter([("addOns".to_owned(), desired)]);
            view.check_insert(spec)?;
            ops.push(if view.tree.entries(spec).next().is_some() {
                Op::Insert { map: spec, new }
            } else {
                Op::Replace {
                    map: view.root,
                    entry: owner,
                    value: Value::Object(new),
                }
            });
        }
        Some((key, value)) => {
            let entry = Entry { key, value };
            if view.tree.kind(value).is_map() {
                view.diff(spec, entry, desired, "spec.addOns", &mut ops)?;
            } else {
                ops.push(Op::Replace {
                    map: spec,
                    entry,
                    value: Value::Object(desired.clone()),
                });
            }
        }
    }
    Ok(ops)
}

/// Checks everything on the way to the values that are to change.
pub(super) fn check(view: View<'_>, changes: &[Change]) -> Result<(), Refusal> {
    if view.tree.kind(view.root) == Kind::Alias {
        return Err(view.alias_refusal(view.root, "the whole cluster"));
    }
    changes
        .iter()
        .try_for_each(|change| check_path(view, change))
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
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
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

/// Refuses duplicate keys in the document and in what surrounds it.
pub(super) fn check_duplicates(view: View<'_>) -> Result<(), Refusal> {
    let around = view.tree.path(0, view.root).into_iter();
    let within = view.root + 1..view.tree.next(view.root);
    for map in around
        .chain(within)
        .filter(|&id| view.tree.kind(id).is_map())
    {
        let mut seen: HashMap<String, Id> = HashMap::new();
        for (key, _) in view.tree.entries(map) {
            let name = if is_merge(view.tree, key, view.text) {
                "<<".to_owned()
            } else {
                key_text(view.tree, key, view.text)
            };
            let Some(first) = seen.insert(name.clone(), key) else {
                continue;
            };
            let (first, again) = (view.tree.range(first), view.tree.range(key));
            let name = name.escape_debug().to_string();
            let lines = (view.line(first.start), view.line(again.start));
            let places = match lines {
                (first, again) if first == again => format!("twice in line {first}"),
                (first, again) => format!("in lines {first} and {again}"),
            };
            let mut refusal = Refusal::new(
                again.clone(),
                format!("`{name}` is written again"),
                format!("`{name}` stands {places}, and only one of them counts"),
            )
            .hint("delete the one that is not meant");
            refusal.also = Some((first, format!("`{name}` is first written here")));
            return Err(refusal);
        }
    }
    Ok(())
}

/// For what turns out only when it is tried: points at `addOns`, else at `spec`.
pub(super) fn not_possible(view: View<'_>, reason: String) -> Refusal {
    let own = |map, key| own_entry(view.tree, map, key, view.text);
    let spec = own(view.root, "spec");
    let add_ons = spec.and_then(|(_, spec)| own(spec, "addOns"));
    let key = add_ons.or(spec).map_or(view.root, |(key, _)| key);
    let range = view.tree.range(key);
    let end = scan::line_end(view.text, range.start);
    let range = range.start..range.end.min(end);
    Refusal::new(range, "the add-ons cannot be changed here", reason)
}

fn no_spec(view: View<'_>) -> Refusal {
    let start = view.tree.range(view.root).start;
    let end = scan::line_end(view.text, start);
    Refusal::new(
        start..end,
        "this cluster has no `spec`",
        "add-ons belong below `spec`, and there is none",
    )
}

/// Refuses add-ons whose value is neither a mapping nor empty.
pub(super) fn check_forms<'a>(
    view: View<'_>,
    keys: impl IntoIterator<Item = &'a str>,
) -> Result<(), Refusal> {
    let Some((_, spec)) = own_entry(view.tree, view.root, "spec", view.text) else {
        return Ok(());
    };
    let add_ons = own_entry(view.tree, spec, "addOns", view.text);
    let Some((_, add_ons)) = add_ons else {
        return Ok(());
    };
    for key in keys {
        let Some((_, value)) = own_entry(view.tree, add_ons, key, view.text) else {
            continue;
        };
        let target = view.tree.resolve(value);
        if !view.tree.kind(target).is_map() && !is_null(view.tree, target, view.text) {
            return Err(view.not_a_mapping(value, &format!("spec.addOns.{key}"), 2));
        }
    }
    Ok(())
}

/// Checks all nodes on the way to the value that a change is about.
fn check_path(view: View<'_>, change: &Change) -> Result<(), Refusal> {
    let parts: Vec<&str> = ["spec", "addOns"]
        .into_iter()
        .chain(change.path.iter().map(String::as_str))
        .collect();
    view.check_shared(view.root, "the cluster")?;
    let mut map = view.root;
    for (depth, part) in parts.iter().enumerate() {
        let name = parts[..=depth].join(".");
        let Some((key, value)) = own_entry(view.tree, map, part, view.text) else {
            if let Some(merge) = view.merged(map, part) {
                return Err(view.merge_refusal(merge, &name));
            }
            return if depth == 0 && change.value.is_some() {
                Err(no_spec(view))
            } else {
                Ok(())
            };
        };
        let last = depth + 1 == parts.len();
        view.touch(Entry { key, value }, &name)?;
        if last {
            view.check_leaving(value, &name)?;
        }
        let kind = view.tree.kind(value);
        let null = is_null(view.tree, value, view.text);
        // The add-on itself, what holds it, and what holds a setting must be mappings.
        if !(kind.is_map() || null && depth > 0 || last && depth > 2) {
            return Err(view.not_a_mapping(value, &name, depth));
        }
        if null {
            if let Some(tag) = view.tree.tag(value) {
                return Err(Refusal::new(
                    tag.range.clone(),
                    format!("{name} has a tag and no value"),
                    "parsers disagree on what that means",
                )
                .hint("remove the tag"));
            }
            return Ok(());
        }
        if !kind.is_map() {
            return Ok(());
        }
        map = value;
    }
    Ok(())
}

impl<'a> View<'a> {
    /// The number of the line in the file.
    pub(super) fn line(self, at: usize) -> usize {
        self.lines.number(self.base + at)
    }

    pub(super) fn slice(self, range: Range<usize>) -> &'a str {
        self.text.get(range).unwrap_or_default()
    }

    /// The entries of a map as pairs.
    pub(super) fn entries(self, map: Id) -> Vec<Entry> {
        let tree = self.tree;
        tree.entries(map)
            .map(|(key, value)| Entry { key, value })
            .collect()
    }

    /// The end of an entry's key and value.
    pub(super) fn entry_end(self, entry: Entry) -> usize {
        let mut end = self.tree.range(entry.value).end;
        end = end.max(self.tree.range(entry.key).end);
        if self.tree.is_missing(entry.value) {
            end = end.max(self.properties_end(entry));
        }
        end
    }

    /// Right behind an entry's colon and the value's anchor and tag.
    pub(super) fn properties_end(self, entry: Entry) -> usize {
        let mut end = self
            .colon(entry)
            .map_or_else(|| self.tree.range(entry.key).end, |colon| colon + 1);
        if let Some(anchor) = self.tree.anchor(entry.value) {
            end = end.max(anchor.end);
        }
        if let Some(tag) = self.tree.tag(entry.value) {
            end = end.max(tag.range.end);
        }
        end
    }

    /// Where the colon of an entry is.
    pub(super) fn colon(self, entry: Entry) -> Option<usize> {
        let from = self.tree.range(entry.key).end;
        let at = scan::skip(self.text, from, self.text.len());
        (self.text.as_bytes().get(at) == Some(&b':')).then_some(at)
    }

    /// The maps that hold the node, the document's root first, the node itself last if it is one.
    pub(super) fn chain(self, id: Id) -> Vec<Id> {
        let mut chain = self.tree.path(self.root, id);
        chain.retain(|&outer| self.tree.kind(outer).is_map());
        chain
    }

    /// The map whose entry the key begins.
    pub(super) fn holder(self, key: Id) -> Option<Id> {
        self.chain(key).into_iter().rfind(|&map| map != key)
    }

    fn diff(
        self,
        map: Id,
        owner: Entry,
        desired: &Map<String, Value>,
        path: &str,
        ops: &mut Vec<Op>,
    ) -> Result<(), Refusal> {
        let below = owner.value;
        let entries = self.entries(below);
        if entries.is_empty() && desired.is_empty() {
            return Ok(());
        }
        if entries.is_empty() {
            ops.push(Op::Replace {
                map,
                entry: owner,
                value: Value::Object(desired.clone()),
            });
            return Ok(());
        }
        for &entry in &entries {
            if is_merge(self.tree, entry.key, self.text) {
                continue;
            }
            let key = key_text(self.tree, entry.key, self.text);
            let name = format!("{path}.{key}");
            let Some(wanted) = desired.get(&key) else {
                if let Some(merge) = self.merged(below, &key) {
                    return Err(self.merge_refusal(merge, &name));
                }
                self.touch(entry, &name)?;
                self.check_leaving(entry.value, &name)?;
                ops.push(Op::Remove { owner, entry });
                continue;
            };
            if self
                .value(entry.value)
                .is_some_and(|value| same(&value, wanted))
            {
                continue;
            }
            self.touch(entry, &name)?;
            match wanted {
                Value::Object(wanted) if self.tree.kind(entry.value).is_map() => {
                    self.diff(below, entry, wanted, &name, ops)?;
                }
                _ => {
                    self.check_leaving(entry.value, &name)?;
                    ops.push(Op::Replace {
                        map: below,
                        entry,
                        value: wanted.clone(),
                    });
                }
            }
        }
        let mut new = Map::new();
        for (key, wanted) in desired {
            if own_entry(self.tree, below, key, self.text).is_some() {
                continue;
            }
            if let Some(merge) = self.merged(below, key) {
                let from = self.value(merge.source).unwrap_or_default();
                if from.get(key).is_some_and(|value| same(value, wanted)) {
                    continue;
                }
                return Err(self.merge_refusal(merge, &format!("{path}.{key}")));
            }
            new.insert(key.clone(), wanted.clone());
        }
        if !new.is_empty() {
            self.check_insert(below)?;
            ops.push(Op::Insert { map: below, new });
        }
        Ok(())
    }

    /// What a node means.
    pub(super) fn value(self, id: Id) -> Option<Value> {
        value::value(self.tree, id, self.text, &mut super::EXPANDED.clone())
    }

    /// Checks an entry whose value, or something in it, is to change.
    fn touch(self, entry: Entry, name: &str) -> Result<(), Refusal> {
        let Entry { key, value } = entry;
        if self.is_explicit(entry) {
            return Err(self.explicit_refusal(entry, name));
        }
        self.check_indent(key)?;
        if self.tree.kind(value) == Kind::Alias {
            return Err(self.alias_refusal(value, name));
        }
        self.check_shared(value, name)
    }

    /// Refuses a tab before a key in block context.
    fn check_indent(self, key: Id) -> Result<(), Refusal> {
        let start = self.tree.outer_start(key);
        let prefix = scan::prefix(self.text, start);
        let map = self.chain(key).last().copied();
        let (Some(tab), Some(Kind::BlockMap)) =
            (prefix.find('\t'), map.map(|map| self.tree.kind(map)))
        else {
            return Ok(());
        };
        let at = start - prefix.len() + tab;
        Err(Refusal::new(
            at..at + 1,
            "this tab is indentation",
            "tabs are not indentation in YAML, and parsers disagree on what they mean",
        )
        .hint("indent with spaces"))
    }

    /// Refuses new entries where no key shows how they are to be indented.
    fn check_insert(self, map: Id) -> Result<(), Refusal> {
        if self.tree.kind(map) != Kind::BlockMap {
            return Ok(());
        }
        let entries = self.entries(map);
        for entry in &entries {
            self.check_indent(entry.key)?;
        }
        match entries.first() {
            Some(&first) if entries.iter().all(|&entry| self.is_explicit(entry)) => {
                Err(self.explicit_refusal(first, "this key"))
            }
            _ => Ok(()),
        }
    }

    fn explicit_refusal(self, entry: Entry, name: &str) -> Refusal {
        Refusal::new(
            self.tree.range(entry.key),
            format!("{name} is written as an explicit key (`? …`)"),
            "a key in this form is not edited",
        )
        .hint("write it as `key: value`")
    }

    fn alias_refusal(self, id: Id, name: &str) -> Refusal {
        let alias = self.tree.range(id);
        let anchor = self.slice(alias.start + 1..alias.end).escape_debug();
        let line = self
            .tree
            .target(id)
            .and_then(|target| self.tree.anchor(target))
            .map(|range| self.line(range.start))
            .map_or(String::new(), |line| format!(" (line {line})"));
        Refusal::new(
            alias,
            format!("{name} is an alias of `{anchor}`{line}"),
            "a change here would also change everything else that uses it",
        )
        .hint(format!("write out {name} instead of the alias"))
    }

    /// Whether the key has a `?` before it.
    fn is_explicit(self, entry: Entry) -> bool {
        let Some(map) = self.holder(entry.key) else {
            return false;
        };
        let entries = self.entries(map);
        let before = entries.iter().take_while(|&&other| other != entry).last();
        let open = self.tree.range(map).start + usize::from(self.tree.kind(map).is_flow());
        let from = before.map_or(open, |&other| self.entry_end(other));
        let start = self.tree.outer_start(entry.key);
        let mut at = scan::skip(self.text, from.min(start), start);
        if self.text.as_bytes().get(at) == Some(&b',') {
            at = scan::skip(self.text, at + 1, start);
        }
        at < start && self.text.as_bytes().get(at) == Some(&b'?')
    }

    /// Refuses a node that an alias elsewhere repeats.
    fn check_shared(self, id: Id, name: &str) -> Result<(), Refusal> {
        let used = self
            .tree
            .aliases()
            .iter()
            .find(|&&alias| self.tree.target(alias) == Some(id));
        match (used, self.tree.anchor(id)) {
            (Some(&alias), Some(anchor)) => Err(self.shared(alias, anchor, name)),
            _ => Ok(()),
        }
    }

    /// Refuses when something outside of the node repeats something in it.
    fn check_leaving(self, id: Id, name: &str) -> Result<(), Refusal> {
        for &alias in self.tree.aliases() {
            let Some(target) = self.tree.target(alias) else {
                continue;
            };
            if self.tree.contains(id, target)
                && !self.tree.contains(id, alias)
                && let Some(anchor) = self.tree.anchor(target)
            {
                return Err(self.shared(alias, anchor, name));
            }
        }
        Ok(())
    }

    fn shared(self, alias: Id, anchor: Range<usize>, name: &str) -> Refusal {
        let written = self.slice(anchor.start + 1..anchor.end).escape_debug();
        let line = self.line(self.tree.range(alias).start);
        Refusal::new(
            anchor,
            format!("the anchor `{written}` in {name} is used in line {line}"),
            format!("a change here would also change line {line}, or break it"),
        )
        .hint(format!(
            "write the value out in line {line} instead of the alias"
        ))
    }

    fn not_a_mapping(self, value: Id, name: &str, depth: usize) -> Refusal {
        let range = self.tree.range(value);
        let end = scan::line_end(self.text, range.start);
        let range = range.start..range.end.min(end);
        let what = match self.tree.kind(value) {
            kind if kind.is_seq() => "a list".to_owned(),
            _ if is_null(self.tree, value, self.text) => "empty".to_owned(),
            kind if kind.is_block_scalar() => "a text".to_owned(),
            _ => format!("`{}`", self.tree.text(value, self.text).escape_debug()),
        };
        let refusal = Refusal::new(
            range,
            format!("{name} is {what}, not a mapping"),
            if depth == 2 {
                "an add-on is on when its key holds a mapping, and off when the key is absent"
            } else {
                "only a mapping can hold what is to be changed"
            },
        );
        if depth == 2 {
            refusal.hint("write `{}` to keep the add-on on, or remove the key")
        } else {
            refusal
        }
    }

    /// The merge key of a map that provides the key.
    fn merged(self, map: Id, key: &str) -> Option<Merge> {
        for (merge, entry) in self.tree.entries(map) {
            if !is_merge(self.tree, merge, self.text) {
                continue;
            }
            for source in merge_sources(self.tree, entry) {
                let has = self
                    .value(source)
                    .is_some_and(|value| value.get(key).is_some());
                if has {
                    return Some(Merge {
                        key: merge,
                        entry,
                        source,
                    });
                }
            }
        }
        None
    }

    fn merge_refusal(self, merge: Merge, name: &str) -> Refusal {
        let from = self
            .tree
            .target(merge.source)
            .and_then(|target| self.tree.anchor(target))
            .map_or(String::new(), |anchor| {
                let written = self.slice(anchor.start + 1..anchor.end).escape_debug();
                format!(" of `{written}` (line {})", self.line(anchor.start))
            });
        let start = self.tree.range(merge.key).start;
        let end = self.tree.range(merge.entry).end;
        let end = end.min(scan::line_end(self.text, start));
        Refusal::new(
            start..end.max(start + 2),
            format!("{name} comes from this merge key{from}"),
            "what a merge key brings in cannot be changed in this place",
        )
        .hint(format!("write {name} out where it is used"))
    }
}

#[derive(Clone, Copy)]
struct Merge {
    key: Id,
    entry: Id,
    source: Id,
}
