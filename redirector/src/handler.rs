//! From event to answer.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Instant, SystemTime},
};

use function::log::Level;
use lambda_runtime::LambdaEvent;
use links::{Found, Freshness, LinkReader, RedirectStatus, Slug, Source, StoreError, Timestamp};

use crate::{
    Config, Event, Response,
    cache::{Destination, LinkCache},
    event::{Headers, Method},
    log::{Log, RequestLine},
    outcome::{Outcome, follow},
    preview::Preview,
    response::Wanted,
};

/// The function: a cache in front of a store.
#[derive(Debug)]
pub struct Redirector<R> {
    store: R,
    // Never held across an await. With one request at a time, as usual on Lambda, it is never waited for.
    cache: Mutex<LinkCache>,
    default_redirect: RedirectStatus,
    debug_headers: bool,
    log: Log,
    clock: fn() -> SystemTime,
}

/// Where an answer came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tier {
    /// Nowhere: the path was no slug, or one of the service's own.
    None,
    Lru,
    Dax,
    DynamoDb,
    /// The cache, past its time, because the store failed.
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
    /// A redirector over `store` with an empty cache.
    pub fn new(store: R, config: &Config, clock: fn() -> SystemTime) -> Self {
        Self {
            store,
            cache: Mutex::new(LinkCache::new(config.cache_entries, config.cache_bytes, config.cache_ttl, clock())),
            default_redirect: config.default_redirect,
            debug_headers: config.debug_headers,
            log: Log::new(config.log_level),
            clock,
        }
    }

    /// Answers a request.
    ///
    /// # Errors
    /// None: whatever happens has an answer. The type is what the runtime asks for.
    pub async fn handle(&self, event: LambdaEvent<Event>) -> Result<Response, lambda_runtime::Error> {
        let started = Instant::now();
        let LambdaEvent { payload: event, context } = event;
        let none = Headers::default();
        let headers = event.headers().unwrap_or(&none);
        let path = event.path();
        // One trailing slash is ignored: people and programs add it.
        let path = path.strip_suffix('/').unwrap_or(path);
        // A plus sign at the end asks where the link leads.
        let (name, is_preview) = match path.strip_suffix('+') {
            Some(name) => (name, true),
            None => (path, false),
        };
        let wanted = Wanted { method: event.method(), accept: &headers.accept, name, request_id: &context.request_id };
        let slug = name.parse::<Slug>().ok();
        let mut answer = match (wanted.method, in_process(path), &slug) {
            (Method::Other, ..) => Answer::new(Outcome::MethodNotAllowed, Tier::None, &wanted),
            (_, Some(outcome), _) => Answer::new(outcome, Tier::None, &wanted),
            (_, None, None) => Answer::new(Outcome::NotFound, Tier::None, &wanted),
            (_, None, Some(slug)) if is_preview => Box::pin(self.preview(slug, event.query(), &wanted)).await,
            (_, None, Some(slug)) => self.resolve(slug, event.query(), &wanted).await,
        };
        let duration = started.elapsed();
        if self.debug_headers {
            answer.response.push_header("x-cache", answer.tier.name());
            answer.response.push_header("server-timing", format!("total;dur={:.3}", duration.as_secs_f64() * 1e3));
        }
        let line = RequestLine {
            request_id: &context.request_id,
            slug: slug.as_ref().map_or("", Slug::as_str),
            outcome: answer.outcome,
            status: answer.status,
            tier: answer.tier.name(),
            duration,
        };
        self.log.request(&line, headers);
        Ok(answer.response)
    }

    /// Follows a slug: through the cache, else through the store.
    async fn resolve(&self, slug: &Slug, query: &str, wanted: &Wanted<'_>) -> Answer {
        let now = (self.clock)();
        if let Some(answer) = self.look_up(slug, query, now, wanted) {
            return answer;
        }
        let outcome = |destination| follow(destination, query, self.default_redirect, Timestamp::from(now));
        // On the heap, so that the future of a cached answer, which is moved several times, stays small.
        match Box::pin(self.read(slug)).await {
            Ok(Found { link: Some(link), source }) => {
                let destination = Destination::from(link);
                self.cache().put(slug, &destination, now);
                Answer::new(outcome(destination.cached()), source.into(), wanted)
            }
            Ok(Found { link: None, source }) => {
                self.cache().put_absent(slug, now);
                Answer::new(Outcome::NotFound, source.into(), wanted)
            }
            Err(error) => {
                let failed = self.failed(&error, slug, wanted);
                let mut cache = self.cache();
                match cache.stale(slug, now).filter(|_| failed == Outcome::Unavailable) {
                    Some(destination) => Answer::new(outcome(destination), Tier::Stale, wanted),
                    None => Answer::new(failed, Tier::None, wanted),
                }
            }
        }
    }

    /// Tells where a slug leads, or what following it would say instead. Always asks the store: the cache does not
    /// keep all that is told, and people who look twice can wait. What the cache knows of absence does hold.
    async fn preview(&self, slug: &Slug, query: &str, wanted: &Wanted<'_>) -> Answer {
        let now = (self.clock)();
        if self.cache().is_absent(slug, now) {
            return Answer::new(Outcome::NotFound, Tier::Lru, wanted);
        }
        let (link, source) = match self.read(slug).await {
            Ok(Found { link, source }) => (link, source.into()),
            Err(error) => {
                return Answer::new(self.failed(&error, slug, wanted), Tier::None, wanted);
            }
        };
        let Some(link) = link else {
            self.cache().put_absent(slug, now);
            return Answer::new(Outcome::NotFound, source, wanted);
        };
        let destination = Destination::from(link.clone());
        let now = Timestamp::from(now);
        let outcome = match follow(destination.cached(), query, self.default_redirect, now) {
            Outcome::Redirect { location, .. } => {
                Outcome::Preview(Box::new(Preview::new(&link, location.into_owned())))
            }
            otherwise => otherwise,
        };
        Answer::new(outcome, source, wanted)
    }

    /// Logs a failure of the store, and what to answer if nothing else can be.
    fn failed(&self, error: &StoreError, slug: &Slug, wanted: &Wanted<'_>) -> Outcome<'static> {
        let (level, outcome) = match error {
            StoreError::Malformed { .. } => (Level::Error, Outcome::Malformed),
            _ => (Level::Warn, Outcome::Unavailable),
        };
        self.log.store_failed(level, wanted.request_id, slug.as_str(), error);
        outcome
    }

    fn look_up(&self, slug: &Slug, query: &str, now: SystemTime, wanted: &Wanted<'_>) -> Option<Answer> {
        let mut cache = self.cache();
        if let Some(destination) = cache.fresh(slug, now) {
            let outcome = follow(destination, query, self.default_redirect, Timestamp::from(now));
            return Some(Answer::new(outcome, Tier::Lru, wanted));
        }
        cache.is_absent(slug, now).then(|| Answer::new(Outcome::NotFound, Tier::Lru, wanted))
    }

    /// Asks the store. DAX remembers that a link does not exist, and replicas lag behind; a link may have been made a
    /// moment ago all the same. So absence is confirmed by the table itself.
    async fn read(&self, slug: &Slug) -> Result<Found, StoreError> {
        let found = self.store.read(slug, Freshness::Cached).await?;
        if found.link.is_some() {
            return Ok(found);
        }
        self.store.read(slug, Freshness::Strong).await
    }

    fn cache(&self) -> MutexGuard<'_, LinkCache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The paths that the service itself has.
fn in_process(path: &str) -> Option<Outcome<'static>> {
    match path {
        "robots.txt" => Some(Outcome::Robots),
        "favicon.ico" => Some(Outcome::Favicon),
        "health" => Some(Outcome::Health),
        _ => None,
    }
}

/// An answer, with what the log tells of it.
struct Answer {
    response: Response,
    outcome: &'static str,
    status: u16,
    tier: Tier,
}

impl Answer {
    fn new(outcome: Outcome<'_>, tier: Tier, wanted: &Wanted<'_>) -> Self {
        let (name, status) = (outcome.name(), outcome.status());
        Self { response: Response::new(outcome, wanted), outcome: name, status, tier }
    }
}
