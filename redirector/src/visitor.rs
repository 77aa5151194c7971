//! Visitors, as codes that are worth nothing the day after.

use std::hash::Hasher as _;

use links::{
    Slug,
    clicks::{Salt, VisitorCode},
};
use siphasher::sip::SipHasher24;

use crate::{agent::Person, event::Address};

/// The code of a person at an address on the day of a salt. It depends on the link, so that nobody can be followed from one
/// link to another.
pub(crate) fn code(salt: &Salt, slug: &Slug, address: Address, person: &Person) -> Option<VisitorCode> {
    let mut hasher = SipHasher24::new_with_key(salt.as_bytes());
    // What has a fixed length comes first, so that no two visitors make the same bytes.
    hasher.write(&address.key()?);
    hasher.write(&person.digest.to_le_bytes());
    hasher.write(slug.as_str().as_bytes());
    Some(VisitorCode::of_hash(hasher.finish()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Event;

    /// The visitor of an event with this address and agent.
    fn visitor(address: &str, agent: &str) -> (Address, Person) {
        let event = serde_json::json!({ "headers": { "user-agent": agent },
            "requestContext": { "http": { "sourceIp": address } } });
        let event: Event = serde_json::from_str(&event.to_string()).unwrap();
        (event.source(), event.headers().unwrap().agent.person.unwrap())
    }

    const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0";
    const SALT: Salt = Salt::from_random([7; 16]);

    #[test]
    fn each_part_makes_another_visitor() {
        let made = |salt: &Salt, slug: &str, address: &str, agent: &str| {
            let (address, person) = visitor(address, agent);
            code(salt, &slug.parse().unwrap(), address, &person)
        };
        let one = made(&SALT, "launch", "203.0.113.17", FIREFOX);
        // Every environment has to come to the same code, those of another release or architecture as well.
        assert_eq!(one.map(|code| code.to_string()).as_deref(), Some("87e171"));
        assert_eq!(made(&SALT, "Launch", "::ffff:203.0.113.17", FIREFOX), one);
        for other in [
            made(&Salt::from_random([8; 16]), "launch", "203.0.113.17", FIREFOX),
            made(&SALT, "lunch", "203.0.113.17", FIREFOX),
            made(&SALT, "launch", "203.0.113.18", FIREFOX),
            made(&SALT, "launch", "203.0.113.17", &FIREFOX.replace("143", "144")),
        ] {
            assert!(other.is_some() && other != one, "{other:?}");
        }
        assert_eq!(made(&SALT, "launch", "", FIREFOX), None);
    }

    #[test]
    fn codes_are_spread_evenly() {
        let (_, person) = visitor("203.0.113.17", FIREFOX);
        let slug = "launch".parse().unwrap();
        let codes = (0..=255_u8).flat_map(|a| (0..16_u8).map(move |b| (a, b))).map(|(a, b)| {
            let (address, _) = visitor(&format!("198.51.{b}.{a}"), FIREFOX);
            code(&SALT, &slug, address, &person).unwrap()
        });
        let (kept, all) = codes.fold((0, 0), |(kept, all), code| (kept + u64::from(code.level() >= 4), all + 1));
        let estimate = VisitorCode::estimate(kept, 4);
        assert!((3_500..4_700).contains(&estimate), "{estimate} of {all}");
    }
}
