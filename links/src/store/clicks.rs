//! What was counted: days and sums of the table of counts. They never go through DAX, which would show old numbers.

use std::{collections::HashMap, future::Future};

use aws_sdk_dynamodb::{Client, types::KeysAndAttributes};
use jiff::civil::Date;

use super::{
    Change, StoreError, batch,
    client::{LazyClient, is_condition_failed},
    dynamodb::DynamoDbStore,
};
use crate::{
    Slug,
    clicks::{
        DayCounts, Fold, Total,
        item::{IMPORTED, PARTITION, SORT, THROUGH, TOTAL, TOTAL_BOTS, TOTAL_PEOPLE, of_link},
    },
    item::{self, Item},
};

/// Reads what was counted. `of` is the hash key of a link or an owner: see [`clicks::item`](crate::clicks::item).
pub trait ClickReader: Send + Sync {
    /// The days from `first` to `last` that have counts, in order.
    fn days(
        &self,
        of: &str,
        first: Date,
        last: Date,
    ) -> impl Future<Output = Result<Vec<DayCounts>, StoreError>> + Send;

    /// The sums that exist of these, by hash key.
    fn totals(&self, of: &[String]) -> impl Future<Output = Result<HashMap<String, Total>, StoreError>> + Send;
}

/// Moves days into sums.
pub trait ClickFolder: ClickReader {
    /// Replaces a sum, unless another one was stored meanwhile.
    fn fold(&self, of: &str, fold: &Fold) -> impl Future<Output = Result<Change, StoreError>> + Send;
}

/// A table of counts, whose days can be read and whose sums can be written.
#[derive(Debug, Clone)]
pub struct CountsTable {
    table: String,
    client: LazyClient,
}

impl DynamoDbStore {
    /// The table of counts `table` in the same account and region, through the same client.
    pub fn counts(&self, table: &str) -> CountsTable {
        CountsTable { table: table.to_owned(), client: self.lazy_client() }
    }
}

impl CountsTable {
    /// The table of counts `table`, behind an existing client.
    pub fn with_client(client: Client, table: &str) -> Self {
        Self { table: table.to_owned(), client: LazyClient::from_client(client) }
    }

    /// Sets how many clicks another service had counted of a link, which was made on the day `made`. Doing it again changes
    /// nothing.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; it may or may not have been done.
    pub async fn set_imported(&self, slug: &Slug, made: Option<Date>, clicks: u64) -> Result<(), StoreError> {
        let of = of_link(slug);
        // First as a link of which nothing was added up. That drops the sum of an earlier link with this slug.
        if let Some(through) = Total::of_link_made(made).through {
            let request = self
                .update(&of)
                .update_expression("SET #imported = :imported, #people = :none, #bots = :none, #through = :through")
                .condition_expression("attribute_not_exists(#through) OR #through < :through")
                .expression_attribute_names("#imported", IMPORTED)
                .expression_attribute_names("#people", TOTAL_PEOPLE)
                .expression_attribute_names("#bots", TOTAL_BOTS)
                .expression_attribute_names("#through", THROUGH)
                .expression_attribute_values(":imported", item::number(clicks))
                .expression_attribute_values(":none", item::number(0))
                .expression_attribute_values(":through", item::text(&through.to_string()));
            match request.send().await {
                Ok(_) => return Ok(()),
                Err(error) if is_condition_failed(&error) => {}
                Err(error) => return Err(StoreError::unavailable("UpdateItem")(error)),
            }
        }
        let request = self
            .update(&of)
            .update_expression("SET #imported = :imported")
            .expression_attribute_names("#imported", IMPORTED)
            .expression_attribute_values(":imported", item::number(clicks));
        request.send().await.map(drop).map_err(StoreError::unavailable("UpdateItem"))
    }

    fn update(&self, of: &str) -> aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder {
        self.client.get().update_item().table_name(&self.table).set_key(Some(total_key(of)))
    }
}

impl ClickReader for CountsTable {
    async fn days(&self, of: &str, first: Date, last: Date) -> Result<Vec<DayCounts>, StoreError> {
        if last < first {
            return Ok(Vec::new());
        }
        let query = self
            .client
            .get()
            .query()
            .table_name(&self.table)
            .key_condition_expression("#of = :of AND #day BETWEEN :first AND :last")
            .expression_attribute_names("#of", PARTITION)
            .expression_attribute_names("#day", SORT)
            .expression_attribute_values(":of", item::text(of))
            .expression_attribute_values(":first", item::text(&first.to_string()))
            .expression_attribute_values(":last", item::text(&last.to_string()));
        let mut pages = query.into_paginator().send();
        let mut days = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(StoreError::unavailable("Query"))?;
            days.extend(page.items().iter().filter_map(DayCounts::from_item));
        }
        Ok(days)
    }

    async fn totals(&self, of: &[String]) -> Result<HashMap<String, Total>, StoreError> {
        let mut found = HashMap::with_capacity(of.len());
        for of in of.chunks(batch::MAX_KEYS) {
            let keys = of.iter().map(|of| total_key(of)).collect();
            let items = batch::read(self.client.get(), &self.table, keys, KeysAndAttributes::builder()).await;
            let items = items.map_err(StoreError::unavailable("BatchGetItem"))?;
            let total = |item: &Item| Some((item.get(PARTITION)?.as_s().ok()?.clone(), Total::from_item(item)));
            found.extend(items.iter().filter_map(total));
        }
        Ok(found)
    }
}

impl ClickFolder for CountsTable {
    async fn fold(&self, of: &str, fold: &Fold) -> Result<Change, StoreError> {
        let Fold { before, starts_anew, after } = fold;
        let Some(through) = after.through else {
            return Ok(Change::Outdated);
        };
        let mut expression = "SET #people = :people, #bots = :bots, #through = :through".to_owned();
        let mut request = self
            .update(of)
            .expression_attribute_names("#people", TOTAL_PEOPLE)
            .expression_attribute_names("#bots", TOTAL_BOTS)
            .expression_attribute_names("#through", THROUGH)
            .expression_attribute_values(":people", item::number(after.people))
            .expression_attribute_values(":bots", item::number(after.bots))
            .expression_attribute_values(":through", item::text(&through.to_string()));
        if *starts_anew {
            expression.push_str(" REMOVE #imported");
            request = request.expression_attribute_names("#imported", IMPORTED);
        }
        request = match before {
            Some(before) => request
                .condition_expression("#through = :before")
                .expression_attribute_values(":before", item::text(&before.to_string())),
            None => request.condition_expression("attribute_not_exists(#through)"),
        };
        match request.update_expression(expression).send().await {
            Ok(_) => Ok(Change::Stored),
            Err(error) if is_condition_failed(&error) => Ok(Change::Outdated),
            Err(error) => Err(StoreError::unavailable("UpdateItem")(error)),
        }
    }
}

fn total_key(of: &str) -> Item {
    Item::from([(PARTITION.to_owned(), item::text(of)), (SORT.to_owned(), item::text(TOTAL))])
}
