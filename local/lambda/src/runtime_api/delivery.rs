//! An invocation on its way to the process.

use bytes::Bytes;

/// What the process receives from `GET /runtime/invocation/next`.
#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    pub(crate) request_id: String,
    pub(crate) payload: Bytes,
    /// Unix time in milliseconds at which the function times out.
    pub(crate) deadline_ms: i64,
    pub(crate) function_arn: String,
    pub(crate) trace_id: String,
    /// JSON from the Invoke API's `X-Amz-Client-Context`.
    pub(crate) client_context: Option<String>,
}
