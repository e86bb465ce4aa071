//! Trust policies: whatever stands in one, merging adds what is wanted, keeps what is others', and is
//! undone by removing.

use crate::aws::cover::{Coverage, compare};
use crate::aws::merge::{foreign, fresh, is_ours, merge, remove};
use crate::aws::normal::view;
use crate::aws::policy::{EntryAnswer, entry};
use crate::aws::trust::{
    dead_principals, forbidden_character, parse_text, size, stale, statements,
};
use crate::aws::who::{HomeCluster, LetIn};
use serde_json::{Value, json};

const SID: &str = "Mk8sEcr0123456789";
const PROVIDER: &str = "arn:aws:iam::111122223333:oidc-provider/oidc.example.com/c1";

/// Bytes as JSON: `existing` and `wanted`, or one policy, which is to allow what a cluster publishes.
pub fn trust(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let document = match parse_text(&text) {
        Ok(document) => document,
        Err(reason) => {
            assert!(reason.len() < 2000, "it says {reason:?}");
            return;
        }
    };
    let part = |name: &str| document.get(name).filter(|part| part.is_object());
    match (part("existing"), part("wanted")) {
        (Some(existing), Some(wanted)) => both(existing, wanted),
        _ => both(&document, &published()),
    }
}

fn published() -> Value {
    json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow",
        "Principal": {"Federated": PROVIDER},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {
            "oidc.example.com/c1:aud": "sts.amazonaws.com",
            "oidc.example.com/c1:sub": "system:serviceaccount:kube-system:ecr",
        }},
    }]})
}

fn both(existing: &Value, wanted: &Value) {
    looked_at(existing);
    looked_at(wanted);
    assert_eq!(compare(wanted, wanted), Coverage::Identical);
    let merged = merge(existing, wanted, SID);
    // Twice is once.
    assert_eq!(merge(&merged, wanted, SID).to_string(), merged.to_string());
    // Nothing of others is lost, moved or written anew.
    let others = |document: &Value| -> Vec<String> {
        let others = foreign(document, SID);
        others.into_iter().map(Value::to_string).collect()
    };
    assert_eq!(others(&merged), others(existing));
    for (key, value) in existing.as_object().into_iter().flatten() {
        assert!(
            key == "Statement" || merged.get(key) == Some(value),
            "{key}"
        );
    }
    // It allows what is wanted, unless a statement denies it.
    let denied = statements(&merged)
        .iter()
        .any(|statement| denies(statement));
    match entry(&merged, wanted, Some(PROVIDER), 0) {
        EntryAnswer::Denied { .. } | EntryAnswer::Depends { denies: true, .. } => {
            assert!(denied, "nothing denies it: {merged}");
        }
        _ => {}
    }
    match compare(&merged, wanted) {
        Coverage::Identical | Coverage::Covered => {}
        Coverage::Missing(difference) => panic!("{} of {merged}", difference.describe()),
    }
    // As it does in a role that has no policy yet.
    match compare(&fresh(wanted, SID), wanted) {
        Coverage::Identical | Coverage::Covered => {}
        other @ Coverage::Missing(_) => panic!("{other:?} of a new policy for {wanted}"),
    }
    undone(existing, wanted, &merged);
}

/// Taking ours out leaves what is others'.
fn undone(existing: &Value, wanted: &Value, merged: &Value) {
    let removal = remove(merged, Some(wanted), SID, None);
    assert_eq!(removal.removed.len(), statements(wanted).len());
    let others = foreign(existing, SID);
    match &removal.document {
        None => assert!(others.is_empty(), "a statement of others is gone: {merged}"),
        Some(left) => {
            assert_eq!(statements(left), others);
            assert!(
                !statements(left)
                    .into_iter()
                    .any(|statement| is_ours(statement, SID))
            );
            if statements(existing).len() == others.len() {
                assert_eq!(view(left), view(existing));
            }
            // Once more takes nothing.
            let again = remove(left, Some(wanted), SID, None);
            assert!(again.removed.is_empty());
            assert_eq!(again.document.as_ref(), Some(left));
        }
    }
}

/// What only looks must not stumble.
fn looked_at(document: &Value) {
    assert!(size(document) > 0);
    let _ = forbidden_character(document);
    for (statement, id) in dead_principals(document) {
        assert!(!statement.is_empty() && !id.is_empty());
    }
    for found in stale(document, |_| true) {
        assert!(found.index < statements(document).len() && !found.gone.is_empty());
    }
    let home = HomeCluster {
        cluster: "prod",
        issuer: PROVIDER.split_once(":oidc-provider/").map(|(_, it)| it),
        account: PROVIDER.split(':').nth(4).unwrap_or_default(),
        partition: "aws",
        published: None,
        now: 0,
    };
    let told = LetIn::of(document, &home).to_string();
    assert!(!told.chars().any(char::is_control), "{told:?}");
}

fn denies(statement: &Value) -> bool {
    statement.get("Effect").and_then(Value::as_str) == Some("Deny")
}
