//! Who else writes a cluster, by its tags, and how its add-ons are written there. Pure.
//!
//! Terraform's provider and Pulumi's, which is made from it, send the add-ons of their own plan as a
//! whole; `cpln helm` sends its chart again. So what is changed beside them goes with their next run
//! (control-plane.md 9).

mod terraform;

use crate::addon::fault::{Wrong, faults};
use crate::addon::param::{camel, snake};
use crate::addon::path::{Path, PathStep};
use crate::addon::{Addon, HclForm, Param, ParamKind};
use crate::cluster::Cluster;
use crate::text::Foreign;
use serde_json::{Map, Value, json};

/// The tag of a cluster that Terraform or Pulumi made.
const TERRAFORM: &str = "cpln/managedByTerraform";

/// The tag of a cluster that belongs to a release of `cpln helm`.
const RELEASE: &str = "cpln/release";

/// Who keeps a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum OtherOwner {
    /// Terraform or Pulumi: both leave the same tag.
    Terraform,
    /// A release of `cpln helm`, with its name.
    Helm(String),
}

impl OtherOwner {
    /// Who keeps the cluster beside whoever runs this.
    pub(crate) fn of(cluster: &Cluster) -> Option<Self> {
        let tags = cluster.value().get("tags")?;
        match tags.get(TERRAFORM) {
            Some(tag) if tag == &json!(true) || tag == &json!("true") => {
                return Some(Self::Terraform);
            }
            _ => {}
        }
        let release = tags.get(RELEASE)?.as_str()?;
        (!release.is_empty()).then(|| Self::Helm(release.to_owned()))
    }

    /// Who that is, with the tag that says so.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Terraform => format!("Terraform or Pulumi (tag {TERRAFORM})"),
            Self::Helm(release) => {
                format!(
                    "the release {} of `cpln helm` (tag {RELEASE})",
                    Foreign(release)
                )
            }
        }
    }

    /// What its next run does to a change that its source does not have.
    pub(crate) fn consequence(&self) -> &'static str {
        match self {
            Self::Terraform => "its next apply takes back what its source does not have",
            Self::Helm(_) => "its next upgrade or rollback takes back what its chart does not have",
        }
    }
}

/// An add-on that is on, with its settings.
pub(crate) type On<'a> = (&'static Addon, &'a Value);

/// Settings without those that the catalogue does not know: nobody knows what other tools call them. And
/// the paths of what is left out.
pub(crate) fn known(addon: &'static Addon, settings: &Value) -> (Value, Vec<String>) {
    let mut kept = settings.clone();
    let mut left_out = Vec::new();
    let Value::Object(map) = settings else {
        return (kept, left_out);
    };
    for fault in faults(addon.params, map, None) {
        let is_strange = matches!(fault.what, Wrong::Unknown { .. } | Wrong::Misspelt { .. });
        if is_strange && fault.path.take(&mut kept) {
            left_out.push(fault.path.to_string());
        }
    }
    (kept, left_out)
}

/// Add-ons as Terraform has them, laid out as `terraform fmt` does.
pub(crate) fn terraform(on: &[On<'_>]) -> String {
    terraform::block(on)
}

/// Add-ons as a manifest has them.
pub(crate) fn manifest(on: &[On<'_>]) -> Value {
    let keys = on
        .iter()
        .map(|(addon, settings)| (addon.key.to_owned(), (*settings).clone()));
    json!({"spec": {"addOns": keys.collect::<Map<_, _>>()}})
}

/// Add-ons as a program of Pulumi has them.
pub(crate) fn pulumi(on: &[On<'_>]) -> Value {
    let each = on.iter().map(|(addon, settings)| {
        let value = match addon.params {
            [] => json!(true),
            params => renamed(ParamKind::Object(params), settings),
        };
        (camel(&addon.name.replace('-', "_")), value)
    });
    json!({"addOns": each.collect::<Map<_, _>>()})
}

/// What a setting is called in Terraform's block `add_ons` and in Pulumi's `addOns`.
pub(crate) fn spelling(addon: &Addon, path: &Path) -> (String, String) {
    let name = addon.name.replace('-', "_");
    let (mut terraform, mut pulumi) = (name.clone(), camel(&name));
    let mut kind = ParamKind::Object(addon.params);
    for (at, step) in path.steps().iter().enumerate() {
        match (step, kind) {
            (PathStep::Key(key), ParamKind::Object(params)) => {
                let (name, below) = spelt(params, key);
                // A list of objects is a block for each of them.
                let is_blocks = addon.terraform == HclForm::Block
                    && matches!(below, ParamKind::List(ParamKind::Object(_)));
                let single = name.strip_suffix('s').filter(|_| is_blocks);
                terraform = format!("{terraform}.{}", single.unwrap_or(&name));
                pulumi = format!("{pulumi}.{}", camel(&name));
                kind = below;
            }
            (PathStep::Key(key), _) => {
                terraform = format!("{terraform}.{key}");
                pulumi = format!("{pulumi}.{key}");
                kind = match kind {
                    ParamKind::Map(value) => *value,
                    _ => ParamKind::Any,
                };
            }
            (PathStep::Index(index), ParamKind::List(item)) => {
                let is_block = at == 1
                    && addon.terraform == HclForm::Block
                    && matches!(item, ParamKind::Object(_));
                if !is_block {
                    terraform = format!("{terraform}[{index}]");
                }
                pulumi = format!("{pulumi}[{index}]");
                kind = *item;
            }
            (PathStep::Index(_), _) => {}
        }
    }
    (terraform, pulumi)
}

/// A value with Pulumi's names in it.
fn renamed(kind: ParamKind, value: &Value) -> Value {
    match (kind, value) {
        (ParamKind::Object(params), Value::Object(map)) => {
            let fields = map.iter().filter(|(_, value)| !value.is_null());
            let fields = fields.map(|(key, value)| {
                let (name, kind) = spelt(params, key);
                (camel(&name), renamed(kind, value))
            });
            Value::Object(fields.collect())
        }
        (ParamKind::List(item), Value::Array(items)) => {
            items.iter().map(|value| renamed(*item, value)).collect()
        }
        _ => value.clone(),
    }
}

/// The name of a field with underscores, as Terraform's provider has it, and what values it takes.
fn spelt(params: &[Param], key: &str) -> (String, ParamKind) {
    match params.iter().find(|param| param.field == key) {
        Some(param) => (snake(param.abroad.unwrap_or(key)), param.kind),
        None => (snake(key), ParamKind::Any),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::addon::by_key;

    #[test]
    fn the_owner_is_read_from_the_tags() {
        let owner = |tags: Value| OtherOwner::of(&Cluster::new(json!({"tags": tags})));
        assert_eq!(
            owner(json!({TERRAFORM: "true"})),
            Some(OtherOwner::Terraform)
        );
        assert_eq!(owner(json!({TERRAFORM: true})), Some(OtherOwner::Terraform));
        let release = OtherOwner::Helm("shop".to_owned());
        assert_eq!(owner(json!({RELEASE: "shop"})), Some(release));
        for none in [
            json!({}),
            json!({TERRAFORM: "false"}),
            json!({RELEASE: 1}),
            json!(null),
        ] {
            assert_eq!(owner(none.clone()), None, "{none}");
        }
    }

    #[test]
    fn a_setting_has_a_name_in_each_form() {
        for (key, path, terraform, pulumi) in [
            (
                "metrics",
                "scrapeAnnotated.intervalSeconds",
                "metrics.scrape_annotated.interval_seconds",
                "metrics.scrapeAnnotated.intervalSeconds",
            ),
            (
                "metrics",
                "apiserver",
                "metrics.api_server",
                "metrics.apiServer",
            ),
            (
                "registryMirror",
                "mirrors[2].mirrors[0]",
                "registry_mirror.mirror.mirrors[0]",
                "registryMirror.mirrors[2].mirrors[0]",
            ),
            (
                "nvidia",
                "taintGPUNodes",
                "nvidia.taint_gpu_nodes",
                "nvidia.taintGpuNodes",
            ),
            (
                "byok",
                "config.actuator.env.A_B",
                "byok.config.actuator.env.A_B",
                "byok.config.actuator.env.A_B",
            ),
        ] {
            let names = spelling(by_key(key).unwrap(), &path.parse().unwrap());
            assert_eq!(names, (terraform.to_owned(), pulumi.to_owned()));
        }
    }

    #[test]
    fn each_form_has_its_own_names() {
        let settings = json!({"apiserver": true, "scrapeAnnotated": {"intervalSeconds": 30}});
        let gpu = json!({"taintGPUNodes": false});
        let mirrors = json!({"mirrors": [{"registry": "docker.io", "mirrors": ["https://a"]}]});
        let byok = json!({"location": "//location/x", "config": {
            "istio": {"ingressgateway": {"replicas": 3}},
            "actuator": {"env": {"A_B": "${x}"}}
        }});
        let none = json!({});
        let on = [
            (by_key("headlamp").unwrap(), &none),
            (by_key("awsECR").unwrap(), &none),
            (by_key("metrics").unwrap(), &settings),
            (by_key("nvidia").unwrap(), &gpu),
            (by_key("registryMirror").unwrap(), &mirrors),
            (by_key("byok").unwrap(), &byok),
        ];
        assert_eq!(
            pulumi(&on),
            json!({"addOns": {
                "headlamp": true,
                "awsEcr": {},
                "metrics": {"apiServer": true, "scrapeAnnotated": {"intervalSeconds": 30}},
                "nvidia": {"taintGpuNodes": false},
                "registryMirror": {"mirrors": [{"registry": "docker.io", "mirrors": ["https://a"]}]},
                "byok": {"location": "//location/x", "config": {
                    "istio": {"ingressGateway": {"replicas": 3}},
                    "actuator": {"env": {"A_B": "${x}"}}
                }},
            }})
        );
        assert_eq!(
            terraform(&on),
            r#"add_ons {
  headlamp = true

  aws_ecr {}

  metrics {
    api_server = true

    scrape_annotated {
      interval_seconds = 30
    }
  }

  nvidia {
    taint_gpu_nodes = false
  }

  registry_mirror {
    mirror {
      registry = "docker.io"
      mirrors  = ["https://a"]
    }
  }

  byok = {
    location = "//location/x"
    config = {
      istio = {
        ingress_gateway = {
          replicas = 3
        }
      }
      actuator = {
        env = {
          A_B = "$${x}"
        }
      }
    }
  }
}
"#
        );
    }
}
