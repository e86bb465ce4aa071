//! The add-ons of the chosen clusters, and what is wanted of each.

use crate::addon::{self, Addon, CATALOG, NamedAddon, rules};
use crate::cluster::Cluster;
use crate::text::{self, Foreign, printable};
use std::collections::BTreeSet;

/// One add-on.
#[derive(Debug, Clone)]
pub(crate) struct PickRow {
    /// It, or a key that the catalogue does not know.
    pub(crate) addon: NamedAddon,
    /// On how many of the clusters it is on.
    pub(crate) on: usize,
    /// How many clusters there are.
    pub(crate) of: usize,
    /// What is wanted; `None` leaves it as it is.
    pub(crate) wish: Option<bool>,
    /// Whether all its settings are asked for.
    pub(crate) asks: bool,
    /// Whether another took it along.
    is_along: bool,
    /// Why it is not documented for the clusters.
    pub(super) undocumented: Option<String>,
    /// Why it cannot be switched here.
    locked: Option<String>,
    /// How it is called on a command line so that nothing else is meant.
    pub(super) word: String,
}

/// All add-ons.
#[derive(Debug, Clone)]
pub(crate) struct PickTable {
    pub(crate) rows: Vec<PickRow>,
    /// The row that is switched, with what needs it, if that is asked for once more.
    again: Option<usize>,
}

impl PickRow {
    /// Whether it is on anywhere once all is done.
    pub(super) fn is_on_after(&self) -> bool {
        self.wish.unwrap_or(self.on > 0)
    }

    /// Whether it is on everywhere then.
    pub(super) fn is_everywhere_after(&self) -> bool {
        self.wish.unwrap_or(self.on == self.of)
    }

    /// Its state in words.
    pub(crate) fn state(&self) -> String {
        match self.wish {
            Some(true) => "goes on".to_owned(),
            Some(false) => "goes off".to_owned(),
            None if self.on == 0 => "off".to_owned(),
            None if self.on == self.of => "on".to_owned(),
            None => format!("on {} of {}", self.on, self.of),
        }
    }

    /// Its name as it is shown.
    pub(crate) fn name(&self) -> String {
        self.addon.shown().into_owned()
    }

    /// The wish that comes next.
    fn next(&self) -> Option<bool> {
        match (self.on, self.wish) {
            (0, None) => Some(true),
            (on, None) if on == self.of => Some(false),
            (on, None) if on > 0 => Some(true),
            (on, Some(true)) if on > 0 && on < self.of => Some(false),
            _ => None,
        }
    }

    fn needs(&self) -> &'static [&'static str] {
        self.addon.addon().map_or(&[], |addon| addon.needs)
    }
}

impl PickTable {
    /// All add-ons of the catalogue, and the keys that it does not know.
    pub(crate) fn of(clusters: &[&Cluster], is_live: bool) -> Self {
        let of = clusters.len();
        let known = CATALOG.iter().map(|addon| row_of(addon, clusters, is_live));
        let mut rows: Vec<PickRow> = known.collect();
        let keys = clusters.iter().filter_map(|cluster| cluster.add_ons());
        let keys: BTreeSet<&String> = keys
            .flat_map(|add_ons| add_ons.iter())
            .filter(|(key, value)| addon::by_key(key).is_none() && !value.is_null())
            .map(|(key, _)| key)
            .collect();
        for key in keys {
            let has = |cluster: &&&Cluster| cluster.add_on_key(key).is_some();
            let unclear = NamedAddon::meant(key, clusters.iter().copied()).is_err();
            rows.push(PickRow {
                addon: NamedAddon::Key(key.clone()),
                on: clusters.iter().filter(has).count(),
                of,
                wish: None,
                asks: false,
                is_along: false,
                undocumented: None,
                locked: unclear
                    .then(|| format!("`{}` can only be deleted by hand", printable(key))),
                word: key.clone(),
            });
        }
        Self { rows, again: None }
    }

    fn by_key(&self, key: &str) -> Option<usize> {
        self.rows.iter().position(|row| row.addon.key() == key)
    }

    /// Whether anything is wanted.
    pub(crate) fn is_changed(&self) -> bool {
        self.rows.iter().any(|row| row.wish.is_some())
    }

    /// Switches an add-on to what comes next, and says what else that does.
    pub(crate) fn switch(&mut self, at: usize) -> String {
        let asked_before = self.again.take() == Some(at);
        let Some(row) = self.rows.get(at) else {
            return String::new();
        };
        if let Some(reason) = &row.locked {
            return reason.clone();
        }
        let (before, wish, name) = (row.wish, row.next(), row.name());
        if let Some(row) = self.rows.get_mut(at) {
            row.wish = wish;
            row.is_along = false;
        }
        let needing = self.left_without(at);
        if !needing.is_empty() && !asked_before {
            if let Some(row) = self.rows.get_mut(at) {
                row.wish = before;
            }
            self.again = Some(at);
            let names: Vec<String> = needing.iter().map(|&it| self.name_of(it)).collect();
            let verb = if names.len() == 1 { "needs" } else { "need" };
            let names = text::list(names.iter().map(String::as_str));
            return format!("{names} {verb} {name}: once more switches that off too");
        }
        let mut said = Vec::new();
        for &other in &needing {
            if let Some(row) = self.rows.get_mut(other) {
                row.wish = (row.on > 0).then_some(false);
                row.is_along = false;
                said.push(format!("{} {} too", row.name(), row.state()));
            }
        }
        said.extend(self.take_along(at));
        said.extend(self.let_go());
        said.join("; ")
    }

    fn name_of(&self, at: usize) -> String {
        self.rows.get(at).map(PickRow::name).unwrap_or_default()
    }

    /// The add-ons that would be on without one that they need.
    fn left_without(&self, at: usize) -> Vec<usize> {
        let Some(needed) = self.rows.get(at) else {
            return Vec::new();
        };
        let is_left = |row: &PickRow| {
            row.needs().contains(&needed.addon.key())
                && match row.wish {
                    Some(true) => !needed.is_everywhere_after(),
                    Some(false) => false,
                    None => row.on > 0 && needed.wish == Some(false),
                }
        };
        let rows = self.rows.iter().enumerate();
        rows.filter(|(_, row)| is_left(row))
            .map(|(at, _)| at)
            .collect()
    }

    /// Switches on what an add-on needs that is to be on.
    fn take_along(&mut self, at: usize) -> Vec<String> {
        let Some(row) = self.rows.get(at) else {
            return Vec::new();
        };
        let (name, wish, is_on) = (row.name(), row.wish, row.is_on_after());
        let needed: Vec<usize> = row
            .needs()
            .iter()
            .filter_map(|key| self.by_key(key))
            .collect();
        let mut said = Vec::new();
        for at in needed {
            let Some(needed) = self.rows.get_mut(at) else {
                continue;
            };
            if wish == Some(true) && !needed.is_everywhere_after() {
                needed.wish = (needed.on < needed.of).then_some(true);
                needed.is_along = needed.wish.is_some();
                said.push(format!(
                    "{} {} too: {name} needs it",
                    needed.name(),
                    needed.state()
                ));
            } else if is_on && wish.is_none() && needed.wish == Some(false) {
                needed.wish = None;
                said.push(format!("{} stays on: {name} needs it", needed.name()));
            }
        }
        said
    }

    /// Leaves as it was what was only taken along by add-ons that are not wanted any more.
    fn let_go(&mut self) -> Vec<String> {
        let wanted: Vec<&'static str> = self
            .rows
            .iter()
            .filter(|row| row.wish == Some(true))
            .flat_map(|row| row.needs().iter().copied())
            .collect();
        let mut said = Vec::new();
        for row in &mut self.rows {
            if row.is_along && row.wish == Some(true) && !wanted.contains(&row.addon.key()) {
                row.wish = None;
                row.is_along = false;
                said.push(format!("{} is left as it was", row.name()));
            }
        }
        said
    }

    /// Has all settings of an add-on asked for, or no more; says why not where that cannot be.
    pub(crate) fn ask_for(&mut self, at: usize) -> String {
        let Some(row) = self.rows.get_mut(at) else {
            return String::new();
        };
        let name = row.name();
        if row.addon.addon().is_none() {
            return format!("the settings of {name} are not known to mk8s");
        }
        if row.asks {
            row.asks = false;
            return format!("the settings of {name} are not asked for");
        }
        if !row.is_on_after() {
            return format!("{name} is off: switch it on first");
        }
        if row
            .addon
            .addon()
            .is_some_and(|addon| super::form::places(addon).is_empty())
        {
            return format!("{name} has no settings that can be asked for");
        }
        if !row.is_everywhere_after() {
            // A command that sets them switches it on.
            return format!("{name} is {}: switch it on everywhere first", row.state());
        }
        row.asks = true;
        format!("the settings of {name} are asked for next")
    }

    /// What needs an add-on and is on, or goes on.
    pub(super) fn needed_by(&self, at: usize) -> Vec<String> {
        let Some(row) = self.rows.get(at) else {
            return Vec::new();
        };
        let key = row.addon.key();
        let needing = self.rows.iter();
        let needing = needing.filter(|row| row.is_on_after() && row.needs().contains(&key));
        needing.map(PickRow::name).collect()
    }
}

fn row_of(addon: &'static Addon, clusters: &[&Cluster], is_live: bool) -> PickRow {
    let is_on = |cluster: &&&Cluster| cluster.add_on(addon.key).is_some();
    let on = clusters.iter().filter(is_on).count();
    let mut providers: Vec<Option<&str>> = clusters.iter().map(|it| it.provider()).collect();
    providers.sort_unstable();
    providers.dedup();
    let undocumented: Vec<String> = providers
        .into_iter()
        .filter(|provider| !addon.is_documented_for(*provider))
        .map(|provider| provider.map_or("no provider".to_owned(), |it| Foreign(it).to_string()))
        .collect();
    // A name may stand there as a key that the platform does not know.
    let is_taken = clusters
        .iter()
        .any(|it| it.add_on_key(addon.name).is_some());
    let wants_name = addon.danger.is_some() && is_live && clusters.len() > 1 && on > 0;
    PickRow {
        addon: NamedAddon::Known(addon),
        on,
        of: clusters.len(),
        wish: None,
        asks: false,
        is_along: false,
        undocumented: (!undocumented.is_empty()).then(|| {
            let documented = rules::documented(addon);
            let list = text::list(undocumented.iter().map(String::as_str));
            format!("not documented for {list}; documented: {documented}")
        }),
        locked: wants_name.then(|| {
            format!(
                "{} runs the cluster it is on: it is switched on one cluster at a time",
                addon.name
            )
        }),
        word: if is_taken { addon.key } else { addon.name }.to_owned(),
    }
}
