//! Many who change one link.

use std::collections::BTreeMap;

use serde_json::json;
use tokio::task::JoinSet;

use crate::shortener::{
    api::caller::{Caller, wish},
    get_item,
    redirect::site::in_both_modes,
};

const EDITORS: u64 = 8;
const CHANGES: u64 = 5;

/// Repeats each change until it succeeds, as a client does when asked to retry. Returns version and note.
async fn edit(caller: Caller, editor: u64) -> Vec<(u64, String)> {
    let mut made = Vec::new();
    for number in 0..CHANGES {
        let note = format!("{editor}.{number}");
        let tag = format!("t{editor}");
        loop {
            let patch = json!({ "note": note, "tags": [tag] });
            let reply = caller.patch("launch", &patch).await;
            if reply.status == 503 {
                assert_eq!(reply.header("retry-after"), Some("1"), "{}", reply.text());
                continue;
            }
            assert_eq!(reply.status, 200, "{}", reply.text());
            let link = reply.json();
            assert_eq!((&link["note"], &link["tags"]), (&json!(note), &json!([tag])));
            made.push((link["version"].as_u64().expect("a version"), note));
            break;
        }
    }
    made
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_change_is_lost() {
    in_both_modes(async |site| {
        let caller = site.anyone();
        caller.make(&wish("launch", &json!({}))).await;
        let mut editors = JoinSet::new();
        for editor in 0..EDITORS {
            editors.spawn(edit(caller.clone(), editor));
        }
        let mut versions = BTreeMap::new();
        for (version, note) in editors.join_all().await.concat() {
            let before = versions.insert(version, note.clone());
            assert_eq!(before, None, "version {version} is also {note}");
        }
        // Every change has a version, and every version is a change.
        let expected: Vec<_> = (2..=EDITORS * CHANGES + 1).collect();
        assert_eq!(versions.keys().copied().collect::<Vec<_>>(), expected);
        let (last, note) = versions.last_key_value().expect("changes");
        let item = get_item(&site.stack, "launch");
        assert_eq!(item["version"]["N"], last.to_string());
        assert_eq!(item["note"]["S"], *note);
        let tag = format!("t{}", note.split('.').next().expect("an editor"));
        assert_eq!(caller.read("launch").await.json()["tags"], json!([tag]));
    })
    .await;
}

/// Adds one to the number in the note, over the version in which it was read.
async fn count(caller: Caller) {
    for _ in 0..CHANGES {
        loop {
            let read = caller.read("launch").await;
            let tag = read.header("etag").expect("a tag").to_owned();
            let link = read.json();
            let number: u64 = link["note"].as_str().expect("a note").parse().expect("a number");
            let patch = json!({ "note": (number + 1).to_string() });
            let reply = caller.patch_if("launch", &patch, &[("if-match", &tag)]).await;
            match reply.status.as_u16() {
                200 => break,
                412 => {}
                status => panic!("{status} {}", reply.text()),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_that_depend_on_the_version_count() {
    in_both_modes(async |site| {
        let caller = site.anyone();
        caller.make(&wish("launch", &json!({ "note": "0" }))).await;
        let mut counters = JoinSet::new();
        for _ in 0..4 {
            counters.spawn(count(caller.clone()));
        }
        counters.join_all().await;
        let link = caller.read("launch").await.json();
        assert_eq!(link["note"], (4 * CHANGES).to_string());
        assert_eq!(link["version"], 4 * CHANGES + 1);
    })
    .await;
}
