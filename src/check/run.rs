//! Goes through the groups: what is skipped, what is looked at, what is reported.

use super::catalog::SHARED;
use super::report::weigh;
use super::{
    Check, CheckFunction, CheckState, Finding, GROUPS, Gate, Group, ReportItem, Scene, Selection,
    Severity,
};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;

/// Runs the wanted checks on one scene and adds what is to be reported; `seen` is shown it as it comes.
pub(crate) async fn run(
    scene: &Scene<'_>,
    selection: &Selection,
    items: &mut Vec<ReportItem>,
    seen: impl Fn(&[ReportItem]),
) {
    let wanted = selection.wanted();
    let mut course = CheckProgress {
        ended: HashMap::new(),
    };
    for group in GROUPS {
        if !group.checks.iter().any(|check| wanted.contains(check.id)) {
            continue;
        }
        let gate = (group.prepare)(scene).await;
        let mut fatal = None;
        for check in group.checks {
            if !wanted.contains(check.id) {
                continue;
            }
            let (findings, with_group) = match &gate {
                Gate::Open => (course.judge(check, scene, fatal).await, false),
                Gate::NotAsked(reason) | Gate::Closed(reason) => {
                    (vec![Finding::skip(reason.clone())], true)
                }
            };
            course.note(check, &findings);
            if check.severity == Severity::Fatal && worst(&findings) == CheckState::Fail {
                fatal.get_or_insert(check.id);
            }
            let asked = match gate {
                Gate::NotAsked(_) => selection.names(group, check),
                _ => true,
            };
            if asked && selection.reports(group, check) {
                let before = items.len();
                add(items, scene, group, check, findings, with_group);
                seen(items.get(before..).unwrap_or_default());
            }
        }
    }
    if scene.cluster_name.is_some() && selection.takes_cluster_for_granted() {
        let before = items.len();
        missing(scene, items).await;
        seen(items.get(before..).unwrap_or_default());
    }
}

/// Says what keeps the cluster from being read, although nobody asked for it: what is skipped for that
/// reason would look sound.
async fn missing(scene: &Scene<'_>, items: &mut Vec<ReportItem>) {
    let groups = [&super::setup::GROUP, &super::control_plane::GROUP];
    for group in groups {
        // The second one reads the cluster.
        (group.prepare)(scene).await;
    }
    if scene.cluster().is_some() {
        return;
    }
    let mut course = CheckProgress {
        ended: HashMap::new(),
    };
    for group in groups {
        for check in group.checks {
            let findings = course.judge(check, scene, None).await;
            course.note(check, &findings);
            if worst(&findings) == CheckState::Fail {
                return add(items, scene, group, check, findings, false);
            }
        }
    }
}

/// What several scenes show, in their order, however they come; what is shared between scenes, and in the
/// list already, is not added again.
pub(crate) struct JoinedChecks<F: Fn(&ReportItem)> {
    items: RefCell<Vec<ReportItem>>,
    /// What the scenes behind the first that is not at its end have shown so far, and whether they are.
    waiting: RefCell<Vec<(Vec<ReportItem>, bool)>>,
    /// The first scene that is not at its end.
    first: Cell<usize>,
    /// Whoever is shown each item when it is its turn.
    seen: F,
}

impl<F: Fn(&ReportItem)> JoinedChecks<F> {
    /// Of so many scenes, behind what is in the list already.
    pub(crate) fn new(scenes: usize, seen: F) -> Self {
        Self {
            items: RefCell::default(),
            waiting: RefCell::new((0..scenes).map(|_| (Vec::new(), false)).collect()),
            first: Cell::new(0),
            seen,
        }
    }

    /// A scene shows more.
    pub(crate) fn came(&self, scene: usize, more: &[ReportItem]) {
        if scene == self.first.get() {
            self.take(more);
        } else if let Some((held, _)) = self.waiting.borrow_mut().get_mut(scene) {
            held.extend_from_slice(more);
        }
    }

    /// A scene is at its end.
    pub(crate) fn ended(&self, scene: usize) {
        if let Some((_, is_over)) = self.waiting.borrow_mut().get_mut(scene) {
            *is_over = true;
        }
        loop {
            let first = self.first.get();
            let is_over = |(_, is_over): &(Vec<ReportItem>, bool)| *is_over;
            if !self.waiting.borrow().get(first).is_some_and(is_over) {
                return;
            }
            self.first.set(first + 1);
            let mut waiting = self.waiting.borrow_mut();
            let held = waiting
                .get_mut(first + 1)
                .map(|(held, _)| std::mem::take(held));
            drop(waiting);
            self.take(&held.unwrap_or_default());
        }
    }

    fn take(&self, more: &[ReportItem]) {
        let mut items = self.items.borrow_mut();
        for item in more {
            if !is_known(&items, item.id, &item.finding) {
                (self.seen)(item);
                items.push(item.clone());
            }
        }
    }

    /// All of them.
    pub(crate) fn into_items(self) -> Vec<ReportItem> {
        self.items.into_inner()
    }
}

/// Whether a finding that scenes share is in the list already.
fn is_known(items: &[ReportItem], id: &str, finding: &Finding) -> bool {
    let same = |item: &ReportItem| item.id == id && item.finding == *finding;
    SHARED.contains(&id) && items.iter().any(same)
}

fn add(
    items: &mut Vec<ReportItem>,
    scene: &Scene<'_>,
    group: &'static Group,
    check: &'static Check,
    findings: Vec<Finding>,
    with_group: bool,
) {
    let shared = SHARED.contains(&check.id);
    for finding in findings {
        if is_known(items, check.id, &finding) {
            continue;
        }
        let cluster = scene.cluster_name.filter(|_| !shared || with_group);
        items.push(ReportItem {
            id: check.id,
            group: group.id,
            cluster: cluster.map(str::to_owned),
            fix: finding
                .fix
                .as_ref()
                .map(|it| it.render(&scene.session.reach)),
            finding,
            with_group,
        });
    }
}

fn worst(findings: &[Finding]) -> CheckState {
    findings
        .iter()
        .map(|finding| finding.state)
        .max()
        .unwrap_or(CheckState::Pass)
}

/// How the checks so far have ended.
struct CheckProgress {
    /// The reason why what needs the check is skipped, if there is one.
    ended: HashMap<&'static str, Option<String>>,
}

impl CheckProgress {
    async fn judge(&self, check: &Check, scene: &Scene<'_>, fatal: Option<&str>) -> Vec<Finding> {
        if let Some(id) = fatal {
            return vec![Finding::skip(format!("{id} failed"))];
        }
        let blocked = check
            .needs
            .iter()
            .find_map(|need| self.ended.get(need).cloned().flatten());
        if let Some(reason) = blocked {
            return vec![Finding::skip(reason)];
        }
        let findings = match check.run {
            CheckFunction::Now(judge) => judge(scene),
            CheckFunction::Later(look) => look(scene).await,
        };
        debug_assert!(!findings.is_empty(), "{} saw nothing", check.id);
        findings
            .into_iter()
            .map(|finding| weigh(finding, check.severity))
            .collect()
    }

    /// Remembers why dependants are to be skipped; a skip hands on its own reason.
    fn note(&mut self, check: &Check, findings: &[Finding]) {
        let reason = match worst(findings) {
            CheckState::Fail => Some(format!("{} failed", check.id)),
            CheckState::Unknown => Some(format!("{} is unknown", check.id)),
            CheckState::Skip if findings.iter().all(|it| it.state == CheckState::Skip) => {
                findings.first().map(|finding| finding.message.clone())
            }
            // A skip here is of one part only; another was looked at.
            CheckState::Pass | CheckState::Warn | CheckState::Skip => None,
        };
        self.ended.insert(check.id, reason);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(id: &'static str, needs: &'static [&'static str]) -> Check {
        Check {
            id,
            summary: "s",
            needs,
            severity: Severity::Failure,
            hint: "h.",
            fix: "f.",
            run: CheckFunction::Now(|_| vec![Finding::pass("p")]),
        }
    }

    #[test]
    fn dependants_hear_the_first_reason() {
        let mut course = CheckProgress {
            ended: HashMap::new(),
        };
        course.note(&check("a", &[]), &[Finding::fail("x")]);
        course.note(&check("b", &["a"]), &[Finding::skip("a failed")]);
        course.note(&check("c", &[]), &[Finding::unknown("x")]);
        course.note(&check("d", &[]), &[Finding::warn("x"), Finding::pass("y")]);
        course.note(&check("e", &[]), &[Finding::skip("x"), Finding::pass("y")]);
        for (id, reason) in [
            ("a", Some("a failed")),
            ("b", Some("a failed")),
            ("c", Some("c is unknown")),
            ("d", None),
            ("e", None),
        ] {
            assert_eq!(course.ended[id].as_deref(), reason, "{id}");
        }
    }
}
