//! `keys`: creates, lists and revokes API keys.

mod expiry;

use std::num::NonZeroU32;

use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use jiff::tz::TimeZone;
use links::{ANONYMOUS, ApiKey, KeyId, KeyManager, KeyRecord, KeysTable, Put, Revoked, ScopeSet, Timestamp};
use serde_json::{Value, json};

use crate::aws::signed::now;
use crate::outcome::Exit;
use crate::stack::Session;
use crate::terminal::Terminal;

use expiry::Expiry;

/// How long functions may still accept a revoked key, as README.md says.
const REVOCATION_SECONDS: u32 = 10;
/// Most characters of an owner and of a label. DynamoDB's limit for the owner is eight times that.
const MAX_CHARACTERS: usize = 256;

/// Options of `infra keys`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Keys table to use instead of the one in the stage's stack
    #[arg(long, global = true, value_name = "NAME")]
    table: Option<String>,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Create a key and show it once
    Create(Create),
    /// List all keys, including revoked ones; secrets are not shown
    List,
    /// Revoke a key; it stops working within ten seconds
    Revoke(Revoke),
}

#[derive(Args, Debug)]
struct Create {
    /// Owner of the links that the key creates and manages
    #[arg(long, value_parser = owner)]
    owner: String,
    /// Comma-separated rights: create, read, update, delete, or admin (everything, for every owner)
    #[arg(long, default_value_t = ScopeSet::OWNER, value_name = "A,B")]
    scopes: ScopeSet,
    /// Purpose of the key
    #[arg(long, value_parser = plain_text)]
    label: Option<String>,
    /// End of the key: a time (2027-01-31T12:00:00Z), a day (2027-01-31, until its end in UTC) or a duration from now (90d, 12h)
    #[arg(long, value_name = "WHEN")]
    expires: Option<Expiry>,
    /// Most requests per second, counted by each execution environment of the writer; unset: any number
    #[arg(long, value_name = "N")]
    rate: Option<NonZeroU32>,
}

#[derive(Args, Debug)]
struct Revoke {
    /// Id of the key, as `list` shows it, or the whole key
    #[arg(value_parser = key_id)]
    key_id: KeyId,
    /// Skip the confirmation
    #[arg(long, short)]
    yes: bool,
}

/// Runs `infra keys`.
///
/// # Errors
/// If the keys table cannot be used, or there is no key with that id.
pub(crate) async fn run(session: &Session, options: &Options) -> Result<Exit> {
    let table = match &options.table {
        Some(table) => table.clone(),
        None => session.existing_stack().await?.output("KeysTableName")?.to_owned(),
    };
    let keys = KeysTable::with_client(session.aws.dynamodb.clone(), &table);
    let terminal = &session.terminal;
    match &options.action {
        Action::Create(options) => create(&keys, terminal, options).await,
        Action::List => list(&keys, terminal).await,
        Action::Revoke(options) => revoke(&keys, terminal, options).await,
    }
    .with_context(|| format!("table {table}"))
}

async fn create(keys: &impl KeyManager, terminal: &Terminal, options: &Create) -> Result<Exit> {
    let key = ApiKey::from_random(&rand::random());
    let mut record = KeyRecord::new(key.id().clone(), &options.owner, options.scopes, time());
    record.label.clone_from(&options.label);
    record.expires_at = options.expires.map(|expires| expires.after(record.created_at)).transpose()?;
    record.rate = options.rate;
    // The hash can only be taken if an earlier attempt of this same put succeeded.
    let (Put::Stored | Put::Taken) = keys.create(&key.hash(), &record).await?;
    terminal.done("keys", format_args!("{} of {}: {}{}", record.key_id, record.owner, record.scopes, limits(&record)));
    terminal.line(format_args!("\n  {}\n", key.reveal()));
    terminal.line("  It is shown only once and stored nowhere: the table holds its hash.");
    let mut event = describe(&record);
    if let Some(fields) = event.as_object_mut() {
        fields.insert("key".to_owned(), json!(key.reveal()));
    }
    terminal.event("key", event);
    Ok(Exit::Done)
}

async fn list(keys: &impl KeyManager, terminal: &Terminal) -> Result<Exit> {
    let mut found = keys.list().await?;
    found.keys.sort_by(|one, other| {
        (&one.owner, one.created_at, &one.key_id).cmp(&(&other.owner, other.created_at, &other.key_id))
    });
    if found.keys.is_empty() {
        terminal.line("There are no keys: `infra keys create --owner NAME` creates one.");
    } else {
        terminal.line(row(["key", "created", "used", "revoked", "expires", "rate", "scopes", "owner", "label"]));
    }
    for record in &found.keys {
        terminal.line(record_row(record));
        terminal.event("key", describe(record));
    }
    if found.unreadable > 0 {
        terminal.note(format_args!("{} items of the table cannot be read as keys", found.unreadable));
    }
    if found.is_cut_off {
        terminal.note(format_args!("there are more keys than these {}", found.keys.len()));
    }
    Ok(Exit::Done)
}

async fn revoke(keys: &impl KeyManager, terminal: &Terminal, options: &Revoke) -> Result<Exit> {
    let key_id = &options.key_id;
    if !options.yes {
        let question =
            format!("Everyone who uses the key {key_id} is locked out, and this cannot be undone. Revoke it?");
        if !terminal.confirm(&question, "--yes").await? {
            terminal.line("Nothing was revoked.");
            return Ok(Exit::Done);
        }
    }
    let is_new = match keys.revoke(key_id, time()).await? {
        Revoked::Unknown => bail!("there is no key {key_id}; `infra keys list` lists the existing ones"),
        Revoked::Now => true,
        Revoked::Before => false,
    };
    if is_new {
        terminal
            .done("keys", format_args!("{key_id} is revoked; it stops working within {REVOCATION_SECONDS} seconds"));
    } else {
        terminal.done("keys", format_args!("{key_id} was revoked before"));
    }
    terminal.event("revoked", json!({"key_id": key_id.as_str(), "before": !is_new}));
    Ok(Exit::Done)
}

/// A record as JSON.
fn describe(record: &KeyRecord) -> Value {
    let scopes: Vec<_> = record.scopes.iter().map(links::Scope::name).collect();
    json!({
        "key_id": record.key_id.as_str(),
        "owner": record.owner,
        "scopes": scopes,
        "label": record.label,
        "created_at": record.created_at.unix_seconds(),
        "last_used_on": record.last_used_on.map(Timestamp::unix_seconds),
        "revoked_at": record.revoked_at.map(Timestamp::unix_seconds),
        "expires_at": record.expires_at.map(Timestamp::unix_seconds),
        "rate": record.rate,
    })
}

fn record_row(record: &KeyRecord) -> String {
    row([
        record.key_id.as_str(),
        &day(Some(record.created_at)),
        &day(record.last_used_on),
        &day(record.revoked_at),
        &day(record.expires_at),
        &record.rate.map_or_else(|| "-".to_owned(), |rate| rate.to_string()),
        &record.scopes.to_string(),
        &printable(&record.owner),
        &printable(record.label.as_deref().unwrap_or_default()),
    ])
}

/// What ends or slows the key down, for the line that announces it.
fn limits(record: &KeyRecord) -> String {
    let expires = record.expires_at.and_then(Timestamp::rfc3339).map(|end| format!(", until {end}"));
    let rate = record.rate.map(|rate| format!(", {rate} requests per second"));
    [expires, rate].into_iter().flatten().collect()
}

fn row([key, created, used, revoked, expires, rate, scopes, owner, label]: [&str; 9]) -> String {
    let days = format!("{created:<10}  {used:<10}  {revoked:<10}  {expires:<10}");
    let line = format!("  {key:<8}  {days}  {rate:<4}  {scopes:<25}  {owner:<20}  {label}");
    line.trim_end().to_owned()
}

/// The day in UTC, or `-` without a time.
fn day(time: Option<Timestamp>) -> String {
    let seconds = time.and_then(|time| i64::try_from(time.unix_seconds()).ok());
    let time = seconds.and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    time.map_or_else(|| "-".to_owned(), |time| time.to_zoned(TimeZone::UTC).date().to_string())
}

fn time() -> Timestamp {
    std::time::SystemTime::from(now()).into()
}

/// Replaces control characters: what others wrote to the table must not control the terminal.
fn printable(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { '\u{fffd}' } else { letter }).collect()
}

fn plain_text(text: &str) -> Result<String, String> {
    if text.trim().is_empty() || text.trim() != text {
        return Err("must not be empty or begin or end with a blank".to_owned());
    }
    if text.chars().any(char::is_control) || text.chars().count() > MAX_CHARACTERS {
        return Err(format!("must not contain control characters or more than {MAX_CHARACTERS} characters"));
    }
    Ok(text.to_owned())
}

fn owner(text: &str) -> Result<String, String> {
    if text == ANONYMOUS {
        return Err(format!("\"{ANONYMOUS}\" stands for everybody, so no key can belong to it"));
    }
    if text == "*" {
        return Err("\"*\" stands for all owners in a search, so no key can belong to it".to_owned());
    }
    plain_text(text)
}

fn key_id(text: &str) -> Result<KeyId, String> {
    let whole = text.parse::<ApiKey>().map(|key| key.id().clone());
    whole
        .or_else(|_not_whole| text.parse())
        .map_err(|_neither| "neither a key nor the id of a key, which is eight letters and digits".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use links::Scope;

    #[test]
    fn a_key_is_named_by_its_id_or_whole() {
        let key = ApiKey::from_random(&[7; ApiKey::RANDOM_BYTES]);
        let check = |text: &str, expected: bool| {
            let parsed = key_id(text).ok();
            assert_eq!(parsed.as_ref() == Some(key.id()), expected, "{text}");
        };
        check(key.id().as_str(), true);
        check(key.reveal(), true);
        check("kurz_", false);
        check("", false);
        check(&key.reveal().to_uppercase(), false);
    }

    #[test]
    fn owners_and_labels_are_plain_text() {
        let check = |text: &str, expected: bool| assert_eq!(plain_text(text).is_ok(), expected, "{text:?}");
        assert!(owner("anonymous").is_err() && owner("*").is_err() && owner("anonymous2").is_ok());
        check("ann", true);
        check("Ännchen von Tharau", true);
        check("arn:aws:iam::1:user/ann", true);
        check(&"x".repeat(256), true);
        check(&"x".repeat(257), false);
        check("", false);
        check(" ", false);
        check(" ann", false);
        check("ann\n", false);
        check("a\u{1b}[2Jnn", false);
    }

    #[test]
    fn the_list_has_days_and_no_secrets() {
        let key = ApiKey::from_random(&[7; ApiKey::RANDOM_BYTES]);
        let made = Timestamp::from_unix_seconds(1_798_761_600);
        let scopes = ScopeSet::NONE.with(Scope::Read);
        let record = KeyRecord::new(key.id().clone(), "ann", scopes, made);
        let event = describe(&record);
        assert_eq!(event["scopes"], json!(["read"]));
        assert_eq!(event["last_used_on"], Value::Null);
        assert_eq!((&event["expires_at"], &event["rate"]), (&Value::Null, &Value::Null));
        let limited = KeyRecord { expires_at: Some(made), rate: NonZeroU32::new(5), ..record };
        assert_eq!(describe(&limited)["expires_at"], 1_798_761_600);
        assert_eq!(describe(&limited)["rate"], 5);
        assert_eq!(limits(&limited), ", until 2027-01-01T00:00:00Z, 5 requests per second");
        assert!(record_row(&limited).contains("2027-01-01  5 "), "{}", record_row(&limited));
        assert!(!event.to_string().contains(key.reveal()));
        assert!(!event.to_string().contains(&key.hash().to_string()));
        assert_eq!((day(Some(made)).as_str(), day(None).as_str()), ("2027-01-01", "-"));
        assert_eq!(printable("a\u{1b}[2Jb"), "a\u{fffd}[2Jb");
    }
}
