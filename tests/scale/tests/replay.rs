//! The simulated caches and the real ones answer the same requests: how often they hit differs by at most 5 %.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::HashMap,
    time::{Duration, Instant, SystemTime},
};

use aws_sdk_dynamodb::{config::Credentials, operation::get_item::GetItemInput, types::AttributeValue};
use dax_client::{Client, Config};
use dax_server::{Cluster, ClusterConfig};
use links::Slug;
use redirector::cache::{Destination, LinkCache};
use scale::{cache::Cache, node::Node, zipf::Zipf};
use serde_json::{Value, json};

const SEED: u64 = 7;

/// Requests for links by popularity; with scans, every link in turn after each 10,000 of them.
fn requests(exponent: f64, links: u32, number: usize, with_scans: bool) -> Vec<u32> {
    let (zipf, mut rng) = (Zipf::new(exponent, links), fastrand::Rng::with_seed(SEED));
    let mut requests = Vec::new();
    for at in 1..=number {
        requests.push(zipf.draw(&mut rng));
        if with_scans && at.is_multiple_of(10_000) {
            requests.extend(0..links);
        }
    }
    requests
}

fn assert_close(real: usize, simulated: usize, what: &str) {
    let off = simulated as f64 / real as f64 - 1.0;
    assert!(off.abs() <= 0.05, "{what}: {real} hits, {simulated} simulated ({:+.1} %)", off * 100.0);
}

#[test]
fn the_in_process_cache_hits_as_often_as_simulated() {
    let check = |exponent: f64, entries: usize, seconds: f64, with_scans: bool| {
        let requests = requests(exponent, 20_000, 60_000, with_scans);
        let slugs: Vec<Slug> = (0..20_000).map(|link| format!("link-{link}").parse().unwrap()).collect();
        let (start, target) = (SystemTime::UNIX_EPOCH, Destination::to("https://example.com/"));
        let mut real = LinkCache::new(entries, usize::MAX, Duration::from_secs_f64(seconds), start);
        let mut simulated = Cache::new(entries, seconds);
        let (mut real_hits, mut simulated_hits) = (0, 0);
        for (number, link) in requests.iter().enumerate() {
            // A thousand requests a second.
            let now = start + Duration::from_millis(number as u64);
            let slug = &slugs[*link as usize];
            if real.fresh(slug, now).is_some() {
                real_hits += 1;
            } else {
                real.put(slug, &target, now);
            }
            simulated_hits += usize::from(simulated.request(*link, number as f64 / 1e3));
        }
        assert_close(
            real_hits,
            simulated_hits,
            &format!("zipf {exponent}, {entries} entries, {seconds} s, {with_scans}"),
        );
    };
    check(1.0, 10_000, 10.0, false);
    check(1.0, 1_000, 10.0, false);
    check(1.0, 1_000, 600.0, false);
    check(0.8, 1_000, 600.0, false);
    check(1.2, 200, 600.0, true);
    check(0.8, 2_000, 10.0, true);
}

/// A cluster of one node over a table with so many links.
struct World {
    cluster: Cluster,
    client: Client,
}

impl World {
    async fn start(links: u32, item_ttl: Duration, cache_bytes: usize) -> Self {
        let put = |link: u32| {
            let target = format!("https://www.example.com/articles/{link:08}/a-fairly-long-title-of-a-page");
            json!({ "PutRequest": { "Item": { "id": { "S": slug(link) }, "target": { "S": target } } } })
        };
        let all: Vec<Value> = (0..links).map(put).collect();
        let put_items = all.chunks(25).map(|puts| json!({ "Links": puts })).collect();
        let table = json!({
            "TableName": "Links", "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{ "AttributeName": "id", "AttributeType": "S" }],
            "KeySchema": [{ "AttributeName": "id", "KeyType": "HASH" }],
        });
        let config =
            ClusterConfig { create_tables: vec![table], put_items, item_ttl, cache_bytes, ..ClusterConfig::default() };
        let cluster = config.start().await.unwrap();
        let config = Config::new(&cluster.url()).unwrap().region("us-east-1");
        let config = config.credentials_provider(Credentials::new("local", "local", None, None, "test"));
        Self { client: Client::connect(config).await.unwrap(), cluster }
    }

    async fn read(&self, link: u32) {
        let key = HashMap::from([("id".to_owned(), AttributeValue::S(slug(link)))]);
        let input = GetItemInput::builder().table_name("Links").set_key(Some(key)).build().unwrap();
        assert!(self.client.get_item(input).await.unwrap().item.is_some());
    }

    fn hits(&self) -> usize {
        usize::try_from(self.cluster.counters(0).unwrap().item_hits).unwrap()
    }

    /// How many of the links fit into the cache: those that are still there after all were read.
    async fn fitting(&self, links: u32) -> usize {
        for link in 0..links {
            self.read(link).await;
        }
        let before = self.hits();
        for (fitting, link) in (0..links).rev().enumerate() {
            self.read(link).await;
            if self.hits() - before == fitting {
                return fitting;
            }
        }
        links as usize
    }
}

/// Always eight characters, so that all items have the same size.
fn slug(link: u32) -> String {
    format!("l{link:07}")
}

#[tokio::test]
async fn a_full_dax_node_hits_as_often_as_simulated() {
    const LINKS: u32 = 300;
    let world = World::start(LINKS, Duration::from_secs(3_600), 60_000).await;
    let fitting = world.fitting(LINKS).await;
    assert!((30..150).contains(&fitting), "{fitting} links fit: choose another size");
    for exponent in [0.8, 1.2] {
        world.cluster.clear_caches();
        let mut simulated = Node::new(fitting, 3_600.0);
        let before = world.hits();
        let mut hits = 0;
        for link in requests(exponent, LINKS, 1_500, false) {
            world.read(link).await;
            hits += usize::from(simulated.read(u64::from(link), 1, 0.0));
        }
        assert_close(world.hits() - before, hits, &format!("zipf {exponent}, {fitting} items"));
    }
}

#[tokio::test]
async fn a_dax_node_forgets_as_simulated() {
    const LINKS: u32 = 200;
    const TTL: Duration = Duration::from_millis(200);
    let world = World::start(LINKS, TTL, 64 << 20).await;
    let mut simulated = Node::new(usize::MAX, TTL.as_secs_f64());
    let (start, before, mut hits) = (Instant::now(), world.hits(), 0);
    for link in requests(1.0, LINKS, 1_500, false) {
        // The recorded times of the real request are those of the simulated one.
        let asked = start.elapsed().as_secs_f64();
        world.read(link).await;
        if simulated.read(u64::from(link), 1, asked) {
            hits += 1;
        } else {
            simulated.store(u64::from(link), 1, start.elapsed().as_secs_f64() + TTL.as_secs_f64());
        }
    }
    assert!(start.elapsed() > 3 * TTL, "too fast for entries to end");
    assert_close(world.hits() - before, hits, "items that end");
}
