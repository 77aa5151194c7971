//! Redirects at times that are fixed in advance. Whoever is late is measured from the time planned for the request, so a
//! service that stalls cannot hide it by slowing the traffic down.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::Context as _;
use bytes::Bytes;
use hdrhistogram::Histogram;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep_until},
};

use crate::{http::Connection, stack::slug};

/// Which links are asked for, and when.
#[derive(Debug, Clone)]
pub(crate) struct Schedule {
    /// Requests a second.
    pub(crate) rate: f64,
    /// How long.
    pub(crate) duration: Duration,
    /// Links that are asked for, spread evenly over the table, and how they share the requests.
    pub(crate) popularity: Arc<Popularity>,
    /// Links in the table.
    pub(crate) links: usize,
    /// Requests that can be under way at once; others wait, and their wait counts.
    pub(crate) connections: usize,
}

/// How requests are spread: link number n gets a share that falls with n to the power of the exponent.
#[derive(Debug)]
pub(crate) struct Popularity {
    cumulative: Vec<f64>,
}

impl Popularity {
    /// Of so many links.
    pub(crate) fn zipf(links: usize, exponent: f64) -> Self {
        let mut sum = 0.0;
        let weigh = |rank: usize| {
            sum += (rank as f64).powf(-exponent);
            sum
        };
        Self { cumulative: (1..=links).map(weigh).collect() }
    }

    /// The rank of the link of a request. The same request always gets the same.
    fn of_request(&self, number: usize) -> usize {
        // SplitMix64: a sequence of numbers, of which each can be had without those before it.
        let mut bits = (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(0x9e37_79b9_7f4a_7c15);
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        let share = (bits >> 11) as f64 / (1_u64 << 53) as f64;
        let total = self.cumulative.last().copied().unwrap_or_default();
        self.cumulative.partition_point(|sum| *sum < share * total).min(self.cumulative.len().saturating_sub(1))
    }
}

/// What the visitors saw.
#[derive(Debug)]
pub(crate) struct Seen {
    /// Microseconds from the planned time of a request to the end of its response.
    pub(crate) latencies: Histogram<u64>,
    /// From the first planned time to the end of the last response.
    pub(crate) took: Duration,
    /// Responses that were no redirect, by status.
    pub(crate) failures: BTreeMap<u16, u64>,
}

/// Sends the requests of a schedule.
///
/// # Errors
/// If a connection breaks.
pub(crate) async fn run(gateway: &str, schedule: &Schedule) -> anyhow::Result<Seen> {
    let start = Instant::now() + Duration::from_millis(100);
    let total = (schedule.rate * schedule.duration.as_secs_f64()).round() as usize;
    let next = Arc::new(AtomicUsize::new(0));
    let mut visitors = JoinSet::new();
    for _ in 0..schedule.connections {
        let connection = Connection::open(gateway).await?;
        visitors.spawn(visit(connection, schedule.clone(), start, total, Arc::clone(&next)));
    }
    let (mut latencies, mut failures) = (histogram()?, BTreeMap::new());
    while let Some(seen) = visitors.join_next().await {
        let (of_one, failed) = seen??;
        latencies.add(of_one)?;
        for (status, count) in failed {
            *failures.entry(status).or_insert(0) += count;
        }
    }
    Ok(Seen { latencies, took: start.elapsed(), failures })
}

async fn visit(
    mut connection: Connection,
    schedule: Schedule,
    start: Instant,
    total: usize,
    next: Arc<AtomicUsize>,
) -> anyhow::Result<(Histogram<u64>, BTreeMap<u16, u64>)> {
    let (mut latencies, mut failures) = (histogram()?, BTreeMap::new());
    let spread = schedule.links / schedule.popularity.cumulative.len().max(1);
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= total {
            return Ok((latencies, failures));
        }
        let planned = start + Duration::from_secs_f64(number as f64 / schedule.rate);
        sleep_until(planned).await;
        let path = format!("/{}", slug(schedule.popularity.of_request(number) * spread.max(1)));
        let headers = [("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")];
        let (status, _) = connection.send("GET", &path, &headers, Bytes::new()).await?;
        if status != 301 {
            *failures.entry(status.as_u16()).or_insert(0) += 1;
        }
        latencies.record(u64::try_from(planned.elapsed().as_micros()).unwrap_or(u64::MAX))?;
    }
}

/// One microsecond to a minute, three digits.
fn histogram() -> anyhow::Result<Histogram<u64>> {
    let mut histogram = Histogram::new_with_bounds(1, 60_000_000, 3).context("these bounds are valid")?;
    histogram.auto(true);
    Ok(histogram)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn popular_links_get_their_share() {
        let popularity = Popularity::zipf(100, 1.0);
        let asked = |rank| (0..100_000).filter(|number| popularity.of_request(*number) == rank).count() as f64;
        let harmonic: f64 = (1..=100).map(|rank| 1.0 / f64::from(rank)).sum();
        for rank in [0, 1, 9] {
            let share = 100_000.0 / harmonic / (rank as f64 + 1.0);
            assert!((asked(rank) / share - 1.0).abs() < 0.05, "{rank}: {} of {share}", asked(rank));
        }
    }
}
