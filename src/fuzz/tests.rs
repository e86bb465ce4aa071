//! The kept cases first, then generated ones: always the same, unless `PROPTEST_RNG_SEED` and
//! `PROPTEST_CASES` say otherwise, as `scripts/fuzz` does.

use super::{seeds, target};
use proptest::test_runner::{Config, RngSeed, TestError, TestRunner};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// So many generated inputs of each kind.
const CASES: u32 = 400;

fn config() -> Config {
    let mut config = Config {
        failure_persistence: None,
        max_shrink_iters: 2000,
        ..Config::default()
    };
    let set = |name| std::env::var_os(name).is_some();
    if !set("PROPTEST_CASES") {
        config.cases = CASES;
    }
    if !set("PROPTEST_RNG_SEED") {
        config.rng_seed = RngSeed::Fixed(11);
    }
    config
}

fn kept_cases(name: &str) {
    let cases = seeds::kept(name);
    assert!(!cases.is_empty(), "{name} has no kept case");
    for (path, data) in cases {
        // Shown when one of them fails: then the last one.
        println!("{}", path.display());
        target(name)(&data);
    }
}

fn generated(name: &str) {
    let target = target(name);
    let result = TestRunner::new(config()).run(&seeds::inputs(name), |data| {
        target(&data);
        Ok(())
    });
    let (reason, data) = match result {
        Ok(()) => return,
        Err(TestError::Fail(reason, data)) => (reason, data),
        Err(TestError::Abort(reason)) => panic!("{reason}"),
    };
    let mut hash = DefaultHasher::new();
    data.hash(&mut hash);
    let path = seeds::folder(name).join(format!("found-{:016x}", hash.finish()));
    let kept = if std::env::var_os("MK8S_FUZZ_KEEP").is_some() {
        std::fs::write(&path, &data).unwrap();
        "it is kept as"
    } else {
        "to keep it, run scripts/fuzz, or write it to"
    };
    panic!(
        "{reason}\n\n{name} fails on b\"{}\"\n{kept} {}",
        data.escape_ascii(),
        path.display()
    );
}

#[test]
fn edit_kept() {
    kept_cases("edit");
}

#[test]
fn edit_generated() {
    generated("edit");
}

#[test]
fn trust_kept() {
    kept_cases("trust");
}

#[test]
fn trust_generated() {
    generated("trust");
}

#[test]
fn profile_kept() {
    kept_cases("profile");
}

#[test]
fn profile_generated() {
    generated("profile");
}

#[test]
fn answer_kept() {
    kept_cases("answer");
}

#[test]
fn answer_generated() {
    generated("answer");
}

#[test]
fn image_kept() {
    kept_cases("image");
}

#[test]
fn image_generated() {
    generated("image");
}
