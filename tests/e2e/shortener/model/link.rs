//! A link in the reference, and the contract's rules for a single link.

use serde_json::{Map, Value, json};

use super::{TARGETS, reference::Caller};

/// Seconds during which a redirector may repeat a 404.
const ABSENCE_BOUND: i64 = 2;
/// Times in responses are whole seconds.
const CUT_OFF: i64 = 1;
/// Seconds after which the service gives up a request and its store calls.
const STORE_LIMIT: i64 = 8;

/// The end of a problem's type, and its status.
pub(super) type Problem = (u16, &'static str);

/// A link: what responses contain, and what only the service knows.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Link {
    pub(super) slug: String,
    pub(super) url: String,
    pub(super) state: String,
    pub(super) redirect: Option<u64>,
    pub(super) cache_seconds: Option<u64>,
    pub(super) permanent: bool,
    pub(super) forward_query: bool,
    pub(super) expired_url: Option<String>,
    pub(super) created_at: i64,
    pub(super) updated_at: i64,
    pub(super) valid_from: Option<i64>,
    pub(super) expires_at: Option<i64>,
    pub(super) owner: String,
    pub(super) version: u64,
    pub(super) tags: Vec<String>,
    pub(super) note: Option<String>,
    restores_to: Option<String>,
    unblocks_to: Option<String>,
    /// Whether an administrator closed it without blocking it.
    pub(super) held: bool,
    /// `Idempotency-Key` and body of the request that created it.
    pub(super) request: Option<(String, Map<String, Value>)>,
}

/// What a visitor gets.
#[derive(Debug, PartialEq)]
pub(super) struct Visit {
    pub(super) status: u16,
    pub(super) location: Option<String>,
    pub(super) cache_control: String,
    /// The end of the problem's type, if the response is one.
    pub(super) problem: String,
}

/// RFC 3339 in UTC.
pub(super) fn rfc3339(seconds: i64) -> String {
    let time = jiff::Timestamp::from_second(seconds).expect("a time");
    time.to_string()
}

/// What is wrong with the body of a request, whatever the link.
pub(super) fn mistake(body: &Map<String, Value>, is_new: bool) -> Option<Problem> {
    if body.contains_key("cahce_seconds") {
        return Some((422, "unknown-field"));
    }
    if body.get("cache_seconds").and_then(Value::as_u64) > Some(86_400) {
        return Some((422, "out-of-range"));
    }
    if body.get("redirect").and_then(Value::as_u64) == Some(303) {
        return Some((422, "wrong-type"));
    }
    let is_nothing = |url: &Value| url.is_null();
    match body.get("url") {
        None if is_new => Some((422, "missing-field")),
        Some(url) if is_nothing(url) => Some((422, "missing-field")),
        _ => None,
    }
}

/// What is wrong with a target.
fn bad_target(url: &str) -> Option<Problem> {
    match url {
        _ if url.starts_with(TARGETS) => None,
        _ if url.starts_with("http://localhost") => Some((422, "private-target")),
        _ => Some((422, "invalid-url")),
    }
}

/// Whether a new link with such a body is a link without options.
pub(super) fn is_plain(body: &Map<String, Value>) -> bool {
    body.iter().all(|(name, value)| match name.as_str() {
        "url" | "slug" | "reuse" => true,
        name if name.starts_with("x_") => true,
        _ => match value {
            Value::Null | Value::Bool(false) => true,
            Value::String(text) => text.is_empty(),
            Value::Array(list) => list.is_empty(),
            _ => false,
        },
    })
}

impl Link {
    /// The link that a body describes, created at `now`.
    pub(super) fn new(
        slug: &str,
        owner: &str,
        body: &Map<String, Value>,
        key: Option<&str>,
        now: i64,
    ) -> Result<Self, Problem> {
        let link = Self {
            slug: slug.to_owned(),
            url: String::new(),
            state: "active".to_owned(),
            redirect: None,
            cache_seconds: None,
            permanent: false,
            forward_query: false,
            expired_url: None,
            created_at: now,
            updated_at: now,
            valid_from: None,
            expires_at: None,
            owner: owner.to_owned(),
            version: 1,
            tags: Vec::new(),
            note: None,
            restores_to: None,
            unblocks_to: None,
            held: false,
            request: key.map(|key| (key.to_owned(), body.clone())),
        };
        let link = link.with(body, now)?;
        match link.is_expired(now) {
            true => Err((422, "never-valid")),
            false => Ok(link),
        }
    }

    /// The same link under its slug.
    pub(super) fn under(&self, slug: &str) -> Self {
        Self { slug: slug.to_owned(), ..self.clone() }
    }

    /// The link with the fields of a body; `null` is the default. Version and times stay.
    fn with(mut self, body: &Map<String, Value>, now: i64) -> Result<Self, Problem> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let time = |value: &Value| {
            let time: jiff::Timestamp = value.as_str()?.parse().expect("a time");
            Some(time.as_second())
        };
        for (name, value) in body {
            match name.as_str() {
                "url" => self.url = text(value).expect("a text"),
                "state" => self = self.in_state(text(value).unwrap_or_else(|| "active".to_owned())),
                "redirect" => self.redirect = value.as_u64(),
                "cache_seconds" => self.cache_seconds = value.as_u64(),
                "permanent" => self.permanent = value.as_bool().unwrap_or(false),
                "forward_query" => self.forward_query = value.as_bool().unwrap_or(false),
                "expired_url" => self.expired_url = text(value),
                "valid_from" => self.valid_from = time(value),
                "expires_at" => self.expires_at = time(value),
                "ttl_seconds" => self.expires_at = value.as_i64().map(|seconds| now + seconds),
                "tags" => {
                    let tags = value.as_array().into_iter().flatten();
                    self.tags = tags.filter_map(text).collect();
                }
                "note" => self.note = text(value).filter(|note| !note.is_empty()),
                _ => {}
            }
        }
        let urls = [Some(&self.url), self.expired_url.as_ref()];
        if let Some(problem) = urls.into_iter().flatten().find_map(|url| bad_target(url)) {
            return Err(problem);
        }
        match (self.valid_from, self.expires_at) {
            (Some(start), Some(end)) if end <= start => Err((422, "never-valid")),
            _ => Ok(self),
        }
    }

    fn changed(mut self, now: i64) -> Self {
        self.updated_at = now;
        self.version += 1;
        self
    }

    fn in_state(mut self, state: String) -> Self {
        match (self.is_blocked(), state.starts_with("blocked")) {
            (false, true) => self.unblocks_to = Some(self.state),
            (true, false) => (self.unblocks_to, self.restores_to) = (None, None),
            _ => {}
        }
        self.state = state;
        self
    }

    /// The link after a merge patch.
    pub(super) fn patched(&self, body: &Map<String, Value>, now: i64, by: &Caller) -> Result<Self, Problem> {
        let state = body.get("state").map(|state| state.as_str().unwrap_or("active"));
        let opens = state.is_some_and(|state| !state.starts_with("blocked"));
        if self.state == "deleted" && (!by.is_admin || opens) {
            return Err((409, "link-deleted"));
        }
        let mut after = self.clone().with(body, now)?;
        if by.is_admin && !after.is_blocked() {
            let is_closed = after.state != "active" || after.is_expired(now) || after.is_early(now);
            let seen = |link: &Self| {
                let Self { url, state, expired_url, valid_from, expires_at, .. } = link.clone();
                (url, state, expired_url, valid_from, expires_at)
            };
            let closes = by.owner != self.owner && (state.is_some() || seen(&after) != seen(self));
            after.held = is_closed && state != Some("active") && (self.held || closes);
        }
        Ok(match after == *self {
            true => after,
            false => after.changed(now),
        })
    }

    /// The tombstone.
    pub(super) fn deleted(&self, now: i64, by: &Caller) -> Self {
        let mut after = self.clone();
        after.held |= self.is_blocked() || by.is_admin && by.owner != self.owner;
        if after.state != "deleted" {
            after.restores_to = Some(std::mem::replace(&mut after.state, "deleted".to_owned()));
        }
        match after == *self {
            true => after,
            false => after.changed(now),
        }
    }

    /// The link after an administrator's block or, without a state, its end.
    pub(super) fn blocked(&self, state: Option<&str>, now: i64) -> Self {
        let mut after = self.clone();
        match state {
            Some(state) => after = after.in_state(state.to_owned()),
            None if self.is_blocked() => after.state = after.unblocks_to.take().unwrap_or_else(|| "active".to_owned()),
            None => {}
        }
        match after == *self {
            true => after,
            false => after.changed(now),
        }
    }

    /// The link that a tombstone restores to.
    pub(super) fn restored(&self, now: i64) -> Self {
        let mut after = self.clone();
        if after.state != "deleted" {
            return after;
        }
        after.state = after.restores_to.take().unwrap_or_else(|| "active".to_owned());
        after.held = false;
        after.changed(now)
    }

    fn is_blocked(&self) -> bool {
        self.state.starts_with("blocked")
    }

    /// What other owners get: a link that visitors cannot follow does not exist for them.
    pub(super) fn refusal(&self, now: i64) -> Problem {
        let is_hidden = self.state != "active" || self.is_expired(now) || self.is_early(now);
        if is_hidden { (404, "unknown-link") } else { (403, "not-owner") }
    }

    /// Whether only administrators may change it.
    pub(super) fn is_operators(&self) -> bool {
        self.is_blocked() || self.held
    }

    /// Whether the owner gets no other link to `url` because an administrator closed this one.
    pub(super) fn closes(&self, owner: &str, url: &str) -> bool {
        self.is_operators() && self.owner == owner && self.url == url
    }

    pub(super) fn is_expired(&self, now: i64) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }

    pub(super) fn is_early(&self, now: i64) -> bool {
        self.valid_from.is_some_and(|start| now < start)
    }

    /// Whether it is the response to another request for a link to `url`.
    pub(super) fn serves(&self, owner: &str, url: &str, now: i64) -> bool {
        self.owner == owner && self.url == url && self.state == "active" && !self.is_expired(now) && !self.is_early(now)
    }

    /// When every redirector must serve this version, if changes are visible within `bound` seconds, as a response at `now`
    /// says: the write preceded the response, and the service's timeout for the store.
    pub(super) fn visible_by(&self, bound: i64, now: i64) -> i64 {
        let bound = match self.version {
            1 => ABSENCE_BOUND,
            _ => bound,
        };
        now.clamp(self.updated_at, self.updated_at + STORE_LIMIT) + bound + CUT_OFF
    }

    /// The representation in the management API.
    pub(super) fn json(&self, base_url: &str, existing: bool, visible_by: &Value) -> Value {
        json!({
            "slug": self.slug,
            "short_url": format!("{base_url}/{}", self.slug),
            "url": self.url,
            "state": self.state,
            "redirect": self.redirect,
            "cache_seconds": self.cache_seconds,
            "permanent": self.permanent,
            "forward_query": self.forward_query,
            "expired_url": self.expired_url,
            "created_at": rfc3339(self.created_at),
            "updated_at": rfc3339(self.updated_at),
            "valid_from": self.valid_from.map(rfc3339),
            "expires_at": self.expires_at.map(rfc3339),
            "owner": self.owner,
            "version": self.version,
            "tags": self.tags,
            "note": self.note,
            "existing": existing,
            "visible_by": visible_by,
        })
    }

    /// What a visitor who adds `query` to the address gets at `now`.
    pub(super) fn visit(&self, query: &str, now: i64) -> Visit {
        match self.state.as_str() {
            "blocked" => Visit::problem(403, "blocked"),
            "blocked_legal" => Visit::problem(451, "blocked-legal"),
            "disabled" => Visit::problem(404, "not-found"),
            "deleted" => self.gone(),
            _ if self.is_expired(now) => self.gone(),
            _ if self.is_early(now) => Visit::problem(404, "not-found"),
            _ => {
                let separator = if query.is_empty() { "" } else { "?" };
                let location = match self.forward_query {
                    true => format!("{}{separator}{query}", self.url),
                    false => self.url.clone(),
                };
                let status = self.redirect.unwrap_or(301);
                Visit {
                    status: u16::try_from(status).expect("a status"),
                    location: Some(location),
                    cache_control: self.cache_control(now),
                    problem: String::new(),
                }
            }
        }
    }

    fn gone(&self) -> Visit {
        match self.expired_url.as_ref().filter(|_| !self.held) {
            None => Visit::problem(410, "gone"),
            Some(url) => Visit {
                status: 302,
                location: Some(url.clone()),
                cache_control: "private, max-age=90".to_owned(),
                problem: String::new(),
            },
        }
    }

    fn cache_control(&self, now: i64) -> String {
        let left = self.expires_at.map_or(u64::MAX, |end| (end - now).unsigned_abs());
        match (self.cache_seconds, self.permanent) {
            (Some(0), _) => "private, max-age=0, must-revalidate".to_owned(),
            (Some(seconds), _) => {
                let shared = seconds.min(left);
                format!("public, max-age={}, s-maxage={shared}", shared.min(60))
            }
            (None, true) => format!("public, max-age={}", left.min(3_600)),
            (None, false) => format!("private, max-age={}", left.min(90)),
        }
    }

    /// The preview of the link.
    pub(super) fn preview(&self, query: &str, now: i64) -> Result<Value, Visit> {
        let visit = self.visit(query, now);
        let Some(location) = &visit.location else {
            return Err(visit);
        };
        Ok(json!({
            "slug": self.slug,
            "url": location,
            "host": "example.com",
            "host_unicode": "example.com",
            "created_at": rfc3339(self.created_at),
            "expires_at": self.expires_at.map(rfc3339),
        }))
    }
}

impl Visit {
    pub(super) fn problem(status: u16, code: &str) -> Self {
        Self { status, location: None, cache_control: "no-store".to_owned(), problem: code.to_owned() }
    }
}
