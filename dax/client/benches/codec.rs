//! Throughput of the codec: what a call costs before and after the network.
//!
//! ```text
//! cargo bench -p dax-client --bench codec
//! ```
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a benchmark may stop")]

use aws_sdk_dynamodb::operation::get_item::GetItemInput;
use aws_sdk_dynamodb::operation::put_item::PutItemInput;
use aws_sdk_dynamodb::operation::query::QueryInput;
use aws_sdk_dynamodb::types::AttributeValue;
use dax_client::internals::codec::{Attributes, FrameScanner, KeyAttribute, KeySchema, Metadata};
use dax_client::internals::expression::{ExpressionKind, Placeholders};
use dax_client::internals::op::{GetItem, Operation, PutItem, Query};
use dax_protocol::cbor::{Reader, Writer};
use dax_protocol::number::{self, Decimal, read_lex, write_lex};
use dax_protocol::{KeyType, Method};
use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};

#[global_allocator]
static ALLOCATIONS: divan::AllocProfiler = divan::AllocProfiler::system();

fn main() {
    divan::main();
}

const TABLE: &str = "links";
const LIST: i64 = 191_068;
const NAMES: [&str; 5] = ["clicks", "created", "owner", "tags", "target"];

fn metadata() -> Metadata {
    let mut metadata = Metadata::default();
    metadata.insert_key_schema(TABLE, KeySchema::new(KeyAttribute::new("id", KeyType::S), None));
    metadata.insert_attribute_list_id(&NAMES, LIST);
    metadata.insert_attribute_list(LIST, NAMES.map(str::to_owned).to_vec());
    metadata
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

/// An item of a usual size: about 150 bytes.
fn item() -> Attributes {
    Attributes::from([
        ("id".to_owned(), text("k3v9x2ab")),
        ("clicks".to_owned(), AttributeValue::N("40213".to_owned())),
        ("created".to_owned(), AttributeValue::N("1795394604.25".to_owned())),
        ("owner".to_owned(), text("owner-7")),
        ("tags".to_owned(), AttributeValue::Ss(vec!["news".to_owned(), "rust".to_owned()])),
        ("target".to_owned(), text("https://example.com/a/rather/long/path/as/targets/have/them?and=a&query=too")),
    ])
}

fn get_input() -> GetItemInput {
    GetItemInput::builder().table_name(TABLE).key("id", text("k3v9x2ab")).build().unwrap()
}

fn put_input() -> PutItemInput {
    let input = PutItemInput::builder().table_name(TABLE).set_item(Some(item()));
    input.condition_expression("attribute_not_exists(id)").build().unwrap()
}

fn query_input() -> QueryInput {
    let input = QueryInput::builder().table_name(TABLE).key_condition_expression("id = :id");
    input.expression_attribute_values(":id", text("k3v9x2ab")).build().unwrap()
}

fn prepare<O: Operation>(input: O::Input) -> O {
    O::prepare(input, &mut || panic!("no token is needed")).unwrap()
}

/// Key and item as they travel.
fn encoded_item(metadata: &Metadata) -> (Vec<u8>, Vec<u8>) {
    let mut request = Vec::new();
    prepare::<PutItem>(put_input()).encode(metadata, &mut request).expect("everything is known");
    let mut reader = Reader::whole(&request);
    for _ in 0..3 {
        reader.skip().unwrap();
    }
    (reader.bytes().unwrap().into_owned(), reader.bytes().unwrap().into_owned())
}

fn get_answer(metadata: &Metadata) -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer = Writer::new(&mut out);
    writer.array(0);
    writer.open_map();
    writer.uint(0);
    writer.bytes(&encoded_item(metadata).1);
    writer.close();
    out
}

fn page_answer(metadata: &Metadata, items: usize) -> Vec<u8> {
    let (key, item) = encoded_item(metadata);
    let mut out = Vec::new();
    let mut writer = Writer::new(&mut out);
    writer.array(0);
    writer.open_map();
    writer.uint(7);
    writer.array(items);
    for _ in 0..items {
        writer.array(2);
        writer.bytes(&key);
        writer.bytes(&item);
    }
    writer.uint(8);
    writer.uint(items as u64);
    writer.close();
    out
}

#[divan::bench]
fn get_item_prepare(bencher: Bencher<'_, '_>) {
    bencher.with_inputs(get_input).bench_values(prepare::<GetItem>);
}

#[divan::bench]
fn get_item_encode(bencher: Bencher<'_, '_>) {
    let (metadata, call) = (metadata(), prepare::<GetItem>(get_input()));
    let mut out = Vec::with_capacity(256);
    bencher.bench_local(|| {
        out.clear();
        call.encode(black_box(&metadata), &mut out).expect("everything is known");
    });
}

#[divan::bench]
fn get_item_find_end(bencher: Bencher<'_, '_>) {
    let answer = get_answer(&metadata());
    let mut scanner = FrameScanner::new(Method::GetItem, 1 << 24);
    bencher.counter(BytesCount::new(answer.len())).bench_local(|| {
        scanner.restart(Method::GetItem);
        scanner.scan(black_box(&answer))
    });
}

#[divan::bench]
fn get_item_decode(bencher: Bencher<'_, '_>) {
    let (metadata, call) = (metadata(), prepare::<GetItem>(get_input()));
    let answer = get_answer(&metadata);
    bencher.counter(BytesCount::new(answer.len())).bench(|| call.decode(&metadata, black_box(&answer)));
}

#[divan::bench]
fn put_item_prepare(bencher: Bencher<'_, '_>) {
    bencher.with_inputs(put_input).bench_values(prepare::<PutItem>);
}

#[divan::bench]
fn put_item_encode(bencher: Bencher<'_, '_>) {
    let (metadata, call) = (metadata(), prepare::<PutItem>(put_input()));
    let mut out = Vec::with_capacity(1024);
    bencher.bench_local(|| {
        out.clear();
        call.encode(black_box(&metadata), &mut out).expect("everything is known");
    });
}

#[divan::bench(args = [1, 100, 5000])]
fn query_decode(bencher: Bencher<'_, '_>, items: usize) {
    let (metadata, call) = (metadata(), prepare::<Query>(query_input()));
    let answer = page_answer(&metadata, items);
    bencher
        .counter(BytesCount::new(answer.len()))
        .counter(ItemsCount::new(items))
        .bench(|| call.decode(&metadata, black_box(&answer)));
}

#[divan::bench(args = [100, 5000])]
fn query_find_end(bencher: Bencher<'_, '_>, items: usize) {
    let answer = page_answer(&metadata(), items);
    let mut scanner = FrameScanner::new(Method::Query, 1 << 24);
    bencher.counter(BytesCount::new(answer.len())).bench_local(|| {
        scanner.restart(Method::Query);
        scanner.scan(black_box(&answer))
    });
}

const CONDITIONS: [&str; 3] = [
    "attribute_not_exists(id)",
    "attribute_not_exists(id) OR target = :a AND #o = :b",
    "size(tags) BETWEEN :a AND :b AND (begins_with(target, :c) OR contains(tags, :d)) AND NOT a.b[3].#o IN (:a, :b, :c)",
];

#[divan::bench(args = CONDITIONS)]
fn condition_parse(bencher: Bencher<'_, '_>, expression: &str) {
    let names = [("#o".to_owned(), "owner".to_owned())].into();
    let values = ["a", "b", "c", "d"].map(|name| (format!(":{name}"), text(name))).into();
    bencher.bench(|| {
        let mut placeholders = Placeholders::new(Some(&names), Some(&values)).unwrap();
        placeholders.condition(ExpressionKind::Condition, black_box(expression))
    });
}

const NUMBERS: [&str; 3] = ["40213", "1795394604.25", "-12345678901234567890123456789012345.678"];

#[divan::bench(args = NUMBERS)]
fn number_write(bencher: Bencher<'_, '_>, number: &str) {
    let mut out = Vec::with_capacity(64);
    bencher.bench_local(|| {
        out.clear();
        number::write_text(black_box(number), &mut Writer::new(&mut out))
    });
}

#[divan::bench(args = NUMBERS)]
fn number_read(bencher: Bencher<'_, '_>, number: &str) {
    let mut out = Vec::new();
    number::write_text(number, &mut Writer::new(&mut out)).unwrap();
    bencher.bench(|| number::read_text(&mut Reader::whole(black_box(&out))));
}

#[divan::bench(args = NUMBERS)]
fn lexdecimal_round_trip(bencher: Bencher<'_, '_>, number: &str) {
    let number: Decimal = number.parse().unwrap();
    let mut out = Vec::with_capacity(32);
    bencher.bench_local(|| {
        out.clear();
        write_lex(black_box(&number), &mut out);
        read_lex(&out)
    });
}
