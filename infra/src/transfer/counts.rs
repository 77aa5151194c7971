//! The counts of clicks as text: one JSON object per item, or one row of CSV per counter.
//!
//! Both begin with what the counts are about, so that sorted lines are sorted by it. Salts are secrets, and stay.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::Result;
use links::clicks::item::{PARTITION, SORT, Subject, TOTAL};
use links::clicks::{DayCounts, Facet, Total};
use links::item::Item;
use serde::Serialize;

use super::part::Part;
use super::table::Table;

/// How counts are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum CountsFormat {
    /// One JSON object per link or owner and day
    Jsonl,
    /// A row for each number: slug, owner, day, counter, value, count
    Csv,
}

impl fmt::Display for CountsFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
        })
    }
}

impl CountsFormat {
    /// The line before all others, with its line feed.
    pub(crate) fn head(self) -> &'static str {
        match self {
            Self::Jsonl => "",
            Self::Csv => "slug,owner,day,counter,value,count\n",
        }
    }

    /// The lines of an item; none for an item that holds no counts.
    fn lines(self, item: &Item) -> Result<Vec<String>> {
        let Some(line) = Line::of(item) else {
            return Ok(Vec::new());
        };
        Ok(match self {
            Self::Jsonl => vec![serde_json::to_string(&line)?],
            Self::Csv => line.rows(),
        })
    }
}

/// Reads the table from the position of `part` to its end, and adds every line to `part`. `progress` gets the number of
/// lines after each page.
///
/// # Errors
/// If the table cannot be read or `part` cannot be written; what was read stays in `part`.
pub(crate) async fn dump_counts(
    table: &Table,
    part: &mut Part,
    format: CountsFormat,
    progress: impl Fn(u64),
) -> Result<()> {
    while !part.is_complete() {
        let page = table.page(part.cursor.clone(), None).await?;
        let lines = page.items.iter().map(|item| format.lines(item)).collect::<Result<Vec<_>>>()?;
        part.add(lines.concat(), page.cursor)?;
        progress(part.items);
    }
    Ok(())
}

/// The counts of an item.
#[derive(Debug, Serialize)]
struct Line<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    slug: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<&'a str>,
    #[serde(flatten)]
    numbers: Numbers,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Numbers {
    Day(Box<Day>),
    Total { total: Sum },
}

#[derive(Debug, Serialize)]
struct Day {
    day: String,
    clicks: u64,
    bots: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    visitors: Option<u64>,
    clicks_at: BTreeMap<String, u64>,
    bots_at: BTreeMap<String, u64>,
    #[serde(flatten)]
    by: BTreeMap<&'static str, BTreeMap<String, u64>>,
}

/// A sum of days, with those before the import.
#[derive(Debug, Serialize)]
struct Sum {
    /// The last day in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    through: Option<String>,
    clicks: u64,
    bots: u64,
    imported: u64,
}

impl<'a> Line<'a> {
    fn of(item: &'a Item) -> Option<Self> {
        let subject = Subject::of(item.get(PARTITION)?.as_s().ok()?)?;
        let (slug, owner) = match subject {
            Subject::Link(slug) => (Some(slug), None),
            Subject::Owner(owner) => (None, Some(owner)),
        };
        let numbers = if item.get(SORT)?.as_s().is_ok_and(|key| key == TOTAL) {
            let Total { people, bots, imported, through } = Total::from_item(item);
            let through = through.map(|day| day.to_string());
            Numbers::Total { total: Sum { through, clicks: people, bots, imported } }
        } else {
            Numbers::Day(Box::new(Day::new(&DayCounts::from_item(item)?, slug.is_some())))
        };
        Some(Self { slug, owner, numbers })
    }

    /// A row for each number that is not zero.
    fn rows(&self) -> Vec<String> {
        let whose = format!("{},{}", cell(self.slug.unwrap_or_default()), cell(self.owner.unwrap_or_default()));
        let row = |day: &str, counter: &str, value: &str, count: u64| {
            (count > 0).then(|| format!("{whose},{day},{counter},{},{count}", cell(value)))
        };
        let rows: Vec<_> = match &self.numbers {
            Numbers::Total { total } => {
                let through = total.through.as_deref().unwrap_or_default();
                let counts = [("total", total.clicks), ("total_bots", total.bots), ("imported", total.imported)];
                counts.map(|(counter, count)| row(through, counter, "", count)).into()
            }
            Numbers::Day(day) => {
                let slots = [("clicks", &day.clicks_at), ("bots", &day.bots_at)].into_iter();
                let all = slots.chain(day.by.iter().map(|(facet, counts)| (*facet, counts)));
                let counts = all.flat_map(|(counter, counts)| {
                    counts.iter().map(move |(value, count)| (counter, value.as_str(), *count))
                });
                let visitors = ("visitors", "", day.visitors.unwrap_or_default());
                counts.chain([visitors]).map(|(counter, value, count)| row(&day.day, counter, value, count)).collect()
            }
        };
        rows.into_iter().flatten().collect()
    }
}

impl Day {
    /// Visitors are known of links only.
    fn new(counts: &DayCounts, has_visitors: bool) -> Self {
        let at = |slots: &[u64]| {
            let slots = slots.iter().enumerate().filter(|(_, clicks)| **clicks > 0);
            let time = |index: usize| format!("{:02}:{:02}", index / 2, index % 2 * 30);
            slots.map(|(index, clicks)| (time(index), *clicks)).collect()
        };
        let mut by: BTreeMap<_, BTreeMap<_, _>> =
            Facet::ALL.into_iter().map(|facet| (facet.as_str(), BTreeMap::new())).collect();
        for (facet, value, clicks) in counts.by() {
            by.entry(facet.as_str()).or_default().insert(value.to_owned(), clicks);
        }
        Self {
            day: counts.date.to_string(),
            clicks: counts.people(),
            bots: counts.bots(),
            visitors: has_visitors.then_some(counts.visitors),
            clicks_at: at(counts.all_people()),
            bots_at: at(counts.all_bots()),
            by,
        }
    }
}

/// A cell, in quotes if it has to be.
fn cell(text: &str) -> String {
    if text.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_dynamodb::types::AttributeValue;

    fn item(of: &str, key: &str, counts: &[(&str, u64)]) -> Item {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let mut item = Item::from([(PARTITION.to_owned(), text(of)), (SORT.to_owned(), text(key))]);
        item.extend(counts.iter().map(|(name, count)| ((*name).to_owned(), AttributeValue::N(count.to_string()))));
        item
    }

    #[track_caller]
    fn check(item: &Item, json: &[&str], csv: &[&str]) {
        assert_eq!(CountsFormat::Jsonl.lines(item).unwrap(), json);
        assert_eq!(CountsFormat::Csv.lines(item).unwrap(), csv);
    }

    #[test]
    fn a_day_is_a_line_or_rows() {
        let counts = [("s07", 3), ("s47", 1), ("b00", 2), ("c_DE", 4), ("r_", 1), ("r_t.co", 3)];
        check(
            &item("launch", "2026-11-26", &counts),
            &["{\"slug\":\"launch\",\"day\":\"2026-11-26\",\"clicks\":4,\"bots\":2,\"visitors\":0,\
                 \"clicks_at\":{\"03:30\":3,\"23:30\":1},\"bots_at\":{\"00:00\":2},\"browser\":{},\"country\":{\"DE\":4},\
                 \"device\":{},\"os\":{},\"referrer\":{\"\":1,\"t.co\":3}}"],
            &[
                "launch,,2026-11-26,clicks,03:30,3",
                "launch,,2026-11-26,clicks,23:30,1",
                "launch,,2026-11-26,bots,00:00,2",
                "launch,,2026-11-26,country,DE,4",
                "launch,,2026-11-26,referrer,,1",
                "launch,,2026-11-26,referrer,t.co,3",
            ],
        );
        check(
            &item("@Ann, \"A\"", "2026-11-26", &[("s00", 1)]),
            &[
                "{\"owner\":\"Ann, \\\"A\\\"\",\"day\":\"2026-11-26\",\"clicks\":1,\"bots\":0,\"clicks_at\":{\"00:00\":1},\
                 \"bots_at\":{},\"browser\":{},\"country\":{},\"device\":{},\"os\":{},\"referrer\":{}}",
            ],
            &[",\"Ann, \"\"A\"\"\",2026-11-26,clicks,00:00,1"],
        );
    }

    #[test]
    fn a_sum_is_a_line_or_rows() {
        let mut total = item("launch", "total", &[("n", 5), ("b", 1), ("imported", 7)]);
        let csv = [",total,,5", ",total_bots,,1", ",imported,,7"];
        let rows = |day: &str| csv.map(|row| format!("launch,,{day}{row}"));
        check(
            &total,
            &["{\"slug\":\"launch\",\"total\":{\"clicks\":5,\"bots\":1,\"imported\":7}}"],
            &rows("").each_ref().map(String::as_str),
        );
        total.insert("through".to_owned(), AttributeValue::S("2026-11-20".to_owned()));
        check(
            &total,
            &["{\"slug\":\"launch\",\"total\":{\"through\":\"2026-11-20\",\"clicks\":5,\"bots\":1,\"imported\":7}}"],
            &rows("2026-11-20").each_ref().map(String::as_str),
        );
    }

    #[test]
    fn salts_and_strange_items_have_no_lines() {
        check(&item("!salt", "2026-11-26", &[]), &[], &[]);
        check(&item("launch", "tomorrow", &[("s00", 1)]), &[], &[]);
        check(&Item::new(), &[], &[]);
    }
}
