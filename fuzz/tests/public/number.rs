//! Numbers against a library of decimals without bounds.

use std::str::FromStr;

use bigdecimal::BigDecimal;
use dax_protocol::{
    cbor::{Reader, Writer},
    number::{self, Decimal, NumberError},
};

/// Two texts, a line each: what they mean, what is refused, and which is greater.
pub(crate) fn number(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let mut numbers = text.splitn(2, '\n').map(alone);
    let (Some(Some((one, exact_one))), Some(Some((two, exact_two)))) = (numbers.next(), numbers.next()) else {
        return;
    };
    assert_eq!(one.cmp(&two), exact_one.cmp(&exact_two), "{one} and {two}");
    let sortable = |number| {
        let mut bytes = Vec::new();
        number::write_lex(number, &mut bytes);
        bytes
    };
    assert_eq!(one.cmp(&two), sortable(&one).cmp(&sortable(&two)), "{one} and {two} as bytes");
}

/// The number that a text means, the same in every form.
fn alone(text: &str) -> Option<(Decimal, BigDecimal)> {
    let exact = BigDecimal::from_str(text);
    let number = match (text.parse::<Decimal>(), &exact) {
        (Ok(number), _) => number,
        (Err(NumberError::TooManyDigits | NumberError::Overflow | NumberError::Underflow), Ok(exact)) => {
            assert!(!is_in_range(exact), "{text} is in range");
            return None;
        }
        _ => return None,
    };
    let exact = match exact {
        Ok(exact) => exact,
        // Zero times ten to the power of anything; the library's exponents have 64 bits.
        Err(_) if number == Decimal::ZERO && text.contains(['e', 'E']) => return None,
        Err(error) => panic!("{text:?} is no number: {error}"),
    };
    let plain = number.to_string();
    assert_eq!(BigDecimal::from_str(&plain).unwrap(), exact, "{text}");
    assert_eq!(plain.parse(), Ok(number));

    let mut wire = Vec::new();
    number::write(&number, &mut Writer::new(&mut wire));
    assert_eq!(number::read(&mut Reader::whole(&wire)), Ok(number));
    assert_eq!(number::read_text(&mut Reader::whole(&wire)), Ok(plain));
    let mut from_text = Vec::new();
    number::write_text(text, &mut Writer::new(&mut from_text)).unwrap();
    assert_eq!(from_text, wire);
    let mut sortable = Vec::new();
    number::write_lex(&number, &mut sortable);
    assert_eq!(number::read_lex(&sortable), Ok(number));
    Some((number, exact))
}

/// At most 38 digits, and zero or between 1E-130 and 9.9E+125.
fn is_in_range(exact: &BigDecimal) -> bool {
    let exact = exact.normalized();
    let leading = i64::try_from(exact.digits()).unwrap_or(i64::MAX).saturating_sub(exact.fractional_digit_count() + 1);
    exact.sign() == bigdecimal::num_bigint::Sign::NoSign || exact.digits() <= 38 && (-130..=125).contains(&leading)
}
