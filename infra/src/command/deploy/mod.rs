//! `deploy`: builds, uploads, shows the changes, asks, applies them and watches.

#[cfg(test)]
mod resume;

use anyhow::Result;
use aws_sdk_cloudformation::types::ChangeSetType;
use clap::Args;
use serde_json::json;

use crate::estimate;
use crate::outcome::Exit;
use crate::release::{self, Release};
use crate::stack::change::Kind;
use crate::stack::change_set::{self, ChangeSet};
use crate::stack::execute::{change_set_name, discard_unchanged, execute_and_watch};
use crate::stack::protection::FIRST_DEPLOY;
use crate::stack::recovery::{Consent, recover};
use crate::stack::{Session, Stack, duration, outputs, protection, review};

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
    #[arg(long, value_name = "NAME", conflicts_with_all = ["profile", "binaries", "overrides", "links_table", "keys_table", "slug_secret_arn"])]
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
    let caller = session.announce().await?;
    if let Some(name) = &options.change_set {
        let planned = change_set::prepared(&session.aws, &session.stage.stack, name, session.backoff).await?;
        return apply(session, options, &change_set_name("planned"), &planned).await;
    }
    let release = release::prepare(session, &caller, &options.release).await?;
    roll_out(session, options, &release).await
}

/// Brings a release, whose files are in the bucket, to the stack. Whatever interrupts this, the next time goes on from the
/// state of the stack.
async fn roll_out(session: &Session, options: &Options, release: &Release) -> Result<Exit> {
    let kind = recover(session, &options.consent()).await?;
    if kind == ChangeSetType::Update {
        protection::complete_first_deploy(session).await?;
    }
    let (name, change_set) = release::propose(session, release, kind).await?;
    apply(session, options, &name, &change_set).await
}

/// Shows a change set, asks, executes it and watches. `token` identifies the execution.
async fn apply(session: &Session, options: &Options, token: &str, change_set: &ChangeSet) -> Result<Exit> {
    if change_set.changes.is_empty() {
        let exit = discard_unchanged(session, change_set).await?;
        protection::complete(session).await?;
        return Ok(exit);
    }
    review::show(session, change_set).await?;
    expectations(session, change_set);
    if !review::agreed(session, change_set, options.yes, options.allow_replacement).await? {
        if options.change_set.is_none() {
            change_set::discard(&session.aws, change_set).await?;
        }
        session.terminal.line("Nothing was changed.");
        return Ok(Exit::Done);
    }
    if options.no_wait {
        change_set::execute(&session.aws, change_set, token).await?;
        mention_the_rest(session, change_set);
        return Ok(Exit::Done);
    }
    execute_and_watch(session, change_set, token).await?;
    protection::complete(session).await?;
    let stack = session.existing_stack().await?;
    outputs::print(&session.terminal, &stack);
    mention_keys(session, &stack, change_set);
    Ok(Exit::Done)
}

/// What is left to the operator who does not wait.
fn mention_the_rest(session: &Session, change_set: &ChangeSet) {
    let command = format!("infra status --stage {} --watch", session.stage.name);
    session.terminal.line(format_args!("Started. Follow it with `{command}`."));
    if change_set.parameters.get(FIRST_DEPLOY).is_some_and(|value| value == "true") {
        session.terminal.note("deploy again when it has ended: that protects the new tables against deletion");
    }
}

/// A new keys table is empty, so nobody can create links.
fn mention_keys(session: &Session, stack: &Stack, change_set: &ChangeSet) {
    let is_own = change_set.parameters.get("ExistingKeysTable").is_none_or(String::is_empty);
    let is_new =
        is_own && change_set.changes.iter().any(|change| change.logical_id == "KeysTable" && change.kind == Kind::Add);
    if is_new && stack.outputs.get("WriterAuth").is_some_and(|auth| auth == "API_KEY") {
        session.terminal.note(format_args!(
            "nobody can create links yet: `infra --stage {} keys create --owner NAME` creates a key",
            session.stage.name
        ));
    }
}

/// What the stage will cost, and how long the change usually takes.
fn expectations(session: &Session, change_set: &ChangeSet) {
    let (least, most) = duration::of_changes(&change_set.changes);
    session.terminal.line(format_args!("\n  Usually takes {least} to {most} minutes."));
    let cost = estimate::summary(&change_set.parameters);
    session.terminal.line(format_args!("  {cost}"));
    session.terminal.event("expected", json!({"minutes": [least, most], "cost": cost}));
}
