//! What this run changes of add-ons, kept before it is changed, and the word on how it is undone.

use super::Context;
use crate::addon::path::{Path, PathStep};
use crate::addon::public::take_secrets;
use crate::cluster::Cluster;
use crate::control::settle::Write;
use crate::error::{Error, Result};
use crate::history::{History, HistoryHeader, HistoryWriter, KeptChange, KeptTarget};
use crate::invocation::Invocation;
use crate::patch;
use crate::plan::Plan;
use serde_json::{Map, Value};
use std::cell::{Cell, OnceCell, RefCell};
use std::time::Duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// What is kept of the run.
#[derive(Default)]
pub(super) struct RunRecord {
    /// Whether it was asked for.
    is_wanted: Cell<bool>,
    /// The name of the run, and when it began.
    name: OnceCell<(String, String)>,
    writer: RefCell<Option<HistoryWriter>>,
    /// Whether nothing can be kept, which was said.
    is_given_up: Cell<bool>,
    /// How `mk8s undo` calls the run, once it has changed something.
    word: RefCell<Option<String>>,
    /// Whether it is said how the run is undone.
    is_told: Cell<bool>,
}

/// A target whose change was begun.
pub(super) struct KeptStart {
    number: Option<usize>,
    changes: Vec<KeptChange>,
}

impl KeptStart {
    /// One that is kept elsewhere.
    pub(super) fn elsewhere(changes: Vec<KeptChange>) -> Self {
        Self {
            number: None,
            changes,
        }
    }

    /// What was to be changed.
    pub(super) fn changes(&self) -> &[KeptChange] {
        &self.changes
    }

    /// Whether something else was changed than was to be.
    pub(super) fn is_other(&self, changes: &[KeptChange]) -> bool {
        self.changes != changes
    }
}

impl Context {
    /// The run is kept, under CI as well.
    pub(super) fn keeps_history(&self, is_wanted: bool) {
        self.record.is_wanted.set(is_wanted);
    }

    /// Whether something was kept already.
    pub(super) fn has_kept(&self) -> bool {
        self.record.writer.borrow().is_some()
    }

    /// The name of this run, and when it began: the same wherever it is kept.
    pub(super) fn run_name(&self) -> (String, String) {
        let name = || {
            // A clock may be set back, and the last run is the one that is undone.
            let now = OffsetDateTime::now_utc();
            let last = super::undo::last_id(self).and_then(|id| began(&id));
            run_name(last.map_or(now, |last| now.max(last + TICK)))
        };
        self.record.name.get_or_init(name).clone()
    }

    /// Keeps what is about to be changed of a target.
    pub(super) fn keep(&self, target: KeptTarget, changes: Vec<KeptChange>) -> Result<KeptStart> {
        let kept = self.keep_all(vec![(target, changes)])?.pop();
        Ok(kept.unwrap_or_else(|| KeptStart::elsewhere(Vec::new())))
    }

    /// The same of several at once. Where nothing can be kept, that is said and is no failure, unless it was
    /// asked for.
    pub(super) fn keep_all(
        &self,
        targets: Vec<(KeptTarget, Vec<KeptChange>)>,
    ) -> Result<Vec<KeptStart>> {
        let record = &self.record;
        let is_kept = record.is_wanted.get() || self.env.get("CI").is_none();
        let mut first = None;
        if is_kept && !targets.is_empty() && !record.is_given_up.get() {
            match self.write_down(&targets) {
                Ok(written) => first = Some(written),
                Err(reason) if record.is_wanted.get() => {
                    return Err(Error::failure("what would be changed cannot be kept")
                        .because(reason)
                        .note("Nothing was changed."));
                }
                Err(reason) => {
                    record.is_given_up.set(true);
                    let words = "what this run changes is not kept, so that `mk8s undo` cannot take it back";
                    self.ui.warn(&format!("{words}: {reason}"));
                }
            }
        }
        let kept = targets.into_iter().enumerate();
        let kept = kept.map(|(at, (_, changes))| KeptStart {
            number: first.map(|first| first + at),
            changes,
        });
        Ok(kept.collect())
    }

    /// Writes down what is about to be changed, and gives the number of the first target.
    fn write_down(&self, targets: &[(KeptTarget, Vec<KeptChange>)]) -> Result<usize, String> {
        let mut writer = self.record.writer.borrow_mut();
        if let Some(writer) = writer.as_ref() {
            return writer.begun(targets);
        }
        let state = self
            .state()
            .ok_or("neither XDG_STATE_HOME, as an absolute path, nor HOME is set")?;
        let header = HistoryHeader::new(self.run_name(), super::journal::masked(self.said()));
        let begun = History::below(&state).begin(&header)?;
        writer.insert(begun).begun(targets)
    }

    /// A target has ended: whether it was changed, if that is known, and what was changed in the end.
    pub(super) fn kept(
        &self,
        start: &KeptStart,
        is_changed: Option<bool>,
        changes: Option<&[KeptChange]>,
    ) {
        let writer = self.record.writer.borrow();
        let (Some(number), Some(writer)) = (start.number, writer.as_ref()) else {
            return;
        };
        let changes = changes.filter(|changes| start.is_other(changes));
        if let Some(is_changed) = is_changed {
            writer.ended(number, is_changed, changes);
        }
        if is_changed == Some(true) {
            self.has_changed(writer.id(), changes.unwrap_or(&start.changes));
        }
    }

    /// The run has changed something, and is kept under that word.
    pub(super) fn has_changed(&self, word: &str, changes: &[KeptChange]) {
        let mut known = self.record.word.borrow_mut();
        if known.is_none() {
            *known = Some(word.to_owned());
        }
        if changes.iter().any(KeptChange::loses) {
            self.record.is_told.set(true);
        }
    }

    /// How the run is undone is said, whether or not something went.
    pub(super) fn tells_undo(&self) {
        self.record.is_told.set(true);
    }

    /// Says how the run is undone, if it has taken something away.
    pub(super) fn tell_undo(&self) {
        let word = self.record.word.borrow();
        if let Some(word) = word.as_ref().filter(|_| self.record.is_told.get()) {
            self.ui.undo(&Invocation::mk8s("undo").word(word));
        }
    }

    /// The run that is undone is in what is said of this one, also where nobody named it.
    pub(super) fn names_what_is_undone(&self, id: &str) {
        let mut said = self.said.clone();
        let at = said.iter().position(|word| word == "undo");
        said.insert(at.map_or(said.len(), |at| at + 1), id.to_owned());
        // Said once.
        let _ = self.said_in_full.set(said);
    }

    /// A live cluster as it is kept.
    pub(super) fn kept_cluster(&self, name: &str) -> Result<KeptTarget> {
        Ok(KeptTarget::Cluster {
            org: self.org()?.to_owned(),
            endpoint: self.settings()?.endpoint().value.as_str().to_owned(),
            name: name.to_owned(),
        })
    }
}

/// A second has so many parts in the names of runs.
const TICKS: u32 = 1 << 16;
/// A little more than one of them.
const TICK: Duration = Duration::from_nanos(15_300);

/// The name of a run that begins, and the time: names are in the order of time.
fn run_name(now: OffsetDateTime) -> (String, String) {
    let tick = u64::from(now.nanosecond()) * u64::from(TICKS) / 1_000_000_000;
    let id = format!(
        "{:04}{:02}{:02}-{:02}{:02}{:02}-{tick:04x}",
        now.year(),
        u8::from(now.month()),
        now.day(),
        now.hour(),
        now.minute(),
        now.second(),
    );
    // Every year that a clock shows has a form.
    (id, now.format(&Rfc3339).unwrap_or_default())
}

/// When the run of that name began.
fn began(id: &str) -> Option<OffsetDateTime> {
    let [year, month, day] = [id.get(..4)?, id.get(4..6)?, id.get(6..8)?];
    let [hour, minute, second] = [id.get(9..11)?, id.get(11..13)?, id.get(13..15)?];
    let second = format!("{year}-{month}-{day}T{hour}:{minute}:{second}Z");
    let second = OffsetDateTime::parse(&second, &Rfc3339).ok()?;
    let tick = u64::from_str_radix(id.get(16..)?, 16).ok()?;
    let nanoseconds = tick * 1_000_000_000 / u64::from(TICKS);
    second.checked_add(Duration::from_nanos(nanoseconds).try_into().ok()?)
}

/// What a plan makes of the add-ons of its target.
pub(super) fn changes_of(plan: &Plan) -> Vec<KeptChange> {
    let steps = plan.steps().filter(|step| step.before != step.after);
    let changes =
        steps.map(|step| change(step.addon.key(), step.before.as_ref(), step.after.as_ref()));
    // A fleet has many of them, and mostly one each.
    Vec::from(changes.collect::<Box<[_]>>())
}

/// What a write makes of the add-ons of a cluster. Of a document that is put nobody knows before it is read
/// back (`after`) whether it replaces what is there: it is taken to.
pub(super) fn changes_of_write(
    cluster: &Cluster,
    write: &Write,
    after: Option<&Cluster>,
    org: &str,
) -> Vec<KeptChange> {
    let none = Map::new();
    let before = cluster.add_ons().unwrap_or(&none);
    let sent = write.body().pointer("/spec/addOns");
    let then = match (write, after) {
        (Write::Patch(_), _) => {
            let mut then = Value::Object(before.clone());
            if let Some(sent) = sent {
                patch::merge(&mut then, sent);
            }
            then
        }
        (_, Some(after)) => Value::Object(after.add_ons().unwrap_or(&none).clone()),
        (_, None) => sent.cloned().unwrap_or_default(),
    };
    let then = then.as_object().unwrap_or(&none);
    let added = then.keys().filter(|key| !before.contains_key(*key));
    let keys = before.keys().chain(added);
    keys.filter_map(|key| {
        let is_there =
            |map: &'_ Map<String, Value>| map.get(key).cloned().filter(|it| !it.is_null());
        let (before, after) = (is_there(before), is_there(then));
        let is_same = match (&before, &after) {
            (Some(before), Some(after)) => patch::same(before, after, org),
            (before, after) => before == after,
        };
        (!is_same).then(|| change(key, before.as_ref(), after.as_ref()))
    })
    .collect()
}

/// What becomes of an add-on, without what may be secret. A list that changes and has something secret in it
/// is left out as a whole: nobody could put it together again.
fn change(key: &str, before: Option<&Value>, after: Option<&Value>) -> KeptChange {
    let mut kept_before = before.cloned().unwrap_or_default();
    let mut kept_after = after.cloned().unwrap_or_default();
    let mut secrets = take_secrets(key, &mut kept_before);
    let mut lists: Vec<Path> = Vec::new();
    if kept_before.is_object() && kept_after.is_object() {
        let all = secrets.iter().cloned();
        let all: Vec<Path> = all.chain(take_secrets(key, &mut kept_after)).collect();
        lists = all.iter().filter_map(list_of).collect();
        lists.sort_by_key(ToString::to_string);
        lists.dedup();
        lists.retain(|list| list.get(&kept_before) != list.get(&kept_after));
    } else {
        take_secrets(key, &mut kept_after);
    }
    for list in &lists {
        list.take(&mut kept_before);
        list.take(&mut kept_after);
    }
    let none = Value::Null;
    let (was, is) = (before.unwrap_or(&none), after.unwrap_or(&none));
    secrets.retain(|path| {
        let is_in_list = lists.iter().any(|list| list.overlaps(path));
        !is_in_list && path.get(was) != path.get(is)
    });
    secrets.extend(lists.into_iter().filter(|list| list.get(was).is_some()));
    KeptChange {
        key: key.to_owned(),
        before: kept_before,
        after: kept_after,
        left_out: secrets.iter().map(ToString::to_string).collect(),
    }
}

/// The outermost list that a path leads into.
fn list_of(path: &Path) -> Option<Path> {
    let steps = path.steps();
    let at = steps
        .iter()
        .position(|step| matches!(step, PathStep::Index(_)))?;
    Some(steps[..at].iter().cloned().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_of_runs_are_in_the_order_of_time() {
        let mut now = OffsetDateTime::from_unix_timestamp(1_790_000_000).unwrap();
        let mut last = run_name(now).0;
        for _ in 0..200_000 {
            let next = began(&last).unwrap() + TICK;
            assert!(next > now && next - now <= TICK * 2, "{last}");
            now = next;
            let id = run_name(now).0;
            assert!(id > last, "{id} after {last}");
            last = id;
        }
        for odd in [
            "",
            "x",
            "20261128-061021",
            "20261328-061021-0000",
            "20261128-061021-zzzz",
        ] {
            assert_eq!(began(odd), None, "{odd}");
        }
    }

    #[test]
    fn secrets_are_left_out_and_named_where_they_change() {
        let secret = |n: i64, password: &str| json!({"n": n, "password": password, "users": [{"name": "a", "token": "t"}]});
        let off = change("rocket", Some(&secret(1, "p")), None);
        assert_eq!(off.before, json!({"n": 1, "users": [{"name": "a"}]}));
        assert_eq!(
            (off.left_out, off.after),
            (
                vec!["password".to_owned(), "users[0].token".to_owned()],
                json!(null)
            )
        );
        // What the run does not touch is nothing that it loses.
        let same = change("rocket", Some(&secret(1, "p")), Some(&secret(2, "p")));
        assert_eq!(same.left_out, [""; 0]);
        assert_eq!(same.before["n"], 1);
        let other = change("rocket", Some(&secret(1, "p")), Some(&secret(1, "q")));
        assert_eq!(other.left_out, ["password"]);
        assert_eq!(other.before, other.after);
        // A list of which a part cannot be kept is not put together by halves.
        let longer = json!({"n": 1, "password": "p", "users": [{"name": "b"}]});
        let list = change("rocket", Some(&secret(1, "p")), Some(&longer));
        assert_eq!(list.left_out, ["users"]);
        assert_eq!(
            (&list.before, &list.after),
            (&json!({"n": 1}), &json!({"n": 1}))
        );
    }

    #[test]
    fn a_write_changes_what_it_names_and_a_document_all() {
        let cluster = |add_ons: &Value| Cluster::new(json!({"spec": {"addOns": add_ons}}));
        let before = cluster(
            &json!({"logs": {}, "metrics": {"kubeState": true}, "byok": {"location": "//location/x"}}),
        );
        let body = json!({"spec": {"addOns": {"logs": null, "byok": {"location": "/org/o/location/x"},
            "metrics": {"kubeState": false}}}});
        let found = |write: &Write, after: Option<&Cluster>| -> Vec<String> {
            changes_of_write(&before, write, after, "o")
                .iter()
                .map(|it| format!("{} {} {}", it.key, it.before, it.after))
                .collect()
        };
        let patch = [
            "logs {} null",
            r#"metrics {"kubeState":true} {"kubeState":false}"#,
        ];
        assert_eq!(found(&Write::Patch(body), None), patch);
        let put = Write::Put(json!({"spec": {"addOns": {"logs": {}, "nvidia": {}}}}));
        assert_eq!(found(&put, None).len(), 3);
        let merged = cluster(
            &json!({"logs": {}, "nvidia": {}, "metrics": {"kubeState": true},
            "byok": {"location": "//location/x"}}),
        );
        assert_eq!(found(&put, Some(&merged)), ["nvidia null {}"]);
    }
}
