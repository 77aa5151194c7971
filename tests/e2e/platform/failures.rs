//! Functions that fail in every way a process can.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use e2e::{Client, PATIENCE, wait_until};
use http::StatusCode;
use local::{CrashRecord, Observer};
use serde_json::json;
use tokio::time::Instant;

use super::{TEMPLATE, is_running, probe, probe_with, stats};

/// After `path` has failed with a 500, the next request works.
async fn check(path: &str) {
    let stack = probe().await;
    let client = Client::of(&stack);
    let reply = client.get(path).await;
    assert_eq!(reply.status, StatusCode::INTERNAL_SERVER_ERROR, "{path}");
    assert_eq!(reply.json(), json!({ "message": "Internal Server Error" }), "{path}");
    assert_eq!(client.get("/pid").await.status, StatusCode::OK, "after {path}");
    stack.stop().await;
}

#[tokio::test]
async fn a_panic_is_a_500_and_the_next_request_works() {
    check("/panic").await;
}

#[tokio::test]
async fn an_error_is_a_500_and_the_next_request_works() {
    check("/fail").await;
}

#[tokio::test]
async fn an_exit_is_a_500_and_the_next_request_works() {
    check("/exit").await;
}

#[tokio::test]
async fn an_abort_is_a_500_and_the_next_request_works() {
    check("/abort").await;
}

#[tokio::test]
async fn too_large_a_result_is_a_500_and_the_next_request_works() {
    check("/huge").await;
}

#[tokio::test]
async fn an_overrun_deadline_kills_the_process() {
    let stack = probe().await;
    let client = Client::of(&stack);
    let before = client.get("/pid").await.text().to_owned();
    let begun = Instant::now();
    let reply = client.get("/hang").await;
    assert_eq!(reply.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(begun.elapsed() >= Duration::from_secs(1), "the template allows one second");
    assert!(!is_running(before.parse().unwrap()), "{before} still runs");
    let after = client.get("/pid").await.text().to_owned();
    assert_ne!(before, after, "a fresh process takes over");
    assert_eq!(stats(&stack).timed_out, 1);
    assert_eq!(stats(&stack).pids.len(), 1);
}

#[tokio::test]
async fn no_client_notices_that_an_idle_process_is_killed() {
    let stack = probe().await;
    let client = Client::of(&stack);
    for _ in 0..5 {
        let reply = client.get("/pid").await;
        assert_eq!(reply.status, StatusCode::OK);
        let pid = reply.text().parse().unwrap();
        let pid = rustix::process::Pid::from_raw(pid).unwrap();
        wait_until("it is idle", async || stats(&stack).idle == 1).await;
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
        wait_until("it is gone", async || stats(&stack).pids.is_empty()).await;
    }
    assert_eq!(stats(&stack).crashed, 0);
}

#[tokio::test]
async fn a_process_that_cannot_start_is_a_500() {
    for init in ["exit", "hang"] {
        let stack = probe_with(TEMPLATE, |config, function| {
            config.init_timeout = Duration::from_millis(200);
            function.timeout = Some(Duration::from_millis(500));
            function.env.insert("PROBE_INIT".into(), init.into());
        })
        .await;
        let reply = Client::of(&stack).get("/pid").await;
        assert_eq!(reply.status, StatusCode::INTERNAL_SERVER_ERROR, "{init}");
        assert_eq!(stats(&stack).started, 2, "{init} is tried twice");
        assert!(stats(&stack).pids.is_empty(), "{init}");
    }
}

#[tokio::test]
async fn a_failed_start_is_repeated_once() {
    let directory = tempfile::tempdir().unwrap();
    let marker = directory.path().join("started-once").display().to_string();
    let stack = probe_with(TEMPLATE, |_config, function| {
        function.env.insert("PROBE_INIT".into(), marker);
        function.timeout = Some(PATIENCE);
    })
    .await;
    assert_eq!(Client::of(&stack).get("/pid").await.status, StatusCode::OK);
    assert_eq!(stats(&stack).started, 2);
}

#[tokio::test]
async fn a_missing_program_is_a_500() {
    for launcher in [true, false] {
        let stack = probe_with(TEMPLATE, |config, function| {
            function.program = "/nonexistent/bootstrap".into();
            config.launcher = config.launcher.take().filter(|_| launcher);
        })
        .await;
        let reply = Client::of(&stack).get("/pid").await;
        assert_eq!(reply.status, StatusCode::INTERNAL_SERVER_ERROR, "{launcher}");
    }
}

#[derive(Debug, Default)]
struct Crashes(Mutex<Vec<(String, Vec<String>)>>);

impl Observer for Crashes {
    fn crash(&self, crash: &CrashRecord<'_>) {
        let record = (crash.error.to_owned(), crash.last_lines.to_vec());
        self.0.lock().unwrap().push(record);
    }
}

#[tokio::test]
async fn a_crash_is_reported_with_the_last_lines_of_output() {
    let crashes = Arc::new(Crashes::default());
    let stack = probe_with(TEMPLATE, |config, _function| {
        config.observer = Arc::<Crashes>::clone(&crashes);
    })
    .await;
    Client::of(&stack).get("/exit").await;
    let reports = crashes.0.lock().unwrap().clone();
    let [(error, lines)] = reports.as_slice() else { panic!("{reports:?}") };
    assert!(error.contains("exit status 3"), "{error}");
    assert_eq!(lines, &["about to exit"]);
}

#[tokio::test]
async fn a_result_that_is_not_a_response_is_a_500() {
    let stack = probe().await;
    let client = Client::of(&stack);
    let reply = client.post("/answer", "application/json", r#"{"statusCode":"x"}"#).await;
    assert_eq!(reply.status, StatusCode::INTERNAL_SERVER_ERROR);
    let reply = client.post("/answer", "application/json", r#"{"statusCode":418}"#).await;
    assert_eq!(reply.status, StatusCode::IM_A_TEAPOT);
}
