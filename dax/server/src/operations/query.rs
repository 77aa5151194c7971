//! query and scan.

use std::{collections::HashMap, fmt::Write as _, sync::Arc};

use aws_sdk_dynamodb::types::{AttributeValue, ConsumedCapacity, Select};
use dax_protocol::{
    cbor::{Reader, Writer},
    field,
};

use super::{Call, reply};
use crate::{
    counters::count,
    failure::Failure,
    request::{Options, QueryRequest, expression::Path, projection, render::Placeholders},
    wire::{
        item::{self, AttributeLists},
        key::KeySchema,
        value::{self, Attributes},
    },
};

/// The texts of a query or scan as DynamoDB takes them.
struct Rendered {
    key_condition: Option<String>,
    filter: Option<String>,
    projection: Option<String>,
    select: Option<Select>,
    names: Option<HashMap<String, String>>,
    values: Option<HashMap<String, AttributeValue>>,
    start: Option<Attributes>,
}

/// A page of results.
struct Page {
    items: Vec<Attributes>,
    count: i32,
    scanned: i32,
    last_key: Option<Attributes>,
    consumed: Option<ConsumedCapacity>,
}

/// Sends what the builders of queries and scans have in common: two types of the SDK without a trait for both.
macro_rules! page {
    ($call:expr, $rendered:expr, $request:expr) => {{
        let Options { consistent, capacity, index, limit, .. } = &$request.options;
        let call = $call
            .table_name(&$request.table)
            .set_index_name(index.clone())
            .set_filter_expression($rendered.filter)
            .set_projection_expression($rendered.projection)
            .set_expression_attribute_names($rendered.names)
            .set_expression_attribute_values($rendered.values)
            .set_exclusive_start_key($rendered.start)
            .set_select($rendered.select)
            .set_limit(*limit)
            .set_consistent_read(consistent.then_some(true))
            .set_return_consumed_capacity(capacity.clone());
        let page = call.send().await.map_err(|error| Failure::from_sdk(error, false))?;
        Ok(Page {
            items: page.items.unwrap_or_default(),
            count: page.count,
            scanned: page.scanned_count,
            last_key: page.last_evaluated_key,
            consumed: page.consumed_capacity,
        })
    }};
}

impl Call<'_> {
    pub(super) async fn query(&self, request: QueryRequest) -> Result<Vec<u8>, Failure> {
        self.through_cache("query", request, async |rendered, request| {
            let call = self.shared.dynamodb.query().set_scan_index_forward(request.options.forward);
            let call = call.set_key_condition_expression(rendered.key_condition.clone());
            page!(call, rendered, request)
        })
        .await
    }

    pub(super) async fn scan(&self, request: QueryRequest) -> Result<Vec<u8>, Failure> {
        self.through_cache("scan", request, async |rendered, request| {
            let Options { segment, total_segments, .. } = request.options;
            let call = self.shared.dynamodb.scan().set_segment(segment).set_total_segments(total_segments);
            page!(call, rendered, request)
        })
        .await
    }

    /// Answers from the query cache, or fetches a page and keeps it.
    async fn through_cache(
        &self,
        operation: &str,
        request: QueryRequest,
        fetch: impl AsyncFnOnce(Rendered, &QueryRequest) -> Result<Page, Failure>,
    ) -> Result<Vec<u8>, Failure> {
        let schema = self.schema(&request.table).await?;
        let rendered = self.render(&request, &schema)?;
        let cache_key = fingerprint(operation, &request, &rendered)?;
        let cached = if request.options.consistent { None } else { self.node.queries.get(&cache_key) };
        if let Some(page) = cached {
            self.notes.looked_up(true);
            count(&self.node.tally.query_hits);
            return finish(page.to_vec(), None);
        }
        self.notes.looked_up(false);
        count(&self.node.tally.query_misses);
        let page = fetch(rendered, &request).await.inspect_err(|failure| {
            self.after_failure(failure, [request.table.as_str()]);
        })?;
        let encoded = self.encode(&page, &request, &schema)?;
        if !request.options.consistent {
            self.node.queries.insert(&request.table, cache_key, Arc::from(encoded.as_slice()));
        }
        finish(encoded, page.consumed.as_ref())
    }

    fn render(&self, request: &QueryRequest, schema: &KeySchema) -> Result<Rendered, Failure> {
        let options = &request.options;
        let mut placeholders = Placeholders::default();
        let key_condition =
            request.key_condition.as_ref().map(|condition| placeholders.condition(condition)).transpose()?;
        let filter = options.filter.as_ref().map(|filter| placeholders.condition(filter)).transpose()?;
        let paths = options.projection.as_deref();
        projection::check(paths.unwrap_or_default())?;
        let projection = paths.map(|paths| {
            let names: Vec<_> = projection::attributes(paths).into_iter().map(|name| placeholders.name(name)).collect();
            names.join(", ")
        });
        let start = match (&options.start_key, &options.index) {
            (Some(bytes), None) => Some(schema.read(bytes)?),
            (Some(bytes), Some(_)) => Some(read_compound_key(bytes)?),
            (None, _) => None,
        };
        Ok(Rendered {
            key_condition,
            filter,
            projection,
            select: options.select.clone().filter(|select| !(self.fills_in_select && *select == Select::AllAttributes)),
            names: placeholders.take_names(),
            values: placeholders.take_values(),
            start,
        })
    }

    /// The answer, without its capacity and its end.
    fn encode(&self, page: &Page, request: &QueryRequest, schema: &KeySchema) -> Result<Vec<u8>, Failure> {
        let mut rows = Vec::with_capacity(page.items.len());
        for item in &page.items {
            let row = row(item, request.options.projection.as_deref(), schema, &self.shared.lists);
            rows.extend(self.readable(row)?);
        }
        let left_out = i64::try_from(page.items.len() - rows.len()).unwrap_or(0);
        let mut out = reply::success();
        let mut writer = Writer::new(&mut out);
        writer.open_map();
        if request.options.select != Some(Select::Count) {
            writer.uint(field::ITEMS);
            writer.array(rows.len());
            rows.iter().for_each(|row| writer.raw(row));
        }
        writer.uint(field::COUNT);
        writer.int(i64::from(page.count) - left_out);
        writer.uint(field::SCANNED_COUNT);
        writer.int(i64::from(page.scanned));
        if let Some(last_key) = page.last_key.as_ref().filter(|last_key| !last_key.is_empty()) {
            writer.uint(field::LAST_KEY);
            match &request.options.index {
                None => writer.bytes(&schema.write(last_key)?),
                Some(_) => write_compound_key(last_key, &mut writer)?,
            }
        }
        Ok(out)
    }
}

/// An item as it travels in a page.
fn row(
    item: &Attributes,
    paths: Option<&[Path]>,
    schema: &KeySchema,
    lists: &AttributeLists,
) -> Result<Vec<u8>, Failure> {
    let mut row = Vec::new();
    let mut writer = Writer::new(&mut row);
    match paths {
        Some(paths) => reply::write_projected(item, paths, &mut writer)?,
        None => {
            writer.array(2);
            writer.bytes(&schema.write(item)?);
            writer.bytes(&item::encode(item, schema, lists)?);
        }
    }
    Ok(row)
}

fn finish(mut answer: Vec<u8>, consumed: Option<&ConsumedCapacity>) -> Result<Vec<u8>, Failure> {
    let mut writer = Writer::new(&mut answer);
    reply::write_capacity_entry(consumed, &mut writer)?;
    writer.close();
    Ok(answer)
}

/// Everything that the results depend on.
fn fingerprint(operation: &str, request: &QueryRequest, rendered: &Rendered) -> Result<Vec<u8>, Failure> {
    let mut text = String::new();
    let Options { index, limit, forward, segment, total_segments, projection, .. } = &request.options;
    let Rendered { key_condition, filter, select, names, values, start, .. } = rendered;
    let names: Option<std::collections::BTreeMap<_, _>> = names.as_ref().map(|names| names.iter().collect());
    // Writing to a string does not fail.
    _ = write!(
        text,
        "{operation} {:?} {index:?} {limit:?} {forward:?} {segment:?} {total_segments:?} {projection:?} {select:?} \
         {key_condition:?} {filter:?} {names:?}",
        request.table
    );
    let mut fingerprint = text.into_bytes();
    let mut writer = Writer::new(&mut fingerprint);
    for attributes in [values, start] {
        let attributes = attributes.clone().map_or(AttributeValue::Null(true), AttributeValue::M);
        value::write(&attributes, &mut writer).map_err(|cause| Failure::validation(cause.to_string()))?;
    }
    Ok(fingerprint)
}

/// The place in an index: the attributes of both keys.
fn read_compound_key(bytes: &[u8]) -> Result<Attributes, Failure> {
    let mut reader = Reader::whole(bytes);
    let mut read = || {
        let mut key = Attributes::new();
        let mut pairs = reader.map()?;
        while pairs.next(&mut reader)? {
            let name = reader.text()?.into_owned();
            key.insert(name, value::read(&mut reader)?);
        }
        reader.end()?;
        Ok(key)
    };
    read().map_err(|cause: dax_protocol::cbor::Error| {
        Failure::validation(format!("The provided starting key is invalid: {cause}"))
    })
}

/// The same, written. The length is open: one client reads nothing else.
fn write_compound_key(key: &Attributes, writer: &mut Writer<'_>) -> Result<(), Failure> {
    writer.nested(|writer| {
        writer.open_map();
        for (name, attribute) in key {
            writer.text(name);
            value::write(attribute, writer).map_err(|cause| Failure::validation(format!("last key: {cause}")))?;
        }
        writer.close();
        Ok(())
    })
}
