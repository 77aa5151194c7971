//! Notes in DynamoDB, read through DAX: once with the client's own methods, once with the SDK's.

use std::error::Error;

use aws_sdk_dynamodb::{
    operation::{get_item::GetItemInput, put_item::PutItemInput, query::QueryInput},
    types::AttributeValue,
};
use dax_client::Client;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

fn s(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

/// Writes a note of an author.
pub async fn write(dax: &Client, author: &str, day: &str, text: &str) -> Result<()> {
    let put = PutItemInput::builder().table_name("notes");
    let put = put.item("author", s(author)).item("day", s(day)).item("text", s(text));
    dax.put_item(put.build()?).await?;
    Ok(())
}

/// The note of one day.
pub async fn read(dax: &Client, author: &str, day: &str) -> Result<Option<String>> {
    let key = GetItemInput::builder().table_name("notes").key("author", s(author)).key("day", s(day));
    let item = dax.get_item(key.build()?).await?.item;
    Ok(item.and_then(|mut item| item.remove("text")).and_then(|text| text.as_s().ok().cloned()))
}

/// The days on which an author wrote something, in pages of `limit`.
pub async fn days(dax: &Client, author: &str, limit: i32) -> Result<Vec<String>> {
    let mut days = Vec::new();
    let mut from = None;
    loop {
        let query = QueryInput::builder()
            .table_name("notes")
            .key_condition_expression("author = :author")
            .expression_attribute_values(":author", s(author))
            .limit(limit)
            .set_exclusive_start_key(from);
        let page = dax.query(query.build()?).await?;
        let found = page.items.unwrap_or_default();
        days.extend(found.iter().filter_map(|item| item.get("day")?.as_s().ok().cloned()));
        from = page.last_evaluated_key;
        if from.is_none() {
            return Ok(days);
        }
    }
}

/// How many notes there are. It takes a client of the SDK, and does not know whether DAX is behind it.
pub async fn count(dynamodb: &aws_sdk_dynamodb::Client) -> Result<i32> {
    let mut pages = dynamodb.scan().table_name("notes").into_paginator().send();
    let mut count = 0;
    while let Some(page) = pages.next().await {
        count += page?.count();
    }
    Ok(count)
}
