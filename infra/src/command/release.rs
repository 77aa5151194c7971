//! Everything that must be in place before a change set: values that fit, the bucket, the zips in it.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use aws_smithy_types::byte_stream::ByteStream;
use clap::Args;

use super::bootstrap;
use super::doctor::DAX_REGIONS;
use super::package::Build;
use crate::aws::signed::element;
use crate::aws::{Aws, Caller, explain};
use crate::package::{Artifact, Package};
use crate::parameters;
use crate::stack::Session;

/// What a release is made of.
#[derive(Args, Clone, Debug)]
pub(crate) struct Sources {
    #[command(flatten)]
    build: Build,
    /// A template parameter, over the stage's own
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = assignment)]
    overrides: Vec<(String, String)>,
    /// Bucket for the zips instead of the one `infra bootstrap` made
    #[arg(long, value_name = "BUCKET")]
    artifact_bucket: Option<String>,
}

fn assignment(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// A release whose zips are in the bucket.
#[derive(Clone, Debug)]
pub(crate) struct Release {
    /// All parameters of the template.
    pub(crate) parameters: BTreeMap<String, String>,
    /// Names code and settings together.
    pub(crate) id: String,
}

/// Checks, builds, uploads.
///
/// # Errors
/// At the first thing that is not in order; what is cheap to check comes first.
pub(crate) async fn prepare(session: &Session, caller: &Caller, options: &Sources) -> Result<Release> {
    let mut values = values(session, options)?;
    let bucket = match &options.artifact_bucket {
        Some(bucket) => bucket.clone(),
        None => bootstrap::bucket(&session.aws).await?,
    };
    let architecture = values.get("Architecture").map(String::as_str).unwrap_or_default();
    let package = options.build.package(&session.terminal, architecture).await?;
    for artifact in package.artifacts() {
        let came =
            if upload(&session.aws, &bucket, &caller.account, artifact).await? { "uploaded" } else { "already there" };
        session.terminal.done("upload", format_args!("{} {came}", artifact.name));
    }
    if values.get("DynamoDbPrefixListId").is_some_and(String::is_empty) {
        match prefix_list(&session.aws).await {
            Ok(id) => drop(values.insert("DynamoDbPrefixListId".to_owned(), id)),
            Err(error) => session
                .terminal
                .note(format_args!("egress stays 443 to anywhere, the prefix list is unknown: {error:#}")),
        }
    }
    let id = package.release_id(template::DEPLOYED, &values);
    values.extend(release_parameters(bucket, &package, &id));
    Ok(Release { parameters: values, id })
}

fn values(session: &Session, options: &Sources) -> Result<BTreeMap<String, String>> {
    let definitions = parameters::definitions()?;
    let mut given = session.stage.parameters.clone();
    given.extend(options.overrides.iter().cloned());
    let values = parameters::resolve(&definitions, &given)?;
    let region = session.aws.region.as_str();
    if values.get("DaxMode").is_some_and(|mode| mode != "none") && !DAX_REGIONS.contains(&region) {
        bail!("{region} has no DAX: set DaxMode = \"none\" or choose another region");
    }
    Ok(values)
}

fn release_parameters(bucket: String, package: &Package, id: &str) -> [(String, String); 6] {
    [
        ("ArtifactBucket", bucket),
        ("RedirectorKey", package.redirector.key()),
        ("RedirectorSha256", package.redirector.sha256_base64()),
        ("WriterKey", package.writer.key()),
        ("WriterSha256", package.writer.sha256_base64()),
        ("ReleaseId", id.to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
}

/// Puts a zip into the bucket unless it is there. The key is the content, so there is nothing to compare.
async fn upload(aws: &Aws, bucket: &str, account: &str, artifact: &Artifact) -> Result<bool> {
    let head = aws.s3.head_object().bucket(bucket).key(artifact.key()).expected_bucket_owner(account).send().await;
    match head {
        Ok(_) => return Ok(false),
        Err(error) if error.as_service_error().is_some_and(|service| service.is_not_found()) => {}
        Err(error) => {
            return Err(explain(error).context(format!("cannot look into bucket {bucket}")));
        }
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

/// The addresses of DynamoDB in this region, as a prefix list for security groups.
async fn prefix_list(aws: &Aws) -> Result<String> {
    let query = format!(
        "Action=DescribePrefixLists&Version=2016-11-15&Filter.1.Name=prefix-list-name&Filter.1.Value.1=com.amazonaws.{}.dynamodb",
        aws.region
    );
    let answer = aws.signed.query("ec2", &query).await?;
    element(&answer, "prefixListId").map(str::to_owned).context("EC2 names none")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assignments_split_at_the_first_equals_sign() {
        assert_eq!(assignment("A=b=c"), Ok(("A".to_owned(), "b=c".to_owned())));
        assert_eq!(assignment("A="), Ok(("A".to_owned(), String::new())));
        assert!(assignment("A").is_err());
    }
}
