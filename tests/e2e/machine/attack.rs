//! Requests that a web page can have a browser send to a port of this machine.

use serde_json::json;

const EVIL: &str = "http://evil.example";

/// One request, without its head's fixed lines.
#[derive(Debug, Clone)]
pub(super) struct Attack {
    pub(super) name: String,
    bytes: Vec<u8>,
}

/// What would change or tell something if it were admitted: method, path, further headers, body.
fn harm() -> Vec<(&'static str, &'static str, String, String)> {
    const AMZ: &str = "Content-Type: application/x-amz-json-1.0\r\nX-Amz-Date: 20260101T000000Z\r\n\
        Authorization: AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, \
        Signature=00\r\nX-Amz-Target: DynamoDB_20120810.";
    let plant = json!({ "TableName": "keys", "Item": { "hash": { "S": "evil" }, "scopes": { "S": "admin" } } });
    let delete = json!({
        "version": "2.0", "routeKey": "$default", "rawPath": "/api/v1/links/mine", "headers": {},
        "requestContext": { "http": { "method": "DELETE", "path": "/api/v1/links/mine" }, "domainName": "localhost" },
    });
    let text = "Content-Type: text/plain\r\n";
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let asks = "Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: x-amz-target,authorization\r\n";
    let (put_item, scan) = (format!("{AMZ}PutItem\r\n"), format!("{AMZ}Scan\r\n"));
    let requests: [(_, _, &str, String); 14] = [
        ("POST", "/", text, "https://evil.example/".into()),
        ("POST", "/", form, "url=https://evil.example/".into()),
        ("PATCH", "/api/v1/links/mine", text, r#"{"url":"https://evil.example/"}"#.into()),
        ("DELETE", "/api/v1/links/mine", "", String::new()),
        ("GET", "/api/v1/links", "", String::new()),
        ("POST", "/", &put_item, plant.to_string()),
        ("POST", "/", &scan, r#"{"TableName":"keys"}"#.into()),
        ("POST", "/2015-03-31/functions/writer/invocations", text, delete.to_string()),
        ("POST", "/faults", text, r#"{"action":{"type":"close"}}"#.into()),
        ("POST", "/nodes/0/freeze", text, String::new()),
        ("GET", "/status", "", String::new()),
        ("GET", "/2018-06-01/runtime/invocation/next", "", String::new()),
        ("POST", "/2018-06-01/runtime/init/error", text, "{}".into()),
        ("OPTIONS", "/", asks, String::new()),
    ];
    requests.map(|(method, path, headers, body)| (method, path, headers.to_owned(), body)).into()
}

/// Every harmful request in every guise in which a page can send it to `port`.
pub(super) fn all(port: u16) -> Vec<Attack> {
    let here = format!("localhost:{port}");
    let guises = [
        // From the page's own address, with and without what browsers tell since 2020.
        ("another origin", here.clone(), format!("Origin: {EVIL}\r\nSec-Fetch-Site: cross-site\r\n")),
        ("another origin, an old browser", here.clone(), format!("Origin: {EVIL}\r\n")),
        ("a frame without an origin", format!("127.0.0.1:{port}"), "Origin: null\r\n".to_owned()),
        ("another port", here.clone(), "Origin: http://localhost:1\r\nSec-Fetch-Site: same-site\r\n".to_owned()),
        ("an image", here.clone(), "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\n".to_owned()),
        // After the page has pointed its own name here.
        (
            "a rebound name",
            format!("evil.example:{port}"),
            format!("Origin: {EVIL}:{port}\r\nSec-Fetch-Site: same-origin\r\n"),
        ),
        ("a rebound name, read only", "evil.example".to_owned(), String::new()),
        ("a name that looks right", format!("localhost.evil.example:{port}"), String::new()),
        ("two names", format!("localhost:{port}\r\nHost: evil.example"), String::new()),
    ];
    let mut attacks = Vec::new();
    for (method, path, headers, body) in harm() {
        for (guise, host, more) in &guises {
            let length = body.len();
            let request = format!(
                "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{more}{headers}Content-Length: {length}\r\n\r\n{body}"
            );
            attacks.push(Attack { name: format!("{method} {path} of {guise}"), bytes: request.into_bytes() });
        }
        let absolute = format!("{method} {EVIL}{path} HTTP/1.1\r\nHost: {here}\r\nConnection: close\r\n{headers}\r\n");
        attacks.push(Attack { name: format!("{method} {path} as of a proxy"), bytes: absolute.into_bytes() });
    }
    attacks
}

impl Attack {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}
