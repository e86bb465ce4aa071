//! The token, kept out of everything that is written, whoever repeats it.

use super::{Ui, table};
use serde_json::Value;

impl Ui {
    /// The text without the token.
    pub(crate) fn concealed(&self, text: &str) -> String {
        self.words.masked(text).into_owned()
    }

    /// Draws a table that fits the terminal. The token goes out of the cells before they are
    /// broken into lines.
    pub(crate) fn table(&self, headings: &[&str], rows: &[Vec<String>]) -> Vec<String> {
        let rows: Vec<Vec<String>> = rows
            .iter()
            .map(|row| row.iter().map(|cell| self.concealed(cell)).collect())
            .collect();
        let lines = table::draw(headings, &rows, self.width());
        if self.colour_out {
            // What is below the headings.
            self.drawn
                .borrow_mut()
                .extend(lines.iter().skip(1).cloned());
        }
        lines
    }

    /// The document without the token, before it is written out in a form in which `***` may mean
    /// something, as it does in YAML.
    pub(super) fn concealed_value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.concealed(text)),
            Value::Array(items) => items
                .iter()
                .map(|item| self.concealed_value(item))
                .collect(),
            Value::Object(map) => map
                .iter()
                .map(|(key, value)| (self.concealed(key), self.concealed_value(value)))
                .collect(),
            other => other.clone(),
        }
    }
}
