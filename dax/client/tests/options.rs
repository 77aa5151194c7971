//! Options of single calls, in virtual time.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests fail by panicking")]

mod support;

use std::collections::BTreeSet;
use std::time::Duration;

use dax_client::{CallOptions, Client, Error, ReadRouting, Refresh, RetryPolicy};
use dax_protocol::Method;
use support::{Act, World, address, get, read, wire};
use tokio::time::Instant;

async fn client(world: &World) -> Client {
    Client::connect(world.config().refresh(Refresh::OnUse(Duration::from_secs(3600)))).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_call_ends_at_its_own_total() {
    let world = World::new(2);
    let client = client(&world).await;
    world.script(|exchange| if exchange.method == Method::GetItem { Act::Hang } else { Act::Answer });
    let millis = Duration::from_millis;
    let total = |time| CallOptions::new().total_timeout(millis(time));
    let once = |time| CallOptions::new().request_timeout(millis(time)).retry(RetryPolicy::never());
    for (client, expected) in [
        (client.with(total(40)), 40),
        (client.with(total(40)).with(once(1_000)), 40),
        (client.with(total(20_000)).with(total(70)), 70),
        (client.with(once(30)), 30),
        (client.with(total(1_000)).with(once(25)), 25),
        (client.clone(), 15_000),
    ] {
        let start = Instant::now();
        let error = client.get_item(get("k")).await.unwrap_err();
        assert!(matches!(error, Error::Timeout { .. }), "{error:?}");
        let took = start.elapsed();
        assert!((millis(expected)..millis(expected + 10)).contains(&took), "{expected} ms: {took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_has_its_own_retries() {
    for (options, attempts) in [
        (CallOptions::new(), 3),
        (CallOptions::new().retry(RetryPolicy::never()), 1),
        (CallOptions::new().retry(RetryPolicy::new().attempts(6)), 6),
    ] {
        let world = World::new(2);
        let client = client(&world).await.with(options);
        world.script(|exchange| match exchange.method {
            Method::GetItem => Act::Say(wire::error(&[4, 37, 38, 39, 50], "slow down")),
            _ => Act::Answer,
        });
        client.get_item(get("k")).await.unwrap_err();
        assert_eq!(world.requests(Method::GetItem).values().sum::<usize>(), attempts);
    }
}

#[tokio::test(start_paused = true)]
async fn a_read_goes_where_its_options_say() {
    let zone = |zone: &str| ReadRouting::PreferZone(zone.to_owned());
    for (configured, of_the_call, expected) in [
        (ReadRouting::AnyNode, None, vec![1, 2, 3]),
        (ReadRouting::AnyNode, Some(zone("zone-b")), vec![2]),
        (zone("zone-b"), Some(zone("zone-c")), vec![3]),
        (zone("zone-b"), Some(ReadRouting::AnyNode), vec![1, 2, 3]),
        (zone("zone-b"), Some(ReadRouting::Leader), vec![1]),
        (ReadRouting::Leader, None, vec![1]),
        (ReadRouting::StayConnected, Some(zone("zone-c")), vec![3]),
    ] {
        let world = World::new(3);
        let config = world.config().read_routing(configured).refresh(Refresh::OnUse(Duration::from_secs(3600)));
        let client = Client::connect(config).await.unwrap();
        let of_the_call = of_the_call.map(|routing| CallOptions::new().read_routing(routing));
        let client = of_the_call.map_or_else(|| client.clone(), |options| client.with(options));
        for _ in 0..40 {
            read(&client, "k").await.unwrap();
        }
        let asked: BTreeSet<_> = world.requests(Method::GetItem).into_keys().collect();
        assert_eq!(asked, expected.into_iter().map(address).collect());
    }
}

#[tokio::test(start_paused = true)]
async fn a_read_elsewhere_does_not_move_the_node_that_a_client_stays_with() {
    let world = World::new(3);
    let config = world.config().read_routing(ReadRouting::StayConnected);
    let client = Client::connect(config.refresh(Refresh::OnUse(Duration::from_secs(3600)))).await.unwrap();
    read(&client, "k").await.unwrap();
    let home: Vec<_> = world.requests(Method::GetItem).into_keys().collect();
    let elsewhere = client.with(CallOptions::new().read_routing(ReadRouting::AnyNode));
    for _ in 0..20 {
        read(&elsewhere, "k").await.unwrap();
    }
    let before = world.requests(Method::GetItem);
    assert_eq!(before.len(), 3);
    for _ in 0..20 {
        read(&client, "k").await.unwrap();
    }
    for (node, reads) in world.requests(Method::GetItem) {
        assert_eq!(reads - before[&node], if home.contains(&node) { 20 } else { 0 });
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_may_stay_with_a_connection_though_the_client_does_not() {
    let world = World::new(3);
    let client = client(&world).await;
    let stay = client.with(CallOptions::new().read_routing(ReadRouting::StayConnected));
    for _ in 0..20 {
        read(&stay, "k").await.unwrap();
    }
    assert_eq!(world.requests(Method::GetItem).len(), 1);
}
