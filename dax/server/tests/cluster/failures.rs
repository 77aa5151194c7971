//! Nodes that go away, and faults on demand.

use std::time::Duration;

use dax_protocol::Method;
use dax_server::{FaultAction, FaultRule};
use tokio::{io::AsyncWriteExt as _, time::timeout};

use crate::{
    desk::{Desk, eventually},
    peer::{Peer, Refusal},
};

fn port(desk: &Desk, node: usize) -> u16 {
    desk.cluster.endpoints()[node].rsplit(':').next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_stopped_leader_is_replaced_and_comes_back_cold() {
    let desk = Desk::new(|config| config.nodes = 3).await;
    let ports: Vec<u16> = (0..3).map(|node| port(&desk, node)).collect();
    let mut first = desk.peer(0).await;
    let mut second = desk.peer(1).await;
    first.put("a", "1").await.unwrap();
    let all = vec![(ports[0], true), (ports[1], false), (ports[2], false)];
    assert_eq!(second.endpoints().await, Ok(all));

    desk.cluster.stop_node(0).await.unwrap();
    assert!(matches!(first.get("a").await, Err(Refusal::Closed | Refusal::Reset)));
    assert!(tokio::net::TcpStream::connect(("127.0.0.1", ports[0])).await.is_err());
    assert_eq!(second.endpoints().await, Ok(vec![(ports[1], true), (ports[2], false)]));
    second.put("a", "2").await.unwrap();

    desk.cluster.start_node(0).await.unwrap();
    let back = vec![(ports[0], false), (ports[1], true), (ports[2], false)];
    assert_eq!(second.endpoints().await, Ok(back));
    assert_eq!(desk.peer(0).await.get("a").await, Ok(Some("2".into())));
    assert_eq!(desk.counters(0).item_misses, 1, "its cache was empty");

    desk.cluster.move_leader(2).unwrap();
    assert_eq!(desk.cluster.leader(), 2);
    desk.cluster.stop_node(1).await.unwrap();
    assert!(desk.cluster.move_leader(1).is_err(), "it does not run");
}

#[tokio::test]
async fn a_frozen_node_holds_everything_until_it_thaws() {
    let desk = Desk::new(|config| config.nodes = 2).await;
    let mut leader = desk.peer(0).await;
    let mut frozen = desk.peer(1).await;
    assert_eq!(frozen.get("a").await, Ok(None));
    desk.cluster.freeze_node(1, true).unwrap();
    leader.put("a", "1").await.unwrap();
    assert_eq!(leader.get("a").await, Ok(Some("1".into())));
    let silent = timeout(Duration::from_millis(200), frozen.get("a")).await;
    assert!(silent.is_err(), "{silent:?}");
    desk.cluster.freeze_node(1, false).unwrap();
    // The answer to the question from before, by a node that caught up.
    let answer = frozen.answer(1, |reader| reader.skip()).await;
    assert_eq!(answer, Ok(()));
    assert_eq!(frozen.get("a").await, Ok(Some("1".into())));
}

#[tokio::test]
async fn a_dropped_cluster_frees_its_ports() {
    let desk = Desk::new(|_| {}).await;
    let port = port(&desk, 0);
    let mut peer = desk.peer(0).await;
    peer.put("a", "1").await.unwrap();
    drop(desk);
    eventually(true, async || tokio::net::TcpListener::bind(("127.0.0.1", port)).await.is_ok()).await;
}

#[tokio::test]
async fn faults_happen_as_ruled() {
    let desk = Desk::new(|config| config.nodes = 2).await;
    let rule = |operation, action| FaultRule { operation: Some(operation), times: Some(1), ..FaultRule::new(action) };
    let mut peer = desk.peer(0).await;
    peer.put("a", "1").await.unwrap();

    desk.cluster.add_fault(FaultRule::error("ThrottlingException").on(Method::PutItem).times(1)).unwrap();
    assert_eq!(peer.put("a", "2").await, Err(Refusal::Codes(vec![4, 37, 38, 39, 50])));
    assert_eq!(peer.get("a").await, Ok(Some("1".into())), "it was not carried out");
    peer.put("a", "2").await.unwrap();

    desk.cluster.add_fault(rule(Method::GetItem, FaultAction::StaleRead)).unwrap();
    assert_eq!(peer.get("a").await, Ok(Some("1".into())));
    assert_eq!(peer.get("a").await, Ok(Some("2".into())));

    desk.cluster.add_fault(rule(Method::BatchGetItem, FaultAction::Unprocessed { count: 2 })).unwrap();
    assert_eq!(peer.batch_get(&["a", "b", "c"]).await, Ok((1, 2)));
    desk.cluster.add_fault(rule(Method::BatchWriteItem, FaultAction::Unprocessed { count: 1 })).unwrap();
    assert_eq!(peer.batch_put(&[("x", "1"), ("y", "1")]).await, Ok(1));
    assert_eq!((desk.get_behind("x").await, desk.get_behind("y").await), (Some("1".into()), None));
    desk.cluster.add_fault(rule(Method::BatchWriteItem, FaultAction::Unprocessed { count: 9 })).unwrap();
    assert_eq!(peer.batch_put(&[("y", "1")]).await, Ok(1));

    desk.cluster.add_fault(rule(Method::GetItem, FaultAction::Delay { milliseconds: 150 })).unwrap();
    let started = tokio::time::Instant::now();
    peer.get("a").await.unwrap();
    assert!(started.elapsed() >= Duration::from_millis(150));

    desk.cluster.add_fault(rule(Method::PutItem, FaultAction::Close)).unwrap();
    assert_eq!(peer.put("a", "3").await, Err(Refusal::Closed));
    assert_eq!(desk.get_behind("a").await, Some("2".into()), "it was not carried out");

    let mut peer = desk.peer(0).await;
    desk.cluster.add_fault(rule(Method::PutItem, FaultAction::Reset)).unwrap();
    assert_eq!(peer.put("a", "4").await, Err(Refusal::Reset));
    assert_eq!(desk.get_behind("a").await, Some("4".into()), "it was carried out");

    assert!(desk.cluster.faults().is_empty(), "each was for one time");
    assert_eq!(desk.counters(0).faults, 8);
    let elsewhere = FaultRule { node: Some(7), ..FaultRule::new(FaultAction::Close) };
    assert!(desk.cluster.add_fault(elsewhere).is_err());
}

#[tokio::test]
async fn without_a_valid_signature_nothing_is_answered() {
    let desk = Desk::new(|config| config.secret_access_key = Some("secret".into())).await;
    let mut peer = desk.peer(0).await;
    let refused = Err(Refusal::Codes(vec![4, 23, 31, 33]));
    assert_eq!(peer.endpoints().await, refused);
    peer.send(Method::AuthorizeConnection, |writer| {
        writer.text("key id");
        writer.text(&"0".repeat(64));
        writer.bytes(b"nonsense");
        writer.null();
        writer.null();
    })
    .await;
    // Not answered itself; the next request tells, and the connection lives on.
    assert_eq!(peer.endpoints().await, refused);
    assert_eq!(peer.endpoints().await, refused);
}

#[tokio::test]
async fn nonsense_is_refused_and_the_node_lives_on() {
    let desk = Desk::new(|config| config.max_connections = 2).await;
    let garbage = async |bytes: &[u8]| {
        let mut peer = desk.peer(0).await;
        peer.stream.write_all(bytes).await.unwrap();
        let answer = peer.answer(1, |reader| reader.skip()).await;
        (answer, peer.answer(1, |reader| reader.skip()).await)
    };
    let validation = || Err(Refusal::Codes(vec![4, 37, 38, 39, 46]));
    let unknown = Err(Refusal::Codes(vec![4, 37, 38, 44]));
    assert_eq!(garbage(&[0x01, 0x1c]).await, (validation(), Err(Refusal::Closed)), "no CBOR");
    assert_eq!(garbage(&[0x01, 0x05]).await, (unknown, Err(Refusal::Closed)), "no such method");

    let mut first = desk.peer(0).await;
    let mut second = desk.peer(0).await;
    assert_eq!((first.get("a").await, second.get("a").await), (Ok(None), Ok(None)));
    let mut third = desk.peer(0).await;
    assert!(matches!(third.get("a").await, Err(Refusal::Closed | Refusal::Reset)), "one too many");
    drop(first);
    eventually(Ok(None), async || desk.peer(0).await.get("a").await).await;

    // A well-formed request that makes no sense leaves the connection usable.
    second.send(Method::DefineAttributeList, |writer| writer.uint(99)).await;
    assert_eq!(second.answer(1, |reader| reader.skip()).await, validation());
    assert_eq!(second.get("a").await, Ok(None));
}

#[tokio::test]
async fn health_checks_are_fine() {
    let desk = Desk::new(|_| {}).await;
    for _ in 0..20 {
        // Handshake and nothing more.
        drop(Peer::connect(&desk.cluster.endpoints()[0]).await);
    }
    assert_eq!(desk.peer(0).await.get("a").await, Ok(None));
    assert_eq!(desk.counters(0).errors, 0);
}
