//! Constant traffic: what the in-process caches and DAX answer, and what is left for the table.

use fastrand::Rng;

use crate::{
    cache::{self, Cache},
    environments::busiest,
    figures::{CPU_DAX, CPU_HIT, DAX_MISS_UNITS, DAX_WRITE_UNITS, ITEM_BYTES},
    node::Node,
    settings::Settings,
    zipf::Zipf,
};

/// Environments that are simulated; the others are like them.
const SAMPLED: u32 = 3;
/// Requests that are counted in each of them.
const COUNTED: u32 = 30_000;
/// Requests of redirectors, hits included, after which a DAX node has been watched for long enough.
const WATCHED: u32 = 600_000;

/// What visitors request.
#[derive(Debug, Clone, Copy)]
pub struct Traffic {
    /// Requests for links by popularity, a second.
    pub ordinary: f64,
    /// Requests for one more link, a second.
    pub viral: f64,
    /// Requests for slugs that do not exist, a second, each for another one.
    pub unknown: f64,
}

impl Traffic {
    /// Requests a second.
    pub fn total(&self) -> f64 {
        self.ordinary + self.viral + self.unknown
    }
}

/// What constant traffic comes to. Rates are per second.
#[derive(Debug, Clone, Copy)]
pub struct Steady {
    /// Requests that reach the gateway.
    pub rate: f64,
    /// Environments that are busy at the busiest moment.
    pub environments: u32,
    /// Share of requests that the in-process caches answer.
    pub cache_hits: f64,
    /// Requests to DAX.
    pub dax_reads: f64,
    /// Share of them that DAX answers by itself.
    pub dax_hits: f64,
    /// Work of the whole DAX cluster, in units of a hit.
    pub dax_units: f64,
    /// Read units of the table.
    pub table_units: f64,
    /// Read units of the item that is read most.
    pub hottest_units: f64,
    /// Mean duration of an invocation in milliseconds.
    pub milliseconds: f64,
    /// CPU time of a request in microseconds, of those that README.md gives a figure for.
    pub cpu: f64,
    /// Billed milliseconds of an invocation.
    pub billed: f64,
}

/// A link in a cache: how often it is requested, and how often that needs the next tier.
fn misses(rate: f64, ttl: f64) -> f64 {
    rate / (1.0 + rate * ttl)
}

/// Simulates the traffic with so many DAX nodes, each with a cache of so many bytes.
pub fn simulate(settings: &Settings, zipf: &Zipf, traffic: &Traffic, nodes: u32, cache_bytes: usize) -> Steady {
    let mut rng = Rng::with_seed(settings.seed);
    let rate = traffic.total();
    let mut environments = 1;
    let mut cache_hits = 0.5;
    // How many environments there are and what they find in their caches depend on each other.
    for _ in 0..3 {
        let (hit, miss) = (settings.hit_ms / 1e3, (settings.hit_ms + settings.dax_ms) / 1e3);
        environments = busiest(rate, &mut rng, |rng| if rng.f64() < cache_hits { hit } else { miss });
        cache_hits = in_process(settings, zipf, traffic, f64::from(environments), &mut rng);
    }
    let (reads, hits) = node(settings, zipf, traffic, f64::from(environments), nodes, cache_bytes, &mut rng);
    let known_misses = reads - hits;
    // An unknown slug is read twice, and DAX passes both reads on: it knows the slug no better than we do, and a consistent
    // read always goes to the table.
    let dax_reads = reads + 2.0 * traffic.unknown;
    let dax_misses = known_misses + 2.0 * traffic.unknown;
    let table_share = (known_misses + traffic.unknown) / rate;
    let (dax_share, table_reads) = (1.0 - cache_hits, known_misses + 2.0 * traffic.unknown);
    let viral_or_first = traffic.viral.max(traffic.ordinary * zipf.share(0));
    let nodes = f64::from(nodes);
    let hottest = f64::from(environments) * misses(viral_or_first / f64::from(environments), settings.cache_ttl);
    Steady {
        rate,
        environments,
        cache_hits,
        dax_reads,
        dax_hits: 1.0 - dax_misses / dax_reads,
        dax_units: hits + dax_misses * DAX_MISS_UNITS.value + settings.writes * DAX_WRITE_UNITS.value * nodes,
        table_units: 0.5 * (known_misses + traffic.unknown) + traffic.unknown,
        hottest_units: 0.5 * nodes * misses(hottest / nodes, settings.dax_ttl),
        milliseconds: settings.hit_ms + dax_share * settings.dax_ms + table_reads / rate * settings.table_ms,
        cpu: cache_hits * CPU_HIT.value + dax_share * CPU_DAX.value,
        billed: cache_hits * settings.hit_ms.ceil()
            + (dax_share - table_share) * (settings.hit_ms + settings.dax_ms).ceil()
            + table_share * (settings.hit_ms + settings.dax_ms + settings.table_ms).ceil(),
    }
}

/// The share of requests that the in-process caches answer.
fn in_process(settings: &Settings, zipf: &Zipf, traffic: &Traffic, environments: f64, rng: &mut Rng) -> f64 {
    let rate = traffic.total() / environments;
    let warm_up = (2.0 * settings.cache_ttl * rate) as u32;
    let mut hits = 0;
    for _ in 0..SAMPLED {
        let mut cache = Cache::new(settings.cache_entries, settings.cache_ttl);
        let mut now = 0.0;
        for number in 0..warm_up + COUNTED {
            now -= (1.0 - rng.f64()).ln() / rate;
            let kind = rng.f64() * traffic.total();
            let hit = if kind < traffic.unknown {
                false
            } else if kind < traffic.unknown + traffic.viral {
                cache.request(zipf.links(), now)
            } else {
                cache.request(zipf.draw(rng), now)
            };
            hits += u32::from(hit && number >= warm_up);
        }
    }
    f64::from(hits) / f64::from(SAMPLED * COUNTED)
}

/// Reads of known links that reach the DAX cluster a second, and those it answers. One node is simulated; the others are
/// like it. It starts as a node that has run for long.
fn node(
    settings: &Settings,
    zipf: &Zipf,
    traffic: &Traffic,
    environments: f64,
    nodes: u32,
    cache_bytes: usize,
    rng: &mut Rng,
) -> (f64, f64) {
    let (nodes, ttl) = (f64::from(nodes), settings.dax_ttl);
    // With a cache of its own, an environment passes only some requests for a link on.
    let passed = |requests: f64| environments * misses(requests / environments, settings.cache_ttl);
    let passed_share = |requests: f64| if settings.cache_entries == 0 { 1.0 } else { passed(requests) / requests };
    let bytes = ITEM_BYTES.value as usize;
    let mut node = Node::new(cache_bytes, ttl);
    // The least popular first, so that they are the first to go.
    for link in (0..zipf.links()).rev() {
        let requests = traffic.ordinary * zipf.share(link);
        let reads = requests * passed_share(requests) / nodes;
        if rng.f64() * (1.0 + reads * ttl) < reads * ttl {
            node.store(cache::hash(link), bytes, rng.f64() * ttl);
        }
    }
    let rate = (traffic.ordinary + traffic.viral + traffic.unknown) / nodes;
    let (mut reads, mut hits, mut now) = (0_u32, 0_u32, 0.0);
    for number in 0..WATCHED {
        now -= (1.0 - rng.f64()).ln() / rate;
        let kind = rng.f64() * traffic.total();
        if kind < traffic.unknown {
            // Absence takes room.
            node.store(u64::MAX - u64::from(number), bytes, now + ttl);
            continue;
        }
        let is_viral = kind < traffic.unknown + traffic.viral;
        let link = if is_viral { zipf.links() } else { zipf.draw(rng) };
        let requests = if is_viral { traffic.viral } else { traffic.ordinary * zipf.share(link) };
        if rng.f64() < passed_share(requests) {
            reads += 1;
            hits += u32::from(node.read(cache::hash(link), bytes, now));
        }
    }
    (f64::from(reads) / now * nodes, f64::from(hits) / now * nodes)
}
