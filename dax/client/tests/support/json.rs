//! DynamoDB JSON, as users write it, to the SDK's inputs; the SDK's outputs to DynamoDB JSON.
//!
//! Strict: a field that is not known is an error, so that nothing is left out in silence.

use std::cell::RefCell;
use std::collections::HashMap;

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::operation::batch_get_item::{BatchGetItemInput, BatchGetItemOutput};
use aws_sdk_dynamodb::operation::batch_write_item::{BatchWriteItemInput, BatchWriteItemOutput};
use aws_sdk_dynamodb::operation::delete_item::{DeleteItemInput, DeleteItemOutput};
use aws_sdk_dynamodb::operation::get_item::{GetItemInput, GetItemOutput};
use aws_sdk_dynamodb::operation::put_item::{PutItemInput, PutItemOutput};
use aws_sdk_dynamodb::operation::query::{QueryInput, QueryOutput};
use aws_sdk_dynamodb::operation::scan::{ScanInput, ScanOutput};
use aws_sdk_dynamodb::operation::transact_get_items::{TransactGetItemsInput, TransactGetItemsOutput};
use aws_sdk_dynamodb::operation::transact_write_items::{TransactWriteItemsInput, TransactWriteItemsOutput};
use aws_sdk_dynamodb::operation::update_item::{UpdateItemInput, UpdateItemOutput};
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{
    AttributeValue, AttributeValueUpdate, CancellationReason, Capacity, Condition, ConditionCheck, ConsumedCapacity,
    Delete, DeleteRequest, ExpectedAttributeValue, Get, ItemCollectionMetrics, KeysAndAttributes, Put, PutRequest,
    TransactGetItem, TransactWriteItem, Update, WriteRequest,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map, Value, json};

type Item = HashMap<String, AttributeValue>;
type Result<T> = std::result::Result<T, String>;

/// An SDK input that DynamoDB JSON describes.
pub(crate) trait FromJson: Sized {
    /// Reads it.
    ///
    /// # Errors
    /// What is wrong with the JSON.
    fn from_json(json: &Value) -> Result<Self>;
}

/// An SDK output that can be shown as DynamoDB JSON.
pub(crate) trait ToJson {
    /// Shows it. Fields that are not set are left out.
    fn to_json(&self) -> Value;
}

/// The fields of a JSON object, and which of them were looked at.
struct Fields<'a> {
    object: &'a Map<String, Value>,
    seen: RefCell<Vec<&'static str>>,
}

impl<'a> Fields<'a> {
    fn of(json: &'a Value) -> Result<Self> {
        let object = json.as_object().ok_or_else(|| format!("expected an object, got {json}"))?;
        Ok(Self { object, seen: RefCell::default() })
    }

    fn get(&self, name: &'static str) -> Option<&'a Value> {
        self.seen.borrow_mut().push(name);
        self.object.get(name).filter(|value| !value.is_null())
    }

    fn read<T>(&self, name: &'static str, read: impl FnOnce(&'a Value) -> Result<T>) -> Result<Option<T>> {
        self.get(name).map(read).transpose().map_err(|error| format!("{name}: {error}"))
    }

    fn text(&self, name: &'static str) -> Result<Option<String>> {
        self.read(name, text)
    }

    /// A text with a fixed set of values.
    fn choice<T: for<'t> From<&'t str>>(&self, name: &'static str) -> Result<Option<T>> {
        Ok(self.text(name)?.map(|text| T::from(text.as_str())))
    }

    fn bool(&self, name: &'static str) -> Result<Option<bool>> {
        self.read(name, |value| value.as_bool().ok_or_else(|| format!("expected a boolean, got {value}")))
    }

    fn int(&self, name: &'static str) -> Result<Option<i32>> {
        self.read(name, |value| {
            let int = value.as_i64().and_then(|int| i32::try_from(int).ok());
            int.ok_or_else(|| format!("expected an integer, got {value}"))
        })
    }

    fn texts(&self, name: &'static str) -> Result<Option<Vec<String>>> {
        self.read(name, |value| list(value, text))
    }

    fn names(&self) -> Result<Option<HashMap<String, String>>> {
        self.read("ExpressionAttributeNames", |value| map(value, text))
    }

    fn values(&self) -> Result<Option<Item>> {
        self.item("ExpressionAttributeValues")
    }

    fn item(&self, name: &'static str) -> Result<Option<Item>> {
        self.read(name, item)
    }

    fn done<T>(&self, built: std::result::Result<T, BuildError>) -> Result<T> {
        let seen = self.seen.borrow();
        match self.object.keys().find(|name| !seen.contains(&name.as_str())) {
            Some(unknown) => Err(format!("unknown field {unknown}")),
            None => built.map_err(|error| error.to_string()),
        }
    }
}

fn text(value: &Value) -> Result<String> {
    value.as_str().map(str::to_owned).ok_or_else(|| format!("expected a string, got {value}"))
}

fn list<T>(value: &Value, read: impl Fn(&Value) -> Result<T>) -> Result<Vec<T>> {
    let array = value.as_array().ok_or_else(|| format!("expected an array, got {value}"))?;
    array.iter().map(read).collect()
}

fn map<T>(value: &Value, read: impl Fn(&Value) -> Result<T>) -> Result<HashMap<String, T>> {
    let object = value.as_object().ok_or_else(|| format!("expected an object, got {value}"))?;
    let entry = |(name, value): (&String, &Value)| {
        read(value).map(|value| (name.clone(), value)).map_err(|error| format!("{name}: {error}"))
    };
    object.iter().map(entry).collect()
}

/// Reads a map of attributes.
///
/// # Errors
/// What is wrong with the JSON.
pub(crate) fn item(value: &Value) -> Result<Item> {
    map(value, attribute)
}

/// Reads an attribute value.
///
/// # Errors
/// What is wrong with the JSON.
pub(crate) fn attribute(value: &Value) -> Result<AttributeValue> {
    let object = value.as_object().filter(|object| object.len() == 1);
    let entry = object.and_then(|object| object.iter().next());
    let (kind, content) = entry.ok_or_else(|| format!("expected an attribute value, got {value}"))?;
    let bool = || content.as_bool().ok_or_else(|| format!("expected a boolean, got {content}"));
    Ok(match kind.as_str() {
        "S" => AttributeValue::S(text(content)?),
        "N" => AttributeValue::N(text(content)?),
        "B" => AttributeValue::B(blob(content)?),
        "SS" => AttributeValue::Ss(list(content, text)?),
        "NS" => AttributeValue::Ns(list(content, text)?),
        "BS" => AttributeValue::Bs(list(content, blob)?),
        "L" => AttributeValue::L(list(content, attribute)?),
        "M" => AttributeValue::M(item(content)?),
        "BOOL" => AttributeValue::Bool(bool()?),
        "NULL" => AttributeValue::Null(bool()?),
        other => return Err(format!("unknown attribute type {other}")),
    })
}

fn blob(value: &Value) -> Result<Blob> {
    BASE64.decode(text(value)?).map(Blob::new).map_err(|error| format!("base64: {error}"))
}

impl FromJson for GetItemInput {
    fn from_json(json: &Value) -> Result<Self> {
        let f = Fields::of(json)?;
        f.done(
            Self::builder()
                .set_table_name(f.text("TableName")?)
                .set_key(f.item("Key")?)
                .set_attributes_to_get(f.texts("AttributesToGet")?)
                .set_consistent_read(f.bool("ConsistentRead")?)
                .set_return_consumed_capacity(f.choice("ReturnConsumedCapacity")?)
                .set_projection_expression(f.text("ProjectionExpression")?)
                .set_expression_attribute_names(f.names()?)
                .build(),
        )
    }
}

impl FromJson for PutItemInput {
    fn from_json(json: &Value) -> Result<Self> {
        let f = Fields::of(json)?;
        f.done(
            Self::builder()
                .set_table_name(f.text("TableName")?)
                .set_item(f.item("Item")?)
                .set_expected(f.read("Expected", |value| map(value, expected))?)
                .set_return_values(f.choice("ReturnValues")?)
                .set_return_consumed_capacity(f.choice("ReturnConsumedCapacity")?)
                .set_return_item_collection_metrics(f.choice("ReturnItemCollectionMetrics")?)
                .set_conditional_operator(f.choice("ConditionalOperator")?)
                .set_condition_expression(f.text("ConditionExpression")?)
                .set_expression_attribute_names(f.names()?)
                .set_expression_attribute_values(f.values()?)
                .set_return_values_on_condition_check_failure(f.choice("ReturnValuesOnConditionCheckFailure")?)
                .build(),
        )
    }
}

impl FromJson for UpdateItemInput {
    fn from_json(json: &Value) -> Result<Self> {
        let f = Fields::of(json)?;
        f.done(
            Self::builder()
                .set_table_name(f.text("TableName")?)
                .set_key(f.item("Key")?)
                .set_attribute_updates(f.read("AttributeUpdates", |value| map(value, attribute_update))?)
                .set_expected(f.read("Expected", |value| map(value, expected))?)
                .set_conditional_operator(f.choice("ConditionalOperator")?)
                .set_return_values(f.choice("ReturnValues")?)
                .set_return_consumed_capacity(f.choice("ReturnConsumedCapacity")?)
                .set_return_item_collection_metrics(f.choice("ReturnItemCollectionMetrics")?)
                .set_update_expression(f.text("UpdateExpression")?)
                .set_condition_expression(f.text("ConditionExpression")?)
                .set_expression_attribute_names(f.names()?)
                .set_expression_attribute_values(f.values()?)
                .set_return_values_on_condition_check_failure(f.choice("ReturnValuesOnConditionCheckFailure")?)
                .build(),
        )
    }
}

impl FromJson for DeleteItemInput {
    fn from_json(json: &Value) -> Result<Self> {
        let f = Fields::of(json)?;
        f.done(
            Self::builder()
                .set_table_name(f.text("TableName")?)
                .set_key(f.item("Key")?)
                .set_expected(f.read("Expected", |value| map(value, expected))?)
                .set_conditional_operator(f.choice("ConditionalOperator")?)
                .set_return_values(f.choice("ReturnValues")?)
                .set_return_consumed_capacity(f.choice("ReturnConsumedCapacity")?)
                .set_return_item_collection_metrics(f.choice("ReturnItemCollectionMetrics")?)
                .set_condition_expression(f.text("ConditionExpression")?)
                .set_expression_attribute_names(f.names()?)
                .set_expression_attribute_values(f.values()?)
                .set_return_values_on_condition_check_failure(f.choice("ReturnValuesOnConditionCheckFailure")?)
                .build(),
        )
    }
}

impl FromJson for QueryInput {
    fn from_json(json: &Value) -> Result<Self> {
        let f = Fields::of(json)?;
        f.done(
            Self::builder()
                .set_table_name(f.text("TableName")?)
                .set_index_name(f.text("IndexName")?)
                .set_select(f.choice("Select")?)
                .set_attributes_to_get(f.texts("AttributesToGet")?)
                .set_limit(f.int("Limit")?)
                .set_consistent_read(f.bool("ConsistentRead")?)
                .set_key_conditions(f.read("KeyConditions", |value| map(value, condition))?)
                .set_query_filter(f.read("QueryFilter", |value| map(value, condition))?)
                .set_conditional_operator(f.choice("ConditionalOperator")?)
                .set_scan_index_forward(f.bool("ScanIndexForward")?)
                .set_exclusive_start_key(f.item("ExclusiveStartKey")?)
                .set_return_consumed_capacity(f.choice("ReturnConsumedCapacity")?)
                .set_projection_expression(f.text("ProjectionExpression")?)
                .set_filter_expression(f.text("FilterExpression")?)
                .set_key_condition_expression(f.text("KeyConditionExpression")?)
                .set_expression_attribute_names(f.names()?)
                .set_expression_attribute_values(f.values()?)
                .build(),
        )
    }
}

impl FromJson for ScanInput {
    fn from_json(json: &Value) -> Result<Self> {
        let f = Fields::of(json)?;
        f.done(
            Self::builder()
                .set_table_name(f.text("TableName")?)
                .set_index_name(f.text("IndexName")?)
                .set_attributes_to_get(f.texts("AttributesToGet")?)
                .set_limit(f.int("Limit")?)
                .set_select(f.choice("Select")?)
                .set_scan_filter(f.read("ScanFilter", |value| map(value, condition))?)
                .set_conditional_operator(f.choice("ConditionalOperator")?)
                .set_exclusive_start_key(f.item("ExclusiveStartKey")?)
                .set_return_consumed_capacity(f.choice("ReturnConsumedCapacity")?)
                .set_total_segments(f.int("TotalSegments")?)
                .set_segment(f.int("Segment")?)
                .set_projection_expression(f.text("ProjectionExpression")?)
                .set_filter_expression(f.text("FilterExpression")?)
                .set_expression_attribute_names(f.names()?)
                .set_expression_attribute_values(f.values()?)
                .set_consistent_read(f.bool("ConsistentRead")?)
                .build(),
        )
    }
}

impl FromJson for BatchGetItemInput {
    fn from_json(json: &Value) -> Result<Self> {
        let f = Fields::of(json)?;
        f.done(
            Self::builder()
                .set_request_items(f.read("RequestItems", |value| map(value, keys_and_attributes))?)
                .set_return_consumed_capacity(f.choice("ReturnConsumedCapacity")?)
                .build(),
        )
    }
}

impl FromJson for BatchWriteItemInput {
    fn from_json(json: &Value) -> Result<Self> {
        let f = Fields::of(json)?;
        f.done(
            Self::builder()
                .set_request_items(f.read("RequestItems", |value| map(value, |value| list(value, write_request)))?)
                .set_return_consumed_capacity(f.choice("ReturnConsumedCapacity")?)
                .set_return_item_collection_metrics(f.choice("ReturnItemCollectionMetrics")?)
                .build(),
        )
    }
}

impl FromJson for TransactGetItemsInput {
    fn from_json(json: &Value) -> Result<Self> {
        let f = Fields::of(json)?;
        f.done(
            Self::builder()
                .set_transact_items(f.read("TransactItems", |value| list(value, transact_get))?)
                .set_return_consumed_capacity(f.choice("ReturnConsumedCapacity")?)
                .build(),
        )
    }
}

impl FromJson for TransactWriteItemsInput {
    fn from_json(json: &Value) -> Result<Self> {
        let f = Fields::of(json)?;
        f.done(
            Self::builder()
                .set_transact_items(f.read("TransactItems", |value| list(value, transact_write))?)
                .set_return_consumed_capacity(f.choice("ReturnConsumedCapacity")?)
                .set_return_item_collection_metrics(f.choice("ReturnItemCollectionMetrics")?)
                .set_client_request_token(f.text("ClientRequestToken")?)
                .build(),
        )
    }
}

fn condition(json: &Value) -> Result<Condition> {
    let f = Fields::of(json)?;
    f.done(
        Condition::builder()
            .set_attribute_value_list(f.read("AttributeValueList", |value| list(value, attribute))?)
            .set_comparison_operator(f.choice("ComparisonOperator")?)
            .build(),
    )
}

fn expected(json: &Value) -> Result<ExpectedAttributeValue> {
    let f = Fields::of(json)?;
    f.done(Ok(ExpectedAttributeValue::builder()
        .set_value(f.read("Value", attribute)?)
        .set_exists(f.bool("Exists")?)
        .set_comparison_operator(f.choice("ComparisonOperator")?)
        .set_attribute_value_list(f.read("AttributeValueList", |value| list(value, attribute))?)
        .build()))
}

fn attribute_update(json: &Value) -> Result<AttributeValueUpdate> {
    let f = Fields::of(json)?;
    f.done(Ok(AttributeValueUpdate::builder()
        .set_value(f.read("Value", attribute)?)
        .set_action(f.choice("Action")?)
        .build()))
}

fn keys_and_attributes(json: &Value) -> Result<KeysAndAttributes> {
    let f = Fields::of(json)?;
    f.done(
        KeysAndAttributes::builder()
            .set_keys(f.read("Keys", |value| list(value, item))?)
            .set_attributes_to_get(f.texts("AttributesToGet")?)
            .set_consistent_read(f.bool("ConsistentRead")?)
            .set_projection_expression(f.text("ProjectionExpression")?)
            .set_expression_attribute_names(f.names()?)
            .build(),
    )
}

fn write_request(json: &Value) -> Result<WriteRequest> {
    let f = Fields::of(json)?;
    let put = f.read("PutRequest", |json| {
        let f = Fields::of(json)?;
        f.done(PutRequest::builder().set_item(f.item("Item")?).build())
    })?;
    let delete = f.read("DeleteRequest", |json| {
        let f = Fields::of(json)?;
        f.done(DeleteRequest::builder().set_key(f.item("Key")?).build())
    })?;
    f.done(Ok(WriteRequest::builder().set_put_request(put).set_delete_request(delete).build()))
}

fn transact_get(json: &Value) -> Result<TransactGetItem> {
    let f = Fields::of(json)?;
    let get = f.read("Get", |json| {
        let f = Fields::of(json)?;
        f.done(
            Get::builder()
                .set_table_name(f.text("TableName")?)
                .set_key(f.item("Key")?)
                .set_projection_expression(f.text("ProjectionExpression")?)
                .set_expression_attribute_names(f.names()?)
                .build(),
        )
    })?;
    f.done(Ok(TransactGetItem::builder().set_get(get).build()))
}

fn transact_write(json: &Value) -> Result<TransactWriteItem> {
    let f = Fields::of(json)?;
    f.done(Ok(TransactWriteItem::builder()
        .set_condition_check(f.read("ConditionCheck", transact_check)?)
        .set_put(f.read("Put", transact_put)?)
        .set_delete(f.read("Delete", transact_delete)?)
        .set_update(f.read("Update", transact_update)?)
        .build()))
}

fn transact_check(json: &Value) -> Result<ConditionCheck> {
    let f = Fields::of(json)?;
    f.done(
        ConditionCheck::builder()
            .set_table_name(f.text("TableName")?)
            .set_key(f.item("Key")?)
            .set_condition_expression(f.text("ConditionExpression")?)
            .set_expression_attribute_names(f.names()?)
            .set_expression_attribute_values(f.values()?)
            .set_return_values_on_condition_check_failure(f.choice("ReturnValuesOnConditionCheckFailure")?)
            .build(),
    )
}

fn transact_put(json: &Value) -> Result<Put> {
    let f = Fields::of(json)?;
    f.done(
        Put::builder()
            .set_table_name(f.text("TableName")?)
            .set_item(f.item("Item")?)
            .set_condition_expression(f.text("ConditionExpression")?)
            .set_expression_attribute_names(f.names()?)
            .set_expression_attribute_values(f.values()?)
            .set_return_values_on_condition_check_failure(f.choice("ReturnValuesOnConditionCheckFailure")?)
            .build(),
    )
}

fn transact_delete(json: &Value) -> Result<Delete> {
    let f = Fields::of(json)?;
    f.done(
        Delete::builder()
            .set_table_name(f.text("TableName")?)
            .set_key(f.item("Key")?)
            .set_condition_expression(f.text("ConditionExpression")?)
            .set_expression_attribute_names(f.names()?)
            .set_expression_attribute_values(f.values()?)
            .set_return_values_on_condition_check_failure(f.choice("ReturnValuesOnConditionCheckFailure")?)
            .build(),
    )
}

fn transact_update(json: &Value) -> Result<Update> {
    let f = Fields::of(json)?;
    f.done(
        Update::builder()
            .set_table_name(f.text("TableName")?)
            .set_key(f.item("Key")?)
            .set_update_expression(f.text("UpdateExpression")?)
            .set_condition_expression(f.text("ConditionExpression")?)
            .set_expression_attribute_names(f.names()?)
            .set_expression_attribute_values(f.values()?)
            .set_return_values_on_condition_check_failure(f.choice("ReturnValuesOnConditionCheckFailure")?)
            .build(),
    )
}

/// An object under construction.
#[derive(Default)]
struct Object(Map<String, Value>);

impl Object {
    fn with<T>(mut self, name: &str, value: Option<T>, show: impl FnOnce(T) -> Value) -> Self {
        if let Some(value) = value {
            self.0.insert(name.to_owned(), show(value));
        }
        self
    }

    fn done(self) -> Value {
        Value::Object(self.0)
    }
}

fn show_map<T>(map: &HashMap<String, T>, show: impl Fn(&T) -> Value) -> Value {
    Value::Object(map.iter().map(|(name, value)| (name.clone(), show(value))).collect())
}

fn show_list<T>(list: &[T], show: impl Fn(&T) -> Value) -> Value {
    Value::Array(list.iter().map(show).collect())
}

/// Shows a map of attributes.
pub(crate) fn show_item(item: &Item) -> Value {
    show_map(item, show_attribute)
}

/// Shows an attribute value.
pub(crate) fn show_attribute(value: &AttributeValue) -> Value {
    let base64 = |blob: &Blob| Value::String(BASE64.encode(blob));
    match value {
        AttributeValue::S(text) => json!({ "S": text }),
        AttributeValue::N(text) => json!({ "N": text }),
        AttributeValue::B(blob) => json!({ "B": base64(blob) }),
        AttributeValue::Ss(texts) => json!({ "SS": texts }),
        AttributeValue::Ns(texts) => json!({ "NS": texts }),
        AttributeValue::Bs(blobs) => json!({ "BS": show_list(blobs, base64) }),
        AttributeValue::L(values) => json!({ "L": show_list(values, show_attribute) }),
        AttributeValue::M(attributes) => json!({ "M": show_item(attributes) }),
        AttributeValue::Bool(value) => json!({ "BOOL": value }),
        AttributeValue::Null(value) => json!({ "NULL": value }),
        other => json!({ "unknown": format!("{other:?}") }),
    }
}

/// Shows why a transaction was cancelled.
pub(crate) fn show_reasons(reasons: &[CancellationReason]) -> Value {
    show_list(reasons, |reason| {
        Object::default()
            .with("Code", reason.code(), Value::from)
            .with("Message", reason.message(), Value::from)
            .with("Item", reason.item(), show_item)
            .done()
    })
}

fn show_capacity(capacity: &ConsumedCapacity) -> Value {
    let indexes = |indexes| show_map(indexes, show_units);
    Object::default()
        .with("TableName", capacity.table_name(), Value::from)
        .with("CapacityUnits", capacity.capacity_units, Value::from)
        .with("ReadCapacityUnits", capacity.read_capacity_units, Value::from)
        .with("WriteCapacityUnits", capacity.write_capacity_units, Value::from)
        .with("Table", capacity.table(), show_units)
        .with("LocalSecondaryIndexes", capacity.local_secondary_indexes(), indexes)
        .with("GlobalSecondaryIndexes", capacity.global_secondary_indexes(), indexes)
        .done()
}

fn show_units(units: &Capacity) -> Value {
    Object::default()
        .with("ReadCapacityUnits", units.read_capacity_units, Value::from)
        .with("WriteCapacityUnits", units.write_capacity_units, Value::from)
        .with("CapacityUnits", units.capacity_units, Value::from)
        .done()
}

fn show_metrics(metrics: &ItemCollectionMetrics) -> Value {
    Object::default()
        .with("ItemCollectionKey", metrics.item_collection_key(), show_item)
        .with("SizeEstimateRangeGB", metrics.size_estimate_range_gb.as_deref(), |sizes| show_list(sizes, |s| json!(s)))
        .done()
}

impl ToJson for GetItemOutput {
    fn to_json(&self) -> Value {
        Object::default()
            .with("Item", self.item(), show_item)
            .with("ConsumedCapacity", self.consumed_capacity(), show_capacity)
            .done()
    }
}

/// The three single writes report the same.
macro_rules! show_write {
    ($($output:ty),*) => { $(
        impl ToJson for $output {
            fn to_json(&self) -> Value {
                Object::default()
                    .with("Attributes", self.attributes(), show_item)
                    .with("ConsumedCapacity", self.consumed_capacity(), show_capacity)
                    .with("ItemCollectionMetrics", self.item_collection_metrics(), show_metrics)
                    .done()
            }
        }
    )* };
}

show_write!(PutItemOutput, UpdateItemOutput, DeleteItemOutput);

/// `Query` and `Scan` report the same.
macro_rules! show_page {
    ($($output:ty),*) => { $(
        impl ToJson for $output {
            fn to_json(&self) -> Value {
                Object::default()
                    .with("Items", self.items.as_deref(), |items| show_list(items, show_item))
                    .with("Count", Some(self.count), Value::from)
                    .with("ScannedCount", Some(self.scanned_count), Value::from)
                    .with("LastEvaluatedKey", self.last_evaluated_key(), show_item)
                    .with("ConsumedCapacity", self.consumed_capacity(), show_capacity)
                    .done()
            }
        }
    )* };
}

show_page!(QueryOutput, ScanOutput);

impl ToJson for BatchGetItemOutput {
    fn to_json(&self) -> Value {
        Object::default()
            .with("Responses", self.responses(), |tables| show_map(tables, |items| show_list(items, show_item)))
            .with("UnprocessedKeys", self.unprocessed_keys(), |tables| show_map(tables, show_keys))
            .with("ConsumedCapacity", self.consumed_capacity.as_deref(), |all| show_list(all, show_capacity))
            .done()
    }
}

fn show_keys(keys: &KeysAndAttributes) -> Value {
    Object::default()
        .with("Keys", Some(keys.keys()), |keys| show_list(keys, show_item))
        .with("AttributesToGet", keys.attributes_to_get.as_ref(), |names| json!(names))
        .with("ConsistentRead", keys.consistent_read, Value::from)
        .with("ProjectionExpression", keys.projection_expression(), Value::from)
        .with("ExpressionAttributeNames", keys.expression_attribute_names(), |names| json!(names))
        .done()
}

impl ToJson for BatchWriteItemOutput {
    fn to_json(&self) -> Value {
        let show_writes = |writes: &Vec<WriteRequest>| show_list(writes, show_write_request);
        let show_tables = |metrics: &Vec<ItemCollectionMetrics>| show_list(metrics, show_metrics);
        Object::default()
            .with("UnprocessedItems", self.unprocessed_items(), |tables| show_map(tables, show_writes))
            .with("ItemCollectionMetrics", self.item_collection_metrics(), |tables| show_map(tables, show_tables))
            .with("ConsumedCapacity", self.consumed_capacity.as_deref(), |all| show_list(all, show_capacity))
            .done()
    }
}

fn show_write_request(write: &WriteRequest) -> Value {
    Object::default()
        .with("PutRequest", write.put_request(), |put| json!({ "Item": show_item(put.item()) }))
        .with("DeleteRequest", write.delete_request(), |delete| json!({ "Key": show_item(delete.key()) }))
        .done()
}

impl ToJson for TransactGetItemsOutput {
    fn to_json(&self) -> Value {
        Object::default()
            .with("Responses", self.responses.as_deref(), |responses| {
                show_list(responses, |response| Object::default().with("Item", response.item(), show_item).done())
            })
            .with("ConsumedCapacity", self.consumed_capacity.as_deref(), |all| show_list(all, show_capacity))
            .done()
    }
}

impl ToJson for TransactWriteItemsOutput {
    fn to_json(&self) -> Value {
        let show_tables = |metrics: &Vec<ItemCollectionMetrics>| show_list(metrics, show_metrics);
        Object::default()
            .with("ItemCollectionMetrics", self.item_collection_metrics(), |tables| show_map(tables, show_tables))
            .with("ConsumedCapacity", self.consumed_capacity.as_deref(), |all| show_list(all, show_capacity))
            .done()
    }
}
