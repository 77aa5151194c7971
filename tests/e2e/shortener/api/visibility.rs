//! `visible_by`: from then on every redirector shows what was answered.

use std::time::Duration;

use e2e::{Client, PATIENCE, wait_until};
use local::{
    Config,
    dax_server::{FaultAction, FaultRule, Method},
};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::caller::{now, seconds, wish};
use crate::shortener::redirect::site::{Site, in_both_modes_with, redirector, set};

const VISITORS: usize = 6;

/// Everything that may be old is so for a second, and as old as that allows.
fn soon_forgotten(config: &mut Config) {
    set(config, "CACHE_TTL_SECONDS", "1");
    redirector(config).concurrency = VISITORS;
    config.dax_item_ttl = Duration::from_secs(1);
    if config.dax_nodes > 0 {
        config.dax_nodes = 3;
    }
    config.dax_replication_delay = Duration::from_secs(60);
    let writer = config.functions.get_mut("Writer").expect("a writer");
    for (variable, value) in [("CACHE_TTL_SECONDS", "1"), ("DAX_RECORD_TTL_SECONDS", "1"), ("DAX_TIMEOUT_MS", "5000")] {
        writer.env.insert(variable.to_owned(), value.to_owned());
    }
}

/// What several visitors at a time get, who meet several redirectors.
async fn visits(client: Client, slug: &str) -> Vec<(u16, Option<String>)> {
    let mut visitors = JoinSet::new();
    for _ in 0..VISITORS {
        let path = format!("/{slug}");
        visitors.spawn(async move {
            let reply = client.get(&path).await;
            let location = reply.header("location").map(str::to_owned);
            (reply.status.as_u16(), location)
        });
    }
    visitors.join_all().await
}

/// Watches until a little after `visible_by`. Returns whether something old was seen before.
async fn watch(site: &Site, slug: &str, visible_by: &Value, expected: &(u16, Option<String>)) -> bool {
    let visible_by = Duration::from_secs(seconds(visible_by));
    let mut old = false;
    let enough = now() + PATIENCE;
    loop {
        let asked = now();
        assert!(asked < enough, "it becomes visible in reasonable time");
        let visits = visits(site.client, slug).await;
        let all_new = visits.iter().all(|visit| visit == expected);
        assert!(all_new || asked < visible_by, "{slug} at {asked:?} instead of {visible_by:?}: {visits:?}");
        old |= !all_new;
        if asked > visible_by + Duration::from_millis(200) {
            return old;
        }
    }
}

#[tokio::test]
async fn after_that_time_every_visitor_sees_the_change() {
    in_both_modes_with(soon_forgotten, async |site| {
        let caller = site.anyone();
        let to = |url: &str| (301, Some(url.to_owned()));
        // Absence is remembered too.
        visits(site.client, "launch").await;
        let link = caller.make(&wish("launch", &json!({}))).await;
        let first = to("https://example.com/launch");
        watch(site, "launch", &link["visible_by"], &first).await;

        // Until a redirector is seen to remember what was there before: else this would prove nothing.
        let enough = now() + PATIENCE;
        for number in 0.. {
            assert!(now() < enough, "no redirector remembers anything");
            let url = format!("https://example.com/b{number}");
            visits(site.client, "launch").await;
            let link = caller.change("launch", &json!({ "url": url })).await;
            let told = seconds(&link["visible_by"]) - seconds(&link["updated_at"]);
            assert!(told <= 11, "no later than needed: {link}");
            if watch(site, "launch", &link["visible_by"], &to(&url)).await {
                break;
            }
        }

        visits(site.client, "launch").await;
        assert_eq!(caller.delete("launch").await.status, 204);
        let link = caller.read("launch").await.json();
        watch(site, "launch", &link["visible_by"], &(410, None)).await;
    })
    .await;
}

#[tokio::test]
async fn a_change_that_took_its_time_is_visible_as_late_as_told() {
    in_both_modes_with(soon_forgotten, async |site| {
        let Some(cluster) = site.stack.dax() else {
            // Only the cluster can be made slow.
            return;
        };
        let caller = site.anyone();
        caller.make(&wish("launch", &json!({}))).await;
        let mut rule = FaultRule::new(FaultAction::Delay { milliseconds: 3_000 });
        rule.operation = Some(Method::UpdateItem);
        cluster.add_fault(rule).expect("a rule");
        let changed = json!({ "url": "https://example.com/b" });
        let change = tokio::spawn({
            let caller = caller.clone();
            async move { caller.change("launch", &changed).await }
        });
        // Visitors keep every cache as old as it can be.
        wait_until("the change is made", async || {
            visits(site.client, "launch").await;
            change.is_finished()
        })
        .await;
        let link = change.await.expect("a change");
        let expected = (301, Some("https://example.com/b".to_owned()));
        watch(site, "launch", &link["visible_by"], &expected).await;
    })
    .await;
}
