//! `POST /`: makes a link to a URL that is given in any of several forms.

use http::{StatusCode, header};
use links::LinkWriter;

use crate::{
    failure::Failure,
    http::{
        body::{self, ResponseFormat},
        response::Response,
    },
    link::{idempotency, new_link::NewLink},
};

use super::{
    context::Context,
    create::{made_response, make, outcome},
};

/// Makes a link.
pub(super) async fn shorten<S: LinkWriter>(context: &Context<'_, S>) -> Result<Response, Failure> {
    let (body, format) = body::any(context.request)?;
    let new_link = NewLink::from_body(body)?;
    let key = idempotency::key(context.request)?;
    let made = make(context, &new_link, key.as_deref()).await?;
    Ok(match format {
        ResponseFormat::Json => made_response(context, &made),
        ResponseFormat::Text => Response::text(StatusCode::OK, outcome(&made), made.link.slug.to_string())
            .with(header::LOCATION, context.short_url(&made.link))
            .about(made.link.slug),
    })
}
