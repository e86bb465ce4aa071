//! Properties that hold for any trust policy, tried on random ones.

use super::cover::{Coverage, compare};
use super::merge::{foreign, merge, remove};
use super::normal::view;
use super::trust::statements;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

const SID: &str = "Mk8sEcr0123456789";
const PROVIDER: &str = "arn:aws:iam::111122223333:oidc-provider/h.example/c";

fn one_or_more(items: &'static [&'static str]) -> impl Strategy<Value = Value> {
    prop_oneof![
        prop::sample::select(items).prop_map(Value::from),
        prop::sample::subsequence(items, 1..=items.len()).prop_map(|list| json!(list)),
    ]
}

fn principal() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => one_or_more(&[PROVIDER, "arn:aws:iam::111122223333:oidc-provider/other"])
            .prop_map(|value| json!({"Federated": value})),
        1 => one_or_more(&["111122223333", "arn:aws:iam::111122223333:root", "AROAAAAAAAAAAAAAAAAAA"])
            .prop_map(|value| json!({"AWS": value})),
        1 => Just(json!("*")),
    ]
}

fn condition() -> impl Strategy<Value = Value> {
    let operator = prop::sample::select(
        &[
            "StringEquals",
            "StringLike",
            "StringNotEquals",
            "StringEqualsIfExists",
            "ForAnyValue:StringEquals",
            "Odd",
        ][..],
    );
    let key = prop::sample::select(&["h.example/c:sub", "h.example/c:aud", "aws:SourceIp"][..]);
    let test = (operator, key, one_or_more(&["a", "b", "a*", "B"]));
    prop::collection::vec(test, 0..4).prop_map(|tests| {
        let mut condition = json!({});
        for (operator, key, values) in tests {
            condition[operator][key] = values;
        }
        condition
    })
}

fn statement(effect: &'static str) -> impl Strategy<Value = Value> {
    let actions = one_or_more(&[
        "sts:AssumeRoleWithWebIdentity",
        "sts:TagSession",
        "STS:assume*",
    ]);
    (principal(), actions, condition()).prop_map(move |(principal, action, condition)| {
        json!({"Effect": effect, "Principal": principal, "Action": action, "Condition": condition})
    })
}

fn document(
    effects: &'static [&'static str],
    size: std::ops::Range<usize>,
) -> impl Strategy<Value = Value> {
    let statement = prop::sample::select(effects).prop_flat_map(statement);
    prop::collection::vec(statement, size).prop_map(|mut list| {
        for (index, statement) in list.iter_mut().enumerate() {
            statement["Sid"] = json!(format!("Foreign{index}"));
        }
        json!({"Version": "2012-10-17", "Statement": list})
    })
}

/// What the published template is: one provider, equal tests.
fn template() -> impl Strategy<Value = Value> {
    document(&["Allow"], 1..3)
}

/// The same document in other words: keys, lists and statements in another order, lists of one
/// unwrapped and single values wrapped, as `seed` decides.
fn reworded(value: &Value, seed: u64) -> Value {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut out = shuffled(value, &mut random);
    if let Some(list) = out["Statement"].as_array_mut() {
        for statement in list.iter_mut() {
            for key in ["Action", "Principal", "Condition"] {
                rewrap(&mut statement[key], &mut random);
            }
        }
        if list.len() == 1 && random.bool() {
            out["Statement"] = out["Statement"][0].clone();
        }
    }
    out
}

fn shuffled(value: &Value, random: &mut fastrand::Rng) -> Value {
    match value {
        Value::Array(list) => {
            let mut list: Vec<Value> = list.iter().map(|item| shuffled(item, random)).collect();
            random.shuffle(&mut list);
            Value::Array(list)
        }
        Value::Object(map) => {
            let mut entries: Vec<(&String, &Value)> = map.iter().collect();
            random.shuffle(&mut entries);
            let entries = entries
                .into_iter()
                .map(|(key, item)| (key.clone(), shuffled(item, random)));
            Value::Object(entries.collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

fn rewrap(value: &mut Value, random: &mut fastrand::Rng) {
    match value {
        Value::Object(map) => map.values_mut().for_each(|item| rewrap(item, random)),
        Value::String(text) if text != "*" && random.bool() => *value = json!([text]),
        Value::Array(list) if list.len() == 1 && random.bool() => *value = list[0].clone(),
        _ => {}
    }
}

fn class(verdict: &Coverage) -> &'static str {
    match verdict {
        Coverage::Identical => "identical",
        Coverage::Covered => "covered",
        Coverage::Missing(_) => "missing",
    }
}

proptest! {
    #[test]
    fn other_words_never_change_the_verdict(
        existing in document(&["Allow", "Allow", "Allow", "Deny"], 0..4),
        wanted in template(),
        seed in any::<u64>(),
    ) {
        let plain = compare(&existing, &wanted);
        let other = compare(&reworded(&existing, seed), &reworded(&wanted, seed ^ 1));
        prop_assert_eq!(class(&plain), class(&other));
    }

    #[test]
    fn a_document_says_the_same_as_itself(wanted in template(), seed in any::<u64>()) {
        prop_assert_eq!(compare(&reworded(&wanted, seed), &wanted), Coverage::Identical);
    }

    #[test]
    fn merging_covers_and_is_idempotent(existing in document(&["Allow"], 0..4), wanted in template()) {
        let merged = merge(&existing, &wanted, SID);
        prop_assert!(compare(&merged, &wanted).holds());
        prop_assert_eq!(merge(&merged, &wanted, SID).to_string(), merged.to_string());
    }

    #[test]
    fn foreign_statements_stay_byte_for_byte(
        existing in document(&["Allow", "Deny"], 0..4),
        first in template(),
        second in template(),
    ) {
        let bytes = |document: &Value| {
            foreign(document, SID).into_iter().map(Value::to_string).collect::<Vec<_>>()
        };
        let merged = merge(&merge(&existing, &first, SID), &second, SID);
        prop_assert_eq!(bytes(&merged), bytes(&existing));
    }

    #[test]
    fn removing_undoes_merging(
        existing in document(&["Allow", "Deny"], 1..4),
        wanted in template(),
        seed in any::<u64>(),
    ) {
        let existing = reworded(&existing, seed);
        let removal = remove(&merge(&existing, &wanted, SID), Some(&wanted), SID, None);
        prop_assert_eq!(removal.removed.len(), statements(&wanted).len());
        let left = removal.document.expect("foreign statements are left");
        prop_assert_eq!(view(&left), view(&existing));
    }

    #[test]
    fn adding_a_condition_never_makes_it_cover_more(
        existing in document(&["Allow"], 1..3),
        wanted in template(),
    ) {
        let mut narrower = existing.clone();
        for statement in narrower["Statement"].as_array_mut().expect("a list") {
            statement["Condition"]["IpAddress"] = json!({"aws:SourceVpc": "x"});
        }
        prop_assert!(!compare(&narrower, &wanted).holds());
    }
}
