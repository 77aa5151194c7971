//! Follows a stack until it is stable, through lost connections, and reports its events.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Result, anyhow};
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use console::style;
use serde_json::json;
use tokio::time::Instant;

use super::events::{self, Event};
use super::state::{Situation, situation, succeeded};
use super::{Session, Stack, duration as usually, is_absent};
use crate::aws::explain;
use crate::outcome::{Exit, failure};
use crate::terminal::{Progress, duration, status_style};

/// The status may lag behind the request that changes it, so a stable status without new events counts only after this
/// many polls.
const POLLS_WITHOUT_NEWS: u32 = 5;

/// How an operation ended.
#[derive(Debug, Clone)]
pub(crate) struct Ending {
    /// The stack's last status.
    pub(crate) status: String,
    /// The events in between.
    pub(crate) events: Vec<Event>,
    /// From the first poll to the last.
    pub(crate) elapsed: Duration,
}

impl Ending {
    /// Whether the operation ended as intended.
    pub(crate) fn is_success(&self) -> bool {
        succeeded(&self.status)
    }
}

/// Follows the stack with ARN `stack` until nothing is in progress. `marker` is the newest event from before the
/// operation.
///
/// # Errors
/// If the stack cannot be reached for longer than the session's patience, or the credentials expire.
pub(crate) async fn follow(session: &Session, stack: &str, marker: Option<String>) -> Result<Ending> {
    let mut follower = Follower::new(session, stack, marker);
    let mut wait = session.backoff.first;
    loop {
        match follower.poll().await {
            Ok(Some(status)) => return Ok(follower.end(status)),
            Ok(None) => follower.seen = Instant::now(),
            Err(error) => follower.tolerate(error)?,
        }
        tokio::time::sleep(wait).await;
        wait = session.backoff.next(wait);
    }
}

struct Follower<'a> {
    session: &'a Session,
    stack: &'a str,
    marker: Option<String>,
    events: Vec<Event>,
    /// Resources in progress, with the usual duration and the start.
    running: BTreeMap<String, (Option<&'static str>, Instant)>,
    finished: usize,
    polls_without_news: u32,
    started: Instant,
    seen: Instant,
    is_unreachable: bool,
    progress: Progress,
}

/// Why a poll failed, and whether to poll again.
struct WatchError {
    error: anyhow::Error,
    is_transient: bool,
}

impl<'a> Follower<'a> {
    fn new(session: &'a Session, stack: &'a str, marker: Option<String>) -> Self {
        let now = Instant::now();
        let progress = session.terminal.progress("waiting for CloudFormation");
        Self {
            session,
            stack,
            marker,
            events: Vec::new(),
            running: BTreeMap::new(),
            finished: 0,
            polls_without_news: 0,
            started: now,
            seen: now,
            is_unreachable: false,
            progress,
        }
    }

    /// Polls once: reports new events, and returns the status once the stack is stable.
    async fn poll(&mut self) -> Result<Option<String>, WatchError> {
        // The status first: then every event that led to it is among those read afterwards.
        let status = self.status().await?;
        let news = events::since(&self.session.aws, self.stack, self.marker.as_deref()).await.map_err(watch_error)?;
        for event in news {
            self.report(&event);
            self.marker = Some(event.id.clone());
            self.events.push(event);
        }
        self.progress.message(self.summary());
        self.is_unreachable = false;
        if self.events.is_empty() {
            self.polls_without_news += 1;
        }
        let is_reliable = !self.events.is_empty() || self.polls_without_news >= POLLS_WITHOUT_NEWS;
        let is_stable = !matches!(situation(Some(&status)), Situation::Busy | Situation::Shell);
        Ok((is_stable && is_reliable).then_some(status))
    }

    async fn status(&self) -> Result<String, WatchError> {
        let request = self.session.aws.cloudformation.describe_stacks().stack_name(self.stack);
        match request.send().await {
            Ok(answer) => Ok(answer.stacks().first().map(|stack| Stack::from(stack).status).unwrap_or_default()),
            Err(error) if is_absent(&error) => Ok("DELETE_COMPLETE".to_owned()),
            Err(error) => Err(watch_error(error)),
        }
    }

    fn report(&mut self, event: &Event) {
        self.session.terminal.event(
            "resource",
            json!({"time": event.time, "logical_id": event.logical_id, "type": event.resource_type, "status": event.status, "reason": event.reason}),
        );
        if event.status.ends_with("_IN_PROGRESS") {
            let begun = (usual(event), Instant::now());
            if !event.is_stack {
                self.running.entry(event.logical_id.clone()).or_insert(begun);
            }
            if self.session.terminal.is_interactive() || usual(event).is_none() {
                return; // the bottom line shows what is running; a log gets the slow resources only
            }
        } else if self.running.remove(&event.logical_id).is_some() {
            self.finished += 1;
        }
        self.progress.line(event_line(event));
    }

    /// The bottom line: how many are done, which one has been running longest, and how long that usually takes.
    fn summary(&self) -> String {
        let longest = self.running.iter().min_by_key(|(_, (_, begun))| *begun).map(|(name, (usual, begun))| {
            let usual = usual.map(|text| format!(", usually {text}")).unwrap_or_default();
            format!(" · {name} {}{usual}", duration(begun.elapsed()))
        });
        format!(
            "{} done, {} running{} · {} in total",
            self.finished,
            self.running.len(),
            longest.unwrap_or_default(),
            duration(self.started.elapsed()),
        )
    }

    fn tolerate(&mut self, error: WatchError) -> Result<()> {
        let stack = &self.session.stage.stack;
        let advice = format!(
            "CloudFormation continues with {stack}; follow it again with `infra status --watch`, or repeat the command"
        );
        if !error.is_transient {
            return Err(failure(Exit::NeedsDecision, format!("cannot watch the stack: {:#}; {advice}", error.error)));
        }
        if self.seen.elapsed() > self.session.backoff.patience {
            let patience = duration(self.session.backoff.patience);
            return Err(failure(
                Exit::NeedsDecision,
                format!("no response for {patience}: {:#}; {advice}", error.error),
            ));
        }
        if !self.is_unreachable {
            self.is_unreachable = true;
            self.progress.line(format_args!(
                "{} connection lost, still trying: {:#}",
                style("!").yellow(),
                error.error
            ));
        }
        Ok(())
    }

    fn end(self, status: String) -> Ending {
        Ending { status, events: self.events, elapsed: self.started.elapsed() }
    }
}

fn watch_error<E, R>(error: SdkError<E, R>) -> WatchError
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    let is_transient = match &error {
        SdkError::ServiceError(service) => matches!(
            service.err().code(),
            Some(
                "Throttling"
                    | "ThrottlingException"
                    | "RequestLimitExceeded"
                    | "InternalFailure"
                    | "ServiceUnavailable"
            )
        ),
        SdkError::ConstructionFailure(_) => false,
        // No credentials is a failure to construct the request, wrapped as a dispatch failure.
        SdkError::DispatchFailure(dispatch) => dispatch.is_io() || dispatch.is_timeout(),
        _ => true,
    };
    WatchError { error: explain(error), is_transient }
}

fn event_line(event: &Event) -> String {
    let status = status_style(&event.status).apply_to(format!("{:<30}", event.status));
    let reason = match &event.reason {
        Some(reason) if event.status.contains("FAILED") => format!("\n    {reason}"),
        _ => String::new(),
    };
    format!("  {status} {}{reason}", event.logical_id)
}

fn usual(event: &Event) -> Option<&'static str> {
    usually::of_resource(&event.resource_type, event.status.starts_with("DELETE"))
}

/// What went wrong, the first cause first.
pub(crate) fn explanation(ending: &Ending) -> anyhow::Error {
    let failed = events::failures(&ending.events);
    let Some((first, rest)) = failed.split_first() else {
        return anyhow!("the stack ended as {}", ending.status);
    };
    let mut text = format!("the stack ended as {}\n  first cause: {first}", ending.status);
    for event in rest.iter().filter(|event| event.is_cause()) {
        text.push_str(&format!("\n  then:        {event}"));
    }
    for advice in failed.iter().filter_map(|event| advice(event)) {
        text.push_str(&format!("\n  {advice}"));
    }
    let followers = rest.iter().filter(|event| !event.is_cause()).count();
    if followers > 0 {
        text.push_str(&format!("\n  {followers} more were cancelled because of it"));
    }
    anyhow!(text)
}

/// What the operator can do about a failure, where the service's reason does not say it.
fn advice(event: &Event) -> Option<&'static str> {
    let reason = event.reason.as_deref().unwrap_or_default().to_lowercase();
    match event.resource_type.as_str() {
        "AWS::DAX::Cluster" | "AWS::DAX::SubnetGroup" if reason.contains("capacity") || reason.contains("zone") => {
            Some(
                "another zone may have such nodes: name the zones with AvailabilityZones, or choose another DaxNodeType",
            )
        }
        "AWS::DAX::ParameterGroup" if reason.contains("already exist") => Some(
            "an earlier update could not delete this group: `aws dax delete-parameter-group --parameter-group-name NAME`, \
             then deploy again, or choose another DaxRecordTtlSeconds",
        ),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_failures_come_with_advice() {
        for (resource_type, reason, expected) in [
            ("AWS::DAX::Cluster", "InsufficientClusterCapacityFault", Some("AvailabilityZones")),
            ("AWS::DAX::Cluster", "not supported in the Availability Zone us-east-1e", Some("AvailabilityZones")),
            ("AWS::DAX::Cluster", "access denied", None),
            ("AWS::DAX::ParameterGroup", "Parameter group kurz-ttl-60 already exists", Some("delete-parameter-group")),
            ("AWS::IAM::Role", "already exists", None),
        ] {
            let event = Event {
                resource_type: resource_type.to_owned(),
                reason: Some(reason.to_owned()),
                status: "CREATE_FAILED".to_owned(),
                ..Event::default()
            };
            let events = vec![event];
            let ending = Ending { status: "ROLLBACK_COMPLETE".to_owned(), events, elapsed: Duration::ZERO };
            let text = explanation(&ending).to_string();
            match expected {
                Some(advice) => assert!(text.contains(advice), "{text}"),
                None => assert_eq!(text.lines().count(), 2, "{text}"),
            }
        }
    }
}
