//! The environment variables that Lambda sets for a `provided` runtime.

use std::path::Path;

use crate::config::Function;
use crate::ids::{REGION, log_group};

/// The variables that are the same in every environment of a function.
///
/// `AWS_LAMBDA_MAX_CONCURRENCY` is absent on purpose: it makes a runtime take several invocations at a time.
///
/// Source: Lambda developer guide, "Defined runtime environment variables".
pub(super) fn lambda_variables(function: &Function) -> [(&'static str, String); 17] {
    let name = &function.name;
    let task_root = function.program.parent().unwrap_or_else(|| Path::new("/"));
    [
        ("AWS_ACCESS_KEY_ID", "local".to_owned()),
        ("AWS_DEFAULT_REGION", REGION.to_owned()),
        ("AWS_EXECUTION_ENV", "AWS_Lambda_provided.al2023".to_owned()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", function.memory_mb.to_string()),
        ("AWS_LAMBDA_FUNCTION_NAME", name.clone()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", log_group(name)),
        ("AWS_REGION", REGION.to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
        ("AWS_SESSION_TOKEN", "local".to_owned()),
        ("LAMBDA_RUNTIME_DIR", "/var/runtime".to_owned()),
        ("LAMBDA_TASK_ROOT", task_root.to_string_lossy().into_owned()),
        ("LANG", "en_US.UTF-8".to_owned()),
        ("PATH", "/usr/local/bin:/usr/bin:/bin:/opt/bin".to_owned()),
        ("TZ", ":UTC".to_owned()),
        ("_HANDLER", function.handler.clone()),
    ]
}
