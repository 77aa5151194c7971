//! Callers that read and write without pause, to see what a cluster's trouble does to them.
//!
//! ```text
//! cargo run -p dax-client --example load -- dax://127.0.0.1:8111 TABLE [CALLERS] [SECONDS] [TOTAL_MS] [ROUTING] [REFRESH] [IDLE_FROM IDLE_UNTIL]
//! ```
//!
//! The table needs a string partition key named `id`. Every tenth call is a write. ROUTING is `any`, `zone` or `stay`;
//! REFRESH is `background` or `use`. From second `IDLE_FROM` to second `IDLE_UNTIL` no call begins, so the process can be frozen
//! in that time as Lambda freezes it between invocations; afterwards all callers call at once. In the end, one line of JSON
//! says how many calls there were, how many failed and of what, how long the slowest took, and how long no call succeeded.

#![allow(clippy::print_stdout, reason = "a program that prints its result")]

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use aws_sdk_dynamodb::config::Credentials;
use aws_sdk_dynamodb::operation::get_item::GetItemInput;
use aws_sdk_dynamodb::operation::put_item::PutItemInput;
use aws_sdk_dynamodb::types::AttributeValue;
use dax_client::{Client, Config, Error, ReadRouting, Refresh};
use serde_json::json;
use tokio::time::{Instant, sleep, sleep_until};

/// All callers together make this many calls in a second, as long as they are answered.
const CALLS_PER_SECOND: u32 = 100;
/// A caller reads this many keys in turn.
const KEYS: u32 = 20;

/// What the callers saw.
#[derive(Default)]
struct Tally {
    calls: u64,
    failed: BTreeMap<String, u64>,
    /// Calls that failed although they began in the last second.
    failed_late: u64,
    slowest: Duration,
    /// When calls succeeded, since the start.
    successes: Vec<Duration>,
}

struct Load {
    client: Client,
    table: String,
    started: Instant,
    end: Instant,
    pause: Duration,
    idle: Range<Instant>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [endpoint, table, more @ ..] = arguments.as_slice() else {
        return Err(
            "usage: load ENDPOINT TABLE [CALLERS] [SECONDS] [TOTAL_MS] [ROUTING] [REFRESH] [IDLE_FROM IDLE_UNTIL]"
                .into(),
        );
    };
    let number = |index: usize, default: u32| more.get(index).map_or(Ok(default), |text| text.parse());
    let (callers, seconds, total) = (number(0, 10)?, number(1, 10)?, number(2, 1000)?);
    let routing = match more.get(3).map(String::as_str) {
        None | Some("any") => ReadRouting::AnyNode,
        Some("zone") => ReadRouting::PreferZone("local-a".to_owned()),
        Some("stay") => ReadRouting::StayConnected,
        Some(other) => return Err(format!("no routing {other}").into()),
    };
    let refresh = match more.get(4).map(String::as_str) {
        None | Some("background") => Refresh::Background(Duration::from_secs(1)),
        Some("use") => Refresh::OnUse(Duration::from_secs(1)),
        Some(other) => return Err(format!("no refresh {other}").into()),
    };
    let config = Config::new(endpoint)?
        .region("us-east-1")
        .credentials_provider(Credentials::new("local", "local", None, None, "example"))
        .read_routing(routing)
        .refresh(refresh)
        .connect_timeout(Duration::from_millis(u64::from(total / 4)))
        .request_timeout(Duration::from_millis(u64::from(total / 3)))
        .total_timeout(Duration::from_millis(u64::from(total)));
    let client = Client::connect(config).await?;

    let started = Instant::now();
    let end = started + Duration::from_secs(u64::from(seconds));
    let pause = Duration::from_secs(1) * callers / CALLS_PER_SECOND;
    let idle_second = |index| number(index, 0).map(|second| started + Duration::from_secs(u64::from(second)));
    let idle = idle_second(5)?..idle_second(6)?;
    let callers: Vec<_> = (0..callers)
        .map(|caller| {
            let load = Load { client: client.clone(), table: table.clone(), started, end, pause, idle: idle.clone() };
            tokio::spawn(async move { load.run(caller).await })
        })
        .collect();
    let mut all = Tally::default();
    for caller in callers {
        all.add(caller.await?);
    }
    println!("{}", all.report(end - started));
    Ok(())
}

impl Load {
    async fn run(&self, caller: u32) -> Tally {
        let mut tally = Tally::default();
        // They do not all begin at once.
        sleep(self.pause.mul_f64(f64::from(caller % 97) / 97.0)).await;
        for round in 0_u32.. {
            if self.idle.contains(&Instant::now()) {
                sleep_until(self.idle.end).await;
            }
            let begun = Instant::now();
            if begun >= self.end {
                break;
            }
            let id = AttributeValue::S(format!("k{}", (caller + round) % KEYS));
            let result = if round % 10 == 0 { self.put(id).await } else { self.get(id).await };
            tally.calls += 1;
            tally.slowest = tally.slowest.max(begun.elapsed());
            match result {
                Ok(()) => tally.successes.push(self.started.elapsed()),
                Err(name) => {
                    *tally.failed.entry(name).or_default() += 1;
                    tally.failed_late += u64::from(begun + Duration::from_secs(1) > self.end);
                }
            }
            sleep_until(begun + self.pause).await;
        }
        tally
    }

    async fn get(&self, id: AttributeValue) -> Result<(), String> {
        let input = GetItemInput::builder().table_name(&self.table).key("id", id).build();
        let input = input.map_err(|error| error.to_string())?;
        self.client.get_item(input).await.map(drop).map_err(|error| name(&error))
    }

    async fn put(&self, id: AttributeValue) -> Result<(), String> {
        let text = AttributeValue::S("x".repeat(200));
        let input = PutItemInput::builder().table_name(&self.table).item("id", id).item("text", text).build();
        let input = input.map_err(|error| error.to_string())?;
        self.client.put_item(input).await.map(drop).map_err(|error| name(&error))
    }
}

/// What failed calls are counted under.
fn name(error: &Error) -> String {
    let name = match error {
        Error::Timeout { .. } => "Timeout",
        Error::Connect { .. } => "Connect",
        Error::Server(server) => server.code(),
        error if error.is_io() => "Io",
        _ => "Other",
    };
    name.to_owned()
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.calls += other.calls;
        self.failed_late += other.failed_late;
        self.slowest = self.slowest.max(other.slowest);
        self.successes.extend(other.successes);
        for (name, count) in other.failed {
            *self.failed.entry(name).or_default() += count;
        }
    }

    fn report(mut self, lasted: Duration) -> serde_json::Value {
        self.successes.sort_unstable();
        let mut last = Duration::ZERO;
        let mut gap = Duration::ZERO;
        for success in self.successes.iter().copied().chain([lasted]) {
            gap = gap.max(success.saturating_sub(last));
            last = success;
        }
        let mut answered = vec![0_u64; usize::try_from(lasted.as_secs()).unwrap_or(0) + 1];
        for success in &self.successes {
            if let Some(second) = usize::try_from(success.as_secs()).ok().and_then(|second| answered.get_mut(second)) {
                *second += 1;
            }
        }
        let milliseconds = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        json!({
            "calls": self.calls,
            "answered_by_second": answered,
            "failed": self.failed.values().sum::<u64>(),
            "errors": self.failed,
            "failed_late": self.failed_late,
            "slowest_ms": milliseconds(self.slowest),
            "gap_ms": milliseconds(gap),
        })
    }
}
