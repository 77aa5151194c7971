//! The DAX cluster of a stack.

use std::io;

use dax_server::{Backend, Cluster, ClusterConfig};

use crate::config::Config;
use crate::error::{Port, StartError};

/// Starts the cluster in front of a DynamoDB endpoint, unless it is configured to have no nodes.
pub(super) async fn start(config: &Config, dynamodb: &str) -> Result<Option<Cluster>, StartError> {
    if config.dax_nodes == 0 {
        return Ok(None);
    }
    let mut cluster = ClusterConfig::new(Backend::local(dynamodb));
    cluster.nodes = config.dax_nodes;
    cluster.port = config.dax_port;
    cluster.allowed_hosts.clone_from(&config.allowed_hosts);
    cluster.item_ttl = config.dax_item_ttl;
    cluster.replication_delay = config.dax_replication_delay;
    cluster.start().await.map(Some).map_err(|error| failed(error, config.dax_port))
}

fn failed(error: anyhow::Error, number: u16) -> StartError {
    let cause = error.chain().find_map(|cause| cause.downcast_ref::<io::Error>());
    match cause.map(io::Error::kind) {
        Some(kind @ io::ErrorKind::AddrInUse) => StartError::Port { port: Port::Dax, number, source: kind.into() },
        _ => StartError::Dax(error.into()),
    }
}
