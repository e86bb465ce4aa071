//! The second reading: the same text as libyaml sees it, beside the tree.
//!
//! libyaml is what `PyYAML` and, ported, the tools of Kubernetes read with. It shares no code with the
//! parser that makes the tree, reads YAML 1.1 (U+0085, U+2028 and U+2029 end a line) and takes a
//! last line without an end for what it is, where `cpln` adds the end. Of every scalar it gives the
//! text as it is before tags and types, so tags that nobody knows, keys that are written twice and
//! aliases stand in nobody's way.

use super::scan;
use super::thin::OmittedLines;
use super::tree::{Id, NodeKind, Tree};
use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fmt;

/// The scalars that libyaml reads as another text than the tree has.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Second {
    texts: HashMap<Id, String>,
}

/// Why there is no second reading.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Gap {
    /// libyaml takes the text for no YAML.
    Unreadable,
    /// It sees something else at this node.
    Other(Id),
}

impl Second {
    /// Reads the text of a tree, without the lines that are cut out.
    pub(super) fn read(text: &str, tree: &Tree, cut: &OmittedLines) -> Result<Self, Gap> {
        let Some(root) = tree.root() else {
            return Ok(Self::default());
        };
        let thin = cut.text(text);
        let thin = thin.strip_prefix(scan::BOM).unwrap_or(&thin);
        let reader = SecondReader {
            text,
            tree,
            cut,
            at: Cell::new(root),
            texts: RefCell::default(),
        };
        let seed = ExpectedNode {
            reader: &reader,
            id: root,
            is_key: false,
        };
        match seed.deserialize(serde_yaml::Deserializer::from_str(thin)) {
            Ok(()) => Ok(Self {
                texts: reader.texts.into_inner(),
            }),
            Err(_) if is_readable(thin) => Err(Gap::Other(reader.at.get())),
            Err(_) => Err(Gap::Unreadable),
        }
    }

    /// Whether no scalar is another one than in the tree.
    pub(super) fn is_the_first(&self) -> bool {
        self.texts.is_empty()
    }

    /// The text of the scalar where it is another than that of the tree.
    pub(super) fn text(&self, id: Id) -> Option<&str> {
        self.texts.get(&id).map(String::as_str)
    }
}

/// Whether libyaml takes it for YAML, whatever is in it.
fn is_readable(text: &str) -> bool {
    serde_yaml::Deserializer::from_str(text)
        .all(|document| document.deserialize_ignored_any(IgnoredAny).is_ok())
}

struct SecondReader<'a> {
    text: &'a str,
    tree: &'a Tree,
    cut: &'a OmittedLines,
    /// The node that is read.
    at: Cell<Id>,
    texts: RefCell<HashMap<Id, String>>,
}

/// A node that is expected to be what the tree says.
#[derive(Clone, Copy)]
struct ExpectedNode<'a> {
    reader: &'a SecondReader<'a>,
    id: Id,
    is_key: bool,
}

impl<'a> ExpectedNode<'a> {
    fn beside(self, id: Id, is_key: bool) -> Self {
        Self {
            reader: self.reader,
            id,
            is_key,
        }
    }

    fn is_there(self) -> impl Fn(Id) -> bool + use<'a> {
        let SecondReader { tree, cut, .. } = *self.reader;
        move |id| !cut.holds(tree.outer_start(id))
    }
}

impl<'de> DeserializeSeed<'de> for ExpectedNode<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        self.reader.at.set(self.id);
        match self.reader.tree.kind(self.id) {
            // Not followed: what it stands for is compared where it is written.
            NodeKind::Alias => from.deserialize_ignored_any(IgnoredAny).map(|_| ()),
            kind if kind.is_map() => from.deserialize_map(self),
            kind if kind.is_seq() => from.deserialize_seq(self),
            _ => from.deserialize_str(self),
        }
    }
}

impl<'de> Visitor<'de> for ExpectedNode<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("what the first reading has here")
    }

    fn visit_str<E: serde::de::Error>(self, found: &str) -> Result<(), E> {
        let SecondReader {
            text, tree, texts, ..
        } = self.reader;
        if tree.text(self.id, text) == found {
            return Ok(());
        }
        // A key that is another one makes another mapping.
        if self.is_key {
            return Err(E::custom("another key"));
        }
        texts.borrow_mut().insert(self.id, found.to_owned());
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut found: A) -> Result<(), A::Error> {
        let is_there = self.is_there();
        for (key, value) in self.reader.tree.entries(self.id) {
            if !is_there(key) {
                continue;
            }
            if found.next_key_seed(self.beside(key, true))?.is_none() {
                return Err(A::Error::custom("a key less"));
            }
            found.next_value_seed(self.beside(value, false))?;
        }
        self.reader.at.set(self.id);
        match found.next_key::<IgnoredAny>()? {
            None => Ok(()),
            Some(_) => Err(A::Error::custom("a key more")),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut found: A) -> Result<(), A::Error> {
        let is_there = self.is_there();
        for element in self.reader.tree.elements(self.id) {
            if !is_there(element) {
                continue;
            }
            if found
                .next_element_seed(self.beside(element, false))?
                .is_none()
            {
                return Err(A::Error::custom("an element less"));
            }
        }
        self.reader.at.set(self.id);
        match found.next_element::<IgnoredAny>()? {
            None => Ok(()),
            Some(_) => Err(A::Error::custom("an element more")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<(String, String)>, Gap> {
        let tree = Tree::parse(text).unwrap();
        let second = Second::read(text, &tree, &OmittedLines::default())?;
        let mut texts: Vec<(Id, String)> = second.texts.into_iter().collect();
        texts.sort();
        let shown = |(id, second)| (tree.text(id, text).to_owned(), second);
        Ok(texts.into_iter().map(shown).collect())
    }

    #[test]
    fn two_readers_agree_on_what_people_write() {
        for text in [
            "",
            "# x\n",
            "a: 1\nb: [x, 'y', \"z\\u263a\", {k: v}]\nc:\nd: ~\n? e\n: f\n",
            "a: |\n  x\n\nb: >-\n  x\n  y\n\nc: |+\n  x\n\n",
            "a: one\n  two\n\n  three\nb: 'one\n  two'\n",
            "a: !!int 3\nb: !Ref x\nc: !vault |\n  x\nd: !!set {e}\nf: !!binary YXJu\n",
            "a: 1\na: 2\nb: &b {x: *b}\nc: *b\n<<: *b\n",
            "\u{feff}%YAML 1.2\n---\na: ü\n...\n",
            "a: 1\r\nb: |\r\n  x\r\n",
            "a: 1\rb: 2 # c\rc: |\r  x\r",
            "{\"a\": {\"b\": [1, null, true]}}",
            "- a\n-\n- - b\n  - c\n-   d: e\n    f: g\n",
            "a: {b, c: , ? d}\n",
            "x: \"a\u{2028}b\"\n# c \u{85}\n",
        ] {
            assert_eq!(read(text), Ok(Vec::new()), "{text:?}");
        }
    }

    #[test]
    fn the_end_of_a_text_is_read_in_two_ways() {
        let differs = |text: &str| {
            let found = read(text).unwrap();
            found.into_iter().next()
        };
        let pair = |first: &str, second: &str| Some((first.to_owned(), second.to_owned()));
        assert_eq!(differs("a: |\n  x"), pair("x\n", "x"));
        assert_eq!(differs("a: |+\n  x"), pair("x\n", "x"));
        assert_eq!(differs("a: >\n  x\n  y"), pair("x y\n", "x y"));
        assert_eq!(differs("a: |+\n  x\n "), pair("x\n\n", "x\n"));
        assert_eq!(differs("a: |\n  x\n    "), pair("x\n  \n", "x\n  "));
        assert_eq!(differs("a: |-\n  x"), None);
        assert_eq!(differs("a: x"), None);
    }

    #[test]
    fn other_ends_of_lines_make_another_document() {
        for text in [
            "a:\n  b: 1 # x\u{2028}  c: 2\n",
            "a:\n  # x\u{85}  c: 2\n",
            "a:\n  b: 1\n\u{2029}c: 2\n",
            "a: 1 # x\u{2028}---\u{2028}b: 1\n",
        ] {
            assert!(matches!(read(text), Err(Gap::Other(_))), "{text:?}");
        }
        assert_eq!(read("a: [1 # x\u{2028}]]\n  ]\n"), Err(Gap::Unreadable));
    }
}
