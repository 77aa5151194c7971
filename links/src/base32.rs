//! Bits as characters.

/// Crockford's base 32 in lower case: no `i`, `l`, `o` and `u`, which are misread or spell words.
pub(crate) const CROCKFORD: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// The bits of `bytes` in groups of five, highest first; eight characters for each whole five bytes.
pub(crate) fn base32<'a>(bytes: &'a [u8], alphabet: &'a [u8; 32]) -> impl Iterator<Item = char> + 'a {
    bytes.chunks_exact(5).flat_map(move |chunk| {
        let bits = chunk.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        (0..8).rev().map(move |digit| {
            let index = usize::try_from(bits >> (5 * digit) & 31).unwrap_or_default();
            alphabet.get(index).copied().map_or('0', char::from)
        })
    })
}
