//! How many items a second one node of the DAX server answers from its cache, over loopback, and how many the embedded
//! DynamoDB does, which has to find them in its table.
//!
//! All requests come from one thread. "A core" is the rate by the CPU time of all the others, which are the server's.
//!
//! `cargo bench -p dax-server --bench get_item [-- SECONDS]`

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use aws_sdk_dynamodb::types::AttributeValue;
use dax_protocol::Method;
use dax_protocol::cbor::Writer;
use dax_server::{Backend, Cluster, ClusterConfig};
use rustix::time::{ClockId, clock_gettime};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

const ITEMS: usize = 1000;
/// Of the attribute besides the key: about a link.
const VALUE_BYTES: usize = 100;

fn main() -> anyhow::Result<()> {
    // Cargo itself adds `--bench`.
    let seconds = std::env::args().skip(1).find_map(|argument| argument.parse().ok());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(run(Duration::from_secs(seconds.unwrap_or(3))))
}

async fn run(duration: Duration) -> anyhow::Result<()> {
    let (cluster, dax, dynamodb) = start().await?;
    for connections in [1, 4, 16, 64] {
        for (server, protocol, address) in [("DAX", Protocol::Dax, &dax), ("DynamoDB", Protocol::Http, &dynamodb)] {
            let address = address.clone();
            let client = thread::spawn(move || load(protocol, &address, connections, duration));
            // The cluster runs on while this waits.
            let outcome = tokio::task::spawn_blocking(move || client.join()).await?;
            report(server, connections, outcome.map_err(|_panic| anyhow::anyhow!("the client panicked"))??)?;
        }
    }
    cluster.stop().await;
    Ok(())
}

#[derive(Debug, Clone, Copy)]
enum Protocol {
    Dax,
    Http,
}

/// What the client saw.
struct Outcome {
    took: Duration,
    /// CPU time of the process without the client's thread.
    server_cpu: Duration,
    latencies: Vec<Duration>,
}

fn load(protocol: Protocol, address: &str, connections: usize, duration: Duration) -> anyhow::Result<Outcome> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        // Fills the cache, and warms up.
        ask(connect(protocol, address).await?, protocol, 0, None).await?;
        let mut tasks = JoinSet::new();
        let started = Instant::now();
        let cpu = server_cpu();
        for number in 0..connections {
            let stream = connect(protocol, address).await?;
            tasks.spawn(ask(stream, protocol, number, Some(started + duration)));
        }
        let mut latencies = Vec::new();
        while let Some(task) = tasks.join_next().await {
            latencies.extend(task??);
        }
        Ok(Outcome { took: started.elapsed(), server_cpu: server_cpu().saturating_sub(cpu), latencies })
    })
}

/// CPU time of this process without that of this thread.
fn server_cpu() -> Duration {
    let time = |clock| {
        let time = clock_gettime(clock);
        Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
    };
    time(ClockId::ProcessCPUTime).saturating_sub(time(ClockId::ThreadCPUTime))
}

/// The cluster, and the addresses of its node and of the DynamoDB behind it.
async fn start() -> anyhow::Result<(Cluster, String, String)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let behind = listener.local_addr()?.to_string();
    let endpoint = format!("http://{behind}");
    let database = dynoxide::Database::memory()?;
    let json = serde_json::json!({
        "TableName": "Links",
        "KeySchema": [{ "AttributeName": "id", "KeyType": "HASH" }],
        "AttributeDefinitions": [{ "AttributeName": "id", "AttributeType": "S" }],
        "BillingMode": "PAY_PER_REQUEST",
    });
    database.create_table(serde_json::from_value(json)?)?;
    tokio::spawn(dynoxide::server::serve_with_shutdown(listener, database, std::future::pending()));
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(aws_sdk_dynamodb::config::BehaviorVersion::latest())
        .endpoint_url(&endpoint)
        .region(aws_sdk_dynamodb::config::Region::new("us-east-1"))
        .credentials_provider(aws_sdk_dynamodb::config::Credentials::new("local", "local", None, None, "bench"))
        .http_client(aws_smithy_http_client::Builder::new().build_http());
    let dynamodb = aws_sdk_dynamodb::Client::from_conf(config.build());
    for item in 0..ITEMS {
        let put = dynamodb.put_item().table_name("Links").item("id", AttributeValue::S(id(item)));
        put.item("target", AttributeValue::S("x".repeat(VALUE_BYTES))).send().await?;
    }
    let cluster = ClusterConfig::new(Backend::local(endpoint)).start().await?;
    let endpoint = cluster.endpoints().into_iter().next().context("one node")?;
    let address = endpoint.strip_prefix("dax://").context("plain")?.to_owned();
    Ok((cluster, address, behind))
}

fn id(item: usize) -> String {
    format!("item{item:04}")
}

async fn connect(protocol: Protocol, address: &str) -> anyhow::Result<TcpStream> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    if let Protocol::Dax = protocol {
        stream.write_all(&hello()).await?;
    }
    Ok(stream)
}

fn hello() -> Vec<u8> {
    let mut hello = Vec::new();
    let mut writer = Writer::new(&mut hello);
    writer.text("J7yne5G");
    writer.uint(0);
    writer.bytes(&[7; 16]);
    writer.map(0);
    writer.uint(0);
    hello
}

fn request(protocol: Protocol, item: usize) -> Vec<u8> {
    match protocol {
        Protocol::Dax => dax_request(item),
        Protocol::Http => http_request(item),
    }
}

fn http_request(item: usize) -> Vec<u8> {
    let body = serde_json::json!({ "TableName": "Links", "Key": { "id": { "S": id(item) } } }).to_string();
    let credential = "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request";
    format!(
        "POST / HTTP/1.1\r\nhost: localhost\r\nx-amz-target: DynamoDB_20120810.GetItem\r\n\
         content-type: application/x-amz-json-1.0\r\nx-amz-date: 20260101T000000Z\r\n\
         authorization: {credential}, SignedHeaders=host, Signature=0\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn dax_request(item: usize) -> Vec<u8> {
    let mut request = Vec::new();
    let mut writer = Writer::new(&mut request);
    writer.uint(1);
    writer.int(i64::from(Method::GetItem.id()));
    writer.bytes(b"Links");
    writer.bytes(id(item).as_bytes());
    writer.open_map();
    writer.close();
    request
}

/// Asks for one item after another until `end`, or once for each, and returns how long each answer took.
async fn ask(
    mut stream: TcpStream,
    protocol: Protocol,
    number: usize,
    end: Option<Instant>,
) -> anyhow::Result<Vec<Duration>> {
    let mut latencies = Vec::new();
    let mut buffer = vec![0; 4096];
    for item in (0..ITEMS).cycle().skip(number * 7) {
        let asked = Instant::now();
        let is_over = end.map_or(latencies.len() == ITEMS, |end| asked >= end);
        if is_over {
            break;
        }
        stream.write_all(&request(protocol, item)).await?;
        let mut filled = 0;
        while !is_answer(protocol, buffer.get(..filled).unwrap_or_default()) {
            let read = stream.read(buffer.get_mut(filled..).unwrap_or_default()).await?;
            anyhow::ensure!(read > 0, "the server closed the connection");
            filled += read;
        }
        latencies.push(asked.elapsed());
    }
    Ok(latencies)
}

/// Whether the bytes are a whole answer. Each has the value of the one attribute at or near its end.
fn is_answer(protocol: Protocol, bytes: &[u8]) -> bool {
    let end: &[u8] = match protocol {
        Protocol::Dax => b"xxxx\xff",
        Protocol::Http => b"}",
    };
    bytes.ends_with(end) && bytes.windows(VALUE_BYTES).any(|window| window.iter().all(|byte| *byte == b'x'))
}

#[expect(clippy::print_stdout, reason = "the figures are what this program is for")]
fn report(server: &str, connections: usize, outcome: Outcome) -> anyhow::Result<()> {
    let Outcome { took, server_cpu, mut latencies } = outcome;
    latencies.sort_unstable();
    let at = |percent: usize| latencies.get(latencies.len() * percent / 100).copied().context("no answers");
    let items = f64::from(u32::try_from(latencies.len())?);
    let (rate, of_a_core) = (items / took.as_secs_f64(), items / server_cpu.as_secs_f64());
    let (median, slow) = (at(50)?, at(99)?);
    println!(
        "| {server} | {connections} connections | {rate:.0} items/s | {of_a_core:.0} a core | p50 {median:?} | p99 {slow:?} |"
    );
    Ok(())
}
