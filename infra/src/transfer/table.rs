//! The table of links, accessed directly with the operator's permissions.

use std::error::Error;
use std::future::Future;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{KeySchemaElement, ReturnValue, ReturnValuesOnConditionCheckFailure};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use links::Slug;
use links::clicks::item::{PARTITION, SORT};
use links::item::{IS_NEW, IS_NOT_CLOSED, Item, KEY_ATTRIBUTE, closed_names, closed_values, is_closed, key};

use super::line;
use crate::aws::explain;

/// Seconds to wait after throttling, after the SDK's own retries. Together they outlast the minutes that a table takes to
/// scale up.
const WAITS: [u64; 8] = [1, 2, 4, 8, 16, 30, 60, 60];

/// A table by name.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    client: Client,
    /// Its name.
    pub(crate) name: String,
}

/// Some of the items, and where to continue.
#[derive(Debug)]
pub(crate) struct Page {
    /// In arbitrary order.
    pub(crate) items: Vec<Item>,
    /// The key after which to continue; `None` at the end.
    pub(crate) cursor: Option<Item>,
}

/// The result of writing an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Written {
    /// There was no item with this slug.
    Created,
    /// The table already has the item, identical in every attribute.
    Present,
    /// Another item was replaced.
    Replaced,
    /// The table has another item with this slug.
    Taken,
    /// The table has a link with this slug that an administrator closed, or DynamoDB refuses the item: it is too large, or
    /// an attribute has the wrong type for an index.
    Refused(String),
}

impl Table {
    /// A table; nothing is sent yet.
    pub(crate) fn new(client: Client, name: impl Into<String>) -> Self {
        Self { client, name: name.into() }
    }

    /// Roughly how many items there are: DynamoDB counts every six hours. `None` without permission to ask.
    ///
    /// # Errors
    /// If there is no such table, or its key is not that of a table of links.
    pub(crate) async fn count(&self) -> Result<Option<u64>> {
        self.described(&[KEY_ATTRIBUTE], "links").await
    }

    /// Checks that it is a table of counts of clicks, if there is permission to ask.
    ///
    /// # Errors
    /// If there is no such table, or it has other keys.
    pub(crate) async fn check_is_of_counts(&self) -> Result<()> {
        self.described(&[PARTITION, SORT], "counts of clicks").await.map(drop)
    }

    async fn described(&self, keys: &[&str], what: &str) -> Result<Option<u64>> {
        let described = match self.client.describe_table().table_name(&self.name).send().await {
            Ok(answer) => answer.table,
            Err(error) if error.code() == Some("AccessDeniedException") => return Ok(None),
            Err(error) => {
                return Err(explain(error).context(format!("cannot describe table {}", self.name)));
            }
        };
        let described = described.context("DynamoDB returned no description")?;
        if !described.key_schema().iter().map(KeySchemaElement::attribute_name).eq(keys.iter().copied()) {
            bail!("table {} is not a table of {what}: its key is not \"{}\"", self.name, keys.join("\" and \""));
        }
        Ok(described.item_count.and_then(|count| u64::try_from(count).ok()))
    }

    /// Reads one page, strongly consistent. `limit` is for tests: without it a page is up to a megabyte.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub(crate) async fn page(&self, cursor: Option<Item>, limit: Option<i32>) -> Result<Page> {
        let request = self
            .client
            .scan()
            .table_name(&self.name)
            .consistent_read(true)
            .set_limit(limit)
            .set_exclusive_start_key(cursor);
        let answer = patiently(|| request.clone().send())
            .await
            .map_err(explain)
            .with_context(|| format!("cannot read table {}", self.name))?;
        Ok(Page {
            items: answer.items.unwrap_or_default(),
            cursor: answer.last_evaluated_key.filter(|key| !key.is_empty()),
        })
    }

    /// What [`Table::put`] would do, without writing.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub(crate) async fn look(&self, slug: &Slug, item: &Item, replace: bool) -> Result<Written> {
        let request = self.client.get_item().table_name(&self.name).set_key(Some(key(slug))).consistent_read(true);
        let answer = patiently(|| request.clone().send())
            .await
            .map_err(explain)
            .with_context(|| format!("cannot read table {}", self.name))?;
        compare(answer.item.as_ref(), item, replace)
    }

    /// Puts an item. An existing one stays unless `replace` is set; one that an administrator closed stays in any case.
    ///
    /// # Errors
    /// If the table cannot be written to.
    pub(crate) async fn put(&self, slug: &Slug, item: &Item, replace: bool) -> Result<Written> {
        let request = self.client.put_item().table_name(&self.name).set_item(Some(item.clone()));
        let request = if replace {
            request
                .condition_expression(IS_NOT_CLOSED)
                .set_expression_attribute_names(Some(closed_names()))
                .set_expression_attribute_values(Some(closed_values()))
                .return_values(ReturnValue::AllOld)
        } else {
            request.condition_expression(IS_NEW)
        };
        let request = request.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let error = match patiently(|| request.clone().send()).await {
            Ok(response) => return compare(response.attributes.as_ref(), item, replace),
            Err(error) => error,
        };
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(taken)) => match &taken.item {
                Some(existing) => compare(Some(existing), item, replace),
                None => self.look(slug, item, replace).await,
            },
            Some(refused) if refused.code() == Some("ValidationException") => {
                let reason = refused.message().unwrap_or("DynamoDB refuses the item");
                Ok(Written::Refused(reason.to_owned()))
            }
            _ => Err(explain(error).context(format!("cannot write to table {}", self.name))),
        }
    }
}

fn compare(existing: Option<&Item>, item: &Item, replace: bool) -> Result<Written> {
    Ok(match existing {
        None => Written::Created,
        // Not by equality: DynamoDB returns sets in any order.
        Some(existing) if line::encode(existing)? == line::encode(item)? => Written::Present,
        Some(existing) if replace && is_closed(existing) => {
            Written::Refused("an administrator closed the link in the table".to_owned())
        }
        Some(_) if replace => Written::Replaced,
        Some(_) => Written::Taken,
    })
}

/// Retries with growing waits while DynamoDB throttles.
async fn patiently<T, E, R, F>(mut send: impl FnMut() -> F) -> Result<T, SdkError<E, R>>
where
    E: ProvideErrorMetadata + Error,
    F: Future<Output = Result<T, SdkError<E, R>>>,
{
    for wait in WAITS {
        match send().await {
            Err(error) if is_throttled(&error) => {
                tokio::time::sleep(Duration::from_secs(wait)).await;
            }
            settled => return settled,
        }
    }
    send().await
}

fn is_throttled<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> bool {
    matches!(
        error.as_service_error().and_then(ProvideErrorMetadata::code),
        Some("ProvisionedThroughputExceededException" | "ThrottlingException" | "RequestLimitExceeded")
    )
}
