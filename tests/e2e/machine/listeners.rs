//! Every listening socket of a running stack, and what web pages get from it: nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};

use e2e::{Client, wait_until};
use http::StatusCode;
use serde_json::Value;

use super::attack;
use crate::platform::program::Running;

const LINK: &str = r#"{"url":"https://example.com/mine","slug":"mine"}"#;

/// The listening sockets of these processes, as the kernel knows them.
fn listening(processes: &[u32]) -> BTreeSet<SocketAddr> {
    let mut inodes = BTreeSet::new();
    for pid in processes {
        let descriptors = std::fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
        let targets = descriptors.filter_map(|entry| std::fs::read_link(entry.path()).ok());
        inodes.extend(
            targets.filter_map(|target| Some(target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned())),
        );
    }
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let mut found: BTreeSet<_> = table.lines().skip(1).filter_map(|line| listener(line, &inodes)).collect();
    let table = std::fs::read_to_string("/proc/net/tcp6").unwrap_or_default();
    let is_ours = |line: &str| line.split_whitespace().nth(9).is_some_and(|inode| inodes.contains(inode));
    let open = table.lines().skip(1).filter(|line| is_ours(line) && line.split_whitespace().nth(3) == Some("0A"));
    assert_eq!(open.count(), 0, "all of it listens on IPv4");
    found.retain(|address| address.port() != 0);
    found
}

/// The address in a line of `/proc/net/tcp`, if it is a listener with one of these inodes.
fn listener(line: &str, inodes: &BTreeSet<String>) -> Option<SocketAddr> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let (address, port) = fields[1].split_once(':')?;
    let is_listening = fields[3] == "0A" && inodes.contains(fields[9]);
    let address = u32::from_str_radix(address, 16).ok()?.to_ne_bytes();
    let port = u16::from_str_radix(port, 16).ok()?;
    is_listening.then(|| SocketAddr::from((Ipv4Addr::from(address), port)))
}

/// What a program sees of the stack, to compare.
async fn state(ready: &Value) -> BTreeMap<&'static str, Value> {
    let dynamodb = Client::at(ready["dynamodb"].as_str().unwrap());
    let mut state = BTreeMap::new();
    for table in ["links", "keys"] {
        let headers = [
            ("content-type", "application/x-amz-json-1.0"),
            ("x-amz-target", "DynamoDB_20120810.Scan"),
            ("x-amz-date", "20260101T000000Z"),
            (
                "authorization",
                "AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=00",
            ),
        ];
        let reply = dynamodb.call("POST", "/", &headers, format!(r#"{{"TableName":"{table}"}}"#)).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
        state.insert(table, reply.json());
    }
    let control = Client::at(ready["control"].as_str().unwrap()).get("/status").await.json();
    state.insert("faults", control["faults"].clone());
    state.insert("frozen", control["nodes"].as_array().unwrap().iter().map(|node| node["frozen"].clone()).collect());
    state
}

#[tokio::test]
async fn no_listener_of_a_stack_serves_web_pages() {
    let program = Running::start(&["--dax-nodes=2"]).await;
    let client = program.client();
    assert_eq!(client.post("/api/v1/links", "application/json", LINK).await.status, StatusCode::CREATED);
    assert_eq!(client.get("/mine").await.status, StatusCode::MOVED_PERMANENTLY);

    // It starts when the log tries out where its lines go.
    let functions = 3;
    wait_until("all functions run", async || program.children().len() == functions).await;
    let listeners = listening(&program.processes());
    assert!(listeners.iter().all(|address| address.ip().is_loopback()), "{listeners:?}");
    let ready = &program.ready;
    let port = |url: &Value| url.as_str().unwrap().rsplit(':').next().unwrap().parse::<u16>().unwrap();
    let mut known: BTreeSet<u16> = ["url", "dynamodb", "lambda", "control"].map(|name| port(&ready[name])).into();
    let nodes: BTreeSet<u16> = ready["dax"].as_array().unwrap().iter().map(port).collect();
    known.extend(&nodes);
    let found: BTreeSet<u16> = listeners.iter().map(SocketAddr::port).collect();
    assert!(known.is_subset(&found), "{known:?} of {found:?}");
    // The others are the Runtime APIs of the functions' processes. Nothing else listens, above all no engine.
    assert_eq!(found.len(), known.len() + functions, "{known:?} of {found:?}");

    let before = state(ready).await;
    for address in &listeners {
        for attack in attack::all(address.port()) {
            let reply = Client::new(*address).raw(attack.bytes()).await;
            let what = format!("{} at {address}: {reply}", attack.name);
            assert!(!reply.to_ascii_lowercase().contains("access-control-"), "{what}");
            match nodes.contains(&address.port()) {
                true => assert_eq!(reply, "", "{what}"),
                false => assert!(reply.starts_with("HTTP/1.1 403 ") || reply.starts_with("HTTP/1.1 400 "), "{what}"),
            }
        }
    }
    assert_eq!(state(ready).await, before);
    assert_eq!(client.get("/mine").await.header("location"), Some("https://example.com/mine"));
    assert_eq!(listening(&program.processes()), listeners);
}
