//! Proves an edit: the text is read again, by two readers, and compared node by node with what was
//! there.
//!
//! Exactly the add-ons that were to change may differ. What is not touched is compared as it is
//! written (quoting, anchors, tags, aliases) and as libyaml reads it (`second`), so it does not
//! matter what parsers make of it. What is new has no tag that says something else.

use super::plan::same;
use super::second::{Gap, Second};
use super::thin;
use super::tree::{Id, Kind, Tree};
use super::value::{describes, is_core_tag, is_merge, key_text, own_entry, value};
use crate::text::Foreign;
use serde_json::{Map, Value, json};

/// A text with its tree.
#[derive(Clone, Copy)]
pub(super) struct Side<'a> {
    pub(super) text: &'a str,
    pub(super) tree: &'a Tree,
}

/// A cluster that was to change: its root before, and what its add-ons should be.
pub(super) struct Target {
    pub(super) root: Id,
    pub(super) desired: Map<String, Value>,
}

/// Why an edit is not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Doubt {
    pub(super) because: String,
    /// Where in the text before, if it is known.
    pub(super) at: Option<usize>,
    /// A way out.
    pub(super) hint: &'static str,
}

impl<T: Into<String>> From<T> for Doubt {
    fn from(because: T) -> Self {
        Self {
            because: because.into(),
            at: None,
            hint: "make the change by hand",
        }
    }
}

/// The first character that some readers take for the end of a line and others, `cpln` among them,
/// for text.
pub(super) fn odd_break(text: &str) -> Option<usize> {
    if text.is_ascii() {
        return None;
    }
    text.find(['\u{85}', '\u{2028}', '\u{2029}'])
}

/// Compares two whole texts; an error names the first difference that was not asked for. The
/// targets are in the order of their roots.
pub(super) fn prove(before: Side<'_>, after: Side<'_>, targets: &[Target]) -> Result<(), Doubt> {
    let proof = Proof {
        before,
        after,
        targets,
        seconds: seconds(before, after, targets)?,
    };
    match (before.tree.root(), after.tree.root()) {
        (Some(a), Some(b)) => proof.node(a, b)?,
        (None, None) => {}
        _ => return Err("the document is gone".into()),
    }
    let is_json = |text| serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
    if is_json(before.text) && !is_json(after.text) {
        return Err("the result is not JSON any more".into());
    }
    Ok(())
}

/// The second readings of both texts; `None` where it cannot read the first: then no such reader
/// has anything to lose.
fn seconds(
    before: Side<'_>,
    after: Side<'_>,
    targets: &[Target],
) -> Result<Option<(Second, Second)>, Doubt> {
    let (left, right) = match targets {
        [target] if before.tree.root() == Some(target.root) => thin::cuts(before, after),
        _ => Default::default(),
    };
    let first = Second::read(before.text, before.tree, &left);
    let first = match first.map_err(|gap| (gap, odd_break(before.text))) {
        Ok(first) => first,
        Err((Gap::Unreadable, None)) => return Ok(None),
        Err((_, Some(at))) => {
            let c = before.text[at..].chars().next().map_or(0, u32::from);
            return Err(Doubt {
                because: format!(
                    "U+{c:04X} in this line is the end of a line for other readers, which see \
                     another document"
                ),
                at: Some(at),
                hint: "remove the character",
            });
        }
        Err((Gap::Other(id), None)) => {
            return Err(Doubt {
                at: Some(before.tree.range(id).start),
                ..Doubt::from("other readers see something else here")
            });
        }
    };
    match Second::read(after.text, after.tree, &right) {
        Ok(second) => Ok(Some((first, second))),
        Err(_) => Err("other readers would not see what was asked for".into()),
    }
}

struct Proof<'a> {
    before: Side<'a>,
    after: Side<'a>,
    targets: &'a [Target],
    seconds: Option<(Second, Second)>,
}

impl Proof<'_> {
    /// Two nodes that have to be the same but for the targets below them.
    fn node(&self, a: Id, b: Id) -> Result<(), Doubt> {
        if let Ok(found) = self.targets.binary_search_by_key(&a, |target| target.root) {
            return self.cluster(a, b, &self.targets[found].desired);
        }
        self.head(a, b)?;
        let (old, new) = (self.before.tree, self.after.tree);
        match old.kind(a) {
            kind if kind.is_map() => {
                let (mut left, mut right) = (old.entries(a), new.entries(b));
                loop {
                    match (left.next(), right.next()) {
                        (None, None) => return Ok(()),
                        (Some(x), Some(y)) => {
                            self.node(x.0, y.0)?;
                            self.node(x.1, y.1)?;
                        }
                        _ => return Err(self.lost(a)),
                    }
                }
            }
            kind if kind.is_seq() => {
                let (mut left, mut right) = (old.elements(a), new.elements(b));
                loop {
                    match (left.next(), right.next()) {
                        (None, None) => return Ok(()),
                        (Some(x), Some(y)) => self.node(x, y)?,
                        _ => return Err(self.lost(a)),
                    }
                }
            }
            _ => Ok(()),
        }
    }

    /// The nodes themselves, without what is below them.
    fn head(&self, a: Id, b: Id) -> Result<(), Doubt> {
        let (old, new) = (self.before, self.after);
        let alike = old.tree.kind(a) == new.tree.kind(b) && self.properties(a, b);
        let alike = alike
            && match old.tree.kind(a) {
                Kind::Alias => old.text[old.tree.range(a)] == new.text[new.tree.range(b)],
                kind if kind.is_scalar() => {
                    old.tree.text(a, old.text) == new.tree.text(b, new.text)
                        && old.tree.is_missing(a) == new.tree.is_missing(b)
                        && self
                            .seconds
                            .as_ref()
                            .is_none_or(|(first, second)| first.text(a) == second.text(b))
                }
                _ => true,
            };
        if alike { Ok(()) } else { Err(self.lost(a)) }
    }

    /// Anchor and tag.
    fn properties(&self, a: Id, b: Id) -> bool {
        let (old, new) = (self.before, self.after);
        self.anchors(a, b)
            && old.tree.tag(a).map(|tag| &tag.name) == new.tree.tag(b).map(|tag| &tag.name)
    }

    fn anchors(&self, a: Id, b: Id) -> bool {
        let (old, new) = (self.before, self.after);
        let anchor = |side: Side<'_>, id| side.tree.anchor(id).map(|at| side.text[at].to_owned());
        anchor(old, a) == anchor(new, b)
    }

    fn lost(&self, a: Id) -> Doubt {
        let Side { text, tree } = self.before;
        let range = tree.range(a);
        if tree.kind(a).is_block_scalar()
            && range.end == text.len()
            && !text.ends_with(['\n', '\r'])
        {
            return Doubt {
                because: "this text ends with the file, in a line that has no end, and readers \
                          disagree on what its last line is"
                    .to_owned(),
                at: Some(range.start),
                hint: "end the file with a line break",
            };
        }
        let shown: String = text[range.clone()].chars().take(40).collect();
        Doubt {
            at: Some(range.start),
            ..Doubt::from(format!("`{}` would not stay as it is", Foreign(&shown)))
        }
    }

    fn cluster(&self, a: Id, b: Id, desired: &Map<String, Value>) -> Result<(), Doubt> {
        self.head(a, b)?;
        let spec = own_entry(self.before.tree, a, "spec", self.before.text);
        let (mut left, mut right) = (self.before.tree.entries(a), self.after.tree.entries(b));
        loop {
            match (left.next(), right.next()) {
                (None, None) => return Ok(()),
                (Some(x), Some(y)) => {
                    self.node(x.0, y.0)?;
                    if Some(x) == spec {
                        self.spec(x.1, y.1, desired)?;
                    } else {
                        self.node(x.1, y.1)?;
                    }
                }
                _ => return Err(self.lost(a)),
            }
        }
    }

    fn spec(&self, a: Id, b: Id, desired: &Map<String, Value>) -> Result<(), Doubt> {
        let (old, new) = (self.before, self.after);
        let add_ons = |side: Side<'_>, map| own_entry(side.tree, map, "addOns", side.text);
        let stays = old.tree.kind(a).is_map() && self.properties(a, b);
        let asked = Value::Object(desired.clone());
        if !new.tree.kind(b).is_map() || !(stays || self.replaced(a, b, &asked)) {
            return Err(self.lost(a));
        }
        let Some((key, after)) = add_ons(new, b) else {
            return Err("`addOns` would be missing".into());
        };
        // Every other entry stays, in its order.
        let before = add_ons(old, a);
        let mut right = new.tree.entries(b).filter(|&(_, value)| value != after);
        for (key, value) in old.tree.entries(a) {
            if Some((key, value)) == before {
                continue;
            }
            let Some((new_key, new_value)) = right.next() else {
                return Err(self.lost(key));
            };
            self.node(key, new_key)?;
            self.node(value, new_value)?;
        }
        if right.next().is_some() {
            return Err("`spec` would hold more than `addOns` more".into());
        }
        if !same(&value(new.tree, after, new.text), &asked) {
            return Err("`spec.addOns` would not be what was asked for".into());
        }
        match before {
            Some((old_key, before)) => {
                self.head(old_key, key)?;
                self.changed(before, after, &asked, true)
            }
            None if self.is_fresh(key) && self.is_fresh(after) => Ok(()),
            None => Err("`addOns` would be more than what was asked for".into()),
        }
    }

    /// A value that may have changed, the add-ons themselves (`is_outer`) or one in them. In a
    /// mapping, what was not to change is written as before, in its order.
    fn changed(&self, a: Id, b: Id, desired: &Value, is_outer: bool) -> Result<(), Doubt> {
        let (old, new) = (self.before, self.after);
        let (Value::Object(desired), true, true) = (
            desired,
            old.tree.kind(a).is_map(),
            new.tree.kind(b).is_map(),
        ) else {
            let done = self.replaced(a, b, desired);
            return if done { Ok(()) } else { Err(self.lost(a)) };
        };
        let keeps_none = old.tree.entries(a).all(|(key, _)| {
            !is_merge(old.tree, key, old.text)
                && !desired.contains_key(&*key_text(old.tree, key, old.text))
        });
        // A tag of an application may stand on the add-ons as on the whole document.
        let tag = new.tree.tag(b).is_none_or(|tag| {
            describes(&tag.name, &json!({})) || is_outer && !is_core_tag(&tag.name)
        });
        let form = keeps_none || old.tree.kind(a) == new.tree.kind(b);
        let stays = form && tag && self.properties(a, b);
        if !(stays || keeps_none && self.replaced(a, b, &json!({}))) {
            return Err(self.lost(a));
        }
        let mut right = new.tree.entries(b);
        let mut fresh = |upto: Option<&str>| {
            // The entries up to the one with this key are new.
            for (key, value) in right.by_ref() {
                if upto.is_some_and(|upto| key_text(new.tree, key, new.text) == upto) {
                    return Some((key, value));
                }
                if !(self.is_fresh(key) && self.is_fresh(value)) {
                    break;
                }
            }
            None
        };
        for (key, entry) in old.tree.entries(a) {
            let name = key_text(old.tree, key, old.text);
            let merges = is_merge(old.tree, key, old.text);
            let wanted = desired.get(&*name);
            if !merges && wanted.is_none() {
                continue;
            }
            let Some((new_key, new_entry)) = fresh(Some(&name)) else {
                return Err(self.lost(key));
            };
            self.head(key, new_key)?;
            match wanted.filter(|_| !merges) {
                Some(wanted) if !same(&value(old.tree, entry, old.text), wanted) => {
                    self.changed(entry, new_entry, wanted, false)?;
                }
                _ => self.node(entry, new_entry)?,
            }
        }
        for (key, value) in right {
            if !(self.is_fresh(key) && self.is_fresh(value)) {
                return Err("a new value would be more than what was asked for".into());
            }
        }
        Ok(())
    }

    /// Whether one value stands where another was: with its anchor, and with a tag only if that
    /// says what the new value is.
    fn replaced(&self, a: Id, b: Id, desired: &Value) -> bool {
        let (old, new) = (self.before.tree, self.after.tree);
        let tag = match (old.tag(a), new.tag(b)) {
            (_, None) => true,
            (Some(old), Some(new)) => old.name == new.name && describes(&new.name, desired),
            (None, Some(_)) => false,
        };
        tag && self.anchors(a, b)
            && self.is_plain(b)
            && (b + 1..new.next(b)).all(|id| self.is_fresh(id))
    }

    /// Whether nothing is in the value but what every reader takes for the same.
    fn is_fresh(&self, id: Id) -> bool {
        let tree = self.after.tree;
        let bare = |id| tree.anchor(id).is_none() && tree.tag(id).is_none();
        (id..tree.next(id)).all(|id| bare(id) && self.is_plain(id))
    }

    /// Whether both readings have the same at the node, and it stands for nothing else.
    fn is_plain(&self, id: Id) -> bool {
        let seconds = self.seconds.as_ref();
        self.after.tree.kind(id) != Kind::Alias
            && seconds.is_none_or(|(_, second)| second.text(id).is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(before: &str, after: &str, desired: Value) -> Result<(), String> {
        prove_it(before, after, desired).map_err(|doubt| doubt.because)
    }

    fn prove_it(before: &str, after: &str, desired: Value) -> Result<(), Doubt> {
        let (old, new) = (Tree::parse(before).unwrap(), Tree::parse(after).unwrap());
        let Value::Object(desired) = desired else {
            panic!("not an object");
        };
        prove(
            Side {
                text: before,
                tree: &old,
            },
            Side {
                text: after,
                tree: &new,
            },
            &[Target { root: 0, desired }],
        )
    }

    #[test]
    fn only_what_was_asked_for_may_differ() {
        let before = "kind: mk8s\nspec:\n  version: 1.0\n  addOns:\n    a: {x: 1}\n";
        let good = "kind: mk8s\nspec:\n  version: 1.0\n  addOns:\n    a: {x: 1}\n    b: {}\n";
        let wanted = json!({"a": {"x": 1}, "b": {}});
        assert_eq!(check(before, good, wanted.clone()), Ok(()));
        for (bad, reason) in [
            (good.replace("1.0", "1.00"), "`1.0` would not stay as it is"),
            (
                good.replace("mk8s", "'mk8s'"),
                "`mk8s` would not stay as it is",
            ),
            (
                good.replace("    b: {}\n", ""),
                "`spec.addOns` would not be what was asked for",
            ),
            (
                good.replace("x: 1}", "x: 1.0}"),
                "`1` would not stay as it is",
            ),
            (
                good.replace("a: {x: 1}\n    b: {}", "b: {}\n    a: {x: 1}"),
                "",
            ),
            (good.replace("spec:", "spec: !!map"), "`version: 1.0"),
            (good.to_owned() + "  more: 1\n", "`spec` would hold more"),
            (good.to_owned() + "more: 1\n", "`kind: mk8s"),
            (
                good.replace("  version: 1.0\n", ""),
                "`version` would not stay as it is",
            ),
        ] {
            let found = check(before, &bad, wanted.clone());
            if reason.is_empty() {
                // A new add-on may stand anywhere.
                assert_eq!(found, Ok(()), "{bad}");
            } else {
                assert!(
                    found.clone().is_err_and(|found| found.starts_with(reason)),
                    "{found:?}\n{bad}"
                );
            }
        }
    }

    #[test]
    fn tags_of_what_changes_are_compared() {
        let text = |value: &str| format!("spec:\n  addOns:\n    a: {{x: {value}, y: !!int 1}}\n");
        let wanted = |value: Value| json!({"a": {"x": value, "y": 1}});
        let lost = |text: &str| Err(format!("`{text}` would not stay as it is"));
        for (before, after, value, result) in [
            ("!!int 3", "!!int b", json!("b"), lost("3")),
            ("!!int 3", "b", json!("b"), Ok(())),
            ("!!int 3", "!!int 4", json!(4), Ok(())),
            ("!Ref c", "!Ref b", json!("b"), lost("c")),
            ("!!str c", "!!str b", json!("b"), Ok(())),
            ("! c", "! b", json!("b"), Ok(())),
            ("&n !!str c", "&n b", json!("b"), Ok(())),
            ("&n c", "b", json!("b"), lost("c")),
            ("c", "!!str b", json!("b"), lost("c")),
            ("c", "[!!str b]", json!(["b"]), lost("c")),
            ("!!set {}", "!!set {b: 1}", json!({"b": 1}), lost("{}")),
            ("!!set {}", "{b: 1}", json!({"b": 1}), Ok(())),
            ("!!map {}", "!!map {b: 1}", json!({"b": 1}), Ok(())),
        ] {
            let found = check(&text(before), &text(after), wanted(value));
            assert_eq!(found, result, "{before} -> {after}");
        }
        let kept = text("1").replace("!!int 1", "!!float 1");
        assert_eq!(check(&text("1"), &kept, wanted(json!(1))), lost("1"));
    }

    #[test]
    fn both_readings_of_what_stays_are_compared() {
        let wanted = json!({"a": {}});
        let before = "spec:\n  addOns: {}\n  x: |\n    y";
        let after = "spec:\n  addOns: {a: {}}\n  x: |\n    y";
        assert_eq!(check(before, after, wanted.clone()), Ok(()));
        let doubt = prove_it(before, &format!("{after}\n"), wanted.clone()).unwrap_err();
        assert!(
            doubt.because.starts_with("this text ends with the file"),
            "{doubt:?}"
        );
        assert_eq!(doubt.at, before.find('|'));
        // Nobody but `cpln` reads it.
        let before = "spec:\n  addOns: {}\n  x: {a\n    : b}\n";
        assert_eq!(
            check(before, &before.replace("{}", "{a: {}}"), wanted.clone()),
            Ok(())
        );
        for odd in ['\u{85}', '\u{2028}', '\u{2029}'] {
            let before = format!("spec:\n  addOns: {{}} # x{odd}  y: 1\n");
            let doubt = prove_it(&before, &before.replace("{}", "{a: {}}"), wanted.clone());
            let doubt = doubt.unwrap_err();
            assert_eq!(doubt.at, before.find(odd), "{doubt:?}");
            let harmless = format!("spec:\n  addOns: {{}}\n  x: \"{odd}y\" # {odd}\n");
            let after = harmless.replace("{}", "{a: {}}");
            assert_eq!(check(&harmless, &after, wanted.clone()), Ok(()));
        }
    }

    #[test]
    fn json_stays_json() {
        let before = r#"{"spec": {"addOns": {}}}"#;
        let wanted = json!({"a": {}});
        assert_eq!(
            check(before, r#"{"spec": {"addOns": {"a": {}}}}"#, wanted.clone()),
            Ok(())
        );
        assert_eq!(
            check(before, r#"{"spec": {"addOns": {a: {}}}}"#, wanted),
            Err("the result is not JSON any more".to_owned())
        );
    }
}
