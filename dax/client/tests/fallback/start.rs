//! Start-up while the cluster cannot be reached.

use std::error::Error as _;

use super::*;

#[tokio::test(start_paused = true)]
async fn a_client_starts_without_the_cluster_and_finds_it_later() {
    for refresh in REFRESHES {
        for outage in OUTAGES {
            let (world, table) = (World::new(3), Table::default());
            let dns = world.state().dns.clone();
            begin(outage, &world);
            if matches!(outage, Outage::NoData) {
                continue;
            }
            let start = Instant::now();
            let client = client(&world, refresh, table.client()).await;
            assert!(start.elapsed() <= TOTAL / 2 + GRACE, "{outage:?}: {:?}", start.elapsed());
            assert_eq!((stats(&client).circuit, stats(&client).opened), (Circuit::Open, 1));
            assert!(stats(&client).cause.is_some_and(|cause| !cause.is_empty()));
            for _ in 0..5 {
                let (took, outcome) = read_at_once(&client, 50).await;
                assert_eq!((took, outcome.unwrap()), (Duration::ZERO, 50), "{outage:?}, {refresh:?}");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            end(&world, &dns);
            let start = Instant::now();
            while read(&client).await.unwrap() {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            assert!(start.elapsed() < Duration::from_secs(9), "{outage:?}, {refresh:?}: {:?}", start.elapsed());
            client.warm_up(TABLE).await.unwrap();
            assert_eq!(client.stats().nodes.len(), 3);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_needs_the_cluster_says_why_it_is_not_there() {
    let (world, table) = (World::new(1), Table::default());
    begin(Outage::Refused, &world);
    let client = client(&world, REFRESHES[0], table.client()).await;
    let warmed = client.warm_up(TABLE).await.unwrap_err();
    let put = client.put_item(support::put("k")).await.unwrap_err();
    for error in [warmed, put] {
        let Error::NoRoute { source: Some(source), .. } = &error else { panic!("{error:?}") };
        assert!(matches!(**source, Error::Connect { .. }), "{error:?}");
        assert_eq!(error.source().unwrap().to_string(), "cannot connect to 10.0.0.1:8111");
    }
}

#[tokio::test(start_paused = true)]
async fn what_no_fallback_mends_still_fails_at_the_start() {
    let (world, table) = (World::new(1), Table::default());
    for wrong in [
        Config::new("dax://127.0.0.1").unwrap().region("us-east-1"),
        config(&world, REFRESHES[0]).fallback(Fallback::new(table.client()).cluster_timeout(TOTAL)),
    ] {
        let fallback = wrong.clone();
        let error = Client::connect(fallback).await.unwrap_err();
        assert!(matches!(error, Error::Config { .. }), "{error:?}");
    }
    world.script(|_| Act::Say(wire::error(&[4, 23, 31, 32], "who are you?")));
    let refused = Client::connect(config(&world, REFRESHES[0]).fallback(table.client())).await.unwrap_err();
    assert!(refused.server().is_some(), "{refused:?}");
}
