//! putItem, updateItem and deleteItem: to DynamoDB first, then into the caches.

use aws_sdk_dynamodb::{
    error::{ProvideErrorMetadata, SdkError},
    operation::update_item::UpdateItemOutput,
    types::{ConsumedCapacity, ItemCollectionMetrics, ReturnValue},
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use dax_protocol::{cbor::Writer, field};

use super::{Call, reply};
use crate::{
    cache::{ItemKey, Outcome},
    failure::Failure,
    pending_write::PendingWrite,
    request::{ItemRequest, render::Placeholders},
    wire::{capacity, item, key::KeySchema, value::Attributes},
};

/// What DynamoDB says about a write.
struct Written {
    attributes: Option<Attributes>,
    capacity: Option<ConsumedCapacity>,
    metrics: Option<ItemCollectionMetrics>,
}

/// How the attributes in an answer travel.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Whole,
    Partial,
}

impl Call<'_> {
    pub(super) async fn put_item(&self, request: ItemRequest) -> Result<Vec<u8>, Failure> {
        let schema = self.schema(&request.table).await?;
        let attributes = self.put_attributes(&request.item, schema.read(&request.key)?)?;
        let key = ItemKey::new(&request.table, &schema.write(&attributes)?);
        let item = self.item(attributes.clone(), &schema)?;
        let mut placeholders = Placeholders::default();
        let options = request.options;
        let condition = options.condition.map(|condition| placeholders.condition(&condition)).transpose()?;
        let put = self.shared.dynamodb.put_item();
        let put = put
            .table_name(&request.table)
            .set_item(Some(attributes))
            .set_condition_expression(condition)
            .set_expression_attribute_names(placeholders.take_names())
            .set_expression_attribute_values(placeholders.take_values())
            .set_return_values(options.return_values)
            .set_return_consumed_capacity(options.capacity)
            .set_return_item_collection_metrics(options.metrics);
        let put = self.settle(&request.table, key, Box::pin(put.send()), |_| Outcome::Now(Some(item))).await?;
        let written = Written {
            attributes: put.attributes,
            capacity: put.consumed_capacity,
            metrics: put.item_collection_metrics,
        };
        self.answer(&written, &schema, Form::Whole)
    }

    pub(super) async fn update_item(&self, request: ItemRequest) -> Result<Vec<u8>, Failure> {
        let schema = self.schema(&request.table).await?;
        let key = ItemKey::new(&request.table, &schema.normalize(&request.key)?);
        let mut placeholders = Placeholders::default();
        let options = request.options;
        let condition = options.condition.map(|condition| placeholders.condition(&condition)).transpose()?;
        let update = options.update.map(|update| placeholders.update(&update)).transpose()?;
        // A client that wants nothing back leaves room to ask for the new item, for the caches. It costs nothing.
        let wanted = options.return_values;
        let asked = wanted.clone().unwrap_or(ReturnValue::AllNew);
        let call = self.shared.dynamodb.update_item();
        let call = call
            .table_name(&request.table)
            .set_key(Some(schema.read(&request.key)?))
            .set_update_expression(update)
            .set_condition_expression(condition)
            .set_expression_attribute_names(placeholders.take_names())
            .set_expression_attribute_values(placeholders.take_values())
            .return_values(asked.clone())
            .set_return_consumed_capacity(options.capacity)
            .set_return_item_collection_metrics(options.metrics);
        let outcome = |updated: &UpdateItemOutput| {
            let now = updated.attributes.as_ref().filter(|_| asked == ReturnValue::AllNew);
            let now = now.and_then(|attributes| self.item(attributes.clone(), &schema).ok());
            now.map_or(Outcome::Unknown, |item| Outcome::Now(Some(item)))
        };
        let updated = self.settle(&request.table, key, Box::pin(call.send()), outcome).await?;
        let form = match &wanted {
            Some(ReturnValue::UpdatedOld | ReturnValue::UpdatedNew) => Form::Partial,
            _ => Form::Whole,
        };
        let written = Written {
            attributes: updated.attributes.filter(|_| wanted.is_some()),
            capacity: updated.consumed_capacity,
            metrics: updated.item_collection_metrics,
        };
        self.answer(&written, &schema, form)
    }

    pub(super) async fn delete_item(&self, request: ItemRequest) -> Result<Vec<u8>, Failure> {
        let schema = self.schema(&request.table).await?;
        let key = ItemKey::new(&request.table, &schema.normalize(&request.key)?);
        let mut placeholders = Placeholders::default();
        let options = request.options;
        let condition = options.condition.map(|condition| placeholders.condition(&condition)).transpose()?;
        let delete = self.shared.dynamodb.delete_item();
        let delete = delete
            .table_name(&request.table)
            .set_key(Some(schema.read(&request.key)?))
            .set_condition_expression(condition)
            .set_expression_attribute_names(placeholders.take_names())
            .set_expression_attribute_values(placeholders.take_values())
            .set_return_values(options.return_values)
            .set_return_consumed_capacity(options.capacity)
            .set_return_item_collection_metrics(options.metrics);
        let deleted = self.settle(&request.table, key, Box::pin(delete.send()), |_| Outcome::Now(None)).await?;
        let written = Written {
            attributes: deleted.attributes,
            capacity: deleted.consumed_capacity,
            metrics: deleted.item_collection_metrics,
        };
        self.answer(&written, &schema, Form::Whole)
    }

    /// Carries out a write, and lets the caches know how it ended.
    ///
    /// `sending` is boxed: else the future of every write would hold it twice.
    async fn settle<T, E>(
        &self,
        table: &str,
        key: ItemKey,
        sending: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
        outcome: impl FnOnce(&T) -> Outcome,
    ) -> Result<T, Failure>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let write = PendingWrite::begin(self.shared, key);
        match sending.await {
            Ok(done) => {
                write.finish(outcome(&done));
                Ok(done)
            }
            Err(error) => {
                let failure = Failure::from_sdk(error, true);
                write.finish(self.after_failure(&failure, [table]));
                Err(failure)
            }
        }
    }

    fn answer(&self, written: &Written, schema: &KeySchema, form: Form) -> Result<Vec<u8>, Failure> {
        let mut out = reply::success();
        let mut writer = Writer::new(&mut out);
        let attributes = written.attributes.as_ref().filter(|attributes| !attributes.is_empty());
        let metrics = written.metrics.as_ref().and_then(capacity::metrics);
        if attributes.is_none() && written.capacity.is_none() && metrics.is_none() {
            writer.null();
            return Ok(out);
        }
        writer.open_map();
        if let Some(attributes) = attributes {
            writer.uint(field::ATTRIBUTES);
            writer.bytes(&match form {
                Form::Whole => item::encode(attributes, schema, &self.shared.lists)?,
                Form::Partial => item::encode_partial(attributes, &self.shared.lists)?,
            });
        }
        reply::write_capacity_entry(written.capacity.as_ref(), &mut writer)?;
        if let Some(metrics) = metrics {
            writer.uint(field::COLLECTION_METRICS);
            capacity::write_metrics(metrics, &mut writer)?;
        }
        writer.close();
        Ok(out)
    }
}
