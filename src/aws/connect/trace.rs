//! Every call to AWS as a line, for `--debug` and for counting.
//!
//! The lines are made inside the SDK, by what all clients of a session carry, and not by whoever
//! makes a call. They hold the action, the names and ARNs that it is about, how it ended and how
//! long it took; never a header, a document, a credential or a whole body.

use crate::text::quotable;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::orchestrator::{
    HttpRequest, HttpResponse, Metadata, OrchestratorError,
};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};
use percent_encoding::percent_decode_str;
use serde_json::Value;
use std::fmt;
use std::sync::Arc;
use std::time::Instant;

/// Where the lines go.
#[derive(Clone)]
pub(crate) struct Trace(Arc<dyn Fn(&str) + Send + Sync>);

impl Trace {
    /// `line` gets each line, without a line end.
    pub(crate) fn new(line: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Arc::new(line))
    }
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Trace")
    }
}

/// The fields of requests that are shown. A list of what may be seen and not of what may not: a
/// token or a document of a call that is added later stays out by itself.
const SHOWN: [&str; 16] = [
    "OpenIDConnectProviderArn",
    "Url",
    "ClientID",
    "RoleArn",
    "RoleName",
    "PolicySourceArn",
    "PolicyArn",
    "PolicyName",
    "VersionId",
    "ActionNames.member.1",
    "registryId",
    "repositoryName",
    "repositoryNames",
    "account_id",
    "role_name",
    "layerDigest",
];

/// What a call is about; kept from when it is put together to when it has ended.
#[derive(Debug)]
struct About(String);

impl Storable for About {
    type Storer = StoreReplace<Self>;
}

/// When an attempt began.
#[derive(Debug)]
struct Begun(Instant);

impl Storable for Begun {
    type Storer = StoreReplace<Self>;
}

impl Intercept for Trace {
    fn name(&self) -> &'static str {
        "Trace"
    }

    fn read_after_serialization(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let about = About(about(context.request()));
        cfg.interceptor_state().store_put(about);
        Ok(())
    }

    fn read_before_attempt(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        cfg.interceptor_state().store_put(Begun(Instant::now()));
        Ok(())
    }

    // One line an attempt, so that what arrives at AWS and what is shown are the same number. The
    // SDK calls this also for an attempt that ran out of time or found no credentials.
    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let action = cfg.load::<Metadata>().map_or_else(String::new, action);
        let about = cfg.load::<About>().map_or("", |about| &about.0);
        let time = cfg
            .load::<Begun>()
            .map_or(0, |begun| begun.0.elapsed().as_millis());
        let end = ending(context);
        (self.0)(&format!("aws {action}{about}: {end} ({time} ms)"));
        Ok(())
    }
}

/// The name that policies use.
fn action(call: &Metadata) -> String {
    let service = call.service().to_ascii_lowercase();
    // By this name the SDK signs the calls of SSO's portal.
    let service = service.strip_prefix("aws").unwrap_or(&service);
    format!("{service}:{}", call.name())
}

/// The shown fields of a request, each behind a blank: of its address, of a form (IAM, STS), or of
/// JSON (ECR).
fn about(request: &HttpRequest) -> String {
    let body = request.body().bytes().unwrap_or_default();
    let query = request.uri().split_once('?').map_or("", |(_, query)| query);
    let form = std::str::from_utf8(body).unwrap_or_default();
    let json: Value = serde_json::from_slice(body).unwrap_or_default();
    let mut about = String::new();
    for name in SHOWN {
        let pairs = query.split('&').chain(form.split('&'));
        let of_form = pairs
            .filter_map(|pair| pair.split_once('='))
            .find(|(key, _)| *key == name)
            .map(|(_, text)| percent_decode_str(text).decode_utf8_lossy().into_owned());
        let of_json = || match json.get(name)? {
            Value::Array(list) => list.first()?.as_str().map(str::to_owned),
            other => other.as_str().map(str::to_owned),
        };
        if let Some(text) = of_form.or_else(of_json).filter(|text| !text.is_empty()) {
            about.push(' ');
            about.push_str(&quotable(&text));
        }
    }
    about
}

fn ending(context: &FinalizerInterceptorContextRef<'_>) -> String {
    let error = match context.output_or_error() {
        Some(Ok(_)) => return "ok".to_owned(),
        Some(Err(error)) => Some(error),
        None => None,
    };
    let Some(answer) = context.response() else {
        let timed_out = error.is_some_and(|error| {
            let of_connector = error.as_connector_error();
            error.is_timeout_error() || of_connector.is_some_and(ConnectorError::is_timeout)
        });
        let of_connector = error.is_some_and(OrchestratorError::is_connector_error);
        return match (timed_out, of_connector) {
            (true, _) => "timed out",
            (_, true) => "not reached",
            _ => "not sent",
        }
        .to_owned();
    };
    let status = || format!("status {}", answer.status().as_u16());
    let end = code(answer).map_or_else(status, |code| quotable(&code));
    match request_id(answer) {
        Some(id) => format!("{end}, request {}", quotable(id)),
        None => end,
    }
}

/// The code of a failure. The SDK keeps it in a type of its own for every call, so it is read from
/// the answer: a header, JSON or XML, as the service has it.
fn code(answer: &HttpResponse) -> Option<String> {
    let body = answer.body().bytes().unwrap_or_default();
    let of_header = answer.headers().get("x-amzn-errortype").map(str::to_owned);
    let of_json = || {
        let json: Value = serde_json::from_slice(body).ok()?;
        let code = json.get("__type").or_else(|| json.get("code"))?;
        code.as_str().map(str::to_owned)
    };
    let of_xml = || {
        let text = std::str::from_utf8(body).ok()?;
        let (_, rest) = text.split_once("<Code>")?;
        rest.split_once("</Code>").map(|(code, _)| code.to_owned())
    };
    let code = of_header.or_else(of_json).or_else(of_xml)?;
    // With a namespace before it, and an address behind it.
    let code = code.rsplit('#').next().unwrap_or_default();
    let code = code.split(':').next().unwrap_or_default().trim();
    (!code.is_empty()).then(|| code.to_owned())
}

fn request_id(answer: &HttpResponse) -> Option<&str> {
    let headers = answer.headers();
    headers
        .get("x-amzn-requestid")
        .or_else(|| headers.get("x-amz-request-id"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_smithy_types::body::SdkBody;

    fn request(uri: &str, body: &str) -> HttpRequest {
        let mut request = HttpRequest::new(SdkBody::from(body));
        request.set_uri(uri).unwrap();
        request
    }

    #[test]
    fn names_are_shown_and_nothing_else() {
        for (uri, body, expected) in [
            (
                "https://iam.amazonaws.com/",
                "Action=PutX&PolicyDocument=%7BDeny&RoleName=r%0A&PolicyName=a%20b",
                " r\\n a b",
            ),
            (
                "https://sts.amazonaws.com/",
                "Action=AssumeRoleWithWebIdentity&WebIdentityToken=secret&RoleArn=arn%3Aaws%3Aiam",
                " arn:aws:iam",
            ),
            (
                "https://api.ecr/",
                r#"{"registryId":"1","repositoryName":"shop","policyText":"Deny"}"#,
                " 1 shop",
            ),
            (
                "https://api.ecr/",
                r#"{"repositoryNames":["shop"]}"#,
                " shop",
            ),
            (
                "https://p/federation/credentials?role_name=r&token=t",
                "",
                " r",
            ),
            ("https://p/", "\u{1}", ""),
        ] {
            assert_eq!(about(&request(uri, body)), expected, "{uri} {body}");
        }
    }

    #[test]
    fn the_code_is_read_in_each_form_that_the_services_have() {
        for (header, body, expected) in [
            (
                None,
                "<E><Error><Code>NoSuchEntity</Code></Error></E>",
                Some("NoSuchEntity"),
            ),
            (
                None,
                r#"{"__type":"com.amazonaws#AccessDenied"}"#,
                Some("AccessDenied"),
            ),
            (
                Some("UnauthorizedException:http://x"),
                "{}",
                Some("UnauthorizedException"),
            ),
            (None, "no", None),
            (None, "<Code></Code>", None),
        ] {
            let status = 400.try_into().unwrap();
            let mut answer = HttpResponse::new(status, SdkBody::from(body));
            if let Some(header) = header {
                answer.headers_mut().insert("x-amzn-errortype", header);
            }
            assert_eq!(code(&answer).as_deref(), expected, "{body}");
        }
    }
}
