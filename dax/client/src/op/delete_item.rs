//! `DeleteItem`

use aws_sdk_dynamodb::operation::delete_item::{DeleteItemError, DeleteItemInput, DeleteItemOutput};
use dax_protocol::Method;

use super::Operation;
use super::refusal::{Checked, required};
use super::request::Request;
use super::single_write::{Allowed, Parameters, SingleWrite, refuse_old_item_on_failure};
use crate::codec::{Attributes, DecodeStop, EncodeStop, Metadata};
use crate::error::Error;
use crate::expression::refuse_mixture;

/// A prepared `DeleteItem` call.
#[derive(Debug)]
pub struct DeleteItem {
    key: Attributes,
    write: SingleWrite,
}

impl Operation for DeleteItem {
    const METHOD: Method = Method::DeleteItem;
    type Input = DeleteItemInput;
    type Output = DeleteItemOutput;
    type Error = DeleteItemError;

    fn prepare(input: DeleteItemInput, _: &mut dyn FnMut() -> u128) -> Result<Self, Error> {
        Self::parse(input).map_err(|refusal| refusal.of(Self::METHOD))
    }

    fn encode(&self, metadata: &Metadata, out: &mut Vec<u8>) -> Result<(), EncodeStop> {
        let mut request = Request::open(Self::METHOD, metadata, out);
        request.table(&self.write.table);
        request.exact_key(&self.write.table, &self.key)?;
        request.options(|options| self.write.write_options(None, options));
        request.finish()
    }

    fn decode(&self, metadata: &Metadata, answer: &[u8]) -> Result<DeleteItemOutput, DecodeStop> {
        let output = self.write.read(Self::METHOD, metadata, &self.key, answer)?;
        Ok(DeleteItemOutput::builder()
            .set_attributes(output.attributes)
            .set_consumed_capacity(output.consumed_capacity)
            .set_item_collection_metrics(output.item_collection_metrics)
            .build())
    }

    fn tables(&self) -> Vec<&str> {
        vec![&self.write.table]
    }
}

impl DeleteItem {
    fn parse(input: DeleteItemInput) -> Checked<Self> {
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
        required("Key", input.key.as_ref())?;
        Ok(Self { key: input.key.unwrap_or_default(), write })
    }
}
