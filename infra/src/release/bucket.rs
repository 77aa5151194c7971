//! The bucket that holds the zips, one per account and region.

use anyhow::{Context as _, Result};
use aws_smithy_types::byte_stream::ByteStream;

use crate::aws::{Aws, explain};
use crate::package::Artifact;
use crate::stack::Stack;

/// The stack that holds the bucket; all stages share it.
pub(crate) const STACK: &str = "kurz-artifacts";

/// The name of the bucket.
///
/// # Errors
/// If `infra bootstrap` was never run in this account and region.
pub(crate) async fn find(aws: &Aws) -> Result<String> {
    let stack = Stack::find(aws, STACK).await?;
    let stack = stack.with_context(|| {
        format!("there is no bucket for the zips in {} yet: run `infra bootstrap` once", aws.region)
    })?;
    stack.output("ArtifactBucket").map(str::to_owned)
}

/// Uploads a zip unless it is there already, and returns whether it was uploaded. The key is the hash of the content, so
/// there is nothing to compare.
///
/// # Errors
/// If the bucket cannot be read or written.
pub(super) async fn upload(aws: &Aws, bucket: &str, account: &str, artifact: &Artifact) -> Result<bool> {
    let head = aws.s3.head_object().bucket(bucket).key(artifact.key()).expected_bucket_owner(account).send().await;
    match head {
        Ok(_) => return Ok(false),
        Err(error) if error.as_service_error().is_some_and(|service| service.is_not_found()) => {}
        Err(error) => return Err(explain(error).context(format!("cannot read bucket {bucket}"))),
    }
    aws.s3
        .put_object()
        .bucket(bucket)
        .key(artifact.key())
        .expected_bucket_owner(account)
        .content_type("application/zip")
        .body(ByteStream::from(artifact.zip.clone()))
        .send()
        .await
        .map_err(explain)
        .with_context(|| format!("cannot upload {} to {bucket}", artifact.name))?;
    Ok(true)
}
