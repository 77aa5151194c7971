//! Many callers at once meet a node to which there is no connection yet, in virtual time.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests fail by panicking")]

mod support;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use dax_client::{CallOptions, Client, Config, Error, RetryPolicy};
use support::{Act, Down, World, address, get};
use tokio::time::Instant;

const CALLERS: usize = 500;
const CONNECT: Duration = Duration::from_millis(500);
const REQUEST: Duration = Duration::from_millis(667);

/// What a node needs for the first exchange of a connection, if it has no other to serve.
const FIRST_EXCHANGE: Duration = Duration::from_millis(12);

fn config(world: &World) -> Config {
    world
        .config()
        .connect_timeout(CONNECT)
        .request_timeout(REQUEST)
        .total_timeout(Duration::from_secs(2))
        .retry(RetryPolicy::new().attempts(2))
}

/// A client of this world that knows the table and has no connections.
async fn client(world: &World, config: Config) -> Client {
    let client = Client::connect(config.min_idle_per_node(0)).await.unwrap();
    client.get_item(get("k")).await.unwrap();
    world.close_idle(1);
    support::settle().await;
    client
}

/// All callers call at once: how many calls ended how, and after which time the last one did.
async fn crowd(client: &Client, callers: usize) -> (BTreeMap<String, usize>, Duration) {
    let begun = Instant::now();
    let calls: Vec<_> = (0..callers)
        .map(|number| {
            let client = client.clone();
            tokio::spawn(async move { support::read(&client, &format!("k{number}")).await })
        })
        .collect();
    let mut outcomes = BTreeMap::new();
    for call in calls {
        let outcome = match call.await.unwrap() {
            Ok(()) => "ok".to_owned(),
            Err(error @ (Error::Connect { .. } | Error::Timeout { .. })) => error.to_string(),
            Err(error) => panic!("{error:?}"),
        };
        *outcomes.entry(outcome).or_default() += 1;
    }
    (outcomes, begun.elapsed())
}

/// A node that shares its time between all connections that are new. Connections that have been served are cheap.
fn is_slow_to_start(world: &World) {
    let began = Mutex::new(Vec::new());
    world.script(move |exchange| {
        if exchange.on_connection > 1 {
            return Act::Answer;
        }
        let mut began = began.lock().unwrap();
        let now = Instant::now();
        began.retain(|&(_, until)| until > now);
        let time = FIRST_EXCHANGE * u32::try_from(began.len() + 1).unwrap();
        // Those that are under way take longer too; it is enough that the new ones do.
        began.push((now, now + time));
        Act::Slow(time)
    });
}

#[tokio::test(start_paused = true)]
async fn a_crowd_does_not_flood_a_node_that_is_slow_to_start() {
    let world = World::new(1);
    let client = client(&world, config(&world)).await;
    is_slow_to_start(&world);
    let connects = world.state().nodes[&address(1)].connects;
    let (outcomes, took) = crowd(&client, CALLERS).await;
    assert_eq!(outcomes, BTreeMap::from([("ok".to_owned(), CALLERS)]));
    assert!(took < REQUEST, "{took:?}");
    let opened = world.state().nodes[&address(1)].connects - connects;
    assert!(opened <= 64, "{opened} connections");
    world.assert_sound();
}

#[tokio::test(start_paused = true)]
async fn at_most_so_many_connections_are_new_at_once() {
    for most in [1, 3, 10] {
        let world = World::new(1);
        let client = client(&world, config(&world).max_opening_per_node(most)).await;
        world.script(|exchange| if exchange.on_connection > 1 { Act::Answer } else { Act::Hang });
        let before = world.state().nodes[&address(1)].open;
        let calls: Vec<_> = (0..CALLERS)
            .map(|_| {
                let client = client.clone();
                tokio::spawn(async move { client.get_item(get("k")).await.map(drop) })
            })
            .collect();
        support::settle().await;
        assert_eq!(world.state().nodes[&address(1)].open - before, most);
        for call in calls {
            call.abort();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn callers_share_the_failure_to_connect() {
    for down in [Down::Silent, Down::Refuses] {
        let mut took = Vec::new();
        for callers in [1, 10, CALLERS] {
            let world = World::new(1);
            let config = config(&world).request_timeout(Duration::from_secs(5)).total_timeout(Duration::from_secs(30));
            let client = client(&world, config).await;
            world.set_down(1, down);
            let (outcomes, time) = crowd(&client, callers).await;
            assert_eq!(outcomes.keys().collect::<Vec<_>>(), ["cannot connect to 10.0.0.1:8111"], "{down:?}");
            took.push(time);
        }
        // Not one after the other, in groups of ten.
        assert!(took[2] <= took[0] + CONNECT / 2, "{down:?}: {took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_comes_back_serves_those_who_wait_for_a_new_one() {
    let world = World::new(1);
    let client = client(&world, config(&world).max_opening_per_node(1)).await;
    // One connection works; to open another one takes for ever.
    client.get_item(get("k")).await.unwrap();
    world.script(|_| Act::Slow(Duration::from_millis(1)));
    world.set_down(1, Down::Silent);
    let (outcomes, took) = crowd(&client, CALLERS).await;
    // The call that tries to open one fails and tries again; all others are served by the connection that works.
    assert_eq!(outcomes.get("ok"), Some(&CALLERS), "{outcomes:?}");
    assert!(took <= CONNECT + REQUEST, "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn the_hurry_of_one_caller_fails_no_other() {
    let world = World::new(1);
    let config = config(&world).max_opening_per_node(1).retry(RetryPolicy::new().attempts(1));
    let client = client(&world, config).await;
    world.set_down(1, Down::Silent);
    let call = |options: CallOptions| {
        let client = client.clone();
        tokio::spawn(async move { client.with(options).get_item(get("k")).await.map(drop) })
    };
    let hurried = call(CallOptions::new().total_timeout(Duration::from_millis(20)));
    support::settle().await;
    let patient = call(CallOptions::new());
    support::settle().await;
    world.set_down(1, Down::Up);
    hurried.await.unwrap().unwrap_err();
    patient.await.unwrap().unwrap();
}
