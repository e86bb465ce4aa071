//! The group *control-plane*: the API, the login, the org, the cluster and its issuer's URL.

use super::scene::CheckSubject;
use super::words::waiting;
use super::words::{as_finding, kind, new_token};
use super::{Check, CheckFunction, Finding, Gate, Group, Scene, Severity, Soon};
use crate::addon;
use crate::control::{ApiError, ApiProblem, Asker};
use crate::invocation::Invocation;
use crate::settings::Origin;
use serde_json::Value;

pub(super) static GROUP: Group = Group {
    id: "control-plane",
    summary: "the API, the login, the org and the cluster",
    prepare,
    checks: &[
        Check {
            id: "api-reachable",
            summary: "Control Plane's API answers",
            needs: &["token-source", "token-expiry"],
            severity: Severity::Fatal,
            hint: "The endpoint's name is not known, nobody listens there, a proxy or a firewall \
                   is in the way, its certificate is not trusted, or what answers is not Control \
                   Plane's API.",
            fix: "Check `--endpoint`, `CPLN_ENDPOINT`, `HTTPS_PROXY` and `SSL_CERT_FILE`; the \
                  command that is named shows what answers.",
            run: CheckFunction::Now(api_reachable),
        },
        Check {
            id: "api-auth",
            summary: "the API accepts the token",
            needs: &["api-reachable"],
            severity: Severity::Fatal,
            hint: "The token is wrong, has been revoked or has ended.",
            fix: "Log in again with `cpln login`, or set `CPLN_TOKEN` to a key that is valid: it wins \
                  over a profile.",
            run: CheckFunction::Now(api_auth),
        },
        Check {
            id: "org-readable",
            summary: "the org's clusters can be listed",
            needs: &["api-auth"],
            severity: Severity::Failure,
            hint: "The org is misspelt or the token belongs to another one (both are answered with \
                   403), or the token lacks the permission to view clusters.",
            fix: "Name the right org with `--org` or `CPLN_ORG`, or grant `view` on mk8s.",
            run: CheckFunction::Now(org_readable),
        },
        Check {
            id: "cluster-exists",
            summary: "the cluster exists and can be read",
            needs: &["api-auth"],
            severity: Severity::Fatal,
            hint: "No cluster of that name is in the org, or the token may not view it: the API \
                   answers 403 in either case.",
            fix: "List the clusters that there are with `mk8s cluster list`.",
            run: CheckFunction::Now(cluster_exists),
        },
        Check {
            id: "oidc-url-present",
            summary: "the cluster publishes the URL of its token issuer",
            needs: &["cluster-exists"],
            severity: Severity::Failure,
            hint: "aws-workload-identity is off, or it was switched on a moment ago. Without the \
                   issuer nothing in AWS can trust the cluster. Where no AWS add-on is on, in the \
                   cluster or in the manifest, and no image in ECR is named, nothing is asked of it.",
            fix: "Switch aws-workload-identity on, and wait for its status with `--wait`.",
            run: CheckFunction::Now(oidc_url_present),
        },
    ],
};

fn prepare<'a>(scene: &'a Scene<'_>) -> Soon<'a, Gate> {
    Box::pin(async move {
        if !scene.session.is_online() {
            return Gate::NotAsked("only manifests were named".to_owned());
        }
        let reachable = scene.session.probe().await.is_some_and(|probe| {
            !matches!(&probe.outcome, Err(error) if out_of_reach(error) || error.problem == ApiProblem::Unauthorized)
        });
        if reachable {
            scene.read_cluster().await;
        }
        Gate::Open
    })
}

/// The problem in the user's words, as evidence.
fn evidence(scene: &Scene<'_>, error: &ApiError) -> String {
    let who = scene.session.settings().map(Asker::of);
    match who {
        Some(Ok(who)) => error.explain("look", &who).because.join("; "),
        _ => error.to_string(),
    }
}

/// Whether the answer, or its lack, says that there is no API to talk to.
fn out_of_reach(error: &ApiError) -> bool {
    !matches!(
        error.problem,
        ApiProblem::Rejected
            | ApiProblem::Unauthorized
            | ApiProblem::Forbidden
            | ApiProblem::Missing
            | ApiProblem::Conflict
            | ApiProblem::Throttled
            | ApiProblem::Quota
    )
}

fn endpoint<'a>(scene: &Scene<'a>) -> &'a str {
    scene
        .session
        .settings()
        .map_or("the API", |settings| settings.endpoint().value.as_str())
}

fn api_reachable(scene: &Scene<'_>) -> Vec<Finding> {
    let endpoint = endpoint(scene);
    vec![match (scene.session.probed(), &scene.session.client) {
        (Some(probe), _) => match &probe.outcome {
            Err(error) if out_of_reach(error) => Finding::fail(format!("cannot reach {endpoint}"))
                .evidence(evidence(scene, error))
                .fix(
                    Invocation::other("curl")
                        .plain("-sS -i")
                        .word(format!("{endpoint}/discovery")),
                ),
            _ => Finding::pass(format!("can reach {endpoint}")),
        },
        (None, Some(Err(error))) => as_finding(error),
        _ => Finding::skip("there is no connection"),
    }]
}

fn api_auth(scene: &Scene<'_>) -> Vec<Finding> {
    let Some(probe) = scene.session.probed() else {
        return vec![Finding::skip("there is no connection")];
    };
    let identity = scene
        .session
        .settings()
        .and_then(crate::settings::Settings::identity);
    let source = identity.map_or_else(String::new, |identity| {
        format!(" ({}, {})", identity.origin, kind(&identity))
    });
    vec![match &probe.outcome {
        Err(error) if error.problem == ApiProblem::Unauthorized => {
            Finding::fail(format!("the token is not accepted{source}"))
                .evidence(evidence(scene, error))
                .fix_if(new_token(scene))
        }
        _ => Finding::pass(format!("token accepted{source}")),
    }]
}

fn org_readable(scene: &Scene<'_>) -> Vec<Finding> {
    let Some(probe) = scene.session.probed() else {
        return vec![Finding::skip("there is no connection")];
    };
    let org = scene.org();
    vec![match &probe.outcome {
        Ok(()) => Finding::pass(format!("org {org} is readable")),
        Err(error) => Finding::fail(format!("org {org} is not readable"))
            .evidence(evidence(scene, error))
            .fix_if(other_org(scene, error)),
    }]
}

/// The command that names another org, where a misspelt one may be the reason; a flag is seen on the
/// command line.
fn other_org(scene: &Scene<'_>, error: &ApiError) -> Option<String> {
    let refused = matches!(error.problem, ApiProblem::Forbidden | ApiProblem::Missing);
    let org = scene.session.settings()?.org_if_set()?;
    (refused && !matches!(org.origin, Origin::Flag(_))).then(|| "export CPLN_ORG=NAME".to_owned())
}

fn cluster_exists(scene: &Scene<'_>) -> Vec<Finding> {
    let Some(name) = scene.cluster_name else {
        return vec![Finding::skip("no cluster was named (-c NAME)")];
    };
    vec![match scene.cluster_read() {
        None => Finding::skip("there is no connection"),
        Some(Ok(cluster)) => {
            let provider = cluster.provider().unwrap_or("no provider");
            Finding::pass(format!("cluster {name} exists ({provider})"))
        }
        Some(Err(error)) if error.problem == ApiProblem::Missing => {
            Finding::fail(format!("there is no cluster {name} in org {}", scene.org()))
                .evidence(evidence(scene, error))
                .fix_if(listing(scene))
        }
        Some(Err(error)) => Finding::fail(format!("cluster {name} cannot be read"))
            .evidence(evidence(scene, error))
            .fix_if(listing(scene)),
    }]
}

/// The list of the clusters, if it can be had.
fn listing(scene: &Scene<'_>) -> Option<Invocation> {
    let probe = scene.session.probed()?;
    probe
        .outcome
        .is_ok()
        .then(|| Invocation::mk8s("cluster list"))
}

fn oidc_url_present(scene: &Scene<'_>) -> Vec<Finding> {
    let Some(cluster) = scene.cluster() else {
        return vec![Finding::skip("there is no cluster to look at")];
    };
    if let Some(reason) = scene.without_aws() {
        return vec![Finding::skip(reason)];
    }
    let name = cluster.name();
    let found = [addon::ISSUER, addon::issuer::CONFIGURED_ISSUER]
        .iter()
        .find_map(|pointer| cluster.ready_at(pointer).and_then(Value::as_str));
    if let Some(url) = found {
        return vec![Finding::pass(format!("{name} publishes its issuer: {url}"))];
    }
    let Some(issuing) = addon::issuing() else {
        return vec![Finding::skip("no add-on publishes an issuer")];
    };
    let finding = match cluster.add_on(issuing.key) {
        None => Finding::fail(format!("{name} publishes no issuer"))
            .evidence(format!("{} is off on {name}", issuing.name)),
        Some(_) => Finding::fail(format!("{name} publishes no issuer yet")).evidence(
            cluster.malformed_at(addon::ISSUER).unwrap_or_else(|| {
                format!(
                    "status.oidcProviderUrl is not there, though {} is on",
                    issuing.name
                )
            }),
        ),
    };
    let fix = waiting(CheckSubject::Live(cluster).enabling(issuing, None));
    vec![finding.fix_if(fix)]
}
