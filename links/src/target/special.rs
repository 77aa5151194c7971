//! Hosts that are not public: addresses and names that mean something else, or nothing, on every visitor's machine.

use std::net::{Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// Special-purpose IPv4 addresses: a prefix, its length, and what it is for.
///
/// Source: IANA IPv4 Special-Purpose Address Registry (RFC 6890; as of 2025), and the multicast range of the IANA IPv4
/// Address Space Registry. Also those blocks that the registry calls globally reachable: none has a web site.
const IPV4: &[(Ipv4Addr, u32, &str)] = &[
    (Ipv4Addr::new(0, 0, 0, 0), 8, "an address of \"this network\""),
    (Ipv4Addr::new(10, 0, 0, 0), 8, "a private address"),
    (Ipv4Addr::new(100, 64, 0, 0), 10, "an address shared by a provider's customers"),
    (Ipv4Addr::new(127, 0, 0, 0), 8, "the visitor's own machine"),
    (Ipv4Addr::new(169, 254, 0, 0), 16, "a link-local address"),
    (Ipv4Addr::new(172, 16, 0, 0), 12, "a private address"),
    (Ipv4Addr::new(192, 0, 0, 0), 24, "an address for IETF protocols"),
    (Ipv4Addr::new(192, 0, 2, 0), 24, "an address for documentation"),
    (Ipv4Addr::new(192, 31, 196, 0), 24, "an address of AS112"),
    (Ipv4Addr::new(192, 52, 193, 0), 24, "an address of AMT"),
    (Ipv4Addr::new(192, 88, 99, 0), 24, "a 6to4 relay"),
    (Ipv4Addr::new(192, 168, 0, 0), 16, "a private address"),
    (Ipv4Addr::new(192, 175, 48, 0), 24, "an address of AS112"),
    (Ipv4Addr::new(198, 18, 0, 0), 15, "an address for benchmarks"),
    (Ipv4Addr::new(198, 51, 100, 0), 24, "an address for documentation"),
    (Ipv4Addr::new(203, 0, 113, 0), 24, "an address for documentation"),
    (Ipv4Addr::new(224, 0, 0, 0), 4, "a multicast address"),
    (Ipv4Addr::new(240, 0, 0, 0), 4, "a reserved address"),
];

/// Special-purpose IPv6 addresses within [`GLOBAL_UNICAST`]. All addresses outside are refused as well: the registry's
/// other entries (loopback, unspecified, IPv4-mapped, NAT64, discard-only, `SRv6`, unique-local, link-local), multicast,
/// the deprecated IPv4-compatible and site-local addresses, and what is not assigned yet.
///
/// Source: IANA IPv6 Special-Purpose Address Registry (RFC 6890; as of 2025) and IANA IPv6 Address Space Registry.
const IPV6: &[(Ipv6Addr, u32, &str)] = &[
    // Teredo, benchmarks, AMT, AS112, ORCHID, DRIP.
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23, "an address for IETF protocols, such as Teredo"),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32, "an address for documentation"),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16, "a 6to4 address"),
    (Ipv6Addr::new(0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0), 48, "an address of AS112"),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20, "an address for documentation"),
];

/// The only part of the IPv6 address space with public hosts.
const GLOBAL_UNICAST: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// Names that are special together with all names below them.
///
/// Source: IANA Special-Use Domain Names (RFC 6761; as of 2025), without `example` and `example.com`, `.net` and `.org`,
/// which documents and tests link to; ICANN's reservation of `internal` (2024); and the names that ICANN never delegates
/// because private networks use them (`corp`, `home`, `mail`), or that routers and operating systems give out.
const NAMES: &[(&str, &str)] = &[
    ("alt", "a name outside the DNS"),
    ("arpa", "a name of the network's infrastructure"),
    ("corp", "a name of private networks"),
    ("home", "a name of private networks"),
    ("internal", "a name of private networks"),
    ("intranet", "a name of private networks"),
    ("invalid", "a name that never exists"),
    ("lan", "a name of private networks"),
    ("local", "a name of the visitor's own network"),
    ("localdomain", "the visitor's own machine"),
    ("localhost", "the visitor's own machine"),
    ("mail", "a name of private networks"),
    ("onion", "a name of Tor"),
    ("private", "a name of private networks"),
    ("test", "a name for tests"),
];

/// What a host is that is not public; `None` for a public one.
///
/// The URL parser has already turned every spelling of an IPv4 address (`0x7f.1`, `2130706433`) into the usual one.
pub(super) fn not_public(url: &Url) -> Option<&'static str> {
    match url.host() {
        Some(Host::Ipv4(address)) => special_v4(address),
        Some(Host::Ipv6(address)) => special_v6(address),
        Some(Host::Domain(name)) => special_name(name),
        None => Some("no host"),
    }
}

fn special_v4(address: Ipv4Addr) -> Option<&'static str> {
    let has = |prefix: &Ipv4Addr, length: u32| (address.to_bits() ^ prefix.to_bits()).leading_zeros() >= length;
    IPV4.iter().find(|(prefix, length, _)| has(prefix, *length)).map(|(.., what)| *what)
}

fn special_v6(address: Ipv6Addr) -> Option<&'static str> {
    let has = |prefix: &Ipv6Addr, length: u32| (address.to_bits() ^ prefix.to_bits()).leading_zeros() >= length;
    let (prefix, length) = GLOBAL_UNICAST;
    if !has(&prefix, length) {
        return Some("an IPv6 address outside the public range");
    }
    IPV6.iter().find(|(prefix, length, _)| has(prefix, *length)).map(|(.., what)| *what)
}

fn special_name(name: &str) -> Option<&'static str> {
    let name = name.trim_end_matches('.');
    let last = name.rsplit('.').next().unwrap_or_default();
    let special = NAMES.iter().find(|(special, _)| *special == last).map(|(_, what)| *what);
    special.or_else(|| (last == name).then_some("a name without a dot"))
}

/// Whether a host name can exist: labels of letters, digits, hyphens and underscores, between single dots, and at most
/// one dot at the end. The parser takes more, such as `*` and `"`.
pub(super) fn is_possible_name(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    name.len() <= 253 && name.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_public(host: &str) -> bool {
        not_public(&Url::parse(&format!("http://{host}/")).unwrap()).is_none()
    }

    #[test]
    fn every_block_is_special_from_its_first_to_its_last_address() {
        for (prefix, length, _) in IPV4 {
            let first = prefix.to_bits();
            let last = first | (u32::MAX >> length);
            assert_eq!(last & !(u32::MAX >> length), first, "{prefix}/{length} is aligned");
            assert!(
                special_v4(Ipv4Addr::from_bits(first)).is_some() && special_v4(Ipv4Addr::from_bits(last)).is_some()
            );
        }
        for (prefix, length, _) in IPV6 {
            let first = prefix.to_bits();
            let last = first | (u128::MAX >> length);
            assert_eq!(last & !(u128::MAX >> length), first, "{prefix}/{length} is aligned");
            assert!(
                special_v6(Ipv6Addr::from_bits(first)).is_some() && special_v6(Ipv6Addr::from_bits(last)).is_some()
            );
        }
    }

    #[test]
    fn special_addresses_are_not_public() {
        for host in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.1",
            "2130706433",
            "0x7f.0.0.1",
            "169.254.169.254",
            "172.31.0.1",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.19.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "[::]",
            "[::1]",
            "[::127.0.0.1]",
            "[::ffff:10.0.0.1]",
            "[::ffff:8.8.8.8]",
            "[::ffff:0:7f00:1]",
            "[64:ff9b::7f00:1]",
            "[64:ff9b:1::a00:1]",
            "[100::1]",
            "[2001::1]",
            "[2001:2::1]",
            "[2001:20::1]",
            "[2001:db8::1]",
            "[2002:7f00:1::]",
            "[3fff::1]",
            "[5f00::1]",
            "[fc00::1]",
            "[fe80::1]",
            "[fec0::1]",
            "[ff02::1]",
            "[4000::1]",
        ] {
            assert!(!is_public(host), "{host}");
        }
        for host in [
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "128.0.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "[2001:200::1]",
            "[2001:4860:4860::8888]",
            "[2003::1]",
            "[2a00::1]",
            "[3ffe::1]",
        ] {
            assert!(is_public(host), "{host}");
        }
    }

    #[test]
    fn special_names_are_not_public() {
        for host in [
            "localhost",
            "LOCALHOST.",
            "localhost..",
            "a.localhost",
            "localhost.localdomain",
            "ip6-localhost",
            "router",
            "router.",
            "printer.local",
            "nas.lan",
            "db.internal",
            "x.home.arpa",
            "1.0.0.10.in-addr.arpa",
            "a.test",
            "a.invalid",
            "a.onion",
            "a.alt",
            "git.corp",
            "tv.home",
            ".",
            "..",
            "*",
            "com",
        ] {
            assert!(!is_public(host), "{host}");
        }
        for host in ["example.com", "a.example", "localhost.example.com", "local.dev", "internal.org", "www.home.pl"] {
            assert!(is_public(host), "{host}");
        }
    }

    #[test]
    fn impossible_names_are_recognised() {
        let longest = format!("{}.com", "a".repeat(63));
        for name in ["example.com", "example.com.", "a_b.example", "-a.example", "xn--bcher-kva.example", &longest] {
            assert!(is_possible_name(name), "{name}");
        }
        let long_label = format!("{}.com", "a".repeat(64));
        let long_name = vec!["a"; 128].join(".");
        for name in
            ["", ".", "a..b", "a.b..", "*", "*.example.com", "a\"b.com", "a{b}.com", "a`b", &long_label, &long_name]
        {
            assert!(!is_possible_name(name), "{name}");
        }
    }
}
