//! A cluster of scripted DAX nodes in memory.
//!
//! Nodes speak the real bytes over in-memory streams, so that a paused clock moves only when every task waits. What a
//! node does to an exchange is decided by a script: a function of node, method and number of the exchange.

#![allow(dead_code, reason = "each test binary uses a part of it")]

pub(crate) mod node;
pub(crate) mod wire;

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::operation::get_item::GetItemInput;
use aws_sdk_dynamodb::operation::put_item::PutItemInput;
use aws_sdk_dynamodb::operation::put_item::builders::PutItemInputBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use dax_client::{BoxFuture, Connector, Transport};
use dax_client::{Client, Config, Error};
use dax_protocol::Method;
use rustls::HandshakeKind;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use wire::Entry;

pub(crate) const HOST: &str = "cluster.test";
pub(crate) const TABLE: &str = "things";

/// The cluster as its nodes and the name service see it. Clones share everything.
#[derive(Clone)]
pub(crate) struct World(Arc<Mutex<State>>);

pub(crate) struct State {
    /// Addresses of the discovery host.
    pub(crate) dns: Vec<SocketAddr>,
    /// Whether the name service never answers.
    pub(crate) dns_hangs: bool,
    pub(crate) roster: Vec<Entry>,
    /// Key attributes of every table, all of them strings.
    pub(crate) schema: Vec<&'static str>,
    pub(crate) nodes: BTreeMap<SocketAddr, NodeState>,
    pub(crate) script: Script,
    /// How often each key was written, by any node.
    pub(crate) writes: HashMap<String, u32>,
    pub(crate) log: Vec<Event>,
    /// TLS handshakes, in order.
    pub(crate) tls: Vec<HandshakeKind>,
    /// Bytes answered while another request was unanswered, requests cut short and the like: must stay empty.
    pub(crate) violations: Vec<String>,
}

#[derive(Default)]
pub(crate) struct NodeState {
    pub(crate) down: Down,
    pub(crate) connects: usize,
    pub(crate) open: usize,
    pub(crate) exchanges: usize,
    /// Told to every connection of the node.
    pub(crate) close_idle: tokio::sync::watch::Sender<u64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Down {
    #[default]
    Up,
    Refuses,
    /// Packets vanish.
    Silent,
    /// Accepts connections and takes no byte.
    Deaf,
}

/// What a node did, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Handshake(SocketAddr),
    Authorize(SocketAddr, String),
    Request(SocketAddr, Method),
}

/// What becomes of one exchange.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Act {
    #[default]
    Answer,
    /// Closes before the request takes effect.
    CutBefore,
    /// Takes effect, sends this many bytes of the answer, closes.
    CutAfter(usize),
    /// Takes effect, answers, closes.
    AnswerThenClose,
    /// Answers after a while.
    Slow(Duration),
    /// These bytes instead of the answer; the request does not take effect.
    Say(Vec<u8>),
    /// Reads the request and never answers.
    Hang,
    /// Answers one byte at a time, with such a pause before each.
    Drip(Duration),
}

pub(crate) type Script = Arc<dyn Fn(&Exchange) -> Act + Send + Sync>;

/// An exchange that a script decides about.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    pub(crate) node: SocketAddr,
    pub(crate) method: Method,
    /// Counts the exchanges of this node from 1.
    pub(crate) number: usize,
    /// Counts the exchanges of this connection from 1.
    pub(crate) on_connection: usize,
    /// How often this method was asked before, of any node.
    pub(crate) seen: usize,
    /// Whether the connection was authorised with the present keys.
    pub(crate) authorized_by: Option<String>,
}

pub(crate) fn address(last: u8) -> SocketAddr {
    SocketAddr::new(IpAddr::from([10, 0, 0, last]), 8111)
}

impl World {
    /// Nodes 1 to `count`; node 1 leads. The discovery host resolves to all of them.
    pub(crate) fn new(count: u8) -> Self {
        let addresses: Vec<_> = (1..=count).map(address).collect();
        let zones = ["zone-a", "zone-b", "zone-c"];
        let roster = addresses
            .iter()
            .zip(zones.into_iter().cycle())
            .enumerate()
            .map(|(at, (&address, zone))| Entry { address, leader: at == 0, zone })
            .collect();
        let nodes = addresses.iter().map(|&address| (address, NodeState::default())).collect();
        Self(Arc::new(Mutex::new(State {
            dns: addresses,
            dns_hangs: false,
            roster,
            schema: vec!["pk"],
            nodes,
            script: Arc::new(|_| Act::Answer),
            writes: HashMap::new(),
            log: Vec::new(),
            tls: Vec::new(),
            violations: Vec::new(),
        })))
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    pub(crate) fn script(&self, script: impl Fn(&Exchange) -> Act + Send + Sync + 'static) {
        self.state().script = Arc::new(script);
    }

    pub(crate) fn set_down(&self, last: u8, down: Down) {
        self.state().nodes.entry(address(last)).or_default().down = down;
    }

    /// A one-node cluster that listens on a port of 127.0.0.1, with TLS if there is an acceptor.
    pub(crate) async fn listen(tls: Option<TlsAcceptor>) -> (Self, SocketAddr) {
        Self::new(0).listen_too(tls).await
    }

    /// Adds a node that listens on a port of 127.0.0.1. The first one leads.
    pub(crate) async fn listen_too(&self, tls: Option<TlsAcceptor>) -> (Self, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let world = self.clone();
        let leader = world.state().roster.is_empty();
        world.state().roster.push(Entry { address, leader, zone: "zone-a" });
        world.state().nodes.insert(address, NodeState::default());
        let served = world.clone();
        tokio::spawn(async move {
            while let Ok((stream, _peer)) = listener.accept().await {
                let (served, tls) = (served.clone(), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => node::serve(served, address, stream).await,
                        // A client that does not like the certificate ends the handshake.
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                served.state().tls.extend(stream.get_ref().1.handshake_kind());
                                node::serve(served, address, stream).await;
                            }
                        }
                    }
                });
            }
        });
        (world, address)
    }

    /// Makes the nodes in `lasts` the cluster, the first one leading; DNS says so too.
    pub(crate) fn become_cluster(&self, lasts: &[u8]) {
        let mut state = self.state();
        state.dns = lasts.iter().copied().map(address).collect();
        state.roster = lasts
            .iter()
            .enumerate()
            .map(|(at, &last)| Entry { address: address(last), leader: at == 0, zone: "zone-a" })
            .collect();
        for &last in lasts {
            state.nodes.entry(address(last)).or_default();
        }
    }

    /// Closes every connection of a node that waits for a request.
    pub(crate) fn close_idle(&self, last: u8) {
        let state = self.state();
        state.nodes[&address(last)].close_idle.send_modify(|generation| *generation += 1);
    }

    /// Requests of a kind, by node.
    pub(crate) fn requests(&self, method: Method) -> BTreeMap<SocketAddr, usize> {
        let mut counts = BTreeMap::new();
        for event in &self.state().log {
            if let Event::Request(node, asked) = event
                && *asked == method
            {
                *counts.entry(*node).or_default() += 1;
            }
        }
        counts
    }

    pub(crate) fn authorizations(&self) -> Vec<String> {
        let key = |event: &Event| match event {
            Event::Authorize(_, key) => Some(key.clone()),
            _ => None,
        };
        self.state().log.iter().filter_map(key).collect()
    }

    pub(crate) fn writes(&self, key: &str) -> u32 {
        self.state().writes.get(key).copied().unwrap_or(0)
    }

    pub(crate) fn config(&self) -> Config {
        Config::new(&format!("dax://{HOST}"))
            .unwrap()
            .region("us-east-1")
            .credentials_provider(credentials("AK1"))
            .connector(Streams(self.clone()))
            .seed(1)
    }

    pub(crate) async fn client(&self) -> Client {
        Client::connect(self.config()).await.unwrap()
    }

    #[track_caller]
    pub(crate) fn assert_sound(&self) {
        assert_eq!(self.state().violations, Vec::<String>::new());
    }
}

pub(crate) fn credentials(key: &str) -> Credentials {
    Credentials::new(key, "secret", None, None, "test")
}

pub(crate) fn get(key: &str) -> GetItemInput {
    GetItemInput::builder().table_name(TABLE).key("pk", AttributeValue::S(key.to_owned())).build().unwrap()
}

pub(crate) fn put(key: &str) -> PutItemInput {
    put_builder(key).build().unwrap()
}

/// Nodes answer it with an old item, whose list number the client does not know.
pub(crate) fn put_returning_old(key: &str) -> PutItemInput {
    put_builder(key).return_values(ReturnValue::AllOld).build().unwrap()
}

fn put_builder(key: &str) -> PutItemInputBuilder {
    PutItemInput::builder()
        .table_name(TABLE)
        .item("pk", AttributeValue::S(key.to_owned()))
        .item("v", AttributeValue::S("written".to_owned()))
}

/// Reads `key` and checks that the answer is that of this call: nodes answer with the key they were asked for.
pub(crate) async fn read(client: &Client, key: &str) -> Result<(), Error> {
    let item = client.get_item(get(key)).await?.item.unwrap();
    assert_eq!(item["echo"], AttributeValue::S(key.to_owned()), "the answer of another call");
    assert_eq!(item["pk"], AttributeValue::S(key.to_owned()));
    Ok(())
}

/// Lets spawned tasks run until all of them wait, without moving the paused clock far.
pub(crate) async fn settle() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

/// Streams to the nodes of a [`World`].
#[derive(Clone)]
struct Streams(World);

impl std::fmt::Debug for Streams {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Streams")
    }
}

impl Connector for Streams {
    fn resolve<'a>(&'a self, host: &'a str, _port: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>> {
        Box::pin(async move {
            let (addresses, hangs) = {
                let state = self.0.state();
                (state.dns.clone(), state.dns_hangs)
            };
            if hangs {
                return std::future::pending().await;
            }
            if host == HOST && !addresses.is_empty() {
                Ok(addresses)
            } else {
                Err(io::Error::new(io::ErrorKind::NotFound, "no such host"))
            }
        })
    }

    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Transport>>> {
        Box::pin(async move {
            let down = self.0.state().nodes.get(&address).map_or(Down::Silent, |node| node.down);
            match down {
                Down::Up => Ok(Box::new(node::start(self.0.clone(), address)) as Box<dyn Transport>),
                Down::Refuses => Err(io::ErrorKind::ConnectionRefused.into()),
                Down::Silent => std::future::pending().await,
                Down::Deaf => Ok(Box::new(node::deaf()) as Box<dyn Transport>),
            }
        })
    }
}
