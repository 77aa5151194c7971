//! The endpoint as programs and as web pages meet it.

use std::net::SocketAddr;

use loopback_guard::bind;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::*;

struct Served {
    endpoint: Arc<Endpoint>,
    address: SocketAddr,
    _stop: watch::Sender<bool>,
}

impl Served {
    async fn start() -> Self {
        let (stop, stopped) = Stop::channel();
        let endpoint = Endpoint::new(Database::memory().unwrap(), stopped.clone()).unwrap();
        let listener = bind(0).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(Arc::clone(&endpoint).serve(listener, Guard::for_programs(), stopped));
        Self { endpoint, address, _stop: stop }
    }

    /// The whole response to `ListTables` with further headers.
    async fn list_tables(&self, headers: &str) -> String {
        self.call("ListTables", headers, "{}").await
    }

    async fn call(&self, operation: &str, headers: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let request = format!(
            "POST / HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nX-Amz-Target: DynamoDB_20120810.{operation}\r\n\
             Content-Type: application/x-amz-json-1.0\r\nX-Amz-Date: 20260101T000000Z\r\n\
             Authorization: AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/dynamodb/aws4_request, \
             SignedHeaders=host, Signature=00\r\n{headers}Content-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).await.unwrap();
        response
    }
}

#[tokio::test]
async fn programs_are_served_and_counted() {
    let served = Served::start().await;
    let calls = (0..8).map(|_| served.list_tables(""));
    let mut answers = Vec::new();
    for call in calls {
        answers.push(call.await);
    }
    assert!(answers.iter().all(|answer| answer.ends_with(r#"{"TableNames":[]}"#)), "{answers:?}");
    assert_eq!(served.endpoint.requests(), 8);
}

#[tokio::test]
async fn the_keys_of_a_table_are_given_without_its_size() {
    let served = Served::start().await;
    let keys = r#""KeySchema":[{"AttributeName":"id","KeyType":"HASH"}]"#;
    let definitions = r#""AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}]"#;
    let table = format!(r#"{{"TableName":"links","BillingMode":"PAY_PER_REQUEST",{keys},{definitions}}}"#);
    served.call("CreateTable", "", &table).await;
    let describe =
        async |headers, name| served.call("DescribeTable", headers, &format!(r#"{{"TableName":"{name}"}}"#)).await;
    let keys_only = format!("{}: \r\n", crate::schemas::KEYS_ONLY);

    let whole = describe("", "links").await;
    let short = describe(&keys_only, "links").await;
    assert!(whole.contains("ItemCount") && !short.contains("ItemCount"), "{whole} {short}");
    for part in [keys, definitions, r#""TableStatus":"ACTIVE""#] {
        assert!(short.contains(part), "{part} is missing: {short}");
    }
    let none = describe(&keys_only, "none").await;
    assert!(none.contains("ResourceNotFoundException"), "{none}");
}

#[tokio::test]
async fn web_pages_are_not() {
    let served = Served::start().await;
    for headers in ["Origin: http://evil.example\r\n", "Sec-Fetch-Site: cross-site\r\n"] {
        let answer = served.list_tables(headers).await;
        assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
        assert!(!answer.contains("access-control"), "{answer}");
    }
    assert_eq!(served.endpoint.requests(), 0);
}
