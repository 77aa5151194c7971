//! Errors that the server answers with.

use aws_sdk_dynamodb::types::CancellationReason;
use dax_protocol::Exception;
use dax_protocol::exception::{AUTHENTICATION_REQUIRED, reach};
use dax_protocol::{Access, Method};

use super::{Retry, Step};

/// An error that the server answered with.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ServerError {
    /// The call.
    pub method: Method,
    /// The question that the call had to ask first, if that is what was answered with the error.
    pub lookup: Option<Method>,
    /// The path of numbers that classifies it; the first tells how far the trouble reaches.
    pub codes: Vec<i64>,
    /// What the server says. May be empty.
    pub message: String,
    /// Request id of DynamoDB, if it was asked.
    pub request_id: Option<String>,
    /// Name of the exception as the server gives it.
    pub code_text: Option<String>,
    /// Status of DynamoDB's HTTP answer, if it was asked.
    pub http_status: Option<u16>,
    /// For a cancelled transaction: why, one reason per transact item, in the order of the request.
    pub cancellation_reasons: Vec<CancellationReason>,
    /// Whether DynamoDB gave it, asked in place of the cluster.
    pub fallback: bool,
    /// The same as it came: old items still encoded.
    pub(crate) raw_reasons: Vec<RawReason>,
}

/// A cancellation reason whose old item is still encoded.
#[derive(Debug, Clone)]
pub(crate) struct RawReason {
    pub(crate) code: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) item: Option<Vec<u8>>,
}

impl ServerError {
    pub(crate) const fn new(method: Method, codes: Vec<i64>, message: String) -> Self {
        Self {
            method,
            lookup: None,
            codes,
            message,
            request_id: None,
            code_text: None,
            http_status: None,
            cancellation_reasons: Vec::new(),
            fallback: false,
            raw_reasons: Vec::new(),
        }
    }

    /// Sets the reasons of a cancelled transaction, as another than the cluster gave them.
    pub(crate) fn set_reasons(&mut self, reasons: Vec<CancellationReason>) {
        let raw = |reason: &CancellationReason| RawReason {
            code: reason.code.clone(),
            message: reason.message.clone(),
            item: None,
        };
        self.raw_reasons = reasons.iter().map(raw).collect();
        self.cancellation_reasons = reasons;
    }

    /// Which exception it is, by its codes, else by the name that the server gave; `None` if this client knows
    /// neither.
    pub fn exception(&self) -> Option<Exception> {
        Exception::from_codes(&self.codes).or_else(|| Exception::from_name(self.code_text.as_deref()?))
    }

    /// Name of the exception: of a known one, else as the server gave it, else `Unknown`.
    pub fn code(&self) -> &str {
        match self.exception() {
            Some(exception) => exception.name(),
            None => self.code_text.as_deref().unwrap_or("Unknown"),
        }
    }

    /// Whether the connection has to be authorised again before its next request.
    pub(crate) fn is_authentication(&self) -> bool {
        self.exception() == Some(Exception::Authentication)
    }

    /// Whether a write may have taken effect although this error came back: the server says so, or says what this client
    /// does not know.
    ///
    /// Always `false` for reads, and for transactions, which carry a token and take effect once.
    pub fn outcome_unknown(&self) -> bool {
        self.method.access() == Access::Write && self.leaves_open()
    }

    /// Whether the request may have been carried out although this error came back.
    pub(crate) fn leaves_open(&self) -> bool {
        self.lookup.is_none()
            && match self.exception() {
                Some(Exception::UnknownOutcome | Exception::InternalServerError) => true,
                Some(_) => false,
                // Over HTTP the status tells.
                None if self.fallback => self.http_status.is_none_or(|status| status >= 500),
                None => true,
            }
    }

    /// Whether the request was judged. If not, the server could not answer.
    pub(crate) fn is_verdict(&self) -> bool {
        match self.exception() {
            Some(Exception::InternalServerError | Exception::UnknownOutcome) => false,
            Some(_) => true,
            None => {
                let passing = matches!(self.codes.first(), Some(&(reach::RETRYABLE | reach::RECOVERABLE)));
                !passing && self.http_status.is_none_or(|status| status < 500)
            }
        }
    }

    /// What to do about it.
    pub fn retry(&self) -> Retry {
        if self.outcome_unknown() {
            return Retry::Never;
        }
        match self.exception() {
            Some(Exception::Authentication) => {
                let curable = self.codes.get(3) == Some(&AUTHENTICATION_REQUIRED);
                return if curable { Retry::Reauthorize } else { Retry::Never };
            }
            Some(
                Exception::ProvisionedThroughputExceeded
                | Exception::LimitExceeded
                | Exception::Throttling
                | Exception::RequestLimitExceeded,
            ) => return Retry::AfterWait,
            // The condition was evaluated: the answer would be the same, or the write a second one.
            Some(Exception::ConditionalCheckFailed) => return Retry::Never,
            Some(Exception::TransactionCanceled) => {
                return if self.every_reason_passes() { Retry::AfterWait } else { Retry::Never };
            }
            Some(Exception::TransactionInProgress | Exception::InternalServerError) => {
                return Retry::AfterWait;
            }
            _ => {}
        }
        match self.codes.first() {
            Some(&reach::RECOVERABLE) => Retry::AfterRecovery,
            Some(&reach::RETRYABLE) => Retry::Now,
            _ if matches!(self.http_status, Some(500 | 503)) => Retry::AfterWait,
            _ => Retry::Never,
        }
    }

    /// Whether every reason for the cancellation is temporary.
    fn every_reason_passes(&self) -> bool {
        let mut failed =
            self.raw_reasons.iter().filter_map(|reason| reason.code.as_deref()).filter(|code| *code != "None");
        let passing = |code: &str| {
            matches!(
                Exception::from_name(code),
                Some(Exception::TransactionConflict | Exception::Throttling | Exception::ProvisionedThroughputExceeded)
            ) || code == "ThrottlingError"
        };
        failed.next().is_some_and(passing) && failed.all(passing)
    }
}

impl std::fmt::Display for ServerError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", Step(self.method, self.lookup), self.code())?;
        if !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
        }
        if let Some(id) = &self.request_id {
            write!(f, " (request id {id})")?;
        }
        if self.fallback {
            f.write_str(" (from DynamoDB, asked in place of the cluster)")?;
        } else if self.exception().is_none() {
            write!(f, " (error codes {:?})", self.codes)?;
        }
        Ok(())
    }
}

impl std::error::Error for ServerError {}
