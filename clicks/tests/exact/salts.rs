//! The salts of visitors' codes.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};

use crate::{
    function, handle,
    stream::Stream,
    table::{Rule, Table},
};

#[tokio::test(start_paused = true)]
async fn the_salts_of_today_and_tomorrow_are_there_and_old_ones_are_not() {
    let stream = Stream::new(1);
    let table = Table::new(1, Rule::First, &stream.owners(), false);
    // It is the 27th.
    for day in 20..=26 {
        let day = format!("2026-11-{day}");
        table.put(&json!({ "of": { "S": "!salt" }, "day": { "S": day }, "salt": { "B": STANDARD.encode([7; 16]) } }));
    }
    let shard = &stream.shards[1];
    for records in [0..1, 1..2] {
        // The second time with a process that knows nothing.
        handle(&function(&table), shard.event(&shard.records[records])).await.unwrap();
    }
    let items = table.items();
    let mut salts: Vec<_> = items.iter().filter(|item| item["of"]["S"] == "!salt").collect();
    salts.sort_by_key(|item| item["day"]["S"].as_str().unwrap());
    let days: Vec<_> = salts.iter().map(|item| item["day"]["S"].as_str().unwrap()).collect();
    assert_eq!(days, ["2026-11-26", "2026-11-27", "2026-11-28"]);
    let salt = |item: &Map<String, Value>| STANDARD.decode(item["salt"]["B"].as_str().unwrap()).unwrap();
    assert!(salts.iter().all(|item| salt(item).len() == 16));
    assert_ne!(salt(salts[1]), salt(salts[2]));
    // The table removes it if nobody else does: 2026-11-30T00:00:00Z.
    assert_eq!(salts[1]["ttl"]["N"], "1795996800");
}
