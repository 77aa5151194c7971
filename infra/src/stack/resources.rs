//! The resources of a stack.

use anyhow::{Context as _, Result};
use aws_sdk_cloudformation::types::{ResourceStatus, StackResourceSummary};

use super::{Session, Stack};
use crate::aws::explain;

/// Pages of a hundred resources; a template has at most five of them.
const PAGE_LIMIT: usize = 20;

/// The physical ids of a stack's resources of one type, but for those that were deleted. They are read from the resources,
/// since a stack that was never completed has no outputs.
///
/// # Errors
/// If CloudFormation does not list them.
pub(crate) async fn ids(session: &Session, stack: &Stack, resource_type: &str) -> Result<Vec<String>> {
    let all = all(session, stack).await?;
    Ok(all.iter().filter(|resource| resource.resource_type() == Some(resource_type)).filter_map(id).collect())
}

/// The physical id of the resource with this name in the template; `None` if there is none, or it was deleted.
///
/// # Errors
/// If CloudFormation does not list the resources.
pub(crate) async fn named(session: &Session, stack: &Stack, logical_id: &str) -> Result<Option<String>> {
    let all = all(session, stack).await?;
    Ok(all.iter().find(|resource| resource.logical_resource_id() == Some(logical_id)).and_then(id))
}

fn id(resource: &StackResourceSummary) -> Option<String> {
    resource.physical_resource_id().filter(|id| !id.is_empty()).map(str::to_owned)
}

async fn all(session: &Session, stack: &Stack) -> Result<Vec<StackResourceSummary>> {
    let mut found = Vec::new();
    let mut token = None;
    for _ in 0..PAGE_LIMIT {
        let request = session.aws.cloudformation.list_stack_resources().stack_name(&stack.id).set_next_token(token);
        let page = request.send().await.map_err(explain).context("cannot list the stack's resources")?;
        token = page.next_token().map(str::to_owned);
        found.extend(page.stack_resource_summaries.unwrap_or_default());
        if token.is_none() {
            break;
        }
    }
    found.retain(|resource| resource.resource_status() != Some(&ResourceStatus::DeleteComplete));
    Ok(found)
}
