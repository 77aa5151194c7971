//! Change sets: the only way the tool changes a stack.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use aws_sdk_cloudformation::operation::describe_change_set::DescribeChangeSetOutput;
use aws_sdk_cloudformation::types::{Capability, ChangeSetStatus, ChangeSetType, Parameter, Tag};

use super::Pace;
use super::change::{self, Change};
use crate::aws::{Aws, explain};

/// CloudFormation's limit on a template sent in the call itself, in bytes.
pub(crate) const BODY_LIMIT_BYTES: usize = 51_200;

/// What is asked of `CloudFormation`.
#[derive(Clone, Debug)]
pub(crate) struct Proposal<'a> {
    /// Stack name.
    pub(crate) stack: &'a str,
    /// Unique within the stack.
    pub(crate) name: &'a str,
    /// The template itself.
    pub(crate) template: &'a str,
    /// Every parameter, defaults included.
    pub(crate) parameters: &'a BTreeMap<String, String>,
    /// Tags of the stack.
    pub(crate) tags: &'a BTreeMap<String, String>,
    /// Create or update.
    pub(crate) kind: ChangeSetType,
}

/// A change set that `CloudFormation` has worked out.
#[derive(Clone, Debug)]
pub(crate) struct ChangeSet {
    /// ARN.
    pub(crate) id: String,
    /// ARN of its stack.
    pub(crate) stack_id: String,
    /// The parameters it was made with.
    pub(crate) parameters: BTreeMap<String, String>,
    /// Sorted, the gravest first. Empty = nothing would change.
    pub(crate) changes: Vec<Change>,
}

/// Asks for a change set and returns its ARN.
///
/// # Errors
/// If the template, its parameters or the caller's rights do not do.
pub(crate) async fn create(aws: &Aws, proposal: &Proposal<'_>) -> Result<String> {
    let capabilities = capabilities(aws, proposal.template).await?;
    let parameters = proposal
        .parameters
        .iter()
        .map(|(name, value)| Parameter::builder().parameter_key(name).parameter_value(value).build());
    let tags = proposal.tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build());
    let answer = aws
        .cloudformation
        .create_change_set()
        .stack_name(proposal.stack)
        .change_set_name(proposal.name)
        .client_token(proposal.name)
        .change_set_type(proposal.kind.clone())
        .template_body(proposal.template)
        .set_capabilities(Some(capabilities))
        .set_parameters(Some(parameters.collect()))
        .set_tags(Some(tags.collect()))
        .send()
        .await
        .map_err(explain)
        .context("CloudFormation refuses the change set")?;
    answer.id().map(str::to_owned).context("a change set without an id")
}

/// What the template needs acknowledged, as `CloudFormation` itself says.
async fn capabilities(aws: &Aws, template: &str) -> Result<Vec<Capability>> {
    let summary = aws.cloudformation.get_template_summary().template_body(template).send().await;
    let summary = summary.map_err(explain).context("CloudFormation refuses the template")?;
    Ok(summary.capabilities().to_vec())
}

/// Waits until a change set is worked out and reads all of it.
///
/// # Errors
/// If it failed for any reason but that nothing would change.
pub(crate) async fn prepared(aws: &Aws, stack: &str, change_set: &str, pace: Pace) -> Result<ChangeSet> {
    let mut wait = pace.first;
    loop {
        let page = describe(aws, stack, change_set, None).await?;
        match page.status() {
            Some(ChangeSetStatus::CreateComplete) => {
                return read(aws, stack, change_set, page).await;
            }
            Some(ChangeSetStatus::Failed) => {
                let reason = page.status_reason().unwrap_or("no reason given");
                if is_no_change(reason) {
                    return Ok(ChangeSet {
                        id: id(&page, change_set),
                        stack_id: stack_id(&page),
                        parameters: BTreeMap::new(),
                        changes: Vec::new(),
                    });
                }
                bail!("CloudFormation cannot make the change set: {reason}");
            }
            Some(ChangeSetStatus::CreatePending | ChangeSetStatus::CreateInProgress) => {}
            other => bail!("the change set is {}", other.map_or("gone", |status| status.as_str())),
        }
        tokio::time::sleep(wait).await;
        wait = pace.next(wait);
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

/// The ARN, whatever it was asked for by.
fn id(page: &DescribeChangeSetOutput, asked_for: &str) -> String {
    page.change_set_id().unwrap_or(asked_for).to_owned()
}

fn stack_id(page: &DescribeChangeSetOutput) -> String {
    page.stack_id().or_else(|| page.stack_name()).unwrap_or_default().to_owned()
}

/// Starts the change.
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

/// Removes a change set that will not be executed.
///
/// # Errors
/// If `CloudFormation` refuses.
pub(crate) async fn discard(aws: &Aws, change_set: &ChangeSet) -> Result<()> {
    let request =
        aws.cloudformation.delete_change_set().stack_name(&change_set.stack_id).change_set_name(&change_set.id);
    request.send().await.map_err(explain).context("cannot remove the change set")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_fits_into_the_call() {
        assert!(template::DEPLOYED.len() < BODY_LIMIT_BYTES, "{} bytes", template::DEPLOYED.len());
    }
}
