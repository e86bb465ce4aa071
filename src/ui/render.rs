//! Pure rendering: JSON, YAML, errors, colours.

use super::Tone;
use crate::error::Error;
use crate::invocation::Reach;
use crate::text::{self, block, printable};
use anstyle::{AnsiColor, Style};
use serde_json::Value;
use std::fmt::Write as _;

/// Two-space JSON without a final newline. What is hidden is escaped as JSON escapes
/// it, so that the text means the same.
pub(crate) fn json(value: &Value) -> String {
    text::json(format!("{value:#}"))
}

/// Block YAML.
pub(super) fn yaml(value: &Value) -> String {
    crate::manifest::yaml(value)
}

pub(super) fn paint(text: &str, tone: Tone, colour: bool) -> String {
    if !colour {
        return text.to_owned();
    }
    let colour = match tone {
        Tone::Red => AnsiColor::Red,
        Tone::Yellow => AnsiColor::Yellow,
        Tone::Cyan => AnsiColor::Cyan,
        Tone::Green => AnsiColor::Green,
    };
    let style = Style::new().fg_color(Some(colour.into()));
    format!("{style}{text}{style:#}")
}

/// `error: …`, the excerpt, `  because: …`, notes, `hint: …`.
pub(super) fn error(
    error: &Error,
    reach: &Reach,
    text: &mut String,
    paint: impl Fn(&str, Tone) -> String,
) {
    let _ = writeln!(
        text,
        "{} {}",
        paint("error:", Tone::Red),
        printable(&error.message)
    );
    if let Some(excerpt) = &error.excerpt {
        let _ = writeln!(text, "{}", block(excerpt));
    }
    for reason in &error.because {
        let _ = writeln!(text, "  because: {}", printable(reason));
    }
    for note in &error.notes {
        let _ = writeln!(text, "{}", printable(note));
    }
    for hint in &error.hints {
        let hint = printable(&hint.render(reach));
        let _ = writeln!(text, "{} {hint}", paint("hint:", Tone::Cyan));
    }
}

/// The lines of a document of our own making, whose texts are escaped by its own rules.
pub(crate) fn lines(document: &str) -> Vec<String> {
    document.lines().map(str::to_owned).collect()
}

pub(super) fn terminal_width() -> Option<u16> {
    comfy_table::Table::new().width()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_end_in_a_name_begins_no_line_of_ours() {
        let mut text = String::new();
        let name = "x\nerror: y";
        error(
            &Error::usage(format!("no `{name}`"))
                .because(name)
                .hint(name),
            &Reach::default(),
            &mut text,
            |word, _| word.to_owned(),
        );
        assert_eq!(
            text,
            "error: no `x\\nerror: y`\n  because: x\\nerror: y\nhint: x\\nerror: y\n"
        );
    }

    #[test]
    fn json_is_fit_for_a_terminal_and_means_the_same() {
        let value = serde_json::json!({"a\u{9b}": ["\u{1b}\u{7f}\u{202e}ü", 1]});
        let text = json(&value);
        assert_eq!(
            text,
            "{\n  \"a\\u009b\": [\n    \"\\u001b\\u007f\\u202eü\",\n    1\n  ]\n}"
        );
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }

    #[test]
    fn an_error_has_its_parts_in_order() {
        let mut text = String::new();
        error(
            &Error::timeout("gave up waiting for x")
                .because("never appeared")
                .note("The add-on stays enabled.")
                .hint("look elsewhere"),
            &Reach::default(),
            &mut text,
            |word, _| word.to_owned(),
        );
        assert_eq!(
            text,
            "error: gave up waiting for x\n  because: never appeared\nThe add-on stays enabled.\nhint: look elsewhere\n"
        );
    }
}
