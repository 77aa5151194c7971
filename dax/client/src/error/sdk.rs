//! Conversion into the SDK's errors, so that code written for DynamoDB matches on the same variants.
//!
//! An exception that the SDK models for the operation becomes that variant. Every other answer, and a request that was
//! refused before it was sent, becomes an error with a code, as DynamoDB's own unmodelled answers do. Failures on the
//! way keep this crate's [`Error`] as their source.

use aws_sdk_dynamodb::error::ErrorMetadata;
use aws_sdk_dynamodb::operation::batch_get_item::BatchGetItemError;
use aws_sdk_dynamodb::operation::batch_write_item::BatchWriteItemError;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::get_item::GetItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::query::QueryError;
use aws_sdk_dynamodb::operation::scan::ScanError;
use aws_sdk_dynamodb::operation::transact_get_items::TransactGetItemsError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::error as modelled;

use super::{Error, Exception, ServerError};

/// Where the SDK looks for the request id of an error.
const REQUEST_ID: &str = "aws_request_id";

/// Implements `From<Error>` for an operation's error; the exceptions listed are those that the SDK models for it.
macro_rules! convert {
    ($($error:ident { $($exception:ident => $variant:ident),* $(,)? })*) => { $(
        impl From<Error> for $error {
            fn from(error: Error) -> Self {
                let server = match error {
                    Error::Server(server) => server,
                    Error::Validation { message, .. } => {
                        let name = Exception::Validation.name();
                        return Self::generic(ErrorMetadata::builder().code(name).message(message).build());
                    }
                    other => return Self::unhandled(other),
                };
                let meta = metadata(&server);
                match server.exception() {
                    $(Some(Exception::$exception) => Self::$variant(
                        modelled::$variant::builder().message(server.message).meta(meta).build(),
                    ),)*
                    Some(Exception::TransactionCanceled) => Self::canceled(*server, meta),
                    _ => Self::generic(meta),
                }
            }
        }
    )* };
}

convert! {
    GetItemError {
        InternalServerError => InternalServerError,
        ProvisionedThroughputExceeded => ProvisionedThroughputExceededException,
        RequestLimitExceeded => RequestLimitExceeded,
        ResourceNotFound => ResourceNotFoundException,
        Throttling => ThrottlingException,
    }
    BatchGetItemError {
        InternalServerError => InternalServerError,
        ProvisionedThroughputExceeded => ProvisionedThroughputExceededException,
        RequestLimitExceeded => RequestLimitExceeded,
        ResourceNotFound => ResourceNotFoundException,
        Throttling => ThrottlingException,
    }
    QueryError {
        InternalServerError => InternalServerError,
        ProvisionedThroughputExceeded => ProvisionedThroughputExceededException,
        RequestLimitExceeded => RequestLimitExceeded,
        ResourceNotFound => ResourceNotFoundException,
        Throttling => ThrottlingException,
    }
    ScanError {
        InternalServerError => InternalServerError,
        ProvisionedThroughputExceeded => ProvisionedThroughputExceededException,
        RequestLimitExceeded => RequestLimitExceeded,
        ResourceNotFound => ResourceNotFoundException,
        Throttling => ThrottlingException,
    }
    PutItemError {
        ConditionalCheckFailed => ConditionalCheckFailedException,
        InternalServerError => InternalServerError,
        ItemCollectionSizeLimitExceeded => ItemCollectionSizeLimitExceededException,
        ProvisionedThroughputExceeded => ProvisionedThroughputExceededException,
        RequestLimitExceeded => RequestLimitExceeded,
        ResourceNotFound => ResourceNotFoundException,
        Throttling => ThrottlingException,
        TransactionConflict => TransactionConflictException,
    }
    UpdateItemError {
        ConditionalCheckFailed => ConditionalCheckFailedException,
        InternalServerError => InternalServerError,
        ItemCollectionSizeLimitExceeded => ItemCollectionSizeLimitExceededException,
        ProvisionedThroughputExceeded => ProvisionedThroughputExceededException,
        RequestLimitExceeded => RequestLimitExceeded,
        ResourceNotFound => ResourceNotFoundException,
        Throttling => ThrottlingException,
        TransactionConflict => TransactionConflictException,
    }
    DeleteItemError {
        ConditionalCheckFailed => ConditionalCheckFailedException,
        InternalServerError => InternalServerError,
        ItemCollectionSizeLimitExceeded => ItemCollectionSizeLimitExceededException,
        ProvisionedThroughputExceeded => ProvisionedThroughputExceededException,
        RequestLimitExceeded => RequestLimitExceeded,
        ResourceNotFound => ResourceNotFoundException,
        Throttling => ThrottlingException,
        TransactionConflict => TransactionConflictException,
    }
    BatchWriteItemError {
        InternalServerError => InternalServerError,
        ItemCollectionSizeLimitExceeded => ItemCollectionSizeLimitExceededException,
        ProvisionedThroughputExceeded => ProvisionedThroughputExceededException,
        RequestLimitExceeded => RequestLimitExceeded,
        ResourceNotFound => ResourceNotFoundException,
        Throttling => ThrottlingException,
    }
    TransactGetItemsError {
        InternalServerError => InternalServerError,
        ProvisionedThroughputExceeded => ProvisionedThroughputExceededException,
        RequestLimitExceeded => RequestLimitExceeded,
        ResourceNotFound => ResourceNotFoundException,
        Throttling => ThrottlingException,
    }
    TransactWriteItemsError {
        IdempotentParameterMismatch => IdempotentParameterMismatchException,
        InternalServerError => InternalServerError,
        ProvisionedThroughputExceeded => ProvisionedThroughputExceededException,
        RequestLimitExceeded => RequestLimitExceeded,
        ResourceNotFound => ResourceNotFoundException,
        Throttling => ThrottlingException,
        TransactionInProgress => TransactionInProgressException,
    }
}

/// The error of an operation for a cancelled transaction: a separate variant only where transactions occur.
trait Canceled: Sized {
    fn canceled(error: ServerError, meta: ErrorMetadata) -> Self;
}

macro_rules! canceled {
    (modelled: $($transaction:ident),*; generic: $($single:ident),*) => {
        $(impl Canceled for $transaction {
            fn canceled(error: ServerError, meta: ErrorMetadata) -> Self {
                Self::TransactionCanceledException(
                    modelled::TransactionCanceledException::builder()
                        .message(error.message)
                        .set_cancellation_reasons(Some(error.cancellation_reasons))
                        .meta(meta)
                        .build(),
                )
            }
        })*
        $(impl Canceled for $single {
            fn canceled(_: ServerError, meta: ErrorMetadata) -> Self {
                Self::generic(meta)
            }
        })*
    };
}

canceled! {
    modelled: TransactGetItemsError, TransactWriteItemsError;
    generic: GetItemError, BatchGetItemError, QueryError, ScanError, PutItemError, UpdateItemError, DeleteItemError,
        BatchWriteItemError
}

fn metadata(error: &ServerError) -> ErrorMetadata {
    let mut meta = ErrorMetadata::builder().code(error.code()).message(error.message.as_str());
    if let Some(id) = &error.request_id {
        meta = meta.custom(REQUEST_ID, id.as_str());
    }
    meta.build()
}
