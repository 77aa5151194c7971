//! Messages that come without a stream: each counts once, as long as the process lives that has counted it.

use fastrand::Rng;
use serde_json::json;

use crate::{
    function, handle,
    stream::Stream,
    table::{Rule, Table},
    truth::Truth,
};

#[tokio::test(start_paused = true)]
async fn a_message_counts_once_in_a_process_whatever_fails() {
    let stream = Stream::new(2);
    let table = Table::new(2, Rule::First, &stream.owners(), false);
    // An addition whose answer is lost is sent again, and without a stream nothing tells that it has arrived.
    table.hear_all();
    let (clicks, mut rng) = (function(&table), Rng::with_seed(2));
    let mut broken_off = 0;
    for record in stream.shards.iter().flat_map(|shard| &shard.records) {
        let event = json!({ "awslogs": { "data": record.data } });
        // Lambda repeats an invocation that ended in the middle.
        if rng.bool() {
            table.begin(Some(rng.usize(0..4)), false);
            tokio::select! {
                outcome = handle(&clicks, event.clone()) => outcome.unwrap(),
                () = table.death() => broken_off += 1,
            }
        }
        table.begin(None, false);
        handle(&clicks, event.clone()).await.unwrap();
        // CloudWatch Logs delivers some twice.
        if rng.bool() {
            handle(&clicks, event).await.unwrap();
        }
    }
    assert!(broken_off > 20, "{broken_off}");
    let wrong = Truth::of(&stream).differences(&table.items());
    assert!(wrong.is_empty(), "{wrong:#?}");
    let has_mark = |name: &String| name.starts_with('w');
    assert!(!table.items().iter().any(|item| item.keys().any(has_mark)), "there is no shard to mark");
}
