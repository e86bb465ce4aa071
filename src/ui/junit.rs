//! A checklist as `JUnit` XML, which GitLab and Jenkins read: a suite a group, a case a line. Pure.

use crate::check::{CheckReport, CheckState, ReportItem};
use crate::error::Error;
use crate::invocation::Reach;
use crate::text::printable;
use std::fmt::Write as _;

/// Escapes for text and attributes, on one line: what is hidden, which includes all that XML does not
/// allow, and then what is markup.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in printable(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            c => out.push(c),
        }
    }
    out
}

/// The whole document, called as the command is.
pub(super) fn document(report: &CheckReport, name: &str) -> String {
    let mut suites = String::new();
    let mut total = (0, 0, 0);
    for (name, group) in super::checks::groups(report) {
        let failed = group
            .iter()
            .filter(|item| report.counts(item.state()))
            .count();
        let skipped = group.iter().filter(|item| is_skipped(report, item)).count();
        total = (total.0 + group.len(), total.1 + failed, total.2 + skipped);
        let _ = writeln!(
            suites,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{failed}\" errors=\"0\" skipped=\"{skipped}\">",
            escape(&name),
            group.len()
        );
        for item in group {
            case(report, item, &name, &mut suites);
        }
        suites.push_str("  </testsuite>\n");
    }
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"{name}\" tests=\"{}\" \
         failures=\"{}\" errors=\"0\" skipped=\"{}\">\n{suites}</testsuites>\n",
        total.0, total.1, total.2
    )
}

/// The document of a run that did not come to a checklist: an error a case.
pub(super) fn failure(error: &Error, reach: &Reach) -> String {
    let errors: Vec<&Error> = match error.others.as_slice() {
        [] => vec![error],
        others => others.iter().collect(),
    };
    let count = errors.len();
    let mut cases = String::new();
    for one in errors {
        let place = one.place.as_ref();
        let file = place.map_or_else(String::new, |place| {
            let line = place.line.map(|line| format!(" line=\"{line}\""));
            format!(
                " file=\"{}\"{}",
                escape(&place.file),
                line.unwrap_or_default()
            )
        });
        let because = one.because.iter().map(|it| format!("because: {it}"));
        let hints = one.hints.iter();
        let hints = hints.map(|it| format!("hint: {}", it.render(reach)));
        let more = because.chain(one.notes.iter().cloned()).chain(hints);
        let more: Vec<String> = more.map(|it| escape(&it)).collect();
        let _ = writeln!(
            cases,
            "    <testcase classname=\"mk8s\" name=\"run\"{file}>\n      <error type=\"{}\" \
             message=\"{}\">{}</error>\n    </testcase>",
            one.kind.name(),
            escape(&one.message),
            more.join("\n")
        );
    }
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"mk8s\" tests=\"{count}\" \
         failures=\"0\" errors=\"{count}\" skipped=\"0\">\n  <testsuite name=\"mk8s\" \
         tests=\"{count}\" failures=\"0\" errors=\"{count}\" skipped=\"0\">\n{cases}  \
         </testsuite>\n</testsuites>\n"
    )
}

fn is_skipped(report: &CheckReport, item: &ReportItem) -> bool {
    matches!(item.state(), CheckState::Skip | CheckState::Unknown) && !report.counts(item.state())
}

fn case(report: &CheckReport, item: &ReportItem, suite: &str, out: &mut String) {
    let _ = write!(
        out,
        "    <testcase classname=\"{}\" name=\"{}\"",
        escape(suite),
        escape(item.id)
    );
    if let Some(place) = item.place() {
        let _ = write!(out, " file=\"{}\"", escape(&place.file));
        if let Some(line) = place.line {
            let _ = write!(out, " line=\"{line}\"");
        }
    }
    let message = escape(&item.finding.message);
    let mut more: Vec<String> = Vec::new();
    more.extend(item.finding.evidence.as_deref().map(escape));
    let fix = item.fix.as_ref();
    more.extend(fix.map(|fix| escape(&format!("fix: {fix}"))));
    more.push(escape(&format!("see {}", item.docs())));
    let more = more.join("\n");
    let _ = if report.counts(item.state()) {
        writeln!(
            out,
            ">\n      <failure type=\"{}\" message=\"{message}\">{more}</failure>\n    </testcase>",
            item.state().name()
        )
    } else if is_skipped(report, item) {
        writeln!(
            out,
            ">\n      <skipped message=\"{message}\"/>\n    </testcase>"
        )
    } else if item.state() == CheckState::Warn {
        writeln!(
            out,
            ">\n      <system-out>warning: {message}\n{more}</system-out>\n    </testcase>"
        )
    } else {
        writeln!(out, "/>")
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_and_what_is_hidden_are_escaped() {
        assert_eq!(
            escape("<a b=\"c\">&'\u{1b}\u{0}\t\n\u{9b}\u{fffe}ü</a>"),
            "&lt;a b=&quot;c&quot;&gt;&amp;&apos;\\u{1b}\\u{0}\\t\\n\\u{9b}\\u{fffe}ü&lt;/a&gt;"
        );
    }
}
