//! The clusters: reading, writing under the optimistic lock, deleting.
//!
//! Every write goes through one path: defaults, schema, comparison, counter, state file. A write
//! that would change nothing is answered as done and leaves the counter as it is. Knows no HTTP;
//! the clock is a parameter.

use super::PutMode;
use super::answer::Refusal;
use super::defaults;
use super::patch::{self, BadPatch};
use super::record::{self, Record};
use super::state::{StateFile, StoredState};
use super::status::Publisher;
use super::validate::{self, Rules};
use crate::addon;
use crate::resource::READ_ONLY;
use hyper::StatusCode;
use serde_json::{Map, Value, json};
use std::io;
use std::ops::Bound;

/// The tag that stands against deletion.
const PROTECTED: &str = "cpln/protected";

/// How deep a document may nest: far above any real one, far below what the state file's reader
/// takes.
const DEPTH: usize = 64;

/// How this server decides where the platform's ways are not known.
#[derive(Debug)]
pub(super) struct UnknownWays {
    pub(super) put: PutMode,
    pub(super) enforce_prerequisites: bool,
    /// Names of required roles that do not exist, as of the call at hand.
    pub(super) absent_roles: Vec<String>,
    pub(super) publisher: Publisher,
}

/// All clusters of the org.
#[derive(Debug)]
pub(super) struct Store {
    policy: UnknownWays,
    state: StoredState,
    file: Option<StateFile>,
}

/// Whether a write is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// Stores.
    Store,
    /// Checks and answers as if, stores nothing.
    DryRun,
    /// Stores, and learns add-on keys that the catalogue does not have.
    Seed,
}

/// What a write did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    Created,
    Updated,
    Unchanged,
}

/// The outcome of a write.
#[derive(Debug)]
pub(super) struct StoreOutcome {
    pub(super) effect: Effect,
    /// The cluster as it is served afterwards.
    pub(super) cluster: Value,
    /// Whether anything was stored.
    pub(super) applied: bool,
}

impl Store {
    /// Sets which required roles do not exist, for the call that follows.
    pub(super) fn set_absent_roles(&mut self, names: Vec<String>) {
        self.policy.absent_roles = names;
    }

    /// A store over a state that is kept nowhere yet.
    pub(super) fn new(policy: UnknownWays, state: StoredState) -> Self {
        Self {
            policy,
            state,
            file: None,
        }
    }

    /// Keeps the state in a file from now on.
    pub(super) fn keep_in(&mut self, mut file: StateFile) -> io::Result<()> {
        file.save(&self.state)?;
        self.file = Some(file);
        Ok(())
    }

    pub(super) fn org(&self) -> &str {
        &self.state.org
    }

    /// Up to `limit` clusters in the order of their names, those behind `after`, and whether there
    /// are more.
    pub(super) fn page(&self, after: Option<&str>, limit: usize, now: i64) -> (Vec<Value>, bool) {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let mut rest = self
            .state
            .clusters
            .range::<str, _>((from, Bound::Unbounded));
        let page = rest
            .by_ref()
            .take(limit)
            .map(|(_, record)| self.view(record, now))
            .collect();
        (page, rest.next().is_some())
    }

    /// Every cluster.
    pub(super) fn all(&self, now: i64) -> Vec<Value> {
        self.page(None, usize::MAX, now).0
    }

    /// One cluster as it is served.
    pub(super) fn get(&self, name: &str, now: i64) -> Result<Value, Refusal> {
        self.record(name).map(|record| self.view(record, now))
    }

    /// The events of a cluster, the newest first.
    pub(super) fn events(&self, name: &str) -> Result<Vec<Value>, Refusal> {
        self.record(name).map(Record::events)
    }

    /// `POST` on the collection.
    pub(super) fn create(
        &mut self,
        body: Map<String, Value>,
        how: How,
        now: i64,
    ) -> Result<StoreOutcome, Refusal> {
        if let Some(name) = body.get("name").and_then(Value::as_str)
            && self.state.clusters.contains_key(name)
        {
            return Err(Refusal::conflict(format!("mk8s \"{name}\" already exists")));
        }
        self.write(None, writable(body), how, now)
    }

    /// `PUT` on the collection: by the name in the body.
    pub(super) fn put(
        &mut self,
        body: Map<String, Value>,
        how: How,
        now: i64,
    ) -> Result<StoreOutcome, Refusal> {
        match body.get("name").and_then(Value::as_str) {
            Some(name) if self.state.clusters.contains_key(name) => {
                let name = name.to_owned();
                self.put_item(&name, body, how, now)
            }
            _ => self.write(None, writable(body), how, now),
        }
    }

    /// `PUT` on a cluster.
    pub(super) fn put_item(
        &mut self,
        name: &str,
        body: Map<String, Value>,
        how: How,
        now: i64,
    ) -> Result<StoreOutcome, Refusal> {
        let record = self.record(name)?;
        check_lock(record, &body)?;
        let mut object = match self.policy.put {
            PutMode::Replace => writable(body),
            PutMode::Merge => {
                let mut object = record.object.clone();
                patch::merge(&mut object, &writable(body)).map_err(refused)?;
                object
            }
        };
        object
            .entry("name".to_owned())
            .or_insert_with(|| json!(name));
        self.write(Some(name), object, how, now)
    }

    /// `PATCH` on a cluster.
    pub(super) fn patch(
        &mut self,
        name: &str,
        body: Map<String, Value>,
        how: How,
        now: i64,
    ) -> Result<StoreOutcome, Refusal> {
        let record = self.record(name)?;
        check_lock(record, &body)?;
        let mut object = record.object.clone();
        patch::merge(&mut object, &writable(body)).map_err(refused)?;
        self.write(Some(name), object, how, now)
    }

    /// `DELETE` on a cluster.
    pub(super) fn delete(&mut self, name: &str, how: How) -> Result<bool, Refusal> {
        let record = self.record(name)?;
        let tag = record
            .object
            .get("tags")
            .and_then(|tags| tags.get(PROTECTED));
        if tag.is_some_and(|tag| tag == &json!(true) || tag == &json!("true")) {
            return Err(Refusal::bad_request(format!(
                "mk8s \"{name}\" is protected from deletion by its tag {PROTECTED}"
            )));
        }
        self.replace(name, None, how)
    }

    /// What another writer does to a cluster in the meantime: a tag of its own changes.
    pub(super) fn touch(&mut self, name: &str, now: i64) {
        let Ok(record) = self.record(name) else {
            return;
        };
        let change = json!({"tags": {"sandbox/other-writer": record.version + 1}});
        if let Value::Object(change) = change {
            // A cluster that cannot take one more tag stays as it is.
            let _ = self.patch(name, change, How::Store, now);
        }
    }

    fn record(&self, name: &str) -> Result<&Record, Refusal> {
        self.state
            .clusters
            .get(name)
            .ok_or_else(|| Refusal::not_found(format!("mk8s \"{name}\" does not exist")))
    }

    /// The one way in. `name` is the cluster that `object` is to replace.
    fn write(
        &mut self,
        name: Option<&str>,
        mut object: Map<String, Value>,
        how: How,
        now: i64,
    ) -> Result<StoreOutcome, Refusal> {
        let current = match name {
            Some(name) => Some(self.record(name)?.clone()),
            None => None,
        };
        if depth(object.values()) > DEPTH {
            return Err(Refusal::bad_request(format!(
                "the document is nested more than {DEPTH} levels deep"
            )));
        }
        if how == How::Seed {
            self.learn(&object);
        }
        if let Some(current) = &current
            && object.get("name") != current.object.get("name")
        {
            return Err(Refusal::bad_request("\"name\" cannot be changed"));
        }
        let release = match (&current, how) {
            (Some(record), _) => release(&record.object),
            // What a cluster comes with was taken by somebody.
            (None, How::Seed) => release(&object),
            (None, _) => None,
        };
        let rules = Rules {
            org: &self.state.org,
            known: &self.state.known,
            release: release.as_deref(),
            enforce_prerequisites: self.policy.enforce_prerequisites,
            absent_roles: &self.policy.absent_roles,
        };
        let mut problems = validate::check(&object, &rules);
        if problems.is_empty() {
            let before = current.as_ref().map(|record| json!(record.object));
            defaults::fill(&mut object, before.as_ref(), &self.state.org);
            if let Some(current) = &current {
                problems = validate::fixed(&current.object, &object);
            }
        }
        if !problems.is_empty() {
            return Err(Refusal::schema(problems));
        }
        let name = record::name(&object).to_owned();
        let (effect, record) = match current {
            Some(record) if record.object == object => (Effect::Unchanged, record),
            Some(record) => (Effect::Updated, record.changed(object, now)),
            None => {
                let (org, nth) = (&self.state.org, self.state.made);
                (Effect::Created, Record::new(object, org, nth, now))
            }
        };
        let cluster = self.view(&record, now);
        let applied = match effect {
            Effect::Unchanged => false,
            Effect::Updated | Effect::Created => self.replace(&name, Some(record), how)?,
        };
        Ok(StoreOutcome {
            effect,
            cluster,
            applied,
        })
    }

    /// Puts a record in place or removes it, in memory and on disk or in neither.
    fn replace(&mut self, name: &str, record: Option<Record>, how: How) -> Result<bool, Refusal> {
        if how == How::DryRun {
            return Ok(false);
        }
        let made = self.state.made;
        let old = match record {
            Some(record) => {
                let old = self.state.clusters.insert(name.to_owned(), record);
                self.state.made += u64::from(old.is_none());
                old
            }
            None => self.state.clusters.remove(name),
        };
        if let Some(file) = &mut self.file
            && let Err(error) = file.save(&self.state)
        {
            match old {
                Some(old) => self.state.clusters.insert(name.to_owned(), old),
                None => self.state.clusters.remove(name),
            };
            self.state.made = made;
            return Err(Refusal::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                format!("the state file cannot be written: {error}"),
            ));
        }
        Ok(true)
    }

    fn learn(&mut self, object: &Map<String, Value>) {
        let addons = object
            .get("spec")
            .and_then(|spec| spec.get("addOns")?.as_object());
        let unknown = addons
            .into_iter()
            .flat_map(Map::keys)
            .filter(|key| addon::by_key(key).is_none());
        self.state.known.extend(unknown.cloned());
    }

    fn view(&self, record: &Record, now: i64) -> Value {
        record.view(&self.policy.publisher, &self.state.org, now)
    }
}

/// The version of Kubernetes in a document.
fn release(object: &Map<String, Value>) -> Option<String> {
    let version = object.get("spec")?.get("version")?;
    version.as_str().map(str::to_owned)
}

/// A body without what only the server writes.
fn writable(mut body: Map<String, Value>) -> Map<String, Value> {
    body.retain(|key, _| !READ_ONLY.contains(&key.as_str()));
    body
}

/// Refuses a body that was made from another version of the cluster, or from another cluster.
fn check_lock(record: &Record, body: &Map<String, Value>) -> Result<(), Refusal> {
    match body.get("version") {
        None | Some(Value::Null) => {}
        Some(version) => match version.as_i64() {
            None => return Err(Refusal::bad_request("\"version\" must be an integer")),
            Some(version) if version == record.version => {}
            Some(version) => {
                return Err(Refusal::conflict(format!(
                    "version conflict: the stored version is {}, the request has {version}",
                    record.version
                )));
            }
        },
    }
    match body.get("id") {
        None | Some(Value::Null) => Ok(()),
        Some(id) if id == record.id.as_str() => Ok(()),
        Some(_) => Err(Refusal::conflict(
            "id conflict: the name now belongs to another resource",
        )),
    }
}

fn refused(bad: BadPatch) -> Refusal {
    Refusal::schema(vec![super::answer::SchemaProblem {
        path: bad.path,
        reason: bad.reason,
    }])
}

fn depth<'a>(values: impl Iterator<Item = &'a Value>) -> usize {
    values
        .map(|value| match value {
            Value::Object(map) => depth(map.values()),
            Value::Array(items) => depth(items.iter()),
            _ => 0,
        })
        .max()
        .map_or(1, |deepest| deepest + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::TrustPolicyForm;

    fn store(put: PutMode) -> Store {
        let policy = UnknownWays {
            put,
            enforce_prerequisites: false,
            absent_roles: Vec::new(),
            publisher: Publisher {
                issuer: "https://oidc.sandbox.localhost".to_owned(),
                trust_policy: TrustPolicyForm::Object,
                document: None,
                delay: 0,
            },
        };
        let mut store = Store::new(policy, StoredState::new("acme"));
        store.create(document(), How::Seed, 1000).unwrap();
        store
    }

    fn map(value: Value) -> Map<String, Value> {
        match value {
            Value::Object(map) => map,
            other => panic!("{other}"),
        }
    }

    fn document() -> Map<String, Value> {
        map(
            json!({"kind": "mk8s", "name": "dc1", "description": "d", "tags": {"t": "1"}, "spec": {
            "version": "1.33.5", "firewall": [], "provider": {"generic": {"location": "aws-us-west-2"}},
            "addOns": {"headlamp": {}, "rocket": {"fuel": 1}}}}),
        )
    }

    #[test]
    fn a_stored_change_counts_and_an_empty_one_does_not() {
        let mut store = store(PutMode::Replace);
        let on = map(json!({"spec": {"addOns": {"sysbox": {}}}}));
        let first = store.patch("dc1", on.clone(), How::Store, 2000).unwrap();
        assert_eq!((first.effect, first.applied), (Effect::Updated, true));
        assert_eq!(first.cluster["version"], 2);
        assert_eq!(first.cluster["lastModified"], "1970-01-01T00:00:02.000Z");
        let again = store.patch("dc1", on, How::Store, 3000).unwrap();
        assert_eq!((again.effect, again.applied), (Effect::Unchanged, false));
        assert_eq!(again.cluster, first.cluster);
        let events = store.events("dc1").unwrap();
        assert_eq!(
            events[0]["message"],
            "Cluster updated: add-on sysbox switched on"
        );
        assert_eq!(events[1]["message"], "Cluster created");
    }

    #[test]
    fn a_dry_run_answers_and_stores_nothing() {
        let mut store = store(PutMode::Replace);
        let before = store.get("dc1", 0).unwrap();
        let off = map(json!({"spec": {"addOns": {"headlamp": null}}}));
        let dry = store.patch("dc1", off, How::DryRun, 2000).unwrap();
        assert!(!dry.applied);
        assert_eq!(dry.cluster.pointer("/spec/addOns/headlamp"), None);
        assert_eq!(dry.cluster["version"], 2);
        assert!(!store.delete("dc1", How::DryRun).unwrap());
        assert_eq!(store.get("dc1", 0).unwrap(), before);
        let mut other = document();
        other.insert("name".to_owned(), json!("dc2"));
        assert_eq!(
            store.create(other, How::DryRun, 0).unwrap().effect,
            Effect::Created
        );
        assert!(store.get("dc2", 0).is_err());
    }

    #[test]
    fn the_lock_stands_against_stale_and_foreign_writes() {
        let mut store = store(PutMode::Replace);
        let id = store.get("dc1", 0).unwrap()["id"].clone();
        for (body, want) in [
            (
                json!({"version": 2}),
                Err((
                    409,
                    "version conflict: the stored version is 1, the request has 2",
                )),
            ),
            (
                json!({"version": "1"}),
                Err((400, "\"version\" must be an integer")),
            ),
            (
                json!({"version": 1, "id": "x"}),
                Err((409, "id conflict: the name now belongs to another resource")),
            ),
            (
                json!({"name": "dc2"}),
                Err((400, "\"name\" cannot be changed")),
            ),
            (
                json!({"version": 1, "id": id, "status": {"x": 1}, "links": [], "alias": "a",
                "created": "", "lastModified": ""}),
                Ok(Effect::Unchanged),
            ),
        ] {
            let got = store
                .patch("dc1", map(body.clone()), How::Store, 0)
                .map(|written| written.effect);
            let want = want.map_err(|(status, message): (u16, &str)| (status, message.to_owned()));
            assert_eq!(
                got.map_err(|refusal| (refusal.status.as_u16(), refusal.message)),
                want,
                "{body}"
            );
        }
    }

    #[test]
    fn a_put_replaces_or_merges() {
        let put = map(
            json!({"kind": "mk8s", "name": "dc1", "spec": {"version": "1.33.5",
            "provider": {"generic": {"location": "aws-us-west-2"}}, "addOns": {"sysbox": {}, "headlamp": null}}}),
        );
        let mut replacing = store(PutMode::Replace);
        let got = replacing.put(put.clone(), How::Store, 0).unwrap().cluster;
        assert_eq!(got["spec"]["addOns"], json!({"sysbox": {}}));
        assert_eq!(got["description"], "dc1");
        assert_eq!(got["tags"], json!({}));
        let mut merging = store(PutMode::Merge);
        let got = merging.put(put, How::Store, 0).unwrap().cluster;
        assert_eq!(
            got["spec"]["addOns"],
            json!({"rocket": {"fuel": 1}, "sysbox": {}})
        );
        assert_eq!(got["description"], "d");
    }

    #[test]
    fn keys_that_a_seed_brought_are_known_from_then_on() {
        let mut store = store(PutMode::Replace);
        let mut copy = document();
        copy.insert("name".to_owned(), json!("dc2"));
        assert!(store.create(copy, How::Store, 0).is_ok());
        let bad = map(json!({"spec": {"addOns": {"ship": {}}}}));
        let refusal = store.patch("dc1", bad, How::Store, 0).unwrap_err();
        assert_eq!(refusal.message, "\"spec.addOns.ship\" is not allowed");
    }

    #[test]
    fn a_protected_cluster_is_not_deleted() {
        for tag in [json!(true), json!("true")] {
            let mut store = store(PutMode::Replace);
            let patch = map(json!({"tags": {"cpln/protected": tag}}));
            store.patch("dc1", patch, How::Store, 0).unwrap();
            assert_eq!(store.delete("dc1", How::Store).unwrap_err().status, 400);
            let patch = map(json!({"tags": {"cpln/protected": "false"}}));
            store.patch("dc1", patch, How::Store, 0).unwrap();
            assert!(store.delete("dc1", How::Store).unwrap());
            assert_eq!(store.get("dc1", 0).unwrap_err().status, 404);
        }
    }

    #[test]
    fn a_cluster_made_again_is_another_one() {
        let mut store = store(PutMode::Replace);
        let first = store.get("dc1", 0).unwrap();
        assert_eq!(
            store.create(document(), How::Store, 0).unwrap_err().status,
            409
        );
        store.delete("dc1", How::Store).unwrap();
        let second = store.create(document(), How::Store, 0).unwrap().cluster;
        assert_ne!(first["id"], second["id"]);
        assert_ne!(first["alias"], second["alias"]);
    }

    #[test]
    fn too_deep_a_document_is_refused() {
        let mut store = store(PutMode::Replace);
        let mut deep = json!({});
        for _ in 0..70 {
            deep = json!({ "x": deep });
        }
        let patch = map(json!({"spec": {"addOns": {"rocket": deep}}}));
        let refusal = store.patch("dc1", patch, How::Store, 0).unwrap_err();
        assert!(refusal.message.contains("64 levels"), "{}", refusal.message);
    }

    #[test]
    fn a_state_file_that_cannot_be_written_leaves_all_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gone").join("state.json");
        std::fs::create_dir(folder.path().join("gone")).unwrap();
        let (file, _) = StateFile::open(&path).unwrap();
        let mut store = store(PutMode::Replace);
        store.file = Some(file);
        std::fs::remove_dir_all(folder.path().join("gone")).unwrap();
        let before = store.get("dc1", 0).unwrap();
        let change = map(json!({"tags": {"a": "b"}}));
        assert_eq!(
            store
                .patch("dc1", change, How::Store, 0)
                .unwrap_err()
                .status,
            500
        );
        assert_eq!(store.delete("dc1", How::Store).unwrap_err().status, 500);
        assert_eq!(store.get("dc1", 0).unwrap(), before);
    }
}
