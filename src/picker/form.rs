//! The settings that are required or asked for, and what was typed.

use super::PickKey;
use super::table::{PickRow, PickTable};
use crate::addon::param::SettingPlace;
use crate::addon::path::Path;
use crate::addon::{Addon, rules};
use crate::cluster::Cluster;
use crate::text::excerpt;
use std::collections::HashMap;

/// What a field is for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum FieldAim {
    /// A setting of an add-on that is to be on.
    Setting(SettingPlace),
    /// The cluster's name, where an add-on goes that the cluster itself hangs on.
    Confirm(String),
}

/// One field.
#[derive(Debug, Clone)]
pub(crate) struct PickField {
    pub(crate) addon: &'static Addon,
    pub(crate) aim: FieldAim,
    /// Whether it has to be given.
    pub(crate) is_required: bool,
    /// What stands there now, where that is the same everywhere.
    pub(crate) now: Option<String>,
    /// What was typed.
    pub(crate) text: String,
}

/// All fields, and which of them is typed into.
#[derive(Debug, Clone, Default)]
pub(crate) struct PickForm {
    pub(crate) fields: Vec<PickField>,
    pub(super) at: usize,
    /// What was typed into fields, whether or not they are there at present.
    typed: HashMap<(&'static str, String), String>,
}

/// The settings of an add-on that can be given by a line that is typed: those of one value. What may be
/// secret is none of them, since it would stand on the screen and in a command.
pub(super) fn places(addon: &'static Addon) -> Vec<SettingPlace> {
    let is_plain = |place: &SettingPlace| {
        let has_name = place.path.split('.').any(|part| part == "NAME");
        place.kind.is_single() && !place.param.secret && !has_name
    };
    addon.places().into_iter().filter(is_plain).collect()
}

impl PickField {
    /// How it is called: `aws-ecr roleArn`.
    pub(crate) fn label(&self) -> String {
        match &self.aim {
            FieldAim::Setting(place) => format!("{} {}", self.addon.name, place.path),
            FieldAim::Confirm(_) => format!("{} goes off", self.addon.name),
        }
    }

    /// Why what was typed will not do.
    pub(crate) fn fault(&self) -> Option<String> {
        match &self.aim {
            _ if self.text.is_empty() => self.is_required.then(|| "it is required".to_owned()),
            FieldAim::Setting(place) => place.kind.parse(&self.text).err(),
            FieldAim::Confirm(name) if *name == self.text => None,
            FieldAim::Confirm(_) => Some("that is not the name of the cluster".to_owned()),
        }
    }

    /// What of the text that was typed is wrong or right so far, in a word.
    pub(crate) fn word(&self) -> &'static str {
        match (self.text.is_empty(), self.fault()) {
            (true, Some(_)) => "required",
            (true, None) if self.now.is_some() => "kept",
            (true, None) => "optional",
            (false, Some(_)) => "not yet right",
            (false, None) => "right",
        }
    }

    /// What it wants, in a sentence.
    pub(crate) fn wants(&self) -> String {
        match &self.aim {
            FieldAim::Setting(place) => {
                let constraint = place.kind.constraint();
                let constraint = constraint.map_or(String::new(), |it| format!(": {it}"));
                format!(
                    "{} ({}{constraint}), such as {}",
                    place.param.summary,
                    place.kind.describe(),
                    place.example()
                )
            }
            FieldAim::Confirm(name) => format!(
                "{}. Type `{name}`, the name of the cluster, if that is meant",
                self.addon.danger.unwrap_or_default().trim_end_matches('.')
            ),
        }
    }
}

impl PickForm {
    /// The fields for what is wanted of these clusters; what was typed before stays.
    pub(super) fn fill(&mut self, table: &PickTable, clusters: &[&Cluster], is_live: bool) {
        for field in &self.fields {
            self.typed.insert(key_of(field), field.text.clone());
        }
        let fields = table.rows.iter();
        self.fields = fields
            .filter_map(|row| Some((row, row.addon.addon()?)))
            .flat_map(|(row, addon)| fields_of(row, addon, clusters, is_live))
            .collect();
        for field in &mut self.fields {
            if let Some(text) = self.typed.get(&key_of(field)) {
                text.clone_into(&mut field.text);
            }
        }
        self.at = self.first_fault().unwrap_or(0);
    }

    /// The first field that is not right.
    pub(super) fn first_fault(&self) -> Option<usize> {
        self.fields.iter().position(|it| it.fault().is_some())
    }

    /// Takes a key that types or moves; gives whether it was one.
    pub(super) fn take(&mut self, key: &PickKey, page: usize) -> bool {
        let last = self.fields.len().saturating_sub(1);
        match key {
            PickKey::Up | PickKey::BackTab => self.at = self.at.saturating_sub(1),
            PickKey::Down | PickKey::Tab => self.at = (self.at + 1).min(last),
            PickKey::PageUp => self.at = self.at.saturating_sub(page),
            PickKey::PageDown => self.at = (self.at + page).min(last),
            PickKey::Home => self.at = 0,
            PickKey::End => self.at = last,
            _ => {
                let Some(field) = self.fields.get_mut(self.at) else {
                    return false;
                };
                match key {
                    PickKey::Char(c) => field.text.push(*c),
                    PickKey::Pasted(text) => field.text.push_str(text.trim()),
                    PickKey::Back => {
                        field.text.pop();
                    }
                    PickKey::Clear => field.text.clear(),
                    _ => return false,
                }
            }
        }
        true
    }
}

fn key_of(field: &PickField) -> (&'static str, String) {
    let place = match &field.aim {
        FieldAim::Setting(place) => place.path.clone(),
        FieldAim::Confirm(name) => format!("= {name}"),
    };
    (field.addon.key, place)
}

/// The fields of one add-on.
fn fields_of(
    row: &PickRow,
    addon: &'static Addon,
    clusters: &[&Cluster],
    is_live: bool,
) -> Vec<PickField> {
    if row.wish == Some(false) {
        let only = clusters.first().filter(|_| is_live && row.on > 0);
        let asks = only.filter(|_| addon.danger.is_some());
        let confirm = asks.map(|cluster| PickField {
            addon,
            aim: FieldAim::Confirm(cluster.name().to_owned()),
            is_required: true,
            now: None,
            text: String::new(),
        });
        return confirm.into_iter().collect();
    }
    let goes_on = row.wish == Some(true);
    let is_asked_for = row.asks && row.is_everywhere_after();
    if !(goes_on || is_asked_for) {
        return Vec::new();
    }
    let places = places(addon).into_iter();
    let fields = places.filter_map(|place| {
        let is_role = addon.works_at_home() && place.path == "roleArn";
        let is_required = goes_on && is_missing(addon, &place, clusters, is_role);
        let is_asked_for = row.asks || (goes_on && is_role);
        (is_required || is_asked_for).then(|| PickField {
            addon,
            now: now(addon, &place, clusters),
            aim: FieldAim::Setting(place),
            is_required,
            text: String::new(),
        })
    });
    fields.collect()
}

/// Whether some cluster has no such setting and cannot do without.
fn is_missing(addon: &Addon, place: &SettingPlace, clusters: &[&Cluster], is_role: bool) -> bool {
    let is_wanted = place.depth == 0 && place.param.required;
    let is_there = |cluster: &Cluster| {
        let settings = cluster.add_on(addon.key);
        settings
            .and_then(|it| it.get(&place.path))
            .is_some_and(|it| !it.is_null())
    };
    let mut clusters = clusters.iter();
    clusters.any(|cluster| {
        let is_away = is_role && cluster.provider() != Some("aws");
        (is_wanted || is_away) && !is_there(cluster)
    })
}

/// What stands there, if it is the same everywhere.
fn now(addon: &Addon, place: &SettingPlace, clusters: &[&Cluster]) -> Option<String> {
    let path: Path = place.path.parse().ok()?;
    let all = clusters.iter();
    let mut all = all.map(|cluster| path.get(cluster.add_on(addon.key)?));
    let first = all.next()??;
    if all.any(|found| found != Some(first)) {
        return None;
    }
    Some(excerpt(
        &rules::short(&rules::shown(place.param, first)),
        80,
    ))
}
