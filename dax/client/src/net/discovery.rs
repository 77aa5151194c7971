//! Finding the cluster by its configured names.

use std::net::SocketAddr;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use dax_protocol::Method;
use tokio::time::{Instant, timeout_at};

use super::connection::Connection;
use super::context::{Context, deadline_in};
use super::race::first_success;
use super::routes::wanted;
use crate::codec::{Metadata, control};
use crate::error::Error;
use crate::session::{Call, Endpoints};
use crate::{Config, Endpoint};

/// A roster, and the connection over which discovery got it.
pub(super) struct Found {
    pub(super) roster: Vec<control::Member>,
    pub(super) connection: Option<(SocketAddr, Box<Connection>)>,
}

/// How long a discovery may take: to resolve a name, to connect, and to ask, once begun with the last of the addresses.
pub(super) fn discovery_time(config: &Config) -> Duration {
    config.connect_timeout.saturating_mul(2).saturating_add(config.lookup_timeout.saturating_mul(2))
}

/// The roster from the configured endpoints, before `by`.
///
/// Each endpoint is resolved again. Addresses are asked in random order, the next one when the one before failed or has
/// not answered for a while; the first roster counts. So one living address is enough, and in a cluster that answers,
/// hardly more than one is asked.
pub(super) async fn discover(context: &Context, by: Instant) -> Result<Found, Error> {
    let endpoints = &context.config.endpoints;
    let mut asked = Vec::with_capacity(endpoints.len());
    for endpoint in endpoints {
        asked.push(discover_at(context, endpoint, by));
    }
    let found = first_success(asked, stagger(&context.config, endpoints.len())).await;
    found.unwrap_or_else(|| Err(no_route("no endpoint is configured".to_owned(), None)))
}

async fn discover_at(context: &Context, endpoint: &Endpoint, by: Instant) -> Result<Found, Error> {
    let found = discover_name(context, endpoint, by).await;
    if let Err(error) = &found {
        tracing::debug!(dax.endpoint = %endpoint, error = %error.with_causes(), "no roster from this endpoint");
    }
    found
}

async fn discover_name(context: &Context, endpoint: &Endpoint, by: Instant) -> Result<Found, Error> {
    let mut addresses = context.resolve(endpoint, by).await?;
    let family = context.config.address_family;
    let any_v4 = addresses.iter().any(SocketAddr::is_ipv4);
    addresses.retain(|address| wanted(address.ip(), family, any_v4));
    context.with_rng(|rng| rng.shuffle(&mut addresses));
    translate(context, &mut addresses);
    let stagger = stagger(&context.config, addresses.len());
    let mut asked = Vec::with_capacity(addresses.len());
    for address in addresses {
        asked.push(ask_address(context, address, by));
    }
    let found = first_success(asked, stagger).await;
    found.unwrap_or_else(|| Err(no_route(format!("{} has no address of family {family:?}", endpoint.host()), None)))
}

/// Puts translated addresses in front of those that differ from them: what a name resolves to may be a node, which is
/// reached through a tunnel, or the tunnel.
fn translate(context: &Context, addresses: &mut Vec<SocketAddr>) {
    let resolved = std::mem::take(addresses);
    for address in resolved.iter().map(|address| context.mapped(*address)).chain(resolved.iter().copied()) {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
}

/// The head start of each of `count` peers: all of them get their turn within the lookup timeout.
fn stagger(config: &Config, count: usize) -> Duration {
    config.lookup_timeout / u32::try_from(count).unwrap_or(u32::MAX).max(4)
}

async fn ask_address(context: &Context, address: SocketAddr, by: Instant) -> Result<Found, Error> {
    let found = roster_from(context, address, by).await;
    if let Err(error) = &found {
        tracing::debug!(dax.node = %address, error = %error.with_causes(), "no roster from this address");
    }
    found
}

async fn roster_from(context: &Context, address: SocketAddr, by: Instant) -> Result<Found, Error> {
    // Counted where it belongs once the roster tells which node this is.
    let nowhere = Arc::default();
    let mut connection = Connection::open(context, address, &nowhere, by).await?;
    connection.authorize(context, by).await?;
    let metadata = RwLock::new(Metadata::with_limits(1, 1));
    let mut call = Call::new(&Endpoints);
    let started = Instant::now();
    let by = by.min(deadline_in(context.config.lookup_timeout));
    let roster = timeout_at(by, connection.ask(&mut call, &metadata)).await.map_err(|_elapsed| {
        let after = by.saturating_duration_since(started);
        Error::Timeout { method: Method::Endpoints, lookup: None, after, sent: true }
    })??;
    if roster.is_empty() {
        return Err(no_route(format!("{address} announces no nodes"), None));
    }
    Ok(Found { roster, connection: Some((address, connection)) })
}

pub(super) fn no_route(reason: String, source: Option<Arc<Error>>) -> Error {
    Error::NoRoute { method: Method::Endpoints, reason, source }
}
