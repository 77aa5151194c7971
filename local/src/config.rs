//! The configuration of a stack.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use lambda_local::{Observer, Silent};

use crate::shortener::binaries::Binaries;
use crate::shortener::settings::{Auth, Choices, Clicks, SlugScheme};
use crate::shortener::variables::{CLICKS, REDIRECTOR, WRITER};

/// The configuration of a [`Stack`](crate::Stack).
///
/// Begin with [`Config::shortener`], the product on free ports and in memory, and change fields.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Config {
    /// Port of the HTTP gateway on 127.0.0.1; 0 picks any free port.
    pub gateway_port: u16,
    /// Port of Lambda's Invoke API on 127.0.0.1; 0 picks any free port.
    pub lambda_port: u16,
    /// Port of the DynamoDB endpoint on 127.0.0.1; 0 picks any free port.
    pub dynamodb_port: u16,
    /// Number of DAX nodes: 1 by default, 0 runs without DAX.
    pub dax_nodes: usize,
    /// Port of the first DAX node on 127.0.0.1, the others follow; 0 picks any free ports.
    pub dax_port: u16,
    /// How long DAX keeps an item: 60 s, as in the template.
    pub dax_item_ttl: Duration,
    /// Time until a write reaches the other DAX nodes: 0 by default.
    pub dax_replication_delay: Duration,
    /// Names of this machine, besides `localhost`, under which the stack may be called, such as one in `/etc/hosts`.
    /// Requests for any other name are refused.
    pub allowed_hosts: Vec<String>,
    /// Origins whose web pages may use the API, `http://localhost:5173`: the template's `AllowedOrigins`.
    pub allowed_origins: Vec<String>,
    /// Directory for the tables, the slug secret and the API key; `None` keeps them in memory.
    pub data_dir: Option<PathBuf>,
    /// Text of the CloudFormation template with the routes.
    pub template: String,
    /// The functions by logical id. Must contain every function that a route of the template leads to.
    pub functions: BTreeMap<String, FunctionConfig>,
    /// Executable of this package. Function processes are started through it, so that they end with this process even
    /// if it is killed; see [`PlatformConfig::launcher`](lambda_local::PlatformConfig::launcher).
    pub launcher: Option<PathBuf>,
    /// Time for an environment to ask for its first invocation: 10 s, as on Lambda.
    pub init_timeout: Duration,
    /// How slugs are derived.
    pub slug_scheme: SlugScheme,
    /// Who may create links.
    pub auth: Auth,
    /// How clicks are counted: through a stream by default, as in production.
    pub clicks: Clicks,
    /// How long log lines are collected, and then records of a stream: half a second each, so that a click is counted about
    /// a second later. On AWS it is many seconds.
    pub delivery_interval: Duration,
    /// Chooses what the stack's [fault rules](crate::Stack::add_fault) leave to chance.
    pub fault_seed: u64,
    /// Watches requests, output and crashes.
    pub observer: Arc<dyn Observer>,
}

/// The program and the limits of one function.
///
/// Memory size and timeout come from the template; see [`lambda_local::Function`] for details of the other fields.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct FunctionConfig {
    /// The executable, `bootstrap` on Lambda.
    pub program: PathBuf,
    /// More environment variables. They override the ones that the stack sets.
    pub env: BTreeMap<String, String>,
    /// Maximum number of environments, 8 by default.
    pub concurrency: usize,
    /// Maximum number of invocations that wait for an environment, 1,000 by default.
    pub queue: usize,
    /// Idle time after which an environment is removed: 10 minutes by default.
    pub idle_expiry: Duration,
    /// Limit of one invocation; `None` takes the template's.
    pub timeout: Option<Duration>,
    /// Freezes idle processes, as Lambda does. Off by default.
    pub freeze: bool,
}

impl Config {
    /// The shortener with all its routes, on free ports, in memory.
    #[must_use]
    pub fn shortener(binaries: Binaries) -> Self {
        let functions = BTreeMap::from([
            (REDIRECTOR.to_owned(), FunctionConfig::new(binaries.redirector)),
            (WRITER.to_owned(), FunctionConfig::new(binaries.writer)),
            (CLICKS.to_owned(), FunctionConfig::new(binaries.clicks)),
        ]);
        Self::new(template::DEPLOYED, functions)
    }

    /// A stack with the given template and functions, on free ports, in memory.
    #[must_use]
    pub fn new(template: &str, functions: BTreeMap<String, FunctionConfig>) -> Self {
        Self {
            gateway_port: 0,
            lambda_port: 0,
            dynamodb_port: 0,
            dax_nodes: 1,
            dax_port: 0,
            dax_item_ttl: Duration::from_secs(60),
            dax_replication_delay: Duration::ZERO,
            allowed_hosts: Vec::new(),
            allowed_origins: Vec::new(),
            data_dir: None,
            template: template.to_owned(),
            functions,
            launcher: None,
            init_timeout: Duration::from_secs(10),
            slug_scheme: SlugScheme::Keyed,
            auth: Auth::None,
            clicks: Clicks::Stream,
            delivery_interval: Duration::from_millis(500),
            fault_seed: 1,
            observer: Arc::new(Silent),
        }
    }

    /// The settings that become variables of the functions.
    pub(crate) const fn choices(&self) -> Choices {
        Choices { slug_scheme: self.slug_scheme, auth: self.auth, clicks: self.clicks }
    }
}

impl FunctionConfig {
    /// A function with the default limits.
    #[must_use]
    pub fn new(program: PathBuf) -> Self {
        Self {
            program,
            env: BTreeMap::new(),
            concurrency: 8,
            queue: 1_000,
            idle_expiry: Duration::from_secs(600),
            timeout: None,
            freeze: false,
        }
    }
}
