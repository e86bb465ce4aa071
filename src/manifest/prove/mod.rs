//! Proves an edit: the text is read again, by two readers, and compared node by node with what was
//! there.
//!
//! Exactly the add-ons that were to change may differ. What is not touched is compared as it is
//! written (quoting, anchors, tags, aliases) and as libyaml reads it (`second`), so it does not
//! matter what parsers make of it. What is new has no tag that says something else.

mod compare;

use super::aside;
use super::plan::same;
use super::second::{Gap, Second};
use super::thin;
use super::tree::{Id, Tree};
use super::value::{key_text, own_entry, value};
use super::{item_list, items};
use compare::TextProof;
use serde_json::{Map, Value};

/// A text with its tree.
#[derive(Clone, Copy)]
pub(super) struct ReadText<'a> {
    pub(super) text: &'a str,
    pub(super) tree: &'a Tree,
}

/// A cluster that was to change: its root before, and what its add-ons should be.
pub(super) struct ProofTarget {
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
/// targets are in the order of their roots. With `shares` that may differ as well which stands aside and
/// is repeated by aliases, as far as it was asked for.
pub(super) fn prove(
    before: ReadText<'_>,
    after: ReadText<'_>,
    targets: &[ProofTarget],
    shares: bool,
) -> Result<(), Doubt> {
    let proof = TextProof {
        before,
        after,
        targets,
        aside: if shares {
            repeated(before, targets)
        } else {
            Vec::new()
        },
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

/// What stands aside and is repeated in the add-ons that were to change, with what it is to be.
fn repeated(before: ReadText<'_>, targets: &[ProofTarget]) -> Vec<(Id, Value)> {
    let ReadText { text, tree } = before;
    let own = |map, key: &str| own_entry(tree, map, key, text).map(|(_, value)| value);
    let mut found: Vec<(Id, Value)> = Vec::new();
    let mut take = |alias: Id, wanted: Value| {
        if let Some((_, entry)) = aside::home(tree, text, alias)
            && !found.contains(&(entry.value, wanted.clone()))
        {
            found.push((entry.value, wanted));
        }
    };
    for target in targets {
        let add_ons = own(target.root, "spec").and_then(|spec| own(spec, "addOns"));
        let Some(add_ons) = add_ons else { continue };
        take(add_ons, Value::Object(target.desired.clone()));
        for (key, wanted) in &target.desired {
            if let Some(entry) = own(add_ons, key) {
                take(entry, wanted.clone());
            }
        }
    }
    found
}

/// Compares what two whole texts mean, for edits of what aliases repeat: every cluster is what it was
/// asked to be, and whatever else uses the anchor is what it was. The targets are in the order of
/// their roots.
pub(super) fn meanings(
    before: ReadText<'_>,
    after: ReadText<'_>,
    targets: &[ProofTarget],
) -> Result<(), Doubt> {
    let (old, new) = (
        items(before.tree, before.text),
        items(after.tree, after.text),
    );
    if old.len() != new.len() || !same(&around(before), &around(after)) {
        return Err("what surrounds the clusters uses the anchor, too".into());
    }
    for (&a, &b) in old.iter().zip(&new) {
        let mut wanted = meaning(before, a);
        if let Ok(found) = targets.binary_search_by_key(&a, |target| target.root) {
            wanted["spec"]["addOns"] = Value::Object(targets[found].desired.clone());
        }
        if !same(&meaning(after, b), &wanted) {
            return Err(Doubt {
                at: Some(before.tree.range(a).start),
                ..Doubt::from("this document would not be what it is to be")
            });
        }
    }
    Ok(())
}

/// What a document means, without what stands aside in it.
fn meaning(read: ReadText<'_>, id: Id) -> Value {
    let mut value = value(read.tree, id, read.text);
    if let Value::Object(map) = &mut value {
        map.retain(|key, _| !aside::is_aside(key));
    }
    value
}

/// What the text means without its documents and without what stands aside.
fn around(read: ReadText<'_>) -> Value {
    fn below(read: ReadText<'_>, id: Id) -> Value {
        let ReadText { text, tree } = read;
        if tree.kind(id).is_seq() {
            return tree
                .elements(id)
                .map(|element| below(read, element))
                .collect();
        }
        let Some(list) = item_list(tree, id, text) else {
            return Value::Null;
        };
        let entries = tree.entries(id).filter_map(|(key, entry)| {
            let key = key_text(tree, key, text).into_owned();
            if aside::is_aside(&key) {
                return None;
            }
            let entry = if entry == list {
                below(read, list)
            } else {
                value(tree, entry, text)
            };
            Some((key, entry))
        });
        Value::Object(entries.collect())
    }
    read.tree
        .root()
        .map_or(Value::Null, |root| below(read, root))
}

/// The second readings of both texts; `None` where it cannot read the first: then no such reader
/// has anything to lose.
///
/// A parser reads from the front. Where whole lines were added to a text that ends its last line, and both
/// readings of the result agree on every node, the reading of the text before would be that without these
/// lines, and is left out: it takes as long as all else of a large edit.
fn seconds(
    before: ReadText<'_>,
    after: ReadText<'_>,
    targets: &[ProofTarget],
) -> Result<Option<(Second, Second)>, Doubt> {
    let (left, right) = match targets {
        [target] if before.tree.root() == Some(target.root) => thin::cuts(before, after),
        _ => Default::default(),
    };
    if thin::is_insertion(before.text, after.text)
        && odd_break(before.text).is_none()
        && before.text.ends_with('\n')
        && let Ok(second) = Second::read(after.text, after.tree, &right)
        && second.is_the_first()
    {
        return Ok(Some((Second::default(), second)));
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(before: &str, after: &str, desired: Value) -> Result<(), String> {
        prove_it(before, after, desired).map_err(|doubt| doubt.because)
    }

    fn prove_it(before: &str, after: &str, desired: Value) -> Result<(), Doubt> {
        let (old, new) = (Tree::parse(before).unwrap(), Tree::parse(after).unwrap());
        let Value::Object(desired) = desired else {
            panic!("not an object");
        };
        prove(
            ReadText {
                text: before,
                tree: &old,
            },
            ReadText {
                text: after,
                tree: &new,
            },
            &[ProofTarget { root: 0, desired }],
            false,
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
        // libyaml does not read it at all.
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
