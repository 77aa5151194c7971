//! Bits as characters.

use std::sync::LazyLock;

use data_encoding::{Encoding, Specification};

/// The symbols of Crockford's base 32 in lower case: no `i`, `l`, `o` and `u`, which are misread or spell words.
const CROCKFORD_SYMBOLS: &str = "0123456789abcdefghjkmnpqrstvwxyz";

/// Crockford's base 32 in lower case, without padding.
pub(crate) static CROCKFORD: LazyLock<Encoding> = LazyLock::new(|| {
    let mut specification = Specification::new();
    specification.symbols.push_str(CROCKFORD_SYMBOLS);
    #[expect(
        clippy::expect_used,
        reason = "32 distinct ASCII symbols are an encoding, and every test of a key proves it"
    )]
    specification.encoding().expect("32 distinct ASCII symbols")
});

/// Whether a text has only symbols of [`CROCKFORD`].
pub(crate) fn is_crockford(text: &str) -> bool {
    text.bytes().all(|byte| CROCKFORD_SYMBOLS.as_bytes().contains(&byte))
}

/// The first `characters` of the base 32 of `bytes`.
pub(crate) fn base32(encoding: &Encoding, bytes: &[u8], characters: usize) -> String {
    let mut text = encoding.encode(bytes);
    text.truncate(characters);
    text
}
