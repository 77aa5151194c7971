//! DynamoDB numbers: exact decimals of up to 38 digits, between 1E-130 and 9.99…E+125 in magnitude.
//!
//! [`Decimal`] is the value, in one normal form; its [`Display`](std::fmt::Display) is the canonical plain text (no
//! exponent, no plus sign, no zeros that say nothing). [`write()`] and [`read`] are the CBOR form used for attribute
//! values and hash keys; [`write_lex`] and [`read_lex`] the order-preserving form used for numeric range keys.

mod lex;
mod wire;

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

pub use lex::{read_lex, write_lex};
pub use wire::{read, read_text, write, write_text};

/// Most significant digits a number may have.
pub const MAX_DIGITS: u32 = 38;
/// Exponent of the leading digit of the largest numbers, as in 9.9E+125.
const MAX_EXPONENT: i32 = 125;
/// Exponent of the leading digit of the smallest numbers, 1E-130.
const MIN_EXPONENT: i32 = -130;

/// A decimal number, `±coefficient × 10^exponent`.
///
/// Kept normal: the coefficient has no trailing zero, and zero is `0 × 10^0` without a sign, so that equal numbers
/// have equal fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Decimal {
    negative: bool,
    coefficient: u128,
    exponent: i32,
}

/// Why a text or a value is not a DynamoDB number. The wording is DynamoDB's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NumberError {
    /// Not written as a number.
    #[error("The parameter cannot be converted to a numeric value: {text}")]
    NotANumber {
        /// The text, at most its first 64 characters.
        text: String,
    },
    /// More than 38 significant digits.
    #[error("Attempting to store more than 38 significant digits in a Number")]
    TooManyDigits,
    /// 1E+126 or more.
    #[error("Number overflow. Attempting to store a number with magnitude larger than supported range")]
    Overflow,
    /// Not zero, but less than 1E-130.
    #[error("Number underflow. Attempting to store a number with magnitude smaller than supported range")]
    Underflow,
}

impl Decimal {
    /// Zero.
    pub const ZERO: Self = Self { negative: false, coefficient: 0, exponent: 0 };

    /// The number `±coefficient × 10^exponent`, normalised.
    ///
    /// # Errors
    /// [`NumberError`] if it has more than 38 digits or leaves the range.
    pub const fn new(negative: bool, mut coefficient: u128, mut exponent: i32) -> Result<Self, NumberError> {
        if coefficient == 0 {
            return Ok(Self::ZERO);
        }
        while coefficient.is_multiple_of(10) {
            coefficient /= 10;
            exponent = exponent.saturating_add(1);
        }
        if digits(coefficient) > MAX_DIGITS {
            return Err(NumberError::TooManyDigits);
        }
        let leading = exponent.saturating_add(digits(coefficient).cast_signed() - 1);
        if leading > MAX_EXPONENT {
            return Err(NumberError::Overflow);
        }
        if leading < MIN_EXPONENT {
            return Err(NumberError::Underflow);
        }
        Ok(Self { negative, coefficient, exponent })
    }

    /// Whether it is below zero.
    pub const fn is_negative(&self) -> bool {
        self.negative
    }

    /// The significant digits as an integer: no trailing zero, at most 38 digits.
    pub const fn coefficient(&self) -> u128 {
        self.coefficient
    }

    /// The power of ten that the coefficient is multiplied by.
    pub const fn exponent(&self) -> i32 {
        self.exponent
    }

    /// Number of significant digits; 1 for zero.
    pub const fn digits(&self) -> u32 {
        digits(self.coefficient)
    }

    /// The absolute value as an integer, if it is one of at most 38 digits.
    const fn plain_integer(&self) -> Option<u128> {
        if self.exponent < 0 || self.digits() + self.exponent.cast_unsigned() > MAX_DIGITS {
            return None;
        }
        Some(self.coefficient * 10u128.pow(self.exponent.cast_unsigned()))
    }

    /// Exponent of ten of the leading digit; meaningless for zero.
    const fn leading_exponent(&self) -> i32 {
        self.exponent + self.digits().cast_signed() - 1
    }

    fn compare_magnitude(&self, other: &Self) -> Ordering {
        match (self.coefficient, other.coefficient) {
            (0, 0) => return Ordering::Equal,
            (0, _) => return Ordering::Less,
            (_, 0) => return Ordering::Greater,
            _ => {}
        }
        self.leading_exponent().cmp(&other.leading_exponent()).then_with(|| {
            // Same leading digit position: padded to 38 digits each, the coefficients compare directly.
            let padded = |value: &Self| value.coefficient * 10u128.pow(MAX_DIGITS - value.digits());
            padded(self).cmp(&padded(other))
        })
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.negative, other.negative) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => self.compare_magnitude(other),
            (true, true) => other.compare_magnitude(self),
        }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl From<i64> for Decimal {
    fn from(value: i64) -> Self {
        let mut normal = Self { negative: value < 0, coefficient: u128::from(value.unsigned_abs()), exponent: 0 };
        while normal.coefficient != 0 && normal.coefficient.is_multiple_of(10) {
            normal.coefficient /= 10;
            normal.exponent += 1;
        }
        normal
    }
}

impl FromStr for Decimal {
    type Err = NumberError;

    /// Reads `[+-] digits [. digits] [e [+-] digits]`, as DynamoDB does: leading and trailing zeros are fine, blanks
    /// are not.
    fn from_str(text: &str) -> Result<Self, NumberError> {
        parse(text.as_bytes()).map_err(|error| match error {
            NumberError::NotANumber { .. } => NumberError::NotANumber { text: text.chars().take(64).collect() },
            other => other,
        })
    }
}

impl fmt::Display for Decimal {
    /// The canonical plain text, such as `-0.001` or `1000`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.negative {
            f.write_str("-")?;
        }
        if self.exponent >= 0 {
            write!(f, "{}", self.coefficient)?;
            return zeros(f, self.exponent);
        }
        let digits = self.digits().cast_signed();
        if digits + self.exponent <= 0 {
            f.write_str("0.")?;
            zeros(f, -self.exponent - digits)?;
            return write!(f, "{}", self.coefficient);
        }
        let scale = 10u128.pow(self.exponent.unsigned_abs());
        let width = self.exponent.unsigned_abs() as usize;
        write!(f, "{}.{:0width$}", self.coefficient / scale, self.coefficient % scale)
    }
}

fn zeros(f: &mut fmt::Formatter<'_>, count: i32) -> fmt::Result {
    (0..count).try_for_each(|_| f.write_str("0"))
}

/// Number of decimal digits; 1 for zero.
const fn digits(value: u128) -> u32 {
    match value.checked_ilog10() {
        Some(log) => log + 1,
        None => 1,
    }
}

fn parse(text: &[u8]) -> Result<Decimal, NumberError> {
    const NOT_A_NUMBER: NumberError = NumberError::NotANumber { text: String::new() };
    let (negative, unsigned) = sign(text);
    let (mantissa, explicit) = match unsigned.iter().position(|byte| matches!(byte, b'e' | b'E')) {
        Some(at) => (unsigned.get(..at).unwrap_or_default(), exponent(unsigned.get(at + 1..).unwrap_or_default())),
        None => (unsigned, Some(0)),
    };
    let explicit = explicit.ok_or(NOT_A_NUMBER)?;
    let mut significand = Significand::default();
    let mut fraction: Option<i32> = None;
    let mut seen = false;
    for byte in mantissa {
        match byte {
            b'0'..=b'9' => {
                seen = true;
                significand.push(byte - b'0')?;
                fraction = fraction.map(|digits| digits.saturating_add(1));
            }
            b'.' if fraction.is_none() => fraction = Some(0),
            _ => return Err(NOT_A_NUMBER),
        }
    }
    if !seen {
        return Err(NOT_A_NUMBER);
    }
    let scale = explicit.saturating_sub(fraction.unwrap_or(0));
    Decimal::new(negative, significand.value, scale.saturating_add(significand.zeros))
}

fn sign(text: &[u8]) -> (bool, &[u8]) {
    match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    }
}

/// The explicit exponent; far beyond the range it saturates, since only its size matters then.
fn exponent(text: &[u8]) -> Option<i32> {
    let (negative, digits) = sign(text);
    if digits.is_empty() {
        return None;
    }
    let magnitude = digits.iter().try_fold(0_i32, |value, byte| {
        byte.is_ascii_digit().then(|| value.saturating_mul(10).saturating_add(i32::from(byte - b'0')))
    })?;
    Some(if negative { -magnitude } else { magnitude })
}

/// Collects digits, most significant first; zeros count only once another digit follows them.
#[derive(Default)]
struct Significand {
    value: u128,
    zeros: i32,
}

impl Significand {
    fn push(&mut self, digit: u8) -> Result<(), NumberError> {
        if digit == 0 {
            self.zeros = self.zeros.saturating_add(i32::from(self.value != 0));
            return Ok(());
        }
        let shift = self.zeros.unsigned_abs() + 1;
        if self.value != 0 && digits(self.value) + shift > MAX_DIGITS {
            return Err(NumberError::TooManyDigits);
        }
        self.value = if self.value == 0 { 0 } else { self.value * 10u128.pow(shift) } + u128::from(digit);
        self.zeros = 0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(text.parse::<Decimal>().unwrap().to_string(), expected, "{text}");
    }

    #[test]
    fn canonical_text_is_plain() {
        check("0", "0");
        check("-0.00", "0");
        check("0e500", "0");
        check("+007", "7");
        check("1.500", "1.5");
        check(".5", "0.5");
        check("5.", "5");
        check("1e3", "1000");
        check("-1E-3", "-0.001");
        check("120.340E1", "1203.4");
        check("1000000000000000000000000000000000000000000", "1000000000000000000000000000000000000000000");
        check("99999999999999999999999999999999999999", "99999999999999999999999999999999999999");
        check(&format!("0.{}1", "0".repeat(129)), &format!("0.{}1", "0".repeat(129)));
        check("9.9E125", &format!("99{}", "0".repeat(124)));
    }

    #[test]
    fn what_is_not_a_number_is_refused() {
        for text in ["", "-", ".", "e5", "1e", "1e+", "1.2.3", " 1", "1 ", "0x1", "NaN", "1_000", "--1", "1e5.0"] {
            assert!(matches!(text.parse::<Decimal>(), Err(NumberError::NotANumber { .. })), "{text}");
        }
        assert_eq!("123456789012345678901234567890123456789".parse::<Decimal>(), Err(NumberError::TooManyDigits));
        assert_eq!("1e126".parse::<Decimal>(), Err(NumberError::Overflow));
        assert_eq!("1e99999999999".parse::<Decimal>(), Err(NumberError::Overflow));
        assert_eq!("1e-131".parse::<Decimal>(), Err(NumberError::Underflow));
    }

    #[test]
    fn order_is_numeric() {
        let sorted = ["-1e125", "-10", "-9.5", "-1e-130", "0", "1e-130", "0.5", "0.51", "1", "9", "10", "11", "1e125"];
        for pair in sorted.windows(2) {
            let (low, high) = (pair[0].parse::<Decimal>().unwrap(), pair[1].parse::<Decimal>().unwrap());
            assert!(low < high, "{low} < {high}");
        }
    }
}
