//! What the targets of dax-client do with their input, and what must hold. Its own tests use them too.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, Get, KeysAndAttributes, Put, TransactGetItem, TransactWriteItem};
use dax_client::internals::codec::control::{Finding, read_endpoints};
use dax_client::internals::codec::{
    DecodeStop, FrameScanner, KeyAttribute, KeySchema, Lookup, Metadata, read_key, read_value, write_value,
};
use dax_client::internals::expression::{ExpressionKind, Placeholders};
use dax_client::internals::op::{self, Operation};
use dax_protocol::cbor::{Error, Reader, Writer};
use dax_protocol::number::{read_lex, write_lex};
use dax_protocol::{KeyType, Method};

/// No answer in a fuzz run is longer.
const LIMIT_BYTES: usize = 1 << 20;

/// Any bytes as CBOR: items, attribute values, numbers and keys. What can be read can be written, and reads the same.
pub(crate) fn cbor(input: &[u8]) {
    let mut reader = Reader::new(input);
    if reader.skip().is_ok() {
        assert!(reader.position() <= input.len());
        let item = &input[..reader.position()];
        for cut in 0..item.len().min(64) {
            assert_eq!(Reader::new(&item[..cut]).skip(), Err(Error::Incomplete), "cut at {cut}");
        }
    }
    if let Ok(value) = read_value(&mut Reader::whole(input)) {
        let mut out = Vec::new();
        // Beyond what DynamoDB stores: nesting, empty sets.
        if write_value(&value, &mut Writer::new(&mut out)).is_ok() {
            assert_eq!(read_value(&mut Reader::whole(&out)), Ok(value));
        }
    }
    if let Ok(number) = read_lex(input) {
        let mut out = Vec::new();
        write_lex(&number, &mut out);
        assert_eq!(read_lex(&out), Ok(number));
    }
    for schema in schemas() {
        let mut key = HashMap::new();
        if read_key(&schema, input, &mut key).is_ok() {
            assert_eq!(key.len(), schema.attributes().count());
        }
    }
}

fn schemas() -> impl Iterator<Item = KeySchema> {
    const KINDS: [KeyType; 3] = [KeyType::S, KeyType::N, KeyType::B];
    KINDS.into_iter().flat_map(|hash| {
        let ranges = [None, Some(KeyType::S), Some(KeyType::N), Some(KeyType::B)];
        ranges.into_iter().map(move |range| {
            KeySchema::new(KeyAttribute::new("pk", hash), range.map(|kind| KeyAttribute::new("sk", kind)))
        })
    })
}

/// The first byte picks a call; the rest is the answer to it.
pub(crate) fn response(input: &[u8]) {
    let Some((pick, answer)) = input.split_first() else {
        return;
    };
    match pick % 18 {
        0 => call::<op::GetItem>(get_item(None), answer),
        1 => call::<op::GetItem>(get_item(Some("a, m.x[1], m.x[0].y, #n")), answer),
        2 => call::<op::PutItem>(put_item(), answer),
        3 => call::<op::UpdateItem>(update_item("ALL_NEW"), answer),
        4 => call::<op::UpdateItem>(update_item("UPDATED_OLD"), answer),
        5 => call::<op::DeleteItem>(delete_item(), answer),
        6 => call::<op::Query>(query(None, None), answer),
        7 => call::<op::Query>(query(Some("index"), None), answer),
        8 => call::<op::Query>(query(None, Some("l[3], l[1], #n.#n")), answer),
        9 => call::<op::Scan>(scan(), answer),
        10 => call::<op::BatchGetItem>(batch_get(None), answer),
        11 => call::<op::BatchGetItem>(batch_get(Some("a, l[0]")), answer),
        12 => call::<op::BatchWriteItem>(batch_write(), answer),
        13 => call::<op::TransactGetItems>(transact_get(), answer),
        14 => call::<op::TransactWriteItems>(transact_write(), answer),
        15 => agree(Method::Endpoints, answer, read_endpoints(answer).map(drop)),
        16 => {
            let lookup = Lookup::KeySchema { table: "t".to_owned() };
            agree(lookup.method(), answer, lookup.decode(answer).map(drop));
        }
        _ => {
            let lookup = Lookup::AttributeList { id: 7 };
            agree(lookup.method(), answer, lookup.decode(answer).map(drop));
        }
    }
}

fn call<O: Operation>(input: O::Input, answer: &[u8]) {
    let call = O::prepare(input, &mut || 0).expect("the input is right");
    let mut metadata = Metadata::default();
    for _ in 0..8 {
        match call.decode(&metadata, answer) {
            Err(DecodeStop::Need(lookups)) => {
                assert!(!lookups.is_empty());
                for lookup in &lookups {
                    metadata.insert(lookup, finding(lookup));
                }
            }
            decoded => return agree(O::METHOD, answer, decoded.map(drop)),
        }
    }
    panic!("one round of lookups after the other");
}

fn finding(lookup: &Lookup) -> Finding {
    match lookup {
        Lookup::KeySchema { table } => {
            let range = (table.len() % 2 == 1).then(|| KeyAttribute::new("sk", KeyType::N));
            Finding::KeySchema(KeySchema::new(KeyAttribute::new("pk", KeyType::S), range))
        }
        Lookup::AttributeListId { .. } => Finding::AttributeListId(7),
        Lookup::AttributeList { id } => {
            let names = ["a", "l", "m", "n", "o"].into_iter().map(str::to_owned);
            Finding::AttributeList(names.take(usize::try_from(id.rem_euclid(6)).unwrap_or(0)).collect())
        }
        other => panic!("unknown lookup {other:?}"),
    }
}

/// What decoding says about the end of an answer is what scanning says, in one go and byte by byte.
fn agree(method: Method, answer: &[u8], decoded: Result<(), DecodeStop>) {
    let scanned = FrameScanner::new(method, LIMIT_BYTES).scan(answer);
    match decoded {
        Ok(()) | Err(DecodeStop::Server(_)) => assert_eq!(scanned, Ok(Some(answer.len()))),
        Err(DecodeStop::Incomplete) => assert!(!matches!(scanned, Ok(Some(_))), "{scanned:?}"),
        Err(_) => {}
    }
    let mut growing = FrameScanner::new(method, LIMIT_BYTES);
    let pieces = (0..=answer.len().min(512)).map(|end| growing.scan(&answer[..end]));
    let first_verdict = pieces.into_iter().find(|scanned| *scanned != Ok(None));
    if let (Some(grown), true) = (first_verdict, answer.len() <= 512) {
        assert_eq!(grown, scanned);
    }
}

/// Any text as every kind of expression. What parses encodes to one CBOR item, the same each time.
pub(crate) fn expression(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let placeholders: Vec<String> = ('a'..='z').map(String::from).chain((0..10).map(|n| n.to_string())).collect();
    let names: HashMap<String, String> =
        placeholders.iter().map(|name| (format!("#{name}"), format!("name.{name}"))).collect();
    let values: HashMap<String, AttributeValue> =
        placeholders.iter().map(|name| (format!(":{name}"), AttributeValue::S(name.clone()))).collect();
    let parse = || {
        let mut placeholders = Placeholders::new(Some(&names), Some(&values)).expect("placeholders are right");
        [
            placeholders.condition(ExpressionKind::Condition, text).ok(),
            placeholders.condition(ExpressionKind::Filter, text).ok(),
            placeholders.update(text).ok(),
            placeholders.projection(text).ok().map(|projection| projection.encoded().to_vec()),
        ]
    };
    let parsed = parse();
    assert_eq!(parsed, parse());
    for encoded in parsed.into_iter().flatten() {
        let mut reader = Reader::whole(&encoded);
        reader.array().expect("an envelope");
        let mut reader = Reader::whole(&encoded);
        // Chains of operators nest as deep as they are long, deeper than answers may.
        if reader.skip().is_ok() {
            assert!(reader.is_empty(), "bytes after the expression");
        }
    }
}

fn key() -> HashMap<String, AttributeValue> {
    HashMap::from([("pk".to_owned(), AttributeValue::S("p".to_owned()))])
}

fn names() -> HashMap<String, String> {
    HashMap::from([("#n".to_owned(), "n".to_owned())])
}

fn get_item(projection: Option<&str>) -> <op::GetItem as Operation>::Input {
    let input = <op::GetItem as Operation>::Input::builder().table_name("ta").set_key(Some(key()));
    let input = match projection {
        Some(text) => input.projection_expression(text).set_expression_attribute_names(Some(names())),
        None => input,
    };
    input.return_consumed_capacity("INDEXES".into()).build().expect("complete")
}

fn put_item() -> <op::PutItem as Operation>::Input {
    let input = <op::PutItem as Operation>::Input::builder().table_name("ta").set_item(Some(key()));
    input.return_values("ALL_OLD".into()).return_item_collection_metrics("SIZE".into()).build().expect("complete")
}

fn update_item(returned: &str) -> <op::UpdateItem as Operation>::Input {
    let input = <op::UpdateItem as Operation>::Input::builder().table_name("ta").set_key(Some(key()));
    input.update_expression("REMOVE a").return_values(returned.into()).build().expect("complete")
}

fn delete_item() -> <op::DeleteItem as Operation>::Input {
    let input = <op::DeleteItem as Operation>::Input::builder().table_name("ta").set_key(Some(key()));
    input.return_values("ALL_OLD".into()).build().expect("complete")
}

fn query(index: Option<&str>, projection: Option<&str>) -> <op::Query as Operation>::Input {
    let input = <op::Query as Operation>::Input::builder()
        .table_name("t")
        .key_condition_expression("pk = :p")
        .expression_attribute_values(":p", AttributeValue::S("p".to_owned()))
        .set_index_name(index.map(str::to_owned))
        .return_consumed_capacity("TOTAL".into());
    let input = match projection {
        Some(text) => input.projection_expression(text).set_expression_attribute_names(Some(names())),
        None => input,
    };
    input.build().expect("complete")
}

fn scan() -> <op::Scan as Operation>::Input {
    <op::Scan as Operation>::Input::builder().table_name("ta").build().expect("complete")
}

fn batch_get(projection: Option<&str>) -> <op::BatchGetItem as Operation>::Input {
    let keys = KeysAndAttributes::builder().keys(key()).set_projection_expression(projection.map(str::to_owned));
    <op::BatchGetItem as Operation>::Input::builder()
        .request_items("ta", keys.build().expect("complete"))
        .return_consumed_capacity("TOTAL".into())
        .build()
        .expect("complete")
}

fn batch_write() -> <op::BatchWriteItem as Operation>::Input {
    use aws_sdk_dynamodb::types::{DeleteRequest, WriteRequest};
    let delete = DeleteRequest::builder().set_key(Some(key())).build().expect("complete");
    <op::BatchWriteItem as Operation>::Input::builder()
        .request_items("ta", vec![WriteRequest::builder().delete_request(delete).build()])
        .return_item_collection_metrics("SIZE".into())
        .build()
        .expect("complete")
}

fn transact_get() -> <op::TransactGetItems as Operation>::Input {
    let get = |projection: Option<&str>| {
        let get = Get::builder().table_name("ta").set_key(Some(key()));
        let get = get.set_projection_expression(projection.map(str::to_owned)).build().expect("complete");
        TransactGetItem::builder().get(get).build()
    };
    <op::TransactGetItems as Operation>::Input::builder()
        .transact_items(get(None))
        .transact_items(get(Some("a.b")))
        .return_consumed_capacity("TOTAL".into())
        .build()
        .expect("complete")
}

fn transact_write() -> <op::TransactWriteItems as Operation>::Input {
    let put = Put::builder().table_name("ta").set_item(Some(key())).build().expect("complete");
    <op::TransactWriteItems as Operation>::Input::builder()
        .transact_items(TransactWriteItem::builder().put(put).build())
        .return_consumed_capacity("TOTAL".into())
        .return_item_collection_metrics("SIZE".into())
        .build()
        .expect("complete")
}
