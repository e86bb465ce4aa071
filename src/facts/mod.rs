//! What a real Control Plane answers to the questions that its documents leave open, from what it says of
//! clusters, for a report that others read. Pure; nothing of whose clusters they are is in it.

mod redact;

use crate::addon::fault::Wrong;
use crate::addon::path::PathStep;
use crate::addon::{ISSUER, NamedAddon, ParamKind, by_key, rules};
use crate::cluster::Cluster;
use crate::resource;
use crate::text::excerpt;
use redact::Redactor;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A question that is open, and what was seen of the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlatformFact {
    /// Its stable name.
    pub(crate) id: &'static str,
    /// The question.
    pub(crate) question: &'static str,
    /// What was seen, and on how many clusters.
    pub(crate) seen: Vec<(String, usize)>,
    /// Why nothing can be seen of it, where that is so for every cluster.
    pub(crate) open: Option<&'static str>,
}

/// The questions. Those that reading does not answer say so.
const QUESTIONS: [(&str, &str, Option<&str>); 13] = [
    (
        "issuer-url",
        "What does the URL of a token issuer look like, and which audience goes with it?",
        None,
    ),
    (
        "trust-policy",
        "What does a published trust policy look like?",
        None,
    ),
    ("account", "What stands for the account in it?", None),
    (
        "prerequisites",
        "Is an add-on taken without what it needs?",
        None,
    ),
    (
        "provider-fit",
        "Is an add-on taken on a provider for which no page documents it?",
        None,
    ),
    (
        "status-fields",
        "Which fields does the status have of an add-on that is on?",
        None,
    ),
    (
        "status-missing",
        "Which of those that are documented are not there though it is on?",
        None,
    ),
    (
        "status-left",
        "What does the status have of an add-on that is off?",
        None,
    ),
    (
        "links",
        "Which paths does a cluster name, and is one of them its readiness?",
        None,
    ),
    (
        "schema",
        "Which fields and values does the platform have that mk8s does not know?",
        None,
    ),
    (
        "owners",
        "Which tags of the platform are on clusters?",
        None,
    ),
    (
        "put",
        "Does PUT merge or replace `spec.addOns`, and does it know `dryRun`?",
        Some("it takes a write to see"),
    ),
    (
        "patch-null",
        "Is `null` for a key that is not there taken by PATCH?",
        Some("it takes a write to see"),
    ),
];

/// What was seen, by question: each text with the clusters on which it was.
#[derive(Default)]
struct Sightings(BTreeMap<&'static str, BTreeMap<String, BTreeSet<usize>>>);

impl Sightings {
    fn add(&mut self, id: &'static str, cluster: usize, text: String) {
        let texts = self.0.entry(id).or_default();
        texts.entry(text).or_default().insert(cluster);
    }
}

/// What clusters of an org show.
pub(crate) fn facts(clusters: &[Cluster], org: &str) -> Vec<PlatformFact> {
    let mut seen = Sightings::default();
    for (number, cluster) in clusters.iter().enumerate() {
        look(cluster, org, &mut |id, text| seen.add(id, number, text));
    }
    let facts = QUESTIONS.iter().map(|&(id, question, open)| PlatformFact {
        id,
        question,
        seen: seen
            .0
            .remove(id)
            .unwrap_or_default()
            .into_iter()
            .map(|(text, clusters)| (text, clusters.len()))
            .collect(),
        open,
    });
    facts.collect()
}

fn look(cluster: &Cluster, org: &str, see: &mut impl FnMut(&'static str, String)) {
    let redactor = Redactor::of(cluster, org);
    issuer(cluster, org, see);
    add_ons(cluster, &redactor, see);
    for link in cluster.value()["links"].as_array().into_iter().flatten() {
        let text = |key: &str| redactor.text(link[key].as_str().unwrap_or_default());
        see("links", format!("{}: {}", text("rel"), text("href")));
    }
    for tag in cluster.value()["tags"].as_object().into_iter().flatten() {
        if tag.0.starts_with("cpln/") {
            see("owners", redactor.text(tag.0));
        }
    }
    schema(cluster, org, &redactor, see);
}

fn issuer(cluster: &Cluster, org: &str, see: &mut impl FnMut(&'static str, String)) {
    let redactor = Redactor::of(cluster, org).of_issuer();
    let text = |pointer: &str| cluster.value().pointer(pointer).and_then(Value::as_str);
    let config = "/status/addOns/awsWorkloadIdentity/oidcProviderConfig";
    let (url, again) = (text(ISSUER), text(&format!("{config}/providerUrl")));
    if let Some(url) = url {
        see(
            "issuer-url",
            format!("oidcProviderUrl {}", redactor.text(url)),
        );
    }
    if let Some(again) = again {
        let is_same = if Some(again) == url {
            "the same"
        } else {
            "another one"
        };
        see(
            "issuer-url",
            format!("providerUrl {}, {is_same}", redactor.text(again)),
        );
    }
    if let Some(audience) = text(&format!("{config}/audience")) {
        see(
            "issuer-url",
            format!("audience {}", redactor.text(audience)),
        );
    }
}

fn add_ons(cluster: &Cluster, redactor: &Redactor, see: &mut impl FnMut(&'static str, String)) {
    let status = cluster
        .value()
        .pointer("/status/addOns")
        .and_then(Value::as_object);
    let none = serde_json::Map::new();
    let status = status.unwrap_or(&none);
    for (key, settings) in cluster.add_ons().into_iter().flatten() {
        if !settings.is_object() {
            continue;
        }
        let Some(addon) = by_key(key) else {
            see(
                "schema",
                format!("spec.addOns.{} (an add-on)", redactor.text(key)),
            );
            continue;
        };
        for needed in addon
            .needs
            .iter()
            .filter(|needed| cluster.add_on(needed).is_none())
        {
            let needed = NamedAddon::of_key(needed);
            see(
                "prerequisites",
                format!("{} without {}", addon.name, needed.name()),
            );
        }
        if rules::undocumented(cluster.provider(), addon).is_some() {
            let provider = cluster.provider().unwrap_or("no provider");
            see(
                "provider-fit",
                format!("{} on {}", addon.name, redactor.text(provider)),
            );
        }
        for (field, value) in status
            .get(key)
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            see(
                "status-fields",
                format!("{key}.{}: {}", redactor.text(field), kind(value)),
            );
        }
        if let Some(pointer) = addon.ready.pointer(settings)
            && cluster.there_at(pointer).is_none()
        {
            let field = pointer.trim_start_matches('/').replace('/', ".");
            see("status-missing", format!("{}: {field}", addon.name));
        }
        trust(status.get(key), key, redactor, see);
    }
    for (key, value) in status {
        if cluster.add_on(key).is_none() && !value.is_null() {
            see(
                "status-left",
                format!("{}: {}", redactor.text(key), kind(value)),
            );
        }
    }
}

/// The trust policy that the status publishes for an add-on.
fn trust(
    status: Option<&Value>,
    key: &str,
    redactor: &Redactor,
    see: &mut impl FnMut(&'static str, String),
) {
    let Some(published) = status.and_then(|it| it.get("trustPolicy")) else {
        return;
    };
    let (document, form) = match published {
        Value::String(text) => match serde_json::from_str(text) {
            Ok(document) => (document, "text"),
            Err(_) => return see("trust-policy", format!("{key}: a text that is no JSON")),
        },
        other => (other.clone(), "object"),
    };
    see(
        "trust-policy",
        format!("{key} ({form}): {}", redactor.value(&document)),
    );
    let statements = match &document["Statement"] {
        Value::Array(several) => several.as_slice(),
        one => std::slice::from_ref(one),
    };
    for statement in statements {
        let federated = &statement["Principal"]["Federated"];
        for arn in federated.as_str().into_iter().chain(
            federated
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str),
        ) {
            let account = arn
                .split("::")
                .nth(1)
                .and_then(|rest| rest.split(":oidc-provider").next());
            see(
                "account",
                match account {
                    Some(account) => redactor.text(account),
                    None => "it is no ARN of an OIDC provider".to_owned(),
                },
            );
        }
    }
}

/// Fields and values that the tables do not have: their places, and of a value that it is there.
fn schema(
    cluster: &Cluster,
    org: &str,
    redactor: &Redactor,
    see: &mut impl FnMut(&'static str, String),
) {
    for fault in ParamKind::Object(resource::CLUSTER).faults(cluster.value(), Some(org)) {
        let steps = fault.path.steps().iter().map(|step| match step {
            PathStep::Key(key) => redactor.text(key),
            PathStep::Index(_) => "[]".to_owned(),
        });
        let path = excerpt(&steps.collect::<Vec<_>>().join("."), 120);
        let what = match fault.what {
            Wrong::Unknown { .. } | Wrong::Misspelt { .. } => "a field",
            Wrong::Invalid { .. } => "a value that would be refused here",
            Wrong::Unlisted { .. } => "a value that is not in the list",
            Wrong::Missing => "not there, and required here",
        };
        // An add-on was told of by itself.
        if !(path.starts_with("spec.addOns.") && fault.path.steps().len() == 3) {
            see("schema", format!("{path} ({what})"));
        }
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "text",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_a_cluster_shows_is_told_without_whose_it_is() {
        let cluster = |name: &str, account: &str| {
            Cluster::new(json!({
                "kind": "mk8s", "name": name, "alias": format!("{name}alias1"),
                "tags": {"cpln/protected": true, "team": "shop"},
                "spec": {"version": "9.9.9", "provider": {"linode": {"region": "us-ord", "warp": 1}},
                    "addOns": {"awsECR": {"roleArn": format!("arn:aws:iam::{account}:role/secret")}, "rocket": {}}},
                "links": [{"rel": "ready", "href": format!("/org/acme/mk8s/{name}/-ready")}],
                "status": {"oidcProviderUrl": format!("https://oidc.example/{name}alias1"), "addOns": {
                    "awsECR": {"trustPolicy": {"Statement": {"Principal": {"Federated":
                        format!("arn:aws:iam::{account}:oidc-provider/oidc.example/{name}alias1")}}}},
                    "headlamp": {"url": "https://x"}}},
            }))
        };
        let found = facts(
            &[
                cluster("prod", "111122223333"),
                cluster("edge", "${ACCOUNT}"),
            ],
            "acme",
        );
        let text = format!("{found:?}");
        for secret in ["acme", "prod", "edge", "1111", "role/secret", "shop"] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
        let seen = |id: &str| {
            let fact = found.iter().find(|it| it.id == id).unwrap();
            fact.seen.clone()
        };
        let both = |text: &str| vec![(text.to_owned(), 2)];
        assert_eq!(
            seen("issuer-url"),
            both("oidcProviderUrl https://oidc.example/ALIAS")
        );
        assert_eq!(
            seen("account"),
            [("${ACCOUNT}".to_owned(), 1), ("ACCOUNT".to_owned(), 1)]
        );
        assert_eq!(
            seen("prerequisites"),
            both("aws-ecr without aws-workload-identity")
        );
        assert_eq!(seen("provider-fit"), both("aws-ecr on linode"));
        assert_eq!(seen("status-left"), both("headlamp: object"));
        assert_eq!(seen("links"), both("ready: /org/ORG/mk8s/CLUSTER/-ready"));
        assert_eq!(seen("owners"), both("cpln/protected"));
        let schema: Vec<String> = seen("schema").into_iter().map(|it| it.0).collect();
        for path in [
            "spec.addOns.rocket (an add-on)",
            "spec.provider.linode.warp (a field)",
            "spec.version (a value that is not in the list)",
        ] {
            assert!(schema.iter().any(|it| it == path), "{path} {schema:?}");
        }
    }
}
