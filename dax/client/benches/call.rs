//! What a call costs: `GetItem` through the client, and through an SDK client on top of it, compared with a bare
//! exchange of the same bytes over tokio; one call after the other, and many at once.
//!
//! One peer on loopback answers all of them with canned bytes. Client and peer share one core, because waking another
//! one would cost more than the call; what is counted is the CPU time of the client's thread only. The contenders
//! take turns, so that a busy machine is as bad for each.
//!
//! ```text
//! cargo bench -p dax-client --bench call
//! cargo bench -p dax-client --bench call -- --only client --calls 20000     # for valgrind --tool=callgrind
//! ```

#![allow(clippy::print_stdout, reason = "a program that prints a table")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a benchmark that fails stops")]

#[path = "../tests/support/wire.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod wire;

use std::alloc::System;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream as StdStream};
use std::time::Duration;

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::operation::get_item::GetItemInput;
use aws_sdk_dynamodb::types::AttributeValue;
use dax_client::{Client, Config, Refresh};
use dax_protocol::Method;
use rustix::thread::{CpuSet, sched_setaffinity};
use rustix::time::{ClockId, clock_gettime};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region as AllocRegion, StatsAlloc};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const TABLE: &str = "links";
const SLUG: &str = "k3v9x2ab";
const LIST: i64 = 191_068;

/// An answer of the size that a short link has: about 200 bytes.
fn canned_answer() -> Vec<u8> {
    let target = format!("https://example.com/{}", "a-path-of-some-length/".repeat(6));
    wire::success(|writer| {
        writer.open_map();
        writer.uint(0);
        let nested: Result<(), ()> = writer.nested(|item| {
            item.int(LIST);
            item.uint(1_795_394_604);
            item.text("owner-7");
            item.text(&target);
            Ok(())
        });
        nested.unwrap();
        writer.close();
    })
}

fn answer(method: Method, address: SocketAddr, item: &[u8]) -> Option<Vec<u8>> {
    Some(match method {
        Method::AuthorizeConnection => return None,
        Method::Endpoints => wire::roster(&[wire::Entry { address, leader: true, zone: "us-east-1a" }]),
        Method::DefineKeySchema => wire::success(|writer| {
            writer.map(1);
            writer.text("id");
            writer.text("S");
        }),
        Method::DefineAttributeList => wire::success(|writer| {
            writer.array(3);
            writer.text("created");
            writer.text("owner");
            writer.text("target");
        }),
        _ => item.to_vec(),
    })
}

/// Serves each connection in a separate thread. The one for the bare exchange has no handshake.
fn start_peer() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            std::thread::spawn(move || serve(stream.unwrap(), address));
        }
    });
    address
}

fn serve(mut stream: StdStream, address: SocketAddr) {
    stream.set_nodelay(true).unwrap();
    let (request, item) = (request_bytes(), canned_answer());
    let mut received = Vec::new();
    let mut chunk = [0; 4096];
    let mut shaken = false;
    loop {
        let Ok(read @ 1..) = stream.read(&mut chunk) else {
            return;
        };
        // Without an allocation, so that all that are counted are the client's.
        if received.is_empty() && chunk[..read] == request {
            stream.write_all(&item).unwrap();
            continue;
        }
        received.extend_from_slice(&chunk[..read]);
        if !shaken && received[0] != 1 {
            let Some(length) = wire::handshake(&received) else {
                continue;
            };
            received.drain(..length);
        }
        shaken = true;
        while let Some((method, _arguments, length)) = wire::request(&received) {
            received.drain(..length);
            if let Some(answer) = answer(method, address, &item) {
                stream.write_all(&answer).unwrap();
            }
        }
    }
}

fn input() -> GetItemInput {
    GetItemInput::builder().table_name(TABLE).key("id", AttributeValue::S(SLUG.to_owned())).build().unwrap()
}

/// The bytes of the request, as the client sends them.
fn request_bytes() -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer = dax_protocol::cbor::Writer::new(&mut out);
    writer.uint(dax_protocol::SERVICE);
    writer.int(i64::from(Method::GetItem.id()));
    writer.bytes(TABLE.as_bytes());
    writer.bytes(SLUG.as_bytes());
    writer.open_map();
    writer.close();
    out
}

fn credentials() -> Credentials {
    Credentials::new("AKID", "secret", None, None, "bench")
}

fn config(address: SocketAddr) -> Config {
    Config::new(&format!("dax://{address}"))
        .unwrap()
        .region("us-east-1")
        .credentials_provider(credentials())
        .refresh(Refresh::OnUse(Duration::from_secs(3600)))
}

/// One that calls: each has its own socket for the bare exchange, and all share one client.
struct Caller {
    bare: TcpStream,
    request: Vec<u8>,
    answer_bytes: usize,
    buffer: Vec<u8>,
    client: Client,
    sdk: aws_sdk_dynamodb::Client,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Bare,
    Client,
    Sdk,
}

const KINDS: [(Kind, &str); 3] = [(Kind::Bare, "bare"), (Kind::Client, "client"), (Kind::Sdk, "sdk")];

/// Callers at once, and who is compared there.
const CROWDS: [(usize, &[Kind]); 3] =
    [(1, &[Kind::Bare, Kind::Client, Kind::Sdk]), (8, &[Kind::Bare, Kind::Client]), (64, &[Kind::Bare, Kind::Client])];

impl Caller {
    async fn connect(address: SocketAddr, client: Client) -> Self {
        let bare = TcpStream::connect(address).await.unwrap();
        bare.set_nodelay(true).unwrap();
        let sdk = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(credentials())
            .build();
        Self {
            bare,
            request: request_bytes(),
            answer_bytes: canned_answer().len(),
            buffer: vec![0; 4096],
            sdk: client.to_sdk_client(&sdk),
            client,
        }
    }

    async fn call(&mut self, kind: Kind) {
        match kind {
            Kind::Bare => {
                self.bare.write_all(&self.request).await.unwrap();
                let mut received = 0;
                while received < self.answer_bytes {
                    received += self.bare.read(&mut self.buffer).await.unwrap();
                }
            }
            Kind::Client => {
                let item = self.client.get_item(input()).await.unwrap().item.unwrap();
                assert!(item.len() == 4);
            }
            Kind::Sdk => {
                let key = AttributeValue::S(SLUG.to_owned());
                let output = self.sdk.get_item().table_name(TABLE).key("id", key).send().await.unwrap();
                assert!(output.item.unwrap().len() == 4);
            }
        }
    }

    async fn calls(mut self, kind: Kind, calls: u32) -> Self {
        for _ in 0..calls {
            self.call(kind).await;
        }
        self
    }
}

/// CPU time of this thread and allocations, per call.
async fn measure(callers: &mut Vec<Caller>, kind: Kind, calls: u32) -> (f64, f64) {
    let each = calls / u32::try_from(callers.len()).unwrap();
    let made = f64::from(each) * callers.len() as f64;
    let (cpu, region) = (thread_cpu(), AllocRegion::new(ALLOCATOR));
    let mut running: JoinSet<_> = callers.drain(..).map(|caller| caller.calls(kind, each)).collect();
    while let Some(caller) = running.join_next().await {
        callers.push(caller.unwrap());
    }
    let (spent, allocated) = (thread_cpu() - cpu, region.change());
    (spent.as_nanos() as f64 / made / 1e3, allocated.allocations as f64 / made)
}

fn thread_cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() {
    let arguments: Vec<_> = std::env::args().collect();
    let option =
        |name: &str| arguments.iter().position(|argument| argument == name).map(|at| arguments[at + 1].as_str());
    let calls: u32 = option("--calls").map_or(20_000, |text| text.parse().unwrap());
    let rounds: u32 = option("--rounds").map_or(9, |text| text.parse().unwrap());
    let only = option("--only").map(|name| KINDS.iter().find(|(_, known)| *known == name).unwrap().0);

    let mut one_core = CpuSet::new();
    one_core.set(0);
    sched_setaffinity(None, &one_core).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let address = start_peer();
        let client = Client::connect(config(address)).await.unwrap();
        if let Some(kind) = only {
            Caller::connect(address, client).await.calls(kind, calls).await;
            return;
        }
        for (crowd, kinds) in CROWDS {
            let mut callers = Vec::new();
            for _ in 0..crowd {
                callers.push(Caller::connect(address, client.clone()).await);
            }
            compare(&mut callers, kinds, calls, rounds).await;
        }
        println!("start-up: {:.0} us CPU", start_up(address, 200).await);
    });
}

/// What a start-up costs: find the cluster, connect, authorise, learn the nodes.
async fn start_up(address: SocketAddr, times: u32) -> f64 {
    let cpu = thread_cpu();
    for _ in 0..times {
        let client = Client::connect(config(address)).await.unwrap();
        assert_eq!(client.stats().nodes.len(), 1);
    }
    (thread_cpu() - cpu).as_nanos() as f64 / f64::from(times) / 1e3
}

async fn compare(callers: &mut Vec<Caller>, kinds: &[Kind], calls: u32, rounds: u32) {
    let mut cpu = vec![Vec::new(); kinds.len()];
    let mut allocations = vec![0.0; kinds.len()];
    for round in 0..=rounds {
        for (at, kind) in kinds.iter().enumerate() {
            let (micros, allocated) = measure(callers, *kind, calls).await;
            allocations[at] = allocated;
            // The first round warms up.
            if round > 0 {
                cpu[at].push(micros);
            }
        }
    }
    let (request, answer) = (callers[0].request.len(), callers[0].answer_bytes);
    println!("GetItem, {} at once, {calls} calls x {rounds} rounds, {request} bytes out, {answer} back", callers.len());
    println!("{:<8} {:>12} {:>8} {:>16}", "", "CPU us/call", "ratio", "allocations/call");
    for (at, kind) in kinds.iter().enumerate() {
        let name = KINDS.iter().find(|(known, _)| known == kind).unwrap().1;
        let ratios = cpu[at].iter().zip(&cpu[0]).map(|(mine, bare)| mine / bare).collect();
        println!("{name:<8} {:>12.2} {:>8.2} {:>16.1}", median(cpu[at].clone()), median(ratios), allocations[at]);
    }
}
