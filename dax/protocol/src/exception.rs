//! Errors on the wire: a path of codes, a message, and details with DynamoDB's name for the error.
//!
//! The first code of a path is the [`reach`] of the trouble; the rest names the exception.

/// The exceptions that DAX and DynamoDB raise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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

/// First codes: how far the trouble reaches.
pub mod reach {
    /// The request may be repeated.
    pub const RETRYABLE: i64 = 1;
    /// The nodes of the cluster should be looked up again before the request is repeated.
    pub const RECOVERABLE: i64 = 2;
    /// The request was wrong.
    pub const CLIENT: i64 = 4;
}

/// Fourth code of the one authorisation error that a new proof can cure.
pub const AUTHENTICATION_REQUIRED: i64 = 33;

/// Start of the paths of errors that DynamoDB raised and DAX passed on. One more code follows.
pub const FROM_DYNAMODB: [i64; 3] = [37, 38, 39];

/// Last code after [`FROM_DYNAMODB`] for an error that has none; clients then go by the name.
pub const UNLISTED: i64 = 99;

/// Start of the paths of all authorisation errors.
const AUTHORISATION: [i64; 2] = [23, 31];

/// Each exception with its paths, the one that a server sends first.
const PATHS: [(Exception, &[&[i64]]); 18] = [
    (Exception::AccessDenied, &[&[37, 38, 42]]),
    (Exception::Authentication, &[&[23, 31, AUTHENTICATION_REQUIRED]]),
    (Exception::ConditionalCheckFailed, &[&[37, 38, 39, 43]]),
    (Exception::IdempotentParameterMismatch, &[&[37, 38, 39, 60]]),
    (Exception::InternalServerError, &[&[37, 38, 39, 47], &[37, 54]]),
    (Exception::ItemCollectionSizeLimitExceeded, &[&[37, 38, 39, 48]]),
    (Exception::LimitExceeded, &[&[37, 38, 39, 49]]),
    (Exception::NotImplemented, &[&[37, 38, 44]]),
    (Exception::ProvisionedThroughputExceeded, &[&[37, 38, 39, 40]]),
    (Exception::RequestLimitExceeded, &[&[37, 38, 39, 61]]),
    (Exception::ResourceInUse, &[&[37, 38, 39, 45], &[23, 35]]),
    (Exception::ResourceNotFound, &[&[37, 38, 39, 41], &[23, 24]]),
    (Exception::Throttling, &[&[37, 38, 39, 50]]),
    (Exception::TransactionCanceled, &[&[37, 38, 39, 58]]),
    (Exception::TransactionConflict, &[&[37, 38, 39, 57]]),
    (Exception::TransactionInProgress, &[&[37, 38, 39, 59]]),
    (Exception::UnknownOutcome, &[&[37, 38, 53], &[37, 38, 55]]),
    (Exception::Validation, &[&[37, 38, 39, 46]]),
];

impl Exception {
    /// Every exception.
    pub fn all() -> impl Iterator<Item = Self> {
        PATHS.iter().map(|(exception, _)| *exception)
    }

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

    /// The exception of this name, with or without the ending that some names have.
    pub fn from_name(name: &str) -> Option<Self> {
        let stem = |name: &'static str| name.strip_suffix("Exception").unwrap_or(name);
        let wanted = name.strip_suffix("Exception").unwrap_or(name);
        Self::all().find(|exception| stem(exception.name()) == wanted)
    }

    /// The exception of a path of codes, whatever its first one.
    pub fn from_codes(codes: &[i64]) -> Option<Self> {
        let path = codes.get(1..)?;
        if path.starts_with(&AUTHORISATION) {
            return Some(Self::Authentication);
        }
        PATHS.iter().find(|(_, paths)| paths.contains(&path)).map(|(exception, _)| *exception)
    }

    /// The codes that a server sends after the [`reach`].
    pub fn path(self) -> &'static [i64] {
        let row = PATHS.iter().find(|(exception, _)| *exception == self);
        row.and_then(|(_, paths)| paths.first()).copied().unwrap_or_default()
    }

    /// The whole path of codes that a server sends.
    pub fn codes(self, reach: i64) -> Vec<i64> {
        std::iter::once(reach).chain(self.path().iter().copied()).collect()
    }

    /// Whether DynamoDB raises it and DAX passes it on.
    pub fn is_from_dynamodb(self) -> bool {
        self.path().starts_with(&FROM_DYNAMODB)
    }

    /// Status of DynamoDB's HTTP answer.
    pub const fn http_status(self) -> u16 {
        match self {
            Self::InternalServerError | Self::UnknownOutcome => 500,
            _ => 400,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_exception_is_found_by_its_codes_and_its_name() {
        for exception in Exception::all() {
            for reach in [reach::RETRYABLE, reach::RECOVERABLE, reach::CLIENT] {
                assert_eq!(Exception::from_codes(&exception.codes(reach)), Some(exception));
            }
            assert_eq!(Exception::from_name(exception.name()), Some(exception));
        }
    }

    #[test]
    fn other_paths_and_names_are_read_too() {
        assert_eq!(Exception::from_codes(&[4, 23, 24]), Some(Exception::ResourceNotFound));
        assert_eq!(Exception::from_codes(&[4, 23, 31, 32, 1]), Some(Exception::Authentication));
        assert_eq!(Exception::from_codes(&[1, 37, 38, 55]), Some(Exception::UnknownOutcome));
        assert_eq!(Exception::from_codes(&[4, 37, 38, 39, UNLISTED]), None);
        assert_eq!(Exception::from_codes(&[]), None);
        assert_eq!(Exception::from_name("Throttling"), Some(Exception::Throttling));
        assert_eq!(Exception::from_name("InternalServerErrorException"), Some(Exception::InternalServerError));
        assert_eq!(Exception::from_name("SomethingElse"), None);
    }
}
