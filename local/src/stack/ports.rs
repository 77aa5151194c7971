//! The ports of a stack, bound before anything starts, because the functions' settings contain the URLs.

use lambda_local::Listeners;
use tokio::net::TcpListener;

use crate::config::Config;
use crate::error::{Port, StartError};

/// The bound ports. The DAX cluster binds its own.
pub(super) struct Ports {
    pub(super) platform: Listeners,
    pub(super) dynamodb: TcpListener,
}

impl Ports {
    /// # Errors
    /// [`StartError::Port`] for the first port that cannot be bound.
    pub(super) async fn bind(config: &Config) -> Result<Self, StartError> {
        let platform = Listeners::bind(config.gateway_port, config.lambda_port).await?;
        let number = config.dynamodb_port;
        let dynamodb = loopback_guard::bind(number).await.map_err(|source| StartError::Port {
            port: Port::DynamoDb,
            number,
            source,
        })?;
        Ok(Self { platform, dynamodb })
    }
}
