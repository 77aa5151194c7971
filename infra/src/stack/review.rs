//! Shows what a change set would do, and asks whether to do it.

use anyhow::Result;
use console::style;
use serde_json::json;

use super::Session;
use super::change::{self, Change, Kind};
use super::change_set::ChangeSet;
use super::state::{Situation, situation};

/// Parameters that follow from the keys of the zips, which are shown.
const DERIVED_PARAMETERS: [&str; 2] = ["RedirectorSha256", "WriterSha256"];

/// Shows a change set: parameters that change, then resources, the most serious first.
///
/// # Errors
/// If the stack cannot be read.
pub(crate) async fn show(session: &Session, change_set: &ChangeSet) -> Result<()> {
    let (terminal, changes) = (&session.terminal, &change_set.changes);
    terminal.line("");
    let title = format!("Changes to {}: {}", session.stage.stack, change::summary(changes));
    terminal.line(style(title).bold());
    let stack = session.stack().await?;
    let deployed = stack.filter(|stack| situation(Some(&stack.status)) != Situation::Shell);
    if let Some(stack) = deployed {
        let mut after = change_set.parameters.clone();
        after.retain(|name, _| !DERIVED_PARAMETERS.contains(&name.as_str()));
        for line in change::render_parameters(&stack.parameters, &after, terminal.width()) {
            terminal.line(line);
        }
    }
    for line in change::render(changes, terminal.width()) {
        terminal.line(line);
    }
    let changes: Vec<_> = changes.iter().map(as_json).collect();
    terminal.event("changes", json!({"changes": changes, "parameters": change_set.parameters}));
    Ok(())
}

fn as_json(change: &Change) -> serde_json::Value {
    let properties = change.properties.iter().map(|property| {
        json!({"name": property.name, "before": property.before, "after": property.after, "forces_replacement": property.forces_replacement})
    });
    json!({
        "logical_id": change.logical_id,
        "type": change.resource_type,
        "action": change.kind.name(),
        "permissions": change.is_iam(),
        "loss": change.loss(),
        "properties": properties.collect::<Vec<_>>(),
    })
}

/// Asks whether to execute. `yes` answers the ordinary question; only `allow_replacement` also answers the question
/// about stateful resources.
///
/// # Errors
/// If there is no terminal to ask on.
pub(crate) async fn agreed(
    session: &Session,
    change_set: &ChangeSet,
    yes: bool,
    allow_replacement: bool,
) -> Result<bool> {
    let serious: Vec<_> = change_set.changes.iter().filter(|change| change.loss().is_some()).collect();
    if !serious.is_empty() && !allow_replacement {
        let effects: Vec<_> =
            serious.iter().map(|change| format!("{} {}", verb(change.kind), change.logical_id)).collect();
        let question = format!("\nThis {}.", effects.join(" and "));
        return session.terminal.confirm_typed(&question, &session.stage.name, "--allow-replacement").await;
    }
    if yes {
        return Ok(true);
    }
    session.terminal.confirm("\nApply these changes?", "--yes").await
}

fn verb(kind: Kind) -> &'static str {
    match kind {
        Kind::Remove => "removes",
        Kind::MayReplace => "may replace",
        _ => "replaces",
    }
}
