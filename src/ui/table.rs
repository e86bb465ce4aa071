//! Plain aligned tables: no borders, fitted to a terminal, never cut elsewhere.

use super::clean;
use comfy_table::{ContentArrangement, Table, presets::NOTHING};

/// Draws rows under their headings; `width` is the terminal's, if there is one.
pub fn draw(headings: &[&str], rows: &[Vec<String>], width: Option<u16>) -> String {
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
    table.set_header(headings);
    for row in rows {
        table.add_row(row.iter().map(|cell| clean(cell)));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table
        .lines()
        .map(|line| line.trim_end().to_owned())
        .collect::<Vec<_>>()
        .join("\n")
}

/// Aligns rows without headings.
pub fn rows(rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = Vec::new();
    for row in rows {
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
        .collect::<Vec<_>>()
        .join("\n")
}

/// Draws `label  value` lines with the values aligned; values of several lines are indented.
pub fn fields(fields: &[(&str, String)]) -> String {
    let width = fields
        .iter()
        .map(|(label, _)| label.len())
        .max()
        .unwrap_or(0)
        + 2;
    fields
        .iter()
        .map(|(label, value)| {
            let indent = format!("\n{:width$}", "");
            format!("{label:width$}{}", value.replace('\n', &indent))
                .trim_end()
                .to_owned()
        })
        .collect::<Vec<_>>()
        .join("\n")
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
            format!("ADD-ON   STATE\naws-ecr  on\nmetrics  {long}")
        );
    }

    #[test]
    fn fields_align_their_values() {
        assert_eq!(
            fields(&[("Org", "acme".to_owned()), ("Add-ons", "a\nb".to_owned())]),
            "Org      acme\nAdd-ons  a\n         b"
        );
    }
}
