//! Compares the in-process cache with the optimum, with `quick_cache` (S3-FIFO) and with a plain LRU.
//!
//! `cargo bench -p redirector` prints
//! - hit rates over a million links whose popularity follows Zipf's law, of warm caches, of warm caches while every link
//!   is visited in turn from time to time, and of caches that start empty, as every execution environment's does. The
//!   optimum knows how popular each link is, but not the future: it keeps the most popular links that were requested so
//!   far. No policy gets more hits of independent requests in the long run;
//! - the time of a hit, and the memory of an entry.
//!
//! Rates are the same in every run; times depend on the machine. `cargo bench -p redirector -- rates` prints rates only.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a program that prints figures"
)]

use std::{
    collections::{BinaryHeap, HashSet},
    hint::black_box,
    num::NonZeroUsize,
    time::{Duration, Instant, SystemTime},
};

use links::Slug;
use lru::LruCache;
use quick_cache::unsync::Cache as QuickCache;
use rand::{RngExt, SeedableRng, rngs::SmallRng};
use redirector::cache::{Destination, LinkCache};

const LINKS: usize = 1_000_000;
/// Requests before those that are counted, enough to tell the hundred-thousandth link from the next.
const WARM_UP: usize = 20_000_000;
const COUNTED: usize = 1_000_000;
/// A visitor follows links in turn, so many each time ...
const SCANNED: usize = 20_000;
/// ... after so many requests of others.
const BETWEEN_SCANS: usize = 100_000;
const EXPONENTS: [f64; 5] = [0.8, 0.9, 1.0, 1.1, 1.2];
const SIZES: [usize; 3] = [1_000, 10_000, 100_000];
const SEED: u64 = 7;

/// Draws links by popularity: link 0 is the most popular.
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

    fn requests(&self, number: usize) -> Vec<u32> {
        let mut rng = SmallRng::seed_from_u64(SEED);
        (0..number).map(|_| u32::try_from(self.draw(&mut rng)).unwrap()).collect()
    }
}

/// The requests, with scans in between.
fn with_scans(requests: &[u32]) -> Vec<u32> {
    // In the order of the table's keys, which has nothing to do with popularity.
    let mut scan = (0..LINKS as u64).cycle().map(|at| u32::try_from(at * 611_953 % LINKS as u64).unwrap());
    let mut mixed = Vec::with_capacity(requests.len() + requests.len() / BETWEEN_SCANS * SCANNED);
    for requests in requests.chunks(BETWEEN_SCANS) {
        mixed.extend_from_slice(requests);
        mixed.extend(scan.by_ref().take(SCANNED));
    }
    mixed
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
    fn request(&mut self, number: u32) -> bool;
}

struct Ours<'a> {
    cache: LinkCache,
    slugs: &'a [Slug],
    now: SystemTime,
}

impl<'a> Ours<'a> {
    fn new(entries: usize, slugs: &'a [Slug]) -> Self {
        let now = SystemTime::UNIX_EPOCH;
        Self { cache: LinkCache::new(entries, usize::MAX, Duration::from_secs(10), now), slugs, now }
    }
}

impl Cache for Ours<'_> {
    fn request(&mut self, number: u32) -> bool {
        let slug = &self.slugs[number as usize];
        let hit = self.cache.fresh(slug, self.now).is_some();
        if !hit {
            self.cache.put(slug, &Destination::to("https://example.com/"), self.now);
        }
        hit
    }
}

impl Cache for LruCache<u32, ()> {
    fn request(&mut self, number: u32) -> bool {
        self.put(number, ()).is_some()
    }
}

impl Cache for QuickCache<u32, ()> {
    fn request(&mut self, number: u32) -> bool {
        let hit = self.get(&number).is_some();
        if !hit {
            self.insert(number, ());
        }
        hit
    }
}

/// Keeps the most popular of the links that were requested.
struct Optimum {
    kept: HashSet<u32>,
    least_popular: BinaryHeap<u32>,
    entries: usize,
}

impl Cache for Optimum {
    fn request(&mut self, number: u32) -> bool {
        let hit = self.kept.contains(&number);
        if !hit && (self.kept.len() < self.entries || self.least_popular.peek().is_some_and(|least| number < *least)) {
            self.kept.insert(number);
            self.least_popular.push(number);
            if self.kept.len() > self.entries {
                let evicted = self.least_popular.pop().unwrap();
                self.kept.remove(&evicted);
            }
        }
        hit
    }
}

/// The share of hits among the last `counted` requests.
fn rate(cache: &mut impl Cache, requests: &[u32], counted: usize) -> f64 {
    let (before, counted) = requests.split_at(requests.len() - counted);
    for number in before {
        cache.request(*number);
    }
    counted.iter().filter(|number| cache.request(**number)).count() as f64 / counted.len() as f64
}

/// Prints a row and returns this cache's share of the optimum.
fn compare(exponent: f64, entries: usize, slugs: &[Slug], requests: &[u32], counted: usize) -> f64 {
    let (kept, least_popular) = (HashSet::new(), BinaryHeap::new());
    let optimum = rate(&mut Optimum { kept, least_popular, entries }, requests, counted);
    let ours = rate(&mut Ours::new(entries, slugs), requests, counted);
    let quick = rate(&mut QuickCache::new(entries), requests, counted);
    let plain = rate(&mut LruCache::new(NonZeroUsize::new(entries).unwrap()), requests, counted);
    let share = |rate: f64| format!("{rate:.3} ({:.3})", rate / optimum);
    println!("{exponent:<5} {entries:>7}    {optimum:.3}   {}   {}   {}", share(ours), share(quick), share(plain));
    ours / optimum
}

fn rates() {
    let slugs: Vec<Slug> = (0..LINKS).map(slug).collect();
    let table = |title: &str, requests_of: &dyn Fn(&Zipf) -> Vec<u32>, counted: usize| {
        println!("\n{title}\nzipf  entries  optimum   this cache      quick_cache     plain LRU");
        let mut lowest = f64::INFINITY;
        for exponent in EXPONENTS {
            let requests = requests_of(&Zipf::new(exponent));
            for entries in SIZES {
                lowest = lowest.min(compare(exponent, entries, &slugs, &requests, counted));
            }
        }
        println!("lowest share of the optimum: {lowest:.3}");
    };
    table("warm", &|zipf| zipf.requests(WARM_UP + COUNTED), COUNTED);
    let counted = COUNTED + COUNTED / BETWEEN_SCANS * SCANNED;
    table("warm, with scans in between", &|zipf| with_scans(&zipf.requests(WARM_UP + COUNTED)), counted);
    table("empty at the start, the first 1,000,000 requests", &|zipf| zipf.requests(1_000_000), 1_000_000);
    table("empty at the start, the first 100,000 requests", &|zipf| zipf.requests(100_000), 100_000);
    table("empty at the start, the first 10,000 requests", &|zipf| zipf.requests(10_000), 10_000);
}

fn hit_cost() {
    let zipf = Zipf::new(1.0);
    let slugs: Vec<Slug> = (0..LINKS).map(slug).collect();
    for entries in [1_000, 10_000, 100_000] {
        let mut ours = Ours::new(entries, &slugs);
        for (number, slug) in slugs.iter().enumerate().take(entries) {
            ours.cache.put(slug, &destination(number), ours.now);
        }
        let mut rng = SmallRng::seed_from_u64(SEED);
        let order: Vec<_> = (0..COUNTED).map(|_| zipf.draw(&mut rng)).filter(|number| *number < entries).collect();
        let mut plain_lru = LruCache::new(NonZeroUsize::new(entries).unwrap());
        for (number, slug) in slugs.iter().enumerate().take(entries) {
            plain_lru.put(slug.clone(), destination(number));
        }
        let (mut best, mut plain) = (f64::INFINITY, f64::INFINITY);
        for _ in 0..7 {
            let started = Instant::now();
            for number in &order {
                let hit = ours.cache.fresh(&slugs[*number], ours.now);
                black_box(hit.map(|link| link.target.len()));
            }
            best = best.min(started.elapsed().as_secs_f64() * 1e9 / order.len() as f64);
            let started = Instant::now();
            for number in &order {
                black_box(plain_lru.get(&slugs[*number]).map(|link| link.cached().target.len()));
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
    if !std::env::args().any(|argument| argument == "rates") {
        // First, while the heap is young.
        memory();
        hit_cost();
    }
    rates();
}
