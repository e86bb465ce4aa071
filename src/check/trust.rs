//! The checks of the group *aws* that judge the role's trust policy. Pure.

use super::scene::quote;
use super::seer::Seer;
use super::words::judged;
use super::{Finding, Scene};
use crate::aws::cover::{Verdict, compare, over_broad as broad};
use crate::aws::quotable;
use crate::aws::state::LEAST_TRUST_QUOTA;
use crate::aws::template::{fill_account, issuer_mismatches, placeholders};
use crate::aws::trust::{label, parse, parse_text, size as size_of, statements};
use serde_json::Value;

/// The share of the quota, in percent, from which there is no room for another statement.
const FULL: usize = 85;

/// The role's trust policy, or the finding that says why it cannot be judged.
fn existing(seer: &Seer<'_>) -> Result<Value, Finding> {
    let role = seer
        .role()
        .ok_or_else(|| Finding::skip("the role was not found"))?;
    parse_text(&role.trust)
        .map_err(|reason| Finding::fail("the role's trust policy cannot be read").evidence(reason))
}

/// The trust policy that the cluster publishes, made fit for the account.
fn wanted(seer: &Seer<'_>) -> Result<Value, Finding> {
    let published = seer
        .cluster
        .template
        .as_ref()
        .ok_or_else(|| Finding::skip("the cluster publishes no trust policy yet"))?;
    let odd = |evidence: String| {
        Finding::fail("the trust policy that the cluster publishes is odd").evidence(evidence)
    };
    let document = parse(published).map_err(odd)?;
    let target = seer.target;
    let filled = fill_account(&document, &target.account, Some(&target.partition)).document;
    let mut findings = placeholders(&filled);
    if let Some(issuer) = &seer.cluster.issuer {
        findings.extend(issuer_mismatches(&filled, issuer.url()));
    }
    match findings.into_iter().next() {
        Some(finding) => Err(odd(finding)),
        None => Ok(filled),
    }
}

pub(super) fn has_statement(scene: &Scene<'_>) -> Vec<Finding> {
    judged(Seer::with_role(scene).and_then(|seer| {
        let (existing, wanted) = (existing(&seer)?, wanted(&seer)?);
        Ok(match compare(&existing, &wanted) {
            Verdict::Identical => Finding::pass("the trust policy is the published one"),
            Verdict::Covered => Finding::pass("the trust policy allows what the cluster publishes"),
            Verdict::Missing(difference) => {
                Finding::fail("the trust policy does not allow what the cluster publishes")
                    .evidence(difference.describe())
                    .fix(seer.setup(scene, " --only trust"))
            }
            Verdict::Denied(statement) => {
                let without = without(&existing, |one, at| {
                    one.get("Effect").and_then(Value::as_str) == Some("Deny")
                        && label(one, at) == statement
                });
                let finding = Finding::fail("the trust policy denies what the cluster needs")
                    .evidence(format!("{statement} denies it, or may"));
                match without {
                    Some(document) => finding.fix(replacing(scene, &seer, &document)),
                    None => finding.fix(seer.setup(scene, " --only trust --replace-trust")),
                }
            }
        })
    }))
}

pub(super) fn over_broad(scene: &Scene<'_>) -> Vec<Finding> {
    judged(Seer::with_role(scene).and_then(|seer| {
        let existing = existing(&seer)?;
        let provider = seer.target.provider_arn.as_deref().unwrap_or_default();
        let found = broad(&existing, provider);
        if found.is_empty() {
            return Ok(Finding::pass("the trust policy lets nobody else in"));
        }
        let narrow = without(&existing, |one, _| {
            let alone = serde_json::json!({"Statement": [one]});
            !broad(&alone, provider).is_empty()
        });
        // What is left has to do for the cluster.
        let enough = narrow.filter(|document| match wanted(&seer) {
            Ok(wanted) => compare(document, &wanted).holds(),
            Err(_) => true,
        });
        let fix = match enough {
            Some(document) => replacing(scene, &seer, &document),
            None => seer.setup(scene, " --only trust --replace-trust"),
        };
        Ok(
            Finding::fail("the trust policy lets in more than the cluster's add-on")
                .evidence(found.join("; "))
                .fix(fix),
        )
    }))
}

pub(super) fn size(scene: &Scene<'_>) -> Vec<Finding> {
    judged(Seer::with_role(scene).and_then(|seer| {
        let existing = existing(&seer)?;
        let quota = seer
            .iam
            .trust_quota
            .known()
            .copied()
            .flatten()
            .unwrap_or(LEAST_TRUST_QUOTA);
        let used = size_of(&existing);
        let text = format!("the trust policy has {used} of {quota} characters");
        if used * 100 <= quota * FULL {
            return Ok(Finding::pass(text));
        }
        let count = statements(&existing).len();
        Ok(Finding::fail(text)
            .evidence(format!("{count} statements; there is no room for another"))
            // The quota "Role trust policy length".
            .fix(scene.aws_cli(
                "service-quotas request-service-quota-increase --service-code iam \
                 --quota-code L-C07B4B0D --desired-value 4096",
            )))
    }))
}

/// The document without some statements; `None` if none would be left, which IAM does not take.
fn without(document: &Value, goes: impl Fn(&Value, usize) -> bool) -> Option<Value> {
    let kept: Vec<Value> = statements(document)
        .into_iter()
        .enumerate()
        .filter(|(at, one)| !goes(one, *at))
        .map(|(_, one)| one.clone())
        .collect();
    if kept.is_empty() {
        return None;
    }
    let mut document = document.clone();
    document["Statement"] = Value::Array(kept);
    Some(document)
}

/// The command that sets the whole trust policy.
fn replacing(scene: &Scene<'_>, seer: &Seer<'_>, document: &Value) -> String {
    let role = seer.role().map_or("", |role| role.name.as_str());
    scene.aws_cli(&format!(
        "iam update-assume-role-policy --role-name {} --policy-document {}",
        quote(&quotable(role)),
        quote(&document.to_string())
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn statements_go_and_the_last_one_does_not() {
        let document = json!({"Version": "2012-10-17", "Id": "x", "Statement": [
            {"Sid": "A", "Effect": "Allow"}, {"Effect": "Deny"}]});
        let left = without(&document, |one, _| one["Effect"] == "Deny").unwrap();
        assert_eq!(
            left,
            json!({"Version": "2012-10-17", "Id": "x", "Statement": [{"Sid": "A", "Effect": "Allow"}]})
        );
        assert_eq!(without(&document, |_, _| true), None);
        let single = json!({"Statement": {"Effect": "Deny"}});
        assert_eq!(without(&single, |_, _| true), None);
    }
}
