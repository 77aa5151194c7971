//! `Query`

use aws_sdk_dynamodb::operation::query::{QueryError, QueryInput, QueryOutput};
use dax_protocol::Method;

use super::Operation;
use super::page::{Extra, Page, parse_filter, parse_limit, parse_selection, projected_by};
use super::parameter::{capacity_wanted, parse_projection};
use super::refusal::{Checked, Refusal, required};
use super::request::Request;
use crate::codec::{DecodeStop, EncodeStop, Metadata};
use crate::error::Error;
use crate::expression::{ExpressionKind, Legacy, Placeholders, refuse_mixture};

/// A prepared `Query` call.
#[derive(Debug)]
pub struct Query {
    condition: Vec<u8>,
    backward: bool,
    page: Page,
}

impl Operation for Query {
    const METHOD: Method = Method::Query;
    type Input = QueryInput;
    type Output = QueryOutput;
    type Error = QueryError;

    fn prepare(input: QueryInput, _: &mut dyn FnMut() -> u128) -> Result<Self, Error> {
        Self::parse(input).map_err(|refusal| refusal.of(Self::METHOD))
    }

    fn encode(&self, metadata: &Metadata, out: &mut Vec<u8>) -> Result<(), EncodeStop> {
        let mut request = Request::open(Self::METHOD, metadata, out);
        request.table(&self.page.table);
        request.writer.bytes(&self.condition);
        self.page.write_options(Extra { backward: self.backward, ..Extra::default() }, &mut request)?;
        request.finish()
    }

    fn decode(&self, metadata: &Metadata, answer: &[u8]) -> Result<QueryOutput, DecodeStop> {
        let output = self.page.read(Self::METHOD, metadata, answer)?;
        let (count, scanned_count) = output.counts();
        Ok(QueryOutput::builder()
            .set_items(output.items)
            .count(count)
            .scanned_count(scanned_count)
            .set_last_evaluated_key(output.last_evaluated_key)
            .set_consumed_capacity(output.consumed_capacity)
            .build())
    }

    fn tables(&self) -> Vec<&str> {
        vec![&self.page.table]
    }
}

impl Query {
    fn parse(input: QueryInput) -> Checked<Self> {
        let attributes = input.attributes_to_get.as_deref();
        let key_conditions = input.key_conditions.as_ref();
        let old_filter = input.query_filter.as_ref();
        refuse_mixture(
            &[
                ("AttributesToGet", attributes.is_some()),
                ("KeyConditions", key_conditions.is_some()),
                ("QueryFilter", old_filter.is_some()),
                ("ConditionalOperator", input.conditional_operator.is_some()),
            ],
            &[
                ("ProjectionExpression", input.projection_expression.is_some()),
                ("KeyConditionExpression", input.key_condition_expression.is_some()),
                ("FilterExpression", input.filter_expression.is_some()),
            ],
        )?;
        let names = input.expression_attribute_names.as_ref();
        let mut placeholders = Placeholders::new(names, input.expression_attribute_values.as_ref())?;
        let condition = match (&input.key_condition_expression, key_conditions) {
            (Some(text), _) => placeholders.condition(ExpressionKind::KeyCondition, text)?,
            (None, Some(conditions)) if !conditions.is_empty() => {
                Legacy::conditions(ExpressionKind::KeyCondition, conditions, None)?
            }
            (None, _) => {
                return Err(Refusal::new(
                    "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.",
                ));
            }
        };
        let projection = parse_projection(&mut placeholders, input.projection_expression.as_deref(), attributes)?;
        let filter = parse_filter(
            &mut placeholders,
            input.filter_expression.as_deref(),
            old_filter,
            input.conditional_operator.as_ref(),
        )?;
        placeholders.finish()?;
        let page = Page {
            table: required("TableName", input.table_name.as_ref())?.clone(),
            select: parse_selection(
                input.select.as_ref(),
                projected_by(input.projection_expression.as_ref(), attributes),
                input.index_name.is_some(),
            )?,
            index: input.index_name,
            projection,
            filter,
            consistent: input.consistent_read.unwrap_or(false),
            limit: parse_limit(input.limit)?,
            start: input.exclusive_start_key,
            capacity: capacity_wanted(input.return_consumed_capacity.as_ref())?,
        };
        Ok(Self { condition, backward: input.scan_index_forward == Some(false), page })
    }
}
