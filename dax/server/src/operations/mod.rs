//! What the server does with a request: asks the caches and DynamoDB, and writes the answer.

mod batch_get;
mod batch_write;
mod query;
mod read;
mod reply;
mod schema;
mod transaction;
mod write;

use std::{net::IpAddr, sync::Arc};

use aws_sdk_dynamodb::error::BuildError;

use super::{
    cache::{Freshness, ItemKey, Lookup, Outcome},
    counters::count,
    failure::Failure,
    fault::Effects,
    node::Node,
    request::Request,
    request_log::Notes,
    shared::Shared,
    wire::{
        item::{self, Item},
        key::KeySchema,
        value::Attributes,
    },
};

/// A request being carried out.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) shared: &'a Arc<Shared>,
    pub(crate) node: &'a Node,
    /// Address that the client connected to.
    pub(crate) reached: Option<IpAddr>,
    /// The faults to inject into it.
    pub(crate) effects: &'a Effects,
    /// What the request log will say of it.
    pub(crate) notes: &'a Notes,
    /// Who asks: the version 2 Go client fills in parameters that its user did not set.
    pub(crate) fills_in_select: bool,
}

impl Call<'_> {
    /// Carries out a request and returns the answer.
    ///
    /// # Errors
    /// The error to answer with.
    pub(crate) async fn run(&self, request: Request) -> Result<Vec<u8>, Failure> {
        match request {
            Request::Endpoints => Ok(self.endpoints()),
            Request::DefineKeySchema { table } => self.define_key_schema(&table).await,
            Request::DefineAttributeListId { names } => self.define_attribute_list_id(&names),
            Request::DefineAttributeList { id } => self.define_attribute_list(id),
            Request::GetItem(request) => self.get_item(request).await,
            Request::PutItem(request) => self.put_item(request).await,
            Request::UpdateItem(request) => self.update_item(request).await,
            Request::DeleteItem(request) => self.delete_item(request).await,
            Request::Query(request) => self.query(request).await,
            Request::Scan(request) => self.scan(request).await,
            Request::BatchGetItem { tables, options } => Box::pin(self.batch_get(tables, options)).await,
            Request::BatchWriteItem { tables, options } => Box::pin(self.batch_write(tables, options)).await,
            Request::TransactGetItems { gets, options } => self.transact_get(gets, options).await,
            Request::TransactWriteItems { writes, options } => self.transact_write(writes, options).await,
            // The session handles it; it never gets here.
            Request::Authorize(_) => Err(Failure::validation("authorizeConnection is not answered")),
        }
    }

    async fn schema(&self, table: &str) -> Result<Arc<KeySchema>, Failure> {
        self.shared.schemas.get(table).await
    }

    /// The attributes of an item to be put, and its key.
    ///
    /// # Errors
    /// A validation failure if an attribute of the key is among the others: the client took the table for one with
    /// another key, so the key that it sent means something else.
    fn put_attributes(&self, bytes: &[u8], key: Attributes) -> Result<Attributes, Failure> {
        let mut attributes = item::decode(bytes, &self.shared.lists)?;
        if let Some(name) = key.keys().filter(|name| attributes.contains_key(*name)).min() {
            return Err(Failure::validation(format!(
                "The provided key element does not match the schema: {name} belongs to the key and came outside of it"
            )));
        }
        attributes.extend(key);
        Ok(attributes)
    }

    /// `None` for an item of DynamoDB that no answer can carry: it is counted and left out, and the others arrive.
    ///
    /// # Errors
    /// If it is not the item's fault.
    fn readable<T>(&self, item: Result<T, Failure>) -> Result<Option<T>, Failure> {
        match item {
            Ok(item) => Ok(Some(item)),
            Err(failure) if failure.code() == Some("ValidationException") => {
                count(&self.node.tally.unreadable_items);
                Ok(None)
            }
            Err(failure) => Err(failure),
        }
    }

    fn item(&self, attributes: Attributes, schema: &KeySchema) -> Result<Arc<Item>, Failure> {
        Item::new(attributes, schema, &self.shared.lists).map(Arc::new)
    }

    /// Looks an item up in the node's cache, and counts hits and misses.
    fn look_up(&self, key: ItemKey) -> Lookup {
        let freshness = if self.effects.stale { Freshness::Previous } else { Freshness::Newest };
        let lookup = self.node.items.look_up(key, freshness);
        self.notes.looked_up(matches!(lookup, Lookup::Hit(_)));
        count(match lookup {
            Lookup::Hit(_) => &self.node.tally.item_hits,
            Lookup::Miss(_) => &self.node.tally.item_misses,
        });
        lookup
    }

    /// What a failed call means for the items it was about, and for what is remembered of its tables.
    fn after_failure<'t>(&self, failure: &Failure, tables: impl IntoIterator<Item = &'t str>) -> Outcome {
        if matches!(failure.code(), Some("ResourceNotFoundException" | "ValidationException")) {
            tables.into_iter().for_each(|table| self.shared.schemas.forget(table));
        }
        if failure.is_ambiguous() { Outcome::Unknown } else { Outcome::Unchanged }
    }
}

/// Requests of the SDK are complete when they are built here; if one is not, DynamoDB would have refused it.
fn incomplete(error: BuildError) -> Failure {
    Failure::validation(error.to_string())
}
