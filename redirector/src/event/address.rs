//! Where a visitor is, so far as it is needed.

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
};

use links::clicks::Country;

use super::through::{Reduced, read_through};

/// The address of a visitor. It can be turned into a country and into a part of a visitor code, and not be shown.
///
/// Of an IPv6 address there are the first 64 bits only, which belong to a household or an office: the others change often.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Address(Option<IpAddr>);

impl Address {
    /// The country that the address was assigned to, which is usually where it is used.
    pub(crate) fn country(self) -> Option<Country> {
        Country::from_code(iptocc::country_code(self.0?)?)
    }

    /// What distinguishes it from others.
    pub(crate) fn key(self) -> Option<[u8; 8]> {
        Some(match self.0? {
            // No IPv6 address begins with four zeros and something else.
            IpAddr::V4(address) => u64::from(address.to_bits()).to_be_bytes(),
            IpAddr::V6(address) => first_half(address).to_be_bytes(),
        })
    }
}

fn first_half(address: Ipv6Addr) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = address.octets();
    u64::from_be_bytes([a, b, c, d, e, f, g, h])
}

impl Reduced for Address {
    fn of(text: &str) -> Self {
        Self(text.parse::<IpAddr>().ok().map(|address| match address.to_canonical() {
            IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(u128::from(first_half(address)) << 64)),
            address @ IpAddr::V4(_) => address,
        }))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address")
    }
}

/// What CloudFront calls the viewer's address, which has a port, and of IPv6 perhaps brackets.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ViewerAddress(pub(crate) Address);

impl Reduced for ViewerAddress {
    fn of(text: &str) -> Self {
        let host = text.rsplit_once(':').map_or(text, |(host, _)| host);
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        Self(Address::of(host))
    }
}

/// The country that CloudFront names.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ViewerCountry(pub(crate) Option<Country>);

impl Reduced for ViewerCountry {
    fn of(text: &str) -> Self {
        Self(Country::from_code(text))
    }
}

read_through!(Address, ViewerAddress, ViewerCountry);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_those_of_a_household() {
        let check = |a: &str, b: &str, same: bool| {
            assert_eq!(Address::of(a).key() == Address::of(b).key(), same, "{a} {b}");
            assert!(Address::of(a).key().is_some(), "{a}");
        };
        check("203.0.113.17", "203.0.113.17", true);
        check("203.0.113.17", "203.0.113.18", false);
        check("203.0.113.17", "::ffff:203.0.113.17", true);
        check("2001:db8:1:2::1", "2001:DB8:1:2:ffff:ffff:ffff:ffff", true);
        check("2001:db8:1:2::1", "2001:db8:1:3::1", false);
        for text in ["", "localhost", "203.0.113", "203.0.113.17:443", "[2001:db8::1]", "unknown"] {
            assert_eq!(Address::of(text), Address(None), "{text}");
        }
    }

    #[test]
    fn cloudfront_adds_a_port() {
        let check = |text: &str, expected: &str| {
            let ViewerAddress(address) = ViewerAddress::of(text);
            assert_eq!((address, address.key().is_some()), (Address::of(expected), !expected.is_empty()), "{text}");
        };
        check("203.0.113.17:46532", "203.0.113.17");
        check("[2001:db8::1]:443", "2001:db8::");
        check("2001:db8:85a3:0:0:8a2e:370:7334:443", "2001:db8:85a3::");
        check("", "");
        check("203.0.113.17", "203.0.113.17");
    }

    #[test]
    fn assigned_addresses_have_a_country() {
        let check = |text: &str, expected: &str| {
            let country = Address::of(text).country();
            assert_eq!(country.as_ref().map_or("", Country::as_str), expected, "{text}");
        };
        // The registries' own, which do not move.
        check("193.0.6.139", "NL");
        check("2001:67c:2e8:22::c100:68b", "NL");
        check("199.212.0.43", "US");
        check("127.0.0.1", "");
        check("10.1.2.3", "");
        check("nowhere", "");
    }

    #[test]
    fn an_address_is_never_shown() {
        let address = Address::of("203.0.113.17");
        assert_eq!(format!("{address:?} {:?}", ViewerAddress(address)), "Address ViewerAddress(Address)");
    }
}
