//! Batches of writes.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::batch_write_item::{BatchWriteItemInput, BatchWriteItemOutput};
use aws_sdk_dynamodb::types::WriteRequest;

use super::BatchInput;
use crate::connector::BoxFuture;
use crate::sealed::Sealed;
use crate::{DynamoDb, Error, Method};

impl Sealed for BatchWriteItemInput {}

impl BatchInput for BatchWriteItemInput {
    type Output = BatchWriteItemOutput;
    type Element = WriteRequest;
    const METHOD: Method = Method::BatchWriteItem;
    const CHUNK: usize = 25;

    fn is_set(&self) -> bool {
        self.request_items.is_some()
    }

    fn take(&mut self) -> Vec<(String, WriteRequest)> {
        take_writes(self.request_items.as_mut())
    }

    fn with(&self, elements: Vec<(String, WriteRequest)>) -> Self {
        let mut tables: HashMap<String, Vec<WriteRequest>> = HashMap::new();
        for (table, write) in elements {
            tables.entry(table).or_default().push(write);
        }
        let mut input = self.clone();
        input.request_items = self.is_set().then_some(tables);
        input
    }

    fn fetch<D: DynamoDb>(self, db: &D) -> BoxFuture<'_, Result<BatchWriteItemOutput, Error>> {
        db.batch_write_item(self)
    }

    fn take_unprocessed(output: &mut BatchWriteItemOutput) -> Vec<(String, WriteRequest)> {
        let mut unprocessed = output.unprocessed_items.take();
        take_writes(unprocessed.as_mut())
    }

    fn empty() -> BatchWriteItemOutput {
        BatchWriteItemOutput::builder().build()
    }

    fn merge(all: &mut BatchWriteItemOutput, page: BatchWriteItemOutput) {
        if let Some(capacity) = page.consumed_capacity {
            all.consumed_capacity.get_or_insert_default().extend(capacity);
        }
        if let Some(tables) = page.item_collection_metrics {
            let metrics = all.item_collection_metrics.get_or_insert_default();
            for (table, collections) in tables {
                metrics.entry(table).or_default().extend(collections);
            }
        }
    }

    fn put_back(all: &mut BatchWriteItemOutput, rest: Self) {
        all.unprocessed_items = rest.request_items;
    }
}

fn take_writes(tables: Option<&mut HashMap<String, Vec<WriteRequest>>>) -> Vec<(String, WriteRequest)> {
    let mut all = Vec::new();
    for (table, writes) in tables.into_iter().flatten() {
        all.extend(std::mem::take(writes).into_iter().map(|write| (table.clone(), write)));
    }
    all
}
