//! `UpdateItem`

use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, UpdateItemInput, UpdateItemOutput};
use dax_protocol::Method;

use super::Operation;
use super::refusal::{Checked, required};
use super::request::Request;
use super::single_write::{Allowed, Parameters, SingleWrite, refuse_old_item_on_failure};
use crate::codec::{Attributes, DecodeStop, EncodeStop, Metadata};
use crate::error::Error;
use crate::expression::{Legacy, refuse_mixture};

/// A prepared `UpdateItem` call.
#[derive(Debug)]
pub struct UpdateItem {
    key: Attributes,
    update: Option<Vec<u8>>,
    /// Whether the caller wrote no expression.
    is_legacy: bool,
    write: SingleWrite,
}

/// DynamoDB's words for a value that does not fit an attribute: in an expression, and in `AttributeUpdates`, which is
/// sent as an expression.
const MISFITS: [&str; 2] =
    ["An operand in the update expression has an incorrect data type", "Type mismatch for attribute to update"];

/// The error as DynamoDB words it for a request without an expression.
fn without_expression(stop: DecodeStop) -> DecodeStop {
    let DecodeStop::Server(mut error) = stop else { return stop };
    let [expression, updates] = MISFITS;
    if error.message == expression {
        updates.clone_into(&mut error.message);
    }
    DecodeStop::Server(error)
}

impl Operation for UpdateItem {
    const METHOD: Method = Method::UpdateItem;
    type Input = UpdateItemInput;
    type Output = UpdateItemOutput;
    type Error = UpdateItemError;

    fn prepare(input: UpdateItemInput, _: &mut dyn FnMut() -> u128) -> Result<Self, Error> {
        Self::parse(input).map_err(|refusal| refusal.of(Self::METHOD))
    }

    fn encode(&self, metadata: &Metadata, out: &mut Vec<u8>) -> Result<(), EncodeStop> {
        let mut request = Request::open(Self::METHOD, metadata, out);
        request.table(&self.write.table);
        request.exact_key(&self.write.table, &self.key)?;
        request.options(|options| self.write.write_options(self.update.as_deref(), options));
        request.finish()
    }

    fn decode(&self, metadata: &Metadata, answer: &[u8]) -> Result<UpdateItemOutput, DecodeStop> {
        let output = self.write.read(Self::METHOD, metadata, &self.key, answer);
        let output = output.map_err(|stop| if self.is_legacy { without_expression(stop) } else { stop })?;
        Ok(UpdateItemOutput::builder()
            .set_attributes(output.attributes)
            .set_consumed_capacity(output.consumed_capacity)
            .set_item_collection_metrics(output.item_collection_metrics)
            .build())
    }

    fn tables(&self) -> Vec<&str> {
        vec![&self.write.table]
    }
}

impl UpdateItem {
    fn parse(input: UpdateItemInput) -> Checked<Self> {
        refuse_old_item_on_failure(input.return_values_on_condition_check_failure.as_ref())?;
        let old_updates = input.attribute_updates.as_ref().filter(|updates| !updates.is_empty());
        refuse_mixture(
            &[
                ("AttributeUpdates", input.attribute_updates.is_some()),
                ("Expected", input.expected.is_some()),
                ("ConditionalOperator", input.conditional_operator.is_some()),
            ],
            &[
                ("UpdateExpression", input.update_expression.is_some()),
                ("ConditionExpression", input.condition_expression.is_some()),
            ],
        )?;
        let parameters = Parameters {
            table: input.table_name.as_ref(),
            names: input.expression_attribute_names.as_ref(),
            values: input.expression_attribute_values.as_ref(),
            condition: input.condition_expression.as_deref(),
            expected: input.expected.as_ref(),
            joined_by: input.conditional_operator.as_ref(),
            returned: input.return_values.as_ref(),
            allowed: Allowed::All,
            capacity: input.return_consumed_capacity.as_ref(),
            metrics: input.return_item_collection_metrics.as_ref(),
        };
        let (write, update) =
            SingleWrite::parse(parameters, |placeholders| match (&input.update_expression, old_updates) {
                (Some(text), _) => Ok(Some(placeholders.update(text)?)),
                (None, Some(updates)) => Ok(Some(Legacy::updates(updates)?)),
                (None, None) => Ok(None),
            })?;
        required("Key", input.key.as_ref())?;
        Ok(Self { key: input.key.unwrap_or_default(), update, is_legacy: input.update_expression.is_none(), write })
    }
}
