//! The text of manifests.

use super::{ON, no_raw, sane, within};
use crate::support::manifests::aws;
use crate::support::{Env, Trial, insist};
use std::fmt::Write as _;
use std::time::Duration;

/// A cluster, and behind it a document of another kind with this in it.
fn beside(other: &str) -> String {
    format!("{}---\nkind: gvc\nname: x\n{other}", aws("prod", &[ON]))
}

/// A cluster with this in its spec.
fn inside(spec: &str) -> String {
    format!("{}{spec}", aws("prod", &[ON]))
}

fn bomb() -> String {
    let mut text = "  a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..40 {
        let alias = format!("*a{}, ", level - 1).repeat(10);
        let _ = writeln!(
            text,
            "  a{level}: &a{level} [{}]",
            alias.trim_end_matches(", ")
        );
    }
    text
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn manifests_that_were_made_to_hurt_end_soon_in_little_memory() {
    let trial = Trial::begin("hostile::manifests");
    let megabyte = trial.scale(100 << 10, 1 << 20);
    let many = trial.scale(10_000, 100_000);
    let deep_block = |levels: usize| {
        let mut text = String::new();
        for level in 0..levels {
            let _ = writeln!(text, "{:1$}k:", "", level * 2 + 2);
        }
        text
    };
    let list = "- ".repeat(100_000);
    let cases: Vec<(&str, String, i32)> = vec![
        (
            "flow depth",
            inside(&format!("  x: {}\n", "[".repeat(100_000))),
            6,
        ),
        (
            "closed flow depth",
            inside(&format!(
                "  x: {}{}\n",
                "[".repeat(100_000),
                "]".repeat(100_000)
            )),
            6,
        ),
        (
            "map depth",
            inside(&format!("  x: {}\n", "{a: ".repeat(100_000))),
            6,
        ),
        ("block depth", inside(&deep_block(2_000)), 6),
        ("list depth", inside(&format!("  x:\n  {list}\n")), 6),
        (
            "depth beside",
            beside(&format!("x: {}{}\n", "[".repeat(3_000), "]".repeat(3_000))),
            6,
        ),
        (
            "JSON depth",
            format!("{{\"kind\":\"mk8s\",\"a\":{}", "[".repeat(500_000)),
            6,
        ),
        (
            "questions",
            inside(&format!("  x:\n  {}\n", "? ".repeat(50_000))),
            6,
        ),
        ("bomb inside", inside(&bomb()), 6),
        ("bomb beside", beside(&format!("spec:\n{}", bomb())), 6),
        ("endless alias", inside("  x: &x [*x]\n"), 6),
        ("endless alias beside", beside("x: &x {y: *x}\n"), 6),
        (
            "merge bomb",
            inside(
                "  m0: &m0 {a: 1}\n  m1: &m1 {<<: [*m0, *m0, *m0]}\n  m2: {<<: [*m1, *m1, *m1]}\n",
            ),
            0,
        ),
        (
            "many anchors",
            inside(&(0..many).fold("  x:\n".to_owned(), |mut text, n| {
                let _ = writeln!(text, "  - &a{n} 1");
                text
            })),
            0,
        ),
        (
            "many keys",
            inside(&(0..many).fold("  x:\n".to_owned(), |mut text, n| {
                let _ = writeln!(text, "    k{n}: 1");
                text
            })),
            0,
        ),
        (
            "a key of a megabyte",
            inside(&format!("  {}: 1\n", "k".repeat(1 << 20))),
            6,
        ),
        (
            "a line of 10 megabytes",
            inside(&format!("  x: {}\n", "y".repeat(megabyte * 10))),
            0,
        ),
        (
            "a quoted line of 10 megabytes",
            inside(&format!("  x: \"{}\"\n", "\\u263a".repeat(megabyte))),
            0,
        ),
        (
            "a comment of 10 megabytes",
            inside(&format!("# {}\n", "y".repeat(megabyte * 10))),
            0,
        ),
        (
            "a fault in a line of 10 megabytes",
            inside(&format!("  x: [{}\n", "y".repeat(megabyte * 10))),
            6,
        ),
        ("spaces", inside(&" ".repeat(megabyte * 10)), 0),
        ("tabs", inside(&"\t".repeat(megabyte * 10)), 0),
        ("empty lines", inside(&"\n".repeat(megabyte * 10)), 0),
        (
            "many empty documents",
            format!("{}{}", aws("prod", &[ON]), "---\n".repeat(100_000)),
            0,
        ),
        ("NUL", inside("  x: \"\0\"\n"), 6),
        ("only NUL", "\0".repeat(megabyte * 10), 6),
        ("an escape", inside("  x: \u{1b}[31m\n"), 6),
        ("C1", inside("  x: \u{9b}31m\n"), 6),
        ("a mark in the middle", inside("  x: a\u{feff}b\n"), 0),
        (
            "a tag of a megabyte",
            inside(&format!("  x: !{} y\n", "t".repeat(1 << 20))),
            0,
        ),
        (
            "many directives",
            format!("{}---\n{}", "%FOO bar\n".repeat(10_000), aws("prod", &[ON])),
            0,
        ),
        ("nothing", String::new(), 3),
        ("only a mark", "\u{feff}".to_owned(), 3),
        ("only a comment", "# x".to_owned(), 3),
        ("only a marker", "---".to_owned(), 3),
        ("a scalar", "mk8s".to_owned(), 3),
        ("a number", "1e999".to_owned(), 3),
    ];
    let check = |name: &str, text: &str, code: i32| {
        let env = Env::new();
        env.write("a.yaml", text);
        let run = within(&env, 700, "addon enable aws-ecr -f a.yaml");
        sane(name, &run);
        insist!(run.code == code, "{code} was expected\n{run}");
        let after = env.text("a.yaml");
        if code == 0 {
            let added = after.len() - text.len();
            insist!(added == "    awsECR: {}\n".len(), "{added} more bytes");
            insist!(after.contains("    awsECR: {}\n"), "it is not on");
        } else {
            insist!(after == text, "the file is changed");
        }
        let read = within(&env, 700, "addon list -f a.yaml");
        sane(name, &read);
        Ok(())
    };
    trial.each(
        &cases,
        2,
        |(name, ..)| (*name).to_owned(),
        |(name, text, code)| check(name, text, *code),
    );
    trial.end();
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    let env = Env::new();
    let mut chance = fastrand::Rng::with_seed(7);
    let noise: Vec<u8> = (0..1 << 20).map(|_| chance.u8(..)).collect();
    for (name, bytes) in [
        ("noise", noise.as_slice()),
        ("UTF-16", b"\xff\xfek\0i\0n\0d\0"),
        ("half a character", b"kind: mk8s\nname: \xe2\x98"),
        ("a surrogate", b"kind: mk8s\nname: \xed\xa0\x80\n"),
        ("a program", b"\x7fELF\x02\x01\x01\0\0\0"),
        ("gzip", b"\x1f\x8b\x08\0\0\0\0\0"),
    ] {
        env.write("a.yaml", bytes);
        let run = env.line("addon enable aws-ecr -f a.yaml").run();
        sane(name, &run);
        assert_eq!(run.code, 6, "{name}\n{run}");
        assert_eq!(env.read("a.yaml"), bytes, "{name}");
        let piped = env.line("addon enable aws-ecr -f -").stdin(bytes).run();
        sane(name, &piped);
        assert_eq!((piped.code, piped.stdout.as_str()), (6, ""), "{name}");
    }
}

#[test]
fn thousands_of_documents_and_of_faults_are_no_flood() {
    let env = Env::new();
    let many = |add_ons: &[&str]| {
        let documents: Vec<String> = (0..2_000).map(|n| aws(&format!("c{n}"), add_ons)).collect();
        documents.join("---\n")
    };
    env.write("many.yaml", many(&[ON]));
    let run = within(&env, 1_500, "addon enable aws-ecr -f many.yaml -q");
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(env.text("many.yaml"), many(&[ON, "awsECR: {}"]));
    // None of these has the prerequisite.
    env.write("many.yaml", many(&[]));
    let run = env.line("addon enable aws-ecr -f many.yaml").run().exits(6);
    assert!(run.elapsed < Duration::from_secs(25), "{:?}", run.elapsed);
    assert_eq!(env.text("many.yaml"), many(&[]));
    for number in 0..500 {
        env.write(&format!("d/{number}.yaml"), "kind: mk8s\nspec: [\n");
    }
    let run = env.line("addon enable aws-ecr -f d").run().exits(6);
    no_raw("500 files", &run.stderr);
}
