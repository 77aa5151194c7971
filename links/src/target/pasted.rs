//! Pasted text: what people and programs send where a URL is wanted.
//!
//! The URL standard takes much that no one means. It drops tabs and line breaks without a word, reads
//! `https://https://example.com` as the host `https`, and encodes invisible characters into the path. So a text is looked
//! at before the parser sees it.

use url::Url;

use crate::text::{first_hidden, trim_hidden};

use super::TargetError;

const WEB_SCHEMES: [&str; 2] = ["http://", "https://"];

/// What people put around a URL: quotation marks as typewriters, typesetters and programmers write them, and brackets.
const OPENING: &str = "\"'`\u{b4}\u{2018}\u{2019}\u{201a}\u{201b}\u{201c}\u{201d}\u{201e}\u{201f}\u{ab}\u{bb}\u{2039}\u{203a}\u{300c}\u{ff02}\u{ff07}<([{\u{ff1c}\u{27e8}\u{2329}";

/// The URL in a text: without what cannot be seen around it, and only if there is one URL and nothing else.
pub(super) fn url_in(text: &str) -> Result<&str, TargetError> {
    let url = trim_hidden(text);
    // Positions count from the start of what was sent.
    let trimmed = text.find(url).and_then(|start| text.get(..start)).map_or(0, |before| before.chars().count());
    let first = url.chars().next().ok_or(TargetError::Empty)?;
    if OPENING.contains(first) {
        return Err(TargetError::Enclosed { character: first });
    }
    if let Some(start) = another_url(url) {
        let position = trimmed + url.get(..start).map_or(0, |before| before.chars().count()) + 1;
        return Err(match begins_with_scheme(url) {
            true => TargetError::SecondUrl { position },
            false => TargetError::TextBefore { position },
        });
    }
    match first_hidden(url) {
        Some(mut hidden) => {
            hidden.position += trimmed;
            Err(TargetError::Hidden(hidden))
        }
        None => Ok(url),
    }
}

/// Refuses a URL whose normal form would be taken for two if it came back, as that of `http:example.com/ahttp:\\\\b`.
pub(super) fn check_normal(url: &str) -> Result<(), TargetError> {
    // It is ASCII, so bytes are characters.
    another_url(url).map_or(Ok(()), |start| Err(TargetError::SecondUrl { position: start + 1 }))
}

/// Where a URL begins that is not the whole text: after a blank of any kind, or pasted to the end of another one.
///
/// A URL within a URL is common (`https://web.archive.org/web/https://…`, `?text=see%20https://…`), but then a punctuation
/// mark stands before it, or an escape, which is one.
fn another_url(text: &str) -> Option<usize> {
    let begins = begins_with_scheme(text);
    let starts = text.char_indices().filter(|(_, character)| matches!(character, 'h' | 'H' | 'w' | 'W'));
    starts.map(|(index, _)| index).find(|index| {
        let (head, rest) = text.split_at(*index);
        let Some(previous) = head.chars().next_back() else {
            return false;
        };
        let is_blank = || previous == ' ' || first_hidden(previous.encode_utf8(&mut [0; 4])).is_some();
        match begins_with_scheme(rest) {
            true => is_blank() || begins && previous.is_alphanumeric() && !ends_in_escape(head),
            false => begins && starts_with(rest, "www.") && is_blank(),
        }
    })
}

/// Whether a text ends in `%` and two hexadecimal digits.
fn ends_in_escape(text: &str) -> bool {
    matches!(text.as_bytes(), [.., b'%', high, low] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit())
}

fn begins_with_scheme(text: &str) -> bool {
    WEB_SCHEMES.iter().any(|scheme| starts_with(text, scheme))
}

fn starts_with(text: &str, start: &str) -> bool {
    text.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start))
}

/// Refuses a scheme other than `http` and `https`.
pub(super) fn check_scheme(url: &Url) -> Result<(), TargetError> {
    match url.scheme() {
        "http" | "https" => Ok(()),
        // `localhost:8080` and `example.com:8080` are a host and a port to people, and a scheme to the parser.
        host if host == "localhost" || host.contains('.') => Err(TargetError::NoScheme),
        scheme => Err(TargetError::Scheme { scheme: scheme.to_owned() }),
    }
}

/// Whether the host is the second of two schemes, as in `https://https://example.com` and `http://http//example.com`.
pub(super) fn has_two_schemes(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_end_matches('.');
    url.port().is_none() && matches!(host.rsplit('.').next(), Some("http" | "https"))
}

/// What is wrong with a text that the parser refuses.
pub(super) fn syntax_error(error: url::ParseError) -> TargetError {
    let what = match error {
        url::ParseError::RelativeUrlWithoutBase | url::ParseError::RelativeUrlWithCannotBeABaseBase => {
            return TargetError::NoScheme;
        }
        url::ParseError::EmptyHost => "no host follows the scheme",
        url::ParseError::InvalidPort => "the port is not a number from 0 to 65535",
        url::ParseError::InvalidIpv4Address => "the host ends in a number, but is not an IPv4 address",
        url::ParseError::InvalidIpv6Address => "what stands in brackets is not an IPv6 address",
        url::ParseError::InvalidDomainCharacter => "the host contains a character that no host name has",
        url::ParseError::IdnaError => "the host is not a valid name",
        _ => "it is not a URL",
    };
    TargetError::Syntax { what }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{TargetRules, TargetUrl, text::hidden_samples};

    fn check(text: &str, expected: Result<&str, &str>) {
        let url = url_in(text).map_err(|error| error.to_string());
        assert_eq!(url.as_ref().map(|url| *url).map_err(String::as_str), expected, "{text:?}");
    }

    #[test]
    fn what_surrounds_a_url_is_trimmed_or_named() {
        let url = "https://example.com/a";
        for hidden in hidden_samples() {
            check(&format!("{hidden}{url}{hidden} {hidden}"), Ok(url));
            let text = format!(" https://example.com/{hidden}a");
            let inside = url_in(&text);
            let Err(TargetError::Hidden(found)) = inside else { panic!("{hidden:?}: {inside:?}") };
            assert_eq!((found.character, found.position), (hidden, 22));
        }
        check("https://example.com/a b", Ok("https://example.com/a b"));
        check("https://example.com/\u{2764}\u{fe0f}", Ok("https://example.com/\u{2764}\u{fe0f}"));
        check(" \u{200b}", Err("it is empty"));
    }

    #[test]
    fn two_urls_are_not_one() {
        let second = Err("a second URL begins at character 23; send one at a time");
        for between in [" ", "\n", "\t", "\u{200b}", "\u{a0}", "\u{3000}"] {
            check(&format!("https://example.com/a{between}https://example.com/b"), second);
            check(&format!("https://example.com/a{between}HTTP://example.com/b"), second);
            check(&format!("https://example.com/a{between}www.example.com/b"), second);
        }
        let joined = Err("a second URL begins at character 22; send one at a time");
        check("https://example.com/ahttps://example.com/a", joined);
        for within in [
            "https://web.archive.org/web/2020/https://example.com/",
            "https://example.com/?next=https://example.org/",
            "https://example.com/?u=view-source:http://example.org/",
            "https://example.com/?text=see%20https://example.org/",
            "https://example.com/?u=%22HTTP://example.org/%22",
            "https://https://example.com/",
        ] {
            check(within, Ok(within));
        }
    }

    #[test]
    fn what_is_stored_is_taken_again() {
        for text in
            ["http:example.com/0http://b", "https://example.com/ahttps:\\\\b", "https://example.com/ahttps:/x/..//b"]
        {
            let verdict = TargetUrl::parse(text, &TargetRules::default());
            assert!(matches!(verdict, Err(TargetError::SecondUrl { .. })), "{text}: {verdict:?}");
        }
    }

    #[test]
    fn text_around_a_url_is_noticed() {
        let before = "there is text before the URL, which begins at character 15; send the URL alone";
        check("Look at this: https://example.com/", Err(before));
        for character in OPENING.chars() {
            let error = url_in(&format!("{character}https://example.com/{character}")).unwrap_err();
            assert_eq!(error, TargetError::Enclosed { character });
        }
    }

    /// The cases that every way in must decide alike: API, form, importer and page have tests over the same list.
    #[test]
    fn the_shared_cases_are_complete_and_decided() {
        let cases: Vec<serde_json::Value> = serde_json::from_str(include_str!("../../../tests/pasted.json")).unwrap();
        for case in &cases {
            let text = case["text"].as_str().unwrap();
            let target = TargetUrl::parse(text, &TargetRules::default());
            assert_eq!(target.as_ref().map(TargetUrl::as_str).ok(), case["stored"].as_str(), "{case}");
            assert_eq!(target.is_err(), case["problem"] == "invalid-url", "{case}");
        }
        for hidden in hidden_samples() {
            let texts = || cases.iter().filter_map(|case| case["text"].as_str());
            let is_there = texts().any(|text| text.starts_with(hidden)) && texts().any(|text| text.ends_with(hidden));
            assert!(is_there && texts().any(|text| text.contains(&format!("/{hidden}a"))), "{hidden:?}");
        }
    }
}
