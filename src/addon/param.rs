//! One setting of an add-on as data, and the walk over all of them at every depth. Pure.

use super::Addon;
use crate::invocation::Invocation;
use serde_json::Value;

/// One setting of an add-on, or one field of a setting that is an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Param {
    /// The field's name in the manifest: `roleArn`.
    pub field: &'static str,
    /// What values it takes.
    pub kind: ParamKind,
    /// Whether the platform refuses what it is in without it.
    pub required: bool,
    /// What holds where it is left out, as it is written on the command line.
    pub default: Option<&'static str>,
    /// A value, as it is written on the command line; lists and objects as JSON. The kind's own where
    /// there is none.
    sample: Option<&'static str>,
    /// Whether it may hold a password or a key.
    pub secret: bool,
    /// What other tools and pages call it, where that differs by more than case and dashes.
    pub(crate) others: &'static [&'static str],
    /// Its name in Terraform's provider and Pulumi's, with capitals in place of underscores, where that
    /// is another.
    pub(crate) abroad: Option<&'static str>,
    /// Noun first, no full stop.
    pub summary: &'static str,
}

/// What values a setting takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParamKind {
    /// ARN of an IAM role.
    RoleArn,
    /// Any text but the empty one.
    Text,
    /// Any text.
    AnyText,
    /// `true` or `false`.
    Bool,
    /// A regular expression.
    Regex,
    /// A link to a resource of this kind in the same org: `//KIND/NAME` or `/org/ORG/KIND/NAME`.
    Link(&'static str),
    /// A UUID.
    Uuid,
    /// An http or https URL.
    Url,
    /// A registry's host, or `*` for all.
    Registry,
    /// An IPv4 address.
    Ipv4,
    /// An amount as Kubernetes writes it: `250m`, `2Gi`.
    Quantity,
    /// A whole number, with the least and the greatest.
    Whole(i64, i64),
    /// A number that is not negative.
    Number,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A list of values of one kind.
    List(&'static Self),
    /// An object whose keys are free and whose values are of one kind.
    Map(&'static Self),
    /// An object with these fields.
    Object(&'static [Param]),
    /// A list of objects with these fields, each with a `name` of its own.
    Named(&'static [Param]),
    /// An object with exactly one of these fields.
    One(&'static [Param]),
    /// An object of at most so many free keys, whose values are neither lists nor objects.
    Scalars(usize),
    /// The add-ons of the catalogue, each an object with its settings.
    AddOns,
    /// The name of a resource.
    Name,
    /// A text of at most so many characters, without blanks around it.
    Line(usize),
    /// A version of Kubernetes; these are known.
    Release(&'static [&'static str]),
    /// A range of IP addresses, or one address.
    Cidr,
    /// Any JSON.
    Any,
}

impl Param {
    /// A setting that may be left out.
    pub(crate) const fn new(field: &'static str, kind: ParamKind, summary: &'static str) -> Self {
        Self {
            field,
            kind,
            required: false,
            default: None,
            sample: None,
            secret: false,
            others: &[],
            abroad: None,
            summary,
        }
    }

    /// The platform refuses what it is in without it.
    #[must_use]
    pub(crate) const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// What holds where it is left out.
    #[must_use]
    pub(crate) const fn default(mut self, text: &'static str) -> Self {
        self.default = Some(text);
        self
    }

    /// A value to show and to try.
    #[must_use]
    pub(crate) const fn sample(mut self, text: &'static str) -> Self {
        self.sample = Some(text);
        self
    }

    /// It may hold a password or a key.
    #[must_use]
    pub(crate) const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    /// What else it is called.
    #[must_use]
    pub(crate) const fn called(mut self, others: &'static [&'static str]) -> Self {
        self.others = others;
        self
    }

    /// Its name in Terraform's provider and Pulumi's.
    #[must_use]
    pub(crate) const fn abroad(mut self, name: &'static str) -> Self {
        self.abroad = Some(name);
        self
    }

    /// A value, as it is written on the command line.
    pub fn example(&self) -> &'static str {
        self.sample
            .or(self.default)
            .unwrap_or_else(|| self.kind.example())
    }

    /// [`Param::example`] as JSON.
    pub fn example_value(&self) -> Value {
        let text = self.example();
        let parsed = self.kind.parse(text);
        parsed.unwrap_or_else(|_| serde_json::from_str(text).unwrap_or_default())
    }

    /// Whether a word means this field, whatever it was written with: case, dashes and underscores
    /// do not count, and the names that other tools have do.
    pub(crate) fn is_meant_by(&self, word: &str) -> bool {
        let word = folded(word);
        std::iter::once(&self.field)
            .chain(self.others)
            .any(|name| folded(name) == word)
    }
}

/// A name without what differs between the spellings of tools.
pub(crate) fn folded(name: &str) -> String {
    folding(name).collect()
}

/// Whether two names are the same but for that.
pub(crate) fn is_folded_alike(one: &str, other: &str) -> bool {
    // Without making a text of either: a file can hold twenty thousand names.
    folding(one).eq(folding(other))
}

fn folding(name: &str) -> impl Iterator<Item = char> {
    name.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
}

/// A setting with its place in the add-on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingPlace {
    /// From the add-on on: `scrapeAnnotated.intervalSeconds`, `mirrors[0].registry`,
    /// `config.actuator.env.NAME`.
    pub path: String,
    /// The flag of `addon enable`, without dashes.
    pub flag: Option<String>,
    /// What stands there.
    pub param: &'static Param,
    /// What values the place takes: of an item or a value of a map that of the items.
    pub kind: ParamKind,
    /// How many settings it is in.
    pub depth: usize,
}

impl SettingPlace {
    /// A value for it, as it is written on the command line.
    pub fn example(&self) -> &'static str {
        if self.kind == self.param.kind {
            self.param.example()
        } else {
            self.kind.example()
        }
    }

    /// The setting with a value as help shows it: `--role-arn ARN`, `--kube-state=true`.
    pub fn given(&self, value: &str) -> Option<String> {
        let flag = self.flag.as_deref()?;
        let joint = if self.is_tied() { '=' } else { ' ' };
        Some(format!("--{flag}{joint}{value}"))
    }

    /// The same with the placeholder of a value.
    pub(crate) fn wanted(&self) -> Option<String> {
        self.given(self.kind.placeholder())
    }

    /// A command with this setting, where it has a flag.
    #[must_use]
    pub(crate) fn set(&self, command: Invocation, value: &Value) -> Invocation {
        let Some(flag) = &self.flag else {
            return command;
        };
        let flag = format!("--{flag}");
        let text = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        if self.is_tied() {
            command.tied(flag, text)
        } else {
            command.flag(flag, text)
        }
    }

    /// The same with the placeholder of a value.
    #[must_use]
    pub(crate) fn ask(&self, command: Invocation) -> Invocation {
        let Some(flag) = &self.flag else {
            return command;
        };
        let (flag, hole) = (format!("--{flag}"), self.kind.placeholder());
        if self.is_tied() {
            command.tied_hole(flag, hole)
        } else {
            command.flag_hole(flag, hole)
        }
    }

    /// A flag that is on or off by itself elsewhere wants its value joined to it.
    fn is_tied(&self) -> bool {
        self.kind == ParamKind::Bool
    }
}

impl Addon {
    /// Every setting at every depth, each before those in it. Of a list the first item stands for all,
    /// and `NAME` for the keys of an object that are free.
    pub fn places(&self) -> Vec<SettingPlace> {
        let mut places = Vec::new();
        walk(self.params, "", 0, &mut places);
        places
    }

    /// The settings that have a flag of their own: those of one value on the first two levels.
    pub(crate) fn flags(&self) -> impl Iterator<Item = (String, SettingPlace)> {
        let places = self.places().into_iter();
        places.filter_map(|place| Some((place.flag.clone()?, place)))
    }

    /// The setting with this flag.
    pub(crate) fn by_flag(&self, flag: &str) -> Option<SettingPlace> {
        let mut flags = self.flags();
        flags.find_map(|(name, place)| (name == flag).then_some(place))
    }

    /// The setting with this path, as [`Addon::places`] writes it.
    pub(crate) fn place(&self, path: &str) -> Option<SettingPlace> {
        self.places().into_iter().find(|place| place.path == path)
    }
}

fn walk(params: &'static [Param], before: &str, depth: usize, places: &mut Vec<SettingPlace>) {
    for param in params {
        let path = if before.is_empty() {
            param.field.to_owned()
        } else {
            format!("{before}.{}", param.field)
        };
        // A list or an object further down cannot be given in one word, nor what is in it.
        let is_plain = !path.contains(['[', ' ']) && depth < 2;
        places.push(SettingPlace {
            flag: (is_plain && param.kind.is_single()).then(|| kebab(&path)),
            path: path.clone(),
            param,
            kind: param.kind,
            depth,
        });
        below(param, param.kind, &path, depth + 1, places);
    }
}

fn below(
    param: &'static Param,
    kind: ParamKind,
    path: &str,
    depth: usize,
    places: &mut Vec<SettingPlace>,
) {
    let (path, kind) = match kind {
        ParamKind::Object(params) => return walk(params, path, depth, places),
        ParamKind::List(item) => (format!("{path}[0]"), *item),
        ParamKind::Map(value) => (format!("{path}.NAME"), *value),
        _ => return,
    };
    if !matches!(kind, ParamKind::Object(_)) {
        places.push(SettingPlace {
            path: path.clone(),
            flag: None,
            param,
            kind,
            depth,
        });
    }
    below(param, kind, &path, depth + 1, places);
}

/// `taintGPUNodes` → `taint_gpu_nodes`
pub(crate) fn snake(name: &str) -> String {
    kebab(name).replace('-', "_")
}

/// `taint_gpu_nodes` → `taintGpuNodes`
pub(crate) fn camel(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut starts_word = false;
    for c in name.chars() {
        match c {
            '_' => starts_word = !out.is_empty(),
            c if std::mem::take(&mut starts_word) => out.push(c.to_ascii_uppercase()),
            c => out.push(c),
        }
    }
    out
}

/// `taintGPUNodes` → `taint-gpu-nodes`, `a.bC` → `a-b-c`.
fn kebab(path: &str) -> String {
    let chars: Vec<char> = path.chars().collect();
    let mut flag = String::new();
    for (at, &c) in chars.iter().enumerate() {
        if c == '.' {
            flag.push('-');
            continue;
        }
        let before = at.checked_sub(1).and_then(|at| chars.get(at));
        let starts_word = c.is_ascii_uppercase()
            && before.is_some_and(|before| {
                let next_is_lower = chars.get(at + 1).is_some_and(char::is_ascii_lowercase);
                *before != '.' && (next_is_lower || !before.is_ascii_uppercase())
            });
        if starts_word {
            flag.push('-');
        }
        flag.push(c.to_ascii_lowercase());
    }
    flag
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::addon::{CATALOG, by_word};
    use serde_json::json;
    use std::collections::HashSet;

    #[test]
    fn a_flag_is_the_path_in_small_letters_with_dashes() {
        for (path, flag) in [
            ("roleArn", "role-arn"),
            ("taintGPUNodes", "taint-gpu-nodes"),
            ("apiserver", "apiserver"),
            (
                "scrapeAnnotated.intervalSeconds",
                "scrape-annotated-interval-seconds",
            ),
            ("scratchSpaceStorageClass", "scratch-space-storage-class"),
        ] {
            assert_eq!(kebab(path), flag);
        }
    }

    #[test]
    fn what_the_catalogue_calls_secret_is_masked_in_every_report() {
        let mut count = 0;
        for addon in CATALOG {
            for place in addon.places().into_iter().filter(|it| it.param.secret) {
                let path: crate::addon::path::Path = place.path.parse().unwrap();
                for value in [json!("hush"), json!({"x": "hush"}), json!([{"x": "hush"}])] {
                    let mut settings = Value::Null;
                    path.put(&mut settings, value).unwrap();
                    let shown = crate::secret::masked(&json!({ addon.key: settings }));
                    let shown = shown.to_string();
                    assert!(!shown.contains("hush"), "{}: {shown}", place.path);
                    count += 1;
                }
            }
        }
        assert!(count > 20, "{count}");
    }

    #[test]
    fn what_has_one_value_on_the_first_levels_has_a_flag_and_no_other() {
        let flags = |word: &str| -> Vec<String> {
            by_word(word)
                .unwrap()
                .flags()
                .map(|(flag, _)| flag)
                .collect()
        };
        assert_eq!(flags("aws-ecr"), ["role-arn"]);
        assert_eq!(flags("byok"), ["location", "ignore-updates"]);
        assert_eq!(flags("registry-mirror"), [""; 0]);
        assert_eq!(flags("logs").len(), 7);
        assert_eq!(flags("metrics").len(), 10);
        assert!(flags("metrics").contains(&"scrape-annotated-retain-labels".to_owned()));
    }

    #[test]
    fn every_default_and_example_is_a_value_of_its_kind() {
        let mut seen = 0;
        for addon in CATALOG {
            let mut paths = HashSet::new();
            for place in addon.places() {
                let (path, param) = (&place.path, place.param);
                assert!(paths.insert(path.clone()), "{path} twice");
                if let Some(default) = param.default {
                    assert!(param.kind.parse(default).is_ok(), "{path}: {default}");
                }
                let value = param.example_value();
                let faults = param.kind.faults(&value, None);
                assert!(
                    faults.is_empty(),
                    "{} {path}: {value} {faults:?}",
                    addon.name
                );
                assert!(!param.summary.ends_with('.'), "{path}");
                seen += 1;
            }
        }
        assert!(seen > 120, "{seen}");
    }
}
