//! What a client learns when something is wrong here, and what it does not. That every refusal has the one format is
//! checked wherever a [`Caller`](super::caller::Caller) is refused.

use local::Config;
use serde_json::json;

use super::caller::{TEXT, refused, wish};
use crate::shortener::redirect::site::{in_both_modes, in_both_modes_with, text};

/// A table that nothing answers for.
fn without_table(config: &mut Config) {
    let writer = config.functions.get_mut("Writer").expect("a writer");
    writer.env.insert("AWS_ENDPOINT_URL_DYNAMODB".to_owned(), "http://127.0.0.1:9".to_owned());
}

#[tokio::test]
async fn a_store_that_is_gone_is_told_and_explained_in_the_log() {
    in_both_modes_with(without_table, async |site| {
        let caller = site.anyone();
        if let Some(cluster) = site.stack.dax() {
            cluster.stop_node(0).await.expect("a node");
        }
        for reply in [
            caller.post("/", TEXT, "https://example.com").await,
            caller.create(&wish("launch", &json!({}))).await,
            caller.read("launch").await,
            caller.patch("launch", &json!({ "note": "n" })).await,
            caller.delete("launch").await,
            caller.restore("launch").await,
            caller.get("/api/v1/links").await,
            caller.get("/api/v1/links/launch/qr").await,
        ] {
            refused(&reply, 503, "unavailable", "no store");
            assert_eq!(reply.header("retry-after"), Some("1"));
            let told = reply.text();
            for inside in ["127.0.0.1", site.stack.table(), "onnect", "rror\""] {
                assert!(!told.contains(inside), "{inside} in {told}");
            }
            // The whole chain of causes is in the log under the same name.
            let request_id = reply.json()["request_id"].clone();
            let line = site.logged_where(|line| line["request_id"] == request_id && line["level"] == "error").await;
            assert!(line["error"].as_str().is_some_and(|error| error.contains(": ")), "{line}");
            let line = site.logged_where(|line| line["request_id"] == request_id && line["level"] == "info").await;
            assert_eq!((&line["status"], &line["outcome"]), (&json!(503), &json!("unavailable")));
        }
        assert_eq!(caller.get("/api/v1/openapi.json").await.status, 200, "it asks nobody");
    })
    .await;
}

#[tokio::test]
async fn a_damaged_item_is_nobodys_link() {
    in_both_modes(async |site| {
        let caller = site.anyone();
        site.put("strange", &[("state", text("sleeping"))]);
        site.put("broken", &[("target", json!({ "N": "1" }))]);
        for slug in ["strange", "broken"] {
            for reply in
                [caller.read(slug).await, caller.patch(slug, &json!({ "note": "n" })).await, caller.delete(slug).await]
            {
                refused(&reply, 500, "malformed-link", slug);
                assert_eq!(reply.json()["slug"], slug);
            }
            let reply = caller.create(&wish(slug, &json!({}))).await;
            refused(&reply, 409, "slug-taken", slug);
        }
    })
    .await;
}

#[tokio::test]
async fn each_request_has_its_name() {
    in_both_modes(async |site| {
        let caller = site.anyone();
        let mut names = Vec::new();
        for _ in 0..3 {
            let reply = caller.post("/", TEXT, "nonsense").await;
            let problem = reply.json();
            let name = problem["request_id"].as_str().expect("a name").to_owned();
            let line = site.logged_where(|line| line["request_id"] == name.as_str()).await;
            assert_eq!(line["outcome"], "invalid-url");
            // Neither of them repeats what was sent.
            assert!(!format!("{problem}{line}").contains("nonsense"), "{problem} {line}");
            names.push(name);
        }
        names.dedup();
        assert_eq!(names.len(), 3, "{names:?}");
    })
    .await;
}
