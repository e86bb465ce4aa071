//! IAM and STS through the AWS SDK.
//!
//! How AWS is reached is `connect`'s business, whose name the calls are made in that of
//! `credentials`. The SDK repeats throttled and failed attempts a few times; everything beyond that
//! is decided in `apply`.

use super::connect::AwsSession;
use super::credentials::NamedProfile;
use super::failure::{done, failure, found, unreadable};
use super::iam::{
    AwsFailure, Caller, Cause, Iam, IamAnswer, NewProvider, NewRole, OidcProvider, Role,
};
use super::name::Tags;
use crate::consent::Permit;
use aws_sdk_iam::types::Tag;
use percent_encoding::percent_decode_str;

/// IAM and STS by the AWS SDK.
#[derive(Debug, Clone)]
pub(crate) struct Sdk {
    iam: aws_sdk_iam::Client,
    sts: aws_sdk_sts::Client,
    named: Option<NamedProfile>,
}

impl Sdk {
    /// Nothing is sent, except what the credential chain itself needs when the first call is made.
    pub(crate) fn new(session: &AwsSession) -> Self {
        Self {
            iam: session.iam(),
            sts: session.sts(),
            named: session.named.clone(),
        }
    }
}

impl Iam for Sdk {
    async fn caller(&self) -> IamAnswer<Caller> {
        let action = "sts:GetCallerIdentity";
        let answer = self
            .sts
            .get_caller_identity()
            .send()
            .await
            .map_err(|error| AwsFailure {
                profile: self.named.clone(),
                ..failure(action, &error)
            })?;
        let arn = answer.arn().unwrap_or_default().to_owned();
        let partition = arn.split(':').nth(1).filter(|it| !it.is_empty());
        let account = answer.account().unwrap_or_default().parse();
        match (partition.map(str::to_owned), account) {
            (Some(partition), Ok(account)) => Ok(Caller {
                account,
                arn,
                partition,
            }),
            _ => Err(unreadable(action)),
        }
    }

    async fn provider(&self, arn: &str) -> IamAnswer<Option<OidcProvider>> {
        let action = "iam:GetOpenIDConnectProvider";
        let call = self
            .iam
            .get_open_id_connect_provider()
            .open_id_connect_provider_arn(arn);
        let answer = found(action, call.send().await)?;
        Ok(answer.map(|answer| OidcProvider {
            client_ids: answer.client_id_list().to_vec(),
            thumbprints: answer.thumbprint_list().to_vec(),
            tags: from_tags(answer.tags()),
        }))
    }

    async fn providers(&self) -> IamAnswer<Vec<String>> {
        let action = "iam:ListOpenIDConnectProviders";
        let answer = self
            .iam
            .list_open_id_connect_providers()
            .send()
            .await
            .map_err(|error| failure(action, &error))?;
        let list = answer.open_id_connect_provider_list().iter();
        Ok(list
            .filter_map(|entry| entry.arn().map(str::to_owned))
            .collect())
    }

    async fn role(&self, name: &str) -> IamAnswer<Option<Role>> {
        let action = "iam:GetRole";
        let answer = found(action, self.iam.get_role().role_name(name).send().await)?;
        let Some(answer) = answer else {
            return Ok(None);
        };
        let role = answer.role().ok_or_else(|| unreadable(action))?;
        let used = role.role_last_used().and_then(|used| {
            let date = used.last_used_date()?;
            let format = aws_sdk_iam::primitives::DateTimeFormat::DateTime;
            let region = used.region().unwrap_or_default().to_owned();
            Some((date.fmt(format).ok()?, region))
        });
        Ok(Some(Role {
            arn: role.arn().to_owned(),
            name: role.role_name().to_owned(),
            trust: decode(role.assume_role_policy_document().unwrap_or_default()),
            tags: from_tags(role.tags()),
            boundary: role
                .permissions_boundary()
                .and_then(|boundary| boundary.permissions_boundary_arn())
                .map(str::to_owned),
            max_session: role.max_session_duration(),
            last_used: used,
        }))
    }

    async fn roles(&self) -> IamAnswer<Vec<(String, String)>> {
        let action = "iam:ListRoles";
        let mut pages = self.iam.list_roles().into_paginator().items().send();
        let mut roles = Vec::new();
        while let Some(role) = pages.next().await {
            let role = role.map_err(|error| failure(action, &error))?;
            let trust = decode(role.assume_role_policy_document().unwrap_or_default());
            roles.push((role.arn().to_owned(), trust));
        }
        Ok(roles)
    }

    async fn attached(&self, role: &str) -> IamAnswer<Option<Vec<String>>> {
        let action = "iam:ListAttachedRolePolicies";
        let call = self.iam.list_attached_role_policies().role_name(role);
        let mut pages = call.into_paginator().items().send();
        let mut policies = Vec::new();
        while let Some(policy) = pages.next().await {
            match found(action, policy)? {
                Some(policy) => policies.extend(policy.policy_arn().map(str::to_owned)),
                None => return Ok(None),
            }
        }
        Ok(Some(policies))
    }

    async fn inline(&self, role: &str) -> IamAnswer<Option<Vec<String>>> {
        let action = "iam:ListRolePolicies";
        let call = self.iam.list_role_policies().role_name(role);
        let mut pages = call.into_paginator().items().send();
        let mut names = Vec::new();
        while let Some(name) = pages.next().await {
            match found(action, name)? {
                Some(name) => names.push(name),
                None => return Ok(None),
            }
        }
        Ok(Some(names))
    }

    async fn inline_policy(&self, role: &str, policy: &str) -> IamAnswer<Option<String>> {
        let action = "iam:GetRolePolicy";
        let call = self.iam.get_role_policy().role_name(role);
        let answer = found(action, call.policy_name(policy).send().await)?;
        Ok(answer.map(|answer| decode(answer.policy_document())))
    }

    async fn instance_profiles(&self, role: &str) -> IamAnswer<Vec<String>> {
        let action = "iam:ListInstanceProfilesForRole";
        let call = self.iam.list_instance_profiles_for_role().role_name(role);
        let mut pages = call.into_paginator().items().send();
        let mut names = Vec::new();
        while let Some(profile) = pages.next().await {
            if let Some(profile) = found(action, profile)? {
                names.push(profile.instance_profile_name().to_owned());
            }
        }
        Ok(names)
    }

    async fn policy(&self, arn: &str) -> IamAnswer<Option<String>> {
        let action = "iam:GetPolicy";
        let answer = found(action, self.iam.get_policy().policy_arn(arn).send().await)?;
        Ok(answer.map(|answer| {
            let policy = answer.policy();
            policy
                .and_then(|policy| policy.default_version_id())
                .unwrap_or("v1")
                .to_owned()
        }))
    }

    async fn policy_text(&self, arn: &str, version: &str) -> IamAnswer<Option<String>> {
        let action = "iam:GetPolicyVersion";
        let call = self.iam.get_policy_version().policy_arn(arn);
        let answer = found(action, call.version_id(version).send().await)?;
        Ok(answer
            .as_ref()
            .and_then(|answer| answer.policy_version()?.document())
            .map(decode))
    }

    async fn trust_quota(&self) -> IamAnswer<Option<usize>> {
        let action = "iam:GetAccountSummary";
        let answer = self
            .iam
            .get_account_summary()
            .send()
            .await
            .map_err(|error| failure(action, &error))?;
        let key = aws_sdk_iam::types::SummaryKeyType::AssumeRolePolicySizeQuota;
        Ok(answer
            .summary_map()
            .and_then(|map| map.get(&key))
            .and_then(|&quota| usize::try_from(quota).ok()))
    }

    async fn create_provider(&self, provider: &NewProvider, _permit: &Permit) -> IamAnswer<()> {
        let action = "iam:CreateOpenIDConnectProvider";
        let call = self
            .iam
            .create_open_id_connect_provider()
            .url(&provider.url)
            .client_id_list(&provider.audience)
            .set_thumbprint_list(provider.thumbprint.clone().map(|it| vec![it]))
            .set_tags(Some(to_tags(action, &provider.tags)?));
        done(action, call.send().await)
    }

    async fn add_audience(&self, arn: &str, audience: &str, _permit: &Permit) -> IamAnswer<()> {
        let call = self
            .iam
            .add_client_id_to_open_id_connect_provider()
            .open_id_connect_provider_arn(arn)
            .client_id(audience);
        done("iam:AddClientIDToOpenIDConnectProvider", call.send().await)
    }

    async fn set_thumbprints(&self, arn: &str, list: &[String], _permit: &Permit) -> IamAnswer<()> {
        let call = self
            .iam
            .update_open_id_connect_provider_thumbprint()
            .open_id_connect_provider_arn(arn)
            .set_thumbprint_list(Some(list.to_vec()));
        done(
            "iam:UpdateOpenIDConnectProviderThumbprint",
            call.send().await,
        )
    }

    async fn delete_provider(&self, arn: &str, _permit: &Permit) -> IamAnswer<()> {
        let call = self
            .iam
            .delete_open_id_connect_provider()
            .open_id_connect_provider_arn(arn);
        done("iam:DeleteOpenIDConnectProvider", call.send().await)
    }

    async fn create_role(&self, role: &NewRole, _permit: &Permit) -> IamAnswer<()> {
        let action = "iam:CreateRole";
        let call = self
            .iam
            .create_role()
            .role_name(&role.name)
            .path(&role.path)
            .description(&role.description)
            .assume_role_policy_document(role.trust.to_string())
            .set_permissions_boundary(role.boundary.clone())
            .set_max_session_duration(role.max_session)
            .set_tags(Some(to_tags(action, &role.tags)?));
        done(action, call.send().await)
    }

    async fn set_trust(&self, role: &str, document: &str, _permit: &Permit) -> IamAnswer<()> {
        let call = self.iam.update_assume_role_policy().role_name(role);
        done(
            "iam:UpdateAssumeRolePolicy",
            call.policy_document(document).send().await,
        )
    }

    async fn attach(&self, role: &str, policy: &str, _permit: &Permit) -> IamAnswer<()> {
        let call = self.iam.attach_role_policy().role_name(role);
        done("iam:AttachRolePolicy", call.policy_arn(policy).send().await)
    }

    async fn detach(&self, role: &str, policy: &str, _permit: &Permit) -> IamAnswer<()> {
        let call = self.iam.detach_role_policy().role_name(role);
        done("iam:DetachRolePolicy", call.policy_arn(policy).send().await)
    }

    async fn delete_role(&self, role: &str, _permit: &Permit) -> IamAnswer<()> {
        let call = self.iam.delete_role().role_name(role);
        done("iam:DeleteRole", call.send().await)
    }

    async fn tag_role(&self, role: &str, tags: &Tags, _permit: &Permit) -> IamAnswer<()> {
        let action = "iam:TagRole";
        let call = self.iam.tag_role().role_name(role);
        done(
            action,
            call.set_tags(Some(to_tags(action, tags)?)).send().await,
        )
    }

    async fn untag_role(&self, role: &str, keys: &[String], _permit: &Permit) -> IamAnswer<()> {
        let call = self.iam.untag_role().role_name(role);
        done(
            "iam:UntagRole",
            call.set_tag_keys(Some(keys.to_vec())).send().await,
        )
    }
}

/// IAM percent-encodes documents; a plus sign stays one.
fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn from_tags(tags: &[Tag]) -> Tags {
    tags.iter()
        .map(|tag| (tag.key().to_owned(), tag.value().to_owned()))
        .collect()
}

fn to_tags(action: &'static str, tags: &Tags) -> IamAnswer<Vec<Tag>> {
    tags.iter()
        .map(|(key, value)| Tag::builder().key(key).value(value).build())
        .collect::<Result<_, _>>()
        .map_err(|error| AwsFailure {
            action,
            cause: Cause::Other,
            message: error.to_string(),
            ..AwsFailure::default()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_percent_decoded_and_plus_stays() {
        assert_eq!(decode("%7B%22a%22%3A%20%22x+y%22%7D"), r#"{"a": "x+y"}"#);
    }
}
