//! Stack events: reads new ones, and finds the one that caused a failure.

use std::fmt;

use anyhow::Result;
use aws_sdk_cloudformation::error::SdkError;
use aws_sdk_cloudformation::operation::describe_stack_events::DescribeStackEventsError;
use aws_sdk_cloudformation::types::StackEvent;

use crate::aws::{Aws, explain};

/// No deploy makes more pages of events than this.
const PAGE_LIMIT: usize = 50;

/// A change of one resource's status.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Event {
    /// Unique.
    pub(crate) id: String,
    /// RFC 3339.
    pub(crate) time: String,
    /// Name in the template; the stack's own name for the stack itself.
    pub(crate) logical_id: String,
    /// For example `AWS::IAM::Role`.
    pub(crate) resource_type: String,
    /// For example `CREATE_FAILED`.
    pub(crate) status: String,
    /// The reason, if CloudFormation gives one.
    pub(crate) reason: Option<String>,
    /// Whether the event is about the stack itself.
    pub(crate) is_stack: bool,
}

impl Event {
    /// Whether the resource failed by itself, and not because another one had failed.
    pub(crate) fn is_cause(&self) -> bool {
        let follows = |reason: &str| reason.contains("creation cancelled") || reason.contains("update cancelled");
        self.status.ends_with("_FAILED") && !self.is_stack && !self.reason.as_deref().is_some_and(follows)
    }
}

impl fmt::Display for Event {
    /// Name, type and reason.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = self.reason.as_deref().unwrap_or("no reason given");
        write!(f, "{} ({}): {reason}", self.logical_id, self.resource_type)
    }
}

impl From<&StackEvent> for Event {
    fn from(event: &StackEvent) -> Self {
        let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
        Self {
            id: text(event.event_id()),
            time: event.timestamp().map(ToString::to_string).unwrap_or_default(),
            logical_id: text(event.logical_resource_id()),
            resource_type: text(event.resource_type()),
            status: event.resource_status().map(|status| status.as_str().to_owned()).unwrap_or_default(),
            reason: event.resource_status_reason().map(str::to_owned).filter(|reason| !reason.is_empty()),
            is_stack: event.physical_resource_id() == event.stack_id(),
        }
    }
}

/// The id of the newest event, after which [`since`] reads; `None` for a stack without events.
///
/// # Errors
/// If the events cannot be read.
pub(crate) async fn newest(aws: &Aws, stack: &str) -> Result<Option<String>> {
    let answer = aws.cloudformation.describe_stack_events().stack_name(stack).send().await.map_err(explain)?;
    Ok(answer.stack_events().first().and_then(|event| event.event_id()).map(str::to_owned))
}

/// Events after the one with the id `marker`, oldest first. The API returns the newest first, in pages.
///
/// # Errors
/// The SDK's error, so that the caller can distinguish a lost connection from a refusal.
pub(crate) async fn since(
    aws: &Aws,
    stack: &str,
    marker: Option<&str>,
) -> Result<Vec<Event>, SdkError<DescribeStackEventsError>> {
    let mut news = Vec::new();
    let mut token = None;
    for _ in 0..PAGE_LIMIT {
        let request = aws.cloudformation.describe_stack_events().stack_name(stack).set_next_token(token);
        let answer = request.send().await?;
        for event in answer.stack_events() {
            if marker.is_some() && event.event_id() == marker {
                news.reverse();
                return Ok(news);
            }
            news.push(Event::from(event));
        }
        token = answer.next_token().map(str::to_owned);
        if token.is_none() {
            break;
        }
    }
    news.reverse();
    Ok(news)
}

/// Failed resources: those that failed by themselves first, each group in order of time.
pub(crate) fn failures(events: &[Event]) -> Vec<&Event> {
    let mut failed: Vec<_> =
        events.iter().filter(|event| event.status.ends_with("_FAILED") && !event.is_stack).collect();
    failed.sort_by_key(|event| !event.is_cause()); // a stable sort keeps the order of time
    failed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(logical_id: &str, status: &str, reason: &str) -> Event {
        Event {
            logical_id: logical_id.to_owned(),
            status: status.to_owned(),
            reason: (!reason.is_empty()).then(|| reason.to_owned()),
            ..Event::default()
        }
    }

    #[test]
    fn the_first_real_cause_comes_first() {
        let events = [
            event("Writer", "CREATE_IN_PROGRESS", ""),
            event("Redirector", "CREATE_FAILED", "Resource creation cancelled"),
            event("DaxCluster", "CREATE_FAILED", "Insufficient capacity"),
            event("Writer", "UPDATE_FAILED", "Resource update cancelled"),
            event("Vpc", "DELETE_FAILED", "has dependencies"),
        ];
        let order: Vec<_> = failures(&events).iter().map(|event| event.logical_id.as_str()).collect();
        assert_eq!(order, ["DaxCluster", "Vpc", "Redirector", "Writer"]);
    }
}
