//! Why a stack did not start.

use std::error::Error;
use std::io;

use lambda_local::{BindError, ConfigError};
use template::TemplateError;

use crate::dynamodb::StoreError;
use crate::shortener::api_key::KeyError;
use crate::shortener::slug_secret::SecretError;

/// One of the stack's ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Port {
    /// The HTTP gateway.
    Gateway,
    /// Lambda's Invoke API.
    Lambda,
    /// The DynamoDB endpoint.
    DynamoDb,
    /// The nodes of the DAX cluster.
    Dax,
}

/// Why a stack did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// A port cannot be bound, most often because another program uses it.
    #[error("cannot listen on 127.0.0.1:{number}")]
    Port {
        /// Which port.
        port: Port,
        /// Its number as configured.
        number: u16,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
    /// The template cannot be read.
    #[error("cannot serve the API of the template")]
    Template(#[from] TemplateError),
    /// The API in the template cannot be served.
    #[error("cannot serve the API of the template")]
    Api(#[from] ConfigError),
    /// The tables cannot be opened.
    #[error("cannot start the DynamoDB endpoint")]
    Store(#[from] StoreError),
    /// The DAX cluster cannot be started.
    #[error("cannot start the DAX cluster")]
    Dax(#[source] Box<dyn Error + Send + Sync>),
    /// The slug secret cannot be read or written.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The API key cannot be created.
    #[error("cannot create an API key")]
    Key(#[from] KeyError),
}

impl From<BindError> for StartError {
    fn from(error: BindError) -> Self {
        let port = match error.port {
            lambda_local::Port::Gateway => Port::Gateway,
            _ => Port::Lambda,
        };
        Self::Port { port, number: error.number, source: error.source }
    }
}
