//! Protection against deletion, of the tables and of the stack.
//!
//! A stack is created with unprotected tables, because CloudFormation could not delete protected ones if the creation fails:
//! each attempt would leave two of them. The template's parameter `FirstDeploy` says that they are still to be protected, and
//! a second change set does so. Whatever interrupts that, the next deploy repeats it, because the parameter is part of the
//! stack.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use aws_sdk_cloudformation::types::ChangeSetType;

use super::change::{Change, Kind};
use super::change_set::{self, Proposal, Template};
use super::execute::{change_set_name, execute_and_watch};
use super::state::{Situation, situation};
use super::{Session, Stack};

/// The parameter that is true until the tables of a new stack are protected.
pub(crate) const FIRST_DEPLOY: &str = "FirstDeploy";

/// The value of [`FIRST_DEPLOY`] for a change set of this kind.
pub(crate) fn first_deploy(kind: &ChangeSetType, parameters: &BTreeMap<String, String>) -> &'static str {
    let is = |name: &str, value: &str| parameters.get(name).is_some_and(|given| given == value);
    // That of clicks is always a new one.
    let is_due = *kind == ChangeSetType::Create && is("DeletionProtection", "true");
    if is_due { "true" } else { "false" }
}

/// Whether the tables of a stack are still to be protected.
pub(crate) fn is_due(stack: &Stack) -> bool {
    stack.parameters.get(FIRST_DEPLOY).is_some_and(|value| value == "true")
}

/// Protects what the stage wants protected and is not yet: the tables of a new stack, and the stack itself. Does nothing
/// twice.
///
/// # Errors
/// If CloudFormation refuses; the next deploy tries again.
pub(crate) async fn complete(session: &Session) -> Result<()> {
    let stack = session.existing_stack().await?;
    if is_due(&stack) {
        tables(session, &stack).await.context("the stack works, but its tables are not protected yet; deploy again")?;
    }
    if session.stage.termination_protection && !stack.protected {
        stack.set_protection(&session.aws, true).await.context("cannot turn termination protection on")?;
        session.terminal.done("protect", "termination protection is on");
    }
    Ok(())
}

/// Protects the tables of a new stack if its first deploy was interrupted before that. Otherwise the next change would have
/// to do both, and whatever depends on the tables would appear in it.
///
/// # Errors
/// If CloudFormation refuses.
pub(crate) async fn complete_first_deploy(session: &Session) -> Result<()> {
    let stack = session.existing_stack().await?;
    if is_due(&stack) && situation(Some(&stack.status)) == Situation::Usable {
        tables(session, &stack).await.context("the tables of the first deploy are not protected yet")?;
    }
    Ok(())
}

async fn tables(session: &Session, stack: &Stack) -> Result<()> {
    let name = change_set_name("protect");
    let changed = BTreeMap::from([(FIRST_DEPLOY.to_owned(), "false".to_owned())]);
    let kept: Vec<_> = stack.parameters.keys().filter(|name| *name != FIRST_DEPLOY).cloned().collect();
    let proposal = Proposal {
        stack: &stack.name,
        name: &name,
        template: Template::Deployed(&stack.name),
        parameters: &changed,
        kept: &kept,
        tags: &session.stage.tags,
        kind: ChangeSetType::Update,
    };
    let id = change_set::create(&session.aws, &proposal).await?;
    let prepared = change_set::prepared(&session.aws, &stack.name, &id, session.backoff).await?;
    if prepared.changes.is_empty() {
        return change_set::discard(&session.aws, &prepared).await;
    }
    // What depends on a table counts as changed as long as CloudFormation does not know the table's new ARN, which is the old
    // one: a conditional replacement does not happen.
    let is_loss = |change: &&Change| change.loss().is_some() && change.kind != Kind::MayReplace;
    if let Some(change) = prepared.changes.iter().find(is_loss) {
        change_set::discard(&session.aws, &prepared).await?;
        bail!("CloudFormation would {} {}", change.kind.name(), change.logical_id);
    }
    session.terminal.line("  The tables are new, and get their protection against deletion now.");
    execute_and_watch(session, &prepared, &name).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_new_tables_of_a_new_stack_are_protected_afterwards() {
        use ChangeSetType::{Create, Update};
        for (kind, protection, expected) in
            [(Create, "true", "true"), (Create, "false", "false"), (Update, "true", "false")]
        {
            let parameters = [("DeletionProtection".to_owned(), protection.to_owned())].into();
            assert_eq!(first_deploy(&kind, &parameters), expected, "{kind:?} {parameters:?}");
        }
    }
}
