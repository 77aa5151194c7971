//! Executes a change set, or discards it.

use anyhow::Result;
use serde_json::json;

use super::change_set::{self, ChangeSet};
use super::state::{Situation, situation};
use super::watch::{self, Ending, explanation};
use super::{Session, events};
use crate::aws::signed::now;
use crate::outcome::{Exit, failure};
use crate::terminal::duration;

/// A name for a change set: unique because it holds the time, readable in the console.
pub(crate) fn change_set_name(release: &str) -> String {
    format!("kurz-{}-{release}", now().as_millisecond())
}

/// Executes a change set and waits until the stack has settled.
///
/// # Errors
/// Exit code 2 if the stack rolled back, 3 if it is stuck; with the first cause.
pub(crate) async fn execute_and_watch(session: &Session, change_set: &ChangeSet, token: &str) -> Result<()> {
    let marker = events::newest(&session.aws, &change_set.stack_id).await?;
    session.on_interrupt(Some(format!(
        "interrupted; CloudFormation continues. Follow it with `infra status --stage {} --watch`, or repeat the command with \
         --wait: it goes on from there",
        session.stage.name
    )));
    change_set::execute(&session.aws, change_set, token).await?;
    let ending = watch::follow(session, &change_set.stack_id, marker).await?;
    session.on_interrupt(None);
    if !ending.is_success() {
        return Err(failed(&ending));
    }
    session.terminal.done("deploy", format_args!("{} in {}", ending.status, duration(ending.elapsed)));
    session.terminal.event("ended", json!({"status": ending.status, "seconds": ending.elapsed.as_secs()}));
    Ok(())
}

fn failed(ending: &Ending) -> anyhow::Error {
    let (exit, advice) = match situation(Some(&ending.status)) {
        Situation::CreateFailed => {
            (Exit::NotAsDesired, "fix the cause and deploy again: that first removes what is left of this attempt")
        }
        Situation::Usable => (Exit::NotAsDesired, "the stack is as it was before; fix the cause and deploy again"),
        _ => (Exit::NeedsDecision, "run `infra deploy` to recover"),
    };
    failure(exit, format!("{:#}\n  {advice}", explanation(ending)))
}

/// Discards a change set that would change nothing, and says so.
///
/// # Errors
/// If CloudFormation refuses.
pub(crate) async fn discard_unchanged(session: &Session, change_set: &ChangeSet) -> Result<Exit> {
    change_set::discard(&session.aws, change_set).await?;
    session.terminal.done("deploy", "nothing to change");
    session.terminal.event("unchanged", json!({}));
    Ok(Exit::Done)
}
