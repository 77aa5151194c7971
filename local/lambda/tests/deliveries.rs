//! Lines of one function on their way to another. This program is both: the platform starts it again as the functions.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed"
)]
#![allow(clippy::print_stdout, reason = "what a function prints is its log")]

use std::collections::BTreeMap;
use std::env;
use std::io::Read as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use lambda_local::{
    ConfigError, Destination, EventSource, Fault, FaultRule, Function, Listeners, Observer, Platform, PlatformConfig,
    Stream, Subscription,
};
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::main]
async fn main() {
    match env::vars().find(|(name, _)| name == "AWS_LAMBDA_FUNCTION_NAME") {
        Some((_, name)) if name == "talker" => lambda_runtime::run(service_fn(talk)).await.unwrap(),
        Some(_) => lambda_runtime::run(service_fn(collect)).await.unwrap(),
        None => {
            // Not under the test harness, whose programs cannot be started as something else.
            lines_that_match_arrive_once_and_in_order().await;
            faults_repeat_lines_and_lose_none().await;
            a_function_gets_lines_without_a_stream().await;
            records_of_all_shards_arrive_in_their_order().await;
            what_is_left_is_delivered_at_the_end().await;
            what_cannot_be_served_is_refused().await;
        }
    }
}

/// Prints the lines of its event.
async fn talk(event: LambdaEvent<Value>) -> Result<Value, lambda_runtime::Error> {
    for line in event.payload["lines"].as_array().into_iter().flatten() {
        println!("{}", line.as_str().unwrap_or_default());
    }
    Ok(Value::Null)
}

/// Prints what it got, one event or record a line, and takes its time.
async fn collect(event: LambdaEvent<Value>) -> Result<Value, lambda_runtime::Error> {
    let encoded = |value: &Value| STANDARD.decode(value.as_str().unwrap_or_default()).unwrap_or_default();
    let records = event.payload["Records"].as_array().into_iter().flatten();
    let mut messages: Vec<_> = records.map(|record| encoded(&record["kinesis"]["data"])).collect();
    messages.extend(event.payload["awslogs"].get("data").map(encoded));
    for data in messages {
        if !data.starts_with(&[0x1f, 0x8b]) {
            println!("record {}", String::from_utf8_lossy(&data));
            continue;
        }
        let mut text = String::new();
        GzDecoder::new(data.as_slice()).read_to_string(&mut text)?;
        let message: Value = serde_json::from_str(&text)?;
        for found in message["logEvents"].as_array().into_iter().flatten() {
            println!("{} {} {}", message["messageType"], found["id"], found["message"]);
        }
        sleep(Duration::from_millis(2)).await;
    }
    Ok(Value::Null)
}

/// What the collector has printed.
#[derive(Debug, Default)]
struct Collected(Mutex<Vec<String>>);

impl Observer for Collected {
    fn output(&self, function: &str, line: &str) {
        if function == "collector" {
            self.0.lock().unwrap().push(line.to_owned());
        }
    }
}

impl Collected {
    /// The texts of the events in order, and how often each id came.
    fn events(&self) -> (Vec<String>, BTreeMap<String, usize>) {
        let (mut texts, mut ids) = (Vec::new(), BTreeMap::new());
        for line in self.0.lock().unwrap().iter() {
            if let Some((id, text)) = line.strip_prefix("\"DATA_MESSAGE\" ").and_then(|rest| rest.split_once(' ')) {
                texts.push(text.trim_matches('"').to_owned());
                *ids.entry(id.to_owned()).or_default() += 1;
            }
        }
        (texts, ids)
    }

    fn records(&self) -> Vec<String> {
        let lines = self.0.lock().unwrap();
        lines.iter().filter_map(|line| line.strip_prefix("record ")).map(str::to_owned).collect()
    }
}

/// Talker and collector, with a stream of so many shards between them, or none.
fn config(shards: usize, collected: &Arc<Collected>) -> PlatformConfig {
    let mut config = PlatformConfig::new();
    config.observer = Arc::<Collected>::clone(collected);
    for name in ["talker", "collector"] {
        let mut function = Function::new(name, env::current_exe().unwrap());
        function.timeout = PATIENCE;
        config.functions.push(function);
    }
    let destination = match shards {
        0 => Destination::Function("collector".to_owned()),
        _ => Destination::Stream("lines".to_owned()),
    };
    let mut subscription = Subscription::new("words", "talker", destination);
    subscription.pattern = "word".to_owned();
    subscription.interval = Duration::from_millis(20);
    config.subscriptions.push(subscription);
    if shards > 0 {
        let mut stream = Stream::new("lines");
        stream.shards = shards;
        config.streams.push(stream);
        config.event_sources.push(EventSource::new("lines", "collector"));
    }
    config
}

async fn start(config: PlatformConfig) -> Platform {
    Platform::start(Listeners::bind(0, 0).await.unwrap(), config).unwrap()
}

/// Has the talker print these lines.
async fn say(platform: &Platform, lines: &[String]) {
    let address = platform.lambda_endpoint().strip_prefix("http://").unwrap().to_owned();
    let body = json!({ "lines": lines }).to_string();
    let head = format!(
        "POST /2015-03-31/functions/talker/invocations HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    let mut connection = TcpStream::connect(address).await.unwrap();
    connection.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    let mut response = String::new();
    timeout(PATIENCE, connection.read_to_string(&mut response)).await.expect("a response in time").unwrap();
    assert!(response.starts_with("HTTP/1.1 200"), "{response}");
}

async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "still waiting until {what}");
        sleep(Duration::from_millis(5)).await;
    }
}

fn words(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|number| format!("word {number}")).collect()
}

async fn lines_that_match_arrive_once_and_in_order() {
    let collected = Arc::new(Collected::default());
    let platform = start(config(1, &collected)).await;
    for number in 0..10 {
        let lines = [words(number * 5..number * 5 + 5), vec!["other".to_owned()]].concat();
        say(&platform, &lines).await;
    }
    until("all lines are there", || collected.events().0.len() == 50).await;
    let (texts, ids) = collected.events();
    assert_eq!(texts, words(0..50));
    assert_eq!(ids.len(), 50);
    let control = "\"CONTROL_MESSAGE\"";
    assert!(collected.0.lock().unwrap()[0].starts_with(control), "the destination is tried out first");
    until("nothing waits", || platform.delivery_stats("collector").unwrap().waiting == 0).await;
    let stats = platform.delivery_stats("collector").unwrap();
    assert!(stats.delivered > 0 && stats.failed == 0 && stats.lost == 0, "{stats:?}");
    assert_eq!(platform.delivery_stats("talker"), None);
    platform.stop().await;
}

async fn faults_repeat_lines_and_lose_none() {
    let collected = Arc::new(Collected::default());
    let platform = start(config(2, &collected)).await;
    platform.add_fault(FaultRule::new(Fault::Kill { within: Duration::from_millis(2) }).with_probability(0.4));
    platform.add_fault(FaultRule::new(Fault::Rewind { records: 5 }).with_probability(0.2));
    platform.add_fault(FaultRule::new(Fault::Recut).with_probability(0.5));
    platform.add_fault(FaultRule::new(Fault::Twice).with_probability(0.2));
    platform.add_fault(FaultRule::new(Fault::Delay { by: Duration::from_millis(5) }).on("collector").times(3));
    // A fault that comes too late is none, so this goes on until each has been felt.
    let felt = || {
        let (texts, ids) = collected.events();
        let crashed = platform.function_stats("collector").unwrap().crashed > 0;
        crashed && platform.delivery_stats("collector").unwrap().failed > 0 && texts.len() > ids.len()
    };
    let deadline = Instant::now() + PATIENCE;
    let mut said = 0;
    while said < 180 || !felt() {
        assert!(Instant::now() < deadline, "{:?}", platform.delivery_stats("collector"));
        say(&platform, &words(said..said + 3)).await;
        said += 3;
    }
    until("all lines are there", || collected.events().1.len() == said).await;
    platform.clear_faults();
    until("nothing waits", || platform.delivery_stats("collector").unwrap().waiting == 0).await;
    assert_eq!(collected.events().1.len(), said);
    platform.stop().await;
}

async fn a_function_gets_lines_without_a_stream() {
    let collected = Arc::new(Collected::default());
    let platform = start(config(0, &collected)).await;
    platform.add_fault(FaultRule::new(Fault::Twice).times(1));
    say(&platform, &words(0..20)).await;
    until("all lines are there", || collected.events().1.len() == 20).await;
    platform.add_fault(FaultRule::new(Fault::Kill { within: Duration::ZERO }).times(2));
    say(&platform, &words(20..40)).await;
    until("all lines are there", || collected.events().1.len() == 40).await;
    until("nothing waits", || platform.delivery_stats("collector").unwrap().waiting == 0).await;
    assert_eq!(platform.delivery_stats("collector").unwrap().lost, 0);
    // The third attempt is the last one.
    platform.add_fault(FaultRule::new(Fault::Kill { within: Duration::ZERO }).times(3));
    say(&platform, &words(40..41)).await;
    until("it is given up", || platform.delivery_stats("collector").unwrap().lost == 1).await;
    platform.stop().await;
}

async fn records_of_all_shards_arrive_in_their_order() {
    let collected = Arc::new(Collected::default());
    let platform = start(config(2, &collected)).await;
    let put = |number: usize| platform.put_record("lines", &format!("key {}", number % 9), format!("{number}"));
    for number in 0..100 {
        put(number).unwrap();
    }
    assert!(platform.split_shard("lines", 0) && !platform.split_shard("lines", 0));
    for number in 100..200 {
        put(number).unwrap();
    }
    assert_eq!(platform.put_record("other", "key", ""), None);
    until("all records are there", || collected.records().len() == 200).await;
    // Also across the split.
    for key in 0..9 {
        let of_key = |text: &String| text.parse::<usize>().ok().filter(|number| number % 9 == key);
        let numbers: Vec<usize> = collected.records().iter().filter_map(of_key).collect();
        assert!(numbers.is_sorted() && numbers.len() >= 22, "{numbers:?}");
    }
    platform.stop().await;
}

async fn what_is_left_is_delivered_at_the_end() {
    for shards in [0, 1] {
        let collected = Arc::new(Collected::default());
        let mut config = config(shards, &collected);
        config.subscriptions[0].interval = PATIENCE;
        for source in &mut config.event_sources {
            source.window = PATIENCE;
        }
        let platform = start(config).await;
        say(&platform, &words(0..3)).await;
        let begun = Instant::now();
        platform.stop().await;
        assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
        assert_eq!(collected.events().0, words(0..3), "{shards}");
    }
}

async fn what_cannot_be_served_is_refused() {
    let collected = Arc::new(Collected::default());
    let refused =
        async |config: PlatformConfig| Platform::start(Listeners::bind(0, 0).await.unwrap(), config).unwrap_err();
    let mut pattern = config(1, &collected);
    pattern.subscriptions[0].pattern = "{ $.outcome = \"redirect\" }".to_owned();
    assert!(matches!(refused(pattern).await, ConfigError::Pattern(..)));
    let mut stream = config(1, &collected);
    stream.streams.clear();
    assert!(matches!(refused(stream).await, ConfigError::Unknown { name, .. } if name == "lines"));
    let mut function = config(1, &collected);
    function.event_sources[0].function = "nobody".to_owned();
    assert!(matches!(refused(function).await, ConfigError::Unknown { name, .. } if name == "nobody"));
}
