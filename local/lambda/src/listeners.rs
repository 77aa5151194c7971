//! The two ports of a platform.

use std::io;
use std::net::SocketAddr;

use loopback_guard::bind;
use tokio::net::TcpListener;

/// The bound ports of a [`Platform`](crate::Platform) that has yet to start, for functions whose environment depends
/// on the ports.
#[derive(Debug)]
pub struct Listeners {
    pub(crate) gateway: Listener,
    pub(crate) lambda: Listener,
}

/// A listener and the address it is bound to.
#[derive(Debug)]
pub(crate) struct Listener {
    pub(crate) socket: TcpListener,
    pub(crate) address: SocketAddr,
}

/// One of the ports of a platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Port {
    /// The HTTP gateway.
    Gateway,
    /// Lambda's Invoke API.
    Lambda,
}

/// A port cannot be bound, most often because another program uses it.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on 127.0.0.1:{number}")]
#[non_exhaustive]
pub struct BindError {
    /// Which port.
    pub port: Port,
    /// Its number as requested.
    pub number: u16,
    /// The system's reason.
    #[source]
    pub source: io::Error,
}

impl Listeners {
    /// Binds the ports of the gateway and of the Invoke API on 127.0.0.1. 0 picks any free port.
    ///
    /// # Errors
    /// [`BindError`] for the first port that cannot be bound.
    pub async fn bind(gateway: u16, lambda: u16) -> Result<Self, BindError> {
        Ok(Self { gateway: listen(Port::Gateway, gateway).await?, lambda: listen(Port::Lambda, lambda).await? })
    }

    /// URL of the gateway, `http://localhost:{port}`.
    #[must_use]
    pub fn url(&self) -> String {
        gateway_url(self.gateway.address)
    }
}

/// URL of a gateway at `address`.
pub(crate) fn gateway_url(address: SocketAddr) -> String {
    format!("http://localhost:{}", address.port())
}

async fn listen(port: Port, number: u16) -> Result<Listener, BindError> {
    let failed = |source| BindError { port, number, source };
    let socket = bind(number).await.map_err(failed)?;
    let address = socket.local_addr().map_err(failed)?;
    Ok(Listener { socket, address })
}
