//! The same with the event types of `aws_lambda_events`, as most functions are written.

use aws_lambda_events::{
    apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse},
    http::{HeaderMap, HeaderValue},
};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use peers::{CACHE_CONTROL, TARGET};

async fn redirect(event: LambdaEvent<ApiGatewayV2httpRequest>) -> Result<ApiGatewayV2httpResponse, Error> {
    let request = event.payload;
    let has_slug = request.path_parameters.get("id").is_some_and(|slug| !slug.is_empty());
    let mut headers = HeaderMap::with_capacity(2);
    headers.insert("cache-control", HeaderValue::from_static(CACHE_CONTROL));
    let mut response = ApiGatewayV2httpResponse::default();
    response.status_code = 404;
    if has_slug && request.request_context.http.method == "GET" {
        response.status_code = 301;
        headers.insert("location", HeaderValue::from_static(TARGET));
    }
    response.headers = headers;
    Ok(response)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(redirect)).await
}
