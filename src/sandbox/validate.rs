//! What the platform refuses in a document: its schema (`schema`) and what cannot change after
//! creation. Pure.
//!
//! All problems are collected. Provider fit is never checked (control-plane.md 4.1).

use super::answer::SchemaProblem;
use super::schema;
use crate::resource;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// What no provider lets change after creation.
const FIXED: &[&str] = &["region", "location", "datacenter", "networking"];

/// What decides beside the schema.
#[derive(Debug)]
pub(super) struct Rules<'a> {
    /// The org that links must stay in.
    pub(super) org: &'a str,
    /// Add-on keys and versions of Kubernetes that the tables do not have and this server takes all the
    /// same.
    pub(super) known: &'a BTreeSet<String>,
    /// One more version that it takes: that of the cluster as it is.
    pub(super) release: Option<&'a str>,
    /// Whether an add-on without what it needs is refused.
    pub(super) enforce_prerequisites: bool,
    /// Names of roles that do not exist, and that an add-on may not name.
    pub(super) absent_roles: &'a [String],
}

/// Everything that is wrong with a document as it came.
pub(super) fn check(object: &Map<String, Value>, rules: &Rules<'_>) -> Vec<SchemaProblem> {
    schema::check(resource::CLUSTER, object, rules)
}

/// What of it, its defaults filled in, is not as it was, and must be.
pub(super) fn fixed(
    before: &Map<String, Value>,
    object: &Map<String, Value>,
) -> Vec<SchemaProblem> {
    let mut fixed = Fixed {
        problems: Vec::new(),
    };
    if let (Some(before), Some(spec)) = (before.get("spec"), object.get("spec")) {
        fixed.spec(before, spec);
    }
    fixed.problems
}

struct Fixed {
    problems: Vec<SchemaProblem>,
}

impl Fixed {
    fn problem(&mut self, path: &str, reason: impl Into<String>) {
        self.problems.push(SchemaProblem {
            path: path.to_owned(),
            reason: reason.into(),
        });
    }

    fn spec(&mut self, before: &Value, spec: &Value) {
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
        let mut found = check(&object, rules);
        defaults::fill(&mut object, current, "acme");
        if let Some(before) = current.and_then(Value::as_object) {
            found.extend(fixed(before, &object));
        }
        found.iter().map(SchemaProblem::to_string).collect()
    }

    fn lax(known: &BTreeSet<String>) -> Rules<'_> {
        Rules {
            org: "acme",
            known,
            release: None,
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
            (
                json!({"spec": {"version": "9.99.0"}}),
                r#""spec.version" must be one of [1.26.0, "#,
            ),
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
            release: None,
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
            let object: Map<String, Value> = serde_yaml::from_str(&text).unwrap();
            let known = BTreeSet::new();
            assert_eq!(check(&object, &lax(&known)), [], "{text}");
            seen += 1;
        }
        assert_eq!(seen, 9);
    }
}
