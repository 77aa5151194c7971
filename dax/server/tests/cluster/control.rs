//! The control endpoint.

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{desk::Desk, peer::Refusal};

/// Status and body.
async fn request(desk: &Desk, method: &str, path: &str, body: &Value, header: &str) -> (u16, Value) {
    let url = desk.cluster.control_url().unwrap();
    let mut stream = TcpStream::connect(url.strip_prefix("http://").unwrap()).await.unwrap();
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{header}content-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    let (head, body) = response.split_once("\r\n\r\n").unwrap();
    (head[9..12].parse().unwrap(), serde_json::from_str(body).unwrap())
}

async fn send(desk: &Desk, method: &str, path: &str, body: Value) -> (u16, Value) {
    request(desk, method, path, &body, "").await
}

#[tokio::test]
async fn the_cluster_is_steered_over_http() {
    let desk = Desk::new(|config| config.nodes = 2).await;
    let mut peer = desk.peer(0).await;
    peer.put("a", "1").await.unwrap();

    let rule =
        json!({ "operation": "GetItem", "times": 1, "action": { "type": "error", "code": "InternalServerError" } });
    let (status, added) = send(&desk, "POST", "/faults", rule).await;
    assert_eq!((status, &added["id"]), (201, &json!(1)));
    let (_, listed) = send(&desk, "GET", "/faults", Value::Null).await;
    assert_eq!(listed[0]["action"]["code"], "InternalServerError");
    assert_eq!(peer.get("a").await, Err(Refusal::Codes(vec![4, 37, 38, 39, 47])));

    let (status, _) = send(&desk, "POST", "/nodes/1/lead", Value::Null).await;
    assert_eq!((status, desk.cluster.leader()), (200, 1));
    let (_, _) = send(&desk, "POST", "/nodes/0/stop", Value::Null).await;
    let (_, found) = send(&desk, "GET", "/status", Value::Null).await;
    let node = |index: usize| &found["nodes"][index];
    assert_eq!((&node(0)["running"], &node(1)["role"]), (&json!(false), &json!("leader")));
    assert_eq!(node(0)["counters"]["requests"]["PutItem"], 1);
    assert!(node(0)["counters"]["itemHits"].is_u64() && node(0)["cachedItems"].is_u64(), "one style: {found}");
    send(&desk, "POST", "/nodes/0/start", Value::Null).await;
    assert_eq!(desk.peer(0).await.get("a").await, Ok(Some("1".into())));

    let (status, _) = send(&desk, "PUT", "/replication-delay", json!({ "milliseconds": 70 })).await;
    let (_, found) = send(&desk, "GET", "/", Value::Null).await;
    assert_eq!((status, &found["replicationDelayMilliseconds"]), (200, &json!(70)));
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let desk = Desk::new(|_| {}).await;
    for (method, path, body, expected) in [
        ("GET", "/nothing", Value::Null, 404),
        ("POST", "/faults", json!({ "action": { "type": "explode" } }), 400),
        ("POST", "/faults", json!({ "action": { "type": "close" }, "operation": "put" }), 400),
        ("POST", "/faults", json!({ "action": { "type": "error", "code": "Nonsense" } }), 400),
        ("POST", "/faults", json!({ "action": { "type": "close" }, "node": 9 }), 400),
        ("POST", "/faults", json!({ "action": { "type": "close" }, "probability": 2 }), 400),
        ("DELETE", "/faults/7", Value::Null, 404),
        ("POST", "/nodes/9/stop", Value::Null, 400),
        ("POST", "/nodes/0/dance", Value::Null, 400),
        ("PUT", "/replication-delay", json!({}), 400),
        ("POST", "/faults", json!("x".repeat(100_000)), 413),
    ] {
        let (status, answer) = send(&desk, method, path, body).await;
        assert_eq!(status, expected, "{method} {path}: {answer}");
        assert!(answer["error"].is_string());
    }
    let (status, _) = request(&desk, "POST", "/caches/clear", &Value::Null, "origin: http://evil.example\r\n").await;
    assert_eq!(status, 403, "a web page asked");
}
