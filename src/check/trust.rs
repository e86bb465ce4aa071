//! The checks of the group *aws* that judge the role's trust policy. Pure.

use super::aws_view::AwsView;
use super::words::{judged, or_pass};
use super::{Finding, Scene};
use crate::aws::cover::compare;
use crate::aws::merge::{is_ours, merge};
use crate::aws::normal::{self, Statement};
use crate::aws::published::{self, ExpectedTrust};
use crate::aws::quotable;
use crate::aws::standing::Standing;
use crate::aws::state::LEAST_TRUST_QUOTA;
use crate::aws::template::{fill_account, issuer_mismatches, placeholders};
use crate::aws::trust::{label, parse, parse_text, shown, size as size_of, statements, titled};
use crate::aws::who::{HomeCluster, LetIn};
use crate::invocation::Invocation;
use serde_json::Value;

/// The share of the quota, in percent, from which there is no room for another statement.
const FULL: usize = 85;

/// The role's trust policy, or the finding that says why it cannot be judged.
fn existing(view: &AwsView<'_>) -> Result<Value, Finding> {
    let role = view
        .role()
        .ok_or_else(|| Finding::skip("the role was not found"))?;
    parse_text(&role.trust)
        .map_err(|reason| Finding::fail("the role's trust policy cannot be read").evidence(reason))
}

/// The trust policy that the cluster publishes, made fit for the account.
fn wanted(view: &AwsView<'_>) -> Result<Value, Finding> {
    let published = view
        .cluster
        .template
        .as_ref()
        .ok_or_else(|| Finding::skip("the cluster publishes no trust policy yet"))?;
    let odd = |evidence: String| {
        Finding::fail("the trust policy that the cluster publishes is odd").evidence(evidence)
    };
    let document = parse(published).map_err(odd)?;
    let target = view.target;
    let filled = fill_account(&document, &target.account, Some(&target.partition)).document;
    let mut findings = placeholders(&filled);
    if let Some(issuer) = &view.cluster.issuer {
        findings.extend(issuer_mismatches(&filled, issuer.url()));
    }
    match findings.into_iter().next() {
        Some(finding) => Err(odd(finding)),
        None => Ok(filled),
    }
}

/// How the role's trust policy stands to what the cluster publishes.
fn standing(view: &AwsView<'_>, existing: &Value) -> Result<Standing, Finding> {
    let wanted = wanted(view)?;
    let provider = view.target.provider_arn.as_deref();
    Ok(Standing::of(existing, &wanted, provider, view.iam.seen_at))
}

/// Whether a statement of the role's trust policy stands against what the cluster needs.
pub(super) fn denies(scene: &Scene<'_>) -> bool {
    AwsView::with_role(scene)
        .and_then(|view| standing(&view, &existing(&view)?))
        .is_ok_and(|standing| matches!(standing, Standing::Denied(_)))
}

pub(super) fn has_statement(scene: &Scene<'_>) -> Vec<Finding> {
    judged(AwsView::with_role(scene).and_then(|view| {
        let existing = existing(&view)?;
        let standing = standing(&view, &existing)?;
        Ok(match &standing {
            Standing::Identical => Finding::pass("the trust policy is the published one"),
            Standing::Covered => {
                Finding::pass("the trust policy allows what the cluster publishes")
            }
            Standing::Otherwise(difference) => {
                Finding::warn("the trust policy lets the cluster in, but not by what it publishes")
                    .evidence(difference.describe())
                    .fix(view.setup().plain("--only trust"))
            }
            Standing::Missing(difference) => {
                Finding::fail("the trust policy does not allow what the cluster publishes")
                    .evidence(difference.describe())
                    .fix(view.setup().plain("--only trust"))
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
        let view = AwsView::with_role(scene)?;
        let existing = existing(&view)?;
        let home = HomeCluster::of(view.cluster, view.target, view.iam.seen_at);
        let sid = view.cluster.sid();
        let is_ours = |statement: &Value| sid.as_deref().is_some_and(|sid| is_ours(statement, sid));
        let published = wanted(&view).ok();
        let is_published = |statement: &Value| {
            let published = published.as_ref().map_or_else(Vec::new, normal::view);
            published.contains(&Statement::new(statement))
        };
        let mut findings = Vec::new();
        for (index, statement) in statements(&existing).into_iter().enumerate() {
            if is_ours(statement) && is_published(statement) {
                // Judged as setup judges it before it is written.
                let found = published_of(&view, statement, index);
                if !found.is_empty() {
                    findings.push(
                        Finding::fail("the published trust policy lets in more than it has to")
                            .evidence(format!("{}; the cluster publishes it so", found.join("; "))),
                    );
                }
                continue;
            }
            let name = label(statement, index);
            let who = LetIn::of_statement(&existing, index, &home);
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
            findings.push(match mended(&view, &existing, &home) {
                Some(document) => finding.fix(replacing(&view, &document)),
                None => finding,
            });
        }
        let who = LetIn::of(&existing, &home);
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
fn published_of(view: &AwsView<'_>, statement: &Value, index: usize) -> Vec<String> {
    let (Some(issuer), Some(provider)) = (&view.cluster.issuer, &view.target.provider_arn) else {
        return Vec::new();
    };
    let expected = ExpectedTrust {
        cluster: &view.cluster.name,
        issuer: issuer.bare(),
        provider,
        audience: &view.cluster.audience,
    };
    published::one(statement, index, expected).told()
}

/// The document with our own statement as it is published and all others as they are; `None` where
/// that would not narrow it.
fn mended(view: &AwsView<'_>, existing: &Value, home: &HomeCluster<'_>) -> Option<Value> {
    let (sid, wanted) = (view.cluster.sid()?, wanted(view).ok()?);
    if !LetIn::of(&wanted, home).open().is_empty() {
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
    judged(AwsView::with_role(scene).and_then(|view| {
        let existing = existing(&view)?;
        let quota = view
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
fn replacing(view: &AwsView<'_>, document: &Value) -> Invocation {
    let role = view.role().map_or("", |role| role.name.as_str());
    Invocation::aws("iam update-assume-role-policy")
        .flag("--role-name", role)
        .flag("--policy-document", document.to_string())
}
