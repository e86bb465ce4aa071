//! Everything that is wrong with a value by the table of its fields, and where. Pure.

use super::param::{Param, ParamKind, is_folded_alike};
use super::path::{Path, PathStep};
use super::value::org_of;
use super::{Addon, CATALOG, by_key};
use serde_json::{Map, Value};

/// What is wrong with a value, and where in it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ValueFault {
    /// From the value that was judged on; empty for itself.
    pub(crate) path: Path,
    /// The field there, or the one that it is in.
    pub(crate) param: Option<&'static Param>,
    /// What is wrong.
    pub(crate) what: Wrong,
}

/// What is wrong with a value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Wrong {
    /// It is required, and nothing is there.
    Missing,
    /// It is not of its kind.
    Invalid {
        /// What stands there.
        found: Value,
        /// Why it will not do.
        reason: String,
    },
    /// It may be right, and is not among those that are known.
    Unlisted {
        /// What stands there.
        found: Value,
    },
    /// The name is a known one, written otherwise: in another case, as another tool has it.
    Misspelt {
        /// The name that is meant.
        meant: &'static str,
    },
    /// Nothing is known of the name.
    Unknown {
        /// A name that may be meant.
        near: Option<&'static str>,
    },
}

/// Everything that is wrong with the settings of an add-on.
pub(crate) fn faults(
    params: &'static [Param],
    settings: &Map<String, Value>,
    org: Option<&str>,
) -> Vec<ValueFault> {
    let mut faults = Vec::new();
    ValueJudge {
        org,
        faults: &mut faults,
    }
    .fields(params, settings, &ValueWay::START);
    faults
}

impl ParamKind {
    /// Everything that is wrong with a value and with what is in it. `org` is the one that links must
    /// stay in, where it is known. A `null` is nothing.
    pub(crate) fn faults(self, value: &Value, org: Option<&str>) -> Vec<ValueFault> {
        let mut faults = Vec::new();
        ValueJudge {
            org,
            faults: &mut faults,
        }
        .value(self, None, value, &ValueWay::START);
        faults
    }
}

/// The way to a value, which becomes a [`Path`] only where something is wrong: most values are right.
#[derive(Clone, Copy)]
struct ValueWay<'w> {
    before: Option<&'w Self>,
    step: WayStep<'w>,
}

#[derive(Clone, Copy)]
enum WayStep<'w> {
    Start,
    Key(&'w str),
    Item(usize),
}

impl<'w> ValueWay<'w> {
    const START: Self = Self {
        before: None,
        step: WayStep::Start,
    };

    fn key(&'w self, key: &'w str) -> Self {
        self.to(WayStep::Key(key))
    }

    fn item(&'w self, index: usize) -> Self {
        self.to(WayStep::Item(index))
    }

    fn to(&'w self, step: WayStep<'w>) -> Self {
        Self {
            before: Some(self),
            step,
        }
    }

    fn path(&self) -> Path {
        let mut steps = Vec::new();
        let mut at = Some(self);
        while let Some(way) = at {
            match way.step {
                WayStep::Start => {}
                WayStep::Key(key) => steps.push(PathStep::Key(key.to_owned())),
                WayStep::Item(index) => steps.push(PathStep::Index(index)),
            }
            at = way.before;
        }
        steps.reverse();
        steps.into_iter().collect()
    }
}

/// So many faults are more than anybody reads.
const MANY: usize = 1000;

struct ValueJudge<'a> {
    org: Option<&'a str>,
    faults: &'a mut Vec<ValueFault>,
}

impl ValueJudge<'_> {
    fn fault(&mut self, way: &ValueWay<'_>, param: Option<&'static Param>, what: Wrong) {
        let path = way.path();
        self.faults.push(ValueFault { path, param, what });
    }

    fn invalid(
        &mut self,
        way: &ValueWay<'_>,
        param: Option<&'static Param>,
        found: &Value,
        reason: String,
    ) {
        let found = found.clone();
        self.fault(way, param, Wrong::Invalid { found, reason });
    }

    fn fields(&mut self, params: &'static [Param], map: &Map<String, Value>, way: &ValueWay<'_>) {
        let required = params.iter().filter(|param| param.required);
        for param in required {
            if map.get(param.field).is_none_or(Value::is_null) {
                self.fault(&way.key(param.field), Some(param), Wrong::Missing);
            }
        }
        self.known(params, map, way);
    }

    /// The fields that are there. A `null` is nothing, but under a name that nothing has it is a slip
    /// all the same.
    fn known(&mut self, params: &'static [Param], map: &Map<String, Value>, way: &ValueWay<'_>) {
        for (key, value) in map {
            match params.iter().find(|param| param.field == key) {
                Some(_) if value.is_null() => {}
                Some(param) => self.value(param.kind, Some(param), value, &way.key(key)),
                None => self.fault(&way.key(key), None, stranger(params, key)),
            }
        }
    }

    fn value(
        &mut self,
        kind: ParamKind,
        param: Option<&'static Param>,
        value: &Value,
        way: &ValueWay<'_>,
    ) {
        let judged = kind.judge(value).and_then(|()| match (kind, value) {
            (ParamKind::Link(_), Value::String(text)) => self.in_org(text),
            _ => Ok(()),
        });
        if let Err(reason) = judged {
            return self.invalid(way, param, value, reason);
        }
        match (kind, value) {
            (ParamKind::List(item), Value::Array(items)) => {
                for (at, value) in items.iter().enumerate() {
                    self.value(*item, param, value, &way.item(at));
                }
            }
            (ParamKind::Named(params), Value::Array(items)) => {
                self.named(params, param, items, way);
            }
            (ParamKind::Map(kind), Value::Object(map)) => {
                for (key, value) in map.iter().filter(|(_, value)| !value.is_null()) {
                    self.value(*kind, param, value, &way.key(key));
                }
            }
            (ParamKind::Scalars(most), Value::Object(map)) => self.scalars(most, param, map, way),
            (ParamKind::Object(params), Value::Object(map)) => self.fields(params, map, way),
            (ParamKind::One(params), Value::Object(map)) => self.one(params, param, map, way),
            (ParamKind::AddOns, Value::Object(map)) => self.add_ons(map, way),
            (ParamKind::Release(known), Value::String(text)) if !known.contains(&text.as_str()) => {
                let found = value.clone();
                self.fault(way, param, Wrong::Unlisted { found });
            }
            _ => {}
        }
    }

    fn named(
        &mut self,
        params: &'static [Param],
        param: Option<&'static Param>,
        items: &[Value],
        way: &ValueWay<'_>,
    ) {
        for (at, item) in items.iter().enumerate() {
            let here = way.item(at);
            self.value(ParamKind::Object(params), param, item, &here);
            let Some(name) = item.get("name").filter(|name| name.is_string()) else {
                continue;
            };
            let first = items
                .iter()
                .position(|other| other.get("name") == Some(name));
            if first.is_some_and(|first| first < at) {
                let reason = "another one before it has this name".to_owned();
                self.invalid(&here.key("name"), param, name, reason);
            }
        }
    }

    fn scalars(
        &mut self,
        most: usize,
        param: Option<&'static Param>,
        map: &Map<String, Value>,
        way: &ValueWay<'_>,
    ) {
        if map.len() > most {
            let reason = format!("it has {} names, and {most} are allowed", map.len());
            self.invalid(way, param, &Value::Object(Map::new()), reason);
        }
        for (key, value) in map {
            if value.is_object() || value.is_array() {
                let reason = "a text, a number, true or false is expected".to_owned();
                self.invalid(&way.key(key), param, value, reason);
            }
        }
    }

    fn one(
        &mut self,
        params: &'static [Param],
        param: Option<&'static Param>,
        map: &Map<String, Value>,
        way: &ValueWay<'_>,
    ) {
        let there: Vec<&str> = map
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, _)| key.as_str())
            .collect();
        if there.len() != 1 {
            let reason = match there.as_slice() {
                [] => {
                    let names: Vec<&str> = params.iter().map(|param| param.field).collect();
                    format!("one of {} is expected in it", names.join(", "))
                }
                several => format!("one is expected, and {} are there", several.len()),
            };
            let names = there.iter().map(|key| Value::from(*key)).collect();
            self.invalid(way, param, &Value::Array(names), reason);
        }
        self.known(params, map, way);
    }

    fn add_ons(&mut self, map: &Map<String, Value>, way: &ValueWay<'_>) {
        for (key, value) in map {
            let here = way.key(key);
            let addon = by_key(key);
            if addon.is_none() {
                let what = match CATALOG.iter().find(|addon| addon.is_meant_by(key)) {
                    Some(addon) => Wrong::Misspelt { meant: addon.key },
                    None => Wrong::Unknown {
                        near: self.alike(key),
                    },
                };
                self.fault(&here, None, what);
            }
            match (value, addon) {
                (Value::Object(settings), Some(addon)) => {
                    self.fields(addon.params, settings, &here);
                }
                (Value::Object(_), None) | (Value::Null, _) => {}
                _ => self.invalid(&here, None, value, "an object is expected".to_owned()),
            }
        }
    }

    /// The add-on that a key may mean. To compare it with all of them costs much, and of twenty thousand
    /// keys nobody reads more than the first.
    fn alike(&self, key: &str) -> Option<&'static str> {
        let addon = (self.faults.len() < MANY).then(|| super::alike(key))?;
        addon.and_then(super::by_word).map(|addon| addon.key)
    }

    fn in_org(&self, link: &str) -> Result<(), String> {
        match (self.org, org_of(link).0) {
            (Some(org), Some(other)) if org != other => {
                Err(format!("it is a link into another org than `{org}`"))
            }
            _ => Ok(()),
        }
    }
}

impl Addon {
    /// Whether a word is its key or name in some spelling: case, dashes, underscores and what is not
    /// seen do not count.
    pub(crate) fn is_meant_by(&self, word: &str) -> bool {
        is_folded_alike(self.key, word) || is_folded_alike(self.name, word)
    }
}

/// What is wrong with a name that no field has.
fn stranger(params: &'static [Param], name: &str) -> Wrong {
    match params.iter().find(|param| param.is_meant_by(name)) {
        Some(param) => Wrong::Misspelt { meant: param.field },
        None => Wrong::Unknown {
            near: nearest(params, name),
        },
    }
}

/// The field that a name which none has is near to.
pub(crate) fn nearest(params: &'static [Param], name: &str) -> Option<&'static str> {
    if let Some(param) = params.iter().find(|param| param.is_meant_by(name)) {
        return Some(param.field);
    }
    let name = name.to_ascii_lowercase();
    let scored = params.iter().map(|param| {
        let score = strsim::jaro_winkler(&param.field.to_ascii_lowercase(), &name);
        (score, param.field)
    });
    scored
        .filter(|(score, _)| *score > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, field)| field)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::addon::by_word;
    use serde_json::json;

    #[test]
    fn faults_are_found_at_every_depth_and_named_by_their_path() {
        let mirror = by_word("registry-mirror").unwrap();
        let metrics = by_word("metrics").unwrap();
        let byok = by_word("byok").unwrap();
        for (addon, settings, expected) in [
            (
                mirror,
                json!({"mirrors": ["docker.io"]}),
                "mirrors[0] an object is expected",
            ),
            (
                mirror,
                json!({"mirrors": [{"registy": "a"}]}),
                "mirrors[0].registry missing; mirrors[0].registy unknown registry",
            ),
            (
                mirror,
                json!({"mirrors": [{"registry": "a", "mirrors": ["b"]}]}),
                "mirrors[0].mirrors[0] an address such as https://mirror.example.com is expected",
            ),
            (
                metrics,
                json!({"scrapeAnnotated": {"interval": 30}}),
                "scrapeAnnotated.interval unknown intervalSeconds",
            ),
            (
                metrics,
                json!({"scrapeAnnotated": {"intervalSeconds": "30"}}),
                "scrapeAnnotated.intervalSeconds a whole number is expected",
            ),
            (
                metrics,
                json!({"scrapeAnnotated": {"intervalSeconds": 30.0, "retainLabels": null}}),
                "",
            ),
            (
                metrics,
                json!({"apiServer": true}),
                "apiServer misspelt apiserver",
            ),
            (
                byok,
                json!({"location": "//location/x", "config": {"foo": 1}}),
                "config.foo unknown",
            ),
            (
                byok,
                json!({"location": "//location/x", "config": {"redis": {"storage": 8}}}),
                "config.redis.storage a quantity is expected",
            ),
            (
                byok,
                json!({"location": "//location/x", "config": {"redisHa": {"storage": "8"}}}),
                "config.redisHa.storage a whole number is expected",
            ),
            (
                byok,
                json!({"location": "//location/x", "config": {"actuator": {"env": {"A": ""}}}}),
                "",
            ),
            (
                byok,
                json!({"location": "/org/other/location/x"}),
                "location it is a link into another org than `acme`",
            ),
            (byok, json!({"location": "/org/acme/location/x"}), ""),
        ] {
            let found: Vec<String> =
                faults(addon.params, settings.as_object().unwrap(), Some("acme"))
                    .into_iter()
                    .map(|fault| {
                        let words = match fault.what {
                            Wrong::Missing => "missing".to_owned(),
                            Wrong::Invalid { reason, .. } => reason,
                            Wrong::Misspelt { meant } => format!("misspelt {meant}"),
                            Wrong::Unlisted { .. } => "unlisted".to_owned(),
                            Wrong::Unknown { near } => {
                                format!("unknown {}", near.unwrap_or_default())
                            }
                        };
                        format!("{} {}", fault.path, words.trim_end())
                            .trim_end()
                            .to_owned()
                    })
                    .collect();
            assert_eq!(found.join("; "), expected, "{settings}");
        }
    }
}
