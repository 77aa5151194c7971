//! `deploy`: builds, uploads, shows the changes, asks, applies them and watches.

use anyhow::{Context as _, Result};
use clap::Args;

use crate::outcome::Exit;
use crate::release;
use crate::stack::change::Kind;
use crate::stack::change_set::{self, ChangeSet};
use crate::stack::execute::{change_set_name, discard_unchanged, execute_and_watch};
use crate::stack::recovery::{Consent, recover};
use crate::stack::{Session, Stack, outputs, review};

/// Options of `infra deploy`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    #[command(flatten)]
    release: release::Sources,
    /// Skip the confirmation, except for replacing or removing stateful resources
    #[arg(long, short)]
    yes: bool,
    /// Also skip the confirmation for replacing or removing stateful resources
    #[arg(long)]
    allow_replacement: bool,
    /// Apply a change set created by `infra plan`, exactly as it was shown
    #[arg(long, value_name = "NAME", conflicts_with_all = ["profile", "binaries", "overrides"])]
    change_set: Option<String>,
    /// If another operation is running on the stack, wait for it to end
    #[arg(long)]
    wait: bool,
    /// If the last update stopped halfway, roll it back first
    #[arg(long)]
    rollback: bool,
    /// If a rollback failed, skip this resource when trying it again
    #[arg(long, value_name = "LOGICAL_ID")]
    skip: Vec<String>,
    /// Start the deployment and exit; follow it with `infra status --watch`
    #[arg(long)]
    no_wait: bool,
}

impl Options {
    fn consent(&self) -> Consent {
        Consent { yes: self.yes, wait: self.wait, rollback: self.rollback, skip: self.skip.clone() }
    }
}

/// Runs `infra deploy`.
///
/// # Errors
/// Exit code 2 if the change was rolled back, 3 if the stack needs a decision.
pub(crate) async fn run(session: &Session, options: &Options) -> Result<Exit> {
    let (name, change_set) = change_set(session, options).await?;
    if change_set.changes.is_empty() {
        return discard_unchanged(session, &change_set).await;
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
        let command = format!("infra status --stage {} --watch", session.stage.name);
        session.terminal.line(format_args!("Started. Follow it with `{command}`."));
        return Ok(Exit::Done);
    }
    execute_and_watch(session, &change_set, &name).await?;
    protect(session).await?;
    let stack = session.existing_stack().await?;
    outputs::print(&session.terminal, &stack);
    mention_keys(session, &stack, &change_set);
    Ok(Exit::Done)
}

/// The change set to apply, the planned one or a new one, and a token for its execution.
async fn change_set(session: &Session, options: &Options) -> Result<(String, ChangeSet)> {
    let caller = session.announce().await?;
    if let Some(name) = &options.change_set {
        let planned = change_set::prepared(&session.aws, &session.stage.stack, name, session.backoff).await?;
        return Ok((change_set_name("planned"), planned));
    }
    let release = release::prepare(session, &caller, &options.release).await?;
    let kind = recover(session, &options.consent()).await?;
    release::propose(session, &release, kind).await
}

/// A new keys table is empty, so nobody can create links.
fn mention_keys(session: &Session, stack: &Stack, change_set: &ChangeSet) {
    let is_new = change_set.changes.iter().any(|change| change.logical_id == "KeysTable" && change.kind == Kind::Add);
    if is_new && stack.outputs.get("WriterAuth").is_some_and(|auth| auth == "API_KEY") {
        session.terminal.note(format_args!(
            "nobody can create links yet: `infra --stage {} keys create --owner NAME` creates a key",
            session.stage.name
        ));
    }
}

/// Turns termination protection on if the stage asks for it. Only `destroy` turns it off.
async fn protect(session: &Session) -> Result<()> {
    if !session.stage.termination_protection {
        return Ok(());
    }
    let stack = session.existing_stack().await?;
    if stack.protected {
        return Ok(());
    }
    stack.set_protection(&session.aws, true).await.context("cannot turn termination protection on")?;
    session.terminal.done("protect", "termination protection is on");
    Ok(())
}
