//! Errors: the SDK's modelled one for each, and what to do about it.

use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use dax_client::internals::op::Operation;
use dax_client::{Error, ServerError};
use dax_protocol::Method;
use dynamodb_json::ToJson;
use serde_json::Value;

use crate::Tally;
use crate::vector::Vector;

pub(crate) fn check_error<O: Operation>(exchange: &Vector, error: ServerError, tally: &mut Tally) {
    let codes = error.codes.clone();
    tally.check(
        exchange,
        "retry class",
        &format!("{:?}", error.retry()).into(),
        &expected_retry(O::METHOD, &error).into(),
    );
    let code = error.code().to_owned();
    let reasons = error.cancellation_reasons.to_json().unwrap();
    let sdk = O::Error::from(Error::Server(Box::new(error)));
    let debug = format!("{sdk:?}");
    let variant = debug.split(['(', ' ']).next().unwrap_or_default().to_owned();
    tally.check(exchange, "error code", &sdk.code().into(), &code.as_str().into());

    let recorded = &exchange.fields["error"];
    let class = recorded["class"].as_str().and_then(|class| class.strip_prefix("*types."));
    if let Some(class) = class {
        let expected = if modelled(O::METHOD).contains(&class) { class } else { "Unhandled" };
        tally.check(exchange, "modelled error", &variant.into(), &expected.into());
    }
    match (recorded["code"].as_str(), codes.as_slice()) {
        (_, [_, 37, 38, 44]) => tally.skipped("error code", "official clients disagree about 'not implemented'"),
        (None | Some("Unknown" | ""), _) => {
            tally.skipped("error code", "the recording client does not know these codes; checked by their table");
        }
        (Some(recorded), _) => {
            let stem = |code: &str| Value::from(code.strip_suffix("Exception").unwrap_or(code));
            tally.check(exchange, "error code as recorded", &stem(&code), &stem(recorded));
        }
    }
    match &recorded["CancellationReasons"] {
        Value::Null => {}
        expected => tally.check(exchange, "cancellation reasons", &reasons, expected),
    }
}

/// What the SDK models for the operation.
fn modelled(method: Method) -> Vec<&'static str> {
    let mut modelled = vec![
        "InternalServerError",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ResourceNotFoundException",
        "ThrottlingException",
    ];
    modelled.extend(match method {
        Method::PutItem | Method::UpdateItem | Method::DeleteItem => &[
            "ConditionalCheckFailedException",
            "ItemCollectionSizeLimitExceededException",
            "TransactionConflictException",
        ][..],
        Method::BatchWriteItem => &["ItemCollectionSizeLimitExceededException"],
        Method::TransactGetItems => &["TransactionCanceledException"],
        Method::TransactWriteItems => {
            &["IdempotentParameterMismatchException", "TransactionCanceledException", "TransactionInProgressException"]
        }
        _ => &[],
    });
    modelled
}

/// The retry class of each sequence of codes, written down independently of the code under test.
fn expected_retry(method: Method, error: &ServerError) -> &'static str {
    let single_write =
        matches!(method, Method::PutItem | Method::UpdateItem | Method::DeleteItem | Method::BatchWriteItem);
    let failed: Vec<&str> =
        error.cancellation_reasons.iter().filter_map(|r| r.code()).filter(|c| *c != "None").collect();
    match (error.codes.as_slice(), error.http_status) {
        ([_, 23, 31, 33], _) => "Reauthorize",
        ([_, 23, 31, ..], _) => "Never",
        ([_, 37, 38, 39, 40 | 49 | 50 | 61], _) => "AfterWait",
        ([_, 37, 38, 39, 47] | [_, 37, 38, 53 | 55] | [_, 37, 54], _) if single_write => "Never",
        ([_, 37, 38, 39, 47] | [_, 37, 54], _) => "AfterWait",
        ([_, 37, 38, 39, 43], _) => "Never",
        ([_, 37, 38, 39, 58], _) => match failed.as_slice() {
            [] => "Never",
            all if all
                .iter()
                .all(|c| ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"].contains(c)) =>
            {
                "AfterWait"
            }
            _ => "Never",
        },
        ([_, 37, 38, 39, 59], _) => "AfterWait",
        ([2, ..], _) => "AfterRecovery",
        ([1, ..], _) => "Now",
        (_, Some(500)) if single_write => "Never",
        (_, Some(500 | 503)) => "AfterWait",
        _ => "Never",
    }
}
