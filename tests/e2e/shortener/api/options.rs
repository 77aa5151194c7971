//! The options of a link, and what follows from each for its visitors.

use e2e::wait_until;
use serde_json::{Value, json};

use super::caller::{Caller, lasting, now, refused, seconds, wish};
use crate::shortener::redirect::site::in_both_modes;

/// Makes a link and gives it as it is read afterwards.
async fn made(caller: &Caller, slug: &str, options: &Value) -> Value {
    let link = caller.make(&wish(slug, options)).await;
    let mut read = caller.read(slug).await.json();
    read["existing"] = json!(false);
    assert_eq!(lasting(read), lasting(link.clone()), "what is told is what is kept");
    link
}

#[tokio::test]
async fn an_option_is_shown_and_heeded() {
    in_both_modes(async |site| {
        let caller = site.anyone();
        for (slug, options, status, caching) in [
            ("plain", json!({}), 301, "private, max-age=90"),
            ("r301", json!({ "redirect": 301 }), 301, "private, max-age=90"),
            ("r302", json!({ "redirect": 302 }), 302, "private, max-age=90"),
            ("r307", json!({ "redirect": 307 }), 307, "private, max-age=90"),
            ("r308", json!({ "redirect": 308 }), 308, "private, max-age=90"),
            ("no-cache", json!({ "cache_seconds": 0 }), 301, "private, max-age=0, must-revalidate"),
            ("cache-5", json!({ "cache_seconds": 5 }), 301, "public, max-age=5, s-maxage=5"),
            ("day", json!({ "cache_seconds": 86_400 }), 301, "public, max-age=60, s-maxage=86400"),
            ("always", json!({ "permanent": true }), 301, "public, max-age=3600"),
            ("query", json!({ "forward_query": true }), 301, "private, max-age=90"),
            (
                "all",
                json!({ "redirect": 307, "cache_seconds": 7, "permanent": true, "tags": ["a", "\u{fc}"],
                            "note": "for\nthe \u{1f680}" }),
                307,
                "public, max-age=7, s-maxage=7",
            ),
        ] {
            let link = made(&caller, slug, &options).await;
            for (field, value) in options.as_object().expect("options") {
                assert_eq!(&link[field], value, "{slug}");
            }
            let reply = site.get(&format!("/{slug}?a=1")).await;
            let query = if slug == "query" { "?a=1" } else { "" };
            let target = format!("https://example.com/{slug}{query}");
            assert_eq!(
                (reply.status.as_u16(), reply.header("location"), reply.header("cache-control")),
                (status, Some(target.as_str()), Some(caching)),
                "{slug}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn a_link_has_its_time() {
    in_both_modes(async |site| {
        let caller = site.anyone();
        let soon = now().as_secs() + 1_000;
        let rfc3339 = jiff::Timestamp::from_second(i64::try_from(soon).expect("a time"));
        let rfc3339 = rfc3339.expect("a time").to_string();
        for (slug, options) in [
            ("seconds", json!({ "expires_at": soon })),
            ("text", json!({ "expires_at": rfc3339 })),
            ("offset", json!({ "expires_at": rfc3339.replace('Z', ".9+00:00") })),
        ] {
            let link = made(&caller, slug, &options).await;
            assert_eq!(link["expires_at"], rfc3339, "{slug}");
            assert_eq!(site.visit(slug).await.0, 301, "{slug}");
        }
        let link = made(&caller, "ttl", &json!({ "ttl_seconds": 60 })).await;
        let life = seconds(&link["expires_at"]) - seconds(&link["created_at"]);
        assert_eq!(life, 60);
        assert_eq!(link.get("ttl_seconds"), None);
        // Nothing is kept beyond its end.
        let reply = site.get("/ttl").await;
        let caching = reply.header("cache-control").expect("caching").to_owned();
        let age = caching.strip_prefix("private, max-age=").expect("an age");
        assert!(age.parse::<u32>().is_ok_and(|age| age <= 60), "{caching}");

        let early = json!({ "valid_from": soon });
        let link = made(&caller, "early", &early).await;
        assert_eq!(link["valid_from"], rfc3339);
        assert_eq!(site.visit("early").await, (404, None));
        let begun = json!({ "valid_from": now().as_secs() - 10 });
        made(&caller, "begun", &begun).await;
        assert_eq!(site.visit("begun").await.0, 301);
    })
    .await;
}

#[tokio::test]
async fn a_link_ends_on_time_and_leads_to_its_last_url() {
    in_both_modes(async |site| {
        let caller = site.anyone();
        let end = now().as_secs() + 3;
        let over = "https://example.com/over";
        let last = json!({ "expires_at": end, "expired_url": over });
        made(&caller, "ending", &json!({ "expires_at": end })).await;
        assert_eq!(made(&caller, "last", &last).await["expired_url"], over);
        wait_until("the link has ended", async || site.visit("ending").await == (410, None)).await;
        assert!(now().as_secs() >= end, "not before its time");
        assert_eq!(site.visit("last").await, (302, Some(over.to_owned())));
        assert_eq!(caller.read("ending").await.json()["state"], "active");
        // A request for the same link asks for one that works.
        let again = wish("ending", &json!({}));
        refused(&caller.create(&again).await, 409, "link-expired", "an ended link");
        // It can be prolonged.
        caller.change("ending", &json!({ "ttl_seconds": 600 })).await;
        wait_until("it goes on", async || site.visit("ending").await.0 == 301).await;
    })
    .await;
}

#[tokio::test]
async fn options_have_their_types_and_bounds() {
    in_both_modes(async |site| {
        let caller = site.anyone();
        caller.make(&wish("kept", &json!({}))).await;
        let past = now().as_secs() - 10;
        let soon = now().as_secs() + 100;
        let note = |characters| json!({ "note": "\u{fc}".repeat(characters) });
        let tags = |count: usize| json!({ "tags": vec!["t"; count] });
        let tag = |characters| json!({ "tags": ["\u{fc}".repeat(characters)] });
        for (number, options) in [
            note(1_000),
            tags(20),
            tag(64),
            json!({ "ttl_seconds": 315_360_000 }),
            json!({ "cache_seconds": 86_400.0 }),
            json!({ "expires_at": 253_402_207_200_u64 }),
        ]
        .into_iter()
        .enumerate()
        {
            made(&caller, &format!("edge-{number}"), &options).await;
        }
        for (options, field, code) in [
            (json!({ "redirect": 300 }), "redirect", "wrong-type"),
            (json!({ "redirect": 303 }), "redirect", "wrong-type"),
            (json!({ "redirect": "301" }), "redirect", "wrong-type"),
            (json!({ "cache_seconds": -1 }), "cache_seconds", "wrong-type"),
            (json!({ "cache_seconds": 86_401 }), "cache_seconds", "out-of-range"),
            (json!({ "cache_seconds": 1.5 }), "cache_seconds", "wrong-type"),
            (json!({ "permanent": "yes" }), "permanent", "wrong-type"),
            (json!({ "forward_query": 1 }), "forward_query", "wrong-type"),
            (json!({ "expires_at": "tomorrow" }), "expires_at", "wrong-type"),
            (json!({ "expires_at": "2030-01-31" }), "expires_at", "wrong-type"),
            (json!({ "expires_at": 253_402_207_201_u64 }), "expires_at", "wrong-type"),
            (json!({ "valid_from": true }), "valid_from", "wrong-type"),
            (json!({ "ttl_seconds": 59 }), "ttl_seconds", "out-of-range"),
            (json!({ "ttl_seconds": 315_360_001 }), "ttl_seconds", "out-of-range"),
            (json!({ "tags": "a" }), "tags", "wrong-type"),
            (json!({ "tags": [7] }), "tags", "wrong-type"),
            (json!({ "tags": [""] }), "tags", "wrong-length"),
            (tag(65), "tags", "wrong-length"),
            (tags(21), "tags", "too-many"),
            (json!({ "note": 7 }), "note", "wrong-type"),
            (note(1_001), "note", "wrong-length"),
            (json!({ "expired_url": 7 }), "expired_url", "wrong-type"),
        ] {
            for reply in [caller.create(&wish("never", &options)).await, caller.patch("kept", &options).await] {
                refused(&reply, 422, code, &options.to_string());
                assert_eq!(reply.json()["field"], field, "{options}");
            }
        }
        for reuse in [json!(1), json!("false")] {
            let reply = caller.create(&wish("never", &json!({ "reuse": reuse }))).await;
            refused(&reply, 422, "wrong-type", "reuse");
        }
        let both = json!({ "expires_at": soon, "ttl_seconds": 60 });
        refused(&caller.create(&wish("never", &both)).await, 422, "exclusive-fields", "two ends");
        for never in [
            json!({ "expires_at": past }),
            json!({ "expires_at": soon, "valid_from": soon }),
            json!({ "expires_at": soon, "valid_from": soon + 1 }),
        ] {
            let reply = caller.create(&wish("never", &never)).await;
            refused(&reply, 422, "never-valid", &never.to_string());
        }
        assert_eq!(caller.read("kept").await.json()["version"], 1);
        assert_eq!(caller.read("never").await.status, 404);
    })
    .await;
}
