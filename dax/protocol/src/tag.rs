//! CBOR tags: three of RFC 8949, and four that DAX made up.

/// Big number, non-negative: value n of the following byte string.
pub const POSITIVE_BIG: u64 = 2;
/// Big number, negative: value -1-n of the following byte string.
pub const NEGATIVE_BIG: u64 = 3;
/// Decimal fraction: array of exponent and mantissa, base 10.
pub const DECIMAL: u64 = 4;
/// String set: array of text strings.
pub const STRING_SET: u64 = 3321;
/// Number set: array of numbers.
pub const NUMBER_SET: u64 = 3322;
/// Binary set: array of byte strings.
pub const BINARY_SET: u64 = 3323;
/// Position of a list element within a document path.
pub const LIST_INDEX: u64 = 3324;
