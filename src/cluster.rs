//! A cluster: the few fields that `mk8s` reads, over the untouched JSON object. Pure.
//!
//! The same view serves a live cluster and a manifest document; what is not read here is carried
//! along as it came.

use crate::arn::{AccountId, RoleArn};
use crate::text::excerpt;
use lz4_flex::block::{compress_with_dict, decompress_with_dict};
use serde_json::{Map, Value};
use std::sync::OnceLock;

/// The `kind` of cluster documents.
pub(crate) const KIND: &str = "mk8s";

/// What a change is planned, locked and verified by.
const LEAN: [&str; 7] = [
    "kind",
    "name",
    "id",
    "version",
    "description",
    "tags",
    "spec",
];

/// A cluster object as the API serves it, or a manifest document of `kind: mk8s`.
#[derive(Debug, Clone, PartialEq)]
pub struct Cluster {
    value: Value,
}

/// A cluster put away: what a change is planned, locked and verified by, in a fraction of the memory.
#[derive(Debug, Clone)]
pub(crate) struct PackedCluster {
    packed: Box<[u8]>,
    /// How long the text is; `None` where it is not packed.
    length: Option<usize>,
}

/// The first cluster that was put away: those of a company are much alike, so that the others are packed as
/// what they have beyond it.
static FIRST: OnceLock<Box<[u8]>> = OnceLock::new();

impl PackedCluster {
    /// Puts a cluster away.
    pub(crate) fn of(cluster: Cluster) -> Self {
        let text = cluster.lean().value.to_string();
        let first = FIRST.get_or_init(|| text.as_bytes().into());
        let packed = compress_with_dict(text.as_bytes(), first);
        // A cluster is not entrusted to somebody else's code without a look.
        let unpacked = decompress_with_dict(&packed, text.len(), first);
        if unpacked.is_ok_and(|it| it == text.as_bytes()) {
            Self {
                packed: packed.into(),
                length: Some(text.len()),
            }
        } else {
            Self {
                packed: text.into_bytes().into(),
                length: None,
            }
        }
    }

    /// Takes it out again.
    pub(crate) fn open(&self) -> Cluster {
        let first = FIRST.get().map_or(&[][..], |first| first);
        let text = match self.length {
            Some(length) => decompress_with_dict(&self.packed, length, first).unwrap_or_default(),
            None => self.packed.to_vec(),
        };
        // It was written by us, so that it can be read.
        Cluster::new(serde_json::from_slice(&text).unwrap_or_default())
    }
}

/// The AWS account that a cluster of the AWS provider runs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HomeAccount {
    /// The account's id.
    pub(crate) account: AccountId,
    /// `aws`, `aws-cn`, …
    pub(crate) partition: String,
}

impl Cluster {
    /// Takes any JSON object; a field that is missing or of another type reads as absent.
    pub fn new(value: Value) -> Self {
        Self { value }
    }

    /// The whole object.
    pub(crate) fn value(&self) -> &Value {
        &self.value
    }

    /// Gives the object back.
    pub(crate) fn into_value(self) -> Value {
        self.value
    }

    /// The same without what only the server sets and nobody plans by: a fleet takes memory.
    #[must_use]
    fn lean(mut self) -> Self {
        if let Value::Object(map) = &mut self.value {
            map.retain(|key, _| LEAN.contains(&key.as_str()));
        }
        self
    }

    /// `name`, or an empty string.
    pub(crate) fn name(&self) -> &str {
        self.text("/name").unwrap_or_default()
    }

    /// The org that the server says it is in, by its own link.
    pub(crate) fn org(&self) -> Option<&str> {
        let links = self.value.get("links")?.as_array()?;
        let own = links
            .iter()
            .find(|link| link.get("rel").is_some_and(|rel| rel == "self"))?;
        let rest = own.get("href")?.as_str()?.strip_prefix("/org/")?;
        rest.split('/').next().filter(|org| !org.is_empty())
    }

    /// `id`, set by the server.
    pub(crate) fn id(&self) -> Option<&str> {
        self.text("/id")
    }

    /// The optimistic lock: the counter at top level, not `spec.version`.
    pub(crate) fn version(&self) -> Option<i64> {
        self.value.get("version").and_then(Value::as_i64)
    }

    /// The Kubernetes version, `spec.version`.
    pub(crate) fn kubernetes(&self) -> Option<&str> {
        self.text("/spec/version")
    }

    /// The one key under `spec.provider`.
    pub(crate) fn provider(&self) -> Option<&str> {
        let provider = self.value.pointer("/spec/provider")?.as_object()?;
        provider
            .iter()
            .find(|(_, settings)| !settings.is_null())
            .map(|(key, _)| key.as_str())
    }

    /// `spec.addOns` when it is an object.
    pub(crate) fn add_ons(&self) -> Option<&Map<String, Value>> {
        self.value.pointer("/spec/addOns")?.as_object()
    }

    /// The settings of an add-on that is on: its key holds a mapping. Anything else is off
    /// (control-plane.md 4.1), `true` and `null` included.
    pub(crate) fn add_on(&self, key: &str) -> Option<&Value> {
        self.add_on_key(key).filter(|value| value.is_object())
    }

    /// What an add-on's key holds, whatever it is; `null` reads as absent.
    pub(crate) fn add_on_key(&self, key: &str) -> Option<&Value> {
        self.add_ons()?.get(key).filter(|value| !value.is_null())
    }

    /// The value at a JSON pointer, with "not there yet" (absent, null, empty string, `{}`) as
    /// `None`.
    pub(crate) fn there_at(&self, pointer: &str) -> Option<&Value> {
        self.value.pointer(pointer).filter(|value| match value {
            Value::Null => false,
            Value::String(text) => !text.is_empty(),
            Value::Object(map) => !map.is_empty(),
            _ => true,
        })
    }

    /// The same of a field of the status that is of the type which the platform documents: of
    /// another type it says nothing, and is as good as not there ([`Cluster::malformed_at`]).
    pub(crate) fn ready_at(&self, pointer: &str) -> Option<&Value> {
        self.there_at(pointer)
            .filter(|value| StatusShape::of(pointer).fits(value))
    }

    /// What is at a field of the status, or on the way there, where something of another type
    /// belongs; `None` if nothing is wrong or nothing is there.
    pub(crate) fn malformed_at(&self, pointer: &str) -> Option<String> {
        let mut path = String::new();
        let mut at = &self.value;
        for part in pointer.split('/').skip(1) {
            if at.is_null() {
                return None;
            }
            if !at.is_object() {
                return Some(mismatch(&path, at, StatusShape::Object));
            }
            at = at.get(part)?;
            path = if path.is_empty() {
                part.to_owned()
            } else {
                format!("{path}.{part}")
            };
        }
        let shape = StatusShape::of(pointer);
        let is_there = self.there_at(pointer).is_some();
        (is_there && !shape.fits(at)).then(|| mismatch(&path, at, shape))
    }

    /// The account of a cluster on AWS: that of the last hop of `deployRoleChain`, else of
    /// `deployRoleArn`.
    pub(crate) fn home(&self) -> Option<HomeAccount> {
        let aws = self.value.pointer("/spec/provider/aws")?;
        let last_hop = aws
            .get("deployRoleChain")
            .and_then(Value::as_array)
            .and_then(|chain| chain.last())
            .and_then(|hop| hop.get("roleArn"));
        let arn: RoleArn = last_hop
            .or_else(|| aws.get("deployRoleArn"))?
            .as_str()?
            .parse()
            .ok()?;
        Some(HomeAccount {
            account: arn.account().clone(),
            partition: arn.partition().to_owned(),
        })
    }

    fn text(&self, pointer: &str) -> Option<&str> {
        self.value.pointer(pointer)?.as_str()
    }
}

/// What a field of the status holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum StatusShape {
    Text,
    Object,
    /// A JSON document, as an object or written out in a text.
    Document,
}

impl StatusShape {
    /// By the names that the platform gives its fields.
    fn of(pointer: &str) -> Self {
        let add_on = pointer.strip_prefix("/status/addOns/");
        if pointer.ends_with("/trustPolicy") {
            Self::Document
        } else if add_on.is_some_and(|key| !key.contains('/')) {
            Self::Object
        } else {
            Self::Text
        }
    }

    fn fits(self, value: &Value) -> bool {
        match (self, value) {
            (Self::Text, Value::String(_)) | (Self::Object | Self::Document, Value::Object(_)) => {
                true
            }
            (Self::Document, Value::String(text)) => text.trim_start().starts_with('{'),
            _ => false,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Object => "an object",
            Self::Document => "a JSON document",
        }
    }
}

fn mismatch(path: &str, value: &Value, shape: StatusShape) -> String {
    let found = match value {
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        Value::String(text) => format!("\"{}\"", excerpt(text, 80)),
        other => excerpt(&other.to_string(), 80),
    };
    format!("{path} is {found}, where {} belongs", shape.words())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_put_away_is_taken_out_again() {
        for number in 0..200_usize {
            let pools: Vec<Value> = (0..number % 7)
                .map(|it| json!({"name": format!("p{it}"), "labels": {"ü": "☺".repeat(number)}}))
                .collect();
            let cluster = Cluster::new(
                json!({"kind": "mk8s", "name": format!("c{number}"), "version": number,
                "spec": {"provider": {"generic": {"nodePools": pools}}, "addOns": {"logs": {}}}}),
            );
            assert_eq!(PackedCluster::of(cluster.clone()).open(), cluster);
        }
        let empty = Cluster::new(json!({}));
        assert_eq!(PackedCluster::of(empty.clone()).open(), empty);
    }

    #[test]
    fn the_last_hop_of_the_chain_names_the_account() {
        let cluster = Cluster::new(json!({"spec": {"provider": {"aws": {
            "deployRoleArn": "arn:aws:iam::111122223333:role/hub",
            "deployRoleChain": [
                {"roleArn": "arn:aws:iam::222233334444:role/a"},
                {"roleArn": "arn:aws-cn:iam::333344445555:role/b"}
            ]
        }}}}));
        let home = cluster.home().unwrap();
        assert_eq!(home.account.as_str(), "333344445555");
        assert_eq!(home.partition, "aws-cn");
        assert_eq!(cluster.provider(), Some("aws"));
    }

    #[test]
    fn an_empty_chain_falls_back_to_the_deploy_role() {
        let cluster = Cluster::new(json!({"spec": {"provider": {"aws": {
            "deployRoleArn": "arn:aws:iam::111122223333:role/hub", "deployRoleChain": []
        }}}}));
        assert_eq!(cluster.home().unwrap().account.as_str(), "111122223333");
    }

    #[test]
    fn pending_status_reads_as_absent() {
        let cluster = Cluster::new(json!({"status": {"a": "", "b": {}, "c": null, "d": "x"}}));
        for pointer in ["/status/a", "/status/b", "/status/c", "/status/e"] {
            assert_eq!(cluster.ready_at(pointer), None, "{pointer}");
            assert_eq!(cluster.malformed_at(pointer), None, "{pointer}");
        }
        assert!(cluster.ready_at("/status/d").is_some());
    }

    #[test]
    fn a_status_of_another_type_is_never_ready() {
        const POLICY: &str = "/status/addOns/awsECR/trustPolicy";
        const WHOLE: &str = "/status/addOns/awsECR";
        const URL: &str = "/status/oidcProviderUrl";
        let at = |pointer: &str, value: &Value| {
            let mut status = value.clone();
            for key in pointer.split('/').skip(1).collect::<Vec<_>>().iter().rev() {
                status = json!({ *key: status });
            }
            Cluster::new(status)
        };
        for (pointer, good, bad) in [
            (
                URL,
                vec![json!("https://x")],
                vec![json!(5), json!(true), json!(["https://x"]), json!({"a": 1})],
            ),
            (
                WHOLE,
                vec![json!({"a": 1})],
                vec![json!("text"), json!(false), json!([]), json!(1.5)],
            ),
            (
                POLICY,
                vec![json!({"a": 1}), json!(" {}")],
                vec![json!("text"), json!(0), json!([1])],
            ),
        ] {
            for value in good {
                let cluster = at(pointer, &value);
                assert_eq!(cluster.ready_at(pointer), Some(&value), "{pointer}");
                assert_eq!(cluster.malformed_at(pointer), None, "{pointer}");
            }
            for value in bad {
                let cluster = at(pointer, &value);
                assert_eq!(cluster.ready_at(pointer), None, "{pointer}: {value}");
                let what = cluster.malformed_at(pointer).unwrap();
                assert!(what.contains(", where a"), "{what}");
            }
        }
        // On the way there.
        for (place, value) in [
            ("/status/addOns/awsECR", json!("text")),
            ("/status/addOns", json!([])),
            ("/status", json!(7)),
        ] {
            let what = at(place, &value).malformed_at(POLICY).unwrap();
            assert!(what.ends_with(", where an object belongs"), "{what}");
        }
        assert_eq!(
            at(URL, &json!(5)).malformed_at(URL).unwrap(),
            "status.oidcProviderUrl is 5, where a text belongs"
        );
    }
}
