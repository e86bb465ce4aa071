//! `mk8s cluster list` and `mk8s cluster get`: the API's own objects.

use super::{Context, choose, target};
use crate::cli::{ClusterGetArgs, ClusterListArgs, OutputFormat};
use crate::cluster::Cluster;
use crate::error::Result;
use crate::exit::Outcome;
use crate::invocation::Invocation;
use crate::pattern::is_pattern;
use crate::plan::display_name;
use crate::secret;
use crate::ui::{Report, table};
use serde_json::{Value, json};

/// What the server sets, and the slim formats leave out (control-plane.md 1.11).
const SERVER_FIELDS: [&str; 8] = [
    "id",
    "version",
    "created",
    "lastModified",
    "links",
    "status",
    "alias",
    "origin",
];
/// A tag that the platform sets on every deployment.
const SERVER_TAG: &str = "cpln/deployTimestamp";

/// `mk8s cluster list`
pub(super) async fn list(cx: &Context, args: &ClusterListArgs) -> Result<Outcome> {
    let choice = choose::choice(&choose::names(cx, &args.cluster)?, &args.choice)?;
    let client = cx.client().await?;
    let mut value = client
        .list_value()
        .await
        .map_err(|error| cx.explain(&error, "list the clusters"))?;
    let clusters: Vec<Cluster> = match value.get_mut("items").map(Value::take) {
        Some(Value::Array(items)) => items.into_iter().map(Cluster::new).collect(),
        _ => Vec::new(),
    };
    let clusters = choose::among(cx, &choice, clusters)?;
    let row = |cluster: &Cluster, wide: bool| {
        let mut row = vec![
            cluster.name().to_owned(),
            cluster.provider().unwrap_or("-").to_owned(),
            cluster.kubernetes().unwrap_or("-").to_owned(),
            add_ons(cluster).join(", "),
        ];
        if wide {
            row.push(location(cluster).unwrap_or("-").to_owned());
            row.push(issuer(cluster).unwrap_or("-").to_owned());
        }
        row
    };
    let draw = |wide: bool| {
        if clusters.is_empty() {
            return Vec::new();
        }
        let headings: &[&str] = if wide {
            &[
                "NAME",
                "PROVIDER",
                "KUBERNETES",
                "ADD-ONS",
                "LOCATION",
                "ISSUER",
            ]
        } else {
            &["NAME", "PROVIDER", "KUBERNETES", "ADD-ONS"]
        };
        let rows: Vec<Vec<String>> = clusters.iter().map(|cluster| row(cluster, wide)).collect();
        cx.ui.table(headings, &rows)
    };
    if clusters.is_empty() && cx.ui.is_text() {
        cx.ui.status(&format!("No cluster is in org {}", cx.org()?));
    }
    // A list may be large: no form of it is made that is not printed.
    let format = cx.ui.format().clone();
    let mut report = Report {
        text: Vec::new(),
        wide: None,
        names: Vec::new(),
        json: Value::Null,
        slim: None,
    };
    match format {
        OutputFormat::Text => report.text = draw(false),
        OutputFormat::Wide => report.wide = Some(draw(true)),
        OutputFormat::Names => {
            report.names = clusters.iter().map(|c| c.name().to_owned()).collect();
        }
        OutputFormat::JsonSlim | OutputFormat::YamlSlim => {
            value["items"] = clusters.iter().map(|c| slimmed(c.value())).collect();
            report.slim = Some(value);
        }
        _ => {
            value["items"] = clusters.into_iter().map(Cluster::into_value).collect();
            report.json = printed(cx, value);
        }
    }
    cx.ui.report(&report)?;
    Ok(Outcome::Ok)
}

/// The API's own object, as this run prints it.
fn printed(cx: &Context, mut object: Value) -> Value {
    if !matches!(cx.ui.format(), OutputFormat::JsonPath(_)) {
        secret::mask_published(&mut object);
        let items = object.get_mut("items").and_then(Value::as_array_mut);
        items.into_iter().flatten().for_each(secret::mask_published);
    }
    object
}

/// `mk8s cluster get`
pub(super) async fn get(cx: &Context, args: &ClusterGetArgs) -> Result<Outcome> {
    let name = choose::name(cx, &args.name)?;
    target::check_name(&name).map_err(|error| {
        let list = Invocation::mk8s("cluster list").cluster(&name);
        let is_one = is_pattern(&name) && target::check_pattern(&name).is_ok();
        error.hint_if(is_one.then_some(list))
    })?;
    let cluster = cx.read(&name).await?;
    let text = |wide: bool| {
        let mut fields = vec![
            ("Name", vec![cluster.name().to_owned()]),
            ("Org", vec![cx.org().unwrap_or_default().to_owned()]),
        ];
        let mut field = |label, value: Option<&str>| {
            if let Some(value) = value {
                fields.push((label, vec![value.to_owned()]));
            }
        };
        field("Description", cluster.value()["description"].as_str());
        field("Provider", cluster.provider());
        field("Location", location(&cluster));
        let home = cluster.home().map(|home| home.account.to_string());
        field("AWS account", home.as_deref());
        field("Kubernetes", cluster.kubernetes());
        field("OIDC issuer", issuer(&cluster));
        field(
            "API server",
            cluster
                .value()
                .pointer("/status/serverUrl")
                .and_then(Value::as_str),
        );
        let mut names = add_ons(&cluster);
        if names.is_empty() {
            names.push("none".to_owned());
        }
        fields.push(("Add-ons", names));
        let mut field = |label, value: Option<&str>| {
            if let Some(value) = value {
                fields.push((label, vec![value.to_owned()]));
            }
        };
        let version = cluster.version().map(|version| version.to_string());
        field("Version", version.as_deref());
        field("Changed", cluster.value()["lastModified"].as_str());
        if wide {
            field("Id", cluster.id());
            field("Alias", cluster.value()["alias"].as_str());
            field("Created", cluster.value()["created"].as_str());
        }
        table::blocks(&fields)
    };
    cx.ui.report(&Report {
        text: text(false),
        wide: Some(text(true)),
        names: vec![cluster.name().to_owned()],
        slim: Some(slimmed(cluster.value())),
        json: printed(cx, cluster.into_value()),
    })?;
    Ok(Outcome::Ok)
}

fn add_ons(cluster: &Cluster) -> Vec<String> {
    cluster
        .add_ons()
        .into_iter()
        .flatten()
        .filter(|(_, value)| !value.is_null())
        .map(|(key, _)| display_name(key).to_owned())
        .collect()
}

fn issuer(cluster: &Cluster) -> Option<&str> {
    cluster.ready_at("/status/oidcProviderUrl")?.as_str()
}

/// The region or location of the provider, whichever it has.
fn location(cluster: &Cluster) -> Option<&str> {
    let provider = cluster
        .value()
        .pointer("/spec/provider")?
        .get(cluster.provider()?)?;
    ["region", "location", "datacenter"]
        .iter()
        .find_map(|field| provider.get(field)?.as_str())
}

/// The object without what the server sets, in the order in which manifests are written.
pub(super) fn slimmed(object: &Value) -> Value {
    let Value::Object(fields) = object else {
        return object.clone();
    };
    let mut slim = serde_json::Map::new();
    for key in ["kind", "name", "description", "tags"] {
        if let Some(value) = fields.get(key) {
            slim.insert(key.to_owned(), value.clone());
        }
    }
    for (key, value) in fields {
        if !SERVER_FIELDS.contains(&key.as_str()) && !slim.contains_key(key) {
            slim.insert(key.clone(), value.clone());
        }
    }
    if let Some(Value::Object(tags)) = slim.get_mut("tags") {
        tags.shift_remove(SERVER_TAG);
    }
    json!(slim)
}
