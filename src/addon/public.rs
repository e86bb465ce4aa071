//! Settings without what may be secret in them, for whoever keeps them or gives them to others. Pure.

use super::path::{Path, PathStep};
use super::{ParamKind, by_key};
use crate::secret;
use serde_json::Value;

/// Takes what may be secret out of an add-on's settings: what the catalogue calls so, and what looks so.
/// Gives the paths below the add-on.
pub(crate) fn take_secrets(key: &str, settings: &mut Value) -> Vec<Path> {
    let kind = by_key(key).map(|addon| ParamKind::Object(addon.params));
    let (mut taken, mut at) = (Vec::new(), Vec::new());
    take(settings, kind, &mut at, &mut taken);
    taken
}

/// A copy of an add-on's settings without what may be secret.
pub(crate) fn public(key: &str, settings: &Value) -> Value {
    let mut settings = settings.clone();
    take_secrets(key, &mut settings);
    settings
}

fn take(value: &mut Value, kind: Option<ParamKind>, at: &mut Vec<PathStep>, taken: &mut Vec<Path>) {
    match value {
        Value::Object(map) => {
            map.retain(|field, value| {
                at.push(PathStep::Key(field.clone()));
                let is_secret =
                    is_called_secret(kind, field) && !value.is_null() || is_secret(field, value);
                if is_secret {
                    taken.push(at.iter().cloned().collect());
                } else {
                    take(value, kind.and_then(|it| it.below(field)), at, taken);
                }
                at.pop();
                !is_secret
            });
        }
        Value::Array(items) => {
            let below = match kind {
                Some(ParamKind::List(item)) => Some(*item),
                _ => None,
            };
            let mut index = 0;
            items.retain_mut(|item| {
                at.push(PathStep::Index(index));
                index += 1;
                let is_secret = is_credential(item);
                if is_secret {
                    taken.push(at.iter().cloned().collect());
                } else {
                    take(item, below, at, taken);
                }
                at.pop();
                !is_secret
            });
        }
        _ => {}
    }
}

/// Whether the catalogue calls a field secret.
fn is_called_secret(kind: Option<ParamKind>, field: &str) -> bool {
    let Some(ParamKind::Object(params)) = kind else {
        return false;
    };
    params.iter().any(|it| it.field == field && it.secret)
}

/// Whether a field looks secret, by its name or by what is in it. Of what is kept on a disk more is taken
/// for secret than of what is shown: a list of passwords is named once, above them.
fn is_secret(field: &str, value: &Value) -> bool {
    let is_plain = matches!(value, Value::Array(_) | Value::Number(_));
    secret::is_secret(field, value) || is_plain && secret::is_suspect(field) || is_credential(value)
}

/// Whether a text is one by which somebody gets in: a URL with a password, a private key.
fn is_credential(value: &Value) -> bool {
    value.as_str().is_some_and(|text| {
        text.contains("PRIVATE KEY-----")
            || text
                .split_once("://")
                .and_then(|(_, rest)| rest.split(['/', '?', '#']).next())
                .is_some_and(|authority| authority.contains('@'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_may_be_secret_goes_and_is_named() {
        let mut byok = json!({"location": "//location/x", "config": {
            "monitoring": {"minMemory": "1Gi", "remoteWrite": [{"url": "https://a", "bearer_token": "hush"}]},
            "actuator": {"env": {"API_TOKEN": "hush", "LEVEL": "1"}},
        }});
        let paths =
            |taken: Vec<Path>| -> Vec<String> { taken.iter().map(ToString::to_string).collect() };
        let taken = paths(take_secrets("byok", &mut byok));
        assert_eq!(
            taken,
            [
                "config.monitoring.remoteWrite",
                "config.actuator.env.API_TOKEN"
            ]
        );
        assert!(!byok.to_string().contains("hush"), "{byok}");
        let mut mirrors = json!({"mirrors": [{"registry": "docker.io", "mirrors":
            ["https://mirror.gcr.io/@x", "https://me:hush@mirror.example"]}]});
        let taken = paths(take_secrets("registryMirror", &mut mirrors));
        assert_eq!(taken, ["mirrors[0].mirrors[1]"]);
        let mut unknown = json!({"users": [{"name": "a", "password": "hush"}], "passwords": ["hush"],
            "tokenSecretLink": "//secret/x", "key": "-----BEGIN PRIVATE KEY-----hush"});
        let taken = paths(take_secrets("rocket", &mut unknown));
        assert_eq!(taken, ["users[0].password", "passwords", "key"]);
        assert_eq!(
            unknown,
            json!({"users": [{"name": "a"}], "tokenSecretLink": "//secret/x"})
        );
        let same = json!({"kubeState": true, "scrapeAnnotated": {"intervalSeconds": 60}});
        assert_eq!(public("metrics", &same), same);
    }
}
