//! Accepts the connections of a node.

use std::{sync::Arc, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::timeout,
};
use tokio_rustls::TlsAcceptor;

use super::{
    counters::count,
    node::Node,
    session::{End, Session},
    shared::Shared,
};

/// A TLS handshake takes at most this long.
const TLS_DEADLINE: Duration = Duration::from_secs(10);
/// Pause after a connection could not be accepted, for instance for lack of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Speaks TLS.
#[derive(Clone)]
pub(super) struct Acceptor(pub(super) TlsAcceptor);

impl std::fmt::Debug for Acceptor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Acceptor").finish_non_exhaustive()
    }
}

/// What it takes to serve the connections of a node.
#[derive(Debug)]
pub(super) struct Host {
    pub(super) shared: Arc<Shared>,
    pub(super) node: Arc<Node>,
    pub(super) acceptor: Option<Acceptor>,
    pub(super) max_connections: usize,
}

impl Host {
    /// Serves connections until the node is stopped; then breaks them.
    pub(super) async fn run(self, listener: TcpListener) {
        let mut connections = JoinSet::new();
        let stopped = self.node.stopped();
        tokio::pin!(stopped);
        loop {
            let accepted = async {
                self.node.thawed().await;
                listener.accept().await
            };
            tokio::select! {
                () = &mut stopped => break,
                Some(_) = connections.join_next() => {}
                accepted = accepted => match accepted {
                    Ok((stream, _)) if connections.len() < self.max_connections => {
                        count(&self.node.tally.connections);
                        connections.spawn(self.connection(stream));
                    }
                    // Too many: closed at once.
                    Ok(_) => {}
                    Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
                },
            }
        }
        drop(listener);
        connections.shutdown().await;
    }

    fn connection(&self, stream: TcpStream) -> impl Future<Output = ()> + use<> {
        let (shared, node, acceptor) = (Arc::clone(&self.shared), Arc::clone(&self.node), self.acceptor.clone());
        async move {
            let reached = stream.local_addr().ok().map(|address| address.ip().to_canonical());
            node.thawed().await;
            // A connection that cannot have its options set is about to fail anyway.
            _ = stream.set_nodelay(true);
            let Some(Acceptor(acceptor)) = acceptor else {
                let (stream, end) = Session::new(stream, shared, node, reached).run().await;
                finish(&stream, &end);
                return;
            };
            if let Ok(Ok(stream)) = timeout(TLS_DEADLINE, acceptor.accept(stream)).await {
                let (stream, end) = Session::new(stream, shared, node, reached).run().await;
                finish(stream.get_ref().0, &end);
            }
        }
    }
}

/// Dropping the stream closes it; a reset has to be asked for.
fn finish(stream: &TcpStream, end: &End) {
    if *end == End::Reset {
        _ = stream.set_zero_linger();
    }
}
