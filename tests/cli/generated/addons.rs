//! What is made from the catalogue of add-ons: the tables of docs/addons.md, a page for each add-on, and the
//! list of these pages.

use super::{root, settle, settle_region};
use crate::support::Env;
use mk8s::addon::param::SettingPlace;
use mk8s::addon::{Addon, CATALOG, Documented, by_key};
use std::fmt::Write as _;
use std::fs;

const SETTINGS: &str =
    "setting | flag | value | default | example | meaning |\n|---|---|---|---|---|---|";

#[test]
fn the_tables_of_add_ons_are_current() {
    let mut table =
        "| add-on | key | what it does | documented for | needs | of the nodes |\n|---|---|---|---|---|---|\n"
            .to_owned();
    let mut settings = format!("| add-on | {SETTINGS}---|\n");
    let mut status = "| add-on | field | meaning |\n|---|---|---|\n".to_owned();
    for addon in CATALOG {
        let name = addon.name;
        let _ = writeln!(
            table,
            "| [`{name}`](addons/{name}.md) | `{}` | {} | {} | {} | {} |",
            addon.key,
            addon.summary,
            documented(addon),
            names(
                addon.needs.iter().map(|key| by_key(key).unwrap()),
                "addons/"
            ),
            addon.nodes.map_or_else(String::new, |it| it.words())
        );
        for place in addon.places() {
            let _ = writeln!(settings, "| `{name}` | {}", setting(&place));
        }
        for field in addon.status {
            let _ = writeln!(status, "| `{name}` | {}", published(field));
        }
    }
    settle_region("docs/addons.md", "catalogue", &table);
    settle_region("docs/addons.md", "settings", &settings);
    settle_region("docs/addons.md", "status", &status);
}

#[test]
fn each_add_on_has_a_page() {
    let env = Env::new();
    let mut list = String::new();
    for addon in CATALOG {
        let file = format!("addons/{}.md", addon.name);
        settle(&format!("docs/{file}"), &page(&env, addon));
        let _ = writeln!(list, "- [{}]({file}): {}", addon.name, addon.summary);
    }
    settle_region("docs/index.md", "addons", list.trim_end());
    for entry in fs::read_dir(root().join("docs/addons")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let known = |addon: &Addon| name.strip_suffix(".md") == Some(addon.name);
        assert!(
            CATALOG.iter().any(known),
            "docs/addons/{name} is of no add-on"
        );
    }
}

/// The page of an add-on: what `addon explain` says, with the commands and what they write.
fn page(env: &Env, addon: &Addon) -> String {
    let name = addon.name;
    let explained = env.line(&format!("addon explain {name}")).run().ok().stdout;
    let mut page = format!(
        "# {name}\n\n{}. In a manifest it is `spec.addOns.{}`; the platform's page on it is\n<{}>.\n\n",
        addon.summary, addon.key, addon.docs
    );
    for part in explained.trim_end().split("\n\n").skip(1) {
        if part.starts_with("Documented for") {
            break;
        }
        let _ = writeln!(page, "{part}\n");
    }
    let needed = CATALOG.iter().filter(|it| it.needs.contains(&addon.key));
    for (what, value) in [
        ("documented for", documented(addon)),
        (
            "needs",
            names(addon.needs.iter().map(|key| by_key(key).unwrap()), ""),
        ),
        ("needed by", names(needed, "")),
        (
            "of the nodes",
            addon.nodes.map_or_else(String::new, |it| it.words()),
        ),
    ] {
        if !value.is_empty() {
            let _ = writeln!(page, "- {what}: {value}");
        }
    }
    page.push_str(&on_and_off(env, addon));
    let places = addon.places();
    if !places.is_empty() {
        let _ = writeln!(page, "\n## Settings\n\n| {SETTINGS}");
        for place in &places {
            let _ = writeln!(page, "| {}", setting(place));
        }
        page.push_str("\nHow they are given: [settings](../addons.md#settings).\n");
    }
    if !addon.status.is_empty() {
        page.push_str("\n## What the cluster publishes\n\n| field | meaning |\n|---|---|\n");
        for field in addon.status {
            let _ = writeln!(page, "| {}", published(field));
        }
    }
    if let Some((_, cloud)) = explained.split_once("\nIn the cloud account\n") {
        page.push_str("\n## In the cloud account\n\n");
        for line in cloud.lines().take_while(|line| line.starts_with("  ")) {
            let _ = writeln!(page, "- {}", line.trim_start());
        }
    }
    if name == "aws-ecr" {
        page.push_str(
            "\n`mk8s aws setup aws-ecr` makes it: [the ECR guide, step by step](../ecr-guide.md), [the AWS \
             side](../aws.md).\n",
        );
    }
    page
}

/// The commands that switch it, and how it then stands in a manifest and in the sources of other tools.
fn on_and_off(env: &Env, addon: &Addon) -> String {
    let name = addon.name;
    let mut settings = String::new();
    for place in addon
        .places()
        .iter()
        .filter(|it| it.depth == 0 && it.param.required)
    {
        let _ = write!(settings, " {}", place.given(place.example()).unwrap());
    }
    let along = if addon.needs.is_empty() {
        ""
    } else {
        " --with-prerequisites"
    };
    // Of this one the workloads go along, so that a yes is not enough.
    let sure = if name == "byok" {
        " --confirm prod"
    } else {
        ""
    };
    let mut text = format!(
        "\n## On and off\n\n```sh\n\
         mk8s addon enable {name} -f clusters/prod.yaml{along}{settings}\n\
         mk8s addon enable {name} -c prod{along}{settings}\n\
         mk8s addon disable {name} -c prod{sure}\n```\n\n\
         How it stands in a manifest, in Terraform and in Pulumi:\n"
    );
    for (form, language) in [("yaml", "yaml"), ("terraform", "hcl"), ("pulumi", "yaml")] {
        let line = format!("addon enable {name}{settings} --emit {form}");
        let emitted = env.line(&line).run().ok().stdout;
        let _ = write!(text, "\n```{language}\n{}\n```\n", emitted.trim_end());
    }
    text
}

fn documented(addon: &Addon) -> String {
    match addon.documented {
        Documented::All => "all".to_owned(),
        Documented::For(names) => names.join(", "),
    }
}

fn names<'a>(addons: impl Iterator<Item = &'a Addon>, folder: &str) -> String {
    let links: Vec<String> = addons
        .map(|it| format!("[`{}`]({folder}{}.md)", it.name, it.name))
        .collect();
    links.join(", ")
}

/// The cells of a setting, but for the first bar.
fn setting(place: &SettingPlace) -> String {
    let param = place.param;
    let mut value = place.kind.describe().to_owned();
    if let Some(more) = place.kind.constraint() {
        let _ = write!(value, ": {more}");
    }
    if param.secret {
        value.push_str(" (secret)");
    }
    format!(
        "`{}`{} | {} | {value} | {} | `{}` | {} |",
        place.path,
        if param.required { " (required)" } else { "" },
        place
            .flag
            .as_ref()
            .map(|flag| format!("`--{flag}`"))
            .unwrap_or_default(),
        param
            .default
            .map(|text| format!("`{text}`"))
            .unwrap_or_default(),
        place.example(),
        param.summary,
    )
}

fn published(field: &mk8s::addon::StatusField) -> String {
    format!(
        "`{}` | {} |",
        field.pointer.trim_start_matches('/').replace('/', "."),
        field.summary,
    )
}
