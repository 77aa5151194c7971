//! DynamoDB in place of a cluster that cannot answer, in virtual time.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests fail by panicking")]
#![cfg(feature = "sdk")]

mod circuit;
mod start;
#[path = "../support/mod.rs"]
mod support;
mod table;
mod writes;

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::operation::RequestId;
use aws_sdk_dynamodb::operation::batch_get_item::BatchGetItemInput;
use aws_sdk_dynamodb::operation::get_item::GetItemInput;
use aws_sdk_dynamodb::operation::query::QueryInput;
use aws_sdk_dynamodb::operation::scan::ScanInput;
use aws_sdk_dynamodb::operation::transact_get_items::TransactGetItemsInput;
use aws_sdk_dynamodb::types::{AttributeValue, Get, KeysAndAttributes, TransactGetItem};
use dax_client::{CallOptions, Circuit, Client, Config, Error, Fallback, FallbackStats, Refresh, RetryPolicy};
use dax_protocol::Method;
use serde_json::json;
use support::{Act, Down, TABLE, World, get, wire};
use table::{Mode, Table};
use tokio::time::Instant;

const TOTAL: Duration = Duration::from_millis(600);
/// What a timer may be late.
const GRACE: Duration = Duration::from_millis(10);
const REFRESHES: [Refresh; 2] = [Refresh::OnUse(Duration::from_secs(2)), Refresh::Background(Duration::from_secs(4))];

/// How a cluster fails.
#[derive(Clone, Copy, Debug)]
enum Outage {
    Refused,
    BlackHole,
    Deaf,
    Frozen,
    Dripping,
    /// It answers control requests only.
    NoData,
    /// Names do not resolve, and nodes have gone.
    NoName,
    Recovering,
    Broken,
}

const OUTAGES: [Outage; 9] = [
    Outage::Refused,
    Outage::BlackHole,
    Outage::Deaf,
    Outage::Frozen,
    Outage::Dripping,
    Outage::NoData,
    Outage::NoName,
    Outage::Recovering,
    Outage::Broken,
];

fn begin(outage: Outage, world: &World) {
    let nodes: Vec<_> = world.state().nodes.keys().copied().collect();
    let down = |down| nodes.iter().for_each(|node| world.state().nodes.get_mut(node).unwrap().down = down);
    match outage {
        Outage::Refused => down(Down::Refuses),
        Outage::BlackHole => down(Down::Silent),
        Outage::Deaf => down(Down::Deaf),
        Outage::Frozen => world.script(|_| Act::Hang),
        Outage::Dripping => world.script(|_| Act::Drip(Duration::from_millis(20))),
        Outage::NoData => world.script(|exchange| match exchange.method {
            Method::Endpoints => Act::Answer,
            _ => Act::Hang,
        }),
        Outage::NoName => {
            world.state().dns.clear();
            down(Down::Refuses);
        }
        Outage::Recovering => world.script(|_| Act::Say(wire::error(&[2, 23], "not now"))),
        Outage::Broken => world.script(|_| Act::Say(wire::error(&[4, 37, 54], "internal failure"))),
    }
    for last in 1..=u8::try_from(nodes.len()).unwrap() {
        world.close_idle(last);
    }
}

fn end(world: &World, dns: &[std::net::SocketAddr]) {
    world.script(|_| Act::Answer);
    let mut state = world.state();
    state.dns = dns.to_vec();
    state.nodes.values_mut().for_each(|node| node.down = Down::Up);
}

fn config(world: &World, refresh: Refresh) -> Config {
    world
        .config()
        .connect_timeout(Duration::from_millis(200))
        .lookup_timeout(Duration::from_millis(100))
        .request_timeout(Duration::from_millis(200))
        .total_timeout(TOTAL)
        .refresh(refresh)
}

async fn client(world: &World, refresh: Refresh, fallback: impl Into<Fallback>) -> Client {
    Client::connect(config(world, refresh).fallback(fallback)).await.unwrap()
}

fn stats(client: &Client) -> FallbackStats {
    client.stats().fallback.unwrap()
}

/// Reads; returns whether the table answered.
async fn read(client: &Client) -> Result<bool, Error> {
    let output = client.get_item(get("k")).await?;
    let from_table = output.item.as_ref().unwrap()["echo"] == AttributeValue::S("table".to_owned());
    assert_eq!(output.request_id().is_some(), from_table, "a request id tells who answered");
    Ok(from_table)
}

/// Makes as many reads at once. Returns the longest time, and how many the table answered.
async fn read_at_once(client: &Client, callers: usize) -> (Duration, Result<usize, Error>) {
    let calls: Vec<_> = (0..callers)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move {
                let start = Instant::now();
                let outcome = read(&client).await;
                (start.elapsed(), outcome)
            })
        })
        .collect();
    let (mut longest, mut from_table) = (Duration::ZERO, Ok(0));
    for call in calls {
        let (took, outcome) = call.await.unwrap();
        longest = longest.max(took);
        from_table = match (from_table, outcome) {
            (Ok(count), Ok(yes)) => Ok(count + usize::from(yes)),
            (_, Err(error)) | (Err(error), _) => Err(error),
        };
    }
    (longest, from_table)
}

#[tokio::test(start_paused = true)]
async fn every_read_is_answered_in_time_however_the_cluster_fails() {
    for outage in OUTAGES {
        for refresh in REFRESHES {
            for (nodes, callers, rounds) in [(1, 1, 6), (3, 1, 6), (3, 50, 2), (11, 1, 3)] {
                let (world, table) = (World::new(nodes), Table::default());
                let client = client(&world, refresh, table.client()).await;
                tokio::time::sleep(Duration::from_secs(3)).await;
                begin(outage, &world);
                support::settle().await;
                table.set(Mode::Slow(Duration::from_millis(250)));
                for round in 0..rounds {
                    let (took, outcome) = read_at_once(&client, callers).await;
                    let case = format!("{outage:?}, {refresh:?}, {nodes} nodes, {callers} callers, round {round}");
                    assert!(took <= TOTAL, "{case}: {took:?}");
                    assert_eq!(outcome.unwrap_or_else(|error| panic!("{case}: {error:?}")), callers, "{case}");
                }
                assert_ne!(stats(&client).circuit, Circuit::Closed, "{outage:?}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_longer_than_the_total_though_the_table_hangs_too() {
    for outage in OUTAGES {
        for mode in [Mode::Hangs, Mode::Down] {
            let (world, table) = (World::new(3), Table::default());
            let client = client(&world, REFRESHES[0], table.client()).await;
            begin(outage, &world);
            table.set(mode.clone());
            support::settle().await;
            for _ in 0..3 {
                let (took, outcome) = read_at_once(&client, 50).await;
                assert!(took <= TOTAL + GRACE, "{outage:?}, {mode:?}: {took:?}");
                let error = outcome.unwrap_err();
                assert!(matches!(error, Error::Fallback { .. }) && error.is_io(), "{outage:?}, {mode:?}: {error:?}");
                assert!(!error.outcome_unknown());
            }
            assert_eq!(stats(&client).calls, 150);
            assert_eq!(stats(&client).failures, 150);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_shorter_call_gives_the_same_shares() {
    let (world, table) = (World::new(1), Table::default());
    let fallback = Fallback::new(table.client()).cluster_timeout(TOTAL / 3).open_after(100);
    let client = client(&world, REFRESHES[0], fallback).await;
    begin(Outage::Frozen, &world);
    for total in [TOTAL, Duration::from_millis(60)] {
        let hasty = client.with(CallOptions::new().total_timeout(total));
        let start = Instant::now();
        assert!(read(&hasty).await.unwrap());
        let took = start.elapsed();
        assert!((total / 3..=total / 3 + GRACE).contains(&took), "{total:?}: {took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn all_reads_go_to_the_table_with_all_they_say() {
    let (world, table) = (World::new(1), Table::default());
    let client = client(&world, REFRESHES[0], table.client()).await;
    begin(Outage::Refused, &world);
    let key = || HashMap::from([("pk".to_owned(), AttributeValue::S("k".to_owned()))]);
    let input = GetItemInput::builder()
        .table_name(TABLE)
        .set_key(Some(key()))
        .consistent_read(true)
        .projection_expression("#v")
        .expression_attribute_names("#v", "v");
    client.get_item(input.build().unwrap()).await.unwrap();
    let keys = KeysAndAttributes::builder().keys(key()).consistent_read(true).build().unwrap();
    let input = BatchGetItemInput::builder().request_items(TABLE, keys).build().unwrap();
    client.batch_get_item(input).await.unwrap();
    let input = QueryInput::builder()
        .table_name(TABLE)
        .key_condition_expression("pk = :k")
        .expression_attribute_values(":k", AttributeValue::S("k".to_owned()))
        .scan_index_forward(false)
        .limit(3)
        .consistent_read(true);
    client.query(input.build().unwrap()).await.unwrap();
    let input = ScanInput::builder().table_name(TABLE).consistent_read(true).segment(1).total_segments(2);
    client.scan(input.build().unwrap()).await.unwrap();
    let item = Get::builder().table_name(TABLE).set_key(Some(key())).build().unwrap();
    let input = TransactGetItemsInput::builder().transact_items(TransactGetItem::builder().get(item).build());
    client.transact_get_items(input.build().unwrap()).await.unwrap();

    let key = json!({ "pk": { "S": "k" } });
    let expected = [
        (
            "GetItem",
            json!({
                "TableName": TABLE, "Key": key, "ConsistentRead": true, "ProjectionExpression": "#v",
                "ExpressionAttributeNames": { "#v": "v" },
            }),
        ),
        ("BatchGetItem", json!({ "RequestItems": { TABLE: { "Keys": [key], "ConsistentRead": true } } })),
        (
            "Query",
            json!({
                "TableName": TABLE, "KeyConditionExpression": "pk = :k", "ScanIndexForward": false, "Limit": 3,
                "ExpressionAttributeValues": { ":k": { "S": "k" } }, "ConsistentRead": true,
            }),
        ),
        ("Scan", json!({ "TableName": TABLE, "ConsistentRead": true, "Segment": 1, "TotalSegments": 2 })),
        ("TransactGetItems", json!({ "TransactItems": [{ "Get": { "TableName": TABLE, "Key": key } }] })),
    ];
    let seen = table.state().seen.clone();
    assert_eq!(seen.len(), expected.len());
    for ((operation, input), (name, expected)) in seen.iter().zip(&expected) {
        assert_eq!((operation.as_str(), input), (*name, expected));
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_of_the_cluster_is_the_outcome() {
    for (codes, message) in [
        (&[4, 37, 38, 39, 46][..], "ValidationException"),
        (&[4, 37, 38, 39, 41], "ResourceNotFoundException"),
        (&[4, 37, 38, 42], "AccessDeniedException"),
        (&[4, 37, 38, 39, 40], "ProvisionedThroughputExceededException"),
        (&[4, 37, 38, 39, 58], "TransactionCanceledException"),
    ] {
        let (world, table) = (World::new(2), Table::default());
        let client = client(&world, REFRESHES[0], Fallback::new(table.client()).open_after(1)).await;
        world.script(move |exchange| match exchange.method {
            Method::GetItem => Act::Say(wire::error(codes, message)),
            _ => Act::Answer,
        });
        let error = read(&client).await.unwrap_err();
        let server = error.server().unwrap();
        assert_eq!((server.code(), server.fallback), (message, false));
        assert_eq!(stats(&client).circuit, Circuit::Closed, "{message}");
        assert_eq!(table.operations(), Vec::<String>::new(), "{message}");
    }
    // What is refused before it is sent is refused in an outage as well, and says nothing about the cluster.
    let (world, table) = (World::new(1), Table::default());
    let client = client(&world, REFRESHES[0], Fallback::new(table.client()).open_after(1)).await;
    begin(Outage::Refused, &world);
    for _ in 0..2 {
        let wrong = GetItemInput::builder().table_name(TABLE).build().unwrap();
        assert!(client.get_item(wrong).await.unwrap_err().is_validation());
        assert_eq!(table.operations(), Vec::<String>::new());
    }
    assert_eq!(stats(&client).circuit, Circuit::Closed);
}

#[tokio::test(start_paused = true)]
async fn an_answer_of_the_table_is_the_outcome() {
    let (world, table) = (World::new(1), Table::default());
    let client = client(&world, REFRESHES[0], Fallback::new(table.client()).open_after(1)).await;
    begin(Outage::Refused, &world);
    for (status, code) in [
        (400, "ResourceNotFoundException"),
        (400, "ProvisionedThroughputExceededException"),
        (400, "UnrecognizedClientException"),
        (500, "InternalServerError"),
    ] {
        table.set(Mode::Refuses(status, code));
        let error = read(&client).await.unwrap_err();
        let server = error.server().unwrap_or_else(|| panic!("{error:?}"));
        assert_eq!((server.code(), server.fallback, server.http_status), (code, true, Some(status)));
        assert_eq!((server.message.as_str(), server.request_id.as_deref()), ("no", Some("R1")));
        assert!(error.to_string().contains("in place of the cluster"), "{error}");
        assert_eq!(error.is_not_found(), code == "ResourceNotFoundException");
    }
    assert_eq!(stats(&client).failures, 0);
}

#[tokio::test(start_paused = true)]
async fn drop_in_mode_falls_back_too_and_never_onto_itself() {
    let (world, table) = (World::new(1), Table::default());
    let client = client(&world, REFRESHES[0], table.client()).await;
    let dropped_in = client.to_sdk_client(&table.config());
    begin(Outage::Refused, &world);
    let key = AttributeValue::S("k".to_owned());
    let get = || dropped_in.get_item().table_name(TABLE).key("pk", key.clone()).consistent_read(true);
    assert_eq!(get().send().await.unwrap().item.unwrap()["echo"], AttributeValue::S("table".to_owned()));
    table.set(Mode::Refuses(400, "ResourceNotFoundException"));
    let error = get().send().await.unwrap_err().into_service_error();
    assert!(error.is_resource_not_found_exception(), "{error:?}");
    table.set(Mode::Down);
    let error = get().send().await.unwrap_err();
    assert!(matches!(error, aws_sdk_dynamodb::error::SdkError::DispatchFailure(_)), "{error:?}");

    let error = Client::connect(config(&world, REFRESHES[0]).fallback(dropped_in.clone())).await.unwrap_err();
    assert!(matches!(error, Error::Config { .. }) && error.to_string().contains("to_sdk_client"), "{error}");
    let lazy = Fallback::lazy(move || std::future::ready(dropped_in.clone()));
    let client = Client::connect(config(&world, REFRESHES[0]).fallback(lazy)).await.unwrap();
    let error = read(&client).await.unwrap_err();
    assert!(matches!(error, Error::Fallback { .. }), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_timeout_of_the_sdk_client_leaves_time_for_the_table() {
    let (world, table) = (World::new(1), Table::default());
    let client = client(&world, REFRESHES[0], Fallback::new(table.client()).open_after(100)).await;
    begin(Outage::Frozen, &world);
    let limit = Duration::from_millis(100);
    for timeouts in
        [TimeoutConfig::builder().operation_timeout(limit), TimeoutConfig::builder().operation_attempt_timeout(limit)]
    {
        let config = table.config().to_builder().timeout_config(timeouts.build()).build();
        let got =
            client.to_sdk_client(&config).get_item().table_name(TABLE).key("pk", AttributeValue::S("k".to_owned()));
        let start = Instant::now();
        got.send().await.unwrap();
        let took = start.elapsed();
        assert!((limit / 2..limit / 2 + GRACE).contains(&took), "{took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_lazy_client_is_made_once_when_it_is_needed() {
    let (world, table) = (World::new(1), Table::default());
    let made = table.clone();
    let fallback = Fallback::lazy(move || {
        let made = made.clone();
        async move {
            tokio::time::sleep(Duration::from_millis(100)).await;
            made.client()
        }
    });
    let client = client(&world, REFRESHES[0], fallback).await;
    assert!(!read(&client).await.unwrap());
    assert_eq!(table.state().clients, 0);
    begin(Outage::Refused, &world);
    assert_eq!(read_at_once(&client, 200).await.1.unwrap(), 200);
    assert_eq!(table.state().clients, 1);

    let hangs = Fallback::lazy(std::future::pending::<aws_sdk_dynamodb::Client>);
    let client = Client::connect(config(&world, REFRESHES[0]).fallback(hangs)).await.unwrap();
    let (took, outcome) = read_at_once(&client, 200).await;
    assert!(took <= TOTAL + GRACE, "{took:?}");
    outcome.unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn a_call_can_do_without() {
    let (world, table) = (World::new(1), Table::default());
    let client = client(&world, REFRESHES[0], Fallback::new(table.client()).open_after(1)).await;
    begin(Outage::Frozen, &world);
    assert!(read(&client).await.unwrap());
    let plain = client.with(CallOptions::new().fallback(false).retry(RetryPolicy::never()));
    let error = read(&plain).await.unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }), "{error:?}");
    assert_eq!(table.operations(), ["GetItem"]);
}
