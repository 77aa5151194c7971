//! `GET /api/v1/links/{slug}/clicks`, `GET /api/v1/clicks`, and the clicks in lists, from counts in the table.

use e2e::Reply;
use jiff::{Timestamp, ToSpan as _, civil::Date, tz::TimeZone};
use local::Config;
use serde_json::{Value, json};

use super::caller::{Caller, refused, wish, with_keys};
use crate::shortener::{
    counts,
    redirect::site::{Site, in_both_modes_with},
};

/// With a table of counts.
async fn in_both_modes(test: impl AsyncFn(&Site)) {
    in_both_modes_with(counts::shown, with_table(test)).await;
}

fn with_table(test: impl AsyncFn(&Site)) -> impl AsyncFn(&Site) {
    async move |site: &Site| {
        counts::make_table(&site.stack).await;
        test(site).await;
    }
}

fn put(site: &Site, of: &str, day: &str, clicks: &[(&str, u64)]) {
    counts::put(&site.stack, of, day, clicks);
}

fn today() -> Date {
    Timestamp::now().to_zoned(TimeZone::UTC).date()
}

async fn clicks(caller: &Caller, path: &str) -> Value {
    let reply = caller.get(path).await;
    assert_eq!(reply.status, 200, "{path} {}", reply.text());
    reply.json()
}

fn sum(answer: &Value, of: &str) -> u64 {
    let series = answer["series"].as_array().expect("a series");
    series.iter().map(|point| point[of].as_u64().expect("a number")).sum()
}

#[tokio::test]
async fn counts_are_shown_to_their_owner_only() {
    let change = |config: &mut Config| {
        with_keys(config);
        counts::shown(config);
    };
    let test = async |site: &Site| {
        let (ann, bob) = (site.owner("ann").await, site.owner("bob").await);
        let admin = site.caller("operator", "admin").await;
        ann.make(&wish("launch", &json!({}))).await;
        let day = today().to_string();
        put(site, "launch", &day, &[("s00", 3), ("b01", 2), ("c_DE", 2), ("c_", 1), ("vl", 2)]);
        put(site, "@ann", &day, &[("s00", 3), ("b01", 2)]);
        let path = "/api/v1/links/launch/clicks";
        for caller in [&ann, &admin] {
            let answer = clicks(caller, path).await;
            assert_eq!(answer["slug"], "launch");
            assert_eq!(answer["totals"], json!({ "clicks": 3, "bots": 2, "visitors": 0 }), "{answer}");
            assert_eq!((sum(&answer, "clicks"), sum(&answer, "bots")), (3, 2));
            assert_eq!(answer["by"]["country"], json!([{ "value": "DE", "clicks": 2 }, { "value": "", "clicks": 1 }]));
            assert!(answer["exact"].is_boolean(), "{answer}");
        }
        refused(&bob.get(path).await, 403, "not-owner", "a stranger");
        refused(&site.anyone().get(path).await, 401, "unauthenticated", "nobody");
        refused(&ann.get("/api/v1/links/none/clicks").await, 404, "unknown-link", "no link");
        assert_eq!(clicks(&ann, "/api/v1/clicks").await["totals"]["clicks"], 3);
        assert_eq!(clicks(&bob, "/api/v1/clicks").await["totals"]["clicks"], 0);
        assert_eq!(clicks(&admin, "/api/v1/clicks?owner=ann").await["totals"]["clicks"], 3);
        refused(&bob.get("/api/v1/clicks?owner=ann").await, 403, "insufficient-scope", "the clicks of ann");
        let creator = site.caller("ann", "create,update,delete").await;
        for path in [path, "/api/v1/clicks", "/api/v1/links?clicks=true"] {
            refused(&creator.get(path).await, 403, "insufficient-scope", path);
        }
    };
    in_both_modes_with(change, with_table(test)).await;
}

#[tokio::test]
async fn days_of_any_zone_add_up_and_old_ones_are_folded() {
    in_both_modes(async |site| {
        let caller = site.anyone();
        let old = today() - 300.days();
        let made = old.to_zoned(TimeZone::UTC).expect("a day").timestamp().as_second();
        let link = [("owner", json!({ "S": "anonymous" })), ("created_at", json!({ "N": made.to_string() }))];
        site.put("busy", &link);
        // Before the link was made there was another.
        put(site, "busy", &(old - 40.days()).to_string(), &[("s10", 1_000)]);
        let mut expected = 0;
        for day in 0_u32..301 {
            let counts = [("s00", 1), ("s17", u64::from(day % 7)), ("s47", 2), ("b30", 1)];
            expected += 3 + u64::from(day % 7);
            put(site, "busy", &(old + i64::from(day).days()).to_string(), &counts);
        }
        let list = "/api/v1/links?clicks=true&q=busy";
        for _ in 0..2 {
            let listed = clicks(&caller, list).await["links"][0]["clicks"].clone();
            assert_eq!((&listed["total"], &listed["bots"]), (&json!(expected), &json!(301)), "{listed}");
            assert_eq!(listed["recent"].as_array().map(Vec::len), Some(30), "{listed}");
        }
        let last = (today() - 4.days()).to_string();
        assert_eq!(counts::total(&site.stack, "busy")["through"]["S"], last);
        for query in [
            "?from={from}&to={to}&timezone=UTC",
            "?from={from}&to={to}&unit=month",
            "?from={from}&to={to}&timezone=Asia/Kolkata&unit=month",
            "?from={from}&to={to}&timezone=America/St_Johns",
        ] {
            let (from, to) = ((old - 1.day()).to_string(), (today() + 1.day()).to_string());
            let query = query.replace("{from}", &from).replace("{to}", &to);
            let answer = clicks(&caller, &format!("/api/v1/links/busy/clicks{query}")).await;
            assert_eq!(sum(&answer, "clicks"), expected, "{query}");
            assert_eq!(answer["totals"]["clicks"], expected, "{query}");
            assert_eq!(answer["all_time"], json!({ "clicks": expected, "bots": 301, "imported": 0 }), "{query}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_dashboard_asks_again_at_little_cost() {
    in_both_modes(async |site| {
        let caller = site.anyone();
        caller.make(&wish("launch", &json!({}))).await;
        let path = "/api/v1/links/launch/clicks";
        let first = caller.get(path).await;
        assert_eq!(first.header("cache-control"), Some("private, no-cache"));
        let tag = first.header("etag").expect("a tag").to_owned();
        let again = async || caller.call("GET", path, &[("if-none-match", &tag)], "").await;
        assert_eq!((again().await.status.as_u16(), again().await.body.len()), (304, 0));
        put(site, "launch", &today().to_string(), &[("s47", 1)]);
        let changed = again().await;
        assert_eq!(changed.status, 200);
        assert_ne!(changed.header("etag"), Some(tag.as_str()));
        site.check_head(path, &[], &changed).await;
    })
    .await;
}

#[tokio::test]
async fn a_series_comes_as_a_table_and_wrong_parameters_are_named() {
    in_both_modes(async |site| {
        let caller = site.anyone();
        caller.make(&wish("launch", &json!({}))).await;
        put(site, "launch", &today().to_string(), &[("s00", 4)]);
        let query = format!("?format=csv&from={}", today());
        let reply: Reply = caller.get(&format!("/api/v1/links/launch/clicks{query}")).await;
        assert_eq!(reply.header("content-type"), Some("text/csv; charset=utf-8; header=present"));
        assert_eq!(reply.text(), format!("start,clicks,bots,visitors\r\n{}T00:00:00+00:00,4,0,0\r\n", today()));
        for (parameter, value) in [
            ("from", "yesterday"),
            ("to", "2026-13-01"),
            ("unit", "week"),
            ("timezone", "Berlin"),
            ("bots", "some"),
            ("format", "xlsx"),
            ("interval", "30d"),
            ("from", "2019-01-01"),
        ] {
            for path in ["/api/v1/links/launch/clicks", "/api/v1/clicks"] {
                let reply = caller.get(&format!("{path}?{parameter}={value}")).await;
                refused(&reply, 400, "invalid-parameter", &format!("{parameter}={value}"));
                assert_eq!(reply.json()["parameter"], parameter);
            }
        }
    })
    .await;
}
