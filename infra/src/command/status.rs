//! `status`: the state of the stack.

use anyhow::Result;
use clap::Args;
use console::style;
use serde_json::json;

use crate::aws::explain;
use crate::outcome::{Exit, failure};
use crate::stack::state::{Situation, situation};
use crate::stack::watch::{self, explanation};
use crate::stack::{Session, Stack, events, protection};
use crate::terminal::status_style;

/// Options of `infra status`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Follow a running operation until it ends
    #[arg(long, short)]
    watch: bool,
}

/// Runs `infra status`.
///
/// # Errors
/// With exit code 2 or 3 if the watched operation fails.
pub(crate) async fn run(session: &Session, options: &Options) -> Result<Exit> {
    let Some(stack) = session.stack().await? else {
        session.terminal.line(format_args!("{} does not exist in {}.", session.stage.stack, session.aws.region));
        session.terminal.event("status", json!({"stack": session.stage.stack, "status": null}));
        return Ok(Exit::Done);
    };
    describe(session, &stack);
    if protection::is_due(&stack) {
        session.terminal.note(format_args!(
            "the tables are not protected against deletion yet: `infra deploy --stage {}` completes the first deploy",
            session.stage.name
        ));
    }
    if !options.watch || situation(Some(&stack.status)) != Situation::Busy {
        recent_failures(session, &stack).await?;
        return Ok(Exit::Done);
    }
    let marker = events::newest(&session.aws, &stack.id).await?;
    let ending = watch::follow(session, &stack.id, marker).await?;
    if ending.is_success() {
        session.terminal.done("status", &ending.status);
        return Ok(Exit::Done);
    }
    Err(failure(Exit::NotAsDesired, format!("{:#}", explanation(&ending))))
}

fn describe(session: &Session, stack: &Stack) {
    let status = status_style(&stack.status).apply_to(&stack.status);
    session.terminal.line(format_args!("{}  {status}", style(&stack.name).bold()));
    if let Some(reason) = &stack.reason {
        session.terminal.line(format_args!("  {reason}"));
    }
    let protection = if stack.protected { "on" } else { "off" };
    let rows = [
        ("region", session.aws.region.as_str()),
        ("changed", stack.changed.as_deref().unwrap_or("-")),
        ("termination protection", protection),
        ("release", stack.outputs.get("ReleaseId").map_or("-", String::as_str)),
        ("url", stack.outputs.get("Url").map_or("-", String::as_str)),
    ];
    for (name, value) in rows {
        session.terminal.line(format_args!("  {name:<23} {value}"));
    }
    session.terminal.event(
        "status",
        json!({"stack": stack.name, "status": stack.status, "reason": stack.reason, "protected": stack.protected, "changed": stack.changed, "outputs": stack.outputs}),
    );
}

/// If the last operation failed, why.
async fn recent_failures(session: &Session, stack: &Stack) -> Result<()> {
    if !(stack.status.contains("FAILED") || stack.status.contains("ROLLBACK")) {
        return Ok(());
    }
    let past = events::since(&session.aws, &stack.id, None).await.map_err(explain)?;
    for event in events::failures(&past).iter().rev().take(5) {
        session.terminal.line(format_args!("  {} {event}", style("✗").red()));
    }
    Ok(())
}
