//! An add-on change on many live clusters before it is made: one preview of all.

use super::change::ChangeRun;
use super::cluster::Planned;
use crate::command::fleet_change;
use crate::fleet::Rollout;
use crate::plan;
use crate::text::first_few;
use std::collections::HashMap;

/// The lines of a diff, each with its sign.
type Lines = Vec<(char, String)>;

impl ChangeRun<'_> {
    /// Shows what would change, clusters with the same change together, how many do not and why, and
    /// in which stages it goes.
    pub(super) fn show_all(&self, planned: &[Planned], rollout: &Rollout) {
        let several = planned.len() > 1;
        let mut groups: Vec<(Lines, Vec<&str>)> = Vec::new();
        let mut known: HashMap<Lines, usize> = HashMap::new();
        for (name, first) in planned {
            if let Ok((_, plan)) = first
                && !plan.is_empty()
            {
                let diff = plan::diff(plan);
                let at = *known.entry(diff).or_insert_with_key(|diff| {
                    groups.push((diff.clone(), Vec::new()));
                    groups.len() - 1
                });
                groups[at].1.push(name);
            }
        }
        for (diff, names) in &groups {
            let heading = match names.as_slice() {
                [_] if !several => " spec.addOns:".to_owned(),
                [name] => format!(" {name}, spec.addOns:"),
                names => format!(
                    " {} clusters ({}), spec.addOns:",
                    names.len(),
                    first_few(names)
                ),
            };
            let mut lines = vec![(' ', heading)];
            let indented = diff
                .iter()
                .map(|(sign, line)| (*sign, format!("   {line}")));
            lines.extend(indented);
            self.cx.ui.diff(&lines, self.cx.preview(self.mode));
        }
        if several {
            fleet_change::show_counts(self, planned, rollout);
        }
    }
}
