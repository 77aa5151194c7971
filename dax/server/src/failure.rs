//! Errors, and how they travel: a path of codes, a message, and DynamoDB's own name for the error.

use std::{collections::HashMap, io::ErrorKind};

use aws_sdk_dynamodb::{
    error::{ProvideErrorMetadata, SdkError},
    operation::{RequestId, transact_write_items::TransactWriteItemsError},
    types::AttributeValue,
};
use aws_smithy_runtime_api::{client::orchestrator::HttpResponse, http::StatusCode};
use dax_protocol::{
    Exception,
    cbor::Writer,
    exception::{FROM_DYNAMODB, UNLISTED, reach},
};

/// An error to answer with.
#[derive(Debug, Clone)]
pub(crate) struct Failure(Box<Details>);

#[derive(Debug, Clone)]
struct Details {
    codes: Vec<i64>,
    message: String,
    code: Option<String>,
    request_id: Option<String>,
    status: u16,
    /// Why a transaction was cancelled, one for each of its items; empty for every other error.
    reasons: Vec<Reason>,
    /// Whether a write may have been carried out in spite of the error.
    ambiguous: bool,
}

/// What one item of a cancelled transaction had to do with it.
#[derive(Debug, Clone)]
pub(crate) struct Reason {
    code: Option<String>,
    message: Option<String>,
    /// The item as it was, if the request asked for it.
    pub(crate) item: Option<HashMap<String, AttributeValue>>,
    /// The same, encoded for the answer.
    pub(crate) encoded: Option<Vec<u8>>,
}

impl Failure {
    /// An error with codes of one's own.
    pub(crate) fn new(codes: Vec<i64>, code: Option<&str>, message: impl Into<String>, status: u16) -> Self {
        Self(Box::new(Details {
            codes,
            message: message.into(),
            code: code.map(str::to_owned),
            request_id: None,
            status,
            reasons: Vec::new(),
            ambiguous: false,
        }))
    }

    /// The request is wrong.
    pub(crate) fn validation(message: impl Into<String>) -> Self {
        Self::raised(Exception::Validation, Exception::Validation.name(), message)
    }

    /// There is no such table.
    pub(crate) fn table_not_found(table: &str) -> Self {
        let message = format!("Requested resource not found: Table: {table} not found");
        Self::raised(Exception::ResourceNotFound, Exception::ResourceNotFound.name(), message)
    }

    /// The cluster may not use this table.
    pub(crate) fn access_denied(table: &str) -> Self {
        let message = format!("The cluster is not allowed to use table {table}");
        Self::raised(Exception::AccessDenied, Exception::AccessDenied.name(), message)
    }

    /// The server remembers as much as it can.
    pub(crate) fn limit_exceeded(message: impl Into<String>) -> Self {
        Self::raised(Exception::LimitExceeded, Exception::LimitExceeded.name(), message)
    }

    /// The connection was not authorized, or not any more.
    pub(crate) fn not_authorized(message: impl Into<String>) -> Self {
        Self::raised(Exception::Authentication, "MissingAuthenticationTokenException", message)
    }

    /// A method that the server does not have.
    pub(crate) fn not_implemented(message: impl Into<String>) -> Self {
        Self::raised(Exception::NotImplemented, Exception::NotImplemented.name(), message)
    }

    fn raised(exception: Exception, code: &str, message: impl Into<String>) -> Self {
        Self::new(exception.codes(reach::CLIENT), Some(code), message, exception.http_status())
    }

    /// DynamoDB did not answer. A write may or may not have been carried out.
    fn unreachable(write: bool, sent: bool, message: String) -> Self {
        let exception = if write && sent { Exception::UnknownOutcome } else { Exception::InternalServerError };
        let codes = exception.codes(reach::RETRYABLE);
        let mut failure = Self::new(codes, Some(Exception::InternalServerError.name()), message, 500);
        failure.0.ambiguous = write && sent;
        failure
    }

    /// DynamoDB's name for the error.
    pub(crate) fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    #[cfg(test)]
    pub(crate) fn message(&self) -> &str {
        &self.0.message
    }

    /// Whether a write may have been carried out in spite of the error.
    pub(crate) fn is_ambiguous(&self) -> bool {
        self.0.ambiguous
    }

    /// Why a transaction was cancelled, one for each of its items; empty for every other error.
    pub(crate) fn reasons_mut(&mut self) -> &mut [Reason] {
        &mut self.0.reasons
    }

    /// What DynamoDB, or the lack of it, answered to a call.
    pub(crate) fn from_sdk<E>(error: SdkError<E, HttpResponse>, write: bool) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        match error {
            SdkError::ServiceError(answer) => {
                Self::from_service(answer.err(), answer.raw().status(), answer.raw().request_id(), write)
            }
            SdkError::ConstructionFailure(cause) => {
                Self::validation(format!("{:?}", SdkError::<E>::ConstructionFailure(cause)))
            }
            other => {
                let message = format!("DynamoDB gives no answer: {}", chain(&other));
                Self::unreachable(write, !connect_failed(&other), message)
            }
        }
    }

    /// As [`from_sdk`](Self::from_sdk), with the reasons of a cancelled transaction.
    pub(crate) fn from_transaction(error: SdkError<TransactWriteItemsError, HttpResponse>) -> Self {
        let reasons = match error.as_service_error() {
            Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                let reason = |reason: &aws_sdk_dynamodb::types::CancellationReason| Reason {
                    code: reason.code.clone(),
                    message: reason.message.clone(),
                    item: reason.item.clone(),
                    encoded: None,
                };
                cancelled.cancellation_reasons().iter().map(reason).collect()
            }
            _ => Vec::new(),
        };
        let mut failure = Self::from_sdk(error, true);
        failure.0.reasons = reasons;
        failure
    }

    fn from_service(
        error: &impl ProvideErrorMetadata,
        status: StatusCode,
        request_id: Option<&str>,
        write: bool,
    ) -> Self {
        let status = status.as_u16();
        let code = error.code().unwrap_or(Exception::InternalServerError.name());
        let message = error.message().unwrap_or_default();
        let reach = if status < 500 { reach::CLIENT } else { reach::RETRYABLE };
        let codes = match dynamodb_exception(code) {
            Some(exception) => exception.codes(reach),
            None if code == Exception::AccessDenied.name() => Exception::AccessDenied.codes(reach::CLIENT),
            None => unlisted_codes(status),
        };
        let mut failure = Self::new(codes, Some(code), message, status);
        failure.0.request_id = request_id.map(str::to_owned);
        failure.0.ambiguous = write && status >= 500;
        failure
    }

    /// The answer.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let details = &*self.0;
        let mut writer = Writer::new(out);
        writer.array(details.codes.len());
        for code in &details.codes {
            writer.int(*code);
        }
        writer.text(&details.message);
        writer.array(if details.reasons.is_empty() { 3 } else { 4 });
        text_or_null(&mut writer, details.request_id.as_deref());
        text_or_null(&mut writer, self.code());
        writer.uint(u64::from(details.status));
        if details.reasons.is_empty() {
            return;
        }
        writer.array(3 * details.reasons.len());
        for reason in &details.reasons {
            text_or_null(&mut writer, reason.code.as_deref());
            text_or_null(&mut writer, reason.message.as_deref());
            match &reason.encoded {
                Some(item) => writer.bytes(item),
                None => writer.null(),
            }
        }
    }
}

/// The exception of DynamoDB that has exactly this name.
fn dynamodb_exception(name: &str) -> Option<Exception> {
    Exception::all().find(|exception| exception.is_from_dynamodb() && exception.name() == name)
}

fn text_or_null(writer: &mut Writer<'_>, text: Option<&str>) {
    match text {
        Some(text) => writer.text(text),
        None => writer.null(),
    }
}

/// The path of codes for an error of DynamoDB that the protocol has none for.
pub(crate) fn unlisted_codes(status: u16) -> Vec<i64> {
    match status {
        500.. => Exception::InternalServerError.codes(reach::RETRYABLE),
        _ => [&[reach::CLIENT], FROM_DYNAMODB.as_slice(), &[UNLISTED]].concat(),
    }
}

/// One line for people: DynamoDB's own message and its name for the error, or why there was no answer.
pub(crate) fn in_short<E>(error: &SdkError<E, HttpResponse>) -> String
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    match (error.message(), error.code()) {
        (Some(message), Some(code)) if !message.is_empty() => format!("{message} ({code})"),
        (_, Some(code)) => code.to_owned(),
        _ => chain(error),
    }
}

/// Whether no connection could be opened, so that certainly nothing was sent.
fn connect_failed(error: &(dyn std::error::Error + 'static)) -> bool {
    let causes = std::iter::successors(Some(error), |error| error.source());
    let kinds = causes.filter_map(|cause| Some(cause.downcast_ref::<std::io::Error>()?.kind()));
    kinds.into_iter().any(|kind| {
        matches!(kind, ErrorKind::ConnectionRefused | ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable)
    })
}

/// The error and what caused it, on one line.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(failure: &Failure) -> String {
        let mut out = Vec::new();
        failure.write(&mut out);
        out.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn raised(exception: Exception, message: &str) -> Failure {
        Failure::raised(exception, exception.name(), message)
    }

    #[test]
    fn an_error_travels_as_codes_message_and_details() {
        // As the official clients were seen to read it; only the request id is missing here.
        let failed = raised(Exception::ConditionalCheckFailed, "The conditional request failed");
        assert_eq!(
            hex(&failed),
            "8504182518261827182b781e54686520636f6e646974696f6e616c2072657175657374206661696c656483f6781f436f6e\
             646974696f6e616c436865636b4661696c6564457863657074696f6e190190"
        );
        assert!(hex(&Failure::not_authorized("who?")).starts_with("840417181f1821"));
    }

    #[test]
    fn reasons_of_a_transaction_make_a_fourth_detail() {
        let mut failure = raised(Exception::TransactionCanceled, "no");
        let none = Reason { code: Some("None".into()), message: None, item: None, encoded: None };
        failure.0.reasons = vec![none.clone(), Reason { encoded: Some(vec![1]), ..none }];
        assert!(hex(&failure).contains(
            "84f6781c5472616e73616374696f6e43616e63656c6564457863657074696f6e19019086644e6f6e65f6f6644e6f6e65f64101"
        ));
    }
}
