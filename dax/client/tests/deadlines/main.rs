//! No call outlives `total_timeout`, whatever hangs: every wait inside a call, hung by itself, in virtual time.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests fail by panicking")]

mod credentials;
#[path = "../support/mod.rs"]
mod support;

use std::time::Duration;

use credentials::Provider;
use dax_client::{Client, Config, Error, ReadRouting, Refresh, RetryPolicy};
use dax_protocol::Method;
use support::{Act, Down, World, address, get, put};
use tokio::time::Instant;

const TOTAL: Duration = Duration::from_millis(300);
/// What a timer may be late.
const GRACE: Duration = Duration::from_millis(10);

/// What hangs, and nothing else.
#[derive(Clone, Copy, Debug)]
enum Hung {
    /// An answer to this method.
    Answer(Method),
    /// Answers to everything.
    Everything,
    /// Answers come, a byte every 20 ms.
    Dripping,
    /// The name service, when the nodes refuse connections.
    Name,
    /// Connecting.
    Connecting,
    /// Connecting to all addresses that the name service gives, when the known nodes refuse connections.
    ConnectingByName,
    /// Writing to a connection.
    Writing,
    /// The credentials provider, and the last credentials have expired.
    Provider,
    /// Nothing; the cluster asks for patience, again and again.
    Throttled,
    /// Nothing; the cluster sends clients to fetch its roster again, again and again.
    Recovering,
}

const HANGS: [Hung; 14] = [
    Hung::Answer(Method::GetItem),
    Hung::Answer(Method::PutItem),
    Hung::Answer(Method::Endpoints),
    Hung::Answer(Method::DefineKeySchema),
    Hung::Answer(Method::DefineAttributeList),
    Hung::Answer(Method::DefineAttributeListId),
    Hung::Everything,
    Hung::Dripping,
    Hung::Name,
    Hung::Connecting,
    Hung::ConnectingByName,
    Hung::Writing,
    Hung::Provider,
    Hung::Recovering,
];

fn config(world: &World, refresh: Refresh) -> Config {
    world
        .config()
        .connect_timeout(Duration::from_millis(500))
        .lookup_timeout(Duration::from_millis(100))
        .request_timeout(Duration::from_millis(100))
        .total_timeout(TOTAL)
        .retry(RetryPolicy::new().attempts(5).repeat_unknown_writes(true))
        .refresh(refresh)
}

fn hang(world: &World, hung: Hung, nodes: u8) {
    let all_nodes = |down| (1..=nodes).for_each(|last| world.set_down(last, down));
    match hung {
        Hung::Answer(method) => {
            world.script(move |exchange| if exchange.method == method { Act::Hang } else { Act::Answer });
        }
        Hung::Everything => world.script(|_| Act::Hang),
        Hung::Dripping => world.script(|_| Act::Drip(Duration::from_millis(20))),
        Hung::Name => {
            world.state().dns_hangs = true;
            all_nodes(Down::Refuses);
        }
        Hung::Connecting => all_nodes(Down::Silent),
        Hung::ConnectingByName => {
            all_nodes(Down::Refuses);
            world.state().dns = (101..112).map(address).collect();
        }
        Hung::Writing => all_nodes(Down::Deaf),
        Hung::Provider => {}
        Hung::Throttled => world.script(|_| Act::Say(support::wire::error(&[4, 37, 38, 39, 50], "slow down"))),
        Hung::Recovering => world.script(|exchange| match exchange.method {
            Method::Endpoints => Act::Hang,
            _ => Act::Say(support::wire::error(&[1, 23], "not now")),
        }),
    }
    (1..=nodes).for_each(|last| world.close_idle(last));
}

/// Makes this many calls at once, reads and writes in turn. Returns the longest and its outcome.
async fn longest(client: &Client, callers: usize) -> (Duration, Result<(), Error>) {
    let calls: Vec<_> = (0..callers)
        .map(|number| {
            let client = client.clone();
            tokio::spawn(async move {
                let (start, key) = (Instant::now(), format!("k{number}"));
                let outcome = if number % 2 == 0 {
                    client.get_item(get(&key)).await.map(drop)
                } else {
                    client.put_item(put(&key)).await.map(drop)
                };
                (start.elapsed(), outcome)
            })
        })
        .collect();
    let mut longest = (Duration::ZERO, Ok(()));
    for call in calls {
        let call = call.await.unwrap();
        if call.0 >= longest.0 {
            longest = call;
        }
    }
    longest
}

/// A client whose roster is old enough to be fetched again.
async fn client_with_old_roster(world: &World, refresh: Refresh, change: impl FnOnce(Config) -> Config) -> Client {
    let client = Client::connect(change(config(world, refresh))).await.unwrap();
    tokio::time::sleep(Duration::from_secs(3)).await;
    client
}

const REFRESHES: [Refresh; 2] = [Refresh::OnUse(Duration::from_secs(2)), Refresh::Background(Duration::from_secs(4))];

#[tokio::test(start_paused = true)]
async fn no_caller_waits_longer_than_the_total_whatever_hangs() {
    for hung in HANGS.into_iter().chain([Hung::Throttled]) {
        for refresh in REFRESHES {
            for routing in
                [ReadRouting::AnyNode, ReadRouting::PreferZone("zone-b".to_owned()), ReadRouting::StayConnected]
            {
                for callers in [1, 200] {
                    nobody_waits_longer(hung, refresh, &routing, 3, callers).await;
                }
            }
            for nodes in [1, 11] {
                nobody_waits_longer(hung, refresh, &ReadRouting::AnyNode, nodes, 1).await;
            }
        }
        nobody_waits_longer(hung, REFRESHES[0], &ReadRouting::AnyNode, 11, 200).await;
        nobody_waits_longer(hung, REFRESHES[1], &ReadRouting::AnyNode, 1, 200).await;
    }
}

async fn nobody_waits_longer(hung: Hung, refresh: Refresh, routing: &ReadRouting, nodes: u8, callers: usize) {
    let world = World::new(nodes);
    let (provider, handle) = Provider::new();
    if matches!(hung, Hung::Provider) {
        handle.live(0);
    }
    let client = client_with_old_roster(&world, refresh, |config| {
        config.credentials_provider(provider).time_source(credentials::WallClock).read_routing(routing.clone())
    })
    .await;
    hang(&world, hung, nodes);
    if matches!(hung, Hung::Provider) {
        handle.hang();
    }
    support::settle().await;
    // Twice: the second time everybody knows that the roster cannot be fetched.
    for _ in 0..2 {
        let (took, outcome) = longest(&client, callers).await;
        assert!(
            took <= TOTAL + GRACE,
            "{refresh:?}, {routing:?}, {nodes} nodes, {callers} callers, hung: {hung:?}: {took:?}, {outcome:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn no_caller_waits_longer_than_the_total_for_a_connection() {
    for refresh in REFRESHES {
        let world = World::new(1);
        let client = client_with_old_roster(&world, refresh, |config| {
            config.max_connections_per_node(1).request_timeout(Duration::from_secs(5))
        })
        .await;
        hang(&world, Hung::Answer(Method::GetItem), 1);
        let (took, outcome) = longest(&client, 200).await;
        assert!(took <= TOTAL + GRACE, "{refresh:?}: {took:?}, {outcome:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn start_up_ends_at_the_total_whatever_hangs() {
    for hung in HANGS {
        if matches!(hung, Hung::Answer(method) if method != Method::Endpoints) {
            continue;
        }
        let world = World::new(11);
        let (provider, handle) = Provider::new();
        if matches!(hung, Hung::Provider) {
            handle.hang();
        }
        hang(&world, hung, 11);
        let start = Instant::now();
        let config = config(&world, REFRESHES[0]).credentials_provider(provider);
        let outcome = Client::connect(config).await;
        assert!(start.elapsed() <= TOTAL + GRACE, "{hung:?}: {:?}, {outcome:?}", start.elapsed());
        assert!(outcome.is_err(), "{hung:?}");
        let credentials = matches!(outcome, Err(Error::Credentials { .. }));
        assert_eq!(credentials, matches!(hung, Hung::Provider), "{hung:?}: {outcome:?}");
    }
    // Without a leader, start-up asks again after a while.
    let world = World::new(2);
    world.state().roster[0].leader = false;
    let start = Instant::now();
    let error = Client::connect(config(&world, REFRESHES[0])).await.unwrap_err();
    assert!(error.to_string().contains("no leader"), "{error}");
    assert!(start.elapsed() <= TOTAL + GRACE, "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_warm_up_ends_at_the_total() {
    for hung in [Hung::Answer(Method::DefineKeySchema), Hung::Everything, Hung::Connecting, Hung::Writing] {
        let world = World::new(11);
        let client = Client::connect(config(&world, REFRESHES[0])).await.unwrap();
        hang(&world, hung, 11);
        let start = Instant::now();
        client.warm_up(support::TABLE).await.unwrap_err();
        assert!(start.elapsed() <= TOTAL + GRACE, "{hung:?}: {:?}", start.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn one_living_address_among_eleven_is_found_within_the_total() {
    for alive in 1..=11 {
        let world = World::new(11);
        for last in (1..=11).filter(|&last| last != alive) {
            world.set_down(last, Down::Silent);
        }
        world.state().roster.retain(|entry| entry.address == address(alive));
        world.state().roster[0].leader = true;
        let client = Client::connect(config(&world, REFRESHES[0]).seed(alive.into())).await;
        let client = client.unwrap_or_else(|error| panic!("node {alive}: {error}"));
        support::read(&client, "k").await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn callers_share_one_refresh_and_its_failure() {
    for refresh in REFRESHES {
        let world = World::new(3);
        let client = client_with_old_roster(&world, refresh, |config| config).await;
        hang(&world, Hung::Everything, 3);
        let before = client.stats().refresh_failures;
        let start = Instant::now();
        while start.elapsed() < Duration::from_millis(1500) {
            let _outcome = longest(&client, 50).await;
        }
        let tried = client.stats().refresh_failures - before;
        assert!((1..=3).contains(&tried), "{refresh:?}: {tried} in {:?}", start.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_comes_back_is_used_at_once() {
    for refresh in REFRESHES {
        let world = World::new(3);
        let client = client_with_old_roster(&world, refresh, |config| config).await;
        hang(&world, Hung::Connecting, 3);
        for _ in 0..5 {
            longest(&client, 20).await.1.unwrap_err();
        }
        for last in 1..=3 {
            world.set_down(last, Down::Up);
        }
        for number in 0..20 {
            support::read(&client, &format!("k{number}")).await.unwrap();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_refresh_outlives_the_caller_that_began_it() {
    let world = World::new(1);
    let client = client_with_old_roster(&world, REFRESHES[0], |config| config).await;
    world.script(|exchange| match exchange.method {
        Method::Endpoints => Act::Slow(Duration::from_millis(50)),
        _ => Act::Answer,
    });
    let cancelled = tokio::time::timeout(Duration::from_millis(10), client.get_item(get("k"))).await;
    assert!(cancelled.is_err());
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(client.stats().refreshes, 1);
}

#[tokio::test(start_paused = true)]
async fn a_small_client_stays_with_its_node_however_often_the_name_is_asked() {
    for seed in 0..5 {
        let world = World::new(3);
        let config = config(&world, Refresh::OnUse(Duration::from_millis(20)))
            .read_routing(ReadRouting::StayConnected)
            .seed(seed);
        let client = Client::connect(config).await.unwrap();
        for number in 0..200 {
            support::read(&client, &format!("k{number}")).await.unwrap();
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        assert!(client.stats().refreshes > 100);
        let nodes = client.stats().nodes;
        assert_eq!(nodes.iter().filter(|node| node.open_connections > 0).count(), 1, "{nodes:?}");
        assert_eq!(world.requests(Method::GetItem).len(), 1);
        // With its idle connections closed, and after hours, it is still the same node.
        for pause in [70, 7200] {
            tokio::time::sleep(Duration::from_secs(pause)).await;
            support::read(&client, "k").await.unwrap();
        }
        assert_eq!(world.requests(Method::GetItem).len(), 1);
        let home = *world.requests(Method::GetItem).keys().next().unwrap();
        // When it fails, another becomes the one to stay with.
        world.state().nodes.get_mut(&home).unwrap().down = Down::Refuses;
        world.close_idle(home.ip().to_string().rsplit('.').next().unwrap().parse().unwrap());
        support::settle().await;
        for number in 0..50 {
            support::read(&client, &format!("k{number}")).await.unwrap();
        }
        assert_eq!(world.requests(Method::GetItem).len(), 2);
    }
}
