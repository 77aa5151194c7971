//! The DynamoDB behind a cluster: somebody else's, or an embedded one.

#[cfg(feature = "embedded")]
use std::net::SocketAddr;

#[cfg(feature = "embedded")]
use anyhow::{bail, ensure};

use super::config::{Backend, ClusterConfig};
#[cfg(feature = "embedded")]
use super::{control, embedded::Embedded};

/// Where DynamoDB is, and the embedded one if it is that.
#[derive(Debug)]
pub(crate) struct Behind {
    pub(crate) backend: Backend,
    #[cfg(feature = "embedded")]
    embedded: Option<Embedded>,
}

#[cfg(feature = "embedded")]
pub(crate) async fn start(config: &ClusterConfig) -> anyhow::Result<Behind> {
    if let Some(backend) = &config.backend {
        ensure!(config.persist.is_none(), "only an embedded DynamoDB keeps tables in a directory");
        if let Some(problem) = backend.problem() {
            bail!("{problem}");
        }
        return Ok(Behind { backend: backend.clone(), embedded: None });
    }
    let address = SocketAddr::new(config.http_host, config.dynamodb_port);
    let embedded = Embedded::start(address, config.persist.as_deref(), control::guard(config)).await?;
    Ok(Behind { backend: Backend::local(embedded.url()), embedded: Some(embedded) })
}

#[cfg(not(feature = "embedded"))]
pub(crate) async fn start(config: &ClusterConfig) -> anyhow::Result<Behind> {
    use anyhow::{Context as _, bail};
    let backend = config.backend.clone().context("there is no DynamoDB: name one, or use the feature `embedded`")?;
    if let Some(problem) = backend.problem() {
        bail!("{problem}");
    }
    Ok(Behind { backend })
}

impl Behind {
    /// Stops what was started, and waits until it has.
    #[cfg_attr(not(feature = "embedded"), expect(clippy::unused_async, reason = "there is nothing to stop"))]
    pub(crate) async fn stop(&mut self) {
        #[cfg(feature = "embedded")]
        if let Some(embedded) = self.embedded.take() {
            embedded.stop().await;
        }
    }
}
