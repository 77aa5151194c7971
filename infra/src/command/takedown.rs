//! `block` and `unblock`: closes and opens links in the table.

use anyhow::{Context as _, Result, bail};
use clap::Args;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use links::{
    BlockReason, Change, DynamoDbStore, Freshness, HostSuffix, Link, LinkLister as _, LinkReader as _, LinkWriter as _,
    Slug, Takedown, TakedownSubject, Timestamp,
};
use serde_json::json;

use crate::aws::signed::now;
use crate::cdn::Cdn;
use crate::links_table::{LinksTable, TableOption};
use crate::outcome::Exit;
use crate::stack::Session;
use crate::terminal::Terminal;

/// Most links that are read at once.
const MAX_READ: usize = 1_000;
/// How many links are changed at the same time.
const CONCURRENCY: usize = 8;
/// How often a change is attempted if others change the link at the same time.
const ATTEMPTS: u32 = 5;

/// Options of `infra block` and `infra unblock`.
#[derive(Args, Debug)]
#[command(after_help = "\
A block holds in any state of a link: deleted, expired and paused links are blocked as well, and only an administrator \
opens them. The table is changed directly, past DAX, so redirectors may serve the previous state for up to 70 seconds \
(with the default settings). `POST /api/v1/admin/block` does the same with an administrator's key. With CloudFront in \
front, this command also removes its copies, which takes those 70 seconds; the API cannot: run `infra invalidate` after it.

  infra block launch promo
  infra block --owner mallory
  infra block --host evil.example --reason legal

`infra hosts forbid evil.example` keeps new links from leading there.")]
pub(crate) struct Options {
    /// Links to change
    #[arg(value_name = "SLUG", required_unless_present_any = ["owner", "host"])]
    slugs: Vec<Slug>,
    /// All links of an owner
    #[arg(long, value_name = "NAME", conflicts_with = "slugs")]
    owner: Option<String>,
    /// All links to a host and to the names below it
    #[arg(long, value_name = "NAME", conflicts_with_all = ["slugs", "owner"])]
    host: Option<HostSuffix>,
    /// Why to block (default: abuse); with `unblock`, which blocks to lift (default: all)
    #[arg(long, value_parser = reason, value_name = "abuse|legal")]
    reason: Option<BlockReason>,
    #[command(flatten)]
    table: TableOption,
    /// Name to note as the author of the change when no stack says which account is meant
    #[arg(long, env = "USER", hide = true, default_value = "")]
    user: String,
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// Block links.
    Block,
    /// Lift blocks.
    Unblock,
}

/// Runs `infra block` and `infra unblock`.
///
/// # Errors
/// If the table cannot be used, or a slug has no link.
pub(crate) async fn run(session: &Session, options: &Options, action: Action) -> Result<Exit> {
    let opened = options.table.open(session).await?;
    let store = DynamoDbStore::with_client(session.aws.dynamodb.clone(), &opened.table.name);
    let by = author(session, &opened, options).await?;
    let takedown = match action {
        Action::Block => Takedown::Block(options.reason.unwrap_or_default()),
        Action::Unblock => Takedown::Unblock(options.reason),
    };
    let desk = Desk { store, takedown, by, now: std::time::SystemTime::from(now()).into() };
    let owner = options.owner.clone().map(TakedownSubject::Owner);
    let changed = match owner.or_else(|| options.host.clone().map(TakedownSubject::Host)) {
        Some(subject) => desk.change_all(&subject, &session.terminal).await,
        None => desk.change_each(&options.slugs, &session.terminal).await,
    }
    .with_context(|| format!("table {}", opened.table.name))?;
    let verb = if action == Action::Block { "blocked" } else { "unblocked" };
    session.terminal.done(verb, format_args!("{changed} links of table {}", opened.table.name));
    if changed > 0 {
        session
            .terminal
            .note("redirectors may serve the previous state for up to 70 seconds (with the default settings)");
    }
    session.terminal.event(verb, json!({"changed": changed, "table": opened.table.name}));
    if let Some(stack) = opened.stack.as_ref().filter(|_| changed > 0 && action == Action::Block)
        && let Some(cdn) = Cdn::of(session, stack).await?
    {
        cdn.invalidate(session).await?;
    }
    Ok(Exit::Done)
}

/// Who is noted in the links: the caller of AWS, or for a table without a stack the user of this machine.
async fn author(session: &Session, opened: &LinksTable, options: &Options) -> Result<String> {
    let name = if opened.stack.is_some() { session.aws.caller().await?.arn } else { options.user.clone() };
    Ok(format!("infra:{name}"))
}

struct Desk {
    store: DynamoDbStore,
    takedown: Takedown,
    by: String,
    now: Timestamp,
}

impl Desk {
    async fn change_each(&self, slugs: &[Slug], terminal: &Terminal) -> Result<usize> {
        let mut changed = 0;
        for slug in slugs {
            changed += usize::from(self.change(slug, terminal).await?);
        }
        Ok(changed)
    }

    async fn change_all(&self, subject: &TakedownSubject, terminal: &Terminal) -> Result<usize> {
        let (mut changed, mut after) = (0, None);
        loop {
            let page = self.store.list(subject.whose(), MAX_READ, after.as_ref()).await?;
            for malformed in &page.malformed {
                terminal.note(malformed);
            }
            let meant = page.links.into_iter().filter(|link| subject.means(link, self.now));
            let slugs = meant.filter(|link| self.changed(link.clone()) != *link).map(|link| link.slug);
            changed += stream::iter(slugs)
                .map(async |slug| self.change(&slug, terminal).await)
                .buffered(CONCURRENCY)
                .try_fold(0, async |sum, changed| Ok(sum + usize::from(changed)))
                .await?;
            after = page.next;
            if after.is_none() {
                return Ok(changed);
            }
        }
    }

    /// The link as it should be.
    fn changed(&self, link: Link) -> Link {
        self.takedown.apply(link, self.now)
    }

    /// Changes one link, under the same conditions as the writer; whether there was something to change.
    async fn change(&self, slug: &Slug, terminal: &Terminal) -> Result<bool> {
        for _ in 0..ATTEMPTS {
            let found = self.store.read(slug, Freshness::Strong).await?.link;
            let before = found.with_context(|| format!("there is no link \"{slug}\""))?;
            let after = self.changed(before.clone());
            if after == before {
                return Ok(false);
            }
            let after = Link { stamp: Some(rand::random()), updated_by: Some(self.by.clone()), ..after };
            if self.store.update(&before, &after).await? == Change::Stored {
                let (from, to) = (before.state.name(), after.state.name());
                terminal.line(format_args!("  {slug}: {from} -> {to} (owner {})", printable(&after.owner)));
                terminal.event("changed", json!({"slug": slug.as_str(), "state_before": from, "state_after": to}));
                return Ok(true);
            }
        }
        bail!("\"{slug}\" was changed by others each time; run the command again")
    }
}

/// Replaces control characters: what others wrote to the table must not control the terminal.
fn printable(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { '\u{fffd}' } else { letter }).collect()
}

fn reason(text: &str) -> Result<BlockReason, String> {
    BlockReason::from_name(text).ok_or_else(|| "must be abuse or legal".to_owned())
}
