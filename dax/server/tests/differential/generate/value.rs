//! Attribute values, items and keys.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map, Value, json};

use super::Dice;
use crate::tables::{KeyAttribute, Table};

/// Numbers that are often equal, in several spellings.
const NEAR: [&str; 14] = ["0", "-0", "1", "1.0", "2", "0.2e1", "5", "50E-1", "-1", "-1.0", "2.5", "2.50", "10", "1e1"];
/// Numbers at the limits of encodings and of DynamoDB.
const BORDERS: [&str; 24] = [
    "23",
    "24",
    "-24",
    "-25",
    "255",
    "256",
    "65535",
    "65536",
    "4294967296",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775809",
    "18446744073709551615",
    "18446744073709551616",
    "-18446744073709551616",
    "12345678901234567890123456789012345678",
    "-99999999999999999999999999999999999999",
    "0.1",
    "-0.00001",
    "1234567890.0123456789",
    "1e125",
    "-1E125",
    "1e-130",
    "9.9999999999999999999999999999999999999E125",
];
/// Numbers that DynamoDB refuses, and doubtful ones.
const ODD: [&str; 14] = [
    "1e126",
    "-1e126",
    "1e-131",
    "123456789012345678901234567890123456789",
    "0.123456789012345678901234567890123456789",
    "",
    "abc",
    "1 ",
    "0x1",
    "NaN",
    "1e",
    "--1",
    "1.2.3",
    "0000000000000000000000000000000000000000000001",
];
const TEXTS: [&str; 11] = ["", "a", "b", "ab", "abc", "hello", "hel", "grüße 🚀", "with space", "\u{0}\u{1}", "open"];
const BLOBS: [&[u8]; 6] = [b"", b"\x00", b"\x01", b"\x01\x02", b"\xff\x00\x80", b"hello"];

/// Key values: few. Each number in more than one spelling.
const KEY_TEXTS: [&str; 4] = ["a", "ab", "ü🚀", "order 17"];
const KEY_NUMBERS: [&str; 12] =
    ["7", "7.0", "0.7e1", "0", "-0.0", "-2.5", "-25E-1", "1e30", "3.14", "3.140", "100", "1E+2"];
const KEY_BLOBS: [&[u8]; 4] = [b"a", b"\x00", b"\x00\x01\xff", b"longer than twenty-three bytes"];

/// Non-key attributes, each with its usual type.
pub(super) const ATTRIBUTES: [(&str, &str); 14] = [
    ("n", "N"),
    ("twin", "N"),
    ("amount", "N"),
    ("s", "S"),
    ("status", "S"),
    ("b", "B"),
    ("t", "BOOL"),
    ("z", "NULL"),
    ("ss", "SS"),
    ("ns", "NS"),
    ("bs", "BS"),
    ("l", "L"),
    ("m", "M"),
    ("with.dot", "N"),
];
/// Keys of maps, each with the usual type of its value.
pub(super) const FIELDS: [(&str, &str); 3] = [("k", "N"), ("deep", "M"), ("dotted.name", "S")];

const TYPES: [&str; 10] = ["S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L", "M"];

/// A number in any spelling; rarely one that DynamoDB refuses.
fn number(dice: &mut Dice) -> String {
    match dice.below(200) {
        0 => dice.pick(&ODD).to_owned(),
        1..120 => dice.pick(&NEAR).to_owned(),
        120..160 => dice.pick(&BORDERS).to_owned(),
        _ => {
            let mut text = String::new();
            if dice.chance(40) {
                text.push('-');
            }
            let digits = dice.between(1, 38);
            let point = dice.below(digits);
            for digit in 0..digits {
                if digit > 0 && digit == point {
                    text.push('.');
                }
                text.push_str(dice.pick(&["0", "1", "2", "5", "9", "0", "7"]));
            }
            if dice.chance(40) {
                let exponent = dice.between(0, 80);
                let sign = dice.pick(&["", "+", "-"]);
                text.push_str(&format!("{}{sign}{exponent}", dice.pick(&["e", "E"])));
            }
            text
        }
    }
}

fn blob(bytes: &[u8]) -> Value {
    BASE64.encode(bytes).into()
}

/// A value of a type.
pub(super) fn of_type(dice: &mut Dice, kind: &str, depth: usize) -> Value {
    let elements = dice.between(1, 3);
    let content: Value = match kind {
        "S" if dice.chance(3) => "x".repeat(dice.between(24, 5000)).into(),
        "S" => dice.pick(&TEXTS).into(),
        "N" => number(dice).into(),
        "B" => blob(dice.pick(&BLOBS)),
        "BOOL" => dice.chance(50).into(),
        "NULL" => true.into(),
        "SS" => dice.some(TEXTS.to_vec(), elements).into(),
        // Spelled in one way only: the embedded DynamoDB compares the texts of `ADD` and `DELETE`, unlike AWS.
        "NS" => dice.some(vec!["1", "2", "-1", "5", "2.5", "100", "0"], elements).into(),
        "BS" => dice.some(BLOBS.to_vec(), elements).into_iter().map(blob).collect(),
        "L" => {
            let elements = dice.below(4);
            (0..elements).map(|_| any(dice, depth + 1)).collect()
        }
        _ => Value::Object(map(dice, depth + 1)),
    };
    json!({ kind: content })
}

/// A value of any type; deep down, a scalar or set.
pub(super) fn any(dice: &mut Dice, depth: usize) -> Value {
    let types = if depth < 4 { &TYPES[..] } else { &TYPES[..8] };
    let kind = dice.pick(types);
    of_type(dice, kind, depth)
}

fn map(dice: &mut Dice, depth: usize) -> Map<String, Value> {
    let mut map = Map::new();
    for (name, kind) in FIELDS {
        let kind = if depth < 4 { kind } else { "N" };
        match dice.below(10) {
            0..5 => _ = map.insert(name.to_owned(), of_type(dice, kind, depth)),
            5 => _ = map.insert(name.to_owned(), any(dice, depth)),
            _ => {}
        }
    }
    map
}

/// A value for a key attribute.
pub(super) fn key_value(dice: &mut Dice, kind: &str) -> Value {
    match kind {
        "S" => json!({ "S": dice.pick(&KEY_TEXTS) }),
        "N" => json!({ "N": dice.pick(&KEY_NUMBERS) }),
        _ => json!({ "B": blob(dice.pick(&KEY_BLOBS)) }),
    }
}

/// The key of an item that may exist.
pub(super) fn key(dice: &mut Dice, table: &Table) -> Map<String, Value> {
    let attribute = |(name, kind): KeyAttribute| (name.to_owned(), key_value(dice, kind));
    table.key().map(attribute).collect()
}

/// A whole item.
pub(super) fn item(dice: &mut Dice, table: &Table) -> Map<String, Value> {
    let mut item = key(dice, table);
    for (name, kind) in ATTRIBUTES {
        // Key attributes of indexes must have their type.
        let strict = name == "status" || name == "amount";
        let value = match dice.below(20) {
            0..8 => of_type(dice, kind, 0),
            8 if !strict => any(dice, 0),
            _ => continue,
        };
        item.insert(name.to_owned(), value);
    }
    item
}
