//! TLS for `daxs://`: the connection goes to a node's address, the certificate is checked against the discovery host.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rustls::ClientConfig;
use rustls::client::Resumption;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::ServerName;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::trust::Trust;
use crate::config::TlsSettings;
use crate::connector::{BoxFuture, Connector, IdleState, Transport, try_read};

/// Nodes whose sessions are remembered: more than the 11 that a cluster can have, for those that replace others.
const NODES: usize = 16;
/// What is remembered of each: so many tickets of TLS 1.3, or one session of TLS 1.2.
const TICKETS: usize = 8;

/// Adds TLS to the streams of another connector.
///
/// The trust store is loaded when the first connection is opened, not before: the platform's takes milliseconds. Later
/// connections to a node resume a session of an earlier one, which spares both sides certificates and signatures. Sessions
/// belong to this connector, so none outlives its trust settings or serves under another name.
#[derive(Debug)]
pub(crate) struct Tls {
    inner: Arc<dyn Connector>,
    server_name: ServerName<'static>,
    trust: Trust,
    crypto: Arc<CryptoProvider>,
    config: OnceLock<ClientConfig>,
    /// The configuration with the sessions of each node, the latest last. A node need not know the tickets of another one.
    nodes: Mutex<VecDeque<(SocketAddr, Arc<ClientConfig>)>>,
}

impl Tls {
    /// `host` is the discovery host or the configured name, sent as SNI and looked for in certificates.
    ///
    /// # Errors
    /// What is wrong with the configuration.
    pub(crate) fn new(inner: Arc<dyn Connector>, host: &str, settings: &TlsSettings) -> Result<Self, String> {
        let server_name = ServerName::try_from(host.to_owned())
            .map_err(|error| format!("no certificate can bear the name {host:?}: {error}"))?;
        let crypto = settings.crypto.clone().or_else(default_crypto).ok_or_else(|| {
            "daxs:// needs cryptography: the crate's feature `ring`, Config::crypto_provider, or rustls' process default"
                .to_owned()
        })?;
        let trust = Trust::new(settings, host);
        Ok(Self { inner, server_name, trust, crypto, config: OnceLock::new(), nodes: Mutex::default() })
    }

    fn config(&self, node: SocketAddr) -> io::Result<Arc<ClientConfig>> {
        let common = self.common()?;
        let mut nodes = self.nodes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, config)) = nodes.iter().find(|(known, _)| *known == node) {
            return Ok(Arc::clone(config));
        }
        let mut config = common.clone();
        config.resumption = Resumption::in_memory_sessions(TICKETS);
        let config = Arc::new(config);
        if nodes.len() == NODES {
            nodes.pop_front();
        }
        nodes.push_back((node, Arc::clone(&config)));
        Ok(config)
    }

    fn common(&self) -> io::Result<&ClientConfig> {
        if let Some(config) = self.config.get() {
            return Ok(config);
        }
        let config = ClientConfig::builder_with_provider(Arc::clone(&self.crypto))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_root_certificates(self.trust.store()?)
            .with_no_client_auth();
        Ok(self.config.get_or_init(|| config))
    }
}

/// What the program made its default, else ring.
fn default_crypto() -> Option<Arc<CryptoProvider>> {
    CryptoProvider::get_default().cloned().or_else(ring)
}

#[cfg(feature = "ring")]
#[expect(clippy::unnecessary_wraps, reason = "there is none without the feature")]
fn ring() -> Option<Arc<CryptoProvider>> {
    Some(Arc::new(rustls::crypto::ring::default_provider()))
}

#[cfg(not(feature = "ring"))]
fn ring() -> Option<Arc<CryptoProvider>> {
    None
}

impl Connector for Tls {
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>> {
        self.inner.resolve(host, port)
    }

    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Transport>>> {
        Box::pin(async move {
            let config = self.config(address)?;
            let stream = self.inner.connect(address).await?;
            let shaken = TlsConnector::from(config).connect(self.server_name.clone(), stream).await;
            let stream = shaken.map_err(|error| self.trust.explain(with_hint(error)))?;
            Ok(Box::new(stream) as Box<dyn Transport>)
        })
    }
}

/// Says what a handshake that the peer ended most often means.
fn with_hint(error: io::Error) -> io::Error {
    if !matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset) {
        return error;
    }
    let hint = "the peer closed the connection during the TLS handshake; a cluster without encryption needs dax://";
    io::Error::new(error.kind(), hint)
}

impl Transport for TlsStream<Box<dyn Transport>> {
    fn idle_state(&mut self) -> IdleState {
        let (transport, _session) = self.get_mut();
        match transport.idle_state() {
            // Session tickets arrive unsolicited and are not an answer: let TLS process the bytes and look again.
            IdleState::Unread => try_read(self),
            state => state,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::Tcp;

    #[cfg(feature = "ring")]
    #[test]
    fn sessions_are_kept_for_the_latest_nodes_only() {
        let node = |last: u8| SocketAddr::from(([10, 0, 0, last], 9111));
        let tls = Tls::new(Arc::new(Tcp), "c.x.dax-clusters.us-east-1.amazonaws.com", &TlsSettings::default()).unwrap();
        let first = tls.config(node(0)).unwrap();
        assert!(Arc::ptr_eq(&first, &tls.config(node(0)).unwrap()));
        for last in 1..=40 {
            assert!(!Arc::ptr_eq(&first, &tls.config(node(last)).unwrap()));
        }
        assert_eq!(tls.nodes.lock().unwrap().len(), NODES);
        assert!(!Arc::ptr_eq(&first, &tls.config(node(0)).unwrap()), "the first was forgotten");
    }
}
