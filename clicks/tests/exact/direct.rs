//! Messages that come without a stream: what is repeated at once counts once, whatever fails.

use fastrand::Rng;
use serde_json::json;

use crate::{
    function, handle,
    stream::Stream,
    table::{Rule, Table},
    truth::Truth,
};

#[tokio::test(start_paused = true)]
async fn a_message_that_is_repeated_at_once_counts_once() {
    let stream = Stream::new(2);
    let table = Table::new(2, Rule::First, &stream.owners(), false);
    let (mut clicks, mut rng) = (function(&table), Rng::with_seed(2));
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
        // By another process, which remembers nothing but what is in the table.
        if rng.bool() {
            clicks = function(&table);
        }
        handle(&clicks, event.clone()).await.unwrap();
        // What the one that died had sent.
        while table.late_request(0) {}
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
