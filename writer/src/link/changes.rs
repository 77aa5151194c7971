//! Changes that a caller asks for: the options of a new link, or the merge patch of an existing one.

use std::time::Duration;

use links::{
    Link, RedirectStatus, State, StoredTarget, TargetRules, TargetUrl, Timestamp, first_unfit_for_note,
    first_unfit_for_tag,
};

use crate::http::{
    fields::{Fields, Patch, check_characters, check_length},
    problem::{FieldProblem, Problem, UrlProblem},
};

/// Longest time that a shared cache may keep a redirect, in seconds.
const MAX_CACHE_SECONDS: u32 = 86_400;
/// Shortest and longest life of a link in seconds: a minute, ten years.
const TTL_SECONDS: std::ops::RangeInclusive<u32> = 60..=315_360_000;
/// Within how many seconds two links with the same `ttl_seconds` end at the same time: a request that is repeated after a
/// time-out finds the link of the first attempt.
const SAME_TTL_SECONDS: u64 = 60;
const MAX_TAGS: usize = 20;
const MAX_TAG_CHARACTERS: usize = 64;
const MAX_NOTE_CHARACTERS: usize = 1_000;

/// Changes of a link. An absent field stays unchanged; `null` restores the default.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    url: Patch<String>,
    state: Patch<State>,
    redirect: Patch<RedirectStatus>,
    cache_seconds: Patch<u32>,
    permanent: Patch<bool>,
    forward_query: Patch<bool>,
    expired_url: Patch<String>,
    valid_from: Patch<Timestamp>,
    expires: Patch<Expiry>,
    tags: Patch<Vec<String>>,
    note: Patch<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expiry {
    At(Timestamp),
    In(Duration),
}

impl Changes {
    /// The options of a new link: everything but its URL and its state.
    pub(crate) fn options(fields: &mut Fields) -> Result<Self, Problem> {
        let tags = fields.texts("tags", MAX_TAGS, MAX_TAG_CHARACTERS)?;
        let note = fields.text("note")?;
        if let Some(Some(note)) = &note {
            check_length("note", note, 0, MAX_NOTE_CHARACTERS)?;
            check_characters("note", note, first_unfit_for_note)?;
        }
        for tag in tags.iter().flatten().flatten() {
            check_characters("tags", tag, first_unfit_for_tag)?;
        }
        Ok(Self {
            url: None,
            state: None,
            redirect: fields.redirect("redirect")?,
            cache_seconds: fields.number("cache_seconds", 0..=MAX_CACHE_SECONDS)?,
            permanent: fields.flag("permanent")?,
            forward_query: fields.flag("forward_query")?,
            expired_url: fields.text("expired_url")?,
            valid_from: fields.time("valid_from")?,
            expires: expiry(fields)?,
            tags,
            note,
        })
    }

    /// A merge patch (RFC 7396) of a link.
    pub(crate) fn patch(mut fields: Fields) -> Result<Self, Problem> {
        let url = fields.text("url")?;
        if url == Some(None) {
            return Err(FieldProblem::Missing { field: "url" }.into());
        }
        let state = fields.state("state")?;
        let options = Self::options(&mut fields)?;
        fields.finish()?;
        Ok(Self { url, state, ..options })
    }

    /// Whether a new link with these options equals a link without options.
    pub(crate) fn are_defaults(&self) -> bool {
        fn is_set<T: Default + PartialEq>(field: Option<&Option<T>>) -> bool {
            field.and_then(Option::as_ref).is_some_and(|value| *value != T::default())
        }
        let has_choice = self.redirect.flatten().is_some()
            || self.cache_seconds.flatten().is_some()
            || self.valid_from.flatten().is_some()
            || self.expires.flatten().is_some();
        !has_choice
            && !is_set(self.permanent.as_ref())
            && !is_set(self.forward_query.as_ref())
            && !is_set(self.expired_url.as_ref())
            && !is_set(self.tags.as_ref())
            && !is_set(self.note.as_ref())
    }

    /// The given options that `found` does not have. `wanted` is a link that they were applied to.
    pub(crate) fn missing_in(&self, found: &Link, wanted: &Link) -> Vec<&'static str> {
        let same_url = match (&found.expired_url, &wanted.expired_url) {
            (Some(found), Some(wanted)) => found.is_same_as(wanted),
            (found, wanted) => found == wanted,
        };
        let (end, same_end) = match self.expires {
            Some(Some(Expiry::In(_))) => ("ttl_seconds", is_near(found.expires_at, wanted.expires_at)),
            _ => ("expires_at", found.expires_at == wanted.expires_at),
        };
        let options = [
            ("redirect", self.redirect.is_some(), found.redirect == wanted.redirect),
            ("cache_seconds", self.cache_seconds.is_some(), found.cache_seconds == wanted.cache_seconds),
            ("permanent", self.permanent.is_some(), found.permanent == wanted.permanent),
            ("forward_query", self.forward_query.is_some(), found.forward_query == wanted.forward_query),
            ("expired_url", self.expired_url.is_some(), same_url),
            ("valid_from", self.valid_from.is_some(), found.valid_from == wanted.valid_from),
            (end, self.expires.is_some(), same_end),
            ("tags", self.tags.is_some(), found.tags == wanted.tags),
            ("note", self.note.is_some(), found.note == wanted.note),
        ];
        options.into_iter().filter(|(_, is_given, is_same)| *is_given && !is_same).map(|(name, ..)| name).collect()
    }

    /// Whether only an administrator may make these changes.
    pub(crate) fn need_admin(&self) -> bool {
        matches!(self.state, Some(Some(State::Blocked | State::BlockedLegal)))
    }

    /// The state that they set, if they set one.
    pub(crate) fn state(&self) -> Option<State> {
        self.state.map(|state| state.unwrap_or(State::Active))
    }

    /// Applies the changes at `now`. The link's version and its times of creation and update stay unchanged.
    pub(crate) fn apply(&self, mut link: Link, rules: &TargetRules, now: Timestamp) -> Result<Link, Problem> {
        self.apply_urls(&mut link, rules)?;
        self.apply_options(&mut link, now);
        if let Some(state) = self.state() {
            link = link.in_state(state);
        }
        match (link.valid_from, link.expires_at) {
            (Some(start), Some(end)) if end <= start => Err(FieldProblem::NeverValid.into()),
            _ => Ok(link),
        }
    }

    fn apply_urls(&self, link: &mut Link, rules: &TargetRules) -> Result<(), Problem> {
        let target = |url: &str| TargetUrl::parse(url, rules);
        if let Some(Some(url)) = &self.url {
            let url = target(url)?;
            if !url.is_same_as(link.target.as_str()) {
                link.target = StoredTarget::from(&url);
            }
        }
        if let Some(url) = &self.expired_url {
            let url = url.as_deref().map(target).transpose().map_err(UrlProblem::ExpiredUrl)?;
            link.expired_url = url.as_ref().map(StoredTarget::from);
        }
        Ok(())
    }

    fn apply_options(&self, link: &mut Link, now: Timestamp) {
        set(&mut link.redirect, self.redirect);
        set(&mut link.cache_seconds, self.cache_seconds);
        set(&mut link.permanent, self.permanent.map(Option::unwrap_or_default));
        set(&mut link.forward_query, self.forward_query.map(Option::unwrap_or_default));
        set(&mut link.valid_from, self.valid_from);
        set(&mut link.expires_at, self.expires.map(|expiry| expiry.map(|expiry| expiry.at(now))));
        set(&mut link.tags, self.tags.clone().map(Option::unwrap_or_default));
        set(&mut link.note, self.note.clone().map(|note| note.filter(|note| !note.is_empty())));
    }
}

impl Expiry {
    fn at(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(time) => time,
            Self::In(duration) => now.plus(duration),
        }
    }
}

/// Whether both times are within a minute, as after the same `ttl_seconds` in a repeated request.
fn is_near(one: Option<Timestamp>, other: Option<Timestamp>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.seconds_until(other).max(other.seconds_until(one)) <= SAME_TTL_SECONDS,
        _ => false,
    }
}

fn set<T>(field: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *field = value;
    }
}

/// When a link ends: a point in time, or seconds from now.
fn expiry(fields: &mut Fields) -> Result<Patch<Expiry>, Problem> {
    let at = fields.time("expires_at")?;
    let ttl = fields.number("ttl_seconds", TTL_SECONDS)?;
    match (at, ttl) {
        (Some(Some(_)), Some(Some(_))) => {
            Err(FieldProblem::Exclusive { fields: "\"expires_at\" and \"ttl_seconds\"" }.into())
        }
        (_, Some(Some(seconds))) => Ok(Some(Some(Expiry::In(Duration::from_secs(seconds.into()))))),
        (Some(Some(time)), _) => Ok(Some(Some(Expiry::At(time)))),
        (None, None) => Ok(None),
        _ => Ok(Some(None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_000);

    fn link() -> Link {
        let target = TargetUrl::parse("https://example.com/", &TargetRules::default()).unwrap();
        let mut link = Link::new("abc".parse().unwrap(), &target, "ann", NOW);
        link.note = Some("old".into());
        link.expires_at = Some(Timestamp::from_unix_seconds(5_000));
        link
    }

    fn patched(patch: Value) -> Result<Link, &'static str> {
        let fields = Fields::new(patch.as_object().unwrap().clone());
        Changes::patch(fields)
            .and_then(|changes| changes.apply(link(), &TargetRules::default(), NOW))
            .map_err(|problem| problem.code())
    }

    #[test]
    fn absent_fields_stay_and_null_clears() {
        assert_eq!(patched(json!({})), Ok(link()));
        let cleared = patched(json!({ "note": null, "expires_at": null })).unwrap();
        assert_eq!((cleared.note, cleared.expires_at), (None, None));
        let expired = patched(json!({ "ttl_seconds": 60 })).unwrap();
        assert_eq!(expired.expires_at, Some(Timestamp::from_unix_seconds(1_060)));
        assert_eq!(expired.note.as_deref(), Some("old"));
        assert_eq!(patched(json!({ "ttl_seconds": null })).unwrap().expires_at, None);
    }

    #[test]
    fn every_field_can_be_set() {
        let changed = patched(json!({
            "url": "https://example.org", "state": "disabled", "redirect": 307, "cache_seconds": 86_400,
            "permanent": true, "forward_query": true, "expired_url": "https://example.com/over",
            "valid_from": 1_500, "expires_at": "1970-01-01T00:33:20Z", "tags": ["a", "b"], "note": "new",
        }))
        .unwrap();
        let expected = Link {
            target: StoredTarget::from_table("https://example.org".into()),
            state: State::Disabled,
            redirect: RedirectStatus::from_code(307),
            cache_seconds: Some(86_400),
            permanent: true,
            forward_query: true,
            expired_url: Some(StoredTarget::from_table("https://example.com/over".into())),
            valid_from: Some(Timestamp::from_unix_seconds(1_500)),
            expires_at: Some(Timestamp::from_unix_seconds(2_000)),
            tags: vec!["a".into(), "b".into()],
            note: Some("new".into()),
            ..link()
        };
        assert_eq!(changed, expected);
    }

    #[test]
    fn options_with_default_values_are_no_options() {
        let check = |options: Value, expected: bool| {
            let mut fields = Fields::new(options.as_object().unwrap().clone());
            let options = Changes::options(&mut fields).unwrap();
            assert_eq!(options.are_defaults(), expected, "{fields:?}");
        };
        check(json!({}), true);
        check(json!({ "permanent": false, "tags": [], "note": "", "expires_at": null, "redirect": null }), true);
        for option in [
            json!({ "redirect": 301 }),
            json!({ "cache_seconds": 0 }),
            json!({ "permanent": true }),
            json!({ "forward_query": true }),
            json!({ "expired_url": "https://example.com/" }),
            json!({ "valid_from": 1 }),
            json!({ "ttl_seconds": 60 }),
            json!({ "tags": ["a"] }),
            json!({ "note": "n" }),
        ] {
            check(option, false);
        }
    }

    #[test]
    fn given_options_that_a_link_lacks_are_named() {
        let check = |options: Value, expected: &[&str]| {
            let mut fields = Fields::new(options.as_object().unwrap().clone());
            let options = Changes::options(&mut fields).unwrap();
            let plain = Link { note: None, expires_at: None, ..link() };
            let wanted = options.apply(plain, &TargetRules::default(), NOW).unwrap();
            assert_eq!(options.missing_in(&link(), &wanted), expected, "{options:?}");
        };
        check(json!({}), &[]);
        check(json!({ "note": "old", "expires_at": 5_000, "permanent": false, "tags": [] }), &[]);
        check(json!({ "note": "new", "expires_at": 5_001 }), &["expires_at", "note"]);
        check(json!({ "note": null, "expires_at": null }), &["expires_at", "note"]);
        check(json!({ "ttl_seconds": 4_000 }), &[]);
        check(json!({ "ttl_seconds": 4_060 }), &[]);
        check(json!({ "ttl_seconds": 4_061 }), &["ttl_seconds"]);
        check(json!({ "redirect": 301, "cache_seconds": 0, "tags": ["a"] }), &["redirect", "cache_seconds", "tags"]);
        check(json!({ "permanent": true, "forward_query": true }), &["permanent", "forward_query"]);
        check(json!({ "expired_url": "https://example.com/", "valid_from": 1 }), &["expired_url", "valid_from"]);
    }

    #[test]
    fn texts_are_safe_to_show() {
        for unfit in ["\u{0}", "\u{1b}[31m", "\u{202e}x"] {
            assert_eq!(patched(json!({ "note": unfit })), Err("unfit-character"));
            assert_eq!(patched(json!({ "tags": ["a", unfit] })), Err("unfit-character"));
        }
        assert!(patched(json!({ "note": "two\nlines" })).is_ok());
        assert_eq!(patched(json!({ "tags": ["two\nlines"] })), Err("unfit-character"));
    }

    #[test]
    fn another_spelling_of_the_same_url_changes_nothing() {
        assert_eq!(patched(json!({ "url": "HTTPS://example.com:443/" })), Ok(link()));
    }

    #[test]
    fn impossible_values_are_refused() {
        let check = |patch: Value, code: &'static str| {
            assert_eq!(patched(patch.clone()), Err(code), "{patch}");
        };
        check(json!({ "url": null }), "missing-field");
        check(json!({ "url": "ftp://example.com" }), "invalid-url");
        check(json!({ "expired_url": "javascript:alert(1)" }), "invalid-url");
        check(json!({ "state": "deleted" }), "wrong-type");
        check(json!({ "redirect": 303 }), "wrong-type");
        check(json!({ "cache_seconds": 86_401 }), "out-of-range");
        check(json!({ "ttl_seconds": 59 }), "out-of-range");
        check(json!({ "ttl_seconds": 60, "expires_at": 9_000 }), "exclusive-fields");
        check(json!({ "valid_from": 5_000 }), "never-valid");
        check(json!({ "note": "x".repeat(1_001) }), "wrong-length");
        check(json!({ "slug": "other" }), "unknown-field");
        check(json!({ "owner": "bob" }), "unknown-field");
        check(json!({ "version": 7 }), "unknown-field");
    }
}
