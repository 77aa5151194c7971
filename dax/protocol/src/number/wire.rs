//! Numbers as CBOR items.

use super::{Decimal, NumberError};
use crate::cbor::{Error, Kind, Reader, Result, Writer};
use crate::tag;

/// Longest big number that is read. The largest DynamoDB number has 126 digits: 419 bits.
const MAX_BIG_BYTES: usize = 64;

/// Writes a number given as text; see [`write()`].
///
/// # Errors
/// [`NumberError`] if the text is not a DynamoDB number.
pub fn write_text(text: &str, writer: &mut Writer<'_>) -> std::result::Result<(), NumberError> {
    // Integers of up to 18 digits need no decimal arithmetic.
    if text.len() <= 18
        && text.bytes().enumerate().all(|(at, byte)| byte.is_ascii_digit() || at == 0 && byte == b'-')
        && let Ok(integer) = text.parse()
    {
        writer.int(integer);
        return Ok(());
    }
    write(&text.parse()?, writer);
    Ok(())
}

/// Writes a number in its canonical form: an integer, or a big number, if it is a whole number of at most 38 digits,
/// else a decimal fraction with the shortest mantissa.
///
/// Equal numbers give equal bytes, so that they are equal hash keys too.
pub fn write(number: &Decimal, writer: &mut Writer<'_>) {
    if let Some(magnitude) = number.plain_integer() {
        return write_integer(number.negative, magnitude, writer);
    }
    writer.tag(tag::DECIMAL);
    writer.array(2);
    writer.int(i64::from(number.exponent));
    write_integer(number.negative, number.coefficient, writer);
}

fn write_integer(negative: bool, magnitude: u128, writer: &mut Writer<'_>) {
    // On the wire a negative number is -1 - argument. Zero is never negative.
    let argument = if negative { magnitude.wrapping_sub(1) } else { magnitude };
    if let Ok(argument) = u64::try_from(argument) {
        return writer.integer(negative, argument);
    }
    writer.tag(if negative { tag::NEGATIVE_BIG } else { tag::POSITIVE_BIG });
    let bytes = argument.to_be_bytes();
    let significant = bytes.len() - argument.leading_zeros() as usize / 8;
    writer.bytes(bytes.last_chunk::<16>().and_then(|all| all.get(16 - significant..)).unwrap_or_default());
}

/// Reads a number as canonical text.
///
/// # Errors
/// As for [`read`].
pub fn read_text(reader: &mut Reader<'_>) -> Result<String> {
    let start = reader.clone();
    if let Kind::Unsigned | Kind::Negative = reader.peek()? {
        let (negative, argument) = reader.integer()?;
        return Ok(match (negative, argument.checked_add(1)) {
            (false, _) => argument.to_string(),
            (true, Some(magnitude)) => format!("-{magnitude}"),
            (true, None) => format!("-{}", u128::from(argument) + 1),
        });
    }
    *reader = start;
    Ok(read(reader)?.to_string())
}

/// Reads a number in any of its forms: integer, big number, decimal fraction, or float, whose shortest decimal text is
/// then its value.
///
/// # Errors
/// [`Error::Malformed`] if the item is not a number, or not one that DynamoDB has; [`Error::Incomplete`] if it is cut.
pub fn read(reader: &mut Reader<'_>) -> Result<Decimal> {
    let start = reader.clone();
    let out_of_range = reader.malformed("number outside of DynamoDB's range");
    let number = match reader.peek()? {
        Kind::Float => {
            let float = reader.float()?;
            format!("{float:e}").parse()
        }
        Kind::Tag => {
            if reader.tag()? == tag::DECIMAL {
                read_fraction(reader)?
            } else {
                *reader = start.clone();
                read_integer(reader)?
            }
        }
        _ => read_integer(reader)?,
    };
    number.or(Err(out_of_range))
}

type Parsed = std::result::Result<Decimal, NumberError>;

fn read_fraction(reader: &mut Reader<'_>) -> Result<Parsed> {
    let wrong = reader.malformed("a decimal fraction has two parts");
    let mut parts = reader.array()?;
    if parts.announced().is_some_and(|count| count != 2) {
        return Err(wrong);
    }
    parts.expect(reader, wrong)?;
    let exponent = reader.int()?;
    parts.expect(reader, wrong)?;
    let mantissa = read_integer(reader)?;
    parts.expect_end(reader, wrong)?;
    Ok(mantissa.and_then(|mantissa| {
        let exponent = i32::try_from(exponent).unwrap_or(if exponent < 0 { i32::MIN } else { i32::MAX });
        Decimal::new(mantissa.negative, mantissa.coefficient, exponent.saturating_add(mantissa.exponent))
    }))
}

fn read_integer(reader: &mut Reader<'_>) -> Result<Parsed> {
    let start = reader.clone();
    if reader.peek()? != Kind::Tag {
        let (negative, argument) = reader.integer()?;
        return Ok(Decimal::new(negative, u128::from(argument) + u128::from(negative), 0));
    }
    let negative = match reader.tag()? {
        tag::POSITIVE_BIG => false,
        tag::NEGATIVE_BIG => true,
        _ => return Err(start.malformed("expected a number")),
    };
    let bytes = reader.bytes()?;
    let significant = bytes.iter().skip_while(|byte| **byte == 0).count();
    if significant > MAX_BIG_BYTES {
        return Err(start.malformed("number outside of DynamoDB's range"));
    }
    Ok(from_big_endian(negative, &bytes))
}

/// The integer of these bytes, or -1 - it if `negative`. It may exceed 128 bits if it ends in zeros.
fn from_big_endian(negative: bool, bytes: &[u8]) -> Parsed {
    // Nine decimal digits per limb, least significant first.
    let mut limbs = vec![0_u32];
    for byte in bytes {
        multiply_add(&mut limbs, 256, *byte);
    }
    if negative {
        multiply_add(&mut limbs, 1, 1);
    }
    let mut text = String::with_capacity(9 * limbs.len() + 1);
    if negative {
        text.push('-');
    }
    for limb in limbs.iter().rev() {
        text.push_str(&format!("{limb:09}"));
    }
    text.parse()
}

fn multiply_add(limbs: &mut Vec<u32>, factor: u64, summand: u8) {
    const BASE: u64 = 1_000_000_000;
    let mut carry = u64::from(summand);
    for limb in limbs.iter_mut() {
        let value = u64::from(*limb) * factor + carry;
        *limb = u32::try_from(value % BASE).unwrap_or(0);
        carry = value / BASE;
    }
    if carry > 0 {
        limbs.push(u32::try_from(carry).unwrap_or(0));
    }
}

impl From<NumberError> for Error {
    fn from(_: NumberError) -> Self {
        Self::Malformed { at: 0, what: "number outside of DynamoDB's range" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(text: &str) -> Vec<u8> {
        let mut out = Vec::new();
        write_text(text, &mut Writer::new(&mut out)).unwrap();
        out
    }

    #[test]
    fn each_number_has_one_encoding() {
        for (text, expected) in [
            ("0", vec![0x00]),
            ("-0.0", vec![0x00]),
            ("-1", vec![0x20]),
            ("1.0", vec![0x01]),
            ("1e10", vec![0x1b, 0, 0, 0, 2, 0x54, 0x0b, 0xe4, 0]),
            ("1.500", vec![0xc4, 0x82, 0x20, 0x0f]),
            ("3.14", vec![0xc4, 0x82, 0x21, 0x19, 0x01, 0x3a]),
            ("18446744073709551615", vec![0x1b, 255, 255, 255, 255, 255, 255, 255, 255]),
            ("-18446744073709551616", vec![0x3b, 255, 255, 255, 255, 255, 255, 255, 255]),
            ("18446744073709551616", vec![0xc2, 0x49, 1, 0, 0, 0, 0, 0, 0, 0, 0]),
            ("-18446744073709551617", vec![0xc3, 0x49, 1, 0, 0, 0, 0, 0, 0, 0, 0]),
            ("1e50", vec![0xc4, 0x82, 0x18, 0x32, 0x01]),
        ] {
            assert_eq!(encoded(text), expected, "{text}");
            let read = read_text(&mut Reader::whole(&expected)).unwrap();
            assert_eq!(read, text.parse::<Decimal>().unwrap().to_string());
        }
    }

    #[test]
    fn other_forms_are_read_too() {
        let ten_to_the_50 = vec![
            0xc2, 0x55, 0x44, 0x6c, 0x3b, 0x15, 0xf9, 0x92, 0x66, 0x87, 0xd2, 0xc4, 0x05, 0x34, 0xfd, 0xb5, 0x64, 0x00,
            0x00, 0x00, 0x00, 0x00, 0x00,
        ];
        for (bytes, expected) in [
            (vec![0xfb, 0x40, 0x09, 0x1e, 0xb8, 0x51, 0xeb, 0x85, 0x1f], "3.14"),
            (vec![0xf9, 0x3e, 0x00], "1.5"),
            (vec![0xfa, 0xc0, 0x00, 0x00, 0x00], "-2"),
            (vec![0xc4, 0x82, 0x22, 0x19, 0x05, 0xdc], "1.5"),
            (vec![0xc4, 0x9f, 0x20, 0xc2, 0x41, 0x0f, 0xff], "1.5"),
            (vec![0xc2, 0x43, 0, 0, 5], "5"),
            (ten_to_the_50, &format!("1{}", "0".repeat(50))),
        ] {
            assert_eq!(read_text(&mut Reader::whole(&bytes)).unwrap(), expected, "{bytes:02x?}");
        }
    }

    #[test]
    fn what_is_no_number_is_malformed() {
        for bytes in [
            vec![0x61, 0x31],
            vec![0xfb, 0x7f, 0xf0, 0, 0, 0, 0, 0, 0],
            vec![0xc4, 0x82, 0x1a, 0x7f, 0xff, 0xff, 0xff, 0x01],
            vec![0xc4, 0x83, 0x00, 0x01, 0x01],
            vec![0xd9, 0x0c, 0xf9, 0x80],
        ] {
            assert!(matches!(read(&mut Reader::new(&bytes)), Err(Error::Malformed { .. })), "{bytes:02x?}");
        }
    }
}
