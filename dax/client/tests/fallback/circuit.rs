//! When calls go where.

use super::*;

/// `GetItem` requests that reached the nodes.
fn reads(world: &World) -> usize {
    world.requests(Method::GetItem).values().sum()
}

#[tokio::test(start_paused = true)]
async fn callers_at_the_moment_of_failure_wait_once_and_later_ones_not_at_all() {
    let (world, table) = (World::new(3), Table::default());
    let client = client(&world, REFRESHES[0], table.client()).await;
    begin(Outage::BlackHole, &world);
    let (took, outcome) = read_at_once(&client, 500).await;
    assert_eq!(outcome.unwrap(), 500);
    assert!(took <= TOTAL / 2 + GRACE, "{took:?}");
    assert_eq!((stats(&client).circuit, stats(&client).opened), (Circuit::Open, 1));
    assert!(stats(&client).cause.unwrap().contains("10.0.0."), "{:?}", stats(&client));
    // For a quarter of an hour, nobody waits for the cluster.
    for _ in 0..900 {
        let (took, outcome) = read_at_once(&client, 2).await;
        assert_eq!((took, outcome.unwrap()), (Duration::ZERO, 2));
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(stats(&client).opened, 1);
}

#[tokio::test(start_paused = true)]
async fn one_slow_query_among_calls_that_succeed_opens_nothing() {
    let (world, table) = (World::new(1), Table::default());
    let client = client(&world, REFRESHES[0], table.client()).await;
    world.script(|exchange| if exchange.method == Method::Scan { Act::Hang } else { Act::Answer });
    for _ in 0..10 {
        let scan = ScanInput::builder().table_name(TABLE).build().unwrap();
        client.scan(scan).await.unwrap();
        assert!(!read(&client).await.unwrap());
    }
    assert_eq!(table.operations(), ["Scan"; 10]);
    assert_eq!(stats(&client).opened, 0);
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_comes_back_is_tried_by_one_call_and_then_used_by_all() {
    for refresh in REFRESHES {
        for outage in OUTAGES {
            let (world, table) = (World::new(3), Table::default());
            let client = client(&world, refresh, table.client()).await;
            let dns = world.state().dns.clone();
            begin(outage, &world);
            while stats(&client).circuit == Circuit::Closed {
                assert!(read(&client).await.unwrap());
            }
            end(&world, &dns);
            world.script(|exchange| match exchange.method {
                Method::GetItem => Act::Slow(Duration::from_millis(50)),
                _ => Act::Answer,
            });
            let before = reads(&world);
            let start = Instant::now();
            while reads(&world) == before {
                assert_eq!(read_at_once(&client, 5).await.1.unwrap() / 4, 1, "one of five at most");
                tokio::time::sleep(Duration::from_millis(25)).await;
            }
            assert_eq!(reads(&world), before + 1, "{outage:?}, {refresh:?}");
            assert!(start.elapsed() < Duration::from_secs(1), "{outage:?}, {refresh:?}: {:?}", start.elapsed());
            assert_eq!(stats(&client).circuit, Circuit::Closed);
            assert_eq!(read_at_once(&client, 20).await.1.unwrap(), 0);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn nodes_that_answer_control_requests_only_are_tried_by_one_call_at_a_time() {
    let (world, table) = (World::new(1), Table::default());
    let client = client(&world, REFRESHES[0], Fallback::new(table.client()).open_after(1)).await;
    assert!(!read(&client).await.unwrap());
    begin(Outage::NoData, &world);
    let start = Instant::now();
    let (mut waited, mut calls) = (0, 0);
    while start.elapsed() < Duration::from_secs(60) {
        calls += 1;
        let before = Instant::now();
        assert!(read(&client).await.unwrap());
        waited += u32::from(!before.elapsed().is_zero());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(calls > 2000 && (5..=14).contains(&waited), "{waited} of {calls}");
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_trial_leaves_its_place_to_the_next_call() {
    let (world, table) = (World::new(1), Table::default());
    let client = client(&world, REFRESHES[0], Fallback::new(table.client()).open_after(1)).await;
    begin(Outage::NoData, &world);
    assert!(read(&client).await.unwrap());
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(read(&client).await.unwrap());
    support::settle().await;
    let cancelled = tokio::time::timeout(Duration::from_millis(10), read(&client)).await;
    assert!(cancelled.is_err(), "it was the trial");
    end(&world, &[support::address(1)]);
    assert!(!read(&client).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_full_line_goes_to_the_table_and_opens_nothing() {
    let (world, table) = (World::new(1), Table::default());
    let config = config(&world, REFRESHES[0]).max_connections_per_node(1).max_waiting_per_node(1);
    let fallback = Fallback::new(table.client()).open_after(1);
    let client = Client::connect(config.fallback(fallback).retry(RetryPolicy::never())).await.unwrap();
    world.script(|exchange| match exchange.method {
        Method::GetItem => Act::Slow(Duration::from_millis(50)),
        _ => Act::Answer,
    });
    let (_, from_table) = read_at_once(&client, 20).await;
    assert_eq!(from_table.unwrap(), 18);
    assert_eq!(stats(&client).opened, 0);
}

#[tokio::test(start_paused = true)]
async fn while_the_circuit_is_open_a_table_that_fails_is_no_reason_to_fail() {
    let (world, table) = (World::new(1), Table::default());
    let client = client(&world, REFRESHES[0], Fallback::new(table.client()).open_after(1)).await;
    begin(Outage::Refused, &world);
    assert!(read(&client).await.unwrap());
    end(&world, &[support::address(1)]);
    table.set(Mode::Down);
    assert!(!read(&client).await.unwrap());
    assert_eq!(stats(&client).circuit, Circuit::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_throttles_reads_is_relieved_of_them() {
    let (world, table) = (World::new(2), Table::default());
    let client = client(&world, REFRESHES[0], Fallback::new(table.client()).open_after(3)).await;
    world.script(|exchange| match exchange.method {
        Method::GetItem => Act::Say(wire::error(&[4, 37, 38, 39, 50], "slow down")),
        _ => Act::Answer,
    });
    for asked in 1..=3 {
        assert_eq!(stats(&client).circuit, Circuit::Closed);
        read(&client).await.unwrap();
        assert_eq!(table.operations().len(), asked);
    }
    assert_eq!(stats(&client).circuit, Circuit::Open);
}
