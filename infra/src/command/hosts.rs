//! `hosts`: lists, forbids and allows the hosts that links may lead to.

use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use links::{HostChange, HostRules, HostStore, HostSuffix, HostsChanged, KeysTable, MAX_HOSTS};
use serde_json::json;

use crate::outcome::Exit;
use crate::stack::Session;
use crate::terminal::Terminal;

/// Options of `infra hosts`.
#[derive(Args, Debug)]
#[command(after_help = "\
A name stands for itself and every name below it. As long as the list of allowed hosts is empty, links may lead to every \
host that is not forbidden. Writers follow within ten seconds. Existing links stay; `infra block --host NAME` closes them.")]
pub(crate) struct Options {
    /// Keys table to use instead of the one in the stage's stack; the lists are an item of it
    #[arg(long, global = true, value_name = "NAME")]
    table: Option<String>,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Show both lists
    List,
    /// Let no link lead to these hosts
    Forbid(Hosts),
    /// Let links lead to these hosts, and to others only if they are on this list too
    Allow(Hosts),
    /// Take hosts off both lists
    Remove(Hosts),
}

#[derive(Args, Debug)]
struct Hosts {
    /// Names or IP addresses, without scheme, port and path
    #[arg(required = true, value_name = "HOST")]
    hosts: Vec<HostSuffix>,
}

/// Runs `infra hosts`.
///
/// # Errors
/// If the keys table cannot be used, or a list would get too long.
pub(crate) async fn run(session: &Session, options: &Options) -> Result<Exit> {
    let table = match &options.table {
        Some(table) => table.clone(),
        None => session.existing_stack().await?.output("KeysTableName")?.to_owned(),
    };
    let store = KeysTable::with_client(session.aws.dynamodb.clone(), &table);
    let change = match &options.action {
        Action::List => HostChange::default(),
        Action::Forbid(Hosts { hosts }) => HostChange { forbid: hosts.clone(), ..HostChange::default() },
        Action::Allow(Hosts { hosts }) => HostChange { allow: hosts.clone(), ..HostChange::default() },
        Action::Remove(Hosts { hosts }) => HostChange { remove: hosts.clone(), ..HostChange::default() },
    };
    let rules = apply(&store, &change).await.with_context(|| format!("table {table}"))?;
    show(&session.terminal, &rules);
    if !change.is_empty() {
        session.terminal.done("hosts", "writers follow within ten seconds");
    }
    Ok(Exit::Done)
}

async fn apply(store: &impl HostStore, change: &HostChange) -> Result<HostRules> {
    match store.change_hosts(change).await? {
        HostsChanged::Done(rules) => Ok(rules),
        HostsChanged::NoTable => bail!("there is no keys table"),
        HostsChanged::TooMany => bail!("a list has at most {MAX_HOSTS} hosts"),
    }
}

fn show(terminal: &Terminal, rules: &HostRules) {
    let (forbidden, allowed): (Vec<_>, Vec<_>) = (rules.forbidden().collect(), rules.allowed().collect());
    for (title, hosts) in [("forbidden", &forbidden), ("allowed", &allowed)] {
        match hosts.is_empty() {
            true if title == "allowed" => terminal.line("allowed: all others"),
            true => terminal.line(format_args!("{title}: none")),
            false => terminal.line(format_args!("{title}: {}", hosts.join(" "))),
        }
    }
    terminal.event("hosts", json!({"forbidden": forbidden, "allowed": allowed}));
}
