//! Files as repositories really hold them: encrypted, templates, unfinished merges, other tools'
//! files beside them, folders with all of that.

use crate::support::manifests::aws;
use crate::support::{Env, Inside, Reader, Sandbox, filters, fixture, installed, read_yaml};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::symlink;

const SOPS: &str = "kind: mk8s\nname: vault\nspec:\n  version: 1.33.5\n  provider:\n    aws: {region: \
                    us-west-2, deployRoleArn: \"arn:aws:iam::111122223333:role/cpln\", vpcId: vpc-1, image: \
                    {recommended: amazon/al2023}}\n  addOns:\n    awsWorkloadIdentity: {}\n    awsECR:\n      roleArn: \
                    ENC[AES256_GCM,data:Zm9v,iv:YmFy,tag:YmF6,type:str]\nsops:\n  mac: \
                    ENC[AES256_GCM,data:bWFj,iv:aXY=,tag:dGFn,type:str]\n  version: 3.9.0\n";

const TEMPLATE: &str = "{{- if .Values.on }}\nkind: mk8s\nname: {{ .Values.name }}\nspec: {}\n{{- end \
                        }}\n";

/// What is done with every case, and the keys that may change by it.
const DEEDS: [(&str, &[&str]); 4] = [
    (
        "enable aws-ecr --with-prerequisites --role-arn arn:aws:iam::999999999999:role/mk8s-ecr-driver --force",
        &["awsECR", "awsWorkloadIdentity"],
    ),
    ("enable headlamp --force", &["headlamp"]),
    ("disable aws-ecr --force", &["awsECR", "aws-ecr"]),
    ("disable logs --force", &["logs"]),
];

/// Compares what a line says with the file of that name in `snapshots`.
fn settle(env: &Env, name: &str, line: &str) {
    let run = env.line(line).run();
    filters(env).bind(|| insta::assert_snapshot!(name, run));
}

/// The files of `tests/fixtures/kept`, by their names.
fn cases() -> BTreeMap<String, Vec<u8>> {
    let all = fs::read_dir(fixture("kept")).unwrap();
    let files = all
        .map(|entry| entry.unwrap())
        .filter(|it| it.path().is_file());
    let mut cases: BTreeMap<String, Vec<u8>> = files
        .map(|it| {
            (
                it.file_name().into_string().unwrap(),
                fs::read(it.path()).unwrap(),
            )
        })
        .collect();
    // A file of the repository with such marks would be taken for an unfinished merge of it.
    let conflict = "kind: mk8s\nname: c1\nspec:\n  provider:\n    aws: {region: us-west-2}\n  \
                    addOns:\n<<<<<<< HEAD\n    logs: {}\n=======\n    metrics: {}\n>>>>>>> branch\n";
    cases.insert("tpl-conflict-markers.yaml".to_owned(), conflict.into());
    assert_eq!(cases.len(), 262);
    cases
}

/// What comes of a deed on standard input.
fn done(env: &Env, deed: &str, input: &[u8]) -> (i32, Vec<u8>, String) {
    let words = format!("addon {deed} -f -");
    let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
    let run = Inside::new(env, &words).stdin(input).run();
    (run.code, run.bytes, run.stderr)
}

/// A repository with clusters and much else.
fn repository() -> Env {
    let env = Env::new();
    env.write("clusters/edge.yaml", aws("edge", &[]));
    env.write("clusters/prod.yaml", aws("prod", &["headlamp: {}"]));
    env.write("clusters/vault.yaml", SOPS);
    env.write("clusters/kustomization.yaml", "resources: [prod.yaml]\n");
    env.write("chart/Chart.yaml", "name: shop\n");
    env.write("chart/values.yaml", "on: true\n");
    env.write("chart/templates/cluster.yaml", TEMPLATE);
    env.write("main.tf", "resource \"cpln_mk8s\" \"x\" {}\n");
    env.write(".git/config.yaml", "kind: mk8s\n");
    env.write("node_modules/x/package.json", "{\"name\": \"mk8s\"}");
    symlink("me@host.7:1", env.path("clusters/.#prod.yaml")).unwrap();
    symlink("gone.yaml", env.path("clusters/old.yaml")).unwrap();
    env
}

#[test]
fn a_folder_is_read_for_its_clusters() {
    let mut env = repository();
    let _sandbox = Sandbox::holding(&mut env, &[aws("prod", &[])], &[]);
    settle(&env, "list", "addon list -f . -o names");
    settle(&env, "check", "check -f . -o short");
    settle(&env, "enable", "addon enable logs -f . --dry-run");
    settle(
        &env,
        "enable-one",
        "addon enable logs -f . -c prod --dry-run",
    );
    settle(&env, "diff", "diff -f . -c prod");
    settle(&env, "apply", "apply -f . --dry-run");
    settle(&env, "apply-two", "apply -f . -c prod -c edge --dry-run");
    assert_eq!(
        env.text("clusters/prod.yaml"),
        aws("prod", &["headlamp: {}"])
    );
}

#[test]
fn one_bad_file_hides_nothing_of_the_others() {
    let env = Env::new();
    env.write("c/a.yaml", "kind: mk8s\nname: [\n");
    env.write(
        "c/b.yaml",
        "kind: mk8s\nname: b\nname: b\nspec:\n  addOns:\n    awsECR: true\n    nvidia: {}\n",
    );
    env.write("c/good.yaml", aws("good", &["headlamp: {}"]));
    settle(&env, "bad-check", "check -f c -o short");
    settle(&env, "bad-list", "addon list -f c -o names");
    settle(&env, "bad-enable", "addon enable logs -f c");
    assert_eq!(env.text("c/good.yaml"), aws("good", &["headlamp: {}"]));
}

#[test]
fn a_file_that_is_none_is_told_what_it_is_and_what_to_do() {
    let env = Env::new();
    for (name, text, code, words) in [
        (
            "chart.yaml",
            TEMPLATE,
            6,
            ["is a Helm template", "helm template"],
        ),
        (
            "merge.yaml",
            "kind: mk8s\n<<<<<<< HEAD\nname: a\n=======\nname: b\n>>>>>>> x\n",
            6,
            [
                "merge.yaml:2:1 is in the middle of a merge",
                "git mergetool merge.yaml",
            ],
        ),
        (
            "c.json",
            "{\n  // note\n  \"kind\": \"mk8s\", \"name\": \"a\", \"spec\": {}}\n",
            6,
            ["c.json:2:3 is JSON with comments", "take them out"],
        ),
        (
            "l.json",
            "{\"kind\": \"mk8s\", \"name\": \"a\"}\n{\"kind\": \"mk8s\", \"name\": \"b\"}\n",
            6,
            ["l.json:2:1 holds several JSON values", "jq -s . l.json"],
        ),
        (
            "main.tf",
            "resource \"cpln_mk8s\" \"x\" {\n}\n",
            6,
            ["is Terraform's", "--emit terraform"],
        ),
        (
            "op.yaml",
            "apiVersion: cpln.io/v1\nkind: mk8scluster\nmetadata: {name: a}\n",
            3,
            ["the Kubernetes operator", "cluster get NAME -o yaml-slim"],
        ),
        (
            "sops.yaml",
            SOPS,
            6,
            ["SOPS has encrypted", "sops edit sops.yaml"],
        ),
    ] {
        env.write(name, text);
        for line in ["addon enable headlamp", "addon disable aws-ecr"] {
            let run = env.line(&format!("{line} -f {name}")).run();
            assert_eq!(run.code, code, "{run}");
            for word in words {
                assert!(run.stderr.contains(word), "{run}");
            }
            assert_eq!(env.text(name), text);
        }
    }
    env.write("sops.yaml", SOPS);
    for line in ["addon list -f sops.yaml", "check -f sops.yaml"] {
        let run = env.line(line).run();
        assert_eq!(run.code, 0, "{run}");
    }
    let run = env.line("addon enable aws-ecr -f sops.yaml").run();
    assert_eq!(run.code, 0, "nothing is to be changed\n{run}");
}

#[test]
fn placeholders_survive_and_are_never_sent() {
    let mut env = Env::new();
    let sandbox = Sandbox::holding(&mut env, &[aws("prod", &["awsWorkloadIdentity: {}"])], &[]);
    let text = aws("prod", &["awsECR:\n      roleArn: ${ROLE_ARN}"]);
    env.write("prod.yaml", &text);
    let run = env
        .line("addon enable aws-ecr --with-prerequisites -f prod.yaml")
        .run();
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(
        env.text("prod.yaml"),
        format!("{text}    awsWorkloadIdentity: {{}}\n")
    );
    // As it is it would not be sent, so that the next command has it filled in.
    let next = "envsubst < prod.yaml | mk8s apply -f - -c prod";
    let run = run.err(&format!("Next: {next}"));
    assert!(!run.stderr.contains("mk8s apply -f prod.yaml"), "{run}");
    let run = env.line("apply -f prod.yaml").run().exits(6);
    let _ = run.err(&format!("hint: {next}"));
    let run = env.line("check -f prod.yaml").run();
    assert_eq!(run.code, 0, "{run}");

    let set = |more: &str| {
        let mut words = vec![
            "addon",
            "enable",
            "aws-ecr",
            "--role-arn",
            "{{ .Values.role }}",
        ];
        words.extend(more.split_whitespace());
        env.mk8s(&words).run()
    };
    let run = set("-f prod.yaml");
    assert_eq!(run.code, 2, "{run}");
    assert!(run.stderr.contains("--allow-placeholders"), "{run}");
    let run = set("-f prod.yaml --allow-placeholders");
    assert_eq!(run.code, 0, "{run}");
    // What fills this in is not known.
    assert!(!run.stderr.contains("Next:"), "{run}");
    assert!(
        env.text("prod.yaml")
            .contains("roleArn: '{{ .Values.role }}'")
    );

    let run = set("-c prod --allow-placeholders");
    assert_eq!(run.code, 6, "{run}");
    let run = set("-f prod.yaml --apply --allow-placeholders");
    assert_eq!(run.code, 6, "{run}");
    let run = env.line("apply -f prod.yaml").run();
    assert_eq!(run.code, 6, "{run}");
    assert!(
        run.stderr
            .contains("`spec.addOns.awsECR.roleArn` is `{{ .Values.role }}`"),
        "{run}"
    );
    let sent = sandbox.requests();
    assert!(sent.iter().all(|it| it.starts_with("GET ")), "{sent:?}");
}

/// The expectation of every case is `tests/fixtures/kept/expected/NAME.snap`: for each deed the lines
/// that differ, or the refusal with its reason.
#[test]
fn every_case_comes_out_as_it_is_written_down() {
    let env = Env::new();
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path(fixture("kept/expected"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for (name, input) in cases() {
        let mut all = String::new();
        for (deed, _) in DEEDS {
            let (code, output, words) = done(&env, deed, &input);
            writeln!(all, "$ {deed}: exit {code}").unwrap();
            if code == 0 {
                let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
                let (before, after) = (text(&input), text(&output));
                all.push_str(&shown(&mk8s::manifest::patch("m", &before, &after)));
            } else {
                assert!(output.is_empty(), "{name}: {deed}");
                all.push_str(&words);
            }
        }
        settings.bind(|| insta::assert_snapshot!(name, all));
    }
}

/// A patch with all that is not seen escaped.
fn shown(patch: &str) -> String {
    let lines = patch.split_terminator('\n').skip(2);
    let escape = |c: char| {
        let stays = matches!(c, '"' | '\'' | '\\') || !c.is_control() && !c.is_whitespace();
        if stays || c == ' ' {
            c.to_string()
        } else {
            c.escape_default().to_string()
        }
    };
    lines
        .map(|line| line.chars().map(escape).collect::<String>() + "\n")
        .collect()
}

/// Takes the keys out of `spec.addOns` of every cluster.
fn without(documents: &mut Value, keys: &[&str]) {
    for document in documents.as_array_mut().into_iter().flatten() {
        if document.is_array() {
            without(document, keys);
        } else if document["kind"] == "list" {
            without(&mut document["items"], keys);
        } else if document["kind"] == "mk8s"
            && let Some(spec) = document.get_mut("spec").and_then(Value::as_object_mut)
        {
            let mut add_ons = spec.shift_remove("addOns").unwrap_or_default();
            if let Some(map) = add_ons.as_object_mut() {
                map.retain(|key, value| !value.is_null() && !keys.contains(&key.as_str()));
                if !map.is_empty() {
                    spec.insert("addOns".to_owned(), add_ons);
                }
            }
        }
    }
}

#[test]
fn five_readers_see_nothing_else_changed() {
    let env = Env::new();
    let mut edits = Vec::new();
    for (name, input) in cases() {
        for (deed, keys) in DEEDS {
            let (code, output, _) = done(&env, deed, &input);
            if code == 0 {
                let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
                edits.push((format!("{name}: {deed}"), keys, text(&input), text(&output)));
            }
        }
    }
    assert!(edits.len() > 800, "only {} edits were done", edits.len());
    let before: Vec<String> = edits.iter().map(|(.., before, _)| before.clone()).collect();
    let after: Vec<String> = edits.iter().map(|(.., after)| after.clone()).collect();
    let mut bad = Vec::new();
    for reader in [
        Reader::JsYaml,
        Reader::PyYaml,
        Reader::LibYaml,
        Reader::Ruamel,
        Reader::Eemeli,
    ] {
        let mut read = 0;
        let both = read_yaml(reader, &before)
            .into_iter()
            .zip(read_yaml(reader, &after));
        for ((name, keys, ..), both) in edits.iter().zip(both) {
            match both {
                (Ok(mut before), Ok(mut after)) => {
                    read += 1;
                    without(&mut before, keys);
                    without(&mut after, keys);
                    if before != after {
                        bad.push(format!("{reader:?}: {name}: {before} and then {after}"));
                    }
                }
                // What was in its way may have gone.
                (Err(_), _) => {}
                // To this reader a lone CR at the end of the file is no end of a line.
                (Ok(_), Err(_)) if name.starts_with("crlf-last-cr-only") => {}
                (Ok(_), Err(why)) => bad.push(format!("{reader:?}: {name}: {why}")),
            }
        }
        assert!(read * 10 > edits.len() * 8, "{reader:?} reads only {read}");
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

#[test]
fn comments_and_blank_lines_give_yamllint_nothing_new() {
    const RULES: [&str; 4] = [
        "comments",
        "comments-indentation",
        "empty-lines",
        "trailing-spaces",
    ];
    let env = Env::new();
    for (name, input) in cases() {
        for (number, (deed, _)) in DEEDS.iter().enumerate() {
            let (code, output, _) = done(&env, deed, &input);
            if code == 0 && deed.starts_with("disable") {
                env.write(&format!("before/{name}.{number}.yaml"), &input);
                env.write(&format!("after/{name}.{number}.yaml"), output);
            }
        }
    }
    let found = |folder: &str| {
        let run = env
            .program(
                &installed("python/bin/yamllint"),
                &["-f", "parsable", "-d", "{extends: default}", folder],
            )
            .run();
        let mut counts: BTreeMap<(String, &str), usize> = BTreeMap::new();
        for line in run.stdout.lines() {
            for rule in RULES
                .iter()
                .filter(|rule| line.ends_with(&format!("({rule})")))
            {
                let file = line.split(':').next().unwrap_or_default();
                let file = file.trim_start_matches(folder).to_owned();
                *counts.entry((file, rule)).or_default() += 1;
            }
        }
        assert!(counts.len() > 10, "{run}");
        counts
    };
    let (before, after) = (found("before"), found("after"));
    let new: Vec<_> = after
        .into_iter()
        .filter(|(key, count)| before.get(key).is_none_or(|before| before < count))
        // The blank line is a part of the text above it.
        .filter(|((file, _), _)| !file.contains("bs-in-addon-mid"))
        .collect();
    assert!(new.is_empty(), "{new:?}");
}

#[test]
fn git_takes_the_patch_of_a_dry_run_byte_for_byte() {
    let env = Env::new();
    let _ = env.sh("git init -q .").run().ok();
    for (name, text) in [
        ("c/lf.yaml", aws("a1", &["logs: {}"])),
        (
            "c/crlf.yaml",
            aws("a1", &["logs: {}"]).replace('\n', "\r\n"),
        ),
        (
            "mixed é \"x\".yaml",
            aws("a1", &["logs: {}"]).replace("spec:\n", "spec:\r\n"),
        ),
        ("bom.yaml", format!("\u{feff}{}", aws("a1", &["logs: {}"]))),
        ("end.yaml", aws("a1", &["logs: {}"]).trim_end().to_owned()),
        (
            "odd.yaml",
            aws("a1", &["logs: {} # \u{202e}\u{85}x\u{1f600}"]),
        ),
    ] {
        env.write(name, &text);
        for deed in ["enable", "disable"] {
            let addon = if deed == "enable" { "headlamp" } else { "logs" };
            let words = ["addon", deed, addon, "-f", name];
            let run = env
                .mk8s(&[&words[..], &["--dry-run", "-o", "patch"]].concat())
                .run();
            if name == "odd.yaml" && run.code == 6 {
                continue;
            }
            let run = run.exits(0);
            assert_eq!(env.text(name), text, "a dry run writes nothing");
            env.write("the.patch", &run.bytes);
            let _ = env.sh("git apply --whitespace=nowarn the.patch").run().ok();
            let patched = env.read(name);
            env.write(name, &text);
            let _ = env.mk8s(&words).run().ok();
            assert_eq!(env.read(name), patched, "{name}: {deed}");
            env.write(name, &text);
        }
    }
    for line in [
        "addon list -o patch",
        "addon enable logs -f c/lf.yaml -o patch",
    ] {
        let _ = env.line(line).run().exits(2).err("a dry run on files only");
    }
}

#[test]
fn a_closed_stdout_loses_no_manifest_in_silence() {
    let env = Env::new();
    env.write("a.yaml", aws("a1", &[]));
    let binary = env!("CARGO_BIN_EXE_mk8s");
    let edit = format!("{binary} addon enable headlamp -f - < a.yaml");
    let _ = env
        .sh(&format!("{edit} >&-"))
        .run()
        .exits(1)
        .err("stdout is closed");
    let _ = env.sh(&format!("{edit} >/dev/null")).run().ok();
    let _ = env.sh(&format!("{edit} | grep -q headlamp")).run().ok();
}

#[test]
fn files_are_named_by_patterns_and_without_a_flag() {
    let mut env = Env::new();
    for name in ["a", "b"] {
        env.write(
            &format!("c/{name}.yaml"),
            aws(&format!("{name}{name}"), &[]),
        );
    }
    env.write("c/.hidden.yaml", "kind: mk8s\nname: [\n");
    let all = ["addon", "enable", "headlamp", "-f", "c/*.yaml"];
    let _ = env
        .mk8s(&all)
        .run()
        .ok()
        .out("Enabled headlamp in c/b.yaml");
    for words in [
        &["addon", "enable", "logs", "-f", "c/a.yaml", "c/b.yaml"][..],
        &["addon", "list", "-f", "c/a.yaml", "c/b.yaml"],
    ] {
        let run = env.mk8s(words).run().exits(2);
        assert!(
            run.stderr
                .contains("quote a pattern, as in -f 'clusters/*.yaml'"),
            "{run}"
        );
    }
    let _ = env.line("check c/a.yaml c/b.yaml").run().ok();
    let _ = env.line("check -f c/a.yaml c/b.yaml").run().ok();
    let _sandbox = Sandbox::start(&mut env, &[]);
    let _ = env.line("diff c/a.yaml c/b.yaml").run().ok();
    let _ = env.line("apply --dry-run c/a.yaml c/b.yaml").run().ok();
    let _ = env.line("apply --dry-run").run().exits(2);
    env.write("none.yaml", "a: 1\n");
    let _ = env
        .line("check none.yaml c/a.yaml")
        .run()
        .exits(3)
        .err("no cluster is in none.yaml");
    let _ = env.line("check --allow-empty none.yaml").run().ok();
    let _ = env.line("check -f 'd/*.yaml'").run().exits(3);
}

#[test]
fn the_hook_works_with_pre_commit() {
    let mut env = Env::new();
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/.pre-commit-hooks.yaml");
    let hook = fs::read_to_string(root)
        .unwrap()
        .replace("\n  ", "\n      ")
        .replace("- id:", "    - id:");
    env.write(
        ".pre-commit-config.yaml",
        format!("repos:\n- repo: local\n  hooks:\n{hook}"),
    );
    let binary = std::path::Path::new(env!("CARGO_BIN_EXE_mk8s"));
    let folder = binary.parent().unwrap().to_str().unwrap().to_owned();
    let python = installed("python/bin");
    let path = format!("{folder}:{}:/usr/bin:/bin", python.display());
    env.set("PATH", &path);
    env.set("PRE_COMMIT_HOME", env.home("pre-commit").to_str().unwrap());
    let _ = env
        .sh("git init -q . && git config user.email a@b.c && git config user.name a")
        .run()
        .ok();
    let check = |files: &[(&str, String)], passes: bool| {
        for (name, text) in files {
            env.write(name, text);
        }
        let run = env.sh("git add -A && pre-commit run").run();
        assert_eq!(run.code == 0, passes, "{run}");
        let _ = env.sh("git commit -q --no-verify -m x").run().ok();
        run
    };
    check(&[("values.yaml", "a: 1\n".to_owned())], true);
    check(&[("c/a.yaml", aws("a1", &[]))], true);
    check(
        &[("c/b.yaml", aws("b1", &[])), ("c/c.yaml", aws("c1", &[]))],
        true,
    );
    check(
        &[("t.yaml", TEMPLATE.to_owned()), ("x.json", "{}".to_owned())],
        true,
    );
    let run = check(
        &[
            ("c/d.yaml", aws("d1", &["logs: true"])),
            ("c/e.yaml", aws("e1", &[])),
        ],
        false,
    );
    assert!(run.stdout.contains("addon-value-bool"), "{run}");
}
