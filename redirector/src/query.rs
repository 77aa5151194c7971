//! Adding the query of a request to a target.

use links::TargetUrl;
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

/// What a query must not contain. A gateway passes it on as it was sent, and clients send anything.
const UNSAFE: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>');

/// The target with the parameters of `query` that it does not have itself, before its fragment. Scheme, host and path
/// are never touched. If the result would be too long, the target stays as it is.
pub(crate) fn forwarded(target: &str, query: &str) -> String {
    let (base, fragment) = match target.find('#') {
        Some(position) => target.split_at(position),
        None => (target, ""),
    };
    let own = base.split_once('?').map(|(_, own)| own);
    let own_names: Vec<_> = own.into_iter().flat_map(|own| own.split('&')).map(name).collect();
    let mut result = base.to_owned();
    let mut separator = match own {
        None => "?",
        Some("") => "",
        Some(own) if own.ends_with('&') => "",
        Some(_) => "&",
    };
    for pair in query.split('&').filter(|pair| !pair.is_empty() && !own_names.contains(&name(pair))) {
        result.push_str(separator);
        result.extend(utf8_percent_encode(pair, UNSAFE));
        separator = "&";
    }
    result.push_str(fragment);
    if result.len() > TargetUrl::MAX_BYTES { target.to_owned() } else { result }
}

/// The name of a parameter, decoded: `a` and `%61` are one name.
fn name(pair: &str) -> Vec<u8> {
    let name = pair.split('=').next().unwrap_or_default();
    percent_decode_str(&name.replace('+', " ")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(target: &str, query: &str, expected: &str) {
        assert_eq!(forwarded(target, query), expected, "{target} with {query}");
    }

    #[test]
    fn parameters_are_added_before_the_fragment() {
        check("https://e.com/", "", "https://e.com/");
        check("https://e.com/", "a=1&b", "https://e.com/?a=1&b");
        check("https://e.com/?x=0", "a=1", "https://e.com/?x=0&a=1");
        check("https://e.com/?", "a=1", "https://e.com/?a=1");
        check("https://e.com/?x&", "a=1", "https://e.com/?x&a=1");
        check("https://e.com/#top", "a=1", "https://e.com/?a=1#top");
        check("https://e.com/?x=0#a?b", "a=1", "https://e.com/?x=0&a=1#a?b");
        check("https://e.com/", "&&a=1&", "https://e.com/?a=1");
    }

    #[test]
    fn the_target_wins() {
        check("https://e.com/?a=1", "a=2&b=3", "https://e.com/?a=1&b=3");
        check("https://e.com/?%61=1", "a=2", "https://e.com/?%61=1");
        check("https://e.com/?a+b=1", "a%20b=2", "https://e.com/?a+b=1");
        check("https://e.com/?a", "a=2&a=3&A=4", "https://e.com/?a&A=4");
    }

    #[test]
    fn nothing_but_the_query_can_be_changed() {
        check("https://e.com/", "a=#x", "https://e.com/?a=%23x");
        check("https://e.com/", "a=\r\nx: y", "https://e.com/?a=%0D%0Ax:%20y");
        check("https://e.com/", "a=ü", "https://e.com/?a=%C3%BC");
        check("https://e.com/", "redir_url=https://evil.example", "https://e.com/?redir_url=https://evil.example");
    }

    #[test]
    fn a_result_that_is_too_long_is_left_out() {
        let query = format!("a={}", "x".repeat(TargetUrl::MAX_BYTES - "https://e.com/?a=".len()));
        check("https://e.com/", &query, &format!("https://e.com/?{query}"));
        check("https://e.com/", &format!("{query}x"), "https://e.com/");
    }
}
