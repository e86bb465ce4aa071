//! What the platform refuses in a document: its schema and what cannot change after creation.
//! Pure.
//!
//! Works on documents whose defaults are filled in. All problems are collected. What add-ons may
//! hold comes from the catalogue; provider fit is never checked (control-plane.md 4.1).

use super::answer::SchemaProblem;
use super::schema;
use crate::addon;
use crate::arn::RoleArn;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Fields that only the server writes.
pub(super) const READ_ONLY: &[&str] = &[
    "id",
    "version",
    "created",
    "lastModified",
    "links",
    "alias",
    "status",
];

/// Fields that a document may have.
const WRITABLE: &[&str] = &["kind", "name", "description", "tags", "spec"];

/// Providers and the settings that each must have; those with a default are not among them.
const PROVIDERS: &[(&str, &[&str])] = &[
    ("aws", &["region", "deployRoleArn", "vpcId", "image"]),
    (
        "azure",
        &[
            "location",
            "subscriptionId",
            "sdkSecretLink",
            "resourceGroup",
            "networkId",
            "image",
            "sshKeys",
        ],
    ),
    (
        "digitalocean",
        &["region", "tokenSecretLink", "vpcId", "image", "sshKeys"],
    ),
    ("ephemeral", &["location"]),
    (
        "gcp",
        &["projectId", "region", "network", "saKeyLink", "image"],
    ),
    ("generic", &["location"]),
    ("hetzner", &["region", "tokenSecretLink", "networkId"]),
    ("lambdalabs", &["region", "tokenSecretLink", "sshKey"]),
    ("linode", &["region", "tokenSecretLink", "vpcId", "image"]),
    ("oblivus", &["datacenter", "tokenSecretLink"]),
    ("paperspace", &["region", "tokenSecretLink", "networkId"]),
    (
        "triton",
        &["connection", "location", "privateNetworkId", "imageId"],
    ),
];

/// What no provider lets change after creation.
const FIXED: &[&str] = &["region", "location", "datacenter", "networking"];

/// What decides beside the schema.
#[derive(Debug)]
pub(super) struct Rules<'a> {
    /// The org that links must stay in.
    pub(super) org: &'a str,
    /// Add-on keys that the catalogue does not have and this server takes all the same.
    pub(super) known: &'a BTreeSet<String>,
    /// Whether an add-on without what it needs is refused.
    pub(super) enforce_prerequisites: bool,
    /// Names of roles that do not exist, and that an add-on may not name.
    pub(super) absent_roles: &'a [String],
}

/// Everything that is wrong with `object`, given what is stored now.
pub(super) fn check(
    object: &Map<String, Value>,
    current: Option<&Map<String, Value>>,
    rules: &Rules<'_>,
) -> Vec<SchemaProblem> {
    let mut check = FieldCheck {
        problems: Vec::new(),
    };
    check.top_level(object);
    if let Some(spec) = check.object(object.get("spec"), "spec") {
        check.spec(spec, rules);
        if check.problems.is_empty()
            && let Some(before) = current.and_then(|current| current.get("spec"))
        {
            check.fixed(before, spec);
        }
    }
    check.problems
}

/// Whether a cluster may have this name.
pub(super) fn is_name(name: &str) -> bool {
    name.len() <= 63
        && name.len() >= 2
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && !name.ends_with('-')
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

struct FieldCheck {
    problems: Vec<SchemaProblem>,
}

impl FieldCheck {
    fn problem(&mut self, path: &str, reason: impl Into<String>) {
        self.problems.push(SchemaProblem {
            path: path.to_owned(),
            reason: reason.into(),
        });
    }

    /// The value as an object that must be there.
    fn object<'a>(
        &mut self,
        value: Option<&'a Value>,
        path: &str,
    ) -> Option<&'a Map<String, Value>> {
        match value {
            None => self.problem(path, "is required"),
            Some(Value::Object(map)) => return Some(map),
            Some(_) => self.problem(path, "must be of type object"),
        }
        None
    }

    fn only(&mut self, map: &Map<String, Value>, allowed: &[&str], at: &str) {
        for key in map.keys() {
            if !allowed.contains(&key.as_str()) {
                self.problem(&format!("{at}{key}"), "is not allowed");
            }
        }
    }

    fn top_level(&mut self, object: &Map<String, Value>) {
        self.only(object, WRITABLE, "");
        if object
            .get("kind")
            .is_some_and(|kind| kind != crate::cluster::KIND)
        {
            self.problem("kind", "must be mk8s");
        }
        match object.get("name") {
            None => self.problem("name", "is required"),
            Some(Value::String(name)) if is_name(name) => {}
            Some(Value::String(_)) => self.problem(
                "name",
                "must start with a lower-case letter, hold lower-case letters, digits and dashes, \
                 not end with a dash and have 2 to 63 characters",
            ),
            Some(_) => self.problem("name", "must be a string"),
        }
        match object.get("description") {
            Some(Value::String(text)) if text.chars().count() > 250 => self.problem(
                "description",
                "length must be less than or equal to 250 characters long",
            ),
            Some(Value::String(text)) if text.trim() != text => self.problem(
                "description",
                "must not have leading or trailing whitespace",
            ),
            None | Some(Value::String(_)) => {}
            Some(_) => self.problem("description", "must be a string"),
        }
        if let Some(tags) = object.get("tags")
            && let Some(tags) = self.object(Some(tags), "tags")
        {
            if tags.len() > 50 {
                self.problem("tags", "must have less than or equal to 50 keys");
            }
            for (key, value) in tags {
                if value.is_object() || value.is_array() {
                    self.problem(
                        &format!("tags.{key}"),
                        "must be one of [string, number, boolean, null]",
                    );
                }
            }
        }
    }

    fn spec(&mut self, spec: &Map<String, Value>, rules: &Rules<'_>) {
        self.only(
            spec,
            &["version", "firewall", "provider", "addOns"],
            "spec.",
        );
        match spec.get("version") {
            None => self.problem("spec.version", "is required"),
            Some(version) if release(version).is_none() => {
                self.problem("spec.version", "must be a string such as 1.33.5");
            }
            Some(_) => {}
        }
        self.firewall(spec.get("firewall"));
        if let Some(provider) = self.object(spec.get("provider"), "spec.provider") {
            self.provider(provider);
        }
        if let Some(addons) = spec.get("addOns")
            && let Some(addons) = self.object(Some(addons), "spec.addOns")
        {
            self.addons(addons, rules);
        }
    }

    fn firewall(&mut self, firewall: Option<&Value>) {
        match firewall {
            None => {}
            Some(Value::Array(rules)) => {
                for (n, rule) in rules.iter().enumerate() {
                    if !rule.get("sourceCIDR").is_some_and(Value::is_string) {
                        self.problem(&format!("spec.firewall[{n}].sourceCIDR"), "is required");
                    }
                }
            }
            Some(_) => self.problem("spec.firewall", "must be an array"),
        }
    }

    fn provider(&mut self, provider: &Map<String, Value>) {
        if provider.len() != 1 {
            self.problem("spec.provider", "must have exactly one key");
            return;
        }
        for (name, settings) in provider {
            let path = format!("spec.provider.{name}");
            let Some((_, required)) = PROVIDERS.iter().find(|(known, _)| known == name) else {
                self.problem(&path, "is not allowed");
                continue;
            };
            let Some(settings) = self.object(Some(settings), &path) else {
                continue;
            };
            for field in *required {
                if !settings.contains_key(*field) {
                    self.problem(&format!("{path}.{field}"), "is required");
                }
            }
            if let Some(pools) = settings.get("nodePools") {
                self.pools(pools, &format!("{path}.nodePools"));
            }
        }
    }

    fn pools(&mut self, pools: &Value, path: &str) {
        let Some(pools) = pools.as_array() else {
            self.problem(path, "must be an array");
            return;
        };
        let mut seen = BTreeSet::new();
        for (n, pool) in pools.iter().enumerate() {
            let path = format!("{path}[{n}]");
            match pool.get("name").and_then(Value::as_str) {
                None => self.problem(&format!("{path}.name"), "is required"),
                Some(name) if !seen.insert(name) => {
                    self.problem(&path, "contains a duplicate value");
                }
                Some(_) => {}
            }
        }
    }

    fn addons(&mut self, addons: &Map<String, Value>, rules: &Rules<'_>) {
        for (key, value) in addons {
            let path = format!("spec.addOns.{key}");
            let addon = addon::by_key(key);
            if addon.is_none() && !rules.known.contains(key) {
                self.problem(&path, "is not allowed");
                continue;
            }
            let Some(settings) = self.object(Some(value), &path) else {
                continue;
            };
            if let Some(addon) = addon {
                let found = schema::check(addon.params, settings, &path, rules.org);
                self.problems.extend(found);
                for needed in addon.needs {
                    if rules.enforce_prerequisites && !addons.contains_key(*needed) {
                        self.problem(&path, format!("requires {needed}"));
                    }
                }
            }
            let role = settings.get("roleArn").and_then(Value::as_str);
            if let Some(role) = role.and_then(|text| text.parse::<RoleArn>().ok())
                && rules.absent_roles.iter().any(|name| name == role.name())
            {
                self.problem(
                    &format!("{path}.roleArn"),
                    "names a role that does not exist",
                );
            }
        }
    }

    /// What must be as it was.
    fn fixed(&mut self, before: &Value, spec: &Map<String, Value>) {
        if let (Some(old), Some(new)) = (
            before.get("version").and_then(release),
            spec.get("version").and_then(release),
        ) && new < old
        {
            self.problem("spec.version", "must not be lower than it is");
        }
        let one = |value: Option<&Value>| -> Option<(String, Value)> {
            let (key, settings) = value?.as_object()?.iter().next()?;
            Some((key.clone(), settings.clone()))
        };
        let (Some((old_key, old)), Some((new_key, new))) =
            (one(before.get("provider")), one(spec.get("provider")))
        else {
            return;
        };
        if old_key != new_key {
            self.problem(
                "spec.provider",
                format!("cannot be changed from {old_key} to {new_key}"),
            );
            return;
        }
        for field in FIXED {
            if old.get(field) != new.get(field) {
                self.problem(
                    &format!("spec.provider.{new_key}.{field}"),
                    "cannot be changed",
                );
            }
        }
    }
}

/// `1.33.5` as numbers that can be compared.
fn release(version: &Value) -> Option<Vec<u32>> {
    let parts: Option<Vec<u32>> = version
        .as_str()?
        .split('.')
        .map(|part| part.parse().ok())
        .collect();
    parts.filter(|parts| parts.len() >= 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::defaults;
    use serde_json::json;

    fn base() -> Value {
        json!({"kind": "mk8s", "name": "dc1", "description": "d", "tags": {}, "spec": {
            "version": "1.33.5",
            "provider": {"generic": {"location": "aws-us-west-2"}},
            "addOns": {"headlamp": {}}
        }})
    }

    /// The problems of the base document with `patch` merged into it.
    fn problems(patch: &Value, current: Option<&Value>, rules: &Rules<'_>) -> Vec<String> {
        let mut object = base().as_object().unwrap().clone();
        crate::sandbox::patch::merge(&mut object, patch.as_object().unwrap()).unwrap();
        defaults::fill(&mut object, current, "acme");
        check(&object, current.and_then(Value::as_object), rules)
            .iter()
            .map(SchemaProblem::to_string)
            .collect()
    }

    fn lax(known: &BTreeSet<String>) -> Rules<'_> {
        Rules {
            org: "acme",
            known,
            enforce_prerequisites: false,
            absent_roles: &[],
        }
    }

    #[test]
    fn the_schema_field_by_field() {
        let many: Map<String, Value> = (0..51).map(|n| (format!("t{n}"), json!(1))).collect();
        for (patch, want) in [
            (json!({}), ""),
            (json!({"kind": "gvc"}), r#""kind" must be mk8s"#),
            (json!({"name": null}), r#""name" is required"#),
            (json!({"name": 1}), r#""name" must be a string"#),
            (json!({"name": "Dc"}), r#""name" must start with"#),
            (json!({"name": "1c"}), r#""name" must start with"#),
            (json!({"name": "d"}), r#""name" must start with"#),
            (json!({"name": "dc-"}), r#""name" must start with"#),
            (json!({"name": "d".repeat(64)}), r#""name" must start with"#),
            (json!({"name": "d".repeat(63)}), ""),
            (json!({"description": "é".repeat(250)}), ""),
            (
                json!({"description": "e".repeat(251)}),
                r#""description" length"#,
            ),
            (
                json!({"description": " e"}),
                r#""description" must not have"#,
            ),
            (json!({"tags": {"a": "x", "b": 1, "c": false}}), ""),
            (json!({"tags": {"a": [1]}}), r#""tags.a" must be one of"#),
            (json!({"tags": many}), r#""tags" must have less"#),
            (json!({"owner": "me"}), r#""owner" is not allowed"#),
            (json!({"spec": null}), r#""spec" is required"#),
            (json!({"spec": {"x": 1}}), r#""spec.x" is not allowed"#),
            (
                json!({"spec": {"version": null}}),
                r#""spec.version" is required"#,
            ),
            (
                json!({"spec": {"version": 1.32}}),
                r#""spec.version" must be a string"#,
            ),
            (json!({"spec": {"version": "9.99.0"}}), ""),
            (
                json!({"spec": {"firewall": {}}}),
                r#""spec.firewall" must be an array"#,
            ),
            (
                json!({"spec": {"firewall": [{"description": "x"}]}}),
                r#""spec.firewall[0].sourceCIDR" is required"#,
            ),
            (
                json!({"spec": {"provider": {"aws": {}}}}),
                r#""spec.provider" must have exactly one key"#,
            ),
            (
                json!({"spec": {"$replace/provider": {"moon": {}}}}),
                r#""spec.provider.moon" is not allowed"#,
            ),
            (
                json!({"spec": {"provider": {"generic": {"location": null}}}}),
                r#""spec.provider.generic.location" is required"#,
            ),
            (
                json!({"spec": {"provider": {"generic": {"nodePools": [{"name": "a"}, {"name": "a"}]}}}}),
                r#""spec.provider.generic.nodePools[1]" contains a duplicate value"#,
            ),
        ] {
            let known = BTreeSet::new();
            let got = problems(&patch, None, &lax(&known));
            let first = got.first().map(String::as_str).unwrap_or_default();
            assert!(
                first.starts_with(want) && (want.is_empty() == got.is_empty()),
                "{patch}: {got:?}"
            );
        }
    }

    #[test]
    fn addons_follow_the_catalogue() {
        let arn = "arn:aws:iam::111122223333:role/x";
        for (addons, want) in [
            (json!({"awsECR": {}, "awsELB": {"roleArn": arn}}), ""),
            (
                json!({"awsECR": true}),
                r#""spec.addOns.awsECR" must be of type object"#,
            ),
            (
                json!({"awsECR": {"rolearn": arn}}),
                r#""spec.addOns.awsECR.rolearn" is not allowed"#,
            ),
            (
                json!({"awsECR": {"roleArn": "x"}}),
                r#""spec.addOns.awsECR.roleArn" must be the ARN of an IAM role"#,
            ),
            (
                json!({"awsECR": {"roleArn": ""}}),
                r#""spec.addOns.awsECR.roleArn" is not allowed to be empty"#,
            ),
            (
                json!({"awsEFS": {}}),
                r#""spec.addOns.awsEFS.roleArn" is required"#,
            ),
            (
                json!({"awsecr": {}}),
                r#""spec.addOns.awsecr" is not allowed"#,
            ),
            (
                json!({"nvidia": {"taintGPUNodes": "yes"}}),
                r#""spec.addOns.nvidia.taintGPUNodes" must be a boolean"#,
            ),
            (json!({"byok": {"location": "//location/a"}}), ""),
            (
                json!({"byok": {"location": "a"}}),
                r#""spec.addOns.byok.location" must be a link to a location of this org"#,
            ),
            (
                json!({"registryMirror": {"mirrors": {}}}),
                r#""spec.addOns.registryMirror.mirrors" must be an array"#,
            ),
            (
                json!({"metrics": {"scrapeAnnotated": true}}),
                r#""spec.addOns.metrics.scrapeAnnotated" must be of type object"#,
            ),
            (json!({"rocket": {"x": 1}}), ""),
            (
                json!({"rocket": 1}),
                r#""spec.addOns.rocket" must be of type object"#,
            ),
        ] {
            let known = BTreeSet::from(["rocket".to_owned()]);
            let got = problems(&json!({"spec": {"addOns": addons}}), None, &lax(&known));
            assert_eq!(got.first().map(String::as_str).unwrap_or_default(), want);
        }
    }

    #[test]
    fn a_strict_server_wants_prerequisites_and_roles() {
        let known = BTreeSet::new();
        let absent = ["mk8s-ecr-driver".to_owned()];
        let strict = Rules {
            org: "acme",
            known: &known,
            enforce_prerequisites: true,
            absent_roles: &absent,
        };
        assert_eq!(
            problems(
                &json!({"spec": {"addOns": {"awsECR": {
                    "roleArn": "arn:aws:iam::999999999999:role/mk8s-ecr-driver"
                }}}}),
                None,
                &strict
            ),
            [
                r#""spec.addOns.awsECR" requires awsWorkloadIdentity"#,
                r#""spec.addOns.awsECR.roleArn" names a role that does not exist"#
            ]
        );
    }

    #[test]
    fn some_things_stay_as_they_were_made() {
        let mut stored = base().as_object().unwrap().clone();
        defaults::fill(&mut stored, None, "acme");
        let stored = Value::Object(stored);
        for (patch, want) in [
            (json!({"spec": {"version": "1.34.2"}}), ""),
            (
                json!({"spec": {"version": "1.32.9"}}),
                r#""spec.version" must not be lower than it is"#,
            ),
            (
                json!({"spec": {"$replace/provider": {"ephemeral": {"location": "aws-us-west-2"}}}}),
                r#""spec.provider" cannot be changed from generic to ephemeral"#,
            ),
            (
                json!({"spec": {"provider": {"generic": {"location": "gcp-us-east1"}}}}),
                r#""spec.provider.generic.location" cannot be changed"#,
            ),
            (
                json!({"spec": {"provider": {"generic": {"networking": {"podNetwork": "172.16.0.0/15"}}}}}),
                r#""spec.provider.generic.networking" cannot be changed"#,
            ),
        ] {
            let known = BTreeSet::new();
            let got = problems(&patch, Some(&stored), &lax(&known));
            assert_eq!(
                got.first().map(String::as_str).unwrap_or_default(),
                want,
                "{patch}"
            );
        }
    }

    #[test]
    fn the_sample_manifests_are_accepted() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/manifests");
        let mut seen = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
            let mut object: Map<String, Value> = serde_yaml::from_str(&text).unwrap();
            defaults::fill(&mut object, None, "acme");
            let known = BTreeSet::new();
            assert_eq!(check(&object, None, &lax(&known)), [], "{text}");
            seen += 1;
        }
        assert_eq!(seen, 9);
    }
}
