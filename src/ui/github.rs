//! A checklist as GitHub Actions shows it: annotations, and a table for the summary. Pure.

use crate::check::{CheckReport, CheckState};
use crate::error::FilePlace;
use crate::text::printable;
use std::fmt::Write as _;

/// Escapes what ends a message, and with it the workflow command.
fn message(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// Escapes what ends a property as well.
fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}

/// A file as the runner knows it, from the folder on in which the run is.
fn bare(file: &str) -> &str {
    file.trim_start_matches("./")
}

/// The annotations, and the counts.
pub(super) fn text(report: &CheckReport) -> String {
    let counts = super::checks::counts(report);
    format!("{}{counts}\n", annotations(report))
}

/// A workflow command: what is worth a look, and where. What comes on stdin is in no file.
pub(super) fn annotation(
    command: &str,
    place: Option<&FilePlace>,
    title: &str,
    text: &str,
) -> String {
    let mut properties = Vec::new();
    if let Some(place) = place.filter(|place| place.file != "-") {
        properties.push(format!("file={}", property(bare(&place.file))));
        properties.extend(place.line.map(|number| format!("line={number}")));
        properties.extend(place.column.map(|number| format!("col={number}")));
    }
    properties.push(format!("title={}", property(title)));
    let whole = format!("::{command} {}::{}", properties.join(","), message(text));
    format!("{}\n", printable(&whole))
}

/// A workflow command for each line that is not a pass or a skip.
pub(super) fn annotations(report: &CheckReport) -> String {
    let several = super::checks::several(report);
    let mut out = String::new();
    for item in &report.items {
        let command = match item.state() {
            CheckState::Pass | CheckState::Skip => continue,
            state if report.counts(state) => "error",
            CheckState::Warn | CheckState::Fail => "warning",
            CheckState::Unknown => "notice",
        };
        let mut properties = Vec::new();
        if let Some(place) = item.place() {
            properties.push(format!("file={}", property(bare(&place.file))));
            properties.extend(place.line.map(|number| format!("line={number}")));
            properties.extend(place.column.map(|number| format!("col={number}")));
        }
        properties.push(format!("title={}", property(item.id)));
        let mut text = match &item.cluster {
            Some(cluster) if several => printable(&format!("{cluster}: {}", item.finding.message)),
            _ => printable(&item.finding.message),
        };
        if let Some(evidence) = &item.finding.evidence {
            let _ = write!(text, "\n{}", printable(evidence));
        }
        if let Some(fix) = &item.fix {
            let _ = write!(text, "\nfix: {}", printable(fix));
        }
        let _ = write!(text, "\nsee {}", item.docs());
        let whole = format!("::{command} {}::{}", properties.join(","), message(&text));
        let _ = writeln!(out, "{}", printable(&whole));
    }
    out
}

/// A table in Markdown of what is not a pass or a skip, under the counts.
pub(super) fn markdown(report: &CheckReport, title: &str) -> String {
    let several = super::checks::several(report);
    let counts = super::checks::counts(report);
    let mut out = format!("### {}: {counts}\n\n", plain(title));
    let bad = |state| !matches!(state, CheckState::Pass | CheckState::Skip);
    let mut rows = report.items.iter().filter(|it| bad(it.state())).peekable();
    if rows.peek().is_none() {
        return out;
    }
    out.push_str("| state | check | what was seen | what mends it |\n|---|---|---|---|\n");
    for item in rows {
        let mut seen = String::new();
        if let (Some(cluster), true) = (&item.cluster, several) {
            let _ = write!(seen, "{}: ", plain(cluster));
        }
        seen.push_str(&plain(&item.finding.message));
        if let Some(place) = item.place() {
            let number = place
                .line
                .map_or_else(String::new, |number| format!(":{number}"));
            let _ = write!(seen, "<br>{}{number}", plain(&place.file));
        }
        if let Some(evidence) = &item.finding.evidence {
            let _ = write!(seen, "<br>{}", plain(evidence));
        }
        let fix = item.fix.as_ref();
        let fix = fix.map_or_else(String::new, |fix| format!("<code>{}</code>", plain(fix)));
        let state = item.state().name();
        let state = if report.counts(item.state()) {
            format!("**{state}**")
        } else {
            state.to_owned()
        };
        let _ = writeln!(out, "| {state} | `{}` | {seen} | {fix} |", item.id);
    }
    out.push('\n');
    out
}

/// Text that neither Markdown nor HTML acts on, on one line.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::new();
    for c in printable(text).chars() {
        if c.is_ascii_punctuation() && !",.;:/-'()=+%?".contains(c) {
            let _ = write!(out, "&#{};", u32::from(c));
        } else if c.is_control() {
            out.push(' ');
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Finding, ReportItem};
    use crate::invocation::Hint;

    #[test]
    fn nothing_from_outside_can_end_a_command() {
        let report = CheckReport {
            items: vec![ReportItem {
                id: "role-arn-form",
                group: "add-ons",
                cluster: None,
                finding: Finding {
                    message: "100% of arn:aws:iam::1:role/x,\r\n::error::fake".to_owned(),
                    ..Finding::fail("")
                }
                .at("a,b:c%\n.yaml", Some(3)),
                fix: None,
                with_group: false,
            }],
            fail_on: Vec::new(),
            verdicts: Vec::new(),
        };
        let text = super::text(&report);
        let first = text.lines().next().unwrap();
        assert_eq!(
            first,
            "::error file=a%2Cb%3Ac%25%0A.yaml,line=3,title=role-arn-form::100%25 of \
             arn:aws:iam::1:role/x,\\r\\n::error::fake%0Asee docs/checks.md#role-arn-form"
        );
        assert_eq!(text.lines().count(), 2);
    }

    #[test]
    fn the_table_holds_what_is_not_well_and_nothing_can_leave_its_cell() {
        let item = |finding: Finding| ReportItem {
            id: "role-arn-form",
            group: "add-ons",
            cluster: None,
            fix: finding.fix.as_ref().map(Hint::bare),
            finding,
            with_group: false,
        };
        let bad = Finding::fail("a|b\n| <script>`x`</script> **[l](u)**")
            .evidence("1\n2")
            .fix("sed 's|a|b|'")
            .at("m.yaml", Some(4));
        let report = CheckReport {
            items: vec![
                item(Finding::pass("well")),
                item(bad),
                item(Finding::warn("so so")),
            ],
            fail_on: Vec::new(),
            verdicts: Vec::new(),
        };
        assert_eq!(
            markdown(&report, "mk8s check"),
            "### mk8s check: 1 failed, 1 warning, 1 passed\n\n\
             | state | check | what was seen | what mends it |\n|---|---|---|---|\n\
             | **fail** | `role-arn-form` | a&#124;b&#92;n&#124; &#60;script&#62;&#96;x&#96;&#60;/script&#62; \
             &#42;&#42;&#91;l&#93;(u)&#42;&#42;<br>m.yaml:4<br>1; 2 | \
             <code>sed 's&#124;a&#124;b&#124;'</code> |\n\
             | warn | `role-arn-form` | so so |  |\n\n"
        );
        let well = CheckReport {
            items: vec![item(Finding::pass("well"))],
            fail_on: Vec::new(),
            verdicts: Vec::new(),
        };
        assert_eq!(
            markdown(&well, "mk8s check"),
            "### mk8s check: 1 passed\n\n"
        );
    }

    #[test]
    fn of_several_clusters_each_is_named() {
        let item = |cluster: &str| ReportItem {
            id: "oidc-audience",
            group: "aws",
            cluster: Some(cluster.to_owned()),
            finding: Finding::fail("the provider lacks it"),
            fix: None,
            with_group: false,
        };
        let of = |items: Vec<ReportItem>| {
            annotations(&CheckReport {
                items,
                fail_on: Vec::new(),
                verdicts: Vec::new(),
            })
        };
        let two = of(vec![item("a"), item("b")]);
        assert!(
            two.contains("::a: the provider") && two.contains("::b: the provider"),
            "{two}"
        );
        assert!(of(vec![item("a")]).contains("::the provider lacks it"));
    }
}
