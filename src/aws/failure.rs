//! What became of a call by the AWS SDK, as a [`AwsFailure`].

use super::connect::Unreached;
use super::credentials::CredentialTrouble;
use super::iam::{AwsFailure, Cause, IamAnswer};
use aws_sdk_iam::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_iam::operation::RequestId;
use std::error::Error as StdError;

/// An answer that lacks what it must hold.
pub(super) fn unreadable(action: &'static str) -> AwsFailure {
    AwsFailure {
        action,
        cause: Cause::Other,
        message: "the answer lacks what it must hold".to_owned(),
        ..AwsFailure::default()
    }
}

/// Turns "there is no such thing" into `None`.
pub(super) fn found<T, E, R>(
    action: &'static str,
    answer: Result<T, SdkError<E, R>>,
) -> IamAnswer<Option<T>>
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
    R: Status + std::fmt::Debug + Send + Sync + 'static,
    SdkError<E, R>: RequestId,
{
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) => {
            let failure = failure(action, &error);
            if failure.is("NoSuchEntity") {
                Ok(None)
            } else {
                Err(failure)
            }
        }
    }
}

/// Drops what a call that changes something answers.
pub(super) fn done<T, E, R>(
    action: &'static str,
    answer: Result<T, SdkError<E, R>>,
) -> IamAnswer<()>
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
    R: Status + std::fmt::Debug + Send + Sync + 'static,
    SdkError<E, R>: RequestId,
{
    answer.map(|_| ()).map_err(|error| failure(action, &error))
}

/// The HTTP status of a raw answer.
pub(super) trait Status {
    fn status(&self) -> u16;
}

impl Status for aws_sdk_iam::config::http::HttpResponse {
    fn status(&self) -> u16 {
        Self::status(self).as_u16()
    }
}

/// A failed call of any service.
pub(super) fn failure<E, R>(action: &'static str, error: &SdkError<E, R>) -> AwsFailure
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
    R: Status + std::fmt::Debug + Send + Sync + 'static,
    SdkError<E, R>: RequestId,
{
    let status = error.raw_response().map(Status::status);
    let meta = error.as_service_error().map(ProvideErrorMetadata::meta);
    let code = meta.and_then(|meta| meta.code());
    let text = chain(error);
    let unreached = within::<Unreached>(error);
    let trouble = within::<CredentialTrouble>(error);
    let cause = match (code, status, error) {
        // Whoever had to give the credentials says so in its own type, however it is wrapped.
        (None, None, _) if trouble.is_some() => {
            trouble.map_or(Cause::Other, |it| Cause::Credentials(Box::new(it.clone())))
        }
        (Some(code), _, _) => Cause::Code(code.to_owned()),
        (None, Some(status), _) => Cause::Status(status),
        (None, None, SdkError::TimeoutError(_)) => Cause::TimedOut,
        (None, None, SdkError::DispatchFailure(inner)) if inner.is_timeout() => Cause::TimedOut,
        (None, None, SdkError::DispatchFailure(inner)) if inner.is_io() => Cause::Unreachable,
        (None, None, SdkError::DispatchFailure(_) | SdkError::ConstructionFailure(_)) => {
            unsent(&text)
        }
        _ => Cause::Other,
    };
    let message = match (meta.and_then(|meta| meta.message()), unreached) {
        (Some(message), _) => message.to_owned(),
        (None, Some(unreached)) => unreached.to_string(),
        (None, None) => text,
    };
    AwsFailure {
        action,
        cause,
        message,
        request_id: error.request_id().map(str::to_owned),
        endpoint: unreached.map(|unreached| Box::new(unreached.endpoint(action))),
        profile: None,
    }
}

/// The cause of this type, if there is one.
fn within<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(cause) = next {
        if let Some(found) = cause.downcast_ref() {
            return Some(found);
        }
        next = cause.source();
    }
    None
}

/// The causes of an error on one line; the SDK's own outermost word says nothing.
fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut next = error.source().or(Some(error));
    while let Some(cause) = next {
        let text = cause.to_string();
        if parts.last().is_none_or(|last| !last.contains(&text)) {
            parts.push(text);
        }
        next = cause.source();
    }
    parts.join(": ")
}

/// The SDK reports an odd endpoint as a failed dispatch; only the text tells.
fn unsent(text: &str) -> Cause {
    if text.contains("failed to apply endpoint") {
        Cause::Endpoint
    } else {
        Cause::Unreachable
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_that_is_no_url_is_told_apart_by_its_text() {
        for (text, cause) in [
            (
                "other: failed to apply endpoint `x` to request GetCallerIdentity",
                Cause::Endpoint,
            ),
            ("no route", Cause::Unreachable),
        ] {
            assert_eq!(unsent(text), cause, "{text}");
        }
    }
}
