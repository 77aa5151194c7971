//! The accept loop of the control endpoint.

use std::{convert::Infallible, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::{
    net::TcpListener,
    sync::{Semaphore, watch},
    task::JoinSet,
    time::timeout,
};

/// Connections open at a time; further clients wait in the listen backlog.
const MAX_CONNECTIONS: usize = 256;
/// Time for the head of a request to arrive, which is also how long a connection may idle.
const HEAD_DEADLINE: Duration = Duration::from_secs(60);
/// Largest head of a request; hyper answers 431 above it.
const MAX_HEAD_BYTES: usize = 64 << 10;
/// Pause after a connection could not be accepted, for instance for lack of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Time that open requests get to finish once the endpoint stops.
const GRACE: Duration = Duration::from_secs(2);

/// Accepts connections and answers their requests until `stop` becomes true or its sender is dropped.
pub(crate) async fn serve<F, R>(listener: TcpListener, mut stop: watch::Receiver<bool>, respond: F)
where
    F: Fn(Request<Incoming>) -> R + Clone + Send + 'static,
    R: Future<Output = Response<Full<Bytes>>> + Send,
{
    let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    let stopped = stop.wait_for(|stop| *stop);
    tokio::pin!(stopped);
    loop {
        while connections.try_join_next().is_some() {}
        let accepted = async {
            let slot = Arc::clone(&slots).acquire_owned().await;
            (slot, listener.accept().await)
        };
        let (slot, accepted) = tokio::select! {
            _ = &mut stopped => break,
            accepted = accepted => accepted,
        };
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        // Without it a delayed ACK adds 40 ms to every second response. If it fails, so does the connection.
        _ = stream.set_nodelay(true);
        let respond = respond.clone();
        let service = service_fn(move |request| {
            let response = respond(request);
            async move { Ok::<_, Infallible>(response.await) }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_DEADLINE)
            .max_buf_size(MAX_HEAD_BYTES)
            .serve_connection(TokioIo::new(stream), service);
        let connection = graceful.watch(connection);
        connections.spawn(async move {
            // It fails if the client breaks off or does not speak HTTP, and then there is nobody to tell.
            _ = connection.await;
            drop(slot);
        });
    }
    drop(listener);
    // Connections still open after the grace period are aborted with `connections`.
    _ = timeout(GRACE, graceful.shutdown()).await;
}
