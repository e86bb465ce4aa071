//! The trust policy that a role is to have: the published one, or one that stands in for it.

use super::SetupPlanner;
use crate::addon::issuer::ISSUING_NAME;
use crate::aws::quotable;
use crate::aws::template::{fill_account, issuer_mismatches, placeholders};
use crate::aws::trust::{self, statements};
use crate::error::{Error, Result};
use serde_json::{Value, json};

impl SetupPlanner<'_> {
    /// The published trust policy for this account, checked; `None` if it is not published yet.
    pub(super) fn template(&mut self) -> Result<Option<Value>> {
        let Some(published) = &self.facts.template else {
            return Ok(None);
        };
        // Without an issuer it cannot be judged; a whole run waits for that first.
        if self.facts.issuer.is_none() && self.request.only.is_none() {
            return Ok(None);
        }
        let filled = self.fill(published, "the trust policy that the cluster publishes")?;
        let allows =
            |statement: &&Value| statement.get("Effect").and_then(Value::as_str) == Some("Allow");
        if !statements(&filled).iter().any(allows) {
            return Err(self
                .refused()
                .because("the trust policy that the cluster publishes allows nothing"));
        }
        Ok(Some(filled))
    }

    pub(super) fn fill(&mut self, published: &Value, what: &str) -> Result<Value> {
        let document = trust::parse(published).map_err(|reason| {
            self.refused()
                .because(format!("{what} cannot be read: {reason}"))
        })?;
        let filled = fill_account(
            &document,
            &self.target.account,
            Some(&self.target.partition),
        );
        let mut findings = placeholders(&filled.document);
        if let Some(issuer) = &self.facts.issuer {
            findings.extend(issuer_mismatches(&filled.document, issuer.url()));
        }
        if !findings.is_empty() {
            let error = self.refused().because(format!("{what} cannot be used"));
            return Err(findings.into_iter().fold(error, Error::because));
        }
        for before in &filled.replaced {
            let after = if before.starts_with("aws") {
                self.target.partition.as_str()
            } else {
                self.target.account.as_str()
            };
            let warning = format!(
                "{what} had `{}` in Principal.Federated; {after} stands there now",
                quotable(before)
            );
            if !self.replaced.contains(&warning) {
                self.replaced.push(warning);
            }
        }
        Ok(filled.document)
    }

    /// The workload-identity template narrowed to this issuer and audience.
    pub(super) fn interim_template(&mut self) -> Result<Value> {
        let (Some(issuer), Some(provider)) = (&self.facts.issuer, &self.target.provider_arn) else {
            return Err(self.refused().because("the cluster has no issuer URL yet"));
        };
        let mut condition = json!({});
        if let Some(published) = &self.facts.workload_template
            && let Ok(document) = trust::parse(published)
            && let Some(tests) = statements(&document)
                .first()
                .and_then(|statement| statement.get("Condition")?.as_object())
        {
            // A test with a placeholder is for the user's own pods; it would keep ours out.
            for (operator, keys) in tests {
                for (key, value) in keys.as_object().into_iter().flatten() {
                    if placeholders(&json!({ key.as_str(): value })).is_empty() {
                        condition[operator][key] = value.clone();
                    }
                }
            }
        }
        condition["StringEquals"][format!("{}:aud", issuer.bare())] =
            Value::from(self.facts.audience.as_str());
        let template = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow",
            "Principal": {"Federated": provider},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": condition,
        }]});
        self.fill(&template, &format!("the trust policy of {ISSUING_NAME}"))
    }
}
