//! Many clients at once: whenever all is quiet again, every cache agrees with DynamoDB.

use std::sync::Arc;
use std::time::Duration;

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use tokio::task::JoinSet;

use crate::desk::{Desk, eventually};
use crate::peer::Peer;

const NODES: usize = 3;
const CLIENTS: usize = 6;
const BURSTS: usize = 60;
const KEY: &str = "contended";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_cache_is_left_behind_by_a_race() {
    let seed = seed();
    for delay in [Duration::ZERO, Duration::from_millis(3)] {
        println!("replication delay {delay:?}, TEST_SEED={seed}");
        let mut dice = StdRng::seed_from_u64(seed);
        let desk = Desk::new(|config| {
            config.nodes = NODES;
            config.replication_delay = delay;
        })
        .await;
        let desk = Arc::new(desk);
        let mut peers = Vec::new();
        for client in 0..CLIENTS {
            peers.push(desk.peer(client % NODES).await);
        }
        for burst in 0..BURSTS {
            if dice.random_bool(0.5) {
                // Cold caches make the reads of the burst race with its writes.
                desk.cluster.clear_caches();
            }
            let mut clients = JoinSet::new();
            for peer in peers.drain(..) {
                clients.spawn(request(peer, dice.random()));
            }
            peers = clients.join_all().await;
            let truth = desk.get_behind(KEY).await;
            for peer in &mut peers {
                let expected = (seed, burst, Ok(truth.clone()));
                eventually(expected, async || (seed, burst, peer.get(KEY).await)).await;
            }
        }
    }
}

/// The same every time, unless `TEST_SEED` is another number. It fixes what is asked, but not how requests interleave.
#[expect(clippy::disallowed_methods, reason = "a test has no main to read its settings in")]
fn seed() -> u64 {
    std::env::var("TEST_SEED").map_or(1, |seed| seed.parse().expect("TEST_SEED is a number"))
}

/// One request to the contended key.
async fn request(mut peer: Peer, dice: u32) -> Peer {
    let v = dice.to_string();
    match dice % 8 {
        0..3 => _ = peer.get(KEY).await.unwrap(),
        3 => _ = peer.batch_get(&[KEY]).await.unwrap(),
        4 => peer.put(KEY, &v).await.unwrap(),
        5 => peer.update(KEY, &v).await.unwrap(),
        6 => _ = peer.batch_put(&[(KEY, &v)]).await.unwrap(),
        _ => peer.delete(KEY).await.unwrap(),
    }
    peer
}
