//! Drop-in mode: code written for `aws_sdk_dynamodb::Client` talks to DAX; only the making of the client differs.
//!
//! ```text
//! cargo run -p dax-client --example drop_in -- dax://127.0.0.1:8111 http://127.0.0.1:8000 TABLE
//! ```

#![allow(clippy::print_stdout, reason = "a program that prints what it does")]

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use dax_client::{Client, Config};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [dax, dynamodb, table] = arguments.as_slice() else {
        return Err("usage: drop_in DAX-ENDPOINT DYNAMODB-ENDPOINT TABLE".into());
    };
    let credentials = Credentials::new("local", "local", None, None, "example");
    let sdk = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(credentials.clone())
        .endpoint_url(dynamodb)
        .build();

    // Without DAX this line would be `aws_sdk_dynamodb::Client::from_conf(sdk)`.
    let config = Config::new(dax)?.region("us-east-1").credentials_provider(credentials);
    let client = Client::connect(config).await?.to_sdk_client(&sdk);

    // Not a DAX operation: answered by DynamoDB.
    let described = client.describe_table().table_name(table).send().await?;
    println!("{:?}", described.table.and_then(|table| table.table_status));

    // Answered by DAX, page after page.
    let mut items = client.scan().table_name(table).into_paginator().items().send();
    while let Some(item) = items.next().await {
        println!("{:?}", item?);
    }
    Ok(())
}
