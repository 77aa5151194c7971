//! What was clicked, to compare with every place that says so.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use e2e::Client;
use futures_util::StreamExt as _;
use futures_util::stream;
use local::Observer;
use serde_json::{Value, json};

use super::traffic::{Counts, Visit};
use super::{CONCURRENCY, report};

/// The values of a breakdown.
type By = BTreeMap<(&'static str, String), u64>;

/// The clicks of a link, or of several.
#[derive(Debug, Clone, Default, PartialEq)]
struct Clicks {
    people: u64,
    bots: u64,
    by: By,
}

/// All clicks.
#[derive(Debug, Default)]
pub(super) struct Truth {
    links: BTreeMap<String, Clicks>,
}

/// The clicks in the redirector's lines, by slug, and their visitor codes: how many there are is chance only if two persons
/// get the same.
#[derive(Debug, Default)]
pub(super) struct Logged(Mutex<BTreeMap<String, (u64, BTreeSet<String>)>>);

impl Observer for Logged {
    fn output(&self, _function: &str, line: &str) {
        let Ok(line) = serde_json::from_str::<Value>(line) else { return };
        let (Some(slug), Some(click)) = (line["slug"].as_str(), line["click"].as_object()) else { return };
        let mut links = self.0.lock().expect("a map");
        let (clicks, codes) = links.entry(slug.to_owned()).or_default();
        *clicks += 1;
        codes.extend(click.get("visitor").and_then(Value::as_str).map(str::to_owned));
    }
}

impl Logged {
    fn visitors(&self, slug: &str) -> u64 {
        self.0.lock().expect("a map").get(slug).map_or(0, |(_, codes)| codes.len() as u64)
    }

    /// How many clicks there are of each slug.
    fn all(&self) -> BTreeMap<String, u64> {
        self.0.lock().expect("a map").iter().map(|(slug, (clicks, _))| (slug.clone(), *clicks)).collect()
    }
}

impl Clicks {
    fn add(&mut self, counts: &Counts) {
        match counts {
            Counts::Person { country, referrer, platform: [device, os, browser] } => {
                self.people += 1;
                let facets = [
                    ("country", country),
                    ("referrer", referrer),
                    ("device", device),
                    ("os", os),
                    ("browser", browser),
                ];
                for (facet, value) in facets {
                    *self.by.entry((facet, (*value).to_owned())).or_default() += 1;
                }
            }
            Counts::Bot => self.bots += 1,
            Counts::Nothing => {}
        }
    }

    /// Compares with a report of the API. Visitors are known for links only.
    fn check(&self, what: &str, report: &Value, visitors: Option<u64>) {
        let totals = json!({ "clicks": self.people, "bots": self.bots, "visitors": visitors });
        assert_eq!(report["totals"], totals, "{what}");
        assert_eq!(report["all_time"], json!({ "clicks": self.people, "bots": self.bots, "imported": 0 }), "{what}");
        let sum = |name: &str| {
            report["series"].as_array().expect("a series").iter().filter_map(|point| point[name].as_u64()).sum()
        };
        assert_eq!((self.people, self.bots), (sum("clicks"), sum("bots")), "{what}");
        let mut by = By::new();
        for facet in ["country", "referrer", "device", "os", "browser"] {
            for entry in report["by"][facet].as_array().expect("a breakdown") {
                let value = entry["value"].as_str().expect("a value").to_owned();
                by.insert((facet, value), entry["clicks"].as_u64().expect("a number"));
            }
        }
        assert_eq!(by, self.by, "{what}");
    }
}

impl Truth {
    pub(super) fn of(visits: &[Visit]) -> Self {
        let mut truth = Self::default();
        for visit in visits {
            truth.links.entry(visit.slug.clone()).or_default().add(&visit.counts);
        }
        truth
    }

    fn link(&self, slug: &str) -> Clicks {
        self.links.get(slug).cloned().unwrap_or_default()
    }

    /// Clicks of people and of bots together, by slug.
    pub(super) fn all(&self) -> BTreeMap<String, u64> {
        let all = self.links.iter().map(|(slug, clicks)| (slug.clone(), clicks.people + clicks.bots));
        all.filter(|(_, clicks)| *clicks > 0).collect()
    }

    fn sum(&self) -> Clicks {
        let mut sum = Clicks::default();
        for clicks in self.links.values() {
            (sum.people, sum.bots) = (sum.people + clicks.people, sum.bots + clicks.bots);
            for (value, count) in &clicks.by {
                *sum.by.entry(value.clone()).or_default() += count;
            }
        }
        sum
    }

    /// Compares with all that the log and the API say: links, owner, table and list.
    pub(super) async fn check(&self, client: &Client, slugs: &[String], logged: &Logged) {
        assert_eq!(logged.all(), self.all(), "the log");
        self.sum().check("all links", &report(client, "", "").await, None);
        let check = async |slug: &String| {
            self.link(slug).check(slug, &report(client, slug, "").await, Some(logged.visitors(slug)));
            self.check_table(client, slug).await;
        };
        stream::iter(slugs).for_each_concurrent(CONCURRENCY, check).await;
        self.check_list(client, slugs).await;
    }

    async fn check_table(&self, client: &Client, slug: &str) {
        let reply = client.get(&format!("/api/v1/links/{slug}/clicks?format=csv&unit=half_hour")).await;
        let mut rows = reply.text().lines();
        assert_eq!(rows.next(), Some("start,clicks,bots,visitors"));
        let (mut people, mut bots) = (0, 0);
        for row in rows {
            let cells: Vec<&str> = row.split(',').collect();
            people += cells[1].parse::<u64>().expect("a number");
            bots += cells[2].parse::<u64>().expect("a number");
        }
        let clicks = self.link(slug);
        assert_eq!((people, bots), (clicks.people, clicks.bots), "{slug}");
    }

    async fn check_list(&self, client: &Client, slugs: &[String]) {
        let mut listed = BTreeMap::new();
        let mut cursor = String::new();
        loop {
            let page = client.get(&format!("/api/v1/links?clicks=true&limit=100{cursor}")).await.json();
            for link in page["links"].as_array().expect("links") {
                listed.insert(link["slug"].as_str().expect("a slug").to_owned(), link["clicks"].clone());
            }
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        for slug in slugs {
            let clicks = self.link(slug);
            let found = &listed[slug];
            assert_eq!(
                (&found["total"], &found["bots"]),
                (&clicks.people.into(), &clicks.bots.into()),
                "{slug}: {found}"
            );
        }
    }
}
