//! The functions of a template and what leads to them, with the programs and limits of a configuration.

use std::collections::BTreeMap;
use std::sync::Arc;

use lambda_local::{Cors, PlatformConfig};
use template::{Api, Deliveries};

use crate::config::{Config, FunctionConfig};
use crate::shortener::variables::{self, Endpoints};

/// Every function that is both configured and part of the template, all routes of the template, and what carries logs
/// between those functions.
pub(super) fn of(config: &Config, api: Api, endpoints: &Endpoints, slug_secret: &str) -> PlatformConfig {
    let mut platform = PlatformConfig::new();
    platform.launcher.clone_from(&config.launcher);
    platform.observer = Arc::clone(&config.observer);
    for function in api.functions {
        if let Some(settings) = config.functions.get(&function.id) {
            let variables = variables::of(&function.id, config.choices(), endpoints, slug_secret);
            platform.functions.push(self::function(config, settings, function, variables));
        }
    }
    deliver(config, &mut platform, api.deliveries);
    platform.routes = api.routes.into_iter().map(route).collect();
    platform.allowed_hosts.clone_from(&config.allowed_hosts);
    platform.cors = api.cors.map(cors);
    platform
}

/// Takes over subscriptions, streams and event sources. The intervals are the configuration's: nobody waits at home for as
/// long as it pays to wait on AWS.
fn deliver(config: &Config, platform: &mut PlatformConfig, deliveries: Deliveries) {
    let is_configured = |function: &String| config.functions.contains_key(function);
    for found in deliveries.subscriptions.into_iter().filter(|found| is_configured(&found.function)) {
        let destination = match found.destination {
            template::Destination::Stream(id) => lambda_local::Destination::Stream(id),
            template::Destination::Function(id) => lambda_local::Destination::Function(name(&id)),
        };
        let mut subscription = lambda_local::Subscription::new(found.id, name(&found.function), destination);
        subscription.pattern = found.pattern;
        subscription.interval = config.delivery_interval;
        platform.subscriptions.push(subscription);
    }
    for found in deliveries.streams {
        let mut stream = lambda_local::Stream::new(found.id);
        stream.shards = usize::try_from(found.shards).unwrap_or(1);
        platform.streams.push(stream);
    }
    for found in deliveries.event_sources.into_iter().filter(|found| is_configured(&found.function)) {
        let mut source = lambda_local::EventSource::new(found.stream, name(&found.function));
        source.batch_size = usize::try_from(found.batch_size).unwrap_or(usize::MAX);
        source.window = config.delivery_interval;
        platform.event_sources.push(source);
    }
    platform.fault_seed = config.fault_seed;
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

/// The name of a function, from its logical id: what a function is need not be in its name.
fn name(id: &str) -> String {
    id.strip_suffix("Function").filter(|name| !name.is_empty()).unwrap_or(id).to_lowercase()
}
