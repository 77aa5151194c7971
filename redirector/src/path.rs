//! What a path names: a slug, as people and programs write it.
//!
//! A link is copied out of a sentence with the full stop, the closing bracket or the invisible mark that follows it. None
//! of these can be in a slug, so what stands at the end of a path is dropped rather than answered with 404.

use links::Slug;

/// What a path asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Named<'a> {
    /// The path without what was added to it.
    pub(crate) name: &'a str,
    /// The name as a slug, if it is one.
    pub(crate) slug: Option<Slug>,
    /// Whether a plus sign asks where the link leads.
    pub(crate) is_preview: bool,
}

impl<'a> Named<'a> {
    /// Reads a path that was decoded once and has lost its first slash.
    pub(crate) fn of(path: &'a str) -> Self {
        match path.parse() {
            Ok(slug) => Self { name: path, slug: Some(slug), is_preview: false },
            Err(_) => Self::trimmed(path),
        }
    }

    /// Without a second slash in front (of `https://host/` and `/slug`), and behind it one slash, one plus sign, and
    /// any punctuation and blanks, in any order.
    #[cold]
    fn trimmed(path: &'a str) -> Self {
        let mut name = path.strip_prefix('/').unwrap_or(path);
        let (mut has_slash, mut is_preview) = (false, false);
        while let Some(last) = name.chars().next_back() {
            match last {
                '/' if !has_slash => has_slash = true,
                '+' if !is_preview => is_preview = true,
                _ if is_punctuation(last) || is_blank(last) => {}
                _ => break,
            }
            name = name.strip_suffix(last).unwrap_or_default();
        }
        Self { name, slug: name.parse().ok(), is_preview }
    }
}

/// Whether a character closes a sentence, a bracket or a quotation: `. , ; : ! ) ] > " '` and their forms in other
/// scripts.
fn is_punctuation(c: char) -> bool {
    matches!(c, '.' | ',' | ';' | ':' | '!' | ')' | ']' | '>' | '"' | '\''
        // Quotation marks and apostrophes. Some languages close with what opens in others.
        | '«' | '»' | '´' | '\u{2018}'..='\u{201f}' | '‹' | '›' | '\u{2032}'..='\u{2037}' | '\u{2bc}'
        | '〃' | '\u{301d}'..='\u{301f}' | '＂' | '＇'
        // Full stops, ellipses, exclamation marks.
        | '․'..='…' | '‼' | '。' | '．' | '｡' | '！' | '\u{589}' | '\u{6d4}' | '।' | '॥' | '\u{104b}' | '\u{1362}' | '\u{17d4}'
        // Commas, semicolons, colons.
        | '\u{55d}' | '\u{60c}' | '\u{61b}' | '\u{37e}' | '\u{104a}' | '\u{1363}'..='\u{1366}' | '、' | '､' | '，' | '；' | '：'
        // Brackets.
        | '⁾' | '₎' | '\u{232a}' | '⟩' | '⟧' | '⟫' | '❩' | '❫' | '❭' | '❯' | '❱' | '❳' | '〉' | '》' | '」' | '』' | '】'
        | '〕' | '〗' | '〙' | '〛' | '）' | '］' | '＞' | '｠' | '｣'
        // The same in vertical text, and small.
        | '\u{fe10}'..='\u{fe15}' | '︙' | '︶' | '︸'..='﹂' | '﹐'..='﹒' | '﹔' | '﹕' | '﹗' | '﹚' | '﹞')
}

/// Whether a character cannot be seen.
fn is_blank(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The slug and whether a preview is asked for.
    fn read(path: &str) -> Option<(String, bool)> {
        let named = Named::of(path);
        named.slug.map(|slug| (slug.to_string(), named.is_preview))
    }

    #[test]
    fn what_follows_a_pasted_link_is_dropped() {
        for end in [
            "",
            "/",
            ".",
            ",",
            ";",
            ":",
            "!",
            ")",
            "]",
            ">",
            "\"",
            "'",
            "...",
            ").",
            "/.",
            "./",
            ".\"",
            ">.",
            "’",
            "”",
            "“",
            "»",
            "…",
            "。",
            "，",
            "、",
            "！",
            "）",
            "」",
            "】",
            "＞",
            "\u{6d4}",
            "\u{60c}",
            "\u{61b}",
            "।",
            "。」",
            " ",
            "\t",
            "\r\n",
            "\0",
            "\u{a0}",
            "\u{200b}",
            "\u{200e}",
            "\u{2028}",
            "\u{202c}",
            "\u{2060}",
            "\u{2069}",
            "\u{3000}",
            "\u{feff}",
            "\u{fe0f}",
            "\u{ad}",
            ". \u{200b}/ ",
        ] {
            assert_eq!(read(&format!("Launch{end}")), Some(("launch".to_owned(), false)), "{end:?}");
            for path in [format!("launch+{end}"), format!("launch{end}+")] {
                assert_eq!(read(&path), Some(("launch".to_owned(), true)), "{path:?}");
            }
        }
        assert_eq!(read("/launch"), Some(("launch".to_owned(), false)));
    }

    #[test]
    fn other_paths_name_no_slug() {
        for path in [
            "",
            "/",
            "//",
            ".",
            "+",
            "++",
            "launch//",
            "launch/./",
            "launch++",
            "launch+.+",
            "//launch",
            ".launch",
            "laun.ch",
            "laun ch",
            "launch%2E",
            "launch%",
            "launch*",
            "launch-",
            "launch_.",
            "launch(",
            "launch?",
            "launch#",
            "wp-login.php",
            "a/b",
            "ü.",
            "launchü",
            "launch.é",
        ] {
            assert_eq!(read(path), None, "{path:?}");
        }
    }

    #[test]
    fn the_name_is_what_was_meant() {
        let check = |path, expected| assert_eq!(Named::of(path).name, expected, "{path}");
        check("robots.txt/", "robots.txt");
        check("health.", "health");
        check("launch//", "launch/");
    }
}
