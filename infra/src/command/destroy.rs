//! `destroy`: takes the stack down. The tables stay, unless their deletion is asked for by name.

use anyhow::{Context as _, Result, bail};
use clap::Args;
use serde_json::json;

use crate::aws::explain;
use crate::outcome::{Exit, failure};
use crate::stack::recovery::delete;
use crate::stack::{Session, Stack};

/// Options of `infra destroy`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Delete the tables with all links and keys, too
    #[arg(long)]
    delete_data: bool,
    /// Do not ask; the stage must then be named with --stage
    #[arg(long, short)]
    yes: bool,
    /// Take termination protection off first
    #[arg(long)]
    unprotect: bool,
    /// After a failed deletion: resources to leave behind
    #[arg(long, value_name = "LOGICAL_ID")]
    retain: Vec<String>,
}

/// Runs `infra destroy`.
///
/// # Errors
/// Exit code 3 if something could not be deleted; names it.
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
    session.terminal.line("  This can take 20 to 40 minutes: AWS gives back the functions' network interfaces late.");
    session.on_interrupt(Some(format!("interrupted; {} is being deleted without us", stack.name)));
    delete(session, &stack, &options.retain)
        .await
        .context("not everything could be deleted; try again in a while, or leave things behind with --retain NAME")?;
    session.on_interrupt(None);
    session.terminal.done("destroy", format_args!("{} is gone", stack.name));
    for table in &tables {
        if options.delete_data {
            delete_table(session, table).await?;
        } else if table_exists(session, table).await? {
            session.terminal.note(format_args!(
                "the table {table} stays, with all it holds: it costs its storage, and is deleted by\n    \
                 aws dynamodb update-table --table-name {table} --no-deletion-protection-enabled\n    \
                 aws dynamodb delete-table --table-name {table}"
            ));
            session.terminal.event("retained", json!({"table": table}));
        }
    }
    Ok(Exit::Done)
}

/// The tables' names, also of a stack that has no outputs because it was never completed.
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
    let fate = match tables {
        [] => String::new(),
        _ if options.delete_data => {
            format!("ALL LINKS and keys are deleted too, with the tables {names}.")
        }
        _ => format!("The tables stay: {names}."),
    };
    let question =
        format!("This takes {} in {} down: every short link stops working. {fate}", stack.name, session.aws.region);
    session.terminal.confirm_typed(&question, &session.stage.name, "--yes").await
}

async fn unprotect(session: &Session, stack: &Stack, options: &Options) -> Result<()> {
    if !options.unprotect {
        let message = format!("{} is protected from deletion; --unprotect takes the protection off first", stack.name);
        return Err(failure(Exit::NeedsAHand, message));
    }
    let request = session
        .aws
        .cloudformation
        .update_termination_protection()
        .stack_name(&stack.name)
        .enable_termination_protection(false);
    request.send().await.map_err(explain).context("cannot take the protection off")?;
    Ok(())
}

async fn table_exists(session: &Session, table: &str) -> Result<bool> {
    let answer =
        session.aws.signed.json("dynamodb", "DynamoDB_20120810.DescribeTable", &json!({"TableName": table})).await;
    match answer {
        Ok(_) => Ok(true),
        Err(error) if error.to_string().contains("ResourceNotFoundException") => Ok(false),
        Err(error) => Err(error),
    }
}

async fn delete_table(session: &Session, table: &str) -> Result<()> {
    if !table_exists(session, table).await? {
        return Ok(());
    }
    let dynamodb = |target: &'static str, body| async move { session.aws.signed.json("dynamodb", target, &body).await };
    dynamodb("DynamoDB_20120810.UpdateTable", json!({"TableName": table, "DeletionProtectionEnabled": false})).await?;
    // The change of protection takes a moment, during which the table is UPDATING and cannot be deleted.
    let mut wait = session.pace.first;
    for _ in 0..20 {
        match dynamodb("DynamoDB_20120810.DeleteTable", json!({"TableName": table})).await {
            Ok(_) => {
                session
                    .terminal
                    .done("destroy", format_args!("the table {table} is deleted; a backup of it stays for 35 days"));
                session.terminal.event("deleted", json!({"table": table}));
                return Ok(());
            }
            Err(error) if error.to_string().contains("ResourceInUseException") => {}
            Err(error) => return Err(error),
        }
        tokio::time::sleep(wait).await;
        wait = session.pace.next(wait);
    }
    bail!("the table {table} does not become free for deletion; it stays")
}
