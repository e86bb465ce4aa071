//! The pull itself, tried with the token of a service account: what the cluster would do.
//!
//! No credentials of the caller are used: the token is exchanged at STS without a signature, and
//! the registry is asked with what comes back. Only reads.

use super::connect::AwsSession;
use super::failure::{failure, unreadable};
use super::iam::{AwsFailure, Cause, IamAnswer};
use super::image::{PrivateImage, default_region, partition_of_region};
use super::platform;
use crate::arn::RoleArn;
use aws_sdk_ecr::types::ImageIdentifier;
use aws_sdk_sts::config::Credentials;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use std::fmt;

/// The forms of an image's manifest that are taken.
const FORMS: [&str; 4] = [
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
];

/// How long the credentials are asked to live, in seconds: the least that STS gives.
const LIFE: i32 = 900;

/// What a role gives whoever shows the right token.
pub(crate) struct Assumed {
    /// The ARN of the session.
    pub(crate) arn: String,
    /// In the role's name.
    session: AwsSession,
}

impl fmt::Debug for Assumed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Assumed")
            .field("arn", &self.arn)
            .finish_non_exhaustive()
    }
}

/// Exchanges a token for credentials of a role.
pub(crate) async fn assume(
    session: &AwsSession,
    role: &RoleArn,
    token: &SecretString,
) -> IamAnswer<Assumed> {
    let action = "sts:AssumeRoleWithWebIdentity";
    if let Some(trouble) = session.trouble.clone() {
        return Err(AwsFailure {
            action,
            message: trouble.to_string(),
            cause: Cause::Credentials(Box::new(trouble)),
            ..AwsFailure::default()
        });
    }
    let session = session.anonymous();
    let region = match session.config().region() {
        Some(region) if partition_of_region(region.as_ref()) == role.partition() => {
            region.as_ref().to_owned()
        }
        _ => default_region(role.partition()).to_owned(),
    };
    let answer = session
        .in_region(&region)
        .sts()
        .assume_role_with_web_identity()
        .role_arn(role.to_string())
        .role_session_name("mk8s-check")
        .web_identity_token(token.expose_secret())
        .duration_seconds(LIFE)
        .send()
        .await
        .map_err(|error| failure(action, &error))?;
    let given = answer.credentials().ok_or_else(|| unreadable(action))?;
    Ok(Assumed {
        arn: answer
            .assumed_role_user()
            .map_or_else(|| role.to_string(), |user| user.arn().to_owned()),
        session: session.with_credentials(Credentials::new(
            given.access_key_id(),
            given.secret_access_key(),
            Some(given.session_token().to_owned()),
            None,
            "mk8s check --live",
        )),
    })
}

impl Assumed {
    /// Does what a node does: logs in to the image's registry, reads its manifest and asks where one
    /// of its blobs can be fetched. Gives the digest; the address is a secret and is dropped.
    pub(crate) async fn pull(&self, image: &PrivateImage) -> IamAnswer<String> {
        let ecr = self.session.in_region(&image.region).ecr();
        ecr.get_authorization_token()
            .send()
            .await
            .map_err(|error| failure("ecr:GetAuthorizationToken", &error))?;
        let found = manifest(&ecr, image).await?;
        let one = match platform::first_image(&found.content) {
            Some(digest) => {
                let one = PrivateImage {
                    digest: Some(digest.to_owned()),
                    ..image.clone()
                };
                manifest(&ecr, &one).await?.content
            }
            None => found.content,
        };
        // An image without a blob has nothing more to fetch.
        if let Some(blob) = platform::blob(&one) {
            ecr.get_download_url_for_layer()
                .registry_id(image.account.as_str())
                .repository_name(&image.repository)
                .layer_digest(blob)
                .send()
                .await
                .map_err(|error| failure("ecr:GetDownloadUrlForLayer", &error))?;
        }
        Ok(found.digest)
    }
}

/// An image's manifest as the registry has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ImageManifest {
    /// `sha256:…`
    pub(crate) digest: String,
    /// A single image or a list of images; null if it is not JSON.
    pub(crate) content: Value,
}

/// `ecr:BatchGetImage`: the manifest of the image's digest, else of its tag.
pub(super) async fn manifest(
    ecr: &aws_sdk_ecr::Client,
    image: &PrivateImage,
) -> IamAnswer<ImageManifest> {
    let action = "ecr:BatchGetImage";
    let id = match &image.digest {
        Some(digest) => ImageIdentifier::builder().image_digest(digest),
        None => ImageIdentifier::builder().image_tag(tag(image)),
    };
    let mut call = ecr
        .batch_get_image()
        .registry_id(image.account.as_str())
        .repository_name(&image.repository)
        .image_ids(id.build());
    for form in FORMS {
        call = call.accepted_media_types(form);
    }
    let answer = call.send().await.map_err(|error| failure(action, &error))?;
    if let Some(failed) = answer.failures().first() {
        let code = failed.failure_code().map(|code| code.as_str().to_owned());
        return Err(AwsFailure {
            action,
            cause: Cause::Code(code.unwrap_or_else(|| "ImageNotFound".to_owned())),
            message: failed.failure_reason().unwrap_or_default().to_owned(),
            ..AwsFailure::default()
        });
    }
    let found = answer.images().first().ok_or_else(|| unreadable(action))?;
    let digest = found.image_id().and_then(ImageIdentifier::image_digest);
    Ok(ImageManifest {
        digest: digest.ok_or_else(|| unreadable(action))?.to_owned(),
        content: found
            .image_manifest()
            .and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default(),
    })
}

/// The tag that is pulled: `latest` where none is named, as everywhere.
pub(crate) fn tag(image: &PrivateImage) -> &str {
    image.tag.as_deref().unwrap_or("latest")
}
