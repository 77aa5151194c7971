//! A running platform.

use std::collections::BTreeMap;
use std::fmt::{self, Debug, Formatter};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use loopback_guard::{Guard, Stop};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::config::PlatformConfig;
use crate::config_error::ConfigError;
use crate::deliveries::{self, Deliveries};
use crate::fault::FaultRule;
use crate::function::{FunctionStats, Host, Pool};
use crate::gateway::Gateway;
use crate::lambda_api::LambdaApi;
use crate::listeners::{Listeners, gateway_url};
use crate::logs::Logs;
use crate::observer::RefusedRecord;
use crate::stats::DeliveryStats;

/// Time for all processes and connections to end.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// Time for log lines and records that are left to be processed.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);

/// Functions behind an HTTP gateway and the Invoke API.
///
/// Runs on the tokio runtime it was started on. Dropping it also ends every function process, without waiting for
/// requests in flight.
pub struct Platform {
    gateway: SocketAddr,
    lambda: SocketAddr,
    /// By function name.
    pools: BTreeMap<String, Arc<Pool>>,
    deliveries: Deliveries,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Debug for Platform {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Platform")
            .field("gateway", &self.gateway)
            .field("lambda", &self.lambda)
            .field("pools", &self.pools)
            .finish_non_exhaustive()
    }
}

impl Platform {
    /// Starts to serve requests. Must be called on a tokio runtime.
    ///
    /// # Errors
    /// [`ConfigError`]; nothing runs then.
    pub fn start(listeners: Listeners, config: PlatformConfig) -> Result<Self, ConfigError> {
        let Listeners { gateway, lambda } = listeners;
        let (gateway_address, lambda_address) = (gateway.address, lambda.address);
        let feeds = deliveries::feeds(&config)?;
        let pools = pools(&config, Logs::new(feeds.clone()));
        if let Some(route) = config.routes.iter().find(|route| !pools.contains_key(&route.function)) {
            return Err(ConfigError::UnknownFunction { route: route.key.clone(), function: route.function.clone() });
        }
        let front = Arc::new(Gateway::new(&config.routes, pools.clone(), Arc::clone(&config.observer))?);
        let invoke = Arc::new(LambdaApi::new(pools.clone()));
        let deliveries = Deliveries::start(&config, feeds, &pools)?;

        let (stop, stopped) = Stop::channel();
        let mut tasks = JoinSet::new();
        let pages = Guard::for_pages().with_hosts(config.allowed_hosts.clone()).with_cors(config.cors);
        let pages = pages.with_witness(move |head, reason| {
            let (method, path) = (head.method.as_str(), head.uri.path());
            config.observer.refused(&RefusedRecord { method, path, reason });
        });
        let programs = Guard::for_programs().with_hosts(config.allowed_hosts);
        tasks.spawn(front.serve(gateway.socket, pages, stopped.clone()));
        tasks.spawn(invoke.serve(lambda.socket, programs, stopped.clone()));
        for pool in pools.values() {
            tasks.spawn(Arc::clone(pool).expire(stopped.clone()));
        }
        Ok(Self { gateway: gateway_address, lambda: lambda_address, pools, deliveries, stop, tasks })
    }

    /// URL of the HTTP gateway, `http://localhost:{port}`.
    #[must_use]
    pub fn url(&self) -> String {
        gateway_url(self.gateway)
    }

    /// Address of the HTTP gateway.
    #[must_use]
    pub fn gateway_addr(&self) -> SocketAddr {
        self.gateway
    }

    /// Endpoint of Lambda's Invoke API, `http://127.0.0.1:{port}`.
    #[must_use]
    pub fn lambda_endpoint(&self) -> String {
        format!("http://{}", self.lambda)
    }

    /// Names of the functions.
    pub fn functions(&self) -> impl Iterator<Item = &str> {
        self.pools.keys().map(String::as_str)
    }

    /// The state of a function's environments, or `None` for an unknown name.
    #[must_use]
    pub fn function_stats(&self, name: &str) -> Option<FunctionStats> {
        self.pools.get(name).map(|pool| pool.stats())
    }

    /// Adds a record to a stream and returns its sequence number, or `None` if there is no such stream.
    pub fn put_record(&self, stream: &str, partition_key: &str, data: impl Into<Bytes>) -> Option<String> {
        self.deliveries.put(stream, partition_key, data.into())
    }

    /// Splits a shard into two with the next numbers, which are read after it. `false` if the stream has no open shard with
    /// this number.
    pub fn split_shard(&self, stream: &str, shard: usize) -> bool {
        self.deliveries.split(stream, shard)
    }

    /// Makes deliveries go wrong.
    pub fn add_fault(&self, rule: FaultRule) {
        self.deliveries.faults().add(rule);
    }

    /// Removes all rules.
    pub fn clear_faults(&self) {
        self.deliveries.faults().clear();
    }

    /// The state of what is on its way to a function from logs and streams, or `None` if nothing leads to it.
    #[must_use]
    pub fn delivery_stats(&self, function: &str) -> Option<DeliveryStats> {
        self.deliveries.stats(function)
    }

    /// Lets requests in flight finish for up to two seconds, and what is on its way from logs and streams for up to five.
    /// Then it ends every process and waits for it.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        // Processes that are left are killed when `self` is dropped.
        let _ = timeout(STOP_TIMEOUT, self.end()).await;
    }

    async fn end(&mut self) {
        while self.tasks.join_next().await.is_some() {}
        // A process that has ended has printed everything.
        for (name, pool) in &self.pools {
            if !self.deliveries.lead_to(name) {
                pool.close().await;
            }
        }
        let _ = timeout(DRAIN_TIMEOUT, self.deliveries.drain()).await;
        for pool in self.pools.values() {
            pool.close().await;
        }
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        for pool in self.pools.values() {
            pool.kill_all();
        }
    }
}

fn pools(config: &PlatformConfig, logs: Logs) -> BTreeMap<String, Arc<Pool>> {
    let host = Arc::new(Host { launcher: config.launcher.clone(), observer: Arc::clone(&config.observer), logs });
    let pool = |function| Pool::new(function, Arc::clone(&host));
    config.functions.iter().map(|function| (function.name.clone(), pool(function.clone()))).collect()
}
