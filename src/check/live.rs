//! The group *live*: the pull itself, with the token of the service account that pulls.
//!
//! The one true proof. STS hides nearly every cause behind the same refusal; what it hides is told
//! apart by the checks before. The token is a secret: it is read, sent to STS and never shown.

use super::aws_view::setup;
use super::facts::LiveFacts;
use super::{Check, CheckFunction, Finding, Gate, Group, Scene, Severity, Soon};
use crate::addon::AddonSide;
use crate::addon::issuer::{AUDIENCE, CONFIGURED_AUDIENCE};
use crate::arn::RoleArn;
use crate::aws::iam::{AwsFailure, Cause, IamAnswer};
use crate::aws::image::{Image, PrivateImage, parse as parse_image};
use crate::aws::proof::{self, Assumed};
use crate::aws::trust;
use crate::backoff::Backoff;
use crate::cluster::Cluster;
use crate::invocation::{Hint, Invocation};
use crate::oidc::token::{ExpectedClaims, ParsedToken, SignatureVerdict};
use crate::text::excerpt;
use secrecy::SecretString;
use serde_json::Value;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use time::OffsetDateTime;
use tokio::sync::OnceCell;

pub(super) static GROUP: Group = Group {
    id: "live",
    summary: "the pull itself, with a token of the service account that pulls (--live)",
    prepare,
    checks: &[
        Check {
            id: "live-token",
            summary: "the token is the right one, and the issuer's keys bear it out",
            needs: &["issuer-match", "issuer-keys"],
            severity: Severity::Failure,
            hint: "The token has expired, is of another service account, another cluster or for \
                   another audience, or is signed with a key that the issuer does not publish \
                   (any more).",
            fix: "Make a new token with the `kubectl create token` line that is shown.",
            run: CheckFunction::Now(token),
        },
        Check {
            id: "live-assume-role",
            summary: "AWS gives the role to whoever shows the token",
            needs: &["live-token"],
            severity: Severity::Failure,
            hint: "The role is not there, its trust policy does not fit, the OIDC provider is \
                   missing in the role's account or lacks the audience, or AWS cannot reach the \
                   issuer. STS does not say which; the groups *issuer* and *aws* do.",
            fix: "Make good what is missing with `mk8s aws setup aws-ecr`; after a change, IAM can \
                  take a minute: `--wait` waits for it.",
            run: CheckFunction::Later(|scene| Box::pin(assume_role(scene))),
        },
        Check {
            id: "live-pull",
            summary: "the role may log in to the registry and read the image",
            needs: &["live-assume-role"],
            severity: Severity::Failure,
            hint: "The role has no pull policy or one that lacks an action, the repository's own \
                   policy does not admit it (images of another account), or the image is not \
                   there. Manifest and layers are asked for; no layer is fetched.",
            fix: "Attach a pull policy with `mk8s aws setup aws-ecr`, or name an image that is \
                  there.",
            run: CheckFunction::Later(|scene| Box::pin(pull(scene))),
        },
    ],
};

fn prepare<'a>(scene: &'a Scene<'_>) -> Soon<'a, Gate> {
    Box::pin(async move {
        let asked = &scene.session.asked;
        if !asked.live {
            return Gate::NotAsked("--live was not given".to_owned());
        }
        if !scene.session.is_online() {
            return Gate::Closed("only manifests were named".to_owned());
        }
        let facts = LiveFacts {
            token: asked.web_identity_token_file.as_deref().map(read),
            assumed: OnceCell::new(),
        };
        // Prepared once a scene.
        let _ = scene.live.set(facts);
        Gate::Open
    })
}

/// The longest that IAM takes to know everywhere what was changed.
const PROPAGATION: Duration = Duration::from_mins(1);

/// A token is small; a file that is not is something else.
const TOKEN: usize = 64 * 1024;

fn read(path: &Path) -> Result<SecretString, String> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(TOKEN as u64 + 1).read_to_end(&mut bytes))
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
            _ => error.to_string(),
        })?;
    match String::from_utf8(bytes) {
        Ok(text) if text.len() <= TOKEN => Ok(SecretString::from(text.trim().to_owned())),
        _ => Err("it does not hold a token".to_owned()),
    }
}

/// What the trust policy of aws-ecr asks of a token.
fn expected(scene: &Scene<'_>, cluster: &Cluster) -> ExpectedClaims {
    let mut expected = ExpectedClaims {
        issuer: scene
            .issuer
            .get()
            .map(|facts| facts.url.clone())
            .unwrap_or_default(),
        audience: String::new(),
        subjects: Vec::new(),
    };
    let template = cluster
        .ready_at(AddonSide::registry().addon.trust_policy.unwrap_or_default())
        .and_then(|template| trust::parse(template).ok());
    for statement in template.iter().flat_map(trust::statements) {
        let operators = statement.get("Condition").and_then(Value::as_object);
        for conditions in operators.into_iter().flat_map(|it| it.values()) {
            for (key, value) in conditions.as_object().into_iter().flatten() {
                let values = match value {
                    Value::Array(several) => several.iter().collect(),
                    one => vec![one],
                };
                let values = values.into_iter().filter_map(Value::as_str);
                if key.ends_with(":sub") {
                    expected.subjects.extend(values.map(str::to_owned));
                } else if key.ends_with(":aud") && expected.audience.is_empty() {
                    expected.audience = values.take(1).collect();
                }
            }
        }
    }
    if expected.audience.is_empty() {
        let audience = cluster
            .ready_at(CONFIGURED_AUDIENCE)
            .and_then(Value::as_str);
        audience
            .unwrap_or(AUDIENCE)
            .clone_into(&mut expected.audience);
    }
    expected
}

/// The command that makes a token, without where it goes. In a sandbox there is no Kubernetes.
fn make_token(cluster: &Cluster, expected: &ExpectedClaims) -> Option<Invocation> {
    if super::issuer::is_on_loopback(&expected.issuer) {
        return Some(Invocation::mk8s("sandbox token").cluster(cluster.name()));
    }
    kubectl(expected)
}

/// `kubectl create token …`
fn kubectl(expected: &ExpectedClaims) -> Option<Invocation> {
    let (namespace, account) = expected.subjects.iter().find_map(|subject| {
        let account = subject.strip_prefix("system:serviceaccount:")?;
        (!account.contains(['*', '?'])).then(|| account.split_once(':'))?
    })?;
    Some(
        Invocation::other("kubectl")
            .plain("create token")
            .word(account)
            .flag("-n", namespace)
            .flag("--audience", &expected.audience)
            .plain("--duration 10m"),
    )
}

/// The commands that make a token and check it.
fn try_again(scene: &Scene<'_>, cluster: &Cluster, expected: &ExpectedClaims) -> Option<Hint> {
    let make = make_token(cluster, expected)?;
    let asked = &scene.session.asked;
    let file = asked
        .web_identity_token_file
        .as_deref()
        .map_or_else(|| PathBuf::from("token"), writable)
        .display()
        .to_string();
    let check = Invocation::mk8s("check")
        .cluster(cluster.name())
        .flag_if("--image", asked.image.clone())
        .plain("--live")
        .flag("--web-identity-token-file", &file);
    Some([make.into_file(&file), check].into_iter().collect())
}

/// Where a token can be put: in the folder, if one was named. `-` stands for standard input, which
/// is not read.
fn writable(path: &Path) -> PathBuf {
    if path == Path::new("-") {
        PathBuf::from("token")
    } else if path.is_dir() {
        path.join("token")
    } else {
        path.to_owned()
    }
}

fn token(scene: &Scene<'_>) -> Vec<Finding> {
    let (Some(cluster), Some(facts)) = (scene.cluster(), scene.live.get()) else {
        return vec![Finding::skip("there is no cluster to look at")];
    };
    match cluster.add_on(AddonSide::registry().key()) {
        None => return vec![Finding::skip("aws-ecr is off")],
        Some(settings) if settings.get("roleArn").is_none_or(Value::is_null) => {
            return vec![Finding::skip("aws-ecr has no role: no token is exchanged")];
        }
        Some(_) => {}
    }
    let expected = expected(scene, cluster);
    let fix = try_again(scene, cluster, &expected);
    let path = scene.session.asked.web_identity_token_file.as_deref();
    let file = path.map_or_else(String::new, |path| {
        excerpt(&path.display().to_string(), 200)
    });
    let bad = |reason: String| {
        let finding = Finding::fail(format!("the token in {file} is not the right one"));
        vec![finding.evidence(reason).fix_if(fix.clone())]
    };
    let text = match &facts.token {
        None => {
            let make = kubectl(&expected).map_or_else(
                || "kubectl create token".to_owned(),
                |make| make.render(&scene.session.reach),
            );
            let finding = Finding::unknown("no token to try the pull with").evidence(format!(
                "--web-identity-token-file was not given; where kubectl reaches the cluster: {make}"
            ));
            return vec![finding.fix_if(fix)];
        }
        Some(Err(reason)) => return bad(reason.clone()),
        Some(Ok(text)) => text,
    };
    let token = match ParsedToken::parse(secrecy::ExposeSecret::expose_secret(text)) {
        Ok(token) => token,
        Err(reason) => return bad(reason),
    };
    let mut problems = token.problems(&expected, OffsetDateTime::now_utc().unix_timestamp());
    let keys = scene
        .issuer
        .get()
        .and_then(|facts| facts.look()?.keys.as_ref()?.as_ref().ok());
    let mut unverified = None;
    match keys {
        Some((keys, _)) => match token.verify(keys) {
            SignatureVerdict::Good => {}
            // One of another issuer is never signed with this one's key: that says nothing more.
            SignatureVerdict::Bad(_)
                if token.issuer.as_deref() != Some(expected.issuer.as_str()) => {}
            SignatureVerdict::Bad(reason) => problems.push(reason),
            SignatureVerdict::Unknown(reason) => unverified = Some(reason),
        },
        None => unverified = Some("the issuer's keys are not known".to_owned()),
    }
    if !problems.is_empty() {
        return bad(problems.join("; "));
    }
    let subject = excerpt(token.subject.as_deref().unwrap_or_default(), 200);
    vec![match unverified {
        Some(reason) => Finding::warn(format!(
            "the token is of {subject}, its signature was not verified"
        ))
        .evidence(reason),
        None => Finding::pass(format!(
            "the token is of {subject}, and the issuer's keys bear it out"
        )),
    }]
}

async fn assume_role(scene: &Scene<'_>) -> Vec<Finding> {
    let (Some(cluster), Some(facts)) = (scene.cluster(), scene.live.get()) else {
        return vec![Finding::skip("there is no cluster to look at")];
    };
    let Some(Ok(token)) = &facts.token else {
        return vec![Finding::skip("there is no token")];
    };
    let role = cluster
        .add_on(AddonSide::registry().key())
        .and_then(|settings| settings.get("roleArn")?.as_str());
    let role: RoleArn = match role.map(str::parse) {
        Some(Ok(role)) => role,
        Some(Err(_)) => return vec![Finding::skip("role-arn-form failed")],
        None => return vec![Finding::skip("same account, aws-ecr has no role")],
    };
    match assume(scene, &role, token).await {
        Ok(assumed) => {
            let text = format!("STS gives {}", excerpt(&assumed.arn, 200));
            // Asked once a scene.
            let _ = facts.assumed.set(assumed);
            vec![Finding::pass(text)]
        }
        Err(failure) => vec![refused(scene, cluster, &role, &failure)],
    }
}

/// Asks STS; with `--wait` again for a while, because IAM takes up to a minute to know everywhere
/// what was just changed.
async fn assume(scene: &Scene<'_>, role: &RoleArn, token: &SecretString) -> IamAnswer<Assumed> {
    let limit = scene
        .session
        .asked
        .wait
        .unwrap_or_default()
        .min(PROPAGATION);
    let begin = Instant::now();
    let mut waits = Backoff::new(Duration::from_secs(1), Duration::from_secs(5));
    loop {
        let pause = waits.next();
        let answer = proof::assume(scene.session.aws_session().await, role, token).await;
        let may_come = answer
            .as_ref()
            .is_err_and(|failure| failure.denied() || failure.is("InvalidIdentityToken"));
        if !may_come || begin.elapsed() + pause > limit {
            return answer;
        }
        tokio::time::sleep(pause).await;
    }
}

/// What STS said, and what it means.
fn refused(scene: &Scene<'_>, cluster: &Cluster, role: &RoleArn, failure: &AwsFailure) -> Finding {
    let said = said(failure);
    if let Some(unreachable) = out_of_reach("STS", failure) {
        return unreachable;
    }
    let code = match &failure.cause {
        Cause::Code(code) => code.trim_end_matches("Exception"),
        _ => "",
    };
    let message = failure.message.as_str();
    let meaning = match code {
        "AccessDenied" => format!(
            "STS does not say why: {role} is not there, or its trust policy does not admit the \
             token"
        ),
        "InvalidIdentityToken" if message.contains("No OpenIDConnect provider") => format!(
            "the OIDC provider is missing in account {}, or its URL differs",
            role.account()
        ),
        "InvalidIdentityToken" if message.contains("audience") => {
            "the OIDC provider lacks the token's audience".to_owned()
        }
        "InvalidIdentityToken" if message.contains("verification key") => {
            "AWS cannot fetch the issuer's keys; from the internet they may not be reachable"
                .to_owned()
        }
        "InvalidIdentityToken" if message.contains("thumbprint") => {
            "the registered thumbprint does not fit the issuer's certificate".to_owned()
        }
        "InvalidIdentityToken" => "AWS does not take the token".to_owned(),
        "ExpiredToken" => "the token has expired, or a clock is wrong".to_owned(),
        "IDPCommunicationError" => "AWS could not reach the issuer just now".to_owned(),
        "RegionDisabled" => "the region's STS is not switched on in the account".to_owned(),
        _ => "STS refuses the token".to_owned(),
    };
    let finding = Finding::fail(format!("{} cannot be assumed with the token", role.name()))
        .evidence(format!("{meaning}; {said}"));
    match code {
        // Setup leaves a Deny of others alone, and stops at it.
        "AccessDenied" if !super::trust::denies(scene) => {
            finding.fix(setup(AddonSide::registry(), cluster.name()))
        }
        "InvalidIdentityToken"
            if message.contains("No OpenIDConnect provider") || message.contains("audience") =>
        {
            finding.fix(setup(AddonSide::registry(), cluster.name()))
        }
        _ => finding,
    }
}

fn said(failure: &AwsFailure) -> String {
    let code = match &failure.cause {
        Cause::Code(code) => excerpt(code, 60),
        Cause::Status(status) => status.to_string(),
        _ => "no answer".to_owned(),
    };
    let request = failure
        .request_id
        .as_ref()
        .map_or_else(String::new, |id| format!(" (request {})", excerpt(id, 80)));
    format!(
        "AWS said {code} \"{}\"{request}",
        excerpt(&failure.message, 300)
    )
}

/// A failure that says nothing about the role.
fn out_of_reach(what: &str, failure: &AwsFailure) -> Option<Finding> {
    let reason = match &failure.cause {
        Cause::Unreachable => "it could not be reached",
        Cause::TimedOut => "it did not answer in time",
        Cause::Endpoint => "its endpoint is not a URL",
        Cause::Credentials(_) => "it cannot be asked",
        _ if failure.passing() => "it has no time just now",
        _ => return None,
    };
    Some(
        Finding::unknown(format!("{what} could not be asked"))
            .evidence(format!("{reason}: {}", excerpt(&failure.message, 300))),
    )
}

async fn pull(scene: &Scene<'_>) -> Vec<Finding> {
    let (Some(cluster), Some(facts)) = (scene.cluster(), scene.live.get()) else {
        return vec![Finding::skip("there is no cluster to look at")];
    };
    let Some(assumed) = facts.assumed.get() else {
        return vec![Finding::skip("the role was not assumed")];
    };
    let Some(text) = scene.session.asked.image.as_deref() else {
        return vec![Finding::skip("no image was named (--image)")];
    };
    let Ok(Image::Private(image)) = parse_image(text) else {
        return vec![Finding::skip("the image is not in a private ECR registry")];
    };
    match assumed.pull(&image).await {
        Ok(digest) => vec![Finding::pass(format!(
            "the role reads {}, {}",
            excerpt(text, 300),
            excerpt(&digest, 100)
        ))],
        Err(failure) => vec![unpulled(cluster, &image, &failure)],
    }
}

fn unpulled(cluster: &Cluster, image: &PrivateImage, failure: &AwsFailure) -> Finding {
    if let Some(unreachable) = out_of_reach("ECR", failure) {
        return unreachable;
    }
    let said = said(failure);
    let place = format!(
        "{} in account {}, {}",
        image.repository, image.account, image.region
    );
    if failure.denied() {
        return not_allowed(cluster, image, failure, &place);
    }
    let meaning = match &failure.cause {
        Cause::Code(code) if code.starts_with("RepositoryNotFound") => {
            format!("there is no repository {place}")
        }
        Cause::Code(code) if code.starts_with("ImageNotFound") => match &image.digest {
            Some(digest) => format!("{place} has no image {}", excerpt(digest, 100)),
            None => format!("{place} has no tag {}", proof::tag(image)),
        },
        Cause::Code(code) if code.starts_with("Layer") => {
            format!("{place} has the manifest, but not what it is made of")
        }
        _ => format!("{place} cannot be read"),
    };
    Finding::fail(meaning).evidence(said)
}

/// What the role may not do in ECR, and whose policy it is about.
fn not_allowed(
    cluster: &Cluster,
    image: &PrivateImage,
    failure: &AwsFailure,
    place: &str,
) -> Finding {
    let role: Option<RoleArn> = cluster
        .add_on(AddonSide::registry().key())
        .and_then(|settings| settings.get("roleArn")?.as_str()?.parse().ok());
    let login = failure.action == "ecr:GetAuthorizationToken";
    let foreign = !login && role.is_none_or(|role| *role.account() != image.account);
    let what = match failure.action {
        _ if login => "the role may not log in to the registry".to_owned(),
        "ecr:GetDownloadUrlForLayer" => {
            format!("the role may read the manifest of {place}, and not its layers")
        }
        _ => format!("the role may not read {place}"),
    };
    let denied = failure.message.contains("explicit deny");
    let why = match (foreign, denied) {
        (true, _) => {
            "its own policy or that of the repository in another account stands against it"
        }
        (false, true) => "a policy of the role denies it, the check pull-simulated says which",
        (false, false) => "no policy of the role allows it",
    };
    let finding =
        Finding::fail(what).evidence(format!("{}: {why}; {}", failure.action, said(failure)));
    let setup = setup(AddonSide::registry(), cluster.name());
    match (foreign, denied) {
        (true, _) => finding.fix(
            setup
                .flag("--image", image.to_string())
                .plain("--repository-policy"),
        ),
        (false, true) => finding,
        (false, false) => finding.fix(setup.plain("--only policy --pull-policy read-only")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_file_that_holds_no_token_says_so_without_its_content() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        assert_eq!(read(&path).unwrap_err(), "there is no such file");
        std::fs::write(&path, [0xff, 0xfe]).unwrap();
        assert_eq!(read(&path).unwrap_err(), "it does not hold a token");
        std::fs::write(&path, vec![b'a'; TOKEN + 1]).unwrap();
        assert_eq!(read(&path).unwrap_err(), "it does not hold a token");
        std::fs::write(&path, " a.b.c\n").unwrap();
        let token = read(&path).unwrap();
        assert_eq!(secrecy::ExposeSecret::expose_secret(&token), "a.b.c");
        assert!(!format!("{token:?}").contains("a.b.c"));
    }

    #[test]
    fn what_aws_said_is_quoted_and_escaped() {
        let failure = AwsFailure {
            action: "sts:AssumeRoleWithWebIdentity",
            cause: Cause::Code("AccessDenied".to_owned()),
            message: "Not\u{1b}[31m authorized".to_owned(),
            request_id: Some("r1".to_owned()),
            ..AwsFailure::default()
        };
        let said = said(&failure);
        assert!(said.starts_with("AWS said AccessDenied \"Not"), "{said}");
        assert!(
            said.ends_with("(request r1)") && !said.contains('\u{1b}'),
            "{said}"
        );
        assert!(out_of_reach("STS", &failure).is_none());
        let slow = AwsFailure {
            cause: Cause::TimedOut,
            ..failure
        };
        assert!(out_of_reach("STS", &slow).is_some());
    }

    #[test]
    fn the_template_says_what_a_token_must_claim() {
        let session = crate::check::Session::new(
            crate::check::CheckOptions::default(),
            None,
            crate::aws::connect::AwsAccess::default(),
            crate::invocation::Reach::default(),
            Vec::new(),
        );
        let policy = json!({"Statement": {"Effect": "Allow", "Condition": {
            "StringEquals": {"h/x:aud": "custom"},
            "StringLike": {"h/x:sub": ["system:serviceaccount:a:*", "system:serviceaccount:b:c"]}}}});
        for policy in [policy.clone(), json!(policy.to_string())] {
            let cluster = Cluster::new(json!({"name": "prod",
                "status": {"addOns": {"awsECR": {"trustPolicy": policy}}}}));
            let scene = Scene::new(&session, Some("prod"));
            let expected = expected(&scene, &cluster);
            assert_eq!(expected.audience, "custom");
            assert_eq!(expected.subjects.len(), 2);
            assert_eq!(
                try_again(&scene, &cluster, &expected).unwrap(),
                "kubectl create token c -n b --audience custom --duration 10m > token && \
                 mk8s check -c prod --live --web-identity-token-file token"
            );
        }
    }
}
