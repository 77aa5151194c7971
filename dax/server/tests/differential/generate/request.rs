//! Requests of the ten operations, in DynamoDB JSON.

use serde_json::{Map, Value, json};

use super::{
    Dice, expression, legacy, spoil,
    terms::Terms,
    value::{item, key},
};
use crate::tables::{TABLES, Table};

type Fields = Map<String, Value>;

/// One request, or a walk through all its pages.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) operation: &'static str,
    pub(crate) input: Value,
    /// Whether to follow `LastEvaluatedKey`.
    pub(crate) pages: bool,
}

impl Request {
    pub(crate) fn generate(dice: &mut Dice) -> Self {
        let (operation, mut input) = match dice.below(100) {
            0..15 => ("GetItem", get_item(dice)),
            15..31 => ("PutItem", put_item(dice)),
            31..52 => ("UpdateItem", update_item(dice)),
            52..58 => ("DeleteItem", delete_item(dice)),
            58..73 => ("Query", query(dice)),
            73..81 => ("Scan", scan(dice)),
            81..86 => ("BatchGetItem", batch_get_item(dice)),
            86..90 => ("BatchWriteItem", batch_write_item(dice)),
            90..94 => ("TransactGetItems", transact_get_items(dice)),
            _ => ("TransactWriteItems", transact_write_items(dice)),
        };
        if dice.chance(6) {
            spoil::spoil(dice, &mut input);
        }
        Self { operation, pages: matches!(operation, "Query" | "Scan") && dice.chance(70), input: input.into() }
    }

    pub(crate) fn writes(&self) -> bool {
        self.operation.contains("Write") || ["PutItem", "UpdateItem", "DeleteItem"].contains(&self.operation)
    }
}

fn table(dice: &mut Dice) -> &'static Table {
    &TABLES[dice.below(TABLES.len())]
}

fn on(table: &Table) -> Fields {
    fields(json!({ "TableName": table.name }))
}

fn fields(value: Value) -> Fields {
    match value {
        Value::Object(fields) => fields,
        _ => Fields::new(),
    }
}

fn set(fields: &mut Fields, name: &str, value: impl Into<Value>) {
    fields.insert(name.to_owned(), value.into());
}

fn get_item(dice: &mut Dice) -> Fields {
    let table = table(dice);
    let mut input = on(table);
    set(&mut input, "Key", key(dice, table));
    if dice.chance(legacy::PERCENT) {
        legacy::projection(dice, &mut input);
    } else {
        project(dice, &mut input, &[]);
    }
    consistency(dice, &mut input);
    input
}

fn consistency(dice: &mut Dice, input: &mut Fields) {
    if dice.chance(50) {
        let consistent = dice.chance(70);
        set(input, "ConsistentRead", consistent);
    }
}

/// Sometimes adds a projection with these key attributes to an input without other expressions.
fn project(dice: &mut Dice, input: &mut Fields, keys: &[&str]) {
    if dice.chance(35) {
        let mut terms = Terms::default();
        let projection = expression::projection(dice, &mut terms, keys);
        set(input, "ProjectionExpression", projection);
        terms.define(input);
    }
}

fn put_item(dice: &mut Dice) -> Fields {
    let mut input = maybe_legacy(dice, put, 30);
    let values = ["NONE", "ALL_OLD", "ALL_OLD", "ALL_OLD", "ALL_NEW"];
    returned(dice, &mut input, &values);
    input
}

fn update_item(dice: &mut Dice) -> Fields {
    let mut input = if dice.chance(legacy::PERCENT) {
        // A delete without a condition is just a key.
        let mut input = delete(dice, 0);
        legacy::updates(dice, &mut input);
        if dice.chance(30) {
            legacy::expected(dice, &mut input);
        }
        input
    } else {
        update(dice, 30)
    };
    let values = ["NONE", "ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW"];
    returned(dice, &mut input, &values);
    input
}

fn delete_item(dice: &mut Dice) -> Fields {
    let mut input = maybe_legacy(dice, delete, 40);
    returned(dice, &mut input, &["NONE", "ALL_OLD", "ALL_OLD", "UPDATED_OLD"]);
    input
}

/// A write, sometimes with a legacy condition.
fn maybe_legacy(dice: &mut Dice, write: fn(&mut Dice, u32) -> Fields, percent: u32) -> Fields {
    if !dice.chance(legacy::PERCENT) {
        return write(dice, percent);
    }
    let mut input = write(dice, 0);
    legacy::expected(dice, &mut input);
    input
}

fn returned(dice: &mut Dice, input: &mut Fields, values: &[&str]) {
    if dice.chance(70) {
        set(input, "ReturnValues", dice.pick(values));
    }
}

/// A put; `conditional_percent` of them have a condition.
fn put(dice: &mut Dice, conditional_percent: u32) -> Fields {
    let table = table(dice);
    let mut input = on(table);
    set(&mut input, "Item", item(dice, table));
    conditional(dice, &mut input, Terms::default(), conditional_percent);
    input
}

fn update(dice: &mut Dice, conditional_percent: u32) -> Fields {
    let table = table(dice);
    let mut input = on(table);
    set(&mut input, "Key", key(dice, table));
    let mut terms = Terms::default();
    let update = expression::update(dice, &mut terms);
    if !update.is_empty() {
        set(&mut input, "UpdateExpression", update);
    }
    conditional(dice, &mut input, terms, conditional_percent);
    input
}

fn delete(dice: &mut Dice, conditional_percent: u32) -> Fields {
    let table = table(dice);
    let mut input = on(table);
    set(&mut input, "Key", key(dice, table));
    conditional(dice, &mut input, Terms::default(), conditional_percent);
    input
}

fn conditional(dice: &mut Dice, input: &mut Fields, mut terms: Terms, percent: u32) {
    if dice.chance(percent) {
        let condition = expression::condition(dice, &mut terms);
        set(input, "ConditionExpression", condition);
    }
    terms.define(input);
}

fn query(dice: &mut Dice) -> Fields {
    let table = table(dice);
    let mut input = on(table);
    let index = (!table.indexes.is_empty() && dice.chance(60)).then(|| &table.indexes[dice.below(table.indexes.len())]);
    let (hash, range) = index.map_or((table.hash, table.range), |index| (index.hash, index.range));
    if dice.chance(legacy::PERCENT) {
        legacy::keys(dice, &mut input, hash, range);
        legacy_page(dice, &mut input, "QueryFilter");
    } else {
        let mut terms = Terms::default();
        let keys = expression::key_condition(dice, &mut terms, hash, range);
        set(&mut input, "KeyConditionExpression", keys);
        page(dice, &mut input, terms);
    }
    if dice.chance(40) {
        let forward = dice.chance(30);
        set(&mut input, "ScanIndexForward", forward);
    }
    if let Some(index) = index {
        set(&mut input, "IndexName", index.name);
    }
    if index.is_none_or(|index| index.local || dice.chance(3)) {
        consistency(dice, &mut input);
    }
    input
}

fn scan(dice: &mut Dice) -> Fields {
    let table = table(dice);
    let mut input = on(table);
    if !table.indexes.is_empty() && dice.chance(40) {
        let index = &table.indexes[dice.below(table.indexes.len())];
        set(&mut input, "IndexName", index.name);
    } else {
        consistency(dice, &mut input);
    }
    if dice.chance(20) {
        let segments = dice.between(1, 4);
        set(&mut input, "TotalSegments", segments);
        let segment = dice.below(segments);
        set(&mut input, "Segment", segment);
    }
    if dice.chance(legacy::PERCENT) {
        legacy_page(dice, &mut input, "ScanFilter");
    } else {
        page(dice, &mut input, Terms::default());
    }
    input
}

/// What `Query` and `Scan` have in common.
fn page(dice: &mut Dice, input: &mut Fields, mut terms: Terms) {
    if dice.chance(35) {
        let filter = expression::condition(dice, &mut terms);
        set(input, "FilterExpression", filter);
    }
    limit(dice, input);
    match dice.below(10) {
        0..2 => {
            let projection = expression::projection(dice, &mut terms, &[]);
            set(input, "ProjectionExpression", projection);
        }
        2 => set(input, "Select", "COUNT"),
        3 => set(input, "Select", "ALL_ATTRIBUTES"),
        _ => {}
    }
    if dice.chance(3) {
        let any = ["SPECIFIC_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES", "ALL_ATTRIBUTES", "COUNT"];
        set(input, "Select", dice.pick(&any));
    }
    terms.define(input);
}

fn legacy_page(dice: &mut Dice, input: &mut Fields, filter: &str) {
    if dice.chance(60) {
        legacy::filter(dice, input, filter);
    }
    if dice.chance(30) {
        legacy::projection(dice, input);
    }
    limit(dice, input);
}

fn limit(dice: &mut Dice, input: &mut Fields) {
    if dice.chance(45) {
        let limit = dice.between(1, 5);
        set(input, "Limit", limit);
    }
}

/// Some tables, each with its part of the request.
fn by_table(dice: &mut Dice, mut part: impl FnMut(&mut Dice, &'static Table) -> Value) -> Fields {
    let count = dice.between(1, 3);
    let tables = dice.some(TABLES.iter().collect(), count);
    let parts: Fields = tables.into_iter().map(|table| (table.name.to_owned(), part(dice, table))).collect();
    fields(json!({ "RequestItems": parts }))
}

/// Different keys, rarely a repeated one. To the embedded DynamoDB, one number in two spellings is two keys, unlike AWS.
fn keys(dice: &mut Dice, table: &Table, most: usize) -> Vec<Fields> {
    let mut keys: Vec<Fields> = Vec::new();
    for _ in 0..dice.between(1, most) {
        let key = key(dice, table);
        let twice = keys.contains(&key) && dice.chance(2);
        if twice || keys.iter().all(|other| differ(other, &key)) {
            keys.push(key);
        }
    }
    keys
}

fn differ(one: &Fields, other: &Fields) -> bool {
    one.iter().any(|(name, value)| {
        let (one, other) = (value, &other[name]);
        match (one["N"].as_str(), other["N"].as_str()) {
            (Some(one), Some(other)) => one.parse::<f64>() != other.parse::<f64>(),
            _ => one != other,
        }
    })
}

fn batch_get_item(dice: &mut Dice) -> Fields {
    by_table(dice, |dice, table| {
        let mut part = fields(json!({ "Keys": keys(dice, table, 6) }));
        consistency(dice, &mut part);
        if dice.chance(legacy::PERCENT) {
            legacy::projection(dice, &mut part);
        } else {
            project(dice, &mut part, &[]);
        }
        part.into()
    })
}

fn batch_write_item(dice: &mut Dice) -> Fields {
    by_table(dice, |dice, table| {
        let keys = keys(dice, table, 5);
        let write = |key: Fields| {
            if dice.chance(30) {
                return json!({ "DeleteRequest": { "Key": key } });
            }
            let mut item = item(dice, table);
            item.extend(key);
            json!({ "PutRequest": { "Item": item } })
        };
        keys.into_iter().map(write).collect()
    })
}

fn transact_get_items(dice: &mut Dice) -> Fields {
    let count = dice.between(1, 5);
    let gets: Vec<Value> = (0..count).map(|_| transact_get(dice)).collect();
    fields(json!({ "TransactItems": gets }))
}

fn transact_get(dice: &mut Dice) -> Value {
    let table = table(dice);
    let mut get = on(table);
    set(&mut get, "Key", key(dice, table));
    // The embedded DynamoDB adds the key to this projection, unlike AWS. With the key in it, both are right.
    let keys: Vec<&str> = table.key().map(|(name, _)| name).collect();
    project(dice, &mut get, &keys);
    json!({ "Get": get })
}

fn transact_write_items(dice: &mut Dice) -> Fields {
    let count = dice.between(1, 3);
    let writes: Vec<Value> = (0..count).map(|_| transact_write(dice)).collect();
    fields(json!({ "TransactItems": writes }))
}

fn transact_write(dice: &mut Dice) -> Value {
    let (kind, mut write) = match dice.below(10) {
        0..5 => ("Put", put(dice, 15)),
        5..8 => ("Update", update(dice, 15)),
        8 => ("Delete", delete(dice, 15)),
        _ => ("ConditionCheck", delete(dice, 100)),
    };
    if kind == "Update" && !write.contains_key("UpdateExpression") {
        set(&mut write, "UpdateExpression", "REMOVE nothing");
    }
    if dice.chance(40) {
        set(&mut write, "ReturnValuesOnConditionCheckFailure", "ALL_OLD");
    }
    json!({ kind: write })
}
