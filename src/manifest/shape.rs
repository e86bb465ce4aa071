//! Files that are more, or something else, than a manifest: encrypted ones, templates, unfinished
//! merges, JSON that is none, other tools' descriptions of a cluster. Each is recognised by what
//! only it has, and answered with the one thing to do next. Looks only.

use super::scan;
use super::tree::{Id, NodeKind, Tree};
use super::value::own_entry;
use crate::shell;
use std::ops::Range;

/// What a file is in place of a manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileShape {
    /// The marks of a merge are in it.
    Conflict,
    /// JSON with comments or commas too many.
    Commented,
    /// A JSON value on every line.
    JsonLines,
    /// Something of Terraform, in its own language.
    Terraform,
    /// Templates.
    Helm,
    Jinja,
    Erb,
    Ytt,
    /// `{{ … }}` of a tool that cannot be told.
    Braces,
    /// A resource of the platform's Kubernetes operator.
    Operator,
    /// A program of Pulumi.
    Pulumi,
}

/// A shape with the place that gave it away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FoundShape {
    pub(super) shape: FileShape,
    pub(super) at: usize,
}

/// What is said of a shape.
pub(super) struct ShapeWords {
    /// What is said behind the place.
    pub(super) is: &'static str,
    pub(super) because: &'static str,
    pub(super) hint: String,
}

impl FileShape {
    /// Whether it becomes a manifest only when a tool fills it in.
    pub(super) fn is_template(self) -> bool {
        matches!(
            self,
            Self::Helm | Self::Jinja | Self::Erb | Self::Ytt | Self::Braces
        )
    }

    /// What to say of it; `label` is how the file is called.
    pub(super) fn words(self, label: &str) -> ShapeWords {
        let file = shell::quote(label);
        let filled = "what is in it is known when it is filled in";
        let (is, because, hint) = match self {
            Self::Conflict => (
                "is in the middle of a merge",
                "this line begins a conflict that is not settled",
                format!("settle it, with `git mergetool {file}` or an editor"),
            ),
            Self::Commented => (
                "is JSON with comments or commas too many",
                "JSON has neither, and `cpln` does not read it",
                "take them out, or keep the manifest as YAML, with `#` before comments".to_owned(),
            ),
            Self::JsonLines => (
                "holds several JSON values without a list around them",
                "a second value begins here",
                format!("`jq -s . {file}` prints them as one list"),
            ),
            Self::Terraform => (
                "is Terraform's, not a manifest",
                "its clusters are changed by Terraform, in `add_ons`",
                "`mk8s addon enable ADDON --emit terraform` prints what belongs there".to_owned(),
            ),
            Self::Helm => (
                "is a Helm template, not a manifest",
                filled,
                "`cpln helm template CHART > FILE` fills it in; `mk8s addon enable ADDON --emit yaml` prints \
                 what belongs into the chart"
                    .to_owned(),
            ),
            Self::Jinja => (
                "is a Jinja template, not a manifest",
                filled,
                "fill it in first, or edit the template by hand".to_owned(),
            ),
            Self::Erb => (
                "is an ERB template, not a manifest",
                filled,
                format!("fill it in first, `erb {file} > FILE`, or edit the template by hand"),
            ),
            Self::Ytt => (
                "is a ytt template, not a manifest",
                filled,
                format!("fill it in first, `ytt -f {file} > FILE`, or edit the template by hand"),
            ),
            Self::Braces => (
                "is a template, not a manifest",
                filled,
                "fill it in first; where `{{ … }}` is a value, put it in quotes".to_owned(),
            ),
            Self::Operator => (
                "is a resource of the Kubernetes operator, not a manifest",
                "the platform's operator does not manage clusters",
                "`mk8s cluster get NAME -o yaml-slim` prints a manifest of the cluster".to_owned(),
            ),
            Self::Pulumi => (
                "is Pulumi's, not a manifest",
                "its clusters are changed by Pulumi, in `addOns`",
                "`mk8s addon enable ADDON --emit pulumi` prints what belongs there".to_owned(),
            ),
        };
        ShapeWords { is, because, hint }
    }
}

/// What is seen before the text is parsed: it may be taken for YAML, with another meaning.
pub(super) fn of(text: &str) -> Option<FoundShape> {
    conflict(text)
        .or_else(|| json(text))
        .or_else(|| terraform(text))
}

/// Whether a template is why the text was not read, at `trouble`.
pub(super) fn behind(text: &str, trouble: usize) -> Option<FoundShape> {
    let actions = actions(text);
    let first = actions.first()?.start;
    // Where the trouble stays without them, they are not why.
    let filled = fill(text, &actions);
    match Tree::parse(&filled) {
        Err(still) if still.at == trouble => None,
        _ => Some(FoundShape {
            shape: engine(text, &text[first..]),
            at: first,
        }),
    }
}

/// A template that can be read as YAML, and would be taken for something that it is not.
pub(super) fn within(text: &str, tree: &Tree) -> Option<FoundShape> {
    braces(text, tree).or_else(|| ytt(text, tree))
}

/// Another tool's description of a cluster, of a document that is no cluster to us.
pub(super) fn foreign(text: &str, tree: &Tree, root: Id) -> Option<FoundShape> {
    let scalar = |key: &str| {
        let (_, value) = own_entry(tree, root, key, text)?;
        tree.kind(value)
            .is_scalar()
            .then(|| (value, tree.text(value, text)))
    };
    if let Some((at, version)) = scalar("apiVersion")
        && version.starts_with("cpln.io/")
        && scalar("kind").is_some_and(|(_, kind)| kind.to_ascii_lowercase().starts_with("mk8s"))
    {
        return Some(FoundShape {
            shape: FileShape::Operator,
            at: tree.range(at).start,
        });
    }
    if own_entry(tree, root, "resources", text).is_some() {
        let at = (root..tree.next(root)).find(|&id| {
            tree.kind(id).is_scalar() && tree.text(id, text).eq_ignore_ascii_case("cpln:Mk8s")
        })?;
        return Some(FoundShape {
            shape: FileShape::Pulumi,
            at: tree.range(at).start,
        });
    }
    let (key, value) = own_entry(tree, root, "resource", text)?;
    own_entry(tree, value, "cpln_mk8s", text).map(|_| FoundShape {
        shape: FileShape::Terraform,
        at: tree.range(key).start,
    })
}

/// Where SOPS keeps the checksum over all values of the document: with any other value in it,
/// nobody decrypts it any more.
pub(super) fn sops(text: &str, tree: &Tree, root: Id) -> Option<Range<usize>> {
    let (key, sops) = own_entry(tree, root, "sops", text)?;
    own_entry(tree, sops, "mac", text).map(|_| tree.range(key))
}

fn line_starts(text: &str) -> impl Iterator<Item = usize> {
    let mut next = Some(0);
    std::iter::from_fn(move || {
        let at = next?;
        let after = scan::next_line(text, at);
        next = (after < text.len() && after > at).then_some(after);
        Some(at)
    })
}

/// Marks of a merge: both, each at the start of a line.
fn conflict(text: &str) -> Option<FoundShape> {
    let marks = |sign: &str, from: usize| {
        text[from..]
            .match_indices(sign)
            .map(|(at, _)| from + at)
            .find(|&at| {
                let rest = &text[at + sign.len()..];
                scan::line_start(text, at) == at
                    && (rest.is_empty() || rest.starts_with([' ', '\n', '\r']))
            })
    };
    let at = marks("<<<<<<<", 0)?;
    marks(">>>>>>>", at).map(|_| FoundShape {
        shape: FileShape::Conflict,
        at,
    })
}

/// What is nearly JSON.
fn json(text: &str) -> Option<FoundShape> {
    let trimmed = text.trim_start_matches(|c: char| c.is_whitespace() || c == scan::BOM);
    if !trimmed.starts_with(['{', '[']) && !trimmed.starts_with("//") && !trimmed.starts_with("/*")
    {
        return None;
    }
    let values = |text: &str| {
        let mut stream =
            serde_json::Deserializer::from_str(text).into_iter::<serde::de::IgnoredAny>();
        let mut ends = Vec::new();
        while let Some(value) = stream.next() {
            value.ok()?;
            ends.push(stream.byte_offset());
        }
        Some(ends)
    };
    let start = text.len() - text.trim_start_matches(scan::BOM).len();
    match values(&text[start..]).as_deref() {
        Some([first, _, ..]) => {
            let end = start + first;
            let blank = text[end..].len() - text[end..].trim_start().len();
            return Some(FoundShape {
                shape: FileShape::JsonLines,
                at: end + blank,
            });
        }
        Some(_) => return None,
        None => {}
    }
    let (bare, first) = without_comments(text);
    let at = first?;
    let bare = bare.trim_start_matches(scan::BOM);
    matches!(values(bare).as_deref(), Some([_])).then_some(FoundShape {
        shape: FileShape::Commented,
        at,
    })
}

/// JSON with blanks in place of `//` and `/* */` comments and of commas before a bracket, and where
/// the first comment is. A comma too many alone is none: YAML has it as well, and so has `cpln`.
fn without_comments(text: &str) -> (String, Option<usize>) {
    let bytes = text.as_bytes();
    let mut bare = bytes.to_vec();
    let mut first = None;
    let mut comma = None;
    let mut at = 0;
    while at < bytes.len() {
        let rest = &text.as_bytes()[at..];
        let end = match rest {
            [b'/', b'/', ..] => scan::line_end(text, at),
            [b'/', b'*', ..] => text[at..]
                .find("*/")
                .map_or(text.len(), |found| at + found + 2),
            [b'"', ..] => {
                comma = None;
                at = quoted_end(bytes, at);
                continue;
            }
            [byte, ..] => {
                match byte {
                    b',' => comma = Some(at),
                    b'}' | b']' => {
                        if let Some(comma) = comma.take() {
                            bare[comma] = b' ';
                        }
                    }
                    byte if byte.is_ascii_whitespace() => {}
                    _ => comma = None,
                }
                at += 1;
                continue;
            }
            [] => break,
        };
        first.get_or_insert(at);
        for byte in &mut bare[at..end] {
            if !matches!(byte, b'\n' | b'\r') {
                *byte = b' ';
            }
        }
        at = end;
    }
    (String::from_utf8(bare).unwrap_or_default(), first)
}

/// Behind the closing quote of a JSON text.
fn quoted_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn terraform(text: &str) -> Option<FoundShape> {
    let at = text.find("resource \"cpln_mk8s\"")?;
    (scan::line_start(text, at) == at).then_some(FoundShape {
        shape: FileShape::Terraform,
        at,
    })
}

/// In longer lines nobody writes a template.
const LONGEST: usize = 4096;

/// `{{ … }}`, `{% … %}`, `{# … #}` and `<% … %>` where a value or a line begins, not in quotes and
/// not in a comment.
fn actions(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    if !["{{", "{%", "{#", "<%"].iter().any(|it| text.contains(it)) {
        return found;
    }
    // What is not closed anywhere is not looked for again.
    let mut pairs = vec![("{{", "}}"), ("{%", "%}"), ("{#", "#}"), ("<%", "%>")];
    for line in line_starts(text) {
        let end = scan::line_end(text, line);
        if found.last().is_some_and(|last| last.end > line) || end - line > LONGEST {
            continue;
        }
        let content = line + scan::indent(text, line).len();
        let begins = |at: usize| {
            let before = text[content..at].trim_end();
            let is_value = before.ends_with([':', '-', '[', ',']) && !before.contains('#');
            let quotes = before.matches(['"', '\'']).count();
            (before.is_empty() || is_value) && quotes.is_multiple_of(2)
        };
        pairs.retain(|(open, close)| {
            let mut at = content;
            while let Some(start) = text[at..end].find(open).map(|found| at + found) {
                let Some(length) = text[start..].find(close) else {
                    return false;
                };
                let stop = start + length + close.len();
                if begins(start) {
                    found.push(start..stop);
                }
                at = stop;
                if at >= end {
                    break;
                }
            }
            true
        });
    }
    found.sort_by_key(|range| range.start);
    found.dedup_by(|next, last| next.start < last.end);
    found
}

/// The text with a word for every action that is a value, and blanks for every one that is a line.
fn fill(text: &str, actions: &[Range<usize>]) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut done = 0;
    for action in actions {
        let is_line = scan::begins_line(text, action.start);
        filled.push_str(&text[done..action.start]);
        // As long as it was, so that places stay.
        let blank = if is_line { ' ' } else { 'x' };
        filled.extend(text[action.clone()].bytes().map(|_| blank));
        done = action.end;
    }
    filled.push_str(&text[done..]);
    filled
}

/// Whose template it is; `from` begins with the first action.
fn engine(text: &str, from: &str) -> FileShape {
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if from.starts_with("<%") {
        FileShape::Erb
    } else if has(&["{%", "{#", "#jinja2"]) {
        FileShape::Jinja
    } else if has(&[
        ".Values",
        ".Release",
        ".Chart",
        "{{-",
        "-}}",
        "{{/*",
        "toYaml",
        "include \"",
    ]) {
        FileShape::Helm
    } else {
        FileShape::Braces
    }
}

/// `key: {{ … }}`, which YAML takes for a mapping with a mapping as its key.
fn braces(text: &str, tree: &Tree) -> Option<FoundShape> {
    if !text.contains("{{") {
        return None;
    }
    let at = (0..tree.len()).find_map(|id| {
        let range = tree.range(id);
        let (key, _) = tree.entries(id).next()?;
        let is_action = tree.kind(id) == NodeKind::FlowMap
            && tree.kind(key) == NodeKind::FlowMap
            && text[range.clone()].starts_with("{{")
            && text[range.clone()].ends_with("}}");
        is_action.then_some(range.start)
    })?;
    Some(FoundShape {
        shape: engine(text, &text[at..]),
        at,
    })
}

/// `#@ …`, a comment to YAML and a program to ytt.
fn ytt(text: &str, tree: &Tree) -> Option<FoundShape> {
    let mut scalars = (0..tree.len())
        .filter(|&id| tree.kind(id).is_scalar())
        .map(|id| tree.range(id))
        .peekable();
    let mut from = 0;
    while let Some(at) = text[from..].find("#@").map(|found| from + found) {
        from = at + 2;
        let rest = &text[from..];
        let is_code = [
            " ", "/", "data/", "overlay/", "schema/", "library/", "yaml/",
        ]
        .iter()
        .any(|begin| rest.starts_with(begin));
        let is_comment = text[..at].is_empty() || text[..at].ends_with([' ', '\t', '\n', '\r']);
        while scalars.next_if(|range| range.end <= at).is_some() {}
        let is_text = scalars.peek().is_some_and(|range| range.contains(&at));
        if is_code && is_comment && !is_text {
            return Some(FoundShape {
                shape: FileShape::Ytt,
                at,
            });
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(text: &str) -> Option<(FileShape, &str)> {
        let found = of(text).or_else(|| match Tree::parse(text) {
            Ok(tree) => within(text, &tree).or_else(|| foreign(text, &tree, 0)),
            Err(trouble) => behind(text, trouble.at),
        })?;
        Some((found.shape, &text[found.at..scan::line_end(text, found.at)]))
    }

    #[test]
    fn every_shape_is_known_by_what_only_it_has() {
        use FileShape as S;
        for (text, shape, at) in [
            (
                "a:\n<<<<<<< HEAD\n  b: 1\n=======\n>>>>>>> x\n",
                S::Conflict,
                "<<<<<<< HEAD",
            ),
            (
                "{\n<<<<<<< a\n\"b\": 1,\n=======\n>>>>>>> b\n\"c\": 2}\n",
                S::Conflict,
                "<<<<<<< a",
            ),
            ("{\"a\": 1, // b\n}\n", S::Commented, "// b"),
            ("// b\n{\"a\": \"/*\"}\n", S::Commented, "// b"),
            ("{\"a\": /* b\n*/ [1,],}\n", S::Commented, "/* b"),
            ("{\"a\": 1}\n{\"a\": 2}\n", S::JsonLines, "{\"a\": 2}"),
            (
                "resource \"cpln_mk8s\" \"x\" {\n}\n",
                S::Terraform,
                "resource \"cpln_mk8s\" \"x\" {",
            ),
            (
                "{\"resource\": {\"cpln_mk8s\": {}}}",
                S::Terraform,
                "\"resource\": {\"cpln_mk8s\": {}}}",
            ),
            (
                "{{- if .Values.on }}\na: 1\n{{- end }}\n",
                S::Helm,
                "{{- if .Values.on }}",
            ),
            ("{{/* head */}}\na: 1\n", S::Helm, "{{/* head */}}"),
            (
                "a:\n  {{- if .x }}\n  b: 1\n  {{- end }}\n",
                S::Helm,
                "{{- if .x }}",
            ),
            (
                "a: {{ toYaml .Values.x | nindent 4 }}\n",
                S::Helm,
                "{{ toYaml .Values.x | nindent 4 }}",
            ),
            ("a: {{ name }}\n", S::Braces, "{{ name }}"),
            ("- {{ name }}\n", S::Braces, "{{ name }}"),
            (
                "a: 1\n{% if x %}\nb: 2\n{% endif %}\n",
                S::Jinja,
                "{% if x %}",
            ),
            (
                "a: \"{{ x }}\"\nb:\n  {# note #}\n  c: 1\n",
                S::Jinja,
                "{# note #}",
            ),
            ("a: 1\n<% if x %>\nb: 2\n<% end %>\n", S::Erb, "<% if x %>"),
            (
                "#@ load(\"@ytt:data\", \"data\")\na: 1\n",
                S::Ytt,
                "#@ load(\"@ytt:data\", \"data\")",
            ),
            ("a: #@ data.values.x\n", S::Ytt, "#@ data.values.x"),
            (
                "apiVersion: cpln.io/v1\nkind: mk8scluster\n",
                S::Operator,
                "cpln.io/v1",
            ),
            (
                "runtime: yaml\nresources:\n  c: {type: \"cpln:Mk8s\"}\n",
                S::Pulumi,
                "\"cpln:Mk8s\"}",
            ),
        ] {
            assert_eq!(seen(text), Some((shape, at)), "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_one_is_none() {
        for text in [
            "a: |\n  <<<<<<< HEAD\n  >>>>>>> x\n",
            "# <<<<<<< HEAD\na: 1\n",
            "{a: //location/x}\n",
            "{\"a\": \"// b\"}\n",
            "{\"a\": [1,],}\n",
            "{\"a\": 1} # b\n",
            "a: \"{{ .Values.x }}\"\nb: ${X}\nc: <%= x %>\n",
            "a: |\n  {{ if x }}\n  {% x %}\n  #@ x\nb: 1\n",
            "a: '#@ x'\nb: 1 #@x\n",
            "a: x {{ y }} z\n",
            // The template is not why.
            "a: |\n  {{ x }}\nb: [1\n",
            "a: \"{{ x }}\"\nb: 'x\n",
        ] {
            assert_eq!(seen(text), None, "{text}");
        }
    }

    #[test]
    fn sops_is_known_by_its_checksum() {
        let at = |text: &str| sops(text, &Tree::parse(text).unwrap(), 0);
        assert_eq!(at("a: 1\nsops:\n  mac: x\n"), Some(5..9));
        assert_eq!(at("a: 1\nsops: {}\n"), None);
        assert_eq!(at("sops:\n  - mac\n"), None);
    }
}
