//! The unified diff of two texts.
//!
//! Documents are compared one by one, so that a fleet file with a thousand changes stays fast.

use super::split::{StreamPart, split};
use crate::text::Foreign;
use similar::{Algorithm, DiffOp, DiffTag, capture_diff_slices, group_diff_ops};
use std::fmt::Write as _;
use std::ops::Range;

/// The changed lines with three lines around them, in the form that `patch` and `git apply` read;
/// empty if the texts are the same.
pub fn diff(label: &str, before: &str, after: &str) -> String {
    if before == after {
        return String::new();
    }
    // The file is named by whoever made it, and a diff is lines.
    let label = Foreign(label);
    format!("--- {label}\n+++ {label}\n{}", hunks(before, after))
}

/// The same as a patch of the file: `git apply` and `patch -p1` take it in the folder that the path
/// is relative to. Byte for byte: nothing in it is escaped.
pub fn patch(path: &str, before: &str, after: &str) -> String {
    if before == after {
        return String::new();
    }
    format!(
        "--- {}\n+++ {}\n{}",
        git_name("a", path),
        git_name("b", path),
        hunks(before, after)
    )
}

/// The same of a file that is not there yet.
pub(crate) fn patch_of_new(path: &str, text: &str) -> String {
    let (old, new) = (git_name("a", path), git_name("b", path));
    let bare = |name: &str| name.trim_end_matches('\t').to_owned();
    format!(
        "diff --git {} {}\nnew file mode 100644\n--- /dev/null\n+++ {new}\n{}",
        bare(&old),
        bare(&new),
        hunks("", text)
    )
}

/// The name of a file on one side of a patch.
fn git_name(side: &str, path: &str) -> String {
    let path = path.trim_start_matches("./").trim_start_matches('/');
    let name = format!("{side}/{path}");
    if name
        .chars()
        .any(|c| c.is_control() || matches!(c, '"' | '\\'))
    {
        format!("\"{}\"", quoted(&name))
    } else if name.contains(' ') {
        // What is behind a tab is no part of the name any more.
        name + "\t"
    } else {
        name
    }
}

/// A name as git writes it in double quotes.
fn quoted(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 8);
    for c in name.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {
                for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                    let _ = write!(out, "\\{byte:03o}");
                }
            }
            c => out.push(c),
        }
    }
    out
}

fn hunks(before: &str, after: &str) -> String {
    let mut result = String::new();
    let (old, new, ops) = compare(before, after);
    for hunk in group_diff_ops(ops, 3) {
        let (Some(first), Some(last)) = (hunk.first(), hunk.last()) else {
            continue;
        };
        let old_range = first.old_range().start..last.old_range().end;
        let new_range = first.new_range().start..last.new_range().end;
        let _ = writeln!(result, "@@ -{} +{} @@", span(&old_range), span(&new_range));
        for op in &hunk {
            let (tag, old_lines, new_lines) = op.as_tag_tuple();
            if tag == DiffTag::Equal {
                write_lines(&mut result, ' ', &old[old_lines]);
            } else {
                write_lines(&mut result, '-', &old[old_lines]);
                write_lines(&mut result, '+', &new[new_lines]);
            }
        }
    }
    result
}

fn write_lines(result: &mut String, sign: char, lines: &[&str]) {
    for line in lines {
        result.push(sign);
        result.push_str(line);
        if !line.ends_with('\n') {
            result.push_str("\n\\ No newline at end of file\n");
        }
    }
}

/// Line numbers start at 1; an empty range names the line before it.
fn span(range: &Range<usize>) -> String {
    match range.len() {
        0 => format!("{},0", range.start),
        1 => (range.start + 1).to_string(),
        length => format!("{},{length}", range.start + 1),
    }
}

fn compare<'a>(before: &'a str, after: &'a str) -> (Vec<&'a str>, Vec<&'a str>, Vec<DiffOp>) {
    let (old_pieces, new_pieces) = (split(before), split(after));
    let pieces: Vec<(Range<usize>, Range<usize>)> = if old_pieces.len() == new_pieces.len() {
        let ranges = |(old, new): (StreamPart, StreamPart)| (old.range, new.range);
        old_pieces.into_iter().zip(new_pieces).map(ranges).collect()
    } else {
        vec![(0..before.len(), 0..after.len())]
    };
    let (mut old, mut new, mut ops) = (Vec::new(), Vec::new(), Vec::new());
    for (old_piece, new_piece) in pieces {
        let (before, after) = (&before[old_piece], &after[new_piece]);
        let left: Vec<&str> = before.split_inclusive('\n').collect();
        let right: Vec<&str> = after.split_inclusive('\n').collect();
        let found = if before == after {
            vec![DiffOp::Equal {
                old_index: 0,
                new_index: 0,
                len: left.len(),
            }]
        } else {
            capture_diff_slices(Algorithm::Myers, &left, &right)
        };
        ops.extend(found.into_iter().map(|op| moved(op, old.len(), new.len())));
        old.extend(left);
        new.extend(right);
    }
    (old, new, joined(ops))
}

fn moved(op: DiffOp, old: usize, new: usize) -> DiffOp {
    let (tag, old_range, new_range) = op.as_tag_tuple();
    let (old_index, new_index) = (old_range.start + old, new_range.start + new);
    match tag {
        DiffTag::Equal => DiffOp::Equal {
            old_index,
            new_index,
            len: old_range.len(),
        },
        DiffTag::Delete => DiffOp::Delete {
            old_index,
            old_len: old_range.len(),
            new_index,
        },
        DiffTag::Insert => DiffOp::Insert {
            old_index,
            new_index,
            new_len: new_range.len(),
        },
        DiffTag::Replace => DiffOp::Replace {
            old_index,
            old_len: old_range.len(),
            new_index,
            new_len: new_range.len(),
        },
    }
}

/// Neighbouring equal parts are one part.
fn joined(ops: Vec<DiffOp>) -> Vec<DiffOp> {
    let mut result: Vec<DiffOp> = Vec::with_capacity(ops.len());
    for op in ops {
        if let (Some(DiffOp::Equal { len, .. }), DiffOp::Equal { len: more, .. }) =
            (result.last_mut(), op)
        {
            *len += more;
        } else {
            result.push(op);
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_names_the_file_as_git_does() {
        for (path, head) in [
            ("c/a.yaml", "--- a/c/a.yaml\n+++ b/c/a.yaml\n@@"),
            ("./a.yaml", "--- a/a.yaml\n+++ b/a.yaml\n@@"),
            ("/w/a.yaml", "--- a/w/a.yaml\n+++ b/w/a.yaml\n@@"),
            ("a b", "--- a/a b\t\n+++ b/a b\t\n@@"),
            (
                "a\n\"\u{1}",
                "--- \"a/a\\n\\\"\\001\"\n+++ \"b/a\\n\\\"\\001\"\n@@",
            ),
        ] {
            let patch = patch(path, "1\r\n", "2\r\n");
            assert!(patch.starts_with(head), "{patch:?}");
            assert!(patch.ends_with("-1\r\n+2\r\n"), "{patch:?}");
        }
        assert_eq!(patch("x", "1", "1"), "");
    }

    #[test]
    fn hunks_have_three_lines_around_and_name_a_missing_final_newline() {
        let before = "1\n2\n3\n4\n5\n6\n---\na\nb\nc\nd\ne\nf\ng\nend";
        let after = before.replace("5\n", "5\nnew\n").replace("end", "other");
        assert_eq!(diff("x", before, before), "");
        assert_eq!(
            diff("x.yaml", before, &after),
            "--- x.yaml\n+++ x.yaml\n@@ -3,6 +3,7 @@\n 3\n 4\n 5\n+new\n 6\n ---\n a\n\
             @@ -12,4 +13,4 @@\n e\n f\n g\n-end\n\\ No newline at end of file\n+other\n\\ No newline at end of file\n"
        );
    }
}
