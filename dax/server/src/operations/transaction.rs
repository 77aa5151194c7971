//! transactGetItems and transactWriteItems.
//!
//! Reads of a transaction neither use nor fill the cache. Writes go through it.

use std::sync::Arc;

use aws_sdk_dynamodb::types::{
    ConditionCheck, Delete, Get, Put, ReturnValuesOnConditionCheckFailure, TransactGetItem, TransactWriteItem, Update,
};
use dax_protocol::{TransactAction, cbor::Writer};

use super::{Call, incomplete, reply};
use crate::{
    cache::{ItemKey, Outcome},
    failure::Failure,
    pending_write::PendingWrite,
    request::{Options, TransactGet, TransactWrite, projection, render::Placeholders},
    wire::{capacity, item, key::KeySchema},
};

/// A write of a transaction, as DynamoDB takes it, and what it does to the cache.
struct Prepared {
    write: TransactWriteItem,
    key: ItemKey,
    outcome: Outcome,
    schema: Arc<KeySchema>,
}

impl Call<'_> {
    pub(super) async fn transact_get(&self, gets: Vec<TransactGet>, options: Options) -> Result<Vec<u8>, Failure> {
        let mut wanted = Vec::with_capacity(gets.len());
        let mut schemas = Vec::with_capacity(gets.len());
        for get in &gets {
            projection::check(get.projection.as_deref().unwrap_or_default())?;
            let schema = self.schema(&get.table).await?;
            let key = schema.read(&get.key)?;
            let get = Get::builder().table_name(&get.table).set_key(Some(key)).build().map_err(incomplete)?;
            wanted.push(TransactGetItem::builder().get(get).build());
            schemas.push(schema);
        }
        let call = self.shared.dynamodb.transact_get_items().set_transact_items(Some(wanted));
        let got = call.set_return_consumed_capacity(options.capacity).send().await.map_err(|error| {
            let failure = Failure::from_sdk(error, false);
            self.after_failure(&failure, gets.iter().map(|get| get.table.as_str()));
            failure
        })?;
        let mut out = reply::success();
        let mut writer = Writer::new(&mut out);
        writer.array(2);
        writer.array(gets.len());
        let mut found = got.responses.unwrap_or_default().into_iter();
        for (get, schema) in gets.iter().zip(&schemas) {
            match (found.next().and_then(|found| found.item), &get.projection) {
                (None, _) => writer.null(),
                (Some(item), Some(paths)) => reply::write_projected(&item, paths, &mut writer)?,
                (Some(item), None) => {
                    writer.bytes(&item::encode(&item, schema, &self.shared.lists)?);
                }
            }
        }
        let consumed = got.consumed_capacity.unwrap_or_default();
        writer.array(consumed.len());
        consumed.iter().for_each(|consumed| capacity::write_extended(consumed, &mut writer));
        Ok(out)
    }

    pub(super) async fn transact_write(
        &self,
        writes: Vec<TransactWrite>,
        options: Options,
    ) -> Result<Vec<u8>, Failure> {
        let tables: Vec<_> = writes.iter().map(|write| write.table.clone()).collect();
        let mut prepared = Vec::with_capacity(writes.len());
        for write in writes {
            prepared.push(self.prepare(write).await?);
        }
        let changing = prepared.iter().filter(|prepared| !matches!(prepared.outcome, Outcome::Unchanged));
        let pending: Vec<_> = changing
            .map(|prepared| (PendingWrite::begin(self.shared, prepared.key.clone()), prepared.outcome.clone()))
            .collect();
        let call = self.shared.dynamodb.transact_write_items();
        let call = call
            .set_transact_items(Some(prepared.iter().map(|prepared| prepared.write.clone()).collect()))
            .set_client_request_token(options.token)
            .set_return_consumed_capacity(options.capacity)
            .set_return_item_collection_metrics(options.metrics);
        let done = match call.send().await {
            Ok(done) => done,
            Err(error) => {
                let mut failure = Failure::from_transaction(error);
                let outcome = self.after_failure(&failure, tables.iter().map(String::as_str));
                pending.into_iter().for_each(|(write, _)| write.finish(outcome.clone()));
                for (reason, prepared) in failure.reasons_mut().iter_mut().zip(&prepared) {
                    let item = reason.item.take();
                    let encode = |item| item::encode(&item, &prepared.schema, &self.shared.lists);
                    reason.encoded = item.map(encode).transpose()?;
                }
                return Err(failure);
            }
        };
        pending.into_iter().for_each(|(write, outcome)| write.finish(outcome));
        let mut out = reply::success();
        let mut writer = Writer::new(&mut out);
        writer.array(3);
        // Results of the writes: always none, and one client reads no more than the head.
        writer.array(0);
        writer.array(done.consumed_capacity().len());
        done.consumed_capacity().iter().for_each(|consumed| capacity::write_extended(consumed, &mut writer));
        reply::write_metrics_by_table(done.item_collection_metrics(), &mut writer)?;
        Ok(out)
    }

    async fn prepare(&self, write: TransactWrite) -> Result<Prepared, Failure> {
        let schema = self.schema(&write.table).await?;
        let key = schema.read(&write.key)?;
        let cache_key = ItemKey::new(&write.table, &schema.write(&key)?);
        let mut placeholders = Placeholders::default();
        let condition = write.condition.map(|condition| placeholders.condition(&condition)).transpose()?;
        let update = write.update.map(|update| placeholders.update(&update)).transpose()?;
        let on_failure = write.return_old_on_failure.then_some(ReturnValuesOnConditionCheckFailure::AllOld);
        // The four builders are types of the SDK without a trait for what they have in common.
        macro_rules! built {
            ($builder:expr) => {
                $builder
                    .table_name(write.table)
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(placeholders.take_names())
                    .set_expression_attribute_values(placeholders.take_values())
                    .set_return_values_on_condition_check_failure(on_failure)
                    .build()
                    .map_err(incomplete)?
            };
        }
        let item = TransactWriteItem::builder();
        let (item, outcome) = match write.action {
            TransactAction::Put => {
                let bytes = write.item.ok_or_else(|| Failure::validation("a put without an item"))?;
                let attributes = self.put_attributes(&bytes, key)?;
                let now = self.item(attributes.clone(), &schema)?;
                (item.put(built!(Put::builder().set_item(Some(attributes)))), Outcome::Now(Some(now)))
            }
            TransactAction::Delete => (item.delete(built!(Delete::builder().set_key(Some(key)))), Outcome::Now(None)),
            TransactAction::Update => {
                let update = Update::builder().set_key(Some(key)).set_update_expression(update);
                // A transaction returns no items, so what the update made of this one is not known.
                (item.update(built!(update)), Outcome::Unknown)
            }
            TransactAction::ConditionCheck => {
                (item.condition_check(built!(ConditionCheck::builder().set_key(Some(key)))), Outcome::Unchanged)
            }
        };
        Ok(Prepared { write: item.build(), key: cache_key, outcome, schema })
    }
}
