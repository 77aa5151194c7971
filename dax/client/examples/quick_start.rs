//! The client by itself: write an item through the cache, read it back, look at the counters.
//!
//! ```text
//! cargo run -p dax-client --example quick_start -- dax://127.0.0.1:8111 TABLE
//! ```
//!
//! The table needs a string partition key named `id`.

#![allow(clippy::print_stdout, reason = "a program that prints what it does")]

use aws_sdk_dynamodb::config::Credentials;
use aws_sdk_dynamodb::operation::get_item::GetItemInput;
use aws_sdk_dynamodb::operation::put_item::PutItemInput;
use aws_sdk_dynamodb::types::AttributeValue;
use dax_client::{Client, Config};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(endpoint), Some(table)) = (arguments.next(), arguments.next()) else {
        return Err("usage: quick_start ENDPOINT TABLE".into());
    };
    // On AWS, `.aws_config(&aws_config::load_defaults(BehaviorVersion::latest()).await)` takes the place of these two.
    let config = Config::new(&endpoint)?
        .region("us-east-1")
        .credentials_provider(Credentials::new("local", "local", None, None, "example"));
    let client = Client::connect(config).await?;

    let id = AttributeValue::S("greeting".to_owned());
    let item = PutItemInput::builder()
        .table_name(&table)
        .item("id", id.clone())
        .item("text", AttributeValue::S("hello".to_owned()))
        .condition_expression("attribute_not_exists(id)")
        .build()?;
    match client.put_item(item).await {
        Ok(_) => println!("written"),
        Err(error) if error.is_condition_failed() => println!("it was there already"),
        Err(error) => return Err(error.into()),
    }

    let key = GetItemInput::builder().table_name(&table).key("id", id).build()?;
    println!("read: {:?}", client.get_item(key).await?.item);

    for node in client.stats().nodes {
        println!("{} {:?}: {} requests, mean {:?}", node.address, node.role, node.requests, node.latency.mean());
    }
    Ok(())
}
