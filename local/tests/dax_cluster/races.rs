//! Many clients at once: when all is quiet, every cache agrees with DynamoDB.

use std::{sync::Arc, time::Duration};

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use tokio::task::JoinSet;

use crate::desk::{Desk, eventually};

const NODES: usize = 3;
const CLIENTS: u64 = 6;
const REQUESTS: usize = 150;
const KEYS: [&str; 3] = ["a", "b", "c"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_cache_is_left_behind_by_a_race() {
    for (round, delay) in [Duration::ZERO, Duration::from_millis(5)]
        .into_iter()
        .enumerate()
    {
        let seed = rand::random::<u64>();
        println!("round {round}: seed {seed}");
        let desk = Desk::new(|config| {
            config.nodes = NODES;
            config.replication_delay = delay;
        })
        .await;
        let desk = Arc::new(desk);
        let mut clients = JoinSet::new();
        for client in 0..CLIENTS {
            clients.spawn(hammer(
                Arc::clone(&desk),
                StdRng::seed_from_u64(seed.wrapping_add(client)),
            ));
        }
        while let Some(done) = clients.join_next().await {
            done.unwrap();
        }
        for key in KEYS {
            let truth = desk.get_behind(key).await;
            for node in 0..NODES {
                let mut peer = desk.peer(node).await;
                eventually((seed, Ok(truth.clone())), async || {
                    (seed, peer.get(key).await)
                })
                .await;
            }
        }
    }
}

async fn hammer(desk: Arc<Desk>, mut dice: StdRng) {
    let mut peers = Vec::new();
    for node in 0..NODES {
        peers.push(desk.peer(node).await);
    }
    for _ in 0..REQUESTS {
        let key = KEYS[dice.random_range(0..KEYS.len())];
        let v = dice.random::<u32>().to_string();
        let peer = &mut peers[dice.random_range(0..NODES)];
        match dice.random_range(0..10) {
            0..4 => _ = peer.get(key).await.unwrap(),
            4..6 => peer.put(key, &v).await.unwrap(),
            6 => peer.update(key, &v).await.unwrap(),
            7 => peer.delete(key).await.unwrap(),
            8 => _ = peer.batch_put(&[(key, &v)]).await.unwrap(),
            _ => _ = peer.batch_get(&KEYS).await.unwrap(),
        }
    }
}
