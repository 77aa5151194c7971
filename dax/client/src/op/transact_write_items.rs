//! `TransactWriteItems`

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::transact_write_items::{
    TransactWriteItemsError, TransactWriteItemsInput, TransactWriteItemsOutput,
};
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};
use dax_protocol::Method;
use dax_protocol::TransactAction;
use dax_protocol::cbor::Reader;
use dax_protocol::parameter::{CapacityDetail, Parameter, ReturnedAttributes};

use super::Operation;
use super::cancellation::{UnfitKeys, with_reasons};
use super::metrics::read_tables_metrics;
use super::parameter::{capacity_wanted, if_wanted, metrics_wanted};
use super::refusal::{Checked, Refusal, check_count, out_of_model, required};
use super::request::{Request, in_item};
use super::transact_get_items::MAX_ITEMS;
use crate::codec::item::ItemReader;
use crate::codec::usage::read_split_capacities;
use crate::codec::{Attributes, DecodeStop, EncodeStop, KeyError, Metadata, answer};
use crate::error::Error;
use crate::expression::{ExpressionKind, Placeholders};

/// Longest client request token.
const MAX_TOKEN: usize = 36;

/// A prepared `TransactWriteItems` call. Its token is part of it, so that repeating it is harmless.
#[derive(Debug)]
pub struct TransactWriteItems {
    writes: Vec<Write>,
    token: String,
    capacity: CapacityDetail,
    metrics: bool,
}

/// One element of the transaction.
#[derive(Debug)]
struct Write {
    action: TransactAction,
    table: String,
    /// The item of a put, else the key.
    attributes: Attributes,
    condition: Option<Vec<u8>>,
    update: Option<Vec<u8>>,
    old_item_on_failure: bool,
}

impl Operation for TransactWriteItems {
    const METHOD: Method = Method::TransactWriteItems;
    type Input = TransactWriteItemsInput;
    type Output = TransactWriteItemsOutput;
    type Error = TransactWriteItemsError;

    fn prepare(input: TransactWriteItemsInput, random: &mut dyn FnMut() -> u128) -> Result<Self, Error> {
        Self::parse(input, random).map_err(|refusal| refusal.of(Self::METHOD))
    }

    fn encode(&self, metadata: &Metadata, out: &mut Vec<u8>) -> Result<(), EncodeStop> {
        let count = self.writes.len();
        let mut request = Request::open(Self::METHOD, metadata, out);
        request.writer.array(count);
        for write in &self.writes {
            request.writer.uint(write.action.code());
        }
        request.writer.array(count);
        for write in &self.writes {
            request.table(&write.table);
        }
        self.write_keys(&mut request)?;
        request.writer.array(count);
        for write in &self.writes {
            match write.action {
                TransactAction::Put => request.item(&write.table, &write.attributes)?,
                _ => request.writer.null(),
            }
        }
        // Return values: there are none in a transaction.
        request.writer.null();
        request.writer.array(count);
        for write in &self.writes {
            let returned =
                if write.old_item_on_failure { ReturnedAttributes::AllOld } else { ReturnedAttributes::None };
            request.writer.uint(returned.code());
        }
        write_expressions(&mut request, self.writes.iter().map(|write| write.condition.as_deref()));
        write_expressions(&mut request, self.writes.iter().map(|write| write.update.as_deref()));
        request.options(|options| {
            options.capacity(self.capacity);
            options.metrics(self.metrics);
            options.text(Parameter::RequestToken, &self.token);
        });
        request.finish()
    }

    fn decode(&self, metadata: &Metadata, answer: &[u8]) -> Result<TransactWriteItemsOutput, DecodeStop> {
        let output = answer::read(Self::METHOD, answer, |reader| self.read(metadata, reader));
        output.map_err(|stop| {
            with_reasons(stop, metadata, |at| {
                self.writes.get(at).map(|write| (write.table.as_str(), &write.attributes))
            })
        })
    }

    fn tables(&self) -> Vec<&str> {
        self.writes.iter().map(|write| write.table.as_str()).collect()
    }
}

impl TransactWriteItems {
    fn parse(input: TransactWriteItemsInput, random: &mut dyn FnMut() -> u128) -> Checked<Self> {
        required("TransactItems", input.transact_items.as_ref())?;
        let items = input.transact_items.unwrap_or_default();
        check_count("transactItems", items.len(), 1, MAX_ITEMS)?;
        let writes = items.into_iter().map(Write::parse).collect::<Checked<Vec<_>>>()?;
        let token = match input.client_request_token {
            Some(token) if (1..=MAX_TOKEN).contains(&token.len()) => token,
            Some(token) => {
                let constraint = "Member must have length between 1 and 36";
                return Err(out_of_model(token, "clientRequestToken", constraint));
            }
            None => uuid(random()),
        };
        let capacity = capacity_wanted(input.return_consumed_capacity.as_ref())?;
        let metrics = metrics_wanted(input.return_item_collection_metrics.as_ref())?;
        Ok(Self { writes, token, capacity, metrics })
    }

    fn write_keys(&self, request: &mut Request<'_, '_>) -> Result<(), EncodeStop> {
        request.writer.array(self.writes.len());
        let mut keys = Vec::with_capacity(self.writes.len());
        let mut unfit = UnfitKeys::default();
        for write in &self.writes {
            let is_item = write.action == TransactAction::Put;
            match request.element_key(&write.table, &write.attributes, is_item) {
                Ok(key) => {
                    keys.push((write.table.as_str(), key));
                    unfit.none();
                }
                // Values that no key can have concern the request as a whole.
                Err(error @ (KeyError::Empty { .. } | KeyError::Number(_))) => {
                    return Err(Refusal::from(error).at_table(&write.table, Self::METHOD));
                }
                Err(error) => unfit.add(&write.table, if is_item { in_item(&error) } else { error.to_string() }),
            }
        }
        if !request.is_complete() {
            return Ok(());
        }
        unfit.check(Self::METHOD)?;
        let mut targets: Vec<(&str, Vec<u8>)> =
            keys.into_iter().map(|(table, key)| (table, request.written(&key).to_vec())).collect();
        targets.sort_unstable();
        if targets.windows(2).any(|pair| matches!(pair, [first, second] if first == second)) {
            let what = "Transaction request cannot include multiple operations on one item";
            return Err(request.refuse(Refusal::new(what)));
        }
        Ok(())
    }

    fn read(&self, metadata: &Metadata, reader: &mut Reader<'_>) -> Result<TransactWriteItemsOutput, DecodeStop> {
        let mut items = ItemReader::new(metadata);
        let wrong = reader.malformed("a transaction has results, capacities and metrics");
        let mut parts = reader.array()?;
        parts.expect(reader, wrong)?;
        // Results of the single writes: there are none.
        reader.skip()?;
        parts.expect(reader, wrong)?;
        let capacities = read_split_capacities(reader)?;
        parts.expect(reader, wrong)?;
        let metrics = read_tables_metrics(&mut items, reader)?;
        parts.expect_end(reader, wrong)?;
        let output = TransactWriteItemsOutput::builder()
            .set_consumed_capacity(if_wanted(self.capacity, Some(capacities)))
            .set_item_collection_metrics(self.metrics.then_some(metrics))
            .build();
        items.finish(output)
    }
}

/// The expressions of one element, borrowed from it.
struct Expressions<'a> {
    names: Option<&'a HashMap<String, String>>,
    values: Option<&'a HashMap<String, AttributeValue>>,
    update: Option<&'a str>,
    condition: Option<&'a str>,
    on_failure: Option<&'a ReturnValuesOnConditionCheckFailure>,
}

impl Write {
    fn parse(item: TransactWriteItem) -> Checked<Self> {
        match (item.condition_check, item.put, item.delete, item.update) {
            (Some(check), None, None, None) => Self::condition_check(check),
            (None, Some(put), None, None) => Self::put(put),
            (None, None, Some(delete), None) => Self::delete(delete),
            (None, None, None, Some(update)) => Self::update(update),
            _ => Err(Refusal::new("TransactItems can only contain one of Check, Put, Update or Delete")),
        }
    }

    fn condition_check(check: ConditionCheck) -> Checked<Self> {
        let expressions = Expressions {
            names: check.expression_attribute_names.as_ref(),
            values: check.expression_attribute_values.as_ref(),
            update: None,
            condition: Some(&check.condition_expression),
            on_failure: check.return_values_on_condition_check_failure.as_ref(),
        };
        Ok(expressions.parse()?.write(TransactAction::ConditionCheck, check.table_name, check.key))
    }

    fn put(put: Put) -> Checked<Self> {
        let expressions = Expressions {
            names: put.expression_attribute_names.as_ref(),
            values: put.expression_attribute_values.as_ref(),
            update: None,
            condition: put.condition_expression.as_deref(),
            on_failure: put.return_values_on_condition_check_failure.as_ref(),
        };
        Ok(expressions.parse()?.write(TransactAction::Put, put.table_name, put.item))
    }

    fn delete(delete: Delete) -> Checked<Self> {
        let expressions = Expressions {
            names: delete.expression_attribute_names.as_ref(),
            values: delete.expression_attribute_values.as_ref(),
            update: None,
            condition: delete.condition_expression.as_deref(),
            on_failure: delete.return_values_on_condition_check_failure.as_ref(),
        };
        Ok(expressions.parse()?.write(TransactAction::Delete, delete.table_name, delete.key))
    }

    fn update(update: Update) -> Checked<Self> {
        let expressions = Expressions {
            names: update.expression_attribute_names.as_ref(),
            values: update.expression_attribute_values.as_ref(),
            update: Some(&update.update_expression),
            condition: update.condition_expression.as_deref(),
            on_failure: update.return_values_on_condition_check_failure.as_ref(),
        };
        Ok(expressions.parse()?.write(TransactAction::Update, update.table_name, update.key))
    }
}

impl Expressions<'_> {
    fn parse(self) -> Checked<Parsed> {
        let mut placeholders = Placeholders::new(self.names, self.values)?;
        let update = self.update.map(|text| placeholders.update(text)).transpose()?;
        let condition =
            self.condition.map(|text| placeholders.condition(ExpressionKind::Condition, text)).transpose()?;
        placeholders.finish()?;
        Ok(Parsed { update, condition, old_item_on_failure: old_item_wanted(self.on_failure)? })
    }
}

/// What [`Expressions`] come to.
struct Parsed {
    update: Option<Vec<u8>>,
    condition: Option<Vec<u8>>,
    old_item_on_failure: bool,
}

impl Parsed {
    fn write(self, action: TransactAction, table: String, attributes: Attributes) -> Write {
        let Self { update, condition, old_item_on_failure } = self;
        Write { action, table, attributes, condition, update, old_item_on_failure }
    }
}

fn write_expressions<'a>(request: &mut Request<'_, '_>, expressions: impl ExactSizeIterator<Item = Option<&'a [u8]>>) {
    request.writer.array(expressions.len());
    for expression in expressions {
        match expression {
            Some(expression) => request.writer.bytes(expression),
            None => request.writer.null(),
        }
    }
}

fn old_item_wanted(wanted: Option<&ReturnValuesOnConditionCheckFailure>) -> Checked<bool> {
    match wanted {
        None | Some(ReturnValuesOnConditionCheckFailure::None) => Ok(false),
        Some(ReturnValuesOnConditionCheckFailure::AllOld) => Ok(true),
        Some(other) => {
            let constraint = "Member must satisfy enum value set: [ALL_OLD, NONE]";
            Err(out_of_model(other, "returnValuesOnConditionCheckFailure", constraint))
        }
    }
}

/// A random UUID (version 4) of these bits.
fn uuid(random: u128) -> String {
    // The four bits that hold the version, and the two that hold the variant (RFC 9562, section 5.4).
    const VERSION: u128 = 0xf << 76;
    const VARIANT: u128 = 0b11 << 62;
    let bits = random & !VERSION & !VARIANT | 4 << 76 | 0b10 << 62;
    let digits = format!("{bits:032x}");
    let (a, rest) = digits.split_at(8);
    let (b, rest) = rest.split_at(4);
    let (c, rest) = rest.split_at(4);
    let (d, e) = rest.split_at(4);
    format!("{a}-{b}-{c}-{d}-{e}")
}
