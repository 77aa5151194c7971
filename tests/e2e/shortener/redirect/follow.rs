//! Links that are followed.

use e2e::Reply;
use serde_json::json;

use super::site::{in_both_modes, in_both_modes_with, number, set, text, yes};
use crate::shortener::put_item;

fn location(reply: &Reply) -> Option<&str> {
    reply.header("location")
}

#[tokio::test]
async fn items_of_the_original_application_are_followed() {
    in_both_modes(async |site| {
        put_item(&site.stack, &json!({ "id": { "S": "grqpaeet" }, "target": { "S": "https://www.amazon.com" } }));
        let get = site.get("/grqpaeet").await;
        assert_eq!(get.status, 301);
        for (name, value) in [
            ("location", "https://www.amazon.com"),
            ("cache-control", "private, max-age=90"),
            ("content-type", "text/plain"),
            ("x-robots-tag", "noindex"),
        ] {
            assert_eq!(get.header(name), Some(value), "{name}");
        }
        assert_eq!(get.text(), "https://www.amazon.com");
        site.check_head("/grqpaeet", &[], &get).await;
    })
    .await;
}

#[tokio::test]
async fn a_target_leaves_byte_for_byte() {
    in_both_modes(async |site| {
        let long = format!("https://example.com/?{}", "a=b&".repeat(1_000));
        for (slug, target) in [
            ("capitals", "HTTPS://Example.COM"),
            ("escaped", "https://example.com/a%2Fb%2fc?d=%e2%82%ac&d=2#e%20f"),
            ("dots", "https://example.com/a/../b//c/./"),
            ("port", "http://example.com:80/"),
            ("long", &long),
        ] {
            site.put(slug, &[("target", text(target))]);
            let reply = site.get(&format!("/{slug}")).await;
            assert_eq!((reply.status.as_u16(), location(&reply), reply.text()), (301, Some(target), target), "{slug}");
        }
    })
    .await;
}

#[tokio::test]
async fn each_link_has_its_status() {
    in_both_modes(async |site| {
        for status in [301_u16, 302, 307, 308] {
            let slug = format!("status-{status}");
            site.put(&slug, &[("redirect", number(status.into()))]);
            let reply = site.get(&format!("/{slug}")).await;
            assert_eq!(reply.status, status);
            assert_eq!(location(&reply), Some(format!("https://example.com/{slug}").as_str()));
            site.check_head(&format!("/{slug}"), &[], &reply).await;
        }
    })
    .await;
}

#[tokio::test]
async fn the_default_status_can_be_set() {
    in_both_modes_with(
        |config| set(config, "DEFAULT_REDIRECT", "307"),
        async |site| {
            site.put("plain", &[]);
            site.put("own", &[("redirect", number(302))]);
            // A promise that the target does not change outweighs the default.
            site.put("permanent", &[("permanent", yes())]);
            for (path, status) in [("/plain", 307), ("/own", 302), ("/permanent", 301)] {
                assert_eq!(site.get(path).await.status, status, "{path}");
            }
        },
    )
    .await;
}

#[tokio::test]
async fn one_link_has_several_spellings() {
    in_both_modes(async |site| {
        site.put("launch", &[]);
        for path in [
            "/launch",
            "/launch/",
            "/LAUNCH",
            "/Launch/",
            "/%6caunch",
            "/%4Caunch",
            "/launch?utm_source=mail",
            "/launch/?utm_source=mail",
            // As it is pasted out of a text.
            "/launch.",
            "/launch,",
            "/launch)",
            "/launch).?utm_source=mail",
            "/launch'",
            "/launch%22",
            "/launch%3E",
            "/launch/.",
            "/launch./",
            "/launch%20",
            "/launch%0a",
            "/launch%C2%A0",
            "/launch%E2%80%8B",
            "/launch%E2%80%9D",
            "/launch%E3%80%82",
            "//launch",
        ] {
            let reply = site.get(path).await;
            assert_eq!((reply.status.as_u16(), location(&reply)), (301, Some("https://example.com/launch")), "{path}");
        }
        // Decoded once by the gateway, never a second time.
        for path in ["/launch//", "/%256caunch", "/lau/nch", "/launch+x", "/launch%252E", "/laun%20ch", "/launch%2525"]
        {
            assert_eq!(site.get(path).await.status, 404, "{path}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_query_is_forwarded_where_wanted() {
    in_both_modes(async |site| {
        site.put("plain", &[]);
        let forwarding = |target: &str| [("forward_query", yes()), ("target", text(target))];
        site.put("bare", &forwarding("https://example.com/bare"));
        site.put("own", &forwarding("https://example.com/a?x=1#top"));
        let almost = format!("https://example.com/?{}", "a".repeat(8_100));
        site.put("full", &forwarding(&almost));
        let long = "b".repeat(92);
        let cases = [
            ("/plain?x=2", "https://example.com/plain".to_owned()),
            ("/bare?x=2&y=a%20b", "https://example.com/bare?x=2&y=a%20b".to_owned()),
            ("/bare?", "https://example.com/bare".to_owned()),
            ("/bare/?x", "https://example.com/bare?x".to_owned()),
            // The target's own parameters win, however they are written, and its fragment is kept.
            ("/own?x=2&y=3", "https://example.com/a?x=1&y=3#top".to_owned()),
            ("/own?%78=2&X=3&x[]=4&%5Bx%5D=5", "https://example.com/a?x=1#top".to_owned()),
            ("/own?y;x=2&z", "https://example.com/a?x=1&z#top".to_owned()),
            // Scheme, host and path are out of reach.
            (
                "/own?url=https://evil.example/&@evil.example",
                "https://example.com/a?x=1&url=https://evil.example/&@evil.example#top".to_owned(),
            ),
            ("/full?b", format!("{almost}&b")),
            (&format!("/full?{long}"), almost.clone()),
        ];
        for (path, expected) in cases {
            let reply = site.get(path).await;
            assert_eq!(location(&reply), Some(expected.as_str()), "{path}");
        }
    })
    .await;
}
