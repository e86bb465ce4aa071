//! What belongs into the source of a tool that keeps a cluster beside us.

use super::Context;
use crate::addon::path::Path;
use crate::addon::{Addon, NamedAddon};
use crate::cli::SourceFormat;
use crate::invocation::Invocation;
use crate::manifest;
use crate::owner::{self, On, OtherOwner};
use crate::secret;
use crate::text::count;
use crate::ui::{Stream, lines};
use serde_json::Value;

/// More sources than this are not told of in one run.
pub(super) const FEW: usize = 3;

/// An add-on that changes, and its settings afterwards; `None` is off.
pub(super) struct ChangedAddon {
    pub(super) addon: NamedAddon,
    pub(super) after: Option<Value>,
}

/// Settings as they are fit for a source that others read: without what may be secret, and for another
/// tool's language without what the catalogue does not know. And the paths of both.
pub(super) fn fit(
    addon: &'static Addon,
    settings: &Value,
    format: SourceFormat,
) -> (Value, Vec<String>, Vec<String>) {
    let mut settings = settings.clone();
    let mut secrets = Vec::new();
    for place in addon.places().into_iter().filter(|it| it.param.secret) {
        let path: Path = place.path.parse().unwrap_or_default();
        if path.get(&settings).is_some() && path.take(&mut settings) {
            secrets.push(place.path);
        }
    }
    if format == SourceFormat::Yaml {
        return (settings, secrets, Vec::new());
    }
    let (settings, strange) = owner::known(addon, &settings);
    (settings, secrets, strange)
}

/// Add-ons that are on, in the form of a source.
pub(super) fn written<'a>(
    on: impl IntoIterator<Item = (&'static Addon, &'a Value)>,
    format: SourceFormat,
) -> String {
    let settings: Vec<(&'static Addon, Value)> = on
        .into_iter()
        .map(|(addon, after)| (addon, secret::masked(&fit(addon, after, format).0)))
        .collect();
    let on: Vec<On<'_>> = settings
        .iter()
        .map(|(addon, value)| (*addon, value))
        .collect();
    match format {
        SourceFormat::Terraform => owner::terraform(&on),
        SourceFormat::Pulumi => manifest::yaml(&owner::pulumi(&on)),
        SourceFormat::Yaml => manifest::yaml(&owner::manifest(&on)),
    }
}

/// Says what the source of an owner needs so that a change stays. `pulumi` prints the same for Pulumi.
pub(super) fn tell_source(
    cx: &Context,
    owner: &OtherOwner,
    changed: &[ChangedAddon],
    pulumi: Option<Invocation>,
) {
    let format = match owner {
        OtherOwner::Terraform => SourceFormat::Terraform,
        OtherOwner::Helm(_) => SourceFormat::Yaml,
    };
    let on: Vec<(&'static Addon, &Value)> = changed
        .iter()
        .filter_map(|it| Some((it.addon.addon()?, it.after.as_ref()?)))
        .collect();
    if !on.is_empty() {
        let source = written(on, format);
        let source: Vec<(char, String)> =
            lines(&source).into_iter().map(|line| (' ', line)).collect();
        cx.ui.plan("In its source:", &source, Stream::Words);
        if let Some(pulumi) = pulumi.filter(|_| *owner == OtherOwner::Terraform) {
            cx.ui.hint(pulumi.within("for Pulumi: ", ""));
        }
    }
    let gone = changed.iter().filter(|it| it.after.is_none()).count();
    if gone > 0 {
        let it = if gone == 1 { "it" } else { "them" };
        let gone = count(gone, "add-on");
        cx.ui.status(&format!(
            "To keep {it} off, take {gone} out of its source as well"
        ));
    }
}
