//! The form of a URL that every HTTP client can follow.

use std::borrow::Cow;

/// A URL with every character percent-encoded that no URI may have where it stands.
///
/// Browsers take more than a URI may have: `|`, `^`, a bare `%`, brackets in a path, a second `#`. A `Location` is a URI
/// reference (RFC 9110, section 10.2.2), and strict clients such as Java's refuse anything else. Servers decode, so both
/// forms mean the same to them. `%` and two hexadecimal digits are never touched, and the result of this function is its
/// own result.
///
/// The text up to the end of the host stays as it is.
///
/// Source: RFC 3986, appendix A: `pchar` in a path, and also `/` and `?` in a query and a fragment.
pub(crate) fn location_safe(url: &str) -> Cow<'_, str> {
    let host = url.find("://").map_or(0, |scheme| scheme + 3);
    let (_, after_scheme) = url.split_at(host);
    let path = host + after_scheme.find(['/', '?', '#']).unwrap_or(after_scheme.len());
    let (head, rest) = url.split_at(path);
    let is_unfit = |(index, _): &(usize, char)| !is_fit(rest, *index);
    if !rest.char_indices().any(|place| is_unfit(&place)) {
        return Cow::Borrowed(url);
    }
    let mut safe = head.to_owned();
    for (index, character) in rest.char_indices() {
        if is_fit(rest, index) {
            safe.push(character);
        } else {
            push_encoded(&mut safe, character);
        }
    }
    Cow::Owned(safe)
}

/// Whether a URI may have the byte at `index` there. `rest` begins where the path does.
fn is_fit(rest: &str, index: usize) -> bool {
    let bytes = rest.as_bytes();
    let is_hex = |index: usize| bytes.get(index).is_some_and(u8::is_ascii_hexdigit);
    match bytes.get(index) {
        Some(b'%') => is_hex(index + 1) && is_hex(index + 2),
        // The first one begins the fragment; a fragment has none.
        Some(b'#') => rest.find('#') == Some(index),
        Some(byte) => byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/?".contains(byte),
        None => true,
    }
}

fn push_encoded(text: &mut String, character: char) {
    use std::fmt::Write as _;
    for byte in character.encode_utf8(&mut [0; 4]).bytes() {
        // Writing to a string never fails.
        let _ = write!(text, "%{byte:02X}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(url: &str, expected: &str) {
        let safe = location_safe(url);
        assert_eq!(safe, expected, "{url}");
        assert_eq!(location_safe(&safe), expected, "{url} twice");
    }

    #[test]
    fn what_no_uri_may_have_is_encoded() {
        check("https://e.com/a?b=1#c", "https://e.com/a?b=1#c");
        check("https://e.com/?foo=|&bar=", "https://e.com/?foo=%7C&bar=");
        check("https://e.com/a^b`{c}\"<>", "https://e.com/a%5Eb%60%7Bc%7D%22%3C%3E");
        check("https://e.com/?q=a\\b", "https://e.com/?q=a%5Cb");
        check("https://e.com/x[1]?a[]=2#b[c]", "https://e.com/x%5B1%5D?a%5B%5D=2#b%5Bc%5D");
        check("http://[2001:db8::1]:8080/[", "http://[2001:db8::1]:8080/%5B");
        check("https://e.com/%zz%", "https://e.com/%25zz%25");
        check("https://e.com/%%41%4", "https://e.com/%25%41%254");
        check("https://e.com/%7c%2F%c3%bc", "https://e.com/%7c%2F%c3%bc");
        check("https://e.com/#a#b?c/d", "https://e.com/#a%23b?c/d");
        check("https://e.com/ü b", "https://e.com/%C3%BC%20b");
        check("https://e.com?|", "https://e.com?%7C");
        check("https://e.com", "https://e.com");
        check("", "");
        // Reserved characters and those that some encode keep their form.
        check("https://e.com/!$&'()*+,;=:@-._~/?/?", "https://e.com/!$&'()*+,;=:@-._~/?/?");
    }

    proptest! {
        #[test]
        fn only_unfit_characters_change(rest in "\\PC{0,40}") {
            let url = format!("https://e.com/{rest}");
            let safe = location_safe(&url);
            prop_assert!(safe.bytes().all(|byte| (0x21..0x7f).contains(&byte)));
            prop_assert_eq!(location_safe(&safe), safe.as_ref());
        }
    }
}
