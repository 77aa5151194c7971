//! `PutItem`

use aws_sdk_dynamodb::operation::put_item::{PutItemError, PutItemInput, PutItemOutput};
use dax_protocol::Method;

use super::Operation;
use super::refusal::{Checked, required};
use super::request::Request;
use super::single_write::{Allowed, Parameters, SingleWrite, refuse_old_item_on_failure};
use crate::codec::{Attributes, DecodeStop, EncodeStop, Metadata};
use crate::error::Error;
use crate::expression::refuse_mixture;

/// A prepared `PutItem` call.
#[derive(Debug)]
pub struct PutItem {
    item: Attributes,
    write: SingleWrite,
}

impl Operation for PutItem {
    const METHOD: Method = Method::PutItem;
    type Input = PutItemInput;
    type Output = PutItemOutput;
    type Error = PutItemError;

    fn prepare(input: PutItemInput, _: &mut dyn FnMut() -> u128) -> Result<Self, Error> {
        Self::parse(input).map_err(|refusal| refusal.of(Self::METHOD))
    }

    fn encode(&self, metadata: &Metadata, out: &mut Vec<u8>) -> Result<(), EncodeStop> {
        let table = &self.write.table;
        let mut request = Request::open(Self::METHOD, metadata, out);
        request.table(table);
        request.key_of_item(table, &self.item)?;
        request.item(table, &self.item)?;
        request.options(|options| self.write.write_options(None, options));
        request.finish()
    }

    fn decode(&self, metadata: &Metadata, answer: &[u8]) -> Result<PutItemOutput, DecodeStop> {
        let output = self.write.read(Self::METHOD, metadata, &self.item, answer)?;
        Ok(PutItemOutput::builder()
            .set_attributes(output.attributes)
            .set_consumed_capacity(output.consumed_capacity)
            .set_item_collection_metrics(output.item_collection_metrics)
            .build())
    }

    fn tables(&self) -> Vec<&str> {
        vec![&self.write.table]
    }
}

impl PutItem {
    fn parse(input: PutItemInput) -> Checked<Self> {
        refuse_old_item_on_failure(input.return_values_on_condition_check_failure.as_ref())?;
        refuse_mixture(
            &[("Expected", input.expected.is_some()), ("ConditionalOperator", input.conditional_operator.is_some())],
            &[("ConditionExpression", input.condition_expression.is_some())],
        )?;
        let parameters = Parameters {
            table: input.table_name.as_ref(),
            names: input.expression_attribute_names.as_ref(),
            values: input.expression_attribute_values.as_ref(),
            condition: input.condition_expression.as_deref(),
            expected: input.expected.as_ref(),
            joined_by: input.conditional_operator.as_ref(),
            returned: input.return_values.as_ref(),
            allowed: Allowed::Old,
            capacity: input.return_consumed_capacity.as_ref(),
            metrics: input.return_item_collection_metrics.as_ref(),
        };
        let (write, ()) = SingleWrite::parse(parameters, |_| Ok(()))?;
        required("Item", input.item.as_ref())?;
        Ok(Self { item: input.item.unwrap_or_default(), write })
    }
}
