//! How many items a second one node of the DAX server answers from its cache, over loopback, clients included.
//!
//! `cargo bench -p dax-server --bench get_item [-- SECONDS]`

use std::time::{Duration, Instant};

use anyhow::Context as _;
use aws_sdk_dynamodb::types::AttributeValue;
use dax_protocol::Method;
use dax_protocol::cbor::Writer;
use dax_server::{Backend, Cluster, ClusterConfig};
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
    let (cluster, address) = start().await?;
    // Fills the cache, and shows how long an answer is.
    let mut stream = connect(&address).await?;
    let mut answer_bytes = 0;
    for item in 0..ITEMS {
        stream.write_all(&request(item)).await?;
        let mut answer = [0; 1024];
        answer_bytes = stream.read(&mut answer).await?;
    }
    for connections in [1, 4, 16, 64] {
        let mut tasks = JoinSet::new();
        let started = Instant::now();
        for number in 0..connections {
            let stream = connect(&address).await?;
            tasks.spawn(ask(stream, number, answer_bytes, started + duration));
        }
        let mut latencies = Vec::new();
        while let Some(task) = tasks.join_next().await {
            latencies.extend(task??);
        }
        report(connections, started.elapsed(), latencies)?;
    }
    cluster.stop().await;
    Ok(())
}

async fn start() -> anyhow::Result<(Cluster, String)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let endpoint = format!("http://{}", listener.local_addr()?);
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
    Ok((cluster, address))
}

fn id(item: usize) -> String {
    format!("item{item:04}")
}

async fn connect(address: &str) -> anyhow::Result<TcpStream> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut hello = Vec::new();
    let mut writer = Writer::new(&mut hello);
    writer.text("J7yne5G");
    writer.uint(0);
    writer.bytes(&[7; 16]);
    writer.map(0);
    writer.uint(0);
    stream.write_all(&hello).await?;
    Ok(stream)
}

fn request(item: usize) -> Vec<u8> {
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

/// Asks for one item after another until `end`, and returns how long each took.
async fn ask(mut stream: TcpStream, number: usize, answer_bytes: usize, end: Instant) -> anyhow::Result<Vec<Duration>> {
    let mut answer = vec![0; answer_bytes];
    let mut latencies = Vec::new();
    for item in (0..ITEMS).cycle().skip(number * 7) {
        let asked = Instant::now();
        if asked >= end {
            break;
        }
        stream.write_all(&request(item)).await?;
        stream.read_exact(&mut answer).await?;
        latencies.push(asked.elapsed());
    }
    Ok(latencies)
}

#[expect(clippy::print_stdout, reason = "the figures are what this program is for")]
fn report(connections: usize, took: Duration, mut latencies: Vec<Duration>) -> anyhow::Result<()> {
    latencies.sort_unstable();
    let at = |percent: usize| latencies.get(latencies.len() * percent / 100).copied().context("no answers");
    let per_second = f64::from(u32::try_from(latencies.len())?) / took.as_secs_f64();
    println!("{connections:>3} connections: {per_second:>8.0} items/s, p50 {:?}, p99 {:?}", at(50)?, at(99)?);
    Ok(())
}
