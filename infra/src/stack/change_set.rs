//! Change sets: the only way the tool changes a stack.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use aws_sdk_cloudformation::operation::describe_change_set::DescribeChangeSetOutput;
use aws_sdk_cloudformation::types::{Capability, ChangeSetStatus, ChangeSetType, Parameter, Tag};

use super::Backoff;
use super::change::{self, Change};
use crate::aws::{Aws, explain};

/// CloudFormation's limit on a template in a bucket, in bytes.
pub(crate) const TEMPLATE_LIMIT_BYTES: usize = 1_000_000;

/// How CloudFormation gets a template.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Template<'a> {
    /// The text, sent in the request itself: at most 51,200 bytes.
    Body(&'a str),
    /// URL of an object in S3, which CloudFormation reads with the caller's permissions.
    Url(&'a str),
    /// The template of the stack with this name, as it is deployed.
    Deployed(&'a str),
}

impl Template<'_> {
    fn body(self) -> Option<String> {
        if let Self::Body(text) = self { Some(text.to_owned()) } else { None }
    }

    fn url(self) -> Option<String> {
        if let Self::Url(url) = self { Some(url.to_owned()) } else { None }
    }

    fn stack(self) -> Option<String> {
        if let Self::Deployed(name) = self { Some(name.to_owned()) } else { None }
    }
}

/// A change set to be created.
#[derive(Debug, Clone)]
pub(crate) struct Proposal<'a> {
    /// Stack name.
    pub(crate) stack: &'a str,
    /// Unique within the stack.
    pub(crate) name: &'a str,
    /// The template.
    pub(crate) template: Template<'a>,
    /// Every parameter, defaults included, but for those that are kept.
    pub(crate) parameters: &'a BTreeMap<String, String>,
    /// Parameters whose deployed value is kept, as CloudFormation knows it: it does not tell the value of a secret one.
    pub(crate) kept: &'a [String],
    /// Tags of the stack.
    pub(crate) tags: &'a BTreeMap<String, String>,
    /// Create or update.
    pub(crate) kind: ChangeSetType,
}

/// A change set that CloudFormation has computed.
#[derive(Debug, Clone)]
pub(crate) struct ChangeSet {
    /// ARN.
    pub(crate) id: String,
    /// ARN of its stack.
    pub(crate) stack_id: String,
    /// Its parameters.
    pub(crate) parameters: BTreeMap<String, String>,
    /// Sorted, the most serious first. Empty if nothing would change.
    pub(crate) changes: Vec<Change>,
}

/// Creates a change set and returns its ARN. CloudFormation computes the changes afterwards, see [`prepared`].
///
/// # Errors
/// If CloudFormation refuses the template, its parameters or the caller.
pub(crate) async fn create(aws: &Aws, proposal: &Proposal<'_>) -> Result<String> {
    let capabilities = capabilities(aws, proposal.template).await?;
    let parameters = proposal
        .parameters
        .iter()
        .map(|(name, value)| Parameter::builder().parameter_key(name).parameter_value(value).build());
    let kept =
        proposal.kept.iter().map(|name| Parameter::builder().parameter_key(name).use_previous_value(true).build());
    let tags = proposal.tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build());
    let answer = aws
        .cloudformation
        .create_change_set()
        .stack_name(proposal.stack)
        .change_set_name(proposal.name)
        .client_token(proposal.name)
        .change_set_type(proposal.kind.clone())
        .set_template_body(proposal.template.body())
        .set_template_url(proposal.template.url())
        .set_use_previous_template(proposal.template.stack().map(|_| true))
        .set_capabilities(Some(capabilities))
        .set_parameters(Some(parameters.chain(kept).collect()))
        .set_tags(Some(tags.collect()))
        .send()
        .await
        .map_err(explain)
        .context("CloudFormation rejects the change set")?;
    answer.id().map(str::to_owned).context("CloudFormation returned a change set without an id")
}

/// The capabilities that must be acknowledged for the template, according to CloudFormation.
async fn capabilities(aws: &Aws, template: Template<'_>) -> Result<Vec<Capability>> {
    let request = aws.cloudformation.get_template_summary();
    let request = request.set_template_body(template.body()).set_template_url(template.url());
    let request = request.set_stack_name(template.stack());
    let summary = request.send().await.map_err(explain).context("CloudFormation rejects the template")?;
    Ok(summary.capabilities().to_vec())
}

/// Waits until CloudFormation has computed a change set, and reads all of it.
///
/// # Errors
/// If it failed, unless it failed because nothing would change.
pub(crate) async fn prepared(aws: &Aws, stack: &str, change_set: &str, backoff: Backoff) -> Result<ChangeSet> {
    let mut wait = backoff.first;
    loop {
        let page = describe(aws, stack, change_set, None).await?;
        match page.status() {
            Some(ChangeSetStatus::CreateComplete) => return read(aws, stack, change_set, page).await,
            Some(ChangeSetStatus::Failed) => {
                let reason = page.status_reason().unwrap_or("no reason given");
                if is_no_change(reason) {
                    return Ok(empty(&page, change_set));
                }
                bail!("CloudFormation cannot create the change set: {reason}");
            }
            Some(ChangeSetStatus::CreatePending | ChangeSetStatus::CreateInProgress) => {}
            other => bail!("the change set is {}", other.map_or("gone", |status| status.as_str())),
        }
        tokio::time::sleep(wait).await;
        wait = backoff.next(wait);
    }
}

fn is_no_change(reason: &str) -> bool {
    reason.contains("didn't contain changes") || reason.contains("No updates are to be performed")
}

async fn describe(aws: &Aws, stack: &str, change_set: &str, token: Option<String>) -> Result<DescribeChangeSetOutput> {
    aws.cloudformation
        .describe_change_set()
        .stack_name(stack)
        .change_set_name(change_set)
        .include_property_values(true)
        .set_next_token(token)
        .send()
        .await
        .map_err(explain)
        .context("cannot read the change set")
}

fn empty(page: &DescribeChangeSetOutput, asked_for: &str) -> ChangeSet {
    let (id, stack_id) = (id(page, asked_for), stack_id(page));
    ChangeSet { id, stack_id, parameters: BTreeMap::new(), changes: Vec::new() }
}

async fn read(aws: &Aws, stack: &str, change_set: &str, first: DescribeChangeSetOutput) -> Result<ChangeSet> {
    let (id, stack_id) = (id(&first, change_set), stack_id(&first));
    let parameters = super::parameters(first.parameters());
    let mut changes = Vec::new();
    let mut page = first;
    loop {
        changes.extend(page.changes().iter().filter_map(|change| change.resource_change()).map(Change::from));
        let Some(token) = page.next_token().map(str::to_owned) else {
            break;
        };
        page = describe(aws, stack, change_set, Some(token)).await?;
    }
    change::sort(&mut changes);
    Ok(ChangeSet { id, stack_id, parameters, changes })
}

/// The ARN, whether name or ARN was asked for.
fn id(page: &DescribeChangeSetOutput, asked_for: &str) -> String {
    page.change_set_id().unwrap_or(asked_for).to_owned()
}

fn stack_id(page: &DescribeChangeSetOutput) -> String {
    page.stack_id().or_else(|| page.stack_name()).unwrap_or_default().to_owned()
}

/// Starts the execution.
///
/// # Errors
/// If the change set is no longer valid, for instance because the stack has changed since.
pub(crate) async fn execute(aws: &Aws, change_set: &ChangeSet, token: &str) -> Result<()> {
    aws.cloudformation
        .execute_change_set()
        .stack_name(&change_set.stack_id)
        .change_set_name(&change_set.id)
        .client_request_token(token)
        .send()
        .await
        .map_err(explain)
        .context("CloudFormation does not execute the change set")?;
    Ok(())
}

/// Deletes a change set that will not be executed.
///
/// # Errors
/// If CloudFormation refuses.
pub(crate) async fn discard(aws: &Aws, change_set: &ChangeSet) -> Result<()> {
    let request =
        aws.cloudformation.delete_change_set().stack_name(&change_set.stack_id).change_set_name(&change_set.id);
    request.send().await.map_err(explain).context("cannot delete the change set")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_is_one_that_cloudformation_reads_from_a_bucket() {
        let size = template::DEPLOYED.len();
        assert!(size < TEMPLATE_LIMIT_BYTES, "{size} bytes");
    }
}
