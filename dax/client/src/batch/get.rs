//! Batches of keys.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::batch_get_item::{BatchGetItemInput, BatchGetItemOutput};
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};

use super::BatchInput;
use crate::connector::BoxFuture;
use crate::sealed::Sealed;
use crate::{DynamoDb, Error, Method};

impl Sealed for BatchGetItemInput {}

impl BatchInput for BatchGetItemInput {
    type Output = BatchGetItemOutput;
    type Element = HashMap<String, AttributeValue>;
    const METHOD: Method = Method::BatchGetItem;
    const CHUNK: usize = 100;

    fn is_set(&self) -> bool {
        self.request_items.is_some()
    }

    fn take(&mut self) -> Vec<(String, Self::Element)> {
        take_keys(self.request_items.as_mut())
    }

    fn with(&self, elements: Vec<(String, Self::Element)>) -> Self {
        let mut input = self.clone();
        // What else is asked of each table's items.
        let mut frames = input.request_items.take().unwrap_or_default();
        let mut tables: HashMap<String, KeysAndAttributes> = HashMap::new();
        for (table, key) in elements {
            let keys = tables.entry(table).or_insert_with_key(|table| frames.remove(table).unwrap_or_else(keys_only));
            keys.keys.push(key);
        }
        input.request_items = self.is_set().then_some(tables);
        input
    }

    fn fetch<D: DynamoDb>(self, db: &D) -> BoxFuture<'_, Result<BatchGetItemOutput, Error>> {
        db.batch_get_item(self)
    }

    fn take_unprocessed(output: &mut BatchGetItemOutput) -> Vec<(String, Self::Element)> {
        let mut unprocessed = output.unprocessed_keys.take();
        take_keys(unprocessed.as_mut())
    }

    fn empty() -> BatchGetItemOutput {
        BatchGetItemOutput::builder().set_responses(Some(HashMap::new())).build()
    }

    fn merge(all: &mut BatchGetItemOutput, page: BatchGetItemOutput) {
        let responses = all.responses.get_or_insert_default();
        for (table, items) in page.responses.into_iter().flatten() {
            responses.entry(table).or_default().extend(items);
        }
        if let Some(capacity) = page.consumed_capacity {
            all.consumed_capacity.get_or_insert_default().extend(capacity);
        }
    }

    fn put_back(all: &mut BatchGetItemOutput, rest: Self) {
        all.unprocessed_keys = rest.request_items;
    }
}

/// A table's keys, without any wish.
fn keys_only() -> KeysAndAttributes {
    #[expect(clippy::expect_used, reason = "the only required member is set")]
    KeysAndAttributes::builder().set_keys(Some(Vec::new())).build().expect("keys are set")
}

fn take_keys(
    tables: Option<&mut HashMap<String, KeysAndAttributes>>,
) -> Vec<(String, HashMap<String, AttributeValue>)> {
    let mut all = Vec::new();
    for (table, wanted) in tables.into_iter().flatten() {
        all.extend(std::mem::take(&mut wanted.keys).into_iter().map(|key| (table.clone(), key)));
    }
    all
}
