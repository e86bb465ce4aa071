//! What is said of the commands: a screen by `-h`, topics, manual pages, and what somebody may have meant.

use crate::support::{Env, of_debian};
use std::fs;
use std::path::Path;

/// Every command, as words.
fn commands() -> Vec<Vec<String>> {
    fn below(command: &clap::Command, path: &[String], all: &mut Vec<Vec<String>>) {
        all.push(path.to_vec());
        for child in command.get_subcommands() {
            let path = [path, &[child.get_name().to_owned()]].concat();
            below(child, &path, all);
        }
    }
    let mut all = Vec::new();
    below(&mk8s::cli::command(), &[], &mut all);
    all
}

#[test]
fn a_short_help_is_a_screen_with_examples_and_the_way_to_the_rest() {
    let env = Env::new();
    for command in commands() {
        let mut words: Vec<&str> = command.iter().map(String::as_str).collect();
        words.push("-h");
        let run = env.mk8s(&words).run().ok();
        let lines: Vec<&str> = run.stdout.lines().collect();
        assert!(lines.len() <= 24, "{} rows\n{run}", lines.len());
        for line in &lines {
            assert!(line.chars().count() <= 80, "{line}\n{run}");
        }
        let run = run.out("mk8s help flags").out("https://");
        // Of what has examples at least one is there, but for a group, which shows its commands.
        let long = env.mk8s(&["help"]);
        drop(long);
        let mut long: Vec<&str> = vec!["help"];
        long.extend(command.iter().map(String::as_str));
        let long = env.mk8s(&long).run().ok();
        let is_group = run.stdout.contains("<COMMAND>");
        assert!(
            is_group || !long.stdout.contains("Examples:") || run.stdout.contains("\n  $ mk8s "),
            "{run}"
        );
        assert!(long.stdout.contains("https://"), "{long}");
    }
}

#[test]
fn bare_groups_list_their_commands() {
    let env = Env::new();
    for words in [&[][..], &["addon"], &["aws"], &["cluster"], &["sandbox"]] {
        let run = env.mk8s(words).run().ok().out("Commands:");
        assert_eq!(run.stderr, "", "{run}");
    }
}

#[test]
fn topics_say_what_no_command_does() {
    let env = Env::new();
    let all = env.mk8s(&["help"]).run().ok();
    let (_, topics) = all.stdout.split_once("Topics").unwrap();
    let topics: Vec<&str> = topics
        .lines()
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next())
        .collect();
    for wanted in [
        "auth",
        "environment",
        "exit-codes",
        "output",
        "manifests",
        "selectors",
        "settings",
        "aws",
        "trust",
        "ci",
        "fleets",
        "flags",
    ] {
        assert!(topics.contains(&wanted), "{wanted}\n{all}");
    }
    for topic in topics {
        let run = env.mk8s(&["help", topic]).run().ok().out("https://");
        let count = run.stdout.lines().count();
        assert!(count > 8, "{run}");
        for line in run.stdout.lines() {
            assert!(line.chars().count() <= 100, "{line}\n{run}");
        }
    }
    let _ = env
        .mk8s(&["help", "exit-codes"])
        .run()
        .ok()
        .out("11  check-failed");
    let _ = env
        .mk8s(&["help", "environment"])
        .run()
        .ok()
        .out("MK8S_CLUSTER");
    let _ = env
        .mk8s(&["help", "addon", "enable"])
        .run()
        .ok()
        .out("--set-json");
    let _ = env
        .mk8s(&["help", "selector"])
        .run()
        .exits(2)
        .err("did you mean `selectors`?");
    let _ = env.mk8s(&["help", "addon", "nosuch"]).run().exits(2);
}

/// What stands behind a `$` in a help, a topic or a page is a command line, whatever it is run on.
#[test]
fn every_example_is_a_command_line() {
    let env = Env::new();
    let mut texts = Vec::new();
    for command in commands() {
        let mut words = vec!["help"];
        words.extend(command.iter().map(String::as_str));
        texts.push(env.mk8s(&words).run().ok().stdout);
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/command/topics");
    for file in fs::read_dir(folder).unwrap() {
        texts.push(fs::read_to_string(file.unwrap().path()).unwrap());
    }
    let mut count = 0;
    for text in &texts {
        for line in text.lines() {
            let Some(line) = line.trim().strip_prefix("$ mk8s ") else {
                continue;
            };
            // What it is for stands behind some blanks.
            let line = line.split("   ").next().unwrap().trim_end();
            let line = line.split(" | ").next().unwrap();
            let line = line.split(" > ").next().unwrap();
            let words = env.sh(&format!("printf '%s\\n' {}", line.replace('$', "x")));
            let words = words.run().ok();
            let words = ["mk8s"].into_iter().chain(words.stdout.lines());
            let read = mk8s::cli::matches(words.map(Into::into));
            if let Err(error) = read {
                panic!("{line}\n{error}");
            }
            count += 1;
        }
    }
    assert!(count > 80, "{count}");
}

/// The words that somebody tries first who knows another tool, or forgets half: what is said helps, or
/// nothing is said.
#[test]
fn what_somebody_may_have_meant_is_said_or_nothing() {
    let env = Env::new();
    for (line, tip) in [
        (
            "enable aws-ecr -c prod",
            "did you mean `mk8s addon enable aws-ecr -c prod`?",
        ),
        (
            "addon on metrics -c prod",
            "did you mean `mk8s addon enable metrics -c prod`?",
        ),
        (
            "addon off metrics -c prod",
            "did you mean `mk8s addon disable metrics -c prod`?",
        ),
        (
            "addon status aws-ecr -c prod",
            "did you mean `mk8s addon show aws-ecr -c prod`?",
        ),
        ("get prod", "did you mean `mk8s cluster get prod`?"),
        ("describe prod", "did you mean `mk8s cluster get prod`?"),
        (
            "plan -f 'a b.yaml'",
            "did you mean `mk8s apply --dry-run -f 'a b.yaml'`?",
        ),
        ("login", "`cpln login` logs in"),
        ("addn list", "did you mean `addon`?"),
        ("addon lsit", "did you mean `list`?"),
        ("addon enable aws-ecr hetzner", "did you mean `-c hetzner`?"),
        (
            "addon enable metrics clusters/x.yaml",
            "did you mean `-f clusters/x.yaml`?",
        ),
        ("addon enable aws-ecr --wait 5m -c x", "--wait=5m"),
        ("-c hetzner addon list", "-c stands behind the command"),
        ("addon list --onn aws-ecr", "did you mean `--on`?"),
        ("addon list --filter x", ""),
        ("cluster get --client x", ""),
        ("apply --rport github -f x", "did you mean `--report`?"),
        ("check --report gitlab", ""),
        ("frobnicate", ""),
    ] {
        let run = env
            .sh(&format!("{} {line}", env!("CARGO_BIN_EXE_mk8s")))
            .run()
            .exits(2);
        assert_eq!(run.stdout, "", "{run}");
        let said: Vec<&str> = run
            .stderr
            .lines()
            .filter_map(|line| line.trim().strip_prefix("tip: "))
            .collect();
        if tip.is_empty() {
            assert_eq!(said, Vec::<&str>::new(), "{run}");
        } else {
            assert!(said.len() == 1 && said[0].contains(tip), "{tip}\n{run}");
        }
    }
}

/// `mandoc` has nothing to say against the pages, and there is one for each command.
#[test]
fn manual_pages_are_clean() {
    let env = Env::new();
    let run = env.mk8s(&["man", "man1"]).run().ok();
    let names: Vec<String> = fs::read_dir(env.path("man1"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(names.len(), commands().len(), "{run}");
    let mut words = vec![
        "-T".to_owned(),
        "lint".to_owned(),
        "-W".to_owned(),
        "warning".to_owned(),
    ];
    words.extend(names.iter().map(|name| format!("man1/{name}")));
    let lint = env.program(&of_debian("mandoc"), &words).run().ok();
    assert_eq!((lint.stdout.as_str(), lint.stderr.as_str()), ("", ""));
    let page = env.program(
        &of_debian("mandoc"),
        &["-T", "utf8", "man1/mk8s-addon-enable.1"],
    );
    let page = page.run().ok();
    let plain = page.stdout.replace('\u{8}', "");
    assert!(
        plain.contains("--replace-settings") || plain.contains("EEXXAAMMPPLLEESS"),
        "{page}"
    );
    let first = env.mk8s(&["man"]).run().ok();
    assert_eq!(
        first.stdout,
        fs::read_to_string(env.path("man1/mk8s.1")).unwrap()
    );
    env.write("file", "");
    let _ = env.mk8s(&["man", "file/x"]).run().exits(1).err("file/x");
}

#[test]
fn a_plugin_of_kubectl_is_called_as_one() {
    let env = Env::new();
    let plugin = env.path("kubectl-mk8s");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_mk8s"), &plugin).unwrap();
    let run = |arguments: &[&str]| env.program(&plugin, arguments).run();
    run(&["addon", "enable", "-h"])
        .ok()
        .out("Usage: kubectl mk8s addon enable <ADDON> [FLAGS]");
    run(&["help", "cluster", "list"])
        .ok()
        .out("Usage: kubectl mk8s cluster list [OPTIONS]");
    run(&["addon"])
        .ok()
        .out("Usage: kubectl mk8s addon [COMMAND]");
    // What it prints to be pasted is there under that name, too.
    run(&["enable", "aws-ecr", "-c", "prod"])
        .exits(2)
        .err("did you mean `kubectl mk8s addon enable aws-ecr -c prod`?");
    env.write(
        "m.yaml",
        "kind: mk8s\nname: m\nspec:\n  provider:\n    hetzner: {}\n",
    );
    run(&["addon", "enable", "aws-ecr", "-f", "m.yaml"])
        .exits(6)
        .err("hint: kubectl mk8s addon enable aws-ecr -f m.yaml --role-arn ARN");
}
