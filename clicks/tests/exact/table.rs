//! The tables: an embedded DynamoDB behind the SDK, with requests that get lost, come late or are refused.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::{
    Client, Config,
    config::{BehaviorVersion, Region, retry::RetryConfig},
};
use aws_smithy_runtime_api::client::{
    http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn},
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
};
use aws_smithy_types::body::SdkBody;
use dynoxide::{Database, DynoxideError};
use fastrand::Rng;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};
use tokio::sync::Notify;

use crate::stream::{CROWDED, FULL};

pub(crate) const LINKS: &str = "links";
pub(crate) const COUNTS: &str = "clicks";

/// Under which condition an addition is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// The item has been counted up to before the first contribution. This is the function's.
    First,
    /// The item has been counted up to before the end of the batch.
    End,
    /// Always.
    None,
}

/// What the invocation has to expect.
#[derive(Debug, Default)]
struct Plan {
    /// Additions that arrive before the process dies.
    left: Option<usize>,
    /// Requests that are refused, because the table is throttled for a while.
    throttled: usize,
}

/// How often what happened.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Stories {
    additions: u64,
    refused: u64,
    throttled: u64,
    unheard: u64,
    invalid: u64,
}

#[derive(Debug)]
struct State {
    rng: Rng,
    plan: Plan,
    /// Additions of dead invocations that have not arrived yet.
    late: Vec<Value>,
    stories: Stories,
}

/// The tables.
pub(crate) struct Table {
    database: Database,
    rule: Rule,
    state: Mutex<State>,
    died: Notify,
}

impl std::fmt::Debug for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Table").field("rule", &self.rule).finish_non_exhaustive()
    }
}

impl Table {
    pub(crate) fn new(
        seed: u64,
        rule: Rule,
        owners: &HashMap<String, Option<&str>>,
        has_full_items: bool,
    ) -> Arc<Self> {
        let database = Database::memory().unwrap();
        create(&database, LINKS, &[("id", "HASH")]);
        create(&database, COUNTS, &[("of", "HASH"), ("day", "RANGE")]);
        for (slug, owner) in owners {
            let mut item = json!({ "id": { "S": slug }, "target": { "S": "https://example.com/" } });
            if let Some(owner) = owner {
                item["owner"] = json!({ "S": owner });
            }
            put(&database, LINKS, &item);
        }
        let days = if has_full_items { &["2026-11-26", "2026-11-27"][..] } else { &[] };
        for day in days {
            put(&database, COUNTS, &filled(FULL, day, 0));
            put(&database, COUNTS, &filled(CROWDED, day, 10));
        }
        let rng = Rng::with_seed(!seed);
        let state = State { rng, plan: Plan::default(), late: Vec::new(), stories: Stories::default() };
        Arc::new(Self { database, rule, state: Mutex::new(state), died: Notify::new() })
    }

    pub(crate) fn client(self: &Arc<Self>) -> Client {
        let connector = SharedHttpConnector::new(Connector(Arc::clone(self)));
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-central-1"))
            .credentials_provider(Credentials::new("k", "s", None, None, "test"))
            .endpoint_url("http://localhost")
            .retry_config(RetryConfig::standard().with_max_attempts(3))
            .http_client(http_client_fn(move |_, _| connector.clone()));
        Client::from_conf(config.build())
    }

    /// An invocation begins, which dies after so many additions, if at all.
    pub(crate) fn begin(&self, dies_after: Option<usize>, is_throttled: bool) {
        let mut state = self.state.lock().unwrap();
        state.plan = Plan { left: dies_after, throttled: if is_throttled { 3_000 } else { 0 } };
    }

    /// Puts an item of counts.
    pub(crate) fn put(&self, item: &Value) {
        put(&self.database, COUNTS, item);
    }

    /// Waits until the process has died.
    pub(crate) async fn death(&self) {
        self.died.notified().await;
    }

    /// An addition of a dead invocation arrives, if there is one.
    pub(crate) fn late_request(&self, choice: usize) -> bool {
        let request = {
            let late = &mut self.state.lock().unwrap().late;
            if late.is_empty() {
                return false;
            }
            late.swap_remove(choice % late.len())
        };
        // Nobody is there to hear the answer.
        _ = self.update(request);
        true
    }

    pub(crate) fn stories(&self) -> Stories {
        self.state.lock().unwrap().stories
    }

    /// All items of counts.
    pub(crate) fn items(&self) -> Vec<Map<String, Value>> {
        let (mut items, mut start) = (Vec::new(), Value::Null);
        loop {
            let mut request = json!({ "TableName": COUNTS });
            if !start.is_null() {
                request["ExclusiveStartKey"] = start;
            }
            let response = self.database.scan(serde_json::from_value(request).unwrap()).unwrap();
            let mut response = serde_json::to_value(response).unwrap();
            items.extend(response["Items"].as_array().unwrap().iter().map(|item| item.as_object().unwrap().clone()));
            start = response["LastEvaluatedKey"].take();
            if start.is_null() {
                return items;
            }
        }
    }

    fn respond(&self, request: &HttpRequest) -> HttpConnectorFuture {
        let body: Value = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
        let operation = request.headers().get("x-amz-target").unwrap().rsplit('.').next().unwrap();
        let is_addition = operation == "UpdateItem";
        let mut state = self.state.lock().unwrap();
        if state.plan.throttled > 0 || state.rng.u8(..) < 5 {
            state.plan.throttled = state.plan.throttled.saturating_sub(1);
            state.stories.throttled += 1;
            let error = "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException";
            return answer(400, json!({ "__type": error, "message": "too much" }).to_string());
        }
        if is_addition {
            match &mut state.plan.left {
                Some(0) => return self.die(&mut state, body),
                Some(left) => *left -= 1,
                None => {}
            }
        }
        let is_unheard = is_addition && state.rng.u8(..) < 13;
        state.stories.unheard += u64::from(is_unheard);
        drop(state);
        let outcome = match operation {
            "UpdateItem" => self.update(body),
            "BatchGetItem" => call(&self.database, body, Database::batch_get_item),
            "PutItem" => call(&self.database, body, Database::put_item),
            "DeleteItem" => call(&self.database, body, Database::delete_item),
            other => panic!("{other} was sent"),
        };
        match outcome {
            _ if is_unheard => HttpConnectorFuture::ready(Err(ConnectorError::io("connection reset".into()))),
            Ok(body) => answer(200, body),
            Err((status, body)) => answer(status, body),
        }
    }

    /// The process has died; some of what it was sending arrives later.
    fn die(&self, state: &mut State, body: Value) -> HttpConnectorFuture {
        if state.rng.u8(..) < 154 {
            state.late.push(body);
        }
        self.died.notify_one();
        HttpConnectorFuture::new(std::future::pending())
    }

    fn update(&self, mut body: Value) -> Result<String, (u16, String)> {
        if body["ExpressionAttributeValues"].get(":first").is_some() {
            match self.rule {
                Rule::First => {}
                Rule::End => body["ConditionExpression"] = "attribute_not_exists(#w) OR #w < :end".into(),
                Rule::None => _ = body.as_object_mut().unwrap().remove("ConditionExpression"),
            }
            if self.rule != Rule::First {
                body["ExpressionAttributeValues"].as_object_mut().unwrap().remove(":first");
            }
        }
        let outcome = call(&self.database, body, Database::update_item);
        let stories = &mut self.state.lock().unwrap().stories;
        match &outcome {
            Ok(_) => stories.additions += 1,
            Err((_, error)) if error.contains("ConditionalCheckFailed") => stories.refused += 1,
            Err((_, error)) if error.contains("ValidationException") => stories.invalid += 1,
            Err((_, error)) => panic!("{error}"),
        }
        outcome
    }
}

#[derive(Debug, Clone)]
struct Connector(Arc<Table>);

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        self.0.respond(&request)
    }
}

fn answer(status: u16, body: String) -> HttpConnectorFuture {
    let response = http::Response::builder().status(status).body(SdkBody::from(body)).unwrap();
    HttpConnectorFuture::ready(Ok(HttpResponse::try_from(response).unwrap()))
}

fn call<I: DeserializeOwned, O: Serialize>(
    database: &Database,
    body: Value,
    operation: impl FnOnce(&Database, I) -> Result<O, DynoxideError>,
) -> Result<String, (u16, String)> {
    let input = serde_json::from_value(body).unwrap();
    match operation(database, input) {
        Ok(output) => Ok(serde_json::to_string(&output).unwrap()),
        Err(error) => Err((error.status_code(), error.to_json())),
    }
}

fn create(database: &Database, name: &str, key: &[(&str, &str)]) {
    let schema: Vec<_> = key.iter().map(|(name, kind)| json!({ "AttributeName": name, "KeyType": kind })).collect();
    let types: Vec<_> = key.iter().map(|(name, _)| json!({ "AttributeName": name, "AttributeType": "S" })).collect();
    let table = json!({ "TableName": name, "KeySchema": schema, "AttributeDefinitions": types, "BillingMode": "PAY_PER_REQUEST" });
    database.create_table(serde_json::from_value(table).unwrap()).unwrap();
}

fn put(database: &Database, table: &str, item: &Value) {
    let request = json!({ "TableName": table, "Item": item });
    database.put_item(serde_json::from_value(request).unwrap()).unwrap();
}

/// An item that has every number already, at 1, and room for so many bytes more. Without room, it does not even have the
/// numbers.
fn filled(of: &str, day: &str, room: usize) -> Value {
    let mut item = json!({ "of": { "S": of }, "day": { "S": day } });
    if room > 0 {
        for slot in 0..48 {
            item[format!("s{slot:02}")] = json!({ "N": "1" });
            item[format!("b{slot:02}")] = json!({ "N": "1" });
        }
        for shard in 0..4 {
            // 24 zero bytes.
            item[format!("w{shard}")] = json!({ "B": "A".repeat(32) });
        }
        item["ttl"] = json!({ "N": "1830297600" });
    }
    // Sizes: of names, of texts, of binaries; a number below 100 takes two bytes, the time six.
    let numbers = if room > 0 { 96 * 5 + 4 * 26 + 9 } else { 0 };
    let used = "of".len() + of.len() + "day".len() + day.len() + numbers + "x".len();
    item["x"] = json!({ "S": "x".repeat(400 * 1_024 - used - room) });
    item
}
