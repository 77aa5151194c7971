//! What a client remembers of its tables: how long, what makes it ask again, and how often it asks. Scripted nodes, in
//! virtual time.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests fail by panicking")]

mod support;

use std::time::Duration;

use aws_sdk_dynamodb::operation::put_item::PutItemInput;
use aws_sdk_dynamodb::operation::scan::ScanInput;
use aws_sdk_dynamodb::types::AttributeValue;
use dax_client::{Client, Error, Refresh};
use dax_protocol::Method;
use support::{Act, TABLE, World, get, put, read, wire};

const QUIET: Refresh = Refresh::OnUse(Duration::from_secs(3600));

async fn quiet_client(world: &World) -> Client {
    let config = world.config().refresh(QUIET).idle_timeout(Duration::from_secs(3600));
    Client::connect(config).await.unwrap()
}

fn asked(world: &World, method: Method) -> usize {
    world.requests(method).values().sum()
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

#[tokio::test(start_paused = true)]
async fn a_key_schema_is_believed_for_a_minute() {
    let world = World::new(1);
    let client = quiet_client(&world).await;
    for (passed, schemas) in [(0, 1), (59, 1), (2, 2), (59, 2), (2, 3)] {
        tokio::time::sleep(Duration::from_secs(passed)).await;
        client.put_item(put("k")).await.unwrap();
        assert_eq!(asked(&world, Method::DefineKeySchema), schemas, "after {passed} s more");
    }
    assert_eq!(asked(&world, Method::DefineAttributeListId), 1);
}

#[tokio::test(start_paused = true)]
async fn a_table_made_anew_with_another_key_is_asked_for_before_a_refusal() {
    let world = World::new(1);
    let client = quiet_client(&world).await;
    client.put_item(put("k")).await.unwrap();
    world.state().schema = vec!["id"];
    let item = || PutItemInput::builder().table_name(TABLE).item("id", text("k")).item("v", text("w")).build().unwrap();
    client.put_item(item()).await.unwrap();
    assert_eq!(asked(&world, Method::DefineKeySchema), 2);
    client.put_item(item()).await.unwrap();
    assert_eq!(asked(&world, Method::DefineKeySchema), 2);
    // With the new key the old shape is wrong, which is said after one question more, and nothing else was sent.
    let writes = asked(&world, Method::PutItem);
    for error in [client.put_item(put("k")).await.unwrap_err(), client.get_item(get("k")).await.unwrap_err()] {
        assert!(matches!(error, Error::Validation { .. }), "{error}");
    }
    assert_eq!(asked(&world, Method::DefineKeySchema), 4);
    assert_eq!(asked(&world, Method::PutItem), writes);
    assert_eq!(asked(&world, Method::GetItem), 0);
}

#[tokio::test(start_paused = true)]
async fn a_wrong_key_of_a_table_just_met_is_refused_without_a_second_question() {
    let world = World::new(1);
    let client = quiet_client(&world).await;
    world.state().schema = vec!["id"];
    client.get_item(get("k")).await.unwrap_err();
    assert_eq!(asked(&world, Method::DefineKeySchema), 1);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_by_the_server_makes_one_table_forgotten_and_no_list() {
    let world = World::new(1);
    let client = quiet_client(&world).await;
    for table in ["one", "two"] {
        let input = PutItemInput::builder().table_name(table).item("pk", text("k")).item("v", text("w"));
        client.put_item(input.build().unwrap()).await.unwrap();
    }
    read(&client, "k").await.unwrap();
    let before = [Method::DefineKeySchema, Method::DefineAttributeListId, Method::DefineAttributeList]
        .map(|method| asked(&world, method));
    assert_eq!(before, [3, 1, 1]);
    let seen = asked(&world, Method::PutItem);
    world.script(move |exchange| {
        let refused = exchange.method == Method::PutItem && exchange.seen == seen;
        if refused { Act::Say(wire::error(&[4, 37, 38, 39, 46], "wrong type for ADD")) } else { Act::Answer }
    });
    client.put_item(put("k")).await.unwrap_err();
    for table in ["one", "two"] {
        let input = PutItemInput::builder().table_name(table).item("pk", text("k")).item("v", text("w"));
        client.put_item(input.build().unwrap()).await.unwrap();
    }
    read(&client, "k").await.unwrap();
    let after = [Method::DefineKeySchema, Method::DefineAttributeListId, Method::DefineAttributeList]
        .map(|method| asked(&world, method));
    assert_eq!(after, [4, 1, 1]);
}

#[tokio::test(start_paused = true)]
async fn many_callers_ask_for_the_same_thing_once() {
    let world = World::new(1);
    let client = quiet_client(&world).await;
    world.script(|exchange| match exchange.method {
        Method::GetItem | Method::PutItem => Act::Answer,
        _ => Act::Slow(Duration::from_millis(5)),
    });
    for round in 1..=3 {
        let calls: Vec<_> = (0..200)
            .map(|number| {
                let client = client.clone();
                tokio::spawn(async move {
                    let key = format!("k{number}");
                    if number % 2 == 0 { read(&client, &key).await } else { client.put_item(put(&key)).await.map(drop) }
                })
            })
            .collect();
        for call in calls {
            call.await.unwrap().unwrap();
        }
        assert_eq!(asked(&world, Method::DefineKeySchema), round);
        tokio::time::sleep(Duration::from_secs(61)).await;
    }
    assert_eq!(asked(&world, Method::DefineAttributeListId), 1);
    assert_eq!(asked(&world, Method::DefineAttributeList), 1);
}

#[tokio::test(start_paused = true)]
async fn a_caller_whose_lookup_fails_or_is_cancelled_leaves_it_to_the_next() {
    for act in [Act::CutBefore, Act::Hang, Act::Say(b"\xff".to_vec())] {
        let world = World::new(1);
        let client = quiet_client(&world).await;
        let first = act.clone();
        world.script(move |exchange| {
            let first_lookup = exchange.method == Method::DefineKeySchema && exchange.seen == 0;
            if first_lookup { first.clone() } else { Act::Answer }
        });
        let begun = client.clone();
        let cancelled = tokio::time::timeout(Duration::from_millis(20), async move { read(&begun, "a").await });
        let (_cancelled, other) = tokio::join!(cancelled, async {
            support::settle().await;
            read(&client, "b").await
        });
        other.unwrap_or_else(|error| panic!("{act:?}: {error}"));
    }
}

/// A page of so many items, each with a list of names of its own.
fn page(items: u32) -> Vec<u8> {
    wire::success(|writer| {
        writer.open_map();
        writer.uint(7);
        writer.array(items as usize);
        for number in 0..items {
            writer.array(2);
            let key = format!("k{number}");
            writer.bytes(key.as_bytes());
            let nested: Result<(), ()> = writer.nested(|item| {
                item.int(1_000 + i64::from(number));
                item.text("value");
                Ok(())
            });
            nested.unwrap();
        }
        writer.close();
    })
}

#[tokio::test(start_paused = true)]
async fn a_page_with_more_lists_than_are_remembered_can_be_read() {
    let world = World::new(3);
    // A node needs 1 ms for each list: in all, more than a whole attempt may take.
    let config = world
        .config()
        .refresh(QUIET)
        .request_timeout(Duration::from_millis(500))
        .idle_timeout(Duration::from_secs(3600));
    let client = Client::connect(config).await.unwrap();
    world.script(|exchange| match exchange.method {
        Method::Scan => Act::Say(page(12_000)),
        Method::DefineAttributeList => Act::Slow(Duration::from_millis(1)),
        _ => Act::Answer,
    });
    let input = || ScanInput::builder().table_name(TABLE).build().unwrap();
    let items = client.scan(input()).await.unwrap().items.unwrap();
    assert_eq!(items.len(), 12_000);
    assert_eq!(asked(&world, Method::Scan), 1);
    assert_eq!(asked(&world, Method::DefineAttributeList), 12_000);
}

#[tokio::test(start_paused = true)]
async fn lookups_that_do_not_end_still_end_the_call() {
    let world = World::new(1);
    let config = world.config().refresh(QUIET).max_connections_per_node(1).total_timeout(Duration::from_secs(3));
    let client = Client::connect(config).await.unwrap();
    world.script(|exchange| match exchange.method {
        Method::Scan => Act::Say(page(12_000)),
        Method::DefineAttributeList => Act::Slow(Duration::from_millis(1)),
        _ => Act::Answer,
    });
    let start = tokio::time::Instant::now();
    let error = client.scan(ScanInput::builder().table_name(TABLE).build().unwrap()).await.unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }), "{error}");
    assert_eq!(error.to_string(), "Scan, asking DefineAttributeList: no answer within 3s");
    assert!(start.elapsed() <= Duration::from_millis(3010), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn list_numbers_are_not_believed_beyond_the_last_connection_to_a_process() {
    for gap in [Duration::from_millis(100), Duration::from_secs(6), Duration::from_secs(46)] {
        let world = World::new(1);
        let client = quiet_client(&world).await;
        client.put_item(put("k")).await.unwrap();
        read(&client, "k").await.unwrap();
        // The process restarts on its address: its lists may have other numbers.
        world.close_idle(1);
        tokio::time::sleep(gap).await;
        client.put_item(put("k")).await.unwrap();
        read(&client, "k").await.unwrap();
        assert_eq!(asked(&world, Method::DefineAttributeListId), 2, "{gap:?}");
        assert_eq!(asked(&world, Method::DefineAttributeList), 2, "{gap:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn list_numbers_are_not_believed_after_a_connection_that_broke_without_a_word() {
    let world = World::new(1);
    let client = quiet_client(&world).await;
    client.put_item(put("k")).await.unwrap();
    read(&client, "k").await.unwrap();
    let seen = asked(&world, Method::GetItem);
    world.script(move |exchange| {
        if exchange.method == Method::GetItem && exchange.seen == seen { Act::CutBefore } else { Act::Answer }
    });
    read(&client, "k").await.unwrap();
    client.put_item(put("k")).await.unwrap();
    assert_eq!(asked(&world, Method::DefineAttributeListId), 2);
    assert_eq!(asked(&world, Method::DefineAttributeList), 2);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_written_on_a_connection_that_was_idle_for_too_long() {
    let world = World::new(1);
    let config = world.config().refresh(QUIET).idle_timeout(Duration::from_secs(10));
    let client = Client::connect(config).await.unwrap();
    let connects = |world: &World| world.state().nodes.values().map(|node| node.connects).sum::<usize>();
    for (passed, expected) in [(0, 1), (9, 1), (9, 1), (11, 2), (7200, 3)] {
        tokio::time::sleep(Duration::from_secs(passed)).await;
        client.put_item(put("k")).await.unwrap();
        assert_eq!(connects(&world), expected, "after {passed} s");
    }
}
