//! Which links of a list to show.

use std::borrow::Cow;

use icu_normalizer::ComposingNormalizerBorrowed;
use percent_encoding::percent_decode_str;
use url::{Host, Url};

use crate::{HostSuffix, Link, State, StoredTarget, Timestamp};

/// What a link must be to be shown. Everything that is given must hold; an empty filter shows every link.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Words that occur somewhere in the link.
    pub words: Words,
    /// Tags that it carries, letter by letter.
    pub tags: Vec<String>,
    /// What it is for visitors.
    pub state: Option<StateFilter>,
    /// The host that it leads to, also after its end.
    pub host: Option<HostSuffix>,
}

impl Filter {
    /// Whether it shows every link.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether it shows a link at `now`.
    pub fn shows(&self, link: &Link, now: Timestamp) -> bool {
        self.state.is_none_or(|state| state.is_of(link, now))
            && self.tags.iter().all(|tag| link.tags.contains(tag))
            && self.host.as_ref().is_none_or(|host| targets(link).any(|url| host.covers(url)))
            && self.words.are_in(link)
    }
}

/// Where a link leads, and where it leads once it has ended.
fn targets(link: &Link) -> impl Iterator<Item = &str> {
    std::iter::once(&link.target).chain(&link.expired_url).map(StoredTarget::as_str)
}

/// What a link is for visitors, by its state and the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StateFilter {
    /// It is followed.
    Active,
    /// It begins later.
    Early,
    /// It has expired.
    Expired,
    /// It is paused.
    Disabled,
    /// It was deleted.
    Deleted,
    /// It is blocked, for whatever reason.
    Blocked,
    /// It is blocked for legal reasons.
    BlockedLegal,
}

impl StateFilter {
    const NAMES: [(&str, Self); 7] = [
        ("active", Self::Active),
        ("early", Self::Early),
        ("expired", Self::Expired),
        ("disabled", Self::Disabled),
        ("deleted", Self::Deleted),
        ("blocked", Self::Blocked),
        ("blocked_legal", Self::BlockedLegal),
    ];

    /// The filter of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(its, _)| *its == name).map(|(_, filter)| *filter)
    }

    fn is_of(self, link: &Link, now: Timestamp) -> bool {
        let is_active = link.state == State::Active;
        match self {
            Self::Active => is_active && !link.is_expired(now) && !link.is_early(now),
            // An end in the past wins, as it does when the link is followed.
            Self::Early => is_active && !link.is_expired(now) && link.is_early(now),
            Self::Expired => is_active && link.is_expired(now),
            Self::Disabled => link.state == State::Disabled,
            Self::Deleted => link.state == State::Deleted,
            Self::Blocked => matches!(link.state, State::Blocked | State::BlockedLegal),
            Self::BlockedLegal => link.state == State::BlockedLegal,
        }
    }
}

/// Words to look for in slug, targets, note and tags of a link. Each must occur in one of them, as part of a word too.
///
/// Case, compatible forms of a character (such as full-width letters) and invisible characters make no difference. A
/// target is searched as it is stored and as people read it, so `ü` finds `%C3%BC` and `xn--…`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Words(Vec<String>);

impl Words {
    /// The words of a text, separated by white space.
    pub fn of(text: &str) -> Self {
        Self(text.split_whitespace().map(folded).filter(|word| !word.is_empty()).collect())
    }

    fn are_in(&self, link: &Link) -> bool {
        if self.0.is_empty() {
            return true;
        }
        let mut texts = vec![folded(link.slug.as_str())];
        for target in targets(link) {
            texts.push(folded(target));
            texts.extend(readable(target).map(|text| folded(&text)));
        }
        texts.extend(link.note.iter().chain(&link.tags).map(|text| folded(text)));
        self.0.iter().all(|word| texts.iter().any(|text| text.contains(word)))
    }
}

/// A URL as people read it; `None` if that is how it is stored.
fn readable(target: &str) -> Option<String> {
    if !target.contains('%') && !target.contains("xn--") {
        return None;
    }
    let mut text = Cow::Borrowed(target);
    if let Some(Host::Domain(name)) = Url::parse(target).ok().as_ref().and_then(Url::host) {
        text = text.replacen(name, &idna::domain_to_unicode(name).0, 1).into();
    }
    Some(percent_decode_str(&text).decode_utf8_lossy().into_owned())
}

/// The text in a form in which equal-looking texts are equal.
fn folded(text: &str) -> String {
    // To upper case first: `ß` and `SS`, `ς` and `σ` have only their capitals in common.
    let cased = |c: char| c.to_uppercase().flat_map(char::to_lowercase);
    let visible: String = text.chars().filter(|c| !is_invisible(*c)).flat_map(cased).collect();
    ComposingNormalizerBorrowed::new_nfkc().normalize(&visible).into_owned()
}

/// What has no shape and comes along when people copy: soft hyphens, zero-width and direction characters.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_000;

    fn link(change: impl FnOnce(&mut Link)) -> Link {
        let target = crate::TargetUrl::parse("https://example.com/", &crate::TargetRules::default()).unwrap();
        let mut link = Link::new("launch".parse().unwrap(), &target, "ann", Timestamp::from_unix_seconds(1));
        change(&mut link);
        link
    }

    fn shows(filter: &Filter, link: &Link) -> bool {
        filter.shows(link, Timestamp::from_unix_seconds(NOW))
    }

    #[test]
    fn words_are_found_wherever_people_would_look() {
        let check = |words: &str, expected: bool| {
            let link = link(|link| {
                let target = "https://xn--bcher-kva.example/caf%C3%A9?q=Two%20Words&raw=%e4";
                link.target = StoredTarget::from_table(target.into());
                link.expired_url = Some(StoredTarget::from_table("https://after.example/".into()));
                link.note = Some("Straße des ΣΊΣΥΦΟΣ, ﬁne, soft\u{ad}ly, رابط".into());
                link.tags = vec!["Spring".into(), "Ｗｉｄｅ".into()];
            });
            let filter = Filter { words: Words::of(words), ..Filter::default() };
            assert_eq!(shows(&filter, &link), expected, "{words:?}");
        };
        for words in ["", "  ", "LAUNCH", "aunc", "spring", "after.example", "strasse", "STRASSE", "straße", "σίσυφος"]
        {
            check(words, true);
        }
        for words in ["bücher", "BÜCHER.example/CAFÉ", "xn--bcher-kva", "caf%c3%a9", "cafe\u{301}", "two words", "%e4"]
        {
            check(words, true);
        }
        for words in ["fine", "softly", "\u{200b}launch\u{200b}", "wide", "launch spring café", "رابط", "\u{200b}"]
        {
            check(words, true);
        }
        for words in ["cafe", "summer", "launch summer", "ann", "launchspring"] {
            check(words, false);
        }
    }

    #[test]
    fn tags_are_exact_and_all_are_needed() {
        let check = |wanted: &[&str], expected: bool| {
            let link = link(|link| link.tags = vec!["a".into(), "b c".into()]);
            let tags = wanted.iter().map(|tag| (*tag).to_owned()).collect();
            assert_eq!(shows(&Filter { tags, ..Filter::default() }, &link), expected, "{wanted:?}");
        };
        check(&["a"], true);
        check(&["b c", "a"], true);
        check(&["A"], false);
        check(&["b"], false);
        check(&["a", "d"], false);
    }

    #[test]
    fn the_state_is_the_one_that_visitors_see() {
        let at = |seconds| Some(Timestamp::from_unix_seconds(seconds));
        let check = |expected: &[&str], change: &dyn Fn(&mut Link)| {
            let link = link(change);
            let is_shown = |(name, state): &(&'static str, StateFilter)| {
                assert_eq!(StateFilter::from_name(name), Some(*state));
                shows(&Filter { state: Some(*state), ..Filter::default() }, &link).then_some(*name)
            };
            let shown: Vec<_> = StateFilter::NAMES.iter().filter_map(is_shown).collect();
            assert_eq!(shown, expected, "{link:?}");
        };
        check(&["active"], &|_| {});
        check(&["active"], &|link| (link.valid_from, link.expires_at) = (at(NOW), at(NOW + 1)));
        check(&["early"], &|link| link.valid_from = at(NOW + 1));
        check(&["expired"], &|link| link.expires_at = at(NOW));
        check(&["expired"], &|link| (link.valid_from, link.expires_at) = (at(NOW + 1), at(NOW)));
        check(&["disabled"], &|link| (link.state, link.expires_at) = (State::Disabled, at(NOW)));
        check(&["deleted"], &|link| (link.state, link.expires_at) = (State::Deleted, at(NOW)));
        check(&["blocked"], &|link| link.state = State::Blocked);
        check(&["blocked", "blocked_legal"], &|link| link.state = State::BlockedLegal);
        assert_eq!(StateFilter::from_name("Active"), None);
    }

    #[test]
    fn the_host_counts_after_the_end_too() {
        let filter = Filter { host: Some("bad.example".parse().unwrap()), ..Filter::default() };
        let to = |url: &str| StoredTarget::from_table(url.into());
        assert!(shows(&filter, &link(|link| link.target = to("https://www.bad.example/"))));
        assert!(shows(&filter, &link(|link| link.expired_url = Some(to("https://bad.example/")))));
        assert!(!shows(&filter, &link(|link| link.target = to("not a URL of bad.example"))));
        assert!(!shows(&filter, &link(|_| {})));
    }
}
