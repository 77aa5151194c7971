//! Encodings of text files: UTF-8 and UTF-16, and as a last resort windows-1252, in which spreadsheets in western Europe
//! and America save CSV.

use std::borrow::Cow;

use anyhow::{Result, bail};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// Bytes that are inspected to recognise UTF-16 without a byte order mark.
const SAMPLE: usize = 64;

/// The text without a byte order mark, and as UTF-8 if it was UTF-16. Anything else stays as it is.
///
/// # Errors
/// If it is UTF-32, or UTF-16 that is cut off.
pub(crate) fn without_marks(mut bytes: Vec<u8>) -> Result<Vec<u8>> {
    if bytes.starts_with(b"\xff\xfe\0\0") || bytes.starts_with(b"\0\0\xfe\xff") {
        bail!("the file is UTF-32: save it as UTF-8");
    }
    let (encoding, mark) = Encoding::for_bom(&bytes).unwrap_or_else(|| (without_mark(&bytes), 0));
    if encoding == UTF_8 {
        bytes.drain(..mark);
        return Ok(bytes);
    }
    let (text, _) = encoding.decode_without_bom_handling(bytes.get(mark..).unwrap_or_default());
    if !bytes.len().is_multiple_of(2) {
        bail!("the file is UTF-16 and ends within a character: it is not complete");
    }
    Ok(text.into_owned().into_bytes())
}

/// UTF-16 if every second byte of the beginning is zero, as it is for ASCII in UTF-16; otherwise UTF-8.
fn without_mark(bytes: &[u8]) -> &'static Encoding {
    let sample = bytes.get(..SAMPLE.min(bytes.len())).unwrap_or_default();
    let zeros = |parity: usize| sample.iter().skip(parity).step_by(2).all(|byte| *byte == 0);
    let letters = |parity: usize| sample.iter().skip(parity).step_by(2).all(|byte| *byte != 0);
    match sample.len() {
        0..4 => UTF_8,
        _ if letters(0) && zeros(1) => UTF_16LE,
        _ if zeros(0) && letters(1) => UTF_16BE,
        _ => UTF_8,
    }
}

/// The text, and whether it had to be read as windows-1252 because it is not UTF-8.
pub(crate) fn decode(bytes: &[u8]) -> (Cow<'_, str>, bool) {
    match str::from_utf8(bytes) {
        Ok(text) => (text.into(), false),
        Err(_) => (WINDOWS_1252.decode_without_bom_handling(bytes).0, true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_and_utf_16_disappear() {
        let check = |bytes: &[u8], expected: &[u8]| {
            assert_eq!(without_marks(bytes.to_vec()).unwrap(), expected, "{bytes:x?}");
        };
        check(b"a,\xfc", b"a,\xfc");
        check(b"\xef\xbb\xbfa", b"a");
        check(b"\xff\xfea\0\xfc\0", "aü".as_bytes());
        check(b"\xfe\xff\0a\0\xfc", "aü".as_bytes());
        check(b"a\0,\0b\0\n\0", b"a,b\n");
        check(b"\0a\0,\0b\0\n", b"a,b\n");
        // Zeros in text are data.
        check(b"a,\0,b,c\n", b"a,\0,b,c\n");
        check(b"", b"");
        assert!(without_marks(b"\xff\xfe\0\0a\0\0\0".to_vec()).is_err());
        assert!(without_marks(b"\xff\xfea\0b".to_vec()).is_err());
    }

    #[test]
    fn what_is_not_utf_8_is_windows_1252() {
        assert_eq!(decode("ü€".as_bytes()), ("ü€".into(), false));
        assert_eq!(decode(b"\xfc\x80"), ("ü€".into(), true));
    }
}
