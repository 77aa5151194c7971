//! What the counters should be.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map, Value};

use crate::stream::{CROWDED, FULL, Logged, SPAM, Stream};

/// An item's hash key and day.
type Key = (String, String);

/// Counters and visitors of an item.
#[derive(Debug, Default)]
struct Day {
    counters: BTreeMap<String, u64>,
    visitors: BTreeSet<u32>,
}

impl Day {
    fn add(&mut self, click: &Logged) {
        let slot = click.time % 86_400 / 1_800;
        let mut count = |attribute: String| *self.counters.entry(attribute).or_default() += 1;
        if click.bot {
            return count(format!("b{slot:02}"));
        }
        count(format!("s{slot:02}"));
        count(format!("c_{}", click.country));
        count(format!("d_{}", click.device));
        count("o_ios".to_owned());
        count("a_safari".to_owned());
        count(format!("r_{}", click.referrer));
        self.visitors.extend(click.visitor);
    }
}

/// The items as they should be.
#[derive(Debug)]
pub(crate) struct Truth {
    days: HashMap<Key, Day>,
    has_full_items: bool,
}

impl Truth {
    pub(crate) fn of(stream: &Stream) -> Self {
        let owners = stream.owners();
        let mut days: HashMap<Key, Day> = HashMap::new();
        for click in stream.all() {
            let day = if click.time < 1_795_737_600 { "2026-11-26" } else { "2026-11-27" };
            let owner = owners.get(&click.slug).map(|owner| format!("@{}", owner.unwrap_or("anonymous")));
            for of in [Some(click.slug.clone()), owner].into_iter().flatten() {
                days.entry((of, day.to_owned())).or_default().add(click);
            }
        }
        Self { days, has_full_items: stream.has_full_items }
    }

    /// Every counter that is not as it should be.
    pub(crate) fn differences(&self, items: &[Map<String, Value>]) -> Vec<String> {
        let text = |item: &Map<String, Value>, name: &str| item[name]["S"].as_str().unwrap().to_owned();
        let items = items.iter().filter(|item| text(item, "of") != "!salt");
        let items: HashMap<Key, _> = items.map(|item| ((text(item, "of"), text(item, "day")), item)).collect();
        let mut differences = Vec::new();
        let empty = Map::new();
        for (key, day) in &self.days {
            let item = items.get(key).copied().unwrap_or(&empty);
            let found = Found::of(key, item);
            differences.extend(
                found.compare(day, self.has_full_items).into_iter().map(|difference| format!("{key:?} {difference}")),
            );
        }
        let strange = items.keys().filter(|key| !self.days.contains_key(*key) && ![FULL, CROWDED].contains(&&*key.0));
        differences.extend(strange.map(|key| format!("{key:?} should not be there")));
        differences
    }
}

/// What an item holds.
struct Found<'a> {
    of: &'a str,
    counters: BTreeMap<&'a str, u64>,
    visitors: BTreeSet<u32>,
    level: u32,
}

impl<'a> Found<'a> {
    fn of((of, _): &'a Key, item: &'a Map<String, Value>) -> Self {
        let number = |value: &Value| value["N"].as_str().and_then(|digits| digits.parse().ok());
        let is_counter = |name: &str| !["ttl", "vl"].contains(&name);
        let counters = item.iter().filter(|(name, _)| is_counter(name));
        let codes = item.get("v").and_then(|value| value["BS"].as_array()).into_iter().flatten();
        let code = |text: &Value| {
            let bytes = STANDARD.decode(text.as_str().unwrap()).unwrap();
            bytes.iter().fold(0, |code, byte| code << 8 | u32::from(*byte))
        };
        Self {
            of,
            counters: counters.filter_map(|(name, value)| Some((name.as_str(), number(value)?))).collect(),
            visitors: codes.map(code).collect(),
            level: item.get("vl").and_then(number).map_or(0, |level| u32::try_from(level).unwrap()),
        }
    }

    fn compare(&self, expected: &Day, has_full_items: bool) -> Vec<String> {
        match self.of {
            // Nothing could be added to it.
            FULL if has_full_items => {
                self.counters.iter().map(|counter| format!("{counter:?} instead of none")).collect()
            }
            CROWDED if has_full_items => self.compare_slots(expected),
            _ => [self.compare_counters(expected), self.compare_referrers(expected), self.compare_visitors(expected)]
                .concat(),
        }
    }

    /// Numbers per half hour, all of which were 1 before, and nothing else.
    fn compare_slots(&self, expected: &Day) -> Vec<String> {
        let slots = (0..48).flat_map(|slot| [format!("s{slot:02}"), format!("b{slot:02}")]);
        let expected = slots.map(|slot| (1 + expected.counters.get(&slot).copied().unwrap_or_default(), slot));
        let expected: BTreeMap<_, _> = expected.map(|(count, slot)| (slot, count)).collect();
        unlike(&expected, self.counters.iter().map(|(name, count)| (*name, *count)))
    }

    fn compare_counters(&self, expected: &Day) -> Vec<String> {
        let plain = |name: &str| !name.starts_with("r_");
        let wanted = expected.counters.iter().filter(|(name, _)| plain(name));
        let wanted = wanted.map(|(name, count)| (name.clone(), *count)).collect();
        unlike(&wanted, self.counters.iter().filter(|(name, _)| plain(name)).map(|(name, count)| (*name, *count)))
    }

    /// Few referrers have a counter each; of many, all are counted somewhere and an item's number is bounded.
    fn compare_referrers(&self, expected: &Day) -> Vec<String> {
        let found =
            || self.counters.iter().filter(|(name, _)| name.starts_with("r_")).map(|(name, count)| (*name, *count));
        let wanted = expected.counters.iter().filter(|(name, _)| name.starts_with("r_"));
        let wanted: BTreeMap<_, _> = wanted.map(|(name, count)| (name.clone(), *count)).collect();
        if self.of != SPAM && wanted.len() <= 3 {
            return unlike(&wanted, found());
        }
        let sums = [wanted.values().sum::<u64>(), found().map(|(_, count)| count).sum()];
        let mut differences = Vec::new();
        if sums[0] != sums[1] {
            differences.push(format!("referrers: {} instead of {}", sums[1], sums[0]));
        }
        if found().count() > 64 + 20 + 2 {
            differences.push(format!("{} referrers have a counter", found().count()));
        }
        differences
    }

    /// Of the codes at the item's level, all are there. An owner's item has none.
    fn compare_visitors(&self, expected: &Day) -> Vec<String> {
        let at_level = |code: &&u32| code.trailing_zeros() >= self.level;
        let wanted: BTreeSet<u32> = expected.visitors.iter().filter(at_level).copied().collect();
        let wanted = if self.of.starts_with('@') { BTreeSet::new() } else { wanted };
        let kept: BTreeSet<u32> = self.visitors.iter().filter(at_level).copied().collect();
        let mut differences = Vec::new();
        if kept != wanted {
            differences.push(format!("{} visitors instead of {} at level {}", kept.len(), wanted.len(), self.level));
        }
        if self.visitors.len() > 2 * 256 {
            differences.push(format!("{} codes are kept", self.visitors.len()));
        }
        differences
    }
}

fn unlike<'a>(expected: &BTreeMap<String, u64>, found: impl Iterator<Item = (&'a str, u64)>) -> Vec<String> {
    let found: BTreeMap<&str, u64> = found.collect();
    let names: BTreeSet<&str> = expected.keys().map(String::as_str).chain(found.keys().copied()).collect();
    let pair =
        |name: &str| (expected.get(name).copied().unwrap_or_default(), found.get(name).copied().unwrap_or_default());
    let pairs = names.into_iter().map(|name| (name, pair(name))).filter(|(_, (wanted, found))| wanted != found);
    pairs.map(|(name, (wanted, found))| format!("{name}: {found} instead of {wanted}")).collect()
}
