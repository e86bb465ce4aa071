//! The group *aws*: whether IAM holds what the cluster needs to pull, as far as the caller may look.
//!
//! What the trust policy says is judged in `trust`, the thumbprints in `thumbprint`.

use super::aws_view::AwsView;
use super::deny;
use super::facts::AwsFacts;
use super::words::{SAME_ACCOUNT, judged};
use super::{
    Check, CheckFunction, Finding, Gate, Group, Scene, Severity, Soon, rights, thumbprint, trust,
};
use crate::addon::AddonSide;
use crate::addon::access::RegistryAccess;
use crate::aws::explain::explain;
use crate::aws::iam::{AwsFailure, Caller, Cause};
use crate::aws::inspect::Inspector;
use crate::aws::quotable;
use crate::aws::rights::RightsQuestion;
use crate::aws::state::{self, AwsQuestions, Seen};
use crate::aws::status::last_used;
use crate::aws::target::{self, ClusterFacts, SetupRequest};
use crate::error::Error;
use crate::invocation::{Invocation, Reach};

pub(super) static GROUP: Group = Group {
    id: "aws",
    summary: "the OIDC provider, the role and its policies in IAM",
    prepare,
    checks: &[
        Check {
            id: "aws-identity",
            summary: "AWS accepts the credentials",
            needs: &[],
            severity: Severity::Failure,
            hint: "The profile that was named cannot be used, the keys are wrong or have expired, \
                   an SSO session has ended, this machine's clock is off, or AWS cannot be reached. \
                   Where no profile was named and there are no credentials, the group is skipped.",
            fix: "Renew them (`aws sso login`), or name other ones with `--aws-profile`; what a \
                  profile may say is in [aws.md](aws.md#whose-credentials).",
            run: CheckFunction::Now(identity),
        },
        Check {
            id: "aws-account-match",
            summary: "the credentials belong to the account and partition of the role",
            needs: &["aws-identity", "cluster-exists", "role-arn-form"],
            severity: Severity::Failure,
            hint: "OIDC provider and role belong into one account: that of the role in the \
                   add-on's settings, else the cluster's own. The credentials are of another one.",
            fix: "Name credentials of that account with `--aws-profile`.",
            run: CheckFunction::Now(account_match),
        },
        Check {
            id: "oidc-provider-exists",
            summary: "the cluster's issuer is registered as an OIDC provider",
            needs: &["aws-account-match", "oidc-url-present"],
            severity: Severity::Failure,
            hint: "The provider was never made in this account, or was deleted. STS then answers \
                   \"No OpenIDConnect provider found in your account\".",
            fix: "Make it with `mk8s aws setup aws-ecr --only oidc-provider`.",
            run: CheckFunction::Now(provider_exists),
        },
        Check {
            id: "oidc-near-miss",
            summary: "no provider misses the issuer by a slash, by case or by a port",
            needs: &["aws-account-match", "oidc-url-present"],
            severity: Severity::Failure,
            hint: "A provider was registered with a URL that is not, byte for byte, the issuer's. \
                   To AWS it is another provider.",
            fix: "Make the right one beside it with `mk8s aws setup aws-ecr --only oidc-provider`.",
            run: CheckFunction::Now(near_miss),
        },
        Check {
            id: "oidc-audience",
            summary: "the OIDC provider accepts the audience of the cluster's tokens",
            needs: &["oidc-provider-exists"],
            severity: Severity::Failure,
            hint: "The audience is not among the provider's client ids. STS then answers \
                   \"Incorrect token audience\".",
            fix: "Add it with `mk8s aws setup aws-ecr --only oidc-provider`.",
            run: CheckFunction::Now(audience),
        },
        Check {
            id: "oidc-thumbprint",
            summary: "the provider's thumbprints fit, where AWS goes by them",
            // The issuer's certificates have to be looked at, whatever else is.
            needs: &["oidc-provider-exists", "issuer-url-form"],
            severity: Severity::Failure,
            hint: "As seen from here the issuer's certificate is not from a public authority, so AWS \
                   would go by the thumbprints, and none of them is that of a certificate which the \
                   issuer serves. Behind a proxy that opens TLS it is the proxy's certificate.",
            fix: "See elsewhere which authority the issuer has, and add its thumbprint with `mk8s \
                  aws setup aws-ecr --only oidc-provider --thumbprint HEX`; the stored ones are \
                  kept.",
            run: CheckFunction::Now(thumbprint::fits),
        },
        Check {
            id: "role-exists",
            summary: "the role in the add-on's settings exists, with that path and case",
            needs: &["aws-account-match"],
            severity: Severity::Failure,
            hint: "The role was never made or was deleted, or its ARN has another path or other \
                   capital letters: AWS compares the whole of it.",
            fix: "Make it with `mk8s aws setup aws-ecr`, or set the ARN that is shown.",
            run: CheckFunction::Now(role_exists),
        },
        Check {
            id: "role-policy-attached",
            summary: "a policy of the role allows pulls",
            needs: &["role-exists"],
            severity: Severity::Failure,
            hint: "Neither an attached nor an inline policy of the role allows \
                   ecr:GetAuthorizationToken, ecr:BatchGetImage and ecr:GetDownloadUrlForLayer.",
            fix: "Attach one with `mk8s aws setup aws-ecr --only policy`.",
            run: CheckFunction::Now(rights::policy_attached),
        },
        Check {
            id: "role-over-broad",
            summary: "the role may not do far more than pull",
            needs: &["role-exists"],
            severity: Severity::Warning,
            hint: "A policy of the role lets it change IAM, read secrets or buckets, or run code. \
                   Whoever gets into the role may do all of it: every pod that can show the \
                   cluster's token.",
            fix: "Give the cluster a role of its own with `mk8s aws setup aws-ecr --role-name NAME`, \
                  or have the owner of the role take the policies off that are shown.",
            run: CheckFunction::Now(rights::role_over_broad),
        },
        Check {
            id: "pull-simulated",
            summary: "IAM says that the role may pull",
            needs: &["role-policy-attached"],
            severity: Severity::Failure,
            hint: "A Deny statement, the permissions boundary, a policy of the organization or the \
                   resources in the role's policy stand against it. IAM is asked to simulate; \
                   nothing is called. Policies of repositories are not part of it.",
            fix: "Have the owner of the policy that is named change it: whoever denies means it, so \
                  no command is printed that takes it away.",
            run: CheckFunction::Now(rights::pull_simulated),
        },
        Check {
            id: "trust-has-statement",
            summary: "the role's trust policy allows what the cluster publishes",
            needs: &["role-exists"],
            severity: Severity::Failure,
            hint: "The statement for this cluster is missing, or differs in the field that is \
                   shown; or a Deny statement stands against it. STS only says \"Not authorized to \
                   perform sts:AssumeRoleWithWebIdentity\".",
            fix: "Add it with `mk8s aws setup aws-ecr --only trust`; other statements are kept. A \
                  statement that denies is shown, and its owner has to change it.",
            run: CheckFunction::Now(trust::has_statement),
        },
        Check {
            id: "trust-over-broad",
            summary: "the trust policy lets in the cluster's service accounts, one by one",
            needs: &["role-exists"],
            severity: Severity::Warning,
            hint: "A statement lets in any principal, or a whole class: service accounts of the \
                   cluster, repositories of GitHub, identities of another issuer. The statement that \
                   the cluster publishes is judged as `mk8s aws setup` judges it.",
            fix: "What the cluster publishes is its own to change. The command that is printed brings the cluster's own statement back to the \
                  published one. A statement of somebody else is shown, and its owner has to change \
                  it.",
            run: CheckFunction::Now(trust::over_broad),
        },
        Check {
            id: "trust-size",
            summary: "the trust policy has room for another statement",
            needs: &["role-exists"],
            severity: Severity::Warning,
            hint: "More than 85 % of the length that the account allows is used; 4 or 5 clusters \
                   fill the default of 2048 characters.",
            fix: "Ask for a higher quota, use a role for each cluster, or remove statements of \
                  clusters that are gone.",
            run: CheckFunction::Now(trust::size),
        },
    ],
};

fn prepare<'a>(scene: &'a Scene<'_>) -> Soon<'a, Gate> {
    Box::pin(async move {
        let session = scene.session;
        if !session.is_online() {
            return Gate::NotAsked("only manifests were named".to_owned());
        }
        if scene.cluster_name.is_none() && scene.session.private_image().is_none() {
            return Gate::NotAsked("no cluster was named (-c NAME)".to_owned());
        }
        // Credentials that were named are tried, whatever they are needed for.
        if let (Some(_), Some(reason)) = (scene.cluster(), scene.without_aws())
            && !session.aws.is_given()
        {
            return Gate::Closed(reason.to_owned());
        }
        let (sdk, caller) = session.caller().await;
        let caller = match caller {
            Ok(caller) => caller,
            Err(failure) => return gate(failure),
        };
        if let (Some(cluster), None) = (scene.cluster(), scene.without_aws()) {
            let facts = ClusterFacts::read(AddonSide::registry(), scene.org(), cluster);
            // Prepared once a scene.
            let _ = scene.aws.set(look(scene, sdk, caller, facts).await);
        }
        Gate::Open
    })
}

/// Nobody has to have AWS credentials: only where some were named, or are there and do not work,
/// is that a failure.
fn gate(failure: &AwsFailure) -> Gate {
    match &failure.cause {
        Cause::Credentials(trouble) if trouble.is_nothing() => {
            Gate::Closed("no AWS credentials (pass --aws-profile)".to_owned())
        }
        Cause::Credentials(trouble) if trouble.named.is_none() && !trouble.is_elsewhere() => {
            // It names its profile itself.
            let fix = trouble.fix().map(|fix| fix.render(&Reach::default()));
            let fix = fix.map(|fix| format!(" (`{fix}`)"));
            Gate::Closed(format!(
                "no AWS credentials: {trouble}{}",
                fix.unwrap_or_default()
            ))
        }
        _ => Gate::Open,
    }
}

async fn look(
    scene: &Scene<'_>,
    sdk: &impl crate::aws::Iam,
    caller: &Caller,
    cluster: Result<ClusterFacts, Error>,
) -> AwsFacts {
    let mut found = AwsFacts {
        target: None,
        iam: None,
        simulated: None,
        denying: Vec::new(),
        cluster,
    };
    let Ok(facts) = &found.cluster else {
        return found;
    };
    let request = SetupRequest {
        image: scene.session.private_image(),
        ..SetupRequest::default()
    };
    let target = target::target(facts, &request, caller, "was not looked at");
    if let Ok(target) = &target {
        let ask = AwsQuestions {
            image: scene.session.private_image(),
            ..AwsQuestions::default()
        };
        let seen = state::look(sdk, facts, target, &ask).await;
        let role = match (&seen, &target.role) {
            (Ok(iam), Some(role)) if facts.addon && facts.role_arn.is_some() => {
                matches!(&iam.role, Seen::Known(Some(found)) if found.arn == role.as_str())
                    .then_some(role)
            }
            _ => None,
        };
        if let Some(role) = role {
            let inspector = Inspector::new(scene.session.aws_session().await);
            let image = scene.session.private_image();
            let simulated = inspector.simulate(facts.side, role, image.as_ref()).await;
            if let (Ok(results), Ok(iam)) = (&simulated, &seen) {
                let asked = RightsQuestion {
                    side: facts.side,
                    role,
                    provider: target.provider_arn.as_deref(),
                    image: image.as_ref(),
                    now: iam.seen_at,
                };
                found.denying = deny::statements_of(sdk, iam, asked, results).await;
            }
            found.simulated = Some(simulated);
        }
        found.iam = Some(seen);
    }
    found.target = Some(target);
    found
}

fn identity(scene: &Scene<'_>) -> Vec<Finding> {
    vec![match scene.session.called() {
        Some(Ok(caller)) => Finding::pass(format!(
            "AWS account {}, caller {}",
            caller.account, caller.arn
        )),
        Some(Err(failure)) => {
            let error = explain(failure, "AWS does not say who is calling", None);
            let finding = Finding::fail(error.message.clone()).evidence(error.because.join("; "));
            match &failure.cause {
                Cause::Credentials(trouble) => match trouble.fix() {
                    Some(fix) => finding.fix(fix),
                    None => finding,
                },
                _ if failure.is("ExpiredToken") || failure.is("ExpiredTokenException") => {
                    finding.fix(Invocation::aws("sso login"))
                }
                _ => finding.fix(Invocation::aws("sts get-caller-identity")),
            }
        }
        None => Finding::skip("AWS was not asked"),
    }]
}

fn account_match(scene: &Scene<'_>) -> Vec<Finding> {
    if let Some(reason) = scene.without_aws() {
        return vec![Finding::skip(reason)];
    }
    let Some(facts) = scene.aws.get() else {
        return vec![Finding::skip("the cluster cannot be read")];
    };
    vec![match (&facts.cluster, &facts.target) {
        (Err(error), _) => Finding::fail(error.message.clone()).evidence(error.because.join("; ")),
        (Ok(cluster), Some(Err(error))) => {
            let check = Invocation::mk8s("check").cluster(&cluster.name);
            Finding::fail("the AWS credentials belong to another account")
                .evidence(error.because.join("; "))
                .fix(check.flag_hole("--aws-profile", "NAME").elsewhere())
        }
        (Ok(_), Some(Ok(target))) => match target.access {
            RegistryAccess::SameAccount | RegistryAccess::SameAccountRole => {
                Finding::pass(format!("account {} is the cluster's own", target.account))
            }
            _ => Finding::pass(format!(
                "account {} is where provider and role belong",
                target.account
            )),
        },
        (Ok(_), None) => Finding::skip("the account is not known"),
    }]
}

fn provider_exists(scene: &Scene<'_>) -> Vec<Finding> {
    judged(AwsView::of(scene).map(|view| {
        let Some(arn) = &view.target.provider_arn else {
            return Finding::skip("the cluster publishes no issuer");
        };
        match &view.iam.provider {
            Seen::Known(Some(_)) => Finding::pass(format!("OIDC provider exists: {arn}")),
            Seen::Known(None) => {
                Finding::fail("the cluster's issuer is no OIDC provider in this account")
                    .evidence(format!("there is no {arn}"))
                    .fix(view.setup().plain("--only oidc-provider"))
            }
            Seen::Unknown(failure) => view.unknown(failure, "whether the OIDC provider exists"),
            Seen::NotLooked => Finding::skip("the cluster publishes no issuer"),
        }
    }))
}

fn near_miss(scene: &Scene<'_>) -> Vec<Finding> {
    judged(AwsView::of(scene).map(|view| {
        match view.iam.near_misses.first() {
            // Others are listed only where the issuer's own is missing.
            None => match (&view.iam.provider, &view.iam.registered) {
                (Seen::Known(Some(_)), _) => Finding::pass("the issuer's own OIDC provider exists"),
                (Seen::Known(None), Seen::Unknown(failure)) => view.unknown(
                    failure,
                    "whether an OIDC provider misses the issuer by a little",
                ),
                (Seen::Known(None), _) => {
                    Finding::pass("no OIDC provider misses the issuer by a little")
                }
                _ => Finding::skip("the OIDC provider was not looked at"),
            },
            Some((arn, by)) => Finding::fail("an OIDC provider misses the issuer by a little")
                .evidence(format!("{} differs by {by}", quotable(arn)))
                .fix(view.setup().plain("--only oidc-provider")),
        }
    }))
}

fn audience(scene: &Scene<'_>) -> Vec<Finding> {
    judged(AwsView::of(scene).map(|view| {
        let audience = quotable(&view.cluster.audience);
        let Some(provider) = view.provider() else {
            return Finding::skip("there is no OIDC provider");
        };
        if provider.client_ids.contains(&view.cluster.audience) {
            return Finding::pass(format!("the OIDC provider accepts the audience {audience}"));
        }
        let found: Vec<String> = provider.client_ids.iter().map(|it| quotable(it)).collect();
        let found = if found.is_empty() {
            "it accepts none".to_owned()
        } else {
            format!("it accepts {}", found.join(", "))
        };
        Finding::fail(format!(
            "the OIDC provider does not accept the audience {audience}"
        ))
        .evidence(found)
        .fix(view.setup().plain("--only oidc-provider"))
    }))
}

fn role_exists(scene: &Scene<'_>) -> Vec<Finding> {
    judged(AwsView::with_role(scene).and_then(|view| {
        let Some(wanted) = &view.target.role else {
            return Err(Finding::skip(SAME_ACCOUNT));
        };
        Ok(match &view.iam.role {
            Seen::Known(Some(role)) if role.arn == wanted.as_str() => {
                Finding::pass(format!("role exists: {wanted} ({})", last_used(role)))
            }
            Seen::Known(Some(role)) => {
                Finding::fail("the role's ARN is another than the add-on's settings have")
                    .evidence(format!(
                        "IAM has {}, the cluster {wanted}",
                        quotable(&role.arn)
                    ))
                    .fix(
                        Invocation::mk8s("addon enable")
                            .word(view.cluster.side.name())
                            .cluster(&view.cluster.name)
                            .flag("--role-arn", &role.arn),
                    )
            }
            Seen::Known(None) | Seen::NotLooked => Finding::fail("the role does not exist")
                .evidence(format!("there is no {wanted}"))
                .fix(view.setup()),
            Seen::Unknown(failure) => view.unknown(failure, "whether the role exists"),
        })
    }))
}
