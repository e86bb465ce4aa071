//! The catalogue, offline: `addon list`, `addon explain`, completions.

use crate::support::Env;
use mk8s::addon::CATALOG;

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
        for place in addon.places() {
            assert!(
                text.contains(&format!("  {}: ", place.path)),
                "{}: no {}\n{text}",
                addon.name,
                place.path
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
fn explain_tells_one_setting_at_any_depth() {
    let env = Env::new();
    for addon in CATALOG {
        for place in addon.places() {
            let run = env
                .mk8s(&["addon", "explain", addon.name, &place.path])
                .run()
                .ok();
            for words in [place.param.summary, place.kind.describe(), addon.key] {
                assert!(run.stdout.contains(words), "{words}\n{run}");
            }
        }
    }
    let run = env
        .line("addon explain metrics.scrapeAnnotated.intervalSeconds")
        .run()
        .ok();
    assert_eq!(
        run.stdout,
        "scrapeAnnotated.intervalSeconds of metrics\n\
         seconds between two looks at a pod\n\n\
         Path        spec.addOns.metrics.scrapeAnnotated.intervalSeconds\n\
         Type        whole number\n\
         Constraint  1 or more\n\
         Default     30\n\
         Required    no\n\
         Secret      no\n\
         Example     --set scrapeAnnotated.intervalSeconds=30\n\
         Flag        --scrape-annotated-interval-seconds 30\n\
         Terraform   metrics.scrape_annotated.interval_seconds\n\
         Pulumi      metrics.scrapeAnnotated.intervalSeconds\n"
    );
    let run = env
        .line("addon explain registry-mirror mirrors[3]")
        .run()
        .ok();
    let _ = run
        .out("Below it")
        .out("mirrors[0].registry: registry whose");
    let run = env
        .line("addon explain byok config.actuator.env.CACHE")
        .run()
        .ok();
    let _ = run.out("spec.addOns.byok.config.actuator.env.CACHE");
    env.write(
        "m.yaml",
        crate::support::manifests::aws("prod", &["metrics: {kubeState: true}"]),
    );
    let run = env
        .line("addon explain metrics kubeState -f m.yaml")
        .run()
        .ok();
    let _ = run.out("prod: true");
    let run = env
        .line("addon explain metrics cadvisor -f m.yaml")
        .run()
        .ok();
    let _ = run.out("prod: not set");
    for (line, words) in [
        (
            "addon explain metrics apiServer",
            "did you mean `apiserver`?",
        ),
        (
            "addon explain metrics interval",
            "`metrics` has no setting `interval`",
        ),
        ("addon explain metrics a..b", "a name is missing"),
        (
            "addon explain metrics kubeState -o json-schema",
            "given together",
        ),
    ] {
        let _ = env.line(line).run().exits(2).err(words);
    }
    let json = env
        .line("addon explain byok config.istio -o json")
        .run()
        .ok()
        .json();
    let fields = json["fields"].as_array().unwrap();
    assert!(
        fields.len() > 10 && fields[0]["terraform"] == "byok.config.istio",
        "{json}"
    );
}

#[test]
fn every_shell_gets_a_script_that_knows_the_add_ons() {
    let mut env = Env::new();
    env.unset("HOME").set("CPLN_PROFILE", "missing");
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let run = env.line(&format!("completion {shell} --static")).run().ok();
        assert!(
            run.stdout.contains("aws-ecr"),
            "{shell} completes no add-on"
        );
        assert_eq!(run.stderr, "");
    }
}

/// What bash offers after these words.
fn offered(env: &Env, words: &str) -> Vec<String> {
    let script = format!(
        "source <('{}' completion bash --static)\n\
         COMP_WORDS=({words})\n\
         [ '{words}' = '{}' ] || COMP_WORDS+=('')\n\
         COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))\n\
         _mk8s mk8s \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD - 1]}}\"\n\
         printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        env!("CARGO_BIN_EXE_mk8s"),
        words.trim_end(),
    );
    let run = env
        .program("bash".as_ref(), &["--norc", "-c", &script])
        .run()
        .ok();
    run.stdout.lines().map(str::to_owned).collect()
}

#[test]
fn bash_completes_commands_add_ons_and_flags() {
    let env = Env::new();
    let commands = offered(&env, "mk8s addon ");
    for command in ["enable", "disable", "list", "trust-policy"] {
        assert!(commands.iter().any(|word| word == command), "{commands:?}");
    }
    assert_eq!(
        offered(&env, "mk8s addon enable aws-e"),
        ["aws-ecr", "aws-efs", "aws-elb"]
    );
    assert!(offered(&env, "mk8s addon enable aws-ecr --role").contains(&"--role-arn".to_owned()));
}
