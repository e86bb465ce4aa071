//! `mk8s schema`: JSON Schemas of manifests, of settings and of documents. Offline.

use super::Context;
use super::word::addon_by_word;
use crate::cli::SchemaArgs;
use crate::error::{Error, Result};
use crate::exit::Outcome;
use crate::resource::json_schema;
use crate::ui::{Report, json, lines};
use serde_json::Value;

/// `mk8s schema`
pub(super) fn schema(cx: &Context, args: &SchemaArgs) -> Result<Outcome> {
    if let Some(file) = &args.modeline {
        return modeline(cx, file);
    }
    let (name, schema) = match (&args.of, &args.addon) {
        (Some(kind), _) => match crate::schema::of(kind) {
            Some(schema) => (kind.as_str(), schema),
            None => return Err(Error::usage(format!("no document is of kind `{kind}`"))),
        },
        (None, Some(word)) => {
            let addon = addon_by_word(word)?;
            (addon.name, json_schema::settings(addon))
        }
        (None, None) => (crate::cluster::KIND, json_schema::manifest()),
    };
    tell(cx, name, schema)
}

/// Prints a schema, which is JSON in a form for people as well.
pub(super) fn tell(cx: &Context, name: &str, schema: Value) -> Result<Outcome> {
    cx.ui.report(&Report {
        text: lines(&json(&schema)),
        names: vec![name.to_owned()],
        json: schema,
        slim: None,
        wide: None,
    })?;
    Ok(Outcome::Ok)
}

/// The comment that the YAML language server reads.
fn modeline(cx: &Context, file: &str) -> Result<Outcome> {
    if file.is_empty() || file.contains(char::is_whitespace) {
        return Err(Error::usage("no comment was made for this file")
            .because("a name without blanks is expected: the comment ends with the first"));
    }
    cx.ui
        .data(&format!("# yaml-language-server: $schema={file}"));
    Ok(Outcome::Ok)
}
