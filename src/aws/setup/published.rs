//! What of a published trust policy is written: all that is exact, and what was accepted by name.

use super::SetupPlanner;
use crate::aws::merge::is_ours;
use crate::aws::name::Owner;
use crate::aws::plan::{TrustPlan, WrittenStatement};
use crate::aws::published::{ExpectedTrust, Judgement, Name, TrustVerdict, accepting, judge};
use crate::aws::target::{ClusterFacts, SetupRequest};
use crate::aws::trust::{label, statements};
use crate::aws::who::{HomeCluster, LetIn, statement_in_words};
use crate::error::{Error, Result};
use serde_json::Value;
use std::collections::BTreeSet;

/// What a refusal says of the document.
const PUBLISHED: &str = "the published trust policy";

impl SetupPlanner<'_> {
    /// Judges what is about to be written, before anything is made. `document` is what the role
    /// then has.
    ///
    /// Refuses what is outside unless every finding was accepted; what is broad stays open in the
    /// plan, to be asked about.
    pub(super) fn admit(&mut self, template: &Value, document: &Value) -> Result<()> {
        let Some(judgement) = self.judgement(template) else {
            return Err(self.refused().because(
                "the cluster publishes a trust policy, but no issuer by which it can be judged",
            ));
        };
        let names = judgement.names();
        let accepted: BTreeSet<Name> = names.intersection(&self.request.accept).copied().collect();
        let open: BTreeSet<Name> = names.difference(&accepted).copied().collect();
        let verdict = judgement.verdict();
        if verdict == TrustVerdict::Outside && !open.is_empty() {
            return Err(not_accepted(self.facts, self.request, &judgement, false));
        }
        self.warnings.extend(told(&judgement));
        self.trust = Some(TrustPlan {
            document: document.clone(),
            who: self.who(document),
            judgement,
            accepted,
            open,
            written: self.written(document)?,
        });
        Ok(())
    }

    /// Our statements in the document.
    fn written(&self, document: &Value) -> Result<Vec<WrittenStatement>> {
        let sid = self.sid()?;
        let found = statements(document).into_iter().enumerate();
        let ours = found.filter(|(_, statement)| is_ours(statement, &sid));
        let written = ours.map(|(index, statement)| WrittenStatement {
            name: label(statement, index),
            words: statement_in_words(statement, &self.facts.name),
            document: statement.clone(),
        });
        Ok(written.collect())
    }

    /// What is there already needs no consent.
    pub(super) fn found(&mut self, template: &Value, document: &Value) {
        let Some(judgement) = self.judgement(template) else {
            return;
        };
        let key = self.facts.owner().accepted_tag();
        let tag = self.found_role().and_then(|role| role.tags.get(&key));
        let words: Vec<&str> = tag.map_or_else(Vec::new, |tag| tag.split(' ').collect());
        let names = judgement.names();
        self.trust = Some(TrustPlan {
            document: document.clone(),
            who: self.who(document),
            accepted: names
                .into_iter()
                .filter(|it| words.contains(&it.name()))
                .collect(),
            open: BTreeSet::new(),
            written: Vec::new(),
            judgement,
        });
    }

    fn judgement(&self, template: &Value) -> Option<Judgement> {
        let expected = ExpectedTrust {
            cluster: &self.facts.name,
            issuer: self.facts.issuer.as_ref()?.bare(),
            provider: self.target.provider_arn.as_deref()?,
            audience: &self.facts.audience,
        };
        Some(judge(template, expected))
    }

    fn who(&self, document: &Value) -> String {
        let home = HomeCluster::of(self.facts, self.target, self.state.seen_at);
        LetIn::of(document, &home).to_string()
    }

    /// The tag that records what was accepted: its key, and the names if there are any.
    pub(super) fn accepted_tag(&self) -> (String, Option<String>) {
        let names = self.trust.as_ref().map(TrustPlan::consented);
        let value = names.filter(|names| !names.is_empty()).map(|names| {
            let words: Vec<&str> = names.into_iter().map(Name::name).collect();
            words.join(" ")
        });
        (Owner::accepted_tag(&self.facts.owner()), value)
    }
}

/// What is not exact, one phrase each.
fn told(judgement: &Judgement) -> Vec<String> {
    let what = match judgement.verdict() {
        TrustVerdict::Outside => "lets in more than the cluster",
        _ => "is broad",
    };
    let told = judgement.told().into_iter();
    told.map(|it| format!("{PUBLISHED} {what}: {it}")).collect()
}

/// The refusal of a trust policy that was not accepted, with the command that goes past it.
///
/// `confirmed` says whether consent by name is all that is missing, so that the command may say
/// `--yes` as well.
pub(crate) fn not_accepted(
    facts: &ClusterFacts,
    request: &SetupRequest,
    judgement: &Judgement,
    confirmed: bool,
) -> Error {
    let mut error = Error::refused(format!(
        "{} was not set up for `{}`",
        facts.side.name(),
        crate::aws::quotable(&facts.name)
    ));
    for told in told(judgement) {
        error = error.because(told);
    }
    let mut names = judgement.names();
    names.extend(&request.accept);
    let command = request.again(facts);
    let command = match request.wait {
        Some(limit) => command.tied("--wait", format!("{}s", limit.as_secs())),
        None => command,
    };
    let command = command
        .with(&accepting(&names))
        .plain_if(confirmed || request.yes, "--yes");
    error.hint(command.within("if the role is to be assumed by all of them: ", ""))
}
