//! Brings a stack in whatever state it is found to one that takes a change set.

use anyhow::{Context as _, Result};
use aws_sdk_cloudformation::types::ChangeSetType;
use serde_json::json;

use super::state::{Situation, situation};
use super::watch::{self, explanation};
use super::{Session, Stack, events};
use crate::aws::explain;
use crate::outcome::{Exit, failure};

/// Each round does one thing; no stack needs more.
const ROUNDS: usize = 4;

/// What may be done without asking.
#[derive(Clone, Debug, Default)]
pub(crate) struct Consent {
    /// Do what the situation asks for; never covers the loss of data.
    pub(crate) yes: bool,
    /// Wait for somebody else's operation.
    pub(crate) wait: bool,
    /// Roll a half-done update back before the next one.
    pub(crate) rollback: bool,
    /// Resources to leave as they are while a rollback is continued.
    pub(crate) skip: Vec<String>,
}

/// Which kind of change set the stack takes now; deletes, waits and rolls back until it takes one.
///
/// # Errors
/// With exit code 3 if somebody must decide, and with the reason if a recovery fails.
pub(crate) async fn make_ready(session: &Session, consent: &Consent) -> Result<ChangeSetType> {
    for _ in 0..ROUNDS {
        let stack = session.stack().await?;
        let situation = situation(stack.as_ref().map(|stack| stack.status.as_str()));
        let Some(stack) = stack.filter(|_| situation != Situation::Absent) else {
            return Ok(ChangeSetType::Create);
        };
        session.terminal.event("state", json!({"status": stack.status}));
        match situation {
            Situation::Absent => return Ok(ChangeSetType::Create),
            Situation::Usable => return Ok(ChangeSetType::Update),
            Situation::Shell => {
                session
                    .terminal
                    .note(format_args!("{} is an empty shell left by an unused change set: removing it", stack.name));
                delete(session, &stack, &[]).await?;
            }
            Situation::CreateFailed => remove_failed(session, &stack, consent).await?,
            Situation::Busy => wait_for_other(session, &stack, consent).await?,
            Situation::UpdateFailed if consent.rollback => roll_back(session, &stack).await?,
            Situation::UpdateFailed => {
                session.terminal.note(format_args!(
                    "{} stopped half way; going on from there (--rollback goes back first)",
                    stack.name
                ));
                return Ok(ChangeSetType::Update);
            }
            Situation::UpdateRollbackFailed => continue_rollback(session, &stack, consent).await?,
            Situation::DeleteFailed => {
                let message =
                    format!("{} is half deleted: finish it with `infra destroy`, then deploy again", stack.name);
                return Err(failure(Exit::NeedsAHand, message));
            }
        }
    }
    Err(failure(Exit::NeedsAHand, format!("{} does not come to rest", session.stage.stack)))
}

/// Deletes a stack and waits for the end of it.
///
/// # Errors
/// If it is not gone afterwards; names what is left.
pub(crate) async fn delete(session: &Session, stack: &Stack, retain: &[String]) -> Result<()> {
    let marker = events::newest(&session.aws, &stack.id).await?;
    let retain = (!retain.is_empty()).then(|| retain.to_vec());
    let request = session.aws.cloudformation.delete_stack().stack_name(&stack.id).set_retain_resources(retain);
    request.send().await.map_err(explain).with_context(|| format!("cannot delete {}", stack.name))?;
    let ending = watch::follow(session, &stack.id, marker).await?;
    if ending.is_success() {
        return Ok(());
    }
    Err(failure(Exit::NeedsAHand, format!("{:#}", explanation(&ending))))
}

async fn remove_failed(session: &Session, stack: &Stack, consent: &Consent) -> Result<()> {
    session.terminal.note(format_args!(
        "{} was never completed ({}); it must be removed before the next try",
        stack.name, stack.status
    ));
    let past = events::since(&session.aws, &stack.id, None).await.map_err(explain)?;
    if let Some(cause) = events::failures(&past).first() {
        let reason = cause.reason.as_deref().unwrap_or("no reason given");
        session
            .terminal
            .line(format_args!("  why it failed: {} ({}): {reason}", cause.logical_id, cause.resource_type));
    }
    agree(session, consent, "Remove it? A table made by a failed first deploy goes with it, and is empty.").await?;
    delete(session, stack, &[]).await
}

async fn wait_for_other(session: &Session, stack: &Stack, consent: &Consent) -> Result<()> {
    let what = format!("{} is {}: something else is changing it", stack.name, stack.status);
    if !consent.wait && !session.terminal.is_interactive() {
        return Err(failure(Exit::NeedsAHand, format!("{what} (--wait waits for its end)")));
    }
    session.terminal.note(&what);
    if !consent.wait && !session.terminal.confirm("Wait for its end?", "--wait").await? {
        return Err(failure(Exit::NeedsAHand, what));
    }
    let marker = events::newest(&session.aws, &stack.id).await?;
    watch::follow(session, &stack.id, marker).await.map(drop)
}

async fn roll_back(session: &Session, stack: &Stack) -> Result<()> {
    session.terminal.note(format_args!("{} stopped half way; rolling it back first", stack.name));
    let marker = events::newest(&session.aws, &stack.id).await?;
    let request = session.aws.cloudformation.rollback_stack().stack_name(&stack.id);
    request.send().await.map_err(explain).context("cannot roll back")?;
    watch::follow(session, &stack.id, marker).await.map(drop)
}

async fn continue_rollback(session: &Session, stack: &Stack, consent: &Consent) -> Result<()> {
    let past = events::since(&session.aws, &stack.id, None).await.map_err(explain)?;
    session.terminal.note(format_args!("{} could not be rolled back", stack.name));
    for failed in events::failures(&past).iter().rev().take(3) {
        let reason = failed.reason.as_deref().unwrap_or("no reason given");
        session.terminal.line(format_args!("  {} ({}): {reason}", failed.logical_id, failed.resource_type));
    }
    agree(session, consent, "Try the rollback again? (--skip NAME leaves a resource as it is)").await?;
    let marker = events::newest(&session.aws, &stack.id).await?;
    let skip = (!consent.skip.is_empty()).then(|| consent.skip.clone());
    let request =
        session.aws.cloudformation.continue_update_rollback().stack_name(&stack.id).set_resources_to_skip(skip);
    request.send().await.map_err(explain).context("cannot continue the rollback")?;
    let ending = watch::follow(session, &stack.id, marker).await?;
    if situation(Some(&ending.status)) == Situation::Usable {
        return Ok(());
    }
    Err(failure(
        Exit::NeedsAHand,
        format!("{:#}\n  mend the cause, or name resources to leave with --skip", explanation(&ending)),
    ))
}

async fn agree(session: &Session, consent: &Consent, question: &str) -> Result<()> {
    if consent.yes || session.terminal.confirm(question, "--yes").await? {
        return Ok(());
    }
    Err(failure(Exit::NeedsAHand, "left as it is"))
}
