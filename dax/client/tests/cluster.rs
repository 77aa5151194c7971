//! A changing cluster of scripted nodes, in virtual time: roles, members, names, eviction, freezes.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests fail by panicking")]

mod support;

use std::time::Duration;

use dax_client::{Client, ReadRouting, Refresh};
use dax_protocol::Method;
use support::{Act, Down, World, address, put, read};
use tokio::time::Instant;

#[tokio::test(start_paused = true)]
async fn reads_go_to_all_nodes_and_writes_to_the_leader() {
    let world = World::new(3);
    let client = world.client().await;
    for number in 0..60 {
        read(&client, "k").await.unwrap();
        client.put_item(put(&format!("k{number}"))).await.unwrap();
    }
    let reads = world.requests(Method::GetItem);
    assert!(reads.len() == 3 && reads.values().all(|&count| count >= 10), "{reads:?}");
    let writes = world.requests(Method::PutItem);
    assert_eq!(writes.into_iter().collect::<Vec<_>>(), [(address(1), 60)]);
}

#[tokio::test(start_paused = true)]
async fn reads_prefer_a_zone_and_leave_it_when_it_fails() {
    let world = World::new(3);
    let routing = ReadRouting::PreferZone("zone-b".to_owned());
    let client = Client::connect(world.config().read_routing(routing)).await.unwrap();
    for _ in 0..20 {
        read(&client, "k").await.unwrap();
    }
    assert_eq!(world.requests(Method::GetItem).into_keys().collect::<Vec<_>>(), [address(2)]);
    world.set_down(2, Down::Refuses);
    world.close_idle(2);
    support::settle().await;
    for _ in 0..20 {
        read(&client, "k").await.unwrap();
    }
    assert!(world.requests(Method::GetItem).len() > 1);
}

#[tokio::test(start_paused = true)]
async fn writes_follow_the_leader() {
    let world = World::new(3);
    let client = world.client().await;
    client.put_item(put("before")).await.unwrap();
    {
        let mut state = world.state();
        state.roster[0].leader = false;
        state.roster[2].leader = true;
    }
    tokio::time::sleep(Duration::from_secs(5)).await;
    client.put_item(put("after")).await.unwrap();
    let writes: Vec<_> = world.requests(Method::PutItem).into_iter().collect();
    assert_eq!(writes, [(address(1), 1), (address(3), 1)]);
}

#[tokio::test(start_paused = true)]
async fn writes_go_elsewhere_while_the_leader_cannot_be_reached() {
    let world = World::new(3);
    let client = world.client().await;
    world.set_down(1, Down::Refuses);
    world.close_idle(1);
    support::settle().await;
    client.put_item(put("k")).await.unwrap();
    assert_eq!(world.writes("k"), 1);
}

#[tokio::test(start_paused = true)]
async fn nodes_come_and_go() {
    let world = World::new(2);
    let client = world.client().await;
    world.become_cluster(&[1, 3]);
    tokio::time::sleep(Duration::from_secs(5)).await;
    let members: Vec<_> = client.stats().nodes.iter().map(|node| node.address).collect();
    assert_eq!(members, [address(1), address(3)]);
    support::settle().await;
    assert_eq!(world.state().nodes[&address(2)].open, 0, "connections to a node that left are closed");
    let before = world.requests(Method::GetItem).get(&address(2)).copied();
    for _ in 0..20 {
        read(&client, "k").await.unwrap();
    }
    let reads = world.requests(Method::GetItem);
    assert_eq!(reads.get(&address(2)).copied(), before);
    assert!(reads.contains_key(&address(3)));
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_moved_is_found_again_by_name() {
    for refresh in [Refresh::Background(Duration::from_secs(4)), Refresh::OnUse(Duration::from_secs(30))] {
        let world = World::new(2);
        let client = Client::connect(world.config().refresh(refresh)).await.unwrap();
        read(&client, "k").await.unwrap();
        world.become_cluster(&[7, 8]);
        for gone in [1, 2] {
            world.set_down(gone, Down::Silent);
            world.close_idle(gone);
        }
        tokio::time::sleep(Duration::from_secs(40)).await;
        read(&client, "k").await.unwrap_or_else(|error| panic!("{refresh:?}: {error}"));
        client.put_item(put("k")).await.unwrap();
        assert!(client.stats().nodes.iter().all(|node| [address(7), address(8)].contains(&node.address)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_dead_node_is_evicted_probed_and_taken_back() {
    let world = World::new(3);
    let client = world.client().await;
    world.set_down(2, Down::Refuses);
    world.close_idle(2);
    support::settle().await;
    for number in 0..60 {
        read(&client, &format!("k{number}")).await.unwrap();
    }
    let routed = |client: &Client| client.stats().nodes.iter().find(|node| node.address == address(2)).unwrap().routed;
    assert!(!routed(&client));
    world.set_down(2, Down::Up);
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert!(routed(&client), "a probe found it alive");
    let reads = |world: &World| world.requests(Method::GetItem).get(&address(2)).copied().unwrap_or(0);
    let before = reads(&world);
    for number in 0..30 {
        read(&client, &format!("k{number}")).await.unwrap();
    }
    assert!(reads(&world) > before);
}

#[tokio::test(start_paused = true)]
async fn with_every_node_down_calls_still_try_and_succeed_as_soon_as_one_is_back() {
    let world = World::new(2);
    let client = world.client().await;
    for node in [1, 2] {
        world.set_down(node, Down::Refuses);
        world.close_idle(node);
    }
    support::settle().await;
    for _ in 0..20 {
        assert!(read(&client, "k").await.unwrap_err().is_io());
    }
    assert!(client.stats().nodes.iter().all(|node| !node.routed));
    world.set_down(1, Down::Up);
    world.set_down(2, Down::Up);
    read(&client, "k").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_frozen_client_wakes_up_without_an_error() {
    // As a Lambda environment that was frozen: connections were closed meanwhile, hours passed, no task ran.
    for nodes in [1, 3] {
        let world = World::new(nodes);
        let client = Client::connect(world.config().refresh(Refresh::OnUse(Duration::from_secs(30)))).await.unwrap();
        client.put_item(put("k")).await.unwrap();
        for node in 1..=nodes {
            world.close_idle(node);
        }
        tokio::time::sleep(Duration::from_secs(7200)).await;
        client.put_item(put("k")).await.unwrap();
        read(&client, "k").await.unwrap();
        assert_eq!(world.writes("k"), 2);
        assert!(client.stats().nodes.iter().all(|node| node.service_errors == 0));
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_background_task_only_calls_reach_the_cluster() {
    let world = World::new(3);
    let client = Client::connect(world.config().refresh(Refresh::OnUse(Duration::from_secs(30)))).await.unwrap();
    let after_start = world.state().log.len();
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(world.state().log.len(), after_start);
    read(&client, "k").await.unwrap();
    let rosters: usize = world.requests(Method::Endpoints).values().sum();
    assert_eq!(rosters, 2, "the call that found the roster too old fetched a new one");
}

#[tokio::test(start_paused = true)]
async fn a_small_client_keeps_to_one_node_and_knows_its_table_before_the_first_call() {
    let mut homes = std::collections::BTreeSet::new();
    for seed in 0..20 {
        let world = World::new(3);
        let config = world
            .config()
            .seed(seed)
            .refresh(Refresh::OnUse(Duration::from_secs(30)))
            .read_routing(ReadRouting::StayConnected);
        let client = Client::connect(config).await.unwrap();
        client.warm_up(support::TABLE).await.unwrap();
        let lookups = |world: &World| world.requests(Method::DefineKeySchema).values().sum::<usize>();
        assert_eq!(lookups(&world), 1);
        for _ in 0..10 {
            read(&client, "k").await.unwrap();
        }
        assert_eq!(lookups(&world), 1);
        let (home, reads) = world.requests(Method::GetItem).into_iter().next().unwrap();
        assert_eq!(reads, 10);
        homes.insert(home);

        world.state().nodes.get_mut(&home).unwrap().down = Down::Refuses;
        world.close_idle((1..=3).find(|&last| address(last) == home).unwrap());
        support::settle().await;
        read(&client, "k").await.unwrap();
    }
    assert_eq!(homes.len(), 3, "different clients keep to different nodes");
}

#[tokio::test(start_paused = true)]
async fn spare_connections_are_opened_ahead_and_old_ones_closed() {
    let world = World::new(2);
    let config = world.config().min_idle_per_node(3).idle_timeout(Duration::from_secs(10));
    let client = Client::connect(config).await.unwrap();
    support::settle().await;
    let idle = |client: &Client| client.stats().nodes.iter().map(|node| node.idle_connections).collect::<Vec<_>>();
    assert_eq!(idle(&client), [3, 3]);

    world.script(
        |exchange| {
            if exchange.method == Method::GetItem { Act::Slow(Duration::from_millis(50)) } else { Act::Answer }
        },
    );
    let calls: Vec<_> = (0..40)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { read(&client, "k").await })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert!(idle(&client).iter().all(|&count| count > 3));
    tokio::time::sleep(Duration::from_secs(20)).await;
    assert_eq!(idle(&client), [3, 3]);
}

#[tokio::test(start_paused = true)]
async fn the_last_clone_ends_the_background_task_and_closes_the_connections() {
    let world = World::new(2);
    let client = world.client().await;
    let clone = client.clone();
    read(&client, "k").await.unwrap();
    drop(client);
    read(&clone, "k").await.unwrap();
    drop(clone);
    support::settle().await;
    let quiet = world.state().log.len();
    assert!(world.state().nodes.values().all(|node| node.open == 0));
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(world.state().log.len(), quiet);
}

#[tokio::test(start_paused = true)]
async fn rosters_are_fetched_about_every_four_seconds_with_jitter() {
    let world = World::new(1);
    let client = world.client().await;
    let start = Instant::now();
    tokio::time::sleep(Duration::from_secs(400)).await;
    let refreshes = client.stats().refreshes;
    assert!((90..=112).contains(&refreshes), "{refreshes} in {:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn announced_addresses_can_be_mapped() {
    let world = World::new(2);
    // The cluster announces addresses that only a tunnel reaches: 10.0.0.x is entered at 10.0.0.(x + 100).
    world.become_cluster(&[1, 2]);
    for last in [101, 102] {
        world.set_down(last, Down::Up);
    }
    for last in [1, 2] {
        world.set_down(last, Down::Silent);
    }
    let through = |address: std::net::SocketAddr| {
        let std::net::IpAddr::V4(ip) = address.ip() else {
            return address;
        };
        let [a, b, c, d] = ip.octets();
        std::net::SocketAddr::from(([a, b, c, d + 100], address.port()))
    };
    // The endpoint is the tunnel's, or the cluster's own.
    for dns in [address(101), address(1)] {
        world.state().dns = vec![dns];
        let client = Client::connect(world.config().address_map(through)).await.unwrap();
        for _ in 0..10 {
            read(&client, "k").await.unwrap();
        }
        assert_eq!(client.stats().nodes[0].address, address(1));
    }
}
