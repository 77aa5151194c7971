//! The whole shortener on one machine, without AWS and without containers.
//!
//! HTTP → [`Stack`]'s API Gateway → the real function binaries over the real Lambda Runtime API → an embedded
//! `DynamoDB`. It is faithful where behaviour depends on it: one process per execution environment and one
//! invocation at a time in it, cold starts, deadlines and kills, payload format 2.0, and the routes of the
//! template that is deployed.
//!
//! Not modelled: memory limits and the share of a CPU, IAM and authorizers, CORS, retries of asynchronous
//! invocations, TLS.
//!
//! Begin at [`Stack::start`] with [`Config::shortener`]. What is known about the shortener itself is in
//! `shortener.rs` and below; everything else would run any HTTP API with Lambda functions behind it.

pub mod build_functions;
mod config;
pub mod dax_server;
mod dynamodb;
mod function;
mod gateway;
mod ids;
mod kept;
mod lambda_api;
pub mod launcher;
mod observer;
mod runtime_api;
mod serve;
mod shortener;
mod slug_secret;
mod stack;

pub use config::{Auth, Config, FunctionConfig, SlugScheme};
pub use dynamodb::StoreError;
pub use dynoxide::Database;
pub use function::FunctionStats;
pub use observer::{CrashRecord, Observer, RequestRecord};
pub use shortener::Binaries;
pub use shortener::api_key::KeyError;
pub use stack::{Port, Stack, StartError};
pub use template::TemplateError;
