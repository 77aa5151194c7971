//! The shortener on one machine, without AWS and without containers.
//!
//! ```text
//!             lambda-local                    dax-server              dynamodb
//!  HTTP ──► gateway ──► redirector, ──► DAX cluster of ──► embedded ──► memory
//!                       writer          1 to n nodes       DynamoDB     or a directory
//!                       (processes)                           ▲
//!           log ◄───────────┘                                 │
//!            └──► stream ──► event source ──► clicks ─────────┘
//! ```
//!
//! [`Stack::start`] runs the real function binaries and gives them the routes of the template that is deployed, a DAX
//! cluster that speaks the real wire protocol, and tables with the deployed schema. See [`lambda_local`] for how
//! faithful the gateway and the functions' environment are.
//!
//! Begin with [`Config::shortener`]. `shortener/` holds what this package knows about the product; the rest would run
//! any HTTP API in front of DynamoDB.

pub mod build_functions;
mod config;
mod dynamodb;
mod error;
mod private_files;
mod shortener;
mod stack;

pub use config::{Config, FunctionConfig};
pub use dax_server;
pub use dynamodb::StoreError;
pub use error::{Port, StartError};
pub use lambda_local::{
    CrashRecord, DeliveryStats, Fault, FaultRule, FunctionStats, Observer, RefusedRecord, RequestRecord,
};
pub use shortener::api_key::KeyError;
pub use shortener::binaries::Binaries;
pub use shortener::settings::{Auth, Clicks, SlugScheme};
pub use shortener::slug_secret::SecretError;
pub use stack::Stack;
