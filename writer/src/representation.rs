//! How a link looks in an answer.

use std::time::Duration;

use links::{Link, RedirectStatus, StoredTarget, Timestamp};
use serde::Serialize;

/// After a link is made, a redirector that has just answered 404 for its slug may go on doing so for this long.
const ABSENCE_BOUND: Duration = Duration::from_secs(2);

/// Times are kept without their fractions, so a change may have been made up to this much later.
const CUT_OFF: Duration = Duration::from_secs(1);

/// The JSON of a link. Fields that are not set are there as `null`.
#[derive(Debug, Serialize)]
pub(crate) struct Representation<'a> {
    slug: &'a str,
    short_url: String,
    url: &'a str,
    state: &'static str,
    redirect: Option<u16>,
    cache_seconds: Option<u32>,
    permanent: bool,
    forward_query: bool,
    expired_url: Option<&'a str>,
    created_at: Option<String>,
    updated_at: Option<String>,
    valid_from: Option<String>,
    expires_at: Option<String>,
    owner: &'a str,
    version: u64,
    tags: &'a [String],
    note: Option<&'a str>,
    /// Whether it was there before the request.
    existing: bool,
    /// When every redirector is sure to serve this.
    visible_by: Option<String>,
}

impl<'a> Representation<'a> {
    /// `update_bound` is how long redirectors may serve what a link was before a change.
    pub(crate) fn new(
        link: &'a Link,
        existing: bool,
        base_url: &str,
        update_bound: Duration,
    ) -> Self {
        let bound = match link.version {
            1 => ABSENCE_BOUND,
            _ => update_bound,
        };
        Self {
            slug: link.slug.as_str(),
            short_url: short_url(link, base_url),
            url: link.target.as_str(),
            state: link.state.name(),
            redirect: link.redirect.map(RedirectStatus::code),
            cache_seconds: link.cache_seconds,
            permanent: link.permanent,
            forward_query: link.forward_query,
            expired_url: link.expired_url.as_ref().map(StoredTarget::as_str),
            created_at: rfc3339(link.created_at),
            updated_at: rfc3339(link.updated_at),
            valid_from: rfc3339(link.valid_from),
            expires_at: rfc3339(link.expires_at),
            owner: &link.owner,
            version: link.version,
            tags: &link.tags,
            note: link.note.as_deref(),
            existing,
            visible_by: rfc3339(link.updated_at.map(|time| time.plus(bound + CUT_OFF))),
        }
    }
}

/// The link's address.
pub(crate) fn short_url(link: &Link, base_url: &str) -> String {
    format!("{base_url}/{}", link.slug)
}

/// RFC 3339 in UTC; `None` also for years beyond 9999, which it cannot write.
fn rfc3339(time: Option<Timestamp>) -> Option<String> {
    let seconds = i64::try_from(time?.unix_seconds()).ok()?;
    jiff::Timestamp::from_second(seconds)
        .ok()
        .map(|time| time.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rfc_3339() {
        let check = |seconds, expected: Option<&str>| {
            assert_eq!(
                rfc3339(Some(Timestamp::from_unix_seconds(seconds))).as_deref(),
                expected
            );
        };
        check(0, Some("1970-01-01T00:00:00Z"));
        check(1_798_761_600, Some("2027-01-01T00:00:00Z"));
        check(u64::MAX, None);
        assert_eq!(rfc3339(None), None);
    }
}
