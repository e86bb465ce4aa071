//! `status` of a cluster, made when it is read. Pure.
//!
//! A field of an add-on is there once the add-on has been as it is for the configured delay, and
//! gone as soon as it is off. Nothing here is stored or timed.

use super::TrustPolicyForm;
use crate::arn::RoleArn;
use crate::cluster::Cluster;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What stands for the account where nobody told it to the server.
const ACCOUNT_PLACEHOLDER: &str = "<AWS_ACCOUNT_ID>";

/// The audience that IAM's OIDC providers are made with.
const AUDIENCE: &str = "sts.amazonaws.com";

/// How a server publishes status.
#[derive(Debug, Clone)]
pub(super) struct Publisher {
    /// `https` URL below which each cluster has its issuer.
    pub(super) issuer: String,
    /// How trust policies are written.
    pub(super) trust_policy: TrustPolicyForm,
    /// What is published in their place.
    pub(super) document: Option<Value>,
    /// Milliseconds from a change to what it promises.
    pub(super) delay: i64,
}

/// The dates that status depends on.
#[derive(Debug)]
pub(super) struct Ages<'a> {
    /// When the cluster was made, in milliseconds since 1970.
    pub(super) created: i64,
    /// When each add-on was last switched on or changed, likewise.
    pub(super) since: &'a BTreeMap<String, i64>,
    /// Now, likewise.
    pub(super) now: i64,
}

impl Publisher {
    /// The `status` of a cluster.
    pub(super) fn status(&self, object: &Value, org: &str, alias: &str, ages: &Ages<'_>) -> Value {
        let cluster = Cluster::new(object.clone());
        let ready = |key: &str| {
            cluster.add_on(key).is_some()
                && ages
                    .since
                    .get(key)
                    .is_none_or(|since| ages.now >= since.saturating_add(self.delay))
        };
        let mut status = Map::new();
        let mut addons = Map::new();
        if ages.now >= ages.created.saturating_add(self.delay) {
            status.insert(
                "serverUrl".to_owned(),
                json!(format!("https://{alias}.k8s.sandbox.localhost:6443")),
            );
            status.insert("homeLocation".to_owned(), json!(home_location(&cluster)));
        }
        for key in ["dashboard", "headlamp"] {
            if ready(key) {
                let url = format!("https://{key}-{alias}.k8s.sandbox.localhost");
                addons.insert(key.to_owned(), json!({ "url": url }));
            }
        }
        if ready("metrics") {
            addons.insert("metrics".to_owned(), metrics(org));
        }
        if ready("logs") {
            addons.insert(
                "logs".to_owned(),
                json!({"lokiAddress": format!("https://logs.sandbox.localhost/logs/org/{org}")}),
            );
        }
        if ready("awsWorkloadIdentity") {
            let issuer = format!("{}/{alias}", self.issuer.trim_end_matches('/'));
            status.insert("oidcProviderUrl".to_owned(), json!(issuer));
            let template = self.trust(&cluster, &issuer, "awsWorkloadIdentity");
            addons.insert(
                "awsWorkloadIdentity".to_owned(),
                json!({
                    "oidcProviderConfig": {"providerUrl": issuer, "audience": AUDIENCE},
                    "trustPolicy": template
                }),
            );
            for key in ["awsECR", "awsEFS", "awsELB"] {
                if ready(key) {
                    let policy = self.trust(&cluster, &issuer, key);
                    addons.insert(key.to_owned(), json!({ "trustPolicy": policy }));
                }
            }
        }
        if !addons.is_empty() {
            status.insert("addOns".to_owned(), Value::Object(addons));
        }
        Value::Object(status)
    }

    /// The trust policy that the role of an add-on must have.
    fn trust(&self, cluster: &Cluster, issuer: &str, key: &str) -> Value {
        if let Some(document) = &self.document {
            return document.clone();
        }
        let role: Option<RoleArn> = cluster
            .add_on(key)
            .and_then(|settings| settings.get("roleArn")?.as_str()?.parse().ok());
        let (partition, account) = match (role, cluster.home()) {
            (Some(role), _) => (
                role.partition().to_owned(),
                role.account().as_str().to_owned(),
            ),
            (None, Some(home)) => (home.partition, home.account.as_str().to_owned()),
            (None, None) => ("aws".to_owned(), ACCOUNT_PLACEHOLDER.to_owned()),
        };
        let account = match self.trust_policy {
            TrustPolicyForm::Placeholder => ACCOUNT_PLACEHOLDER,
            TrustPolicyForm::Object | TrustPolicyForm::String => account.as_str(),
        };
        let host = issuer.split_once("://").map_or(issuer, |(_, rest)| rest);
        let mut equals = Map::new();
        equals.insert(format!("{host}:aud"), json!(AUDIENCE));
        equals.insert(format!("{host}:sub"), subject(key));
        let document = json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow",
                "Principal": {"Federated": format!("arn:{partition}:iam::{account}:oidc-provider/{host}")},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {"StringEquals": equals}
            }]
        });
        match self.trust_policy {
            TrustPolicyForm::String => Value::String(document.to_string()),
            TrustPolicyForm::Object | TrustPolicyForm::Placeholder => document,
        }
    }
}

/// The service accounts that assume the role of an add-on.
fn subject(key: &str) -> Value {
    let account = |name: &str| format!("system:serviceaccount:kube-system:{name}");
    match key {
        "awsECR" => json!(account("ecr-credential-provider")),
        "awsEFS" => json!([account("efs-csi-controller-sa"), account("efs-csi-node-sa")]),
        "awsELB" => json!(account("aws-load-balancer-controller")),
        _ => json!("system:serviceaccount:default:default"),
    }
}

/// `remoteWriteConfig` holds a password, as it may on the platform: output must mask it.
fn metrics(org: &str) -> Value {
    let base = format!("https://metrics.sandbox.localhost/metrics/org/{org}");
    json!({
        "prometheusEndpoint": base,
        "remoteWriteConfig": {
            "url": format!("{base}/api/v1/write"),
            "basicAuth": {"username": org, "password": "sandbox-remote-write-password"}
        }
    })
}

/// A location of the platform that is near enough to be believed.
fn home_location(cluster: &Cluster) -> String {
    let text = |pointer: &str| cluster.value().pointer(pointer).and_then(Value::as_str);
    if let Some(location) = text("/spec/provider/generic/location") {
        return location.to_owned();
    }
    let region = text("/spec/provider/aws/region")
        .or_else(|| text("/spec/provider/hetzner/region"))
        .unwrap_or_default();
    match region {
        "us-west-2" | "hil" => "aws-us-west-2",
        "us-east-1" | "us-east-2" | "ash" => "aws-us-east-2",
        _ => "aws-eu-central-1",
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLE: &str = "arn:aws-cn:iam::999999999999:role/pull";

    fn publisher(trust_policy: TrustPolicyForm) -> Publisher {
        Publisher {
            issuer: "https://oidc.sandbox.localhost".to_owned(),
            trust_policy,
            document: None,
            delay: 100,
        }
    }

    fn status(publisher: &Publisher, object: &Value, since: &[(&str, i64)], now: i64) -> Value {
        let since = since
            .iter()
            .map(|(key, at)| ((*key).to_owned(), *at))
            .collect();
        let ages = Ages {
            created: 0,
            since: &since,
            now,
        };
        publisher.status(object, "acme", "k3x", &ages)
    }

    #[test]
    fn fields_appear_after_the_delay_and_go_with_the_addon() {
        let publisher = publisher(TrustPolicyForm::Object);
        let on = json!({"spec": {"provider": {"hetzner": {}},
            "addOns": {"awsWorkloadIdentity": {}, "awsECR": {"roleArn": ROLE}}}});
        let since = [("awsWorkloadIdentity", 1000), ("awsECR", 1050)];
        let at = |now| status(&publisher, &on, &since, now);
        assert_eq!(at(1099).get("oidcProviderUrl"), None);
        assert_eq!(at(1099).get("addOns"), None);
        assert_eq!(
            at(1100).get("oidcProviderUrl"),
            Some(&json!("https://oidc.sandbox.localhost/k3x"))
        );
        assert_eq!(at(1149).pointer("/addOns/awsECR"), None);
        assert!(at(1150).pointer("/addOns/awsECR/trustPolicy").is_some());
        let off = json!({"spec": {"provider": {"hetzner": {}}, "addOns": {"awsECR": {}}}});
        let gone = status(&publisher, &off, &since, 9999);
        assert_eq!(gone.get("oidcProviderUrl"), None);
        assert_eq!(
            gone.get("addOns"),
            None,
            "no trust policy without an issuer"
        );
    }

    #[test]
    fn a_document_takes_the_place_of_every_trust_policy_as_it_stands() {
        let document = json!([{"Version": "<VERSION>"}, null]);
        let publisher = Publisher {
            document: Some(document.clone()),
            ..publisher(TrustPolicyForm::String)
        };
        let on = json!({"spec": {"addOns": {"awsWorkloadIdentity": {}, "awsECR": {}, "awsELB": {},
            "metrics": {}}}});
        let status = status(&publisher, &on, &[], 1000);
        for key in ["awsWorkloadIdentity", "awsECR", "awsELB"] {
            assert_eq!(status["addOns"][key]["trustPolicy"], document, "{key}");
        }
        for key in ["awsEFS", "metrics"] {
            assert_eq!(status["addOns"][key].get("trustPolicy"), None, "{key}");
        }
    }

    #[test]
    fn a_new_cluster_has_an_empty_status() {
        let publisher = publisher(TrustPolicyForm::Object);
        assert_eq!(status(&publisher, &json!({}), &[], 99), json!({}));
        assert!(
            status(&publisher, &json!({}), &[], 100)
                .get("serverUrl")
                .is_some()
        );
    }

    #[test]
    fn the_account_is_the_roles_then_the_clusters_then_a_placeholder() {
        let home = json!({"deployRoleArn": "arn:aws:iam::111122223333:role/deploy"});
        for (form, provider, ecr, want) in [
            (
                TrustPolicyForm::Object,
                json!({"aws": home}),
                json!({"roleArn": ROLE}),
                "arn:aws-cn:iam::999999999999:oidc-provider/oidc.sandbox.localhost/k3x",
            ),
            (
                TrustPolicyForm::Object,
                json!({"aws": home}),
                json!({}),
                "arn:aws:iam::111122223333:oidc-provider/oidc.sandbox.localhost/k3x",
            ),
            (
                TrustPolicyForm::Object,
                json!({"hetzner": {}}),
                json!({}),
                "arn:aws:iam::<AWS_ACCOUNT_ID>:oidc-provider/oidc.sandbox.localhost/k3x",
            ),
            (
                TrustPolicyForm::Placeholder,
                json!({"aws": home}),
                json!({}),
                "arn:aws:iam::<AWS_ACCOUNT_ID>:oidc-provider/oidc.sandbox.localhost/k3x",
            ),
            (
                TrustPolicyForm::String,
                json!({"aws": home}),
                json!({}),
                "arn:aws:iam::111122223333:oidc-provider/oidc.sandbox.localhost/k3x",
            ),
        ] {
            let object = json!({"spec": {"provider": provider,
                "addOns": {"awsWorkloadIdentity": {}, "awsECR": ecr}}});
            let status = status(&publisher(form), &object, &[], 1000);
            let policy = status.pointer("/addOns/awsECR/trustPolicy").unwrap();
            let policy: Value = match policy.as_str() {
                Some(text) => {
                    assert_eq!(form, TrustPolicyForm::String);
                    serde_json::from_str(text).unwrap()
                }
                None => policy.clone(),
            };
            let statement = &policy["Statement"][0];
            assert_eq!(statement["Principal"]["Federated"], want);
            assert_eq!(
                statement["Condition"]["StringEquals"]["oidc.sandbox.localhost/k3x:aud"],
                "sts.amazonaws.com"
            );
        }
    }
}
