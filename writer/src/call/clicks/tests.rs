//! Both calls, and the clicks in a list, over a store in memory.

use std::time::{Duration, SystemTime};

use aws_lambda_events::{apigw::ApiGatewayV2httpResponse, encodings::Body};
use links::{
    Link, ScopeSet, TargetRules, TargetUrl, Timestamp,
    clicks::{Counter, DayCounts, Slot, Total, item::REST},
};
use serde_json::{Value, json};

use super::*;
use crate::{
    Config, Identity, Writer,
    config::Auth,
    http::request::request,
    testing::{Memory, MemoryKeys},
};

/// 2026-11-26T10:40:00Z.
const NOW: u64 = 1_795_689_600;

fn clock() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(NOW)
}

fn config(clicks: &str) -> Config {
    Config::from_vars(|name| {
        let value = match name {
            "WRITER_AUTH" => "NONE",
            "SLUG_SCHEME" => "aws-sample",
            "CLICKS" => clicks,
            _ => "x",
        };
        let is_needed = name.starts_with("AWS_") || ["DDB_TABLE", "CLICKS_TABLE"].contains(&name) || value != "x";
        is_needed.then(|| value.to_owned())
    })
    .unwrap()
}

fn link(slug: &str, owner: &str, made: u64) -> Link {
    let target = TargetUrl::parse("https://example.com/", &TargetRules::default()).unwrap();
    Link::new(slug.parse().unwrap(), &target, owner, Timestamp::from_unix_seconds(made))
}

fn day(date: &str, clicks: &[(Counter, u64)], visitors: u64) -> DayCounts {
    let mut day = DayCounts::new(date.parse().unwrap());
    day.visitors = visitors;
    for (counter, clicks) in clicks {
        day.add(counter.clone(), *clicks);
    }
    day
}

fn slot(index: u8) -> Slot {
    Slot::new(index).unwrap()
}

fn by(facet: Facet, value: &str) -> Counter {
    Counter::By(facet, value.into())
}

/// Two links of everybody, one of ann; clicks on one of them and on all of everybody's.
fn memory() -> Memory {
    let store = Memory::default();
    store.insert(link("launch", "anonymous", NOW - 3 * 86_400));
    store.insert(link("quiet", "anonymous", NOW - 86_400));
    store.insert(link("hers", "ann", NOW - 86_400));
    let days = [
        day("2026-11-01", &[(Counter::People(slot(0)), 50)], 9),
        day(
            "2026-11-25",
            &[(Counter::People(slot(47)), 5), (Counter::Bots(slot(3)), 2), (by(Facet::Country, "DE"), 5)],
            4,
        ),
        day(
            "2026-11-26",
            &[
                (Counter::People(slot(0)), 1),
                (Counter::People(slot(20)), 2),
                (by(Facet::Country, "DE"), 1),
                (by(Facet::Country, ""), 2),
                (by(Facet::Referrer, "t.co"), 1),
                (by(Facet::Referrer, REST), 2),
                (by(Facet::Device, "mobile"), 3),
            ],
            2,
        ),
    ];
    let imported = Total { imported: 100, ..Total::of_link_made(Some("2026-11-23".parse().unwrap())) };
    store.counts.insert("launch", &days, Some(imported));
    store.counts.insert("@anonymous", &days, None);
    store
}

async fn ask(store: Memory, clicks: &str, path: &str, headers: Value) -> ApiGatewayV2httpResponse {
    let keys = MemoryKeys::default();
    let auth = Auth::None { scopes: ScopeSet::OWNER, table: None };
    let writer = Writer::new(store, Identity::with_keys(&auth, |_| &keys), config(clicks), clock);
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let request = request(json!({ "requestContext": { "http": { "method": "GET" } }, "rawPath": path,
        "rawQueryString": query, "body": null, "headers": headers }));
    let response = writer.respond(&request, "1").await.response;
    response.unwrap_or_else(|problem| Response::problem(&problem, "1")).into()
}

fn text(response: ApiGatewayV2httpResponse) -> String {
    match response.body {
        Some(Body::Text(text)) => text,
        body => panic!("{body:?}"),
    }
}

async fn get(path: &str) -> Value {
    let response = ask(memory(), "stream", path, json!({})).await;
    serde_json::from_str(&text(response)).unwrap()
}

async fn code(store: Memory, clicks: &str, path: &str) -> (i64, String) {
    let response = ask(store, clicks, path, json!({})).await;
    let status = response.status_code;
    let body: Value = serde_json::from_str(&text(response)).unwrap();
    (status, body["type"].as_str().unwrap_or_default().trim_start_matches("urn:kurz:problem:").to_owned())
}

#[tokio::test]
async fn the_clicks_of_a_link_are_shown() {
    let answer = get("/api/v1/links/Launch/clicks?from=2026-11-24&timezone=Europe/Berlin").await;
    let point = |start: &str, clicks, bots, visitors| json!({ "start": start, "clicks": clicks, "bots": bots, "visitors": visitors });
    let expected = json!({
        "slug": "launch",
        "from": "2026-11-24T00:00:00+01:00",
        "to": "2026-11-27T00:00:00+01:00",
        "unit": "day",
        "timezone": "Europe/Berlin",
        "exact": true,
        "totals": { "clicks": 8, "bots": 2, "visitors": 6 },
        "all_time": { "clicks": 108, "bots": 2, "imported": 100 },
        "series": [
            point("2026-11-24T00:00:00+01:00", 0, 0, 0),
            point("2026-11-25T00:00:00+01:00", 0, 2, 4),
            point("2026-11-26T00:00:00+01:00", 8, 0, 2),
        ],
        "whole_days": { "first": "2026-11-24", "last": "2026-11-26" },
        "by": {
            "country": [{ "value": "DE", "clicks": 6 }, { "value": "", "clicks": 2 }],
            "referrer": [{ "value": "t.co", "clicks": 1 }, { "value": "~", "clicks": 2 }],
            "device": [{ "value": "mobile", "clicks": 3 }],
            "os": [],
            "browser": [],
        },
    });
    assert_eq!(answer, expected);
}

#[tokio::test]
async fn bots_are_counted_if_asked_for() {
    let check = async |bots: &str, clicks: u64, visitors: Value, countries: usize| {
        let answer = get(&format!("/api/v1/links/launch/clicks?bots={bots}")).await;
        let totals = json!({ "clicks": clicks, "bots": 2, "visitors": visitors });
        assert_eq!(answer["totals"], totals, "{bots}");
        let series = answer["series"].as_array().unwrap();
        assert_eq!(series.iter().map(|point| point["clicks"].as_u64().unwrap()).sum::<u64>(), clicks, "{bots}");
        assert_eq!((series.len(), answer["by"]["country"].as_array().unwrap().len()), (30, countries), "{bots}");
    };
    check("exclude", 8, json!(6), 2).await;
    check("include", 10, json!(6), 2).await;
    check("only", 2, Value::Null, 0).await;
}

#[tokio::test]
async fn the_clicks_of_an_owner_are_those_of_all_links() {
    let answer = get("/api/v1/clicks?from=2026-11-01&to=2026-11-30").await;
    assert_eq!((answer["owner"].as_str(), answer.get("slug")), (Some("anonymous"), None));
    assert_eq!(answer["totals"], json!({ "clicks": 58, "bots": 2, "visitors": null }));
    assert_eq!(answer["all_time"], json!({ "clicks": 58, "bots": 2, "imported": 0 }));
    assert_eq!(answer["series"][0]["visitors"], Value::Null);
}

#[tokio::test]
async fn a_series_is_a_table_too() {
    let path = "/api/v1/links/launch/clicks?format=csv&from=2026-11-25&timezone=Asia/Kolkata";
    let response = ask(memory(), "stream", path, json!({})).await;
    let header = |name: &str| response.headers.get(name).unwrap().to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "text/csv; charset=utf-8; header=present");
    assert_eq!(header("content-disposition"), "attachment; filename=\"clicks-launch.csv\"");
    let expected =
        "start,clicks,bots,visitors\r\n2026-11-25T00:00:00+05:30,0,2,4\r\n2026-11-26T00:00:00+05:30,8,0,2\r\n";
    assert_eq!(text(response), expected);
    let path = "/api/v1/clicks?format=csv&unit=hour&from=2026-11-25T23:00:00Z&to=2026-11-26T00:00:00Z";
    let response = ask(memory(), "stream", path, json!({})).await;
    assert_eq!(text(response), "start,clicks,bots,visitors\r\n2026-11-25T23:00:00+00:00,5,0,\r\n");
}

#[tokio::test]
async fn a_client_that_has_the_numbers_is_told_so() {
    let path = "/api/v1/links/launch/clicks";
    let first = ask(memory(), "stream", path, json!({})).await;
    let tag = first.headers.get("etag").unwrap().to_str().unwrap();
    for name in ["cache-control", "vary"] {
        assert!(first.headers.contains_key(name), "{name}");
    }
    let again = ask(memory(), "stream", path, json!({ "if-none-match": tag })).await;
    assert_eq!(
        (again.status_code, again.headers.get("etag"), again.body.is_none()),
        (304, first.headers.get("etag"), true)
    );
    let store = memory();
    store.counts.insert("launch", &[day("2026-11-26", &[(Counter::People(slot(21)), 1)], 1)], None);
    let changed = ask(store, "stream", path, json!({ "if-none-match": tag })).await;
    assert_eq!(changed.status_code, 200);
}

#[tokio::test]
async fn what_cannot_be_shown_has_a_reason() {
    let check = async |path: &str, status: i64, expected: &str| {
        assert_eq!(code(memory(), "stream", path).await, (status, expected.to_owned()), "{path}");
    };
    check("/api/v1/links/hers/clicks", 403, "not-owner").await;
    check("/api/v1/links/none/clicks", 404, "unknown-link").await;
    check("/api/v1/links/no%20slug/clicks", 404, "unknown-link").await;
    check("/api/v1/clicks?owner=ann", 403, "insufficient-scope").await;
    check("/api/v1/clicks?owner=anonymous", 200, "").await;
    check("/api/v1/clicks?slug=launch", 400, "invalid-parameter").await;
    check("/api/v1/links/launch/clicks?owner=anonymous", 400, "invalid-parameter").await;
    for parameter in ["bots=yes", "format=xml", "unit=year", "timezone=CET%2F1", "from=1", "unit=day&unit=day"] {
        check(&format!("/api/v1/links/launch/clicks?{parameter}"), 400, "invalid-parameter").await;
    }
    for path in ["/api/v1/links/launch/clicks", "/api/v1/clicks"] {
        assert_eq!(code(memory(), "none", path).await, (409, "clicks-not-counted".to_owned()));
        let store = memory();
        store.counts.fail();
        assert_eq!(code(store, "stream", path).await, (503, "unavailable".to_owned()));
        let store = memory();
        let answer = ask(store, "direct", path, json!({})).await;
        assert!(text(answer).contains("\"exact\":false"));
    }
}

#[tokio::test]
async fn a_list_has_clicks_if_asked_for() {
    let clicks = async |store: Memory, mode: &str, query: &str| {
        let response = ask(store, mode, &format!("/api/v1/links?{query}"), json!({})).await;
        let list: Value = serde_json::from_str(&text(response)).unwrap();
        let links = list["links"].as_array().unwrap().clone();
        links
            .into_iter()
            .map(|link| (link["slug"].as_str().unwrap().to_owned(), link.get("clicks").cloned()))
            .collect::<Vec<_>>()
    };
    let found = clicks(memory(), "stream", "clicks=true").await;
    let mut recent = vec![0; 30];
    let quiet = json!({ "total": 0, "bots": 0, "imported": 0, "recent": recent });
    (recent[28], recent[29]) = (5, 3);
    let launch = json!({ "total": 108, "bots": 2, "imported": 100, "recent": recent });
    assert_eq!(found, [("quiet".to_owned(), Some(quiet)), ("launch".to_owned(), Some(launch))]);
    let names = |clicks: Option<Value>| [("quiet".to_owned(), clicks.clone()), ("launch".to_owned(), clicks)];
    assert_eq!(clicks(memory(), "none", "clicks=true").await, names(Some(Value::Null)));
    let broken = memory();
    broken.counts.fail();
    assert_eq!(clicks(broken, "stream", "clicks=true").await, names(Some(Value::Null)));
    for query in ["", "clicks=false"] {
        assert_eq!(clicks(memory(), "stream", query).await, names(None));
    }
    assert_eq!(code(memory(), "stream", "/api/v1/links?clicks=1").await.0, 400);
    let response = ask(memory(), "stream", "/api/v1/links?clicks=true&limit=1", json!({})).await;
    assert!(response.headers.get("link").unwrap().to_str().unwrap().contains("&clicks=true"));
}
