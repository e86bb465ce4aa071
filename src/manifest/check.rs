//! What speaks against an edit, in words that name the place and a way out.
//!
//! Refuses what would change more than was asked for (aliases, anchors, merge keys), what parsers
//! disagree on (duplicate keys, tabs), and values of a form that the platform does not read.

use super::scan;
use super::shape;
use super::tree::{Id, NodeKind};
use super::value::{self, is_merge, is_null, key_text, merge_sources, own_entry};
use super::view::{Entry, View};
use crate::change::Change;
use crate::shell;
use crate::text::{Foreign, printable};
use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

/// Why a document must not be edited: where, and in what words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct EditRefusal {
    /// In the text of the view.
    pub(super) at: Range<usize>,
    pub(super) label: String,
    /// A second place that explains the first.
    pub(super) also: Option<(Range<usize>, String)>,
    pub(super) because: String,
    pub(super) hint: Option<String>,
    /// Whether an alias is all that speaks against it.
    pub(super) is_shared: bool,
}

impl EditRefusal {
    fn new(at: Range<usize>, label: impl Into<String>, because: impl Into<String>) -> Self {
        Self {
            at,
            label: label.into(),
            also: None,
            because: because.into(),
            hint: None,
            is_shared: false,
        }
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    fn by_an_alias(mut self) -> Self {
        self.is_shared = true;
        self
    }
}

/// Checks everything on the way to the values that are to change.
pub(super) fn check(view: View<'_>, changes: &[Change]) -> Result<(), EditRefusal> {
    if view.tree.kind(view.root) == NodeKind::Alias {
        return Err(view.alias_refusal(view.root, "the whole cluster"));
    }
    changes
        .iter()
        .try_for_each(|change| check_path(view, change))
}

/// The keys of a mapping: nearly all have so few that to compare them takes less than to hash them.
#[derive(Default)]
struct SeenKeys<'t> {
    few: Vec<(Cow<'t, str>, Id)>,
    many: HashMap<Cow<'t, str>, Id>,
}

impl<'t> SeenKeys<'t> {
    const FEW: usize = 12;

    /// Adds a key; gives the one of the same name.
    fn insert(&mut self, name: Cow<'t, str>, key: Id) -> Option<Id> {
        if let Some((_, first)) = self.few.iter().find(|(it, _)| *it == name) {
            return Some(*first);
        }
        if self.few.len() < Self::FEW {
            self.few.push((name, key));
            return None;
        }
        self.many.insert(name, key)
    }
}

/// Refuses duplicate keys in the document and in what surrounds it.
pub(super) fn check_duplicates(view: View<'_>) -> Result<(), EditRefusal> {
    let around = view.tree.path(0, view.root).into_iter();
    let within = view.root + 1..view.tree.next(view.root);
    for map in around
        .chain(within)
        .filter(|&id| view.tree.kind(id).is_map())
    {
        let mut seen = SeenKeys::default();
        for (key, _) in view.tree.entries(map) {
            let name = if is_merge(view.tree, key, view.text) {
                "<<".into()
            } else {
                key_text(view.tree, key, view.text)
            };
            let Some(first) = seen.insert(name.clone(), key) else {
                continue;
            };
            let (first, again) = (view.tree.range(first), view.tree.range(key));
            let name = printable(&name);
            let lines = (view.line(first.start), view.line(again.start));
            let places = match lines {
                (first, again) if first == again => format!("twice in line {first}"),
                (first, again) => format!("in lines {first} and {again}"),
            };
            let mut refusal = EditRefusal::new(
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

/// Refuses a change of a file that SOPS has encrypted; `label` is how it is called.
pub(super) fn encrypted(view: View<'_>, label: &str) -> Result<(), EditRefusal> {
    let Some(at) = shape::sops(view.text, view.tree, view.root) else {
        return Ok(());
    };
    Err(EditRefusal::new(
        at,
        "SOPS has encrypted this document",
        "its `mac` is over all values, and after any other change nobody could decrypt it",
    )
    .hint(format!("sops edit {}", shell::quote(label))))
}

/// For what turns out only when it is tried: points at `addOns`, else at `spec`.
pub(super) fn not_possible(view: View<'_>, reason: String) -> EditRefusal {
    let own = |map, key| own_entry(view.tree, map, key, view.text);
    let spec = own(view.root, "spec");
    let add_ons = spec.and_then(|(_, spec)| own(spec, "addOns"));
    let key = add_ons.or(spec).map_or(view.root, |(key, _)| key);
    let range = view.tree.range(key);
    let end = scan::line_end(view.text, range.start);
    let range = range.start..range.end.min(end);
    EditRefusal::new(range, "the add-ons cannot be changed here", reason)
}

/// For what the proof finds at a place.
pub(super) fn in_doubt(view: View<'_>, at: usize, reason: String) -> EditRefusal {
    let end = scan::line_end(view.text, at);
    EditRefusal::new(at..end, "this stands in the way", reason)
}

pub(super) fn no_spec(view: View<'_>) -> EditRefusal {
    let start = view.tree.range(view.root).start;
    let end = scan::line_end(view.text, start);
    EditRefusal::new(
        start..end,
        "this cluster has no `spec`",
        "add-ons belong below `spec`, and there is none",
    )
}

/// Refuses add-ons whose value is neither a mapping nor empty.
pub(super) fn check_forms<'a>(
    view: View<'_>,
    keys: impl IntoIterator<Item = &'a str>,
) -> Result<(), EditRefusal> {
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
fn check_path(view: View<'_>, change: &Change) -> Result<(), EditRefusal> {
    let parts: Vec<&str> = ["spec", "addOns"]
        .into_iter()
        .chain(change.path.iter().map(String::as_str))
        .collect();
    view.check_shared(view.root, "the cluster")?;
    let mut map = view.root;
    for (depth, part) in parts.iter().enumerate() {
        let name = parts[..=depth].join(".");
        view.check_keys(map)?;
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
        let kind = view.tree.kind(value);
        if last && kind == NodeKind::Alias {
            // It goes, or another value takes its place: nothing else is changed by that.
            let target = view.tree.resolve(value);
            let is_there = view.tree.kind(target).is_map() || depth > 2;
            return if is_there || is_null(view.tree, target, view.text) {
                view.touch_key(Entry { key, value }, &name)
            } else {
                Err(view.not_a_mapping(value, &name, depth))
            };
        }
        view.touch(Entry { key, value }, &name)?;
        if kind == NodeKind::Alias {
            // What it stands for is edited where it is written.
            return Ok(());
        }
        if last {
            view.check_leaving(value, &name)?;
        }
        let null = is_null(view.tree, value, view.text);
        // The add-on itself, what holds it, and what holds a setting must be mappings.
        if !(kind.is_map() || null && depth > 0 || last && depth > 2) {
            return Err(view.not_a_mapping(value, &name, depth));
        }
        if null {
            if let Some(tag) = view.tree.tag(value) {
                return Err(EditRefusal::new(
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

impl View<'_> {
    /// Checks an entry whose value, or something in it, is to change.
    pub(super) fn touch(self, entry: Entry, name: &str) -> Result<(), EditRefusal> {
        let value = entry.value;
        self.touch_key(entry, name)?;
        if self.tree.kind(value) == NodeKind::Alias && !self.shares {
            return Err(self.alias_refusal(value, name));
        }
        self.check_shared(value, name)
    }

    /// Checks an entry that goes, or whose value is an alias in whose place another value comes.
    pub(super) fn touch_key(self, entry: Entry, name: &str) -> Result<(), EditRefusal> {
        if self.is_explicit(entry) {
            return Err(self.explicit_refusal(entry, name));
        }
        self.check_indent(entry.key)
    }

    /// Refuses a mapping whose entries are to change and whose tag says more than that it is one:
    /// what such a tag means for other entries is not known. Tags of applications are let pass above
    /// the add-ons themselves, where people put them on whole documents.
    pub(super) fn check_tag(self, map: Id, name: &str) -> Result<(), EditRefusal> {
        let Some(tag) = self.tree.tag(map) else {
            return Ok(());
        };
        let outer = matches!(name, "spec" | "spec.addOns") && !value::is_core_tag(&tag.name);
        if outer || value::describes(&tag.name, &serde_json::json!({})) {
            return Ok(());
        }
        let written = Foreign(self.slice(tag.range.clone()));
        Err(EditRefusal::new(
            tag.range.clone(),
            format!("{name} has the tag `{written}`"),
            "what the tag means for another content is not known",
        )
        .hint("remove the tag"))
    }

    /// Refuses a mapping or a list in place of a key.
    fn check_keys(self, map: Id) -> Result<(), EditRefusal> {
        let mut keys = self.tree.entries(map).map(|(key, _)| key);
        let Some(key) = keys.find(|&key| !self.tree.kind(self.tree.resolve(key)).is_scalar())
        else {
            return Ok(());
        };
        let range = self.tree.range(key);
        let end = scan::line_end(self.text, range.start);
        Err(EditRefusal::new(
            range.start..range.end.min(end),
            "this key is no text",
            "parsers disagree on what a mapping or a list means as a key",
        )
        .hint("is a comma or a colon too many before it?"))
    }

    /// Refuses a tab before a key in block context.
    fn check_indent(self, key: Id) -> Result<(), EditRefusal> {
        let start = self.tree.outer_start(key);
        let prefix = scan::prefix(self.text, start);
        let Some(tab) = prefix.find('\t') else {
            return Ok(());
        };
        let map = self.chain(key).last().copied();
        if map.map(|map| self.tree.kind(map)) != Some(NodeKind::BlockMap) {
            return Ok(());
        }
        let at = start - prefix.len() + tab;
        Err(EditRefusal::new(
            at..at + 1,
            "this tab is indentation",
            "tabs are not indentation in YAML, and parsers disagree on what they mean",
        )
        .hint("indent with spaces"))
    }

    /// Refuses new entries where no key shows how they are to be indented.
    pub(super) fn check_insert(self, map: Id) -> Result<(), EditRefusal> {
        if self.tree.kind(map) != NodeKind::BlockMap {
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

    fn explicit_refusal(self, entry: Entry, name: &str) -> EditRefusal {
        EditRefusal::new(
            self.tree.range(entry.key),
            format!("{name} is written as an explicit key (`? …`)"),
            "a key in this form is not edited",
        )
        .hint("write it as `key: value`")
    }

    fn alias_refusal(self, id: Id, name: &str) -> EditRefusal {
        let alias = self.tree.range(id);
        let anchor = Foreign(self.slice(alias.start + 1..alias.end));
        let line = self
            .tree
            .target(id)
            .and_then(|target| self.tree.anchor(target))
            .map(|range| self.line(range.start))
            .map_or(String::new(), |line| format!(" (line {line})"));
        EditRefusal::new(
            alias,
            format!("{name} is an alias of `{anchor}`{line}"),
            "a change here would also change everything else that uses it",
        )
        .hint(format!("write out {name} instead of the alias"))
        .by_an_alias()
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
    fn check_shared(self, id: Id, name: &str) -> Result<(), EditRefusal> {
        if self.shares {
            return Ok(());
        }
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
    pub(super) fn check_leaving(self, id: Id, name: &str) -> Result<(), EditRefusal> {
        if self.shares {
            return Ok(());
        }
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

    pub(super) fn shared(self, alias: Id, anchor: Range<usize>, name: &str) -> EditRefusal {
        let written = Foreign(self.slice(anchor.start + 1..anchor.end));
        let line = self.line(self.tree.range(alias).start);
        EditRefusal::new(
            anchor,
            format!("the anchor `{written}` in {name} is used in line {line}"),
            format!("a change here would also change line {line}, or break it"),
        )
        .hint(format!(
            "write the value out in line {line} instead of the alias"
        ))
        .by_an_alias()
    }

    fn not_a_mapping(self, value: Id, name: &str, depth: usize) -> EditRefusal {
        let range = self.tree.range(value);
        let end = scan::line_end(self.text, range.start);
        let range = range.start..range.end.min(end);
        let what = match self.tree.kind(value) {
            kind if kind.is_seq() => "a list".to_owned(),
            _ if is_null(self.tree, value, self.text) => "empty".to_owned(),
            kind if kind.is_block_scalar() => "a text".to_owned(),
            _ => format!("`{}`", Foreign(self.tree.text(value, self.text))),
        };
        let refusal = EditRefusal::new(
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
    pub(super) fn merged(self, map: Id, key: &str) -> Option<Merge> {
        for (merge, entry) in self.tree.entries(map) {
            if !is_merge(self.tree, merge, self.text) {
                continue;
            }
            for source in merge_sources(self.tree, entry) {
                let map = self.tree.resolve(source);
                if let Some(value) = value::entry(self.tree, map, key, self.text) {
                    return Some(Merge {
                        key: merge,
                        entry,
                        source,
                        value,
                    });
                }
            }
        }
        None
    }

    pub(super) fn merge_refusal(self, merge: Merge, name: &str) -> EditRefusal {
        let from = self
            .tree
            .target(merge.source)
            .and_then(|target| self.tree.anchor(target))
            .map_or(String::new(), |anchor| {
                let written = Foreign(self.slice(anchor.start + 1..anchor.end));
                format!(" of `{written}` (line {})", self.line(anchor.start))
            });
        let start = self.tree.range(merge.key).start;
        let end = self.tree.range(merge.entry).end;
        let end = end.min(scan::line_end(self.text, start));
        EditRefusal::new(
            start..end.max(start + 2),
            format!("{name} comes from this merge key{from}"),
            "what a merge key brings in cannot be changed in this place",
        )
        .hint(format!("write {name} out where it is used"))
    }
}

/// A merge key and the map that it takes a value from.
#[derive(Clone, Copy)]
pub(super) struct Merge {
    key: Id,
    entry: Id,
    source: Id,
    /// The value.
    pub(super) value: Id,
}
