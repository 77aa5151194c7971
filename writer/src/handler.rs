//! From event to answer.

use std::time::{Duration, Instant, SystemTime};

use aws_lambda_events::{
    apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse},
    encodings::Body,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use lambda_runtime::LambdaEvent;
use links::{Alias, LinkWriter, Origin, TargetRules, TargetUrl, Timestamp};
use serde::Serialize;

use crate::{
    Config,
    body::{self, Form, Wish},
    create::{self, CreateError, Made},
    identity, log,
    problem::Problem,
    representation::{self, Representation},
    request::Request,
    route::Route,
};

/// Longest time for the store, with all attempts; below the function's timeout of ten seconds, so that there is always
/// an answer.
const STORE_LIMIT: Duration = Duration::from_secs(8);

/// The function: policy in front of a store.
#[derive(Debug)]
pub struct Writer<W> {
    store: W,
    config: Config,
    clock: fn() -> SystemTime,
}

impl<W: LinkWriter> Writer<W> {
    /// A writer over `store`.
    pub fn new(store: W, config: Config, clock: fn() -> SystemTime) -> Self {
        Self {
            store,
            config,
            clock,
        }
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
        let route = format!("{} {}", request.method(), request.path());
        let result = self.answer(&request, request_id).await;
        let (code, slug, response) = match result {
            Ok((made, form)) => {
                let code = if made.existing { "existing" } else { "created" };
                let response = success(&made, form, &self.base_url(&request));
                (code, Some(made.link.slug.to_string()), response)
            }
            Err(problem) => (problem.code(), None, failure(&problem, request_id)),
        };
        let status = u16::try_from(response.status_code).unwrap_or_default();
        log::request(
            request_id,
            &route,
            status,
            slug.as_deref(),
            code,
            started.elapsed(),
        );
        Ok(response)
    }

    async fn answer(&self, request: &Request, request_id: &str) -> Result<(Made, Form), Problem> {
        let route = Route::of(request.method(), request.path())?;
        let owner = identity::owner(self.config.auth, request)?;
        let (wish, form) = match route {
            Route::CreateLink => (body::strict(request)?, Form::Json),
            Route::Shorten => body::any(request)?,
        };
        let made = tokio::time::timeout(STORE_LIMIT, self.create(&wish, owner, request)).await;
        match made {
            Ok(Ok(made)) => Ok((made, form)),
            Ok(Err(CreateError::Problem(problem))) => Err(problem),
            Ok(Err(CreateError::Store(error))) => {
                log::store_failed(request_id, &error);
                Err(Problem::Unavailable)
            }
            Err(_elapsed) => {
                log::timed_out(request_id, STORE_LIMIT);
                Err(Problem::Unavailable)
            }
        }
    }

    async fn create(
        &self,
        wish: &Wish,
        owner: &str,
        request: &Request,
    ) -> Result<Made, CreateError> {
        let target = TargetUrl::parse(&wish.url, &self.rules(request)).map_err(problem)?;
        let now = Timestamp::from((self.clock)());
        match &wish.slug {
            Some(alias) => {
                let alias: Alias = alias.parse().map_err(problem)?;
                create::with_alias(&self.store, alias, &target, owner, now).await
            }
            None => create::derived(&self.store, &self.config.scheme, &target, owner, now).await,
        }
    }

    /// Links to the address that people see and to the one the request came to are both links to ourselves.
    fn rules(&self, request: &Request) -> TargetRules {
        let addresses = self
            .config
            .base_url
            .clone()
            .into_iter()
            .chain(request.base_url());
        TargetRules {
            own: addresses
                .filter_map(|address| Origin::of(&address))
                .collect(),
            allow_private: self.config.allow_private_targets,
        }
    }

    fn base_url(&self, request: &Request) -> String {
        self.config
            .base_url
            .clone()
            .or_else(|| request.base_url())
            .unwrap_or_default()
    }
}

fn problem(error: impl Into<Problem>) -> CreateError {
    CreateError::Problem(error.into())
}

fn success(made: &Made, form: Form, base_url: &str) -> ApiGatewayV2httpResponse {
    let location = (
        header::LOCATION,
        representation::short_url(&made.link, base_url),
    );
    match form {
        Form::Text => response(
            StatusCode::OK,
            "text/plain",
            made.link.slug.to_string(),
            [location],
        ),
        Form::Json => {
            let status = if made.existing {
                StatusCode::OK
            } else {
                StatusCode::CREATED
            };
            let body = to_json(&Representation::new(made, base_url));
            let etag = (header::ETAG, representation::etag(&made.link));
            response(status, "application/json", body, [location, etag])
        }
    }
}

/// Strings, numbers and flags under names: nothing that could not be written.
fn to_json(body: &impl Serialize) -> String {
    serde_json::to_string(body).unwrap_or_default()
}

fn failure(problem: &Problem, request_id: &str) -> ApiGatewayV2httpResponse {
    let body = to_json(&problem.body(request_id));
    response(
        problem.status(),
        "application/problem+json",
        body,
        problem.header(),
    )
}

fn response(
    status: StatusCode,
    media_type: &'static str,
    body: String,
    more: impl IntoIterator<Item = (HeaderName, String)>,
) -> ApiGatewayV2httpResponse {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    for (name, value) in more {
        // The values are slugs, numbers, and the host of the service: all of them fit.
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    }
    let mut response = ApiGatewayV2httpResponse::default();
    response.status_code = status.as_u16().into();
    response.headers = headers;
    response.body = Some(Body::Text(body));
    response
}
