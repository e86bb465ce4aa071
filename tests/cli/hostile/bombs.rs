//! Manifests that stand for far more than is written in them, within the limits of
//! docs/manifests.md: two seconds of the processor and 200 MB, as limits of the process.

use super::{no_raw, sane};
use crate::support::manifests::aws;
use crate::support::{Env, Run, Sandbox, Trial, insist};
use std::fmt::Write as _;

const HEAD: &str = "kind: mk8s\nname: prod\nspec: {version: 1.33.5, provider: {generic: {location: \
                    x}}, addOns: {metrics: {}}}\n";

/// Every command that reads a manifest.
const COMMANDS: [(&str, i32); 7] = [
    ("addon list -f a.yaml", 6),
    ("addon enable nvidia -f a.yaml", 6),
    ("addon disable metrics -f a.yaml", 6),
    ("check -f a.yaml", 11),
    ("apply -f a.yaml --yes", 6),
    ("diff -f a.yaml", 6),
    ("sandbox run --seed a.yaml -- true", 6),
];

/// Runs in two seconds of the processor and 200 MB: what is refused costs no more.
fn bounded(env: &Env, line: &str) -> Run {
    limited(env, 2, line)
}

/// Runs in as many seconds of the processor and 200 MB. What is large and sound is read to its end,
/// by a program that the tests build without optimising, on whatever processor: it may take longer
/// than a refusal.
fn limited(env: &Env, seconds: u32, line: &str) -> Run {
    let script = format!(
        "ulimit -t {seconds}; ulimit -v {}; exec {} {line}",
        200 * 1024,
        env!("CARGO_BIN_EXE_mk8s")
    );
    env.sh(&script).run()
}

/// A megabyte of text, and many aliases of it.
fn long_text(aliases: usize) -> String {
    let text = "x".repeat(1_000_000);
    let aliases = "*a,".repeat(aliases);
    format!("{HEAD}description: &a \"{text}\"\ntags: {{l: [{aliases}], z: [0]}}\n")
}

/// Documents each of which is just below the limit.
fn many_documents(documents: usize) -> String {
    let list = vec!["x"; 1_000].join(",");
    let aliases = vec!["*a"; 900].join(",");
    let one = format!("{HEAD}tags:\n  a: &a [{list}]\n  b: [{aliases}]\n");
    vec![one; documents].join("---\n")
}

/// Mappings each of which merges the one before and adds a key.
fn merge_chain(length: usize) -> String {
    let mut text = format!("{HEAD}tags:\n  b0: &b0 {{k0: 1}}\n");
    for n in 1..length {
        let _ = writeln!(text, "  b{n}: &b{n} {{<<: *b{}, k{n}: 1}}", n - 1);
    }
    text
}

/// Levels of aliases, each in one of several forms, that stand for more than 1,000,000 values.
fn any(chance: &mut fastrand::Rng) -> String {
    let mut text = format!("{HEAD}tags:\n  a0: &a0 {{x: y}}\n");
    let mut product = 1_usize;
    let mut level = 0;
    while product < 10_000_000 {
        level += 1;
        let many = 2 + chance.usize(..30);
        product *= many;
        let below = format!("*a{}", level - 1);
        let form = chance.u8(..4);
        let body = match form {
            0 => format!("[{}]", vec![below.as_str(); many].join(", ")),
            1 => {
                let entries: Vec<String> = (0..many).map(|n| format!("k{n}: {below}")).collect();
                format!("{{{}}}", entries.join(", "))
            }
            2 => format!("[[{}], x]", vec![below.as_str(); many].join(", ")),
            _ => {
                let list = vec![below.as_str(); many].join(", ");
                format!("{{k: [{list}], <<: {{x: {below}}}}}")
            }
        };
        let _ = writeln!(text, "  a{level}: &a{level} {body}");
    }
    if chance.bool() {
        // In a document that is no cluster.
        text = text.replacen("tags:", "---\nkind: gvc\ntags:", 1);
    }
    text
}

#[test]
fn what_stands_for_too_much_is_refused_by_every_command() {
    let trial = Trial::begin("hostile::bombs");
    let mut env = Env::new();
    let _sandbox = Sandbox::holding(&mut env, &[aws("prod", &[])], &[]);
    let endless = |where_: &str| format!("{HEAD}{where_}x: &x {{y: *x}}\n");
    let mut cases: Vec<(String, String)> = [
        ("a long text 3,000 times", long_text(3_000)),
        ("a long text 100,000 times", long_text(100_000)),
        ("a long text 200,000 times", long_text(200_000)),
        ("100 documents", many_documents(100)),
        ("1,000 documents", many_documents(1_000)),
        ("2,000 merge keys", merge_chain(2_000)),
        ("20,000 merge keys", merge_chain(20_000)),
        (
            "10 documents of 600 merge keys",
            vec![merge_chain(600); 10].join("---\n"),
        ),
        ("an endless alias", endless("")),
        ("an endless alias beside", endless("---\nkind: gvc\n")),
        ("a tower of lists", {
            let mut text = format!("{HEAD}tags:\n  a0: &a0 {{x: 1}}\n");
            for n in 1..140 {
                let (open, close) = ("[".repeat(90), "]".repeat(90));
                let _ = writeln!(text, "  a{n}: &a{n} {open}*a{}{close}", n - 1);
            }
            text
        }),
    ]
    .map(|(name, text)| (name.to_owned(), text))
    .into();
    for number in 0..trial.scale(6, 200) {
        let text = any(&mut trial.chance(number));
        cases.push((format!("generated {number}"), text));
    }
    for (index, (name, text)) in cases.iter().enumerate() {
        env.write("a.yaml", text);
        // Each case meets two commands, and the first and the second all of them.
        let commands = COMMANDS.iter().enumerate();
        for (at, (line, code)) in commands {
            if index >= 2 && at != index % 7 && at != (index + 3) % 7 {
                continue;
            }
            let name = format!("{name}: {line}");
            let run = bounded(&env, line);
            let judge = || {
                sane(&name, &run);
                insist!(run.code == *code, "{code} was expected\n{run}");
                let said = format!("{}{}", run.stdout, run.stderr);
                let endless = said.contains("so it never ends");
                insist!(said.contains("is too large") || endless, "{run}");
                insist!(said.contains("a.yaml:"), "no place\n{run}");
                insist!(env.text("a.yaml") == *text, "the file is changed");
                Ok(())
            };
            trial.count(&name, judge());
        }
    }
    trial.end();
}

#[test]
fn what_is_only_large_is_read_whole() {
    let env = Env::new();
    for (name, text) in [
        ("600 merge keys", merge_chain(600)),
        (
            "a million empty documents",
            format!("{HEAD}{}", "---\n".repeat(1_000_000)),
        ),
        ("60 copies of a long text", long_text(60)),
    ] {
        env.write("a.yaml", &text);
        let listed = limited(&env, 6, "addon list -f a.yaml -o json");
        sane(name, &listed);
        assert_eq!(listed.code, 0, "{name}\n{listed}");
        let run = limited(&env, 6, "addon enable nvidia -f a.yaml");
        sane(name, &run);
        assert_eq!(run.code, 0, "{name}\n{run}");
        let with = text.replacen("metrics: {}", "metrics: {}, nvidia: {}", 1);
        assert_eq!(env.text("a.yaml"), with, "{name}");
    }
    // More nodes than aliases may add, and not one alias.
    let mut text = format!("{HEAD}tags:\n");
    for n in 0..=1_000_000 {
        let _ = writeln!(text, "  k{n}: v");
    }
    env.write("a.yaml", &text);
    let run = env.line("addon list -f a.yaml -o name").run().ok();
    run.out("metrics");
}

/// Were each key looked up by a walk over all, this would take minutes.
#[test]
fn twenty_thousand_add_ons_are_edited_in_seconds() {
    let env = Env::new();
    let block = |without: Option<usize>, more: &str| {
        let mut text = "kind: mk8s\nname: prod\nspec:\n  addOns:\n".to_owned();
        for n in (0..20_000).filter(|n| Some(*n) != without) {
            let _ = write!(text, "    k{n}:\n      setting: {n}\n");
        }
        text + more
    };
    env.write("a.yaml", block(None, ""));
    for (line, after) in [
        (
            "addon enable nvidia -f a.yaml",
            block(None, "    nvidia: {}\n"),
        ),
        ("addon disable nvidia -f a.yaml", block(None, "")),
        ("addon disable k9999 -f a.yaml", block(Some(9_999), "")),
    ] {
        let run = limited(&env, 6, line).ok();
        sane(line, &run);
        assert!(env.text("a.yaml") == after, "{line}\n{run}");
    }
}

#[test]
fn many_findings_are_counted_and_not_all_listed() {
    let env = Env::new();
    let twice = format!("{HEAD}tags:\n{}", "  a: 1\n".repeat(300_000));
    let mut unknown = HEAD.replace("metrics: {}}}", "");
    for n in 0..20_000 {
        let _ = write!(unknown, "k{n}: {}, ", if n % 2 == 0 { "{}" } else { "1" });
    }
    unknown.push_str("}}\n");
    for (text, words) in [
        (
            &twice,
            &["299899 more keys are written twice in a.yaml"][..],
        ),
        (
            &unknown,
            &[
                "19900 more add-ons are not known to this mk8s in a.yaml",
                "9900 more add-ons are not mappings in a.yaml",
            ],
        ),
    ] {
        env.write("a.yaml", text);
        let mut run = limited(&env, 6, "check -f a.yaml").exits(11);
        no_raw("check", &run.stdout);
        assert!(run.stdout.len() < 100_000, "{} bytes", run.stdout.len());
        for words in words {
            run = run.out(words);
        }
    }
}
