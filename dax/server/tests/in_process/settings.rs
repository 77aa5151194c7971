//! What a cluster can be told to do that AWS's cannot.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use aws_sdk_dynamodb::error::ProvideErrorMetadata as _;
use dax_server::{ClusterConfig, FaultRule, RequestLog};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{items, key, number, text, through_dax, with_tables};

#[tokio::test]
async fn tables_can_have_lifetimes_of_their_own() {
    let off = HashMap::from([("Links".to_owned(), Duration::ZERO)]);
    let config = ClusterConfig { item_ttls: off.clone(), query_ttls: off, ..with_tables() };
    let cluster = config.start().await.unwrap();
    let dax = through_dax(&cluster).await;
    for _ in 0..3 {
        dax.get_item().table_name("Links").set_key(key("a")).send().await.unwrap();
        dax.get_item().table_name("Visits").set_key(key("a")).key("at", number(1)).send().await.unwrap();
        dax.scan().table_name("Links").send().await.unwrap();
        dax.scan().table_name("Visits").send().await.unwrap();
    }
    let counters = cluster.counters(0).unwrap();
    assert_eq!((counters.item_misses, counters.item_hits), (4, 2), "three times one table, once the other");
    assert_eq!((counters.query_misses, counters.query_hits), (4, 2));
}

#[tokio::test]
async fn tables_that_are_not_listed_are_refused() {
    let cluster = ClusterConfig { tables: vec!["Links".into()], ..with_tables() }.start().await.unwrap();
    let dax = through_dax(&cluster).await;
    dax.get_item().table_name("Links").set_key(key("a")).send().await.unwrap();
    let refused = dax.scan().table_name("Visits").send().await.unwrap_err();
    assert_eq!(refused.code(), Some("AccessDeniedException"));
    let refused = dax.put_item().table_name("Visits").item("id", text("a")).item("at", number(1)).send().await;
    assert_eq!(refused.unwrap_err().code(), Some("AccessDeniedException"));
}

/// Status and body of `GET /health`.
async fn health(url: &str) -> (u16, Value) {
    let mut stream = TcpStream::connect(url.replace("http://", "")).await.unwrap();
    stream.write_all(b"GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    let (head, body) = response.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), serde_json::from_str(body).unwrap())
}

#[tokio::test]
async fn health_tells_whether_requests_would_be_answered() {
    let cluster = with_tables().start().await.unwrap();
    let url = cluster.control_url().unwrap();
    assert_eq!(health(&url).await, (200, json!({ "status": "ready" })));
    cluster.stop_node(0).await.unwrap();
    assert_eq!(health(&url).await.0, 503);
    cluster.start_node(0).await.unwrap();
    assert_eq!(health(&url).await.0, 200);

    let tables = vec!["Links".into(), "Missing".into()];
    let lacking = ClusterConfig { tables, ..with_tables() }.start().await.unwrap();
    let (status, body) = health(&lacking.control_url().unwrap()).await;
    assert_eq!(status, 503);
    assert!(body["error"].as_str().unwrap().contains("table Missing"), "{body}");

    let backend = Some(dax_server::Backend::local("http://127.0.0.1:1"));
    let alone = ClusterConfig { backend, ..ClusterConfig::default() }.start().await.unwrap();
    assert_eq!(health(&alone.control_url().unwrap()).await.0, 503);
}

#[tokio::test]
async fn each_request_is_logged_without_keys_and_values() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&lines);
    let log = RequestLog::new(move |record| kept.lock().unwrap().push(record.to_string()));
    let cluster = ClusterConfig { request_log: Some(log), ..with_tables() }.start().await.unwrap();
    let dax = through_dax(&cluster).await;
    for _ in 0..2 {
        dax.get_item().table_name("Links").set_key(key("secret")).send().await.unwrap();
    }
    let put = dax.put_item().table_name("Links").item("id", text("secret"));
    put.condition_expression("attribute_exists(secret)").send().await.unwrap_err();
    cluster.add_fault(FaultRule::close()).unwrap();
    dax.scan().table_name("Visits").send().await.unwrap_err();

    let lines = lines.lock().unwrap();
    let find = |start: &str, end: &str| {
        let found = lines.iter().any(|line| {
            let (time, rest) = line.split_once(' ').unwrap();
            time.starts_with("time=20") && time.ends_with('Z') && rest.starts_with(start) && rest.ends_with(end)
        });
        assert!(found, "{start} … {end}: {lines:#?}");
    };
    find("node=0 operation=GetItem tables=Links cache=miss ms=", "");
    find("node=0 operation=GetItem tables=Links cache=hit ms=", "");
    find("node=0 operation=PutItem tables=Links cache=- ms=", " error=ConditionalCheckFailedException");
    find("node=0 operation=Scan tables=Visits cache=- ms=", " error=closed");
    assert!(!lines.join("\n").contains("secret"), "{lines:#?}");
}

#[tokio::test]
async fn a_directory_keeps_the_tables() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("new");
    let config = || ClusterConfig { persist: Some(path.clone()), ..with_tables() };
    let cluster = config().start().await.unwrap();
    let dax = through_dax(&cluster).await;
    dax.put_item().table_name("Links").item("id", text("a")).send().await.unwrap();
    let second = format!("{:#}", config().start().await.unwrap_err());
    let expected = format!("cannot keep tables in {}: another dax-server uses this directory", path.display());
    assert_eq!(second, expected, "two at a time");
    cluster.stop().await;
    let cluster = config().start().await.unwrap();
    let found = cluster.dynamodb().get_item().table_name("Links").set_key(key("a")).send().await.unwrap();
    assert!(found.item.is_some());
    use std::os::unix::fs::PermissionsExt as _;
    for file in std::fs::read_dir(&path).unwrap() {
        assert_eq!(file.unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[tokio::test]
async fn items_are_put_into_tables_that_have_none() {
    let directory = tempfile::tempdir().unwrap();
    let link = |id: &str, url: &str| json!({ "id": { "S": id }, "url": { "S": url } });
    let visit = |id: &str| json!({ "id": { "S": id }, "at": { "N": "1" } });
    let start = async |put_items| {
        let persist = Some(directory.path().to_owned());
        ClusterConfig { persist, put_items, ..with_tables() }.start().await.unwrap()
    };
    // Two files for one table: both are put.
    let cluster = start(vec![items("Links", [link("a", "first")]), items("Links", [link("b", "first")])]).await;
    assert!(cluster.tables_left_alone().is_empty());
    let dax = through_dax(&cluster).await;
    dax.put_item().table_name("Links").item("id", text("a")).item("url", text("changed")).send().await.unwrap();
    dax.delete_item().table_name("Links").set_key(key("b")).send().await.unwrap();
    cluster.stop().await;

    let again = vec![items("Links", [link("a", "first"), link("b", "first")]), items("Visits", [visit("a")])];
    let cluster = start(again).await;
    assert_eq!(cluster.tables_left_alone(), ["Links"]);
    let found = cluster.dynamodb().scan().table_name("Links").send().await.unwrap();
    assert_eq!((found.count(), &found.items()[0]["url"]), (1, &text("changed")), "what was changed stays");
    assert_eq!(cluster.dynamodb().scan().table_name("Visits").send().await.unwrap().count(), 1, "it was empty");
}
