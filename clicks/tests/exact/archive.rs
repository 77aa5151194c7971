//! The archive: every click of a batch is a line in a bucket, and a bucket that fails makes the batch come again.

use std::{
    io::Read as _,
    sync::{Arc, Mutex},
};

use aws_credential_types::Credentials;
use clicks::{Archive, ArchiveSettings};
use flate2::read::GzDecoder;
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};

use crate::{
    function_with, handle,
    stream::Stream,
    table::{Rule, Table},
    truth::Truth,
};

/// Paths and bodies of what was put, and the status of the next responses.
type Bucket = Arc<Mutex<(Vec<(String, Vec<u8>)>, Vec<u16>)>>;

/// A bucket on this machine, and the archive in it.
async fn bucket(refusals: Vec<u16>) -> (Bucket, Archive) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint_url = Some(format!("http://{}", listener.local_addr().unwrap()));
    let bucket = Bucket::new(Mutex::new((Vec::new(), refusals)));
    let served = Arc::clone(&bucket);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(serve(stream, Arc::clone(&served)));
        }
    });
    let credentials = Credentials::new("k", "s", None, None, "test");
    let settings =
        ArchiveSettings { bucket: "clicks".to_owned(), endpoint_url, region: "eu-central-1".to_owned(), credentials };
    (bucket, Archive::new(&settings))
}

async fn serve(stream: TcpStream, bucket: Bucket) {
    let mut stream = BufReader::new(stream);
    loop {
        let (mut head, mut length) = (Vec::new(), 0);
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                return;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            if line == "\r\n" {
                break;
            }
            head.push(line);
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.unwrap();
        let status = {
            let (put, refusals) = &mut *bucket.lock().unwrap();
            let status = refusals.pop().unwrap_or(200);
            if status == 200 {
                put.push((head[0].clone(), body));
            }
            status
        };
        let response = format!("HTTP/1.1 {status} x\r\ncontent-length: 0\r\n\r\n");
        stream.write_all(response.as_bytes()).await.unwrap();
    }
}

#[tokio::test]
async fn the_archive_has_every_click_once_when_all_is_done() {
    let stream = Stream::new(2);
    let table = Table::new(2, Rule::First, &stream.owners(), false);
    // The first batch is refused for good, the second for a moment.
    let (bucket, archive) = bucket(vec![503, 403]).await;
    let clicks = function_with(&table, Some(archive));
    for shard in &stream.shards {
        for records in shard.records.chunks(20) {
            while handle(&clicks, shard.event(records)).await.is_err() {}
        }
    }
    let wrong = Truth::of(&stream).differences(&table.items());
    assert!(wrong.is_empty(), "{wrong:#?}");
    let (put, _) = &*bucket.lock().unwrap();
    let mut ids = Vec::new();
    for (request, body) in put {
        assert!(
            request.starts_with("PUT /clicks/day=2026-11-2") || request.starts_with("PUT /clicks/day%3D2026-11-2"),
            "{request}"
        );
        assert!(
            request.contains("/shard-") && request.contains(".jsonl.gz?") || request.contains(".jsonl.gz HTTP"),
            "{request}"
        );
        let mut lines = String::new();
        GzDecoder::new(body.as_slice()).read_to_string(&mut lines).unwrap();
        let lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        ids.extend(lines.map(|line| line["id"].as_str().unwrap().to_owned()));
    }
    ids.sort_unstable();
    let all = ids.len();
    ids.dedup();
    assert_eq!((all, ids.len()), (stream.clicks(), stream.clicks()));
}
