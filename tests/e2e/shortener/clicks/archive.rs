//! A bucket that takes objects and keeps them.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;

type Objects = Arc<Mutex<BTreeMap<String, Bytes>>>;

/// The part of S3 that the archive needs.
#[derive(Debug)]
pub(super) struct Archive {
    address: SocketAddr,
    objects: Objects,
}

impl Archive {
    pub(super) const BUCKET: &str = "clicks-archive";

    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound");
        let objects = Objects::default();
        let kept = Arc::clone(&objects);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let kept = Arc::clone(&kept);
                let respond = service_fn(move |request| put(request, Arc::clone(&kept)));
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), respond));
            }
        });
        Self { address, objects }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many clicks there are of each slug. The same click may be in several objects.
    pub(super) fn clicks(&self) -> BTreeMap<String, u64> {
        let mut clicks = BTreeMap::new();
        let mut ids = BTreeSet::new();
        for (key, object) in &*self.objects.lock().expect("objects") {
            assert!(key.starts_with("day=20") && key.ends_with(".jsonl.gz"), "{key}");
            let mut text = String::new();
            MultiGzDecoder::new(object.as_ref()).read_to_string(&mut text).expect("compressed text");
            for line in text.lines() {
                let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
                if ids.insert(line["id"].as_str().expect("an id").to_owned()) {
                    *clicks.entry(line["slug"].as_str().expect("a slug").to_owned()).or_default() += 1;
                }
            }
        }
        clicks
    }
}

async fn put(request: Request<Incoming>, objects: Objects) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let (head, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let key = head.uri.path().strip_prefix(&format!("/{}/", Archive::BUCKET)).map(|key| key.replace("%3D", "="));
    let mut response = Response::new(Full::default());
    match key {
        Some(key) if head.method == Method::PUT => drop(objects.lock().expect("objects").insert(key, body)),
        _ => *response.status_mut() = StatusCode::NOT_FOUND,
    }
    Ok(response)
}
