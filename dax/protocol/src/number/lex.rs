//! `LexDecimal`: numbers as bytes that compare like the numbers.
//!
//! A number is written as ±0.U × 10^e, U being its digits. A header carries sign and e; then U follows in groups of
//! three digits, each a 10-bit code, and a last code tells how many digits of the last group are real.

use super::{Decimal, MAX_DIGITS, Significand};
use crate::cbor::{Error, Result};

const ZERO: u8 = 0x80;
const NEGATIVE_ZERO: u8 = 0x7f;
/// Headers that a four-byte exponent follows.
const POSITIVE_LARGE: u8 = 0xfe;
const POSITIVE_SMALL: u8 = 0x81;
const NEGATIVE_LARGE: u8 = 0x01;
const NEGATIVE_SMALL: u8 = 0x7e;
/// Exponents within these bounds fit the header byte.
const SHORT_EXPONENTS: std::ops::RangeInclusive<i32> = -62..=61;
/// Codes below this one end the digits.
const FIRST_GROUP: u16 = 12;
const CODE_MASK: u16 = 0x3ff;

/// Appends the order-preserving form of `number`.
///
/// Trailing zeros of whole numbers are digits here (100 has three, as long as there are at most 38), because other
/// clients of the same cluster write them, and a cache compares bytes.
pub fn write_lex(number: &Decimal, out: &mut Vec<u8>) {
    if number.coefficient == 0 {
        out.push(ZERO);
        return;
    }
    write_header(number.negative, number.leading_exponent() + 1, out);
    let value = number.plain_integer().unwrap_or(number.coefficient);
    let digits = super::digits(value);
    let mut bits = BitWriter { out, pending: 0, count: 0 };
    let mut group = |digits: u128| {
        let digits = u16::try_from(digits).unwrap_or(0);
        bits.push(flip(number.negative, FIRST_GROUP + digits));
    };
    for last_digit in (digits % 3..digits).step_by(3).rev() {
        group(value / 10u128.pow(last_digit) % 1000);
    }
    match digits % 3 {
        0 => {}
        1 => group(value % 10 * 100),
        _ => group(value % 100 * 10),
    }
    let real_digits_in_last_group = (digits + 2) % 3;
    bits.push(flip(number.negative, u16::try_from(real_digits_in_last_group).unwrap_or(0)));
    bits.finish();
}

/// The header, whose bytes sort like sign and exponent. From low to high: 01 and a long exponent, 02..=7d for the
/// negative numbers with a short one (3f for exponent 0, descending), 7e and a long one, 7f and 80 for zero, 81 and a long
/// one, 82..=fd for the positive numbers with a short one (c0 for exponent 0, ascending), fe and a long one.
fn write_header(negative: bool, exponent: i32, out: &mut Vec<u8>) {
    if let (Ok(short), true) = (i8::try_from(exponent), SHORT_EXPONENTS.contains(&exponent)) {
        let header = if negative { 0x3f_i8.wrapping_sub(short) } else { 0xc0_u8.cast_signed().wrapping_add(short) };
        out.push(header.cast_unsigned());
        return;
    }
    // Flipping the sign bit makes two's complement sort as unsigned; flipping all others instead reverses the order.
    let large = exponent > 0;
    let (header, mask) = match (negative, large) {
        (false, true) => (POSITIVE_LARGE, 0x8000_0000),
        (false, false) => (POSITIVE_SMALL, 0x8000_0000),
        (true, true) => (NEGATIVE_LARGE, 0x7fff_ffff),
        (true, false) => (NEGATIVE_SMALL, 0x7fff_ffff),
    };
    out.push(header);
    out.extend_from_slice(&(exponent.cast_unsigned() ^ mask).to_be_bytes());
}

/// Reads the order-preserving form; `bytes` holds nothing else.
///
/// # Errors
/// [`Error::Malformed`] if the bytes are not exactly one `LexDecimal`, or not a DynamoDB number.
pub fn read_lex(bytes: &[u8]) -> Result<Decimal> {
    let malformed = |what| Error::Malformed { at: 0, what };
    let (header, rest) = bytes.split_first().ok_or_else(|| malformed("empty number"))?;
    let (negative, exponent, body) = match *header {
        ZERO | NEGATIVE_ZERO if rest.is_empty() => return Ok(Decimal::ZERO),
        ZERO | NEGATIVE_ZERO => return Err(malformed("bytes after a zero")),
        0x00 | 0xff => return Err(malformed("a null in place of a number")),
        POSITIVE_LARGE | POSITIVE_SMALL => long_exponent(false, 0x8000_0000, rest)?,
        NEGATIVE_LARGE | NEGATIVE_SMALL => long_exponent(true, 0x7fff_ffff, rest)?,
        header @ 0x82.. => (false, i32::from(header) - 0xc0, rest),
        header => (true, 0x3f - i32::from(header), rest),
    };
    let mut bits = BitReader { input: body, pending: 0, count: 0 };
    let mut significand = Significand::default();
    let mut group: Option<u16> = None;
    let mut written: i32 = 0;
    let too_long = |_| malformed("number of more than 38 digits");
    loop {
        let code = flip(negative, bits.next().ok_or_else(|| malformed("number without an end"))?);
        let digits = match (group, code) {
            (Some(_), 0..=2) => code + 1,
            (_, 12..=1011) => 3,
            _ => return Err(malformed("digit group out of range")),
        };
        if let Some(group) = group {
            for digit in [group / 100, group / 10 % 10, group % 10].into_iter().take(usize::from(digits)) {
                significand.push(u8::try_from(digit).unwrap_or(0)).map_err(too_long)?;
                written += 1;
            }
        }
        if code < FIRST_GROUP {
            break;
        }
        group = Some(code - FIRST_GROUP);
        if written > 3 * MAX_DIGITS.cast_signed() + 30 {
            return Err(malformed("number of more digits than its range allows"));
        }
    }
    if !bits.input.is_empty() {
        return Err(malformed("bytes after a number"));
    }
    // 0.U × 10^e = U × 10^(e - digits of U); trailing zeros were counted apart.
    let exponent = exponent.saturating_sub(written).saturating_add(significand.zeros);
    Ok(Decimal::new(negative, significand.value, exponent)?)
}

fn long_exponent(negative: bool, mask: u32, rest: &[u8]) -> Result<(bool, i32, &[u8])> {
    let (exponent, body) =
        rest.split_first_chunk::<4>().ok_or(Error::Malformed { at: 1, what: "exponent cut short" })?;
    Ok((negative, (u32::from_be_bytes(*exponent) ^ mask).cast_signed(), body))
}

/// Codes of negative numbers are complemented, so that larger magnitudes sort first.
const fn flip(negative: bool, code: u16) -> u16 {
    if negative { CODE_MASK - code } else { code }
}

/// Appends 10-bit codes, most significant bit first.
struct BitWriter<'a> {
    out: &'a mut Vec<u8>,
    pending: u32,
    count: u32,
}

impl BitWriter<'_> {
    fn push(&mut self, code: u16) {
        self.pending = self.pending << 10 | u32::from(code);
        self.count += 10;
        while self.count >= 8 {
            self.count -= 8;
            self.out.push((self.pending >> self.count).to_be_bytes()[3]);
        }
        self.pending &= (1 << self.count) - 1;
    }

    fn finish(self) {
        if self.count > 0 {
            self.out.push((self.pending << (8 - self.count)).to_be_bytes()[3]);
        }
    }
}

/// Takes 10-bit codes, most significant bit first.
struct BitReader<'a> {
    input: &'a [u8],
    pending: u32,
    count: u32,
}

impl BitReader<'_> {
    fn next(&mut self) -> Option<u16> {
        while self.count < 10 {
            let (byte, rest) = self.input.split_first()?;
            self.input = rest;
            self.pending = self.pending << 8 | u32::from(*byte);
            self.count += 8;
        }
        self.count -= 10;
        let code = self.pending >> self.count;
        self.pending &= (1 << self.count) - 1;
        u16::try_from(code).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values_in_both_directions() {
        for (text, expected) in [
            ("0", "80"),
            ("1", "c11c0000"),
            ("10", "c21c0010"),
            ("100", "c31c0020"),
            ("1000", "c41c00c000"),
            ("-1", "3ee3fff0"),
            ("1.5", "c1288010"),
            ("3.14", "c1518020"),
            ("-3.14", "3eae7fd0"),
            ("3.141", "c151870000"),
            ("1E61", "fe8000003e1c0000"),
            ("-1E62", "017fffffc0e3fff0"),
            ("1E-63", "821c0000"),
            ("-1E-64", "7e8000003ee3fff0"),
            ("12345678901234567890123456789012345678", "e621dd4c8418596b2e44f690f8621dd4c60010"),
            ("111122223333444445555.66667777", "d51ec863ad59721c98dea6ac70e004"),
        ] {
            let number: Decimal = text.parse().unwrap();
            let mut out = Vec::new();
            write_lex(&number, &mut out);
            let hex: String = out.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(hex, expected, "{text}");
            assert_eq!(read_lex(&out).unwrap(), number, "{text}");
        }
    }

    #[test]
    fn digits_as_other_clients_write_them_are_read() {
        assert_eq!(read_lex(&[0xc1, 0x28, 0x80, 0x20]).unwrap(), "1.5".parse().unwrap(), "1.50");
        assert_eq!(read_lex(&[0x7f]).unwrap(), Decimal::ZERO);
    }

    #[test]
    fn what_is_no_lexdecimal_is_malformed() {
        for bytes in [&[][..], &[0x00], &[0xff], &[0xc1], &[0xc1, 0x00, 0x00], &[0x80, 0x00], &[0xfe, 0, 0]] {
            assert!(read_lex(bytes).is_err(), "{bytes:02x?}");
        }
        assert!(read_lex(&[0xc1, 0x1c, 0, 0, 0]).is_err(), "bytes after the end");
    }
}
