//! Builds requests: method, path, body. Pure.
//!
//! Names are checked here, so that nothing a user types can become another path.

use super::error::{ApiError, ApiProblem};
use crate::cluster;
use crate::text::excerpt;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::{Value, json};

/// What has to be encoded in one segment of a path (RFC 3986: everything but `pchar`).
const SEGMENT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'/')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// The methods in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Get,
    Patch,
    Post,
    Put,
}

impl Method {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Patch => "PATCH",
            Self::Post => "POST",
            Self::Put => "PUT",
        }
    }

    pub(super) fn writes(self) -> bool {
        !matches!(self, Self::Get)
    }
}

/// One request; the endpoint, the token and the headers are added when it is sent.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Request {
    pub(super) method: Method,
    /// Starts with a slash, percent-encoded, possibly with a query.
    pub(super) path: String,
    pub(super) body: Option<Value>,
}

/// Checks the name of a cluster before it becomes a part of a path.
///
/// The error is the reason alone; the caller names the value.
pub(crate) fn check_name(name: &str) -> Result<(), String> {
    let bytes = name.as_bytes();
    let allowed = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-';
    if name.is_empty() {
        return Err("a cluster's name cannot be empty".to_owned());
    }
    if !bytes.iter().all(allowed) {
        return Err(
            "a cluster's name has only small letters a to z, digits and dashes in it".to_owned(),
        );
    }
    if !bytes[0].is_ascii_lowercase() {
        return Err("a cluster's name starts with a letter".to_owned());
    }
    if name.ends_with('-') {
        return Err("a cluster's name does not end with a dash".to_owned());
    }
    if !(2..=63).contains(&name.len()) {
        return Err("a cluster's name has 2 to 63 characters".to_owned());
    }
    Ok(())
}

/// Reads one cluster.
pub(super) fn get(org: &str, name: &str) -> Result<Request, ApiError> {
    Ok(read(item(org, name)?))
}

/// Reads the first page of all clusters.
pub(super) fn list(org: &str) -> Request {
    read(collection(org))
}

/// Searches the clusters; it writes nothing, whatever its method.
pub(super) fn search(org: &str, query: &Value) -> Request {
    Request {
        method: Method::Post,
        path: format!("{}/-query", collection(org)),
        body: Some(json!({"kind": cluster::KIND, "fetch": "items", "spec": query})),
    }
}

/// Reads a page that the server named.
pub(super) fn page(path: &str) -> Request {
    read(path.to_owned())
}

/// Changes one cluster by a merge patch.
pub(super) fn patch(org: &str, name: &str, body: &Value) -> Result<Request, ApiError> {
    Ok(Request {
        method: Method::Patch,
        path: item(org, name)?,
        body: Some(body.clone()),
    })
}

/// Creates the cluster that the document names; a conflict when it is there already.
pub(super) fn post(org: &str, document: &Value) -> Result<Request, ApiError> {
    whole(Method::Post, org, document)
}

/// Creates or updates the cluster that the document names, as `cpln apply` does: a PUT of the
/// collection.
pub(super) fn put(org: &str, document: &Value) -> Result<Request, ApiError> {
    whole(Method::Put, org, document)
}

fn whole(method: Method, org: &str, document: &Value) -> Result<Request, ApiError> {
    let Some(name) = document.get("name").and_then(Value::as_str) else {
        return Err(unsendable("the document has no `name`"));
    };
    check(name)?;
    Ok(Request {
        method,
        path: collection(org),
        body: Some(document.clone()),
    })
}

fn read(path: String) -> Request {
    Request {
        method: Method::Get,
        path,
        body: None,
    }
}

fn collection(org: &str) -> String {
    format!("/org/{}/mk8s", utf8_percent_encode(org, SEGMENT))
}

fn item(org: &str, name: &str) -> Result<String, ApiError> {
    check(name)?;
    Ok(format!("{}/{name}", collection(org)))
}

fn check(name: &str) -> Result<(), ApiError> {
    check_name(name).map_err(|reason| {
        unsendable(&format!(
            "`{}` is not a cluster's name: {reason}",
            excerpt(name, 80)
        ))
    })
}

fn unsendable(reason: &str) -> ApiError {
    ApiError::unsent(ApiProblem::Unsendable(reason.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn paths_hold_encoded_names() {
        for (org, path) in [
            ("acme", "/org/acme/mk8s/prod"),
            ("a b", "/org/a%20b/mk8s/prod"),
            ("a?x=1#y", "/org/a%3Fx=1%23y/mk8s/prod"),
            ("100%", "/org/100%25/mk8s/prod"),
            ("zürich", "/org/z%C3%BCrich/mk8s/prod"),
        ] {
            assert_eq!(get(org, "prod").unwrap().path, path);
        }
        assert_eq!(list("acme").path, "/org/acme/mk8s");
    }

    #[test]
    fn names_cannot_leave_their_segment() {
        for name in [
            "",
            "a",
            ".",
            "..",
            "a/b",
            "../x",
            "a%2fb",
            "a b",
            "Prod",
            "1a",
            "-ab",
            "ab-",
            "prod?x",
            "prod\n",
            "pr\u{f6}d",
            &"x".repeat(64),
        ] {
            assert!(check_name(name).is_err(), "{name:?}");
            assert!(matches!(
                get("acme", name).unwrap_err().problem,
                ApiProblem::Unsendable(_)
            ));
            assert!(patch("acme", name, &json!({})).is_err());
            assert!(put("acme", &json!({"name": name})).is_err());
        }
        for name in ["ab", "a1", "prod-eu-1", &"x".repeat(63)] {
            assert_eq!(check_name(name), Ok(()), "{name}");
        }
    }

    #[test]
    fn whole_documents_go_to_the_collection() {
        let document = json!({"kind": "mk8s", "name": "prod"});
        for (request, method) in [
            (post("acme", &document).unwrap(), Method::Post),
            (put("acme", &document).unwrap(), Method::Put),
        ] {
            assert_eq!(request.method, method);
            assert_eq!(request.path, "/org/acme/mk8s");
            assert_eq!(request.body.as_ref(), Some(&document));
        }
        assert!(post("acme", &json!({"kind": "mk8s"})).is_err());
        assert!(put("acme", &json!({"kind": "mk8s"})).is_err());
        assert!(put("acme", &json!({"name": 7})).is_err());
    }

    #[test]
    fn a_patch_goes_to_the_cluster() {
        let body = json!({"spec": {"addOns": {"awsECR": null}}});
        let request = patch("acme", "prod", &body).unwrap();
        assert_eq!(request.method.name(), "PATCH");
        assert!(request.method.writes());
        assert_eq!(request.path, "/org/acme/mk8s/prod");
        assert_eq!(request.body, Some(body));
    }
}
