//! One stored cluster: how it is made, changed and shown. Pure.
//!
//! Ids follow from the order of creation, so that a rehearsal prints the same every time.

use super::status::{Ages, Publisher};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// Events that are kept.
const EVENTS: usize = 100;

/// A cluster as it is stored. Times are milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Record {
    /// `kind`, `name`, `description`, `tags`, `spec`.
    pub(super) object: Map<String, Value>,
    pub(super) id: String,
    alias: String,
    /// The lock counter.
    pub(super) version: i64,
    created: i64,
    last_modified: i64,
    /// When each add-on was last switched on or changed.
    since: BTreeMap<String, i64>,
    /// The newest last.
    events: Vec<Event>,
}

/// One line of the event log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Event {
    at: i64,
    /// The lock counter after the event.
    version: i64,
    message: String,
}

impl Record {
    /// A new cluster, the `nth` of its org.
    pub(super) fn new(object: Map<String, Value>, org: &str, nth: u64, now: i64) -> Self {
        let seed = format!("{org}/{}/{nth}", name(&object));
        Self {
            since: since(&BTreeMap::new(), None, &object, now),
            object,
            id: hex_id(&seed),
            alias: alias(&seed),
            version: 1,
            created: now,
            last_modified: now,
            events: vec![Event {
                at: now,
                version: 1,
                message: "Cluster created".to_owned(),
            }],
        }
    }

    /// The cluster after a change.
    pub(super) fn changed(self, object: Map<String, Value>, now: i64) -> Self {
        let version = self.version + 1;
        let mut events = self.events;
        events.push(Event {
            at: now,
            version,
            message: describe(&self.object, &object),
        });
        if events.len() > EVENTS {
            events.drain(..events.len() - EVENTS);
        }
        Self {
            since: since(&self.since, Some(&self.object), &object, now),
            object,
            version,
            last_modified: now,
            events,
            ..self
        }
    }

    /// The cluster with everything that the server adds.
    pub(super) fn view(&self, publisher: &Publisher, org: &str, now: i64) -> Value {
        let status = publisher.status(
            &json!({"spec": self.object.get("spec")}),
            org,
            &self.alias,
            &Ages {
                created: self.created,
                since: &self.since,
                now,
            },
        );
        let link = |rel: &str, path: &str| json!({"rel": rel, "href": format!("/org/{org}{path}")});
        let item = format!("/mk8s/{}", name(&self.object));
        let links = json!([
            link("self", &item),
            link("org", ""),
            link("accessreport", &format!("{item}/-accessreport")),
            link("eventlog", &format!("{item}/-eventlog")),
        ]);
        let mut view = self.object.clone();
        for (key, value) in [
            ("version", json!(self.version)),
            ("id", json!(self.id)),
            ("alias", json!(self.alias)),
            ("created", json!(stamp(self.created))),
            ("lastModified", json!(stamp(self.last_modified))),
            ("links", links),
            ("status", status),
        ] {
            view.insert(key.to_owned(), value);
        }
        Value::Object(view)
    }

    /// The event log, the newest first. Its fields are a guess.
    pub(super) fn events(&self) -> Vec<Value> {
        self.events
            .iter()
            .rev()
            .map(|event| {
                json!({
                    "kind": "event",
                    "id": hex_id(&format!("{}/{}", self.id, event.version)),
                    "severity": "info",
                    "status": "resolved",
                    "context": {"kind": crate::cluster::KIND, "name": name(&self.object)},
                    "message": event.message,
                    "created": stamp(event.at),
                    "lastModified": stamp(event.at),
                })
            })
            .collect()
    }
}

/// The name in a document, or an empty string.
pub(super) fn name(object: &Map<String, Value>) -> &str {
    object
        .get("name")
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// The dates of the add-ons that are on now.
fn since(
    old: &BTreeMap<String, i64>,
    before: Option<&Map<String, Value>>,
    after: &Map<String, Value>,
    now: i64,
) -> BTreeMap<String, i64> {
    addons(Some(after))
        .into_iter()
        .flatten()
        .map(|(key, value)| {
            let same = addons(before).and_then(|addons| addons.get(key)) == Some(value);
            let at = old.get(key).filter(|_| same).copied().unwrap_or(now);
            (key.clone(), at)
        })
        .collect()
}

/// What an update did, in a line for the event log.
fn describe(before: &Map<String, Value>, after: &Map<String, Value>) -> String {
    let empty = Map::new();
    let old = addons(Some(before)).unwrap_or(&empty);
    let new = addons(Some(after)).unwrap_or(&empty);
    let mut parts = Vec::new();
    for (key, value) in new {
        match old.get(key) {
            None => parts.push(format!("add-on {key} switched on")),
            Some(old) if old != value => parts.push(format!("add-on {key} changed")),
            Some(_) => {}
        }
    }
    for key in old.keys().filter(|key| !new.contains_key(*key)) {
        parts.push(format!("add-on {key} switched off"));
    }
    if parts.is_empty() {
        "Cluster updated".to_owned()
    } else {
        format!("Cluster updated: {}", parts.join(", "))
    }
}

fn addons(object: Option<&Map<String, Value>>) -> Option<&Map<String, Value>> {
    object?.get("spec")?.get("addOns")?.as_object()
}

/// RFC 3339 in UTC, with milliseconds.
fn stamp(millis: i64) -> String {
    let time = OffsetDateTime::from_unix_timestamp_nanos(i128::from(millis) * 1_000_000)
        .unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (year, month, day) = time.to_calendar_date();
    let (hour, minute, second, milli) = time.to_hms_milli();
    format!(
        "{year:04}-{:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z",
        u8::from(month)
    )
}

/// FNV-1a: small, and the same on every machine and in every release.
fn hash(text: &str, basis: u64) -> u64 {
    text.bytes().fold(basis, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

const BASIS: u64 = 0xcbf2_9ce4_8422_2325;

/// An id of the usual form, made from a text.
fn hex_id(text: &str) -> String {
    let (a, b) = (hash(text, BASIS), hash(text, !BASIS));
    let digits = format!("{a:016x}{b:016x}");
    format!(
        "{}-{}-4{}-8{}-{}",
        &digits[..8],
        &digits[8..12],
        &digits[13..16],
        &digits[17..20],
        &digits[20..]
    )
}

/// A short id of letters and digits.
fn alias(text: &str) -> String {
    let mut rest = hash(text, BASIS.rotate_left(17));
    let mut alias = String::from("k");
    for _ in 0..11 {
        let digit = u32::try_from(rest % 36).unwrap_or_default();
        alias.extend(char::from_digit(digit, 36));
        rest /= 36;
    }
    alias
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::TrustPolicyForm;

    fn document(addons: &Value) -> Map<String, Value> {
        let mut object = Map::new();
        object.insert("name".to_owned(), json!("dc1"));
        object.insert("spec".to_owned(), json!({ "addOns": addons }));
        object
    }

    #[test]
    fn an_addon_counts_its_age_from_its_own_change() {
        let record = Record::new(document(&json!({"a": {}, "b": {}})), "acme", 0, 10);
        let record = record.changed(document(&json!({"a": {}, "b": {"x": 1}, "c": {}})), 20);
        let ages: Vec<(&str, i64)> = record
            .since
            .iter()
            .map(|(key, at)| (key.as_str(), *at))
            .collect();
        assert_eq!(ages, [("a", 10), ("b", 20), ("c", 20)]);
        let record = record.changed(document(&json!({"b": {"x": 1}})), 30);
        let record = record.changed(document(&json!({"a": {}, "b": {"x": 1}})), 40);
        assert_eq!(record.since.get("a"), Some(&40));
        assert_eq!(record.since.get("b"), Some(&20));
    }

    #[test]
    fn events_say_what_happened_and_stay_bounded() {
        let mut record = Record::new(document(&json!({"a": {}})), "acme", 0, 0);
        for n in 1..=EVENTS {
            record = record.changed(document(&json!({"b": {"n": n}})), 0);
        }
        let events = record.events();
        assert_eq!(events.len(), EVENTS);
        assert_eq!(
            events.last().map(|event| &event["message"]),
            Some(&json!(
                "Cluster updated: add-on b switched on, add-on a switched off"
            ))
        );
        assert_eq!(events[0]["message"], "Cluster updated: add-on b changed");
        assert_ne!(events[0]["id"], events[1]["id"]);
    }

    #[test]
    fn ids_have_their_forms_and_repeat() {
        let publisher = Publisher {
            issuer: "https://oidc.example".to_owned(),
            trust_policy: TrustPolicyForm::Object,
            document: None,
            delay: 0,
        };
        let view =
            |nth| Record::new(document(&json!({})), "acme", nth, 1_500).view(&publisher, "acme", 0);
        let (one, two) = (view(1), view(2));
        assert_eq!(one, view(1));
        assert_ne!(one["id"], two["id"]);
        assert_ne!(one["alias"], two["alias"]);
        let id = one["id"].as_str().unwrap();
        let parts: Vec<usize> = id.split('-').map(str::len).collect();
        assert_eq!(parts, [8, 4, 4, 4, 12], "{id}");
        let alias = one["alias"].as_str().unwrap();
        assert_eq!(alias.len(), 12);
        assert!(
            alias
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        );
        assert_eq!(one["created"], "1970-01-01T00:00:01.500Z");
    }
}
