//! Compares the in-process cache with a plain LRU of the same crate and with the best fixed choice of entries.
//!
//! `cargo bench -p redirector` prints
//! - hit rates on stationary Zipf traffic over a million links, as shares of the static optimum (the most popular links
//!   pinned), after as many requests to warm up as are counted;
//! - hit rates of a cache that starts empty, as every execution environment's does;
//! - the time of a hit, and the memory of an entry.
//!
//! Rates are the same in every run; times depend on the machine.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a program that prints figures"
)]

use std::{
    hint::black_box,
    num::NonZeroUsize,
    time::{Duration, Instant, SystemTime},
};

use links::Slug;
use lru::LruCache;
use rand::{RngExt, SeedableRng, rngs::SmallRng};
use redirector::cache::{Destination, LinkCache};

const LINKS: usize = 1_000_000;
const REQUESTS: usize = 1_000_000;
const SEED: u64 = 7;

/// Draws links by popularity.
struct Zipf {
    cumulative: Vec<f64>,
}

impl Zipf {
    fn new(exponent: f64) -> Self {
        let mut sum = 0.0;
        let mut cumulative: Vec<f64> = (1..=LINKS)
            .map(|rank| {
                sum += (rank as f64).powf(-exponent);
                sum
            })
            .collect();
        cumulative.iter_mut().for_each(|share| *share /= sum);
        Self { cumulative }
    }

    fn draw(&self, rng: &mut SmallRng) -> usize {
        let point: f64 = rng.random();
        self.cumulative.partition_point(|share| *share < point)
    }

    /// The share of requests that go to the `entries` most popular links.
    fn optimum(&self, entries: usize) -> f64 {
        self.cumulative.get(entries - 1).copied().unwrap_or(1.0)
    }
}

/// Eight characters, like a derived slug.
fn slug(number: usize) -> Slug {
    let scattered = (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 24;
    let digit = |place: u32| char::from(b"0123456789abcdefghjkmnpqrstvwxyz"[(scattered >> (5 * place) & 31) as usize]);
    (0..8).rev().map(digit).collect::<String>().parse().unwrap()
}

/// 103 bytes, the measured length of a typical target.
fn destination(number: usize) -> Destination {
    let url =
        format!("https://www.example.com/articles/2026/11/{number:08}/{}", "a-fairly-long-title-of-a-page-".repeat(2));
    Destination::to(url.get(..103).unwrap())
}

trait Cache {
    /// Requests a link and keeps it on a miss. Returns whether it was a hit.
    fn request(&mut self, number: usize) -> bool;
}

struct Ours {
    cache: LinkCache,
    slugs: Vec<Slug>,
    now: SystemTime,
}

impl Ours {
    fn new(entries: usize) -> Self {
        let now = SystemTime::UNIX_EPOCH;
        let cache = LinkCache::new(entries, usize::MAX, Duration::from_secs(10), now);
        Self { cache, slugs: (0..LINKS).map(slug).collect(), now }
    }
}

impl Cache for Ours {
    fn request(&mut self, number: usize) -> bool {
        let slug = &self.slugs[number];
        let hit = self.cache.fresh(slug, self.now).is_some();
        if !hit {
            self.cache.put(slug, &Destination::to("https://example.com/"), self.now);
        }
        hit
    }
}

impl Cache for LruCache<usize, ()> {
    fn request(&mut self, number: usize) -> bool {
        self.put(number, ()).is_some()
    }
}

fn plain_lru(entries: usize) -> LruCache<usize, ()> {
    LruCache::new(NonZeroUsize::new(entries).unwrap())
}

/// The share of hits among `counted` requests after `warm_up`.
fn rate(cache: &mut impl Cache, zipf: &Zipf, warm_up: usize, counted: usize) -> f64 {
    let mut rng = SmallRng::seed_from_u64(SEED);
    for _ in 0..warm_up {
        cache.request(zipf.draw(&mut rng));
    }
    (0..counted).filter(|_| cache.request(zipf.draw(&mut rng))).count() as f64 / counted as f64
}

fn stationary() {
    println!("zipf  entries  optimum   this cache      plain LRU");
    for exponent in [0.9, 1.0, 1.1] {
        let zipf = Zipf::new(exponent);
        for entries in [1_000, 10_000, 100_000] {
            let optimum = zipf.optimum(entries);
            let ours = rate(&mut Ours::new(entries), &zipf, REQUESTS, REQUESTS);
            let plain = rate(&mut plain_lru(entries), &zipf, REQUESTS, REQUESTS);
            println!(
                "{exponent:<5} {entries:>7}    {optimum:.3}   {ours:.3} ({:.3})   {plain:.3} ({:.3})",
                ours / optimum,
                plain / optimum
            );
        }
    }
}

fn cold() {
    println!("\nempty at the start, 10,000 entries: hit rate of the first N requests (this cache / plain LRU)");
    for exponent in [0.9, 1.0, 1.1] {
        let zipf = Zipf::new(exponent);
        print!("{exponent:<5}");
        for requests in [100, 1_000, 10_000, 100_000] {
            let ours = rate(&mut Ours::new(10_000), &zipf, 0, requests);
            let plain = rate(&mut plain_lru(10_000), &zipf, 0, requests);
            print!("  N={requests}: {ours:.3}/{plain:.3}");
        }
        println!();
    }
}

fn hit_cost() {
    let zipf = Zipf::new(1.0);
    for entries in [1_000, 10_000, 100_000] {
        let mut ours = Ours::new(entries);
        for number in 0..entries {
            ours.cache.put(&ours.slugs[number], &destination(number), ours.now);
        }
        let mut rng = SmallRng::seed_from_u64(SEED);
        let order: Vec<_> = (0..REQUESTS).map(|_| zipf.draw(&mut rng)).filter(|number| *number < entries).collect();
        let mut plain_lru = LruCache::new(NonZeroUsize::new(entries).unwrap());
        for number in 0..entries {
            plain_lru.put(ours.slugs[number].clone(), destination(number));
        }
        let (mut best, mut plain) = (f64::INFINITY, f64::INFINITY);
        for _ in 0..7 {
            let started = Instant::now();
            for number in &order {
                let hit = ours.cache.fresh(&ours.slugs[*number], ours.now);
                black_box(hit.map(|link| link.target.len()));
            }
            best = best.min(started.elapsed().as_secs_f64() * 1e9 / order.len() as f64);
            let started = Instant::now();
            for number in &order {
                black_box(plain_lru.get(&ours.slugs[*number]).map(|link| link.cached().target.len()));
            }
            plain = plain.min(started.elapsed().as_secs_f64() * 1e9 / order.len() as f64);
        }
        println!("hit at {entries:>6} entries: {best:.1} ns; plain LRU {plain:.1} ns; ratio {:.2}", best / plain);
    }
}

/// Resident memory of this process.
fn resident_bytes() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").ok();
    let pages = pages.and_then(|text| text.split(' ').nth(1)?.parse::<usize>().ok());
    pages.unwrap_or_default() * 4_096
}

fn memory() {
    let entries = 100_000;
    let slugs: Vec<_> = (0..entries).map(slug).collect();
    let mut cache = LinkCache::new(entries, usize::MAX, Duration::from_secs(10), SystemTime::UNIX_EPOCH);
    let before = resident_bytes();
    for (number, slug) in slugs.iter().enumerate() {
        cache.put(slug, &destination(number), SystemTime::UNIX_EPOCH);
    }
    let bytes = (resident_bytes() - before) as f64 / entries as f64;
    println!("memory: {bytes:.0} bytes an entry of 111 bytes ({:.2} times)", bytes / 111.0);
    black_box(cache);
}

fn main() {
    // First, while the heap is young.
    memory();
    hit_cost();
    stationary();
    cold();
}
