//! The checks of the group *aws* that judge the role's trust policy. Pure.

use super::seer::Seer;
use super::words::{judged, or_pass};
use super::{Finding, Scene};
use crate::aws::cover::compare;
use crate::aws::merge::{is_ours, merge};
use crate::aws::normal::{Statement, view};
use crate::aws::published::{self, Expected};
use crate::aws::quotable;
use crate::aws::standing::Standing;
use crate::aws::state::LEAST_TRUST_QUOTA;
use crate::aws::template::{fill_account, issuer_mismatches, placeholders};
use crate::aws::trust::{label, parse, parse_text, shown, size as size_of, statements, titled};
use crate::aws::who::{Home, Who};
use crate::invocation::Invocation;
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

/// How the role's trust policy stands to what the cluster publishes.
fn standing(seer: &Seer<'_>, existing: &Value) -> Result<Standing, Finding> {
    let wanted = wanted(seer)?;
    let provider = seer.target.provider_arn.as_deref();
    Ok(Standing::of(existing, &wanted, provider, seer.iam.seen_at))
}

/// Whether a statement of the role's trust policy stands against what the cluster needs.
pub(super) fn denies(scene: &Scene<'_>) -> bool {
    Seer::with_role(scene)
        .and_then(|seer| standing(&seer, &existing(&seer)?))
        .is_ok_and(|standing| matches!(standing, Standing::Denied(_)))
}

pub(super) fn has_statement(scene: &Scene<'_>) -> Vec<Finding> {
    judged(Seer::with_role(scene).and_then(|seer| {
        let existing = existing(&seer)?;
        let standing = standing(&seer, &existing)?;
        Ok(match &standing {
            Standing::Identical => Finding::pass("the trust policy is the published one"),
            Standing::Covered => {
                Finding::pass("the trust policy allows what the cluster publishes")
            }
            Standing::Otherwise(difference) => {
                Finding::warn("the trust policy lets the cluster in, but not by what it publishes")
                    .evidence(difference.describe())
                    .fix(seer.setup().plain("--only trust"))
            }
            Standing::Missing(difference) => {
                Finding::fail("the trust policy does not allow what the cluster publishes")
                    .evidence(difference.describe())
                    .fix(seer.setup().plain("--only trust"))
            }
            Standing::Vain(subject) => {
                Finding::fail("the trust policy does not let the cluster in").evidence(format!(
                    "no token of `{}` meets the conditions that the cluster publishes",
                    quotable(subject)
                ))
            }
            // Whoever denies means it: what stands in the way is shown, and never taken away.
            Standing::Denied(statement) => {
                Finding::fail("the trust policy denies what the cluster needs").evidence(format!(
                    "{statement} denies it; {}",
                    whose(&existing, statement)
                ))
            }
            Standing::Depends { statement, .. } => {
                Finding::unknown("whether the trust policy lets the cluster in is unknown")
                    .evidence(format!(
                        "{}, which cannot be known from here; {} is {}",
                        standing.condition().unwrap_or_default(),
                        titled(statement),
                        shown(&existing, statement)
                    ))
            }
        })
    }))
}

pub(super) fn over_broad(scene: &Scene<'_>) -> Vec<Finding> {
    let judge = || {
        let seer = Seer::with_role(scene)?;
        let existing = existing(&seer)?;
        let home = Home::of(seer.cluster, seer.target, seer.iam.seen_at);
        let sid = seer.cluster.sid();
        let is_ours = |statement: &Value| sid.as_deref().is_some_and(|sid| is_ours(statement, sid));
        let published = wanted(&seer).ok();
        let is_published = |statement: &Value| {
            let published = published.as_ref().map_or_else(Vec::new, view);
            published.contains(&Statement::new(statement))
        };
        let mut findings = Vec::new();
        for (index, statement) in statements(&existing).into_iter().enumerate() {
            if is_ours(statement) && is_published(statement) {
                // Judged as setup judges it before it is written.
                let found = published_of(&seer, statement, index);
                if !found.is_empty() {
                    findings.push(
                        Finding::fail("the published trust policy lets in more than it has to")
                            .evidence(format!("{}; the cluster publishes it so", found.join("; "))),
                    );
                }
                continue;
            }
            let name = label(statement, index);
            let who = Who::of_statement(&existing, index, &home);
            let open = who.open().iter();
            let found: Vec<String> = open.map(|it| format!("{name} lets in {it}")).collect();
            if found.is_empty() {
                continue;
            }
            let finding = Finding::fail("the trust policy lets in more than the cluster's add-on");
            let found = found.join("; ");
            if !is_ours(statement) {
                let whose = whose(&existing, &name);
                findings.push(finding.evidence(format!("{found}; {whose}")));
                continue;
            }
            let finding = finding.evidence(format!("{found}; the statement is this cluster's own"));
            findings.push(match mended(&seer, &existing, &home) {
                Some(document) => finding.fix(replacing(&seer, &document)),
                None => finding,
            });
        }
        let who = Who::of(&existing, &home);
        Ok((findings, who))
    };
    match judge() {
        Ok((findings, who)) => or_pass(findings, || {
            Finding::pass(format!("the role may be assumed by {who}"))
        }),
        Err(finding) => vec![finding],
    }
}

/// What in one of our statements is not exact.
fn published_of(seer: &Seer<'_>, statement: &Value, index: usize) -> Vec<String> {
    let (Some(issuer), Some(provider)) = (&seer.cluster.issuer, &seer.target.provider_arn) else {
        return Vec::new();
    };
    let expected = Expected {
        cluster: &seer.cluster.name,
        issuer: issuer.bare(),
        provider,
        audience: &seer.cluster.audience,
    };
    published::one(statement, index, expected).told()
}

/// The document with our own statement as it is published and all others as they are; `None` where
/// that would not narrow it.
fn mended(seer: &Seer<'_>, existing: &Value, home: &Home<'_>) -> Option<Value> {
    let (sid, wanted) = (seer.cluster.sid()?, wanted(seer).ok()?);
    if !Who::of(&wanted, home).open().is_empty() {
        return None;
    }
    let document = merge(existing, &wanted, &sid);
    compare(&document, &wanted).holds().then_some(document)
}

/// A statement of somebody else, as it stands, and who may change it.
fn whose(document: &Value, name: &str) -> String {
    format!(
        "{} of the role's trust policy is {}; its owner has to change it",
        titled(name),
        shown(document, name)
    )
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
            .fix(Invocation::aws(
                "service-quotas request-service-quota-increase --service-code iam \
                 --quota-code L-C07B4B0D --desired-value 4096",
            )))
    }))
}

/// The command that sets the whole trust policy.
fn replacing(seer: &Seer<'_>, document: &Value) -> Invocation {
    let role = seer.role().map_or("", |role| role.name.as_str());
    Invocation::aws("iam update-assume-role-policy")
        .flag("--role-name", role)
        .flag("--policy-document", document.to_string())
}
