//! Targets as callers write them.

use links::{Origin, TargetRules, TargetUrl};
use url::{Host, Url};

/// What is taken is in its normal form, can be a `Location`, and leads neither home nor into private networks.
pub(crate) fn target_url(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let rules = TargetRules { own: Origin::of("https://s.ly").into_iter().collect(), ..TargetRules::default() };
    let Ok(target) = TargetUrl::parse(text, &rules) else {
        return;
    };
    let stored = target.as_str();
    assert_eq!(TargetUrl::parse(stored, &rules).as_ref(), Ok(&target));
    assert!(target.is_same_as(stored));
    assert!(stored.len() <= TargetUrl::MAX_BYTES);
    assert!(stored.bytes().all(|byte| byte.is_ascii_graphic()), "{stored}");
    // What no URI may have, so that every client can follow it.
    assert!(!stored.contains(['"', '<', '>', '\\', '^', '`', '{', '|', '}']), "{stored}");
    assert!(stored.starts_with("http://") || stored.starts_with("https://"), "{stored}");
    let url = Url::parse(stored).expect("a URL");
    assert!(url.username().is_empty() && url.password().is_none(), "{stored}");
    match url.host().expect("a host") {
        Host::Domain(name) => {
            let name = name.strip_suffix('.').unwrap_or(name);
            assert!(name != "localhost" && !name.ends_with(".localhost"), "{stored}");
            assert!(name != "s.ly" || !matches!(url.port_or_known_default(), Some(80 | 443)), "{stored}");
        }
        Host::Ipv4(ip) => assert!(!(ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_unspecified())),
        Host::Ipv6(ip) => assert!(!(ip.is_loopback() || ip.is_unspecified() || ip.is_unique_local())),
    }
}
