//! How long a redirect may be kept.

use e2e::{Reply, wait_until};

use super::site::{Attributes, in_both_modes, in_both_modes_with, number, one_environment, seconds, set, text, yes};

#[tokio::test]
async fn each_link_has_its_caching() {
    in_both_modes(async |site| {
        let shared = |value| ("cache_seconds", number(value));
        let cases: [(&str, Attributes, &str); 9] = [
            ("plain", vec![], "private, max-age=90"),
            ("never", vec![shared(0)], "private, max-age=0, must-revalidate"),
            ("short", vec![shared(5)], "public, max-age=5, s-maxage=5"),
            ("minute", vec![shared(60)], "public, max-age=60, s-maxage=60"),
            ("shared", vec![shared(600)], "public, max-age=60, s-maxage=600"),
            ("day", vec![shared(86_400)], "public, max-age=60, s-maxage=86400"),
            ("permanent", vec![("permanent", yes())], "public, max-age=3600"),
            // A number of seconds is more exact than a promise.
            ("both", vec![("permanent", yes()), shared(7)], "public, max-age=7, s-maxage=7"),
            ("distant", vec![("expires_at", seconds(100_000))], "private, max-age=90"),
        ];
        for (slug, attributes, expected) in cases {
            site.put(slug, &attributes);
            let reply = site.get(&format!("/{slug}")).await;
            assert_eq!(reply.header("cache-control"), Some(expected), "{slug}");
        }
    })
    .await;
}

/// The value of a directive of `Cache-Control`.
fn directive(reply: &Reply, name: &str) -> Option<u32> {
    let directives = reply.header("cache-control")?.split(", ");
    let mut values = directives.filter_map(|directive| directive.split_once('='));
    let (_, value) = values.find(|(directive, _)| *directive == name)?;
    value.parse().ok()
}

#[tokio::test]
async fn nothing_is_kept_beyond_the_end_of_a_link() {
    in_both_modes(async |site| {
        let cases = [
            ("plain", vec![]),
            ("permanent", vec![("permanent", yes())]),
            ("shared", vec![("cache_seconds", number(86_400))]),
        ];
        for (slug, mut attributes) in cases {
            attributes.push(("expires_at", seconds(30)));
            site.put(slug, &attributes);
            let reply = site.get(&format!("/{slug}")).await;
            let age = directive(&reply, "max-age").expect("a maximum age");
            assert!((1..=30).contains(&age), "{slug}: {age}");
            let shared = directive(&reply, "s-maxage");
            assert_eq!(shared.is_some(), slug == "shared");
            assert!(shared.is_none_or(|shared| shared <= 30), "{slug}: {shared:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_link_ends_on_time_though_it_is_cached() {
    let long_kept = |config: &mut local::Config| {
        one_environment(config);
        set(config, "CACHE_TTL_SECONDS", "60");
    };
    in_both_modes_with(long_kept, async |site| {
        // The environment takes its time to start.
        site.get("/health").await;
        let over = ("expired_url", text("https://example.com/over"));
        site.put("ending", &[("expires_at", seconds(5))]);
        site.put("ending-over", &[("expires_at", seconds(5)), over]);
        assert_eq!(site.get("/ending").await.status, 301);
        assert_eq!(site.get("/ending-over").await.status, 301);
        let reads = site.reads();
        wait_until("the link has ended", async || site.get("/ending").await.status == 410).await;
        assert_eq!(site.get("/ending-over").await.status, 302);
        assert_eq!(site.reads(), reads, "both were in the cache");
    })
    .await;
}

#[tokio::test]
async fn a_cached_link_asks_nobody() {
    in_both_modes_with(one_environment, async |site| {
        site.put("launch", &[]);
        assert_eq!(site.get("/launch").await.status, 301);
        let reads = site.reads();
        for _ in 0..20 {
            assert_eq!(site.get("/launch").await.status, 301);
        }
        assert_eq!(site.reads(), reads);
    })
    .await;
}
