//! Requests that are too large, and clients that are too slow.

use e2e::Client;
use http::StatusCode;
use serde_json::json;

use super::{TEMPLATE, probe, probe_with, stats};

#[tokio::test]
async fn a_head_of_more_than_10240_bytes_is_refused() {
    let stack = probe().await;
    let client = Client::of(&stack);
    let value = |bytes: usize| "x".repeat(bytes);
    // The request line `GET /pid HTTP/1.1` counts 17 bytes, the host 9.
    for (bytes, status) in [(10_240 - 26, 200), (10_241 - 26, 431), (30_000, 431)] {
        let reply = client.call("GET", "/pid", &[("host", "localhost"), ("x-filler", &value(bytes))], "").await;
        assert_eq!(reply.status.as_u16(), status, "{bytes}");
        if status == 431 {
            assert_eq!(reply.json(), json!({ "message": "Request Header Fields Too Large" }));
        }
    }
    let path = format!("/pid?{}", value(11_000));
    assert_eq!(client.get(&path).await.status.as_u16(), 431);
    // More than the gateway reads at all: it closes the connection.
    let reply = client.raw(format!("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", value(200_000)).as_bytes()).await;
    assert!(reply.starts_with("HTTP/1.1 431 "), "{reply}");
}

#[tokio::test]
async fn a_body_beyond_lambdas_limit_is_refused() {
    let stack = probe().await;
    let client = Client::of(&stack);
    let too_large = json!({ "message": "Request Entity Too Large" });
    // In base64, 5 MiB are 6.7 MiB.
    for (content_type, bytes, status) in [
        ("text/plain", 5 * 1024 * 1024, 200),
        ("text/plain", 6 * 1024 * 1024, 413),
        ("application/octet-stream", 4 * 1024 * 1024, 200),
        ("application/octet-stream", 5 * 1024 * 1024, 413),
        ("text/plain", 11 * 1024 * 1024, 413),
    ] {
        let reply = client.post("/pid", content_type, vec![b'x'; bytes]).await;
        assert_eq!(reply.status.as_u16(), status, "{content_type} {bytes}");
        if status == 413 {
            assert_eq!(reply.json(), too_large);
        }
    }
    assert_eq!(stats(&stack).started, 1);
}

#[tokio::test]
async fn a_declared_length_beyond_10_mb_is_refused_before_the_body() {
    let stack = probe().await;
    let request = "POST /pid HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 99999999\r\n\r\n";
    let reply = Client::of(&stack).raw(request.as_bytes()).await;
    assert!(reply.starts_with("HTTP/1.1 413 "), "{reply}");
}

#[tokio::test]
async fn an_integration_that_takes_too_long_is_unavailable() {
    let template = TEMPLATE.replace("PayloadFormat", "TimeoutInMillis: 100, PayloadFormat");
    let stack = probe_with(&template, |_config, _function| {}).await;
    let client = Client::of(&stack);
    let reply = client.get("/slow").await;
    assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(reply.json(), json!({ "message": "Service Unavailable" }));
    // The function continues and is not killed: its own limit is longer.
    e2e::wait_until("it has finished", async || stats(&stack).idle == 1).await;
    assert_eq!(stats(&stack).started, 1);
}

#[tokio::test]
async fn what_is_not_http_is_refused() {
    let stack = probe().await;
    let client = Client::of(&stack);
    for bytes in [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".as_slice(),
        b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"G\0T / HTTP/1.1\r\n\r\n",
    ] {
        let reply = client.raw(bytes).await;
        assert!(reply.is_empty() || reply.starts_with("HTTP/1.1 400 "), "{reply}");
    }
    assert_eq!(client.get("/pid").await.status, StatusCode::OK);
}
