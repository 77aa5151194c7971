//! A running stack.

mod cluster;
mod data_dir;
mod functions;
mod ports;

use std::fmt::{self, Debug, Formatter};
use std::net::SocketAddr;
use std::time::Duration;

use dax_server::Cluster;
use lambda_local::{DeliveryStats, FaultRule, FunctionStats, Platform};
use loopback_guard::Guard;
use serde_json::Value;
use template::Api;
use tokio::time::timeout;

use crate::config::Config;
use crate::dynamodb::{Store, StoreError};
use crate::error::StartError;
use crate::shortener::api_key::{KeyError, Keys};
use crate::shortener::settings::{Auth, Clicks};
use crate::shortener::variables::{Endpoints, template_parameters};
use crate::shortener::{slug_secret, tables};
use ports::Ports;

/// Time for all processes and connections to end.
const STOP_TIMEOUT: Duration = Duration::from_secs(15);

/// The whole system on one machine: gateway, functions, DAX and tables.
///
/// Runs on the tokio runtime it was started on. Dropping it also ends every function process, without waiting for
/// requests in flight.
pub struct Stack {
    platform: Platform,
    dax: Option<Cluster>,
    store: Store,
    keys: Keys,
    api_key: Option<String>,
    clicks: Clicks,
}

impl Stack {
    /// Starts everything and returns when requests are answered.
    ///
    /// # Errors
    /// [`StartError`]; nothing is left running then.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let data_dir = config.data_dir.as_deref();
        let parameters = template_parameters(config.auth, config.clicks, &config.allowed_origins);
        let api = Api::read(&config.template, &parameters)?;
        let ports = Ports::bind(&config).await?;
        data_dir.map(data_dir::prepare).transpose()?;
        let programs = Guard::for_programs().with_hosts(config.allowed_hosts.clone());
        let store = Store::start(ports.dynamodb, programs, data_dir, &tables::ALL)?;
        let secret = slug_secret::load(data_dir)?;
        let dax = cluster::start(&config, &store.url()).await?;
        let keys = Keys::new(&store.url());
        let api_key = match config.auth {
            Auth::None => None,
            Auth::ApiKey => Some(keys.printed(data_dir).await?),
        };

        let endpoints = Endpoints {
            url: ports.platform.url(),
            dynamodb: store.url(),
            dax: dax.as_ref().and_then(|dax| dax.endpoints().into_iter().next()),
        };
        let platform = Platform::start(ports.platform, functions::of(&config, api, &endpoints, &secret))?;
        Ok(Self { platform, dax, store, keys, api_key, clicks: config.clicks })
    }

    /// URL of the HTTP gateway, `http://localhost:{port}`.
    #[must_use]
    pub fn url(&self) -> String {
        self.platform.url()
    }

    /// Address of the HTTP gateway.
    #[must_use]
    pub fn gateway_addr(&self) -> SocketAddr {
        self.platform.gateway_addr()
    }

    /// Endpoint of Lambda's Invoke API, `http://127.0.0.1:{port}`.
    #[must_use]
    pub fn lambda_endpoint(&self) -> String {
        self.platform.lambda_endpoint()
    }

    /// Endpoint of the DynamoDB API, `http://127.0.0.1:{port}`.
    #[must_use]
    pub fn dynamodb_endpoint(&self) -> String {
        self.store.url()
    }

    /// Name of the links table.
    #[must_use]
    pub fn table(&self) -> &'static str {
        tables::LINKS.name
    }

    /// Name of the keys table.
    #[must_use]
    pub fn keys_table(&self) -> &'static str {
        tables::KEYS.name
    }

    /// Name of the clicks table.
    #[must_use]
    pub fn clicks_table(&self) -> &'static str {
        tables::CLICKS.name
    }

    /// How clicks are counted.
    #[must_use]
    pub fn clicks(&self) -> Clicks {
        self.clicks
    }

    /// With [`Auth::ApiKey`], a key of the owner `local` with every scope except the administrators'.
    #[must_use]
    pub fn api_key(&self) -> Option<&str> {
        self.api_key.as_deref()
    }

    /// Creates another key of `owner`. `scopes` are names separated by commas.
    ///
    /// # Errors
    /// [`KeyError`]; no key is created then.
    pub async fn issue_key(&self, owner: &str, scopes: &str) -> Result<String, KeyError> {
        self.keys.issue(owner, scopes).await
    }

    /// Revokes a key. A function that has just seen it may accept it for another 10 seconds.
    ///
    /// # Errors
    /// [`KeyError`]; the key may or may not be revoked then.
    pub async fn revoke_key(&self, key: &str) -> Result<(), KeyError> {
        self.keys.revoke(key).await
    }

    /// Requests that the DynamoDB endpoint has received.
    #[must_use]
    pub fn dynamodb_requests(&self) -> u64 {
        self.store.requests()
    }

    /// Puts an item in DynamoDB JSON into a table, bypassing DAX, the endpoint and its counter.
    ///
    /// # Errors
    /// [`StoreError`] if the store refuses it.
    pub fn put_item(&self, table: &str, item: &Value) -> Result<(), StoreError> {
        self.store.put_item(table, item)
    }

    /// Reads an item by its key, bypassing DAX, the endpoint and its counter.
    ///
    /// # Errors
    /// [`StoreError`] if the store refuses the key.
    pub fn get_item(&self, table: &str, key: &Value) -> Result<Option<Value>, StoreError> {
        self.store.get_item(table, key)
    }

    /// The first megabyte of items in a table, bypassing DAX, the endpoint and its counter.
    ///
    /// # Errors
    /// [`StoreError`] if there is no such table.
    pub fn scan(&self, table: &str) -> Result<Vec<Value>, StoreError> {
        self.store.scan(table)
    }

    /// The DAX cluster, unless it was left out.
    #[must_use]
    pub fn dax(&self) -> Option<&Cluster> {
        self.dax.as_ref()
    }

    /// Names of the functions.
    pub fn functions(&self) -> impl Iterator<Item = &str> {
        self.platform.functions()
    }

    /// The state of a function's environments, or `None` for an unknown name.
    #[must_use]
    pub fn function_stats(&self, name: &str) -> Option<FunctionStats> {
        self.platform.function_stats(name)
    }

    /// The state of what is on its way to a function from logs and streams, or `None` if nothing leads to it.
    #[must_use]
    pub fn delivery_stats(&self, name: &str) -> Option<DeliveryStats> {
        self.platform.delivery_stats(name)
    }

    /// Makes deliveries from logs and streams go wrong.
    pub fn add_fault(&self, rule: FaultRule) {
        self.platform.add_fault(rule);
    }

    /// Removes all rules.
    pub fn clear_faults(&self) {
        self.platform.clear_faults();
    }

    /// Lets requests in flight finish for up to two seconds and clicks be counted for up to five, then ends every process
    /// and waits for it.
    pub async fn stop(self) {
        let Self { platform, dax, store, .. } = self;
        let ending = async move {
            platform.stop().await;
            if let Some(dax) = dax {
                dax.stop().await;
            }
            store.stop().await;
        };
        // Tasks that are left are dropped with the runtime.
        let _ = timeout(STOP_TIMEOUT, ending).await;
    }
}

impl Debug for Stack {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stack").field("platform", &self.platform).field("store", &self.store).finish_non_exhaustive()
    }
}
