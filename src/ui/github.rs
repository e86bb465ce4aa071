//! A checklist as annotations of GitHub Actions. Pure.

use crate::check::{Report, State};
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

/// A workflow command for each line that is not a pass or a skip, and the counts.
pub(super) fn annotations(report: &Report) -> String {
    let several = super::checks::several(report);
    let mut out = String::new();
    for item in &report.items {
        let command = match item.state() {
            State::Pass | State::Skip => continue,
            state if report.counts(state) => "error",
            State::Warn | State::Fail => "warning",
            State::Unknown => "notice",
        };
        let mut properties = Vec::new();
        if let Some(place) = item.place() {
            properties.push(format!("file={}", property(&place.file)));
            properties.extend(place.line.map(|line| format!("line={line}")));
        }
        properties.push(format!("title={}", property(item.id)));
        let mut text = match &item.cluster {
            Some(cluster) if several => format!("{cluster}: {}", item.finding.message),
            _ => item.finding.message.clone(),
        };
        if let Some(evidence) = &item.finding.evidence {
            let _ = write!(text, "\n{evidence}");
        }
        if let Some(fix) = &item.finding.fix {
            let _ = write!(text, "\nfix: {fix}");
        }
        let _ = write!(text, "\nsee {}", item.docs());
        let line = format!("::{command} {}::{}", properties.join(","), message(&text));
        let _ = writeln!(out, "{}", super::clean(&line));
    }
    let _ = writeln!(out, "{}", super::checks::counts(report));
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Finding, Item};

    #[test]
    fn nothing_from_outside_can_end_a_command() {
        let report = Report {
            items: vec![Item {
                id: "role-arn-form",
                group: "add-ons",
                cluster: None,
                finding: Finding {
                    message: "100% of arn:aws:iam::1:role/x,\r\n::error::fake".to_owned(),
                    ..Finding::fail("")
                }
                .at("a,b:c%\n.yaml", Some(3)),
                with_group: false,
            }],
            fail_on: Vec::new(),
        };
        let text = annotations(&report);
        let first = text.lines().next().unwrap();
        assert_eq!(
            first,
            "::error file=a%2Cb%3Ac%25%0A.yaml,line=3,title=role-arn-form::100%25 of \
             arn:aws:iam::1:role/x,%0D%0A::error::fake%0Asee docs/checks.md#role-arn-form"
        );
        assert_eq!(text.lines().count(), 2);
    }

    #[test]
    fn of_several_clusters_each_is_named() {
        let item = |cluster: &str| Item {
            id: "oidc-audience",
            group: "aws",
            cluster: Some(cluster.to_owned()),
            finding: Finding::fail("the provider lacks it"),
            with_group: false,
        };
        let of = |items: Vec<Item>| {
            annotations(&Report {
                items,
                fail_on: Vec::new(),
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
