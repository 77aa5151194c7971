//! Your own types as items, with `serde_dynamo`: put them in a batch, query them page by page.
//!
//! ```text
//! cargo run -p dax-client --example serde -- dax://127.0.0.1:8111 TABLE
//! ```
//!
//! The table needs a string partition key named `user` and a number sort key named `at`.

#![allow(clippy::print_stdout, reason = "a program that prints what it does")]

use aws_sdk_dynamodb::config::Credentials;
use aws_sdk_dynamodb::operation::batch_write_item::BatchWriteItemInput;
use aws_sdk_dynamodb::operation::query::QueryInput;
use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use dax_client::{Client, Config};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
struct Visit {
    user: String,
    at: u64,
    page: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    referrer: Option<String>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(endpoint), Some(table)) = (arguments.next(), arguments.next()) else {
        return Err("usage: serde ENDPOINT TABLE".into());
    };
    // On AWS, `.aws_config(&aws_config::load_defaults(BehaviorVersion::latest()).await)` takes the place of these two.
    let config = Config::new(&endpoint)?
        .region("us-east-1")
        .credentials_provider(Credentials::new("local", "local", None, None, "example"));
    let client = Client::connect(config).await?;

    let visits = (1..=60).map(|at| Visit { user: "kay".to_owned(), at, page: format!("/{at}"), referrer: None });
    let puts = visits.map(put).collect::<Result<Vec<_>, _>>()?;
    // More than the 25 writes of one request.
    let batch = BatchWriteItemInput::builder().request_items(&table, puts).build()?;
    client.batch_write_all(batch).send().await?;

    let query = QueryInput::builder()
        .table_name(&table)
        .key_condition_expression("#user = :user AND #at > :at")
        .expression_attribute_names("#user", "user")
        .expression_attribute_names("#at", "at")
        .expression_attribute_values(":user", AttributeValue::S("kay".to_owned()))
        .expression_attribute_values(":at", AttributeValue::N("50".to_owned()))
        .build()?;
    let mut items = client.query_pages(query).page_size(4).items();
    while let Some(item) = items.next().await {
        let visit: Visit = serde_dynamo::from_item(item?)?;
        println!("{visit:?}");
    }
    Ok(())
}

fn put(visit: Visit) -> Result<WriteRequest, Box<dyn std::error::Error>> {
    let put = PutRequest::builder().set_item(Some(serde_dynamo::to_item(visit)?)).build()?;
    Ok(WriteRequest::builder().put_request(put).build())
}
