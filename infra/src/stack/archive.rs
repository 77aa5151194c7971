//! The bucket with the archive of clicks, which outlives the stack and is never deleted by this tool.

use anyhow::Result;
use serde_json::json;

use super::{Session, Stack, resources};

/// The name of a stack's archive, if it has one.
///
/// # Errors
/// If CloudFormation does not list the resources.
pub(crate) async fn bucket(session: &Session, stack: &Stack) -> Result<Option<String>> {
    resources::named(session, stack, "ClicksArchiveBucket").await
}

/// Says that the bucket stays, and how to delete it.
pub(crate) fn mention(session: &Session, bucket: &str) {
    session.terminal.note(format_args!(
        "the archive of clicks stays, with everything in it, and its storage is billed. To delete it, with its former versions, \
         use \"Empty\" and \"Delete\" in the S3 console, or let its lifecycle rules empty it first:\n    \
         aws s3api delete-bucket --bucket {bucket}"
    ));
    session.terminal.event("retained", json!({"bucket": bucket}));
}
