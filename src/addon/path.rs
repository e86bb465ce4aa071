//! Where in the settings of an add-on something stands: `mirrors[0].registry`. Pure.

use super::Addon;
use super::fault::nearest;
use super::param::{Param, ParamKind};
use serde_json::{Map, Value};
use std::fmt;
use std::str::FromStr;

/// The way from an add-on's object to one value in it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Hash)]
pub struct Path(Vec<PathStep>);

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum PathStep {
    /// To the field of an object.
    Key(String),
    /// To the item of a list.
    Index(usize),
}

/// What the catalogue says of a path.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct SettingSpot {
    /// The setting there, or the nearest that it is in.
    pub(crate) param: &'static Param,
    /// What values it takes.
    pub(crate) kind: ParamKind,
}

/// A path that the catalogue does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stranger {
    /// As far as it is not known: `scrapeAnnotated.interval` of `scrapeAnnotated.interval.x`.
    pub(crate) path: Path,
    /// The path that is meant, if one is near.
    pub(crate) near: Option<String>,
}

/// Why a value cannot be put somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Misfit {
    /// What stands at the path is no list, or no object.
    Other(Path),
    /// The list at the path has so many items, and a later one was meant.
    Beyond(Path, usize),
}

impl Path {
    /// The steps.
    pub(crate) fn steps(&self) -> &[PathStep] {
        &self.0
    }

    /// Whether one leads to the other or to something in it.
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        self.0.starts_with(&other.0) || other.0.starts_with(&self.0)
    }

    /// The names of the fields on the way, up to the first item of a list.
    pub(crate) fn keys(&self) -> Vec<&str> {
        let keys = self.0.iter().map_while(|step| match step {
            PathStep::Key(key) => Some(key.as_str()),
            PathStep::Index(_) => None,
        });
        keys.collect()
    }

    /// What stands there.
    pub(crate) fn get<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        let mut at = value;
        for step in &self.0 {
            at = match step {
                PathStep::Key(key) => at.as_object()?.get(key)?,
                PathStep::Index(index) => at.as_array()?.get(*index)?,
            };
        }
        Some(at).filter(|value| !value.is_null())
    }

    /// Puts a value there; objects and lists on the way are made, and a list grows by one at most.
    pub fn put(&self, value: &mut Value, new: Value) -> Result<(), Misfit> {
        let mut at = value;
        for (done, step) in self.0.iter().enumerate() {
            let here = || Self(self.0[..done].to_vec());
            if at.is_null() {
                *at = match step {
                    PathStep::Key(_) => Value::Object(Map::new()),
                    PathStep::Index(_) => Value::Array(Vec::new()),
                };
            }
            at = match (step, at) {
                (PathStep::Key(key), Value::Object(map)) => {
                    map.entry(key.clone()).or_insert(Value::Null)
                }
                (PathStep::Index(index), Value::Array(items)) => {
                    let count = items.len();
                    if *index == count {
                        items.push(Value::Null);
                    }
                    match items.get_mut(*index) {
                        Some(item) => item,
                        None => return Err(Misfit::Beyond(here(), count)),
                    }
                }
                _ => return Err(Misfit::Other(here())),
            };
        }
        *at = new;
        Ok(())
    }

    /// Takes away what stands there, and gives whether something did. An object or a list that
    /// becomes empty stays.
    pub(crate) fn take(&self, value: &mut Value) -> bool {
        let Some((last, before)) = self.0.split_last() else {
            return false;
        };
        let mut at = value;
        for step in before {
            let next = match (step, at) {
                (PathStep::Key(key), Value::Object(map)) => map.get_mut(key),
                (PathStep::Index(index), Value::Array(items)) => items.get_mut(*index),
                _ => None,
            };
            let Some(next) = next else { return false };
            at = next;
        }
        match (last, at) {
            (PathStep::Key(key), Value::Object(map)) => map.shift_remove(key).is_some(),
            (PathStep::Index(index), Value::Array(items)) if *index < items.len() => {
                items.remove(*index);
                true
            }
            _ => false,
        }
    }

    /// What the catalogue says of it.
    pub(crate) fn spot(&self, addon: &Addon) -> Result<SettingSpot, Stranger> {
        let mut kind = ParamKind::Object(addon.params);
        let mut found: Option<&'static Param> = None;
        for (done, step) in self.0.iter().enumerate() {
            let below = match (step, kind) {
                (PathStep::Key(key), ParamKind::Object(params)) => {
                    let param = params.iter().find(|param| param.field == key);
                    found = param.or(found);
                    param.map(|param| param.kind)
                }
                (PathStep::Key(_), ParamKind::Map(value)) => Some(*value),
                (PathStep::Index(_), ParamKind::List(item)) => Some(*item),
                (_, ParamKind::Any) => Some(ParamKind::Any),
                _ => None,
            };
            let Some(below) = below else {
                return Err(Stranger {
                    path: Self(self.0[..=done].to_vec()),
                    near: self.near(addon, done, kind),
                });
            };
            kind = below;
        }
        match found {
            Some(param) => Ok(SettingSpot { param, kind }),
            None => Err(Stranger {
                path: self.clone(),
                near: None,
            }),
        }
    }

    /// The path that is meant where the step `at` leads nowhere: a field beside it, or one of that
    /// name anywhere in the add-on.
    fn near(&self, addon: &Addon, at: usize, kind: ParamKind) -> Option<String> {
        let Some(PathStep::Key(key)) = self.0.get(at) else {
            return None;
        };
        let beside = |field: &str| {
            let mut steps = self.0.clone();
            steps[at] = PathStep::Key(field.to_owned());
            Self(steps).to_string()
        };
        let fields = match kind {
            ParamKind::Object(params) => params,
            _ => &[],
        };
        if let Some(param) = fields.iter().find(|param| param.is_meant_by(key)) {
            return Some(beside(param.field));
        }
        let places = addon.places();
        let of_the_name = places.iter().find(|place| {
            let last = place.path.rsplit('.').next().unwrap_or_default();
            last == place.param.field && place.param.is_meant_by(key)
        });
        match of_the_name {
            Some(place) => Some(place.path.clone()),
            None => nearest(fields, key).map(beside),
        }
    }
}

impl FromIterator<PathStep> for Path {
    fn from_iter<I: IntoIterator<Item = PathStep>>(steps: I) -> Self {
        Self(steps.into_iter().collect())
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            match step {
                PathStep::Key(key) => {
                    if at > 0 {
                        f.write_str(".")?;
                    }
                    for c in key.chars() {
                        if matches!(c, '.' | '[' | ']' | '\\' | '=') {
                            f.write_str("\\")?;
                        }
                        write!(f, "{c}")?;
                    }
                }
                PathStep::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// The path and the value of `PATH=VALUE`, at the first sign that is not escaped.
pub(crate) fn assignment(text: &str) -> Option<(&str, &str)> {
    let mut escaped = false;
    let (at, _) = text.char_indices().find(|&(_, c)| {
        let is_end = c == '=' && !escaped;
        escaped = c == '\\' && !escaped;
        is_end
    })?;
    Some((&text[..at], &text[at + 1..]))
}

impl FromStr for Path {
    type Err = String;

    /// Fields with dots between them, `[0]` for items of lists, `\` before a dot that belongs to a
    /// name. The error is the reason alone.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut steps = Vec::new();
        let mut chars = text.chars().peekable();
        // Whether a field has to follow: at the start, and behind a dot.
        let mut wants_key = true;
        while let Some(&c) = chars.peek() {
            match c {
                '[' if !wants_key => {
                    chars.next();
                    let digits: String = chars.by_ref().take_while(|c| *c != ']').collect();
                    let is_closed = text.matches('[').count() == text.matches(']').count();
                    let is_number = digits.bytes().all(|b| b.is_ascii_digit());
                    match digits.parse() {
                        Ok(index) if is_closed && is_number => steps.push(PathStep::Index(index)),
                        _ => return Err("an item of a list is written [0]".to_owned()),
                    }
                }
                '.' if !wants_key => {
                    chars.next();
                    wants_key = true;
                }
                _ if !wants_key => return Err("a dot is missing behind `]`".to_owned()),
                _ => {
                    let key = name(&mut chars);
                    if key.is_empty() {
                        return Err("a name is missing".to_owned());
                    }
                    steps.push(PathStep::Key(key));
                    wants_key = false;
                }
            }
        }
        if wants_key {
            return Err("a name is missing".to_owned());
        }
        Ok(Self(steps))
    }
}

fn name(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> String {
    let mut name = String::new();
    while let Some(&c) = chars.peek() {
        match c {
            '.' | '[' => break,
            '\\' => {
                chars.next();
                name.extend(chars.next());
            }
            _ => {
                name.push(c);
                chars.next();
            }
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::addon::by_word;
    use serde_json::json;

    fn path(text: &str) -> Path {
        text.parse().unwrap()
    }

    #[test]
    fn a_path_is_read_and_written_alike() {
        for text in [
            "roleArn",
            "scrapeAnnotated.intervalSeconds",
            "mirrors[0].mirrors[12]",
            r"config.monitoring.externalLabels.a\.b\[c\\d",
            "a[0][1]",
        ] {
            assert_eq!(path(text).to_string(), text);
        }
        for text in [
            "", ".a", "a.", "a..b", "[0]", "a[", "a[x]", "a[-1]", "a[0]b", "a[+1]",
        ] {
            assert!(text.parse::<Path>().is_err(), "{text}");
        }
    }

    #[test]
    fn values_are_put_and_taken_where_the_path_leads() {
        let mut value = json!({});
        for (at, new) in [
            ("mirrors[0].registry", json!("a")),
            ("mirrors[1].registry", json!("b")),
            ("mirrors[0].mirrors[0]", json!("https://c")),
        ] {
            path(at).put(&mut value, new).unwrap();
        }
        assert_eq!(
            value,
            json!({"mirrors": [{"registry": "a", "mirrors": ["https://c"]}, {"registry": "b"}]})
        );
        assert_eq!(
            path("mirrors[3].registry").put(&mut value, json!("d")),
            Err(Misfit::Beyond(path("mirrors"), 2))
        );
        assert_eq!(
            path("mirrors.x").put(&mut value, json!("d")),
            Err(Misfit::Other(path("mirrors")))
        );
        assert!(path("mirrors[0]").take(&mut value));
        assert!(!path("mirrors[1]").take(&mut value));
        assert!(!path("nothing.here").take(&mut value));
        assert_eq!(value, json!({"mirrors": [{"registry": "b"}]}));
        assert_eq!(path("mirrors[0].registry").get(&value), Some(&json!("b")));
    }

    #[test]
    fn the_catalogue_knows_a_path_or_names_the_nearest() {
        for (addon, text, near) in [
            (
                "metrics",
                "scrapeAnnotated.interval",
                Some("scrapeAnnotated.intervalSeconds"),
            ),
            (
                "metrics",
                "intervalSeconds",
                Some("scrapeAnnotated.intervalSeconds"),
            ),
            ("metrics", "apiServer", Some("apiserver")),
            ("metrics", "kube_state", Some("kubeState")),
            ("metrics", "zzz", None),
            ("aws-elb", "elbRole", Some("roleArn")),
            (
                "byok",
                "config.istio.ingressGateway.replicas",
                Some("config.istio.ingressgateway.replicas"),
            ),
            ("byok", "config.logLevel", Some("config.actuator.logLevel")),
            (
                "registry-mirror",
                "mirrors.registry",
                Some("mirrors[0].registry"),
            ),
            ("headlamp", "x", None),
        ] {
            let addon = by_word(addon).unwrap();
            let stranger = path(text).spot(addon).unwrap_err();
            assert_eq!(stranger.near.as_deref(), near, "{text}");
        }
        let byok = by_word("byok").unwrap();
        let spot = path("config.actuator.env.CACHE").spot(byok).unwrap();
        assert_eq!((spot.param.field, spot.kind), ("env", ParamKind::AnyText));
        // Every place of the catalogue is found again.
        for addon in crate::addon::CATALOG {
            for place in addon.places() {
                let spot = path(&place.path).spot(addon).unwrap();
                assert_eq!(
                    (spot.param, spot.kind),
                    (place.param, place.kind),
                    "{}",
                    place.path
                );
            }
        }
    }
}
