//! Answers of a server that is not there.

use aws_sdk_dynamodb::types::CancellationReason;
use dax_protocol::exception::reach;

use crate::{Exception, Method, ServerError};

/// Makes a [`ServerError`]; from [`ServerError::builder`].
#[derive(Debug, Clone)]
#[must_use]
pub struct ServerErrorBuilder(ServerError);

impl ServerError {
    /// An answer of the server, for tests (feature `test-util`). It has the codes that a server sends for this exception.
    ///
    /// ```
    /// use dax_client::{Error, Exception, Method, ServerError};
    ///
    /// let error = ServerError::builder(Method::PutItem, Exception::Throttling).message("slow down").build();
    /// let error = Error::from(error);
    /// assert_eq!(error.to_string(), "PutItem: ThrottlingException: slow down");
    /// ```
    pub fn builder(method: Method, exception: Exception) -> ServerErrorBuilder {
        let mut error = Self::new(method, exception.codes(reach::CLIENT), String::new());
        error.code_text = Some(exception.name().to_owned());
        ServerErrorBuilder(error)
    }
}

impl ServerErrorBuilder {
    /// What the server says.
    pub fn message(mut self, message: impl Into<String>) -> Self {
        self.0.message = message.into();
        self
    }

    /// The path of numbers that classifies it, and the name of the exception: for what this client does not know.
    pub fn codes(mut self, codes: Vec<i64>, name: Option<&str>) -> Self {
        self.0.codes = codes;
        self.0.code_text = name.map(str::to_owned);
        self
    }

    /// The question that was answered with it, instead of the call itself.
    pub fn lookup(mut self, lookup: Method) -> Self {
        self.0.lookup = Some(lookup);
        self
    }

    /// Request id of DynamoDB.
    pub fn request_id(mut self, id: impl Into<String>) -> Self {
        self.0.request_id = Some(id.into());
        self
    }

    /// Status of DynamoDB's HTTP answer.
    pub fn http_status(mut self, status: u16) -> Self {
        self.0.http_status = Some(status);
        self
    }

    /// Why a transaction was cancelled, one reason per transact item.
    pub fn cancellation_reasons(mut self, reasons: Vec<CancellationReason>) -> Self {
        self.0.set_reasons(reasons);
        self
    }

    /// The error.
    #[must_use]
    pub fn build(self) -> ServerError {
        self.0
    }
}
