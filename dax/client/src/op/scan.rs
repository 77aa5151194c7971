//! `Scan`

use aws_sdk_dynamodb::operation::scan::{ScanError, ScanInput, ScanOutput};
use dax_protocol::Method;

use super::Operation;
use super::page::{Extra, Page, parse_filter, parse_limit, parse_selection, projected_by};
use super::parameter::{capacity_wanted, parse_projection};
use super::refusal::{Checked, Refusal, out_of_model, required};
use super::request::Request;
use crate::codec::{DecodeStop, EncodeStop, Metadata};
use crate::error::Error;
use crate::expression::{Placeholders, refuse_mixture};

/// Most segments of a parallel scan.
const MAX_SEGMENTS: i32 = 1_000_000;

/// A prepared `Scan` call.
#[derive(Debug)]
pub struct Scan {
    segment: Option<(u64, u64)>,
    page: Page,
}

impl Operation for Scan {
    const METHOD: Method = Method::Scan;
    type Input = ScanInput;
    type Output = ScanOutput;
    type Error = ScanError;

    fn prepare(input: ScanInput, _: &mut dyn FnMut() -> u128) -> Result<Self, Error> {
        Self::parse(input).map_err(|refusal| refusal.of(Self::METHOD))
    }

    fn encode(&self, metadata: &Metadata, out: &mut Vec<u8>) -> Result<(), EncodeStop> {
        let mut request = Request::open(Self::METHOD, metadata, out);
        request.table(&self.page.table);
        self.page.write_options(Extra { segment: self.segment, ..Extra::default() }, &mut request)?;
        request.finish()
    }

    fn decode(&self, metadata: &Metadata, answer: &[u8]) -> Result<ScanOutput, DecodeStop> {
        let output = self.page.read(Self::METHOD, metadata, answer)?;
        let (count, scanned_count) = output.counts();
        Ok(ScanOutput::builder()
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

impl Scan {
    fn parse(input: ScanInput) -> Checked<Self> {
        let attributes = input.attributes_to_get.as_deref();
        let old_filter = input.scan_filter.as_ref();
        refuse_mixture(
            &[
                ("AttributesToGet", attributes.is_some()),
                ("ScanFilter", old_filter.is_some()),
                ("ConditionalOperator", input.conditional_operator.is_some()),
            ],
            &[
                ("ProjectionExpression", input.projection_expression.is_some()),
                ("FilterExpression", input.filter_expression.is_some()),
            ],
        )?;
        let names = input.expression_attribute_names.as_ref();
        let mut placeholders = Placeholders::new(names, input.expression_attribute_values.as_ref())?;
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
        Ok(Self { segment: parse_segment(input.segment, input.total_segments)?, page })
    }
}

fn parse_segment(segment: Option<i32>, total: Option<i32>) -> Checked<Option<(u64, u64)>> {
    match (segment, total) {
        (None, None) => Ok(None),
        (Some(_), None) => Err(Refusal::new(
            "The TotalSegments parameter is required but was not present in the request when Segment parameter is \
             present",
        )),
        (None, Some(_)) => Err(Refusal::new(
            "The Segment parameter is required but was not present in the request when parameter TotalSegments is \
             present",
        )),
        (Some(_), Some(total)) if !(1..=MAX_SEGMENTS).contains(&total) => {
            Err(out_of_model(total, "totalSegments", "Member must have value between 1 and 1000000"))
        }
        (Some(segment), Some(_)) if segment < 0 => {
            Err(out_of_model(segment, "segment", "Member must have value greater than or equal to 0"))
        }
        (Some(segment), Some(total)) if segment >= total => {
            Err(Refusal::new("The Segment parameter is zero-based and must be less than parameter TotalSegments"))
        }
        (Some(segment), Some(total)) => Ok(u64::try_from(segment).ok().zip(u64::try_from(total).ok())),
    }
}
