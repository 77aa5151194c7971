//! The DAX clusters and the tables behind them: `dax-server` with its embedded DynamoDB, plain and with TLS.

use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::contender::slug;

/// The table of links.
pub(crate) const LINKS: &str = "links";
/// The table of API keys.
pub(crate) const KEYS: &str = "keys";
/// The table of clicks.
pub(crate) const CLICKS: &str = "clicks";
/// Longer than any measurement: an item that is cached stays so.
const ITEM_TTL_MS: &str = "36000000";
/// Where the roots are that a function on Lambda trusts, in the distributions that this runs on.
const PLATFORM_ROOTS: [&str; 2] = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"];

/// Files with certificates that a function may trust.
pub(crate) struct Roots {
    /// The cluster's only. A deployed function parses none: it has Amazon's built in.
    pub(crate) own: PathBuf,
    /// The platform's as well, all of which functions parsed that had none built in.
    pub(crate) with_platform: PathBuf,
}

/// A running cluster of one node.
pub(crate) struct Cluster {
    child: Child,
    /// Its discovery endpoint.
    pub(crate) dax: String,
    /// The DynamoDB behind it.
    pub(crate) dynamodb: String,
    /// What clients have to trust, if it speaks TLS.
    pub(crate) roots: Option<Roots>,
    _folder: TempDir,
}

impl Cluster {
    /// Starts a cluster in front of `links` links, which are not cached yet.
    ///
    /// # Errors
    /// If it does not start.
    pub(crate) fn start(program: &Path, links: usize, tls: bool) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let (tables, items) = (folder.path().join("tables.json"), folder.path().join("items.json"));
        let all = json!([table(LINKS, &["id"]), table(KEYS, &["hash"]), table(CLICKS, &["of", "day"])]);
        std::fs::write(&tables, all.to_string())?;
        let links: Vec<Value> = (0..links).map(put).collect();
        std::fs::write(&items, json!({ LINKS: links, CLICKS: salts()? }).to_string())?;
        let mut command = Command::new(program);
        command.args(["--port=0", "--control-port=0", "--json", "--item-ttl", ITEM_TTL_MS]);
        command.arg("--create-tables").arg(&tables).arg("--put-items").arg(&items);
        command.args(tls.then_some("--tls"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut child = command.spawn().with_context(|| format!("cannot start {}", program.display()))?;
        let mut ready = String::new();
        let output = child.stdout.take().context("its output is piped")?;
        BufReader::new(output).read_line(&mut ready)?;
        let ready: Value = serde_json::from_str(&ready).with_context(|| format!("dax-server said {ready:?}"))?;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let dax = ready.pointer("/dax/0").and_then(text).context("no endpoint")?;
        let dynamodb = ready.get("dynamodb").and_then(text).context("no DynamoDB")?;
        let ca = ready.get("ca").and_then(text);
        ensure!(ca.is_some() == tls, "a certificate with TLS only");
        let roots = ca.map(|ca| trusted(Path::new(&ca), folder.path())).transpose()?;
        Ok(Self { child, dax, dynamodb, roots, _folder: folder })
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // It has nothing to save.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn trusted(ca: &Path, folder: &Path) -> anyhow::Result<Roots> {
    let platform = PLATFORM_ROOTS.iter().find_map(|path| std::fs::read_to_string(path).ok()).unwrap_or_default();
    let ours = std::fs::read_to_string(ca).with_context(|| format!("cannot read {}", ca.display()))?;
    let with_platform = folder.join("roots.pem");
    std::fs::write(&with_platform, platform + &ours)?;
    Ok(Roots { own: ca.to_owned(), with_platform })
}

/// A table with a hash key and perhaps a range key.
fn table(name: &str, key: &[&str]) -> Value {
    let attribute = |name| json!({ "AttributeName": name, "AttributeType": "S" });
    let element = |(name, kind)| json!({ "AttributeName": name, "KeyType": kind });
    json!({
        "TableName": name,
        "AttributeDefinitions": key.iter().map(attribute).collect::<Vec<_>>(),
        "KeySchema": key.iter().zip(["HASH", "RANGE"]).map(element).collect::<Vec<_>>(),
        "BillingMode": "PAY_PER_REQUEST",
    })
}

/// The salts of today and tomorrow, which the redirector reads when it starts.
fn salts() -> anyhow::Result<Vec<Value>> {
    let output = ["today", "tomorrow"].map(|day| Command::new("date").args(["-u", "+%F", "-d", day]).output());
    let salt = |output: std::io::Result<std::process::Output>| {
        let day = String::from_utf8(output.context("cannot run date")?.stdout)?;
        let salt = "MDEyMzQ1Njc4OWFiY2RlZg==";
        let item = json!({ "of": { "S": "!salt" }, "day": { "S": day.trim() }, "salt": { "B": salt } });
        Ok(json!({ "PutRequest": { "Item": item } }))
    };
    output.into_iter().map(salt).collect()
}

/// A link as the writer stores it: about 200 bytes.
fn put(number: usize) -> Value {
    let title = "a-fairly-long-title-of-a-page-".repeat(2);
    json!({ "PutRequest": { "Item": {
        "id": { "S": slug(number) },
        "target": { "S": format!("https://www.example.com/articles/2026/11/{number:05}/{title}") },
        "owner": { "S": "owner-7" },
        "version": { "N": "1" },
        "created_at": { "N": "1795394604" },
        "updated_at": { "N": "1795394604" },
    } } })
}
