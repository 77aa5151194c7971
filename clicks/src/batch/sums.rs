//! The sums of some clicks, within bounds: no visitor can make an item grow for ever, whatever it sends.

use std::{collections::HashMap, hash::Hash};

use links::clicks::{Counter, Facet, Slot, VisitorCode, item::REST};

use super::{Click, names::Names};

/// Most referrers of one addition that get a counter.
const MAX_REFERRERS: usize = 20;
/// Most countries of one addition that get a counter.
const MAX_COUNTRIES: usize = 100;
/// Most referrers of one item that get a counter. An addition that does not know the item may exceed it once.
const MAX_REFERRERS_OF_ITEM: usize = 64;

/// What the item already has, which limits what is added.
#[derive(Clone, Default)]
pub(crate) struct Known<'a> {
    /// Tells whether a referrer has a counter; `None` if it is not known.
    pub(crate) has_referrer: Option<&'a (dyn Fn(&str) -> bool + Sync)>,
    /// How many referrers have one.
    pub(crate) referrers: usize,
}

/// Sums of clicks.
#[derive(Debug, Default)]
pub(crate) struct Sums {
    people: HashMap<Slot, u64>,
    bots: HashMap<Slot, u64>,
    countries: HashMap<Box<str>, u64>,
    referrers: HashMap<Option<u32>, u64>,
    words: HashMap<(Facet, &'static str), u64>,
    visitors: Vec<VisitorCode>,
}

impl Sums {
    /// Adds clicks up.
    pub(crate) fn of<'a>(clicks: impl IntoIterator<Item = &'a Click>) -> Self {
        let mut sums = Self::default();
        for click in clicks {
            sums.add(click);
        }
        sums.visitors.sort_unstable();
        sums.visitors.dedup();
        sums
    }

    fn add(&mut self, click: &Click) {
        let traits = &click.traits;
        if traits.is_bot {
            count(&mut self.bots, click.slot);
            return;
        }
        count(&mut self.people, click.slot);
        count(&mut self.referrers, click.referrer);
        let country = traits.country.as_ref().map_or("", |country| country.as_str());
        match self.countries.get_mut(country) {
            Some(sum) => *sum += 1,
            None => _ = self.countries.insert(country.into(), 1),
        }
        count(&mut self.words, (Facet::Device, traits.device.map_or("", |device| device.as_str())));
        count(&mut self.words, (Facet::Os, traits.os.map_or("", |os| os.as_str())));
        count(&mut self.words, (Facet::Browser, traits.browser.map_or("", |browser| browser.as_str())));
        self.visitors.extend(traits.visitor);
    }

    /// The visitors, each once.
    pub(crate) fn visitors(&self) -> &[VisitorCode] {
        &self.visitors
    }

    /// What to add per half hour alone.
    pub(crate) fn slots(&self) -> Vec<(Counter, u64)> {
        let people = self.people.iter().map(|(slot, sum)| (Counter::People(*slot), *sum));
        people.chain(self.bots.iter().map(|(slot, sum)| (Counter::Bots(*slot), *sum))).collect()
    }

    /// All that is to add. What gets no counter of its own counts as the rest.
    pub(crate) fn counters(&self, referrers: &Names<Box<str>>, known: &Known<'_>) -> Vec<(Counter, u64)> {
        let mut counters = self.slots();
        counters.extend(self.words.iter().map(|((facet, word), sum)| (Counter::By(*facet, (*word).into()), *sum)));
        let countries = self.countries.iter().map(|(country, sum)| (country.as_ref(), *sum));
        counters.extend(largest(Facet::Country, countries.collect(), MAX_COUNTRIES));
        counters.extend(largest(Facet::Referrer, self.named_referrers(referrers, known), MAX_REFERRERS));
        counters
    }

    /// Referrers by name, of which [`REST`] are those that get no counter in the item.
    fn named_referrers<'a>(&self, names: &'a Names<Box<str>>, known: &Known<'_>) -> Vec<(&'a str, u64)> {
        let mut sums: HashMap<&str, u64> = HashMap::new();
        let mut room = MAX_REFERRERS_OF_ITEM.saturating_sub(known.referrers);
        let mut referrers: Vec<(&str, u64)> = Vec::with_capacity(self.referrers.len());
        for (position, sum) in &self.referrers {
            let name = position.and_then(|position| names.name(position));
            referrers.push((name.map_or(REST, AsRef::as_ref), *sum));
        }
        referrers.sort_unstable_by(by_sum);
        for (name, sum) in referrers {
            let has_counter = name.is_empty() || name == REST || known.has_referrer.is_some_and(|has| has(name));
            let name = if has_counter {
                name
            } else if room > 0 {
                room -= 1;
                name
            } else {
                REST
            };
            *sums.entry(name).or_default() += sum;
        }
        sums.into_iter().collect()
    }
}

fn count<K: Eq + Hash>(sums: &mut HashMap<K, u64>, key: K) {
    *sums.entry(key).or_default() += 1;
}

/// The largest first; of equal ones the first by name, so that a repetition adds the same.
fn by_sum(a: &(&str, u64), b: &(&str, u64)) -> std::cmp::Ordering {
    b.1.cmp(&a.1).then(a.0.cmp(b.0))
}

/// The largest sums by name, and the others as one. What is unknown, and what is the rest already, does not count
/// towards `most`.
fn largest(facet: Facet, mut sums: Vec<(&str, u64)>, most: usize) -> Vec<(Counter, u64)> {
    sums.sort_unstable_by(by_sum);
    let (mut kept, mut rest, mut named) = (Vec::with_capacity(sums.len().min(most + 2)), 0, 0);
    for (name, sum) in sums {
        let is_named = !name.is_empty();
        if name == REST || is_named && named == most {
            rest += sum;
            continue;
        }
        named += usize::from(is_named);
        kept.push((Counter::By(facet, name.into()), sum));
    }
    if rest > 0 {
        kept.push((Counter::By(facet, REST.into()), rest));
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::line::Traits;
    use links::clicks::{Country, Device};

    fn click(referrer: Option<u32>) -> Click {
        Click { record: 0, referrer, slot: Slot::new(3).unwrap(), traits: Traits::default() }
    }

    fn names(count: u32) -> Names<Box<str>> {
        let mut names = Names::default();
        for number in 0..count {
            names.position(&format!("h{number:04}"), |name| Some(name.into()));
        }
        names
    }

    fn sum_of(counters: &[(Counter, u64)], attribute: &str) -> Option<u64> {
        counters.iter().find(|(counter, _)| counter.attribute() == attribute).map(|(_, sum)| *sum)
    }

    #[test]
    fn people_are_broken_down_and_bots_are_not() {
        let visitor = VisitorCode::from_hex("a3f09c");
        let person =
            Traits { country: Country::from_code("DE"), device: Some(Device::Mobile), visitor, ..Traits::default() };
        let person = Click { traits: person, ..click(Some(0)) };
        let bot = Click { traits: Traits { is_bot: true, ..person.traits }, ..person };
        let sums = Sums::of(&[person, person, bot]);
        let mut counters = sums.counters(&names(1), &Known::default());
        counters.sort_unstable_by_key(|(counter, _)| counter.attribute());
        let counters: Vec<_> = counters.iter().map(|(counter, sum)| (counter.attribute(), *sum)).collect();
        let expected = [("a_", 2), ("b03", 1), ("c_DE", 2), ("d_mobile", 2), ("o_", 2), ("r_h0000", 2), ("s03", 2)];
        assert_eq!(counters, expected.map(|(name, sum)| (name.to_owned(), sum)));
        assert_eq!(sums.visitors(), [visitor.unwrap()]);
    }

    #[test]
    fn one_addition_has_few_referrers_and_loses_none() {
        let clicks: Vec<_> = (0..1_000).map(|n| click(Some(n))).chain([click(None), click(Some(7))]).collect();
        let counters = Sums::of(&clicks).counters(&names(1_000), &Known::default());
        let referrers: Vec<_> = counters.iter().filter(|(counter, _)| counter.attribute().starts_with("r_")).collect();
        assert_eq!(referrers.len(), MAX_REFERRERS + 1);
        assert_eq!(referrers.iter().map(|(_, sum)| sum).sum::<u64>(), 1_002);
        assert_eq!((sum_of(&counters, "r_h0007"), sum_of(&counters, "r_~")), (Some(2), Some(981)));
    }

    #[test]
    fn an_item_that_is_full_gets_no_new_referrer() {
        let has = |name: &str| name == "h0001";
        let check = |referrers: usize, expected: [Option<u64>; 3]| {
            let known = Known { has_referrer: Some(&has), referrers };
            let counters = Sums::of(&[click(Some(0)), click(Some(1)), click(Some(1))]).counters(&names(2), &known);
            assert_eq!(["r_h0000", "r_h0001", "r_~"].map(|name| sum_of(&counters, name)), expected);
        };
        check(63, [Some(1), Some(2), None]);
        check(64, [None, Some(2), Some(1)]);
    }

    #[test]
    fn unknown_countries_and_the_rest_are_apart() {
        let codes: Vec<_> = ('A'..='Z').flat_map(|a| ('A'..='Z').map(move |b| format!("{a}{b}"))).collect();
        let of = |country| Click { traits: Traits { country, ..Traits::default() }, ..click(None) };
        let clicks: Vec<_> = codes.iter().map(|code| of(Country::from_code(code))).chain([of(None)]).collect();
        let counters = Sums::of(&clicks).counters(&names(0), &Known::default());
        assert_eq!(counters.iter().filter(|(counter, _)| counter.attribute().starts_with("c_")).count(), 102);
        assert_eq!((sum_of(&counters, "c_"), sum_of(&counters, "c_~")), (Some(1), Some(576)));
    }
}
