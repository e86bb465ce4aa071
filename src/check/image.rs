//! The group *image* (`--image`): whether the image can be what the cluster pulls.

use super::aws_view::AwsView;
use super::facts::ImageFacts;
use super::words::{SAME_ACCOUNT, unknown};
use super::{Check, CheckFunction, Finding, Gate, Group, Scene, Severity, Soon, cache};
use crate::addon::AddonSide;
use crate::arn::RoleArn;
use crate::aws::ecr::{Ecr as _, EcrSdk};
use crate::aws::iam::IamAnswer;
use crate::aws::image::{Image, PrivateImage, parse};
use crate::aws::inspect::{CacheRule, Inspector};
use crate::aws::policy::PullRequest;
use crate::aws::proof::{ImageManifest, tag};
use crate::aws::region;
use crate::aws::repository::{self, Admission, Repository};
use crate::aws::state::now;
use crate::aws::trust::{shown, titled};
use crate::aws::{platform, quotable};
use crate::cluster::Cluster;
use crate::invocation::Invocation;
use serde_json::{Value, json};

pub(super) static GROUP: Group = Group {
    id: "image",
    summary: "the image, its repository and the repository's policy (--image)",
    prepare,
    checks: &[
        Check {
            id: "image-form",
            summary: "the image is one in a private ECR registry",
            needs: &[],
            severity: Severity::Failure,
            hint: "The reference has a typing error: an account that has not 12 digits, a host \
                   that is not `ACCOUNT.dkr.ecr.REGION.amazonaws.com`, a scheme, capital letters. \
                   A dual-stack host is a warning: not every node's credential provider knows it. \
                   Images elsewhere have nothing to do with aws-ecr.",
            fix: "Write the image as the reason says.",
            run: CheckFunction::Now(form),
        },
        Check {
            id: "image-partition",
            summary: "image, role and cluster are in one partition of AWS",
            needs: &["image-form"],
            severity: Severity::Failure,
            hint: "A role of one partition (aws, aws-cn, aws-us-gov, …) cannot pull from another, \
                   whatever the policies say.",
            fix: "Copy the image into a registry of the role's partition, or use a role of the \
                  image's.",
            run: CheckFunction::Now(partition),
        },
        Check {
            id: "repository-exists",
            summary: "the repository exists in that account and region",
            needs: &["image-form", "aws-identity"],
            severity: Severity::Failure,
            hint: "The name, the account or the region is wrong, or the repository was never made.",
            fix: "List the repositories that there are with `aws ecr describe-repositories`.",
            run: CheckFunction::Now(repository_exists),
        },
        Check {
            id: "image-exists",
            summary: "the tag or digest exists in the repository",
            needs: &["repository-exists"],
            severity: Severity::Failure,
            hint: "The tag was never pushed, or a lifecycle policy has removed it. An image that \
                   lacks an architecture of the cluster's nodes is a warning, where the machine \
                   types of the node pools tell it (AWS, Hetzner).",
            fix: "List the tags that there are with `aws ecr list-images`; build the image for the \
                  architectures that are shown.",
            run: CheckFunction::Now(image_exists),
        },
        Check {
            id: "pull-through-cache",
            summary: "the role may fill the pull-through cache that the image comes from",
            needs: &["image-form", "aws-identity"],
            severity: Severity::Failure,
            hint: "A warning where the image is cached already, a failure where it is not. The registry has a pull-through cache rule for the repository's prefix, and \
                   what is not cached yet takes ecr:BatchImportUpstreamImage, which \
                   AmazonEC2ContainerRegistryReadOnly lacks.",
            fix: "Attach AmazonEC2ContainerRegistryPullOnly with `mk8s aws setup aws-ecr --only \
                  policy --pull-policy pull-only`.",
            run: CheckFunction::Now(cache::pull_through),
        },
        Check {
            id: "repository-policy",
            summary: "the repository's policy admits the role, where it is of another account",
            needs: &["image-form", "aws-identity", "role-arn-form"],
            severity: Severity::Failure,
            hint: "Across accounts both have to allow the pull: the role's policy and the \
                   repository's. The repository has no policy, none that admits the role, or one \
                   that denies it.",
            fix: "Add the statement that is shown to the repository's policy; `mk8s aws setup \
                  aws-ecr --repository-policy` shows it too. A statement that denies is shown, and \
                  its owner has to change it.",
            run: CheckFunction::Now(repository_policy),
        },
    ],
};

fn prepare<'a>(scene: &'a Scene<'_>) -> Soon<'a, Gate> {
    Box::pin(async move {
        if scene.session.asked.image.is_none() {
            return Gate::NotAsked("no image was named (--image IMAGE)".to_owned());
        }
        // Only where the group *aws* found that the credentials work.
        let works = matches!(scene.session.called(), Some(Ok(_)));
        if let (true, Some(image)) = (works, scene.session.private_image()) {
            let inspector = Inspector::new(scene.session.aws_session().await);
            let repository = inspector.repository_exists(&image).await;
            let there = repository == Ok(true);
            let tag = if there {
                Some(inspector.image_exists(&image).await)
            } else {
                None
            };
            let manifest = if tag == Some(Ok(true)) {
                Some(inspector.manifest(&image).await)
            } else {
                None
            };
            let rules = inspector.cache_rules(&image).await;
            let import = match (AwsView::found(scene), rule(&rules, &image, &repository)) {
                (Some(role), Some(_)) => Some(inspector.simulate_import(role, &image).await),
                _ => None,
            };
            let policy = if repository == Ok(false) {
                None
            } else {
                let ecr = EcrSdk::new(scene.session.aws_session().await, &image.region);
                Some(ecr.repository_policy(&Repository::of(&image)).await)
            };
            // Prepared once a scene.
            let _ = scene.image.set(ImageFacts {
                repository,
                image: tag,
                manifest,
                rules,
                import,
                policy,
            });
        }
        Gate::Open
    })
}

/// The rule that the image's repository is filled by. The one for all names says nothing about a
/// repository that is there: it may be an ordinary one.
fn rule<'a>(
    rules: &'a IamAnswer<Vec<CacheRule>>,
    image: &PrivateImage,
    repository: &IamAnswer<bool>,
) -> Option<&'a CacheRule> {
    let rule = CacheRule::of(rules.as_ref().ok()?, &image.repository)?;
    (rule.prefix != CacheRule::ROOT || *repository == Ok(false)).then_some(rule)
}

impl ImageFacts {
    pub(super) fn rule(&self, image: &PrivateImage) -> Option<&CacheRule> {
        rule(&self.rules, image, &self.repository)
    }
}

fn form(scene: &Scene<'_>) -> Vec<Finding> {
    let Some(text) = scene.session.asked.image.as_deref() else {
        return vec![Finding::skip("no image was named (--image IMAGE)")];
    };
    vec![match parse(text) {
        Err(reason) => Finding::fail("the image is not one in ECR")
            .evidence(format!("{}: {reason}", quotable(text))),
        Ok(Image::Private(image)) if image.dual_stack => {
            let usual =
                PrivateImage::new(&image.account, &image.region, &image.repository).map(|usual| {
                    PrivateImage {
                        tag: image.tag.clone(),
                        digest: image.digest.clone(),
                        ..usual
                    }
                });
            let finding = Finding::warn("the image is named by a dual-stack host").evidence(
                "not every node's credential provider knows such hosts; the usual one is safe",
            );
            match usual {
                Ok(usual) => finding.fix(again(scene, &usual.to_string())),
                Err(_) => finding,
            }
        }
        Ok(Image::Private(image)) if region::unknown(&image.region).is_some() => {
            let reason = region::unknown(&image.region).unwrap_or_default();
            Finding::warn("the image is in a region that is not known").evidence(reason)
        }
        Ok(Image::Private(image)) => Finding::pass(format!(
            "image in account {}, region {}, repository {}",
            image.account, image.region, image.repository
        )),
        Ok(Image::PublicEcr(_)) => {
            Finding::skip("public ECR needs no role, aws-ecr has no part in it")
        }
        Ok(Image::Other(host)) => Finding::skip(format!(
            "{} is not ECR, aws-ecr has no part in it",
            quotable(&host)
        )),
    }]
}

/// The same check with another image.
fn again(scene: &Scene<'_>, image: &str) -> Invocation {
    Invocation::mk8s("check")
        .flag_if("-c", scene.cluster_name)
        .flag("--image", image)
}

/// The role of the live cluster.
pub(super) fn role(scene: &Scene<'_>) -> Option<RoleArn> {
    scene.cluster().and_then(role_of)
}

fn role_of(cluster: &Cluster) -> Option<RoleArn> {
    let settings = cluster.add_on(AddonSide::registry().key())?;
    settings.get("roleArn")?.as_str()?.parse().ok()
}

/// Compares with the live cluster and with every manifest: no network is needed for it.
fn partition(scene: &Scene<'_>) -> Vec<Finding> {
    let Some(image) = scene.session.private_image() else {
        return vec![Finding::skip("the image is not in ECR")];
    };
    let mut judged = 0;
    let mut problems = Vec::new();
    for subject in scene.subjects() {
        let cluster = subject.cluster();
        let (partition, who) = match (role_of(cluster), cluster.home()) {
            (Some(role), _) => (role.partition().to_owned(), "the role"),
            (None, Some(home)) => (home.partition, "the cluster"),
            (None, None) => continue,
        };
        judged += 1;
        if partition != image.partition {
            problems.push(
                Finding::fail("the image is in another partition of AWS, which cannot be bridged")
                    .evidence(format!(
                        "the image is in {}, {who} {} in {partition}",
                        image.partition,
                        subject.place()
                    )),
            );
        }
    }
    if judged == 0 {
        return vec![Finding::skip(
            "there is neither a role nor an account to compare with",
        )];
    }
    if problems.is_empty() {
        let text = format!("all is in the partition {}", image.partition);
        problems.push(Finding::pass(text));
    }
    problems
}

pub(super) fn caller(scene: &Scene<'_>) -> String {
    match scene.session.called() {
        Some(Ok(caller)) => caller.arn.clone(),
        _ => String::new(),
    }
}

/// A command of the AWS CLI for the image's repository, in its region.
fn ecr_cli(image: &PrivateImage, action: &'static str) -> Invocation {
    Invocation::aws(action)
        .flag("--registry-id", image.account.as_str())
        .flag("--repository-name", &image.repository)
        .in_region(&image.region)
}

fn repository_exists(scene: &Scene<'_>) -> Vec<Finding> {
    let (Some(image), Some(facts)) = (scene.session.private_image(), scene.image.get()) else {
        return vec![Finding::skip("the image was not looked at")];
    };
    vec![match &facts.repository {
        Ok(true) => Finding::pass(format!("repository {} exists", image.repository)),
        Ok(false) => absent(scene, &image, facts),
        Err(failure) => unknown(failure, "whether the repository exists", &caller(scene)),
    }]
}

/// A repository that is not there. It is made in the account of the credentials, so the command is
/// shown only where that is the image's.
fn absent(scene: &Scene<'_>, image: &PrivateImage, facts: &ImageFacts) -> Finding {
    let filled = facts.rule(image).map_or_else(String::new, |rule| {
        format!(
            "; it is to be filled from {}, and only whoever has ecr:CreateRepository makes it by \
             the first pull",
            quotable(&rule.upstream)
        )
    });
    let evidence = format!(
        "not in account {}, region {}{filled}",
        image.account, image.region
    );
    let finding = Finding::fail(format!("there is no repository {}", image.repository));
    if is_own(scene, image) {
        finding
            .evidence(evidence)
            .fix(ecr_cli(image, "ecr create-repository"))
    } else {
        let account = &image.account;
        finding.evidence(format!(
            "{evidence}; making it takes credentials of account {account}"
        ))
    }
}

/// Whether the credentials belong to the image's account.
fn is_own(scene: &Scene<'_>, image: &PrivateImage) -> bool {
    matches!(scene.session.called(), Some(Ok(caller)) if caller.account == image.account)
}

fn image_exists(scene: &Scene<'_>) -> Vec<Finding> {
    let (Some(image), Some(facts)) = (scene.session.private_image(), scene.image.get()) else {
        return vec![Finding::skip("the image was not looked at")];
    };
    let name = image.digest.as_deref().unwrap_or_else(|| tag(&image));
    vec![match &facts.image {
        None => Finding::skip("the repository was not found"),
        Some(Ok(true)) => {
            let text = format!("{}:{name} exists", image.repository);
            fitting(scene, text, facts.manifest.as_ref())
        }
        Some(Ok(false)) => match facts.rule(&image) {
            Some(rule) => {
                Finding::unknown(format!("{}:{name} is not cached yet", image.repository)).evidence(
                    format!(
                        "the first pull fetches it from {}, if it is there",
                        quotable(&rule.upstream)
                    ),
                )
            }
            None => Finding::fail(format!("there is no {name} in {}", image.repository))
                .evidence(format!("{} has no such image", image.repository_arn()))
                .fix(ecr_cli(&image, "ecr list-images")),
        },
        Some(Err(failure)) => unknown(failure, "whether the image exists", &caller(scene)),
    }]
}

/// An image that is there, and whether it is for the cluster's nodes.
fn fitting(
    scene: &Scene<'_>,
    text: String,
    manifest: Option<&IamAnswer<ImageManifest>>,
) -> Finding {
    let found = match manifest {
        Some(Ok(manifest)) => platform::platforms(&manifest.content),
        Some(Err(failure)) => {
            let action = failure.action;
            return Finding::pass(text).evidence(format!(
                "for which architectures is unknown: {action} failed"
            ));
        }
        None => Vec::new(),
    };
    if found.is_empty() {
        return Finding::pass(text);
    }
    let list: Vec<String> = found.iter().map(|it| quotable(it)).collect();
    let list = list.join(", ");
    let missing = scene
        .cluster()
        .map(platform::nodes)
        .unwrap_or_default()
        .into_iter()
        .find(|nodes| !found.contains(&format!("linux/{}", nodes.architecture)));
    match missing {
        None => Finding::pass(format!("{text} for {list}")),
        Some(nodes) => Finding::warn(format!(
            "{text}, but not for all nodes: linux/{} is missing",
            quotable(&nodes.architecture)
        ))
        .evidence(format!(
            "it is for {list}; a node pool has {}",
            quotable(&nodes.because)
        )),
    }
}

/// Why there is no role whose rights could be looked at.
pub(super) fn no_role(scene: &Scene<'_>, image: &PrivateImage) -> &'static str {
    let Some(cluster) = scene.cluster() else {
        return "no cluster to pull with";
    };
    if cluster.add_on(AddonSide::registry().key()).is_none() {
        return "aws-ecr is off";
    }
    match cluster.home() {
        Some(home) if home.account == image.account => SAME_ACCOUNT,
        _ => "no role is set, and the image is not in the cluster's own account",
    }
}

fn repository_policy(scene: &Scene<'_>) -> Vec<Finding> {
    let (Some(image), Some(facts)) = (scene.session.private_image(), scene.image.get()) else {
        return vec![Finding::skip("the image was not looked at")];
    };
    let Some(role) = role(scene) else {
        return vec![Finding::skip(no_role(scene, &image))];
    };
    if *role.account() == image.account {
        return vec![Finding::pass(
            "role and repository are of one account, no policy is needed there",
        )];
    }
    vec![match &facts.policy {
        None => Finding::skip("the repository was not found"),
        Some(Err(failure)) => unknown(
            failure,
            "whether the repository admits the role",
            &caller(scene),
        ),
        Some(Ok(text)) => match text.as_deref().map(repository::parse) {
            Some(Err(reason)) => {
                Finding::fail("the repository's policy cannot be read").evidence(reason)
            }
            Some(Ok(policy)) => admission(scene, &image, &role, &policy),
            None => admission(scene, &image, &role, &json!({})),
        },
    }]
}

fn admission(scene: &Scene<'_>, image: &PrivateImage, role: &RoleArn, policy: &Value) -> Finding {
    let pull = PullRequest {
        role,
        provider: None,
        image: Some(image),
        now: now(),
    };
    let admission = repository::admits(policy, &Repository::of(image), &pull);
    let setting = |policy: &Value| {
        ecr_cli(image, "ecr set-repository-policy").flag("--policy-text", policy.to_string())
    };
    // Only the repository's own account may change its policy.
    let whose = if is_own(scene, image) {
        String::new()
    } else {
        format!(
            "; changing it takes credentials of account {}",
            image.account
        )
    };
    match &admission {
        Admission::Allowed { .. } => Finding::pass(format!(
            "the repository's policy admits the role: {}",
            admission.describe()
        )),
        Admission::Conditional { .. } => Finding::unknown(
            "the repository's policy admits the role on a condition that cannot be judged here",
        )
        .evidence(format!("{}{whose}", admission.describe()))
        .fix(setting(&repository::with_statement(policy, role))),
        Admission::Denied {
            by,
            condition: Some(_),
        } => Finding::unknown("whether the repository's policy denies the role is unknown")
            .evidence(format!(
                "{}, which cannot be known from here; {} is {}",
                admission.describe(),
                titled(by),
                shown(policy, by)
            )),
        Admission::Missing { .. } => {
            Finding::fail("the repository's policy does not admit the role")
                .evidence(format!("{}{whose}", admission.describe()))
                .fix(setting(&repository::with_statement(policy, role)))
        }
        // Whoever denies means it: what stands in the way is shown, and never taken away.
        Admission::Denied { by, .. } => Finding::fail("the repository's policy denies the role")
            .evidence(format!(
                "{}; {} of the repository's policy is {}; its owner has to change it{whose}",
                admission.describe(),
                titled(by),
                shown(policy, by)
            )),
    }
}
