//! The errors of a client, made by hand.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use aws_sdk_dynamodb::types::CancellationReason;

use crate::{Error, Exception, Method, ServerError};

/// A node of a cluster that does not exist.
const NODE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)), 8111);

fn server(method: Method, exception: Exception, message: &str) -> Error {
    ServerError::builder(method, exception).message(message).build().into()
}

/// The condition of a write does not hold.
#[must_use]
pub fn condition_failed(method: Method) -> Error {
    server(method, Exception::ConditionalCheckFailed, "The conditional request failed")
}

/// The table got more traffic than it may have (`ProvisionedThroughputExceededException`), and retrying did not help.
///
/// For `ThrottlingException` there is [`ServerError::builder`] with [`Exception::Throttling`].
#[must_use]
pub fn throttled(method: Method) -> Error {
    let message = "The level of configured provisioned throughput for the table was exceeded.";
    server(method, Exception::ProvisionedThroughputExceeded, message)
}

/// The table does not exist.
#[must_use]
pub fn not_found(method: Method) -> Error {
    server(method, Exception::ResourceNotFound, "Requested resource not found")
}

/// The transaction was cancelled, for one reason per transact item.
#[must_use]
pub fn canceled(method: Method, reasons: Vec<CancellationReason>) -> Error {
    let error = ServerError::builder(method, Exception::TransactionCanceled);
    error
        .message("Transaction cancelled, please refer cancellation reasons")
        .cancellation_reasons(reasons)
        .build()
        .into()
}

/// The request is wrong, and nothing was sent.
#[must_use]
pub fn validation(method: Method, message: &str) -> Error {
    Error::Validation { method, message: message.to_owned() }
}

/// No answer came in time. A write that was `sent` may have taken effect.
#[must_use]
pub fn timeout(method: Method, sent: bool) -> Error {
    Error::Timeout { method, lookup: None, after: Duration::from_secs(5), sent }
}

/// The connection broke. A write that was `sent` may have taken effect.
#[must_use]
pub fn broken(method: Method, sent: bool) -> Error {
    Error::Broken { method, lookup: None, endpoint: NODE, sent, source: io::ErrorKind::UnexpectedEof.into() }
}

/// DAX sent a write on to DynamoDB and does not know what became of it.
#[must_use]
pub fn unknown_outcome(method: Method) -> Error {
    server(method, Exception::UnknownOutcome, "The outcome of the write is not known")
}

/// No connection could be opened.
#[must_use]
pub fn connect() -> Error {
    Error::Connect { endpoint: NODE, source: io::ErrorKind::ConnectionRefused.into() }
}

/// The cluster's name did not resolve.
#[must_use]
pub fn dns(host: &str) -> Error {
    Error::Dns { host: host.to_owned(), source: io::ErrorKind::NotFound.into() }
}

/// No node can take the call.
#[must_use]
pub fn no_route(method: Method) -> Error {
    Error::NoRoute { method, reason: "the cluster announces no nodes".to_owned(), source: None }
}

/// Neither the cluster nor DynamoDB answered. A write that was `sent` to DynamoDB may have taken effect.
#[must_use]
pub fn fallback(method: Method, sent: bool) -> Error {
    let cluster = Some(Box::new(connect()));
    Error::Fallback { method, cluster, sent, source: io::Error::from(io::ErrorKind::TimedOut).into() }
}

/// There are no credentials.
#[must_use]
pub fn credentials() -> Error {
    Error::Credentials { source: "no provider has any".into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Retry;

    #[test]
    fn errors_answer_questions_as_real_ones_do() {
        let conflict = || CancellationReason::builder().code("TransactionConflict").build();
        let refused = || CancellationReason::builder().code("ConditionalCheckFailed").build();
        let none = || CancellationReason::builder().code("None").build();
        let write = Method::TransactWriteItems;
        for (error, retry, unknown) in [
            (condition_failed(Method::PutItem), Retry::Never, false),
            (throttled(Method::GetItem), Retry::AfterWait, false),
            (not_found(Method::Query), Retry::Never, false),
            (canceled(write, vec![none(), conflict()]), Retry::AfterWait, false),
            (canceled(write, vec![conflict(), refused()]), Retry::Never, false),
            (validation(Method::PutItem, "no"), Retry::Never, false),
            (timeout(Method::GetItem, true), Retry::NewConnection, false),
            (timeout(Method::PutItem, true), Retry::Never, true),
            (timeout(Method::PutItem, false), Retry::NewConnection, false),
            (broken(Method::DeleteItem, true), Retry::Never, true),
            (unknown_outcome(Method::UpdateItem), Retry::Never, true),
            (connect(), Retry::Now, false),
            (dns("cluster"), Retry::Never, false),
            (no_route(Method::Scan), Retry::AfterRecovery, false),
            (fallback(Method::GetItem, true), Retry::AfterWait, false),
            (fallback(Method::PutItem, true), Retry::Never, true),
            (credentials(), Retry::Never, false),
        ] {
            assert_eq!((error.retry(), error.outcome_unknown()), (retry, unknown), "{error}");
        }
        assert!(condition_failed(Method::PutItem).is_condition_failed());
        assert!(not_found(Method::PutItem).is_not_found());
        assert_eq!(
            throttled(Method::Scan).to_string(),
            "Scan: ProvisionedThroughputExceededException: The level of configured provisioned throughput for the table \
             was exceeded."
        );
    }
}
