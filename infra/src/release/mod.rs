//! A release: parameters that fit, the zips and the template in the bucket, and the change set that deploys them.

pub(crate) mod bucket;
pub(crate) mod build;
mod settings;

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use aws_sdk_cloudformation::types::ChangeSetType;
use clap::Args;

use crate::aws::signed::element;
use crate::aws::{Aws, Caller};
use crate::package::Package;
use crate::parameters::assignment;
use crate::preflight;
use crate::stack::change_set::{self, ChangeSet, Proposal, Template};
use crate::stack::execute::change_set_name;
use crate::stack::protection::{FIRST_DEPLOY, first_deploy};
use crate::stack::{Session, completed};
use build::Build;
use settings::Takeover;

/// The parts of a release.
#[derive(Args, Debug, Clone)]
pub(crate) struct Sources {
    #[command(flatten)]
    build: Build,
    /// Set a template parameter, overriding the stage
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = assignment)]
    overrides: Vec<(String, String)>,
    #[command(flatten)]
    takeover: Takeover,
    /// Upload zips and template to this bucket instead of the one that `infra bootstrap` created
    #[arg(long, value_name = "BUCKET")]
    artifact_bucket: Option<String>,
}

/// A release whose zips and template are in the bucket.
#[derive(Debug, Clone)]
pub(crate) struct Release {
    /// All parameters of the template but the one that depends on the kind of the change set.
    pub(crate) parameters: BTreeMap<String, String>,
    /// Identifies code and settings together.
    pub(crate) id: String,
    /// URL of the template, for CloudFormation.
    pub(crate) template_url: String,
}

/// Checks the parameters, builds and uploads.
///
/// # Errors
/// On the first problem; what is cheap to check comes first.
pub(crate) async fn prepare(session: &Session, caller: &Caller, options: &Sources) -> Result<Release> {
    let stack = completed(session.stack().await?);
    let mut values = settings::values(session, options, stack.as_ref()).await?;
    preflight::check(session, &values, stack.as_ref()).await?;
    let bucket = match &options.artifact_bucket {
        Some(bucket) => bucket.clone(),
        None => bucket::find(&session.aws).await?,
    };
    let architecture = values.get("Architecture").map(String::as_str).unwrap_or_default();
    let package = options.build.package(&session.terminal, architecture).await?;
    for artifact in package.artifacts() {
        let is_new = bucket::upload(&session.aws, &bucket, &caller.account, artifact).await?;
        let result = if is_new { "uploaded" } else { "already there" };
        session.terminal.done("upload", format_args!("{} {result}", artifact.name));
    }
    let template_url = bucket::upload_template(&session.aws, &bucket, &caller.account, template::DEPLOYED).await?;
    fill_in_prefix_list(session, &mut values, "DynamoDbPrefixListId", "dynamodb").await;
    if values.get("ClicksArchive").is_some_and(|value| value == "true") {
        fill_in_prefix_list(session, &mut values, "S3PrefixListId", "s3").await;
    }
    let id = package.release_id(template::DEPLOYED, &values);
    values.extend(release_parameters(bucket, &package, &id));
    Ok(Release { parameters: values, id, template_url })
}

/// Creates the change set that deploys a release, and waits for it. Returns its name as well.
///
/// # Errors
/// If CloudFormation cannot create it.
pub(crate) async fn propose(session: &Session, release: &Release, kind: ChangeSetType) -> Result<(String, ChangeSet)> {
    let name = change_set_name(&release.id);
    let progress = session.terminal.progress("CloudFormation computes the changes");
    let mut parameters = release.parameters.clone();
    parameters.insert(FIRST_DEPLOY.to_owned(), first_deploy(&kind, &parameters).to_owned());
    let proposal = Proposal {
        stack: &session.stage.stack,
        name: &name,
        template: Template::Url(&release.template_url),
        parameters: &parameters,
        kept: &[],
        tags: &session.stage.tags,
        kind,
    };
    let id = change_set::create(&session.aws, &proposal).await?;
    let change_set = change_set::prepared(&session.aws, &session.stage.stack, &id, session.backoff).await?;
    drop(progress);
    Ok((name, change_set))
}

fn release_parameters(bucket: String, package: &Package, id: &str) -> [(String, String); 8] {
    [
        ("ArtifactBucket", bucket),
        ("RedirectorKey", package.redirector.key()),
        ("RedirectorSha256", package.redirector.sha256_base64()),
        ("WriterKey", package.writer.key()),
        ("WriterSha256", package.writer.sha256_base64()),
        ("ClicksKey", package.clicks.key()),
        ("ClicksSha256", package.clicks.sha256_base64()),
        ("ReleaseId", id.to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
}

/// Without a prefix list the functions' egress is port 443 to any address.
async fn fill_in_prefix_list(session: &Session, values: &mut BTreeMap<String, String>, parameter: &str, service: &str) {
    if values.get(parameter).is_none_or(|id| !id.is_empty()) {
        return;
    }
    match prefix_list(&session.aws, service).await {
        Ok(id) => drop(values.insert(parameter.to_owned(), id)),
        Err(error) => session.terminal.note(format_args!(
            "egress stays open to any address on port 443, because the prefix list of {service} is unknown: {error:#}"
        )),
    }
}

/// The addresses of a service in this region, as a prefix list for security groups.
async fn prefix_list(aws: &Aws, service: &str) -> Result<String> {
    let query = format!(
        "Action=DescribePrefixLists&Version=2016-11-15&Filter.1.Name=prefix-list-name&Filter.1.Value.1=com.amazonaws.{}.{service}",
        aws.region
    );
    let answer = aws.signed.query("ec2", &query).await?;
    element(&answer, "prefixListId").map(str::to_owned).context("EC2 lists none")
}
