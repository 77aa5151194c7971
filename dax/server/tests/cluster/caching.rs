//! What is remembered, for how long, and what is not.

use std::time::Duration;

use crate::desk::{Desk, eventually};

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[tokio::test]
async fn items_stay_cached_for_their_time() {
    let desk = Desk::new(|config| config.item_ttl = Duration::from_millis(1500)).await;
    let mut peer = desk.peer(0).await;
    desk.put_behind("a", "1").await;
    assert_eq!(peer.get("a").await, Ok(some("1")));
    desk.put_behind("a", "2").await;
    assert_eq!(peer.get("a").await, Ok(some("1")), "DAX does not hear of it");
    assert_eq!((desk.counters(0).item_hits, desk.counters(0).item_misses), (1, 1));
    eventually(Ok(some("2")), async || peer.get("a").await).await;
}

#[tokio::test]
async fn absence_is_cached_and_a_write_ends_it() {
    let desk = Desk::new(|_| {}).await;
    let mut peer = desk.peer(0).await;
    assert_eq!(peer.get("a").await, Ok(None));
    desk.put_behind("a", "1").await;
    assert_eq!(peer.get("a").await, Ok(None), "created behind DAX's back");
    assert_eq!(peer.get_with("a", true).await, Ok(some("1")));
    assert_eq!(peer.get("a").await, Ok(None), "a strong read is not cached");
    peer.put("a", "2").await.unwrap();
    assert_eq!(peer.get("a").await, Ok(some("2")));
}

#[tokio::test]
async fn writes_of_every_kind_go_through_the_cache() {
    let desk = Desk::new(|_| {}).await;
    let mut peer = desk.peer(0).await;
    peer.put("a", "1").await.unwrap();
    assert_eq!(peer.get("a").await, Ok(some("1")));
    peer.update("a", "2").await.unwrap();
    assert_eq!(peer.get("a").await, Ok(some("2")));
    peer.batch_put(&[("a", "3"), ("b", "4")]).await.unwrap();
    assert_eq!(peer.get("a").await, Ok(some("3")));
    assert_eq!(peer.get("b").await, Ok(some("4")));
    peer.delete("a").await.unwrap();
    assert_eq!(peer.get("a").await, Ok(None));
    peer.transact_put("a", "5").await.unwrap();
    assert_eq!(peer.get("a").await, Ok(some("5")));
    assert_eq!(desk.counters(0).item_misses, 0, "all of that came from the cache");
    assert_eq!(desk.get_behind("a").await, some("5"));
}

#[tokio::test]
async fn a_batch_asks_only_for_what_the_cache_lacks() {
    let desk = Desk::new(|_| {}).await;
    let mut peer = desk.peer(0).await;
    desk.put_behind("a", "1").await;
    desk.put_behind("b", "2").await;
    assert_eq!(peer.get("a").await, Ok(some("1")));
    assert_eq!(peer.batch_get(&["a", "b", "none"]).await, Ok((2, 0)));
    assert_eq!((desk.counters(0).item_hits, desk.counters(0).item_misses), (1, 3));
    assert_eq!(peer.batch_get(&["a", "b", "none"]).await, Ok((2, 0)));
    assert_eq!((desk.counters(0).item_hits, desk.counters(0).item_misses), (4, 3));
}

#[tokio::test]
async fn writes_do_not_touch_the_query_cache() {
    let desk = Desk::new(|config| config.query_ttl = Duration::from_millis(1500)).await;
    let mut peer = desk.peer(0).await;
    assert_eq!(peer.count("a").await, Ok(0));
    peer.put("a", "1").await.unwrap();
    assert_eq!(peer.count("a").await, Ok(0));
    assert_eq!(peer.get("a").await, Ok(some("1")));
    assert_eq!((desk.counters(0).query_hits, desk.counters(0).query_misses), (1, 1));
    eventually(Ok(1), async || peer.count("a").await).await;
}

#[tokio::test]
async fn writes_reach_the_other_nodes_later() {
    let desk = Desk::new(|config| {
        config.nodes = 3;
        config.replication_delay = Duration::from_millis(1500);
    })
    .await;
    let mut leader = desk.peer(0).await;
    let mut replica = desk.peer(1).await;
    assert_eq!(replica.get("a").await, Ok(None));
    leader.put("a", "1").await.unwrap();
    assert_eq!(leader.get("a").await, Ok(some("1")));
    assert_eq!(replica.get("a").await, Ok(None), "not yet");
    eventually(Ok(some("1")), async || replica.get("a").await).await;
    assert_eq!(desk.counters(1).item_misses, 1, "it was sent, not read");
}

#[tokio::test]
async fn every_node_takes_writes() {
    let desk = Desk::new(|config| config.nodes = 3).await;
    for (node, v) in ["1", "2", "3"].into_iter().enumerate() {
        desk.peer(node).await.put("a", v).await.unwrap();
        for reader in 0..3 {
            assert_eq!(desk.peer(reader).await.get("a").await, Ok(some(v)), "written to {node}, read from {reader}");
        }
    }
}
