//! Every number that the simulation takes from elsewhere, with its source. Prices are list prices of us-east-1.

/// A number and where it is from.
#[derive(Debug, Clone, Copy)]
pub struct Figure {
    /// What it is.
    pub name: &'static str,
    /// Its value.
    pub value: f64,
    /// Its unit.
    pub unit: &'static str,
    /// Document or command.
    pub source: &'static str,
    /// How far the source was checked in November 2026.
    pub trust: Trust,
}

/// How far a figure can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// Read in a document of AWS.
    Aws,
    /// Read in a document of somebody else.
    Secondary,
    /// Measured in this repository.
    Measured,
    /// Assumed: neither read nor measured.
    Assumed,
}

impl Trust {
    /// A word for the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Aws => "AWS",
            Self::Secondary => "secondary",
            Self::Measured => "measured",
            Self::Assumed => "**not verified**",
        }
    }
}

macro_rules! figures {
    ($($id:ident = $value:expr, $unit:expr, $name:expr, $trust:ident, $source:expr;)*) => {
        $(#[doc = $name] pub const $id: Figure =
            Figure { name: $name, value: $value, unit: $unit, source: $source, trust: Trust::$trust };)*
        /// All of them.
        pub const ALL: &[Figure] = &[$($id),*];
    };
}

figures! {
    STAGE_RATE = 1_000.0, "requests/s", "`RateLimit` of the template", Measured, "infra/template/template.yaml, default";
    GATEWAY_RATE = 10_000.0, "requests/s", "API Gateway, all APIs of an account and region", Aws, "API Gateway guide, \"Quotas\"; can be raised";
    GATEWAY_BURST = 5_000.0, "requests", "API Gateway, size of the token bucket", Aws, "API Gateway guide, \"Quotas\"; follows the rate";
    LAMBDA_CONCURRENCY = 1_000.0, "units", "Lambda concurrency of an account and region", Aws, "Lambda operator guide, \"Scaling and concurrency\"; can be raised";
    LAMBDA_RATE_PER_UNIT = 10.0, "requests/s", "Lambda, requests per unit of concurrency", Aws, "Lambda guide, \"Scaling behavior\": 1,000 environments or 10,000 requests/s";
    LAMBDA_UNITS_AT_ONCE = 1_000.0, "units", "Lambda, units of concurrency that a function gets at once", Aws, "Lambda guide, \"Scaling behavior\"";
    LAMBDA_UNITS_PER_SECOND = 100.0, "units/s", "Lambda, further units of a function (1,000 in 10 s)", Aws, "Lambda guide, \"Scaling behavior\"";
    DAX_CONNECTIONS = 40_000.0, "connections", "DAX, connections to a node", Aws, "DynamoDB guide, \"Configuring your DAX client\"";
    DAX_MAX_NODES = 10.0, "nodes", "DAX nodes that the template allows (AWS: 11)", Measured, "infra/template/template.yaml; DynamoDB guide, \"Sizing your DAX cluster\"";
    DAX_MISS_UNITS = 10.0, "units", "DAX, cost of a miss in units of a hit", Aws, "DynamoDB guide, \"Sizing your DAX cluster\"";
    DAX_WRITE_UNITS = 25.0, "units", "DAX, cost of a write on every node", Aws, "DynamoDB guide, \"Sizing your DAX cluster\"";
    DAX_HEADROOM = 1.43, "×", "DAX, capacity above the load (70 % busy)", Aws, "DynamoDB guide, \"Sizing your DAX cluster\"";
    DAX_LARGE_UNITS = 75_000.0, "units/s", "dax.r5.large; each larger type up to 4xlarge has twice as much", Aws, "DynamoDB guide, \"Sizing your DAX cluster\"";
    DAX_SMALL_UNITS = 5_000.0, "units/s", "dax.t3.small; AWS publishes nothing for burstable types", Assumed, "";
    PARTITION_READS = 3_000.0, "units/s", "DynamoDB, reads of a partition", Aws, "DynamoDB guide, \"Warm throughput in different scenarios\"";
    PARTITION_WRITES = 1_000.0, "units/s", "DynamoDB, writes of a partition", Aws, "DynamoDB guide, \"Warm throughput in different scenarios\"";
    TABLE_NEW_READS = 12_000.0, "units/s", "DynamoDB, reads of a new on-demand table; then twice the last peak within 30 minutes", Aws, "DynamoDB guide, \"Pre-warming a table\"";
    TABLE_READS = 40_000.0, "units/s", "DynamoDB, reads of a table unless raised", Assumed, "from memory; the stored copy of \"Quotas\" leaves the table out";
    CLOUDFRONT_RATE = 250_000.0, "requests/s", "CloudFront, a distribution", Aws, "CloudFront guide, \"Quotas\"; can be raised";
    SHARD_CLICKS = 5_000.0, "clicks/s", "Kinesis, clicks that one shard is planned for (limit: 1 MB/s, about 17,000)", Measured, "design of the click counter, a prototype";

    PRICE_GATEWAY = 1.00, "USD/million", "HTTP API, first 300 million a month; 0.90 above", Secondary, "amnic.com, \"AWS API Gateway pricing\"";
    PRICE_GATEWAY_MORE = 0.90, "USD/million", "HTTP API, above 300 million", Secondary, "amnic.com, \"AWS API Gateway pricing\"";
    PRICE_INVOCATION = 0.20, "USD/million", "Lambda, requests", Aws, "\"How AWS pricing works\", Lambda";
    PRICE_GB_SECOND = 16.6667, "USD/million", "Lambda, GB-seconds on x86; 10 % less above 6 billion, 20 % less above 15", Secondary, "cloudchipr.com, \"AWS Lambda pricing breakdown\"";
    PRICE_READ = 0.125, "USD/million", "DynamoDB on demand, read units", Secondary, "airbyte.com, \"DynamoDB pricing\"";
    PRICE_WRITE = 0.625, "USD/million", "DynamoDB on demand, write units", Secondary, "airbyte.com, \"DynamoDB pricing\"";
    PRICE_DAX_SMALL = 0.04, "USD/h", "dax.t3.small", Secondary, "usage.ai, \"DynamoDB DAX pricing\", April 2026";
    PRICE_DAX_LARGE = 0.255, "USD/h", "dax.r5.large; each larger type costs twice as much", Secondary, "the cost calculator of ScyllaDB on GitHub";
    PRICE_LOGS = 0.50, "USD/GB", "CloudWatch Logs of Lambda, first 10 TB; 0.25, 0.10 and 0.05 above 10, 30 and 50 TB", Secondary, "duckbillgroup.com, on vended Lambda logs";
    PRICE_TRANSFER = 0.09, "USD/GB", "transfer to the internet; volume discounts are left out", Secondary, "amnic.com, \"AWS API Gateway pricing\"";
    PRICE_EDGE = 1.00, "USD/million", "CloudFront, HTTPS requests", Assumed, "from memory";
    PRICE_SHARD = 0.015, "USD/h", "Kinesis, a shard", Assumed, "from memory";

    CPU_HIT = 34.0, "µs", "CPU of a redirect from the cache", Measured, "README.md, \"Figures\"";
    CPU_DAX = 67.0, "µs", "CPU of a redirect through DAX", Measured, "README.md, \"Figures\"";
    LOG_BYTES = 583.0, "bytes", "logged per redirect: access log 350, function 233", Measured, "both log lines with typical values";
    RESPONSE_BYTES = 600.0, "bytes", "sent per redirect, with headers", Assumed, "";
    ITEM_BYTES = 430.0, "bytes", "a link in DAX's item cache", Assumed, "302 of the item, 128 of the cache";
}

/// A type of DAX node that the template offers.
#[derive(Debug, Clone, Copy)]
pub struct NodeType {
    /// As in `DaxNodeType`.
    pub name: &'static str,
    /// Units of work a second, a hit being one.
    pub units: f64,
    /// USD an hour.
    pub price: f64,
    /// Bytes of its item cache, half of its memory.
    pub cache_bytes: usize,
}

/// Smallest first.
pub const NODE_TYPES: [NodeType; 5] = [
    NodeType { name: "dax.t3.small", units: DAX_SMALL_UNITS.value, price: PRICE_DAX_SMALL.value, cache_bytes: 1 << 30 },
    larger("dax.r5.large", 1.0, 8 << 30),
    larger("dax.r5.xlarge", 2.0, 16 << 30),
    larger("dax.r5.2xlarge", 4.0, 32 << 30),
    larger("dax.r5.4xlarge", 8.0, 64 << 30),
];

const fn larger(name: &'static str, times: f64, cache_bytes: usize) -> NodeType {
    NodeType { name, units: DAX_LARGE_UNITS.value * times, price: PRICE_DAX_LARGE.value * times, cache_bytes }
}
