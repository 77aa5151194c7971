//! `POST /api/v1/links:bulk`: makes many links. Each succeeds or fails independently of the others.

use futures_util::{StreamExt as _, stream};
use http::StatusCode;
use links::LinkWriter;
use serde::Serialize;
use serde_json::Value;

use crate::{
    failure::Failure,
    http::{
        body,
        fields::Fields,
        problem::{FieldProblem, Problem, ProblemBody},
        representation::Shown,
        request::Request,
        response::Response,
    },
    link::{idempotency, make::Made, new_link::NewLink},
};

use super::{
    context::Context,
    create::{make, status},
};

/// Maximum number of links in one request.
const MAX_LINKS: usize = 100;
/// Maximum size of the body. A hundred links with the longest URLs and all other options at their longest have 4.4 MB as
/// JSON that escapes every other character. Lambda takes events of 6 MB, and such a body fits in one even in base64.
const MAX_BYTES: usize = 4_500_000;
/// How many of them are made at the same time.
const CONCURRENCY: usize = 8;

#[derive(Debug, Serialize)]
struct Results<'a> {
    results: Vec<ItemResult<'a>>,
}

/// The result for one item of the request.
#[derive(Debug, Serialize)]
struct ItemResult<'a> {
    index: usize,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<Shown<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<ProblemBody<'a>>,
}

/// Makes many links.
pub(super) async fn create_many<S: LinkWriter>(context: &Context<'_, S>) -> Result<Response, Failure> {
    let items = items(context.request)?;
    let key = idempotency::key(context.request)?;
    let made: Vec<_> = stream::iter(items.into_iter().enumerate())
        .map(|(index, item)| {
            // A key for each item, so that they count as different requests and a repetition finds all of them.
            let key = key.as_ref().map(|key| format!("{key} {index}"));
            make_item(context, item, key)
        })
        .buffered(CONCURRENCY)
        .collect()
        .await;
    let results = made.iter().enumerate().map(|(index, made)| result(context, index, made)).collect();
    Ok(Response::json(StatusCode::OK, "bulk", &Results { results }))
}

fn items(request: &Request) -> Result<Vec<Value>, Problem> {
    let mut fields = body::object_of(request, MAX_BYTES)?;
    let items = fields.values("links")?.flatten();
    let items = items.ok_or(FieldProblem::Missing { field: "links" })?;
    fields.finish()?;
    if items.len() > MAX_LINKS {
        return Err(FieldProblem::TooMany { field: "links", limit: MAX_LINKS }.into());
    }
    Ok(items)
}

async fn make_item<S: LinkWriter>(context: &Context<'_, S>, item: Value, key: Option<String>) -> Result<Made, Problem> {
    let Value::Object(object) = item else {
        return Err(FieldProblem::WrongType { field: "links", expected: "a list of objects" }.into());
    };
    let new_link = NewLink::from_fields(Fields::new(object))?;
    let made = make(context, &new_link, key.as_deref()).await;
    made.map_err(|failure| failure.into_problem(context.request_id))
}

fn result<'a, S>(context: &Context<'a, S>, index: usize, made: &'a Result<Made, Problem>) -> ItemResult<'a> {
    match made {
        Ok(made) => {
            let link = context.shown(&made.link, made.existing);
            ItemResult { index, status: status(made).as_u16(), link: Some(link), problem: None }
        }
        Err(problem) => {
            let problem = problem.describe();
            let status = problem.status.as_u16();
            ItemResult { index, status, link: None, problem: Some(problem.into_body(context.request_id)) }
        }
    }
}
