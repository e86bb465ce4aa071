//! Plain aligned tables: no borders, fitted to a terminal, never cut elsewhere.

use crate::text::printable;
use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width, presets::NOTHING};

/// Between two columns.
const PADDING: u16 = 2;
/// A column is not made narrower than this for the sake of others.
const WORD: usize = 12;

/// Draws rows under their headings; `width` is the terminal's, if there is one.
pub(crate) fn draw(headings: &[&str], rows: &[Vec<String>], width: Option<u16>) -> Vec<String> {
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
    table.set_header(headings.iter().map(|heading| printable(heading)));
    for row in rows {
        table.add_row(row.iter().map(|cell| printable(cell)));
    }
    let least = width.and_then(|width| least(headings, rows, width));
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

/// How narrow each column may become, its padding included: no narrower than its heading, nor than
/// a word of some length, so that one long cell does not leave the others a character each. `None`
/// where not even that fits.
fn least(headings: &[&str], rows: &[Vec<String>], width: u16) -> Option<Vec<u16>> {
    let widest = |at: usize| {
        let cells = rows.iter().filter_map(|row| row.get(at));
        cells
            .map(|cell| printable(cell).chars().count())
            .max()
            .unwrap_or(0)
    };
    let all: Vec<u16> = headings
        .iter()
        .enumerate()
        .map(|(at, heading)| {
            let needed = widest(at).max(heading.len());
            let kept = needed.min(WORD.max(heading.len()));
            u16::try_from(kept)
                .unwrap_or(u16::MAX)
                .saturating_add(PADDING)
        })
        .collect();
    let sum = all
        .iter()
        .fold(0_u16, |sum, width| sum.saturating_add(*width));
    (sum <= width).then_some(all)
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
