//! Where connections come from. Everything above this file sees byte streams and addresses only, so a test, a tunnel
//! or a proxy can put its own streams here.

use std::fmt;
use std::future::Future;
use std::io;
use std::mem::MaybeUninit;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// A future in a box, as object-safe traits return it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A source of connections: names to addresses, addresses to byte streams.
///
/// The default is the system resolver and TCP. TLS is put on top of the returned stream for `daxs://` endpoints. The
/// caller bounds both methods with the connect timeout.
pub trait Connector: fmt::Debug + Send + Sync + 'static {
    /// All addresses of a discovery host.
    ///
    /// # Errors
    /// As the resolver reports them.
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>>;

    /// A stream to one node.
    ///
    /// # Errors
    /// As the transport reports them.
    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Transport>>>;
}

/// A byte stream to a node.
pub trait Transport: AsyncRead + AsyncWrite + fmt::Debug + Send + Unpin + 'static {
    /// What has become of a stream while it was idle. Must not wait.
    fn idle_state(&mut self) -> IdleState;
}

/// What an idle stream holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum IdleState {
    /// Nothing: it can take a request.
    Quiet,
    /// Unsolicited bytes.
    Unread,
    /// The peer has closed it.
    Closed,
}

impl Transport for Box<dyn Transport> {
    fn idle_state(&mut self) -> IdleState {
        (**self).idle_state()
    }
}

/// An in-memory stream, for tests of this crate and of programs built on it.
impl Transport for tokio::io::DuplexStream {
    fn idle_state(&mut self) -> IdleState {
        try_read(self)
    }
}

impl Transport for TcpStream {
    fn idle_state(&mut self) -> IdleState {
        // Asks the kernel, not the runtime: after an environment was frozen and thawed the runtime has not yet heard
        // that the peer went away meanwhile.
        let mut byte = [MaybeUninit::uninit()];
        match SockRef::from(&*self).peek(&mut byte) {
            Ok(1..) => IdleState::Unread,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => IdleState::Quiet,
            Ok(0) | Err(_) => IdleState::Closed,
        }
    }
}

/// Tries to read one byte, without waiting. Good for streams that are dropped unless they are quiet.
pub(crate) fn try_read(stream: &mut (impl AsyncRead + Unpin)) -> IdleState {
    let mut byte = [0];
    let mut buffer = ReadBuf::new(&mut byte);
    match pin!(stream).poll_read(&mut Context::from_waker(Waker::noop()), &mut buffer) {
        Poll::Pending => IdleState::Quiet,
        Poll::Ready(Ok(())) if !buffer.filled().is_empty() => IdleState::Unread,
        Poll::Ready(_) => IdleState::Closed,
    }
}

/// TCP with the system's resolver.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tcp;

/// Finds peers that vanished without a word while a connection was idle; the first probe is sent after this time.
const KEEPALIVE: Duration = Duration::from_secs(30);

impl Connector for Tcp {
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>> {
        Box::pin(async move { Ok(tokio::net::lookup_host((host, port)).await?.collect()) })
    }

    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Transport>>> {
        Box::pin(async move {
            let stream = TcpStream::connect(address).await?;
            // Requests are single small writes and each waits for its answer: nothing to coalesce.
            stream.set_nodelay(true)?;
            let keepalive = TcpKeepalive::new().with_time(KEEPALIVE);
            SockRef::from(&stream).set_tcp_keepalive(&keepalive)?;
            Ok(Box::new(stream) as Box<dyn Transport>)
        })
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpListener;

    use super::*;

    async fn pair() -> (Box<dyn Transport>, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (client, server) = tokio::join!(Tcp.connect(address), listener.accept());
        (client.unwrap(), server.unwrap().0)
    }

    async fn once_not_quiet(stream: &mut Box<dyn Transport>) -> IdleState {
        tokio::time::timeout(Duration::from_secs(5), async {
            while stream.idle_state() == IdleState::Quiet {
                tokio::task::yield_now().await;
            }
        })
        .await
        .unwrap();
        stream.idle_state()
    }

    #[tokio::test]
    async fn an_idle_stream_is_quiet_until_the_peer_closes_or_speaks() {
        let (mut client, server) = pair().await;
        assert_eq!(client.idle_state(), IdleState::Quiet);
        drop(server);
        assert_eq!(once_not_quiet(&mut client).await, IdleState::Closed);

        let (mut client, mut server) = pair().await;
        server.write_all(b"?").await.unwrap();
        assert_eq!(once_not_quiet(&mut client).await, IdleState::Unread);
    }
}
