//! Where answers come from, and what happens when that fails.

use e2e::wait_until;
use local::Config;

use super::site::{in_both_modes_with, one_environment, set};

fn debugging(config: &mut Config) {
    one_environment(config);
    set(config, "DEBUG_HEADERS", "1");
}

#[tokio::test]
async fn debug_headers_tell_the_tier() {
    in_both_modes_with(debugging, async |site| {
        site.put("launch", &[]);
        let store = if site.stack.dax().is_some() { "dax" } else { "dynamodb" };
        for (path, tier) in [("/launch", store), ("/launch", "lru"), ("/launch+", store), ("/no.slug", "none")] {
            let reply = site.get(path).await;
            assert_eq!(reply.header("x-cache"), Some(tier), "{path}");
            let timing = reply.header("server-timing").expect("a time");
            let took = timing.strip_prefix("total;dur=").expect("a duration");
            assert!(took.parse::<f64>().is_ok_and(|took| took >= 0.0), "{timing}");
        }
    })
    .await;
}

#[tokio::test]
async fn without_debug_headers_nothing_is_told() {
    in_both_modes_with(one_environment, async |site| {
        site.put("launch", &[]);
        let reply = site.get("/launch").await;
        assert_eq!((reply.header("x-cache"), reply.header("server-timing")), (None, None));
    })
    .await;
}

/// A table that nothing answers for.
fn without_table(config: &mut Config) {
    debugging(config);
    set(config, "AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:9");
    set(config, "CACHE_TTL_SECONDS", "1");
}

#[tokio::test]
async fn a_store_that_is_gone_is_told() {
    in_both_modes_with(without_table, async |site| {
        if let Some(cluster) = site.stack.dax() {
            cluster.stop_node(0).await.expect("a node");
        }
        for path in ["/launch", "/launch+"] {
            let reply = site.get(path).await;
            assert_eq!((reply.status.as_u16(), reply.header("retry-after")), (503, Some("1")), "{path}");
            assert_eq!(reply.header("cache-control"), Some("no-store"));
            let problem = reply.text();
            for word in ["127.0.0.1", "GetItem", site.stack.table()] {
                assert!(!problem.contains(word), "{word} in {problem}");
            }
            assert_eq!(reply.json()["type"], "urn:kurz:problem:unavailable");
            site.check_head(path, &[], &reply).await;
        }
        for path in ["/health", "/robots.txt"] {
            assert_eq!(site.get(path).await.status, 200, "{path} asks nobody");
        }
    })
    .await;
}

#[tokio::test]
async fn a_store_that_goes_is_covered_by_the_cache() {
    in_both_modes_with(without_table, async |site| {
        let Some(cluster) = site.stack.dax() else {
            // Nothing can be in the cache when the table was never there.
            return;
        };
        site.put("launch", &[]);
        let reply = site.get("/launch").await;
        assert_eq!(reply.header("x-cache"), Some("dax"));
        cluster.stop_node(0).await.expect("a node");
        wait_until("the entry is past its time", async || {
            let reply = site.get("/launch").await;
            assert_eq!((reply.status.as_u16(), reply.header("location")), (301, Some("https://example.com/launch")));
            reply.header("x-cache") == Some("stale")
        })
        .await;
        assert_eq!(site.get("/other").await.status, 503);
    })
    .await;
}
