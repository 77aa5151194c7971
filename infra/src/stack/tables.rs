//! The tables of a stack, which outlive it.

use anyhow::{Context as _, Result, bail};
use aws_sdk_dynamodb::types::TableDescription;
use serde_json::json;

use super::{Session, Stack, resources};
use crate::aws::explain;

/// Attempts at deleting a table that is still being updated.
const DELETE_ATTEMPTS: usize = 20;

/// The names of a stack's tables, whether they exist or not.
///
/// # Errors
/// If CloudFormation does not list them.
pub(crate) async fn names(session: &Session, stack: &Stack) -> Result<Vec<String>> {
    resources::ids(session, stack, "AWS::DynamoDB::Table").await
}

/// The table; `None` if it does not exist.
///
/// # Errors
/// If DynamoDB cannot be asked.
pub(crate) async fn describe(session: &Session, table: &str) -> Result<Option<TableDescription>> {
    match session.aws.dynamodb.describe_table().table_name(table).send().await {
        Ok(answer) => Ok(answer.table),
        Err(error) if error.as_service_error().is_some_and(|error| error.is_resource_not_found_exception()) => Ok(None),
        Err(error) => Err(explain(error).context(format!("cannot describe table {table}"))),
    }
}

/// Whether a table has no items.
///
/// # Errors
/// If it cannot be read.
pub(crate) async fn is_empty(session: &Session, table: &str) -> Result<bool> {
    let request = session.aws.dynamodb.scan().table_name(table).limit(1).consistent_read(true);
    let page = request.send().await.map_err(explain).with_context(|| format!("cannot read table {table}"))?;
    Ok(page.items().is_empty() && page.last_evaluated_key().is_none_or(|key| key.is_empty()))
}

/// Deletes a table, protected or not.
///
/// # Errors
/// If DynamoDB refuses, or the table stays in use.
pub(crate) async fn delete(session: &Session, table: &str) -> Result<()> {
    let dynamodb = &session.aws.dynamodb;
    let Some(described) = describe(session, table).await? else {
        return Ok(());
    };
    if described.deletion_protection_enabled == Some(true) {
        let unprotect = dynamodb.update_table().table_name(table).deletion_protection_enabled(false);
        unprotect.send().await.map_err(explain).with_context(|| format!("cannot unprotect table {table}"))?;
    }
    // Changing the protection takes a moment, in which the table is UPDATING and cannot be deleted.
    let mut wait = session.backoff.first;
    for _ in 0..DELETE_ATTEMPTS {
        match dynamodb.delete_table().table_name(table).send().await {
            Ok(_) => {
                session.terminal.event("deleted", json!({"table": table}));
                return Ok(());
            }
            Err(error) if error.as_service_error().is_some_and(|error| error.is_resource_not_found_exception()) => {
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

/// Says that a table stays, and how to delete it.
pub(crate) fn mention(session: &Session, table: &str) {
    session.terminal.note(format_args!(
        "the table {table} stays, with everything in it, and its storage is billed. To delete it:\n    \
         aws dynamodb update-table --table-name {table} --no-deletion-protection-enabled\n    \
         aws dynamodb delete-table --table-name {table}"
    ));
    session.terminal.event("retained", json!({"table": table}));
}
