//! Which of several mistakes in a request is named.
//!
//! **DynamoDB** looks at a request in three rounds, and names a mistake of the first round that finds one:
//!
//! 1. the request alone: members and their limits, attribute values (numbers, sets, empty names, sizes), syntax and
//!    placeholders of expressions. `ValidationException`.
//! 2. the table: `ResourceNotFoundException`.
//! 3. the request and the table together: key schema, index, type of key attributes. `ValidationException` again, in
//!    transactions a reason of `TransactionCanceledException`.
//!
//! Sources: dynoxide 3.2, whose authors compared it with AWS in several regions (`actions/put_item.rs` and its siblings
//! say which checks precede the table), and captures from AWS in `ExtendDB`, pull request 192. They agree about
//! expressions, legacy conditions and duplicate keys. They disagree about numbers and sizes of values: dynoxide checks
//! them in round 1, `ExtendDB` in round 3.
//!
//! **DAX** cannot follow that order completely. Keys are encoded by the key schema, so a client asks for it before it
//! looks at any attribute value, and finds a missing table at that point: in aws-dax-go,
//! `dax/internal/client/request.go`, `encodePutItemInput` and its siblings call `getKeySchema` before they encode
//! anything. The client of this project checks members and expressions first, as DynamoDB does. That leaves values: if
//! the table does not exist and a value is invalid, DAX names the table, and the embedded DynamoDB the value.
//!
//! **The embedded DynamoDB** finds some mistakes of the first round in reads only after it has found the table: the
//! projection of `GetItem`, placeholders that are undefined or unused. AWS checks expressions first (`ExtendDB`, pull request
//! 192), and so does the client here.

use serde_json::{Value, json};

use crate::{generate::Request, tables::TABLES};

/// Whether what DAX says agrees with what DynamoDB says, up to the order of mistakes.
pub(crate) fn agree(request: &Request, dax: &Value, dynamodb: &Value) -> bool {
    let orders = [(not_found(), invalid()), (invalid(), not_found())];
    let allowed = if request.writes() { &orders[..1] } else { &orders };
    let same = |(one, other): &(Value, Value)| dax == one && dynamodb == other;
    dax == dynamodb || (misses_a_table(&request.input) && allowed.iter().any(same))
}

fn not_found() -> Value {
    json!([{ "error": "ResourceNotFoundException" }])
}

fn invalid() -> Value {
    json!([{ "error": "ValidationException" }])
}

/// Whether the request names a table that does not exist.
fn misses_a_table(input: &Value) -> bool {
    let table = input["TableName"].as_str();
    table.is_some_and(|name| TABLES.iter().all(|table| table.name != name))
}
