//! What must hold for any input: what is written reads back, byte order is numeric order, answers can be cut anywhere,
//! arbitrary bytes do no harm. Failing inputs are shrunk and printed with their seed.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![expect(clippy::indexing_slicing, reason = "cuts are within the bytes that are cut")]

#[path = "../../../fuzz/tests/public/dax_client.rs"]
mod targets;

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::put_item::PutItemInput;
use aws_sdk_dynamodb::operation::scan::ScanInput;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use dax_client::internals::codec::{
    Attributes, DecodeStop, EncodeStop, FrameScanner, KeyAttribute, KeySchema, Metadata, read_value, write_value,
};
use dax_client::internals::op::{Operation, PutItem, Scan};
use dax_protocol::cbor::{Reader, Writer};
use dax_protocol::number::{self, Decimal, read_lex, write_lex};
use dax_protocol::{KeyType, Method};
use proptest::collection::{hash_map, vec};
use proptest::prelude::*;

const TABLE: &str = "table";
const LIMIT_BYTES: usize = 1 << 24;

/// Any number, as the text that DynamoDB gives back.
fn number_text() -> impl Strategy<Value = String> {
    decimal().prop_map(|number| number.to_string())
}

fn decimal() -> impl Strategy<Value = Decimal> {
    let wide = (any::<bool>(), 0_u128..10_u128.pow(38), 0_u32..38, -130_i32..=125).prop_filter_map(
        "within DynamoDB's range",
        |(negative, digits, fewer, leading)| {
            let coefficient = digits / 10_u128.pow(fewer);
            let digits = coefficient.checked_ilog10().unwrap_or(0);
            Decimal::new(negative, coefficient, leading - i32::try_from(digits).unwrap()).ok()
        },
    );
    prop_oneof![wide, any::<i64>().prop_map(Decimal::from), (-1000_i64..1000).prop_map(Decimal::from)]
}

fn blob() -> impl Strategy<Value = Blob> {
    vec(any::<u8>(), 0..40).prop_map(Blob::new)
}

fn value() -> impl Strategy<Value = AttributeValue> {
    let scalar = prop_oneof![
        any::<String>().prop_map(AttributeValue::S),
        number_text().prop_map(AttributeValue::N),
        blob().prop_map(AttributeValue::B),
        any::<bool>().prop_map(AttributeValue::Bool),
        Just(AttributeValue::Null(true)),
        vec(any::<String>(), 1..5).prop_map(AttributeValue::Ss),
        vec(number_text(), 1..5).prop_map(AttributeValue::Ns),
        vec(blob(), 1..5).prop_map(AttributeValue::Bs),
    ];
    scalar.prop_recursive(5, 40, 8, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..8).prop_map(AttributeValue::L),
            hash_map("\\PC{1,8}", inner, 0..8).prop_map(AttributeValue::M),
        ]
    })
}

fn key_value(kind: KeyType) -> BoxedStrategy<AttributeValue> {
    match kind {
        KeyType::S => "\\PC{1,20}".prop_map(AttributeValue::S).boxed(),
        KeyType::N => number_text().prop_map(AttributeValue::N).boxed(),
        _ => vec(any::<u8>(), 1..20).prop_map(|bytes| AttributeValue::B(Blob::new(bytes))).boxed(),
    }
}

fn schema() -> impl Strategy<Value = KeySchema> {
    let kind = || prop_oneof![Just(KeyType::S), Just(KeyType::N), Just(KeyType::B)];
    (kind(), proptest::option::of(kind())).prop_map(|(hash, range)| {
        KeySchema::new(KeyAttribute::new("pk", hash), range.map(|kind| KeyAttribute::new("sk", kind)))
    })
}

/// A table's key, and items for it.
fn items() -> impl Strategy<Value = (KeySchema, Vec<Attributes>)> {
    schema().prop_flat_map(|schema| {
        let hash = key_value(schema.hash.kind);
        let range = schema.range.as_ref().map_or_else(|| key_value(KeyType::S), |range| key_value(range.kind));
        let with_range = schema.range.is_some();
        let item = (hash, range, hash_map("[a-z]{1,8}", value(), 0..6)).prop_map(move |(hash, range, mut item)| {
            item.insert("pk".to_owned(), hash);
            if with_range {
                item.insert("sk".to_owned(), range);
            }
            item
        });
        (Just(schema), vec(item, 1..4))
    })
}

/// What a server knows: the table's key, and a number for every list of names that it is asked about.
struct Server {
    metadata: Metadata,
    lists: Vec<Vec<String>>,
}

impl Server {
    fn new(schema: &KeySchema) -> Self {
        let mut metadata = Metadata::default();
        metadata.insert_key_schema(TABLE, schema.clone());
        Self { metadata, lists: Vec::new() }
    }

    /// The key and the item as the request to put it carries them.
    fn put(&mut self, item: &Attributes) -> (Vec<u8>, Vec<u8>) {
        let input = PutItemInput::builder().table_name(TABLE).set_item(Some(item.clone())).build().unwrap();
        let call = PutItem::prepare(input, &mut || 0).unwrap();
        let mut request = Vec::new();
        while let Err(stop) = call.encode(&self.metadata, &mut request) {
            let EncodeStop::Need(lookups) = stop else { panic!("{stop:?}") };
            for lookup in lookups {
                let dax_client::internals::codec::Lookup::AttributeListId { names } = lookup else {
                    panic!("{lookup:?}")
                };
                let id = 1000 + i64::try_from(self.lists.len()).unwrap();
                self.metadata.insert_attribute_list_id(&names, id);
                self.metadata.insert_attribute_list(id, names.clone());
                self.lists.push(names);
            }
            request.clear();
        }
        let mut reader = Reader::whole(&request);
        assert_eq!(reader.uint().unwrap(), 1);
        assert_eq!(reader.int().unwrap(), i64::from(Method::PutItem.id()));
        assert_eq!(reader.bytes().unwrap(), TABLE.as_bytes());
        (reader.bytes().unwrap().into_owned(), reader.bytes().unwrap().into_owned())
    }

    /// The answer to a scan that finds these items.
    fn page(&mut self, items: &[Attributes]) -> Vec<u8> {
        let pairs: Vec<_> = items.iter().map(|item| self.put(item)).collect();
        let mut answer = Vec::new();
        let mut writer = Writer::new(&mut answer);
        writer.array(0);
        writer.map(2);
        writer.uint(7);
        writer.array(pairs.len());
        for (key, item) in &pairs {
            writer.array(2);
            writer.bytes(key);
            writer.bytes(item);
        }
        writer.uint(8);
        writer.uint(pairs.len() as u64);
        answer
    }
}

fn scan() -> Scan {
    Scan::prepare(ScanInput::builder().table_name(TABLE).build().unwrap(), &mut || 0).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn an_attribute_value_reads_back_as_it_was_written(value in value()) {
        let mut out = Vec::new();
        write_value(&value, &mut Writer::new(&mut out)).unwrap();
        prop_assert_eq!(read_value(&mut Reader::whole(&out)), Ok(value));
    }

    #[test]
    fn items_and_keys_read_back_as_they_were_put((schema, items) in items()) {
        let mut server = Server::new(&schema);
        let answer = server.page(&items);
        let output = scan().decode(&server.metadata, &answer).unwrap();
        prop_assert_eq!(output.items(), items.as_slice());
    }

    #[test]
    fn a_damaged_answer_does_no_harm((schema, items) in items(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut server = Server::new(&schema);
        let mut answer = server.page(&items);
        let at = at.index(answer.len());
        answer[at] = byte;
        let decoded = scan().decode(&server.metadata, &answer);
        if decoded.is_ok() {
            let scanned = FrameScanner::new(Method::Scan, LIMIT_BYTES).scan(&answer);
            prop_assert_eq!(scanned, Ok(Some(answer.len())));
        }
    }

    #[test]
    fn arbitrary_bytes_do_no_harm(bytes in vec(any::<u8>(), 0..300)) {
        targets::cbor(&bytes);
        targets::response(&bytes);
        targets::expression(&bytes);
    }

    #[test]
    fn expression_like_text_does_no_harm(words in vec(prop::sample::select(WORDS), 0..40)) {
        targets::expression(words.join(" ").as_bytes());
    }

    #[test]
    fn a_number_reads_back_from_its_text_and_its_bytes(number in decimal()) {
        prop_assert_eq!(number.to_string().parse(), Ok(number));
        let mut out = Vec::new();
        number::write(&number, &mut Writer::new(&mut out));
        prop_assert_eq!(number::read(&mut Reader::whole(&out)), Ok(number));
        prop_assert_eq!(number::read_text(&mut Reader::whole(&out)), Ok(number.to_string()));
        out.clear();
        write_lex(&number, &mut out);
        prop_assert_eq!(read_lex(&out), Ok(number));
    }

    #[test]
    fn equal_numbers_have_equal_bytes(number in decimal(), zeros in 0_usize..5) {
        let plain = number.to_string();
        let padded = match plain.contains('.') {
            true => format!("{plain}{}", "0".repeat(zeros)),
            false => format!("{plain}.{}", "0".repeat(zeros)),
        };
        let mut bytes = [Vec::new(), Vec::new()];
        for (out, text) in bytes.iter_mut().zip([&plain, &padded]) {
            number::write_text(text, &mut Writer::new(out)).unwrap();
        }
        prop_assert_eq!(&bytes[0], &bytes[1]);
    }

    #[test]
    fn byte_order_of_lexdecimals_is_numeric_order(one in decimal(), other in decimal(), near in -2_i64..=2) {
        check_order(one, other);
        if let Ok(neighbour) = neighbour(one, near) {
            check_order(one, neighbour);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn an_answer_can_be_cut_anywhere((schema, items) in items()) {
        let mut server = Server::new(&schema);
        let answer = server.page(&items);
        let mut scanner = FrameScanner::new(Method::Scan, LIMIT_BYTES);
        for cut in 0..answer.len() {
            prop_assert_eq!(scanner.scan(&answer[..cut]), Ok(None));
            let decoded = scan().decode(&server.metadata, &answer[..cut]);
            prop_assert!(matches!(decoded, Err(DecodeStop::Incomplete)), "cut at {}: {:?}", cut, decoded);
        }
        let two = [&answer[..], &answer[..]].concat();
        prop_assert_eq!(scanner.scan(&two), Ok(Some(answer.len())));
    }
}

/// A number that differs in its last digit.
fn neighbour(number: Decimal, by: i64) -> Result<Decimal, number::NumberError> {
    let coefficient = number.coefficient().saturating_add_signed(i128::from(by));
    Decimal::new(number.is_negative(), coefficient, number.exponent())
}

fn check_order(one: Decimal, other: Decimal) {
    let bytes = |number: &Decimal| {
        let mut out = Vec::new();
        write_lex(number, &mut out);
        out
    };
    assert_eq!(bytes(&one).cmp(&bytes(&other)), one.cmp(&other), "{one} and {other}");
}

const WORDS: &[&str] = &[
    "a",
    "b.c",
    "d[0]",
    "#n",
    ":v",
    ":w",
    "=",
    "<>",
    "<",
    "<=",
    "AND",
    "OR",
    "NOT",
    "(",
    ")",
    ",",
    "BETWEEN",
    "IN",
    "size(",
    "contains(",
    "attribute_exists(",
    "SET",
    "REMOVE",
    "ADD",
    "DELETE",
    "+",
    "-",
    "if_not_exists(",
    "list_append(",
    "[1]",
    ".",
    "'x'",
    "5",
    "é",
];

#[test]
fn names_of_a_map_are_written_in_byte_order() {
    let map = |names: &[&str]| {
        let entries = names.iter().map(|name| ((*name).to_owned(), AttributeValue::Bool(true)));
        AttributeValue::M(entries.collect::<HashMap<_, _>>())
    };
    let mut out = Vec::new();
    write_value(&map(&["b", "a", "é", "Z"]), &mut Writer::new(&mut out)).unwrap();
    let mut reader = Reader::whole(&out);
    let mut pairs = reader.map().unwrap();
    let mut names = Vec::new();
    while pairs.next(&mut reader).unwrap() {
        names.push(reader.text().unwrap().into_owned());
        reader.skip().unwrap();
    }
    assert_eq!(names, ["Z", "a", "b", "é"]);
}
