//! Fuzz targets: see `fuzz/README.md`.

use std::{
    cell::Cell,
    collections::HashMap,
    time::{Duration, SystemTime},
};

use lambda_runtime::{Context, LambdaEvent};
use links::{
    Found, Freshness, Link, LinkReader, Slug, Source, State, StoreError, StoredTarget, TargetRules, TargetUrl,
    Timestamp,
    clicks::{Browser, Country, Device, Os, Salt, VisitorCode},
};
use serde_json::{Value, json};
use url::Url;

use crate::{
    Config, Event, Redirector, Salts,
    cache::{Destination, LinkCache},
    click::{Click, Clicks},
    event::Headers,
    log::{RequestLine, request_line},
    path::Named,
    query::forwarded,
};

#[test]
fn forward() {
    fuzz::run("forward", forward_any);
}

#[test]
fn redirect() {
    fuzz::run("redirect", redirect_any);
}

#[test]
fn cache() {
    fuzz::run("cache", cache_any);
}

/// A target and a query, a line each: the query cannot change what the target says.
fn forward_any(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let (target, query) = text.split_once('\n').unwrap_or((&text, ""));
    let Ok(target) = TargetUrl::parse(target, &TargetRules::default()) else {
        return;
    };
    let target = target.as_str();
    let result = forwarded(target, query);
    assert!(result == target || result.len() <= TargetUrl::MAX_BYTES);
    assert!(result.bytes().all(|byte| byte.is_ascii_graphic()), "{result}");
    assert_eq!(forwarded(&result, query), result, "twice");
    let (before, after) = (Url::parse(target).unwrap(), Url::parse(&result).unwrap());
    let place =
        |url: &Url| (url.scheme().to_owned(), url.host_str().map(str::to_owned), url.port(), url.path().to_owned());
    assert_eq!((place(&before), before.fragment()), (place(&after), after.fragment()));
    let (own, all): (Vec<_>, Vec<_>) = (before.query_pairs().collect(), after.query_pairs().collect());
    let (first, added) = all.split_at(own.len());
    assert_eq!(first, own);
    for (name, _) in added {
        assert!(!own.iter().any(|(own, _)| own.eq_ignore_ascii_case(name)), "{name} is the target's");
    }
}

const NOW: u64 = 1_700_000_000;
const OVER: &str = "https://example.com/over";
const TARGETS: [(&str, &str); 6] = [
    ("a", "https://example.com/there"),
    ("b", "https://example.com/blocked"),
    ("d", "https://example.com/deleted"),
    ("p", "https://example.com/permanent"),
    ("q", "https://example.com/?x=1&y[]=2#top"),
    ("x", "https://example.com/expired"),
];

/// Six links. Counts the reads.
#[derive(Debug)]
struct Links;

thread_local! {
    static READS: Cell<u32> = const { Cell::new(0) };
    static RUNTIME: tokio::runtime::Runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
}

impl LinkReader for Links {
    async fn read(&self, slug: &Slug, _freshness: Freshness) -> Result<Found, StoreError> {
        READS.set(READS.get() + 1);
        let target = TARGETS.iter().find(|(name, _)| *name == slug.as_str()).map(|(_, target)| *target);
        let link = target.map(|text| {
            let example = TargetUrl::parse(OVER, &TargetRules::default()).unwrap();
            let now = Timestamp::from_unix_seconds(NOW);
            let link = Link::new(slug.clone(), &example, "ann", now);
            let link = Link { target: StoredTarget::from_table(text.to_owned()), ..link };
            match slug.as_str() {
                "b" => Link { state: State::Blocked, ..link },
                "d" => Link { state: State::Deleted, ..link },
                "p" => Link { permanent: true, ..link },
                "q" => Link { forward_query: true, ..link },
                "x" => Link { expires_at: Some(now), expired_url: Some(StoredTarget::from_table(OVER.into())), ..link },
                _ => link,
            }
        });
        Ok(Found { link, source: Source::Dax })
    }
}

/// An event, or its parts, a line each: path, query, agent, referrer, `Accept`, method, purpose.
fn redirect_any(input: &[u8]) {
    let Some((event, headers)) = event_of(input) else {
        return;
    };
    let config = Config::from_vars(|name| match name {
        "LOG_LEVEL" => Some("error".to_owned()),
        _ => Some("x".to_owned()).filter(|_| name.starts_with("AWS_") || name == "DDB_TABLE"),
    });
    let clock = || SystemTime::UNIX_EPOCH + Duration::from_secs(NOW);
    let redirector = Redirector::new(Links, Salts::default(), &config.unwrap(), clock);
    let slug = Named::of(event.path()).slug;
    let click = slug.as_ref().map(|slug| {
        let clicks = Clicks::new(
            Salts::knowing(clock(), Salt::from_random(*b"0123456789abcdef")),
            input.len().is_multiple_of(2),
        );
        clicks.describe(slug, &event, &headers, clock())
    });
    let named = slug.map(String::from);
    let (is_get, is_head) = (event.method().name() == "GET", event.method().name() == "HEAD");
    READS.set(0);
    let handled = redirector.handle(LambdaEvent::new(event, Context::default()));
    let response = serde_json::to_value(RUNTIME.with(|runtime| runtime.block_on(handled)).unwrap()).unwrap();
    let status = response["statusCode"].as_u64().unwrap();
    for (name, value) in response["headers"].as_object().unwrap() {
        assert!(value.as_str().unwrap().bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()), "{name}: {value}");
    }
    assert!(named.is_some() && (is_get || is_head) || READS.get() == 0, "a read for no slug");
    assert!(!is_head || response.get("body").is_none());
    let location = response["headers"].get("location").and_then(Value::as_str);
    assert_eq!(location.is_some(), (300..400).contains(&status), "{response}");
    if let Some(location) = location {
        let (_, target) = TARGETS.into_iter().find(|(name, _)| named.as_deref() == Some(name)).unwrap();
        let stored = if named.as_deref() == Some("x") { OVER } else { target };
        assert!(location.starts_with(stored.trim_end_matches("#top")), "{location}");
        assert!(named.as_deref() == Some("q") || location == stored);
        assert!(is_head || response["body"] == location);
    }
    check_line(&headers, named.as_deref().unwrap_or_default(), click);
}

fn event_of(input: &[u8]) -> Option<(Event, Headers)> {
    let _ = Event::read(input);
    let value = serde_json::from_slice::<Value>(input).unwrap_or_else(|_| {
        let text = String::from_utf8_lossy(input);
        let mut lines = text.splitn(7, '\n');
        let mut next = || lines.next().unwrap_or_default();
        json!({ "pathParameters": { "id": next() }, "rawQueryString": next(),
            "headers": { "user-agent": next(), "referer": next(), "accept": next() },
            "requestContext": { "http": { "method": if next() == "HEAD" { "HEAD" } else { "GET" } } } })
    });
    let headers = serde_json::from_value(value["headers"].clone()).ok().unwrap_or_default();
    let text = value.to_string();
    let event = serde_json::from_str::<Event>(&text).ok();
    let scanned = Event::read(text.as_bytes());
    assert!(scanned.is_none() || scanned == event, "{text}");
    Some((event?, headers))
}

/// The log line is one line of JSON whatever the visitor sent, and says of a click only what is counted.
fn check_line(headers: &Headers, slug: &str, click: Option<Click>) {
    let line = RequestLine {
        time: SystemTime::UNIX_EPOCH,
        request_id: "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
        slug,
        outcome: "redirect",
        method: crate::event::Method::Get,
        status: 301,
        tier: "lru",
        duration: Duration::ZERO,
        click,
    };
    let text = request_line(&line, headers);
    assert_eq!(text.find('\n'), Some(text.len() - 1), "{text}");
    let value: Value = serde_json::from_str(&text).unwrap();
    assert!(value["referrer"].as_str().unwrap().len() <= 100, "{text}");
    let Some(members) = value["click"].as_object() else { return assert!(click.is_none(), "{text}") };
    for (name, word) in members {
        let word = word.as_str().unwrap();
        let is_known = match name.as_str() {
            "country" => Country::from_code(word).is_some(),
            "device" => Device::from_name(word).is_some(),
            "os" => Os::from_name(word).is_some(),
            "browser" => Browser::from_name(word).is_some(),
            "visitor" => VisitorCode::from_hex(word).is_some() && value["bot"] == false,
            _ => false,
        };
        assert!(is_known || word.is_empty() && name != "visitor", "{name} in {text}");
    }
}

/// Two bytes of bounds, then a step for each two bytes: a cache knows what was put last, within its time, and nothing else.
fn cache_any(input: &[u8]) {
    const TTL: Duration = Duration::from_secs(10);
    let [entries, bytes, steps @ ..] = input else {
        return;
    };
    let (entries, bytes) = (usize::from(entries % 9), usize::from(*bytes) * 16);
    let mut now = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW);
    let mut cache = LinkCache::new(entries, bytes, TTL, now);
    let mut links = HashMap::<u8, (String, SystemTime)>::new();
    let mut absent = HashMap::<u8, SystemTime>::new();
    for (step, pair) in steps.chunks_exact(2).enumerate() {
        let number = pair[1] % 16;
        let slug: Slug = format!("s{number}").parse().unwrap();
        match pair[0] % 5 {
            0 => {
                let target = format!("https://example.com/{step}/{}", "x".repeat(usize::from(pair[0])));
                cache.put(&slug, &Destination::to(&target), now);
                let is_kept = cache.fresh(&slug, now).map(|cached| cached.target.to_owned());
                assert!(is_kept.is_none_or(|kept| kept == target));
                links.insert(number, (target, now));
                absent.remove(&number);
            }
            1 => {
                cache.put_absent(&slug, now);
                assert!(cache.is_absent(&slug, now) && cache.stale(&slug, now).is_none());
                links.remove(&number);
                absent.insert(number, now);
            }
            2 => now += Duration::from_millis(u64::from(pair[1]).pow(2) * 10),
            3 => {
                let known = links.get(&number);
                let within = |limit| known.filter(|(_, put)| now.duration_since(*put).unwrap() <= limit);
                let fresh = cache.fresh(&slug, now).map(|cached| cached.target);
                assert!(fresh.is_none() || fresh == within(TTL).map(|(target, _)| target.as_str()));
                let stale = cache.stale(&slug, now).map(|cached| cached.target);
                let limit = Duration::from_secs(600);
                assert!(stale.is_none() || stale == within(limit).map(|(target, _)| target.as_str()));
            }
            _ => {
                let is_recent = absent.get(&number).is_some_and(|put| now.duration_since(*put).unwrap().as_secs() < 2);
                assert_eq!(cache.is_absent(&slug, now), is_recent);
            }
        }
    }
    let held =
        (0..16).filter_map(|number| cache.stale(&format!("s{number}").parse().unwrap(), now).map(|c| c.target.len()));
    let held: Vec<_> = held.collect();
    assert!(held.len() <= entries && held.iter().sum::<usize>() <= bytes);
}
