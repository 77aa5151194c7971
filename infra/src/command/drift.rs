//! `drift`: what was changed outside CloudFormation.

use anyhow::{Context as _, Result, bail};
use aws_sdk_cloudformation::types::{StackDriftDetectionStatus, StackResourceDrift, StackResourceDriftStatus};
use console::style;
use serde_json::json;

use crate::aws::explain;
use crate::outcome::Exit;
use crate::stack::Session;

/// Runs `infra drift`: exit code 2 if anything differs.
///
/// # Errors
/// If CloudFormation cannot compare the resources.
pub(crate) async fn run(session: &Session) -> Result<Exit> {
    let stack = session.existing_stack().await?;
    let request = session.aws.cloudformation.detect_stack_drift().stack_name(&stack.name);
    let started = request.send().await.map_err(explain).context("cannot start the drift detection")?;
    let detection =
        started.stack_drift_detection_id().context("CloudFormation started a drift detection without an id")?;
    finished(session, detection).await?;
    let drifted = drifted(session, &stack.name).await?;
    if drifted.is_empty() {
        session.terminal.done("drift", "none: the stack is as deployed");
        session.terminal.event("drift", json!({"resources": []}));
        return Ok(Exit::Done);
    }
    for resource in &drifted {
        report(session, resource);
    }
    session
        .terminal
        .line(format_args!("{} resources differ; `infra deploy` alone does not restore them", drifted.len()));
    Ok(Exit::NotAsDesired)
}

async fn finished(session: &Session, detection: &str) -> Result<()> {
    let progress = session.terminal.progress("CloudFormation compares every resource");
    let mut wait = session.backoff.first;
    loop {
        let request =
            session.aws.cloudformation.describe_stack_drift_detection_status().stack_drift_detection_id(detection);
        let answer = request.send().await.map_err(explain)?;
        match answer.detection_status() {
            Some(StackDriftDetectionStatus::DetectionComplete) => return Ok(()),
            Some(StackDriftDetectionStatus::DetectionFailed) => {
                // Some resource types cannot be compared; the others are still worth showing.
                let reason = answer.detection_status_reason().unwrap_or("no reason given");
                progress.line(format_args!("{} some resources could not be compared: {reason}", style("!").yellow()));
                return Ok(());
            }
            Some(StackDriftDetectionStatus::DetectionInProgress) => {}
            other => bail!("the drift detection is {}", other.map_or("gone", |status| status.as_str())),
        }
        tokio::time::sleep(wait).await;
        wait = session.backoff.next(wait);
    }
}

async fn drifted(session: &Session, stack: &str) -> Result<Vec<StackResourceDrift>> {
    let mut found = Vec::new();
    let mut token = None;
    loop {
        let answer = session
            .aws
            .cloudformation
            .describe_stack_resource_drifts()
            .stack_name(stack)
            .stack_resource_drift_status_filters(StackResourceDriftStatus::Modified)
            .stack_resource_drift_status_filters(StackResourceDriftStatus::Deleted)
            .set_next_token(token)
            .send()
            .await
            .map_err(explain)
            .context("cannot read the drift")?;
        found.extend(answer.stack_resource_drifts().iter().cloned());
        token = answer.next_token().map(str::to_owned);
        if token.is_none() {
            return Ok(found);
        }
    }
}

fn report(session: &Session, resource: &StackResourceDrift) {
    let status = resource.stack_resource_drift_status().map(|status| status.as_str()).unwrap_or_default();
    let (name, kind) =
        (resource.logical_resource_id().unwrap_or_default(), resource.resource_type().unwrap_or_default());
    session.terminal.line(format_args!("  {:<9} {name} ({kind})", style(status.to_lowercase()).red()));
    for difference in resource.property_differences() {
        session.terminal.line(format_args!(
            "            {}: {} -> {}",
            difference.property_path().unwrap_or_default(),
            difference.expected_value().unwrap_or_default(),
            difference.actual_value().unwrap_or_default(),
        ));
    }
    let differences = resource.property_differences().iter().map(|difference| {
        json!({"path": difference.property_path(), "expected": difference.expected_value(), "actual": difference.actual_value()})
    });
    session.terminal.event(
        "drifted",
        json!({"logical_id": name, "type": kind, "status": status, "differences": differences.collect::<Vec<_>>()}),
    );
}
