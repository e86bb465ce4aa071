//! What AWS answers, in the user's words. Pure.
//!
//! The caller says what was not done; here follow the reason, the right that is missing and what to
//! do. AWS's own text is quoted, never improved.

use super::iam::{AwsFailure, Cause};
use super::needed::Needed;
use super::quotable;
use crate::error::{Error, Kind};
use crate::invocation::Invocation;

/// Turns a failed call into an error. `what` says what was not done, with the names in question;
/// `caller` is the ARN of who called, where it is known.
pub(crate) fn explain(
    failure: &AwsFailure,
    what: impl Into<String>,
    caller: Option<&str>,
) -> Error {
    explain_to(failure, what, caller, &Needed::default())
}

/// The same for a caller who is to be shown the policy that covers the call.
pub(crate) fn explain_to(
    failure: &AwsFailure,
    what: impl Into<String>,
    caller: Option<&str>,
    needed: &Needed,
) -> Error {
    let error = Error::new(kind(failure), what).request(failure.request_id.clone());
    let error = match &failure.cause {
        Cause::Credentials(trouble) => {
            let mut error = error;
            error.because.extend(trouble.because());
            trouble.hints().into_iter().fold(error, Error::hint)
        }
        Cause::Endpoint => error
            .because(format!(
                "the endpoint cannot be used: {}",
                brief(failure.message.split(" to request").next().unwrap_or_default())
            ))
            .hint("--aws-endpoint-url, AWS_ENDPOINT_URL and endpoint_url in the profile are URLs such as http://127.0.0.1:5000"),
        // The SDK tells it in a chain of its own parts, and nothing was tried.
        Cause::Unreachable if failure.message.contains("field: `region`") => {
            Error { kind: Kind::Usage, ..error }
                .because("the region is not the name of one")
                .hint("--aws-region, AWS_REGION and region in the profile are names such as eu-central-1")
        }
        Cause::Unreachable => unreachable(error, failure),
        Cause::TimedOut => error.because(format!("AWS did not answer {} in time", failure.action)),
        Cause::Status(status) if !failure.denied() => error.because(format!(
            "AWS answered {} with status {status} and no reason that can be read",
            failure.action
        )),
        Cause::Other => error.because(format!(
            "the answer to {} cannot be used: {}",
            failure.action,
            brief(&failure.message)
        )),
        Cause::Status(_) => denied(error, failure, caller, needed),
        Cause::Code(code) => by_code(error, failure, code, caller, needed),
    };
    debug_assert!(!error.because.is_empty(), "every failure has a reason");
    error
}

fn unreachable(error: Error, failure: &AwsFailure) -> Error {
    let why = brief(&failure.message);
    let action = failure.action;
    let Some(endpoint) = &failure.endpoint else {
        return error.because(format!("AWS could not be reached for {action}: {why}"));
    };
    let url = quotable(&endpoint.url);
    let error = error.because(format!(
        "AWS could not be reached for {action} at {url}: {why}"
    ));
    let error = match &endpoint.from {
        Some(from) => error.hint(format!("the endpoint is from {from}")),
        None => error,
    };
    if endpoint.distrusted {
        error.hint("authorities of your own: name their PEM file in AWS_CA_BUNDLE")
    } else {
        error
    }
}

fn kind(failure: &AwsFailure) -> Kind {
    if failure.denied() {
        return Kind::Denied;
    }
    let code = match &failure.cause {
        Cause::Credentials(trouble) => return trouble.kind(),
        Cause::Endpoint => return Kind::Usage,
        Cause::Unreachable | Cause::TimedOut | Cause::Status(_) => return Kind::Unavailable,
        Cause::Other => return Kind::Failure,
        Cause::Code(code) => code.as_str(),
    };
    match code {
        code if is_credentials(code) => Kind::Denied,
        "NoSuchEntity" => Kind::NotFound,
        "EntityAlreadyExists" | "ConcurrentModification" => Kind::Conflict,
        "LimitExceeded" if failure.message.contains("ACLSizePerRole") => Kind::Refused,
        "LimitExceeded" | "OpenIdIdpCommunicationError" => Kind::Unavailable,
        "MalformedPolicyDocument"
        | "DeleteConflict"
        | "InvalidInput"
        | "ValidationError"
        | "UnmodifiableEntity"
        | "PolicyNotAttachable" => Kind::Refused,
        _ if failure.passing() => Kind::Unavailable,
        _ => Kind::Failure,
    }
}

fn is_credentials(code: &str) -> bool {
    is_expired(code)
        || [
            "InvalidClientTokenId",
            "SignatureDoesNotMatch",
            "UnrecognizedClientException",
            "IncompleteSignature",
            "MissingAuthenticationToken",
            "OptInRequired",
            "AuthFailure",
        ]
        .contains(&code)
}

fn is_expired(code: &str) -> bool {
    ["ExpiredToken", "ExpiredTokenException", "RequestExpired"].contains(&code)
}

fn by_code(
    error: Error,
    failure: &AwsFailure,
    code: &str,
    caller: Option<&str>,
    needed: &Needed,
) -> Error {
    if failure.denied() {
        return denied(error, failure, caller, needed);
    }
    let said = format!(
        "AWS answered {} with {}: \"{}\"",
        failure.action,
        quotable(code),
        brief(&failure.message)
    );
    let whose = failure
        .profile
        .as_ref()
        .map_or_else(String::new, |named| format!(" of {named}"));
    if is_expired(code) {
        return error
            .because(format!("the AWS credentials{whose} have expired"))
            .because(said)
            .hint(Invocation::aws("sso login").within(
                "renew them (",
                " for an SSO profile) and run the same command again",
            ));
    }
    if is_credentials(code) {
        return error
            .because(format!("AWS does not accept the credentials{whose}"))
            .because(said)
            .hint(match &failure.profile {
                Some(_) => "name another profile, or mend its keys, and check this machine's clock",
                None => "pass --aws-profile NAME, and check this machine's clock",
            })
            .hint("in China, GovCloud or the European Sovereign Cloud name a region too: --aws-region REGION");
    }
    let message = failure.message.as_str();
    match code {
        "MalformedPolicyDocument" if message.contains("Federated principals") => error
            .because("the OIDC provider in the trust policy is not an ARN that IAM takes: account, partition or host is wrong")
            .because(said),
        "MalformedPolicyDocument" if message.contains("Invalid principal") => error
            .because("the trust policy names a user or role that does not exist any more; IAM refuses every change until that statement is removed")
            .because(said),
        "LimitExceeded" if message.contains("ACLSizePerRole") => error
            .because("the trust policy would be longer than this account allows")
            .because(said)
            .hint("remove statements of clusters that are gone, or use a role of its own: --role-name NAME"),
        "LimitExceeded" => error
            .because(quota(message).map_or_else(
                || "a quota of the AWS account is used up".to_owned(),
                |name| format!("a quota of the AWS account is used up: {name}"),
            ))
            .because(said),
        "DeleteConflict" => error
            .because("something is still attached to it")
            .because(said),
        "EntityAlreadyExists" => error
            .because("something of that name exists already, and cannot be read or does not fit")
            .because(said),
        "OpenIdIdpCommunicationError" => error
            .because("IAM could not read the issuer's discovery document; it must be reachable from the internet")
            .because(said),
        _ => error.because(said),
    }
}

fn denied(error: Error, failure: &AwsFailure, caller: Option<&str>, needed: &Needed) -> Error {
    let refusal = MissingRight::read(&failure.message);
    let action = refusal.action.unwrap_or(failure.action);
    let who = refusal.user.or(caller);
    let on = refusal.resource.map(|it| format!(" on {}", quotable(it)));
    let by = who.map(|it| format!(" for {}", quotable(it)));
    let error = error.because(format!(
        "AWS refused {}{}{}",
        quotable(action),
        on.unwrap_or_default(),
        by.unwrap_or_default()
    ));
    let message = failure.message.as_str();
    if message.contains("permissions boundary") {
        let error = error.because("a permissions boundary does not allow it");
        return if failure.action == "iam:CreateRole" {
            error.hint(
                "accounts that demand a boundary on new roles want --permissions-boundary ARN",
            )
        } else {
            error
        };
    }
    if message.contains("service control policy") {
        return error.because("a service control policy of the organization denies it");
    }
    if message.contains("explicit deny") {
        return error.because("a policy denies it explicitly");
    }
    let print = needed.refused(failure).command();
    error.hint(print.within("", " prints the least policy that the caller needs"))
}

/// The resource that AWS's sentence on a missing right names.
pub(super) fn refused_resource(failure: &AwsFailure) -> Option<&str> {
    MissingRight::read(&failure.message).resource
}

/// The parts of AWS's sentence on a missing right.
struct MissingRight<'a> {
    user: Option<&'a str>,
    action: Option<&'a str>,
    resource: Option<&'a str>,
}

impl<'a> MissingRight<'a> {
    fn read(message: &'a str) -> Self {
        let after = |mark: &str| {
            let rest = &message[message.find(mark)? + mark.len()..];
            rest.split_whitespace()
                .next()
                .map(|word| word.trim_end_matches([',', '.']))
        };
        Self {
            user: after("User: "),
            action: after("not authorized to perform: "),
            resource: after("on resource: "),
        }
    }
}

/// The quota that AWS's text names, if it names one.
fn quota(message: &str) -> Option<String> {
    let (_, rest) = message.split_once("quota for ")?;
    let name = rest.split_whitespace().next()?;
    Some(quotable(name.trim_end_matches([':', '.', ','])))
}

/// AWS's text on one line, short enough for a message.
fn brief(message: &str) -> String {
    let first = message.lines().next().unwrap_or_default();
    quotable(first.trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::credentials::{CredentialTrouble, Reason};

    fn failure(code: &str, message: &str) -> AwsFailure {
        AwsFailure {
            action: "iam:CreateRole",
            cause: Cause::Code(code.to_owned()),
            message: message.to_owned(),
            request_id: Some("req-1".to_owned()),
            ..AwsFailure::default()
        }
    }

    #[test]
    fn every_code_has_its_kind_and_reason() {
        for (code, message, kind, because) in [
            (
                "AccessDenied",
                "x",
                Kind::Denied,
                "AWS refused iam:CreateRole",
            ),
            ("ExpiredToken", "x", Kind::Denied, "have expired"),
            (
                "InvalidClientTokenId",
                "x",
                Kind::Denied,
                "does not accept the credentials",
            ),
            (
                "SignatureDoesNotMatch",
                "x",
                Kind::Denied,
                "does not accept the credentials",
            ),
            (
                "MalformedPolicyDocument",
                "Federated principals must be valid",
                Kind::Refused,
                "not an ARN that IAM takes",
            ),
            (
                "MalformedPolicyDocument",
                "Invalid principal in policy",
                Kind::Refused,
                "does not exist any more",
            ),
            (
                "MalformedPolicyDocument",
                "Syntax errors",
                Kind::Refused,
                "Syntax errors",
            ),
            (
                "LimitExceeded",
                "Cannot exceed quota for ACLSizePerRole: 2048",
                Kind::Refused,
                "longer than this account allows",
            ),
            (
                "LimitExceeded",
                "Cannot exceed quota for PoliciesPerRole: 10",
                Kind::Unavailable,
                "used up: PoliciesPerRole",
            ),
            ("EntityAlreadyExists", "x", Kind::Conflict, "exists already"),
            ("DeleteConflict", "x", Kind::Refused, "still attached"),
            ("NoSuchEntity", "no role", Kind::NotFound, "no role"),
            (
                "ConcurrentModification",
                "x",
                Kind::Conflict,
                "ConcurrentModification",
            ),
            (
                "Throttling",
                "Rate exceeded",
                Kind::Unavailable,
                "Rate exceeded",
            ),
            (
                "OpenIdIdpCommunicationError",
                "x",
                Kind::Unavailable,
                "reachable from the internet",
            ),
            ("Odd", "x", Kind::Failure, "Odd"),
        ] {
            let error = explain(&failure(code, message), "role `r` was not created", None);
            assert_eq!(error.kind, kind, "{code}");
            assert!(
                error.because.iter().any(|it| it.contains(because)),
                "{code}: {error:?}"
            );
            assert_eq!(error.request_id.as_deref(), Some("req-1"));
        }
    }

    #[test]
    fn a_quota_without_a_name_is_not_named() {
        for (message, because) in [
            ("Rate", "a quota of the AWS account is used up"),
            ("quota for ", "a quota of the AWS account is used up"),
            ("quota for X.", "a quota of the AWS account is used up: X"),
        ] {
            let error = explain(&failure("LimitExceeded", message), "x", None);
            assert_eq!(error.because[0], because, "{message}");
        }
    }

    #[test]
    fn every_other_cause_has_its_kind() {
        for (cause, kind, because) in [
            (
                Cause::Credentials(Box::new(CredentialTrouble {
                    named: None,
                    at: None,
                    reason: Reason::Nothing,
                })),
                Kind::Denied,
                "no AWS credentials",
            ),
            (
                Cause::Unreachable,
                Kind::Unavailable,
                "could not be reached",
            ),
            (Cause::TimedOut, Kind::Unavailable, "did not answer"),
            (Cause::Status(502), Kind::Unavailable, "status 502"),
            (Cause::Status(403), Kind::Denied, "AWS refused"),
            (Cause::Other, Kind::Failure, "cannot be used"),
        ] {
            let failed = AwsFailure {
                cause,
                ..failure("", "m")
            };
            let error = explain(&failed, "x", None);
            assert_eq!(error.kind, kind, "{failed:?}");
            assert!(error.because[0].contains(because), "{error:?}");
        }
    }

    #[test]
    fn the_missing_right_is_read_from_the_text() {
        let message = "User: arn:aws:iam::111122223333:user/ops is not authorized to perform: iam:TagRole \
                       on resource: arn:aws:iam::111122223333:role/r because no identity-based policy allows \
                       the iam:TagRole action";
        let error = explain(
            &failure("AccessDenied", message),
            "role `r` was not created",
            None,
        );
        assert_eq!(
            error.because,
            [
                "AWS refused iam:TagRole on arn:aws:iam::111122223333:role/r for arn:aws:iam::111122223333:user/ops"
            ]
        );
        assert!(error.hints[0].contains("mk8s aws permissions"));
    }

    #[test]
    fn boundaries_and_organizations_are_told_apart() {
        let at = |text: &str| explain(&failure("AccessDenied", text), "x", Some("arn:me"));
        let boundary = at("… because no permissions boundary allows the iam:CreateRole action");
        assert!(boundary.hints[0].contains("--permissions-boundary"));
        assert!(boundary.because[0].ends_with("for arn:me"));
        let scp = at("… with an explicit deny in a service control policy");
        assert!(scp.because[1].contains("organization") && scp.hints.is_empty());
        let deny = at("… with an explicit deny in an identity-based policy");
        assert!(deny.because[1].contains("explicitly") && deny.hints.is_empty());
    }

    #[test]
    fn text_from_aws_is_escaped_and_kept_on_one_line() {
        let error = explain(&failure("Odd\u{1b}", "a\u{1b}[2J\nsecond"), "x", None);
        assert!(error.because[0].contains("a\\u{1b}[2J"), "{error:?}");
        assert!(!error.because[0].contains("second"));
    }
}
