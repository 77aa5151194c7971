//! `destroy`: deletes the stack. The tables stay unless `--delete-data` is given.

use anyhow::{Context as _, Result, bail};
use clap::Args;
use serde_json::json;

use crate::aws::explain;
use crate::outcome::{Exit, failure};
use crate::stack::recovery::delete;
use crate::stack::{Session, Stack};

/// Attempts at deleting a table that is still being updated.
const DELETE_ATTEMPTS: usize = 20;

/// Options of `infra destroy`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Also delete the tables, with all links and keys
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
    let tables = tables(session, &stack).await?;
    if !agreed(session, &stack, &tables, options).await? {
        session.terminal.line("Nothing was deleted.");
        return Ok(Exit::Done);
    }
    if stack.protected {
        unprotect(session, &stack, options).await?;
    }
    session.terminal.line("  This can take 20 to 40 minutes: Lambda releases its network interfaces late.");
    session.on_interrupt(Some(format!("interrupted; CloudFormation continues to delete {}", stack.name)));
    delete(session, &stack, &options.retain)
        .await
        .context("not everything could be deleted; try again later, or leave resources behind with --retain NAME")?;
    session.on_interrupt(None);
    session.terminal.done("destroy", format_args!("{} is deleted", stack.name));
    for table in &tables {
        settle_table(session, table, options.delete_data).await?;
    }
    Ok(Exit::Done)
}

/// Deletes a table that outlived the stack, or mentions it.
async fn settle_table(session: &Session, table: &str, delete: bool) -> Result<()> {
    if !table_exists(session, table).await? {
        return Ok(());
    }
    if delete {
        return delete_table(session, table).await;
    }
    mention_table(session, table);
    Ok(())
}

/// The names of the tables. They are read from the resources, since a stack that was never completed has no outputs.
async fn tables(session: &Session, stack: &Stack) -> Result<Vec<String>> {
    let request = session.aws.cloudformation.describe_stack_resources().stack_name(&stack.id);
    let answer = request.send().await.map_err(explain).context("cannot list the stack's resources")?;
    let tables = answer
        .stack_resources()
        .iter()
        .filter(|resource| resource.resource_type() == Some("AWS::DynamoDB::Table"))
        .filter_map(|table| table.physical_resource_id())
        .filter(|name| !name.is_empty());
    Ok(tables.map(str::to_owned).collect())
}

async fn agreed(session: &Session, stack: &Stack, tables: &[String], options: &Options) -> Result<bool> {
    if options.yes {
        return Ok(true);
    }
    let names = tables.join(", ");
    let data = match tables {
        [] => String::new(),
        _ if options.delete_data => format!("ALL LINKS and keys are deleted as well, with the tables {names}."),
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

fn mention_table(session: &Session, table: &str) {
    session.terminal.note(format_args!(
        "the table {table} stays, with everything in it, and its storage is billed. To delete it:\n    \
         aws dynamodb update-table --table-name {table} --no-deletion-protection-enabled\n    \
         aws dynamodb delete-table --table-name {table}"
    ));
    session.terminal.event("retained", json!({"table": table}));
}

async fn table_exists(session: &Session, table: &str) -> Result<bool> {
    match session.aws.dynamodb.describe_table().table_name(table).send().await {
        Ok(_) => Ok(true),
        Err(error) if error.as_service_error().is_some_and(|error| error.is_resource_not_found_exception()) => {
            Ok(false)
        }
        Err(error) => Err(explain(error).context(format!("cannot describe table {table}"))),
    }
}

async fn delete_table(session: &Session, table: &str) -> Result<()> {
    let dynamodb = &session.aws.dynamodb;
    let unprotect = dynamodb.update_table().table_name(table).deletion_protection_enabled(false);
    unprotect.send().await.map_err(explain).with_context(|| format!("cannot unprotect table {table}"))?;
    // Changing the protection takes a moment, in which the table is UPDATING and cannot be deleted.
    let mut wait = session.backoff.first;
    for _ in 0..DELETE_ATTEMPTS {
        match dynamodb.delete_table().table_name(table).send().await {
            Ok(_) => {
                let what = format!("the table {table} is deleted; its last backup is kept for 35 days");
                session.terminal.done("destroy", what);
                session.terminal.event("deleted", json!({"table": table}));
                return Ok(());
            }
            Err(error) if error.as_service_error().is_some_and(|error| error.is_resource_in_use_exception()) => {}
            Err(error) => return Err(explain(error).context(format!("cannot delete table {table}"))),
        }
        tokio::time::sleep(wait).await;
        wait = session.backoff.next(wait);
    }
    bail!("table {table} stays in use and was not deleted")
}
