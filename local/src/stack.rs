//! A running stack.

use std::collections::BTreeMap;
use std::fmt::{self, Debug, Formatter};
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use dynoxide::Database;
use template::{Api, Function, TemplateError};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::config::{Auth, Config, FunctionConfig};
use crate::dax_server::{Backend, Cluster, ClusterConfig};
use crate::dynamodb::{self, Endpoint, StoreError};
use crate::function::{FunctionStats, Pool, Spec, lambda_environment};
use crate::gateway::Gateway;
use crate::lambda_api::LambdaApi;
use crate::serve::{Limits, Stop, bind, serve};
use crate::shortener::api_key::{self, KeyError, Keys};
use crate::shortener::{self, Surroundings};
use crate::slug_secret;

/// Time for all processes and connections to end.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// The whole system on one machine: gateway, functions and table.
///
/// Runs on the tokio runtime it was started on. Dropping it ends every function process as well, without
/// waiting for requests in flight.
pub struct Stack {
    gateway: SocketAddr,
    lambda: SocketAddr,
    dynamodb: SocketAddr,
    database: Database,
    endpoint: Arc<Endpoint>,
    dax: Option<Cluster>,
    keys: Keys,
    api_key: Option<String>,
    /// By function name.
    pools: BTreeMap<String, Arc<Pool>>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Debug for Stack {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stack")
            .field("gateway", &self.gateway)
            .field("lambda", &self.lambda)
            .field("dynamodb", &self.dynamodb)
            .field("pools", &self.pools)
            .finish_non_exhaustive()
    }
}

/// Which of the stack's ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Port {
    /// The HTTP gateway.
    Gateway,
    /// Lambda's Invoke API.
    Lambda,
    /// The `DynamoDB` endpoint.
    DynamoDb,
    /// The nodes of the DAX cluster.
    Dax,
}

/// Why a stack did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// A port cannot be bound, most often because another program has it.
    #[error("cannot listen on 127.0.0.1:{number}")]
    Port {
        /// Which one.
        port: Port,
        /// Its number as configured.
        number: u16,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
    /// The template cannot be served.
    #[error("cannot serve the API of the template")]
    Template(#[from] TemplateError),
    /// A route leads to a function that the configuration does not have.
    #[error("the template routes to function {0}, which has no program")]
    MissingFunction(String),
    /// The table cannot be opened.
    #[error("cannot start the DynamoDB endpoint")]
    Store(#[from] StoreError),
    /// The DAX cluster cannot be started.
    #[error("cannot start the DAX cluster")]
    Dax(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The slug secret cannot be kept.
    #[error("cannot keep the slug secret in {0}")]
    Secret(PathBuf, #[source] io::Error),
    /// There is no key to print.
    #[error("cannot make a key")]
    Key(#[from] KeyError),
}

impl Stack {
    /// Starts everything and returns when requests are answered.
    ///
    /// # Errors
    ///
    /// [`StartError`]; nothing is left running then.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let api = Api::read(&config.template, &shortener::template_parameters(&config))?;
        let (gateway_listener, gateway) = listen(Port::Gateway, config.gateway_port).await?;
        let (lambda_listener, lambda) = listen(Port::Lambda, config.lambda_port).await?;
        let (dynamodb_listener, dynamodb) = listen(Port::DynamoDb, config.dynamodb_port).await?;
        let (store_listener, _) = listen(Port::DynamoDb, 0).await?;

        let database = dynamodb::open(config.data_dir.as_deref())?;
        dynamodb::ensure_table(&database, &shortener::TABLE)?;
        dynamodb::ensure_table(&database, &api_key::TABLE)?;
        let dynamodb_url = format!("http://{dynamodb}");
        let dax = start_dax(&config, &dynamodb_url).await?;
        let dax_endpoint = dax.as_ref().and_then(|dax| dax.endpoints().into_iter().next());
        let surroundings = Surroundings {
            url: &format!("http://localhost:{}", gateway.port()),
            dynamodb: &dynamodb_url,
            dax: dax_endpoint.as_deref(),
            slug_secret: &slug_secret::load(config.data_dir.as_deref())?,
        };
        let pools = pools(&config, &api, &surroundings)?;
        let front = Arc::new(Gateway::new(&api, pools.clone(), Arc::clone(&config.observer))?);
        let by_name: BTreeMap<String, Arc<Pool>> =
            pools.into_values().map(|pool| (pool.spec.name.clone(), pool)).collect();
        let invoke = Arc::new(LambdaApi::new(by_name.clone()));

        let (stop, stopped) = Stop::channel();
        let mut tasks = JoinSet::new();
        let endpoint = Endpoint::start(database.clone(), store_listener, dynamodb_listener, &stopped, &mut tasks)
            .map_err(|source| StartError::Port { port: Port::DynamoDb, number: 0, source })?;
        let keys = Keys::new(&dynamodb_url);
        let api_key = match config.auth {
            Auth::None => None,
            Auth::ApiKey => Some(keys.printed(config.data_dir.as_deref()).await?),
        };
        tasks.spawn(dynamodb::sweep(database.clone(), stopped.clone()));
        tasks.spawn(serve(gateway_listener, Limits::OUTSIDE, stopped.clone(), move |peer, request| {
            let front = Arc::clone(&front);
            async move { front.answer(peer, request).await }
        }));
        tasks.spawn(serve(lambda_listener, Limits::OUTSIDE, stopped.clone(), move |_peer, request| {
            let invoke = Arc::clone(&invoke);
            async move { invoke.answer(request).await }
        }));
        for pool in by_name.values() {
            tasks.spawn(Arc::clone(pool).expire(stopped.clone()));
        }
        Ok(Self { gateway, lambda, dynamodb, database, endpoint, dax, keys, api_key, pools: by_name, stop, tasks })
    }

    /// Where the HTTP gateway answers, `http://localhost:{port}`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://localhost:{}", self.gateway.port())
    }

    /// The gateway's address, for clients that connect by themselves.
    #[must_use]
    pub fn gateway_addr(&self) -> SocketAddr {
        self.gateway
    }

    /// Endpoint of the `DynamoDB` API, `http://127.0.0.1:{port}`.
    #[must_use]
    pub fn dynamodb_endpoint(&self) -> String {
        format!("http://{}", self.dynamodb)
    }

    /// Endpoint of Lambda's Invoke API, `http://127.0.0.1:{port}`.
    #[must_use]
    pub fn lambda_endpoint(&self) -> String {
        format!("http://{}", self.lambda)
    }

    /// Name of the table.
    #[must_use]
    pub fn table(&self) -> &'static str {
        shortener::TABLE.name
    }

    /// Name of the table of keys.
    #[must_use]
    pub fn keys_table(&self) -> &'static str {
        api_key::TABLE.name
    }

    /// With [`Auth::ApiKey`] a key of the owner `local` that opens everything but what is for administrators.
    #[must_use]
    pub fn api_key(&self) -> Option<&str> {
        self.api_key.as_deref()
    }

    /// Makes a further key of `owner`; `scopes` are names with commas between them.
    ///
    /// # Errors
    ///
    /// [`KeyError`]; there is no key then.
    pub async fn issue_key(&self, owner: &str, scopes: &str) -> Result<String, KeyError> {
        self.keys.issue(owner, scopes).await
    }

    /// Revokes a key. Functions may go on taking it for up to 10 seconds if they have just seen it.
    ///
    /// # Errors
    ///
    /// [`KeyError`]; the key may or may not be revoked then.
    pub async fn revoke_key(&self, key: &str) -> Result<(), KeyError> {
        self.keys.revoke(key).await
    }

    /// The embedded store itself, past the endpoint and its counter.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Requests that the `DynamoDB` endpoint has seen.
    #[must_use]
    pub fn dynamodb_requests(&self) -> u64 {
        self.endpoint.requests()
    }

    /// The DAX cluster, unless it was left out.
    #[must_use]
    pub fn dax(&self) -> Option<&Cluster> {
        self.dax.as_ref()
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

    /// Lets requests in flight finish for up to two seconds, then ends every process and waits for it.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        let mut tasks = std::mem::take(&mut self.tasks);
        let pools: Vec<_> = self.pools.values().cloned().collect();
        let dax = self.dax.take();
        let ending = async move {
            while tasks.join_next().await.is_some() {}
            for pool in pools {
                pool.close().await;
            }
            if let Some(dax) = dax {
                dax.stop().await;
            }
        };
        // What is left afterwards is killed when the runtime drops its tasks.
        let _ = tokio::time::timeout(STOP_TIMEOUT, ending).await;
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        for pool in self.pools.values() {
            pool.kill_all();
        }
    }
}

async fn start_dax(config: &Config, dynamodb: &str) -> Result<Option<Cluster>, StartError> {
    if config.dax_nodes == 0 {
        return Ok(None);
    }
    let mut cluster = ClusterConfig::new(Backend::local(dynamodb));
    cluster.nodes = config.dax_nodes;
    cluster.port = config.dax_port;
    cluster.item_ttl = config.dax_item_ttl;
    cluster.replication_delay = config.dax_replication_delay;
    Cluster::start(cluster).await.map(Some).map_err(|error| {
        let taken = error.chain().find_map(|cause| cause.downcast_ref::<io::Error>());
        match taken.map(io::Error::kind) {
            Some(kind @ io::ErrorKind::AddrInUse) => {
                StartError::Port { port: Port::Dax, number: config.dax_port, source: kind.into() }
            }
            _ => StartError::Dax(error.into()),
        }
    })
}

async fn listen(port: Port, number: u16) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |source| StartError::Port { port, number, source };
    let listener = bind(number).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

/// One pool for every function that is both configured and part of the template.
fn pools(
    config: &Config,
    api: &Api,
    surroundings: &Surroundings<'_>,
) -> Result<BTreeMap<String, Arc<Pool>>, StartError> {
    let mut pools = BTreeMap::new();
    for function in &api.functions {
        if let Some(settings) = config.functions.get(&function.id) {
            let spec = spec(config, settings, function, surroundings);
            pools.insert(function.id.clone(), Pool::new(spec, Arc::clone(&config.observer)));
        }
    }
    match api.routes.iter().find(|route| !pools.contains_key(&route.integration.function)) {
        Some(route) => Err(StartError::MissingFunction(route.integration.function.clone())),
        None => Ok(pools),
    }
}

fn spec(config: &Config, settings: &FunctionConfig, function: &Function, surroundings: &Surroundings<'_>) -> Spec {
    let name = function.id.to_lowercase();
    let task_root = settings.program.parent().unwrap_or_else(|| Path::new("/")).to_string_lossy();
    let mut env = lambda_environment(&name, function.memory_mb, &function.handler, &task_root);
    let product = shortener::environment(config, &function.id, surroundings);
    env.extend(product.into_iter().map(|(name, value)| (name.to_owned(), value)));
    env.extend(settings.env.clone());
    Spec {
        name,
        program: settings.program.clone(),
        env,
        launcher: config.launcher.clone(),
        memory_mb: function.memory_mb,
        timeout: settings.timeout.unwrap_or(function.timeout),
        init_timeout: config.init_timeout,
        concurrency: settings.concurrency,
        queue: settings.queue,
        idle_expiry: settings.idle_expiry,
        freeze: settings.freeze,
    }
}
