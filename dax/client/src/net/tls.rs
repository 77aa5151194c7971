//! TLS for `daxs://`: the connection goes to a node's address, the certificate is checked against the discovery host.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::config::TlsSettings;
use crate::connector::{BoxFuture, Connector, IdleState, Transport, try_read};

/// Adds TLS to the streams of another connector.
///
/// The trust store is loaded when the first connection is opened, not before: it takes milliseconds.
#[derive(Debug)]
pub(crate) struct Tls {
    inner: Arc<dyn Connector>,
    server_name: ServerName<'static>,
    extra_roots: Vec<CertificateDer<'static>>,
    crypto: Arc<CryptoProvider>,
    config: OnceLock<Arc<ClientConfig>>,
}

impl Tls {
    /// `host` is the discovery host or the configured name, sent as SNI and looked for in certificates. With roots in the
    /// settings only these are trusted, otherwise the platform's store.
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
        Ok(Self { inner, server_name, extra_roots: settings.roots.clone(), crypto, config: OnceLock::new() })
    }

    fn config(&self) -> io::Result<Arc<ClientConfig>> {
        if let Some(config) = self.config.get() {
            return Ok(Arc::clone(config));
        }
        let config = ClientConfig::builder_with_provider(Arc::clone(&self.crypto))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_root_certificates(self.roots()?)
            .with_no_client_auth();
        Ok(Arc::clone(self.config.get_or_init(|| Arc::new(config))))
    }

    fn roots(&self) -> io::Result<RootCertStore> {
        let mut store = RootCertStore::empty();
        if self.extra_roots.is_empty() {
            let found = rustls_native_certs::load_native_certs();
            let (added, _ignored) = store.add_parsable_certificates(found.certs);
            if added == 0 {
                let reason = found.errors.first().map_or_else(String::new, |error| format!(": {error}"));
                return Err(io::Error::other(format!("the platform's trust store has no usable certificate{reason}")));
            }
        }
        for root in &self.extra_roots {
            store.add(root.clone()).map_err(io::Error::other)?;
        }
        Ok(store)
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
            let config = self.config()?;
            let stream = self.inner.connect(address).await?;
            let shaken = TlsConnector::from(config).connect(self.server_name.clone(), stream).await;
            let stream = shaken.map_err(with_hint)?;
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
