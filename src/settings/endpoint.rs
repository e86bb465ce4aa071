//! Where the API is, and whether a token may go there. Pure.

use crate::text::printable;
use reqwest::Url;
use std::net::IpAddr;

/// The public API.
pub(crate) const DEFAULT: &str = "https://api.cpln.io";

/// A checked URL of the API: https, or http on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoint {
    url: Url,
    loopback: bool,
}

impl Endpoint {
    /// Checks a URL. The error is the reason alone, and holds no password of the URL.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let Some((scheme, _)) = text.split_once("://") else {
            return Err("it is not a URL such as `https://api.cpln.io`".to_owned());
        };
        if !scheme.eq_ignore_ascii_case("https") && !scheme.eq_ignore_ascii_case("http") {
            return Err(format!(
                "its scheme is `{}`, `https` is needed",
                printable(scheme)
            ));
        }
        let url = Url::parse(text).map_err(|error| format!("it is not a URL: {error}"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err("there is a user name or a password in it".to_owned());
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("there is a `?` or a `#` in it".to_owned());
        }
        let loopback = url.host_str().is_some_and(is_loopback);
        if url.scheme() == "http" && !loopback {
            return Err(
                "the token would travel unencrypted: http is only for this machine".to_owned(),
            );
        }
        Ok(Self { url, loopback })
    }

    /// Whether it is this machine.
    pub(crate) fn is_loopback(&self) -> bool {
        self.loopback
    }

    /// Whether the connection is encrypted.
    pub(crate) fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// Without a slash at the end.
    pub(crate) fn as_str(&self) -> &str {
        self.url.as_str().trim_end_matches('/')
    }

    /// The URL of a path of the API, which starts with a slash, is percent-encoded and may have a
    /// query. `None` when the result would lead elsewhere.
    pub(crate) fn join(&self, path: &str) -> Option<Url> {
        let url = Url::parse(&format!("{}{path}", self.as_str())).ok()?;
        (path.starts_with('/') && self.holds(&url)).then_some(url)
    }

    /// Whether a URL is below the endpoint: the same scheme, host and port, a path below its own (dots
    /// are resolved by now), and no credentials.
    ///
    /// On a gate that several services share, the token is not for the others.
    pub(crate) fn holds(&self, url: &Url) -> bool {
        let below = url
            .path()
            .strip_prefix(self.url.path().trim_end_matches('/'));
        self.has_same_origin(url) && below.is_some_and(|rest| rest.starts_with('/'))
    }

    /// Whether a URL has the same scheme, host and port, and carries no credentials of its own.
    pub(crate) fn has_same_origin(&self, url: &Url) -> bool {
        url.origin() == self.url.origin() && url.username().is_empty() && url.password().is_none()
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || bare
            .parse()
            .is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_anywhere_and_http_on_this_machine() {
        for (text, kept) in [
            ("https://api.cpln.io", "https://api.cpln.io"),
            ("HTTPS://API.cpln.io///", "https://api.cpln.io"),
            (" https://gate.example/cpln/ ", "https://gate.example/cpln"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://127.9.9.9:1/", "http://127.9.9.9:1"),
            ("http://[::1]:8080/x", "http://[::1]:8080/x"),
            ("http://localhost:8080", "http://localhost:8080"),
        ] {
            assert_eq!(Endpoint::parse(text).unwrap().as_str(), kept);
        }
    }

    #[test]
    fn nothing_else() {
        for (text, word) in [
            ("http://api.cpln.io", "unencrypted"),
            ("http://localhost.evil.example", "unencrypted"),
            ("http://127.0.0.1.evil.example", "unencrypted"),
            ("http://0.0.0.0:80", "unencrypted"),
            ("http://[::ffff:127.0.0.1]:80", "unencrypted"),
            ("http://10.0.0.1", "unencrypted"),
            ("api.cpln.io", "not a URL"),
            ("localhost:8080", "not a URL"),
            ("", "not a URL"),
            ("ftp://api.cpln.io", "scheme"),
            ("https://", "not a URL"),
            ("https://user:hunter2@api.cpln.io", "password"),
            ("https://user@api.cpln.io", "user name"),
            ("https://api.cpln.io?x=1", "`?`"),
            ("https://api.cpln.io/#x", "`#`"),
        ] {
            let reason = Endpoint::parse(text).unwrap_err();
            assert!(reason.contains(word), "{text}: {reason}");
            assert!(!reason.contains("hunter2"), "{reason}");
        }
    }

    #[test]
    fn paths_stay_below_the_endpoint() {
        let endpoint = Endpoint::parse("https://gate.example:8443/cpln/").unwrap();
        assert_eq!(
            endpoint.join("/org/acme/mk8s?x=1").unwrap().as_str(),
            "https://gate.example:8443/cpln/org/acme/mk8s?x=1"
        );
        for path in ["/../org", "/a/../../org", "/%2e%2E/org", "/./..\\org"] {
            assert_eq!(endpoint.join(path), None, "{path}");
        }
        assert!(endpoint.join("/a/../org").is_some());
        for (url, holds) in [
            ("https://gate.example:8443/cpln/org", true),
            ("https://gate.example:8443/cpln", false),
            ("https://gate.example:8443/cplnx/org", false),
            ("https://gate.example:8443/org", false),
            ("https://x@gate.example:8443/cpln/org", false),
        ] {
            assert_eq!(endpoint.holds(&Url::parse(url).unwrap()), holds, "{url}");
        }
        let bare = Endpoint::parse("https://gate.example").unwrap();
        for path in ["", "x", ".evil.example/x", "@evil.example/x", ":99/x"] {
            assert_eq!(bare.join(path), None, "{path}");
        }
        assert!(!bare.has_same_origin(&Url::parse("https://gate.example:8443/").unwrap()));
        assert!(!bare.has_same_origin(&Url::parse("http://gate.example/").unwrap()));
        assert!(!bare.has_same_origin(&Url::parse("https://x@gate.example/").unwrap()));
        assert!(bare.has_same_origin(&Url::parse("https://GATE.example:443/y").unwrap()));
    }
}
