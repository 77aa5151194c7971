//! The table of counts, as the function that counts writes it, and the owners of the links that it counts for.

use std::{collections::HashMap, error::Error};

use aws_sdk_dynamodb::{
    error::{ProvideErrorMetadata, SdkError},
    operation::update_item::{UpdateItemError, UpdateItemInput},
    types::{KeysAndAttributes, ReturnValue, ReturnValuesOnConditionCheckFailure},
};
use jiff::civil::Date;

use super::{
    batch::{self, BatchError},
    client::{DynamoDbSettings, LazyClient, is_condition_failed},
};
use crate::{
    ANONYMOUS, Slug, Timestamp,
    clicks::{
        Addition, DayKey, DayState, DayUpdate, Mark, Salt, VisitorCode,
        item::{PARTITION, SALT, SALT_PARTITION, TTL},
        raw_key,
    },
    item::{self, Item, KEY_ATTRIBUTE, OWNER_ATTRIBUTE},
};

/// What the answer to an addition should tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tell {
    /// Nothing.
    Nothing,
    /// What was changed.
    Changed,
    /// The whole item.
    All,
}

/// The outcome of an addition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Added {
    /// The clicks are in the item.
    Counted(DayState),
    /// Nothing was changed, because the item has been counted beyond the first of them, or has all of them.
    Ahead(DayState),
}

/// A table that did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CountError {
    /// It could not be reached, had too much to do, or took too long: later it may work. A write may have happened.
    #[error("{operation} failed")]
    Unavailable {
        /// DynamoDB's name for the operation.
        operation: &'static str,
        /// What happened.
        source: Box<dyn Error + Send + Sync>,
    },
    /// It will not work later either, until somebody changes something.
    #[error("{operation} was refused")]
    Refused {
        /// DynamoDB's name for the operation.
        operation: &'static str,
        /// What happened.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The item cannot take the update: it would be too large, or an attribute is not what it should be.
    #[error("the item cannot be updated")]
    Invalid {
        /// What happened.
        source: Box<dyn Error + Send + Sync>,
    },
}

impl CountError {
    fn new<E, R>(operation: &'static str) -> impl FnOnce(SdkError<E, R>) -> Self
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
        R: std::fmt::Debug + Send + Sync + 'static,
    {
        move |error| {
            let code = error.as_service_error().and_then(ProvideErrorMetadata::code).map(str::to_owned);
            let source = Box::new(error);
            match code.as_deref() {
                Some("ValidationException") => Self::Invalid { source },
                Some("AccessDeniedException" | "ResourceNotFoundException" | "UnrecognizedClientException") => {
                    Self::Refused { operation, source }
                }
                _ => Self::Unavailable { operation, source },
            }
        }
    }

    fn of_batch(error: BatchError) -> Self {
        let operation = "BatchGetItem";
        match error {
            BatchError::Call(error) => Self::new(operation)(*error),
            other => Self::Unavailable { operation, source: Box::new(other) },
        }
    }
}

/// The items of days and the salts, for the one who counts.
#[derive(Debug, Clone)]
pub struct CountsWriter {
    table: String,
    client: LazyClient,
}

impl CountsWriter {
    /// The table of counts `table`, with the endpoint and the region of the links' table. Nothing is sent yet.
    pub fn new(settings: &DynamoDbSettings, table: &str) -> Self {
        Self { table: table.to_owned(), client: LazyClient::new(settings) }
    }

    /// The table of counts `table`, behind an existing client.
    pub fn with_client(client: aws_sdk_dynamodb::Client, table: &str) -> Self {
        Self { table: table.to_owned(), client: LazyClient::from_client(client) }
    }

    /// The owners of the links in the table `table`, through the same client.
    pub fn owners(&self, table: &str) -> LinkOwners {
        LinkOwners { table: table.to_owned(), client: self.client.clone() }
    }

    /// Adds clicks to an item, unless `mark` says that they are in it. Without a mark it adds them in any case, so a
    /// repetition counts twice.
    ///
    /// # Errors
    /// [`CountError`]; the addition may have happened, unless it is [`CountError::Invalid`].
    pub async fn add(
        &self,
        key: &DayKey,
        addition: &Addition,
        mark: Option<&Mark>,
        tell: Tell,
    ) -> Result<Added, CountError> {
        let update = DayUpdate::add(addition, mark);
        let request = self.update(key, update).return_values(match tell {
            Tell::Nothing => ReturnValue::None,
            Tell::Changed => ReturnValue::UpdatedNew,
            Tell::All => ReturnValue::AllNew,
        });
        let request = request.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let shard = mark.and_then(Mark::shard);
        let state = |item: Option<Item>| item.map(|item| DayState::of(&item, shard)).unwrap_or_default();
        match Box::pin(request.send_with(self.client.get())).await {
            Ok(output) => Ok(Added::Counted(state(output.attributes))),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                    Ok(Added::Ahead(state(failed.item.clone())))
                }
                _ => Err(CountError::new("UpdateItem")(error)),
            },
        }
    }

    /// Raises the level of an item's visitors and removes the codes `below` it, unless its level is higher already.
    ///
    /// # Errors
    /// [`CountError`]; it may have happened.
    pub async fn thin(
        &self,
        key: &DayKey,
        level: u32,
        below: &[VisitorCode],
        expires_at: Option<Timestamp>,
    ) -> Result<(), CountError> {
        let request = self.update(key, DayUpdate::thin(level, below, expires_at));
        match Box::pin(request.send_with(self.client.get())).await {
            Ok(_) => Ok(()),
            Err(error) if is_condition_failed(&error) => Ok(()),
            Err(error) => Err(CountError::new("UpdateItem")(error)),
        }
    }

    /// Stores the salt of a day, unless it has one.
    ///
    /// # Errors
    /// [`CountError`]; it may have happened.
    pub async fn put_salt(&self, day: Date, salt: Salt, expires_at: Timestamp) -> Result<(), CountError> {
        let mut item = raw_key(SALT_PARTITION, day);
        item.insert(SALT.to_owned(), item::binary(salt.as_bytes()));
        item.insert(TTL.to_owned(), item::time(expires_at));
        let request = self.client.get().put_item().table_name(&self.table).set_item(Some(item));
        let request =
            request.condition_expression("attribute_not_exists(#of)").expression_attribute_names("#of", PARTITION);
        match Box::pin(request.send()).await {
            Ok(_) => Ok(()),
            Err(error) if is_condition_failed(&error) => Ok(()),
            Err(error) => Err(CountError::new("PutItem")(error)),
        }
    }

    /// Deletes the salt of a day, if it has one.
    ///
    /// # Errors
    /// [`CountError`]; it may have happened.
    pub async fn delete_salt(&self, day: Date) -> Result<(), CountError> {
        let request = self.client.get().delete_item().table_name(&self.table);
        let request = request.set_key(Some(raw_key(SALT_PARTITION, day)));
        Box::pin(request.send()).await.map(drop).map_err(CountError::new("DeleteItem"))
    }

    fn update(
        &self,
        key: &DayKey,
        update: DayUpdate,
    ) -> aws_sdk_dynamodb::operation::update_item::builders::UpdateItemInputBuilder {
        UpdateItemInput::builder()
            .table_name(&self.table)
            .set_key(Some(key.to_item()))
            .update_expression(update.expression)
            .set_condition_expression(update.condition.map(str::to_owned))
            .set_expression_attribute_names(Some(update.names))
            .set_expression_attribute_values(Some(update.values))
    }
}

/// Who owns which link. It reads nothing else of a link.
#[derive(Debug, Clone)]
pub struct LinkOwners {
    table: String,
    client: LazyClient,
}

impl LinkOwners {
    /// The owners of links, as they are in the table now. An owner never changes, since nothing is ever removed from the
    /// table; slugs of which there is no link are left out.
    ///
    /// # Errors
    /// [`CountError`].
    pub async fn of(&self, slugs: &[Slug]) -> Result<HashMap<Slug, String>, CountError> {
        let mut owners = HashMap::with_capacity(slugs.len());
        for slugs in slugs.chunks(batch::MAX_KEYS) {
            let how = KeysAndAttributes::builder()
                .projection_expression("#id, #owner")
                .expression_attribute_names("#id", KEY_ATTRIBUTE)
                .expression_attribute_names("#owner", OWNER_ATTRIBUTE)
                .consistent_read(true);
            let keys = slugs.iter().map(item::key).collect();
            let items = batch::read(self.client.get(), &self.table, keys, how).await.map_err(CountError::of_batch)?;
            owners.extend(items.into_iter().filter_map(owner));
        }
        Ok(owners)
    }
}

/// The slug and the owner of an item. Links of the AWS sample belong to nobody.
fn owner(mut found: Item) -> Option<(Slug, String)> {
    let slug = item::take_text(&mut found, KEY_ATTRIBUTE).ok()??.parse().ok()?;
    let owner = item::take_text(&mut found, OWNER_ATTRIBUTE).ok()?;
    Some((slug, owner.unwrap_or_else(|| ANONYMOUS.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_of_the_aws_sample_belongs_to_nobody() {
        let check = |attributes: &[(&str, &str)], expected: Option<(&str, &str)>| {
            let found = attributes.iter().map(|(name, value)| ((*name).to_owned(), item::text(value))).collect();
            let expected = expected.map(|(slug, owner)| (slug.parse().unwrap(), owner.to_owned()));
            assert_eq!(owner(found), expected, "{attributes:?}");
        };
        check(&[("id", "launch"), ("owner", "ann")], Some(("launch", "ann")));
        check(&[("id", "grqpaeet")], Some(("grqpaeet", "anonymous")));
        check(&[("id", "no slug"), ("owner", "ann")], None);
        check(&[("owner", "ann")], None);
    }
}
