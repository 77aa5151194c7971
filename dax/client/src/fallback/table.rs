//! The ten operations, asked of DynamoDB.

use std::error::Error as StdError;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::RequestId;
use aws_sdk_dynamodb::operation::transact_get_items::TransactGetItemsError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::CancellationReason;
use dax_protocol::Method;

use crate::connector::BoxFuture;
use crate::error::ServerError;
use crate::op::{self, Operation};

/// An operation that DynamoDB can be asked for as well.
pub(crate) trait InTable: Operation {
    /// Asks DynamoDB, with all that the input says.
    fn send(input: Self::Input, client: &Client) -> BoxFuture<'_, Result<Self::Output, TableError>>;
}

/// Why DynamoDB gave no output.
#[derive(Debug)]
pub(crate) enum TableError {
    /// It answered with an error.
    Verdict(Box<ServerError>),
    /// It did not answer.
    NoAnswer {
        source: Box<dyn StdError + Send + Sync>,
        /// Whether the request may have reached it.
        sent: bool,
    },
}

macro_rules! in_table {
    ($($operation:ident $method:ident $reasons:ident { $($set:ident = $field:ident,)+ })+) => { $(
        impl InTable for op::$operation {
            fn send(input: Self::Input, client: &Client) -> BoxFuture<'_, Result<Self::Output, TableError>> {
                let request = client.$method()$(.$set(input.$field))+;
                Box::pin(async move {
                    request.send().await.map_err(|error| {
                        let status = error.raw_response().map(|response| response.status().as_u16());
                        failed(Self::METHOD, error, status, reasons::$reasons)
                    })
                })
            }
        }
    )+ };
}

in_table! {
    GetItem get_item none {
        set_table_name=table_name, set_key=key, set_attributes_to_get=attributes_to_get,
        set_consistent_read=consistent_read, set_return_consumed_capacity=return_consumed_capacity,
        set_projection_expression=projection_expression, set_expression_attribute_names=expression_attribute_names,
    }
    PutItem put_item none {
        set_table_name=table_name, set_item=item, set_expected=expected, set_return_values=return_values,
        set_return_consumed_capacity=return_consumed_capacity,
        set_return_item_collection_metrics=return_item_collection_metrics,
        set_conditional_operator=conditional_operator, set_condition_expression=condition_expression,
        set_expression_attribute_names=expression_attribute_names,
        set_expression_attribute_values=expression_attribute_values,
        set_return_values_on_condition_check_failure=return_values_on_condition_check_failure,
    }
    UpdateItem update_item none {
        set_table_name=table_name, set_key=key, set_attribute_updates=attribute_updates, set_expected=expected,
        set_conditional_operator=conditional_operator, set_return_values=return_values,
        set_return_consumed_capacity=return_consumed_capacity,
        set_return_item_collection_metrics=return_item_collection_metrics, set_update_expression=update_expression,
        set_condition_expression=condition_expression, set_expression_attribute_names=expression_attribute_names,
        set_expression_attribute_values=expression_attribute_values,
        set_return_values_on_condition_check_failure=return_values_on_condition_check_failure,
    }
    DeleteItem delete_item none {
        set_table_name=table_name, set_key=key, set_expected=expected, set_conditional_operator=conditional_operator,
        set_return_values=return_values, set_return_consumed_capacity=return_consumed_capacity,
        set_return_item_collection_metrics=return_item_collection_metrics,
        set_condition_expression=condition_expression, set_expression_attribute_names=expression_attribute_names,
        set_expression_attribute_values=expression_attribute_values,
        set_return_values_on_condition_check_failure=return_values_on_condition_check_failure,
    }
    Query query none {
        set_table_name=table_name, set_index_name=index_name, set_select=select,
        set_attributes_to_get=attributes_to_get, set_limit=limit, set_consistent_read=consistent_read,
        set_key_conditions=key_conditions, set_query_filter=query_filter,
        set_conditional_operator=conditional_operator, set_scan_index_forward=scan_index_forward,
        set_exclusive_start_key=exclusive_start_key, set_return_consumed_capacity=return_consumed_capacity,
        set_projection_expression=projection_expression, set_filter_expression=filter_expression,
        set_key_condition_expression=key_condition_expression,
        set_expression_attribute_names=expression_attribute_names,
        set_expression_attribute_values=expression_attribute_values,
    }
    Scan scan none {
        set_table_name=table_name, set_index_name=index_name, set_attributes_to_get=attributes_to_get,
        set_limit=limit, set_select=select, set_scan_filter=scan_filter,
        set_conditional_operator=conditional_operator, set_exclusive_start_key=exclusive_start_key,
        set_return_consumed_capacity=return_consumed_capacity, set_total_segments=total_segments, set_segment=segment,
        set_projection_expression=projection_expression, set_filter_expression=filter_expression,
        set_expression_attribute_names=expression_attribute_names,
        set_expression_attribute_values=expression_attribute_values, set_consistent_read=consistent_read,
    }
    BatchGetItem batch_get_item none {
        set_request_items=request_items, set_return_consumed_capacity=return_consumed_capacity,
    }
    BatchWriteItem batch_write_item none {
        set_request_items=request_items, set_return_consumed_capacity=return_consumed_capacity,
        set_return_item_collection_metrics=return_item_collection_metrics,
    }
    TransactGetItems transact_get_items canceled {
        set_transact_items=transact_items, set_return_consumed_capacity=return_consumed_capacity,
    }
    TransactWriteItems transact_write_items canceled {
        set_transact_items=transact_items, set_return_consumed_capacity=return_consumed_capacity,
        set_return_item_collection_metrics=return_item_collection_metrics,
        set_client_request_token=client_request_token,
    }
}

fn failed<E, R>(
    method: Method,
    error: SdkError<E, R>,
    status: Option<u16>,
    reasons: impl Fn(&E) -> Vec<CancellationReason>,
) -> TableError
where
    E: StdError + ProvideErrorMetadata + RequestId + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    let SdkError::ServiceError(answer) = error else {
        let sent = !matches!(error, SdkError::ConstructionFailure(_));
        return TableError::NoAnswer { source: error.into(), sent };
    };
    let error = answer.err();
    let message = error.message().unwrap_or_default().to_owned();
    let mut verdict = ServerError::new(method, Vec::new(), message);
    verdict.code_text = error.code().map(str::to_owned);
    verdict.request_id = error.request_id().map(str::to_owned);
    verdict.http_status = status;
    verdict.set_reasons(reasons(error));
    verdict.fallback = true;
    TableError::Verdict(Box::new(verdict))
}

/// Why a transaction was cancelled.
mod reasons {
    use super::{CancellationReason, TransactGetItemsError, TransactWriteItemsError};

    pub(super) fn none<E>(_error: &E) -> Vec<CancellationReason> {
        Vec::new()
    }

    pub(super) fn canceled(error: &impl Canceled) -> Vec<CancellationReason> {
        error.reasons().to_vec()
    }

    pub(super) trait Canceled {
        fn reasons(&self) -> &[CancellationReason];
    }

    impl Canceled for TransactGetItemsError {
        fn reasons(&self) -> &[CancellationReason] {
            match self {
                Self::TransactionCanceledException(error) => error.cancellation_reasons(),
                _ => &[],
            }
        }
    }

    impl Canceled for TransactWriteItemsError {
        fn reasons(&self) -> &[CancellationReason] {
            match self {
                Self::TransactionCanceledException(error) => error.cancellation_reasons(),
                _ => &[],
            }
        }
    }
}

#[cfg(test)]
mod tests {
    /// The fields that the SDK's input has, by what it prints, and those that are copied here.
    macro_rules! check {
        ($($input:ident $module:ident;)+) => { $({
            use aws_sdk_dynamodb::operation::$module::$input;
            let printed = format!("{:?}", $input::builder());
            let table = include_str!("table.rs");
            let (_, after) = table.split_once(concat!(" ", stringify!($module), " ")).unwrap();
            let (copied, _) = after.split_once('}').unwrap();
            let fields = printed.matches(": None").count();
            assert_eq!(copied.matches("set_").count(), fields, "{printed}");
        })+ };
    }

    #[test]
    fn every_field_of_an_input_is_copied() {
        check! {
            GetItemInput get_item;
            PutItemInput put_item;
            UpdateItemInput update_item;
            DeleteItemInput delete_item;
            QueryInput query;
            ScanInput scan;
            BatchGetItemInput batch_get_item;
            BatchWriteItemInput batch_write_item;
            TransactGetItemsInput transact_get_items;
            TransactWriteItemsInput transact_write_items;
        }
    }
}
