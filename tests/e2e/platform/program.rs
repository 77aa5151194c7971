//! The `local` program as a user starts and stops it.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use e2e::{Client, PATIENCE, programs, wait_until};
use http::StatusCode;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::is_running;

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(&programs().local);
    command
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// A running program and its readiness line.
pub(crate) struct Running {
    child: Child,
    pub(crate) ready: Value,
}

impl Running {
    /// Starts with `--json`, free ports and further arguments.
    pub(crate) async fn start(arguments: &[&str]) -> Self {
        let free = ["--json", "--port=0", "--dynamodb-port=0", "--lambda-port=0", "--dax-port=0"];
        let mut child = command(&[&free, arguments].concat()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        timeout(PATIENCE, stdout.read_line(&mut line)).await.expect("it gets ready").unwrap();
        child.stdout = Some(stdout.into_inner());
        let ready = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
        Self { child, ready }
    }

    pub(crate) fn client(&self) -> Client {
        Client::at(self.ready["url"].as_str().unwrap())
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id().unwrap()).unwrap()).unwrap()
    }

    /// Sends a signal and returns the exit code, if the process exits on its own.
    pub(crate) async fn stop(&mut self, signal: Signal) -> Option<i32> {
        kill_process(self.pid(), signal).unwrap();
        timeout(PATIENCE, self.child.wait()).await.expect("it stops").unwrap().code()
    }

    /// The program and its children.
    pub(crate) fn processes(&self) -> Vec<u32> {
        [vec![self.child.id().unwrap()], self.children()].concat()
    }

    /// Children of the program: function processes.
    pub(crate) fn children(&self) -> Vec<u32> {
        let parent = self.child.id().unwrap().to_string();
        let processes = std::fs::read_dir("/proc").unwrap().flatten();
        processes
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .filter(|pid: &u32| {
                let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
                let fields = stat.rsplit(')').next().unwrap_or_default();
                fields.split_whitespace().nth(1) == Some(&parent)
            })
            .collect()
    }
}

#[tokio::test]
async fn readiness_is_one_line_of_json_and_nothing_else() {
    let mut program = Running::start(&[]).await;
    let ready = program.ready.clone();
    assert_eq!(ready["table"], "links");
    assert_eq!(ready["api_key"], Value::Null);
    assert!(ready["dax"].is_array());
    for (name, prefix) in
        [("url", "http://localhost:"), ("dynamodb", "http://127.0.0.1:"), ("lambda", "http://127.0.0.1:")]
    {
        assert!(ready[name].as_str().unwrap().starts_with(prefix), "{name}: {ready}");
    }
    assert_eq!(program.client().get("/nothing-here").await.status, StatusCode::NOT_FOUND);
    assert_eq!(program.stop(Signal::INT).await, Some(0));
    let mut rest = String::new();
    program.child.stdout.take().unwrap().read_to_string(&mut rest).await.unwrap();
    assert_eq!(rest, "");
}

#[tokio::test]
async fn the_key_is_printed_and_kept_with_the_data() {
    let directory = tempfile::tempdir().unwrap();
    let data = format!("--data-dir={}", directory.path().display());
    let mut keys = Vec::new();
    for _ in 0..2 {
        let mut program = Running::start(&["--auth=api-key", &data]).await;
        let key = program.ready["api_key"].as_str().expect("a key").to_owned();
        let client = program.client();
        let bearer = format!("Bearer {key}");
        let headers = [("content-type", "text/plain"), ("authorization", &*bearer)];
        let reply = client.call("POST", "/", &headers, "https://example.com").await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
        let reply = client.post("/", "text/plain", "https://example.com").await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
        assert_eq!(program.stop(Signal::INT).await, Some(0));
        keys.push(key);
    }
    assert_eq!(keys[0], keys[1]);
    let mut program = Running::start(&["--auth=api-key"]).await;
    assert_ne!(program.ready["api_key"], keys[0]);
    assert_eq!(program.stop(Signal::INT).await, Some(0));
}

#[tokio::test]
async fn both_stop_signals_end_it_without_an_orphan() {
    for signal in [Signal::INT, Signal::TERM] {
        let mut program = Running::start(&[]).await;
        program.client().get("/some-slug").await;
        let children = program.children();
        assert!(!children.is_empty());
        assert_eq!(program.stop(signal).await, Some(0), "{signal:?}");
        assert!(!children.into_iter().any(is_running), "{signal:?}");
    }
}

#[tokio::test]
async fn a_kill_leaves_no_child() {
    let mut program = Running::start(&[]).await;
    program.client().get("/some-slug").await;
    let children = program.children();
    assert!(!children.is_empty());
    assert_eq!(program.stop(Signal::KILL).await, None);
    wait_until("the children are gone", async || !children.iter().any(|pid| is_running(*pid))).await;
}

#[tokio::test]
async fn a_taken_port_is_explained_with_the_option_that_helps() {
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let number = taken.local_addr().unwrap().port().to_string();
    for option in ["--port", "--dynamodb-port", "--lambda-port"] {
        let mut arguments = vec!["--json"];
        for other in ["--port", "--dynamodb-port", "--lambda-port"] {
            arguments.extend([other, if other == option { &number } else { "0" }]);
        }
        let output = timeout(PATIENCE, command(&arguments).output()).await.unwrap().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{error}");
        let hint = format!("port {number} is not free; choose another with {option} N");
        assert!(error.contains(&hint), "{error}");
        assert_eq!(String::from_utf8(output.stdout).unwrap(), "");
    }
}

#[tokio::test]
async fn a_data_directory_keeps_the_table_and_the_secret() {
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("created");
    let argument = format!("--data-dir={}", directory.display());
    let put = r#"{"TableName":"links","Item":{"id":{"S":"kept"},"target":{"S":"https://a.example/"}}}"#;
    let call = async |program: &Running, operation: &str, body: &'static str| {
        let headers = [
            ("content-type", "application/x-amz-json-1.0"),
            ("x-amz-target", operation),
            ("x-amz-date", "20260101T000000Z"),
            (
                "authorization",
                "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=b",
            ),
        ];
        let dynamodb = Client::at(program.ready["dynamodb"].as_str().unwrap());
        dynamodb.call("POST", "/", &headers, body).await
    };

    let mut program = Running::start(&[&argument]).await;
    let reply = call(&program, "DynamoDB_20120810.PutItem", put).await;
    assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
    let secret = std::fs::read(directory.join("slug-secret")).unwrap();
    assert_eq!(program.stop(Signal::TERM).await, Some(0));

    let mut program = Running::start(&[&argument]).await;
    let get = r#"{"TableName":"links","Key":{"id":{"S":"kept"}}}"#;
    let reply = call(&program, "DynamoDB_20120810.GetItem", get).await;
    assert_eq!(reply.json()["Item"]["target"]["S"], "https://a.example/");
    assert_eq!(std::fs::read(directory.join("slug-secret")).unwrap(), secret);
    assert_eq!(program.stop(Signal::TERM).await, Some(0));
    assert_private(&directory.join("slug-secret"));
}

fn assert_private(file: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o077, 0);
}

#[tokio::test]
async fn the_banner_has_a_line_to_copy_and_requests_are_shown() {
    let arguments = ["--port=0", "--dynamodb-port=0", "--lambda-port=0"];
    let mut child = command(&arguments).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = async || timeout(PATIENCE, lines.next_line()).await.unwrap().unwrap().unwrap();
    let url = loop {
        let line = next().await;
        if let Some(url) = line.trim().strip_prefix("curl -d 'https://www.amazon.com' ") {
            break url.to_owned();
        }
        assert!(!line.contains('\u{1b}'), "no colours in a pipe: {line:?}");
    };
    Client::at(&url).get("/nothing-here?secret=1").await;
    let line = loop {
        let line = next().await;
        if line.starts_with("GET") {
            break line;
        }
    };
    assert!(line.contains("404") && line.contains("µs /nothing-here") && line.ends_with("cold start"), "{line}");
    assert!(!line.contains("secret"), "{line}");
    tokio::time::sleep(Duration::ZERO).await;
    child.kill().await.unwrap();
}
