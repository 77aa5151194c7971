//! What the engine lets pass and DynamoDB refuses.
//!
//! An update within a transaction may change the key of its item, after which the item is found under a key that it does
//! not have.

use bytes::Bytes;
use dynoxide::Database;
use http::{Response, StatusCode, request};
use http_body_util::Full;
use serde_json::{Map, Value, json};

const TRANSACTION: &str = "DynamoDB_20120810.TransactWriteItems";

/// The answer to a request that DynamoDB would refuse, if the engine would not.
pub(super) fn of(head: &request::Parts, body: &[u8], database: &Database) -> Option<Response<Full<Bytes>>> {
    if head.headers.get(super::TARGET)?.as_bytes() != TRANSACTION.as_bytes() {
        return None;
    }
    // What cannot be read is refused by the engine.
    let request: Value = serde_json::from_slice(body).ok()?;
    let items = request.get("TransactItems")?.as_array()?;
    let problems: Vec<_> = items.iter().map(|item| changed_key_attribute(item.get("Update")?, database)).collect();
    problems.iter().any(Option::is_some).then(|| cancelled(&problems))
}

fn cancelled(problems: &[Option<String>]) -> Response<Full<Bytes>> {
    let reason = |problem: &Option<String>| match problem {
        None => json!({ "Code": "None" }),
        Some(attribute) => json!({ "Code": "ValidationError", "Message": format!(
            "One or more parameter values were invalid: Cannot update attribute {attribute}. This attribute is part of \
             the key"
        ) }),
    };
    let code = |problem: &Option<String>| if problem.is_some() { "ValidationError" } else { "None" };
    let codes: Vec<_> = problems.iter().map(code).collect();
    let body = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": format!(
            "Transaction cancelled, please refer cancellation reasons for specific reasons [{}]", codes.join(", ")
        ),
        "CancellationReasons": problems.iter().map(reason).collect::<Vec<_>>(),
    });
    super::json(StatusCode::BAD_REQUEST, &body)
}

/// The attribute of the table's key that an update changes.
fn changed_key_attribute(update: &Value, database: &Database) -> Option<String> {
    let table = update.get("TableName")?.as_str()?;
    let schema = database.get_table_metadata(table).ok()??.key_schema;
    let schema: Vec<Map<String, Value>> = serde_json::from_str(&schema).ok()?;
    let names = update.get("ExpressionAttributeNames");
    let targets = targets(update.get("UpdateExpression")?.as_str()?);
    let resolved = targets.into_iter().filter_map(|target| match target.starts_with('#') {
        true => names?.get(target)?.as_str(),
        false => Some(target),
    });
    let is_key =
        |name: &&str| schema.iter().any(|element| element.get("AttributeName").and_then(Value::as_str) == Some(*name));
    resolved.into_iter().find(is_key).map(str::to_owned)
}

/// The top-level attributes that an update expression changes, or their placeholders.
fn targets(expression: &str) -> Vec<&str> {
    const SECTIONS: [&str; 4] = ["SET", "REMOVE", "ADD", "DELETE"];
    let mut targets = Vec::new();
    let mut depth = 0_u32;
    let mut expected = false;
    for token in tokens(expression) {
        match token {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            "," => expected = depth == 0,
            _ if SECTIONS.iter().any(|section| section.eq_ignore_ascii_case(token)) => expected = true,
            _ if expected => {
                targets.push(token);
                expected = false;
            }
            _ => {}
        }
    }
    targets
}

/// Words, placeholders, and single characters of other kinds.
fn tokens(expression: &str) -> impl Iterator<Item = &str> {
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let mut rest = expression;
    std::iter::from_fn(move || {
        rest = rest.trim_start();
        let first = rest.chars().next()?;
        let sigil = if matches!(first, '#' | ':') { 1 } else { 0 };
        let body = rest.get(sigil..)?;
        let length = sigil + body.find(|letter| !is_word(letter)).unwrap_or(body.len());
        let (token, after) = rest.split_at_checked(length.max(first.len_utf8()))?;
        rest = after;
        Some(token)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_attributes_that_an_update_changes() {
        let check = |expression: &str, expected: &[&str]| assert_eq!(targets(expression), expected, "{expression}");
        check("SET a = :a", &["a"]);
        check("set a.b[0].c = if_not_exists(d, :e), #f = list_append(g, h) remove i, #j", &["a", "#f", "i", "#j"]);
        check("SET#a=b ADD c :d DELETE e :f", &["#a", "c", "e"]);
        check("REMOVE\n\ta , b", &["a", "b"]);
        check("", &[]);
        check("SET ä = :b", &["ä"]);
        check("(((", &[]);
    }
}
