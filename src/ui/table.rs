//! Plain aligned tables: no borders, fitted to a terminal, never cut elsewhere.

use crate::text::printable;
use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width, presets::NOTHING};

/// Between two columns.
const PADDING: u16 = 2;
/// A word that is longer than this may be broken, where its column is not the first.
const WORD: usize = 40;

/// Draws rows under their headings; `width` is the terminal's, if there is one.
///
/// On a terminal a name in the first column is never broken, other cells are where words end, and where
/// not even that fits the last columns go, which are the least needed.
pub(crate) fn draw(headings: &[&str], rows: &[Vec<String>], width: Option<u16>) -> Vec<String> {
    let cells = |row: &[String]| -> Vec<String> { row.iter().map(|it| printable(it)).collect() };
    let headings: Vec<String> = headings.iter().map(|heading| printable(heading)).collect();
    let rows: Vec<Vec<String>> = rows.iter().map(|row| cells(row)).collect();
    let least = width.and_then(|width| least(&headings, &rows, width));
    let kept = least.as_ref().map_or(headings.len(), Vec::len);
    let mut table = Table::new();
    table.load_style(NOTHING);
    match width {
        Some(width) => {
            table.set_content_arrangement(ContentArrangement::Dynamic);
            table.set_width(width);
        }
        None => {
            table.set_content_arrangement(ContentArrangement::Disabled);
        }
    }
    table.set_header(headings.iter().take(kept));
    for row in &rows {
        table.add_row(row.iter().take(kept));
    }
    for (at, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, PADDING));
        if let Some(least) = least.as_ref().and_then(|least| least.get(at)) {
            column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(*least)));
        }
    }
    table
        .lines()
        .map(|line| line.trim_end().to_owned())
        .collect()
}

/// How narrow each column may become, its padding included, of as many columns as fit then: the first not
/// narrower than what is in it, others not than their words. `None` where not even one fits.
fn least(headings: &[String], rows: &[Vec<String>], width: u16) -> Option<Vec<u16>> {
    let length = |text: &str| text.chars().count();
    let word = |text: &str| text.split(' ').map(length).max().unwrap_or(0);
    let least = |at: usize, heading: &String| {
        let cells = rows.iter().filter_map(|row| row.get(at));
        let needed = if at == 0 {
            // A name has at most 63 characters; what is longer is none, and may be broken.
            cells
                .map(|cell| Some(length(cell)).filter(|it| *it < 64).unwrap_or(WORD / 2))
                .max()
        } else {
            cells.map(|cell| word(cell).min(WORD)).max()
        };
        let needed = needed.unwrap_or(0).max(word(heading));
        u16::try_from(needed)
            .unwrap_or(u16::MAX)
            .saturating_add(PADDING)
    };
    let mut all: Vec<u16> = headings
        .iter()
        .enumerate()
        .map(|(at, heading)| least(at, heading))
        .collect();
    let sum = |all: &[u16]| {
        all.iter()
            .fold(0_u16, |sum, width| sum.saturating_add(*width))
    };
    // The padding of the last column is nobody's.
    while sum(&all) > width.saturating_add(PADDING) {
        all.pop();
        if all.is_empty() {
            return None;
        }
    }
    Some(all)
}

/// Aligns rows without headings, a line each.
pub(crate) fn rows(rows: &[Vec<String>]) -> Vec<String> {
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| row.iter().map(|cell| printable(cell)).collect())
        .collect();
    let mut widths: Vec<usize> = Vec::new();
    for row in &rows {
        for (at, cell) in row.iter().enumerate() {
            let width = cell.chars().count();
            match widths.get_mut(at) {
                Some(widest) => *widest = width.max(*widest),
                None => widths.push(width),
            }
        }
    }
    rows.iter()
        .map(|row| {
            row.iter()
                .zip(&widths)
                .map(|(cell, width)| format!("{cell:width$}"))
                .collect::<Vec<_>>()
                .join("  ")
                .trim_end()
                .to_owned()
        })
        .collect()
}

/// Draws `label  value` lines with the values aligned.
pub(crate) fn fields<'a>(fields: impl IntoIterator<Item = (&'a str, String)>) -> Vec<String> {
    let fields: Vec<(&str, Vec<String>)> = fields
        .into_iter()
        .map(|(label, value)| (label, vec![value]))
        .collect();
    blocks(&fields)
}

/// The same for values of several lines, each below the other.
pub(crate) fn blocks(fields: &[(&str, Vec<String>)]) -> Vec<String> {
    let width = fields
        .iter()
        .map(|(label, _)| label.len())
        .max()
        .unwrap_or(0)
        + 2;
    let mut lines = Vec::new();
    for (label, values) in fields {
        for (at, value) in values.iter().enumerate() {
            let label = if at == 0 { label } else { "" };
            let drawn = format!("{label:width$}{}", printable(value));
            lines.push(drawn.trim_end().to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_aligned_and_not_cut() {
        let long = "x".repeat(300);
        let rows = vec![
            vec!["aws-ecr".to_owned(), "on".to_owned()],
            vec!["metrics".to_owned(), long.clone()],
        ];
        assert_eq!(
            draw(&["ADD-ON", "STATE"], &rows, None),
            [
                "ADD-ON   STATE".to_owned(),
                "aws-ecr  on".to_owned(),
                format!("metrics  {long}")
            ]
        );
    }

    /// What people copy is whole, at any width.
    #[test]
    fn names_are_never_broken_and_columns_go_before() {
        let headings = ["ADD-ON", "PURPOSE", "DOCUMENTED FOR", "NEEDS"];
        let row = |cells: [&str; 4]| cells.map(str::to_owned).to_vec();
        let rows = [
            row([
                "azure-workload-identity",
                "Pull images from private Azure Container Registries",
                "aws, hetzner, generic, gcp, triton",
                "aws-workload-identity",
            ]),
            row(["kata", "Run pods", "all", "-"]),
        ];
        for width in 30..200 {
            let drawn = draw(&headings, &rows, Some(width));
            let text = drawn.join("\n");
            assert!(text.contains("azure-workload-identity"), "{width}\n{text}");
            for line in &drawn {
                assert!(
                    line.chars().count() <= usize::from(width),
                    "{width}\n{text}"
                );
            }
            let shown: Vec<&str> = headings
                .into_iter()
                .filter(|it| text.contains(it.split(' ').next().unwrap_or_default()))
                .collect();
            assert!(headings.starts_with(&shown), "{shown:?}");
            if shown.contains(&"NEEDS") {
                assert!(text.contains("aws-workload-identity"), "{width}\n{text}");
            }
            let of_headings = headings.join(" ");
            for word in text.split_whitespace() {
                let whole = rows.iter().flatten().chain([&of_headings]);
                let mut whole = whole.flat_map(|cell| cell.split_whitespace());
                assert!(whole.any(|it| it == word), "{width}: {word}\n{text}");
            }
        }
    }

    #[test]
    fn a_long_cell_leaves_the_other_columns_room() {
        let headings = ["NAME", "PROVIDER", "KUBERNETES", "ADD-ONS"];
        for long in [
            "x".repeat(5_000),
            "x ".repeat(2_500),
            "https://x.example/".repeat(300),
        ] {
            for at in 0..headings.len() {
                let mut row = vec!["prod-eu-west-1", "hetzner", "1.33.5", "aws-ecr, metrics"];
                row[at] = &long;
                let row = row.into_iter().map(str::to_owned).collect();
                let drawn = draw(&headings, &[row], Some(80));
                let first = &drawn[0];
                for heading in headings {
                    assert!(first.contains(heading), "{drawn:?}");
                }
                for word in ["hetzner", "1.33.5", "aws-ecr,"] {
                    let is_own = match word {
                        "hetzner" => at == 1,
                        "1.33.5" => at == 2,
                        _ => at == 3,
                    };
                    assert!(
                        is_own || drawn.iter().any(|line| line.contains(word)),
                        "{word}: {drawn:?}"
                    );
                }
                assert!(drawn.len() < 600, "{}", drawn.len());
                assert!(
                    drawn.iter().all(|line| line.chars().count() <= 80),
                    "{drawn:?}"
                );
            }
        }
        // Too narrow for that, and drawn all the same.
        let row = vec!["a".repeat(200); 4];
        assert!(draw(&headings, &[row], Some(20)).len() > 200 / 20);
    }

    #[test]
    fn fields_align_their_values() {
        assert_eq!(
            blocks(&[
                ("Org", vec!["acme".to_owned()]),
                ("Add-ons", vec!["a".to_owned(), "b".to_owned()])
            ]),
            ["Org      acme", "Add-ons  a", "         b"]
        );
    }

    #[test]
    fn nothing_in_a_cell_begins_a_line() {
        let evil = "a\n::x\u{2028}".to_owned();
        let shown = "a\\n::x\\u{2028}";
        assert_eq!(
            draw(&["A", &evil], &[vec![evil.clone(), "b".to_owned()]], None),
            [format!("A{:15}{shown}", ""), format!("{shown}  b")]
        );
        assert_eq!(rows(&[vec![evil.clone()]]), [shown]);
        assert_eq!(fields([("A", evil)]), [format!("A  {shown}")]);
    }
}
