//! Clicks, from the redirect to the API.

mod archive;
mod kept;
mod traffic;
mod truth;
mod weather;

use std::sync::Arc;
use std::time::Duration;

use e2e::{Client, shortener_with, wait_until};
use futures_util::StreamExt as _;
use futures_util::stream;
use local::{Clicks, Config, Fault, FaultRule, Observer, Stack};
use serde_json::{Value, json};
use tokio::time::Instant;

use self::archive::Archive;
use self::traffic::{ENDED, OVER, PROOF, Visit};
use self::truth::{Logged, Truth};
use self::weather::Weather;
use super::redirect::site::{seconds, set, text};

const JSON: &str = "application/json";
/// Requests at a time.
const CONCURRENCY: usize = 16;
/// Requests, unless `TEST_STEPS` says otherwise.
const STEPS: usize = 1_200;

/// A stack that counts clicks. Its redirector believes what CloudFront would say about visitors.
async fn counting(mode: Clicks, change: impl FnOnce(&mut Config)) -> Stack {
    let stack = starting(mode, change).await;
    salted(&stack).await;
    stack
}

/// [`counting`], while it begins.
async fn starting(mode: Clicks, change: impl FnOnce(&mut Config)) -> Stack {
    shortener_with(|config| {
        config.clicks = mode;
        config.delivery_interval = Duration::from_millis(100);
        set(config, "ORIGIN_SECRET", PROOF);
        change(config);
    })
    .await
}

/// Waits until clicks have visitors.
async fn salted(stack: &Stack) {
    wait_until("there is a salt", async || {
        let items = stack.scan(stack.clicks_table()).expect("the table answers");
        items.iter().any(|item| item["of"]["S"] == "!salt")
    })
    .await;
}

/// Makes the links `k0` and so on, one that has ended and one that leads elsewhere since it has.
async fn make_links(stack: &Stack, client: &Client, count: usize) -> Vec<String> {
    let slugs: Vec<String> = (0..count).map(|number| format!("k{number:03}")).collect();
    for slugs in slugs.chunks(100) {
        let link = |slug: &String| json!({ "url": format!("https://example.com/{slug}"), "slug": slug });
        let body = json!({ "links": slugs.iter().map(link).collect::<Vec<_>>() });
        let reply = client.post("/api/v1/links:bulk", JSON, body.to_string()).await;
        let results = reply.json()["results"].as_array().cloned().unwrap_or_default();
        assert!(
            results.len() == slugs.len() && results.iter().all(|result| result["status"] == 201),
            "{}",
            reply.text()
        );
    }
    let expired = ("expires_at", seconds(-10));
    super::put_item(stack, &super::item(ENDED, std::slice::from_ref(&expired)));
    super::put_item(stack, &super::item(OVER, &[expired, ("expired_url", text("https://example.com/over"))]));
    slugs
}

/// Sends all requests, many at a time.
async fn send(client: &Client, visits: &[Visit]) {
    stream::iter(visits).for_each_concurrent(CONCURRENCY, async |visit| visit.send(client).await).await;
}

/// Waits until everything that was logged is counted.
async fn counted(stack: &Stack) {
    // A long queue is no failure while it gets shorter.
    let (mut least, mut progress) = (u64::MAX, Instant::now());
    loop {
        let stats = stack.delivery_stats("clicks").expect("clicks are delivered");
        if stats.waiting == 0 {
            return;
        }
        if stats.waiting < least {
            (least, progress) = (stats.waiting, Instant::now());
        }
        assert!(progress.elapsed() < e2e::PATIENCE, "no progress: {stats:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What the API says of the clicks of a link, or of the caller if `slug` is empty.
async fn report(client: &Client, slug: &str, query: &str) -> Value {
    let path = if slug.is_empty() { "/api/v1/clicks".to_owned() } else { format!("/api/v1/links/{slug}/clicks") };
    let reply = client.get(&format!("{path}{query}")).await;
    assert_eq!(reply.status.as_u16(), 200, "{path}{query}: {}", reply.text());
    reply.json()
}

#[tokio::test]
async fn every_number_equals_the_truth() {
    let (seed, steps) = (e2e::seed(), e2e::steps().unwrap_or(STEPS));
    println!("TEST_SEED={seed} TEST_STEPS={steps}");
    let (weather, archive) = (Weather::start(seed).await, Archive::start().await);
    let logged = Arc::new(Logged::default());
    let observer: Arc<dyn Observer> = Arc::<Logged>::clone(&logged);
    let stack = starting(Clicks::Stream, |config| {
        config.observer = observer;
        config.fault_seed = seed;
        let clicks = config.functions.get_mut("ClicksFunction").expect("the function");
        for (name, value) in [
            ("AWS_ENDPOINT_URL_DYNAMODB", weather.url()),
            ("AWS_ENDPOINT_URL_S3", archive.url()),
            ("CLICKS_ARCHIVE", Archive::BUCKET.to_owned()),
        ] {
            clicks.env.insert(name.to_owned(), value);
        }
    })
    .await;
    weather.lead_to(&stack);
    salted(&stack).await;
    let client = Client::of(&stack);
    let slugs = make_links(&stack, &client, (steps / 100).clamp(15, 1_000)).await;
    let visits = traffic::draw(seed, steps, &slugs);

    let kill = |within| Fault::Kill { within: Duration::from_millis(within) };
    // Some are sure, however many batches there are.
    for fault in [kill(5), Fault::Twice, Fault::Rewind { records: 5 }] {
        stack.add_fault(FaultRule::new(fault).times(2));
    }
    for (fault, probability) in
        [(kill(200), 0.4), (Fault::Recut, 0.5), (Fault::Twice, 0.1), (Fault::Rewind { records: 20 }, 0.15)]
    {
        stack.add_fault(FaultRule::new(fault).with_probability(probability));
    }
    let (before, rest) = visits.split_at(visits.len() / 5);
    let (during, after) = rest.split_at(rest.len() * 3 / 4);
    let begun = Instant::now();
    send(&client, before).await;
    weather.storm(true);
    send(&client, during).await;
    // Clicks of this time are still to be counted, or were counted in it.
    wait_until("the storm is felt", async || weather.refused() > 0).await;
    weather.storm(false);
    send(&client, after).await;
    let sent = begun.elapsed();
    stack.clear_faults();
    counted(&stack).await;
    weather.settled().await;
    let (stats, function) = (stack.delivery_stats("clicks"), stack.function_stats("clicks"));
    println!("sent in {sent:?}, counted after {:?}; {stats:?}; {function:?}; {weather:?}", begun.elapsed());

    let truth = Truth::of(&visits);
    truth.check(&client, &slugs, &logged).await;
    assert_eq!(archive.clicks(), truth.all(), "the archive");
    let (stats, function) = (stats.expect("stats"), function.expect("stats"));
    assert!(stats.failed > 0 && function.crashed > 0 && weather.refused() > 0, "the faults were there");
    assert_eq!(stats.lost, 0);
    stack.stop().await;
}

#[tokio::test]
async fn without_a_stream_everything_is_counted_and_called_inexact() {
    let logged = Arc::new(Logged::default());
    let observer: Arc<dyn Observer> = Arc::<Logged>::clone(&logged);
    let stack = counting(Clicks::Direct, |config| config.observer = observer).await;
    let client = Client::of(&stack);
    let slugs = make_links(&stack, &client, 10).await;
    let visits = traffic::draw(e2e::seed(), 200, &slugs);
    send(&client, &visits).await;
    counted(&stack).await;
    Truth::of(&visits).check(&client, &slugs, &logged).await;
    assert_eq!(report(&client, &slugs[0], "").await["exact"], false);
    stack.stop().await;
}

#[tokio::test]
async fn a_click_is_counted_within_three_seconds() {
    // With the intervals that a developer gets.
    let usual = Config::shortener(e2e::programs().functions()).delivery_interval;
    let stack = counting(Clicks::Stream, |config| config.delivery_interval = usual).await;
    let client = Client::of(&stack);
    let slugs = make_links(&stack, &client, 1).await;
    let mut took = Vec::new();
    for number in 1..=3 {
        Visit::person(&slugs[0]).send(&client).await;
        let begun = Instant::now();
        wait_until("it is counted", async || report(&client, &slugs[0], "").await["totals"]["clicks"] == number).await;
        took.push(begun.elapsed());
    }
    took.sort();
    assert!(took[1] < Duration::from_secs(3), "{took:?}");
    assert_eq!(report(&client, &slugs[0], "").await["exact"], true);
    stack.stop().await;
}
