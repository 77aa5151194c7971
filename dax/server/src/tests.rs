//! Reads every recorded request of the official clients and compares with what it is known to mean.

use std::{collections::BTreeMap, path::PathBuf};

use aws_sdk_dynamodb::types::{ReturnConsumedCapacity, ReturnItemCollectionMetrics, ReturnValue, Select};
use dax_protocol::{KeyType, Method, cbor::Scanner};
use dynamodb_json::ToJson as _;
use serde_json::{Map, Value, json};

use super::{
    auth::Verifier,
    request::{
        ItemRequest, Options, QueryRequest, Request,
        expression::{Element, Expression, Path, Tree},
    },
    session,
    wire::{
        item::{self, AttributeLists},
        key::{KeyAttribute, KeySchema},
    },
};

/// How many of the recorded exchanges have a request.
const RECORDED: usize = 2438;

#[test]
fn every_recorded_request_is_read_to_its_meaning() {
    let mut read = 0;
    let mut wrong = Vec::new();
    for vector in vectors() {
        let name = vector["name"].as_str().unwrap();
        read += 1;
        if let Err(difference) = check(&vector) {
            wrong.push(format!("{name}: {difference}"));
        }
    }
    println!("{read} recorded requests read");
    assert!(read >= if is_elsewhere() { 1 } else { RECORDED }, "only {read} vectors");
    assert!(wrong.is_empty(), "{} of {read}:\n{}", wrong.len(), wrong.join("\n"));
}

fn is_elsewhere() -> bool {
    std::env::var_os("DAX_VECTORS_DIR").is_some()
}

fn vectors() -> Vec<Value> {
    let folder = std::env::var_os("DAX_VECTORS_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../vectors"), PathBuf::from);
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    let read = |path| serde_json::from_slice::<Value>(&std::fs::read(path).unwrap()).unwrap();
    let vectors = files.flat_map(|path| read(path)["vectors"].as_array().unwrap().clone());
    vectors.filter(|vector| !vector["request_hex"].is_null() && !vector["request_parsed"].is_null()).collect()
}

fn check(vector: &Value) -> Result<(), String> {
    let bytes = decode_hex(vector["request_hex"].as_str().unwrap());
    let expected = &vector["request_parsed"];
    if vector["operation"] == "handshake" {
        frame(&bytes, 5)?;
        let agent = session::read_handshake(&bytes).ok_or("no handshake")?;
        return same(&json!(agent), &expected["header"]["UserAgent"]);
    }
    let (operation, arguments) = split(&bytes)?;
    same(&json!(operation), &vector["operation"])?;
    frame(&bytes, 2 + operation.arguments())?;
    let context = Context::of(vector);
    let request = match Request::read(operation, arguments) {
        Ok(request) => request,
        // An empty condition is sent as text only, and DynamoDB refuses it.
        Err(failure) if ends_in_raw_text(expected) => {
            return same(&json!(failure.code()), &json!("ValidationException"));
        }
        Err(failure) => return Err(format!("{failure:?}")),
    };
    if let Request::Authorize(proof) = &request {
        let secret = vector["credentials"]["secret_access_key"].as_str().unwrap();
        let signed_at = super::auth::parse_stamp(vector["amz_date"].as_str().unwrap()).unwrap();
        Verifier::new(secret.to_owned()).verify(proof, signed_at)?;
    }
    let meaning = context.meaning(&request);
    // What some clients send without looking, DynamoDB refuses, and so does this server.
    if has_impossible_number(expected) {
        let refused = meaning.to_string().contains("number outside of DynamoDB's range");
        return if refused { Ok(()) } else { Err(format!("accepted {meaning}")) };
    }
    same(&meaning, &without_choices(expected))
}

fn has_impossible_number(value: &Value) -> bool {
    match value {
        Value::Object(map) => match map.get("N").and_then(Value::as_str) {
            Some(text) => text.parse::<dax_protocol::number::Decimal>().is_err(),
            None => map.values().any(has_impossible_number),
        },
        Value::Array(values) => values.iter().any(has_impossible_number),
        _ => false,
    }
}

/// The request ends with its last byte, and not before.
fn frame(bytes: &[u8], items: usize) -> Result<(), String> {
    let mut scanner = Scanner::new(usize::MAX);
    let (last, rest) = bytes.split_last().unwrap();
    if scanner.has(rest, items).map_err(|cause| cause.to_string())? {
        return Err(format!("complete without its last byte {last:02x}"));
    }
    match scanner.has(bytes, items) {
        Ok(true) if scanner.position() == bytes.len() => Ok(()),
        other => Err(format!("{other:?} at {} of {}", scanner.position(), bytes.len())),
    }
}

fn split(bytes: &[u8]) -> Result<(Method, &[u8]), String> {
    let mut scanner = Scanner::new(usize::MAX);
    scanner.has(bytes, 2).map_err(|cause| cause.to_string())?;
    let (head, arguments) = bytes.split_at(scanner.position());
    Ok((session::read_method(head).ok_or("unknown method")?, arguments))
}

fn same(found: &Value, expected: &Value) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("\n  found    {found}\n  expected {expected}")) }
}

fn ends_in_raw_text(expected: &Value) -> bool {
    let params = expected["params"].as_array();
    params.into_iter().flatten().any(|param| param[2] == json!({ "raw_text": "" }))
}

/// The expected meaning without what a server may ignore: redundant parameters, defaults, order, repetitions.
fn without_choices(expected: &Value) -> Value {
    let mut expected = expected.clone();
    let Some(object) = expected.as_object_mut() else {
        return expected;
    };
    if let Some(Value::Array(params)) = object.remove("params") {
        let mut kept = BTreeMap::new();
        for param in params {
            let (key, name, value) = (param[0].as_u64().unwrap(), param[1].as_str().unwrap(), param[2].clone());
            // Names and values are in the expressions; a condition's text is followed by its tree.
            if !matches!(key, 1 | 5) && value.get("raw_text").is_none() {
                kept.insert(name.to_owned(), value);
            }
        }
        kept.retain(|name, value| !is_default(name, value));
        for name in ["ConsistentRead", "ScanIndexForward"] {
            if let Some(value) = kept.get_mut(name) {
                *value = json!(*value == json!(true) || *value == json!(1));
            }
        }
        object.insert("params".to_owned(), json!(kept));
    }
    // Neither is part of the proof.
    object.remove("sessionToken");
    object.remove("userAgent");
    expected
}

fn is_default(name: &str, value: &Value) -> bool {
    match name {
        "ConsistentRead" => *value == json!(false) || *value == json!(0),
        "ReturnConsumedCapacity" | "ReturnItemCollectionMetrics" => *value == json!(0),
        "ReturnValues" => *value == json!(1),
        _ => false,
    }
}

/// What the bytes of a vector refer to.
struct Context {
    tables: BTreeMap<String, KeySchema>,
    lists: AttributeLists,
}

impl Context {
    fn of(vector: &Value) -> Self {
        let attribute = |pair: &Value| KeyAttribute {
            name: pair[0].as_str().unwrap().to_owned(),
            kind: KeyType::from_letter(pair[1].as_str().unwrap()).unwrap(),
        };
        let schema =
            |table: &Value| KeySchema { hash: attribute(&table["hash"]), range: table.get("range").map(attribute) };
        let tables = vector["tables"].as_object().into_iter().flatten();
        let lists = AttributeLists::default();
        for (id, names) in vector["attribute_lists"].as_object().into_iter().flatten() {
            let names = names.as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned());
            lists.define(id.parse().unwrap(), names.collect());
        }
        Self { tables: tables.map(|(name, table)| (name.clone(), schema(table))).collect(), lists }
    }

    fn meaning(&self, request: &Request) -> Value {
        match request {
            Request::Authorize(proof) => json!({
                "accessKeyId": proof.access_key_id,
                "signature": proof.signature,
                "stringToSign": String::from_utf8(proof.string_to_sign.clone()).unwrap(),
            }),
            Request::Endpoints => json!({}),
            Request::DefineKeySchema { table } => json!({ "table": table }),
            Request::DefineAttributeListId { names } => json!({ "names": names }),
            Request::DefineAttributeList { id } => json!({ "id": id }),
            Request::PutItem(put) => {
                let mut meaning = self.item_request(put);
                meaning["attributes"] = self.attributes(&put.item);
                meaning
            }
            Request::GetItem(request) | Request::UpdateItem(request) | Request::DeleteItem(request) => {
                self.item_request(request)
            }
            Request::Query(QueryRequest { table, key_condition, options }) => json!({
                "table": table, "keyCondition": expression(key_condition.as_ref()), "params": params(options),
            }),
            Request::Scan(scan) => json!({ "table": scan.table, "params": params(&scan.options) }),
            Request::BatchGetItem { tables, options } => {
                let table = |get: &super::request::BatchGet| {
                    let keys: Vec<_> = get.keys.iter().map(|key| self.key(&get.table, key)).collect();
                    let projection = projection(get.projection.as_deref());
                    (get.table.clone(), json!({ "consistent": get.consistent, "projection": projection, "keys": keys }))
                };
                json!({ "tables": tables.iter().map(table).collect::<Map<_, _>>(), "params": params(options) })
            }
            Request::BatchWriteItem { tables, options } => {
                let table = |batch: &super::request::BatchWrite| {
                    let write = |write: &super::request::Write| {
                        let attributes = write.item.as_ref().map(|item| self.attributes(item));
                        json!({ "key": self.key(&batch.table, &write.key), "attributes": attributes })
                    };
                    (batch.table.clone(), batch.writes.iter().map(write).collect::<Value>())
                };
                json!({ "tables": tables.iter().map(table).collect::<Map<_, _>>(), "params": params(options) })
            }
            Request::TransactGetItems { gets, options } => {
                let get = |get: &super::request::TransactGet| {
                    let projection = projection(get.projection.as_deref());
                    json!({ "table": get.table, "key": self.key(&get.table, &get.key), "projection": projection })
                };
                json!({ "gets": gets.iter().map(get).collect::<Value>(), "params": params(options) })
            }
            Request::TransactWriteItems { writes, options } => {
                let write = |write: &super::request::TransactWrite| {
                    json!({
                        "op": write.action.code(),
                        "table": write.table,
                        "key": self.key(&write.table, &write.key),
                        "attributes": write.item.as_ref().map(|item| self.attributes(item)),
                        "returnValuesOnConditionCheckFailure": if write.return_old_on_failure { 2 } else { 1 },
                        "condition": expression(write.condition.as_ref()),
                        "update": expression(write.update.as_ref()),
                    })
                };
                json!({ "writes": writes.iter().map(write).collect::<Value>(), "params": params(options) })
            }
        }
    }

    fn item_request(&self, request: &ItemRequest) -> Value {
        json!({
            "table": request.table,
            "key": self.key(&request.table, &request.key),
            "params": params(&request.options),
        })
    }

    fn key(&self, table: &str, bytes: &[u8]) -> Value {
        match self.tables[table].read(bytes) {
            Ok(key) => key.to_json().unwrap(),
            Err(failure) => json!(format!("{failure:?}")),
        }
    }

    fn attributes(&self, bytes: &[u8]) -> Value {
        match item::decode(bytes, &self.lists) {
            Ok(attributes) => attributes.to_json().unwrap(),
            Err(failure) => json!(format!("{failure:?}")),
        }
    }
}

fn params(options: &Options) -> Value {
    let Options { consistent, capacity, metrics, return_values, start_key, select, .. } = options;
    let all = [
        ("ProjectionExpression", options.projection.as_deref().map(|paths| projection(Some(paths)))),
        ("ConsistentRead", consistent.then_some(json!(true))),
        (
            "ReturnConsumedCapacity",
            capacity.as_ref().map(|wanted| json!(if *wanted == ReturnConsumedCapacity::Total { 1 } else { 2 })),
        ),
        ("ConditionExpression", options.condition.as_ref().map(|condition| expression(Some(condition)))),
        (
            "ReturnItemCollectionMetrics",
            metrics.as_ref().map(|wanted| json!(i32::from(*wanted == ReturnItemCollectionMetrics::Size))),
        ),
        (
            "ReturnValues",
            return_values.as_ref().map(|wanted| {
                let known =
                    [ReturnValue::AllOld, ReturnValue::UpdatedOld, ReturnValue::AllNew, ReturnValue::UpdatedNew];
                json!(known.iter().position(|known| known == wanted).unwrap() + 2)
            }),
        ),
        ("UpdateExpression", options.update.as_ref().map(|update| expression(Some(update)))),
        ("ExclusiveStartKey", start_key.as_ref().map(|key| json!({ "hex": encode_hex(key) }))),
        ("FilterExpression", options.filter.as_ref().map(|filter| expression(Some(filter)))),
        ("IndexName", options.index.as_ref().map(|index| json!(index))),
        ("Limit", options.limit.map(|limit| json!(limit))),
        ("ScanIndexForward", options.forward.map(|forward| json!(forward))),
        (
            "Select",
            select.as_ref().map(|wanted| {
                let known =
                    [Select::AllAttributes, Select::AllProjectedAttributes, Select::Count, Select::SpecificAttributes];
                json!(known.iter().position(|known| known == wanted).unwrap() + 1)
            }),
        ),
        ("Segment", options.segment.map(|segment| json!(segment))),
        ("TotalSegments", options.total_segments.map(|total| json!(total))),
        ("ClientRequestToken", options.token.as_ref().map(|token| json!(token))),
    ];
    all.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect::<Map<_, _>>().into()
}

fn projection(paths: Option<&[Path]>) -> Value {
    let Some(paths) = paths else {
        return Value::Null;
    };
    json!({ "tree": paths.iter().map(path_json).collect::<Value>(), "values": null })
}

fn expression(expression: Option<&Expression>) -> Value {
    let Some(expression) = expression else {
        return Value::Null;
    };
    let values: Value = expression.values.to_json().unwrap();
    json!({ "tree": tree_json(&expression.tree), "values": values })
}

fn tree_json(tree: &Tree) -> Value {
    match tree {
        Tree::Apply(operator, operands) => {
            std::iter::once(json!(operator.text())).chain(operands.iter().map(tree_json)).collect()
        }
        Tree::List(nodes) => nodes.iter().map(tree_json).collect(),
        Tree::Path(path) => path_json(path),
        Tree::Variable(position) => json!(["Variable", position]),
    }
}

fn path_json(path: &Path) -> Value {
    let element = |element: &Element| match element {
        Element::Name(name) => json!(name),
        Element::Index(index) => json!({ "index": index }),
    };
    std::iter::once(json!("Path")).chain(path.0.iter().map(element)).collect()
}

fn decode_hex(text: &str) -> Vec<u8> {
    text.as_bytes().chunks(2).map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn encode_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
