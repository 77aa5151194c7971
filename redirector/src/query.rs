//! Adding the query of a request to a target.

use links::TargetUrl;
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

/// What a query must not contain. A gateway passes it on as it was sent, and clients send anything.
const UNSAFE: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>');

/// The target with the parameters of `query` that it does not have itself, before its fragment. Scheme, host and path
/// are never touched. If the result would be too long, the target stays as it is.
///
/// A visitor cannot override a parameter of the target, whichever way the site reads its query: see [`names`].
pub(crate) fn forwarded(target: &str, query: &str) -> String {
    let (base, fragment) = match target.find('#') {
        Some(position) => target.split_at(position),
        None => (target, ""),
    };
    let own = base.split_once('?').map(|(_, own)| own);
    let mut own_names: Vec<_> = own.into_iter().flat_map(|own| own.split('&')).flat_map(names).collect();
    own_names.sort_unstable();
    let mut result = base.to_owned();
    let mut separator = match own {
        None => "?",
        Some("") => "",
        Some(own) if own.ends_with('&') => "",
        Some(_) => "&",
    };
    let is_own = |name: String| own_names.binary_search(&name).is_ok();
    for pair in query.split('&').filter(|pair| names(pair).next().is_some() && !names(pair).any(is_own)) {
        result.push_str(separator);
        result.extend(utf8_percent_encode(pair, UNSAFE));
        separator = "&";
        if result.len() + fragment.len() > TargetUrl::MAX_BYTES {
            return target.to_owned();
        }
    }
    result.push_str(fragment);
    result
}

/// The names by which a site may know what stands between two `&`, in one form for all that it may take for the same.
///
/// Some sites also separate parameters with `;` (the HTML 4 recommendation), fold case (ASP.NET), read `a[]` and `a[b]`
/// as `a`, also behind brackets (PHP, Rack), or take dots and blanks for underscores (PHP).
fn names(pair: &str) -> impl Iterator<Item = String> {
    pair.split(';').filter(|parameter| !parameter.is_empty()).map(|parameter| {
        let name = parameter.split('=').next().unwrap_or_default().replace('+', " ");
        let name = percent_decode_str(&name).decode_utf8_lossy();
        let name = name.trim_start_matches(['[', ']', ' ']);
        let name = name.split(['[', ']', '\0']).next().unwrap_or_default().trim_end();
        name.replace(['.', ' '], "_").to_lowercase()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng, rngs::StdRng};

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
        check("https://e.com/?a", "a=2&a=3&b", "https://e.com/?a&b");
    }

    #[test]
    fn the_target_wins_whatever_reads_its_query() {
        for pair in [
            "keep=2",
            "KEEP=2",
            "%6Beep=2",
            "%4b%45EP=2",
            "keep[]=2",
            "keep[a][b]=2",
            "keep%5B%5D=2",
            "Keep%5b=2",
            "[keep]=2",
            "%5Bkeep%5D=2",
            "keep]=2",
            "keep%00x=2",
            "+keep=2",
            "%20keep=2",
            "keep+=2",
            "x;keep=2",
            "x=1;KEEP[]=2;y=3",
            ";keep",
            "keep",
        ] {
            check("https://e.com/?keep=1", pair, "https://e.com/?keep=1");
            check("https://e.com/?keep=1", &format!("{pair}&z=3"), "https://e.com/?keep=1&z=3");
        }
        check("https://e.com/?KEEP[]=1", "keep=2", "https://e.com/?KEEP[]=1");
        check("https://e.com/?x=0;keep=1", "keep=2", "https://e.com/?x=0;keep=1");
        check("https://e.com/?a.b=1", "a_b=2&a+b=3&a%2Eb=4", "https://e.com/?a.b=1");
        check("https://e.com/?%C3%BC=1", "%C3%9C=2", "https://e.com/?%C3%BC=1");
        // Others stay as they were sent, in their order.
        check(
            "https://e.com/?keep=1",
            "kee=2&keeper=3&a[]=1&a[]=2",
            "https://e.com/?keep=1&kee=2&keeper=3&a[]=1&a[]=2",
        );
    }

    /// The definition, in quadratic time.
    fn defined(target: &str, query: &str) -> String {
        let (base, fragment) = target.split_at(target.find('#').unwrap_or(target.len()));
        let (path, own) = base.split_once('?').map_or((base, None), |(path, own)| (path, Some(own)));
        let is_own = |pair: &str| {
            let own = own.into_iter().flat_map(|own| own.split('&')).flat_map(names);
            own.into_iter().any(|own| names(pair).any(|name| name == own))
        };
        let added: Vec<_> = query.split('&').filter(|pair| pair.chars().any(|c| c != ';') && !is_own(pair)).collect();
        if added.is_empty() {
            return target.to_owned();
        }
        let glue = own.map_or("", |own| if own.is_empty() || own.ends_with('&') { "" } else { "&" });
        let added = utf8_percent_encode(&added.join("&"), UNSAFE).to_string();
        let result = format!("{path}?{}{glue}{added}{fragment}", own.unwrap_or_default());
        if result.len() > TargetUrl::MAX_BYTES { target.to_owned() } else { result }
    }

    #[test]
    fn adding_agrees_with_its_definition() {
        let mut random = StdRng::seed_from_u64(0x6b75_727a);
        let mut text = |alphabet: &str, most: usize| -> String {
            let letters: Vec<_> = alphabet.chars().collect();
            (0..random.random_range(0..most)).map(|_| letters[random.random_range(0..letters.len())]).collect()
        };
        for _ in 0..20_000 {
            let (own, fragment) = (text("abA=&;[]+?%2B.", 12), text("a?&#", 4));
            let target = match (text("?", 2).as_str(), text("#", 2).as_str()) {
                ("", "") => "https://e.com/".to_owned(),
                ("", _) => format!("https://e.com/#{fragment}"),
                (_, "") => format!("https://e.com/?{own}"),
                _ => format!("https://e.com/?{own}#{fragment}"),
            };
            let query = text("abA=&;[]+?%2B.#ü \"", 16);
            let result = forwarded(&target, &query);
            assert_eq!(result, defined(&target, &query), "{target} with {query}");
            assert_eq!(forwarded(&result, &query), result, "{target} with {query} twice");
        }
    }

    #[test]
    fn many_parameters_take_no_quadratic_time() {
        let target = format!("https://e.com/?{}", "a&".repeat(4_000));
        let started = std::time::Instant::now();
        for query in ["1&".repeat(5_000), "A&".repeat(5_000)] {
            check(&target, &query, &target);
        }
        assert!(started.elapsed().as_millis() < 1_000, "{:?}", started.elapsed());
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
