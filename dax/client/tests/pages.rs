//! Queries and scans read to their end, through fakes.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests fail by panicking")]

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::operation::query::{QueryInput, QueryOutput};
use aws_sdk_dynamodb::operation::scan::{ScanInput, ScanOutput};
use aws_sdk_dynamodb::types::AttributeValue;
use dax_client::test_util::{Fake, throttled};
use dax_client::{DynamoDb, Error, Method, Pages};
use futures_util::future::FutureExt;
use futures_util::stream;

type Item = HashMap<String, AttributeValue>;

fn item(number: usize) -> Item {
    HashMap::from([("n".to_owned(), AttributeValue::N(number.to_string()))])
}

fn number(item: &Item) -> usize {
    item["n"].as_n().unwrap().parse().unwrap()
}

/// A table of the items 0 to `count`, of which a page has `Limit` at most, and without one 4.
fn table(count: usize) -> Fake {
    let page = move |start: Option<Item>, limit: Option<i32>| {
        let first = start.as_ref().map_or(0, |key| number(key) + 1);
        let end = (first + limit.map_or(4, |limit| usize::try_from(limit).unwrap())).min(count);
        ((first..end).map(item).collect::<Vec<_>>(), (end < count).then(|| item(end - 1)))
    };
    Fake::new()
        .on_query(move |input| {
            assert_eq!(input.table_name(), Some("t"));
            let (items, last) = page(input.exclusive_start_key, input.limit);
            Ok(QueryOutput::builder().set_items(Some(items)).set_last_evaluated_key(last).build())
        })
        .on_scan(move |input| {
            let (items, last) = page(input.exclusive_start_key, input.limit);
            // Every second page of the scan is filtered away.
            let items = if items.first().is_some_and(|item| number(item) % 8 == 4) { Vec::new() } else { items };
            Ok(ScanOutput::builder().set_items(Some(items)).set_last_evaluated_key(last).build())
        })
}

fn query() -> QueryInput {
    QueryInput::builder().table_name("t").build().unwrap()
}

async fn numbers<D: DynamoDb>(pages: Pages<D, QueryInput>) -> Vec<usize> {
    pages.items().try_collect().await.unwrap().iter().map(number).collect()
}

#[tokio::test]
async fn all_pages_are_read_once() {
    for (count, page_size, requests) in
        [(0, None, 1), (1, None, 1), (4, None, 1), (5, None, 2), (10, Some(1), 10), (10, Some(100), 1)]
    {
        let db = table(count);
        let pages = Pages::new(&db, query());
        let pages = match page_size {
            Some(size) => pages.page_size(size),
            None => pages,
        };
        assert_eq!(numbers(pages).await, (0..count).collect::<Vec<_>>(), "{count} items, {page_size:?} in a page");
        assert_eq!(db.calls(), vec![Method::Query; requests], "{count} items, {page_size:?} in a page");
    }
}

#[tokio::test]
async fn every_way_to_hold_a_client_has_pages() {
    let shared: Arc<dyn DynamoDb> = Arc::new(table(5));
    let boxed: Box<dyn DynamoDb> = Box::new(table(5));
    let expected: Vec<_> = (0..5).collect();
    assert_eq!(numbers(Pages::new(&*shared, query())).await, expected);
    assert_eq!(numbers(Pages::new(&shared, query())).await, expected);
    assert_eq!(numbers(Pages::new(boxed, query())).await, expected);
    // An owner can be moved into a task.
    let task = tokio::spawn(numbers(Pages::new(Arc::clone(&shared), query())));
    assert_eq!(task.await.unwrap(), expected);
}

#[tokio::test]
async fn empty_pages_do_not_end_a_scan() {
    let db = table(18);
    let input = ScanInput::builder().table_name("t").build().unwrap();
    let mut pages = Pages::new(&db, input.clone());
    let mut sizes = Vec::new();
    while let Some(page) = pages.next().await {
        sizes.push(page.unwrap().items().len());
    }
    assert_eq!(sizes, [4, 0, 4, 0, 2]);
    assert!(pages.next_key().is_none());
    let found = Pages::new(&db, input).items().try_collect().await.unwrap();
    assert_eq!(found.iter().map(number).collect::<Vec<_>>(), [0, 1, 2, 3, 8, 9, 10, 11, 16, 17]);
}

#[tokio::test]
async fn a_key_to_start_from_is_kept_and_the_key_to_go_on_from_is_told() {
    let db = table(10);
    let input = QueryInput::builder().table_name("t").set_exclusive_start_key(Some(item(1))).build().unwrap();
    let mut pages = Pages::new(&db, input).page_size(3);
    let page = pages.next().await.unwrap().unwrap();
    assert_eq!(page.items().iter().map(number).collect::<Vec<_>>(), [2, 3, 4]);
    assert_eq!(pages.next_key(), Some(&item(4)));
    let later = QueryInput::builder().table_name("t").set_exclusive_start_key(pages.next_key().cloned());
    assert_eq!(numbers(Pages::new(&db, later.build().unwrap())).await, [5, 6, 7, 8, 9]);
}

#[tokio::test]
async fn an_error_ends_the_pages_and_its_page_can_be_read_later() {
    let mut seen = 0;
    let db = Fake::new().on_query(move |_| {
        seen += 1;
        if seen == 2 {
            return Err(throttled(Method::Query));
        }
        Ok(QueryOutput::builder().items(item(seen)).set_last_evaluated_key(Some(item(seen))).build())
    });
    let mut items = Pages::new(&db, query()).items();
    assert_eq!(items.next().await.unwrap().unwrap(), item(1));
    assert!(matches!(items.next().await, Some(Err(Error::Server(_)))));
    assert!(items.next().await.is_none());

    let mut pages = Pages::new(&db, query());
    pages.next().await.unwrap().unwrap();
    assert_eq!(pages.next_key(), Some(&item(3)));
}

#[tokio::test]
async fn pages_that_go_round_in_circles_end() {
    let db = Fake::new()
        .on_query(|_| Ok(QueryOutput::builder().items(item(7)).set_last_evaluated_key(Some(item(7))).build()));
    let mut pages = Pages::new(&db, query());
    pages.next().await.unwrap().unwrap();
    let error = pages.next().await.unwrap().unwrap_err();
    assert!(matches!(error, Error::NoProgress { method: Method::Query, .. }), "{error}");
    assert!(pages.next().await.is_none());
    assert_eq!(db.calls().len(), 2);
}

/// Answers after a moment.
struct Slow(Mutex<Vec<Option<Item>>>);

impl DynamoDb for Slow {
    fn query(&self, input: QueryInput) -> dax_client::BoxFuture<'_, Result<QueryOutput, Error>> {
        self.0.lock().unwrap().push(input.exclusive_start_key);
        Box::pin(async {
            tokio::task::yield_now().await;
            Ok(QueryOutput::builder().items(item(1)).build())
        })
    }
}

#[tokio::test]
async fn a_page_whose_caller_gave_up_is_read_again() {
    let db = Slow(Mutex::default());
    let mut pages = Pages::new(&db, query());
    assert!(pages.next().now_or_never().is_none());
    assert_eq!(pages.next().await.unwrap().unwrap().items(), [item(1)]);
    assert!(pages.next().await.is_none());
    assert_eq!(*db.0.lock().unwrap(), [None, None]);
}

#[tokio::test]
async fn a_stream_is_one_line() {
    use futures_util::StreamExt;

    let db = table(6);
    let items = Pages::new(&db, query()).items();
    let stream = stream::unfold(items, async |mut items| Some((items.next().await?, items)));
    let found: Vec<_> = stream.map(|item| number(&item.unwrap())).collect().await;
    assert_eq!(found, [0, 1, 2, 3, 4, 5]);
}
