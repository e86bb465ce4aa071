//! The group *issuer*: whether what verifies the cluster's tokens can be fetched, and is right.
//!
//! Everything is seen from here; AWS looks from the internet, and the wording says so.

use super::facts::IssuerFacts;
use super::{Check, CheckFunction, Finding, Gate, Group, Scene, Severity, Soon};
use crate::addon;
use crate::aws::name::Issuer;
use crate::oidc::document::{self, ALGORITHMS};
use crate::oidc::tls::{Distrust, Handshake, SOON};
use crate::oidc::{self, FetchTrouble, IssuerView};
use crate::place::HostPlace;
use crate::text::excerpt;
use serde_json::Value;
use std::time::Duration;
use time::OffsetDateTime;

/// A document that takes longer than this is close to what AWS no longer waits for.
const SLOW: Duration = Duration::from_secs(3);

pub(super) static GROUP: Group = Group {
    id: "issuer",
    summary: "the token issuer: its URL, document, keys and certificates, seen from here",
    prepare,
    checks: &[
        Check {
            id: "issuer-url-form",
            summary: "IAM takes the issuer's URL",
            needs: &["oidc-url-present"],
            severity: Severity::Failure,
            hint: "IAM wants `https`, no query, at most 255 characters, and compares the URL byte \
                   for byte. A port, capital letters in the host, a host that is not public and \
                   two different URLs in the status are warnings; loopback is a sandbox.",
            fix: "The platform makes this URL: ask its support, with the URL that is shown.",
            run: CheckFunction::Now(url_form),
        },
        Check {
            id: "issuer-discovery",
            summary: "the discovery document can be fetched",
            needs: &["issuer-url-form"],
            severity: Severity::Failure,
            hint: "AWS fetches it from the internet, waits 5 seconds and follows no redirect to \
                   another host. A firewall, a private name, a wrong path or a server that is down \
                   is in the way.",
            fix: "Make the URL that is shown public and fast, or ask the platform's support.",
            run: CheckFunction::Now(discovery),
        },
        Check {
            id: "issuer-match",
            summary: "the discovery document names the issuer that the cluster names",
            needs: &["issuer-discovery"],
            severity: Severity::Failure,
            hint: "Tokens carry the issuer's name as the document has it. A slash or a capital \
                   letter of difference makes it another issuer for AWS.",
            fix: "Register the document's name in IAM, or ask the platform's support why both \
                  differ.",
            run: CheckFunction::Now(names_match),
        },
        Check {
            id: "issuer-keys",
            summary: "the keys can be fetched, and AWS takes them",
            needs: &["issuer-discovery"],
            severity: Severity::Failure,
            hint: "AWS wants 1 to 100 keys over https, RSA or EC, for signatures by RS256, RS384, \
                   RS512, ES256, ES384 or ES512, each with an id of its own. They are not fetched \
                   where the issuer's certificate is not trusted, nor from a private, link-local \
                   or loopback address unless the issuer is at one; behind a proxy another host's \
                   address is not known, and neither is the answer.",
            fix: "Ask the platform's support, with the URL and the reason that are shown.",
            run: CheckFunction::Now(keys),
        },
        Check {
            id: "issuer-tls",
            summary: "the issuer's certificates are trusted and do not end soon",
            needs: &["issuer-url-form"],
            severity: Severity::Failure,
            hint: "A certificate has expired, is for another host, or comes without the \
                   intermediate one. An authority that is not public, an end within 14 days and a \
                   server without TLS 1.2 are warnings: AWS then goes by the thumbprint that is \
                   registered.",
            fix: "Renew the certificate; the thumbprint of a private authority is registered by \
                  `mk8s aws setup aws-ecr --only oidc-provider`.",
            run: CheckFunction::Now(certificates),
        },
    ],
};

fn prepare<'a>(scene: &'a Scene<'_>) -> Soon<'a, Gate> {
    Box::pin(async move {
        if !scene.session.is_online() {
            return Gate::NotAsked("only manifests were named".to_owned());
        }
        let Some(cluster) = scene.cluster() else {
            return Gate::Open;
        };
        if let Some(reason) = scene.without_aws() {
            return Gate::Closed(reason.to_owned());
        }
        let text = |pointer: &str| cluster.ready_at(pointer).and_then(Value::as_str);
        let direct = text(addon::ISSUER);
        let configured = text(addon::issuer::CONFIGURED_ISSUER);
        let Some(url) = direct.or(configured) else {
            return Gate::Open;
        };
        let bad = Issuer::parse(url).err();
        let look = if bad.is_none() {
            let proxy = scene.session.settings().and_then(|it| it.proxy());
            Some(oidc::look(url, proxy).await)
        } else {
            None
        };
        let facts = IssuerFacts {
            url: url.to_owned(),
            other: configured.filter(|it| *it != url).map(str::to_owned),
            bad,
            look,
        };
        // Prepared once a scene.
        let _ = scene.issuer.set(facts);
        Gate::Open
    })
}

/// A check that judges what was fetched.
fn judge(
    scene: &Scene<'_>,
    judge: impl FnOnce(&IssuerFacts, &IssuerView) -> Vec<Finding>,
) -> Vec<Finding> {
    let Some(facts) = scene.issuer.get() else {
        return vec![Finding::skip("there is no issuer to look at")];
    };
    match &facts.look {
        Some(Ok(look)) => judge(facts, look),
        Some(Err(error)) => vec![
            Finding::unknown("the issuer cannot be looked at from here")
                .evidence(error.to_string()),
        ],
        None => vec![Finding::skip("the issuer's URL is not one")],
    }
}

fn url_form(scene: &Scene<'_>) -> Vec<Finding> {
    let Some(facts) = scene.issuer.get() else {
        return vec![Finding::skip("there is no issuer to look at")];
    };
    let url = excerpt(&facts.url, 300);
    if let Some(reason) = &facts.bad {
        return vec![
            Finding::fail(format!("IAM does not take the issuer {url}")).evidence(reason.clone()),
        ];
    }
    let host = host(&facts.url);
    let place = HostPlace::of_host(host);
    let mut warnings = Vec::new();
    if let Some(other) = &facts.other {
        warnings.push(
            Finding::warn("the status names two issuers").evidence(format!(
                "status.oidcProviderUrl is {url}, and awsWorkloadIdentity has {}",
                excerpt(other, 300)
            )),
        );
    }
    if !matches!(place, HostPlace::Public | HostPlace::Loopback) {
        warnings.push(
            Finding::warn(format!("AWS cannot reach the issuer's host {host}")).evidence(format!(
                "it is {}, AWS looks from the internet",
                place.words()
            )),
        );
    }
    if place != HostPlace::Loopback {
        for reason in Issuer::parse(&facts.url).map_or_else(|_| Vec::new(), |it| it.warnings()) {
            warnings.push(Finding::warn(format!("the issuer is {url}")).evidence(reason));
        }
    }
    if warnings.is_empty() {
        let remark = match place {
            HostPlace::Loopback => ", on loopback: a sandbox",
            _ => "",
        };
        warnings.push(Finding::pass(format!("IAM takes the issuer {url}{remark}")));
    }
    warnings
}

/// Whether an issuer is a rehearsal's.
pub(super) fn is_on_loopback(url: &str) -> bool {
    HostPlace::of_host(host(url)) == HostPlace::Loopback
}

/// The host of an https URL, without the port.
fn host(url: &str) -> &str {
    let rest = url.strip_prefix("https://").unwrap_or(url);
    let authority = rest.split('/').next().unwrap_or_default();
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => authority,
    }
}

fn discovery(scene: &Scene<'_>) -> Vec<Finding> {
    judge(scene, |_, look| {
        let url = excerpt(&look.discovery_url, 300);
        match &look.discovery {
            Err(trouble) => {
                let mut finding = unfetched("discovery document", &url, trouble);
                if host(&url).ends_with(".sandbox.localhost") {
                    finding.evidence =
                        Some(format!("{url}: the sandbox was started with --no-oidc"));
                }
                vec![finding]
            }
            Ok((document, took)) => {
                let problems = document.problems();
                if problems.is_empty() {
                    vec![fetched("discovery document", *took)]
                } else {
                    vec![
                        Finding::fail("the discovery document lacks what AWS needs")
                            .evidence(format!("{url}: {}", problems.join("; "))),
                    ]
                }
            }
        }
    })
}

fn fetched(what: &str, took: Duration) -> Finding {
    let ms = took.as_millis();
    if took > SLOW {
        Finding::warn(format!("the {what} is slow, seen from here")).evidence(format!(
            "it took {ms} ms, AWS waits {} s",
            oidc::LIMIT.as_secs()
        ))
    } else {
        Finding::pass(format!("the {what} can be fetched from here, in {ms} ms"))
    }
}

fn unfetched(what: &str, url: &str, trouble: &FetchTrouble) -> Finding {
    let reach = match trouble {
        FetchTrouble::Content(_)
        | FetchTrouble::NotHttps
        | FetchTrouble::TooLarge
        | FetchTrouble::Redirect(_)
        | FetchTrouble::Elsewhere(_) => "",
        _ => "; AWS must reach it from the internet",
    };
    Finding::fail(format!("the {what} cannot be fetched from here"))
        .evidence(format!("{url}: {trouble}{reach}"))
}

fn names_match(scene: &Scene<'_>) -> Vec<Finding> {
    judge(scene, |facts, look| {
        let Ok((document, _)) = &look.discovery else {
            return vec![Finding::skip("there is no discovery document")];
        };
        let named = document.issuer.as_deref().unwrap_or_default();
        if named == facts.url {
            return vec![Finding::pass(
                "the discovery document names the same issuer",
            )];
        }
        let difference = Issuer::parse(&facts.url)
            .ok()
            .zip(named.strip_prefix("https://"))
            .and_then(|(issuer, named)| issuer.near_miss(named))
            .map(|by| format!("; they differ by {}", by.trim_start_matches("differs by ")))
            .unwrap_or_default();
        vec![
            Finding::fail("the discovery document names another issuer").evidence(format!(
                "it says {}, the cluster says {}{difference}",
                excerpt(named, 300),
                excerpt(&facts.url, 300)
            )),
        ]
    })
}

fn keys(scene: &Scene<'_>) -> Vec<Finding> {
    judge(scene, |_, look| {
        let Ok((document, _)) = &look.discovery else {
            return vec![Finding::skip("there is no discovery document")];
        };
        let url = excerpt(document.keys.as_deref().unwrap_or_default(), 300);
        let (keys, took) = match &look.keys {
            Some(Ok(found)) => found,
            Some(Err(FetchTrouble::Distrusted)) => {
                return vec![Finding::skip(
                    "the issuer's certificate is not trusted from here (issuer-tls)",
                )];
            }
            Some(Err(trouble @ FetchTrouble::NotAsked(_))) => {
                return vec![
                    Finding::unknown("the key set was not fetched from here")
                        .evidence(format!("{url}: {trouble}")),
                ];
            }
            Some(Err(trouble)) => return vec![unfetched("key set", &url, trouble)],
            None => return vec![Finding::skip("the discovery document names no keys")],
        };
        let mut problems = document::problems(keys);
        let takes = |name: &String| ALGORITHMS.contains(&name.as_str());
        if problems.is_empty()
            && !document.algorithms.is_empty()
            && !document.algorithms.iter().any(takes)
        {
            problems.push(format!(
                "the issuer signs with {}, AWS takes {}",
                excerpt(&document.algorithms.join(", "), 100),
                ALGORITHMS.join(", ")
            ));
        }
        if !problems.is_empty() {
            return vec![
                Finding::fail("AWS does not take the issuer's keys")
                    .evidence(format!("{url}: {}", problems.join("; "))),
            ];
        }
        let mut finding = fetched("key set", *took);
        finding.message = format!(
            "{}, {} {}",
            finding.message,
            keys.len(),
            if keys.len() == 1 { "key" } else { "keys" }
        );
        vec![finding]
    })
}

fn certificates(scene: &Scene<'_>) -> Vec<Finding> {
    judge(scene, |_, look| {
        if look.handshakes.is_empty() {
            return vec![Finding::skip("no certificate was shown")];
        }
        let mut problems: Vec<Finding> = look
            .handshakes
            .iter()
            .filter_map(|(host, handshake)| certificate(host, handshake, OffsetDateTime::now_utc()))
            .collect();
        if look.speaks_tls12 == Some(false) {
            problems.push(
                Finding::warn("the issuer's server refuses TLS 1.2")
                    .evidence(by_thumbprint(&look.handshakes[0].1)),
            );
        }
        if problems.is_empty() {
            let hosts: Vec<&str> = look
                .handshakes
                .iter()
                .map(|(host, _)| host.as_str())
                .collect();
            let version = look.handshakes[0].1.version.unwrap_or("TLS");
            problems.push(Finding::pass(format!(
                "the certificates of {} are trusted from here, {version}",
                excerpt(&hosts.join(", "), 200)
            )));
        }
        problems
    })
}

fn by_thumbprint(handshake: &Handshake) -> String {
    format!(
        "AWS then goes by the registered thumbprint; that of the last certificate served is {}",
        handshake.thumbprint().unwrap_or_default()
    )
}

fn certificate(host: &str, handshake: &Handshake, now: OffsetDateTime) -> Option<Finding> {
    let host = excerpt(host, 200);
    let date = |at: OffsetDateTime| at.date().to_string();
    Some(match (&handshake.distrust, handshake.ends) {
        (Some(Distrust::Expired), ends) => {
            let when = ends.map_or_else(String::new, |at| format!(" since {}", date(at)));
            Finding::fail(format!("the certificate of {host} has expired"))
                .evidence(format!("it has not been valid{when}"))
        }
        (Some(Distrust::OtherHost), _) => {
            Finding::fail(format!("the certificate of {host} is for another host"))
                .evidence("no name in it fits")
        }
        (Some(Distrust::UnknownIssuer), _) if handshake.chain.len() == 1 => {
            Finding::fail(format!("the certificate of {host} cannot be traced"))
                .evidence("the server sends its own certificate only, without the intermediate one")
        }
        (Some(Distrust::UnknownIssuer), _) => Finding::warn(format!(
            "the certificate of {host} is of an authority that is not known from here"
        ))
        .evidence(by_thumbprint(handshake)),
        (Some(Distrust::Other(reason)), _) => {
            Finding::fail(format!("the certificate of {host} is not good"))
                .evidence(excerpt(reason, 200))
        }
        (None, Some(ends)) if ends < now + SOON => {
            Finding::warn(format!("the certificate of {host} ends soon"))
                .evidence(format!("on {}", date(ends)))
        }
        (None, _) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::CheckState;
    use super::*;

    #[test]
    fn the_host_of_a_url_is_found() {
        for (url, name) in [
            ("https://oidc.example.com/x", "oidc.example.com"),
            ("https://localhost:8443/x", "localhost"),
            ("https://[::1]:1/x", "[::1]"),
            ("https://[fd00::1]/x", "[fd00::1]"),
            ("https://203.0.113.9", "203.0.113.9"),
        ] {
            assert_eq!(host(url), name, "{url}");
        }
    }

    #[test]
    fn certificates_fail_or_warn() {
        let now = OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000);
        let handshake = |length: usize, distrust: Option<Distrust>, days: Option<i64>| Handshake {
            chain: vec![b"abc".to_vec(); length],
            is_public: distrust.is_none(),
            distrust,
            ends: days.map(|days| now + time::Duration::days(days)),
            version: None,
        };
        for (shown, want) in [
            (handshake(2, None, None), None),
            (
                handshake(2, None, Some(3)),
                Some((CheckState::Warn, "on 2024-10-07")),
            ),
            (
                handshake(2, Some(Distrust::Expired), Some(-1)),
                Some((CheckState::Fail, "it has not been valid since 2024-10-03")),
            ),
            (
                handshake(2, Some(Distrust::UnknownIssuer), None),
                Some((
                    CheckState::Warn,
                    "AWS then goes by the registered thumbprint; that of the last certificate \
                     served is a9993e364706816aba3e25717850c26c9cd0d89d",
                )),
            ),
            (
                handshake(1, Some(Distrust::UnknownIssuer), None),
                Some((
                    CheckState::Fail,
                    "the server sends its own certificate only, without the intermediate one",
                )),
            ),
            (
                handshake(2, Some(Distrust::OtherHost), None),
                Some((CheckState::Fail, "no name in it fits")),
            ),
        ] {
            let found = certificate("h", &shown, now);
            let found = found.as_ref().map(|finding| {
                (
                    finding.state,
                    finding.evidence.as_deref().unwrap_or_default(),
                )
            });
            assert_eq!(found, want);
        }
    }
}
