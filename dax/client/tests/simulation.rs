//! Random clusters, faults and cancellations in virtual time. `TEST_SEED` chooses them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests fail by panicking")]

#[path = "support/seed.rs"]
mod seed;
mod support;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dax_client::{Client, Refresh};
use dax_protocol::Method;
use support::{Act, Down, World, address, put, read, wire};

/// Clusters, each with the next seed.
const RUNS: u64 = 20;
/// Calls to each.
const CALLS: usize = 300;

#[test]
fn no_answer_reaches_the_wrong_caller_and_no_write_happens_twice() {
    let first = seed::seed();
    for seed in (0..RUNS).map(|run| first.wrapping_add(run)) {
        println!("seed {seed}");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(run(seed));
    }
}

async fn run(seed: u64) {
    let mut rng = fastrand::Rng::with_seed(seed);
    let world = World::new(rng.u8(1..=4));
    let faults = rng.f64() * 0.3;
    script_faults(&world, faults, rng.fork());
    let refresh =
        if rng.bool() { Refresh::Background(Duration::from_secs(4)) } else { Refresh::OnUse(Duration::from_secs(5)) };
    let config = world
        .config()
        .seed(rng.u64(..))
        .refresh(refresh)
        .max_connections_per_node(rng.usize(1..=8))
        .request_timeout(Duration::from_millis(200))
        .lookup_timeout(Duration::from_millis(100));
    let client = connect(&config).await;
    let chaos = tokio::spawn(disturb(world.clone(), rng.fork()));

    let acknowledged: Arc<Mutex<HashMap<String, bool>>> = Arc::default();
    let calls: Vec<_> = (0..CALLS)
        .map(|number| tokio::spawn(one_call(client.clone(), number, rng.fork(), Arc::clone(&acknowledged))))
        .collect();
    for call in calls {
        call.await.unwrap();
    }
    chaos.abort();

    for (key, acknowledged) in acknowledged.lock().unwrap().iter() {
        let writes = world.writes(key);
        assert!(writes <= 1, "{key} was written {writes} times");
        assert!(writes == 1 || !acknowledged, "{key} was acknowledged and never written");
    }
    recovers(&world, &client).await;
}

/// Start-up is part of the chaos: it may fail, with an error that says why.
async fn connect(config: &dax_client::Config) -> Client {
    for _ in 0..200 {
        if let Ok(client) = Client::connect(config.clone()).await {
            return client;
        }
    }
    panic!("no start-up in 200 succeeded");
}

async fn one_call(
    client: Client,
    number: usize,
    mut rng: fastrand::Rng,
    acknowledged: Arc<Mutex<HashMap<String, bool>>>,
) {
    tokio::time::sleep(Duration::from_millis(rng.u64(..20_000))).await;
    let patience = if rng.u8(..4) == 0 { Duration::from_millis(rng.u64(..50)) } else { Duration::from_secs(3600) };
    let key = format!("k{number}");
    if rng.bool() {
        // A cancelled or failed read is fine; a wrong answer panics.
        let _outcome = tokio::time::timeout(patience, read(&client, &key)).await;
    } else {
        let outcome = tokio::time::timeout(patience, client.put_item(put(&key))).await;
        acknowledged.lock().unwrap().insert(key, matches!(outcome, Ok(Ok(_))));
    }
}

/// With faults gone, every node serves again, within the limits.
async fn recovers(world: &World, client: &Client) {
    world.script(|_| Act::Answer);
    for node in world.state().nodes.values_mut() {
        node.down = Down::Up;
    }
    tokio::time::sleep(Duration::from_secs(30)).await;
    for number in 0..30 {
        read(client, &format!("after{number}")).await.unwrap();
        client.put_item(put(&format!("after{number}"))).await.unwrap();
        assert_eq!(world.writes(&format!("after{number}")), 1);
    }
    world.assert_sound();
}

fn script_faults(world: &World, share: f64, rng: fastrand::Rng) {
    let rng = Mutex::new(rng);
    world.script(move |exchange| {
        let mut rng = rng.lock().unwrap();
        if rng.f64() >= share {
            return if rng.bool() { Act::Answer } else { Act::Slow(Duration::from_millis(rng.u64(..5))) };
        }
        match rng.u8(..8) {
            0 => Act::CutBefore,
            1 => Act::CutAfter(rng.usize(..40)),
            2 => Act::AnswerThenClose,
            3 => Act::Slow(Duration::from_millis(rng.u64(..400))),
            4 => Act::Hang,
            5 => Act::Say(wire::error(&[4, 23, 31, 33], "Connection requires authentication")),
            6 if exchange.method != Method::PutItem => {
                Act::Say((0..rng.usize(1..20)).map(|_| rng.u8(0x81..)).collect())
            }
            _ => Act::Say(wire::error(&[4, 37, 38, 39, 50], "slow down")),
        }
    });
}

/// Nodes fall silent, refuse, return; leaders change; idle connections are closed.
async fn disturb(world: World, mut rng: fastrand::Rng) {
    loop {
        tokio::time::sleep(Duration::from_millis(rng.u64(100..2000))).await;
        let count = u8::try_from(world.state().roster.len()).unwrap();
        let node = rng.u8(1..=count);
        match rng.u8(..6) {
            0 => world.set_down(node, Down::Refuses),
            1 => world.set_down(node, Down::Silent),
            2 => world.close_idle(node),
            3 => {
                let mut state = world.state();
                for entry in &mut state.roster {
                    entry.leader = entry.address == address(node);
                }
            }
            _ => world.set_down(node, Down::Up),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_thousand_cancelled_calls_leave_the_pool_sound() {
    let mut rng = fastrand::Rng::with_seed(seed::seed());
    let world = World::new(2);
    let client = Client::connect(world.config().max_connections_per_node(8)).await.unwrap();
    world.script(
        |exchange| {
            if exchange.method == Method::GetItem { Act::Slow(Duration::from_millis(10)) } else { Act::Answer }
        },
    );
    let calls: Vec<_> = (0..1000)
        .map(|number| {
            let (client, patience) = (client.clone(), Duration::from_micros(rng.u64(..20_000)));
            tokio::spawn(async move { tokio::time::timeout(patience, read(&client, &format!("k{number}"))).await })
        })
        .collect();
    let mut cancelled = 0;
    for call in calls {
        cancelled += usize::from(call.await.unwrap().is_err());
    }
    assert!(cancelled > 500, "{cancelled}");
    support::settle().await;

    let calls: Vec<_> = (0..100)
        .map(|number| {
            let client = client.clone();
            tokio::spawn(async move { read(&client, &format!("after{number}")).await })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    support::settle().await;
    for node in client.stats().nodes {
        assert!(node.open_connections <= 8, "{node:?}");
        assert_eq!(node.open_connections, node.idle_connections, "{node:?}");
    }
    world.assert_sound();
}
