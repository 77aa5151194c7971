//! The outcome of a request: the rules of following a link, without any I/O.

use std::borrow::Cow;

use links::{RedirectStatus, State, Timestamp};

use crate::{
    cache::{Cached, Options},
    preview::Preview,
    query,
};

/// `max-age` of a redirect whose link sets none: long enough to spare a repeated click, short enough for a link that is
/// changed.
const DEFAULT_MAX_AGE: u64 = 90;
/// Seconds that a browser may keep the redirect of a permanent link.
const PERMANENT_MAX_AGE: u64 = 3_600;
/// Most seconds that a browser may keep what a shared cache may keep for longer: only the shared cache can be purged.
const SHARED_MAX_AGE: u64 = 60;

/// The outcome of a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// A redirect. `ended` is one whose link is no more: it leads to where the owner sends visitors since then.
    Redirect { status: RedirectStatus, location: String, cache_control: Cow<'static, str>, ended: bool },
    /// A description of the redirect instead of the redirect.
    Preview(Box<Preview>),
    /// No such link, as far as visitors are concerned.
    NotFound,
    /// There was one.
    Gone,
    /// Closed for abuse.
    Blocked,
    /// Closed for legal reasons.
    BlockedLegal,
    /// The store does not respond and the cache has nothing usable.
    Unavailable,
    /// The stored item is not a link.
    Malformed,
    /// Neither GET nor HEAD.
    MethodNotAllowed,
    /// The request passed CloudFront by.
    WrongAddress,
    /// `/robots.txt`.
    Robots,
    /// `/favicon.ico`.
    Favicon,
    /// `/health`.
    Health,
    /// `/.well-known/security.txt` (RFC 9116), which must not be used after that time.
    SecurityTxt { expires: Timestamp },
}

impl Outcome {
    /// Its name in the log and, for errors, at the end of the problem type.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Redirect { .. } => "redirect",
            Self::Preview(_) => "preview",
            Self::NotFound => "not-found",
            Self::Gone => "gone",
            Self::Blocked => "blocked",
            Self::BlockedLegal => "blocked-legal",
            Self::Unavailable => "unavailable",
            Self::Malformed => "malformed-link",
            Self::MethodNotAllowed => "method-not-allowed",
            Self::WrongAddress => "wrong-address",
            Self::Robots => "robots",
            Self::Favicon => "favicon",
            Self::Health => "health",
            Self::SecurityTxt { .. } => "security-txt",
        }
    }

    /// Whether the link itself was followed.
    pub(crate) fn is_followed(&self) -> bool {
        matches!(self, Self::Redirect { ended: false, .. })
    }

    /// Its HTTP status.
    pub(crate) fn status(&self) -> u16 {
        match self {
            Self::Redirect { status, .. } => status.code(),
            Self::NotFound => 404,
            Self::Gone => 410,
            Self::Blocked | Self::WrongAddress => 403,
            Self::BlockedLegal => 451,
            Self::Unavailable => 503,
            Self::Malformed => 500,
            Self::MethodNotAllowed => 405,
            Self::Preview(_) | Self::Robots | Self::Health | Self::SecurityTxt { .. } => 200,
            Self::Favicon => 204,
        }
    }

    /// Title and detail of an error, on its page and in its problem.
    pub(crate) fn message(&self) -> (&'static str, &'static str) {
        match self {
            Self::Gone => ("This link has ended", "It was deleted, or its time has run out."),
            Self::Blocked => ("This link was closed", "It was reported for abuse."),
            Self::BlockedLegal => ("This link was closed", "It is not available for legal reasons."),
            Self::Unavailable => {
                ("One moment, please", "The link cannot be looked up right now. Try again in a second.")
            }
            Self::Malformed => ("This link is damaged", "What is stored for it cannot be read."),
            Self::MethodNotAllowed => ("Links can only be followed", "Use GET or HEAD."),
            Self::WrongAddress => ("Not at this address", "This service answers at its public address only."),
            _ => ("No such link", "There is no link of that name here. Check the address for a typing error."),
        }
    }
}

/// Follows a link at `now`. `request_query` is the query of the request, percent-encoded.
pub(crate) fn follow(
    link: Cached<'_>,
    request_query: &str,
    default_redirect: RedirectStatus,
    now: Timestamp,
) -> Outcome {
    let options = link.options;
    match options.state {
        State::Blocked => Outcome::Blocked,
        State::BlockedLegal => Outcome::BlockedLegal,
        State::Deleted => gone(options),
        State::Disabled => Outcome::NotFound,
        State::Active if options.expires_at.is_some_and(|end| end <= now) => gone(options),
        State::Active if options.valid_from.is_some_and(|start| now < start) => Outcome::NotFound,
        // The stored text is not safe as a `Location`: the AWS sample checks nothing.
        State::Active if link.target.is_empty() => Outcome::NotFound,
        State::Active => Outcome::Redirect {
            status: options.redirect.unwrap_or(if options.permanent {
                RedirectStatus::MovedPermanently
            } else {
                default_redirect
            }),
            location: if options.forward_query {
                query::forwarded(link.target, request_query)
            } else {
                link.target.to_owned()
            },
            cache_control: cache_control(options, now),
            ended: false,
        },
    }
}

fn gone(options: &Options) -> Outcome {
    match &options.expired_url {
        None => Outcome::Gone,
        Some(url) => Outcome::Redirect {
            status: RedirectStatus::Found,
            location: url.clone(),
            cache_control: private(DEFAULT_MAX_AGE),
            ended: true,
        },
    }
}

/// How long a redirect may be kept, never beyond the link's expiry.
fn cache_control(options: &Options, now: Timestamp) -> Cow<'static, str> {
    let left = options.expires_at.map_or(u64::MAX, |end| now.seconds_until(end));
    match (options.cache_seconds, options.permanent) {
        (Some(0), _) => Cow::Borrowed("private, max-age=0, must-revalidate"),
        (Some(seconds), _) => {
            let shared = u64::from(seconds).min(left);
            format!("public, max-age={}, s-maxage={shared}", shared.min(SHARED_MAX_AGE)).into()
        }
        (None, true) => format!("public, max-age={}", PERMANENT_MAX_AGE.min(left)).into(),
        (None, false) => private(DEFAULT_MAX_AGE.min(left)),
    }
}

fn private(seconds: u64) -> Cow<'static, str> {
    match seconds {
        DEFAULT_MAX_AGE => Cow::Borrowed("private, max-age=90"),
        seconds => format!("private, max-age={seconds}").into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_000);
    const TARGET: &str = "https://example.com/";

    fn outcome(options: &Options) -> Outcome {
        follow(Cached { target: TARGET, options }, "q=1", RedirectStatus::MovedPermanently, NOW)
    }

    fn check(options: Options, status: u16) {
        assert_eq!(outcome(&options).status(), status, "{options:?}");
    }

    fn check_cache(options: Options, expected: &str) {
        match outcome(&options) {
            Outcome::Redirect { cache_control, .. } => {
                assert_eq!(cache_control, expected, "{options:?}");
            }
            other => panic!("{other:?} for {options:?}"),
        }
    }

    fn after(seconds: u64) -> Option<Timestamp> {
        Some(Timestamp::from_unix_seconds(1_000 + seconds))
    }

    const D: Options = Options::DEFAULT;

    #[test]
    fn states_and_times_decide() {
        check(D, 301);
        check(Options { state: State::Disabled, ..D }, 404);
        check(Options { state: State::Deleted, ..D }, 410);
        check(Options { state: State::Blocked, expires_at: after(0), ..D }, 403);
        check(Options { state: State::BlockedLegal, ..D }, 451);
        check(Options { expires_at: after(0), ..D }, 410);
        check(Options { expires_at: after(1), ..D }, 301);
        check(Options { valid_from: after(0), ..D }, 301);
        check(Options { valid_from: after(1), ..D }, 404);
        check(Options { redirect: RedirectStatus::from_code(308), permanent: true, ..D }, 308);
        let unsafe_target = Cached { target: "", options: &D };
        assert_eq!(follow(unsafe_target, "", RedirectStatus::Found, NOW), Outcome::NotFound);
    }

    #[test]
    fn a_permanent_link_is_permanent_whatever_the_default() {
        let options = Options { permanent: true, ..D };
        let link = Cached { target: TARGET, options: &options };
        assert_eq!(follow(link, "", RedirectStatus::Found, NOW).status(), 301);
        assert_eq!(follow(Cached { options: &D, ..link }, "", RedirectStatus::Found, NOW).status(), 302);
    }

    #[test]
    fn an_ended_link_leads_to_its_expired_url() {
        for options in [
            Options { expires_at: after(0), expired_url: Some("https://example.com/over".into()), ..D },
            Options { state: State::Deleted, expired_url: Some("https://example.com/over".into()), ..D },
        ] {
            let outcome = outcome(&options);
            assert!(!outcome.is_followed());
            match outcome {
                Outcome::Redirect { status: RedirectStatus::Found, location, .. } => {
                    assert_eq!(location, "https://example.com/over");
                }
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn caching_is_bounded_and_ends_with_the_link() {
        check_cache(D, "private, max-age=90");
        check_cache(Options { expires_at: after(30), ..D }, "private, max-age=30");
        check_cache(Options { expires_at: after(100), ..D }, "private, max-age=90");
        check_cache(Options { permanent: true, ..D }, "public, max-age=3600");
        check_cache(Options { permanent: true, expires_at: after(7), ..D }, "public, max-age=7");
        check_cache(Options { cache_seconds: Some(0), permanent: true, ..D }, "private, max-age=0, must-revalidate");
        check_cache(Options { cache_seconds: Some(30), ..D }, "public, max-age=30, s-maxage=30");
        check_cache(Options { cache_seconds: Some(86_400), ..D }, "public, max-age=60, s-maxage=86400");
        check_cache(
            Options { cache_seconds: Some(86_400), expires_at: after(20), ..D },
            "public, max-age=20, s-maxage=20",
        );
    }

    #[test]
    fn the_query_is_added_only_where_wanted() {
        let location = |options: &Options| match outcome(options) {
            Outcome::Redirect { location, .. } => location,
            other => panic!("{other:?}"),
        };
        assert!(outcome(&D).is_followed());
        assert_eq!(location(&D), TARGET);
        assert_eq!(location(&Options { forward_query: true, ..D }), "https://example.com/?q=1");
    }
}
