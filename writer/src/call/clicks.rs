//! `GET /api/v1/links/{slug}/clicks` and `GET /api/v1/clicks`: how often links were followed, by time and by visitor.

use function::{ClickDelivery, ClickSettings};
use http::{StatusCode, header};
use jiff::Zoned;
use links::{
    ClickFolder, LinkReader, Scope, Slug,
    clicks::{DayCounts, Facet},
};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::{
    clicks::{
        range::Range,
        series::{self, Bucket},
        sum::{self, Counted, Known, Sum},
    },
    failure::Failure,
    http::{
        etag,
        problem::{Problem, RequestProblem},
        query::Query,
        response::Response,
    },
    link::read::read,
};

use super::context::Context;

/// A client asks every time, and is told if nothing has changed. Another caller gets another answer.
const REVALIDATE: &str = "private, no-cache";
/// The names of the columns are in the first row.
const CSV: &str = "text/csv; charset=utf-8; header=present";

/// Which requests are counted as clicks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bots {
    Exclude,
    Include,
    Only,
}

impl Bots {
    fn from_name(name: &str) -> Option<Self> {
        match name {
            "exclude" => Some(Self::Exclude),
            "include" => Some(Self::Include),
            "only" => Some(Self::Only),
            _ => None,
        }
    }

    const fn clicks(self, people: u64, bots: u64) -> u64 {
        match self {
            Self::Exclude => people,
            Self::Include => people.saturating_add(bots),
            Self::Only => bots,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Json,
    Csv,
}

impl Format {
    fn from_name(name: &str) -> Option<Self> {
        match name {
            "json" => Some(Self::Json),
            "csv" => Some(Self::Csv),
            _ => None,
        }
    }
}

/// What a request asks for.
#[derive(Debug)]
struct Wish {
    range: Range,
    bots: Bots,
    format: Format,
}

impl Wish {
    fn take(query: &mut Query, now: links::Timestamp) -> Result<Self, Problem> {
        let seconds = i64::try_from(now.unix_seconds()).unwrap_or_default();
        let range = Range::take(query, jiff::Timestamp::from_second(seconds).unwrap_or_default())?;
        let bots = query.parsed("bots", Bots::from_name, "exclude, include or only")?.unwrap_or(Bots::Exclude);
        let format = query.parsed("format", Format::from_name, "json or csv")?.unwrap_or(Format::Json);
        Ok(Self { range, bots, format })
    }
}

/// Shows the clicks of a link.
pub(super) async fn of_link<S: LinkReader + ClickFolder>(
    context: &Context<'_, S>,
    slug: &Slug,
) -> Result<Response, Failure> {
    let mut query = Query::parse(context.request.query());
    let wish = Wish::take(&mut query, context.now)?;
    query.finish()?;
    let link = read(context.store, &context.caller, slug, context.now).await?;
    let whose = Whose { slug: Some(link.slug.as_str()), owner: None };
    let response = report(context, &wish, &Counted::link(&link), whose).await?;
    Ok(response.about(link.slug))
}

/// Shows the clicks of all links of an owner.
pub(super) async fn of_owner<S: ClickFolder>(context: &Context<'_, S>) -> Result<Response, Failure> {
    let mut query = Query::parse(context.request.query());
    let wish = Wish::take(&mut query, context.now)?;
    let owner = query.text("owner")?.unwrap_or_else(|| context.caller.owner.clone());
    query.finish()?;
    if owner != context.caller.owner {
        context.caller.require(Scope::Admin)?;
    }
    report(context, &wish, &Counted::owner(&owner), Whose { slug: None, owner: Some(&owner) }).await
}

/// Whose clicks an answer shows: one of the two.
#[derive(Debug, Clone, Copy, Serialize)]
struct Whose<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    slug: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<&'a str>,
}

async fn report<S: ClickFolder>(
    context: &Context<'_, S>,
    wish: &Wish,
    counted: &Counted,
    whose: Whose<'_>,
) -> Result<Response, Failure> {
    let clicks = context.config.clicks.as_ref().ok_or(RequestProblem::NoClicks)?;
    let (first, last) = wish.range.days();
    let first_made = first.max(counted.first_day());
    let of = [counted.of.clone()];
    let (days, totals) = tokio::join!(context.store.days(&counted.of, first_made, last), context.store.totals(&of));
    let days = days?;
    let today = context.now.date().unwrap_or_default();
    let known = Known { days: &days, first: first_made, last };
    let all_time = sum::sum(context.store, counted, totals?.get(&counted.of), known, today, context.request_id).await?;
    let report = Report::new(wish, clicks, whose, &days, all_time);
    let (media_type, body) = match wish.format {
        Format::Json => ("application/json", serde_json::to_string(&report).unwrap_or_default()),
        Format::Csv => (CSV, report.csv()),
    };
    Ok(sent(context, media_type, body, whose, wish.format))
}

/// The response with that body, unless the client has it.
fn sent<S>(context: &Context<'_, S>, media_type: &str, body: String, whose: Whose<'_>, format: Format) -> Response {
    let digest = Sha256::digest(&body);
    let tag = format!("\"{}\"", data_encoding::HEXLOWER.encode(digest.get(..8).unwrap_or_default()));
    let known = context.request.header_text(header::IF_NONE_MATCH);
    let response = if known.is_some_and(|known| etag::is_known(known, &tag)) {
        Response::empty(StatusCode::NOT_MODIFIED, "not-modified")
    } else {
        let response = Response::text(StatusCode::OK, "clicks", body).with(header::CONTENT_TYPE, media_type);
        match format {
            Format::Json => response,
            Format::Csv => {
                let name = whose.slug.map_or_else(|| "clicks.csv".to_owned(), |slug| format!("clicks-{slug}.csv"));
                response.with(header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\""))
            }
        }
    };
    response.with(header::ETAG, tag).with(header::CACHE_CONTROL, REVALIDATE).with(header::VARY, "authorization")
}

/// The JSON of an answer.
#[derive(Debug, Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    whose: Whose<'a>,
    from: String,
    to: String,
    unit: &'static str,
    timezone: &'a str,
    /// Whether every click is counted once, whatever fails.
    exact: bool,
    totals: Totals,
    all_time: Sum,
    series: Vec<Point>,
    whole_days: WholeDays,
    by: Breakdowns,
}

#[derive(Debug, Serialize)]
struct Totals {
    clicks: u64,
    bots: u64,
    visitors: Option<u64>,
}

#[derive(Debug, Serialize)]
struct Point {
    start: String,
    clicks: u64,
    bots: u64,
    visitors: Option<u64>,
}

/// The days in UTC that `visitors` and `by` are of.
#[derive(Debug, Serialize)]
struct WholeDays {
    first: String,
    last: String,
}

#[derive(Debug, Serialize)]
struct Breakdowns {
    country: Vec<Value>,
    referrer: Vec<Value>,
    device: Vec<Value>,
    os: Vec<Value>,
    browser: Vec<Value>,
}

#[derive(Debug, Serialize)]
struct Value {
    value: String,
    clicks: u64,
}

impl<'a> Report<'a> {
    fn new(wish: &'a Wish, clicks: &ClickSettings, whose: Whose<'a>, days: &[DayCounts], all_time: Sum) -> Self {
        let Wish { range, bots, .. } = wish;
        // Visitors have codes for each link, so those of several links are not known.
        let has_visitors = whose.slug.is_some() && *bots != Bots::Only;
        let point = |bucket: &Bucket| Point {
            start: rfc3339(&bucket.start),
            clicks: bots.clicks(bucket.people, bucket.bots),
            bots: bucket.bots,
            visitors: bucket.visitors.filter(|_| has_visitors),
        };
        let series = series::series(range, days);
        let sum =
            |count: fn(&Bucket) -> u64| series.iter().fold(0, |sum: u64, bucket| sum.saturating_add(count(bucket)));
        let (people, of_bots) = (sum(|bucket| bucket.people), sum(|bucket| bucket.bots));
        let by = |facet| match bots {
            Bots::Only => Vec::new(),
            Bots::Exclude | Bots::Include => {
                let values = series::breakdown(range, days, facet).into_iter();
                values.map(|(value, clicks)| Value { value, clicks }).collect()
            }
        };
        let (first, last) = range.whole_days();
        Self {
            whose,
            from: rfc3339(&range.from),
            to: rfc3339(&range.to),
            unit: range.unit.name(),
            timezone: range.zone_name(),
            exact: clicks.delivery == ClickDelivery::Stream,
            totals: Totals {
                clicks: bots.clicks(people, of_bots),
                bots: of_bots,
                visitors: has_visitors.then(|| series::visitors(range, days)),
            },
            all_time,
            series: series.iter().map(point).collect(),
            whole_days: WholeDays { first: first.to_string(), last: last.to_string() },
            by: Breakdowns {
                country: by(Facet::Country),
                referrer: by(Facet::Referrer),
                device: by(Facet::Device),
                os: by(Facet::Os),
                browser: by(Facet::Browser),
            },
        }
    }

    /// The series as a table. Everything in it is a time or a number, so nothing needs quotes.
    fn csv(&self) -> String {
        let row = |point: &Point| {
            let visitors = point.visitors.map(|visitors| visitors.to_string()).unwrap_or_default();
            format!("{},{},{},{visitors}\r\n", point.start, point.clicks, point.bots)
        };
        let rows: String = self.series.iter().map(row).collect();
        format!("start,clicks,bots,visitors\r\n{rows}")
    }
}

/// A time with its offset from UTC.
fn rfc3339(time: &Zoned) -> String {
    time.timestamp().display_with_offset(time.offset()).to_string()
}

#[cfg(test)]
mod tests;
