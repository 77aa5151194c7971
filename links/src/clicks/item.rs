//! The items of the table of counts. No other module knows the names of its attributes.
//!
//! | hash key | range key | holds |
//! | --- | --- | --- |
//! | a slug, or `@` and an owner | a day in UTC, `2026-11-26` | counters, visitor codes, marks of what was counted |
//! | a slug, or `@` and an owner | [`TOTAL`] | the sum of all days up to one of them |
//! | [`SALT_PARTITION`] | a day | what visitor codes of that day are made with |
//!
//! A slug contains neither `@` nor `!`, so no link is taken for anything else.

use crate::Slug;

use super::{Browser, Device, Os, Slot};

/// The table's hash key, a string: what the item is about.
pub const PARTITION: &str = "of";
/// The table's range key, a string: a day, or [`TOTAL`].
pub const SORT: &str = "day";
/// When DynamoDB removes the item, in seconds since the epoch.
pub const TTL: &str = "ttl";

/// The range key of a sum.
pub const TOTAL: &str = "total";
/// In a sum: clicks of people, a number.
pub const TOTAL_PEOPLE: &str = "n";
/// In a sum: requests of bots, a number.
pub const TOTAL_BOTS: &str = "b";
/// In a sum: the last day that it includes.
pub const THROUGH: &str = "through";
/// In a sum: clicks that another service had counted before the link was imported, a number.
pub const IMPORTED: &str = "imported";

/// Visitor codes, a set of binaries of three bytes each.
pub const VISITORS: &str = "v";
/// How many trailing zero bits the codes have that are kept, a number.
pub const VISITOR_LEVEL: &str = "vl";

/// The hash key of salts.
pub const SALT_PARTITION: &str = "!salt";
/// A salt, a binary of 16 bytes.
pub const SALT: &str = "salt";

/// The value of a breakdown that stands for all that were not worth a counter each.
pub const REST: &str = "~";

/// The hash key of a link's items.
pub fn of_link(slug: &Slug) -> String {
    slug.as_str().to_owned()
}

/// The hash key of the items of an owner.
pub fn of_owner(owner: &str) -> String {
    format!("@{owner}")
}

/// What an item is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject<'a> {
    /// A link, by its slug.
    Link(&'a str),
    /// All links of an owner.
    Owner(&'a str),
}

impl<'a> Subject<'a> {
    /// What the items of a hash key are about; `None` for salts.
    pub fn of(partition: &'a str) -> Option<Self> {
        match partition.strip_prefix('@') {
            Some(owner) => Some(Self::Owner(owner)),
            None => (partition != SALT_PARTITION).then_some(Self::Link(partition)),
        }
    }
}

/// The attribute that tells how far a shard has been counted into an item: the last sequence number, a binary.
pub fn watermark(shard: u64) -> String {
    format!("w{shard}")
}

/// How many of the last messages that came without a stream an item remembers.
pub const MESSAGE_LANES: u8 = 32;

/// The attribute that holds the identity of the last message of a lane that was counted into an item, a binary.
pub fn message_mark(lane: u8) -> String {
    format!("m{lane}")
}

/// A way to break down the clicks of people. Each click has one value of each, which may be empty: unknown, or without a
/// referrer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Facet {
    /// [`Country`](super::Country).
    Country,
    /// The host that the visitor came from.
    Referrer,
    /// [`Device`].
    Device,
    /// [`Os`].
    Os,
    /// [`Browser`].
    Browser,
}

impl Facet {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Country, Self::Referrer, Self::Device, Self::Os, Self::Browser];

    /// Its name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Country => "country",
            Self::Referrer => "referrer",
            Self::Device => "device",
            Self::Os => "os",
            Self::Browser => "browser",
        }
    }

    /// What its attributes begin with.
    const fn prefix(self) -> &'static str {
        match self {
            Self::Country => "c_",
            Self::Referrer => "r_",
            Self::Device => "d_",
            Self::Os => "o_",
            Self::Browser => "a_",
        }
    }
}

/// A number that is counted, in an item of a day.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Counter {
    /// Clicks of people in a half hour.
    People(Slot),
    /// Requests of bots in a half hour.
    Bots(Slot),
    /// Clicks of people with a value: `("country", "DE")`.
    By(Facet, Box<str>),
}

impl Counter {
    /// Its attribute.
    pub fn attribute(&self) -> String {
        match self {
            Self::People(slot) => format!("s{:02}", slot.index()),
            Self::Bots(slot) => format!("b{:02}", slot.index()),
            Self::By(facet, value) => [facet.prefix(), value].concat(),
        }
    }

    /// The counter that is kept in an attribute.
    pub fn parse(attribute: &str) -> Option<Self> {
        let slot = |digits: &str| {
            let plain = digits.len() == 2 && digits.bytes().all(|digit| digit.is_ascii_digit());
            plain.then(|| digits.parse().ok().and_then(Slot::new)).flatten()
        };
        if let Some(facet) = Facet::ALL.into_iter().find(|facet| attribute.starts_with(facet.prefix())) {
            return Some(Self::By(facet, attribute.get(facet.prefix().len()..)?.into()));
        }
        match attribute.split_at_checked(1)? {
            ("s", digits) => slot(digits).map(Self::People),
            ("b", digits) => slot(digits).map(Self::Bots),
            _ => None,
        }
    }
}

impl From<Device> for Counter {
    fn from(device: Device) -> Self {
        Self::By(Facet::Device, device.as_str().into())
    }
}

impl From<Os> for Counter {
    fn from(os: Os) -> Self {
        Self::By(Facet::Os, os.as_str().into())
    }
}

impl From<Browser> for Counter {
    fn from(browser: Browser) -> Self {
        Self::By(Facet::Browser, browser.as_str().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_lead_back_to_their_counters() {
        let slot = Slot::new(7).unwrap();
        let by = |facet, value: &str| Counter::By(facet, value.into());
        for (counter, attribute) in [
            (Counter::People(slot), "s07"),
            (Counter::Bots(slot), "b07"),
            (by(Facet::Country, "DE"), "c_DE"),
            (by(Facet::Referrer, ""), "r_"),
            (by(Facet::Referrer, REST), "r_~"),
            (by(Facet::Referrer, "t.co"), "r_t.co"),
            (Device::Mobile.into(), "d_mobile"),
            (Os::Ios.into(), "o_ios"),
            (Browser::InApp.into(), "a_in-app"),
        ] {
            assert_eq!(counter.attribute(), attribute);
            assert_eq!(Counter::parse(attribute), Some(counter));
        }
    }

    #[test]
    fn hash_keys_lead_back_to_what_they_are_about() {
        assert_eq!(Subject::of(&of_link(&"launch".parse().unwrap())), Some(Subject::Link("launch")));
        assert_eq!(Subject::of(&of_owner("ann@example.com")), Some(Subject::Owner("ann@example.com")));
        assert_eq!(Subject::of(SALT_PARTITION), None);
    }

    #[test]
    fn what_is_not_counted_is_no_counter() {
        for attribute in
            [PARTITION, SORT, TTL, VISITORS, VISITOR_LEVEL, SALT, "w0", "m0", "", "s48", "s7", "s+7", "b", "ü"]
        {
            assert_eq!(Counter::parse(attribute), None, "{attribute}");
        }
    }
}
