//! From event to answer.

use std::time::{Duration, Instant, SystemTime};

use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use lambda_runtime::LambdaEvent;
use links::{
    LinkLister, LinkWriter, Origin, Slug, TargetRules, Timestamp,
    key::{KeyReader, KeyUsage},
};

use crate::{
    Config,
    call::{
        page,
        route::{Call, Route},
    },
    failure::Failure,
    http::{problem::Problem, request::Request, response::Answer},
    identity::{Caller, Identity},
    log,
};

/// Longest time for the store, with all attempts. With the time for looking up a key it is below the function's timeout
/// of ten seconds, so that there is always an answer.
pub(crate) const STORE_LIMIT: Duration = Duration::from_secs(8);

/// The function: policy in front of a store.
#[derive(Debug)]
pub struct Writer<W, K> {
    pub(crate) store: W,
    identity: Identity<K>,
    pub(crate) config: Config,
    pub(crate) clock: fn() -> SystemTime,
}

/// A request with all that its answer depends on.
#[derive(Debug)]
pub(crate) struct Exchange<'a> {
    pub(crate) request: &'a Request,
    pub(crate) request_id: &'a str,
    pub(crate) caller: Caller,
    pub(crate) now: Timestamp,
    /// The start of every short URL.
    pub(crate) base_url: String,
    pub(crate) rules: TargetRules,
}

impl<W: LinkWriter + LinkLister, K: KeyReader + KeyUsage> Writer<W, K> {
    /// A writer over `store`, for those whom `identity` knows.
    pub fn new(store: W, identity: Identity<K>, config: Config, clock: fn() -> SystemTime) -> Self {
        Self { store, identity, config, clock }
    }

    /// Answers a request.
    ///
    /// # Errors
    /// None: whatever happens has an answer. The type is what the runtime asks for.
    pub async fn handle(
        &self,
        event: LambdaEvent<ApiGatewayV2httpRequest>,
    ) -> Result<ApiGatewayV2httpResponse, lambda_runtime::Error> {
        let started = Instant::now();
        let LambdaEvent { payload, context } = event;
        let request = Request::new(payload);
        let request_id = context.request_id.as_str();
        let (path, answer) = match page::File::of(request.method(), request.path()) {
            Some(file) if self.config.page => (file.path, page::answer(&request, file)),
            Some(_) => ("", Err(Problem::UnknownPath)),
            None => match Route::of(request.method(), request.path()) {
                Ok(route) => (route.path, self.answer(route, &request, request_id).await),
                Err(problem) => ("", Err(problem)),
            },
        };
        let answer = answer.unwrap_or_else(|problem| Answer::problem(&problem, request_id));
        log::Line {
            request_id,
            method: request.method().as_str(),
            path,
            status: answer.status.as_u16(),
            slug: answer.slug.as_ref().map(Slug::as_str),
            outcome: answer.outcome,
            duration: started.elapsed(),
        }
        .write();
        Ok(answer.into_response())
    }

    async fn answer(&self, route: Route<'_>, request: &Request, request_id: &str) -> Result<Answer, Problem> {
        let Some(scope) = route.call.scope() else {
            return Ok(crate::call::openapi::answer());
        };
        let now = (self.clock)();
        let caller = self.identity.caller(request, request_id, now).await?;
        caller.require(scope)?;
        let exchange = Exchange {
            request,
            request_id,
            caller,
            now: Timestamp::from(now),
            base_url: self.base_url(request),
            rules: self.rules(request),
        };
        // On the heap: the calls differ in size, and most requests need the smallest.
        let call = Box::pin(self.call(route, &exchange));
        match tokio::time::timeout(STORE_LIMIT, call).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(failure)) => Err(log::public(failure, request_id)),
            Err(_elapsed) => {
                log::timed_out(request_id, STORE_LIMIT);
                Err(Problem::Unavailable)
            }
        }
    }

    async fn call(&self, route: Route<'_>, exchange: &Exchange<'_>) -> Result<Answer, Failure> {
        match route.call {
            Call::Shorten => self.shorten(exchange).await,
            Call::CreateLink => self.create_link(exchange).await,
            Call::CreateLinks => self.create_links(exchange).await,
            Call::ListLinks => self.list_links(exchange).await,
            Call::GetLink => self.get_link(exchange, &slug(route)?).await,
            Call::UpdateLink => self.update_link(exchange, &slug(route)?).await,
            Call::DeleteLink => self.delete_link(exchange, &slug(route)?).await,
            Call::RestoreLink => self.restore_link(exchange, &slug(route)?).await,
            Call::GetQrCode => self.get_qr_code(exchange, &slug(route)?).await,
            Call::GetOpenApi => Ok(crate::call::openapi::answer()),
        }
    }

    /// Links to the address that people see and to the one the request came to are both links to ourselves.
    fn rules(&self, request: &Request) -> TargetRules {
        let addresses = self.config.base_url.clone().into_iter().chain(request.base_url());
        TargetRules {
            own: addresses.filter_map(|address| Origin::of(&address)).collect(),
            allow_private: self.config.allow_private_targets,
        }
    }

    fn base_url(&self, request: &Request) -> String {
        self.config.base_url.clone().or_else(|| request.base_url()).unwrap_or_default()
    }
}

/// What is no slug names no link, and needs no store to know that.
fn slug(route: Route<'_>) -> Result<Slug, Problem> {
    route.slug.parse().map_err(|_not_a_slug| Problem::UnknownLink { slug: route.slug.to_owned() })
}
