//! batchWriteItem.

use std::{collections::HashMap, sync::Arc};

use aws_sdk_dynamodb::types::{DeleteRequest, PutRequest, WriteRequest};
use dax_protocol::cbor::Writer;

use super::{Call, incomplete, reply};
use crate::{
    cache::{ItemKey, Outcome},
    failure::Failure,
    pending_write::PendingWrite,
    request::{BatchWrite, Options, Write},
    wire::{
        item::{self, Item},
        key::KeySchema,
    },
};

/// One table of a batch.
struct Table {
    name: String,
    schema: Arc<KeySchema>,
    writes: Vec<WriteRequest>,
    /// What each write makes of its item, by canonical key.
    effects: Vec<(Vec<u8>, Option<Arc<Item>>)>,
    /// Writes that were not carried out.
    unprocessed: Vec<Write>,
}

impl Call<'_> {
    pub(super) async fn batch_write(&self, batches: Vec<BatchWrite>, options: Options) -> Result<Vec<u8>, Failure> {
        let total = batches.iter().map(|batch| batch.writes.len()).sum::<usize>();
        let mut left = total.saturating_sub(self.effects.unprocessed);
        let mut tables = Vec::with_capacity(batches.len());
        for mut batch in batches {
            let unprocessed = batch.writes.split_off(left.min(batch.writes.len()));
            left -= batch.writes.len();
            tables.push(self.batch_table(batch, unprocessed).await?);
        }
        let wanted: HashMap<_, _> = tables
            .iter_mut()
            .filter(|table| !table.writes.is_empty() || table.unprocessed.is_empty())
            .map(|table| (table.name.clone(), std::mem::take(&mut table.writes)))
            .collect();
        if wanted.is_empty() && !tables.is_empty() {
            return answer(&tables, None);
        }
        let pending = self.announce(&tables);
        let call = self.shared.dynamodb.batch_write_item().set_request_items(Some(wanted));
        let call =
            call.set_return_consumed_capacity(options.capacity).set_return_item_collection_metrics(options.metrics);
        let mut done = match call.send().await {
            Ok(done) => done,
            Err(error) => {
                let failure = Failure::from_sdk(error, true);
                let outcome = self.after_failure(&failure, tables.iter().map(|table| table.name.as_str()));
                pending.into_iter().flatten().for_each(|write| write.finish(outcome.clone()));
                return Err(failure);
            }
        };
        let mut unprocessed = done.unprocessed_items.take().unwrap_or_default();
        for (table, pending) in tables.iter_mut().zip(pending) {
            for left in unprocessed.remove(&table.name).unwrap_or_default() {
                table.unprocessed.extend(self.left_over(left, &table.schema)?);
            }
            for (write, (key, item)) in pending.into_iter().zip(&table.effects) {
                let skipped = table.unprocessed.iter().any(|left| left.key == *key);
                write.finish(if skipped { Outcome::Unchanged } else { Outcome::Now(item.clone()) });
            }
        }
        answer(&tables, Some(&done))
    }

    async fn batch_table(&self, batch: BatchWrite, unprocessed: Vec<Write>) -> Result<Table, Failure> {
        let schema = self.schema(&batch.table).await?;
        let mut table =
            Table { name: batch.table, schema, writes: Vec::new(), effects: Vec::new(), unprocessed: Vec::new() };
        for write in batch.writes {
            let key = table.schema.read(&write.key)?;
            let canonical = table.schema.write(&key)?;
            let (request, effect) = match write.item {
                Some(bytes) => {
                    let attributes = self.put_attributes(&bytes, key)?;
                    let put = PutRequest::builder().set_item(Some(attributes.clone())).build().map_err(incomplete)?;
                    let item = self.item(attributes, &table.schema)?;
                    (WriteRequest::builder().put_request(put).build(), Some(item))
                }
                None => {
                    let delete = DeleteRequest::builder().set_key(Some(key)).build().map_err(incomplete)?;
                    (WriteRequest::builder().delete_request(delete).build(), None)
                }
            };
            table.writes.push(request);
            table.effects.push((canonical, effect));
        }
        table.unprocessed = unprocessed;
        Ok(table)
    }

    fn announce(&self, tables: &[Table]) -> Vec<Vec<PendingWrite>> {
        let announce = |table: &Table| {
            let keys = table.effects.iter().map(|(key, _)| ItemKey::new(&table.name, key));
            keys.map(|key| PendingWrite::begin(self.shared, key)).collect()
        };
        tables.iter().map(announce).collect()
    }

    /// What DynamoDB did not get to, as it came.
    fn left_over(&self, left: WriteRequest, schema: &KeySchema) -> Result<Option<Write>, Failure> {
        Ok(match (left.put_request, left.delete_request) {
            (Some(put), _) => {
                let item = item::encode(&put.item, schema, &self.shared.lists)?;
                Some(Write { key: schema.write(&put.item)?, item: Some(item) })
            }
            (None, Some(delete)) => Some(Write { key: schema.write(&delete.key)?, item: None }),
            (None, None) => None,
        })
    }
}

type Done = aws_sdk_dynamodb::operation::batch_write_item::BatchWriteItemOutput;

fn answer(tables: &[Table], done: Option<&Done>) -> Result<Vec<u8>, Failure> {
    let mut out = reply::success();
    let mut writer = Writer::new(&mut out);
    let unprocessed = tables.iter().filter(|table| !table.unprocessed.is_empty());
    writer.map(unprocessed.clone().count());
    for table in unprocessed {
        writer.text(&table.name);
        writer.array(2 * table.unprocessed.len());
        for left in &table.unprocessed {
            writer.bytes(&left.key);
            match &left.item {
                Some(item) => writer.bytes(item),
                None => writer.null(),
            }
        }
    }
    reply::write_capacities(done.map(Done::consumed_capacity).unwrap_or_default(), &mut writer)?;
    reply::write_metrics_by_table(done.and_then(Done::item_collection_metrics), &mut writer)?;
    Ok(out)
}
