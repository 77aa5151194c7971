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
//! Sources: the order was captured from AWS by the authors of dynoxide 3.2, whose `actions/put_item.rs` and
//! `actions/get_item.rs` say which checks precede the table ("`DynamoDB` validates request parameters before checking
//! table"), and for expressions, legacy conditions and duplicate keys by `ExtendDB`, pull request 192.
//!
//! **DAX** cannot follow that order altogether. Keys are encoded by the key schema, so a client asks for it before it
//! looks at a key, an item or another attribute value, and a table that does not exist is found then: aws-dax-go,
//! `dax/internal/client/request.go`, `encodePutItemInput` and its siblings, call `getKeySchema` before anything else.
//! The client of this project checks expressions and members before that, as DynamoDB does. The values remain: of a
//! table that does not exist and a value that no item can have, DAX names the table and DynamoDB the value.
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
