//! Pure rendering: JSON, YAML, errors, colours, durations.

use super::{Tone, acts, clean};
use crate::error::Error;
use anstyle::{AnsiColor, Style};
use serde_json::Value;
use std::fmt::Write as _;
use std::time::Duration;

/// Two-space JSON without a final newline. What a terminal would act on is escaped as JSON escapes
/// it, so that the text means the same.
pub fn json(value: &Value) -> String {
    escaped(format!("{value:#}"))
}

/// JSON text with more of it escaped.
pub(super) fn escaped(text: String) -> String {
    if !text.chars().any(acts) {
        return text;
    }
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if acts(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        } else {
            escaped.push(c);
        }
    }
    escaped
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
pub(super) fn error(error: &Error, text: &mut String, paint: impl Fn(&str, Tone) -> String) {
    let _ = writeln!(
        text,
        "{} {}",
        paint("error:", Tone::Red),
        line(&error.message)
    );
    if let Some(excerpt) = &error.excerpt {
        let _ = writeln!(text, "{}", clean(excerpt));
    }
    for reason in &error.because {
        let _ = writeln!(text, "  because: {}", line(reason));
    }
    for note in &error.notes {
        let _ = writeln!(text, "{}", line(note));
    }
    for hint in &error.hints {
        let _ = writeln!(text, "{} {}", paint("hint:", Tone::Cyan), line(hint));
    }
}

/// What stands on one line: a line end in it would begin a line that looks like ours.
fn line(text: &str) -> String {
    clean(text).replace('\n', "\\n")
}

/// `45s`, `5m00s`, `1h05m`; below a second `300ms`.
pub fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0 => format!("{}ms", duration.as_millis()),
        1..60 => format!("{seconds}s"),
        60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h{:02}m", seconds / 3600, seconds % 3600 / 60),
    }
}

pub(super) fn terminal_width() -> Option<u16> {
    comfy_table::Table::new().width()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_like_clocks() {
        for (millis, text) in [
            (300, "300ms"),
            (45_000, "45s"),
            (300_000, "5m00s"),
            (3_900_000, "1h05m"),
        ] {
            assert_eq!(duration(Duration::from_millis(millis)), text);
        }
    }

    #[test]
    fn a_line_end_in_a_name_begins_no_line_of_ours() {
        let mut text = String::new();
        let name = "x\nerror: y";
        error(
            &Error::usage(format!("no `{name}`"))
                .because(name)
                .hint(name),
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
                .hint("mk8s addon trust-policy"),
            &mut text,
            |word, _| word.to_owned(),
        );
        assert_eq!(
            text,
            "error: gave up waiting for x\n  because: never appeared\nThe add-on stays enabled.\nhint: mk8s addon trust-policy\n"
        );
    }
}
