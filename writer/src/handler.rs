//! From event to response.

use std::time::{Instant, SystemTime};

use aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use function::OriginSecret;
use http::{Method, StatusCode, header};
use lambda_runtime::LambdaEvent;
use links::{ClickFolder, HostRules, HostStore, KeyReader, KeyUsage, LinkLister, LinkWriter, Slug};

use crate::{
    Config,
    call::{
        self,
        context::{self, Context, STORE_LIMIT},
        openapi, page,
        route::{Call, LinkCall, Route},
    },
    hosts::KnownHosts,
    http::{
        event::Event,
        problem::{AccessProblem, Problem, RequestProblem},
        request::Request,
        response::Response,
    },
    identity::{Actor, Caller, Identity},
    log,
};

/// What became of a request, and what the log says about it.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The path of the call, with placeholders; empty if there is no such call.
    path: &'static str,
    /// The link that the path names.
    slug: Option<Slug>,
    actor: Actor,
    pub(crate) response: Result<Response, Problem>,
}

/// The function: calls over a store.
#[derive(Debug)]
pub struct Writer<S, K> {
    store: S,
    identity: Identity<K>,
    hosts: KnownHosts,
    config: Config,
    clock: fn() -> SystemTime,
}

impl<S: LinkWriter + LinkLister + HostStore + ClickFolder, K: KeyReader + KeyUsage> Writer<S, K> {
    /// A writer over `store`, for the callers that `identity` knows.
    pub fn new(store: S, identity: Identity<K>, config: Config, clock: fn() -> SystemTime) -> Self {
        Self { store, identity, hosts: KnownHosts::default(), config, clock }
    }

    /// Responds to a request.
    ///
    /// # Errors
    /// Never: every failure has a response. The runtime requires the type.
    pub async fn handle(&self, event: LambdaEvent<Event>) -> Result<ApiGatewayV2httpResponse, lambda_runtime::Error> {
        let started = Instant::now();
        let LambdaEvent { payload: Event(event), context } = event;
        let request = Request::new(event);
        let request_id = context.request_id.as_str();
        let Answer { path, slug, actor, response } = self.respond(&request, request_id).await;
        let response = response.unwrap_or_else(|problem| Response::problem(&problem, request_id));
        let response = if *request.method() == Method::HEAD { response.without_body() } else { response };
        log::Line {
            request_id,
            method: request.method().as_str(),
            path,
            owner: actor.owner.as_deref(),
            principal: actor.principal.as_deref(),
            status: response.status.as_u16(),
            slug: response.slug.as_ref().or(slug.as_ref()).map(Slug::as_str),
            outcome: response.outcome,
            duration: started.elapsed(),
        }
        .write();
        Ok(response.into())
    }

    pub(crate) async fn respond(&self, request: &Request, request_id: &str) -> Answer {
        if !self.admits(request) {
            return Answer::to_anyone("", Err(AccessProblem::WrongAddress.into()));
        }
        // A browser asks what a page of another origin may do. API Gateway knows, and adds it to any response but an error.
        if request.method() == Method::OPTIONS && request.header(header::ACCESS_CONTROL_REQUEST_METHOD).is_some() {
            return Answer::to_anyone("", Ok(Response::empty(StatusCode::NO_CONTENT, "preflight")));
        }
        if let Some(file) = page::File::of(request.method(), request.path()) {
            return match self.config.page {
                true => Answer::to_anyone(file.path, page::get(request, file)),
                false => Answer::to_anyone("", Err(RequestProblem::UnknownPath.into())),
            };
        }
        let route = match Route::of(request.method(), request.path()) {
            Ok(route) => route,
            Err(problem) => return Answer::to_anyone("", Err(problem)),
        };
        let call = match route.call {
            Call::GetOpenApi => return Answer::to_anyone(route.path, Ok(openapi::get())),
            Call::Links(call) => call,
        };
        let now = (self.clock)();
        let (actor, response) = match self.identity.caller(request, request_id, now).await {
            Ok(caller) => (Actor::from(&caller), self.call(call, route.slug, request, request_id, caller, now).await),
            Err(refusal) => (refusal.actor, Err(refusal.problem.into())),
        };
        Answer { path: route.path, slug: route.slug.parse().ok(), actor, response }
    }

    /// Whether a request came the way that it must.
    fn admits(&self, request: &Request) -> bool {
        let sent = || request.header_text(OriginSecret::HEADER).unwrap_or_default();
        self.config.origin_secret.as_ref().is_none_or(|secret| secret.admits(sent()))
    }

    async fn call(
        &self,
        call: LinkCall,
        slug: &str,
        request: &Request,
        request_id: &str,
        caller: Caller,
        now: SystemTime,
    ) -> Result<Response, Problem> {
        caller.require(call.scope())?;
        // On the heap: the calls differ in size, and most requests need the smallest.
        let response = Box::pin(async move {
            let rules = match call.takes_urls() {
                true => self.hosts.current(&self.store, request_id, now).await?,
                false => HostRules::default(),
            };
            let context = Context {
                store: &self.store,
                config: &self.config,
                clock: self.clock,
                request,
                request_id,
                caller,
                now: now.into(),
                base_url: context::base_url(&self.config, request),
                rules: context::target_rules(&self.config, request, rules),
                hosts: &self.hosts,
            };
            call::respond(call, slug, &context).await
        });
        match tokio::time::timeout(STORE_LIMIT, response).await {
            Ok(response) => response.map_err(|failure| failure.into_problem(request_id)),
            Err(_elapsed) => {
                log::timed_out(request_id, STORE_LIMIT);
                Err(Problem::Unavailable)
            }
        }
    }
}

impl Answer {
    /// A response that does not depend on the caller.
    fn to_anyone(path: &'static str, response: Result<Response, Problem>) -> Self {
        Self { path, slug: None, actor: Actor::default(), response }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::Auth,
        http::request::request,
        testing::{Memory, MemoryKeys},
    };
    use serde_json::json;
    use std::time::Duration;

    fn config(variables: &[(&str, &str)]) -> Config {
        Config::from_vars(|name| {
            let given = variables.iter().find(|(given, _)| *given == name).map(|(_, value)| *value);
            let value = given.or_else(|| match name {
                "WRITER_AUTH" => Some("NONE"),
                "SLUG_SCHEME" => Some("aws-sample"),
                _ => Some("x").filter(|_| name.starts_with("AWS_") || name == "DDB_TABLE"),
            });
            value.map(str::to_owned)
        })
        .unwrap()
    }

    #[tokio::test]
    async fn what_passes_cloudfront_by_is_refused() {
        const SECRET: &str = "0123456789abcdef";
        let auth = Auth::None { scopes: links::ScopeSet::OWNER, table: None };
        let keys = MemoryKeys::default();
        let code = async |config: Config, header: &str, value: &str, method: &str, path: &str| {
            let identity = Identity::with_keys(&auth, |_| &keys);
            let writer = Writer::new(Memory::default(), identity, config, || SystemTime::UNIX_EPOCH);
            let request = request(json!({ "requestContext": { "http": { "method": method } }, "rawPath": path,
                "rawQueryString": "", "body": null, "headers": { header: value, "access-control-request-method": "POST" } }));
            let response = writer.respond(&request, "1").await.response;
            response.map_or_else(|problem| problem.code(), |response| response.outcome)
        };
        let closed = || config(&[("ORIGIN_SECRET", SECRET)]);
        for (method, path, outcome) in [
            ("GET", "/", "page"),
            ("GET", "/api/v1/openapi.json", "openapi"),
            ("OPTIONS", "/api/v1/links", "preflight"),
            ("GET", "/api/v1/links/none", "unknown-link"),
        ] {
            assert_eq!(code(closed(), "x-origin-verify", SECRET, method, path).await, outcome, "{method} {path}");
            assert_eq!(code(closed(), "x-origin-verify", "0123456789abcdeg", method, path).await, "wrong-address");
            assert_eq!(code(closed(), "x-other", SECRET, method, path).await, "wrong-address", "{method} {path}");
            assert_eq!(code(config(&[]), "x-other", "", method, path).await, outcome, "{method} {path}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_lists_of_hosts_are_read_within_the_time_for_the_store() {
        let store = Memory::default();
        *store.slow.lock().unwrap() = Some(Duration::from_secs(1));
        let auth = Auth::None { scopes: links::ScopeSet::OWNER, table: None };
        let keys = MemoryKeys::default();
        let writer = Writer::new(store, Identity::with_keys(&auth, |_| &keys), config(&[]), || SystemTime::UNIX_EPOCH);
        let request = request(json!({ "requestContext": { "http": { "method": "POST" } }, "rawPath": "/",
            "rawQueryString": "", "headers": { "content-type": "text/plain" }, "body": "https://example.com/",
            "isBase64Encoded": false }));
        let begun = tokio::time::Instant::now();
        let problem = writer.respond(&request, "1").await.response.unwrap_err();
        assert_eq!((problem.code(), begun.elapsed()), ("unavailable", STORE_LIMIT));
    }
}
