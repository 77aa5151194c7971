//! What to deploy for constant traffic, which limits it meets, and what it costs a month.

use crate::{
    figures::*,
    settings::Settings,
    steady::{Steady, Traffic, simulate},
    zipf::Zipf,
};

/// Seconds of a month of 730 hours.
const MONTH: f64 = 730.0 * 3_600.0;

/// What a rate of redirects takes.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Redirects that visitors ask for, those that CloudFront answers included.
    pub visitors: f64,
    /// What reaches the gateway, and what it comes to.
    pub steady: Steady,
    /// Type and number of DAX nodes; too few if no number is enough.
    pub node_type: NodeType,
    /// Number of nodes.
    pub nodes: u32,
    /// Memory of the redirector in GB.
    memory_gb: f64,
    /// Links created or changed a second.
    writes: f64,
}

/// A limit, and how much of it is used.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    /// What it limits.
    pub name: &'static str,
    /// How much is needed.
    pub used: f64,
    /// How much there is without asking.
    pub available: f64,
}

/// The traffic of ordinary days.
pub fn ordinary(settings: &Settings, visitors: f64) -> Traffic {
    Traffic { ordinary: visitors * (1.0 - settings.edge_share), viral: 0.0, unknown: 0.0 }
}

/// The cheapest cluster that carries the traffic while a zone is lost, and what it comes to.
pub fn plan(settings: &Settings, zipf: &Zipf, visitors: f64) -> Plan {
    let traffic = ordinary(settings, visitors);
    let (mut nodes, mut node_type) = (3, NODE_TYPES[0]);
    let mut steady = simulate(settings, zipf, &traffic, nodes, node_type.cache_bytes);
    // More nodes mean that each link is read once more, so the load depends on their number.
    for _ in 0..4 {
        let (better_type, better) = cluster(steady.dax_units);
        if (better_type.name, better) == (node_type.name, nodes) {
            break;
        }
        (node_type, nodes) = (better_type, better);
        steady = simulate(settings, zipf, &traffic, nodes, node_type.cache_bytes);
    }
    Plan { visitors, steady, node_type, nodes, memory_gb: settings.memory / 1_024.0, writes: settings.writes }
}

/// The cheapest type and number of nodes for a load, one zone of three being lost.
fn cluster(units: f64) -> (NodeType, u32) {
    let numbers = 3..=DAX_MAX_NODES.value as u32;
    let all = NODE_TYPES.iter().flat_map(|node_type| numbers.clone().map(move |nodes| (*node_type, nodes)));
    let cost = |(node_type, nodes): &(NodeType, u32)| node_type.price * f64::from(*nodes);
    let enough = all.filter(|(node_type, nodes)| {
        let left = f64::from(nodes - nodes.div_ceil(3));
        let factor = DAX_HEADROOM.value.max(f64::from(*nodes) / left);
        units * factor <= node_type.units * f64::from(*nodes)
    });
    let cheapest = enough.min_by(|one, other| cost(one).total_cmp(&cost(other)));
    cheapest.unwrap_or((NODE_TYPES[NODE_TYPES.len() - 1], DAX_MAX_NODES.value as u32))
}

impl Plan {
    /// Units of concurrency that Lambda asks for: each serves ten requests a second, however short they are.
    pub fn concurrency(&self) -> f64 {
        f64::from(self.steady.environments).max((self.steady.rate / LAMBDA_RATE_PER_UNIT.value).ceil())
    }

    /// Partitions that the table needs for its reads.
    pub fn partitions(&self) -> f64 {
        (self.steady.table_units / PARTITION_READS.value).ceil()
    }

    /// Shards of the click stream.
    pub fn shards(&self) -> f64 {
        (self.visitors / SHARD_CLICKS.value).ceil()
    }

    /// Capacity of the cluster in units a second.
    pub fn dax_capacity(&self) -> f64 {
        self.node_type.units * f64::from(self.nodes)
    }

    /// The limits of a new account and of the template's defaults, the one that breaks first at the beginning.
    pub fn limits(&self) -> Vec<Limit> {
        let steady = &self.steady;
        let largest = NODE_TYPES[NODE_TYPES.len() - 1].units * DAX_MAX_NODES.value;
        let edge = self.visitors - steady.rate;
        let mut limits = vec![
            limit("RateLimit of the template", steady.rate, &STAGE_RATE),
            limit("API Gateway, account", steady.rate, &GATEWAY_RATE),
            limit("Lambda concurrency, account", self.concurrency(), &LAMBDA_CONCURRENCY),
            Limit { name: "largest DAX cluster", used: steady.dax_units * DAX_HEADROOM.value, available: largest },
            limit("connections to a DAX node", f64::from(steady.environments), &DAX_CONNECTIONS),
            limit("reads of a new table", steady.table_units, &TABLE_NEW_READS),
            limit("reads of a table", steady.table_units, &TABLE_READS),
            limit("reads of one item", steady.hottest_units, &PARTITION_READS),
        ];
        if edge > 0.0 {
            limits.push(limit("CloudFront distribution", self.visitors, &CLOUDFRONT_RATE));
        }
        limits.sort_by(|one, other| other.share().total_cmp(&one.share()));
        limits
    }

    /// Items of the monthly bill in USD.
    pub fn costs(&self) -> Vec<(&'static str, f64)> {
        let steady = &self.steady;
        let millions = |a_second: f64| a_second * MONTH / 1e6;
        let gigabytes = |bytes: f64| self.visitors * MONTH * bytes / 1e9;
        let requests = millions(steady.rate);
        let gb_seconds = requests * steady.billed / 1e3 * self.memory_gb;
        vec![
            ("CloudFront", if self.visitors > steady.rate { millions(self.visitors) * PRICE_EDGE.value } else { 0.0 }),
            ("API Gateway", tiers(requests, [(300.0, PRICE_GATEWAY.value), (f64::INFINITY, PRICE_GATEWAY_MORE.value)])),
            ("Lambda", requests * PRICE_INVOCATION.value + tiers(gb_seconds, gb_second_prices())),
            ("DAX", self.node_type.price * f64::from(self.nodes) * 730.0),
            (
                "DynamoDB",
                millions(steady.table_units) * PRICE_READ.value + millions(2.0 * self.writes) * PRICE_WRITE.value,
            ),
            ("logs", tiers(requests * LOG_BYTES.value / 1e3, log_prices())),
            ("transfer", gigabytes(RESPONSE_BYTES.value) * PRICE_TRANSFER.value),
        ]
    }
}

/// The price of an amount, by pairs of a tier's upper end and its price.
fn tiers<const N: usize>(amount: f64, tiers: [(f64, f64); N]) -> f64 {
    let mut below = 0.0;
    let mut price = 0.0;
    for (end, each) in tiers {
        price += (amount.min(end) - below).max(0.0) * each;
        below = end;
    }
    price
}

/// By millions of GB-seconds.
fn gb_second_prices() -> [(f64, f64); 3] {
    let price = PRICE_GB_SECOND.value;
    [(6_000.0, price), (15_000.0, 0.9 * price), (f64::INFINITY, 0.8 * price)]
}

/// By gigabytes.
fn log_prices() -> [(f64, f64); 4] {
    let price = PRICE_LOGS.value;
    [(10_000.0, price), (30_000.0, price / 2.0), (50_000.0, price / 5.0), (f64::INFINITY, price / 10.0)]
}

fn limit(name: &'static str, used: f64, figure: &Figure) -> Limit {
    Limit { name, used, available: figure.value }
}

impl Limit {
    /// How many times the limit is needed.
    pub fn share(&self) -> f64 {
        self.used / self.available
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiers_are_paid_one_after_the_other() {
        let check = |amount: f64, expected: f64| {
            assert_eq!(tiers(amount, [(300.0, 1.0), (f64::INFINITY, 0.9)]), expected, "{amount}");
        };
        check(0.0, 0.0);
        check(300.0, 300.0);
        check(1_300.0, 1_200.0);
    }

    #[test]
    fn the_cheapest_cluster_survives_the_loss_of_a_zone() {
        let check = |units: f64, name: &str, nodes: u32| {
            let (node_type, number) = cluster(units);
            assert_eq!((node_type.name, number), (name, nodes), "{units}");
        };
        check(100.0, "dax.t3.small", 3);
        check(100_000.0, "dax.r5.large", 3);
        check(150_000.0, "dax.r5.large", 3);
        check(151_000.0, "dax.r5.large", 5);
        check(1e9, "dax.r5.4xlarge", 10);
    }
}
