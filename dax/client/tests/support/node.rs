//! One connection of a scripted node.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use dax_client::{IdleState, Transport};
use dax_protocol::Method;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf};
use tokio::sync::watch;

use super::{Act, Event, Exchange, World, wire};

/// Number of the list `["echo"]`.
const ECHO_LIST: i64 = 191_068;
/// Number of any other list: the nodes do not look into items.
const OTHER_LIST: i64 = 191_069;

/// An optional-parameter map without parameters.
const EMPTY_OPTIONS: &[u8] = &[0xbf, 0xff];

/// Opens a connection to the node and returns the client's end.
pub(crate) fn start(world: World, node: SocketAddr) -> DuplexStream {
    let (client, server) = tokio::io::duplex(64 << 10);
    tokio::spawn(serve(world, node, server));
    client
}

/// The client's end of a connection that takes no byte and gives none.
pub(crate) fn deaf() -> Deaf {
    Deaf(())
}

#[derive(Debug)]
pub(crate) struct Deaf(());

impl AsyncRead for Deaf {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

impl AsyncWrite for Deaf {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Pending
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

impl Transport for Deaf {
    fn idle_state(&mut self) -> IdleState {
        IdleState::Quiet
    }
}

/// Serves one connection until it is closed.
pub(crate) async fn serve(world: World, node: SocketAddr, stream: impl AsyncRead + AsyncWrite + Unpin) {
    let close_idle = {
        let mut state = world.state();
        let node = state.nodes.get_mut(&node).unwrap();
        node.connects += 1;
        node.open += 1;
        node.close_idle.subscribe()
    };
    let mut serving =
        Serving { stream, received: Vec::new(), world: world.clone(), node, authorized_by: None, exchanges: 0 };
    serving.run(close_idle).await;
    world.state().nodes.get_mut(&node).unwrap().open -= 1;
}

struct Serving<S> {
    stream: S,
    received: Vec<u8>,
    world: World,
    node: SocketAddr,
    authorized_by: Option<String>,
    exchanges: usize,
}

/// The connection is over.
struct Closed;

impl<S: AsyncRead + AsyncWrite + Unpin> Serving<S> {
    async fn run(&mut self, mut close_idle: watch::Receiver<u64>) {
        close_idle.mark_unchanged();
        loop {
            if let Some(length) = wire::handshake(&self.received) {
                self.received.drain(..length);
                self.world.state().log.push(Event::Handshake(self.node));
                break;
            }
            if self.receive(&mut close_idle).await.is_err() {
                return;
            }
        }
        loop {
            while let Some((method, arguments, length)) = wire::request(&self.received) {
                self.received.drain(..length);
                if self.serve(method, &arguments).await.is_err() {
                    return;
                }
            }
            if self.receive(&mut close_idle).await.is_err() {
                return;
            }
        }
    }

    async fn receive(&mut self, close_idle: &mut watch::Receiver<u64>) -> Result<(), Closed> {
        let mut chunk = [0; 4096];
        let read = tokio::select! {
            read = self.stream.read(&mut chunk) => read.map_err(|_gone| Closed)?,
            _ = close_idle.changed() => return Err(Closed),
        };
        self.received.extend_from_slice(&chunk[..read]);
        if read == 0 { Err(Closed) } else { Ok(()) }
    }

    async fn serve(&mut self, method: Method, arguments: &[Vec<u8>]) -> Result<(), Closed> {
        if method == Method::AuthorizeConnection {
            let key = wire::text(&arguments[0]);
            self.world.state().log.push(Event::Authorize(self.node, key.clone()));
            self.authorized_by = Some(key);
            return Ok(());
        }
        match self.decide(method) {
            Act::Answer => self.say(&self.answer(method, arguments)).await,
            Act::CutBefore => Err(Closed),
            Act::CutAfter(bytes) => {
                let answer = self.answer(method, arguments);
                self.say(&answer[..bytes.min(answer.len() - 1)]).await?;
                Err(Closed)
            }
            Act::AnswerThenClose => {
                self.say(&self.answer(method, arguments)).await?;
                Err(Closed)
            }
            Act::Slow(time) => {
                let answer = self.answer(method, arguments);
                tokio::time::sleep(time).await;
                if !self.received.is_empty() {
                    self.world.state().violations.push(format!("{method} and a further request before its answer"));
                }
                self.say(&answer).await
            }
            Act::Say(bytes) => self.say(&bytes).await,
            Act::Drip(pause) => {
                for byte in self.answer(method, arguments) {
                    tokio::time::sleep(pause).await;
                    self.say(&[byte]).await?;
                }
                Ok(())
            }
            Act::Hang => {
                // Until the client gives up.
                let mut end = [0; 1];
                let more = self.stream.read(&mut end).await;
                if matches!(more, Ok(1..)) {
                    self.world.state().violations.push(format!("{method} and a further request before its answer"));
                }
                Err(Closed)
            }
        }
    }

    fn decide(&mut self, method: Method) -> Act {
        self.exchanges += 1;
        let (script, exchange) = {
            let mut state = self.world.state();
            let asked = |event: &&Event| matches!(event, Event::Request(_, other) if *other == method);
            let seen = state.log.iter().filter(asked).count();
            state.log.push(Event::Request(self.node, method));
            let node = state.nodes.get_mut(&self.node).unwrap();
            node.exchanges += 1;
            let number = node.exchanges;
            let exchange = Exchange {
                node: self.node,
                method,
                number,
                on_connection: self.exchanges,
                seen,
                authorized_by: self.authorized_by.clone(),
            };
            (state.script.clone(), exchange)
        };
        script(&exchange)
    }

    async fn say(&mut self, bytes: &[u8]) -> Result<(), Closed> {
        self.stream.write_all(bytes).await.map_err(|_gone| Closed)?;
        self.stream.flush().await.map_err(|_gone| Closed)
    }

    /// Does what is asked.
    fn answer(&self, method: Method, arguments: &[Vec<u8>]) -> Vec<u8> {
        match method {
            Method::Endpoints => wire::roster(&self.world.state().roster),
            Method::DefineKeySchema => wire::key_schema(&self.world.state().schema),
            Method::DefineAttributeListId => wire::success(|writer| writer.int(OTHER_LIST)),
            Method::DefineAttributeList => wire::success(|writer| {
                writer.array(1);
                writer.text("echo");
            }),
            Method::GetItem => wire::item(ECHO_LIST, &key(arguments)),
            Method::PutItem => {
                *self.world.state().writes.entry(key(arguments)).or_default() += 1;
                let returns_old = arguments[3] != EMPTY_OPTIONS;
                if returns_old { wire::old_item(ECHO_LIST) } else { wire::nothing() }
            }
            _ => wire::error(&[4, 37, 38, 44], "the scripted node does not do this"),
        }
    }
}

/// The key of a table with a string hash key: its bare bytes.
fn key(arguments: &[Vec<u8>]) -> String {
    String::from_utf8(wire::bytes(&arguments[1])).unwrap()
}
