//! `plan`: shows what a deploy would change, and keeps the change set.

use anyhow::Result;
use aws_sdk_cloudformation::types::ChangeSetType;
use clap::Args;
use serde_json::json;

use crate::outcome::{Exit, failure};
use crate::release;
use crate::stack::execute::discard_unchanged;
use crate::stack::state::{Situation, situation};
use crate::stack::{Session, review};

/// Options of `infra plan`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    #[command(flatten)]
    release: release::Sources,
}

/// Runs `infra plan`.
///
/// # Errors
/// With exit code 3 if the stack does not accept a change set now; otherwise if the release cannot be prepared.
pub(crate) async fn run(session: &Session, options: &Options) -> Result<Exit> {
    let caller = session.announce().await?;
    let kind = kind(session).await?;
    let release = release::prepare(session, &caller, &options.release).await?;
    let (name, change_set) = release::propose(session, &release, kind).await?;
    if change_set.changes.is_empty() {
        return discard_unchanged(session, &change_set).await;
    }
    review::show(session, &change_set).await?;
    let command = format!("infra deploy --stage {} --change-set {name}", session.stage.name);
    session.terminal.line(format_args!("\nApply it with `{command}`."));
    session.terminal.event("planned", json!({"change_set": name, "release": release.id}));
    Ok(Exit::Done)
}

/// The kind of change set that the stack accepts now.
async fn kind(session: &Session) -> Result<ChangeSetType> {
    let status = session.stack().await?.map(|stack| stack.status);
    match situation(status.as_deref()) {
        Situation::Absent | Situation::Shell => Ok(ChangeSetType::Create),
        Situation::Usable | Situation::UpdateFailed => Ok(ChangeSetType::Update),
        _ => {
            let (stack, status) = (&session.stage.stack, status.unwrap_or_default());
            Err(failure(Exit::NeedsDecision, format!("{stack} is {status}: run `infra deploy` to recover")))
        }
    }
}
