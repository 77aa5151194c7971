//! The bucket that holds the zips and the template, one per account and region.

use anyhow::{Context as _, Result};
use aws_smithy_types::byte_stream::ByteStream;
use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

use crate::aws::{Aws, explain};
use crate::package::Artifact;
use crate::regions::partition;
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

/// Uploads the template and returns its URL, with which CloudFormation reads exactly this version of the object.
///
/// It is uploaded every time: unlike the code of a function, a template has no checksum that AWS compares, so an object
/// that is there already is not trusted.
///
/// # Errors
/// If the bucket cannot be written.
pub(super) async fn upload_template(aws: &Aws, bucket: &str, account: &str, template: &str) -> Result<String> {
    let key = format!("{}.yaml", HEXLOWER.encode(&Sha256::digest(template)));
    let uploaded = aws
        .s3
        .put_object()
        .bucket(bucket)
        .key(&key)
        .expected_bucket_owner(account)
        .content_type("application/yaml")
        .body(ByteStream::from(template.as_bytes().to_vec()))
        .send()
        .await
        .map_err(explain)
        .with_context(|| format!("cannot upload the template to {bucket}"))?;
    Ok(object_url(&aws.region, bucket, &key, uploaded.version_id()))
}

/// The bucket is in the path, which suits every bucket name and every partition of AWS.
fn object_url(region: &str, bucket: &str, key: &str, version: Option<&str>) -> String {
    let url = format!("https://s3.{region}.{}/{bucket}/{key}", partition(region).dns_suffix);
    match version {
        Some(version) => format!("{url}?versionId={version}"),
        None => url,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_have_urls_that_cloudformation_takes() {
        for (region, version, expected) in [
            ("us-east-1", None, "https://s3.us-east-1.amazonaws.com/b/k.yaml"),
            ("eu-west-1", Some("3HL4kqtJ"), "https://s3.eu-west-1.amazonaws.com/b/k.yaml?versionId=3HL4kqtJ"),
            ("cn-northwest-1", None, "https://s3.cn-northwest-1.amazonaws.com.cn/b/k.yaml"),
        ] {
            assert_eq!(object_url(region, "b", "k.yaml", version), expected);
        }
    }
}
