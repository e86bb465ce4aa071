//! `mk8s apply` as the runs over live clusters know it: what is done to one, and what is told of it.

use super::super::Context;
use super::super::choose::KeptCluster;
use super::super::fleet_change::{FleetChange, FleetDone, FleetPlanned};
use super::super::fleet_course::FleetCourse;
use super::super::keep::changes_of_write;
use super::super::live::{self, OwnedChange};
use super::item::{ApplyItem, Update};
use super::write::{AgreedTerms, DocumentWrite};
use crate::cli::ApplyArgs;
use crate::cluster::Cluster;
use crate::control::ApiError;
use crate::control::settle::{ClusterPlanner, Settled};
use crate::error::{Error, Kind, Result};
use crate::history::KeptChange;
use crate::invocation::Invocation;
use crate::journal;
use crate::owner::OtherOwner;
use crate::ui::wire;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// A document's cluster and what is to be done with it, or why that is not known.
pub(super) type PlannedApply = FleetPlanned<Update>;

/// The documents of a run, by their numbers.
pub(super) struct ApplyRun<'a> {
    pub(super) cx: &'a Context,
    pub(super) args: &'a ApplyArgs,
    pub(super) course: FleetCourse,
    items: Vec<ApplyItem<'a>>,
    /// What was agreed to of each.
    terms: Vec<AgreedTerms>,
}

impl<'a> ApplyRun<'a> {
    /// A run of which nothing is agreed to yet.
    pub(super) fn new(
        cx: &'a Context,
        args: &'a ApplyArgs,
        items: Vec<ApplyItem<'a>>,
        course: FleetCourse,
    ) -> Self {
        Self {
            cx,
            args,
            course,
            terms: items.iter().map(|_| AgreedTerms::default()).collect(),
            items,
        }
    }

    /// Before anything is changed: which of the clusters another tool keeps, and what its source needs.
    pub(super) fn tell_owners(&self, planned: &[PlannedApply]) {
        let owned = planned.iter().filter_map(|(name, first)| {
            let (kept, update) = first.as_ref().ok()?;
            update.write.as_ref()?;
            let cluster = kept.as_ref()?.open();
            let owner = OtherOwner::of(&cluster)?;
            let changes = self.changes(Some(&*cluster), update, None);
            Some(OwnedChange {
                name: name.clone(),
                owner,
                changed: changes.iter().map(live::changed).collect(),
                pulumi: None,
            })
        });
        live::tell_owners(self.cx, &owned.collect::<Vec<_>>());
    }

    /// The document with the number.
    pub(super) fn item(&self, number: usize) -> &ApplyItem<'a> {
        &self.items[number]
    }

    /// Plans all, by what was found of each.
    pub(super) fn plan_all(
        &mut self,
        found: Vec<Result<Option<Cluster>, ApiError>>,
    ) -> Vec<PlannedApply> {
        let is_lean = self.items.len() > 1;
        let mut skipped = BTreeSet::new();
        let planned = self.items.iter().enumerate().zip(found);
        let planned = planned.map(|((number, item), found)| {
            let name = item.name().to_owned();
            let mut skip = |reason: String| {
                skipped.insert(name.clone());
                FleetCourse::left_out(&name, self.planner(number, &name).not_done(), reason)
            };
            let first = item.intent(found).and_then(|(cluster, update)| {
                let other = cluster.as_ref().and_then(|it| self.course.replaced(it));
                let undone = || {
                    let differs = update.write.is_some();
                    self.course.undone(&name).filter(|_| differs)
                };
                if let Some(reason) = other.or_else(undone) {
                    return Err(skip(reason));
                }
                Ok((
                    cluster.map(|cluster| KeptCluster::of(cluster, is_lean)),
                    update,
                ))
            });
            (name, first)
        });
        let planned = planned.collect();
        self.course.skipped = skipped;
        planned
    }

    /// Takes the plan as it was shown for what was agreed to.
    pub(super) fn agree(&mut self, planned: &[PlannedApply]) {
        let terms = self.items.iter().zip(planned);
        self.terms = terms
            .map(|(item, (_, first))| match first {
                Ok((Some(_), update)) => AgreedTerms {
                    was_there: true,
                    gone: item.goes(update),
                },
                _ => AgreedTerms::default(),
            })
            .collect();
    }
}

impl FleetChange for ApplyRun<'_> {
    type Plan = Update;
    type Item = wire::Applied;

    fn context(&self) -> &Context {
        self.cx
    }

    fn course(&self) -> &FleetCourse {
        &self.course
    }

    fn planner<'p>(
        &'p self,
        number: usize,
        _: &'p str,
    ) -> impl ClusterPlanner<Plan = Self::Plan> + 'p {
        DocumentWrite {
            item: self.item(number),
            terms: &self.terms[number],
        }
    }

    fn is_empty(&self, update: &Update) -> bool {
        update.write.is_none()
    }

    fn word(&self, update: &Update) -> &'static str {
        update.action
    }

    fn changes(
        &self,
        cluster: Option<&Cluster>,
        update: &Update,
        after: Option<&Cluster>,
    ) -> Vec<KeptChange> {
        let (Some(cluster), Some(write)) = (cluster, &update.write) else {
            return Vec::new();
        };
        let org = self.cx.org().unwrap_or_default();
        changes_of_write(cluster, write, after, org)
    }

    fn warnings(&self, _: &str, _: Option<&Cluster>, _: &Update) -> Vec<String> {
        Vec::new()
    }

    fn settled(
        &self,
        number: usize,
        _: &str,
        settled: Settled<Update>,
    ) -> Result<FleetDone<wire::Applied>> {
        let item = self.item(number);
        let told = item.told(settled, self.terms[number].was_there);
        Ok((item.done(told), None))
    }

    fn left_alone(
        &self,
        number: usize,
        _: &str,
        _: &Cluster,
        update: &Update,
    ) -> FleetDone<wire::Applied> {
        let item = self.item(number);
        (item.done(item.so_already(update)), None)
    }

    fn blank(&self, number: usize, _: &str) -> wire::Applied {
        self.item(number).blank()
    }

    /// What the server refuses of a manifest is told with its place by our own reading of it.
    fn advised(&self, number: usize, error: Error) -> Error {
        let is_refused = error.kind == Kind::Refused && error.request_id.is_some();
        match &self.item(number).source {
            wire::TargetRef::File { path, .. } if is_refused && path != "-" => {
                let validate = Invocation::mk8s("validate").word(path);
                error.hint(validate.within("", " holds it against the schema"))
            }
            _ => error,
        }
    }

    fn fingerprint(&self) -> String {
        let ApplyArgs {
            prune_addons, put, ..
        } = self.args;
        let mut text = format!("apply {prune_addons} {put}");
        let mut items: Vec<&ApplyItem<'_>> = self.items.iter().collect();
        items.sort_by_key(|item| item.name());
        for item in items {
            // A text takes whatever is written to it.
            let _ = write!(text, "\n{}", item.document.value());
        }
        journal::fingerprint(&text)
    }
}
