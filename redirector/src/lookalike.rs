//! Host names that could pass for others, after [UTS #39](https://www.unicode.org/reports/tr39/).

use unicode_security::{RestrictionLevel, RestrictionLevelDetection};

/// The letters that look like Latin ones or like digits, of those that may be in a host name, script by script: Unicode's
/// `confusables.txt`, and `п` and `ь`, which browsers add. Letters that look like two (`œ`) are not there.
const LATIN_LOOKALIKES: [&str; 8] = [
    "ıƒɣɩʋ",
    "αγινορσυ",
    "абгеорсухшѕіјүһҽӏпь",
    "ագզհյոռսցւքօ",
    // Hebrew and Arabic, as escapes because they would reorder this line.
    "\u{5d5}\u{5d8}\u{5df}\u{5e1}\u{627}\u{647}\u{6be}\u{6c1}\u{6d5}\u{6f1}\u{6f5}\u{6f7}",
    // Of India and its neighbours.
    "०३০৪৭૦૩\u{b03}ଠ\u{c02}\u{c82}೦\u{d02}ടഠ\u{d82}",
    "๐໐ငဝ၀ၚყሀዐ០",
    "〇丅丫",
];

/// The characters that look like what ends a host name.
const SLASHES: [char; 4] = ['ノ', '丶', '丿', '゠'];

/// Whether a host name in Unicode could be taken for another: a label mixes scripts that are not written together or has
/// characters that no name needs, or all of it looks like Latin letters.
pub(crate) fn can_deceive(host: &str) -> bool {
    // Below a top-level domain that is visibly in another script, a whole name is not taken for a Latin one.
    let last = host.rsplit('.').next().unwrap_or_default();
    let is_foreign = last.chars().any(|c| !c.is_ascii() && !looks_latin(c));
    host.split('.').filter(|label| !label.is_ascii()).any(|label| {
        label.detect_restriction_level() > RestrictionLevel::HighlyRestrictive
            || !is_foreign && label.chars().all(|c| c.is_ascii() || looks_latin(c))
            || has_slash(label)
    })
}

fn looks_latin(c: char) -> bool {
    LATIN_LOOKALIKES.iter().any(|letters| letters.contains(c))
}

/// Whether something that looks like a slash stands beside a letter of ASCII. Among their own these letters are common.
fn has_slash(label: &str) -> bool {
    let beside = |(a, b): (char, char)| {
        SLASHES.contains(&a) && b.is_ascii_alphanumeric() || SLASHES.contains(&b) && a.is_ascii_alphanumeric()
    };
    label.chars().zip(label.chars().skip(1)).any(beside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_unicodes() {
        for c in LATIN_LOOKALIKES.iter().flat_map(|letters| letters.chars()).filter(|c| !"пь".contains(*c)) {
            let skeleton: String = unicode_security::skeleton(&c.to_string()).collect();
            assert!(skeleton.len() == 1 && skeleton.is_ascii(), "{c} looks like {skeleton}");
            assert!(unicode_security::GeneralSecurityProfile::identifier_allowed(c), "{c} is in no name");
        }
        for c in SLASHES {
            let skeleton: String = unicode_security::skeleton(&c.to_string()).collect();
            assert!(["/", "\\", "="].contains(&skeleton.as_str()), "{c} looks like {skeleton}");
        }
    }

    #[test]
    fn names_that_pass_for_others_are_recognised() {
        for host in [
            // Whole labels that look Latin: Cyrillic, Greek, Armenian, Latin itself.
            "аррӏе.com",
            "раураӏ.com",
            "ѕсоре.com",
            "соса-соӏа.com",
            "еbау.com",
            "ебау.com",
            "ραγραι.com",
            "օօ.com",
            "wıkipedia.org",
            "www.аррӏе.com",
            "аррӏе.example.com",
            // Mixed scripts.
            "аpple.com",
            "раypal.com",
            "googlе.com",
            "gοogle.com",
            "օzon.com",
            "एapple.com",
            "exаmple.рф",
            // Characters that no name needs.
            "ɡoogle.com",
            "i❤.example",
            "ⲟⲟ.com",
            // What looks like the end of the name.
            "example.comノlogin.example",
            "example.com丿.example",
        ] {
            assert!(can_deceive(host), "{host}");
        }
    }

    #[test]
    fn names_in_any_one_script_are_shown() {
        for host in [
            "example.com",
            "münchen.example",
            "straße.de",
            "łódź.pl",
            "smørrebrød.dk",
            "ąę.pl",
            "việt.vn",
            "cœur.fr",
            "þing.is",
            "россия.рф",
            "яндекс.рф",
            "москва.com",
            "оса.рф",
            "παράδειγμα.gr",
            "ελλάδα.ελ",
            "日本語.jp",
            "google日本.jp",
            "テクノ.jp",
            "東京.jp",
            "中国.中国",
            "한국.kr",
            "עברית.co.il",
            "مثال.إختبار",
            "हिन्दी.भारत",
            "ไทย.th",
            "հայաստան.am",
            "საქართველო.ge",
        ] {
            assert!(!can_deceive(host), "{host}");
        }
    }
}
