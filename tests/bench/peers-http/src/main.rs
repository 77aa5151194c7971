//! A redirect without a lookup, on `lambda_http`.

use lambda_http::{Body, Error, Request, RequestExt as _, Response, run, service_fn};

const TARGET: &str =
    "https://www.example.com/articles/2026/11/a-fairly-long-title-of-a-page-a-fairly-long-title-of-a-page";

async fn redirect(request: Request) -> Result<Response<Body>, Error> {
    let parameters = request.path_parameters_ref();
    let has_slug = parameters.and_then(|parameters| parameters.first("id")).is_some_and(|slug| !slug.is_empty());
    let response = Response::builder().header("cache-control", "public, max-age=300");
    let response = match request.method() == "GET" && has_slug {
        true => response.status(301).header("location", TARGET),
        false => response.status(404),
    };
    Ok(response.body(Body::Empty)?)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(redirect)).await
}
