//! Drop-in mode: a real SDK client whose data operations go to scripted nodes, everything else to a canned DynamoDB.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests fail by panicking")]
#![cfg(feature = "sdk")]

mod support;

use std::time::Duration;

use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, future};
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region};
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_http_client::test_util::infallible_client_fn;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use dax_client::{Client, Refresh};
use dax_protocol::Method;
use support::{Act, Down, TABLE, World, address, credentials, wire};

/// A DynamoDB that has one table and refuses everything else.
fn dynamodb() -> SharedHttpClient {
    infallible_client_fn(|request: http::Request<_>| {
        let listed = request.headers()["x-amz-target"] == "DynamoDB_20120810.ListTables";
        let (status, body) = if listed { (200, r#"{"TableNames":["from DynamoDB"]}"#) } else { (400, "{}") };
        http::Response::builder().status(status).body(body).unwrap()
    })
}

fn sdk_config() -> aws_sdk_dynamodb::config::Builder {
    aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(credentials("AK1"))
        .http_client(dynamodb())
}

async fn sdk_client(world: &World) -> aws_sdk_dynamodb::Client {
    let config = world.config().refresh(Refresh::OnUse(Duration::from_secs(3600)));
    Client::connect(config).await.unwrap().to_sdk_client(&sdk_config().build())
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

#[tokio::test]
async fn data_operations_go_to_dax_and_others_to_dynamodb() {
    let world = World::new(1);
    let client = sdk_client(&world).await;
    let item = client.get_item().table_name(TABLE).key("pk", text("k")).send().await.unwrap().item.unwrap();
    assert_eq!(item["echo"], text("k"));
    client.put_item().table_name(TABLE).item("pk", text("k")).item("v", text("1")).send().await.unwrap();
    assert_eq!(world.writes("k"), 1);
    assert_eq!(client.list_tables().send().await.unwrap().table_names(), ["from DynamoDB"]);
}

/// Credentials that cannot be had any more.
#[derive(Debug)]
struct Gone;

impl ProvideCredentials for Gone {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::ready(Err(CredentialsError::not_loaded("STS is down")))
    }
}

#[tokio::test]
async fn data_operations_need_no_credentials_and_no_region_of_the_sdk() {
    let bare =
        || aws_sdk_dynamodb::Config::builder().behavior_version(BehaviorVersion::latest()).http_client(dynamodb());
    let region = Region::new("us-east-1");
    for (what, sdk) in [
        ("nothing", bare().build()),
        ("a region", bare().region(region.clone()).build()),
        ("credentials", bare().credentials_provider(credentials("AK1")).build()),
        ("failing credentials", bare().region(region).credentials_provider(Gone).build()),
    ] {
        let world = World::new(1);
        let config = world.config().refresh(Refresh::OnUse(Duration::from_secs(3600)));
        let client = Client::connect(config).await.unwrap().to_sdk_client(&sdk);
        let got = client.get_item().table_name(TABLE).key("pk", text("k")).send().await;
        assert!(got.is_ok(), "with {what}: {got:?}");
        let put = client.put_item().table_name(TABLE).item("pk", text("k")).item("v", text("1")).send().await;
        assert!(put.is_ok(), "with {what}: {put:?}");
        let listed = client.list_tables().send().await;
        assert!(listed.is_err(), "with {what}, DynamoDB itself wants a signature");
    }
}

#[tokio::test]
async fn errors_are_the_modelled_ones() {
    let world = World::new(1);
    let client = sdk_client(&world).await;
    world.script(|exchange| match exchange.method {
        Method::PutItem => Act::Say(wire::error(&[4, 37, 38, 39, 43], "The conditional request failed")),
        Method::GetItem => Act::Say(wire::error(&[4, 37, 38, 39, 41], "Requested resource not found")),
        _ => Act::Answer,
    });
    let put =
        client.put_item().table_name(TABLE).item("pk", text("k")).condition_expression("attribute_not_exists(pk)");
    let error = put.send().await.unwrap_err().into_service_error();
    assert!(matches!(error, PutItemError::ConditionalCheckFailedException(_)), "{error:?}");
    assert_eq!(error.message(), Some("The conditional request failed"));

    let error = client.get_item().table_name(TABLE).key("pk", text("k")).send().await.unwrap_err();
    assert!(error.into_service_error().is_resource_not_found_exception());

    let invalid = client.put_item().table_name(TABLE).item("pk", text("k")).condition_expression("a = ").send().await;
    let error = invalid.unwrap_err().into_service_error();
    assert_eq!(error.code(), Some("ValidationException"), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn retries_are_made_by_one_side_only() {
    let world = World::new(2);
    let client = sdk_client(&world).await;
    world.script(|exchange| {
        if exchange.method == Method::GetItem {
            Act::Say(wire::error(&[4, 37, 38, 39, 50], "slow down"))
        } else {
            Act::Answer
        }
    });
    let error = client.get_item().table_name(TABLE).key("pk", text("k")).send().await.unwrap_err();
    assert!(error.into_service_error().is_throttling_exception());
    assert_eq!(world.requests(Method::GetItem).values().sum::<usize>(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_cluster_out_of_reach_is_a_dispatch_failure() {
    let world = World::new(1);
    let client = sdk_client(&world).await;
    world.set_down(1, Down::Refuses);
    world.close_idle(1);
    support::settle().await;
    let error = client.get_item().table_name(TABLE).key("pk", text("k")).send().await.unwrap_err();
    assert!(matches!(&error, SdkError::DispatchFailure(failure) if failure.is_io()), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn timeouts_of_the_sdk_client_end_a_call_and_the_next_one_works() {
    let world = World::new(1);
    let config = world.config().refresh(Refresh::OnUse(Duration::from_secs(3600)));
    let timeouts = TimeoutConfig::builder().operation_timeout(Duration::from_millis(50)).build();
    let sdk = sdk_config()
        .timeout_config(timeouts)
        .sleep_impl(aws_smithy_async::rt::sleep::SharedAsyncSleep::new(aws_smithy_async::rt::sleep::TokioSleep::new()))
        .build();
    let client = Client::connect(config).await.unwrap().to_sdk_client(&sdk);
    world.script(|exchange| {
        if exchange.method == Method::GetItem && exchange.seen == 0 {
            Act::Slow(Duration::from_secs(1))
        } else {
            Act::Answer
        }
    });
    let get = |key: &str| client.get_item().table_name(TABLE).key("pk", text(key)).send();
    assert!(matches!(get("slow").await.unwrap_err(), SdkError::TimeoutError(_)));
    assert_eq!(get("k").await.unwrap().item.unwrap()["echo"], text("k"));
    world.assert_sound();
    assert_eq!(world.state().nodes[&address(1)].connects, 2);
}

#[tokio::test]
async fn paginators_work() {
    let world = World::new(1);
    let client = sdk_client(&world).await;
    let page = |key: &'static str, last: bool| {
        wire::success(|writer| {
            writer.open_map();
            writer.uint(7);
            writer.array(1);
            writer.array(2);
            writer.bytes(key.as_bytes());
            writer.bytes(&[1]); // The empty attribute list.
            if !last {
                writer.uint(9);
                writer.bytes(key.as_bytes());
            }
            writer.uint(8);
            writer.uint(1);
            writer.uint(10);
            writer.uint(1);
            writer.close();
        })
    };
    world.script(move |exchange| match (exchange.method, exchange.seen) {
        (Method::Scan, 0) => Act::Say(page("a", false)),
        (Method::Scan, _) => Act::Say(page("b", true)),
        _ => Act::Answer,
    });
    let mut items = client.scan().table_name(TABLE).into_paginator().items().send();
    let mut keys = Vec::new();
    while let Some(item) = items.next().await {
        keys.push(item.unwrap()["pk"].as_s().unwrap().clone());
    }
    assert_eq!(keys, ["a", "b"]);
}
