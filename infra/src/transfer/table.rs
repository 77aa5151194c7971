//! The table of links, asked directly with the operator's rights.

use std::error::Error;
use std::future::Future;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use links::Slug;
use links::item::{IS_NEW, Item, KEY_ATTRIBUTE, key};

use super::line;
use crate::aws::explain;

/// Waits after an answer that says "slower", which the SDK has by then repeated several times itself. Together they
/// outlast the minutes that a table takes to grow.
const WAITS: [u64; 8] = [1, 2, 4, 8, 16, 30, 60, 60];

/// A table by name.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    client: Client,
    /// Its name.
    pub(crate) name: String,
}

/// Some of the items, and where to go on.
#[derive(Debug)]
pub(crate) struct Page {
    /// In no useful order.
    pub(crate) items: Vec<Item>,
    /// The key to go on after; `None` at the end.
    pub(crate) cursor: Option<Item>,
}

/// What became of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// It was not there, and is now.
    Created,
    /// It was there, the same in every attribute.
    Present,
    /// Another one was there, and is no longer.
    Replaced,
    /// Another one is there.
    Taken,
    /// The table takes no such item: it is too large, or an attribute is not of the type that an index needs.
    Refused(String),
}

impl Table {
    /// A table that is asked when it is first needed.
    pub(crate) fn new(client: Client, name: impl Into<String>) -> Self {
        Self { client, name: name.into() }
    }

    /// Roughly how many items there are, as the table counts every six hours; `None` if it may not be asked.
    ///
    /// # Errors
    /// If there is no such table, or its key is not that of links.
    pub(crate) async fn count(&self) -> Result<Option<u64>> {
        let described = match self.client.describe_table().table_name(&self.name).send().await {
            Ok(answer) => answer.table,
            Err(error) if error.code() == Some("AccessDeniedException") => return Ok(None),
            Err(error) => {
                return Err(explain(error).context(format!("cannot look at table {}", self.name)));
            }
        };
        let described = described.context("a description without a table")?;
        let is_key = |name: &str| name == KEY_ATTRIBUTE;
        if !matches!(described.key_schema(), [key] if is_key(key.attribute_name())) {
            bail!("table {} is not a table of links: its key is not \"{KEY_ATTRIBUTE}\"", self.name);
        }
        Ok(described.item_count.and_then(|count| u64::try_from(count).ok()))
    }

    /// One page of the table, as it is now. `limit` is for tests: without it a page is up to a megabyte.
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

    /// What putting the item would do, with nothing done.
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

    /// Puts an item; one that is there stays unless it is to be replaced.
    ///
    /// # Errors
    /// If the table cannot be written to.
    pub(crate) async fn put(&self, slug: &Slug, item: &Item, replace: bool) -> Result<Written> {
        let request = self.client.put_item().table_name(&self.name).set_item(Some(item.clone()));
        let request = if replace {
            request.return_values(ReturnValue::AllOld)
        } else {
            request
                .condition_expression(IS_NEW)
                .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        };
        let existing = match patiently(|| request.clone().send()).await {
            Ok(answer) => answer.attributes,
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(taken)) => {
                    let Some(existing) = &taken.item else {
                        return self.look(slug, item, replace).await;
                    };
                    Some(existing.clone())
                }
                Some(refused) if refused.code() == Some("ValidationException") => {
                    let reason = refused.message().unwrap_or("the table takes no such item");
                    return Ok(Written::Refused(reason.to_owned()));
                }
                _ => {
                    let what = format!("cannot write to table {}", self.name);
                    return Err(explain(error).context(what));
                }
            },
        };
        compare(existing.as_ref(), item, replace)
    }
}

fn compare(existing: Option<&Item>, item: &Item, replace: bool) -> Result<Written> {
    Ok(match existing {
        None => Written::Created,
        // Not by equality: the table returns sets in any order.
        Some(existing) if line::encode(existing)? == line::encode(item)? => Written::Present,
        Some(_) if replace => Written::Replaced,
        Some(_) => Written::Taken,
    })
}

/// Asks again, after longer and longer waits, as long as the answer is that it is too much at once.
async fn patiently<T, E, R, F>(mut ask: impl FnMut() -> F) -> Result<T, SdkError<E, R>>
where
    E: ProvideErrorMetadata + Error,
    F: Future<Output = Result<T, SdkError<E, R>>>,
{
    for wait in WAITS {
        match ask().await {
            Err(error) if is_throttled(&error) => {
                tokio::time::sleep(Duration::from_secs(wait)).await;
            }
            settled => return settled,
        }
    }
    ask().await
}

fn is_throttled<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> bool {
    matches!(
        error.as_service_error().and_then(ProvideErrorMetadata::code),
        Some("ProvisionedThroughputExceededException" | "ThrottlingException" | "RequestLimitExceeded")
    )
}
