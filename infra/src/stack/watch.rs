//! Follows a stack until it rests, through lost connections, and reports what happened on the way.

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
use super::{Session, Stack};
use crate::aws::explain;
use crate::outcome::{Exit, failure};
use crate::terminal::{Progress, duration, status_style};

/// The status may lag behind the order to change it. A stack at rest without any news is believed after so many looks.
const LOOKS_WITHOUT_NEWS: u32 = 5;

/// How an operation ended.
#[derive(Clone, Debug)]
pub(crate) struct Ending {
    /// The stack's last status.
    pub(crate) status: String,
    /// All events on the way.
    pub(crate) events: Vec<Event>,
    /// From the first look to the last.
    pub(crate) elapsed: Duration,
}

impl Ending {
    /// Whether the operation did what it was meant to.
    pub(crate) fn is_success(&self) -> bool {
        succeeded(&self.status)
    }
}

/// Follows the stack with ARN `stack` until nothing is in progress. `marker` is the newest event from before.
///
/// # Errors
/// If the stack is out of sight longer than the session's patience, or the credentials expire.
pub(crate) async fn follow(session: &Session, stack: &str, marker: Option<String>) -> Result<Ending> {
    let mut follower = Follower::new(session, stack, marker);
    let mut wait = session.pace.first;
    loop {
        match follower.look().await {
            Ok(Some(status)) => return Ok(follower.end(status)),
            Ok(None) => follower.seen = Instant::now(),
            Err(error) => follower.tolerate(error)?,
        }
        tokio::time::sleep(wait).await;
        wait = session.pace.next(wait);
    }
}

struct Follower<'a> {
    session: &'a Session,
    stack: &'a str,
    marker: Option<String>,
    events: Vec<Event>,
    /// Resources in progress, with what is usual and when they began.
    running: BTreeMap<String, (Option<&'static str>, Instant)>,
    finished: usize,
    looks_without_news: u32,
    started: Instant,
    seen: Instant,
    out_of_sight: bool,
    progress: Progress,
}

/// Why a look failed: whether looking again can help.
struct Blind {
    error: anyhow::Error,
    may_pass: bool,
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
            looks_without_news: 0,
            started: now,
            seen: now,
            out_of_sight: false,
            progress,
        }
    }

    /// One look: reports the news, and the status if the stack rests.
    async fn look(&mut self) -> Result<Option<String>, Blind> {
        // The status first: events that follow it are then surely read.
        let status = self.status().await?;
        let news = events::since(&self.session.aws, self.stack, self.marker.as_deref()).await.map_err(blind)?;
        for event in news {
            self.report(&event);
            self.marker = Some(event.id.clone());
            self.events.push(event);
        }
        self.progress.message(self.summary());
        self.out_of_sight = false;
        if self.events.is_empty() {
            self.looks_without_news += 1;
        }
        let believed = !self.events.is_empty() || self.looks_without_news >= LOOKS_WITHOUT_NEWS;
        let rests = !matches!(situation(Some(&status)), Situation::Busy | Situation::Shell);
        Ok((rests && believed).then_some(status))
    }

    async fn status(&self) -> Result<String, Blind> {
        let request = self.session.aws.cloudformation.describe_stacks().stack_name(self.stack);
        match request.send().await {
            Ok(answer) => Ok(answer.stacks().first().map(|stack| Stack::from(stack).status).unwrap_or_default()),
            Err(error) => {
                let message = error.as_service_error().and_then(|service| service.meta().message()).unwrap_or_default();
                if message.contains("does not exist") {
                    return Ok("DELETE_COMPLETE".to_owned());
                }
                Err(blind(error))
            }
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
                return; // the bottom line shows what runs; a log is told of the slow ones only
            }
        } else if self.running.remove(&event.logical_id).is_some() {
            self.finished += 1;
        }
        self.progress.line(event_line(event));
    }

    /// The bottom line: how far, what takes longest and how long that usually takes.
    fn summary(&self) -> String {
        let longest = self.running.iter().min_by_key(|(_, (_, begun))| *begun).map(|(name, (usual, begun))| {
            let usual = usual.map(|text| format!(", usually {text}")).unwrap_or_default();
            format!(" · {name} {}{usual}", duration(begun.elapsed()))
        });
        format!(
            "{} done, {} running{} · {} in all",
            self.finished,
            self.running.len(),
            longest.unwrap_or_default(),
            duration(self.started.elapsed()),
        )
    }

    fn tolerate(&mut self, blind: Blind) -> Result<()> {
        let goes_on = format!(
            "the stack goes on without us; `infra status --watch` follows it again ({})",
            self.session.stage.stack
        );
        if !blind.may_pass {
            return Err(failure(Exit::NeedsAHand, format!("cannot watch the stack: {:#}; {goes_on}", blind.error)));
        }
        if self.seen.elapsed() > self.session.pace.patience {
            let patience = duration(self.session.pace.patience);
            return Err(failure(
                Exit::NeedsAHand,
                format!("nothing heard for {patience}: {:#}; {goes_on}", blind.error),
            ));
        }
        if !self.out_of_sight {
            self.out_of_sight = true;
            self.progress.line(format_args!("{} out of sight, still trying: {:#}", style("!").yellow(), blind.error));
        }
        Ok(())
    }

    fn end(self, status: String) -> Ending {
        Ending { status, events: self.events, elapsed: self.started.elapsed() }
    }
}

fn blind<E, R>(error: SdkError<E, R>) -> Blind
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    let may_pass = match &error {
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
    Blind { error: explain(error), may_pass }
}

fn event_line(event: &Event) -> String {
    let status = status_style(&event.status).apply_to(format!("{:<30}", event.status));
    let reason = match &event.reason {
        Some(reason) if event.status.contains("FAILED") => format!("\n    {reason}"),
        _ => String::new(),
    };
    format!("  {status} {}{reason}", event.logical_id)
}

/// What is slow, and how slow.
///
/// Source: CloudFormation times collected by the authors of rain and alchemy; Lambda guide on VPC network interfaces.
fn usual(event: &Event) -> Option<&'static str> {
    let is_deletion = event.status.starts_with("DELETE");
    match event.resource_type.as_str() {
        "AWS::DAX::Cluster" => Some("8 m or more"),
        "AWS::CloudFront::Distribution" => Some("4 m"),
        "AWS::Lambda::Function" if !is_deletion => Some("1 m"),
        "AWS::Lambda::Function" | "AWS::EC2::SecurityGroup" | "AWS::EC2::Subnet" if is_deletion => {
            Some("20 m, until Lambda gives back its network interfaces")
        }
        _ => None,
    }
}

/// What went wrong, the first cause first, for the end of a run.
pub(crate) fn explanation(ending: &Ending) -> anyhow::Error {
    let failed = events::failures(&ending.events);
    let Some((first, rest)) = failed.split_first() else {
        return anyhow!("the stack ended as {}", ending.status);
    };
    let line = |event: &Event| {
        format!(
            "{} ({}): {}",
            event.logical_id,
            event.resource_type,
            event.reason.as_deref().unwrap_or("no reason given")
        )
    };
    let mut text = format!("the stack ended as {}\n  first cause: {}", ending.status, line(first));
    for event in rest.iter().filter(|event| event.is_cause()) {
        text.push_str(&format!("\n  then:        {}", line(event)));
    }
    let followers = rest.iter().filter(|event| !event.is_cause()).count();
    if followers > 0 {
        text.push_str(&format!("\n  {followers} more were cancelled because of it"));
    }
    anyhow!(text)
}
