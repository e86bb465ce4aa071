//! Plain aligned tables: no borders, fitted to a terminal, never cut elsewhere.

use crate::text::printable;
use comfy_table::{ContentArrangement, Table, presets::NOTHING};

/// Draws rows under their headings; `width` is the terminal's, if there is one.
pub fn draw(headings: &[&str], rows: &[Vec<String>], width: Option<u16>) -> Vec<String> {
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
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table
        .lines()
        .map(|line| line.trim_end().to_owned())
        .collect()
}

/// Aligns rows without headings, a line each.
pub fn rows(rows: &[Vec<String>]) -> Vec<String> {
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
pub fn fields<'a>(fields: impl IntoIterator<Item = (&'a str, String)>) -> Vec<String> {
    let fields: Vec<(&str, Vec<String>)> = fields
        .into_iter()
        .map(|(label, value)| (label, vec![value]))
        .collect();
    blocks(&fields)
}

/// The same for values of several lines, each below the other.
pub fn blocks(fields: &[(&str, Vec<String>)]) -> Vec<String> {
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
