//! Characters in a text that cannot be seen: their table, their names, and how to trim them.
//!
//! Pasted text carries them: mail programs, chats, word processors and web pages put them around and into what they show.

use std::fmt;

/// What cannot be seen in a text, apart from the space U+0020: the Unicode properties `White_Space`, `Cc` (controls) and
/// `Default_Ignorable_Code_Point`, the invisible ones of `Cf` (format characters), and two characters that are visible
/// by their properties and blank or a placeholder in fact (U+2800 and U+FFFC). First and last of a range, and its name.
///
/// Variation selectors are in [`VARIATION_SELECTORS`] instead, because they change how the character before them looks.
///
/// Source: Unicode 16.0, `PropList.txt`, `DerivedCoreProperties.txt` and `UnicodeData.txt`; the names of controls are
/// their aliases in `NameAliases.txt`.
const HIDDEN: &[(u32, u32, &str)] = &[
    (0x0000, 0x0000, "NULL"),
    (0x0001, 0x0008, "CONTROL CHARACTER"),
    (0x0009, 0x0009, "CHARACTER TABULATION"),
    (0x000A, 0x000A, "LINE FEED"),
    (0x000B, 0x000B, "LINE TABULATION"),
    (0x000C, 0x000C, "FORM FEED"),
    (0x000D, 0x000D, "CARRIAGE RETURN"),
    (0x000E, 0x001A, "CONTROL CHARACTER"),
    (0x001B, 0x001B, "ESCAPE"),
    (0x001C, 0x001F, "CONTROL CHARACTER"),
    (0x007F, 0x007F, "DELETE"),
    (0x0080, 0x0084, "CONTROL CHARACTER"),
    (0x0085, 0x0085, "NEXT LINE"),
    (0x0086, 0x009F, "CONTROL CHARACTER"),
    (0x00A0, 0x00A0, "NO-BREAK SPACE"),
    (0x00AD, 0x00AD, "SOFT HYPHEN"),
    (0x034F, 0x034F, "COMBINING GRAPHEME JOINER"),
    (0x061C, 0x061C, "ARABIC LETTER MARK"),
    (0x115F, 0x115F, "HANGUL CHOSEONG FILLER"),
    (0x1160, 0x1160, "HANGUL JUNGSEONG FILLER"),
    (0x1680, 0x1680, "OGHAM SPACE MARK"),
    (0x17B4, 0x17B4, "KHMER VOWEL INHERENT AQ"),
    (0x17B5, 0x17B5, "KHMER VOWEL INHERENT AA"),
    (0x180E, 0x180E, "MONGOLIAN VOWEL SEPARATOR"),
    (0x2000, 0x2000, "EN QUAD"),
    (0x2001, 0x2001, "EM QUAD"),
    (0x2002, 0x2002, "EN SPACE"),
    (0x2003, 0x2003, "EM SPACE"),
    (0x2004, 0x2004, "THREE-PER-EM SPACE"),
    (0x2005, 0x2005, "FOUR-PER-EM SPACE"),
    (0x2006, 0x2006, "SIX-PER-EM SPACE"),
    (0x2007, 0x2007, "FIGURE SPACE"),
    (0x2008, 0x2008, "PUNCTUATION SPACE"),
    (0x2009, 0x2009, "THIN SPACE"),
    (0x200A, 0x200A, "HAIR SPACE"),
    (0x200B, 0x200B, "ZERO WIDTH SPACE"),
    (0x200C, 0x200C, "ZERO WIDTH NON-JOINER"),
    (0x200D, 0x200D, "ZERO WIDTH JOINER"),
    (0x200E, 0x200E, "LEFT-TO-RIGHT MARK"),
    (0x200F, 0x200F, "RIGHT-TO-LEFT MARK"),
    (0x2028, 0x2028, "LINE SEPARATOR"),
    (0x2029, 0x2029, "PARAGRAPH SEPARATOR"),
    (0x202A, 0x202A, "LEFT-TO-RIGHT EMBEDDING"),
    (0x202B, 0x202B, "RIGHT-TO-LEFT EMBEDDING"),
    (0x202C, 0x202C, "POP DIRECTIONAL FORMATTING"),
    (0x202D, 0x202D, "LEFT-TO-RIGHT OVERRIDE"),
    (0x202E, 0x202E, "RIGHT-TO-LEFT OVERRIDE"),
    (0x202F, 0x202F, "NARROW NO-BREAK SPACE"),
    (0x205F, 0x205F, "MEDIUM MATHEMATICAL SPACE"),
    (0x2060, 0x2060, "WORD JOINER"),
    (0x2061, 0x2061, "FUNCTION APPLICATION"),
    (0x2062, 0x2062, "INVISIBLE TIMES"),
    (0x2063, 0x2063, "INVISIBLE SEPARATOR"),
    (0x2064, 0x2064, "INVISIBLE PLUS"),
    (0x2065, 0x2065, "INVISIBLE CHARACTER"),
    (0x2066, 0x2066, "LEFT-TO-RIGHT ISOLATE"),
    (0x2067, 0x2067, "RIGHT-TO-LEFT ISOLATE"),
    (0x2068, 0x2068, "FIRST STRONG ISOLATE"),
    (0x2069, 0x2069, "POP DIRECTIONAL ISOLATE"),
    (0x206A, 0x206F, "DEPRECATED FORMAT CHARACTER"),
    (0x2800, 0x2800, "BRAILLE PATTERN BLANK"),
    (0x3000, 0x3000, "IDEOGRAPHIC SPACE"),
    (0x3164, 0x3164, "HANGUL FILLER"),
    (0xFEFF, 0xFEFF, "ZERO WIDTH NO-BREAK SPACE"),
    (0xFFA0, 0xFFA0, "HALFWIDTH HANGUL FILLER"),
    (0xFFF0, 0xFFF8, "INVISIBLE CHARACTER"),
    (0xFFF9, 0xFFFB, "INTERLINEAR ANNOTATION CHARACTER"),
    (0xFFFC, 0xFFFC, "OBJECT REPLACEMENT CHARACTER"),
    (0x13430, 0x1343F, "EGYPTIAN HIEROGLYPH FORMAT CHARACTER"),
    (0x1BCA0, 0x1BCA3, "SHORTHAND FORMAT CHARACTER"),
    (0x1D173, 0x1D17A, "MUSICAL SYMBOL FORMAT CHARACTER"),
    (0xE0000, 0xE00FF, "TAG CHARACTER"),
    (0xE01F0, 0xE0FFF, "INVISIBLE CHARACTER"),
];

/// They choose a form of the character before them, such as the coloured one of a heart. Behind a letter of ASCII or
/// another hidden character they do nothing, and count as hidden.
const VARIATION_SELECTORS: &[(u32, u32, &str)] = &[
    (0x180B, 0x180D, "MONGOLIAN FREE VARIATION SELECTOR"),
    (0x180F, 0x180F, "MONGOLIAN FREE VARIATION SELECTOR"),
    (0xFE00, 0xFE0F, "VARIATION SELECTOR"),
    (0xE0100, 0xE01EF, "VARIATION SELECTOR"),
];

/// Puts a digit on a key, as in the emoji for "1": digit, variation selector, this.
const COMBINING_KEYCAP: char = '\u{20E3}';

/// A character that cannot be seen, and where it stands in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HiddenCharacter {
    /// The character.
    pub character: char,
    /// Its place, counted in characters from 1.
    pub position: usize,
}

impl HiddenCharacter {
    /// Whether it ends a line.
    pub fn is_line_break(self) -> bool {
        matches!(self.character, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
    }

    fn name(self) -> &'static str {
        in_table(HIDDEN, self.character)
            .or_else(|| in_table(VARIATION_SELECTORS, self.character))
            .unwrap_or("INVISIBLE CHARACTER")
    }
}

impl fmt::Display for HiddenCharacter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "U+{:04X} {} at character {}", u32::from(self.character), self.name(), self.position)
    }
}

/// The text without what cannot be seen at its ends: spaces, line breaks, controls, and invisible characters.
pub fn trim_hidden(text: &str) -> &str {
    let mut start = text.len();
    let mut end = 0;
    let mut before = None;
    for (index, character) in text.char_indices() {
        if character != ' ' && !is_hidden(character, before, None) {
            start = start.min(index);
            end = index + character.len_utf8();
        }
        before = Some(character);
    }
    text.get(start..end).unwrap_or_default()
}

/// The first character of a text that cannot be seen, other than a space.
pub fn first_hidden(text: &str) -> Option<HiddenCharacter> {
    let mut characters = text.chars().enumerate().peekable();
    let mut before = None;
    while let Some((index, character)) = characters.next() {
        let after = characters.peek().map(|(_, next)| *next);
        if is_hidden(character, before, after) {
            return Some(HiddenCharacter { character, position: index + 1 });
        }
        before = Some(character);
    }
    None
}

/// The first character that a note must not contain: a control other than a tab or a line break, or one that changes
/// the direction of the text around it (the Unicode property `Bidi_Control`).
pub fn first_unfit_for_note(text: &str) -> Option<HiddenCharacter> {
    let is_unfit = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r') || is_bidi_control(c);
    first(text, is_unfit)
}

/// The first character that a tag must not contain: any control, any line break, or one that changes the direction of the
/// text around it.
pub fn first_unfit_for_tag(text: &str) -> Option<HiddenCharacter> {
    first(text, |c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') || is_bidi_control(c))
}

fn first(text: &str, is_it: impl Fn(char) -> bool) -> Option<HiddenCharacter> {
    let (index, character) = text.chars().enumerate().find(|(_, c)| is_it(*c))?;
    Some(HiddenCharacter { character, position: index + 1 })
}

fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn is_hidden(character: char, before: Option<char>, after: Option<char>) -> bool {
    if matches!(character, ' '..='~') {
        return false;
    }
    if in_table(HIDDEN, character).is_some() {
        return true;
    }
    if in_table(VARIATION_SELECTORS, character).is_none() {
        return false;
    }
    let is_keycap = || matches!(before, Some('0'..='9' | '#' | '*')) && after == Some(COMBINING_KEYCAP);
    let changes =
        |c: char| !c.is_ascii() && in_table(HIDDEN, c).is_none() && in_table(VARIATION_SELECTORS, c).is_none();
    !before.is_some_and(changes) && !is_keycap()
}

fn in_table(table: &[(u32, u32, &'static str)], character: char) -> Option<&'static str> {
    let code = u32::from(character);
    let index = table.partition_point(|(_, last, _)| *last < code);
    table.get(index).filter(|(first, ..)| *first <= code).map(|(.., name)| *name)
}

/// The first and the last of every range of hidden characters, for tests that must know them all.
#[cfg(test)]
pub(crate) fn hidden_samples() -> impl Iterator<Item = char> {
    HIDDEN.iter().flat_map(|(first, last, _)| [*first, *last]).filter_map(char::from_u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_in_order() {
        for table in [HIDDEN, VARIATION_SELECTORS] {
            assert!(table.iter().all(|(first, last, _)| first <= last));
            assert!(table.windows(2).all(|pair| pair[0].1 < pair[1].0));
        }
    }

    #[test]
    fn what_the_standard_library_calls_blank_or_control_is_in_the_table() {
        for character in (0..=0x10_FFFF).filter_map(char::from_u32) {
            if character != ' ' && (character.is_whitespace() || character.is_control()) {
                assert!(first_hidden(&character.to_string()).is_some(), "{character:?}");
            }
        }
    }

    #[test]
    fn ends_are_trimmed() {
        let check = |text: &str, expected: &str| assert_eq!(trim_hidden(text), expected, "{text:?}");
        check(" \u{feff}\u{200e}a b\u{200b}\r\n", "a b");
        check("a\u{200b}b", "a\u{200b}b");
        check("", "");
        check("\u{200b} ", "");
        check("ü", "ü");
        // The heart keeps its colour, and the letter loses what does not belong to it.
        check("\u{2764}\u{fe0f}", "\u{2764}\u{fe0f}");
        check("\u{2764}\u{fe0f}\u{fe0f}", "\u{2764}\u{fe0f}");
        check("a\u{fe0f}", "a");
        check("\u{fe0f}a", "a");
    }

    #[test]
    fn hidden_characters_are_named() {
        let check = |text: &str, expected: Option<&str>| {
            let found = first_hidden(text).map(|found| found.to_string());
            assert_eq!(found.as_deref(), expected, "{text:?}");
        };
        check("a b", None);
        check("ab\u{200b}", Some("U+200B ZERO WIDTH SPACE at character 3"));
        check("ü\u{a0}", Some("U+00A0 NO-BREAK SPACE at character 2"));
        check("\u{7}", Some("U+0007 CONTROL CHARACTER at character 1"));
        check("\u{e0041}", Some("U+E0041 TAG CHARACTER at character 1"));
        check("a\u{fe0f}", Some("U+FE0F VARIATION SELECTOR at character 2"));
        check("\u{2764}\u{fe0f}", None);
        check("1\u{fe0f}\u{20e3}", None);
        check("1\u{fe0f}", Some("U+FE0F VARIATION SELECTOR at character 2"));
    }

    #[test]
    fn notes_have_lines_and_tags_have_none() {
        let check = |text: &str, note: Option<usize>, tag: Option<usize>| {
            let position = |found: Option<HiddenCharacter>| found.map(|found| found.position);
            assert_eq!(position(first_unfit_for_note(text)), note, "{text:?}");
            assert_eq!(position(first_unfit_for_tag(text)), tag, "{text:?}");
        };
        check("plain ü \u{1f468}\u{200d}\u{1f469}", None, None);
        check("\u{6cc}\u{200c}\u{6cc}", None, None);
        check("a\r\n\tb", None, Some(2));
        check("a\u{2028}", None, Some(2));
        for unfit in ['\0', '\u{1b}', '\u{7f}', '\u{9b}', '\u{61c}', '\u{200e}', '\u{202e}', '\u{2066}', '\u{2069}'] {
            check(&format!("ab{unfit}"), Some(3), Some(3));
        }
    }
}
