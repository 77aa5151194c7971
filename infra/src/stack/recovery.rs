//! Brings a stack, whatever its state, to a state that accepts a change set.

use anyhow::{Context as _, Result};
use aws_sdk_cloudformation::types::ChangeSetType;
use serde_json::json;

use super::state::{Situation, situation};
use super::watch::{self, Ending, explanation};
use super::{Session, Stack, events, interfaces, secrets, tables};
use crate::aws::explain;
use crate::outcome::{Exit, failure};

/// Each round does one thing; no stack needs more.
const ROUNDS: usize = 4;

/// What may be done without asking.
#[derive(Debug, Clone, Default)]
pub(crate) struct Consent {
    /// Recover as the situation requires; never covers the loss of data.
    pub(crate) yes: bool,
    /// Wait for an operation that someone else started.
    pub(crate) wait: bool,
    /// Roll back an update that stopped halfway before starting the next one.
    pub(crate) rollback: bool,
    /// Resources to skip when a rollback is continued.
    pub(crate) skip: Vec<String>,
}

/// Deletes, waits and rolls back until the stack accepts a change set, and returns the kind it accepts.
///
/// # Errors
/// With exit code 3 if someone must decide, and with the reason if a recovery fails.
pub(crate) async fn recover(session: &Session, consent: &Consent) -> Result<ChangeSetType> {
    for _ in 0..ROUNDS {
        let Some(stack) = session.stack().await? else {
            return Ok(ChangeSetType::Create);
        };
        let situation = situation(Some(&stack.status));
        if situation == Situation::Absent {
            return Ok(ChangeSetType::Create);
        }
        session.terminal.event("state", json!({"status": stack.status}));
        if let Some(kind) = step(session, &stack, situation, consent).await? {
            return Ok(kind);
        }
    }
    Err(failure(Exit::NeedsDecision, format!("{} does not settle", session.stage.stack)))
}

/// Does one thing about the situation; returns the kind of change set if there is nothing to do.
async fn step(
    session: &Session,
    stack: &Stack,
    situation: Situation,
    consent: &Consent,
) -> Result<Option<ChangeSetType>> {
    match situation {
        Situation::Absent => return Ok(Some(ChangeSetType::Create)),
        Situation::Usable => return Ok(Some(ChangeSetType::Update)),
        Situation::Shell => remove_shell(session, stack).await?,
        Situation::CreateFailed => remove_failed(session, stack, consent).await?,
        Situation::Busy => wait_for_other(session, stack, consent).await?,
        Situation::UpdateFailed if consent.rollback => roll_back(session, stack).await?,
        Situation::UpdateFailed => {
            let text = "stopped halfway; continuing from there (--rollback rolls back first)";
            session.terminal.note(format_args!("{} {text}", stack.name));
            return Ok(Some(ChangeSetType::Update));
        }
        Situation::UpdateRollbackFailed => continue_rollback(session, stack, consent).await?,
        Situation::DeleteFailed => {
            let text = "is partly deleted: finish with `infra destroy`, then deploy again";
            return Err(failure(Exit::NeedsDecision, format!("{} {text}", stack.name)));
        }
    }
    Ok(None)
}

/// Deletes a stack and waits until it is gone. Network interfaces that stand in the way are deleted, once.
///
/// # Errors
/// If it is not gone afterwards; the error names what is left.
pub(crate) async fn delete(session: &Session, stack: &Stack, retain: &[String]) -> Result<()> {
    let ending = try_to_delete(session, stack, retain).await?;
    if ending.is_success() {
        return Ok(());
    }
    let ending = match interfaces::release(session, stack).await {
        Ok(0) => ending,
        Ok(_) => try_to_delete(session, stack, retain).await?,
        Err(error) => {
            session.terminal.note(format_args!("cannot look for network interfaces that Lambda left: {error:#}"));
            ending
        }
    };
    if ending.is_success() {
        return Ok(());
    }
    Err(failure(Exit::NeedsDecision, format!("{:#}", explanation(&ending))))
}

async fn try_to_delete(session: &Session, stack: &Stack, retain: &[String]) -> Result<Ending> {
    let marker = events::newest(&session.aws, &stack.id).await?;
    let retain = (!retain.is_empty()).then(|| retain.to_vec());
    let request = session.aws.cloudformation.delete_stack().stack_name(&stack.id).set_retain_resources(retain);
    request.send().await.map_err(explain).with_context(|| format!("cannot delete {}", stack.name))?;
    watch::follow(session, &stack.id, marker).await
}

async fn remove_shell(session: &Session, stack: &Stack) -> Result<()> {
    let text = "is an empty shell left by an unused change set: removing it";
    session.terminal.note(format_args!("{} {text}", stack.name));
    delete(session, stack, &[]).await
}

async fn remove_failed(session: &Session, stack: &Stack, consent: &Consent) -> Result<()> {
    session.terminal.note(format_args!(
        "{} was never completed ({}); it must be removed before the next attempt",
        stack.name, stack.status
    ));
    let past = events::since(&session.aws, &stack.id, None).await.map_err(explain)?;
    if let Some(cause) = events::failures(&past).first() {
        session.terminal.line(format_args!("  why it failed: {cause}"));
    }
    let left = Leftovers::of(session, stack).await?;
    agree(session, consent, &left.question()).await?;
    // The tables first: once the stack is gone, nothing would say that they were its own.
    for table in &left.empty {
        tables::delete(session, table).await?;
        session.terminal.line(format_args!("  deleted the table {table}, which was empty"));
    }
    for secret in left.secret.iter().filter(|_| left.filled.is_empty()) {
        secrets::delete(session, secret).await?;
    }
    delete(session, stack, &[]).await?;
    for table in &left.filled {
        tables::mention(session, table);
    }
    for secret in left.secret.iter().filter(|_| !left.filled.is_empty()) {
        secrets::mention(session, secret);
    }
    Ok(())
}

/// What outlives a stack, of one that was never completed.
#[derive(Default)]
struct Leftovers {
    empty: Vec<String>,
    /// Tables that somebody has used.
    filled: Vec<String>,
    /// The slug secret.
    secret: Option<String>,
}

impl Leftovers {
    async fn of(session: &Session, stack: &Stack) -> Result<Self> {
        let mut left = Self { secret: secrets::slug_secret(session, stack).await?, ..Self::default() };
        for table in tables::names(session, stack).await? {
            if tables::describe(session, &table).await?.is_none() {
                continue;
            }
            let is_empty = tables::is_empty(session, &table).await?;
            if is_empty { left.empty.push(table) } else { left.filled.push(table) }
        }
        Ok(left)
    }

    fn question(&self) -> String {
        let mut question = "Remove it?".to_owned();
        if !self.empty.is_empty() {
            question.push_str(&format!(" Its empty tables are deleted: {}.", self.empty.join(", ")));
        }
        if !self.filled.is_empty() {
            question.push_str(&format!(" These tables have items and stay: {}.", self.filled.join(", ")));
        }
        question
    }
}

async fn wait_for_other(session: &Session, stack: &Stack, consent: &Consent) -> Result<()> {
    let what = format!("{} is {}: another operation is running", stack.name, stack.status);
    if !consent.wait && !session.terminal.is_interactive() {
        return Err(failure(Exit::NeedsDecision, format!("{what} (--wait waits for its end)")));
    }
    session.terminal.note(&what);
    if !consent.wait && !session.terminal.confirm("Wait for its end?", "--wait").await? {
        return Err(failure(Exit::NeedsDecision, what));
    }
    let marker = events::newest(&session.aws, &stack.id).await?;
    watch::follow(session, &stack.id, marker).await.map(drop)
}

async fn roll_back(session: &Session, stack: &Stack) -> Result<()> {
    session.terminal.note(format_args!("{} stopped halfway; rolling back first", stack.name));
    let marker = events::newest(&session.aws, &stack.id).await?;
    let request = session.aws.cloudformation.rollback_stack().stack_name(&stack.id);
    request.send().await.map_err(explain).context("cannot roll back")?;
    watch::follow(session, &stack.id, marker).await.map(drop)
}

async fn continue_rollback(session: &Session, stack: &Stack, consent: &Consent) -> Result<()> {
    let past = events::since(&session.aws, &stack.id, None).await.map_err(explain)?;
    session.terminal.note(format_args!("{} could not be rolled back", stack.name));
    for failed in events::failures(&past).iter().rev().take(3) {
        session.terminal.line(format_args!("  {failed}"));
    }
    agree(session, consent, "Try the rollback again? (--skip NAME leaves a resource as it is)").await?;
    let marker = events::newest(&session.aws, &stack.id).await?;
    let skip = (!consent.skip.is_empty()).then(|| consent.skip.clone());
    let request = session.aws.cloudformation.continue_update_rollback().stack_name(&stack.id);
    let request = request.set_resources_to_skip(skip);
    request.send().await.map_err(explain).context("cannot continue the rollback")?;
    let ending = watch::follow(session, &stack.id, marker).await?;
    if situation(Some(&ending.status)) == Situation::Usable {
        return Ok(());
    }
    let advice = "fix the cause, or name the resources to leave as they are with --skip";
    Err(failure(Exit::NeedsDecision, format!("{:#}\n  {advice}", explanation(&ending))))
}

async fn agree(session: &Session, consent: &Consent, question: &str) -> Result<()> {
    if consent.yes || session.terminal.confirm(question, "--yes").await? {
        return Ok(());
    }
    Err(failure(Exit::NeedsDecision, "nothing was changed"))
}
