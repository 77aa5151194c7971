//! Fuzz targets: see `fuzz/README.md`.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use dax_client::internals::{codec::read_value, expression as client};
use dax_protocol::{
    KeyType, Method, SERVICE,
    cbor::{Reader, Scanner, Writer},
};

use crate::{
    request::{
        Request,
        expression::{Expression, Tree},
        render::Placeholders,
    },
    session::read_method,
    wire::{
        key::{KeyAttribute, KeySchema},
        value,
    },
};

#[test]
fn dax_args() {
    fuzz::run("dax_args", arguments_any);
}

#[test]
fn dax_server() {
    fuzz::run("dax_server", expression_any);
}

/// The first byte picks a method, the rest is its arguments, or a key, or a value.
fn arguments_any(input: &[u8]) {
    let Some((pick, arguments)) = input.split_first() else {
        return;
    };
    let method = Method::ALL[usize::from(*pick) % Method::ALL.len()];
    let mut request = Vec::new();
    let mut writer = Writer::new(&mut request);
    writer.uint(SERVICE);
    writer.int(i64::from(method.id()));
    let head = request.len();
    request.extend_from_slice(arguments);
    assert_eq!(read_method(&request), Some(method));

    let items = 2 + method.arguments();
    let mut whole = Scanner::new(usize::MAX);
    let verdict = whole.has(&request, items);
    if request.len() <= 512 {
        let mut growing = Scanner::new(usize::MAX);
        let verdicts = (0..=request.len()).map(|end| growing.has(&request[..end], items));
        let first = verdicts.into_iter().find(|verdict| *verdict != Ok(false)).unwrap_or(Ok(false));
        assert_eq!((&first, growing.position()), (&verdict, whole.position()));
    }
    if verdict == Ok(true) {
        let _ = Request::read(method, &request[head..whole.position()]);
    }
    schemas().for_each(|schema| key_any(&schema, arguments));
    value_any(arguments);
}

/// A key in its normal form is the same key, and stays as it is.
fn key_any(schema: &KeySchema, bytes: &[u8]) {
    let Ok(normal) = schema.normalize(bytes) else {
        return;
    };
    assert_eq!(schema.normalize(&normal).unwrap(), normal);
    if let Ok(key) = schema.read(bytes) {
        assert_eq!(schema.read(&normal).unwrap(), key);
        assert_eq!(schema.write(&key).unwrap(), normal);
    }
}

fn schemas() -> impl Iterator<Item = KeySchema> {
    const KINDS: [KeyType; 3] = [KeyType::S, KeyType::N, KeyType::B];
    let attribute = |name: &str, kind| KeyAttribute { name: name.to_owned(), kind };
    KINDS.into_iter().flat_map(move |hash| {
        let ranges = [None].into_iter().chain(KINDS.map(Some));
        ranges
            .map(move |range| KeySchema { hash: attribute("pk", hash), range: range.map(|kind| attribute("sk", kind)) })
    })
}

/// A value that is read and written is the same for the client.
fn value_any(bytes: &[u8]) {
    let Ok(read) = value::read(&mut Reader::whole(bytes)) else {
        return;
    };
    let mut written = Vec::new();
    value::write(&read, &mut Writer::new(&mut written)).unwrap();
    assert_eq!(value::read(&mut Reader::whole(&written)).unwrap(), read);
    assert_eq!(read_value(&mut Reader::whole(&written)).unwrap(), read);
}

type Names = HashMap<String, String>;
type Values = HashMap<String, AttributeValue>;

/// The text of an expression, as the client sends it: rendered, and read by the client again, it is the same tree.
fn expression_any(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let letters = || ('a'..='z').chain('0'..='9');
    let names: Names = letters().map(|letter| (format!("#{letter}"), format!("name.{letter}"))).collect();
    let values: Values =
        letters().map(|letter| (format!(":{letter}"), AttributeValue::S(letter.to_string()))).collect();
    for kind in 0..3 {
        let Some(sent) = send(kind, text, &names, &values) else {
            continue;
        };
        // The client nests as deep as it is told to.
        let Ok(read) = Expression::read(&sent, "Expression") else {
            continue;
        };
        let mut placeholders = Placeholders::default();
        let rendered = if kind == 2 { placeholders.update(&read) } else { placeholders.condition(&read) };
        let Ok(rendered) = rendered else {
            continue;
        };
        let names = placeholders.take_names().unwrap_or_default();
        let values = placeholders.take_values().unwrap_or_default();
        let Some(sent) = send(kind, &rendered, &names, &values) else {
            assert!(rendered.len() > 4_096, "{rendered} is refused");
            continue;
        };
        let again = Expression::read(&sent, "Expression").unwrap();
        assert_eq!(meaning(&again, &again.tree), meaning(&read, &read.tree), "{rendered}");
    }
}

/// What the client sends: a condition, a filter or an update.
fn send(kind: usize, text: &str, names: &Names, values: &Values) -> Option<Vec<u8>> {
    // An empty map is refused.
    let names = Some(names).filter(|names| !names.is_empty());
    let values = Some(values).filter(|values| !values.is_empty());
    let mut placeholders = client::Placeholders::new(names, values).ok()?;
    match kind {
        0 => placeholders.condition(client::ExpressionKind::Condition, text).ok(),
        1 => placeholders.condition(client::ExpressionKind::Filter, text).ok(),
        _ => placeholders.update(text).ok(),
    }
}

/// A tree with its values in place. An update's actions of one kind keep their order, whatever stands between them.
fn meaning(expression: &Expression, tree: &Tree) -> String {
    let all = |trees: &[Tree]| trees.iter().map(|tree| meaning(expression, tree)).collect::<Vec<_>>();
    match tree {
        Tree::Apply(operator, operands) => format!("{operator:?}{:?}", all(operands)),
        Tree::List(trees) => {
            let mut meanings = all(trees);
            meanings.sort();
            format!("{meanings:?}")
        }
        Tree::Path(path) => format!("{path:?}"),
        Tree::Variable(position) => format!("{:?}", expression.values.get(*position)),
    }
}
