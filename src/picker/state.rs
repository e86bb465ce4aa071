//! The pages, and what each key does on them.

use super::PickKey;
use super::form::PickForm;
use super::list::PickList;
use super::table::PickTable;
use crate::cluster::Cluster;
use crate::invocation::CommandFlags;
use std::collections::BTreeSet;

/// What is picked from.
#[derive(Debug, Clone)]
pub(crate) struct PickTargets {
    /// Live clusters, or the documents of manifests.
    pub(crate) clusters: Vec<Cluster>,
    /// What each is called, by a name that no other has.
    pub(crate) ids: Vec<String>,
    /// Whether they are live.
    pub(crate) is_live: bool,
    /// How the command line names all of them; nothing where each is named.
    pub(crate) flags: CommandFlags,
    /// Whether it has yet to be picked which are meant.
    pub(crate) are_open: bool,
    /// Where they are, in a few words: `org acme`, `clusters/prod.yaml`.
    pub(crate) place: String,
}

/// What is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PickPage {
    /// Which clusters.
    Clusters,
    /// Which add-ons.
    AddOns,
    /// With which settings.
    Settings,
}

/// What comes after a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PickStep {
    /// The next key.
    Stay,
    /// The end, with nothing changed.
    Leave,
    /// The same by Ctrl-C.
    Interrupt,
    /// The plan, and the question.
    Review,
}

/// All that is known while somebody picks.
#[derive(Debug, Clone)]
pub(crate) struct Picker {
    pub(super) targets: PickTargets,
    pub(super) page: PickPage,
    /// The clusters that have a tick.
    pub(super) ticked: BTreeSet<usize>,
    /// Those whose add-ons the table has.
    picked: BTreeSet<usize>,
    pub(super) cluster_list: PickList,
    pub(super) addon_list: PickList,
    pub(super) table: PickTable,
    pub(super) form: PickForm,
    /// What is said of the last key.
    pub(super) message: String,
    /// How many lines of a list are seen at once.
    pub(super) fit: usize,
}

impl Picker {
    /// Nothing is picked yet.
    pub(crate) fn new(targets: PickTargets) -> Self {
        let mut picker = Self {
            page: PickPage::Clusters,
            ticked: BTreeSet::new(),
            picked: BTreeSet::new(),
            cluster_list: PickList::default(),
            addon_list: PickList::default(),
            table: PickTable::of(&[], targets.is_live),
            form: PickForm::default(),
            message: String::new(),
            fit: 10,
            targets,
        };
        let all = 0..picker.targets.clusters.len();
        if !picker.targets.are_open {
            picker.pick(all);
        } else if !picker.targets.is_live {
            // Files were named for what is in them.
            picker.ticked = all.collect();
        }
        picker
    }

    /// What is seen.
    pub(crate) fn page(&self) -> PickPage {
        self.page
    }

    /// All clusters there are to pick from.
    pub(crate) fn clusters(&self) -> &[Cluster] {
        &self.targets.clusters
    }

    /// The clusters that are picked.
    pub(crate) fn chosen(&self) -> Vec<&Cluster> {
        let all = self.picked.iter();
        all.filter_map(|&at| self.targets.clusters.get(at))
            .collect()
    }

    /// The same, each with the name that no other has.
    pub(crate) fn chosen_with_ids(&self) -> impl Iterator<Item = (&str, &Cluster)> {
        let all = self.picked.iter();
        all.filter_map(|&at| {
            let id = self.targets.ids.get(at)?;
            Some((id.as_str(), self.targets.clusters.get(at)?))
        })
    }

    /// What one of them is called.
    pub(crate) fn noun(&self) -> &'static str {
        if self.targets.is_live {
            "cluster"
        } else {
            "document"
        }
    }

    /// Whether they are live clusters.
    pub(crate) fn is_live(&self) -> bool {
        self.targets.is_live
    }

    /// Where they are.
    pub(crate) fn place(&self) -> &str {
        &self.targets.place
    }

    /// The add-ons, to be looked at and switched.
    pub(crate) fn table(&mut self) -> &mut PickTable {
        &mut self.table
    }

    /// The fields, to be looked at and filled in.
    pub(crate) fn form(&mut self) -> &mut PickForm {
        &mut self.form
    }

    /// How the command line names what is picked.
    pub(super) fn target(&self) -> CommandFlags {
        let flags = self.targets.flags.clone();
        let all = self.picked.len() == self.targets.clusters.len();
        if !self.targets.are_open || (!self.targets.is_live && all) {
            return flags;
        }
        let chosen = self.chosen().into_iter();
        chosen.fold(flags, |flags, it| flags.cluster(it.name()))
    }

    /// Picks clusters by their places, and turns to their add-ons.
    pub(crate) fn pick(&mut self, picked: impl IntoIterator<Item = usize>) {
        let before = std::mem::take(&mut self.picked);
        self.picked = picked.into_iter().collect();
        if before != self.picked {
            self.table = PickTable::of(&self.chosen(), self.targets.is_live);
            self.form = PickForm::default();
        }
        self.page = PickPage::AddOns;
    }

    /// Says something on the page that is seen: why what was wanted cannot be.
    pub(crate) fn say(&mut self, message: String) {
        self.message = message;
    }

    /// Goes from the add-ons to their settings, or past them where none is asked for.
    pub(crate) fn go_on(&mut self) -> PickStep {
        let asks = self.table.rows.iter().any(|row| row.asks);
        if !asks && !self.table.is_changed() {
            "nothing is to be changed yet: space switches an add-on".clone_into(&mut self.message);
            return PickStep::Stay;
        }
        let (table, is_live) = (self.table.clone(), self.targets.is_live);
        let mut form = std::mem::take(&mut self.form);
        form.fill(&table, &self.chosen(), is_live);
        self.form = form;
        if self.form.fields.is_empty() {
            return PickStep::Review;
        }
        self.page = PickPage::Settings;
        PickStep::Stay
    }

    /// Goes back from the question.
    pub(crate) fn go_back(&mut self) {
        self.page = if self.form.fields.is_empty() {
            PickPage::AddOns
        } else {
            PickPage::Settings
        };
    }

    /// Turns to the add-ons again.
    pub(crate) fn go_to_add_ons(&mut self) {
        self.page = PickPage::AddOns;
    }

    /// Does what a key does.
    pub(crate) fn press(&mut self, key: &PickKey) -> PickStep {
        match key {
            PickKey::Interrupt => return PickStep::Interrupt,
            PickKey::Closed => return PickStep::Leave,
            PickKey::Redraw => return PickStep::Stay,
            _ => self.message.clear(),
        }
        match self.page {
            PickPage::Clusters => self.on_clusters(key),
            PickPage::AddOns => self.on_add_ons(key),
            PickPage::Settings => self.on_settings(key),
        }
    }

    /// The clusters that the filter lets through.
    pub(super) fn clusters_shown(&self) -> Vec<usize> {
        let all = self.targets.clusters.iter().enumerate();
        let shown = all.filter(|(_, cluster)| {
            let provider = cluster.provider().unwrap_or_default();
            self.cluster_list
                .shows(&format!("{} {provider}", cluster.name()))
        });
        shown.map(|(at, _)| at).collect()
    }

    /// The add-ons that the filter lets through.
    pub(super) fn add_ons_shown(&self) -> Vec<usize> {
        let all = self.table.rows.iter().enumerate();
        let shown = all.filter(|(_, row)| {
            let summary = row.addon.addon().map_or("", |addon| addon.summary);
            let text = format!("{} {} {summary}", row.name(), row.addon.key());
            self.addon_list.shows(&text)
        });
        shown.map(|(at, _)| at).collect()
    }

    fn on_clusters(&mut self, key: &PickKey) -> PickStep {
        let count = self.clusters_shown().len();
        if self.cluster_list.take(key, self.fit, count) {
            let count = self.clusters_shown().len();
            self.cluster_list.settle(count);
            return PickStep::Stay;
        }
        let marked = self.clusters_shown().get(self.cluster_list.at).copied();
        match key {
            PickKey::Char(' ') => {
                if let Some(at) = marked
                    && !self.ticked.remove(&at)
                {
                    self.ticked.insert(at);
                }
            }
            PickKey::Enter => {
                let mut picked = self.ticked.clone();
                if picked.is_empty() {
                    picked.extend(marked);
                }
                if picked.is_empty() {
                    self.message = format!("no {} has that in its name", self.noun());
                } else {
                    self.pick(picked);
                }
            }
            PickKey::Escape if !self.cluster_list.filter.is_empty() => {
                self.cluster_list.filter.clear();
            }
            PickKey::Escape | PickKey::Char('q') => return PickStep::Leave,
            _ => {}
        }
        PickStep::Stay
    }

    fn on_add_ons(&mut self, key: &PickKey) -> PickStep {
        let count = self.add_ons_shown().len();
        if self.addon_list.take(key, self.fit, count) {
            let count = self.add_ons_shown().len();
            self.addon_list.settle(count);
            return PickStep::Stay;
        }
        let marked = self.add_ons_shown().get(self.addon_list.at).copied();
        match (key, marked) {
            (PickKey::Char(' '), Some(at)) => self.message = self.table.switch(at),
            (PickKey::Char('s'), Some(at)) => self.message = self.table.ask_for(at),
            (PickKey::Enter, _) => return self.go_on(),
            (PickKey::Escape, _) if !self.addon_list.filter.is_empty() => {
                self.addon_list.filter.clear();
            }
            (PickKey::Escape, _) if self.targets.are_open => {
                self.page = PickPage::Clusters;
            }
            (PickKey::Escape | PickKey::Char('q'), _) => return PickStep::Leave,
            _ => {}
        }
        PickStep::Stay
    }

    fn on_settings(&mut self, key: &PickKey) -> PickStep {
        if self.form.take(key, self.fit) {
            return PickStep::Stay;
        }
        match key {
            PickKey::Enter => {
                let at = self.form.at;
                let fault = self.form.fields.get(at).and_then(super::PickField::fault);
                if let Some(fault) = fault {
                    self.message = fault;
                } else if at + 1 < self.form.fields.len() {
                    self.form.at += 1;
                } else if let Some(first) = self.form.first_fault() {
                    self.form.at = first;
                } else if self.commands().is_empty() {
                    "nothing is to be changed yet: no setting was given"
                        .clone_into(&mut self.message);
                } else {
                    return PickStep::Review;
                }
            }
            PickKey::Escape => self.page = PickPage::AddOns,
            _ => {}
        }
        PickStep::Stay
    }
}
