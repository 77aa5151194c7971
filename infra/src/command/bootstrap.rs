//! `bootstrap`: the mini stack with the bucket for the zips.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use aws_sdk_cloudformation::types::ChangeSetType;
use clap::Args;
use serde_json::json;

use super::deploy::{change_set_name, execute_and_watch};
use crate::aws::Aws;
use crate::outcome::Exit;
use crate::stack::change_set::{self, Proposal};
use crate::stack::recovery::{Consent, make_ready};
use crate::stack::{Session, Stack};

/// The template of that stack.
const TEMPLATE: &str = include_str!("../../bootstrap.yaml");

/// One per account and region, whatever the stages.
pub(crate) const STACK: &str = "kurz-artifacts";

/// Options of `infra bootstrap`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
}

/// The bucket of the zips.
///
/// # Errors
/// If `bootstrap` was not run in this account and region.
pub(crate) async fn bucket(aws: &Aws) -> Result<String> {
    let stack = Stack::find(aws, STACK).await?;
    let stack =
        stack.with_context(|| format!("no bucket for the zips in {} yet: run `infra bootstrap` once", aws.region))?;
    stack.output("ArtifactBucket").map(str::to_owned)
}

/// Runs `infra bootstrap`.
///
/// # Errors
/// If the bucket cannot be made.
pub(crate) async fn run(session: &Session, options: &Options) -> Result<Exit> {
    let caller = session.aws.caller().await?;
    let mut session = session.clone();
    STACK.clone_into(&mut session.stage.stack);
    let consent = Consent { yes: options.yes, wait: true, ..Consent::default() };
    let kind = make_ready(&session, &consent).await?;
    if kind == ChangeSetType::Create {
        let question = format!("Make a bucket for the zips in account {}, {}?", caller.account, session.aws.region);
        if !options.yes && !session.terminal.confirm(&question, "--yes").await? {
            return Ok(Exit::Done);
        }
    }
    let name = change_set_name("bootstrap");
    let tags = BTreeMap::new();
    let parameters = BTreeMap::new();
    let proposal =
        Proposal { stack: STACK, name: &name, template: TEMPLATE, parameters: &parameters, tags: &tags, kind };
    let id = change_set::create(&session.aws, &proposal).await?;
    let prepared = change_set::prepared(&session.aws, STACK, &id, session.pace).await?;
    if prepared.changes.is_empty() {
        change_set::discard(&session.aws, &prepared).await?;
    } else {
        execute_and_watch(&session, &prepared, &name).await?;
    }
    let bucket = bucket(&session.aws).await?;
    session.terminal.done("bootstrap", format_args!("bucket {bucket}"));
    session.terminal.event("bootstrapped", json!({"bucket": bucket}));
    Ok(Exit::Done)
}
