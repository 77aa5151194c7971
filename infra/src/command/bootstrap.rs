//! `bootstrap`: the small stack with the bucket for zips and template.

use std::collections::BTreeMap;

use anyhow::Result;
use aws_sdk_cloudformation::types::ChangeSetType;
use clap::Args;
use serde_json::json;

use crate::outcome::Exit;
use crate::release::bucket;
use crate::stack::Session;
use crate::stack::change_set::{self, Proposal, Template};
use crate::stack::execute::{change_set_name, execute_and_watch};
use crate::stack::recovery::{Consent, recover};

/// The template of that stack.
const TEMPLATE: &str = include_str!("../../bootstrap.yaml");

/// Options of `infra bootstrap`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Skip the confirmation
    #[arg(long, short)]
    yes: bool,
}

/// Runs `infra bootstrap`.
///
/// # Errors
/// If the bucket cannot be created.
pub(crate) async fn run(session: &Session, options: &Options) -> Result<Exit> {
    let caller = session.aws.caller().await?;
    let mut session = session.clone();
    bucket::STACK.clone_into(&mut session.stage.stack);
    let consent = Consent { yes: options.yes, wait: true, ..Consent::default() };
    let kind = recover(&session, &consent).await?;
    if kind == ChangeSetType::Create && !options.yes {
        let question = format!("Create a bucket for the zips in account {}, {}?", caller.account, session.aws.region);
        if !session.terminal.confirm(&question, "--yes").await? {
            return Ok(Exit::Done);
        }
    }
    deploy(&session, kind).await?;
    let bucket = bucket::find(&session.aws).await?;
    session.terminal.done("bootstrap", format_args!("bucket {bucket}"));
    session.terminal.event("bootstrapped", json!({"bucket": bucket}));
    Ok(Exit::Done)
}

async fn deploy(session: &Session, kind: ChangeSetType) -> Result<()> {
    let name = change_set_name("bootstrap");
    let none = BTreeMap::new();
    let proposal = Proposal {
        stack: bucket::STACK,
        name: &name,
        template: Template::Body(TEMPLATE),
        parameters: &none,
        kept: &[],
        tags: &none,
        kind,
    };
    let id = change_set::create(&session.aws, &proposal).await?;
    let prepared = change_set::prepared(&session.aws, bucket::STACK, &id, session.backoff).await?;
    if prepared.changes.is_empty() {
        return change_set::discard(&session.aws, &prepared).await;
    }
    execute_and_watch(session, &prepared, &name).await
}
