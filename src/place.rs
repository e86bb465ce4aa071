//! Where a host is: on the internet, in a private network or on this machine. Pure.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Where a host or an address is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HostPlace {
    /// On the internet, as far as the name or the address tells.
    Public,
    /// In a private network, that of a provider's customers (100.64.0.0/10) included.
    Private,
    /// On the same wire: among others what tells machines in a cloud who they are.
    LinkLocal,
    /// On this machine.
    Loopback,
    /// An address that no host has, such as 0.0.0.0 or a group's.
    Nowhere,
}

impl HostPlace {
    /// Of a host in a URL, an address (in brackets or not) or a name. A name is judged as it is
    /// written; where it leads to is another question.
    pub(crate) fn of_host(host: &str) -> Self {
        if let Some(address) = address(host) {
            return Self::of(address);
        }
        let name = host.trim_end_matches('.').to_ascii_lowercase();
        if name == "localhost" || name.ends_with(".localhost") {
            return Self::Loopback;
        }
        let private = [".local", ".internal", ".lan", ".home.arpa", ".test"];
        if !name.contains('.') || private.iter().any(|end| name.ends_with(end)) {
            Self::Private
        } else {
            Self::Public
        }
    }

    /// Of an address.
    pub(crate) fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(v4) => Self::of_v4(v4),
            IpAddr::V6(v6) => Self::of_v6(v6),
        }
    }

    fn of_v4(address: Ipv4Addr) -> Self {
        let [a, b, ..] = address.octets();
        if address.is_loopback() {
            Self::Loopback
        } else if address.is_link_local() {
            Self::LinkLocal
        } else if address.is_private()
            || a == 100 && (64..128).contains(&b)
            || a == 198 && b & 0xfe == 18
        {
            Self::Private
        } else if a == 0 || a >= 224 {
            Self::Nowhere
        } else {
            Self::Public
        }
    }

    fn of_v6(address: Ipv6Addr) -> Self {
        if address.is_loopback() {
            return Self::Loopback;
        }
        if address.is_unspecified() || address.is_multicast() {
            return Self::Nowhere;
        }
        if address.is_unicast_link_local() {
            return Self::LinkLocal;
        }
        // fec0::/10 was the private network before fc00::/7 was.
        let [first, ..] = address.segments();
        if address.is_unique_local() || first & 0xffc0 == 0xfec0 {
            return Self::Private;
        }
        match embedded(address) {
            Some(v4) => Self::of_v4(v4),
            None => Self::Public,
        }
    }

    /// In a sentence, after "is".
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Public => "on the internet",
            Self::Private => "in a private network",
            Self::LinkLocal => "at a link-local address",
            Self::Loopback => "on this machine",
            Self::Nowhere => "at an address that no host has",
        }
    }
}

/// The address that a host in a URL is, in brackets or not.
pub(crate) fn address(host: &str) -> Option<IpAddr> {
    host.trim_matches(['[', ']']).parse().ok()
}

/// The IPv4 address that an IPv6 address stands for: mapped, compatible, 6to4 and NAT64.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let v4 = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        Ipv4Addr::new(a, b, c, d)
    };
    match address.segments() {
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => Some(v4(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_placed_by_name_and_address() {
        for (place, hosts) in [
            (
                HostPlace::Public,
                &[
                    "oidc.example.com",
                    "203.0.113.9",
                    "8.8.8.8",
                    "100.63.255.255",
                    "100.128.0.0",
                    "172.32.0.1",
                    "[2600::1]",
                    "::ffff:8.8.8.8",
                    "64:ff9b::808:808",
                    "localhost.example",
                    "127.0.0.1.example",
                ][..],
            ),
            (
                HostPlace::Private,
                &[
                    "10.1.2.3",
                    "172.16.0.1",
                    "192.168.1.1",
                    "100.64.0.1",
                    "100.127.255.255",
                    "198.18.0.1",
                    "[fd00::1]",
                    "fc00::1",
                    "fec0::1",
                    "::ffff:10.0.0.1",
                    "::10.0.0.1",
                    "64:ff9b::10.0.0.1",
                    "2002:0a00:0001::1",
                    "issuer.corp.internal",
                    "issuer",
                    "Issuer.LOCAL.",
                ],
            ),
            (
                HostPlace::LinkLocal,
                &["169.254.169.254", "fe80::1", "::ffff:169.254.169.254"],
            ),
            (
                HostPlace::Loopback,
                &[
                    "localhost",
                    "LOCALHOST.",
                    "a.sandbox.localhost",
                    "127.0.0.1",
                    "127.9.9.9",
                    "[::1]",
                    "::ffff:127.0.0.1",
                    "::127.0.0.1",
                ],
            ),
            (
                HostPlace::Nowhere,
                &[
                    "0.0.0.0",
                    "0.1.2.3",
                    "::",
                    "224.0.0.1",
                    "255.255.255.255",
                    "240.0.0.1",
                    "ff02::1",
                    "::ffff:0.0.0.0",
                ],
            ),
        ] {
            for host in hosts {
                assert_eq!(HostPlace::of_host(host), place, "{host}");
            }
        }
    }
}
