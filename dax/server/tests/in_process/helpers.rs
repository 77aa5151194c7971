//! The pages and batches of `dax-client` against a cluster that leaves things unprocessed.

use std::collections::HashMap;

use aws_sdk_dynamodb::{
    config::Credentials,
    operation::{batch_get_item::BatchGetItemInput, batch_write_item::BatchWriteItemInput, query::QueryInput},
    types::{AttributeValue, KeysAndAttributes, PutRequest, WriteRequest},
};
use dax_client::{Client, Config, Error};
use dax_server::{Cluster, FaultAction, FaultRule};

use crate::{number, text, with_tables};

const VISITS: i32 = 130;

type Item = HashMap<String, AttributeValue>;

fn visit(at: i32) -> Item {
    HashMap::from([("id".to_owned(), text("kay")), ("at".to_owned(), number(at))])
}

fn puts() -> BatchWriteItemInput {
    let put = |at| {
        let put = PutRequest::builder().set_item(Some(visit(at))).build().unwrap();
        WriteRequest::builder().put_request(put).build()
    };
    BatchWriteItemInput::builder().request_items("Visits", (0..VISITS).map(put).collect()).build().unwrap()
}

async fn start() -> (Cluster, Client) {
    let cluster = with_tables().start().await.unwrap();
    let config = Config::new(&cluster.url()).unwrap().region("us-east-1");
    let config = config.credentials_provider(Credentials::new("local", "local", None, None, "test"));
    let client = Client::connect(config).await.unwrap();
    (cluster, client)
}

/// The last two elements of a batch are left; so often, or always.
fn leaves_two(times: Option<u32>) -> FaultRule {
    FaultRule { times, ..FaultRule::new(FaultAction::Unprocessed { count: 2 }) }
}

#[tokio::test]
async fn everything_is_written_and_read_although_parts_are_left_again_and_again() {
    let (cluster, client) = start().await;
    cluster.add_fault(leaves_two(Some(4))).unwrap();
    client.batch_write_all(puts()).send().await.unwrap();

    let query = QueryInput::builder().table_name("Visits").key_condition_expression("id = :id");
    let query = query.expression_attribute_values(":id", text("kay")).build().unwrap();
    let items = client.query_pages(query).page_size(7).items().try_collect().await.unwrap();
    assert_eq!(items, (0..VISITS).map(visit).collect::<Vec<_>>());

    cluster.add_fault(leaves_two(Some(3))).unwrap();
    let keys = KeysAndAttributes::builder().set_keys(Some((0..VISITS + 100).map(visit).collect())).build().unwrap();
    let input = BatchGetItemInput::builder().request_items("Visits", keys).build().unwrap();
    let found = client.batch_get_all(input).send().await.unwrap().responses.unwrap();
    let mut found: Vec<i32> = found["Visits"].iter().map(|item| item["at"].as_n().unwrap().parse().unwrap()).collect();
    found.sort_unstable();
    assert_eq!(found, (0..VISITS).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_is_always_left_comes_back() {
    let (cluster, client) = start().await;
    cluster.add_fault(leaves_two(None)).unwrap();
    let incomplete = client.batch_write_all(puts()).send().await.unwrap_err();
    assert!(matches!(incomplete.error, Error::Unprocessed { left: 2, .. }), "{:?}", incomplete.error);
    cluster.clear_faults();
    let left = incomplete.output.unprocessed_items;
    let again = BatchWriteItemInput::builder().set_request_items(left).build().unwrap();
    client.batch_write_all(again).send().await.unwrap();
    let written = cluster.dynamodb().scan().table_name("Visits").send().await.unwrap();
    assert_eq!(written.count(), VISITS);
}
