//! Environments: how many, which one, for how long.

use std::collections::BTreeSet;
use std::time::Duration;

use e2e::{Client, wait_until};
use http::StatusCode;
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::{TEMPLATE, is_running, probe, probe_with, stats};

#[tokio::test]
async fn one_process_serves_requests_one_after_another() {
    let stack = probe().await;
    let client = Client::of(&stack);
    let first = client.get("/pid").await.text().to_owned();
    for _ in 0..20 {
        wait_until("it is idle", async || stats(&stack).idle == 1).await;
        assert_eq!(client.get("/pid").await.text(), first);
    }
    assert_eq!(stats(&stack).started, 1);
}

#[tokio::test]
async fn a_caller_faster_than_the_process_does_not_start_another() {
    let stack = probe_with(TEMPLATE, |_config, function| function.concurrency = 50).await;
    let client = Client::of(&stack);
    for _ in 0..50 {
        assert_eq!(client.get("/pid").await.status, StatusCode::OK);
    }
    // One, unless the machine is so busy that a process gets no CPU time for many milliseconds.
    assert!(stats(&stack).started < 5, "{:?}", stats(&stack));
}

#[tokio::test]
async fn a_process_never_has_two_invocations_at_a_time() {
    let stack = probe().await;
    let client = Client::of(&stack);
    let mut requests = JoinSet::new();
    let begun = Instant::now();
    for _ in 0..4 {
        requests.spawn(async move { client.get("/slow").await });
    }
    let mut pids = BTreeSet::new();
    while let Some(reply) = requests.join_next().await {
        pids.insert(reply.unwrap().text().to_owned());
    }
    // Four sleeps of 300 ms side by side need four processes.
    assert_eq!(pids.len(), 4, "{pids:?} in {:?}", begun.elapsed());
    assert_eq!(stats(&stack).started, 4);
}

#[tokio::test]
async fn at_the_limit_requests_wait_and_beyond_the_queue_they_are_throttled() {
    let stack = probe_with(TEMPLATE, |_config, function| {
        function.concurrency = 1;
        function.queue = 1;
    })
    .await;
    let client = Client::of(&stack);
    let mut requests = JoinSet::new();
    for _ in 0..3 {
        requests.spawn(async move { client.get("/slow").await });
    }
    let mut statuses = Vec::new();
    while let Some(reply) = requests.join_next().await {
        let reply = reply.unwrap();
        if reply.status != StatusCode::OK {
            assert_eq!(reply.json(), json!({ "message": "Service Unavailable" }));
        }
        statuses.push(reply.status.as_u16());
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 503]);
    assert_eq!(stats(&stack).started, 1);
}

#[tokio::test]
async fn the_invoke_api_reports_throttling() {
    let stack = probe_with(TEMPLATE, |_config, function| {
        function.concurrency = 1;
        function.queue = 0;
    })
    .await;
    let client = Client::at(&stack.lambda_endpoint());
    let path = "/2015-03-31/functions/probe/invocations";
    let slow = r#"{"do":"/slow"}"#;
    let (first, second) =
        tokio::join!(client.post(path, "application/json", slow), client.post(path, "application/json", slow),);
    let mut statuses = [first.status.as_u16(), second.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 429]);
    let throttled = [first, second].into_iter().find(|reply| reply.status == 429).unwrap();
    assert_eq!(throttled.header("x-amzn-errortype"), Some("TooManyRequestsException"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_clients_that_hang_up_leave_the_pool_whole() {
    let stack = probe().await;
    let client = Client::of(&stack);
    let mut hung_up = JoinSet::new();
    for number in 0..1_000 {
        // Some in the middle of the head, some in the middle of the body, most during the invocation.
        let request = match number % 4 {
            0 => "GET /pid HTTP/1.1\r\nHost: localhost\r\n",
            1 => "POST /pid HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf",
            _ => "GET /pid HTTP/1.1\r\nHost: localhost\r\n\r\n",
        };
        hung_up.spawn(async move { drop(client.connect(request.as_bytes()).await) });
        if hung_up.len() >= 100 {
            hung_up.join_next().await.unwrap().unwrap();
        }
    }
    while hung_up.join_next().await.is_some() {}
    // As many concurrent requests as there are environments, and all get a response.
    let mut requests = JoinSet::new();
    for _ in 0..4 {
        requests.spawn(async move { client.get("/slow").await.status });
    }
    while let Some(status) = requests.join_next().await {
        assert_eq!(status.unwrap(), StatusCode::OK);
    }
    wait_until("every environment is idle", async || {
        let stats = stats(&stack);
        stats.idle == stats.pids.len()
    })
    .await;
    let stats = stats(&stack);
    assert_eq!((stats.started, stats.crashed, stats.timed_out), (stats.pids.len() as u64, 0, 0));
    stack.stop().await;
}

#[tokio::test]
async fn an_idle_environment_expires() {
    let stack = probe_with(TEMPLATE, |_config, function| {
        function.idle_expiry = Duration::from_millis(100);
    })
    .await;
    let client = Client::of(&stack);
    let pid = client.get("/pid").await.text().parse().unwrap();
    wait_until("it is gone", async || stats(&stack).pids.is_empty()).await;
    assert!(!is_running(pid));
    assert_eq!(client.get("/pid").await.status, StatusCode::OK);
    assert_eq!(stats(&stack).started, 2);
}

#[tokio::test]
async fn a_frozen_environment_gets_no_cpu_and_thaws() {
    let stack = probe_with(TEMPLATE, |_config, function| function.freeze = true).await;
    let client = Client::of(&stack);
    client.get("/tick").await;
    let pid = stats(&stack).pids[0];
    let state = || {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        stat.rsplit(')').next().unwrap().trim_start().chars().next().unwrap()
    };
    for _ in 0..3 {
        wait_until("it is stopped", async || state() == 'T').await;
        assert_eq!(client.get("/pid").await.text(), pid.to_string());
    }
    stack.stop().await;
    assert!(!is_running(pid));
}

#[tokio::test]
async fn stopping_ends_every_process_busy_or_idle() {
    let stack = probe_with(TEMPLATE, |_config, function| {
        function.timeout = Some(Duration::from_secs(60));
    })
    .await;
    let client = Client::of(&stack);
    let child = client.get("/child").await.text().parse().unwrap();
    let _busy = client.connect(b"GET /hang HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    let _busy_too = client.connect(b"GET /hang HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    wait_until("two are busy", async || {
        let stats = stats(&stack);
        stats.pids.len() == 2 && stats.idle == 0
    })
    .await;
    let pids = stats(&stack).pids;
    stack.stop().await;
    assert!(!pids.into_iter().any(is_running));
    wait_until("the grandchild is gone", async || !is_running(child)).await;
}

#[tokio::test]
async fn dropping_ends_every_process() {
    let stack = probe().await;
    let pid = Client::of(&stack).get("/pid").await.text().parse().unwrap();
    drop(stack);
    wait_until("it is gone", async || !is_running(pid)).await;
}
