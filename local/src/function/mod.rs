//! Lambda functions as processes: one process per execution environment, one invocation at a time in it.

mod answer;
mod environment;
mod invocation;
mod output;
mod pool;
mod process;
mod stats;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

pub(crate) use invocation::{Completed, FunctionError, Request};
pub(crate) use pool::Pool;
pub use stats::FunctionStats;

/// The account that ARNs name here; AWS's documentation uses the same.
pub(crate) const ACCOUNT_ID: &str = "123456789012";

/// The region that ARNs and credentials name here.
pub(crate) const REGION: &str = "us-east-1";

/// Everything that is fixed about a function while the stack runs.
#[derive(Clone, Debug)]
pub(crate) struct Spec {
    /// Name in the Invoke API and in ARNs.
    pub(crate) name: String,
    pub(crate) program: PathBuf,
    /// Complete environment, except for what differs from process to process.
    pub(crate) env: BTreeMap<String, String>,
    pub(crate) launcher: Option<PathBuf>,
    pub(crate) memory_mb: u64,
    pub(crate) timeout: Duration,
    pub(crate) init_timeout: Duration,
    pub(crate) concurrency: usize,
    pub(crate) queue: usize,
    pub(crate) idle_expiry: Duration,
    pub(crate) freeze: bool,
}

impl Spec {
    pub(crate) fn arn(&self) -> String {
        format!("arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:{}", self.name)
    }
}

/// The environment variables that Lambda sets for a `provided` runtime.
///
/// `AWS_LAMBDA_MAX_CONCURRENCY` is absent on purpose: it switches a runtime to several invocations at a
/// time. Source: Lambda developer guide, "Defined runtime environment variables".
pub(crate) fn lambda_environment(
    name: &str,
    memory_mb: u64,
    handler: &str,
    task_root: &str,
) -> BTreeMap<String, String> {
    [
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_DEFAULT_REGION", REGION),
        ("AWS_EXECUTION_ENV", "AWS_Lambda_provided.al2023"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", &memory_mb.to_string()),
        ("AWS_LAMBDA_FUNCTION_NAME", name),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", &format!("/aws/lambda/{name}")),
        ("AWS_REGION", REGION),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("AWS_SESSION_TOKEN", "local"),
        ("LAMBDA_RUNTIME_DIR", "/var/runtime"),
        ("LAMBDA_TASK_ROOT", task_root),
        ("LANG", "en_US.UTF-8"),
        ("PATH", "/usr/local/bin:/usr/bin:/bin:/opt/bin"),
        ("TZ", ":UTC"),
        ("_HANDLER", handler),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}
