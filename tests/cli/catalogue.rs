//! The catalogue, offline: `addon list`, `addon explain`, completions.

use crate::support::Env;
use mk8s::addon::CATALOG;
use std::fs;
use std::path::Path;

#[test]
fn the_list_names_every_add_on_without_a_network_or_a_profile() {
    let mut env = Env::new();
    env.unset("HOME").set("CPLN_ENDPOINT", "http://127.0.0.1:1");
    let text = env.mk8s(&["addon", "list"]).run().ok().stdout;
    let names = env
        .mk8s(&["addon", "list", "-o", "names"])
        .run()
        .ok()
        .stdout;
    let json = env.mk8s(&["addon", "list", "-o", "json"]).run().ok().json();
    assert_eq!(json["schema"], "mk8s/v1");
    assert_eq!(json["kind"], "AddonList");
    assert_eq!(names.lines().count(), CATALOG.len());
    for addon in CATALOG {
        assert!(text.contains(addon.name), "{} is not listed", addon.name);
        assert!(names.lines().any(|line| line == addon.name), "{names}");
        let items = json["items"].as_array().unwrap();
        assert!(
            items
                .iter()
                .any(|item| item["addon"] == addon.name && item["key"] == addon.key),
            "{json:#}"
        );
    }
}

#[test]
fn explain_tells_each_add_ons_settings_and_prerequisites() {
    let env = Env::new();
    for addon in CATALOG {
        let text = env
            .mk8s(&["addon", "explain", addon.name])
            .run()
            .ok()
            .stdout;
        for expected in [addon.name, addon.key, addon.docs] {
            assert!(
                text.contains(expected),
                "{}: no {expected}\n{text}",
                addon.name
            );
        }
        for param in addon.params {
            assert!(
                text.contains(param.field),
                "{}: no {}\n{text}",
                addon.name,
                param.field
            );
        }
        for needed in addon.needs {
            let name = mk8s::addon::by_key(needed).unwrap().name;
            assert!(text.contains(name), "{}: no {name}\n{text}", addon.name);
        }
        let json = env
            .mk8s(&["addon", "explain", addon.name, "-o", "json"])
            .run()
            .ok()
            .json();
        assert_eq!(json["schema"], "mk8s/v1", "{}", addon.name);
    }
}

#[test]
fn the_completions_in_the_tree_are_current() {
    let env = Env::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions");
    for (shell, file) in [
        ("bash", "mk8s.bash"),
        ("zsh", "_mk8s"),
        ("fish", "mk8s.fish"),
        ("powershell", "_mk8s.ps1"),
        ("elvish", "mk8s.elv"),
    ] {
        let printed = env.mk8s(&["completion", shell]).run().ok().stdout;
        assert!(printed.contains("aws-ecr"), "{shell} completes no add-on");
        let kept = fs::read_to_string(folder.join(file)).unwrap_or_default();
        assert!(
            kept == printed,
            "completions/{file} is not current: mk8s completion {shell} >completions/{file}"
        );
    }
}
