//! Parsing, planning and editing on a manifest of 1,000 clusters (5 MB), made from the fixtures.

#![expect(
    clippy::unwrap_used,
    reason = "a failed step of a benchmark is a failed benchmark"
)]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use mk8s::addon::by_key;
use mk8s::change::Change;
use mk8s::cluster::Cluster;
use mk8s::manifest::{Edit, Manifest};
use mk8s::plan::{AddonRequest, TargetWords, Verb, Wish, plan};
use serde_json::json;
use std::fmt::Write as _;
use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

const DOCUMENTS: usize = 1000;

/// The fixtures in turn, each with a list of taints so long that a document has about 5 KB.
fn text() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/manifests");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let fixtures: Vec<String> = files
        .iter()
        .map(|file| std::fs::read_to_string(file).unwrap())
        .collect();
    let mut text = String::new();
    for n in 0..DOCUMENTS {
        let fixture = &fixtures[n % fixtures.len()];
        if !fixture.starts_with("---") {
            text.push_str("---\n");
        }
        text.push_str(fixture);
        text.push_str("taints:\n");
        for key in 0..(5000usize.saturating_sub(fixture.len())) / 64 {
            writeln!(
                text,
                "  - key: dedicated-{key:04}  # a comment\n    value: \"database\""
            )
            .unwrap();
        }
    }
    text
}

fn request() -> AddonRequest {
    AddonRequest {
        addon: mk8s::addon::NamedAddon::Known(by_key("nvidia").unwrap()),
        verb: Verb::Enable(Wish::default()),
        expected: Vec::new(),
        companions: false,
        force: false,
    }
}

fn manifests(criterion: &mut Criterion) {
    let text = text();
    let mut group = criterion.benchmark_group("1000 clusters");
    group
        .sample_size(10)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(5))
        .throughput(Throughput::Bytes(text.len() as u64));
    let parse = || Manifest::parse("big.yaml", text.clone().into_bytes()).unwrap();
    group.bench_function("parse", |bencher| bencher.iter(|| black_box(parse())));

    let manifest = parse();
    let read = || -> Vec<Cluster> {
        manifest
            .clusters()
            .map(|document| Cluster::new(document.value()))
            .collect()
    };
    group.bench_function("read", |bencher| bencher.iter(|| black_box(read())));

    let place = TargetWords {
        words: "in big.yaml".to_owned(),
        flags: mk8s::invocation::CommandFlags::new().file("big.yaml"),
    };
    let read = read();
    group.bench_function("plan", |bencher| {
        bencher.iter(|| {
            for cluster in &read {
                black_box(plan(cluster, &request(), &place).unwrap());
            }
        });
    });

    let edits: Vec<Edit> = manifest
        .clusters()
        .map(|document| Edit {
            document: document.number,
            changes: vec![Change::set(&["nvidia"], json!({}))],
        })
        .collect();
    group.bench_function("edit, with the proof", |bencher| {
        bencher.iter(|| black_box(manifest.edit(&edits).unwrap()));
    });
    group.bench_function("edit one of them", |bencher| {
        bencher.iter(|| black_box(manifest.edit(&edits[500..501]).unwrap()));
    });
    group.finish();
}

criterion_group!(benches, manifests);
criterion_main!(benches);
