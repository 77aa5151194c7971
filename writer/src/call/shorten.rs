//! The calls that make links.

use futures_util::{StreamExt as _, stream};
use http::{StatusCode, header};
use links::{Alias, Link, LinkLister, LinkWriter, TargetUrl};
use serde::Serialize;
use serde_json::Value;

use crate::{
    Writer,
    failure::Failure,
    handler::Exchange,
    http::{
        body::{self, Form, Wish},
        fields::Fields,
        problem::{self, Problem},
        representation::{self, Representation},
        response::Answer,
    },
    link::{
        idempotency,
        make::{self, Made, Naming},
    },
    log,
};

/// Most links of one request.
const MAX_LINKS: usize = 100;
/// How many of them are made at the same time.
const AT_ONCE: usize = 8;

/// The answer to many wishes.
#[derive(Debug, Serialize)]
struct Results<'a> {
    results: Vec<Outcome<'a>>,
}

/// What became of one of them.
#[derive(Debug, Serialize)]
struct Outcome<'a> {
    index: usize,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<Representation<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<problem::Body<'a>>,
}

impl<W: LinkWriter + LinkLister, K> Writer<W, K> {
    pub(crate) async fn shorten(&self, exchange: &Exchange<'_>) -> Result<Answer, Failure> {
        let (wish, form) = body::any(exchange.request)?;
        let key = idempotency::key(exchange.request)?;
        let made = self.make(exchange, wish, key).await?;
        Ok(match form {
            Form::Json => self.made_answer(exchange, &made),
            Form::Text => {
                let location = representation::short_url(&made.link, &exchange.base_url);
                let slug = made.link.slug.to_string();
                Answer::text(StatusCode::OK, outcome(&made), slug)
                    .with(header::LOCATION, location)
                    .about(made.link.slug)
            }
        })
    }

    pub(crate) async fn create_link(&self, exchange: &Exchange<'_>) -> Result<Answer, Failure> {
        let wish = Wish::from_fields(body::object(exchange.request)?)?;
        let key = idempotency::key(exchange.request)?;
        let made = self.make(exchange, wish, key).await?;
        Ok(self.made_answer(exchange, &made))
    }

    /// Each link for itself: what is wrong with one does not touch the others.
    pub(crate) async fn create_links(&self, exchange: &Exchange<'_>) -> Result<Answer, Failure> {
        let mut fields = body::object(exchange.request)?;
        let wishes = fields.values("links")?.flatten();
        let wishes = wishes.ok_or(Problem::MissingField { field: "links" })?;
        fields.finish()?;
        if wishes.len() > MAX_LINKS {
            let (field, limit) = ("links", MAX_LINKS);
            return Err(Problem::TooMany { field, limit }.into());
        }
        let key = idempotency::key(exchange.request)?;
        let made: Vec<_> = stream::iter(wishes.into_iter().enumerate())
            .map(|(index, wish)| {
                // A name for each, so that they are different requests and a repetition finds them all.
                let key = key.as_ref().map(|key| format!("{key} {index}"));
                self.make_listed(exchange, wish, key)
            })
            .buffered(AT_ONCE)
            .collect()
            .await;
        let results = made.iter().enumerate();
        let results = results
            .map(|(index, made)| match made {
                Ok(made) => Outcome {
                    index,
                    status: status(made).as_u16(),
                    link: Some(self.representation(exchange, &made.link, made.existing)),
                    problem: None,
                },
                Err(problem) => Outcome {
                    index,
                    status: problem.status().as_u16(),
                    link: None,
                    problem: Some(problem.body(exchange.request_id)),
                },
            })
            .collect();
        Ok(Answer::json(StatusCode::OK, "bulk", &Results { results }))
    }

    async fn make_listed(&self, exchange: &Exchange<'_>, wish: Value, key: Option<String>) -> Result<Made, Problem> {
        let Value::Object(object) = wish else {
            return Err(Problem::WrongType { field: "links", expected: "a list of objects" });
        };
        let wish = Wish::from_fields(Fields::new(object))?;
        let made = self.make(exchange, wish, key).await;
        made.map_err(|failure| log::public(failure, exchange.request_id))
    }

    async fn make(&self, exchange: &Exchange<'_>, wish: Wish, key: Option<String>) -> Result<Made, Failure> {
        let Exchange { caller, now, .. } = exchange;
        let owner = caller.owner.as_str();
        let target = TargetUrl::parse(&wish.url, &exchange.rules).map_err(Problem::from)?;
        let naming = match (&wish.slug, &key) {
            (Some(alias), _) => Naming::Alias {
                slug: alias.parse::<Alias>().map_err(Problem::from)?.into_slug(),
                reuse: wish.reuse.unwrap_or(true),
            },
            (None, Some(key)) => Naming::Request(key),
            (None, None) if wish.reuse.unwrap_or(true) && wish.options.are_defaults() => Naming::Url(&target),
            (None, None) => Naming::Fresh(&target, rand::random()),
        };
        let idempotency = key.as_ref().map(|key| idempotency::trace(owner, key, &wish));
        let stamp = Some(rand::random());
        let draft = |slug| {
            let plain = Link { idempotency: idempotency.clone(), stamp, ..Link::new(slug, &target, owner, *now) };
            let link = wish.options.apply(plain, &exchange.rules, *now)?;
            match link.is_expired(*now) {
                true => Err(Problem::NeverValid),
                false => Ok(link),
            }
        };
        make::make(&self.store, &self.config.scheme, owner, &naming, draft, *now).await
    }

    fn made_answer(&self, exchange: &Exchange<'_>, made: &Made) -> Answer {
        let location = representation::short_url(&made.link, &exchange.base_url);
        self.link_answer(outcome(made), status(made), exchange, &made.link, made.existing)
            .with(header::LOCATION, location)
    }
}

fn outcome(made: &Made) -> &'static str {
    match made.existing {
        true => "existing",
        false => "created",
    }
}

fn status(made: &Made) -> StatusCode {
    match made.existing {
        true => StatusCode::OK,
        false => StatusCode::CREATED,
    }
}
