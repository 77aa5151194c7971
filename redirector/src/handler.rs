//! From event to response.

use std::{
    io,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use function::{AbuseContact, OriginSecret, log::Level};
use lambda_runtime::LambdaEvent;
use links::{Found, Freshness, LinkReader, RedirectStatus, Slug, Source, StoreError, Timestamp};
use tokio::time::timeout;

use crate::{
    Config, Event, Response, Salts,
    cache::{Destination, LinkCache},
    click::{self, Clicks},
    event::{Headers, Method},
    log::{Log, RequestLine},
    outcome::{Outcome, follow},
    path::Named,
    preview::Preview,
    response::RequestInfo,
};

/// How long a copy of `security.txt` may be used. RFC 9116 recommends less than a year.
const SECURITY_TXT_LIFE: Duration = Duration::from_secs(90 * 24 * 3_600);

/// Longest time for all reads of a request, whatever is configured. Every read ends at the store's own deadline, usually
/// long before; the response does not depend on it. The function is stopped after 5 s.
const READ_LIMIT: Duration = Duration::from_millis(4_500);

/// The function: a cache in front of a store.
#[derive(Debug)]
pub struct Redirector<R> {
    store: R,
    // Never held across an await. With one request at a time, as usual on Lambda, nobody waits for it.
    cache: Mutex<LinkCache>,
    default_redirect: RedirectStatus,
    debug_headers: bool,
    contact: Option<AbuseContact>,
    origin_secret: Option<OriginSecret>,
    /// If clicks are counted.
    clicks: Option<Clicks>,
    log: Log,
    clock: fn() -> SystemTime,
}

/// Where an outcome came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tier {
    /// Nothing was looked up: the path is not a slug, or is one of the service's own.
    None,
    Lru,
    Dax,
    DynamoDb,
    /// An entry of the cache past its deadline, because the store failed.
    Stale,
}

impl Tier {
    fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Lru => "lru",
            Self::Dax => "dax",
            Self::DynamoDb => "dynamodb",
            Self::Stale => "stale",
        }
    }
}

impl From<Source> for Tier {
    fn from(source: Source) -> Self {
        match source {
            Source::Dax => Self::Dax,
            Source::DynamoDb => Self::DynamoDb,
        }
    }
}

impl<R: LinkReader> Redirector<R> {
    /// A redirector over `store` with an empty cache. Somebody has to [keep](Salts::keep) the salts, if clicks are counted;
    /// else visitors are not.
    pub fn new(store: R, salts: Salts, config: &Config, clock: fn() -> SystemTime) -> Self {
        Self {
            store,
            cache: Mutex::new(LinkCache::new(config.cache_entries, config.cache_bytes, config.cache_ttl, clock())),
            default_redirect: config.default_redirect,
            debug_headers: config.debug_headers,
            contact: config.abuse_contact.clone(),
            origin_secret: config.origin_secret.clone(),
            clicks: config.clicks.as_ref().map(|_| Clicks::new(salts, config.origin_secret.is_some())),
            log: Log::new(config.log_level),
            clock,
        }
    }

    /// Responds to a request.
    ///
    /// # Errors
    /// Never: every outcome has a response. The runtime asks for a `Result`.
    pub async fn handle(&self, event: LambdaEvent<Event>) -> Result<Response, lambda_runtime::Error> {
        let (started, now) = (Instant::now(), (self.clock)());
        let LambdaEvent { payload: event, context } = event;
        let request_id = context.request_id.as_str();
        let none = Headers::default();
        let headers = event.headers().unwrap_or(&none);
        let Named { name, slug, is_preview } = Named::of(event.path());
        // `/health+` is no preview of anything.
        let own = if is_preview { None } else { self.own_path(name, now) };
        let (outcome, tier) = match (event.method(), own, &slug) {
            _ if !self.admits(headers) => (Outcome::WrongAddress, Tier::None),
            (Method::Other, ..) => (Outcome::MethodNotAllowed, Tier::None),
            (_, Some(outcome), _) => (outcome, Tier::None),
            (_, None, None) => (Outcome::NotFound, Tier::None),
            (_, None, Some(slug)) if is_preview => Box::pin(self.preview(slug, event.query(), request_id, now)).await,
            (_, None, Some(slug)) => self.resolve(slug, event.query(), request_id, now).await,
        };
        let (outcome_name, status) = (outcome.name(), outcome.status());
        let click = match (&self.clicks, &slug) {
            (Some(clicks), Some(slug)) if click::counts(event.method(), headers, &outcome) => {
                Some(clicks.describe(slug, &event, headers, now))
            }
            _ => None,
        };
        let request = RequestInfo {
            method: event.method(),
            accept: &headers.accept,
            name,
            request_id,
            contact: self.contact.as_ref(),
        };
        let mut response = Response::new(outcome, &request);
        let duration = started.elapsed();
        if self.debug_headers {
            response.push_header("x-cache", tier.name());
            response.push_header("server-timing", format!("total;dur={:.3}", duration.as_secs_f64() * 1e3));
        }
        let line = RequestLine {
            time: now,
            request_id,
            slug: slug.as_ref().map_or("", Slug::as_str),
            outcome: outcome_name,
            method: event.method(),
            status,
            tier: tier.name(),
            duration,
            click,
        };
        self.log.request(&line, headers);
        Ok(response)
    }

    /// Follows a slug: through the cache, else through the store.
    async fn resolve(&self, slug: &Slug, query: &str, request_id: &str, now: SystemTime) -> (Outcome, Tier) {
        if let Some(outcome) = self.look_up(slug, query, now) {
            return (outcome, Tier::Lru);
        }
        let follow = |destination| follow(destination, query, self.default_redirect, Timestamp::from(now));
        // On the heap, so that the future of a cache hit, which is moved several times, stays small.
        match Box::pin(self.read(slug)).await {
            Ok(Found { link: Some(link), source }) => {
                let destination = Destination::from(link);
                self.cache().put(slug, &destination, now);
                (follow(destination.cached()), source.into())
            }
            Ok(Found { link: None, source }) => {
                self.cache().put_absent(slug, now);
                (Outcome::NotFound, source.into())
            }
            Err(error) => {
                let failed = self.failed(&error, slug, request_id);
                let mut cache = self.cache();
                match cache.stale(slug, now).filter(|_| failed == Outcome::Unavailable) {
                    Some(destination) => (follow(destination), Tier::Stale),
                    None => (failed, Tier::None),
                }
            }
        }
    }

    /// Says where a slug leads, or why it cannot be followed. The link comes from the store, because the cache does not
    /// keep all that a preview shows. Absence may come from the cache.
    async fn preview(&self, slug: &Slug, query: &str, request_id: &str, now: SystemTime) -> (Outcome, Tier) {
        if self.cache().is_absent(slug, now) {
            return (Outcome::NotFound, Tier::Lru);
        }
        let (link, source) = match self.read(slug).await {
            Ok(Found { link, source }) => (link, source.into()),
            Err(error) => return (self.failed(&error, slug, request_id), Tier::None),
        };
        let Some(link) = link else {
            self.cache().put_absent(slug, now);
            return (Outcome::NotFound, source);
        };
        let destination = Destination::from(link.clone());
        let outcome = match follow(destination.cached(), query, self.default_redirect, Timestamp::from(now)) {
            Outcome::Redirect { location, .. } => Outcome::Preview(Box::new(Preview::new(&link, location))),
            other => other,
        };
        (outcome, source)
    }

    /// Logs a failure of the store. Returns the outcome unless there is a better one.
    fn failed(&self, error: &StoreError, slug: &Slug, request_id: &str) -> Outcome {
        let (level, outcome) = match error {
            StoreError::Malformed { .. } => (Level::Error, Outcome::Malformed),
            _ => (Level::Warn, Outcome::Unavailable),
        };
        self.log.store_failed(level, request_id, slug.as_str(), error);
        outcome
    }

    /// What the cache knows about a slug.
    fn look_up(&self, slug: &Slug, query: &str, now: SystemTime) -> Option<Outcome> {
        let mut cache = self.cache();
        if let Some(destination) = cache.fresh(slug, now) {
            return Some(follow(destination, query, self.default_redirect, Timestamp::from(now)));
        }
        cache.is_absent(slug, now).then_some(Outcome::NotFound)
    }

    /// Reads the store. DAX caches absence and replicas lag behind, but a link may have been created a moment ago; so the
    /// table itself must confirm absence.
    async fn read(&self, slug: &Slug) -> Result<Found, StoreError> {
        let read = async {
            let found = self.store.read(slug, Freshness::Cached).await?;
            if found.link.is_some() {
                return Ok(found);
            }
            self.store.read(slug, Freshness::Strong).await
        };
        timeout(READ_LIMIT, read).await.unwrap_or_else(|_elapsed| {
            let source = io::Error::from(io::ErrorKind::TimedOut).into();
            Err(StoreError::Unavailable { operation: "GetItem", source })
        })
    }

    /// Whether a request came the way that it must.
    fn admits(&self, headers: &Headers) -> bool {
        self.origin_secret.as_ref().is_none_or(|secret| secret.admits(&headers.origin.0))
    }

    /// The outcome of a path that the service itself has.
    fn own_path(&self, path: &str, now: SystemTime) -> Option<Outcome> {
        match path {
            "robots.txt" => Some(Outcome::Robots),
            "favicon.ico" => Some(Outcome::Favicon),
            "health" => Some(Outcome::Health),
            ".well-known/security.txt" if self.contact.is_some() => {
                Some(Outcome::SecurityTxt { expires: Timestamp::from(now).plus(SECURITY_TXT_LIFE) })
            }
            _ => None,
        }
    }

    fn cache(&self) -> MutexGuard<'_, LinkCache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
