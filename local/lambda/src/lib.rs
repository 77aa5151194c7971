//! AWS Lambda and what invokes it on one machine, for any functions: an API Gateway HTTP API, the Invoke API, and
//! CloudWatch Logs with Kinesis Data Streams.
//!
//! ```text
//!                ┌─────────────────────── Platform ───────────────────────┐
//!  HTTP ─────────┼─► gateway ────┐                                        │
//!                │   routes,     │    ┌─────────────────────────────────┐ │
//!                │   events      ├──► │ pool of one function            │ │
//!  AWS SDK, ─────┼─► Invoke API ─┤    │                                 │ │
//!  cargo lambda  │               │    │  environment ── Runtime API ────┼─┼─► process
//!                │  event source ┘    │  environment ── Runtime API ────┼─┼─► process
//!                │       ▲            └─────────────────────────────────┘ │      │
//!  put_record ───┼─► stream ◄── subscription ◄────────── log ◄────────────┼──────┘
//!                └────────────────────────────────────────────────────────┘
//! ```
//!
//! A function is an ordinary program that speaks the Lambda Runtime API, such as one built with `lambda_runtime`. The
//! platform is faithful where a function can notice: one process per execution environment, one invocation at a time
//! in it, cold starts, deadlines and kills, throttling, payload format 2.0, and API Gateway's choice of a route.
//!
//! What a function prints is its log. A [`Subscription`] carries matching lines to another function, directly or through a
//! [`Stream`] and an [`EventSource`], as CloudWatch Logs, Kinesis and Lambda do: with their events, order, batches and
//! repetitions. A [`FaultRule`] makes happen what rarely does.
//!
//! It does not model memory limits and CPU shares, IAM and authorizers, retries of asynchronous invocations, or TLS.
//!
//! Web pages of other origins cannot use it, unless [`PlatformConfig::cors`] names them: every port is behind a
//! [`loopback_guard::Guard`].
//!
//! ```no_run
//! use lambda_local::{Function, Listeners, Platform, PlatformConfig, Route};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let mut config = PlatformConfig::new();
//! config.functions.push(Function::new("hello", "target/debug/hello"));
//! config.routes.push(Route::new("GET /{name}", "hello"));
//!
//! let listeners = Listeners::bind(3000, 9000).await?;
//! let platform = Platform::start(listeners, config)?;
//! println!("curl {}/world", platform.url());
//! # platform.stop().await;
//! # Ok(())
//! # }
//! ```

mod config;
mod config_error;
mod deliveries;
mod event_source;
mod fault;
mod function;
mod function_error;
mod gateway;
mod ids;
mod lambda_api;
pub mod launcher;
mod listeners;
mod logs;
mod observer;
mod platform;
mod runtime_api;
mod stats;
mod stream;
mod subscription;

pub use config::{Destination, EventSource, Function, PlatformConfig, Route, Stream, Subscription};
pub use config_error::ConfigError;
pub use fault::{Fault, FaultRule};
pub use function::FunctionStats;
pub use gateway::RouteError;
pub use ids::{ACCOUNT_ID, REGION};
pub use listeners::{BindError, Listeners, Port};
pub use logs::PatternError;
pub use loopback_guard::Cors;
pub use observer::{CrashRecord, Observer, RefusedRecord, RequestRecord, Silent};
pub use platform::Platform;
pub use stats::DeliveryStats;
