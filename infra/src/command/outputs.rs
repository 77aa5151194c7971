//! `outputs`: the outputs of the stack.

use anyhow::Result;

use crate::outcome::Exit;
use crate::stack::{Session, outputs};

/// Runs `infra outputs`.
///
/// # Errors
/// If the stack does not exist.
pub(crate) async fn run(session: &Session) -> Result<Exit> {
    outputs::print(&session.terminal, &session.existing_stack().await?);
    Ok(Exit::Done)
}
