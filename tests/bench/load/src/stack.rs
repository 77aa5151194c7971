//! The service on this machine, and its table of links.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, ensure};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use stopwatch::Usage;
use tokio::task::JoinSet;

use crate::http::{Connection, host};

/// DynamoDB's limit for a batch.
const BATCH: usize = 25;
const WRITERS: usize = 4;

/// A running `local`.
#[derive(Debug)]
pub(crate) struct Stack {
    child: Child,
    /// Where visitors go, as `host:port`.
    pub(crate) gateway: String,
    dynamodb: String,
}

impl Stack {
    /// Starts the service with the shipped functions; its tables are in `folder`, or in memory.
    ///
    /// # Errors
    /// If it does not get ready.
    pub(crate) fn start(program: &Path, folder: Option<&Path>) -> anyhow::Result<Self> {
        let mut command = Command::new(program);
        command.args(["--release", "--json", "--port=0", "--dax-port=0", "--dynamodb-port=0", "--lambda-port=0"]);
        if let Some(folder) = folder {
            command.arg("--data-dir").arg(folder);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut child = command.spawn().with_context(|| format!("cannot start {}", program.display()))?;
        let mut ready = String::new();
        let output = child.stdout.take().context("its output is piped")?;
        BufReader::new(output).read_line(&mut ready)?;
        let ready: Value = serde_json::from_str(&ready).with_context(|| format!("local said {ready:?}"))?;
        let url = |name: &str| ready.get(name).and_then(Value::as_str).map(|url| host(url).to_owned());
        let gateway = url("url").context("no gateway")?;
        let dynamodb = url("dynamodb").context("no DynamoDB")?;
        Ok(Self { child, gateway, dynamodb })
    }

    /// Puts the links numbered `from` to `to` into the table, in batches.
    ///
    /// # Errors
    /// If one is refused.
    pub(crate) async fn fill(&self, from: usize, to: usize) -> anyhow::Result<()> {
        let next = Arc::new(AtomicUsize::new(from));
        let mut writers = JoinSet::new();
        for _ in 0..WRITERS {
            let mut connection = Connection::open(&self.dynamodb).await?;
            let next = Arc::clone(&next);
            writers.spawn(async move {
                loop {
                    let first = next.fetch_add(BATCH, Ordering::Relaxed);
                    if first >= to {
                        return anyhow::Ok(());
                    }
                    put(&mut connection, first..to.min(first + BATCH)).await?;
                }
            });
        }
        while let Some(writer) = writers.join_next().await {
            writer??;
        }
        Ok(())
    }

    /// What each kind of process has used: the service itself and the execution environments of its functions.
    pub(crate) fn usage(&self) -> Used {
        let children: Vec<Process> = processes().filter(|process| process.parent == self.child.id()).collect();
        let all = |name: &str| -> Vec<Usage> {
            children.iter().filter(|process| process.name == name).map(|process| Usage::of(process.id)).collect()
        };
        let redirectors = all("redirector");
        Used {
            local: Usage::of(self.child.id()),
            redirectors: sum(&redirectors),
            clicks: sum(&all("clicks")),
            environments: redirectors.len(),
        }
    }

    /// Ends it.
    ///
    /// # Errors
    /// If it does not end within half a minute.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            kill_process(pid, Signal::TERM)?;
        }
        for _ in 0..300 {
            if self.child.try_wait()?.is_some() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        anyhow::bail!("local does not end")
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        // After `stop` there is nothing left to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the processes of the service have used.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Used {
    /// Gateway, DAX, DynamoDB and the stream of log lines.
    pub(crate) local: Usage,
    pub(crate) redirectors: Usage,
    /// The function that counts clicks.
    pub(crate) clicks: Usage,
    /// How many redirectors run.
    pub(crate) environments: usize,
}

fn sum(usages: &[Usage]) -> Usage {
    Usage {
        cpu: usages.iter().map(|usage| usage.cpu).sum(),
        resident_bytes: usages.iter().map(|usage| usage.resident_bytes).sum(),
    }
}

async fn put(connection: &mut Connection, numbers: std::ops::Range<usize>) -> anyhow::Result<()> {
    let puts: Vec<Value> = numbers.map(|number| json!({ "PutRequest": { "Item": link(number) } })).collect();
    let body = json!({ "RequestItems": { "links": puts } }).to_string();
    let headers = [
        ("content-type", "application/x-amz-json-1.0"),
        ("x-amz-target", "DynamoDB_20120810.BatchWriteItem"),
        ("x-amz-date", "20260101T000000Z"),
        (
            "authorization",
            "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
        ),
    ];
    let (status, answer) = connection.send("POST", "/", &headers, body.into()).await?;
    ensure!(status == 200 && answer.starts_with(b"{\"Unprocessed"), "DynamoDB answered {status}: {answer:?}");
    Ok(())
}

/// A link as the writer stores it: about 200 bytes, of one of a thousand owners.
fn link(number: usize) -> Value {
    let title = "a-fairly-long-title-of-a-page-".repeat(2);
    json!({
        "id": { "S": slug(number) },
        "target": { "S": format!("https://www.example.com/articles/2026/11/{number:05}/{title}") },
        "owner": { "S": format!("owner-{}", number % 1_000) },
        "version": { "N": "1" },
        "created_at": { "N": (1_700_000_000 + number).to_string() },
        "updated_at": { "N": (1_700_000_000 + number).to_string() },
    })
}

/// The slug of a link: eight characters, as derived ones have.
pub(crate) fn slug(number: usize) -> String {
    format!("{number:08}")
}

struct Process {
    id: u32,
    parent: u32,
    name: String,
}

fn processes() -> impl Iterator<Item = Process> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| {
        let id = entry.file_name().to_str()?.parse().ok()?;
        // `ID (NAME) STATE PARENT …`
        let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
        let (name, rest) = stat.split_once('(')?.1.rsplit_once(')')?;
        let parent = rest.split_whitespace().nth(1)?.parse().ok()?;
        Some(Process { id, parent, name: name.to_owned() })
    })
}
