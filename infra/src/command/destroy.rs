//! `destroy`: deletes the stack. The tables stay unless `--delete-data` is given.

use anyhow::{Context as _, Result};
use clap::Args;

use crate::outcome::{Exit, failure};
use crate::stack::recovery::delete;
use crate::stack::{Session, Stack, archive, secrets, tables};

/// Options of `infra destroy`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Also delete the tables, with all links, keys and counts of clicks, and the slug secret
    #[arg(long)]
    delete_data: bool,
    /// Skip the confirmation
    #[arg(long, short)]
    yes: bool,
    /// Turn termination protection off first
    #[arg(long)]
    unprotect: bool,
    /// After a failed deletion, leave this resource behind
    #[arg(long, value_name = "LOGICAL_ID")]
    retain: Vec<String>,
}

/// Runs `infra destroy`.
///
/// # Errors
/// With exit code 3 if something could not be deleted; the error names it.
pub(crate) async fn run(session: &Session, options: &Options) -> Result<Exit> {
    let Some(stack) = session.stack().await? else {
        session.terminal.done("destroy", format_args!("{} does not exist", session.stage.stack));
        return Ok(Exit::Done);
    };
    let tables = tables::names(session, &stack).await?;
    let secret = secrets::slug_secret(session, &stack).await?;
    let archive = archive::bucket(session, &stack).await?;
    if !agreed(session, &stack, &tables, options).await? {
        session.terminal.line("Nothing was deleted.");
        return Ok(Exit::Done);
    }
    if stack.protected {
        unprotect(session, &stack, options).await?;
    }
    session.terminal.line("  This can take 20 to 40 minutes: Lambda releases its network interfaces late.");
    session.on_interrupt(Some(format!(
        "interrupted; CloudFormation continues to delete {}. Its tables stay, unless you run the same command again before it \
         is gone: {}",
        stack.name,
        tables.join(", ")
    )));
    delete(session, &stack, &options.retain)
        .await
        .context("not everything could be deleted; try again later, or leave resources behind with --retain NAME")?;
    session.on_interrupt(None);
    session.terminal.done("destroy", format_args!("{} is deleted", stack.name));
    for table in &tables {
        settle_table(session, table, options.delete_data).await?;
    }
    if let Some(secret) = &secret {
        if options.delete_data {
            secrets::delete(session, secret).await?;
            session.terminal.done("destroy", "the slug secret is deleted; it can be restored for 30 days");
        } else {
            secrets::mention(session, secret);
        }
    }
    if let Some(bucket) = &archive {
        archive::mention(session, bucket);
    }
    Ok(Exit::Done)
}

/// Deletes a table that outlived the stack, or mentions it.
async fn settle_table(session: &Session, table: &str, delete: bool) -> Result<()> {
    if tables::describe(session, table).await?.is_none() {
        return Ok(());
    }
    if delete {
        tables::delete(session, table).await?;
        session
            .terminal
            .done("destroy", format_args!("the table {table} is deleted; its last backup is kept for 35 days"));
    } else {
        tables::mention(session, table);
    }
    Ok(())
}

async fn agreed(session: &Session, stack: &Stack, tables: &[String], options: &Options) -> Result<bool> {
    if options.yes {
        return Ok(true);
    }
    let names = tables.join(", ");
    let data = match tables {
        [] => String::new(),
        _ if options.delete_data => {
            format!("ALL LINKS, keys and counts of clicks are deleted as well, with the tables {names}.")
        }
        _ => format!("The tables stay: {names}."),
    };
    let (name, region) = (&stack.name, &session.aws.region);
    let question = format!("This deletes {name} in {region}: every short link stops working. {data}");
    session.terminal.confirm_typed(&question, &session.stage.name, "--yes").await
}

async fn unprotect(session: &Session, stack: &Stack, options: &Options) -> Result<()> {
    if !options.unprotect {
        let message = format!("termination protection is on for {}; --unprotect turns it off first", stack.name);
        return Err(failure(Exit::NeedsDecision, message));
    }
    stack.set_protection(&session.aws, false).await.context("cannot turn termination protection off")
}
