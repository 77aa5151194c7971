//! The functions and routes of a template, with the programs and limits of a configuration.

use std::collections::BTreeMap;
use std::sync::Arc;

use lambda_local::{Cors, PlatformConfig};
use template::Api;

use crate::config::{Config, FunctionConfig};
use crate::shortener::variables::{self, Endpoints};

/// Every function that is both configured and part of the template, and all routes of the template.
pub(super) fn of(config: &Config, api: Api, endpoints: &Endpoints, slug_secret: &str) -> PlatformConfig {
    let mut platform = PlatformConfig::new();
    platform.launcher.clone_from(&config.launcher);
    platform.observer = Arc::clone(&config.observer);
    for function in api.functions {
        if let Some(settings) = config.functions.get(&function.id) {
            let variables = variables::of(&function.id, config.auth, config.slug_scheme, endpoints, slug_secret);
            platform.functions.push(self::function(config, settings, function, variables));
        }
    }
    platform.routes = api.routes.into_iter().map(route).collect();
    platform.allowed_hosts.clone_from(&config.allowed_hosts);
    platform.cors = api.cors.map(cors);
    platform
}

fn function(
    config: &Config,
    settings: &FunctionConfig,
    definition: template::Function,
    variables: BTreeMap<String, String>,
) -> lambda_local::Function {
    let mut function = lambda_local::Function::new(name(&definition.id), &settings.program);
    function.handler = definition.handler;
    function.env = variables;
    function.env.extend(settings.env.clone());
    function.memory_mb = definition.memory_mb;
    function.timeout = settings.timeout.unwrap_or(definition.timeout);
    function.init_timeout = config.init_timeout;
    function.concurrency = settings.concurrency;
    function.queue = settings.queue;
    function.idle_expiry = settings.idle_expiry;
    function.freeze = settings.freeze;
    function
}

fn route(definition: template::Route) -> lambda_local::Route {
    let mut route = lambda_local::Route::new(definition.key, name(&definition.integration.function));
    route.timeout = definition.integration.timeout;
    route
}

fn cors(definition: template::Cors) -> Cors {
    Cors {
        allow_origins: definition.allow_origins,
        allow_methods: definition.allow_methods,
        allow_headers: definition.allow_headers,
        expose_headers: definition.expose_headers,
        max_age: definition.max_age,
        allow_credentials: definition.allow_credentials,
    }
}

/// The name of a function, from its logical id.
fn name(id: &str) -> String {
    id.to_lowercase()
}
