//! `plan` and `deploy`: the same way, with and without the last step.

use anyhow::{Context as _, Result};
use aws_sdk_cloudformation::types::ChangeSetType;
use clap::Args;
use serde_json::json;

use super::release::{self, Release};
use super::review;
use super::status::print_outputs;
use crate::aws::signed::now;
use crate::aws::{Caller, explain};
use crate::outcome::{Exit, failure};
use crate::stack::change::Kind;
use crate::stack::change_set::{self, ChangeSet, Proposal};
use crate::stack::recovery::{Consent, make_ready};
use crate::stack::state::{Situation, situation};
use crate::stack::watch::{self, explanation};
use crate::stack::{Session, Stack, events};
use crate::terminal::duration;

/// Options of `infra plan`.
#[derive(Args, Debug)]
pub(crate) struct PlanOptions {
    #[command(flatten)]
    release: release::Sources,
}

/// Options of `infra deploy`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    #[command(flatten)]
    release: release::Sources,
    /// Do not ask; still asks before anything stateful is replaced or removed
    #[arg(long, short)]
    yes: bool,
    /// Nor before that
    #[arg(long)]
    allow_replacement: bool,
    /// Carry out a change set that `infra plan` left, exactly as shown there
    #[arg(long, value_name = "NAME", conflicts_with_all = ["profile", "binaries", "overrides"])]
    change_set: Option<String>,
    /// If something else is changing the stack, wait for its end
    #[arg(long)]
    wait: bool,
    /// If the last update stopped half way, roll it back first
    #[arg(long)]
    rollback: bool,
    /// If a rollback failed: resources to leave as they are while it is tried again
    #[arg(long, value_name = "LOGICAL_ID")]
    skip: Vec<String>,
    /// Start the change and leave; `infra status --watch` follows it
    #[arg(long)]
    no_wait: bool,
}

/// Runs `infra plan`.
///
/// # Errors
/// If the stack takes no change set now, or something is not in order.
pub(crate) async fn plan(session: &Session, options: &PlanOptions) -> Result<Exit> {
    let caller = greet(session).await?;
    let stack = session.stack().await?;
    let kind = match situation(stack.as_ref().map(|stack| stack.status.as_str())) {
        Situation::Absent | Situation::Shell => ChangeSetType::Create,
        Situation::Usable | Situation::UpdateFailed => ChangeSetType::Update,
        _ => {
            let status = stack.map(|stack| stack.status).unwrap_or_default();
            let message = format!("{} is {status}; `infra deploy` leads out of it", session.stage.stack);
            return Err(failure(Exit::NeedsAHand, message));
        }
    };
    let release = release::prepare(session, &caller, &options.release).await?;
    let (name, change_set) = propose(session, &release, kind).await?;
    if change_set.changes.is_empty() {
        return unchanged(session, &change_set).await;
    }
    review::show(session, &change_set).await?;
    session
        .terminal
        .line(format_args!("\nCarry it out with `infra deploy --stage {} --change-set {name}`.", session.stage.name));
    session.terminal.event("planned", json!({"change_set": name, "release": release.id}));
    Ok(Exit::Done)
}

/// Runs `infra deploy`.
///
/// # Errors
/// Exit code 2 if the change was rolled back, 3 if the stack needs a decision.
pub(crate) async fn run(session: &Session, options: &Options) -> Result<Exit> {
    let caller = greet(session).await?;
    let (name, change_set) = match &options.change_set {
        Some(name) => {
            let change_set = change_set::prepared(&session.aws, &session.stage.stack, name, session.pace).await?;
            (change_set_name("planned"), change_set)
        }
        None => {
            let release = release::prepare(session, &caller, &options.release).await?;
            let consent = Consent {
                yes: options.yes,
                wait: options.wait,
                rollback: options.rollback,
                skip: options.skip.clone(),
            };
            let kind = make_ready(session, &consent).await?;
            propose(session, &release, kind).await?
        }
    };
    if change_set.changes.is_empty() {
        return unchanged(session, &change_set).await;
    }
    review::show(session, &change_set).await?;
    if !review::agreed(session, &change_set, options.yes, options.allow_replacement).await? {
        if options.change_set.is_none() {
            change_set::discard(&session.aws, &change_set).await?;
        }
        session.terminal.line("Nothing was changed.");
        return Ok(Exit::Done);
    }
    if options.no_wait {
        change_set::execute(&session.aws, &change_set, &name).await?;
        session
            .terminal
            .line(format_args!("Started. Follow it with `infra status --stage {} --watch`.", session.stage.name));
        return Ok(Exit::Done);
    }
    execute_and_watch(session, &change_set, &name).await?;
    protect(session).await?;
    let stack = session.existing_stack().await?;
    print_outputs(session, &stack);
    tell_of_keys(session, &stack, &change_set);
    Ok(Exit::Done)
}

/// A table of keys that has just been made is empty, so nobody can make links.
fn tell_of_keys(session: &Session, stack: &Stack, change_set: &ChangeSet) {
    let is_new = change_set.changes.iter().any(|change| change.logical_id == "KeysTable" && change.kind == Kind::Add);
    if is_new && stack.outputs.get("WriterAuth").is_some_and(|auth| auth == "API_KEY") {
        session.terminal.note(format_args!(
            "nobody can make links yet: `infra --stage {} keys create --owner NAME` makes a key",
            session.stage.name
        ));
    }
}

async fn greet(session: &Session) -> Result<Caller> {
    let caller = session.aws.caller().await?;
    session.terminal.done("account", format_args!("{} as {}", caller.account, caller.arn));
    session.terminal.done("stack", format_args!("{} in {}", session.stage.stack, session.aws.region));
    Ok(caller)
}

async fn propose(session: &Session, release: &Release, kind: ChangeSetType) -> Result<(String, ChangeSet)> {
    let name = change_set_name(&release.id);
    let progress = session.terminal.progress("CloudFormation works out the changes");
    let proposal = Proposal {
        stack: &session.stage.stack,
        name: &name,
        template: template::DEPLOYED,
        parameters: &release.parameters,
        tags: &session.stage.tags,
        kind,
    };
    let id = change_set::create(&session.aws, &proposal).await?;
    let change_set = change_set::prepared(&session.aws, &session.stage.stack, &id, session.pace).await?;
    drop(progress);
    Ok((name, change_set))
}

/// Unique in time, readable in the console.
pub(super) fn change_set_name(release: &str) -> String {
    format!("kurz-{}-{release}", now().as_millisecond())
}

async fn unchanged(session: &Session, change_set: &ChangeSet) -> Result<Exit> {
    change_set::discard(&session.aws, change_set).await?;
    session.terminal.done("deploy", "nothing to change");
    session.terminal.event("unchanged", json!({}));
    Ok(Exit::Done)
}

/// Executes a change set and waits for its end.
///
/// # Errors
/// Exit code 2 if the stack rolled back, 3 if it is stuck; with the first cause.
pub(super) async fn execute_and_watch(session: &Session, change_set: &ChangeSet, token: &str) -> Result<()> {
    let marker = events::newest(&session.aws, &change_set.stack_id).await?;
    change_set::execute(&session.aws, change_set, token).await?;
    session.on_interrupt(Some(format!(
        "interrupted; the stack goes on by itself. Follow it: infra status --stage {} --watch",
        session.stage.name
    )));
    let ending = watch::follow(session, &change_set.stack_id, marker).await?;
    session.on_interrupt(None);
    if ending.is_success() {
        session.terminal.done("deploy", format_args!("{} in {}", ending.status, duration(ending.elapsed)));
        session.terminal.event("ended", json!({"status": ending.status, "seconds": ending.elapsed.as_secs()}));
        return Ok(());
    }
    let exit = match situation(Some(&ending.status)) {
        Situation::Usable | Situation::CreateFailed => Exit::NotAsWanted,
        _ => Exit::NeedsAHand,
    };
    let advice = match situation(Some(&ending.status)) {
        Situation::CreateFailed => "\n  mend it and deploy again: the remains are removed first",
        Situation::Usable => "\n  everything is as it was before; mend it and deploy again",
        _ => "\n  `infra deploy` leads out of it",
    };
    Err(failure(exit, format!("{:#}{advice}", explanation(&ending))))
}

/// Turns termination protection on where the stage wants it. Turning it off is `destroy`'s.
async fn protect(session: &Session) -> Result<()> {
    if !session.stage.termination_protection {
        return Ok(());
    }
    let stack: Stack = session.existing_stack().await?;
    if stack.protected {
        return Ok(());
    }
    let request = session
        .aws
        .cloudformation
        .update_termination_protection()
        .stack_name(&stack.name)
        .enable_termination_protection(true);
    request.send().await.map_err(explain).context("cannot protect the stack from deletion")?;
    session.terminal.done("protect", "the stack refuses deletion");
    Ok(())
}
