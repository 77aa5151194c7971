//! Errors that the server answers with.

use aws_sdk_dynamodb::types::CancellationReason;

use super::Retry;
use crate::codec::{Access, Method};

/// An error that the server answered with.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ServerError {
    /// The call that it answers.
    pub method: Method,
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
    /// The same as it came: old items still encoded.
    pub(crate) raw_reasons: Vec<RawReason>,
}

/// A cancellation reason whose old item is still encoded.
#[derive(Clone, Debug)]
pub(crate) struct RawReason {
    pub(crate) code: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) item: Option<Vec<u8>>,
}

/// The exceptions that DAX and DynamoDB raise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Exception {
    /// The caller may not do this.
    AccessDenied,
    /// The connection is not authorised, or not any more.
    Authentication,
    /// The condition of a write does not hold.
    ConditionalCheckFailed,
    /// A token was used before with another request.
    IdempotentParameterMismatch,
    /// The server failed.
    InternalServerError,
    /// An item collection would exceed 10 GB.
    ItemCollectionSizeLimitExceeded,
    /// Too many operations on tables.
    LimitExceeded,
    /// DAX cannot do this.
    NotImplemented,
    /// More traffic than the table is provisioned for.
    ProvisionedThroughputExceeded,
    /// More traffic than the account may have.
    RequestLimitExceeded,
    /// The table exists.
    ResourceInUse,
    /// No such table or index.
    ResourceNotFound,
    /// Slow down.
    Throttling,
    /// The transaction was cancelled; reasons are given.
    TransactionCanceled,
    /// Another transaction holds the item.
    TransactionConflict,
    /// A transaction with the same token is under way.
    TransactionInProgress,
    /// A write was sent on to DynamoDB and its outcome is not known.
    UnknownOutcome,
    /// The request is wrong.
    Validation,
}

impl Exception {
    const ALL: [Self; 18] = [
        Self::AccessDenied,
        Self::Authentication,
        Self::ConditionalCheckFailed,
        Self::IdempotentParameterMismatch,
        Self::InternalServerError,
        Self::ItemCollectionSizeLimitExceeded,
        Self::LimitExceeded,
        Self::NotImplemented,
        Self::ProvisionedThroughputExceeded,
        Self::RequestLimitExceeded,
        Self::ResourceInUse,
        Self::ResourceNotFound,
        Self::Throttling,
        Self::TransactionCanceled,
        Self::TransactionConflict,
        Self::TransactionInProgress,
        Self::UnknownOutcome,
        Self::Validation,
    ];

    /// Its name in DynamoDB's model, or one like those where DynamoDB has none.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AccessDenied => "AccessDeniedException",
            Self::Authentication => "AuthenticationException",
            Self::ConditionalCheckFailed => "ConditionalCheckFailedException",
            Self::IdempotentParameterMismatch => "IdempotentParameterMismatchException",
            Self::InternalServerError => "InternalServerError",
            Self::ItemCollectionSizeLimitExceeded => "ItemCollectionSizeLimitExceededException",
            Self::LimitExceeded => "LimitExceededException",
            Self::NotImplemented => "NotImplementedException",
            Self::ProvisionedThroughputExceeded => "ProvisionedThroughputExceededException",
            Self::RequestLimitExceeded => "RequestLimitExceeded",
            Self::ResourceInUse => "ResourceInUseException",
            Self::ResourceNotFound => "ResourceNotFoundException",
            Self::Throttling => "ThrottlingException",
            Self::TransactionCanceled => "TransactionCanceledException",
            Self::TransactionConflict => "TransactionConflictException",
            Self::TransactionInProgress => "TransactionInProgressException",
            Self::UnknownOutcome => "UnknownOutcomeException",
            Self::Validation => "ValidationException",
        }
    }

    /// By the path of numbers. The first number is not part of it: it says how far the trouble reaches.
    fn from_codes(codes: &[i64]) -> Option<Self> {
        Some(match codes.get(1..)? {
            [23, 24] => Self::ResourceNotFound,
            [23, 35] => Self::ResourceInUse,
            [23, 31, ..] => Self::Authentication,
            [37, 54] => Self::InternalServerError,
            [37, 38, 42] => Self::AccessDenied,
            [37, 38, 44] => Self::NotImplemented,
            [37, 38, 53 | 55] => Self::UnknownOutcome,
            [37, 38, 39, last] => match last {
                40 => Self::ProvisionedThroughputExceeded,
                41 => Self::ResourceNotFound,
                43 => Self::ConditionalCheckFailed,
                45 => Self::ResourceInUse,
                46 => Self::Validation,
                47 => Self::InternalServerError,
                48 => Self::ItemCollectionSizeLimitExceeded,
                49 => Self::LimitExceeded,
                50 => Self::Throttling,
                57 => Self::TransactionConflict,
                58 => Self::TransactionCanceled,
                59 => Self::TransactionInProgress,
                60 => Self::IdempotentParameterMismatch,
                61 => Self::RequestLimitExceeded,
                _ => return None,
            },
            _ => return None,
        })
    }

    /// By name, with or without the ending that some exceptions have.
    fn from_name(name: &str) -> Option<Self> {
        let stem = |name: &'static str| name.strip_suffix("Exception").unwrap_or(name);
        let wanted = name.strip_suffix("Exception").unwrap_or(name);
        Self::ALL.into_iter().find(|exception| stem(exception.name()) == wanted)
    }
}

/// How far the trouble reaches: the first code.
const RETRYABLE: i64 = 1;
const RECOVERABLE: i64 = 2;
/// The one authorisation error that a new proof can cure.
const AUTHENTICATION_REQUIRED: i64 = 33;

impl ServerError {
    pub(crate) const fn new(method: Method, codes: Vec<i64>, message: String) -> Self {
        Self {
            method,
            codes,
            message,
            request_id: None,
            code_text: None,
            http_status: None,
            cancellation_reasons: Vec::new(),
            raw_reasons: Vec::new(),
        }
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

    /// Whether the connection has to be authorised anew before its next request.
    pub fn is_authentication(&self) -> bool {
        self.exception() == Some(Exception::Authentication)
    }

    /// Whether a write may have taken effect although this error came back.
    ///
    /// Always `false` for reads, and for transactions, which carry a token and take effect once.
    pub fn outcome_unknown(&self) -> bool {
        self.method.access() == Access::Write
            && match self.exception() {
                Some(Exception::UnknownOutcome | Exception::InternalServerError) => true,
                Some(_) => false,
                None => self.http_status == Some(500),
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
            Some(&RECOVERABLE) => Retry::AfterRecovery,
            Some(&RETRYABLE) => Retry::Now,
            _ if matches!(self.http_status, Some(500 | 503)) => Retry::AfterWait,
            _ => Retry::Never,
        }
    }

    /// Whether whatever cancelled the transaction goes away by itself.
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
        write!(f, "{}: {}", self.method, self.code())?;
        if !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
        }
        if let Some(id) = &self.request_id {
            write!(f, " (request id {id})")?;
        }
        if self.exception().is_none() {
            write!(f, " (error codes {:?})", self.codes)?;
        }
        Ok(())
    }
}

impl std::error::Error for ServerError {}
