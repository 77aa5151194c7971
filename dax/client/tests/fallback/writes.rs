//! Writes: not at all unless asked for, and never twice.

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsInput;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem};

use super::*;
use support::put;

async fn writing_client(world: &World, table: &Table) -> Client {
    let config = config(world, REFRESHES[0]).retry(RetryPolicy::new().repeat_unknown_writes(true));
    Client::connect(config.fallback(Fallback::new(table.client()).writes(true).open_after(1))).await.unwrap()
}

fn transaction() -> TransactWriteItemsInput {
    let key = AttributeValue::S("k".to_owned());
    let item = Put::builder().table_name(TABLE).item("pk", key).build().unwrap();
    let item = TransactWriteItem::builder().put(item).build();
    TransactWriteItemsInput::builder().transact_items(item).build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn writes_stay_with_the_cluster_unless_asked_for() {
    let (world, table) = (World::new(1), Table::default());
    let client = client(&world, REFRESHES[0], Fallback::new(table.client()).open_after(1)).await;
    begin(Outage::Refused, &world);
    assert!(read(&client).await.unwrap());
    client.put_item(put("k")).await.unwrap_err();
    client.transact_write_items(transaction()).await.unwrap_err();
    assert_eq!(table.operations(), ["GetItem"]);
}

#[tokio::test(start_paused = true)]
async fn writes_that_cannot_have_happened_go_to_the_table_on_request() {
    for outage in [Outage::Refused, Outage::BlackHole, Outage::Deaf, Outage::NoName] {
        let (world, table) = (World::new(2), Table::default());
        let client = writing_client(&world, &table).await;
        begin(outage, &world);
        support::settle().await;
        for _ in 0..2 {
            client.put_item(put("k")).await.unwrap();
            client.transact_write_items(transaction()).await.unwrap();
        }
        assert_eq!(
            table.operations(),
            ["PutItem", "TransactWriteItems", "PutItem", "TransactWriteItems"],
            "{outage:?}"
        );
        assert_eq!(world.writes("k"), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_that_may_have_happened_is_not_repeated_in_the_table() {
    for act in [Act::Hang, Act::CutAfter(0), Act::CutAfter(1), Act::Say(wire::error(&[4, 37, 38, 53], "who knows"))] {
        for transact in [false, true] {
            let (world, table) = (World::new(2), Table::default());
            let client = writing_client(&world, &table).await;
            let script = act.clone();
            world.script(move |exchange| match exchange.method {
                Method::PutItem | Method::TransactWriteItems => script.clone(),
                _ => Act::Answer,
            });
            let error = if transact {
                client.transact_write_items(transaction()).await.unwrap_err()
            } else {
                client.put_item(put("k")).await.unwrap_err()
            };
            assert_eq!(error.outcome_unknown(), !transact, "{act:?}: {error:?}");
            assert_eq!(table.operations(), Vec::<String>::new(), "{act:?}, transaction {transact}: {error:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn nor_is_one_whose_first_attempt_may_have_happened_and_whose_last_cannot() {
    let (world, table) = (World::new(2), Table::default());
    let client = writing_client(&world, &table).await;
    let falling = world.clone();
    // The leader takes the write, and with it the cluster goes down.
    world.script(move |exchange| match exchange.method {
        Method::PutItem => {
            let falling = falling.clone();
            tokio::spawn(async move { [1, 2].map(|last| falling.set_down(last, Down::Refuses)) });
            Act::CutAfter(0)
        }
        _ => Act::Answer,
    });
    let error = client.put_item(put("k")).await.unwrap_err();
    assert_eq!(world.writes("k"), 1);
    assert!(error.outcome_unknown(), "{error:?}");
    assert_eq!(table.operations(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_write_that_the_table_does_not_answer_may_have_happened() {
    let (world, table) = (World::new(1), Table::default());
    let client = writing_client(&world, &table).await;
    begin(Outage::Refused, &world);
    for mode in [Mode::Hangs, Mode::Down, Mode::Refuses(500, "InternalServerError"), Mode::Refuses(503, "Sick")] {
        table.set(mode.clone());
        let error = client.put_item(put("k")).await.unwrap_err();
        assert!(error.outcome_unknown(), "{mode:?}: {error:?}");
    }
    for code in ["ConditionalCheckFailedException", "ThrottlingException", "UnrecognizedClientException"] {
        table.set(Mode::Refuses(400, code));
        let error = client.put_item(put("k")).await.unwrap_err();
        assert!(!error.outcome_unknown(), "{code}: {error:?}");
        assert_eq!(error.is_condition_failed(), code == "ConditionalCheckFailedException");
    }
}
