//! `mk8s addon show` and `explain`: one add-on, and what stands of it on the targets.

use super::super::Context;
use super::super::choose;
use super::super::schema;
use super::super::target::{self, Target};
use super::super::word::{self, addon_by_word};
use super::field;
use super::{
    ReadTargets, SeenCluster, UnreadTarget, entry, finish, known, look, misspelt, providers,
    readiness, taken_for_nothing, unknown,
};
use crate::addon::access::AccessReport;
use crate::addon::named::Unclear;
use crate::addon::param::SettingPlace;
use crate::addon::{Addon, Documented, NamedAddon, ParamKind, rules};
use crate::cli::{ExplainArgs, OutputFormat, ShowArgs, TargetArgs};
use crate::error::{Error, Result};
use crate::exit::Outcome;
use crate::fleet::{Closing, Reporter, TargetResult, summarise};
use crate::manifest;
use crate::resource::json_schema;
use crate::ui::{self, Report, table, wire};
use serde_json::{Map, Value};

/// `mk8s addon show`
pub(in crate::command) async fn show(cx: &Context, args: &ShowArgs) -> Result<Outcome> {
    let looked = match target::resolve(cx, &args.target, false).await? {
        Target::None => {
            addon_by_word(&args.addon)?;
            return Err(target::missing());
        }
        target => look(cx, target).await?,
    };
    let addon = meant(&args.addon, &looked.each)?;
    let closing = Closing {
        text: blocks(&looked.each, &addon),
        ..Closing::default()
    };
    let off = tell(cx, looked, &addon, closing)?;
    Ok(Outcome::differing(off && args.exit_code))
}

/// Tells what stands of an add-on on every target; gives whether it is off on any.
fn tell(cx: &Context, looked: ReadTargets, addon: &NamedAddon, closing: Closing) -> Result<bool> {
    let told = |seen: &SeenCluster| {
        let item = item(seen, addon);
        let is_on = item.enabled == Some(true);
        let name = is_on.then(|| seen.cluster.name().to_owned());
        TargetResult {
            items: vec![wire::AddonItem::Addon(Box::new(item))],
            names: name.into_iter().collect(),
            lines: Vec::new(),
            changed: !is_on,
            next: None,
            failed: None,
        }
    };
    let teller = Reporter::reading(&cx.ui, "AddonList").alone("Addon");
    finish(cx, teller, looked, told, closing)
}

/// `mk8s addon explain`: the catalogue's words, offline; with a target what stands there as well.
pub(in crate::command) async fn explain(cx: &Context, args: &ExplainArgs) -> Result<Outcome> {
    let (word, path) = field::words(&args.addon, args.path.as_deref());
    if *cx.ui.format() == OutputFormat::JsonSchema {
        if path.is_some() {
            return Err(
                Error::usage("a path was given together with -o json-schema")
                    .because("the schema is that of all settings of an add-on"),
            );
        }
        let addon = addon_by_word(word)?;
        return schema::tell(cx, addon.name, json_schema::settings(addon));
    }
    // `MK8S_CLUSTER` alone does not make it go to the network.
    let choice = choose::choice(&args.cluster, &args.choice)?;
    if choice.is_open() && !choice.excludes() && args.file.is_empty() {
        let addon = addon_by_word(word)?;
        if let Some(path) = path {
            return field::explain(cx, addon, path, None);
        }
        cx.ui.report(&Report {
            json: wire::to_value(&wire::Single::new("Addon", entry(addon))),
            slim: None,
            names: vec![addon.name.to_owned()],
            text: explanation(addon),
            wide: None,
        })?;
        return Ok(Outcome::Ok);
    }
    let named = TargetArgs {
        cluster: args.cluster.clone(),
        file: args.file.clone(),
        choice: args.choice.clone(),
    };
    let target = target::resolve(cx, &named, false).await?;
    let looked = look(cx, target).await?;
    if let Some(path) = path {
        if let Some(unread) = looked.each.iter().find_map(|it| it.as_ref().err()) {
            return Err(unread.error.clone());
        }
        return field::explain(cx, addon_by_word(word)?, path, Some(&looked));
    }
    let addon = meant(word, &looked.each)?;
    let mut text = match &addon {
        NamedAddon::Known(addon) => explanation(addon),
        NamedAddon::Key(_) => vec![
            format!("{shown} (spec.addOns.{shown})", shown = addon.shown()),
            format!(
                "Not known to mk8s {}: every edit keeps it, and `mk8s addon disable` switches it off",
                env!("CARGO_PKG_VERSION")
            ),
        ],
    };
    text.push(String::new());
    text.extend(blocks(&looked.each, &addon));
    let closing = Closing {
        // Of targets of which none can be read there is nothing to add to the error.
        text: if looked.each.iter().any(Result::is_ok) {
            text
        } else {
            Vec::new()
        },
        names: Some(vec![addon.name().to_owned()]),
        ..Closing::default()
    };
    tell(cx, looked, &addon, closing)?;
    Ok(Outcome::Ok)
}

/// What the catalogue says of an add-on.
fn explanation(addon: &Addon) -> Vec<String> {
    let names = |keys: &[&str]| {
        let names: Vec<&str> = keys
            .iter()
            .map(|key| crate::plan::display_name(key))
            .collect();
        if names.is_empty() {
            "nothing".to_owned()
        } else {
            names.join(", ")
        }
    };
    let dependants: Vec<&str> = addon.dependants().map(|other| other.key).collect();
    let mut text = vec![
        format!("{} (spec.addOns.{})", addon.name, addon.key),
        addon.summary.to_owned(),
        String::new(),
    ];
    text.extend(wrap(addon.purpose));
    text.push(String::new());
    text.extend(table::fields([
        (
            "Documented for",
            match addon.documented {
                Documented::All => providers(addon),
                Documented::For(_) => format!("{}; not documented elsewhere", providers(addon)),
            },
        ),
        ("Needs", names(addon.needs)),
        (
            "Nodes",
            addon
                .nodes
                .map_or_else(|| "any".to_owned(), |it| it.words()),
        ),
        ("Needed by", names(&dependants)),
        ("Documentation", addon.docs.to_owned()),
    ]));
    let mut section = |title: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            text.extend([String::new(), title.to_owned()]);
            text.extend(lines.iter().map(|line| format!("  {line}")));
        }
    };
    section(
        "Settings",
        addon
            .places()
            .iter()
            .map(|place| {
                let about = traits(place).join(", ");
                format!("{}: {} ({about})", place.path, place.param.summary)
            })
            .collect(),
    );
    section(
        "Status",
        addon
            .status
            .iter()
            .map(|field| {
                format!(
                    "{}: {}",
                    field.pointer.trim_start_matches('/').replace('/', "."),
                    field.summary
                )
            })
            .collect(),
    );
    section(
        "In the cloud account",
        addon.cloud.iter().map(|&line| line.to_owned()).collect(),
    );
    text
}

/// What a setting takes, in a few words each.
pub(super) fn traits(place: &SettingPlace) -> Vec<String> {
    let param = place.param;
    let mut traits = vec![place.kind.describe().to_owned()];
    traits.extend(place.kind.constraint());
    traits.extend(param.default.map(|text| format!("{text} by default")));
    let is_one_of_many = matches!(
        place.kind,
        ParamKind::Regex | ParamKind::Quantity | ParamKind::Url | ParamKind::Registry
    );
    if param.default.is_none() && is_one_of_many {
        traits.push(format!("such as {}", param.example()));
    }
    if param.required {
        traits.push("required".to_owned());
    }
    if param.secret {
        traits.push("secret".to_owned());
    }
    traits.extend(place.wanted());
    traits
}

/// What a word means to the targets. Reading does no harm: of two that may be meant it is the
/// add-on of the catalogue.
fn meant(word: &str, looked: &[Result<SeenCluster, UnreadTarget>]) -> Result<NamedAddon> {
    let clusters = looked.iter().flatten().map(|seen| &seen.cluster);
    match NamedAddon::meant(word, clusters.clone()) {
        Ok(named) => Ok(named),
        Err(Unclear::Both(addon)) => Ok(NamedAddon::Known(addon)),
        Err(Unclear::Nothing) => {
            let errors = looked.iter().filter_map(|it| it.as_ref().err());
            let errors = errors.map(|unread| unread.error.clone()).collect();
            Err(match summarise(errors, 0) {
                Some(error) => word::undecided(error, word),
                None => word::unknown(word, clusters),
            })
        }
    }
}

fn item(seen: &SeenCluster, addon: &NamedAddon) -> wire::AddonRecord {
    match addon {
        NamedAddon::Known(addon) => known(seen, addon),
        NamedAddon::Key(key) => unknown(seen, key),
    }
}

/// The add-on on every target.
fn blocks(looked: &[Result<SeenCluster, UnreadTarget>], addon: &NamedAddon) -> Vec<String> {
    let mut lines = Vec::new();
    for seen in looked.iter().flatten() {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        lines.extend(shown(seen, addon, &item(seen, addon)));
    }
    lines
}

/// The add-on on one target.
fn shown(seen: &SeenCluster, addon: &NamedAddon, item: &wire::AddonRecord) -> Vec<String> {
    let block = |value: &Value| ui::lines(&manifest::yaml(value));
    let place = match &seen.target {
        wire::TargetRef::Cluster { name, .. } => name.clone(),
        wire::TargetRef::File { path, name, .. } => format!("{name} ({path})"),
    };
    let state = match (item.enabled, item.known) {
        (Some(true), true) => "on".to_owned(),
        (Some(true), false) => "on (not known to mk8s, left untouched)".to_owned(),
        _ => match misspelt(seen, &item.key) {
            Some(addon) => format!("off ({})", taken_for_nothing(addon)),
            None => "off".to_owned(),
        },
    };
    let known = addon.addon();
    let mut fields = vec![
        ("Add-on", vec![addon.shown().into_owned()]),
        ("Cluster", vec![place]),
        ("State", vec![state]),
    ];
    if let Some(addon) = known
        && let Some(finding) = rules::undocumented(seen.cluster.provider(), addon)
    {
        fields.push(("Provider", vec![finding.to_string()]));
    }
    if let Some(settings) = &item.settings {
        fields.push((
            "Settings",
            match settings {
                Value::Object(map) if map.is_empty() => vec!["none".to_owned()],
                other => block(other),
            },
        ));
        if known.is_some_and(Addon::works_at_home) {
            let role = settings.get("roleArn").and_then(Value::as_str);
            fields.push((
                "Registry access",
                vec![AccessReport::of(&seen.cluster, role).to_string()],
            ));
        }
        if matches!(seen.target, wire::TargetRef::Cluster { .. }) {
            fields.push((
                "Status",
                match &item.status {
                    Some(status) if *status != Value::Object(Map::new()) => block(status),
                    _ => vec![
                        known
                            .map_or("-", |addon| readiness(&seen.cluster, addon))
                            .replace('-', "nothing is published"),
                    ],
                },
            ));
        }
    }
    table::blocks(&fields)
}

/// Breaks running text at 80 columns.
fn wrap(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        if let Some(line) = lines.last_mut() {
            if line.is_empty() {
                word.clone_into(line);
            } else if line.len() + 1 + word.len() <= 80 {
                line.push(' ');
                line.push_str(word);
            } else {
                lines.push(word.to_owned());
            }
        }
    }
    lines
}
