//! What a stack is made of.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use lambda_local::{Observer, Silent};

use crate::shortener::settings::{Auth, SlugScheme};

/// How a [`Stack`](crate::Stack) is put together.
///
/// [`Config::shortener`] gives the product on free ports and in memory; change fields from there.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// Port of the HTTP gateway on 127.0.0.1; 0 is any free one.
    pub gateway_port: u16,
    /// Port of Lambda's Invoke API on 127.0.0.1; 0 is any free one.
    pub lambda_port: u16,
    /// Port of the `DynamoDB` endpoint on 127.0.0.1; 0 is any free one.
    pub dynamodb_port: u16,
    /// Nodes of the DAX cluster in front of the table; 0 leaves DAX out. 1 by default.
    pub dax_nodes: usize,
    /// Port of the first node on 127.0.0.1, the others follow; 0 is any free ones.
    pub dax_port: u16,
    /// How long DAX keeps an item: 60 s, as in the template.
    pub dax_item_ttl: Duration,
    /// How long it takes until a write reaches the other nodes: nothing by default.
    pub dax_replication_delay: Duration,
    /// Directory that keeps the tables, the slug secret and the key; `None` keeps all of it in memory.
    pub data_dir: Option<PathBuf>,
    /// Text of the `CloudFormation` template with the routes.
    pub template: String,
    /// The functions by their logical id in the template. Each function that a route leads to must be here.
    pub functions: BTreeMap<String, FunctionConfig>,
    /// Executable of this package, through which function processes are started so that they end with this
    /// process even if it is killed. `None` starts them directly: then they end when the [`Stack`] is
    /// stopped or dropped, and after a kill when they notice that the Runtime API is gone.
    ///
    /// [`Stack`]: crate::Stack
    pub launcher: Option<PathBuf>,
    /// Time for an environment to ask for its first invocation: 10 s, as on Lambda.
    pub init_timeout: Duration,
    /// How slugs are made.
    pub slug_scheme: SlugScheme,
    /// Who may make links.
    pub auth: Auth,
    /// Watches requests, output and crashes.
    pub observer: Arc<dyn Observer>,
}

/// How one function is run.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FunctionConfig {
    /// The executable, what `bootstrap` is on Lambda.
    pub program: PathBuf,
    /// Further environment variables; they win over those the stack sets.
    pub env: BTreeMap<String, String>,
    /// Environments at a time, 8 by default. Lambda's default is 1,000, more than one machine carries.
    pub concurrency: usize,
    /// Invocations that wait for a free environment, 1,000 by default; one more is throttled. Lambda would
    /// start environments for them instead; with 0 throttling happens at [`concurrency`](Self::concurrency).
    pub queue: usize,
    /// Idle time after which an environment is removed: 10 minutes by default.
    pub idle_expiry: Duration,
    /// Limit of one invocation, in place of the template's.
    pub timeout: Option<Duration>,
    /// Stop idle processes with `SIGSTOP`, as Lambda freezes environments: turns up background work and
    /// connections that go stale. Off by default.
    pub freeze: bool,
}

impl Config {
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
            data_dir: None,
            template: template.to_owned(),
            functions,
            launcher: None,
            init_timeout: Duration::from_secs(10),
            slug_scheme: SlugScheme::Keyed,
            auth: Auth::None,
            observer: Arc::new(Silent),
        }
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
