//! Parsing, planning and editing on a manifest of 1,000 clusters (5 MB), made from the fixtures.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
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
use std::time::{Duration, Instant};

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

/// Clusters as people keep them, nothing wrong with any: about 5 KB each.
fn sound() -> String {
    let mut text = String::new();
    for n in 0..DOCUMENTS {
        write!(
            text,
            "---\nkind: mk8s\nname: c{n:04}\nspec:\n  version: 1.33.5\n  firewall:\n"
        )
        .unwrap();
        for office in 0..64 {
            writeln!(
                text,
                "    - sourceCIDR: 10.{office}.0.0/16  # a comment\n      description: \"office {office}\""
            )
            .unwrap();
        }
        text.push_str(
            "  provider:\n    generic:\n      location: aws-us-west-2\n      nodePools:\n        - name: compute\n  \
             addOns:\n    headlamp: {}\n    metrics:\n      kubeState: true\n      scrapeAnnotated:\n        \
             includeNamespaces: ^shop-.*$\n",
        );
    }
    text
}

/// To hold documents against the schema takes at most as long as to parse them. Both are taken in turns, so
/// that whatever else the machine does hits both.
fn schema(_: &mut Criterion) {
    let text = sound();
    let (mut parsing, mut both) = (Duration::MAX, Duration::MAX);
    for _ in 0..15 {
        let bytes = text.clone().into_bytes();
        let began = Instant::now();
        let manifest = Manifest::parse_whole("big.yaml", bytes).unwrap();
        parsing = parsing.min(began.elapsed());
        for document in manifest.documents() {
            let flaws = mk8s::validate::document(document, &document.value(), None);
            assert!(flaws.is_none(), "a sound document is found wrong");
            black_box(flaws);
        }
        both = both.min(began.elapsed());
    }
    let ratio = both.as_secs_f64() / parsing.as_secs_f64();
    println!(
        "validate {:.1} MB: parsed in {parsing:.1?}, parsed and held against the schema in {both:.1?}, \
         {ratio:.2} times",
        text.len() as f64 / 1e6
    );
    assert!(ratio <= 2.0, "{ratio:.2} times the parsing");
}

criterion_group!(benches, manifests, schema);
criterion_main!(benches);
