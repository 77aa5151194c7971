//! Adding clicks to the item of a day, and what its answer says about the item.
//!
//! An item remembers for each shard of the stream how far the shard has been counted into it. An addition has the condition
//! that this mark lies before the first record that contributes to it, and moves the mark to the end of what was read. All
//! before that first record is counted already, because a shard is read in order and a part of it is given up only when it
//! has been counted. So whatever is repeated, cut differently or late adds nothing twice and leaves nothing out.
//!
//! Without a stream there is no order. Then an item remembers a few of the last messages, which tells most repetitions.

use std::collections::HashMap;

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use jiff::civil::Date;

use super::{
    Counter, Facet, Mark, Sequence, VisitorCode,
    item::{PARTITION, SORT, TTL, VISITOR_LEVEL, VISITORS, of_link, of_owner, watermark},
};
use crate::{
    Slug, Timestamp,
    item::{Item, number, text, time},
};

/// The key of the item of a day.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DayKey {
    of: String,
    day: Date,
}

impl DayKey {
    /// That of a link.
    pub fn of_link(slug: &Slug, day: Date) -> Self {
        Self { of: of_link(slug), day }
    }

    /// That of an owner.
    pub fn of_owner(owner: &str, day: Date) -> Self {
        Self { of: of_owner(owner), day }
    }

    /// What the item is about: a slug, or `@` and an owner.
    pub fn of(&self) -> &str {
        &self.of
    }

    /// The day, in UTC.
    pub const fn day(&self) -> Date {
        self.day
    }

    pub(crate) fn to_item(&self) -> Item {
        raw_key(&self.of, self.day)
    }
}

pub(crate) fn raw_key(of: &str, day: Date) -> Item {
    Item::from([(PARTITION.to_owned(), text(of)), (SORT.to_owned(), text(&day.to_string()))])
}

/// What is added to the item of a day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Addition {
    /// Counters, each once, and what is added to them. At most 250, so that the expression stays within DynamoDB's 4 kB.
    pub counters: Vec<(Counter, u64)>,
    /// Visitors.
    pub visitors: Vec<VisitorCode>,
    /// When the item is removed; `None` keeps it.
    pub expires_at: Option<Timestamp>,
}

/// What an answer says about an item. What was not asked for is not in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DayState {
    /// How far the shard has been counted.
    pub watermark: Option<Sequence>,
    /// Referrers that have a counter.
    pub referrers: Vec<Box<str>>,
    /// Visitors.
    pub visitors: Vec<VisitorCode>,
    /// The level of the visitors that are kept; others may linger until the next are removed.
    pub level: u32,
}

impl DayState {
    pub(crate) fn of(item: &Item, shard: Option<u64>) -> Self {
        let mark = shard.and_then(|shard| item.get(&watermark(shard)));
        let referrer = |attribute: &String| match Counter::parse(attribute)? {
            Counter::By(Facet::Referrer, host) => Some(host),
            _ => None,
        };
        let codes = item.get(VISITORS).and_then(|value| value.as_bs().ok());
        let level = item.get(VISITOR_LEVEL).and_then(|value| value.as_n().ok()?.parse().ok());
        Self {
            watermark: mark.and_then(|value| Sequence::from_bytes(value.as_b().ok()?.as_ref())),
            referrers: item.keys().filter_map(referrer).collect(),
            visitors: codes.into_iter().flatten().filter_map(|code| VisitorCode::from_bytes(code.as_ref())).collect(),
            level: level.unwrap_or_default(),
        }
    }
}

/// An update expression with its condition and what both refer to.
#[derive(Debug, Default)]
pub(crate) struct DayUpdate {
    pub(crate) expression: String,
    pub(crate) condition: Option<&'static str>,
    pub(crate) names: HashMap<String, String>,
    pub(crate) values: Item,
}

impl DayUpdate {
    /// Adds clicks, unless their mark says that they are in the item. Without a mark it adds them in any case.
    pub(crate) fn add(addition: &Addition, mark: Option<&Mark>) -> Self {
        let mut update = Self::default();
        let mut set = Vec::new();
        if let Some(mark) = mark {
            update.condition = Some(mark.condition());
            update.name("#w", mark.attribute());
            update.values.extend(mark.values().into_iter().map(|(name, value)| (name.to_owned(), value)));
            set.push("#w = :end".to_owned());
        }
        set.extend(update.expiry(addition.expires_at));
        let mut add = Vec::with_capacity(addition.counters.len() + 1);
        for (position, (counter, count)) in addition.counters.iter().enumerate() {
            let (name, value) = (format!("#{position}"), format!(":{position}"));
            add.push(format!("{name} {value}"));
            update.name(&name, counter.attribute());
            update.values.insert(value, number(count));
        }
        if let Some(codes) = set_of(&addition.visitors) {
            update.name("#v", VISITORS.to_owned());
            add.push(update.value("#v :v", ":v", codes));
        }
        update.clauses([("SET", set), ("ADD", add)]);
        update
    }

    /// Raises the level of the visitors and removes those below it, unless the level is higher already.
    pub(crate) fn thin(level: u32, below: &[VisitorCode], expires_at: Option<Timestamp>) -> Self {
        let mut update = Self { condition: Some("attribute_not_exists(#l) OR #l <= :l"), ..Self::default() };
        update.name("#l", VISITOR_LEVEL.to_owned());
        let mut set = vec![update.value("#l = :l", ":l", number(level))];
        set.extend(update.expiry(expires_at));
        let mut delete = Vec::new();
        if let Some(codes) = set_of(below) {
            update.name("#v", VISITORS.to_owned());
            delete.push(update.value("#v :v", ":v", codes));
        }
        update.clauses([("SET", set), ("DELETE", delete)]);
        update
    }

    fn expiry(&mut self, expires_at: Option<Timestamp>) -> Option<String> {
        let expires_at = expires_at?;
        self.name("#t", TTL.to_owned());
        Some(self.value("#t = :t", ":t", time(expires_at)))
    }

    fn name(&mut self, placeholder: &str, attribute: String) {
        self.names.insert(placeholder.to_owned(), attribute);
    }

    /// Sets a value and returns the action that uses it.
    fn value(&mut self, action: &str, placeholder: &str, value: AttributeValue) -> String {
        self.values.insert(placeholder.to_owned(), value);
        action.to_owned()
    }

    fn clauses(&mut self, clauses: [(&str, Vec<String>); 2]) {
        let clauses = clauses.into_iter().filter(|(_, actions)| !actions.is_empty());
        let clauses: Vec<_> = clauses.map(|(verb, actions)| format!("{verb} {}", actions.join(","))).collect();
        self.expression = clauses.join(" ");
    }
}

/// A set of codes; `None` if it would be empty, which DynamoDB does not have.
fn set_of(codes: &[VisitorCode]) -> Option<AttributeValue> {
    let set = codes.iter().map(|code| Blob::new(code.to_bytes())).collect();
    (!codes.is_empty()).then_some(AttributeValue::Bs(set))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clicks::{Browser, Country, Device, MessageMark, Os, Slot, Span};
    use crate::item::binary;

    fn span(first: &str, end: &str) -> Mark {
        Mark::Span(Span { shard: 3, first: first.parse().unwrap(), end: end.parse().unwrap() })
    }

    #[test]
    fn clicks_are_added_up_to_the_end_of_a_span_under_a_condition() {
        let addition = Addition {
            counters: vec![(Counter::People(Slot::new(7).unwrap()), 2), (Device::Mobile.into(), 2)],
            visitors: vec![VisitorCode::of_hash(5)],
            expires_at: Some(Timestamp::from_unix_seconds(9)),
        };
        let update = DayUpdate::add(&addition, Some(&span("1", "2")));
        assert_eq!(update.expression, "SET #w = :end,#t = :t ADD #0 :0,#1 :1,#v :v");
        assert_eq!(update.condition, Some("attribute_not_exists(#w) OR #w < :first"));
        let name = |placeholder: &str| update.names.get(placeholder).map(String::as_str);
        assert_eq!(["#w", "#t", "#0", "#1", "#v"].map(name), ["w3", "ttl", "s07", "d_mobile", "v"].map(Some));
        assert_eq!(update.values.get(":first"), Some(&binary("1".parse::<Sequence>().unwrap().to_bytes())));
        assert_eq!(update.values.get(":0"), Some(&number(2)));

        let plain = DayUpdate::add(&Addition { counters: addition.counters, ..Addition::default() }, None);
        assert_eq!((plain.expression.as_str(), plain.condition), ("ADD #0 :0,#1 :1", None));
    }

    #[test]
    fn a_message_is_added_unless_it_was_the_last_of_its_lane() {
        let addition = Addition { counters: vec![(Device::Mobile.into(), 2)], ..Addition::default() };
        let update = DayUpdate::add(&addition, Some(&Mark::Message(MessageMark::new(37))));
        assert_eq!(update.expression, "SET #w = :end ADD #0 :0");
        assert_eq!(update.condition, Some("attribute_not_exists(#w) OR #w <> :end"));
        assert_eq!(update.names.get("#w").map(String::as_str), Some("m5"));
        assert_eq!(update.values.get(":end"), Some(&binary([0, 0, 0, 0, 0, 0, 0, 37])));
    }

    #[test]
    fn codes_below_a_level_are_removed() {
        let update = DayUpdate::thin(2, &[VisitorCode::of_hash(1)], None);
        assert_eq!(update.expression, "SET #l = :l DELETE #v :v");
        assert_eq!(DayUpdate::thin(2, &[], None).expression, "SET #l = :l");
    }

    #[test]
    fn the_largest_addition_fits_an_expression() {
        let countries =
            ('A'..='D').flat_map(|a| ('A'..='Z').map(move |b| Country::from_code(&format!("{a}{b}")).unwrap()));
        let by = |facet, value: &str| (Counter::By(facet, value.into()), u64::MAX);
        let slots = (0..Slot::COUNT).filter_map(Slot::new);
        let counters = slots.flat_map(|slot| [(Counter::People(slot), 1), (Counter::Bots(slot), 1)]);
        let counters = counters
            .chain(countries.take(102).map(|country| by(Facet::Country, country.as_str())))
            .chain((0..22).map(|host| by(Facet::Referrer, &format!("{host}.{}", "x".repeat(95)))))
            .chain(Device::ALL.iter().map(|device| ((*device).into(), 1)))
            .chain(Os::ALL.iter().map(|os| ((*os).into(), 1)))
            .chain(Browser::ALL.iter().map(|browser| ((*browser).into(), 1)))
            .chain([Facet::Device, Facet::Os, Facet::Browser].map(|facet| by(facet, "")))
            .collect::<Vec<_>>();
        assert_eq!(counters.len(), 242);
        let addition = Addition { counters, visitors: Vec::new(), expires_at: None };
        let update = DayUpdate::add(&addition, Some(&span("1", "2")));
        assert!(update.expression.len() < 2_500, "{}", update.expression.len());
    }

    #[test]
    fn an_answer_says_what_the_item_holds() {
        let item = Item::from([
            ("w3".to_owned(), binary("5".parse::<Sequence>().unwrap().to_bytes())),
            ("w4".to_owned(), number(1)),
            ("r_t.co".to_owned(), number(1)),
            ("c_DE".to_owned(), number(1)),
            ("vl".to_owned(), number(2)),
            ("v".to_owned(), set_of(&[VisitorCode::of_hash(4)]).unwrap()),
        ]);
        let state = DayState::of(&item, Some(3));
        let visitors = vec![VisitorCode::of_hash(4)];
        let watermark = Some("5".parse().unwrap());
        assert_eq!(state, DayState { watermark, referrers: vec!["t.co".into()], visitors, level: 2 });
        assert_eq!(DayState::of(&item, Some(4)).watermark, None);
        assert_eq!(DayState::of(&Item::new(), None), DayState::default());
    }
}
