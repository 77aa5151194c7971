//! What all nodes of a client share: settings, the way to connect, credentials, random numbers.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::auth::{self, Proof};
use crate::connector::{Connector, Tcp, Transport};
use crate::credentials::{CredentialsCache, Current};
use crate::error::Error;
#[cfg(feature = "tls")]
use crate::net::Untrusted;
use crate::{Config, Endpoint, Scheme};

#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) config: Config,
    pub(crate) credentials: CredentialsCache,
    region: String,
    connector: Arc<dyn Connector>,
    rng: Mutex<fastrand::Rng>,
}

impl Context {
    /// Checks what can be checked without asking anybody.
    pub(crate) fn new(config: Config) -> Result<Self, Error> {
        let mut endpoints = config.endpoints.iter();
        let first = endpoints.next().ok_or_else(|| wrong("no endpoint is given"))?;
        if endpoints.any(|other| other.scheme() != first.scheme()) {
            return Err(wrong("the endpoints mix dax:// and daxs://"));
        }
        if config.total_timeout.is_zero() {
            return Err(wrong("total_timeout is zero, so every call would fail"));
        }
        let region = config
            .signing_region()
            .ok_or_else(|| wrong("no region is set, and the endpoint's host name holds none (set Config::region)"))?;
        let provider = config
            .credentials
            .clone()
            .ok_or_else(|| wrong("no credentials provider is set (Config::credentials_provider or aws_config)"))?;
        let connector = config.connector.clone().unwrap_or_else(|| Arc::new(Tcp));
        let connector = secured(connector, first, &config)?;
        let rng = config.seed.map_or_else(fastrand::Rng::new, fastrand::Rng::with_seed);
        let credentials = CredentialsCache::new(provider, config.total_timeout);
        Ok(Self { credentials, region, connector, rng: Mutex::new(rng), config })
    }

    /// Addresses of a discovery host, within the connect timeout and before `by`.
    pub(crate) async fn resolve(&self, endpoint: &Endpoint, by: Instant) -> Result<Vec<SocketAddr>, Error> {
        let by = by.min(deadline_in(self.config.connect_timeout));
        timeout_at(by, self.connector.resolve(endpoint.host(), endpoint.port()))
            .await
            .unwrap_or_else(|_elapsed| Err(io::ErrorKind::TimedOut.into()))
            .map_err(|source| Error::Dns { host: endpoint.host().to_owned(), source })
    }

    /// A stream to a node, within the connect timeout and before `by`.
    pub(crate) async fn connect(&self, endpoint: SocketAddr, by: Instant) -> Result<Box<dyn Transport>, Error> {
        let by = by.min(deadline_in(self.config.connect_timeout));
        timeout_at(by, self.connector.connect(endpoint))
            .await
            .unwrap_or_else(|_elapsed| Err(io::ErrorKind::TimedOut.into()))
            .map_err(|source| self.connect_error(endpoint, source))
    }

    fn connect_error(&self, endpoint: SocketAddr, source: io::Error) -> Error {
        #[cfg(feature = "tls")]
        if source.get_ref().is_some_and(|inner| inner.is::<rustls::Error>() || inner.is::<Untrusted>()) {
            let server_name = self.config.certified_name().to_owned();
            return Error::Tls { endpoint, server_name, source };
        }
        Error::Connect { endpoint, source }
    }

    /// Credentials, the proof of having them, and how long it serves. Waits for a provider until `by` at most.
    pub(crate) async fn prove(&self, by: Instant) -> Result<(Arc<Current>, Proof, Duration), Error> {
        let now = self.config.time_source.now();
        let current = self.credentials.get(now, by).await?;
        let proof = auth::prove(&current.credentials, &self.region, now);
        let expires_in = current.credentials.expiry().map(|at| at.duration_since(now).unwrap_or_default());
        let lifetime = expires_in.map_or(auth::RENEW_AFTER, |left| left.min(auth::RENEW_AFTER));
        Ok((current, proof, lifetime))
    }

    /// The address to connect to for a node announced at `address`.
    pub(crate) fn mapped(&self, address: SocketAddr) -> SocketAddr {
        self.config.address_map.as_ref().map_or(address, |map| map(address))
    }

    pub(crate) fn random_session_id(&self) -> [u8; 16] {
        self.with_rng(|rng| rng.u128(..)).to_be_bytes()
    }

    pub(crate) fn with_rng<T>(&self, draw: impl FnOnce(&mut fastrand::Rng) -> T) -> T {
        draw(&mut self.rng.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// So long from now.
pub(crate) fn deadline_in(time: Duration) -> Instant {
    later(Instant::now(), time)
}

/// So long after `now`; a time beyond all reason is as good as a year.
pub(crate) fn later(now: Instant, time: Duration) -> Instant {
    const YEAR: Duration = Duration::from_secs(365 * 86_400);
    now + time.min(YEAR)
}

#[cfg(feature = "tls")]
fn secured(plain: Arc<dyn Connector>, endpoint: &Endpoint, config: &Config) -> Result<Arc<dyn Connector>, Error> {
    if endpoint.scheme() == Scheme::Dax {
        return Ok(plain);
    }
    let tls = super::tls::Tls::new(plain, config.certified_name(), &config.tls);
    Ok(Arc::new(tls.map_err(|message| wrong(&message))?))
}

#[cfg(not(feature = "tls"))]
fn secured(plain: Arc<dyn Connector>, endpoint: &Endpoint, _config: &Config) -> Result<Arc<dyn Connector>, Error> {
    if endpoint.scheme() == Scheme::Dax {
        return Ok(plain);
    }
    Err(wrong("daxs:// needs the crate's feature `tls`"))
}

fn wrong(message: &str) -> Error {
    Error::Config { message: message.to_owned() }
}
