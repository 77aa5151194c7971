//! Links in a DynamoDB table, asked directly.

use std::error::Error;

use aws_sdk_dynamodb::Client;

use crate::{
    Link, Slug,
    item::{self, KEY_ATTRIBUTE},
    store::{Freshness, LinkReader, LinkWriter, Put, StoreError},
};

/// A table behind the SDK's client. Deadlines and retries are the client's.
#[derive(Debug, Clone)]
pub struct DynamoDbStore {
    client: Client,
    table: String,
}

impl DynamoDbStore {
    /// The links of `table`.
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }
}

impl LinkReader for DynamoDbStore {
    async fn read(&self, slug: &Slug, freshness: Freshness) -> Result<Option<Link>, StoreError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(item::key(slug)))
            .consistent_read(freshness == Freshness::Strong)
            .send()
            .await
            .map_err(|error| unavailable("GetItem", error))?;
        answer
            .item
            .map(item::to_link)
            .transpose()
            .map_err(|source| StoreError::Malformed {
                slug: slug.clone(),
                source,
            })
    }
}

impl LinkWriter for DynamoDbStore {
    async fn create(&self, link: &Link) -> Result<Put, StoreError> {
        let answer = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item::from_link(link)))
            .condition_expression("attribute_not_exists(#id)")
            .expression_attribute_names("#id", KEY_ATTRIBUTE)
            .send()
            .await;
        match answer {
            Ok(_) => Ok(Put::Stored),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|e| e.is_conditional_check_failed_exception()) =>
            {
                Ok(Put::Taken)
            }
            Err(error) => Err(unavailable("PutItem", error)),
        }
    }
}

fn unavailable(operation: &'static str, source: impl Error + Send + Sync + 'static) -> StoreError {
    StoreError::Unavailable {
        operation,
        source: Box::new(source),
    }
}
