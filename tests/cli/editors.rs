//! The published schema in the language server that editors have.

use crate::support::manifests::hetzner;
use crate::support::{Env, Lsp};
use mk8s::addon::CATALOG;

/// A manifest that names the schema as `mk8s schema --modeline` says.
fn with_modeline(env: &Env, text: &str) -> String {
    let schema = env.line("schema").run().ok().stdout;
    let path = env.write("mk8s.schema.json", schema);
    let line = format!("schema --modeline={}", path.display());
    format!("{}{text}", env.line(&line).run().ok().stdout)
}

#[test]
fn the_language_server_underlines_the_right_place() {
    let env = Env::new();
    let mut lsp = Lsp::start();
    let sound = with_modeline(&env, &hetzner("c1", &["logs: {}"]));
    assert_eq!(
        lsp.open("file:///sound.yaml", &sound),
        serde_json::json!([])
    );
    let other = with_modeline(&env, "kind: gvc\nname: x\nwhatever: 1\n");
    assert_eq!(
        lsp.open("file:///other.yaml", &other),
        serde_json::json!([])
    );
    for (number, (from, to, line, place)) in [
        ("  addOns:", "  addons:", 7, "addons"),
        ("logs: {}", "awsEcr: {}", 8, "awsEcr"),
        ("logs: {}", "logs: true", 8, "true"),
        ("version: 1.33.5", "version: 1.33", 4, "1.33"),
        ("version: 1.33.5", "version: 1.99.0", 4, "1.99.0"),
        ("name: c1", "name: Bad_Name", 2, "Bad_Name"),
        (
            "logs: {}",
            "metrics: {scrapeAnnotated: {intervalSeconds: \"30\"}}",
            8,
            "\"30\"",
        ),
        ("logs: {}", "awsECR: {roleArn: x}", 8, "x"),
    ]
    .into_iter()
    .enumerate()
    {
        let text = sound.replace(from, to);
        assert_ne!(text, sound);
        let uri = format!("file:///{number}.yaml");
        let found = lsp.open(&uri, &text);
        // The modeline stands above.
        let written = text.lines().nth(line).unwrap();
        let column = written.find(place).unwrap();
        let told = found.as_array().unwrap().iter().any(|it| {
            let (start, end) = (&it["range"]["start"], &it["range"]["end"]);
            start["line"] == line
                && start["character"] == column
                && end["line"] == line
                && end["character"] == column + place.len()
        });
        assert!(told, "{to}: {line}:{column}\n{found:#}");
    }
}

#[test]
fn the_language_server_completes_add_ons_and_their_settings() {
    let env = Env::new();
    let mut lsp = Lsp::start();
    let text = with_modeline(&env, &hetzner("c1", &["logs: {}"]));
    let text = format!("{text}    \n");
    lsp.open("file:///c.yaml", &text);
    let offered = lsp.complete("file:///c.yaml", text.lines().count() - 1, 4);
    for addon in CATALOG {
        let is_offered = offered.contains(&addon.key.to_owned());
        assert_eq!(is_offered, addon.key != "logs", "{} {offered:?}", addon.key);
    }
    let below = ["metrics:\n      scrapeAnnotated:\n        i"];
    let text = with_modeline(&env, &hetzner("c1", &below));
    lsp.open("file:///d.yaml", &text);
    let offered = lsp.complete("file:///d.yaml", text.lines().count() - 1, 9);
    for field in ["intervalSeconds", "includeNamespaces", "retainLabels"] {
        assert!(offered.contains(&field.to_owned()), "{offered:?}");
    }
}
