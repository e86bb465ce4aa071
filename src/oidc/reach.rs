//! Where the keys of an issuer may be fetched from.
//!
//! The URL comes from a document that anybody may have written, and the request would be made by
//! this machine: it must not lead into its own networks, unless the issuer is there itself. A name
//! is judged by the addresses to which the connection is then made, and by no other resolution.

use super::FetchTrouble;
use crate::place::{self, HostPlace};
use crate::settings::Proxy;
use crate::text::excerpt;
use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Resolves names, remembers where they lead, and leads nowhere else when it is told so.
#[derive(Debug, Clone, Default)]
pub(super) struct Resolver {
    inner: Arc<Mutex<ReachState>>,
}

#[derive(Debug, Default)]
struct ReachState {
    /// The names so far and where they lead.
    seen: Vec<(String, Vec<HostPlace>)>,
    bound: Option<Bound>,
    /// Where the bound name would have led.
    refused: Option<HostPlace>,
}

/// The one name that is resolved, and where the issuer is that named it.
#[derive(Debug, Clone)]
struct Bound {
    host: String,
    issuer: HostPlace,
}

/// Whether a URL that an issuer names may be followed to this place.
fn may_follow(issuer: HostPlace, to: HostPlace) -> bool {
    match to {
        HostPlace::Public => true,
        // On the same machine only the issuer's own port is asked, which is no new place.
        HostPlace::Loopback | HostPlace::Nowhere => false,
        HostPlace::Private | HostPlace::LinkLocal => to == issuer,
    }
}

impl Resolver {
    fn lock(&self) -> MutexGuard<'_, ReachState> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where a host is: by its name, or by where that led when a connection was made.
    fn place(&self, host: &str) -> HostPlace {
        let state = self.lock();
        let led = state.seen.iter().find(|(name, _)| name == host);
        let inner = led.and_then(|(_, places)| places.iter().find(|it| **it != HostPlace::Public));
        match (inner, led) {
            (Some(place), _) => *place,
            (None, Some(_)) => HostPlace::Public,
            (None, None) => HostPlace::of_host(host),
        }
    }

    /// From now on only this host is resolved, and led where an issuer at that place may point.
    fn bind(&self, bound: Option<Bound>) {
        let mut state = self.lock();
        state.bound = bound;
        state.refused = None;
    }

    /// Drops the addresses that are not to be connected to.
    fn judge(&self, host: &str, addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
        let mut state = self.lock();
        let place = |address: &SocketAddr| HostPlace::of(address.ip());
        let Some(bound) = state.bound.clone() else {
            state
                .seen
                .push((host.to_owned(), addresses.iter().map(place).collect()));
            return addresses;
        };
        if bound.host != host {
            return Vec::new();
        }
        let (good, bad): (Vec<_>, Vec<_>) = addresses
            .into_iter()
            .partition(|address| may_follow(bound.issuer, place(address)));
        if good.is_empty() {
            state.refused = bad.first().map(place);
        }
        good
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = self.clone();
        Box::pin(async move {
            let host = name.as_str();
            let found = tokio::net::lookup_host((host, 0)).await?.collect();
            let addresses = resolver.judge(host, found);
            if addresses.is_empty() {
                return Err("it leads nowhere".into());
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// What is to be done about the URL of the keys.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum KeysUrlAction {
    /// It is at the issuer's own host and port.
    Same,
    /// It is elsewhere, and its addresses are judged when it is fetched.
    Judged,
    /// It is not fetched.
    Closed(FetchTrouble),
}

impl KeysUrlAction {
    /// Decides by what is known before a connection is made.
    pub(super) fn to(
        keys: &Url,
        issuer: &Url,
        issuer_place: HostPlace,
        is_trusted: bool,
        proxy: Option<&Proxy>,
    ) -> Self {
        if !keys.username().is_empty() || keys.password().is_some() {
            return Self::Closed(FetchTrouble::Content(
                "its URL has a user name in it".to_owned(),
            ));
        }
        let is_same = keys.origin() == issuer.origin();
        if issuer_place == HostPlace::Loopback {
            // A rehearsal's; nobody is on the way to it, whatever its certificate is.
            if is_same {
                return Self::Same;
            }
            return Self::Closed(FetchTrouble::Elsewhere(
                "an issuer on this machine has its keys at its own host and port".to_owned(),
            ));
        }
        if !is_trusted {
            return Self::Closed(FetchTrouble::Distrusted);
        }
        if is_same {
            return Self::Same;
        }
        let host = keys.host_str().unwrap_or_default();
        let place = HostPlace::of_host(host);
        let is_sure = place::address(host).is_some() || place == HostPlace::Loopback;
        if is_sure {
            if may_follow(issuer_place, place) {
                return Self::Judged;
            }
            return Self::Closed(FetchTrouble::Elsewhere(inward(host, place)));
        }
        match proxy.filter(|proxy| !proxy.excepts(host)) {
            Some(proxy) => Self::Closed(FetchTrouble::NotAsked(format!(
                "where {} is cannot be told behind the proxy of {}",
                excerpt(host, 200),
                proxy.variable
            ))),
            None => Self::Judged,
        }
    }
}

fn inward(host: &str, place: HostPlace) -> String {
    format!(
        "its host {} is {}, and the issuer is not",
        excerpt(host, 200),
        place.words()
    )
}

impl Resolver {
    /// Where an issuer is to which a connection was made.
    pub(super) fn issuer(&self, issuer: &Url) -> HostPlace {
        self.place(issuer.host_str().unwrap_or_default())
    }

    /// Runs a fetch that is bound to the places where this issuer may point.
    pub(super) async fn bound<T>(
        &self,
        keys: &Url,
        issuer: HostPlace,
        fetch: impl Future<Output = Result<T, FetchTrouble>>,
    ) -> Result<T, FetchTrouble> {
        let host = keys.host_str().unwrap_or_default().to_owned();
        self.bind(Some(Bound {
            host: host.clone(),
            issuer,
        }));
        let result = fetch.await;
        let refused = self.lock().refused;
        self.bind(None);
        match refused {
            Some(place) => Err(FetchTrouble::NotAsked(inward(&host, place))),
            None => result,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(keys: &str, issuer: &str, place: HostPlace, proxy: Option<&Proxy>) -> KeysUrlAction {
        let url = |text: &str| Url::parse(text).unwrap();
        KeysUrlAction::to(&url(keys), &url(issuer), place, true, proxy)
    }

    #[test]
    fn keys_are_fetched_from_the_issuer_s_side_only() {
        const ISSUER: &str = "https://oidc.example.com/x";
        for (keys, what) in [
            ("https://127.0.0.1:7133/admin", "on this machine"),
            ("https://localhost/x", "on this machine"),
            ("https://a.localhost./x", "on this machine"),
            ("https://[::1]/x", "on this machine"),
            ("https://[::ffff:127.0.0.1]/x", "on this machine"),
            ("https://2130706433/x", "on this machine"),
            ("https://0x7f.1/x", "on this machine"),
            ("https://169.254.169.254/latest", "at a link-local address"),
            ("https://[fe80::1]/x", "at a link-local address"),
            ("https://10.0.0.1/x", "in a private network"),
            ("https://[fd00::1]/x", "in a private network"),
            ("https://100.64.1.1/x", "in a private network"),
            ("https://0.0.0.0/x", "at an address that no host has"),
            ("https://224.0.0.1/x", "at an address that no host has"),
        ] {
            let KeysUrlAction::Closed(FetchTrouble::Elsewhere(reason)) =
                way(keys, ISSUER, HostPlace::Public, None)
            else {
                panic!("{keys}");
            };
            assert!(reason.contains(what), "{keys}: {reason}");
        }
        for keys in ["https://keys.example.com/x", "https://203.0.113.9/x"] {
            assert_eq!(
                way(keys, ISSUER, HostPlace::Public, None),
                KeysUrlAction::Judged,
                "{keys}"
            );
        }
        let url = |text: &str| Url::parse(text).unwrap();
        let same = "https://oidc.example.com:443/keys";
        for place in [HostPlace::Public, HostPlace::Private, HostPlace::Loopback] {
            assert_eq!(way(same, ISSUER, place, None), KeysUrlAction::Same);
            for keys in [same, "https://keys.example.com/x"] {
                // Whoever is on the way may have written the document.
                let way = KeysUrlAction::to(&url(keys), &url(ISSUER), place, false, None);
                match (place, keys == same) {
                    (HostPlace::Loopback, true) => assert_eq!(way, KeysUrlAction::Same),
                    (HostPlace::Loopback, false) => {
                        assert!(matches!(
                            way,
                            KeysUrlAction::Closed(FetchTrouble::Elsewhere(_))
                        ));
                    }
                    _ => assert_eq!(way, KeysUrlAction::Closed(FetchTrouble::Distrusted)),
                }
            }
        }
        let user = way(
            "https://u:p@oidc.example.com/k",
            ISSUER,
            HostPlace::Public,
            None,
        );
        assert!(
            matches!(user, KeysUrlAction::Closed(FetchTrouble::Content(_))),
            "{user:?}"
        );
    }

    #[test]
    fn an_inner_issuer_may_point_to_its_like() {
        let private = |keys| way(keys, "https://10.0.0.5/x", HostPlace::Private, None);
        assert_eq!(private("https://10.0.0.6/k"), KeysUrlAction::Judged);
        assert_eq!(private("https://keys.example.com/k"), KeysUrlAction::Judged);
        for keys in ["https://127.0.0.1/k", "https://169.254.169.254/k"] {
            assert!(matches!(
                private(keys),
                KeysUrlAction::Closed(FetchTrouble::Elsewhere(_))
            ));
        }
        let sandbox = |keys| way(keys, "https://localhost:7000/x", HostPlace::Loopback, None);
        assert_eq!(sandbox("https://localhost:7000/k"), KeysUrlAction::Same);
        for keys in [
            "https://localhost:7001/k",
            "https://127.0.0.1:7000/k",
            "https://a.example/k",
        ] {
            assert!(
                matches!(
                    sandbox(keys),
                    KeysUrlAction::Closed(FetchTrouble::Elsewhere(_))
                ),
                "{keys}"
            );
        }
    }

    #[test]
    fn behind_a_proxy_another_host_s_place_is_not_known() {
        let proxy = Proxy {
            url: "http://proxy:3128".to_owned(),
            variable: "HTTPS_PROXY",
            exceptions: Some("near.example.com, .zone.example".to_owned()),
        };
        let way = |keys| {
            way(
                keys,
                "https://oidc.example.com/x",
                HostPlace::Public,
                Some(&proxy),
            )
        };
        let KeysUrlAction::Closed(FetchTrouble::NotAsked(reason)) =
            way("https://keys.example.com/x")
        else {
            panic!("asked");
        };
        assert_eq!(
            reason,
            "where keys.example.com is cannot be told behind the proxy of HTTPS_PROXY"
        );
        assert_eq!(way("https://oidc.example.com/k"), KeysUrlAction::Same);
        assert_eq!(way("https://near.example.com/k"), KeysUrlAction::Judged);
        assert_eq!(way("https://a.zone.example/k"), KeysUrlAction::Judged);
        assert_eq!(way("https://203.0.113.9/k"), KeysUrlAction::Judged);
        assert!(matches!(
            way("https://10.0.0.1/k"),
            KeysUrlAction::Closed(FetchTrouble::Elsewhere(_))
        ));
    }

    #[test]
    fn a_name_leads_to_the_addresses_that_were_judged() {
        let resolver = Resolver::default();
        let addresses = |texts: &[&str]| -> Vec<SocketAddr> {
            texts.iter().map(|text| text.parse().unwrap()).collect()
        };
        let inner = addresses(&["127.0.0.1:0", "10.0.0.1:0", "[::ffff:169.254.169.254]:0"]);
        assert_eq!(resolver.judge("issuer.example", inner.clone()), inner);
        let url = |text: &str| Url::parse(text).unwrap();
        assert_eq!(
            resolver.issuer(&url("https://issuer.example/x")),
            HostPlace::Loopback
        );
        assert_eq!(
            resolver.issuer(&url("https://other.example/x")),
            HostPlace::Public
        );

        let bind = |issuer| {
            resolver.bind(Some(Bound {
                host: "keys.example".to_owned(),
                issuer,
            }));
        };
        bind(HostPlace::Public);
        assert_eq!(resolver.judge("keys.example", inner.clone()), []);
        assert_eq!(resolver.lock().refused, Some(HostPlace::Loopback));
        let mixed = addresses(&["10.0.0.1:0", "203.0.113.9:0"]);
        assert_eq!(resolver.judge("keys.example", mixed.clone()), mixed[1..]);
        // Such as a proxy's.
        assert_eq!(resolver.judge("other.example", mixed.clone()), []);
        bind(HostPlace::Private);
        assert_eq!(resolver.judge("keys.example", mixed.clone()), mixed);
        assert_eq!(resolver.judge("keys.example", inner.clone()), inner[1..2]);
        resolver.bind(None);
        assert_eq!(resolver.judge("keys.example", inner.clone()), inner);
    }

    #[tokio::test]
    async fn what_a_bound_fetch_was_refused_is_said() {
        let resolver = Resolver::default();
        let keys = Url::parse("https://localhost:1/k").unwrap();
        let name: Name = "localhost".parse().unwrap();
        let fetch = async {
            match resolver.resolve(name).await {
                Ok(_) => Ok(()),
                Err(_) => Err(FetchTrouble::Dns),
            }
        };
        let result = resolver.bound(&keys, HostPlace::Public, fetch).await;
        assert_eq!(
            result,
            Err(FetchTrouble::NotAsked(
                "its host localhost is on this machine, and the issuer is not".to_owned()
            ))
        );
    }
}
