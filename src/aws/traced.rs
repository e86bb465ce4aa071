//! IAM and STS with a line for every call, for `--debug` and for counting.
//!
//! The lines hold the action, what it is about, how it ended and how long it took; never a document
//! or a credential.

use super::ecr::Ecr;
use super::iam::{Answer, Caller, Cause, Failure, Iam, NewProvider, NewRole, Provider, Role};
use super::name::Tags;
use super::quotable;
use super::repository::Repository;
use crate::consent::Permit;
use std::time::Instant;

/// Tells every call to `trace`, and passes it on.
pub struct Traced<I, F> {
    inner: I,
    trace: F,
}

impl<I, F: Fn(&str)> Traced<I, F> {
    /// Calls of `inner` are told to `trace`, one line each without a line break.
    pub fn new(inner: I, trace: F) -> Self {
        Self { inner, trace }
    }

    async fn tell<T>(
        &self,
        action: &str,
        about: &str,
        call: impl Future<Output = Answer<T>>,
    ) -> Answer<T> {
        let start = Instant::now();
        let answer = call.await;
        let about = if about.is_empty() {
            String::new()
        } else {
            format!(" {}", quotable(about))
        };
        let end = answer
            .as_ref()
            .err()
            .map_or_else(|| "ok".to_owned(), ending);
        let time = start.elapsed().as_millis();
        (self.trace)(&format!("aws {action}{about}: {end} ({time} ms)"));
        answer
    }
}

fn ending(failure: &Failure) -> String {
    let cause = match &failure.cause {
        Cause::Code(code) => quotable(code),
        Cause::Status(status) => format!("status {status}"),
        Cause::Credentials(_) => "no credentials".to_owned(),
        Cause::Unreachable => "not reached".to_owned(),
        Cause::TimedOut => "timed out".to_owned(),
        Cause::Endpoint | Cause::Other => "failed".to_owned(),
    };
    match &failure.request_id {
        Some(id) => format!("{cause}, request {}", quotable(id)),
        None => cause,
    }
}

impl<I: Iam, F: Fn(&str)> Iam for Traced<I, F> {
    async fn caller(&self) -> Answer<Caller> {
        self.tell("sts:GetCallerIdentity", "", self.inner.caller())
            .await
    }

    async fn provider(&self, arn: &str) -> Answer<Option<Provider>> {
        let call = self.inner.provider(arn);
        self.tell("iam:GetOpenIDConnectProvider", arn, call).await
    }

    async fn providers(&self) -> Answer<Vec<String>> {
        let call = self.inner.providers();
        self.tell("iam:ListOpenIDConnectProviders", "", call).await
    }

    async fn role(&self, name: &str) -> Answer<Option<Role>> {
        self.tell("iam:GetRole", name, self.inner.role(name)).await
    }

    async fn roles(&self) -> Answer<Vec<(String, String)>> {
        self.tell("iam:ListRoles", "", self.inner.roles()).await
    }

    async fn attached(&self, role: &str) -> Answer<Option<Vec<String>>> {
        let call = self.inner.attached(role);
        self.tell("iam:ListAttachedRolePolicies", role, call).await
    }

    async fn inline(&self, role: &str) -> Answer<Option<Vec<String>>> {
        let call = self.inner.inline(role);
        self.tell("iam:ListRolePolicies", role, call).await
    }

    async fn inline_policy(&self, role: &str, policy: &str) -> Answer<Option<String>> {
        let call = self.inner.inline_policy(role, policy);
        self.tell("iam:GetRolePolicy", &format!("{role} {policy}"), call)
            .await
    }

    async fn instance_profiles(&self, role: &str) -> Answer<Vec<String>> {
        let call = self.inner.instance_profiles(role);
        self.tell("iam:ListInstanceProfilesForRole", role, call)
            .await
    }

    async fn policy(&self, arn: &str) -> Answer<Option<String>> {
        self.tell("iam:GetPolicy", arn, self.inner.policy(arn))
            .await
    }

    async fn policy_text(&self, arn: &str, version: &str) -> Answer<Option<String>> {
        let call = self.inner.policy_text(arn, version);
        self.tell("iam:GetPolicyVersion", &format!("{arn} {version}"), call)
            .await
    }

    async fn trust_quota(&self) -> Answer<Option<usize>> {
        let call = self.inner.trust_quota();
        self.tell("iam:GetAccountSummary", "", call).await
    }

    async fn create_provider(&self, provider: &NewProvider, permit: &Permit) -> Answer<()> {
        let call = self.inner.create_provider(provider, permit);
        self.tell("iam:CreateOpenIDConnectProvider", &provider.url, call)
            .await
    }

    async fn add_audience(&self, arn: &str, audience: &str, permit: &Permit) -> Answer<()> {
        let call = self.inner.add_audience(arn, audience, permit);
        let about = format!("{arn} {audience}");
        self.tell("iam:AddClientIDToOpenIDConnectProvider", &about, call)
            .await
    }

    async fn set_thumbprints(&self, arn: &str, list: &[String], permit: &Permit) -> Answer<()> {
        let call = self.inner.set_thumbprints(arn, list, permit);
        self.tell("iam:UpdateOpenIDConnectProviderThumbprint", arn, call)
            .await
    }

    async fn delete_provider(&self, arn: &str, permit: &Permit) -> Answer<()> {
        let call = self.inner.delete_provider(arn, permit);
        self.tell("iam:DeleteOpenIDConnectProvider", arn, call)
            .await
    }

    async fn create_role(&self, role: &NewRole, permit: &Permit) -> Answer<()> {
        let call = self.inner.create_role(role, permit);
        self.tell("iam:CreateRole", &role.arn, call).await
    }

    async fn set_trust(&self, role: &str, document: &str, permit: &Permit) -> Answer<()> {
        let call = self.inner.set_trust(role, document, permit);
        self.tell("iam:UpdateAssumeRolePolicy", role, call).await
    }

    async fn attach(&self, role: &str, policy: &str, permit: &Permit) -> Answer<()> {
        let call = self.inner.attach(role, policy, permit);
        self.tell("iam:AttachRolePolicy", &format!("{role} {policy}"), call)
            .await
    }

    async fn detach(&self, role: &str, policy: &str, permit: &Permit) -> Answer<()> {
        let call = self.inner.detach(role, policy, permit);
        self.tell("iam:DetachRolePolicy", &format!("{role} {policy}"), call)
            .await
    }

    async fn delete_role(&self, role: &str, permit: &Permit) -> Answer<()> {
        let call = self.inner.delete_role(role, permit);
        self.tell("iam:DeleteRole", role, call).await
    }

    async fn tag_role(&self, role: &str, tags: &Tags, permit: &Permit) -> Answer<()> {
        let call = self.inner.tag_role(role, tags, permit);
        self.tell("iam:TagRole", role, call).await
    }

    async fn untag_role(&self, role: &str, keys: &[String], permit: &Permit) -> Answer<()> {
        let call = self.inner.untag_role(role, keys, permit);
        self.tell("iam:UntagRole", role, call).await
    }
}

impl<I: Ecr, F: Fn(&str)> Ecr for Traced<I, F> {
    async fn repository_policy(&self, repository: &Repository) -> Answer<Option<String>> {
        let call = self.inner.repository_policy(repository);
        self.tell("ecr:GetRepositoryPolicy", &repository.arn, call)
            .await
    }

    async fn set_repository_policy(
        &self,
        repository: &Repository,
        text: &str,
        permit: &Permit,
    ) -> Answer<()> {
        let call = self.inner.set_repository_policy(repository, text, permit);
        self.tell("ecr:SetRepositoryPolicy", &repository.arn, call)
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::fake::{Fake, Fault};
    use std::cell::RefCell;

    #[tokio::test]
    async fn every_call_is_one_line_under_the_name_that_policies_use() {
        let fake = Fake::new("111122223333", "aws");
        fake.faults
            .replace(vec![Fault::new("iam:DeleteRole", "DeleteConflict")]);
        let lines = RefCell::new(Vec::new());
        let iam = Traced::new(fake, |line: &str| lines.borrow_mut().push(line.to_owned()));
        let (permit, tags) = (Permit::for_a_test(), Tags::new());
        let role = NewRole {
            arn: "arn:aws:iam::111122223333:role/r".into(),
            name: "r".into(),
            path: "/".into(),
            trust: serde_json::json!({"Statement": {"Effect": "Allow"}}),
            description: String::new(),
            boundary: None,
            max_session: None,
            tags: Tags::new(),
        };
        iam.caller().await.unwrap();
        iam.create_role(&role, &permit).await.unwrap();
        iam.role("r\n").await.unwrap();
        iam.roles().await.unwrap();
        iam.attached("r").await.unwrap();
        iam.inline("r").await.unwrap();
        iam.inline_policy("r", "p").await.unwrap();
        iam.instance_profiles("r").await.unwrap();
        iam.policy("p").await.unwrap();
        iam.policy_text("p", "v1").await.unwrap();
        iam.trust_quota().await.unwrap();
        iam.provider("p").await.unwrap();
        iam.providers().await.unwrap();
        let arn = "arn:aws:iam::111122223333:oidc-provider/h.example";
        let provider = NewProvider {
            arn: arn.into(),
            url: "https://h.example".into(),
            audience: "a".into(),
            thumbprint: None,
            tags: tags.clone(),
        };
        iam.create_provider(&provider, &permit).await.unwrap();
        let list = ["0".repeat(40)];
        iam.set_thumbprints(arn, &list, &permit).await.unwrap();
        iam.add_audience(arn, "b", &permit).await.unwrap();
        iam.delete_provider(arn, &permit).await.unwrap();
        let trust = r#"{"Statement":[{"Effect":"Deny"}]}"#;
        iam.set_trust("r", trust, &permit).await.unwrap();
        let policy = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly";
        iam.attach("r", policy, &permit).await.unwrap();
        iam.detach("r", policy, &permit).await.unwrap();
        iam.tag_role("r", &tags, &permit).await.unwrap();
        iam.untag_role("r", &[], &permit).await.unwrap();
        iam.delete_role("r", &permit).await.unwrap_err();

        let lines = lines.borrow();
        let log = iam.inner.log.borrow();
        assert_eq!(lines.len(), log.len());
        for (line, action) in lines.iter().zip(log.iter()) {
            assert!(
                line.starts_with(&format!("aws {action}")),
                "{line}, not {action}"
            );
            assert!(!line.contains('\n') && !line.contains("Deny"), "{line}");
        }
        let last = lines.last().unwrap();
        assert!(
            last.starts_with("aws iam:DeleteRole r: DeleteConflict, request request-1 ("),
            "{last}"
        );
    }
}
