//! Whether an IAM role exists, asked of an emulator: for a server that refuses the ARN of a role
//! that is not there (control-plane.md 8.7: nobody knows whether the platform does).

use crate::arn::RoleArn;
use serde_json::Value;
use std::time::Duration;

/// How long the emulator may take.
const LIMIT: Duration = Duration::from_secs(5);

/// The roles that must exist before a cluster may name them.
#[derive(Debug, Default)]
pub(super) struct Roles {
    /// Their names.
    pub(super) names: Vec<String>,
    /// The emulator of IAM.
    pub(super) iam: Option<String>,
}

impl Roles {
    /// The names of required roles that the body sets and IAM does not have.
    pub(super) async fn absent(&self, body: &[u8]) -> Vec<String> {
        if self.names.is_empty() {
            return Vec::new();
        }
        let mut arns = Vec::new();
        if let Ok(body) = serde_json::from_slice::<Value>(body) {
            collect(&body, &mut arns);
        }
        let mut absent = Vec::new();
        for arn in arns {
            if self.names.iter().any(|name| name == arn.name())
                && !self.exists(&arn).await.unwrap_or(false)
            {
                absent.push(arn.name().to_owned());
            }
        }
        absent
    }

    /// Emulators take unsigned requests; the header is moto's for the account.
    async fn exists(&self, arn: &RoleArn) -> reqwest::Result<bool> {
        let Some(iam) = &self.iam else {
            return Ok(false);
        };
        // The client wants a provider of cryptography even for plain http; a second one is refused.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .no_proxy()
            .tls_certs_only([])
            .timeout(LIMIT)
            .build()?;
        let answer = client
            .post(iam)
            .header("x-moto-account-id", arn.account().as_str())
            .header(
                "authorization",
                "AWS4-HMAC-SHA256 Credential=sandbox/20260101/us-east-1/iam/aws4_request, \
                 SignedHeaders=host, Signature=0",
            )
            .header("content-type", "application/x-www-form-urlencoded")
            .body(format!(
                "Action=GetRole&Version=2010-05-08&RoleName={}",
                arn.name()
            ))
            .send()
            .await?;
        Ok(answer.status().is_success())
    }
}

/// Every role ARN that stands under a `roleArn`.
fn collect(value: &Value, arns: &mut Vec<RoleArn>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(text) if name == "roleArn" => arns.extend(text.parse()),
                    value => collect(value, arns),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, arns)),
        _ => {}
    }
}
