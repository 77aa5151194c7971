//! `invalidate`: removes CloudFront's copies of redirects.

use anyhow::Result;

use crate::cdn::Cdn;
use crate::outcome::Exit;
use crate::stack::Session;

/// Runs `infra invalidate`.
///
/// # Errors
/// If the stack does not exist, or CloudFront refuses.
pub(crate) async fn run(session: &Session) -> Result<Exit> {
    let stack = session.existing_stack().await?;
    match Cdn::of(session, &stack).await? {
        Some(cdn) => cdn.invalidate(session).await?,
        None => session.terminal.line("Nothing to do: there is no CloudFront in front of this stage."),
    }
    Ok(Exit::Done)
}
