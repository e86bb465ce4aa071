//! From what is wanted to the commands that do it.

use super::Picker;
use super::form::{FieldAim, PickField};
use super::table::PickRow;
use crate::invocation::{CommandFlags, Invocation};
use serde_json::Value;

impl Picker {
    /// The commands that do what is wanted, in the order in which they are run: on first, each behind what
    /// it needs, then off, each before what it needs.
    pub(crate) fn commands(&self) -> Vec<Invocation> {
        let target = self.target();
        let rows = in_order(&self.table.rows);
        let on = rows.iter().filter_map(|row| self.enable(row, &target));
        let off = rows.iter().rev().filter(|row| row.wish == Some(false));
        let off = off.map(|row| self.disable(row, &target));
        on.chain(off).collect()
    }

    fn given<'p>(&'p self, row: &'p PickRow) -> impl Iterator<Item = &'p PickField> {
        let fields = self.form.fields.iter();
        fields.filter(|field| field.addon.key == row.addon.key() && !field.text.is_empty())
    }

    fn enable(&self, row: &PickRow, target: &CommandFlags) -> Option<Invocation> {
        let is_asked = row.asks && row.is_everywhere_after();
        let is_set = is_asked && self.given(row).next().is_some();
        if row.wish != Some(true) && !is_set {
            return None;
        }
        let command = Invocation::mk8s("addon enable")
            .word(row.word.clone())
            .with(target);
        let command = self
            .given(row)
            .fold(command, |command, field| match &field.aim {
                FieldAim::Setting(place) if place.flag.is_some() => {
                    place.set(command, &Value::from(field.text.as_str()))
                }
                FieldAim::Setting(place) => {
                    command.flag("--set", format!("{}={}", place.path, field.text))
                }
                FieldAim::Confirm(_) => command,
            });
        Some(command)
    }

    fn disable(&self, row: &PickRow, target: &CommandFlags) -> Invocation {
        let command = Invocation::mk8s("addon disable")
            .word(row.word.clone())
            .with(target);
        let confirm = self.given(row).find_map(|field| match &field.aim {
            FieldAim::Confirm(name) => Some(name.clone()),
            FieldAim::Setting(_) => None,
        });
        command.flag_if("--confirm", confirm)
    }
}

/// The rows, each behind those that it needs.
fn in_order(rows: &[PickRow]) -> Vec<&PickRow> {
    let mut ordered: Vec<&PickRow> = Vec::new();
    let mut left: Vec<&PickRow> = rows.iter().collect();
    while !left.is_empty() {
        let needs = |row: &PickRow| row.addon.addon().map_or(&[][..], |addon| addon.needs);
        let waits = |row: &&&PickRow| {
            left.iter()
                .any(|other| needs(row).contains(&other.addon.key()))
        };
        let (later, ready): (Vec<&PickRow>, Vec<&PickRow>) =
            left.iter().partition(|row| waits(row));
        if ready.is_empty() {
            // Nothing needs itself; and if it did, all are still there.
            ordered.extend(later);
            break;
        }
        ordered.extend(ready);
        left = later;
    }
    ordered
}
