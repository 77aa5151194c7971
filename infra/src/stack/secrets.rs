//! The slug secret of a stack, which outlives it as the tables do: another stack may use it with the same table.

use anyhow::{Context as _, Result};
use serde_json::json;

use super::{Session, Stack, resources};
use crate::aws::signed::code;

/// The ARN of a stack's slug secret, if it has its own.
///
/// # Errors
/// If CloudFormation does not list the resources.
pub(crate) async fn slug_secret(session: &Session, stack: &Stack) -> Result<Option<String>> {
    resources::named(session, stack, "SlugSecret").await
}

/// Deletes a secret; it can be restored for 30 days. Does nothing if it does not exist.
///
/// # Errors
/// If Secrets Manager refuses.
pub(crate) async fn delete(session: &Session, arn: &str) -> Result<()> {
    let asked = json!({"SecretId": arn, "RecoveryWindowInDays": 30});
    match session.aws.signed.json("secretsmanager", "secretsmanager.DeleteSecret", &asked).await {
        Ok(_) => {
            session.terminal.event("deleted", json!({"secret": arn}));
            Ok(())
        }
        // It is gone, or on its way.
        Err(error) if matches!(code(&error), Some("ResourceNotFoundException" | "InvalidRequestException")) => Ok(()),
        Err(error) => Err(error).with_context(|| format!("cannot delete the secret {arn}")),
    }
}

/// Says that a secret stays, and what for.
pub(crate) fn mention(session: &Session, arn: &str) {
    session.terminal.note(format_args!(
        "the slug secret stays, and is billed: a new stack on the table of links keeps every slug with `--slug-secret-arn`. To \
         delete it:\n    aws secretsmanager delete-secret --secret-id {arn}"
    ));
    session.terminal.event("retained", json!({"secret": arn}));
}
