//! Batches of any size, through fakes and in virtual time.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests fail by panicking")]

use std::collections::HashMap;
use std::error::Error as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_dynamodb::operation::batch_get_item::{BatchGetItemInput, BatchGetItemOutput};
use aws_sdk_dynamodb::operation::batch_write_item::{BatchWriteItemInput, BatchWriteItemOutput};
use aws_sdk_dynamodb::types::{AttributeValue, DeleteRequest, KeysAndAttributes, WriteRequest};
use dax_client::test_util::{Fake, broken, throttled, validation};
use dax_client::{Batch, BoxFuture, DynamoDb, Error, Exception, Method, RetryPolicy};
use tokio::time::Instant;

type Key = HashMap<String, AttributeValue>;

fn key(number: usize) -> Key {
    HashMap::from([("n".to_owned(), AttributeValue::N(number.to_string()))])
}

fn number(key: &Key) -> usize {
    key["n"].as_n().unwrap().parse().unwrap()
}

fn keys(numbers: impl IntoIterator<Item = usize>) -> KeysAndAttributes {
    let keys = numbers.into_iter().map(key).collect();
    KeysAndAttributes::builder().set_keys(Some(keys)).projection_expression("n").build().unwrap()
}

fn get(count: usize) -> BatchGetItemInput {
    BatchGetItemInput::builder().request_items("t", keys(0..count)).build().unwrap()
}

fn delete(number: usize) -> WriteRequest {
    WriteRequest::builder().delete_request(DeleteRequest::builder().set_key(Some(key(number))).build().unwrap()).build()
}

fn writes(count: usize) -> BatchWriteItemInput {
    BatchWriteItemInput::builder().request_items("t", (0..count).map(delete).collect()).build().unwrap()
}

fn written(write: &WriteRequest) -> usize {
    number(&write.delete_request().unwrap().key)
}

/// Gets done the first `done(request number)` of the writes in a request; keeps the sizes of requests.
fn server(done: impl Fn(usize) -> usize + Send + 'static) -> (Fake, Arc<Mutex<Vec<usize>>>) {
    let sizes: Arc<Mutex<Vec<usize>>> = Arc::default();
    let seen = Arc::clone(&sizes);
    let fake = Fake::new().on_batch_write_item(move |input| {
        let mut writes = input.request_items.unwrap().remove("t").unwrap();
        let request = seen.lock().unwrap().len();
        seen.lock().unwrap().push(writes.len());
        let left = writes.split_off(done(request).min(writes.len()));
        let tables = if left.is_empty() { HashMap::new() } else { HashMap::from([("t".to_owned(), left)]) };
        Ok(BatchWriteItemOutput::builder().set_unprocessed_items(Some(tables)).build())
    });
    (fake, sizes)
}

#[tokio::test(start_paused = true)]
async fn any_number_is_sent_in_requests_of_the_size_that_dynamodb_takes() {
    for (count, sizes) in [(0, &[][..]), (1, &[1]), (25, &[25]), (26, &[25, 1]), (60, &[25, 25, 10])] {
        let (db, seen) = server(|_| 25);
        Batch::new(&db, writes(count)).send().await.unwrap();
        assert_eq!(*seen.lock().unwrap(), sizes, "{count} writes");
    }
    let db = Fake::new().on_batch_get_item(|input| {
        let wanted = &input.request_items.unwrap()["t"];
        assert!(wanted.keys.len() <= 100);
        assert_eq!(wanted.projection_expression(), Some("n"));
        Ok(BatchGetItemOutput::builder().responses("t", wanted.keys.clone()).build())
    });
    let found = Batch::new(&db, get(250)).send().await.unwrap();
    assert_eq!(found.responses.unwrap()["t"].iter().map(number).collect::<Vec<_>>(), (0..250).collect::<Vec<_>>());
    assert_eq!(db.calls().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn what_is_left_is_sent_again_before_the_rest_and_after_a_wait() {
    let (db, seen) = server(|request| if request == 0 { 5 } else { 25 });
    let start = Instant::now();
    Batch::new(&db, writes(30)).send().await.unwrap();
    assert_eq!(*seen.lock().unwrap(), [25, 25]);
    let waited = start.elapsed();
    assert!((Duration::from_millis(35)..=Duration::from_millis(71)).contains(&waited), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn it_gives_up_after_requests_that_get_nothing_done_and_returns_what_is_left() {
    // 25 and 3 done, then nothing any more.
    let (db, seen) = server(|request| [25, 3].get(request).copied().unwrap_or(0));
    let policy = RetryPolicy::new().attempts(4).delays(Duration::from_millis(100), Duration::from_millis(200));
    let start = Instant::now();
    let incomplete = Batch::new(&db, writes(60)).retry(policy).send().await.unwrap_err();
    assert_eq!(*seen.lock().unwrap(), [25, 25, 25, 25, 25, 25]);
    assert!(start.elapsed() < Duration::from_millis(100 + 3 * 200 + 10), "{:?}", start.elapsed());
    assert!(
        matches!(incomplete.error, Error::Unprocessed { method: Method::BatchWriteItem, left: 32, tries: 4, .. }),
        "{:?}",
        incomplete.error
    );
    assert_eq!(incomplete.to_string(), "32 of the batch's 60 elements are unprocessed");
    assert!(incomplete.source().unwrap().to_string().contains("4 requests in a row"));
    let left = incomplete.output.unprocessed_items.unwrap();
    assert_eq!(left["t"].iter().map(written).collect::<Vec<_>>(), (28..60).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn throttled_requests_are_repeated_and_others_are_not() {
    for (error, calls, exception) in [
        (throttled as fn(Method) -> Error, 8, Some(Exception::ProvisionedThroughputExceeded)),
        (|method| broken(method, true), 1, None),
        (|method| validation(method, "too large"), 1, Some(Exception::Validation)),
    ] {
        let mut requests = 0;
        let db = Fake::new().on_batch_get_item(move |input| {
            requests += 1;
            match requests {
                1 => Ok(BatchGetItemOutput::builder()
                    .responses("t", input.request_items.unwrap()["t"].keys.clone())
                    .build()),
                _ => Err(error(Method::BatchGetItem)),
            }
        });
        let incomplete = Batch::new(&db, get(130)).send().await.unwrap_err();
        assert_eq!(db.calls().len(), 1 + calls);
        assert_eq!(incomplete.error.exception(), exception);
        let output = *incomplete.output;
        assert_eq!(output.responses.unwrap()["t"].len(), 100, "what was read is there");
        let left = &output.unprocessed_keys.unwrap()["t"];
        assert_eq!(left.keys.iter().map(number).collect::<Vec<_>>(), (100..130).collect::<Vec<_>>());
        assert_eq!(left.projection_expression(), Some("n"), "and can be asked for as it is");
    }
    let mut requests = 0;
    let db = Fake::new().on_batch_get_item(move |_| {
        requests += 1;
        if requests % 3 == 0 { Ok(BatchGetItemOutput::builder().build()) } else { Err(throttled(Method::BatchGetItem)) }
    });
    Batch::new(&db, get(500)).send().await.unwrap();
    assert_eq!(db.calls().len(), 15, "progress starts the count anew");
}

/// Never answers.
struct Hangs;

impl DynamoDb for Hangs {
    fn batch_write_item(&self, _: BatchWriteItemInput) -> BoxFuture<'_, Result<BatchWriteItemOutput, Error>> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test(start_paused = true)]
async fn everything_ends_at_the_timeout() {
    let second = Duration::from_secs(1);
    let start = Instant::now();
    let incomplete = Batch::new(Hangs, writes(3)).timeout(second).send().await.unwrap_err();
    assert_eq!(start.elapsed(), second);
    assert!(incomplete.error.outcome_unknown(), "{}", incomplete.error);
    assert_eq!(incomplete.output.unprocessed_items.unwrap()["t"].len(), 3);

    // One write in each request: the waits alone would take longer.
    let (db, _) = server(|_| 1);
    let start = Instant::now();
    let incomplete = Batch::new(&db, writes(100)).timeout(second).send().await.unwrap_err();
    assert!(start.elapsed() <= second, "{:?}", start.elapsed());
    assert!(matches!(incomplete.error, Error::Timeout { sent: false, .. }), "{:?}", incomplete.error);
    let done = db.calls().len();
    assert_eq!(incomplete.output.unprocessed_items.unwrap()["t"].len(), 100 - done);
}

#[tokio::test(start_paused = true)]
async fn answers_come_one_by_one_and_a_dropped_request_is_sent_again() {
    let (db, seen) = server(|request| if request == 0 { 20 } else { 25 });
    let mut batch = Batch::new(&db, writes(30));
    let page = batch.next().await.unwrap().unwrap();
    assert!(page.unprocessed_items.is_none(), "they will be sent");
    assert_eq!(batch.unprocessed().unwrap().request_items.unwrap()["t"].len(), 10);
    // Its wait is cut short.
    assert!(tokio::time::timeout(Duration::from_millis(1), batch.next()).await.is_err());
    batch.next().await.unwrap().unwrap();
    assert!(batch.next().await.is_none());
    assert!(batch.unprocessed().is_none());
    assert_eq!(*seen.lock().unwrap(), [25, 10]);
}

#[tokio::test(start_paused = true)]
async fn several_tables_and_nothing_at_all() {
    let db = Fake::new().on_batch_get_item(|input| {
        let mut output = BatchGetItemOutput::builder();
        for (table, mut wanted) in input.request_items.unwrap() {
            let left = wanted.keys.split_off(wanted.keys.len().div_ceil(2));
            output = output.responses(&table, wanted.keys.clone());
            if !left.is_empty() {
                wanted.keys = left;
                output = output.unprocessed_keys(table, wanted);
            }
        }
        Ok(output.build())
    });
    let input = BatchGetItemInput::builder().request_items("a", keys(0..70)).request_items("b", keys(70..150));
    let found = Batch::new(&db, input.build().unwrap()).send().await.unwrap().responses.unwrap();
    for (table, expected) in [("a", 0..70), ("b", 70..150)] {
        let mut numbers: Vec<_> = found[table].iter().map(number).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, expected.collect::<Vec<_>>());
    }

    let refuses = Fake::new().on_batch_get_item(|input| {
        assert!(input.request_items.is_none());
        Err(validation(Method::BatchGetItem, "RequestItems is missing"))
    });
    let forgotten = BatchGetItemInput::builder().build().unwrap();
    assert!(Batch::new(&refuses, forgotten).send().await.unwrap_err().error.is_validation());
}
